"""Warps: exact where they can be, honest where they cannot."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from render.correspondence import Correspondence, FrameGeometry, correspond
from render.passes import Passes
from render.warp import warp, warped

KERNELS = ["bilinear", "bicubic", "lanczos"]


def towards(xy):
    xy = np.asarray(xy, np.float32)
    return Correspondence(xy, np.ones(xy.shape[:2], bool), np.ones(xy.shape[:2], np.float32))


def centres(width, height):
    return np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), -1)


def noise(height=40, width=60, channels=3):
    return np.random.default_rng(0).random((height, width, channels), dtype=np.float32)


@pytest.mark.parametrize("mode", KERNELS)
@pytest.mark.parametrize("channels", [1, 3, 8])
def test_identity_and_whole_pixel_shifts_are_exact(mode, channels):
    image = noise(channels=channels)
    np.testing.assert_array_equal(warp(image, towards(centres(60, 40)), mode), image)
    shifted = warp(image, towards(centres(60, 40) + np.array([7, -3])), mode)
    np.testing.assert_array_equal(shifted[3:, :-7], image[:-3, 7:])


@pytest.mark.parametrize("mode", KERNELS)
def test_a_constant_stays_constant_and_borders_repeat(mode):
    xy = np.random.default_rng(1).uniform(-20, 80, (30, 30, 2))
    np.testing.assert_allclose(warp(np.full((40, 60, 2), 0.7, np.float32), towards(xy), mode), 0.7, atol=1e-5)
    far = warp(noise(), towards(np.full((2, 2, 2), [500.0, 10.5])), mode)
    np.testing.assert_allclose(far, np.broadcast_to(noise()[10, -1], far.shape), atol=1e-5)


@pytest.mark.parametrize("mode", KERNELS)
def test_a_ramp_is_reproduced_between_pixels(mode):
    ramp = (centres(60, 40) @ [[2.0], [-1.0]]).astype(np.float32)
    xy = np.random.default_rng(2).uniform(6, 34, (25, 25, 2))
    np.testing.assert_allclose(
        warp(ramp, towards(xy), mode), xy @ [[2.0], [-1.0]], atol=0.07 if mode == "lanczos" else 1e-3
    )


def test_half_way_between_pixels():
    image = noise()
    half = warp(image, towards(centres(60, 40) + np.array([0.5, 0])), "bilinear")
    np.testing.assert_allclose(half[:, :-1], (image[:, 1:] + image[:, :-1]) / 2, atol=1e-6)
    half = warp(image, towards(centres(60, 40) + np.array([0.5, 0])), "bicubic")
    inner = (9 * (image[:, 1:-2] + image[:, 2:-1]) - image[:, :-3] - image[:, 3:]) / 16
    np.testing.assert_allclose(half[:, 1:-2], inner, atol=1e-6)


def test_sharper_kernels_lose_less():
    x = centres(64, 64)
    waves = (np.sin(x[..., :1] * 1.5) + np.sin(x[..., 1:] * 1.2)).astype(np.float32)
    expected = np.sin((x[..., :1] + 0.37) * 1.5) + np.sin((x[..., 1:] + 0.62) * 1.2)
    xy = towards(x + np.array([0.37, 0.62]))
    loss = [np.abs(warp(waves, xy, mode) - expected)[4:-4, 4:-4].mean() for mode in KERNELS]
    assert loss[0] > 1.5 * loss[1] > 2 * loss[2]


def test_a_painted_world_looks_the_same_from_elsewhere(make, rays):
    world, frames, colours = make.lively(), [], []
    for time, eye in ((0.0, [0, -6, 2.2]), (0.5, [0.7, -5.8, 2.0])):
        snapshot, camera = world.at(time), make.camera(eye, [0.5, 0, 0.8], 128, 96)
        gbuffer = rays.rasterize(snapshot, camera)
        frames.append(FrameGeometry.of(snapshot, camera, gbuffer))
        colours.append(np.sin(Passes(snapshot, camera, gbuffer).rest_position * 2))
    found = correspond(*frames)
    sure = found.visible & (found.confidence > 0.1) & (frames[0].thing > 0).numpy().reshape(96, 128)
    error = np.abs(warp(colours[1], found) - colours[0]).mean(-1)
    assert sure.mean() > 0.4
    assert np.median(error[sure]) < 0.01
    assert np.median(np.abs(colours[1] - colours[0]).mean(-1)[sure]) > 0.1


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match=r"must be \(H, W, C\), not \(4, 5\)"):
        warp(np.zeros((4, 5), np.float32), towards(centres(5, 4)))
    with pytest.raises(ValueError, match="'nearest' is not a kernel: choose one of bilinear, bicubic, lanczos"):
        warp(noise(), towards(centres(5, 4)), "nearest")


@pytest.mark.parametrize("mode", KERNELS)
def test_many_pictures_at_once_are_as_one_by_one(mode):
    random = np.random.default_rng(3)
    pictures = torch.from_numpy(random.random((3, 2, 17, 23), dtype=np.float32))
    places = torch.from_numpy(random.uniform(-4, 30, (3, 2, 9, 11)).astype(np.float32))
    many = warped(pictures, places, mode)
    assert many.shape == (3, 2, 9, 11)
    for one, picture, place in zip(many, pictures, places, strict=True):
        assert torch.equal(one, warped(picture, place, mode))
        seen = towards(np.moveaxis(place.numpy(), 0, -1))
        np.testing.assert_array_equal(warp(picture.permute(1, 2, 0).numpy(), seen, mode), one.permute(1, 2, 0))


def test_bilinear_is_that_of_torch():
    picture, place = torch.from_numpy(noise().transpose(2, 0, 1).copy()), torch.rand(2, 30, 30) * 80 - 10
    grid = place.permute(1, 2, 0) * 2 / torch.tensor([60, 40]) - 1
    theirs = torch.nn.functional.grid_sample(picture[None], grid[None], padding_mode="border", align_corners=False)
    np.testing.assert_allclose(warped(picture, place, "bilinear"), theirs[0], atol=1e-4)


def test_places_must_fit_the_pictures():
    for picture, place in (((3, 4, 5), (3, 4, 5)), ((2, 3, 4, 5), (1, 2, 4, 5)), ((4, 5), (2, 4, 5))):
        with pytest.raises(ValueError, match=r"cannot be sampled at places .*: write \(C, H, W\) and \(2, H, W\)"):
            warped(torch.zeros(picture), torch.zeros(place))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("mode", KERNELS)
def test_on_a_gpu_as_on_the_cpu(mode):
    pictures, places = torch.rand(2, 3, 40, 60), torch.rand(2, 2, 30, 30) * 80 - 10
    there = warped(pictures.cuda(), places.cuda(), mode)
    assert there.is_cuda
    np.testing.assert_allclose(there.cpu(), warped(pictures, places, mode), atol=1e-4)
