"""The proxy shade: a film frame's layers, anti-aliased, from exact visibility and gathered light.

Each surface that a pixel shows is lit once and counts by its share (``render.samples``); where shadows of the sun end,
several points of its disc are asked for (``render.layers``). Sky light and bounce change slowly: they are kept on the
surfaces (``render.anchors``), read on a coarse grid, and spread to the samples that lie on the same surface (joint
bilateral upsampling, Kopf et al. 2007).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from queue import SimpleQueue

import numpy as np

from render.fog import Fog
from render.foglight import FogCache
from render.gather import LitWorld
from render.glare import MIST, scattered
from render.layers import layers
from render.meter import FRAMES, WIDTH, Exposure, Reading, exposed
from render.movers import Movers
from render.radiosity import LightCache
from render.raster import GBuffer, Rasterizer, same_world
from render.rays import RayScene
from render.samples import Samples
from render.spread import slow_light
from render.surface import Surface
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, I32
from worldgen.light import Sky
from worldgen.mesh import face_normals
from worldgen.world import Light, Shot, Snapshot, World


@dataclass(frozen=True)
class Shading:
    """What light does in one frame. Pictures (H, W) or (H, W, 3) float32, linear; irradiance in kilolux.

    gbuffer: at pixel centres. albedo, camera_normal: averaged over the pixel (so a normal at an edge is short). depth:
    (H, W) metres at the centre, +inf for sky. sun: cosine to the sun times the share of its disc that is seen.
    sky_light, bounce, lamps: irradiance. occlusion: 1 in the open. mirror: radiance in the mirror direction of glossy
    surfaces, else 0. emission: of lamps and of the sky. roughness, metallic, coverage (share of the pixel that is not
    sky). relief: by how much textures' heights brighten the diffuse light in ``radiance`` (the other layers are of
    smooth surfaces). transmittance: share of what is seen that comes through the air. airlight: radiance that the air
    adds. radiance: all of it together, before any lens. sky: the light of the scene, which also says how to print it.
    mist: grade of the camera's diffusion filter, which the proxy is seen through.
    """

    gbuffer: GBuffer
    albedo: F32
    camera_normal: F32
    depth: F32
    sun: F32
    sky_light: F32
    bounce: F32
    lamps: F32
    occlusion: F32
    mirror: F32
    emission: F32
    roughness: F32
    metallic: F32
    coverage: F32
    relief: F32
    transmittance: F32
    airlight: F32
    radiance: F32
    sky: Sky
    mist: float = 0.0

    @property
    def proxy(self) -> F32:
        """(H, W, 3) sRGB-encoded display values in [0, 1]."""
        return self.sky.display(scattered(self.radiance, self.sky.exposure, MIST * self.mist))


@dataclass(frozen=True)
class Drawn:
    """A frame as rasterized: at pixel centres (``gbuffer``) and at the quarters of pixels (``fine``)."""

    snapshot: Snapshot
    camera: Camera
    gbuffer: GBuffer
    fine: GBuffer


class Shader:
    """Shades the frames of one world; keeps the static part of the ray scenes, and its light, between frames.

    eyes: (E, 3) metres, where cameras will be, for which the light between surfaces is finest; None: anywhere.
    :meth:`of` makes one for a shot, which is metered before its first frame is drawn.

    ``shade`` is ``light(draw(...))``. A rasterizer belongs to one thread, so ``draw`` must stay on it; ``light`` may
    run on as many threads as ``at_once`` says, which keeps the cores busy where one frame's work cannot be split.
    """

    def __init__(self, world: World, rasterizer: Rasterizer, at_once: int = 1, eyes: F64 | None = None) -> None:
        self.world, self.rasterizer = world, rasterizer
        self._cache, self._fog = LightCache(eyes), FogCache(eyes)
        self._exposure: Exposure | None = Exposure()
        self._shot: Shot | None = None
        self._rays: SimpleQueue[RayScene] = SimpleQueue()
        for _ in range(at_once):
            self._rays.put(RayScene())
        self._labels: tuple[Snapshot, I32, Movers] | None = None

    @staticmethod
    def of(world: World, shot: Shot, rasterizer: Rasterizer, at_once: int = 1) -> Shader:
        """What shades the frames of ``shot``, exposed as the whole of it asks for (``render.meter``)."""
        shader = Shader(world, rasterizer, at_once, eyes=shot.track.world_from_camera[:, :3, 3])
        shader._shot, shader._exposure = shot, None
        return shader

    def ready(self) -> None:
        """Meter the shot, if that is still to be done."""
        if self._exposure is None and self._shot is not None:
            self._exposure = self._metered(self._shot)

    def expose(self, snapshot: Snapshot, camera: Camera) -> Exposure:
        """From now on, print as this one view asks for; says how that is."""
        self._exposure = Exposure()
        self._exposure = exposed([self._read(snapshot, camera)])
        return self._exposure

    def expose_as(self, exposure: Exposure) -> None:
        """From now on, print as another view asked for."""
        self._exposure = exposure

    def _metered(self, shot: Shot) -> Exposure:
        """Read from the same frames whatever is drawn."""
        self._exposure = Exposure()
        return exposed([self._read(self.world.at(shot.time(k)), shot.track[k]) for k in shot.spread(FRAMES)])

    def _read(self, snapshot: Snapshot, camera: Camera) -> Reading:
        small = camera.resized(WIDTH, max(1, round(WIDTH * camera.height / camera.width)))
        return _reading(self.shade(snapshot, small), self.world.light(snapshot.time), snapshot.time)

    def shade(self, snapshot: Snapshot, camera: Camera) -> Shading:
        """All layers of what ``camera`` sees of ``snapshot`` (which must be of this shader's world)."""
        return self.light(self.draw(snapshot, camera))

    def draw(self, snapshot: Snapshot, camera: Camera) -> Drawn:
        """What ``camera`` sees of ``snapshot``, still without light."""
        self.ready()
        self._kept(snapshot)  # here, so that threads find it made
        twice = camera.resized(2 * camera.width, 2 * camera.height)
        coarse, fine = (self.rasterizer.rasterize(snapshot, view) for view in (camera, twice))
        return Drawn(snapshot, camera, coarse, fine)

    def light(self, drawn: Drawn) -> Shading:
        """All layers of a frame that was drawn."""
        rays, light = self._rays.get(), self.world.light(drawn.snapshot.time)
        if self._exposure is not None:
            stops = light.sky.exposure_stops + self._exposure.at(drawn.snapshot.time)
            light = replace(light, sky=replace(light.sky, exposure_stops=stops))
        try:
            rays.update(drawn.snapshot)
            return self._lit(
                drawn, LitWorld.of(drawn.snapshot, light, rays, self._cache, self._kept(drawn.snapshot)[1])
            )
        finally:
            self._rays.put(rays)

    def _lit(self, drawn: Drawn, lit: LitWorld) -> Shading:
        snapshot, camera, gbuffer = drawn.snapshot, drawn.camera, drawn.gbuffer
        samples = Samples.of(self._kept(snapshot)[0], gbuffer, drawn.fine)
        depth = np.full(gbuffer.triangle.shape, np.inf, np.float32)
        depth[gbuffer.hit] = Surface.of(snapshot, camera, gbuffer).depth
        lasting = self.world.lighting is None
        slow = slow_light(lit, camera, gbuffer, lasting=lasting)
        fog = None
        if lit.sky.fog > 0:
            air = self._fog.light(snapshot, lit.rays, lit.still, lit.sky, lit.lamps, lasting)
            fog = Fog.of(lit.sky, camera, depth, air)
        pictures = layers(lit, camera, samples, drawn.fine, slow, fog)
        coverage = samples.covered.reshape(gbuffer.triangle.shape)
        mist = 0.0 if self._shot is None else self._shot.track.mist
        return Shading(gbuffer=gbuffer, depth=depth, coverage=coverage, sky=lit.sky, mist=mist, **pictures)

    def _kept(self, snapshot: Snapshot) -> tuple[I32, Movers]:
        """Labels (F,), equal for faces of one thing and material that point about the same way; patches that move."""
        if self._labels is None or not same_world(self._labels[0], snapshot):
            normals = np.round(face_normals(snapshot.rest_vertices, snapshot.faces) * 2.0).astype(np.int64) + 2
            turn = (normals[:, 0] * 5 + normals[:, 1]) * 5 + normals[:, 2]
            key = (snapshot.face_object.astype(np.int64) * 8191 + snapshot.face_material) * 125 + turn
            self._labels = (snapshot, (key % 0x7FFFFFFF).astype(np.int32), Movers.of(snapshot))
        return self._labels[1:]


def _reading(shading: Shading, light: Light, time: float) -> Reading:
    sun = shading.sun[..., None] * light.sky.sun_irradiance
    falling = (shading.sky_light + shading.bounce + shading.lamps + sun).mean(-1)
    return Reading(time, falling[shading.gbuffer.hit].astype(np.float64), light)
