"""What stands in a street: lamps, trees, and the clutter of people who live there."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import seed_from
from worldgen.kit import Kit, placed
from worldgen.light import Lamp
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.sets.ground import KERB, pavement_width
from worldgen.sets.palette import Rng, Style, tint
from worldgen.sets.tree import grate, tree

WARM = (60.0, 38.0, 17.0)
"""Radiant intensity of a street lamp, about 2800 K."""


def lamp_post(kit: Kit, lit: bool) -> tuple[float, float, float]:
    """A cast-iron post with a glazed lantern at the origin; returns where its light sits."""
    iron = tint("painted-metal", "#23302b")
    kit.turned(
        [(0.17, 0), (0.17, 0.06), (0.14, 0.1), (0.13, 0.3), (0.09, 0.42), (0.075, 0.7), (0.095, 0.74), (0.095, 0.8), (0.06, 0.86),
         (0.05, 1.6), (0.04, 2.95), (0.065, 3.0), (0.065, 3.06), (0.03, 3.12), (0.03, 3.2), (0.11, 3.3), (0.12, 3.33)],
        iron, sides=12,
    )  # fmt: skip
    kit.tube([[-0.32, 0, 2.86], [0.32, 0, 2.86]], 0.016, iron, 6)
    glass = make("lamp-glow", (1.0, 0.72, 0.42)) if lit else tint("glass", "#b9b6a8")
    a = np.linspace(0, 2 * np.pi, 7)
    low, high = 0.13, 0.21
    ring = np.stack([np.cos(a), np.sin(a)], axis=1)
    bottom = np.concatenate([ring * low, np.full((7, 1), 3.34)], axis=1)
    top = np.concatenate([ring * high, np.full((7, 1), 3.78)], axis=1)
    kit.quads(np.stack([bottom[:-1], bottom[1:], top[1:], top[:-1]], axis=1), glass)
    for b, t in zip(bottom[:-1], top[:-1], strict=True):
        kit.tube([b, t], 0.014, iron, 4)
    kit.turned(
        [(0.24, 3.77), (0.25, 3.8), (0.12, 3.95), (0.09, 4.0), (0.1, 4.03), (0.02, 4.1), (0.03, 4.16), (0.0, 4.22)],
        iron,
        sides=12,
    )
    return (0.0, 0.0, 3.56)


def furnish(
    length: float, width: float, style: Style, seed: int, lamps_on: bool, name: str
) -> tuple[list[tuple[str, Mesh]], list[Lamp]]:
    """Meshes with their names below the street's, and the lamps."""
    things: list[tuple[str, Mesh]] = []
    lamps: list[Lamp] = []
    edge = width / 2 - pavement_width(width) + 0.42
    for k, y in enumerate(np.arange(4.0, length - 2.0, 11.0)):
        side = -1.0 if k % 2 else 1.0
        kit = Kit()
        at = lamp_post(kit, lamps_on)
        things.append((f"lamp-{k:02d}", kit.build(placed(side * edge, float(y), KERB))))
        if lamps_on:
            lamps.append(Lamp(f"{name}/lamp-{k:02d}", (side * edge, float(y), KERB + at[2]), WARM))
    for k, y in enumerate(np.arange(9.5, length - 4.0, 11.0)):
        rng = np.random.default_rng(seed_from("tree", seed, k))
        side = 1.0 if k % 2 else -1.0
        kit = Kit()
        tree(kit, rng, float(rng.uniform(5.0, 6.4)))
        grate(kit, 0.9)
        things.append(
            (f"tree-{k:02d}", kit.build(placed(side * (edge + 0.1), float(y), KERB, float(rng.uniform(0, 6)))))
        )
    return things, lamps


__all__ = ["Rng", "furnish", "lamp_post"]
