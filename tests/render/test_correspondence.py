"""Correspondence against flow from depth and pose, and by what must be hidden or found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from render.correspondence import FrameGeometry, correspond, correspond_many
from render.correspondence_dense import look_up_on_device
from render.passes import Passes
from render.raster import open_rasterizer
from render.rays import RayScene
from render.warp import warp
from tools.opened import open_production, sized
from worldgen.camera import Camera
from worldgen.conventions import look_at
from worldgen.light import Sky
from worldgen.world import Thing, World

SCENES = Path(__file__).parents[2] / "scenes"


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


def bits(one):
    return torch.cat([one.xy.reshape(-1), one.confidence.reshape(-1), one.visible.reshape(-1).float()])


def posed(snapshot, gbuffer):
    """Points (H, W, 3), exact, of what a visibility buffer shows, at the time of ``snapshot``."""
    corners = snapshot.vertices.astype(np.float64)[snapshot.faces[np.maximum(gbuffer.triangle, 0)]]
    return np.einsum("hwk,hwkc->hwc", gbuffer.weights.astype(np.float64), corners)


def seen_by_rays(rays, gbuffer, before, after, i, j):
    """(H, W) whether a ray from camera j meets, first of all, the point that camera i shows, from the same side."""
    points, then = posed(after, gbuffer), posed(before, gbuffer)

    def side(snapshot, camera, where):
        a, b, c = (snapshot.vertices.astype(np.float64)[snapshot.faces[np.maximum(gbuffer.triangle, 0)][..., k]]
                   for k in range(3))  # fmt: skip
        return (np.cross(b - a, c - a) * (camera.position - where)).sum(-1) > 0

    xy, z = j.project(points)
    inside = (z > j.near) & (xy >= 0).all(-1) & (xy < [j.width, j.height]).all(-1)
    scene = RayScene("embree")
    scene.update(after)
    reach = (points - j.position).reshape(-1, 3)
    start = (j.near / np.maximum(z, 1e-9)).reshape(-1, 1)
    _, _, met = scene.cast(j.position + start * reach, (1 - start) * reach, 10.0)
    same = side(before, i, then) == side(after, j, points)
    return gbuffer.hit & inside & same & (met.reshape(z.shape) > 1 - 3e-4)


def plain(geometry):
    """(H, W) pixels of a frame away from all silhouettes: the eight pixels around them show the same surface too."""
    return ndimage.binary_erosion((geometry.picture[3] > 0).numpy(), np.ones((3, 3)))


def disagreement(world, rays, i, j, times=(0.0, 0.0)):
    """Pixels away from silhouettes, and how many of them are falsely seen, and falsely hidden."""
    before, after = (world.at(t) for t in times)
    gbuffer = rays.rasterize(before, i)
    a, b = FrameGeometry.of(before, i, gbuffer), FrameGeometry.of(after, j, rays.rasterize(after, j))
    found, truth = correspond(a, b), seen_by_rays(rays, gbuffer, before, after, i, j)
    at = np.clip(found.xy.astype(int), 0, [j.width - 1, j.height - 1])
    clear = gbuffer.hit & plain(a) & plain(b)[at[..., 1], at[..., 0]]
    return int(clear.sum()), int((clear & found.visible & ~truth).sum()), int((clear & truth & ~found.visible).sum())


some = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # failing cases are small as they are, and rays are slow to shrink by
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
eyes = st.tuples(st.floats(-7, 7), st.floats(-7, 7), st.floats(0.6, 6))
targets = st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(-0.5, 0.5))
lenses = st.sampled_from([8.0, 18.0, 28.0, 50.0, 400.0])


@given(eyes, eyes, targets, targets, lenses, lenses, st.floats(0, 1))
@some
def test_any_two_cameras_agree_with_rays(make, rays, eye, other, target, aim, lens, second, time):
    i, j = make.camera(eye, target, 96, 64, lens), make.camera(other, aim, 80, 72, second)
    pixels, seen, hidden = disagreement(make.lively(), rays, i, j, (0.0, time))
    # (bumps that are smaller than a pixel have no surface that neighbours could agree on)
    assert seen <= 3 + 0.005 * pixels
    assert hidden <= 3 + 0.015 * pixels


@given(eyes, eyes, targets, targets, lenses, lenses)
@some
def test_any_two_cameras_agree_with_depth_and_pose(make, rays, eye, other, target, aim, lens, second):
    world = make.world(make.ground(), make.sphere(1.0, [0, 0, 1.2]), make.box([-3, -3, 0], [-2, -1, 2]))
    i, j = make.camera(eye, target, 61, 47, lens), make.camera(other, aim, 50, 70, second)
    snapshot = world.at(0.0)
    gbuffer = rays.rasterize(snapshot, i)
    found = correspond(FrameGeometry.of(snapshot, i, gbuffer), frame(world, j, rays))
    expected, z = j.project(posed(snapshot, gbuffer))
    # (within the picture: far beyond it, pixels grow without end)
    inside = gbuffer.hit & (z > j.near) & (np.abs(expected - [25, 35]) < [50, 70]).all(-1)
    assert np.isfinite(found.xy).all()
    assert (found.confidence >= 0).all()
    assert (found.confidence <= 1).all()
    assert not found.confidence[~found.visible].any()
    assert not inside.any() or np.abs(found.xy - expected)[inside].max() < 0.01


@given(eyes, st.tuples(*[st.floats(-0.6, 0.6)] * 3), targets, st.sampled_from([18.0, 28.0, 50.0]))
@some
def test_there_and_back_is_the_identity_from_anywhere(make, rays, eye, step, target, lens):
    world = make.world(make.floor(), make.sphere(1.0, [0, 0, 1.2]), make.box([-3, -3, 0], [-2, -1, 2]))
    camera = make.camera(eye, target, 96, 64, lens)
    i, j = frame(world, camera, rays), frame(world, make.camera(np.add(eye, step), target, 96, 64, lens), rays)
    there, back = correspond(i, j), correspond(j, i)
    # (where the four pixels around show one surface, the way back may be interpolated between them)
    four = ndimage.minimum_filter(plain(j) & back.visible, (3, 3))
    at = np.clip(there.xy.astype(int), 0, [95, 63])
    sure = there.visible & plain(i) & four[at[..., 1], at[..., 0]] & (i.thing > 0).numpy().reshape(64, 96)
    gap = np.linalg.norm(warp(back.xy, there, "bilinear") - centres(camera), axis=-1)[sure]
    assert not len(gap) or np.quantile(gap, 0.99) < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("scene", ["old-town", "forest-walk", "night-market"])
def test_scenes_agree_with_rays(rays, tmp_path, scene):
    production = open_production(SCENES / f"{scene}.yaml", tmp_path).production
    shot = sized(production.shots[0], "320x180", "final")
    cameras, times = [shot.track[k] for k in (0, 12)], [shot.time(k) for k in (0, 12)]
    pixels, seen, hidden = disagreement(production.world, rays, *cameras, times)
    assert pixels > 10_000
    assert seen + hidden < 0.005 * pixels


def test_many_at_once_are_as_one_by_one(make, rays, monkeypatch):
    world = make.lively()
    places = [([0, -6, 2.2], 0.0, 96, 64), ([0.8, -5.6, 2.0], 0.5, 96, 64), ([0, -12, 3], 0.2, 61, 33)]
    frames = [frame(world, make.camera(eye, [0.5, 0, 0.8], w, h), rays, t) for eye, t, w, h in places]
    for i in frames:
        many = correspond_many(i, frames)
        for one, j in zip(many, frames, strict=True):
            assert torch.equal(bits(one), bits(correspond_many(i, [j])[0]))
    monkeypatch.setattr("render.correspondence._BLOCK", 100)
    monkeypatch.setattr("render.correspondence._BLOCK_ALONE", 100)
    for one, two in zip(many, correspond_many(frames[2], frames), strict=True):
        np.testing.assert_allclose(bits(one), bits(two), atol=2e-4)
    assert correspond_many(frames[0], []) == ()


@pytest.mark.parametrize("lenient", [False, True])
def test_what_other_devices_do_gives_what_the_loop_gives(make, rays, monkeypatch, lenient):
    world = make.lively()
    places = [([0, -6, 2.2], 0.0), ([0.83, -5.61, 2.07], 0.5), ([0.4, 0.3, 1.1], 0.2), ([0.1, 9, 3], 0.7)]
    frames = [frame(world, make.camera(eye, [0.5, 0.1, 0.8], 97, 63), rays, t) for eye, t in places]
    for i in frames:
        loop = correspond_many(i, frames, lenient)
        with monkeypatch.context() as patched:
            patched.setattr("render.correspondence.look_up", look_up_on_device)
            other = correspond_many(i, frames, lenient)
        for one, two in zip(loop, other, strict=True):
            torch.testing.assert_close(one.xy, two.xy, atol=2e-4, rtol=1e-5)
            assert (one.visible != two.visible).float().mean() < 1e-3
            assert ((one.confidence - two.confidence).abs() > 1e-3).float().mean() < 2e-3


def test_leniently_more_is_seen_and_little_of_it_falsely(make, rays):
    world = make.world(make.ground(), make.wall(-1.0, half=0.8), make.sphere(1.0, [0, 0, 1.2]))
    i, j = make.camera([0, -6, 2.2], [0.5, 0, 0.8], 128, 96), make.camera([0.7, -5.6, 2.3], [0.5, 0, 0.8], 128, 96)
    snapshot = world.at(0.0)
    gbuffer = rays.rasterize(snapshot, i)
    a, b = FrameGeometry.of(snapshot, i, gbuffer), frame(world, j, rays)
    strict, more = correspond(a, b), correspond_many(a, [b], lenient=True)[0].numpy()
    extra = more.visible & ~strict.visible & gbuffer.hit
    assert not (strict.visible & ~more.visible).any()
    assert extra.sum() > 20
    assert seen_by_rays(rays, gbuffer, snapshot, snapshot, i, j)[extra].mean() > 0.5
    assert more.confidence[extra].max() < 0.9


def test_a_frame_takes_sixteen_bytes_a_pixel_and_what_moves(make, rays):
    f = frame(make.lively(), make.camera([0, -6, 2.2], [0.5, 0, 0.8]), rays)
    parts = (f.picture, f.moving, f.corners, f.weights, f.posed)
    moving = 32 * len(f.moving) + 12 * f.posed.shape[1]
    assert sum(part.nbytes for part in parts) == 16 * 96 * 64 + moving


def test_depth_of_a_frame_is_that_of_the_passes(make, rays):
    world, camera = make.lively(), make.camera([0, -6, 2.2], [0.5, 0, 0.8])
    f, depth = frame(world, camera, rays), depth_of(world, camera, rays)
    assert np.isinf(depth).any()
    np.testing.assert_allclose(f.depth.numpy().reshape(64, 96), depth, rtol=2e-5)


def test_the_back_of_a_thin_box_is_not_its_front(make, rays):
    world = make.world(make.box([-1, 4.0, 0], [1, 4.002, 2]))
    i, j = make.camera([0, 0, 1], [0, 4, 1]), make.camera([0, 8, 1], [0, 4, 1])
    found = correspond(frame(world, i, rays), frame(world, j, rays))
    shown = (frame(world, i, rays).thing > 0).numpy().reshape(64, 96)
    assert shown.sum() > 500
    assert not found.visible[shown].any()
    sheet = make.world(make.wall(4.0))
    assert not correspond(frame(sheet, i, rays), frame(sheet, j, rays)).visible[shown].any()


@pytest.mark.parametrize("moves", [False, True])
def test_winding_may_be_mixed_and_triangles_degenerate(make, rays, moves):
    ground = make.ground(40, 16.0, 0.2)
    faces = ground.faces.copy()
    faces[::3] = faces[::3, ::-1]
    faces = np.concatenate([faces, [[0, 0, 0], [5, 5, 6], [7, 8, 7]]])
    mixed = make.mesh(ground.vertices, faces)
    world = World((Thing("ground", mixed, (lambda t: mixed.vertices) if moves else None),), Sky())
    i, j = make.camera([0, -6, 3], [0, 0, 0]), make.camera([0.4, -6, 3.1], [0, 0, 0])
    a, b = frame(world, i, rays, 0.0), frame(world, j, rays, 0.5)
    found = correspond(a, b)
    inside = ((found.xy > 1) & (found.xy < [95, 63])).all(-1) & (a.thing > 0).numpy().reshape(64, 96)
    assert inside.mean() > 0.5
    assert found.visible[inside].mean() > 0.97


@pytest.mark.parametrize("moves", [False, True])
def test_far_from_the_origin_is_as_near(make, rays, moves):
    offset = np.array([4096.0, -8192.0, 512.0])

    def found(at):
        meshes = [make.ground(), make.sphere(1.0, [0, 0, 1.2])]
        placed = [make.mesh(np.round(m.vertices * 64) / 64 + at, m.faces) for m in meshes]
        things = (Thing("a", placed[0]), Thing("b", placed[1], (lambda t: placed[1].vertices) if moves else None))
        world = World(things, Sky())
        i = frame(world, make.camera(np.add(at, [0, -6, 2.2]), np.add(at, [0.5, 0, 0.8])), rays, 0.0)
        return correspond(
            i, frame(world, make.camera(np.add(at, [0.3, -5.7, 2.2]), np.add(at, [0.5, 0, 0.8])), rays, 0.4)
        )

    here, far = found(np.zeros(3)), found(offset)
    both = here.visible & far.visible
    assert both.mean() > 0.6
    # (rays that start far from the origin are themselves rounded to half a millimetre)
    assert np.quantile(np.abs(here.xy - far.xy)[both], 0.99) < 0.02
    assert (here.visible == far.visible).mean() > 0.97


@given(st.integers(1, 9), st.integers(1, 9), eyes, targets, st.sampled_from([8.0, 28.0, 400.0]))
@some
def test_small_pictures_see_themselves(make, rays, width, height, eye, target, lens):
    world = make.world(make.ground(12), make.sphere(1.0, [0, 0, 1.2], 12), make.box([-1, -1, 0], [1, 1, 9]))
    camera = make.camera(eye, target, width, height, lens)  # often inside the box
    f = frame(world, camera, rays)
    found = correspond(f, f)
    np.testing.assert_allclose(found.xy, centres(camera), atol=1e-3)
    assert found.visible.all()


def test_frames_of_other_worlds_are_refused(make, rays):
    camera = make.camera([0, -6, 2.2], [0.5, 0, 0.8], 8, 6)
    still, lively = frame(make.world(make.ground()), camera, rays), frame(make.lively(), camera, rays)
    with pytest.raises(ValueError, match="different worlds do not correspond: 0 vertices move in one"):
        correspond(still, lively)
    with pytest.raises(ValueError, match="frames on cpu and on meta do not correspond"):
        correspond(still, still.to("meta"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_as_on_the_cpu(make, rays):
    world = make.lively()
    frames = [frame(world, make.camera([x, -6, 2.2], [0.5, 0, 0.8]), rays, x) for x in (0.0, 0.4, 0.8)]
    there = [f.to("cuda") for f in frames]
    for one, two in zip(correspond_many(frames[0], frames), correspond_many(there[0], there), strict=True):
        assert two.xy.is_cuda
        a, b = one.numpy(), two.numpy()
        np.testing.assert_allclose(a.xy, b.xy, atol=2e-3)
        assert (a.visible == b.visible).mean() > 0.999
        assert np.abs(a.confidence - b.confidence)[a.visible == b.visible].max() < 0.01
