"""What one walks on: carriageway, gutters, kerbs, pavements, the square, and land to the horizon."""

from __future__ import annotations

from typing import Final

import numpy as np

from worldgen.conventions import seed_from
from worldgen.kit import Kit
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.sets.palette import tint

KERB: Final = 0.12
"""Height of the pavements, metres."""
CROSS: Final = 8.5
"""Metres from the end of the street to the houses that face it."""
SQUARE_DEPTH: Final = 19.0
SQUARE_HALF: Final = 14.5
"""The square reaches from y = -SQUARE_DEPTH to 0 and from x = -SQUARE_HALF to SQUARE_HALF, metres."""


def pavement_width(width: float) -> float:
    """Metres of each pavement of a street of that width between the houses."""
    return float(np.clip(0.21 * width, 1.15, 3.2))


def _flat(kit: Kit, x0: float, x1: float, y0: float, y1: float, z: float, kind: str, colour: str | None = None) -> None:
    nx, ny = max(1, round((x1 - x0) / 8)), max(1, round((y1 - y0) / 8))
    x, y = np.linspace(x0, x1, nx + 1), np.linspace(y0, y1, ny + 1)
    a, c = np.meshgrid(x[:-1], y[:-1], indexing="ij")
    b, d = np.meshgrid(x[1:], y[1:], indexing="ij")
    e = np.full(a.shape, z)
    corners = np.stack([np.stack(p, -1) for p in ((a, c, e), (b, c, e), (b, d, e), (a, d, e))], axis=2)
    kit.quads(corners.reshape(-1, 4, 3), make(kind) if colour is None else tint(kind, colour))


def ground(length: float, width: float, style: str) -> Mesh:
    """The ground of a street, and of everything around it, as one mesh."""
    kit = Kit()
    half, walk = width / 2, pavement_width(width)
    road = half - walk
    end = length + CROSS
    wide = half + 30.0
    stones, slabs = ("#857e73", "#a1988a") if style == "old-town" else ("#6f6c69", "#918c84")
    _flat(kit, -road + 0.32, road - 0.32, 0, length, 0, "cobble", stones)
    _flat(kit, -wide, wide, length, end - 2.0, 0, "cobble", stones)
    _flat(kit, -wide, wide, end - 2.0, end + 4.0, KERB, "paving", slabs)
    _flat(kit, -SQUARE_HALF - 3, SQUARE_HALF + 3, -SQUARE_DEPTH - 3, 0, 0, "cobble", "#8f877b")
    for s in (-1.0, 1.0):
        a, b = sorted((s * (road - 0.32), s * road))
        _flat(kit, a, b, 0, length, 0, "stone", "#7d766b")
        a, b = sorted((s * (road + 0.16), s * half))
        _flat(kit, a, b, 0, length, KERB, "paving", slabs)
        a, b = sorted((s * (SQUARE_HALF - 2.2), s * (SQUARE_HALF + 3)))
        _flat(kit, a, b, -SQUARE_DEPTH - 3, 0, KERB, "paving", slabs)
        kit.boxes(
            [[s * (SQUARE_HALF - 2.3) - 0.1, -SQUARE_DEPTH, -0.1]],
            [[s * (SQUARE_HALF - 2.3) + 0.1, 0, KERB]],
            make("stone"),
        )
        _kerbs(kit, s * road, s, length)
    _flat(kit, -SQUARE_HALF - 3, SQUARE_HALF + 3, -SQUARE_DEPTH - 3, -SQUARE_DEPTH + 2.0, KERB + 0.002, "paving", slabs)
    kit.boxes([[-SQUARE_HALF, -SQUARE_DEPTH + 2.0, -0.1]], [[SQUARE_HALF, -SQUARE_DEPTH + 2.2, KERB]], make("stone"))
    kit.boxes([[-wide, end - 2.2, -0.1]], [[wide, end - 2.0, KERB]], make("stone"))
    _flat(kit, -wide, wide, -SQUARE_DEPTH - 30, end + 40, -0.03, "paving", "#7f786c")
    far = 420.0
    kit.quads([[[-far, -far, -0.25], [far, -far, -0.25], [far, far, -0.25], [-far, far, -0.25]]], make("soil"))
    return kit.build()


def _kerbs(kit: Kit, x: float, side: float, length: float) -> None:
    """Kerb stones a metre long with a bevelled edge, each a little out of line."""
    y = np.arange(0.0, length - 0.5, 1.0)
    rng = np.random.default_rng(seed_from("kerb", side))
    # Drawn a stone at a time, so that a longer street keeps the stones of a shorter one.
    out, up = rng.normal(0, 1, (400, 2)).T * np.array([[0.004], [0.003]])
    out, up = out[: len(y)], up[: len(y)]
    y1 = np.minimum(y + 0.994, length)
    inner, outer, e = x + side * out, np.full(len(y), x + side * 0.17), 0.025
    z = KERB + up
    n = np.stack
    bevel = inner + side * e
    quads = [
        (
            n([inner, y, 0 * y - 0.05], -1),
            n([inner, y1, 0 * y - 0.05], -1),
            n([inner, y1, z - e], -1),
            n([inner, y, z - e], -1),
        ),
        (n([inner, y, z - e], -1), n([inner, y1, z - e], -1), n([bevel, y1, z], -1), n([bevel, y, z], -1)),
        (n([bevel, y, z], -1), n([bevel, y1, z], -1), n([outer, y1, z], -1), n([outer, y, z], -1)),
    ]
    for quad in quads:
        corners = n(quad, axis=1)
        kit.quads(corners if side < 0 else corners[:, ::-1], make("stone"))
