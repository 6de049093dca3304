"""What stands on a square besides its market: lamps, trees, benches, a cafe's terrace, bollards."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from worldgen.conventions import seed_from
from worldgen.kit import Kit, placed
from worldgen.light import Lamp
from worldgen.material import make
from worldgen.sets import centrepiece, clutter, vehicle
from worldgen.sets.dressing import WARM
from worldgen.sets.furniture import lamp_post
from worldgen.sets.palette import Rng, tint
from worldgen.sets.square_floor import GATE, WALK
from worldgen.sets.tree import grate, tree
from worldgen.stage import Spot
from worldgen.world import Thing

TERRACE = 5.2
"""Depth of a cafe's terrace, metres."""


@dataclass
class Taken:
    """Ground that is taken: circles of x, y, radius, and rectangles of x, y, half sizes."""

    circles: list[tuple[float, float, float]] = field(default_factory=list)
    rectangles: list[tuple[float, float, float, float]] = field(default_factory=list)

    def rectangle(self, x: float, y: float, hx: float, hy: float) -> bool:
        """Whether a rectangle with half sizes hx, hy around (x, y) is free."""
        for cx, cy, r in self.circles:
            if math.hypot(max(abs(cx - x) - hx, 0.0), max(abs(cy - y) - hy, 0.0)) < r:
                return False
        return all(abs(rx - x) >= hx + ax or abs(ry - y) >= hy + ay for rx, ry, ax, ay in self.rectangles)


def parasol(kit: Kit, rng: Rng) -> None:
    """A square parasol 2.7 m wide on a pole."""
    x, y = 0.0, 0.0
    cloth = tint("cloth", str(rng.choice(["#e6dcc6", "#b8403a", "#3f6650", "#c98b3c", "#e9e4d8"])))
    kit.turned(
        [(0.26, 0), (0.26, 0.06), (0.05, 0.09), (0.028, 0.12), (0.026, 2.62)], tint("iron", "#3a3a38"), (x, y, 0), 12
    )
    a = np.arange(9) * np.pi / 4 + np.pi / 8
    rim = np.stack([x + 1.42 * np.cos(a), y + 1.42 * np.sin(a), np.full(9, 2.12)], axis=1)
    top = np.array([x, y, 2.72])
    sag = (rim + top) / 2 - [0, 0, 0.035]
    for k in range(8):
        kit.quads([[rim[k], rim[k + 1], sag[k + 1], sag[k]], [sag[k], sag[k + 1], top, top]], cloth)
        drop = np.array([0, 0, 0.17])
        kit.quads([[rim[k] - drop, rim[k + 1] - drop, rim[k + 1], rim[k]]], cloth)
        kit.tube([rim[k] + [0, 0, -0.02], top - [0, 0, 0.05]], 0.009, make("wood"), 4)


def life(
    half: tuple[float, float],
    gates: tuple[float, float],
    centre: str,
    cafe: bool,
    crowded: bool,
    taken: Taken,
    seed: int,
    lit: bool,
    name: str,
) -> tuple[list[Thing], list[Lamp], dict[str, Spot]]:
    """Things, lamps and named spots; marks in ``taken`` the ground they need. crowded: leave room for a market."""
    things: list[Thing] = []
    lamps: list[Lamp] = []
    spots: dict[str, Spot] = {}
    hx, hy = half[0] - WALK, half[1] - WALK

    def put(what: str, x: float, y: float, turn: float, build: Callable[[Kit], object]) -> None:
        kit = Kit()
        build(kit)
        things.append(Thing(f"{name}/{what}", kit.build(placed(x, y, 0.0, turn))))

    if cafe:
        _terrace(put, spots, hx, hy, taken, seed)
    reach = centrepiece.RADIUS[centre]
    if not crowded:
        for k in range(4):
            a = np.pi / 4 + k * np.pi / 2
            x, y = (reach + 3.2) * math.cos(a), (reach + 3.2) * math.sin(a)
            turn = math.atan2(x, -y)  # its front towards the middle
            put(f"bench-{k}", x, y, turn, clutter.bench)
            spots[f"bench-{k}"] = Spot((0.0, 0.15, 0.46), 0.0, "seat").moved(placed(x, y, 0.0, turn))
            taken.circles.append((x, y, 1.2))
    _trees_and_lamps(put, lamps, hx, hy, gates, taken, crowded, seed, lit, name)
    for x in gates[0] + np.array([-1.6, 0.0, 1.6]):
        put(f"bollard-south-{x:.1f}", float(x), -hy - WALK / 2, 0.0, lambda kit: clutter.bollard(kit, (0.0, 0.0, 0.0)))
    for y in gates[1] + np.array([-1.6, 0.0, 1.6]):
        put(f"bollard-west-{y:.1f}", -hx - WALK / 2, float(y), 0.0, lambda kit: clutter.bollard(kit, (0.0, 0.0, 0.0)))
    rng = np.random.default_rng(seed_from("cart", seed))
    put("cart", -hx + 2.0, -hy + 2.6, float(rng.uniform(0, 6)), lambda kit: vehicle.cart(kit, rng))
    taken.circles.append((-hx + 2.0, -hy + 2.6, 1.9))
    return things, lamps, spots


Put = Callable[[str, float, float, float, Callable[[Kit], object]], None]


def _terrace(put: Put, spots: dict[str, Spot], hx: float, hy: float, taken: Taken, seed: int) -> None:
    """Tables with two chairs each in two rows along the eastern side, every second one under a parasol."""
    rng = np.random.default_rng(seed_from("terrace", seed))
    rows = max(2, min(5, int(hy / 3.2)))
    middle = float(rng.uniform(-0.2, 0.2)) * hy
    for k in range(2 * rows):
        own = np.random.default_rng(seed_from("table", seed, k))
        x = hx - (1.35 if k % 2 == 0 else 3.75)
        y = middle + (k // 2 - (rows - 1) / 2) * 2.9 + (0.3 if k % 2 else 0.0)
        turn = float(own.uniform(-0.5, 0.5))
        put(f"table-{k}", x, y, turn, partial(clutter.cafe_table, rng=own))
        for side, s in (("left", -1.0), ("right", 1.0)):
            chair = Spot((s * 0.55, 0.0, 0.465), s * np.pi / 2, "seat")
            spots[f"cafe-{k}-{side}"] = chair.moved(placed(x, y, 0.0, turn))
        if (k // 2 + k) % 2 == 0:
            put(f"parasol-{k}", x, y + 0.75, 0.0, partial(parasol, rng=own))
    long = rows * 2.9 / 2 + 0.4
    for k, s in enumerate((-1.0, 1.0)):
        for j, x in enumerate((hx - 0.7, hx - 2.6, hx - 4.5)):
            own = np.random.default_rng(seed_from("tub", seed, k, j))
            put(f"tub-{k}{j}", x, middle + s * long, 0.0, partial(clutter.planter, rng=own, pot=False))
    taken.rectangles.append((hx - TERRACE / 2, middle, TERRACE / 2 + 0.8, long + 0.6))


def _trees_and_lamps(
    put: Put,
    lamps: list[Lamp],
    hx: float,
    hy: float,
    gates: tuple[float, float],
    taken: Taken,
    crowded: bool,
    seed: int,
    lit: bool,
    name: str,
) -> None:
    """Lamps in the corners and along the long sides, trees between them, on a line inside of the kerb."""
    inset = 1.5
    x, y = hx - inset, hy - inset
    posts = [(sx * x, sy * y) for sx in (-1.0, 1.0) for sy in (-1.0, 1.0)]
    posts += [(0.0, y), (0.0, -y)] if hx >= hy else [(-x, 0.0), (x, 0.0)]
    for k, (px, py) in enumerate(posts):
        if not taken.rectangle(px, py, 0.3, 0.3) or (abs(px - gates[0]) < GATE / 2 and py < 0 and abs(px) < x - 1):
            px += 3.2  # aside of whatever stands there
        put(f"lamp-{k:02d}", px, py, 0.0, lambda kit: lamp_post(kit, lit))
        taken.circles.append((px, py, 0.6))
        if lit:
            lamps.append(Lamp(f"{name}/lamp-{k:02d}", (px, py, 3.56), WARM, 36.0))
    places = [(px, s * y) for s in (1.0, -1.0) for px in np.linspace(-x, x, max(2, round(2 * x / 6.5)) + 1)[1:-1]]
    places += [(s * x, py) for s in (-1.0, 1.0) for py in np.linspace(-y, y, max(2, round(2 * y / 6.5)) + 1)[1:-1]]
    if crowded:
        places = places[::2]
    for k, (px, py) in enumerate(places):
        gate = (py < 0 and abs(px - gates[0]) < GATE / 2 + 1) or (px < 0 and abs(py - gates[1]) < GATE / 2 + 1)
        if gate or not taken.rectangle(float(px), float(py), 1.0, 1.0):
            continue
        rng = np.random.default_rng(seed_from("tree", seed, k))

        def grown(kit: Kit, rng: Rng = rng) -> None:
            grate(kit, 1.3)
            tree(kit, rng, float(rng.uniform(5.4, 7.0)), 3.2)

        put(
            f"tree-{k:02d}",
            float(px),
            float(py),
            math.atan2(py, px) if abs(px) > abs(py) else math.atan2(py, 0.0),
            grown,
        )
        taken.circles.append((float(px), float(py), 0.9))
