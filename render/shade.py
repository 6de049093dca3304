"""The proxy shade: a film frame's layers, anti-aliased, from exact visibility and gathered light.

Pixels in which one smooth surface lies are lit once; pixels with an edge, or with a shadow's edge, four times, from
a visibility buffer of twice the size. Sky light and bounce change slowly and are gathered on a coarse grid, then spread
to the samples that lie on the same surface (joint bilateral upsampling, Kopf et al. 2007).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Final

import numpy as np
import numpy.typing as npt

from render.gather import LitWorld
from render.meter import FRAMES, WIDTH, Exposure, Reading, exposed
from render.movers import Movers
from render.passes import Surface
from render.radiosity import LightCache
from render.raster import GBuffer, Rasterizer, same_world
from render.rays import RayScene
from render.spread import LightGrid, light_grid
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, I32, Bool
from worldgen.light import Sky
from worldgen.mesh import face_normals
from worldgen.world import Light, Shot, Snapshot, World

GLOSSY: Final = 0.36
"""Surfaces smoother than this get a mirror ray."""


@dataclass(frozen=True)
class Shading:
    """What light does in one frame. Pictures (H, W) or (H, W, 3) float32, linear; irradiance in kilolux.

    gbuffer: at pixel centres. albedo, camera_normal: averaged over the pixel (so a normal at an edge is short). depth:
    (H, W) metres at the centre, +inf for sky. sun: cosine to the sun where it shines, else 0. sky_light, bounce,
    lamps: irradiance. occlusion: 1 in the open. mirror: radiance in the mirror direction of glossy surfaces, else 0.
    emission: of lamps and of the sky. roughness, metallic, coverage (share of the pixel that is not sky). relief: by
    how much textures' heights brighten the diffuse light in ``radiance`` (the other layers are of smooth surfaces).
    radiance: all of it together, the proxy. sky: the light of the scene, which also says how to print it.
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
    radiance: F32
    sky: Sky

    @property
    def proxy(self) -> F32:
        """(H, W, 3) sRGB-encoded display values in [0, 1]."""
        return self.sky.display(self.radiance)


_WIDTHS: Final = {
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
    "coverage": 1,
    "relief": 1,
    "radiance": 3,
}
_COLUMNS: Final = dict(zip(_WIDTHS, np.cumsum([0, *_WIDTHS.values()]), strict=False))
_TOTAL: Final = sum(_WIDTHS.values())


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
        self._cache = LightCache(eyes)
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

    def expose(self, snapshot: Snapshot, camera: Camera) -> None:
        """From now on, print as this one view asks for."""
        self._exposure = Exposure()
        self._exposure = exposed([self._read(snapshot, camera)])

    def _metered(self, shot: Shot) -> Exposure:
        """Read from the same frames whatever is drawn."""
        self._exposure = Exposure()
        frames = np.unique(np.linspace(0, shot.frames - 1, FRAMES).round().astype(int))
        return exposed([self._read(self.world.at(shot.time(int(k))), shot.track[int(k)]) for k in frames])

    def _read(self, snapshot: Snapshot, camera: Camera) -> Reading:
        small = camera.resized(WIDTH, max(1, round(WIDTH * camera.height / camera.width)))
        return _reading(self.shade(snapshot, small), self.world.light(snapshot.time), snapshot.time)

    def shade(self, snapshot: Snapshot, camera: Camera) -> Shading:
        """All layers of what ``camera`` sees of ``snapshot`` (which must be of this shader's world)."""
        return self.light(self.draw(snapshot, camera))

    def draw(self, snapshot: Snapshot, camera: Camera) -> Drawn:
        """What ``camera`` sees of ``snapshot``, still without light."""
        if self._exposure is None and self._shot is not None:
            self._exposure = self._metered(self._shot)
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
        snapshot, camera, gbuffer, fine = drawn.snapshot, drawn.camera, drawn.gbuffer, drawn.fine
        twice = camera.resized(2 * camera.width, 2 * camera.height)
        centres = Surface.of(snapshot, camera, gbuffer)
        grid = light_grid(lit, centres, gbuffer.hit)

        labels = self._kept(snapshot)[0]
        edge = _edges(_labelled(labels, gbuffer.triangle), _labelled(labels, fine.triangle))
        picture = np.zeros((camera.height, camera.width, _TOTAL), np.float32)
        cosine = np.full(gbuffer.triangle.shape, -1.0, np.float32)
        calm = np.flatnonzero(~edge)
        # Texture is finer than light: calm pixels too take their albedo from four quarters (+6 dB in albedo).
        fine_albedo = _albedo(snapshot, twice, fine, _quarters(calm, camera.width))
        values = _layers(lit, grid, snapshot, camera, gbuffer, calm, fine_albedo)
        picture.reshape(-1, _TOTAL)[calm] = values
        shown = calm[gbuffer.triangle.reshape(-1)[calm] >= 0]
        cosine.reshape(-1)[shown] = values[gbuffer.triangle.reshape(-1)[calm] >= 0, _COLUMNS["sun"]]
        edge |= _shadow_edges(cosine)

        rough = np.flatnonzero(edge)
        four = _quarters(rough, camera.width)
        quarters = _layers(lit, grid, snapshot, twice, fine, four.reshape(-1))
        picture.reshape(-1, _TOTAL)[rough] = quarters.reshape(-1, 4, _TOTAL).mean(1)

        depth = np.full(gbuffer.triangle.shape, np.inf, np.float32)
        depth[gbuffer.hit] = centres.depth
        layers = {name: _column(picture, name) for name in _WIDTHS}
        return Shading(gbuffer=gbuffer, depth=depth, sky=lit.sky, **layers)

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


def _column(picture: F32, name: str) -> F32:
    start = _COLUMNS[name]
    part = picture[..., start : start + _WIDTHS[name]]
    return np.ascontiguousarray(part[..., 0] if _WIDTHS[name] == 1 else part)


def _labelled(labels: I32, triangle: I32) -> I32:
    if not len(labels):
        return np.full(triangle.shape, -1, np.int32)
    return np.where(triangle >= 0, labels[np.maximum(triangle, 0)], np.int32(-1))


def _edges(centre: I32, fine: I32) -> Bool:
    """(H, W) pixels whose four quarters do not all show what the centre shows."""
    height, width = centre.shape
    quarters = fine.reshape(height, 2, width, 2)
    return (quarters != centre[:, None, :, None]).any(axis=(1, 3))


def _shadow_edges(cosine: F32) -> Bool:
    """(H, W) pixels beside a jump between light and shade; -1 marks pixels that do not count."""
    edge = np.zeros(cosine.shape, dtype=np.bool_)
    for axis in (0, 1):
        a, b = (np.take(cosine, range(s, cosine.shape[axis] - 1 + s), axis=axis) for s in (0, 1))
        jump = (np.minimum(a, b) == 0) & (np.maximum(a, b) > 0.05)
        first, second = [slice(None)] * 2, [slice(None)] * 2
        first[axis], second[axis] = slice(None, -1), slice(1, None)
        edge[tuple(first)] |= jump
        edge[tuple(second)] |= jump
    return edge


def _quarters(pixels: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int64]:
    """(N, 4) flat indices, in a picture twice as large, of the quarters of flat ``pixels``."""
    row, column = np.divmod(pixels, width)
    top = 2 * row * (2 * width) + 2 * column
    return np.stack([top, top + 1, top + 2 * width, top + 2 * width + 1], axis=1)


def _albedo(snapshot: Snapshot, camera: Camera, gbuffer: GBuffer, pixels: npt.NDArray[np.int64]) -> F32:
    """(N, 3) mean albedo of ``pixels`` (N, 4), flat in ``gbuffer``; black where the sky shows."""
    flat = pixels.reshape(-1)
    triangle = gbuffer.triangle.reshape(-1)[flat]
    hit = np.flatnonzero(triangle >= 0)
    result = np.zeros((len(flat), 3), np.float32)
    result[hit] = Surface(snapshot, camera, triangle[hit], gbuffer.bary.reshape(-1, 2)[flat[hit]]).albedo
    return result.reshape(-1, 4, 3).mean(1)


def _layers(
    lit: LitWorld,
    grid: LightGrid,
    snapshot: Snapshot,
    camera: Camera,
    gbuffer: GBuffer,
    pixels: npt.NDArray[np.int64],
    albedo: F32 | None = None,
) -> F32:
    """(N, C) every layer of the flat ``pixels`` of ``gbuffer``; ``albedo`` (N, 3) where it is known better."""
    result = np.zeros((len(pixels), _TOTAL), np.float32)
    triangle = gbuffer.triangle.reshape(-1)[pixels]
    empty, hit = np.flatnonzero(triangle < 0), np.flatnonzero(triangle >= 0)
    row, column = np.divmod(pixels, camera.width)
    xy = np.stack([column, row], axis=1) + 0.5

    if len(empty):
        sky = lit.sky.radiance(camera.rays(xy[empty]))
        ones = np.ones(len(empty), np.float32)
        result[empty] = _row({"emission": sky, "radiance": sky, "occlusion": ones, "relief": ones})
    if not len(hit):
        return result
    surface = Surface(snapshot, camera, triangle[hit], gbuffer.bary.reshape(-1, 2)[pixels[hit]])
    normal, point = surface.normal, surface.position
    light = grid.at(xy[hit] * (grid.width / camera.width), point, normal)
    bent = surface.bent_normal
    sun, both = lit.sun(point, normal), lit.lamplight(point, normal, bent)
    lamps = both[:, :3]
    # The picture shows the relief of textures; the layers beside it stay those of the smooth surface.
    relief = np.where(sun > 0, np.maximum(bent @ lit.sky.sun_direction.astype(np.float32), 0.0), 0.0)
    above = ((1.0 + bent[:, 2]) / np.maximum(1.0 + normal[:, 2], 0.3)).clip(0.5, 1.5)[:, None]  # more or less sky
    irradiance = relief[:, None] * lit.sky.sun_irradiance.astype(np.float32) + both[:, 3:]
    irradiance = irradiance + light.sky * above + light.bounce
    flat = sun[:, None] * lit.sky.sun_irradiance.astype(np.float32) + lamps + light.sky + light.bounce
    mirror = np.zeros_like(point)
    glossy = np.flatnonzero(surface.roughness < GLOSSY)
    if len(glossy):
        mirror[glossy] = lit.mirror(point[glossy], normal[glossy], -surface.view[glossy])
    color = surface.albedo if albedo is None else albedo[hit]
    radiance: F32 = (color * irradiance / np.pi + surface.emission).astype(np.float32)
    radiance[glossy] += _reflected(surface, glossy, color[glossy], radiance[glossy], mirror[glossy])
    layers = {
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
        "coverage": np.ones(len(hit), np.float32),
        "relief": (irradiance.mean(1) / np.maximum(flat.mean(1), 1e-12)).clip(0.0, 4.0),
        "radiance": radiance,
    }
    result[hit] = _row(layers)
    return result


def _row(layers: dict[str, F32]) -> F32:
    """(N, C) the columns of a picture's layers, 0 for those that are not given."""
    count = len(next(iter(layers.values())))
    columns = [layers.get(name, np.zeros((count, width), np.float32)) for name, width in _WIDTHS.items()]
    return np.concatenate([c if c.ndim == 2 else c[:, None] for c in columns], axis=1)


def _reflected(surface: Surface, glossy: npt.NDArray[np.int64], color: F32, diffuse: F32, mirror: F32) -> F32:
    """What reflection adds to (and, on metal, takes from) the diffuse radiance; Fresnel after Schlick 1994."""
    cosine = np.clip((surface.normal[glossy] * surface.view[glossy]).sum(1), 0.0, 1.0)[:, None]
    metal = surface.metallic[glossy][:, None]
    straight = 0.04 * (1.0 - metal) + color * metal
    fresnel = straight + (1.0 - straight) * (1.0 - cosine) ** 5
    return np.asarray(fresnel * mirror - metal * diffuse, dtype=np.float32)
