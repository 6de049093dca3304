"""Stairs: straight, with a landing and a turn, or around a pole.

The first riser stands on y = 0, the stairs begin along +Y with their middle on x = 0 (a spiral has its pole in the
origin and begins at its -Y side, going round to the left). Risers and goings follow from the height by Blondel's rule,
2 R + G = 0.63 m, with risers near 17.5 cm.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from typing import Final

import numpy as np
from shapely.geometry import Polygon

from worldgen.conventions import F64, seed_from
from worldgen.furniture.parts import spin
from worldgen.furniture.style import Look, look_of
from worldgen.kit import Kit, placed
from worldgen.sets import SetPiece
from worldgen.sets.stair_parts import (
    RAIL_M,
    TOP_M,
    Flight,
    Landing,
    flight_mesh,
    landing_mesh,
    proportions,
    rail_mesh,
)
from worldgen.sets.walls import prism
from worldgen.stage import Spot
from worldgen.world import Thing

KINDS: Final = ("straight", "l", "u", "spiral")


def stairs(
    *,
    kind: str = "straight",
    height: float = 2.8,
    width: float = 1.1,
    turn: str = "left",
    style: str = "modern",
    seed: int = 0,
    name: str = "stairs",
) -> SetPiece:
    """Stairs to walk on: ``ground`` gives the height of the tread.

    kind: one of ``KINDS``. height: from floor to floor, 0.3–8 m (a spiral: at most 3.2). width: of the steps, 0.7–4 m.
    turn: "left" or "right", of "l" and "u". ValueError: a size out of range, or an unknown word.
    """
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, n=1, cutoff=0.0)[0]
        raise ValueError(f"{kind!r} is not a kind of stairs: did you mean {near!r}? (known: {', '.join(KINDS)})")
    if turn not in ("left", "right"):
        raise ValueError(f"{turn!r} is not a turn of stairs: use left or right")
    tallest = 3.2 if kind == "spiral" else 8.0
    for what, value, low, high in (("height", height, 0.3, tallest), ("width", width, 0.7, 4.0)):
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"the {what} of the stairs is {value:g}: give {low:g} to {high:g} metres")
    look = look_of(style, seed_from("stairs", seed) % 100_000)
    if kind == "spiral":
        return _spiral(height, width, look, name)
    risers, riser, going = proportions(height)
    if kind != "straight" and risers < 4:
        raise ValueError(f"stairs with a landing need at least 0.7 m of height, not {height:g}: use straight ones")
    flights, landings = _course(kind, risers, riser, going, width, 1.0 if turn == "left" else -1.0)
    ground = _ground(flights, landings, riser, going, width)
    things = []
    for k, flight in enumerate(flights):
        things.append(Thing(f"{name}/flight-{k + 1}", flight_mesh(flight, riser, going, width, look)))
    for k, landing in enumerate(landings):
        things.append(Thing(f"{name}/landing-{k + 1}", landing_mesh(landing, look)))
    for k, line in enumerate(_rails(flights, landings, riser, going, width, kind, 1.0 if turn == "left" else -1.0)):
        things.append(Thing(f"{name}/rail-{k + 1}", rail_mesh(line, ground, look)))
    top = landings[-1]
    x, y, z, _ = (float(c) for c in top.place @ [0, top.depth / 2, 0, 1])
    heading = float(np.arctan2(top.place[1, 0], top.place[0, 0]))
    spots = {"foot": Spot((0.0, -0.5, 0.0), 0.0, "stand"), "top": Spot((x, y, z), heading, "stand")}
    if len(landings) > 1:
        x, y, z, _ = (float(c) for c in landings[0].place @ [0, landings[0].depth / 2, 0, 1])
        spots["landing"] = Spot((x, y, z), float(np.arctan2(landings[0].place[1, 0], landings[0].place[0, 0])), "stand")
    return SetPiece(tuple(things), (), ground, spots)


def _course(
    kind: str, risers: int, riser: float, going: float, width: float, sign: float
) -> tuple[list[Flight], list[Landing]]:
    """The flights and landings, from below; sign: +1 turns left."""
    first = risers if kind == "straight" else (risers + 1) // 2
    rest = risers - first
    start = Flight(placed(0, 0), first)
    end = start.place @ placed(0, (first - 1) * going, first * riser)
    if kind == "straight":
        return [start], [Landing(end, width, TOP_M)]
    if kind == "l":
        corner = Landing(end, width, width)
        second = Flight(end @ placed(-sign * width / 2, width / 2, 0.0, sign * np.pi / 2), rest)
    else:
        gap = 0.2
        corner = Landing(end @ placed(-sign * (width + gap) / 2, 0), 2 * width + gap, width)
        second = Flight(end @ placed(-sign * (width + gap), 0, 0.0, np.pi), rest)
    last = second.place @ placed(0, (rest - 1) * going, rest * riser)
    return [start, second], [corner, Landing(last, width, TOP_M)]


def _ground(
    flights: list[Flight], landings: list[Landing], riser: float, going: float, width: float
) -> Callable[[float, float], float]:
    inverse = [(np.linalg.inv(f.place), f) for f in flights]
    level_ = [(np.linalg.inv(p.place), p) for p in landings]

    def ground(x: float, y: float) -> float:
        best = float("nan")
        for back, f in inverse:
            a, b, _, _ = back @ [x, y, 0, 1]
            if abs(a) <= width / 2 + 1e-6 and -1e-6 <= b < (f.risers - 1) * going - 1e-9:
                best = np.fmax(best, float(f.place[2, 3]) + (math.floor((b + 1e-6) / going) + 1) * riser)
        for back, p in level_:
            a, b, _, _ = back @ [x, y, 0, 1]
            if abs(a) <= p.width / 2 + 1e-6 and -1e-6 <= b <= p.depth + 1e-6:
                best = np.fmax(best, float(p.place[2, 3]))
        return float(best)

    return ground


def _rails(
    flights: list[Flight], landings: list[Landing], riser: float, going: float, width: float, kind: str, sign: float
) -> list[F64]:
    """Lines (N, 3) of the balustrades' feet: over the nosings and around the landings."""
    e = width / 2 - 0.04

    def steps(f: Flight, x: float) -> list[F64]:
        n = f.risers
        return [f.place @ [x, 0.06, riser, 1], f.place @ [x, (n - 1) * going - 0.02, n * riser, 1]]

    top = landings[-1]
    lines = []
    for side in (-1.0, 1.0):
        outer = side == sign  # +x is the outer side of a turn to the left
        line = steps(flights[0], side * e)
        if kind != "straight":
            c = landings[0]
            if outer:
                far, half = c.depth - 0.04, c.width / 2 - 0.04
                line += [c.place @ [side * half, far, 0, 1]]
                line += [c.place @ [-side * half, far, 0, 1]] if kind == "u" else []
            line += steps(flights[1], side * e)
        line.append(top.place @ [side * e, top.depth - 0.04, 0, 1])
        lines.append(np.array(line)[:, :3])
    return lines


def _spiral(height: float, width: float, look: Look, name: str) -> SetPiece:
    """Wedge treads around a pole; the walking line runs at six tenths of the tread."""
    risers, riser, going = proportions(height)
    pole = 0.08
    outer = pole + width
    # The upper landing, a sixth of a turn, must not lie over the first treads: the ground has one height a place.
    each = min(going / (pole + 0.6 * width), (5 / 3 * np.pi - 0.1) / (risers - 1))
    total = each * (risers - 1)
    start = -np.pi / 2
    kit = Kit()
    arc = np.linspace(0, 1, 7)
    for k in range(risers - 1):
        a = start + each * (k + arc * 1.1 - 0.05)
        rim = np.stack([outer * np.cos(a), outer * np.sin(a)], axis=1)
        wedge = Polygon(
            [
                *[(float(x), float(y)) for x, y in rim],
                (0.5 * pole * math.cos(a[-1]), 0.5 * pole * math.sin(a[-1])),
                (0.5 * pole * math.cos(a[0]), 0.5 * pole * math.sin(a[0])),
            ]
        )
        prism(kit, wedge, (k + 1) * riser - 0.045, (k + 1) * riser, look.wood, True, True)
    upper = start + total + np.linspace(0, np.pi / 3, 12)
    round_ = [(float(outer * np.cos(t)), float(outer * np.sin(t))) for t in upper]
    prism(kit, Polygon([*round_, (0.0, 0.0)]), height - 0.045, height, look.wood, True, True)
    things = [Thing(f"{name}/treads", kit.build())]
    kit = Kit()
    metal = look.metal
    spin(
        kit,
        [
            (0.14, 0),
            (0.14, 0.012),
            (pole, 0.02),
            (pole, height + 1.0),
            (pole + 0.02, height + 1.02),
            (pole * 0.8, height + 1.08),
            (0, height + 1.1),
        ],
        metal,
        sides=24,
    )
    things.append(Thing(f"{name}/pole", kit.build()))
    kit = Kit()
    edge = outer - 0.03
    turn = np.linspace(0.5 * each, total + np.pi / 3, max(24, risers * 4))
    z = np.minimum(turn / each + 0.5, risers - 0.0) * riser
    kit.tube(
        np.stack([edge * np.cos(start + turn), edge * np.sin(start + turn), z + RAIL_M], axis=1), 0.022, look.wood, 10
    )
    for s in np.arange(0.5, (total + np.pi / 3) / each, 0.5):
        step = min(int(s) + 1, risers)
        t = start + s * each
        x, y = edge * np.cos(t), edge * np.sin(t)
        kit.tube([[x, y, step * riser], [x, y, min(s + 0.5, risers) * riser + RAIL_M]], 0.009, metal, 6)
    things.append(Thing(f"{name}/rail", kit.build()))

    def ground(x: float, y: float) -> float:
        r = math.hypot(x, y)
        if not pole <= r <= outer:
            return float("nan")
        t = (math.atan2(y, x) - start) % (2 * math.pi)
        if t < total:
            return (math.floor(t / each + 1e-9) + 1) * riser
        return height if t <= total + math.pi / 3 else float("nan")

    t = start + total + np.pi / 6
    walk = pole + 0.6 * width
    spots = {
        "foot": Spot((-0.3, -walk, 0.0), -np.pi / 2, "stand"),
        "top": Spot((float(walk * np.cos(t)), float(walk * np.sin(t)), height), float(t), "stand"),
    }
    return SetPiece(tuple(things), (), ground, spots)
