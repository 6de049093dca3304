"""Primitive shapes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from worldgen import shapes
from worldgen.material import make
from worldgen.mesh import Mesh, face_normals

WOOD = make("wood")
SOLIDS: dict[str, tuple[Callable[[], Mesh], float, tuple[float, float, float]]] = {
    "box": (lambda: shapes.box((1.0, 2.0, 0.5), WOOD), 1.0, (1.0, 2.0, 0.5)),
    "sharp box": (lambda: shapes.box((1.0, 2.0, 0.5), WOOD, 0.0), 1.0, (1.0, 2.0, 0.5)),
    "sphere": (lambda: shapes.sphere(0.5, WOOD), math.pi / 6, (1.0, 1.0, 1.0)),
    "cylinder": (lambda: shapes.cylinder(0.5, 2.0, WOOD), math.pi / 2, (1.0, 1.0, 2.0)),
    "cone": (lambda: shapes.cone(0.5, 3.0, WOOD), math.pi / 4, (1.0, 1.0, 3.0)),
    "capsule": (lambda: shapes.capsule(0.5, 2.0, WOOD), math.pi * (1 / 6 + 1 / 4), (1.0, 1.0, 2.0)),
    "torus": (lambda: shapes.torus(1.0, 0.25, WOOD), 2 * math.pi**2 * 0.0625, (2.5, 2.5, 0.5)),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_a_solid_has_its_size_and_stands_on_the_ground(name: str) -> None:
    build, volume, size = SOLIDS[name]
    mesh = build()
    np.testing.assert_allclose(mesh.vertices.min(0), [-size[0] / 2, -size[1] / 2, 0], atol=1e-5)
    np.testing.assert_allclose(mesh.vertices.max(0), [size[0] / 2, size[1] / 2, size[2]], atol=1e-5)
    solid = trimesh.Trimesh(mesh.vertices.astype(np.float64), mesh.faces)
    solid.merge_vertices(merge_norm=True, merge_tex=True, digits_vertex=5)
    assert solid.is_watertight
    assert solid.volume == pytest.approx(volume, rel=0.02)


@pytest.mark.parametrize("name", SOLIDS)
def test_normals_are_unit_and_look_outwards(name: str) -> None:
    mesh = SOLIDS[name][0]()
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-5)
    flat = face_normals(mesh.vertices, mesh.faces)
    assert np.einsum("fkd,fd->fk", mesh.normals[mesh.faces], flat).min() > 0.7
    assert np.isfinite(mesh.uv).all()


def test_the_flat_sides_of_a_rounded_box_are_flat() -> None:
    mesh = shapes.box((1.0, 1.0, 1.0), WOOD)
    top = face_normals(mesh.vertices, mesh.faces)[:, 2] > 0.9999
    np.testing.assert_allclose(mesh.normals[mesh.faces[top]].reshape(-1, 3)[:, 2], 1.0, atol=1e-3)


def test_surface_coordinates_are_metres() -> None:
    mesh = shapes.plane((4.0, 2.0), WOOD)
    np.testing.assert_allclose(np.ptp(mesh.uv, axis=0), [4.0, 2.0])
    mesh = shapes.cylinder(0.5, 2.0, WOOD)
    wall = np.abs(mesh.normals[:, 2]) < 0.1
    np.testing.assert_allclose(np.ptp(mesh.uv[wall], axis=0), [math.pi, 2.0], rtol=0.02)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: shapes.box((1.0, 0.0, 1.0), WOOD), "y size of a box is 0"),
        (lambda: shapes.sphere(-1.0, WOOD), "radius of a sphere is -1"),
        (lambda: shapes.cylinder(1.0, float("nan"), WOOD), "height of a cylinder is nan"),
        (lambda: shapes.cone(float("inf"), 1.0, WOOD), "radius of a cone is inf"),
        (lambda: shapes.capsule(1.0, 1.0, WOOD), "at least twice its radius"),
        (lambda: shapes.torus(0.5, 0.5, WOOD), "less than its radius"),
        (lambda: shapes.plane((1.0, -2.0), WOOD), "y size of a plane is -2"),
        (lambda: shapes.box((1.0, 1.0, 1.0), WOOD, 0.6), "bevel of a box"),
    ],
)
def test_an_impossible_size_is_refused_in_one_sentence(build: Callable[[], Mesh], words: str) -> None:
    with pytest.raises(ValueError, match=words) as error:
        build()
    assert "\n" not in str(error.value)
