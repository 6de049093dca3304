"""Where things are kept: shelves with books, chests, wardrobes, cabinets; and the fireplace."""

from __future__ import annotations

import itertools

import numpy as np

from worldgen.furniture.parts import Piece, boards, legs, slab, spin
from worldgen.furniture.small import books, bowl, stack, vase
from worldgen.furniture.style import Look, Rng, paint
from worldgen.furniture.tables import drawers, handle
from worldgen.kit import Kit
from worldgen.material import make


def fill(kit: Kit, rng: Rng, look: Look, x0: float, x1: float, y: float, z: float, tall: float, deep: float) -> None:
    """One shelf's worth of books and small things between ``x0`` and ``x1``; ``y``: the front edge of the shelf."""
    form, wide = rng.random(), x1 - x0
    if form < 0.5 or wide < 0.3:
        end = x1 - rng.uniform(0.0, 0.35) * wide
        books(kit, rng, x0 + 0.004, end, y - 0.03, z, tall - 0.03, deep - 0.04)
        if x1 - end > 0.16:
            _ornament(kit, rng, look, (x1 + end) / 2 + 0.01, y - deep / 2, z, tall)
    elif form < 0.85:
        cut = x0 + rng.uniform(0.35, 0.6) * wide
        books(kit, rng, x0 + 0.004, cut, y - 0.03, z, tall - 0.03, deep - 0.04)
        if x1 - cut > 0.3:
            top = stack(kit, rng, ((cut + x1) / 2 + 0.02, y - deep / 2 - 0.01, z), int(rng.integers(2, 4)))
            if tall - (top - z) > 0.2 and rng.random() < 0.5:
                vase(kit, rng, ((cut + x1) / 2, y - deep / 2, top), look, 0.11)
    else:
        _ornament(kit, rng, look, x0 + 0.28 * wide, y - deep / 2, z, tall)
        _ornament(kit, rng, look, x0 + 0.72 * wide, y - deep / 2, z, tall)


def _ornament(kit: Kit, rng: Rng, look: Look, x: float, y: float, z: float, tall: float) -> None:
    if rng.random() < 0.6:
        vase(kit, rng, (x, y, z), look, min(0.23, 0.7 * tall))
    else:
        box = paint("paper", str(rng.choice([*look.accents[:2], "#c9bda4", "#5c5248"])))
        slab(kit, (0.15, 0.15, min(0.13, 0.6 * tall)), (x, y, z), box, 0.004)


def bookshelf(look: Look, rng: Rng, width: float = 0.95, height: float = 2.0, deep: float = 0.32) -> Piece:
    """Open shelves full of books and things."""
    kit, wood, t = Kit(), look.wood, 0.022
    bays = max(1, round(width / 0.85))
    rows = max(2, round(height / 0.36))
    front, back = deep / 2, -deep / 2
    xs = np.linspace(-width / 2, width / 2, bays + 1)
    for k, x in enumerate(xs):
        a = x - (0 if k == 0 else t / 2 if k < bays else t)
        boards(kit, [a, back, 0], [a + t, front, height], wood)
    kit.quads(
        [
            [
                [width / 2, back + 0.006, 0.06],
                [-width / 2, back + 0.006, 0.06],
                [-width / 2, back + 0.006, height],
                [width / 2, back + 0.006, height],
            ]
        ],
        wood,
    )
    kit.quads(
        [
            [
                [-width / 2, back + 0.001, 0],
                [width / 2, back + 0.001, 0],
                [width / 2, back + 0.001, height],
                [-width / 2, back + 0.001, height],
            ]
        ],
        wood,
    )
    if look.cornice:
        boards(kit, [-width / 2 - 0.02, back, height], [width / 2 + 0.02, front + 0.02, height + 0.05], wood, 0.012)
    boards(kit, [-width / 2 + t, back, 0], [width / 2 - t, front - 0.02, 0.07], wood)
    zs = 0.07 + (height - 0.07 - t) * np.linspace(0, 1, rows + 1)
    zs[1:-1] += rng.uniform(-0.03, 0.03, rows - 1)
    for a, b in itertools.pairwise(xs):
        for k, z in enumerate(zs):
            boards(kit, [a + t, back + 0.006, z], [b - t, front - 0.003, z + t], wood, 0.002)
            if k < rows:
                fill(kit, rng, look, a + t, b - t, front - 0.01, float(z) + t, float(zs[k + 1] - z) - t, deep)
    return Piece(kit.build(), top=height + (0.05 if look.cornice else 0.0))


def low_bench(look: Look, rng: Rng, width: float = 1.7, height: float = 0.48) -> Piece:
    """A low cabinet on legs for a television."""
    kit, wood, d, foot = Kit(), look.wood, 0.42, 0.14
    boards(kit, [-width / 2, -d / 2, foot], [width / 2, d / 2, height], wood, 0.005)
    legs(kit, width / 2 - 0.12, d / 2 - 0.07, foot + 0.01, look.dark, 0.02, 0.03)
    third = width / 3
    front = look.front if rng.random() < 0.4 else wood
    for s in (-1, 1):
        x0, x1 = sorted((s * (width / 2 - 0.015), s * (third / 2)))
        drawers(kit, look, x0, x1, foot + 0.015, height - 0.025, d / 2, 1, 1 + int(rng.random() < 0.5), front)
    kit.panel(-third / 2, third / 2, foot + 0.02, height - 0.03, d / 2 + 0.0008, paint("wood", "#1c1613"))
    slab(kit, (third, 0.012, 0.016), (0, d / 2 + 0.004, (foot + height) / 2), wood)
    return Piece(kit.build(), top=height)


def chest(look: Look, rng: Rng, width: float = 1.1, height: float = 0.85) -> Piece:
    """A chest of drawers, or a sideboard where it is wide; things stand on it."""
    kit, wood, d, foot = Kit(), look.wood, 0.45, 0.12
    boards(kit, [-width / 2, -d / 2, foot], [width / 2, d / 2, height - 0.025], wood, 0.005)
    boards(kit, [-width / 2 - 0.012, -d / 2, height - 0.025], [width / 2 + 0.012, d / 2 + 0.014, height], wood, 0.006)
    legs(kit, width / 2 - 0.07, d / 2 - 0.07, foot + 0.01, wood, 0.024, 0.015)
    front = look.front if look.style == "modern" and rng.random() < 0.5 else wood
    drawers(
        kit,
        look,
        -width / 2 + 0.012,
        width / 2 - 0.012,
        foot + 0.012,
        height - 0.035,
        d / 2,
        1 if width < 0.9 else 2,
        3,
        front,
    )
    x = rng.uniform(0.18, 0.3) * width * (1 if rng.random() < 0.5 else -1)
    vase(kit, rng, (x, -0.02, height), look, 0.26)
    if width > 0.8:
        top = stack(kit, rng, (-x, 0.02, height), int(rng.integers(2, 4)))
        if rng.random() < 0.5:
            bowl(kit, rng, (-x, 0.02, top), look, False)
    return Piece(kit.build(), top=height)


def wardrobe(look: Look, rng: Rng, width: float = 1.6, height: float = 2.15) -> Piece:
    """A wardrobe with two to four doors."""
    kit, d = Kit(), 0.6
    front = look.front if look.style == "modern" else look.wood
    boards(kit, [-width / 2 + 0.02, -d / 2, 0], [width / 2 - 0.02, d / 2 - 0.04, 0.08], paint("wood", "#3a2e25"))
    boards(
        kit,
        [-width / 2, -d / 2, 0.08],
        [width / 2, d / 2 - 0.022, height],
        front if look.style == "modern" else look.wood,
        0.005,
    )
    doors = max(2, round(width / 0.5))
    xs = np.linspace(-width / 2, width / 2, doors + 1)
    for k, (a, b) in enumerate(itertools.pairwise(xs)):
        boards(kit, [a + 0.002, d / 2 - 0.022, 0.085], [b - 0.002, d / 2 - 0.002, height - 0.004], front, 0.003)
        if look.panelled:
            for z0, z1 in ((0.16, 0.85), (0.93, height - 0.09)):
                boards(kit, [a + 0.07, d / 2 - 0.01, z0], [b - 0.07, d / 2 + 0.006, z1], front, 0.009)
        handle(kit, look, b - 0.045 if k % 2 == 0 else a + 0.045, d / 2 - 0.002, 1.02, upright=True)
    if look.cornice:
        boards(
            kit, [-width / 2 - 0.03, -d / 2, height], [width / 2 + 0.03, d / 2 + 0.03, height + 0.06], look.wood, 0.016
        )
    return Piece(kit.build(), top=height + (0.06 if look.cornice else 0.0))


def filing(look: Look, rng: Rng) -> Piece:
    """A steel cabinet with four drawers."""
    kit, w, d, h = Kit(), 0.42, 0.58, 1.3
    steel = paint("painted-metal", str(rng.choice(["#8d9290", "#4c565b", "#b9b3a4", "#5d6a58"])))
    boards(kit, [-w / 2, -d / 2, 0], [w / 2, d / 2 - 0.02, h], steel, 0.004)
    zs = np.linspace(0.05, h - 0.02, 5)
    for a, b in itertools.pairwise(zs):
        boards(kit, [-w / 2 + 0.012, d / 2 - 0.022, a + 0.004], [w / 2 - 0.012, d / 2, b - 0.004], steel, 0.004)
        slab(kit, (0.11, 0.014, 0.018), (0, d / 2 + 0.006, b - 0.1), look.metal)
        slab(kit, (0.09, 0.003, 0.04), (0, d / 2 + 0.001, b - 0.065), paint("paper", "#e9e2cf"))
    return Piece(kit.build(), top=h)


def fireplace(look: Look, rng: Rng) -> Piece:
    """A chimney piece 1.4 m wide with a mantel shelf, a dark hearth and logs; its back on the wall."""
    kit, w, d, h, open_w, open_h = Kit(), 1.44, 0.34, 1.12, 0.78, 0.72
    stone = (make("marble"), paint("stone", "#b8ad98"), look.trim, paint("brick", "#8e5a48"))[int(rng.integers(4))]
    soot = paint("brick", "#2a2522")
    back, front = -d / 2, d / 2
    for s in (-1, 1):
        x0, x1 = sorted((s * open_w / 2, s * w / 2))
        boards(kit, [x0, back, 0], [x1, front - 0.05, h - 0.06], stone, 0.005)
        boards(kit, [x0 + 0.04, front - 0.06, 0.0], [x1 - 0.04, front - 0.015, h - 0.2], stone, 0.01)
        boards(kit, [x0 + 0.015, front - 0.06, 0.0], [x1 - 0.015, front, 0.13], stone, 0.006)
    boards(kit, [-open_w / 2, back, open_h], [open_w / 2, front - 0.05, h - 0.06], stone, 0.005)
    boards(kit, [-w / 2 + 0.05, front - 0.06, h - 0.19], [w / 2 - 0.05, front - 0.015, h - 0.08], stone, 0.012)
    boards(kit, [-w / 2 - 0.03, back, h - 0.06], [w / 2 + 0.03, front + 0.04, h - 0.03], stone, 0.01)
    boards(kit, [-w / 2 - 0.07, back, h - 0.03], [w / 2 + 0.07, front + 0.08, h], stone, 0.008)
    kit.quads(
        [
            [
                [open_w / 2, back + 0.02, 0],
                [-open_w / 2, back + 0.02, 0],
                [-open_w / 2, back + 0.02, open_h],
                [open_w / 2, back + 0.02, open_h],
            ]
        ],
        soot,
    )
    boards(kit, [-w / 2 - 0.02, front - 0.03, 0], [w / 2 + 0.02, front + 0.32, 0.03], paint("slate", "#3d3f42"), 0.004)
    boards(kit, [-open_w / 2, back, 0], [open_w / 2, front - 0.03, 0.02], soot)
    iron = make("iron")
    for x in np.linspace(-0.22, 0.22, 7):
        kit.tube([[x, back + 0.07, 0.12], [x, front - 0.08, 0.12], [x, front - 0.07, 0.18]], 0.007, iron, 6)
    for s in (-1, 1):
        slab(kit, (0.02, d - 0.14, 0.1), (s * 0.22, 0, 0.02), iron)
    for k, (y, z, a) in enumerate(((-0.06, 0.165, 0.1), (0.04, 0.165, -0.15), (-0.01, 0.235, 0.05))):
        c, r = 0.25 * np.cos(a), 0.042 + 0.006 * (k % 2)
        kit.tube([[-c, y - 0.25 * np.sin(a), z], [c, y + 0.25 * np.sin(a), z]], r, make("bark"), 10)
        for s in (-1, 1):
            kit.tube(
                [[s * c, y + s * 0.25 * np.sin(a), z], [s * (c + 0.002), y + s * 0.25 * np.sin(a), z]],
                [r, 0.001],
                look.wood,
                10,
            )
    for x in (-0.58, 0.56):
        if rng.random() < 0.7:
            vase(kit, rng, (x, 0.02, h), look, float(rng.uniform(0.18, 0.27)))
    for s in (-1, 1):
        x = s * 0.36
        spin(
            kit,
            [(0.0, 0), (0.05, 0), (0.05, 0.01), (0.012, 0.03), (0.012, 0.16), (0.028, 0.18), (0.02, 0.19), (0, 0.19)],
            look.metal,
            (x, 0.02, h),
            16,
        )
        spin(kit, [(0.011, 0.19), (0.011, 0.32), (0.0, 0.325)], make("wax"), (x, 0.02, h), 12)
    return Piece(kit.build(), top=h)
