"""SDXL with the ControlNet union: the real pipeline with tiny random weights, from a scene file to frames."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from conditioning.codec import FrameLatents
from conditioning.conditions import Conditions, Control
from conditioning.metrics import e_warp
from conditioning.models import sdxl
from conditioning.models.controlnets import ControlNetUnion
from conditioning.models.family import Fitted, Loading, fitted
from conditioning.models.sdxl import KINDS, SDXL_UNION, SdxlDenoiser
from conditioning.paint import PaintSettings, paint_clip
from render.correspondence import correspond
from render.raster import Rasterizer

pytest.importorskip("transformers", reason="text encoders are transformers'")

from tests.conditioning import tiny_images
from tests.conditioning.image_told import frames, leave, plain, told


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny weights as `setpiece models get` would have put them."""
    place = tmp_path_factory.mktemp("sdxl")
    tiny_images.save_sdxl(place)
    return place


@pytest.fixture(scope="module")
def model(folder: Path) -> SdxlDenoiser:
    loaded = fitted(SDXL_UNION, Loading(folder)).model
    assert isinstance(loaded, SdxlDenoiser)
    return loaded


def test_a_scene_file_becomes_frames_that_agree(model: SdxlDenoiser, rasterizer: Rasterizer, tmp_path: Path) -> None:
    shot = told(tmp_path, rasterizer, SDXL_UNION, ("depth", "normal"))
    settings = PaintSettings(2, replace(SDXL_UNION.guidance, every=4, release=0.0))
    painter = Fitted(SDXL_UNION, model)
    film = paint_clip(shot.frames, painter, settings, shot.telling)
    assert film.shape == (5, 56, 96, 3)
    assert film.std() > 0.02
    alone = paint_clip(shot.frames, painter, replace(settings, guidance=None), shot.telling)
    seen = [correspond(shot.frames[k].geometry, shot.frames[k - 1].geometry) for k in range(1, 5)]
    steady, wild = (np.mean([e_warp(f[k], f[k - 1], seen[k - 1]) for k in range(1, 5)]) for f in (film, alone))
    assert steady < wild


def test_controls_arrive_as_they_are(model: SdxlDenoiser) -> None:
    """The network reads each picture in [0, 1], unresized, with its kind and its strength, twice for guidance."""
    given = plain(2, 32, 48, ("depth", "pose"))
    seen: list[Tensor] = []
    calls: list[dict[str, Any]] = []
    net = model.pipe.controlnet
    hooks = [
        net.controlnet_cond_embedding.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone())),
        net.register_forward_pre_hook(lambda _, inputs, named: calls.append(named), with_kwargs=True),
    ]
    model.paint(frames(2, 32, 48), given, 1, leave)
    for hook in hooks:
        hook.remove()
    for got, name in zip(seen, given.controls, strict=True):
        expected = given.controls[name].pictures * 0.5 + 0.5
        torch.testing.assert_close(got, torch.cat([expected, expected]))
    assert calls[0]["control_type_idx"] == [KINDS["depth"], KINDS["pose"]] == [1, 0]
    assert calls[0]["control_type"].tolist() == [[1, 1, 0, 0, 0, 0]] * 4


def strong(given: Conditions, **strengths: list[float]) -> Conditions:
    controls = {
        name: Control(one.pictures, torch.tensor(strengths.get(name, [1.0] * len(one.strength))))
        for name, one in given.controls.items()
    }
    return replace(given, controls=controls)


def test_each_frame_has_strengths_of_its_own(model: SdxlDenoiser) -> None:
    """Painted together, frames are as painted alone with their strengths; a control at 0 is as one not given."""
    given = plain(3, 32, 48, ("depth", "normal"))
    mixed = strong(given, depth=[1.0, 0.3, 0.5], normal=[0.0, 0.7, 0.0])
    together = model.paint(frames(3, 32, 48), replace(mixed, noise=still), 2, leave)
    for k in range(3):
        alone = replace(
            given,
            prompts=given.prompts[:1],
            noise=lambda channels, cell: still(channels, cell)[:1],
            controls={
                name: Control(one.pictures[k : k + 1], one.strength[k : k + 1])
                for name, one in mixed.controls.items()
                if one.strength[k] > 0
            },
        )
        torch.testing.assert_close(
            model.paint(frames(1, 32, 48), alone, 2, leave)[0], together[k], atol=1e-3, rtol=1e-4
        )
    assert float((together[0] - together[1]).abs().max()) > 0.01


def still(channels: int, cell: int) -> Tensor:
    """The same noise in three frames of 48x32."""
    made = torch.randn(1, channels, 32 // cell, 48 // cell, generator=torch.Generator().manual_seed(1))
    return made.expand(3, -1, -1, -1)


def test_one_strength_for_all_is_what_diffusers_does(model: SdxlDenoiser) -> None:
    """``ControlNetUnion`` adds strengths over frames, and nothing else, to the network it is."""
    from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel

    net = model.pipe.controlnet
    rows, generator = 4, torch.Generator().manual_seed(2)
    inputs: dict[str, Any] = {
        "sample": torch.randn(rows, 4, 4, 6, generator=generator),
        "timestep": torch.tensor(500),
        "encoder_hidden_states": torch.randn(rows, 8, 64, generator=generator),
        "controlnet_cond": [torch.rand(rows, 3, 32, 48, generator=generator) for _ in range(2)],
        "control_type": torch.tensor([[0.0, 1, 0, 0, 1, 0]] * rows),
        "control_type_idx": [1, 4],
        "conditioning_scale": [1.0, 1.0],
        "added_cond_kwargs": {
            "text_embeds": torch.randn(rows, 32, generator=generator),
            "time_ids": torch.ones(rows, 6),
        },
        "return_dict": False,
    }
    net.strengths = torch.tensor([[0.5, 0.5], [0.8, 0.8]])
    down, middle = net(**inputs)
    expected = ControlNetUnionModel.forward(net, **{**inputs, "conditioning_scale": [0.5, 0.8]})
    for got, wanted in zip([*down, middle], [*expected[0], expected[1]], strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-4)
    assert float(middle.abs().max()) > 0


@pytest.mark.parametrize("steps", [1, 4])
def test_an_edit_of_clean_latents_is_the_result(
    model: SdxlDenoiser, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = torch.randn(2, 4, 4, 6)
    monkeypatch.setattr(sdxl, "through", lambda codec, edit: lambda x0, sigma: wanted)
    made = model.paint(frames(2, 32, 48), plain(2, 32, 48, ("depth",)), steps, leave)
    expected = FrameLatents(model.pipe.vae).decode(wanted)
    torch.testing.assert_close(made, expected, atol=1e-4, rtol=0)


def test_an_edit_of_one_frame_leaves_the_others_bit_for_bit(model: SdxlDenoiser) -> None:
    def second(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        changed = torch.zeros_like(pictures[:, :1])
        changed[1] = 1
        return pictures + 0.5 * changed, changed

    given = plain(2, 32, 48, ("depth",))
    free, moved = (model.paint(frames(2, 32, 48), given, 3, edit) for edit in (leave, second))
    assert torch.equal(free[0], moved[0])
    assert float((free[1] - moved[1]).abs().mean()) > 1e-3


def test_it_starts_from_the_noise_of_the_world_or_from_a_film(model: SdxlDenoiser) -> None:
    given = plain(2, 32, 48, ("depth",))
    first: list[Tensor] = []
    hook = model.pipe.unet.register_forward_pre_hook(lambda _, inputs: first.append(inputs[0].clone()))
    noise = torch.randn(2, 4, 4, 6)
    model.paint(frames(2, 32, 48), replace(given, noise=lambda channels, cell: noise), 4, leave)
    torch.testing.assert_close(first[0][:2], noise)
    torch.testing.assert_close(first[0][2:], noise)
    whole = len(first)
    film = torch.rand(2, 3, 32, 48) * 2 - 1
    half = replace(given, noise=lambda channels, cell: noise, film=film, strength=0.5)
    model.paint(frames(2, 32, 48), half, 4, leave)
    hook.remove()
    assert (whole, len(first) - whole) == (4, 2)
    clean = FrameLatents(model.pipe.vae).encode(film)
    x = first[whole][:2]
    sigma = ((x - x.mean()) * (noise - noise.mean())).mean() / noise.var()  # what of it is noise
    assert 0.1 < float(sigma) < 0.98
    share = torch.linalg.lstsq(
        torch.stack([clean.flatten(), noise.flatten()], 1), x.flatten()[:, None]
    ).solution.flatten()
    torch.testing.assert_close(share[0] * clean + share[1] * noise, x, atol=1e-4, rtol=0)
    assert float(share.square().sum()) == pytest.approx(1.0, abs=1e-3)
    kept = model.paint(frames(2, 32, 48), replace(half, strength=0.0), 4, leave)
    assert torch.equal(kept, film)


def test_prompts_and_references_change_the_picture(model: SdxlDenoiser) -> None:
    given = plain(1, 32, 48, ("depth",))

    def paint(**other: Any) -> Tensor:
        return model.paint(frames(1, 32, 48), replace(given, **other), 1, leave)

    base = paint()
    assert torch.equal(paint(), base)
    picture = torch.rand(3, 40, 30) * 2 - 1
    for other in ({"prompts": ("rain",)}, {"negative": "rain"}, {"references": (picture,)}):
        assert float((paint(**other) - base).abs().max()) > 1e-4, other
    assert torch.equal(paint(), base)  # a reference is forgotten
    assert model.pipe.image_encoder is None


def test_references_are_read_as_the_pipeline_reads_them(model: SdxlDenoiser) -> None:
    """By a pipeline that is given the pictures themselves; and only once."""
    references = [torch.rand(3, 40, 30) * 2 - 1, torch.rand(3, 24, 24) * 2 - 1]
    adapter, pipe = model.adapter, model.pipe
    assert adapter is not None
    (told,) = adapter.told(references)["ip_adapter_image_embeds"]
    pipe.image_encoder = adapter._encoder
    pictures = [(one.permute(1, 2, 0).numpy() * 127.5 + 127.5).round().astype(np.uint8) for one in references]
    expected, black = pipe.encode_image([Image.fromarray(one) for one in pictures], "cpu", 1, True)
    pipe.image_encoder = None
    torch.testing.assert_close(told, torch.stack([black, expected]))
    assert adapter.told([one.clone() for one in references])["ip_adapter_image_embeds"][0] is told


def test_odd_sizes_are_padded_and_cut(model: SdxlDenoiser) -> None:
    made = Fitted(SDXL_UNION, model).paint(frames(1, 45, 61), plain(1, 45, 61, ("depth",)), 1, leave)
    assert made.shape == (1, 3, 45, 61)
    assert made.dtype == torch.float32


def test_a_control_that_is_off_is_as_none_at_all(model: SdxlDenoiser) -> None:
    given = plain(1, 32, 48, ("depth",))
    off, none, on = (
        model.paint(frames(1, 32, 48), told, 1, leave)
        for told in (strong(given, depth=[0.0]), replace(given, controls={}), given)
    )
    assert torch.equal(off, none)
    assert float((on - off).abs().max()) > 1e-4


def test_words_are_read_once_and_their_readers_put_away(model: SdxlDenoiser) -> None:
    given, asked = plain(2, 32, 48, ("depth",)), []
    read = model.words._read
    model.words._read = lambda prompt, negative: asked.append(prompt) or read(prompt, negative)
    for prompts in (("night rain", "night rain"), ("night rain", "rain night")):
        model.paint(frames(2, 32, 48), replace(given, prompts=prompts), 1, leave)
        assert model.pipe.text_encoder is model.pipe.text_encoder_2 is None
    model.words._read = read
    assert asked == ["night rain", "rain night"]


def test_half_precision(folder: Path) -> None:
    loaded = SDXL_UNION.load(Loading(folder, dtype=torch.bfloat16))
    given = strong(plain(2, 32, 48, ("depth", "pose")), depth=[1.0, 0.5])
    film = torch.zeros(2, 3, 32, 48)
    made = loaded.paint(frames(2, 32, 48), replace(given, references=(film[0],), film=film, strength=0.5), 2, leave)
    assert made.dtype == torch.float32
    assert made.isfinite().all()


@pytest.mark.parametrize("missing", ["model_index.json", "control", "autoencoder", "references"])
def test_missing_weights_are_one_sentence(folder: Path, tmp_path: Path, missing: str) -> None:
    copy = tmp_path / "weights"
    shutil.copytree(folder, copy)
    gone = copy / missing
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    with pytest.raises(ValueError, match=r"the weights of sdxl-union are not .*: run `setpiece models get sdxl-union`"):
        SDXL_UNION.load(Loading(copy))


def test_the_kinds_are_those_of_the_union() -> None:
    assert {spec.name for spec in SDXL_UNION.controls} == set(KINDS)
    assert KINDS == {"pose": 0, "depth": 1, "edges": 3, "normal": 4, "segmentation": 5}
    assert ControlNetUnion.__mro__[1].__name__ == "ControlNetUnionModel"
