"""A lens blurs what is out of focus by its circle of confusion, a shutter what moves; the rest stays as it was."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render.lens import confusion, distorted, filled, grains, lens_points, looks_for, moments, through_lens
from render.passes import Passes
from render.raster import open_rasterizer
from worldgen import shapes
from worldgen.camera import Camera, CameraTrack, Lens
from worldgen.conventions import F32, look_at, translation
from worldgen.light import Sky
from worldgen.material import make
from worldgen.paths import camera_between
from worldgen.world import Shot, Thing, World

WIDTH, HEIGHT, FOCAL = 96, 64, 50.0


def filmed(
    world: World, *, focus: float = 4.0, stop: float = 1.4, shutter: float = 0.0, across: float = 0.0
) -> tuple[Shot, F32]:
    """A shot of three frames that looks north from the origin, ``across`` metres a frame, and a picture of its second.

    The picture shows things in two colours: what is nearer than 6 m white, the rest black.
    """
    poses = np.array([look_at((across * k, 0, 1), (across * k, 9, 1)) for k in (-1, 0, 1)])
    K = np.tile(Lens(FOCAL).intrinsics(WIDTH, HEIGHT), (3, 1, 1))
    track = CameraTrack(poses, K, WIDTH, HEIGHT, np.full(3, focus), np.full(3, stop), shutter=shutter)
    shot = Shot("shot", track, Fraction(24))
    snapshot = world.at(shot.time(1))
    depth = Passes(snapshot, track[1], open_rasterizer("embree").rasterize(snapshot, track[1])).depth
    return shot, np.repeat((depth < 6)[..., None], 3, axis=-1).astype(np.float32)


def card(at: tuple[float, float, float], size: tuple[float, float], name: str = "card") -> Thing:
    mesh = shapes.box((size[0], 0.02, size[1]), make("plaster"))
    return Thing(name, mesh.transformed(translation([at[0], at[1], at[2] - size[1] / 2])))


def half_and_half(distance: float) -> World:
    """A near card over the left half of the picture, and a wall behind it."""
    return World((card((-2.0, distance, 1.0), (4.0, 8.0)), card((0, 12.0, 1.0), (30, 20), "wall")), Sky())


def width_of_ramp(picture: F32) -> float:
    """Pixels between 10 % and 90 % of white in the middle row, by the ramp's area."""
    row = picture[HEIGHT // 2, :, 0]
    return float(((row > 0.1) & (row < 0.9)).sum())


def test_an_edge_out_of_focus_is_as_wide_as_its_circle_of_confusion() -> None:
    world = half_and_half(2.0)
    shot, picture = filmed(world, focus=12.0, stop=0.5)
    expected = confusion(np.full((1, 1), 2.0, np.float32), shot.track[1], 12.0, shot.track.aperture_m(1)).item()
    assert expected == pytest.approx(0.1 * (1 / 2 - 1 / 12) * WIDTH * FOCAL / 24.89, rel=1e-3)
    seen = width_of_ramp(through_lens(world, shot, 1, picture, open_rasterizer("embree")))
    assert seen == pytest.approx(0.69 * expected, abs=1.0)  # a disc's edge goes from 10 to 90 % in 0.69 of its width


def test_what_is_in_focus_stays_to_the_bit() -> None:
    world = half_and_half(4.0)
    shot, _ = filmed(world, focus=4.0)
    rng = np.random.default_rng(0)
    picture = rng.uniform(0, 1, (HEIGHT, WIDTH, 3)).astype(np.float32)
    seen = through_lens(world, shot, 1, picture, open_rasterizer("embree"))
    np.testing.assert_array_equal(seen[:, : WIDTH // 2 - 4], picture[:, : WIDTH // 2 - 4])
    assert np.abs(seen[:, WIDTH // 2 + 4 :] - picture[:, WIDTH // 2 + 4 :]).mean() > 0.1


def test_nothing_moves_and_all_is_sharp_gives_the_picture_itself() -> None:
    world = half_and_half(4.0)
    shot, picture = filmed(world, focus=4.0, stop=22.0, shutter=np.pi)
    assert through_lens(world, shot, 1, picture, open_rasterizer("embree")) is picture


def test_a_moving_camera_smears_near_things_as_far_as_they_travel() -> None:
    world = half_and_half(2.0)
    for shutter, share in ((np.pi, 0.5), (2 * np.pi, 1.0)):
        shot, picture = filmed(world, stop=64.0, shutter=shutter, across=0.15)
        travel = 0.15 / 2.0 * shot.track.K[1, 0, 0] * share
        seen = width_of_ramp(through_lens(world, shot, 1, picture, open_rasterizer("embree")))
        assert seen == pytest.approx(0.8 * travel, abs=2.0)


def test_a_thing_that_moves_is_smeared_and_the_wall_behind_is_not() -> None:
    def gliding(t: float) -> F32:
        return (still.mesh.vertices + np.array([4.8 * (t - 1 / 24), 0, 0])).astype(np.float32)

    still = card((0.0, 4.0, 1.2), (0.4, 0.4))
    world = World((Thing("card", still.mesh, gliding), card((0, 12.0, 1.0), (30, 20), "wall")), Sky())
    shot, picture = filmed(world, stop=64.0, shutter=np.pi)
    picture = np.maximum(picture, np.indices((HEIGHT, WIDTH)).sum(0)[..., None] % 2 * np.float32(0.2))
    seen = through_lens(world, shot, 1, picture, open_rasterizer("embree"))
    assert width_of_ramp(seen) > 8
    np.testing.assert_array_equal(seen[:8], picture[:8])


def test_what_only_the_lens_sees_takes_the_colours_beside_it() -> None:
    picture = np.zeros((4, 12, 3), np.float32)
    picture[:, :4], picture[:, 8:] = (1, 0, 0), (0, 1, 0)
    things = np.repeat(np.array([[1] * 6 + [2] * 6], np.int32), 4, axis=0)
    known = np.ones((4, 12), np.bool_)
    known[:, 4:8] = False
    colours, now = filled(picture, known, things)
    assert now.all()
    np.testing.assert_array_equal(colours[:, :6], np.broadcast_to(np.float32([1, 0, 0]), (4, 6, 3)))
    np.testing.assert_array_equal(colours[:, 6:], np.broadcast_to(np.float32([0, 1, 0]), (4, 6, 3)))
    things[:, 5] = 3
    assert not filled(picture, known, things)[1][:, 5].any()


def test_an_empty_world_and_a_single_frame() -> None:
    shot, picture = filmed(World((), Sky()), shutter=np.pi, stop=1.0)
    one = replace(
        shot,
        track=replace(
            shot.track,
            world_from_camera=shot.track.world_from_camera[:1],
            K=shot.track.K[:1],
            focus_m=np.ones(1),
            f_stop=np.ones(1),
        ),
    )
    seen = through_lens(World((), Sky()), one, 0, picture, open_rasterizer("embree"))
    np.testing.assert_allclose(seen, picture, atol=1e-6)


@given(st.integers(1, 64))
def test_looks_are_spread_evenly(count: int) -> None:
    points, times, places = lens_points(count), moments(count), grains(count)
    assert np.linalg.norm(points, axis=1).max() < 1
    assert np.abs(times).max() < 0.5
    np.testing.assert_allclose(np.diff(np.sort(times)), 1 / count)
    assert np.abs(places).max() <= 0.5
    if count >= 16:
        assert np.abs(points.mean(0)).max() < 0.15
        assert abs(np.corrcoef(times, points[:, 0])[0, 1]) < 0.5


def test_wider_blurs_take_more_looks() -> None:
    assert looks_for(0.3, 0.3) == 1
    assert looks_for(3.0, 0.0) < looks_for(12.0, 0.0) <= 48
    assert looks_for(0.0, 400.0) == 48


def grid_camera() -> Camera:
    return Camera(np.eye(4), Lens(20).intrinsics(WIDTH, HEIGHT), WIDTH, HEIGHT)


@settings(max_examples=20, deadline=None)
@given(st.floats(-0.4, 0.4), st.floats(-0.1, 0.1))
def test_distortion_keeps_the_middle_and_fills_the_frame(k1: float, k2: float) -> None:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    where = np.stack([columns, rows], axis=-1).astype(np.float32)
    seen = distorted(where, grid_camera(), (k1, k2))
    np.testing.assert_allclose(seen[HEIGHT // 2 - 1 : HEIGHT // 2 + 1, WIDTH // 2 - 1 : WIDTH // 2 + 1].mean((0, 1)),
                               [WIDTH / 2, HEIGHT / 2], atol=0.05)  # fmt: skip
    assert seen[..., 0].min() >= -0.6
    assert seen[..., 0].max() <= WIDTH + 0.6


def test_distortion_follows_brown_and_conrady() -> None:
    camera, k = grid_camera(), (0.08, 0.02)  # a cushion needs no zoom
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    where = np.stack([columns, rows], axis=-1).astype(np.float32)
    straight = (distorted(where, camera, k)[20, 70] - camera.K[:2, 2]) / camera.K[0, 0]
    bent = (np.array([70.5, 20.5]) - camera.K[:2, 2]) / camera.K[0, 0]
    r2 = float(straight @ straight)
    np.testing.assert_allclose(straight * (1 + k[0] * r2 + k[1] * r2**2), bent, atol=2e-3)
    assert distorted(where, camera, (0.0, 0.0)) is where


def test_a_camera_between_frames() -> None:
    shot, _ = filmed(World((), Sky()), across=0.2)
    np.testing.assert_allclose(camera_between(shot.track, 0.25).position, [-0.15, 0, 1], atol=1e-9)
    np.testing.assert_allclose(camera_between(shot.track, 2.5).position, [0.3, 0, 1], atol=1e-9)
    np.testing.assert_allclose(camera_between(shot.track, 1.0).world_from_camera, shot.track[1].world_from_camera)
