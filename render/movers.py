"""Patches of what moves: few, found at rest, and lit anew for every frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from render.patches import I64
from worldgen.conventions import F32, I32
from worldgen.mesh import face_normals
from worldgen.world import Snapshot

MOST: Final = 1_500
CELL_M: Final = 0.2
"""Edge of the cubes, at rest, that a patch fills; it grows until there are few enough patches."""
LARGEST_M: Final = 2.0
"""Many small things never get few enough by larger cubes."""


@dataclass(frozen=True)
class Movers:
    """face: (K,) the face that stands for each patch. of_face: (F - static,) the patch of each face that may move."""

    face: I32
    of_face: I64

    @staticmethod
    def of(snapshot: Snapshot) -> Movers:
        """The patches of a world; the same at all times."""
        first = snapshot.static_faces
        faces = snapshot.faces[first:]
        if not len(faces):
            return Movers(np.zeros(0, np.int32), np.zeros(0, np.int64))
        corners = snapshot.rest_vertices[faces]
        centre = corners.mean(1)
        turn = np.rint(1.2 * face_normals(snapshot.rest_vertices, faces)).astype(np.int64)
        things, thing = np.unique(snapshot.face_object[first:], return_inverse=True)
        cell = CELL_M
        while True:
            cube = np.floor(centre / cell).astype(np.int64)
            of_face = _labelled([*cube.T, *turn.T, thing.reshape(-1)])
            if of_face.max() < max(MOST, 8 * len(things)) or cell > LARGEST_M:
                break
            cell *= 1.5
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        order = np.lexsort((-area, of_face))  # the largest face of each patch first
        _, where = np.unique(of_face[order], return_index=True)
        return Movers((first + order[where]).astype(np.int32), of_face.astype(np.int64))

    def points(self, snapshot: Snapshot) -> tuple[F32, F32]:
        """(K, 3) where the patches are, and (K, 3) their outward normals, in ``snapshot``."""
        faces = snapshot.faces[self.face]
        return snapshot.vertices[faces].mean(1), face_normals(snapshot.vertices, faces)


def _labelled(columns: list[I64]) -> I64:
    """(N,) the same number for the same row of ``columns`` (N,) each, counted from 0."""
    key = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        values, index = np.unique(column, return_inverse=True)
        _, key = np.unique(key * len(values) + index.reshape(-1), return_inverse=True)
        key = key.reshape(-1)
    return key
