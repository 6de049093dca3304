"""Cosmos-Transfer with tiny random networks of the real classes: controls, finished frames, guardrails, edits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

pytest.importorskip("transformers", reason="text encoders need transformers")

from conditioning.conditions import Conditions, Control, Known
from conditioning.models import cosmos, loading
from conditioning.models.cosmos import COSMOS_TRANSFER, CosmosDenoiser, weights_of
from conditioning.models.family import Fitted, Loading, snapped
from tests.conditioning import tiny_video as tiny

H, W, N = 32, 48, 9
NAMES = ("depth", "edges", "segmentation", "blur")


@pytest.fixture(scope="module", autouse=True)
def torchvision() -> Iterator[None]:
    with tiny.torchvision():
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    there = tmp_path_factory.mktemp("cosmos")
    pipe = tiny.cosmos()
    pipe.register_modules(safety_checker=None)
    pipe.save_pretrained(there)
    for seed, name in enumerate(("depth", "edge", "seg", "blur")):
        tiny.cosmos_control(seed).save_pretrained(there / name)
    return there


@pytest.fixture
def model(folder: Path) -> CosmosDenoiser:
    return cosmos.opened(Loading(folder), tiny.Guard())


def told(
    count: int = N, height: int = H, width: int = W, names: tuple[str, ...] = ("depth",), **more: Any
) -> Conditions:
    controls = {
        name: Control(tiny.film(count, height, width, seed), torch.ones(count)) for seed, name in enumerate(names)
    }
    return Conditions(
        width=width,
        height=height,
        prompts=("a wet street",) * count,
        controls=controls,
        **more,  # type: ignore[arg-type]
    )


def test_each_control_arrives_in_its_own_network_and_adds_as_much_as_it_weighs(model: CosmosDenoiser) -> None:
    conditions = told(names=NAMES)
    strengths = {"depth": 0.5, "edges": 0.25, "segmentation": 0.0, "blur": 0.25}
    controls = {
        name: Control(one.pictures, torch.full((N,), strengths[name])) for name, one in conditions.controls.items()
    }
    nets, added = model.pipe.controlnet.nets, {}
    handles = [
        net.register_forward_hook(lambda m, a, out, name=name: added.update({name: out[0]}))
        for name, net in nets.items()
    ]
    with tiny.watched(model.pipe.transformer) as calls, tiny.watched(nets["blur"]) as seen:
        model.paint(tiny.frames(N, H, W), replace(conditions, controls=controls), 1, tiny.leave)  # type: ignore[arg-type]
    for handle in handles:
        handle.remove()
    assert set(added) == {"depth", "edges", "blur"}
    assert len(calls) == 2  # with and without the words
    torch.testing.assert_close(seen[0]["controls_latents"], model.codec.encode(controls["blur"].pictures))
    for block, total in enumerate(calls[-1]["block_controlnet_hidden_states"]):
        wanted = sum(strengths[name] * out[block] for name, out in added.items())
        torch.testing.assert_close(total, wanted)


def test_weights_are_means_over_a_latent_s_frames_and_never_sum_to_more_than_one() -> None:
    fading = torch.tensor([1.0, 1, 1, 0, 0])
    first, second = weights_of([fading, torch.full((5,), 0.5)], 9, 4)
    torch.testing.assert_close(first, torch.tensor([1 / 1.5, 0.5, 0.0]))
    torch.testing.assert_close(second, torch.tensor([0.5 / 1.5, 0.5, 0.5]))
    assert weights_of([], 9, 4) == []


def test_strength_fades_what_a_control_adds_latent_by_latent(model: CosmosDenoiser) -> None:
    conditions = told()
    fading = torch.tensor([1.0] + [0.5] * 4 + [0.0] * 4)
    faded = replace(conditions, controls={"depth": Control(conditions.controls["depth"].pictures, fading)})
    added: list[list[Tensor]] = []
    for given in (conditions, faded):
        with tiny.watched(model.pipe.transformer) as calls:
            model.paint(tiny.frames(N, H, W), given, 1, tiny.leave)
        added.append(calls[0]["block_controlnet_hidden_states"])
    tokens = 2 * 3
    share = torch.tensor([1.0, 0.5, 0.0]).repeat_interleave(tokens).view(1, -1, 1)
    for full, less in zip(*added, strict=True):
        torch.testing.assert_close(less, full * share)
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(N, H, W), told(names=()), 1, tiny.leave)
    assert not any(block.any() for block in calls[0]["block_controlnet_hidden_states"])


def test_it_starts_from_the_noise_of_the_world(model: CosmosDenoiser) -> None:
    noise = torch.randn(N, 4, 4, 6)
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(N, H, W), told(noise=lambda channels, cell: noise), 2, tiny.leave)
    assert len(calls) == 4
    torch.testing.assert_close(calls[0]["hidden_states"][0], noise[[0, 3, 7]].transpose(0, 1))
    assert not calls[0]["condition_mask"].any()


def test_an_edit_of_the_clean_prediction_comes_out_exactly(model: CosmosDenoiser) -> None:
    codec = tiny.Recorded(model.codec)
    model.codec = codec  # type: ignore[assignment]
    wanted = tiny.film(N, H, W, seed=5)
    changed = torch.zeros(N, 1, H, W)
    changed[0, :, :16] = 1  # latent 0: its only frame
    changed[1:4, :, 16:] = 1  # latent 1: three of its four frames, which is not enough
    changed[5:9, :, :, :24] = 1  # latent 2: all four
    levels: list[float] = []

    def edit(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        levels.append(sigma)
        return wanted, changed

    made = model.paint(tiny.frames(N, H, W), told(), 4, edit)
    assert levels == sorted(levels, reverse=True)
    assert levels[0] > 0.99
    before = codec.latents[-1]
    moved = torch.zeros(1, 1, 3, 4, 6)
    moved[:, :, 0, :2] = moved[:, :, 2, :, :3] = 1
    pictures = codec.codec.decode(before)
    expected = before + moved * (codec.codec.encode(wanted) - codec.codec.encode(pictures))
    assert float((expected - before).abs().max()) > 0.05
    coarse = 2.1 / 255  # the guardrails see bytes
    torch.testing.assert_close(made, codec.codec.decode(expected), atol=coarse, rtol=0)
    assert float((codec.codec.decode(expected) - pictures).abs().max()) > 5 * coarse


def test_finished_frames_of_the_chunk_before_go_in_as_they_are(model: CosmosDenoiser) -> None:
    before = tiny.film(N, H, W, seed=8)
    share = torch.zeros(N, 1, H, W)
    share[:7, :, : H - 12] = 1  # the rest is padding
    for count, latents in ((7, 2), (4, 1), (0, 0)):
        share[count:] = 0
        with tiny.watched(model.pipe.transformer) as calls:
            made = model.paint(tiny.frames(N, H, W), told(known=Known(before, share)), 2, tiny.leave)
        mask = calls[0]["condition_mask"]
        assert bool((mask[:, :, :latents] == 1).all())
        assert not mask[:, :, latents:].any()
        if latents:
            first = model.codec.encode(before[: 4 * (latents - 1) + 1])
            for call in calls:
                torch.testing.assert_close(call["hidden_states"][:, :, :latents], first)
                assert float(call["timestep"].flatten()[0]) == pytest.approx(0.1)
            kept = model.codec.decode(first).clamp(-1, 1)
            torch.testing.assert_close(made[: len(kept)], kept, atol=2.1 / 255, rtol=0)
    assert "prepare_latents" not in vars(model.pipe)


def test_a_film_is_painted_over_from_its_own_noise_level(model: CosmosDenoiser) -> None:
    film = tiny.film(N, H, W, seed=3)
    noise = torch.randn(N, 4, 4, 6, generator=torch.Generator().manual_seed(1))
    with tiny.watched(model.pipe.transformer) as calls:
        model.paint(tiny.frames(N, H, W), told(film=film, strength=0.5, noise=lambda c, n: noise), 4, tiny.leave)
    assert len(calls) == 4  # two steps, with and without the words
    sigma = float(calls[0]["timestep"].flatten()[0])
    assert 0 < sigma < 1
    wanted = (1 - sigma) * model.codec.encode(film) + sigma * noise[[0, 3, 7]].transpose(0, 1)
    torch.testing.assert_close(calls[0]["hidden_states"], wanted, atol=1e-4, rtol=1e-4)


def test_the_guardrails_see_the_words_and_the_pictures(model: CosmosDenoiser) -> None:
    model.paint(tiny.frames(N, H, W), told(), 1, tiny.leave)
    guard = model.pipe.safety_checker
    assert [film.shape for film in guard.shown] == [(N, H, W, 3)]
    said = replace(told(), prompts=("a forbidden street",))
    with pytest.raises(ValueError, match="refuses the prompt 'a forbidden street'"):
        model.paint(tiny.frames(N, H, W), said, 1, tiny.leave)
    guard.check_video_safety = lambda frames: None
    with pytest.raises(ValueError, match="refuses these pictures"):
        model.paint(tiny.frames(N, H, W), told(), 1, tiny.leave)


def test_single_pictures_and_odd_sizes_are_fitted_and_cut(model: CosmosDenoiser) -> None:
    assert snapped(COSMOS_TRANSFER, 161, 95, 2) == snapped(COSMOS_TRANSFER, 176, 96, 93)
    assert snapped(COSMOS_TRANSFER, 161, 95, 1).frames == 1
    with pytest.raises(ValueError, match="at most 93 frames at once, not 94"):
        snapped(COSMOS_TRANSFER, 64, 64, 94)
    target = tiny.film(1, 31, 45, seed=2)
    edit_shapes = []

    def edit(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        edit_shapes.append(pictures.shape)
        return target, torch.ones(1, 1, 31, 45)

    made = Fitted(COSMOS_TRANSFER, model).paint(tiny.frames(1, 31, 45), told(1, 31, 45), 2, edit)
    assert made.shape == (1, 3, 31, 45)
    assert set(edit_shapes) == {(1, 3, 31, 45)}


def test_a_short_film_is_a_whole_chunk(model: CosmosDenoiser) -> None:
    with tiny.watched(model.pipe.transformer) as calls:
        made = Fitted(COSMOS_TRANSFER, model).paint(tiny.frames(2, 16, 16), told(2, 16, 16), 1, tiny.leave)
    assert made.shape == (2, 3, 16, 16)
    assert calls[0]["hidden_states"].shape[2] == 24


def test_the_same_call_gives_the_same_pictures_and_other_seeds_others(model: CosmosDenoiser) -> None:
    first, again = (model.paint(tiny.frames(5, 16, 16), told(5, 16, 16, seed=4), 2, tiny.leave) for _ in range(2))
    assert torch.equal(first, again)
    other = model.paint(tiny.frames(5, 16, 16), told(5, 16, 16, seed=5), 2, tiny.leave)
    assert float((first - other).abs().mean()) > 1e-3


def test_missing_weights_and_guardrails_are_one_sentence(folder: Path, tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(ValueError, match=r"setpiece models get cosmos-transfer-2\.5"):
        cosmos.opened(Loading(tmp_path), tiny.Guard())
    missing = {"cosmos_guardrail", "torchvision"}
    monkeypatch.setattr(loading, "find_spec", lambda name: None if name in missing else True)
    with pytest.raises(ValueError, match="does not run without cosmos_guardrail and torchvision: `pip install cosmos"):
        loading.can_be_loaded(COSMOS_TRANSFER, None)
    missing.add("transformers")
    with pytest.raises(ValueError, match=r"pip install 'setpiece\[models\]'"):
        loading.can_be_loaded(COSMOS_TRANSFER, None)


def test_it_runs_in_bfloat16_with_its_autoencoder_in_float32(folder: Path) -> None:
    model = cosmos.opened(Loading(folder, dtype=torch.bfloat16), tiny.Guard())
    known = Known(tiny.film(N, H, W, 4), torch.zeros(N, 1, H, W))
    known.share[0] = 1
    made = model.paint(tiny.frames(N, H, W), told(known=known), 2, tiny.leave)
    assert made.shape == (N, 3, H, W)
    assert made.dtype == torch.float32
    assert bool(made.isfinite().all())
