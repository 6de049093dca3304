"""What the families of video models with a causal autoencoder have in common: words, noise in time, whole known frames.

Of a window's ``step n + 1`` frames the first latent stands for frame 0 alone and each later one for ``step`` frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from conditioning.conditions import Conditions, Control, Known
from conditioning.guidance import Guidance
from conditioning.latent_noise import in_time
from worldgen.conventions import seed_from

GUIDANCE: Final = Guidance(strength=0.8, every=0, begin=0.9, release=0.4)
"""Window after window. Early steps lay out the picture and late ones its detail; each guided step costs a decoding and
two encodings. Published schedules differ; none was tried with these weights."""

Words = Callable[[str, str], Mapping[str, Tensor]]
"""(prompt, negative prompt) to what the pipeline takes instead of them, by the names of its arguments."""


def spoken(pipe: Any, encode: Words) -> Words:
    """``encode``, asked once for the same words, and its text encoder off the device while it is not needed.

    Text encoders are as large as the painters. Where diffusers offloads already, it does this itself.
    """
    known: dict[tuple[str, str], Mapping[str, Tensor]] = {}
    encoder, device = pipe.text_encoder, pipe.device
    moved = encoder is not None and getattr(encoder, "_hf_hook", None) is not None
    fixed = getattr(encoder, "hf_quantizer", None) is not None  # what is quantised stays where it is
    alone = encoder is not None and device.type != "cpu" and not moved and not fixed

    def words(prompt: str, negative: str) -> Mapping[str, Tensor]:
        if (prompt, negative) not in known:
            if alone:
                pipe.text_encoder = encoder.to(device)
            with torch.inference_mode():
                known[prompt, negative] = encode(prompt, negative)
            if alone:
                encoder.to("cpu")
                pipe.text_encoder = None
        return known[prompt, negative]

    return words


def starting_noise(told: Conditions, frames: int, channels: int, cell: int, stride: int) -> Tensor:
    """(channels, 1 + (frames - 1) / stride, h, w), on the CPU: the world's own noise, or the seed's.

    cell, stride: pixels and frames that a latent stands for.
    """
    if told.noise is not None:
        return in_time(told.noise(channels, cell), stride).transpose(0, 1)
    shape = (channels, (frames - 1) // stride + 1, told.height // cell, told.width // cell)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed_from(told.seed, "latents")))


def only(told: Conditions, model: str) -> Control | None:
    """The control of a model that takes one at a time. Errors: ``ValueError`` for several."""
    if len(told.controls) > 1:
        raise ValueError(f"{model} takes one control at a time, not {', '.join(told.controls)}: choose one")
    return next(iter(told.controls.values()), None)


def strength_in_time(strength: Tensor, stride: int) -> Tensor:
    """(1 + (N - 1) / stride,) of (N,): the strength at each latent, the mean over its frames."""
    return torch.cat([strength[:1], strength[1:].reshape(-1, stride).mean(1)])


def whole_frames(known: Known | None, side: int) -> int:
    """How many frames from the first are known entirely; a border of less than ``side`` pixels is padding.

    That is where a window goes on from the one before, and what models can take in as finished frames.
    """
    if known is None:
        return 0
    height, width = known.share.shape[2:]
    inner = known.share[:, 0, : max(height - side + 1, 1), : max(width - side + 1, 1)]
    partly = (inner.flatten(1).amin(1) < 1).nonzero()
    return int(partly[0]) if len(partly) else len(inner)


def shares(pictures: Tensor) -> Tensor:
    """(1, N, 3, H, W) in [0, 1], as diffusers' video processors want pictures (N, 3, H, W) in [-1, 1]."""
    return (pictures * 0.5 + 0.5).clamp(0, 1)[None]


def smaller(pictures: Tensor, factor: int) -> Tensor:
    """Pictures (N, C, H, W) at a ``factor`` th of their size: the mean of the pixels that one stands for."""
    return F.avg_pool2d(pictures, factor) if factor > 1 else pictures
