"""The forest."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import trimesh

from worldgen.sets import SetPiece
from worldgen.sets.forest import WOODS, forest

PATH = [(0.0, -45.0), (3.0, -10.0), (0.0, 0.0), (-4.0, 25.0), (2.0, 45.0)]


@pytest.fixture(scope="module")
def piece() -> SetPiece:
    return forest(kind="mixed", seed=3, path=PATH, clearing=8.0)


def test_the_path_is_free_to_walk(piece: SetPiece) -> None:
    """Nothing but leaves and blades stands between knee and head height over the path."""
    assert piece.ground is not None
    line = np.array([[s, np.interp(s, [p[1] for p in PATH], [p[0] for p in PATH])] for s in (-8.0, -4.0, 0.0)])[:, ::-1]
    for thing in piece.things:
        if "/log" in thing.name or "/stones" in thing.name or "/tree-" in thing.name:
            v = thing.mesh.vertices
            for x, y in line:
                z0 = piece.ground(x, y)
                body = v[(v[:, 2] > z0 + 0.3) & (v[:, 2] < z0 + 1.9)]
                if len(body):
                    assert np.hypot(body[:, 0] - x, body[:, 1] - y).min() > 0.35, thing.name


def test_the_ground_is_the_surface_that_is_drawn(piece: SetPiece) -> None:
    land = next(t for t in piece.things if t.name == "forest/land").mesh
    mesh = trimesh.Trimesh(land.vertices, land.faces, process=False)
    xy = np.random.default_rng(0).uniform(-60, 60, (500, 2))
    origins = np.column_stack([xy, np.full(500, 500.0)])
    hits, ray, _ = mesh.ray.intersects_location(origins, np.tile([0.0, 0.0, -1.0], (500, 1)), multiple_hits=False)
    assert len(ray) == 500
    assert piece.ground is not None
    walked = np.array([piece.ground(*xy[r]) for r in ray])
    assert np.abs(walked - hits[:, 2]).max() < 0.02


def test_budget_and_trunks(piece: SetPiece) -> None:
    assert 300_000 < sum(len(t.mesh.faces) for t in piece.things) <= 720_000
    assert piece.ground is not None
    for thing in piece.things:
        if "/tree-" in thing.name:
            low = thing.mesh.vertices[np.argsort(thing.mesh.vertices[:, 2])[:8]].mean(axis=0)
            assert low[2] < piece.ground(float(low[0]), float(low[1])) - 0.1, thing.name


def test_the_clearing_is_clear(piece: SetPiece) -> None:
    x, y, z = piece.spots["clearing"].position
    for thing in piece.things:
        if "tree" in thing.name:
            v = thing.mesh.vertices
            near = v[(np.hypot(v[:, 0] - x, v[:, 1] - y) < 6.5) & (v[:, 2] < z + 1.5)]
            assert not len(near), thing.name


def test_kinds_differ_and_seeds_too() -> None:
    code = (
        "import hashlib; from worldgen.sets.forest import forest; p = forest(kind='pine', seed=2, length=20);"
        "print(hashlib.sha256(b''.join(t.mesh.vertices.tobytes() for t in p.things)).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    def digest(kind: str, seed: int) -> str:
        things = forest(kind=kind, seed=seed, length=20).things
        return hashlib.sha256(b"".join(t.mesh.vertices.tobytes() for t in things)).hexdigest()

    assert digest("pine", 2) == other
    assert len({other, digest("pine", 3), digest("birch", 2)}) == 3
    assert "spruce" in WOODS


def test_bad_input_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="kind of forest"):
        forest(kind="palm")
    with pytest.raises(ValueError, match="length of a forest's path"):
        forest(length=5.0)
    with pytest.raises(ValueError, match="two points"):
        forest(path=[(0.0, 0.0)])
