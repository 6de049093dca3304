"""Sun, sky, moon and lamps.

Light is photometric, in linear RGB: irradiance in kilolux, radiance in kilocandela per square metre, intensity in
kilocandela. A noon sun gives about 100, a clear sky about 15, a street lamp about 0.02 at its foot.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from worldgen.atmosphere import MAP_HEIGHT, MOON_TINT, Air, direction, map_elevation, sky_map, sun_klux, veil
from worldgen.conventions import F32, F64, Array, srgb_from_linear, unit

__all__ = [
    "FILM_CONTRAST", "FILM_HALF", "FILM_INSET", "FILM_OUTSET", "MAP_HEIGHT", "SUN_RADIUS", "Lamp", "Sky", "black_body",
    "film_curve", "toned",
]  # fmt: skip

SUN_RADIUS = np.radians(0.2665)
MOON_KLUX: Final = 0.016
"""Of a full moon high up. A true one gives 0.00025; night on film has always been lit about so much brighter."""

FILM_CONTRAST: Final = 1.4
"""Slope of the tone curve in its dark end, stops of print for each stop of light."""

FILM_HALF: Final = 0.18 * (0.86 / 0.14) ** (1.0 / FILM_CONTRAST)
"""The exposure that is printed half as bright as white, linear."""

FILM_INSET: Final = 0.20
FILM_OUTSET: Final = 0.16
"""How far colours are drawn towards grey before the tone curve, and how much of that is undone after it."""


@dataclass(frozen=True)
class Lamp:
    """A small round light, or a spot light.

    name: unique in the world. position: (3,) world metres. intensity: (3,) linear RGB, kilocandela (a street lamp:
    about 0.5); of a spot light, in the middle of its beam. reach_m: metres beyond which it is ignored. radius_m: of the
    glowing ball. direction: (3,) unit, world, where a spot light points; None for one that shines to all sides.
    cone: radians from the middle of the beam to where it is dark. soft: share of ``cone`` over which it fades out.
    """

    name: str
    position: tuple[float, float, float]
    intensity: tuple[float, float, float]
    reach_m: float = 30.0
    radius_m: float = 0.1
    direction: tuple[float, float, float] | None = None
    cone: float = 0.6
    soft: float = 0.5

    def beam(self, away: F32) -> F32:
        """(N,) share of ``intensity`` that goes along unit vectors ``away (N, 3)`` from the lamp: 1 inside the beam.

        Between ``cone * (1 - soft)`` and ``cone`` the cosine is faded by a Hermite step.
        """
        if self.direction is None:
            return np.ones(len(away), np.float32)
        cosine = away @ np.asarray(self.direction, np.float32)
        dark, full = np.cos(self.cone), np.cos(self.cone * (1.0 - min(self.soft, 1.0)))
        t = np.clip((cosine - dark) / max(full - dark, 1e-6), 0.0, 1.0)
        return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)


@dataclass(frozen=True)
class Sky:
    """The sun, the moon and the air.

    sun_azimuth: radians clockwise from north (+Y) seen from above. sun_elevation: radians above the horizon.
    turbidity: 1 pure air, 3 clear, 6 hazy. clouds: share of the sky covered, 0-1. exposure_stops: brightens (+) or
    darkens (-) the picture against what the light itself suggests. moon_azimuth, moon_elevation: radians, like the
    sun's. moon: share of its disc that is lit, 0 for no moon; it lights the night only. town: the glow of a town in the
    sky, 1 for a city. drift: how far the clouds have moved to east and north, in heights of theirs. moving: whether it
    is one of many skies of a time lapse: its map is then mixed from anchors, at a tenth of the cost. fog: light that a
    metre of air at height 0 scatters out of its way (extinction, 1/m), 0 for clear air. fog_height: metres over which
    it thins to 1/e.
    """

    sun_azimuth: float = 3.5
    sun_elevation: float = 0.7
    turbidity: float = 3.0
    clouds: float = 0.0
    exposure_stops: float = 0.0
    moon_azimuth: float = 0.0
    moon_elevation: float = 0.6
    moon: float = 0.0
    town: float = 0.0
    drift: tuple[float, float] = (0.0, 0.0)
    moving: bool = False
    fog: float = 0.0
    fog_height: float = 30.0

    @cached_property
    def moonlight(self) -> float:
        """Kilolux of the moon on a surface that faces it, below a cloudless sky; none before the sun is gone."""
        dark = np.clip((-np.degrees(self.sun_elevation) - 0.6) / 4.0, 0.0, 1.0)
        up = np.clip(np.degrees(self.moon_elevation) / 4.0, 0.0, 1.0)
        # A half moon gives a tenth of a full one (Lane & Irvine 1973); film is kinder.
        return float(MOON_KLUX * np.clip(self.moon, 0.0, 1.0) ** 1.5 * dark * dark * (3 - 2 * dark) * up)

    @cached_property
    def sun_direction(self) -> F64:
        """(3,) unit, world, towards what casts the shadows: the sun, or the moon when it shines."""
        if self.moonlight > 0:
            return direction(self.moon_azimuth, self.moon_elevation)
        return direction(self.sun_azimuth, self.sun_elevation)

    @cached_property
    def sun_irradiance(self) -> F64:
        """(3,) kilolux of sun or moon on a surface that faces it; clouds cover it as the sky closes."""
        if self.moonlight > 0:
            return np.asarray(MOON_TINT * (self.moonlight * veil(self.clouds)))
        return np.asarray(sun_klux(self.sun_elevation, self.turbidity) * veil(self.clouds))

    @cached_property
    def map(self) -> F32:
        """(H, 2H, 3) float32 radiance of the whole sphere without the sun, kcd/m2.

        Row 0 looks straight up, the last row down; column c looks to azimuth ``2 pi (c + 0.5) / 2H``.
        """
        air = Air(self.sun_azimuth, self.sun_elevation, self.turbidity, self.clouds, self.moon_azimuth,
                  self.moon_elevation, self.moonlight, self.town, self.drift, self.moving)  # fmt: skip
        return sky_map(air)

    @cached_property
    def sky_irradiance(self) -> F64:
        """(3,) kilolux of the sky alone on level ground."""
        elevation = map_elevation()[: MAP_HEIGHT // 2]
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
    """How film prints linear light ``(..., 3)``, [0, inf) to linear display values [0, 1): greys as :func:`toned`.

    The curve is applied in wider primaries, from which its colours come back by less than they went (the way of AgX,
    Sobotka 2022): bright colours pale as they burn out, instead of turning yellow, cyan or magenta as their channels
    reach white one after the other. Colours beyond the display's are cut.
    """
    light = np.asarray(exposed, dtype=np.float32)
    print_ = toned(_paled(light, FILM_INSET))
    return np.asarray(_paled(print_, 1.0 - 1.0 / (1.0 - FILM_OUTSET)).clip(0.0, 1.0), dtype=np.float32)


def toned(exposed: Array) -> F32:
    """The tone curve of a grey, [0, inf) to [0, 1): log-logistic, as film and eyes answer light (Naka & Rushton 1966).

    Middle grey 0.18 is printed 0.14; bright things have seven stops above that before they are within 1.5 % of white.
    """
    power = (np.maximum(exposed, 0.0) * np.float32(1.0 / FILM_HALF)) ** np.float32(FILM_CONTRAST)
    return np.asarray(power / (1.0 + power), dtype=np.float32)


def _paled(colour: F32, share: float) -> F32:
    """``share`` of the way to the mean of its channels; away from it when negative."""
    return colour @ ((1.0 - share) * np.eye(3) + share / 3.0).astype(np.float32)


def black_body(kelvin: float) -> F64:
    """(3,) linear RGB of a black body, mean 1 (Planck's law at 611, 549 and 464 nm, the sRGB primaries' hues)."""
    wavelength = np.array([611e-9, 549e-9, 464e-9])
    spectrum = wavelength**-5 / np.expm1(1.4388e-2 / (wavelength * kelvin))
    white = wavelength**-5 / np.expm1(1.4388e-2 / (wavelength * 6500.0))
    colour: F64 = spectrum / white
    return colour / colour.mean()
