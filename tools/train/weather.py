"""The same frame in other weather and at other hours, path-traced without compiling the scene again.

How a variant is printed: as the meter of the renderer prints any world (``render.meter``), by the light that falls on
what is seen, read from the traced picture itself. Then, as a colourist would, the print is moved by at most
``MOST_STOPS`` so that its middle is neither lost in black nor washed out (``MIDDLE``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from render.direct import sunlight
from render.meter import correction
from render.rays import RayScene
from render.shade import Shading
from tools.train.finish import DRY, Finish
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, seed_from
from worldgen.light import Sky

VARIANTS: Final = ("overcast", "golden-hour", "night", "rain", "snow", "fog")

MIDDLE: Final[Mapping[str, tuple[float, float]]] = {
    "overcast": (0.22, 0.60), "golden-hour": (0.22, 0.60), "night": (0.06, 0.24), "rain": (0.16, 0.44),
    "snow": (0.30, 0.72), "fog": (0.34, 0.68),
}  # fmt: skip
"""Between which display values the mean of a print of each variant shall lie."""

MOST_STOPS: Final = 2.0

BALANCE: Final[Mapping[str, tuple[float, float, float]]] = {
    "overcast": (0.98, 1.0, 1.03), "golden-hour": (1.18, 1.0, 0.74), "night": (0.78, 0.94, 1.22),
    "rain": (0.95, 1.0, 1.06),
    "snow": (0.98, 1.0, 1.03), "fog": (0.99, 1.0, 1.01),
}  # fmt: skip
"""What a colourist does to red, green and blue of each variant, before the film curve."""

SUNLIT: Final = 0.4
"""How much of the relief that textures show in the light of the frame itself is left in that of a variant: its light
comes from elsewhere, mostly from all sides."""


@dataclass(frozen=True)
class Weather:
    """Weather or an hour. sky: over it. finish: of surfaces. sight_m: how far one sees, metres (inf: clear air)."""

    name: str
    sky: Sky
    finish: Finish = DRY
    sight_m: float = np.inf


def variants_of(seed: int, base: Sky, inside: bool, lamps: int) -> dict[str, Weather]:
    """The weathers that make sense for a world, by name; a pure function of its seed.

    Nothing rains into a house, and what a world is already is no variant of it.
    """
    rng = np.random.default_rng(seed_from("weather", seed))
    elevation = np.degrees(base.sun_elevation)
    day = elevation > -1.0

    def sky(low: float, high: float, clouds: float, turbidity: float, azimuth: float | None = None) -> Sky:
        return replace(
            base,
            sun_azimuth=float(rng.uniform(0, 2 * np.pi)) if azimuth is None else azimuth,
            sun_elevation=float(np.radians(rng.uniform(low, high))),
            clouds=clouds,
            turbidity=turbidity,
            exposure_stops=0.0,
            moon=0.0,
        )

    closed = sky(20, 50, 1.0, 5.0)
    made = {
        "overcast": Weather("overcast", closed),
        "golden-hour": Weather("golden-hour", sky(4, 10, float(rng.uniform(0, 0.25)), float(rng.uniform(3, 5)))),
        "night": Weather("night", _night(rng, base)),
        "rain": Weather(
            "rain",
            replace(closed, exposure_stops=-0.4),
            Finish(wet=float(rng.uniform(0.8, 1.0)), puddles=float(rng.uniform(0.3, 0.7))),
            float(rng.uniform(500, 1200)),
        ),
        "snow": Weather(
            "snow",
            sky(15, 40, float(rng.choice([0.3, 0.95, 1.0, 1.0])), 3.0),
            Finish(snow=float(rng.uniform(0.8, 1.0))),
            float(rng.uniform(500, 1500)),
        ),
        "fog": Weather("fog", sky(15, 45, 1.0, 6.0), Finish(wet=0.25), float(rng.uniform(110, 260))),
    }
    if inside:
        made = {name: made[name] for name in ("overcast", "golden-hour", "night")}
    if base.clouds > 0.8 and day:
        del made["overcast"]
    if 2 < elevation < 12 and base.clouds < 0.5:
        del made["golden-hour"]
    if elevation < -4 or (inside and not lamps):
        del made["night"]
    return made


def facing_sun(weather: Weather, rays: RayScene, points: F32, normals: F32, seed: int) -> Weather:
    """``weather`` with its sun where it shines on what is seen: one of the best of twelve azimuths.

    points, normals: (N, 3) of what is seen.
    """
    rng = np.random.default_rng(seed_from("sun", seed))
    azimuths = weather.sky.sun_azimuth + np.arange(12) * (np.pi / 6)
    skies = [replace(weather.sky, sun_azimuth=float(azimuth % (2 * np.pi))) for azimuth in azimuths]
    lit = [float(sunlight(rays, sky, points, normals).mean()) for sky in skies]
    good = [k for k in np.argsort(lit)[-3:] if lit[k] >= 0.6 * max(lit)]
    return replace(weather, sky=skies[int(rng.choice(good))])


def chosen_variants(seed: int, pair: int, possible: Mapping[str, Weather], share: float = 0.5) -> tuple[str, ...]:
    """Which variants a pair of pictures gets: none, or one of the ``possible``, in ``share`` of all pairs."""
    rng = np.random.default_rng(seed_from("variant", seed, pair))
    if not possible or rng.random() >= share:
        return ()
    return (str(rng.choice(sorted(possible))),)


@dataclass(frozen=True)
class Print:
    """How a variant is printed, alike in both pictures of a pair. sky: exposed for it. falling: kilolux, the median."""

    weather: Weather
    sky: Sky
    falling: float


def metered(weather: Weather, shading: Shading, camera: Camera, lit: F32, glow: F32, albedo: F32) -> Print:
    """How to print ``weather`` where it looks like this; arguments as for :func:`printed`.

    albedo: (H, W, 3) of the weathered surfaces.
    """
    hit = shading.coverage > 0.5
    falling = (np.pi * lit[hit].mean(-1) / np.maximum(albedo[hit].mean(-1), 0.05)).astype(np.float64)
    stops = weather.sky.exposure_stops + correction(falling, weather.sky)
    start = Print(
        weather, replace(weather.sky, exposure_stops=stops), float(np.median(falling)) if len(falling) else np.inf
    )
    low, high = MIDDLE[weather.name]
    mean = float(printed(start, shading, camera, lit, glow).mean())
    way = 1 if mean < low else -1 if mean > high else 0
    how = start
    for tenth in range(1, round(10 * MOST_STOPS) + 1):
        if not way or low <= mean <= high:
            break
        how = replace(start, sky=replace(start.sky, exposure_stops=stops + way * tenth / 10))
        mean = float(printed(how, shading, camera, lit, glow).mean())
    return how


def printed(how: Print, shading: Shading, camera: Camera, lit: F32, glow: F32) -> F32:
    """(H, W, 3) display values of a variant.

    shading: the frame as it is. lit: (H, W, 3) traced light that surfaces give back. glow: what shines, sky included,
    as :func:`glowing` gives it.
    """
    weather = how.weather
    relief = 1.0 + SUNLIT * (shading.relief[..., None] - 1.0) * (1.0 - 0.7 * weather.finish.snow)
    radiance = lit * relief + glow
    if np.isfinite(weather.sight_m):
        radiance = hazy(radiance, weather, shading, camera, how.falling)
    return how.sky.display(radiance * np.array(BALANCE[weather.name], np.float32))


def glowing(shading: Shading, camera: Camera, sky: Sky) -> F32:
    """(H, W, 3) what shines in a frame, with ``sky`` instead of its own."""
    share = 1.0 - shading.coverage[..., None]
    rays = _rays(camera).reshape(-1, 3)
    old, new = (s.radiance(rays).reshape(*shading.coverage.shape, 3) for s in (shading.sky, sky))
    return np.asarray(np.maximum(shading.emission - share * old, 0.0) + share * new, dtype=np.float32)


def hazy(radiance: F32, weather: Weather, shading: Shading, camera: Camera, falling: float) -> F32:
    """``radiance (H, W, 3)`` through fog: by distance, and thinner above (Koschmieder's law; 2% contrast at sight).

    falling: kilolux on what is seen: air between houses is darker than in the open.
    """
    density = 3.912 / weather.sight_m
    rays = _rays(camera)
    up = rays[..., 2]
    depth = _filled(shading.depth, shading.coverage)
    # To the sky the fog reaches as far as its layer, 40 m thick, does.
    length = np.where(np.isfinite(depth), depth * np.linalg.norm(camera_rays(camera), axis=-1), 1e9)
    to_sky = 40.0 / np.maximum(up, 0.01)
    seen, sky = np.exp(-density * np.minimum(length, to_sky * 4)), np.exp(-density * to_sky)
    air = airlight(weather.sky)
    air = air * np.clip(1.3 * falling / np.pi / air.mean(), 0.3, 1.0)
    share = shading.coverage * seen + (1.0 - shading.coverage) * sky
    return np.asarray(radiance * share[..., None] + air * (1.0 - share[..., None]), dtype=np.float32)


def airlight(sky: Sky) -> F64:
    """(3,) radiance of thick air below ``sky``: as much as falls on it from all around, less what earth swallows."""
    light = sky.sky_irradiance + sky.sun_irradiance * max(float(sky.sun_direction[2]), 0.0)
    colour = light / np.pi * 0.8
    return np.asarray(0.7 * colour + 0.3 * colour.mean())


def camera_rays(camera: Camera) -> F64:
    """(H, W, 3) world directions of planar depth 1."""
    ys, xs = np.mgrid[0 : camera.height, 0 : camera.width] + 0.5
    return camera.rays(np.stack([xs, ys], axis=-1))


def _rays(camera: Camera) -> F64:
    rays = camera_rays(camera)
    return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))


def _filled(depth: F32, coverage: F32) -> F32:
    """Depth, at the edges of the sky that of the surface that shares the pixel."""
    padded = np.pad(depth, 1, mode="edge")
    height, width = depth.shape
    near = np.min([padded[y : y + height, x : x + width] for y in range(3) for x in range(3)], axis=0)
    return np.asarray(np.where(np.isinf(depth) & (coverage > 0), near, depth), dtype=np.float32)


def _night(rng: np.random.Generator, base: Sky) -> Sky:
    return replace(
        base,
        sun_azimuth=float(rng.uniform(0, 2 * np.pi)),
        sun_elevation=float(np.radians(rng.uniform(-30, -16))),
        clouds=float(rng.uniform(0, 0.4)),
        turbidity=3.0,
        moon_azimuth=float(rng.uniform(0, 2 * np.pi)),
        moon_elevation=float(np.radians(rng.uniform(25, 60))),
        moon=float(rng.uniform(0.6, 1.0)),
        exposure_stops=0.0,
    )
