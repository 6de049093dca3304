"""Slow light on a coarse grid, and its way from there to any sample of the same surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from render.gather import Gathered, LitWorld
from render.passes import Surface
from worldgen.conventions import F32, F64, Bool

STEP: Final = 4
"""Pixels between the points of the grid."""

PLANE: Final = 0.015
"""Points this share of their distance out of a sample's plane count 1/e."""


@dataclass(frozen=True)
class LightGrid:
    """Gathered light at every ``STEP``-th pixel, smoothed along surfaces.

    width: of the picture, pixels. values: (h * w, 7) sky RGB, bounce RGB, occlusion. points, normals: (h * w, 3).
    distance: (h * w,) metres from the camera, 0 where nothing is seen. shape: (h, w).
    """

    width: int
    values: F32
    points: F32
    normals: F32
    distance: F32
    shape: tuple[int, int]

    def at(self, xy: F64, points: F32, normals: F32) -> Gathered:
        """Light at N samples: xy (N, 2) pixels of the picture, points and normals (N, 3) world."""
        u = torch.from_numpy(((xy - _first(STEP) - 0.5) / STEP).astype(np.float32))
        corner = u.floor().long()
        share = u - corner
        p, n = torch.from_numpy(points), torch.from_numpy(np.ascontiguousarray(normals))
        table = torch.from_numpy(
            np.concatenate([self.values, self.points, self.normals, self.distance[:, None]], axis=1)
        )
        total, weights = torch.zeros(len(p), 7), torch.zeros(len(p), 1)
        for dy in (0, 1):
            for dx in (0, 1):
                row = (corner[:, 1] + dy).clamp(0, self.shape[0] - 1)
                column = (corner[:, 0] + dx).clamp(0, self.shape[1] - 1)
                there = table[row * self.shape[1] + column]
                near = (share[:, 0] if dx else 1 - share[:, 0]) * (share[:, 1] if dy else 1 - share[:, 1])
                weight = (near.abs() + 1e-3) * _kinship(p, n, there[:, 7:10], there[:, 10:13], there[:, 13])
                total += weight[:, None] * there[:, :7]
                weights += weight[:, None]
        mixed = (total / weights.clamp(min=1e-20)).numpy()
        return Gathered(mixed[:, :3], mixed[:, 3:6], np.where(weights.numpy()[:, 0] > 0, mixed[:, 6], 1.0))


def _first(step: int) -> int:
    return step // 2


def _kinship(
    p: torch.Tensor, n: torch.Tensor, points: torch.Tensor, normals: torch.Tensor, distance: torch.Tensor
) -> torch.Tensor:
    """(N,) how much the light at other points says about samples; a little even across an edge, none from the sky."""
    out = ((points - p) * n).sum(1).abs() / (PLANE * distance.clamp(min=1e-3))
    along = (normals * n).sum(1).clamp(0, 1) ** 4
    return (torch.exp(-out.clamp(max=30.0)) * along + 1e-4 * torch.exp(-out.clamp(max=30.0) * 0.1)) * (distance > 0)


def light_grid(lit: LitWorld, surface: Surface, hit: Bool) -> LightGrid:
    """Gather at every ``STEP``-th pixel. surface: the samples of the pixels of ``hit (H, W)``, in row order."""
    height, width = hit.shape
    rows = np.arange(min(_first(STEP), height - 1), height, STEP)
    columns = np.arange(min(_first(STEP), width - 1), width, STEP)
    order = np.cumsum(hit.reshape(-1)) - 1
    pixels = (rows[:, None] * width + columns[None]).reshape(-1)
    seen = hit.reshape(-1)[pixels]
    chosen = surface.subset(order[pixels[seen]])
    gathered = lit.gather(chosen.position, chosen.normal)
    shape = (len(rows), len(columns))
    values, points, normals = (np.zeros((len(pixels), c), np.float32) for c in (7, 3, 3))
    distance = np.zeros(len(pixels), np.float32)
    values[seen] = np.concatenate([gathered.sky, gathered.bounce, gathered.occlusion[:, None]], axis=1)
    points[seen], normals[seen] = chosen.position, chosen.normal
    distance[seen] = np.linalg.norm(chosen.position - surface.camera.position.astype(np.float32), axis=1)
    return LightGrid(width, _smoothed(values, points, normals, distance, shape), points, normals, distance, shape)


def _smoothed(values: F32, points: F32, normals: F32, distance: F32, shape: tuple[int, int]) -> F32:
    """One 5 x 5 pass over the grid that does not cross edges."""
    table = torch.from_numpy(np.concatenate([values, points, normals, distance[:, None]], axis=1))
    grid = table.reshape(*shape, 14)
    p, n = grid[..., 7:10].reshape(-1, 3), grid[..., 10:13].reshape(-1, 3)
    total, weights = torch.zeros(len(p), 7), torch.zeros(len(p), 1)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            there = _shifted(grid, dy, dx).reshape(-1, 14)
            weight = _kinship(p, n, there[:, 7:10], there[:, 10:13], there[:, 13])[:, None]
            weight = weight * float(np.exp(-0.35 * (dx * dx + dy * dy)))
            total += weight * there[:, :7]
            weights += weight
    result: npt.NDArray[np.float32] = (total / weights.clamp(min=1e-20)).numpy()
    return result


def _shifted(grid: torch.Tensor, dy: int, dx: int) -> torch.Tensor:
    """The grid moved, its border repeated."""
    h, w = grid.shape[:2]
    rows = (torch.arange(h) + dy).clamp(0, h - 1)
    columns = (torch.arange(w) + dx).clamp(0, w - 1)
    return grid[rows][:, columns]
