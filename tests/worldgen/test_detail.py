"""Detail textures."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from worldgen.detail import LAID, LIKE, RECIPES, texture
from worldgen.material import KINDS
from worldgen.texture import Texture

COURSED = ("brick", "stone", "paving", "roof-tile", "slate", "concrete", "planks")


@pytest.mark.parametrize("kind", [*RECIPES, *LAID])
def test_a_texture_is_a_finite_positive_map_of_mean_one(kind: str) -> None:
    t = texture(kind)
    assert t is not None
    assert t.detail.shape == (512, 512, 3)
    assert t.detail.dtype == np.float32
    assert np.isfinite(t.detail).all()
    assert t.detail.min() > 0
    np.testing.assert_allclose(t.detail.mean((0, 1), dtype=np.float64), 1.0, atol=1e-4)
    assert 0.1 <= t.size_m <= 4.0


@pytest.mark.parametrize("kind", [*RECIPES, *LAID])
def test_a_texture_wraps_around(kind: str) -> None:
    t = texture(kind)
    assert t is not None
    d = t.detail.mean(-1)
    for axis in (0, 1):
        steps = np.abs(np.diff(d, axis=axis)).mean(axis=1 - axis)
        seam = np.abs(d.take(0, axis) - d.take(-1, axis)).mean()
        # The seam is a step like any other; where courses meet in a joint, like the joint's.
        assert seam <= max(1.6 * np.percentile(steps, 90), np.sort(steps)[-3]) + 1e-3, axis


def slopes(t: Texture) -> np.ndarray:
    """(S, S) steepness of the height map."""
    assert t.height is not None
    h, step = t.height.astype(np.float32), 2 * t.size_m / t.height.shape[0]
    return np.hypot(np.roll(h, -1, 1) - np.roll(h, 1, 1), np.roll(h, -1, 0) - np.roll(h, 1, 0)) / step


@pytest.mark.parametrize("kind", [*RECIPES, *LAID])
def test_heights_are_metres_about_nought_that_wrap_around(kind: str) -> None:
    t = texture(kind)
    assert t is not None
    assert t.height is not None
    h = t.height.astype(np.float64)
    assert t.height.shape == (512, 512)
    assert t.height.dtype == np.float16
    assert np.isfinite(h).all()
    assert abs(h.mean()) < 1e-4
    low, high = np.percentile(h, [1, 99])
    assert 1e-5 < high - low < 0.2
    assert np.sqrt((slopes(t) ** 2).mean()) < 1.3
    for axis in (0, 1):
        steps = np.abs(np.diff(h, axis=axis)).mean(axis=1 - axis)
        seam = np.abs(h.take(0, axis) - h.take(-1, axis)).mean()
        # The seam is a step like any other, or like that where courses lap.
        assert seam <= max(1.6 * np.percentile(steps, 90), 1.1 * steps.max()) + 1e-5, axis


@pytest.mark.parametrize("kind", RECIPES)
def test_shine_stays_within_its_bounds(kind: str) -> None:
    t = texture(kind)
    assert t is not None
    if t.roughness is None:
        return
    assert t.roughness.shape == (512, 512)
    assert t.roughness.dtype == np.float16
    total = KINDS[kind].roughness + t.roughness.astype(np.float32)
    assert np.isfinite(total).all()
    assert total.min() > 0.0
    assert total.max() < 1.2
    assert abs(np.median(total) - KINDS[kind].roughness) < 0.2  # the word keeps its meaning


def test_every_kind_that_does_not_shine_of_itself_has_a_texture() -> None:
    assert set(RECIPES) | set(LIKE) == {kind for kind, look in KINDS.items() if look.glow == 0}


def test_mortar_lies_eight_millimetres_back() -> None:
    t = texture("brick")
    assert t is not None
    assert t.height is not None
    h = t.height.astype(np.float32)
    rows = h.mean(1)
    assert 0.005 < np.percentile(rows, 90) - rows.min() < 0.012
    pale = t.detail[..., 2] / t.detail[..., 0] > 1.2  # mortar is greyer than brick
    assert h[pale].mean() < h[~pale].mean() - 0.004


def test_cobbles_are_domes_of_fifteen_millimetres() -> None:
    t = texture("cobble")
    assert t is not None
    assert t.height is not None
    assert 0.01 < np.ptp(np.percentile(t.height.astype(np.float32), [1, 99])) < 0.025


@pytest.mark.parametrize("kind", ["asphalt", "grass"])
def test_from_afar_a_wide_ground_is_even(kind: str) -> None:
    """What is left of a tile in texels of a twelfth of it would be seen to repeat, row by row, over a whole hill."""
    t = texture(kind)
    assert t is not None
    coarse = t.detail[:504, :504].reshape(12, 42, 12, 42, 3).mean((1, 3))
    assert coarse.std((0, 1)).max() < 0.035
    assert t.detail.std() > 0.1


def test_wheels_wear_two_tracks_into_a_lane() -> None:
    t = texture("lane")
    assert t is not None
    assert t.roughness is not None
    across = t.roughness.astype(np.float32).mean(0)
    at = (np.arange(512) + 0.5) / 512 * t.size_m
    left, right = (at[side][np.argmin(across[side])] for side in (at < 1.5, at > 1.5))
    assert right - left == pytest.approx(1.5, abs=0.1)
    assert t.detail.mean((0, 2))[np.argmin(np.abs(at - left))] > 1.03 > t.detail.mean((0, 2))[256]


def test_tiles_are_glazed_and_their_joints_are_matt() -> None:
    t = texture("tile")
    assert t is not None
    assert t.height is not None
    assert t.roughness is not None
    joint = t.roughness > 0.5
    assert 0.01 < joint.mean() < 0.12
    assert t.roughness[~joint].mean() < 0.05
    assert t.height[joint].astype(np.float32).mean() < t.height[~joint].astype(np.float32).mean() - 0.001
    columns = joint.mean(0) > 0.8
    edges = np.flatnonzero(np.diff(columns.astype(int)) == 1)
    np.testing.assert_allclose(np.diff(edges) * t.size_m / 512, 0.15, atol=0.005)


def test_another_seed_is_another_surface() -> None:
    for kind in ("gravel", "parquet", "wallpaper"):
        a, b = texture(kind), texture(kind, 1)
        assert a is not None
        assert b is not None
        assert a != b
        assert np.abs(a.detail - b.detail).mean() > 0.005


def test_bricks_have_courses_of_75_mm() -> None:
    t = texture("brick")
    assert t is not None
    rows = t.detail.mean((1, 2))
    spectrum = np.abs(np.fft.rfft(rows - rows.mean()))
    strongest = np.argsort(spectrum)[-3:]
    assert (strongest % round(t.size_m / 0.075) == 0).all()


def test_mortar_is_visible_and_bricks_differ() -> None:
    t = texture("brick")
    assert t is not None
    assert t.detail.std() > 0.15
    assert np.corrcoef(t.detail[..., 0].ravel(), t.detail[..., 2].ravel())[0, 1] < 0.999


def test_textures_are_the_same_in_another_process() -> None:
    code = (
        "import hashlib; from worldgen.detail import texture\n"
        "for k in ('cobble', 'plaster', 'bark'):\n"
        "    t = texture(k, 3); print(hashlib.blake2s(t.detail.tobytes() + t.height.tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    for kind, digest in zip(("cobble", "plaster", "bark"), other, strict=True):
        t = texture(kind, 3)
        assert t is not None
        assert t.height is not None
        assert hashlib.blake2s(t.detail.tobytes() + t.height.tobytes()).hexdigest() == digest


def test_a_texture_is_made_once_and_cannot_be_written() -> None:
    t = texture("stone")
    assert t is texture("stone")
    assert t is not None
    with pytest.raises(ValueError, match="read-only"):
        t.detail[0, 0] = 0
    assert t.height is not None
    with pytest.raises(ValueError, match="read-only"):
        t.height[0, 0] = 0


def test_what_has_no_detail_has_no_texture() -> None:
    assert texture("lamp-glow") is None
