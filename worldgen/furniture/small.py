"""Small things that make a room lived in: books, vases, crockery, plants."""

from __future__ import annotations

import numpy as np

from worldgen.furniture.parts import Piece, boards, grid, slab, spin
from worldgen.furniture.style import Look, Rng, paint
from worldgen.kit import Kit
from worldgen.material import Material, make
from worldgen.sets.ornament import leaves

SPINES = ("#7a2f2a", "#2f4a5c", "#c9b48a", "#39543f", "#d8d2c4", "#8c6a3c", "#40384a", "#b5602f", "#23262b", "#6f7f86")


def books(kit: Kit, rng: Rng, x0: float, x1: float, y: float, z: float, tall: float, deep: float) -> None:
    """Upright books on a shelf from ``x0`` to ``x1``, their backs at depth ``y``; at most ``tall`` and ``deep``."""
    count = int((x1 - x0) / 0.02) + 2
    thick = rng.uniform(0.015, 0.045, count)
    right = x0 + np.cumsum(thick)
    keep = right < x1
    if not keep.any():
        return
    right, thick = right[keep], thick[keep]
    series = np.repeat(rng.integers(0, 1000, len(right)), rng.integers(1, 5, len(right)))[: len(right)]
    local = [np.random.default_rng(int(s)) for s in series]
    height = np.array([r.uniform(0.62, 0.95) for r in local]) * min(tall, 0.31)
    depth = np.array([r.uniform(0.6, 0.85) for r in local]) * min(deep, 0.24)
    colour = np.array([int(r.integers(len(SPINES))) for r in local])
    low = np.stack([right - thick, y - depth, np.full(len(right), z)], axis=1)
    high = np.stack([right - 0.0012, np.full(len(right), y), z + height], axis=1)
    low[:, 1] += rng.uniform(0, 0.006, len(right))
    for c in range(len(SPINES)):
        if (colour == c).any():
            boards(kit, low[colour == c], high[colour == c], paint("paper", SPINES[c]), 0.002)
            a, b = low[colour == c], high[colour == c]
            band = (b[:, 2] - a[:, 2]) > 0.21
            if band.any():
                a, b = a[band].copy(), b[band].copy()
                z0 = a[:, 2] + 0.72 * (b[:, 2] - a[:, 2])
                a[:, 2], b[:, 2] = z0, z0 + 0.018
                a[:, 1], b[:, 1] = b[:, 1], b[:, 1] + 0.0007
                kit.boxes(a, b, paint("paper", "#d9c48c"), ("+y",))


def stack(kit: Kit, rng: Rng, at: tuple[float, float, float], count: int = 3) -> float:
    """Books lying on each other; returns the height of the uppermost."""
    x, y, z = at
    for _ in range(count):
        w, d, t = rng.uniform(0.19, 0.25), rng.uniform(0.14, 0.18), rng.uniform(0.018, 0.035)
        book = Kit()
        cover = paint("paper", SPINES[int(rng.integers(len(SPINES)))])
        slab(book, (w, d, t), (0, 0, 0), cover, 0.002)
        boards(
            book,
            [-w / 2 + 0.004, -d / 2 - 0.0015, 0.004],
            [w / 2 - 0.004, -d / 2 + 0.01, t - 0.004],
            paint("paper", "#e8dfc9"),
        )
        a = rng.normal(0, 0.12)
        c, s = np.cos(a), np.sin(a)
        kit.mesh(book.build(), [[c, -s, 0, x], [s, c, 0, y], [0, 0, 1, z], [0, 0, 0, 1]])
        z += t
    return z


def vase(kit: Kit, rng: Rng, at: tuple[float, float, float], look: Look, size: float = 0.25) -> None:
    """A turned vase; larger ones hold twigs."""
    form = int(rng.integers(3))
    shape = (
        [
            (0.0, 0),
            (0.26, 0),
            (0.34, 0.1),
            (0.4, 0.35),
            (0.3, 0.62),
            (0.14, 0.8),
            (0.13, 0.92),
            (0.18, 1.0),
            (0.15, 1.0),
            (0.1, 0.9),
        ],
        [(0.0, 0), (0.22, 0), (0.27, 0.06), (0.3, 0.5), (0.28, 0.9), (0.3, 1.0), (0.26, 1.0), (0.24, 0.6)],
        [
            (0.0, 0),
            (0.2, 0),
            (0.42, 0.25),
            (0.44, 0.42),
            (0.3, 0.7),
            (0.22, 0.78),
            (0.24, 0.84),
            (0.2, 0.84),
            (0.16, 0.7),
        ],
    )[form]
    glaze = paint("ceramic", str(rng.choice([*look.accents[:3], "#e6e0d2", "#3a4448"])))
    spin(kit, np.array(shape) * size, glaze, at, 24)
    if size >= 0.24 and rng.random() < 0.6:
        x, y, z = at
        tips = []
        for _ in range(7):
            a, r = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.16)
            tip = [x + r * np.cos(a), y + r * np.sin(a), z + size * rng.uniform(1.7, 2.3)]
            mid = [x + 0.3 * r * np.cos(a), y + 0.3 * r * np.sin(a), z + size * 1.2]
            kit.tube([[x, y, z + size * 0.6], mid, tip], 0.002, make("bark"), 4)
            tips.append(np.array([np.linspace(mid[i], tip[i], 4) for i in range(3)]).T)
        kit.quads(leaves(rng, np.concatenate(tips), 3, (0.04, 0.04, 0.04), 0.022), paint("foliage", "#7d8c5a"))


def bowl(kit: Kit, rng: Rng, at: tuple[float, float, float], look: Look, fruit: bool = True) -> None:
    """A bowl 26 cm across, with fruit."""
    x, y, z = at
    spin(
        kit,
        np.array(
            [(0.0, 0), (0.05, 0), (0.055, 0.01), (0.1, 0.04), (0.13, 0.08), (0.125, 0.08), (0.09, 0.045), (0, 0.02)]
        ),
        paint("ceramic", str(rng.choice([*look.accents[:3], "#e9e3d6"]))),
        at,
        28,
    )
    if fruit:
        a = np.linspace(-np.pi / 2, np.pi / 2, 7)
        ball = np.stack([0.036 * np.cos(a), 0.036 * (1 + np.sin(a))], axis=1)
        ball[[0, -1], 0] = 0
        colour = paint("ceramic", str(rng.choice(["#b8392f", "#d88a2a", "#8fa23a", "#d9b83c"])))
        for k in range(6):
            r, b = (0.055, k * 2 * np.pi / 5) if k < 5 else (0.0, 0.0)
            spin(kit, ball, colour, (x + r * np.cos(b), y + r * np.sin(b), z + (0.034 if k < 5 else 0.085)), 12)


def cup(kit: Kit, at: tuple[float, float, float], colour: str = "#e9e4d8", saucer: bool = True) -> None:
    """A cup with a handle, on a saucer."""
    x, y, z = at
    glaze = paint("ceramic", colour)
    lift = 0.0
    if saucer:
        spin(kit, [(0.0, 0), (0.045, 0), (0.075, 0.014), (0.073, 0.016), (0.04, 0.006), (0.0, 0.005)], glaze, at, 24)
        lift = 0.006
    spin(
        kit,
        [
            (0.0, 0),
            (0.024, 0),
            (0.027, 0.006),
            (0.037, 0.035),
            (0.04, 0.065),
            (0.037, 0.065),
            (0.034, 0.035),
            (0.0, 0.012),
        ],
        glaze,
        (x, y, z + lift),
        20,
    )
    spin(kit, [(0.036, 0.052), (0.0, 0.052)], paint("ceramic", "#3a2317"), (x, y, z + lift), 20)
    a = np.linspace(-1.3, 1.3, 7)
    ring = np.stack([x + 0.036 + 0.02 * np.cos(a), np.full(7, y), z + lift + 0.036 + 0.018 * np.sin(a)], axis=1)
    kit.tube(ring, 0.004, glaze, 6)


def bottle(kit: Kit, at: tuple[float, float, float], colour: str, height: float = 0.28) -> None:
    """A glass bottle with a label."""
    h = height
    spin(
        kit,
        [
            (0.0, 0),
            (0.034, 0),
            (0.037, 0.01),
            (0.037, 0.58 * h),
            (0.03, 0.66 * h),
            (0.014, 0.76 * h),
            (0.013, 0.95 * h),
            (0.016, 0.96 * h),
            (0.016, h),
            (0, h),
        ],
        paint("glass", colour),
        at,
        14,
    )
    _x, _y, _z = at
    spin(kit, [(0.0376, 0.18 * h), (0.0376, 0.42 * h)], paint("paper", "#e3d6b6"), at, 14)


def plant(look: Look, rng: Rng, height: float = 1.1) -> Piece:
    """A plant in a pot: arching blades, a leafy bush or broad leaves on stalks."""
    kit = Kit()
    pot_h, r = min(0.34, 0.32 * height), min(0.19, 0.17 * height + 0.02)
    pot = paint("ceramic", str(rng.choice(["#d9d2c4", "#b4694a", "#3b4245", "#8a9a8c", look.accents[0]])))
    spin(
        kit,
        [
            (0.0, 0),
            (0.7 * r, 0),
            (0.74 * r, 0.01),
            (0.98 * r, 0.9 * pot_h),
            (r, pot_h),
            (0.92 * r, pot_h),
            (0.88 * r, pot_h - 0.05),
        ],
        pot,
        sides=28,
    )
    spin(kit, [(0.9 * r, pot_h - 0.04), (0.0, pot_h - 0.03)], make("soil"), sides=16)
    green = paint("foliage", str(rng.choice(["#4d6b35", "#3f5f3a", "#5f7a40", "#4a6a4c"])))
    form, base = int(rng.integers(3)), pot_h - 0.04
    rise = height - pot_h
    if form == 0:
        for _ in range(34):
            _blade(
                kit, rng, base, rise * rng.uniform(0.5, 1.0), rng.uniform(0.25, 0.6) * rise, 0.02 + 0.012 * rise, green
            )
    elif form == 1:
        stems = []
        for _ in range(9):
            a, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.03, 0.28) * min(height, 1.3)
            top = np.array([out * np.cos(a), out * np.sin(a), base + rise * rng.uniform(0.55, 0.92)])
            kit.tube(
                np.stack([[0, 0, base], top * [0.35, 0.35, 0.6] + [0, 0, 0.4 * base], top]),
                [0.01, 0.007, 0.004],
                make("bark"),
                5,
            )
            stems.append(np.linspace(top * [0.5, 0.5, 0.75], top, 5))
        kit.quads(leaves(rng, np.concatenate(stems), 9, (0.11, 0.11, 0.1), 0.05), green)
    else:
        for k in range(13):
            a, out = k * 2.4 + rng.normal(0, 0.2), rng.uniform(0.4, 1.0) * 0.34 * min(height, 1.2)
            _broad(kit, rng, base, a, out, rise * rng.uniform(0.45, 0.9), 0.13 + 0.05 * rng.random(), green)
    return Piece(kit.build(), top=height)


def _blade(kit: Kit, rng: Rng, z: float, rise: float, out: float, wide: float, green: Material) -> None:
    a = rng.uniform(0, 2 * np.pi)
    t = np.linspace(0, 1, 7)
    along = np.stack([out * t**1.6 * np.cos(a), out * t**1.6 * np.sin(a), z + rise * (t - 0.38 * t**3)], axis=1)
    side = np.array([-np.sin(a), np.cos(a), 0.0])
    w = wide * np.sin(np.pi * np.clip(0.12 + 0.88 * t, 0, 1)) ** 0.7
    fold = np.array([-np.cos(a), -np.sin(a), 0.3]) * 0.3
    points = np.stack([along - (side - fold) * w[:, None], along, along + (side + fold) * w[:, None]], axis=0)
    kit.mesh(grid(points, green))


def _broad(kit: Kit, rng: Rng, z: float, a: float, out: float, rise: float, size: float, green: Material) -> None:
    tip = np.array([out * np.cos(a), out * np.sin(a), z + rise])
    kit.tube(np.stack([[0, 0, z], tip * [0.4, 0.4, 0.75] + [0, 0, 0.25 * z], tip]), [0.008, 0.006, 0.004], green, 5)
    u, v = np.meshgrid(np.linspace(0, 1, 7), np.linspace(-1, 1, 5), indexing="ij")
    half = 0.75 * size * np.sin(np.pi * np.clip(0.06 + 0.9 * u, 0, 1)) ** 0.8
    x, y = (u - 0.1) * 2 * size, v * half
    drop = -0.55 * x**2 / (2 * size) + 0.18 * np.abs(v) * half - 0.05 * x
    c, s = np.cos(a), np.sin(a)
    points = np.stack([tip[0] + c * x - s * y, tip[1] + s * x + c * y, tip[2] + drop], axis=-1)
    kit.mesh(grid(points, green))
