"""Recorded motion on the built-in body: from a BVH's joints to postures.

Bones are taken by their directions, so that the two rest poses need not be alike; the hips' travel is scaled by the
length of the legs, which also does away with the file's unit; feet that stand in the recording are made to stand here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

import numpy as np
from scipy.spatial.transform import Rotation

from worldgen.bone_names import roles
from worldgen.bvh import Bvh, load_bvh
from worldgen.conventions import F64, Bool, unit
from worldgen.footing import Build
from worldgen.posture import SOLE, Posture, turn_z
from worldgen.stage import Ground

STILL_M_S: Final = 0.28  # a foot slower than this, near the floor, stands
STAND_S: Final = 0.10  # and for at least so long
NEEDED: Final = (
    "hips", "head", "left_thigh", "right_thigh", "left_knee", "right_knee", "left_foot", "right_foot",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
)  # fmt: skip


@dataclass(frozen=True)
class Recording:
    """A motion on one body: postures at every frame, as one :class:`Posture` of arrays with a first axis of frames.

    The hips are over the origin at the first frame, the body faces +Y, and the ground is at 0.
    """

    frames: Posture
    seconds_a_frame: float
    standing: Bool

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (len(self.frames.pelvis) - 1) * self.seconds_a_frame

    def at(self, time: float) -> Posture:
        """The posture at ``time``; before the first and after the last frame it stays there."""
        last = len(self.frames.pelvis) - 1
        x = float(np.clip(time / self.seconds_a_frame, 0.0, last))
        k = min(int(x), max(last - 1, 0))
        following, share = min(k + 1, last), x - k
        values = {}
        for f in fields(Posture):
            rows = getattr(self.frames, f.name)
            values[f.name] = rows[k] + (rows[following] - rows[k]) * share
        return Posture(**values)


def mocap(
    path: Path, build: Build, *, start: float = 0.0, stop: float | None = None, speed: float = 1.0
) -> tuple[Callable[[float, F64, float, Ground], Posture], float, Callable[[float], tuple[F64, float]]]:
    """A stretch of a recording on a body.

    Returns posture(seconds, place (2,), heading, ground), its length in seconds, and seconds to (the hips' place (2,),
    heading) where it begins at the origin facing +Y. Raises ValueError for a stretch that is not there.
    """
    whole = recording(path, build)
    end = whole.seconds if stop is None else stop
    if not (np.isfinite(speed) and speed > 0):
        raise ValueError(f"Mocap: speed is {speed}; it must be more than 0")
    if not 0 <= start < whole.seconds or not start < end <= whole.seconds + 1e-6:
        raise ValueError(f"Mocap: {path.name} is {whole.seconds:.2f} s long; {start:g} s to {end:g} s is not in it")
    first = whole.at(start)
    origin, ahead = first.pelvis[:2].copy(), float(first.heading)

    def gone(time: float) -> tuple[F64, float]:
        now = whole.at(start + min(max(time * speed, 0.0), end - start))
        return (turn_z(-ahead) @ np.array([*(now.pelvis[:2] - origin), 0.0]))[:2], float(now.heading) - ahead

    def posture(time: float, place: F64, heading: float, ground: Ground) -> Posture:
        now = whole.at(start + min(max(time * speed, 0.0), end - start))
        by = heading - ahead
        turn = turn_z(by)

        def moved(point: F64) -> F64:
            x, y, z = turn @ (point - [*origin, 0.0])
            return np.array([place[0] + x, place[1] + y, z])

        feet = np.array([moved(foot) for foot in now.feet])
        pelvis = moved(now.pelvis)
        under = np.array([_height(ground, foot) for foot in feet])
        feet[:, 2] += under
        pelvis[2] += float(under.mean())
        return replace(now, pelvis=pelvis, feet=feet, heading=now.heading + by, foot_yaw=now.foot_yaw + by)

    return posture, (end - start) / speed, gone


def _height(ground: Ground, at: F64) -> float:
    height = ground(float(at[0]), float(at[1]))
    return height if np.isfinite(height) else 0.0


def recording(path: Path, build: Build) -> Recording:
    """The whole file on one body. Raises ValueError, one sentence, for a figure that is no person."""
    return _made(load_bvh(path), path.name, build)


def _made(bvh: Bvh, name: str, build: Build) -> Recording:
    found = roles(bvh.names, bvh.parents.tolist())
    missing = [role.replace("_", " ") for role in NEEDED if role not in found]
    if missing:
        raise ValueError(
            f"{name}: it is no person's motion, or its joints have strange names: no {missing[0]} is found"
        )
    turns, places = bvh.posed()
    rest = bvh.rest()
    ours = _axes(rest, found)
    scale = _leg_ours(build) / _leg(rest, found)
    places = places @ ours.T * scale
    turns = ours @ turns @ ours.T

    def at(role: str) -> F64:
        return places[:, found[role]]

    floor = float(np.percentile(np.minimum(at("left_foot")[:, 2], at("right_foot")[:, 2]), 2))
    ankle_ours = float(build.rig.heads[build.rig.row("foot_l")][2]) + SOLE * build.size
    places[:, :, 2] += ankle_ours - floor
    hips_turn = turns[:, found["hips"]]
    chest_turn = turns[:, found.get("chest", found.get("spine", found["hips"]))]
    heading, hips = _headed(hips_turn)
    spine = _bends(np.swapaxes(hips_turn, 1, 2) @ chest_turn)
    head = _bends(np.swapaxes(chest_turn, 1, 2) @ turns[:, found["head"]])
    rig = build.rig
    thighs = (rig.heads[rig.row("thigh_l")] + rig.heads[rig.row("thigh_r")]) / 2
    middle = (at("left_thigh") + at("right_thigh")) / 2
    pelvis = middle + hips_turn @ (rig.heads[rig.row("pelvis")] - thighs)
    arms = np.stack([_arm(places, bvh, found, side, chest_turn) for side in ("left", "right")], axis=1)
    legs = [_foot(places, rest @ ours.T, bvh, found, k, build) for k in (0, 1)]
    feet, yaw, pitch = (np.stack(part, axis=1) for part in zip(*legs, strict=True))
    count = len(places)
    stands = np.stack([_stands(feet[:, k], bvh.seconds) for k in (0, 1)], axis=1)
    for k in (0, 1):
        feet[:, k] = _locked(feet[:, k], stands[:, k])
    origin = np.array([*pelvis[0, :2], 0.0])
    frames = Posture(
        pelvis=pelvis - origin,
        heading=heading,  # type: ignore[arg-type]  # one a frame, like every field here
        hips=hips,
        feet=feet - origin,
        foot_yaw=np.unwrap(yaw, axis=0),
        foot_pitch=pitch,
        toes_bent=np.ones((count, 2)),
        spine=spine,
        head=head,
        shoulders=np.full((count, 2), -0.06),
        arms=arms,
        wrists=np.tile([0.0, -0.25], (count, 2, 1)),
        fingers=np.full((count, 2), 0.30),
        slope=np.zeros((count, 2, 2)),
        reach=np.zeros((count, 2)),
        hands=np.zeros((count, 2, 3)),
        eyes=np.zeros((count, 2)),
        index=np.zeros((count, 2)),
    )
    return Recording(frames, bvh.seconds, stands)


def _axes(rest: F64, found: dict[str, int]) -> F64:
    """(3, 3) ours from the file's axes: up is where the head is, left is where the left side is."""
    up = rest[found["head"]] - rest[found["hips"]]
    axis = int(np.argmax(np.abs(up)))
    up = np.eye(3)[axis] * np.sign(up[axis])
    left = rest[found["left_shoulder"]] - rest[found["right_shoulder"]]
    left = unit(left - up * (left @ up))
    best = int(np.argmax(np.abs(left)))
    if abs(left[best]) > 0.9:  # a file's axes are exact, its shoulders are not
        left = np.eye(3)[best] * np.sign(left[best])
    return np.stack([-left, np.cross(left, up), up])


def _leg(rest: F64, found: dict[str, int]) -> float:
    length = 0.0
    for side in ("left", "right"):
        thigh, knee, foot = (rest[found[f"{side}_{role}"]] for role in ("thigh", "knee", "foot"))
        length += float(np.linalg.norm(knee - thigh) + np.linalg.norm(foot - knee)) / 2
    if length <= 0:
        raise ValueError("its legs have no length")
    return length


def _leg_ours(build: Build) -> float:
    heads = [build.rig.heads[build.rig.row(name)] for name in ("thigh_l", "calf_l", "foot_l")]
    return float(np.linalg.norm(heads[1] - heads[0]) + np.linalg.norm(heads[2] - heads[1]))


def _headed(turns: F64) -> tuple[F64, F64]:
    """Heading (F,) and hips (F, 3) of turns (F, 3, 3): z, then y, then x."""
    angles = _bends(turns)
    heading = np.unwrap(angles[:, 2])
    return heading, np.stack([angles[:, 0], angles[:, 1], np.zeros(len(turns))], axis=1)


def _bends(turns: F64) -> F64:
    """(F, 3) tilt forward, list with the left up, twist to the left (``worldgen.posture.bend``'s angles)."""
    tilt = -np.arctan2(turns[:, 2, 1], turns[:, 2, 2])
    lists = np.arcsin(np.clip(-turns[:, 2, 0], -1, 1))
    twist = np.arctan2(turns[:, 1, 0], turns[:, 0, 0])
    return np.unwrap(np.stack([tilt, lists, twist], axis=1), axis=0)


def _after(bvh: Bvh, found: dict[str, int], role: str, joint: int) -> int:
    """The joint called ``role``, else the first that hangs on ``joint``, else that one itself."""
    below = np.flatnonzero(bvh.parents == joint)
    return found.get(role, int(below[0]) if len(below) else joint)


def _arm(places: F64, bvh: Bvh, found: dict[str, int], side: str, chest: F64) -> F64:
    """(F, 5) the angles of one arm, from where its bones point."""
    sign = 1.0 if side == "left" else -1.0
    shoulder, elbow = found[f"{side}_shoulder"], found[f"{side}_elbow"]
    hand = _after(bvh, found, f"{side}_hand", elbow)
    inverse = np.swapaxes(chest, 1, 2)
    upper = unit(np.einsum("fab,fb->fa", inverse, places[:, elbow] - places[:, shoulder]))
    lower = unit(np.einsum("fab,fb->fa", inverse, places[:, hand] - places[:, elbow]))
    outward = np.arcsin(np.clip(-upper[:, 0], -0.9995, 0.9995))
    forward = np.arctan2(upper[:, 1], -upper[:, 2])
    shoulder_turn = Rotation.from_euler("x", forward[:, None]) * Rotation.from_euler("y", outward[:, None])
    down = shoulder_turn.inv().apply(lower)
    flat = np.hypot(down[:, 0], down[:, 1])
    bent = np.arctan2(flat, -down[:, 2])
    sure = np.clip(flat / 0.25, 0.0, 1.0)  # an arm that is straight does not tell how it is turned
    inward = -sign * np.arctan2(-down[:, 0], np.where(flat > 1e-9, down[:, 1], 1.0)) * sure + 0.1 * (1 - sure)
    angles = np.stack([forward, sign * outward, inward, bent, np.full(len(upper), -0.25)], axis=1)
    return np.asarray(np.unwrap(angles, axis=0))


def _foot(places: F64, rest: F64, bvh: Bvh, found: dict[str, int], k: int, build: Build) -> tuple[F64, F64, F64]:
    """Where the ball of foot ``k`` touches the ground (F, 3), its yaw and pitch (F,), from where the foot points."""
    side = ("left", "right")[k]
    ankle = found[f"{side}_foot"]
    toes = _after(bvh, found, f"{side}_toes", ankle)
    way, still = places[:, toes] - places[:, ankle], rest[toes] - rest[ankle]
    far = np.linalg.norm(still[:2]) + 1e-9
    flat = np.hypot(way[:, 0], way[:, 1])
    yaw = np.unwrap(np.arctan2(-way[:, 0], way[:, 1]))
    known = flat > 0.25 * np.linalg.norm(way, axis=1)
    if toes == ankle or not known.any():
        yaw, pitch = np.zeros(len(places)), np.zeros(len(places))
    else:
        marks = np.arange(len(yaw))
        yaw = np.interp(marks, marks[known], yaw[known])
        ahead = way[:, 0] * -np.sin(yaw) + way[:, 1] * np.cos(yaw)
        pitch = np.clip(np.arctan2(still[2], far) - np.arctan2(way[:, 2], ahead), -0.6, 1.35)
    rig, size = build.rig, build.size
    name = "lr"[k]
    ankle_rest, ball_rest = rig.heads[rig.row(f"foot_{name}")], rig.heads[rig.row(f"ball_{name}")]
    contact = np.array([ball_rest[0], ball_rest[1], -SOLE * size])
    heel = np.array([ankle_rest[0], ankle_rest[1] - 0.045 * size, -SOLE * size])
    pivot = np.where(pitch[:, None] > 0, ball_rest, heel)
    level = Rotation.from_euler("z", yaw[:, None])
    tilt = level * Rotation.from_euler("x", -pitch[:, None])
    feet = places[:, ankle] - level.apply(pivot - contact) - tilt.apply(ankle_rest - pivot)
    feet[:, 2] = np.maximum(feet[:, 2], 0.0)
    return feet, yaw, pitch


def _stands(foot: F64, seconds: float) -> Bool:
    """(F,) whether the foot stands: slow, near the floor, and long enough."""
    if len(foot) < 3:
        return np.ones(len(foot), bool)
    speed = np.linalg.norm(np.gradient(foot[:, :2], seconds, axis=0), axis=1)
    slow: Bool = (speed < STILL_M_S) & (foot[:, 2] < 0.05)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], slow, [False]]).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2):
        if (stop - start) * seconds < STAND_S:
            slow[start:stop] = False
    return slow


def _locked(foot: F64, stands: Bool) -> F64:
    """The foot at one place for as long as it stands; between, it makes up for the difference little by little."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], stands, [False]]).astype(np.int8))).reshape(-1, 2)
    if not len(edges):
        return foot
    off = np.full_like(foot, np.nan)
    for start, stop in edges:
        place = foot[start:stop].mean(0) * [1.0, 1.0, 0.0]
        off[start:stop] = place - foot[start:stop]
    marks, known = np.arange(len(foot)), np.isfinite(off[:, 0])
    return foot + np.stack([np.interp(marks, marks[known], off[known, c]) for c in range(3)], axis=1)
