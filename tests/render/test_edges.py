"""Line drawings: lines where they belong, none where they do not, smooth and in their place."""

from __future__ import annotations

import numpy as np
import pytest

from render import edges
from worldgen.conventions import F32
from worldgen.light import Sky
from worldgen.world import Thing, World


def drawing(world: World, camera, raster) -> F32:
    twice = camera.resized(2 * camera.width, 2 * camera.height)
    snapshot = world.at(0.0)
    return edges.lines(snapshot, twice, raster.rasterize(snapshot, twice))


def test_a_floor_at_a_grazing_angle_has_no_lines_but_its_horizon(make, rays) -> None:
    camera = make.camera([0, 0, 0.3], [0, 10, 0.25])
    thin = edges.thin(drawing(make.world(make.floor()), camera, rays))
    assert thin.shape == (64, 96)
    rows = np.flatnonzero(thin.max(1) > 0)
    assert len(rows) in (2, 3)
    assert np.ptp(rows) < 3


def test_a_smooth_ball_is_a_circle(make, rays) -> None:
    camera = make.camera([0, -6, 1], [0, 0, 1])
    thin = edges.thin(drawing(make.world(make.sphere(1.0, [0, 0, 1])), camera, rays))
    y, x = np.nonzero(thin > 0.5)
    radius = np.hypot(x + 0.5 - 48, y + 0.5 - 32)
    assert len(radius) > 60
    wanted = camera.K[0, 0] * np.tan(np.arcsin(1 / 6))
    assert np.abs(radius - wanted).max() < 1.3


def test_lines_lie_in_the_middle_and_mirror(make, rays) -> None:
    """A line through the middle of a picture is as wide to both sides, and as strong as a line can be."""
    left = make.quad([[-9, 5, -9], [0, 5, -9], [0, 5, 9], [-9, 5, 9]])
    right = make.quad([[0, 5, -9], [9, 5, -9], [9, 5, 9], [0, 5, 9]])
    camera = make.camera([0, 0, 1], [0, 5, 1], 24, 16)
    thin = edges.thin(drawing(make.world(left, right), camera, rays))
    np.testing.assert_allclose(thin, thin[:, ::-1], atol=1e-6)
    assert thin[:, 11].min() > 0.6
    assert thin[:, :10].max() == 0
    # In the middle of a column of pixels it is white.
    shifted = camera.cropped(0, 0, 23, 16).resized(23, 16)
    K = shifted.K.copy()
    K[0, 2] = 11.5
    middle = type(camera)(camera.world_from_camera, K, 23, 16, camera.near, camera.far)
    assert edges.thin(drawing(make.world(left, right), middle, rays))[:, 11].min() == pytest.approx(1.0)


def test_a_box_shows_its_creases(make, rays) -> None:
    camera = make.camera([4, -5, 4], [0, 0, 0.5])
    box = make.box([-1, -1, 0], [1, 1, 2])
    strength = drawing(World((Thing("box", box),), Sky()), camera, rays)
    top, _ = camera.resized(192, 128).project(np.array([[1.0, -0.4, 2.0]]))  # on the edge between top and side
    x, y = top[0]
    near = strength[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3]
    assert near.max() == pytest.approx(edges.CREASE, abs=0.01)
    inside, _ = camera.resized(192, 128).project(np.array([[0.0, 0.0, 2.0]]))
    x, y = inside[0]
    assert strength[int(y) - 5 : int(y) + 6, int(x) - 5 : int(x) + 6].max() == 0


def test_a_step_on_one_thing_is_an_outline(make, rays) -> None:
    near = make.wall(4.0, half=0.5)
    far = make.wall(8.0, half=6.0)
    world = World((Thing("both", make.mesh(np.concatenate([near.vertices, far.vertices]),
                                           np.concatenate([near.faces, far.faces + 4]))),), Sky())  # fmt: skip
    strength = drawing(world, make.camera([0, 0, 1], [0, 5, 1]), rays)
    assert strength.max() == edges.OUTLINE


def test_clutter_is_dimmed_and_single_lines_are_not() -> None:
    """Where lines lie as dense as in foliage, they turn grey; a line by itself keeps its white."""
    alone = np.zeros((240, 320), np.float32)
    alone[:, 160:162] = 1
    assert edges.thin(alone)[60, 78:83].max() == pytest.approx(1.0, abs=0.35)
    dense = np.random.default_rng(0).random((240, 320)) < 0.7
    assert edges.thin(dense.astype(np.float32)).mean() < 0.75


def test_soft_edges_are_broad_and_know_weights() -> None:
    strong, weak = np.zeros((2, 240, 320), np.float32)
    strong[:, 160:162], weak[:, 160:162] = 1.0, 0.5
    a, b = edges.soft(strong), edges.soft(weak)
    assert a.dtype == np.float32
    assert a[60].max() > 0.75
    np.testing.assert_allclose(b[60].max(), 0.5 * a[60].max(), rtol=0.2)
    assert (a[60] > 0.1).sum() >= 3


@pytest.mark.parametrize("size", [(1, 1), (3, 1), (1, 5)])
def test_tiny_pictures_and_empty_worlds(make, rays, size: tuple[int, int]) -> None:
    camera = make.camera([0, 0, 1], [0, 5, 1], *size)
    for world in (make.world(), make.lively()):
        strength = drawing(world, camera, rays)
        assert edges.thin(strength).shape == edges.soft(strength).shape == (size[1], size[0])
