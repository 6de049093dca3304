"""What stands in the middle of a square: a fountain, a monument or a great tree. Each at the origin on z = 0."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from worldgen.kit import ALL_SIDES, Kit, placed
from worldgen.material import make
from worldgen.sets.palette import Rng, tint
from worldgen.sets.tree import tree

PIECES: Final = ("fountain", "monument", "tree", "none")
"""The words for it."""
RADIUS: Final = {"fountain": 2.75, "monument": 2.3, "tree": 1.55, "none": 0.0}
"""How far each reaches, metres."""
STEP: Final = 0.14
"""Height of a step around it."""


def steps(piece: str) -> tuple[tuple[float, float], ...]:
    """Radius and height of what one can stand on around it, from the outside in."""
    if piece == "fountain":
        return ((2.75, STEP), (2.35, 2 * STEP))
    if piece == "monument":
        return ((2.3, STEP), (1.85, 2 * STEP), (1.4, 3 * STEP))
    return ()


def seats(piece: str) -> tuple[tuple[float, float, float], ...]:
    """x, y and height of places to sit on it, at its eight sides, facing outwards."""
    radius, height = {"fountain": (1.78, 2 * STEP + 0.5), "tree": (1.3, 0.46)}.get(piece, (0.0, 0.0))
    if not radius:
        return ()
    turn = np.arange(8) * np.pi / 4
    return tuple((float(radius * np.cos(a)), float(radius * np.sin(a)), height) for a in turn)


def centrepiece(kit: Kit, rng: Rng, piece: str) -> None:
    """Build ``piece``, one of ``PIECES`` but "none"."""
    {"fountain": _fountain, "monument": _monument, "tree": _tree}[piece](kit, rng)


def _rounds(kit: Kit, piece: str, sides: int) -> float:
    stone = tint("stone", "#a89d88")
    z = 0.0
    for radius, top in steps(piece):
        kit.turned([(radius, z), (radius, top - 0.02), (radius - 0.02, top), (radius - 0.7, top)], stone, sides=sides)
        z = top
    return z


def _fountain(kit: Kit, rng: Rng) -> None:
    z = _rounds(kit, "fountain", 32)
    stone, water = tint("stone", "#b8ad97"), make("water")
    rim = [(1.95, 0), (1.95, 0.07), (1.84, 0.1), (1.8, 0.16), (1.8, 0.38), (1.93, 0.43), (1.93, 0.5), (1.62, 0.5),
           (1.6, 0.1)]  # fmt: skip
    kit.turned([(r, z + h) for r, h in rim], stone, sides=32)
    kit.turned([(1.62, z + 0.36), (0.0, z + 0.36)], water, sides=32)
    shaft = [(0.5, 0.1), (0.5, 0.5), (0.32, 0.6), (0.22, 0.95), (0.26, 1.3), (0.36, 1.36), (0.95, 1.6), (1.02, 1.7),
             (0.93, 1.72), (0.86, 1.62)]  # fmt: skip
    kit.turned([(r, z + h) for r, h in shaft], stone, sides=28)
    kit.turned([(0.9, z + 1.67), (0.0, z + 1.67)], water, sides=28)
    top = [(0.18, 1.6), (0.14, 2.0), (0.2, 2.06), (0.42, 2.2), (0.46, 2.27), (0.4, 2.28), (0.1, 2.24), (0.09, 2.4),
           (0.14, 2.48), (0.06, 2.56), (0.0, 2.66)]  # fmt: skip
    kit.turned([(r, z + h) for r, h in top], stone, sides=20)
    # Jets that fall from the upper bowls: thin bent threads of water, and the foam where they meet the basin.
    foam, falling = tint("ceramic", "#d9e2e4"), tint("water", "#aebdc2")  # thin water is lit through, and not dark
    for count, start, high, fall, reach in ((8, 1.0, 1.7, 0.36, 0.34), (6, 0.45, 2.28, 1.67, 0.26)):
        for k in range(count):
            a = 2 * np.pi * (k + 0.5 * (count == 6)) / count + float(rng.uniform(-0.05, 0.05))
            t = np.linspace(0, 1, 9)
            r, h = start + reach * t, z + high + 0.04 * t - (high + 0.04 - fall) * t**2
            path = np.stack([r * np.cos(a), r * np.sin(a), h], axis=1)
            kit.tube(path, np.linspace(0.012, 0.022, 9), falling, 5)
            at = (float(path[-1, 0]), float(path[-1, 1]), z + fall)
            kit.turned([(0.09, 0.002), (0.05, 0.022), (0.0, 0.03)], foam, at, 8)


def _figure(kit: Kit, z: float) -> None:
    """A robed figure of bronze, 2.2 m tall, that raises an arm."""
    bronze = tint("metal", "#5d6a52")
    a = np.linspace(0, 2 * np.pi, 41)
    profile = [(0.40, 0.0), (0.36, 0.25), (0.30, 0.7), (0.25, 1.1), (0.22, 1.32), (0.27, 1.55), (0.26, 1.74),
               (0.13, 1.84), (0.075, 1.88), (0.07, 1.93)]  # fmt: skip
    rings = []
    for r, h in profile:
        fold = 1 + 0.09 * np.sin(9 * a + 2 * h) * np.clip(1.3 - h, 0, 1)
        rings.append(np.stack([r * fold * np.cos(a), 0.74 * r * fold * np.sin(a), np.full(41, z + h)], axis=1))
    ring = np.stack(rings)
    quads = np.stack([ring[:-1, :-1], ring[:-1, 1:], ring[1:, 1:], ring[1:, :-1]], axis=2).reshape(-1, 4, 3)
    kit.quads(quads, bronze)
    head = [(0.05, 1.9), (0.095, 1.96), (0.115, 2.05), (0.11, 2.14), (0.07, 2.2), (0.0, 2.22)]
    kit.turned([(r, z + h) for r, h in head], bronze, sides=14)
    right = np.array([[0.24, 0, 1.7], [0.42, 0.1, 1.62], [0.5, 0.22, 1.9], [0.53, 0.28, 2.12]])
    left = np.array([[-0.24, 0, 1.7], [-0.36, 0.06, 1.4], [-0.24, 0.27, 1.26], [-0.08, 0.33, 1.3]])
    for arm in (right, left):
        kit.tube(arm + np.array([0, 0, z]), [0.085, 0.07, 0.055, 0.04], bronze, 9)
    low, high = [[-0.16, 0.27, z + 1.2]], [[0.08, 0.42, z + 1.5]]
    kit.boxes(low, high, bronze, ALL_SIDES)


def _monument(kit: Kit, rng: Rng) -> None:
    z = _rounds(kit, "monument", 8)
    stone, dark = tint("stone", "#b5aa94"), tint("marble", "#6e6a64")
    blocks = ((0.95, 0.0, 0.35), (0.82, 0.35, 0.5), (0.7, 0.5, 1.75), (0.8, 1.75, 1.87), (0.74, 1.87, 2.02))
    kit.boxes([[-h, -h, z + a] for h, a, _ in blocks], [[h, h, z + b] for h, _, b in blocks], stone, ALL_SIDES)
    for k in range(4):
        sub = Kit()
        sub.boxes([[-0.45, 0.69, z + 0.75]], [[0.45, 0.715, z + 1.5]], dark, ("-x", "+x", "+y", "-z", "+z"))
        rows = np.arange(0.88, 1.45, 0.12)
        wide = rng.uniform(0.2, 0.36, len(rows))
        e = np.ones(len(rows))
        low, high = np.stack([-wide, 0.7 * e, z + rows], 1), np.stack([wide, 0.72 * e, z + rows + 0.035], 1)
        sub.boxes(low, high, tint("metal", "#b9924a"), ("+y", "+z", "-z"))
        kit.mesh(sub.build(), placed(0, 0, 0, k * np.pi / 2))
    _figure(kit, z + 2.02)


def _tree(kit: Kit, rng: Rng) -> None:
    """A great tree with a bench around it."""
    tree(kit, rng, 8.2)
    kit.turned([(0.75, 0.0), (0.6, 0.03), (0.0, 0.06)], make("soil"), sides=20)
    wood, iron = tint("wood", "#7a5b3b"), make("iron")
    a = np.arange(9) * np.pi / 4 + np.pi / 8
    corner = np.stack([np.cos(a), np.sin(a)], axis=1)

    def ring(r: float, z: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.concatenate([corner * r / np.cos(np.pi / 8), np.full((9, 1), z)], axis=1)

    for r in (1.05, 1.17, 1.29, 1.41):
        section = [(r, 0.43), (r, 0.46), (r + 0.1, 0.46), (r + 0.1, 0.43), (r, 0.43)]
        for inner, outer in pairwise(section):
            p, q = ring(*inner), ring(*outer)
            kit.quads(np.stack([p[:-1], q[:-1], q[1:], p[1:]], axis=1), wood)
    for z in (0.62, 0.76):
        p, q = ring(1.0, z), ring(0.96, z + 0.1)
        kit.quads(np.stack([p[:-1], p[1:], q[1:], q[:-1]], axis=1), wood)
        kit.quads(np.stack([q[:-1], q[1:], p[1:], p[:-1]], axis=1), wood)
    for x, y, _ in ring(1.0, 0.0)[:-1]:
        kit.tube([[x, y, 0], [x, y, 0.45], [x * 0.97, y * 0.97, 0.88]], 0.02, iron, 6)
        kit.tube([[x, y, 0.42], [x * 1.45, y * 1.45, 0.42], [x * 1.45, y * 1.45, 0]], 0.018, iron, 6)
