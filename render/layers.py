"""The layers of a frame: light and material of its samples, worked out in blocks that fit the cache, on all cores."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from render.compiled import compiled
from render.detail import Detail, detail
from render.direct import sun_disc
from render.fog import Fog
from render.gather import LitWorld
from render.gloss import FINE, WIDE, burley, facets, glint, places, returned, returns, smoothed, spans
from render.penumbra import blended, near, uneven
from render.raster import GBuffer
from render.samples import I64, Samples, quarters_of
from render.spread import SlowLight
from render.surface import Surface
from render.tables import material_table
from render.threads import deal
from worldgen.camera import Camera
from worldgen.conventions import F32, I32, Bool, unit

GLOSSY: Final = 0.6
"""Surfaces smoother than this get a mirror ray."""

BLURRED: Final = 0.1
"""Surfaces rougher than this have blurred mirror images."""

ALIKE: Final = np.float32(0.7)
"""Shares of sun that differ by more are not smoothed: a shadow stays sharp where it touches what throws it."""

BLOCK: Final = 1 << 13
"""Samples lit at a time: what is known of so many stays in a core's cache."""

_CLEAR: Final = np.tile(np.array([1, 0, 0, 0], np.float32), (BLOCK, 1))
"""Air that is not there."""


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
    transmittance: F32
    airlight: F32
    radiance: F32


_ALONE: Final = ("sun", "occlusion", "roughness", "metallic", "relief", "transmittance")
"""Layers of one number a pixel."""


def layers(
    lit: LitWorld, camera: Camera, samples: Samples, fine: GBuffer, slow: SlowLight, fog: Fog | None = None
) -> dict[str, F32]:
    """All of ``Layers``, (H, W) or (H, W, 3). fine: the picture twice as large. fog: of the air, where there is any."""
    frame = _Frame(lit, camera, samples, fine, slow, fog)
    deal(frame.see_lights, len(samples), BLOCK)
    frame.soften_sun()
    frame.soften_lamps()
    frame.look_into_mirrors()
    deal(frame.light, len(samples), BLOCK)
    return frame.resolved()


class _Frame:
    """The work on one frame. Parts of it run side by side, each on its own slice of the samples."""

    def __init__(
        self, lit: LitWorld, camera: Camera, samples: Samples, fine: GBuffer, slow: SlowLight, fog: Fog | None
    ) -> None:
        self.lit, self.camera, self.samples, self.fine, self.slow, self.fog = lit, camera, samples, fine, slow, fog
        self.twice = camera.resized(2 * camera.width, 2 * camera.height)
        count = len(samples)
        self.surfaces: dict[int, tuple[Surface, Detail]] = {}
        self.cosine = np.empty(count, np.float32)
        self.sunlit = np.zeros(count, np.float32)
        """Share of each sample's surface in its pixel that the sun reaches."""
        self.disc = sun_disc(lit.sky)
        self.thing = lit.snapshot.face_object[samples.triangle]
        self.lamps = np.zeros((count, 18), np.float32)
        """From the lamps with shadows, without, and without on bent normals; then, in the last six of these nine, with
        soft ones. And what the lobes see of them, by the reflectance seen straight on and besides, and by how much
        they seem more than they are."""
        rough = material_table(lit.snapshot.materials).roughness[lit.snapshot.face_material[samples.triangle]]
        self.alpha = np.where(rough > BLURRED, rough * rough, np.float32(0))
        """Width of each sample's lobe (GGX), 0 for what is a sharp mirror."""
        self.glossy = (rough > BLURRED) & (rough < GLOSSY)
        self.mirror = np.zeros((count, 3), np.float32)
        self.found = Layers(
            *(np.zeros((samples.rows, 1 if name in _ALONE else 3), np.float32) for name in Layers._fields)
        )

    def see_lights(self, s: slice) -> None:
        """Calm pixels look for one point of the sun's rim, each of 2 x 2 for another: so penumbras are found.

        All look for one point of each lamp, each of 4 x 4 for another.
        """
        samples, lit = self.samples, self.lit
        surface = Surface(lit.snapshot, self.camera, samples.triangle[s], samples.bary[s])
        textured = detail(surface)
        self.surfaces[s.start] = surface, textured
        self.cosine[s] = np.maximum(surface.normal @ lit.sky.sun_direction.astype(np.float32), 0.0)
        row, column = np.divmod(samples.pixel[s], self.camera.width)
        calm = np.flatnonzero(samples.calm[samples.pixel[s]] & (self.cosine[s] > 0))  # others ask at their quarters
        rim = self.disc[16 + 2 * (row[calm] % 2) + column[calm] % 2]
        self.sunlit[s][calm] = lit.sun(surface.position[calm], surface.normal[calm], rim) > 0
        if lit.lamps:
            place = 4 * (row % 4) + column % 4
            self.lamps[s] = lit.lamplight_apart(
                surface.position, surface.normal, textured.bent_normal, place, surface.view, self.alpha[s]
            )

    def soften_sun(self) -> None:
        """Pixels with an edge, and then those in a penumbra, ask at each of their quarters, and are smoothed."""
        if self.lit.sky.sun_irradiance.max() <= 0:
            return
        samples = self.samples
        first = samples.pixel[: samples.centres]
        at_edges = self._ask_quarters(samples.quarters, samples.edges)
        facing = self.cosine > 0
        torn = self._beside(facing & (self.sunlit > 0), facing & (self.sunlit < 1))
        rows = np.flatnonzero((torn & samples.calm)[first])
        inside = self._ask_quarters(np.repeat(rows[:, None], 4, axis=1), first[rows])
        asked = np.maximum(at_edges, inside)
        rows = np.flatnonzero((asked > 0) & torn[samples.pixel])
        sure = np.where(asked[rows] > 3, ALIKE, np.float32(np.inf))
        self.sunlit[rows] = self._smoothed(rows, np.flatnonzero(facing), self.sunlit[:, None], 2, sure)[:, 0]

    def soften_lamps(self) -> None:
        """Where shadows of lamps end, the share of their light that comes through is smoothed."""
        if not self.lit.lamps:
            return
        lamps, samples, shape = self.lamps, self.samples, (self.camera.height, self.camera.width)
        share = np.minimum(lamps[:, :3], lamps[:, 3:6]) / np.maximum(lamps[:, 3:6], np.float32(1e-12))
        picture = np.zeros(shape, np.float32)
        picture.reshape(-1)[samples.pixel[: samples.centres]] = share[: samples.centres].mean(1)
        rows = np.flatnonzero(uneven(picture, 0.02).reshape(-1)[samples.pixel])
        mean = self._smoothed(rows, np.arange(samples.centres), lamps, 4)
        share[rows] = mean[:, :3] / np.maximum(mean[:, 3:6], np.float32(1e-12))
        lamps[rows, 15:] = mean[:, 15:]
        rough = np.flatnonzero(~self.glossy[rows])  # the others' images are smoothed as a whole
        lamps[rows[rough], 9:15] = mean[rough, 9:15]
        lamps[:, 3:6] *= share
        lamps[:, 6:9] *= share

    def _smoothed(self, rows: I64, others: I64, values: F32, tile: int, alike: F32 | None = None) -> F32:
        """(R, C) the ``values (N, C)`` of the samples ``rows`` together with those of ``others`` in pixels around them.

        alike: (R,) by how much others may differ to count; None: by anything.
        """
        samples, centres = self.samples, others[others < self.samples.centres]
        centre = np.full(len(samples.calm), -1)
        centre[samples.pixel[centres]] = centres
        limit = np.full(len(rows), np.inf, np.float32) if alike is None else alike
        return blended(rows, limit, samples.pixel, centre, self.thing, values, self.camera.width, tile)

    def _ask_quarters(self, sample: I64, pixels: I64) -> I64:
        """Look for the sun from the quarters of ``pixels`` (E,), for the samples (E, 4) that stand for them, or -1.

        (N,) how many quarters of each sample face the sun.
        """
        four, width, count = quarters_of(pixels, self.camera.width), 2 * self.camera.width, len(self.samples)
        sample, four = sample[sample >= 0], four[sample >= 0]
        surface = _at(self.lit, self.twice, self.fine, four)
        row, column = np.divmod(four, width)
        aim = self.disc[4 * (row // 2 % 2 + 2 * (row % 2)) + column // 2 % 2 + 2 * (column % 2)]
        facing = np.maximum(surface.normal @ self.lit.sky.sun_direction.astype(np.float32), 0.0)
        shone = self.lit.sun(surface.position, surface.normal, aim) > 0
        asked = np.bincount(sample, facing > 0, count).astype(np.int64)
        found, total = np.bincount(sample, shone, count), np.bincount(sample, facing, count)
        touched = np.flatnonzero(np.bincount(sample, minlength=count))
        self.sunlit[touched] = found[touched] / np.maximum(asked[touched], 1)
        self.cosine[touched] = total[touched] / np.maximum(asked[touched], 1)
        return asked

    def _beside(self, first: Bool, second: Bool) -> Bool:
        """(P,) pixels that have samples of both kinds (N,) in them or in the eight pixels around them."""
        found = []
        for kind in (first, second):
            picture = np.zeros((self.camera.height, self.camera.width), np.bool_)
            picture.reshape(-1)[self.samples.pixel[kind]] = True
            found.append(near(picture).reshape(-1))
        return found[0] & found[1]

    def look_into_mirrors(self) -> None:
        """A ray a sample, smoothed: a curved door would show a leaf here and none beside it."""
        samples, snapshot = self.samples, self.lit.snapshot
        rough = material_table(snapshot.materials).roughness[snapshot.face_material[samples.triangle]]
        sharp = np.flatnonzero(rough <= BLURRED)
        if len(sharp):
            surface = Surface(snapshot, self.camera, samples.triangle[sharp], samples.bary[sharp])
            seen = np.zeros_like(self.mirror)
            seen[sharp], _ = self.lit.mirror(surface.position, surface.normal, -surface.view)
            self.mirror[sharp] = self._smoothed(sharp, sharp, seen, 2)
        blurred = np.flatnonzero(self.glossy)
        if len(blurred):
            self.mirror[blurred] = self._along_lobes(blurred)

    def _along_lobes(self, rows: I64) -> F32:
        """(R, 3) what rough mirrors show, the samples ``rows``."""
        samples, camera, snapshot = self.samples, self.camera, self.lit.snapshot
        surface = Surface(snapshot, camera, samples.triangle[rows], samples.bary[rows])
        alpha, pixel = self.alpha[rows], samples.pixel[rows]
        to_camera = camera.world_from_camera[:3, :3].T.astype(np.float32)
        span = spans(surface.normal, surface.view, alpha, to_camera, camera.focal_px)
        row, column = np.divmod(pixel, camera.width)
        tile = np.where((span < WIDE) | (alpha < FINE)[:, None], 4, 16)
        place = places()[16 * (row % tile[:, 1]) + column % tile[:, 0]]
        facet = facets(surface.normal, surface.view, alpha, place)
        seen, distance = self.lit.mirror(surface.position, surface.normal, -surface.view, facet)
        seen += self.lamps[rows, 9:12] + self.lamps[rows, 12:15]
        near = np.maximum(surface.depth, np.float32(1e-3)) / np.maximum(distance, np.float32(1e-3))
        away = np.asarray(1 / (1 + near), np.float32)
        centre = np.full(len(samples.calm), -1)
        middles = np.flatnonzero(rows < samples.centres)
        centre[pixel[middles]] = middles
        key = self.thing[rows].astype(np.int64) * len(snapshot.materials) + snapshot.face_material[surface.triangle]
        return smoothed(seen, pixel, centre, key, surface.normal, alpha, span, away, camera.width)

    def light(self, s: slice) -> None:
        (surface, textured), lit, samples = self.surfaces.pop(s.start), self.lit, self.samples
        table = material_table(lit.snapshot.materials)
        if self.fog is None:
            air = _CLEAR[: len(surface.position)]
        else:
            air = self.fog.before(*np.divmod(samples.pixel[s], self.camera.width), surface.position)
        _mix(
            samples.row[s], samples.share[s], surface.position, surface.normal, textured.bent_normal, textured.albedo,
            self.slow.at(samples.place[s], surface), self.lamps[s, 3:], self.cosine[s],
            self.sunlit[s], self.mirror[s], surface.material_index, table.roughness, table.metallic,
            table.emission, self.camera.world_from_camera.astype(np.float32), lit.sky.sun_direction.astype(np.float32),
            lit.sky.sun_irradiance.astype(np.float32), returns(), air, self.found,
        )  # fmt: skip

    def resolved(self) -> dict[str, F32]:
        """The layers of the pixels, sky included."""
        samples, camera = self.samples, self.camera
        pictures = {name: samples.summed(values) for name, values in self.found._asdict().items()}
        empty = np.flatnonzero(samples.covered < 1)
        if len(empty):
            row, column = np.divmod(empty, camera.width)
            share = 1.0 - samples.covered[empty, None]
            views = camera.rays(np.stack([column, row], axis=1) + 0.5)
            sky = self.lit.sky.radiance(views) * share
            air = np.tile(_CLEAR[:1], (len(empty), 1))
            if self.fog is not None:
                air = self.fog.before_sky(row, column, unit(views)[:, 2].astype(np.float32))
            through, added = air[:, :1], air[:, 1:] * share
            for name, values in (
                ("emission", sky), ("radiance", sky * through + added), ("occlusion", share), ("relief", share),
                ("transmittance", through * share), ("airlight", added),
            ):  # fmt: skip
                pictures[name][empty] += values
        shape = (camera.height, camera.width)
        return {name: v.reshape(*shape, *v.shape[1:] if v.shape[1] > 1 else ()) for name, v in pictures.items()}


def _at(lit: LitWorld, camera: Camera, gbuffer: GBuffer, pixels: I64) -> Surface:
    return Surface(lit.snapshot, camera, gbuffer.triangle.reshape(-1)[pixels], gbuffer.bary.reshape(-1, 2)[pixels])


@compiled
def _mix(
    row: I64, share: F32, position: F32, normal: F32, bent: F32, color: F32, slow: F32, lamps: F32, cosine: F32,
    sunlit: F32, mirror: F32, material: I32, roughness: F32, metallic: F32, emission: F32, pose: F32, towards: F32,
    strength: F32, table: F32, air: F32, found: Layers,
) -> None:  # fmt: skip
    """Into rows of ``found``, what N samples look like, times their share.

    The picture shows the relief of textures (bent normals); the layers beside it stay those of the smooth surface.
    slow: (N, 7) of the sky, other surfaces, and occlusion. lamps: (N, 15), all but the first three of ``_Frame.lamps``.
    pose: of the camera. air: (N, 4) the share of each one's light that comes through, and what the air adds.
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
        a, b, c = pose[0, 3] - position[n, 0], pose[1, 3] - position[n, 1], pose[2, 3] - position[n, 2]
        away = one / max(np.sqrt(a * a + b * b + c * c), np.float32(1e-12))
        a, b, c = a * away, b * away, c * away
        facing = min(max(a * x + b * y + c * z, none), one)
        over, besides, matt = returned(table, rough, facing)
        shine, edge, sunny = none, none, one
        if sun > none:
            p, q, r = a + towards[0], b + towards[1], c + towards[2]
            near = one / max(np.sqrt(p * p + q * q + r * r), np.float32(1e-6))
            between = min((p * a + q * b + r * c) * near, one)
            sunny = burley(rough, facing, cosine[n], between)
            if rough > BLURRED:
                shine, edge = glint(rough * rough, facing, cosine[n], (p * x + q * y + r * z) * near, between)
                shine *= sunlit[n]
        total, flat = none, sun * bright
        for k in range(3):
            irradiance = lamps[n, 3 + k] + slow[n, 3 + k] + slow[n, k] * above + bend * strength[k]
            total += irradiance * third
            flat += (lamps[n, k] + slow[n, k] + slow[n, 3 + k]) * third
            straight = np.float32(0.04) * (one - metal) + color[n, k] * metal
            around = irradiance - bend * strength[k] - lamps[n, 3 + k]
            lights = bend * strength[k] * sunny + lamps[n, 3 + k] + lamps[n, 12 + k]
            radiance = color[n, k] * per_pi * (around * matt + lights) * (one - metal) + emission[kind, k]
            radiance += (straight + (one - straight) * edge) * shine * strength[k]
            if rough < GLOSSY:
                radiance += (straight * over + besides) * mirror[n, k]
            else:
                radiance += (straight * over + besides) * around * per_pi + straight * lamps[n, 6 + k] + lamps[n, 9 + k]
            found.radiance[at, k] = (radiance * air[n, 0] + air[n, 1 + k]) * w
            found.airlight[at, k] = air[n, 1 + k] * w
            found.albedo[at, k] = color[n, k] * w
            found.camera_normal[at, k] = (x * pose[0, k] + y * pose[1, k] + z * pose[2, k]) * w
            found.sky_light[at, k] = slow[n, k] * w
            found.bounce[at, k] = slow[n, 3 + k] * w
            found.lamps[at, k] = lamps[n, k] * w
            found.mirror[at, k] = mirror[n, k] * w
            found.emission[at, k] = emission[kind, k] * w
        found.transmittance[at, 0] = air[n, 0] * w
        found.sun[at, 0] = sun * w
        found.occlusion[at, 0] = slow[n, 6] * w
        found.roughness[at, 0] = rough * w
        found.metallic[at, 0] = metal * w
        found.relief[at, 0] = min(max(total / max(flat, np.float32(1e-12)), none), np.float32(4)) * w
