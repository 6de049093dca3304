"""Which controls a model gets, and how strongly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from conditioning import control_style as style
from conditioning.control_choice import chosen_controls, strengths, told_controls
from conditioning.control_video import control_clips
from conditioning.guidance import Guidance
from conditioning.models.family import ControlSpec, Family, FrameRule, Loading
from conditioning.paint import Denoiser
from render.passframe import ShotPasses
from render.raster import Rasterizer
from worldgen.world import Shot, World


def never(loading: Loading) -> Denoiser:
    raise AssertionError("nothing is loaded here")


@pytest.fixture
def family() -> Family:
    """Takes depth, edges and poses, two at once."""
    specs = (
        ControlSpec("depth", style.INVERSE_DEPTH, "a test"),
        ControlSpec("edges", style.SOFT_EDGES, "a test"),
        ControlSpec("pose", style.OPENPOSE, "a test"),
    )
    return Family(
        "tiny", "a test", (), 8, ((64, 64),), FrameRule(4), 9, 4, specs, 2, True, 0, (), 2, 1.0, Guidance(), never
    )


def test_a_scene_that_asks_for_nothing_gets_what_is_usual(family: Family, shot: Shot) -> None:
    assert list(chosen_controls(family, shot)) == ["depth"]
    assert list(chosen_controls(replace(family, usual=2), shot)) == ["depth", "edges"]
    assert list(chosen_controls(replace(family, usual=3), shot)) == ["depth", "edges"]  # no more than it takes at once
    np.testing.assert_array_equal(strengths(shot, "depth", range(9)), np.ones(9))


def test_a_scene_gets_what_it_asks_for_at_every_frame(family: Family, shot: Shot) -> None:
    asked = replace(shot, controls=(("pose", ((0.0, 1.0), (0.25, 0.0))), ("depth", ((0.0, 0.5),))))
    assert list(chosen_controls(family, asked)) == ["pose", "depth"]
    fading = [max(0.0, 1 - k / 6) for k in range(9)]
    np.testing.assert_allclose(strengths(asked, "pose", range(9)), fading, atol=1e-6)
    np.testing.assert_array_equal(strengths(asked, "edges", range(9)), np.zeros(9))


def test_what_is_off_throughout_does_not_count(family: Family, shot: Shot) -> None:
    three = (("depth", ((0.0, 1.0),)), ("edges", ((0.0, 1.0),)), ("pose", ((0.0, 0.0),)))
    assert list(chosen_controls(family, replace(shot, controls=three))) == ["depth", "edges"]


def test_a_control_that_the_model_does_not_take_is_one_sentence(family: Family, shot: Shot) -> None:
    with pytest.raises(ValueError, match=r"^truck: tiny takes no tracking control, only depth, edges, pose: change"):
        chosen_controls(family, replace(shot, controls=(("tracking", ((0.0, 1.0),)),)))


def test_a_control_that_is_followed_entirely_or_not_at_all_is_one_sentence(family: Family, shot: Shot) -> None:
    entire = replace(family, controls=(replace(family.controls[0], whole=True), *family.controls[1:]))
    fading = (("depth", ((0.0, 1.0), (0.25, 0.5))),)
    assert list(chosen_controls(family, replace(shot, controls=fading))) == ["depth"]
    assert list(chosen_controls(entire, replace(shot, controls=(("depth", ((0.0, 1.0),)),)))) == ["depth"]
    for said in (fading, (("depth", ((0.0, 0.0),)),)):
        with pytest.raises(ValueError, match=r"^truck: tiny follows depth entirely and cannot follow it less: give it"):
            chosen_controls(entire, replace(shot, controls=said))


def test_more_controls_than_the_model_takes_are_one_sentence(family: Family, shot: Shot) -> None:
    all_on = tuple((name, ((0.0, 1.0),)) for name in ("depth", "edges", "pose"))
    with pytest.raises(ValueError, match=r"tiny takes 2 controls at once, not 3 \(depth, edges, pose\): drop"):
        chosen_controls(family, replace(shot, controls=all_on))


def test_what_a_model_is_told_are_the_control_s_pictures(
    family: Family, world: World, shot: Shot, rasterizer: Rasterizer
) -> None:
    asked = replace(shot, controls=(("depth", ((0.0, 0.4), (8 / 24, 1.2))),))
    passes = ShotPasses(world, asked, rasterizer)
    told = told_controls(passes, chosen_controls(family, asked), [2, 5])
    clip = control_clips(passes, {"depth": style.INVERSE_DEPTH}, [2, 5])["depth"]
    assert list(told) == ["depth"]
    np.testing.assert_array_equal(told["depth"].pictures.numpy(), clip.transpose(0, 3, 1, 2))
    torch.testing.assert_close(told["depth"].strength, torch.tensor([0.6, 0.9]))
