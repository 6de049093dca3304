"""The layers of a frame: light and material of its samples, worked out in blocks that fit the cache, on all cores."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from render.detail import detail
from render.gather import LitWorld
from render.raster import GBuffer
from render.samples import I64, Samples, quarters_of
from render.spread import LightGrid
from render.surface import Surface
from render.tables import material_table
from render.threads import deal
from worldgen.camera import Camera
from worldgen.conventions import F32, Bool

GLOSSY: Final = 0.36
"""Surfaces smoother than this get a mirror ray."""

BLOCK: Final = 1 << 13
"""Samples lit at a time: what is known of so many stays in a core's cache."""

WIDTHS: Final = {
    "albedo": 3,
    "camera_normal": 3,
    "sun": 1,
    "sky_light": 3,
    "bounce": 3,
    "lamps": 3,
    "occlusion": 1,
    "mirror": 3,
    "emission": 3,
    "roughness": 1,
    "metallic": 1,
    "relief": 1,
    "radiance": 3,
}
"""Numbers in each layer."""


def layers(lit: LitWorld, camera: Camera, samples: Samples, fine: GBuffer, grid: LightGrid) -> dict[str, F32]:
    """Every layer of ``WIDTHS``, (H, W) or (H, W, 3). fine: the picture twice as large. grid: of the slow light."""
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
        self.sunlit = np.empty(count, np.float32)
        """Share of each sample's surface in its pixel that the sun reaches."""
        self.mirror = np.zeros((count, 3), np.float32)
        self.found = {name: np.empty((count, width), np.float32) for name, width in WIDTHS.items()}

    def see_sun(self, s: slice) -> None:
        samples, towards = self.samples, self.lit.sky.sun_direction.astype(np.float32)
        surface = Surface(self.lit.snapshot, self.camera, samples.triangle[s], samples.bary[s])
        self.surfaces[s.start] = surface
        self.cosine[s] = np.maximum(surface.normal @ towards, 0.0)
        self.sunlit[s] = self.lit.sun(surface.position, surface.normal) > 0

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
        surface, lit = self.surfaces.pop(s.start), self.lit
        normal, point, sunlit = surface.normal, surface.position, self.sunlit[s]
        light = self.grid.at(self.samples.place[s], point, normal)
        textured = detail(surface)
        bent, color = textured.bent_normal, textured.albedo
        both = lit.lamplight(point, normal, bent)
        lamps = both[:, :3]
        # The picture shows the relief of textures; the layers beside it stay those of the smooth surface.
        towards, strength = (v.astype(np.float32) for v in (lit.sky.sun_direction, lit.sky.sun_irradiance))
        sun = self.cosine[s] * sunlit
        above = ((1.0 + bent[:, 2]) / np.maximum(1.0 + normal[:, 2], 0.3)).clip(0.5, 1.5)  # more or less sky
        irradiance = both[:, 3:] + light.bounce + light.sky * above[:, None]
        flat = lamps.mean(1) + light.sky.mean(1) + light.bounce.mean(1)
        if strength.max() > 0:
            bend = np.maximum(bent @ towards, 0.0) - np.maximum(normal @ towards, 0.0)
            irradiance += np.maximum(sun + bend * sunlit, 0.0)[:, None] * strength
            flat += sun * strength.mean()
        mirror = self.mirror[s]
        radiance = color * irradiance
        radiance *= np.float32(1 / np.pi)
        radiance += surface.emission
        glossy = np.flatnonzero(surface.roughness < GLOSSY)
        if len(glossy):
            radiance[glossy] += _reflected(surface, glossy, color[glossy], radiance[glossy], mirror[glossy])
        made = {
            "albedo": color,
            "camera_normal": surface.camera_normal,
            "sun": sun,
            "sky_light": light.sky,
            "bounce": light.bounce,
            "lamps": lamps,
            "occlusion": light.occlusion,
            "mirror": mirror,
            "emission": surface.emission,
            "roughness": surface.roughness,
            "metallic": surface.metallic,
            "relief": (irradiance.mean(1) / np.maximum(flat, 1e-12)).clip(0.0, 4.0),
            "radiance": radiance,
        }
        share = self.samples.share[s, None]
        for name, values in made.items():
            np.multiply(values if values.ndim == 2 else values[:, None], share, out=self.found[name][s])

    def resolved(self) -> dict[str, F32]:
        """The layers of the pixels, sky included."""
        samples, camera = self.samples, self.camera
        pictures = {name: samples.summed(values) for name, values in self.found.items()}
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


def _reflected(surface: Surface, glossy: npt.NDArray[np.int64], color: F32, diffuse: F32, mirror: F32) -> F32:
    """What reflection adds to (and, on metal, takes from) the diffuse radiance; Fresnel after Schlick 1994."""
    cosine = np.clip((surface.normal[glossy] * surface.view[glossy]).sum(1), 0.0, 1.0)[:, None]
    metal = surface.metallic[glossy][:, None]
    straight = 0.04 * (1.0 - metal) + color * metal
    fresnel = straight + (1.0 - straight) * (1.0 - cosine) ** 5
    return np.asarray(fresnel * mirror - metal * diffuse, dtype=np.float32)
