"""How steady a film is, and whether it paid for that with sharpness. Blur must lose.

A surface point should look the same a frame later. Its change along exact correspondence is the warp error; but a
blurred film has a small one too, so it is never reported alone: beside it stand the sharpness against the unguided film
of the same seed, and the scores of two controls, the unguided film blurred and one frame carried along. What a film
owes to the light of its world (nothing frozen, colours kept) is in ``conditioning.metrics_light``.

All pictures are display values (sRGB-encoded), all differences in levels of 0 to 255.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from render.correspondence import Correspondence
from render.warp import warp
from worldgen.conventions import F32, I32, U8, Bool

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

MOTION_PRICE: Final = 2.0
"""What each unit of motion error more than is allowed adds to the score; a frozen film has an error of 1."""

EDGE_STEP: Final = 0.03
"""A step of inverse depth, as a share of the nearer one, that counts as an edge of the world."""

EDGE_REACH_PX: Final = 1
"""An edge is found where its partner lies this near."""

_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


@dataclass(frozen=True)
class Change:
    """Differences summed over the pixels that count, one sum for each of ``SIGMAS``.

    total: of absolute differences, levels of 0 to 255, mean over channels. squared: of their squares. pixels: how many.
    """

    total: tuple[float, ...]
    squared: tuple[float, ...]
    pixels: int

    def __add__(self, other: Change) -> Change:
        return Change(
            tuple(a + b for a, b in zip(self.total, other.total, strict=True)),
            tuple(a + b for a, b in zip(self.squared, other.squared, strict=True)),
            self.pixels + other.pixels,
        )

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean difference, 0 to 255, for each of ``SIGMAS``; 0 where nothing is seen in both frames."""
        return tuple(t / max(self.pixels, 1) for t in self.total)

    @property
    def rms(self) -> tuple[float, ...]:
        """Root mean square difference, 0 to 255, for each of ``SIGMAS``."""
        return tuple(float(np.sqrt(s / max(self.pixels, 1))) for s in self.squared)

    @property
    def psnr(self) -> tuple[float, ...]:
        """Peak signal-to-noise ratio, decibels, for each of ``SIGMAS``; 99 at most (of two equal pictures)."""
        return tuple(float(20.0 * np.log10(255.0 / max(r, 255.0 * 10**-4.95))) for r in self.rms)


NO_CHANGE: Final = Change((0.0,) * len(SIGMAS), (0.0,) * len(SIGMAS), 0)


def change(image_i: U8 | F32, image_j: U8 | F32, correspondence: Correspondence, where: Bool | None = None) -> Change:
    """Differences between a frame and another one warped to it: the warp error of Lai et al. 2018, without estimates.

    Summed is ``|G_σ * I_i - warp(G_σ * I_j)|`` over the points both show (bicubic: bilinear would punish sharp films).
    It cannot see what is steadily wrong, nor tell a moving shadow from a flicker, and it has a floor: resampling.
    image_i, image_j: (H, W, 3) display values, uint8 or in [0, 1]. correspondence: where the pixels of i lie in j.
    where: (H, W), count only there.
    """
    seen = counted(correspondence.visible if where is None else correspondence.visible & where)
    return summed(prefiltered(image_i) - warp(prefiltered(image_j), correspondence), seen)


def e_warp(image_i: U8 | F32, image_j: U8 | F32, correspondence: Correspondence, sigma: float = 0.0) -> float:
    """Mean difference, 0 to 255, over the pixels of i that j shows too; ``sigma`` is one of ``SIGMAS``."""
    return change(image_i, image_j, correspondence).mean[SIGMAS.index(sigma)]


def flicker(
    before: U8 | F32, image: U8 | F32, after: U8 | F32, to_before: Correspondence, to_after: Correspondence
) -> Change:
    """High-frequency temporal power of surface points: their colour's second difference along three frames of a track.

    ``d = warp(I_{k-1}) - 2 I_k + warp(I_{k+1})``, divided by √6, so that ``rms`` is the standard deviation, in levels,
    of an independent error a frame that would flicker as much. The second difference passes temporal frequencies by
    ``2 - 2 cos ω``: all of a flicker every other frame, nothing of a steady change. It cannot see pulses slower than
    about six frames (long-range pairs do), and lamps that really flicker count too: compare with the unguided film.
    """
    middle = prefiltered(image)
    back = middle - warp(prefiltered(before), to_before)
    ahead = middle - warp(prefiltered(after), to_after)
    return second_difference(back, ahead, counted(to_before.visible & to_after.visible))


def second_difference(back: F32, ahead: F32, seen: Bool) -> Change:
    """The :func:`flicker` of a frame from its differences (H, W, 3 x len(SIGMAS)) to the frames before and after."""
    return summed((back + ahead) * np.float32(1.0 / np.sqrt(6.0)), seen)


def prefiltered(image: U8 | F32) -> F32:
    """(H, W, 3 x len(SIGMAS)) a picture in levels, after each of ``SIGMAS``: what differences are taken of."""
    picture = levels(image)
    return np.concatenate([blurred(picture, sigma) for sigma in SIGMAS], axis=-1)


def summed(differences: F32, seen: Bool) -> Change:
    """The sums of ``differences`` (H, W, 3 x len(SIGMAS)) over the pixels ``seen`` (H, W)."""
    found = differences[seen]
    total, squared = (
        values.sum(0, dtype=np.float64).reshape(len(SIGMAS), 3).mean(1) for values in (np.abs(found), np.square(found))
    )
    return Change(tuple(map(float, total)), tuple(map(float, squared)), len(found))


def counted(visible: Bool) -> Bool:
    """(H, W) ``visible`` without the pixels within ``MARGIN_PX`` of others; the picture's border is no edge."""
    return np.asarray(ndimage.binary_erosion(visible, iterations=MARGIN_PX, border_value=1), dtype=np.bool_)


def comparable(correspondence: Correspondence) -> Bool:
    """(H, W) where both frames resolve the surface alike: a pixel of i covers between a quarter and four pixels of j.

    Over long distances in time the same wall is seen from near and far, and a comparison would measure the lens.
    """
    xy = correspondence.xy
    if min(xy.shape[:2]) < 2:
        return np.ones(xy.shape[:2], dtype=np.bool_)
    down, across = (np.gradient(xy, axis=axis) for axis in (0, 1))
    area = np.abs(across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0])
    return np.asarray((area > 0.25) & (area < 4.0), dtype=np.bool_)


def sharpness(image: U8 | F32) -> float:
    """Mean gradient magnitude of the luma, levels of 0 to 255 per pixel (central differences). Noise is sharp too."""
    return float(np.hypot(*_gradient(image)).mean())


def gradient_energy(image: U8 | F32) -> float:
    """Mean square gradient of the luma, squared levels: what strong edges lose first (Subbarao et al. 1993)."""
    dy, dx = _gradient(image)
    return float((dy * dy + dx * dx).mean(dtype=np.float64))


def detail_kept(image: U8 | F32, truth: U8 | F32) -> float:
    """Share of the truth's gradients that a picture has at their place: ``Σ ∇I·∇T / Σ |∇T|²``; 1 is right.

    Noise and invented detail add nothing to it (they are uncorrelated), blur and ghosts lower it: sharpness, where
    the truth is known. 1 where the truth is flat.
    """
    (ay, ax), (by, bx) = _gradient(image), _gradient(truth)
    power = float((by * by + bx * bx).sum(dtype=np.float64))
    return float((ay * by + ax * bx).sum(dtype=np.float64)) / power if power > 0 else 1.0


def laplacian_variance(image: U8 | F32) -> float:
    """Variance of the luma's Laplacian, squared levels of 0 to 255 (the focus measure of Pech-Pacheco et al. 2000)."""
    return float(ndimage.laplace(levels(image) @ _LUMA).var())


def depth_edges(depth: F32, thing: I32) -> Bool:
    """(H, W) the nearer pixel of every step of depth between neighbours. depth: metres, +inf for sky. thing: ids.

    Inverse depth is affine in pixels over a plane, however slanted: a step is where neither side's slope predicts the
    other. Of two things that touch (a foot and the ground) there is an edge where they also part in depth.
    """
    near = np.where(np.isfinite(depth), 1.0 / np.maximum(depth, 1e-6), 0.0)
    edges = np.zeros(depth.shape, dtype=np.bool_)
    for axis in (0, 1):
        w, e, ids = (np.moveaxis(x, axis, 0) for x in (near, edges, thing))
        if len(w) < 2:
            continue
        wide = np.concatenate([w[:1], w, w[-1:]])
        a0, a, b, b1 = wide[:-3], wide[1:-2], wide[2:-1], wide[3:]
        enough = EDGE_STEP * np.maximum(a, b)
        step = (np.abs(b - (2 * a - a0)) > enough) & (np.abs(a - (2 * b - b1)) > enough) & (np.abs(a - b) > enough)
        step |= (ids[:-1] != ids[1:]) & (np.abs(a - b) > enough)
        e[:-1] |= step & (a >= b)
        e[1:] |= step & (b > a)
    return edges


def edge_f1(image: U8 | F32, edges: Bool) -> float:
    """Whether a picture draws the world's silhouettes: the break-even F1, 0 to 1, of its strongest edges and ``edges``.

    The picture's edges are the maxima of its gradient (σ = 1) across it, as in Canny 1986, as many of them as the
    world has; a pixel is found if the other side has one within ``EDGE_REACH_PX``. Textures and shadows compete, so the
    proxy does not score 1 either: compare with it. It cannot see softness. 1 where the world has no edges.
    """
    wanted = int(edges.sum())
    if wanted == 0:
        return 1.0
    luma = ndimage.gaussian_filter(levels(image) @ _LUMA, 1.0, mode="nearest")
    dy, dx = ndimage.sobel(luma, 0, mode="nearest"), ndimage.sobel(luma, 1, mode="nearest")
    size = np.hypot(dx, dy)
    steep = min(size.size, 8 * wanted)  # the maxima wanted are among the steepest pixels: only those are looked at
    y, x = np.nonzero(size >= max(float(np.partition(size.ravel(), -steep)[-steep]), 1e-3))
    here = size[y, x]
    unit_y, unit_x = dy[y, x] / here, dx[y, x] / here
    sides = [ndimage.map_coordinates(size, [y + s * unit_y, x + s * unit_x], order=1, mode="nearest") for s in (-1, 1)]
    thin = np.zeros_like(size)
    thin[y, x] = np.where((here >= sides[0]) & (here >= sides[1]), here, 0.0)
    drawn = (thin >= np.partition(thin.ravel(), -wanted)[-wanted]) & (thin > 0)
    if not drawn.any():
        return 0.0
    square = np.ones((2 * EDGE_REACH_PX + 1,) * 2, dtype=np.bool_)
    precision = float(ndimage.binary_dilation(edges, square)[drawn].mean())
    recall = float(ndimage.binary_dilation(drawn, square)[edges].mean())
    return 2 * precision * recall / max(precision + recall, 1e-9)


def blurred(image: F32, sigma: float) -> F32:
    """(H, W, C) filtered by a Gaussian of ``sigma`` pixels; 0 leaves it as it is."""
    if sigma == 0:
        return image
    return np.asarray(ndimage.gaussian_filter(image, (sigma, sigma, 0), mode="nearest"), dtype=np.float32)


def blurred_control(image: U8) -> U8:
    """A frame of the blurred control: the unguided frame out of focus."""
    return np.rint(blurred(levels(image), BLUR_SIGMA)).astype(np.uint8)


def carried_control(image: U8, first: U8, to_first: Correspondence) -> U8:
    """A frame of the carried control: the first frame brought along, and ``image`` where that shows nothing.

    Its warp error is the floor of the measure (resampling alone), and it is no film: light and life stand still.
    """
    moved = np.clip(np.rint(warp(levels(first), to_first)), 0, 255).astype(np.uint8)
    return np.where(to_first.visible[..., None], moved, image)


def score(e_warp_ratio: float, sharpness_ratio: float, frozen: float = 0.0) -> float:
    """One number for steadiness, sharpness and life, all against the unguided film, which scores 1; less is better.

    ``e_warp_ratio + SHARPNESS_PRICE · max(0, SHARPNESS_KEPT - sharpness_ratio)
    + MOTION_PRICE · frozen``, frozen: motion error beyond what is allowed (``metrics_light.frozen``).
    """
    blur = SHARPNESS_PRICE * max(0.0, SHARPNESS_KEPT - sharpness_ratio)
    return e_warp_ratio + blur + MOTION_PRICE * frozen


def _gradient(image: U8 | F32) -> tuple[F32, F32]:
    """(H, W) vertical and horizontal slope of the luma, levels per pixel; 0 along a side of one pixel."""
    luma = levels(image) @ _LUMA
    dy, dx = (np.gradient(luma, axis=k) if luma.shape[k] > 1 else np.zeros_like(luma) for k in (0, 1))
    return np.asarray(dy, dtype=np.float32), np.asarray(dx, dtype=np.float32)


def levels(image: U8 | F32) -> F32:
    """Display values as float32 levels of 0 to 255."""
    return image.astype(np.float32) if image.dtype == np.uint8 else np.asarray(image * 255.0, dtype=np.float32)
