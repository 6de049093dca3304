"""The network of pocket: a conditional flow-matching U-Net that predicts the picture as a residual over the proxy.

Flow matching (Lipman et al. 2023; Liu et al. 2023): ``x_t = (1 - t) x_0 + t noise``; the network is asked for ``x_0``
and velocity follows as ``(x_t - x_0) / t``. U-Net after Ronneberger et al. 2015 on pixel-unshuffled pictures; the light
of the scene and the time enter by FiLM (Perez et al. 2018).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each pixel (no statistics over the picture, so tiles and sizes agree)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:  # (N, C, H, W)
        scale = torch.rsqrt(x.float().square().mean(1, keepdim=True) + 1e-6).to(x.dtype)
        return x * scale * self.weight[:, None, None]


class Block(nn.Module):
    """Two 3x3 convolutions around a FiLM, added to the input."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.film = nn.Linear(condition, 2 * channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:  # (N, C, H, W), (N, K)
        scale, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
        h = self.conv1(self.norm(x)) * (1 + scale) + shift
        return x + self.conv2(F.silu(h))


class PocketUNet(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """x_t, maps and light in; the clean picture out, as ``proxy + residual``.

    maps: number of condition channels (``conditioning.controls.MAPS``). light: numbers that describe the scene's
    light. channels: width of each level; level 0 works at half resolution. blocks: residual blocks a level.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        maps: int,
        light: int,
        channels: Sequence[int] = (32, 64, 128, 192),
        blocks: Sequence[int] = (1, 2, 2, 2),
        condition: int = 128,
    ) -> None:
        super().__init__()
        self.embed = nn.Sequential(
            nn.Linear(32 + light, condition), nn.SiLU(), nn.Linear(condition, condition), nn.SiLU()
        )
        self.head = nn.Conv2d(4 * (3 + maps), channels[0], 3, padding=1)
        pairs = list(pairwise(channels))
        self.down = nn.ModuleList(
            nn.ModuleList(Block(c, condition) for _ in range(n)) for c, n in zip(channels, blocks, strict=True)
        )
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairs)
        self.grow = nn.ModuleList(nn.Conv2d(b, 4 * a, 1) for a, b in pairs)
        self.up = nn.ModuleList(
            nn.ModuleList(Block(c, condition) for _ in range(n))
            for c, n in zip(channels[:-1], blocks[:-1], strict=True)
        )
        self.norm = ChannelNorm(channels[0])
        self.tail = nn.Conv2d(channels[0], 12, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        assert self.tail.bias is not None
        nn.init.zeros_(self.tail.bias)

    def forward(self, x: Tensor, t: Tensor, maps: Tensor, light: Tensor, proxy: Tensor) -> Tensor:
        """The clean picture (N, 3, H, W) in [-1, 1].

        x: (N, 3, H, W) noisy picture. t: (N,) flow time, 1 = noise. maps: (N, M, H, W). light: (N, L).
        proxy: (N, 3, H, W) in [-1, 1]. Any H and W; the input is padded to a multiple of 16 inside.
        """
        height, width = x.shape[-2:]
        pad = (0, -width % 16, 0, -height % 16)
        frequencies = torch.exp(torch.arange(16, device=x.device) * (-math.log(1000.0) / 15)).to(t.dtype) * 1000.0
        angles = t[:, None] * frequencies
        clock = torch.cat([angles.sin(), angles.cos(), light], dim=1).to(x.dtype)
        condition = self.embed(clock)
        h = F.pixel_unshuffle(F.pad(torch.cat([x, maps], dim=1), pad, mode="replicate"), 2)
        h = self.head(h)
        skips = []
        for level, stage in enumerate(self.down):
            for block in cast(nn.ModuleList, stage):
                h = block(h, condition)
            if level < len(self.shrink):
                skips.append(h)
                h = self.shrink[level](h)
        for level in reversed(range(len(self.up))):
            h = F.pixel_shuffle(self.grow[level](h), 2) + skips[level]
            for block in cast(nn.ModuleList, self.up[level]):
                h = block(h, condition)
        residual = F.pixel_shuffle(self.tail(F.silu(self.norm(h))), 2)[..., :height, :width]
        return proxy + residual
