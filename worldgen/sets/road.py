"""A road through land: where it runs, its profile, and how the land is graded to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from worldgen.conventions import F64
from worldgen.sets.heightfield import step

Heights = Callable[[F64], F64]

PITCH: Final = 0.75
"""Metres between the stations at which a road is known."""
SHOULDER: Final = 0.9
DITCH: Final = 1.9
"""Widths in metres beside the carriageway."""
_CROWN, _FALL = 0.022, 0.05
_DITCH_DEEP = 0.34
_PROFILE_SIGMA_M = 40.0


@dataclass(frozen=True)
class Road:
    """A graded road.

    centre: (S, 2) metres, stations ``PITCH`` apart. left: (S, 2) unit, to its left. level: (S,) height of its middle.
    width: of the carriageway, metres.
    """

    centre: F64
    left: F64
    level: F64
    width: float

    @property
    def half(self) -> float:
        """Metres from the middle to the edge of the carriageway."""
        return 0.5 * self.width

    @property
    def reach(self) -> float:
        """Metres from the middle to the outer rim of the ditches."""
        return self.half + SHOULDER + DITCH

    @cached_property
    def _near(self) -> cKDTree:
        return cKDTree(self.centre)

    def offsets(self, xy: F64) -> tuple[F64, F64]:
        """Of points (N, 2): the station (N,), with its fraction, and the distance (N,) to the left of the middle."""
        _, at = self._near.query(xy)
        best_s, best_d = np.zeros(len(xy)), np.full(len(xy), np.inf)
        for shift in (-1, 0):
            a = np.clip(at + shift, 0, len(self.centre) - 2)
            along = self.centre[a + 1] - self.centre[a]
            t = np.clip(((xy - self.centre[a]) * along).sum(1) / (along * along).sum(1), 0.0, 1.0)
            gap = xy - self.centre[a] - t[:, None] * along
            d = np.linalg.norm(gap, axis=1)
            side = np.sign(along[:, 0] * gap[:, 1] - along[:, 1] * gap[:, 0])
            nearer = d < np.abs(best_d)
            best_s, best_d = np.where(nearer, a + t, best_s), np.where(nearer, d * np.where(side < 0, -1, 1), best_d)
        return best_s, best_d

    def section(self, distance: F64) -> F64:
        """(N,) height above the middle, of a point ``distance`` to the side, as far as the rim of the ditch."""
        d = np.abs(distance)
        height = -_CROWN * np.minimum(d, self.half) - _FALL * np.clip(d - self.half, 0.0, SHOULDER)
        t = np.clip((d - self.half - SHOULDER) / DITCH, 0.0, 1.0)
        return height - _DITCH_DEEP * np.sin(np.pi * t) ** 2 + 0.06 * t

    def graded(self, xy: F64, natural: Heights) -> F64:
        """(N,) heights of the land with the road cut into it and banked up."""
        land = natural(xy)
        station, d = self.offsets(xy)
        rim = np.interp(station, np.arange(len(self.level)), self.level) + self.section(d)
        bank = 5.0 + 2.4 * np.abs(rim - land)  # no bank is steeper than about 1 : 1.6
        return rim + (land - rim) * step(0.0, 1.0, (np.abs(d) - self.reach) / bank)

    @cached_property
    def corridor(self) -> Any:
        """The shapely polygon between the outer rims of the ditches."""
        out = self.left * self.reach
        return shapely.Polygon(np.concatenate([self.centre + out, (self.centre - out)[::-1]]))

    def at(self, station: float, aside: float = 0.0) -> tuple[F64, float]:
        """Place (2,) and heading (radians counter-clockwise from +Y) at a station, ``aside`` metres to its left."""
        k = int(np.clip(round(station), 0, len(self.centre) - 1))
        left = self.left[k]
        return self.centre[k] + aside * left, float(np.arctan2(left[1], left[0]) - np.pi)


def lay(points: Sequence[tuple[float, float]] | F64, width: float, natural: Heights) -> Road:
    """The road of ``width`` metres along a smooth curve through ``points (K, 2)``.

    ValueError: fewer than two points, points that coincide, a bend that is too tight or a road that crosses itself.
    """
    p = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    gap = np.linalg.norm(np.diff(p, axis=0), axis=1) if len(p) > 1 else np.zeros(1)
    if len(p) < 2 or not gap.min() > 0.5:
        raise ValueError("a road needs two points or more, each at least half a metre from the next")
    curve = CubicSpline(np.concatenate([[0.0], np.cumsum(np.sqrt(gap))]), p)  # centripetal (Lee 1989)
    fine = curve(np.linspace(0.0, float(np.sqrt(gap).sum()), max(64, int(gap.sum() * 4))))
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1))])
    stations = np.linspace(0.0, run[-1], max(4, round(run[-1] / PITCH)) + 1)
    centre = np.stack([np.interp(stations, run, fine[:, k]) for k in range(2)], axis=1)
    tangent = np.gradient(centre, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    left = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    level = gaussian_filter1d(natural(centre), _PROFILE_SIGMA_M / PITCH, mode="nearest")
    road = Road(centre, left, level, width)
    bend = np.linalg.norm(np.diff(tangent, axis=0), axis=1) / np.diff(stations)
    tight = int(np.argmax(bend))
    if bend[tight] * (road.reach + 1.0) > 1.0 or not road.corridor.is_valid:
        x, y = centre[tight]
        raise ValueError(
            f"the road bends too tightly near ({x:.0f}, {y:.0f}) or crosses itself: "
            f"move its points apart, or make it narrower than {width:g} m"
        )
    return road


def winding(natural: Heights, length: float, seed: int) -> F64:
    """(K, 2) points of a road along +Y through the origin that avoids steep ground (Viterbi 1967, over cross lines)."""
    rng = np.random.default_rng(seed)
    y = np.linspace(-length / 2, length / 2, max(5, 2 * round(length / 90.0) + 1))
    x = np.linspace(-0.17 * length, 0.17 * length, 41)
    middle = len(y) // 2
    mesh = np.stack(np.meshgrid(x, y, indexing="xy"), axis=-1)
    z = natural(mesh.reshape(-1, 2)).reshape(len(y), len(x))
    wish = rng.normal(0.0, 0.09 * length, len(y))
    total, came = np.zeros(len(x)), np.zeros((len(y), len(x)), dtype=np.int64)
    blocked = np.where(np.abs(x) < 1e-9, 0.0, 1e9)
    for k in range(len(y)):
        own = ((x - wish[k]) / (0.3 * length)) ** 2 + (blocked if k == middle else 0.0)
        if k:
            run = np.hypot(x[:, None] - x[None], y[k] - y[k - 1])
            climb = (z[k - 1][:, None] - z[k][None]) / run
            aside = (x[:, None] - x[None]) / (y[k] - y[k - 1])
            cost = total[:, None] + 60.0 * climb**2 + 1.1 * aside**2 + 1e9 * (np.abs(aside) > 1.0)
            came[k] = cost.argmin(axis=0)
            total = cost.min(axis=0)
        total = total + own
    path = [int(total.argmin())]
    for k in range(len(y) - 1, 0, -1):
        path.append(int(came[k, path[-1]]))
    points = np.stack([x[path[::-1]], y], axis=1)
    points[1:-1, 0] = 0.25 * points[:-2, 0] + 0.5 * points[1:-1, 0] + 0.25 * points[2:, 0]
    points[:, 0] -= points[middle, 0]
    return points
