"""Coarser copies of skinned surfaces, for people in the distance."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.spatial import cKDTree

from worldgen.tailoring import Cloth


def coarser(cloth: Cloth, faces: int) -> Cloth:
    """``cloth`` with about ``faces`` triangles, by quadric error (Garland & Heckbert 1997).

    A new point takes the skin weights of the three old ones nearest to it, the nearer the more.
    """
    if len(cloth.faces) <= faces:
        return cloth
    import open3d

    mesh = open3d.geometry.TriangleMesh(
        open3d.utility.Vector3dVector(cloth.points), open3d.utility.Vector3iVector(cloth.faces)
    )
    mesh = mesh.simplify_quadric_decimation(faces, boundary_weight=3.0)
    points, triangles = np.asarray(mesh.vertices), np.asarray(mesh.triangles).astype(np.int32)
    used, index = np.unique(triangles, return_inverse=True)
    points = points[used]
    distance, near = cKDTree(cloth.points).query(points, k=3)
    share = 1.0 / np.maximum(distance, 1e-6)
    share /= share.sum(1, keepdims=True)
    rows = np.repeat(np.arange(len(points)), 3)
    mix = coo_matrix((share.ravel(), (rows, near.ravel())), shape=(len(points), len(cloth.points))).tocsr()
    return Cloth(points, index.reshape(-1, 3).astype(np.int32), (mix @ cloth.weights).tocsr())
