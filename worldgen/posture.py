"""A posture: what a body does at one moment, in a director's terms, and its solution to joint turns.

Legs are given by where the feet are, and solved by two-bone inverse kinematics, and so is an arm as far as it reaches
for something; everything else is given by angles. All fields are plain numbers, so two postures blend by mixing them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Final

import numpy as np

from worldgen.conventions import F64, unit
from worldgen.skinning import Joints, Rig, chained

SOLE: Final = 0.022
"""Thickness of a shoe's sole, metres, for a body as tall as the baked one."""

SIDES: Final = ("l", "r")
FINGERS: Final = ("index", "middle", "ring", "pinky")


@dataclass(frozen=True)
class Posture:
    """Angles in radians, positions in world metres; "sides" are left, right.

    pelvis: (3,) where the pelvis joint is. heading: of the body, counter-clockwise from +Y seen from above.
    hips: (3,) turn of the pelvis (tilt forward, list with the left side up, twist to the left).
    feet: (2, 3) where the ball of each foot would touch the ground, were the foot flat. foot_yaw: (2,) as heading.
    foot_pitch: (2,) heel up (about the ball's joint) positive, toe up (about the heel) negative. toes_bent: (2,) 1
    where the toes stay level while the heel is up, 0 where they follow the foot.
    spine: (3,) as hips, spread over the spine. head: (3,) as hips, of the head against the chest.
    shoulders: (2,) raise of the shoulder girdle. arms: (2, 5) flexion (forward), abduction (sideways), rotation inward
    of the upper arm, flexion of the elbow, rotation inward of the forearm. wrists: (2, 2) flexion, sideways.
    fingers: (2,) curl, 0 straight.
    slope: (2, 2) rise of the ground per metre along world x and y under each foot. reach: (2,) how far each arm leaves
    its angles to put the palm at hands (2, 3), world metres. eyes: (2,) turn to the left and up, against the head.
    index: (2,) 1 where the index finger is straight, whatever the others do.
    """

    pelvis: F64
    heading: float
    hips: F64
    feet: F64
    foot_yaw: F64
    foot_pitch: F64
    toes_bent: F64
    spine: F64
    head: F64
    shoulders: F64
    arms: F64
    wrists: F64
    fingers: F64
    slope: F64 = field(default_factory=lambda: np.zeros((2, 2)))
    reach: F64 = field(default_factory=lambda: np.zeros(2))
    hands: F64 = field(default_factory=lambda: np.zeros((2, 3)))
    eyes: F64 = field(default_factory=lambda: np.zeros(2))
    index: F64 = field(default_factory=lambda: np.zeros(2))


def blended(a: Posture, b: Posture, share: float) -> Posture:
    """``a`` at share 0, ``b`` at 1. Headings mix as numbers: they are never wrapped in a motion."""
    mixed = {}
    for f in fields(Posture):
        start, stop = getattr(a, f.name), getattr(b, f.name)
        mixed[f.name] = start + (stop - start) * share
    # Where a hand that does not reach would be is nobody's business.
    of_a, of_b = a.reach * (1.0 - share), b.reach * share
    portion = of_b / np.maximum(of_a + of_b, 1e-9)
    mixed["hands"] = a.hands + (b.hands - a.hands) * portion[:, None]
    return replace(a, **mixed)


def turn_x(angle: float) -> F64:
    """(3, 3) rotation about +X: forward goes up."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])


def turn_y(angle: float) -> F64:
    """(3, 3) rotation about +Y: the right side goes down."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1.0, 0], [-s, 0, c]])


def turn_z(angle: float) -> F64:
    """(3, 3) rotation about +Z: forward goes left."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def bend(angles: F64) -> F64:
    """(3, 3) of (tilt forward, list with the left up, twist to the left)."""
    return turn_z(angles[2]) @ turn_y(angles[1]) @ turn_x(-angles[0])


def _bone_frame(direction: F64, lateral: F64) -> F64:
    """(3, 3) columns: along the bone, sideways, and their cross product."""
    along = direction / np.sqrt(direction @ direction)
    side = lateral - along * (lateral @ along)
    side = side / np.sqrt(side @ side)
    return np.stack([along, side, _cross(along, side)], axis=1)


def _cross(a: F64, b: F64) -> F64:
    """Cross product of two (3,); ``np.cross`` spends most of its time on checks."""
    (ax, ay, az), (bx, by, bz) = a, b
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def solved(rig: Rig, posture: Posture, size: float) -> Joints:
    """All joints of ``rig`` (already scaled by ``size``, its height over the baked body's) in ``posture``."""
    local = np.tile(np.eye(3), (len(rig.names), 1, 1))
    row = rig.rows
    local[row["Root"]] = turn_z(posture.heading)
    local[row["pelvis"]] = bend(posture.hips)
    for name in ("spine_01", "spine_02", "spine_03"):
        local[row[name]] = bend(posture.spine / 3)
    local[row["neck_01"]] = local[row["head"]] = part_of(bend(posture.head), 0.5)
    for name in ("eye_l", "eye_r"):
        local[row[name]] = turn_z(posture.eyes[0]) @ turn_x(posture.eyes[1])
    for k, side in enumerate(SIDES):
        _arm(rig, row, local, posture, k, side)
    root = posture.pelvis - turn_z(posture.heading) @ (rig.heads[row["pelvis"]] - rig.heads[row["Root"]])
    joints = chained(rig, local, root)
    if posture.reach.any():
        for k, side in enumerate(SIDES):
            if posture.reach[k] > 0:
                _reaching(rig, local, joints, posture, k, side, size)
        joints = chained(rig, local, root)
    for k, side in enumerate(SIDES):
        thigh, calf, foot, ball = (row[f"{bone}_{side}"] for bone in ("thigh", "calf", "foot", "ball"))
        foot_turn, ball_turn, ankle = foot_placed(
            rig,
            size,
            k,
            posture.feet[k],
            float(posture.foot_yaw[k]),
            float(posture.foot_pitch[k]),
            posture.slope[k],
            float(posture.toes_bent[k]),
        )
        upper, lower = leg_turns(rig, side, joints.position[thigh], ankle, posture, k)
        for joint, turn in ((thigh, upper), (calf, lower), (foot, foot_turn), (ball, ball_turn)):
            up = rig.parents[joint]
            joints.position[joint] = joints.position[up] + joints.rotation[up] @ (rig.heads[joint] - rig.heads[up])
            joints.rotation[joint] = turn
    return joints


def foot_placed(
    rig: Rig, size: float, k: int, place: F64, yaw: float, pitch: float, slope: F64, toes_bent: float = 1.0
) -> tuple[F64, F64, F64]:
    """World turns of foot and toes (3, 3), and where the ankle joint (3,) is, of side ``k``; see :class:`Posture`.

    A raised heel turns about the ball's joint, the toes staying level; raised toes turn about the heel on the ground.
    """
    ankle_rest, ball_rest = rig.heads[rig.row(f"foot_{SIDES[k]}")], rig.heads[rig.row(f"ball_{SIDES[k]}")]
    contact = np.array([ball_rest[0], ball_rest[1], -SOLE * size])
    heel = np.array([ankle_rest[0], ankle_rest[1] - 0.045 * size, -SOLE * size])
    pivot = ball_rest if pitch > 0 else heel
    level = leaning(slope) @ turn_z(yaw)
    tilt = level @ turn_x(-pitch)
    ankle = place + level @ (pivot - contact) + tilt @ (ankle_rest - pivot)
    toes = level @ turn_x(-pitch * (1.0 - toes_bent)) if pitch > 0 else tilt
    return tilt, toes, ankle


def leaning(slope: F64) -> F64:
    """(3, 3) turn of what stands upright onto ground that rises by ``slope (2,)`` per metre along x and y."""
    normal = unit(np.array([-slope[0], -slope[1], 1.0]))
    axis = np.array([-normal[1], normal[0], 0.0])  # up x normal: its length is the sine
    sine = float(np.linalg.norm(axis))
    return np.eye(3) if sine < 1e-9 else about(axis / sine, float(np.arctan2(sine, normal[2])))


def leg_turns(rig: Rig, side: str, hip: F64, ankle: F64, posture: Posture, k: int) -> tuple[F64, F64]:
    """World turns (3, 3) of thigh and calf that put the ankle where it should be, the knee forward."""
    heads = [rig.heads[rig.row(f"{bone}_{side}")] for bone in ("thigh", "calf", "foot")]
    thigh_rest, calf_rest = heads[1] - heads[0], heads[2] - heads[1]
    a, b = np.linalg.norm(thigh_rest), np.linalg.norm(calf_rest)
    reach = ankle - hip
    distance = np.clip(np.linalg.norm(reach), abs(a - b) + 1e-3, (a + b) * 0.9995)
    towards = unit(reach)
    facing = 0.5 * posture.heading + 0.5 * posture.foot_yaw[k]
    forward = turn_z(facing) @ np.array([0.0, 1.0, 0.0])
    forward = unit(forward - towards * (forward @ towards))
    cosine = (a * a + distance * distance - b * b) / (2 * a * distance)
    along = a * cosine
    knee = hip + towards * along + forward * np.sqrt(max(a * a - along * along, 0.0))
    lateral = _cross(towards, forward)  # to the right
    right = np.array([1.0, 0.0, 0.0])
    upper = _bone_frame(knee - hip, lateral) @ _bone_frame(thigh_rest, right).T
    lower = _bone_frame(hip + towards * distance - knee, lateral) @ _bone_frame(calf_rest, right).T
    return upper, lower


def _arm(rig: Rig, row: dict[str, int], local: F64, posture: Posture, k: int, side: str) -> None:
    """Fill in the turns of one arm. Angles count from an arm that hangs straight down, elbow pointing back."""
    sign = 1.0 if side == "l" else -1.0  # what is inward for the left is outward for the right
    flexion, abduction, inward, elbow, twist = posture.arms[k]
    heads = [rig.heads[row[f"{bone}_{side}"]] for bone in ("upperarm", "lowerarm", "hand")]
    upper_rest, lower_rest = heads[1] - heads[0], heads[2] - heads[1]
    hinge = _cross(upper_rest, lower_rest)  # the arm is a little bent at rest
    hanging = _bone_frame(np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0]))
    shoulder = turn_x(flexion) @ turn_y(sign * abduction) @ turn_z(-sign * inward)
    upper = shoulder @ hanging @ _bone_frame(upper_rest, hinge).T
    lower = shoulder @ turn_x(elbow) @ turn_z(-0.5 * sign * twist) @ hanging @ _bone_frame(lower_rest, hinge).T
    local[row[f"clavicle_{side}"]] = turn_y(sign * posture.shoulders[k])
    local[row[f"upperarm_{side}"]] = local[row[f"clavicle_{side}"]].T @ upper
    local[row[f"lowerarm_{side}"]] = upper.T @ lower
    across = unit(rig.heads[row[f"index_01_{side}"]] - rig.heads[row[f"pinky_01_{side}"]])
    along = unit(rig.heads[row[f"middle_01_{side}"]] - heads[2])
    palm = unit(_cross(along, across))  # its sign cancels between the sides
    turn = about(unit(lower_rest), 0.5 * sign * twist)  # half in the forearm, half at the wrist
    local[row[f"hand_{side}"]] = turn @ about(across, -sign * posture.wrists[k, 0]) @ about(palm, posture.wrists[k, 1])
    for finger in FINGERS:
        pointing = rig.heads[row[f"{finger}_03_{side}"]] - rig.heads[row[f"{finger}_01_{side}"]]
        spread = np.arctan2(_cross(along, pointing) @ palm, along @ pointing)
        closed = about(palm, -0.65 * spread)  # at rest the fingers are splayed
        curl = posture.fingers[k] * (1.0 - posture.index[k] if finger == "index" else 1.0)
        for joint, share in (("01", 0.7), ("02", 1.0), ("03", 0.7)):
            curled = about(across, -sign * share * curl)
            local[row[f"{finger}_{joint}_{side}"]] = closed @ curled if joint == "01" else curled


def palm_frame(rig: Rig, side: str, size: float) -> tuple[F64, F64]:
    """Rotation (3, 3) and origin (3,) of a hand's own frame at rest, character axes.

    The origin lies in the palm; +Y runs along the fingers, +Z to the thumb's side, and +X = Y x Z comes out of the back
    of a right hand and out of the palm of a left one. In a relaxed fist with the thumb up, +Z is up: what is held
    like a cup or a stick has its own +Z along the hand's.
    """
    bone = {n: rig.heads[rig.row(f"{n}_{side}")] for n in ("hand", "index_01", "middle_01", "pinky_01")}
    along = unit(bone["middle_01"] - bone["hand"])
    across = bone["index_01"] - bone["pinky_01"]
    thumb = unit(across - along * (across @ along))
    x = _cross(along, thumb)
    palm = x if side == "l" else -x
    origin = bone["hand"] + 0.9 * (bone["middle_01"] - bone["hand"]) + palm * 0.028 * size
    return np.stack([x, along, thumb], axis=1), origin


def _reaching(rig: Rig, local: F64, joints: Joints, posture: Posture, k: int, side: str, size: float) -> None:
    """Turn one arm's ``local`` toward what its palm reaches for, the elbow low and outward."""
    sign = 1.0 if side == "l" else -1.0
    shoulder, clavicle = rig.row(f"upperarm_{side}"), rig.row(f"clavicle_{side}")
    fore, hand = rig.row(f"lowerarm_{side}"), rig.row(f"hand_{side}")
    heads = rig.heads
    upper_rest, lower_rest = heads[fore] - heads[shoulder], heads[hand] - heads[fore]
    # Forearm and hand are one link from the elbow to the palm, as the wrist is bent.
    link = lower_rest + local[hand] @ (palm_frame(rig, side, size)[1] - heads[hand])
    a, b = float(np.linalg.norm(upper_rest)), float(np.linalg.norm(link))
    start = joints.position[shoulder]
    way = posture.hands[k] - start
    distance = float(np.clip(np.linalg.norm(way), abs(a - b) + 0.02, (a + b) * 0.998))
    towards = unit(way)
    outward = turn_z(posture.heading) @ np.array([-0.55 * sign, -0.45, -0.75])
    pole = unit(outward - towards * (outward @ towards))
    along = (a * a + distance * distance - b * b) / (2 * distance)
    elbow = start + towards * along + pole * np.sqrt(max(a * a - along * along, 0.0))
    hinge = _cross(elbow - start, towards)
    hinge_rest = _cross(upper_rest, lower_rest)
    upper = _bone_frame(elbow - start, hinge) @ _bone_frame(upper_rest, hinge_rest).T
    lower = _bone_frame(start + towards * distance - elbow, hinge) @ _bone_frame(link, hinge_rest).T
    share = float(posture.reach[k])
    for joint, wanted in ((shoulder, joints.rotation[clavicle].T @ upper), (fore, upper.T @ lower)):
        local[joint] = local[joint] @ part_of(local[joint].T @ wanted, share)


def part_of(turn: F64, share: float) -> F64:
    """(3, 3) ``share`` of the rotation ``turn``, about the same axis."""
    angle = float(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1.0, 1.0)))
    if angle < 1e-6 or share >= 1.0:
        return turn if share >= 1.0 else np.eye(3)
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    return about(unit(axis), angle * share)


def about(axis: F64, angle: float) -> F64:
    """(3, 3) turn about a unit axis (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
