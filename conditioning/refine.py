"""A film made elsewhere, kept steady: its frames stand for what a model would paint, and guidance does the rest.

First it is measured how much more the film changes along surfaces, where the light is the same, than the built world
itself, which changes only by how it falls on the pixels. That share of its differences is noise and is taken from the
frames, as Wiener's filter (1949) has it; the rest is the film's own and stays. Coarse and fine differences have a share
each, since colours may flicker while textures stand, and the other way round. A film as steady as the world is left
as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from conditioning.codec import PictureEdit
from conditioning.conditions import Conditions
from conditioning.frames import Frame, FrameMaker
from conditioning.guidance import DETAIL_SIGMA, Guidance, Source, consensus, fetched, light_of, low_pass
from conditioning.job import InBetween, Keyframe
from conditioning.metrics import NO_CHANGE, Change, change, sharpness
from conditioning.metrics_light import same_light
from conditioning.paint import PaintSettings, ShotPainter
from conditioning.text import Said
from render.correspondence import Correspondence, correspond, correspond_many
from render.files import bytes_from_display
from worldgen.conventions import F32, U8

Film = Callable[[int], U8]
"""The picture (H, W, 3) of a frame, from 0."""

PAIRS: Final = 24
"""Neighbouring frames compared to measure a film, at most, spread over it."""
JUMPS: Final = 4
"""And so many where a film jumps most."""
JUMP: Final = 3.0
"""Levels of 255, and times its median step, by which the mean colour of a film jumps at least."""
REACH: Final = 16
"""Frames before and after a keyframe among which those are that settle it."""
ASKED: Final = 8
"""How many of them do, at most, spread evenly."""
SHARED: Final = 0.02
"""Share of a picture that two frames must both show before their colours are compared."""
WORLD: Final = "the built world"


@dataclass(frozen=True)
class Steadiness:
    """change: along surfaces from frame to frame, where the light is the same. sharpness: mean of the frames."""

    change: Change
    sharpness: float


@dataclass(frozen=True)
class Unsteady:
    """Which share of a film's differences is noise, 0 to 1: of coarse ones (colours) and of fine ones (textures)."""

    coarse: float
    fine: float

    @property
    def none(self) -> bool:
        """Whether the film is as steady as the world."""
        return self.coarse <= 0 and self.fine <= 0

    @staticmethod
    def of(film: Steadiness, world: Steadiness) -> Unsteady:
        """From the changes of a film, and of the built world on the same frames.

        The world's own fine change is what resampling leaves; a film that is blurrier than it has less of that.
        """
        (all_film, *_, coarse_film), (all_world, *_, coarse_world) = film.change.squared, world.change.squared
        blurrier = min(1.0, film.sharpness / max(world.sharpness, 1e-6)) ** 2
        return Unsteady(
            _beyond(coarse_film, coarse_world), _beyond(all_film - coarse_film, blurrier * (all_world - coarse_world))
        )


def measured(maker: FrameMaker, films: Mapping[str, Film], frames: range) -> tuple[dict[str, Steadiness], Steadiness]:
    """How steady each film is over ``frames``, by name, and how steady the built world is on them."""
    changes = dict.fromkeys((*films, WORLD), NO_CHANGE)
    sharp: dict[str, list[float]] = {name: [] for name in changes}
    for k in pairs_of(frames, films.values()):
        seen = list(maker.frames(range(k, min(k + 2, frames.stop))))
        pictures = {name: [film(frame.index) for frame in seen] for name, film in films.items()}
        pictures[WORLD] = [_proxy(frame) for frame in seen]
        for name, shown in pictures.items():
            sharp[name].append(sharpness(shown[0]))
        if len(seen) == 2:
            back = correspond(seen[1].geometry, seen[0].geometry)
            where = same_light(pictures[WORLD][1], pictures[WORLD][0], back)
            for name, shown in pictures.items():
                changes[name] += change(shown[1], shown[0], back, where)
    found = {name: Steadiness(changes[name], float(np.mean(sharp[name]))) for name in changes}
    return {name: found[name] for name in films}, found[WORLD]


def pairs_of(frames: range, films: Iterable[Film] = ()) -> list[int]:
    """First frames of the pairs that are compared; the only frame where there is one.

    Those that are spread evenly, and where a film jumps: models that paint in windows change colour between two.
    """
    last = max(frames.start, frames.stop - 2)
    count = min(PAIRS, last - frames.start + 1)
    spread = {round(float(k)) for k in np.linspace(frames.start, last, count)}
    return sorted(spread.union(*(jumps_of(film, frames) for film in films)))


def jumps_of(film: Film, frames: range) -> list[int]:
    """The frames after which the mean colour of a film jumps most, where it jumps at all."""
    means = np.stack([film(k)[::8, ::8].mean((0, 1), dtype=np.float64) for k in frames])
    steps = np.abs(np.diff(means, axis=0)).max(1, initial=0.0)
    most = np.argsort(steps)[::-1][:JUMPS]
    return [frames[int(k)] for k in most if steps[k] > JUMP * max(1.0, float(np.median(steps)))]


class ClipDenoiser:
    """Paints what a film shows, and follows guidance as far as the film is unsteady. settled: of keyframes."""

    together = 1

    def __init__(self, film: Film, unsteady: Unsteady, settled: Mapping[int, Tensor] | None = None) -> None:
        self.film, self.unsteady, self.settled = film, unsteady, settled or {}

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """The film's pictures of ``frames``, edited; nothing is sampled."""
        own = torch.stack([self.settled.get(f.index, _tensor(self.film(f.index))) for f in frames])
        edited, changed = edit(own, 0.0)
        return followed(own, edited - own, changed, self.unsteady)


def followed(own: Tensor, step: Tensor, known: Tensor, unsteady: Unsteady) -> Tensor:
    """Pictures (N, 3, H, W) moved by a step of the same shape, each band as far as it is unsteady.

    known: (N, 1, H, W) 0 to 1, where the step is known. Colours flicker all over a frame, so elsewhere they are moved
    as they are nearby: what is seen for the first time would part from the rest along a seam.
    """
    if unsteady.none or not known.any():
        return own
    coarse = low_pass(step * known, DETAIL_SIGMA) / low_pass(known, DETAIL_SIGMA).clamp(min=1e-3)
    return own + unsteady.coarse * spread(coarse, known) + unsteady.fine * known * (step - coarse)


def spread(values: Tensor, known: Tensor) -> Tensor:
    """(N, C, H, W) ``values`` where ``known`` (N, 1, H, W; 0 to 1) is 1, and smoothly on from there, ever coarser.

    The push and pull of Gortler et al. 1996: each level is filled from the one of half its size.
    """
    if max(values.shape[2:]) == 1:
        return values
    share = F.avg_pool2d(known, 2, ceil_mode=True, count_include_pad=False)
    means = F.avg_pool2d(values * known, 2, ceil_mode=True, count_include_pad=False) / share.clamp(min=1e-6)
    wide = F.interpolate(spread(means, (share * 4).clamp(max=1.0)), size=values.shape[2:], mode="bilinear")
    return known * values + (1 - known) * wide


class Refiner:
    """Refines the film of one shot for a job (``conditioning.job.Painter``). frames: of the shot, which it shows."""

    def __init__(self, maker: FrameMaker, film: Film, frames: range, unsteady: Unsteady, guidance: Guidance) -> None:
        self._maker, self._film, self._frames, self._unsteady = maker, film, frames, unsteady
        self._settings = PaintSettings(1, guidance)

    def keyframes(self, frames: Sequence[int], before: Keyframe | None) -> Generator[Keyframe, None, None]:
        """Keyframes with settled colours, each taking from the one before it."""
        for frame in frames:
            made = self._painter({frame: self._settled(frame)}).keyframes([frame], before)
            before = next(made)
            yield before

    def paint(self, windows: Iterable[InBetween]) -> Iterator[F32]:
        """The frames of each window, which take from its keyframes."""
        return self._painter({}).paint(windows)

    def _painter(self, settled: Mapping[int, Tensor]) -> ShotPainter:
        denoiser = ClipDenoiser(self._film, self._unsteady, settled)
        return ShotPainter(self._maker, denoiser, self._settings, alike=same_words)

    def _settled(self, index: int) -> Tensor:
        """A keyframe as the frames around it see its surfaces, on the mean: no frame's own flicker is carried on."""
        own = _tensor(self._film(index))
        if self._unsteady.none:
            return own
        frame, *others = self._maker.frames([index, *asked_of(index, self._frames)])
        found = [one.numpy() for one in correspond_many(frame.geometry, [other.geometry for other in others])]
        pictures = [_tensor(self._film(other.index)) for other in others]
        casts = [cast(picture, seen, own) for picture, seen in zip(pictures, found, strict=True)]
        common = sum(casts, torch.zeros(3, 1, 1)) / (len(casts) + 1)  # so all agree, wherever whichever of them see
        sources = [
            Source(picture - one + common, light_of(o.light), seen, 1.0, same_words(frame.said, o.said))
            for o, picture, seen, one in zip(others, pictures, found, casts, strict=True)
        ]
        there = consensus(light_of(frame.light), sources)
        if there is None:
            return own
        step = (there.picture - own) * (len(others) / (len(others) + 1))  # its own picture counts as one of them
        coarse = low_pass(step[None], DETAIL_SIGMA)[0]
        whole = coarse + there.detail * (step - coarse)
        return followed(own[None], whole[None], there.share[None], self._unsteady)[0]


def cast(picture: Tensor, seen: Correspondence, own: Tensor) -> Tensor:
    """(3, 1, 1) how much brighter a picture (3, H', W') is in each colour than ``own``, over what both show."""
    both = torch.from_numpy(seen.visible).to(own.dtype)
    if both.mean() < SHARED:
        return torch.zeros(3, 1, 1)
    return ((fetched(picture, seen, "bilinear") - own) * both).sum((1, 2), keepdim=True) / both.sum()


def asked_of(index: int, frames: range) -> list[int]:
    """The frames that settle keyframe ``index`` of ``frames``."""
    near = [k for k in range(max(frames.start, index - REACH), min(frames.stop, index + REACH + 1)) if k != index]
    step = max(1, math.ceil(len(near) / ASKED))
    return near[(len(near) - 1) % step // 2 :: step]


def same_words(one: Said, other: Said) -> float:
    """How far two moments say the same, 0 to 1: a film may change its look where its words change."""
    if not one or not other:
        return 1.0
    there = {words: share for share, words in other}
    return sum(min(share, there.get(words, 0.0)) for share, words in one)


def _beyond(found: float, expected: float) -> float:
    """The share of a power that is more than expected."""
    return max(0.0, 1.0 - expected / found) if found > 0 else 0.0


def _proxy(frame: Frame) -> U8:
    return bytes_from_display(frame.told.proxy.transpose(1, 2, 0) * 0.5 + 0.5)


def _tensor(picture: U8) -> Tensor:
    return torch.from_numpy(picture.astype(np.float32).transpose(2, 0, 1) / np.float32(127.5) - np.float32(1))
