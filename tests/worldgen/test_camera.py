"""Lenses and cameras."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from worldgen.camera import Camera, CameraTrack, Lens
from worldgen.conventions import look_at

coordinates = st.tuples(*[st.floats(-50, 50) for _ in range(3)]).map(np.array)


def camera_at(eye, target, width=640, height=360):
    return Camera(look_at(eye, target), Lens(35.0).intrinsics(width, height), width, height)


def test_the_picture_fills_the_sensor_width():
    K = Lens(focal_mm=36.0, sensor_mm=(36.0, 24.0)).intrinsics(1000, 500)
    np.testing.assert_allclose(K, [[1000, 0, 500], [0, 1000, 250], [0, 0, 1]])


@given(coordinates, coordinates, st.floats(0, 640), st.floats(0, 360), st.floats(0.1, 200))
def test_unproject_undoes_project(eye, target, x, y, depth):
    if np.linalg.norm(eye - target) < 1e-3:
        target = eye + np.array([0.0, 1.0, 0.0])
    camera = camera_at(eye, target)
    xy, z = camera.project(camera.unproject(np.array([x, y]), np.array(depth)))
    np.testing.assert_allclose(xy, [x, y], atol=1e-6)
    np.testing.assert_allclose(z, depth, rtol=1e-9)


@given(coordinates, coordinates)
def test_what_is_looked_at_is_in_the_middle(eye, target):
    if np.linalg.norm(eye - target) < 1e-3:
        return
    xy, z = camera_at(eye, target).project(target)
    np.testing.assert_allclose(xy, [320, 180], atol=1e-5)
    np.testing.assert_allclose(z, np.linalg.norm(eye - target), rtol=1e-9)


def test_up_in_the_world_is_up_in_the_picture_and_east_of_north_is_right():
    camera = camera_at([0, 0, 1], [0, 10, 1])
    (above, east), _ = camera.project(np.array([[0, 10, 2.0], [1.0, 10, 1]]))
    assert above[1] < 180 < east[0]
    assert abs(above[0] - 320) < 1e-9
    assert east[0] > 320


def test_a_resized_camera_sees_the_same():
    camera, point = camera_at([1, -4, 2], [0, 5, 1]), np.array([0.7, 3.0, 1.9])
    half = camera.resized(320, 180)
    np.testing.assert_allclose(half.project(point)[0], camera.project(point)[0] / 2)


def test_a_cropped_camera_is_a_window():
    camera, point = camera_at([1, -4, 2], [0, 5, 1]), np.array([0.7, 3.0, 1.9])
    window = camera.cropped(100, -20, 200, 90)
    np.testing.assert_allclose(window.project(point)[0], camera.project(point)[0] - [100, -20])
    assert (window.width, window.height) == (200, 90)


def test_a_track_is_its_cameras():
    poses = np.stack([look_at([0, -k - 1.0, 1], [0, 0, 1]) for k in range(3)])
    K = np.stack([Lens(20.0 + k).intrinsics(64, 36) for k in range(3)])
    track = CameraTrack(poses, K, 64, 36, np.ones(3), np.ones(3))
    cameras = list(track)
    assert len(track) == len(cameras) == 3
    np.testing.assert_array_equal(cameras[2].position, [0, -3, 1])
    np.testing.assert_array_equal(cameras[1].K, K[1])


def test_camera_from_world_is_the_inverse():
    camera = camera_at([3, 2, 1], [-1, 4, 2])
    np.testing.assert_allclose(camera.camera_from_world @ camera.world_from_camera, np.eye(4), atol=1e-12)
