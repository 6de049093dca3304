"""Looking: the head and the eyes point where they should, in the right order, and two people may look at each other."""

import numpy as np
import pytest

from worldgen.actions import Idle, Look, Sit, Stand, Talk, Walk
from worldgen.character import Actor, human
from worldgen.gaze import EYE_YAW, HEAD_YAW, located
from worldgen.stage import Stage


def seen(actor: Actor, time: float, target: np.ndarray) -> tuple[float, float]:
    """Degrees between the way to the target and where the head, and the left eye, point."""
    skin = actor.thing.skin
    assert skin is not None
    joints = skin.joints(time)
    angles = []
    for bone in ("head", "eye_l"):
        row = skin.names.index(bone)
        ahead, way = joints[row][:3, 1], target - joints[skin.names.index("eye_l")][:3, 3]
        angles.append(float(np.degrees(np.arccos(np.clip(ahead @ way / np.linalg.norm(way), -1, 1)))))
    return angles[0], angles[1]


@pytest.mark.parametrize("target", [(2.0, 2.0, 1.5), (-3.0, 3.0, 2.5), (0.5, 2.0, 0.3), (-2.0, 1.5, 1.0)])
@pytest.mark.parametrize("seated", [False, True])
def test_head_and_eyes_find_the_target(target: tuple[float, float, float], seated: bool) -> None:
    first = Sit(at=(0, 0), seconds=0.1) if seated else Stand((0, 0))
    actor = human("a", actions=(first, Look(target), Idle(5.0)), seed=1)
    head, eye = seen(actor, 3.0, np.array(target))
    assert head < 16.0
    assert eye < 3.0


def test_what_is_behind_stays_behind() -> None:
    actor = human("a", actions=(Stand((0, 0)), Look((0.3, -3.0, 1.5)), Idle(5.0)), seed=1)
    skin = actor.thing.skin
    assert skin is not None
    ahead = skin.joints(3.0)[skin.names.index("head")][:3, 1]
    assert ahead[1] > 0.9
    far = human("a", actions=(Stand((0, 0)), Look((4.0, -0.8, 1.5)), Idle(5.0)), seed=1)
    assert far.thing.skin is not None
    turned = far.thing.skin.joints(3.0)[skin.names.index("head")][:3, 1]
    assert np.arctan2(turned[0], turned[1]) < HEAD_YAW + 0.4  # a neck, and a little of the chest


def test_the_eyes_go_first() -> None:
    target = np.array([2.5, 2.0, 1.5])
    actor = human("a", actions=(Stand((0, 0)), Idle(2.0), Look((2.5, 2.0, 1.5)), Idle(4.0)), seed=1)
    before, after = seen(actor, 1.9, target), seen(actor, 4.0, target)
    early = seen(actor, 2.2, target)
    assert (before[1] - early[1]) / (before[1] - after[1]) > 0.55  # the eyes have done most of it,
    assert (before[0] - early[0]) / (before[0] - after[0]) < 0.25  # the head hardly any
    assert np.radians(before[1]) > EYE_YAW


def test_a_look_ends_and_another_takes_over() -> None:
    acts = (Stand((0, 0)), Look((3.0, 1.0, 1.5), 2.0), Idle(4.0), Look((-3.0, 1.0, 1.5)), Idle(3.0), Look(None), Idle())
    actor = human("a", actions=acts, seed=1)
    skin = actor.thing.skin
    assert skin is not None

    def side(time: float) -> float:
        return float(skin.joints(time)[skin.names.index("head")][0, 1])

    assert side(1.5) > 0.5
    assert abs(side(3.9)) < 0.2
    assert side(6.5) < -0.5
    assert abs(side(9.5)) < 0.2
    turns = np.array([side(t) for t in np.arange(0, 10, 1 / 60)])
    assert np.abs(np.diff(turns)).max() * 60 < 6.0  # radians a second, about


def test_two_people_look_at_each_other() -> None:
    actors: dict[str, Actor] = {}
    stage = Stage(where=lambda name, time: actors[name.split(".")[0]].joint(name.split(".")[1], time))
    actors["mara"] = human("mara", actions=(Stand((0, 0)), Talk(4.0, "tom.head")), stage=stage)
    actors["tom"] = human("tom", actions=(Look("mara.head"), Walk(((2.0, 6.0), (1.0, 1.2)), 1.2)), stage=stage)
    assert seen(actors["mara"], 3.0, actors["tom"].joint("head", 3.0))[1] < 6.0
    assert seen(actors["tom"], 3.0, actors["mara"].joint("head", 3.0))[1] < 6.0
    alone = actors["mara"].joint("head", 3.0)
    again = actors["mara"].joint("head", 3.0)
    assert np.array_equal(alone, again)


def test_a_name_that_nothing_has_says_so() -> None:
    with pytest.raises(ValueError, match="nothing here is called 'nobody'"):
        located("nobody", Stage().where, 0.0)
