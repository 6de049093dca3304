"""What lies at surface points: a flat list of samples, each a triangle and barycentrics, seen by a camera."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from render import surface_loops as loops
from render.raster import GBuffer
from render.tables import MaterialTable, directions_of, material_table, tensor, uv_scale
from render.threads import deal, filled, kept
from worldgen.camera import Camera
from worldgen.conventions import F32, I32, Bool
from worldgen.world import Snapshot

GRAZING: Final = 0.05
"""Cosine below which a footprint grows no further."""

_SLICE: Final = 1 << 13
"""Samples a compiled loop takes at a time."""

_Scalar = TypeVar("_Scalar", bound=np.generic)


class Surface:
    """N surface points of a snapshot, as a camera sees them.

    triangle: (N,) int32 rows of ``snapshot.faces``, none negative. bary: (N, 2) float32 weights of the second and third
    corner. Every property is worked out when first asked for. Vectors are in world space unless a name says otherwise.
    """

    def __init__(self, snapshot: Snapshot, camera: Camera, triangle: I32, bary: F32) -> None:
        self.snapshot, self.camera = snapshot, camera
        self.triangle, self.bary = np.ascontiguousarray(triangle), np.ascontiguousarray(bary)

    @staticmethod
    def of(snapshot: Snapshot, camera: Camera, gbuffer: GBuffer) -> Surface:
        """The samples of the pixels that show something, in row order."""
        hit = np.flatnonzero(gbuffer.triangle >= 0)
        if len(hit) == gbuffer.triangle.size:
            return Surface(snapshot, camera, gbuffer.triangle.reshape(-1), gbuffer.bary.reshape(-1, 2))
        bary = _take(gbuffer.bary.reshape(-1, 2), hit)
        return Surface(snapshot, camera, _take(gbuffer.triangle.reshape(-1), hit), bary)

    def subset(self, keep: npt.NDArray[Any]) -> Surface:
        """The samples that ``keep`` (indices or a mask) names."""
        return Surface(self.snapshot, self.camera, self.triangle[keep], self.bary[keep])

    def __len__(self) -> int:
        return len(self.triangle)

    @kept
    def weights(self) -> torch.Tensor:
        """(N, 3) float32 of the three corners."""
        bary = tensor(self.bary)
        return torch.cat([1.0 - bary.sum(1, keepdim=True), bary], dim=1)

    def interpolate(self, attribute: F32) -> F32:
        """A per-vertex ``attribute`` (V, C) at the samples, (N, C) float32."""
        return mixed(self.triangle, self.bary, self.snapshot.faces, attribute)

    @kept
    def position(self) -> F32:
        """(N, 3) metres."""
        return self.interpolate(self.snapshot.vertices)

    @kept
    def rest_position(self) -> F32:
        """(N, 3) metres: where the point is when its thing is at rest, its name for all times."""
        return self.interpolate(self.snapshot.rest_vertices)

    @kept
    def uv(self) -> F32:
        """(N, 2) metres along the surface."""
        return self.interpolate(self.snapshot.uv)

    @kept
    def depth(self) -> F32:
        """(N,) metres along the camera's axis; as exact far from the origin as at it."""
        eye, axis = self.camera.position, np.ascontiguousarray(self.camera.world_from_camera[:3, 2])
        found, snapshot = np.empty(len(self), np.float32), self.snapshot

        def turn(s: slice) -> None:
            loops.depths(self.triangle[s], self.bary[s], snapshot.faces, snapshot.vertices, eye, axis, found[s])

        deal(turn, len(self), _SLICE)
        return found

    @kept
    def view(self) -> F32:
        """(N, 3) unit, from the point to the camera."""
        eye, point = torch.from_numpy(self.camera.position.astype(np.float32)), tensor(self.position)
        result: F32 = filled(lambda s: functional.normalize(eye - point[s], dim=1), len(self), 3).numpy()
        return result

    @kept
    def directions(self) -> torch.Tensor:
        """(N, 3, 3) of the triangles: unit normal by winding, whichever side is seen, and the gradients of u and v.

        The latter in lengths of ``uv`` per metre; 0 where a triangle, or its ``uv``, has no area.
        """
        return directions_of(self.snapshot, self.triangle)

    @kept
    def face_normal(self) -> torch.Tensor:
        """(N, 3) unit, by the triangles' winding, whichever side is seen; zero for degenerate ones."""
        return self.directions[:, 0]

    @kept
    def front(self) -> Bool:
        """(N,) whether the camera sees the outer side."""
        result: Bool = self._cosine >= 0
        return result

    @kept
    def _cosine(self) -> F32:
        """(N,) between the triangle's outer side and the view, below 0 where the inner side is seen."""
        eye, snapshot, found = self.camera.position.astype(np.float32), self.snapshot, np.empty(len(self), np.float32)
        position = self.position

        def turn(s: slice) -> None:
            loops.cosines(self.triangle[s], position[s], snapshot.faces, snapshot.vertices, eye, found[s])

        deal(turn, len(self), _SLICE)
        return found

    @kept
    def geometric_normal(self) -> F32:
        """(N, 3) unit, of the flat triangle, turned to the camera's side."""
        turned: F32 = self.face_normal.numpy().copy()
        turned[~self.front] *= -1.0
        return turned

    @kept
    def normal(self) -> F32:
        """(N, 3) unit, smooth, of the side that the camera sees."""
        found, front, snapshot = np.empty((len(self), 3), np.float32), self.front, self.snapshot

        def turn(s: slice) -> None:
            loops.normals_of(self.triangle[s], self.bary[s], front[s], snapshot.faces, snapshot.normals, found[s])

        deal(turn, len(self), _SLICE)
        return found

    @kept
    def camera_normal(self) -> F32:
        """(N, 3) ``normal`` in the camera's axes (+X right, +Y down, +Z forward)."""
        rotation = torch.from_numpy(self.camera.world_from_camera[:3, :3].astype(np.float32))
        normal = tensor(self.normal)
        result: F32 = filled(lambda s: normal[s] @ rotation, len(self), 3).numpy()
        return result

    @kept
    def facing(self) -> F32:
        """(N,) cosine between the flat triangle's normal and the view, 0 to 1."""
        result: F32 = np.minimum(np.abs(self._cosine), np.float32(1))
        return result

    @kept
    def _pixel(self) -> F32:
        """(N,) metres across a pixel in a plane that faces the camera."""
        return self.depth * np.float32(1.0 / self.camera.focal_px)

    @kept
    def footprint(self) -> F32:
        """(N,) metres of surface under a pixel in the direction of its greatest extent; clamped at grazing angles."""
        return (self._pixel / np.maximum(self.facing, GRAZING)).astype(np.float32, copy=False)

    @kept
    def object_id(self) -> I32:
        """(N,) ``stable_id`` of the thing."""
        return _take(self.snapshot.face_object, self.triangle)

    @kept
    def material_index(self) -> I32:
        """(N,) index into ``snapshot.materials``."""
        return _take(self.snapshot.face_material, self.triangle)

    @kept
    def _table(self) -> MaterialTable:
        return material_table(self.snapshot.materials)

    @kept
    def material_id(self) -> I32:
        """(N,) ``stable_id`` of the material's name."""
        return _take(self._table.id, self.material_index)

    @kept
    def roughness(self) -> F32:
        """(N,) 0 to 1."""
        return _take(self._table.roughness, self.material_index)

    @kept
    def metallic(self) -> F32:
        """(N,) 0 to 1."""
        return _take(self._table.metallic, self.material_index)

    @kept
    def emission(self) -> F32:
        """(N, 3) linear radiance."""
        return _take(self._table.emission, self.material_index)

    @kept
    def _uv_width(self) -> F32:
        """(N,) lengths of ``uv`` under a pixel.

        The geometric mean of a pixel's two extents: sharper at grazing angles than the longer one, steadier than the
        shorter. ``uv`` may be stretched against the surface, so metres there are turned into lengths of ``uv``.
        """
        width = (self._pixel / np.sqrt(np.maximum(self.facing, GRAZING))).astype(np.float32, copy=False)
        width *= _take(uv_scale(self.snapshot), self.triangle)
        return width

    @kept
    def albedo(self) -> F32:
        """(N, 3) linear: base colour times texture, filtered over the pixel."""
        color = _take(self._table.base_color, self.material_index)
        atlas = self._table.atlas
        texture = _take(atlas.of_material, self.material_index)
        textured = np.flatnonzero(texture >= 0)
        if not len(textured):
            return color
        width = self._uv_width
        if len(textured) == len(self):
            color *= atlas.sample(texture, self.uv, width)
            return color
        detail = atlas.sample(_take(texture, textured), _take(self.uv, textured), _take(width, textured))
        color[textured] *= detail
        return color


def mixed(triangle: I32, bary: F32, faces: I32, attribute: F32) -> F32:
    """A per-vertex ``attribute`` (V, C) at points of triangles (N,), rows of ``faces``: (N, C) float32."""
    values, found = attribute.astype(np.float32, copy=False), np.empty((len(triangle), attribute.shape[1]), np.float32)
    deal(lambda s: loops.mix(triangle[s], bary[s], faces, values, found[s]), len(triangle), _SLICE)
    return found


def _take(table: npt.NDArray[_Scalar], rows: npt.NDArray[Any]) -> npt.NDArray[_Scalar]:
    """``table[rows]`` on all cores."""
    source, wanted = tensor(table), tensor(rows)
    shape = table.shape[1:]
    taken = filled(lambda s: source.index_select(0, wanted[s]), len(rows), *shape, dtype=source.dtype)
    result: npt.NDArray[_Scalar] = taken.numpy()
    return result
