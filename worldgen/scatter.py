"""Where many things stand: Poisson-disk scatter in polygons, clear of footprints; rows, grids and rings.

Every candidate belongs to a cell of an endless lattice and draws its place, its rank and all else from a hash of that
cell. So what is scattered in one corner does not depend on what happens in another: a footprint that comes or goes
changes only its neighbourhood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from worldgen.conventions import F64, Bool, seed_from

U64 = npt.NDArray[np.uint64]
Density = Callable[[F64], F64]
"""Share (N,), 0-1, of the candidates at (N, 2) that are to be kept."""

CELL: Final = 0.62
"""Edge of a cell, as a share of the spacing: one candidate a cell then fills the plane to nearly its most."""
_CLOSE: Final = 1e-9


def mixed_bits(*parts: npt.ArrayLike) -> U64:
    """One well-mixed 64-bit number for each row of integer ``parts`` (splitmix64 of Steele, Lea & Flood 2014)."""
    total = np.zeros(1, dtype=np.uint64)
    for part in parts:
        x = total + np.asarray(part).astype(np.int64).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        total = x ^ (x >> np.uint64(31))
    return total


def _unit(bits: U64) -> F64:
    return (bits >> np.uint64(11)).astype(np.float64) / float(1 << 53)


@dataclass(frozen=True)
class Scattered:
    """Places and, for each, a key of its own from which everything else about it is drawn.

    points: (N, 2) metres. keys: (N,) uint64, the same for the same place however many others there are.
    """

    points: F64
    keys: U64

    def __len__(self) -> int:
        return len(self.points)

    def draw(self, what: str, low: float = 0.0, high: float = 1.0) -> F64:
        """(N,) one number a place, evenly between ``low`` and ``high``; each ``what`` is another draw."""
        return low + (high - low) * _unit(mixed_bits(self.keys.astype(np.int64), seed_from(what)))

    def choice(self, what: str, weights: Sequence[float]) -> npt.NDArray[np.int64]:
        """(N,) index into ``weights``, drawn by weight."""
        share = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.minimum(np.searchsorted(share / share[-1], self.draw(what), side="right"), len(share) - 1)

    def __getitem__(self, which: Any) -> Scattered:
        return Scattered(self.points[which], self.keys[which])


def scatter(
    area: Any,
    spacing: float,
    seed: int,
    *,
    clear_discs: npt.ArrayLike = (),
    clear_areas: Sequence[Any] = (),
    margin: float = 0.0,
    density: Density | None = None,
    count: int | None = None,
) -> Scattered:
    """Places in ``area`` (a shapely polygon or several), no two nearer than ``spacing`` metres, in order of rank.

    clear_discs: (M, 3) x, y, radius, and clear_areas: polygons, both kept free by ``margin`` metres. density: thins.
    count: at most so many (those of the highest rank). Of two that are too near, the one of the higher rank stays, as
    in dart throwing (Cook 1986), but resolved for all ranks at once (Luby 1986).
    ValueError: an empty area, or a spacing that is not positive or so small that there were over four million cells.
    """
    if area.is_empty or not area.area > 0:
        raise ValueError("there is no room to scatter in: the area is empty")
    if not (np.isfinite(spacing) and spacing > 0):
        raise ValueError(f"things cannot be scattered {spacing} m apart: give a spacing above 0")
    cell = CELL * spacing
    x0, y0, x1, y1 = area.bounds
    if (x1 - x0) * (y1 - y0) / cell**2 > 4e6:
        raise ValueError(f"a spacing of {spacing:g} m is too small for an area of {x1 - x0:.0f} x {y1 - y0:.0f} m")
    columns = np.arange(np.floor(x0 / cell), np.ceil(x1 / cell), dtype=np.int64)
    lines = np.arange(np.floor(y0 / cell), np.ceil(y1 / cell), dtype=np.int64)
    i, j = np.repeat(columns, len(lines)), np.tile(lines, len(columns))
    keys = mixed_bits(np.full(i.shape, seed), i, j)
    points = np.stack(
        [i + _unit(mixed_bits(keys.astype(np.int64), 1)), j + _unit(mixed_bits(keys.astype(np.int64), 2))]
    )
    places = Scattered(points.T * cell, keys)
    places = places[shapely.contains_xy(area, places.points[:, 0], places.points[:, 1])]
    places = places[clear_of(places.points, clear_discs, clear_areas, margin)]
    if density is not None:
        places = places[places.draw("density") < density(places.points)]
    rank = mixed_bits(places.keys.astype(np.int64), 3)
    order = np.argsort(rank, kind="stable")[::-1]
    places = places[order]
    places = places[_apart(places.points, spacing)]
    return places if count is None else places[: max(count, 0)]


def clear_of(points: F64, discs: npt.ArrayLike = (), areas: Sequence[Any] = (), margin: float = 0.0) -> Bool:
    """(N,) whether each of ``points (N, 2)`` keeps ``margin`` metres from all footprints (see :func:`scatter`)."""
    free = np.ones(len(points), dtype=bool)
    round_ = np.asarray(discs, dtype=np.float64).reshape(-1, 3)
    if len(round_) and len(points):
        reach = float(round_[:, 2].max() + margin)
        pairs = cKDTree(points).sparse_distance_matrix(cKDTree(round_[:, :2]), reach + _CLOSE, output_type="ndarray")
        free[pairs["i"][pairs["v"] < round_[pairs["j"], 2] + margin]] = False
    for area in areas:
        # A circle's polygon lies within the circle, so the margin is let out by as much as that falls short.
        taken = area.buffer(margin / np.cos(np.pi / 32), quad_segs=8) if margin > 0 else area
        shapely.prepare(taken)
        free &= ~shapely.contains_xy(taken, points[:, 0], points[:, 1])
    return free


def _apart(points: F64, spacing: float) -> Bool:
    """(N,) which of ``points``, the most important first, stay when none may be nearer than ``spacing`` to another."""
    n = len(points)
    if n < 2:
        return np.ones(n, dtype=bool)
    pairs = cKDTree(points).query_pairs(spacing - _CLOSE, output_type="ndarray")
    first, second = pairs.min(axis=1), pairs.max(axis=1)  # the first of a pair has the higher rank
    kept, open_ = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
    while open_.any():
        beaten = np.zeros(n, dtype=bool)
        beaten[second] = True
        kept |= open_ & ~beaten
        open_ &= beaten
        fallen = second[kept[first]]
        open_[fallen] = False
        live = open_[first] & open_[second]
        first, second = first[live], second[live]
    return kept


def placements(
    points: npt.ArrayLike,
    turn: npt.ArrayLike = 0.0,
    scale: npt.ArrayLike = 1.0,
    up: npt.ArrayLike = (0.0, 0.0, 1.0),
) -> F64:
    """(N, 4, 4) that scale, turn about +Z, lean +Z to ``up`` and move to ``points (N, 3)``; one value or one each."""
    p = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    n = len(p)
    z = np.broadcast_to(np.asarray(up, dtype=np.float64), (n, 3))
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    angle = np.broadcast_to(np.asarray(turn, dtype=np.float64), (n,))
    x = np.stack([np.cos(angle), np.sin(angle), np.zeros(n)], axis=1)
    x = x - z * np.einsum("ij,ij->i", x, z)[:, None]
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    result = np.zeros((n, 4, 4))
    size = np.broadcast_to(np.asarray(scale, dtype=np.float64), (n,))[:, None, None]
    result[:, :3, :3] = np.stack([x, np.cross(z, x), z], axis=2) * size
    result[:, :3, 3] = p
    result[:, 3, 3] = 1.0
    return result


def row(count: int, step: npt.ArrayLike, start: npt.ArrayLike = (0.0, 0.0, 0.0), turn: float = 0.0) -> F64:
    """(count, 4, 4) in a line from ``start``, each ``step (3,)`` metres on, all turned by ``turn`` radians."""
    if count < 1:
        raise ValueError(f"a row of {count} has nothing in it: give 1 or more")
    return placements(np.asarray(start) + np.arange(count)[:, None] * np.asarray(step, dtype=np.float64), turn)


def grid(columns: int, rows: int, step: tuple[float, float], turn: float = 0.0) -> F64:
    """(columns * rows, 4, 4) around the origin, row by row, ``step`` metres apart in x and in y."""
    if columns < 1 or rows < 1:
        raise ValueError(f"a grid of {columns} x {rows} has nothing in it: give 1 or more of each")
    y, x = np.meshgrid(np.arange(rows) - (rows - 1) / 2, np.arange(columns) - (columns - 1) / 2, indexing="ij")
    return placements(np.stack([x.ravel() * step[0], y.ravel() * step[1], np.zeros(x.size)], axis=1), turn)


def ring(count: int, radius: float, start: float = 0.0, inward: bool = True) -> F64:
    """(count, 4, 4) on a circle about the origin, from ``start`` radians; +Y looks to the middle, or away from it."""
    if count < 1:
        raise ValueError(f"a ring of {count} has nothing in it: give 1 or more")
    a = start + np.arange(count) * (2 * np.pi / count)
    points = radius * np.stack([np.cos(a), np.sin(a), np.zeros(count)], axis=1)
    return placements(points, a + (np.pi / 2 if inward else -np.pi / 2))
