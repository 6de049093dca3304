"""Motion: planted feet, ground, heading, and purity in time."""

import os
import subprocess
import sys

import numpy as np
import pytest

from worldgen.actions import Action, Idle, Stand, Turn, Walk, Wave
from worldgen.clips import Motion, choreographed
from worldgen.figure import figure
from worldgen.footing import LAND, LEAVE, START, Build
from worldgen.posture import SOLE, Posture, solved
from worldgen.skinning import Rig
from worldgen.stage import Stage
from worldgen.ways import smooth_way

SIZE = 1.05
RIG = Rig(figure(0.0, 0.5).rig.names, figure(0.0, 0.5).rig.parents, figure(0.0, 0.5).rig.heads * SIZE)
BUILD = Build(RIG, SIZE)
STRAIGHT = ((0.0, 0.0), (0.0, 5.0))
CURVED = ((0.0, 0.0), (1.5, 2.0), (0.0, 4.0), (-2.5, 4.5))


def motion(*actions: Action) -> Motion:
    return choreographed(actions, BUILD)


def flat(posture: Posture) -> np.ndarray:
    return np.concatenate([np.ravel(getattr(posture, name)) for name in posture.__dataclass_fields__])


def stances(walk: Motion) -> list[tuple[int, float, float]]:
    """(side, from, until) of every stance of the first action."""
    steps = walk.segments[0].posture.args[0]  # type: ignore[attr-defined]
    beat = steps.seconds_a_step
    result = []
    for k in range(1, steps.count):
        side = int(steps.side[k + 1])
        result.append((side, (k - LAND + START) * beat, (k + LEAVE + START) * beat))
    return result


@pytest.mark.parametrize("along", [STRAIGHT, CURVED])
@pytest.mark.parametrize("speed", [0.8, 1.3, 1.8])
def test_feet_do_not_skate(along: tuple[tuple[float, float], ...], speed: float) -> None:
    walk = motion(Walk(along, speed))
    spans = stances(walk)
    assert len(spans) >= 4
    for side, start, stop in spans:
        ball, foot = RIG.row(f"ball_{'lr'[side]}"), RIG.row(f"foot_{'lr'[side]}")
        standing = RIG.heads[ball][2] + SOLE * SIZE
        heel = RIG.heads[foot] * [1, 1, 0] - np.array([0, 0.045, SOLE]) * SIZE - RIG.heads[foot]
        moments = [solved(RIG, walk.at(t), SIZE) for t in np.linspace(start, stop - 1e-3, 24)]
        balls = np.array([m.position[ball] for m in moments])
        heels = np.array([m.position[foot] + m.rotation[foot] @ heel for m in moments])
        for points, ground in ((balls, standing), (heels, 0.0)):
            down = points[points[:, 2] < ground + 0.01]
            assert len(down) >= 8
            assert np.linalg.norm(np.ptp(down[:, :2], axis=0)) < 0.02
        assert ((balls[:, 2] < standing + 0.01) | (heels[:, 2] < 0.01)).all()  # the foot bears all the while


@pytest.mark.parametrize("speed", [0.8, 1.3, 1.8])
def test_the_legs_reach_the_planted_feet(speed: float) -> None:
    walk = motion(Walk(CURVED, speed))
    for t in np.arange(0, walk.seconds, 0.11):
        posture = walk.at(t)
        joints = solved(RIG, posture, SIZE)
        for k, side in enumerate("lr"):
            ball = joints.position[RIG.row(f"ball_{side}")]
            if posture.foot_pitch[k] >= 0:
                rest = RIG.heads[RIG.row(f"ball_{side}")]
                wanted = posture.feet[k] + [0.0, 0.0, rest[2] + SOLE * SIZE]
                assert ball == pytest.approx(wanted, abs=0.005)


def test_speed_and_heading_follow_the_way() -> None:
    walk = motion(Walk(CURVED, 1.3))
    way, length = smooth_way(CURVED)
    places = np.array([walk.at(t).pelvis[:2] for t in np.arange(0, walk.seconds, 0.05)])
    table = np.array([way(s)[0] for s in np.arange(0, length, 0.02)])
    off = np.linalg.norm(places[:, None] - table[None], axis=2).min(1)
    assert off.max() < 0.06  # the body sways, no more
    middle = walk.seconds / 2
    gone = walk.at(middle + 0.4).pelvis - walk.at(middle - 0.4).pelvis
    assert np.linalg.norm(gone[:2]) / 0.8 == pytest.approx(1.3, rel=0.12)
    for t in np.linspace(1.0, walk.seconds - 1.0, 12):
        step = walk.at(t + 0.3).pelvis[:2] - walk.at(t - 0.3).pelvis[:2]
        ahead = np.array([-np.sin(walk.at(t).heading), np.cos(walk.at(t).heading)])
        assert ahead @ step / np.linalg.norm(step) > 0.93
    assert walk.at(walk.seconds).pelvis[:2] == pytest.approx(np.array(CURVED[-1]), abs=0.03)


def test_starts_and_stops_are_eased() -> None:
    walk = motion(Walk(STRAIGHT, 1.4))
    y = np.array([walk.at(t).pelvis[1] for t in np.arange(0, walk.seconds + 0.5, 0.02)])
    speed = np.diff(y) / 0.02
    assert speed[:3].max() < 0.25
    assert abs(speed[-10:]).max() < 0.05
    assert np.abs(np.diff(speed) / 0.02).max() < 8.0
    assert (np.diff(y) > -0.002).all()


def test_nothing_jumps_between_actions() -> None:
    acts = motion(
        Stand((0, 0), 0.0, 0.5), Walk(STRAIGHT, 1.2), Turn(1.5), Wave(2.0), Walk(((0, 5), (-3, 5)), 1.0), Idle(1.0)
    )
    times = np.arange(0, acts.seconds + 1, 1 / 120)
    positions = np.array([solved(RIG, acts.at(t), SIZE).position for t in times[::2]])
    assert np.linalg.norm(np.diff(positions, axis=0), axis=2).max() * 60 < 7.0  # m/s, hands and feet
    values = np.array([flat(acts.at(t)) for t in times])
    assert np.abs(np.diff(values, axis=0)).max() < 0.15


def test_pure_in_any_order_and_held_outside() -> None:
    acts = motion(Walk(CURVED, 1.3), Wave(2.0))
    times = np.random.default_rng(0).uniform(-2, acts.seconds + 5, 30)
    once = {t: flat(acts.at(t)) for t in times}
    for t in sorted(times):
        assert np.array_equal(once[t], flat(acts.at(t)))
    assert np.array_equal(flat(acts.at(-3.0)), flat(acts.at(0.0)))
    late = [acts.at(acts.seconds + x) for x in (1.0, 100.0)]
    assert np.array_equal(late[0].feet, late[1].feet)


def test_the_same_in_another_process() -> None:
    code = (
        "from worldgen.character import human; from worldgen.actions import Walk; import hashlib;"
        "a = human('mara', actions=(Walk(((0, 0), (1, 3)), 1.2),), seed=5);"
        "print(hashlib.sha256(a.thing.pose(1.7).tobytes()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_ground_carries_the_feet() -> None:
    def hill(x: float, y: float) -> float:
        return 0.08 * y

    walk = choreographed((Walk(STRAIGHT, 1.2),), BUILD, Stage(hill))
    end = walk.at(walk.seconds)
    assert end.feet[:, 2] == pytest.approx(0.08 * end.feet[:, 1], abs=1e-6)
    assert end.pelvis[2] - walk.at(0).pelvis[2] == pytest.approx(0.4, abs=0.03)
    for t in np.arange(0, walk.seconds, 0.1):
        feet = walk.at(t).feet
        assert (feet[:, 2] > 0.08 * feet[:, 1] - 0.012).all()


def test_a_later_stand_is_a_cut() -> None:
    acts = motion(Walk(STRAIGHT, 1.3), Stand((7.0, 7.0), 1.0, 2.0))
    start = acts.segments[1].start
    assert acts.at(start - 1e-6).pelvis[:2] == pytest.approx([0, 5], abs=0.05)
    assert acts.at(start).pelvis[:2] == pytest.approx([7, 7], abs=0.05)
    assert acts.at(start).heading == pytest.approx(1.0)


def test_turning_faces_the_point() -> None:
    acts = motion(Stand((1, 1), 0.3), Turn(toward=(1, -4)))
    assert np.cos(acts.at(acts.seconds).heading - np.pi) == pytest.approx(1.0, abs=1e-9)
    assert acts.at(acts.seconds).pelvis[:2] == pytest.approx([1, 1], abs=0.03)


def test_waving_lifts_one_hand() -> None:
    for hand, bone, other in (("right", "hand_r", "hand_l"), ("left", "hand_l", "hand_r")):
        acts = motion(Wave(3.0, hand))
        up = solved(RIG, acts.at(1.5), SIZE).position
        assert up[RIG.row(bone)][2] > up[RIG.row("neck_01")][2]
        assert up[RIG.row(other)][2] < 1.0


@pytest.mark.parametrize(
    "action",
    [
        Walk(((0, 0),), 1.0),
        Walk(((0, 0), (0, 0)), 1.0),
        Walk(STRAIGHT, 0.0),
        Walk(STRAIGHT, float("nan")),
        Walk(((0, 0), (0, float("nan"))), 1.0),
        Idle(-1.0),
        Wave(2.0, "third"),
        Stand((0, 0, 0)),  # type: ignore[arg-type]
    ],
)
def test_impossible_actions_are_one_sentence(action: Action) -> None:
    with pytest.raises(ValueError, match=type(action).__name__):
        motion(action)
