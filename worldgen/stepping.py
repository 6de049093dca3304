"""Where an action leads: the steps along a way, on a timed track, on the spot, over to a seat; and what it may say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from worldgen.actions import Run, Sit, Stroll, Walk
from worldgen.conventions import F64
from worldgen.footing import START, Build, Steps, Way, planned, running_marks, step_length, walking_marks
from worldgen.posture import turn_z
from worldgen.stage import Spot, Stage
from worldgen.ways import timed_way

Ground = Callable[[float, float], float]


LONGEST_M: Final = 0.7
"""A stroller's longest step, for the baked body."""


def steps_along(build: Build, ground: Ground, action: Walk | Run, way: Way, length: float) -> Steps:
    """Steps along ``way`` of ``length`` metres, at the speed of ``action``."""
    size = build.size
    if isinstance(action, Run):
        marks, beat, running = running_marks(length, action.speed, size)
        return planned(build, way, marks, beat, ground, running=running)
    stride = step_length(action.speed, size)
    marks = walking_marks(way, length, stride, ground)
    even = length / max(round(length / stride), 1)
    return planned(build, way, marks, even / action.speed, ground)


def steps_of_stroll(build: Build, ground: Ground, action: Stroll) -> Steps:
    """Steps along a timed track, at a steady beat that is quick enough for its quickest part."""
    way, seconds, metres = timed_way(action.track)
    pace = max(float(metres[-1] / seconds[-1]), 0.3)
    quickest = float(np.max(np.diff(metres) / np.diff(seconds), initial=pace))
    beat = min(step_length(pace, build.size) / pace, LONGEST_M * build.size / quickest)
    count = max(int((seconds[-1] - 2 * beat) / beat), 1)
    marks = np.interp(np.arange(count + 1) * beat + START * beat, seconds, metres)
    return planned(build, way, marks, beat, ground)


def steps_on_the_spot(build: Build, ground: Ground, place: F64, heading: float, target: float) -> Steps:
    """A turn from ``heading`` to ``target``, at most 50 degrees a step."""
    count = max(int(np.ceil(abs(target - heading) / 0.87)), 1)
    return planned(
        build,
        lambda u: (place, heading + (target - heading) * u / count),
        np.arange(count + 1.0),
        0.52,
        ground,
        stride=0.12,
        first_side=1 if target < heading else 0,
    )


def small_steps(build: Build, ground: Ground, start: F64, heading: float, place: F64, facing: float) -> Steps:
    """A few small steps to a place close by, turning on the way."""
    gone = place - start
    count = max(int(np.ceil(float(np.linalg.norm(gone)) / 0.25)), int(np.ceil(abs(facing - heading) / 0.87)), 1)
    right = (turn_z(-heading)[:2, :2] @ gone)[0] > 0
    return planned(
        build,
        lambda u: (start + gone * u / count, heading + (facing - heading) * u / count),
        np.arange(count + 1.0),
        0.52,
        ground,
        stride=0.2,
        first_side=int(right),
    )


def checked_speed(action: Walk | Run) -> None:
    """Errors: ``ValueError`` where nobody goes as fast, or as slowly."""
    what, low, high = ("Walk", 0.1, 2.5) if isinstance(action, Walk) else ("Run", 2.0, 6.0)
    if not (np.isfinite(action.speed) and low <= action.speed <= high):
        raise ValueError(f"{what}: speed is {action.speed} m/s; one goes at {low:g} to {high:g} m/s so")


def nearest_turn(heading: float, facing: float) -> float:
    """``facing`` plus whole turns, so that the way there from ``heading`` is the short one."""
    return heading + float((facing - heading + np.pi) % (2 * np.pi) - np.pi)


def checked_point(at: Sequence[float], what: str) -> F64:
    """(2,) metres. ``what``: the action. Errors: ``ValueError``."""
    point_at = np.asarray(at, dtype=np.float64)
    if point_at.shape != (2,) or not np.all(np.isfinite(point_at)):
        raise ValueError(f"{what}: {tuple(at)} is not a place: write x and y in metres")
    return point_at


def checked_seconds(seconds: float, what: str) -> float:
    """Seconds, finite. ``what``: the action. Errors: ``ValueError``."""
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{what}: {seconds} is not a length of time in seconds")
    return float(seconds)


def checked_way(action: Walk | Run) -> list[tuple[float, float]]:
    """The points that it leads through, two or more. Errors: ``ValueError``."""
    what = type(action).__name__
    points = [checked_point(p, what) for p in action.along]
    if len(points) < 2 or max(np.linalg.norm(p - points[0]) for p in points) < 0.1:
        raise ValueError(f"{what}: along needs at least two points, 0.1 m or more apart")
    return [(float(p[0]), float(p[1])) for p in points]


def seat_meant(action: Sit, stage: Stage) -> Spot:
    """The seat that an action means, in the world. Errors: ``ValueError``."""
    if action.on is not None:
        spot = stage.spots.get(action.on)
        if spot is None:
            seats = [name for name, known in stage.spots.items() if known.kind == "seat"]
            hint = f": there is {', '.join(repr(s) for s in seats[:8])}" if seats else "; say `at`, `height`, `facing`"
            raise ValueError(f"Sit: no seat here is called {action.on!r}{hint}")
        if spot.kind != "seat":
            raise ValueError(f"Sit: {action.on!r} is no seat")
        return spot
    if action.at is None:
        raise ValueError("Sit: say where, with the name of a seat or with a place, height and facing")
    at = checked_point(action.at, "Sit")
    if not 0.1 <= action.height <= 1.2:
        raise ValueError(f"Sit: {action.height} m is no height of a seat; 0.1 m to 1.2 m is")
    z = stage.ground(float(at[0]), float(at[1])) + action.height
    return Spot((float(at[0]), float(at[1]), z), action.facing, "seat")
