"""What stands in the way of people who walk: circles that cover a world's static things between knee and head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import trimesh

from worldgen.conventions import F64
from worldgen.stage import Ground
from worldgen.world import Thing

HEIGHTS: Final = (0.35, 0.8, 1.4)
"""Metres above the ground at which things are cut."""
CELL_M: Final = 0.4
STEP_M: Final = 0.14
"""A kerb can be strolled over, a flight of steps cannot."""


def obstacles(
    things: Sequence[Thing], ground: Ground, low: npt.ArrayLike, high: npt.ArrayLike
) -> list[tuple[float, float, float]]:
    """Circles (x, y, radius) metres that cover what stands in the rectangle from ``low`` to ``high`` and never moves.

    Outlines of level cuts through the things, and steps of the ground, gathered in cells; a closed thing wider than a
    cell is hollow, which nobody can tell who does not pass through its outline.
    """
    corners = np.array([low, high], dtype=np.float64)
    points: list[F64] = [_steps(ground, corners)]
    for thing in things:
        vertices = thing.mesh.vertices
        if thing.moves or not len(vertices):
            continue
        box = np.array([vertices.min(0), vertices.max(0)], dtype=np.float64)
        if (box[1, :2] < corners[0] - 1).any() or (box[0, :2] > corners[1] + 1).any():
            continue
        floor = min(ground(float(x), float(y)) for x in box[:, 0] for y in box[:, 1])  # beside it, not on it
        mesh = trimesh.Trimesh(vertices, thing.mesh.faces, process=False)
        for height in HEIGHTS:
            if box[0, 2] < floor + height < box[1, 2]:
                points.append(_outline(mesh, floor + height))
    found = np.concatenate(points)
    inside = ((found > corners[0] - 1) & (found < corners[1] + 1)).all(axis=1)
    cells, where = np.unique(np.floor(found[inside] / CELL_M).astype(np.int64), axis=0, return_inverse=True)
    count = np.maximum(np.bincount(where.reshape(-1), minlength=len(cells)), 1)[:, None]
    middle = np.stack([np.bincount(where.reshape(-1), found[inside][:, k], len(cells)) for k in (0, 1)], axis=1) / count
    return [(float(x), float(y), CELL_M / 2) for x, y in middle]


def _steps(ground: Ground, corners: F64) -> F64:
    """(N, 2) where the ground jumps by more than a kerb from one cell to the next."""
    x, y = (np.arange(corners[0, k] - CELL_M, corners[1, k] + CELL_M, CELL_M) for k in (0, 1))
    height = np.array([[ground(float(a), float(b)) for a in x] for b in y])
    jump = np.zeros(height.shape, dtype=np.bool_)
    across, up = np.abs(np.diff(height, axis=1)) > STEP_M, np.abs(np.diff(height, axis=0)) > STEP_M
    jump[:, 1:] |= across
    jump[:, :-1] |= across
    jump[1:] |= up
    jump[:-1] |= up
    row, column = np.nonzero(jump)
    return np.stack([x[column], y[row]], axis=1)


def _outline(mesh: trimesh.Trimesh, height: float) -> F64:
    """(N, 2) points along the level cut at ``height``, closer to each other than a cell."""
    cut = np.asarray(trimesh.intersections.mesh_plane(mesh, [0, 0, 1], [0, 0, height]))[:, :, :2]
    if not len(cut):
        return np.zeros((0, 2))
    steps = np.minimum(np.ceil(np.linalg.norm(cut[:, 1] - cut[:, 0], axis=1) / (CELL_M / 2)).astype(int), 1000) + 1
    line = np.repeat(np.arange(len(cut)), steps)
    share = (np.arange(len(line)) - np.repeat(np.cumsum(steps) - steps, steps)) / np.maximum(steps[line] - 1, 1)
    return np.asarray(cut[line, 0] + share[:, None] * (cut[line, 1] - cut[line, 0]), dtype=np.float64)
