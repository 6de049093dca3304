"""What belongs to the street itself: lamps, bunting, cables, a fountain."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import F64
from worldgen.kit import Kit
from worldgen.material import make
from worldgen.sets.palette import Rng, tint


def lamp_post(kit: Kit, lit: bool) -> tuple[float, float, float]:
    """A cast-iron post with a glazed lantern at the origin; returns where its light sits."""
    iron = tint("painted-metal", "#23302b")
    kit.turned(
        [
            (0.17, 0),
            (0.17, 0.06),
            (0.14, 0.1),
            (0.13, 0.3),
            (0.09, 0.42),
            (0.075, 0.7),
            (0.095, 0.74),
            (0.095, 0.8),
            (0.06, 0.86),
            (0.05, 1.6),
            (0.04, 2.95),
            (0.065, 3.0),
            (0.065, 3.06),
            (0.03, 3.12),
            (0.03, 3.2),
            (0.11, 3.3),
            (0.12, 3.33),
        ],
        iron,
        sides=12,
    )
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


def catenary(a: F64, b: F64, sag: float, steps: int = 24) -> F64:
    """Points ``(steps + 1, 3)`` of a cable from a to b that hangs ``sag`` metres (a parabola)."""
    t = np.linspace(0, 1, steps + 1)[:, None]
    return a + (b - a) * t - [0, 0, sag] * (4 * t * (1 - t))


def bunting(kit: Kit, rng: Rng, a: F64, b: F64) -> None:
    """A string of small pennants between two walls."""
    line = catenary(a, b, rng.uniform(0.35, 0.6))
    kit.tube(line, 0.006, make("iron"), 3)
    colours = ("#b8403a", "#e8dfc8", "#3f6a78", "#d2a03f", "#5c7a4a")
    along = (b - a) / np.linalg.norm(b - a)
    for k in range(1, len(line) - 1):
        p, w = line[k], along * 0.11
        swing = np.array([0.0, rng.normal(0, 0.06), -0.27])
        kit.quads([[p - w, p + w, p + swing, p + swing]], tint("cloth", colours[k % len(colours)]))


def cable(kit: Kit, rng: Rng, a: F64, b: F64) -> None:
    """A plain wire between two walls."""
    kit.tube(catenary(a, b, rng.uniform(0.2, 0.5)), 0.009, make("iron"), 4)


def fountain(kit: Kit) -> None:
    """An eight-sided stone basin with a column, an upper bowl and still water, 3.4 m across."""
    stone = tint("stone", "#b3a892")
    kit.turned(
        [
            (1.9, 0),
            (1.9, 0.14),
            (1.66, 0.14),
            (1.6, 0.2),
            (1.6, 0.56),
            (1.7, 0.6),
            (1.7, 0.68),
            (1.42, 0.68),
            (1.4, 0.3),
        ],
        stone,
        sides=24,
    )
    kit.turned([(1.45, 0.56), (0.0, 0.56)], make("water"), sides=24)
    kit.turned(
        [
            (0.42, 0.3),
            (0.42, 0.7),
            (0.24, 0.8),
            (0.18, 1.1),
            (0.2, 1.5),
            (0.3, 1.56),
            (0.7, 1.72),
            (0.74, 1.8),
            (0.66, 1.82),
            (0.6, 1.74),
        ],
        stone,
        sides=20,
    )
    kit.turned([(0.64, 1.78), (0.0, 1.78)], make("water"), sides=20)
    kit.turned(
        [(0.12, 1.7), (0.1, 2.1), (0.2, 2.2), (0.16, 2.35), (0.06, 2.45), (0.1, 2.55), (0.0, 2.68)], stone, sides=12
    )
