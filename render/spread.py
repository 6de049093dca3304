"""Slow light on a coarse grid, and its way from there to any sample of the same surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from render.anchors import anchors_of, placed
from render.compiled import compiled, inlined
from render.gather import LitWorld
from render.raster import GBuffer
from render.surface import Surface
from worldgen.camera import Camera
from worldgen.conventions import F32

I64 = npt.NDArray[np.int64]

STEP: Final = 4
"""Pixels between the points of the grid."""

PLANE: Final = 0.8
"""Points this share of the grid's spacing out of a sample's plane count 1/e: a shop's back wall is not its front."""

FINE: Final = 2
"""Pixels between the points of the grid of creases: people are small, and without any they look pasted in."""

CLOSED: Final = np.float32(0.1)
"""The coarse grid's openness is taken for no less than this."""

BRIGHTER: Final = np.float32(2)
"""The finer grid raises light by no more than this factor."""

FARTHEST: Final = 6
"""Points of the grid that are asked to each side where the nearest four see nothing but sky."""

WIDER: Final = (1, 2, 4, 8)
"""Points between those that are averaged in turn (a trous) for the light that comes off what moves."""

SPACING: Final = 1.2
"""Distance on the surfaces between places where lasting light is kept, against the grid's own."""


@dataclass(frozen=True)
class LightGrid:
    """Gathered light at every ``step``-th pixel, smoothed along surfaces.

    table: (h * w, 14) float32, sky RGB, bounce RGB, occlusion, where the point is and its normal (world), and how far
    from its plane others count 1/e (metres, 0 where nothing is seen). shape: (h, w).
    """

    table: F32
    shape: tuple[int, int]
    step: int

    def at(self, xy: F32, points: F32, normals: F32) -> F32:
        """(N, 7) as ``Gathered.columns``: light at N samples: xy (N, 2) pixels, points, normals (N, 3) world."""
        found = np.empty((len(xy), 7), np.float32)
        _spread(self.table, *self.shape, self.step, xy, points, normals, found)
        return found


@dataclass(frozen=True)
class SlowLight:
    """Slow light of a frame, and how open what moves is (``LitWorld.openness``), as coarse as the light and finer.

    The light is told what the coarse grid missed. first: what moves are the triangles from this one on.
    """

    light: LightGrid
    open: tuple[LightGrid, LightGrid] | None
    first: int

    def at(self, xy: F32, surface: Surface) -> F32:
        """(N, 7) as ``Gathered.columns``: light at the samples of ``surface``, at the pixels ``xy (N, 2)``."""
        found = self.light.at(xy, surface.position, surface.normal)
        rows = np.flatnonzero(surface.triangle >= self.first)
        if self.open is not None and len(rows):
            at = xy[rows], surface.position[rows], surface.normal[rows]
            coarse, fine = (grid.at(*at)[:, 6:] for grid in self.open)
            found[rows] *= np.minimum(fine / np.maximum(coarse, CLOSED), BRIGHTER)
        return found


_ZERO, _ONE = np.float32(0), np.float32(1)
_STEPS: Final = np.arange(-2, 3) ** 2
_SHARE: Final[F32] = np.exp(-0.35 * (_STEPS[:, None] + _STEPS)).astype(np.float32)


@inlined
def _kinship(there: F32, x: float, y: float, z: float, a: float, b: float, c: float) -> float:
    """How much the light at a point of the grid says about (x, y, z) with normal (a, b, c); a little across an edge."""
    out = (there[7] - x) * a + (there[8] - y) * b + (there[9] - z) * c
    out = min(abs(out) / there[13], np.float32(30))
    along = min(max(there[10] * a + there[11] * b + there[12] * c, _ZERO), _ONE)
    far = np.exp(np.float32(-0.1) * out)
    along, near = along * along, far * far
    return near * near * near * near * near * along * along + np.float32(1e-4) * far  # exp(-out) along^4


@compiled
def _spread(table: F32, height: int, width: int, step: int, xy: F32, points: F32, normals: F32, found: F32) -> None:
    """Mix into ``found (N, 7)`` the light of the four points around each sample, by nearness and kinship.

    Where these see nothing but sky, of those around them.
    """
    first, over = np.float32(step // 2 + 0.5), np.float32(1 / step)
    for n in range(len(xy)):
        x, y = (xy[n, 0] - first) * over, (xy[n, 1] - first) * over
        left, top = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - np.float32(left), y - np.float32(top)
        total = _ZERO
        for k in range(7):
            found[n, k] = _ZERO
        for corner in range(4):
            dx, dy = corner % 2, corner // 2
            row, column = min(max(top + dy, 0), height - 1), min(max(left + dx, 0), width - 1)
            there = table[row * width + column]
            if there[13] <= _ZERO:  # nothing is known there
                continue
            kin = _kinship(there, points[n, 0], points[n, 1], points[n, 2], normals[n, 0], normals[n, 1], normals[n, 2])
            weight = ((fx if dx else _ONE - fx) * (fy if dy else _ONE - fy) + np.float32(1e-3)) * kin
            total += weight
            for k in range(7):
                found[n, k] += weight * there[k]
        far = 0
        while total <= _ZERO and far < FARTHEST:  # a thin bar before the sky, between the points of the grid
            far += 1
            for row in range(max(top - far, 0), min(top + far + 2, height)):
                for column in range(max(left - far, 0), min(left + far + 2, width)):
                    there = table[row * width + column]
                    if there[13] <= _ZERO:
                        continue
                    kin = _kinship(
                        there, points[n, 0], points[n, 1], points[n, 2], normals[n, 0], normals[n, 1], normals[n, 2]
                    )
                    total += kin
                    for k in range(7):
                        found[n, k] += kin * there[k]
        if total > _ZERO:
            for k in range(7):
                found[n, k] /= total
        else:
            found[n, 6] = _ONE


@compiled
def _smooth(table: F32, height: int, width: int, share: F32, found: F32) -> None:
    """Into ``found`` the table after one pass over its light that does not cross edges. share: (5, 5) by distance."""
    for y in range(height):
        for x in range(width):
            here, into = table[y * width + x], found[y * width + x]
            for k in range(14):
                into[k] = _ZERO if k < 7 else here[k]
            if here[13] <= _ZERO:
                continue
            total = np.float32(1e-20)
            for dy in range(-2, 3):
                for dx in range(-2, 3):
                    row, column = min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)
                    there = table[row * width + column]
                    if there[13] <= _ZERO:
                        continue
                    weight = _kinship(there, here[7], here[8], here[9], here[10], here[11], here[12])
                    weight *= share[dy + 2, dx + 2]
                    total += weight
                    for k in range(7):
                        into[k] += weight * there[k]
            for k in range(7):
                into[k] /= total


@compiled
def _widen(table: F32, height: int, width: int, share: F32, step: int, light: F32, found: F32) -> None:
    """Into ``found (P, 3)`` the ``light`` after one such pass over points ``step`` apart."""
    for y in range(height):
        for x in range(width):
            here, lit = table[y * width + x], False
            for dy in range(-2, 3):
                for dx in range(-2, 3):
                    row = min(max(y + dy * step, 0), height - 1)
                    there = light[row * width + min(max(x + dx * step, 0), width - 1)]
                    lit |= there[0] + there[1] + there[2] > _ZERO
            if not lit or here[13] <= _ZERO:
                continue
            total = np.float32(1e-20)
            for dy in range(-2, 3):
                for dx in range(-2, 3):
                    row, column = min(max(y + dy * step, 0), height - 1), min(max(x + dx * step, 0), width - 1)
                    there = table[row * width + column]
                    if there[13] <= _ZERO:
                        continue
                    weight = _kinship(there, here[7], here[8], here[9], here[10], here[11], here[12])
                    weight *= share[dy + 2, dx + 2]
                    total += weight
                    for k in range(3):
                        found[y * width + x, k] += weight * light[row * width + column, k]
            for k in range(3):
                found[y * width + x, k] /= total


def slow_light(lit: LitWorld, camera: Camera, gbuffer: GBuffer, *, lasting: bool) -> SlowLight:
    """Gather where ``camera`` sees surfaces, as ``gbuffer`` says. lasting: whether the light stays."""
    first = lit.snapshot.static_faces
    places = _Places.of(lit, camera, gbuffer, STEP, 0)
    slow, moved = _slow_light(lit, places.surface, lasting)
    table, light = places.smoothed(slow)
    if moved.any():
        wide = np.zeros((len(table), 3), np.float32)
        wide[places.seen] = moved
        for step in WIDER:
            before, wide = wide, np.zeros_like(wide)
            _widen(table, *places.shape, _SHARE, step, before, wide)
        light.table[:, 3:6] += wide
    if not (gbuffer.triangle >= first).any():
        return SlowLight(light, None, first)
    coarse, fine = (_openness(lit, _Places.of(lit, camera, gbuffer, step, first)) for step in (STEP, FINE))
    return SlowLight(light, (coarse, fine), first)


@dataclass(frozen=True)
class _Places:
    """Points of a grid that show a surface.

    seen: (N,) which they are. surface: what they show. plane: (N, 1), shape, step: as of ``LightGrid``.
    """

    seen: I64
    surface: Surface
    plane: F32
    shape: tuple[int, int]
    step: int

    @staticmethod
    def of(lit: LitWorld, camera: Camera, gbuffer: GBuffer, step: int, first: int) -> _Places:
        """At every ``step``-th pixel of ``gbuffer`` that shows a triangle from ``first`` on."""
        height, width = gbuffer.triangle.shape
        rows, columns = (np.arange(min(step // 2, size - 1), size, step) for size in (height, width))
        pixels = (rows[:, None] * width + columns[None]).reshape(-1)
        triangle, bary = gbuffer.triangle.reshape(-1)[pixels], gbuffer.bary.reshape(-1, 2)[pixels]
        seen = np.flatnonzero(triangle >= first)
        surface = Surface(lit.snapshot, camera, triangle[seen], bary[seen])
        away = np.linalg.norm(surface.position - camera.position.astype(np.float32), axis=1)[:, None]
        plane = np.maximum(away, np.float32(1e-3)) * np.float32(PLANE * step / camera.focal_px)
        return _Places(seen, surface, plane, (len(rows), len(columns)), step)

    def smoothed(self, columns: F32) -> tuple[F32, LightGrid]:
        """The table of ``LightGrid`` with ``columns (N, 7)`` as they are, and the grid with them smoothed."""
        table = np.zeros((self.shape[0] * self.shape[1], 14), np.float32)
        table[self.seen] = np.concatenate([columns, self.surface.position, self.surface.normal, self.plane], axis=1)
        smooth = np.empty_like(table)
        _smooth(table, *self.shape, _SHARE, smooth)
        return table, LightGrid(smooth, self.shape, self.step)


def _openness(lit: LitWorld, places: _Places) -> LightGrid:
    """How open what moves is, in the column of occlusion."""
    columns = np.zeros((len(places.seen), 7), np.float32)
    columns[:, 6] = lit.openness(places.surface.position, places.surface.normal)
    return places.smoothed(columns)[1]


def _slow_light(lit: LitWorld, surface: Surface, lasting: bool) -> tuple[F32, F32]:
    """(N, 7) light at the samples of ``surface``, and (N, 3) what to add to its bounce once that is blurred.

    What lasts is kept on the surfaces, for other frames of the shot.
    """
    found, moved = np.empty((len(surface), 7), np.float32), np.zeros((len(surface), 3), np.float32)
    stays = surface.triangle < lit.snapshot.static_faces
    still = np.flatnonzero(stays)
    if len(still) and lasting:
        part = surface.subset(still)
        spacing = SPACING * STEP / part.camera.focal_px
        apart = np.asarray(spacing * part.depth / np.sqrt(np.maximum(part.facing, 0.1)), np.float32)
        anchors = anchors_of(part, apart)
        known = lit.still.kept.at(anchors, lambda keys: lit.gather_still(*placed(lit.snapshot, keys)))
        light, moved[still] = lit.disturbed(part.position, part.normal, known)
        found[still] = light.columns
    for rows, moving in ((still[:0] if lasting else still, False), (np.flatnonzero(~stays), True)):
        if len(rows):
            part = surface.subset(rows)
            found[rows] = lit.gather(part.position, part.normal, moving).columns
    return found, moved
