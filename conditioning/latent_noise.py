"""The world's own starting noise at the resolution of latents: each surface point carries its noise there too.

Noise is drawn at the pixels (``conditioning.noise``) and pooled: the sum of the n pixels of a cell over the square root
of n has unit variance again, and changes little by little as a surface moves through the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from conditioning.conditions import Noise
from conditioning.noise import blended_noise, gaussian, world_noise
from render.raster import GBuffer
from worldgen.camera import Camera
from worldgen.conventions import seed_from
from worldgen.world import Snapshot

if TYPE_CHECKING:
    from conditioning.frames import Frame


def latent_noise(frames: Sequence[Frame], seed: int, gamma: float) -> Noise:
    """The noise of ``frames``. gamma: share of each frame's noise that is its own, not its surfaces', 0 to 1.

    Large models were trained on noise that is new in every frame; published shares for films are 0.2 to 0.7.
    """

    def made(channels: int, cell: int) -> Tensor:
        return torch.stack([pooled(_of_pixels(frame, seed, gamma, channels), cell) for frame in frames])

    return made


def pooled(noise: Tensor, cell: int) -> Tensor:
    """(C, H // cell, W // cell) of unit variance from white noise (C, H, W) of unit variance."""
    if min(noise.shape[1:]) < cell:  # no whole cell: padding brings its own noise
        return noise.new_zeros(noise.shape[0], noise.shape[1] // cell, noise.shape[2] // cell)
    return F.avg_pool2d(noise, cell) * cell


def in_time(noise: Tensor, stride: int) -> Tensor:
    """(1 + (N - 1) / stride, ...) of the noise of N frames: of the frame in the middle of those a latent stands for.

    The first latent stands for frame 0, each later one for ``stride`` frames. Averaged noise would be that of no frame.
    """
    later = [1 + stride * k + stride // 2 for k in range((len(noise) - 1) // stride)]
    return noise[[0, *later]]


def _of_pixels(frame: Frame, seed: int, gamma: float, channels: int) -> Tensor:
    return pixel_noise(frame.index, frame.snapshot, frame.geometry.camera, frame.gbuffer, seed, gamma, channels)


def pixel_noise(
    index: int, snapshot: Snapshot, camera: Camera, gbuffer: GBuffer, seed: int, gamma: float, channels: int
) -> Tensor:
    """(channels, H, W) the noise of frame ``index``, which ``camera`` sees as ``gbuffer``; ``gamma`` as above."""
    shape = (channels, camera.height, camera.width)
    own = seed_from(seed, "latent", index)
    noise = gaussian(np.arange(camera.height * camera.width, dtype=np.uint64), own, channels).reshape(shape)
    if gamma < 1:
        shared = world_noise(snapshot, camera, gbuffer, seed, channels)
        noise = blended_noise(shared, noise, gamma)
    return torch.from_numpy(noise)
