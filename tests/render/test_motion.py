"""Motion vectors against depth and pose, against known moves, and in other programs' signs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from render.correspondence import FrameGeometry
from render.motion import FrameMotion, for_blender, for_nuke, frame_motion, motion
from render.passes import Passes
from worldgen.camera import Camera
from worldgen.conventions import rotation_z
from worldgen.light import Sky
from worldgen.world import World


def frame(world, camera, rays, time=0.0):
    snapshot = world.at(time)
    return FrameGeometry.of(snapshot, camera, rays.rasterize(snapshot, camera))


def centres(camera):
    return np.stack(np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5), -1)


def shown(geometry, thing):
    return (geometry.thing == thing).numpy().reshape(geometry.camera.height, geometry.camera.width)


def test_a_still_camera_in_a_still_world_sees_no_motion(make, rays):
    camera = make.camera([0, -6, 2.2], [0.5, 0, 0.8])
    f = frame(make.world(make.ground(), make.sphere(1.0, [0, 0, 1.2])), camera, rays)
    found = motion(f, f)
    np.testing.assert_allclose(found.vector, 0, atol=2e-3)
    assert found.visible.all()
    assert not found.outside.any()
    assert not found.hidden.any()


step = st.tuples(*[st.floats(-0.4, 0.4)] * 3)


@given(
    st.tuples(st.floats(-6, 6), st.floats(-6, 6), st.floats(2.9, 5)), step, step, st.sampled_from([8.0, 28.0, 100.0])
)
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_static_surfaces_move_as_depth_and_pose_say(make, rays, eye, walk, turn, lens):
    world = make.world(make.ground(), make.sphere(1.0, [0, 0, 1.2]))
    a, b = make.camera(eye, [0.5, 0, 0.8], focal=lens), make.camera(np.add(eye, walk), np.add([0.5, 0, 0.8], turn))
    snapshot = world.at(0.0)
    depth = Passes(snapshot, a, rays.rasterize(snapshot, a)).depth
    expected, z = b.project(a.unproject(centres(a), np.where(np.isfinite(depth), depth, 1)))
    # (within the picture: far beyond it, pixels grow without end)
    inside = np.isfinite(depth) & (z > 0.2) & (np.abs(expected - [48, 32]) < 96).all(-1)
    error = motion(frame(world, a, rays), frame(world, b, rays)).vector - (expected - centres(a))
    assert inside.any()
    assert np.abs(error)[inside].max() < 0.01


def test_forward_and_backward_of_a_rolling_ball(make, rays):
    world, camera = make.lively(), make.camera([0, -6, 1.2], [0, 0, 1.2], 128, 96)
    before, now, after = (frame(world, camera, rays, t) for t in (0.0, 0.3, 0.6))
    both = frame_motion(before, now, after)
    ball = shown(now, int(now.thing[now.moving[0]]))
    forward, backward = both.forward.vector, both.backward.vector
    assert forward[ball][:, 0].min() > 0  # +x is right, and forward leads to the next frame
    assert backward[ball][:, 0].max() < 0
    np.testing.assert_allclose(forward[ball], -backward[ball], atol=0.01)  # it rolls along the picture
    np.testing.assert_allclose(forward[~ball & (shown(now, 0) == 0)], 0, atol=0.01)
    # The ball covers the ground on its right next, and has uncovered that on its left.
    covers = both.occlusion & ~ball
    uncovered = both.disocclusion & ~ball
    assert covers.sum() > 50
    assert uncovered.sum() > 50
    middle = np.nonzero(ball)[1].mean()
    assert (np.nonzero(covers)[1] > middle).all()
    assert (np.nonzero(uncovered)[1] < middle).all()


def test_sky_moves_by_turning_and_not_by_walking(make, rays):
    world, camera = World((), Sky()), make.camera([0, 0, 1], [0, 9, 1], 96, 64)
    step = camera.world_from_camera.copy()
    step[:3, 3] += [3.0, 1.0, 0.2]
    here = frame(world, camera, rays)
    walked = motion(here, frame(world, Camera(step, camera.K, 96, 64), rays))
    np.testing.assert_allclose(walked.vector, 0, atol=1e-3)
    left = Camera(rotation_z(0.05) @ camera.world_from_camera, camera.K, 96, 64)
    turned = motion(here, frame(world, left, rays))
    assert turned.vector[32, 48, 0] == pytest.approx(np.tan(0.05) * camera.K[0, 0], abs=0.05)
    leaves = centres(camera)[..., 0] + turned.vector[..., 0] >= 96
    np.testing.assert_array_equal(turned.outside, leaves | (centres(camera) + turned.vector >= [96, 64]).any(-1)
                                  | (centres(camera) + turned.vector < 0).any(-1))  # fmt: skip
    np.testing.assert_array_equal(turned.visible, ~turned.outside)
    assert not turned.hidden.any()


def test_what_leaves_the_picture_is_not_occluded(make, rays):
    world, a = make.world(make.wall(6.0, half=40)), make.camera([0, 0, 1], [0, 6, 1])
    aside = make.camera([2, 0, 1], [2, 6, 1])
    both = frame_motion(frame(world, aside, rays), frame(world, a, rays), frame(world, aside, rays))
    assert both.forward.outside.mean() > 0.1
    assert not both.occlusion.any()
    np.testing.assert_array_equal(both.disocclusion, both.forward.outside)


def test_leniently_fewer_pixels_are_occluded(make, rays):
    world = make.lively()
    frames = [frame(world, make.camera([x, -6, 2.2], [0.5, 0, 0.8], 128, 96), rays, x) for x in (0.0, 0.2, 0.4)]
    strict, lenient = frame_motion(*frames), frame_motion(*frames, lenient=True)
    np.testing.assert_array_equal(strict.forward.vector, lenient.forward.vector)
    assert not (lenient.occlusion & ~strict.occlusion).any()
    assert 0 < lenient.occlusion.sum() < strict.occlusion.sum()
    assert lenient.disocclusion.sum() < strict.disocclusion.sum()


def test_behind_the_other_camera_the_vector_is_zero(make, rays):
    world, a = make.world(make.wall(6.0, half=40)), make.camera([0, 0, 1], [0, 6, 1])
    away = frame(world, make.camera([0, 0, 1], [0, -6, 1]), rays)
    found = motion(frame(world, a, rays), away)
    assert (found.vector == 0).all()
    assert found.outside.all()
    assert not found.visible.any()


def test_the_ends_of_a_shot_have_one_side(make, rays):
    camera = make.camera([0, -6, 2.2], [0.5, 0, 0.8])
    f = frame(make.lively(), camera, rays)
    first, last = frame_motion(None, f, f), frame_motion(f, f, None)
    assert (first.backward, first.disocclusion) == (None, None)
    assert (last.forward, last.occlusion) == (None, None)
    assert not first.occlusion.any()
    assert not last.disocclusion.any()


def test_signs_of_other_programs(make, rays):
    world, camera = make.lively(), make.camera([0, -6, 1.2], [0, 0, 1.2], 48, 32)
    lower = make.camera([0, -6, 1.0], [0, 0, 1.0], 48, 32)
    now, after = frame(world, camera, rays), frame(world, lower, rays, 0.3)
    both = frame_motion(now, now, after)
    ball = shown(now, int(now.thing[now.moving[0]]))
    nuke = for_nuke(both.forward)[ball]
    assert (nuke > 0).all()  # to the right, and up: the camera sank
    vector = for_blender(both)
    assert vector.shape == (32, 48, 4)
    np.testing.assert_array_equal(vector[ball][:, 2:], -nuke)
    np.testing.assert_allclose(vector[..., :2], 0, atol=0.01)
    np.testing.assert_array_equal(for_blender(FrameMotion(None, both.backward))[..., 2:], 0)
    with pytest.raises(ValueError, match="without neighbours has no motion"):
        for_blender(FrameMotion(None, None))
