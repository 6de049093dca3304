"""What is known of a frame before it is painted: what the denoiser is told, where its surfaces are, its noise."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import torch
from torch import Tensor

from conditioning.controls import Controls, controls
from conditioning.noise import blended_noise, gaussian, world_noise
from conditioning.text import Said, said_at
from render.correspondence import FrameGeometry
from render.raster import GBuffer, Rasterizer
from render.shade import Drawn, Shader
from render.threads import side_by_side
from worldgen.camera import Camera
from worldgen.conventions import seed_from
from worldgen.world import Shot, Snapshot, World

AT_ONCE: Final = 2
"""Frames lit side by side; what a frame needs while it is lit is a few hundred bytes a pixel."""

DARK: Final = np.radians(-4.0)
"""Elevation of the sun below which it is night."""


@dataclass(frozen=True)
class Frame:
    """One frame ready to be painted: what the denoiser is told, where its surfaces are, and its starting noise.

    index: its number in the shot, from 0. grain: draws ``noise``, which not every model asks for. said: the shot's
    words at this moment. dark: whether it is night then, by the sun.
    """

    index: int
    snapshot: Snapshot
    told: Controls
    geometry: FrameGeometry
    gbuffer: GBuffer
    grain: Callable[[], Tensor]
    said: Said = ()
    dark: bool = False

    @property
    def light(self) -> Tensor:
        """(3, H, W) its proxy in [-1, 1]."""
        return torch.from_numpy(self.told.proxy)

    @property
    def noise(self) -> Tensor:
        """(3, H, W) standard normal, drawn anew at each look."""
        return self.grain()


class FrameMaker:
    """Makes the frames of one shot ready. gamma: share of each frame's noise that is its own, not its surfaces'."""

    def __init__(self, world: World, shot: Shot, rasterizer: Rasterizer, seed: int = 0, gamma: float = 0.0) -> None:
        self.world, self.shot, self.seed, self.gamma = world, shot, seed, gamma
        self.rasterizer = rasterizer
        self._shader = Shader.of(world, shot, rasterizer, AT_ONCE)

    def frames(self, indices: Iterable[int]) -> Iterator[Frame]:
        """The frames of these numbers, in order, some made ahead; no frame depends on which others are made."""
        self._shader.ready()  # while all cores are free for it
        with side_by_side(AT_ONCE, "frames") as pool:
            waiting: deque[Future[Frame]] = deque()
            for index in indices:
                waiting.append(pool.submit(self._lit, index, self._drawn(index)))
                if len(waiting) > AT_ONCE:  # drawn frames are large: only a few may wait for light
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def said(self, index: int) -> Said:
        """The shot's words at one frame."""
        return said_at(self.shot.prompts, float(index / self.shot.fps))

    def geometry(self, index: int) -> FrameGeometry:
        """Where the surfaces of one frame are, without its light."""
        snapshot, camera = self.world.at(self.shot.time(index)), self.shot.track[index]
        return FrameGeometry.of(snapshot, camera, self.rasterizer.rasterize(snapshot, camera))

    def _drawn(self, index: int) -> Drawn:
        return self._shader.draw(self.world.at(self.shot.time(index)), self.shot.track[index])

    def _lit(self, index: int, drawn: Drawn) -> Frame:
        snapshot, camera = drawn.snapshot, drawn.camera
        shading = self._shader.light(drawn)
        grain = partial(self._noise, index, snapshot, camera, shading.gbuffer)
        told, geometry = controls(shading, camera, snapshot), FrameGeometry.of(snapshot, camera, shading.gbuffer)
        dark = self.world.light(snapshot.time).sky.sun_elevation < DARK
        return Frame(index, snapshot, told, geometry, shading.gbuffer, grain, self.said(index), dark)

    def _noise(self, index: int, snapshot: Snapshot, camera: Camera, gbuffer: GBuffer) -> Tensor:
        own = seed_from(self.seed, self.shot.name, index)
        noise = gaussian(np.arange(camera.height * camera.width, dtype=np.uint64), own, 3)
        noise = noise.reshape(3, camera.height, camera.width)
        if self.gamma < 1:
            noise = blended_noise(world_noise(snapshot, camera, gbuffer, self.seed), noise, self.gamma)
        return torch.from_numpy(noise)
