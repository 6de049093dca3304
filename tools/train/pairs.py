"""A data set in memory, as ``tools.train.data`` wrote it: what pictures show, their truth, what belongs together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from conditioning.controls import Controls
from tools.train.data import HELD_OUT
from worldgen.conventions import F32

PICTURES: Final = ("maps", "light", "proxy", "target", "flat", "kind", "uv", "other_xy", "other_seen")


@dataclass(frozen=True)
class Pairs:
    """N pictures of h x w pixels, V of them in another weather or light too.

    maps: (N, M, h, w), proxy, target, flat: (N, 3, h, w) float16 in [-1, 1]; flat: albedo without its texture. light:
    (N, L) float32. kind: (N, h, w) uint8. uv: (N, 2, h, w) float16. other: (N,) int64, the picture that shows the same
    place, or -1; other_xy: (N, h, w, 2) float16, where its pixels lie there; other_seen: (N, h, w) float16. variant:
    (V, 3, h, w) uint8; variant_of: for each picture, by its name, which row of ``variant``. facts: of each picture, for
    its caption.
    """

    maps: Tensor
    light: Tensor
    proxy: Tensor
    target: Tensor
    flat: Tensor
    kind: Tensor
    uv: Tensor
    other: Tensor
    other_xy: Tensor
    other_seen: Tensor
    variant: Tensor
    variant_of: tuple[Mapping[str, int], ...]
    facts: tuple[Mapping[str, Any], ...]

    def __len__(self) -> int:
        return len(self.target)

    def on(self, device: torch.device) -> Pairs:
        """The same on a device."""
        moved: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            moved[one.name] = value.to(device) if isinstance(value, Tensor) else value
        return Pairs(**moved)

    def told(self, k: int) -> tuple[Controls, F32]:
        """What the renderer tells of one picture, and its truth (3, h, w) in [-1, 1]."""
        maps, light, proxy, kind, uv, truth = (
            value[k].cpu().numpy() for value in (self.maps, self.light, self.proxy, self.kind, self.uv, self.target)
        )
        told = Controls(
            maps.astype(np.float32), light.astype(np.float32), proxy.astype(np.float32), kind, uv.astype(np.float32)
        )
        return told, truth.astype(np.float32)


def load_pairs(folder: Path, held_out: bool = False) -> Pairs:
    """Every picture of ``folder``, of training worlds or of those held out; ``ValueError`` where there is none."""
    files = sorted(p for p in folder.glob("*.npz") if (int(p.stem) >= HELD_OUT) == held_out)
    worlds = [arrays for arrays in map(_read, files) if len(arrays["target"])]
    if not worlds:
        kind = "held-out" if held_out else "training"
        raise ValueError(f"{folder} holds no {kind} pictures: make some with 'python -m tools.train data'")
    joined = {k: torch.from_numpy(np.concatenate([a[k] for a in worlds])) for k in PICTURES}
    other, rows, facts = [], [], []
    pictures = variants = 0
    for arrays in worlds:
        count = len(arrays["target"])
        other.append(np.where(arrays["other"] >= 0, arrays["other"] + pictures, -1))
        mine: list[dict[str, int]] = [{} for _ in range(count)]
        for k, (row, name) in enumerate(zip(arrays["variant_of"], arrays["variant_name"], strict=True)):
            mine[int(row)][str(name)] = variants + k
        rows += mine
        facts += [arrays["facts"]] * count
        pictures, variants = pictures + count, variants + len(arrays["variant"])
    return Pairs(
        **joined,
        other=torch.from_numpy(np.concatenate(other)),
        variant=torch.from_numpy(np.concatenate([a["variant"] for a in worlds])),
        variant_of=tuple(rows),
        facts=tuple(facts),
    )


def _read(path: Path) -> dict[str, Any]:
    """One world's arrays, with what it was not made with left empty."""
    found: dict[str, Any] = dict(np.load(path))
    count, _, height, width = found["target"].shape if len(found["target"]) else (0, 3, 1, 1)
    empty = {
        "flat": (np.float16, (count, 3, height, width)),
        "kind": (np.uint8, (count, height, width)),
        "uv": (np.float16, (count, 2, height, width)),
        "other_xy": (np.float16, (count, height, width, 2)),
        "other_seen": (np.float16, (count, height, width)),
        "variant": (np.uint8, (0, 3, height, width)),
        "variant_of": (np.int64, (0,)),
        "variant_name": (np.str_, (0,)),
    }
    for name, (kind, shape) in empty.items():
        found.setdefault(name, np.zeros(shape, kind))
    if "flat" not in np.load(path):
        found["flat"] = found["maps"][:, :3]
    found.setdefault("other", np.full(count, -1, np.int64))
    found["facts"] = json.loads(str(found["facts"])) if "facts" in found else {}
    return found
