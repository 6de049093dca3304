"""Loops that call Embree's own functions, one ray or sixteen at a time, without arrays of rays in between.

Rays are laid out as Embree's ``RTCRayHit``, ``RTCRay16`` and ``RTCRayHit16`` are.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from render.compiled import compiled, inlined
from worldgen.conventions import F32, F64, I32, Bool

WIDTH: Final = 16
"""Rays in a packet."""

TILE: Final = 4
"""Pixels along the sides of the square whose rays make up a packet."""

NEAR_M: Final = np.float32(4)
"""Rays that start within a cube of this edge, and point about the same way, go through the tree together."""

ALIKE: Final = np.float32(0.25)
"""Most by which their directions differ along each axis, in lengths of the first."""


def _calling(count: int) -> Any:
    """A function for compiled loops that calls what lies at an address with ``count`` whole numbers."""

    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        where, *others = given
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * count)
        builder.call(builder.inttoptr(where, kind.as_pointer()), others)
        return context.get_dummy_value()

    return types.void(*[types.int64] * (count + 1)), made


def _one(typing: Any, at: Any, scene: Any, ray: Any, how: Any) -> Any:
    return _calling(3)


def _many(typing: Any, at: Any, valid: Any, scene: Any, rays: Any, how: Any) -> Any:
    return _calling(4)


_intersect1: Any = intrinsic(_one)
_packet: Any = intrinsic(_many)


@inlined
def _memory(count: int) -> F32:
    """Room for ``count`` floats, where Embree wants it."""
    raw = np.zeros(count + 16, np.float32)
    start = (64 - raw.ctypes.data % 64) % 64 // 4
    return raw[start : start + count]


@compiled
def cast(at: int, scene: int, origins: F32, directions: F32, reach: F32, triangle: I32, bary: F32, far: F32) -> None:
    """The face that each ray meets first, or -1; its weights; how far away. at: the address of ``rtcIntersect1``."""
    ray = _memory(32)
    bits = ray.view(np.int32)
    for n in range(len(origins)):
        for k in range(3):
            ray[k], ray[4 + k] = origins[n, k], directions[n, k]
        ray[3] = ray[7] = 0.0
        ray[8] = reach[n]
        bits[9], bits[10], bits[11] = -1, 0, 0
        bits[17], bits[18], bits[19], bits[20] = -1, -1, -1, -1
        _intersect1(at, scene, np.int64(ray.ctypes.data), 0)
        triangle[n] = bits[17]
        hit = triangle[n] >= 0
        bary[n, 0], bary[n, 1] = (ray[15], ray[16]) if hit else (np.float32(0), np.float32(0))
        far[n] = ray[8] if hit else np.float32(np.inf)


@compiled
def occluded(at: int, scene: int, together: int, origins: F32, directions: F32, reach: F32, blocked: Bool) -> None:
    """Whether anything lies on each ray. at: the address of ``rtcOccluded16``. together: of its arguments for rays
    that are alike.
    """
    rays = _memory(12 * WIDTH)
    valid = _memory(WIDTH).view(np.int32)
    rays.view(np.int32)[9 * WIDTH : 10 * WIDTH] = -1
    low, high = np.empty(6, np.float32), np.empty(6, np.float32)
    for first in range(0, len(origins), WIDTH):
        count = min(WIDTH, len(origins) - first)
        for i in range(WIDTH):
            valid[i] = -1 if i < count else 0
        for k in range(3):
            low[k] = high[k] = origins[first, k]
            low[3 + k] = high[3 + k] = directions[first, k]
        for i in range(count):
            n = first + i
            for k in range(3):
                o, d = origins[n, k], directions[n, k]
                rays[k * WIDTH + i], rays[(4 + k) * WIDTH + i] = o, d
                low[k], high[k] = min(low[k], o), max(high[k], o)
                low[3 + k], high[3 + k] = min(low[3 + k], d), max(high[3 + k], d)
            rays[8 * WIDTH + i] = reach[n]
        alike = True
        for k in range(3):
            alike = alike and high[k] - low[k] < NEAR_M and high[3 + k] - low[3 + k] < ALIKE
        how = together if alike else 0
        _packet(at, np.int64(valid.ctypes.data), scene, np.int64(rays.ctypes.data), how)
        for i in range(count):
            blocked[first + i] = rays[8 * WIDTH + i] < 0


@compiled
def see(
    at: int, scene: int, together: int, eye: F32, corner: F64, right: F64, down: F64, near: float, rows: I32, row: int,
    last: int, triangle: I32, bary: F32, far: F32,
) -> None:  # fmt: skip
    """Into pictures of which face each pixel shows, its weights and how far away: what is nearer than what they hold.

    at: the address of ``rtcIntersect16``. corner: (3,) the direction through the first pixel's centre; right, down:
    what a pixel further adds to it. near: how far the rays start. rows: the names of the faces, or if there is just
    one, that of the first. Rows of pixels from ``row`` to ``last``.
    """
    rays = _memory(22 * WIDTH)
    bits, valid = rays.view(np.int32), _memory(WIDTH).view(np.int32)
    height, width = min(last, triangle.shape[0]), triangle.shape[1]
    for i in range(WIDTH):
        for k in range(3):
            rays[k * WIDTH + i] = eye[k]
        rays[3 * WIDTH + i] = near
        bits[9 * WIDTH + i] = -1
    for top in range(row, height, TILE):
        for left in range(0, width, TILE):
            for i in range(WIDTH):
                y, x = min(top + i // TILE, height - 1), min(left + i % TILE, width - 1)
                valid[i] = -1 if top + i // TILE < height and left + i % TILE < width else 0
                for k in range(3):
                    rays[(4 + k) * WIDTH + i] = np.float32(corner[k] + y * down[k] + x * right[k])
                rays[8 * WIDTH + i] = far[y, x]
                bits[18 * WIDTH + i] = -1
            _packet(at, np.int64(valid.ctypes.data), scene, np.int64(rays.ctypes.data), together)
            for i in range(WIDTH):
                if valid[i] != 0 and bits[18 * WIDTH + i] >= 0:
                    y, x, face = top + i // TILE, left + i % TILE, bits[17 * WIDTH + i]
                    triangle[y, x] = rows[0] + face if len(rows) == 1 else rows[face]
                    bary[y, x, 0], bary[y, x, 1] = rays[15 * WIDTH + i], rays[16 * WIDTH + i]
                    far[y, x] = rays[8 * WIDTH + i]
