"""The network of pocket: a conditional flow-matching U-Net that predicts the picture as a residual over the proxy.

Flow matching (Lipman et al. 2023; Liu et al. 2023): ``x_t = (1 - t) x_0 + t noise``; the network is asked for ``x_0``
and velocity follows as ``(x_t - x_0) / t``. U-Net after Ronneberger et al. 2015 on pixel-unshuffled pictures; the light
of the scene, the time and the words of the prompt enter by FiLM (Perez et al. 2018). Where on its surface a pixel lies
enters as Fourier features (Tancik et al. 2020), so that what is invented there stays there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
        power = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.float32).square() / x.shape[1]
        return x * torch.rsqrt(power + 1e-6).to(x.dtype) * self.weight[:, None, None]


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
        h = torch.addcmul(shift, self.conv1(self.norm(x)), 1 + scale)
        return x + self.conv2(F.silu(h))


WAVES = (1, 2, 4)  # each twice the one before
"""Periods of the surface's Fourier features in one tile of its texture."""


def surface_waves(uv: Tensor) -> Tensor:
    """(N, 4 W, H, W) sines and cosines of ``uv (N, 2, H, W)`` (tiles), fading where a pixel spans half a period."""

    def steps(axis: int) -> Tensor:  # how far it is to the next pixel; uv may be given modulo any whole number
        across = uv.diff(dim=axis, append=uv.narrow(axis, -1, 1))
        return (across - across.round()).square().sum(1, keepdim=True)

    spans = torch.maximum(steps(-1), steps(-2)).sqrt()
    sine, cosine = torch.sin(2 * math.pi * uv), torch.cos(2 * math.pi * uv)
    waves = []
    for k in WAVES:
        fade = (1.0 - 2.0 * k * spans).clamp(0.0, 1.0)
        waves += [fade * sine, fade * cosine]
        sine, cosine = 2.0 * sine * cosine, 1.0 - 2.0 * sine.square()  # of twice the angle
    return torch.cat(waves, dim=1)


class Grade(nn.Module):
    """How words print a picture: a cubic of each pixel's colour, and what the maps say of it, with the words' weights.

    It knows no neighbours. A film stock, a palette, the dark of night, snow on what faces up and fog over what is far
    are all but this; what needs neighbours (outlines, brush strokes) the U-Net draws. No words leave every bit alone.
    """

    colours = 14

    def __init__(self, words: int, maps: int, hidden: int = 192) -> None:
        super().__init__()
        self.listen = nn.Linear(words, hidden, bias=False)
        self.weigh = nn.Linear(hidden, 3 * (self.colours + 2 * maps), bias=False)
        nn.init.zeros_(self.weigh.weight)

    def weights(self, words: Tensor) -> Tensor:
        """(N, 3, F) what these words (N, W) make of the features of a pixel."""
        loud = words * math.sqrt(words.shape[1])  # a unit vector of many numbers has small ones
        return self.weigh(F.silu(self.listen(loud))).float().view(len(words), 3, -1)

    def forward(self, picture: Tensor, maps: Tensor, words: Tensor, clear: Tensor | None = None) -> Tensor:
        """(N, 3, H, W) of ``picture`` (N, 3, H, W). maps: (N, M, H, W). words: (N, W). clear: (N, 1, H, W) how much of
        what the maps tell of is seen.
        """
        count = maps.shape[1]
        of_colour, of_maps, of_lit = torch.split(self.weights(words), [self.colours, count, count], dim=2)
        with torch.autocast(picture.device.type, enabled=False):  # a curve in few bits would show bands
            picture, maps = picture.float(), maps.float()
            change = torch.einsum("nkm,nmhw->nkhw", of_maps, maps)
            change = change + torch.einsum("nkm,nmhw->nkhw", of_lit, maps) * picture.mean(1, keepdim=True)
            if clear is not None:
                change = change * clear.float()
            return picture + (torch.einsum("nkt,nthw->nkhw", of_colour, colours(picture)) + change)


def colours(picture: Tensor) -> Tensor:
    """(N, 14, H, W) what a cubic of colour is made of: 1, the colour, its products, and grey's cube and square."""
    grey = picture.mean(1, keepdim=True)
    products = [picture[:, i:] * picture[:, i : i + 1] for i in range(3)]
    return torch.cat([torch.ones_like(grey), picture, *products, grey**3, grey * grey * picture], dim=1)


class PocketUNet(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """x_t and what is known of the frame in; the clean picture out, as ``proxy + residual``.

    maps: number of condition channels (``conditioning.controls.MAPS``). light: numbers that describe the scene's
    light. words: of the prompt's embedding. kinds: names of the kinds of material it knows; number 0 is any other.
    channels: width of each level; level 0 works at half resolution. blocks: residual blocks a level. condition: width
    of what steers them.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        maps: int,
        light: int,
        words: int,
        kinds: Sequence[str],
        channels: Sequence[int] = (32, 64, 128, 192),
        blocks: Sequence[int] = (1, 2, 2, 2),
        condition: int = 128,
    ) -> None:
        super().__init__()
        self.clock = nn.Linear(32 + light, condition)
        self.hear = nn.Linear(words, condition, bias=False)
        self.embed = nn.Sequential(nn.SiLU(), nn.Linear(condition, condition), nn.SiLU())
        self.material = nn.Embedding(1 + len(kinds), 8)
        self._planes = (3, maps, 4)  # of the noisy picture, of the maps, of what other frames show
        self.head = nn.Conv2d(4 * sum(self._planes) + 8 + 4 * len(WAVES), channels[0], 3, padding=1)
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
        self.grade = Grade(words, maps)
        self.norm = ChannelNorm(channels[0])
        self.tail = nn.Conv2d(channels[0], 12, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        assert self.tail.bias is not None
        nn.init.zeros_(self.tail.bias)

    def forward(
        self,
        x: Tensor | None,
        t: Tensor,
        maps: Tensor,
        light: Tensor,
        proxy: Tensor,
        words: Tensor | None = None,
        history: Tensor | None = None,
        kind: Tensor | None = None,
        uv: Tensor | None = None,
        clear: Tensor | None = None,
    ) -> Tensor:
        """The clean picture (N, 3, H, W) in [-1, 1]. Any H and W; the input is padded to a multiple of 16 inside.

        x: (N, 3, H, W) noisy picture, None for zeros. t: (N,) flow time, 1 = noise. maps: (N, M, H, W). light: (N, L).
        proxy: (N, 3, H, W) in [-1, 1]. What follows may be None: words: (N, W) embedding of the prompt, zeros for no
        prompt. history: (N, 4, H, W), the same surfaces as other frames show them, in [-1, 1], 0 where none does, and
        how far that is known, 0 to 1. kind: (N, H, W) uint8, what each pixel is made of: 1 + its place in ``kinds``.
        uv: (N, 2, H, W) where on its surface, in tiles of its texture. clear: (N, 1, H, W) share of what is seen that
        comes through fog, None where there is none: what is added to surfaces is seen through it too.
        """
        height, width = maps.shape[-2:]
        pad = (0, -width % 16, 0, -height % 16)
        frequencies = torch.exp(torch.arange(16, device=t.device) * (-math.log(1000.0) / 15)).to(t.dtype) * 1000.0
        angles = t[:, None] * frequencies
        clock = self.clock(torch.cat([angles.sin(), angles.cos(), light], dim=1).to(maps.dtype))
        condition = self.embed(clock if words is None else clock + self.hear(words.to(maps.dtype)))
        h = self._seen((x, maps, history), (kind, uv), pad)
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
        picture = proxy + (residual if clear is None else residual * clear)
        return picture if words is None else self.grade(picture, maps, words, clear)

    def _seen(
        self, pictures: Sequence[Tensor | None], surfaces: tuple[Tensor | None, Tensor | None], pad: tuple[int, ...]
    ) -> Tensor:
        """What ``head`` makes of pixel-unshuffled pictures, and of what surfaces are made of and where on them.

        Summed from its parts: what is not there costs nothing, and nothing is unshuffled.
        """
        (kind, uv), weight = surfaces, self.head.weight
        shares = [*(4 * n for n in self._planes), self.material.embedding_dim, 4 * len(WAVES)]
        *fine, made_of, where = torch.split(weight, shares, dim=1)
        terms = [
            F.conv2d(_padded(planes, pad), stretched(kernel), stride=2, padding=2)
            for planes, kernel in zip(pictures, fine, strict=True)
            if planes is not None
        ]
        if kind is not None:
            terms.append(F.conv2d(_halved(self.material(kind.long()).permute(0, 3, 1, 2), pad), made_of, padding=1))
        if uv is not None:
            waves = surface_waves(uv.float()).to(weight.dtype, memory_format=torch.channels_last)
            terms.append(F.conv2d(_halved(waves, pad), where, padding=1))
        return sum(terms[1:], terms[0]) + cast(Tensor, self.head.bias)[:, None, None]


def stretched(kernel: Tensor) -> Tensor:
    """The kernel (O, C, 2 K, 2 K) that, by steps of 2, does to a picture what (O, 4 C, K, K) does to it unshuffled."""
    outer, size = kernel.shape[0], kernel.shape[-1]
    apart = kernel.view(outer, -1, 2, 2, size, size).permute(0, 1, 4, 2, 5, 3)
    return apart.reshape(outer, -1, 2 * size, 2 * size).contiguous(memory_format=torch.channels_last)


def _padded(picture: Tensor, pad: tuple[int, ...]) -> Tensor:
    return F.pad(picture, pad, mode="replicate") if any(pad) else picture


def _halved(picture: Tensor, pad: tuple[int, ...]) -> Tensor:
    return F.avg_pool2d(_padded(picture, pad), 2)


def grown(older: Mapping[str, Tensor], network: PocketUNet) -> dict[str, Tensor]:
    """The weights of ``network``, with those of an ``older`` one that was told less: it begins by painting as that did.

    What the older network was not told gets zeros, and is learned.
    """
    result = {name: value.clone() for name, value in network.state_dict().items()}
    renamed = {"embed.0": "clock", "embed.2": "embed.1"} if "embed.2.weight" in older else {}
    for name, value in older.items():
        stem, last = name.rsplit(".", 1)
        mine = result[f"{renamed.get(stem, stem)}.{last}"]
        mine.zero_()
        mine[tuple(slice(n) for n in value.shape)] = value.to(mine.dtype)
    if "hear.weight" not in older:
        result["hear.weight"].zero_()
    return result
