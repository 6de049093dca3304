"""Skies by name, and skies that change: from keys in time to the sky of any moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator

from worldgen.conventions import F64
from worldgen.daylight import Place, moon_position, sun_position
from worldgen.light import Sky

CLOUD_HEIGHT_M: Final = 1500.0
WIND_TO: Final = (0.94, 0.34)
"""East and a little north: where clouds go."""


def _sky(azimuth: float, elevation: float, turbidity: float, clouds: float) -> Sky:
    return Sky(float(np.radians(azimuth)), float(np.radians(elevation)), turbidity, clouds)


def _moonlit(sky: Sky, azimuth: float, elevation: float, lit: float) -> Sky:
    return replace(sky, moon_azimuth=float(np.radians(azimuth)), moon_elevation=float(np.radians(elevation)), moon=lit)


PRESETS: Final[Mapping[str, Sky]] = MappingProxyType(
    {
        "dawn": _sky(122, 0.8, 3.5, 0.3),
        "morning": _sky(130, 20, 3.0, 0.15),
        "noon": _sky(178, 58, 2.6, 0.14),
        "afternoon": _sky(232, 36, 3.0, 0.2),
        "golden-hour": _sky(218, 9, 4.5, 0.22),
        "sunset": _sky(232, 1.5, 4.5, 0.42),
        "dusk": _sky(236, -2.5, 3.5, 0.3),
        "blue-hour": _sky(241, -5.5, 2.5, 0.12),
        "night": _moonlit(_sky(330, -25, 3.0, 0.15), 215, 34, 0.45),
        "moonlight": _moonlit(_sky(340, -28, 2.2, 0.2), 222, 36, 1.0),
        "night-neon": replace(_sky(330, -28, 5.0, 0.6), town=1.0),
        "overcast": _sky(165, 42, 6.0, 1.0),
        "hazy": _sky(214, 30, 10.0, 0.1),
        "misty": replace(_sky(128, 14, 4.0, 0.1), fog=3.912 / 250.0, fog_height=20.0),
    }
)
"""Skies by the names that film makers give them; their suns stand as in winter, south-east before noon and south-west
after it, so that low light rakes along a street that runs north."""


@dataclass(frozen=True)
class SkyKey:
    """A sky at a moment of the scene. when, place: of the clock that it was read from, or both None."""

    time: float
    sky: Sky
    when: datetime | None = None
    place: Place | None = None


def at_clock(sky: Sky, place: Place, when: datetime) -> Sky:
    """``sky`` with sun and moon where they stand over ``place`` at ``when`` (with a zone)."""
    azimuth, elevation = sun_position(place, when)
    moon = moon_position(place, when)
    return replace(
        sky, sun_azimuth=azimuth, sun_elevation=elevation,
        moon_azimuth=moon.azimuth, moon_elevation=moon.elevation, moon=moon.lit,
    )  # fmt: skip


def sky_over_time(keys: Sequence[SkyKey], wind: float = 0.0) -> Callable[[float], Sky]:
    """Seconds to the sky: through ``keys`` (at least one, in order of time), smoothly, still before and after them.

    Where every key was read from a clock at one place, the clock runs on between them and the sun keeps to its true
    arc; else azimuth and elevation go the short way. wind: metres a second at the height of the clouds.
    """
    first = keys[0]
    times = [key.time for key in keys]
    table = np.array([_numbers(key.sky) for key in keys])
    for column in _AZIMUTHS:
        table[:, column] = np.unwrap(table[:, column])
    course = curve(times, table)
    place = first.place if all(key.place == first.place and key.when is not None for key in keys) else None
    clock = None
    if place is not None and first.when is not None:
        gone = [[(key.when - first.when).total_seconds()] for key in keys if key.when is not None]
        clock = curve(times, np.array(gone))

    def at(time: float) -> Sky:
        values = dict(zip(_FIELDS, course(time).tolist(), strict=True))
        metres = wind * time / CLOUD_HEIGHT_M
        sky = replace(first.sky, **values, drift=(WIND_TO[0] * metres, WIND_TO[1] * metres), moving=True)
        if clock is None or place is None or first.when is None:
            return sky
        return at_clock(sky, place, first.when + timedelta(seconds=float(clock(time)[0])))

    return at


_FIELDS: Final = (
    "sun_azimuth", "sun_elevation", "turbidity", "clouds", "exposure_stops",
    "moon_azimuth", "moon_elevation", "moon", "town", "fog", "fog_height",
)  # fmt: skip
_AZIMUTHS: Final = (_FIELDS.index("sun_azimuth"), _FIELDS.index("moon_azimuth"))


def _numbers(sky: Sky) -> list[float]:
    return [float(getattr(sky, name)) for name in _FIELDS]


def curve(times: Sequence[float], values: F64) -> Callable[[float], F64]:
    """Through (K, C) ``values`` without overshoot (Fritsch & Carlson 1980), constant outside of ``times``."""
    if len(times) == 1:
        return lambda time: values[0]
    through = PchipInterpolator(np.array(times), values, axis=0)
    return lambda time: np.asarray(through(min(max(time, times[0]), times[-1])), dtype=np.float64)
