"""Scores on held-out worlds, a sheet to look at, and the model card."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage.metrics import structural_similarity

from conditioning.controls import Controls
from conditioning.models.pocket.denoiser import Pocket, weights_key
from conditioning.sampler import sample, sigmas_of
from tools.train.data import HELD_OUT
from worldgen.conventions import F32

LADDER = (1, 2, 4)


def evaluate(model: Path, data: Path, out: Path) -> None:
    """Score ``model`` on the held-out pairs of ``data``; writes ``scores.json``, ``held_out.jpg``, ``MODEL_CARD.md``.

    Errors: ``ValueError`` where there are no held-out pairs or no weights.
    """
    files = sorted(p for p in data.glob("*.npz") if int(p.stem) >= HELD_OUT)
    pairs = [_pair(p, k) for p in files for k in range(len(np.load(p)["target"]))]
    if not pairs:
        raise ValueError(
            f"{data} holds no held-out pictures: make some with 'python -m tools.train data --seeds 1000000-'"
        )
    pocket = Pocket(model)
    painters: dict[str, Callable[[Controls], F32]] = {"proxy shade": lambda told: told.proxy}
    painters |= {f"pocket, {n} step{'s' * (n > 1)}": _painter(pocket, n) for n in LADDER}
    rows, pictures = {}, {}
    for name, paint in painters.items():
        start = time.perf_counter()
        made = [paint(told) for told, _ in pairs]
        seconds = (time.perf_counter() - start) / len(pairs)
        pictures[name] = made
        rows[name] = {**scores(made, [truth for _, truth in pairs]), "seconds": round(seconds, 4)}
    out.mkdir(parents=True, exist_ok=True)
    settings = json.loads((model.parent / "settings.json").read_text())
    trained = sum(len(np.load(p)["target"]) for p in data.glob("*.npz") if int(p.stem) < HELD_OUT)
    summary = {
        "weights": weights_key(model),
        "parameters": sum(p.numel() for p in pocket.network.parameters()),
        "training_pictures": trained,
        "held_out_pictures": len(pairs),
        "held_out_worlds": len(files),
        "settings": settings,
        "scores": rows,
    }
    (out / "scores.json").write_text(json.dumps(summary, indent=1))
    _sheet(pairs, pictures).save(out / "held_out.jpg", quality=88)
    (out / "MODEL_CARD.md").write_text(model_card(summary))
    print(table(rows))


def scores(made: list[F32], truth: list[F32]) -> dict[str, float]:
    """Mean PSNR (dB), SSIM, gradient error, and gradient energy against the truth's; pictures (3, H, W) in [-1, 1]."""
    psnr, ssim, gradient, energy = [], [], [], []
    for a, b in zip(made, truth, strict=True):
        psnr.append(-10 * np.log10(np.mean(((a - b) / 2) ** 2)))
        ssim.append(structural_similarity(a, b, channel_axis=0, data_range=2.0))
        da, db = np.diff(a, axis=-1), np.diff(b, axis=-1)
        gradient.append(float(np.abs(da - db).mean()))
        energy.append(float(np.abs(da).mean() / max(np.abs(db).mean(), 1e-6)))
    return {
        "psnr": round(float(np.mean(psnr)), 2),
        "ssim": round(float(np.mean(ssim)), 4),
        "gradient_error": round(float(np.mean(gradient)), 4),
        "sharpness": round(float(np.mean(energy)), 3),
    }


def table(rows: dict[str, dict[str, float]]) -> str:
    """The scores as a Markdown table."""
    head = "| | PSNR dB | SSIM | gradient error | sharpness / truth | s a picture |\n|---|---|---|---|---|---|\n"
    lines = (
        f"| {name} | {r['psnr']:.2f} | {r['ssim']:.3f} | {r['gradient_error']:.4f} "
        f"| {r['sharpness']:.2f} | {r['seconds']:.3f} |"
        for name, r in rows.items()
    )
    return head + "\n".join(lines)


def model_card(summary: dict[str, object]) -> str:
    """What the model is, what it was trained on, what it scores, and what it cannot do."""
    s = summary
    settings = s["settings"]
    assert isinstance(settings, dict)
    rows = s["scores"]
    assert isinstance(rows, dict)
    return f"""# pocket

The embedded model of Setpiece: a conditional flow-matching U-Net that turns the proxy render of a world into the
picture a path tracer would make of it. {s["parameters"]:,} parameters, 16-bit weights, no text encoder: **it does not
read prompts**; light, weather, materials and clothes come from the scene file.

- Weights: `{s["weights"]}` (key of the folder, as a render's manifest names it). License: Apache-2.0.
- Trained on {s["training_pictures"]:,} path-traced pictures of 128 x 128 pixels, crops of film frames of this
  project's own procedural worlds (`tools/train/worlds.py`; a data set is a list of seeds, training worlds count from 0,
  held-out worlds from {HELD_OUT:,}), rendered by Mitsuba 3 and denoised with clean guides. No third-party pictures.
- {settings["step"]:,} steps of {settings["batch"]} crops of {settings["crop"]} x {settings["crop"]} pixels, AdamW, peak
  rate {settings["peak"]}, averaged weights.
- Conditions: `conditioning/controls.py`. Reproduce: `python -m tools.train data`, `train`, `evaluate`.

## Held-out worlds ({s["held_out_pictures"]} pictures of {s["held_out_worlds"]} worlds never trained on)

{table(rows)}

Seconds are of a 128 x 128 picture on the machine that scored. Sharpness is mean gradient against the truth's: 1 is
right, less is soft.

## Limits

Trained on streets, squares, rooms, corridors, hills and woods by day, dusk and lamplight; of neon it has seen little,
and it prints lamplight too dark. It relights and refines what the proxy shows and invents no objects or textures. Glass
shows one mirror image and is never seen through. Faces are as simple as the proxy's.
"""


def _pair(path: Path, k: int) -> tuple[Controls, F32]:
    a = np.load(path)
    told = Controls(a["maps"][k].astype(np.float32), a["light"][k], a["proxy"][k].astype(np.float32))
    return told, a["target"][k].astype(np.float32)


def _painter(pocket: Pocket, steps: int) -> Callable[[Controls], F32]:
    def paint(told: Controls) -> F32:
        conditions = pocket.prepared(told)
        noise = torch.randn(1, *told.proxy.shape, generator=torch.Generator().manual_seed(0))
        made = sample(lambda x, sigma: pocket.clean(x[0], sigma, conditions)[None], noise, sigmas_of(steps))
        return made[0].numpy()

    return paint


def _sheet(
    pairs: list[tuple[Controls, F32]], pictures: dict[str, list[F32]], best: int = 8, worst: int = 8
) -> Image.Image:
    """Rows of proxy, each ladder step and truth: every n-th picture, then the worst by squared error of two steps."""
    names = list(pictures)
    error = [float(np.mean((pictures[names[2]][k] - truth) ** 2)) for k, (_, truth) in enumerate(pairs)]
    even = list(range(0, len(pairs), max(1, len(pairs) // best)))[:best]
    chosen = even + [int(k) for k in np.argsort(error)[::-1][:worst]]
    rows = [np.concatenate([*(pictures[name][k] for name in names), pairs[k][1]], axis=2) for k in chosen]
    half = -(-len(rows) // 2)
    rows += [np.full_like(rows[0], -1.0)] * (2 * half - len(rows))
    sheet = np.concatenate([np.concatenate(rows[:half], axis=1), np.concatenate(rows[half:], axis=1)], axis=2)
    return Image.fromarray(((sheet.transpose(1, 2, 0) * 0.5 + 0.5).clip(0, 1) * 255).astype(np.uint8))
