"""The floor of a square: pavements along the houses, paving in the middle, the alleys, land to the horizon."""

from __future__ import annotations

from typing import Final

import numpy as np

from worldgen.conventions import F64
from worldgen.kit import ALL_SIDES, Kit
from worldgen.material import Material, make
from worldgen.mesh import Mesh
from worldgen.sets.ground import KERB, flat
from worldgen.sets.palette import tint

WALK: Final = 2.4
"""Width of the pavements along the houses, metres."""
GATE: Final = 5.0
"""Width of the alleys."""
ALLEY: Final = 15.0
"""Metres from the square's edge to what closes an alley."""
PAVINGS: Final = ("bands", "rings", "checks", "plain")
"""Patterns of the middle."""


def floor(half: tuple[float, float], gates: tuple[float, float], style: str, paving: str, centre: str) -> Mesh:
    """All of it as one mesh. half: of the square's size. gates: x of the southern and y of the western alley."""
    kit = Kit()
    hx, hy = half
    modern = style in ("downtown", "neon-alley")
    slabs = (
        tint("concrete", "#8e8d8a") if style == "neon-alley" else tint("paving", "#a1988a" if not modern else "#a5a4a0")
    )
    stone = tint("stone", "#8b8478")
    _middle(kit, hx - WALK - 0.2, hy - WALK - 0.2, style, paving)
    cobble = tint("cobble", "#857e73")
    south, west = gates
    _pavements(kit, half, gates, slabs, stone)
    flat(kit, south - GATE / 2, south + GATE / 2, -hy - ALLEY, -hy + WALK + 0.2, 0.0, cobble)
    flat(kit, -hx - ALLEY, -hx + WALK + 0.2, west - GATE / 2, west + GATE / 2, 0.0, cobble)
    # Land all around, just below; under the houses nobody sees it.
    far = 420.0
    flat(kit, -hx - 40, hx + 40, -hy - 40, hy + 40, -0.04, tint("paving", "#7f786c"))
    kit.quads([[[-far, -far, -0.25], [far, -far, -0.25], [far, far, -0.25], [-far, far, -0.25]]], make("soil"))
    return kit.build()


def _pavements(
    kit: Kit, half: tuple[float, float], gates: tuple[float, float], slabs: Material, stone: Material
) -> None:
    hx, hy = half
    south, west = gates
    ix, iy, k = hx - WALK, hy - WALK, 0.2
    flat(kit, -hx, hx, iy, hy, KERB, slabs)
    flat(kit, ix, hx, -iy, iy, KERB, slabs)
    flat(kit, -hx, south - GATE / 2, -hy, -iy, KERB, slabs)
    flat(kit, south + GATE / 2, hx, -hy, -iy, KERB, slabs)
    flat(kit, -hx, -ix, -iy, west - GATE / 2, KERB, slabs)
    flat(kit, -hx, -ix, west + GATE / 2, iy, KERB, slabs)
    low = [
        [-ix, iy - k, -0.05], [ix - k, -iy + k, -0.05], [-ix, -iy, -0.05], [south + GATE / 2, -iy, -0.05],
        [-ix, -iy + k, -0.05], [-ix, west + GATE / 2, -0.05],
    ]  # fmt: skip
    high = [
        [ix, iy, KERB], [ix, iy - k, KERB], [south - GATE / 2, -iy + k, KERB], [ix, -iy + k, KERB],
        [-ix + k, west - GATE / 2, KERB], [-ix + k, iy - k, KERB],
    ]  # fmt: skip
    kit.boxes(low, high, stone)
    # The sides of the pavements at the alleys.
    e = 0.12
    low = [
        [south - GATE / 2 - e, -hy, -0.05], [south + GATE / 2, -hy, -0.05],
        [-hx, west - GATE / 2 - e, -0.05], [-hx, west + GATE / 2, -0.05],
    ]  # fmt: skip
    high = [
        [south - GATE / 2, -iy, KERB + 0.002], [south + GATE / 2 + e, -iy, KERB + 0.002],
        [-ix, west - GATE / 2, KERB + 0.002], [-ix, west + GATE / 2 + e, KERB + 0.002],
    ]  # fmt: skip
    kit.boxes(low, high, stone, ALL_SIDES)


def _middle(kit: Kit, hx: float, hy: float, style: str, paving: str) -> None:
    modern = style in ("downtown", "neon-alley")
    field = tint("paving", "#8f8e8b") if modern else tint("cobble", "#8c8478")
    light = tint("paving", "#bdb9b0") if modern else tint("stone", "#aaa18f")
    other = tint("paving", "#77767a") if modern else tint("cobble", "#776f66")
    if paving == "plain":
        flat(kit, -hx, hx, -hy, hy, 0.0, field)
    elif paving == "rings":
        _rings(kit, hx, hy, field, light, other)
    else:
        _grid(kit, hx, hy, field, light, other, paving == "checks")


def _cuts(half: float, pitch: float, band: float) -> F64:
    """Edges of fields and bands in turn, a field in the middle: ascending, from -half to half."""
    count = max(1, int((2 * half + band) / (pitch + band)))
    count -= count % 2 == 0
    field = (2 * half - (count - 1) * band) / count
    edges = [-half]
    for k in range(count):
        edges.append(edges[-1] + field)
        if k < count - 1:
            edges.append(edges[-1] + band)
    return np.array(edges)


def _grid(kit: Kit, hx: float, hy: float, field: Material, light: Material, other: Material, checks: bool) -> None:
    xs, ys = _cuts(hx, 3.0 if checks else 4.6, 0.32), _cuts(hy, 3.0 if checks else 4.6, 0.32)
    i, j = np.meshgrid(np.arange(len(xs) - 1), np.arange(len(ys) - 1), indexing="ij")
    band = (i % 2 == 1) | (j % 2 == 1)
    dark = ~band & ((i // 2 + j // 2) % 2 == 1) if checks else np.zeros_like(band)
    z = np.zeros(i.shape)
    corners = np.stack(
        [np.stack(c, -1) for c in ((xs[i], ys[j], z), (xs[i + 1], ys[j], z), (xs[i + 1], ys[j + 1], z),
                                   (xs[i], ys[j + 1], z))], axis=2,
    )  # fmt: skip
    for chosen, material in ((band, light), (dark, other), (~band & ~dark, field)):
        kit.quads(corners[chosen], material)


def _rings(kit: Kit, hx: float, hy: float, field: Material, light: Material, other: Material) -> None:
    """Rings around the middle with rays between them, in a field that fills the rectangle."""
    corner = np.array([np.arctan2(sy * hy, sx * hx) for sx in (-1, 1) for sy in (-1, 1)])
    a = np.unique(np.round(np.concatenate([np.linspace(-np.pi, np.pi, 97), corner]), 9))
    ring = np.stack([np.cos(a), np.sin(a), 0 * a], axis=1)
    reach = min(hx, hy) - 0.8
    edges, kinds, r, k = [0.0], [], 3.4, 0
    while r + 0.35 < reach:
        kinds += [field if k % 2 == 0 else other, light]
        edges += [r, r + 0.35]
        r += 0.35 + 2.6
        k += 1
    for r0, r1, material in zip(edges[:-1], edges[1:], kinds, strict=True):
        inner, outer = ring * r0, ring * r1
        kit.quads(np.stack([inner[:-1], outer[:-1], outer[1:], inner[1:]], axis=1), material)
    to_edge = np.minimum(hx / np.maximum(np.abs(ring[:, 0]), 1e-9), hy / np.maximum(np.abs(ring[:, 1]), 1e-9))
    inner, outer = ring * edges[-1], ring * to_edge[:, None]
    kit.quads(np.stack([inner[:-1], outer[:-1], outer[1:], inner[1:]], axis=1), field)
