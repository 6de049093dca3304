"""Detail textures: what a wall, a pavement or a trunk looks like from near, painted once per process by numpy.

Each recipe returns multipliers for the base colour and the edge of its tile in metres. Lengths are physical: a brick
course is 75 mm with its joint. Soft shading of joints and edges is painted in, as if lit by an even sky from above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np

from worldgen.conventions import F32, I32, seed_from
from worldgen.noise import SIZE, Cells, blurred, courses, lattice, noise, smooth, voronoi
from worldgen.texture import Texture

Rng = np.random.Generator
Recipe = Callable[[Rng], tuple[F32, float]]


def _rgb(gray: F32) -> F32:
    return np.repeat(gray[..., None], 3, axis=2)


def _tint(rng: Rng, index: I32, light: float, hue: float = 0.0) -> F32:
    """(S, S, 3) one random factor a piece: ``light`` and ``hue`` are deviations of brightness and of warmth."""
    count = int(index.max()) + 1
    value = rng.normal(0.0, light, count)[:, None] + rng.normal(0.0, hue, count)[:, None] * [1.0, 0.1, -1.0]
    return np.exp(value).astype(np.float32)[index]


def _relief(height: F32, strength: float) -> F32:
    """Factor 1 ± ``strength`` where a surface of that height (in pixels) faces up or down."""
    slope = np.roll(height, -1, 0) - np.roll(height, 1, 0)
    return 1.0 + strength * np.tanh(slope)


def _grain(rng: Rng, amount: float, low: float = 20.0, high: float = 200.0, beta: float = 0.4) -> F32:
    return np.exp(amount * noise(rng, low, high, beta))


def _mix(a: F32, b: F32 | float, weight: F32) -> F32:
    w = weight[..., None] if weight.ndim == 2 else weight
    return a * (1.0 - w) + b * w


def _masonry(
    rng: Rng, cells: Cells, joint_m: float, soft_m: float, tint: F32, mortar: tuple[float, float, float], relief: float
) -> F32:
    """Pieces of colour ``tint`` between joints of colour ``mortar``; the border is ``soft_m`` wide and rounded."""
    face = smooth(joint_m / 2, joint_m / 2 + soft_m, cells.edge)
    cavity = 1.0 - 0.45 * np.exp(-np.maximum(cells.edge - joint_m / 2, 0) / soft_m)
    joint = np.array(mortar, np.float32) * _rgb(_grain(rng, 0.12))
    return _mix(joint, tint * _rgb(cavity.astype(np.float32)), face) * _rgb(_relief(blurred(face, 1.0) * 3.0, relief))


def _brick(rng: Rng) -> tuple[F32, float]:
    cells = courses(rng, 1.8, 24, 8, 0.5, 0.06, 0.002, 0.006)
    tint = _tint(rng, cells.index, 0.2, 0.05) * _rgb(_grain(rng, 0.13, 8, 200, 0.6))
    count = int(cells.index.max()) + 1
    burnt = (rng.random(count) < 0.07)[cells.index]
    tint = np.where(burnt[..., None], tint * np.array([0.52, 0.58, 0.68], np.float32), tint)
    soot = np.exp(0.1 * noise(rng, 1, 8, 1.2))
    return _masonry(rng, cells, 0.010, 0.005, tint, (1.05, 1.35, 1.6), 0.16) * _rgb(soot), 1.8


def _stone(rng: Rng) -> tuple[F32, float]:
    cells = courses(rng, 2.4, 8, 5, 0.5, 0.35, 0.004, 0.02)
    tint = _tint(rng, cells.index, 0.1, 0.035) * _rgb(_grain(rng, 0.09, 6, 220, 0.5))
    stain = np.exp(-0.16 * np.clip(noise(rng, 1, 14, 1.0, (0.5, 2.5)), 0, None))
    return _masonry(rng, cells, 0.008, 0.012, tint, (0.62, 0.6, 0.56), 0.12) * _rgb(stain), 2.4


def _cobble(rng: Rng) -> tuple[F32, float]:
    cells = voronoi(rng, 1.92, lattice(rng, 16, 14, 0.5, 0.17), 0.004)
    tint = _tint(rng, cells.index, 0.19, 0.045) * _rgb(_grain(rng, 0.1, 10, 220, 0.5))
    dome = 0.7 + 0.36 * smooth(0.0, 0.05, cells.edge - 0.005)
    moss = smooth(0.3, 1.6, noise(rng, 1, 8, 1.0))[..., None] * np.array([-0.1, 0.12, -0.12], np.float32)
    joint = np.array([0.34, 0.33, 0.3], np.float32) + 0.5 * moss
    face = smooth(0.005, 0.016, cells.edge)
    wear = np.exp(0.1 * noise(rng, 1, 6, 1.0))
    return _mix(joint, tint * _rgb(dome), face) * _rgb(_relief(blurred(face, 1.5) * 2.5, 0.1) * wear), 1.92


def _paving(rng: Rng) -> tuple[F32, float]:
    cells = courses(rng, 2.4, 5, 4, 0.4, 0.12, 0.001, 0.008)
    tint = _tint(rng, cells.index, 0.09, 0.03) * _rgb(_grain(rng, 0.07, 10, 240, 0.4))
    spots = noise(rng, 12, 60, 0.6)
    gum = smooth(2.6, 3.0, spots) * 0.35
    stain = np.exp(0.09 * noise(rng, 1, 10, 1.1))
    return _masonry(rng, cells, 0.008, 0.008, tint, (0.42, 0.41, 0.38), 0.06) * _rgb(stain * (1 - gum)), 2.4


def _plaster(rng: Rng) -> tuple[F32, float]:
    stain = noise(rng, 1, 6, 1.0)
    runs = noise(rng, 2, 60, 0.8, (0.35, 4.0))
    t = _rgb(np.exp(0.055 * stain - 0.05 * np.clip(runs, 0, None)) * _grain(rng, 0.025, 30, 250, 0.2))
    field = noise(rng, 1, 40, 1.3)
    repaired = smooth(1.55, 1.62, field)
    t = _mix(t, t * np.array([1.07, 1.05, 1.02], np.float32), repaired)
    bare = smooth(2.05, 2.1, noise(rng, 2, 50, 1.25) + 0.15 * noise(rng, 20, 120, 0.5))
    rim = blurred(bare, 2.5) * (1 - bare)
    t = _mix(t, t * np.array([0.74, 0.68, 0.62], np.float32), bare) * _rgb(1 - 0.25 * rim)
    crack = np.exp(-((np.abs(noise(rng, 2, 20, 1.0)) / 0.012) ** 2)) * smooth(0.6, 1.4, noise(rng, 1, 4, 1.0))
    return t * _rgb((1 - 0.3 * crack) * _relief(noise(rng, 15, 120, 0.7), 0.025)), 3.2


def _concrete(rng: Rng) -> tuple[F32, float]:
    cells = courses(rng, 2.4, 2, 2, 0.0, 0.0, 0.0, 0.0)
    t = _grain(rng, 0.05, 1, 8, 1.0) * _grain(rng, 0.05, 20, 250, 0.3)
    pores = smooth(2.2, 2.7, noise(rng, 40, 200, 0.1))
    t = t * (1 - 0.35 * pores) * (1 - 0.3 * (1 - smooth(0.002, 0.006, cells.edge)))
    return _rgb(t) * _tint(rng, cells.index, 0.04, 0.01), 2.4


def _asphalt(rng: Rng) -> tuple[F32, float]:
    stones = noise(rng, 60, 256, 0.0)
    t = np.exp(0.13 * np.clip(stones, -2, 2.5)) * np.exp(0.09 * noise(rng, 1, 7, 1.0))
    crack = np.exp(-((np.abs(noise(rng, 2, 30, 1.0)) / 0.015) ** 2)) * smooth(0.7, 1.3, noise(rng, 1, 4, 1.0))
    patch = smooth(1.5, 1.53, noise(rng, 1, 4, 1.5))
    return _rgb(t * (1 - 0.5 * crack) * (1 - 0.22 * patch)), 2.0


def _roof(rng: Rng) -> tuple[F32, float]:
    cells = courses(rng, 2.0, 14, 10, 0.5, 0.04, 0.002, 0.0)
    tint = _tint(rng, cells.index, 0.17, 0.06) * _rgb(_grain(rng, 0.09, 8, 200, 0.5))
    barrel = 0.62 + 0.38 * np.sin(np.pi * np.clip(cells.along, 0, 1)) ** 0.7
    lap = 0.45 + 0.55 * smooth(0.0, 0.22, cells.down)
    lip = 1.0 + 0.18 * smooth(0.86, 0.97, cells.down)
    moss = smooth(0.9, 2.2, noise(rng, 2, 40, 0.8))
    t = tint * _rgb((barrel * lap * lip).astype(np.float32))
    return _mix(t, t * np.array([0.62, 0.86, 0.6], np.float32), moss) * _rgb(_grain(rng, 0.1, 1, 6, 1.0)), 2.0


def _slate(rng: Rng) -> tuple[F32, float]:
    cells = courses(rng, 2.0, 12, 8, 0.5, 0.1, 0.001, 0.0)
    tint = _tint(rng, cells.index, 0.14, 0.04) * _rgb(_grain(rng, 0.07, 6, 200, 0.6))
    lap = 0.55 + 0.45 * smooth(0.0, 0.1, cells.down)
    gap = 0.5 + 0.5 * smooth(0.001, 0.006, np.minimum(cells.edge, 0.5))
    return tint * _rgb((lap * gap).astype(np.float32)), 2.0


def _timber(rng: Rng, cells: Cells | None, grain: float) -> F32:
    """Wood with its fibres along v; one shift of the grain a plank."""
    bands = noise(rng, 2, 60, 0.7, (1.0, 14.0))
    fibre = noise(rng, 30, 256, 0.3, (1.0, 24.0))
    if cells is not None:
        count = int(cells.index.max()) + 1
        shift = rng.integers(0, SIZE, count)[cells.index]
        rows = (np.arange(SIZE)[:, None] + shift) % SIZE
        bands = bands[rows, np.arange(SIZE)[None, :]]
    knots = smooth(2.4, 3.0, noise(rng, 3, 14, 0.5, (1.0, 2.0)))
    light = np.exp(grain * bands + 0.6 * grain * fibre) * (1 - 0.4 * knots)
    return _rgb(light) ** np.array([0.9, 1.0, 1.12], np.float32)


def _wood(rng: Rng) -> tuple[F32, float]:
    return _timber(rng, None, 0.12), 1.0


def _planks(rng: Rng) -> tuple[F32, float]:
    cells = courses(rng, 1.4, 1, 10, 0.0, 0.1, 0.0, 0.0)
    side = (np.minimum(cells.along, 1 - cells.along) * 0.14).astype(np.float32)
    gap = 0.3 + 0.7 * smooth(0.001, 0.006, side)
    return _timber(rng, cells, 0.14) * _tint(rng, cells.index, 0.14, 0.03) * _rgb(gap), 1.4


def _bark(rng: Rng) -> tuple[F32, float]:
    ridge = 1 - np.abs(noise(rng, 4, 40, 0.6, (1.0, 5.0)))
    deep = smooth(-0.9, 0.8, ridge + 0.25 * noise(rng, 20, 160, 0.4, (1.0, 3.0)))
    t = _rgb((0.35 + 0.75 * deep) * _grain(rng, 0.12))
    lichen = smooth(1.3, 2.2, noise(rng, 2, 30, 0.8))
    return _mix(t, t * np.array([1.0, 1.25, 0.9], np.float32), lichen), 0.8


def _foliage(rng: Rng) -> tuple[F32, float]:
    cells = voronoi(rng, 0.6, rng.random((260, 2)).astype(np.float32), 0.006)
    t = _tint(rng, cells.index, 0.28, 0.1) * _rgb(0.55 + 0.5 * smooth(0.0, 0.016, cells.edge))
    return t * _rgb(np.exp(0.15 * noise(rng, 1, 6, 0.8))), 0.6


def _grass(rng: Rng) -> tuple[F32, float]:
    blades = noise(rng, 30, 220, 0.2, (1.0, 3.0))
    t = _rgb(np.exp(0.25 * blades + 0.16 * noise(rng, 1, 12, 0.8)))
    dry = smooth(0.5, 2.0, noise(rng, 1, 16, 0.8))
    return _mix(t, t * np.array([1.35, 1.1, 0.8], np.float32), dry), 1.5


def _soil(rng: Rng) -> tuple[F32, float]:
    clods = noise(rng, 10, 200, 0.6)
    return _rgb(np.exp(0.22 * clods) * _relief(clods, 0.1) * np.exp(0.12 * noise(rng, 1, 6, 1.0))), 1.5


def _metal(rng: Rng) -> tuple[F32, float]:
    scratch = noise(rng, 20, 256, 0.2, (8.0, 1.0))
    return _rgb(np.exp(0.05 * scratch + 0.05 * noise(rng, 1, 8, 0.8))), 1.0


def _painted(rng: Rng) -> tuple[F32, float]:
    t = _rgb(np.exp(0.035 * noise(rng, 1, 10, 0.9) - 0.05 * np.clip(noise(rng, 2, 80, 0.7, (0.4, 4.0)), 0, None)))
    chip = smooth(2.55, 2.65, noise(rng, 4, 90, 0.8))
    return _mix(t, t * np.array([0.8, 0.55, 0.45], np.float32), chip), 1.6


def _iron(rng: Rng) -> tuple[F32, float]:
    worn = np.clip(noise(rng, 2, 120, 0.7), 0, None)
    return _rgb(np.exp(0.12 * noise(rng, 6, 200, 0.4))) * np.exp(0.1 * worn[..., None] * [1.6, 0.8, 0.4]), 0.8


def _rust(rng: Rng) -> tuple[F32, float]:
    t = _rgb(np.exp(0.2 * noise(rng, 2, 120, 0.8)))
    scale = smooth(0.2, 0.9, noise(rng, 2, 60, 0.9))
    return _mix(t, t * np.array([0.5, 0.45, 0.5], np.float32), scale), 1.2


def _glass(rng: Rng) -> tuple[F32, float]:
    pane = np.exp(0.3 * noise(rng, 1, 4, 0.8) + 0.05 * noise(rng, 4, 30, 0.8, (0.5, 3.0)))
    return _rgb(pane), 2.6


def _water(rng: Rng) -> tuple[F32, float]:
    return _rgb(np.exp(0.12 * noise(rng, 3, 30, 1.0))), 3.0


def _speckle(rng: Rng) -> tuple[F32, float]:
    return _rgb(np.exp(0.03 * noise(rng, 2, 200, 0.4))), 0.8


def _marble(rng: Rng) -> tuple[F32, float]:
    turn = noise(rng, 1, 24, 1.1)
    vein = np.exp(-((np.abs(turn) / 0.07) ** 0.8)) * smooth(-0.8, 1.2, noise(rng, 1, 5, 0.9))
    fine = np.exp(-((np.abs(noise(rng, 2, 50, 1.0)) / 0.05) ** 0.9)) * 0.25
    cloud = np.exp(0.05 * noise(rng, 1, 6, 1.0))
    dark = (0.5 * vein + fine).astype(np.float32)[..., None] * np.array([0.8, 0.75, 0.68], np.float32)
    return _rgb(cloud) * (1 - dark), 1.6


def _weave(rng: Rng, threads: int, size: float, twill: bool, contrast: float) -> tuple[F32, float]:
    i = np.arange(SIZE) * threads // SIZE
    f = (np.arange(SIZE) * threads / SIZE) % 1.0
    over = ((i[:, None] + i[None, :]) % 4 < 2) if twill else ((i[:, None] + i[None, :]) % 2 == 0)
    bulge = np.sin(np.pi * f)
    t = np.where(over, bulge[None, :] + 0 * bulge[:, None], 0.72 * bulge[:, None] + 0 * bulge[None, :])
    slub = np.exp(0.06 * noise(rng, 4, 120, 0.4, (1.0, 6.0)) + 0.06 * noise(rng, 4, 120, 0.4, (6.0, 1.0)))
    fold = np.exp(0.05 * noise(rng, 1, 5, 1.0))
    return _rgb(((1 - contrast) + contrast * t.astype(np.float32)) * slub * fold), size


def _cloth(rng: Rng) -> tuple[F32, float]:
    return _weave(rng, 128, 0.25, False, 0.3)


def _denim(rng: Rng) -> tuple[F32, float]:
    return _weave(rng, 128, 0.16, True, 0.45)


def _leather(rng: Rng) -> tuple[F32, float]:
    cells = voronoi(rng, 0.3, rng.random((900, 2)).astype(np.float32))
    crease = 0.72 + 0.28 * smooth(0.0, 0.002, cells.edge)
    return _rgb(crease * np.exp(0.08 * noise(rng, 1, 16, 0.8))), 0.3


def _skin(rng: Rng) -> tuple[F32, float]:
    blush = noise(rng, 1, 10, 0.9)[..., None] * np.array([0.015, 0.03, 0.03], np.float32)
    return _rgb(np.exp(0.02 * noise(rng, 20, 250, 0.3))) * np.exp(blush), 0.3


def _hair(rng: Rng) -> tuple[F32, float]:
    return _rgb(np.exp(0.22 * noise(rng, 20, 256, 0.3, (1.0, 30.0)) + 0.1 * noise(rng, 3, 20, 0.7, (1.0, 8.0)))), 0.25


RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        "plaster": _plaster, "brick": _brick, "stone": _stone, "cobble": _cobble, "asphalt": _asphalt,
        "concrete": _concrete, "paving": _paving, "roof-tile": _roof, "slate": _slate, "wood": _wood,
        "planks": _planks, "bark": _bark, "foliage": _foliage, "grass": _grass, "soil": _soil,
        "metal": _metal, "iron": _iron, "painted-metal": _painted, "rust": _rust, "glass": _glass, "water": _water,
        "plastic": _speckle, "marble": _marble, "skin": _skin,
        "hair": _hair, "cloth": _cloth, "denim": _denim, "leather": _leather,
    }
)  # fmt: skip

LIKE: Final[Mapping[str, str]] = MappingProxyType(
    {"flower": "foliage", "rubber": "plastic", "ceramic": "plastic", "paper": "plastic"}
)
"""Kinds that share the map of another."""


@lru_cache(maxsize=128)
def texture(kind: str, seed: int = 0) -> Texture | None:
    """The detail of ``kind``, or None for what has none (lights, unknown words). The same arguments give the same map.

    The map is (512, 512, 3) float32 with mean 1 in each channel, read-only, and wraps around at its edges.
    """
    if kind in LIKE:
        return texture(LIKE[kind], seed)
    recipe = RECIPES.get(kind)
    if recipe is None:
        return None
    detail, size_m = recipe(np.random.default_rng(seed_from("detail", kind, seed)))
    detail = np.clip(detail, 0.02, 6.0)
    detail = (detail / detail.mean(axis=(0, 1), dtype=np.float64)).astype(np.float32)
    detail.flags.writeable = False
    return Texture(kind if seed == 0 else f"{kind}-{seed}", detail, size_m)
