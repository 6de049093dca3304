"""Light in the air of rooms, kept at the corners of a lattice: smooth on walls and on whoever walks about.

In a room the sky's light comes through small windows, which the few rays of a point meet or miss by chance. So many
rays ask at few places instead, and points mix what the corners around them know (the irradiance volume of Greger et
al. 1998). A corner keeps the irradiance of surfaces turned to many sides, not spherical harmonics: their ringing would
light the wall that a window is in.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt

from render.direct import fixed_directions, lifted
from render.rays import RayScene
from worldgen.conventions import F32

I64 = npt.NDArray[np.int64]

SPACING_M: Final = 0.75
"""Edge of the lattice's finest cubes."""

NEAR_M: Final = 10.0
"""It is this fine up to here from the eyes; every doubling of the distance doubles the edge."""

RAYS: Final = 512
"""From a corner, over the whole sphere."""

SIDES: Final = 48
"""To which a corner knows the irradiance; between them it is mixed."""

SPREAD: Final = 0.80
"""Cosine between a normal and the sides that say nothing of it any more."""

MOST: Final = 40_000
"""Corners kept; what was not needed last is forgotten, and worked out again if it must be."""

_LEVELS: Final = 8
_HALF: Final = 1 << 18


def sides() -> F32:
    """(SIDES, 3) unit."""
    return fixed_directions(SIDES)


def irradiance(radiance: F32) -> F32:
    """(N, SIDES, C) on surfaces turned to each of the sides, of ``radiance (N, RAYS, C)`` from all around."""
    cosine = np.maximum(sides() @ fixed_directions(RAYS).T, 0.0)
    cosine *= np.float32(np.pi) / cosine.sum(1, keepdims=True)
    return np.asarray(np.einsum("sr,nrc->nsc", cosine, radiance, optimize=True), dtype=np.float32)


class Probes:
    """The corners of the lattice whose light is known. May be asked by many threads.

    What a corner knows follows from its place alone, never from what was asked before.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys, self._light = np.zeros(0, np.int64), np.zeros((0, SIDES, 6), np.float32)

    def at(self, points: F32, normals: F32, box: F32, rays: RayScene, ask: Callable[[F32], F32]) -> tuple[F32, F32]:
        """(N, 3) sky and (N, 3) bounce, irradiance at points of surfaces, as if nothing were near them.

        box: (2, 3) corners of the box around the eyes. rays: at what never moves. ask: the light (M, SIDES, 6) at
        places (M, 3).
        """
        level = _levels(points, box)
        corner, share = _corners(points, level)
        asked, where = np.unique(corner, return_inverse=True)
        with self._lock:
            light = self._of(asked, ask)
        where = where.reshape(corner.shape)
        start = np.repeat(lifted(points, normals), 8, axis=0)
        ways = _places(corner.reshape(-1)) - start
        away = np.linalg.norm(ways, axis=1)
        ways /= np.maximum(away, 1e-6)[:, None]
        # A corner behind a surface that sees it past an edge says less; one that a wall hides says nothing.
        before = np.einsum("nc,nc->n", ways, np.repeat(normals, 8, axis=0)) > 0
        trust = np.where(rays.occluded(start, ways, away), 1e-6, np.where(before, 1.0, 0.2)).reshape(share.shape)
        weight = (share + np.float32(1e-4)) * trust
        weight /= weight.sum(1, keepdims=True)
        towards = np.maximum(normals @ sides().T - SPREAD, 0.0) ** 2
        towards /= np.maximum(towards.sum(1, keepdims=True), 1e-12)
        found = np.zeros((len(points), 6), np.float32)
        for k in range(8):
            found += np.einsum("ns,nsc->nc", towards * weight[:, k, None], light[where[:, k]], optimize=True)
        return found[:, :3], found[:, 3:]

    def _of(self, asked: I64, ask: Callable[[F32], F32]) -> F32:
        row = np.searchsorted(self._keys, asked)
        known = row < len(self._keys)
        known[known] = self._keys[row[known]] == asked[known]
        new = np.flatnonzero(~known)
        if len(new):
            light = ask(_places(asked[new]))
            self._keys = np.insert(self._keys, row[new], asked[new])
            self._light = np.insert(self._light, row[new], light, axis=0)
            row = np.searchsorted(self._keys, asked)
        light = self._light[row]
        if len(self._keys) > MOST:
            self._keys, self._light = asked, light
        return light


def _levels(points: F32, box: F32) -> I64:
    away = np.linalg.norm(np.maximum(np.maximum(box[0] - points, points - box[1]), 0.0), axis=1)
    return np.ceil(np.log2(np.maximum(away / NEAR_M, 1.0))).astype(np.int64).clip(0, _LEVELS - 1)


def _corners(points: F32, level: I64) -> tuple[I64, F32]:
    """(N, 8) the corners of the cube around each point, and (N, 8) their shares."""
    edge = (SPACING_M * 2.0**level)[:, None]
    place = points / edge - _SHIFT
    low = np.floor(place)
    far = (place - low).astype(np.float32)
    step = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    index = low.astype(np.int64)[:, None] + step + _HALF
    index = index.clip(0, 2 * _HALF - 1)
    key = ((level[:, None] * 2 * _HALF + index[..., 0]) * 2 * _HALF + index[..., 1]) * 2 * _HALF + index[..., 2]
    return key, np.where(step == 1, far[:, None], 1.0 - far[:, None]).prod(2).astype(np.float32)


_SHIFT: Final = 0.3719
"""Of the lattice, in cubes: what people build lies on round numbers, and a corner should not lie in a wall."""


def _places(keys: I64) -> F32:
    """(N, 3) where the corners of ``keys (N,)`` are, metres."""
    found = []
    for _ in range(3):
        keys, part = np.divmod(keys, 2 * _HALF)
        found.append(part - _HALF + _SHIFT)
    return np.asarray(np.stack(found[::-1], axis=1) * (SPACING_M * 2.0**keys)[:, None], dtype=np.float32)
