"""Everything a picture knows about its surfaces, derived from a visibility buffer.

:class:`Surface` works out, only when asked and only once, what lies at a flat list of samples; :class:`Passes` lays the
same answers out as pictures. Missing pixels hold 0, except ``depth`` and ``distance``, which are ``+inf``, and
``material_index``, which is -1.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from render.raster import GBuffer
from render.surface import Surface, mixed
from worldgen.ade20k import SKY, ade20k_class
from worldgen.camera import Camera
from worldgen.conventions import F32, I32
from worldgen.world import Snapshot

__all__ = ["Passes", "Surface", "interpolate"]

_Scalar = TypeVar("_Scalar", bound=np.generic)


class Passes:
    """The pictures of one frame, (H, W) or (H, W, C), each made when first asked for; units as in :class:`Surface`."""

    def __init__(
        self, snapshot: Snapshot, camera: Camera, gbuffer: GBuffer, names: Mapping[int, str] | None = None
    ) -> None:
        self.gbuffer, self._names = gbuffer, names or {}
        self.surface = Surface.of(snapshot, camera, gbuffer)

    def image(self, values: npt.NDArray[_Scalar], fill: float = 0) -> npt.NDArray[_Scalar]:
        """Values (N,) or (N, C) of the samples as a picture, ``fill`` where nothing is seen."""
        shape = (*self.gbuffer.triangle.shape, *values.shape[1:])
        if len(values) == self.gbuffer.triangle.size:
            return values.reshape(shape)
        picture = np.full(shape, fill, dtype=values.dtype)
        picture[self.gbuffer.hit] = values
        return picture

    @cached_property
    def position(self) -> F32:
        """(H, W, 3)."""
        return self.image(self.surface.position)

    @cached_property
    def rest_position(self) -> F32:
        """(H, W, 3)."""
        return self.image(self.surface.rest_position)

    @cached_property
    def uv(self) -> F32:
        """(H, W, 2)."""
        return self.image(self.surface.uv)

    @cached_property
    def depth(self) -> F32:
        """(H, W), ``+inf`` where nothing is seen."""
        return self.image(self.surface.depth, np.inf)

    @cached_property
    def distance(self) -> F32:
        """(H, W) metres along the ray, ``+inf`` where nothing is seen."""
        away = self.surface.position - self.surface.camera.position.astype(np.float32)
        return self.image(np.sqrt(np.einsum("nc,nc->n", away, away)), np.inf)

    @cached_property
    def normal(self) -> F32:
        """(H, W, 3) world, smooth."""
        return self.image(self.surface.normal)

    @cached_property
    def geometric_normal(self) -> F32:
        """(H, W, 3) world, flat."""
        return self.image(self.surface.geometric_normal)

    @cached_property
    def camera_normal(self) -> F32:
        """(H, W, 3) smooth, in the camera's axes."""
        return self.image(self.surface.camera_normal)

    @cached_property
    def camera_geometric_normal(self) -> F32:
        """(H, W, 3) flat, in the camera's axes."""
        turned = self.surface.geometric_normal @ self.surface.camera.world_from_camera[:3, :3].astype(np.float32)
        return self.image(turned)

    @cached_property
    def object_id(self) -> I32:
        """(H, W)."""
        return self.image(self.surface.object_id)

    @cached_property
    def material_id(self) -> I32:
        """(H, W)."""
        return self.image(self.surface.material_id)

    @cached_property
    def material_index(self) -> I32:
        """(H, W), -1 where nothing is seen."""
        return self.image(self.surface.material_index, -1)

    @cached_property
    def segmentation(self) -> I32:
        """(H, W) rows of ``worldgen.ade20k.CLASSES``, by the things' ``names`` and materials; sky for nothing."""
        pairs, where = np.unique(
            np.stack([self.surface.object_id, self.surface.material_index]), axis=1, return_inverse=True
        )
        snapshot = self.surface.snapshot
        skin = np.array([material.kind == "skin" for material in snapshot.materials], np.bool_)
        people = set(snapshot.face_object[skin[snapshot.face_material]].tolist()) if skin.any() else set()
        rows = [
            ade20k_class(self._names.get(thing, ""), snapshot.materials[material].kind, person=thing in people)
            for thing, material in pairs.T.tolist()
        ]
        return self.image(np.array(rows, dtype=np.int32)[where.reshape(-1)], SKY)

    @cached_property
    def footprint(self) -> F32:
        """(H, W)."""
        return self.image(self.surface.footprint)

    @cached_property
    def albedo(self) -> F32:
        """(H, W, 3)."""
        return self.image(self.surface.albedo)

    @cached_property
    def roughness(self) -> F32:
        """(H, W)."""
        return self.image(self.surface.roughness)

    @cached_property
    def metallic(self) -> F32:
        """(H, W)."""
        return self.image(self.surface.metallic)

    @cached_property
    def emission(self) -> F32:
        """(H, W, 3)."""
        return self.image(self.surface.emission)


def interpolate(gbuffer: GBuffer, faces: I32, attribute: F32) -> F32:
    """A per-vertex ``attribute`` (V, C) as a picture (H, W, C) float32, 0 where nothing is seen."""
    hit = gbuffer.hit
    picture = np.zeros((*hit.shape, attribute.shape[1]), dtype=np.float32)
    if hit.any():
        picture[hit] = mixed(gbuffer.triangle[hit], gbuffer.bary[hit], faces, attribute)
    return picture
