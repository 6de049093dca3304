"""Embree (Wald et al. 2014): triangles to shoot at, which may move.

The library is the one in the ``embreex`` wheel, through its own C interface: compiled loops ask it directly
(``render.embree_loops``).
"""

from __future__ import annotations

import ctypes
import weakref
from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np

from render import embree_loops as loops
from render.raylayers import Seen, View
from render.threads import deal
from worldgen.conventions import F32, I32, Bool

_FLOAT3, _UINT3, _TRIANGLES, _INDEX, _VERTEX = 0x9003, 0x5003, 0, 0, 1
_DYNAMIC, _ROBUST = 1, 4
"""Robust: no ray slips through between two triangles, and what it meets does not depend on how the tree was built."""

_LOW, _REFIT = 0, 3
"""A tree that keeps its shape when what hangs in it moves, and whose boxes are only fitted anew."""

_COHERENT: Final = 1 << 16

_SLICE: Final = 1 << 13
"""Rays a thread takes at a time."""

_STRIP: Final = 4 * loops.TILE
"""Rows of a picture that a thread takes at a time."""

_Address = ctypes.c_void_p
_Buffer = [_Address, ctypes.c_int, ctypes.c_uint]
_FUNCTIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "rtcNewDevice": (_Address, [ctypes.c_char_p]),
    "rtcNewScene": (_Address, [_Address]),
    "rtcSetSceneFlags": (None, [_Address, ctypes.c_int]),
    "rtcSetSceneBuildQuality": (None, [_Address, ctypes.c_int]),
    "rtcNewGeometry": (_Address, [_Address, ctypes.c_int]),
    "rtcSetGeometryBuildQuality": (None, [_Address, ctypes.c_int]),
    "rtcSetNewGeometryBuffer": (_Address, [*_Buffer, ctypes.c_int, ctypes.c_size_t, ctypes.c_size_t]),
    "rtcUpdateGeometryBuffer": (None, _Buffer),
    "rtcCommitGeometry": (None, [_Address]),
    "rtcAttachGeometry": (ctypes.c_uint, [_Address, _Address]),
    "rtcReleaseGeometry": (None, [_Address]),
    "rtcCommitScene": (None, [_Address]),
    "rtcReleaseScene": (None, [_Address]),
    "rtcIntersect1": (None, []),
    "rtcIntersect16": (None, []),
    "rtcOccluded16": (None, []),
}


class _Arguments(ctypes.Structure):
    """``RTCIntersectArguments``, and just as well ``RTCOccludedArguments``."""

    _fields_ = (
        ("flags", ctypes.c_int),
        ("features", ctypes.c_int),
        ("context", _Address),
        ("filter", _Address),
        ("own", _Address),
    )


_TOGETHER: Final = _Arguments(_COHERENT, -1)
"""For packets of rays that are alike."""


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
def _at(name: str) -> int:
    """Where a function is, for compiled loops."""
    return ctypes.cast(embree()[name], _Address).value or 0


class Triangles:
    """Some triangles, ready to be shot at. vertices: (V, 3). faces: (F, 3).

    apart: (V, 3) for what moves, how it lies when the tree takes its shape; so what is met follows from where things
    are, never from where they were before. It should lie as things do that are together, and apart from each other.
    """

    def __init__(self, vertices: F32, faces: I32, apart: F32 | None = None) -> None:
        call = embree()
        self._scene: int = call["rtcNewScene"](_device())
        weakref.finalize(self, call["rtcReleaseScene"], self._scene)
        geometry = self._geometry = call["rtcNewGeometry"](_device(), _TRIANGLES)
        weakref.finalize(self, call["rtcReleaseGeometry"], geometry)
        call["rtcSetSceneFlags"](self._scene, _ROBUST if apart is None else _ROBUST | _DYNAMIC)
        if apart is not None:
            call["rtcSetSceneBuildQuality"](self._scene, _LOW)
            call["rtcSetGeometryBuildQuality"](geometry, _REFIT)
        self._vertices = _given(geometry, _VERTEX, _FLOAT3, vertices if apart is None else apart)
        _given(geometry, _INDEX, _UINT3, faces)
        call["rtcCommitGeometry"](geometry)
        call["rtcAttachGeometry"](self._scene, geometry)
        call["rtcCommitScene"](self._scene)
        if apart is not None:
            self.move(vertices)

    def move(self, vertices: F32) -> None:
        """From now on the vertices are here; only for what was told how it lies ``apart``."""
        call, flat = embree(), np.ascontiguousarray(vertices)
        ctypes.memmove(self._vertices, flat.ctypes.data, flat.nbytes)
        call["rtcUpdateGeometryBuffer"](self._geometry, _VERTEX, 0)
        call["rtcCommitGeometry"](self._geometry)
        call["rtcCommitScene"](self._scene)

    def cast(self, origins: F32, directions: F32, reach: F32) -> tuple[I32, F32, F32]:
        """(N,) the face that each ray meets first, or -1; (N, 2) its weights; (N,) how far away, or +inf."""
        n = len(origins)
        triangle, bary, distance = np.empty(n, np.int32), np.empty((n, 2), np.float32), np.empty(n, np.float32)
        at = _at("rtcIntersect1")

        def shoot(s: slice) -> None:
            loops.cast(at, self._scene, origins[s], directions[s], reach[s], triangle[s], bary[s], distance[s])

        deal(shoot, n, _SLICE)
        return triangle, bary, distance

    def occluded(self, origins: F32, directions: F32, reach: F32) -> Bool:
        """(N,) whether anything lies on each ray."""
        blocked = np.empty(len(origins), np.bool_)
        at, together = _at("rtcOccluded16"), ctypes.addressof(_TOGETHER)

        def shoot(s: slice) -> None:
            loops.occluded(at, self._scene, together, origins[s], directions[s], reach[s], blocked[s])

        deal(shoot, len(origins), _SLICE)
        return blocked

    def see(self, view: View, rows: I32, seen: Seen) -> None:
        """Put into ``seen`` what is nearer. rows: the names of the faces, or if there is just one, of the first."""
        at, together = _at("rtcIntersect16"), ctypes.addressof(_TOGETHER)

        def look(s: slice) -> None:
            loops.see(
                at, self._scene, together, view.eye, view.corner, view.right, view.down, view.near, rows, s.start,
                s.stop, seen.triangle, seen.bary, seen.far,
            )  # fmt: skip

        deal(look, len(seen.far), _STRIP)


def _given(geometry: int, kind: int, form: int, values: F32 | I32) -> int:
    """Hand over vertices or faces; says where they lie now."""
    flat = np.ascontiguousarray(values)
    there: int = embree()["rtcSetNewGeometryBuffer"](geometry, kind, 0, form, 12, len(flat))
    ctypes.memmove(there, flat.ctypes.data, flat.nbytes)
    return there
