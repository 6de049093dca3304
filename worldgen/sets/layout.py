"""How rooms are furnished: rules of arrangement for each use of a room."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from worldgen.furniture import decor, lights, seating, small, storage, tables
from worldgen.furniture.parts import Piece
from worldgen.kit import Kit
from worldgen.sets.arrange import GAP, HEADING, OPPOSITE, SIDES, Arranger, Side, wall_frame
from worldgen.sets.layout_public import cafe, office
from worldgen.sets.layout_rooms import bedroom, kitchen_room

Layout = Callable[[Arranger], None]


def by_cost(room: Arranger, what: str, cost: Callable[[Side], float]) -> list[Side]:
    """The walls, the cheapest first; ties are drawn."""
    draw = room.rng(what).random(4)
    return sorted(SIDES, key=lambda s: cost(s) + 0.4 * draw[SIDES.index(s)])


def dress_table(room: Arranger, name: str, x: float, y: float, top: float) -> None:
    """A few things on a low table."""
    rng, kit = room.rng(name), Kit()
    small.stack(kit, rng, (0.24, 0.06, top), int(rng.integers(2, 4)))
    if rng.random() < 0.5:
        small.vase(kit, rng, (-0.2, 0.02, top), room.look, 0.2)
    else:
        small.bowl(kit, rng, (-0.19, 0.02, top), room.look)
    small.cup(kit, (0.0, -0.13, top), "#e8e2d6")
    room.put(name, Piece(kit.build()), x, y, float(rng.normal(0, 0.15)), solid=False)


def hang_pictures(room: Arranger, side: Side, name: str, middle: float, span: float, above: float) -> None:
    """One large picture, a pair or a group of three over something ``above`` metres high."""
    rng = room.rng(name)
    form = int(rng.integers(3)) if span > 1.5 else 0
    if form == 0:
        w = min(span * 0.75, float(rng.uniform(0.8, 1.2)))
        sizes, at = [(w, w * float(rng.uniform(0.62, 0.8)))], [middle]
    elif form == 1:
        w = min(0.62, span * 0.4)
        sizes, at = [(w, w * 1.3)] * 2, [middle - 0.58 * w - 0.05, middle + 0.58 * w + 0.05]
    else:
        w = min(0.46, span * 0.28)
        sizes, at = [(w, w * 1.35)] * 3, [middle - 1.2 * w, middle, middle + 1.2 * w]
    for k, ((w, h), s) in enumerate(zip(sizes, at, strict=True)):
        z = max(1.52, above + 0.2 + h / 2)
        piece = decor.picture(room.look, room.rng(f"{name}-{k + 1}"), w, h)
        room.hang(side, f"{name}-{k + 1}", piece, s, z)


def bare_walls(room: Arranger, count: int = 3) -> None:
    """Pictures on what wall is left."""
    done = 0
    for side in by_cost(room, "bare", lambda s: 0.0):
        half = room.length(side) / 2 - 0.5
        for k, s in enumerate(np.linspace(-half, half, 5)):
            rng = room.rng(f"picture-{side}-{k}")
            w = float(rng.uniform(0.4, 0.75))
            piece = decor.picture(room.look, rng, w, w * float(rng.choice([0.75, 1.3, 1.0])))
            if done < count and room.hang(side, f"picture-{side}-{k}", piece, float(s), 1.55):
                done += 1
                break


def living_room(room: Arranger) -> None:
    """A sofa that faces a television or a fireplace over a low table on a rug, easy chairs at its sides."""
    look = room.look

    def cost(side: Side) -> float:
        back = OPPOSITE[side]
        return (
            (-8.0 if room.has(side, "gap") else 0.0)
            + (3.0 if room.has(side, "window") else 0.0)
            + (2.5 if room.has(side, "door", "arch") else 0.0)
            + (9.0 if room.has(back, "gap") else 0.0)
            + (1.2 if room.has(back, "door", "arch") else 0.0)
            + (0.8 if room.has(back, "window") else 0.0)
            + (4.0 if room.reach(side) < 3.0 else 0.0)
        )

    focus = by_cost(room, "focus", cost)[0]
    back, deep = OPPOSITE[focus], room.reach(focus)
    frame = wall_frame(focus, room.width, room.depth)  # t runs from the focus towards the sofa
    rng = room.rng("sofa")
    wide = 2.15 if room.length(back) > 3.4 else 1.75
    sofa = seating.sofa(look, rng, wide)
    gap = 0.3 if room.has(back, "window") else 0.05
    rear = min(deep - gap, 3.75)
    if deep - rear < 0.75:
        rear = deep - gap
    t_sofa = rear + float(sofa.low[1])

    def at(s: float, t: float) -> tuple[float, float]:
        x, y = (float(c) for c in (frame @ [s, t, 0, 1])[:2])
        return x, y

    towards = HEADING[back]
    middle = 0.0
    for s in (0.0, 0.25, -0.25, 0.5, -0.5, 0.8, -0.8):
        if room.put("sofa", sofa, *at(s, t_sofa), towards):
            middle = s
            break
    front = t_sofa - float(sofa.high[1])
    table = tables.coffee_table(look, room.rng("coffee-table"))
    half = float(table.high[1])
    t_table = front - 0.38 - half
    if room.put("coffee-table", table, *at(middle, t_table), towards):
        dress_table(room, "coffee-table-things", *at(middle, t_table), table.top)
    long = min(2.9, room.length(focus) - 1.0)
    short = min(2.0, t_sofa - 0.7)
    room.put(
        "rug",
        decor.rug(look, room.rng("rug"), long, short),
        *at(middle, front - 0.5 * short + 0.25),
        towards,
        solid=False,
    )
    if not room.has(focus, "gap"):
        _focus(room, focus, middle)
    for k, s in enumerate((1.0, -1.0) if room.rng("chairs").random() < 0.5 else (-1.0, 1.0)):
        chair = seating.armchair(look, room.rng(f"armchair-{k + 1}"))
        for out, along, turn in ((1.25, -0.1, 0.95), (1.15, -0.25, 0.75), (1.35, 0.05, 1.2), (1.5, 0.1, 1.3)):
            heading = HEADING[focus] + s * turn  # from beside the focus, turned to the table
            if room.put(f"armchair-{k + 1}", chair, *at(middle + s * out, t_table + along), heading, margin=0.04):
                break
    side = 1.0 if room.rng("side").random() < 0.5 else -1.0
    for s in (side, -side):
        stand = tables.side_table(look, room.rng("side-table"), 0.5)
        x, y = at(middle + s * (wide / 2 + 0.34), t_sofa - 0.12)
        if room.put("side-table", stand, x, y, towards):
            room.put(
                "table-lamp", lights.table_lamp(look, room.rng("table-lamp"), room.lit), x, y, z=stand.top, solid=False
            )
            break
    lamp = lights.floor_lamp(look, room.rng("floor-lamp"), room.lit)
    for s in (-side, side):
        if room.put("floor-lamp", lamp, *at(middle + s * (wide / 2 + 0.36), t_sofa - 0.1), towards):
            break
    if deep - rear < 0.75 and not room.has(back, "window"):
        hang_pictures(room, back, "picture", middle, wide, 0.95)
    free = by_cost(room, "shelves", lambda s: 1.0 if room.has(s, "window") else 0.0)
    shelf = storage.bookshelf(
        look, room.rng("bookshelf"), 1.75 if room.width * room.depth > 18 else 0.95, min(2.1, room.height - 0.4)
    )
    if room.anywhere("bookshelf", shelf, free) is None:
        room.anywhere(
            "bookshelf", storage.bookshelf(look, room.rng("bookshelf"), 0.85, min(2.0, room.height - 0.4)), free
        )
    room.corner("plant-1", small.plant(look, room.rng("plant-1"), 1.35), _shuffled(room, "plant-1"))
    room.anywhere("chest", storage.chest(look, room.rng("chest"), 1.1), free)
    room.corner("plant-2", small.plant(look, room.rng("plant-2"), 0.85), _shuffled(room, "plant-2"))
    bare_walls(room)
    drop = min(0.75, room.height - 1.95)
    if drop > 0.25:
        room.put(
            "pendant",
            lights.pendant(look, room.rng("pendant"), room.lit, drop),
            *at(middle, t_table),
            z=room.height,
            solid=False,
        )


def _shuffled(room: Arranger, name: str) -> list[int]:
    return [int(k) for k in room.rng(f"{name}-where").permutation(4)]


def _focus(room: Arranger, side: Side, middle: float) -> None:
    """A fireplace or a television against the wall that the sofa faces."""
    look = room.look
    hearth = room.rng("focus-kind").random() < {"modern": 0.2, "classic": 0.8, "worn": 0.5}[look.style]
    places = [middle + d for d in (0.0, 0.15, -0.15, 0.35, -0.35, 0.6, -0.6, 0.9, -0.9)]
    if hearth:
        s = room.against(side, "fireplace", storage.fireplace(look, room.rng("fireplace")), places, gap=0.002 + GAP)
        if s is not None:
            rng = room.rng("over-mantel")
            above = decor.mirror(look, rng, 0.75, 0.85) if rng.random() < 0.5 else decor.picture(look, rng, 0.95, 0.7)
            room.hang(side, "over-mantel", above, s, 1.12 + 0.42 + 0.35)
            return
    bench = storage.low_bench(look, room.rng("tv-bench"), 1.7 if room.length(side) > 3.6 else 1.3)
    s = room.against(side, "tv-bench", bench, places)
    if s is not None:
        tv = decor.television(look, room.rng("tv"), 1.2 if room.length(side) > 3.6 else 0.95)
        x, y = (float(c) for c in (wall_frame(side, room.width, room.depth) @ [s, 0.25, 0, 1])[:2])
        room.put("tv", tv, x, y, HEADING[side], bench.top, solid=False)


def empty(room: Arranger) -> None:
    """Nothing but a lamp without a shade's worth of luxury: a ball on a cord."""
    drop = min(0.6, room.height - 2.0)
    if drop > 0.25:
        room.put(
            "pendant",
            lights.pendant(room.look, room.rng("pendant"), room.lit, drop, 2),
            0.0,
            0.0,
            z=room.height,
            solid=False,
        )


LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        "living-room": living_room,
        "kitchen": kitchen_room,
        "bedroom": bedroom,
        "office": office,
        "cafe": cafe,
        "empty": empty,
    }
)
"""What a room can be used as."""


def layout_of(word: str) -> Layout:
    """The rules of the layout called ``word``. ValueError: an unknown one."""
    if word not in LAYOUTS:
        near = difflib.get_close_matches(word, LAYOUTS, n=1, cutoff=0.0)[0]
        raise ValueError(f"{word!r} is not a layout of a room: did you mean {near!r}? (known: {', '.join(LAYOUTS)})")
    return LAYOUTS[word]
