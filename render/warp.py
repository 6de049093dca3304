"""Pictures carried along a correspondence, with kernels whose identity and whole-pixel shifts are exact."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import torch
from torch.nn import functional

from render.correspondence import Correspondence
from render.tables import tensor
from render.threads import filled
from worldgen.conventions import F32, Array

Kernel = Literal["bilinear", "bicubic", "lanczos"]


def warp(image_j: Array, correspondence: Correspondence, mode: Kernel = "bicubic") -> F32:
    """Frame j seen from frame i: ``image_j`` (H', W', C) sampled at ``correspondence.xy``, (H, W, C) float32.

    Beyond the frame the border is repeated; look at ``correspondence.visible`` before believing a pixel. mode:
    ``bilinear``; ``bicubic``, Catmull-Rom (Keys 1981, a = -1/2); ``lanczos``, three lobes, the sharpest.
    """
    if image_j.ndim != 3:
        raise ValueError(f"the picture to warp must be (H, W, C), not {image_j.shape}")
    if mode not in _TAPS:
        raise ValueError(f"{mode!r} is not a kernel: choose one of {', '.join(_TAPS)}")
    height, width, channels = image_j.shape
    table = tensor(np.ascontiguousarray(image_j, dtype=np.float32)).reshape(-1, channels)
    xy = tensor(correspondence.xy).reshape(-1, 2)

    def sample(s: slice) -> torch.Tensor:
        column, across = _taps(xy[s, 0], width, mode)
        row, down = _taps(xy[s, 1], height, mode)
        index = (row[:, :, None] * width + column[:, None, :]).flatten(1)
        share = (down[:, :, None] * across[:, None, :]).flatten(1)
        return functional.embedding_bag(index, table, mode="sum", per_sample_weights=share)

    return filled(sample, len(xy), channels).reshape(*correspondence.xy.shape[:2], channels).numpy()


_TAPS: Final[dict[Kernel, int]] = {"bilinear": 2, "bicubic": 4, "lanczos": 6}


def _taps(x: torch.Tensor, size: int, mode: Kernel) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels (N, K) int64 around coordinates ``x`` (N,) along one axis, and their weights (N, K), of sum 1."""
    count = _TAPS[mode]
    centre = x.clamp(-count, size + count) - 0.5
    first = centre.floor()
    steps = torch.arange(count) - (count // 2 - 1)
    distance = (centre - first)[:, None] - steps
    away = distance.abs()
    if mode == "bilinear":
        weight = 1.0 - away
    elif mode == "bicubic":
        inner = (1.5 * away - 2.5) * away * away + 1.0
        weight = torch.where(away <= 1, inner, ((-0.5 * away + 2.5) * away - 4.0) * away + 2.0)
    else:
        weight = torch.sinc(distance) * torch.sinc(distance / 3)
        weight = torch.where(distance == distance.round(), (distance == 0).float(), weight)
        weight = weight / weight.sum(1, keepdim=True)
    return (first[:, None] + steps).long().clamp(0, size - 1), weight
