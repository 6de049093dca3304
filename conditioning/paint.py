"""The painter: windows of a shot, from the world to finished frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from conditioning.controls import Controls, controls
from conditioning.guidance import Guidance, Source, agreed, anchors_of, source
from conditioning.job import Carry, Window
from conditioning.models.pocket.denoiser import FOLDER, Pocket
from conditioning.noise import blended_noise, gaussian, world_noise
from conditioning.sampler import sample, sigmas_of
from render.correspondence import FrameGeometry, correspond
from render.raster import Rasterizer
from render.shade import Shader
from worldgen.conventions import F32, seed_from
from worldgen.world import Shot, World


@dataclass(frozen=True)
class PaintSettings:
    """What the painter may be told. steps: of the sampler. guidance: None paints each frame alone, with its own noise.

    gamma: share of each frame's noise that is its own rather than the world's.
    """

    steps: int = 2
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
        self._shader = Shader(world, rasterizer)
        self._model = Pocket(settings.weights)

    def paint(self, window: Window, carry: Carry | None) -> tuple[F32, Carry]:
        """Frames (n, H, W, 3) sRGB-encoded in [0, 1], and the carry of the next window."""
        frames = [self.frame(k) for k in range(window.start, window.stop)]
        conditions = [self._model.prepared(frame.told) for frame in frames]
        guidance = self.settings.guidance
        before, known = self._carried(window, carry) if guidance else ([], [])
        sources = self._sources(window, before + frames, len(before)) if guidance else []

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
        return pictures, {"picture": painted[-1].numpy(), "frame": np.array(window.stop - 1)}

    def frame(self, index: int) -> Frame:
        """Everything about frame ``index`` of the shot that does not depend on other frames."""
        snapshot, camera = self.world.at(self.shot.time(index)), self.shot.track[index]
        shading = self._shader.shade(snapshot, camera)
        shape = (3, camera.height, camera.width)
        own = seed_from(self.settings.seed, self.shot.name, index)
        alone = gaussian(np.arange(camera.height * camera.width, dtype=np.uint64), own, 3).reshape(shape)
        noise = alone
        if self.settings.guidance is not None:
            anchored = world_noise(snapshot, camera, shading.gbuffer, self.settings.seed)
            noise = blended_noise(anchored, alone, self.settings.gamma)
        told = controls(shading, camera)
        return Frame(told, FrameGeometry.of(snapshot, camera, shading.gbuffer), torch.from_numpy(noise))

    def _carried(self, window: Window, carry: Carry | None) -> tuple[list[Frame], list[Tensor]]:
        """The frame before the window and its finished picture (1, 3, H, W), where there is one."""
        if carry is None:
            return [], []
        return [self.frame(int(carry["frame"]))], [torch.from_numpy(carry["picture"])[None]]

    def _sources(self, window: Window, frames: list[Frame], before: int) -> list[list[Source]]:
        """For each frame of the window, the anchors on both sides of it (``frames`` begins with those before it)."""
        assert self.settings.guidance is not None
        first = window.start - before
        anchors = list(anchors_of(window.start, window.stop, self.settings.guidance.every))
        anchors = [window.start - 1] * before + anchors
        if not before:
            anchors = sorted({window.start, *anchors})
        proxies = [torch.from_numpy(frame.told.proxy) for frame in frames]
        sources = []
        for index in range(window.start, window.stop):
            views = []
            for anchor, near in _around(index, anchors):
                i, j = index - first, anchor - first
                seen = correspond(frames[i].geometry, frames[j].geometry)
                views.append(source(j, seen, near, proxies[i], proxies[j]))
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
