"""Which remembered views saw a frame's surfaces, how well, and in what light: an index of cells in rest space.

A view tells a coarse grid of the points it saw. Each falls into a cell of its thing, as large as the points there lie
apart, so that coarse views fill coarse cells. A point looks itself up in cells of every size; what that costs does not
depend on how many views there are, since a cell answers with its few best.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from conditioning.memory_things import Body
from render.raster import GBuffer
from render.raster_rays import pixel_directions
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, I32, U8, Bool
from worldgen.world import Snapshot

SAMPLES: Final = 1000
"""Points of a frame, about."""
_LIGHT_TOLERANCE: Final = 0.2
"""Difference of display values at which a view counts 1/e: within a cell, brightness differs by texture alone."""
_GRAZING: Final = 0.2
_CELL: Final = 3.0
"""Edge of a cell, in distances between the points."""
_BEST: Final = 12
"""Answers of a cell, at most."""
_LOW, _STEPS = -16.0, 8.0

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
_MEASURES = [(name, "<f4") for name in ("extent", "cosine", "light")]
ROW: Final = np.dtype([("thing", "<i4"), ("side", "u1"), ("level", "i1"), ("point", "<f4", 3), *_MEASURES])
"""A sampled point. thing: row in the view's list of things, -1 for sky. side: 0-5, where its outer side looks at rest.
level: its cell is 2 ** level metres wide. point: metres in the thing's own axes (of sky: the direction). extent: metres
across a pixel there. cosine: at which it is seen. light: display value (0-1) of the proxy around it."""


def sample_places(width: int, height: int) -> tuple[int, I64, I64]:
    """Pixels from one sample to the next, and the samples' rows and columns, in the middle of tiles of that size."""
    stride = max(1, round(np.sqrt(width * height / SAMPLES)))
    ys, xs = (np.minimum(np.arange(0, size, stride) + stride // 2, size - 1) for size in (height, width))
    return stride, ys, xs


def sampled(
    snapshot: Snapshot,
    camera: Camera,
    gbuffer: GBuffer,
    light: F32 | U8,
    bodies: Mapping[int, Body],
    rows: Mapping[int, int],
) -> npt.NDArray[Any]:
    """The coarse grid of a frame, (S,) of ``ROW``. rows: object id to what ``thing`` shall say."""
    stride, *places = sample_places(camera.width, camera.height)
    grid = np.ix_(*places)
    triangle, bary = gbuffer.triangle[grid].reshape(-1), gbuffer.bary[grid].reshape(-1, 2)
    ray = pixel_directions(camera)[grid].reshape(-1, 3)
    result = np.zeros(len(triangle), ROW)
    result["thing"] = -1
    result["light"] = _tiles(light, stride).reshape(-1)
    focal = camera.focal_px
    distance = np.ones(len(triangle), np.float32)

    hit = np.flatnonzero(triangle >= 0)
    corners = snapshot.faces[triangle[hit]]
    weights = np.concatenate([1.0 - bary[hit].sum(1, keepdims=True), bary[hit]], axis=1)
    now, rest = (np.einsum("nk,nkc->nc", weights, v[corners]) for v in (snapshot.vertices, snapshot.rest_vertices))
    away = now - camera.position
    facing = np.einsum("nc,nc->n", _normals(snapshot.vertices[corners]), away)
    distance[hit] = away @ camera.world_from_camera[:3, 2]
    result["cosine"] = 1.0
    result["cosine"][hit] = np.abs(facing) / np.maximum(np.linalg.norm(away, axis=1), 1e-9)
    result["point"] = ray / np.linalg.norm(ray, axis=1, keepdims=True)
    things = snapshot.face_object[triangle[hit]]
    normal = np.where(facing[:, None] <= 0, 1.0, -1.0) * _normals(snapshot.rest_vertices[corners])
    for thing in np.unique(things):
        mine = things == thing
        to_own = bodies[int(thing)].frame
        result["point"][hit[mine]] = (rest[mine] - to_own[:3, 3]) @ to_own[:3, :3]
        own = normal[mine] @ to_own[:3, :3]
        axis = np.abs(own).argmax(axis=1)
        result["side"][hit[mine]] = 2 * axis + (own[np.arange(len(own)), axis] < 0)
        result["thing"][hit[mine]] = rows[int(thing)]
    slant = np.maximum(result["cosine"], _GRAZING)
    result["extent"] = distance / focal / np.sqrt(slant)
    result["level"] = np.ceil(np.log2(np.maximum(_CELL * stride * distance / focal / slant, 2.0**-20))).clip(-20, 20)
    return result


def read_samples(folder: Path) -> npt.NDArray[Any]:
    """What a remembered view keeps of :func:`sampled`; none if the file is broken."""
    try:
        samples = np.load(folder / "samples.npy", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        samples = np.zeros(0)
    return samples if samples.dtype == ROW else np.zeros(0, ROW)


def keys_of(samples: npt.NDArray[Any], ids: I32, level: npt.NDArray[Any] | int) -> U64:
    """(S,) the 48 bits that name the points' cells at ``level``. ids: (S,) of their things today."""
    step = np.exp2(-np.asarray(level, np.float64))
    words = [ids, samples["side"], np.broadcast_to(level, len(samples))]
    words += [np.floor(samples["point"][:, k] * step) for k in range(3)]
    key = np.zeros(len(samples), np.uint64)
    for word in words:  # mixed as SplitMix64 does (Steele et al. 2014)
        key ^= word.astype(np.int64).view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        key ^= key >> np.uint64(31)
    return key >> np.uint64(16)


@dataclass(frozen=True)
class Found:
    """N answers: ``sample`` (N,) was seen by ``view`` (N,), which serves it to the share ``score`` (N,), 0 to 1."""

    sample: I64
    view: I32
    score: F32


class Index:
    """Cells of many views, each named by a number."""

    def __init__(self) -> None:
        self._keys: U64 = np.zeros(0, np.uint64)  # the cell's 48 bits, then fineness, best first
        self._view = np.zeros(0, np.int32)
        self._told: U8 = np.zeros((0, 3), np.uint8)  # extent (logarithm), cosine, light
        self._levels: set[int] = set()

    def add(self, views: Sequence[tuple[int, npt.NDArray[Any], I32]]) -> None:
        """Enter views: number, samples, and (S,) the things' ids today, negative for what shall not be found."""
        parts = [(number, samples[ids >= 0], ids[ids >= 0]) for number, samples, ids in views]
        if not any(len(samples) for _, samples, _ in parts):
            return
        keys, told, view = [], [], []
        for number, samples, ids in parts:
            size = ((np.log2(np.maximum(samples["extent"], 1e-9)) - _LOW) * _STEPS).clip(0, 255)
            rest = np.stack([size, samples["cosine"] * 255, samples["light"] * 255], axis=1).round().astype(np.uint8)
            key = keys_of(samples, ids, samples["level"]) << np.uint64(16) | rest[:, 0].astype(np.uint64) << np.uint64(
                8
            )
            key |= np.uint64(255) - rest[:, 1]
            key, first = np.unique(key, return_index=True)
            kept = np.diff(key >> np.uint64(16), prepend=np.uint64(0)) > 0  # of each cell the best point
            keys.append(key[kept])
            told.append(rest[first[kept]])
            view.append(np.full(len(keys[-1]), number, np.int32))
            self._levels |= set(samples["level"].tolist())
        key, rest, who = np.concatenate(keys), np.concatenate(told), np.concatenate(view)
        order = np.argsort(key, kind="stable")
        key, rest, who = key[order], rest[order], who[order]
        at = np.searchsorted(self._keys, key, side="right")
        self._keys, self._view = np.insert(self._keys, at, key), np.insert(self._view, at, who)
        self._told = np.insert(self._told, at, rest, axis=0)

    def find(self, samples: npt.NDArray[Any], ids: I32, alive: Bool) -> Found:
        """What views that are ``alive`` (by number) saw of ``samples``."""
        where, which = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for level in sorted(self._levels):
            key = keys_of(samples, ids, level) << np.uint64(16)
            low = np.searchsorted(self._keys, key)
            high = np.searchsorted(self._keys, key | np.uint64(0xFFFF), side="right")
            count = np.minimum(high - low, _BEST)
            sample = np.repeat(np.arange(len(samples)), count)
            within = np.arange(len(sample)) - np.repeat(np.cumsum(count) - count, count)
            where.append(sample)
            which.append(low[sample] + within)
        sample, entry = np.concatenate(where), np.concatenate(which)
        live = alive[self._view[entry]]
        sample, entry = sample[live], entry[live]
        told = self._told[entry].astype(np.float32)
        extent = np.exp2(told[:, 0] / _STEPS + _LOW)
        finer = np.minimum(samples["extent"][sample] * 1.05 / extent, 1.0)
        change = (told[:, 2] / 255 - samples["light"][sample]) / _LIGHT_TOLERANCE
        score = finer * told[:, 1] / 255 * np.exp(-(change**2))
        return Found(sample, self._view[entry], score.astype(np.float32))


def covering(found: Found, samples: int, views: int, count: int, enough: float = 0.01) -> list[int]:
    """The few views that together serve most of the samples best (greedy cover), most important first.

    A view is taken only if it adds ``enough``, as a share of all samples. Ties go to the earlier number.
    """
    best = np.zeros(samples)
    chosen: list[int] = []
    while len(chosen) < count and len(found.sample):
        # A view may answer several times for a point: only its best answer counts.
        gain = np.maximum(found.score - best[found.sample], 0.0)
        pair = found.sample * views + found.view
        order = np.lexsort((-gain, pair))
        first = order[np.diff(pair[order], prepend=-1) > 0]
        total = np.bincount(found.view[first], gain[first], minlength=views)
        winner = int(total.argmax())
        if total[winner] < enough * samples:
            break
        chosen.append(winner)
        mine = found.view == winner
        np.maximum.at(best, found.sample[mine], found.score[mine])
    return chosen


def served(found: Found, samples: int) -> F64:
    """(S,) the best score of each sample, 0 where nobody saw it."""
    best = np.zeros(samples)
    np.maximum.at(best, found.sample, found.score)
    return best


def least_needed(
    index: Index, samples: Mapping[int, tuple[npt.NDArray[Any], I32]], alive: Bool, sizes: Mapping[int, int], over: int
) -> list[int]:
    """Which of the views ``samples`` (number to samples and ids, oldest first) to drop until ``over`` bytes are freed.

    Each time the one whose points the others, as far as they are ``alive``, see best without it; the oldest of equals.
    """
    left = alive.copy()

    def need(number: int) -> float:
        points, ids = samples[number]
        left[number] = False
        best = served(index.find(points, ids, left), len(points))
        left[number] = True
        return float(np.maximum(points["cosine"] * (ids >= 0) - best, 0.0).sum())

    waiting = [(need(number), number) for number in samples]
    heapq.heapify(waiting)
    dropped: list[int] = []
    while over > 0 and waiting:
        _, number = heapq.heappop(waiting)
        now = need(number)  # it may have grown since, when others went
        if waiting and (now, number) > waiting[0]:
            heapq.heappush(waiting, (now, number))
            continue
        left[number] = False
        dropped.append(number)
        over -= sizes[number]
    return dropped


def _tiles(light: F32 | U8, stride: int) -> F32:
    """(h, w) mean display value (0-1) of tiles of ``stride`` pixels, the last ones cut off by the border."""
    grey = grey_of(light)
    height, width = grey.shape
    ys, xs = np.arange(0, height, stride), np.arange(0, width, stride)
    total = np.add.reduceat(np.add.reduceat(grey, ys, axis=0), xs, axis=1)
    area = np.diff(ys, append=height)[:, None] * np.diff(xs, append=width)[None]
    return (total / area).astype(np.float32)


def grey_of(light: F32 | U8) -> F32:
    """(H, W) mean of the channels of display values (H, W, 3), 0-1."""
    return light.mean(axis=2, dtype=np.float32) * np.float32(1 / 255 if light.dtype == np.uint8 else 1)


def _normals(corners: F32) -> F64:
    """(N, 3) unit, of triangles (N, 3, 3); zero for degenerate ones."""
    a, b, c = (corners[:, k].astype(np.float64) for k in range(3))
    n = np.cross(b - a, c - a)
    return n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-20)
