"""How bedrooms, kitchens, offices and cafés are furnished."""

from __future__ import annotations

import numpy as np

from worldgen.furniture import beds, kitchen, lights, seating, small, storage, tables
from worldgen.furniture.parts import Piece, boards
from worldgen.furniture.style import paint
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
    """A lamp that hangs from the ceiling, if there is height for it."""
    drop = min(drop, room.height - 1.95)
    if drop > 0.25:
        lamp = lights.pendant(room.look, room.rng("pendant"), room.lit, drop, form)
        room.put(name, lamp, x, y, z=room.height, solid=False)


def ceiling_lights(room: Arranger, spacing: float = 2.4) -> None:
    """Flat lights in a grid on the ceiling."""
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
        room.put("rug", small.rug(look, room.rng("rug"), wide + 1.2, 1.7), x, y, HEADING[head], solid=False)
        rng = room.rng("picture")
        if rng.random() < 0.5:
            room.hang(head, "picture", small.picture(look, rng, 1.0, 0.62), s, 1.62)
        else:
            for k, d in enumerate((-0.38, 0.38)):
                room.hang(
                    head, f"picture-{k + 1}", small.picture(look, room.rng(f"picture-{k + 1}"), 0.5, 0.66), s + d, 1.62
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
            room.hang(where, "mirror", small.mirror(look, room.rng("mirror"), 0.55, 0.75), c, 1.62)
            break
    room.corner("armchair", seating.armchair(look, room.rng("armchair")), _corners(room, "armchair"), 0.15)
    room.corner("plant", small.plant(look, room.rng("plant"), 1.1), _corners(room, "plant"))
    pictures(room, 2)
    overhead(room, "pendant", 0.0, 0.0, 0.5, 1)


def _corners(room: Arranger, name: str) -> list[int]:
    return [int(k) for k in room.rng(f"{name}-where").permutation(4)]


def pictures(room: Arranger, count: int) -> None:
    """Pictures on what wall is left."""
    done = 0
    for side in by_cost(room, "bare", {}):
        half = room.length(side) / 2 - 0.5
        for k, s in enumerate(np.linspace(-half, half, 5)):
            rng = room.rng(f"picture-{side}-{k}")
            w = float(rng.uniform(0.4, 0.75))
            piece = small.picture(room.look, rng, w, w * float(rng.choice([0.75, 1.3, 1.0])))
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
    room.corner("plant", small.plant(look, room.rng("plant"), 0.9), _corners(room, "plant"))
    rng = room.rng("clock")
    for side in free:
        if room.hang(side, "clock", small.clock(look, rng), float(rng.uniform(-0.6, 0.6)), 2.05):
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


def office(room: Arranger) -> None:
    """Desks with screens and chairs, shelves, cabinets, a plant, flat lights on the ceiling."""
    look = room.look
    order = by_cost(room, "desk-wall", {"door": 1.5, "gap": 20.0, "window": 0.4})
    number = 0
    wanted = max(1, min(6, int(room.width * room.depth / 7.5)))
    width, depth = 1.5, 0.75
    for side in order:
        half = room.length(side) / 2 - width / 2 - 0.1
        for s in steps(half, -half, width + 0.35):
            if number >= wanted:
                break
            face_out = room.rng("facing").random() < 0.5 and room.reach(side) > 4.2
            gaps = (0.03, 0.17) if not face_out else (1.4 - depth / 2,)
            if any(_desk(room, number + 1, side, s, depth, gap, face_out) for gap in gaps):
                number += 1
    free = by_cost(room, "free", {"window": 1.0, "door": 0.3, "gap": 20.0})
    tall = min(2.05, room.height - 0.4)
    for length in (1.75, 0.9):
        if room.anywhere("bookshelf", storage.bookshelf(look, room.rng("bookshelf"), length, tall), free) is not None:
            break
    for k in range(2):
        room.anywhere(f"cabinet-{k + 1}", storage.filing(look, room.rng("cabinet")), free)
    room.corner("plant", small.plant(look, room.rng("plant"), 1.4), _corners(room, "plant"))
    rng = room.rng("clock")
    for side in free:
        if room.hang(side, "clock", small.clock(look, rng), float(rng.uniform(-0.5, 0.5)), 2.1):
            break
    for side in free:
        kit = Kit()
        _whiteboard(kit)
        if any(room.hang(side, "whiteboard", Piece(kit.build()), s, 1.5) for s in (0.0, 0.8, -0.8)):
            break
    pictures(room, 2)
    ceiling_lights(room)


def _whiteboard(kit: Kit) -> None:
    boards(kit, [-0.75, 0, -0.5], [0.75, 0.022, 0.5], paint("metal", "#b4b6b8"), 0.004)
    kit.panel(-0.73, 0.73, -0.48, 0.48, 0.0228, paint("ceramic", "#f0f0ec"))
    boards(kit, [-0.4, 0.02, -0.5], [0.4, 0.08, -0.485], paint("metal", "#b4b6b8"))
    for k, colour in enumerate(("#b8392f", "#2f4f8c", "#22262b")):
        kit.tube(
            [[-0.3 + 0.16 * k, 0.06, -0.475], [-0.18 + 0.16 * k, 0.06, -0.475]], 0.009, paint("plastic", colour), 8
        )


def _desk(room: Arranger, number: int, side: Side, s: float, depth: float, gap: float, out: bool) -> bool:
    """A desk with its things and a chair; at the wall, or (out) with whoever works there between it and the wall."""
    look = room.look
    desk = room.same("desk", lambda a, b: tables.desk(a, b, 1.5, depth))
    chair = room.same("office-chair", seating.office_chair)
    t_desk = gap + depth / 2
    turn = HEADING[side] + (np.pi if out else 0.0)
    x, y = at_wall(room, side, s, t_desk)
    away = depth / 2 + 0.38
    cx, cy = at_wall(room, side, s, t_desk - away if out else t_desk + away)
    before = room.keep()
    if not room.put(f"desk-{number}", desk, x, y, turn):
        return False
    swivel = turn + np.pi + float(room.rng(f"swivel-{number}").normal(0, 0.12))
    if not any(room.put(f"chair-{number}", chair, cx, cy, heading) for heading in (swivel, turn + np.pi)):
        room.back_to(before)
        return False
    c, n = np.cos(turn), np.sin(turn)

    def on(name: str, piece: Piece, u: float, v: float, more: float = 0.0) -> None:
        room.put(f"{name}-{number}", piece, x + c * u - n * v, y + n * u + c * v, turn + more, desk.top, solid=False)

    rng = room.rng(f"desk-things-{number}")
    on("screen", small.screen(look, rng), 0.0, -0.14, float(rng.normal(0, 0.03)))
    flip = 1.0 if rng.random() < 0.5 else -1.0
    on("desk-lamp", lights.desk_lamp(look, room.rng("desk-lamp"), room.lit), flip * 0.6, -0.2, flip * 0.7)
    kit = Kit()
    small.stack(kit, rng, (0, 0, 0), int(rng.integers(2, 5)))
    on("books", Piece(kit.build()), -flip * 0.56, -0.18)
    kit = Kit()
    small.cup(kit, (0, 0, 0), str(rng.choice([*look.accents[:3], "#e9e4d8"])), False)
    on("cup", Piece(kit.build()), flip * 0.42, 0.12)
    return True


def cafe(room: Arranger) -> None:
    """A counter before shelves of bottles, stools at it, tables with chairs, a bench along a wall, lamps in rows."""
    look = room.look
    order = by_cost(room, "counter-wall", {"door": 3.0, "gap": 20.0, "window": 3.0, "short": 0.5})
    back = order[0]
    side = back
    for side in order:
        length = min(4.2, room.length(side) - 1.6)
        if length < 1.4:
            continue
        shelves = kitchen.bar_shelves(look, room.rng("shelves"), length, room.height)
        s = room.against(side, "shelves", shelves, steps(room.length(side) / 2 - length / 2 - 0.1))
        if s is None:
            continue
        back = side
        counter = kitchen.counter(look, room.rng("counter"), length)
        x, y = at_wall(room, side, s, 0.46 + 0.85 + 0.31)
        if room.put("counter", counter, x, y, HEADING[side]):
            for k, u in enumerate(np.arange(-length / 2 + 0.4, length / 2 - 0.3, 0.7)):
                room.put(
                    f"stool-{k + 1}",
                    room.same("stool", seating.stool),
                    *at_wall(room, side, s + float(u), 0.46 + 0.85 + 0.62 + 0.27),
                    HEADING[side] + np.pi,
                )
            for k, u in enumerate(np.arange(-length / 2 + 0.5, length / 2 - 0.3, 1.1)):
                px, py = at_wall(room, side, s + float(u), 0.46 + 0.85 + 0.31)
                overhead(room, f"pendant-bar-{k + 1}", px, py, room.height - 1.85)
        break
    free = [w for w in by_cost(room, "bench-wall", {"door": 1.0, "gap": 20.0, "window": 0.3}) if w != back]
    number = 0
    for wall in free:
        length = min(3.9, room.length(wall) - 1.0)
        bench = seating.bench(look, room.rng("bench"), length)
        s = room.against(wall, "bench", bench, steps(room.length(wall) / 2 - length / 2 - 0.05, step=0.3))
        if s is None:
            continue
        count = max(1, int(length / 1.3))
        for k in range(count):
            u = s + (k - (count - 1) / 2) * length / count
            number += _set(room, number + 1, *at_wall(room, wall, u, 0.28 + 0.2 + 0.06 + 0.37 + 0.05), 1, HEADING[wall])
        break
    rng = room.rng("tables")
    nx, ny = int(room.width / 1.5), int(room.depth / 1.5)
    for i in range(nx):
        for j in range(ny):
            x = (i + 0.5) / nx * room.width - room.width / 2 + float(rng.normal(0, 0.05))
            y = (j + 0.5) / ny * room.depth - room.depth / 2 + float(rng.normal(0, 0.05))
            number += _set(room, number + 1, x, y, 2 if rng.random() < 0.6 else 3, float(rng.uniform(0, 2 * np.pi)))
    for side in (back, *free):
        if any(
            room.hang(side, "menu", kitchen.menu_board(look, room.rng("menu")), s, 1.75)
            for s in (0.0, 1.2, -1.2, 2.2, -2.2)
        ):
            break
    for k in range(2):
        room.corner(
            f"plant-{k + 1}", small.plant(look, room.rng(f"plant-{k + 1}"), 1.3), _corners(room, f"plant-{k + 1}")
        )
    pictures(room, 4)


def _set(room: Arranger, number: int, x: float, y: float, chairs: int, turn: float) -> int:
    """A round table with chairs about it, cups on it and a lamp over it; 1 if there was room."""
    look = room.look
    table = room.same("table", tables.cafe_table)
    before = room.keep()
    if not room.put(f"table-{number}", table, x, y, margin=0.02):
        return 0
    seated = room.keep()
    for swing in np.arange(1 if chairs == 1 else 8) * np.pi / 8:
        room.back_to(seated)
        if all(
            [
                _drawn_up(room, f"chair-{number}-{k + 1}", x, y, turn + float(swing) + k * 2 * np.pi / chairs)
                for k in range(chairs)
            ]
        ):
            turn += float(swing)
            break
    else:
        room.back_to(before)
        return 0
    kit, rng = Kit(), room.rng(f"table-things-{number}")
    for k in range(chairs):
        a = turn + k * 2 * np.pi / chairs
        if rng.random() < 0.7:
            small.cup(kit, (float(-0.18 * np.sin(a)), float(0.18 * np.cos(a)), table.top))
    if rng.random() < 0.6:
        small.vase(kit, rng, (0.0, 0.0, table.top), look, 0.14)
    if not kit.empty:
        room.put(f"table-things-{number}", Piece(kit.build()), x, y, solid=False)
    overhead(room, f"pendant-{number}", x, y, room.height - 1.7)
    return 1


def _drawn_up(room: Arranger, name: str, x: float, y: float, a: float) -> bool:
    """A chair at the round table in (x, y), on the side where heading ``a`` points."""
    chair = room.same("chair", seating.chair)
    return room.put(name, chair, x - 0.63 * np.sin(a), y + 0.63 * np.cos(a), a + np.pi)
