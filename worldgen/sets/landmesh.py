"""The surface of land: fine where people and cameras go, coarse at the horizon, with the road let into it.

Points come from a quadtree whose cells grow with the distance to the road and to the places of interest, each moved
a little off its lattice; their Delaunay triangulation has no cracks whatever their sizes. The road is a strip of its
own rows of vertices, and its outer rows are vertices of the land too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import Delaunay, cKDTree
from threadpoolctl import threadpool_limits

from worldgen.conventions import F64, I32, Bool
from worldgen.scatter import mixed_bits
from worldgen.sets.heightfield import Hills, noise, step
from worldgen.sets.road import DITCH, SHOULDER, Road

Tread = Callable[[F64], F64]

FINEST: Final = 0.5
COARSEST: Final = 32.0
_SEEN, _SEEN_M = 0.0105, 8.0
"""Edges of triangles on mountains that are seen: over their distance, and at least."""
_EYE_M, _CREST_M = 20.0, 18.0
_MARK_M, _LINE_M = 0.06, 0.12
_CANOPY_M = 5.0


@dataclass(frozen=True)
class Land:
    """A triangulated surface over the plane. The first triangles are the road's, the others Delaunay's.

    vertices: (V, 3) metres, exact in float32. faces: (F, 3) int32, counter-clockwise from above. strip: how many
    faces are the road's. road: or None. rows: (R,) distance of the strip's rows from the road's middle, left first;
    stations: (S,) of the road that the strip has, its vertex (s, r) at ``s * R + r``.
    """

    vertices: F64
    faces: I32
    strip: int
    road: Road | None
    rows: F64
    stations: npt.NDArray[np.int64]
    _delaunay: Delaunay
    _index: npt.NDArray[np.int64]
    _inside: npt.NDArray[np.bool_]

    def heights(self, xy: F64) -> F64:
        """(N,) of the surface itself at ``xy (N, 2)``; NaN off the land."""
        xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        simplex = self._delaunay.find_simplex(xy)
        z = np.full(len(xy), np.nan)
        known = simplex >= 0
        onroad = known.copy()
        onroad[known] = self._inside[simplex[known]]
        open_ = np.flatnonzero(known & ~onroad)
        z[open_] = _planar(self.vertices[self._index[self._delaunay.simplices[simplex[open_]]]], xy[open_])[0]
        if onroad.any():
            z[onroad] = self._strip_heights(xy[onroad])
        return z

    def ground(self, x: float, y: float) -> float:
        """Height of the surface at (x, y)."""
        return float(self.heights(np.array([[x, y]]))[0])

    def normals(self, xy: F64) -> F64:
        """(N, 3) unit normals of the surface, over half a metre."""
        dx, dy = (self.heights(xy + a) - self.heights(xy - a) for a in 0.25 * np.eye(2))
        n = np.nan_to_num(np.stack([-dx / 0.5, -dy / 0.5, np.ones(len(xy))], axis=1))
        return n / np.linalg.norm(n, axis=1, keepdims=True)

    @cached_property
    def _station_tree(self) -> cKDTree:
        assert self.road is not None
        return cKDTree(self.road.centre[self.stations])

    def _strip_heights(self, xy: F64) -> F64:
        """Of points in the corridor: the triangles of the road that lie around the nearest stations, one is hit."""
        per = 2 * (len(self.rows) - 1)
        count = len(self.stations) - 1
        _, at = self._station_tree.query(xy)
        z, best = np.zeros(len(xy)), np.full(len(xy), -np.inf)
        for shift in (-1, 0, 1, -2):
            cell = np.clip(at + shift, 0, count - 1)
            faces = cell[:, None] * per + np.arange(per)
            corners = self.vertices[self.faces[faces.ravel()]]
            height, inside = _planar(corners, np.repeat(xy, per, axis=0))
            height, inside = height.reshape(-1, per), inside.reshape(-1, per)
            k = inside.argmax(axis=1)
            r = np.arange(len(xy))
            better = inside[r, k] > best
            z, best = np.where(better, height[r, k], z), np.maximum(best, inside[r, k])
        return z


def _planar(corners: F64, xy: F64) -> tuple[F64, F64]:
    """Height of triangles ``(N, 3, 3)`` over ``xy (N, 2)``, and the least barycentric coordinate (< 0: outside)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    u, v, w = b[:, :2] - a[:, :2], c[:, :2] - a[:, :2], xy - a[:, :2]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    area = np.where(np.abs(area) > 1e-12, area, 1e-12)
    s = (w[:, 0] * v[:, 1] - w[:, 1] * v[:, 0]) / area
    t = (u[:, 0] * w[:, 1] - u[:, 1] * w[:, 0]) / area
    return a[:, 2] + s * (b[:, 2] - a[:, 2]) + t * (c[:, 2] - a[:, 2]), np.minimum(np.minimum(s, t), 1.0 - s - t)


def nearness(xy: F64, focus: F64, road: Road | None) -> tuple[F64, F64]:
    """Metres (N,) from ``xy (N, 2)`` to the nearest of ``focus (K, 2)``, and to the road's corridor (or ``inf``)."""
    to_focus = cKDTree(focus).query(xy)[0]
    if road is None:
        return to_focus, np.full(len(xy), np.inf)
    return to_focus, np.maximum(cKDTree(road.centre[::4]).query(xy)[0] - road.reach, 0.0)


def _points(hills: Hills, focus: F64, road: Road | None, coarse: float, open_: bool) -> F64:
    """Centres of the leaves of the quadtree, moved off their lattice by up to a quarter of a cell."""
    cell, seed = COARSEST, hills.seed
    n = int(np.ceil(hills.reach / cell))
    i, j = (a.ravel() for a in np.meshgrid(np.arange(-n, n), np.arange(-n, n), indexing="ij"))
    seen = _seen(hills, n, focus) if open_ else np.zeros(len(i), dtype=np.bool_)
    leaves = []
    while len(i):
        at = ((np.stack([i, j], axis=1) + 0.5) * cell).astype(np.float64)
        to_focus, to_road = nearness(at, focus, road)
        wanted = np.minimum(0.04 * to_focus, 0.05 * to_road + 0.006 * to_focus)
        wanted = coarse * np.where(seen, np.minimum(wanted, np.maximum(_SEEN * to_focus, _SEEN_M)), wanted)
        split = (cell > 1.5 * wanted) & (cell > FINEST * 1.01)
        bits = mixed_bits(np.full(len(i), seed), i, j, np.full(len(i), round(cell * 8)))
        shake = np.stack([bits & np.uint64(0xFFFF), (bits >> np.uint64(16)) & np.uint64(0xFFFF)], axis=1) / 65535 - 0.5
        leaves.append((at + 0.5 * cell * shake)[~split])
        i, j, seen = i[split], j[split], np.repeat(seen[split], 4)
        i, j = np.repeat(2 * i, 4) + np.tile([0, 0, 1, 1], len(i)), np.repeat(2 * j, 4) + np.tile([0, 1, 0, 1], len(j))
        cell /= 2
    return np.concatenate(leaves)


def _seen(hills: Hills, n: int, focus: F64) -> Bool:
    """(4 n n,) of the coarsest cells, those of mountains that stand above all land before them, as seen from over one
    of the places of interest.
    """
    middles = (np.arange(-n, n) + 0.5) * COARSEST
    at = np.stack(np.meshgrid(middles, middles, indexing="ij"), axis=-1).reshape(-1, 2)
    height = hills.heights(at)
    seen = np.zeros(len(at), dtype=np.bool_)
    far = np.flatnonzero(np.linalg.norm(at, axis=1) > 0.5 * hills.size)
    for eye in focus[:: max(1, len(focus) // 4)]:
        over = float(hills.heights(eye[None])[0]) + _EYE_M
        way = at[far] - eye
        share = (np.arange(40) + 0.5) / 40 * (1.0 - 1.5 * COARSEST / np.linalg.norm(way, axis=1))[:, None]
        rows = np.floor((eye + share[..., None] * way[:, None]) / COARSEST).astype(np.int64) + n
        rows = np.clip(rows, 0, 2 * n - 1)
        hiding = ((height[rows[..., 0] * 2 * n + rows[..., 1]] - over) / share).max(axis=1)
        seen[far] |= height[far] - over > hiding - _CREST_M
    return seen


def _rows(road: Road, marked: bool) -> F64:
    half = road.half
    out = [half, half + 0.12, half + SHOULDER, half + SHOULDER + 0.5 * DITCH, half + SHOULDER + DITCH]
    inner = [half / 2] if not marked else [_MARK_M, half / 2, half - 0.3, half - 0.3 + _LINE_M]
    side = np.array(inner + out)
    return np.concatenate([side[::-1], [] if marked else [0.0], -side])


def _stations(road: Road, focus: F64) -> npt.NDArray[np.int64]:
    """Which stations the strip has: every one near the places of interest, every fourth far from them."""
    every = np.arange(len(road.centre))
    far = cKDTree(focus).query(road.centre)[0]
    keep = (every % 4 == 0) | (far < 60.0) | ((far < 200.0) & (every % 2 == 0)) | (every == every[-1])
    return every[keep]


def _searchable(points: F64) -> Delaunay:
    """The triangulation of ``points (N, 2)``, ready for its first search."""
    delaunay = Delaunay(points)
    with threadpool_limits(1, "blas"):  # a 2 x 2 system for each triangle: 30 times slower when threads share them
        delaunay.find_simplex(points[:1])
    return delaunay


def surface(
    hills: Hills, road: Road | None, focus: F64, budget: int, marked: bool = False, tread: Tread | None = None,
    open_: bool = True,
) -> Land:  # fmt: skip
    """The land of ``hills`` with ``road`` in it, of about ``budget`` triangles at most.

    focus: (K, 2) places around which it is finest. marked: whether the road's strip has rows for painted lines.
    tread: what is added to the natural heights of points (N, 2), metres. open_: whether one sees the mountains.
    """
    rows, stations = np.zeros(0), np.zeros(0, dtype=np.int64)
    rim = np.zeros((0, 2))
    strip_vertices, strip_faces = np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int32)
    if road is not None:
        rows, stations = _rows(road, marked), _stations(road, focus)
        xy = road.centre[stations][:, None] + road.left[stations][:, None] * rows[None, :, None]
        xy = xy.astype(np.float32).astype(np.float64)
        z = road.level[stations][:, None] + road.section(rows)[None]
        strip_vertices = np.concatenate([xy, z[..., None]], axis=-1).reshape(-1, 3)
        s, r = np.meshgrid(np.arange(len(stations) - 1), np.arange(len(rows) - 1), indexing="ij")
        a = s * len(rows) + r
        b, c, d = a + 1, a + len(rows) + 1, a + len(rows)
        strip_faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], axis=2).reshape(-1, 3)
        rim = np.concatenate([xy[:, 0], xy[:, -1], xy[0, 1:-1], xy[-1, 1:-1]])
    coarse = 0.75
    for _ in range(14):
        free = _points(hills, focus, road, coarse, open_)
        if 2 * len(free) + len(strip_faces) <= budget:
            break
        coarse *= 1.15
    if road is not None:
        # Triangles keep to the rim only where nothing else lies in the circle over each of its edges.
        clear = road.reach + 0.6 * np.where(nearness(free, focus, None)[0] < 190.0, 1.5, 3.0)
        station, aside = road.offsets(free)
        ended = (station <= 0) | (station >= len(road.centre) - 1)
        free = free[(np.abs(aside) > clear) | (ended & (np.abs(aside) > 0.6))]
    free = free.astype(np.float32).astype(np.float64)
    delaunay = _searchable(np.concatenate([rim, free]))
    z = (hills.heights(free) if road is None else road.graded(free, hills.heights)) + _canopy(free, hills)
    z = z if tread is None else z + tread(free)
    vertices = np.concatenate([strip_vertices, np.column_stack([free, z])])
    vertices = vertices.astype(np.float32).astype(np.float64)
    ns, nr = len(stations), len(rows)
    ends = np.concatenate([np.arange(1, nr - 1), (ns - 1) * nr + np.arange(1, nr - 1)]) if ns else np.zeros(0, np.int64)
    side = np.arange(ns) * nr
    index = np.concatenate([side, side + nr - 1, ends, ns * nr + np.arange(len(free))])
    simplices = delaunay.simplices
    inside = np.zeros(len(simplices), dtype=bool)
    if road is not None:
        outline = shapely.Polygon(np.concatenate([rim[:ns], rim[ns : 2 * ns][::-1]]))
        shapely.prepare(outline)
        of_rim = np.flatnonzero((simplices < len(rim)).all(axis=1))
        middle = delaunay.points[simplices[of_rim]].mean(axis=1)
        inside[of_rim] = shapely.contains_xy(outline, middle[:, 0], middle[:, 1])
    open_faces = index[simplices[~inside]]
    faces = np.concatenate([strip_faces, open_faces]).astype(np.int32)
    u, v = (vertices[faces[:, k], :2] - vertices[faces[:, 0], :2] for k in (1, 2))
    faces[u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] < 0] = faces[u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] < 0][:, ::-1]
    return Land(vertices, faces, len(strip_faces), road, rows, stations, delaunay, index, inside)


def wooded(xy: F64, seed: int) -> F64:
    """(N,) 0 in the open to 1 in the middle of a wood."""
    patch = noise(xy, 210.0, seed + 11) + 0.45 * noise(xy, 70.0, seed + 12)
    return step(0.15, 0.5, patch)


def _canopy(xy: F64, hills: Hills) -> F64:
    """Far woods are a thickness of the land, where single trees would be lost."""
    far = step(0.5 * hills.size + 250.0, 0.5 * hills.size + 420.0, np.linalg.norm(xy, axis=1))
    return _CANOPY_M * far * wooded(xy, hills.seed) * (1.0 + 0.7 * noise(xy, 17.0, hills.seed + 5))
