"""The sky's radiance: air, haze, ozone, clouds, twilight and night, as maps of the whole sphere.

Single scattering by air and haze with ozone absorption (Nishita et al. 1993, "Display of the Earth taking into account
atmospheric scattering"; Bruneton & Neyret 2008 for the constants), plus an isotropic estimate of what is scattered more
than once. Clouds are a thin layer of fractal noise. Radiance is in kilocandela per square metre, linear RGB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from worldgen.conventions import F32, F64, Array

EARTH_M, TOP_M = 6_360_000.0, 6_420_000.0
RAYLEIGH = np.array([5.8e-6, 13.5e-6, 33.1e-6])  # scattering a metre at sea level, (R, G, B)
MIE = 4.0e-6  # haze scattering a metre at sea level, for each unit of turbidity above 1
OZONE = np.array([0.65e-6, 1.88e-6, 0.085e-6])  # absorption a metre at 25 km
RAYLEIGH_HEIGHT_M, MIE_HEIGHT_M = 8_000.0, 1_200.0
SUN_KLUX = np.array([133.0, 128.0, 124.0])  # above the air
MIE_FORWARD = 0.76
MAP_HEIGHT = 256
NIGHT = np.array([2.0e-5, 2.6e-5, 4.0e-5])  # kcd/m2: a moonless sky over a town
MOON_TINT = np.array([0.72, 0.92, 1.36])  # moonlight as film has it: bluer than it is
GROUND_ALBEDO = 0.22
ANCHOR_DEG, ANCHOR_TURBIDITY, ANCHOR_COLUMNS = 0.5, 0.5, 73
"""A sky that moves is mixed from maps that lie so far apart in sun elevation and turbidity."""


@dataclass(frozen=True)
class Air:
    """All that a map of the sky depends on; angles in radians, azimuths clockwise from north.

    turbidity, clouds: as in ``Sky``. moon: kilolux that the moon gives at the top of the air, 0 for none.
    town: light of a town below, 1 for a city. drift: (2,) how far the clouds have moved to east and north, in
    heights of theirs. moving: whether the map is one of many of a sky that changes: quick, mixed from anchors.
    """

    sun_azimuth: float
    sun_elevation: float
    turbidity: float
    clouds: float
    moon_azimuth: float = 0.0
    moon_elevation: float = 0.0
    moon: float = 0.0
    town: float = 0.0
    drift: tuple[float, float] = (0.0, 0.0)
    moving: bool = False


def direction(azimuth: float, elevation: float) -> F64:
    """(3,) unit, world, towards an azimuth (clockwise from +Y) and an elevation."""
    flat = np.cos(elevation)
    return np.array([flat * np.sin(azimuth), flat * np.cos(azimuth), np.sin(elevation)])


def sun_klux(elevation: float, turbidity: float) -> F64:
    """(3,) kilolux on a surface that faces the sun, below a cloudless sky.

    The disc takes half a degree to set; in the haze at the horizon it fades over a whole one.
    """
    t = np.clip((np.degrees(elevation) + 0.6) / 1.2, 0.0, 1.0)
    above = t * t * (3.0 - 2.0 * t)
    height = np.logaddexp(0.0, 3.0 * np.degrees(elevation)) / 3.0  # degrees, never below the horizon, without a kink
    depth = optical_depth(np.array([2.0]), np.array([np.sin(np.radians(height))]), turbidity)
    return np.asarray(SUN_KLUX * np.exp(-depth[0]) * above)


def veil(clouds: float) -> float:
    """What is left of sun and moon as the sky closes, 1 to 0."""
    return float(1.0 - np.clip((clouds - 0.5) / 0.45, 0.0, 1.0) ** 2)


@lru_cache(maxsize=24)
def sky_map(air: Air) -> F32:
    """(H, 2H, 3) float32 radiance of the whole sphere without the sun, kcd/m2; rows and columns as in ``Sky.map``."""
    azimuth = map_azimuth()
    elevation = np.maximum(map_elevation()[: MAP_HEIGHT // 2], np.radians(0.2))
    sun = direction(air.sun_azimuth, air.sun_elevation)
    if air.moving:
        clear = _between_anchors(air.sun_azimuth, air.sun_elevation, air.turbidity)
    else:
        clear = _clear_sky(sun, air.turbidity, elevation, azimuth)
    if air.sun_elevation < 0:
        clear = clear * _afterglow(air, elevation, azimuth)
    clear = clear + _twilight(air.sun_elevation, elevation)
    if air.moon > 0 or air.town > 0:
        clear = clear + _night(air, elevation, azimuth)
    upper = _with_clouds(air, clear, elevation, azimuth) + NIGHT
    solid = (np.cos(elevation) * np.sin(elevation))[:, None, None] * (np.pi / MAP_HEIGHT) ** 2
    sunlight = sun_klux(air.sun_elevation, air.turbidity) * veil(air.clouds)
    level = (upper * solid).sum((0, 1)) + sunlight * max(sun[2], 0.0)
    level = level + MOON_TINT * (air.moon * veil(air.clouds) * max(np.sin(air.moon_elevation), 0.0))
    ground = np.broadcast_to(GROUND_ALBEDO / np.pi * level, upper.shape)
    blend = np.clip(np.arange(MAP_HEIGHT // 2) / 6.0, 0.0, 1.0)[:, None, None]  # haze hides the horizon's edge
    lower = upper[-1:] * (1 - blend) + ground * blend
    return np.concatenate([upper, lower]).astype(np.float32)


def map_elevation() -> F64:
    """(H,) radians of each row of a map."""
    return np.pi / 2 - (np.arange(MAP_HEIGHT) + 0.5) / MAP_HEIGHT * np.pi


def map_azimuth() -> F64:
    """(2H,) radians of each column of a map."""
    return (np.arange(2 * MAP_HEIGHT) + 0.5) / (2 * MAP_HEIGHT) * 2 * np.pi


def _densities(height: Array) -> tuple[F64, F64, F64]:
    rayleigh = np.exp(-height / RAYLEIGH_HEIGHT_M)
    mie = np.exp(-height / MIE_HEIGHT_M)
    ozone = np.maximum(0.0, 1.0 - np.abs(height - 25_000.0) / 15_000.0)
    return rayleigh, mie, ozone


def _distance_to_top(height: Array, mu: Array) -> F64:
    r = EARTH_M + height
    return np.asarray(-r * mu + np.sqrt(np.maximum(r * r * (mu * mu - 1.0) + TOP_M * TOP_M, 0.0)), dtype=np.float64)


def optical_depth(height: F64, mu: F64, turbidity: float, steps: int = 32) -> F64:
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


def _clear_sky(sun: F64, turbidity: float, elevation: F64, azimuth: F64, steps: int = 24) -> F64:
    """(h, w, 3) kcd/m2 of the cloudless upper half. sun: (3,) unit, towards it."""
    mie_scatter = MIE * max(turbidity - 1.0, 0.0)
    table_h = np.linspace(0.0, 1.0, 40) ** 2 * 59_000.0
    table_mu = np.linspace(-0.35, 1.0, 128)
    grid_h, grid_mu = np.meshgrid(table_h, table_mu, indexing="ij")
    to_sun = np.exp(-optical_depth(grid_h.ravel(), grid_mu.ravel(), turbidity)).reshape(40, 128, 3)

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


def _between_anchors(sun_azimuth: float, sun_elevation: float, turbidity: float) -> F64:
    """The clear sky mixed from neighbours on a lattice of elevations and turbidities, turned to the sun's azimuth."""
    e, t = np.degrees(sun_elevation) / ANCHOR_DEG, turbidity / ANCHOR_TURBIDITY
    e0, t0 = np.floor(e), np.floor(t)
    half = np.zeros((MAP_HEIGHT // 2, ANCHOR_COLUMNS, 3), np.float32)
    for de, share_e in ((0, 1 - (e - e0)), (1, e - e0)):
        for dt, share_t in ((0, 1 - (t - t0)), (1, t - t0)):
            if share_e * share_t > 0:
                anchor = _anchor(round(e0 + de), round(t0 + dt))
                half = half + anchor * np.float32(share_e * share_t)
    away = np.abs((map_azimuth() - sun_azimuth + np.pi) % (2 * np.pi) - np.pi) / np.pi * (ANCHOR_COLUMNS - 1)
    low = np.minimum(away.astype(np.int64), ANCHOR_COLUMNS - 2)
    share = (away - low).astype(np.float32)[None, :, None]
    return np.asarray(half[:, low] * (1 - share) + half[:, low + 1] * share)


@lru_cache(maxsize=256)
def _anchor(elevation: int, turbidity: int) -> F32:
    """(h, w, 3) the clear sky from the sun's azimuth (first column) to the opposite one: a sky is symmetric."""
    sun = direction(0.0, np.radians(elevation * ANCHOR_DEG))
    rows = np.maximum(map_elevation()[: MAP_HEIGHT // 2], np.radians(0.2))
    columns = np.linspace(0.0, np.pi, ANCHOR_COLUMNS)
    return _clear_sky(sun, max(turbidity * ANCHOR_TURBIDITY, 1.0), rows, columns).astype(np.float32)


def _night(air: Air, elevation: F64, azimuth: F64) -> F64:
    """(h, w, 3) kcd/m2 of moonlit air, the moon's disc with its halo, and the glow of a town near the horizon.

    The disc is drawn twice as wide as it is, or it would fall between the pixels of the map.
    """
    low = np.exp(-np.sin(elevation) / 0.25)[:, None, None]
    glow = air.town * (low * np.array([2.6e-3, 1.9e-3, 2.1e-3]) + np.array([1.5e-4, 1.3e-4, 2.6e-4]))
    result = np.broadcast_to(glow, (len(elevation), len(azimuth), 3))
    if air.moon <= 0:
        return result
    moon = direction(air.moon_azimuth, air.moon_elevation)
    cosine = (
        np.cos(elevation)[:, None] * np.cos(azimuth - air.moon_azimuth) * np.cos(air.moon_elevation)
        + np.sin(elevation)[:, None] * moon[2]
    )
    apart = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    up = np.clip(np.degrees(air.moon_elevation) / 1.5, 0.0, 1.0)
    halo = (0.5 * np.exp(-apart / 3.0) + 0.09 * np.exp(-apart / 14.0))[..., None] * np.array([0.8, 0.92, 1.15])
    disc = (6.0 * np.clip(1.15 - apart, 0.0, 1.0))[..., None] * np.array([1.0, 0.97, 0.88])
    blue = (0.022 + 0.02 * low) * np.array([0.42, 0.72, 1.35])
    return np.asarray(result + air.moon * (blue + up * (0.3 * halo + disc)))


def _afterglow(air: Air, elevation: F64, azimuth: F64) -> F64:
    """(h, w, 3) what ozone leaves of light that comes grazing from below the horizon: blue, but for a warm rim.

    The three bands of ``OZONE`` see its absorption around 600 nm (Chappuis) in green alone, which would leave the blue
    hour pink.
    """
    t = np.clip(-np.degrees(air.sun_elevation) / 6.0, 0.0, 1.0)
    deep = t * t * (3.0 - 2.0 * t)
    rim = np.exp(-np.sin(elevation) / 0.13)[:, None] * (0.5 + 0.5 * np.cos(azimuth - air.sun_azimuth)) ** 2
    lost = deep * (1.0 - 0.8 * rim)[..., None] * np.array([1.75, 0.45, -0.1])
    return np.asarray(np.exp(-lost))


def _twilight(sun_elevation: float, elevation: F64) -> F64:
    """(h, 1, 3) kcd/m2 of blue multiply scattered light, which is what is left of day below the horizon.

    Its illuminance falls tenfold every 3 degrees from 0.6 klux at sunset, a fit to published civil twilight tables.
    """
    below = np.logaddexp(0.0, -2.0 * np.degrees(sun_elevation)) / 2.0  # degrees, softly 0 above the horizon
    klux = 0.6 * 10.0 ** (-below / 3.0)
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


def _with_clouds(air: Air, clear: F64, elevation: F64, azimuth: F64) -> F64:
    if air.clouds <= 0:
        return clear
    field = _cloud_field(air.drift)
    threshold = 0.80 - 0.62 * air.clouds
    closed = 3.0 * max(air.clouds - 0.9, 0.0)  # a closed sky has no holes
    cover = np.clip((field - threshold + closed) / 0.22, 0.0, 1.0)
    cover = cover * cover * (3 - 2 * cover) * np.clip(air.clouds * 3.0, 0.0, 1.0)
    towards_sun = np.clip(np.cos(elevation)[:, None] * np.cos(azimuth - air.sun_azimuth), 0.0, 1.0)
    depth = optical_depth(np.array([3000.0]), np.array([np.sin(air.sun_elevation) + 0.02]), air.turbidity)
    sunlight = SUN_KLUX * np.exp(-depth[0])
    # Inside a cloud light mixes with the sky's; from low down it only touches the rims, and keeps its colour.
    low = np.clip((8.0 - np.degrees(air.sun_elevation)) / 8.0, 0.0, 1.0)
    hue = 0.45 + 0.35 * low
    sunlight = (hue * sunlight + (1.0 - hue) * sunlight.mean()) * (1.0 - 0.5 * low)
    lit = sunlight * (0.10 + 0.16 * towards_sun**6)[..., None] + 0.8 * clear.mean((0, 1))
    lit = lit + air.town * np.array([1.5e-3, 1.05e-3, 1.2e-3])
    if air.moon > 0:
        towards_moon = np.clip(np.cos(elevation)[:, None] * np.cos(azimuth - air.moon_azimuth), 0.0, 1.0)
        lit = lit + air.moon * MOON_TINT * (0.05 + 0.12 * towards_moon**6)[..., None]
    body = lit * (1.0 - 0.45 * np.clip((field - threshold) / 0.5, 0.0, 1.0))[..., None]
    fade = np.clip(np.sin(elevation) / 0.07, 0.0, 1.0)[:, None]
    share = (cover * fade * 0.92)[..., None]
    return np.asarray(clear * (1 - share) + body * share)


@lru_cache(maxsize=4)
def _cloud_field(drift: tuple[float, float]) -> F64:
    """(h, w) fractal noise in about 0-1 on a flat layer above the viewer."""
    elevation = np.maximum(map_elevation()[: MAP_HEIGHT // 2], np.radians(0.2))
    azimuth = map_azimuth()
    flat = np.cos(elevation) / (np.sin(elevation) + 0.08)
    x, y = flat[:, None] * np.sin(azimuth) - drift[0], flat[:, None] * np.cos(azimuth) - drift[1]
    field = sum(_value_noise(x * 1.3 * 2.03**o, y * 2.1 * 2.03**o, o) * 0.53**o for o in range(6)) / 2.08
    return np.asarray(field)


@lru_cache(maxsize=8)
def _lattice(octave: int) -> F64:
    return np.random.default_rng(1009 + octave).random((256, 256))


def _value_noise(x: F64, y: F64, octave: int) -> F64:
    """Smooth noise in [0, 1] on a lattice that repeats every 256 cells."""
    table = _lattice(octave)
    x0, y0 = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = x - x0, y - y0
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    x0, x1, y0, y1 = x0 & 255, (x0 + 1) & 255, y0 & 255, (y0 + 1) & 255
    low = table[x0, y0] * (1 - fx) + table[x1, y0] * fx
    high = table[x0, y1] * (1 - fx) + table[x1, y1] * fx
    return np.asarray(low * (1 - fy) + high * fy)
