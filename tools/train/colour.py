"""Colour and filters for pictures (N, C, H, W) in torch: what looks are made of. Every filter sees a few pixels."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from worldgen.light import FILM_CONTRAST, FILM_HALF, FILM_INSET, FILM_OUTSET

LUMA: Final = (0.2126, 0.7152, 0.0722)
"""Shares of linear red, green and blue in luminance (ITU-R BT.709)."""

_LMS = ((0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005))  # fmt: skip
_LAB = ((0.2104542553, 0.7936177850, -0.0040720468), (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660))  # fmt: skip


def linear(encoded: Tensor) -> Tensor:
    """Linear light in [0, 1] of sRGB-encoded values in [0, 1] (IEC 61966-2-1)."""
    return torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4)


def srgb(light: Tensor) -> Tensor:
    """sRGB-encoded values in [0, 1] of linear light; what lies outside [0, 1] is cut."""
    light = light.clamp(0.0, 1.0)
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.clamp(min=0.0031308) ** (1 / 2.4) - 0.055)


def exposed(printed: Tensor) -> Tensor:
    """The exposure (N, 3, H, W) that ``worldgen.light.film_curve`` prints as ``printed`` (linear); at most about 8."""
    y = _paled(printed, FILM_OUTSET).clamp(0.0, 0.97)
    light = FILM_HALF * (y / (1.0 - y)) ** (1.0 / FILM_CONTRAST)
    return _paled(light, 1.0 - 1.0 / (1.0 - FILM_INSET)).clamp(min=0.0)


def film(exposure: Tensor) -> Tensor:
    """``worldgen.light.film_curve`` in torch: linear prints, [0, 1), of light (N, 3, H, W) or greys (N, 1, H, W)."""
    power = (_paled(exposure, FILM_INSET).clamp(min=0.0) / FILM_HALF) ** FILM_CONTRAST
    return _paled(power / (1.0 + power), 1.0 - 1.0 / (1.0 - FILM_OUTSET)).clamp(0.0, 1.0)


def _paled(colour: Tensor, share: float) -> Tensor:
    return colour + share * (colour.mean(1, keepdim=True) - colour)


def luminance(light: Tensor) -> Tensor:
    """(N, 1, H, W) of linear light (N, 3, H, W)."""
    return mixed(light, (LUMA,))


def oklab(light: Tensor) -> Tensor:
    """Lightness 0 to 1 and the two opponents, green to red and blue to yellow (Ottosson 2020), of linear light."""
    return mixed(mixed(light, _LMS).clamp(min=0.0) ** (1 / 3), _LAB)


def light_of_oklab(lab: Tensor) -> Tensor:
    """Linear light (may lie outside [0, 1]) of ``oklab`` values."""
    lms = mixed(lab, torch.linalg.inv(torch.tensor(_LAB)))
    return mixed(lms**3, torch.linalg.inv(torch.tensor(_LMS)))


def mixed(picture: Tensor, matrix: Tensor | tuple[tuple[float, ...], ...]) -> Tensor:
    """(N, R, H, W): ``matrix`` (R, C) times the channels of every pixel."""
    rows = torch.as_tensor(matrix, dtype=picture.dtype, device=picture.device)
    return torch.einsum("rc,nchw->nrhw", rows, picture)


def ramp(x: Tensor, low: float, high: float) -> Tensor:
    """0 below ``low``, 1 above ``high``, a Hermite step between; falls where ``high`` is the smaller."""
    t = ((x - low) / (high - low)).clamp(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def blurred(picture: Tensor, sigma: float) -> Tensor:
    """Gaussian of ``sigma`` pixels, cut at 2.5 sigma; the picture's border is repeated."""
    reach = max(1, round(2.5 * sigma))
    at = torch.arange(-reach, reach + 1, dtype=picture.dtype, device=picture.device)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    kernel = kernel / kernel.sum()
    channels = picture.shape[1]
    wide = F.pad(picture, (reach, reach, reach, reach), mode="replicate")
    wide = F.conv2d(wide, kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
    return F.conv2d(wide, kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)


def painted(picture: Tensor, radius: int) -> Tensor:
    """Flat patches with kept edges: each pixel the mean of its calmest quarters (Kuwahara 1976; soft: Papari 2007).

    radius: pixels a quarter reaches. A quarter weighs as the eighth power of its calm: finite, so that films are calm.
    """
    side = radius + 1
    wide = F.pad(picture, (radius, radius, radius, radius), mode="replicate")
    mean = F.avg_pool2d(wide, side, stride=1)
    spread = (F.avg_pool2d(wide.square(), side, stride=1) - mean.square()).clamp(min=0.0).sum(1, keepdim=True).sqrt()
    height, width = picture.shape[-2:]
    total, weights = torch.zeros_like(picture), torch.zeros_like(picture[:, :1])
    for dy in (0, radius):
        for dx in (0, radius):
            window = (..., slice(dy, dy + height), slice(dx, dx + width))
            calm = 0.01 / (0.01 + spread[window])
            weight = calm.square().square().square()
            total, weights = total + weight * mean[window], weights + weight
    return total / weights.clamp(min=1e-20)
