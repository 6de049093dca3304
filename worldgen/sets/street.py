"""An old European street that opens on a small square and ends in a cross street below a church tower.

The street runs along +Y from y = 0 to y = ``length``, centred on x = 0, its carriageway at z = 0 and its pavements 12 cm
higher. Behind y = 0 lies the square, free of things for 14 m and as wide, from where a camera can look into the street;
behind y = ``length`` a cross street, closed by houses. Every house and every piece of furniture is drawn from a seed of
its own, so a longer street keeps what the shorter one had.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from worldgen.conventions import F64, seed_from
from worldgen.kit import Kit, placed
from worldgen.sets import SetPiece
from worldgen.sets.dressing import doorstep, kerbside, overhead, square
from worldgen.sets.ground import CROSS, KERB, SQUARE_DEPTH, SQUARE_HALF, ground
from worldgen.sets.house import house
from worldgen.sets.house import plan as draw_plan
from worldgen.sets.landmark import church
from worldgen.sets.palette import STYLES, Style
from worldgen.world import Thing

Rng = np.random.Generator


@dataclass(frozen=True)
class _Lot:
    """A house to build: name below the street's, width in metres, place (4, 4), and which flanks are seen."""

    name: str
    width: float
    place: F64
    flanks: tuple[bool, bool] = (False, False)


def street(
    *, length: float, width: float, style: str = "old-town", seed: int, lamps_on: bool = False, name: str = "street"
) -> SetPiece:
    """A street between two rows of houses.

    length: metres from the square to the cross street, 15–300. width: metres from house to house, 6–30; the band
    |x| < 1.2 m stays free for whoever walks there. style: one of ``palette.STYLES``. seed: of everything drawn.
    lamps_on: lights the street lamps, and some windows. name: first part of every thing's name.
    ValueError: a size out of range, or an unknown style.
    """
    look = STYLES.get(style)
    if look is None:
        near = difflib.get_close_matches(style, STYLES, n=1, cutoff=0.0)[0]
        raise ValueError(f"{style!r} is not a style of street: did you mean {near!r}? (known: {', '.join(STYLES)})")
    for what, value, low, high in (("length", length, 15.0, 300.0), ("width", width, 6.0, 30.0)):
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"the {what} of a street is {value}: give {low:g} to {high:g} metres")
    things = [Thing(f"{name}/ground", ground(length, width, style))]
    tops: dict[str, list[tuple[float, float]]] = {"L": [], "R": []}
    for lot in _lots(length, width, look, seed):
        own = seed_from("house", seed, lot.name)
        plan = draw_plan(look, own, lot.width, lamps_on)
        mesh = house(plan, look, own, lot.place, lit=lamps_on, flanks=lot.flanks)
        things.append(Thing(f"{name}/{lot.name}", mesh))
        tag = lot.name[6]
        if lot.name[7:].isdigit() and tag in tops:
            tops[tag].append((lot.width, plan.eaves))
            step = doorstep(plan, own, lot.place)
            if step is not None:
                things.append(Thing(f"{name}/doorstep-{lot.name[6:]}", step))
    things.append(Thing(f"{name}/church", church(seed, (2.5, length + CROSS + 21.0))))

    def top(side: float, y: float) -> float:
        row = tops["L" if side < 0 else "R"]
        ends = np.cumsum([w for w, _ in row])
        return row[int(np.searchsorted(ends, y))][1] if row and y < ends[-1] else 0.0

    pieces, lamps = kerbside(length, width, seed, lamps_on, name)
    pieces += overhead(length, width, top, seed) + square(seed)
    things += [Thing(f"{name}/{part}", mesh) for part, mesh in pieces]
    return SetPiece(tuple(things), tuple(lamps))


def _row(
    seed: int,
    tag: str,
    start: float,
    stop: float,
    style: Style,
    place: Callable[[float, float], F64],
    flanks: tuple[bool, bool],
) -> list[_Lot]:
    """Houses side by side from ``start`` to at most ``stop`` metres along a line; the last may fall short of it."""
    lots: list[_Lot] = []
    at = start
    while True:
        rng = np.random.default_rng(seed_from("width", seed, tag, len(lots)))
        wide = float(rng.uniform(*style.width))
        if at + wide > stop:
            break
        lots.append(_Lot(f"house-{tag}{len(lots):02d}", wide, place(at, wide), (False, False)))
        at += wide
    if lots and any(flanks):
        first, last = lots[0], lots[-1]
        lots[0] = _Lot(first.name, first.width, first.place, (flanks[0], False))
        last = lots[-1]
        lots[-1] = _Lot(last.name, last.width, last.place, (last.flanks[0], flanks[1]))
    return lots


def _lots(length: float, width: float, style: Style, seed: int) -> list[_Lot]:
    half = width / 2
    lots: list[_Lot] = []
    # Seen from the street, the left row's x axis runs towards -Y, the right row's towards +Y.
    z = KERB
    left = _row(seed, "L", 0.0, length + 2.0, style, lambda a, w: placed(-half, a + w, z, -np.pi / 2), (True, True))
    right = _row(seed, "R", 0.0, length + 2.0, style, lambda a, w: placed(half, a, z, np.pi / 2), (True, True))
    lots += [_Lot(o.name, o.width, o.place, (o.flanks[1], o.flanks[0])) for o in left] + right
    reach = half + 9.0 + 14.0
    end = length + CROSS
    lots += _row(seed, "E", -reach, reach, style, lambda a, w: placed(a + w, end, z, np.pi), (False, False))
    for side, tag in ((-1.0, "W"), (1.0, "O")):
        # The ends of the cross street, well out of the middle of the picture.
        turn = -np.pi / 2 if side < 0 else np.pi / 2
        x = side * (reach - 4.0)
        lots += _row(
            seed, f"X{tag}", length - 9.0, end + 3.0, style,
            lambda a, w, x=x, t=turn, s=side: placed(x, a + w if s < 0 else a, z, t), (False, False),
        )  # fmt: skip
        x = side * SQUARE_HALF
        lots += _row(
            seed, f"S{tag}", -SQUARE_DEPTH - 4.0, 0.5, style,
            lambda a, w, x=x, t=turn, s=side: placed(x, a + w if s < 0 else a, z, t), (False, False),
        )  # fmt: skip
    lots += _row(
        seed,
        "B",
        -SQUARE_HALF - 4.0,
        SQUARE_HALF + 6.0,
        style,
        lambda a, w: placed(a, -SQUARE_DEPTH, z, 0.0),
        (False, False),
    )
    return lots
