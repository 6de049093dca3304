"""How words print a picture, learned before all else: from true pictures alone, in minutes.

Most of what a look or a weather does is done to each pixel by itself: a curve, a palette, white on what faces up, grey
over what is far. For each, the best grade is found in closed form (ridge regression), from the truth to the truth in a
look or in another weather; ``PocketUNet.grade`` then learns which words ask for which, with captions of all wordings.
The U-Net forgets what it heard of words and learns only what is left to it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from conditioning.controls import MAPS
from conditioning.models.pocket.denoiser import load_network
from conditioning.models.pocket.network import Grade, PocketUNet, colours
from conditioning.text import encoded
from tools.train.captions import caption
from tools.train.data import HELD_OUT
from tools.train.looks import LOOKS, in_look

PIXELS: Final = 96
"""Of each picture, as one learns from them."""
PICTURES: Final = 8
"""Of each world, at most, and as many of them in another weather."""
BATCH: Final = 128
"""Captions a step."""
PLAIN: Final = 0.3
"""Share of captions that ask for nothing."""
STRAY: Final = 0.5
"""Length of what is added to the words' vectors at random: words that nobody thought of."""
RIDGE: Final = 1e-4
"""Held against large weights in looks, whose pictures there are as many of as one likes."""
WEATHER_RIDGE: Final = 2e-2
"""The same in weathers, of which few pictures are path-traced."""
HEARD: Final[Mapping[str, float]] = {"golden-hour": 0.0, "night": 0.8, "overcast": 0.5, "rain": 0.6}
"""How far words of an hour or a sky print it, where not all the way. The world has its own sky, and a scene's words
mostly tell of what is there already: a sunset must not be graded once more towards sunset."""
VIVID: Final = 1.8
"""How far colours are driven apart in every second picture, so that a look holds for a red coat too."""

Asked = tuple[str | None, str]
"""A weather (None: the world's own) and a look."""


@dataclass(frozen=True)
class Sample:
    """Some pixels of a picture. before: (P, 3). maps: (P, M). after: by weather (None: its own) and look, (P, 3)."""

    before: Tensor
    maps: Tensor
    after: Mapping[Asked, Tensor]
    facts: Mapping[str, Any]


def fit_grade(model: Path, data: Path, out: Path, steps: int = 4000, worlds: int = 200) -> Path:
    """Fit the grade of the weights in ``model`` to training pictures of ``data``; returns the new weights' folder.

    The U-Net's own hearing is set to none. worlds: read at most, evenly from all. Errors: ``ValueError`` where there
    are no pictures or no weights.
    """
    network = load_network(model).float()
    network.requires_grad_(True)
    samples = gathered(data, worlds)
    best, spread = closed_form(samples)
    asked = composed(best)
    torch.manual_seed(0)
    torch.nn.init.normal_(network.grade.listen.weight, std=network.grade.listen.in_features**-0.5)
    torch.nn.init.zeros_(network.grade.weigh.weight)
    torch.nn.init.zeros_(network.hear.weight)
    for step, loss in enumerate(_fitted(network, asked, spread, [one.facts for one in samples], steps)):
        if step % 250 == 249:
            print(json.dumps({"step": step + 1, "loss": round(loss, 5)}), flush=True)
    out.mkdir(parents=True, exist_ok=True)
    network.half().save_pretrained(out / "model")
    if (model.parent / "settings.json").is_file() and model.parent != out:
        shutil.copy(model.parent / "settings.json", out)
    return out / "model"


def composed(best: Mapping[Asked, Tensor]) -> dict[Asked, Tensor]:
    """What each weather in each look asks for: the look's grade, and of the weather's as much as is ``HEARD``."""
    looks = {look: grade for (weather, look), grade in best.items() if weather is None}
    skies = {weather: HEARD.get(weather, 1.0) * grade for (weather, _), grade in best.items() if weather is not None}
    together: dict[Asked, Tensor] = {
        (weather, look): grade + sky for look, grade in looks.items() for weather, sky in skies.items()
    }
    alone: dict[Asked, Tensor] = {(None, look): grade for look, grade in looks.items()}
    return alone | together


def closed_form(samples: Sequence[Sample]) -> tuple[dict[Asked, Tensor], Tensor]:
    """The best grade (3, F) of each look and each weather by ridge regression, and (F, F) moments of the features.

    Weathers, of which there are few pictures, are linear in colour: a cubic fitted to few runs wild beyond them.
    """
    rows = {asked: [one for one in samples if asked in one.after] for one in samples for asked in one.after}
    every = torch.cat([_features(one.before, one.maps) for one in samples]).double()
    moments, found = every.T @ every / len(every), {}
    for asked, those in sorted(rows.items(), key=str):
        told = torch.cat([_features(one.before, one.maps) for one in those]).double()
        due = torch.cat([one.after[asked].float() - one.before.float() for one in those]).double()
        used = torch.ones(told.shape[1], dtype=torch.bool)
        used[4 : Grade.colours] = asked[0] is None
        told = told[:, used]
        ridge = (RIDGE if asked[0] is None else WEATHER_RIDGE) * torch.eye(told.shape[1], dtype=torch.float64)
        best = torch.zeros(3, len(used), dtype=torch.float64)
        best[:, used] = torch.linalg.solve(told.T @ told / len(told) + ridge, told.T @ due / len(told)).T
        found[asked] = best.float()
    return found, moments.float()


def _features(picture: Tensor, maps: Tensor) -> Tensor:
    """(P, F) of pixels (P, 3) and maps (P, M), in the order of ``Grade.weights``."""
    picture, maps = picture.float(), maps.float()
    of_colour = colours(picture.T[None, :, :, None])[0, :, :, 0].T
    return torch.cat([of_colour, maps, maps * picture.mean(1, keepdim=True)], dim=1)


def _fitted(
    network: PocketUNet, best: Mapping[Asked, Tensor], spread: Tensor, facts: Sequence[Mapping[str, Any]], steps: int
) -> Iterator[float]:
    """Learn which words ask for which grade, and tell the mean squared error of pixels of late at every step.

    The weights are learned for features made white (Cholesky), of which each counts alike, and given back for plain
    ones: the features of pixels are so alike that nothing would be learned of their differences otherwise.
    """
    grade = network.grade
    root = torch.linalg.cholesky(spread.double() + 1e-5 * torch.eye(len(spread), dtype=torch.float64))
    goals = {asked: (weights.double() @ root).float() for asked, weights in best.items()}
    optimizer = torch.optim.AdamW(grade.parameters(), lr=3e-3, weight_decay=0.01)
    fade = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    rng, late, names = np.random.default_rng(0), 0.0, sorted(best, key=str)
    nothing = (None, LOOKS[0])
    for _ in range(steps):
        asked = [nothing if rng.random() < PLAIN else names[int(rng.integers(len(names)))] for _ in range(BATCH)]
        said = [encoded(caption(facts[int(rng.integers(len(facts)))], *one, rng)) for one in asked]
        words = np.stack([s + rng.normal(0, STRAY * rng.random() * len(s) ** -0.5, len(s)) for s in said])
        words /= np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-6)
        wrong = grade.weights(torch.from_numpy(words.astype(np.float32))) - torch.stack([goals[one] for one in asked])
        loss = wrong.square().sum((1, 2)).mean() / 3
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        fade.step()
        late = loss.item() if late == 0.0 else 0.99 * late + 0.01 * loss.item()
        yield late
    with torch.no_grad():
        white = grade.weigh.weight.view(3, len(spread), -1).double()
        plain = torch.einsum("kgh,fg->kfh", white, torch.linalg.inv(root).T)
        grade.weigh.weight.copy_(plain.reshape(3 * len(spread), -1).float())


def gathered(data: Path, worlds: int) -> list[Sample]:
    """Pixels of some pictures of every world of ``data``, in all looks, and of their variants in some."""
    files = sorted(path for path in data.glob("*.npz") if int(path.stem) < HELD_OUT)
    if not files:
        raise ValueError(f"{data} holds no training pictures: make some with 'python -m tools.train data'")
    chosen = [files[k] for k in sorted({round(x) for x in np.linspace(0, len(files) - 1, min(worlds, len(files)))})]
    return [sample for path in chosen for sample in _of_world(path)]


def _of_world(path: Path) -> list[Sample]:
    with np.load(path) as file:
        arrays = {name: file[name] for name in ("maps", "target")}
        facts = json.loads(str(file["facts"])) if "facts" in file else {}
        variants: dict[int, dict[str, npt.NDArray[np.uint8]]] = {}
        if "variant" in file:
            found = zip(file["variant_of"], file["variant_name"], file["variant"], strict=True)
            for of, name, picture in found:
                variants.setdefault(int(of), {})[str(name)] = picture
    rng = np.random.default_rng(int(path.stem))
    count = len(arrays["target"])
    plain = list(rng.permutation(count)[:PICTURES])
    chosen = {int(k) for k in [*plain, *list(rng.permutation(sorted(variants)))[:PICTURES]]}
    return [_sample(arrays["target"][k], arrays["maps"][k], variants.get(k, {}), facts, rng) for k in sorted(chosen)]


def _sample(
    target: npt.NDArray[np.float16],
    maps: npt.NDArray[np.float16],
    variants: Mapping[str, npt.NDArray[np.uint8]],
    facts: Mapping[str, Any],
    rng: np.random.Generator,
) -> Sample:
    told, truth = torch.from_numpy(maps).float()[None], torch.from_numpy(target).float()[None]
    if not variants and rng.random() < 0.5:
        told, truth = _vivid(told, truth, rng.permutation(3))
    at = torch.from_numpy(rng.integers(0, target[0].size, PIXELS))

    def pixels(picture: Tensor) -> Tensor:
        return picture[0].flatten(1)[:, at].T.half()

    after: dict[Asked, Tensor] = {(None, look): pixels(in_look(look, truth, told)) for look in LOOKS}
    for name, picture in variants.items():
        there = torch.from_numpy(picture).float()[None] / 127.5 - 1.0
        after[name, LOOKS[0]] = pixels(there)
    return Sample(pixels(truth), pixels(told), after, facts)


def _vivid(maps: Tensor, truth: Tensor, turned: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """The same with colours driven apart and exchanged for one another, in the picture and in what is told of it."""
    maps = maps.clone()

    def apart(picture: Tensor) -> Tensor:
        grey = picture.mean(1, keepdim=True)
        return (grey + VIVID * (picture - grey)).clamp(-1.0, 1.0)[:, turned]

    for name in ("albedo", "sky", "bounce", "lamps", "mirror", "emission"):
        some = [MAPS.index(f"{name}.{c}") for c in "rgb"]
        maps[:, some] = apart(maps[:, some]) if name == "albedo" else maps[:, some][:, turned]
    return maps, apart(truth)
