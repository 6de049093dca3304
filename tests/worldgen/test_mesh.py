"""Meshes and the operations on them."""

from __future__ import annotations

import numpy as np
import pytest

from worldgen import shapes
from worldgen.conventions import rotation_z, translation
from worldgen.kit import Kit, placed
from worldgen.material import make
from worldgen.mesh import box_uv, face_normals, merged, vertex_normals

BRICK, STONE = make("brick"), make("stone")


def test_merged_shares_equal_materials_and_keeps_order() -> None:
    a, b = shapes.box((1.0, 1.0, 1.0), BRICK, 0.0), shapes.box((2.0, 1.0, 1.0), STONE, 0.0)
    m = merged([a, b, a])
    assert m.materials == (BRICK, STONE)
    n = len(a.faces)
    assert (m.material[:n] == 0).all()
    assert (m.material[n : 2 * n] == 1).all()
    assert (m.material[2 * n :] == 0).all()
    np.testing.assert_array_equal(m.vertices[m.faces[n : 2 * n]], b.vertices[b.faces])


def test_merging_nothing_gives_an_empty_mesh() -> None:
    m = merged([])
    assert m.vertices.shape == (0, 3)
    assert m.faces.shape == (0, 3)


def test_a_moved_mesh_keeps_its_surface_coordinates_and_turns_its_normals() -> None:
    box = shapes.box((1.0, 2.0, 3.0), BRICK, 0.0)
    moved = box.transformed(translation([1, 2, 3]) @ rotation_z(np.pi / 2))
    np.testing.assert_array_equal(moved.uv, box.uv)
    np.testing.assert_allclose(moved.vertices.min(0), [0, 1.5, 3], atol=1e-6)
    np.testing.assert_allclose(face_normals(moved.vertices, moved.faces), moved.normals[moved.faces[:, 0]], atol=1e-6)


def test_a_mirrored_or_stretched_mesh_still_faces_outwards() -> None:
    ball = shapes.sphere(1.0, BRICK).transformed(np.diag([-1.0, 2.0, 1.0, 1.0]))
    flat = face_normals(ball.vertices, ball.faces)
    assert np.einsum("fd,fd->f", flat, ball.normals[ball.faces].mean(1)).min() > 0.9


def test_box_projection_runs_level_on_walls() -> None:
    points = np.array([[1.0, 2.0, 3.0]] * 3, np.float32)
    uv = box_uv(points, np.array([[1, 0, 0], [0, -1, 0], [0, 0, 1]], np.float32))
    np.testing.assert_allclose(uv, [[2, 3], [1, 3], [1, 2]])


def test_vertex_normals_are_smooth() -> None:
    v = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    f = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)
    np.testing.assert_allclose(vertex_normals(v, f)[0], -np.ones(3) / np.sqrt(3), atol=1e-6)


def test_a_kit_gathers_pieces_of_many_materials() -> None:
    kit = Kit()
    assert kit.empty
    kit.boxes([[0, 0, 0], [2, 0, 0]], [[1, 1, 1], [3, 1, 1]], BRICK)
    kit.panel(0, 1, 0, 1, 0.0, STONE)
    mesh = kit.build(placed(0, 0, 1.0), (5.0, 0.0))
    assert len(mesh.faces) == 2 * 5 * 2 + 2
    assert mesh.materials == (BRICK, STONE)
    assert mesh.vertices[:, 2].min() == 1.0
    assert mesh.uv[:, 0].min() == 5.0
    panel = mesh.faces[mesh.material == 1]
    np.testing.assert_allclose(face_normals(mesh.vertices, panel), [[0, 1, 0]] * 2)


def test_a_kit_leaves_out_empty_triangles() -> None:
    kit = Kit()
    kit.quads([[[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]]], BRICK)
    assert len(kit.build().faces) == 1


def test_an_empty_kit_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="nothing to build"):
        Kit().build()
