"""Where surfaces lie in one plane: which of them is seen, so that rounding does not sprinkle one into the other."""

from __future__ import annotations

from typing import Final

import numpy as np

from render.compiled import compiled
from worldgen.conventions import F32, F64, I32, Bool

ALIKE_M: Final = 2e-5
"""Depths that differ by less, and by ``ALIKE_SHARE`` of them, are one."""

ALIKE_SHARE: Final = 2e-6


@compiled
def settle(
    eye: F64, corner: F64, right: F64, down: F64, faces: I32, vertices: F32, holed: Bool, row: int, last: int,
    triangle: I32, bary: F32, far: F32,
) -> None:  # fmt: skip
    """Of faces at the same depth, let pixels show the first one, as a rasterizer that draws them in turn does.

    A pixel asks those to its left and above what they show, then those to its right and below: what is mixed up shows
    all that there is within a few pixels. Arguments as of :func:`render.embree_loops.see`, in world axes. holed: (F,)
    faces that may have holes and are left alone.
    """
    height, width = min(last, triangle.shape[0]), triangle.shape[1]
    for sweep in range(2):
        step = 2 * sweep - 1
        for i in range(row, height):
            y = row + height - 1 - i if sweep else i
            for j in range(width):
                x = width - 1 - j if sweep else j
                for side in range(2):
                    v, u = (y + step, x) if side else (y, x + step)
                    if v < row or v >= height or u < 0 or u >= width:
                        continue
                    other = triangle[v, u]
                    if other < 0 or other >= triangle[y, x] or holed[other]:
                        continue
                    # Where the ray meets the other face (Möller & Trumbore 1997).
                    a, b, c = faces[other, 0], faces[other, 1], faces[other, 2]
                    dx = corner[0] + y * down[0] + x * right[0]
                    dy = corner[1] + y * down[1] + x * right[1]
                    dz = corner[2] + y * down[2] + x * right[2]
                    ax, ay, az = vertices[a, 0], vertices[a, 1], vertices[a, 2]
                    ex, ey, ez = vertices[b, 0] - ax, vertices[b, 1] - ay, vertices[b, 2] - az
                    fx, fy, fz = vertices[c, 0] - ax, vertices[c, 1] - ay, vertices[c, 2] - az
                    sx, sy, sz = eye[0] - ax, eye[1] - ay, eye[2] - az
                    hx, hy, hz = dy * fz - dz * fy, dz * fx - dx * fz, dx * fy - dy * fx
                    qx, qy, qz = sy * ez - sz * ey, sz * ex - sx * ez, sx * ey - sy * ex
                    size = ex * hx + ey * hy + ez * hz
                    depth = far[y, x]
                    gap = (fx * qx + fy * qy + fz * qz) - depth * size
                    if not abs(gap) <= (ALIKE_M + ALIKE_SHARE * depth) * abs(size):
                        continue
                    second, third = (sx * hx + sy * hy + sz * hz) / size, (dx * qx + dy * qy + dz * qz) / size
                    if size != 0 and second >= 0 and third >= 0 and second + third <= 1:
                        triangle[y, x] = other
                        bary[y, x, 0], bary[y, x, 1] = np.float32(second), np.float32(third)
                        far[y, x] = np.float32(depth + gap / size)
