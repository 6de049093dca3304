"""CogVideoX-Fun-Control with tiny random networks of the real classes: what goes in, what edits do, what comes out."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

pytest.importorskip("transformers", reason="text encoders need transformers")

from conditioning.conditions import Conditions, Control
from conditioning.models.cogvideox import COGVIDEOX_FUN, CogVideoDenoiser
from conditioning.models.family import Fitted, Loading, fitted, snapped
from tests.conditioning import tiny_video as tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    there = tmp_path_factory.mktemp("cogvideox")
    tiny.cogvideox().save_pretrained(there)
    return there


@pytest.fixture(scope="module")
def model(folder: Path) -> CogVideoDenoiser:
    return COGVIDEOX_FUN.load(Loading(folder))  # type: ignore[return-value]


def told(count: int = 9, height: int = 32, width: int = 48, **more: Any) -> Conditions:
    return Conditions(
        width=width,
        height=height,
        prompts=("a wet street",) * count,
        negative="blurry",
        controls={"depth": Control(tiny.film(count, height, width), torch.ones(count))},
        **more,
    )


@pytest.mark.parametrize("count", [1, 9, 17])
def test_pictures_of_latents_and_latents_of_pictures(model: CogVideoDenoiser, count: int) -> None:
    latents = model.codec.encode(tiny.film(count, 32, 48))
    assert latents.shape == (1, (count - 1) // 4 + 1, 4, 4, 6)
    assert model.codec.decode(latents).shape == (count, 3, 32, 48)


def test_the_frame_rule_is_what_the_autoencoder_gives_back(model: CogVideoDenoiser) -> None:
    """Of 5 frames it would make 8: only 8n + 1 come back as they went in."""
    for asked in range(1, 18):
        count = COGVIDEOX_FUN.frames.fitting(asked)
        assert len(model.codec.decode(model.codec.encode(tiny.film(count, 16, 16)))) == count


def test_control_latents_arrive_beside_the_noise_scaled_frame_by_frame(model: CogVideoDenoiser) -> None:
    strength = torch.tensor([0.5, 1, 1, 1, 1, 0, 0, 0.5, 0.5])
    noise = torch.randn(9, 4, 4, 6)
    conditions = told(noise=lambda channels, cell: noise)
    conditions.controls["depth"].strength.copy_(strength)
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(9, 32, 48), conditions, 3, tiny.leave)
    assert len(calls) == 3
    seen = calls[0]["hidden_states"]
    assert seen.shape == (2, 3, 8, 4, 6)  # without and with the words
    torch.testing.assert_close(seen[:, :, :4], noise[[0, 3, 7]][None].expand(2, -1, -1, -1, -1))
    wanted = model.codec.encode(conditions.controls["depth"].pictures)
    for latent, share in enumerate([0.5, 1.0, 0.25]):
        torch.testing.assert_close(seen[1, latent, 4:], share * wanted[0, latent], atol=1e-5, rtol=1e-5)
    words = calls[0]["encoder_hidden_states"]
    assert not torch.equal(words[0], words[1])


def test_without_a_control_the_network_is_told_of_none(model: CogVideoDenoiser) -> None:
    with tiny.watched(model.pipe.transformer) as calls:
        made = model.paint(tiny.frames(9, 32, 48), Conditions(width=48, height=32), 1, tiny.leave)
    assert made.shape == (9, 3, 32, 48)
    assert not calls[0]["hidden_states"][:, :, 4:].any()


def test_an_edit_of_the_clean_prediction_comes_out_exactly(model: CogVideoDenoiser, monkeypatch) -> None:
    codec = tiny.Recorded(model.codec)
    monkeypatch.setattr(model, "codec", codec)
    wanted = tiny.film(9, 32, 48, seed=5)
    changed = torch.zeros(9, 1, 32, 48)
    changed[0, :, :16] = 1  # latent 0: its only frame
    changed[1:4, :, 16:] = 1  # latent 1: three of its four frames, which is not enough
    changed[5:9, :, :, :24] = 1  # latent 2: all four
    levels: list[float] = []

    def edit(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        levels.append(sigma)
        return wanted, changed

    made = model.paint(tiny.frames(9, 32, 48), told(), 4, edit)
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == 1.0
    *_, before, after = codec.latents
    moved = torch.zeros(1, 3, 1, 4, 6)
    moved[:, 0, :, :2] = moved[:, 2, :, :, :3] = 1
    expected = before + moved * (model.codec.encode(wanted) - model.codec.encode(codec.codec.decode(before)))
    assert float((expected - before).abs().max()) > 0.05
    torch.testing.assert_close(after, expected, atol=1e-4, rtol=0)
    torch.testing.assert_close(made, codec.codec.decode(expected), atol=1e-3, rtol=0)


def test_a_film_is_painted_over_from_its_own_noise_level(model: CogVideoDenoiser) -> None:
    film = tiny.film(9, 32, 48, seed=3)
    noise = torch.randn(9, 4, 4, 6, generator=torch.Generator().manual_seed(1))
    begun = told(film=film, strength=0.5, noise=lambda channels, cell: noise)
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(9, 32, 48), begun, 4, tiny.leave)
    assert len(calls) == 2
    kept = float(model.pipe.scheduler.alphas_cumprod[int(calls[0]["timestep"][0])])
    wanted = kept**0.5 * model.codec.encode(film) + (1 - kept) ** 0.5 * noise[[0, 3, 7]][None]
    torch.testing.assert_close(calls[0]["hidden_states"][:1, :, :4], wanted, atol=1e-5, rtol=1e-5)
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(9, 32, 48), told(), 4, tiny.leave)
    assert len(calls) == 4


def test_the_same_call_gives_the_same_pictures_and_other_seeds_others(model: CogVideoDenoiser) -> None:
    first, again = (model.paint(tiny.frames(1, 16, 16), told(1, 16, 16, seed=4), 2, tiny.leave) for _ in range(2))
    assert torch.equal(first, again)
    other = model.paint(tiny.frames(1, 16, 16), told(1, 16, 16, seed=5), 2, tiny.leave)
    assert float((first - other).abs().mean()) > 1e-3


def test_odd_sizes_and_counts_are_fitted_and_cut(model: CogVideoDenoiser) -> None:
    assert snapped(COGVIDEOX_FUN, 161, 95, 13) == snapped(COGVIDEOX_FUN, 176, 96, 17)
    made = Fitted(COGVIDEOX_FUN, model).paint(tiny.frames(3, 31, 45), told(3, 31, 45), 1, tiny.leave)
    assert made.shape == (3, 3, 31, 45)
    assert made.dtype == torch.float32
    with pytest.raises(ValueError, match="at most 49 frames at once, not 50"):
        snapped(COGVIDEOX_FUN, 64, 64, 50)


def test_two_controls_at_once_are_refused(model: CogVideoDenoiser) -> None:
    both = told()
    two = replace(both, controls={**both.controls, "edges": both.controls["depth"]})
    with pytest.raises(ValueError, match="takes one control at a time, not depth, edges"):
        model.paint(tiny.frames(9, 32, 48), two, 1, tiny.leave)


def test_missing_and_broken_weights_are_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="setpiece models get cogvideox-fun-5b"):
        fitted(COGVIDEOX_FUN, Loading(tmp_path / "nothing"))
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "transformer" / "config.json").unlink()
    with pytest.raises(ValueError, match="cannot be read"):
        fitted(COGVIDEOX_FUN, Loading(broken))


def test_it_runs_in_bfloat16_with_its_autoencoder_in_float32(folder: Path) -> None:
    model = COGVIDEOX_FUN.load(Loading(folder, dtype=torch.bfloat16))
    made = model.paint(tiny.frames(9, 32, 48), told(), 2, tiny.leave)
    assert made.shape == (9, 3, 32, 48)
    assert made.dtype == torch.float32
    assert bool(made.isfinite().all())
