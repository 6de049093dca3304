"""Light in the air between things, which fog scatters: kept at the corners of a grid that stays where it is.

The grid is fine around the eyes and ever coarser away from them (a clipmap in one piece). A corner looks about once,
in fixed directions; any light there is then a look-up of the patches it sees (``render.radiosity``), so a sky that
changes costs little, and nothing flickers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Final

import numpy as np

from render.compiled import compiled
from render.direct import LANTERN_M, fixed_directions
from render.fan import met
from render.radiosity import Lightmap, Transport
from render.rays import RayScene
from render.recent import Recent
from render.sunmap import QUICK, TEXELS, SunMap, moving_map, still_map
from worldgen.conventions import F32, F64, I32
from worldgen.light import Lamp, Sky
from worldgen.world import Snapshot

SPACING_M: Final = (2.5, 0.8)
"""Between corners around the eyes, outside and in rooms."""

NEAR: Final = 5
"""The grid is that fine so many corners around the eyes."""

GROWTH: Final = 1.35
"""Each step away from there is so much longer than the one before it."""

FAR_M: Final = 500.0
"""The grid ends this far from the eyes."""

MOST: Final = 36
"""Steps along an axis around the eyes; a longer path has coarser ones."""

RAYS: Final = 96
"""From a corner, over the whole sphere."""

BURIED: Final = 0.3
"""Share of what a corner sees from behind, from which on it lies inside of something and knows nothing."""


@dataclass(frozen=True)
class Grid:
    """Where the corners are along x, y and z (metres, rising), and what each sees.

    seen: (C, RAYS) the patch in each direction, or P + 1 + the direction for the sky. outside: (C,) share of the upper
    half of the sphere that is open. trust: (C,) 0 for corners inside of things. Corners count with z fastest.
    """

    x: F32
    y: F32
    z: F32
    seen: I32
    outside: F32
    trust: F32

    @property
    def places(self) -> F32:
        """(C, 3) world metres."""
        return np.stack(np.meshgrid(self.x, self.y, self.z, indexing="ij"), axis=-1).reshape(-1, 3)


def axis(low: float, high: float, limit: tuple[float, float], spacing: float) -> F32:
    """Corners along an axis, metres: even around the eyes, between ``low`` and ``high``, growing apart to ``limit``."""
    low, high = low - NEAR * spacing, high + NEAR * spacing
    step = max(spacing, (high - low) / MOST)
    even = np.linspace(low, high, max(2, round((high - low) / step) + 1))
    out, reach = [0.0], step
    while out[-1] < FAR_M:
        reach *= GROWTH
        out.append(out[-1] + reach)
    away = np.array(out[1:])
    line = np.concatenate([low - away[::-1], even, high + away])
    inside = (line > limit[0] - step) & (line < limit[1] + step)
    line = line[inside] if inside.sum() > 1 else np.array([limit[0], max(limit[1], limit[0] + 1.0)])
    return line.astype(np.float32)


def grid_of(snapshot: Snapshot, transport: Transport, box: F32) -> Grid:
    """The grid around the eyes, which lie in ``box (2, 3)``, in the part of the world that never moves."""
    still = snapshot.vertices[: snapshot.static_vertices] if snapshot.static_faces else np.zeros((0, 3), np.float32)
    low = np.minimum(still.min(0, initial=np.inf), box[0])
    high = np.maximum(still.max(0, initial=-np.inf), box[1])
    spacing = SPACING_M[1 if transport.indoors else 0]
    x, y, z = (axis(float(box[0, k]), float(box[1, k]), (float(low[k]), float(high[k])), spacing) for k in range(3))
    grid = Grid(x, y, z, np.zeros((0, RAYS), np.int32), np.zeros(0, np.float32), np.zeros(0, np.float32))
    places, lattice = grid.places, fixed_directions(RAYS)
    seen = np.empty((len(places), RAYS), np.int32)
    outside, trust = np.empty(len(places), np.float32), np.empty(len(places), np.float32)
    upper = lattice[:, 2] > 0
    for start in range(0, len(places), _AT_ONCE):
        some = slice(start, min(start + _AT_ONCE, len(places)))
        origins, directions = np.repeat(places[some], RAYS, axis=0), np.tile(lattice, (some.stop - some.start, 1))
        triangle, _, distance = transport.rays.cast(origins, directions)
        hit = np.flatnonzero(triangle >= 0)
        points, inner = met(snapshot, origins, directions, distance, triangle, hit)
        patch = np.tile(transport.patches.count + 1 + np.arange(RAYS), some.stop - some.start)
        patch[hit] = transport.patches.at(points) % (transport.patches.count + 1)  # -1, no patch, is the last: dark
        behind = np.zeros(len(origins), np.bool_)
        behind[hit] = inner
        seen[some] = patch.reshape(-1, RAYS)
        outside[some] = (triangle.reshape(-1, RAYS) < 0)[:, upper].mean(1)
        trust[some] = behind.reshape(-1, RAYS).mean(1) < BURIED
    return Grid(x, y, z, seen, outside, trust)


def ambient(grid: Grid, still: Lightmap, sky: Sky) -> F32:
    """(C, 5) mean radiance from all around, kcd/m2, openness, and trust; all but the last times the trust."""
    lit = still.sky + still.bounce + still.direct
    patches = np.zeros_like(lit)
    patches[:-1] = still.transport.albedo * lit[:-1] / np.float32(np.pi)
    table = np.concatenate([patches, sky.radiance(fixed_directions(RAYS))]).astype(np.float32)
    known = np.concatenate([_mean_of(grid.seen, table), grid.outside[:, None]], axis=1) * grid.trust[:, None]
    return np.concatenate([known, grid.trust[:, None]], axis=1).astype(np.float32)


@compiled
def _mean_of(rows: I32, table: F32) -> F32:
    """(N, 3) means of the ``rows (N, K)`` of a table."""
    mean = np.zeros((len(rows), 3), np.float32)
    for n in range(len(rows)):
        for k in range(rows.shape[1]):
            for c in range(3):
                mean[n, c] += table[rows[n, k], c]
    return mean / np.float32(rows.shape[1])


def sight(rays: RayScene, grid: Grid, lamp: Lamp) -> F32:
    """(C,) whether a corner sees ``lamp``, times its trust."""
    places, seen = grid.places, np.zeros(len(grid.trust), np.float32)
    towards = np.asarray(lamp.position, np.float32) - places
    away = np.linalg.norm(towards, axis=1)
    near = np.flatnonzero((away < 2 * lamp.reach_m) & (grid.trust > 0))
    reach = np.maximum(away[near] - np.float32(LANTERN_M), np.float32(1e-3))
    directions = towards[near] / np.maximum(away[near], np.float32(1e-3))[:, None]
    seen[near] = ~rays.occluded(places[near], directions, reach)
    return seen


@dataclass(frozen=True)
class FogLight:
    """The light in the air of one frame.

    ambient: (C, 5) at the corners of ``grid`` (:func:`ambient`). seen: (C, L) which of ``lamps`` they see
    (:func:`sight`). sun, moving: how far down the sun gets past what never moves, and past what does.
    """

    grid: Grid
    ambient: F32
    lamps: tuple[Lamp, ...]
    seen: F32
    sun: SunMap
    moving: SunMap


class FogCache:
    """What is known of the light in a world's air; may be asked by many threads. eyes: (E, 3); None: anywhere."""

    def __init__(self, eyes: F64 | None = None) -> None:
        self._eyes = eyes if eyes is None or len(eyes) else None
        self._lock = Lock()
        self._grid: Grid | None = None
        self._ambient: Recent[int, tuple[Lightmap, F32]] = Recent(8)
        self._seen: Recent[tuple[float, ...], F32] = Recent(256)
        self._sun: Recent[bytes, SunMap] = Recent(4)

    def light(
        self, snapshot: Snapshot, rays: RayScene, still: Lightmap, sky: Sky, lamps: tuple[Lamp, ...], lasting: bool
    ) -> FogLight:
        """Of ``snapshot``, at which ``rays`` are aimed. still: the light of its part that never moves. lasting: whether
        the sun stands still.
        """
        alone, towards, box = still.transport.rays, sky.sun_direction, self._box(snapshot)
        texels = TEXELS if lasting else QUICK
        with self._lock:
            grid = self._grid = self._grid or grid_of(snapshot, still.transport, box)
            _, around = self._ambient.of(id(still), lambda: (still, ambient(grid, still, sky)))
            seen = np.zeros((len(grid.trust), len(lamps)), np.float32)
            for k, lamp in enumerate(lamps):
                seen[:, k] = self._seen.of((*lamp.position, lamp.reach_m), partial(sight, alone, grid, lamp))
            sun = self._sun.of(towards.tobytes(), lambda: still_map(alone, snapshot, towards, box, texels))
        return FogLight(grid, around, lamps, seen, sun, moving_map(rays, snapshot, towards))

    def _box(self, snapshot: Snapshot) -> F32:
        places = snapshot.vertices if self._eyes is None else self._eyes
        if not len(places):
            places = np.zeros((1, 3))
        return np.stack([places.min(0), places.max(0)]).astype(np.float32)


_AT_ONCE: Final = 4000
"""Corners that look about at a time, which keeps memory small."""
