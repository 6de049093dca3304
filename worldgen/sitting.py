"""Sitting down, sitting and rising: the hips go back and the trunk forward, so that the weight stays over the feet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from worldgen.conventions import F32, F64
from worldgen.footing import Build
from worldgen.gait import smooth
from worldgen.posture import SIDES, SOLE, Posture, solved, turn_z

DOWN_S: Final = 1.7
UP_S: Final = 1.6
TILT: Final = -0.10  # of the pelvis when seated: it rolls back


def _before(build: Build) -> float:
    """How far before the middle of the seat the body stands before it sits down, metres."""
    return 0.80 * build.thigh + 0.03 * build.size


def place_before(build: Build, position: F64, facing: float) -> F64:
    """(2,) where one stands to sit down at ``position (3,)``."""
    return np.asarray(position[:2] + (turn_z(facing) @ np.array([0.0, _before(build), 0.0]))[:2])


@dataclass(frozen=True)
class Seat:
    """One person on one seat. position: (3,) middle of its surface. standing: the posture before it."""

    build: Build
    position: F64
    facing: float
    standing: Posture

    @cached_property
    def seated(self) -> Posture:
        """At rest, the hands on the thighs."""
        build, stand = self.build, self.standing
        size = build.size
        pelvis = self.position + np.array([0.0, 0.0, build.seat])
        feet, pitch = stand.feet.copy(), np.zeros(2)
        rig = build.rig
        shin = float(np.linalg.norm(rig.heads[rig.row("foot_l")] - rig.heads[rig.row("calf_l")]))
        reach = np.sqrt((0.97 * (shin + build.thigh)) ** 2 - (0.8 * build.thigh) ** 2)
        dangle = max(float(pelvis[2] - feet[:, 2].min()) - float(reach) - (0.075 + SOLE) * size, 0.0)
        feet[:, 2] += dangle
        pitch += 0.35 * smooth(dangle / 0.1)
        feet[:, :2] += (turn_z(self.facing) @ np.array([[-0.02, 0.02], [0.0, 0.0], [0.0, 0.0]]) * size)[:2].T
        still = replace(
            stand,
            pelvis=pelvis,
            heading=self.facing,
            hips=np.array([TILT, 0.0, 0.0]),
            feet=feet,
            foot_pitch=pitch,
            spine=np.array([0.16, 0.0, 0.0]),
            head=np.array([-0.02, 0.0, 0.0]),
            shoulders=np.array([-0.10, -0.10]),
            arms=np.tile([0.45, 0.16, 0.35, 0.95, 0.3], (2, 1)),
            wrists=np.array([[0.0, -0.1]] * 2),
            fingers=np.array([0.35, 0.35]),
        )
        joints = solved(rig, still, size)
        hands = np.zeros((2, 3))
        for k, side in enumerate(SIDES):
            hip, knee = (joints.position[rig.row(f"{bone}_{side}")] for bone in ("thigh", "calf"))
            hands[k] = hip + 0.70 * (knee - hip) + np.array([0.0, 0.0, 0.098 * size])
        return replace(still, reach=np.ones(2), hands=hands)

    def at(self, down: float) -> Posture:
        """From standing (``down`` 0) to seated (1)."""
        x = min(max(down, 0.0), 1.0)
        stand, seated = self.standing, self.seated
        back, low = smooth(x / 0.92), smooth((x - 0.08) / 0.92)
        pelvis = stand.pelvis + (seated.pelvis - stand.pelvis) * np.array([back, back, low])
        bow = np.sin(np.pi * x**0.85) ** 1.2
        settle = smooth((x - 0.35) / 0.65)
        rest = smooth((x - 0.55) / 0.45)
        balance = np.array([0.35, 0.04, 0.05, 0.25, 0.0]) * bow
        return replace(
            stand,
            pelvis=pelvis,
            heading=stand.heading + (seated.heading - stand.heading) * back,
            hips=stand.hips + (seated.hips - stand.hips) * settle + np.array([0.45 * bow, 0.0, 0.0]),
            feet=stand.feet + (seated.feet - stand.feet) * rest,
            foot_pitch=seated.foot_pitch * rest,
            spine=stand.spine + (seated.spine - stand.spine) * settle + np.array([0.30 * bow, 0.0, 0.0]),
            head=stand.head + (seated.head - stand.head) * settle - np.array([0.30 * bow, 0.0, 0.0]),
            shoulders=stand.shoulders,
            arms=stand.arms + (seated.arms - stand.arms) * settle + balance,
            wrists=stand.wrists + (seated.wrists - stand.wrists) * settle,
            fingers=stand.fingers + (seated.fingers - stand.fingers) * settle,
            reach=seated.reach * rest,
            hands=seated.hands,
        )

    def resting(self, time: float) -> Posture:
        """Seated, breathing, ``time`` seconds later."""
        breath, drift = np.sin(2 * np.pi * time / 4.1), np.sin(2 * np.pi * time / 11.0) * np.sin(2 * np.pi * time / 27)
        seated = self.seated
        return replace(
            seated,
            spine=seated.spine + np.array([-0.012 * breath + 0.02 * drift, 0.012 * drift, 0.02 * drift]),
            head=seated.head + np.array([0.012 * breath - 0.02 * drift, 0.0, 0.05 * drift]),
        )

    def pressed(self, points: F32) -> F32:
        """``points (V, 3)`` of whoever sits, with the cloth that would hang into the seat lying on it instead."""
        size = self.build.size
        flat = (points[:, :2] - self.position[:2]) @ turn_z(self.facing)[:2, :2]
        over = (np.abs(flat[:, 0]) < 0.26 * size) & (flat[:, 1] > -0.30 * size) & (flat[:, 1] < 0.20 * size)
        low = float(self.position[2])
        within = over & (points[:, 2] < low) & (points[:, 2] > low - 0.14 * size)
        result = points.copy()
        # What hung deeper lies lower in the pile, so that folds keep their order.
        result[within, 2] = low + 0.004 * (points[within, 2] - low + 0.14 * size)
        return result
