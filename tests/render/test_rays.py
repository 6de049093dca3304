"""Rays against closed forms, and the two engines against each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from render import rays as module
from render.raster_rays import pixel_directions
from render.rays import RayScene
from worldgen.world import World


@pytest.fixture(params=["embree", "open3d"])
def scene(request):
    try:
        return RayScene(request.param)
    except ValueError as error:
        pytest.skip(str(error))


def spread(count, seed=0):
    rng = np.random.default_rng(seed)
    origins = rng.uniform([-6, -6, 0.8], [6, 6, 4], (count, 3)).astype(np.float32)
    return origins, rng.normal(size=(count, 3)).astype(np.float32)


def test_first_hits_of_a_floor(make, scene):
    scene.update(make.world(make.floor(1000)).at(0))
    origins, directions = spread(5000)
    triangle, bary, distance = scene.cast(origins, directions)
    expected = np.where(directions[:, 2] < 0, -origins[:, 2] / directions[:, 2], np.inf)
    sure = ~(np.abs(expected) > 300) | np.isinf(expected)
    np.testing.assert_allclose(distance[sure], expected[sure], rtol=1e-4)
    np.testing.assert_array_equal(triangle[sure] >= 0, np.isfinite(expected[sure]))
    assert (bary[triangle < 0] == 0).all()
    assert (triangle.dtype, bary.dtype, distance.dtype) == (np.int32, np.float32, np.float32)


def test_barycentrics_lead_to_the_point_that_was_hit(make, scene):
    snapshot = make.lively().at(0.6)
    scene.update(snapshot)
    origins, directions = spread(4000)
    triangle, bary, distance = scene.cast(origins, directions)
    hit = triangle >= 0
    weights = np.concatenate([1 - bary.sum(1, keepdims=True), bary], 1)[hit]
    named = (snapshot.vertices[snapshot.faces[triangle[hit]]] * weights[..., None]).sum(1)
    np.testing.assert_allclose(named, (origins + directions * distance[:, None])[hit], atol=1e-4)
    assert {False, True} == set(np.unique(triangle[hit] >= snapshot.static_faces))


def test_reach_ends_a_ray(make, scene):
    scene.update(make.world(make.wall(2.0, half=9)).at(0))
    origins, forward = np.array([[0, 0, 1.0]] * 4), np.array([[0, 1, 0], [0, 2, 0], [0, 1, 0], [0, -1, 0]])
    reach = np.array([1.9, 1.1, np.inf, np.inf])
    triangle, _, distance = scene.cast(origins, forward, reach)
    np.testing.assert_array_equal(triangle >= 0, [False, True, True, False])
    np.testing.assert_allclose(distance, [np.inf, 1, 2, np.inf])
    np.testing.assert_array_equal(scene.occluded(origins, forward, reach), [False, True, True, False])
    np.testing.assert_array_equal(scene.occluded(origins, forward, 1.9), [False, True, False, False])
    np.testing.assert_array_equal(scene.occluded(origins, forward), [True, True, True, False])


def test_occlusion_agrees_with_first_hits(make, scene):
    scene.update(make.lively().at(0.4))
    origins, directions = spread(4000, seed=1)
    reach = np.random.default_rng(2).uniform(0.1, 5, 4000)
    triangle, _, _ = scene.cast(origins, directions, reach)
    assert np.mean(scene.occluded(origins, directions, reach) == (triangle >= 0)) > 0.999


def test_a_moved_thing_is_found_where_it_is_now_and_nowhere_else(make, scene):
    world = make.lively()
    for time in (0.0, 3.0, 0.0, 1.0):
        scene.update(world.at(time))
        over = np.array([[x, 0, 5.0] for x in (0.0, 1.0, 3.0)])
        _, _, distance = scene.cast(over, np.array([[0, 0, -1.0]] * 3))
        expected = [5 - 2.2 if abs(x - time) < 1e-9 else None for x in (0.0, 1.0, 3.0)]
        for got, top in zip(distance, expected, strict=True):
            if top is not None:
                assert got == pytest.approx(top, abs=1e-3)
        assert sum(d < 3.0 for d in distance) == 1


def test_geometry_is_built_once_a_world(make, scene, monkeypatch):
    built = []
    build = scene._build
    monkeypatch.setattr(scene, "_build", lambda v, f, apart: built.append(len(f)) or build(v, f, apart))
    world = make.lively()
    for time in (0.0, 0.5, 1.0):
        scene.update(world.at(time))
    static = world.rest.static_faces
    assert sorted(built) == sorted([static, len(world.rest.faces) - static])
    scene.update(make.world(make.floor()).at(0))
    assert built[-1] == 2


def test_what_rays_meet_does_not_depend_on_where_things_were_before(make):
    world, (origins, directions) = make.lively(), spread(20_000, seed=5)
    answers = []
    for times in ((0.7,), (3.0, 0.0, 0.7)):
        scene = RayScene("embree")
        for time in times:
            scene.update(world.at(time))
        answers.append((*scene.cast(origins, directions), scene.occluded(origins, directions)))
    for one, other in zip(*answers, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_camera_sees_what_its_rays_meet(make, scene):
    """Also in pictures that end within a packet, in front of what is too near, and far from the origin."""
    for offset in (np.zeros(3), np.array([40_000.0, -9_000, 0])):
        things = make.ground(), make.sphere(1.0, [0, 0, 1.2])
        scene.update(make.world(*(make.mesh(m.vertices + offset, m.faces) for m in things)).at(0))
        for width, height, near in ((33, 21, 0.1), (64, 48, 4.5)):
            eye, target = (offset + place for place in ((0.3, -6, 2.2), (0.5, 0, 0.8)))
            camera = make.camera(eye, target, width, height)
            camera = replace(camera, near=near, far=12.0)
            directions = pixel_directions(camera).reshape(-1, 3)
            start = camera.position + near * directions
            expected, bary, _ = scene.cast(start, directions, camera.far - near)
            triangle, weights = (picture.reshape(len(directions), -1) for picture in scene.see(camera))
            same = triangle[:, 0] == expected
            assert same.mean() > 0.998
            assert 0.1 < (expected >= 0).mean() < 0.9
            hit = same & (expected >= 0)
            np.testing.assert_allclose(weights[hit], bary[hit], atol=2e-2)
            assert (weights[triangle[:, 0] < 0] == 0).all()


@pytest.mark.parametrize("order", [1, -1])
def test_of_surfaces_in_one_plane_a_camera_sees_the_first(make, scene, order):
    """Else rounding would sprinkle a strip that lies in a wall into that wall."""
    lean = np.array([[1, 0.3, 0.1], [0, 1, 0.2], [0, 0, 1]])
    wide, strip = (make.wall(4.0, half=half) for half in (3.0, 1.6))
    wall, band = (make.mesh(m.vertices @ lean, m.faces) for m in (wide, strip))
    scene.update(make.world(*(wall, band)[::order]).at(0))
    triangle, _ = scene.see(make.camera([0.3, -3, 1.4], [0.5, 4, 1.8], 160, 120))
    inner = triangle[50:70, 70:90]
    assert (inner >= 0).all()
    assert (inner < 2).all()


def test_engines_agree(make):
    try:
        scenes = RayScene("embree"), RayScene("open3d")
    except ValueError as error:
        pytest.skip(str(error))
    origins, directions = spread(20000, seed=3)
    answers = []
    for scene in scenes:
        scene.update(make.lively().at(0.2))
        answers.append((*scene.cast(origins, directions), scene.occluded(origins, directions, 3.0)))
    (ta, ba, da, oa), (tb, bb, db, ob) = answers
    assert (ta == tb).mean() > 0.999
    same = (ta == tb) & (ta >= 0)
    np.testing.assert_allclose(da[same], db[same], atol=1e-4)
    np.testing.assert_allclose(ba[same], bb[same], atol=1e-3)
    assert (oa == ob).mean() > 0.999


def test_many_rays_equal_few(make, scene):
    scene.update(make.lively().at(0.2))
    origins, directions = spread(70_000, seed=4)
    whole, part = scene.cast(origins, directions), scene.cast(origins[40_000:40_100], directions[40_000:40_100])
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[40_000:40_100], b)
    blocked = scene.occluded(origins, directions)
    np.testing.assert_array_equal(blocked, whole[0] >= 0)


def test_one_origin_serves_all_rays_and_inputs_stay_untouched(make, scene):
    scene.update(make.lively().at(0))
    origin, (_, directions) = np.array([0.0, 0, 6]), spread(500)
    kept, reach = directions.copy(), np.full(500, 9.0, np.float32)
    spread_out = scene.cast(np.broadcast_to(origin, (500, 3)), directions)
    for a, b in zip(scene.cast(origin, directions), spread_out, strict=True):
        np.testing.assert_array_equal(a, b)
    scene.cast(origin, directions, reach)
    scene.occluded(origin, directions, reach)
    np.testing.assert_array_equal(directions, kept)
    assert (reach == 9.0).all()


def test_nothing_to_hit_and_nothing_to_shoot(make, scene):
    with pytest.raises(ValueError, match=r"call RayScene.update\(snapshot\) first"):
        scene.cast(np.zeros((1, 3)), np.ones((1, 3)))
    scene.update(World((), make.world().sky).at(0))
    triangle, bary, distance = scene.cast(np.zeros((2, 3)), np.ones((2, 3)))
    assert (triangle == -1).all()
    assert bary.shape == (2, 2)
    assert np.isinf(distance).all()
    assert not scene.occluded(np.zeros((2, 3)), np.ones((2, 3))).any()
    scene.update(make.lively().at(0))
    assert [len(a) for a in scene.cast(np.zeros((0, 3)), np.zeros((0, 3)))] == [0, 0, 0]
    assert len(scene.occluded(np.zeros((0, 3)), np.zeros((0, 3)))) == 0


def test_engines_are_chosen_by_what_can_be_imported(monkeypatch):
    with pytest.raises(ValueError, match="'optix' is not a ray engine"):
        RayScene("optix")
    assert RayScene().engine == "embree"

    def gone(name):
        raise ImportError(f"no {name}")

    monkeypatch.setattr(module, "import_module", gone)
    with pytest.raises(ValueError, match="no ray engine: embree cannot be imported"):
        RayScene()
