"""An edit said in pictures reaches the latents of any autoencoder, survives to the end, and leaves the rest alone."""

from __future__ import annotations

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan

from conditioning.codec import Codec, FrameLatents, Pixels, VideoLatents, through
from conditioning.sampler import sample, sigmas_of


def per_frame() -> tuple[Codec, torch.Tensor]:
    torch.manual_seed(0)
    vae = AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        layers_per_block=1,
    )
    return FrameLatents(vae.eval()), torch.randn(3, 4, 8, 8)


def video() -> tuple[Codec, torch.Tensor]:
    torch.manual_seed(0)
    vae = AutoencoderKLWan(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 2, 2, 2],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.1, -0.2, 0.3, 0.0],
        latents_std=[2.0, 1.5, 1.0, 3.0],
    )
    return VideoLatents(vae.eval()), torch.randn(1, 4, 3, 4, 4)


@pytest.mark.parametrize(("make", "frames"), [(per_frame, 3), (video, 9)])
def test_pictures_of_latents_have_the_shapes_of_latents_of_pictures(make, frames: int) -> None:
    codec, latents = make()
    pictures = codec.decode(latents)
    assert pictures.shape[:2] == (frames, 3)
    assert codec.encode(pictures).shape == latents.shape


@pytest.mark.parametrize("make", [per_frame, video])
def test_nothing_edited_nothing_changed(make) -> None:
    codec, latents = make()

    def leave(pictures: torch.Tensor, sigma: float) -> tuple[torch.Tensor, torch.Tensor]:
        return pictures, torch.ones_like(pictures[:, :1])

    assert through(codec, leave)(latents, 1.0) is latents


@pytest.mark.parametrize("make", [per_frame, video])
def test_an_edit_is_the_difference_of_encodings_and_survives_to_the_end(make) -> None:
    codec, latents = make()

    def brighter(pictures: torch.Tensor, sigma: float) -> tuple[torch.Tensor, torch.Tensor]:
        return pictures * 0.8 + 0.1, torch.ones_like(pictures[:, :1])

    before = codec.decode(latents)
    wanted = latents + codec.encode(brighter(before, 0)[0]) - codec.encode(before)
    made = sample(lambda x, sigma: latents, torch.randn_like(latents), sigmas_of(3), through(codec, brighter))
    assert float((wanted - latents).abs().max()) > 1e-3
    torch.testing.assert_close(made, wanted, atol=1e-5, rtol=0)


def test_latents_of_untouched_pictures_stay_bit_for_bit() -> None:
    codec, latents = per_frame()

    def corner(pictures: torch.Tensor, sigma: float) -> tuple[torch.Tensor, torch.Tensor]:
        changed = torch.zeros_like(pictures[:, :1])
        changed[1, :, :5, :4] = 1
        return pictures + changed, changed

    moved = (through(codec, corner)(latents, 1.0) - latents).abs().amax(1)
    assert moved[1, :3, :2].min() > 0
    moved[1, :3, :2] = 0
    assert not moved.any()


def test_a_latent_of_four_frames_moves_only_where_all_four_did() -> None:
    codec, latents = video()

    def some(pictures: torch.Tensor, sigma: float) -> tuple[torch.Tensor, torch.Tensor]:
        changed = torch.zeros_like(pictures[:, :1])
        changed[0, :, :8, :8] = 1  # latent 0: its only frame
        changed[1:4, :, :8, :8] = 1  # latent 1: three of four
        changed[5:9, :, 8:16, :8] = 1  # latent 2: all four
        return pictures + 0.5 * changed, changed

    moved = (through(codec, some)(latents, 1.0) - latents).abs().amax(1)[0]
    assert moved[0, 0, 0] > 0
    assert not moved[1].any()
    assert moved[2, 1, 0] > 0
    assert int((moved > 0).sum()) == 2


def test_pixels_are_themselves() -> None:
    pictures = torch.rand(2, 3, 4, 4)
    assert Pixels().encode(Pixels().decode(pictures)) is pictures
    made = through(Pixels(), lambda x, sigma: (x + 1, x[:, :1]))(pictures, 1.0)
    torch.testing.assert_close(made, pictures + 1)
