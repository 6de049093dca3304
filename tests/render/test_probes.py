"""Light in the air: what corners of the lattice know, and what points make of it."""

from __future__ import annotations

import numpy as np

from render.direct import fixed_directions
from render.gather import INSIDE
from render.probes import RAYS, Probes, irradiance, sides
from tests.render.test_radiosity import DAY, grey, lit, part, room
from worldgen import shapes
from worldgen.conventions import F32, translation
from worldgen.mesh import face_normals
from worldgen.world import Thing, World

BOX = np.zeros((2, 3), np.float32)


def windowed() -> World:
    """A room of 4 m with a window of 1 x 1 m in its north wall."""
    whole = room(grey(0.6)).mesh
    normals = face_normals(whole.vertices, whole.faces)
    north = (normals[:, 1] > 0.9) & (whole.vertices[whole.faces].mean(1)[:, 1] > 1.9)
    south_too = part(whole, ~north)
    frame = [
        shapes.box(size, grey(0.6)).transformed(translation(at))
        for size, at in (
            ((1.5, 0.1, 4.0), (-1.25, 2.05, -2.0)),
            ((1.5, 0.1, 4.0), (1.25, 2.05, -2.0)),
            ((1.0, 0.1, 1.5), (0.0, 2.05, -2.0)),
            ((1.0, 0.1, 1.5), (0.0, 2.05, 0.5)),
        )
    ]
    return World((Thing("room", south_too), *(Thing(f"wall {k}", mesh) for k, mesh in enumerate(frame))), DAY)


def test_even_light_from_all_around_is_the_same_on_all_sides() -> None:
    even = irradiance(np.full((2, RAYS, 6), 3.0, np.float32))
    np.testing.assert_allclose(even, np.pi * 3.0, rtol=1e-4)


def test_light_from_above_falls_by_the_cosine_and_not_on_what_looks_down() -> None:
    above = np.zeros((1, RAYS, 6), np.float32)
    above[0, fixed_directions(RAYS) @ np.float32([0, 0, 1]) > 0.98] = 1.0
    found = irradiance(above)[0, :, 0]
    cosine = sides()[:, 2]
    np.testing.assert_allclose(found[cosine > 0.2] / found.max(), cosine[cosine > 0.2] / cosine.max(), atol=0.03)
    assert found[cosine < -0.2].max() < 1e-6


def test_a_room_s_air_knows_its_window() -> None:
    """What a person in the room gets is what many rays find there."""
    light = lit(windowed(), (0.0, 0.0, 0.0))
    points = np.float32([[0.1, 0.3, 0.2], [-0.9, -0.6, 0.4], [0.8, 0.5, -0.9]])
    points = np.repeat(points, 3, axis=0)
    normals = np.tile(np.float32([[0, 1, 0], [0, 0, 1], [0, -1, 0]]), (3, 1))
    found = light.gather(points, normals)
    known = light.gather_still(points, normals)
    bright = known[:, :3].mean(1) > 0.2 * known[:, :3].mean(1).max()
    np.testing.assert_allclose(found.sky[bright].mean(1), known[bright, :3].mean(1), rtol=0.35)
    np.testing.assert_allclose(found.bounce.mean(1), known[:, 3:6].mean(1), rtol=0.4)
    assert found.sky[1::3].mean() > 3 * found.sky[2::3].mean()  # away from the window there is none of its sky
    assert INSIDE > 8 * 64


def test_what_lies_behind_a_wall_says_nothing() -> None:
    wall = Thing("wall", shapes.box((6.0, 0.02, 6.0), grey(0.5)).transformed(translation([0, 0, -3])))
    rays = lit(World((wall,), DAY)).still.transport.rays

    def ask(places: F32) -> F32:
        light = np.where(places[:, 1, None, None] > 0, 9.0, 1.0) * np.ones((len(places), len(sides()), 6))
        return light.astype(np.float32)

    points = np.float32([[0.1, -0.02, 0.1], [0.1, 0.02, 0.1]])
    sky, _ = Probes().at(points, np.float32([[0, -1, 0], [0, 1, 0]]), BOX, rays, ask)
    np.testing.assert_allclose(sky[:, 0], [1.0, 9.0], rtol=0.01)


def test_what_was_asked_before_changes_nothing() -> None:
    light = lit(windowed(), (0.0, 0.0, 0.0))
    points, normals = np.float32([[0.1, 0.3, 0.2], [-0.9, -0.6, 0.4]]), np.float32([[0, 1, 0], [0, 0, 1]])
    both = light.gather(points, normals)
    alone = lit(windowed(), (0.0, 0.0, 0.0)).gather(points[1:], normals[1:])
    np.testing.assert_array_equal(both.sky[1:], alone.sky)
    np.testing.assert_array_equal(both.bounce[1:], alone.bounce)


def test_a_room_is_told_from_a_street_by_its_sky() -> None:
    assert lit(windowed(), (0.0, 0.0, 0.0)).still.transport.indoors
    assert not lit(windowed(), (0.0, 9.0, 3.0)).still.transport.indoors
    assert not lit(windowed()).still.transport.indoors
