"""The tables of a world from which ``render.complete_shaders`` reads, as plain arrays.

Everything that never moves is made once a world; of what moves, positions and normals are laid out again every frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from render.complete_shaders import COLOR_STEPS, ROW, SCALE_STEPS
from render.tables import MaterialTable, material_table, uv_scale
from render.texture import TextureAtlas
from worldgen.conventions import F32, I32
from worldgen.world import Snapshot

DEEPEST: Final = 31
"""Mip levels beyond the first that a texture may have."""

U32 = npt.NDArray[np.uint32]
_Rows = npt.NDArray[Any]
_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True)
class WorldTables:
    """A world of V vertices, S of them still, F faces, T texels and K textures (the last is white).

    vertices: (2 S, 4) float32: position and u, normal and v, one after the other, of the still ones. moving:
    (2 (V - S), 4) likewise, at rest. faces: (F, 4) int32: corners, those of moving faces counted from S; kind of
    surface, and above 16 bits the logarithm of the scale of uv. kinds: (N, 4) int32: object id, material id, bits of
    1 / the texture's metres, texture. colors: (N, 4) float32: base color a step of the texture, logarithm of texels a
    metre. texels: (T, 2) uint32: three numbers of 10 bits, of a texel and of its right neighbour. levels: (K, 32, 4)
    int32: first texel and size (height above 16 bits) of a level and of the next one.
    """

    vertices: F32
    moving: F32
    faces: I32
    kinds: I32
    colors: F32
    texels: U32
    levels: I32

    @staticmethod
    def of(snapshot: Snapshot) -> WorldTables | None:
        """Those of a world; None where it does not fit: it is empty, or has too many kinds of surfaces."""
        split = snapshot.static_vertices
        objects, object_of = np.unique(snapshot.face_object, return_inverse=True)
        count = max(len(snapshot.materials), 1)
        pairs, kind = np.unique(object_of.astype(np.int64) * count + snapshot.face_material, return_inverse=True)
        still = np.array_equal(snapshot.vertices[:split], snapshot.rest_vertices[:split])
        if not len(snapshot.faces) or len(pairs) > 0xFFFF or not still:
            return None
        material = material_table(snapshot.materials)
        rows = pairs % count
        texels, brightest = _texels(material.atlas)
        return WorldTables(
            vertices=laid_out(snapshot.vertices[:split], snapshot.normals[:split], snapshot.uv[:split]),
            moving=laid_out(snapshot.rest_vertices[split:], snapshot.normals[split:], snapshot.uv[split:]),
            faces=_faces(snapshot, kind),
            kinds=_kinds(material, objects[pairs // count], rows),
            colors=_colors(material, rows, brightest),
            texels=texels,
            levels=_levels(material.atlas),
        )


def laid_out(positions: F32, normals: F32, uv: F32) -> F32:
    """(2 V, 4) float32 of vertices (V, 3), (V, 3) and (V, 2), see :class:`WorldTables`."""
    table = np.empty((len(positions), 2, 4), np.float32)
    table[:, 0, :3], table[:, 0, 3] = positions, uv[:, 0]
    table[:, 1, :3], table[:, 1, 3] = normals, uv[:, 1]
    return table.reshape(-1, 4)


def in_rows(table: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    """(R, ROW, C): a table (N, C) filled up with zeros."""
    rows = max(1, -(-len(table) // ROW))
    filled = np.zeros((rows * ROW, table.shape[1]), table.dtype)
    filled[: len(table)] = table
    return filled.reshape(rows, ROW, -1)


def _faces(snapshot: Snapshot, kind: _Rows) -> I32:
    faces = np.empty((len(snapshot.faces), 4), np.int32)
    faces[:, :3] = snapshot.faces
    faces[snapshot.static_faces :, :3] -= np.int32(snapshot.static_vertices)
    scale = np.log2(np.maximum(uv_scale(snapshot), 1e-9)) * SCALE_STEPS
    faces[:, 3] = (np.rint(scale).astype(np.int32).clip(-0x8000, 0x7FFF) << 16) | kind.reshape(-1).astype(np.int32)
    return faces


def _texture(material: MaterialTable, rows: _Rows) -> _Rows:
    texture = material.atlas.of_material[rows]
    return np.where(texture < 0, len(material.atlas.levels) - 1, texture)


def _kinds(material: MaterialTable, objects: _Rows, rows: _Rows) -> I32:
    texture = _texture(material, rows)
    per_m = (1.0 / material.atlas.size_m.numpy()[texture]).astype(np.float32)
    return np.stack([objects, material.id[rows], per_m.view(np.int32), texture], 1).astype(np.int32)


def _colors(material: MaterialTable, rows: _Rows, brightest: F32) -> F32:
    texture = _texture(material, rows)
    steps = material.base_color[rows] * (brightest[texture, None] / COLOR_STEPS)
    octaves = np.log2(material.atlas.texels_per_m.numpy()[texture])
    return np.concatenate([steps, octaves[:, None]], 1).astype(np.float32)


def _texels(atlas: TextureAtlas) -> tuple[U32, F32]:
    """Texels (T, 2) with their right neighbours, and the brightest value (K,) of each texture."""
    source = atlas.texels.numpy()
    first, width, height = (table.numpy() for table in (atlas.first, atlas.width, atlas.height))
    brightest = np.ones(len(first), np.float32)
    packed = np.empty((len(source), 2), np.uint32)
    for k, starts in enumerate(first):
        parts = [(at, w, h) for at, w, h in dict.fromkeys(zip(starts, width[k], height[k], strict=True))]
        end = parts[-1][0] + parts[-1][1] * parts[-1][2]
        values = source[parts[0][0] : end]
        brightest[k] = max(float(values.max()), 1e-6)
        steps = np.rint(values.clip(0) * (COLOR_STEPS / brightest[k])).astype(np.uint32)
        own = steps[:, 0] | steps[:, 1] << 10 | steps[:, 2] << 20
        packed[parts[0][0] : end, 0] = own
        for at, w, h in parts:
            level = packed[at : at + w * h, 0].reshape(h, w)
            packed[at : at + w * h, 1] = np.roll(level, -1, axis=1).reshape(-1)
    return packed, brightest


def _levels(atlas: TextureAtlas) -> I32:
    first, width, height = (table.numpy() for table in (atlas.first, atlas.width, atlas.height))
    size = width | height << 16
    own = np.minimum(np.arange(DEEPEST + 1), first.shape[1] - 1)
    after = np.minimum(own + 1, first.shape[1] - 1)
    return np.stack([first[:, own], size[:, own], first[:, after], size[:, after]], -1).astype(np.int32)
