"""Patches of the surfaces that never move: where light is kept, and how a point finds its own.

The points that make up the patches are found by rays: from the eyes, then on from what they met. So patches lie where
light can travel to what is seen, never inside walls, and are finer near the eyes. A patch is what shares a cube of
space, a thing, a side and about a direction; a point finds its patch by the hash of these four (after spatial hashing
for path filtering, Binder et al. 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from render.direct import fixed_directions, lifted
from render.rays import RayScene
from worldgen.conventions import F32, F64, I32
from worldgen.mesh import face_normals
from worldgen.world import Snapshot

I64 = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

MOST: Final = 20_000
"""Patches at most."""

MEMBERS: Final = 8
"""Points of a patch that are asked for light, at most."""

CELL_M: Final = 0.2
"""Edge of the cubes near the eyes, at least; it grows until there are few enough patches."""

NEAR_M: Final = 10.0
"""Cubes are this fine up to here from the eyes; every doubling of the distance doubles their edge."""

NEIGHBOURS: Final = 12
"""Patches whose light is mixed at a point."""

TURN: Final = 3.0
"""Edges of a cube that count as far as an opposite direction is from an upright one."""

_EYES: Final = 12
_GENERATION: Final = 24_000


@dataclass(frozen=True)
class Points:
    """N points on surfaces. position, normal: (N, 3) float32 world, unit, towards whoever met them. triangle: (N,)."""

    position: F32
    normal: F32
    triangle: I32

    def __len__(self) -> int:
        return len(self.triangle)

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> Points:
        return Points(self.position[rows], self.normal[rows], self.triangle[rows])


@dataclass(frozen=True)
class Patches:
    """P patches and the hashes by which points find them.

    points: the members of all patches. of_point: (M,) the patch of each. keys, coarse: sorted (hash, patch) tables, the
    second with cubes four times as large for what the first does not know. box: (2, 3) corners of the box around the
    eyes. cell_m: edge of the finest cubes. thing: (F,) what each face belongs to.
    """

    points: Points
    of_point: I64
    count: int
    keys: tuple[Keys, I64]
    coarse: tuple[Keys, I64]
    box: F32
    cell_m: float
    thing: I32

    @cached_property
    def centres(self) -> tuple[F32, F32]:
        """(P, 3) where the patches are on the whole, and (P, 3) their mean normals, unit."""
        sums = [
            np.stack([np.bincount(self.of_point, v[:, k], self.count) for k in range(3)], axis=1)
            for v in (self.points.position, self.points.normal)
        ]
        position = sums[0] / np.maximum(np.bincount(self.of_point, minlength=self.count), 1)[:, None]
        normal = sums[1] / np.maximum(np.linalg.norm(sums[1], axis=1, keepdims=True), 1e-9)
        return position.astype(np.float32), normal.astype(np.float32)

    @cached_property
    def _tree(self) -> cKDTree:
        position, normal = self.centres
        return cKDTree(np.concatenate([position, normal * (TURN * self.cell_m)], axis=1))

    def around(self, points: F32, normals: F32) -> tuple[I64, F32]:
        """(N, K) the patches around each point on its surface, and (N, K) their weights, which add up to 1."""
        if not self.count:
            return np.full((len(points), 1), -1, np.int64), np.ones((len(points), 1), np.float32)
        places = np.concatenate([points, normals * (TURN * self.cell_m)], axis=1)
        asked = min(NEIGHBOURS, self.count)
        distance, near = self._tree.query(places, asked, eps=0.2, workers=-1)
        distance, near = distance.reshape(len(points), asked), near.reshape(len(points), asked)
        width = 0.6 * distance[:, -1:] + 1e-6
        position, normal = self.centres
        out = np.einsum("nkc,nc->nk", position[near] - points[:, None], normals)
        along = np.einsum("nkc,nc->nk", normal[near], normals).clip(0.0, 1.0)
        weight = np.exp(-((distance / width) ** 2)) * np.exp(-((out / (0.3 * width)) ** 2)) * along**2 + 1e-12
        return near, (weight / weight.sum(1, keepdims=True)).astype(np.float32)

    def at(self, points: Points) -> I64:
        """(N,) the patch of each point, -1 where there is none near, or for faces that move."""
        found = np.full(len(points), -1, np.int64)
        still = np.flatnonzero(points.triangle < len(self.thing))
        if len(still) < len(points):
            found[still] = self.at(points[still])
            return found
        found = _found(self.keys, _hashed(points, self.box, self.cell_m, self.thing))
        lost = np.flatnonzero(found < 0)
        if len(lost):
            found[lost] = _found(self.coarse, _hashed(points[lost], self.box, 4 * self.cell_m, None))
        return found


def patches_of(still: Snapshot, rays: RayScene, eyes: F64 | None) -> Patches:
    """Patches of ``still``, a world without what moves, at which ``rays`` are aimed.

    eyes: (E, 3) metres, where cameras will be; None: anywhere.
    """
    normals = face_normals(still.vertices, still.faces)
    spread = _area_points(still, normals)
    last = spread if eyes is None else _seen_from(np.asarray(eyes, np.float32), spread, rays, normals)
    found = [last]
    for each in (4, 3):
        last = _met_by(last, each, rays, normals)
        found.append(last)
    points = Points(*(np.concatenate([getattr(p, name) for p in found]) for name in ("position", "normal", "triangle")))
    around = spread.position if eyes is None else np.asarray(eyes, np.float32)
    box = np.stack([around.min(0), around.max(0)]) if len(around) else np.zeros((2, 3), np.float32)
    return _gathered(points, box, still.face_object)


def _gathered(points: Points, box: F32, thing: I32) -> Patches:
    cell = CELL_M
    while True:
        hashes = _hashed(points, box, cell, thing)
        keys, patch = np.unique(hashes, return_inverse=True)
        if len(keys) <= min(MOST, len(points) // 4 + 64):
            break
        cell *= 1.3
    order = np.argsort(patch, kind="stable")
    sizes = np.bincount(patch, minlength=len(keys))
    first = np.cumsum(sizes) - sizes
    taken = np.minimum(sizes, MEMBERS)
    owner = np.repeat(np.arange(len(keys)), taken)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(taken) - taken, taken)
    members = points[order[first[owner] + rank * sizes[owner] // np.maximum(taken[owner], 1)]]
    coarse, where = np.unique(_hashed(members, box, 4 * cell, None), return_index=True)
    own = np.arange(len(keys), dtype=np.int64)
    return Patches(members, owner, len(keys), (keys, own), (coarse, owner[where]), box, cell, thing)


def _hashed(points: Points, box: F32, cell: float, thing: I32 | None) -> Keys:
    """(N,) of the cube, the direction and, if given, the thing that each point belongs to."""
    position = points.position
    away = np.linalg.norm(position - np.clip(position, box[0], box[1]), axis=1)
    level = np.ceil(np.log2(np.maximum(away / NEAR_M, 1.0)))
    edge = (cell * 2.0**level)[:, None].astype(np.float32)
    # Walls love round coordinates: cubes must not end there.
    cube = np.floor(position / edge + np.float32(0.3719)).astype(np.int64)
    # Axes and diagonals lie in the middle of their bins.
    turn = np.rint(points.normal * (1.2 if thing is not None else 0.8)).astype(np.int64)
    columns = [*cube.T, *turn.T, level.astype(np.int64)]
    if thing is not None:
        columns.append(thing[points.triangle].astype(np.int64))
    return mixed_bits(columns)


def mixed_bits(columns: list[I64]) -> Keys:
    """(N,) one hash of ``columns`` (N,) each."""
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        mixed ^= np.ascontiguousarray(column).view(np.uint64)
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _found(table: tuple[Keys, I64], wanted: Keys) -> I64:
    keys, patch = table
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    row = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[row] == wanted, patch[row], -1)


def _area_points(still: Snapshot, normals: F32, count: int = 8_000) -> Points:
    """About ``count`` points spread evenly over all surfaces, half of them on the inner side."""
    corners = still.vertices[still.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    total = np.cumsum(area, dtype=np.float64)
    if not len(total) or total[-1] <= 0:
        nothing = np.zeros((0, 3), np.float32)
        return Points(nothing, nothing, np.zeros(0, np.int32))
    k = np.arange(count)
    triangle = np.minimum(np.searchsorted(total, (k + 0.5) / count * total[-1]), len(area) - 1).astype(np.int32)
    u, v = (k * 0.7548776662466927) % 1.0, (k * 0.5698402909980532) % 1.0  # the R2 sequence, Roberts 2018
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    shares = np.stack([1 - u - v, u, v], axis=1).astype(np.float32)
    position = np.einsum("nk,nkc->nc", shares, corners[triangle])
    return Points(position, normals[triangle] * np.where(k % 2, -1, 1)[:, None].astype(np.float32), triangle)


def _seen_from(eyes: F32, spread: Points, rays: RayScene, normals: F32) -> Points:
    """What some of the ``eyes`` see all around, and (for eyes far from everything) where the surfaces are."""
    chosen = eyes[np.unique(np.linspace(0, len(eyes) - 1, min(_EYES, len(eyes))).astype(np.int64))]
    each = _GENERATION // len(chosen)
    around = np.tile(fixed_directions(each), (len(chosen), 1))
    origins = np.repeat(chosen, each, axis=0)
    aimed = chosen[np.arange(len(spread)) % len(chosen)]
    towards = spread.position - aimed
    far = np.linalg.norm(towards, axis=1) > 1e-3
    origins = np.concatenate([origins, aimed[far]])
    directions = np.concatenate([around, towards[far] / np.linalg.norm(towards[far], axis=1, keepdims=True)])
    return _hits(origins, directions.astype(np.float32), rays, normals)


def _met_by(points: Points, each: int, rays: RayScene, normals: F32) -> Points:
    """What ``each`` rays a point meet, of an even choice of the points."""
    chosen = points[np.unique(np.linspace(0, max(len(points) - 1, 0), _GENERATION).astype(np.int64))[: len(points)]]
    lattice = fixed_directions(1021)
    directions = lattice[(np.arange(len(chosen) * each) * 389) % len(lattice)]
    origins = np.repeat(lifted(chosen.position, chosen.normal), each, axis=0)
    facing = (directions * np.repeat(chosen.normal, each, axis=0)).sum(1, keepdims=True)
    return _hits(origins, np.where(facing < 0, -directions, directions), rays, normals)


def _hits(origins: F32, directions: F32, rays: RayScene, normals: F32) -> Points:
    triangle, _, distance = rays.cast(origins, directions)
    hit = np.flatnonzero(triangle >= 0)
    there = origins[hit] + directions[hit] * distance[hit, None]
    return Points(there, turned(normals[triangle[hit]], directions[hit]), triangle[hit])


def turned(normals: F32, directions: F32) -> F32:
    """``normals (N, 3)`` on the side from which ``directions (N, 3)`` come."""
    away = (normals * directions).sum(1, keepdims=True) > 0
    return np.where(away, -normals, normals)
