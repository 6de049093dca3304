"""Cafés: the counter and what stands on it, shelves of bottles, the menu."""

from __future__ import annotations

import itertools

import numpy as np

from worldgen.conventions import F64
from worldgen.furniture.kitchen import front
from worldgen.furniture.kitchenware import GLASSES
from worldgen.furniture.parts import Piece, boards, cushion, slab, spin
from worldgen.furniture.small import bottle, cup
from worldgen.furniture.style import Look, Rng, paint
from worldgen.kit import Kit
from worldgen.material import make
from worldgen.stage import Spot


def counter(look: Look, rng: Rng, length: float) -> Piece:
    """A bar 1.1 m high with a panelled front towards +Y, a coffee machine, a till, cakes under glass and cups."""
    kit, d, top = Kit(), 0.62, 1.08
    facing = look.front if rng.random() < 0.6 else look.wood
    boards(kit, [-length / 2 + 0.02, -d / 2 + 0.04, 0], [length / 2 - 0.02, d / 2 - 0.1, 0.1], paint("wood", "#2b2622"))
    boards(kit, [-length / 2, -d / 2 + 0.02, 0.1], [length / 2, d / 2 - 0.06, top - 0.04], facing)
    n = max(3, round(length / 0.45))
    xs = np.linspace(-length / 2, length / 2, n + 1)
    if rng.random() < 0.5:
        m = round(length / 0.09)
        x = np.linspace(-length / 2, length / 2, m + 1)
        low = np.column_stack([x[:-1] + 0.004, np.full(m, d / 2 - 0.06), np.full(m, 0.1)])
        boards(
            kit, low, np.column_stack([x[1:] - 0.004, np.full(m, d / 2 - 0.035), np.full(m, top - 0.04)]), facing, 0.006
        )
    else:
        low = np.column_stack([xs[:-1] + 0.03, np.full(n, d / 2 - 0.06), np.full(n, 0.16)])
        boards(
            kit, low, np.column_stack([xs[1:] - 0.03, np.full(n, d / 2 - 0.035), np.full(n, top - 0.1)]), facing, 0.012
        )
    stone = make("marble") if rng.random() < 0.5 else look.dark
    boards(kit, [-length / 2 - 0.03, -d / 2, top - 0.04], [length / 2 + 0.03, d / 2, top], stone, 0.008)
    _espresso(kit, look, rng, -length * 0.22, -0.05, top)
    till = length * 0.3
    slab(kit, (0.3, 0.28, 0.07), (till, -0.05, top), paint("plastic", "#26282a"), 0.01)
    slab(kit, (0.28, 0.02, 0.2), (till, -0.02, top + 0.07), paint("plastic", "#1b1c1e"), 0.006)
    for k, j in itertools.product(range(2), range(4)):
        cup(kit, (length * 0.06 + 0.1 * j, -0.2, top + 0.055 * k), "#e9e4d8", False)
    _cakes(kit, rng, length * 0.08, 0.08, top)
    return Piece(
        kit.build(),
        {"": Spot((0.0, d / 2 + 0.4, 0.0), np.pi, "stand"), "-behind": Spot((0.0, -d / 2 - 0.38, 0.0), 0.0, "stand")},
        top=top,
    )


def _espresso(kit: Kit, look: Look, rng: Rng, x: float, y: float, z: float) -> None:
    steel, red = (
        paint("metal", "#c0c2c4"),
        paint("painted-metal", str(rng.choice([look.accents[0], "#8e2f2a", "#2f3a3c"]))),
    )
    for sx, sy in itertools.product((-0.3, 0.3), (-0.16, 0.16)):
        spin(kit, [(0.0, 0), (0.025, 0), (0.025, 0.05)], steel, (x + sx, y + sy, z), 12)
    slab(kit, (0.74, 0.46, 0.06), (x, y, z + 0.05), steel, 0.01)
    slab(kit, (0.74, 0.24, 0.3), (x, y + 0.11, z + 0.11), red, 0.02)
    slab(kit, (0.76, 0.46, 0.1), (x, y, z + 0.41), steel, 0.025)
    for k in range(2):
        gx = x - 0.17 + 0.34 * k
        kit.tube([[gx, y - 0.1, z + 0.42], [gx, y - 0.1, z + 0.33]], 0.034, steel, 16)
        kit.tube([[gx, y - 0.11, z + 0.33], [gx, y - 0.3, z + 0.31]], 0.012, paint("plastic", "#1c1c1c"), 8)
    for k in range(6):
        cup(kit, (x - 0.28 + 0.11 * k, y + 0.05, z + 0.51), "#ece7da", False)


def _cakes(kit: Kit, rng: Rng, x: float, y: float, z: float) -> None:
    """A cake on a stand and a plate of buns."""
    white = paint("ceramic", "#ece7dc")
    spin(
        kit,
        [(0.0, 0), (0.08, 0), (0.075, 0.012), (0.02, 0.03), (0.018, 0.1), (0.15, 0.115), (0.155, 0.125), (0.0, 0.12)],
        white,
        (x, y, z),
        28,
    )
    icing = paint("ceramic", str(rng.choice(["#6b4028", "#e8d7c0", "#c98a8f"])))
    spin(
        kit,
        [(0.0, 0.122), (0.115, 0.122), (0.118, 0.13), (0.116, 0.2), (0.106, 0.21), (0.0, 0.212)],
        icing,
        (x, y, z),
        28,
    )
    spin(kit, [(0.0, 0), (0.09, 0.0), (0.13, 0.016), (0.0, 0.01)], white, (x + 0.36, y, z), 28)
    for k in range(5):
        a = k * 2 * np.pi / 4
        r = 0.065 if k < 4 else 0.0
        bun = cushion(
            (0.085, 0.085, 0.05),
            paint("plaster", "#b0763c"),
            (x + 0.36 + r * np.cos(a), y + r * np.sin(a), z + (0.012 if k < 4 else 0.05)),
            0.01,
            2.5,
            6,
        )
        kit.mesh(bun)


def bar_shelves(look: Look, rng: Rng, length: float, height: float) -> Piece:
    """Back shelves of a bar: cupboards below, bottles, glasses and cups above; its back on the wall."""
    kit, d = Kit(), 0.42
    top = 0.92
    boards(kit, [-length / 2, -d / 2, 0.08], [length / 2, d / 2 - 0.02, top - 0.03], look.front)
    boards(
        kit, [-length / 2 + 0.02, -d / 2 + 0.02, 0], [length / 2 - 0.02, d / 2 - 0.06, 0.08], paint("wood", "#2b2622")
    )
    boards(kit, [-length / 2 - 0.01, -d / 2, top - 0.03], [length / 2 + 0.01, d / 2 + 0.01, top], look.wood, 0.005)
    n = max(2, round(length / 0.5))
    xs = np.linspace(-length / 2, length / 2, n + 1)
    for k, (a, b) in enumerate(itertools.pairwise(xs)):
        front(
            kit,
            look,
            float(a),
            float(b),
            0.09,
            top - 0.035,
            d / 2 - 0.02,
            (float(b) - 0.05 if k % 2 == 0 else float(a) + 0.05, 0.6, True),
        )
    back = -d / 2
    boards(
        kit,
        [-length / 2, back, top],
        [length / 2, back + 0.02, min(2.25, height - 0.3)],
        look.dark if look.style != "modern" else look.wood,
    )
    for z in (1.32, 1.66, 2.0):
        if z > height - 0.5:
            continue
        boards(kit, [-length / 2, back + 0.02, z], [length / 2, back + 0.24, z + 0.026], look.wood, 0.003)
        x = -length / 2 + 0.07
        while x < length / 2 - 0.06:
            if z < 1.5 and rng.random() < 0.6:
                cup(kit, (x, back + 0.13, z + 0.0265), str(rng.choice(["#ece7da", look.accents[0]])), False)
                x += 0.11
            else:
                bottle(
                    kit,
                    (x, back + 0.12, z + 0.0265),
                    GLASSES[int(rng.integers(len(GLASSES)))],
                    float(rng.uniform(0.23, 0.31)),
                )
                x += float(rng.uniform(0.085, 0.13))
    return Piece(kit.build(), top=2.25)


def menu_board(look: Look, rng: Rng, width: float = 1.3, height: float = 0.8) -> Piece:
    """A slate with lines of chalk, its back on the wall y = 0."""
    kit, w, h = Kit(), width / 2, height / 2
    boards(kit, [-w, 0, -h], [w, 0.03, h], look.wood, 0.006)
    kit.panel(-w + 0.04, w - 0.04, -h + 0.04, h - 0.04, 0.0312, paint("slate", "#22272a"))
    chalk = paint("paper", "#dcdcd4")
    strokes: list[F64] = []
    for column in (-1, 1):
        z = h - 0.2
        while z > -h + 0.1:
            x = column * w / 2 - 0.38 * w + 0.04
            for _ in range(int(rng.integers(2, 5))):
                long = float(rng.uniform(0.03, 0.1))
                x1 = min(x + long, column * w / 2 + 0.36 * w)
                strokes.append(
                    np.array([[x1, 0.0318, z], [x, 0.0318, z], [x, 0.0318, z + 0.016], [x1, 0.0318, z + 0.016]])
                )
                x = x1 + 0.02
            z -= 0.075
    strokes.append(
        np.array(
            [[0.24, 0.0318, h - 0.13], [-0.24, 0.0318, h - 0.13], [-0.24, 0.0318, h - 0.085], [0.24, 0.0318, h - 0.085]]
        )
    )
    kit.quads(np.stack(strokes), chalk)
    return Piece(kit.build())
