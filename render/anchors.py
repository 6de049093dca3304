"""Slow light that stays where it is: kept at points of the surfaces that never move, for all frames of a shot.

A triangle is divided, as finely as the picture asks, into smaller ones; light is gathered at their corners when a frame
first needs it, and a point of the surface mixes the three around it. Of triangles smaller than that, one stands for all
of a thing that lie in one cube and face about the same way. What is kept follows from its place alone, never
from the frames before: a film may be made in any order, or stopped and resumed, and comes out the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt

from render.patches import mixed_bits
from render.surface import Surface
from render.tables import Recent
from worldgen.conventions import F32, I32, Bool
from worldgen.mesh import face_normals
from worldgen.world import Snapshot

I64 = npt.NDArray[np.int64]

MOST: Final = 200_000
"""Corners kept; what was not needed last is forgotten, and worked out again if it must be."""

FINEST: Final = 10
"""A triangle's sides are cut in two at most so many times."""

INSET: Final = 0.02
"""Share of the way to a triangle's middle by which corners lie inside: on its very edge the next surface begins."""

LEVELS: Final = (-10, 6)
"""Edges of the cubes that small triangles share, powers of two metres."""

_WHOLE: Final = 15
"""Stands for the division of a triangle that is not divided: its light is that of its middle."""


@dataclass(frozen=True)
class Anchors:
    """For N points, the three corners around each. key: (N, 3). weight: (N, 3), together 1."""

    key: I64
    weight: F32


def anchors_of(surface: Surface, size_m: F32) -> Anchors:
    """The corners around the samples of ``surface``, all on static faces, about ``size_m (N,)`` metres apart."""
    shape = _shapes(surface.snapshot)
    origin = shape.origin[surface.triangle]
    weights = surface.weights.numpy()
    rows = np.arange(len(surface))
    cuts, low, share = [], [], []
    for k in (0, 1):
        parts = np.rint(np.log2(np.maximum(shape.sides[surface.triangle, k] / size_m, 1e-6))).clip(0, FINEST)
        along = weights[rows, (origin + 1 + k) % 3].clip(0.0, 1.0) * 2.0**parts
        before = np.minimum(np.floor(along), 2.0**parts - 1.0)
        cuts.append(parts.astype(np.int64))
        low.append(before.astype(np.int64))
        share.append(along - before)
    (i, j), (a, b) = low, share
    far = a + b > 1.0
    start = far.astype(np.int64)
    side = _sides(surface.triangle.astype(np.int64), surface.front)
    key = np.stack(
        [_key(side, cuts[0], cuts[1], *ij) for ij in ((i + start, j + start), (i + 1, j), (i, j + 1))], axis=1
    )
    a, b = np.where(far, 1.0 - b, a), np.where(far, 1.0 - a, b)
    weight = np.stack([1.0 - a - b, a, b], axis=1)

    small = np.flatnonzero((cuts[0] == 0) & (cuts[1] == 0))
    level = np.rint(np.log2(np.maximum(size_m[small], 1e-6))).astype(np.int64).clip(*LEVELS)
    for each in np.unique(level):
        rows = small[level == each]
        stands = _standing(surface.snapshot, int(each))[surface.triangle[rows]].astype(np.int64)
        key[rows] = _key(_sides(stands, surface.front[rows]), _WHOLE, 0, 0, 0)[:, None]
    return Anchors(key, weight.clip(0.0, 1.0).astype(np.float32))


def _sides(triangle: I64, front: Bool) -> I64:
    return np.asarray(triangle * 2 + ~front, dtype=np.int64)


def _key(side: I64, first: I64 | int, second: I64 | int, i: I64 | int, j: I64 | int) -> I64:
    """Triangle and side, how its two sides are cut, and which of the cuts it is, in one number."""
    return (((side * 16 + first) * 16 + second) * 2048 + i) * 2048 + j


def placed(snapshot: Snapshot, keys: I64) -> tuple[F32, F32]:
    """(N, 3) where the corners of ``keys (N,)`` are, world metres, and (N, 3) their unit normals, on their side."""
    found = []
    for base in (2048, 2048, 16, 16, 2):
        keys, part = np.divmod(keys, base)
        found.append(part)
    j, i, second, first, back = found
    share = np.stack([i / 2.0**first, j / 2.0**second], axis=1)
    share /= np.maximum(share.sum(1, keepdims=True), 1.0)
    share = np.where((first == _WHOLE)[:, None], 1.0 / 3.0, share + INSET * (1.0 / 3.0 - share))
    order = (_shapes(snapshot).origin[keys][:, None] + np.arange(3)) % 3
    corners = np.take_along_axis(snapshot.faces[keys], order, axis=1)
    weights = np.concatenate([1.0 - share.sum(1, keepdims=True), share], axis=1).astype(np.float32)[:, :, None]
    points = (snapshot.rest_vertices[corners] * weights).sum(1)
    normals = (snapshot.normals[corners] * weights).sum(1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return points, np.where(back[:, None] == 1, -normals, normals)


class Kept:
    """What is known at corners, (N, 9) each as ``LitWorld.gather_still`` says. May be asked by many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys, self._values = np.zeros(0, np.int64), np.zeros((0, 9), np.float32)

    def at(self, anchors: Anchors, gather: Callable[[I64], F32]) -> F32:
        """(N, 9) mixed at the points of ``anchors``; ``gather`` says what is not known yet."""
        asked, where = np.unique(anchors.key, return_inverse=True)
        with self._lock:
            values = self._of(asked, gather)
        found = values[where.reshape(anchors.key.shape)]
        weight = anchors.weight * (found[..., 8] + np.float32(1e-3))
        weight /= np.maximum(weight.sum(1, keepdims=True), 1e-12)
        return np.asarray((found * weight[..., None]).sum(1), dtype=np.float32)

    def _of(self, asked: I64, gather: Callable[[I64], F32]) -> F32:
        row = np.searchsorted(self._keys, asked)
        known = row < len(self._keys)
        known[known] = self._keys[row[known]] == asked[known]
        new = np.flatnonzero(~known)
        if len(new):
            self._keys = np.insert(self._keys, row[new], asked[new])
            self._values = np.insert(self._values, row[new], gather(asked[new]), axis=0)
            row = np.searchsorted(self._keys, asked)
        values = self._values[row]
        if len(self._keys) > MOST:
            self._keys, self._values = asked, values
        return values


@dataclass(frozen=True)
class _Shapes:
    """Of the F triangles that never move.

    origin: (F,) the corner between the two shorter sides. sides: (F, 2) their lengths in metres, to the corner after it
    and to the one before it.
    """

    origin: I64
    sides: F32


_known: Recent[_Shapes] = Recent()


def _shapes(snapshot: Snapshot) -> _Shapes:
    def measured() -> _Shapes:
        corners = snapshot.rest_vertices[snapshot.faces[: snapshot.static_faces]]
        length = np.stack([np.linalg.norm(corners[:, k] - corners[:, (k + 1) % 3], axis=1) for k in range(3)], axis=1)
        origin = (length.argmax(axis=1) + 2) % 3
        sides = [np.take_along_axis(length, ((origin + k) % 3)[:, None], axis=1) for k in (0, 2)]
        return _Shapes(origin, np.concatenate(sides, axis=1).astype(np.float32))

    return _known.of((snapshot.faces, snapshot.rest_vertices), measured)


_groups: dict[int, Recent[I32]] = {level: Recent() for level in range(LEVELS[0], LEVELS[1] + 1)}


def _standing(snapshot: Snapshot, level: int) -> I32:
    """(F,) the triangle that stands for each of those that never move, among those in its cube of ``2**level`` m."""

    def chosen() -> I32:
        faces = snapshot.faces[: snapshot.static_faces]
        corners = snapshot.rest_vertices[faces]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        columns = [
            *np.floor(corners.mean(1) / 2.0**level + np.float32(0.3719)).astype(np.int64).T,
            *np.rint(1.2 * face_normals(snapshot.rest_vertices, faces)).astype(np.int64).T,
            snapshot.face_object[: snapshot.static_faces].astype(np.int64),
        ]
        order = np.lexsort((np.arange(len(faces)), -area))  # the largest stands for the others
        key = mixed_bits([column[order] for column in columns])
        _, first, group = np.unique(key, return_index=True, return_inverse=True)
        result = np.empty(len(faces), np.int32)
        result[order] = order[first][group]
        return result

    return _groups[level].of((snapshot.faces, snapshot.rest_vertices), chosen)
