"""Conventions, and the way to other programs' and back."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from worldgen import conventions as c

angles = st.floats(-np.pi, np.pi)
poses = st.tuples(angles, angles, angles, *[st.floats(-20, 20) for _ in range(3)])


def pose(values):
    result = np.eye(4)
    result[:3, :3] = Rotation.from_euler("xyz", values[:3]).as_matrix()
    result[:3, 3] = values[3:]
    return result


@given(poses)
def test_nerfstudio_there_and_back(values):
    np.testing.assert_allclose(c.world_from_nerfstudio(c.nerfstudio_from_world(pose(values))), pose(values), atol=1e-12)


@given(poses)
def test_gltf_there_and_back(values):
    np.testing.assert_allclose(c.world_from_gltf(c.gltf_from_world(pose(values))), pose(values), atol=1e-12)


@given(poses)
def test_colmap_there_and_back(values):
    np.testing.assert_allclose(c.world_from_colmap(*c.colmap_from_world(pose(values))), pose(values), atol=1e-9)


@given(poses)
def test_quaternions_there_and_back_and_as_scipy(values):
    rotation = pose(values)[:3, :3]
    wxyz = c.quaternion_from_matrix(rotation)
    np.testing.assert_allclose(c.matrix_from_quaternion(wxyz), rotation, atol=1e-9)
    xyzw = Rotation.from_matrix(rotation).as_quat()
    assert abs(np.dot(wxyz, np.roll(xyzw, 1))) == pytest.approx(1.0, abs=1e-9)


def test_what_the_others_mean():
    camera = c.look_at([0, 0, 2], [0, 5, 2])  # looks north, level
    nerfstudio, gltf = c.nerfstudio_from_world(camera), c.gltf_from_world(camera)
    np.testing.assert_allclose(-nerfstudio[:3, 2], [0, 1, 0])  # OpenGL cameras look along -Z
    np.testing.assert_allclose(nerfstudio[:3, 1], [0, 0, 1])  # with +Y up
    np.testing.assert_allclose(gltf[:3, 3], [0, 2, 0])  # +Y up worlds
    np.testing.assert_allclose(-gltf[:3, 2], [0, 0, -1])  # our north is glTF's -Z


def test_look_at_is_a_right_handed_upright_camera():
    m = c.look_at([1, 2, 3], [4, -5, 6])
    np.testing.assert_allclose(m[:3, :3] @ m[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(m[:3, :3]) == pytest.approx(1.0)
    assert m[2, 0] == pytest.approx(0.0)  # the horizon is level
    assert m[2, 1] < 0  # down is down


def test_look_at_straight_down_has_north_on_top():
    m = c.look_at([0, 0, 9], [0, 0, 0])
    np.testing.assert_allclose(m[:3, 1], [0, -1, 0], atol=1e-12)


def test_look_at_oneself_is_refused():
    with pytest.raises(ValueError, match="stands exactly on the point"):
        c.look_at([1, 2, 3], [1, 2, 3])


@given(st.integers(0, 0xFFFFFF))
def test_colours_there_and_back(value):
    text = f"#{value:06x}"
    back = np.round(c.srgb_from_linear(c.linear_from_hex(text)) * 255).astype(int)
    assert "#{:02x}{:02x}{:02x}".format(*back) == text


@pytest.mark.parametrize("text", ["#12345", "#12345g", "red", "#1234567"])
def test_what_is_no_colour(text):
    with pytest.raises(ValueError, match="is not a colour"):
        c.linear_from_hex(text)


def test_ids_and_seeds_are_the_same_in_every_process():
    code = "from worldgen.conventions import *; print(stable_id('mara'), seed_from(7, 'mara'))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(c.stable_id("mara")), str(c.seed_from(7, "mara"))]
    assert c.seed_from("ab", "c") != c.seed_from("a", "bc")


def test_rotation_z_turns_counter_clockwise_from_above():
    np.testing.assert_allclose(c.transform_points(c.rotation_z(np.pi / 2), [1, 0, 0]), [0, 1, 0], atol=1e-12)


def test_an_aimed_node_points_where_it_should() -> None:
    for direction in ([0.0, 0.0, -1.0], [0.0, 0.0, 1.0], [3.0, -2.0, 0.5]):
        place = c.aimed(direction)
        np.testing.assert_allclose(place[:3, :3] @ [0, 0, -1], direction / np.linalg.norm(direction), atol=1e-12)
        assert np.linalg.det(place[:3, :3]) == pytest.approx(1.0)
