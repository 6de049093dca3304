"""Tables of all heights, and desks."""

from __future__ import annotations

import itertools

import numpy as np

from worldgen.conventions import translation
from worldgen.furniture.parts import Piece, boards, draped, legs, slab, spin
from worldgen.furniture.style import Look, Rng, paint
from worldgen.kit import Kit
from worldgen.material import Material, make


def _round_top(kit: Kit, radius: float, z: float, thick: float, material: Material) -> None:
    e = 0.006
    rim = [
        (0.0, z - thick),
        (radius - 0.012, z - thick),
        (radius, z - thick + 0.01),
        (radius, z - e),
        (radius - e, z),
        (0.0, z),
    ]
    spin(kit, rim, material, sides=48)


def dining_table(look: Look, rng: Rng, length: float = 1.6, width: float = 0.85, cloth: bool = False) -> Piece:
    """A table for meals, its long side along x; on four legs, on trestles or on panels."""
    kit, top, wood = Kit(), 0.745, look.wood
    slab(kit, (length, width, 0.03), (0, 0, top - 0.03), wood, 0.006)
    form = int(rng.integers(3))
    if form == 0:
        legs(kit, length / 2 - 0.12, width / 2 - 0.1, top - 0.03, wood, 0.032, 0.03)
    elif form == 1:
        for sx in (-1, 1):
            for sy in (-1, 1):
                slab(kit, (0.07, 0.07, top - 0.03), (sx * (length / 2 - 0.07), sy * (width / 2 - 0.07), 0), wood, 0.005)
    else:
        for sx in (-1, 1):
            x = sx * (length / 2 - 0.25)
            slab(kit, (0.07, width - 0.2, 0.06), (x, 0, 0), wood, 0.005)
            slab(kit, (0.06, 0.3, top - 0.15), (x, 0, 0.06), wood, 0.005)
            slab(kit, (0.07, width - 0.16, 0.06), (x, 0, top - 0.09), wood, 0.005)
        slab(kit, (length - 0.56, 0.03, 0.09), (0, 0, 0.28), wood)
    if form < 2:
        for sy in (-1, 1):
            slab(kit, (length - 0.2, 0.022, 0.08), (0, sy * (width / 2 - 0.07), top - 0.11), wood)
        for sx in (-1, 1):
            slab(kit, (0.022, width - 0.17, 0.08), (sx * (length / 2 - 0.09), 0, top - 0.11), wood)
    if cloth:
        linen = draped(length + 0.11, width + 0.11, (0.24, 0.24, 0.24, 0.24), paint("cloth", "#e4dccb"), rng)
        kit.mesh(linen, translation([0, 0, top]))
        return Piece(kit.build(), top=top + 0.01)
    return Piece(kit.build(), top=top)


def cafe_table(look: Look, rng: Rng, radius: float = 0.35) -> Piece:
    """A small round table on a cast foot, its top of marble or wood."""
    kit, top = Kit(), 0.74
    stone = rng.random() < 0.55
    _round_top(kit, radius, top, 0.025, make("marble") if stone else look.wood)
    iron = paint("iron", "#26272a")
    spin(
        kit,
        [
            (0.0, 0.0),
            (0.22, 0.0),
            (0.225, 0.012),
            (0.2, 0.022),
            (0.06, 0.04),
            (0.035, 0.07),
            (0.03, 0.3),
            (0.03, top - 0.06),
            (0.07, top - 0.035),
            (0.13, top - 0.025),
        ],
        iron,
        sides=28,
    )
    if stone:
        a = np.linspace(0, 2 * np.pi, 49)
        ring = np.stack([radius * np.cos(a), radius * np.sin(a), np.full(49, top - 0.0125)], axis=1)
        kit.tube(ring, 0.0135, paint("metal", "#b8964a"), 8)
    return Piece(kit.build(), top=top)


def coffee_table(look: Look, rng: Rng, length: float = 1.15) -> Piece:
    """A low table: a box of boards with a shelf, a round top, or a slab on splayed legs."""
    kit, top = Kit(), 0.4
    form, wood = int(rng.integers(3)), look.dark if rng.random() < 0.5 else look.wood
    if form == 0:
        slab(kit, (length, 0.6, 0.032), (0, 0, top - 0.032), wood, 0.006)
        slab(kit, (length - 0.12, 0.48, 0.02), (0, 0, 0.12), wood)
        for sx in (-1, 1):
            for sy in (-1, 1):
                slab(kit, (0.05, 0.05, top - 0.032), (sx * (length / 2 - 0.05), sy * 0.25, 0), wood, 0.004)
    elif form == 1:
        _round_top(kit, 0.43, top, 0.03, wood if rng.random() < 0.6 else make("marble"))
        for k in range(3):
            a = k * 2 * np.pi / 3 + 0.3
            c, s = np.cos(a), np.sin(a)
            kit.tube([[0.36 * c, 0.36 * s, 0.005], [0.2 * c, 0.2 * s, top - 0.03]], [0.014, 0.024], look.dark, 12)
    else:
        slab(kit, (length, 0.55, 0.026), (0, 0, top - 0.026), wood, 0.01)
        slab(kit, (length - 0.3, 0.36, 0.05), (0, 0, top - 0.076), wood)
        legs(kit, length / 2 - 0.17, 0.19, top - 0.026, look.dark, 0.021, 0.05)
    return Piece(kit.build(), top=top)


def side_table(look: Look, rng: Rng, height: float = 0.52) -> Piece:
    """A small table beside a sofa or a bed: round on three legs, or a box with a drawer."""
    kit, wood = Kit(), look.wood
    if rng.random() < 0.5:
        _round_top(kit, 0.22, height, 0.02, wood)
        for k in range(3):
            a = k * 2 * np.pi / 3 + np.pi / 2
            c, s = np.cos(a), np.sin(a)
            kit.tube([[0.2 * c, 0.2 * s, 0.003], [0.1 * c, 0.1 * s, height - 0.02]], [0.01, 0.017], wood, 10)
        return Piece(kit.build(), top=height)
    return nightstand(look, rng, height)


def nightstand(look: Look, rng: Rng, height: float = 0.52) -> Piece:
    """A box on short legs with one or two drawers."""
    kit, wood = Kit(), look.wood
    w, d, foot = 0.44, 0.38, 0.16
    boards(kit, [-w / 2, -d / 2, foot], [w / 2, d / 2, height], wood, 0.005)
    legs(kit, w / 2 - 0.05, d / 2 - 0.05, foot + 0.01, wood, 0.018, 0.015)
    drawers(
        kit, look, -w / 2 + 0.015, w / 2 - 0.015, foot + 0.015, height - 0.03, d / 2, 1, int(rng.integers(1, 3)), wood
    )
    return Piece(kit.build(), top=height)


def drawers(
    kit: Kit, look: Look, x0: float, x1: float, z0: float, z1: float, y: float, columns: int, rows: int, front: Material
) -> None:
    """Drawer fronts with knobs or bars on the face at depth ``y``, which looks towards +Y."""
    gap = 0.004
    xs, zs = np.linspace(x0, x1, columns + 1), np.linspace(z0, z1, rows + 1)
    for a, b in itertools.pairwise(xs):
        for c, e in itertools.pairwise(zs):
            boards(kit, [a + gap, y - 0.004, c + gap], [b - gap, y + 0.016, e - gap], front, 0.003)
            if look.panelled and e - c > 0.12 and b - a > 0.16:
                boards(kit, [a + 0.04, y + 0.01, c + 0.035], [b - 0.04, y + 0.021, e - 0.035], front, 0.006)
            handle(kit, look, (a + b) / 2, y + (0.021 if look.panelled else 0.016), (c + e) / 2, b - a > 0.55)


def handle(kit: Kit, look: Look, x: float, y: float, z: float, wide: bool = False, upright: bool = False) -> None:
    """A knob, or a bar, on a front at depth ``y``."""
    if look.panelled and not upright:
        for dx in (-0.14, 0.14) if wide else (0.0,):
            kit.tube([[x + dx, y - 0.002, z], [x + dx, y + 0.018, z]], [0.006, 0.006], look.metal, 8)
            kit.tube(
                [[x + dx, y + 0.014, z], [x + dx, y + 0.02, z], [x + dx, y + 0.028, z], [x + dx, y + 0.03, z]],
                [0.006, 0.015, 0.014, 0.001],
                look.metal,
                12,
            )
        return
    half = 0.09 if upright else 0.07
    along = np.array([0.0, 0, half]) if upright else np.array([half, 0.0, 0])
    middle = np.array([x, y + 0.026, z])
    kit.tube([middle - along, middle + along], 0.005, look.metal, 8)
    for s in (-0.8, 0.8):
        foot = np.array([x, y - 0.002, z]) + s * along
        kit.tube([foot, foot + np.array([0, 0.028, 0])], 0.004, look.metal, 6)


def desk(look: Look, rng: Rng, width: float = 1.5, depth: float = 0.72) -> Piece:
    """A writing desk with a drawer unit on one side; whoever works at it sits at its +Y side."""
    kit, top, wood = Kit(), 0.74, look.wood
    slab(kit, (width, depth, 0.028), (0, 0, top - 0.028), wood, 0.004)
    side = 1.0 if rng.random() < 0.5 else -1.0
    x = side * (width / 2 - 0.23)
    front = look.front if look.style == "modern" else wood
    boards(kit, [x - 0.2, -depth / 2 + 0.05, 0.03], [x + 0.2, depth / 2 - 0.05, top - 0.028], front, 0.004)
    drawers(kit, look, x - 0.195, x + 0.195, 0.04, top - 0.04, depth / 2 - 0.05, 1, 3, front)
    if look.style == "modern":
        for sy in (-1, 1):
            slab(kit, (0.04, 0.04, top - 0.028), (-side * (width / 2 - 0.05), sy * (depth / 2 - 0.05), 0), look.metal)
        slab(kit, (0.03, depth - 0.14, 0.03), (-side * (width / 2 - 0.05), 0, 0.06), look.metal)
    else:
        slab(kit, (0.035, depth - 0.06, top - 0.028), (-side * (width / 2 - 0.06), 0, 0), wood)
    slab(kit, (width - 0.5, 0.02, 0.32), (-side * 0.19, -depth / 2 + 0.08, top - 0.36), wood)
    return Piece(kit.build(), top=top)
