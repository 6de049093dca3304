"""What is built on a lot of a row, by style: houses, towers of a city centre, houses of a night street."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worldgen.conventions import F64, seed_from
from worldgen.kit import placed
from worldgen.light import Lamp
from worldgen.sets.alley import alley_house
from worldgen.sets.dressing import doorstep
from worldgen.sets.garden import garden
from worldgen.sets.house import house
from worldgen.sets.house import plan as draw_plan
from worldgen.sets.palette import STYLES
from worldgen.sets.sign import Glow
from worldgen.sets.tower import tower
from worldgen.world import Thing

CANDELA = 110.0
"""Intensity of the lamp of a neon sign."""

SPREAD_M = 0.35
"""Radius of that lamp: the tubes of a sign shine from all of it, so that none throws a shadow one could read."""


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


@dataclass(frozen=True)
class Built:
    """What came of a lot: things, the glow of its neon in the set's frame, the height of its front wall, metres."""

    things: tuple[Thing, ...]
    glows: tuple[Glow, ...]
    eaves: float


def fitted(seed: int, tag: str, length: float, width: tuple[float, float]) -> list[float]:
    """Widths of houses that fill ``length`` metres, drawn between the two of ``width`` and then adjusted."""
    rng = np.random.default_rng(seed_from("fitted", seed, tag))
    count = max(1, round(length / ((width[0] + width[1]) / 2)))
    wide = rng.uniform(*width, count)
    return [float(w) for w in wide * (length / wide.sum())]


def built(lot: Lot, style: str, seed: int, lit: bool, walk: float, name: str) -> Built:
    """The house of a lot, and what its people put out on the pavement ``walk`` metres wide or into their garden."""
    look = STYLES[style]
    own = seed_from("house", seed, lot.name)
    if look.form != "house":
        make = tower if look.form == "tower" else alley_house
        mesh, glows = make(lot.width, own, lot.place, lit=lit, flanks=lot.flanks, near=lot.near)
        carried = tuple(Glow(_moved(lot.place, glow.position), glow.colour) for glow in glows)
        return Built((Thing(f"{name}/{lot.name}", mesh),), carried, float(mesh.vertices[:, 2].max()) - 1.5)
    plan = draw_plan(look, own, lot.width, walk, lit, lot.near)
    front = lot.place @ placed(0.0, -look.garden)
    things = [Thing(f"{name}/{lot.name}", house(plan, look, own, front, lit=lit, flanks=lot.flanks))]
    step = None
    if look.garden:
        green = garden(plan, look.garden, own).transformed(lot.place)
        things.append(Thing(f"{name}/{lot.name.replace('house', 'garden')}", green))
    elif lot.near:
        step = doorstep(plan, own, lot.place)
    if step is not None:
        things.append(Thing(f"{name}/{lot.name.replace('house', 'doorstep')}", step))
    return Built(tuple(things), (), plan.eaves)


def _moved(place: F64, point: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = (float(c) for c in place[:3, :3] @ np.array(point) + place[:3, 3])
    return x, y, z


def shared(glows: Sequence[Glow], most: int, name: str) -> list[Lamp]:
    """Lamps for neon signs, at most ``most``: signs near each other share the lamp of the one hung lowest."""
    if not glows or most <= 0:
        return []
    cell = 3.0
    while True:
        groups: dict[tuple[int, int], list[Glow]] = {}
        for glow in glows:
            x, y, _ = glow.position
            groups.setdefault((math.floor(x / cell + 0.5), math.floor(y / cell)), []).append(glow)
        if len(groups) <= most:
            break
        cell *= 1.2
    lamps = []
    for k, group in enumerate(groups[key] for key in sorted(groups)):
        first = min(group, key=lambda glow: (glow.position[2], glow.position))
        strength = CANDELA * math.sqrt(len(group))
        lamps.append(Lamp(f"{name}/neon-{k:02d}", first.position, first.intensity(strength), 24.0, SPREAD_M))
    return lamps
