"""LTX-2 in context with tiny random networks of the real classes: what goes in, what edits do, what comes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

pytest.importorskip("transformers", reason="text encoders need transformers")
pytest.importorskip("peft", reason="adapters need peft")

from conditioning.conditions import Conditions, Control, Known
from conditioning.models.family import Fitted, Loading, Snapped, fitted, snapped
from conditioning.models.ltx2 import LTX2_DEPTH, LTX2_UNION, LTX2Denoiser, TokenLatents
from tests.conditioning import tiny_video as tiny

H, W, N = 64, 96, 17
BASE, BLOCK = 3 * 2 * 3, 2 * 3
"""Tokens of the film, and of one latent frame of it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pipeline, and adapters of both families that do something."""
    there = tmp_path_factory.mktemp("ltx2")
    pipe = tiny.ltx2()
    pipe.save_pretrained(there)
    layers = {
        f"transformer_blocks.0.attn1.to_q.lora_{part}.weight": torch.randn(shape) * 0.5
        for part, shape in (("A", (4, 16)), ("B", (16, 4)))
    }
    for family in (LTX2_DEPTH, LTX2_UNION):
        name = family.load.keywords["adapter"]  # type: ignore[attr-defined]
        pipe.save_lora_weights(there / "control", transformer_lora_layers=layers, weight_name=name)
    return there


@pytest.fixture(scope="module")
def model(folder: Path) -> LTX2Denoiser:
    return LTX2_DEPTH.load(Loading(folder))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def union(folder: Path) -> LTX2Denoiser:
    return LTX2_UNION.load(Loading(folder))  # type: ignore[return-value]


def told(count: int = N, height: int = H, width: int = W, **more: Any) -> Conditions:
    return Conditions(
        width=width,
        height=height,
        prompts=("a wet street",) * count,
        controls={"depth": Control(tiny.film(count, height, width), torch.ones(count))},
        **more,
    )


def noise() -> tuple[Tensor, Any]:
    made = torch.randn(N, 8, 2, 3, generator=torch.Generator().manual_seed(1))
    return made, lambda channels, cell: made


def tokens(latents: Tensor) -> Tensor:
    """(t h w, c) of (t, c, h, w)."""
    return latents.permute(0, 2, 3, 1).flatten(0, 2)


@pytest.mark.parametrize("count", [1, 9, 17])
def test_pictures_of_tokens_and_tokens_of_pictures(model: LTX2Denoiser, count: int) -> None:
    codec = TokenLatents(model.pipe, count, H, W, others=5)
    latents = codec.encode(tiny.film(count, H, W))
    assert latents.shape == (1, ((count - 1) // 8 + 1) * 6 + 5, 8)
    assert not latents[:, -5:].any()
    assert codec.decode(latents).shape == (count, 3, H, W)
    assert codec.cells(torch.ones(count, 1, H, W)).shape == (1, latents.shape[1], 1)


def test_the_control_film_lies_clean_beside_the_noise_of_the_world(model: LTX2Denoiser) -> None:
    own, made = noise()
    conditions = told(noise=made)
    with tiny.watched(model.pipe.transformer) as calls:
        painted = model.paint(tiny.frames(N, H, W), conditions, 3, tiny.leave)
    assert painted.shape == (N, 3, H, W)
    assert len(calls) == 3
    first, last = calls[0]["hidden_states"], calls[-1]["hidden_states"]
    assert first.shape == (2, 2 * BASE, 8)  # without and with the words
    torch.testing.assert_close(first[1, :BASE], tokens(own[[0, 5, 13]]), atol=1e-5, rtol=1e-5)
    wanted = TokenLatents(model.pipe, N, H, W).encode(conditions.controls["depth"].pictures)
    for seen in (first, last):
        torch.testing.assert_close(seen[:, BASE:], wanted.expand(2, -1, -1), atol=1e-5, rtol=1e-5)
    times = calls[0]["timestep"]
    assert bool((times[:, :BASE] > 0).all())
    assert not times[:, BASE:].any()
    assert calls[0]["video_self_attention_mask"] is None
    assert not torch.equal(calls[0]["encoder_hidden_states"][0], calls[0]["encoder_hidden_states"][1])


def test_strength_is_attention_between_film_and_control_frame_by_frame(model: LTX2Denoiser) -> None:
    conditions = told()
    strength = torch.ones(N)
    strength[1:9], strength[9:] = 0.5, torch.linspace(0, 1, 8)
    faded = replace(conditions, controls={"depth": Control(conditions.controls["depth"].pictures, strength)})
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(N, H, W), faded, 2, tiny.leave)
    mask = calls[0]["video_self_attention_mask"][0]
    wanted = torch.tensor([1.0, 0.5, 0.5]).repeat_interleave(BLOCK)
    torch.testing.assert_close(mask[:BASE, BASE:], wanted.expand(BASE, -1))
    torch.testing.assert_close(mask[BASE:, :BASE], wanted[:, None].expand(-1, BASE))
    assert bool((mask[:BASE, :BASE] == 1).all())
    off = replace(conditions, controls={"depth": Control(conditions.controls["depth"].pictures, torch.zeros(N))})
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(N, H, W), off, 2, tiny.leave)
    assert calls[0]["hidden_states"].shape[1] == BASE


def test_the_union_s_control_film_is_half_as_large_and_lies_over_the_picture(union: LTX2Denoiser) -> None:
    assert LTX2_UNION.side == 64
    control = tiny.film(9, 128, 128)
    conditions = Conditions(width=128, height=128, controls={"depth": Control(control, torch.ones(9))})
    with tiny.watched(union.pipe.transformer) as calls:
        union.paint(tiny.frames(9, 128, 128), conditions, 2, tiny.leave)
    own = 2 * 4 * 4
    assert calls[0]["hidden_states"].shape[1] == own + own // 4
    small = torch.nn.functional.avg_pool2d(control, 2)
    wanted = TokenLatents(union.pipe, 9, 64, 64).encode(small)
    torch.testing.assert_close(calls[0]["hidden_states"][0, own:], wanted[0], atol=1e-5, rtol=1e-5)
    where = calls[0]["video_coords"][0]
    assert float(where[1, own:].max()) == float(where[1, :own].max()) == 128


def test_the_adapter_is_in_the_network(model: LTX2Denoiser) -> None:
    assert model.pipe.get_active_adapters() == ["control"]
    args = (tiny.frames(9, H, W), told(9), 2, tiny.leave)
    with_it = model.paint(*args)
    model.pipe.disable_lora()
    without = model.paint(*args)
    model.pipe.enable_lora()
    assert float((with_it - without).abs().max()) > 1e-4


def test_an_edit_of_the_clean_prediction_comes_out_exactly_and_leaves_sound_and_control(
    model: LTX2Denoiser, monkeypatch
) -> None:
    seen: list[Tensor] = []
    decode = TokenLatents.decode
    monkeypatch.setattr(TokenLatents, "decode", lambda self, x: (seen.append(x.clone()), decode(self, x))[1])
    wanted = tiny.film(N, H, W, seed=5)
    changed = torch.zeros(N, 1, H, W)
    changed[0, :, :32] = 1  # latent 0: its only frame
    changed[1:8, :, 32:] = 1  # latent 1: seven of its eight frames, which is not enough
    changed[9:17, :, :, :64] = 1  # latent 2: all eight

    def edit(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        return wanted, changed

    with tiny.watched(model.pipe.transformer) as calls:
        made = model.paint(tiny.frames(N, H, W), told(), 3, edit)
    assert len(seen) == 3  # of the pictures alone: the sound has a scheduler of its own
    codec = TokenLatents(model.pipe, N, H, W)
    moved = torch.zeros(3, 1, 2, 3)
    moved[0, :, :1] = moved[2, :, :, :2] = 1
    before = seen[-1][:, :BASE]
    expected = before + tokens(moved) * (codec.encode(wanted) - codec.encode(decode(codec, before)))
    assert float((expected - before).abs().max()) > 0.05
    torch.testing.assert_close(made, decode(codec, expected), atol=1e-3, rtol=0)
    control = codec.encode(told().controls["depth"].pictures)
    torch.testing.assert_close(calls[-1]["hidden_states"][:1, BASE:], control, atol=1e-5, rtol=1e-5)


def test_the_sound_is_as_noisy_as_the_pictures_and_no_edit_reaches_it(model: LTX2Denoiser) -> None:
    def edit(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        return torch.zeros_like(pictures), torch.ones_like(pictures[:, :1])

    heard = []
    for change in (tiny.leave, edit):
        with tiny.watched(model.pipe.transformer) as calls:
            model.paint(tiny.frames(9, H, W), told(9), 2, change)
        heard.append([call["audio_hidden_states"] for call in calls])
        assert all(float(call["audio_sigma"][0]) == float(call["sigma"][0]) for call in calls)
    assert torch.equal(heard[0][0], heard[1][0])
    assert heard[0][1].shape[1] == round(9 / 24 * 25)
    assert float((heard[0][1] - heard[0][0]).abs().max()) > 0


def test_time_passes_for_the_model_as_it_does_in_the_world(model: LTX2Denoiser) -> None:
    for fps, length in ((12.0, 17 / 12), (30.0, 17 / 30)):
        with tiny.watched(model.pipe.transformer) as calls:
            model.paint(tiny.frames(N, H, W, fps), told(), 2, tiny.leave)
        assert calls[0]["fps"] == pytest.approx(fps)
        assert calls[0]["audio_hidden_states"].shape[1] == round(length * 25)
        assert float(calls[0]["video_coords"][0, 0].max()) == pytest.approx(length)


def test_a_film_is_painted_over_from_its_own_noise_level(model: LTX2Denoiser) -> None:
    film = tiny.film(N, H, W, seed=3)
    own, made = noise()
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(N, H, W), told(film=film, strength=0.5, noise=made), 4, tiny.leave)
    assert len(calls) == 2
    sigma = float(calls[0]["sigma"][0]) / 1000
    assert 0.1 < sigma < 0.9
    wanted = (1 - sigma) * TokenLatents(model.pipe, N, H, W).encode(film)[0] + sigma * tokens(own[[0, 5, 13]])
    torch.testing.assert_close(calls[0]["hidden_states"][0, :BASE], wanted, atol=1e-4, rtol=1e-4)
    assert float(calls[0]["audio_sigma"][0]) == float(calls[0]["sigma"][0])
    assert abs(float(calls[0]["audio_hidden_states"].std()) - sigma) < 0.25
    kept = model.paint(tiny.frames(N, H, W), told(film=film, strength=0.0), 4, tiny.leave)
    assert torch.equal(kept, film)


def test_finished_frames_of_the_window_before_go_in_as_they_are(model: LTX2Denoiser) -> None:
    before = tiny.film(N, H, W, seed=8)
    share = torch.zeros(N, 1, H, W)
    share[:9, :, : H - 20] = 1  # the rest is padding
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(N, H, W), told(known=Known(before, share)), 2, tiny.leave)
    wanted = TokenLatents(model.pipe, 9, H, W).encode(before[:9])
    for call in calls:
        torch.testing.assert_close(call["hidden_states"][:1, : 2 * BLOCK], wanted, atol=1e-4, rtol=1e-4)
        assert not call["timestep"][:, : 2 * BLOCK].any()
        assert bool((call["timestep"][:, 2 * BLOCK : BASE] > 0).all())
    share[8, :, 10, 10] = 0.9  # one pixel of the ninth frame is not certain
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(N, H, W), told(known=Known(before, share)), 2, tiny.leave)
    assert bool((calls[0]["timestep"][:, :BASE] > 0).all())


def test_the_same_call_gives_the_same_pictures_and_other_seeds_others(model: LTX2Denoiser) -> None:
    first, again = (model.paint(tiny.frames(1, 64, 64), told(1, 64, 64, seed=4), 2, tiny.leave) for _ in range(2))
    assert torch.equal(first, again)
    other = model.paint(tiny.frames(1, 64, 64), told(1, 64, 64, seed=5), 2, tiny.leave)
    assert float((first - other).abs().mean()) > 1e-4


def test_odd_sizes_and_counts_are_fitted_and_cut(model: LTX2Denoiser) -> None:
    assert snapped(LTX2_DEPTH, 161, 95, 10) == snapped(LTX2_DEPTH, 192, 96, 17)
    assert snapped(LTX2_DEPTH, 20, 33, 1) == Snapped(64, 64, 1)
    small = Fitted(LTX2_DEPTH, model).paint(tiny.frames(1, 20, 33), told(1, 20, 33), 2, tiny.leave)
    assert small.shape == (1, 3, 20, 33)
    made = Fitted(LTX2_DEPTH, model).paint(tiny.frames(3, 61, 75), told(3, 61, 75), 2, tiny.leave)
    assert made.shape == (3, 3, 61, 75)
    with pytest.raises(ValueError, match="at most 121 frames at once, not 122"):
        snapped(LTX2_DEPTH, 64, 64, 122)


def test_what_it_cannot_do_is_one_sentence(model: LTX2Denoiser) -> None:
    one = told(9).controls["depth"]
    with pytest.raises(ValueError, match="one control at a time, not depth, pose"):
        model.paint(tiny.frames(9, H, W), replace(told(9), controls={"depth": one, "pose": one}), 2, tiny.leave)


def test_missing_and_broken_adapters_are_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="setpiece models get ltx2-depth"):
        fitted(LTX2_DEPTH, Loading(tmp_path))
    bad = tmp_path / "control"
    bad.mkdir()
    for part in folder.iterdir():
        if part.name != "control":
            (tmp_path / part.name).symlink_to(part)
    (bad / "ltx-2-19b-ic-lora-depth-control.safetensors").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"the adapter of ltx2-depth .* cannot be read"):
        fitted(LTX2_DEPTH, Loading(tmp_path))


def test_it_runs_in_bfloat16_with_its_autoencoder_in_float32(folder: Path) -> None:
    model = LTX2_DEPTH.load(Loading(folder, dtype=torch.bfloat16))
    made = model.paint(tiny.frames(9, H, W), told(9), 2, tiny.leave)
    assert made.shape == (9, 3, H, W)
    assert made.dtype == torch.float32
    assert bool(made.isfinite().all())
