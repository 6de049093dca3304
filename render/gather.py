"""Light that reaches points of a surface: sun, lamps, sky, one bounce, mirror images. Rays, but no randomness.

Every point of the world gathers from the same fixed directions, so a point's light does not depend on the camera, the
frame or a seed: what flickers in sampled ambient occlusion stands still here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from render.rays import RayScene
from worldgen.conventions import F32, I32
from worldgen.light import Lamp, Sky
from worldgen.mesh import face_normals
from worldgen.world import Snapshot

DIRECTIONS: Final = 64
"""Over the whole sphere; a point uses those above its surface, about half."""

LIFT_M: Final = 2e-3
"""Rays start this far above the surface (and a little more far from the camera's origin)."""

CREVICE_M: Final = 2.0
"""Ambient occlusion counts surfaces nearer than this, the near ones more."""

LANTERN_M: Final = 0.45
"""Shadow rays stop this short of a lamp: its own lantern must not shade it."""


@dataclass(frozen=True)
class Gathered:
    """Diffuse light at N points, linear RGB.

    sky, bounce: (N, 3) float32 irradiance in kilolux, from the open sky and from surfaces lit by sun, sky and lamps.
    occlusion: (N,) float32, 1 in the open, towards 0 in corners.
    """

    sky: F32
    bounce: F32
    occlusion: F32


@dataclass(frozen=True)
class LitWorld:
    """A snapshot with its lights, ready to be asked how bright a point is. ``rays`` must be aimed at ``snapshot``."""

    snapshot: Snapshot
    sky: Sky
    lamps: tuple[Lamp, ...]
    rays: RayScene

    @cached_property
    def _face_normals(self) -> F32:
        return face_normals(self.snapshot.vertices, self.snapshot.faces)

    @cached_property
    def _base_color(self) -> F32:
        return np.array([m.base_color for m in self.snapshot.materials] or [(0, 0, 0)], dtype=np.float32)

    @cached_property
    def _emission(self) -> F32:
        return np.array([m.emission for m in self.snapshot.materials] or [(0, 0, 0)], dtype=np.float32)

    @cached_property
    def _shade_irradiance(self) -> F32:
        """(3,) what a surface gets besides sun and lamps, roughly: half the sky, and a little of the sunlit ground."""
        level = self.sky.sun_irradiance * max(float(self.sky.sun_direction[2]), 0.0)
        return (0.45 * self.sky.sky_irradiance + 0.06 * level).astype(np.float32)

    def sun(self, points: F32, normals: F32) -> F32:
        """(N,) cosine to the sun where it is visible, else 0. points, normals (to the viewer): (N, 3) world."""
        cosine = np.maximum(normals @ self.sky.sun_direction.astype(np.float32), 0.0)
        if self.sky.sun_irradiance.max() <= 0:
            return np.zeros_like(cosine)
        facing = np.flatnonzero(cosine > 0)
        towards = np.broadcast_to(self.sky.sun_direction.astype(np.float32), (len(facing), 3))
        blocked = self.rays.occluded(_lifted(points[facing], normals[facing]), towards)
        cosine[facing[blocked]] = 0.0
        return cosine

    def lamplight(self, points: F32, normals: F32) -> F32:
        """(N, 3) irradiance from the lamps in reach, kilolux, with shadows."""
        total = np.zeros((len(points), 3), np.float32)
        for lamp in self.lamps:
            towards = np.asarray(lamp.position, np.float32) - points
            distance = np.linalg.norm(towards, axis=1)
            towards /= np.maximum(distance, 1e-6)[:, None]
            cosine = (towards * normals).sum(1)
            near = np.flatnonzero((distance < lamp.reach_m) & (cosine > 0))
            reach = np.maximum(distance[near] - LANTERN_M, 1e-3)
            near = near[~self.rays.occluded(_lifted(points[near], normals[near]), towards[near], reach)]
            window = np.clip(1.0 - (distance[near] / lamp.reach_m) ** 4, 0.0, 1.0) ** 2
            strength = cosine[near] * window / np.maximum(distance[near], 0.2) ** 2
            total[near] += strength[:, None] * np.asarray(lamp.intensity, np.float32)
        return total

    def seen(self, triangle: I32, points: F32, directions: F32) -> F32:
        """(M, 3) radiance of the surfaces that rays along ``directions`` met at ``points``."""
        normals = self._face_normals[triangle]
        away = (normals * directions).sum(1) > 0
        normals = np.where(away[:, None], -normals, normals)
        material = self.snapshot.face_material[triangle]
        irradiance = self.sun(points, normals)[:, None] * self.sky.sun_irradiance.astype(np.float32)
        irradiance = irradiance + self._shade_irradiance + self.lamplight(points, normals)
        return self._base_color[material] * irradiance / np.float32(np.pi) + self._emission[material]

    def mirror(self, points: F32, normals: F32, views: F32) -> F32:
        """(N, 3) radiance in the mirror direction. views: (N, 3) unit, from the camera to the point."""
        directions = views - 2.0 * (views * normals).sum(1, keepdims=True) * normals
        triangle, _, distance = self.rays.cast(_lifted(points, normals), directions)
        result = self.sky.radiance(directions)
        hit = np.flatnonzero(triangle >= 0)
        there = points[hit] + directions[hit] * distance[hit, None]
        result[hit] = self.seen(triangle[hit], there, directions[hit])
        return result

    def gather(self, points: F32, normals: F32) -> Gathered:
        """Sky light, one bounce and occlusion at N points, each from about ``DIRECTIONS / 2`` rays."""
        directions = fixed_directions()
        radiance = self.sky.radiance(directions)
        cosine = normals @ directions.T  # (N, D)
        point, which = np.nonzero(cosine > 0.02)
        weight = cosine[point, which]
        triangle, _, distance = self.rays.cast(_lifted(points, normals)[point], directions[which])
        total = np.maximum(np.bincount(point, weight, len(points)), 1e-6)
        scale = (np.pi / total).astype(np.float32)[:, None]  # the cosines' integral over the half sphere is pi

        hit = triangle >= 0
        near = np.where(hit, np.clip(1.0 - distance / CREVICE_M, 0.0, 1.0) ** 2, 0.0)
        occlusion = 1.0 - np.bincount(point, weight * near, len(points)) / total
        sky = _summed(point[~hit], radiance[which[~hit]] * weight[~hit, None], len(points)) * scale
        there = points[point[hit]] + directions[which[hit]] * distance[hit, None]
        light = self.seen(triangle[hit], there, directions[which[hit]])
        bounce = _summed(point[hit], light * weight[hit, None], len(points)) * scale
        return Gathered(sky, bounce, occlusion.astype(np.float32))


def fixed_directions(count: int = DIRECTIONS) -> F32:
    """(count, 3) unit directions spread evenly over the sphere (a Fibonacci lattice, Gonzalez 2010)."""
    k = np.arange(count) + 0.5
    z = 1.0 - 2.0 * k / count
    turn = k * (np.pi * (1.0 + 5.0**0.5))
    flat = np.sqrt(1.0 - z * z)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1).astype(np.float32)


def _lifted(points: F32, normals: F32) -> F32:
    size = np.abs(points).max(axis=1, keepdims=True) if len(points) else np.zeros((0, 1), np.float32)
    return points + normals * (LIFT_M + size * 1e-5)


def _summed(index: npt.NDArray[np.int64], values: F32, count: int) -> F32:
    return np.stack([np.bincount(index, values[:, k], count) for k in range(3)], axis=1).astype(np.float32)
