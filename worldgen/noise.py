"""Periodic random fields and patterns on a square tile, the raw material of the detail textures.

Every field is (S, S) float32 with row 0 at the top; both axes wrap around.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import fft
from scipy.spatial import cKDTree

from worldgen.conventions import F32, I32

SIZE: Final = 512
_FY = np.fft.fftfreq(SIZE, 1 / SIZE).astype(np.float32)[:, None]
_FX = np.fft.rfftfreq(SIZE, 1 / SIZE).astype(np.float32)[None, :]
_Y, _X = np.meshgrid((np.arange(SIZE) + 0.5) / SIZE, (np.arange(SIZE) + 0.5) / SIZE, indexing="ij")


def noise(
    rng: np.random.Generator,
    low: float,
    high: float,
    beta: float = 1.0,
    stretch: tuple[float, float] = (1.0, 1.0),
    turn: float = 0.0,
) -> F32:
    """Gaussian noise of unit deviation with frequencies ``low``–``high`` waves a tile and amplitude ``f**-beta``.

    stretch: features are that many times longer in x (right) and in y (down). turn: radians by which these axes are
    turned clockwise.
    """
    white = rng.standard_normal((SIZE, SIZE), dtype=np.float32)
    fx, fy = _FX, _FY
    if turn:
        c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        fx, fy = c * _FX + s * _FY, c * _FY - s * _FX
    f = np.hypot(fx * stretch[0], fy * stretch[1])
    band = np.maximum(f, 1e-6) ** -beta * (f >= low * 0.999) / (1.0 + (f / high) ** 6)
    field: F32 = fft.irfft2(fft.rfft2(white) * band.astype(np.float32), s=(SIZE, SIZE))
    return (field / max(float(field.std()), 1e-9)).astype(np.float32)


def smooth(edge0: float, edge1: float, x: F32) -> F32:
    """Hermite step from 0 at ``edge0`` to 1 at ``edge1``."""
    t = np.clip((x - edge0) / (edge1 - edge0), 0.0, 1.0)
    return (t * t * (3.0 - 2.0 * t)).astype(np.float32)


def blurred(field: F32, sigma: float) -> F32:
    """Periodic Gaussian blur, ``sigma`` pixels."""
    g = np.exp(-2.0 * (np.pi * sigma / SIZE) ** 2 * (_FX**2 + _FY**2)).astype(np.float32)
    result: F32 = fft.irfft2(fft.rfft2(field) * g, s=(SIZE, SIZE))
    return result


@dataclass(frozen=True)
class Cells:
    """A tile cut into pieces.

    index: (S, S) int32, the piece. edge: (S, S) float32, metres to its border. along: (S, S) float32, 0–1 across
    the piece from left to right. down: the same from top to bottom.
    """

    index: I32
    edge: F32
    along: F32
    down: F32


def courses(
    rng: np.random.Generator,
    size_m: float,
    rows: int,
    columns: int,
    bond: float = 0.5,
    jitter: float = 0.0,
    wobble_m: float = 0.0,
    corner_m: float = 0.0,
) -> Cells:
    """Level courses of pieces, each course shifted by ``bond`` pieces; ``rows * bond`` must be whole.

    jitter: the joints between neighbours move by up to that part of a piece. wobble_m: how far all joints stray.
    corner_m: radius of the rounded corners.
    """
    x, y = _X, _Y
    if wobble_m > 0:
        x = x + noise(rng, 4, 40, 0.8) * (wobble_m / size_m)
        y = y + noise(rng, 4, 40, 0.8) * (wobble_m / size_m)
    row = np.floor(y * rows)
    down = y * rows - row
    r = row.astype(int) % rows
    t = x * columns + (np.arange(rows) * bond)[r] + rng.uniform(0, jitter, rows)[r]
    c = np.floor(t).astype(int)
    part = t - c
    shift = rng.uniform(-jitter, jitter, (rows, columns)) * 0.5
    c = c - (part < shift[r, c % columns])
    c = c + (t - c >= 1.0 + shift[r, (c + 1) % columns])
    left = t - c - shift[r, c % columns]
    right = 1.0 + shift[r, (c + 1) % columns] - (t - c)
    dx = np.minimum(left, right) * (size_m / columns)
    dy = np.minimum(down, 1.0 - down) * (size_m / rows)
    edge = np.minimum(dx, dy)
    if corner_m > 0:
        near = np.hypot(np.maximum(corner_m - dx, 0), np.maximum(corner_m - dy, 0))
        edge = np.where(near > 0, corner_m - near, edge)
    return Cells(
        (r * columns + c % columns).astype(np.int32),
        edge.astype(np.float32),
        (left / np.maximum(left + right, 1e-6)).astype(np.float32),
        down.astype(np.float32),
    )


def voronoi(rng: np.random.Generator, size_m: float, points: F32, wobble_m: float = 0.0) -> Cells:
    """The pieces nearest to each of ``points (N, 2)`` (x, y in 0–1 of the tile)."""
    x, y = _X, _Y
    if wobble_m > 0:
        x = x + noise(rng, 6, 60, 0.8) * (wobble_m / size_m)
        y = y + noise(rng, 6, 60, 0.8) * (wobble_m / size_m)
    at = np.stack([x, y], axis=-1).reshape(-1, 2)
    at = np.clip(at - np.floor(at), 0.0, 1.0 - 1e-9)
    distance, index = cKDTree(points % 1.0, boxsize=1.0).query(at, k=2)
    first, second = points[index[:, 0]], points[index[:, 1]]
    gap = (second - first + 0.5) % 1.0 - 0.5
    edge = (distance[:, 1] ** 2 - distance[:, 0] ** 2) / np.maximum(2 * np.linalg.norm(gap, axis=1), 1e-6)
    offset = (at - first + 0.5) % 1.0 - 0.5
    radius = np.sqrt(1.0 / len(points))
    shape = (SIZE, SIZE)
    return Cells(
        index[:, 0].astype(np.int32).reshape(shape),
        (edge * size_m).astype(np.float32).reshape(shape),
        (offset[:, 0] / radius + 0.5).astype(np.float32).reshape(shape),
        (offset[:, 1] / radius + 0.5).astype(np.float32).reshape(shape),
    )


def lattice(rng: np.random.Generator, rows: int, columns: int, bond: float, jitter: float) -> F32:
    """Jittered points ``(rows * columns, 2)`` in the bond of :func:`courses`."""
    r, c = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    x = (c + 0.5 + r * bond + rng.uniform(-jitter, jitter, r.shape)) / columns
    y = (r + 0.5 + rng.uniform(-jitter, jitter, r.shape)) / rows
    return (np.stack([x, y], axis=-1).reshape(-1, 2) % 1.0).astype(np.float32)
