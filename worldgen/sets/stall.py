"""A market stall: a sloping counter with goods under a striped roof.

Frame: the middle of its footprint at the origin on z = 0, customers at +Y, the keeper at y = -0.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from worldgen.conventions import seed_from
from worldgen.kit import ALL_SIDES, Kit
from worldgen.light import Lamp
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.sets.furniture import catenary
from worldgen.sets.goods import BACK, FRONT, GOODS, HIGH, LOW, scattered
from worldgen.sets.palette import Rng, tint

WIDTH: Final = 2.7
DEPTH: Final = 2.4
"""Footprint of a stall with its roof, metres."""
REACH: Final = FRONT + 0.45
"""How far towards the customers anything reaches below head height, metres from the middle."""
BULB: Final = (0.075, 0.047, 0.022)
"""Intensity of the light below a stall's roof, kilocandela."""
CLOTHS: Final = (
    ("#b8403a", "#ebe3d0"), ("#3f6650", "#ebe3d0"), ("#c98b3c", "#efe8d8"), ("#3e5d7c", "#e9e4d8"),
    ("#e9e4d8", "#e9e4d8"), ("#7a2f45", "#e6dccb"),
)  # fmt: skip


@dataclass(frozen=True)
class Stall:
    """A built stall. bulb: (3,) where its light burns, in its frame. goods: a word of ``goods.GOODS``."""

    mesh: Mesh
    bulb: tuple[float, float, float]
    goods: str


def stall(seed: int, lit: bool, goods: str | None = None) -> Stall:
    """One stall. lit: its bulbs glow. goods: what it sells; None draws it."""
    rng = np.random.default_rng(seed_from("stall", seed))
    drawn = str(rng.choice(list(GOODS), p=_SHARE))
    what = goods or drawn
    kit = Kit()
    half = WIDTH / 2 - 0.18
    _counter(kit, rng, half, what)
    z = _roof(kit, rng, half)
    bulb = _bulbs(kit, half, z, lit)
    GOODS[what](kit, np.random.default_rng(seed_from("goods", seed)), half - 0.03)
    _behind(kit, rng, half)
    return Stall(kit.build(), bulb, what)


_SHARE: Final = (0.38, 0.12, 0.16, 0.13, 0.11, 0.10)


def _counter(kit: Kit, rng: Rng, half: float, what: str) -> None:
    wood = tint("planks", str(rng.choice(["#8a6b45", "#6f563a", "#a08258"])))
    top = np.array([[-half, BACK, HIGH], [half, BACK, HIGH], [half, FRONT, LOW], [-half, FRONT, LOW]])
    kit.quads([top, top[::-1] - [0, 0, 0.03]], wood)
    kit.boxes([[-half, FRONT, LOW - 0.08]], [[half, FRONT + 0.02, LOW + 0.03]], wood, ALL_SIDES)
    legs = np.array([[x, y, 0.0] for x in (-half + 0.05, half - 0.05) for y in (BACK + 0.06, FRONT - 0.06)])
    tall = np.array([HIGH, LOW, HIGH, LOW]) - 0.05
    kit.boxes(legs - [0.03, 0.03, 0], legs + np.stack([0 * tall + 0.03, 0 * tall + 0.03, tall], 1), wood)
    if what != "flowers":  # a cloth hangs down in front of the trestle
        fabric = tint("cloth", str(rng.choice(["#5c6b4a", "#7a2f2a", "#34465a", "#8a7a5c", "#d8d0bc"])))
        n = 25
        x = np.linspace(-half, half, n)
        y = FRONT + 0.042 + 0.018 * np.sin(np.arange(n) * 1.9 + rng.uniform(0, 6))
        top_z, foot = np.full(n, LOW - 0.02), 0.1 + 0.02 * np.sin(np.arange(n) * 0.7)
        corners = ((x[1:], y[1:], foot[1:]), (x[:-1], y[:-1], foot[:-1]), (x[:-1], y[:-1], top_z[1:]),
                   (x[1:], y[1:], top_z[1:]))  # fmt: skip
        kit.quads(np.stack([np.stack(c, -1) for c in corners], axis=1), fabric)


def _roof(kit: Kit, rng: Rng, half: float) -> float:
    """Posts and canvas; returns the height of the front eaves."""
    post = tint("wood", "#7a6144") if rng.random() < 0.6 else tint("painted-metal", "#c9c9c4")
    pair = CLOTHS[int(rng.integers(len(CLOTHS)))]
    eaves = float(rng.uniform(2.1, 2.22))
    ridge = eaves + float(rng.uniform(0.4, 0.55))
    gabled = bool(rng.random() < 0.55)
    y0, y1 = -DEPTH / 2 + 0.05, DEPTH / 2 + 0.05
    line = [(y0, eaves), ((y0 + y1) / 2, ridge), (y1, eaves)] if gabled else [(y0, ridge), (y1, eaves)]
    for x in (-half, half):
        for y in (y0 + 0.2, FRONT + 0.06):
            top = float(np.interp(y, [p[0] for p in line], [p[1] for p in line])) - 0.02
            kit.boxes([[x - 0.024, y - 0.024, 0]], [[x + 0.024, y + 0.024, top]], post, ALL_SIDES)
        kit.tube([[x, y, z - 0.02] for y, z in line], 0.017, post, 5)
    for y, z in line:
        kit.tube([[-half - 0.1, y, z - 0.015], [half + 0.1, y, z - 0.015]], 0.017, post, 5)
    count = 2 * round((2 * half + 0.3) / 0.5) + 1
    xs = np.linspace(-half - 0.15, half + 0.15, count + 1)
    path = []
    for (ya, za), (yb, zb) in pairwise(line):
        t = np.linspace(0, 1, 5)
        path += [(ya + (yb - ya) * u, za + (zb - za) * u - 0.05 * np.sin(np.pi * u)) for u in t[:-1]]
    path = [(y0 - 0.01, line[0][1] - 0.2), *path, line[-1], (y1 + 0.01, line[-1][1] - 0.18)]
    for k, colour in enumerate(dict.fromkeys(pair) if pair[0] != pair[1] else (pair[0],)):
        fabric = tint("cloth", colour)
        a, b = (xs[k:-1:2], xs[k + 1 :: 2]) if pair[0] != pair[1] else (xs[:-1], xs[1:])
        for (ya, za), (yb, zb) in pairwise(path):
            e = np.ones(len(a))
            corners = ((a, ya * e, za * e), (b, ya * e, za * e), (b, yb * e, zb * e), (a, yb * e, zb * e))
            kit.quads(np.stack([np.stack(c, -1) for c in corners], axis=1), fabric)
    return eaves


def _bulbs(kit: Kit, half: float, eaves: float, lit: bool) -> tuple[float, float, float]:
    glow = make("lamp-glow", (1.0, 0.72, 0.42)) if lit else tint("glass", "#c9c3b0")
    y = FRONT + 0.06
    a, b = np.array([-half, y, eaves + 0.02]), np.array([half, y, eaves + 0.02])
    line = catenary(a, b, 0.12, 12)
    kit.tube(line, 0.006, make("rubber"), 4)
    at = line[1:-1:2] - [0, 0, 0.07]
    ball = Kit()
    ball.turned([(0.0, -1.0), (0.6, -0.78), (0.95, -0.2), (0.8, 0.4), (0.4, 0.95), (0.36, 1.5)], glow, sides=9)
    scattered(kit, ball.build(), at, np.full(len(at), 0.042))
    middle = line[6] - [0, 0, 0.1]
    return float(middle[0]), float(middle[1]), float(middle[2])


def _behind(kit: Kit, rng: Rng, half: float) -> None:
    """Empty crates and sacks below and behind the counter."""
    wood = tint("planks", "#9a7a4f")
    x = -half + 0.05
    while x < half - 0.5:
        if rng.random() < 0.45:
            for k in range(int(rng.integers(1, 3))):
                kit.boxes([[x, 0.2, 0.26 * k]], [[x + 0.46, 0.52, 0.26 * k + 0.25]], wood, ALL_SIDES)
        x += 0.52


def lamp_of(name: str, built: Stall, world_from_stall: npt.NDArray[np.float64]) -> Lamp:
    """The light of a burning stall in its place."""
    x, y, z = (float(c) for c in world_from_stall[:3, :3] @ np.array(built.bulb) + world_from_stall[:3, 3])
    return Lamp(name, (x, y, z), BULB, 14.0, 0.05)
