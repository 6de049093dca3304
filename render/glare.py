"""Glare: what a diffusion filter, and every lens a little, does with bright light in the picture.

Light is scattered in proportion to one over the square of the distance, as in lenses and eyes (Vos 1984; Spencer et al.
1995, "Physically-based glare effects for digital images"): that is a sum of ever wider blurs of equal energy, which a
pyramid makes of few pixels (Burt 1981). It needs light that is not cut off at the white of the print, which a finished
picture no longer has: a lamp is many times as bright as the paper is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from worldgen.conventions import F32

BRIGHTEST: Final = 32.0
"""Times the white of the print that light counts at most: a glint or the sun's disc in a pixel would flicker."""

MIST: Final = 0.3
"""Share of the light that a diffusion filter of grade 1 scatters."""

COARSEST: Final = 4
"""Pixels of the picture's shorter side at the widest blur."""


def scattered(radiance: F32, exposure: float, share: float) -> F32:
    """``radiance`` (H, W, 3), linear, of whose light ``share`` (0 to 1) is scattered over the picture.

    exposure: what radiance is multiplied by before it is printed. A share of 0 gives the very same array.
    """
    if share <= 0.0 or min(radiance.shape[:2]) <= COARSEST:
        return radiance
    light = torch.from_numpy(radiance).permute(2, 0, 1)[None].clamp(max=BRIGHTEST / exposure)
    levels = [light]
    while min(levels[-1].shape[2:]) > COARSEST:
        levels.append(_halved(levels[-1]))
    wide = levels[-1]
    for k in range(len(levels) - 2, 0, -1):
        wide = _widened(wide, levels[k].shape) + levels[k]
    veil = _widened(wide, light.shape)[0].permute(1, 2, 0).numpy() / np.float32(len(levels) - 1)
    return radiance + np.float32(share) * (veil - light[0].permute(1, 2, 0).numpy())


def _halved(picture: Tensor) -> Tensor:
    """(1, C, ceil(H / 2), ceil(W / 2)), through the binomial filter (1, 3, 3, 1): boxes would flicker."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8.0
    kernel = torch.outer(taps, taps).expand(picture.shape[1], 1, 4, 4)
    height, width = picture.shape[2:]
    padded = F.pad(picture, (1, 1 + width % 2, 1, 1 + height % 2), mode="replicate")
    return F.conv2d(padded, kernel, stride=2, groups=picture.shape[1])


def _widened(picture: Tensor, shape: torch.Size) -> Tensor:
    return F.interpolate(picture, size=shape[2:], mode="bilinear", align_corners=False)
