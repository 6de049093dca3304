"""Shop fronts: timber, displays, a fascia, an awning. In the frame of a facade."""

from __future__ import annotations

from typing import Final

import numpy as np

from worldgen.conventions import F64
from worldgen.kit import Kit
from worldgen.material import Material, make
from worldgen.sets.facade import FRONT, Opening, reveal
from worldgen.sets.palette import Rng, tint

_GOODS: Final = ("#b5533c", "#d9c39a", "#5f7a5a", "#c7963f", "#41586e", "#e3ddcf", "#7d3a3f")
"""Colours of what shops sell."""


def shop_front(
    kit: Kit, rng: Rng, o: Opening, paint: Material, lit: bool, stone: Material, cloth: tuple[str, str] | None
) -> None:
    """A timber shop front: stall riser, big panes, a recessed door, a fascia with gilt letters, perhaps an awning."""
    depth, w = 0.22, o.x1 - o.x0
    reveal(kit, o, depth, paint, sill=False)
    entry = o.x0 + (0.12 if rng.random() < 0.5 else w - 1.12)
    riser = 0.55
    glass = tint("window-glow", "#ffc888") if lit else make("glass")
    kit.panel(entry, entry + 1.1, o.z0, o.z1, -depth, glass)
    for a, b in ((o.x0, entry), (entry + 1.1, o.x1)):
        if b - a > 0.25:
            display(kit, rng, a, b, o.z0 + riser - 0.05, o.z1, -depth, lit)
    bars = [o.x0, *(x for x in np.linspace(o.x0, o.x1, max(3, round(w / 1.1) + 1))[1:-1] if abs(x - entry - 0.5) > 0.7)]
    low, high = [], []
    for x in [*bars, entry, entry + 1.0, o.x1 - 0.1]:
        low.append([x, -depth - 0.02, o.z0])
        high.append([x + 0.1, -0.06, o.z1])
    low += [[o.x0, -depth - 0.02, o.z1 - 0.1], [o.x0, -depth - 0.02, o.z1 - 0.62], [entry + 0.1, -depth, o.z0]]
    high += [[o.x1, -0.05, o.z1], [o.x1, -0.1, o.z1 - 0.57], [entry + 1.0, -depth + 0.05, o.z0 + 0.3]]
    for a, b in ((o.x0, entry), (entry + 1.0, o.x1)):
        if b - a > 0.25:
            low += [[a, -depth - 0.02, o.z0], [a + 0.12, -0.1, o.z0 + 0.1]]
            high += [[b, -0.08, o.z0 + riser], [b - 0.1, -0.06, o.z0 + riser - 0.1]]
    low += [
        [o.x0 - 0.14, -0.01, o.z0],
        [o.x1, -0.01, o.z0],
        [o.x0 - 0.2, -0.01, o.z1],
        [o.x0 - 0.26, -0.01, o.z1 + 0.5],
    ]
    high += [
        [o.x0, 0.07, o.z1],
        [o.x1 + 0.14, 0.07, o.z1],
        [o.x1 + 0.2, 0.1, o.z1 + 0.5],
        [o.x1 + 0.26, 0.24, o.z1 + 0.58],
    ]
    kit.boxes(low, high, paint, FRONT)
    kit.boxes([[entry, -depth, 0.05]], [[entry + 1.1, 0.18, o.z0]], stone)
    gilt = tint("metal", "#b9924a")
    x, letters = o.x0 + w * 0.22, []
    while x < o.x0 + w * 0.74:
        size = float(rng.choice([0.05, 0.1, 0.13, 0.16]))
        if rng.random() < 0.86:
            letters.append([x, size])
        x += size + 0.05
    for x, size in letters:
        kit.boxes(
            [[x, 0.09, o.z1 + 0.14], [x, 0.09, o.z1 + 0.14]],
            [[x + min(size, 0.035), 0.115, o.z1 + 0.36], [x + size, 0.115, o.z1 + (0.175 if size < 0.14 else 0.25)]],
            gilt,
            ("+y", "+z"),
        )
    if cloth is not None:
        awning(kit, rng, o.x0 - 0.1, o.x1 + 0.1, o.z1 + 0.06, cloth)


def awning(kit: Kit, rng: Rng, x0: float, x1: float, z: float, cloth: tuple[str, str]) -> None:
    """A striped canvas roof that slopes out by about a metre, with a valance and its arms."""
    out, drop = rng.uniform(0.85, 1.15), rng.uniform(0.4, 0.6)
    count = 2 * round((x1 - x0) / 0.44) + 1
    xs = np.linspace(x0, x1, count + 1)
    sag = np.array([0.0, 0.04, 0.0])
    ys, zs = np.array([0.1, 0.1 + out / 2, 0.1 + out]), z - np.array([0.0, drop / 2, drop]) - sag
    for k, colour in enumerate(cloth):
        fabric = tint("cloth", colour)
        a, b = xs[k:-1:2], xs[k + 1 :: 2]
        strips = [
            _strip(a, b, y0, z0, y1, z1)
            for y0, z0, y1, z1 in (
                (ys[0], zs[0], ys[1], zs[1]),
                (ys[1], zs[1], ys[2], zs[2]),
                (ys[2], zs[2], ys[2] + 0.01, zs[2] - 0.2),
            )
        ]
        kit.quads(np.concatenate(strips)[:, ::-1], fabric)
    for x in (x0 + 0.05, x1 - 0.05):
        kit.tube([[x, 0.05, zs[2] - 0.25], [x, ys[2], zs[2] - 0.02]], 0.015, make("iron"), 5)


def _strip(a: F64, b: F64, y0: float, z0: float, y1: float, z1: float) -> F64:
    e = np.ones(a.shape)
    corners = ((b, y0, z0), (a, y0, z0), (a, y1, z1), (b, y1, z1))
    return np.stack([np.stack([x, y * e, z * e], axis=-1) for x, y, z in corners], axis=1)


def display(
    kit: Kit, rng: Rng, x0: float, x1: float, z0: float, z1: float, y: float, lit: bool, glow: str = "#e0a868"
) -> None:
    """What is shown in a shop window: an alcove 0.55 m deep behind ``y`` with goods on its floor and on a shelf.

    The pane itself is left out: clean glass is what one does not see. glow: colour of its back where it is ``lit``.
    """
    d = y - 0.55
    wood = tint("planks", str(rng.choice(["#a48a66", "#8b6a48", "#c2b393"])))
    colour = str(rng.choice(["#a3957c", "#8d8a78", "#9c7f66", "#b9b3a4", "#5f6e6c", "#7a5a4a"]))
    back = tint("window-glow", glow) if lit else tint("paper", colour)
    kit.panel(x0, x1, z0, z1, d, back)
    inside = [
        [[x0, d, z0], [x0, y, z0], [x0, y, z1], [x0, d, z1]],
        [[x1, y, z0], [x1, d, z0], [x1, d, z1], [x1, y, z1]],
        [[x0, y, z0], [x0, d, z0], [x1, d, z0], [x1, y, z0]],
        [[x0, d, z1], [x0, y, z1], [x1, y, z1], [x1, d, z1]],
    ]
    kit.quads(np.array(inside)[:, ::-1], wood)
    shelves = [z0 + 0.75] if z1 - z0 < 2.0 else [z0 + 0.75, z0 + 1.3]
    for shelf in shelves:
        kit.boxes([[x0, d, shelf - 0.03]], [[x1, d + 0.26, shelf]], wood, FRONT)
    chosen = rng.permutation(len(_GOODS))[:4]
    if z1 - z0 >= 2.0:
        _showpieces(kit, rng, (x0, x1), (z0, z1), (d, y), [_GOODS[k] for k in chosen])
    rows = [(z0, y - 0.04, 0.42), *((shelf, d + 0.24, 0.34) for shelf in shelves), (z0, y - 0.3, 0.6)]
    for level, front, tall in rows:
        x = np.arange(x0 + 0.08, x1 - 0.2, 0.17)
        keep = rng.random(len(x)) < 0.8
        kind = rng.integers(0, 4, len(x))
        wide, high = rng.uniform(0.06, 0.15, len(x)), tall * rng.uniform(0.3, 1.0, len(x))
        for k in range(4):
            s = keep & (kind == k)
            e = np.ones(int(s.sum()))
            if k == 3:
                for px, h in zip(x[s], high[s], strict=True):
                    r = 0.05
                    kit.turned(
                        [(r * 0.8, 0), (r, h * 0.5), (r * 0.35, h * 0.75), (r * 0.4, h)],
                        tint("ceramic", _GOODS[chosen[3]]),
                        (float(px) + 0.06, front - 0.07, level),
                        7,
                    )
            else:
                low = np.stack([x[s], e * front - 0.12, e * level], 1)
                kit.boxes(
                    low,
                    np.stack([x[s] + wide[s], e * front - 0.02, level + high[s]], 1),
                    tint("paper", _GOODS[chosen[k]]),
                    FRONT,
                )


def _showpieces(
    kit: Kit, rng: Rng, across: tuple[float, float], up: tuple[float, float], y: tuple[float, float], tones: list[str]
) -> None:
    """What a tall shop window has besides: posters over the shelves, vases on plinths, lamps under the ceiling.

    across, up, y: from and to, metres, of the alcove. tones: colours of what is sold.
    """
    (x0, x1), (z0, z1), (back, front) = across, up, y
    white, dark = tint("painted-wood", "#cfc9bd"), make("iron")
    for x in np.arange(x0 + 0.5, x1 - 0.5, 1.5):
        wide, tall = rng.uniform(0.35, 0.55), min(float(rng.uniform(0.55, 0.8)), z1 - z0 - 1.9)
        if rng.random() < 0.7 and tall > 0.25:
            low = z0 + 1.72
            for k, inset in enumerate((0.0, 0.07)):
                sheet = tint("paper", "#e3ddcf" if k == 0 else str(rng.choice(tones)))
                kit.panel(x - wide + inset, x + wide - inset, low + inset, low + tall - inset, back + 0.012 + 0.004 * k,
                          sheet)  # fmt: skip
        at = x + rng.uniform(-0.1, 0.3)
        if rng.random() < 0.65:
            high = float(rng.uniform(0.25, 0.7))
            kit.boxes([[at - 0.17, front - 0.4, z0]], [[at + 0.17, front - 0.08, z0 + high]], white, FRONT)
            r, h = rng.uniform(0.08, 0.14), rng.uniform(0.25, 0.45)
            profile = [(0.6 * r, 0), (r, 0.4 * h), (0.75 * r, 0.7 * h), (0.35 * r, 0.85 * h), (0.5 * r, h)]
            kit.turned(profile, tint("ceramic", str(rng.choice(tones))), (float(at), front - 0.24, z0 + high), 14)
        kit.boxes([[x - 0.008, front - 0.26, z1 - 0.3]], [[x + 0.008, front - 0.244, z1]], dark, FRONT)
        kit.turned([(0.11, 0), (0.09, 0.07), (0.03, 0.12), (0.0, 0.13)], dark, (float(x), front - 0.252, z1 - 0.42), 12)
