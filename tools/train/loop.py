"""Training: flow matching on pairs, resumable, the same on CPU and CUDA."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from conditioning.controls import KIND_NAMES, LIGHT, MAPS
from conditioning.models.pocket.denoiser import weights_key
from conditioning.models.pocket.network import PocketUNet, grown
from conditioning.text import WORDS
from tools.train.pairs import load_pairs
from tools.train.samples import Batch, Shares, batch, batches

GRADE_RATE = 0.05
"""Of the learning rate for the grade of words, where every weight moves every pixel: faster, it diverges."""
SHOWN = 12
"""Samples in the picture that is written as training goes on."""


@dataclass(frozen=True)
class Settings:
    """One training run.

    batch: pictures a step. crop: pixels a side. minutes: wall clock, after which it saves and stops. peak: learning
    rate after warm-up; it falls to a tenth along a cosine over ``steps``. channels: of the network's levels, where it
    starts from nothing.
    """

    batch: int = 16
    crop: int = 96
    steps: int = 6000
    minutes: float = 30.0
    peak: float = 1.2e-3
    average: float = 0.998
    seed: int = 0
    channels: Sequence[int] = (32, 64, 128, 192)
    shares: Shares = field(default_factory=Shares)


def picture_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Squared error, and the absolute error of the gradients, which keeps edges and texture sharp."""
    error = predicted - target
    across, down = error.diff(dim=-1).abs().mean(), error.diff(dim=-2).abs().mean()
    return error.square().mean() + 0.05 * (across + down)


def train(data: Path, out: Path, settings: Settings, start_from: Path | None = None, stop: int | None = None) -> Path:
    """Train until ``settings.steps`` or ``settings.minutes``; returns the folder of the averaged weights.

    ``out/state.pt`` holds what a later call goes on from; ``out/model`` the weights as ``from_pretrained`` reads them;
    ``out/pictures`` the same few samples as they are painted as time goes on: proxy, painted, target.
    start_from: a folder of weights to begin with where there is no state, its own or of an older, smaller network.
    stop: step at which this call ends early.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(settings.seed)
    pairs = load_pairs(data).on(device)
    model = PocketUNet(len(MAPS), LIGHT, WORDS, KIND_NAMES, settings.channels)
    before = weights_key(start_from) if start_from else None
    if start_from:
        model.load_state_dict(grown(load_file(start_from / "diffusion_pytorch_model.safetensors"), model))
    model = model.to(device=device, memory_format=torch.channels_last)
    average = {k: v.detach().clone() for k, v in model.state_dict().items()}
    graded = list(model.grade.parameters())
    groups = [
        {"params": [p for p in model.parameters() if all(p is not g for g in graded)], "share": 1.0},
        {"params": graded, "share": GRADE_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, lr=settings.peak, betas=(0.9, 0.99), weight_decay=1e-3)
    step, out = 0, Path(out)
    out.mkdir(parents=True, exist_ok=True)
    state_path = out / "state.pt"
    if state_path.exists():
        state = torch.load(state_path, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average, step = state["average"], state["step"]
    cast = (
        contextlib.nullcontext()
        if device.type == "cpu" and not _fast_bf16()
        else torch.autocast(device.type, torch.bfloat16)
    )

    def painted(told: Batch) -> Tensor:
        with torch.no_grad(), cast:
            return paint(model, told).float()

    began = saved = time.monotonic()
    running = 0.0
    for told in batches(pairs, settings.batch, settings.crop, settings.seed, step, settings.shares, painted):
        spent = (time.monotonic() - began) / 60.0
        if step >= min(settings.steps, stop or settings.steps) or spent >= settings.minutes:
            break
        rate = settings.peak * min(1.0, (step + 1) / 200) * (0.55 + 0.45 * math.cos(math.pi * step / settings.steps))
        for group in optimizer.param_groups:
            group["lr"] = rate * group["share"]
        with cast:
            predicted = paint(model, told)
        loss = picture_loss(predicted.float(), told.target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        keep = min(settings.average, step / (step + 20.0))
        with torch.no_grad():
            for name, value in model.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        running = loss.item() if running == 0 else 0.98 * running + 0.02 * loss.item()
        if step % 50 == 0:
            pace = (time.monotonic() - began) / 60.0
            print(json.dumps({"step": step, "loss": round(running, 5), "minutes": round(pace, 2)}), flush=True)
        if time.monotonic() - saved > 240:
            _save(out, model, optimizer, average, step, settings, before)
            shown = batch(pairs, SHOWN, 1 << 16, np.random.default_rng(settings.seed), settings.shares, painted)
            _picture(out / "pictures" / f"{step:07d}.jpg", shown, painted(shown))
            saved = time.monotonic()
    return _save(out, model, optimizer, average, step, settings, before)


def paint(model: PocketUNet, told: Batch) -> Tensor:
    """The clean pictures of a batch."""
    x, maps, proxy, history = (
        picture.contiguous(memory_format=torch.channels_last)
        for picture in (told.x, told.maps, told.proxy, told.history)
    )
    clean: Tensor = model(x, told.t, maps, told.light, proxy, told.words, history, told.kind, told.uv)
    return clean


def _picture(path: Path, told: Batch, painted: Tensor) -> None:
    """Rows of proxy, painted, target."""
    path.parent.mkdir(exist_ok=True)
    rows = [torch.cat(list(pictures), dim=-1) for pictures in (told.proxy, painted, told.target)]
    sheet = torch.cat(rows, dim=-2).clamp(-1, 1).mul(127.5).add(127.5).byte()
    Image.fromarray(sheet.permute(1, 2, 0).cpu().numpy()).save(path, quality=88)


def _fast_bf16() -> bool:
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _save(
    out: Path,
    model: PocketUNet,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor],
    step: int,
    settings: Settings,
    before: str | None,
) -> Path:
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average, "step": step}
    torch.save(state, out / "state.part")
    (out / "state.part").replace(out / "state.pt")
    shipped = PocketUNet(**{k: v for k, v in model.config.items() if not k.startswith("_")})
    shipped.load_state_dict(average)
    shipped.half().save_pretrained(out / "model")
    (out / "settings.json").write_text(json.dumps({**asdict(settings), "step": step, "before": before}, indent=1))
    return out / "model"
