"""Where the stalls of a market stand: rows back to back, with aisles along x and across."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from worldgen.conventions import F64, seed_from
from worldgen.kit import placed
from worldgen.light import Lamp
from worldgen.sets.stall import DEPTH, REACH, WIDTH, lamp_of, stall
from worldgen.stage import Spot
from worldgen.world import Thing

AISLE: Final = 2.5
"""Metres between the roofs of facing rows."""
GAP: Final = 0.3
BACKS: Final = 0.5
CROSS: Final = 2.2
GROUP: Final = 3
"""Groups of ``GROUP`` stalls, ``GAP`` metres between them, ``CROSS`` between groups, ``BACKS`` between rows."""


@dataclass(frozen=True)
class Plot:
    """Where a stall stands: x, y of its middle, its turn, radians counter-clockwise."""

    x: float
    y: float
    turn: float

    @property
    def place(self) -> F64:
        """(4, 4)."""
        return placed(self.x, self.y, 0.0, self.turn)


def plots(half_x: float, half_y: float, free: Callable[[float, float], bool]) -> list[Plot]:
    """Every plot within |x| <= half_x, |y| <= half_y whose stall is ``free``, from the middle outwards.

    free: whether a rectangle of a stall's size may stand around (x, y).
    """
    xs = []
    k = 0
    while (x := CROSS / 2 + WIDTH / 2 + k * (WIDTH + GAP) + (k // GROUP) * (CROSS - GAP)) + WIDTH / 2 <= half_x:
        xs += [x, -x]
        k += 1
    rows = []
    period, k = 2 * DEPTH + BACKS + AISLE, 0
    while (y := k * period + AISLE / 2 + DEPTH / 2) + DEPTH / 2 <= half_y:
        rows += [(y, np.pi), (-y, 0.0)]
        outer = y + DEPTH + BACKS
        if outer + DEPTH / 2 <= half_y:
            rows += [(outer, 0.0), (-outer, np.pi)]
        k += 1
    found = [Plot(x, y, turn) for y, turn in rows for x in xs if free(x, y)]
    return sorted(found, key=lambda p: (round(math.hypot(p.x, p.y), 6), p.y, p.x))


def market(chosen: list[Plot], seed: int, lit: bool, lamps: int, name: str) -> tuple[
    list[Thing], list[Lamp], dict[str, Spot]
]:  # fmt: skip
    """Stalls on the chosen plots: things, at most ``lamps`` lamps, and where to stand at each stall.

    Spots: "stall-3" where a customer stands, "keeper-3" where its keeper does.
    """
    things, burning, spots = [], [], {}
    every = max(1, math.ceil(len(chosen) / max(lamps, 1)))
    for k, plot in enumerate(chosen):
        built = stall(seed_from("plot", seed, k), lit)
        things.append(Thing(f"{name}/stall-{k}", built.mesh.transformed(plot.place)))
        if lit and lamps and k % every == 0:
            burning.append(lamp_of(f"{name}/stall-{k}", built, plot.place))
        spots[f"stall-{k}"] = Spot((0.0, REACH + 0.25, 0.0), np.pi, "stand").moved(plot.place)
        spots[f"keeper-{k}"] = Spot((0.0, -0.35, 0.0), 0.0, "stand").moved(plot.place)
    return things, burning, spots
