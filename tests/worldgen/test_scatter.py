"""Scatter, rows, grids and rings."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.spatial import cKDTree

from worldgen.scatter import grid, placements, ring, row, scatter

FIELD = shapely.box(-40.0, -30.0, 60.0, 50.0)


def test_places_keep_their_distance_and_fill_the_field() -> None:
    places = scatter(FIELD, 3.0, seed=5)
    assert cKDTree(places.points).query(places.points, k=2)[0][:, 1].min() >= 3.0 - 1e-9
    assert shapely.contains_xy(FIELD, *places.points.T).all()
    # Dart throwing to the end covers about 0.7 discs of that diameter a square of it.
    assert len(places) > 0.5 * FIELD.area / 3.0**2


def test_footprints_stay_free() -> None:
    pond, discs = shapely.box(0.0, 0.0, 20.0, 10.0), np.array([[-20.0, 10.0, 6.0], [40.0, -10.0, 3.0]])
    places = scatter(FIELD, 1.5, seed=1, clear_areas=[pond], clear_discs=discs, margin=0.8)
    assert shapely.distance(pond, shapely.points(places.points)).min() >= 0.8 - 1e-6
    for x, y, radius in discs:
        assert np.hypot(places.points[:, 0] - x, places.points[:, 1] - y).min() >= radius + 0.8 - 1e-9


def test_a_new_footprint_changes_only_its_neighbourhood() -> None:
    before = scatter(FIELD, 2.0, seed=9)
    after = scatter(FIELD, 2.0, seed=9, clear_discs=[[10.0, 10.0, 5.0]])
    kept = {tuple(p) for p in after.points}
    changed = {tuple(p) for p in before.points} ^ kept
    assert len(changed) > 5
    assert all(np.hypot(x - 10.0, y - 10.0) < 25.0 for x, y in changed)
    same = {tuple(p): k for p, k in zip(before.points, before.draw("size"), strict=True)}
    draws = {tuple(p): k for p, k in zip(after.points, after.draw("size"), strict=True)}
    assert all(draws[p] == same[p] for p in kept if p in same)


def test_a_larger_field_keeps_what_the_smaller_had() -> None:
    small, large = scatter(FIELD, 4.0, seed=2), scatter(FIELD.buffer(40.0), 4.0, seed=2)
    inner = FIELD.buffer(-12.0)
    a, b = ({tuple(p) for p in s.points if inner.contains(shapely.Point(p))} for s in (small, large))
    assert len(a) > 80
    assert len(a & b) > 0.98 * len(a)


def test_density_thins_and_count_limits() -> None:
    def right_only(p: np.ndarray) -> np.ndarray:
        return np.where(p[:, 0] > 10.0, 1.0, 0.0)

    places = scatter(FIELD, 2.0, seed=3, density=right_only, count=50)
    assert len(places) == 50
    assert places.points[:, 0].min() > 10.0


def test_choice_follows_its_weights() -> None:
    kinds = scatter(FIELD, 1.0, seed=3).choice("kind", [3.0, 1.0])
    assert 0.7 < (kinds == 0).mean() < 0.8


def test_bad_input_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="no room"):
        scatter(shapely.Polygon(), 1.0, 0)
    with pytest.raises(ValueError, match="spacing above 0"):
        scatter(FIELD, 0.0, 0)
    with pytest.raises(ValueError, match="too small"):
        scatter(FIELD, 0.001, 0)
    with pytest.raises(ValueError, match="1 or more"):
        row(0, (1, 0, 0))


def test_rows_grids_and_rings() -> None:
    np.testing.assert_allclose(row(3, (2, 0, 0), (1, 1, 0))[:, :3, 3], [[1, 1, 0], [3, 1, 0], [5, 1, 0]])
    cells = grid(3, 2, (2.0, 4.0))[:, :3, 3]
    np.testing.assert_allclose(cells.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(cells[[0, -1], :2], [[-2, -2], [2, 2]])
    for inward, sign in ((True, -1.0), (False, 1.0)):
        circle = ring(8, 5.0, 0.3, inward)
        np.testing.assert_allclose(circle[:, :3, 1] * 5.0, sign * circle[:, :3, 3], atol=1e-9)


def test_placements_lean_and_scale() -> None:
    m = placements([[1.0, 2.0, 3.0]], 0.4, 2.0, (0.3, 0.0, 1.0))[0]
    np.testing.assert_allclose(m[:3, :3].T @ m[:3, :3], 4.0 * np.eye(3), atol=1e-12)
    np.testing.assert_allclose(m[:3, 2] / 2.0, np.array([0.3, 0, 1]) / np.hypot(0.3, 1))
    assert np.linalg.det(m[:3, :3]) > 0
