"""Surfaces with holes: leaves, nets and fences that an opacity cuts out of plain triangles.

Every backend asks the same question with the same arithmetic: the bilinear value of the four texels around the point,
wrapping around, at full resolution, against ``SOLID``. So they agree on what is a hole, whatever the distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from worldgen.conventions import F32, I32, U8, Bool
from worldgen.world import Snapshot

SOLID: Final = 127.5
"""Opacity from which on there is a surface."""

MOST_LAYERS: Final = 150
"""Holes in a row that are looked through; what lies behind still more of them counts as whole."""


@dataclass(frozen=True)
class Cutouts:
    """The opacities of a world.

    of_face: (F,) int32, which of the K opacities each face has, -1 where it is whole. uv: (V, 2) float32 and
    faces: (F, 3) int32, those of the snapshot. texels: (T,) uint8, the opacities one after another, rows from the top.
    first, width, height: (K,) int32, where each starts and its size in texels. size_m: (K,) float32 of ``uv``.
    """

    of_face: I32
    uv: F32
    faces: I32
    texels: U8
    first: I32
    width: I32
    height: I32
    size_m: F32

    @staticmethod
    def of(snapshot: Snapshot) -> Cutouts | None:
        """Those of a snapshot's world; None where everything is whole."""
        number: dict[int, int] = {}
        sheets: list[U8] = []
        sizes, of_material = [], []
        for material in snapshot.materials:
            texture = material.texture
            if texture is None or texture.opacity is None:
                of_material.append(-1)
                continue
            if id(texture) not in number:
                number[id(texture)] = len(sheets)
                sheets.append(np.ascontiguousarray(texture.opacity, np.uint8))
                sizes.append(texture.size_m)
            of_material.append(number[id(texture)])
        if not sheets:
            return None
        of_face = np.array(of_material, np.int32)[snapshot.face_material]
        return Cutouts(
            of_face,
            snapshot.uv,
            snapshot.faces,
            np.concatenate([sheet.ravel() for sheet in sheets]),
            np.cumsum([0, *(sheet.size for sheet in sheets[:-1])]).astype(np.int32),
            np.array([sheet.shape[1] for sheet in sheets], np.int32),
            np.array([sheet.shape[0] for sheet in sheets], np.int32),
            np.array(sizes, np.float32),
        )

    def holed(self, triangle: I32, bary: F32) -> Bool:
        """(N,) whether there is a hole at points of triangles (N,), -1 for none, with weights (N, 2)."""
        result = np.zeros(len(triangle), np.bool_)
        rows = np.flatnonzero((triangle >= 0) & (self.of_face[triangle] >= 0))
        if not len(rows):
            return result
        face, weight = triangle[rows], bary[rows]
        a, b, c = (self.uv[self.faces[face, k]] for k in range(3))
        k = self.of_face[face]
        tile = (a + (b - a) * weight[:, :1] + (c - a) * weight[:, 1:]) / self.size_m[k, None]
        tile -= np.floor(tile)
        width, height = self.width[k], self.height[k]
        x, y = tile[:, 0] * width - np.float32(0.5), (1 - tile[:, 1]) * height - np.float32(0.5)
        left, top = np.floor(x), np.floor(y)
        fx, fy = x - left, y - top

        def texel(down: int, right: int) -> F32:
            column, row = (left.astype(np.int32) + right) % width, (top.astype(np.int32) + down) % height
            value: F32 = self.texels[self.first[k] + row * width + column].astype(np.float32)
            return value

        upper = texel(0, 0) * (1 - fx) + texel(0, 1) * fx
        lower = texel(1, 0) * (1 - fx) + texel(1, 1) * fx
        result[rows] = upper * (1 - fy) + lower * fy < SOLID
        return result
