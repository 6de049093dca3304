"""Rooms: shells with real openings, furniture that stands where it should."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPoint, Polygon
from trimesh import Trimesh
from trimesh.ray.ray_pyembree import RayMeshIntersector

from worldgen.sets import SetPiece
from worldgen.sets.arrange import SWING_M
from worldgen.sets.layout import LAYOUTS
from worldgen.sets.room import room
from worldgen.world import Thing

SIZES: Mapping[str, tuple[float, float]] = {
    "living-room": (5.2, 4.4),
    "kitchen": (4.8, 4.2),
    "bedroom": (4.4, 4.0),
    "office": (6.0, 5.0),
    "cafe": (8.0, 6.5),
    "empty": (4.0, 3.0),
}
CASES = [
    ("living-room", "modern", 0),
    ("living-room", "classic", 7),
    ("bedroom", "worn", 3),
    ("kitchen", "classic", 1),
    ("office", "modern", 2),
    ("cafe", "classic", 4),
]
SHELL = ("walls", "floor", "ceiling", "skirting")
FLAT = ("rug",)
HEIGHT = 2.7


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, case)))
def case(request: pytest.FixtureRequest) -> tuple[SetPiece, float, float]:
    layout, style, seed = request.param
    width, depth = SIZES[layout]
    return room(width=width, depth=depth, height=HEIGHT, layout=layout, style=style, seed=seed), width, depth


def _short(thing: Thing) -> str:
    return thing.name.split("/", 1)[1]


def _fitting(thing: Thing) -> bool:
    return _short(thing).startswith(("door", "window-"))


def _furniture(piece: SetPiece) -> list[Thing]:
    return [t for t in piece.things if _short(t) not in SHELL and not _fitting(t)]


def _hull(thing: Thing, below: float = 9.0) -> Polygon:
    v = thing.mesh.vertices
    return MultiPoint(v[v[:, 2] < below, :2].astype(np.float64)).convex_hull


def _standing(piece: SetPiece) -> list[Thing]:
    return [t for t in _furniture(piece) if t.mesh.vertices[:, 2].min() < 0.05 and _short(t) not in FLAT]


def _rays(piece: SetPiece, skip: tuple[str, ...] = ()) -> RayMeshIntersector:
    t = np.concatenate([x.mesh.vertices[x.mesh.faces] for x in piece.things if not _short(x).startswith(skip)])
    return RayMeshIntersector(Trimesh(t.reshape(-1, 3), np.arange(3 * len(t)).reshape(-1, 3), process=False))


def test_meshes_are_sound(case: tuple[SetPiece, float, float]) -> None:
    for thing in case[0].things:
        m = thing.mesh
        assert np.isfinite(m.vertices).all(), thing.name
        assert np.isfinite(m.uv).all(), thing.name
        np.testing.assert_allclose(np.linalg.norm(m.normals, axis=1), 1.0, atol=1e-3, err_msg=thing.name)
        assert m.faces.max() < len(m.vertices)
        assert m.material.max() < len(m.materials)
    assert 8_000 < sum(len(t.mesh.faces) for t in case[0].things) < 400_000
    assert len({t.name for t in case[0].things}) == len(case[0].things)


def test_furniture_stands_clear_of_everything(case: tuple[SetPiece, float, float]) -> None:
    """Nothing that stands overlaps another thing, a radiator, a curtain, or leaves the room."""
    piece, width, depth = case
    inside = shapely.box(-width / 2, -depth / 2, width / 2, depth / 2)
    solid = _standing(piece)
    solid += [t for t in piece.things if _short(t).endswith(("-radiator", "-curtains"))]
    assert len(solid) >= 5
    hulls = [(t.name, _hull(t)) for t in solid]
    for k, (name, hull) in enumerate(hulls):
        if not name.endswith("-curtains"):  # the rod's brackets go into the wall
            assert hull.difference(inside).area < 1e-4, name
        for other, there in hulls[:k]:
            if name.rsplit("-", 1)[0] == other.rsplit("-", 1)[0] and _both(name, other):
                continue
            assert hull.intersection(there).area < 2e-3, (name, other)


def _both(a: str, b: str) -> bool:
    """A radiator and the curtains of one window hang before each other."""
    return {a.rsplit("-", 1)[1], b.rsplit("-", 1)[1]} == {"radiator", "curtains"}


def test_the_door_is_free(case: tuple[SetPiece, float, float]) -> None:
    piece = case[0]
    spot = piece.spots["door"]
    towards = np.array([-np.sin(spot.facing), np.cos(spot.facing)])
    side = np.array([towards[1], -towards[0]])
    wall = np.array(spot.position[:2]) - towards * 0.65
    zone = Polygon(
        [
            wall - side * 0.44,
            wall + side * 0.44,
            wall + side * 0.44 + towards * SWING_M,
            wall - side * 0.44 + towards * SWING_M,
        ]
    )
    for thing in _standing(piece):
        assert _hull(thing).intersection(zone).area < 3e-3, thing.name


def test_nothing_floats(case: tuple[SetPiece, float, float]) -> None:
    """Everything rests on the floor, on another thing, hangs from the ceiling or on a wall."""
    piece, width, depth = case
    things = _furniture(piece)
    for thing in things:
        v = thing.mesh.vertices
        low, high = v.min(axis=0), v.max(axis=0)
        to_wall = min(width / 2 - np.abs(v[:, 0]).max(), depth / 2 - np.abs(v[:, 1]).max())
        if low[2] < 0.003 or high[2] > HEIGHT - 0.003 or to_wall < 0.004:
            assert low[2] > -0.005, thing.name
            continue
        foot = shapely.Point(v[v[:, 2] < low[2] + 0.01, :2].mean(axis=0).astype(np.float64))
        under = [t for t in things if t is not thing and _hull(t).buffer(0.01).contains(foot)]
        gaps = [np.abs(t.mesh.vertices[:, 2] - low[2]).min() for t in under]
        assert min(gaps, default=1.0) < 0.012, thing.name


def test_seats_can_be_sat_on_and_reached(case: tuple[SetPiece, float, float]) -> None:
    piece, width, depth = case
    seats = {k: s for k, s in piece.spots.items() if s.kind == "seat"}
    scene = _rays(piece, ("ceiling", "pendant"))
    solid = shapely.union_all([_hull(t, 1.0) for t in _standing(piece)])
    for name, spot in seats.items():
        x, y, z = spot.position
        assert 0.38 <= z <= 0.8, name
        aside = np.array([[0.06 * k, 0.06 * k, 0.0] for k in (-1, 0, 1)])  # one of them not between two cushions
        aside *= [np.cos(spot.facing), np.sin(spot.facing), 0.0]
        starts = np.array([x, y, z + 0.3]) + aside
        down = scene.intersects_location(starts, np.tile([0, 0, -1.0], (3, 1)), multiple_hits=False)[0]
        assert len(down) == 3, name
        assert np.abs(down[:, 2] - z).min() < 0.06, (name, down)
        front = np.array([x, y]) + 0.5 * np.array([-np.sin(spot.facing), np.cos(spot.facing)])
        assert abs(front[0]) < width / 2, name
        assert abs(front[1]) < depth / 2, name
    if any("sofa" in k for k in seats):
        assert {"sofa", "sofa-left", "sofa-right"} <= set(seats)
    assert solid.area < 0.7 * width * depth


def test_daylight_comes_in_through_every_window(case: tuple[SetPiece, float, float]) -> None:
    """Of rays spread over a window's opening, most pass its frame and bars."""
    piece = case[0]
    scene = _rays(piece)
    windows = [s for k, s in piece.spots.items() if k.startswith("window-")]
    assert windows
    for spot in windows:
        out = np.array([-np.sin(spot.facing), np.cos(spot.facing), 0.0])
        side = np.array([out[1], -out[0], 0.0])
        wall = np.array(spot.position) + out * 0.65
        starts = [
            wall + side * u + [0, 0, z] - 0.14 * out
            for u in np.linspace(-0.45, 0.45, 16)
            for z in np.linspace(1.3, 2.0, 9)
        ]
        free = ~scene.intersects_any(np.array(starts), np.tile(out, (len(starts), 1)))
        assert free.mean() > 0.5
    closed = _rays(piece)
    solid = [p for p in ([0.0, 0.0, 1.0],) if closed.intersects_any([p], [[0, 0, 1.0]])[0]]
    assert solid  # the ceiling keeps the sky out


def test_walls_have_two_faces_and_openings_reveals() -> None:
    piece = room(layout="empty", width=4, depth=3, seed=1, windows={"north": 1}, door_wall="south")
    walls = next(t for t in piece.things if t.name == "room/walls").mesh
    box = Trimesh(walls.vertices, walls.faces)
    box.merge_vertices()
    assert walls.vertices[:, 0].min() == pytest.approx(-2.24)
    inner = np.abs(walls.vertices[:, 0]) < 2.0001
    assert inner.any()
    area = 2 * (4 + 3) * 2.7 + 2 * (4.48 + 3.48) * 2.7  # both faces
    assert box.area == pytest.approx(
        area - 2 * (0.88 * 2.06 + 1.5 * (2.25 - 0.85)) + 0.24 * (2 * 2.06 + 0.88 + 2 * 1.4 + 2 * 1.5), rel=0.01
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_studio_set_is_open_to_the_camera(layout: str) -> None:
    width, depth = SIZES[layout]
    piece = room(layout=layout, width=width, depth=depth, open_walls=("south",), ceiling=False, seed=3)
    assert "room/ceiling" not in {t.name for t in piece.things}
    assert not any("pendant" in t.name or "ceiling-light" in t.name for t in piece.things)
    scene = _rays(piece, ("plant", "floor-lamp"))
    starts = np.array([[x, -depth / 2 - 1.0, 2.45] for x in np.linspace(-width / 2 + 0.3, width / 2 - 0.3, 9)])
    hits, rays, _ = scene.intersects_location(starts, np.tile([0.0, 1.0, 0.0], (9, 1)), multiple_hits=False)
    assert len(rays) == 9
    assert (hits[:, 1] > -depth / 2 + 0.5).all()


def test_the_sofa_faces_the_fourth_wall() -> None:
    piece = room(open_walls=("south",), seed=2)
    facing = piece.spots["sofa"].facing
    assert np.cos(facing) == pytest.approx(-1.0, abs=1e-6)


def test_lamps_burn_only_when_lit_and_change_no_geometry() -> None:
    day, night = room(seed=4), room(seed=4, lit=True, name="den")
    assert day.lamps == ()
    assert {lamp.name for lamp in night.lamps} >= {"den/pendant", "den/floor-lamp"}
    for a, b in zip(day.things, night.things, strict=True):
        assert a.name.replace("room/", "den/") == b.name
        np.testing.assert_array_equal(a.mesh.vertices, b.mesh.vertices)
    glow = [any(max(m.emission) > 0 for t in p.things for m in t.mesh.materials) for p in (day, night)]
    assert glow == [False, True]
    for lamp in night.lamps:
        body = next(t for t in night.things if t.name == lamp.name).mesh.vertices
        assert np.linalg.norm(body - np.array(lamp.position), axis=1).min() < 0.4


def test_the_ground_ends_with_the_walls() -> None:
    ground = room(layout="empty", width=4, depth=3).ground
    assert ground is not None
    assert ground(1.9, -1.4) == 0.0
    assert np.isnan(ground(2.5, 0.0))
    assert np.isnan(ground(0.0, 2.0))


def test_seeds_and_styles_differ() -> None:
    def names(p: SetPiece) -> set[str]:
        return {m.name for t in p.things for m in t.mesh.materials}

    one, two, old = names(room(seed=1)), names(room(seed=2)), names(room(seed=1, style="worn"))
    assert len(one - two) > 8
    assert len(one - old) > 10


def _digest(piece: SetPiece) -> str:
    h = hashlib.blake2s()
    for t in piece.things:
        h.update(t.name.encode())
        h.update(t.mesh.vertices.tobytes())
        h.update(t.mesh.uv.tobytes())
    return h.hexdigest()


def test_it_is_the_same_room_in_another_process() -> None:
    code = (
        "import hashlib; from worldgen.sets.room import room; h = hashlib.blake2s()\n"
        "for t in room(seed=9, style='classic').things:\n"
        "    h.update(t.name.encode()); h.update(t.mesh.vertices.tobytes()); h.update(t.mesh.uv.tobytes())\n"
        "print(h.hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert _digest(room(seed=9, style="classic")) == other


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"layout": "kitchn"}, "did you mean 'kitchen'"),
        ({"style": "modren"}, "did you mean 'modern'"),
        ({"width": 1.0}, "width of a room is 1"),
        ({"height": float("nan")}, "height of a room is nan"),
        ({"windows": {"up": 1}}, "'up' is not a wall"),
        ({"windows": {"north": 9}}, "9 windows do not fit"),
        ({"windows": {"north": 1}, "open_walls": ("north",)}, "cannot have windows"),
    ],
)
def test_a_wrong_word_is_answered_in_one_sentence(words: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        room(**words)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
