"""Simplifies models for the library of props and turns their outsides out."""

from __future__ import annotations

from typing import Any

import meshoptimizer  # type: ignore[import-not-found,import-untyped,unused-ignore]
import numpy as np
import trimesh

from worldgen.conventions import F64, I32, YUP_FROM_ZUP
from worldgen.meshpart import Part, Surface, mended


def simplified(vertices: F64, faces: I32, target: int, error: float) -> tuple[F64, I32]:
    """Fewer triangles between the same vertices (Garland and Heckbert 1997, as in meshoptimizer).

    Returns the vertices that are still used, and the faces.
    """
    if len(faces) > target:
        points = np.ascontiguousarray(vertices[:, :3], np.float32)
        index = np.ascontiguousarray(faces.ravel(), np.uint32)
        out = np.zeros_like(index)
        count = meshoptimizer.simplify(
            out, index, points, target_index_count=3 * target, target_error=error, options=meshoptimizer.SIMPLIFY_PRUNE
        )
        faces = out[: int(count)].reshape(-1, 3).astype(np.int32)
    used, rows = np.unique(faces, return_inverse=True)
    return vertices[used], rows.reshape(-1, 3).astype(np.int32)


def welded(points: F64, faces: I32) -> tuple[F64, I32]:
    """Vertices (N, 3 or 5) that are the same to 1/50,000 of the whole are one; triangles that vanish are dropped."""
    grid = np.round(points / (np.ptp(points[:, :3]) / 50_000 + 1e-12)).astype(np.int64)
    if points.shape[1] > 3:
        grid[:, 3:] = np.round(points[:, 3:] * 4096)
    _, first, index = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    faces = index.reshape(-1)[faces].astype(np.int32)
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    _, once = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    return points[first], faces[np.sort(once)]


def outward(vertices: F64, parts: list[I32]) -> list[I32]:
    """Faces of each part turned so that every connected shell shows its outside: the side from which rays get away."""
    import embreex  # noqa: F401  # trimesh's ray tests are slow without it

    result = []
    everything = np.concatenate(parts)
    whole = trimesh.Trimesh(vertices, everything, process=False)
    rng = np.random.default_rng(0)
    scale = float(np.ptp(vertices, axis=0).max())
    for faces in parts:
        _, one = np.unique(np.round(vertices / scale * 2e4).astype(np.int64), axis=0, return_inverse=True)
        mesh = trimesh.Trimesh(np.zeros((one.max() + 1, 3)), one.reshape(-1)[faces], process=False)
        turned = faces.copy()
        labels = trimesh.graph.connected_component_labels(mesh.face_adjacency, node_count=len(faces))
        if not mesh.is_winding_consistent:
            trimesh.repair.fix_winding(mesh)
            other = np.asarray(mesh.faces)
            swapped = ~np.array([_same_way(a, b) for a, b in zip(one.reshape(-1)[faces], other, strict=True)])
            turned[swapped] = turned[swapped][:, ::-1]
        corners = vertices[turned]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(normal, axis=1)
        for label in range(labels.max() + 1):
            rows = np.flatnonzero((labels == label) & (length > 0))
            if not len(rows):
                continue
            chosen = rng.choice(rows, 48, p=length[rows] / length[rows].sum())
            n = normal[chosen] / length[chosen, None]
            middle = corners[chosen].mean(axis=1)
            spread = rng.normal(size=n.shape) * 0.6
            free = []
            for side in (1.0, -1.0):
                way = side * n + spread
                way *= np.where(np.einsum("ij,ij->i", way, side * n) > 0.1, 1, 0)[:, None]
                way = np.where(np.linalg.norm(way, axis=1, keepdims=True) > 0, way, side * n)
                free.append(int((~whole.ray.intersects_any(middle + side * n * scale * 2e-4, way)).sum()))
            volume = float(np.einsum("ij,ij->i", corners[labels == label][:, 0], np.cross(
                corners[labels == label][:, 1], corners[labels == label][:, 2])).sum())  # fmt: skip
            if free[1] > free[0] or (free[0] == free[1] and volume < 0):
                turned[labels == label] = turned[labels == label][:, ::-1]
        result.append(turned)
    return result


def _same_way(a: Any, b: Any) -> bool:
    """Whether two triples are one triangle in one sense of turning."""
    return any(np.array_equal(np.roll(b, k), a) for k in range(3))


def whole(vertices: F64, faces: I32) -> I32:
    """The faces that the reader of mesh files will keep."""
    stored = (vertices[:, :3] @ YUP_FROM_ZUP[:3, :3].T).astype(np.float32).astype(np.float64)
    part = mended(Part("", stored, faces, Surface()), set())
    return faces[:0] if part is None else part.faces
