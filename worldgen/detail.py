"""Detail textures: what a wall, a pavement or a trunk looks like from near, painted once per process by numpy.

Lengths are physical: a brick course is 75 mm with its joint, which lies 8 mm back. Soft shading of joints and edges is
painted into the colours, as if lit by an even sky from above; the heights are for the light that comes from somewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np

from worldgen import detail_built as built
from worldgen import detail_grown as grown
from worldgen import detail_made as made
from worldgen import detail_open as pierced
from worldgen.conventions import F16, F32, seed_from
from worldgen.painted import Recipe
from worldgen.texture import Texture

RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        "plaster": built.plaster, "brick": built.brick, "stone": built.stone, "cobble": built.cobble,
        "asphalt": built.asphalt, "concrete": built.concrete, "paving": built.paving, "roof-tile": built.roof_tile,
        "slate": built.slate, "tile": built.tile, "terrazzo": built.terrazzo, "parquet": built.parquet,
        "wallpaper": built.wallpaper,
        "wood": grown.wood, "planks": grown.planks, "painted-wood": grown.painted_wood, "bark": grown.bark,
        "foliage": grown.foliage, "grass": grown.grass, "moss": grown.moss, "soil": grown.soil, "mud": grown.mud,
        "gravel": grown.gravel, "rock": grown.rock, "sand": grown.sand, "snow": grown.snow, "ice": grown.ice,
        "water": grown.water, "marble": grown.marble, "straw": grown.straw, "thatch": grown.thatch,
        "metal": made.metal, "chrome": made.polished, "brass": made.tarnished, "iron": made.iron,
        "painted-metal": made.painted_metal, "rust": made.rust, "glass": made.glass,
        "frosted-glass": made.frosted_glass, "plastic": made.smooth_stuff, "cardboard": made.cardboard,
        "skin": made.skin, "hair": made.hair, "fur": made.fur, "feather": made.feather, "leather": made.leather,
        "cloth": made.cloth, "denim": made.denim, "linen": made.linen, "velvet": made.velvet, "knit": made.knit,
        "carpet": made.carpet, "wicker": made.wicker,
        "leaves": pierced.leaves, "wire-mesh": pierced.wire_mesh,
    }
)  # fmt: skip

LAID: Final[Mapping[str, Recipe]] = MappingProxyType({"lane": built.lane})
"""Maps that have a place and a direction, which a set must give them: no kind has them by itself."""

LIKE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "flower": "foliage", "rubber": "plastic", "ceramic": "plastic", "paper": "plastic", "wax": "plastic",
        "gold": "chrome", "copper": "brass",
    }
)  # fmt: skip
"""Kinds that share the map of another."""


@lru_cache(maxsize=128)
def texture(kind: str, seed: int = 0) -> Texture | None:
    """The detail of ``kind``, or None for what has none (lights, unknown words). The same arguments give the same map.

    The maps are of 512 texels, read-only, and wrap around; ``detail`` has mean 1 in each channel, ``height`` mean 0.
    """
    if kind in LIKE:
        return texture(LIKE[kind], seed)
    recipe = RECIPES.get(kind, LAID.get(kind))
    if recipe is None:
        return None
    painted = recipe(np.random.default_rng(seed_from("detail", kind, seed)))
    detail = np.clip(painted.detail, 0.02, 6.0)
    detail = (detail / detail.mean(axis=(0, 1), dtype=np.float64)).astype(np.float32)
    detail.flags.writeable = False
    height = None if painted.height is None else painted.height - painted.height.mean(dtype=np.float64)
    opacity = None if painted.opacity is None else (255 * painted.opacity).round().astype(np.uint8)
    if opacity is not None:
        opacity.flags.writeable = False
    name = kind if seed == 0 else f"{kind}-{seed}"
    return Texture(name, detail, painted.size_m, _kept(height), _kept(painted.roughness), opacity)


def _kept(field: F32 | None) -> F16 | None:
    if field is None:
        return None
    half = field.astype(np.float16)
    half.flags.writeable = False
    return half
