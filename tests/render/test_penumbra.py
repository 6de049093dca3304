"""Smoothing of soft shadows: no pattern of the tile is left, and an edge stays one."""

from __future__ import annotations

import numpy as np

from render.penumbra import blended
from worldgen.conventions import F32

H, W = 12, 16
EVERY = np.arange(H * W)


def smoothed(share: F32, alike: float) -> F32:
    return blended(
        EVERY, np.full(H * W, alike, np.float32), EVERY, EVERY, np.zeros(H * W, np.int32),
        np.ascontiguousarray(share.reshape(-1, 1)), W, 2,
    ).reshape(H, W)  # fmt: skip


def test_what_the_pixels_of_a_tile_see_apart_is_shared() -> None:
    """Far leaves hide one point of the sun from every other pixel: its whole share, or none."""
    share = np.zeros((H, W), np.float32)
    share[::2, ::2] = 1.0
    inner = smoothed(share, 0.7)[2:-2, 2:-2]
    np.testing.assert_allclose(inner, 0.25, atol=1e-6)


def test_an_edge_stays_sharp_where_things_touch() -> None:
    share = np.zeros((H, W), np.float32)
    share[:, 8:] = 1.0
    np.testing.assert_array_equal(smoothed(share, 0.7), share)
    assert 0 < smoothed(share, np.inf)[5, 7] < 1


def test_a_slope_is_smoothed() -> None:
    share = np.broadcast_to(np.linspace(0, 1, W, dtype=np.float32), (H, W)).copy()
    np.testing.assert_allclose(smoothed(share, 0.7)[3:-3, 3:-3], share[3:-3, 3:-3], atol=1e-6)
