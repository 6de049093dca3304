"""Where the points of a body are that pose pictures show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from worldgen.actions import Walk
from worldgen.bird import bird
from worldgen.character import human
from worldgen.dog import dog
from worldgen.landmarks import BODY_POINTS, FACE_POINTS, with_neck
from worldgen.puppet_actor import puppet

ROBOT = Path(__file__).resolve().parents[2] / "scenes" / "robot.glb"


@pytest.mark.parametrize(("height", "build"), [(1.2, -1.0), (1.72, 0.0), (1.95, 1.0)])
def test_a_standing_person_has_all_points_in_their_places(height: float, build: float) -> None:
    actor = human("a", height=height, build=build)
    assert actor.thing.landmarks is not None
    points = actor.thing.landmarks(0.0)
    assert set(points) == set(BODY_POINTS)
    for pair in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "eye", "ear"):
        assert points[f"left_{pair}"][0] < points[f"right_{pair}"][0]  # facing +Y, the left is at -X
    chain = ["ankle", "knee", "hip", "shoulder", "eye"]
    heights = [points[f"left_{name}"][2] for name in chain]
    assert heights == sorted(heights)
    assert points["nose"][1] > points["left_eye"][1] > points["left_ear"][1]
    assert 0.86 * height < points["left_eye"][2] < 0.97 * height


def test_the_face_lies_on_the_skin_and_goes_with_the_head() -> None:
    actor = human("a", wardrobe={"hair": "#222222"}, hairstyle="short", actions=[Walk(((0, 0), (3, 4)), 1.3)])
    assert actor.thing.landmarks is not None
    for time in (0.3, 1.7):
        points, skin = actor.thing.landmarks(time), actor.thing.at(time)[0]
        for name in FACE_POINTS:
            assert np.linalg.norm(skin - points[name], axis=1).min() < 0.02
        # What makes it this head's: the eyes are where the director's word for the head is, in every frame.
        eyes = (points["left_eye"] + points["right_eye"]) / 2
        assert np.linalg.norm(eyes - actor.joint("head", time)) < 0.12


def test_a_robot_by_the_names_of_its_joints() -> None:
    actor = puppet("robot", ROBOT, height=1.4)
    assert actor.thing.landmarks is not None
    points = actor.thing.landmarks(0.0)
    low, high = (f(actor.thing.at(0.0)[0], axis=0) for f in (np.min, np.max))
    assert {"neck", "left_knee", "right_ankle", "nose"} <= set(points)
    assert all((low - 0.1 < point).all() and (point < high + 0.1).all() for point in points.values())
    assert points["left_hip"][0] < points["right_hip"][0]


def test_animals_have_none_but_are_characters() -> None:
    for animal in (dog("rex"), bird("jack")):
        assert animal.thing.landmarks is not None
        assert animal.thing.landmarks(0.0) == {}


def test_no_neck_without_shoulders() -> None:
    assert with_neck({"nose": np.zeros(3)}).keys() == {"nose"}
