"""The front garden of a village house: a low wall or a hedge along the street, a path to the door, beds and bushes."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import seed_from
from worldgen.kit import ALL_SIDES, NO_BOTTOM, Kit
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.sets.house import Plan
from worldgen.sets.ornament import leaves
from worldgen.sets.palette import Rng, tint


def garden(plan: Plan, deep: float, seed: int) -> Mesh:
    """In the frame of the lot: the street at y = 0, the house's front at y = -``deep``, the ground at z = 0."""
    rng = np.random.default_rng(seed_from("garden", seed))
    kit = Kit()
    w = plan.width
    gate0, gate1 = plan.door[0] - 0.1, plan.door[1] + 0.1
    lawn = tint("grass", str(rng.choice(["#5f7a38", "#6c7f3c", "#54702f"])))
    for a, b in ((0.0, gate0), (gate1, w)):
        if b > a:
            kit.boxes([[a, -deep, -0.3]], [[b, 0.0, 0.012]], lawn, ("+z", "+y", "-x", "+x"))
    kit.boxes([[gate0, -deep, -0.3]], [[gate1, 0.0, 0.014]], tint("paving", "#9d9482"), ("+z", "+y"))
    hedge = bool(rng.random() < 0.5)
    for a, b in ((0.12, gate0 - 0.05), (gate1 + 0.05, w - 0.12)):
        if b - a < 0.4:
            continue
        if hedge:
            _hedge(kit, rng, a, b)
        else:
            _wall(kit, rng, a, b)
        _bed(kit, rng, a, b, -deep + 0.35)
    post = tint("stone", "#a59a84") if not hedge else tint("wood", "#7a6144")
    for x in (gate0 - 0.1, gate1 + 0.1):
        kit.boxes([[x - 0.1, -0.3, -0.1]], [[x + 0.1, -0.08, 1.05]], post, NO_BOTTOM)
    return kit.build()


def _hedge(kit: Kit, rng: Rng, a: float, b: float) -> None:
    tall = float(rng.uniform(0.8, 1.15))
    colour = str(rng.choice(["#3f5a26", "#4a6a2e", "#36502a"]))
    kit.boxes([[a + 0.05, -0.42, 0.0]], [[b - 0.05, -0.12, tall - 0.07]], tint("foliage", "#2a3a1c"), NO_BOTTOM)
    x, z = np.meshgrid(np.arange(a + 0.08, b, 0.16), np.arange(0.08, tall, 0.15))
    middle = np.stack([x.ravel(), np.full(x.size, -0.27), z.ravel()], axis=1)
    kit.quads(leaves(rng, middle, 9, (0.1, 0.2, 0.1), 0.045), tint("foliage", colour))


def _wall(kit: Kit, rng: Rng, a: float, b: float) -> None:
    tall = float(rng.uniform(0.55, 0.85))
    kit.boxes([[a, -0.32, -0.1]], [[b, -0.06, tall]], tint("stone", "#a79b84"), NO_BOTTOM)
    kit.boxes([[a - 0.02, -0.35, tall]], [[b + 0.02, -0.03, tall + 0.07]], tint("stone", "#b8ad96"), ALL_SIDES)
    if rng.random() < 0.6:  # ivy over the wall
        n = max(2, int((b - a) / 0.5))
        at = np.stack([rng.uniform(a, b, n), np.full(n, -0.05), rng.uniform(0.2, tall, n)], axis=1)
        kit.quads(leaves(rng, at, 22, (0.25, 0.04, 0.2), 0.05), tint("foliage", "#4a6330"))


def _bed(kit: Kit, rng: Rng, a: float, b: float, y: float) -> None:
    """Flowers and bushes along the house."""
    kit.boxes([[a, y - 0.35, 0.0]], [[b, y + 0.2, 0.03]], make("soil"), ("+z", "+y", "-x", "+x"))
    x = a + 0.25
    while x < b - 0.2:
        r = float(rng.uniform(0.16, 0.34))
        middle = np.array([[x, y - 0.05, 0.1 + r * 0.8]]) + rng.normal(0, r * 0.35, (4, 3))
        green = tint("foliage", str(rng.choice(["#4d6a2a", "#5d7a31", "#6d8238", "#7a8a5a"])))
        kit.quads(leaves(rng, middle, 16, (r, r * 0.8, r * 0.8), 0.05), green)
        if rng.random() < 0.7:
            colour = str(rng.choice(["#c43b4b", "#e6d9e0", "#d58a34", "#8a5ab0", "#e0c840", "#d76a9a"]))
            tips = middle + np.array([0, 0.05, r * 0.5])
            kit.quads(leaves(rng, tips, 8, (r, r * 0.8, r * 0.5), 0.03), tint("flower", colour))
        x += 1.5 * r + float(rng.uniform(0.05, 0.3))
    if rng.random() < 0.25 and b - a > 2.2:  # a small tree by the fence
        at = np.array([(a + b) / 2, y + 1.0])
        kit.tube([[*at, 0.0], [*(at + 0.05), 1.2], [*(at - 0.04), 1.9]], [0.06, 0.045, 0.03], make("bark"), 7)
        crown = np.array([[*at, 2.2]]) + rng.normal(0, 0.3, (14, 3))
        kit.quads(leaves(rng, crown, 20, (0.3, 0.3, 0.28), 0.075), tint("foliage", "#5d7a31"))
