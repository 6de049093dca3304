"""Footsteps: where each foot is planted on the way, and how the ground lies under it.

Step length grows with the square root of speed (constant walk ratio, Sekiya et al. 1996), shrinks on slopes, and on
stairs is a tread; running steps keep a cadence and lengthen with speed (Cavanagh & Kram 1989).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator

from worldgen.conventions import F64
from worldgen.posture import SOLE, turn_z
from worldgen.skinning import Rig
from worldgen.stage import Ground

LAND: Final = 0.44  # a walking foot lands this many steps before the body passes it
LEAVE: Final = 0.66  # and leaves this many after
HALF_WIDTH: Final = 0.062  # of the walking track, metres, for the baked body
RUNNING_HALF_WIDTH: Final = 0.035
STANDING_HALF_WIDTH: Final = 0.095
TOE_OUT: Final = 0.10  # radians
START: Final = 0.5  # steps of phase between the first weight shift and the body's setting off
STOP: Final = 0.62  # and from where the body arrives to the feet's being together
STANDING_DROP: Final = -0.004  # knees are never locked
TOE: Final = 0.082  # the sole's ends before and behind the ball, metres
HEEL: Final = -0.172
JUMP: Final = 0.05  # a rise of the ground within 4 cm that is a step and no slope
TREAD: Final = 0.62  # what lies between two jumps and is shorter is a tread

Way = Callable[[float], tuple[F64, float]]
"""Metres along a path to the place (2,) and the heading there."""


@dataclass(frozen=True)
class Build:
    """What a motion has to know of a body: its rig at its true size, that size over the baked body's, and its seat.

    seat: metres from the pelvis joint down to what it sits on.
    """

    rig: Rig
    size: float
    seat: float = 0.10

    @property
    def hip_height(self) -> float:
        """Of the pelvis joint when standing, above the ground, metres."""
        return float(self.rig.heads[self.rig.row("pelvis")][2] + (SOLE - STANDING_DROP) * self.size)

    @property
    def ball_from_ankle(self) -> float:
        """How far the ball of the foot lies before the ankle, metres."""
        rig = self.rig
        return float(rig.heads[rig.row("ball_l")][1] - rig.heads[rig.row("foot_l")][1])

    @cached_property
    def thigh(self) -> float:
        """Its length, metres."""
        rig = self.rig
        return float(np.linalg.norm(rig.heads[rig.row("calf_l")] - rig.heads[rig.row("thigh_l")]))


@dataclass(frozen=True)
class Steps:
    """Footsteps, and the way the body takes over them.

    count: n. way: (u, 0 … n steps along) to where the body is, (2,) metres, and its heading. stride: (n + 1,) metres a
    step there; running: (n + 1,) from 0, a walk, to 1. plants: (n + 3, 3) world metres of the ball of the foot; plants
    0 and 1 are where the feet stand at the start, plant k + 1 is where step k lands. Each plant has a side (0 left, 1
    right), a yaw (the foot's heading), a slope (2,) (see ``Posture``), land and leave (steps before and after the body
    passes it), and lift (metres that the foot swinging there is raised further to clear the ground). body_ground:
    (n + 1,) height of the ground under the body at each step.
    """

    build: Build
    count: int
    seconds_a_step: float
    way: Way
    stride: F64
    running: F64
    plants: F64
    side: F64
    yaw: F64
    slope: F64
    land: F64
    leave: F64
    lift: F64
    body_ground: F64

    @property
    def seconds(self) -> float:
        """How long it all takes."""
        return (self.count + START + STOP) * self.seconds_a_step


def step_length(speed: float, size: float) -> float:
    """Metres of one walking step at ``speed`` m/s for a body of ``size``."""
    return float(np.sqrt(0.0062 * 60.0 * speed * size))


_SOLE_POINTS: Final = np.array([[x, y] for y in np.linspace(HEEL, TOE, 5) for x in (-0.035, 0.035)])
_PLANE: Final = np.linalg.pinv(np.column_stack([_SOLE_POINTS, np.ones(len(_SOLE_POINTS))]))


def foothold(build: Build, ball: F64, yaw: float, ground: Ground) -> tuple[F64, F64, float]:
    """Plant a foot near ``ball (2,)``: its place (3,), the ground's slope (2,) and how uneven it is there, metres.

    The sole rests on the plane that fits the ground best. Where the ground has an edge, the foot moves along its own
    direction, up to 20 cm, to lie on one side.
    """
    size, turn = build.size, turn_z(yaw)[:2, :2]
    offsets = turn @ (_SOLE_POINTS.T * size)

    def tried(shift: float) -> tuple[float, F64, F64, float]:
        place = ball + turn @ np.array([0.0, shift])
        heights = np.array([ground(float(x), float(y)) for x, y in place[:, None].T + offsets.T])
        a, b, c = _PLANE @ heights
        fit = _SOLE_POINTS @ [a, b] + c
        rough = float(np.abs(heights - fit).max())
        slope = turn @ (np.array([a, b]) / size)
        steep = max(float(np.hypot(*slope)) - 0.8, 0.0)
        return 40.0 * max(rough - 0.008, 0.0) + 2.0 * steep + abs(shift), np.array([*place, c]), slope, rough

    best = tried(0.0)
    if best[0] > 0.08:
        best = min((tried(float(shift)) for shift in np.arange(-0.2, 0.201, 0.02) * size), key=lambda t: t[0])
    return best[1:]


def beside(build: Build, at: F64, yaw: float, side: int, half_width: float) -> F64:
    """(2,) the ball of a foot that stands beside ``at``."""
    lateral = (half_width if side == 1 else -half_width) * build.size
    offset = turn_z(yaw) @ np.array([lateral, -0.022 * build.size, 0.0])  # the ankle is behind the hip
    toe = turn_z(yaw + (TOE_OUT if side == 0 else -TOE_OUT)) @ np.array([0.0, build.ball_from_ankle, 0.0])
    return np.asarray(at + offset[:2] + toe[:2])


def planned(
    build: Build,
    way: Way,
    marks: F64,
    seconds_a_step: float,
    ground: Ground,
    *,
    stride: float | None = None,
    running: F64 | None = None,
    first_side: int = 1,
) -> Steps:
    """Plant the feet of the steps whose ends are ``marks (n + 1,)`` metres along ``way``; the last one closes up.

    stride: metres of what a step looks like when the marks do not say so (turning on the spot). running: (n + 1,).
    """
    count = len(marks) - 1
    running = np.zeros(count + 1) if running is None else running
    if count == 0:
        strides = np.zeros(1)
    elif stride is None:
        strides = np.gradient(marks)
    else:
        strides = np.full(count + 1, stride)
    plants, side, yaw, slope = [], [], [], []
    for k in range(-1, count + 2):
        u = int(np.clip(k, 0, count))
        at, heading = way(float(marks[u]))
        which = (first_side + k + 1) % 2
        moving = HALF_WIDTH + (RUNNING_HALF_WIDTH - HALF_WIDTH) * running[u]
        width = STANDING_HALF_WIDTH if k <= 0 or k >= count else moving
        yaw.append(heading + (TOE_OUT if which == 0 else -TOE_OUT) * (1.0 - 0.7 * running[u]))
        place, leans, _ = foothold(build, beside(build, at, heading, which, float(width)), yaw[-1], ground)
        plants.append(place)
        side.append(which)
        slope.append(leans)
    at_plant = np.clip(np.arange(-1, count + 2), 0, count)
    land, leave = _contact(build, strides[at_plant], running[at_plant], seconds_a_step)
    places = np.array(plants)
    lift = np.zeros(len(places))
    for r in range(2, len(places)):
        lift[r] = _clearing(build, places[r - 2], places[r], float(yaw[r]), ground)
    body_ground = np.array([ground(*map(float, way(float(m))[0])) for m in marks])
    return Steps(
        build,
        count,
        seconds_a_step,
        _by_steps(way, marks),
        strides,
        running,
        places,
        np.array(side),
        np.array(yaw),
        np.array(slope),
        land,
        leave,
        lift,
        body_ground,
    )


def _by_steps(way: Way, marks: F64) -> Way:
    """The way by steps instead of metres, with a steady speed through the marks."""
    if len(marks) < 3:
        first, gone = float(marks[0]), float(marks[-1] - marks[0])
        return lambda u: way(first + gone * u)
    metres = PchipInterpolator(np.arange(len(marks)), marks)
    return lambda u: way(float(metres(u)))


def _contact(build: Build, stride: F64, running: F64, seconds_a_step: float) -> tuple[F64, F64]:
    """Steps that a foot is down before and after the body passes it. A runner's are so few that both feet fly."""
    speed = stride / seconds_a_step
    duty = np.minimum(0.5 / np.maximum(speed, 1.0) ** 0.6, 0.3) / seconds_a_step
    duty = np.minimum(duty, 0.74 * build.size / np.maximum(stride, 0.1))
    land = LAND + (0.44 * duty - LAND) * running
    leave = LEAVE + (0.56 * duty - LEAVE) * running
    return land, leave


def _clearing(build: Build, a: F64, b: F64, yaw: float, ground: Ground) -> float:
    """Metres that a foot must rise above its usual arc between two plants, so as not to run into the ground."""
    ahead = turn_z(yaw)[:2, 1] * build.size
    over = 0.0
    for share in (0.2, 0.35, 0.5, 0.65, 0.8):
        x, y = a[:2] + (b[:2] - a[:2]) * share
        highest = max(ground(float(x + ahead[0] * d), float(y + ahead[1] * d)) for d in (HEEL, HEEL / 2, 0.0, TOE))
        over = max(over, highest - max(float(a[2]), float(b[2])))
    return over


def walking_marks(way: Way, length: float, stride: float, ground: Ground) -> F64:
    """(n + 1,) metres along the way where steps end: even on the level, shorter on slopes, one a tread on stairs."""
    count = max(round(length / 0.04), 2)
    along = np.linspace(0.0, length, count + 1)
    height = np.array([ground(*map(float, way(float(s))[0])) for s in along])
    jumps = along[:-1][np.abs(np.diff(height)) > JUMP] + 0.5 * length / count
    fixed = [0.0]
    for a, b in pairwise(jumps):
        if b - a < TREAD:  # the ball of the foot goes a little before the tread's middle, the body behind it
            fixed.append(float(np.clip((a + b) / 2 - 0.05, 0.0, length)))
    fixed.append(length)
    smooth = np.abs(np.diff(height)) <= JUMP
    grade = np.where(smooth, np.abs(np.diff(height)) / (length / count), 0.0)
    window = np.ones(15) / 15
    grade = np.convolve(np.pad(grade, 7, mode="edge"), window, "valid")
    steps = np.concatenate([[0.0], np.cumsum((1.0 + 0.9 * grade) * (length / count) / stride)])
    marks = [0.0]
    for a, b in pairwise(fixed):
        if b - a < 0.12:
            continue
        first, last = np.interp([a, b], along, steps)
        between = max(round(last - first), 1)
        marks.extend(np.interp(np.linspace(first, last, between + 1)[1:], steps, along))
    marks[-1] = length
    return np.array(marks)


def running_marks(length: float, speed: float, size: float) -> tuple[F64, float, F64]:
    """Where running steps end (n + 1,), seconds a step, and how much each of them is a run (n + 1,).

    The runner picks up speed and loses it at 3 m/s², from and to a walk.
    """
    pace = 1.0
    gain = 3.0
    top = min(speed, float(np.sqrt(pace**2 + gain * length)))
    ramp = (top - pace) / gain
    over_ramps = (top + pace) * ramp
    total = 2 * ramp + (length - over_ramps) / top
    beat = np.sqrt(size) / (2.35 + 0.14 * top)
    count = max(round(total / beat), 2)
    time = np.linspace(0.0, total, count + 1)
    rising = np.minimum(time, total - time)  # the same from both ends
    gone = np.where(rising < ramp, pace * rising + gain * rising**2 / 2, over_ramps / 2 + (rising - ramp) * top)
    marks = np.where(time <= total / 2, gone, length - gone)
    pace_at = np.where(rising < ramp, pace + gain * rising, top)
    share = np.clip((pace_at - 1.3) / 0.9, 0.0, 1.0)
    share[0] = share[-1] = 0.0
    return marks, total / count, share * share * (3 - 2 * share)
