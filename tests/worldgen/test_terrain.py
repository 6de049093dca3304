"""Hills with a road."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import trimesh

from worldgen.sets import SetPiece
from worldgen.sets.heightfield import Hills
from worldgen.sets.landmesh import Land, surface
from worldgen.sets.road import lay
from worldgen.sets.terrain import terrain
from worldgen.sets.wildtree import SPECIES, SUNK, wild_tree
from worldgen.world import Thing

FOCUS = (120.0, -90.0)
BEND = [(-30.0, -400.0), (20.0, -100.0), (0.0, 0.0), (-60.0, 180.0), (30.0, 420.0)]


@pytest.fixture(scope="module")
def piece() -> SetPiece:
    return terrain(seed=4, trees=2000, road=BEND, focus=[FOCUS])


def _thing(piece: SetPiece, name: str) -> Thing:
    return next(thing for thing in piece.things if thing.name == name)


def _down(thing: Thing, xy: np.ndarray) -> np.ndarray:
    """Heights at which rays from above meet the thing."""
    mesh = trimesh.Trimesh(thing.mesh.vertices, thing.mesh.faces, process=False)
    origins = np.column_stack([xy, np.full(len(xy), 900.0)])
    hits, ray, _ = mesh.ray.intersects_location(origins, np.tile([0.0, 0.0, -1.0], (len(xy), 1)), multiple_hits=False)
    z = np.full(len(xy), np.nan)
    z[ray] = hits[:, 2]
    return z


def test_the_ground_is_the_surface_that_is_drawn(piece: SetPiece) -> None:
    rng = np.random.default_rng(1)
    way = np.column_stack([rng.uniform(-12, 12, 200), rng.uniform(-80, 80, 200)])
    xy = np.concatenate([rng.uniform(-480, 480, (300, 2)), way])
    assert piece.ground is not None
    walked = np.array([piece.ground(x, y) for x, y in xy])
    assert np.abs(walked - _down(_thing(piece, "terrain/land"), xy)).max() < 0.02


def test_the_land_has_no_cracks_and_looks_up(piece: SetPiece) -> None:
    hills = Hills(600.0, 40.0, 0.3, 8)
    road = lay(BEND, 6.0, hills.heights)
    for way in (road, None):
        land = surface(hills, way, np.array([[0.0, 0.0], FOCUS]), 60_000, marked=True)
        f = land.faces
        assert len(f) < 66_000
        edges, counts = np.unique(np.sort(f[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0, return_counts=True)
        assert counts.max() == 2
        open_ends = land.vertices[edges[counts == 1]].mean(axis=1)
        assert np.abs(open_ends[:, :2]).max(axis=1).min() > hills.reach - 130.0
        u, v = (land.vertices[f[:, k]] - land.vertices[f[:, 0]] for k in (1, 2))
        assert (np.cross(u, v)[:, 2] > 0).all()


def test_it_is_finer_near_the_places_of_interest(piece: SetPiece) -> None:
    mesh = _thing(piece, "terrain/land").mesh
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    u, v = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2]
    edge = np.sqrt(np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]))
    middle = corners[:, :, :2].mean(axis=1)
    assert np.median(edge[np.linalg.norm(middle - FOCUS, axis=1) < 10.0]) < 0.9
    assert np.median(edge[np.linalg.norm(middle, axis=1) > 900.0]) > 8.0


def test_mountains_are_finer_on_the_side_that_is_looked_at() -> None:
    hills = Hills(600.0, 40.0, 0.3, 8)
    land, flat = (surface(hills, None, np.zeros((1, 2)), 90_000, open_=o) for o in (True, False))

    def edge(of: Land) -> float:
        corners = of.vertices[of.faces]
        far = np.linalg.norm(corners[..., :2].mean(axis=1), axis=1)
        some = corners[(far > 900.0) & (far < 1200.0)]
        return float(np.median(np.linalg.norm(some[:, 1] - some[:, 0], axis=1)))

    assert edge(land) < 22.0 < 28.0 < edge(flat)


def test_gravel_lies_beside_the_asphalt_and_nowhere_else(piece: SetPiece) -> None:
    mesh = _thing(piece, "terrain/land").mesh
    kinds = np.array([m.kind for m in mesh.materials])[mesh.material]
    road = lay(BEND, 6.0, Hills(1000.0, 1.0, 0.0, 0).heights)
    aside = np.abs(road.offsets(mesh.vertices[:, :2].astype(np.float64))[1])[mesh.faces]
    open_ = (np.abs(mesh.vertices[mesh.faces][..., 1]) < 380.0).all(axis=1)
    assert aside[kinds == "asphalt"].max() < 3.01
    gravel = aside[open_ & (kinds == "gravel")]
    assert 2.99 < gravel.min() < 3.01
    assert 3.7 < gravel.max() < 4.2
    assert not (open_ & (aside.mean(axis=1) < 3.2) & ~np.isin(kinds, ("asphalt", "plaster", "gravel"))).any()
    # Its edge is ragged, but no tile of a triangle sticks out of it or into it.
    p = mesh.vertices[mesh.faces].astype(np.float64)
    area = 0.5 * np.linalg.norm(np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]), axis=1)
    assert area[open_ & (kinds == "gravel")].sum() / (2 * 780.0) == pytest.approx(0.62, abs=0.1)


def test_textures_of_the_ground_are_hardly_stretched(piece: SetPiece) -> None:
    mesh = _thing(piece, "terrain/land").mesh
    kinds = np.array([m.kind for m in mesh.materials])[mesh.material]
    wild = mesh.faces[~np.isin(kinds, ("asphalt", "plaster"))]
    for k in range(3):
        a, b = wild[:, k], wild[:, k - 2]
        long = np.linalg.norm(mesh.vertices[a] - mesh.vertices[b], axis=1)
        along = np.linalg.norm(mesh.uv[a] - mesh.uv[b], axis=1)
        assert (along <= 2.5 * long + 0.01).all()


def test_it_keeps_to_its_triangles(piece: SetPiece) -> None:
    assert 300_000 < sum(len(t.mesh.faces) for t in piece.things) <= 820_000


def test_the_road_is_even_and_the_ditch_lies_lower(piece: SetPiece) -> None:
    assert piece.ground is not None
    for y in np.linspace(-300, 300, 25):
        hills = Hills(1000.0, 1.0, 0.0, 0)
        road = lay(BEND, 6.0, hills.heights)
        k = int(np.argmin(np.abs(road.centre[:, 1] - y)))
        (x0, y0), left = road.centre[k], road.left[k]
        z = [piece.ground(x0 + d * left[0], y0 + d * left[1]) for d in (0.0, 2.8, -2.8, 4.85, -4.85)]
        np.testing.assert_allclose(z[1:3], z[0] - 0.06, atol=0.035)
        assert max(z[3:]) < z[0] - 0.25


def test_every_tree_stands_in_the_ground(piece: SetPiece) -> None:
    single = [t for t in piece.things if "/tree-" in t.name]
    assert single
    assert piece.ground is not None
    for thing in single:
        low = thing.mesh.vertices[np.argsort(thing.mesh.vertices[:, 2])[:8]].mean(axis=0)
        assert low[2] < piece.ground(float(low[0]), float(low[1])) - 0.1, thing.name
    for kind in SPECIES:
        for detail in ("near", "mid", "low", "far"):
            z = wild_tree(kind, 12.0, 0, detail).vertices[:, 2]
            assert z.min() == pytest.approx(-SUNK, abs=0.1)
            assert 10.0 < z.max() < 17.0
    for name, corners in (("rocks", 960), ("pebbles", 240), ("grass-near", 5)):  # vertices of a stone, a blade
        one = _thing(piece, f"terrain/{name}").mesh.vertices.reshape(-1, corners, 3)
        assert len(one) > 10
        ground = _down(_thing(piece, "terrain/land"), one[..., :2].reshape(-1, 2)).reshape(one.shape[:2])
        assert (one[..., 2] - ground).min(axis=1).max() < 0.01, name


def test_the_carriageway_is_free(piece: SetPiece) -> None:
    road = lay(BEND, 6.0, Hills(1000.0, 1.0, 0.0, 0).heights)
    for thing in piece.things:
        if "/land" in thing.name or "trees-" in thing.name or "/tree-" in thing.name:
            continue
        points = thing.mesh.vertices[:, :2].astype(np.float64)
        assert np.abs(road.offsets(points)[1]).min() > 2.6, thing.name


def test_spots_and_the_horizon(piece: SetPiece) -> None:
    assert piece.land
    assert piece.ground is not None
    assert {"origin", "summit", "road-start", "road-middle", "road-end"} <= set(piece.spots)
    for spot in piece.spots.values():
        x, y, z = spot.position
        assert z == pytest.approx(piece.ground(x, y), abs=0.02)
    assert piece.ground(0.0, 0.0) == pytest.approx(0.0, abs=1e-6)
    far = _thing(piece, "terrain/land").mesh.vertices
    ahead = np.arctan2(far[:, 1], far[:, 0])
    distance = np.linalg.norm(far[:, :2], axis=1)
    for a in np.linspace(-np.pi, np.pi, 24, endpoint=False):  # hills above eye height, all around
        there = (np.abs(ahead - a - 0.13) < 0.13) & (distance > 500)
        assert far[there, 2].max() > 15.0


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    code = (
        "import hashlib; from worldgen.sets.terrain import terrain; p = terrain(size=200, seed=7, trees=60);"
        "print(hashlib.sha256(b''.join(t.name.encode() + t.mesh.vertices.tobytes() + t.mesh.material.tobytes()"
        " for t in p.things)).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    own = terrain(size=200, seed=7, trees=60)
    digest = hashlib.sha256(
        b"".join(t.name.encode() + t.mesh.vertices.tobytes() + t.mesh.material.tobytes() for t in own.things)
    ).hexdigest()
    assert digest == other
    assert terrain(size=200, seed=8, trees=60).ground(50, 50) != own.ground(50, 50)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"style": "moon"}, "unknown to terrain"),
        ({"size": 10.0}, "size of a terrain"),
        ({"trees": -1}, "number of trees"),
        ({"road": [(0, 0)]}, "two points or more"),
        ({"road": [(0, -40), (1, 0), (0, 40), (6, 2), (60, 0)]}, "bends too tightly|crosses itself"),
    ],
)
def test_bad_input_says_what_to_do(words: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        terrain(**words)
