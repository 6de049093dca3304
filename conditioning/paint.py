"""The painter: a shot's keyframes, and the frames between them, from the world to finished pictures.

For measurements and other denoisers: ``list(FrameMaker(world, shot, rasterizer, seed, gamma).frames(range(a, b)))``
(``conditioning.frames``) is what is known of frames before they are painted, and ``paint_clip(frames, denoiser,
settings)`` paints them, keyframes first, as a film is painted. ``settings.guidance`` None paints each frame alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice, tee
from typing import Final, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from conditioning.codec import PictureEdit, Pixels, through
from conditioning.conditions import Conditions, Known
from conditioning.frames import Frame, FrameMaker
from conditioning.guidance import Consensus, Guidance, Source, agreed, around, consensus, light_of
from conditioning.job import InBetween, Keyframe, plan_keyframes
from conditioning.memory import Frame as SeenFrame
from conditioning.memory import Session
from conditioning.models.pocket.chart import chart
from conditioning.models.pocket.denoiser import Pocket
from conditioning.sampler import Predict, sample, sigmas_of
from conditioning.text import Said, after_dark, meaning
from render.correspondence import FrameGeometry, correspond_many
from render.files import bytes_from_display
from render.tables import tensor
from worldgen.conventions import F32, U8

Item = TypeVar("Item")

OTHER_WORDS: Final = 0.20
"""Difference of two pictures of a colour chart, in [-1, 1], at which a view painted to other words counts 1/e."""


class Denoiser(Protocol):
    """A model that paints. It works in latents or in pictures: its own affair."""

    @property
    def together(self) -> int:
        """Frames that it paints at once, at most."""
        ...

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """Pictures (N, 3, H, W) float32 of exactly these frames, in their order, in about [-1, 1], sRGB-encoded.

        steps: of sampling. edit: is given the clean prediction of every step, as pictures of all frames; the step goes
        on from what it returns, so that an edit of the last step is in the result
        (``with edited(scheduler, through(codec, edit))``, in ``conditioning.sampler`` and ``conditioning.codec``).
        The same call gives the same pictures.
        """
        ...


@dataclass(frozen=True)
class PaintSettings:
    """What painting may be told.

    steps: of the sampler; pocket scores best with one (see its model card). guidance: None paints each frame alone.
    """

    steps: int = 1
    guidance: Guidance | None = field(default_factory=Guidance)


class PocketDenoiser:
    """Pocket, frame by frame."""

    together = 1

    def __init__(self, model: Pocket) -> None:
        self.model = model
        self._charts: dict[Said, Tensor] = {}

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """The pictures of ``frames``."""
        known = conditions.known
        shown = None if known is None else torch.cat([known.pictures, known.share], dim=1)
        words = [meaning(after_dark(frame.said) if frame.dark else frame.said) for frame in frames]
        # What others show is in the words' look already, which the network would lay over it once more.
        told = [
            self.model.prepared(frame.told, said, None if shown is None or said.any() else shown[k])
            for k, (frame, said) in enumerate(zip(frames, words, strict=True))
        ]

        def predict(x: Tensor, sigma: float) -> Tensor:
            return torch.stack([self.model.clean(x[k], sigma, told[k]) for k in range(len(told))])

        if steps == 1:  # which reads no noise, and drawing it takes its time
            nothing = torch.zeros(len(frames), *frames[0].light.shape)
            return sample(predict, nothing, sigmas_of(1), through(Pixels(), edit))
        return sampled(predict, frames, steps, edit)

    def alike(self, one: Said, other: Said) -> float:
        """How far two prompts ask for the same picture, 0 to 1: what each of them does to a colour chart says so."""
        if one == other:
            return 1.0
        change = (self._charted(one) - self._charted(other)).square().mean().sqrt()
        return round(float(torch.exp(-((change / OTHER_WORDS) ** 2))), 3)

    def _charted(self, said: Said) -> Tensor:
        """(3, H, W) what the chart looks like in the model's first picture of it."""
        if said not in self._charts:
            told = self.model.prepared(chart(), meaning(said))
            self._charts[said] = self.model.clean(torch.zeros(3, *chart().proxy.shape[1:]), 1.0, told)
        return self._charts[said]


def sampled(predict: Predict, frames: Sequence[Frame], steps: int, edit: PictureEdit) -> Tensor:
    """Pictures (N, 3, H, W) of a model that predicts pictures themselves, from the frames' own noise."""
    noise = torch.stack([frame.noise for frame in frames])
    return sample(predict, noise, sigmas_of(steps), through(Pixels(), edit))


Telling = Callable[[Sequence[Frame]], Conditions]
"""What a model is told about frames that it paints together, besides what is known of them already."""


def untold(frames: Sequence[Frame]) -> Conditions:
    """Nothing but what the frames themselves say."""
    return Conditions()


def paint(
    frames: Sequence[Frame],
    denoiser: Denoiser,
    settings: PaintSettings,
    sources: Sequence[Sequence[Source]],
    conditions: Conditions | None = None,
) -> F32:
    """Pictures (N, H, W, 3) in [0, 1], sRGB-encoded, of frames painted together.

    sources: what each of them may take from; without guidance, nothing is. conditions: besides what is known, which
    is what the sources agree on.
    """
    guidance = settings.guidance or Guidance(strength=0.0)
    wanted = [consensus(light_of(frame.light), views) for frame, views in zip(frames, sources, strict=True)]
    changed = torch.stack(
        [torch.zeros_like(f.light[:1]) if w is None else w.share.sign() for f, w in zip(frames, wanted, strict=True)]
    )

    def edit(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        if not guidance.release <= sigma <= guidance.begin or guidance.strength <= 0 or not changed.any():
            return pictures, changed
        moved = [agreed(mine, there, guidance.strength) for mine, there in zip(pictures, wanted, strict=True)]
        return torch.stack(moved), changed

    held = guidance.strength > 0 and guidance.release <= 1.0  # released before the first step, a film is left alone
    told = replace(conditions or Conditions(), known=known_of(frames, wanted) if held else None)
    painted = denoiser.paint(frames, told, settings.steps, edit)
    return (painted.clamp(-1, 1).permute(0, 2, 3, 1).cpu().numpy() * 0.5 + 0.5).astype(np.float32)


def known_of(frames: Sequence[Frame], wanted: Sequence[Consensus | None]) -> Known | None:
    """What the sources of the frames show of them, as a model takes it in; None where they show nothing at all."""
    if not any(there is not None and there.share.any() for there in wanted):
        return None
    pictures, shares = [], []
    for frame, there in zip(frames, wanted, strict=True):
        share = torch.zeros_like(frame.light[:1]) if there is None else there.share
        shares.append(share)
        pictures.append(torch.zeros_like(frame.light) if there is None else there.picture.clamp(-1, 1) * (share > 0))
    return Known(torch.stack(pictures), torch.stack(shares))


@dataclass(frozen=True)
class Anchor:
    """A painted keyframe, ready for others to take from. picture, light: as a ``Source`` has them. said: its words."""

    frame: int
    geometry: FrameGeometry
    picture: Tensor
    light: Tensor
    said: Said = ()

    @staticmethod
    def of(key: Keyframe, geometry: FrameGeometry, said: Said = ()) -> Anchor:
        """Anchor the others to ``key``, whose surfaces are where ``geometry`` says."""
        return Anchor(key.frame, geometry, _tensor(key.picture), light_of(_tensor(key.light)), said)


Alike = Callable[[Said, Said], float]
"""How far two prompts ask a model for the same picture, 0 to 1."""


def deaf(one: Said, other: Said) -> float:
    """The ``Alike`` of a model that paints the same whatever is said."""
    return 1.0


def taken(frame: Frame, anchors: Sequence[Anchor], alike: Alike = deaf) -> list[Source]:
    """What a frame takes from the keyframes on both sides of it, or from the only one there is."""
    near = dict(around(frame.index, [anchor.frame for anchor in anchors]))
    used = [anchor for anchor in anchors if anchor.frame in near]
    found = correspond_many(frame.geometry, [anchor.geometry for anchor in used])
    return [
        Source(a.picture, a.light, m.numpy(), near[a.frame], alike(frame.said, a.said))
        for a, m in zip(used, found, strict=True)
    ]


def paint_clip(
    frames: Sequence[Frame],
    denoiser: Denoiser,
    settings: PaintSettings,
    telling: Telling = untold,
    alike: Alike = deaf,
) -> F32:
    """Pictures (N, H, W, 3) in [0, 1], sRGB-encoded, of consecutive frames of one shot."""
    anchors: list[Anchor] = []
    pictures: dict[int, F32] = {}
    every = settings.guidance.every if settings.guidance else 0
    for k in plan_keyframes(0, len(frames), every) if every else ():
        known = [taken(frames[k], anchors[-1:], alike)]
        pictures[k] = paint([frames[k]], denoiser, settings, known, telling([frames[k]]))[0]
        anchors.append(Anchor.of(_kept(frames[k], pictures[k]), frames[k].geometry, frames[k].said))
    rest = [k for k in range(len(frames)) if k not in pictures]
    for some in _batches(rest, denoiser.together):
        chosen = [frames[k] for k in some]
        known = [taken(frame, anchors, alike) for frame in chosen]
        pictures |= zip(some, paint(chosen, denoiser, settings, known, telling(chosen)), strict=True)
    return np.stack([pictures[k] for k in range(len(frames))])


Remembering = Callable[[Sequence[str] | None], AbstractContextManager[Session]]
"""Opens the memory for one job: None for one that begins, the views it may read for one that goes on."""


class ShotPainter:
    """Paints one shot for a job. remembering: None neither reads nor writes a memory. alike: as the denoiser hears."""

    def __init__(
        self,
        maker: FrameMaker,
        denoiser: Denoiser,
        settings: PaintSettings,
        remembering: Remembering | None = None,
        telling: Telling = untold,
        alike: Alike = deaf,
    ) -> None:
        self._maker, self._denoiser, self._settings, self._remembering = maker, denoiser, settings, remembering
        self._telling, self._alike = telling, alike

    def keyframes(self, frames: Sequence[int], before: Keyframe | None) -> Generator[Keyframe, None, None]:
        """Paint keyframes, each after the one before it and after what the memory knows."""
        anchors = [] if before is None else [self._anchor(before)]
        opened = self._remembering(None if before is None else before.views) if self._remembering else nullcontext()
        with opened as session:
            for frame in self._maker.frames(frames):
                known = taken(frame, anchors, self._alike)
                light = frame.told.proxy.transpose(1, 2, 0) * 0.5 + 0.5
                seen = SeenFrame(frame.snapshot, frame.geometry, frame.gbuffer, light, frame.said)
                alike = partial(self._alike, frame.said)
                if session is not None:
                    found = session.recalled(session.chosen([seen], alike=alike), seen)
                    known += [Source(o.picture, light_of(o.light), o.seen, alike=alike(o.said)) for o in found]
                key = _kept(frame, paint([frame], self._denoiser, self._settings, [known], self._telling([frame]))[0])
                if session is not None:
                    session.remember(self._maker.shot.name, frame.index, seen, key.picture, alike)
                    key = replace(key, views=session.live)
                anchors = [Anchor.of(key, frame.geometry, frame.said)]
                yield key
                if session is not None:
                    session.settle()

    def paint(self, windows: Iterable[InBetween]) -> Generator[F32, None, None]:
        """Paint the frames of each window, which take from its keyframes; those of the next are made ahead."""
        ahead, windows = tee(windows)
        made = self._maker.frames(frame for frames, _ in ahead for frame in frames)
        for frames, keys in windows:
            anchors = [self._anchor(key) for key in keys]
            painted = []
            for some in _batches(islice(made, len(frames)), self._denoiser.together):
                known = [taken(frame, anchors, self._alike) for frame in some]
                painted.append(paint(some, self._denoiser, self._settings, known, self._telling(some)))
            yield np.concatenate(painted)

    def _anchor(self, key: Keyframe) -> Anchor:
        return Anchor.of(key, self._maker.geometry(key.frame), self._maker.said(key.frame))


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _kept(frame: Frame, picture: F32) -> Keyframe:
    """A painted frame as it is kept: in bytes, so that one read from disk is the same."""
    return Keyframe(frame.index, bytes_from_display(picture), _proxy(frame))


def _proxy(frame: Frame) -> U8:
    return bytes_from_display(frame.told.proxy.transpose(1, 2, 0) * 0.5 + 0.5)


def _tensor(picture: U8) -> Tensor:
    """(3, H, W) in [-1, 1] of (H, W, 3)."""
    return tensor(picture).permute(2, 0, 1).float() / 127.5 - 1.0
