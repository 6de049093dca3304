"""Reprojection guidance: frames agree on what a surface looks like, inside every sampling step.

A few frames of the window are anchors. Every other frame fetches, in one hop along exact correspondence, what the
anchors before and after it show of its own surface points, and moves its clean prediction there, keeping its own local
energy of fine detail (averaging is what blurs). A view counts by how well it saw the surface and by whether the light
is the same there: where the proxy says that a shadow or a reflection has moved, frames do not copy from each other.

After SyncMVD (Liu et al. 2023) and Rerender-A-Video (Yang et al. 2023), which edit x0 along estimated or UV
correspondence; ours is exact, and one hop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from render.correspondence import Correspondence

LOW_SIGMA: Final = 2.0
ENERGY_SIGMA: Final = 6.0
ENERGY_RANGE: Final = (0.7, 1.6)
LIGHT_SIGMA: Final = 1.5
LIGHT_TOLERANCE: Final = 0.10
ENOUGH: Final = 0.15
"""Total weight of the views at which a frame follows them entirely."""


@dataclass(frozen=True)
class Guidance:
    """How strongly and from where frames take each other's surfaces.

    strength: 0 (off) to 1, share of the way to the consensus. every: frames between anchors. release: sigma below which
    frames are left alone; 0 holds to the end.
    """

    strength: float = 1.0
    every: int = 8
    release: float = 0.0


@dataclass(frozen=True)
class Source:
    """One view that a frame takes from.

    frame: index of the view's picture. seen: where the frame's pixels lie in it. weight: (H, W) float32 how much the
    view counts at each of them.
    """

    frame: int
    seen: Correspondence
    weight: Tensor


def anchors_of(start: int, stop: int, every: int) -> tuple[int, ...]:
    """Anchor frames of a window: its last frame, and others evenly ``every`` frames or less before it."""
    count = max(1, round((stop - start) / every))
    return tuple(sorted({stop - 1 - (k * (stop - start)) // count for k in range(count)}))


def light_of(proxy: Tensor) -> Tensor:
    """What of a proxy picture (3, H, W) in [-1, 1] tells whether the light is the same: all but its finest detail."""
    return low_pass(proxy[None], LIGHT_SIGMA)[0]


def source(frame: int, seen: Correspondence, near: float, light_i: Tensor, light_j: Tensor) -> Source:
    """The source that view j is to frame i. near: 0-1, how close j is among the sources in time.

    light_i, light_j: (3, H, W), ``light_of`` the two frames' proxies.
    """
    change = (fetched(light_j, seen, "bilinear") - light_i).square().mean(0).sqrt()
    same_light = torch.exp(-((change / LIGHT_TOLERANCE) ** 2))
    weight = torch.from_numpy(seen.confidence)[None, None]
    weight = F.avg_pool2d(weight, 3, 1, 1, count_include_pad=False)[0, 0] * (weight[0, 0] > 0)  # silhouettes fade in
    return Source(frame, seen, weight * same_light * near)


def fetched(picture: Tensor, seen: Correspondence, kernel: Literal["bilinear", "bicubic"]) -> Tensor:
    """(C, H, W) of another view, carried to the frame whose pixels lie in it as ``seen``.

    Torch's own sampler rather than ``render.warp``: five times as fast, and exact to 1e-5, which is enough here.
    """
    size = torch.tensor([picture.shape[2], picture.shape[1]])
    grid = 2.0 * torch.from_numpy(seen.xy) / size - 1.0
    return F.grid_sample(picture[None], grid[None], mode=kernel, padding_mode="border", align_corners=False)[0]


def agreed(mine: Tensor, pictures: Tensor, views: Sequence[Source], guidance: Guidance) -> Tensor:
    """One frame (C, H, W) moved towards the views."""
    if not views or guidance.strength <= 0:
        return mine
    total = torch.zeros_like(mine)
    weights = torch.full(mine.shape[1:], 1e-6)
    for view in views:
        total += view.weight * fetched(pictures[view.frame], view.seen, "bicubic")
        weights += view.weight
    there = total / weights
    low_mine, low_there = low_pass(mine[None], LOW_SIGMA)[0], low_pass(there[None], LOW_SIGMA)[0]
    high_mine, high = mine - low_mine, there - low_there
    gain = (energy(high_mine) / energy(high).clamp(min=1e-8)).sqrt().clamp(*ENERGY_RANGE)
    share = guidance.strength * (weights / ENOUGH).clamp(max=1.0)
    return mine + share * (low_there + gain * high - mine)


def energy(high: Tensor) -> Tensor:
    """(1, H, W) local mean square of (C, H, W)."""
    return low_pass(high.square().mean(0, keepdim=True)[None], ENERGY_SIGMA)[0]


def low_pass(picture: Tensor, sigma: float) -> Tensor:
    """(N, C, H, W) blurred by a Gaussian of ``sigma`` pixels, its border repeated."""
    radius = max(1, int(2.5 * sigma + 0.5))
    share = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(-radius, radius + 1)]
    for axis in (-1, -2):
        pad = (radius, radius, 0, 0) if axis == -1 else (0, 0, radius, radius)
        wide, size = F.pad(picture, pad, mode="replicate"), picture.shape[axis]
        picture = torch.zeros_like(picture)
        for k, s in enumerate(share):  # shifted sums: on a CPU eight times as fast as a convolution
            picture.add_(wide.narrow(axis, k, size), alpha=s / sum(share))
    return picture
