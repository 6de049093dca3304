"""A denoiser that flickers by a known amount: what an untrained network cannot show, and a good one hides.

It knows the right picture, the proxy, and errs by a known error of low and of high frequencies. Half of the error is
new in every frame, whatever the noise (a model that reads its conditions differently each time); the other half follows
from the noise that the frame was given (a model that invents detail). It goes through the same sampler, scheduler and
guidance as every model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from conditioning.codec import PictureEdit
from conditioning.conditions import Conditions
from conditioning.frames import Frame
from conditioning.guidance import low_pass
from conditioning.paint import sampled
from worldgen.conventions import seed_from

LOW_SIGMA: Final = 8.0
"""Pixels: patches that breathe."""

HIGH_SIGMA: Final = 0.7
"""Pixels: grain and texture that crawls."""

STEPS: Final = 4
"""Of its sampler: guidance acts in each."""


class FlickeringDenoiser:
    """Predicts the proxy and an error. seed: of the error that is new in every frame.

    own, given: standard deviations, levels of 0 to 255, of the part of the error that is a frame's own and of the part
    that its noise causes; each once of low and once of high frequencies.
    """

    together = 8

    def __init__(self, seed: int, own: float = 3.0, given: float = 3.0) -> None:
        self.seed, self.own, self.given = seed, own, given

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """The erring pictures of ``frames`` (N, 3, H, W) in about [-1, 1]."""
        truth = torch.stack([frame.light + self._own(frame) for frame in frames])

        def predict(x: Tensor, sigma: float) -> Tensor:
            right = truth.to(x.device)
            rest = x - (1.0 - sigma) * right  # what of x is not the picture: noise, and what the steps before erred
            return right + self.given / 127.5 * (patches(rest) + grain(rest / sigma))

        return sampled(predict, frames, steps, edit)

    def _own(self, frame: Frame) -> Tensor:
        seed = seed_from(self.seed, "flicker", frame.index, round(frame.snapshot.time * 1e4))
        white = torch.randn(1, *frame.light.shape, generator=torch.Generator().manual_seed(seed))
        return self.own / 127.5 * (patches(white) + grain(white))[0]


def patches(white: Tensor) -> Tensor:
    """White noise (N, C, H, W) of variance 1 as soft patches of variance about 1 (more at the border)."""
    return low_pass(white, LOW_SIGMA) * (2.0 * LOW_SIGMA * torch.pi**0.5)


def grain(white: Tensor) -> Tensor:
    """White noise (N, C, H, W) of variance 1 as grain without low frequencies, of variance about 1."""
    fine = low_pass(white, HIGH_SIGMA)
    return (fine - low_pass(fine, 3.0 * HIGH_SIGMA)) * _GAIN


_GAIN: Final = 2.7  # a test measures the variance
