"""The measuring behind ``setpiece report`` and the consistency benchmark: films of one shot, frame by frame.

What is far apart (a second later, after a detour, across a cut) is measured by ``tools.measure_again``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from conditioning.metrics import (
    NO_CHANGE,
    Change,
    blurred_control,
    carried_control,
    counted,
    depth_edges,
    detail_kept,
    edge_f1,
    gradient_energy,
    laplacian_variance,
    prefiltered,
    second_difference,
    sharpness,
    summed,
)
from render.correspondence import FrameGeometry, correspond
from render.passes import Passes
from render.raster import Rasterizer
from render.warp import warp
from worldgen.conventions import F32, U8, Bool
from worldgen.world import Shot, World

Film = Callable[[int], U8]
"""The picture (H, W, 3) of a frame, counted from 0."""

BASE: Final = "unguided"
"""The film that every other is measured against, and of which the controls are made."""

CONTROLS: Final = ("blurred", "carried")


@dataclass(frozen=True)
class Take:
    """A shot, the films painted of it by name (``BASE`` among them), and its proxy, the built world lit.

    right: the picture that the painter should have painted, where that is known.
    """

    shot: Shot
    films: Mapping[str, Film]
    proxy: Film
    right: Film | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The films, and then the controls."""
        return (*self.films, *CONTROLS)


class Seen(NamedTuple):
    """A frame on the walk. errors: change since the frame before, (H, W) levels at σ = 1, NaN where none counts."""

    frame: int
    images: dict[str, U8]
    errors: dict[str, F32]


class FrameScore(NamedTuple):
    """Of one picture: ``sharpness``, ``gradient_energy``, ``laplacian_variance`` and ``edge_f1`` of the metrics.

    detail, error: ``detail_kept`` and mean square error against the right picture; NaN where that is not known.
    """

    sharpness: float
    energy: float
    laplacian: float
    edges: float
    detail: float
    error: float


@dataclass(frozen=True)
class Walked:
    """What a film was like from frame to frame.

    changes: one for each frame from the second on, against the frame before. flickers: one for each frame that has two
    neighbours. frames: one score each.
    """

    changes: tuple[Change, ...]
    flickers: tuple[Change, ...]
    frames: tuple[FrameScore, ...]

    @property
    def e_warp(self) -> tuple[float, ...]:
        """Over the whole film, levels, for each of ``SIGMAS``."""
        return sum(self.changes, NO_CHANGE).mean

    @property
    def flicker(self) -> tuple[float, ...]:
        """Root mean square over the whole film, levels, for each of ``SIGMAS``."""
        return sum(self.flickers, NO_CHANGE).rms

    @property
    def mean(self) -> FrameScore:
        """Means over the frames."""
        return FrameScore(*(float(v) for v in np.array(self.frames).mean(0)))

    @staticmethod
    def joined(parts: Iterable[Walked]) -> Walked:
        """A film of several shots."""
        a, b, c = zip(*((part.changes, part.flickers, part.frames) for part in parts), strict=True)
        return Walked(sum(a, ()), sum(b, ()), sum(c, ()))


class FilmMeter:
    """Measures the films of one take, and its two controls, while it walks over the frames, once."""

    def __init__(self, world: World, take: Take, raster: Rasterizer) -> None:
        self._world, self._take, self._raster = world, take, raster
        self._changes: dict[str, list[Change]] = {name: [] for name in take.names}
        self._flickers: dict[str, list[Change]] = {name: [] for name in take.names}
        self._scores: dict[str, list[FrameScore]] = {name: [] for name in take.names}

    def frames(self) -> Iterator[Seen]:
        """Every frame with its pictures, measured as it is passed."""
        start: Start | None = None
        before: _Passed | None = None
        for k in range(self._take.shot.frames):
            geometry, edges = self._geometry(k)
            start = start or Start(self._take.films[BASE](k), geometry)
            images = pictures(self._take, k, geometry, start)
            right = self._take.right and self._take.right(k)
            for name, image in images.items():
                self._scores[name].append(_score(image, edges, right))
            now = _Passed(geometry, stacked(images))
            if before is not None:
                self._compare(now, before)
            yield Seen(k, images, _heat(now, self._take.names))
            before = now

    def walked(self) -> dict[str, Walked]:
        """What was measured, by film; after ``frames`` has come to its end."""
        return {
            name: Walked(tuple(self._changes[name]), tuple(self._flickers[name]), tuple(self._scores[name]))
            for name in self._take.names
        }

    def _compare(self, now: _Passed, before: _Passed) -> None:
        """Measure a frame against the one before, and that one's flicker between its two neighbours."""
        back = correspond(now.geometry, before.geometry)
        now.back, now.seen = now.stack - warp(before.stack, back), back.visible
        for name, mine in shares(self._take.names, now.back).items():
            self._changes[name].append(summed(mine, counted(now.seen)))
        if before.back is not None and before.seen is not None:
            ahead = correspond(before.geometry, now.geometry)
            seen = counted(before.seen & ahead.visible)
            later = shares(self._take.names, before.stack - warp(now.stack, ahead))
            for name, mine in shares(self._take.names, before.back).items():
                self._flickers[name].append(second_difference(mine, later[name], seen))

    def _geometry(self, k: int) -> tuple[FrameGeometry, Bool]:
        snapshot, camera = self._world.at(self._take.shot.time(k)), self._take.shot.track[k]
        gbuffer = self._raster.rasterize(snapshot, camera)
        passes = Passes(snapshot, camera, gbuffer)
        return FrameGeometry.of(snapshot, camera, gbuffer), depth_edges(passes.depth, passes.object_id)


@dataclass
class _Passed:
    """A frame that was passed: all its films' pictures stacked, and their differences from the frame before it."""

    geometry: FrameGeometry
    stack: F32
    back: F32 | None = None
    seen: Bool | None = None


class Start(NamedTuple):
    """The first frame of a shot, which the carried control carries."""

    image: U8
    geometry: FrameGeometry


def pictures(take: Take, frame: int, geometry: FrameGeometry, start: Start) -> dict[str, U8]:
    """The pictures of a frame by film, controls among them."""
    images = {name: film(frame) for name, film in take.films.items()}
    images["blurred"] = blurred_control(images[BASE])
    images["carried"] = carried_control(images[BASE], start.image, correspond(geometry, start.geometry))
    return images


def stacked(images: Mapping[str, U8]) -> F32:
    """(H, W, n x C) the prefiltered pictures side by side in depth: one warp carries them all, sooner."""
    return np.concatenate([prefiltered(image) for image in images.values()], axis=-1)


def shares(names: tuple[str, ...], stack: F32) -> dict[str, F32]:
    """What of a stack belongs to each name, (H, W, C)."""
    return dict(zip(names, np.split(stack, len(names), axis=-1), strict=True))


def _heat(now: _Passed, names: tuple[str, ...]) -> dict[str, F32]:
    if now.back is None or now.seen is None:
        return {}
    seen = counted(now.seen)
    return {
        name: np.where(seen, np.abs(mine[..., 3:6]).mean(-1), np.float32(np.nan))
        for name, mine in shares(names, now.back).items()
    }


def _score(image: U8, edges: Bool, right: U8 | None) -> FrameScore:
    detail, error = math.nan, math.nan
    if right is not None:
        detail, error = detail_kept(image, right), float(np.square(image.astype(np.float32) - right).mean())
    shape = sharpness(image), gradient_energy(image), laplacian_variance(image), edge_f1(image, edges)
    return FrameScore(*shape, detail, error)
