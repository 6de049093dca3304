"""The carriageway of an asphalt road: lanes that wheels have worn, painted lines, mended places."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from worldgen.conventions import F32, seed_from
from worldgen.detail import texture
from worldgen.material import Material
from worldgen.mesh import Mesh
from worldgen.sets.landmesh import Land
from worldgen.sets.palette import tint
from worldgen.sets.road import PITCH

_DASH_M, _GAP_M = 3.0, 6.0
_MENDED: Final = 0.006
"""Chance, at each metre of a lane, that it has been dug up and mended there."""


def _lane(colour: str) -> Material:
    """Asphalt whose texture is one lane across: see ``detail_built.lane``."""
    plain = tint("asphalt", colour)
    return replace(plain, name=f"{plain.name}-lane", texture=texture("lane"))


def carriageway(land: Land, normals: F32, seed: int) -> Mesh:
    """The part of the land's strip between the edges of its road. normals: (V, 3) of all the land."""
    assert land.road is not None
    half, rows, stations = land.road.half, land.rows, land.stations
    inner = np.flatnonzero(np.abs(rows) <= half + 1e-9)
    s, r = np.meshgrid(np.arange(len(stations)), inner, indexing="ij")
    at = s * len(rows) + r
    i, j = (a.ravel() for a in np.meshgrid(np.arange(len(stations) - 1), np.arange(len(inner) - 1), indexing="ij"))
    a = i * len(inner) + j
    b, c, d = a + 1, a + len(inner) + 1, a + len(inner)
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], axis=1).reshape(-1, 3)
    middle, run = 0.5 * (rows[inner[:-1]] + rows[inner[1:]])[j], stations[i] * PITCH
    dash = run % (_DASH_M + _GAP_M) < _DASH_M - 1e-6
    line = (np.abs(np.abs(middle) - (half - 0.24)) < 0.03) | ((np.abs(middle) < 0.05) & dash)
    # One stretch of 4.5 m after the other, each wheel track of each lane by itself.
    stretch = (run // 4.5).astype(np.int64) * 8 + 4 * (middle > 0) + 2 * (np.abs(middle) > 0.5 * half)
    draw = np.random.default_rng(seed_from(seed, "mended")).random(int(stretch.max()) + 2)
    kind = np.where(line, 2, np.where(draw[stretch] < 4.5 * _MENDED, 1, 0))
    tile = 3.0 / half  # lengths of texture a metre: a lane has the texture's width
    uv = np.stack([-rows[r] * tile, stations[s] * PITCH], axis=-1).reshape(-1, 2)
    at = at.ravel()
    return Mesh(
        land.vertices[at].astype(np.float32), faces.astype(np.int32), normals[at], uv.astype(np.float32),
        np.repeat(kind, 2).astype(np.int32), (_lane("#525150"), _lane("#474645"), tint("plaster", "#c9c5b8")),
    )  # fmt: skip
