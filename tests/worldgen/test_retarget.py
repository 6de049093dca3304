"""Recorded motion on the built-in body: bones point as in the file, feet that stand do not slide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from worldgen.actions import Mocap, Stand, Walk
from worldgen.character import Actor, human
from worldgen.stage import Stage

LIMBS = ("Collar", "Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle", "Toe")
CMU = ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase")
NAMES = {
    "plain": ("Hips", "Chest", "Neck", "Head", *("{S}" + limb for limb in LIMBS)),
    "cmu": ("Hips", "Spine1", "Neck", "Head", *("{S}" + limb for limb in CMU)),
}


def write(path: Path, unit: float, style: str, speed: float = 0.8, swing: float = 1.0, frames: int = 121) -> Path:
    """A figure of T pose with 0.45 m bones in its legs, that goes forward (+Z) at ``speed`` m/s and swings its legs."""
    hips, chest, neck, head, collar, shoulder, elbow, wrist, hip, knee, ankle, toe = NAMES[style]
    lines: list[str] = ["HIERARCHY"]

    def joint(name: str, offset: tuple[float, float, float], root: bool, *inside: object) -> None:
        x, y, z = (v * unit for v in offset)
        lines.append(f"{'ROOT' if root else 'JOINT'} {name}\n{{\nOFFSET {x} {y} {z}")
        lines.append("CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation" if root
                     else "CHANNELS 3 Zrotation Xrotation Yrotation")  # fmt: skip
        for part in inside:
            assert isinstance(part, tuple)
            joint(part[0], part[1], False, *part[2:])
        if not inside:
            lines.append("End Site\n{\nOFFSET 0 0 0\n}")
        lines.append("}")

    def arm(side: str, s: float) -> tuple[object, ...]:
        forearm = (elbow.format(S=side), (0.28 * s, 0, 0), (wrist.format(S=side), (0.26 * s, 0, 0)))
        return (collar.format(S=side), (0.03 * s, 0.2, 0), (shoulder.format(S=side), (0.15 * s, 0, 0), forearm))

    def leg(side: str, s: float) -> tuple[object, ...]:
        foot = (ankle.format(S=side), (0, -0.45, 0), (toe.format(S=side), (0, -0.08, 0.14)))
        return (hip.format(S=side), (0.1 * s, -0.03, 0), (knee.format(S=side), (0, -0.45, 0), foot))

    trunk = (chest, (0, 0.3, 0), (neck, (0, 0.22, 0), (head, (0, 0.1, 0))), arm("Left", 1.0), arm("Right", -1.0))
    joint(hips, (0, 0, 0), True, trunk, leg("Left", 1.0), leg("Right", -1.0))
    lines.append(f"MOTION\nFrames: {frames}\nFrame Time: {1 / 60}")
    order = [line.split()[1] for line in "\n".join(lines).splitlines() if line.startswith(("ROOT", "JOINT"))]
    for k in range(frames):
        t = k / 60
        row = [0.0, 1.005 * unit, speed * t * unit, 0.0, 0.0, 0.0]
        for name in order[1:]:
            turn = [0.0, 0.0, 0.0]
            if name == shoulder.format(S="Left"):
                turn = [-90.0, 0.0, 0.0]  # hangs
            if name == shoulder.format(S="Right"):
                turn = [0.0, 0.0, 90.0]  # points ahead
            phase = 2 * np.pi * t + (0 if "Left" in name else np.pi)
            if name in (hip.format(S="Left"), hip.format(S="Right")):
                turn = [0.0, swing * (-20 * np.sin(phase) - 12 * max(np.cos(phase), 0)), 0.0]
            if name in (knee.format(S="Left"), knee.format(S="Right")):
                turn = [0.0, swing * 40 * max(np.cos(phase), 0), 0.0]
            row += turn
        lines.append(" ".join(f"{v:.6f}" for v in row))
    path.write_text("\n".join(lines) + "\n")
    return path


def recorded(folder: Path, *, unit: float = 100.0, style: str = "plain", **said: object) -> Actor:
    write(folder / "go.bvh", unit, style)
    action = Mocap("go.bvh", **said)  # type: ignore[arg-type]
    return human("ann", actions=[action], stage=Stage(folder=folder), seed=1)


@pytest.mark.parametrize(("unit", "style"), [(100.0, "plain"), (1.0, "cmu"), (39.37, "plain")])
def test_bones_point_as_recorded_in_any_unit(tmp_path: Path, unit: float, style: str) -> None:
    actor = recorded(tmp_path, unit=unit, style=style, at=(1.0, 2.0), facing=0.0)
    shoulder, elbow, hand = (actor.joint(f"right_{name}", 1.0) for name in ("shoulder", "elbow", "hand"))
    ahead = (hand - shoulder) / np.linalg.norm(hand - shoulder)
    assert ahead[1] > 0.95
    left = actor.joint("left_elbow", 1.0) - actor.joint("left_shoulder", 1.0)
    assert left[2] / np.linalg.norm(left) < -0.95
    assert elbow[1] > shoulder[1]
    gone = actor.joint("hips", 1.75) - actor.joint("hips", 0.25)
    assert gone[1] == pytest.approx(1.2, rel=0.2)  # 0.8 m/s at legs of 0.9 m
    assert abs(gone[0]) < 0.05
    assert actor.joint("hips", 0.0)[:2] == pytest.approx([1.0, 2.0], abs=0.05)
    assert 0.7 < actor.joint("hips", 1.0)[2] < 1.1


def test_a_facing_turns_the_whole_way(tmp_path: Path) -> None:
    actor = recorded(tmp_path, at=(0.0, 0.0), facing=np.pi / 2)
    gone = actor.joint("hips", 1.75) - actor.joint("hips", 0.25)
    assert gone[0] < -0.8
    assert abs(gone[1]) < 0.05


def test_feet_that_stand_do_not_slide(tmp_path: Path) -> None:
    write(tmp_path / "go.bvh", 100.0, "plain", speed=0.12, swing=0.0)  # the recording itself slides 24 cm
    actor = human("ann", actions=[Mocap("go.bvh")], stage=Stage(folder=tmp_path), seed=1)
    times = np.arange(0.05, 1.95, 1 / 60)
    for side in ("left", "right"):
        toes = np.array([actor.joint(f"{side}_toes", float(t)) for t in times])
        assert np.ptp(toes, axis=0).max() < 0.02
    hips = np.array([actor.joint("hips", float(t)) for t in times])
    assert np.ptp(hips[:, 1]) > 0.15


def test_what_comes_after_begins_where_it_ends(tmp_path: Path) -> None:
    write(tmp_path / "go.bvh", 100.0, "plain")
    actions = [Stand((0, 0), 0.0, 1.0), Mocap("go.bvh", 0.5, 1.5, speed=2.0), Walk(((0, 0), (0, 3)))]
    actor = human("ann", actions=actions, stage=Stage(folder=tmp_path, ground=lambda x, y: 0.25), seed=1)
    track = np.array([actor.joint("hips", float(t)) for t in np.arange(0.5, 3.0, 1 / 48)])
    assert np.linalg.norm(np.diff(track, axis=0), axis=1).max() < 0.07
    assert track[:, 2].min() > 0.9


def test_errors_are_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "go.bvh", 100.0, "plain")
    for action, words in (
        (Mocap("go.bvh", 1.0, 9.0), "2.00 s long"),
        (Mocap("go.bvh", speed=0.0), "speed"),
        (Mocap("none.bvh"), "no motion file"),
    ):
        with pytest.raises(ValueError, match=words):
            human("ann", actions=[action], stage=Stage(folder=tmp_path))
    (tmp_path / "odd.bvh").write_text(path.read_text().replace("LeftKnee", "Zog"))
    with pytest.raises(ValueError, match="no left knee is found"):
        human("ann", actions=[Mocap("odd.bvh")], stage=Stage(folder=tmp_path))
