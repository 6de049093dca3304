"""Dancing on the spot: a few moves of eight beats each, in an order drawn by a seed, all on the beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from worldgen.conventions import F64, seed_from
from worldgen.footing import Build
from worldgen.gait import smooth
from worldgen.posture import Posture, turn_z

_MOVES = 5


def dancing(stand: Posture, build: Build, seconds: float, bpm: float, seed: int) -> Callable[[float], Posture]:
    """Seconds to a dancing posture; it begins and ends in ``stand``."""
    rng = np.random.default_rng(seed_from("dance", seed))
    beats = max(int(np.ceil(seconds * bpm / 60.0 / 8.0)) + 1, 2)
    order = [int(rng.integers(0, _MOVES))]
    while len(order) < beats:
        order.append(int((order[-1] + rng.integers(1, _MOVES)) % _MOVES))
    side = float(rng.choice((-1.0, 1.0)))
    flair = rng.uniform(0.8, 1.2, 4)

    def at(time: float) -> Posture:
        beat = time * bpm / 60.0
        share = smooth(time / 1.0) * smooth((seconds - time) / 1.0)
        bar = min(int(beat // 8), len(order) - 1)
        within = beat - 8 * bar
        now = _move(order[bar], beat, side)
        if bar > 0 and within < 1.0:
            before = _move(order[bar - 1], beat, side)
            now = before + (now - before) * smooth(within)
        return _danced(stand, build, now * _scales(flair), share, beat)

    return at


def _scales(flair: F64) -> F64:
    return np.concatenate([np.full(3, flair[0]), np.full(4, flair[1]), np.ones(2), np.full(10, 1.0), np.ones(2)])


def _move(which: int, beat: float, side: float) -> F64:
    """(21,) sway, bounce, dip; hips list and twist, spine list and twist; heels; arms (2, 5); head nod and list."""
    two, four = np.pi * beat, np.pi * beat / 2
    hop = 0.5 - 0.5 * np.cos(2 * two)  # down on every beat
    left, right = max(np.sin(two), 0.0), max(-np.sin(two), 0.0)
    s = np.sin(two) * side
    base = np.array([0.055 * s, 0.030 * hop, 0.02, 0.10 * s, 0.10 * s, -0.08 * s, -0.14 * s])
    heels = np.array([0.40 * right, 0.40 * left] if side > 0 else [0.40 * left, 0.40 * right])
    low = np.array([0.30, 0.22, 0.40, 1.45, 0.0])
    if which == 0:  # a groove, fists going by turns
        pump = np.array([0.25, 0.0, 0.0, 0.35, 0.0])
        arms = np.stack([low + pump * np.sin(two), low - pump * np.sin(two)])
    elif which == 1:  # arms up, swaying
        up = np.array([2.35, 0.35, 0.2, 0.75, 0.0])
        lean = s * np.array([0.1, 0.25, 0.0, 0.2, 0.0])
        arms = np.stack([up + lean, up - lean])
        base[3:7] *= 1.25
    elif which == 2:  # a twist, elbows out
        base += np.array([0.0, 0.0, 0.05, 0.0, 0.32 * np.sin(two), 0.0, -0.62 * np.sin(two)])
        out = np.array([0.35, 0.55, 0.55, 1.60, 0.2])
        arms = np.stack([out, out])
    elif which == 3:  # one arm high, then the other
        high, hip = np.array([2.55, 0.30, 0.1, 0.35, 0.0]), np.array([0.05, 0.45, 0.9, 1.35, 0.3])
        turn = smooth(0.5 + 1.2 * np.sin(four))
        arms = np.stack([hip + (high - hip) * turn, high + (hip - high) * turn])
        base[5] += 0.14 * (2 * turn - 1)
    else:  # rolling the forearms
        roll = np.array([0.18, 0.0, 0.0, 0.30, 0.0])
        front = np.array([0.65, 0.22, 0.75, 1.70, 0.0])
        arms = np.stack([front + roll * np.sin(2 * two), front + roll * np.sin(2 * two + np.pi)])
    nod = 0.10 * np.sin(2 * two - 0.6)
    return np.concatenate([base, heels, arms.ravel(), [nod, 0.06 * s]])


def _danced(stand: Posture, build: Build, m: F64, share: float, beat: float) -> Posture:
    size = build.size
    shift = turn_z(stand.heading) @ np.array([m[0], 0.035, -(m[1] + m[2]) - 0.010]) * size * share
    return replace(
        stand,
        pelvis=stand.pelvis + shift,
        hips=stand.hips + np.array([0.10, m[3], m[4]]) * share,
        spine=stand.spine + np.array([0.08, m[5], m[6]]) * share,
        head=stand.head + np.array([m[19], m[20], -0.4 * m[6]]) * share,
        foot_pitch=stand.foot_pitch + m[7:9] * share,
        arms=stand.arms + (m[9:19].reshape(2, 5) - stand.arms) * share,
        wrists=stand.wrists * (1 - share),
        fingers=stand.fingers + (0.6 - stand.fingers) * share,
    )
