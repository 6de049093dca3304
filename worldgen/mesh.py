"""Triangle meshes and the few operations that the world needs on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F32, I32
from worldgen.material import Material


@dataclass(frozen=True)
class Mesh:
    """Triangles with smooth normals, surface coordinates and a material each.

    vertices: (V, 3) float32, metres. faces: (F, 3) int32, counter-clockwise seen from outside.
    normals: (V, 3) float32, unit. uv: (V, 2) float32 surface coordinates in **metres** along the surface (for a
    bitmap of the user's: in tiles). material: (F,) int32 index into ``materials``.
    """

    vertices: F32
    faces: I32
    normals: F32
    uv: F32
    material: I32
    materials: tuple[Material, ...]

    def transformed(self, b_from_a: npt.ArrayLike) -> Mesh:
        """The mesh moved by ``(4, 4)``; a scale changes the shape but not ``uv``; a mirror keeps faces outward."""
        m = np.asarray(b_from_a, dtype=np.float64)
        linear = m[:3, :3]
        vertices = self.vertices @ linear.T + m[:3, 3]
        normals = self.normals @ np.linalg.inv(linear)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        faces = self.faces[:, ::-1] if np.linalg.det(linear) < 0 else self.faces
        return replace(
            self,
            vertices=vertices.astype(np.float32),
            normals=normals.astype(np.float32),
            faces=np.ascontiguousarray(faces),
        )


def face_normals(vertices: F32, faces: I32) -> F32:
    """(F, 3) unit geometric normals; zero for degenerate triangles."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    n = np.cross(b - a, c - a)
    return (n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-20)).astype(np.float32)


def vertex_normals(vertices: F32, faces: I32) -> F32:
    """(V, 3) unit normals, averaged over the adjoining triangles by area."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    n = np.cross(b - a, c - a)
    total = np.stack([np.bincount(faces.ravel(), np.repeat(n[:, k], 3), len(vertices)) for k in range(3)], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(length > 1e-20, total / np.maximum(length, 1e-20), [0.0, 0.0, 1.0]).astype(np.float32)


def box_uv(vertices: F32, normals: F32) -> F32:
    """(V, 2) surface coordinates in metres: each vertex projected along its normal's dominant axis.

    On walls (dominant axis x or y) v runs up, so that courses lie level; on floors u and v are x and y.
    """
    axis = np.argmax(np.abs(normals), axis=1)
    x, y, z = vertices.T
    u = np.where(axis == 0, y, x)
    v = np.where(axis == 2, y, z)
    return np.stack([u, v], axis=1).astype(np.float32)


def merged(meshes: Sequence[Mesh]) -> Mesh:
    """All meshes as one, in order; equal materials are shared."""
    materials: dict[Material, int] = {}
    parts = []
    for mesh in meshes:
        local = np.array([materials.setdefault(m, len(materials)) for m in mesh.materials], dtype=np.int32)
        parts.append(local[mesh.material] if len(mesh.material) else mesh.material)
    offsets = np.cumsum([0] + [len(m.vertices) for m in meshes])
    return Mesh(
        np.concatenate([m.vertices for m in meshes] or [np.zeros((0, 3), np.float32)]),
        np.concatenate(
            [m.faces + np.int32(o) for m, o in zip(meshes, offsets[:-1], strict=True)] or [np.zeros((0, 3), np.int32)]
        ).astype(np.int32),
        np.concatenate([m.normals for m in meshes] or [np.zeros((0, 3), np.float32)]),
        np.concatenate([m.uv for m in meshes] or [np.zeros((0, 2), np.float32)]),
        np.concatenate(parts or [np.zeros(0, np.int32)]),
        tuple(materials),
    )
