"""A room: walls with thickness, floor, ceiling, doors and windows, furnished by rule.

The origin is the middle of the floor at z = 0, x runs across (west to east), y deep (south to north). Windows are true
openings with frames and bars but no panes, because nothing here is transparent: sun and sky come in. A wall can be
taken away, for a camera that looks in from where the audience sits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from shapely.geometry import box

from worldgen.conventions import seed_from
from worldgen.furniture.style import Look, look_of, paint
from worldgen.light import Lamp
from worldgen.sets import SetPiece
from worldgen.sets.arrange import HEADING, SIDES, Arranger, Side, wall_frame
from worldgen.sets.layout import layout_of
from worldgen.sets.opening import archway, curtains, door, radiator, window
from worldgen.sets.walls import Finish, Floor, Opening, shell
from worldgen.stage import Ground, Spot
from worldgen.world import Thing

THICKNESS_M = 0.24
DOOR_M = (0.88, 2.06)
WET = ("kitchen", "cafe")
"""Layouts whose floor is tiled or at least scrubbed."""
CURTAINED = ("living-room", "bedroom")


def _checked(what: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"the {what} of a room is {value:g}: give {low:g} to {high:g} metres")


def room(
    *,
    width: float = 5.2,
    depth: float = 4.4,
    height: float = 2.7,
    layout: str = "living-room",
    style: str = "modern",
    seed: int = 0,
    windows: Mapping[str, int] | None = None,
    door_wall: str | None = "west",
    door_swing: float = 0.0,
    open_walls: Sequence[str] = (),
    ceiling: bool = True,
    lit: bool = False,
    name: str = "room",
) -> SetPiece:
    """A furnished room.

    width, depth, height: clear metres, 2–30, 2–30 and 2.2–8. layout: one of ``layout.LAYOUTS``. style: one of
    ``style.SCHEMES``. seed: of everything drawn. windows: wall ("south", "north", "east", "west") to how many; None
    for what suits the layout. door_wall: the wall with the door, or None. door_swing: radians the door stands open.
    open_walls: walls that are left out. ceiling: whether there is one. lit: whether the lamps burn.
    ValueError: a size out of range, or an unknown word.
    """
    _checked("width", width, 2.0, 30.0)
    _checked("depth", depth, 2.0, 30.0)
    _checked("height", height, 2.2, 8.0)
    furnish = layout_of(layout)
    look = look_of(style, seed)
    openings = _openings(width, depth, height, layout, windows, door_wall, tuple(open_walls), seed)
    t = THICKNESS_M
    outline = box(-(width + t) / 2, -(depth + t) / 2, (width + t) / 2, (depth + t) / 2)
    finish = Finish(look.ceiling, look.trim, paint("plaster", "#cfc6b4"), look.cornice)
    floor = look.wet_floor if layout in WET else look.floor
    parts = shell([Floor("room", outline, look.wall, floor)], openings, height, t, finish, ceiling)
    things = [Thing(f"{name}/{part}", mesh) for part, mesh in parts]
    dressed = frozenset(o.name for o in openings if o.kind == "window" and layout in CURTAINED)
    fittings, spots = fit(name, openings, look, t, height, seed, door_swing, dressed, width, depth, layout != "kitchen")
    arranger = Arranger(name, width, depth, height, t, openings, look, seed, lit, dressed)
    furnish(arranger)
    hung = _from_above(ceiling, arranger.things, arranger.lamps, name)
    return SetPiece(
        (*things, *fittings, *hung[0]),
        tuple(hung[1]),
        ground_of(width, depth),
        {**spots, "middle": Spot((0.0, 0.0, 0.0), 0.0, "stand"), **arranger.spots},
    )


def _from_above(ceiling: bool, things: list[Thing], lamps: list[Lamp], name: str) -> tuple[list[Thing], list[Lamp]]:
    """Without a ceiling nothing hangs from it."""
    if ceiling:
        return things, lamps
    up = (f"{name}/pendant", f"{name}/ceiling-light")
    return [x for x in things if not x.name.startswith(up)], [x for x in lamps if not x.name.startswith(up)]


def ground_of(width: float, depth: float) -> Ground:
    """The level floor of a rectangular room, NaN beyond its walls' middle."""

    def ground(x: float, y: float) -> float:
        e = THICKNESS_M / 2
        return 0.0 if abs(x) <= width / 2 + e and abs(y) <= depth / 2 + e else float("nan")

    return ground


def _openings(
    width: float,
    depth: float,
    height: float,
    layout: str,
    windows: Mapping[str, int] | None,
    door_wall: str | None,
    open_walls: tuple[str, ...],
    seed: int,
) -> list[Opening]:
    for word in (*(windows or ()), *open_walls, *([door_wall] if door_wall else ())):
        if word not in SIDES:
            raise ValueError(f"{word!r} is not a wall of a room: use south, north, east or west")
    taken: list[Opening] = []
    for side in SIDES:
        if side in open_walls:
            taken.append(_gap(side, width, depth, height))
    if door_wall is not None and door_wall not in open_walls:
        side = next(s for s in SIDES if s == door_wall)
        length = width if side in ("south", "north") else depth
        end = 1.0 if np.random.default_rng(seed_from("door", seed)).random() < 0.5 else -1.0
        wide, head = min(DOOR_M[0], length - 0.6), min(DOOR_M[1], height - 0.12)
        s = end * max(0.0, length / 2 - 0.32 - wide / 2)
        taken.append(_at(side, "door", "door", s, wide, 0.0, head, width, depth))
    if windows is None:
        windows = _usual(layout, width, depth, door_wall, open_walls)
    number = 0
    for side in SIDES:
        for s, wide in _spread(side, windows.get(side, 0), width, depth, taken):
            number += 1
            sill = 1.08 if layout == "kitchen" else 0.45 if layout == "cafe" else 0.85
            head = min(height - 0.3, 2.25 if layout != "cafe" else 2.5)
            taken.append(_at(side, f"window-{number}", "window", s, wide, sill, head, width, depth))
    return taken


def _usual(
    layout: str, width: float, depth: float, door_wall: str | None, open_walls: tuple[str, ...]
) -> dict[str, int]:
    """Windows where none are asked for: one in every 2.4 m of a wall that is free."""
    order: tuple[Side, ...] = (
        ("north", "east") if layout == "kitchen" else ("south", "east") if layout == "cafe" else ("east", "north")
    )
    wanted = 2 if layout == "cafe" else 1
    free = [s for s in (*order, "south", "west") if s != door_wall and s not in open_walls][:wanted]
    many = 5.6 if layout == "kitchen" else 2.4
    return {s: max(1, int((width if s in ("north", "south") else depth) / many)) for s in free}


def _spread(side: Side, count: int, width: float, depth: float, taken: Sequence[Opening]) -> list[tuple[float, float]]:
    """Middle and width of ``count`` windows along a wall, clear of its door."""
    if count == 0:
        return []
    if any(o.kind == "gap" and o.facing == HEADING[side] for o in taken):
        raise ValueError(f"the {side} wall of the room is left out: it cannot have windows")
    length = width if side in ("south", "north") else depth
    a, b = -length / 2, length / 2
    for o in taken:
        if o.facing == HEADING[side]:
            m = float((np.linalg.inv(wall_frame(side, width, depth)) @ [*o.at, 0, 1])[0])
            a, b = (m + o.width / 2 + 0.1, b) if m < 0 else (a, m - o.width / 2 - 0.1)
    each = (b - a) / count
    wide = min(1.5, each - 0.75)
    if wide < 0.5:
        raise ValueError(
            f"{count} windows do not fit into the {side} wall of the room: ask for fewer, or a longer wall"
        )
    return [(a + (k + 0.5) * each, wide) for k in range(count)]


def _at(
    side: Side, name: str, kind: str, s: float, wide: float, sill: float, head: float, width: float, depth: float
) -> Opening:
    x, y = (float(c) for c in (wall_frame(side, width, depth) @ [s, -THICKNESS_M / 2, 0, 1])[:2])
    return Opening(name, kind, (x, y), HEADING[side], wide, sill, head)  # type: ignore[arg-type]


def _gap(side: Side, width: float, depth: float, height: float) -> Opening:
    length = width if side in ("south", "north") else depth
    return _at(side, f"open-{side}", "gap", 0.0, length, -1.0, height + 1.0, width, depth)


def fit(
    name: str,
    openings: Sequence[Opening],
    look: Look,
    thickness: float,
    height: float,
    seed: int,
    swing: float,
    dressed: frozenset[str],
    width: float,
    depth: float,
    heated: bool,
) -> tuple[list[Thing], dict[str, Spot]]:
    """Doors, windows, curtains and (heated) radiators of the openings, and the places in front of them."""
    things: list[Thing] = []
    spots: dict[str, Spot] = {}
    for o in openings:
        rng = np.random.default_rng(seed_from("fit", seed, o.name))
        if o.kind == "gap":
            continue
        x, y, _, _ = (float(c) for c in o.place @ [0, thickness / 2 + 0.65, 0, 1])
        outwards = o.facing + math.pi if o.kind == "window" else o.facing
        spots[o.name] = Spot((x, y, 0.0), outwards, "stand")
        if o.kind == "door":
            frame, leaf = door(o, look, thickness, swing, bool(rng.random() < 0.5))
            things += [Thing(f"{name}/{o.name}-frame", frame), Thing(f"{name}/{o.name}", leaf)]
        elif o.kind == "arch":
            things.append(Thing(f"{name}/{o.name}", archway(o, look, thickness)))
        else:
            things.append(Thing(f"{name}/{o.name}", window(o, look, thickness)))
            heater = radiator(o, look, thickness) if heated else None
            if heater is not None:
                things.append(Thing(f"{name}/{o.name}-radiator", heater))
            if o.name in dressed:
                side_room = _beside(o, openings, width, depth)
                cloth = curtains(o, look, rng, thickness, side_room, height)
                things.append(Thing(f"{name}/{o.name}-curtains", cloth))
    return things, spots


def _beside(o: Opening, openings: Sequence[Opening], width: float, depth: float) -> tuple[float, float]:
    """Metres of wall beyond an opening's two ends (-x, +x), half of what lies between it and its neighbour."""
    inverse = np.linalg.inv(o.place)
    corner = [float((inverse @ [x, y, 0, 1])[0]) for x in (-width / 2, width / 2) for y in (-depth / 2, depth / 2)]
    less, more = -min(corner) - o.width / 2, max(corner) - o.width / 2
    for p in openings:
        if p.name != o.name and abs(p.facing - o.facing) < 0.1:
            m = float((inverse @ [*p.at, 0, 1])[0])
            room_ = abs(m) - (o.width + p.width) / 2
            less, more = (min(less, room_ / 2), more) if m < 0 else (less, min(more, room_ / 2))
    return less, more
