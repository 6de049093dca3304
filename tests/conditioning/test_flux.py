"""FLUX.1 Depth: the real pipeline with tiny random weights, from a scene file to frames."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from conditioning.codec import FrameLatents
from conditioning.conditions import Control
from conditioning.metrics import e_warp
from conditioning.models import flux
from conditioning.models.family import Fitted, Loading, fitted
from conditioning.models.flux import FLUX_DEPTH, FluxDenoiser, Packed
from conditioning.paint import PaintSettings, paint_clip
from render.correspondence import correspond
from render.raster import Rasterizer

pytest.importorskip("transformers", reason="text encoders are transformers'")

from tests.conditioning import tiny_images
from tests.conditioning.image_told import frames, leave, plain, told


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny weights as `setpiece models get` would have put them."""
    place = tmp_path_factory.mktemp("flux")
    tiny_images.flux().save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def model(folder: Path) -> FluxDenoiser:
    loaded = fitted(FLUX_DEPTH, Loading(folder)).model
    assert isinstance(loaded, FluxDenoiser)
    return loaded


def codec_of(model: FluxDenoiser) -> Packed:
    return Packed(FrameLatents(model.pipe.vae), 4, 6)


def test_a_scene_file_becomes_frames_that_agree(model: FluxDenoiser, rasterizer: Rasterizer, tmp_path: Path) -> None:
    shot = told(tmp_path, rasterizer, FLUX_DEPTH, ("depth",))
    settings = PaintSettings(2, replace(FLUX_DEPTH.guidance, every=4, release=0.0))
    painter = Fitted(FLUX_DEPTH, model)
    film = paint_clip(shot.frames, painter, settings, shot.telling)
    assert film.shape == (5, 56, 96, 3)
    assert film.std() > 0.02
    alone = paint_clip(shot.frames, painter, replace(settings, guidance=None), shot.telling)
    seen = [correspond(shot.frames[k].geometry, shot.frames[k - 1].geometry) for k in range(1, 5)]
    steady, wild = (np.mean([e_warp(f[k], f[k - 1], seen[k - 1]) for k in range(1, 5)]) for f in (film, alone))
    assert steady < wild


def test_latents_are_packed_as_the_pipeline_packs_them(model: FluxDenoiser) -> None:
    codec, latents = codec_of(model), torch.randn(2, 4, 4, 6)
    packed = model.pipe._pack_latents(latents, 2, 4, 4, 6)
    assert torch.equal(codec.packed(latents), packed)
    assert torch.equal(codec.unpacked(packed), latents)
    assert torch.equal(model.pipe._unpack_latents(packed, 32, 48, 8), latents)
    changed = torch.zeros(2, 1, 32, 48)
    changed[1, :, 8:16, 40:48] = 1
    assert torch.equal(
        codec.unpacked(codec.cells(changed))[1, 2], torch.eye(6)[5].expand(4, 6) * torch.eye(4)[1][:, None]
    )
    assert not codec.cells(changed)[0].any()


def test_depth_arrives_beside_the_noise(model: FluxDenoiser) -> None:
    """Channel by channel: first the noise of the world, then the encoded depth picture; and the scale of guidance."""
    given, noise = plain(2, 32, 48, ("depth",)), torch.randn(2, 4, 4, 6)
    calls: list[dict[str, Any]] = []
    hook = model.pipe.transformer.register_forward_pre_hook(
        lambda _, inputs, named: calls.append(named), with_kwargs=True
    )
    model.paint(frames(2, 32, 48), replace(given, noise=lambda channels, cell: noise), 1, leave)
    hook.remove()
    read, codec = calls[0]["hidden_states"], codec_of(model)
    torch.testing.assert_close(read[..., :16], codec.packed(noise))
    torch.testing.assert_close(read[..., 16:], codec.encode(given.controls["depth"].pictures))
    assert calls[0]["guidance"].tolist() == [10.0, 10.0]


@pytest.mark.parametrize("steps", [1, 4])
def test_an_edit_of_clean_latents_is_the_result(
    model: FluxDenoiser, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = torch.randn(2, 6, 16)
    monkeypatch.setattr(flux, "through", lambda codec, edit: lambda x0, sigma: wanted)
    made = model.paint(frames(2, 32, 48), plain(2, 32, 48, ("depth",)), steps, leave)
    torch.testing.assert_close(made, codec_of(model).decode(wanted), atol=1e-4, rtol=0)


def test_an_edit_said_in_pictures_is_found_in_them(model: FluxDenoiser) -> None:
    """Of one corner of one picture; elsewhere, nothing moves."""
    last: list[Tensor] = []

    def corner(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        last[:] = [pictures.clone()]
        changed = torch.zeros_like(pictures[:, :1])
        changed[1, :, :16, :24] = 1
        return pictures + changed * (0.25 - pictures), changed

    made = model.paint(frames(2, 32, 48), plain(2, 32, 48, ("depth",)), 3, corner)
    torch.testing.assert_close(made[1, :, :16, :24], torch.full((3, 16, 24), 0.25), atol=2e-3, rtol=0)
    rest = last[0]
    rest[1, :, :16, :24] = made[1, :, :16, :24]
    torch.testing.assert_close(made, rest, atol=2e-3, rtol=0)


def test_it_goes_on_from_a_film(model: FluxDenoiser) -> None:
    noise, film = torch.randn(2, 4, 4, 6), torch.rand(2, 3, 32, 48) * 2 - 1
    given = replace(plain(2, 32, 48, ("depth",)), noise=lambda channels, cell: noise, film=film, strength=0.5)
    calls: list[dict[str, Any]] = []
    hook = model.pipe.transformer.register_forward_pre_hook(
        lambda _, inputs, named: calls.append(named), with_kwargs=True
    )
    model.paint(frames(2, 32, 48), given, 4, leave)
    hook.remove()
    codec, sigma = codec_of(model), float(calls[0]["timestep"][0])
    assert len(calls) == 2
    assert 0.2 < sigma < 0.9
    expected = (1 - sigma) * codec.encode(film) + sigma * codec.packed(noise)
    torch.testing.assert_close(calls[0]["hidden_states"][..., :16], expected, atol=1e-5, rtol=0)
    assert torch.equal(model.paint(frames(2, 32, 48), replace(given, strength=0.0), 4, leave), film)


def test_prompts_change_the_picture_and_nothing_else_does(model: FluxDenoiser) -> None:
    given = plain(1, 32, 48, ("depth",))
    base, again, other = (
        model.paint(frames(1, 32, 48), replace(given, prompts=(words,)), 1, leave)
        for words in ("rain", "rain", "night")
    )
    assert torch.equal(base, again)
    assert float((base - other).abs().max()) > 1e-4


def test_half_precision_and_odd_sizes(folder: Path) -> None:
    loaded = fitted(FLUX_DEPTH, Loading(folder, dtype=torch.bfloat16))
    made = loaded.paint(frames(1, 45, 61), plain(1, 45, 61, ("depth",)), 2, leave)
    assert made.shape == (1, 3, 45, 61)
    assert made.dtype == torch.float32
    assert made.isfinite().all()


def test_what_cannot_be_is_one_sentence(folder: Path, model: FluxDenoiser, tmp_path: Path) -> None:
    given = plain(1, 32, 48, ("depth",))
    weak = replace(given, controls={"depth": Control(given.controls["depth"].pictures, torch.tensor([0.5]))})
    for wrong in (weak, replace(given, controls={})):
        with pytest.raises(ValueError, match="flux-depth follows depth at strength 1 and cannot follow it less"):
            model.paint(frames(1, 32, 48), wrong, 1, leave)
    with pytest.raises(ValueError, match="flux-depth takes no reference pictures"):
        model.paint(frames(1, 32, 48), replace(given, references=(torch.zeros(3, 8, 8),)), 1, leave)
    with pytest.raises(ValueError, match="flux-depth knows no negative prompt"):
        model.paint(frames(1, 32, 48), replace(given, negative="rain"), 1, leave)
    copy = tmp_path / "weights"
    shutil.copytree(folder, copy)
    shutil.rmtree(copy / "transformer")
    with pytest.raises(
        ValueError, match=r"the weights of flux-depth in .* cannot be read .*: run `setpiece models get"
    ):
        FLUX_DEPTH.load(Loading(copy))
