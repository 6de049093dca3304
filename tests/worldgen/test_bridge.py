"""Bridges in their valleys."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from worldgen.sets import SetPiece
from worldgen.sets.bridge import KINDS, bridge

CASES = [("stone", "water"), ("footbridge", "gorge"), ("road", "water")]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def piece(request: pytest.FixtureRequest) -> tuple[SetPiece, str]:
    kind, over = request.param
    return bridge(kind=kind, over=over, seed=2), kind


def _down(piece: SetPiece, xy: np.ndarray, *names: str) -> np.ndarray:
    meshes = [t.mesh for t in piece.things if t.name.rsplit("/", 1)[-1] in names]
    mesh = trimesh.util.concatenate([trimesh.Trimesh(m.vertices, m.faces, process=False) for m in meshes])
    origins = np.column_stack([xy, np.full(len(xy), 300.0)])
    hits, ray, _ = mesh.ray.intersects_location(origins, np.tile([0.0, 0.0, -1.0], (len(xy), 1)), multiple_hits=False)
    z = np.full(len(xy), np.nan)
    z[ray] = hits[:, 2]
    return z


def test_one_walks_on_the_deck(piece: tuple[SetPiece, str]) -> None:
    made, kind = piece
    build = KINDS[kind]
    rng = np.random.default_rng(3)
    xy = rng.uniform(-1, 1, (500, 2)) * [0.42 * build.width, 0.5 * build.span + 12.0]
    assert made.ground is not None
    walked = np.array([made.ground(x, y) for x, y in xy])
    gap = np.abs(walked - _down(made, xy, "land", "bridge"))
    # Between two planks of a footbridge one looks through.
    assert np.mean(gap < 0.02) > (0.9 if kind == "footbridge" else 0.999)
    assert walked.min() > -0.6


def test_water_lies_in_its_bed_below_the_deck(piece: tuple[SetPiece, str]) -> None:
    made, kind = piece
    y = np.linspace(-0.5 * KINDS[kind].span, 0.5 * KINDS[kind].span, 80)
    for x in (-40.0, 0.0, 25.0):
        xy = np.column_stack([np.full(80, x), y])
        land, water = _down(made, xy, "land"), _down(made, xy, "water")
        assert (land < water - 0.3).any()
        level = np.nanmax(water)
        assert level < -1.0
    mesh = next(t.mesh for t in made.things if t.name.endswith("/water"))
    border = np.concatenate([mesh.vertices[::3], mesh.vertices[2::3]])
    near = border[np.abs(border[:, 0]) < 300.0]
    assert (_down(made, near[:, :2], "land") > near[:, 2]).mean() > 0.97  # its edges are let into the banks


def test_the_way_is_free_between_the_railings(piece: tuple[SetPiece, str]) -> None:
    made, kind = piece
    build = KINDS[kind]
    assert made.ground is not None
    for thing in made.things:
        v = thing.mesh.vertices
        v = v[(np.abs(v[:, 0]) < 0.5 * build.width - 0.1) & (np.abs(v[:, 1]) < 0.5 * build.span + 1.0)]
        deck = np.array([made.ground(0.0, float(y)) for y in v[:, 1]])
        assert not ((v[:, 2] > deck + 0.2) & (v[:, 2] < deck + 2.0)).any(), thing.name


def test_railings_stand_along_the_deck(piece: tuple[SetPiece, str]) -> None:
    made, kind = piece
    build = KINDS[kind]
    v = next(t.mesh.vertices for t in made.things if t.name.endswith("/bridge"))
    for side in (-1.0, 1.0):
        rail = v[(side * v[:, 0] > 0.5 * build.width - 0.15) & (v[:, 2] > 0.8)]
        assert np.ptp(rail[:, 1]) > build.span
    assert v[:, 2].min() < -2.0 or kind == "footbridge"


def test_budget_spots_and_names(piece: tuple[SetPiece, str]) -> None:
    made, _ = piece
    assert made.land
    assert {"start", "middle", "end", "below"} <= set(made.spots)
    assert sum(len(t.mesh.faces) for t in made.things) <= 720_000
    assert len({t.name for t in made.things}) == len(made.things)
    for thing in made.things:
        assert np.isfinite(thing.mesh.vertices).all()
        np.testing.assert_allclose(np.linalg.norm(thing.mesh.normals, axis=1), 1.0, atol=1e-3)


def test_bad_input_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="unknown to bridge"):
        bridge(kind="rope")
    with pytest.raises(ValueError, match="span of a bridge"):
        bridge(span=1.0)
