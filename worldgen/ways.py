"""Smooth ways over the ground."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import CubicSpline

from worldgen.conventions import F64
from worldgen.footing import Way


def smooth_way(points: Sequence[tuple[float, float]]) -> tuple[Way, float]:
    """A curve through ``points``: metres along it to place (2,) and heading, and its length in metres.

    Catmull-Rom with centripetal knots (Yuksel et al. 2011: no loops, no cusps), arc length by a fine table.
    """
    p = np.array(points, dtype=np.float64)
    p = p[np.concatenate([[True], np.linalg.norm(np.diff(p, axis=0), axis=1) > 1e-6])]
    ends = np.concatenate([[2 * p[0] - p[1]], p, [2 * p[-1] - p[-2]]])
    knots = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(ends, axis=0), axis=1) ** 0.5)])
    pieces = []
    for k in range(1, len(ends) - 2):
        t = np.linspace(knots[k], knots[k + 1], 65)[:, None]
        a = [_lerp(ends[k - 1 + m], ends[k + m], knots[k - 1 + m], knots[k + m], t) for m in range(3)]
        b = [_lerp(a[m], a[m + 1], knots[k - 1 + m], knots[k + 1 + m], t) for m in range(2)]
        pieces.append(_lerp(b[0], b[1], knots[k], knots[k + 1], t)[(1 if k > 1 else 0) :])
    curve = np.concatenate(pieces)
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    length = float(arc[-1])
    even = np.linspace(0.0, length, max(int(length / 0.02), 8) + 1)
    places = np.stack([np.interp(even, arc, curve[:, k]) for k in range(2)], axis=1)
    gone = np.gradient(places, axis=0)
    heading = np.unwrap(np.arctan2(-gone[:, 0], gone[:, 1]))
    window = min(15, len(heading) // 2) | 1  # about 0.3 m: a body does not turn on a point
    padded = np.pad(heading, window // 2, mode="edge")
    heading = np.convolve(padded, np.ones(window) / window, mode="valid")

    def way(metres: float) -> tuple[F64, float]:
        place = np.array([np.interp(metres, even, places[:, k]) for k in range(2)])
        return place, float(np.interp(metres, even, heading))

    return way, length


def _lerp(a: F64, b: F64, ta: float, tb: float, t: F64) -> F64:
    """Straight from ``a`` at ``ta`` to ``b`` at ``tb``."""
    return ((tb - t) * a + (t - ta) * b) / (tb - ta)


def timed_way(track: Sequence[tuple[float, float, float]]) -> tuple[Way, F64, F64]:
    """A smooth way through ``track`` (seconds, x, y): metres along it to place and heading; and two tables (N,) of
    seconds since its start and the metres gone by then.
    """
    rows = np.array(track, dtype=np.float64)
    seconds = np.linspace(rows[0, 0], rows[-1, 0], max(int((rows[-1, 0] - rows[0, 0]) / 0.04), 8) + 1)
    places = CubicSpline(rows[:, 0], rows[:, 1:], bc_type="natural")(seconds)
    kernel = np.hanning(15)[1:-1] / np.hanning(15).sum()  # half a second: a body does not turn on a point
    padded = np.pad(places, ((6, 6), (0, 0)), mode="edge")
    places = np.stack([np.convolve(padded[:, k], kernel, mode="valid") for k in range(2)], axis=1)
    gone = np.gradient(places, axis=0)
    heading = np.unwrap(np.arctan2(-gone[:, 0], gone[:, 1]))
    padded = np.pad(heading, 6, mode="edge")
    heading = np.convolve(padded, kernel, mode="valid")
    metres = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=1))])

    def way(s: float) -> tuple[F64, float]:
        return np.array([np.interp(s, metres, places[:, k]) for k in range(2)]), float(np.interp(s, metres, heading))

    return way, seconds - seconds[0], metres
