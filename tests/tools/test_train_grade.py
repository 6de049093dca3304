"""The grade of words: it learns looks from true pictures, and leaves alone what no words are said of."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from conditioning.controls import KIND_NAMES, LIGHT, MAPS
from conditioning.models.pocket.denoiser import load_network
from conditioning.models.pocket.network import Grade, PocketUNet
from conditioning.text import WORDS, encoded
from tools.train.colour import linear, oklab
from tools.train.grade import composed, fit_grade, gathered
from tools.train.looks import LOOKS


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two worlds of coloured noise; one of them is white in snow."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("data")
    for seed in (0, 1):
        picture = rng.uniform(-0.8, 0.8, (3, 3, 24, 24)).astype(np.float16)
        snow = {
            "variant": np.full((1, 3, 24, 24), 240, np.uint8),
            "variant_of": np.array([2]),
            "variant_name": np.array(["snow"]),
            "facts": json.dumps({"place": "street", "inside": False}),
        }
        np.savez(
            folder / f"{seed:07d}.npz",
            maps=rng.uniform(-1, 1, (3, len(MAPS), 24, 24)).astype(np.float16),
            target=picture,
            **(snow if seed else {}),
        )
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = PocketUNet(len(MAPS), LIGHT, WORDS, KIND_NAMES, channels=(8, 16), blocks=(1, 1), condition=16)
    torch.nn.init.normal_(network.hear.weight)
    torch.nn.init.normal_(network.tail.weight, std=0.1)
    folder = tmp_path_factory.mktemp("weights") / "model"
    network.save_pretrained(folder)
    return folder


def test_no_words_and_new_weights_leave_every_bit_alone() -> None:
    grade, picture, maps = Grade(WORDS, 5), torch.rand(2, 3, 4, 6), torch.rand(2, 5, 4, 6)
    words = torch.from_numpy(np.stack([encoded("snow"), encoded("noir")]))
    assert torch.equal(grade(picture, maps, words), picture)
    torch.nn.init.normal_(grade.weigh.weight, std=0.1)
    assert torch.equal(grade(picture, maps, torch.zeros(2, WORDS)), picture)
    changed = grade(picture, maps, words)
    assert (changed - picture).abs().mean() > 0.01
    assert torch.allclose(
        changed[:, :, 1:2, 2:3], grade(picture[:, :, 1:2, 2:3], maps[:, :, 1:2, 2:3], words), atol=1e-5
    )


def test_pixels_are_gathered_in_every_look_and_in_the_weather_there_is(data: Path, tmp_path: Path) -> None:
    samples = gathered(data, 10)
    assert len(samples) == 6
    assert {(None, look) for look in LOOKS} <= set(samples[0].after)
    (snowy,) = (one for one in samples if ("snow", "natural") in one.after)
    assert snowy.facts["place"] == "street"
    assert [key for key in snowy.after if key[0] is not None] == [("snow", "natural")]
    assert snowy.after["snow", "natural"].min() > 0.85
    assert torch.equal(snowy.before, snowy.after[None, "natural"])
    with pytest.raises(ValueError, match="holds no training pictures"):
        gathered(tmp_path, 10)


def test_a_weather_comes_on_top_of_a_look_and_a_sunset_is_left_to_the_sky() -> None:
    asked = [(None, "natural"), (None, "toon"), ("snow", "natural"), ("golden-hour", "natural")]
    best = {one: torch.full((3, 2), float(k)) for k, one in enumerate(asked)}
    found = composed(best)
    assert found["snow", "toon"].unique().tolist() == [3.0]
    assert found["snow", "natural"].unique().tolist() == [2.0]
    assert torch.equal(found["golden-hour", "toon"], best[None, "toon"])
    assert len(found) == 6


def test_what_is_fitted_grades_and_the_rest_is_as_it_was(data: Path, weights: Path, tmp_path: Path) -> None:
    made = fit_grade(weights, data, tmp_path / "graded", steps=120)
    network, before = load_network(made), load_network(weights)
    kept = {k: v for k, v in network.state_dict().items() if not k.startswith(("grade", "hear"))}
    for name, value in kept.items():
        assert torch.allclose(value.float(), before.state_dict()[name].float(), atol=1e-3), name
    assert not network.hear.weight.any()
    picture, maps = torch.rand(1, 3, 16, 16) * 1.6 - 0.8, torch.rand(1, len(MAPS), 16, 16) * 2 - 1
    noir = network.float().grade(picture, maps, torch.from_numpy(encoded("film noir, black and white").copy())[None])
    chroma = [oklab(linear(p.clamp(-1, 1) * 0.5 + 0.5))[:, 1:].norm(dim=1).mean() for p in (picture, noir)]
    assert chroma[1] < 0.6 * chroma[0]
