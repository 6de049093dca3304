"""Scores on held-out worlds, sheets to look at, and the model card."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from skimage.metrics import structural_similarity
from torch import Tensor

from conditioning.controls import Controls
from conditioning.metrics import edge_f1
from conditioning.models.pocket.denoiser import Pocket, weights_key
from tools.train.card import model_card, table
from tools.train.data import HELD_OUT
from tools.train.pairs import Pairs, load_pairs
from tools.train.prompts import painted, prompt_table, silhouettes
from tools.train.samples import carried, untextured
from worldgen.conventions import F32, Bool

LADDER: Final = (1, 2, 4, 8)
WORST: Final = 10
"""Pictures shown because they err most."""


def evaluate(model: Path, data: Path, out: Path, against: Path | None = None) -> None:
    """Score ``model`` on the held-out pairs of ``data``; writes ``scores.json``, sheets and ``MODEL_CARD.md``.

    How they were trained is read from ``settings.json`` beside the folder, where there is one.
    ``held_out.jpg``: some of all, then the worst. ``prompts.jpg``: looks and weathers. against: a folder of other
    weights to stand beside. Errors: ``ValueError`` where there are no held-out pairs or no weights.
    """
    pairs = load_pairs(data, held_out=True)
    count = len(pairs)
    truth = [pairs.told(k)[1] for k in range(count)]
    told = [pairs.told(k)[0] for k in range(count)]
    edges = [silhouettes(one) for one in told]
    pocket = Pocket(model)
    pictures: dict[str, list[F32]] = {"proxy shade": [one.proxy for one in told]}
    seconds = {"proxy shade": 0.0}

    def add(name: str, told: Sequence[Controls], model: Pocket, steps: int, history: Tensor | None = None) -> None:
        start = time.perf_counter()
        pictures[name] = [
            painted(model, one, "", steps, None if history is None else history[k]) for k, one in enumerate(told)
        ]
        seconds[name] = (time.perf_counter() - start) / count

    if against is not None:
        add("weights before, 1 step", told, Pocket(against), 1)
    for steps in LADDER:
        add(f"pocket, {steps} step{'s' * (steps > 1)}", told, pocket, steps)
    plain = [_untextured(pairs, k, one) for k, one in enumerate(told)]
    pictures["textures withheld: proxy"] = [one.proxy for one in plain]
    seconds["textures withheld: proxy"] = 0.0
    add("textures withheld: pocket, 1 step", plain, pocket, 1)
    rows = np.flatnonzero(pairs.other.numpy() >= 0)
    if len(rows):
        seen = torch.zeros(count, 4, *pairs.target.shape[-2:])
        others = pairs.other[torch.from_numpy(rows)]
        seen[rows] = carried(pairs, rows, torch.stack([torch.from_numpy(_first(pictures)[int(k)]) for k in others]))
        add("another frame given: pocket, 1 step", told, pocket, 1, seen)
    scored = {
        name: {**scores(made, truth, edges), "seconds": round(seconds[name], 4)} for name, made in pictures.items()
    }
    scored["truth"] = {**scores(truth, truth, edges), "seconds": 0.0}
    spoken, sheet = prompt_table(pocket, pairs)
    out.mkdir(parents=True, exist_ok=True)
    summary: dict[str, Any] = {
        "weights": weights_key(model),
        "parameters": sum(p.numel() for p in pocket.network.parameters()),
        "training_pictures": sum(len(np.load(p)["target"]) for p in data.glob("*.npz") if int(p.stem) < HELD_OUT),
        "held_out_pictures": count,
        "held_out_worlds": len({str(facts.get("seed")) for facts in pairs.facts}),
        "settings": json.loads(beside.read_text()) if (beside := model.parent / "settings.json").is_file() else None,
        "scores": scored,
        "prompts": spoken,
    }
    (out / "scores.json").write_text(json.dumps(summary, indent=1))
    _sheet(truth, pictures).save(out / "held_out.jpg", quality=88)
    sheet.save(out / "prompts.jpg", quality=88)
    (out / "MODEL_CARD.md").write_text(model_card(summary))
    print(table(scored))
    print(spoken)


def scores(made: Sequence[F32], truth: Sequence[F32], edges: Sequence[Bool]) -> dict[str, float]:
    """Means over pictures (3, H, W) in [-1, 1].

    psnr: dB. ssim. gradient_error. sharpness: gradient energy against the truth's. edges: of the world that are drawn
    (``conditioning.metrics.edge_f1``), against what the truth draws of them.
    """
    psnr, ssim, gradient, energy, drawn, due = [], [], [], [], [], []
    for a, b, edge in zip(made, truth, edges, strict=True):
        psnr.append(-10 * np.log10(max(float(np.mean(((a - b) / 2) ** 2)), 1e-8)))
        ssim.append(structural_similarity(a, b, channel_axis=0, data_range=2.0))
        da, db = np.diff(a, axis=-1), np.diff(b, axis=-1)
        gradient.append(float(np.abs(da - db).mean()))
        energy.append(float(np.abs(da).mean() / max(np.abs(db).mean(), 1e-6)))
        drawn.append(edge_f1(_display(a), edge))
        due.append(edge_f1(_display(b), edge))
    return {
        "psnr": round(float(np.mean(psnr)), 2),
        "ssim": round(float(np.mean(ssim)), 4),
        "gradient_error": round(float(np.mean(gradient)), 4),
        "sharpness": round(float(np.mean(energy)), 3),
        "edges": round(float(np.sum(drawn) / np.sum(due)), 3),
    }


def _display(picture: F32) -> F32:
    return (picture.transpose(1, 2, 0) * 0.5 + 0.5).clip(0, 1).astype(np.float32)


def _untextured(pairs: Pairs, k: int, told: Controls) -> Controls:
    maps, proxy = untextured(
        torch.from_numpy(told.maps)[None], torch.from_numpy(told.proxy)[None], pairs.flat[k : k + 1].float()
    )
    return replace(told, maps=maps[0].numpy(), proxy=proxy[0].numpy())


def _first(pictures: Mapping[str, list[F32]]) -> list[F32]:
    return pictures["pocket, 1 step"]


def _sheet(truth: Sequence[F32], pictures: Mapping[str, list[F32]], even: int = 10) -> Image.Image:
    """Rows of proxy, pocket in 1, 2 and 4 steps, truth: every n-th picture, then the worst by squared error."""
    names = ["proxy shade", *(name for name in pictures if name.startswith("pocket"))][:4]
    error = [float(np.mean((a - b) ** 2)) for a, b in zip(_first(pictures), truth, strict=True)]
    some = list(range(0, len(truth), max(1, len(truth) // even)))[:even]
    chosen = some + [int(k) for k in np.argsort(error)[::-1][:WORST]]
    rows = [np.concatenate([*(pictures[name][k] for name in names), truth[k]], axis=2) for k in chosen]
    half = -(-len(rows) // 2)
    rows += [np.full_like(rows[0], -1.0)] * (2 * half - len(rows))
    sheet = np.concatenate([np.concatenate(rows[:half], axis=1), np.concatenate(rows[half:], axis=1)], axis=2)
    return Image.fromarray(((sheet.transpose(1, 2, 0) * 0.5 + 0.5).clip(0, 1) * 255).astype(np.uint8))
