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
from render.threads import kept
from worldgen.conventions import F32, I32, Bool

I64 = npt.NDArray[np.int64]


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

    @staticmethod
    def of(labels: I32, gbuffer: GBuffer, fine: GBuffer) -> Samples:
        """gbuffer: at the centres of pixels. fine: twice as large. labels: (F,) equal for faces of one surface."""
        pixels, centres = gbuffer.triangle.size, int(np.count_nonzero(gbuffer.hit))
        most = centres + 4 * pixels
        triangle, bary = np.empty(most, np.int32), np.empty((most, 2), np.float32)
        pixel, place, share = np.empty(most, np.int64), np.empty((most, 2), np.float32), np.empty(most, np.float32)
        calm, covered = np.empty(pixels, np.bool_), np.empty(pixels, np.float32)
        edges, quarters = np.empty(pixels, np.int64), np.empty((pixels, 4), np.int64)
        n, e = _find(
            labels, gbuffer.triangle, gbuffer.bary, fine.triangle, fine.bary, centres, triangle, bary, pixel, place,
            share, calm, covered, edges, quarters,
        )  # fmt: skip
        return Samples(
            triangle[:n], bary[:n], pixel[:n], place[:n], share[:n], centres, calm, covered, edges[:e], quarters[:e]
        )

    def __len__(self) -> int:
        return len(self.triangle)

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


@compiled
def _find(
    labels: I32, centre: I32, centre_bary: F32, fine: I32, fine_bary: F32, centres: int, triangle: I32, bary: F32,
    pixel: I64, place: F32, share: F32, calm: Bool, covered: F32, edges: I64, quarters: I64,
) -> tuple[int, int]:  # fmt: skip
    """Fill in all that :class:`Samples` holds; says how many samples there are, and how many edges."""
    middle, other, uneven = 0, centres, 0
    around = np.empty(4, np.int32)
    for y in range(centre.shape[0]):
        for x in range(centre.shape[1]):
            p, shown = y * centre.shape[1] + x, centre[y, x]
            own, label = 0, labels[shown] if shown >= 0 else -1
            seen = 0
            for k in range(4):
                quarter = fine[2 * y + k // 2, 2 * x + k % 2]
                around[k] = label if quarter == shown else (labels[quarter] if quarter >= 0 else -1)
                own += around[k] == label
                seen += around[k] >= 0
            calm[p] = own == 4
            covered[p] = np.float32(0.25) * seen
            if shown >= 0:
                triangle[middle], pixel[middle], share[middle] = shown, p, np.float32(0.25) * own
                bary[middle, 0], bary[middle, 1] = centre_bary[y, x, 0], centre_bary[y, x, 1]
                place[middle, 0], place[middle, 1] = x + 0.5, y + 0.5
                middle += 1
            if own == 4:
                continue
            edges[uneven] = p
            for k in range(4):
                quarters[uneven, k] = middle - 1 if around[k] == label and around[k] >= 0 else -1
            for k in range(4):
                if around[k] == label or around[k] < 0 or quarters[uneven, k] >= 0:
                    continue
                alike = 0
                for j in range(k, 4):
                    if around[j] == around[k]:
                        quarters[uneven, j] = other
                        alike += 1
                v, u = 2 * y + k // 2, 2 * x + k % 2
                triangle[other], pixel[other], share[other] = fine[v, u], p, np.float32(0.25) * alike
                bary[other, 0], bary[other, 1] = fine_bary[v, u, 0], fine_bary[v, u, 1]
                place[other, 0], place[other, 1] = x + 0.25 + 0.5 * (k % 2), y + 0.25 + 0.5 * (k // 2)
                other += 1
            uneven += 1
    return other, uneven
