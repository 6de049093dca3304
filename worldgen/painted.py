"""What the recipes of detail textures have in common: the painted tile, and small tools to paint it with.

Everything is (S, S) or (S, S, 3) float32 with row 0 at the top; both axes wrap around.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from worldgen.conventions import F32, I32
from worldgen.noise import SIZE, Cells, blurred, noise, smooth

Rng = np.random.Generator


@dataclass(frozen=True)
class Painted:
    """A tile as a recipe leaves it.

    detail: (S, S, 3) multipliers for the base colour, of any mean. size_m: edge of the tile. height: (S, S) metres of
    any mean, or None. roughness: (S, S) added to the material's, or None. opacity: (S, S) 0 where there is a hole to 1,
    or None for what has none.
    """

    detail: F32
    size_m: float
    height: F32 | None = None
    roughness: F32 | None = None
    opacity: F32 | None = None


Recipe = Callable[[Rng], Painted]


def tile_xy() -> tuple[F32, F32]:
    """(S, S) right and down, 0-1 across the tile."""
    at = (np.arange(SIZE, dtype=np.float32) + 0.5) / SIZE
    return np.tile(at, (SIZE, 1)), np.repeat(at[:, None], SIZE, axis=1)


def each(rng: Rng, index: I32, deviation: float = 1.0) -> F32:
    """(S, S) one normal random number a piece."""
    return rng.normal(0.0, deviation, int(index.max()) + 1).astype(np.float32)[index]


def tilted(rng: Rng, cells: Cells, slope_m: float) -> F32:
    """(S, S) metres: no piece lies quite level; ``slope_m`` is the deviation from edge to edge."""
    right, down = each(rng, cells.index, slope_m), each(rng, cells.index, slope_m)
    return right * (np.clip(cells.along, 0, 1) - 0.5) + down * (np.clip(cells.down, 0, 1) - 0.5)


def rgb(gray: F32) -> F32:
    """(S, S, 3) grey."""
    return np.repeat(gray[..., None], 3, axis=2)


def tint(rng: Rng, index: I32, light: float, hue: float = 0.0) -> F32:
    """(S, S, 3) one random factor a piece: ``light`` and ``hue`` are deviations of brightness and of warmth."""
    count = int(index.max()) + 1
    value = rng.normal(0.0, light, count)[:, None] + rng.normal(0.0, hue, count)[:, None] * [1.0, 0.1, -1.0]
    return np.exp(value).astype(np.float32)[index]


def relief(height: F32, strength: float) -> F32:
    """Factor 1 ± ``strength`` where a surface of that height (in pixels) faces up or down."""
    slope = np.roll(height, -1, 0) - np.roll(height, 1, 0)
    return 1.0 + strength * np.tanh(slope)


def grain(rng: Rng, amount: float, low: float = 20.0, high: float = 200.0, beta: float = 0.4) -> F32:
    """(S, S) factors about 1."""
    return np.exp(amount * noise(rng, low, high, beta))


def mix(a: F32, b: F32 | float, weight: F32) -> F32:
    """``a`` where the weight is 0, ``b`` where it is 1."""
    w = weight[..., None] if weight.ndim == 2 else weight
    return a * (1.0 - w) + b * w


def masonry(
    rng: Rng, cells: Cells, joint_m: float, soft_m: float, tint: F32, mortar: tuple[float, float, float], shade: float
) -> tuple[F32, F32]:
    """Pieces of colour ``tint`` between joints of colour ``mortar``; the border is ``soft_m`` wide and rounded.

    Returns (S, S, 3) the colours, and (S, S) 0 in the joints to 1 on the faces.
    """
    face = smooth(joint_m / 2, joint_m / 2 + soft_m, cells.edge)
    cavity = 1.0 - 0.45 * np.exp(-np.maximum(cells.edge - joint_m / 2, 0) / soft_m)
    joint = np.array(mortar, np.float32) * rgb(grain(rng, 0.12))
    colour = mix(joint, tint * rgb(cavity.astype(np.float32)), face)
    return colour * rgb(relief(blurred(face, 1.0) * 3.0, shade)), face
