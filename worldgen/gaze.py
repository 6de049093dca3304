"""Looking: the eyes go first, then the head, then a little of the chest, each within what a body can do.

The order and the shares follow measurements of gaze shifts (Freedman & Sparks 2000; Land & Tatler 2009): the eyes are
there after a fifth of a second, the head follows in half a second while the eyes turn back in its stead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from worldgen.actions import Target
from worldgen.conventions import F64, unit
from worldgen.gait import smooth
from worldgen.posture import Posture, bend, turn_z
from worldgen.stage import Where

RESOLVING: Final = ContextVar("resolving", default=False)
"""True while somebody's target is looked up. Whoever is posed then neither looks nor points at anything, so that two
people may look at each other."""

HEAD_YAW: Final = 1.20
HEAD_UP: Final = 0.60
HEAD_DOWN: Final = 0.75
EYE_YAW: Final = 0.60
EYE_PITCH: Final = 0.42
BEHIND: Final = (1.9, 2.7)
"""Radians off the body's heading where one begins to give up looking, and where one has given up."""
_CHANNELS: Final = ((0.0, 0.16), (0.07, 0.55), (0.20, 0.95))  # eyes, head, chest: delay and duration, seconds


@dataclass(frozen=True)
class Shift:
    """From ``time`` seconds on, the gaze goes to ``target``; None is ahead."""

    time: float
    target: Target | None


def located(target: Target, where: Where, time: float) -> F64:
    """(3,) world metres of a target at ``time`` seconds. Raises what ``where`` raises for a name that nothing has."""
    if not isinstance(target, str):
        return np.array(target, dtype=np.float64)
    token = RESOLVING.set(True)
    try:
        return np.asarray(where(target, time), dtype=np.float64)
    finally:
        RESOLVING.reset(token)


def shifts(spans: Sequence[tuple[float, float, Target | None]]) -> tuple[Shift, ...]:
    """The changes of gaze that ``spans`` (start, stop, target) make, where a later span covers an earlier one."""
    result: list[Shift] = []
    for time in sorted({t for start, stop, _ in spans for t in (start, stop) if np.isfinite(t)}):
        target = next((goal for start, stop, goal in reversed(spans) if start <= time < stop), None)
        if target != (result[-1].target if result else None):
            result.append(Shift(time, target))
    return tuple(result)


def _angles(direction: F64) -> tuple[float, float]:
    """Yaw to the left and pitch up of a direction, whose +Y is ahead."""
    return float(np.arctan2(-direction[0], direction[1])), float(np.arctan2(direction[2], np.hypot(*direction[:2])))


def _pointing(yaw: float, pitch: float) -> F64:
    return np.array([-np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), np.sin(pitch)])


def _soft(angle: float, limit: float) -> float:
    """``angle`` up to three quarters of the limit, then bending over, never beyond it."""
    knee = 0.75 * limit
    size = abs(angle)
    if size <= knee:
        return angle
    return float(np.copysign(knee + (limit - knee) * np.tanh((size - knee) / (limit - knee)), angle))


def chest_turn(posture: Posture) -> F64:
    """(3, 3) world turn of the chest."""
    step = bend(posture.spine / 3)
    return turn_z(posture.heading) @ bend(posture.hips) @ step @ step @ step


def gazing(
    posture: Posture,
    events: Sequence[Shift],
    time: float,
    where: Where,
    eyes_at: Callable[[Posture], F64],
    busy: float,
) -> Posture:
    """``posture`` with the gaze of ``events`` at ``time``. eyes_at: between the eyes (3,) in a posture without gaze.

    busy: 1 where the trunk must
    not follow because a hand carries something, 0 where it may.
    """
    past = [event for event in events if event.time <= time]
    recent = [event for event in past if event.time > time - 2.0]
    older = past[: len(past) - len(recent)]
    relevant = older[-1:] + recent
    if all(event.target is None for event in relevant):
        return posture
    home = turn_z(-posture.heading)
    ahead = _angles(home @ chest_turn(posture) @ bend(posture.head) @ np.array([0.0, 1.0, 0.0]))
    eye = eyes_at(posture)
    wanted = np.tile([*ahead, 0.0], (len(_CHANNELS), 1))  # yaw, pitch, how much the channel is engaged
    for event in relevant:
        goal = np.array([*ahead, 0.0])
        if event.target is not None:
            yaw, pitch = _angles(home @ unit(located(event.target, where, time) - eye))
            given_up = smooth((abs(yaw) - BEHIND[0]) / (BEHIND[1] - BEHIND[0]))
            goal = np.array([yaw, pitch, 1.0]) * (1 - given_up) + goal * given_up
        for channel, (delay, length) in enumerate(_CHANNELS):
            share = smooth((time - event.time - delay) / length)
            if event is relevant[0] and event.time <= 0.0:
                share = 1.0  # one begins with the eyes where they belong
            wanted[channel] += (goal - wanted[channel]) * share
    twist = (1.0 - busy) * 0.20 * float(np.clip(wanted[2, 0] - ahead[0], -1.2, 1.2)) * wanted[2, 2]
    turned = replace(posture, spine=posture.spine + np.array([0.0, 0.0, twist]))
    chest = chest_turn(turned)
    part = np.array(ahead) + 0.92 * (wanted[1, :2] - ahead)
    yaw, pitch = _angles(chest.T @ turn_z(posture.heading) @ _pointing(*part))
    looking = np.array(
        [-_soft(pitch, HEAD_UP if pitch > 0 else HEAD_DOWN), 0.5 * posture.head[1], _soft(yaw, HEAD_YAW)]
    )
    head = posture.head + (looking - posture.head) * wanted[1, 2]
    skull = chest @ bend(head)
    yaw, pitch = _angles(skull.T @ turn_z(posture.heading) @ _pointing(*wanted[0, :2]))
    eyes = np.array([np.clip(yaw, -EYE_YAW, EYE_YAW), np.clip(pitch, -EYE_PITCH, EYE_PITCH)]) * wanted[0, 2]
    return replace(turned, head=head, eyes=eyes)
