"""Camera rigs as pure functions of arrays: where a body is, where an aim looks, how a hand shakes.

``s (N,)`` is the eased way through the move, 0–1; positions are ``(N, 3)`` world metres; rotations are
``(N, 3, 3)`` world from camera with the camera's right, down and forward as columns; angles are radians. Bearings
count clockwise from +Y (north) seen from above, as on a compass.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter
from scipy.spatial.transform import Rotation

from worldgen.conventions import F64, UP, Bool, unit

HAND_HZ: Final = np.geomspace(0.23, 3.7, 9)
"""The band in which a hand moves."""
HAND_TURN: Final = np.radians([0.55, 0.7, 0.35])
"""Root mean square about the camera's right (tilt), down (pan) and forward (roll) at amount 1."""
HAND_SHIFT: Final = np.array([0.018, 0.014, 0.010])
"""Root mean square along the camera's right, down and forward at amount 1, metres."""


def line(start: npt.ArrayLike, end: npt.ArrayLike, s: F64) -> F64:
    """A straight move."""
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    return a + (b - a) * s[:, None]


def crane(start: npt.ArrayLike, end: npt.ArrayLike, arc: float, s: F64) -> F64:
    """A move along a circle's arc in the upright plane through both ends, ``arc`` x their distance above the chord.

    A purely vertical move has no such plane and is straight, as is ``arc`` 0.
    """
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    chord = float(np.linalg.norm(b - a))
    along = unit(b - a)
    rise = UP - along * (along @ UP)
    if abs(arc) < 1e-9 or float(np.linalg.norm(rise)) < 1e-6 or chord == 0:
        return line(a, b, s)
    half = 2 * np.arctan(2 * abs(arc))  # half the arc's angle, from sagitta and chord
    radius = chord / 2 / np.sin(half)
    angle = (2 * s - 1) * half
    across = chord / 2 + radius * np.sin(angle)
    above = np.copysign(radius, arc) * (np.cos(angle) - np.cos(half))
    path = a + across[:, None] * along + above[:, None] * unit(rise)
    path[s == 0], path[s == 1] = a, b
    return np.asarray(path, dtype=np.float64)


def orbit(centre: F64, radius: float, height: float, bearing: F64) -> F64:
    """On a level circle ``height`` above ``centre (N, 3)``, at ``bearing (N,)`` from it."""
    offset = np.stack([radius * np.sin(bearing), radius * np.cos(bearing), np.full(len(bearing), height)], axis=1)
    return np.asarray(centre + offset, dtype=np.float64)


def follow(target: F64, heading: F64, behind: float, side: float, height: float) -> F64:
    """Beside ``target (N, 3)``, which goes along ``heading (N, 2)`` (unit, level)."""
    right = np.stack([heading[:, 1], -heading[:, 0]], axis=1)
    flat = target[:, :2] - behind * heading + side * right
    return np.concatenate([flat, target[:, 2:] + height], axis=1)


def headings(velocity: F64, otherwise: float) -> F64:
    """Level unit directions ``(N, 2)`` of ``velocity (N, 2)``, metres a second.

    Who stands still faces where they last went, or where they will go, or the bearing ``otherwise``.
    """
    fallback = np.array([np.sin(otherwise), np.cos(otherwise)])
    moves: Bool = np.linalg.norm(velocity, axis=1) > 0.15
    if not moves.any():
        return np.repeat(fallback[None], len(velocity), axis=0)
    last = np.maximum.accumulate(np.where(moves, np.arange(len(moves)), -1))
    return unit(velocity[np.where(last < 0, np.argmax(moves), last)])


def damped(values: F64, damping: float, fps: float) -> F64:
    """``values (N, D)`` as a critically damped spring follows them, ``damping`` seconds late, at rest at the start.

    Two exponential smoothers in series are such a spring, exactly, for values that hold through each frame.
    """
    if damping <= 0 or len(values) < 2:
        return values
    keep = np.exp(-2.0 / (damping * fps))
    result = values - values[0]
    for _ in range(2):
        result = lfilter([1.0 - keep], [1.0, -keep], result, axis=0)
    return np.asarray(result + values[0], dtype=np.float64)


def looking(positions: F64, targets: F64) -> F64:
    """Rotations that look from ``positions`` at ``targets``, upright; straight up or down, the top points to +Y.

    The same as :func:`worldgen.conventions.look_at`, for many at once.
    """
    forward = unit(targets - positions)
    right = np.cross(forward, UP)
    steep = np.linalg.norm(right, axis=1) < 1e-6
    right[steep] = np.cross(forward[steep], [0.0, 1.0, 0.0])
    right = unit(right)
    return np.stack([right, np.cross(forward, right), forward], axis=2)


def pan_tilt(pan: F64, tilt: F64) -> F64:
    """Rotations that look to bearing ``pan (N,)``, ``tilt (N,)`` above the horizon."""
    zero = np.zeros_like(pan)
    forward = np.stack([np.sin(pan) * np.cos(tilt), np.cos(pan) * np.cos(tilt), np.sin(tilt)], axis=1)
    right = np.stack([np.cos(pan), -np.sin(pan), zero], axis=1)
    return np.stack([right, np.cross(forward, right), forward], axis=2)


def rolled(rotations: F64, roll: float) -> F64:
    """``rotations`` with the camera turned clockwise about where it looks."""
    return rotations @ Rotation.from_rotvec([0.0, 0.0, roll]).as_matrix() if roll else rotations


def handheld(seconds: F64, amount: float, seed: int) -> tuple[F64, F64]:
    """Rotations ``(N, 3, 3)`` and shifts ``(N, 3)`` in the camera's axes: smooth noise from 0.2 to 4 Hz.

    Sines of random phase whose strength falls with frequency, so that any moment can be asked for, and the same
    moment always gives the same. ``amount`` 0 gives exact identities and zeros.
    """
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, (6, len(HAND_HZ)))
    hz = HAND_HZ * rng.uniform(0.9, 1.1, (6, len(HAND_HZ)))
    strength = hz**-0.9
    strength *= np.sqrt(2.0 / (strength**2).sum(axis=1, keepdims=True))  # root mean square 1
    waves = np.stack(
        [np.sin(2 * np.pi * seconds[:, None] * f + p) @ a for f, p, a in zip(hz, phase, strength, strict=True)]
    )
    noise = amount * waves.T  # (N, 6)
    turn = np.asarray(Rotation.from_rotvec(noise[:, :3] * HAND_TURN).as_matrix(), dtype=np.float64)
    return turn, noise[:, 3:] * HAND_SHIFT
