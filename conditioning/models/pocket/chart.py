"""A small picture that shows what words do: patches of colour, half in sunlight, below a sky."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from conditioning.controls import MAPS, Controls
from worldgen.conventions import seed_from, srgb_from_linear

SIDE: Final = 64
_PATCH: Final = 8
_SKY: Final = 16
_LIGHT: Final = (
    *(0.59, -0.40, 0.70), 0.44, 0.14, -0.84, -0.85, *(0.96, 0.94, 0.91), *(0.10, 0.29, 0.50), *(0.89, 0.87, 0.84), 0.0
)  # fmt: skip
"""Of a clear afternoon, as ``Controls.light`` has it."""


@lru_cache(maxsize=1)
def chart() -> Controls:
    """The conditions of the chart, ``SIDE`` pixels a side; the same each time."""
    rng = np.random.default_rng(seed_from("chart"))
    patches = rng.uniform(0.05, 0.8, (3, SIDE // _PATCH, SIDE // _PATCH))
    albedo = patches.repeat(_PATCH, axis=1).repeat(_PATCH, axis=2)
    sun = np.zeros((SIDE, SIDE))
    sun[:, SIDE // 2 :] = 0.7
    sky = np.zeros((SIDE, SIDE), dtype=np.bool_)
    sky[:_SKY] = True
    depth = np.where(sky, np.inf, 4.0 + 8.0 * np.linspace(1.0, 0.0, SIDE)[:, None])
    picture = np.where(sky, np.reshape([0.45, 0.6, 0.85], (3, 1, 1)), albedo * (0.08 + sun))
    maps = {name: np.full((SIDE, SIDE), -1.0) for name in MAPS}
    for k, c in enumerate("rgb"):
        maps[f"albedo.{c}"] = np.where(sky, -1.0, 2.0 * srgb_from_linear(albedo[k]) - 1.0)
        maps[f"sky.{c}"], maps[f"bounce.{c}"] = np.where(sky, -1.0, 0.1), np.where(sky, -1.0, -0.5)
    maps["normal.x"] = maps["normal.y"] = np.zeros((SIDE, SIDE))
    maps["normal.z"] = np.where(sky, 0.0, -1.0)
    maps["inverse_depth"] = 2.0 / (1.0 + depth / 6.0) - 1.0
    maps["sun"] = np.where(sky, -1.0, 2.0 * sun - 1.0)
    for name in ("occlusion", "roughness", "coverage"):
        maps[name] = np.where(sky, -1.0, 0.8)
    proxy = 2.0 * srgb_from_linear(picture) - 1.0
    return Controls(
        np.stack([maps[name] for name in MAPS]).astype(np.float32),
        np.array(_LIGHT, np.float32),
        proxy.astype(np.float32),
        np.zeros((SIDE, SIDE), np.uint8),
        np.zeros((2, SIDE, SIDE), np.float32),
    )
