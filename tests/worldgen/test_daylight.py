"""Sun and moon stand where almanacs say; cities are found by their names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from worldgen.daylight import Place, cities, city, moon_position, sun_position


def test_the_sun_of_a_published_example() -> None:
    # Reda & Andreas 2008, NREL/TP-560-34302, table A5.1: zenith 50.11162, azimuth 194.34024 (with refraction 0.016).
    when = datetime(2003, 10, 17, 12, 30, 30, tzinfo=timezone(timedelta(hours=-7)))
    azimuth, elevation = sun_position(Place(39.742476, -105.1786), when)
    assert np.degrees(azimuth) == pytest.approx(194.34024, abs=0.1)
    assert np.degrees(elevation) == pytest.approx(90 - 50.11162, abs=0.1)


@pytest.mark.parametrize(
    ("latitude", "when", "elevation"),
    [
        (0.0, datetime(2024, 3, 20, 12, 7, tzinfo=UTC), 90.0),  # equinox of 2024-03-20 03:06 UT
        (23.44, datetime(2024, 6, 20, 12, 2, tzinfo=UTC), 90.0),  # the tropic at the solstice
        (90.0, datetime(2024, 6, 20, 20, 51, tzinfo=UTC), 23.44),  # the pole at the solstice
        (51.4779, datetime(2024, 12, 21, 11, 58, tzinfo=UTC), 90 - 51.4779 - 23.44),  # Greenwich, midwinter noon
    ],
)
def test_the_sun_at_solstices_and_equinoxes(latitude: float, when: datetime, elevation: float) -> None:
    assert np.degrees(sun_position(Place(latitude, 0.0), when)[1]) == pytest.approx(elevation, abs=0.35)


def test_the_sun_rises_in_the_east_and_sets_in_the_west() -> None:
    berlin = city("Berlin")
    morning, evening = (sun_position(berlin, berlin.clock(datetime(2026, 3, 20, hour))) for hour in (8, 17))
    assert 90 < np.degrees(morning[0]) < 130
    assert 230 < np.degrees(evening[0]) < 270


def test_the_clock_of_a_city_knows_summer_time() -> None:
    berlin = city("berlin")
    assert berlin.clock(datetime(2026, 6, 21, 12)).utcoffset() == timedelta(hours=2)
    assert berlin.clock(datetime(2026, 12, 21, 12)).utcoffset() == timedelta(hours=1)
    assert berlin.clock(datetime(2026, 6, 21, 12), 5.5).utcoffset() == timedelta(hours=5.5)
    assert Place(0.0, -75.0).clock(datetime(2026, 6, 21, 12)).utcoffset() == timedelta(hours=-5)


def test_cities_are_found_however_they_are_written() -> None:
    assert len(cities()) > 300
    assert city("New York") == city("new-york") == city("new_york")
    with pytest.raises(ValueError, match="did you mean `berlin`"):
        city("Berln")
    with pytest.raises(ValueError, match=r"write its latitude and longitude"):
        city("xxqqzz")


def test_the_moon_is_full_and_new_when_it_was() -> None:
    berlin = city("berlin")
    full = moon_position(berlin, datetime(2026, 1, 3, 22, tzinfo=UTC))  # full on 2026-01-03 10:03 UT
    new = moon_position(berlin, datetime(2026, 1, 18, 22, tzinfo=UTC))  # new on 2026-01-18 19:52 UT
    assert full.lit > 0.98
    assert full.elevation > np.radians(40)  # a winter's full moon stands high
    assert new.lit < 0.03
    assert new.elevation < 0  # it goes with the sun
