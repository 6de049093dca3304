"""Animals: planted paws, nothing below the ground, and bodies that move all of a piece."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from worldgen.actions import Idle, Stand, Turn
from worldgen.bird import bird
from worldgen.bird_acts import BirdAction, Fly, Hop, Peck
from worldgen.build import open_scene
from worldgen.character import Actor
from worldgen.creature_words import DogWords
from worldgen.dog import dog
from worldgen.dog_acts import DogAction, Go, Settle
from worldgen.errors import SceneError
from worldgen.plumage import plumage, wing_frames
from worldgen.stage import Stage

PAWS = ("left_foot", "right_foot", "left_hand", "right_hand")


def hill(x: float, y: float) -> float:
    return float(0.05 * np.sin(y))


def slide(actor: Actor, times: Sequence[float]) -> float:
    """How far any paw slides at most while it is on the ground, metres."""
    worst = 0.0
    tracks = np.array([[actor.joint(paw, float(t)) for paw in PAWS] for t in times])
    for track in tracks.swapaxes(0, 1):
        above = track[:, 2] - [hill(x, y) for x, y, _ in track]
        down = above < above.min() + 0.004
        edges = np.flatnonzero(np.diff(np.concatenate([[False], down, [False]]).astype(int)))
        for start, stop in edges.reshape(-1, 2):
            if stop - start > 6:
                worst = max(worst, float(np.ptp(track[start:stop, :2], axis=0).max()))
    return worst


@pytest.mark.parametrize(("speed", "seconds"), [(1.1, 3.5), (2.5, 2.5), (6.0, 2.0)])
def test_planted_paws_stay(speed: float, seconds: float) -> None:
    actor = dog("rex", actions=[Go(((0, 0), (0, 5), (3, 9)), speed)], stage=Stage(ground=hill))
    times = np.arange(0.0, seconds, 1 / 120)
    assert slide(actor, times.tolist()) < 0.02
    hips = np.array([actor.joint("hips", float(t)) for t in times])
    gone = np.linalg.norm(np.diff(hips[:, :2], axis=0), axis=1) * 120
    assert gone.max() == pytest.approx(speed, rel=0.15)
    assert np.abs(np.diff(hips, 2, axis=0)).max() < 0.004


def test_four_legs_walk_one_after_another_and_trot_in_pairs() -> None:
    def lifted(speed: float) -> np.ndarray:
        actor = dog("rex", actions=[Go(((0, 0), (0, 12)), speed)])
        times = np.arange(2.0, 3.5, 1 / 60)
        return np.array([[actor.joint(paw, float(t))[2] for t in times] for paw in PAWS])

    trot, walk = lifted(2.5), lifted(1.0)
    assert np.corrcoef(trot[0], trot[3])[0, 1] > 0.7  # left hind with right fore
    assert np.corrcoef(trot[0], trot[1])[0, 1] < 0.0
    assert (walk > walk.min(1, keepdims=True) + 0.01).sum(0).max() <= 2  # two paws at least are always down


@pytest.mark.parametrize(
    "action", [Idle(4.0), Settle("sit", 4.0), Settle("lie", 4.0), Settle("sniff", 4.0), Turn(2.0), Go(((0, 0), (2, 4)))]
)
def test_no_action_sinks_into_the_ground_or_jumps(action: DogAction) -> None:
    actor = dog("rex", actions=[Stand((0, 0), 0.0, 0.5), action, Idle()])
    assert actor.thing.pose is not None
    before = None
    for t in np.arange(0.0, 5.0, 1 / 24):
        points = actor.thing.pose(float(t))
        assert np.isfinite(points).all()
        assert points[:, 2].min() > -0.035, t
        if before is not None:
            assert np.linalg.norm(points - before, axis=1).max() < 0.28, t
        before = points.copy()


def test_it_does_what_it_is_told() -> None:
    actions: list[DogAction] = [Stand((0, 0), 0.0, 1.0), Settle("sit", 4.0), Settle("lie", 4.0), Settle("sniff", 4.0)]
    actor = dog("rex", actions=actions)
    assert actor.joint("hips", 3.0)[2] < 0.2 < 0.45 < actor.joint("head", 3.0)[2]
    assert actor.joint("chest", 7.0)[2] < 0.25
    assert actor.joint("nose", 11.0)[2] < 0.1
    assert actor.joint("hips", 11.0)[2] > 0.4
    turned = dog("rex", actions=[Stand((0, 0)), Turn(np.pi / 2)]).frame("root", 5.0)
    nose = dog("rex", actions=[Stand((0, 0)), Turn(np.pi / 2)]).joint("nose", 6.0)
    assert nose[0] < -0.3
    assert turned[:2, 3] == pytest.approx([0, 0], abs=0.08)


def test_size_coat_and_pureness() -> None:
    small, large = (dog("rex", height=h, coat=("#804020", None, None)) for h in (0.3, 0.6))
    assert np.ptp(large.thing.mesh.vertices[:, 2]) == pytest.approx(
        2 * np.ptp(small.thing.mesh.vertices[:, 2]), rel=1e-3
    )
    colours = {m.name.split("/")[1]: m.base_color for m in large.thing.mesh.materials}
    assert colours["saddle"] < colours["coat"] < colours["light"]
    again = dog("rex", height=0.6, coat=("#804020", None, None))
    assert again.thing.pose is not None
    assert large.thing.pose is not None
    assert np.array_equal(again.thing.pose(1.7), large.thing.pose(1.7))
    assert len({dog(name).thing.mesh.materials[0].base_color for name in ("a", "b", "c", "d", "e", "f")}) > 2


def test_errors_are_one_sentence() -> None:
    for bad, words in (
        (lambda: dog("rex", height=3.0), "shoulders"),
        (lambda: dog("rex", actions=[Go(((0, 0), (0, 0.1)))]), "two points"),
        (lambda: dog("rex", actions=[Go(((0, 0), (0, 5)), 40.0)]), "does not go"),
        (lambda: dog("rex").joint("nsoe", 0.0), "did you mean 'nose'"),
    ):
        with pytest.raises(ValueError, match=words):
            bad()


def test_words() -> None:
    words = DogWords.model_validate(
        {"animal": "dog", "height": "50cm", "actions": [{"stand": {"at": [1, 2]}}, {"sit": {"for": "3s"}}]}
    )
    actor = words.actor("rex", 7, Stage())
    assert actor.joint("root", 0.0)[:2] == pytest.approx([1, 2], abs=0.1)


def flight() -> Actor:
    actions: list[BirdAction] = [
        Stand((0, 0), 0.0, 1.0),
        Peck(2.0),
        Fly(((0, 0, 0), (0, 4, 2), (4, 8, 2), (8, 8, 0)), 6.0),
        Idle(),
    ]
    return bird("pip", actions=actions)


def test_a_bird_flies_its_way_and_lands() -> None:
    actor = flight()
    assert actor.joint("root", 0.5) == pytest.approx([0, 0, 0])
    assert actor.joint("head", 0.5)[2] > 0.12
    assert min(actor.joint("head", t)[2] for t in np.arange(1.2, 2.9, 0.05)) < 0.07  # it pecks
    track = np.array([actor.joint("root", float(t)) for t in np.arange(3.0, 7.0, 1 / 60)])
    assert track[:, 2].max() > 1.9
    assert track[-1] == pytest.approx([8, 8, 0], abs=0.02)
    assert np.linalg.norm(np.diff(track, axis=0), axis=1).max() * 60 == pytest.approx(6.0, rel=0.05)


def test_a_bird_folds_its_wings_and_beats_them() -> None:
    actor = flight()
    assert actor.thing.pose is not None
    assert np.ptp(actor.thing.pose(0.5)[:, 0]) < 0.2
    tips = np.array([actor.joint("left_wing", t)[2] - actor.joint("chest", t)[2] for t in np.arange(3.3, 4.0, 1 / 60)])
    assert np.ptp(tips) > 0.1
    assert np.sum(np.diff(np.sign(tips - tips.mean())) != 0) >= 5
    gliding = np.array(
        [actor.joint("left_wing", t)[2] - actor.joint("chest", t)[2] for t in np.arange(5.2, 5.6, 1 / 60)]
    )
    assert np.ptp(gliding) < 0.6 * np.ptp(tips)


def test_a_birds_wings_mirror_each_other() -> None:
    for spread in (0.0, 0.4, 1.0):
        right, left = (wing_frames(side, spread, 0.3, 0.1) for side in (1.0, -1.0))
        assert left[1] * [-1, 1, 1] == pytest.approx(right[1])
        for turns, _ in (right, left):
            assert turns @ np.swapaxes(turns, 1, 2) == pytest.approx(np.tile(np.eye(3), (len(turns), 1, 1)), abs=1e-9)
            assert np.linalg.det(turns) == pytest.approx(np.ones(len(turns)))


def test_hopping_feet_stand_between_hops() -> None:
    actor = bird("pip", actions=[Hop(((0, 0), (0, 1.1)), 0.5)])
    assert actor.thing.pose is not None
    toes = plumage().part == 3
    track = np.array([actor.thing.pose(float(t))[toes].mean(0) for t in np.arange(0.0, 2.2, 1 / 120)])
    down = track[:, 2] < track[:, 2].min() + 0.001
    edges = np.flatnonzero(np.diff(np.concatenate([[False], down, [False]]).astype(int))).reshape(-1, 2)
    assert len(edges) > 5
    assert max(np.ptp(track[a:b, :2], axis=0).max() for a, b in edges) < 0.02


def test_birds_never_jump_and_are_pure() -> None:
    actor = flight()
    assert actor.thing.pose is not None
    before = actor.thing.pose(0.0)
    for t in np.arange(0.02, 8.0, 1 / 50):
        points = actor.thing.pose(float(t))
        assert np.isfinite(points).all()
        assert np.linalg.norm(points - before, axis=1).max() < 0.32, t
        before = points
    again = flight()
    assert again.thing.pose is not None
    assert np.array_equal(again.thing.pose(4.4), actor.thing.pose(4.4))


def test_errors_about_birds() -> None:
    for bad, words in (
        (lambda: bird("pip", kind="pigoen"), "did you mean 'pigeon'"),
        (lambda: bird("pip", size=9.0), "0.3 to 4"),
        (lambda: bird("pip", actions=[Fly(((0, 0, 1), (0, 0, 1)))]), "two points"),
        (lambda: bird("pip", actions=[Fly(((0, 0, 1), (0, 9, 1)), 90.0)]), "does not fly"),
    ):
        with pytest.raises(ValueError, match=words):
            bad()


def test_animals_in_a_scene(tmp_path: Path) -> None:
    text = """
characters:
  rex: {animal: dog, actions: [{stand: {at: [0, 0], for: 1s}}, {sniff: {for: 3s}}]}
  pip: {animal: bird, kind: crow, actions: [{fly: {along: [[0, 0, 1], [0, 5, 2]], speed: 7m/s}}]}
  ann: {}
shots: [{name: a, duration: 1s, camera: {body: {static: {at: [4, -4, 1]}}, aim: {look-at: rex.nose}}}]
"""
    file = tmp_path / "s.yaml"
    file.write_text(text)
    world = open_scene(file).world
    assert [thing.name for thing in world.things if thing.moves] == ["rex", "pip", "ann"]
    for change, words in (
        (("animal: dog", "animal: dgo"), "there is no animal `dgo`; did you mean `dog`"),
        (("animal: dog", "animal: unicorn"), "use `dog` or `bird`"),
        (("sniff", "fly"), "unknown key `fly`"),
        (("rex.nose", "rex.wing"), "there is no joint 'wing'"),
    ):
        file.write_text(text.replace(*change))
        with pytest.raises(SceneError, match=words):
            open_scene(file)
