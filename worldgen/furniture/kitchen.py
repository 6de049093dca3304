"""Kitchens: runs of units, refrigerators."""

from __future__ import annotations

import itertools

import numpy as np

from worldgen.furniture.kitchenware import crockery, kitchenware
from worldgen.furniture.parts import Piece, boards, slab, spin
from worldgen.furniture.style import Look, Rng, paint
from worldgen.furniture.tables import handle
from worldgen.kit import Kit
from worldgen.material import Material, make
from worldgen.stage import Spot

DEEP, HIGH, UNIT = 0.6, 0.9, 0.6
"""Depth of a base unit, height of the worktop, width of a unit: metres."""


def front(
    kit: Kit, look: Look, x0: float, x1: float, z0: float, z1: float, y: float, knob: tuple[float, float, bool]
) -> None:
    """A door or a drawer front on the face at depth ``y``; knob: place of the handle and whether it is upright."""
    g = 0.002
    boards(kit, [x0 + g, y, z0 + g], [x1 - g, y + 0.019, z1 - g], look.front, 0.003)
    if look.panelled and x1 - x0 > 0.24 and z1 - z0 > 0.2:
        boards(kit, [x0 + 0.06, y + 0.012, z0 + 0.06], [x1 - 0.06, y + 0.024, z1 - 0.06], look.front, 0.006)
    x, z, upright = knob
    handle(kit, look, x, y + 0.019, z, x1 - x0 > 0.7, upright)


def _tiles(kit: Kit, glaze: Material, form: int, x0: float, x1: float, z0: float, z1: float, y: float) -> None:
    """Glazed tiles on the wall at ``y``, with joints."""
    wide, tall = ((0.15, 0.075), (0.1, 0.1), (0.2, 0.1))[form]
    kit.panel(x0, x1, z0, z1, y + 0.002, paint("plaster", "#b9b2a4"))
    rows = max(1, round((z1 - z0) / tall))
    zs = np.linspace(z0, z1, rows + 1)
    for k, (a, b) in enumerate(itertools.pairwise(zs)):
        shift = wide / 2 if wide != tall and k % 2 else 0.0
        left = np.arange(x0 - shift, x1, wide)
        low, high = np.maximum(left, x0) + 0.0015, np.minimum(left + wide, x1) - 0.0015
        keep = high - low > 0.01
        n = int(keep.sum())
        boards(
            kit,
            np.column_stack([low[keep], np.full(n, y), np.full(n, a + 0.0015)]),
            np.column_stack([high[keep], np.full(n, y + 0.007), np.full(n, b - 0.0015)]),
            glaze,
            0.0015,
        )


def _hob(kit: Kit, x: float, rng: Rng) -> None:
    black = paint("glass", "#131416")
    slab(kit, (0.56, 0.5, 0.008), (x, 0.31, HIGH), black, 0.002)
    a = np.linspace(0, 2 * np.pi, 29)
    for dx, dy, r in ((-0.14, 0.2, 0.075), (0.14, 0.2, 0.1), (-0.14, 0.43, 0.1), (0.14, 0.43, 0.075)):
        kit.tube(
            np.stack([x + dx + r * np.cos(a), dy + r * np.sin(a), np.full(29, HIGH + 0.008)], axis=1),
            0.0016,
            paint("metal", "#8b8d90"),
            4,
        )
    pot = paint("painted-metal", str(rng.choice(["#a8342c", "#2f5d62", "#d9b24a", "#3a3c40"])))
    at = (x + 0.14, 0.2, HIGH + 0.009)
    spin(
        kit,
        [
            (0.0, 0),
            (0.1, 0),
            (0.11, 0.01),
            (0.112, 0.12),
            (0.106, 0.122),
            (0.06, 0.14),
            (0.012, 0.147),
            (0.012, 0.165),
            (0.022, 0.17),
            (0.0, 0.178),
        ],
        pot,
        at,
        28,
    )
    for s in (-1, 1):
        kit.tube(
            [
                [at[0] + s * 0.11, at[1] - 0.03, at[2] + 0.1],
                [at[0] + s * 0.145, at[1], at[2] + 0.1],
                [at[0] + s * 0.11, at[1] + 0.03, at[2] + 0.1],
            ],
            0.007,
            pot,
            6,
        )


def _sink(kit: Kit, x: float) -> None:
    """A steel basin let into the worktop and its tap."""
    steel = paint("metal", "#c4c6c8")
    w, d, deep, y = 0.5, 0.38, 0.17, 0.33
    rim = [
        [x - w / 2 - 0.025, y - d / 2 - 0.025, HIGH],
        [x + w / 2, y - d / 2 - 0.025, HIGH],
        [x - w / 2, y - d / 2 - 0.025, HIGH],
        [x - w / 2, y + d / 2, HIGH],
    ]
    top = [
        [x - w / 2, y + d / 2 + 0.025, HIGH + 0.004],
        [x + w / 2 + 0.025, y + d / 2 + 0.025, HIGH + 0.004],
        [x + w / 2, y - d / 2, HIGH + 0.004],
        [x + w / 2, y + d / 2 + 0.025, HIGH + 0.004],
    ]
    boards(kit, rim, top, steel, 0.002)
    a, b, c, e = x - w / 2, x + w / 2, y - d / 2, y + d / 2
    z0, z1 = HIGH - deep, HIGH + 0.002
    kit.quads(
        [
            [[a, c, z0], [b, c, z0], [b, e, z0], [a, e, z0]],
            [[a, c, z0], [a, c, z1], [b, c, z1], [b, c, z0]][::-1],
            [[a, e, z0], [a, e, z1], [b, e, z1], [b, e, z0]],
            [[a, c, z0], [a, e, z0], [a, e, z1], [a, c, z1]][::-1],
            [[b, c, z0], [b, e, z0], [b, e, z1], [b, c, z1]],
        ],
        steel,
    )
    t = np.linspace(0, np.pi, 11)
    neck = np.stack([np.full(11, x), 0.09 + 0.09 - 0.09 * np.cos(t), HIGH + 0.22 + 0.09 * np.sin(t)], axis=1)
    kit.tube(np.concatenate([[[x, 0.09, HIGH]], neck, [[x, 0.27, HIGH + 0.17]]]), 0.012, steel, 10)
    spin(kit, [(0.03, 0), (0.028, 0.015), (0.018, 0.03)], steel, (x, 0.09, HIGH), 16)
    kit.tube([[x + 0.012, 0.09, HIGH + 0.07], [x + 0.06, 0.1, HIGH + 0.1]], 0.006, steel, 6)


def _worktop(kit: Kit, length: float, sink: float, top: Material) -> None:
    """The worktop with a hole for the sink."""
    a, b, w, y0, y1 = -length / 2, length / 2, 0.25, 0.14, 0.52
    z0 = HIGH - 0.038
    low = [[a, 0, z0], [sink + w, 0, z0], [sink - w, 0, z0], [sink - w, y1, z0]]
    high = [[sink - w, 0.63, HIGH], [b, 0.63, HIGH], [sink + w, y0, HIGH], [sink + w, 0.63, HIGH]]
    boards(kit, low, high, top, 0.002)


def run(look: Look, rng: Rng, length: float, height: float, windows: tuple[tuple[float, float], ...] = ()) -> Piece:
    """Kitchen units along a wall at y = 0: base units with sink, oven and hob, wall cupboards, hood and tiles.

    length: metres, from 1.8. height: of the room. windows: (from, to) along x where the wall has windows; there are no
    wall cupboards, and the sink goes below the first.
    """
    kit = Kit()
    count = max(3, int(length / UNIT))
    xs = np.linspace(-length / 2, length / 2, count + 1)
    middle = (xs[:-1] + xs[1:]) / 2
    under = sum(windows[0]) / 2 if windows else float(middle[count // 3])
    sink = int(np.argmin(np.abs(middle - under)))
    open_ = [k for k in range(count) if not any(a - 0.16 < xs[k + 1] and b + 0.16 > xs[k] for a, b in windows)]
    away = [k for k in open_ if abs(k - sink) >= 2] or [k for k in range(count) if k != sink and abs(k - sink) >= 1]
    cooker = min(away, key=lambda k: abs(abs(k - sink) - 2))
    dark = paint("plastic", "#2a2826")
    boards(kit, [-length / 2, 0.02, 0], [length / 2, DEEP - 0.06, 0.1], dark)
    side = look.front
    sides = [[-length / 2, 0.0, 0.1], [length / 2 - 0.018, 0.0, 0.1]]
    boards(kit, sides, [[p[0] + 0.018, DEEP - 0.001, HIGH - 0.038] for p in sides], side)
    kit.boxes(
        [[-length / 2 + 0.018, 0.004, 0.1]], [[length / 2 - 0.018, DEEP - 0.002, HIGH - 0.04]], dark, ("+y", "-z")
    )
    for k in range(count):
        x0, x1 = float(xs[k]), float(xs[k + 1])
        if k == cooker:
            _oven(kit, look, x0, x1)
        elif rng.random() < 0.3 and k != sink:
            for z0, z1 in ((0.1, 0.37), (0.37, 0.62), (0.62, HIGH - 0.042)):
                front(kit, look, x0, x1, z0, z1, DEEP, ((x0 + x1) / 2, z1 - 0.06, False))
        else:
            hinge = x1 - 0.05 if k % 2 == 0 else x0 + 0.05
            front(kit, look, x0, x1, 0.1, HIGH - 0.042, DEEP, (hinge, HIGH - 0.18, True))
    top = (look.wood, make("marble"), paint("stone", "#4a4a4a"), paint("wood", "#a87b4c"))[int(rng.integers(4))]
    _worktop(kit, length, float(middle[sink]), top)
    _sink(kit, float(middle[sink]))
    _hob(kit, float(middle[cooker]), rng)
    over = 1.42
    glaze = paint("ceramic", str(rng.choice(["#e9e5da", "#cfd8d2", "#8fa39a", "#d9c8ae", look.accents[0]])))
    form = int(rng.integers(3))
    for a, b in _between(-length / 2, length / 2, list(windows)):
        _tiles(kit, glaze, form, a, b, HIGH, over + 0.02, 0.0)
    ceiling = min(2.15, height - 0.15)
    shelf = rng.random() < 0.35
    for k in open_:
        x0, x1 = float(xs[k]), float(xs[k + 1])
        if k == cooker:
            _hood(kit, (x0 + x1) / 2, height)
        elif shelf and abs(k - cooker) != 1:
            crockery(kit, look, rng, x0, x1)
        else:
            boards(kit, [x0 + 0.001, 0.0, over], [x1 - 0.001, 0.33, ceiling], side, 0.002)
            front(kit, look, x0, x1, over, ceiling, 0.33, (x1 - 0.05 if k % 2 == 0 else x0 + 0.05, over + 0.13, True))
    kitchenware(kit, look, rng, HIGH, [float(middle[k]) for k in range(count) if k not in (sink, cooker)])
    spot = {"": Spot((float(middle[sink]), DEEP + 0.42, 0.0), np.pi, "stand")}
    spot["-hob"] = Spot((float(middle[cooker]), DEEP + 0.42, 0.0), np.pi, "stand")
    return Piece(kit.build(), spot, top=HIGH)


def _between(start: float, stop: float, holes: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """What is left of a line without its holes."""
    spans, at = [], start
    for a, b in sorted(holes):
        if a - 0.09 > at:
            spans.append((at, min(a - 0.09, stop)))
        at = max(at, b + 0.09)
    if at < stop:
        spans.append((at, stop))
    return [(a, b) for a, b in spans if b - a > 0.05]


def _oven(kit: Kit, look: Look, x0: float, x1: float) -> None:
    steel, black = paint("metal", "#aeb0b2"), paint("glass", "#121314")
    boards(kit, [x0 + 0.003, DEEP, 0.1], [x1 - 0.003, DEEP + 0.018, 0.2], look.front)
    boards(kit, [x0 + 0.003, DEEP, 0.203], [x1 - 0.003, DEEP + 0.02, 0.72], black, 0.003)
    boards(kit, [x0 + 0.003, DEEP, 0.723], [x1 - 0.003, DEEP + 0.02, HIGH - 0.042], steel, 0.003)
    kit.tube([[x0 + 0.06, DEEP + 0.055, 0.67], [x1 - 0.06, DEEP + 0.055, 0.67]], 0.009, steel, 8)
    for x in (x0 + 0.08, x1 - 0.08):
        kit.tube([[x, DEEP + 0.015, 0.67], [x, DEEP + 0.055, 0.67]], 0.007, steel, 6)
    for x in np.linspace(x0 + 0.1, x1 - 0.1, 4):
        kit.tube(
            [[x, DEEP + 0.02, 0.79], [x, DEEP + 0.04, 0.79], [x, DEEP + 0.042, 0.79]], [0.019, 0.016, 0.001], black, 14
        )


def _hood(kit: Kit, x: float, height: float) -> None:
    steel = paint("metal", "#b4b6b8")
    w = UNIT / 2 - 0.012
    z0, z1, z2 = 1.56, 1.6, 1.82
    boards(kit, [x - w, 0, z0], [x + w, 0.48, z1], steel, 0.003)
    lo = np.array([[x - w, 0.0, z1], [x + w, 0.0, z1], [x + w, 0.48, z1], [x - w, 0.48, z1]])
    hi = np.array([[x - 0.13, 0.0, z2], [x + 0.13, 0.0, z2], [x + 0.13, 0.26, z2], [x - 0.13, 0.26, z2]])
    ring = [(1, 2), (2, 3), (3, 0)]
    kit.quads([[lo[a], lo[b], hi[b], hi[a]] for a, b in ring], steel)
    boards(kit, [x - 0.13, 0, z2], [x + 0.13, 0.26, height - 0.002], steel, 0.002)


def fridge(look: Look, rng: Rng) -> Piece:
    """A tall refrigerator with a freezer below."""
    kit, w, d, h = Kit(), 0.6, 0.62, 1.86
    body = paint("painted-metal", str(rng.choice(["#e2dfd6", "#9fb3ad", "#c9cbca", look.accents[1]])))
    boards(kit, [-w / 2, -d / 2, 0.03], [w / 2, d / 2 - 0.055, h], body, 0.004)
    boards(kit, [-w / 2 + 0.02, -d / 2 + 0.03, 0], [w / 2 - 0.02, d / 2 - 0.08, 0.03], paint("plastic", "#222222"))
    for z0, z1 in ((0.05, 0.72), (0.728, h - 0.002)):
        boards(kit, [-w / 2, d / 2 - 0.05, z0], [w / 2, d / 2, z1], body, 0.012)
    steel = paint("metal", "#b4b6b8")
    for z0, z1 in ((0.45, 0.68), (0.78, 1.15)):
        kit.tube([[-w / 2 + 0.05, d / 2 + 0.04, z0], [-w / 2 + 0.05, d / 2 + 0.04, z1]], 0.01, steel, 10)
        for z in (z0 + 0.03, z1 - 0.03):
            kit.tube([[-w / 2 + 0.05, d / 2 - 0.005, z], [-w / 2 + 0.05, d / 2 + 0.04, z]], 0.007, steel, 6)
    return Piece(kit.build(), top=h)
