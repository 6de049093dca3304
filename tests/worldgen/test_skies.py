"""Skies by name are as bright as their names, and skies that change change smoothly."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest

from worldgen.daylight import city, sun_position
from worldgen.light import Sky
from worldgen.skies import PRESETS, SkyKey, at_clock, sky_over_time


def level(sky: Sky) -> float:
    """Kilolux on level ground."""
    return float((sky.sky_irradiance + sky.sun_irradiance * max(sky.sun_direction[2], 0.0)).mean())


def shown(sky: Sky) -> np.ndarray:
    return sky.display(sky.map[::8, ::8])


def test_presets_are_ordered_in_brightness() -> None:
    names = ["noon", "golden-hour", "sunset", "dusk", "blue-hour", "moonlight", "night"]
    levels = [level(PRESETS[name]) for name in names]
    assert all(brighter > 1.15 * darker for brighter, darker in pairwise(levels))


def test_presets_have_their_colours() -> None:
    blue = PRESETS["blue-hour"].sky_irradiance
    assert blue[2] > 1.5 * blue[0]
    gold = PRESETS["golden-hour"].sun_irradiance
    assert gold[0] > 2 * gold[2]
    grey = PRESETS["overcast"]
    assert grey.sun_irradiance.max() == 0
    assert grey.sky_irradiance.max() < 1.3 * grey.sky_irradiance.min()


def test_the_moon_lights_the_night_and_only_the_night() -> None:
    night = PRESETS["moonlight"]
    assert night.sun_irradiance[2] > night.sun_irradiance[0] > 0
    np.testing.assert_allclose(night.radiance(night.sun_direction[None])[0].argmax(), 0, atol=2)
    disc, beside = (night.radiance((night.sun_direction + offset)[None]).mean() for offset in ([0, 0, 0], [0.2, 0, 0]))
    assert disc > 10 * beside
    by_day = replace(night, sun_elevation=0.5)
    assert by_day.moonlight == 0
    assert by_day.sun_direction[2] == pytest.approx(np.sin(0.5))


def test_a_town_glows_at_the_horizon() -> None:
    neon = PRESETS["night-neon"]
    low, high = neon.radiance(np.array([[0, 1.0, 0.12], [0, 0.1, 1.0]]))
    assert low.mean() > 2 * high.mean()
    assert level(neon) > 3 * level(replace(neon, town=0.0))


def test_a_moving_sky_changes_little_from_frame_to_frame() -> None:
    sky = sky_over_time([SkyKey(0.0, PRESETS["golden-hour"]), SkyKey(8.0, PRESETS["blue-hour"])])
    for moment in (1.0, 4.8, 5.4, 7.7):  # high sun, sunset, and twilight: 1.7 degrees a second
        frames = [sky(moment + k / 24) for k in range(6)]
        steps = [shown(b) - shown(a) for a, b in pairwise(frames)]
        assert max(np.abs(step).mean() for step in steps) < 0.018
        assert max(np.abs(step).max() for step in steps) < 0.06
        # Nothing pops: what a frame changes is like what the one before it changed.
        assert max(np.abs(b - a).mean() for a, b in pairwise(steps)) < 0.004
        assert all(abs(np.log2(b.exposure / a.exposure)) < 0.15 for a, b in pairwise(frames))


def test_a_moving_sky_looks_like_the_still_one() -> None:
    sky = sky_over_time([SkyKey(0.0, PRESETS["afternoon"]), SkyKey(8.0, PRESETS["sunset"])])(5.1)
    exact = replace(sky, moving=False)
    assert sky.moving
    assert np.abs(shown(sky) - shown(exact)).mean() < 0.004


def test_the_sun_keeps_to_its_true_arc() -> None:
    tokyo = city("tokyo")
    first, last = (tokyo.clock(datetime(2026, 4, 1, hour)) for hour in (6, 18))
    keys = [SkyKey(0.0, at_clock(Sky(), tokyo, first), first, tokyo), SkyKey(12.0, Sky(), last, tokyo)]
    noon = sky_over_time(keys)(6.0)
    azimuth, elevation = sun_position(tokyo, tokyo.clock(datetime(2026, 4, 1, 12)))
    assert (noon.sun_azimuth, noon.sun_elevation) == pytest.approx((azimuth, elevation), abs=1e-6)
    assert np.degrees(noon.sun_elevation) > 55  # a straight line between the keys would stay low


def test_azimuths_go_the_short_way_and_times_outside_hold() -> None:
    a, b = (Sky(sun_azimuth=float(np.radians(deg))) for deg in (350, 20))
    sky = sky_over_time([SkyKey(1.0, a), SkyKey(3.0, b)])
    assert np.degrees(sky(2.0).sun_azimuth) % 360 == pytest.approx(5.0)
    assert sky(0.0).sun_azimuth == sky(1.0).sun_azimuth
    assert sky(9.0).sun_azimuth == sky(3.0).sun_azimuth


def test_clouds_drift_with_the_wind() -> None:
    cloudy = replace(PRESETS["noon"], clouds=0.5)
    sky = sky_over_time([SkyKey(0.0, cloudy)], wind=30.0)
    assert sky(0.0).drift == (0.0, 0.0)
    near = np.abs(shown(sky(1 / 24)) - shown(sky(0.0))).mean()
    far = np.abs(shown(sky(20.0)) - shown(sky(0.0))).mean()
    assert 0 < near < 0.02
    assert far > 5 * near
