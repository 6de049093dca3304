"""What a character does: actions one after another, and the motion they make together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from worldgen.actions import Action, Hold, Idle, Stand, Turn
from worldgen.conventions import F32, F64
from worldgen.footing import Build
from worldgen.gait import smooth
from worldgen.gaze import Shift, gazing, shifts
from worldgen.gesture import Layer
from worldgen.handling import BACK_S, GRASP_S, carrying
from worldgen.posture import Posture, blended, solved, turn_z
from worldgen.score import Score, Segment
from worldgen.sitting import Seat
from worldgen.stage import Stage

__all__ = ["Idle", "Motion", "Stand", "Turn", "choreographed"]

BLEND: Final = 0.45  # seconds from one action's bearing to the next one's


@dataclass(frozen=True)
class Motion:
    """All actions of a character. ``at(t)`` is pure, for any time in any order.

    Before 0 the character is as at 0. After the last action it stays there, breathing. seconds: when that begins.
    layers: gestures laid over the segments. holds: what is carried when. gaze: where the eyes go. seats: from when
    to when the character is on which seat.
    """

    build: Build
    stage: Stage
    segments: tuple[Segment, ...]
    seconds: float
    phase: float
    layers: tuple[Layer, ...] = ()
    holds: tuple[Hold, ...] = ()
    gaze: tuple[Shift, ...] = ()
    seats: tuple[tuple[float, float, Seat], ...] = ()

    def seated_on(self, points: F32, time: float) -> F32:
        """The character's ``points (V, 3)`` at ``time`` seconds, lying on the seat where it sits on one."""
        for start, stop, seat in self.seats:
            if start <= max(time, 0.0) < stop:
                return seat.pressed(points)
        return points

    def at(self, time: float, aware: bool = True) -> Posture:
        """The posture at ``time`` seconds. Not ``aware``: without looking or pointing at anything that has a name."""
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
        result = _alive(result, t + self.phase, 1.0 - walking)
        for hold in self.holds:
            begun = 1.0 if hold.natural else smooth((t - hold.start - GRASP_S) / BACK_S)
            closed = 1.0 if hold.natural else smooth((t - hold.start) / GRASP_S)
            arm, grip = begun * (1 - smooth((t - hold.stop) / BACK_S)), closed * (1 - smooth((t - hold.stop) / GRASP_S))
            if arm > 0 or grip > 0:
                result = carrying(result, int(hold.joint == "right_grip"), arm, grip)
        for layer in self.layers:
            if layer.start <= t < layer.stop:
                result = layer.laid(result, t - layer.start, aware)
        if not (aware and self.gaze):
            return result
        busy = max(
            (smooth((t - h.start + 0.8) / 0.8) * (1 - smooth((t - h.stop) / 0.8)) for h in self.holds), default=0.0
        )
        return gazing(result, self.gaze, t, self.stage.where, self._eyes, busy)

    def _eyes(self, posture: Posture) -> F64:
        """(3,) between the eyes."""
        joints, rig = solved(self.build.rig, posture, self.build.size), self.build.rig
        row = rig.row("head")
        middle = (rig.heads[rig.row("eye_l")] + rig.heads[rig.row("eye_r")]) / 2 - rig.heads[row]
        return np.asarray(joints.position[row] + joints.rotation[row] @ middle)


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


def choreographed(
    actions: Sequence[Action], build: Build, stage: Stage | None = None, phase: float = 0.0, seed: int = 0
) -> Motion:
    """The motion of ``actions``, one after another, for one body.

    stage: the ground, the seats and where things are; level and empty without it. phase: seconds by which breath and
    weight shift are moved, so that two people do not breathe as one. seed: of gestures and dances. Raises ValueError
    for an action that cannot be done.
    """
    score = Score(build, stage or Stage(), phase, seed)
    score.begin(actions)
    for action in actions or (Idle(),):
        score.add(action)
    spans = sorted(score.looks, key=lambda span: span[3])
    return Motion(
        build,
        score.stage,
        tuple(score.segments),
        score.time,
        phase,
        tuple(score.layers),
        tuple(score.holds),
        shifts([span[:3] for span in spans]),
        tuple(score.seats),
    )
