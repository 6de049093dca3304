"""Where furniture stands in a street. Each place is drawn from a seed of its own, so that a longer street keeps it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from worldgen.conventions import seed_from
from worldgen.kit import Kit, placed
from worldgen.light import Lamp
from worldgen.mesh import Mesh
from worldgen.sets import clutter, vehicle
from worldgen.sets.furniture import bunting, cable, fountain, lamp_post
from worldgen.sets.ground import KERB, pavement_width
from worldgen.sets.house import Plan
from worldgen.sets.palette import Rng, tint
from worldgen.sets.tree import grate, tree

WARM = (0.56, 0.345, 0.155)
"""Intensity of a street lamp, kilocandela, about 2900 K."""
CELL = 11.0
"""Metres from one lamp to the next, and from one tree to the next."""

FOUNTAIN = (-7.2, -11.5)
"""x, y of the fountain on the square."""
BENCHES = ((8.6, -10.4, 0.0, np.pi / 2), (-10.4, -12.0, 0.0, -np.pi / 2))
"""x, y, z and turn of the benches on the square."""

Named = tuple[str, Mesh]


def kerbside(length: float, width: float, seed: int, lamps_on: bool, name: str) -> tuple[list[Named], list[Lamp]]:
    """Lamps and trees in turn on both kerbs, and bollards, bins, benches and vehicles between them."""
    things: list[Named] = []
    lamps: list[Lamp] = []
    road = width / 2 - pavement_width(width)
    edge = road + 0.42
    for k, y in enumerate(np.arange(4.0, length - 2.0, CELL)):
        side = -1.0 if k % 2 else 1.0
        kit = Kit()
        at = lamp_post(kit, lamps_on)
        things.append((f"lamp-{k:02d}", kit.build(placed(side * edge, float(y), KERB))))
        if lamps_on:
            lamps.append(Lamp(f"{name}/lamp-{k:02d}", (side * edge, float(y), KERB + at[2]), WARM))
    for k, y in enumerate(np.arange(9.5, length - 4.0, CELL)):
        rng = np.random.default_rng(seed_from("tree", seed, k))
        side = 1.0 if k % 2 else -1.0
        kit = Kit()
        grate(kit, 0.84)
        tree(kit, rng, float(rng.uniform(4.9, 6.2)), width / 2 - edge - 0.2)
        mirror = np.diag([side, 1, 1, 1.0])
        things.append((f"tree-{k:02d}", kit.build(placed(side * (edge + 0.1), float(y), KERB) @ mirror)))
    for k, y in enumerate(np.arange(6.7, length - 5.0, CELL / 2)):
        # Half-way between a lamp or a tree and the next, on both sides.
        for side, tag in ((-1.0, "L"), (1.0, "R")):
            rng = np.random.default_rng(seed_from("kerb", seed, tag, k))
            kit = Kit()
            what = _between(kit, rng, road, edge)
            if what:
                things.append((f"{what}-{tag}{k:02d}", kit.build(placed(0, float(y)) @ np.diag([side, 1, 1, 1.0]))))
    return things, lamps


def _between(kit: Kit, rng: Rng, road: float, edge: float) -> str:
    """One piece on the right-hand kerb around y = 0; returns what it is, or "" for an empty place."""
    draw = rng.random()
    if draw < 0.24:
        for y in (-1.5, 0.0, 1.5):
            clutter.bollard(kit, (edge - 0.12, y, KERB))
        return "bollards"
    if draw < 0.34:
        sub = Kit()
        clutter.bin_(sub)
        kit.mesh(sub.build(), placed(edge, 0.3, KERB))
        return "bin"
    if draw < 0.5:
        sub = Kit()
        vehicle.bicycle(sub, rng)
        kit.mesh(sub.build(), placed(edge - 0.1, 0, KERB, float(rng.uniform(-0.06, 0.06))))
        return "bicycle"
    if draw < 0.58 and road >= 2.55:
        sub = Kit()
        vehicle.car(sub, rng)
        kit.mesh(sub.build(), placed(max(road - 0.72, 1.9), 0, 0, np.pi * float(rng.integers(2))))
        return "car"
    if draw < 0.72:
        for y in (-0.5, 0.5):
            sub = Kit()
            clutter.planter(sub, rng, False)
            kit.mesh(sub.build(), placed(edge, y, KERB))
        return "tubs"
    return ""


def doorstep(plan: Plan, seed: int, place: npt.ArrayLike) -> Mesh | None:
    """What the people of a house put out on the pavement, clear of its door; None for nothing."""
    rng = np.random.default_rng(seed_from("doorstep", seed))
    kit = Kit()
    door0, door1 = plan.door
    left, right = (0.45, door0 - 0.3), (door1 + 0.3, plan.width - 0.45)
    room = max(left, right, key=lambda r: r[1] - r[0])
    wide, middle = room[1] - room[0], (room[0] + room[1]) / 2
    draw = rng.random()
    parts: list[tuple[Callable[[Kit], None], float, float, float]] = []
    if plan.shop and wide > 2.2 and draw < 0.8 and plan.walk > 1.6:
        if draw < 0.4:
            count = 1 if wide < 3.6 else 2
            for k in range(count):
                x = room[0] + wide * (k + 0.5) / count
                parts.append((lambda s: clutter.cafe_table(s, rng), x, 0.55, 0.0))
        else:
            sub = Kit()
            _stall(sub, rng, min(wide - 0.4, 2.4))
            kit.mesh(sub.build(), placed(middle, 0.38))
        parts.append((lambda s: clutter.a_board(s, rng), door0 - 0.35, 0.95, 0.0))
    elif draw < 0.3 and wide > 1.9:
        parts.append((clutter.bench, middle, 0.25, 0.0))
    elif draw < 0.45 and wide > 1.6:
        parts.append((clutter.barrel, middle - 0.3, 0.42, 0.0))
        parts.append((lambda s: clutter.barrel(s), middle + 0.36, 0.4, 0.8))
        for z in range(int(rng.integers(1, 4))):
            clutter.crate(kit, rng, middle + 1.0, 0.3, 0.285 * z, float(rng.uniform(-0.1, 0.1)), False)
    elif draw < 0.55 and wide > 2.0:
        parts.append((lambda s: vehicle.bicycle(s, rng), middle, 0.36, np.pi / 2))
    if rng.random() < 0.7:
        for x in (door0 - 0.36, door1 + 0.36):
            if 0.3 < x < plan.width - 0.3 and not (plan.shop and x < door0):
                parts.append((lambda s: clutter.planter(s, rng, True), x, 0.36, 0.0))
    for make_part, x, y, turn in parts:
        sub = Kit()
        make_part(sub)
        kit.mesh(sub.build(), placed(x, y, 0, turn))
    return None if kit.empty else kit.build(place)


def _stall(kit: Kit, rng: Rng, wide: float) -> None:
    """Two rows of fruit crates on a slanting stand."""
    for y, z in ((-0.12, 0.5), (0.24, 0.2)):
        count = int(wide / 0.54)
        for k in range(count):
            x = (k - (count - 1) / 2) * 0.54
            clutter.crate(kit, rng, x, y, z, 0.0, True)
        half = count * 0.27
        kit.boxes([[-half, y - 0.15, 0.0]], [[half, y + 0.15, z]], tint("planks", "#6f563a"))


def overhead(length: float, width: float, tops: Callable[[float, float], float], seed: int) -> list[Named]:
    """Bunting and wires across the street. tops: height of the house at (side, y), metres."""
    things: list[Named] = []
    half = width / 2
    for k, y in enumerate(np.arange(7.0, length - 6.0, 6.5)):
        rng = np.random.default_rng(seed_from("overhead", seed, k))
        kit = Kit()
        y0, y1 = y + rng.uniform(-0.8, 0.8, 2)
        z0, z1 = 5.0 + rng.uniform(0, 1.2, 2)
        draw = rng.random()
        if min(tops(-1.0, float(y0)), tops(1.0, float(y1))) < max(z0, z1) + 0.3 or draw > 0.8:
            continue
        a, b = np.array([-half + 0.05, y0, z0]), np.array([half - 0.05, y1, z1])
        if draw < 0.45:
            bunting(kit, rng, a, b)
            things.append((f"bunting-{k:02d}", kit.build()))
        else:
            cable(kit, rng, a, b)
            things.append((f"cable-{k:02d}", kit.build()))
    return things


def square(seed: int) -> list[Named]:
    """The square's fountain, trees, benches, a car and a cart, all clear of its middle."""
    things: list[Named] = []

    def put(name: str, x: float, y: float, z: float, turn: float, build: Callable[[Kit], None]) -> None:
        kit = Kit()
        build(kit)
        things.append((name, kit.build(placed(x, y, z, turn))))

    rng = np.random.default_rng(seed_from("square", seed))
    put("fountain", *FOUNTAIN, 0.0, 0.2, fountain)
    for k, (x, y) in enumerate(((9.2, -14.2), (10.4, -6.2), (-10.6, -4.6))):
        put(f"square-tree-{k}", x, y, 0.0, float(rng.uniform(0, 6)), lambda kit: _square_tree(kit, rng))
    for k, (x, y, z, turn) in enumerate(BENCHES):
        put(f"bench-{k}", x, y, z, turn, clutter.bench)
    put("square-car", -9.0, -2.6, 0.0, 0.5, lambda kit: vehicle.car(kit, rng))
    put("cart", 7.6, -2.8, 0.0, 1.9, lambda kit: vehicle.cart(kit, rng))
    return things


def _square_tree(kit: Kit, rng: Rng) -> None:
    tree(kit, rng, 6.8)
    grate(kit, 1.3)
