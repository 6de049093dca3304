"""Light straight from the sun and from lamps, with shadow rays; and the directions in which other light is sought."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from render.rays import RayScene
from worldgen.conventions import F32
from worldgen.light import Lamp, Sky

LIFT_M: Final = 2e-3
"""Rays start this far above the surface (and a little more far from the world's origin)."""

LANTERN_M: Final = 0.45
"""Shadow rays stop this short of a lamp: its own lantern must not shade it."""


def sunlight(rays: RayScene, sky: Sky, points: F32, normals: F32) -> F32:
    """(N,) cosine to the sun where it is visible, else 0. points, normals (to the viewer): (N, 3) world."""
    towards = sky.sun_direction.astype(np.float32)
    cosine = np.maximum(normals @ towards, 0.0)
    if sky.sun_irradiance.max() <= 0:
        return np.zeros_like(cosine)
    facing = np.flatnonzero(cosine > 0)
    blocked = rays.occluded(lifted(points[facing], normals[facing]), np.broadcast_to(towards, (len(facing), 3)))
    cosine[facing[blocked]] = 0.0
    return cosine


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
    size = np.abs(points).max(axis=1, keepdims=True) if len(points) else np.zeros((0, 1), np.float32)
    return points + normals * (LIFT_M + size * 1e-5)
