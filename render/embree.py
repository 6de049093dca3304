"""Embree (Wald et al. 2014) as compiled loops call it: triangles to shoot at, one ray or sixteen at a time.

The library is the one in the ``embreex`` wheel, through its own C interface: loops that ask it directly need no arrays
of rays. Rays are laid out as Embree's ``RTCRayHit`` and ``RTCRay16`` are.
"""

from __future__ import annotations

import ctypes
import weakref
from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from render.compiled import compiled, inlined
from render.threads import deal
from worldgen.conventions import F32, I32, Bool

WIDTH: Final = 16
"""Rays in a packet."""

_FLOAT3, _UINT3, _TRIANGLES, _INDEX, _VERTEX = 0x9003, 0x5003, 0, 0, 1
_ROBUST: Final = 4
"""No ray slips through between two triangles, and what it meets does not depend on how the tree was built."""

_SLICE: Final = 1 << 13
"""Rays a thread takes at a time."""

_Address = ctypes.c_void_p
_FUNCTIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "rtcNewDevice": (_Address, [ctypes.c_char_p]),
    "rtcNewScene": (_Address, [_Address]),
    "rtcSetSceneFlags": (None, [_Address, ctypes.c_int]),
    "rtcNewGeometry": (_Address, [_Address, ctypes.c_int]),
    "rtcSetNewGeometryBuffer": (
        _Address,
        [_Address, ctypes.c_int, ctypes.c_uint, ctypes.c_int, ctypes.c_size_t, ctypes.c_size_t],
    ),
    "rtcCommitGeometry": (None, [_Address]),
    "rtcAttachGeometry": (ctypes.c_uint, [_Address, _Address]),
    "rtcReleaseGeometry": (None, [_Address]),
    "rtcCommitScene": (None, [_Address]),
    "rtcReleaseScene": (None, [_Address]),
    "rtcIntersect1": (None, []),
    "rtcOccluded16": (None, []),
}


@cache
def embree() -> dict[str, Any]:
    """The functions of the library, by name; raises ``ImportError`` where there is none that can be called."""
    library = ctypes.CDLL(import_module("embreex.rtcore_scene").__file__)
    found = {}
    for name, (result, arguments) in _FUNCTIONS.items():
        try:
            found[name] = getattr(library, name)
        except AttributeError:
            raise ImportError(f"its library does not show {name}") from None
        found[name].restype, found[name].argtypes = result, arguments
    return found


@cache
def _device() -> int:
    return int(embree()["rtcNewDevice"](None))


@cache
def addresses() -> tuple[int, int]:
    """Where ``rtcIntersect1`` and ``rtcOccluded16`` are, for compiled loops."""
    first, other = (ctypes.cast(embree()[name], _Address).value for name in ("rtcIntersect1", "rtcOccluded16"))
    return first or 0, other or 0


class Triangles:
    """Some triangles, ready to be shot at. vertices: (V, 3). faces: (F, 3). ``scene`` is Embree's name for them."""

    def __init__(self, vertices: F32, faces: I32) -> None:
        call = embree()
        self.scene: int = call["rtcNewScene"](_device())
        call["rtcSetSceneFlags"](self.scene, _ROBUST)
        geometry = call["rtcNewGeometry"](_device(), _TRIANGLES)
        for kind, form, values in ((_VERTEX, _FLOAT3, vertices), (_INDEX, _UINT3, faces)):
            flat = np.ascontiguousarray(values)
            there = call["rtcSetNewGeometryBuffer"](geometry, kind, 0, form, 12, len(flat))
            ctypes.memmove(there, flat.ctypes.data, flat.nbytes)
        call["rtcCommitGeometry"](geometry)
        call["rtcAttachGeometry"](self.scene, geometry)
        call["rtcReleaseGeometry"](geometry)
        call["rtcCommitScene"](self.scene)
        weakref.finalize(self, call["rtcReleaseScene"], self.scene)

    def cast(self, origins: F32, directions: F32, reach: F32) -> tuple[I32, F32, F32]:
        """(N,) the face that each ray meets first, or -1; (N, 2) its weights; (N,) how far away, or +inf."""
        n = len(origins)
        triangle, bary, distance = np.empty(n, np.int32), np.empty((n, 2), np.float32), np.empty(n, np.float32)
        at = addresses()[0]

        def shoot(s: slice) -> None:
            _cast(at, self.scene, origins[s], directions[s], reach[s], triangle[s], bary[s], distance[s])

        deal(shoot, n, _SLICE)
        return triangle, bary, distance

    def occluded(self, origins: F32, directions: F32, reach: F32) -> Bool:
        """(N,) whether anything lies on each ray."""
        blocked = np.empty(len(origins), np.bool_)
        at = addresses()[1]

        def shoot(s: slice) -> None:
            _occluded(at, self.scene, origins[s], directions[s], reach[s], blocked[s])

        deal(shoot, len(origins), _SLICE)
        return blocked


def _one(typing: Any, at: Any, scene: Any, ray: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        where, first, second = given
        _called(builder, where, [first, second, ir.Constant(ir.IntType(64), 0)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), made


def _many(typing: Any, at: Any, valid: Any, scene: Any, rays: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        where, *others = given
        _called(builder, where, [*others, ir.Constant(ir.IntType(64), 0)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), made


def _called(builder: Any, where: Any, given: list[Any]) -> None:
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * len(given))
    builder.call(builder.inttoptr(where, kind.as_pointer()), given)


_intersect1: Any = intrinsic(_one)
_occluded16: Any = intrinsic(_many)


@inlined
def one_ray() -> F32:
    """Memory for a ray and its hit, where Embree wants it."""
    raw = np.zeros(64, np.float32)
    start = (64 - raw.ctypes.data % 64) % 64 // 4
    return raw[start : start + 32]


@inlined
def first_hit(at: int, scene: int, ray: F32, bits: I32, reach: float) -> int:
    """The face that a ray meets first, or -1. ray: its 0:3 and 4:7 say where from and where to; 8 is how far, then.

    bits: the same memory as whole numbers.
    """
    ray[3] = ray[7] = 0.0
    ray[8] = reach
    bits[9], bits[10], bits[11] = -1, 0, 0
    bits[17], bits[18], bits[19], bits[20] = -1, -1, -1, -1
    _intersect1(at, scene, np.int64(ray.ctypes.data))
    return int(bits[17])


@compiled
def _cast(at: int, scene: int, origins: F32, directions: F32, reach: F32, triangle: I32, bary: F32, far: F32) -> None:
    ray = one_ray()
    bits = ray.view(np.int32)
    for n in range(len(origins)):
        for k in range(3):
            ray[k], ray[4 + k] = origins[n, k], directions[n, k]
        triangle[n] = first_hit(at, scene, ray, bits, reach[n])
        hit = triangle[n] >= 0
        bary[n, 0], bary[n, 1] = (ray[15], ray[16]) if hit else (np.float32(0), np.float32(0))
        far[n] = ray[8] if hit else np.float32(np.inf)


@compiled
def _occluded(at: int, scene: int, origins: F32, directions: F32, reach: F32, blocked: Bool) -> None:
    raw = np.zeros(13 * WIDTH + 16, np.float32)
    start = (64 - raw.ctypes.data % 64) % 64 // 4
    rays, valid = raw[start : start + 12 * WIDTH], raw[start + 12 * WIDTH : start + 13 * WIDTH].view(np.int32)
    rays.view(np.int32)[9 * WIDTH : 10 * WIDTH] = -1
    for first in range(0, len(origins), WIDTH):
        count = min(WIDTH, len(origins) - first)
        for i in range(WIDTH):
            valid[i] = -1 if i < count else 0
        for i in range(count):
            n = first + i
            for k in range(3):
                rays[k * WIDTH + i], rays[(4 + k) * WIDTH + i] = origins[n, k], directions[n, k]
            rays[8 * WIDTH + i] = reach[n]
        _occluded16(at, np.int64(valid.ctypes.data), scene, np.int64(rays.ctypes.data))
        for i in range(count):
            blocked[first + i] = rays[8 * WIDTH + i] < 0
