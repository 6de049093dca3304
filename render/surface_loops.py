"""What :mod:`render.surface` works out point by point, in compiled loops."""

from __future__ import annotations

import numpy as np

from render.compiled import compiled
from worldgen.conventions import F32, F64, I32, Bool


@compiled
def mix(triangle: I32, bary: F32, faces: I32, values: F32, found: F32) -> None:
    """Into ``found (N, C)`` what ``values (V, C)`` are at the points.

    In doubles: what stands still has the same value in every frame, wherever in the loop its point comes.
    """
    for n in range(len(triangle)):
        a, b, c = faces[triangle[n], 0], faces[triangle[n], 1], faces[triangle[n], 2]
        second, third = np.float64(bary[n, 0]), np.float64(bary[n, 1])
        first = 1.0 - second - third
        for k in range(values.shape[1]):
            found[n, k] = first * values[a, k] + second * values[b, k] + third * values[c, k]


@compiled
def depths(triangle: I32, bary: F32, faces: I32, vertices: F32, eye: F64, axis: F64, found: F32) -> None:
    """Into ``found (N,)`` how far ahead of the eye the points are; in doubles, as what :func:`mix` finds."""
    for n in range(len(triangle)):
        a, b, c = vertices[faces[triangle[n], 0]], vertices[faces[triangle[n], 1]], vertices[faces[triangle[n], 2]]
        second, third = np.float64(bary[n, 0]), np.float64(bary[n, 1])
        first, ahead = 1.0 - second - third, 0.0
        for k in range(3):
            ahead += (first * a[k] + second * b[k] + third * c[k] - eye[k]) * axis[k]
        found[n] = ahead


@compiled
def cosines(triangle: I32, position: F32, faces: I32, vertices: F32, eye: F32, found: F32) -> None:
    """Into ``found (N,)`` the cosines between the triangles' outer normals and the way to the eye."""
    for n in range(len(triangle)):
        a, b, c = vertices[faces[triangle[n], 0]], vertices[faces[triangle[n], 1]], vertices[faces[triangle[n], 2]]
        ex, ey, ez, fx, fy, fz = b[0] - a[0], b[1] - a[1], b[2] - a[2], c[0] - a[0], c[1] - a[1], c[2] - a[2]
        x, y, z = ey * fz - ez * fy, ez * fx - ex * fz, ex * fy - ey * fx
        u, v, w = eye[0] - position[n, 0], eye[1] - position[n, 1], eye[2] - position[n, 2]
        squares = np.float64(x * x + y * y + z * z) * (u * u + v * v + w * w)
        found[n] = (x * u + y * v + z * w) / np.sqrt(squares) if squares > 0 else 0.0


@compiled
def normals_of(triangle: I32, bary: F32, front: Bool, faces: I32, normals: F32, found: F32) -> None:
    """Into ``found (N, 3)`` the smooth normals, unit, on the side that is seen."""
    for n in range(len(triangle)):
        a, b, c = normals[faces[triangle[n], 0]], normals[faces[triangle[n], 1]], normals[faces[triangle[n], 2]]
        wb, wc = bary[n, 0], bary[n, 1]
        wa = np.float32(1) - wb - wc
        x, y, z = (
            wa * a[0] + wb * b[0] + wc * c[0],
            wa * a[1] + wb * b[1] + wc * c[1],
            wa * a[2] + wb * b[2] + wc * c[2],
        )
        length = max(np.sqrt(x * x + y * y + z * z), np.float32(1e-20))
        if not front[n]:
            length = -length
        found[n, 0], found[n, 1], found[n, 2] = x / length, y / length, z / length
