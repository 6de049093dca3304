"""Latents and pictures: an edit that is said in pictures, made in whatever space a model works in.

Pixel models work in pictures. Latent models are edited by a round trip: decode, edit, and add to the latents the
difference between the encodings of the edited and of the unedited pictures. The autoencoder's own error cancels, and
where nothing was edited the latents stay as they are, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from conditioning.sampler import Edit

PictureEdit = Callable[[Tensor, float], tuple[Tensor, Tensor]]
"""(pictures (N, 3, H, W) in [-1, 1], sigma) to the pictures as they should be, and (N, 1, H, W) where they changed."""


class Codec(Protocol):
    """Between the latents of one window and its frames."""

    def decode(self, latents: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in about [-1, 1], float32."""
        ...

    def encode(self, pictures: Tensor) -> Tensor:
        """Latents of pictures (N, 3, H, W), without any randomness; shaped as what ``decode`` takes, float32."""
        ...

    def cells(self, changed: Tensor) -> Tensor:
        """Which latents may change, 0 to 1, broadcast over channels, from ``changed`` (N, 1, H, W) of pictures."""
        ...


class Pixels:
    """The codec of a model that paints pictures themselves."""

    def decode(self, latents: Tensor) -> Tensor:
        return latents

    def encode(self, pictures: Tensor) -> Tensor:
        return pictures

    def cells(self, changed: Tensor) -> Tensor:
        return changed


@dataclass(frozen=True)
class FrameLatents:
    """A latent for every frame: (N, c, h, w) of diffusers' ``AutoencoderKL`` and its kind."""

    vae: Any

    def decode(self, latents: Tensor) -> Tensor:
        scale, shift = self._norm
        with torch.inference_mode():
            return self.vae.decode((latents / scale + shift).to(self.vae.dtype)).sample.float()

    def encode(self, pictures: Tensor) -> Tensor:
        scale, shift = self._norm
        with torch.inference_mode():
            return (self.vae.encode(pictures.to(self.vae.dtype)).latent_dist.mode().float() - shift) * scale

    def cells(self, changed: Tensor) -> Tensor:
        return F.max_pool2d(changed, 2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def _norm(self) -> tuple[float, float]:
        return self.vae.config.scaling_factor, self.vae.config.shift_factor or 0.0


@dataclass(frozen=True)
class VideoLatents:
    """Latents (1, c, 1 + (N - 1) / 4, h, w) of ``AutoencoderKLWan`` and its kind: the first is frame 0 alone.

    Each later one stands for four frames, so it may change only where all four did.
    """

    vae: Any

    def decode(self, latents: Tensor) -> Tensor:
        mean, std = self._norm(latents)
        with torch.inference_mode():
            film = self.vae.decode((latents * std + mean).to(self.vae.dtype)).sample.float()
        return film[0].transpose(0, 1)

    def encode(self, pictures: Tensor) -> Tensor:
        mean, std = self._norm(pictures)
        with torch.inference_mode():
            film = pictures.transpose(0, 1)[None].to(self.vae.dtype)
            return (self.vae.encode(film).latent_dist.mode().float() - mean) / std

    def cells(self, changed: Tensor) -> Tensor:
        return folded(changed, self.vae.config.scale_factor_spatial, self.vae.config.scale_factor_temporal)

    def _norm(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Where the latents are: the autoencoder itself may be elsewhere until it is called (offloading)."""
        config = self.vae.config
        mean, std = (torch.tensor(v).view(1, -1, 1, 1, 1) for v in (config.latents_mean, config.latents_std))
        return mean.to(like.device), std.to(like.device)


def folded(changed: Tensor, space: int, time: int) -> Tensor:
    """(1, 1, 1 + (N - 1) / time, h, w): which latents may change, of ``changed`` (N, 1, H, W).

    The first latent stands for frame 0, each later one for ``time`` frames, and may change only where all of them did.
    """
    cells = F.max_pool2d(changed, space)
    later = cells[1:].reshape(-1, time, *cells.shape[1:]).amin(1)
    return torch.cat([cells[:1], later]).transpose(0, 1)[None]


def through(codec: Codec, edit: PictureEdit) -> Edit:
    """The edit of latents that does to their pictures what ``edit`` does."""
    if isinstance(codec, Pixels):
        return lambda x0, sigma: edit(x0, sigma)[0]

    def edited(latents: Tensor, sigma: float) -> Tensor:
        before = codec.decode(latents)
        shown = before.cpu()  # where all that is known of the world lies
        after, changed = edit(shown, sigma)
        if after is shown:
            return latents
        moved = codec.encode(after.to(latents.device)) - codec.encode(before)
        return latents + codec.cells(changed.to(latents.device)) * moved

    return edited
