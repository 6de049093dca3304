"""How words print a picture, learned before all else: from true pictures alone, in minutes.

Most of what a look or a weather does is done to each pixel by itself: a curve, a palette, white on what faces up, grey
over what is far. ``PocketUNet.grade`` learns that here, from the truth to the truth in a look or in another weather,
with captions of all wordings. The U-Net then forgets what it heard of words and learns only what is left to it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from conditioning.models.pocket.denoiser import load_network
from conditioning.models.pocket.network import PocketUNet
from conditioning.text import encoded
from tools.train.captions import caption
from tools.train.data import HELD_OUT
from tools.train.looks import LOOKS, in_look

PIXELS: Final = 96
"""Of each picture, as one learns from them."""
PICTURES: Final = 8
"""Of each world, at most, and as many of them in another weather."""
BATCH: Final = 96
PLAIN: Final = 0.25
"""Share of samples that are to stay as they are, with words that ask for nothing."""
STRAY: Final = 0.5
"""Length of what is added to the words' vectors at random: words that nobody thought of."""


@dataclass(frozen=True)
class Sample:
    """Some pixels of a picture. before: (P, 3). maps: (P, M). after: by weather (None: its own) and look, (P, 3)."""

    before: Tensor
    maps: Tensor
    after: Mapping[tuple[str | None, str], Tensor]
    facts: Mapping[str, Any]


def fit_grade(model: Path, data: Path, out: Path, steps: int = 4000, worlds: int = 200) -> Path:
    """Fit the grade of the weights in ``model`` to training pictures of ``data``; returns the new weights' folder.

    The U-Net's own hearing is set to none. worlds: read at most, evenly from all. Errors: ``ValueError`` where there
    are no pictures or no weights.
    """
    network = load_network(model).float()
    network.requires_grad_(True)
    samples = gathered(data, worlds)
    torch.manual_seed(0)
    torch.nn.init.normal_(network.grade.listen.weight, std=network.grade.listen.in_features**-0.5)
    torch.nn.init.zeros_(network.grade.weigh.weight)
    torch.nn.init.zeros_(network.hear.weight)
    for step, loss in enumerate(_fitted(network, samples, steps)):
        if step % 250 == 249:
            print(json.dumps({"step": step + 1, "loss": round(loss, 5)}), flush=True)
    out.mkdir(parents=True, exist_ok=True)
    network.half().save_pretrained(out / "model")
    if (model.parent / "settings.json").is_file() and model.parent != out:
        shutil.copy(model.parent / "settings.json", out)
    return out / "model"


def _fitted(network: PocketUNet, samples: list[Sample], steps: int) -> Iterator[float]:
    """Fit, and tell the mean loss of late at every step."""
    optimizer = torch.optim.AdamW(network.grade.parameters(), lr=2e-3, weight_decay=0.02)
    fade = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    rng, late = np.random.default_rng(0), 0.0
    for _ in range(steps):
        before, maps, after, words = _batch(samples, rng)
        error = network.grade(before, maps, words) - after
        loss = error.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        fade.step()
        late = loss.item() if late == 0.0 else 0.99 * late + 0.01 * loss.item()
        yield late


def _batch(samples: list[Sample], rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pixels as pictures (N, C, P, 1), before and after, and the words (N, W) that ask for the change."""
    rows = [samples[k] for k in rng.integers(0, len(samples), BATCH)]
    after, words = [], []
    for row in rows:
        asked = [(None, LOOKS[0])] if rng.random() < PLAIN else list(row.after)
        weather, look = asked[int(rng.integers(len(asked)))]
        after.append(row.after[weather, look])
        said = encoded(caption(row.facts, weather, look, rng))
        said = said + rng.normal(0.0, STRAY * rng.random() * len(said) ** -0.5, len(said)).astype(np.float32)
        words.append(said / max(float(np.linalg.norm(said)), 1e-6))

    def pixels(some: list[Tensor]) -> Tensor:
        return torch.stack(some).transpose(1, 2)[..., None].float()

    return (
        pixels([row.before for row in rows]), pixels([row.maps for row in rows]), pixels(after),
        torch.from_numpy(np.stack(words)),
    )  # fmt: skip


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
    """Of each variant two looks are taken besides the natural one."""
    told = torch.from_numpy(maps).float()[None]
    at = torch.from_numpy(rng.integers(0, target[0].size, PIXELS))

    def pixels(picture: Tensor) -> Tensor:
        return picture[0].flatten(1)[:, at].T.half()

    truth = torch.from_numpy(target).float()[None]
    after: dict[tuple[str | None, str], Tensor] = {(None, look): pixels(in_look(look, truth, told)) for look in LOOKS}
    for name, picture in variants.items():
        there = torch.from_numpy(picture).float()[None] / 127.5 - 1.0
        for look in (LOOKS[0], *(str(one) for one in rng.choice(LOOKS[1:], 2, replace=False))):
            after[name, look] = pixels(in_look(look, there, told))
    return Sample(pixels(truth), pixels(told), after, facts)
