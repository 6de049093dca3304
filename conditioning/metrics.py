"""How steady a film is, and whether it paid for that with sharpness. Blur must lose.

A surface point should look the same a frame later. Its change along exact correspondence is the warp error; but a
blurred film has a small one too, so it is never reported alone: beside it stand the sharpness against the unguided film
of the same seed, and the scores of two controls, the unguided film blurred and one frame carried along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from render.correspondence import Correspondence
from render.warp import warp
from worldgen.conventions import F32, U8, Bool

SIGMAS: Final = (0.0, 1.0, 2.0)
"""Gaussian prefilters in pixels: at 0 grain and resampling count, at 2 only what shifts in light and form."""

MARGIN_PX: Final = 2
"""Pixels this near to what is not seen in both frames do not count: they mix two surfaces."""

BLUR_SIGMA: Final = 1.0
"""Of the blurred control, pixels."""

SHARPNESS_KEPT: Final = 0.97
"""A film that keeps this share of the unguided sharpness pays nothing for the rest (resampling alone costs it)."""

SHARPNESS_PRICE: Final = 4.0
"""What each lost unit of sharpness below ``SHARPNESS_KEPT`` adds to the score. Blurring by a pixel takes 30 to 50% of
the gradients and, of the warp error, less than 70%, so at this price it always scores above the film it blurred."""

_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


@dataclass(frozen=True)
class Change:
    """Differences summed over the pixels seen in both frames, one sum for each of ``SIGMAS``; 0 to 255 each."""

    total: tuple[float, ...]
    pixels: int

    def __add__(self, other: Change) -> Change:
        return Change(tuple(a + b for a, b in zip(self.total, other.total, strict=True)), self.pixels + other.pixels)

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean difference, 0 to 255, for each of ``SIGMAS``; 0 where nothing is seen in both frames."""
        return tuple(t / max(self.pixels, 1) for t in self.total)


NO_CHANGE: Final = Change((0.0,) * len(SIGMAS), 0)


def change(image_i: U8 | F32, image_j: U8 | F32, correspondence: Correspondence) -> Change:
    """Differences between a frame and another one warped to it (bicubic: bilinear would punish sharp films).

    image_i, image_j: (H, W, 3) display values, uint8 or in [0, 1]. correspondence: where the pixels of i lie in j.
    """
    seen = counted(correspondence.visible)
    i, j = _levels(image_i), _levels(image_j)
    total = []
    for sigma in SIGMAS:
        a, b = (blurred(x, sigma) for x in (i, j))
        total.append(float(np.abs(a - warp(b, correspondence))[seen].mean(-1).sum(dtype=np.float64)))
    return Change(tuple(total), int(seen.sum()))


def e_warp(image_i: U8 | F32, image_j: U8 | F32, correspondence: Correspondence, sigma: float = 0.0) -> float:
    """Mean difference, 0 to 255, over the pixels of i that j shows too; ``sigma`` is one of ``SIGMAS``."""
    return change(image_i, image_j, correspondence).mean[SIGMAS.index(sigma)]


def counted(visible: Bool) -> Bool:
    """(H, W) ``visible`` without the pixels within ``MARGIN_PX`` of others; the picture's border is no edge."""
    return np.asarray(ndimage.binary_erosion(visible, iterations=MARGIN_PX, border_value=1), dtype=np.bool_)


def sharpness(image: U8 | F32) -> float:
    """Mean gradient magnitude of the luma, levels of 0 to 255 per pixel (central differences)."""
    luma = _levels(image) @ _LUMA
    dy, dx = np.gradient(luma)
    return float(np.hypot(dx, dy).mean())


def laplacian_variance(image: U8 | F32) -> float:
    """Variance of the luma's Laplacian, squared levels of 0 to 255 (the focus measure of Pech-Pacheco et al. 2000)."""
    return float(ndimage.laplace(_levels(image) @ _LUMA).var())


def blurred(image: F32, sigma: float) -> F32:
    """(H, W, C) filtered by a Gaussian of ``sigma`` pixels; 0 leaves it as it is."""
    if sigma == 0:
        return image
    return np.asarray(ndimage.gaussian_filter(image, (sigma, sigma, 0), mode="nearest"), dtype=np.float32)


def blurred_control(image: U8) -> U8:
    """A frame of the blurred control: the unguided frame out of focus."""
    return np.rint(blurred(_levels(image), BLUR_SIGMA)).astype(np.uint8)


def carried_control(image: U8, first: U8, to_first: Correspondence) -> U8:
    """A frame of the carried control: the first frame brought along, and ``image`` where that shows nothing.

    Its warp error is the floor of the measure (resampling alone), and it is no film: light and life stand still.
    """
    moved = np.clip(np.rint(warp(_levels(first), to_first)), 0, 255).astype(np.uint8)
    return np.where(to_first.visible[..., None], moved, image)


def score(e_warp_ratio: float, sharpness_ratio: float) -> float:
    """One number for steadiness and sharpness, both against the unguided film, which scores 1; less is better.

    ``e_warp_ratio + SHARPNESS_PRICE · max(0, SHARPNESS_KEPT - sharpness_ratio)``
    """
    return e_warp_ratio + SHARPNESS_PRICE * max(0.0, SHARPNESS_KEPT - sharpness_ratio)


def _levels(image: U8 | F32) -> F32:
    """Display values as float32 levels of 0 to 255."""
    return image.astype(np.float32) if image.dtype == np.uint8 else np.asarray(image * 255.0, dtype=np.float32)
