"""How bedrooms and kitchens are furnished."""

from __future__ import annotations

import numpy as np

from worldgen.furniture import beds, decor, kitchen, lights, seating, small, storage, tables
from worldgen.furniture.parts import Piece
from worldgen.kit import Kit
from worldgen.sets.arrange import HEADING, OPPOSITE, Arranger, Side, side_of, wall_frame
from worldgen.sets.walls import Opening


def by_cost(room: Arranger, what: str, weights: dict[str, float]) -> list[Side]:
    """The walls, the cheapest first by what openings they have; ties are drawn."""
    draw = room.rng(what).random(4)

    def cost(side: Side) -> float:
        total = sum(w for kind, w in weights.items() if room.has(side, kind))
        return total + (weights.get("short", 0.0) if room.length(side) < room.reach(side) else 0.0)

    sides: list[Side] = ["south", "north", "east", "west"]
    return sorted(sides, key=lambda s: cost(s) + 0.4 * draw[sides.index(s)])


def steps(half: float, first: float = 0.0, step: float = 0.15) -> list[float]:
    """Places along a wall, ``first`` and then ever further from it, within ±half."""
    grid = np.arange(-half, half + 1e-6, step) if half > 0 else np.zeros(1)
    places = [first, *(float(s) for s in grid)]
    return sorted((s for s in places if abs(s) <= max(half, 0.0) + 1e-9), key=lambda s: abs(s - first))


def at_wall(room: Arranger, side: Side, s: float, t: float) -> tuple[float, float]:
    """(x, y) at ``s`` along a wall and ``t`` into the room."""
    x, y = (float(c) for c in (wall_frame(side, room.width, room.depth) @ [s, t, 0, 1])[:2])
    return x, y


def overhead(room: Arranger, name: str, x: float, y: float, drop: float, form: int | None = None) -> None:
    """A lamp that hangs from the ceiling, or a flat one where there is no height for it."""
    drop = min(drop, room.height - 1.95)
    if drop > 0.25:
        lamp = lights.pendant(room.look, room.rng("pendant"), room.lit, drop, form)
        room.put(name, lamp, x, y, z=room.height, solid=False)
    else:
        room.put(
            name, lights.panel_light(room.look, room.rng("pendant"), room.lit, 0.4), x, y, z=room.height, solid=False
        )


def ceiling_lights(room: Arranger, spacing: float = 2.4) -> None:
    """Flat lights in a grid on the ceiling, at most about thirty."""
    spacing = max(spacing, (room.width * room.depth / 30) ** 0.5)
    nx, ny = max(1, round(room.width / spacing)), max(1, round(room.depth / spacing))
    number = 0
    for x in (np.arange(nx) + 0.5) / nx * room.width - room.width / 2:
        for y in (np.arange(ny) + 0.5) / ny * room.depth - room.depth / 2:
            number += 1
            light = lights.panel_light(room.look, room.rng("ceiling-light"), room.lit)
            room.put(f"ceiling-light-{number}", light, float(x), float(y), z=room.height, solid=False)


def bedroom(room: Arranger) -> None:
    """A bed with its head to a wall between two nightstands, a wardrobe, a chest, a chair."""
    look = room.look
    order = by_cost(room, "bed-wall", {"window": 2.5, "door": 1.8, "arch": 1.8, "gap": 20.0})
    wide = 1.6 if min(room.width, room.depth) > 3.0 else 1.0
    bed = beds.bed(look, room.rng("bed"), wide)
    head, s = order[0], None
    for head in order:
        s = room.against(head, "bed", bed, steps(room.length(head) / 2 - wide / 2 - 0.1), margin=0.02)
        if s is not None:
            break
    if s is not None:
        for k, side in enumerate((-1.0, 1.0)):
            stand = tables.nightstand(look, room.rng("nightstand"))
            place = s + side * (wide / 2 + 0.06 + 0.27)
            name = f"nightstand-{k + 1}"
            if room.against(head, name, stand, [place, place + side * 0.1]) is not None:
                x, y = at_wall(room, head, place, 0.2)
                lamp = lights.table_lamp(look, room.rng("table-lamp"), room.lit)
                room.put(f"table-lamp-{k + 1}", lamp, x, y, HEADING[head], stand.top, solid=False)
        x, y = at_wall(room, head, s, 1.45)
        room.put("rug", decor.rug(look, room.rng("rug"), wide + 1.2, 1.7), x, y, HEADING[head], solid=False)
        rng = room.rng("picture")
        if rng.random() < 0.5:
            room.hang(head, "picture", decor.picture(look, rng, 1.0, 0.62), s, 1.62)
        else:
            for k, d in enumerate((-0.38, 0.38)):
                room.hang(
                    head, f"picture-{k + 1}", decor.picture(look, room.rng(f"picture-{k + 1}"), 0.5, 0.66), s + d, 1.62
                )
    free = by_cost(room, "free", {"window": 1.0, "door": 0.5, "gap": 20.0})
    tall = min(2.15, room.height - 0.25)
    for width in (2.0, 1.5, 1.0):
        if room.anywhere("wardrobe", storage.wardrobe(look, room.rng("wardrobe"), width, tall), free, 0.02) is not None:
            break
    for width in (1.1, 0.8):
        chest = storage.chest(look, room.rng("chest"), width)
        where = room.anywhere("chest", chest, free)
        if where is not None:
            c = room.spots_of("chest", where)
            room.hang(where, "mirror", decor.mirror(look, room.rng("mirror"), 0.55, 0.75), c, 1.62)
            break
    room.corner("armchair", seating.armchair(look, room.rng("armchair")), corners(room, "armchair"), 0.06, turned=True)
    room.corner("plant", small.plant(look, room.rng("plant"), 1.1), corners(room, "plant"))
    pictures(room, 2)
    overhead(room, "pendant", 0.0, 0.0, 0.5, 1)


def corners(room: Arranger, name: str) -> list[int]:
    """The corners of the room in an order drawn for one thing."""
    return [int(k) for k in room.rng(f"{name}-where").permutation(4)]


def pictures(room: Arranger, count: int) -> None:
    """Pictures on what wall is left."""
    done = 0
    for side in by_cost(room, "bare", {}):
        half = room.length(side) / 2 - 0.5
        for k, s in enumerate(np.linspace(-half, half, 5)):
            rng = room.rng(f"picture-{side}-{k}")
            w = float(rng.uniform(0.4, 0.75))
            piece = decor.picture(room.look, rng, w, w * float(rng.choice([0.75, 1.3, 1.0])))
            if done < count and room.hang(side, f"picture-{side}-{k}", piece, float(s), 1.55):
                done += 1
                break


def _spans(room: Arranger, side: Side) -> tuple[tuple[float, float], ...]:
    """(from, to) along a wall where it has windows."""
    inverse = np.linalg.inv(wall_frame(side, room.width, room.depth))

    def span(o: Opening) -> tuple[float, float]:
        m = float((inverse @ [*o.at, 0, 1])[0])
        return m - o.width / 2, m + o.width / 2

    return tuple(sorted(span(o) for o in room.openings if o.kind == "window" and side_of(o) == side))


def kitchen_room(room: Arranger) -> None:
    """Units along a wall, a refrigerator beside them, a table with chairs in the middle."""
    look = room.look
    order = by_cost(room, "run-wall", {"door": 4.0, "arch": 4.0, "gap": 20.0, "window": -1.5, "short": 1.0})
    placed_run: Side | None = None
    for side in order:
        for trim in (0.75, 1.35, 1.95, 2.6):
            length = min(room.length(side) - trim, 4.8)
            if length < 1.8:
                continue
            for s in (0.32, -0.32, 0.0, 0.6, -0.6, 0.9, -0.9):
                spans = tuple((a - s, b - s) for a, b in _spans(room, side))
                piece = kitchen.run(look, room.rng("kitchen"), length, room.height, spans)
                if room.against_sill(side, "kitchen", piece, s):
                    placed_run = side
                    for d in (1.0, -1.0):
                        where = s + d * (length / 2 + 0.31)
                        if room.against(side, "fridge", kitchen.fridge(look, room.rng("fridge")), [where]) is not None:
                            break
                    break
            if placed_run is not None:
                break
        if placed_run is not None:
            break
    away = OPPOSITE[placed_run] if placed_run is not None else "south"
    t = max(0.95, (room.reach(away) - 0.65) / 2 - 0.05)
    dining(room, away, t)
    free = by_cost(room, "free", {"window": 1.0, "door": 0.5, "gap": 20.0})
    chest = storage.chest(look, room.rng("sideboard"), 1.3, 0.88)
    room.anywhere("sideboard", chest, [s for s in free if s != placed_run])
    room.corner("plant", small.plant(look, room.rng("plant"), 0.9), corners(room, "plant"))
    rng = room.rng("clock")
    for side in free:
        if room.hang(side, "clock", decor.clock(look, rng), float(rng.uniform(-0.6, 0.6)), 2.05):
            break
    pictures(room, 2)


def dining(room: Arranger, side: Side, t: float) -> None:
    """A table with chairs all around, ``t`` metres in front of a wall, a lamp over it."""
    look = room.look
    rng = room.rng("dining-table")
    for length in (1.8, 1.5, 1.2, 0.85):
        table = tables.dining_table(look, room.rng("dining-table"), length, 0.85, bool(rng.random() < 0.2))
        heading = HEADING[side]
        for slide in (0.0, 0.3, -0.3, 0.6, -0.6, 1.0, -1.0):
            x, y = at_wall(room, side, slide, t)
            if room.put("dining-table", table, x, y, heading, margin=0.3):
                _seats(room, table, x, y, heading, length)
                _laid(room, x, y, heading, table.top)
                overhead(room, "pendant", x, y, room.height - 1.62)
                return


def _seats(room: Arranger, table: Piece, x: float, y: float, heading: float, length: float) -> None:
    across = max(1, int(length / 0.62))
    c, s = np.cos(heading), np.sin(heading)
    half_x, half_y = float(table.high[0]), float(table.high[1])
    rng = room.rng("chairs")
    number = 0
    for side in (1.0, -1.0):
        for k in range(across):
            u = (k - (across - 1) / 2) * (length / across)
            v = side * (half_y + 0.255)
            number += 1
            _chair(
                room,
                number,
                x + c * u - s * v,
                y + s * u + c * v,
                heading + (np.pi if side > 0 else 0.0) + rng.normal(0, 0.05),
            )
    if length > 1.4:
        for side in (1.0, -1.0):
            u = side * (half_x + 0.255)
            number += 1
            _chair(room, number, x + c * u, y + s * u, heading + side * np.pi / 2 + rng.normal(0, 0.05))


def _chair(room: Arranger, number: int, x: float, y: float, heading: float) -> None:
    room.put(f"chair-{number}", room.same("chair", seating.chair), x, y, heading)


def _laid(room: Arranger, x: float, y: float, heading: float, top: float) -> None:
    kit, rng = Kit(), room.rng("table-things")
    if rng.random() < 0.5:
        small.bowl(kit, rng, (0.05, 0.02, top), room.look)
    else:
        small.vase(kit, rng, (0.02, 0.0, top), room.look, 0.26)
    small.cup(kit, (-0.32, 0.2, top), "#e8e2d6")
    small.cup(kit, (0.26, -0.22, top), "#e8e2d6")
    room.put("table-things", Piece(kit.build()), x, y, heading, solid=False)
