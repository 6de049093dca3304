"""What a user's character does: its clips one after another, in place or travelling, with cross-fades between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

import numpy as np

from worldgen.actions import Idle, Stand, Turn
from worldgen.animation import Clip, Pose, mixed
from worldgen.conventions import F64
from worldgen.errors import listed
from worldgen.motion import Way, gone
from worldgen.puppet import Puppet
from worldgen.stage import Ground

FADE_S: Final = 0.35
RAMP_S: Final = 0.5
TURN_SPEED: Final = 2.2  # radians a second
SAMPLES: Final = 64
_FOOT: Final = re.compile(r"toe|foot|ball|ankle|paw|hoof", re.I)
_GAITS: Final = {"walk": r"walk", "run": r"run|jog|gallop|sprint|trot", "idle": r"idle|breath|stand"}


@dataclass(frozen=True)
class Play:
    """Play the clip ``name`` for ``seconds`` (None: once through), ``speed`` times as fast as the file has it."""

    name: str
    seconds: float | None = None
    speed: float = 1.0
    loop: bool = True


@dataclass(frozen=True)
class Travel:
    """Go a smooth way through ``along`` (x, y) metres at ``speed`` m/s while a clip plays in step with the ground.

    clip: None for the one that is called like the ``gait``, "walk" or "run".
    """

    along: tuple[tuple[float, float], ...]
    speed: float = 1.3
    clip: str | None = None
    gait: str = "walk"


PuppetAction = Play | Travel | Stand | Turn | Idle


@dataclass(frozen=True)
class State:
    """One moment. pose: of the nodes. drift: (3,) file's root motion to take away, our axes, the file's units.

    place: (3,) world metres of the point on the ground below it. heading: radians.
    """

    pose: Pose
    drift: F64
    place: F64
    heading: float


@dataclass(frozen=True)
class Segment:
    """One action in time. cut: it begins at once."""

    start: float
    state: Callable[[float], State]
    cut: bool = False


@dataclass(frozen=True)
class Pace:
    """How a clip gets on. drift: (3,) root motion of one round, the file's units, our axes. stride: metres of one."""

    drift: F64
    stride: float


@dataclass(frozen=True)
class Measured:
    """A puppet at its true size. scale: metres a unit. ours: (3, 3) our axes from the file's. floor: metres."""

    puppet: Puppet
    scale: float
    ours: F64
    floor: float

    def pace(self, clip: Clip) -> Pace:
        """Root motion and stride of ``clip``; the stride is measured on the feet where they stand."""
        return _pace(self, clip)


def feet(puppet: Puppet) -> list[int]:
    """The joints that touch the ground: by name, else the lowest leaves."""
    named = [k for k in puppet.joints if _FOOT.search(puppet.nodes.names[k])]
    if named:
        inner = {int(puppet.nodes.parents[k]) for k in named}
        ends = [k for k in named if k not in inner]
        return ends or named
    parents = set(puppet.nodes.parents.tolist())
    leaves = [k for k in puppet.joints if k not in parents]
    height = puppet.world(puppet.rest)[:, 1, 3]
    low, high = float(height[list(puppet.joints)].min()), float(height[list(puppet.joints)].max())
    return [k for k in leaves if height[k] < low + 0.12 * (high - low)]


@lru_cache(maxsize=256)
def _pace_of(puppet: Puppet, clip_name: str, turn: bytes) -> tuple[F64, float]:
    """Root motion of one round (3,), and the stride, in the file's units and our axes."""
    clip, ours = puppet.clip(clip_name), np.frombuffer(turn).reshape(3, 3)
    if clip.seconds <= 0:
        return np.zeros(3), 0.0
    times = np.arange(SAMPLES) / SAMPLES * clip.seconds
    keyed = {int(row) for track in clip.tracks if track.path == "translation" for row in track.rows}
    moving = [int(k) for level in puppet.nodes.levels for k in level if int(k) in keyed]
    worlds = np.array([puppet.world(clip.at(puppet.rest, float(t), loop=False)) for t in (*times, clip.seconds)])
    points = worlds[:, :, :3, 3] @ ours.T
    size = float(np.ptp(points[0, list(puppet.joints)], axis=0).max())
    drift = np.zeros(3)
    if moving:
        drift[:2] = (points[-1, moving[0]] - points[0, moving[0]])[:2]
    if np.linalg.norm(drift) < 0.1 * size:
        drift[:] = 0.0
    standing = feet(puppet)
    if np.any(drift) or not standing:
        return drift, float(np.linalg.norm(drift))
    track = points[:-1, standing]
    step = (np.roll(track, -1, 0) - np.roll(track, 1, 0)) / (2 * clip.seconds / SAMPLES)
    rise = track[:, :, 2] - track[:, :, 2].min(0)
    down = rise < 0.12 * np.maximum(rise.max(0), 1e-9)
    if np.ptp(track[:, :, 2], axis=0).max() < 0.005 * size or not down.any():
        return drift, 0.0
    speed = float(np.linalg.norm(np.median(step[down][:, :2], axis=0)))
    return drift, speed * clip.seconds if speed * clip.seconds > 0.05 * size else 0.0


def _pace(measured: Measured, clip: Clip) -> Pace:
    drift, stride = _pace_of(measured.puppet, clip.name, np.ascontiguousarray(measured.ours).tobytes())
    return Pace(drift, stride * measured.scale)


def clip_for(puppet: Puppet, gait: str) -> Clip | None:
    """The clip that is called like ``gait`` ("walk", "run", "idle"), the shortest such name; else None."""
    fits = [clip for clip in puppet.clips if re.search(_GAITS[gait], clip.name, re.I)]
    return min(fits, key=lambda clip: len(clip.name)) if fits else None


def performed(actions: Sequence[PuppetAction], body: Measured, ground: Ground) -> Callable[[float], State]:
    """What the character does at each time, in any order. Raises ValueError for an action that cannot be done."""
    place, heading, time = _origin(actions)
    segments: list[Segment] = []
    rest = clip_for(body.puppet, "idle")
    for action in actions or (Idle(),):
        at = place
        match action:
            case Stand(spot, facing, seconds):
                place, heading = np.array(spot, np.float64), facing
                segments.append(Segment(time, _still(body, rest, place, heading, ground), cut=True))
                time += _seconds(seconds)
            case Idle(seconds):
                segments.append(Segment(time, _still(body, rest, at, heading, ground)))
                time += float("inf") if seconds is None else _seconds(seconds)
            case Turn(facing, toward):
                if toward is not None:
                    facing = float(np.arctan2(-(toward[0] - at[0]), toward[1] - at[1]))
                by = float((facing - heading + np.pi) % (2 * np.pi) - np.pi)
                segments.append(Segment(time, partial(_turning, body, rest, at, heading, by, ground)))
                heading, time = heading + by, time + abs(by) / TURN_SPEED + 0.4
            case Play():
                clip = body.puppet.clip(action.name)
                if not (np.isfinite(action.speed) and action.speed > 0):
                    raise ValueError(f"the clip {clip.name!r} cannot play at speed {action.speed}")
                length = clip.seconds / action.speed if action.seconds is None else _seconds(action.seconds)
                segments.append(Segment(time, partial(_playing, body, clip, action, length, at, heading, ground)))
                place = _playing(body, clip, action, length, at, heading, ground, length).place[:2]
                time += length
            case Travel():
                points = [(float(at[0]), float(at[1]))] if segments else []
                points += [p for p in action.along if not points or np.hypot(p[0] - at[0], p[1] - at[1]) > 0.15]
                clip = _gait(body.puppet, action)
                way = _way(points, action)
                segments.append(Segment(time, partial(_travelling, body, clip, rest, way, action.speed, ground)))
                time += _travel_seconds(way, action.speed)
                ahead = way.direction(way.length)
                place, heading = way.at(way.length)[:2], float(np.arctan2(-ahead[0], ahead[1]))
            case _:
                raise ValueError(f"{action!r} is nothing that a character from a file can do")
    segments.append(Segment(time, _still(body, rest, place, heading, ground)))
    return partial(_state, tuple(segments))


def _state(segments: tuple[Segment, ...], time: float) -> State:
    t = max(float(time), 0.0)
    index = max(k for k, segment in enumerate(segments) if segment.start <= t or k == 0)
    now = segments[index]
    state = now.state(t - now.start)
    since = t - now.start
    if index == 0 or now.cut or since >= FADE_S:
        return state
    before = segments[index - 1]
    earlier = before.state(t - before.start)
    share = since / FADE_S
    share = share * share * (3 - 2 * share)
    return State(
        mixed(earlier.pose, state.pose, share),
        earlier.drift + (state.drift - earlier.drift) * share,
        state.place,
        state.heading,
    )


def _origin(actions: Sequence[PuppetAction]) -> tuple[F64, float, float]:
    for action in actions:
        if isinstance(action, Stand):
            return np.array(action.at, np.float64), action.facing, 0.0
        if isinstance(action, Travel) and len(action.along) > 1:
            (x, y), (u, v) = action.along[:2]
            return np.array([x, y]), float(np.arctan2(-(u - x), v - y)), 0.0
    return np.zeros(2), 0.0, 0.0


def _on(ground: Ground, at: F64) -> F64:
    height = ground(float(at[0]), float(at[1]))
    return np.array([at[0], at[1], height if np.isfinite(height) else 0.0])


def _still(body: Measured, clip: Clip | None, at: F64, heading: float, ground: Ground) -> Callable[[float], State]:
    place = _on(ground, at)

    def state(time: float) -> State:
        if clip is None:
            return State(body.puppet.rest, np.zeros(3), place, heading)
        pose = clip.at(body.puppet.rest, time)
        return State(pose, _gone_by(body, clip, time), place, heading)

    return state


def _gone_by(body: Measured, clip: Clip, time: float) -> F64:
    """The root motion that the clip's own pose has at ``time``."""
    if clip.seconds <= 0:
        return np.zeros(3)
    return np.asarray(body.pace(clip).drift * ((time % clip.seconds) / clip.seconds))


def _turning(
    body: Measured, clip: Clip | None, at: F64, heading: float, by: float, ground: Ground, time: float
) -> State:
    length = abs(by) / TURN_SPEED + 0.4
    share = min(max(time / length, 0.0), 1.0)
    return _still(body, clip, at, heading + by * share * share * (3 - 2 * share), ground)(time)


def _playing(
    body: Measured, clip: Clip, action: Play, length: float, at: F64, heading: float, ground: Ground, time: float
) -> State:
    """The clip where the character stands; its root motion carries it on, round after round."""
    t = min(max(time, 0.0), length) * action.speed if not action.loop else max(time, 0.0) * action.speed
    t = min(t, clip.seconds) if not action.loop else t
    pose = clip.at(body.puppet.rest, t, action.loop)
    if clip.seconds <= 0:
        return State(pose, np.zeros(3), _on(ground, at), heading)
    drift = body.pace(clip).drift
    inside = t % clip.seconds if action.loop else t
    c, s = np.cos(heading), np.sin(heading)
    x, y, _ = drift * (t / clip.seconds) * body.scale
    place = _on(ground, at + np.array([c * x - s * y, s * x + c * y]))
    return State(pose, drift * (inside / clip.seconds), place, heading)


def _travelling(
    body: Measured, clip: Clip, rest: Clip | None, way: Way, speed: float, ground: Ground, time: float
) -> State:
    """On the way: the clip's phase goes by the metres gone, so that a foot that stands keeps standing."""
    metres = gone(time, way.length, speed, ramp=RAMP_S)
    pace = body.pace(clip)
    phase = metres / pace.stride * clip.seconds if pace.stride > 0 else time
    ahead = way.direction(metres)
    heading = float(np.arctan2(-ahead[0], ahead[1]))
    pose = clip.at(body.puppet.rest, phase)
    drift = _gone_by(body, clip, phase)
    left = _travel_seconds(way, speed) - time
    share = min(max(min(time, left) / FADE_S, 0.0), 1.0)
    share = share * share * (3 - 2 * share)
    if share < 1:
        standing = _still(body, rest, way.at(metres)[:2], heading, ground)(time)
        pose = mixed(standing.pose, pose, share)
        drift = standing.drift + (drift - standing.drift) * share
    return State(pose, drift, _on(ground, way.at(metres)[:2]), heading)


def _travel_seconds(way: Way, speed: float) -> float:
    ramp = min(RAMP_S, way.length / speed)
    return way.length / speed + ramp


def _gait(puppet: Puppet, action: Travel) -> Clip:
    if action.clip is not None:
        return puppet.clip(action.clip)
    clip = clip_for(puppet, action.gait) or clip_for(puppet, "walk") or clip_for(puppet, "run")
    if clip is None:
        names = [clip.name for clip in puppet.clips]
        there = f"say which with `clip`: there is {listed(names)}" if names else "it has no clips at all"
        raise ValueError(f"{puppet.name} has no clip called {action.gait}: {there}")
    return clip


def _way(points: Sequence[tuple[float, float]], action: Travel) -> Way:
    if len(points) < 2 or max(np.hypot(p[0] - points[0][0], p[1] - points[0][1]) for p in points) < 0.1:
        raise ValueError(f"a {action.gait} needs at least two points, 0.1 m or more apart")
    if not (np.isfinite(action.speed) and action.speed > 0):
        raise ValueError(f"a {action.gait} cannot go at {action.speed} m/s")
    return Way.through(np.array([(x, y, 0.0) for x, y in points]))


def _seconds(seconds: float) -> float:
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{seconds} is not a length of time in seconds")
    return float(seconds)
