"""Starting noise that belongs to the world: each surface point owns its noise, and carries it through the film.

A point's noise is hashed from its thing and from the cell of rest space it lies in; cells are a power of two metres, a
quarter to one pixel wide, so neighbouring pixels almost always fall into cells of their own and the picture's noise is
white, and a point keeps its value from frame to frame. As the camera comes nearer, cells are halved, each at a moment
of its own, so that the noise never changes all at once. Warping noise with an interpolating filter instead would make
it smooth and no longer Gaussian (Chang et al. 2024, "How I warped your noise").
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from render.passes import Surface
from render.raster import GBuffer
from worldgen.camera import Camera
from worldgen.conventions import F32
from worldgen.world import Snapshot

U64 = npt.NDArray[np.uint64]

OFFSET: Final = 0.3819660
"""Cells are shifted by this share of their size, so that floors at z = 0 do not lie on a border between cells."""


def world_noise(snapshot: Snapshot, camera: Camera, gbuffer: GBuffer, seed: int, channels: int = 3) -> F32:
    """(C, H, W) float32 standard normal noise anchored to the surfaces of ``gbuffer``, and to directions in the sky."""
    hit = gbuffer.hit.reshape(-1)
    keys = np.zeros(hit.shape, np.uint64)
    if hit.any():
        surface = Surface.of(snapshot, camera, gbuffer)
        pixel_m = surface.depth / camera.focal_px
        keys[hit] = _cell_keys(surface.rest_position, pixel_m, surface.object_id)
    if not hit.all():
        ys, xs = np.divmod(np.flatnonzero(~hit), camera.width)
        rays = camera.rays(np.stack([xs, ys], axis=1) + 0.5)
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        angle = np.square(rays @ camera.world_from_camera[:3, 2]) / camera.focal_px
        keys[~hit] = _cell_keys(rays, angle, np.zeros(len(rays), np.int32))
    return gaussian(keys, seed, channels).reshape(channels, *gbuffer.triangle.shape)


def blended_noise(shared: F32, independent: F32, gamma: float) -> F32:
    """World noise with a share ``gamma`` of independent noise, of unit variance still (Ge et al. 2023)."""
    mixed = ((1 - gamma) * shared + gamma * independent) / np.hypot(1 - gamma, gamma)
    return mixed.astype(np.float32)


def gaussian(keys: U64, seed: int, channels: int) -> F32:
    """(C, N) standard normal values, each a pure function of its key (N,), the seed and the channel (Box & Muller)."""
    rows = []
    for channel in range(channels):
        start = np.uint64((seed * 1_000_003 + channel * 7_919 + 1) & 0xFFFF_FFFF_FFFF_FFFF)
        bits = _mixed(keys ^ _mixed(np.array([start], np.uint64)))
        radius = np.sqrt(-2.0 * np.log(_uniform(bits)))
        turn = (bits & np.uint64(0xFFFFFF)).astype(np.float64) / 2.0**24
        rows.append(radius * np.cos(2.0 * np.pi * turn))
    return np.array(rows, dtype=np.float32)


def _cell_keys(points: npt.NDArray[np.floating], size: npt.NDArray[np.floating], thing: npt.NDArray[np.int32]) -> U64:
    """(N,) keys of the cells of ``thing`` in which ``points`` (N, 3) lie; size: (N,) metres across a pixel."""
    octave = np.log2(np.maximum(size, 1e-9))
    level = np.floor(octave)
    start = _mixed(thing.astype(np.int64).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    large, small = (_key(points, start, level - k) for k in (0, 1))
    return np.where(_uniform(_mixed(large)) < octave - level, large, small)


def _key(points: npt.NDArray[np.floating], start: U64, level: npt.NDArray[np.floating]) -> U64:
    cells = np.floor(points / np.exp2(level)[:, None] + OFFSET).astype(np.int64)
    key = _mixed(start + level.astype(np.int64).view(np.uint64))
    for axis in range(3):
        key = _mixed(key + cells[:, axis].view(np.uint64))
    return key


def _uniform(bits: U64) -> npt.NDArray[np.float64]:
    """Of the upper 24 bits, in (0, 1)."""
    return (np.right_shift(bits, np.uint64(40)).astype(np.float64) + 0.5) / 2.0**24


def _mixed(x: U64) -> U64:
    """The finaliser of SplitMix64 (Steele et al. 2014)."""
    x = (x ^ np.right_shift(x, np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ np.right_shift(x, np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ np.right_shift(x, np.uint64(31))
