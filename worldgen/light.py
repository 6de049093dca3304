"""Sun, sky and lamps.

Light is photometric, in linear RGB: irradiance in kilolux, radiance in kilocandela per square metre, intensity in
kilocandela. A noon sun gives about 100, a clear sky about 15, a street lamp about 0.02 at its foot.

The sky is single scattering by air and haze with ozone absorption (Nishita et al. 1993, "Display of the Earth taking
into account atmospheric scattering"; Bruneton & Neyret 2008 for the constants), plus an isotropic estimate of what
is scattered more than once. Clouds are a thin layer of fractal noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from worldgen.conventions import F32, F64, Array, srgb_from_linear, unit

EARTH_M, TOP_M = 6_360_000.0, 6_420_000.0
RAYLEIGH = np.array([5.8e-6, 13.5e-6, 33.1e-6])  # scattering a metre at sea level, (R, G, B)
MIE = 4.0e-6  # haze scattering a metre at sea level, for each unit of turbidity above 1
OZONE = np.array([0.65e-6, 1.88e-6, 0.085e-6])  # absorption a metre at 25 km
RAYLEIGH_HEIGHT_M, MIE_HEIGHT_M = 8_000.0, 1_200.0
SUN_KLUX = np.array([133.0, 128.0, 124.0])  # above the air
SUN_RADIUS = np.radians(0.2665)
MIE_FORWARD = 0.76
NIGHT = np.array([2.0e-5, 2.6e-5, 4.0e-5])  # kcd/m2: a moonless sky over a town
GROUND_ALBEDO = 0.22
MAP_HEIGHT = 256


@dataclass(frozen=True)
class Lamp:
    """A small round light.

    name: unique in the world. position: (3,) world metres. intensity: (3,) linear RGB, kilocandela (a street lamp:
    about 0.5). reach_m: metres beyond which it is ignored. radius_m: of the glowing ball.
    """

    name: str
    position: tuple[float, float, float]
    intensity: tuple[float, float, float]
    reach_m: float = 15.0
    radius_m: float = 0.1


@dataclass(frozen=True)
class Sky:
    """The sun and the air.

    sun_azimuth: radians clockwise from north (+Y) seen from above. sun_elevation: radians above the horizon.
    turbidity: 1 pure air, 3 clear, 6 hazy. clouds: share of the sky covered, 0-1. exposure_stops: brightens (+) or
    darkens (-) the picture against what the light itself suggests.
    """

    sun_azimuth: float = 3.5
    sun_elevation: float = 0.7
    turbidity: float = 3.0
    clouds: float = 0.0
    exposure_stops: float = 0.0

    @cached_property
    def sun_direction(self) -> F64:
        """(3,) unit, world, towards the sun."""
        flat = np.cos(self.sun_elevation)
        return np.array([flat * np.sin(self.sun_azimuth), flat * np.cos(self.sun_azimuth), np.sin(self.sun_elevation)])

    @cached_property
    def sun_irradiance(self) -> F64:
        """(3,) kilolux on a surface that faces the sun; clouds cover it as the sky closes."""
        veil = 1.0 - np.clip((self.clouds - 0.5) / 0.45, 0.0, 1.0) ** 2
        above = np.clip((np.degrees(self.sun_elevation) + 0.27) / 0.54, 0.0, 1.0)
        depth = _optical_depth(np.array([2.0]), np.array([max(np.sin(self.sun_elevation), 0.0)]), self.turbidity)
        return SUN_KLUX * np.exp(-depth[0]) * (above * veil)

    @cached_property
    def map(self) -> F32:
        """(H, 2H, 3) float32 radiance of the whole sphere without the sun, kcd/m2.

        Row 0 looks straight up, the last row down; column c looks to azimuth ``2 pi (c + 0.5) / 2H``.
        """
        return _sky_map(replace(self, exposure_stops=0.0))

    @cached_property
    def sky_irradiance(self) -> F64:
        """(3,) kilolux of the sky alone on level ground."""
        elevation = _map_elevation()[: MAP_HEIGHT // 2]
        solid = np.cos(elevation) * (np.pi / MAP_HEIGHT) ** 2
        weight = (solid * np.sin(elevation))[:, None, None]
        return (self.map[: MAP_HEIGHT // 2] * weight).sum((0, 1)).astype(np.float64)

    @cached_property
    def exposure(self) -> float:
        """Display value for each kcd/m2, from the light that falls on walls and ground (never below lamp light).

        Dark scenes are printed darker than day, as film does: only 0.88 of each stop lost is given back.
        """
        key = 0.25 * self.sun_irradiance.mean() + 0.8 * self.sky_irradiance.mean() + 0.012
        return float(4.4 / key * min(key / 20.0, 1.0) ** 0.12 * 2.0**self.exposure_stops)

    def radiance(self, directions: Array) -> F32:
        """(N, 3) float32 kcd/m2 of the sky (no sun disc) towards world ``directions (N, 3)``, bilinear."""
        d = unit(directions)
        row = (np.pi / 2 - np.arcsin(np.clip(d[:, 2], -1.0, 1.0))) / np.pi * MAP_HEIGHT - 0.5
        column = np.arctan2(d[:, 0], d[:, 1]) / (2 * np.pi) * 2 * MAP_HEIGHT - 0.5
        r0, c0 = np.floor(row).astype(np.int64), np.floor(column).astype(np.int64)
        fr, fc = (row - r0)[:, None].astype(np.float32), (column - c0)[:, None].astype(np.float32)
        rows = [np.clip(r0, 0, MAP_HEIGHT - 1), np.clip(r0 + 1, 0, MAP_HEIGHT - 1)]
        columns = [c0 % (2 * MAP_HEIGHT), (c0 + 1) % (2 * MAP_HEIGHT)]
        top = self.map[rows[0], columns[0]] * (1 - fc) + self.map[rows[0], columns[1]] * fc
        bottom = self.map[rows[1], columns[0]] * (1 - fc) + self.map[rows[1], columns[1]] * fc
        return np.asarray(top * (1 - fr) + bottom * fr, dtype=np.float32)

    def display(self, radiance: Array) -> F32:
        """sRGB-encoded display values in [0, 1] of linear radiance ``(..., 3)`` kcd/m2: exposure, then film curve."""
        return srgb_from_linear(film_curve(np.asarray(radiance, dtype=np.float32) * np.float32(self.exposure)))


def film_curve(exposed: Array) -> F32:
    """A filmic tone curve, per channel (Narkowicz 2015, fit to the ACES reference rendering), [0, inf) to [0, 1)."""
    x = 0.6 * np.maximum(exposed, 0.0)
    return np.asarray(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), dtype=np.float32).clip(0.0, 1.0)


def black_body(kelvin: float) -> F64:
    """(3,) linear RGB of a black body, mean 1 (Planck's law at 611, 549 and 464 nm, the sRGB primaries' hues)."""
    wavelength = np.array([611e-9, 549e-9, 464e-9])
    spectrum = wavelength**-5 / np.expm1(1.4388e-2 / (wavelength * kelvin))
    white = wavelength**-5 / np.expm1(1.4388e-2 / (wavelength * 6500.0))
    colour: F64 = spectrum / white
    return colour / colour.mean()


def _map_elevation() -> F64:
    return np.pi / 2 - (np.arange(MAP_HEIGHT) + 0.5) / MAP_HEIGHT * np.pi


def _densities(height: Array) -> tuple[F64, F64, F64]:
    rayleigh = np.exp(-height / RAYLEIGH_HEIGHT_M)
    mie = np.exp(-height / MIE_HEIGHT_M)
    ozone = np.maximum(0.0, 1.0 - np.abs(height - 25_000.0) / 15_000.0)
    return rayleigh, mie, ozone


def _distance_to_top(height: Array, mu: Array) -> F64:
    r = EARTH_M + height
    return np.asarray(-r * mu + np.sqrt(np.maximum(r * r * (mu * mu - 1.0) + TOP_M * TOP_M, 0.0)), dtype=np.float64)


def _optical_depth(height: F64, mu: F64, turbidity: float, steps: int = 32) -> F64:
    """(N, 3) optical depth from ``height (N,)`` metres out of the air at zenith cosine ``mu (N,)``."""
    length = _distance_to_top(height, mu)
    t = (np.arange(steps) + 0.5) / steps
    t = length[:, None] * t**2  # denser near the start, where the air is
    dt = np.diff(np.concatenate([length[:, None] * (np.arange(steps + 1) / steps)[None] ** 2], axis=1), axis=1)
    r = EARTH_M + height[:, None]
    h = np.sqrt(r * r + t * t + 2 * r * t * mu[:, None]) - EARTH_M
    rayleigh, mie, ozone = ((density * dt).sum(1)[:, None] for density in _densities(np.maximum(h, 0.0)))
    depth = rayleigh * RAYLEIGH + mie * (MIE * max(turbidity - 1.0, 0.0) * 1.1) + ozone * OZONE
    underground = np.clip(-h.min(1) / 4_000.0, 0.0, 1.0)[:, None]  # the earth's shadow, its edge softened by refraction
    return np.asarray(depth + 60.0 * underground, dtype=np.float64)


@lru_cache(maxsize=16)
def _sky_map(sky: Sky) -> F32:
    azimuth = (np.arange(2 * MAP_HEIGHT) + 0.5) / (2 * MAP_HEIGHT) * 2 * np.pi
    elevation = np.maximum(_map_elevation()[: MAP_HEIGHT // 2], np.radians(0.2))
    clear = _clear_sky(sky, elevation, azimuth)
    upper = _with_clouds(sky, clear + _twilight(sky, elevation), elevation, azimuth) + NIGHT
    solid = (np.cos(elevation) * np.sin(elevation))[:, None, None] * (np.pi / MAP_HEIGHT) ** 2
    level = (upper * solid).sum((0, 1)) + sky.sun_irradiance * max(sky.sun_direction[2], 0.0)
    ground = np.broadcast_to(GROUND_ALBEDO / np.pi * level, upper.shape)
    blend = np.clip(np.arange(MAP_HEIGHT // 2) / 6.0, 0.0, 1.0)[:, None, None]  # haze hides the horizon's edge
    lower = upper[-1:] * (1 - blend) + ground * blend
    return np.concatenate([upper, lower]).astype(np.float32)


def _clear_sky(sky: Sky, elevation: F64, azimuth: F64, steps: int = 24) -> F64:
    """(h, w, 3) kcd/m2 of the cloudless upper half."""
    sun = sky.sun_direction
    mie_scatter = MIE * max(sky.turbidity - 1.0, 0.0)
    table_h = np.linspace(0.0, 1.0, 40) ** 2 * 59_000.0
    table_mu = np.linspace(-0.35, 1.0, 128)
    grid_h, grid_mu = np.meshgrid(table_h, table_mu, indexing="ij")
    to_sun = np.exp(-_optical_depth(grid_h.ravel(), grid_mu.ravel(), sky.turbidity)).reshape(40, 128, 3)

    mu = np.sin(elevation)
    length = _distance_to_top(np.zeros_like(mu), mu)
    edges = length[:, None] * (np.arange(steps + 1) / steps)[None] ** 2
    t, dt = 0.5 * (edges[:, 1:] + edges[:, :-1]), np.diff(edges, axis=1)
    height = np.sqrt(EARTH_M**2 + t * t + 2 * EARTH_M * t * mu[:, None]) - EARTH_M
    rayleigh, mie, ozone = _densities(height)  # (h, steps)
    extinction = rayleigh[..., None] * RAYLEIGH + (mie * mie_scatter * 1.1)[..., None] + ozone[..., None] * OZONE
    path = np.cumsum(extinction * dt[..., None], axis=1) - 0.5 * extinction * dt[..., None]
    seen = np.exp(-path)  # (h, steps, 3)

    view = np.stack(
        [
            np.cos(elevation)[:, None] * np.sin(azimuth),
            np.cos(elevation)[:, None] * np.cos(azimuth),
            np.broadcast_to(np.sin(elevation)[:, None], (len(elevation), len(azimuth))),
        ],
        axis=-1,
    )
    cosine = view @ sun  # (h, w)
    phase_r = 3 / (16 * np.pi) * (1 + cosine**2)
    g = MIE_FORWARD
    phase_m = (1 - g * g) / (4 * np.pi * (1 + g * g - 2 * g * cosine) ** 1.5)
    result = np.zeros((*cosine.shape, 3))
    for k in range(steps):
        r = EARTH_M + height[:, k]
        mu_sun = (EARTH_M * sun[2] + t[:, k, None] * cosine) / r[:, None]
        row = np.sqrt(np.clip(height[:, k] / 59_000.0, 0.0, 1.0)) * 39
        column = np.clip((mu_sun + 0.35) / 1.35, 0.0, 1.0) * 127
        lit = _lookup(to_sun, np.broadcast_to(row[:, None], column.shape), column)
        in_r = (rayleigh[:, k] * dt[:, k])[:, None, None] * RAYLEIGH
        in_m = (mie[:, k] * dt[:, k] * mie_scatter)[:, None, None]
        scattered = in_r * phase_r[..., None] + in_m * phase_m[..., None]
        again = (in_r + in_m) * (0.55 / (4 * np.pi))  # light that reached the air by another scattering
        result += lit * seen[:, k, None] * (scattered + again) * SUN_KLUX
    return result


def _twilight(sky: Sky, elevation: F64) -> F64:
    """(h, 1, 3) kcd/m2 of blue multiply scattered light, which is what is left of day below the horizon.

    Its illuminance falls tenfold every 3 degrees from 0.6 klux at sunset, a fit to published civil twilight tables.
    """
    klux = 0.6 * 10.0 ** (np.minimum(np.degrees(sky.sun_elevation), 0.0) / 3.0)
    towards_horizon = np.exp(-np.sin(elevation) / 0.3)[:, None, None]
    colour = np.array([0.36, 0.60, 1.15]) * (1 - towards_horizon) + np.array([1.0, 0.95, 1.1]) * towards_horizon
    return np.asarray(klux / np.pi * colour)


def _lookup(table: F64, row: F64, column: F64) -> F64:
    r0 = np.minimum(row.astype(np.int64), table.shape[0] - 2)
    c0 = np.minimum(column.astype(np.int64), table.shape[1] - 2)
    fr, fc = (row - r0)[..., None], (column - c0)[..., None]
    top = table[r0, c0] * (1 - fc) + table[r0, c0 + 1] * fc
    bottom = table[r0 + 1, c0] * (1 - fc) + table[r0 + 1, c0 + 1] * fc
    return np.asarray(top * (1 - fr) + bottom * fr)


def _with_clouds(sky: Sky, clear: F64, elevation: F64, azimuth: F64) -> F64:
    if sky.clouds <= 0:
        return clear
    flat = np.cos(elevation) / (np.sin(elevation) + 0.08)
    x, y = flat[:, None] * np.sin(azimuth), flat[:, None] * np.cos(azimuth)
    field = sum(_value_noise(x * 1.3 * 2.03**o, y * 2.1 * 2.03**o, o) * 0.53**o for o in range(6)) / 2.08
    threshold = 0.80 - 0.62 * sky.clouds
    cover = np.clip((np.asarray(field) - threshold) / 0.22, 0.0, 1.0)
    cover = cover * cover * (3 - 2 * cover) * np.clip(sky.clouds * 3.0, 0.0, 1.0)
    towards_sun = np.clip(np.cos(elevation)[:, None] * np.cos(azimuth - sky.sun_azimuth), 0.0, 1.0)
    depth = _optical_depth(np.array([3000.0]), np.array([sky.sun_direction[2] + 0.02]), sky.turbidity)
    sunlight = SUN_KLUX * np.exp(-depth[0])
    sunlight = 0.45 * sunlight + 0.55 * sunlight.mean()  # inside a cloud light mixes with the sky's
    lit = sunlight * (0.10 + 0.16 * towards_sun**6)[..., None] + 0.8 * clear.mean((0, 1))
    body = lit * (1.0 - 0.45 * np.clip((np.asarray(field) - threshold) / 0.5, 0.0, 1.0))[..., None]
    fade = np.clip(np.sin(elevation) / 0.07, 0.0, 1.0)[:, None]
    share = (cover * fade * 0.92)[..., None]
    return np.asarray(clear * (1 - share) + body * share)


def _value_noise(x: F64, y: F64, octave: int) -> F64:
    """Smooth noise in [0, 1] on a lattice that repeats every 256 cells."""
    table = np.random.default_rng(1009 + octave).random((256, 256))
    x0, y0 = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = x - x0, y - y0
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    x0, x1, y0, y1 = x0 & 255, (x0 + 1) & 255, y0 & 255, (y0 + 1) & 255
    low = table[x0, y0] * (1 - fx) + table[x1, y0] * fx
    high = table[x0, y1] * (1 - fx) + table[x1, y1] * fx
    return np.asarray(low * (1 - fy) + high * fy)
