"""Detail textures."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from worldgen.detail import RECIPES, texture

COURSED = ("brick", "stone", "paving", "roof-tile", "slate", "concrete", "planks")


@pytest.mark.parametrize("kind", RECIPES)
def test_a_texture_is_a_finite_positive_map_of_mean_one(kind: str) -> None:
    t = texture(kind)
    assert t is not None
    assert t.detail.shape == (512, 512, 3)
    assert t.detail.dtype == np.float32
    assert np.isfinite(t.detail).all()
    assert t.detail.min() > 0
    np.testing.assert_allclose(t.detail.mean((0, 1), dtype=np.float64), 1.0, atol=1e-4)
    assert 0.1 <= t.size_m <= 4.0


@pytest.mark.parametrize("kind", RECIPES)
def test_a_texture_wraps_around(kind: str) -> None:
    t = texture(kind)
    assert t is not None
    d = t.detail.mean(-1)
    for axis in (0, 1):
        steps = np.abs(np.diff(d, axis=axis)).mean(axis=1 - axis)
        seam = np.abs(d.take(0, axis) - d.take(-1, axis)).mean()
        # The seam is a step like any other; where courses meet in a joint, like the joint's.
        assert seam <= max(1.6 * np.percentile(steps, 90), np.sort(steps)[-3]) + 1e-3, axis


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
        "for k in ('cobble', 'plaster', 'bark'): print(hashlib.blake2s(texture(k, 3).detail.tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    for kind, digest in zip(("cobble", "plaster", "bark"), other, strict=True):
        t = texture(kind, 3)
        assert t is not None
        assert hashlib.blake2s(t.detail.tobytes()).hexdigest() == digest


def test_a_texture_is_made_once_and_cannot_be_written() -> None:
    t = texture("stone")
    assert t is texture("stone")
    assert t is not None
    with pytest.raises(ValueError, match="read-only"):
        t.detail[0, 0] = 0


def test_what_has_no_detail_has_no_texture() -> None:
    assert texture("lamp-glow") is None
