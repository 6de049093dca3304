"""The one contract of every rasterizer: which triangle does each pixel show, and where in it.

A backend returns a :class:`GBuffer`, a visibility buffer (Burns & Hunt 2013). Every other pass is derived from it
by shared code in ``render.passes``, so backends can be held against each other, and a triangle with barycentrics
is an exact name for a surface point at any other time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from worldgen.camera import Camera
from worldgen.conventions import F32, I32, Bool
from worldgen.world import Snapshot


@dataclass(frozen=True)
class GBuffer:
    """What a camera sees of a snapshot.

    triangle: (H, W) int32, row of ``snapshot.faces`` seen through the pixel's centre; -1 where nothing is hit.
    bary: (H, W, 2) float32, perspective-correct weights of the triangle's second and third corner; 0 where
    nothing is hit. The first corner's weight is ``1 - bary.sum(-1)``.
    """

    triangle: I32
    bary: F32

    @property
    def hit(self) -> Bool:
        """(H, W) where a surface is seen."""
        return self.triangle >= 0

    @property
    def weights(self) -> F32:
        """(H, W, 3) weights of the three corners."""
        return np.concatenate([1.0 - self.bary.sum(-1, keepdims=True), self.bary], axis=-1)


def same_world(a: Snapshot, b: Snapshot) -> bool:
    """Whether two snapshots show one world: what was prepared from the static part of ``a`` holds for ``b``."""
    return (
        a.faces is b.faces
        and a.rest_vertices is b.rest_vertices
        and a.static_faces == b.static_faces
        and a.static_vertices == b.static_vertices
    )


class Rasterizer(Protocol):
    """A backend. It may keep static geometry between calls of one world; ``close`` frees what it holds.

    Faces are two-sided. Geometry nearer than ``camera.near`` or beyond ``camera.far`` is not seen.
    """

    name: str

    def rasterize(self, snapshot: Snapshot, camera: Camera) -> GBuffer: ...

    def close(self) -> None: ...
