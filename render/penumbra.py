"""Soft shadows from few rays: neighbours look at other points of a light, and are smoothed.

Interleaved sampling (Keller & Heidrich 2001): the pixels of a tile share the points of a light's disc out among
themselves, and the weights of the smoothing count all of them alike, so that no pattern of the tile is left.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter, minimum_filter

from render.compiled import compiled
from worldgen.conventions import F32, I32, Bool

I64 = npt.NDArray[np.int64]


@cache
def disc() -> F32:
    """(20, 2) points of the unit disc: 4 x 4 spread evenly, row by row, and 2 x 2 close to its rim; read-only.

    By the concentric map of a square (Shirley & Chiu 1997), turned so that no edge of a building follows its rows.
    """
    even = [(x, y) for y in (-0.75, -0.25, 0.25, 0.75) for x in (-0.75, -0.25, 0.25, 0.75)]
    x, y = np.array([*even, *((x, y) for y in (-0.95, 0.95) for x in (-0.95, 0.95))]).T
    flat, radius = np.abs(x) >= np.abs(y), np.maximum(np.abs(x), np.abs(y))
    turn = 0.3 + np.pi / 4 * np.where(flat, y / x, 2 - x / y) + np.pi * np.where(flat, x < 0, y < 0)
    points: F32 = (radius * np.stack([np.cos(turn), np.sin(turn)])).T.astype(np.float32, order="C")
    points.flags.writeable = False
    return points


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
def blended(rows: I64, alike: F32, pixel: I64, centre: I64, thing: I32, values: F32, width: int, tile: int) -> F32:
    """(R, C) the ``values (N, C)`` of samples ``rows`` and of those around them that show the same thing.

    A tile is of ``tile`` x ``tile`` pixels, an even number; of one more each way, the outermost count half. alike: (R,)
    by how much the first value of others may differ to count; more where those on the other side differ as well, as in
    the pattern of a tile but not at an edge. pixel, thing: (N,). centre: (P,) of each pixel, the
    sample in its middle that counts for others, or -1.
    """
    smooth, height = np.zeros((len(rows), values.shape[1]), np.float32), len(centre) // width
    for n in range(len(rows)):
        own, weight = rows[n], np.float32(0)
        y, x = divmod(pixel[own], width)
        top = max(min(y - tile // 2, height - tile - 1), 0)  # at borders too, a whole tile
        left = max(min(x - tile // 2, width - tile - 1), 0)
        for v in range(top, min(top + tile + 1, height)):
            for u in range(left, min(left + tile + 1, width)):
                other = own if v == y and u == x else centre[v * width + u]
                if other < 0 or thing[other] != thing[own]:
                    continue
                apart = values[other, 0] - values[own, 0]
                if abs(apart) > alike[n]:
                    j, i = 2 * y - v, 2 * x - u
                    facing = centre[j * width + i] if 0 <= j < height and 0 <= i < width else -1
                    if facing < 0 or thing[facing] != thing[own]:
                        continue
                    if abs(values[facing, 0] - values[own, 0]) <= alike[n]:
                        continue
                w = np.float32(1 if top < v < top + tile else 0.5) * np.float32(1 if left < u < left + tile else 0.5)
                for k in range(values.shape[1]):
                    smooth[n, k] += w * values[other, k]
                weight += w
        for k in range(values.shape[1]):
            smooth[n, k] /= weight
    return smooth


@compiled
def tilted(normals: F32, size: F32, places: F32) -> F32:
    """(N, 3) unit ``normals (N, 3)`` tilted by ``places (N, 2)`` of a disc that is ``size (N,)`` at a distance of 1.

    The disc's axes: Duff et al. 2017.
    """
    found, one = np.empty_like(normals), np.float32(1)
    for n in range(len(normals)):
        x, y, z = normals[n, 0], normals[n, 1], normals[n, 2]
        side = np.float32(1 if z >= 0 else -1)
        a = -one / (side + z)
        b, p, q = x * y * a, size[n] * places[n, 0], size[n] * places[n, 1]
        u = x + p * (one + side * x * x * a) + q * b
        v = y + p * side * b + q * (side + y * y * a)
        w = z - p * side * x - q * y
        over = one / np.sqrt(u * u + v * v + w * w)
        found[n, 0], found[n, 1], found[n, 2] = u * over, v * over, w * over
    return found


def uneven(picture: F32, least: float) -> Bool:
    """(H, W) where a picture (H, W) differs by more than ``least`` among 5 x 5 pixels, and beside there."""
    return near(np.asarray(maximum_filter(picture, 5) - minimum_filter(picture, 5) > least))  # borders see but three
