"""People as OpenPose draws them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from render.keypoints import COLOURS, HIDDEN, LIMBS, OUTSIDE, OWN, SEEN, Person, as_openpose, drawn, people
from render.passes import Passes
from worldgen.camera import Camera
from worldgen.character import human
from worldgen.dog import dog
from worldgen.landmarks import BODY_POINTS
from worldgen.light import Sky
from worldgen.world import Thing, World

Row = BODY_POINTS.index


@pytest.fixture(scope="module")
def mara() -> Thing:
    """Stands at the origin and faces +Y."""
    return human("mara", wardrobe={"hair": "#221111"}, hairstyle="short", masculine=1.0).thing


@pytest.fixture
def seen(rays) -> Callable[[World, Camera], list[Person]]:
    def look(world: World, camera: Camera) -> list[Person]:
        snapshot = world.at(0.0)
        passes = Passes(snapshot, camera, rays.rasterize(snapshot, camera))
        return people(world, 0.0, camera, passes.depth, passes.object_id)

    return look


def test_openpose_s_colours_and_limbs() -> None:
    assert COLOURS[:4].tolist() == [[255, 0, 0], [255, 85, 0], [255, 170, 0], [255, 255, 0]]
    assert COLOURS[[9, 17]].tolist() == [[0, 255, 255], [255, 0, 85]]
    assert LIMBS[:4] == ((1, 2), (1, 5), (2, 3), (3, 4))
    assert LIMBS[12:] == ((1, 0), (0, 14), (14, 16), (0, 15), (15, 17))


def test_from_the_front_all_of_a_person_is_seen(make, seen, mara: Thing) -> None:
    (person,) = seen(World((mara,), Sky()), make.camera([0, 4, 1.2], [0, 0, 0.9], 128, 128, focal=24))
    assert person.name == "mara"
    assert set(person.state.tolist()) <= {SEEN, OWN}
    assert (person.state[[Row("nose"), Row("left_eye"), Row("right_eye")]] == SEEN).all()
    assert person.xy[Row("left_shoulder"), 0] > person.xy[Row("right_shoulder"), 0]  # their left is our right
    assert person.xy[Row("nose"), 1] < person.xy[Row("neck"), 1] < person.xy[Row("left_ankle"), 1]
    picture = drawn([person], 128, 128)
    x, y = person.xy[Row("nose")].astype(int)
    assert picture[y, x, 0] > 150
    assert picture[y, x, 1] < 90
    assert picture.shape == (128, 128, 3)
    assert (picture[0] == 0).all()


def test_from_behind_there_is_no_face(make, seen, mara: Thing) -> None:
    (person,) = seen(World((mara,), Sky()), make.camera([0, -4, 1.2], [0, 0, 0.9], 128, 128, focal=24))
    assert (person.state[[Row("nose"), Row("left_eye"), Row("right_eye")]] == HIDDEN).all()
    assert person.state[Row("neck")] in (SEEN, OWN)
    assert person.xy[Row("left_shoulder"), 0] < person.xy[Row("right_shoulder"), 0]


def test_what_stands_before_them_hides_them(make, seen, mara: Thing) -> None:
    wall = Thing("wall", make.wall(1.0, half=0.45, z=0.4))
    (person,) = seen(World((mara, wall), Sky()), make.camera([0, 4, 1.0], [0, 0, 0.9], 128, 128, focal=24))
    assert (person.state[[Row("left_knee"), Row("right_ankle")]] == HIDDEN).all()
    assert person.state[Row("nose")] == SEEN
    told = as_openpose([person], 128, 128)["people"][0]
    assert told["pose_keypoints_2d"][3 * Row("left_knee") : 3 * Row("left_knee") + 3] == [0.0, 0.0, 0.0]
    assert told["points"][Row("left_knee")] is not None


def test_the_near_cover_the_far_and_those_outside_are_left_out(make, seen, mara: Thing) -> None:
    def at(name: str, x: float, y: float) -> Thing:
        assert mara.pose is not None
        assert mara.landmarks is not None
        offset = np.array([x, y, 0.0], dtype=np.float32)
        pose, marks = mara.pose, mara.landmarks
        return Thing(
            name,
            mara.mesh,
            lambda t: pose(t) + offset,
            landmarks=lambda t: {point: place + offset for point, place in marks(t).items()},
        )

    world = World((at("near", 0.3, 1.0), at("far", -0.6, -3.0), at("behind", 0, 9), at("beside", 40, 0)), Sky())
    found = seen(world, make.camera([0, 4, 1.2], [0, 0, 0.9], 128, 128, focal=24))
    assert [person.name for person in found] == ["far", "near"]


def test_json_is_openpose_s(make, seen, mara: Thing) -> None:
    camera = make.camera([0, 4, 1.2], [0, 0, 0.9], 128, 128, focal=24)
    told = as_openpose(seen(World((mara,), Sky()), camera), 128, 128)
    assert (told["canvas_width"], told["canvas_height"]) == (128, 128)
    (person,) = told["people"]
    flat = np.array(person["pose_keypoints_2d"]).reshape(18, 3)
    assert set(flat[:, 2]) <= {0.0, 0.5, 1.0}
    assert mara.landmarks is not None
    exact, depth = camera.project(np.array([mara.landmarks(0.0)[point] for point in BODY_POINTS]))
    np.testing.assert_allclose(flat[:, :2], exact, atol=1e-3)
    np.testing.assert_allclose(np.array(person["points"])[:, 2], depth, atol=1e-3)


def test_a_part_of_the_body_that_is_unknown_is_outside(make, seen, mara: Thing) -> None:
    assert mara.landmarks is not None
    marks = mara.landmarks
    legless = Thing(
        "m", mara.mesh, mara.pose, landmarks=lambda t: {k: v for k, v in marks(t).items() if "knee" not in k}
    )
    (person,) = seen(World((legless,), Sky()), make.camera([0, 4, 1.2], [0, 0, 0.9], 64, 64, focal=24))
    assert person.state[Row("left_knee")] == OUTSIDE
    assert as_openpose([person], 64, 64)["people"][0]["points"][Row("left_knee")] is None


def test_nobody_is_a_black_picture(make, seen) -> None:
    assert seen(World((dog("rex").thing,), Sky()), make.camera([0, 3, 1], [0, 0, 0.4])) == []
    assert not drawn([], 7, 3).any()
    assert as_openpose([], 7, 3)["people"] == []
