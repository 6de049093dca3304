"""Rooms from a drawing: outlines and openings become walls, floors, ceilings, doors and furniture.

Outlines run along the middle of the walls, so that neighbours share an edge. Rooms that are nearly rectangles and have
a layout are furnished.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import shapely
from shapely.geometry import Polygon

from worldgen.conventions import F64, seed_from
from worldgen.furniture.style import Look, look_of, paint
from worldgen.kit import placed
from worldgen.light import Lamp
from worldgen.material import Material, make
from worldgen.sets import SetPiece
from worldgen.sets.arrange import HEADING, SIDES, Arranger, wall_frame
from worldgen.sets.layout import layout_of
from worldgen.sets.opening import archway, door, radiator, window
from worldgen.sets.walls import Finish, Floor, Opening, inner, polygons, shell
from worldgen.stage import Spot
from worldgen.world import Thing

THICKNESS_M: Final = 0.2
HEADS: Final = {"door": (0.0, 2.06), "arch": (0.0, 2.2), "window": (0.85, 2.2)}
"""Sill and head of each kind of opening, metres above the floor."""
OUTSIDE: Final = "outside"


@dataclass(frozen=True)
class PlanRoom:
    """A room of the drawing: corners (x, y) in metres along the middle of its walls, in either direction.

    layout: what it is used as, "empty" for not at all. floor: kind of material, or None for what suits it.
    """

    name: str
    outline: tuple[tuple[float, float], ...]
    layout: str = "empty"
    floor: str | None = None


@dataclass(frozen=True)
class PlanOpening:
    """An opening between two rooms, or a room and "outside", near the point ``at`` on their wall."""

    between: tuple[str, str]
    at: tuple[float, float]
    width: float
    kind: Literal["door", "arch", "window"] = "door"


def interior(
    *,
    rooms: Sequence[PlanRoom],
    openings: Sequence[PlanOpening] = (),
    height: float = 2.7,
    style: str = "modern",
    seed: int = 0,
    ceiling: bool = True,
    lit: bool = False,
    name: str = "interior",
) -> SetPiece:
    """The rooms of a plan. height: clear, 2.2–8 m. style: one of ``style.SCHEMES``. seed: of everything drawn.

    ValueError: an outline that crosses itself or is too small, rooms that overlap, an opening that lies on no wall of
    its rooms or does not fit into it, an unknown word.
    """
    if not (math.isfinite(height) and 2.2 <= height <= 8.0):
        raise ValueError(f"the height of the rooms is {height:g}: give 2.2 to 8 metres")
    outlines = _outlines(rooms)
    looks = {r.name: look_of(style, seed_from(seed, r.name) % 100_000) for r in rooms}
    shared = look_of(style, seed)
    looks = {
        k: replace(v, trim=shared.trim, door=shared.door, wood=shared.wood, metal=shared.metal)
        for k, v in looks.items()
    }
    for r in rooms:
        layout_of(r.layout)
    cooks = {r.name for r in rooms if r.layout == "kitchen"}
    holes = [_opening(o, k, outlines, height, openings, cooks) for k, o in enumerate(openings)]
    finish = Finish(shared.ceiling, shared.trim, paint("plaster", "#cfc6b4"), shared.cornice)
    floors = [Floor(r.name, outlines[r.name], looks[r.name].wall, _floor(r, looks[r.name], shared)) for r in rooms]
    things = [
        Thing(f"{name}/{part}", mesh) for part, mesh in shell(floors, holes, height, THICKNESS_M, finish, ceiling)
    ]
    lamps: list[Lamp] = []
    spots: dict[str, Spot] = {}
    for hole, said in zip(holes, openings, strict=True):
        things += _fittings(hole, said, shared, seed, name)
        x, y, _, _ = (float(c) for c in hole.place @ [0, 0.7, 0, 1])
        spots[hole.name] = Spot((x, y, 0.0), hole.facing + (math.pi if said.kind == "window" else 0.0), "stand")
    for r in rooms:
        clear = inner(outlines[r.name], THICKNESS_M)
        middle = clear.representative_point()
        spots[r.name] = Spot((float(middle.x), float(middle.y), 0.0), 0.0, "stand")
        part = _furnished(r, clear, holes, height, looks[r.name], seed, lit, name)
        if part is not None:
            kept = [
                t for t in part.things if ceiling or not t.name.split("/")[-1].startswith(("pendant", "ceiling-light"))
            ]
            names = {t.name for t in kept}
            things += kept
            lamps += [lamp for lamp in part.lamps if lamp.name in names]
            spots |= {f"{r.name}-{key}": spot for key, spot in part.spots.items()}
    whole = shapely.union_all(list(outlines.values())).buffer(1e-6)

    def ground(x: float, y: float) -> float:
        return 0.0 if whole.covers(shapely.points(x, y)) else float("nan")

    return SetPiece(tuple(things), tuple(lamps), ground, spots)


def _outlines(rooms: Sequence[PlanRoom]) -> dict[str, Polygon]:
    """The rooms' outlines by name, checked."""
    if not rooms:
        raise ValueError("a plan needs at least one room: give it a name and an outline")
    outlines: dict[str, Polygon] = {}
    for r in rooms:
        if r.name in outlines or r.name == OUTSIDE:
            raise ValueError(
                f"two rooms of the plan are called {r.name!r}, or one is called 'outside': names must differ"
            )
        if len(r.outline) < 3:
            raise ValueError(f"the outline of the room {r.name!r} has {len(r.outline)} corners: give at least three")
        shape = Polygon(r.outline)
        if not shape.is_valid:
            raise ValueError(
                f"the outline of the room {r.name!r} crosses itself: give its corners in order, around the room"
            )
        clear = polygons(inner(shape, THICKNESS_M))
        if len(clear) != 1 or clear[0].area < 0.5:
            raise ValueError(
                f"the room {r.name!r} is too narrow for its walls: make every part wider than {THICKNESS_M:g} m"
            )
        for other, there in outlines.items():
            if shape.intersection(there).area > 1e-3:
                raise ValueError(f"the rooms {other!r} and {r.name!r} overlap: neighbours may only share an edge")
        outlines[r.name] = shapely.geometry.polygon.orient(shape, 1.0)
    return outlines


def _opening(
    said: PlanOpening,
    index: int,
    outlines: dict[str, Polygon],
    height: float,
    all_: Sequence[PlanOpening],
    cooks: set[str],
) -> Opening:
    """The opening on the wall that it lies on, facing into the first of its rooms."""
    inside = [n for n in said.between if n != OUTSIDE]
    for n in inside:
        if n not in outlines:
            raise ValueError(
                f"an opening leads to {n!r}, which is no room of the plan: use {', '.join(outlines)} or {OUTSIDE!r}"
            )
    what = f"the {said.kind} between {said.between[0]!r} and {said.between[1]!r} at ({said.at[0]:g}, {said.at[1]:g})"
    if not inside or len(set(said.between)) < 2:
        raise ValueError(f"{what} needs two sides: name two rooms, or a room and {OUTSIDE!r}")
    if not (math.isfinite(said.width) and 0.3 <= said.width <= 10.0):
        raise ValueError(f"{what} is {said.width:g} m wide: give 0.3 to 10 metres")
    point = np.array(said.at, dtype=np.float64)
    best: tuple[float, F64, F64, float, float] | None = None
    ring = np.asarray(outlines[inside[0]].exterior.coords)
    for a, b in itertools.pairwise(ring):
        along = b - a
        length = float(np.linalg.norm(along))
        along = along / length
        s = float((point - a) @ along)
        off = abs(float(along[0] * (point - a)[1] - along[1] * (point - a)[0]))
        if -1e-6 <= s <= length + 1e-6 and off < THICKNESS_M and (best is None or off < best[0]):
            best = (off, a, along, s, length)
    if best is None:
        raise ValueError(f"{what} lies on no wall of {inside[0]!r}: put it on the outline of the room")
    _, a, along, s, length = best
    on = a + along * s
    if len(inside) == 2 and outlines[inside[1]].exterior.distance(shapely.points(on)) > 1e-3:
        raise ValueError(f"{what} lies on no wall of {inside[1]!r}: put it where the two rooms touch")
    if len(inside) == 1 and any(k != inside[0] and v.distance(shapely.points(on)) < 1e-3 for k, v in outlines.items()):
        raise ValueError(f"{what} does not lead outside: another room lies behind that wall")
    room_ = min(s, length - s) - THICKNESS_M / 2
    if said.width / 2 > room_ + 1e-6:
        raise ValueError(f"{what} is {said.width:g} m wide and reaches beyond its wall: make it narrower or move it")
    sill, head = HEADS[said.kind]
    if said.kind == "window" and cooks & set(said.between):
        sill = 1.08  # above a worktop
    number = 1 + sum(o.kind == said.kind for o in all_[:index])
    left = np.array([-along[1], along[0]])  # the outline is counter-clockwise: the room is on the left
    facing = float(np.arctan2(-left[0], left[1]))
    return Opening(
        f"{said.kind}-{number}",
        said.kind,
        (float(on[0]), float(on[1])),
        facing,
        said.width,
        sill,
        min(head, height - 0.12),
    )


def _floor(room: PlanRoom, look: Look, shared: Look) -> Material:
    if room.floor is not None:
        return make(room.floor)
    return look.wet_floor if room.layout in ("kitchen", "cafe") else shared.floor


def _fittings(o: Opening, said: PlanOpening, look: Look, seed: int, name: str) -> list[Thing]:
    if said.kind == "door":
        left = bool(np.random.default_rng(seed_from("hinge", seed, o.name)).random() < 0.5)
        frame, leaf = door(o, look, THICKNESS_M, 0.0, left)
        return [Thing(f"{name}/{o.name}-frame", frame), Thing(f"{name}/{o.name}", leaf)]
    if said.kind == "arch":
        return [Thing(f"{name}/{o.name}", archway(o, look, THICKNESS_M))]
    things = [Thing(f"{name}/{o.name}", window(o, look, THICKNESS_M))]
    heater = radiator(o, look, THICKNESS_M) if OUTSIDE in said.between and o.sill < 1.0 else None
    return [*things, Thing(f"{name}/{o.name}-radiator", heater)] if heater is not None else things


def _furnished(
    room: PlanRoom, clear: Polygon, holes: Sequence[Opening], height: float, look: Look, seed: int, lit: bool, name: str
) -> SetPiece | None:
    """The furniture of a room whose clear floor is a rectangle or nearly so, else None."""
    frame = clear.minimum_rotated_rectangle
    if clear.area < 0.97 * frame.area:
        return None
    ring = np.asarray(shapely.geometry.polygon.orient(frame, 1.0).exterior.coords)
    along = ring[1] - ring[0]
    deep = ring[2] - ring[1]
    turn = float(np.arctan2(along[1], along[0]))
    turn = (turn + np.pi / 4) % (np.pi / 2) - np.pi / 4  # x stays as near to the world's x as it can
    width, depth = float(np.linalg.norm(along)), float(np.linalg.norm(deep))
    if abs(np.cos(turn) * along[0] + np.sin(turn) * along[1]) < 0.5 * width:
        width, depth = depth, width
    if min(width, depth) < 1.8:
        return None
    middle = ring[:4].mean(axis=0)
    world_from_room = placed(float(middle[0]), float(middle[1]), 0.0, turn)
    room_from_world = np.linalg.inv(world_from_room)
    local = []
    for o in holes:
        x, y, _, _ = (float(c) for c in room_from_world @ [*o.at, 0, 1])
        for side in SIDES:
            s, t, _, _ = (float(c) for c in np.linalg.inv(wall_frame(side, width, depth)) @ [x, y, 0, 1])
            half = (width if side in ("south", "north") else depth) / 2
            if abs(t + THICKNESS_M / 2) < 0.06 and abs(s) < half:
                local.append(replace(o, at=(x, y), facing=HEADING[side]))
    arranger = Arranger(
        f"{name}/{room.name}", width, depth, height, THICKNESS_M, local, look, seed_from(seed, room.name), lit
    )
    layout_of(room.layout)(arranger)
    return SetPiece(tuple(arranger.things), tuple(arranger.lamps), None, arranger.spots).moved(world_from_room)
