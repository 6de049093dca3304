"""What a bird does, one thing after another: standing, pecking, hopping, flying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Final

import numpy as np

from worldgen.actions import Idle, Stand
from worldgen.conventions import F64, unit
from worldgen.gait import smooth
from worldgen.motion import Way, gone
from worldgen.posture import turn_z
from worldgen.stage import Ground

BLEND_S: Final = 0.22
RAMP_S: Final = 0.9
GRAVITY: Final = 9.81


@dataclass(frozen=True)
class Fly:
    """Fly a smooth way through ``along`` (x, y, z) metres at ``speed`` m/s, from standing to standing."""

    along: tuple[tuple[float, float, float], ...]
    speed: float = 8.0


@dataclass(frozen=True)
class Hop:
    """Hop a smooth way through ``along`` (x, y) metres at ``speed`` m/s."""

    along: tuple[tuple[float, float], ...]
    speed: float = 0.6


@dataclass(frozen=True)
class Peck:
    """Peck at the ground for ``seconds``."""

    seconds: float = 3.0


BirdAction = Fly | Hop | Peck | Stand | Idle


@dataclass(frozen=True)
class Perch:
    """One moment. place: (3,) metres below the middle of the trunk, where feet would stand. feet: (2, 3), right, left.

    heading, pitch, roll, neck (nose up), head (nose up, right side down, left), spread 0–1, raised, sweep of the wings,
    fan of the tail 0–1, tail up, tucked 0–1 of the legs: radians where not said. All are plain numbers that mix.
    """

    place: F64
    feet: F64
    heading: float = 0.0
    pitch: float = 0.12
    roll: float = 0.0
    neck: float = 0.0
    head: F64 | None = None
    spread: float = 0.0
    raised: float = 0.0
    sweep: float = 0.0
    fan: float = 0.0
    tail: float = 0.0
    tucked: float = 0.0


def _mixed(a: Perch, b: Perch, share: float) -> Perch:
    values: dict[str, Any] = {}
    for field in fields(Perch):
        start, stop = getattr(a, field.name), getattr(b, field.name)
        start, stop = (np.zeros(3) if v is None else v for v in (start, stop))
        values[field.name] = start + (stop - start) * share
    return Perch(**values)


@dataclass(frozen=True)
class Segment:
    """One action in time."""

    start: float
    at: Callable[[float], Perch]
    cut: bool = False


def choreographed(
    actions: Sequence[BirdAction], scale: float, beats: float, ground: Ground, phase: float
) -> tuple[Segment, ...]:
    """The actions as segments. Raises ValueError for one that cannot be done."""
    place, heading, time = np.zeros(3), 0.0, 0.0

    def on(x: float, y: float) -> F64:
        height = ground(x, y)
        return np.array([x, y, height if np.isfinite(height) else 0.0])

    place = on(0.0, 0.0)
    for action in actions:
        if isinstance(action, Stand):
            place, heading = on(*action.at), action.facing
            break
        if isinstance(action, Fly | Hop) and len(action.along) > 1:
            place = np.array(action.along[0], np.float64) if isinstance(action, Fly) else on(*action.along[0])
            step = np.subtract(action.along[1], action.along[0])
            heading = float(np.arctan2(-step[0], step[1]))
            break
    segments: list[Segment] = []
    for action in actions or (Idle(),):
        match action:
            case Stand(at, facing, seconds):
                place, heading = on(*at), facing
                segments.append(Segment(time, partial(_perched, place, heading, scale), cut=True))
                time += seconds
            case Idle(seconds):
                segments.append(Segment(time, partial(_perched, place, heading, scale)))
                time += float("inf") if seconds is None else seconds
            case Peck(seconds):
                segments.append(Segment(time, partial(_pecking, place, heading, scale, seconds, phase)))
                time += seconds
            case Hop(along, speed):
                points = [on(x, y) for x, y in along]
                way = _way(([place] if segments else []) + points, "hop")
                segments.append(Segment(time, partial(_hopping, way, speed, scale, ground)))
                time += way.length / speed + 0.15
                ahead = way.direction(way.length, 0.05)
                place, heading = on(*way.at(way.length)[:2]), float(np.arctan2(-ahead[0], ahead[1]))
            case Fly(along, speed):
                if not 1.0 <= speed <= 30:
                    raise ValueError(f"a bird does not fly at {speed} m/s: pigeons fly at 8 to 15")
                way = _way(([place] if segments else []) + [np.array(p, np.float64) for p in along], "flight")
                low = [way.points[k][2] - on(*way.points[k][:2])[2] < 0.05 for k in (0, -1)]
                segments.append(Segment(time, partial(_flying, way, speed, scale, beats, low[1], phase)))
                time += way.length / speed + min(RAMP_S, way.length / speed)
                flat = way.direction(way.length, 0.4) * [1.0, 1.0, 0.0]
                place = way.at(way.length)
                heading = float(np.arctan2(-flat[0], flat[1])) if np.hypot(*flat[:2]) > 1e-6 else heading
            case _:
                raise ValueError(f"{action!r} is nothing that a bird does")
    segments.append(Segment(time, partial(_perched, place, heading, scale)))
    return tuple(segments)


def _way(points: Sequence[F64], what: str) -> Way:
    if len(points) < 2 or max(float(np.linalg.norm(p - points[0])) for p in points) < 0.05:
        raise ValueError(f"a {what} needs at least two points that differ")
    return Way.through(np.array(points))


def bird_at(segments: tuple[Segment, ...], phase: float, time: float) -> Perch:
    t = max(float(time), 0.0)
    index = max(k for k, segment in enumerate(segments) if segment.start <= t or k == 0)
    now = segments[index]
    result, since = now.at(t - now.start), t - now.start
    if index > 0 and not now.cut and since < BLEND_S:
        before = segments[index - 1]
        earlier = before.at(t - before.start)
        turn = (result.heading - earlier.heading + np.pi) % (2 * np.pi) - np.pi
        result = Perch(**{**result.__dict__, "heading": earlier.heading + turn})
        result = _mixed(earlier, result, smooth(since / BLEND_S))
    # A bird's head keeps still, then jerks to look elsewhere.
    step = np.floor((t + phase) / 0.7)
    jerk = smooth(((t + phase) / 0.7 - step) / 0.16)
    look = np.array([[0.25 * np.sin(7.1 * k), 0.35 * np.sin(5.3 * k), 1.0 * np.sin(3.7 * k)] for k in (step - 1, step)])
    share = (1.0 - result.spread) * (1.0 if result.neck > -0.3 else 0.15)
    head = np.zeros(3) if result.head is None else result.head
    return Perch(**{**result.__dict__, "head": head + share * (look[0] + (look[1] - look[0]) * jerk)})


def _standing_feet(place: F64, heading: float, scale: float) -> F64:
    return place + np.array([turn_z(heading) @ np.array([s * 0.020 * scale, 0.006 * scale, 0.0]) for s in (1.0, -1.0)])


def _perched(place: F64, heading: float, scale: float, time: float) -> Perch:
    breath = 0.012 * np.sin(2 * np.pi * time / 1.3)
    return Perch(place, _standing_feet(place, heading, scale), heading, 0.16 + breath, tail=0.04)


def _pecking(place: F64, heading: float, scale: float, length: float, phase: float, time: float) -> Perch:
    """Down in quick jabs, with pauses to look."""
    cycle = (time + phase) / 0.95
    inside = cycle - np.floor(cycle)
    down = smooth(inside / 0.22) * (1 - smooth((inside - 0.62) / 0.22))
    jab = down * (1.0 if inside < 0.3 or inside > 0.55 else 0.86 + 0.14 * np.cos(2 * np.pi * (inside - 0.3) / 0.125))
    jab *= smooth(time / 0.3) * smooth((length - time) / 0.3)
    feet = _standing_feet(place, heading, scale)
    head = np.array([-0.35, 0.0, 0.0]) * jab
    return Perch(place, feet, heading, 0.16 - 0.80 * jab, neck=-1.15 * jab, head=head, tail=0.04 - 0.35 * jab)


def _hopping(way: Way, speed: float, scale: float, ground: Ground, time: float) -> Perch:
    """In hops: both feet leave, and stand where they land."""
    hop = 0.11 * scale
    count = max(round(way.length / hop), 1)
    beat = float(np.clip(time * speed / (way.length / count), 0.0, count))
    k = min(int(beat), count - 1)
    share = smooth((beat - k - 0.35) / 0.5)
    a, b = (way.at(way.length * n / count) for n in (k, k + 1))
    ahead = way.direction(way.length * (k + share) / count, 0.08)
    heading = float(np.arctan2(-ahead[0], ahead[1]))
    place = a + (b - a) * share
    height = ground(float(place[0]), float(place[1]))
    place[2] = height if np.isfinite(height) else place[2]
    up = np.sin(np.pi * share) * 0.035 * scale
    crouch = 0.010 * scale * np.sin(np.pi * np.clip((beat - k) / 0.35, 0, 1))
    feet = _standing_feet(place, heading, scale) + np.array([0.0, 0.0, up])
    body = place + np.array([0.0, 0.0, up * 1.1 - crouch])
    return Perch(
        body, feet, heading, 0.16 + 0.10 * np.sin(np.pi * share), tail=0.04, tucked=0.25 * np.sin(np.pi * share)
    )


def _flying(way: Way, speed: float, scale: float, beats: float, lands: bool, phase: float, time: float) -> Perch:
    """Along the way: wings beat where it climbs or sets off, and glide where it sinks; it leans into curves."""
    total = way.length / speed + min(RAMP_S, way.length / speed)
    metres = gone(time, way.length, speed, ramp=RAMP_S)
    place = way.at(metres)
    ahead = way.direction(metres, 0.5)
    before, after = (way.direction(float(np.clip(metres + d, 0, way.length)), 0.5) for d in (-0.8, 0.8))
    flat = unit(ahead * [1.0, 1.0, 0.0]) if np.hypot(*ahead[:2]) > 0.05 else unit(way.points[-1] - way.points[0])
    heading = float(np.arctan2(-flat[0], flat[1]))
    curve = float(np.cross(before, after)[2]) / 1.6
    pace = (gone(time + 0.05, way.length, speed, ramp=RAMP_S) - gone(time - 0.05, way.length, speed, ramp=RAMP_S)) / 0.1
    roll = -float(np.clip(np.arctan(pace * pace * curve / GRAVITY), -0.85, 0.85))
    off, brake = 1 - smooth(time / 0.9), smooth(1 - (total - time) / 0.8)
    glide = smooth((-float(ahead[2]) - 0.04) / 0.12) * (1 - off)
    rest = smooth((np.sin(2 * np.pi * (time + phase) / 3.1) - 0.35) / 0.3) * (1 - off) * (float(ahead[2]) < 0.12)
    still = max(glide, 0.9 * rest) * (1 - brake)
    angle = 2 * np.pi * beats * time
    beat = np.sin(angle) + 0.18 * np.sin(2 * angle)
    raised = (0.12 + (0.72 + 0.2 * max(off, brake)) * beat) * (1 - still) + 0.13 * still
    sweep = (0.30 * max(-np.cos(angle), 0.0)) * (1 - still) + 0.12 * still  # the hand gives way on the upstroke
    spread = smooth(time / 0.25) * smooth((total - time) / 0.22)
    rise = 0.006 * scale * -np.cos(angle) * (1 - still) * spread
    climb = float(np.arcsin(np.clip(ahead[2], -1, 1)))
    pitch = 0.16 * (1 - spread) + spread * (0.06 + 0.75 * climb * (1 - brake) + 0.75 * brake * lands + 0.45 * off)
    body = place + np.array([0.0, 0.0, rise])
    leave = smooth((time - 0.1) / 0.3) * (1 - smooth(1 - (total - time) / 0.5))
    nod = spread * (0.35 - 0.6 * (pitch - 0.06))
    return Perch(
        body, _standing_feet(place, heading, scale), heading, pitch, roll * spread,
        neck=-0.55 * spread * (1 - 0.5 * brake), head=np.array([nod, 0.0, 0.0]),
        spread=spread, raised=raised, sweep=sweep, fan=0.25 * spread + 0.75 * max(off, brake) * spread,
        tail=-0.35 * brake * spread, tucked=leave,
    )  # fmt: skip
