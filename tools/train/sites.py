"""Places to learn from: one of every kind of set, and where in it a camera may stand. Pure functions of a generator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

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

UNSEEN_KINDS: Final = frozenset({"village", "cafe", "hospital", "highland", "birch"})
"""A style of street, a use of rooms and one of corridors, a land and a wood that no training world shows."""

_INDOORS: Final = (0.7, 1.1, 1.5, 1.6, 1.7, 2.0)

LIT_BY_DAY: Final = 0.35
"""Share of the worlds whose lamps burn by day too: they are there when it gets dark."""


def only(words: Iterable[str], kept: frozenset[str], unseen: bool) -> list[str]:
    """Those of ``words`` that are in ``kept`` (for an unseen world), or those that are not."""
    return [word for word in words if (word in kept) == unseen]


@dataclass(frozen=True)
class Site:
    """A set to film in.

    place, style: what a director would call it ("living room", "worn"). kind: which set it is ("room").
    low, high: (2,) metres, the part of it in which eyes and people are. heights: of eyes above the ground. reach: how
    far off the targets are, metres. inside: whether it has a roof.
    """

    piece: SetPiece
    low: F64
    high: F64
    heights: tuple[float, ...] = (0.5, 1.2, 1.6, 1.7, 2.5, 4.5)
    reach: tuple[float, float] = (4.0, 20.0)
    inside: bool = False
    place: str = ""
    style: str = ""
    kind: str = ""

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


def site(rng: Rng, sky: Sky, unseen: bool) -> Site:
    """A street as often as everything else outdoors, and a room for every two of those.

    unseen: of ``UNSEEN_KINDS`` alone, else of none of them.
    """
    burning = bool(sky.sun_elevation < np.radians(3) or rng.random() < LIT_BY_DAY)
    kinds: tuple[tuple[float, Callable[[Rng, bool, bool], Site]], ...] = (
        (0.26, _street),
        (0.30, _room),
        (0.05, _corridor),
        (0.10, _land),
        (0.09, _wood),
        *(() if unseen else ((0.14, _square), (0.06, _plaza))),
    )
    shares = np.array([share for share, _ in kinds])
    return kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))][1](rng, burning, unseen)


def _seed(rng: Rng) -> int:
    return int(rng.integers(1 << 30))


def _one(rng: Rng, words: Iterable[str], unseen: bool) -> str:
    return str(rng.choice(only(sorted(words), UNSEEN_KINDS, unseen)))


def _street(rng: Rng, burning: bool, unseen: bool) -> Site:
    width = float(rng.uniform(7, 12))
    style = _one(rng, STYLES, unseen)
    piece = street(length=float(rng.uniform(25, 50)), width=width, style=style, seed=_seed(rng), lamps_on=burning)
    return Site(piece, np.array([-2.8, -3.0]), np.array([2.8, 25.0]), place="street", style=style, kind="street")


def _square(rng: Rng, burning: bool, unseen: bool) -> Site:
    size = (float(rng.uniform(28, 50)), float(rng.uniform(28, 45)))
    style = str(rng.choice(("old-town", "brick-row")))
    piece = square(
        size=size,
        style=style,
        centre=str(rng.choice(("fountain", "none"))),
        paving="bands",
        stalls=int(rng.integers(0, 7)),
        cafe=bool(rng.random() < 0.7),
        seed=_seed(rng),
        lamps_on=burning,
        name="square",
    )
    half = np.array(size) / 2 - 3.0
    return Site(piece, -half, half, place="square", style=style, kind="square")


def _room(rng: Rng, burning: bool, unseen: bool) -> Site:
    width, depth = float(rng.uniform(4.0, 8.0)), float(rng.uniform(3.6, 7.0))
    walls = [wall for wall in ("north", "east", "south") if rng.random() < 0.6] or ["east"]
    use, style = _one(rng, LAYOUTS, unseen), str(rng.choice(("modern", "classic", "worn")))
    piece = room(
        width=width,
        depth=depth,
        height=float(rng.uniform(2.5, 3.2)),
        layout=use,
        style=style,
        windows={wall: int(rng.integers(1, 3)) for wall in walls},
        seed=_seed(rng),
        lit=burning,
        name="room",
    )
    outside = Thing("outside", shapes.plane((300.0, 300.0), make(str(rng.choice(("grass", "paving", "concrete"))))))
    piece = SetPiece(
        (*piece.things, Thing("outside", outside.mesh.transformed(translation([0, 0, -0.03])))), piece.lamps
    )
    half = np.array([width, depth]) / 2 - 0.35
    place = {"empty": "empty room"}.get(use, use.replace("-", " "))
    return Site(piece, -half, half, _INDOORS, (1.0, 5.0), inside=True, place=place, style=style, kind="room")


def _land(rng: Rng, burning: bool, unseen: bool) -> Site:
    style = _one(rng, LANDS, unseen)
    piece = terrain(size=500.0, style=style, seed=_seed(rng), trees=int(rng.integers(100, 700)), name="land")
    low, high = np.array([-14.0, -25.0]), np.array([14.0, 25.0])
    return Site(piece, low, high, reach=(5.0, 60.0), place="open land", style=style, kind="terrain")


def _wood(rng: Rng, burning: bool, unseen: bool) -> Site:
    style = _one(rng, WOODS, unseen)
    piece = forest(length=60.0, kind=style, seed=_seed(rng), name="wood")
    low, high = np.array([-5.0, -16.0]), np.array([5.0, 16.0])
    return Site(piece, low, high, reach=(3.0, 25.0), place="forest", style=style, kind="forest")


def _corridor(rng: Rng, burning: bool, unseen: bool) -> Site:
    use = _one(rng, USES, unseen)
    piece = corridor(length=18.0, use=use, seed=_seed(rng), lit=True, name="corridor")
    low, high = np.array([-0.6, 0.6]), np.array([0.6, 17.0])
    return Site(piece, low, high, _INDOORS[:-1], (1.0, 12.0), inside=True, place="corridor", style=use, kind="corridor")


def _plaza(rng: Rng, burning: bool, unseen: bool) -> Site:
    kind = str(rng.choice(["cobble", "paving", "asphalt", "grass", "soil", "concrete", "planks", "stone"]))
    things = [Thing("plaza/ground", shapes.plane((300.0, 300.0), make(kind)))]
    things += [Thing(f"plaza/wall-{k}", _wall(rng)) for k in range(int(rng.integers(0, 4)))]
    lamps = tuple(_lamp(rng, k) for k in range(3)) if burning else ()
    low, high = np.array([-2.8, -3.0]), np.array([2.8, 25.0])
    return Site(SetPiece(tuple(things), lamps), low, high, place="open ground", style=kind, kind="plaza")


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
