"""The measures: still is 0, exact motion is nearly 0, and blur lowers the warp error but loses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from conditioning.metrics import (
    MARGIN_PX,
    NO_CHANGE,
    blurred_control,
    carried_control,
    change,
    counted,
    e_warp,
    laplacian_variance,
    score,
    sharpness,
)
from render.correspondence import Correspondence
from worldgen.conventions import U8

HEIGHT, WIDTH = 96, 128


def picture(seed: int, grain: float = 0.0) -> U8:
    """Soft shapes with fine texture, like a frame; ``grain`` is noise that differs with ``seed``."""
    rng = np.random.default_rng(5)
    base = 3 * ndimage.gaussian_filter(rng.normal(0, 60, (HEIGHT, WIDTH, 3)), (6, 6, 0)) * 3
    fine = ndimage.gaussian_filter(rng.normal(0, 60, (HEIGHT, WIDTH, 3)), (1.2, 1.2, 0))
    noise = np.random.default_rng(seed).normal(0, grain, (HEIGHT, WIDTH, 3))
    return np.clip(128 + base + fine + noise, 0, 255).astype(np.uint8)


def shifted_by(dx: float, dy: float = 0.0) -> Correspondence:
    """Pixel (x, y) of i lies at (x + dx, y + dy) in j."""
    x, y = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
    xy = np.stack([x + dx, y + dy], axis=-1).astype(np.float32)
    visible = (xy > 0).all(-1) & (xy < [WIDTH, HEIGHT]).all(-1)
    return Correspondence(xy, visible, visible.astype(np.float32))


def test_identical_frames_do_not_change() -> None:
    assert change(picture(1), picture(1), shifted_by(0)).mean == pytest.approx((0.0, 0.0, 0.0), abs=1e-4)


def test_a_known_difference_is_measured_in_levels() -> None:
    dark = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    for sigma in (0.0, 1.0, 2.0):
        assert e_warp(dark, dark + np.uint8(7), shifted_by(0), sigma) == pytest.approx(7.0, abs=1e-3)
    assert e_warp(dark / np.float32(255), dark + np.uint8(7), shifted_by(0)) == pytest.approx(7.0, abs=1e-3)


def test_matching_motion_leaves_resampling_alone() -> None:
    image = picture(1)
    moved = np.roll(image, 5, axis=1)  # what i shows at x, j shows at x + 5
    assert e_warp(image, moved, shifted_by(5)) < 1e-3
    assert e_warp(image, moved, shifted_by(0)) > 10
    half = ndimage.shift(image.astype(np.float32), (0, 4.5, 0), order=3, mode="wrap") / 255
    floor = e_warp(image, np.clip(half, 0, 1), shifted_by(4.5))
    assert floor < 0.15 * e_warp(image, moved, shifted_by(0))
    # Half a pixel the wrong way shows: pixel centres lie at +0.5.
    assert e_warp(image, np.clip(half, 0, 1), shifted_by(5.0)) > 2 * floor


def test_what_only_one_frame_shows_does_not_count() -> None:
    i, j = picture(1), picture(1)
    j[20:40, 30:60] = 255
    hidden = shifted_by(0)
    hidden.visible[20:40, 30:60] = False
    assert e_warp(i, j, shifted_by(0)) > 1
    assert e_warp(i, j, hidden) < 1e-4
    assert change(i, j, hidden).pixels == counted(hidden.visible).sum() < hidden.visible.sum()


def test_the_border_of_the_picture_is_no_edge() -> None:
    visible = np.ones((HEIGHT, WIDTH), np.bool_)
    assert counted(visible).all()
    visible[50, 50] = False
    assert not counted(visible)[50, 50 - MARGIN_PX : 51 + MARGIN_PX].any()
    assert counted(visible)[50, 50 + MARGIN_PX + 1]


def test_sums_weigh_by_pixels() -> None:
    dark = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    all_of_it = change(dark, dark + np.uint8(10), shifted_by(0))
    some = shifted_by(0)
    some.visible[:, WIDTH // 2 :] = False
    part = change(dark, dark, some)
    together = NO_CHANGE + all_of_it + part
    expected = 10 * all_of_it.pixels / (all_of_it.pixels + part.pixels)
    assert together.mean[0] == pytest.approx(expected, rel=1e-4)


def test_blur_lowers_the_warp_error_and_loses() -> None:
    frames = [picture(seed, grain=6) for seed in range(3)]
    soft = [blurred_control(frame) for frame in frames]
    still = shifted_by(0)
    ratio = e_warp(soft[0], soft[1], still) / e_warp(frames[0], frames[1], still)
    kept = sharpness(soft[0]) / sharpness(frames[0])
    assert ratio < 0.6
    assert kept < 0.8
    assert laplacian_variance(soft[0]) < 0.5 * laplacian_variance(frames[0])
    assert score(1.0, 1.0) == 1.0
    assert score(ratio, kept) > 1.0


def test_steadier_at_equal_sharpness_wins() -> None:
    assert score(0.3, 0.98) == 0.3
    assert score(0.3, 1.2) == 0.3
    assert score(0.3, 0.98) < score(0.3, 0.9) < score(0.3, 0.7)


def test_sharpness_is_the_mean_gradient() -> None:
    ramp = np.repeat(np.arange(WIDTH, dtype=np.uint8)[None, :, None], HEIGHT, 0).repeat(3, 2)
    assert sharpness(ramp) == pytest.approx(1.0, rel=1e-5)
    assert laplacian_variance(ramp[:, 1:-1]) < 0.1


def test_the_carried_control_is_the_first_frame_where_it_is_seen() -> None:
    first, now = picture(1), picture(2, grain=20)
    to_first = shifted_by(3)
    carried = carried_control(now, first, to_first)
    assert (carried[:, 10 : WIDTH - 10] == first[:, 13 : WIDTH - 7]).all()
    assert (carried[:, WIDTH - 3 :] == now[:, WIDTH - 3 :]).all()
