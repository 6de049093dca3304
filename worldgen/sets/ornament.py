"""Small things on houses: balconies, flower boxes, hanging signs."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import F64
from worldgen.kit import ALL_SIDES, Kit
from worldgen.material import Material, make
from worldgen.sets.palette import Rng, tint


def leaves(rng: Rng, centres: F64, count: int, spread: tuple[float, float, float], size: float) -> F64:
    """``(len(centres) * count, 4, 3)`` leaf quads around each centre, turned at random, mostly facing up and out."""
    n = len(centres) * count
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    offset = direction * (rng.uniform(0.25, 1.0, (n, 1)) ** 0.5) * np.array(spread)
    at = np.repeat(centres, count, axis=0) + offset
    normal = direction + rng.normal(0, 0.45, (n, 3)) + [0, 0, 0.5]
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    side = np.cross(normal, rng.normal(size=(n, 3)))
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    up = np.cross(normal, side)
    s = size * rng.uniform(0.6, 1.35, (n, 1))
    # A leaf is a kite, longer than wide.
    return np.stack([at - up * s, at + side * s * 0.62, at + up * s, at - side * s * 0.62], axis=1)


def flower_box(kit: Kit, rng: Rng, x0: float, x1: float, z: float) -> None:
    """A box of geraniums on a sill at height ``z``."""
    kit.boxes([[x0, 0.03, z]], [[x1, 0.2, z + 0.16]], tint("planks", "#6b4a33"), ("-x", "+x", "-y", "+y", "-z", "+z"))
    n = max(3, round((x1 - x0) / 0.2))
    centres = np.stack([np.linspace(x0 + 0.08, x1 - 0.08, n), np.full(n, 0.13), np.full(n, z + 0.2)], axis=1)
    kit.quads(leaves(rng, centres, 7, (0.13, 0.12, 0.12), 0.05), make("foliage"))
    colour = str(rng.choice(["#c22f3d", "#d65a72", "#e6e0d6", "#c9476b", "#d98a2b"]))
    kit.quads(leaves(rng, centres + np.array([0, 0.03, 0.07]), 4, (0.13, 0.1, 0.09), 0.035), tint("flower", colour))


def balcony(kit: Kit, rng: Rng, x: float, z: float, stone: Material) -> None:
    """A stone slab with a wrought-iron railing around it, centred at ``x``, its floor at ``z``."""
    half, out, tall = 0.95, 0.75, 0.98
    kit.boxes(
        [[x - half, -0.01, z - 0.14], [x - half + 0.05, -0.01, z - 0.2]],
        [[x + half, out, z], [x + half - 0.05, out - 0.06, z - 0.14]],
        stone,
        ("-x", "+x", "+y", "-z", "+z"),
    )
    for s in (-1, 1):
        kit.boxes(
            [[x + s * 0.7 - 0.07, 0, z - 0.5]], [[x + s * 0.7 + 0.07, 0.3, z - 0.2]], stone, ("-x", "+x", "+y", "-z")
        )
    iron = make("iron")
    a, b, e = x - half + 0.04, x + half - 0.04, out - 0.05
    for h in (0.1, tall):
        kit.tube([[a, 0, z + h], [a, e, z + h]], 0.018, iron, 5)
        kit.tube([[b, 0, z + h], [b, e, z + h]], 0.018, iron, 5)
        kit.tube([[a, e, z + h], [b, e, z + h]], 0.018, iron, 5)
    px = np.concatenate([np.linspace(a, b, 17), np.full(6, a), np.full(6, b)])
    py = np.concatenate([np.full(17, e), np.linspace(0.06, e, 7)[:-1], np.linspace(0.06, e, 7)[:-1]])
    foot = np.stack([px, py, np.full(len(px), z + 0.1)], axis=1)
    kit.boxes(
        foot - np.array([0.008, 0.008, 0]), foot + np.array([0.008, 0.008, tall - 0.1]), iron, ("-x", "+x", "-y", "+y")
    )
    if rng.random() < 0.7:
        n = 7
        pots = np.stack([np.linspace(a + 0.1, b - 0.1, n), np.full(n, e - 0.02), np.full(n, z + tall - 0.12)], axis=1)
        kit.quads(leaves(rng, pots, 9, (0.16, 0.13, 0.16), 0.055), make("foliage"))
        kit.quads(leaves(rng, pots + np.array([0, 0.05, 0.04]), 4, (0.15, 0.1, 0.14), 0.04), tint("flower", "#cf3f55"))


def hanging_sign(kit: Kit, rng: Rng, x: float, z: float, colour: str) -> None:
    """A painted board on an iron bracket that stands out from the wall: square, round or long."""
    iron, board, gilt = make("iron"), tint("wood", colour), tint("metal", "#b9924a")
    out = rng.uniform(0.62, 0.82)
    kit.tube([[x, 0, z + 0.3], [x, out, z + 0.3]], 0.013, iron, 6)
    bend = np.linspace(0, np.pi / 2, 7)
    kit.tube(np.stack([np.full(7, x), 0.6 * out * np.sin(bend), z + 0.3 + 0.26 * np.cos(bend)], axis=1), 0.009, iron, 5)
    middle, form = out * 0.58, int(rng.integers(3))
    kit.boxes([[x - 0.006, middle - 0.006, z + 0.1]], [[x + 0.006, middle + 0.006, z + 0.3]], iron)
    if form == 0:
        a = np.linspace(0, 2 * np.pi, 21)
        ring = np.stack([np.full(21, x), middle + 0.24 * np.cos(a), z - 0.12 + 0.24 * np.sin(a)], axis=1)
        kit.tube(ring, 0.022, gilt, 6)
        for s in (-1.0, 1.0):
            hub = np.broadcast_to([x + s * 0.016, middle, z - 0.12], (20, 3))
            rim = ring + np.array([s * 0.012, 0, 0])
            fan = np.stack([hub, rim[:-1], rim[1:], rim[1:]], axis=1)
            kit.quads(fan if s > 0 else fan[:, [0, 2, 1, 1]], board)
        w, h = 0.11, 0.05
    else:
        w, h = (0.24, 0.19) if form == 1 else (0.16, 0.34)
        kit.boxes([[x - 0.018, middle - w, z + 0.1 - 2 * h]], [[x + 0.018, middle + w, z + 0.1]], board, ALL_SIDES)
        w, h = w * 0.7, h * 0.16
    rows = np.array([z - 0.08, z - 0.19])
    e = np.ones(2)
    wide = w * np.array([1.0, 0.6])
    kit.boxes(
        np.stack([e * x - 0.021, middle - wide, rows], 1),
        np.stack([e * x + 0.021, middle + wide, rows + h], 1),
        gilt,
        ("-x", "+x"),
    )
