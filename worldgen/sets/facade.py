"""Walls with openings, and what fills them: windows, shutters, doors and shop fronts.

Local frame of a facade: x along it to the left hand of someone who looks at it, +Y out towards the street, the wall's
face at y = 0, z up from the ground. All pieces go into a :class:`Kit`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worldgen.conventions import F64
from worldgen.kit import NO_BOTTOM, Kit
from worldgen.material import Material, make
from worldgen.sets.palette import Rng

FRONT = ("-x", "+x", "+y", "-z", "+z")


@dataclass(frozen=True)
class Opening:
    """A hole in a wall, metres: x0 < x1, z0 < z1; ``rise`` is the height of its segmental arch within it."""

    x0: float
    x1: float
    z0: float
    z1: float
    rise: float = 0.0


@dataclass(frozen=True)
class Joinery:
    """What windows are made of.

    frame, trim, wall: materials. glass: variants to draw from. panes: columns, rows. reveal: depth of the openings,
    metres. curtain: material of curtains.
    """

    frame: Material
    trim: Material
    wall: Material
    glass: tuple[Material, ...]
    panes: tuple[int, int]
    reveal: float
    curtain: Material


def wall(
    kit: Kit, x0: float, x1: float, z0: float, z1: float, openings: list[Opening], material: Material, y: float = 0.0
) -> None:
    """A wall that faces +Y with rectangular or arched holes; the grid of all edges, less the holes."""
    holes = [o for o in openings if o.z0 < z1 - 1e-6 and o.z1 > z0 + 1e-6]
    xs = np.unique(np.clip([x0, x1, *(o.x0 for o in holes), *(o.x1 for o in holes)], x0, x1))
    zs = np.unique(np.clip([z0, z1, *(o.z0 for o in holes), *(o.z1 for o in holes)], z0, z1))
    a, c = np.meshgrid(xs[:-1], zs[:-1], indexing="ij")
    b, d = np.meshgrid(xs[1:], zs[1:], indexing="ij")
    mx, mz = (a + b) / 2, (c + d) / 2
    solid = np.ones(mx.shape, bool)
    for o in holes:
        solid &= ~((mx > o.x0) & (mx < o.x1) & (mz > o.z0) & (mz < o.z1))
    a, b, c, d = a[solid], b[solid], c[solid], d[solid]
    f = np.full(a.shape, y)
    kit.quads(np.stack([np.stack(p, -1) for p in ((b, f, c), (a, f, c), (a, f, d), (b, f, d))], axis=1), material)
    for o in holes:
        if o.rise > 0 and o.z1 <= z1 + 1e-6:
            x, z = arch(o)
            top = np.full(x.shape, o.z1)
            e = np.full(x.shape, y)
            kit.quads(
                np.stack(
                    [
                        np.stack([x[1:], e[1:], z[1:]], -1),
                        np.stack([x[:-1], e[1:], z[:-1]], -1),
                        np.stack([x[:-1], e[1:], top[1:]], -1),
                        np.stack([x[1:], e[1:], top[1:]], -1),
                    ],
                    axis=1,
                ),
                material,
            )


def arch(o: Opening, steps: int = 8) -> tuple[F64, F64]:
    """Points x, z of the underside of an opening's top, from x0 to x1."""
    t = np.linspace(0, 1, steps + 1) if o.rise > 0 else np.array([0.0, 1.0])
    return o.x0 + t * (o.x1 - o.x0), o.z1 - o.rise * (2 * t - 1) ** 2


def reveal(kit: Kit, o: Opening, depth: float, material: Material, sill: bool = True) -> None:
    """The inner sides of an opening, ``depth`` metres into the wall."""
    d, z1 = -depth, o.z1 - o.rise
    sides = [
        [[o.x0, d, o.z0], [o.x0, d, z1], [o.x0, 0, z1], [o.x0, 0, o.z0]],
        [[o.x1, 0, o.z0], [o.x1, 0, z1], [o.x1, d, z1], [o.x1, d, o.z0]],
    ]
    if sill:
        sides.append([[o.x0, 0, o.z0], [o.x1, 0, o.z0], [o.x1, d, o.z0], [o.x0, d, o.z0]])
    x, z = arch(o)
    for i in range(len(x) - 1):
        sides.append([[x[i], d, z[i]], [x[i + 1], d, z[i + 1]], [x[i + 1], 0, z[i + 1]], [x[i], 0, z[i]]])
    flipped = np.array(sides)[:, ::-1]
    kit.quads(flipped, material)


def _spread(template: F64, at: F64) -> tuple[F64, F64]:
    """Boxes ``(B, 2, 3)`` repeated at every ``at (N, 3)``: low and high corners."""
    moved = (template[None] + at[:, None, None, :]).reshape(-1, 2, 3)
    return moved[:, 0], moved[:, 1]


def windows(kit: Kit, rng: Rng, openings: list[Opening], j: Joinery, surround: str) -> None:
    """Reveals, frames, panes, sills and surrounds of openings of one size.

    surround: "flat" (a plain raised band), "lintel" (a stone above, a sill below) or "hood" (a small cornice above).
    """
    if not openings:
        return
    o = openings[0]
    w, h = o.x1 - o.x0, o.z1 - o.z0
    at = np.array([[q.x0, 0.0, q.z0] for q in openings])
    for q in openings:
        reveal(kit, q, j.reveal, j.wall)
    y, f, bar = -j.reveal, 0.065, 0.022
    columns, rows = j.panes
    upright = [[[0, y - 0.02, 0], [f, y + 0.05, h]], [[w - f, y - 0.02, 0], [w, y + 0.05, h]]]
    level = [[[f, y - 0.02, 0], [w - f, y + 0.06, f]], [[f, y - 0.02, h - f - o.rise], [w - f, y + 0.05, h]]]
    for c in range(1, columns):
        x, half = w * c / columns, (0.035 if columns == 2 else bar / 2)
        upright.append([[x - half, y - 0.02, f], [x + half, y + 0.045, h - f]])
    for r in range(1, rows):
        z, half = h * r / rows, (0.03 if r == rows // 2 and columns > 2 else bar / 2)
        level.append([[f, y - 0.02, z - half], [w - f, y + 0.03, z + half]])
    # Only the sides that can be seen: bars run from frame to frame.
    kit.boxes(*_spread(np.array(upright), at), j.frame, ("-x", "+x", "+y"))
    kit.boxes(*_spread(np.array(level), at), j.frame, ("-z", "+z", "+y"))
    which = (rng.random(len(openings)) * len(j.glass)).astype(int)
    for q, k in zip(openings, which, strict=True):
        kit.panel(q.x0, q.x1, q.z0, q.z1, y, j.glass[k])
    drawn = np.flatnonzero(rng.random(len(openings)) < 0.55)
    if len(drawn):
        part = rng.uniform(0.1, 0.26)
        kit.boxes(
            *_spread(
                np.array(
                    [[[f, y, f], [w * part, y + 0.004, h - f]], [[w * (1 - part), y, f], [w - f, y + 0.004, h - f]]]
                ),
                at[drawn],
            ),
            j.curtain,
            ("+y",),
        )
    sill = [[[-0.08, -0.02, -0.09], [w + 0.08, 0.1, 0.0]], [[-0.05, -0.02, -0.14], [w + 0.05, 0.05, -0.09]]]
    trim = list(sill)
    if o.rise > 0:
        surround = "lintel"
    if surround == "flat":
        b = 0.11
        trim += [
            [[-b, -0.01, 0], [0, 0.03, h]],
            [[w, -0.01, 0], [w + b, 0.03, h]],
            [[-b, -0.01, h], [w + b, 0.035, h + b]],
        ]
    elif surround == "lintel" and o.rise == 0:
        trim += [[[-0.12, -0.01, h], [w + 0.12, 0.025, h + 0.2]]]
    elif surround == "hood":
        b = 0.1
        trim += [
            [[-b, -0.01, 0], [0, 0.03, h]],
            [[w, -0.01, 0], [w + b, 0.03, h]],
            [[-b, -0.01, h], [w + b, 0.04, h + 0.12]],
            [[-b - 0.04, -0.01, h + 0.12], [w + b + 0.04, 0.1, h + 0.17]],
            [[-b - 0.08, -0.01, h + 0.17], [w + b + 0.08, 0.15, h + 0.21]],
        ]
    kit.boxes(*_spread(np.array(trim), at), j.trim, FRONT)
    if o.rise > 0:
        for q in openings:
            _voussoirs(kit, q, j.trim if surround == "lintel" else j.wall)


def _voussoirs(kit: Kit, o: Opening, material: Material) -> None:
    x, z = arch(o)
    middle, below = (o.x0 + o.x1) / 2, o.z1 - (o.x1 - o.x0) * 1.2
    n = np.stack([x - middle, z - below], -1)
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    ox, oz = x + 0.2 * n[:, 0], z + 0.2 * n[:, 1]
    f = np.full(len(x) - 1, 0.022)
    kit.quads(
        np.stack(
            [
                np.stack([x[1:], f, z[1:]], -1),
                np.stack([x[:-1], f, z[:-1]], -1),
                np.stack([ox[:-1], f, oz[:-1]], -1),
                np.stack([ox[1:], f, oz[1:]], -1),
            ],
            axis=1,
        ),
        material,
    )
    k = (o.x0 + o.x1) / 2
    kit.boxes([k - 0.09, -0.01, o.z1 - 0.02], [k + 0.09, 0.05, o.z1 + 0.26], material, FRONT)


def shutters(kit: Kit, rng: Rng, openings: list[Opening], material: Material, near: bool = True) -> None:
    """A pair of leaves at each opening, mostly folded against the wall, some ajar; louvred where seen from ``near``."""
    for o in openings:
        w, h = (o.x1 - o.x0) / 2, o.z1 - o.z0
        if rng.random() < 0.12:
            continue
        for side in (-1.0, 1.0):
            angle = 0.06 if rng.random() < 0.7 else rng.uniform(0.3, 1.2)
            leaf = Kit()
            if near:
                _louvres(leaf, w, h, material)
            low = [[0, -0.02, 0], [w - 0.06, -0.02, 0], [0.06, -0.02, 0], [0.06, -0.02, h - 0.06], [0.06, -0.02, h / 2]]
            high = [
                [0.06, 0.02, h],
                [w, 0.02, h],
                [w - 0.06, 0.02, 0.06],
                [w - 0.06, 0.02, h],
                [w - 0.06, 0.02, h / 2 + 0.06],
            ]
            if not near:
                low, high = [*low[:2], [0.06, -0.01, 0]], [*high[:2], [w - 0.06, 0.01, h]]
            leaf.boxes(low, high, material, ("-x", "+x", "-y", "+y", "+z"))
            c, s, hinge = np.cos(angle), np.sin(angle), o.x0 if side < 0 else o.x1
            place = [[side * c, -side * s, 0, hinge + side * 0.02], [s, c, 0, 0.06], [0, 0, 1, o.z0], [0, 0, 0, 1.0]]
            kit.mesh(leaf.build(), np.array(place))


def _louvres(kit: Kit, w: float, h: float, material: Material) -> None:
    z = np.arange(0.18, h - 0.05, 0.13)
    e = np.ones(len(z))
    corners = ((0.05 * e, -0.012 * e, z), ((w - 0.05) * e, -0.012 * e, z))
    lower = (((w - 0.05) * e, 0.012 * e, z - 0.137), (0.05 * e, 0.012 * e, z - 0.137))
    kit.quads(np.stack([np.stack(p, -1) for p in (*corners, *lower)], axis=1)[:, ::-1], material)


def door(
    kit: Kit, o: Opening, leaf: Material, trim: Material, step: Material, reveal_m: float, light: Material
) -> None:
    """A panelled door with a fanlight, a stone surround and a doorstep; the opening starts above the step."""
    reveal(kit, o, reveal_m, trim)
    w, y, top = o.x1 - o.x0, -reveal_m, o.z0 + 2.1
    kit.panel(o.x0, o.x1, top, o.z1, y, light)
    kit.boxes(
        [[o.x0, y - 0.05, o.z0], [o.x0, y - 0.05, top - 0.05], [o.x0 + w / 2 - 0.02, y - 0.05, top]],
        [[o.x1, y, top], [o.x1, y + 0.05, top + 0.04], [o.x0 + w / 2 + 0.02, y + 0.03, o.z1]],
        leaf,
        FRONT,
    )
    low, high = [], []
    for i in range(2):
        for a, b in ((0.12, 0.75), (0.85, 1.45), (1.55, 1.98)):
            x = o.x0 + w * (0.1 + 0.44 * i)
            low.append([x, y - 0.01, o.z0 + a])
            high.append([x + w * 0.36, y + 0.025, o.z0 + b])
    kit.boxes(low, high, leaf, FRONT)
    knob = make("metal", (0.6, 0.42, 0.16), name="brass")
    kit.boxes([[o.x1 - 0.14, y, o.z0 + 0.98]], [[o.x1 - 0.09, y + 0.07, o.z0 + 1.06]], knob, FRONT)
    b = 0.16
    kit.boxes(
        [[o.x0 - b, -0.01, 0.1], [o.x1, -0.01, 0.1], [o.x0 - b, -0.01, o.z1], [o.x0 - b - 0.06, -0.01, o.z1 + 0.18]],
        [
            [o.x0, 0.045, o.z1],
            [o.x1 + b, 0.045, o.z1],
            [o.x1 + b, 0.055, o.z1 + 0.18],
            [o.x1 + b + 0.06, 0.16, o.z1 + 0.25],
        ],
        trim,
        FRONT,
    )
    kit.boxes([[o.x0 - 0.1, y, 0.05]], [[o.x1 + 0.1, 0.3, o.z0]], step, NO_BOTTOM)
