"""Wan-VACE, the real pipeline with tiny random networks: what is told arrives, and what is edited comes out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

import conditioning.models.wan as wan
from conditioning.codec import VideoLatents
from conditioning.conditions import Conditions, Control, Known
from conditioning.models.family import Fitted, Loading
from conditioning.models.wan import FAMILIES, BehindReferences, WanDenoiser, boarded
from conditioning.models.wan_controls import vace_of

FAMILY = FAMILIES[2]
COUNT, HEIGHT, WIDTH = 9, 32, 48


@pytest.fixture(scope="module")
def model(tiny_wan: Path) -> WanDenoiser:
    loaded = FAMILY.load(Loading(tiny_wan))
    assert isinstance(loaded, WanDenoiser)
    return loaded


def frames(count: int = COUNT, height: int = HEIGHT, width: int = WIDTH) -> list[Any]:
    return [SimpleNamespace(light=torch.zeros(3, height, width)) for _ in range(count)]


def told(**more: Any) -> Conditions:
    torch.manual_seed(1)
    depth = Control(torch.rand(COUNT, 3, HEIGHT, WIDTH) * 2 - 1, torch.ones(COUNT))
    return replace(Conditions(width=WIDTH, height=HEIGHT, prompts=("rain",) * COUNT, controls={"depth": depth}), **more)


def some_known() -> Known:
    """The first five frames whole, and the left half of all."""
    share = torch.zeros(COUNT, 1, HEIGHT, WIDTH)
    share[:5] = 1
    share[:, :, :, : WIDTH // 2] = 1
    return Known(torch.rand(COUNT, 3, HEIGHT, WIDTH) * share, share)


def leave(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    return pictures, torch.zeros_like(pictures[:, :1])


class Watched:
    """What the networks of a pipeline were given, call by call."""

    def __init__(self, model: WanDenoiser) -> None:
        self.calls: list[dict[str, Any]] = []
        self.networks: list[int] = []
        self._hooks = [
            network.register_forward_pre_hook(self._seen(k), with_kwargs=True)
            for k, network in enumerate((model.pipe.transformer, model.pipe.transformer_2))
        ]

    def _seen(self, number: int) -> Callable[..., None]:
        def hook(module: Any, args: Any, named: dict[str, Any]) -> None:
            self.networks.append(number)
            self.calls.append(named)

        return hook

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()


def test_an_edit_comes_out_as_the_known_latents_decoded(model: WanDenoiser, monkeypatch: pytest.MonkeyPatch) -> None:
    """x0 pinned to known latents on the last step, with reference latents before them, by both schedulers."""
    reference = torch.rand(3, 20, 30)
    pinned = torch.randn(1, 16, 1 + 3, HEIGHT // 8, WIDTH // 8)
    monkeypatch.setattr(wan, "through", lambda codec, edit: lambda x0, sigma: pinned)
    expected = VideoLatents(model.pipe.vae).decode(pinned[:, :, 1:])
    unipc = model.pipe.scheduler
    for scheduler in (unipc, FlowMatchEulerDiscreteScheduler(shift=3.0)):
        model.pipe.scheduler = scheduler
        made = model.paint(frames(), told(references=(reference,)), 3, leave)
        torch.testing.assert_close(made, expected, atol=1e-3, rtol=0)
    model.pipe.scheduler = unipc


def test_an_edit_said_in_pictures_is_in_the_result(model: WanDenoiser, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[Tensor] = []
    real = wan.through

    def watched(codec: Any, edit: Any) -> Any:
        inner = real(codec, edit)

        def outer(x0: Tensor, sigma: float) -> Tensor:
            left.append(inner(x0, sigma))
            assert torch.equal(left[-1][:, :, :2], x0[:, :, :2])  # the references' latents are nobody's to edit
            return left[-1]

        return outer

    monkeypatch.setattr(wan, "through", watched)
    shapes: list[tuple[int, ...]] = []

    def bright(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        shapes.append(tuple(pictures.shape))
        return pictures * 0.5 + 0.5, torch.ones_like(pictures[:, :1])

    references = (torch.rand(3, 20, 30), torch.rand(3, 40, 20))
    made = model.paint(frames(), told(references=references), 2, bright)
    assert shapes == [(COUNT, 3, HEIGHT, WIDTH)] * 2
    expected = VideoLatents(model.pipe.vae).decode(left[-1][:, :, 2:])
    torch.testing.assert_close(made, expected, atol=1e-3, rtol=0)
    plain = model.paint(frames(), told(references=references), 2, leave)
    assert float((made - plain).abs().max()) > 1e-3


def test_controls_known_pixels_and_references_arrive_as_vace_reads_them(model: WanDenoiser) -> None:
    known, reference = some_known(), torch.rand(3, 20, 30) * 2 - 1
    asked = told(known=known, references=(reference,))
    with Watched(model) as seen:
        model.paint(frames(), asked, 1, leave)
    given = seen.calls[0]["control_hidden_states"]
    codec, white = VideoLatents(model.pipe.vae), known.share == 0
    film = torch.where(white, asked.controls["depth"].pictures, known.pictures)
    assert given.shape == (1, 96, 1 + 3, HEIGHT // 8, WIDTH // 8)
    tight = {"atol": 1e-4, "rtol": 0.0}
    torch.testing.assert_close(given[:, :16, 1:], codec.encode(film * ~white), **tight)
    torch.testing.assert_close(given[:, 16:32, 1:], codec.encode(film * white), **tight)
    board = (boarded(reference, WIDTH, HEIGHT)[None] * 127.5 + 127.5).round() / 127.5 - 1
    torch.testing.assert_close(given[:, :16, :1], codec.encode(board), **tight)
    mask = given[0, 32:, 1:]  # 64 channels: the 8 x 8 pixels of a cell
    assert not mask[:, :2].any()  # latents of frames 0 and 1 to 4, which are all known
    assert not mask[:, 2, :, :3].any()
    assert (mask[:, 2, :, 3:] == 1).all()


def test_strengths_reach_every_token(model: WanDenoiser) -> None:
    fading = Control(torch.zeros(COUNT, 3, HEIGHT, WIDTH), torch.tensor([0.5, 0, 0, 0.25, 0.25, 1, 1, 1, 1.0]))
    asked = told(controls={"depth": fading}, references=(torch.rand(3, 20, 30),))
    with Watched(model) as seen:
        model.paint(frames(), asked, 1, leave)
    scales = seen.calls[0]["control_hidden_states_scale"]
    tokens = (HEIGHT // 16) * (WIDTH // 16)
    assert scales.shape == (2, 1, 4 * tokens, 1)
    assert scales[1, 0, :, 0].reshape(4, tokens).T[0].tolist() == [1.0, 0.5, 0.125, 1.0]
    off = replace(asked, controls={"depth": replace(fading, strength=torch.zeros(COUNT))}, references=())
    other = replace(off, controls={"depth": Control(torch.rand(COUNT, 3, HEIGHT, WIDTH), torch.zeros(COUNT))})
    one, two = (model.paint(frames(), some, 1, leave) for some in (off, other))
    assert torch.equal(one, two)  # at strength 0 the control says nothing at all
    on = replace(other, controls={"depth": replace(other.controls["depth"], strength=torch.ones(COUNT))})
    assert not torch.equal(two, model.paint(frames(), on, 1, leave))


def two(pose: float = 0.75) -> dict[str, Control]:
    films = torch.rand(2, COUNT, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(4)) * 2 - 1
    strengths = torch.full((COUNT,), 0.75), torch.full((COUNT,), pose)
    return {name: Control(film, s) for name, film, s in zip(("depth", "pose"), films, strengths, strict=True)}


def test_each_control_has_a_film_and_known_pixels_lie_over_all() -> None:
    known = some_known()
    asked = told(controls=two(), known=known)
    vace, kept = vace_of(asked, COUNT), known.share > 0
    assert len(vace.films) == 2
    for film, control in zip(vace.films, asked.controls.values(), strict=True):
        assert torch.equal(film, torch.where(kept, known.pictures, control.pictures))
    assert torch.equal(vace.mask, 1 - kept.float())
    assert all((weight == 0.5).all() for weight in vace.weights)  # 0.75 of 1.5: together they weigh no more than one
    quiet = vace_of(told(controls=two(0.0), known=known), COUNT)
    assert len(quiet.films) == 1
    assert torch.equal(quiet.weights[0], torch.where(kept, 1.0, 0.75))
    assert (vace_of(told(controls={}), COUNT).weights[0] == 1).all()  # nothing steers: as the pipeline has it


def test_several_controls_go_through_vace_side_by_side_and_add_as_they_weigh(model: WanDenoiser) -> None:
    """Twice the same film at half the weight is that film; of two films a layer adds the mean of what each adds."""
    depth, pose = two().values()
    twin = {name: replace(depth, strength=torch.full((COUNT,), 0.5)) for name in ("depth", "edges")}
    whole = {"depth": replace(depth, strength=torch.ones(COUNT))}
    more = {"known": some_known(), "references": (torch.rand(3, 20, 30),)}
    one, same = (model.paint(frames(), told(controls=c, **more), 2, leave) for c in (whole, twin))
    torch.testing.assert_close(same, one, atol=1e-4, rtol=0)

    hints: list[Tensor] = []
    last = model.pipe.transformer.vace_blocks[-1]
    seen = last.register_forward_hook(lambda _, inputs, output: hints.append(output[0]))
    for controls in ({"depth": depth}, {"pose": pose}, {"depth": depth, "pose": pose}):
        model.paint(frames(), told(controls=controls, noise=lambda c, cell: torch.ones(COUNT, c, 4, 6)), 1, leave)
    seen.remove()
    first, second, both = hints[0], hints[2], hints[4]  # each call is made with and without the prompt
    torch.testing.assert_close(both, (first + second) / 2, atol=1e-5, rtol=0)
    assert float((first - second).abs().max()) > 1e-3
    assert "forward" not in vars(last)
    assert "prepare_masks" not in vars(model.pipe)


def test_a_cell_is_kept_only_if_all_of_it_is_known() -> None:
    known = torch.ones(COUNT, 1, HEIGHT, WIDTH)
    known[3, 0, 10, 20] = 0.4
    vace = vace_of(told(known=Known(torch.zeros(COUNT, 3, HEIGHT, WIDTH), known)), COUNT)
    assert int(vace.mask.sum()) == 64
    assert (vace.mask[3, 0, 8:16, 16:24] == 1).all()
    control = told().controls["depth"].pictures
    assert torch.equal(vace.films[0][3, :, 8:16, 16:24], control[3, :, 8:16, 16:24])


def test_noise_is_the_worlds_and_the_seeds(model: WanDenoiser) -> None:
    own = torch.randn(COUNT, 16, HEIGHT // 8, WIDTH // 8)
    asked = told(noise=lambda channels, cell: own[:, :channels], references=(torch.rand(3, 20, 30),))
    with Watched(model) as seen:
        model.paint(frames(), asked, 1, leave)
    start = seen.calls[0]["hidden_states"][0].transpose(0, 1)
    assert torch.equal(start[1:], own[[0, 3, 7]])
    assert not torch.equal(start[0], own[0])
    one, two, other = (model.paint(frames(), told(seed=seed), 1, leave) for seed in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_two_networks_share_the_steps_at_the_boundary(model: WanDenoiser) -> None:
    with Watched(model) as seen:
        model.paint(frames(), told(), 6, leave)
    times = [float(call["timestep"][0]) for call in seen.calls]
    assert [number for number, _ in sorted(zip(seen.networks, times, strict=True))] == seen.networks
    assert {time >= 875 for time, number in zip(times, seen.networks, strict=True) if number == 0} == {True}
    assert {time >= 875 for time, number in zip(times, seen.networks, strict=True) if number == 1} == {False}


def test_a_film_is_repainted_from_partial_noise(model: WanDenoiser) -> None:
    film = torch.rand(COUNT, 3, HEIGHT, WIDTH) * 2 - 1
    noise = torch.randn(COUNT, 16, HEIGHT // 8, WIDTH // 8)
    asked = told(film=film, strength=0.5, noise=lambda channels, cell: noise)
    with Watched(model) as seen:
        model.paint(frames(), asked, 4, leave)
    assert len(seen.calls) == 2 * 2  # half of the steps, each with and without the prompt
    sigma = float(model.pipe.scheduler.sigmas[0])  # timesteps are whole numbers, and so not exact
    clean = VideoLatents(model.pipe.vae).encode(film)
    start = (1 - sigma) * clean + sigma * noise[[0, 3, 7]].transpose(0, 1)[None]
    torch.testing.assert_close(seen.calls[0]["hidden_states"], start, atol=1e-3, rtol=0)
    assert 0.3 < sigma < 0.9


def test_prompts_are_read_once_and_the_reader_is_let_go(tiny_wan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = FAMILY.load(Loading(tiny_wan))
    assert isinstance(model, WanDenoiser)
    assert model.pipe.text_encoder is None
    opened: list[str] = []
    real = wan.pipeline_from

    def counted(*args: Any, **named: Any) -> Any:
        opened.append(args[1])
        return real(*args, **named)

    monkeypatch.setattr(wan, "pipeline_from", counted)
    rain = model.paint(frames(), told(negative="fog"), 1, leave)
    assert torch.equal(rain, model.paint(frames(), told(negative="fog"), 1, leave))
    assert opened == [FAMILY.name]
    snow = model.paint(frames(), told(prompts=("snow",) * COUNT, negative="fog"), 1, leave)
    assert opened == [FAMILY.name] * 2
    assert not torch.equal(rain, snow)


def test_it_runs_in_bfloat16_with_its_autoencoder_in_float32(tiny_wan: Path) -> None:
    model = FAMILY.load(Loading(tiny_wan, dtype=torch.bfloat16, tiling=True))
    assert isinstance(model, WanDenoiser)
    seen: list[torch.dtype] = []

    def bright(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        seen.append(pictures.dtype)
        return pictures * 0.5 + 0.5, torch.ones_like(pictures[:, :1])

    made = model.paint(frames(), told(known=some_known(), references=(torch.rand(3, 20, 30),)), 2, bright)
    assert made.dtype == torch.float32
    assert made.isfinite().all()
    assert set(seen) == {torch.float32}
    assert model.pipe.transformer.dtype == torch.bfloat16
    assert model.pipe.vae.dtype == torch.float32


def test_nothing_reaches_for_weights_that_wait_elsewhere(tiny_wan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layer by layer, by accelerate's own hooks, with several controls and all else that Wan takes."""
    accelerate = pytest.importorskip("accelerate", reason="offloading is accelerate's")
    film = torch.rand(COUNT, 3, HEIGHT, WIDTH) * 2 - 1
    noise = torch.randn(COUNT, 16, HEIGHT // 8, WIDTH // 8)
    references = (torch.rand(3, 20, 30),)
    asked = told(controls=two(), references=references, film=film, strength=0.5, noise=lambda c, cell: noise)
    whole = FAMILY.load(Loading(tiny_wan)).paint(frames(), asked, 2, leave)

    def layer_by_layer(pipe: Any, loading: Loading) -> Any:
        for part in pipe.components.values():
            if isinstance(part, torch.nn.Module):
                accelerate.cpu_offload(part, torch.device("cpu"), offload_buffers=bool(part._parameters))
        return pipe

    monkeypatch.setattr(wan, "placed", layer_by_layer)
    spared = FAMILY.load(Loading(tiny_wan, offload="sequential"))
    assert next(spared.pipe.vae.parameters()).device.type == "meta"
    torch.testing.assert_close(spared.paint(frames(), asked, 2, leave), whole, atol=1e-5, rtol=0)


def test_any_size_and_length_is_padded_and_cut(model: WanDenoiser) -> None:
    asked = replace(
        Conditions(controls={"depth": Control(torch.rand(6, 3, 29, 45), torch.ones(6))}), prompts=("rain",) * 6
    )
    made = Fitted(FAMILY, model).paint(frames(6, 29, 45), asked, 1, leave)
    assert made.shape == (6, 3, 29, 45)
    assert made.dtype == torch.float32
    assert -1 <= float(made.min()) < float(made.max()) <= 1
    still = Fitted(FAMILY, model).paint(frames(1, 95, 161), Conditions(), 1, leave)
    assert still.shape == (1, 3, 95, 161)


def test_larger_pictures_have_a_larger_shift() -> None:
    scheduler = wan.shifted(FlowMatchEulerDiscreteScheduler(shift=1.0), 5.0)
    assert scheduler.config.shift == 5.0


def test_references_lie_on_white_as_large_as_fits() -> None:
    board = boarded(torch.zeros(3, 10, 40), 48, 32)
    assert board.shape == (3, 32, 48)
    assert (board[:, :10] == 1).all()
    assert (board[:, 12:20] == 0).all()


def test_the_codec_behind_references_knows_only_the_film(model: WanDenoiser) -> None:
    codec = BehindReferences(VideoLatents(model.pipe.vae), 2)
    pictures = torch.rand(5, 3, 32, 32)
    latents = codec.encode(pictures)
    assert latents.shape == (1, 16, 2 + 2, 4, 4)
    assert not latents[:, :, :2].any()
    assert codec.decode(latents).shape == pictures.shape
    cells = codec.cells(torch.ones(5, 1, 32, 32))
    assert not cells[:, :, :2].any()
    assert (cells[:, :, 2:] == 1).all()


def test_missing_and_broken_weights_are_one_sentence(tiny_wan: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"setpiece models get wan-vace-1\.3b") as missing:
        FAMILIES[0].load(Loading(tmp_path))
    assert "\n" not in str(missing.value)
    shutil.copytree(tiny_wan, tmp_path / "broken")
    file = next((tmp_path / "broken" / "vae").glob("*.safetensors"))
    file.write_bytes(b"not weights")
    with pytest.raises(ValueError, match=r"cannot be read .* again") as broken:
        FAMILIES[0].load(Loading(tmp_path / "broken"))
    assert "\n" not in str(broken.value)
    index = tmp_path / "broken" / "model_index.json"
    index.write_text(json.dumps({"_class_name": "WanVACEPipeline"})[:-3])
    with pytest.raises(ValueError, match="cannot be read"):
        FAMILIES[0].load(Loading(tmp_path / "broken"))
