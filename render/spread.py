"""Slow light on a coarse grid, and its way from there to any sample of the same surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from render.anchors import anchors_of, placed
from render.compiled import compiled
from render.gather import LitWorld
from render.raster import GBuffer
from render.surface import Surface
from worldgen.camera import Camera
from worldgen.conventions import F32

STEP: Final = 4
"""Pixels between the points of the grid."""

PLANE: Final = 0.015
"""Points this share of their distance out of a sample's plane count 1/e."""


SPACING: Final = 1.2
"""Distance on the surfaces between places where lasting light is kept, against the grid's own."""


@dataclass(frozen=True)
class LightGrid:
    """Gathered light at every ``STEP``-th pixel, smoothed along surfaces.

    table: (h * w, 14) float32, sky RGB, bounce RGB, occlusion, where the point is and its normal (world), and its
    distance from the camera (metres, 0 where nothing is seen). shape: (h, w).
    """

    table: F32
    shape: tuple[int, int]

    def at(self, xy: F32, points: F32, normals: F32) -> F32:
        """(N, 7) as ``Gathered.columns``: light at N samples: xy (N, 2) pixels, points, normals (N, 3) world."""
        found = np.empty((len(xy), 7), np.float32)
        _spread(self.table, self.shape[0], self.shape[1], xy, points, normals, found)
        return found


@compiled
def _spread(table: F32, height: int, width: int, xy: F32, points: F32, normals: F32, found: F32) -> None:
    """Mix into ``found (N, 7)`` the light of the four points around each sample, by nearness and kinship."""
    for n in range(len(xy)):
        x, y = (xy[n, 0] - STEP // 2 - 0.5) / STEP, (xy[n, 1] - STEP // 2 - 0.5) / STEP
        left, top = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - left, y - top
        a, b, c = normals[n, 0], normals[n, 1], normals[n, 2]
        total = 0.0
        found[n] = 0.0
        for corner in range(4):
            dx, dy = corner % 2, corner // 2
            row, column = min(max(top + dy, 0), height - 1), min(max(left + dx, 0), width - 1)
            there = table[row * width + column]
            if there[13] <= 0.0:
                continue
            out = (there[7] - points[n, 0]) * a + (there[8] - points[n, 1]) * b + (there[9] - points[n, 2]) * c
            out = min(abs(out) / (PLANE * max(there[13], 1e-3)), 30.0)
            along = min(max(there[10] * a + there[11] * b + there[12] * c, 0.0), 1.0)
            kin = np.exp(-out) * along**4 + 1e-4 * np.exp(-0.1 * out)
            weight = ((fx if dx else 1.0 - fx) * (fy if dy else 1.0 - fy) + 1e-3) * kin
            total += weight
            for k in range(7):
                found[n, k] += np.float32(weight * there[k])
        if total > 0.0:
            for k in range(7):
                found[n, k] = found[n, k] / total
        else:
            found[n, 6] = 1.0


def _kinship(p: torch.Tensor, n: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """(N,) how much the light at other points says about samples; a little even across an edge, none from the sky.

    p, n: (3, N) of the samples. there: (7, N) place, normal and distance of the points.
    """
    x, y, z, a, b, c, distance = there
    out = (x - p[0]).mul_(n[0]).addcmul_(y - p[1], n[1]).addcmul_(z - p[2], n[2])
    out.abs_().div_((distance * PLANE).clamp_(min=1e-3 * PLANE)).clamp_(max=30.0)
    along = (a * n[0]).addcmul_(b, n[1]).addcmul_(c, n[2]).clamp_(0, 1)
    along = along.square_().square_()
    far = (out * -0.1).exp_().mul_(1e-4)
    return out.neg_().exp_().mul_(along).add_(far).mul_(distance > 0)


def light_grid(lit: LitWorld, camera: Camera, gbuffer: GBuffer, *, lasting: bool) -> LightGrid:
    """Gather at every ``STEP``-th pixel of what ``camera`` sees as ``gbuffer``. lasting: whether the light stays."""
    height, width = gbuffer.triangle.shape
    rows, columns = (np.arange(min(STEP // 2, size - 1), size, STEP) for size in (height, width))
    pixels = (rows[:, None] * width + columns[None]).reshape(-1)
    triangle, bary = gbuffer.triangle.reshape(-1)[pixels], gbuffer.bary.reshape(-1, 2)[pixels]
    seen = np.flatnonzero(triangle >= 0)
    surface = Surface(lit.snapshot, camera, triangle[seen], bary[seen])
    table = np.zeros((len(pixels), 14), np.float32)
    away = np.linalg.norm(surface.position - camera.position.astype(np.float32), axis=1)[:, None]
    found = (_slow_light(lit, surface, lasting), surface.position, surface.normal, away)
    table[seen] = np.concatenate(found, axis=1)
    shape = (len(rows), len(columns))
    smooth = _smoothed(torch.from_numpy(np.ascontiguousarray(table.T)), shape)
    return LightGrid(np.ascontiguousarray(smooth.T.numpy()), shape)


def _slow_light(lit: LitWorld, surface: Surface, lasting: bool) -> F32:
    """(N, 7) light at the samples of ``surface``. What lasts is kept on the surfaces, for other frames of the shot."""
    found = np.empty((len(surface), 7), np.float32)
    stays = (surface.triangle < lit.snapshot.static_faces) & lasting
    still, others = np.flatnonzero(stays), np.flatnonzero(~stays)
    if len(still):
        part = surface.subset(still)
        spacing = SPACING * STEP / part.camera.focal_px
        apart = np.asarray(spacing * part.depth / np.sqrt(np.maximum(part.facing, 0.1)), np.float32)
        anchors = anchors_of(part, apart)
        known = lit.still.kept.at(anchors, lambda keys: lit.gather_still(*placed(lit.snapshot, keys)))
        found[still] = lit.disturbed(part.position, part.normal, known).columns
    if len(others):
        part = surface.subset(others)
        found[others] = lit.gather(part.position, part.normal).columns
    return found


def _smoothed(table: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    """The table after one 5 x 5 pass over its light that does not cross edges."""
    grid = table.reshape(14, *shape)
    p, n = table[7:10], table[10:13]
    total, weights = torch.zeros(7, len(p[0])), torch.zeros(len(p[0]))
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            there = _shifted(grid, dy, dx).reshape(14, -1)
            weight = _kinship(p, n, there[7:]).mul_(float(np.exp(-0.35 * (dx * dx + dy * dy))))
            total.addcmul_(there[:7], weight)
            weights += weight
    return torch.cat([total.div_(weights.clamp_(min=1e-20)), table[7:]])


def _shifted(grid: torch.Tensor, dy: int, dx: int) -> torch.Tensor:
    """The grid (C, h, w) moved, its border repeated."""
    h, w = grid.shape[1:]
    rows = (torch.arange(h) + dy).clamp_(0, h - 1)
    columns = (torch.arange(w) + dx).clamp_(0, w - 1)
    return grid[:, rows][:, :, columns]
