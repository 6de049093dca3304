"""Sizes and frame counts snap in one place: what is asked for comes out, and an edit reaches what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from conditioning.codec import PictureEdit
from conditioning.conditions import Conditions, Control, Known
from conditioning.guidance import Guidance
from conditioning.models.family import (
    Family,
    Fitted,
    FrameRule,
    Loading,
    Snapped,
    cropped,
    fitted,
    padded,
    padded_conditions,
    snapped,
)


class Echo:
    """Gives back its control film, edited in a single step."""

    together = 9

    def paint(self, frames: Sequence[Any], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        self.frames, self.conditions = frames, conditions
        pictures, self.changed = edit(conditions.controls["depth"].pictures, 1.0)
        return pictures


FAMILY = Family(
    name="echo",
    words="gives back what it is told",
    checkpoints=(),
    side=16,
    sizes=((64, 32), (128, 64)),
    frames=FrameRule(4),
    window=9,
    latent_stride=4,
    controls=(),
    at_once=1,
    known=True,
    references=0,
    memory=(),
    steps=1,
    cfg=1.0,
    guidance=Guidance(every=0),
    load=lambda loading: Echo(),
)


def told(count: int, height: int, width: int) -> Conditions:
    film = torch.rand(count, 3, height, width)
    return Conditions(
        prompts=tuple(f"frame {k}" for k in range(count)),
        controls={"depth": Control(film, torch.linspace(0, 1, count))},
        known=Known(film, torch.ones(count, 1, height, width)),
        film=film,
        seed=5,
        noise=lambda channels, cell: torch.full((count, channels, height // cell, width // cell), 9.0),
    )


def frames(count: int, height: int, width: int) -> list[Any]:
    return [SimpleNamespace(light=torch.zeros(3, height, width), index=k) for k in range(count)]


def leave(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    return pictures, torch.ones_like(pictures[:, :1])


@pytest.mark.parametrize(("asked", "taken"), [(1, 1), (2, 5), (5, 5), (6, 9), (9, 9), (10, 13)])
def test_frame_counts_are_a_multiple_and_one(asked: int, taken: int) -> None:
    assert FrameRule(4).fitting(asked) == taken
    assert FrameRule().fitting(asked) == asked


def test_sides_snap_up_and_never_down() -> None:
    assert snapped(FAMILY, 161, 95, 6) == Snapped(176, 96, 9)
    assert snapped(FAMILY, 160, 96, 5) == Snapped(160, 96, 5)
    assert FAMILY.most_pixels == 128 * 64


@pytest.mark.parametrize(("size", "said"), [((64, 32, 10), "at most 9 frames"), ((0, 32, 1), "at least 1")])
def test_what_cannot_be_painted_is_said(size: tuple[int, int, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        snapped(FAMILY, *size)


def test_what_is_padded_can_be_cut_again() -> None:
    film = torch.rand(6, 3, 17, 31)
    whole = padded(film, Snapped(48, 32, 9))
    assert whole.shape == (9, 3, 32, 48)
    assert torch.equal(cropped(whole, 31, 17, 6), film)
    assert torch.equal(whole[:6, :, 20, 5], film[:, :, 16, 5])
    assert torch.equal(whole[8], whole[5])


def test_conditions_are_padded_and_beyond_the_border_nothing_is_known() -> None:
    longer = padded_conditions(told(6, 17, 31), Snapped(48, 32, 9))
    assert (longer.width, longer.height) == (48, 32)
    assert longer.prompts[5:] == ("frame 5",) * 4
    assert longer.controls["depth"].pictures.shape == (9, 3, 32, 48)
    assert longer.controls["depth"].strength.tolist()[5:] == [1.0] * 4
    assert longer.known is not None
    assert longer.known.share[:, :, :17, :31].all()
    assert not longer.known.share[:, :, 17:].any()
    assert not longer.known.share[:, :, :, 31:].any()
    assert longer.film is not None
    assert longer.film.shape == (9, 3, 32, 48)
    assert longer.noise is not None
    noise = longer.noise(4, 8)
    assert noise.shape == (9, 4, 4, 6)
    assert (noise[:6, :, :2, :3] == 9).all()
    rest = torch.cat([noise[6:].flatten(), noise[:6, :, 2:].flatten()])
    assert 0.9 < float(rest.std()) < 1.1
    assert torch.equal(noise, longer.noise(4, 8))


def test_what_was_asked_for_comes_out() -> None:
    model = fitted(FAMILY, Loading(Path()))
    asked = told(6, 17, 31)
    made = model.paint(frames(6, 17, 31), asked, 1, leave)
    assert torch.equal(made, asked.controls["depth"].pictures)
    echo = model.model
    assert isinstance(echo, Echo)
    assert [frame.index for frame in echo.frames] == [0, 1, 2, 3, 4, 5, 5, 5, 5]
    assert not echo.changed.any()  # untouched pictures change no latent
    assert model.together == 9


def test_an_edit_knows_only_what_was_asked_for_and_frames_after_it_follow() -> None:
    seen: list[tuple[int, ...]] = []

    def edit(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        seen.append(tuple(pictures.shape))
        changed = torch.zeros_like(pictures[:, :1])
        changed[5, :, :8] = 1
        return pictures * (1 - changed) + 0.5 * changed, changed

    echo = Echo()
    asked = told(6, 17, 31)
    film = asked.controls["depth"].pictures
    made = Fitted(FAMILY, echo).paint(frames(6, 17, 31), asked, 1, edit)
    assert seen == [(6, 3, 17, 31)]
    assert (made[5, :, :8] == 0.5).all()
    assert torch.equal(made[:5], film[:5])
    assert torch.equal(made[5, :, 8:], film[5, :, 8:])
    assert echo.changed[5:, :, :8, :31].all()
    assert not echo.changed[:, :, :, 31:].any()


def test_a_model_that_gives_other_sizes_is_a_bug() -> None:
    class Small(Echo):
        def paint(self, frames: Sequence[Any], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
            return torch.zeros(1, 3, 8, 8)

    with pytest.raises(AssertionError, match="echo gave pictures"):
        Fitted(FAMILY, Small()).paint(frames(6, 17, 31), told(6, 17, 31), 1, leave)


def test_one_prompt_for_all_is_the_one_that_holds_longest() -> None:
    assert Conditions().prompt == ""
    assert Conditions(prompts=("a", "b", "b")).prompt == "b"
    assert replace(Conditions(), prompts=("a", "b")).prompt == "a"
