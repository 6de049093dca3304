"""Rooms after a plan."""

from __future__ import annotations

import numpy as np
import pytest
from trimesh import Trimesh
from trimesh.ray.ray_pyembree import RayMeshIntersector

from worldgen.sets import SetPiece
from worldgen.sets.plan import PlanOpening, PlanRoom, interior

LIVING = PlanRoom("living", ((0, 0), (5, 0), (5, 4.4), (0, 4.4)), "living-room")
HALL = PlanRoom("hall", ((5, 0), (5, 4.4), (7.2, 4.4), (7.2, 0)))  # drawn the other way round
KITCHEN = PlanRoom("kitchen", ((7.2, 0), (11.5, 0), (11.5, 4.4), (7.2, 4.4)), "kitchen")
STUDY = PlanRoom("study", ((0, 4.4), (7.2, 4.4), (6.0, 8.0), (0, 8.0)), "office", "marble")
ROOMS = (LIVING, HALL, KITCHEN, STUDY)
OPENINGS = (
    PlanOpening(("hall", "living"), (5, 2.2), 0.9),
    PlanOpening(("hall", "kitchen"), (7.2, 2.2), 1.6, "arch"),
    PlanOpening(("living", "outside"), (2.5, 0), 1.5, "window"),
    PlanOpening(("kitchen", "outside"), (9.4, 4.4), 1.2, "window"),
    PlanOpening(("hall", "study"), (6.1, 4.4), 0.9),
    PlanOpening(("study", "outside"), (6.6, 6.2), 1.2, "window"),
)


@pytest.fixture(scope="module")
def piece() -> SetPiece:
    return interior(rooms=ROOMS, openings=OPENINGS, seed=3, lit=True)


def _rays(piece: SetPiece, *only: str) -> RayMeshIntersector:
    t = np.concatenate([x.mesh.vertices[x.mesh.faces] for x in piece.things if x.name.startswith(only)])
    return RayMeshIntersector(Trimesh(t.reshape(-1, 3), np.arange(3 * len(t)).reshape(-1, 3), process=False))


def test_rooms_are_furnished_where_they_are_rectangles(piece: SetPiece) -> None:
    names = {t.name for t in piece.things}
    assert len(names) == len(piece.things)
    assert {"interior/living/sofa", "interior/kitchen/kitchen", "interior/hall/pendant"} <= names
    assert not any(n.startswith("interior/study/") for n in names)  # a slanting wall
    assert {"living-sofa", "kitchen-kitchen", "door-1", "window-3", "study"} <= set(piece.spots)
    for t in piece.things:
        if t.name.startswith("interior/living/"):
            v = t.mesh.vertices
            assert v[:, 0].min() > 0.09, t.name
            assert v[:, 0].max() < 4.91, t.name
            assert v[:, 1].min() > 0.09, t.name
            assert v[:, 1].max() < 4.31, t.name


def test_openings_are_holes_in_the_walls(piece: SetPiece) -> None:
    walls = _rays(piece, "interior/walls")
    for o, z in zip(OPENINGS, (1.0, 1.0, 1.5, 1.5, 1.0, 1.5), strict=True):
        x, y = o.at
        normal = {(5, 2.2): (1, 0), (7.2, 2.2): (1, 0), (6.6, 6.2): (3.6, 1.2)}.get(o.at, (0, 1))
        way = np.array([*normal, 0.0]) / np.linalg.norm(normal)
        start = np.array([x, y, z]) - 0.4 * way
        hits = walls.intersects_location([start], [way], multiple_hits=False)[0]
        assert len(hits) == 0 or np.linalg.norm(hits[0] - start) > 0.8, o
        over = start + np.array([0, 0, 2.5 - z])
        hits = walls.intersects_location([over], [way], multiple_hits=False)[0]
        assert len(hits), o  # the wall goes on above it
        assert np.linalg.norm(hits[0] - over) < 0.5, o


def test_each_room_has_walls_a_floor_and_a_ceiling_around_it(piece: SetPiece) -> None:
    shell = _rays(piece, "interior/walls", "interior/floor", "interior/ceiling")
    for name in ("living", "hall", "kitchen", "study"):
        x, y, _ = piece.spots[name].position
        way = np.array([[0, 0, 1.0], [0, 0, -1.0], [0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.28, -0.96, 0.0]])
        assert shell.intersects_any(np.tile([x, y, 2.4], (5, 1)), way).all(), name
        assert piece.ground is not None
        assert piece.ground(x, y) == 0.0
    assert piece.ground is not None
    assert np.isnan(piece.ground(-1.0, 2.0))
    floor = next(t for t in piece.things if t.name == "interior/floor").mesh
    assert "marble" in {m.kind for m in floor.materials}


def test_without_a_ceiling_nothing_hangs() -> None:
    piece = interior(rooms=ROOMS, openings=OPENINGS, seed=3, lit=True, ceiling=False)
    assert not any("pendant" in t.name or t.name == "interior/ceiling" for t in piece.things)
    assert not any("pendant" in lamp.name for lamp in piece.lamps)


def test_a_turned_plan_is_furnished_along_its_walls() -> None:
    a = np.radians(25)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    corners = tuple((float(x), float(y)) for x, y in np.array(LIVING.outline) @ turn.T)
    piece = interior(rooms=[PlanRoom("living", corners, "living-room")], seed=3)
    back = np.array(piece.spots["living-sofa"].position[:2]) @ turn
    assert 0.3 < back[0] < 4.7
    assert 0.3 < back[1] < 4.1
    heading = (piece.spots["living-sofa"].facing - a) % (np.pi / 2)
    assert min(heading, np.pi / 2 - heading) < 1e-6


@pytest.mark.parametrize(
    ("rooms", "openings", "message"),
    [
        ([], [], "at least one room"),
        ([PlanRoom("a", ((0, 0), (4, 4), (4, 0), (0, 4)))], [], "crosses itself"),
        ([PlanRoom("a", ((0, 0), (4, 0)))], [], "has 2 corners"),
        ([PlanRoom("a", ((0, 0), (4, 0), (4, 0.15), (0, 0.15)))], [], "too narrow"),
        ([LIVING, PlanRoom("b", ((4, 0), (8, 0), (8, 4), (4, 4)))], [], "'living' and 'b' overlap"),
        ([LIVING, LIVING], [], "names must differ"),
        ([LIVING], [PlanOpening(("living", "outside"), (2.5, 2.0), 0.9)], "lies on no wall of 'living'"),
        ([LIVING, HALL], [PlanOpening(("living", "hall"), (0, 2.0), 0.9)], "lies on no wall of 'hall'"),
        ([LIVING, HALL], [PlanOpening(("living", "outside"), (5, 2.0), 0.9)], "does not lead outside"),
        ([LIVING], [PlanOpening(("living", "attic"), (0, 2.0), 0.9)], "'attic', which is no room"),
        ([LIVING], [PlanOpening(("living", "outside"), (0.3, 0.0), 0.9)], "reaches beyond its wall"),
        ([LIVING], [PlanOpening(("living", "living"), (2.3, 0.0), 0.9)], "needs two sides"),
    ],
)
def test_a_wrong_plan_is_answered_in_one_sentence(
    rooms: list[PlanRoom], openings: list[PlanOpening], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as error:
        interior(rooms=rooms, openings=openings)
    assert "\n" not in str(error.value)
