"""Where sun and moon stand over a place at an hour; cities by their names. The astronomy is the library astral's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from astral import Observer, geocoder, moon, sun

from worldgen.errors import nearest

SYNODIC_DAYS = 28.0
"""How long ``astral`` says that a lunation takes, new moon to new moon."""


@dataclass(frozen=True)
class Place:
    """A place on earth. latitude, longitude: degrees, north and east positive. zone: of its clocks, or None."""

    latitude: float
    longitude: float
    zone: str | None = None

    def clock(self, when: datetime, utc_offset: float | None = None) -> datetime:
        """``when``, which says no zone, on the clocks here: ``utc_offset`` hours, the zone's, or the sun's own hour."""
        if utc_offset is None and self.zone is not None:
            return when.replace(tzinfo=ZoneInfo(self.zone))
        hours = round(self.longitude / 15.0) if utc_offset is None else utc_offset
        return when.replace(tzinfo=timezone(timedelta(hours=hours)))


@dataclass(frozen=True)
class MoonAt:
    """The moon as seen from a place: radians clockwise from north, radians up, share of its disc that is lit."""

    azimuth: float
    elevation: float
    lit: float


@lru_cache(maxsize=1)
def cities() -> dict[str, Place]:
    """Every known city by its name in small letters, words joined by hyphens ("new-york")."""
    known: dict[str, Place] = {}
    for city in sorted(geocoder.all_locations(geocoder.database()), key=lambda c: (c.name, c.region)):
        place = Place(float(city.latitude), float(city.longitude), city.timezone)
        known.setdefault(_form(city.name), place)
    return known


def city(name: str) -> Place:
    """The city called ``name``, however its words are joined. Errors: ``ValueError``, one sentence."""
    known = cities()
    place = known.get(_form(name))
    if place is None:
        near = nearest(_form(name), known)
        hint = f"did you mean `{near}`?" if near else "write its latitude and longitude, like `[52.5, 13.4]`"
        raise ValueError(f"`{name}` is not a city that is known here: {hint}")
    return place


def _form(name: str) -> str:
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").replace(".", "").split())


def sun_position(place: Place, when: datetime) -> tuple[float, float]:
    """Azimuth, radians clockwise from north, and true elevation (no refraction), radians, at ``when`` (with a zone)."""
    observer = Observer(place.latitude, place.longitude)
    azimuth = sun.azimuth(observer, when)
    elevation = sun.elevation(observer, when, with_refraction=False)
    return float(np.radians(azimuth)), float(np.radians(elevation))


def moon_position(place: Place, when: datetime) -> MoonAt:
    """The moon at ``when`` (with a zone)."""
    observer = Observer(place.latitude, place.longitude)
    azimuth, elevation = moon.azimuth(observer, when), moon.elevation(observer, when)
    age = float(moon.phase(when.date())) / SYNODIC_DAYS
    return MoonAt(float(np.radians(azimuth)), float(np.radians(elevation)), float(0.5 - 0.5 * np.cos(2 * np.pi * age)))
