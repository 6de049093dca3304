"""Correspondence against flow from depth and pose, and by what must be hidden or found."""

from __future__ import annotations

import numpy as np
import pytest

from render.correspondence import FrameGeometry, correspond
from render.passes import Passes
from render.raster import open_rasterizer
from worldgen.camera import Camera
from worldgen.conventions import look_at
from worldgen.light import Sky
from worldgen.world import Thing, World


def frame(world, camera, rays, time=0.0):
    snapshot = world.at(time)
    return FrameGeometry.of(snapshot, camera, rays.rasterize(snapshot, camera))


def centres(camera):
    return np.stack(np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5), -1)


def depth_of(world, camera, rays, time=0.0):
    snapshot = world.at(time)
    return Passes(snapshot, camera, rays.rasterize(snapshot, camera)).depth


@pytest.mark.parametrize("backend", ["embree", "gl"])
def test_static_flow_is_that_of_depth_and_pose(make, backend):
    try:
        rays = open_rasterizer(backend)
    except ValueError as error:
        pytest.skip(str(error))
    world = make.world(make.ground(), make.sphere(1.0, [0, 0, 1.2]))
    a, b = make.camera([0, -6, 2.2], [0.5, 0, 0.8]), make.camera([1.2, -5, 1.8], [0.3, 0, 0.9], focal=35)
    found = correspond(frame(world, a, rays), frame(world, b, rays))
    depth = depth_of(world, a, rays)
    hit = np.isfinite(depth)
    # GL snaps corners to 1/256 pixel, so that its points lie off the pixel's centre by up to that much.
    expected, z = b.project(a.unproject(centres(a)[hit], depth[hit]))
    error = np.linalg.norm(found.xy[hit] - expected, axis=1)[z > 0.5]
    assert np.quantile(error, 0.999) < (0.01 if backend == "embree" else 0.03)
    assert np.median(error) < 0.01
    rays.close()


def test_a_frame_corresponds_to_itself(make, rays):
    camera = make.camera([0, -6, 2.2], [0.5, 0, 0.8])
    f = frame(make.lively(), camera, rays)
    found = correspond(f, f)
    np.testing.assert_allclose(found.xy, centres(camera), atol=2e-3)
    assert found.visible.all()
    assert found.confidence.min() >= 0
    assert (found.xy.dtype, found.confidence.dtype, found.visible.dtype) == (np.float32, np.float32, np.bool_)


def test_there_and_back_is_the_identity(make, rays):
    world = make.lively()
    a = frame(world, make.camera([0, -6, 2.2], [0.5, 0, 0.8], 128, 96), rays, 0.0)
    b = frame(world, make.camera([0.8, -5.6, 2.0], [0.5, 0, 0.9], 128, 96), rays, 0.5)
    there, back = correspond(a, b), correspond(b, a)
    row, column = (there.xy[there.visible][:, k].astype(int) for k in (1, 0))
    returned = back.xy[row, column] - (np.stack([column, row], 1) + 0.5 - there.xy[there.visible])
    gap = np.linalg.norm(returned - centres(a.camera)[there.visible], axis=1)
    assert there.visible.mean() > 0.6
    assert np.median(gap) < 0.05
    assert np.mean(gap < 1.0) > 0.97
    assert back.visible[row, column].mean() > 0.93


def test_an_occluder_hides_what_is_behind_it_and_nothing_else(make, rays):
    world = make.world(make.wall(10.0, half=20), make.wall(4.0, half=0.6))
    a = make.camera([-2.5, 0, 1], [-2.5, 10, 1], 96, 64)
    b = make.camera([0, 0, 1], [-2, 10, 1], 96, 64)
    i, j = frame(world, a, rays), frame(world, b, rays)
    found = correspond(i, j)
    depth = depth_of(world, a, rays)
    points = a.unproject(centres(a), depth)
    ray = points - b.position
    at = b.position + ray * (4.0 / ray[..., 1:2])
    margin = np.maximum(np.abs(at[..., 0]), np.abs(at[..., 2] - 1)) - 0.6
    xy, _ = b.project(points)
    inside = ((xy > 0.5) & (xy < [95.5, 63.5])).all(-1)
    back = points[..., 1] > 9
    hidden, seen = back & inside & (margin < -0.05), back & inside & (margin > 0.05)
    assert hidden.sum() > 15
    assert seen.sum() > 1000
    assert not found.visible[hidden].any()
    assert found.visible[seen].all()
    assert not found.confidence[hidden].any()


def test_a_moving_mesh_is_tracked(make, rays):
    world, camera = make.lively(), make.camera([0, -6, 2.2], [0.7, 0, 0.8], 128, 96)
    i, j = frame(world, camera, rays, 0.0), frame(world, camera, rays, 0.4)
    found, depth = correspond(i, j), depth_of(world, camera, rays)
    ball = (i.thing == i.thing[i.moving[0]]).numpy().reshape(depth.shape)
    expected, _ = camera.project(camera.unproject(centres(camera)[ball], depth[ball]) + np.array([0.4, 0, 0]))
    np.testing.assert_allclose(found.xy[ball], expected, atol=0.01)
    assert found.visible[ball].mean() > 0.85
    still = ~ball & np.isfinite(depth)
    np.testing.assert_allclose(found.xy[still], centres(camera)[still], atol=0.01)
    uncovered = still & ~found.visible
    covered_by_ball = (j.thing == i.thing[i.moving[0]]).numpy().reshape(depth.shape)
    assert (uncovered & covered_by_ball).sum() > 50
    assert (uncovered & ~covered_by_ball).sum() < 30


def test_a_thing_that_turns_its_back_is_not_visible(make, rays):
    card = make.wall(0.0, half=1.0, z=0.0)

    def turned(t):
        c, s = np.cos(t), np.sin(t)
        return (card.vertices @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + [0, 4, 1]).astype(np.float32)

    world, camera = World((Thing("card", card, turned),), Sky()), make.camera([0, 0, 1], [0, 4, 1])
    i = frame(world, camera, rays, 0.0)
    shown = (i.thing > 0).numpy().reshape(camera.height, camera.width)
    assert correspond(i, frame(world, camera, rays, 0.5)).visible[shown].mean() > 0.9
    assert not correspond(i, frame(world, camera, rays, np.pi)).visible[shown].any()


def test_a_camera_that_leaves_and_returns_finds_everything_again(make, rays):
    world = make.lively()
    here, away = make.camera([0, -6, 2.2], [0.5, 0, 0.8]), make.camera([0, -6, 2.2], [0, -12, 0.8])
    first, gone, again = (frame(world, c, rays) for c in (here, away, here))
    solid = (first.thing > 0).numpy().reshape(64, 96)
    assert not correspond(first, gone).visible[solid].any()
    back = correspond(first, again)
    assert back.visible.all()
    np.testing.assert_allclose(back.xy, centres(here), atol=2e-3)


def test_sky_turns_with_the_camera_and_ignores_its_place(make, rays):
    world = make.world(make.wall(6.0, half=1.0))
    eye = np.array([0, 0, 1.0])
    a, b = make.camera(eye, [0, 6, 3]), make.camera([5, 0, 3], [5.6, 6, 5])
    i, j = frame(world, a, rays), frame(world, b, rays)
    found = correspond(i, j)
    sky = (i.thing == 0).numpy().reshape(64, 96)
    turn = Camera(b.world_from_camera.copy(), b.K, b.width, b.height)
    turn.world_from_camera[:3, 3] = 0
    expected, z = turn.project(a.rays(centres(a)))
    np.testing.assert_allclose(found.xy[sky & (z > 0)], expected[sky & (z > 0)], atol=0.01)
    inside = ((expected > 0.5) & (expected < [95.5, 63.5])).all(-1) & sky
    shows_sky = (j.thing == 0).numpy().reshape(64, 96)
    at = expected[inside].astype(int)
    nearest = shows_sky[at[:, 1], at[:, 0]]
    assert found.visible[inside][nearest].all()
    assert not found.visible[inside][~nearest].any()
    opposite = frame(world, make.camera(eye, [0, -6, -1]), rays)
    behind = correspond(i, opposite)
    assert not behind.visible[sky].any()
    assert (behind.xy[sky] == -1).all()


def test_outside_the_frame_or_nearer_than_near_is_not_visible(make, rays):
    world, a = make.world(make.wall(6.0, half=40)), make.camera([0, 0, 1], [0, 6, 1])
    aside, close = make.camera([4, 0, 1], [4, 6, 1]), make.camera([0, 2, 1], [0, 6, 1], near=5.0)
    i = frame(world, a, rays)
    found = correspond(i, frame(world, aside, rays))
    expected, _ = aside.project(a.unproject(centres(a), np.full((64, 96), 6.0)))
    inside = ((expected >= 0) & (expected < [96, 64])).all(-1)
    np.testing.assert_array_equal(found.visible, inside)
    assert 0.1 < inside.mean() < 0.9
    assert not correspond(i, frame(world, close, rays)).visible.any()


def test_confidence_prefers_the_facing_and_the_finer_view(make, rays):
    world, a = make.world(make.wall(6.0, half=40)), make.camera([0, 0, 1], [0, 6, 1], 32, 24)
    i = frame(world, a, rays)

    def middle(eye):
        return correspond(i, frame(world, make.camera(eye, [0, 6, 1], 32, 24), rays)).confidence[12, 16]

    assert middle([0, 0, 1]) == pytest.approx(1, abs=0.01)
    assert middle([0, 3, 1]) == pytest.approx(1, abs=0.01)
    assert middle([0, -6, 1]) == pytest.approx(0.5, abs=0.01)
    assert middle([5.2, 3.0, 1]) == pytest.approx(0.5 * min(1, 0.5**0.5), abs=0.05)


def test_support_falls_off_at_silhouettes(make, rays):
    world, camera = make.world(make.wall(4.0, half=0.7)), make.camera([0, 0, 1], [0, 4, 1])
    moved = Camera(look_at([0.013, 0, 1], [0.013, 4, 1]), camera.K, camera.width, camera.height)
    i, j = frame(world, camera, rays), frame(world, moved, rays)
    shown = (i.thing > 0).numpy().reshape(64, 96)
    inner = shown & np.roll(shown, 2, 1) & np.roll(shown, -2, 1) & np.roll(shown, 2, 0) & np.roll(shown, -2, 0)
    confidence = correspond(i, j).confidence
    assert confidence[inner].min() > 0.9
    assert confidence[shown & ~inner].min() < 0.8


def test_grazing_floors_and_bumps_stay_visible(make, rays):
    world = make.lively()
    a, b = make.camera([0, -9, 0.9], [0, 0, 0.5], 160, 96), make.camera([0.05, -8.9, 0.9], [0, 0, 0.5], 160, 96)
    i, j = frame(world, a, rays), frame(world, b, rays)
    found = correspond(i, j)
    inside = ((found.xy > 1) & (found.xy < [159, 95])).all(-1)
    assert found.visible[inside].mean() > 0.93


def test_frames_of_different_sizes_and_off_centre_cameras(make, rays):
    world, whole = make.lively(), make.camera([0, -6, 2.2], [0.5, 0, 0.8], 96, 64)
    part = whole.cropped(13, 9, 51, 33)
    found = correspond(frame(world, part, rays), frame(world, whole, rays))
    assert found.xy.shape == (33, 51, 2)
    np.testing.assert_allclose(found.xy, centres(part) + np.array([13, 9]), atol=2e-3)
    assert found.visible.all()


def test_empty_and_single_pixel_frames(make, rays):
    empty = World((), Sky())
    camera = make.camera([0, 0, 1], [0, 1, 1], 5, 4)
    i = frame(empty, camera, rays)
    assert correspond(i, i).visible.all()
    one = frame(make.lively(), make.camera([0, -6, 2.2], [0.5, 0, 0.8], 1, 1), rays)
    assert correspond(one, one).visible.all()
