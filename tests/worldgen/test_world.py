"""The persistent world."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from worldgen import shapes
from worldgen.camera import CameraTrack
from worldgen.conventions import F32, stable_id
from worldgen.light import Sky
from worldgen.material import make
from worldgen.mesh import vertex_normals
from worldgen.world import Shot, Thing, World

BALL = shapes.sphere(0.5, make("marble"))
BOX = shapes.box((1.0, 1.0, 1.0), make("brick"))


def _pose(time: float) -> F32:
    return (BALL.vertices + np.array([time, 0.0, 0.0])).astype(np.float32)


def _world() -> World:
    return World((Thing("ball", BALL, _pose), Thing("box", BOX), Thing("post", BOX)), Sky())


def test_a_moment_is_the_same_whenever_it_is_asked_for() -> None:
    world = _world()
    first = world.at(1.5)
    world.at(7.0)
    again = world.at(1.5)
    for name in ("vertices", "normals", "faces", "face_object", "face_material", "rest_vertices", "uv"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    np.testing.assert_array_equal(_world().at(1.5).vertices, first.vertices)


def test_static_things_come_first_and_never_move() -> None:
    world = _world()
    rest, later = world.rest, world.at(3.0)
    assert rest.static_vertices == 2 * len(BOX.vertices)
    assert rest.static_faces == 2 * len(BOX.faces)
    assert later.faces[: rest.static_faces].max() < rest.static_vertices
    n = rest.static_vertices
    np.testing.assert_array_equal(later.vertices[:n], rest.vertices[:n])
    np.testing.assert_allclose(later.vertices[n:], BALL.vertices + np.float32([3, 0, 0]), atol=1e-6)
    assert (later.face_object[rest.static_faces :] == stable_id("ball")).all()


def test_moving_things_keep_their_rest_positions_and_get_new_normals() -> None:
    world = _world()
    later = world.at(3.0)
    np.testing.assert_array_equal(later.rest_vertices, world.rest.vertices)
    n = later.static_vertices
    np.testing.assert_allclose(later.normals[n:], vertex_normals(_pose(3.0), BALL.faces), atol=1e-6)


def test_a_still_world_is_shared_between_moments() -> None:
    world = World((Thing("box", BOX),), Sky())
    assert world.at(1.0).vertices is world.at(2.0).vertices
    assert world.at(2.0).time == 2.0


def test_two_things_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two things of the world are called 'box'"):
        World((Thing("box", BOX), Thing("".join(["b", "ox"]), BALL)), Sky())


def test_ids_depend_on_the_name_alone_and_do_not_collide() -> None:
    names = [f"street/{kind}-{k:03d}" for kind in ("house-L", "house-R", "tree", "lamp") for k in range(500)]
    ids = {stable_id(name) for name in names}
    assert len(ids) == len(names)
    assert min(ids) > 0
    assert max(ids) < 2**31
    assert _world().names[stable_id("ball")] == "ball"


def test_frames_are_spread_from_first_to_last() -> None:
    def shot(frames: int) -> Shot:
        still = np.tile(np.eye(4), (frames, 1, 1)), np.tile(np.eye(3), (frames, 1, 1))
        return Shot("a", CameraTrack(*still, 4, 4, np.ones(frames), np.ones(frames)), Fraction(24))

    assert shot(100).spread(4) == (0, 33, 66, 99)
    assert shot(2).spread(8) == (0, 1)
    assert shot(1).spread(12) == (0,)
    assert shot(100).spread(1) == (0,)
