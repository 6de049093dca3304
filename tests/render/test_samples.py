"""Which surfaces a pixel is made of, and by how much."""

from __future__ import annotations

import numpy as np

from render.raster import GBuffer
from render.samples import Samples
from worldgen.conventions import F32

LABELS = np.array([7, 7, 8, 9], np.int32)
"""Faces 0 and 1 are of one surface."""


def of(centre: list[list[int]], fine: list[list[int]]) -> Samples:
    pictures = []
    for triangle in (np.array(centre, np.int32), np.array(fine, np.int32)):
        pictures.append(GBuffer(triangle, np.zeros((*triangle.shape, 2), np.float32)))
    return Samples.of(LABELS, *pictures)


def total(samples: Samples, values: F32) -> F32:
    """(P,) the sums of ``values (N,)`` of each pixel's samples."""
    table = np.zeros((samples.rows, 1), np.float32)
    table[samples.row, 0] = values
    return samples.summed(table)[:, 0]


def test_a_pixel_of_one_surface_is_its_centre() -> None:
    samples = of([[0]], [[0, 1], [1, 0]])
    assert samples.triangle.tolist() == [0]
    assert samples.share.tolist() == [1.0]
    assert samples.calm.all()
    assert len(samples.edges) == 0


def test_each_surface_of_a_pixel_counts_by_its_share() -> None:
    samples = of([[0]], [[0, 2], [2, 3]])
    assert samples.triangle.tolist() == [0, 2, 3]
    assert samples.share.tolist() == [0.25, 0.5, 0.25]
    assert samples.quarters.tolist() == [[0, 1, 1, 2]]
    np.testing.assert_allclose(samples.place, [[0.5, 0.5], [0.75, 0.25], [0.75, 0.75]])


def test_what_only_the_centre_shows_counts_for_nothing_and_sky_for_its_share() -> None:
    samples = of([[3, -1]], [[-1, 2, -1, -1], [2, 2, 0, -1]])
    np.testing.assert_allclose(samples.covered, [0.75, 0.25])
    values = samples.share * samples.triangle.astype(np.float32)
    np.testing.assert_allclose(total(samples, values), [0.75 * 2, 0.25 * 0])
    assert samples.quarters.tolist() == [[-1, 1, 1, 1], [-1, -1, 2, -1]]


def test_shares_of_any_picture_add_up() -> None:
    random = np.random.default_rng(3)
    samples = of(random.integers(-1, 4, (9, 13)).tolist(), random.integers(-1, 4, (18, 26)).tolist())
    np.testing.assert_allclose(total(samples, samples.share), samples.covered, atol=1e-6)
    found = samples.quarters[samples.quarters >= 0]
    assert (samples.pixel[found] == np.repeat(samples.edges, 4).reshape(-1, 4)[samples.quarters >= 0]).all()


def test_an_empty_picture_has_no_samples() -> None:
    samples = of([[-1]], [[-1, -1], [-1, -1]])
    assert len(samples) == 0
    assert total(samples, np.zeros(0, np.float32)).tolist() == [0]
