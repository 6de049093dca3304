"""Passes as pictures: what a PNG of each looks like, and how its code reads back (``render.passtable`` says both)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from render.cryptomatte import mixed_colours
from render.files import bytes_from_display
from render.passtable import CRYPTO, DEPTH_HALF_M, IDS, MOTION_STEP
from worldgen.ade20k import PALETTE
from worldgen.conventions import F32, U8, srgb_from_linear
from worldgen.light import film_curve

Layer = npt.NDArray[Any]
U16 = npt.NDArray[np.uint16]

SIXTEEN: Final = ("depth", "distance", "inverse_depth", "tracking", "forward_motion", "backward_motion")
"""Passes whose PNG has 16 bits a channel."""
_FULL_MOTION: Final = 0.05
"""Motion that has its full colour in a picture to look at, over the picture's width."""


def code(name: str, values: Layer) -> U16:
    """(H, W) or (H, W, 3) what a PNG of one of ``SIXTEEN`` holds."""
    if name in ("depth", "distance"):
        return depth_code(values)
    if name.endswith("_motion"):
        return motion_code(values)
    return np.rint(np.clip(values, 0.0, 1.0).astype(np.float64) * 65535).astype(np.uint16)


def depth_code(depth: Layer) -> U16:
    """(H, W) 16-bit grey of depth in metres: 65535 at the lens, 0 for sky."""
    share = DEPTH_HALF_M / (DEPTH_HALF_M + np.asarray(depth, dtype=np.float64))
    return np.rint(share * 65535).astype(np.uint16)


def motion_code(vector: Layer) -> U16:
    """(H, W, 3) motion (H, W, 2) in pixels as KITTI writes flow; what moves by more than 511 pixels is clipped."""
    steps = np.clip(np.rint(vector.astype(np.float64) * MOTION_STEP) + 32768, 0, 65535)
    return np.concatenate([steps, np.ones((*vector.shape[:2], 1))], axis=-1).astype(np.uint16)


def picture(name: str, values: Layer, display: Callable[[Layer], Layer]) -> U8:
    """(H, W, 3) uint8 to look at. ``display`` turns linear light into display values in [0, 1] (``Sky.display``)."""
    if name.endswith("_motion"):
        return motion_colours(values)
    if name in SIXTEEN:
        eight = (code(name, values) >> 8).astype(np.uint8)
        return eight if eight.ndim == 3 else np.repeat(eight[..., None], 3, axis=-1)
    if name in IDS:
        return id_colours(values)
    if name in CRYPTO:
        return bytes_from_display(mixed_colours(values, _id_light))
    if name == "segmentation":
        return np.asarray(PALETTE[values])
    if name.startswith("camera_"):
        return bytes_from_display(np.asarray(values * [0.5, -0.5, -0.5] + 0.5, dtype=np.float32))
    if name.endswith("normal"):
        return bytes_from_display(np.asarray(values * 0.5 + 0.5, dtype=np.float32))
    if name.endswith("position"):  # a cube of colours every four metres
        return bytes_from_display(np.asarray(0.5 + 0.5 * np.sin(values * (np.pi / 2)), dtype=np.float32))
    if name == "uv":  # a tile a metre
        u, v = np.mod(values[..., 0], 1.0), np.mod(values[..., 1], 1.0)
        return bytes_from_display(np.stack([u, v, np.zeros_like(u)], axis=-1).astype(np.float32))
    if name == "albedo":
        return bytes_from_display(srgb_from_linear(values))
    if name == "keypoints":
        return bytes_from_display(values)
    if values.ndim == 2:
        return bytes_from_display(np.repeat(values[..., None].astype(np.float32), 3, axis=-1))
    if name == "shade":
        return bytes_from_display(srgb_from_linear(film_curve(values[..., :3])))
    if name in ("emission", "mirror", "airlight", "radiance"):
        return bytes_from_display(np.asarray(display(values), dtype=np.float32))
    return bytes_from_display(np.asarray(display(values / np.pi), dtype=np.float32))  # as a white wall shows it


def id_colours(ids: Layer) -> U8:
    """(..., 3) one colour an id, black for 0 (nothing)."""
    mixed = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    channels = [(mixed >> np.uint64(shift)) & np.uint64(0xFF) for shift in (56, 40, 24)]
    colour = np.stack(channels, axis=-1).astype(np.uint8) // 2 + 100
    return np.where((ids != 0)[..., None], colour, 0).astype(np.uint8)


def motion_colours(vector: F32) -> U8:
    """(H, W, 3) the hue says where to, the colour's strength how far; white stands still (cf. Baker et al. 2011)."""
    length = np.hypot(vector[..., 0], vector[..., 1]) / (_FULL_MOTION * vector.shape[1])
    angle = np.arctan2(vector[..., 1], vector[..., 0])[..., None] - np.array([0.0, 2.0, 4.0]) * (np.pi / 3)
    strength = np.minimum(np.sqrt(length), 1.0)[..., None]
    return bytes_from_display((1.0 - strength * (0.5 - 0.5 * np.cos(angle))).astype(np.float32))


def _id_light(ids: Layer) -> F32:
    return np.asarray(id_colours(ids) / np.float32(255), dtype=np.float32)
