"""A town square between houses, with something in its middle, places to sit and perhaps a market.

The square lies around the origin, ``size`` metres along x and y from house to house. Its middle is paved at z = 0; a
pavement ``WALK`` metres wide and 12 cm high runs along the houses. An alley leaves it towards -y, another towards -x.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from worldgen.conventions import seed_from
from worldgen.errors import listed, nearest
from worldgen.kit import Kit, placed
from worldgen.light import Lamp
from worldgen.sets import SetPiece
from worldgen.sets import centrepiece as middle
from worldgen.sets.building import Lot, built, fitted, shared
from worldgen.sets.ground import KERB
from worldgen.sets.landmark import church
from worldgen.sets.market import CROSS, market, plots
from worldgen.sets.palette import STYLES
from worldgen.sets.sign import Glow
from worldgen.sets.square_floor import ALLEY, GATE, PAVINGS, WALK, floor
from worldgen.sets.square_life import Taken, life
from worldgen.sets.stall import DEPTH, WIDTH
from worldgen.stage import Ground, Spot
from worldgen.world import Thing

LEAST, MOST = 26.0, 90.0
"""Metres a square may measure along each side."""


@dataclass(frozen=True)
class Gates:
    """Where the alleys leave: x of the middle of the southern one, y of the western one."""

    south: float
    west: float


def square(
    *,
    size: tuple[float, float],
    style: str = "old-town",
    centre: str = "fountain",
    paving: str = "bands",
    stalls: int = 0,
    cafe: bool = True,
    seed: int,
    lamps_on: bool = False,
    name: str = "square",
) -> SetPiece:
    """A square with its houses.

    size: metres along x and y, 26–90. style: one of ``palette.STYLES``. centre: one of ``centrepiece.PIECES``.
    paving: one of ``square_floor.PAVINGS``. stalls: of a market around the middle, 0 for none. cafe: tables under
    parasols along the eastern side. lamps_on: lights street lamps, bulbs and windows. name: first part of every name.
    Spots: "centre", "bench-0", "cafe-0-left", "stall-0", "keeper-0", "gate-south"...
    ValueError: a size out of range, an unknown word, or more stalls than there is room for.
    """
    for what, word, known in (("style", style, STYLES), ("centre", centre, middle.PIECES), ("paving", paving, PAVINGS)):
        if word not in known:
            near = nearest(word, known)
            ask = f"did you mean {near!r}?" if near else f"use {listed(known)}"
            raise ValueError(f"{word!r} is not a {what} of a square: {ask}")
    if not all(math.isfinite(s) and LEAST <= s <= MOST for s in size):
        raise ValueError(f"the size of a square is {size[0]:g} x {size[1]:g}: give {LEAST:g} to {MOST:g} metres each")
    if stalls < 0:
        raise ValueError(f"a market has {stalls} stalls: give none or more")
    seed = seed_from("square", seed, style)
    half = size[0] / 2, size[1] / 2
    gates = _gates(half, seed)
    things = [Thing(f"{name}/ground", floor(half, (gates.south, gates.west), style, paving, centre))]
    glows: list[Glow] = []
    for lot in _lots(half, gates, style, seed):
        made = built(lot, style, seed, lamps_on, WALK, name)
        things += made.things
        glows += made.glows
    if STYLES[style].form == "house":
        tower = church(seed, (0.22 * size[0], half[1] + 19.0))
        things.append(Thing(f"{name}/church", tower))
    taken = Taken([(0.0, 0.0, middle.RADIUS[centre] + 1.6)] if centre != "none" else [])
    if centre != "none":
        kit = Kit()
        middle.centrepiece(kit, np.random.default_rng(seed_from("centre", seed)), centre)
        things.append(Thing(f"{name}/{centre}", kit.build()))
    more, lamps, spots = life(half, (gates.south, gates.west), centre, cafe, stalls > 0, taken, seed, lamps_on, name)
    things += more
    spots["centre"] = Spot((0.0, 0.0, 0.0 if centre == "none" else 1.5), 0.0, "stand" if centre == "none" else "look")
    for k, (x, y, z) in enumerate(middle.seats(centre)):
        spots[f"{centre}-seat-{k}"] = Spot((x, y, z), math.atan2(-x, y), "seat")
    spots["gate-south"] = Spot((gates.south, -half[1] - 2.0, 0.0), 0.0, "stand")
    spots["gate-west"] = Spot((-half[0] - 2.0, gates.west, 0.0), -np.pi / 2, "stand")
    lamps += shared(glows, 6, name)
    if stalls:
        stands, burning, where = _market(half, stalls, taken, seed, lamps_on, 16 - len(lamps), name)
        things += stands
        lamps += burning
        spots |= where
    return SetPiece(tuple(things), tuple(lamps), _ground(half, gates, centre), spots)


def _gates(half: tuple[float, float], seed: int) -> Gates:
    rng = np.random.default_rng(seed_from("gates", seed))
    south, west = float(rng.choice([-1.0, 1.0])), float(rng.uniform(0.1, 0.25))
    return Gates(south * float(rng.uniform(0.12, 0.3)) * half[0], west * 2 * half[1])


def _market(
    half: tuple[float, float], stalls: int, taken: Taken, seed: int, lit: bool, lamps: int, name: str
) -> tuple[list[Thing], list[Lamp], dict[str, Spot]]:
    def free(x: float, y: float) -> bool:
        return taken.rectangle(x, y, WIDTH / 2, DEPTH / 2 + 0.1)

    found = plots(half[0] - WALK - CROSS, half[1] - WALK - CROSS, free)
    if stalls > len(found):
        size = f"{2 * half[0]:g} x {2 * half[1]:g} m"
        raise ValueError(f"{stalls} stalls do not fit into a square of {size}: give at most {len(found)}")
    return market(found[:stalls], seed, lit, lamps, name)


def _lots(half: tuple[float, float], gates: Gates, style: str, seed: int) -> list[Lot]:
    """The houses: four sides, broken by the alleys, and what closes the view through those."""
    hx, hy = half
    wide = STYLES[style].width
    lots: list[Lot] = []

    def row(tag: str, start: float, stop: float, turn: float, at: tuple[float, float], ends: tuple[bool, bool]) -> None:
        """Houses along the row's own x axis, which runs from ``at`` under ``turn``; ends: flanks that are seen."""
        widths = fitted(seed, tag, stop - start, wide)
        x = start
        for k, width in enumerate(widths):
            place = placed(*at, KERB, turn) @ placed(x, 0.0)
            flanks = (ends[0] and k == 0, ends[1] and k == len(widths) - 1)
            lots.append(Lot(f"house-{tag}{k:02d}", width, place, flanks, not tag.startswith("X")))
            x += width

    # A facade looks along +y of its frame: turned by pi it looks south, its x then runs west.
    row("N", -hx, hx, np.pi, (0.0, hy), (False, False))
    row("E", -hy, hy, np.pi / 2, (hx, 0.0), (False, False))
    row("SL", -hx, gates.south - GATE / 2, 0.0, (0.0, -hy), (False, True))
    row("SR", gates.south + GATE / 2, hx, 0.0, (0.0, -hy), (True, False))
    row("WL", -hy, -gates.west - GATE / 2, -np.pi / 2, (-hx, 0.0), (False, True))
    row("WR", -gates.west + GATE / 2, hy, -np.pi / 2, (-hx, 0.0), (True, False))
    row("XS", gates.south - 12.0, gates.south + 12.0, 0.0, (0.0, -hy - ALLEY), (False, False))
    row("XW", -gates.west - 12.0, -gates.west + 12.0, -np.pi / 2, (-hx - ALLEY, 0.0), (False, False))
    return lots


def _ground(half: tuple[float, float], gates: Gates, centre: str) -> Ground:
    hx, hy = half

    def height(x: float, y: float) -> float:
        """Of the floor at (x, y); NaN outside of the square and its alleys."""
        if abs(x) <= hx and abs(y) <= hy:
            if abs(x) > hx - WALK or abs(y) > hy - WALK:
                south = y < -hy + WALK and abs(x - gates.south) < GATE / 2 and abs(x) < hx - WALK
                west = x < -hx + WALK and abs(y - gates.west) < GATE / 2 and abs(y) < hy - WALK
                return 0.0 if south or west else KERB
            r = math.hypot(x, y)
            return max((z for radius, z in middle.steps(centre) if r < radius), default=0.0)
        south = abs(x - gates.south) < GATE / 2 and -hy - ALLEY < y < 0
        west = abs(y - gates.west) < GATE / 2 and -hx - ALLEY < x < 0
        return 0.0 if south or west else math.nan

    return height
