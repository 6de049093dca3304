"""Light that reaches points of a surface: sun, lamps, sky, other surfaces, mirror images. Rays, but no randomness.

Every point of the world gathers from the same fixed directions, so a point's light does not depend on the camera, the
frame or a seed: what flickers in sampled ambient occlusion stands still here. How bright the surfaces are that a point
sees is known beforehand (``render.radiosity``), after any number of bounces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from render.direct import fixed_directions, lamplight, lifted, sunlight
from render.movers import Movers
from render.patches import Points, turned
from render.radiosity import LightCache, Lightmap, near_lamp, reflectance
from render.rays import RayScene
from worldgen.conventions import F32, I32
from worldgen.light import Lamp, Sky
from worldgen.mesh import face_normals
from worldgen.world import Light, Snapshot

DIRECTIONS: Final = 64
"""Over the whole sphere; a point uses those above its surface, about half."""

SHARE: Final = (0.06, 0.22)
"""Shares of sky among what a point sees, by cosine, between which it passes from inside to outside.

Inside, the light comes through small windows that a point's few rays would miss: there the patches around it answer.
"""

CREVICE_M: Final = 2.0
"""Ambient occlusion counts surfaces nearer than this, the near ones more."""


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
    """A snapshot with its lights, ready to be asked how bright a point is. ``rays`` must be aimed at ``snapshot``.

    still: the light of what never moves. movers: patches of what does.
    """

    snapshot: Snapshot
    sky: Sky
    lamps: tuple[Lamp, ...]
    rays: RayScene
    still: Lightmap
    movers: Movers

    @staticmethod
    def of(
        snapshot: Snapshot, light: Light, rays: RayScene, cache: LightCache, movers: Movers | None = None
    ) -> LitWorld:
        """``snapshot`` in ``light``. cache, movers: of its world."""
        still = cache.lightmap(snapshot, rays, light)
        return LitWorld(snapshot, light.sky, light.lamps, rays, still, movers or Movers.of(snapshot))

    @cached_property
    def _reflectance(self) -> F32:
        return reflectance(self.snapshot.materials)

    @cached_property
    def _emission(self) -> F32:
        return np.array([m.emission for m in self.snapshot.materials], dtype=np.float32).reshape(-1, 3)

    @cached_property
    def _shines(self) -> npt.NDArray[np.bool_]:
        return self._emission.max(axis=1) > 0

    @cached_property
    def _face_normals(self) -> F32:
        return face_normals(self.snapshot.vertices, self.snapshot.faces)

    @cached_property
    def _movers(self) -> tuple[F32, F32]:
        """(K, 3) irradiance of the patches that move: from the sky and other surfaces, and with sun and lamps too."""
        points, normals = self.movers.points(self.snapshot)
        direct = self.direct(points, normals)
        nothing = np.zeros_like(direct)
        # What they give each other is only what comes straight from sun and lamps: they are small.
        light, _ = self._gathered(points, normals, DIRECTIONS, (nothing, direct))
        indirect = light.sky + light.bounce
        return indirect, indirect + direct

    def sun(self, points: F32, normals: F32) -> F32:
        """(N,) cosine to the sun where it is visible, else 0. points, normals (to the viewer): (N, 3) world."""
        return sunlight(self.rays, self.sky, points, normals)

    def lamplight(self, points: F32, normals: F32, bent: F32 | None = None) -> F32:
        """(N, 3) irradiance from the lamps in reach, kilolux, with shadows; with ``bent`` normals, (N, 6) of both."""
        return lamplight(self.rays, self.lamps, points, normals, bent=bent)

    def direct(self, points: F32, normals: F32) -> F32:
        """(N, 3) irradiance straight from the sun and the lamps."""
        sun = self.sun(points, normals)[:, None] * self.sky.sun_irradiance.astype(np.float32)
        return np.asarray(sun + self.lamplight(points, normals), dtype=np.float32)

    def _seen(self, hits: Points, movers: tuple[F32, F32], *, exact: bool = False) -> F32:
        """(M, 3) radiance of the surfaces at ``hits``. exact: with the very shadows of sun and lamps."""
        irradiance = self.still.at(hits, direct=not exact)
        split = self.snapshot.static_faces
        moving = np.flatnonzero(hits.triangle >= split)
        if len(moving):
            irradiance[moving] = movers[0 if exact else 1][self.movers.of_face[hits.triangle[moving] - split]]
        if exact:
            irradiance = irradiance + self.direct(hits.position, hits.normal)
        material = self.snapshot.face_material[hits.triangle]
        radiance: F32 = self._reflectance[material] * (irradiance / np.float32(np.pi))
        shining = np.flatnonzero(self._shines[material])
        if not exact and len(shining):
            shining = shining[~near_lamp(hits.position[shining], self.lamps)]
        radiance[shining] += self._emission[material[shining]]
        return radiance

    def _hits(self, points: F32, directions: F32, distance: F32, triangle: I32) -> Points:
        return Points(
            points + directions * distance[:, None], turned(self._face_normals[triangle], directions), triangle
        )

    def mirror(self, points: F32, normals: F32, views: F32) -> F32:
        """(N, 3) radiance in the mirror direction. views: (N, 3) unit, from the camera to the point."""
        directions = views - 2.0 * (views * normals).sum(1, keepdims=True) * normals
        triangle, _, distance = self.rays.cast(lifted(points, normals), directions)
        result = self.sky.radiance(directions)
        hit = np.flatnonzero(triangle >= 0)
        seen = self._hits(points[hit], directions[hit], distance[hit], triangle[hit])
        result[hit] = self._seen(seen, self._movers, exact=True)
        return result

    def gather(self, points: F32, normals: F32) -> Gathered:
        """Light of the sky and of other surfaces, and occlusion, at N points."""
        light, sky = self._gathered(points, normals, DIRECTIONS, self._movers)
        outside = np.clip((sky - SHARE[0]) / (SHARE[1] - SHARE[0]), 0.0, 1.0)
        inside = np.flatnonzero(outside < 1)
        if len(inside):
            smooth = self.still.smooth(points[inside], normals[inside])
            for values, better in zip((light.sky, light.bounce), smooth, strict=True):
                values[inside] += (1.0 - outside[inside, None]) * (better - values[inside])
        return light

    def _gathered(self, points: F32, normals: F32, count: int, movers: tuple[F32, F32]) -> tuple[Gathered, F32]:
        """Light from about ``count / 2`` rays a point; and the sky's share (N,) of what the point sees."""
        directions = fixed_directions(count)
        radiance = self.sky.radiance(directions)
        cosine = normals @ directions.T  # (N, D)
        point, which = np.nonzero(cosine > 0.02)
        weight = cosine[point, which]
        triangle, _, distance = self.rays.cast(lifted(points, normals)[point], directions[which])
        total = np.maximum(np.bincount(point, weight, len(points)), 1e-6)
        scale = (np.pi / total).astype(np.float32)[:, None]  # the cosines' integral over the half sphere is pi

        near = np.clip(1.0 - distance / CREVICE_M, 0.0, 1.0) ** 2
        occlusion = 1.0 - np.bincount(point, weight * near, len(points)) / total
        miss, hit = np.flatnonzero(triangle < 0), np.flatnonzero(triangle >= 0)
        sky = _summed(point[miss], radiance[which[miss]] * weight[miss, None], len(points)) * scale
        towards, of = directions[which[hit]], point[hit]
        seen = self._seen(self._hits(points[of], towards, distance[hit], triangle[hit]), movers)
        bounce = _summed(of, seen * weight[hit, None], len(points)) * scale
        open_share = np.bincount(point[miss], weight[miss], len(points)) / total
        return Gathered(sky, bounce, occlusion.astype(np.float32)), open_share.astype(np.float32)


def _summed(index: npt.NDArray[np.int64], values: F32, count: int) -> F32:
    return np.stack([np.bincount(index, values[:, k], count) for k in range(3)], axis=1).astype(np.float32)
