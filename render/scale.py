"""The scales of a shot: what is near, what is far, and the box that tracking colours fill.

Found from a few frames of the whole shot, always the same ones, so that parts of a shot that are made alone agree.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from render.passes import Passes
from render.raster import Rasterizer
from worldgen.conventions import F32, Array
from worldgen.world import Shot, World

FRAMES: Final = 9
"""Looked at in a shot."""
WIDTH: Final = 192
"""Pixels across what is looked at."""
RARE: Final = 0.2
"""Per cent of what is seen may be nearer than near, and as much farther than far."""
OUTSIDE: Final = 1.0
"""Per cent of what is seen may lie beyond each side of the box, each pixel counted by its nearness: what is seen of a
far street through a window shall not take a room its colours."""


@dataclass(frozen=True)
class ShotScale:
    """near_m, far_m: metres along the camera's axis. low, high: (3,) corners of the box, world metres."""

    near_m: float
    far_m: float
    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def inverse_depth(self, depth: Array, *, near_is_white: bool = True) -> F32:
        """Depth in metres (+inf for sky) to 1 at near and 0 at far, or the other way round; sky lies beyond far."""
        near, far = 1.0 / self.near_m, 1.0 / self.far_m
        with np.errstate(divide="ignore"):
            share = (1.0 / np.asarray(depth, dtype=np.float64) - far) / (near - far)
        return np.asarray(share if near_is_white else 1.0 - share, dtype=np.float32)

    def even_depth(self, depth: Array) -> F32:
        """Depth in metres (+inf for sky) to 1 at near and 0 at far, in even steps; minus infinity for sky."""
        return np.asarray((self.far_m - np.asarray(depth, np.float64)) / (self.far_m - self.near_m), dtype=np.float32)

    def depth(self, share: Array, *, near_is_white: bool = True) -> F32:
        """The inverse of :meth:`inverse_depth`: metres."""
        near, far = 1.0 / self.near_m, 1.0 / self.far_m
        inverse = (share if near_is_white else 1.0 - share) * (near - far) + far
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(inverse > 1e-9, 1.0 / np.maximum(inverse, 1e-9), np.inf), dtype=np.float32)

    def colour(self, point: F32) -> F32:
        """(..., 3) world points, 0 to 1 over the box."""
        low, high = np.array(self.low, dtype=np.float32), np.array(self.high, dtype=np.float32)
        return np.asarray((point - low) / (high - low), dtype=np.float32)

    def told(self, near_is_white: bool) -> dict[str, object]:
        """For the JSON beside the files."""
        return {
            **asdict(self),
            "inverse_depth": {
                "near_is_white": near_is_white,
                "depth_m": "1 / (v * (1/near_m - 1/far_m) + 1/far_m), v "
                + ("the value" if near_is_white else "1 - it"),
            },
            "tracking": {"point_when_the_shot_begins": "low + value * (high - low)"},
        }


def scale_of(world: World, shot: Shot, raster: Rasterizer) -> ShotScale:
    """What ``shot`` shows; a metre to ten, and a cube of two metres, where it shows nothing."""
    start = world.at(shot.time(0)).vertices
    depths, points = [], []
    for k in shot.spread(FRAMES):
        full = shot.track[k]
        camera = full.resized(WIDTH, max(1, round(WIDTH * full.height / full.width)))
        snapshot = world.at(shot.time(k))
        surface = Passes(snapshot, camera, raster.rasterize(snapshot, camera)).surface
        depths.append(surface.depth)
        points.append(surface.interpolate(start))
    depth, point = np.concatenate(depths), np.concatenate(points)
    if not len(depth):
        return ShotScale(1.0, 10.0, (-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))
    near, far = np.percentile(depth, (RARE, 100.0 - RARE))
    low, high = np.array([_shares(axis, 1.0 / depth, OUTSIDE) for axis in point.T]).T
    flat = high - low < 0.1
    low, high = np.where(flat, low - 0.05, low), np.where(flat, high + 0.05, high)
    rounded = [tuple(round(float(c), 4) for c in corner) for corner in (low, high)]
    near = max(round(float(near), 4), 1e-3)
    return ShotScale(near, max(round(float(far), 4), 1.05 * near), *rounded)  # type: ignore[arg-type]


def _shares(values: F32, weights: F32, per_cent: float) -> tuple[float, float]:
    """The values below which, and above which, ``per_cent`` of the weight lies."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order].astype(np.float64))
    low, high = np.searchsorted(sums, sums[-1] * np.array([per_cent, 100.0 - per_cent]) / 100.0)
    return float(values[order[low]]), float(values[order[min(high, len(order) - 1)]])
