"""Houses in rows: which lot, how wide, and what is built on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worldgen.conventions import F64, seed_from
from worldgen.sets.dressing import doorstep
from worldgen.sets.house import house
from worldgen.sets.house import plan as draw_plan
from worldgen.sets.palette import STYLES
from worldgen.world import Thing


@dataclass(frozen=True)
class Lot:
    """A house to build: name below the set's, width in metres, place (4, 4), which flanks are seen, and whether a
    camera may come close.
    """

    name: str
    width: float
    place: F64
    flanks: tuple[bool, bool] = (False, False)
    near: bool = True


def fitted(seed: int, tag: str, length: float, width: tuple[float, float]) -> list[float]:
    """Widths of houses that fill ``length`` metres, drawn between the two of ``width`` and then adjusted."""
    rng = np.random.default_rng(seed_from("fitted", seed, tag))
    count = max(1, round(length / ((width[0] + width[1]) / 2)))
    wide = rng.uniform(*width, count)
    return [float(w) for w in wide * (length / wide.sum())]


def built(lot: Lot, style: str, seed: int, lit: bool, walk: float, name: str) -> list[Thing]:
    """The house of a lot, and what its people put out on the pavement ``walk`` metres wide."""
    look = STYLES[style]
    own = seed_from("house", seed, lot.name)
    plan = draw_plan(look, own, lot.width, walk, lit, lot.near)
    things = [Thing(f"{name}/{lot.name}", house(plan, look, own, lot.place, lit=lit, flanks=lot.flanks))]
    step = doorstep(plan, own, lot.place) if lot.near else None
    if step is not None:
        things.append(Thing(f"{name}/{lot.name.replace('house', 'doorstep')}", step))
    return things
