"""The street set."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import lru_cache

import numpy as np
import pytest

from worldgen.conventions import F32, stable_id
from worldgen.sets import SetPiece
from worldgen.sets.palette import STYLES
from worldgen.sets.street import street
from worldgen.world import Thing

CASES = [("old-town", 1, 9.0), ("brick-row", 2, 9.0), ("old-town", 5, 6.0)]
NEW = [("village", 1, 9.0), ("downtown", 2, 18.0), ("neon-alley", 3, 6.5)]


@lru_cache(maxsize=16)
def _street(**words: object) -> SetPiece:
    """The street, which several tests look at."""
    return street(**words)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]:g}m")
def piece(request: pytest.FixtureRequest) -> SetPiece:
    style, seed, width = request.param
    return street(length=60, width=width, style=style, seed=seed)


@pytest.fixture(scope="module", params=CASES[:1] + NEW, ids=lambda case: f"{case[0]}-{case[1]}")
def every(request: pytest.FixtureRequest) -> SetPiece:
    style, seed, width = request.param
    return _street(length=40, width=width, style=style, seed=seed, lamps_on=True)


def _triangles(things: tuple[Thing, ...]) -> F32:
    return np.concatenate([t.mesh.vertices[t.mesh.faces] for t in things])


def _named(piece: SetPiece) -> dict[str, Thing]:
    return {thing.name: thing for thing in piece.things}


def test_meshes_are_sound(piece: SetPiece) -> None:
    for thing in piece.things:
        m = thing.mesh
        assert thing.pose is None
        assert np.isfinite(m.vertices).all(), thing.name
        assert np.isfinite(m.uv).all(), thing.name
        np.testing.assert_allclose(np.linalg.norm(m.normals, axis=1), 1.0, atol=1e-3, err_msg=thing.name)
        assert m.faces.min() >= 0
        assert m.faces.max() < len(m.vertices)
        assert len(m.material) == len(m.faces)
        assert m.material.max() < len(m.materials)


def test_it_keeps_to_its_triangle_budget(piece: SetPiece) -> None:
    assert 120_000 < sum(len(t.mesh.faces) for t in piece.things) <= 275_000


def test_everything_stands_within_its_plot(piece: SetPiece) -> None:
    points = np.concatenate([t.mesh.vertices for t in piece.things if not t.name.endswith("ground")])
    assert points[:, 2].min() > -0.5
    assert 20 < points[:, 2].max() < 60
    assert np.abs(points[:, 0]).max() < 60
    assert points[:, 1].min() > -45
    assert points[:, 1].max() < 115


def test_houses_reach_from_end_to_end(piece: SetPiece) -> None:
    for side in "LR":
        rows = [t.mesh.vertices[:, 1] for t in piece.things if t.name.startswith(f"street/house-{side}")]
        assert min(y.min() for y in rows) < 0.5
        assert max(y.max() for y in rows) > 52
        assert len(rows) >= 7


def test_the_walkway_is_free(piece: SetPiece) -> None:
    """No triangle enters the box |x| < 1.2, 0 < y < 60, 0.2 < z < 1.9 (separating axes: its own and the triangle's)."""
    t = _triangles(piece.things).astype(np.float64)
    low, high = np.array([-1.2, 0.0, 0.2]), np.array([1.2, 60.0, 1.9])
    near = (t.max(1) > low).all(1) & (t.min(1) < high).all(1)
    t = t[near]
    normal = np.cross(t[:, 1] - t[:, 0], t[:, 2] - t[:, 0])
    distance = np.einsum("fd,fd->f", normal, (low + high) / 2 - t[:, 0])
    reach = np.abs(normal) @ ((high - low) / 2)
    assert (np.abs(distance) > reach).all(), t[np.abs(distance) <= reach][:3]


def test_the_carriageway_is_level_and_the_pavement_higher(piece: SetPiece) -> None:
    ground = _named(piece)["street/ground"].mesh
    cobble = ground.faces[[ground.materials[k].kind == "cobble" for k in ground.material]]
    assert np.abs(ground.vertices[cobble][..., 2]).max() == 0.0
    paving = ground.faces[[ground.materials[k].kind == "paving" for k in ground.material]]
    assert 0.12 in np.round(ground.vertices[paving][..., 2], 3)


def test_the_eye_meets_something_in_every_level_direction(piece: SetPiece) -> None:
    """From the middle of the street no level ray slightly above the horizon leaves between the houses unseen."""
    from trimesh import Trimesh
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    t = _triangles(piece.things)
    scene = RayMeshIntersector(Trimesh(t.reshape(-1, 3), np.arange(3 * len(t)).reshape(-1, 3), process=False))
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    rays = np.stack([np.cos(angle), np.sin(angle), np.full(720, 0.004)], axis=1)
    for y in (2.0, 30.0, 55.0):
        assert scene.intersects_any(np.tile([0.0, y, 1.6], (720, 1)), rays).mean() > 0.985


def test_a_longer_street_keeps_what_the_shorter_had() -> None:
    short, long = street(length=30, width=9, seed=4), street(length=40, width=9, seed=4)
    a, b = _named(short), _named(long)
    rows = [sorted(n for n in a if n.startswith(f"street/house-{s}")) for s in ("L0", "R0")]
    kept = [n for row in rows for n in row[:-1]]
    kept += [n for n in a if n.split("/")[1].split("-")[0] in ("lamp", "tree", "doorstep", "fountain", "car")]
    assert len(kept) > 12
    for name in kept:
        np.testing.assert_array_equal(a[name].mesh.vertices, b[name].mesh.vertices, err_msg=name)
        assert stable_id(name) == stable_id(b[name].name)


def test_seeds_and_styles_differ_truly() -> None:
    one, rows = (_street(length=15, width=9, style=s, seed=1, lamps_on=True) for s in ("old-town", "brick-row"))
    two = street(length=15, width=9, seed=2)
    eaves = [
        {round(float(t.mesh.vertices[:, 2].max()), 2) for t in p.things if "house-L" in t.name} for p in (one, two)
    ]
    assert eaves[0].isdisjoint(eaves[1])

    def share(p: SetPiece, kind: str) -> float:
        kinds = [t.mesh.materials[0].kind for t in p.things if "house-" in t.name]
        used = [any(m.kind == kind for m in t.mesh.materials) for t in p.things if "house-" in t.name]
        assert kinds
        return float(np.mean(used))

    assert share(one, "plaster") > 0.6
    assert share(rows, "plaster") < 0.5 < share(rows, "brick")
    assert len({m.name for t in one.things for m in t.mesh.materials}) > 40


def test_lamps_burn_only_when_they_are_on_and_change_no_geometry() -> None:
    day, night = street(length=20, width=9, seed=6), street(length=20, width=9, seed=6, lamps_on=True, name="lane")
    assert day.lamps == ()
    assert [lamp.name for lamp in night.lamps] == ["lane/lamp-00", "lane/lamp-01"]
    for a, b in zip(day.things, night.things, strict=True):
        assert a.name.replace("street/", "lane/") == b.name
        np.testing.assert_array_equal(a.mesh.vertices, b.mesh.vertices, err_msg=a.name)
    glow = [any(max(m.emission) > 0 for t in p.things for m in t.mesh.materials) for p in (day, night)]
    assert glow == [False, True]
    for lamp in night.lamps:
        post = _named(night)[lamp.name].mesh.vertices
        assert np.linalg.norm(post - np.array(lamp.position), axis=1).min() < 0.4


def test_materials_of_one_name_are_equal() -> None:
    seen: dict[str, object] = {}
    for style in STYLES:
        for thing in _street(length=15, width=9, style=style, seed=1, lamps_on=True).things:
            for material in thing.mesh.materials:
                assert seen.setdefault(material.name, material) == material


def test_it_is_the_same_street_in_another_process() -> None:
    code = (
        "import hashlib, numpy as np; from worldgen.sets.street import street; h = hashlib.blake2s()\n"
        "for t in street(length=15, width=8, seed=9).things:\n"
        "    h.update(t.name.encode()); h.update(t.mesh.vertices.tobytes()); h.update(t.mesh.uv.tobytes())\n"
        "print(h.hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    h = hashlib.blake2s()
    for t in street(length=15, width=8, seed=9).things:
        h.update(t.name.encode())
        h.update(t.mesh.vertices.tobytes())
        h.update(t.mesh.uv.tobytes())
    assert h.hexdigest() == other


def test_every_style_is_sound_and_keeps_the_walkway_free(every: SetPiece) -> None:
    names = [thing.name for thing in every.things]
    assert len(set(names)) == len(names)
    for thing in every.things:
        m = thing.mesh
        assert np.isfinite(m.vertices).all(), thing.name
        np.testing.assert_allclose(np.linalg.norm(m.normals, axis=1), 1.0, atol=1e-3, err_msg=thing.name)
        assert thing.name.endswith("ground") or m.vertices[:, 2].min() > -0.5, thing.name
        t = m.vertices[m.faces]
        low, high = t.min(1), t.max(1)
        inside = (high > [-1.2, 0.0, 0.2]).all(1) & (low < [1.2, 40.0, 1.9]).all(1)
        assert not inside.any(), thing.name
    assert sum(len(t.mesh.faces) for t in every.things) < 500_000


def test_the_ground_is_the_floor_one_sees(every: SetPiece) -> None:
    """At random places of street, square and cross street, ``ground`` and a ray cast down onto the floor agree."""
    from trimesh import Trimesh
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    assert every.ground is not None
    t = _triangles(tuple(t for t in every.things if t.name.split("/")[1].split("-")[0] in ("ground", "garden")))
    rays = RayMeshIntersector(Trimesh(t.reshape(-1, 3), np.arange(3 * len(t)).reshape(-1, 3), process=False))
    at = np.random.default_rng(2).uniform([-14.4, -18.9], [14.4, 48.4], (500, 2))
    said = np.array([every.ground(x, y) for x, y in at])
    fountain = np.isclose(said, 0.14)
    at, said = at[~np.isnan(said) & ~fountain], said[~np.isnan(said) & ~fountain]
    start = np.c_[at, np.full(len(at), 0.14)]  # below leaves and wall tops
    where, ray, _ = rays.intersects_location(start, np.tile([0.0, 0.0, -1.0], (len(at), 1)), multiple_hits=False)
    seen = np.full(len(at), np.nan)
    seen[ray] = where[:, 2]
    off = ~(np.abs(seen - said) < 0.02)
    assert off.mean() < 0.02, np.c_[at, said, seen][off]
    assert set(np.round(said, 2)) == {0.0, 0.12}
    assert np.isnan(every.ground(200.0, 5.0))


def test_neon_burns_only_at_night_and_shares_few_lamps() -> None:
    day, night = (_street(length=40, width=6.5, style="neon-alley", seed=3, lamps_on=on) for on in (False, True))
    assert day.lamps == ()
    assert 10 <= len(night.lamps) <= 16
    for a, b in zip(day.things, night.things, strict=True):
        np.testing.assert_array_equal(a.mesh.vertices, b.mesh.vertices, err_msg=a.name)
    tubes = {m.name for t in night.things for m in t.mesh.materials if m.kind == "neon"}
    assert len(tubes) >= 5
    assert not any(max(m.emission) > 0 for t in day.things for m in t.mesh.materials)
    points = np.concatenate([
        t.mesh.vertices[t.mesh.faces[[t.mesh.materials[k].kind == "neon" for k in t.mesh.material]]].reshape(-1, 3)
        for t in night.things if "house-" in t.name
    ])  # fmt: skip
    for lamp in night.lamps:
        if "/neon-" in lamp.name:
            assert np.linalg.norm(points - np.array(lamp.position), axis=1).min() < 1.0, lamp.name
    # Every tube along the street has a lamp in reach that it shares.
    along = points[(points[:, 1] > 0) & (points[:, 1] < 40) & (np.abs(points[:, 0]) < 3.2)]
    lamps = np.array([lamp.position for lamp in night.lamps if "street/neon-" in lamp.name])
    assert np.linalg.norm(along[::50, None] - lamps[None], axis=2).min(1).max() < 12.0


def test_cars_park_beside_a_wide_carriageway_only() -> None:
    wide, narrow = (street(length=40, width=w, style="downtown", seed=1) for w in (18.0, 9.0))
    cars = [t.mesh.vertices for t in wide.things if "/car-" in t.name]
    assert len(cars) >= 4
    assert not [t for t in narrow.things if "/car-" in t.name]
    for k, points in enumerate(cars):
        assert points[:, 2].min() == pytest.approx(0.0, abs=1e-3)
        for other in cars[:k]:
            assert (points.min(0)[:2] >= other.max(0)[:2]).any() or (points.max(0)[:2] <= other.min(0)[:2]).any()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"style": "old-twon"}, "did you mean 'old-town'"),
        ({"length": 3.0}, "length of a street is 3"),
        ({"width": float("nan")}, "width of a street is nan"),
    ],
)
def test_a_wrong_word_is_answered_in_one_sentence(words: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"length": 30.0, "width": 9.0, "seed": 1} | words
    with pytest.raises(ValueError, match=message) as error:
        street(**arguments)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
