"""A long corridor with doors on both sides: of a hotel, an office or a hospital; straight or with a turn.

It runs along +Y from y = 0, its middle on x = 0, to ``length`` metres; with a turn, a second leg goes on to the left
(-x) or the right (+x). The end has a window.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from shapely.geometry import Polygon, box
from shapely.ops import unary_union

from worldgen.conventions import F64, seed_from
from worldgen.furniture import decor, lights, small, tables
from worldgen.furniture.parts import Piece, slab
from worldgen.furniture.style import Look, look_of, paint
from worldgen.kit import Kit, placed
from worldgen.light import Lamp
from worldgen.material import Material
from worldgen.mesh import Mesh
from worldgen.sets import SetPiece
from worldgen.sets.corridor_uses import USES, Use
from worldgen.sets.opening import door, window
from worldgen.sets.walls import Finish, Floor, Opening, level, prism, shell, strip
from worldgen.stage import Spot
from worldgen.world import Thing

THICKNESS_M: Final = 0.2


@dataclass(frozen=True)
class _Leg:
    """A straight part: (4, 4) with y along it from its start, its length, and where doors may begin and must end."""

    place: F64
    length: float
    doors: tuple[float, float]


def corridor(
    *,
    length: float = 24.0,
    width: float = 1.9,
    height: float = 2.6,
    use: str = "hotel",
    turn: str = "none",
    leg: float = 10.0,
    seed: int = 0,
    lit: bool = False,
    name: str = "corridor",
) -> SetPiece:
    """A corridor.

    length: metres along +Y, 6–120. width, height: clear metres, 1.2–6 and 2.2–6. use: one of ``USES``. turn: "none",
    "left" or "right" at its end; leg: metres of the part beyond the turn, 4–120. seed: of everything drawn. lit:
    whether the lamps burn. ValueError: a size out of range, or an unknown word.
    """
    wanted = (
        ("length", length, 6.0, 120.0),
        ("width", width, 1.2, 6.0),
        ("height", height, 2.2, 6.0),
        ("leg", leg, 4.0, 120.0),
    )
    for what, value, low, high in wanted:
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"the {what} of a corridor is {value:g}: give {low:g} to {high:g} metres")
    if use not in USES:
        near = difflib.get_close_matches(use, USES, n=1, cutoff=0.0)[0]
        raise ValueError(f"{use!r} is not a use of a corridor: did you mean {near!r}? (known: {', '.join(USES)})")
    if turn not in ("none", "left", "right"):
        raise ValueError(f"{turn!r} is not a turn of a corridor: use none, left or right")
    kind = USES[use]
    rng = np.random.default_rng(seed_from("corridor", use, seed))
    look = look_of(kind.style, seed_from("corridor", seed) % 1000)

    def drawn(pairs: tuple[tuple[str, str], ...]) -> Material:
        return paint(*pairs[int(rng.integers(len(pairs)))])

    wall, floor, leaf = drawn(kind.walls), drawn(kind.floors), drawn(kind.doors)
    look = replace(look, door=leaf)
    legs, outline = _legs(length, width, turn, leg)
    openings = _openings(legs, width, height, kind)
    finish = Finish(look.ceiling, look.trim, paint("plaster", "#b9b2a4"), kind.style == "classic", 0.12)
    floors = [Floor("corridor", outline, wall, floor)]
    things = [
        Thing(f"{name}/{part}", mesh) for part, mesh in shell(floors, openings, height, THICKNESS_M, finish, True)
    ]
    things += _linings(kind, rng, outline, openings, height, look, name)
    if kind.runner:
        pair = kind.runner[int(rng.integers(len(kind.runner)))]
        things.append(Thing(f"{name}/runner", _runner(legs, width, pair)))
    spots: dict[str, Spot] = {"start": Spot((0.0, 0.6, 0.0), 0.0, "stand")}
    for o in openings:
        x, y, _, _ = (float(c) for c in o.place @ [0, THICKNESS_M / 2 + 0.5, 0, 1])
        spots[o.name] = Spot((x, y, 0.0), o.facing, "stand")
        if o.kind == "door":
            frame, panel = door(o, look, THICKNESS_M, 0.0, bool(rng.random() < 0.5))
            things += [Thing(f"{name}/{o.name}-frame", frame), Thing(f"{name}/{o.name}", panel)]
            things.append(Thing(f"{name}/{o.name}-plate", _plate(o, look)))
        else:
            things.append(Thing(f"{name}/{o.name}", window(o, look, THICKNESS_M)))
    last = legs[-1]
    x, y, _, _ = (float(c) for c in last.place @ [0, last.length - 0.8, 0, 1])
    spots["end"] = Spot((x, y, 0.0), float(np.arctan2(last.place[1, 0], last.place[0, 0])) + np.pi, "stand")
    lamps: list[Lamp] = []
    _light(things, lamps, legs, kind, look, width, height, seed, lit, name)
    _furnish(things, legs, kind, look, width, seed, name)
    clear = outline.buffer(-1e-6)

    def ground(x: float, y: float) -> float:
        return 0.0 if clear.covers(shapely.points(x, y)) else float("nan")

    return SetPiece(tuple(things), tuple(lamps), ground, spots)


def _legs(length: float, width: float, turn: str, leg: float) -> tuple[list[_Leg], Polygon]:
    """The straight parts and the outline along the middle of the walls."""
    e = (width + THICKNESS_M) / 2
    t = THICKNESS_M / 2
    first = box(-e, -t, e, length + t)
    if turn == "none":
        return [_Leg(placed(0, 0), length, (0.0, length))], first
    sign = -1.0 if turn == "left" else 1.0
    y = length - width / 2
    far = sign * (width / 2 + leg + t)
    second = box(min(-sign * e, far), y - e, max(-sign * e, far), y + e)
    legs = [
        _Leg(placed(0, 0), length, (0.0, length - width)),
        _Leg(placed(sign * width / 2, y, 0.0, -sign * np.pi / 2), leg, (0.0, leg)),
    ]
    return legs, unary_union([first, second])


def _openings(legs: list[_Leg], width: float, height: float, use: Use) -> list[Opening]:
    """Doors along both sides of each leg, a window at the end of the last one and a door at the start."""
    result: list[Opening] = []
    head, wide = min(2.06, height - 0.15), 0.9
    number = 0
    for leg in legs:
        heading = float(np.arctan2(leg.place[1, 0], leg.place[0, 0]))
        count = max(1, int((leg.doors[1] - leg.doors[0] - 0.8) / use.spacing))
        pitch = (leg.doors[1] - leg.doors[0]) / count
        for k in range(count):
            for side in (-1.0, 1.0):
                s = leg.doors[0] + (k + 0.5) * pitch
                if use.staggered:
                    s += side * 0.22 * pitch
                number += 1
                x, y, _, _ = (float(c) for c in leg.place @ [side * (width + THICKNESS_M) / 2, s, 0, 1])
                result.append(Opening(f"door-{number}", "door", (x, y), heading + side * np.pi / 2, wide, 0.0, head))
    last = legs[-1]
    heading = float(np.arctan2(last.place[1, 0], last.place[0, 0]))
    x, y, _, _ = (float(c) for c in last.place @ [0, last.length + THICKNESS_M / 2, 0, 1])
    wide_window = min(1.4, width - 0.5)
    result.append(Opening("window", "window", (x, y), heading + np.pi, wide_window, 0.75, min(2.25, height - 0.2)))
    result.append(Opening("entrance", "door", (0.0, -THICKNESS_M / 2), 0.0, min(1.0, width - 0.4), 0.0, head))
    return result


def _plate(o: Opening, look: Look) -> Mesh:
    """The number beside a door."""
    kit = Kit()
    slab(kit, (0.1, 0.008, 0.07), (-o.width / 2 - 0.2, THICKNESS_M / 2 + 0.004, 1.55), look.metal, 0.002)
    dark = paint("plastic", "#1f1f1f")
    for k in range(3):
        slab(
            kit,
            (0.012, 0.002, 0.034),
            (-o.width / 2 - 0.225 + 0.025 * k, THICKNESS_M / 2 + 0.0092, 1.567),
            dark,
            0.0005,
        )
    return kit.build(o.place)


def _linings(
    use: Use, rng: np.random.Generator, outline: Polygon, openings: list[Opening], height: float, look: Look, name: str
) -> list[Thing]:
    """Dado panels and handrails along the walls."""
    things = []
    if use.dado:
        colour = use.dado[int(rng.integers(len(use.dado)))]
        kit, board = Kit(), replace(paint("painted-metal", colour), name=f"dado-{colour[1:]}", texture=None)
        for depth, z0, z1 in ((0.007, 0.12, 0.95), (0.022, 0.95, 0.985)):
            prism(
                kit,
                strip(outline, openings, THICKNESS_M, depth, z0, z1),
                z0,
                z1,
                board if depth < 0.01 else look.trim,
                True,
                depth > 0.01,
            )
        things.append(Thing(f"{name}/dado", kit.build()))
    if use.rail:
        kit = Kit()
        ring = strip(outline, openings, THICKNESS_M, 0.085, use.rail - 0.1, use.rail, 0.04)
        hollow = strip(outline, openings, THICKNESS_M, 0.045, use.rail - 0.1, use.rail)
        prism(kit, ring.difference(hollow), use.rail - 0.1, use.rail, paint("wood", "#b58f60"), True, True)
        hold = strip(outline, openings, THICKNESS_M, 0.046, use.rail - 0.1, use.rail, 0.06)
        prism(kit, hold, use.rail - 0.065, use.rail - 0.035, look.metal, True, True)
        things.append(Thing(f"{name}/handrail", kit.build()))
    return things


def _runner(legs: list[_Leg], width: float, colours: tuple[str, str]) -> Mesh:
    """A carpet with a border down the middle."""
    kit = Kit()
    w = max(0.35, width / 2 - 0.3)
    areas = []
    for k, leg in enumerate(legs):
        a, b = (
            (0.25, leg.length - (0.3 if len(legs) == 1 else width / 2 - w))
            if k == 0
            else (-width / 2 - w, leg.length - 0.3)
        )
        corners = np.array([[-w, a], [w, a], [w, b], [-w, b]])
        areas.append(Polygon(corners @ leg.place[:2, :2].T + leg.place[:2, 3]))
    whole = unary_union(areas)
    prism(kit, whole, 0.0, 0.006, paint("carpet", colours[0]))
    band = whole.buffer(-0.06, join_style="mitre").difference(whole.buffer(-0.1, join_style="mitre"))
    level(kit, band, 0.0068, paint("carpet", colours[1]))
    thin = whole.buffer(-0.13, join_style="mitre").difference(whole.buffer(-0.142, join_style="mitre"))
    level(kit, thin, 0.0068, paint("carpet", colours[1]))
    return kit.build()


def _add(things: list[Thing], lamps: list[Lamp], name: str, piece: Piece, place: F64) -> None:
    things.append(Thing(name, piece.mesh.transformed(place)))
    for lamp in piece.lamps:
        x, y, z = (float(c) for c in place[:3, :3] @ np.array(lamp.position) + place[:3, 3])
        lamps.append(replace(lamp, name=name, position=(x, y, z)))


def _light(
    things: list[Thing],
    lamps: list[Lamp],
    legs: list[_Leg],
    use: Use,
    look: Look,
    width: float,
    height: float,
    seed: int,
    lit: bool,
    name: str,
) -> None:
    number = 0
    for leg in legs:
        count = max(1, round(leg.length / (use.spacing if use.sconces else 2.6)))
        for k in range(count):
            s = (k + 0.5) * leg.length / count + (leg.length / count / 2 if use.sconces else 0.0)
            if s > leg.length - 0.8:
                continue
            if use.sconces:
                for side in (-1.0, 1.0):
                    number += 1
                    piece = lights.sconce(look, np.random.default_rng(seed_from("sconce", seed)), lit)
                    place = leg.place @ placed(side * (width / 2 - 0.001), s, 1.72, side * np.pi / 2)
                    if _clear(place, legs, width):
                        _add(things, lamps, f"{name}/sconce-{number}", piece, place)
            else:
                number += 1
                piece = lights.panel_light(look, np.random.default_rng(seed), lit, 0.32, 1.2)
                _add(things, lamps, f"{name}/ceiling-light-{number}", piece, leg.place @ placed(0.0, s, height))


def _clear(place: F64, legs: list[_Leg], width: float) -> bool:
    """Whether the lamp hangs on a wall and not in the mouth of another leg."""
    if len(legs) == 1:
        return True
    x, y = float(place[0, 3]), float(place[1, 3])
    for leg in legs:
        a, b, _, _ = np.linalg.inv(leg.place) @ [x, y, 0, 1]
        if abs(a) < width / 2 - 0.05 and -0.3 < b < leg.length:
            return False
    return y < legs[0].length - width + 1e-6 or abs(x) > width / 2 + 0.3


def _furnish(things: list[Thing], legs: list[_Leg], use: Use, look: Look, width: float, seed: int, name: str) -> None:
    """A console with a vase at the walls between doors, pictures; only where there is width to pass."""
    leg = legs[0]
    count = max(1, int((leg.doors[1] - leg.doors[0] - 0.8) / use.spacing))
    pitch = (leg.doors[1] - leg.doors[0]) / count
    for k in range(1, count):
        for side in (-1.0, 1.0):
            rng = np.random.default_rng(seed_from("corridor-wall", seed, k, side))
            s = leg.doors[0] + k * pitch + (side * 0.22 * pitch if use.staggered else 0.0)
            tag = f"{k}-{'left' if side < 0 else 'right'}"
            off = 0.0 if not use.sconces else 0.75
            place = leg.place @ placed(side * (width / 2 - 0.0095), s + off, 0.0, side * np.pi / 2)
            if rng.random() < 0.6 and pitch > 2.6 + 2 * off:
                piece = decor.picture(look, rng, 0.5, float(rng.choice([0.4, 0.62])))
                things.append(Thing(f"{name}/picture-{tag}", piece.mesh.transformed(place @ placed(0, 0, 1.55))))
            if use.sconces and width > 1.7 and rng.random() < 0.35:
                table = tables.side_table(look, rng, 0.75)
                kit = Kit()
                kit.mesh(table.mesh)
                small.vase(kit, rng, (0.0, 0.0, table.top), look, 0.27)
                piece = Piece(kit.build())
                back = leg.place @ placed(side * (width / 2 - 0.03 + float(piece.low[1])), s, 0.0, side * np.pi / 2)
                things.append(Thing(f"{name}/console-{tag}", piece.mesh.transformed(back)))
