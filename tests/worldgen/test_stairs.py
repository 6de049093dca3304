"""Stairs one can walk."""

from __future__ import annotations

import numpy as np
import pytest
from trimesh import Trimesh
from trimesh.ray.ray_pyembree import RayMeshIntersector

from worldgen.conventions import F64
from worldgen.sets import SetPiece
from worldgen.sets.stair_parts import proportions
from worldgen.sets.stairs import KINDS, stairs


def _rays(piece: SetPiece) -> RayMeshIntersector:
    t = np.concatenate([x.mesh.vertices[x.mesh.faces] for x in piece.things if "rail" not in x.name])
    return RayMeshIntersector(Trimesh(t.reshape(-1, 3), np.arange(3 * len(t)).reshape(-1, 3), process=False))


def _climb(piece: SetPiece) -> F64:
    """Heights met on the way up, by always stepping to the next higher tread nearby."""
    assert piece.ground is not None
    grid = np.arange(-6, 9, 0.07)
    points = np.array([(x, y, piece.ground(float(x), float(y))) for x in grid for y in grid])
    points = points[np.isfinite(points[:, 2])]
    return np.unique(np.round(points[:, 2], 4))


@pytest.mark.parametrize("height", [0.6, 1.4, 2.8, 3.4])
def test_steps_are_comfortable(height: float) -> None:
    risers, riser, going = proportions(height)
    assert risers * riser == pytest.approx(height)
    assert 0.14 < riser < 0.21
    assert 0.24 <= going <= 0.32
    assert abs(2 * riser + going - 0.63) < 0.035


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", ["left", "right"])
def test_the_ground_is_where_the_treads_are(kind: str, turn: str) -> None:
    piece = stairs(kind=kind, turn=turn, height=2.8, seed=1)
    assert piece.ground is not None
    scene = _rays(piece)
    low = np.concatenate([t.mesh.vertices for t in piece.things]).min(axis=0)
    high = np.concatenate([t.mesh.vertices for t in piece.things]).max(axis=0)
    rng = np.random.default_rng(0)
    checked = 0
    for x, y in rng.uniform(low[:2], high[:2], (900, 2)):
        z = piece.ground(float(x), float(y))
        edges = [piece.ground(float(x + dx), float(y + dy)) for dx in (-0.04, 0.04) for dy in (-0.04, 0.04)]
        if not np.isfinite(z) or any(e != z for e in edges):
            continue
        hit = scene.intersects_location([[x, y, z + 0.5]], [[0, 0, -1.0]], multiple_hits=False)[0]
        assert len(hit), (x, y)
        assert abs(hit[0][2] - z) < 0.006, (x, y, z, hit)
        checked += 1
    assert checked > 100


@pytest.mark.parametrize("kind", KINDS)
def test_every_step_up_is_one_riser(kind: str) -> None:
    heights = _climb(stairs(kind=kind, height=2.8, seed=1))
    risers, riser, _ = proportions(2.8)
    np.testing.assert_allclose(heights, riser * np.arange(1, risers + 1), atol=2e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_it_stands_on_the_floor_and_ends_at_the_top(kind: str) -> None:
    piece = stairs(kind=kind, height=3.0, style="classic", seed=2)
    points = np.concatenate([t.mesh.vertices for t in piece.things])
    assert -0.005 < points[:, 2].min() < 0.003
    assert 3.8 < points[:, 2].max() < 4.2
    top = piece.spots["top"]
    assert piece.ground is not None
    assert piece.ground(*top.position[:2]) == pytest.approx(3.0)
    assert top.position[2] == pytest.approx(3.0)
    for t in piece.things:
        assert np.isfinite(t.mesh.vertices).all()
        np.testing.assert_allclose(np.linalg.norm(t.mesh.normals, axis=1), 1.0, atol=1e-3)


def test_turns_go_to_their_side() -> None:
    for kind in ("l", "u"):
        left, right = (stairs(kind=kind, turn=t).spots["top"].position for t in ("left", "right"))
        assert left[0] < -0.9
        assert right[0] == pytest.approx(-left[0])


def test_a_handrail_follows_the_nosings() -> None:
    piece = stairs(kind="straight", height=2.8)
    _, riser, going = proportions(2.8)
    rail = next(t for t in piece.things if t.name == "stairs/rail-1").mesh.vertices
    for step in (3, 8, 12):
        near = rail[np.abs(rail[:, 1] - step * going) < 0.2]
        assert 0.8 < near[:, 2].max() - (step + 1) * riser < 1.2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"kind": "sprial"}, "did you mean 'spiral'"),
        ({"turn": "up"}, "use left or right"),
        ({"height": 20.0}, "height of the stairs is 20"),
        ({"kind": "l", "height": 0.4}, "need at least 0.7 m"),
    ],
)
def test_a_wrong_word_is_answered_in_one_sentence(words: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        stairs(**words)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
