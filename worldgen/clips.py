"""What a character does: actions one after another, and the motion they make together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from worldgen.conventions import F64
from worldgen.gait import Build, Steps, planned, smooth, step_length
from worldgen.gait import posture as gait_posture
from worldgen.posture import Posture, blended, turn_z
from worldgen.stage import Ground

BLEND: Final = 0.45  # seconds from one action's bearing to the next one's


@dataclass(frozen=True)
class Stand:
    """Be at ``at`` (x, y) metres for ``seconds``; after another action, the character is there at once, as after a cut.

    facing: radians, counter-clockwise from +Y seen from above.
    """

    at: tuple[float, float]
    facing: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Walk:
    """Walk a smooth way through the points ``along`` (x, y) metres, at ``speed`` m/s, from standing to standing."""

    along: tuple[tuple[float, float], ...]
    speed: float = 1.3


@dataclass(frozen=True)
class Turn:
    """Turn on the spot, with small steps, to face ``facing`` radians or, if given, the point ``toward`` (x, y)."""

    facing: float = 0.0
    toward: tuple[float, float] | None = None


@dataclass(frozen=True)
class Idle:
    """Stand, breathe and shift weight for ``seconds`` (None: from then on)."""

    seconds: float | None = None


@dataclass(frozen=True)
class Wave:
    """Wave with the ``hand`` ("right" or "left") for ``seconds``."""

    seconds: float = 2.0
    hand: str = "right"


Action = Stand | Walk | Turn | Idle | Wave


@dataclass(frozen=True)
class Segment:
    """One action in time: posture(seconds since start) gives the posture and how much of it is walking (0–1).

    cut: whether it begins at once, without a passage from the action before.
    """

    start: float
    posture: Callable[[float], tuple[Posture, float]]
    cut: bool = False


@dataclass(frozen=True)
class Motion:
    """All actions of a character. ``at(t)`` is pure, for any time in any order.

    Before 0 the character is as at 0. After the last action it stands there, breathing. seconds: when that begins.
    """

    segments: tuple[Segment, ...]
    seconds: float
    phase: float

    def at(self, time: float) -> Posture:
        """The posture at ``time`` seconds."""
        t = max(float(time), 0.0)
        index = max(k for k, segment in enumerate(self.segments) if segment.start <= t or k == 0)
        now = self.segments[index]
        result, walking = now.posture(t - now.start)
        if index > 0 and not now.cut and t - now.start < BLEND:
            before = self.segments[index - 1]
            earlier, walked = before.posture(t - before.start)
            share = smooth((t - now.start) / BLEND)
            result = blended(earlier, result, share)
            walking = walked + (walking - walked) * share
        return _alive(result, t + self.phase, 1.0 - walking)


def _alive(posture: Posture, t: float, share: float) -> Posture:
    """Breath, a slow shift of weight and a wandering look, laid over ``posture`` by ``share``."""
    breath = np.sin(2 * np.pi * t / 3.9)
    weight = np.sin(2 * np.pi * t / 8.3) + 0.35 * np.sin(2 * np.pi * t / 5.1 + 1.0)
    look = np.sin(2 * np.pi * t / 9.7 + 0.7) * np.sin(2 * np.pi * t / 23.0 + 0.2)
    sideways = turn_z(posture.heading) @ np.array([0.012 * weight * share, 0.0, -0.0015 * abs(weight) * share])
    return replace(
        posture,
        pelvis=posture.pelvis + sideways,
        hips=posture.hips + share * np.array([0.0, -0.02 * weight, 0.012 * weight]),
        spine=posture.spine + share * np.array([-0.008 - 0.012 * breath, 0.022 * weight, -0.01 * weight]),
        head=posture.head + share * np.array([0.01 + 0.01 * breath, -0.006 * weight, 0.10 * look]),
        shoulders=posture.shoulders + share * 0.014 * breath,
        arms=posture.arms + share * np.array([0.0, 0.006, 0.0, 0.02, 0.0]) * breath,
    )


def smooth_way(points: Sequence[tuple[float, float]]) -> tuple[Callable[[float], tuple[F64, float]], float]:
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


def choreographed(actions: Sequence[Action], build: Build, ground: Ground | None = None, phase: float = 0.0) -> Motion:
    """The motion of ``actions``, one after another, for one body.

    ground: height in metres at (x, y); flat at 0 without it. phase: seconds by which breath and weight shift are
    moved, so that two people do not breathe as one. Raises ValueError for an action that cannot be done.
    """
    floor: Ground = ground if ground is not None else lambda x, y: 0.0
    place, heading, time = _origin(actions)
    segments: list[Segment] = []
    for action in actions or (Idle(),):
        match action:
            case Stand(at, facing, seconds):
                place, heading = _checked_point(at, "Stand"), _nearest_turn(heading, facing) if segments else facing
                stand = planned(build, _stay(place, heading), 0, 1.0, 0.0, floor)
                segments.append(Segment(time, partial(_standing, stand), cut=True))
                time += _checked_seconds(seconds, "Stand")
            case Walk():
                for steps in _walk(action, build, place, heading, floor, bool(segments)):
                    segments.append(Segment(time, partial(gait_posture, steps)))
                    time += steps.seconds
                    place, heading = steps.way(float(steps.count))
            case Turn(facing, toward):
                if toward is not None:
                    towards = np.subtract(_checked_point(toward, "Turn"), place)
                    facing = float(np.arctan2(-towards[0], towards[1]))
                steps = _turn(build, place, heading, _nearest_turn(heading, facing), floor)
                segments.append(Segment(time, partial(gait_posture, steps)))
                time += steps.seconds
                heading = steps.way(float(steps.count))[1]
            case Idle(seconds):
                stand = planned(build, _stay(place, heading), 0, 1.0, 0.0, floor)
                segments.append(Segment(time, partial(_standing, stand)))
                time += float("inf") if seconds is None else _checked_seconds(seconds, "Idle")
            case Wave(seconds, hand):
                if hand not in ("left", "right"):
                    raise ValueError(f"Wave: hand is {hand!r}; write 'left' or 'right'")
                stand = planned(build, _stay(place, heading), 0, 1.0, 0.0, floor)
                length = _checked_seconds(seconds, "Wave")
                segments.append(Segment(time, partial(_waving, stand, length, 0 if hand == "left" else 1)))
                time += length
            case _:
                raise ValueError(f"{action!r} is not an action: use Stand, Walk, Turn, Idle or Wave")
    return Motion(tuple(segments), time, phase)


def _origin(actions: Sequence[Action]) -> tuple[F64, float, float]:
    """Where and how the character is at time 0: as its first action that takes place somewhere says."""
    for action in actions:
        if isinstance(action, Stand):
            return _checked_point(action.at, "Stand"), action.facing, 0.0
        if isinstance(action, Walk):
            way, _ = smooth_way(_checked_way(action))
            return *way(0.0), 0.0
    return np.zeros(2), 0.0, 0.0


def _walk(action: Walk, build: Build, place: F64, heading: float, floor: Ground, moved: bool) -> list[Steps]:
    """The steps of a walk; before them a turn on the spot if the way starts sideways or behind."""
    points = _checked_way(action)
    if moved and np.linalg.norm(np.subtract(points[0], place)) > 0.15:
        points = [(float(place[0]), float(place[1])), *points]
    if not (np.isfinite(action.speed) and 0.1 <= action.speed <= 2.5):
        raise ValueError(f"Walk: speed is {action.speed} m/s; a walk goes at 0.1 to 2.5 m/s")
    way, length = smooth_way(points)
    first = way(0.0)[1]
    start = _nearest_turn(heading, first)
    result = []
    if abs(start - heading) > 0.35:
        result.append(_turn(build, place, heading, start, floor))
    count = max(round(length / step_length(action.speed, build.size)), 1)
    stride = length / count

    def progress(u: float) -> tuple[F64, float]:
        at, facing = way(u * stride)
        return at, facing + start - first

    result.append(planned(build, progress, count, stride / action.speed, stride, floor))
    return result


def _turn(build: Build, place: F64, heading: float, target: float, floor: Ground) -> Steps:
    """Steps on the spot, at most 50 degrees each."""
    count = max(int(np.ceil(abs(target - heading) / 0.87)), 1)

    def progress(u: float) -> tuple[F64, float]:
        return place, heading + (target - heading) * u / count

    turning_right = target < heading
    return planned(build, progress, count, 0.52, 0.12, floor, first_side=1 if turning_right else 0)


def _stay(place: F64, heading: float) -> Callable[[float], tuple[F64, float]]:
    return lambda _: (place, heading)


def _standing(steps: Steps, time: float) -> tuple[Posture, float]:
    return gait_posture(steps, 0.0)


def _waving(steps: Steps, seconds: float, hand: int, time: float) -> tuple[Posture, float]:
    """The arm goes up, waves from the elbow and comes down again."""
    still, walking = gait_posture(steps, 0.0)
    up = smooth(time / 0.7) * smooth((seconds - time) / 0.7)
    beat = np.sin(2 * np.pi * 1.6 * time)
    raised = np.array([0.25, 1.05, -1.45 + 0.10 * beat, 1.75 + 0.28 * beat, 0.15])
    arms, wrists, fingers, shoulders = (
        still.arms.copy(),
        still.wrists.copy(),
        still.fingers.copy(),
        still.shoulders.copy(),
    )
    arms[hand] += (raised - arms[hand]) * up
    wrists[hand] += (np.array([0.0, 0.18 * beat]) - wrists[hand]) * up
    fingers[hand] *= 1.0 - 0.8 * up
    shoulders[hand] += 0.16 * up
    side = 1.0 if hand == 0 else -1.0
    return replace(
        still,
        arms=arms,
        wrists=wrists,
        fingers=fingers,
        shoulders=shoulders,
        spine=still.spine + np.array([0.0, -side * 0.05, 0.0]) * up,
        head=still.head + np.array([-0.03, side * 0.05, side * 0.06]) * up,
    ), walking


def _nearest_turn(heading: float, facing: float) -> float:
    """``facing`` plus whole turns, so that the way there is the short one."""
    return heading + float((facing - heading + np.pi) % (2 * np.pi) - np.pi)


def _checked_point(at: Sequence[float], what: str) -> F64:
    point = np.asarray(at, dtype=np.float64)
    if point.shape != (2,) or not np.all(np.isfinite(point)):
        raise ValueError(f"{what}: {tuple(at)} is not a place: write x and y in metres")
    return point


def _checked_seconds(seconds: float, what: str) -> float:
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{what}: {seconds} is not a length of time in seconds")
    return float(seconds)


def _checked_way(action: Walk) -> list[tuple[float, float]]:
    points = [_checked_point(p, "Walk") for p in action.along]
    if len(points) < 2 or max(np.linalg.norm(p - points[0]) for p in points) < 0.1:
        raise ValueError("Walk: along needs at least two points, 0.1 m or more apart")
    return [(float(p[0]), float(p[1])) for p in points]
