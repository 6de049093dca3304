"""AnimateDiff with ControlNets: the real pipeline with tiny random weights, from a scene file to frames."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from conditioning.conditions import Conditions, Control
from conditioning.metrics import e_warp
from conditioning.models import animatediff
from conditioning.models.animatediff import (
    ANIMATEDIFF,
    ANIMATELCM,
    LCM_LORA,
    NETS,
    AnimateDiffDenoiser,
    FilmOfFrames,
    FrameLatents,
)
from conditioning.models.family import Fitted, Loading, fitted
from conditioning.models.loading import can_be_loaded
from conditioning.paint import PaintSettings, paint_clip
from render.correspondence import correspond
from render.raster import Rasterizer

pytest.importorskip("transformers", reason="text encoders are transformers'")

from tests.conditioning import tiny_images
from tests.conditioning.image_told import frames, leave, plain, told


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny weights as `setpiece models get` would have put them."""
    place = tmp_path_factory.mktemp("animatediff")
    tiny_images.save_animatediff(place, LCM_LORA)
    return place


@pytest.fixture(scope="module")
def model(folder: Path) -> AnimateDiffDenoiser:
    loaded = fitted(ANIMATEDIFF, Loading(folder)).model
    assert isinstance(loaded, AnimateDiffDenoiser)
    return loaded


def test_a_scene_file_becomes_frames_that_agree(
    model: AnimateDiffDenoiser, rasterizer: Rasterizer, tmp_path: Path
) -> None:
    shot = told(tmp_path, rasterizer, ANIMATEDIFF, ("depth", "normal"))
    settings = PaintSettings(2, replace(ANIMATEDIFF.guidance, every=4, release=0.0))
    painter = Fitted(ANIMATEDIFF, model)
    film = paint_clip(shot.frames, painter, settings, shot.telling)
    assert film.shape == (5, 56, 96, 3)
    assert film.std() > 0.02
    alone = paint_clip(shot.frames, painter, replace(settings, guidance=None), shot.telling)
    seen = [correspond(shot.frames[k].geometry, shot.frames[k - 1].geometry) for k in range(1, 5)]
    steady, wild = (np.mean([e_warp(f[k], f[k - 1], seen[k - 1]) for k in range(1, 5)]) for f in (film, alone))
    assert steady < wild


def test_each_control_arrives_at_its_own_network_at_its_own_strength(model: AnimateDiffDenoiser) -> None:
    """In [0, 1], unresized, frame by frame; a network whose control is not given does nothing at all."""
    given = strong(plain(3, 32, 48, ("depth", "pose")), depth=[1.0, 0.5, 0.0], pose=[0.0, 0.0, 2.0])
    seen: dict[str, Tensor] = {}
    added: dict[str, Tensor] = {}
    hooks = []
    for name, net in zip(model.names, model.pipe.controlnet.nets, strict=True):

        def read(_: Any, inputs: Any, name: str = name) -> None:
            seen[name] = inputs[0].clone()

        def gave(_: Any, inputs: Any, output: Any, name: str = name) -> None:
            added[name] = output[1].clone()

        hooks += [net.controlnet_cond_embedding.register_forward_pre_hook(read), net.register_forward_hook(gave)]
    sums: list[Tensor] = []
    hooks.append(model.pipe.controlnet.register_forward_hook(lambda _, inputs, output: sums.append(output[1])))
    model.paint(frames(3, 32, 48), given, 1, leave)
    for hook in hooks:
        hook.remove()
    assert set(seen) == {"depth", "pose"}
    for name, got in seen.items():
        expected = given.controls[name].pictures * 0.5 + 0.5
        torch.testing.assert_close(got, torch.cat([expected, expected]))
    shares = {name: one.strength.repeat(2).view(-1, 1, 1, 1) for name, one in given.controls.items()}
    torch.testing.assert_close(sums[0], sum(added[name] * shares[name] for name in added))
    assert float(sums[0].abs().max()) > 0


def strong(given: Conditions, **strengths: list[float]) -> Conditions:
    controls = {name: Control(one.pictures, torch.tensor(strengths[name])) for name, one in given.controls.items()}
    return replace(given, controls=controls)


@pytest.mark.parametrize(("family", "steps"), [(ANIMATEDIFF, 1), (ANIMATEDIFF, 5), (ANIMATELCM, 4)])
def test_an_edit_of_clean_latents_is_the_result(
    folder: Path, family: Any, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = torch.randn(1, 4, 3, 4, 6)
    monkeypatch.setattr(animatediff, "through", lambda codec, edit: lambda x0, sigma: wanted)
    model = family.load(Loading(folder))
    made = model.paint(frames(3, 32, 48), plain(3, 32, 48, ("depth",)), steps, leave)
    expected = FilmOfFrames(FrameLatents(model.pipe.vae)).decode(wanted)
    torch.testing.assert_close(made, expected, atol=2e-3, rtol=1e-4)


def test_an_edit_said_in_pictures_is_found_in_the_film(model: AnimateDiffDenoiser) -> None:
    """Of one frame and one corner; elsewhere, nothing moves."""
    grey = torch.full((3, 3, 32, 48), 0.25)

    def corner(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        changed = torch.zeros_like(pictures[:, :1])
        changed[1, :, :16, :24] = 1
        return pictures + changed * (grey - pictures), changed

    given = plain(3, 32, 48, ("depth",))
    last: list[Tensor] = []

    def watched(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        last[:] = [pictures.clone()]
        return corner(pictures, sigma)

    made = model.paint(frames(3, 32, 48), given, 3, watched)
    torch.testing.assert_close(made[1, :, :16, :24], grey[1, :, :16, :24], atol=2e-3, rtol=0)
    rest = last[0].clone()
    rest[1, :, :16, :24] = made[1, :, :16, :24]
    torch.testing.assert_close(made, rest, atol=2e-3, rtol=1e-4)


def test_it_starts_from_the_noise_of_the_world_or_from_a_film(model: AnimateDiffDenoiser) -> None:
    given, noise = plain(3, 32, 48, ("depth",)), torch.randn(3, 4, 4, 6)
    given = replace(given, noise=lambda channels, cell: noise)
    first: list[Tensor] = []
    hook = model.pipe.unet.register_forward_pre_hook(lambda _, inputs: first.append(inputs[0].clone()))
    model.paint(frames(3, 32, 48), given, 4, leave)
    torch.testing.assert_close(first[0][0].transpose(0, 1), noise)
    whole = len(first)
    film = torch.rand(3, 3, 32, 48) * 2 - 1
    model.paint(frames(3, 32, 48), replace(given, film=film, strength=0.5), 4, leave)
    hook.remove()
    assert (whole, len(first) - whole) == (4, 2)
    clean, x = FrameLatents(model.pipe.vae).encode(film), first[whole][0].transpose(0, 1)
    shares = torch.linalg.lstsq(torch.stack([clean.flatten(), noise.flatten()], 1), x.flatten()[:, None]).solution
    torch.testing.assert_close(shares[0] * clean + shares[1] * noise, x, atol=1e-4, rtol=0)
    assert float(shares.square().sum()) == pytest.approx(1.0, abs=1e-3)
    assert 0.1 < float(shares[1]) < 0.98


def test_few_steps_take_all_of_their_noise_from_the_world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network sees, at each step, the last clean prediction in noise of the world; nothing is the seed's."""
    clean = torch.randn(1, 4, 3, 4, 6)
    monkeypatch.setattr(animatediff, "through", lambda codec, edit: lambda x0, sigma: clean)
    few, noise = ANIMATELCM.load(Loading(folder)), torch.randn(3, 12, 4, 6)
    given = replace(plain(3, 32, 48, ("depth",)), noise=lambda channels, cell: noise[:, :channels])
    seen: list[Tensor] = []
    few.pipe.unet.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][:1].clone()))
    for seed in (1, 2):
        few.paint(frames(3, 32, 48), replace(given, seed=seed), 3, leave)
    own = noise.transpose(0, 1)[None].chunk(3, dim=1)
    torch.testing.assert_close(seen[0], own[0])
    for k in (1, 2):
        kept = few.pipe.scheduler.alphas_cumprod[few.pipe.scheduler.timesteps[k]]
        torch.testing.assert_close(seen[k], kept.sqrt() * clean + (1 - kept).sqrt() * own[k], atol=1e-3, rtol=1e-3)
        assert torch.equal(seen[k], seen[3 + k])


def test_prompts_references_and_seeds_change_the_film(folder: Path, model: AnimateDiffDenoiser) -> None:
    given = plain(2, 32, 48, ("depth",))

    def paint(which: Any = model, **other: Any) -> Tensor:
        return which.paint(frames(2, 32, 48), replace(given, **other), 2, leave)

    base = paint()
    assert torch.equal(paint(), base)
    picture = torch.rand(3, 40, 30) * 2 - 1
    for other in ({"prompts": ("rain",) * 2}, {"negative": "rain"}, {"references": (picture,)}, {"seed": 6}):
        assert float((paint(**other) - base).abs().max()) > 1e-4, other
    few = ANIMATELCM.load(Loading(folder))
    assert torch.equal(paint(few), paint(few))


def test_few_steps_come_with_their_lora(folder: Path, model: AnimateDiffDenoiser) -> None:
    from diffusers.schedulers.scheduling_lcm import LCMScheduler
    from safetensors.torch import load_file

    few = ANIMATELCM.load(Loading(folder))
    layer = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    down, up = load_file(folder / "motion" / LCM_LORA).values()
    moved = few.pipe.unet.get_submodule(layer).weight - model.pipe.unet.get_submodule(layer).weight
    torch.testing.assert_close(moved, 0.8 * up @ down)
    assert isinstance(few.pipe.scheduler, LCMScheduler)
    assert few.pipe.scheduler.config.beta_schedule == model.pipe.scheduler.config.beta_schedule == "linear"


def test_one_frame_and_odd_sizes(model: AnimateDiffDenoiser) -> None:
    made = Fitted(ANIMATEDIFF, model).paint(frames(1, 45, 61), plain(1, 45, 61, ("normal",)), 1, leave)
    assert made.shape == (1, 3, 45, 61)
    with pytest.raises(ValueError, match="animatediff paints at most 16 frames at once, not 17"):
        Fitted(ANIMATEDIFF, model).paint(frames(17, 8, 8), plain(17, 8, 8, ("depth",)), 1, leave)


def test_a_control_that_is_off_is_as_none_at_all(model: AnimateDiffDenoiser) -> None:
    given = plain(2, 32, 48, ("depth",))
    off, none, on = (
        model.paint(frames(2, 32, 48), told, 1, leave)
        for told in (strong(given, depth=[0.0, 0.0]), replace(given, controls={}), given)
    )
    assert torch.equal(off, none)
    assert float((on - off).abs().max()) > 1e-4


def test_half_precision(folder: Path) -> None:
    given = strong(plain(2, 32, 48, ("depth", "normal")), depth=[1.0, 0.5], normal=[1.0, 0.0])
    film = torch.zeros(2, 3, 32, 48)
    for family in (ANIMATEDIFF, ANIMATELCM):
        loaded = family.load(Loading(folder, dtype=torch.bfloat16))
        made = loaded.paint(frames(2, 32, 48), replace(given, references=(film[0],), film=film, strength=0.5), 2, leave)
        assert made.dtype == torch.float32
        assert made.isfinite().all()


def test_what_cannot_be_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"animatediff is put together .* and cannot be quantised"):
        can_be_loaded(ANIMATEDIFF, "int8")
    for missing in ("model_index.json", "motion", "normal", "references", f"motion/{LCM_LORA}"):
        copy = tmp_path / missing.replace("/", "-")
        shutil.copytree(folder, copy)
        gone = copy / missing
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
        with pytest.raises(ValueError, match=r"the weights of animatelcm are not .*: run `setpiece models get"):
            ANIMATELCM.load(Loading(copy))


def test_every_control_has_a_network_and_a_checkpoint() -> None:
    assert {spec.name for spec in ANIMATEDIFF.controls} == set(NETS)
    folders = {one.folder: one.repo for one in ANIMATEDIFF.checkpoints}
    assert {kind: folders[kind] for kind in NETS} == NETS
