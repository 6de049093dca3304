"""Training: flow matching on pairs, resumable, the same on CPU and CUDA."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from conditioning.controls import LIGHT, MAPS
from conditioning.models.pocket.network import PocketUNet

FLIP_MAPS = tuple(MAPS.index(name) for name in ("normal.x",))
FLIP_LIGHT = (0,)  # the sun's x in camera axes


@dataclass(frozen=True)
class Settings:
    """One training run.

    batch: pictures a step. crop: pixels a side. minutes: wall clock, after which it saves and stops. peak: learning
    rate after warm-up; it falls to a tenth along a cosine over ``steps``. pure: share of samples that start from noise
    alone, which is where a film starts.
    """

    batch: int = 16
    crop: int = 96
    steps: int = 6000
    minutes: float = 30.0
    peak: float = 1.2e-3
    pure: float = 0.4
    average: float = 0.998
    seed: int = 0


@dataclass(frozen=True)
class Pairs:
    """A data set in memory: maps (N, M, h, w), proxy and target (N, 3, h, w) float16, light (N, L) float32."""

    maps: Tensor
    light: Tensor
    proxy: Tensor
    target: Tensor

    def __len__(self) -> int:
        return len(self.target)


def load_pairs(folder: Path, device: torch.device, held_out: bool = False) -> Pairs:
    """Every pair of ``folder``; raises ``ValueError`` where there is none."""
    from tools.train.data import HELD_OUT

    files = sorted(p for p in folder.glob("*.npz") if (int(p.stem) >= HELD_OUT) == held_out)
    arrays = [dict(np.load(p)) for p in files]
    arrays = [a for a in arrays if len(a["target"])]
    if not arrays:
        kind = "held-out" if held_out else "training"
        raise ValueError(f"{folder} holds no {kind} pictures: make some with 'python -m tools.train data'")
    joined = (torch.from_numpy(np.concatenate([a[k] for a in arrays])) for k in ("maps", "light", "proxy", "target"))
    return Pairs(*(t.to(device) for t in joined))


def batches(
    pairs: Pairs, settings: Settings, step: int
) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]]:
    """Endless (maps, light, proxy, target, t, noise) on the pairs' device; a pure function of the seed and the step."""
    device = pairs.target.device
    size = pairs.target.shape[-1]
    crop = min(settings.crop, size)
    while True:
        rng = np.random.default_rng([settings.seed, step])
        rows = torch.from_numpy(rng.integers(0, len(pairs), settings.batch)).to(device)
        y, x = (int(v) for v in rng.integers(0, size - crop + 1, 2))
        window = (..., slice(y, y + crop), slice(x, x + crop))
        maps, proxy, target = (a[rows][window].float() for a in (pairs.maps, pairs.proxy, pairs.target))
        light = pairs.light[rows].clone()
        if rng.random() < 0.5:
            maps, proxy, target = maps.flip(-1), proxy.flip(-1), target.flip(-1)
            maps[:, FLIP_MAPS] *= -1
            light[:, FLIP_LIGHT] *= -1
        t = rng.beta(1.0, 1.8, settings.batch)
        t[rng.random(settings.batch) < settings.pure] = 1.0
        noise = torch.from_numpy(rng.standard_normal(target.shape, dtype=np.float32)).to(device)
        yield maps, light, proxy, target, torch.from_numpy(t.astype(np.float32)).to(device), noise
        step += 1


def picture_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Squared error, and the absolute error of the gradients, which keeps edges and texture sharp."""
    error = predicted - target
    across, down = error.diff(dim=-1).abs().mean(), error.diff(dim=-2).abs().mean()
    return error.square().mean() + 0.05 * (across + down)


def train(data: Path, out: Path, settings: Settings, start_from: Path | None = None, stop: int | None = None) -> Path:
    """Train until ``settings.steps`` or ``settings.minutes``; returns the folder of the averaged weights.

    ``out/state.pt`` holds what a later call goes on from; ``out/model`` the weights as ``from_pretrained`` reads them.
    start_from: a folder of weights to begin with where there is no state. stop: step at which this call ends early.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(settings.seed)
    pairs = load_pairs(data, device)
    model = PocketUNet.from_pretrained(start_from) if start_from else PocketUNet(maps=len(MAPS), light=LIGHT)
    model = model.to(device=device, memory_format=torch.channels_last)
    average = {k: v.detach().clone() for k, v in model.state_dict().items()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.peak, betas=(0.9, 0.99), weight_decay=1e-3)
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
    began = saved = time.monotonic()
    running = 0.0
    for maps, light, proxy, target, t, noise in batches(pairs, settings, step):
        spent = (time.monotonic() - began) / 60.0
        if step >= min(settings.steps, stop or settings.steps) or spent >= settings.minutes:
            break
        rate = settings.peak * min(1.0, (step + 1) / 200) * (0.55 + 0.45 * math.cos(math.pi * step / settings.steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        x = (1 - t[:, None, None, None]) * target + t[:, None, None, None] * noise
        with cast:
            predicted = model(*(_last(a) for a in (x,)), t, _last(maps), light, _last(proxy))
        loss = picture_loss(predicted.float(), target)
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
        if time.monotonic() - saved > 120:
            _save(out, model, optimizer, average, step, settings)
            saved = time.monotonic()
    return _save(out, model, optimizer, average, step, settings)


def _last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _fast_bf16() -> bool:
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _save(
    out: Path,
    model: PocketUNet,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor],
    step: int,
    settings: Settings,
) -> Path:
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average, "step": step}
    torch.save(state, out / "state.part")
    (out / "state.part").replace(out / "state.pt")
    shipped = PocketUNet(**{k: v for k, v in model.config.items() if not k.startswith("_")})
    shipped.load_state_dict(average)
    shipped.half().save_pretrained(out / "model")
    (out / "settings.json").write_text(json.dumps({**asdict(settings), "step": step}, indent=1))
    return out / "model"
