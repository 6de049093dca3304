"""How a four-legged animal stands and goes: its stance in a director's terms, and the joints' turns that give it.

Legs are given by where the paws are and are solved by two-bone inverse kinematics; everything else by angles. All
fields are plain numbers, so two stances blend by mixing their fields.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from worldgen.conventions import F64, unit
from worldgen.posture import turn_x, turn_y, turn_z
from worldgen.skinning import Joints, Rig, chained

LEGS: Final = ("hind_l", "hind_r", "fore_l", "fore_r")
_BONES: Final = {
    "hind_l": ("thigh_l", "shin_l", "hock_l", "toe_l"),
    "hind_r": ("thigh_r", "shin_r", "hock_r", "toe_r"),
    "fore_l": ("arm_l", "forearm_l", "wrist_l", "finger_l"),
    "fore_r": ("arm_r", "forearm_r", "wrist_r", "finger_r"),
}


@dataclass(frozen=True)
class Stance:
    """Angles in radians, positions in world metres; legs in the order of ``LEGS``.

    pelvis: (3,) where its joint is. heading: of the pelvis, counter-clockwise from +Y. tilt: (2,) of the pelvis: nose
    up, right side down. spine: (3,) nose up, right side down, to the left, from pelvis to chest. neck: (3,) likewise
    from chest to head, spread over the neck. head: (3,) of the head against the neck. jaw: open. ears: (2,) back.
    tail: (3,) up at its root, curl up along it, to the left. paws: (4, 3) where each paw's middle is on the ground.
    paw_yaw: (4,) as heading. fold: (4,) how far the part below wrist or hock is bent back (0 as at rest). lift: (4,)
    nose-up turn of the paw itself.
    """

    pelvis: F64
    heading: float
    tilt: F64
    spine: F64
    neck: F64
    head: F64
    jaw: float
    ears: F64
    tail: F64
    paws: F64
    paw_yaw: F64
    fold: F64
    lift: F64


def blended(a: Stance, b: Stance, share: float) -> Stance:
    """``a`` at share 0, ``b`` at 1."""
    if share <= 0:
        return a
    if share >= 1:
        return b
    mixed = {}
    for field in fields(Stance):
        start, stop = getattr(a, field.name), getattr(b, field.name)
        mixed[field.name] = start + (stop - start) * share
    return Stance(**mixed)


def _bend(angles: F64) -> F64:
    """(3, 3) of (nose up, right side down, to the left)."""
    return turn_z(angles[2]) @ turn_y(angles[1]) @ turn_x(angles[0])


def solved(rig: Rig, stance: Stance, breath: float = 0.0) -> Joints:
    """All joints of ``rig`` at its true size. breath: from -1 to 1, how full the chest is."""
    local: F64 = np.tile(np.eye(3), (len(rig.names), 1, 1))
    row = rig.rows
    local[row["pelvis"]] = turn_z(stance.heading) @ _bend(np.array([*stance.tilt, 0.0]))
    for name, share in (("spine", 0.5), ("chest", 0.5)):
        local[row[name]] = _bend(stance.spine * share)
    local[row["neck"]], local[row["nape"]] = _bend(stance.neck * 0.55), _bend(stance.neck * 0.45)
    local[row["head"]], local[row["jaw"]] = _bend(stance.head), turn_x(-stance.jaw)
    for k, side in enumerate("lr"):
        local[row[f"ear_{side}"]] = turn_x(stance.ears[k]) @ turn_y((0.5 if side == "r" else -0.5) * stance.ears[k])
        local[row[f"shoulder_{side}"]] = turn_y((0.012 if side == "r" else -0.012) * breath)
    up, curl, left = stance.tail
    for k in range(1, 5):
        angles = np.array([-(up if k == 1 else curl), 0.0, -left * (0.6 if k == 1 else 0.35)])
        local[row[f"tail_{k}"]] = _bend(angles)
    joints = chained(rig, local, stance.pelvis)
    for k, leg in enumerate(LEGS):
        _leg(rig, joints, leg, stance, k)
    return joints


def _leg(rig: Rig, joints: Joints, leg: str, stance: Stance, k: int) -> None:
    """Write the turns and places of one leg, from the paw upward."""
    first, second, third, toe = (rig.row(name) for name in _BONES[leg])
    hind = leg.startswith("hind")
    up = int(rig.parents[first])
    hip = joints.position[up] + joints.rotation[up] @ (rig.heads[first] - rig.heads[up])
    yaw = turn_z(float(stance.paw_yaw[k]))
    paw_turn = yaw @ turn_x(float(stance.lift[k]))
    toe_rest = rig.heads[toe]
    middle = np.array([toe_rest[0], toe_rest[1] + 0.02 * rig.heads[third][2] / 0.11, 0.0])
    toe_at = stance.paws[k] + paw_turn @ (toe_rest - middle)
    lower_turn = yaw @ turn_x(-float(stance.fold[k]))
    joint_at = toe_at + lower_turn @ (rig.heads[third] - toe_rest)
    a_rest, b_rest = rig.heads[second] - rig.heads[first], rig.heads[third] - rig.heads[second]
    a, b = float(np.linalg.norm(a_rest)), float(np.linalg.norm(b_rest))
    reach = joint_at - hip
    far = float(np.linalg.norm(reach))
    distance = float(np.clip(far, abs(a - b) + 1e-3, (a + b) * 0.998))
    towards = unit(reach)
    pelvis_side = joints.rotation[up] @ np.array([1.0, 0.0, 0.0])
    side = unit(pelvis_side - towards * (towards @ pelvis_side))
    ahead = np.cross(side, towards)  # behind or before the line from hip to paw, as the knee points
    ahead = ahead if ahead @ (joints.rotation[up] @ np.array([0.0, 1.0, 0.0])) > 0 else -ahead
    pole = ahead if hind else -ahead
    along = a * (a * a + distance * distance - b * b) / (2 * a * distance)
    knee = hip + towards * along + pole * np.sqrt(max(a * a - along * along, 0.0))
    end = hip + towards * distance
    right = np.array([1.0, 0.0, 0.0])
    turns = (
        _frame(knee - hip, side) @ _frame(a_rest, right).T,
        _frame(end - knee, side) @ _frame(b_rest, right).T,
        lower_turn,
        paw_turn,
    )
    for joint, place, turn in zip((first, second, third, toe), (hip, knee, end, None), turns, strict=True):
        joints.rotation[joint] = turn
        if place is None:
            place = end + lower_turn @ (toe_rest - rig.heads[third])
        joints.position[joint] = place


def _frame(direction: F64, lateral: F64) -> F64:
    """(3, 3) columns: along the bone, sideways, and their cross product."""
    along = unit(direction)
    side = unit(lateral - along * (lateral @ along))
    return np.stack([along, side, np.cross(along, side)], axis=1)
