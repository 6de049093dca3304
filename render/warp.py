"""Pictures carried along a correspondence, with kernels whose identity and whole-pixel shifts are exact.

One function for one picture or many, on a CPU or a GPU. Torch's own ``grid_sample`` has no Catmull-Rom (its bicubic
is Keys' with a = -3/4, which rings more) and no Lanczos, and is not exact at whole pixels.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import torch
from torch.nn import functional

from render.correspondence import Correspondence
from render.tables import tensor
from render.threads import BLOCK, deal
from worldgen.conventions import F32, Array

Kernel = Literal["bilinear", "bicubic", "lanczos"]

_TAPS: Final[dict[Kernel, int]] = {"bilinear": 2, "bicubic": 4, "lanczos": 6}


def warp(image_j: Array, correspondence: Correspondence, mode: Kernel = "bicubic") -> F32:
    """Frame j seen from frame i: ``image_j`` (H', W', C) sampled at ``correspondence.xy``, (H, W, C) float32.

    Beyond the frame the border is repeated; look at ``correspondence.visible`` before believing a pixel. mode:
    ``bilinear``; ``bicubic``, Catmull-Rom (Keys 1981, a = -1/2); ``lanczos``, three lobes, the sharpest.
    """
    if image_j.ndim != 3:
        raise ValueError(f"the picture to warp must be (H, W, C), not {image_j.shape}")
    picture = tensor(np.asarray(image_j, dtype=np.float32)).permute(2, 0, 1)
    place = tensor(np.moveaxis(correspondence.xy, -1, 0))
    result: F32 = warped(picture, place, mode).permute(1, 2, 0).contiguous().numpy()
    return result


def warped(pictures: torch.Tensor, xy: torch.Tensor, mode: Kernel = "bicubic") -> torch.Tensor:
    """Pictures (C, H', W') or (N, C, H', W') sampled at places (2, H, W) or (N, 2, H, W) in pixels, on their device.

    ``Match.xy`` holds such places. Borders and ``mode`` as for :func:`warp`; (C, H, W) or (N, C, H, W) float32.
    """
    if mode not in _TAPS:
        raise ValueError(f"{mode!r} is not a kernel: choose one of {', '.join(_TAPS)}")
    if (
        pictures.ndim != xy.ndim
        or pictures.ndim not in (3, 4)
        or xy.shape[-3] != 2
        or pictures.shape[:-3] != xy.shape[:-3]
    ):
        raise ValueError(
            f"pictures {tuple(pictures.shape)} cannot be sampled at places {tuple(xy.shape)}: "
            "write (C, H, W) and (2, H, W), or as many of both"
        )
    if pictures.ndim == 3:
        return warped(pictures[None], xy[None], mode)[0]
    (many, channels, height, width), taps = pictures.shape, _TAPS[mode]
    # Wide enough for places beyond the border, which the outermost pixels repeated twice the kernel's reach stand for.
    framed = functional.pad(pictures.float(), (taps,) * 4, mode="replicate").flatten(2)
    wide = width + 2 * taps
    result = torch.empty(many, channels, *xy.shape[-2:], device=xy.device)
    places, found = xy.flatten(2), result.flatten(2)

    def sample(part: slice) -> None:
        for table, place, room in zip(framed, places[..., part], found[..., part], strict=True):
            column, across = _shares(place[0], width, mode)
            row, down = _shares(place[1], height, mode)
            first = row.mul_(wide).add_(column)
            room.zero_()
            for y in range(taps):
                line = torch.zeros_like(room)
                for x in range(taps):
                    line.addcmul_(table.index_select(1, first + (y * wide + x)), across[x])
                room.addcmul_(line, down[y])

    count = places.shape[-1]
    deal(sample, count, max(1, BLOCK // channels) if xy.device.type == "cpu" else max(1, count))
    return result


def _shares(x: torch.Tensor, size: int, mode: Kernel) -> tuple[torch.Tensor, torch.Tensor]:
    """First of the K pixels (N,) int32 around places ``x`` (N,) along an axis, counted in the framed picture, and the
    K pixels' shares (K, N), of sum 1.
    """
    rim = _TAPS[mode] // 2
    at = x.clamp(0.5 - rim, size + rim - 0.5).sub_(0.5)
    first = at.floor()
    t = at.sub_(first)
    if mode == "bilinear":
        shares = [1.0 - t, t]
    elif mode == "bicubic":
        s = t * t
        shares = [
            ((1.0 - 0.5 * t).mul_(t).sub_(0.5)).mul_(t),
            (1.5 * t).sub_(2.5).mul_(s).add_(1.0),
            (2.0 - 1.5 * t).mul_(t).add_(0.5).mul_(t),
            (0.5 * t).sub_(0.5).mul_(s),
        ]
    else:
        away = t - torch.arange(1 - rim, rim + 1, device=x.device)[:, None]
        lobes = torch.where(away == away.round(), (away == 0).float(), torch.sinc(away) * torch.sinc(away / rim))
        shares = [*lobes.div_(lobes.sum(0))]
    return first.add_(rim + 1.0).to(torch.int32), torch.stack(shares)
