"""What the video models share: words asked once, noise and strengths in latent time, frames that are known whole."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

pytest.importorskip("transformers", reason="text encoders need transformers")

from conditioning.conditions import Conditions, Control, Known
from conditioning.models.cogvideox import CogVideoDenoiser
from conditioning.models.cosmos import CosmosDenoiser
from conditioning.models.ltx2 import LTX2Denoiser
from conditioning.models.video import only, shares, smaller, spoken, starting_noise, strength_in_time, whole_frames
from tests.conditioning import tiny_video as tiny


class Encoder:
    """Notes where it is sent."""

    def __init__(self) -> None:
        self.places: list[str] = []

    def to(self, place: Any) -> Encoder:
        self.places.append(str(place))
        return self


@pytest.mark.parametrize(("device", "places"), [("cuda", ["cuda", "cpu"] * 2), ("cpu", [])])
def test_words_are_asked_once_and_their_encoder_makes_room_after_each_time(device: str, places: list[str]) -> None:
    encoder = Encoder()
    pipe = SimpleNamespace(text_encoder=encoder, device=torch.device(device))
    asked: list[tuple[str, str, bool]] = []

    def encode(prompt: str, negative: str) -> dict[str, Tensor]:
        asked.append((prompt, negative, pipe.text_encoder is encoder))
        return {"prompt_embeds": torch.ones(1)}

    words = spoken(pipe, encode)
    for prompt in ("rain", "rain", "snow"):
        assert set(words(prompt, "blur")) == {"prompt_embeds"}
    assert asked == [("rain", "blur", True), ("snow", "blur", True)]
    assert encoder.places == places
    assert (pipe.text_encoder is None) == (device == "cuda")


@pytest.mark.parametrize("why", ["_hf_hook", "hf_quantizer"])
def test_an_encoder_that_others_move_or_that_is_quantised_stays(why: str) -> None:
    encoder = Encoder()
    setattr(encoder, why, object())
    pipe = SimpleNamespace(text_encoder=encoder, device=torch.device("cuda"))
    spoken(pipe, lambda prompt, negative: {})("rain", "")
    assert encoder.places == []
    assert pipe.text_encoder is encoder


def test_noise_is_the_world_s_at_the_middle_of_each_latent_s_frames_or_the_seed_s() -> None:
    world = torch.randn(9, 4, 3, 2)
    own = starting_noise(Conditions(noise=lambda channels, cell: world), 9, 4, 8, 4)
    assert torch.equal(own, world[[0, 3, 7]].transpose(0, 1))
    one, same, other = (starting_noise(Conditions(width=16, height=24, seed=s), 9, 4, 8, 4) for s in (1, 1, 2))
    assert one.shape == (4, 3, 3, 2)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_strength_at_a_latent_is_the_mean_of_its_frames() -> None:
    made = strength_in_time(torch.tensor([0.2, 1, 1, 0, 0, 0.5, 0.5, 0.5, 0.5]), 4)
    torch.testing.assert_close(made, torch.tensor([0.2, 0.5, 0.5]))
    torch.testing.assert_close(strength_in_time(torch.tensor([0.7]), 4), torch.tensor([0.7]))


def test_frames_are_known_whole_up_to_the_first_that_is_not() -> None:
    share = torch.ones(5, 1, 32, 48)
    known = Known(torch.zeros(5, 3, 32, 48), share)
    assert whole_frames(None, 16) == 0
    assert whole_frames(known, 16) == 5
    share[:, :, 17:] = 0  # fifteen rows of padding
    assert whole_frames(known, 16) == 5
    share[:, :, 16:] = 0  # sixteen: that is a hole
    assert whole_frames(known, 16) == 0
    share[:] = 1
    share[3, 0, 5, 5] = 0.99
    assert whole_frames(known, 16) == 3


def test_pictures_for_processors_are_shares_of_one_film() -> None:
    film = torch.tensor([-1.0, 0.0, 1.2]).view(3, 1, 1, 1).expand(3, 3, 4, 4)
    assert shares(film).shape == (1, 3, 3, 4, 4)
    torch.testing.assert_close(shares(film)[0, :, 0, 0, 0], torch.tensor([0.0, 0.5, 1.0]))
    assert smaller(film, 1) is film
    assert torch.equal(smaller(torch.arange(16.0).view(1, 1, 4, 4), 2)[0, 0], torch.tensor([[2.5, 4.5], [10.5, 12.5]]))


def test_one_control_is_taken_and_several_are_refused() -> None:
    control = Control(torch.zeros(1, 3, 4, 4), torch.ones(1))
    assert only(Conditions(), "it") is None
    assert only(Conditions(controls={"depth": control}), "it") is control
    with pytest.raises(ValueError, match="it takes one control at a time, not depth, pose: choose one"):
        only(Conditions(controls={"depth": control, "pose": control}), "it")


def cogvideox() -> CogVideoDenoiser:
    from diffusers import DDIMScheduler

    pipe = tiny.cogvideox()
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    return CogVideoDenoiser(pipe)


def cosmos() -> CosmosDenoiser:
    from conditioning.models.cosmos_controls import CosmosControls

    pipe = tiny.cosmos()
    pipe.register_modules(controlnet=CosmosControls({"depth": tiny.cosmos_control(1)}))
    return CosmosDenoiser(pipe)


@pytest.mark.parametrize("make", [cogvideox, lambda: LTX2Denoiser(tiny.ltx2()), cosmos])
def test_nothing_reaches_for_weights_that_wait_elsewhere(make: Callable[[], Any]) -> None:
    """With accelerate's own hooks weights exist only while a layer runs; the pictures are the same."""
    accelerate = pytest.importorskip("accelerate", reason="offloading is accelerate's")
    film = tiny.film(9, 64, 96)
    known = Known(film, torch.ones(9, 1, 64, 96))
    told = Conditions(
        width=96, height=64, controls={"depth": Control(film, torch.ones(9))}, film=film, strength=0.5, known=known
    )

    def edit(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        return pictures * 0.9, torch.ones_like(pictures[:, :1])

    with tiny.torchvision():
        plain = make().paint(tiny.frames(9, 64, 96), told, 4, edit)
        model = make()
        for name, part in model.pipe.components.items():
            if isinstance(part, torch.nn.Module) and name not in model.pipe._exclude_from_cpu_offload:
                accelerate.cpu_offload(part, torch.device("cpu"), offload_buffers=bool(part._parameters))
        spared = model.paint(tiny.frames(9, 64, 96), told, 4, edit)
    assert next(model.pipe.vae.parameters()).device.type == "meta"
    torch.testing.assert_close(spared, plain, atol=1e-5, rtol=0)
