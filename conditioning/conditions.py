"""What a model that paints is told about the frames it paints at once, besides the frames themselves.

All pictures here are of one size, the size that is painted. Small models (pocket) read the ``Frame`` itself and of
these only the words and what is known; big ones read everything here and nothing of the ``Frame``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

Noise = Callable[[int, int], Tensor]
"""(channels, cell) to the starting noise of all frames (N, channels, H // cell, W // cell) of unit variance.

``cell``: pixels across one latent. It belongs to the world: each surface point owns its noise and carries it along.
"""


@dataclass(frozen=True)
class Control:
    """One control film.

    pictures: (N, 3, H, W) float32 in [-1, 1], in the convention of the model that is to read it. strength: (N,) one a
    frame, 0 off, 1 as the model recommends.
    """

    pictures: Tensor
    strength: Tensor


@dataclass(frozen=True)
class Known:
    """What is known of the frames already: earlier windows, keyframes and the world's memory, carried along surfaces.

    pictures: (N, 3, H, W) float32 in [-1, 1], sRGB-encoded; 0 where nothing is known. share: (N, 1, H, W), 0 where
    nothing is known to 1 where a pixel is known for certain.
    """

    pictures: Tensor
    share: Tensor


@dataclass(frozen=True)
class Conditions:
    """Everything a model is told about N frames that it paints together. What is not said stays at its default.

    width, height: of the pictures it must give, pixels (``family.Fitted`` says them; 0 where nobody did). prompts: one
    a frame, () for none; a model that takes one prompt for all takes ``prompt``. negative: what the pictures should not
    show. controls: by the names of ``ControlSpec``, at most those the family lists. known: None where nothing is.
    references: pictures (3, h, w) float32 in [-1, 1] of any size, of a style or a character. film: (N, 3, H, W) float32
    in [-1, 1], blocked out by another model, to start from; None starts from noise. strength: share of the steps that
    are made on the film, the least noisy ones (``conditioning.sampler.late_start``); 1 makes all of them. seed: of all
    randomness that is the model's own. noise: the world's own starting noise; None where nobody made it.
    """

    width: int = 0
    height: int = 0
    prompts: tuple[str, ...] = ()
    negative: str = ""
    controls: Mapping[str, Control] = field(default_factory=dict)
    known: Known | None = None
    references: tuple[Tensor, ...] = ()
    film: Tensor | None = None
    strength: float = 1.0
    seed: int = 0
    noise: Noise | None = None

    @property
    def prompt(self) -> str:
        """The words that hold for most of the frames, the earlier ones where two hold for as many."""
        return max(self.prompts, key=self.prompts.count, default="")
