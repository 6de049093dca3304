"""What market stalls sell. Each builder fills the counter of a stall: in the stall's frame, between x = -half and half.

The counter slopes from (y = ``BACK``, z = ``HIGH``) down to the customer's side (y = ``FRONT``, z = ``LOW``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F64
from worldgen.kit import ALL_SIDES, Kit, placed
from worldgen.material import Material, make
from worldgen.mesh import Mesh
from worldgen.sets.ornament import leaves
from worldgen.sets.palette import Rng, tint

BACK: Final = 0.02
FRONT: Final = 0.86
HIGH: Final = 0.86
LOW: Final = 0.66
Builder = Callable[[Kit, Rng, float], None]


def slope(y: float) -> float:
    """Height of the counter at ``y``."""
    return HIGH + (LOW - HIGH) * (y - BACK) / (FRONT - BACK)


@lru_cache(maxsize=64)
def _ball(material: Material, squash: float = 1.0, sides: int = 6) -> Mesh:
    kit = Kit()
    a = np.linspace(-np.pi / 3, np.pi / 2, 4)
    kit.turned(np.stack([np.cos(a), squash * np.sin(a)], axis=1), material, sides=sides)
    return kit.build()


def scattered(kit: Kit, mesh: Mesh, at: npt.ArrayLike, scale: npt.ArrayLike, turn: npt.ArrayLike = 0.0) -> None:
    """Copies of ``mesh`` at ``at (N, 3)``, each scaled by ``scale (N,) or (N, 3)`` and turned about +Z."""
    place = np.asarray(at, np.float64).reshape(-1, 3)
    n, count = len(place), len(mesh.vertices)
    size = np.asarray(scale, np.float64)
    size = np.broadcast_to(size[:, None] if size.ndim == 1 else size, (n, 3))
    c, s = np.cos(np.broadcast_to(turn, (n,))), np.sin(np.broadcast_to(turn, (n,)))

    def turned(v: F64) -> F64:
        x, y, z = v[..., 0], v[..., 1], v[..., 2]
        return np.stack([c[:, None] * x - s[:, None] * y, s[:, None] * x + c[:, None] * y, z], axis=-1)

    points = turned(mesh.vertices.astype(np.float64)[None] * size[:, None]) + place[:, None]
    normals = turned(mesh.normals.astype(np.float64)[None] / size[:, None])
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    faces = mesh.faces[None] + (np.arange(n, dtype=np.int32) * count)[:, None, None]
    uv = mesh.uv[None] * size.mean(1)[:, None, None]
    kit.mesh(
        Mesh(
            points.reshape(-1, 3).astype(np.float32),
            faces.reshape(-1, 3).astype(np.int32),
            normals.reshape(-1, 3).astype(np.float32),
            uv.reshape(-1, 2).astype(np.float32),
            np.tile(mesh.material, n),
            mesh.materials,
        )
    )


def _crate(kit: Kit, wood: Material, wide: float, deep: float, tall: float) -> None:
    """An open slatted crate, its middle at the origin."""
    w, d, t = wide / 2, deep / 2, 0.011
    low, high = [[-w, -d, 0.0]], [[w, d, 0.015]]
    for k in range(2):
        z0, z1 = 0.01 + k * tall * 0.52, 0.01 + k * tall * 0.52 + tall * 0.42
        for s in (-1.0, 1.0):
            low += [[-w, s * d - t, z0], [s * w - t, -d, z0]]
            high += [[w, s * d + t, z1], [s * w + t, d, z1]]
    for sx in (-1.0, 1.0):
        for sy in (-1.0, 1.0):
            low.append([sx * (w - 0.02) - 0.016, sy * (d - 0.02) - 0.016, 0.0])
            high.append([sx * (w - 0.02) + 0.016, sy * (d - 0.02) + 0.016, tall + 0.01])
    kit.boxes(low, high, wood, ALL_SIDES)


def _heap(rng: Rng, wide: float, deep: float, z: float, radius: float, dome: float) -> F64:
    """(N, 3) places of a heap of round things in a crate, higher in its middle."""
    x, y = np.meshgrid(
        np.arange(-wide / 2 + radius, wide / 2 - radius * 0.9, radius * 1.85),
        np.arange(-deep / 2 + radius, deep / 2 - radius * 0.9, radius * 1.7),
        indexing="ij",
    )
    x = x + rng.uniform(-0.25, 0.25, x.shape) * radius
    y = y + rng.uniform(-0.25, 0.25, y.shape) * radius
    top = z + dome * (1 - (2 * x / wide) ** 2) * (1 - (2 * y / deep) ** 2) + rng.uniform(-0.2, 0.3, x.shape) * radius
    return np.stack([x.ravel(), y.ravel(), top.ravel()], axis=1)


_PRODUCE: Final = (
    ("#b3262a", 0.038, 0.92), ("#8fae3c", 0.038, 0.92), ("#d9822b", 0.04, 0.95), ("#e3c63f", 0.034, 0.8),
    ("#c0341f", 0.036, 0.85), ("#5e2a4a", 0.032, 1.0), ("#6f8f3a", 0.075, 0.9), ("#d7b26a", 0.036, 0.75),
    ("#3f6b2c", 0.03, 1.1), ("#7d1f2c", 0.02, 1.0), ("#c94f2c", 0.03, 0.7), ("#4a2545", 0.05, 1.25),
)  # fmt: skip
"""Colour, radius in metres and height over width of round fruit and vegetables."""


def produce(kit: Kit, rng: Rng, half: float) -> None:
    """Slanting crates of fruit and vegetables in two rows, some with greens."""
    count = int(2 * half / 0.53)
    chosen = rng.permutation(len(_PRODUCE))
    lean = (LOW - HIGH) / (FRONT - BACK)
    tilt = np.eye(4)
    c = 1 / np.hypot(1, lean)
    tilt[1:3, 1:3] = [[c, -lean * c], [lean * c, c]]
    for row, y in enumerate((FRONT - 0.21, BACK + 0.21)):
        for k in range(count):
            sub = Kit()
            _crate(sub, tint("planks", str(rng.choice(["#b08f5f", "#8d6f47", "#c4a877"]))), 0.5, 0.39, 0.13)
            colour, radius, squash = _PRODUCE[chosen[(row * count + k) % len(chosen)]]
            if rng.random() < 0.17:
                tufts = _heap(rng, 0.44, 0.32, 0.14, 0.07, 0.05)
                green = tint("foliage", str(rng.choice(["#4d7a2a", "#6f9a3a", "#2f5a26"])))
                sub.quads(leaves(rng, tufts, 9, (0.07, 0.07, 0.06), 0.05), green)
            else:
                heap = _heap(rng, 0.47, 0.36, 0.1, radius, 0.075)
                size = radius * rng.uniform(0.9, 1.08, len(heap))
                scattered(sub, _ball(tint("plastic", colour), squash), heap, size, rng.uniform(0, 6, len(heap)))
                sub.boxes([[-0.24, -0.185, 0.016]], [[0.24, 0.185, 0.09]], tint("plastic", colour), ("+z",))
            x = (k - (count - 1) / 2) * 0.53
            kit.mesh(sub.build(), placed(x, y, slope(y) + 0.014) @ tilt)
            if row == 0 and rng.random() < 0.6:  # a price card on a stick
                tag = [[x - 0.045, y + 0.1, slope(y) + 0.3]], [[x + 0.045, y + 0.105, slope(y) + 0.37]]
                kit.boxes(*tag, make("paper"), ALL_SIDES)
                kit.tube([[x, y + 0.1, slope(y) + 0.1], [x, y + 0.1, slope(y) + 0.3]], 0.004, make("wood"), 4)


@lru_cache(maxsize=8)
def _fish(colour: str) -> Mesh:
    """A fish 0.3 m long on its side, its head towards +Y."""
    kit = Kit()
    t = np.linspace(0, 1, 9)
    tall = 0.048 * np.sqrt(np.maximum(np.sin(np.pi * t**0.75), 0)) * (1 - 0.35 * t) + 0.006
    a = np.linspace(0, 2 * np.pi, 9)
    y = 0.15 - 0.25 * t
    ring = np.stack(
        [tall[:, None] * np.cos(a), np.broadcast_to(y[:, None], (9, 9)), 0.42 * tall[:, None] * np.sin(a)], axis=-1
    )
    quads = np.stack([ring[:-1, :-1], ring[1:, :-1], ring[1:, 1:], ring[:-1, 1:]], axis=2).reshape(-1, 4, 3)
    skin = tint("metal", colour)
    kit.quads(quads[:, ::-1], skin)
    kit.quads([[[-0.006, -0.09, 0.004], [0.006, -0.09, 0.004], [0.05, -0.16, 0.004], [-0.05, -0.16, 0.004]]], skin)
    return kit.build()


def fish(kit: Kit, rng: Rng, half: float) -> None:
    """Rows of fish and boxes of shellfish on ice."""
    ice = tint("ceramic", "#dfe8ec")
    kit.boxes([[-half, BACK, LOW - 0.05]], [[half, BACK + 0.03, HIGH + 0.12]], tint("plastic", "#e3e6e6"), ALL_SIDES)
    x, y = np.meshgrid(np.arange(-half + 0.05, half - 0.04, 0.085), np.arange(BACK + 0.07, FRONT - 0.03, 0.08))
    z = np.interp(y.ravel(), [BACK, FRONT], [HIGH, LOW])
    heap = np.stack([x.ravel(), y.ravel(), z], axis=1) + rng.uniform(-0.02, 0.02, (x.size, 3))
    scattered(kit, _ball(ice, 0.6, 5), heap, rng.uniform(0.05, 0.075, len(heap)))
    colours = ("#a9b2b8", "#7f8a90", "#c58f7d", "#8d8a72")
    for k, y0 in enumerate((BACK + 0.24, BACK + 0.62)):
        xs = np.arange(-half + 0.14, half - 0.1, 0.125)
        at = np.stack([xs, np.full(len(xs), y0), np.full(len(xs), slope(y0) + 0.07)], axis=1)
        at += rng.uniform(-0.015, 0.015, at.shape)
        group = (np.arange(len(xs)) // 5 + 2 * k) % 4
        for g in range(4):
            if (group == g).any():
                n = int((group == g).sum())
                scattered(kit, _fish(colours[g]), at[group == g], rng.uniform(0.95, 1.25, n), rng.normal(0.25, 0.06, n))


def flowers(kit: Kit, rng: Rng, half: float) -> None:
    """Buckets of cut flowers on steps, and more of them on the ground in front."""
    pail = [tint("painted-metal", c) for c in ("#2f4a3c", "#6b7478", "#3a4a5a")]
    bloom = ("#c8324a", "#e6c23a", "#e9e2dc", "#d76a9a", "#8a4fa0", "#e07b2f", "#f0a8b8")
    spots = [(x, y, slope(y)) for y in (BACK + 0.2, FRONT - 0.2) for x in np.arange(-half + 0.17, half - 0.1, 0.34)]
    spots += [(float(x), FRONT + 0.2, 0.0) for x in np.arange(-half + 0.2, half - 0.1, 0.42)]
    for x, y, z in spots:
        if rng.random() < 0.08:
            continue
        tall = 0.3 if z > 0 else 0.36
        kit.turned([(0.09, 0), (0.125, tall), (0.132, tall), (0.115, tall - 0.03), (0.0, tall - 0.04)],
                   pail[int(rng.integers(3))], (x, y, z), 10)  # fmt: skip
        top = np.array([[x, y, z + tall + 0.1]]) + rng.normal(0, 0.05, (5, 3)) * [1, 1, 0.7]
        kit.quads(leaves(rng, top, 8, (0.12, 0.12, 0.11), 0.05), tint("foliage", "#4d6f2e"))
        heads = np.array([[x, y, z + tall + 0.21]]) + rng.normal(0, 0.062, (9, 3)) * [1, 1, 0.5]
        colour = tint("flower", str(rng.choice(bloom)))
        kit.quads(leaves(rng, heads, 5, (0.035, 0.035, 0.03), 0.034), colour)


def cloth(kit: Kit, rng: Rng, half: float) -> None:
    """Folded cloth in piles, and lengths of it hung at the back."""
    colours = ("#8c2f2a", "#c98b3c", "#2f5a6b", "#d8c9a5", "#5c7a4a", "#6a3d5c", "#b5533c", "#34465a", "#e0d9ca")
    for y in (BACK + 0.24, FRONT - 0.22):
        x = -half + 0.05
        while x < half - 0.3:
            wide, z = float(rng.uniform(0.28, 0.4)), slope(y) - 0.03
            for _ in range(int(rng.integers(3, 8))):
                tall = float(rng.uniform(0.025, 0.045))
                dx, dy = rng.uniform(-0.012, 0.012, 2)
                low = [[x + dx, y - 0.17 + dy, z]], [[x + wide + dx, y + 0.17 + dy, z + tall - 0.004]]
                kit.boxes(*low, tint("cloth", str(rng.choice(colours))), ALL_SIDES)
                z += tall
            x += wide + 0.04
    x = -half + 0.06
    while x < half - 0.35:
        wide, drop = float(rng.uniform(0.35, 0.55)), float(rng.uniform(0.7, 1.0))
        t = np.linspace(0, 1, 9)
        fold = -0.62 + 0.03 * np.sin(t * np.pi * 5 + rng.uniform(0, 6))
        xs, top, foot = x + wide * t, np.full(9, 1.98), np.full(9, 1.98 - drop)
        quads = np.stack([np.stack(c, -1) for c in ((xs[1:], fold[1:], foot[1:]), (xs[:-1], fold[:-1], foot[:-1]),
                                                    (xs[:-1], fold[:-1], top[1:]), (xs[1:], fold[1:], top[1:]))],
                         axis=1)  # fmt: skip
        kit.quads(quads, tint("cloth", str(rng.choice(colours))))
        x += wide + 0.05
    kit.tube([[-half, -0.62, 1.98], [half, -0.62, 1.98]], 0.012, make("wood"), 6)


def cheese(kit: Kit, rng: Rng, half: float) -> None:
    """Wheels and wedges of cheese, and loaves in baskets."""
    rinds = [tint("ceramic", c) for c in ("#d9b25c", "#c98f3a", "#e6d9a8", "#b5652f", "#efe6cf")]
    board = tint("planks", "#a98556")
    for y in (BACK + 0.22, FRONT - 0.22):
        x = -half + 0.2
        while x < half - 0.16:
            z = slope(y) - 0.01
            kit.boxes([[x - 0.17, y - 0.17, z - 0.03]], [[x + 0.17, y + 0.17, z + 0.03]], board, ALL_SIDES)
            z += 0.03
            r = float(rng.uniform(0.1, 0.16))
            for _ in range(int(rng.integers(1, 4))):
                h = float(rng.uniform(0.06, 0.11))
                rind = rinds[int(rng.integers(len(rinds)))]
                kit.turned([(0, 0), (r - 0.01, 0), (r, 0.012), (r, h - 0.012), (r - 0.01, h), (0, h)], rind,
                           (x, y, z), 18)  # fmt: skip
                z += h
                r *= 0.92
            x += 0.38
    loaf = tint("leather", "#a9703a")
    along = np.arange(-half + 0.12, half - 0.1, 0.17)
    at = np.stack([along, np.full(len(along), BACK - 0.16), np.full(len(along), HIGH + 0.02)], axis=1)
    kit.boxes([[-half, BACK - 0.28, HIGH - 0.1]], [[half, BACK - 0.03, HIGH - 0.03]], board, ALL_SIDES)
    size = np.array([0.062, 0.11, 0.055]) * rng.uniform(0.9, 1.1, (len(along), 1))
    scattered(kit, _ball(loaf, 1.0, 9), at, size, rng.normal(0, 0.15, len(along)))


def pottery(kit: Kit, rng: Rng, half: float) -> None:
    """Jugs, bowls and vases."""
    glaze = ("#3f6a78", "#b5652f", "#e0d6c0", "#4a5a3c", "#8c3a2a", "#27435a")
    shapes = (
        [(0.05, 0), (0.085, 0.06), (0.09, 0.12), (0.05, 0.2), (0.045, 0.24), (0.06, 0.27), (0.05, 0.25), (0.0, 0.2)],
        [(0.04, 0), (0.05, 0.01), (0.11, 0.07), (0.125, 0.1), (0.115, 0.1), (0.03, 0.03), (0.0, 0.03)],
        [(0.06, 0), (0.09, 0.1), (0.075, 0.26), (0.035, 0.33), (0.05, 0.37), (0.04, 0.36), (0.0, 0.3)],
    )
    for y in (BACK + 0.16, BACK + 0.43, FRONT - 0.15):
        for x in np.arange(-half + 0.14, half - 0.1, 0.27):
            shape = np.array(shapes[int(rng.integers(3))]) * rng.uniform(0.8, 1.1)
            at = (float(x + rng.uniform(-0.02, 0.02)), y, slope(y) - 0.012)
            kit.turned(shape, tint("ceramic", str(rng.choice(glaze))), at, 12)


GOODS: Final[Mapping[str, Builder]] = MappingProxyType(
    {"fruit": produce, "fish": fish, "flowers": flowers, "cloth": cloth, "cheese": cheese, "pottery": pottery}
)
"""What a stall may sell."""
