"""What a dog does, one thing after another: going, sitting, lying, sniffing, and being alive meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from worldgen.actions import Idle, Stand, Turn
from worldgen.conventions import F64
from worldgen.gait import smooth
from worldgen.motion import Way
from worldgen.quadruped import Stance, blended
from worldgen.stage import Ground
from worldgen.trot import Frame, Trek, gait_for, planned, stance, stride_length

BLEND_S: Final = 0.5
SETTLE_S: Final = 1.1  # how long it takes to sit or lie down, and to get up


@dataclass(frozen=True)
class Go:
    """Go a smooth way through ``along`` (x, y) metres at ``speed`` m/s; the gait follows from the speed."""

    along: tuple[tuple[float, float], ...]
    speed: float = 1.1


@dataclass(frozen=True)
class Settle:
    """Be ``how`` ("sit", "lie" or "sniff") for ``seconds`` (None: from then on), getting down and up included."""

    how: str
    seconds: float | None = None


DogAction = Go | Settle | Stand | Turn | Idle


@dataclass(frozen=True)
class Segment:
    """One action in time: seconds since its start to the stance and how much of it is going."""

    start: float
    stance: Callable[[float], tuple[Stance, float]]
    cut: bool = False


def choreographed(actions: Sequence[DogAction], frame: Frame, ground: Ground) -> tuple[Segment, ...]:
    """The actions as segments, one after another. Raises ValueError for one that cannot be done."""
    place, heading, time = np.zeros(2), 0.0, 0.0
    for action in actions:
        if isinstance(action, Stand):
            place, heading = np.array(action.at, np.float64), action.facing
            break
        if isinstance(action, Go) and len(action.along) > 1:
            place = np.array(action.along[0], np.float64)
            step = np.subtract(action.along[1], action.along[0])
            heading = float(np.arctan2(-step[0], step[1]))
            break
    segments: list[Segment] = []
    for action in actions or (Idle(),):
        match action:
            case Stand(at, facing, seconds):
                place, heading = np.array(at, np.float64), facing
                segments.append(Segment(time, partial(stance, _stay(frame, place, heading, ground)), cut=True))
                time += _seconds(seconds)
            case Idle(seconds):
                segments.append(Segment(time, partial(stance, _stay(frame, place, heading, ground))))
                time += float("inf") if seconds is None else _seconds(seconds)
            case Settle(how, seconds):
                still = _stay(frame, place, heading, ground)
                length = float("inf") if seconds is None else max(_seconds(seconds), 2 * SETTLE_S)
                segments.append(Segment(time, partial(_settled, still, how, length)))
                time += length
            case Turn(facing, toward):
                if toward is not None:
                    facing = float(np.arctan2(-(toward[0] - place[0]), toward[1] - place[1]))
                by = float((facing - heading + np.pi) % (2 * np.pi) - np.pi)
                trek = _turning(frame, place, heading, by, ground)
                segments.append(Segment(time, partial(stance, trek)))
                heading, time = heading + by, time + trek.seconds
            case Go():
                trek = _going(frame, action, place, heading, bool(segments), ground)
                segments.append(Segment(time, partial(stance, trek)))
                time += trek.seconds
                place, heading = trek.body(trek.count)
            case _:
                raise ValueError(f"{action!r} is nothing that a dog does")
    segments.append(Segment(time, partial(stance, _stay(frame, place, heading, ground))))
    return tuple(segments)


def dog_at(segments: tuple[Segment, ...], offset: float, time: float) -> Stance:
    t = max(float(time), 0.0)
    index = max(k for k, segment in enumerate(segments) if segment.start <= t or k == 0)
    now = segments[index]
    result, going = now.stance(t - now.start)
    since = t - now.start
    if index > 0 and not now.cut and since < BLEND_S:
        before = segments[index - 1]
        earlier, went = before.stance(t - before.start)
        share = smooth(since / BLEND_S)
        result, going = blended(earlier, result, share), went + (going - went) * share
    return _alive(result, t + offset, 1.0 - going)


def _alive(now: Stance, t: float, share: float) -> Stance:
    """Breath, a wagging tail, a wandering look and flicking ears, laid over a stance."""
    keen = 0.5 + 0.5 * np.sin(2 * np.pi * t / 7.3) * np.sin(2 * np.pi * t / 17.0 + 1.0)
    wag = np.sin(2 * np.pi * 2.3 * t) * (0.12 + 0.5 * keen * share)
    look = np.sin(2 * np.pi * t / 6.7 + 0.7) * np.sin(2 * np.pi * t / 15.0 + 0.2)
    flick = max(0.0, np.sin(2 * np.pi * t / 4.1)) ** 24
    pant = 0.5 + 0.5 * np.sin(2 * np.pi * 2.6 * t)
    return replace(
        now,
        tail=now.tail + np.array([0.25 * keen * share, 0.05 * keen, wag]),
        neck=now.neck + share * np.array([0.02 * np.sin(2 * np.pi * t / 2.1), 0.0, 0.30 * look]),
        head=now.head + share * np.array([0.05 * look * look, 0.10 * np.sin(2 * np.pi * t / 11.0), 0.22 * look]),
        jaw=now.jaw + 0.10 * keen * pant,
        ears=now.ears + np.array([0.3 * flick, 0.12 * flick]),
        spine=now.spine + share * np.array([0.006 * np.sin(2 * np.pi * t / 2.1), 0.0, 0.04 * look]),
    )


def _stay(frame: Frame, place: F64, heading: float, ground: Ground) -> Trek:
    return planned(frame, gait_for(1.0, frame.size), lambda u: (place, heading), 0.0, 1.0, ground)


def _turning(frame: Frame, place: F64, heading: float, by: float, ground: Ground) -> Trek:
    count = max(float(np.ceil(abs(by) / 0.8)), 1.0)
    return planned(frame, gait_for(0.8, frame.size), lambda u: (place, heading + by * u / count), count, 0.85, ground)


def _going(frame: Frame, action: Go, place: F64, heading: float, moved: bool, ground: Ground) -> Trek:
    if not (np.isfinite(action.speed) and 0.1 <= action.speed <= 12):
        raise ValueError(f"a dog does not go at {action.speed} m/s: it walks at 1, trots at 2.5, runs at 6")
    points = [(float(x), float(y)) for x, y in action.along]
    if moved:
        ahead = place + 0.45 * frame.size * np.array([-np.sin(heading), np.cos(heading)])
        rest = [p for p in points if np.hypot(p[0] - place[0], p[1] - place[1]) > 0.3]
        turn = np.subtract(rest[0], place) if rest else np.zeros(2)
        away = turn @ np.array([-np.sin(heading), np.cos(heading)]) < 0.9 * np.hypot(*turn)
        points = [(float(place[0]), float(place[1])), *([(float(ahead[0]), float(ahead[1]))] if away else []), *rest]
    if len(points) < 2 or max(np.hypot(p[0] - points[0][0], p[1] - points[0][1]) for p in points) < 0.2:
        raise ValueError("a dog's way needs at least two points, 0.2 m or more apart")
    way = Way.through(np.array([(x, y, 0.0) for x, y in points]))
    length = stride_length(action.speed, frame)
    count = max(way.length / length, 0.5)
    stride = way.length / count

    def body(u: float) -> tuple[F64, float]:
        metres = u * stride
        ahead = way.direction(metres)
        return way.at(metres)[:2], float(np.arctan2(-ahead[0], ahead[1]))

    return planned(
        frame, gait_for(action.speed, frame.size), _unwrapped(body, count), count, stride / action.speed, ground
    )


def _unwrapped(body: Callable[[float], tuple[F64, float]], count: float) -> Callable[[float], tuple[F64, float]]:
    """The same with a heading that never jumps by a whole turn."""
    marks = np.linspace(0.0, count, max(int(count * 12), 16) + 1)
    headings = np.unwrap([body(float(u))[1] for u in marks])

    def smooth_body(u: float) -> tuple[F64, float]:
        return body(u)[0], float(np.interp(u, marks, headings))

    return smooth_body


def _settled(still: Trek, how: str, length: float, time: float) -> tuple[Stance, float]:
    """Down, staying, and up again."""
    down, up = time / SETTLE_S, (length - time) / SETTLE_S
    share = smooth(min(down, up, 1.0))
    stood, _ = stance(still, 0.0)
    size = still.frame.size
    at, heading = still.body(0.0)
    turned = np.array([[np.cos(heading), -np.sin(heading)], [np.sin(heading), np.cos(heading)]])

    def ours(x: float, y: float, z: float) -> F64:
        px, py = at + turned @ np.array([x, y]) * size
        return np.array([px, py, still.ground(float(px), float(py)) + z * size])

    if how == "sniff":
        sway = np.sin(2 * np.pi * time / 2.3)
        quick = np.sin(2 * np.pi * 3.4 * time)
        goal = replace(
            stood,
            pelvis=stood.pelvis + np.array([0, 0, -0.035 * size]),
            tilt=stood.tilt + np.array([-0.17, 0.0]),
            spine=np.array([-0.24, 0.0, 0.05 * sway]),
            neck=np.array([-1.62, 0.0, 0.22 * sway]),
            head=np.array([0.62 + 0.03 * quick, 0.0, 0.16 * sway]),
            tail=np.array([0.35, 0.12, 0.0]),
        )
        return blended(stood, goal, share), 0.8 * share
    if how == "sit":
        goal = replace(
            stood,
            pelvis=ours(0.0, -0.205, 0.150),
            tilt=np.array([0.74, 0.0]),
            spine=np.array([0.06, 0.0, 0.0]),
            neck=np.array([-0.30, 0.0, 0.0]),
            head=np.array([-0.40, 0.0, 0.0]),
            tail=np.array([0.55, 0.24, 0.0]),
            fold=np.array([1.28, 1.28, 0.0, 0.0]),
        )
        paws = [(-0.11, -0.055), (0.11, -0.055)]
    elif how == "lie":
        goal = replace(
            stood,
            pelvis=ours(0.0, -0.215, 0.160),
            tilt=np.array([0.09, 0.0]),
            spine=np.array([-0.02, 0.0, 0.0]),
            neck=np.array([0.16, 0.0, 0.0]),
            head=np.array([-0.16, 0.0, 0.0]),
            tail=np.array([0.05, 0.06, 0.0]),
            fold=np.array([1.35, 1.35, -1.42, -1.42]),
        )
        paws = [(-0.12, -0.055), (0.12, -0.055), (-0.075, 0.33), (0.075, 0.33)]
    else:
        raise ValueError(f"a dog does not {how!r}: it can sit, lie or sniff")
    result = blended(stood, goal, share)
    feet = stood.paws.copy()
    for k, (x, y) in enumerate(paws):  # one after the other is set down where it belongs
        own = smooth(min(max(share * 1.6 - (0.3 if k % 2 else 0.0), 0.0), 1.0))
        feet[k] = stood.paws[k] + (ours(x, y, 0.0) - stood.paws[k]) * own
        feet[k, 2] += 0.03 * size * np.sin(np.pi * own)
    return replace(result, paws=feet), 0.0


def _seconds(seconds: float) -> float:
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{seconds} is not a length of time in seconds")
    return float(seconds)
