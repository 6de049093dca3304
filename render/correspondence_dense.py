"""The dense part of correspondence, all pixels of a frame in another: a compiled loop on CPUs, torch on other devices.

``render.correspondence`` says what it works out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from render.compiled import compiled
from render.frame import GRAZING, HIGH, ROOT, ROOTS, roots, unpacked
from worldgen.conventions import F32, I32, Bool

I64 = npt.NDArray[np.int64]

BEHIND: Final = np.float32(1e-6)
"""Points this many times nearer to the other camera's plane than to the own one count as behind it."""

_OUTSIDE: Final = -9.0
_LEAST: Final = np.float32(GRAZING**0.5 / ROOT)
_SCALE: Final = np.float32(ROOT**2)
_EDGE: Final = np.float32(-1e-30)
_HALF: Final = np.float32(0.5)
_ONE: Final = np.float32(1.0)
_NONE: Final = np.float32(0.0)


def look_up(
    placed: torch.Tensor,
    d: torch.Tensor,
    code: torch.Tensor,
    narrow: torch.Tensor,
    picture: torch.Tensor,
    focal: float,
    lenient: bool,
    xy: torch.Tensor,
    visible: torch.Tensor,
    confidence: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Fill in ``xy`` (2, h, W), ``visible`` and ``confidence`` (h, W) of N pixels; which may be seen beside.

    placed: (4, N) place in the other picture, from -1 to 1 and times the depth, and the side. d, code, narrow: (N,) of
    the pixels. picture: (4, H, W) of the other frame. The result is three times (M,): which pixels, their disparities
    there, and the ratios of extents.
    """
    other = np.empty(len(d), np.int64)
    there, ratio = np.empty(len(d), np.float32), np.empty(len(d), np.float32)
    count = _looked_up(
        placed.numpy(),
        d.numpy(),
        code.numpy(),
        narrow.numpy(),
        picture.numpy(),
        picture.view(torch.int32).numpy(),
        np.float32(focal),
        lenient,
        xy[0].reshape(-1).numpy(),
        xy[1].reshape(-1).numpy(),
        visible.view(-1).numpy(),
        confidence.view(-1).numpy(),
        other,
        there,
        ratio,
    )
    return torch.from_numpy(other[:count]), torch.from_numpy(there[:count]), torch.from_numpy(ratio[:count])


def look_up_on_device(
    placed: torch.Tensor,
    d: torch.Tensor,
    code: torch.Tensor,
    narrow: torch.Tensor,
    picture: torch.Tensor,
    focal: float,
    lenient: bool,
    xy: torch.Tensor,
    visible: torch.Tensor,
    confidence: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """As :func:`look_up`, in torch alone and without waiting for the device before the end."""
    u, v, w, turned = placed
    behind = w <= float(BEHIND)
    nearer = w.masked_fill(behind, 1.0).reciprocal_()  # depth in i over depth in j
    for unit, place, size in ((u, xy[0], picture.shape[2]), (v, xy[1], picture.shape[1])):
        unit.mul_(nearer).masked_fill_(behind, _OUTSIDE)
        place.copy_((unit + 1.0).mul_(0.5 * size).masked_fill_(behind, -1.0).view(place.shape))
    # The plane of the pixel it falls into says where the surface lies at just this place; outside the picture all is 0.
    plane, growth, what, limit = torch.grid_sampler_2d(picture[None], placed[:2].T[None, None], 1, 0, False)[0, :, 0]
    right, down = unpacked(growth)
    behind_it = plane + right * u + down * v - d * nearer
    off, root, facing = limit.abs(), roots(limit), turned <= 0
    seen = facing & (behind_it.abs() <= off) & (what.view(torch.int32) == code)
    ratio = nearer * narrow * focal
    trust = (root.clamp(min=float(_LEAST)) * ratio).clamp_(max=1.0) * root.square() * float(_SCALE)
    visible.view(-1).copy_(seen)
    confidence.view(-1).copy_(trust * seen)
    beside = facing & ~seen & (limit <= float(_EDGE))
    if not lenient:
        beside &= behind_it <= off
    other = beside.nonzero().squeeze(1)
    return other, (d * nearer)[other], ratio[other]


@compiled
def _looked_up(
    placed: F32,
    d: F32,
    code: I32,
    narrow: F32,
    picture: F32,
    bits: I32,
    focal: np.float32,
    lenient: bool,
    x: F32,
    y: F32,
    visible: Bool,
    confidence: F32,
    other: I64,
    there: F32,
    ratio: F32,
) -> int:
    """The loop of :func:`look_up`; other, there, ratio (N,) are filled from the front, as far as the result says."""
    height, width = picture.shape[1], picture.shape[2]
    across, down = _HALF * np.float32(width), _HALF * np.float32(height)
    count = 0
    for p in range(len(d)):
        visible[p], confidence[p] = False, _NONE
        w = placed[2, p]
        if w <= BEHIND:
            x[p], y[p] = -_ONE, -_ONE
            continue
        nearer = _ONE / w
        u, v = placed[0, p] * nearer, placed[1, p] * nearer
        column, row = across + across * u, down + down * v
        x[p], y[p] = column, row
        if not (column >= 0 and row >= 0 and column < width and row < height) or placed[3, p] > 0:
            continue
        h, k = int(row), int(column)
        growth, limit = bits[1, h, k], picture[3, h, k]
        right, lower = np.int32(growth & HIGH).view(np.float32), np.int32(growth << 16).view(np.float32)
        closer = d[p] * nearer
        behind_it = picture[0, h, k] + right * u + lower * v - closer
        off, root = abs(limit), np.float32(bits[3, h, k] & ROOTS)
        mine = nearer * narrow[p] * focal
        if abs(behind_it) <= off and bits[2, h, k] == code[p]:
            visible[p] = True
            confidence[p] = min(max(root, _LEAST) * mine, _ONE) * root * root * _SCALE
        elif limit <= _EDGE and (lenient or behind_it <= off):
            other[count], there[count], ratio[count] = p, closer, mine
            count += 1
    return count
