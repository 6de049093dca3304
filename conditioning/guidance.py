"""Reprojection guidance: frames agree on what a surface looks like, inside every sampling step.

Keyframes are painted first, each taking from the one before it and from memory what they show of its surfaces. Every
other frame fetches, in one hop along exact correspondence, what the keyframes on both sides of it show, and moves its
clean prediction there. A view counts by how well it saw the surface (facing, resolution, silhouettes) and by its
distance in time; where it saw it more coarsely than the frame does, the frame keeps fine detail of its own, so that
what comes nearer gets sharper. Light moves on: where the proxy says that a surface is lit otherwise in the view
(shadows, reflections, lamps), what is fetched is moved by the proxy's own difference, and counts less the larger it is.
So do words: a view that was painted to others than the frame's counts less the more they ask for another picture.

After SyncMVD (Liu et al. 2023) and Rerender-A-Video (Yang et al. 2023), which edit x0 along estimated or UV
correspondence; ours is exact, and one hop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from render.correspondence import Correspondence

LIGHT_SIGMA: Final = 1.0
"""Pixels; finer differences between proxies are how their textures fell on the pixels, not light."""
SAME_LIGHT: Final = 0.06
"""Difference of proxies, in [-1, 1], up to which the light is the same; at twice as much, all of it is followed."""
OTHER_LIGHT: Final = 0.20
"""Difference at which a view counts 1/e."""
SHARPEN: Final = 0.04
"""Share of the finest detail (below a pixel or so) that a hop takes, and that is given back."""
COARSER: Final = 0.2
"""A view whose pixels are larger by this share than the frame's, on the surface, gives no fine detail."""
DETAIL_SIGMA: Final = 2.0
"""Pixels; what is finer is fine detail."""
ENOUGH: Final = 0.15
"""How well the views must have seen a surface, all together, for a frame to follow them entirely."""


@dataclass(frozen=True)
class Guidance:
    """How strongly and from where frames take each other's surfaces.

    strength: 0 (off) to 1, share of the way to the consensus. every: frames between keyframes, at most; 0: there are
    none. begin, release: sigmas above and below which frames are left alone; 1 begins at once, 0 holds to the end.
    """

    strength: float = 1.0
    every: int = 8
    begin: float = 1.0
    release: float = 0.0


@dataclass(frozen=True)
class Source:
    """One finished picture that a frame takes from.

    picture: (3, H', W') in [-1, 1], sRGB-encoded. light: (3, H', W') ``light_of`` its proxy. seen: where the frame's
    pixels lie in them. near: 0 to 1, how much it counts among the sources. alike: 0 to 1, how far the words it was
    painted to ask for the frame's picture. detail: (H, W) 0 to 1, share of fine detail that it gives besides what the
    size of its pixels says; None for all of it.
    """

    picture: Tensor
    light: Tensor
    seen: Correspondence
    near: float = 1.0
    alike: float = 1.0
    detail: Tensor | None = None


@dataclass(frozen=True)
class Consensus:
    """What the sources of one frame agree on.

    picture: (3, H, W). share, detail: (1, H, W) 0 to 1, how far the frame follows it, and its fine detail with it.
    """

    picture: Tensor
    share: Tensor
    detail: Tensor


def light_of(proxy: Tensor) -> Tensor:
    """What of a proxy picture (3, H, W) in [-1, 1] tells of the light: all but its finest detail."""
    return low_pass(proxy[None], LIGHT_SIGMA)[0]


def around(frame: int, keys: Sequence[int]) -> list[tuple[int, float]]:
    """The keyframes before and after a frame, each with its share: 1 at the keyframe, falling to 0 at the next one."""
    earlier = max((k for k in keys if k <= frame), default=None)
    later = min((k for k in keys if k > frame), default=None)
    if earlier is None or later is None or earlier == frame:
        only = later if earlier is None else earlier
        return [] if only is None else [(only, 1.0)]
    share = (frame - earlier) / (later - earlier)
    return [(earlier, 1.0 - share), (later, share)]


def consensus(light: Tensor, sources: Sequence[Source], sharpen: float = SHARPEN) -> Consensus | None:
    """What a frame's sources show of its surfaces, in its own light; ``light``: (3, H, W) ``light_of`` its proxy.

    sharpen: share of the finest detail that is given back.
    """
    if not sources:
        return None
    seen, weights, fine = (torch.full(light.shape[1:], 1e-6) for _ in range(3))
    total = fine * light  # where nothing is seen: something near, for the filters below
    for source in sources:
        quality = torch.from_numpy(source.seen.confidence)[None, None]
        quality = F.avg_pool2d(quality, 3, 1, 1, count_include_pad=False) * (quality > 0)  # silhouettes fade in
        relit = light - fetched(source.light, source.seen, "bilinear")
        change = relit.square().mean(0).sqrt()
        weight = quality[0, 0] * source.near
        seen += weight
        weight = weight * torch.exp(-((change / OTHER_LIGHT) ** 2)) * source.alike
        weights += weight
        relit *= ((change - SAME_LIGHT) / SAME_LIGHT).clamp(0.0, 1.0)
        weight = weight * (1.0 - (1.0 - magnified(source.seen)) / COARSER).clamp(0.01, 1.0)
        if source.detail is not None:
            weight = weight * source.detail.clamp(0.01, 1.0)
        fine += weight
        total += weight * (fetched(source.picture, source.seen, "bicubic") + relit)
    there = total / fine
    there += sharpen * (there - low_pass(there[None], 1.0)[0])
    return Consensus(there, ((seen / ENOUGH).clamp(max=1.0) * (weights / seen))[None], (fine / weights)[None])


def magnified(seen: Correspondence) -> Tensor:
    """(H, W) pixels of the view across a pixel of the frame, along the axis where they are fewer."""
    x, y = torch.from_numpy(seen.xy).unbind(-1)
    across, down = (torch.hypot(x.diff(dim=axis), y.diff(dim=axis)) for axis in (1, 0))
    result = torch.ones_like(x)  # a pixel at the right or lower border is as its neighbour in the other direction
    result[:, :-1] = across
    result[:-1] = torch.minimum(result[:-1], down)
    return result


def agreed(mine: Tensor, there: Consensus | None, strength: float = 1.0) -> Tensor:
    """A frame's picture (3, H, W) moved towards the consensus."""
    if there is None or strength <= 0:
        return mine
    step = strength * there.share * (there.picture - mine)
    coarse = low_pass(step[None], DETAIL_SIGMA)[0]
    return mine + coarse + there.detail * (step - coarse)


def fetched(picture: Tensor, seen: Correspondence, kernel: str) -> Tensor:
    """(C, H, W) of another view, carried to the frame whose pixels lie in it as ``seen``.

    Torch's own sampler rather than ``render.warp``: five times as fast, and exact to 1e-5, which is enough here.
    """
    size = torch.tensor([picture.shape[2], picture.shape[1]])
    grid = 2.0 * torch.from_numpy(seen.xy) / size - 1.0
    return F.grid_sample(picture[None], grid[None], mode=kernel, padding_mode="border", align_corners=False)[0]


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
