"""Puts furniture into a rectangular room by rule: nothing overlaps, nothing stands in the way of doors and windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from shapely import prepared
from shapely.geometry import Polygon, box

from worldgen.conventions import F64, seed_from
from worldgen.furniture.parts import Piece
from worldgen.furniture.style import Look, Rng
from worldgen.kit import placed
from worldgen.light import Lamp
from worldgen.sets.walls import Opening
from worldgen.stage import Spot
from worldgen.world import Thing

Side = Literal["south", "north", "east", "west"]
SIDES: Final[tuple[Side, ...]] = ("south", "north", "east", "west")
HEADING: Final[dict[Side, float]] = {"south": 0.0, "north": np.pi, "east": np.pi / 2, "west": -np.pi / 2}
"""Heading of the direction into the room from each wall."""
OPPOSITE: Final[dict[Side, Side]] = {"south": "north", "north": "south", "east": "west", "west": "east"}
GAP: Final = 0.022
"""Metres between a wall and what stands against it: the skirting board."""
SWING_M: Final = 0.95
"""Metres in front of a door that stay free."""


def wall_frame(side: Side, width: float, depth: float) -> F64:
    """(4, 4): origin on the floor in the middle of a wall's inner face, x along the wall, +Y into the room."""
    x = {"east": width / 2, "west": -width / 2}.get(side, 0.0)
    y = {"north": depth / 2, "south": -depth / 2}.get(side, 0.0)
    return placed(x, y, 0.0, HEADING[side])


def side_of(o: Opening) -> Side:
    """The wall of a rectangular room that the opening is in, by the direction it faces."""
    return min(SIDES, key=lambda s: abs((o.facing - HEADING[s] + np.pi) % (2 * np.pi) - np.pi))


@dataclass
class Arranger:
    """What stands in a room so far, in the room's axes: origin in the middle of the floor, x across, y deep.

    width, depth, height: clear metres. thickness: of the walls. openings: of its walls, in the room's axes. dressed:
    names of the windows that have curtains.
    """

    name: str
    width: float
    depth: float
    height: float
    thickness: float
    openings: Sequence[Opening]
    look: Look
    seed: int
    lit: bool
    dressed: frozenset[str] = frozenset()
    things: list[Thing] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)
    spots: dict[str, Spot] = field(default_factory=dict)
    taken: list[Polygon] = field(default_factory=list)
    hung: list[tuple[Side, float, float, float, float]] = field(default_factory=list)

    made: dict[str, Piece] = field(default_factory=dict)

    def __post_init__(self) -> None:
        t = self.thickness / 2
        self._doors = [o.zone(0.0, t + SWING_M, 0.06) for o in self.openings if o.kind in ("door", "arch")]
        windows = [o for o in self.openings if o.kind == "window"]
        self._curtains = [o.zone(0.0, t + 0.19, 0.36) for o in windows if o.name in self.dressed]
        # Below a sill of usual height stands a radiator.
        self._heaters = [o.zone(0.0, t + 0.14) for o in windows if 0.5 < o.sill < 1.0]
        self._sills = [(o.sill, o.zone(0.0, t + 0.7)) for o in windows]
        self._ledges = [(o.sill, o.zone(0.0, t + 0.13, 0.1)) for o in windows]

    def rng(self, name: str) -> Rng:
        """The random draws of the thing called ``name``, and of nothing else."""
        return np.random.default_rng(seed_from("room", self.seed, name))

    def same(self, name: str, make: Callable[[Look, Rng], Piece]) -> Piece:
        """A piece of which the room has several alike, made once."""
        if name not in self.made:
            self.made[name] = make(self.look, self.rng(name))
        return self.made[name]

    def has(self, side: Side, *kinds: str) -> bool:
        """Whether the wall has an opening of one of these kinds."""
        return any(side_of(o) == side and o.kind in kinds for o in self.openings)

    def length(self, side: Side) -> float:
        """Clear metres along a wall."""
        return self.width if side in ("south", "north") else self.depth

    def reach(self, side: Side) -> float:
        """Clear metres from a wall to the one opposite."""
        return self.depth if side in ("south", "north") else self.width

    def fits(self, area: Polygon, top: float, margin: float = 0.0) -> bool:
        """Whether something ``top`` metres high can stand on ``area``, ``margin`` metres from all else but walls."""
        e = GAP - 0.004
        inside = box(-self.width / 2 + e, -self.depth / 2 + e, self.width / 2 - e, self.depth / 2 - e)
        if not inside.contains(area):
            return False
        test = prepared.prep(area.buffer(margin - 0.002, join_style="mitre"))
        blocked: Iterable[Polygon] = [*self.taken, *self._doors, *self._curtains, *self._heaters]
        blocked = [*blocked, *(z for sill, z in self._sills if top > sill + 0.05)]
        blocked = [*blocked, *(z for sill, z in self._ledges if top > sill - 0.04)]
        return not any(test.intersects(zone) for zone in blocked)

    def put(
        self,
        name: str,
        piece: Piece,
        x: float,
        y: float,
        turn: float = 0.0,
        z: float = 0.0,
        *,
        solid: bool = True,
        margin: float = 0.0,
    ) -> bool:
        """Stands ``piece`` at (x, y, z), heading ``turn``, if there is room. solid: whether it takes floor; what lies
        flat, hangs or stands on something else does not. margin: metres to keep free around it.
        """
        place = placed(x, y, z, turn)
        if solid:
            area = footprint(piece, place)
            if not self.fits(area, float(piece.high[2]), margin):
                return False
            self.taken.append(area)
        self.things.append(Thing(f"{self.name}/{name}", piece.mesh.transformed(place)))
        for suffix, spot in piece.spots.items():
            self.spots[name + suffix] = spot.moved(place)
        if "" not in piece.spots:  # for a camera to look at
            x0, y0, z0 = (float(c) for c in (piece.low + piece.high) / 2)
            self.spots[name] = Spot((x0, y0, z0)).moved(place)
        for lamp in piece.lamps:
            px, py, pz = (float(c) for c in place[:3, :3] @ np.array(lamp.position) + place[:3, 3])
            self.lamps.append(replace(lamp, name=f"{self.name}/{name}", position=(px, py, pz)))
        return True

    def against(
        self, side: Side, name: str, piece: Piece, along: Iterable[float], gap: float = GAP, margin: float = 0.0
    ) -> float | None:
        """Stands ``piece`` with its back to a wall at the first of the places ``along`` it that is free; returns it."""
        if self.has(side, "gap"):
            return None
        frame = wall_frame(side, self.width, self.depth)
        for s in along:
            x, y = (float(c) for c in (frame @ [s, gap - float(piece.low[1]), 0, 1])[:2])
            if self.put(name, piece, x, y, HEADING[side], margin=margin):
                return s
        return None

    def keep(self) -> tuple[int, int, int, dict[str, Spot]]:
        """How far the room has got, for :meth:`back_to`."""
        return len(self.things), len(self.lamps), len(self.taken), dict(self.spots)

    def back_to(self, before: tuple[int, int, int, dict[str, Spot]]) -> None:
        """Takes away what was put since."""
        del self.things[before[0] :], self.lamps[before[1] :], self.taken[before[2] :]
        self.spots = before[3]

    def against_sill(self, side: Side, name: str, piece: Piece, s: float) -> bool:
        """Against a wall, where tall parts of ``piece`` are known to miss the windows: kitchen units below a sill."""
        if self.has(side, "gap"):
            return False
        frame = wall_frame(side, self.width, self.depth)
        x, y = (float(c) for c in (frame @ [s, GAP - float(piece.low[1]), 0, 1])[:2])
        sills, self._sills = self._sills, []
        ledges, self._ledges = self._ledges, []
        done = self.put(name, piece, x, y, HEADING[side])
        self._sills, self._ledges = sills, ledges
        return done

    def spots_of(self, name: str, side: Side) -> float:
        """Where along a wall the thing called ``name`` stands."""
        thing = next(t for t in self.things if t.name == f"{self.name}/{name}")
        middle = (thing.mesh.vertices.min(axis=0) + thing.mesh.vertices.max(axis=0)) / 2
        return float((np.linalg.inv(wall_frame(side, self.width, self.depth)) @ [*middle[:2], 0, 1])[0])

    def anywhere(self, name: str, piece: Piece, sides: Sequence[Side], margin: float = 0.0) -> Side | None:
        """Against the first of the walls where there is room, nearest a corner first; returns the wall."""
        for side in sides:
            half = self.length(side) / 2 - float(piece.high[0] - piece.low[0]) / 2 - GAP
            if half < 0:
                continue
            steps = np.linspace(half, 0, max(2, round(half / 0.15)))
            flip = 1.0 if self.rng(f"{name}-corner").random() < 0.5 else -1.0
            along = [float(f * s) for s in steps for f in (flip, -flip)]
            if self.against(side, name, piece, along, margin=margin) is not None:
                return side
        return None

    def corner(
        self, name: str, piece: Piece, order: Sequence[int] = (0, 1, 2, 3), off: float = 0.08, *, turned: bool = False
    ) -> bool:
        """Into the first free corner (0 south-west, 1 south-east, 2 north-west, 3 north-east), ``off`` metres from its
        walls. turned: whether it faces the middle of the room, else north.
        """
        wide, deep = (float(max(-piece.low[k], piece.high[k])) for k in (0, 1))
        w, d = (np.sqrt(0.5) * (wide + deep) + off,) * 2 if turned else (wide + off, deep + off)
        for k in order:
            x = (self.width / 2 - w) * (1 if k % 2 else -1)
            y = (self.depth / 2 - d) * (1 if k >= 2 else -1)
            turn = float(np.arctan2(np.sign(x), -np.sign(y))) if turned else 0.0
            for slide in (0.0, 0.2, 0.45):
                for px, py in ((x - np.sign(x) * slide, y), (x, y - np.sign(y) * slide)):
                    if self.put(name, piece, float(px), float(py), turn):
                        return True
        return False

    def hang(self, side: Side, name: str, piece: Piece, s: float, z: float, above: float = 0.0) -> bool:
        """Hangs ``piece`` on a wall, its middle at ``s`` along it and ``z`` above the floor, if that place is free.

        above: height of the tallest thing that stands there, which the piece must clear; walls are checked against
        openings, other hung things and standing furniture.
        """
        if self.has(side, "gap"):
            return False
        low, high = piece.low, piece.high
        a, b, c, d = s + float(low[0]), s + float(high[0]), z + float(low[2]), z + float(high[2])
        if max(abs(a), abs(b)) > self.length(side) / 2 - 0.1 or d > self.height - 0.15 or c < above + 0.06:
            return False
        for other, a2, b2, c2, d2 in self.hung:
            if other == side and a < b2 + 0.06 and b > a2 - 0.06 and c < d2 + 0.06 and d > c2 - 0.06:
                return False
        frame = wall_frame(side, self.width, self.depth)
        inverse = np.linalg.inv(frame)
        for o in self.openings:
            if side_of(o) == side:
                m = float((inverse @ [*o.at, 0, 1])[0])
                half = o.width / 2 + (0.42 if o.name in self.dressed else 0.14)
                if a < m + half and b > m - half and c < o.head + 0.25 and d > o.sill - 0.1:
                    return False
        for thing in self.things:
            v = thing.mesh.vertices @ inverse[:3, :3].T.astype(np.float32) + inverse[:3, 3].astype(np.float32)
            near = v[(v[:, 1] < 0.45) & (v[:, 0] > a - 0.02) & (v[:, 0] < b + 0.02)]
            if (
                len(near)
                and (near[:, 2] > c - 0.04).any()
                and (near[:, 2] < d).any()
                and near[:, 2].max() < self.height - 0.2
            ):
                return False
        self.hung.append((side, a, b, c, d))
        x, y = (float(v) for v in (frame @ [s, 0.0015, 0, 1])[:2])
        return self.put(name, piece, x, y, HEADING[side], z, solid=False)


def footprint(piece: Piece, place: F64) -> Polygon:
    """What a piece covers of the floor: its box seen from above, in its place."""
    (x0, y0, _), (x1, y1, _) = piece.low.astype(np.float64), piece.high.astype(np.float64)
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    return Polygon(corners @ place[:2, :2].T + place[:2, 3])
