"""The painter: windows of a shot, from the world to finished frames."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from conditioning.controls import Controls, controls
from conditioning.guidance import Guidance, Source, agreed, anchors_of, light_of, source
from conditioning.job import Carry, Window
from conditioning.models.pocket.denoiser import FOLDER, Pocket
from conditioning.noise import blended_noise, gaussian, world_noise
from conditioning.sampler import sample, sigmas_of
from render.correspondence import FrameGeometry, correspond
from render.raster import Rasterizer
from render.shade import Drawn, Shader
from worldgen.conventions import F32, seed_from
from worldgen.world import Shot, World

AT_ONCE: Final = 2
"""Frames lit side by side; what a frame needs while it is lit is a few hundred bytes a pixel."""


@dataclass(frozen=True)
class PaintSettings:
    """What the painter may be told.

    steps: of the sampler; pocket scores best with one (see its model card). guidance: None paints each frame alone,
    with its own noise. gamma: share of each frame's noise that is its own rather than the world's.
    """

    steps: int = 1
    guidance: Guidance | None = field(default_factory=Guidance)
    seed: int = 0
    gamma: float = 0.0
    weights: Path = FOLDER


@dataclass(frozen=True)
class Frame:
    """One frame ready to be painted: what the denoiser is told, where its surfaces are, and its starting noise."""

    told: Controls
    geometry: FrameGeometry
    noise: Tensor


class PocketPainter:
    """Paints windows of one shot with pocket. The carry is the last frame of the window before, as it was painted."""

    def __init__(self, world: World, shot: Shot, settings: PaintSettings, rasterizer: Rasterizer) -> None:
        self.world, self.shot, self.settings = world, shot, settings
        self._shader = Shader.of(world, shot, rasterizer, AT_ONCE)
        self._model = Pocket(settings.weights)
        self._last: tuple[int, Frame] | None = None  # saves making it again for the next window; changes no picture

    def paint(self, window: Window, carry: Carry | None) -> tuple[F32, Carry]:
        """Frames (n, H, W, 3) sRGB-encoded in [0, 1], and the carry of the next window."""
        guidance = self.settings.guidance
        known = [torch.from_numpy(carry["picture"])[None]] if guidance and carry else []
        first = window.start - len(known)
        kept = [self._last[1]] if known and self._last and self._last[0] == first else []
        frames = kept + self.frames(first + len(kept), window.stop)
        self._last = (window.stop - 1, frames[-1])
        sources = self._sources(window, frames) if guidance else []
        frames = frames[len(known) :]
        conditions = [self._model.prepared(frame.told) for frame in frames]

        def predict(x: Tensor, sigma: float) -> Tensor:
            return torch.stack([self._model.clean(x[k], sigma, conditions[k]) for k in range(len(frames))])

        def edit(x0: Tensor, sigma: float) -> Tensor:
            if guidance is None or sigma < guidance.release:
                return x0
            views = torch.cat([*known, x0]) if known else x0
            return torch.stack([agreed(x0[k], views, sources[k], guidance) for k in range(len(x0))])

        noise = torch.stack([frame.noise for frame in frames])
        painted = sample(predict, noise, sigmas_of(self.settings.steps), edit if guidance else None).clamp(-1, 1)
        pictures = (painted.permute(0, 2, 3, 1).numpy() * 0.5 + 0.5).astype(np.float32)
        return pictures, {"picture": painted[-1].numpy()}

    def frames(self, start: int, stop: int) -> list[Frame]:
        """Everything about frames ``start`` to ``stop - 1`` of the shot that does not depend on the others."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="frames") as pool:
            waiting: list[Future[Frame]] = []
            for index in range(start, stop):
                if len(waiting) > AT_ONCE:
                    waiting[-1 - AT_ONCE].result()  # drawn frames are large: only a few may wait for light
                waiting.append(pool.submit(self._lit, index, self._drawn(index)))
            return [frame.result() for frame in waiting]

    def _drawn(self, index: int) -> Drawn:
        return self._shader.draw(self.world.at(self.shot.time(index)), self.shot.track[index])

    def _lit(self, index: int, drawn: Drawn) -> Frame:
        snapshot, camera = drawn.snapshot, drawn.camera
        shading = self._shader.light(drawn)
        shape = (3, camera.height, camera.width)
        own = seed_from(self.settings.seed, self.shot.name, index)
        alone = gaussian(np.arange(camera.height * camera.width, dtype=np.uint64), own, 3).reshape(shape)
        noise = alone
        if self.settings.guidance is not None:
            anchored = world_noise(snapshot, camera, shading.gbuffer, self.settings.seed)
            noise = blended_noise(anchored, alone, self.settings.gamma)
        told = controls(shading, camera)
        return Frame(told, FrameGeometry.of(snapshot, camera, shading.gbuffer), torch.from_numpy(noise))

    def _sources(self, window: Window, frames: list[Frame]) -> list[list[Source]]:
        """For each frame of the window, the anchors on both sides of it (``frames`` may begin with the one before)."""
        assert self.settings.guidance is not None
        before = len(frames) - len(window)
        first = window.start - before
        anchors = list(anchors_of(window.start, window.stop, self.settings.guidance.every))
        anchors = [window.start - 1] * before + anchors
        if not before:
            anchors = sorted({window.start, *anchors})
        lights = [light_of(torch.from_numpy(frame.told.proxy)) for frame in frames]
        sources = []
        for index in range(window.start, window.stop):
            views = []
            for anchor, near in _around(index, anchors):
                i, j = index - first, anchor - first
                seen = correspond(frames[i].geometry, frames[j].geometry)
                views.append(source(j, seen, near, lights[i], lights[j]))
            sources.append(views)
        return sources


def _around(index: int, anchors: list[int]) -> list[tuple[int, float]]:
    """The anchors before and after a frame, each with its share: 1 at the anchor, falling to 0 at the next one."""
    earlier = [a for a in anchors if a <= index]
    later = [a for a in anchors if a > index]
    if not earlier:
        return [(later[0], 1.0)]
    if not later or earlier[-1] == index:
        return [(earlier[-1], 1.0)]
    share = (index - earlier[-1]) / (later[0] - earlier[-1])
    return [(earlier[-1], 1.0 - share), (later[0], share)]
