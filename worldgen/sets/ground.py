"""What one walks on: carriageway, gutters, kerbs, pavements, the square, and land to the horizon."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from worldgen.conventions import seed_from
from worldgen.kit import Kit
from worldgen.material import Material, make
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


def flat(kit: Kit, x0: float, x1: float, y0: float, y1: float, z: float, material: Material) -> None:
    """A level rectangle that faces up, in pieces of about eight metres; nothing where it is empty."""
    if x1 - x0 < 1e-6 or y1 - y0 < 1e-6:
        return
    nx, ny = max(1, round((x1 - x0) / 8)), max(1, round((y1 - y0) / 8))
    x, y = np.linspace(x0, x1, nx + 1), np.linspace(y0, y1, ny + 1)
    a, c = np.meshgrid(x[:-1], y[:-1], indexing="ij")
    b, d = np.meshgrid(x[1:], y[1:], indexing="ij")
    e = np.full(a.shape, z)
    corners = np.stack([np.stack(p, -1) for p in ((a, c, e), (b, c, e), (b, d, e), (a, d, e))], axis=2)
    kit.quads(corners.reshape(-1, 4, 3), material)


def ground(length: float, width: float, style: str) -> Mesh:
    """The ground of a street, and of everything around it, as one mesh."""
    kit = Kit()
    half, walk = width / 2, pavement_width(width)
    road = half - walk
    end = length + CROSS
    wide = half + 30.0
    stones, slabs = ("#857e73", "#a1988a") if style in ("old-town", "village") else ("#6f6c69", "#918c84")
    if style in ("downtown", "neon-alley"):
        return _modern(kit, length, width, style == "neon-alley")
    flat(kit, -road + 0.32, road - 0.32, 0, length, 0, tint("cobble", stones))
    flat(kit, -wide, wide, length, end - 2.0, 0, tint("cobble", stones))
    flat(kit, -wide, wide, end - 2.0, end + 4.0, KERB, tint("paving", slabs))
    flat(kit, -SQUARE_HALF - 3, SQUARE_HALF + 3, -SQUARE_DEPTH - 3, 0, 0, tint("cobble", "#8f877b"))
    for s in (-1.0, 1.0):
        a, b = sorted((s * (road - 0.32), s * road))
        flat(kit, a, b, 0, length, 0, tint("stone", "#7d766b"))
        a, b = sorted((s * (road + 0.16), s * half))
        flat(kit, a, b, 0, length, KERB, tint("paving", slabs))
        a, b = sorted((s * (SQUARE_HALF - 2.2), s * (SQUARE_HALF + 3)))
        flat(kit, a, b, -SQUARE_DEPTH - 3, 0, KERB, tint("paving", slabs))
        kit.boxes(
            [[s * (SQUARE_HALF - 2.3) - 0.1, -SQUARE_DEPTH, -0.1]],
            [[s * (SQUARE_HALF - 2.3) + 0.1, 0, KERB]],
            make("stone"),
        )
        _kerbs(kit, s * road, s, length)
    flat(
        kit,
        -SQUARE_HALF - 3,
        SQUARE_HALF + 3,
        -SQUARE_DEPTH - 3,
        -SQUARE_DEPTH + 2.0,
        KERB + 0.002,
        tint("paving", slabs),
    )
    kit.boxes([[-SQUARE_HALF, -SQUARE_DEPTH + 2.0, -0.1]], [[SQUARE_HALF, -SQUARE_DEPTH + 2.2, KERB]], make("stone"))
    kit.boxes([[-wide, end - 2.2, -0.1]], [[wide, end - 2.0, KERB]], make("stone"))
    flat(kit, -wide, wide, -SQUARE_DEPTH - 30, end + 40, -0.03, tint("paving", "#7f786c"))
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


def _modern(kit: Kit, length: float, width: float, wet: bool) -> Mesh:
    """Asphalt with markings between pavements of concrete slabs; wet: without markings, shining, with puddles."""
    half, road, end = width / 2, width / 2 - pavement_width(width), length + CROSS
    wide = half + 30.0
    tar = make("asphalt", (0.075, 0.076, 0.08)) if wet else tint("asphalt", "#4d4e50")
    if wet:
        tar = replace(tar, name="wet-asphalt", roughness=0.28)
    paint, slabs = tint("plaster", "#c9c8c2"), tint("paving", "#8f8e8a" if wet else "#a8a6a0")
    place = tar if wet else tint("paving", "#9a9893")
    flat(kit, -wide, wide, length, end - 2.0, 0, tar)
    flat(kit, -wide, wide, end - 2.0, end + 4.0, KERB, slabs)
    flat(kit, -SQUARE_HALF - 3, SQUARE_HALF + 3, -SQUARE_DEPTH - 3, 0, 0, place)
    if wet:
        flat(kit, -road, road, 0, length, 0, tar)
        _puddles(kit, length, road, tar)
    else:
        _marked(kit, length, road, tar, paint)
    for s in (-1.0, 1.0):
        a, b = sorted((s * (road + 0.16), s * half))
        flat(kit, a, b, 0, length, KERB, slabs)
        a, b = sorted((s * (SQUARE_HALF - 2.2), s * (SQUARE_HALF + 3)))
        flat(kit, a, b, -SQUARE_DEPTH - 3, 0, KERB, slabs)
        x = s * (SQUARE_HALF - 2.3)
        kit.boxes([[x - 0.1, -SQUARE_DEPTH, -0.1]], [[x + 0.1, 0, KERB]], make("concrete"))
        _kerbs(kit, s * road, s, length)
    x, y = SQUARE_HALF, -SQUARE_DEPTH + 2.0
    flat(kit, -x - 3, x + 3, -SQUARE_DEPTH - 3, y, KERB + 0.002, slabs)
    kit.boxes(
        [[-x, y, -0.1], [-wide, end - 2.2, -0.1]], [[x, y + 0.2, KERB], [wide, end - 2.0, KERB]], make("concrete")
    )
    flat(kit, -wide, wide, -SQUARE_DEPTH - 30, end + 40, -0.03, tint("concrete", "#77756f"))
    far = 420.0
    kit.quads([[[-far, -far, -0.25], [far, -far, -0.25], [far, far, -0.25], [-far, far, -0.25]]], make("soil"))
    return kit.build()


def _marked(kit: Kit, length: float, road: float, tar: Material, paint: Material) -> None:
    """The carriageway in pieces of tar and paint: a zebra crossing at each end, stop lines, dashes in the middle."""
    zebras = ((1.6, 4.8), (length - 4.8, length - 1.6))
    count = max(3, 2 * round(road / 1.0) + 1)
    edges = np.linspace(-road, road, count + 1)
    for y0, y1 in zebras:
        for k in range(count):
            flat(kit, float(edges[k]), float(edges[k + 1]), y0, y1, 0, paint if k % 2 else tar)
    flat(kit, -road, road, 0, zebras[0][0], 0, tar)
    flat(kit, -road, road, zebras[1][1], length, 0, tar)
    y0, y1 = zebras[0][1], zebras[1][0]
    stop = ((y0 + 0.8, y0 + 1.1, -road, -0.1), (y1 - 1.1, y1 - 0.8, 0.1, road))
    for side in (-1.0, 1.0):
        a, b = sorted((side * 0.06, side * road))
        line = stop[0] if side < 0 else stop[1]
        flat(kit, a, b, y0, line[0], 0, tar)
        flat(kit, a, b, line[0], line[1], 0, paint)
        flat(kit, a, b, line[1], y1, 0, tar)
    y, k = y0, 0
    while y < y1 - 1e-6:
        step = min(2.0 if k % 2 else 3.0, y1 - y)
        flat(kit, -0.06, 0.06, y, y + step, 0, paint if k % 2 else tar)
        y, k = y + step, k + 1


def _puddles(kit: Kit, length: float, road: float, tar: Material) -> None:
    """Still water in shallow hollows of the tar, which shows through it, and the wetter tar around each."""
    r, g, b = (0.75 * c for c in tar.base_color)  # what passes through the water, down and up
    water = replace(make("water", (r, g, b)), name="puddle")
    brim = replace(tar, name="puddle-brim", roughness=0.14)
    for k, y in enumerate(np.arange(-14.0, length + 4.0, 1.15)):
        rng = np.random.default_rng(seed_from("puddle", k))
        x, wide, long = rng.uniform(-0.9, 0.9) * road, rng.uniform(0.2, 0.75), rng.uniform(0.3, 1.0)
        a = np.linspace(0, 2 * np.pi, 29)
        radius = 1 + 0.22 * np.sin(2 * a + rng.uniform(0, 6)) + 0.14 * np.sin(3 * a + rng.uniform(0, 6))
        for reach, height, surface in ((1.22, 0.004, brim), (1.0, 0.006, water)):
            across, along = reach * wide * radius * np.cos(a), reach * long * radius * np.sin(a)
            rim = np.stack([np.clip(x + across, -road, road), y + along, np.full(29, height)], axis=1)
            hub = np.broadcast_to([x, y, height], (28, 3))
            kit.quads(np.stack([hub, rim[:-1], rim[1:], rim[1:]], axis=1), surface)
