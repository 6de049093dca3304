"""Places to learn from: one of every kind of set, and where in it a camera may stand. Pure functions of a generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from worldgen import shapes
from worldgen.conventions import F64, rotation_z, translation
from worldgen.light import Lamp, Sky, black_body
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.sets import SetPiece
from worldgen.sets.corridor import corridor
from worldgen.sets.corridor_uses import USES
from worldgen.sets.forest import WOODS, forest
from worldgen.sets.layout import LAYOUTS
from worldgen.sets.palette import STYLES
from worldgen.sets.room import room
from worldgen.sets.square import square
from worldgen.sets.street import street
from worldgen.sets.terrain import STYLES as LANDS
from worldgen.sets.terrain import terrain
from worldgen.stage import Ground, level
from worldgen.world import Thing

Rng = np.random.Generator


@dataclass(frozen=True)
class Site:
    """A set to film in.

    low, high: (2,) metres, the part of it in which eyes and people are. heights: of eyes above the ground. reach: how
    far off the targets are, metres. inside: whether it has a roof.
    """

    piece: SetPiece
    low: F64
    high: F64
    heights: tuple[float, ...] = (0.5, 1.2, 1.6, 1.7, 2.5, 4.5)
    reach: tuple[float, float] = (4.0, 20.0)
    inside: bool = False

    @property
    def ground(self) -> Ground:
        """What one stands on."""
        own = self.piece.ground

        def height(x: float, y: float) -> float:
            value = 0.0 if own is None else own(x, y)
            return 0.0 if np.isnan(value) else value

        return level if own is None else height

    def spot(self, rng: Rng) -> F64:
        """(2,) a place in it."""
        return rng.uniform(self.low, self.high)


def site(rng: Rng, sky: Sky) -> Site:
    """A street as often as everything else outdoors, and a room for every two of those."""
    burning = sky.sun_elevation < np.radians(3)
    kinds: tuple[tuple[float, Callable[[Rng, bool], Site]], ...] = (
        (0.26, _street),
        (0.14, _square),
        (0.30, _room),
        (0.05, _corridor),
        (0.10, _land),
        (0.09, _wood),
        (0.06, _plaza),
    )
    shares = np.array([share for share, _ in kinds])
    return kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))][1](rng, burning)


def _seed(rng: Rng) -> int:
    return int(rng.integers(1 << 30))


def _street(rng: Rng, burning: bool) -> Site:
    width = float(rng.uniform(7, 12))
    style = str(rng.choice(sorted(STYLES)))
    piece = street(length=float(rng.uniform(25, 50)), width=width, style=style, seed=_seed(rng), lamps_on=burning)
    return Site(piece, np.array([-2.8, -3.0]), np.array([2.8, 25.0]))


def _square(rng: Rng, burning: bool) -> Site:
    size = (float(rng.uniform(28, 50)), float(rng.uniform(28, 45)))
    piece = square(
        size=size,
        style=str(rng.choice(("old-town", "brick-row"))),
        centre=str(rng.choice(("fountain", "none"))),
        paving="bands",
        stalls=int(rng.integers(0, 7)),
        cafe=bool(rng.random() < 0.7),
        seed=_seed(rng),
        lamps_on=burning,
        name="square",
    )
    half = np.array(size) / 2 - 3.0
    return Site(piece, -half, half)


def _room(rng: Rng, burning: bool) -> Site:
    width, depth = float(rng.uniform(4.0, 8.0)), float(rng.uniform(3.6, 7.0))
    walls = [wall for wall in ("north", "east", "south") if rng.random() < 0.6] or ["east"]
    piece = room(
        width=width,
        depth=depth,
        height=float(rng.uniform(2.5, 3.2)),
        layout=str(rng.choice(sorted(LAYOUTS))),
        style=str(rng.choice(("modern", "classic", "worn"))),
        windows={wall: int(rng.integers(1, 3)) for wall in walls},
        seed=_seed(rng),
        lit=burning or bool(rng.random() < 0.3),
        name="room",
    )
    outside = Thing("outside", shapes.plane((300.0, 300.0), make(str(rng.choice(("grass", "paving", "concrete"))))))
    piece = SetPiece(
        (*piece.things, Thing("outside", outside.mesh.transformed(translation([0, 0, -0.03])))), piece.lamps
    )
    half = np.array([width, depth]) / 2 - 0.35
    return Site(piece, -half, half, (0.7, 1.1, 1.5, 1.6, 1.7, 2.0), (1.0, 5.0), inside=True)


def _land(rng: Rng, burning: bool) -> Site:
    piece = terrain(
        size=500.0,
        style=str(rng.choice(sorted(LANDS))),
        seed=_seed(rng),
        trees=int(rng.integers(100, 700)),
        name="land",
    )
    return Site(piece, np.array([-14.0, -25.0]), np.array([14.0, 25.0]), reach=(5.0, 60.0))


def _wood(rng: Rng, burning: bool) -> Site:
    piece = forest(length=60.0, kind=str(rng.choice(sorted(WOODS))), seed=_seed(rng), name="wood")
    return Site(piece, np.array([-5.0, -16.0]), np.array([5.0, 16.0]), reach=(3.0, 25.0))


def _corridor(rng: Rng, burning: bool) -> Site:
    piece = corridor(length=18.0, use=str(rng.choice(sorted(USES))), seed=_seed(rng), lit=True, name="corridor")
    low, high = np.array([-0.6, 0.6]), np.array([0.6, 17.0])
    return Site(piece, low, high, (0.7, 1.1, 1.5, 1.6, 1.7), (1.0, 12.0), inside=True)


def _plaza(rng: Rng, burning: bool) -> Site:
    kind = str(rng.choice(["cobble", "paving", "asphalt", "grass", "soil", "concrete", "planks", "stone"]))
    things = [Thing("plaza/ground", shapes.plane((300.0, 300.0), make(kind)))]
    things += [Thing(f"plaza/wall-{k}", _wall(rng)) for k in range(int(rng.integers(0, 4)))]
    lamps = tuple(_lamp(rng, k) for k in range(3)) if burning else ()
    return Site(SetPiece(tuple(things), lamps), np.array([-2.8, -3.0]), np.array([2.8, 25.0]))


def _wall(rng: Rng) -> Mesh:
    kind = str(rng.choice(["brick", "plaster", "stone", "concrete", "planks"]))
    wall = shapes.box((float(rng.uniform(3, 12)), 0.3, float(rng.uniform(2, 6))), make(kind))
    return wall.transformed(
        translation([rng.uniform(-8, 8), rng.uniform(6, 30), 0.0])
        @ rotation_z(float(rng.choice([0, 0, np.pi / 2, 0.6])))
    )


def _lamp(rng: Rng, index: int) -> Lamp:
    colour = black_body(float(rng.uniform(2400, 5000))) * rng.uniform(0.2, 0.8)
    x, y, z = float(rng.uniform(-5, 5)), float(rng.uniform(2, 22)), float(rng.uniform(2.5, 5))
    return Lamp(f"plaza/lamp-{index}", (x, y, z), (float(colour[0]), float(colour[1]), float(colour[2])))
