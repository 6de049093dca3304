"""Furniture and goods of the pavement. Each piece stands at the origin on z = 0, its back to -Y."""

from __future__ import annotations

import numpy as np

from worldgen.kit import ALL_SIDES, Kit, placed
from worldgen.material import Material, make
from worldgen.sets.ornament import leaves
from worldgen.sets.palette import Rng, tint


def planter(kit: Kit, rng: Rng, pot: bool) -> None:
    """A terracotta pot or a wooden tub with a bush or flowers."""
    if pot:
        r, h = rng.uniform(0.17, 0.24), rng.uniform(0.32, 0.44)
        kit.turned(
            [
                (r * 0.7, 0),
                (r * 0.95, h - 0.07),
                (r * 1.1, h - 0.07),
                (r * 1.1, h),
                (r * 0.95, h),
                (r * 0.93, h - 0.04),
            ],
            tint("ceramic", "#a9633f"),
            sides=14,
        )
    else:
        r, h = 0.26, 0.5
        wood = tint("planks", "#6b5238")
        kit.boxes([[-r, -r, 0.03]], [[r, r, h]], wood)
        legs = np.array([[x, y, 0.0] for x in (-r, r) for y in (-r, r)])
        kit.boxes(legs - np.array([0.03, 0.03, 0]), legs + np.array([0.03, 0.03, h + 0.06]), wood)
    kit.boxes([[-r * 0.7, -r * 0.7, h - 0.1]], [[r * 0.7, r * 0.7, h - 0.04]], make("soil"), ("+z",))
    tall = float(rng.uniform(0.12, 0.5))
    n = 9
    centres = np.stack([rng.normal(0, r * 0.4, n), rng.normal(0, r * 0.4, n), h + 0.06 + tall * rng.random(n)], axis=1)
    kit.quads(
        leaves(rng, centres, 15, (0.15, 0.15, 0.14), 0.06),
        tint("foliage", str(rng.choice(["#4d6a2a", "#40592c", "#6b7a3a"]))),
    )
    if rng.random() < 0.6:
        colour = str(rng.choice(["#c43b4b", "#e0d8cc", "#d58a34", "#9a5aa8"]))
        kit.quads(leaves(rng, centres + np.array([0, 0, 0.1]), 6, (0.18, 0.18, 0.12), 0.035), tint("flower", colour))


def barrel(kit: Kit, at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> None:
    """An oak barrel with iron hoops."""
    a = np.linspace(-1, 1, 9)
    profile = np.stack([0.24 + 0.07 * (1 - a**2), 0.44 * (a + 1)], axis=1)
    kit.turned([*profile.tolist(), (0.22, 0.88), (0.22, 0.84), (0.0, 0.84)], tint("planks", "#7a5a38"), at, 16)
    for z in (0.12, 0.3, 0.58, 0.76):
        r = 0.245 + 0.07 * (1 - (z / 0.44 - 1) ** 2)
        kit.turned([(r, z - 0.02), (r + 0.003, z - 0.02), (r + 0.003, z + 0.02), (r, z + 0.02)], make("iron"), at, 16)


def crate(kit: Kit, rng: Rng, x: float, y: float, z: float, turn: float, goods: bool) -> None:
    """A slatted crate 0.5 x 0.34 x 0.28 m, empty or heaped with fruit."""
    wood = tint("planks", str(rng.choice(["#a58658", "#8d6f47", "#b4986b"])))
    w, d, h, t = 0.25, 0.17, 0.28, 0.012
    low, high = [], []
    for k in range(3):
        z0 = 0.015 + k * 0.092
        for s in (-1, 1):
            low += [[-w, s * d - t / 2, z0], [s * w - t / 2, -d, z0]]
            high += [[w, s * d + t / 2, z0 + 0.075], [s * w + t / 2, d, z0 + 0.075]]
    for sx in (-1, 1):
        for sy in (-1, 1):
            low.append([sx * (w - 0.025) - 0.02, sy * (d - 0.025) - 0.02, 0])
            high.append([sx * (w - 0.025) + 0.02, sy * (d - 0.025) + 0.02, h])
    low.append([-w, -d, 0.02])
    high.append([w, d, 0.035])
    sub = Kit()
    sub.boxes(low, high, wood, ALL_SIDES)
    if goods:
        fruit = tint("plastic", str(rng.choice(["#c0392b", "#d98e2b", "#7f9a3a", "#d6b53c", "#6a3d5c"])))
        for px in np.arange(-0.2, 0.21, 0.08):
            for py in np.arange(-0.12, 0.13, 0.08):
                r = 0.043
                heap = 0.24 + 0.05 * (1 - (px / 0.25) ** 2) * (1 - (py / 0.17) ** 2) + rng.uniform(-0.01, 0.01)
                sub.turned([(r, -0.3 * r), (0.75 * r, 0.65 * r), (0, r)], fruit, (px, py, heap), 6)
    kit.mesh(sub.build(), placed(x, y, z, turn))


def bench(kit: Kit) -> None:
    """A slatted bench 1.5 m long with cast-iron ends, facing +Y."""
    wood, iron = tint("wood", "#6d5236"), make("iron")
    y = np.array([-0.02, 0.09, 0.2, 0.31])
    e = np.ones(4)
    kit.boxes(np.stack([-0.75 * e, y, 0.43 * e], 1), np.stack([0.75 * e, y + 0.085, 0.46 * e], 1), wood, ALL_SIDES)
    for z, back in ((0.56, -0.075), (0.68, -0.1), (0.8, -0.125)):
        kit.boxes([[-0.75, back - 0.02, z]], [[0.75, back + 0.01, z + 0.09]], wood, ALL_SIDES)
    for x in (-0.62, 0.62):
        kit.tube(
            [[x, 0.36, 0], [x, 0.34, 0.25], [x, 0.38, 0.43], [x, -0.04, 0.42], [x, -0.12, 0.62], [x, -0.16, 0.88]],
            0.022,
            iron,
            6,
        )
        kit.tube([[x, -0.14, 0], [x, -0.04, 0.42]], 0.022, iron, 6)
        kit.tube([[x, 0.38, 0.43], [x, 0.36, 0.64], [x, 0.0, 0.66], [x, -0.12, 0.66]], 0.016, iron, 6)


def chair(kit: Kit, x: float, y: float, turn: float, paint: Material) -> None:
    """A bistro chair."""
    sub = Kit()
    for s in (-1.0, 1.0):
        sub.tube([[s * 0.19, 0.19, 0], [s * 0.17, 0.17, 0.45]], 0.011, paint, 5)
        sub.tube([[s * 0.2, -0.22, 0], [s * 0.17, -0.17, 0.45], [s * 0.16, -0.22, 0.86]], 0.011, paint, 5)
    sub.boxes(
        [[-0.19, -0.19, 0.445], [-0.16, -0.225, 0.62], [-0.16, -0.235, 0.78]],
        [[0.19, 0.19, 0.465], [0.16, -0.205, 0.68], [0.16, -0.215, 0.86]],
        tint("wood", "#8a6a45"),
        ALL_SIDES,
    )
    kit.mesh(sub.build(), placed(x, y, 0, turn))


def cafe_table(kit: Kit, rng: Rng) -> None:
    """A round table with two chairs, cups and a bottle, within 1.5 x 0.75 m."""
    iron = tint("painted-metal", str(rng.choice(["#2f4a3c", "#7a2a25", "#26323d"])))
    kit.turned([(0.2, 0), (0.19, 0.03), (0.03, 0.07), (0.025, 0.69), (0.06, 0.71)], iron, sides=12)
    kit.turned([(0.0, 0.71), (0.32, 0.71), (0.33, 0.725), (0.32, 0.74), (0.0, 0.74)], make("marble"), sides=24)
    for s in (-1.0, 1.0):
        chair(kit, s * 0.55, rng.uniform(-0.06, 0.06), s * (np.pi / 2 + rng.uniform(-0.25, 0.25)), iron)
        kit.turned([(0.02, 0.74), (0.035, 0.8), (0.03, 0.8), (0.0, 0.76)], make("ceramic"), (s * 0.16, 0.06, 0), 8)
    if rng.random() < 0.6:
        kit.turned(
            [(0.035, 0.74), (0.036, 0.92), (0.014, 0.98), (0.014, 1.04), (0.0, 1.04)],
            tint("glass", "#2f4a2c"),
            (0.02, -0.1, 0),
            10,
        )


def bin_(kit: Kit) -> None:
    """A litter bin of painted metal on a post."""
    paint = tint("painted-metal", "#2b3a36")
    kit.turned(
        [(0.16, 0.12), (0.2, 0.16), (0.22, 0.72), (0.235, 0.74), (0.235, 0.77), (0.2, 0.77), (0.19, 0.6), (0.0, 0.6)],
        paint,
        sides=14,
    )
    kit.turned([(0.14, 0.0), (0.14, 0.03), (0.05, 0.05), (0.05, 0.13)], make("iron"), sides=10)


def bollard(kit: Kit, at: tuple[float, float, float]) -> None:
    """A cast-iron bollard 0.9 m tall."""
    kit.turned(
        [
            (0.1, 0),
            (0.1, 0.06),
            (0.075, 0.1),
            (0.06, 0.66),
            (0.085, 0.68),
            (0.085, 0.72),
            (0.05, 0.75),
            (0.075, 0.82),
            (0.05, 0.89),
            (0.0, 0.91),
        ],
        tint("painted-metal", "#23292a"),
        at,
        10,
    )


def a_board(kit: Kit, rng: Rng) -> None:
    """A folding board with a chalked menu."""
    slate, wood = tint("slate", "#2b2f2e"), tint("wood", "#7a5b3b")
    for s in (-1.0, 1.0):
        sub = Kit()
        sub.boxes([[-0.28, -0.012, 0.0]], [[0.28, 0.012, 0.95]], wood, ALL_SIDES)
        sub.boxes([[-0.24, 0.0, 0.2]], [[0.24, 0.015, 0.9]], slate, ("+y",))
        z = np.arange(0.3, 0.8, 0.08)
        wide = rng.uniform(0.08, 0.2, len(z))
        e = np.ones(len(z))
        sub.boxes(np.stack([-wide, 0 * e, z], 1), np.stack([wide, 0.017 * e, z + 0.022], 1), make("paper"), ("+y",))
        lean = np.eye(4)
        c, t = np.cos(0.2), np.sin(0.2)
        lean[1:3, 1:3] = [[c, -t], [t, c]]
        kit.mesh(sub.build(), placed(0, 0, 0, 0 if s > 0 else np.pi) @ placed(0, 0.2) @ lean)
