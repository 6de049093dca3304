"""The square and its market: what stands where, room to walk, the ground underfoot, places to sit."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest
from trimesh import Trimesh
from trimesh.ray.ray_pyembree import RayMeshIntersector

from worldgen.conventions import F64
from worldgen.sets import SetPiece
from worldgen.sets.market import plots
from worldgen.sets.square import square
from worldgen.sets.square_floor import WALK
from worldgen.world import Thing

CASES = [
    ("old-town", "fountain", "bands", 14),
    ("brick-row", "monument", "rings", 0),
    ("village", "tree", "checks", 9),
    ("downtown", "none", "plain", 0),
    ("neon-alley", "none", "bands", 12),
]


@lru_cache(maxsize=12)
def _square(**words: object) -> SetPiece:
    """The square, which several tests look at."""
    return square(**words)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def piece(request: pytest.FixtureRequest) -> SetPiece:
    style, centre, paving, stalls = request.param
    return _square(size=(40, 36), style=style, centre=centre, paving=paving, stalls=stalls, seed=3, lamps_on=True)


def _rays(things: tuple[Thing, ...]) -> RayMeshIntersector:
    t = np.concatenate([t.mesh.vertices[t.mesh.faces] for t in things])
    return RayMeshIntersector(Trimesh(t.reshape(-1, 3), np.arange(3 * len(t)).reshape(-1, 3), process=False))


def _floor(things: tuple[Thing, ...]) -> Callable[[F64], F64]:
    """Heights of the highest of ``things`` at places (N, 2)."""
    rays = _rays(things)

    def height(at: F64) -> F64:
        down = np.tile([0.0, 0.0, -1.0], (len(at), 1))
        where, ray, _ = rays.intersects_location(np.c_[at, np.full(len(at), 1.0)], down, multiple_hits=False)
        found = np.full(len(at), np.nan)
        found[ray] = where[:, 2]
        return found

    return height


def test_meshes_are_sound_and_within_the_budget(piece: SetPiece) -> None:
    names = [thing.name for thing in piece.things]
    assert len(set(names)) == len(names)
    assert sum(len(t.mesh.faces) for t in piece.things) < 500_000
    for thing in piece.things:
        m = thing.mesh
        assert np.isfinite(m.vertices).all(), thing.name
        assert np.isfinite(m.uv).all(), thing.name
        np.testing.assert_allclose(np.linalg.norm(m.normals, axis=1), 1.0, atol=2e-3, err_msg=thing.name)
        if not thing.name.endswith("ground"):
            assert m.vertices[:, 2].min() > -0.5, thing.name
            assert np.abs(m.vertices[:, :2]).max() < 60, thing.name


def test_the_ground_is_the_floor_one_sees(piece: SetPiece) -> None:
    """At random places of the square, ``ground`` and a ray cast down onto floor, steps and nothing else agree."""
    assert piece.ground is not None
    floor = _floor(tuple(t for t in piece.things if t.name.split("/")[1] in ("ground", "monument", "fountain")))
    rng = np.random.default_rng(1)
    at = rng.uniform([-19.9, -17.9], [19.9, 17.9], (600, 2))
    at = at[np.hypot(*at.T) > 2.05]  # within stand basin and plinth
    said = np.array([piece.ground(x, y) for x, y in at])
    seen = floor(at)
    edge = np.abs(seen - said) > 0.01
    assert edge.mean() < 0.02, at[edge]  # a ray may meet a kerb or the rim of a step
    assert set(np.round(said, 2)) >= {0.0, 0.12}
    assert np.isnan(piece.ground(70.0, 0.0))


def test_steps_lie_where_the_ground_says() -> None:
    for centre, heights in (("fountain", (0.14, 0.28)), ("monument", (0.14, 0.28))):
        made = square(size=(30, 30), centre=centre, seed=1)
        assert made.ground is not None
        floor = _floor(tuple(t for t in made.things if t.name.endswith(centre)))
        for radius, height in zip((2.5, 2.1) if centre == "fountain" else (2.0, 1.6), heights, strict=True):
            at = np.array([[radius, 0.0], [0.0, -radius]])
            np.testing.assert_allclose(floor(at), height, atol=0.005)
            np.testing.assert_allclose([made.ground(x, y) for x, y in at], height, atol=0.005)


def test_every_seat_is_on_something_and_faces_somewhere_free(piece: SetPiece) -> None:
    seats = {name: spot for name, spot in piece.spots.items() if spot.kind == "seat"}
    assert len(seats) >= 4
    rays = _rays(piece.things)
    at = np.array([s.position for s in seats.values()])
    where, ray, _ = rays.intersects_location(
        at + np.array([0, 0, 0.1]), np.tile([0.0, 0.0, -1.0], (len(at), 1)), multiple_hits=False
    )
    assert len(ray) == len(at)
    np.testing.assert_allclose(where[np.argsort(ray), 2], at[:, 2], atol=0.04)
    heading = np.array([s.facing for s in seats.values()])
    ahead = np.stack([-np.sin(heading), np.cos(heading), 0 * heading], axis=1)
    reach = rays.intersects_location(at + np.array([0, 0, 0.3]), ahead, multiple_hits=False)
    distance = np.linalg.norm(reach[0] - (at + np.array([0, 0, 0.3]))[reach[1]], axis=1)
    assert (distance > 0.2).all()


def test_stalls_keep_clear_of_each_other_and_of_the_middle() -> None:
    made = _square(size=(44, 40), stalls=20, seed=5)
    boxes = [(t.mesh.vertices[:, :2].min(0), t.mesh.vertices[:, :2].max(0)) for t in made.things if "/stall-" in t.name]
    others = [
        (t.name, t.mesh.vertices[:, :2].min(0), t.mesh.vertices[:, :2].max(0))
        for t in made.things
        if t.name.split("/")[1].split("-")[0] in ("fountain", "lamp", "bench", "table", "cart", "tub")
    ]
    assert len(boxes) == 20
    for i, (low, high) in enumerate(boxes):
        for a, b in boxes[:i]:
            assert (low >= b).any() or (a >= high).any()
        for name, a, b in others:
            assert (low >= b).any() or (a >= high).any(), name


def test_aisles_are_free() -> None:
    """In front of every stall a band 1.4 m wide is free from shin to head, and the next stall is reached through it."""
    made = _square(size=(44, 40), stalls=20, seed=5)
    rays = _rays(tuple(t for t in made.things if "/ground" not in t.name))
    for k in range(20):
        spot = made.spots[f"stall-{k}"]
        ahead = np.array([-np.sin(spot.facing), np.cos(spot.facing)])
        along = np.array([ahead[1], -ahead[0]])
        for back in np.linspace(0.0, 1.4, 8):
            start = np.array(spot.position[:2]) - ahead * back - along * 1.3
            for z in (0.3, 1.0, 1.75):
                hit = rays.intersects_location(np.array([[*start, z]]), np.array([[*along, 0.0]]), multiple_hits=False)[
                    0
                ]
                assert len(hit) == 0 or np.linalg.norm(hit[0][:2] - start) > 2.6, (k, back, z)


def test_customers_and_keepers_stand_on_the_floor_facing_each_other() -> None:
    made = _square(size=(40, 36), stalls=12, seed=4)
    for k in range(6):
        customer, keeper = made.spots[f"stall-{k}"], made.spots[f"keeper-{k}"]
        towards = np.array(keeper.position) - np.array(customer.position)
        assert 1.2 < np.linalg.norm(towards) < 2.4
        assert -np.sin(customer.facing) * towards[0] + np.cos(customer.facing) * towards[1] > 1.2
        assert np.cos(customer.facing - keeper.facing) == pytest.approx(-1.0)


def test_a_larger_market_keeps_the_smaller_one() -> None:
    small, large = (_square(size=(40, 36), stalls=n, seed=4) for n in (5, 12))
    large_by_name = {t.name: t for t in large.things}
    for thing in small.things:
        np.testing.assert_array_equal(thing.mesh.vertices, large_by_name[thing.name].mesh.vertices, err_msg=thing.name)


def test_plots_leave_the_taken_ground() -> None:
    found = plots(16, 14, lambda x, y: x > 0)
    assert found
    assert all(plot.x > 0 and abs(plot.y) < 14 for plot in found)


def test_lamps_burn_only_when_they_are_on_and_stay_few() -> None:
    style, centre, paving, stalls = CASES[0]
    words = {"style": style, "centre": centre, "paving": paving, "stalls": stalls, "seed": 3}
    day, night = (_square(size=(40, 36), **words, lamps_on=on) for on in (False, True))
    assert day.lamps == ()
    assert 8 <= len(night.lamps) <= 16
    names = {t.name for t in night.things}
    assert {lamp.name for lamp in night.lamps} <= names
    for a, b in zip(day.things, night.things, strict=True):
        np.testing.assert_array_equal(a.mesh.vertices, b.mesh.vertices, err_msg=a.name)
    glow = [any(max(m.emission) > 0 for t in p.things for m in t.mesh.materials) for p in (day, night)]
    assert glow == [False, True]


def test_houses_close_the_square_but_for_its_gates() -> None:
    made = square(size=(36, 36), cafe=False, centre="none", seed=8)
    rays = _rays(tuple(t for t in made.things if "/house-" in t.name))
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    level = np.stack([np.cos(angle), np.sin(angle), np.full(720, 0.05)], axis=1)
    for at in ((0.0, 0.0), (9.0, -8.0), (-9.0, 8.0)):
        assert rays.intersects_any(np.tile([*at, 1.6], (720, 1)), level).mean() > 0.985
    assert np.abs(made.spots["gate-south"].position[0]) < 18 - WALK


def test_it_is_the_same_square_in_another_process() -> None:
    code = (
        "import hashlib; from worldgen.sets.square import square; h = hashlib.blake2s()\n"
        "for t in square(size=(26, 26), stalls=1, cafe=False, seed=9).things:\n"
        "    h.update(t.name.encode()); h.update(t.mesh.vertices.tobytes()); h.update(t.mesh.uv.tobytes())\n"
        "print(h.hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    h = hashlib.blake2s()
    for t in square(size=(26, 26), stalls=1, cafe=False, seed=9).things:
        h.update(t.name.encode())
        h.update(t.mesh.vertices.tobytes())
        h.update(t.mesh.uv.tobytes())
    assert h.hexdigest() == other


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"style": "old-twon"}, "did you mean 'old-town'"),
        ({"centre": "fontain"}, "did you mean 'fountain'"),
        ({"size": (10.0, 40.0)}, "size of a square is 10 x 40"),
        ({"stalls": 90}, r"90 stalls do not fit into a square of 30 x 30 m: give at most \d+"),
        ({"stalls": -1}, "a market has -1 stalls"),
    ],
)
def test_a_wrong_word_is_answered_in_one_sentence(words: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"size": (30.0, 30.0), "seed": 1} | words
    with pytest.raises(ValueError, match=message) as error:
        square(**arguments)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
