"""The judge of prompts: it must see what is done, and see where nothing is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from conditioning.controls import LIGHT, MAPS, Controls
from conditioning.models.pocket.denoiser import Pocket
from conditioning.text import encoded
from tools.train.captions import LOOK_WORDS, WEATHER_WORDS
from tools.train.colour import film, srgb
from tools.train.looks import LOOKS, in_look
from tools.train.pairs import Pairs
from tools.train.prompts import HEAD, PROMPTS, painted, prompt_table
from worldgen.conventions import F32

SIZE = 64


def street(seed: int) -> tuple[dict[str, Any], Tensor]:
    """Ground and a wall of patches, half in the sun, a part of it far off: maps by name, and the light (3, H, W)."""
    rng = np.random.default_rng(seed)
    albedo = rng.uniform(0.05, 0.7, (3, 8, 8)).repeat(8, 1).repeat(8, 2) * rng.uniform(0.8, 1.2, (1, SIZE, SIZE))
    half = np.arange(SIZE) < SIZE // 2
    level, far = np.broadcast_to(~half[:, None], (SIZE, SIZE)), np.broadcast_to(half[None], (SIZE, SIZE))
    sun = np.zeros((SIZE, SIZE))
    sun[:, 16:48] = 0.8
    maps = {name: np.full((SIZE, SIZE), -1.0) for name in MAPS}
    for k, c in enumerate("rgb"):
        maps[f"albedo.{c}"] = srgb(torch.from_numpy(albedo[k])).numpy() * 2 - 1
        maps[f"sky.{c}"] = np.full((SIZE, SIZE), 0.1)
    maps["normal.x"], maps["normal.y"], maps["normal.z"] = np.zeros((SIZE, SIZE)), -1.0 * level, -1.0 * ~level
    maps["inverse_depth"] = 2 / (1 + np.where(far, 40.0, 5.0) / 6) - 1
    maps["sun"], maps["up"] = 2 * sun - 1, np.where(level, 1.0, 0.0)
    for name in ("occlusion", "roughness", "coverage"):
        maps[name] = np.ones((SIZE, SIZE))
    return maps, torch.from_numpy(albedo * (0.3 + 2.0 * sun))


def weathered(name: str, maps: dict[str, Any], light: Tensor) -> Tensor:
    """What a weather does to linear light, as crudely as can be."""
    level, far = torch.from_numpy(maps["up"] > 0.5), torch.from_numpy(maps["inverse_depth"] < -0.5)
    shade = torch.from_numpy(np.where(maps["sun"] > 0, 1.9, 0.3))
    return {
        "overcast": light / shade,
        "golden-hour": light * torch.tensor([1.3, 1.0, 0.6]).view(3, 1, 1),
        "night": light * 0.1,
        "rain": torch.where(level, 0.4 * light, light),
        "snow": torch.where(level, 2.0 + 0.0 * light, light),
        "fog": torch.where(far, 0.9 + 0.1 * light, light),
    }[name]


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    told = [street(seed) for seed in range(3)]
    maps = torch.from_numpy(np.stack([[one[name] for name in MAPS] for one, _ in told])).half()
    target = torch.stack([srgb(film(light)) * 2 - 1 for _, light in told]).half()
    variants = [srgb(film(weathered(name, *one))) for one in told for name in WEATHER_WORDS]
    count = len(told)
    return Pairs(
        maps=maps, light=torch.zeros(count, LIGHT), proxy=target, target=target, flat=target,
        kind=torch.ones(count, SIZE, SIZE, dtype=torch.uint8), uv=torch.zeros(count, 2, SIZE, SIZE),
        other=torch.full((count,), -1), other_xy=torch.zeros(count, SIZE, SIZE, 2),
        other_seen=torch.zeros(count, SIZE, SIZE), variant=(torch.stack(variants) * 255).to(torch.uint8),
        variant_of=tuple({name: 6 * k + n for n, name in enumerate(WEATHER_WORDS)} for k in range(count)),
        facts=({"inside": False},) * count,
    )  # fmt: skip


@dataclass(frozen=True)
class Oracle:
    """A pocket that knows the truth of every prompt (hears True), or hears nothing."""

    pairs: Pairs
    hears: bool

    def prepared(self, told: Controls, words: F32, history: Tensor | None = None) -> tuple[Controls, F32]:
        return told, words

    def clean(self, x: Tensor, sigma: float, told: tuple[Controls, F32]) -> Tensor:
        k = next(k for k in range(3) if np.array_equal(self.pairs.told(k)[0].maps, told[0].maps))
        name = next((a.names for a in PROMPTS if np.array_equal(encoded(a.words), told[1])), None)
        truth = self.pairs.target[k].float()
        if not self.hears or name is None:
            return truth
        if name in LOOKS:
            return in_look(name, truth[None], self.pairs.maps[k : k + 1].float())[0]
        return self.pairs.variant[self.pairs.variant_of[k][name]].float() / 127.5 - 1


def table_of(pairs: Pairs, hears: bool) -> tuple[dict[str, list[str]], Any]:
    table, sheet = prompt_table(cast(Pocket, Oracle(pairs, hears)), pairs)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {row[0]: row[1:] for row in rows}, sheet


def test_whoever_does_what_is_asked_follows_in_every_picture(pairs: Pairs) -> None:
    rows, sheet = table_of(pairs, hears=True)
    for asked in PROMPTS:
        _, without, with_, truth, follows, change, _, gradients = rows[asked.words]
        if asked.names is None:
            assert (follows, float(change), float(gradients)) == ("none asked", 0.0, 1.0)
            continue
        assert follows == "100% of 3", asked.words
        assert without != with_ == truth, asked.words
    assert sheet.size == ((1 + len(PROMPTS)) * SIZE, 3 * SIZE + HEAD)


def test_whoever_hears_nothing_follows_nowhere(pairs: Pairs) -> None:
    rows, _ = table_of(pairs, hears=False)
    for asked in PROMPTS:
        _, without, with_, _, follows, change, silhouettes, gradients = rows[asked.words]
        assert without == with_
        assert follows in ("0% of 3", "none asked")
        assert (float(change), float(silhouettes), float(gradients)) == (0.0, 1.0, 1.0)


def test_every_look_and_weather_is_asked_for_in_words_not_learnt() -> None:
    assert {asked.names for asked in PROMPTS} == {*LOOKS[1:], *WEATHER_WORDS, None}
    learnt = {words for group in (LOOK_WORDS, WEATHER_WORDS) for some in group.values() for words in some}
    assert not learnt & {asked.words for asked in PROMPTS}


def test_what_no_picture_shows_is_said(pairs: Pairs) -> None:
    sky = pairs.maps.clone()
    sky[:, MAPS.index("coverage")] = -1.0
    snow = next(asked for asked in PROMPTS if asked.names == "snow")
    nothing = replace(pairs, maps=sky)
    table, _ = prompt_table(cast(Pocket, Oracle(nothing, True)), nothing, [snow])
    assert "no picture to judge by" in table


def test_a_real_pocket_is_painted_with(untrained_words: Pocket, pairs: Pairs) -> None:
    told = pairs.told(0)[0]
    pictures = [painted(untrained_words, told, words) for words in ("", "snow", "snow")]
    assert pictures[0].shape == (3, SIZE, SIZE)
    np.testing.assert_array_equal(pictures[1], pictures[2])
    assert np.abs(pictures[1] - pictures[0]).mean() > 1e-3


@pytest.fixture(scope="module")
def untrained_words(tmp_path_factory: pytest.TempPathFactory) -> Pocket:
    from conditioning.controls import KIND_NAMES
    from conditioning.models.pocket.network import Block, PocketUNet
    from conditioning.text import WORDS

    torch.manual_seed(0)
    network = PocketUNet(len(MAPS), LIGHT, WORDS, KIND_NAMES, channels=(8, 16), blocks=(1, 1), condition=16)
    for block in network.modules():
        if isinstance(block, Block):
            torch.nn.init.normal_(block.film.weight, std=0.5)
            torch.nn.init.normal_(block.conv2.weight, std=0.1)
    torch.nn.init.normal_(network.tail.weight, std=0.1)
    torch.nn.init.normal_(network.hear.weight)
    folder = tmp_path_factory.mktemp("weights")
    network.save_pretrained(folder)
    return Pocket(folder, "cpu")
