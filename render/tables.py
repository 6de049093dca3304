"""What holds for a whole world, not for a picture: the table of its materials, and how large ``uv`` is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from render.texture import TextureAtlas
from render.threads import filled
from worldgen.conventions import F32, I32, stable_id
from worldgen.material import Material
from worldgen.world import Snapshot

_Value = TypeVar("_Value")


def tensor(array: npt.NDArray[Any]) -> torch.Tensor:
    """``array`` as a tensor of the same memory where it may be written to, else a copy."""
    return torch.from_numpy(np.require(array, requirements=["C_CONTIGUOUS", "WRITEABLE"]))


@dataclass(frozen=True)
class MaterialTable:
    """What the passes need of each of M materials.

    base_color, emission: (M, 3) float32 linear. roughness, metallic: (M,) float32. id: (M,) int32 ``stable_id``.
    """

    base_color: F32
    emission: F32
    roughness: F32
    metallic: F32
    id: I32
    atlas: TextureAtlas


class Recent(Generic[_Value]):
    """Results for the last few inputs, told apart by identity: a world has the same objects at all times."""

    def __init__(self) -> None:
        self._kept: list[tuple[tuple[object, ...], _Value]] = []

    def of(self, key: tuple[object, ...], make: Callable[[], _Value]) -> _Value:
        for other, value in self._kept:
            if all(a is b for a, b in zip(key, other, strict=True)):
                return value
        value = make()
        self._kept = [*self._kept[-3:], (key, value)]
        return value


_tables: Recent[MaterialTable] = Recent()
_uv_scales: Recent[F32] = Recent()


def material_table(materials: tuple[Material, ...]) -> MaterialTable:
    """The table of a snapshot's ``materials``; kept for the last few worlds."""
    return _tables.of((materials,), lambda: _tabulated(materials))


def _tabulated(materials: tuple[Material, ...]) -> MaterialTable:
    return MaterialTable(
        np.array([m.base_color for m in materials], dtype=np.float32).reshape(-1, 3),
        np.array([m.emission for m in materials], dtype=np.float32).reshape(-1, 3),
        np.array([m.roughness for m in materials], dtype=np.float32),
        np.array([m.metallic for m in materials], dtype=np.float32),
        np.array([stable_id(m.name) for m in materials], dtype=np.int32),
        TextureAtlas.of(materials),
    )


def uv_scale(snapshot: Snapshot) -> F32:
    """(F,) lengths of ``uv`` per metre of surface, at rest; kept for the last few worlds."""
    key = (snapshot.faces, snapshot.rest_vertices, snapshot.uv)
    return _uv_scales.of(key, lambda: _stretch(snapshot))


def _stretch(snapshot: Snapshot) -> F32:
    """(F,) root mean square of the two singular values of the map from surface to ``uv``; 1 for empty triangles."""
    rows, rest, uv = tensor(snapshot.faces), tensor(snapshot.rest_vertices), tensor(snapshot.uv)

    def stretch(part: slice) -> torch.Tensor:
        a, b, c = (rest.index_select(0, rows[part, k]) for k in range(3))
        p, q, r = (uv.index_select(0, rows[part, k]) for k in range(3))
        e, f, d, g = b - a, c - a, q - p, r - p
        squared_area = torch.linalg.cross(e, f).square().sum(1)
        gram = (f * f).sum(1) * (d * d).sum(1) - 2 * (e * f).sum(1) * (d * g).sum(1) + (e * e).sum(1) * (g * g).sum(1)
        return torch.where(squared_area > 0, (gram / (2 * squared_area).clamp(min=1e-30)).clamp(0, 1e12).sqrt(), 1.0)

    scale: F32 = filled(stretch, len(rows)).numpy()
    return scale


_of_static: Recent[torch.Tensor] = Recent()


def directions_of(snapshot: Snapshot, triangle: I32) -> torch.Tensor:
    """(N, 3, 3) of triangles: the unit normal by winding, and the gradients of u and v, lengths of ``uv`` per metre.

    0 where a triangle, or its ``uv``, has no area.
    """
    split = snapshot.static_faces
    key = (snapshot.faces, snapshot.rest_vertices, snapshot.uv)
    table = _of_static.of(key, lambda: _directions(snapshot, np.arange(split, dtype=np.int32)))
    if not split:
        return _directions(snapshot, triangle).view(-1, 3, 3)
    rows = tensor(triangle)
    found = table.index_select(0, rows.clamp(max=split - 1)).view(-1, 3, 3)
    moving = np.flatnonzero(triangle >= split)
    if len(moving):
        found[torch.from_numpy(moving)] = _directions(snapshot, triangle[moving]).view(-1, 3, 3)
    return found


def _directions(snapshot: Snapshot, triangle: I32) -> torch.Tensor:
    """(N, 9) see ``directions_of``."""
    corners = tensor(snapshot.faces)[tensor(triangle)]
    vertices, uv = tensor(snapshot.vertices), tensor(snapshot.uv)
    a, p = vertices[corners[:, 0]], uv[corners[:, 0]]
    e, f = (vertices[corners[:, k]] - a for k in (1, 2))
    d, g = (uv[corners[:, k]] - p for k in (1, 2))
    normal = torch.linalg.cross(e, f)
    square = normal.square().sum(1, keepdim=True).clamp_(min=1e-20)
    along_e, along_f = torch.linalg.cross(f, normal) / square, torch.linalg.cross(normal, e) / square  # the dual basis
    to_u, to_v = (along_e * d[:, k, None] + along_f * g[:, k, None] for k in (0, 1))
    return torch.cat([functional.normalize(normal, dim=1, eps=1e-20), to_u, to_v], dim=1)
