"""Patches of ground with irregular borders: triangles are divided along the line where a field changes its sign.

All new corners lie in the triangles that they divide, so what stands on the ground still touches it; and an edge is
divided the same way for both of its triangles, so there are no cracks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F32, F64, I32, Bool, seed_from
from worldgen.material import Material
from worldgen.mesh import Mesh
from worldgen.sets.heightfield import fractal, noise, step

I64 = npt.NDArray[np.int64]
Field = Callable[[F64], F64]
"""(N,) at corners with these values (N, C): above 0 inside a patch, below 0 outside."""

_FINEST_M: Final = 0.16
"""Edges near a border are halved while they are longer than that, and than a quarter of what the ground had there."""
_FAR_M: Final = 6.0
"""Ground of longer edges is too far away for that."""
_CLEAR: Final = 0.06
"""A line meets an edge no nearer to its ends than that share of it, or slivers would come."""


@dataclass(frozen=True)
class Sheet:
    """Triangles that can be divided.

    values: (V, C) what varies evenly over a triangle: the place (3) in metres first, then anything. faces: (F, 3).
    tag: (F,) which patch each triangle belongs to.
    """

    values: F64
    faces: I64
    tag: I64


def patched(sheet: Sheet, field: Field, tag: int, close: float, rounds: int) -> Sheet:
    """``sheet`` divided where ``field`` is 0, with ``tag`` on all triangles where it is above.

    rounds: how often edges near the line are halved before. close: how far from 0 the field can be where finer
    triangles may yet find that it changes its sign.
    """
    level = field(sheet.values)
    for _ in range(rounds):
        a, b = level[sheet.faces], level[np.roll(sheet.faces, -1, axis=1)]
        near = ((a < 0) != (b < 0)) | (np.minimum(np.abs(a), np.abs(b)) < close)
        rows = np.flatnonzero(near.any(axis=1))
        ends = sheet.values[sheet.faces[rows]]
        after = np.roll(ends, -1, axis=1)
        edge = 0.5 * (ends[..., 9] + after[..., 9])
        long = np.linalg.norm(ends[..., :3] - after[..., :3], axis=2) > np.maximum(_FINEST_M, 0.36 * edge)
        sheet = _divided(sheet, rows, near[rows] & long & (edge < _FAR_M), None)
        level = np.concatenate([level, field(sheet.values[len(level) :])])
    after = np.roll(sheet.faces, -1, axis=1)
    crossed = (level[sheet.faces] < 0) != (level[after] < 0)
    rows = np.flatnonzero(crossed.any(axis=1))
    sheet = _divided(sheet, rows, crossed[rows], level)
    level = np.concatenate([level, np.zeros(len(sheet.values) - len(level))])
    return replace(sheet, tag=np.where(level[sheet.faces].sum(axis=1) > 0, tag, sheet.tag))


@dataclass(frozen=True)
class Corners:
    """What covers are chosen by, at N places of the ground. xy: (N, 2) and z: (N,) metres. slope: (N,) radians.
    aside: (N,) metres from the middle of the road or path. edge: (N,) metres, of the undivided ground's triangles.
    """

    xy: F64
    z: F64
    slope: F64
    aside: F64
    edge: F64

    @staticmethod
    def of(values: F64) -> Corners:
        """Of the ``values (N, 10)`` of a sheet that :func:`laid` makes."""
        up = values[:, 5] / np.maximum(np.linalg.norm(values[:, 3:6], axis=1), 1e-9)
        return Corners(values[:, :2], values[:, 2], np.arccos(np.clip(up, -1, 1)), values[:, 8], values[:, 9])


def _even(at: Corners) -> F64:
    return np.zeros(len(at.z))


@dataclass(frozen=True)
class Patch:
    """A cover. tones: materials, from ``tone`` (N,) 0 to 1. where: (N,) above 0 where it lies. rounds, close: see
    :func:`patched`.
    """

    tones: Sequence[Material]
    where: Callable[[Corners], F64]
    tone: Callable[[Corners], F64] = _even
    rounds: int = 1
    close: float = 0.0

    def level(self, values: F64) -> F64:
        """:data:`Field` of a sheet that :func:`laid` makes."""
        return self.where(Corners.of(values))


def laid(vertices: F64, faces: I32, normals: F32, uv: F64, aside: F64, patches: Sequence[Patch]) -> Mesh:
    """The ground ``vertices (V, 3)``, ``faces (F, 3)`` with ``patches`` on it, later ones over earlier ones.

    The first lies everywhere. uv: (V, 2) metres. aside: (V,) see :class:`Corners`.
    """
    place = vertices[faces]
    long = np.linalg.norm(place - np.roll(place, -1, axis=1), axis=2).mean(axis=1)
    met = np.maximum(np.bincount(faces.ravel(), minlength=len(vertices)), 1)
    edge = np.bincount(faces.ravel(), np.repeat(long, 3), len(vertices)) / met
    values = np.column_stack([vertices, normals, uv, aside, edge])
    used, local = np.unique(faces, return_inverse=True)
    sheet = Sheet(values[used], local.reshape(-1, 3), np.zeros(len(faces), dtype=np.int64))
    for k, patch in enumerate(patches[1:], 1):
        sheet = patched(sheet, patch.level, k, patch.close, patch.rounds)
    table: dict[Material, int] = {}
    material = np.empty(len(sheet.faces), dtype=np.int32)
    for k, patch in enumerate(patches):
        rows = np.array([table.setdefault(m, len(table)) for m in patch.tones], dtype=np.int32)
        here = np.flatnonzero(sheet.tag == k)
        tone = patch.tone(Corners.of(sheet.values[sheet.faces[here]].mean(axis=1)))
        material[here] = rows[np.clip(tone * len(rows), 0, len(rows) - 1).astype(np.int64)]
    unit = sheet.values[:, 3:6] / np.maximum(np.linalg.norm(sheet.values[:, 3:6], axis=1, keepdims=True), 1e-12)
    at, turned, along = (a.astype(np.float32, order="C") for a in (sheet.values[:, :3], unit, sheet.values[:, 6:8]))
    return Mesh(at, sheet.faces.astype(np.int32), turned, along, material, tuple(table))


def drifting(xy: F64, seed: int, *waves: tuple[float, float]) -> F64:
    """(N, 2) texture coordinates of the ground: they drift, or the tiles of a texture would line up over a whole hill.

    waves: (by how much, over how many) metres.
    """
    return xy + np.stack(
        [sum(much * fractal(xy, wave, 2, seed_from(seed, "uv", k, wave)) for much, wave in waves) for k in "uv"], axis=1
    )


def _divided(sheet: Sheet, rows: I64, marked: Bool, level: F64 | None) -> Sheet:
    """The sheet with the ``marked (K, 3)`` edges of the faces ``rows (K,)`` divided, each from corner k to the next.

    An edge is marked for both of its faces or for none. level: (V,) divide where it is 0, or None for the middle.
    """
    corners = sheet.faces[rows]
    ends = np.sort(np.stack([corners, np.roll(corners, -1, axis=1)], axis=2), axis=2)
    key, of = np.unique((ends[..., 0] * len(sheet.values) + ends[..., 1])[marked], return_inverse=True)
    a, b = np.divmod(key, len(sheet.values))
    share = 0.5 if level is None else np.clip(level[a] / (level[a] - level[b]), _CLEAR, 1.0 - _CLEAR)[:, None]
    cut = np.full(corners.shape, -1)
    cut[marked] = len(sheet.values) + of
    count = marked.sum(axis=1)
    # Turned so that of one marked edge it is the first, of two they are the first two.
    first = np.where(count == 1, marked.argmax(axis=1), (marked.argmin(axis=1) + 1) % 3)
    turn = (first[:, None] + np.arange(3)) % 3
    p, q, r = np.take_along_axis(corners, turn, axis=1).T
    s, t, u = np.take_along_axis(cut, turn, axis=1).T
    parts = (
        (count == 1, ((p, s, r), (s, q, r))),
        (count == 2, ((s, q, t), (p, s, t), (p, t, r))),
        (count == 3, ((p, s, u), (s, q, t), (u, t, r), (s, t, u))),
    )
    pieces = [(np.stack(k, axis=1)[which], rows[which]) for which, triangles in parts for k in triangles]
    whole = np.ones(len(sheet.faces), dtype=np.bool_)
    whole[rows[count > 0]] = False
    faces = np.concatenate([sheet.faces[whole], *(f for f, _ in pieces)])
    tag = np.concatenate([sheet.tag[whole], *(sheet.tag[parent] for _, parent in pieces)])
    values = np.concatenate([sheet.values, sheet.values[a] + share * (sheet.values[b] - sheet.values[a])])
    return Sheet(values, faces, tag)


def ragged(xy: F64, wave: float, octaves: int, seed: int, finest: F64) -> F64:
    """(N,) noise for borders, in about -1 to 1: as ``fractal``, without the waves that are shorter than ``finest (N,)``
    metres, the least that the triangles there can follow.
    """
    total, norm = np.zeros(len(xy)), 0.0
    for o in range(octaves):
        length = wave / 2.03**o
        shown = 1.0 - step(0.5, 1.0, finest / length)
        some = np.flatnonzero(shown > 0)
        total[some] += 0.6**o * shown[some] * noise(xy[some], length, seed_from(seed, o))
        norm += 0.6**o
    return total / norm
