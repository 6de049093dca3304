"""Light straight from the sun and from lamps, with shadow rays; and the directions in which other light is sought."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from render.compiled import compiled, inlined
from render.rays import RayScene
from worldgen.conventions import F32
from worldgen.light import Lamp, Sky

I64 = npt.NDArray[np.int64]

LIFT_M: Final = 2e-3
"""Rays start this far above the surface (and a little more far from the world's origin)."""

LANTERN_M: Final = 0.45
"""Shadow rays stop this short of a lamp: its own lantern must not shade it."""


def sunlight(rays: RayScene, sky: Sky, points: F32, normals: F32) -> F32:
    """(N,) cosine to the sun where it is visible, else 0. points, normals (to the viewer): (N, 3) world."""
    towards, count = sky.sun_direction.astype(np.float32), len(points)
    if sky.sun_irradiance.max() <= 0:
        return np.zeros(count, np.float32)
    cosine, facing, start = np.empty(count, np.float32), np.empty(count, np.int64), np.empty((count, 3), np.float32)
    found = _facing(points, normals, towards, cosine, facing, start)
    blocked = rays.occluded(start[:found], np.broadcast_to(towards, (found, 3)))
    cosine[facing[:found][blocked]] = 0.0
    return cosine


@compiled
def _facing(points: F32, normals: F32, towards: F32, cosine: F32, facing: I64, start: F32) -> int:
    """How many points face the light; which, and where their rays start, into ``facing`` and ``start``."""
    found = 0
    for n in range(len(points)):
        x, y, z = normals[n, 0], normals[n, 1], normals[n, 2]
        cosine[n] = max(x * towards[0] + y * towards[1] + z * towards[2], np.float32(0))
        if cosine[n] > 0:
            facing[found] = n
            _lift(points[n], normals[n], start[found])
            found += 1
    return found


@inlined
def _lift(point: F32, normal: F32, start: F32) -> None:
    size = max(abs(point[0]), abs(point[1]), abs(point[2]))
    up = np.float32(LIFT_M) + size * np.float32(1e-5)
    for k in range(3):
        start[k] = point[k] + normal[k] * up


def lamplight(
    rays: RayScene,
    lamps: tuple[Lamp, ...],
    points: F32,
    normals: F32,
    *,
    bent: F32 | None = None,
    lanterns: bool = True,
) -> F32:
    """(N, 3) irradiance from the lamps in reach, kilolux, with shadows; with ``bent (N, 3)`` normals, (N, 6) of both.

    lanterns: whether what holds a lamp is lit by it too; its light on to others is already part of the lamp's.
    """
    total = np.zeros((len(points), 3 if bent is None else 6), np.float32)
    for lamp in lamps if len(points) else ():
        towards = np.asarray(lamp.position, np.float32) - points
        square = np.einsum("ij,ij->i", towards, towards)
        near = np.flatnonzero((square < lamp.reach_m**2) & (lanterns | (square > LANTERN_M**2)))
        if not len(near):
            continue
        distance = np.sqrt(square[near])
        towards = towards[near] / np.maximum(distance, 1e-6)[:, None]
        cosine = np.einsum("ij,ij->i", towards, normals[near])
        window = np.clip(1.0 - (distance / lamp.reach_m) ** 4, 0.0, 1.0) ** 2
        strength = lamp.beam(-towards) * window / np.maximum(distance, 0.2) ** 2
        lit = np.flatnonzero((cosine > 0) & (strength > 0))
        start = lifted(points[near[lit]], normals[near[lit]])
        lit = lit[~rays.occluded(start, towards[lit], np.maximum(distance[lit] - LANTERN_M, 1e-3))]
        near, towards, strength = near[lit], towards[lit], strength[lit]
        intensity = np.asarray(lamp.intensity, np.float32)
        total[near, :3] += (strength * cosine[lit])[:, None] * intensity
        if bent is not None:
            cosine = np.maximum(np.einsum("ij,ij->i", towards, bent[near]), 0.0)
            total[near, 3:] += (strength * cosine)[:, None] * intensity
    return total


@lru_cache(maxsize=16)
def fixed_directions(count: int) -> F32:
    """(count, 3) unit directions spread evenly over the sphere (a Fibonacci lattice, Gonzalez 2010); read-only."""
    k = np.arange(count) + 0.5
    z = 1.0 - 2.0 * k / count
    turn = k * (np.pi * (1.0 + 5.0**0.5))
    flat = np.sqrt(1.0 - z * z)
    directions = np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1).astype(np.float32)
    directions.flags.writeable = False
    return directions


def lifted(points: F32, normals: F32) -> F32:
    """``points (N, 3)`` a little above the surface, where rays may start."""
    start = np.empty(points.shape, np.float32)
    _lift_all(points, normals, start)
    return start


@compiled
def _lift_all(points: F32, normals: F32, start: F32) -> None:
    for n in range(len(points)):
        _lift(points[n], normals[n], start[n])
