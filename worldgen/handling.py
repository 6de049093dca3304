"""Picking things up, carrying them and setting them down: the body bends as far as the hand must go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np

from worldgen.conventions import F64
from worldgen.footing import Build
from worldgen.gait import smooth
from worldgen.gesture import armed
from worldgen.posture import SIDES, Posture, palm_frame, solved, turn_z

REACH_S: Final = 1.05  # from setting out to the grasp
GRASP_S: Final = 0.20  # the fingers close
BACK_S: Final = 1.05
_CARRYING: Final = np.array([0.16, 0.14, 0.28, 1.32, 0.0])


def carrying(posture: Posture, k: int, share: float, grip: float) -> Posture:
    """``posture`` with the forearm of arm ``k`` level by ``share`` and the fist closed by ``grip``."""
    return armed(posture, k, _CARRYING, share, np.zeros(2), max(float(posture.fingers[k]), 0.85 * grip))


def _bent(posture: Posture, build: Build, amount: float, yaw: float, seated: bool) -> Posture:
    """The trunk bent forward by ``amount`` (0–1) toward ``yaw``, and, standing, the knees after it."""
    size = build.size
    if seated:
        return replace(
            posture,
            hips=posture.hips + np.array([0.45 * amount, 0.0, 0.0]),
            spine=posture.spine + np.array([0.45 * amount, 0.0, 0.45 * yaw * min(3 * amount, 1.0)]),
        )
    bow = min(amount / 0.55, 1.0)
    squat = smooth((amount - 0.40) / 0.60)
    shift = turn_z(posture.heading) @ np.array([0.0, -0.11 * bow - 0.05 * squat, -0.54 * squat - 0.02 * bow]) * size
    return replace(
        posture,
        pelvis=posture.pelvis + shift,
        hips=posture.hips + np.array([0.45 * bow + 0.32 * squat, 0.0, 0.0]),
        spine=posture.spine + np.array([0.50 * bow + 0.12 * squat, 0.0, 0.40 * yaw * bow]),
        head=posture.head + np.array([-0.10 * bow, 0.0, 0.25 * yaw * bow]),
        foot_pitch=posture.foot_pitch + 0.35 * squat,
        arms=posture.arms + np.array([0.80 * bow + 0.40 * squat, 0.0, 0.0, 0.25 * squat, 0.0]),  # they go on hanging
    )


def reaching(
    build: Build,
    still: Callable[[float], Posture],
    k: int,
    target: Callable[[], F64],
    seated: bool,
    what: str,
    grasp: bool,
) -> Callable[[Posture, float, bool], Posture]:
    """The hand ``k`` goes to ``target()``, closes (``grasp``) or opens there, and comes back.

    still: the posture that all this starts from. what: named when it is out of reach (ValueError).
    """
    size, rig, side = build.size, build.rig, SIDES[k]
    shoulder, elbow = rig.heads[rig.row(f"upperarm_{side}")], rig.heads[rig.row(f"lowerarm_{side}")]
    arm = float(np.linalg.norm(elbow - shoulder) + np.linalg.norm(palm_frame(rig, side, size)[1] - elbow))

    @cache
    def goal() -> tuple[F64, float, float]:
        """Where the palm goes, and by how much and to which side the trunk bends for it."""
        at, start = target(), still(0.0)
        way = turn_z(-start.heading) @ (at - start.pelvis)
        yaw = float(np.clip(np.arctan2(-way[0], way[1]), -1.2, 1.2))

        def missing(amount: float) -> float:
            joints = solved(rig, _bent(start, build, amount, yaw, seated), size)
            return float(np.linalg.norm(at - joints.position[rig.row(f"upperarm_{side}")])) - 0.94 * arm

        amounts = np.linspace(0.0, 1.0, 41)
        for amount in amounts:
            if missing(float(amount)) <= 0:
                return at, float(amount), yaw
        best = min(amounts, key=lambda a: missing(float(a)))
        if missing(float(best)) > 0.05 * arm:
            raise ValueError(
                f"{what} is out of reach, by {missing(float(best)):.2f} m: let the character go nearer before this"
            )
        return at, float(best), yaw

    def laid(posture: Posture, time: float, aware: bool) -> Posture:
        at, amount, yaw = goal()
        going = smooth(time / REACH_S)
        leaving = smooth((time - REACH_S - GRASP_S) / BACK_S)
        share = going * (1.0 - leaving)
        result = _bent(posture, build, amount * share, yaw, seated)
        hands, reach, fingers = result.hands.copy(), result.reach.copy(), result.fingers.copy()
        closed = smooth((time - REACH_S + 0.12) / (GRASP_S + 0.12))
        shape = 0.15 + 0.70 * closed if grasp else 0.85 - 0.70 * closed
        fingers[k] += (shape - fingers[k]) * share
        rests = float(reach[k])
        lift = np.array([0.0, 0.0, 0.06 * size * (1 - going)])
        hands[k] = hands[k] + (at + lift - hands[k]) * (share if rests > 0 else 1.0)
        reach[k] = share + rests * (1 - share)
        return replace(result, hands=hands, reach=reach, fingers=fingers)

    return laid
