"""What land is covered with: grass lush and dry, soil, rock on steep ground, far woods, and the surface of roads."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F64, seed_from
from worldgen.material import Material
from worldgen.mesh import Mesh, vertex_normals
from worldgen.sets.heightfield import Hills, fractal, noise, step
from worldgen.sets.landmesh import Land, wooded
from worldgen.sets.palette import tint
from worldgen.sets.road import PITCH, SHOULDER

_GRASS: Final = ("#7b7a52", "#6c734b", "#606d46", "#546640", "#495f3a")
"""From dry to lush."""
_FAR: Final = ("#55653c", "#4b6041", "#3f5440")
_TURNED: Final = ("#77683f", "#735c3a", "#5f5236")
"""Distant woods, from their edge to their middle, in summer; and in autumn."""
_SURFACE: Final = {"asphalt": ("asphalt", "#4c4b4a"), "gravel": ("gravel", "#98907f"), "dirt": ("soil", "#8a7456")}
_DASH_M, _GAP_M = 3.0, 6.0


def _row(table: dict[Material, int], material: Material) -> int:
    return table.setdefault(material, len(table))


def land_mesh(land: Land, hills: Hills, lush: float, road_surface: str, autumn: bool = False) -> Mesh:
    """The land's triangles with a material each and smooth normals.

    Where two covers meet, noise decides triangle by triangle, so that no border is a line. lush: 0 dry to 1 green.
    autumn: whether distant woods are turned.
    """
    vertices, faces = land.vertices.astype(np.float32), land.faces
    normals = vertex_normals(vertices, faces)
    table: dict[Material, int] = {}
    middle = land.vertices[faces].mean(axis=1)
    material = _wild(
        middle,
        normals[faces].mean(axis=1)[:, 2].astype(np.float64),
        land,
        hills,
        lush,
        _TURNED if autumn else _FAR,
        table,
    )
    if land.road is not None:
        material[: land.strip] = _road(land, material[: land.strip], road_surface, hills.seed, table)
    # Texture coordinates drift, or the tiles of a texture would line up over the whole hill.
    xy = land.vertices[:, :2]
    drift = [
        9.0 * noise(xy, 110.0, seed_from(hills.seed, k)) + 1.5 * fractal(xy, 26.0, 2, seed_from(hills.seed, "uv", k))
        for k in "uv"
    ]
    uv = xy + np.stack(drift, axis=1)
    if land.road is not None:  # a road's texture runs along it
        s, d = np.meshgrid(land.stations * PITCH, land.rows, indexing="ij")
        uv[: s.size] = np.stack([-d.ravel(), s.ravel()], axis=1)
    return Mesh(vertices, faces, normals, uv.astype(np.float32), material.astype(np.int32), tuple(table))


def _wild(
    middle: F64, level: F64, land: Land, hills: Hills, lush: float, woods: tuple[str, ...], table: dict[Material, int]
) -> npt.NDArray[np.int64]:
    xy, seed = middle[:, :2], hills.seed
    slope = np.arccos(np.clip(level, -1, 1))
    grit = np.random.default_rng(seed_from(seed, "grit")).normal(0, 1, len(middle))
    wet = lush + 0.34 * fractal(xy, 75.0, 3, seed_from(seed, "wet")) - 0.2 * step(0.15, 0.6, slope) + 0.05 * grit
    wet -= 0.12 * middle[:, 2] / max(hills.relief, 1.0)
    grass = [_row(table, tint("grass", c)) for c in _GRASS]
    result = np.array(grass)[np.clip(wet * len(grass), 0, len(grass) - 1).astype(np.int64)]
    patch = fractal(xy, 19.0, 3, seed_from(seed, "patch"))
    rough = 0.5 + 0.5 * hills.rugged
    bare = slope + 0.16 * patch + 0.02 * grit
    result[bare > 0.66 - 0.12 * rough] = _row(table, tint("soil", "#7c7048"))
    stony = slope + 0.12 * fractal(xy, 9.0, 3, seed_from(seed, "rock")) + 0.015 * grit
    result[stony > 0.76 - 0.16 * rough] = _row(table, tint("rock", "#716b5e"))
    floor = wooded(xy, seed) + 0.08 * grit
    far = np.linalg.norm(xy, axis=1) > 0.5 * hills.size + 200.0
    for at, colour in zip((0.35, 0.6, 0.85), woods, strict=True):
        result[far & (floor > at) & (slope < 0.75)] = _row(table, tint("foliage", colour))
    near_floor = ~far & (floor > 0.55) & (bare < 0.5)
    result[near_floor] = _row(table, tint("grass", "#5b5f35"))
    if land.road is not None:  # the foot of the bank is worn
        _, d = land.road.offsets(xy)
        worn = np.abs(d) - land.road.reach + 1.1 * noise(xy, 3.1, seed) < 0.2
        result[worn & (grit > 0.6)] = _row(table, tint("soil", "#7f7150"))
    return result


def _road(
    land: Land, wild: npt.NDArray[np.int64], kind: str, seed: int, table: dict[Material, int]
) -> npt.NDArray[np.int64]:
    """Materials of the strip's faces: carriageway with its paint, shoulders of gravel, overgrown ditches."""
    assert land.road is not None
    rows, half = land.rows, land.road.half
    between = 0.5 * (rows[:-1] + rows[1:])
    cells = len(land.stations) - 1
    d = np.broadcast_to(np.repeat(between, 2), (cells, 2 * len(between))).ravel()
    middle = land.vertices[land.faces[: land.strip]].mean(axis=1)[:, :2]
    result = wild.copy()
    shoulder = np.abs(d) < half + SHOULDER
    edge = noise(middle, 1.7, seed + 3) + 0.6 * np.random.default_rng(seed_from(seed, "edge")).normal(0, 1, len(d))
    result[shoulder & ((np.abs(d) < half + 0.15) | (edge > -0.55))] = _row(table, tint("gravel", "#8f8672"))
    result[np.abs(d) < half] = _row(table, tint(*_SURFACE[kind]))
    if kind == "dirt":
        crown = (np.abs(d) < half) & (np.abs(d) < 0.5 * half) & (edge > 0.2)
        result[crown] = _row(table, tint("grass", "#7d7a45"))
    if kind == "asphalt":
        run = np.repeat(land.stations[:-1] * PITCH, 2 * len(between))
        dash = run % (_DASH_M + _GAP_M) < _DASH_M - 1e-6
        line = (np.abs(np.abs(d) - (half - 0.24)) < 0.03) | ((np.abs(d) < 0.05) & dash)
        result[line] = _row(table, tint("plaster", "#c9c5b8"))
    return result
