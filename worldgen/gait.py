"""Walking and running: the posture at each moment between planted footsteps.

The motion runs on a phase that counts steps. Foot ``k`` is planted at a fixed place before the body passes it; between
plants it swings. Timings and angles follow the textbook normal gait (Perry & Burnfield 2010; Winter 2009): about 60 %
of a stride in stance, heel strike, foot flat, heel rise, toe-off; pelvis turning and dropping towards the swinging leg;
the trunk turning against the pelvis, arms against the legs; the body highest in mid-stance. A runner (Novacheck 1998)
is lowest there and flies between stances, heels kicking up behind, elbows bent. Every quantity mixes the two.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from worldgen.conventions import F64
from worldgen.footing import LAND, START, STOP, Build, Steps, planned
from worldgen.posture import SIDES, Posture, foot_placed, turn_z
from worldgen.stage import Ground, level

TOE_UP: Final = 0.34
HEEL_UP: Final = 0.98


def smooth(x: float) -> float:
    """0 below 0, 1 above 1, and a smooth S between."""
    c = min(max(x, 0.0), 1.0)
    return c * c * c * (c * (6 * c - 15) + 10)


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
    row = np.arange(steps.count + 1)
    stride, run = float(np.interp(u, row, steps.stride)), float(np.interp(u, row, steps.running))
    going = smooth((phase + START) / 1.1) * smooth((steps.count + STOP - phase) / 1.1)
    effort = going * min(1.2, stride / 0.68 / size)
    pace = min(stride / steps.seconds_a_step / 4.0, 1.5)  # a runner's, over 4 m/s

    feet, yaw, pitch, bent, slope = np.zeros((2, 3)), np.zeros(2), np.zeros(2), np.zeros(2), np.zeros((2, 2))
    for k in (0, 1):
        feet[k], yaw[k], pitch[k], bent[k], slope[k] = _foot(steps, phase, k, effort, pace)

    cycle = np.pi * (phase - (1.0 - LAND - 0.04 * run))  # cos is 1 when the right foot lands, -1 when the left does
    if steps.side[0] == 0:
        cycle += np.pi
    reach, stance_right = np.cos(cycle), np.sin(cycle)
    sway = (0.020 - 0.012 * run) * size * going * stance_right
    walk_bob = 0.016 * size * effort * np.cos(2 * (cycle - np.pi / 2)) - 0.018 * size * effort
    run_bob = -size * (0.060 + 0.044 * np.cos(2 * np.pi * (phase - 0.03)))
    bob = walk_bob + (run_bob - walk_bob) * run
    ground = float(np.interp(u, row, steps.body_ground))
    ahead = turn_z(heading)
    pelvis_xy = at + (ahead @ np.array([sway, 0.02 * size * run, 0.0]))[:2]
    climb = _climb(steps, u, stride) * going
    hips = np.array(
        [
            0.03 * effort + (0.07 + 0.03 * pace) * run + 0.25 * max(climb, 0.0),
            -0.055 * effort * stance_right * (1 - 0.3 * run),
            0.085 * effort * reach * (1 + 0.3 * run),
        ]
    )
    pelvis = np.array([*pelvis_xy, ground + build.hip_height + bob])
    pelvis[2] = _reachable(build, pelvis, heading, hips, feet, yaw, pitch, slope, run)

    return Posture(
        pelvis=pelvis,
        heading=heading,
        hips=hips,
        feet=feet,
        foot_yaw=yaw,
        foot_pitch=pitch,
        toes_bent=bent,
        spine=np.array(
            [
                0.01 * effort + (0.06 + 0.05 * pace) * run + (0.35 if climb > 0 else 0.2) * climb,
                0.045 * effort * stance_right * (1 - 0.4 * run),
                -0.16 * effort * reach * (1 + 0.5 * run),
            ]
        ),
        head=np.array(
            [
                -0.03 * effort - (0.10 + 0.05 * pace) * run - 0.3 * max(climb, 0.0),
                0.010 * effort * stance_right,
                0.075 * effort * reach * (1 + 0.7 * run),
            ]
        ),
        shoulders=np.array([-0.10, -0.10]) * (1 - 0.4 * run),
        arms=_arms(cycle, effort, run, pace),
        wrists=np.array([[0.0, -0.40 * (1 - 0.8 * run)]] * 2),
        fingers=np.array([0.30, 0.30]) + 0.55 * run,
        slope=slope,
    ), going


def _arms(cycle: float, effort: float, run: float, pace: float) -> F64:
    """(2, 5) arms that swing against the legs; a runner's are bent and drive."""
    swing = 0.38 * effort * np.cos(cycle - 0.15)  # left arm goes with the right leg
    lag = 0.38 * effort * np.cos(cycle - 0.5)
    arms = np.zeros((2, 5))
    for k, sign in ((0, 1.0), (1, -1.0)):
        walking = np.array(
            [
                0.02 + sign * swing - 0.04 * effort,
                0.11 + 0.01 * effort,
                0.12 + 0.10 * effort * max(sign * lag, 0.0),
                0.24 + 0.30 * effort * max(0.15 + sign * lag, 0.0),
                -0.25,
            ]
        )
        drive = sign * np.cos(cycle - 0.1)
        running = np.array(
            [
                -0.22 + (0.50 + 0.22 * pace) * drive,
                0.20 - 0.04 * drive,
                0.30 + 0.22 * max(drive, 0.0),
                1.62 + 0.22 * drive,
                0.10,
            ]
        )
        arms[k] = walking + (running - walking) * run
    return arms


def _climb(steps: Steps, u: float, stride: float) -> float:
    """Rise of the ground per metre of the way, over the two steps around the body."""
    row = np.arange(steps.count + 1)
    a, b = max(u - 1.0, 0.0), min(u + 1.0, float(steps.count))
    rise = float(np.interp(b, row, steps.body_ground) - np.interp(a, row, steps.body_ground))
    return float(np.clip(rise / max((b - a) * max(stride, 0.2), 0.2), -0.6, 0.6))


def _foot(steps: Steps, phase: float, k: int, effort: float, pace: float) -> tuple[F64, float, float, float, F64]:
    """Place of the ball (3,), yaw, pitch, toe bend and slope (2,) of foot ``k`` at ``phase``."""
    mine = np.flatnonzero(steps.side == k)  # rows; row r is step r - 1, planted at phase r - 1
    landings = mine[1:] - 1.0 - steps.land[mine[1:]]
    landed = int(np.searchsorted(landings, phase, side="right"))  # how many swings are over
    row = int(mine[landed])
    here = row - 1.0
    run = float(np.interp(np.clip(here, 0, steps.count), np.arange(steps.count + 1), steps.running))
    if landed + 1 < len(mine):
        following = int(mine[landed + 1])
        leave = following - 3.0 + float(steps.leave[row])
        if phase > leave:
            x = (phase - leave) / (following - 1.0 - float(steps.land[following]) - leave)
            return _swing(steps, row, following, x, effort, run, pace)
        window = 0.75 + (0.42 - 0.75) * run
        rise = (phase - (leave - window)) / window
    else:
        rise = 0.0
    strike = (phase - (here - float(steps.land[row]))) / (0.26 - 0.16 * run) if landed > 0 else 1.0
    toe_up = TOE_UP * effort * (1 - 0.8 * run)
    pitch = -toe_up * (1.0 - smooth(strike)) + HEEL_UP * (1 + 0.2 * run) * effort * max(rise, 0.0) ** 2.2
    return steps.plants[row], float(steps.yaw[row]), pitch, 1.0, steps.slope[row]


def _swing(
    steps: Steps, row: int, following: int, x: float, effort: float, run: float, pace: float
) -> tuple[F64, float, float, float, F64]:
    """The foot in the air, ``x`` from 0 at toe-off to 1 at the next contact."""
    a, b = steps.plants[row], steps.plants[following]
    size = steps.build.size
    step = float(np.clip(abs(b[2] - a[2]) / 0.10, 0.0, 1.0)) * (1 - run)  # as far as it goes up or down a step
    x_forward = x
    if b[2] > a[2]:
        x_forward = x + (max((x - 0.22) / 0.78, 0.0) - x) * step
        x_up = x + (x / 0.62 - x) * step
    else:
        x_forward = x + (min(x / 0.72, 1.0) - x) * step
        x_up = x + (max((x - 0.58) / 0.42, 0.0) - x) * step
    forward = 0.35 * x_forward * x_forward * (3 - 2 * x_forward) + 0.65 * smooth(x_forward)
    place = a + (b - a) * forward
    place[2] = a[2] + (b[2] - a[2]) * smooth(x_up)
    clearance = (0.062 + 0.04 * (1.0 - min(effort, 1.0))) * size + float(steps.lift[following])
    kick = (0.10 + 0.30 * min(pace, 1.2)) * size * effort
    place[2] += (1 - run) * clearance * np.sin(np.pi * x**0.62) ** 1.6 + run * kick * np.sin(np.pi * x**0.72) ** 1.5
    bent = 1.0 - smooth((x - 0.1) / 0.6) + smooth((x - 0.7) / 0.3)
    walk_pitch = HEEL_UP * (1.0 - smooth((x - 0.05) / 0.72)) - TOE_UP * smooth((x - 0.45) / 0.55)
    run_pitch = (1.2 * HEEL_UP + 0.45 * np.sin(np.pi * min(x / 0.8, 1.0))) * (1.0 - smooth((x - 0.1) / 0.75))
    run_pitch -= 0.2 * TOE_UP * smooth((x - 0.5) / 0.5)
    pitch = effort * (walk_pitch + (run_pitch - walk_pitch) * run)
    turned = smooth(x)
    return (
        place,
        float(steps.yaw[row] + (steps.yaw[following] - steps.yaw[row]) * turned),
        pitch,
        bent,
        steps.slope[row] + (steps.slope[following] - steps.slope[row]) * turned,
    )


def _reachable(
    build: Build, pelvis: F64, heading: float, hips: F64, feet: F64, yaw: F64, pitch: F64, slope: F64, run: float
) -> float:
    """The pelvis height, lowered softly where a leg would otherwise have to stretch."""
    rig, size = build.rig, build.size
    heights: list[float] = [float(pelvis[2])]
    centre = rig.heads[rig.row("pelvis")]
    turn = turn_z(heading + hips[2])
    for k, side in enumerate(SIDES):
        thigh, calf, foot = (rig.heads[rig.row(f"{b}_{side}")] for b in ("thigh", "calf", "foot"))
        ankle = foot_placed(rig, size, k, feet[k], float(yaw[k]), float(pitch[k]), slope[k])[2]
        hip = pelvis + turn @ (thigh - centre)
        length = 0.998 * float(np.linalg.norm(calf - thigh) + np.linalg.norm(foot - calf))
        flat = float(np.hypot(ankle[0] - hip[0], ankle[1] - hip[1]))
        drop = (thigh - centre)[2] + np.sin(hips[1]) * (thigh - centre)[0] * -1.0
        heights.append(float(ankle[2] + np.sqrt(max(length**2 - flat**2, 0.01)) - drop))
    soft = (0.006 + 0.040 * run) * size  # smooth minimum (log-sum-exp), so that the knee does not snap
    low = min(heights)
    return low - soft * float(np.log(np.sum(np.exp(-(np.array(heights) - low) / soft))))


def standing(build: Build, place: F64 | None = None, heading: float = 0.0, ground: Ground = level) -> Posture:
    """At ease, both feet on the ground, at ``place (2,)`` metres."""
    at = np.zeros(2) if place is None else place
    return posture(planned(build, lambda _: (at, heading), np.zeros(1), 1.0, ground), 0.0)[0]
