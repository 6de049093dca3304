"""The painter of models that paint films: a shot in windows, each going on from the frames that the one before painted.

A window's first frames are known, to the pixel. Of the others, what earlier windows and the world's memory show of
their surfaces is carried along exact correspondence: models that can take known pixels are given them, and guidance
moves the clean prediction there. Inside a window the frames agree among themselves as well, as keyframes and the frames
between them do elsewhere: every few frames is an anchor; in each guided step the anchors take from what is known and
from the one before, and then every other frame from the anchors on both sides of it, as they are in that very step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final

import numpy as np
import torch
from torch import Tensor

from conditioning.codec import PictureEdit
from conditioning.conditions import Known
from conditioning.frames import Frame, FrameMaker
from conditioning.guidance import Consensus, Guidance, Source, agreed, around, consensus, light_of
from conditioning.job import Before, Painted, Window, plan_keyframes
from conditioning.memory import Frame as SeenFrame
from conditioning.memory import Session
from conditioning.paint import (
    Alike,
    Anchor,
    Denoiser,
    PaintSettings,
    Remembering,
    Telling,
    deaf,
    known_of,
    taken,
    untold,
)
from render.correspondence import Correspondence, correspond_many
from render.files import bytes_from_display
from worldgen.conventions import F32, U8

APART: Final = 8
"""Frames between the anchors of a window, and between frames that the memory is shown, at most."""


class FilmPainter:
    """Paints one shot for a job, ``overlap`` frames of a window being those that the one before painted last.

    remembering: None neither reads nor writes a memory. alike: how far the denoiser tells words apart.
    """

    def __init__(
        self,
        maker: FrameMaker,
        denoiser: Denoiser,
        settings: PaintSettings,
        overlap: int,
        remembering: Remembering | None = None,
        telling: Telling = untold,
        alike: Alike = deaf,
    ) -> None:
        self._maker, self._denoiser, self._settings, self._overlap = maker, denoiser, settings, overlap
        self._remembering, self._telling, self._alike = remembering, telling, alike

    def windows(self, windows: Sequence[Window], before: Before | None) -> Iterator[Painted]:
        """Paint windows, each after the one before it and after what the memory knows."""
        opened = self._remembering(None if before is None else before.views) if self._remembering else nullcontext()
        with opened as session:
            for window in windows:
                pictures = self._painted(window, before, session)
                views = session.live if session is not None else ()
                before = Before(self._last(before, pictures), views)
                yield Painted(window, pictures, views)
                if session is not None:
                    session.settle()

    def _last(self, before: Before | None, pictures: U8) -> U8:
        whole = pictures if before is None else np.concatenate([before.pictures, pictures])
        return whole[-self._overlap :]

    def _painted(self, window: Window, before: Before | None, session: Session | None) -> U8:
        """The pictures (n, H, W, 3) of one window."""
        earlier = len(before.pictures) if before is not None else 0
        frames = [_light(frame) for frame in self._maker.frames(range(window.start - earlier, window.stop))]
        there = torch.zeros(0, *frames[0].light.shape)
        if before is not None:
            there = torch.from_numpy(before.pictures).permute(0, 3, 1, 2).float() / 127.5 - 1.0
        guidance = self._settings.guidance
        remembered = [self._remembered(frame, session) for frame in frames[earlier:]]
        links = [] if guidance is None else _links(frames, earlier)
        known = None if guidance is None else self._known(frames, there, remembered)
        told = replace(self._telling(frames), known=_with(known, there, frames))
        edit = leave if guidance is None else _edit(frames, there, remembered, links, guidance)
        made = self._denoiser.paint(frames, told, self._settings.steps, edit)[earlier:]
        shown = made.clamp(-1, 1).permute(0, 2, 3, 1).cpu().numpy() * 0.5 + 0.5
        pictures = bytes_from_display(shown.astype(np.float32))
        if session is not None:
            for k in plan_keyframes(0, len(pictures), APART):
                seen, frame = _seen(frames[earlier + k]), frames[earlier + k]
                alike = partial(self._alike, frame.said)
                session.remember(self._maker.shot.name, frame.index, seen, pictures[k], alike)
        return pictures

    def _remembered(self, frame: Frame, session: Session | None) -> list[Source]:
        """What the memory shows of a frame, as one picture of it: several for each frame of a window would be many."""
        if session is None or self._settings.guidance is None:
            return []
        seen, alike = _seen(frame), partial(self._alike, frame.said)
        found = session.recalled(session.chosen([seen], alike=alike), seen)
        views = [Source(one.picture, light_of(one.light), one.seen, alike=alike(one.said)) for one in found]
        light = light_of(frame.light)
        there = consensus(light, views, sharpen=0.0)  # it is sharpened where it is used
        if there is None:
            return []
        share = there.share[0].numpy()
        here = Correspondence(_places(*share.shape), share > 0, share)
        return [Source(there.picture, light, here, detail=there.detail[0])]

    def _known(self, frames: Sequence[Frame], there: Tensor, remembered: Sequence[Sequence[Source]]) -> Known | None:
        """What finished pictures show of each frame: the last of those before the window, and the memory's."""
        wanted: list[Consensus | None] = [None] * len(there)
        last = frames[len(there) - 1] if len(there) else None
        anchors = [Anchor(last.index, last.geometry, there[-1], light_of(last.light), last.said)] if last else []
        for frame, found in zip(frames[len(there) :], remembered, strict=True):
            wanted.append(consensus(light_of(frame.light), [*taken(frame, anchors, self._alike), *found]))
        return known_of(frames, wanted)


@dataclass(frozen=True)
class Link:
    """Where the pixels of a frame lie in another of its window. other: its number there. near: as of a ``Source``."""

    other: int
    seen: Correspondence
    near: float


def _links(frames: Sequence[Frame], earlier: int) -> list[list[Link]]:
    """What each frame of a window takes from: an anchor from the one before it, others from those on both sides.

    The last frame before the window is an anchor too, and the anchors inside see it as well.
    """
    inner = [k for k in plan_keyframes(0, len(frames), APART) if k >= earlier]
    pins = [earlier - 1, *inner] if earlier else inner
    links = []
    for k, frame in enumerate(frames):
        if k in inner:
            near = [(pin, 1.0) for pin in sorted({pins[0], *pins[: pins.index(k)][-1:]}) if pin != k]
        else:
            near = [(pin, share) for pin, share in around(k, pins) if share > 0 and k >= earlier]
        seen = correspond_many(frame.geometry, [frames[pin].geometry for pin, _ in near])
        links.append([Link(pin, one.numpy(), share) for (pin, share), one in zip(near, seen, strict=True)])
    return links


def _edit(
    frames: Sequence[Frame],
    there: Tensor,
    remembered: Sequence[Sequence[Source]],
    links: Sequence[Sequence[Link]],
    guidance: Guidance,
) -> PictureEdit:
    """Frames move to what is known of them and of each other; those before the window, ``there``, stay as they were."""
    lights, earlier = [light_of(frame.light) for frame in frames], len(there)
    inner = [k for k in plan_keyframes(0, len(frames), APART) if k >= earlier]
    order = [*inner, *(k for k in range(earlier, len(frames)) if k not in inner)]

    def edit(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        if not guidance.release <= sigma <= guidance.begin or guidance.strength <= 0:
            return pictures, torch.zeros_like(pictures[:, :1])
        moved, changed = pictures.clone(), torch.zeros_like(pictures[:, :1])
        moved[:earlier], changed[:earlier] = there, 1.0
        for k in order:
            near = [Source(moved[link.other], lights[link.other], link.seen, link.near) for link in links[k]]
            wanted = consensus(lights[k], [*remembered[k - earlier], *near])
            if wanted is not None:
                moved[k] = agreed(pictures[k], wanted, guidance.strength)
                changed[k] = wanted.share.sign()
        return moved, changed

    return edit


def leave(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """No edit at all."""
    return pictures, torch.zeros_like(pictures[:, :1])


def _with(known: Known | None, there: Tensor, frames: Sequence[Frame]) -> Known | None:
    """``known``, with the frames before the window, which are known for certain."""
    if not len(there):
        return known
    pictures = torch.zeros(len(frames), *there.shape[1:]) if known is None else known.pictures.clone()
    share = torch.zeros_like(pictures[:, :1]) if known is None else known.share.clone()
    pictures[: len(there)], share[: len(there)] = there, 1.0
    return Known(pictures, share)


@lru_cache(maxsize=1)
def _places(height: int, width: int) -> F32:
    """(H, W, 2) the middle of each pixel."""
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
    return np.stack([xs, ys], axis=-1)


def _seen(frame: Frame) -> SeenFrame:
    light = frame.told.proxy.transpose(1, 2, 0) * 0.5 + 0.5
    return SeenFrame(frame.snapshot, frame.geometry, frame.gbuffer, light, frame.said)


def _light(frame: Frame) -> Frame:
    """``frame`` without its condition maps, by far its largest part, which only pocket reads."""
    return replace(frame, told=replace(frame.told, maps=frame.told.maps[:0].copy()))
