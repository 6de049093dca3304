"""Glare takes nothing away and adds nothing, reaches far and falls off, and steps do not show in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from render.glare import BRIGHTEST, MIST, scattered
from render.raster import open_rasterizer
from render.shade import Shader
from worldgen.camera import CameraTrack
from worldgen.conventions import F32
from worldgen.light import Sky
from worldgen.world import Shot, World


def lamp(row: int = 96, column: int = 160, radiance: float = 20.0) -> F32:
    picture = np.zeros((192, 320, 3), np.float32)
    picture[row - 2 : row + 2, column - 2 : column + 2] = radiance
    return picture


def test_light_is_moved_and_neither_made_nor_lost() -> None:
    before, after = lamp(), scattered(lamp(), 1.0, 0.1)
    assert after.sum() == pytest.approx(before.sum(), rel=0.02)
    assert after[96, 160, 0] < before[96, 160, 0]
    grey = np.full((90, 160, 3), 0.3, np.float32)
    np.testing.assert_allclose(scattered(grey, 1.0, 0.2), grey, rtol=1e-5)


def test_it_falls_off_with_the_square_of_the_distance() -> None:
    veil = scattered(lamp(), 1.0, 0.1)[..., 0]
    near, far = veil[96, 160 + 12], veil[96, 160 + 48]
    assert 8 < near / far < 32  # 16
    around = [veil[96, 190], veil[96, 129], veil[126, 160], veil[65, 160]]
    assert max(around) < 1.25 * min(around)


def test_what_moves_by_a_pixel_does_not_flicker() -> None:
    """Boxes instead of the binomial filter give five times as much."""
    films = [scattered(lamp(column=160 + k), 1.0, 0.1) for k in range(8)]
    followed = np.stack([film[96, 140 + k : 180 + k, 0] for k, film in enumerate(films)])
    outside = np.abs(np.arange(40) - 20) > 4
    assert (followed.std(0) / followed.mean(0))[outside].max() < 0.12


@pytest.mark.parametrize("size", [(1, 1), (4, 9), (5, 700), (37, 23)])
def test_pictures_of_any_size(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).random((*size, 3)).astype(np.float32)
    after = scattered(picture, 1.0, 0.3)
    assert after.shape == picture.shape
    assert np.isfinite(after).all()
    assert scattered(picture, 1.0, 0.0) is picture


def test_a_glint_counts_no_more_than_the_brightest() -> None:
    glint, bright = scattered(lamp(radiance=1e6), 1.0, 0.1), scattered(lamp(radiance=BRIGHTEST), 1.0, 0.1)
    np.testing.assert_allclose(glint[40], bright[40], rtol=1e-5)
    assert glint[96, 160, 0] > 9e5
    np.testing.assert_allclose(2.0 * scattered(lamp(), 1.0, 0.1), scattered(2.0 * lamp(), 0.5, 0.1), rtol=1e-5)


def test_a_shot_is_seen_through_its_filter() -> None:
    poses, K = np.tile(np.eye(4), (1, 1, 1)), np.array([[[40.0, 0, 32], [0, 40.0, 18], [0, 0, 1]]])
    track = CameraTrack(poses, K, 64, 36, np.full(1, 5.0), np.full(1, 8.0), mist=1.0)
    world, raster = World((), Sky(sun_elevation=0.3)), open_rasterizer()
    pictures = []
    for mist in (0.0, 0.125, 1.0):
        shot = Shot("a", replace(track, mist=mist), 24)
        shading = Shader.of(world, shot, raster).shade(world.at(0), track[0])
        pictures.append(shading.proxy)
        through = scattered(shading.radiance, shading.sky.exposure, MIST * mist)
        np.testing.assert_array_equal(shading.proxy, shading.sky.display(through))
    assert np.abs(pictures[2] - pictures[0]).max() > np.abs(pictures[1] - pictures[0]).max() > 0
