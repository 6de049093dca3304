"""Soft shadows from few rays: neighbours look at other points of a light, and are smoothed.

Interleaved sampling (Keller & Heidrich 2001): the pixels of a tile share the points of a light's disc out among
themselves, and the weights of the smoothing count all of them alike, so that no pattern of the tile is left.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter, minimum_filter

from render.compiled import compiled
from worldgen.conventions import F32, I32, Bool

I64 = npt.NDArray[np.int64]


def near(found: Bool) -> Bool:
    """(H, W) where a pixel, or one of the eight around it, is ``found``."""
    rows = found.copy()
    rows[1:] |= found[:-1]
    rows[:-1] |= found[1:]
    near = rows.copy()
    near[:, 1:] |= rows[:, :-1]
    near[:, :-1] |= rows[:, 1:]
    return near


@compiled
def blended(rows: I64, alike: F32, pixel: I64, centre: I64, thing: I32, values: F32, width: int) -> F32:
    """(R, C) the ``values (N, C)`` of samples ``rows`` and of those around them that show the same thing.

    Weights are 1, 2, 1 both ways. alike: (R,) by how much the first value of others may differ to count. pixel: (N,).
    thing: (N,). centre: (P,) of each pixel, the sample in its middle that counts for others, or -1.
    """
    smooth, height = np.zeros((len(rows), values.shape[1]), np.float32), len(centre) // width
    for n in range(len(rows)):
        own, weight = rows[n], np.float32(0)
        y, x = divmod(pixel[own], width)
        top, left = max(min(y - 1, height - 3), 0), max(min(x - 1, width - 3), 0)  # at borders too, a whole tile
        for v in range(top, min(top + 3, height)):
            for u in range(left, min(left + 3, width)):
                other = own if v == y and u == x else centre[v * width + u]
                if other < 0 or thing[other] != thing[own] or abs(values[other, 0] - values[own, 0]) > alike[n]:
                    continue
                w = np.float32((2 if v == top + 1 else 1) * (2 if u == left + 1 else 1))
                for k in range(values.shape[1]):
                    smooth[n, k] += w * values[other, k]
                weight += w
        for k in range(values.shape[1]):
            smooth[n, k] /= weight
    return smooth


def uneven(picture: F32, least: float) -> Bool:
    """(H, W) where a picture (H, W) differs by more than ``least`` among 5 x 5 pixels, and beside there."""
    return near(np.asarray(maximum_filter(picture, 5) - minimum_filter(picture, 5) > least))  # borders see but three


@compiled
def blended_share(rows: I64, pixel: I64, centre: I64, thing: I32, light: F32, width: int) -> F32:
    """(R, 3) which share of a light the samples ``rows`` see with those of 5 x 5 pixels that show the same thing.

    light: (N, 6 or more) with shadows and without, 3 each. centre: as for :func:`blended`. A tile is of 4 x 4 pixels:
    the outermost of five count half.
    """
    shares, height = np.zeros((len(rows), 3), np.float32), len(centre) // width
    total = np.empty(6, np.float32)
    for n in range(len(rows)):
        own = rows[n]
        y, x = divmod(pixel[own], width)
        top, left = max(min(y - 2, height - 5), 0), max(min(x - 2, width - 5), 0)
        total[:] = 0
        for v in range(top, min(top + 5, height)):
            for u in range(left, min(left + 5, width)):
                other = own if v == y and u == x else centre[v * width + u]
                if other < 0 or thing[other] != thing[own]:
                    continue
                w = np.float32((1 if 0 < v - top < 4 else 0.5) * (1 if 0 < u - left < 4 else 0.5))
                for k in range(6):
                    total[k] += w * light[other, k]
        for k in range(3):
            if total[3 + k] > 0:
                shares[n, k] = total[k] / total[3 + k]
    return shares
