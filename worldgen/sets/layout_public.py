"""How offices and cafés are furnished."""

from __future__ import annotations

import numpy as np

from worldgen.furniture import bar, decor, lights, seating, small, storage, tables
from worldgen.furniture.parts import Piece, boards
from worldgen.furniture.style import paint
from worldgen.kit import Kit
from worldgen.sets.arrange import HEADING, Arranger, Side
from worldgen.sets.layout_rooms import at_wall, by_cost, ceiling_lights, corners, overhead, pictures, steps

MOST_TABLES = 30


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
    room.corner("plant", small.plant(look, room.rng("plant"), 1.4), corners(room, "plant"))
    rng = room.rng("clock")
    for side in free:
        if room.hang(side, "clock", decor.clock(look, rng), float(rng.uniform(-0.5, 0.5)), 2.1):
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
    on("screen", decor.screen(look, rng), 0.0, -0.14, float(rng.normal(0, 0.03)))
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
        shelves = bar.bar_shelves(look, room.rng("shelves"), length, room.height)
        s = room.against(side, "shelves", shelves, steps(room.length(side) / 2 - length / 2 - 0.1))
        if s is None:
            continue
        back = side
        counter = bar.counter(look, room.rng("counter"), length)
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
            if number >= MOST_TABLES:
                continue
            y = (j + 0.5) / ny * room.depth - room.depth / 2 + float(rng.normal(0, 0.05))
            number += _set(room, number + 1, x, y, 2 if rng.random() < 0.6 else 3, float(rng.uniform(0, 2 * np.pi)))
    for side in (back, *free):
        if any(
            room.hang(side, "menu", bar.menu_board(look, room.rng("menu")), s, 1.75)
            for s in (0.0, 1.2, -1.2, 2.2, -2.2)
        ):
            break
    for k in range(2):
        room.corner(
            f"plant-{k + 1}", small.plant(look, room.rng(f"plant-{k + 1}"), 1.3), corners(room, f"plant-{k + 1}")
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
