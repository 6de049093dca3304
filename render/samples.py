"""Which surface points a frame is made of: one for each surface that a pixel shows, with the share it has in it.

A calm pixel is its centre. In a pixel with an edge the centre stands for those of the four quarters that show the same
surface as it does, and every other surface is looked at where a quarter shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from render.compiled import compiled
from render.raster import GBuffer
from render.threads import deal, kept
from worldgen.conventions import F32, I32, Bool

I64 = npt.NDArray[np.int64]

_BLOCK = 1 << 15


@dataclass(frozen=True)
class Samples:
    """N surface points of a picture of P pixels.

    triangle: (N,). bary: (N, 2). pixel: (N,) the flat pixel of each. place: (N, 2) float32 pixels, where in the picture
    it is. share: (N,) of the pixel. centres: so many come first, the centres of the pixels that show something there,
    in row order. calm: (P,) pixels whose
    quarters all show what the centre shows. covered: (P,) share of each pixel that is not sky. edges: (E,) the pixels
    that are not calm. quarters: (E, 4) the sample that stands for each of their quarters, -1 for sky.
    """

    triangle: I32
    bary: F32
    pixel: I64
    place: F32
    share: F32
    centres: int
    calm: Bool
    covered: F32
    edges: I64
    quarters: I64

    def __len__(self) -> int:
        return len(self.triangle)

    @staticmethod
    def of(labels: I32, gbuffer: GBuffer, fine: GBuffer) -> Samples:
        """gbuffer: at the centres of pixels. fine: twice as large. labels: (F,) equal for faces of one surface."""
        width = gbuffer.triangle.shape[1]
        centre, quarters = gbuffer.triangle.reshape(-1), _quartered(fine.triangle)
        rows = np.flatnonzero(_differs(quarters, centre))
        around, middle = _labelled(labels, quarters[rows]), _labelled(labels, centre[rows])
        same = around == middle[:, None]
        uneven = np.flatnonzero(~same.all(axis=1))
        rows, around, same = rows[uneven], around[uneven], same[uneven]

        calm = np.ones(len(centre), np.bool_)
        calm[rows] = False
        own = np.ones(len(centre), np.float32)
        own[rows] = same.mean(axis=1, dtype=np.float32)
        hit = np.flatnonzero(centre >= 0)
        triangle, pixel, share = [centre[hit]], [hit], [own[hit]]
        bary, place = [gbuffer.bary.reshape(-1, 2)[hit]], [_places(hit, width, 0.5, 0.5)]
        of_quarter = np.where(same & (around >= 0), (np.cumsum(centre >= 0) - 1)[rows, None], -1)
        count = len(hit)
        for k in range(4):
            alike = around[:, k, None] == around
            first = np.flatnonzero(~same[:, k] & (around[:, k] >= 0) & ~alike[:, :k].any(axis=1))
            at = quarters_of(rows[first], width)[:, k]
            triangle.append(fine.triangle.reshape(-1)[at])
            bary.append(fine.bary.reshape(-1, 2)[at])
            pixel.append(rows[first])
            place.append(_places(rows[first], width, 0.25 + 0.5 * (k % 2), 0.25 + 0.5 * (k // 2)))
            share.append(alike[first].mean(axis=1, dtype=np.float32))
            of_quarter[first] = np.where(alike[first], count + np.arange(len(first))[:, None], of_quarter[first])
            count += len(first)
        covered = np.where(centre >= 0, np.float32(1), np.float32(0))
        covered[rows] = (around >= 0).mean(axis=1, dtype=np.float32)
        return Samples(
            np.concatenate(triangle), np.concatenate(bary), np.concatenate(pixel), np.concatenate(place),
            np.concatenate(share), len(hit), calm, covered, rows, of_quarter,
        )  # fmt: skip

    @property
    def rows(self) -> int:
        """Rows of a table with a place for every pixel, and after them one for every sample that is no centre."""
        return len(self.calm) + len(self) - self.centres

    @kept
    def row(self) -> I64:
        """(N,) of each sample in such a table."""
        return np.concatenate([self.pixel[: self.centres], np.arange(len(self.calm), self.rows)])

    def summed(self, values: F32) -> F32:
        """(P, C) the sums of the ``values`` (rows, C) of each pixel's samples, in the memory of ``values``."""
        _sum(values, self.pixel[self.centres :], len(self.calm))
        return values[: len(self.calm)]


@compiled
def _sum(values: F32, pixel: I64, first: int) -> None:
    """Add the rows from ``first`` on to those of their pixels."""
    for n in range(len(pixel)):
        for k in range(values.shape[1]):
            values[pixel[n], k] += values[first + n, k]


def quarters_of(pixels: I64, width: int) -> I64:
    """(N, 4) flat indices, in a picture twice as large, of the quarters of flat ``pixels``."""
    row, column = np.divmod(pixels, width)
    top = 2 * row * (2 * width) + 2 * column
    return np.stack([top, top + 1, top + 2 * width, top + 2 * width + 1], axis=1)


def _quartered(fine: I32) -> I32:
    """(P, 4) what the quarters of each pixel show."""
    height, width = fine.shape[0] // 2, fine.shape[1] // 2
    result = np.empty((height, width, 2, 2), np.int32)
    source = fine.reshape(height, 2, width, 2)

    def turn(rows: slice) -> None:
        result[rows] = source[rows].transpose(0, 2, 1, 3)

    deal(turn, height, max(1, _BLOCK // max(width, 1)))
    return result.reshape(-1, 4)


def _differs(quarters: I32, centre: I32) -> Bool:
    differs = np.empty(len(centre), np.bool_)

    def compare(s: slice) -> None:
        a, b, c, d = (quarters[s, k] == centre[s] for k in range(4))
        differs[s] = ~(a & b & c & d)

    deal(compare, len(centre), _BLOCK)
    return differs


def _places(pixels: I64, width: int, x: float, y: float) -> F32:
    row, column = np.divmod(pixels, width)
    return np.stack([column + np.float32(x), row + np.float32(y)], axis=1).astype(np.float32)


def _labelled(labels: I32, triangle: I32) -> I32:
    if not len(labels):
        return np.full(triangle.shape, -1, np.int32)
    return np.where(triangle >= 0, labels[np.maximum(triangle, 0)], np.int32(-1))
