"""Walking: footsteps along a path, and the posture at each moment between them.

The motion runs on a phase that counts steps. Foot ``k`` is planted at a fixed place before the body passes it; between
plants it swings. Timings and angles follow the textbook normal gait (Perry & Burnfield 2010; Winter 2009): about 60 %
of a stride in stance, heel strike, foot flat, heel rise, toe-off; pelvis turning and dropping towards the swinging leg;
the trunk turning against the pelvis, arms against the legs; the body highest in mid-stance. Step length grows with
the square root of speed (constant walk ratio, Sekiya et al. 1996).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from worldgen.conventions import F64
from worldgen.posture import SIDES, SOLE, Posture, turn_z
from worldgen.skinning import Rig
from worldgen.stage import Ground

LAND: Final = 0.44  # a foot lands this many steps before the body passes it
LEAVE: Final = 0.66  # and leaves this many after
HALF_WIDTH: Final = 0.062  # of the walking track, metres, for the baked body
STANDING_HALF_WIDTH: Final = 0.095
TOE_OUT: Final = 0.10  # radians
START: Final = 0.5  # steps of phase between the first weight shift and the body's setting off
STOP: Final = 0.62  # and from where the body arrives to the feet's being together
STANDING_DROP: Final = -0.004  # knees are never locked


@dataclass(frozen=True)
class Build:
    """What a motion has to know of a body: its rig at its true size, and that size over the baked body's."""

    rig: Rig
    size: float

    @property
    def hip_height(self) -> float:
        """Of the pelvis joint when standing, above the ground, metres."""
        return float(self.rig.heads[self.rig.row("pelvis")][2] + (SOLE - STANDING_DROP) * self.size)

    @property
    def ball_from_ankle(self) -> float:
        """How far the ball of the foot lies before the ankle, metres."""
        rig = self.rig
        return float(rig.heads[rig.row("ball_l")][1] - rig.heads[rig.row("foot_l")][1])


@dataclass(frozen=True)
class Steps:
    """Footsteps, and the way the body takes over them.

    count: n. stride: metres a step. way: (u, 0 … n steps along) to where the body is, (2,) metres, and its heading.
    plants: (n + 3, 3) world metres of the ball of the foot; plants 0 and 1 are where the feet stand at the start, plant
    k + 1 is where step k lands. side: (n + 3,) 0 left, 1 right. yaw: (n + 3,) heading of each planted foot.
    body_ground: (n + 1,) height of the ground under the body at each step.
    """

    build: Build
    count: int
    seconds_a_step: float
    stride: float
    way: Callable[[float], tuple[F64, float]]
    plants: F64
    side: F64
    yaw: F64
    body_ground: F64

    @property
    def seconds(self) -> float:
        """How long it all takes."""
        return (self.count + START + STOP) * self.seconds_a_step


def smooth(x: float) -> float:
    """0 below 0, 1 above 1, and a smooth S between."""
    c = min(max(x, 0.0), 1.0)
    return c * c * c * (c * (6 * c - 15) + 10)


def step_length(speed: float, size: float) -> float:
    """Metres of one step at ``speed`` m/s for a body of ``size``."""
    return float(np.sqrt(0.0062 * 60.0 * speed * size))


def _place(build: Build, at: F64, yaw: float, side: int, half_width: float, ground: Ground) -> F64:
    """(3,) the ball of a foot that stands beside ``at``."""
    lateral = (half_width if side == 1 else -half_width) * build.size
    offset = turn_z(yaw) @ np.array([lateral, -0.022 * build.size, 0.0])  # the ankle is behind the hip
    toe = turn_z(yaw + (TOE_OUT if side == 0 else -TOE_OUT)) @ np.array([0.0, build.ball_from_ankle, 0.0])
    x, y = at + offset[:2] + toe[:2]
    return np.array([x, y, ground(float(x), float(y))])


def planned(
    build: Build,
    way: Callable[[float], tuple[F64, float]],
    count: int,
    seconds_a_step: float,
    stride: float,
    ground: Ground,
    first_side: int = 1,
) -> Steps:
    """Plant the feet of ``count`` steps along ``way`` (see :class:`Steps`); the last one closes up."""
    plants, side, yaw = [], [], []
    for k in range(-1, count + 2):
        u = float(np.clip(k, 0, count))
        at, heading = way(u)
        which = (first_side + k + 1) % 2
        standing = k <= 0 or k >= count
        width = STANDING_HALF_WIDTH if standing else HALF_WIDTH
        plants.append(_place(build, at, heading, which, width, ground))
        side.append(which)
        yaw.append(heading + (TOE_OUT if which == 0 else -TOE_OUT))
    body_ground = np.array([ground(*map(float, way(float(k))[0])) for k in range(count + 1)])
    return Steps(
        build,
        count,
        seconds_a_step,
        stride,
        way,
        np.array(plants),
        np.array(side),
        np.array(yaw),
        body_ground,
    )


def body_progress(phase: float, count: int) -> float:
    """Steps the body has gone at ``phase``: 0 at -START, ``count`` at ``count + STOP``, and equal to it between."""

    def start(p: float, ramp: float, lead: float) -> float:
        """Cubic Hermite from (-lead, 0) at rest to (ramp, ramp) at full speed."""
        x = np.clip((p + lead) / (ramp + lead), 0.0, 1.0)
        return float((3 * x * x - 2 * x**3) * ramp + (x**3 - x * x) * (ramp + lead))

    ramp = min(0.9, count / 2)
    if phase < ramp:
        return start(phase, ramp, START)
    if phase > count - ramp:
        return count - start(count - phase, ramp, STOP)
    return phase


def posture(steps: Steps, time: float) -> tuple[Posture, float]:
    """What the body does ``time`` seconds after the first weight shift, and how much of it is walking (0–1).

    Before and after it stands.
    """
    build, size = steps.build, steps.build.size
    phase = float(np.clip(time / steps.seconds_a_step - START, -START, steps.count + STOP))
    u = body_progress(phase, steps.count)
    at, heading = steps.way(u)
    going = smooth((phase + START) / 1.1) * smooth((steps.count + STOP - phase) / 1.1)
    effort = going * min(1.2, steps.stride / 0.68 / size)

    feet, yaw, pitch, bent = np.zeros((2, 3)), np.zeros(2), np.zeros(2), np.zeros(2)
    for k in (0, 1):
        feet[k], yaw[k], pitch[k], bent[k] = _foot(steps, phase, k, effort)

    cycle = np.pi * (phase - (1.0 - LAND))  # cos is 1 when the right foot lands, -1 when the left does
    if steps.side[0] == 0:
        cycle += np.pi
    reach, stance_right = np.cos(cycle), np.sin(cycle)
    sway = 0.020 * size * going * stance_right
    bob = 0.016 * size * effort * np.cos(2 * (cycle - np.pi / 2)) - 0.018 * size * effort
    ground = float(np.interp(u, np.arange(steps.count + 1), steps.body_ground))
    pelvis_xy = at + (turn_z(heading) @ np.array([sway, 0.0, 0.0]))[:2]
    hips = np.array([0.03 * effort, -0.055 * effort * stance_right, 0.085 * effort * reach])
    height = ground + build.hip_height + bob
    pelvis = np.array([*pelvis_xy, height])
    pelvis[2] = _reachable(build, pelvis, heading, hips, feet, yaw, pitch)

    swing = 0.38 * effort * np.cos(cycle - 0.15)  # left arm goes with the right leg
    lag = 0.38 * effort * np.cos(cycle - 0.5)
    arms = np.zeros((2, 5))
    for k, sign in ((0, 1.0), (1, -1.0)):
        arms[k] = [
            0.02 + sign * swing - 0.04 * effort,
            0.11 + 0.01 * effort,
            0.12 + 0.10 * effort * max(sign * lag, 0.0),
            0.24 + 0.30 * effort * max(0.15 + sign * lag, 0.0),
            -0.25,
        ]
    return Posture(
        pelvis=pelvis,
        heading=heading,
        hips=hips,
        feet=feet,
        foot_yaw=yaw,
        foot_pitch=pitch,
        toes_bent=bent,
        spine=np.array([0.01 * effort, 0.045 * effort * stance_right, -0.16 * effort * reach]),
        head=np.array([-0.03 * effort, 0.010 * effort * stance_right, 0.075 * effort * reach]),
        shoulders=np.array([-0.10, -0.10]),
        arms=arms,
        wrists=np.array([[0.0, -0.40], [0.0, -0.40]]),
        fingers=np.array([0.30, 0.30]),
    ), going


def _foot(steps: Steps, phase: float, k: int, effort: float) -> tuple[F64, float, float, float]:
    """Place of the ball (3,), yaw, pitch and toe bend of foot ``k`` at ``phase``."""
    mine = np.flatnonzero(steps.side == k)  # rows; row r is step r - 1, planted at phase r - 1
    landings = mine[1:] - 1.0 - LAND
    landed = int(np.searchsorted(landings, phase, side="right"))  # how many swings are over
    row = mine[landed]
    here = float(row) - 1.0
    if landed + 1 < len(mine):
        after = float(mine[landed + 1]) - 1.0
        leave = after - 2.0 + LEAVE
        if phase > leave:
            x = (phase - leave) / (after - LAND - leave)
            return _swing(steps, int(row), int(mine[landed + 1]), x, effort)
        rise = (phase - (leave - 0.75)) / 0.75
    else:
        rise = 0.0
    strike = (phase - (here - LAND)) / 0.26 if landed > 0 else 1.0
    pitch = -TOE_UP * effort * (1.0 - smooth(strike)) + HEEL_UP * effort * max(rise, 0.0) ** 2.2
    return steps.plants[row], float(steps.yaw[row]), pitch, 1.0


TOE_UP: Final = 0.34
HEEL_UP: Final = 0.98


def _swing(steps: Steps, row: int, following: int, x: float, effort: float) -> tuple[F64, float, float, float]:
    """The foot in the air, ``x`` from 0 at toe-off to 1 at heel strike."""
    a, b = steps.plants[row], steps.plants[following]
    forward = 0.35 * x * x * (3 - 2 * x) + 0.65 * smooth(x)
    place = a + (b - a) * forward
    place[2] = a[2] + (b[2] - a[2]) * smooth(x * 1.4 if b[2] > a[2] else x)
    rise = abs(b[2] - a[2])
    clearance = (0.062 + 0.04 * (1.0 - min(effort, 1.0))) * steps.build.size + 0.35 * rise
    place[2] += clearance * np.sin(np.pi * x**0.62) ** 1.6
    bent = 1.0 - smooth((x - 0.1) / 0.6) + smooth((x - 0.7) / 0.3)
    pitch = effort * (HEEL_UP * (1.0 - smooth((x - 0.05) / 0.72)) - TOE_UP * smooth((x - 0.45) / 0.55))
    return (
        place,
        float(steps.yaw[row] + (steps.yaw[following] - steps.yaw[row]) * smooth(x)),
        pitch,
        bent,
    )


def _reachable(build: Build, pelvis: F64, heading: float, hips: F64, feet: F64, yaw: F64, pitch: F64) -> float:
    """The pelvis height, lowered softly where a leg would otherwise have to stretch."""
    rig, size = build.rig, build.size
    heights: list[float] = [float(pelvis[2])]
    centre = rig.heads[rig.row("pelvis")]
    turn = turn_z(heading + hips[2])
    for k, side in enumerate(SIDES):
        thigh, calf, foot, ball = (rig.heads[rig.row(f"{b}_{side}")] for b in ("thigh", "calf", "foot", "ball"))
        contact = np.array([ball[0], ball[1], -SOLE * size])
        heel = np.array([foot[0], foot[1] - 0.045 * size, -SOLE * size])
        pivot = ball if pitch[k] > 0 else heel
        c, s = np.cos(-pitch[k]), np.sin(-pitch[k])
        arm = foot - pivot
        tilted = np.array([arm[0], c * arm[1] - s * arm[2], s * arm[1] + c * arm[2]])
        ankle = feet[k] + turn_z(yaw[k]) @ (pivot - contact + tilted)
        hip = pelvis + turn @ (thigh - centre)
        length = 0.998 * float(np.linalg.norm(calf - thigh) + np.linalg.norm(foot - calf))
        flat = float(np.hypot(ankle[0] - hip[0], ankle[1] - hip[1]))
        drop = (thigh - centre)[2] + np.sin(hips[1]) * (thigh - centre)[0] * -1.0
        heights.append(float(ankle[2] + np.sqrt(max(length**2 - flat**2, 0.01)) - drop))
    soft = 0.006 * size  # smooth minimum (log-sum-exp), so that the knee does not snap
    low = min(heights)
    return low - soft * float(np.log(np.sum(np.exp(-(np.array(heights) - low) / soft))))
