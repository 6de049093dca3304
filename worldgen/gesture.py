"""Gestures of the arms, laid over whatever the rest of the body does: waving, pointing, talking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from worldgen.actions import Target
from worldgen.conventions import F64, seed_from, unit
from worldgen.footing import Build
from worldgen.gait import smooth
from worldgen.gaze import located
from worldgen.posture import SIDES, Posture, palm_frame, solved, turn_z
from worldgen.stage import Where


@dataclass(frozen=True)
class Layer:
    """Something laid over a motion from ``start`` to ``stop`` seconds.

    laid(posture, seconds since start, aware): the posture with it; not aware, it may look nothing up (see ``gaze``).
    """

    start: float
    stop: float
    laid: Callable[[Posture, float, bool], Posture]


def armed(posture: Posture, k: int, arm: F64, share: float, wrist: F64, fingers: float, raised: float = 0.0) -> Posture:
    """``posture`` with arm ``k`` taken to angles ``arm (5,)`` by ``share``, off whatever it reached for."""
    arms, wrists, curl = posture.arms.copy(), posture.wrists.copy(), posture.fingers.copy()
    reach, shoulders = posture.reach.copy(), posture.shoulders.copy()
    arms[k] += (arm - arms[k]) * share
    wrists[k] += (wrist - wrists[k]) * share
    curl[k] += (fingers - curl[k]) * share
    reach[k] *= 1.0 - share
    shoulders[k] += raised * share
    return replace(posture, arms=arms, wrists=wrists, fingers=curl, reach=reach, shoulders=shoulders)


def wave(seconds: float, k: int) -> Callable[[Posture, float, bool], Posture]:
    """The arm goes up, waves from the elbow and comes down again."""
    side = 1.0 if k == 0 else -1.0

    def laid(posture: Posture, time: float, aware: bool) -> Posture:
        rise = min(0.7, 0.45 * seconds)
        up = smooth(time / rise) * smooth((seconds - time) / rise)
        beat = np.sin(2 * np.pi * 1.6 * time)
        arm = np.array([0.25, 1.05, -1.45 + 0.10 * beat, 1.75 + 0.28 * beat, 0.15])
        result = armed(posture, k, arm, up, np.array([0.0, 0.18 * beat]), 0.06, 0.16)
        return replace(
            result,
            spine=result.spine + np.array([0.0, -side * 0.05, 0.0]) * up,
            head=result.head + np.array([-0.03, side * 0.05, side * 0.06]) * up,
        )

    return laid


def point(
    build: Build, target: Target, where: Where, start: float, seconds: float, hands: tuple[int, ...]
) -> Callable[[Posture, float, bool], Posture]:
    """The arm goes up along the line from the eyes to the target, the index finger straight.

    hands: those that may; the one on the target's side does it.
    """
    size, rig = build.size, build.rig
    frame = palm_frame(rig, "r", size)[1]
    shoulder, elbow = rig.heads[rig.row("upperarm_r")], rig.heads[rig.row("lowerarm_r")]
    length = 0.985 * float(np.linalg.norm(elbow - shoulder) + np.linalg.norm(frame - elbow))

    def side(at: F64, posture: Posture) -> float:
        return float((turn_z(-posture.heading) @ (at - posture.pelvis))[0])

    def laid(posture: Posture, time: float, aware: bool) -> Posture:
        if not aware:
            return posture
        rise = min(0.75, 0.4 * seconds)
        up = smooth(time / rise) * smooth((seconds - time) / rise)
        lateral = side(located(target, where, start), posture)
        k = hands[0] if len(hands) == 1 else int(lateral > 0)
        at = located(target, where, start + time)
        joints = solved(rig, posture, size)
        start_of = joints.position[rig.row(f"upperarm_{SIDES[k]}")]
        way = turn_z(-posture.heading) @ (at - start_of)
        yaw = float(np.arctan2(-way[0], way[1]))
        inner, outer = 0.75, 1.75  # as far as a shoulder lets it
        yaw = float(np.clip(yaw, -inner if k == 0 else -outer, outer if k == 0 else inner))
        pitch = float(np.clip(np.arctan2(way[2], np.hypot(way[0], way[1])), -1.0, 1.2))
        aim = turn_z(posture.heading) @ [-np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), np.sin(pitch)]
        twist = 0.22 * yaw * up
        hand, reach, index = posture.hands.copy(), posture.reach.copy(), posture.index.copy()
        # The hand rises in an arc before the body: from where it hangs, out and up.
        hanging = turn_z(posture.heading) @ np.array([0.25 if k else -0.25, 0.25, -0.9])
        arc = start_of + unit(hanging + (aim - hanging) * up) * length * (0.86 + 0.14 * up)
        rests = float(reach[k])  # on a thigh, when seated
        hand[k] = arc + (hand[k] - arc) * rests * (1 - smooth(up / 0.6))
        reach[k] = max(smooth(up / 0.5), rests)
        index[k] = up
        fingers, wrists, shoulders = posture.fingers.copy(), posture.wrists.copy(), posture.shoulders.copy()
        fingers[k] += (1.25 - fingers[k]) * up
        wrists[k] *= 1 - up
        shoulders[k] += 0.10 * up
        return replace(
            posture,
            hands=hand,
            reach=reach,
            index=index,
            fingers=fingers,
            wrists=wrists,
            shoulders=shoulders,
            spine=posture.spine + np.array([0.02 * up, 0.0, twist]),
            head=posture.head + np.array([0.0, 0.0, 0.4 * yaw * up]),
        )

    return laid


# Arm angles (flexion, abduction, inward, elbow, forearm inward), wrist flexion and curl of gestures.
_OPEN: Final = ((0.34, 0.20, 0.15, 1.30, -0.95), 0.10, 0.25)
_BEAT: Final = ((0.42, 0.16, 0.45, 1.45, -0.25), -0.05, 0.50)
_OUT: Final = ((0.50, 0.42, -0.25, 1.15, -1.05), 0.15, 0.12)
_IN: Final = ((0.40, 0.12, 0.85, 1.75, 0.10), 0.00, 0.55)
_LOW: Final = ((0.18, 0.16, 0.25, 0.75, -0.30), 0.00, 0.40)


def talk(seconds: float, seed: int, hands: tuple[int, ...]) -> Callable[[Posture, float, bool], Posture]:
    """Gestures of the free ``hands`` on the stressed words, with rests between, and nods.

    A gesture prepares, strokes, holds and relaxes (Kendon 2004); strokes come about every two seconds.
    """
    rng = np.random.default_rng(seed_from("talk", seed))
    keys: dict[int, tuple[F64, F64]] = {}
    lead = int(rng.integers(0, 2))
    times, shapes = [0.0], [(0.0, None)]
    while times[-1] < seconds - 1.2:
        rest = rng.uniform() < 0.28 and len(times) > 1
        times.append(times[-1] + float(rng.uniform(0.45, 0.75)))
        both = bool(rng.uniform() < 0.4)
        shapes.append((0.0, None) if rest else (1.0, (int(rng.integers(0, 5)), both)))  # type: ignore[arg-type]
        times.append(times[-1] + float(rng.uniform(0.25, 0.9)))
        shapes.append(shapes[-1])
    kinds = (_OPEN, _BEAT, _OUT, _IN, _LOW)
    for k in hands:
        rows = []
        for _, (share, what) in zip(times, shapes, strict=True):
            mine = what is not None and (what[1] or k == lead or len(hands) == 1)
            arm, bent, curl = kinds[what[0]] if what is not None and mine else _LOW
            rows.append([share if mine else 0.0, *arm, bent, curl])
        keys[k] = np.array(times), np.array(rows)
    nods = np.sort(rng.uniform(0.3, max(seconds - 0.5, 0.4), max(int(seconds / 1.1), 1)))
    deep = rng.uniform(0.03, 0.10, len(nods))
    turns = rng.uniform(-0.07, 0.07, len(nods))

    def laid(posture: Posture, time: float, aware: bool) -> Posture:
        ease = smooth(time / 0.6) * smooth((seconds - time) / 0.9)
        result = posture
        for k, (at, rows) in keys.items():
            row = _between(at, rows, time)
            stroke = 0.09 * np.sin(2 * np.pi * 1.9 * time + k) * row[0]
            arm = row[1:6] + np.array([0.3 * stroke, 0.0, 0.0, stroke, 0.0])
            result = armed(result, k, arm, float(row[0]) * ease, np.array([row[6] + 0.6 * stroke, -0.1]), float(row[7]))
        bumps = np.exp(-(((time - nods) / 0.16) ** 2))
        sway = np.exp(-(((time - nods) / 0.5) ** 2))
        nod, turn = float((deep * bumps).sum()), float((turns * sway).sum())
        return replace(
            result,
            head=result.head + np.array([nod, 0.5 * turn, turn]) * ease,
            spine=result.spine + np.array([0.02 + 0.25 * nod, 0.0, 0.4 * turn]) * ease,
        )

    return laid


def _between(at: F64, rows: F64, time: float) -> F64:
    """Rows mixed smoothly between the two keys around ``time``."""
    k = int(np.clip(np.searchsorted(at, time, side="right") - 1, 0, len(at) - 1))
    if k == len(at) - 1:
        return np.asarray(rows[k])
    return np.asarray(rows[k] + (rows[k + 1] - rows[k]) * smooth((time - at[k]) / (at[k + 1] - at[k])))
