"""Shadow maps of the sun (Williams 1978): which places in the air it reaches.

A map lies across the sun's rays and tells how far down each gets. Maps of what never moves stay where they are, so
shafts of light between trees do not swim when the camera moves; what moves has a small one of its own for each frame.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from render.compiled import inlined
from render.rays import RayScene
from worldgen.conventions import F32, F64, unit
from worldgen.world import Snapshot

TEXELS: Final = 1024
"""Along an edge of a map of what never moves, where the sun stands still."""

QUICK: Final = 320
"""Along an edge of maps that are made for each frame."""

AROUND_M: Final = 40.0
"""The finest map reaches this far around the eyes, the other four times as far as it does."""

BOTTOMLESS_M: Final = 1e4
"""How far down the sun gets where nothing is."""


class SunMap(NamedTuple):
    """(M, N, N) ``lit``: metres along ``axes[2]`` above which the sun reaches, the nearest map first.

    axes: (3, 3) unit rows: across, up the map, and to the sun. frames: (M, 3) where on the first two the corner of each
    map lies, metres, and the metres between its texels. Where no map reaches, the sun does.
    """

    lit: F32
    frames: F32
    axes: F32


def sun_axes(towards: F64) -> F32:
    """(3, 3) unit rows: two across the sun's rays, and ``towards (3,)`` the sun."""
    side = unit(np.cross(towards, [0.0, 0.0, 1.0] if abs(towards[2]) < 0.9 else [1.0, 0.0, 0.0]))
    return np.asarray(np.stack([side, np.cross(towards, side), towards]), dtype=np.float32)


def still_map(rays: RayScene, snapshot: Snapshot, towards: F64, box: F32, texels: int = TEXELS) -> SunMap:
    """Of what never moves (``rays`` at it), around the eyes, which lie in ``box (2, 3)``."""
    axes = sun_axes(towards)
    corners = np.array([[box[i, 0], box[j, 1], box[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)], np.float32)
    flat = corners @ axes[:2].T
    middle, half = (flat.min(0) + flat.max(0)) / 2, float(np.ptp(flat, axis=0).max()) / 2 + AROUND_M
    still = snapshot.vertices[: snapshot.static_vertices] if snapshot.static_faces else np.zeros((0, 3), np.float32)
    top = float((still @ axes[2]).max(initial=0.0)) + 1.0
    maps = [_looked(rays, axes, middle, size, top, texels) for size in (half, 4 * half)]
    return SunMap(np.stack([m for m, _ in maps]), np.stack([f for _, f in maps]), axes)


def moving_map(rays: RayScene, snapshot: Snapshot, towards: F64) -> SunMap:
    """Of what may move, as it is now; ``rays`` at the whole of ``snapshot``."""
    axes = sun_axes(towards)
    split = snapshot.static_vertices if snapshot.static_faces else 0
    places = snapshot.vertices[split:].astype(np.float32) @ axes.T
    if not len(places):
        return SunMap(np.zeros((0, 1, 1), np.float32), np.zeros((0, 3), np.float32), axes)
    low, high = places.min(0), places.max(0)
    half = float((high - low)[:2].max()) / 2 + 0.1
    lit, frame = _looked(rays.moving(), axes, (low + high)[:2] / 2, half, float(high[2]) + 1.0, QUICK)
    return SunMap(lit[None], frame[None], axes)


def _looked(rays: RayScene, axes: F32, middle: F32, half: float, top: float, texels: int) -> tuple[F32, F32]:
    """(texels, texels) how far down the sun reaches in a square around ``middle (2,)``, and the map's frame (3,)."""
    step = 2.0 * half / texels
    low = middle - half
    along = (np.arange(texels, dtype=np.float32) + 0.5) * step
    lit = np.empty((texels, texels), np.float32)
    for row in range(texels):  # a row at a time keeps memory small
        flat = np.stack([low[0] + along, np.full(texels, low[1] + along[row], np.float32)], axis=1)
        start = flat @ axes[:2] + np.float32(top) * axes[2]
        lit[row] = top - np.minimum(rays.cast(start, np.broadcast_to(-axes[2], start.shape))[2], BOTTOMLESS_M)
    return lit, np.array([low[0] + 0.5 * step, low[1] + 0.5 * step, step], np.float32)


@inlined
def sunlit(known: SunMap, across: np.float32, up: np.float32, towards: np.float32) -> np.float32:
    """The share of the sun that reaches a place, by its coordinates along the axes: of the nearest map there."""
    lit, frames, one = known.lit, known.frames, np.float32(1)
    size = lit.shape[1]
    for m in range(len(lit)):
        x = (across - frames[m, 0]) / frames[m, 2]
        y = (up - frames[m, 1]) / frames[m, 2]
        if x < np.float32(0) or y < np.float32(0) or x >= size - 1 or y >= size - 1:
            continue
        i, j = int(y), int(x)
        v, u = y - np.float32(i), x - np.float32(j)
        down = (one - v) * ((one - u) * lit[m, i, j] + u * lit[m, i, j + 1])
        down += v * ((one - u) * lit[m, i + 1, j] + u * lit[m, i + 1, j + 1])
        # Between texels a slope is a slope: no surface shades the air before it. A shadow begins over a texel's length.
        return min(max((towards - down) / frames[m, 2] + one, np.float32(0)), one)
    return one
