"""The sky behaves like the sky: bright noons, red evenings, blue hours; prints stay inside the film's range."""

from __future__ import annotations

import itertools
from colorsys import rgb_to_hsv

import numpy as np
import pytest

from worldgen.light import Sky, black_body, film_curve, toned


def sky(elevation: float, **more: float) -> Sky:
    return Sky(sun_azimuth=np.radians(200), sun_elevation=np.radians(elevation), **more)


def test_noon_is_as_bright_as_noon() -> None:
    noon = sky(60)
    assert 80 < noon.sun_irradiance.mean() < 130  # kilolux
    assert 5 < noon.sky_irradiance.mean() < 25
    assert noon.sky_irradiance[2] > 1.5 * noon.sky_irradiance[0]  # blue


def test_a_low_sun_is_red_and_weak() -> None:
    low, high = sky(3).sun_irradiance, sky(50).sun_irradiance
    assert low.sum() < 0.5 * high.sum()
    assert low[0] / low[2] > 4 * high[0] / high[2]


def test_light_falls_through_dusk_without_a_jump() -> None:
    levels = [
        sky(e).sky_irradiance.mean() + max(sky(e).sun_direction[2], 0) * sky(e).sun_irradiance.mean()
        for e in range(5, -9, -1)
    ]
    assert all(b < a for a, b in itertools.pairwise(levels))
    assert levels[-1] > 0


def test_clouds_take_the_sun_and_grey_the_sky() -> None:
    clear, closed = sky(40), sky(40, clouds=1.0)
    assert closed.sun_irradiance.mean() < 0.05 * clear.sun_irradiance.mean()
    assert closed.sky_irradiance[2] / closed.sky_irradiance[0] < clear.sky_irradiance[2] / clear.sky_irradiance[0]


def test_radiance_reads_the_map_where_it_says() -> None:
    s = sky(20, clouds=0.5)
    height = s.map.shape[0]
    rows, columns = np.array([3, 100, 200]), np.array([5, 300, 511])
    elevation = np.pi / 2 - (rows + 0.5) / height * np.pi
    azimuth = (columns + 0.5) / (2 * height) * 2 * np.pi
    directions = np.stack(
        [np.cos(elevation) * np.sin(azimuth), np.cos(elevation) * np.cos(azimuth), np.sin(elevation)], axis=1
    )
    np.testing.assert_allclose(s.radiance(directions), s.map[rows, columns], rtol=1e-3)


def test_the_sky_is_brightest_towards_the_sun() -> None:
    s = sky(25)
    away = s.sun_direction * [-1, -1, 1]
    assert s.radiance(s.sun_direction[None]).sum() > 1.5 * s.radiance(away[None]).sum()


@pytest.mark.parametrize("elevation", [-4.0, 0.0, 8.0, 90.0])
def test_every_hour_prints(elevation: float) -> None:
    s = sky(elevation)
    assert np.isfinite(s.map).all()
    assert (s.map >= 0).all()
    level = max(s.sun_direction[2], 0) * s.sun_irradiance + s.sky_irradiance
    grey = s.display((0.3 * level / np.pi)[None].astype(np.float32))
    assert 0.1 < grey.mean() < 0.95


def test_a_stop_is_a_stop() -> None:
    assert sky(30, exposure_stops=1.0).exposure == pytest.approx(2 * sky(30).exposure)
    np.testing.assert_array_equal(sky(30, exposure_stops=1.0).map, sky(30).map)


def test_film_curve_rises_to_white() -> None:
    x = np.linspace(0, 40, 500)
    y = film_curve(np.stack([x, x, x], axis=-1))
    np.testing.assert_allclose(y, np.stack([toned(x)] * 3, axis=-1), atol=1e-6)  # a grey stays one
    assert (y[0] == 0).all()
    assert (np.diff(y[:, 0]) >= 0).all()
    assert 0.99 < y[-1, 0] < 1.0


def test_film_prints_middle_grey_as_it_says() -> None:
    assert toned(np.array([0.18]))[0] == pytest.approx(0.14, abs=1e-4)
    assert 0.98 < toned(np.array([0.18 * 2**7]))[0] < 0.995


@pytest.mark.parametrize("colour", [(1.0, 0.5, 0.3), (1.0, 0.1, 0.08), (0.1, 0.2, 1.0), (1.0, 0.8, 0.2)])
def test_bright_colours_pale_and_keep_their_hue(colour: tuple[float, float, float]) -> None:
    """Burning out, channel by channel, makes skin in the sun yellow; film lets it go pale."""
    light = np.array(colour) * np.array([0.5, 2.0, 8.0])[:, None]
    hues, pales = np.array([rgb_to_hsv(*map(float, c))[:2] for c in film_curve(light)]).T
    alone, _ = np.array([rgb_to_hsv(*map(float, c))[:2] for c in toned(light)]).T
    assert (np.diff(pales) < 0).all()
    drift, drift_alone = np.ptp(360 * hues), np.ptp(360 * alone)
    assert drift < 0.85 * drift_alone
    assert drift < 18.0


def test_film_cuts_what_no_display_shows() -> None:
    dark = film_curve(np.array([[0.05, 0.0, 0.0], [0.0, 0.0, 0.05]]))
    assert (dark >= 0).all()
    assert dark[0, 0] > 0
    assert dark[1, 2] > 0


def test_black_bodies_redden_as_they_cool() -> None:
    warm, cold = black_body(2400), black_body(9000)
    assert warm[0] > warm[1] > warm[2]
    assert cold[2] > cold[0]
    assert warm.mean() == pytest.approx(1.0)
