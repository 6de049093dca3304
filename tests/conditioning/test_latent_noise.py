"""Latent noise of the world: white, of unit variance, carried by surfaces, and of one frame for every latent."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from conditioning.frames import Frame, FrameMaker
from conditioning.latent_noise import in_time, latent_noise, pooled
from render.raster import Rasterizer
from worldgen.world import Shot, World


@pytest.fixture(scope="module")
def frames(world: World, shot: Shot, rasterizer: Rasterizer) -> list[Frame]:
    return list(FrameMaker(world, shot, rasterizer, seed=5).frames([0, 1, 4, 8]))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_it_is_white_and_of_unit_variance(frames: list[Frame], gamma: float) -> None:
    noise = latent_noise(frames, 5, gamma)(16, 8)
    assert noise.shape == (4, 16, 6, 12)
    assert noise.dtype == torch.float32
    assert float(noise.mean()) == pytest.approx(0, abs=0.05)
    assert float(noise.var()) == pytest.approx(1, abs=0.08)
    across = float((noise[..., 1:] * noise[..., :-1]).mean())
    channels = float((noise[:, 1:] * noise[:, :-1]).mean())
    assert abs(across) < 0.06
    assert abs(channels) < 0.06


def test_surfaces_carry_it_and_gamma_is_what_is_new(frames: list[Frame]) -> None:
    """From one frame to the next the camera moves a pixel or so: most of a cell's pixels are the same points."""

    def alike(noise: torch.Tensor, j: int) -> float:
        return float(np.corrcoef(noise[0].flatten(), noise[j].flatten())[0, 1])

    shared, mixed, own = (latent_noise(frames, 5, gamma)(16, 8) for gamma in (0.0, 0.5, 1.0))
    assert alike(shared, 1) > 0.25
    assert alike(shared, 3) < alike(shared, 1)
    assert 0.3 * alike(shared, 1) < alike(mixed, 1) < 0.7 * alike(shared, 1)
    assert abs(alike(own, 1)) < 0.1


def test_it_is_the_seeds_and_does_not_depend_on_which_others_are_asked(frames: list[Frame]) -> None:
    noise = latent_noise(frames, 5, 0.3)(4, 8)
    assert torch.equal(latent_noise(frames[2:], 5, 0.3)(4, 8), noise[2:])
    assert float((latent_noise(frames, 6, 0.3)(4, 8) - noise).abs().mean()) > 0.5


def test_pooling_keeps_variance_and_drops_what_is_no_whole_cell() -> None:
    white = torch.randn(4, 243, 325, generator=torch.Generator().manual_seed(1))
    small = pooled(white, 8)
    assert small.shape == (4, 30, 40)
    assert float(small.var()) == pytest.approx(1, abs=0.07)


def test_a_latent_takes_the_noise_of_one_of_its_frames() -> None:
    noise = torch.arange(9.0)[:, None]
    assert in_time(noise, 4).flatten().tolist() == [0, 3, 7]
    assert in_time(noise[:1], 4).flatten().tolist() == [0]
    assert in_time(noise, 1).flatten().tolist() == list(range(9))


def test_a_picture_smaller_than_a_cell_has_no_cells() -> None:
    assert pooled(torch.randn(4, 30, 70), 32).shape == (4, 0, 2)
