"""The layers of a frame: light and material of its samples, worked out in blocks that fit the cache, on all cores."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from render.compiled import compiled
from render.detail import detail
from render.gather import LitWorld
from render.raster import GBuffer
from render.samples import I64, Samples, quarters_of
from render.spread import LightGrid
from render.surface import Surface
from render.tables import material_table
from render.threads import deal
from worldgen.camera import Camera
from worldgen.conventions import F32, I32, Bool

GLOSSY: Final = 0.36
"""Surfaces smoother than this get a mirror ray."""

BLOCK: Final = 1 << 13
"""Samples lit at a time: what is known of so many stays in a core's cache."""


class Layers(NamedTuple):
    """What is known of N surface points, or of so many pixels: (N, 3) or (N, 1) float32 each; see ``Shading``."""

    albedo: F32
    camera_normal: F32
    sun: F32
    sky_light: F32
    bounce: F32
    lamps: F32
    occlusion: F32
    mirror: F32
    emission: F32
    roughness: F32
    metallic: F32
    relief: F32
    radiance: F32


_ALONE: Final = ("sun", "occlusion", "roughness", "metallic", "relief")
"""Layers of one number a pixel."""


def layers(lit: LitWorld, camera: Camera, samples: Samples, fine: GBuffer, grid: LightGrid) -> dict[str, F32]:
    """All of ``Layers``, (H, W) or (H, W, 3). fine: the picture twice as large. grid: of the slow light."""
    frame = _Frame(lit, camera, samples, fine, grid)
    deal(frame.see_sun, len(samples), BLOCK)
    frame.soften_shadows()
    frame.look_into_mirrors()
    deal(frame.light, len(samples), BLOCK)
    return frame.resolved()


class _Frame:
    """The work on one frame. Parts of it run side by side, each on its own slice of the samples."""

    def __init__(self, lit: LitWorld, camera: Camera, samples: Samples, fine: GBuffer, grid: LightGrid) -> None:
        self.lit, self.camera, self.samples, self.fine, self.grid = lit, camera, samples, fine, grid
        self.twice = camera.resized(2 * camera.width, 2 * camera.height)
        count = len(samples)
        self.surfaces: dict[int, Surface] = {}
        self.cosine = np.empty(count, np.float32)
        self.sunlit = np.zeros(count, np.float32)
        """Share of each sample's surface in its pixel that the sun reaches."""
        self.mirror = np.zeros((count, 3), np.float32)
        self.found = Layers(
            *(np.zeros((samples.rows, 1 if name in _ALONE else 3), np.float32) for name in Layers._fields)
        )

    def see_sun(self, s: slice) -> None:
        samples, towards = self.samples, self.lit.sky.sun_direction.astype(np.float32)
        surface = Surface(self.lit.snapshot, self.camera, samples.triangle[s], samples.bary[s])
        self.surfaces[s.start] = surface
        self.cosine[s] = np.maximum(surface.normal @ towards, 0.0)
        calm = np.flatnonzero(samples.calm[samples.pixel[s]])  # the others are asked for at their quarters
        self.sunlit[s][calm] = self.lit.sun(surface.position[calm], surface.normal[calm]) > 0

    def soften_shadows(self) -> None:
        """Pixels with an edge, or beside a shadow's edge, ask for the sun at each of their quarters."""
        samples = self.samples
        shone, first = self.sunlit > 0, samples.pixel[: samples.centres]
        calm = samples.calm[samples.pixel]
        rows = np.flatnonzero((self._beside(shone & calm, ~shone & calm) & samples.calm)[first])
        sample = np.concatenate([np.repeat(rows, 4), samples.quarters.reshape(-1)])
        four = quarters_of(np.concatenate([first[rows], samples.edges]), self.camera.width).reshape(-1)
        there = np.flatnonzero(sample >= 0)
        sample, surface = sample[there], _at(self.lit, self.twice, self.fine, four[there])
        cosine, count = self.lit.sun(surface.position, surface.normal), len(samples)
        asked, found = np.bincount(sample, minlength=count), np.bincount(sample, cosine > 0, count)
        touched = np.flatnonzero(asked)
        self.sunlit[touched] = found[touched] / asked[touched]
        self.cosine[touched] = np.bincount(sample, cosine, count)[touched] / np.maximum(found[touched], 1.0)

    def _beside(self, first: Bool, second: Bool) -> Bool:
        """(P,) pixels that have samples of both kinds (N,) in them or in the four pixels around them."""
        found = []
        for kind in (first, second):
            picture = np.zeros((self.camera.height, self.camera.width), np.bool_)
            picture.reshape(-1)[self.samples.pixel[kind]] = True
            found.append(_near(picture).reshape(-1))
        return found[0] & found[1]

    def look_into_mirrors(self) -> None:
        samples, snapshot = self.samples, self.lit.snapshot
        smooth = material_table(snapshot.materials).roughness < GLOSSY
        rows = np.flatnonzero(smooth[snapshot.face_material[samples.triangle]])
        if len(rows):
            surface = Surface(snapshot, self.camera, samples.triangle[rows], samples.bary[rows])
            self.mirror[rows] = self.lit.mirror(surface.position, surface.normal, -surface.view)

    def light(self, s: slice) -> None:
        surface, lit, samples = self.surfaces.pop(s.start), self.lit, self.samples
        table, textured = material_table(lit.snapshot.materials), detail(surface)
        _mix(
            samples.row[s], samples.share[s], surface.position, surface.normal, textured.bent_normal, textured.albedo,
            self.grid.at(samples.place[s], surface.position, surface.normal),
            lit.lamplight(surface.position, surface.normal, textured.bent_normal),
            self.cosine[s], self.sunlit[s], self.mirror[s], surface.material_index, table.roughness, table.metallic,
            table.emission, self.camera.world_from_camera.astype(np.float32), lit.sky.sun_direction.astype(np.float32),
            lit.sky.sun_irradiance.astype(np.float32), self.found,
        )  # fmt: skip

    def resolved(self) -> dict[str, F32]:
        """The layers of the pixels, sky included."""
        samples, camera = self.samples, self.camera
        pictures = {name: samples.summed(values) for name, values in self.found._asdict().items()}
        empty = np.flatnonzero(samples.covered < 1)
        if len(empty):
            row, column = np.divmod(empty, camera.width)
            share = 1.0 - samples.covered[empty, None]
            sky = self.lit.sky.radiance(camera.rays(np.stack([column, row], axis=1) + 0.5)) * share
            for name, values in (("emission", sky), ("radiance", sky), ("occlusion", share), ("relief", share)):
                pictures[name][empty] += values
        shape = (camera.height, camera.width)
        return {name: v.reshape(*shape, *v.shape[1:] if v.shape[1] > 1 else ()) for name, v in pictures.items()}


def _at(lit: LitWorld, camera: Camera, gbuffer: GBuffer, pixels: I64) -> Surface:
    return Surface(lit.snapshot, camera, gbuffer.triangle.reshape(-1)[pixels], gbuffer.bary.reshape(-1, 2)[pixels])


def _near(found: Bool) -> Bool:
    """(H, W) where a pixel, or one of the four beside it, is ``found``."""
    near = found.copy()
    near[1:] |= found[:-1]
    near[:-1] |= found[1:]
    near[:, 1:] |= found[:, :-1]
    near[:, :-1] |= found[:, 1:]
    return near


@compiled
def _mix(
    row: I64, share: F32, position: F32, normal: F32, bent: F32, color: F32, slow: F32, lamps: F32, cosine: F32,
    sunlit: F32, mirror: F32, material: I32, roughness: F32, metallic: F32, emission: F32, pose: F32, towards: F32,
    strength: F32, found: Layers,
) -> None:  # fmt: skip
    """Into rows of ``found``, what N samples look like, times their share.

    The picture shows the relief of textures (bent normals); the layers beside it stay those of the smooth surface.
    slow: (N, 7) of the sky, other surfaces, and occlusion. lamps: (N, 6) for both normals. pose: of the camera.
    """
    one, none, third, per_pi = np.float32(1), np.float32(0), np.float32(1 / 3), np.float32(1 / np.pi)
    bright = (strength[0] + strength[1] + strength[2]) * third
    for n in range(len(row)):
        at, w, kind = row[n], share[n], material[n]
        x, y, z, u, v, h = normal[n, 0], normal[n, 1], normal[n, 2], bent[n, 0], bent[n, 1], bent[n, 2]
        above = (one + h) / max(one + z, np.float32(0.3))  # more or less sky
        above = min(max(above, np.float32(0.5)), np.float32(1.5))
        sun = cosine[n] * sunlit[n]
        bend = max(u * towards[0] + v * towards[1] + h * towards[2], none)
        bend -= max(x * towards[0] + y * towards[1] + z * towards[2], none)
        bend = max(sun + bend * sunlit[n], none)
        rough, metal = roughness[kind], metallic[kind]
        fresnel = none
        if rough < GLOSSY:
            a, b, c = pose[0, 3] - position[n, 0], pose[1, 3] - position[n, 1], pose[2, 3] - position[n, 2]
            facing = (a * x + b * y + c * z) / max(np.sqrt(a * a + b * b + c * c), np.float32(1e-12))
            fresnel = (one - min(max(facing, none), one)) ** 5  # Schlick 1994
        total, flat = none, sun * bright
        for k in range(3):
            irradiance = lamps[n, 3 + k] + slow[n, 3 + k] + slow[n, k] * above + bend * strength[k]
            total += irradiance * third
            flat += (lamps[n, k] + slow[n, k] + slow[n, 3 + k]) * third
            radiance = color[n, k] * irradiance * per_pi + emission[kind, k]
            if rough < GLOSSY:
                straight = np.float32(0.04) * (one - metal) + color[n, k] * metal
                radiance += (straight + (one - straight) * fresnel) * mirror[n, k] - metal * radiance
            found.radiance[at, k] = radiance * w
            found.albedo[at, k] = color[n, k] * w
            found.camera_normal[at, k] = (x * pose[0, k] + y * pose[1, k] + z * pose[2, k]) * w
            found.sky_light[at, k] = slow[n, k] * w
            found.bounce[at, k] = slow[n, 3 + k] * w
            found.lamps[at, k] = lamps[n, k] * w
            found.mirror[at, k] = mirror[n, k] * w
            found.emission[at, k] = emission[kind, k] * w
        found.sun[at, 0] = sun * w
        found.occlusion[at, 0] = slow[n, 6] * w
        found.roughness[at, 0] = rough * w
        found.metallic[at, 0] = metal * w
        found.relief[at, 0] = min(max(total / max(flat, np.float32(1e-12)), none), np.float32(4)) * w
