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
    comparable,
    counted,
    depth_edges,
    detail_kept,
    e_warp,
    edge_f1,
    flicker,
    gradient_energy,
    laplacian_variance,
    score,
    sharpness,
)
from render.correspondence import Correspondence
from worldgen.conventions import F32, U8

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


def test_psnr_is_of_the_squared_difference() -> None:
    dark = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    found = change(dark, dark + np.uint8(5), shifted_by(0))
    assert found.rms == pytest.approx((5.0, 5.0, 5.0), abs=1e-3)
    assert found.psnr[0] == pytest.approx(20 * np.log10(255 / 5), abs=1e-2)
    assert change(dark, dark, shifted_by(0)).psnr == pytest.approx((99.0,) * 3, abs=1e-6)


def test_where_restricts_what_counts() -> None:
    i, j = picture(1), picture(1)
    j[:, :64] = 255
    right = np.zeros((HEIGHT, WIDTH), np.bool_)
    right[:, 70:] = True
    assert change(i, j, shifted_by(0), right).mean[0] < 1e-3 < change(i, j, shifted_by(0)).mean[0]


def test_flicker_is_the_deviation_of_an_independent_error() -> None:
    """Noise of a known deviation along moving tracks is measured as that; a steady fade is none."""
    wide = np.random.default_rng(2).normal(0, 1, (HEIGHT, WIDTH + 8, 3))
    base = 128 + 30 * ndimage.gaussian_filter(wide, (3, 3, 0)) * 10

    def frame(k: int, sigma: float, fade: float) -> F32:
        noise = np.random.default_rng(100 + k).normal(0, sigma, (HEIGHT, WIDTH, 3))
        return ((base[:, 2 * k : 2 * k + WIDTH] + noise + fade * k) / 255).astype(np.float32)

    back, ahead = shifted_by(2), shifted_by(-2)
    noisy = flicker(*(frame(k, 4.0, 0.0) for k in range(3)), back, ahead)
    fading = flicker(*(frame(k, 0.0, 5.0) for k in range(3)), back, ahead)
    assert noisy.rms[0] == pytest.approx(4.0, rel=0.03)
    assert fading.rms[0] < 0.05
    assert noisy.pixels == counted(back.visible & ahead.visible).sum()


def test_gradient_energy_falls_with_blur_and_grows_with_the_square_of_contrast() -> None:
    image = picture(1) / np.float32(255)
    assert gradient_energy(image * np.float32(0.5)) == pytest.approx(0.25 * gradient_energy(image), rel=1e-3)
    assert gradient_energy(blurred_control(picture(1))) < 0.7 * gradient_energy(image)


def test_detail_kept_is_blind_to_noise_and_sees_blur_and_ghosts() -> None:
    truth = picture(1)
    noisy = picture(2, grain=10)
    assert sharpness(noisy) > 1.2 * sharpness(truth)
    assert detail_kept(noisy, truth) == pytest.approx(1.0, abs=0.02)
    assert detail_kept(blurred_control(truth), truth) < 0.8
    ghost = (truth // 2 + np.roll(truth, 4, axis=1) // 2).astype(np.uint8)
    assert detail_kept(ghost, truth) < 0.75
    assert detail_kept(truth, np.zeros_like(truth)) == 1.0


def test_comparable_leaves_out_what_is_much_nearer_or_farther() -> None:
    near = shifted_by(0)
    assert comparable(near).all()
    for factor, expected in ((1.5, True), (3.0, False), (0.7, True), (0.3, False)):
        scaled = Correspondence(near.xy * np.float32(factor), near.visible, near.confidence)
        assert comparable(scaled).all() == expected
        assert comparable(scaled).any() == expected
    one = Correspondence(near.xy[:1, :1], near.visible[:1, :1], near.confidence[:1, :1])
    assert comparable(one).all()


def slanted_floor_with_a_post() -> tuple[F32, np.ndarray]:
    """Depth and ids of a floor that runs to the horizon, sky above it, and a post that stands on it."""
    y = np.arange(HEIGHT) + 0.5
    depth = np.where(y > 40, 60.0 / np.maximum(y - 40, 1e-3), np.inf)[:, None].repeat(WIDTH, 1).astype(np.float32)
    thing = np.where(np.isfinite(depth), 1, 0).astype(np.int32)
    depth[20:70, 50:60], thing[20:70, 50:60] = 2.0, 2
    return depth, thing


def test_depth_edges_are_the_silhouettes_and_not_the_slanted_floor() -> None:
    depth, thing = slanted_floor_with_a_post()
    edges = depth_edges(depth, thing)
    assert edges[21:60, 50].all()
    assert edges[21:60, 59].all()
    assert edges[20, 50:60].all()
    assert not edges[50:, :48].any()
    assert not edges[:39, :48].any()
    assert not edges[21:60, 52:58].any()


def test_edge_f1_is_of_what_is_drawn_where_it_stands() -> None:
    depth, thing = slanted_floor_with_a_post()
    edges = depth_edges(depth, thing)
    drawn = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    drawn[40:], drawn[20:70, 50:60] = 140, 220
    edges[38:42, :50] = edges[38:42, 60:] = False
    post = edges & (thing == 2)
    only_post = np.where((thing == 2)[..., None], np.uint8(220), np.uint8(90)).repeat(3, -1)
    assert edge_f1(only_post, post) > 0.95
    assert edge_f1(np.roll(only_post, 12, axis=1), post) < 0.3
    assert edge_f1(np.full_like(drawn, 90), post) == 0.0
    assert edge_f1(drawn, np.zeros_like(post)) == 1.0


def test_a_frozen_film_pays() -> None:
    assert score(0.3, 1.0, 0.0) == 0.3
    assert score(0.3, 1.0, 0.9) > 1.0


def test_one_pixel_is_measured_too() -> None:
    one = np.full((1, 1, 3), 9, np.uint8)
    still = Correspondence(np.full((1, 1, 2), 0.5, np.float32), np.ones((1, 1), np.bool_), np.ones((1, 1), np.float32))
    assert change(one, one, still).pixels == 1
    assert sharpness(one) == gradient_energy(one) == laplacian_variance(one) == 0.0
    assert edge_f1(one, depth_edges(np.ones((1, 1), np.float32), np.ones((1, 1), np.int32))) == 1.0
