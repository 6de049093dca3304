"""What stands in the openings of walls: doors, windows, curtains, radiators, archways.

All in the opening's own axes: x along the wall, +Y into the room, the origin on the floor in the middle of the wall.
Windows have frames and bars but no panes: nothing here is transparent, so the opening is left free for the light.
"""

from __future__ import annotations

import itertools

import numpy as np

from worldgen.conventions import translation
from worldgen.furniture.parts import boards, grid, slab
from worldgen.furniture.style import Look, Rng, paint
from worldgen.kit import Kit, placed
from worldgen.mesh import Mesh
from worldgen.sets.walls import CASING_M, Opening

LEAF_M = 0.04


def _casing(kit: Kit, o: Opening, thickness: float, look: Look, sides: tuple[int, ...], sill: float) -> None:
    """Boards around the opening on the faces of the wall at +Y (1) and -Y (-1), and its lining."""
    half, c, t = o.width / 2, CASING_M, thickness / 2
    low, high = [], []
    for s in sides:
        y0, y1 = sorted((s * t, s * (t + 0.016)))
        low += [[-half - c, y0, sill], [half, y0, sill], [-half - c, y0, o.head]]
        high += [[-half, y1, o.head], [half + c, y1, o.head], [half + c, y1, o.head + c]]
        if look.cornice:
            y2 = s * (t + 0.034)
            low.append([-half - c - 0.02, min(y0, y2), o.head + c])
            high.append([half + c + 0.02, max(y0, y2), o.head + c + 0.025])
    boards(kit, low, high, look.trim, 0.005)


def door(o: Opening, look: Look, thickness: float, swing: float = 0.0, left: bool = True) -> tuple[Mesh, Mesh]:
    """Frame and leaf of a door that opens into the room by ``swing`` radians, hung on its left or right side as seen
    from the room's middle looking at it (-x is then to the right).
    """
    frame, half, t = Kit(), o.width / 2, thickness / 2
    _casing(frame, o, thickness, look, (1, -1), 0.0)
    e, s = 0.025, 0.004
    boards(
        frame,
        [[-half, -t - s, 0], [half - e, -t - s, 0], [-half + e, -t - s, o.head - e]],
        [[-half + e, t + s, o.head], [half, t + s, o.head], [half - e, t + s, o.head]],
        look.trim,
        0.003,
    )
    stop = t - LEAF_M - 0.006
    boards(
        frame,
        [
            [-half + e, stop - 0.03, 0],
            [half - e - 0.012, stop - 0.03, 0],
            [-half + e + 0.012, stop - 0.03, o.head - e - 0.012],
        ],
        [[-half + e + 0.012, stop, o.head - e], [half - e, stop, o.head - e], [half - e - 0.012, stop, o.head - e]],
        look.trim,
        0.002,
    )
    boards(frame, [-half + e, -t, 0.0], [half - e, t, 0.006], look.dark, 0.003)
    leaf = _leaf(o, look)
    sign = 1.0 if left else -1.0
    hinge = placed(sign * (half - e - 0.003), t - 0.003, 0.0)
    turn = placed(0, 0, 0, -sign * swing)
    mirror = np.diag([-1.0, 1, 1, 1]) if left else np.eye(4)
    return frame.build(o.place), leaf.transformed(o.place @ hinge @ turn @ mirror)


def _leaf(o: Opening, look: Look) -> Mesh:
    """The leaf, its hinge along the origin, reaching towards +x, its face that opens at y = 0."""
    kit = Kit()
    w, h, z = o.width - 0.056, o.head - 0.04, 0.009
    boards(kit, [0, -LEAF_M, z], [w, 0, h], look.door, 0.003)
    if look.panelled:
        rows = ((0.16, 0.78), (0.92, h - 0.13))
        for a, b in rows:
            for x0, x1 in ((0.1, w / 2 - 0.045), (w / 2 + 0.045, w - 0.1)):
                boards(kit, [x0, -LEAF_M - 0.008, z + a], [x1, 0.008, b], look.door, 0.012)
                boards(
                    kit, [x0 + 0.035, -LEAF_M - 0.013, z + a + 0.035], [x1 - 0.035, 0.013, b - 0.035], look.door, 0.01
                )
    x = w - 0.065
    for s, y in ((1, 0.0), (-1, -LEAF_M)):
        slab(kit, (0.036, 0.008, 0.2), (x, y + s * 0.004, 0.93), look.metal, 0.003)
        kit.tube(
            [[x, y, 1.05], [x, y + s * 0.045, 1.05], [x - 0.015, y + s * 0.05, 1.05], [x - 0.12, y + s * 0.05, 1.05]],
            0.0095,
            look.metal,
            8,
        )
        slab(kit, (0.008, 0.004, 0.02), (x, y + s * 0.009, 0.965), paint("iron", "#151515"))
    return kit.build()


def archway(o: Opening, look: Look, thickness: float) -> Mesh:
    """A cased opening without a door."""
    kit, half, t = Kit(), o.width / 2, thickness / 2
    _casing(kit, o, thickness, look, (1, -1), 0.0)
    e, s = 0.02, 0.004
    boards(
        kit,
        [[-half, -t - s, 0], [half - e, -t - s, 0], [-half + e, -t - s, o.head - e]],
        [[-half + e, t + s, o.head], [half, t + s, o.head], [half - e, t + s, o.head]],
        look.trim,
        0.003,
    )
    return kit.build(o.place)


def window(o: Opening, look: Look, thickness: float) -> Mesh:
    """Frame, bars, sill boards and casing of a window; no panes."""
    kit, half, t = Kit(), o.width / 2, thickness / 2
    trim = look.trim
    tall = o.head - o.sill
    sill = o.sill if o.sill > 0.12 else 0.0
    _casing(kit, o, thickness, look, (1,), o.sill - (0.0 if sill else o.sill))
    y0, y1, f = -t + 0.03, -t + 0.1, 0.05
    boards(
        kit,
        [[-half, y0, o.sill], [half - f, y0, o.sill], [-half + f, y0, o.sill], [-half + f, y0, o.head - f]],
        [[-half + f, y1, o.head], [half, y1, o.head], [half - f, y1, o.sill + f], [half - f, y1, o.head]],
        trim,
        0.004,
    )
    wings = max(1, round(o.width / 0.62)) if tall < 1.9 else max(1, round(o.width / 1.0))
    xs = np.linspace(-half + f, half - f, wings + 1)
    g = 0.042
    for k, (a, b) in enumerate(itertools.pairwise(xs)):
        a, b = a + 0.003, b - 0.003
        c, d = o.sill + f + 0.003, o.head - f - 0.003
        z0, z1 = y0 + 0.02, y1 + 0.012
        boards(
            kit,
            [[a, z0, c], [b - g, z0, c], [a + g, z0, c], [a + g, z0, d - g]],
            [[a + g, z1, d], [b, z1, d], [b - g, z1, c + g], [b - g, z1, d]],
            trim,
            0.004,
        )
        if look.panelled and tall > 0.7:
            rows = 3 if tall > 1.3 else 2
            for z in np.linspace(c + g, d - g, rows + 1)[1:-1]:
                boards(kit, [a + g, z0 + 0.01, z - 0.011], [b - g, z1 - 0.012, z + 0.011], trim, 0.003)
        if k % 2 == 0 and tall > 0.6:
            x = b - g / 2
            slab(kit, (0.022, 0.01, 0.06), (x, z1 + 0.004, (c + d) / 2 - 0.03), look.metal)
            kit.tube(
                [[x, z1, (c + d) / 2], [x, z1 + 0.035, (c + d) / 2], [x, z1 + 0.04, (c + d) / 2 - 0.11]],
                0.006,
                look.metal,
                6,
            )
    if sill:
        boards(kit, [-half - c_over(look), y1, o.sill - 0.03], [half + c_over(look), t + 0.11, o.sill], trim, 0.006)
        boards(kit, [-half - 0.03, -t - 0.06, o.sill - 0.035], [half + 0.03, y0, o.sill + 0.004], trim, 0.004)
    return kit.build(o.place)


def c_over(look: Look) -> float:
    """How far an inner sill board reaches beyond the opening."""
    return CASING_M + 0.02


def radiator(o: Opening, look: Look, thickness: float) -> Mesh | None:
    """A ribbed radiator below the sill, or None where there is no room for it."""
    width, top = o.width - 0.3, min(o.sill - 0.14, 0.68)
    if width < 0.5 or top < 0.4:
        return None
    kit, white, y = Kit(), paint("painted-metal", "#e6e2d8"), thickness / 2 + 0.035
    n = max(6, round(width / 0.06))
    each = width / n
    x = -width / 2 + (np.arange(n) + 0.5) * each
    low = np.stack([x - 0.44 * each, np.full(n, y), np.full(n, 0.12)], axis=1)
    boards(kit, low, low + np.array([0.88 * each, 0.075, top - 0.12]), white, 0.02)
    boards(kit, [-width / 2, y + 0.02, 0.13], [width / 2, y + 0.045, top - 0.01], white, 0.004)
    for z in (0.17, top - 0.06):
        kit.tube([[-width / 2, y + 0.037, z], [width / 2, y + 0.037, z]], 0.02, white, 8)
    for s in (-1, 1):
        x0 = s * (width / 2 - 0.02)
        kit.tube([[x0, y + 0.037, 0.17], [x0, y + 0.037, 0.0]], 0.009, white, 6)
    return kit.build(o.place)


def curtains(o: Opening, look: Look, rng: Rng, thickness: float, room: tuple[float, float], height: float) -> Mesh:
    """Two curtains drawn aside on a rod. room: how far the wall runs on beyond the opening's ends (-x, +x)."""
    kit, half = Kit(), o.width / 2
    y, z1 = thickness / 2 + 0.1, min(o.head + 0.16, height - 0.12)
    less, more = (min(0.32, r - 0.05) for r in room)
    kit.tube([[-half - less, y, z1], [half + more, y, z1]], 0.012, look.metal, 10)
    for x in (-half - less, half + more):
        kit.tube([[x - 0.02, y, z1], [x + 0.02, y, z1]], 0.02, look.metal, 10)
    for x in (-half - less * 0.6, half + more * 0.6):
        kit.tube([[x, thickness / 2, z1 + 0.002], [x, y, z1 + 0.002]], 0.007, look.metal, 6)
    z0 = 0.02 if o.sill < 1.2 else o.sill - 0.25
    for s, over in ((-1, less), (1, more)):
        wide = over + min(0.16, 0.14 * o.width)
        a = s * (half + over - 0.03)
        folds = max(4, round(wide / 0.075))
        u, v = np.meshgrid(np.linspace(0, 1, folds * 8 + 1), np.linspace(0, 1, 9), indexing="ij")
        sway = 0.25 * np.sin(2 * np.pi * (u * 1.7 + rng.random())) + 0.2 * rng.normal()
        depth = 0.034 * np.sin(2 * np.pi * folds * u + sway * (1 - v)) * (0.8 + 0.2 * np.sin(5 * u + 2 * v))
        flare = 1 + 0.12 * (1 - v) ** 2
        points = np.stack([a - s * u * wide * flare, y + depth, z0 + (z1 + 0.035 - z0) * v], axis=-1)
        cloth = np.stack([u * wide * 2.0, points[..., 2]], axis=-1)
        kit.mesh(grid(points if s < 0 else points[::-1], look.curtain, cloth if s < 0 else cloth[::-1]))
    return kit.build(o.place @ translation([0, 0, 0]))
