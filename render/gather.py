"""Light that reaches points of a surface: sun, lamps, sky, other surfaces, mirror images. Rays, but no randomness.

Every point of the world gathers from the same fixed directions, so a point's light does not depend on the camera, the
frame or a seed: what flickers in sampled ambient occlusion stands still here. How bright the surfaces are that a point
sees is known beforehand (``render.radiosity``), after any number of bounces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from render.direct import fixed_directions, lamplight, lamplight_apart, lifted, sunlight
from render.fan import DIRECTIONS, Fan, met
from render.movers import Movers
from render.patches import Points
from render.probes import RAYS, irradiance
from render.radiosity import LightCache, Lightmap, near_lamp, reflectance
from render.rays import RayScene
from render.threads import kept
from worldgen.conventions import F32, I32
from worldgen.light import Lamp, Sky
from worldgen.world import Light, Snapshot

I64 = npt.NDArray[np.int64]

SHARE: Final = (0.06, 0.22)
"""Shares of sky among what a point sees, by cosine, between which it passes from inside to outside.

Inside, the light comes through small windows that a point's few rays would miss. For what moves the air around it
answers (``render.probes``); what never moves casts more rays, once, and most where the camera is in a room.
"""

RECESSED: Final = 128
INSIDE: Final = 768
"""Directions in which what never moves looks about, in niches, and in rooms where the camera is in one."""

AROUND: Final = np.float32(0.5)
"""Share of what patches around a point in a niche say: they let light leak in, and few rays miss some."""

NEAR_M: Final = 0.75
"""Surfaces nearer than this, and all that moves, what moves sees for itself."""

CREASE_M: Final = 0.4
"""What is nearer makes creases: shade that may be finer than the picture's grid of slow light."""


@dataclass(frozen=True)
class Gathered:
    """Diffuse light at N points, linear RGB.

    sky, bounce: (N, 3) float32 irradiance in kilolux, from the open sky and from surfaces lit by sun, sky and lamps.
    occlusion: (N,) float32, 1 in the open, towards 0 in corners.
    """

    sky: F32
    bounce: F32
    occlusion: F32

    @property
    def columns(self) -> F32:
        """(N, 7) of the three."""
        return np.concatenate([self.sky, self.bounce, self.occlusion[:, None]], axis=1)


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

    @kept
    def _reflectance(self) -> F32:
        return reflectance(self.snapshot.materials)

    @kept
    def _emission(self) -> F32:
        return np.array([m.emission for m in self.snapshot.materials], dtype=np.float32).reshape(-1, 3)

    @kept
    def _shines(self) -> npt.NDArray[np.bool_]:
        return self._emission.max(axis=1) > 0

    @kept
    def _sky_towards(self) -> dict[int, F32]:
        """(D, 3) radiance of the sky in the fixed directions, for each number D of them."""
        return {count: self.sky.radiance(fixed_directions(count)) for count in (DIRECTIONS, RECESSED, INSIDE, RAYS)}

    @kept
    def _moving(self) -> tuple[F32, F32, F32]:
        """(K, 3) points, normals and light straight from sun and lamps of the patches that move."""
        points, normals = self.movers.points(self.snapshot)
        return points, normals, self.direct(points, normals)

    def _movers(self, patches: I64, *, direct: bool) -> F32:
        """(M, 3) irradiance of ``patches (M,)`` that move, with or without what comes straight from sun and lamps."""
        points, normals, straight = self._moving
        asked, back = np.unique(patches, return_inverse=True)
        # What they give each other is only what comes straight from sun and lamps: they are small.
        fan = Fan.of(points[asked], normals[asked])
        light, _, _ = self._gathered(fan, len(asked), *fan.hits(self.rays), simple=True)
        indirect = light.sky + light.bounce
        return np.asarray((indirect + straight[asked] if direct else indirect)[back], dtype=np.float32)

    def sun(self, points: F32, normals: F32, aim: F32 | None = None) -> F32:
        """(N,) cosine to the sun where it is visible, else 0. points, normals (to the viewer), aim: (N, 3) world."""
        return sunlight(self.rays, self.sky, points, normals, aim)

    def lamplight(self, points: F32, normals: F32) -> F32:
        """(N, 3) irradiance from the lamps in reach, kilolux, with shadows."""
        return lamplight(self.rays, self.lamps, points, normals)

    def lamplight_apart(self, points: F32, normals: F32, bent: F32, place: I64, views: F32, alpha: F32) -> F32:
        """(N, 18) the same in parts: ``render.direct.lamplight_apart``."""
        return lamplight_apart(self.rays, self.lamps, points, normals, bent, place, views, alpha)

    def direct(self, points: F32, normals: F32) -> F32:
        """(N, 3) irradiance straight from the sun and the lamps."""
        sun = self.sun(points, normals)[:, None] * self.sky.sun_irradiance.astype(np.float32)
        return np.asarray(sun + self.lamplight(points, normals), dtype=np.float32)

    def _seen(
        self, hits: Points, *, exact: bool = False, simple: bool = False, glow: bool = True, straight: bool = True
    ) -> F32:
        """(M, 3) radiance of the surfaces at ``hits``.

        exact: with the very shadows of sun and lamps. simple: of what moves, only the light straight from these.
        straight: whether what moves has that. glow: whether what never moves shines.
        """
        irradiance = self.still.at(hits, direct=not exact)
        split = self.snapshot.static_faces
        moving = np.flatnonzero(hits.triangle >= split)
        if len(moving):
            patches = self.movers.of_face[hits.triangle[moving] - split]
            irradiance[moving] = (
                self._moving[2][patches] if simple else self._movers(patches, direct=straight and not exact)
            )
        if exact:
            irradiance = irradiance + self.direct(hits.position, hits.normal)
        material = self.snapshot.face_material[hits.triangle]
        radiance: F32 = self._reflectance[material] * (irradiance / np.float32(np.pi))
        shining = np.flatnonzero(self._shines[material])
        if not exact and len(shining):
            shining = shining[~near_lamp(hits.position[shining], self.lamps)]
        if not glow:
            shining = shining[hits.triangle[shining] >= split]
        radiance[shining] += self._emission[material[shining]]
        return radiance

    def mirror(self, points: F32, normals: F32, views: F32, facets: F32 | None = None) -> tuple[F32, F32]:
        """(N, 3) radiance in the mirror direction, and (N,) metres to what is seen there, +inf for the sky.

        views: (N, 3) unit, from the camera to the point. facets: (N, 3) unit, what a rough surface mirrors with; its
        image is soft, so what it shows is lit as its patch is, and lamps are left out.
        """
        axes = normals if facets is None else facets
        directions = views - 2.0 * (views * axes).sum(1, keepdims=True) * axes
        if facets is not None:  # what would go into the surface comes back from it
            directions -= 2.0 * np.minimum((directions * normals).sum(1, keepdims=True), 0.0) * normals
        triangle, _, distance = self.rays.cast(lifted(points, normals), directions)
        result = self.sky.radiance(directions)
        hit = np.flatnonzero(triangle >= 0)
        seen, _ = met(self.snapshot, points, directions, distance, triangle, hit)
        result[hit] = self._seen(seen, exact=facets is None)
        return result, distance

    def gather(self, points: F32, normals: F32, moving: bool = True) -> Gathered:
        """Light of the sky and of other surfaces, and occlusion, at N points. moving: whether they may move."""
        fan = Fan.of(points, normals)
        hits = fan.hits(self.rays)
        light, sky, _ = self._gathered(fan, len(points), *hits, glow=moving)
        if not moving:
            light.bounce[:] += self.still.glowing(points, normals)
        self._indoors(light, _outside(sky), points, normals, fan, *hits)
        return light

    def gather_still(self, points: F32, normals: F32) -> F32:
        """(N, 9) of points on what never moves, as if nothing moved.

        A point's few rays would meet the thin tubes of a sign or not, and all of a wall's in the same direction: the
        sign would be written on the wall. So patches say what shines on them.

        Sky and bounce (3 each), occlusion, how far outside they are (0 to 1), and whether they may be seen at all (0
        inside of things, where nobody looks).
        """
        rays = self.still.transport.rays
        fan = Fan.of(points, normals)
        light, sky, buried = self._gathered(fan, len(points), *fan.hits(rays), glow=False)
        outside = _outside(sky)
        light.bounce[:] += self.still.glowing(points, normals)
        inside = np.flatnonzero(outside < 1)
        for start in range(0, len(inside), _AT_ONCE):
            some = inside[start : start + _AT_ONCE]
            sky, bounce = self._recessed(points[some], normals[some])
            for values, new in ((light.sky, sky), (light.bounce, bounce)):
                values[some] += (1.0 - outside[some, None]) * (new - values[some])
        open_to_view = 1.0 - np.clip((buried - 0.4) / 0.4, 0.0, 1.0)
        return np.concatenate([light.columns, outside[:, None], open_to_view[:, None]], axis=1).astype(np.float32)

    def _recessed(self, points: F32, normals: F32) -> tuple[F32, F32]:
        """(N, 3) sky and (N, 3) bounce at points on what never moves that see little sky."""
        indoors, rays = self.still.transport.indoors, self.still.transport.rays
        fan = Fan.of(points, normals, INSIDE if indoors else RECESSED)
        light, _, _ = self._gathered(fan, len(points), *fan.hits(rays), glow=indoors)
        if indoors:
            return light.sky, light.bounce
        light.bounce[:] += self.still.glowing(points, normals)
        around = self.still.smooth(points, normals)
        for values, other in zip((light.sky, light.bounce), around, strict=True):
            values += AROUND * (other - values)
        return light.sky, light.bounce

    def disturbed(self, points: F32, normals: F32, known: F32) -> tuple[Gathered, F32]:
        """The light at ``points`` on what never moves, where it is ``known (N, 9)`` as if nothing moved.

        Apart, (N, 3) what comes off moving things that the sun or a lamp shines on: so bright, they would be drawn
        on the floor once for each of the few directions, unless that is blurred.
        """
        light = Gathered(known[:, :3].copy(), known[:, 3:6].copy(), known[:, 6].copy())
        straight = np.zeros((len(points), 3), np.float32)
        if not len(self.movers.face):
            return light, straight
        fan = Fan.of(points, normals)
        triangle, near = fan.hits(self.rays.moving())
        met = np.flatnonzero(triangle >= 0)
        fan, triangle, near = fan[met], triangle[met], near[met]
        behind, far = fan.hits(self.still.transport.rays)
        met = np.flatnonzero(near < far)
        fan, triangle, near, behind, far = fan[met], triangle[met], near[met], behind[met], far[met]
        after, _, _ = self._gathered(fan, len(points), triangle, near, straight=False)
        shone = self._moving[2][self.movers.of_face[triangle - self.snapshot.static_faces]]
        shone = shone * self._reflectance[self.snapshot.face_material[triangle]] * fan.weight[:, None]
        for k in range(3):
            straight[:, k] = np.bincount(fan.point, shone[:, k], len(points))
        before, _, _ = self._gathered(fan, len(points), behind, far, glow=False)
        outside = known[:, 7, None]
        hidden = np.bincount(fan.point, fan.weight, len(points)).astype(np.float32)[:, None]
        some = np.flatnonzero(hidden)
        before.bounce[some] += hidden[some] * self.still.glowing(points[some], normals[some])
        hidden *= 1.0 - outside
        for values, new, old in ((light.sky, after.sky, before.sky), (light.bounce, after.bounce, before.bounce)):
            np.maximum(values * (1.0 - hidden) + outside * (new - old), 0.0, out=values)
        light.bounce[:] += (1.0 - outside) * after.bounce
        np.clip(light.occlusion + after.occlusion - before.occlusion, 0.0, 1.0, out=light.occlusion)
        return light, straight

    def openness(self, points: F32, normals: F32) -> F32:
        """(N,) share of the light at points of what moves, by cosine, that gets past what moves and is near."""
        fan = Fan.of(points, normals)
        blocked = self.rays.moving().occluded(fan.origins, fan.directions, CREASE_M)
        lost = np.bincount(fan.point[blocked], fan.weight[blocked], len(points))
        return np.asarray(1.0 - lost, dtype=np.float32)

    def _indoors(
        self, light: Gathered, outside: F32, points: F32, normals: F32, fan: Fan, triangle: I32, distance: F32
    ) -> None:
        """Where points are not ``outside (N,)``, ``light`` becomes that of the air.

        triangle, distance: (R,) what the rays of ``fan`` met; what of it is near still counts by itself.
        """
        inside = np.flatnonzero(outside < 1)
        if not len(inside):
            return
        known = self.still.transport
        far = self.still.air.at(points[inside], normals[inside], known.patches.box, known.rays, self._air)
        close = (triangle >= 0) & ((distance < NEAR_M) | (triangle >= self.snapshot.static_faces))
        rows = np.flatnonzero(close & (outside[fan.point] < 1))
        part = fan[rows]
        near, _, _ = self._gathered(part, len(points), triangle[rows], distance[rows])
        left = 1.0 - np.bincount(part.point, part.weight, len(points)).astype(np.float32)[inside, None]
        share = 1.0 - outside[inside, None]
        light.sky[inside] += share * (left * far[0] - light.sky[inside])
        light.bounce[inside] += share * (left * far[1] + near.bounce[inside] - light.bounce[inside])

    def _air(self, places: F32) -> F32:
        """(M, SIDES, 6) irradiance of sky and bounce at ``places (M, 3)``."""
        starts = range(0, len(places), _AT_ONCE)
        return np.concatenate([self._air_at(places[start : start + _AT_ONCE]) for start in starts])

    def _air_at(self, places: F32) -> F32:
        lattice = fixed_directions(RAYS)
        origins, directions = np.repeat(places, RAYS, axis=0), np.tile(lattice, (len(places), 1))
        triangle, _, distance = self.still.transport.rays.cast(origins, directions)
        miss, hit = np.flatnonzero(triangle < 0), np.flatnonzero(triangle >= 0)
        seen, _ = met(self.snapshot, origins, directions, distance, triangle, hit)
        radiance = np.zeros((len(origins), 6), np.float32)
        radiance[miss, :3] = self._sky_towards[RAYS][miss % RAYS]
        radiance[hit, 3:] = self._seen(seen)
        return irradiance(radiance.reshape(len(places), RAYS, 6))

    def _gathered(
        self,
        fan: Fan,
        count: int,
        triangle: I32,
        distance: F32,
        *,
        simple: bool = False,
        glow: bool = True,
        straight: bool = True,
    ) -> tuple[Gathered, F32, F32]:
        """Light that the rays of ``fan`` find where they meet ``triangle (R,)``.

        And (count,) the shares of the sky, and of surfaces that are met from behind.
        """
        hit = np.flatnonzero(triangle >= 0)
        seen, inner = met(self.snapshot, fan.origins, fan.directions, distance, triangle, hit)
        light = self._seen(seen, simple=simple, glow=glow, straight=straight)
        found = fan.gathered(count, distance, light, inner, hit, self._sky_towards[fan.lattice])
        return Gathered(found[:, :3], found[:, 3:6], found[:, 6]), found[:, 7], found[:, 8]


_AT_ONCE: Final = 400
"""Points that look about in many directions at a time, which keeps memory small."""


def _outside(sky: F32) -> F32:
    """(N,) how far outside points are, 0 to 1, of which they see ``sky (N,)``."""
    return np.asarray(np.clip((sky - SHARE[0]) / (SHARE[1] - SHARE[0]), 0.0, 1.0), dtype=np.float32)
