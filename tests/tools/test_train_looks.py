"""Looks do to a picture what their names say, and look no further than a few pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from conditioning.controls import MAPS
from tools.train.colour import exposed, film, light_of_oklab, linear, luminance, oklab, srgb
from tools.train.looks import LOOKS, in_look
from worldgen.light import film_curve


def _lit_box(size: tuple[int, int] = (48, 64), red: float = 0.5) -> tuple[Tensor, Tensor]:
    """A red box in sunlight on a blue wall, half in shadow: the truth and its maps, (1, C, H, W)."""
    height, width = size
    box = np.zeros(size, bool)
    box[height // 4 : -height // 4, width // 4 : -width // 4] = True
    shadow = np.broadcast_to(np.arange(width) < width // 2, size)
    albedo = np.where(box[None], np.reshape([red, 0.1, 0.08], (3, 1, 1)), np.reshape([0.15, 0.2, 0.5], (3, 1, 1)))
    light = np.where(shadow, 0.25, 2.0)
    maps = {name: np.full(size, -1.0) for name in MAPS}
    for k, c in enumerate("rgb"):
        maps[f"albedo.{c}"] = srgb(torch.from_numpy(albedo[k])).numpy() * 2 - 1
        maps[f"sky.{c}"] = np.full(size, 0.2)
    maps["normal.z"], maps["sun"] = np.full(size, -1.0), np.where(shadow, -1.0, 1.0)
    maps["normal.x"] = maps["normal.y"] = np.zeros(size)
    maps["inverse_depth"] = 2 / (1 + np.where(box, 4.0, 8.0) / 6) - 1
    for name in ("occlusion", "roughness", "coverage"):
        maps[name] = np.ones(size)
    truth = srgb(film(torch.from_numpy(albedo * light))) * 2 - 1
    return truth[None].float(), torch.from_numpy(np.stack([maps[name] for name in MAPS]))[None].float()


def _light(picture: Tensor) -> Tensor:
    return linear(picture * 0.5 + 0.5)


def _chroma(picture: Tensor) -> float:
    return float(oklab(_light(picture))[:, 1:].norm(dim=1).mean())


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_is_a_picture_of_the_same_size_and_the_same_each_time(look: str) -> None:
    truth, maps = _lit_box((37, 51))
    made = in_look(look, truth, maps)
    assert made.shape == truth.shape
    assert made.dtype == torch.float32
    assert torch.isfinite(made).all()
    assert made.abs().max() <= 1
    assert torch.equal(made, in_look(look, truth, maps))
    assert (look == "natural") == torch.allclose(made, truth, atol=1e-6)


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_knows_only_its_neighbourhood(look: str) -> None:
    """The right half of a picture is the same whatever the left is."""
    truth, maps = _lit_box((40, 96))
    other, maps_of_other = truth.clone(), maps.clone()
    other[..., :30], maps_of_other[..., :30] = torch.rand(1, 3, 40, 30), torch.rand(1, maps.shape[1], 40, 30)
    one, two = in_look(look, truth, maps), in_look(look, other, maps_of_other)
    assert torch.allclose(one[..., 60:], two[..., 60:], atol=1e-4)


@pytest.mark.parametrize("look", LOOKS)
def test_black_white_and_a_single_pixel_do_no_harm(look: str) -> None:
    for value in (-1.0, 1.0):
        made = in_look(look, torch.full((1, 3, 1, 1), value), torch.full((1, len(MAPS), 1, 1), value))
        assert torch.isfinite(made).all()


def test_noir_has_no_colour_and_more_contrast() -> None:
    truth, maps = _lit_box()
    made = in_look("film-noir", truth, maps)
    assert _chroma(made) < 1e-3
    assert made.std() > 1.15 * (srgb(luminance(_light(truth))) * 2 - 1).std()


def test_clay_forgets_colour_but_not_light() -> None:
    truth, maps = _lit_box()
    clay = in_look("clay", truth, maps)
    assert _chroma(clay) < 0.25 * _chroma(truth)
    grey = luminance(_light(clay))[0, 0]
    assert abs(grey[24, 40] - grey[4, 60]) < 0.1 * grey[4, 60]  # box and wall, both in the sun
    assert grey[24, 40] > 2 * grey[24, 24]  # the box in the sun and in the shadow


@pytest.mark.parametrize("look", ["ink-and-wash", "toon"])
def test_drawn_looks_have_outlines_where_the_depth_steps(look: str) -> None:
    truth, maps = _lit_box()
    flat = maps.clone()
    flat[:, MAPS.index("inverse_depth")] = 0.0
    lines = luminance(_light(in_look(look, truth, flat)) - _light(in_look(look, truth, maps)))[0, 0]
    assert lines[24, 46:50].max() > 0.05  # the right side of the box
    assert lines[22:26, 36:42].abs().max() < 0.02  # the middle of it


def test_toon_is_flat() -> None:
    """Under light that grows along a wall, a toon has few tones where the truth has many."""
    truth, maps = _lit_box((32, 128), red=0.15)
    ramp = torch.linspace(0.05, 3.0, 128)
    truth = (srgb(film(torch.full((1, 3, 32, 128), 0.4) * ramp)) * 2 - 1).float()
    maps[:, :3] = srgb(torch.tensor(0.4)) * 2 - 1
    maps[:, MAPS.index("inverse_depth")] = 0.0
    across = in_look("toon", truth, maps)[0, 1, 16].diff().abs()
    assert (across < 0.003).float().mean() > 0.6
    assert (truth[0, 1, 16].diff().abs() < 0.003).float().mean() < 0.4


def test_palettes_go_where_they_are_named() -> None:
    truth, maps = _lit_box()
    lab = {look: oklab(_light(in_look(look, truth, maps))) for look in LOOKS}
    natural = lab["natural"]
    light = natural[:, 0] > natural[:, 0].median()
    warmer = (lab["warm-35mm"] - natural)[:, 2]
    assert warmer[light].mean() > warmer[~light].mean() + 0.01
    assert warmer[light].mean() > 0.005
    assert lab["cold"][:, 2].mean() < natural[:, 2].mean() - 0.02
    assert lab["pastel"][:, 0].min() > natural[:, 0].min() + 0.2
    assert _chroma(in_look("bleached", truth, maps)) < 0.6 * _chroma(truth)
    teal = lab["teal-and-orange"][:, 1:]
    hue = torch.atan2(teal[:, 1], teal[:, 0])[teal.norm(dim=1) > 0.03]
    near = torch.cos(2 * (hue - torch.pi / 3)).mean()  # both hues lie on one line
    assert near > 0.75


def test_curves_and_colours_come_back() -> None:
    print_ = torch.linspace(0.0, 0.96, 50).view(1, 1, 1, 50)
    assert torch.allclose(film(exposed(print_)), print_, atol=1e-5)
    light = torch.rand(1, 3, 4, 4)
    same = film_curve(light[0].permute(1, 2, 0).numpy())
    assert np.allclose(film(light)[0].permute(1, 2, 0).numpy(), same, atol=1e-6)
    mild = 0.3 + 0.5 * light
    assert torch.allclose(film(exposed(mild)), mild, atol=1e-5)
    assert torch.allclose(light_of_oklab(oklab(light)), light, atol=1e-4)


def test_an_unknown_look_is_one_sentence() -> None:
    truth, maps = _lit_box()
    with pytest.raises(ValueError, match="'sepia' is no look: use one of natural, film-noir"):
        in_look("sepia", truth, maps)
