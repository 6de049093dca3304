"""Paths through keys: smooth positions, eased times, lenses that never overshoot, rotations by slerp."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator
from scipy.spatial.transform import Rotation

from worldgen.camera import Camera, CameraTrack
from worldgen.conventions import F64
from worldgen.easing import eased


def spline(times: npt.ArrayLike, points: npt.ArrayLike, at: npt.ArrayLike) -> F64:
    """Positions ``(N, D)`` at times ``at (N,)`` on a smooth curve through ``points (K, D)`` at ``times (K,)``.

    A cubic Hermite spline with the tangents of a parabola through each key and its neighbours (Bessel tangents, the
    uneven-time form of Catmull & Rom 1974). Two equal neighbours are a hold: the path stands still between them.
    Before the first and after the last key it stays there.
    """
    t, p = np.asarray(times, dtype=np.float64), np.asarray(points, dtype=np.float64)
    x = np.clip(np.asarray(at, dtype=np.float64), t[0], t[-1])
    if len(t) == 1:
        return np.repeat(p, len(x), axis=0)
    step = np.diff(t)[:, None]
    slope = np.diff(p, axis=0) / step
    if len(t) == 2:
        tangents = np.repeat(slope, 2, axis=0)
    else:
        inner = (step[1:] * slope[:-1] + step[:-1] * slope[1:]) / (step[:-1] + step[1:])
        tangents = np.concatenate([[(3 * slope[0] - inner[0]) / 2], inner, [(3 * slope[-1] - inner[-1]) / 2]])
    still = ~np.any(slope, axis=1)
    tangents[:-1][still] = 0.0
    tangents[1:][still] = 0.0
    return np.asarray(CubicHermiteSpline(t, p, tangents)(x), dtype=np.float64)


def smooth_values(times: npt.ArrayLike, values: npt.ArrayLike, at: npt.ArrayLike) -> F64:
    """Values ``(N,)`` at times ``at``, monotone between keys (PCHIP, Fritsch & Carlson 1980): for focal lengths."""
    t, v = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    x = np.clip(np.asarray(at, dtype=np.float64), t[0], t[-1])
    if len(t) == 1:
        return np.full(len(x), v[0])
    return np.asarray(PchipInterpolator(t, v)(x), dtype=np.float64)


def warped(times: npt.ArrayLike, eases: Sequence[str], at: npt.ArrayLike) -> F64:
    """Times ``at (N,)`` with each stretch between keys eased by the easing of the key where it ends."""
    t = np.asarray(times, dtype=np.float64)
    x = np.clip(np.asarray(at, dtype=np.float64), t[0], t[-1])
    result = x.copy()
    for k in range(1, len(t)):
        if eases[k] != "linear":
            inside = (x >= t[k - 1]) & (x <= t[k])
            result[inside] = t[k - 1] + eased(eases[k], (x[inside] - t[k - 1]) / (t[k] - t[k - 1])) * (t[k] - t[k - 1])
    return result


def slerp(a: F64, b: F64, s: npt.ArrayLike) -> F64:
    """Rotations ``(N, 3, 3)`` from ``a`` to ``b`` (both ``(N, 3, 3)``), ``s (N,)`` of the way, the short way round."""
    start = Rotation.from_matrix(a)
    turn = (start.inv() * Rotation.from_matrix(b)).as_rotvec()
    return np.asarray((start * Rotation.from_rotvec(turn * np.asarray(s)[:, None])).as_matrix(), dtype=np.float64)


def camera_between(track: CameraTrack, at: float) -> Camera:
    """The camera at a moment between frames (from 0); before the first and after the last frame it moves on as it did.

    A track of one frame stands still.
    """
    last = len(track) - 1
    if last == 0:
        return track[0]
    start = min(max(int(np.floor(at)), 0), last - 1)
    share, (a, b) = at - start, track.world_from_camera[start : start + 2]
    pose = a + share * (b - a)
    pose[:3, :3] = slerp(a[None, :3, :3], b[None, :3, :3], [share])[0]
    K = track.K[start] + share * (track.K[start + 1] - track.K[start])
    return Camera(pose, K, track.width, track.height, track.near, track.far)
