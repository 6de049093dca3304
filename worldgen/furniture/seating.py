"""What one sits on: sofas, armchairs, chairs, stools, benches, office chairs."""

from __future__ import annotations

import itertools

import numpy as np

from worldgen.conventions import F64, translation
from worldgen.furniture.parts import Piece, boards, cushion, grid, legs, pillow, slab, spin
from worldgen.furniture.style import Look, Rng, paint
from worldgen.kit import Kit
from worldgen.material import Material
from worldgen.stage import Spot


def _seat(x: float, y: float, z: float) -> Spot:
    return Spot((x, y, z), 0.0, "seat")


def leaning(angle: float, at: tuple[float, float, float], turn: float = 0.0) -> F64:
    """(4, 4) that tips a piece backwards (towards -Y going up) by ``angle`` radians, then turns and moves it."""
    c, s = np.cos(angle), np.sin(angle)
    tip = np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1.0]])
    a, b = np.cos(turn), np.sin(turn)
    spin_ = np.array([[a, -b, 0, 0], [b, a, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    return translation(at) @ spin_ @ tip


def _upholstered(kit: Kit, width: float, depth: float, places: int, look: Look, rng: Rng, cloth: Material) -> float:
    """Frame, arms, back and cushions of a sofa or an armchair; returns the height of its seat."""
    form = int(rng.integers(3))
    arm = (0.2, 0.15, 0.24)[form]
    arm_top, back_top, seat = (0.62, 0.58, 0.6)[form], (0.84, 0.78, 0.88)[form], 0.43
    foot = (0.13, 0.15, 0.08)[form]
    hard = (9.0, 12.0, 5.0)[form]
    inner = width - 2 * arm
    kit.mesh(cushion((width - 0.03, depth - 0.04, 0.2), cloth, (0, 0, foot), 0.0, 16.0))
    for s in (-1, 1):
        kit.mesh(
            cushion(
                (arm, depth, arm_top - foot), cloth, (s * (width - arm) / 2, 0, foot), 0.0 if form == 1 else 0.015, hard
            )
        )
    kit.mesh(cushion((inner + 0.06, 0.22, back_top - foot - 0.05), cloth, (0, -depth / 2 + 0.115, foot), 0.0, 10.0))
    each = inner / places
    deep = depth - 0.2
    for k in range(places):
        x = -inner / 2 + (k + 0.5) * each
        kit.mesh(cushion((each - 0.008, deep, seat - foot - 0.17), cloth, (x, 0.09, foot + 0.17), 0.025, 8.0))
        back = cushion((each - 0.015, 0.2, 0.46), cloth, (0, 0, 0), 0.02, 5.5)
        kit.mesh(back, leaning(0.17, (x, -depth / 2 + 0.315, seat - 0.02)))
    legs(kit, width / 2 - 0.1, depth / 2 - 0.1, foot + 0.03, look.dark, 0.024, 0.02)
    return seat


def sofa(look: Look, rng: Rng, width: float = 2.15) -> Piece:
    """A sofa for three with scatter cushions at its ends; seats "-left", "-right" (of whoever sits) and ""."""
    kit, depth = Kit(), 0.94
    seat = _upholstered(kit, width, depth, 2 if width < 1.9 or rng.random() < 0.35 else 3, look, rng, look.fabric)
    for s in (-1, 1):
        for k in range(1 + int(rng.random() < 0.5)):
            size = 0.44 - 0.06 * k
            colour = look.accents[(k + (s > 0)) % len(look.accents)]
            soft = pillow(size, size, 0.15, paint("cloth", colour))
            x = s * (width / 2 - 0.33 - 0.1 * k)
            kit.mesh(soft, leaning(0.32, (x, -0.02 + 0.13 * k, seat + 0.0), -s * rng.uniform(0.15, 0.4)))
    side = min(0.34, width / 2 - 0.62)
    spots = {"": _seat(0, 0.08, seat), "-left": _seat(-side, 0.08, seat), "-right": _seat(side, 0.08, seat)}
    return Piece(kit.build(), spots, top=seat)


def armchair(look: Look, rng: Rng) -> Piece:
    """An easy chair: upholstered, or a wooden frame with loose cushions."""
    kit = Kit()
    if rng.random() < 0.5:
        seat = _upholstered(kit, 0.86, 0.86, 1, look, rng, look.second)
        return Piece(kit.build(), {"": _seat(0, 0.08, seat)}, top=seat)
    wood, seat = look.wood, 0.42
    for s in (-1, 1):
        x = s * 0.33
        kit.tube([[x, 0.37, 0], [x, 0.31, 0.56]], [0.015, 0.022], wood, 12)
        kit.tube([[x, -0.4, 0], [x, -0.28, 0.54]], [0.015, 0.022], wood, 12)
        arm = np.array([[x, 0.4, 0.56], [x, 0.2, 0.575], [x, -0.05, 0.565], [x, -0.33, 0.53]])
        for a, b in itertools.pairwise(arm):
            kit.tube([a, b], 0.026, wood, 12)
        kit.tube([[x, 0.32, 0.28], [x, -0.34, 0.24]], 0.018, wood, 10)
    for y, z in ((0.32, 0.28), (-0.33, 0.24)):
        kit.tube([[-0.33, y, z], [0.33, y, z]], 0.018, wood, 10)
    for x in (-0.24, 0.0, 0.24):
        kit.tube([[x, -0.27, 0.3], [x, -0.46, 0.82]], 0.012, wood, 8)
    kit.tube([[-0.28, -0.46, 0.82], [0.28, -0.46, 0.82]], 0.018, wood, 10)
    kit.mesh(cushion((0.6, 0.62, 0.14), look.second, (0, 0.04, seat - 0.135), 0.03, 6.0))
    kit.mesh(cushion((0.58, 0.13, 0.56), look.second, (0, 0, 0), 0.02, 5.0), leaning(0.3, (0, -0.2, seat - 0.06)))
    return Piece(kit.build(), {"": _seat(0, 0.08, seat)}, top=seat)


def _bent(
    kit: Kit, width: float, z0: float, z1: float, lean: float, bow: float, thick: float, y: float, wood: Material
) -> None:
    """A board bent around whoever leans on it, its lower edge at depth ``y``."""
    a, b = np.meshgrid(np.linspace(-1, 1, 11), np.linspace(0, 1, 5), indexing="ij")
    narrow = 1 - 0.12 * b**2
    x, z = a * width / 2 * narrow, z0 + (z1 - z0) * b
    front = np.stack([x, y - lean * b + bow * a**2 + 0 * x, z], axis=-1)
    rear = front - [0, thick, 0]
    kit.mesh(grid(front[::-1], wood))
    kit.mesh(grid(rear, wood))
    for row in (0, -1):
        pair = np.stack([front[:, row], rear[:, row]], axis=1)
        kit.mesh(grid(pair if row == 0 else pair[:, ::-1], wood))
        edge = np.stack([front[row], rear[row]], axis=1)
        kit.mesh(grid(edge[:, ::-1] if row == 0 else edge, wood))


def chair(look: Look, rng: Rng) -> Piece:
    """A dining chair: bent back, slats or a ladder, by ``rng``; its seat 46 cm high."""
    kit, wood, seat = Kit(), look.wood, 0.46
    form = int(rng.integers(3))
    back = 0.5 if look.style == "modern" else 0.56
    tall = seat + back - 0.1
    if form == 0:
        for sx in (-1, 1):
            kit.tube([[sx * 0.2, 0.2, 0], [sx * 0.175, 0.165, seat - 0.02]], [0.012, 0.019], wood, 12)
            line = [[sx * 0.2, -0.235, 0], [sx * 0.185, -0.18, seat - 0.02], [sx * 0.18, -0.215, seat + 0.34]]
            kit.tube(line, [0.012, 0.019, 0.014], wood, 12)
        _bent(kit, 0.44, seat + 0.2, seat + 0.38, 0.03, 0.045, 0.016, -0.2, wood)
        kit.mesh(cushion((0.46, 0.44, 0.045), look.second, (0, 0, seat - 0.045), 0.012, 5.0))
    else:
        for sx in (-1, 1):
            slab(kit, (0.036, 0.036, seat - 0.02), (sx * 0.19, 0.185, 0), wood)
            line = [[sx * 0.19, -0.2, 0], [sx * 0.19, -0.195, seat], [sx * 0.185, -0.235, tall]]
            kit.tube(line, [0.019, 0.021, 0.016], wood, 10)
            slab(kit, (0.024, 0.34, 0.05), (sx * 0.19, -0.005, seat - 0.075), wood)
            slab(kit, (0.018, 0.34, 0.022), (sx * 0.19, -0.005, 0.17), wood)
        slab(kit, (0.36, 0.024, 0.05), (0, 0.185, seat - 0.075), wood)
        slab(kit, (0.36, 0.024, 0.05), (0, -0.19, seat - 0.075), wood)
        if form == 1:
            _bent(kit, 0.4, tall - 0.075, tall, 0.01, 0.03, 0.018, -0.215, wood)
            _bent(kit, 0.37, seat + 0.07, seat + 0.11, 0.005, 0.02, 0.016, -0.19, wood)
            for x in np.linspace(-0.12, 0.12, 4):
                kit.tube([[x, -0.202, seat + 0.1], [x, -0.228, tall - 0.06]], 0.009, wood, 8)
        else:
            for k in range(3):
                z = seat + 0.1 + k * (back - 0.2) / 3
                _bent(kit, 0.39, z, z + 0.065, 0.008, 0.03, 0.016, -0.197 - 0.013 * k, wood)
        if rng.random() < 0.6:
            slab(kit, (0.45, 0.43, 0.03), (0, 0, seat - 0.03), wood, 0.006)
        else:
            slab(kit, (0.44, 0.42, 0.02), (0, 0, seat - 0.035), wood)
            kit.mesh(cushion((0.43, 0.41, 0.04), look.fabric, (0, 0, seat - 0.032), 0.012, 6.0))
    return Piece(kit.build(), {"": _seat(0, 0.0, seat)}, top=seat)


def office_chair(look: Look, rng: Rng) -> Piece:
    """A swivel chair on five castors."""
    kit, seat = Kit(), 0.47
    black, cloth = (
        paint("plastic", "#1f2022"),
        paint("cloth", str(rng.choice(["#2b2d30", "#3d4a52", "#4a3f3a", "#5c6a5e"]))),
    )
    first = rng.uniform(0, 2 * np.pi)
    for k in range(5):
        a = first + k * 2 * np.pi / 5
        out = np.array([np.cos(a), np.sin(a)])
        hub, tip = out * 0.03, out * 0.29
        kit.tube([[*hub, 0.12], [*tip, 0.075]], [0.026, 0.017], look.metal, 8)
        side = np.array([-out[1], out[0]]) * 0.018
        for s in (-1, 1):
            a0, a1 = tip + s * side * 0.4, tip + s * side * 1.5
            kit.tube([[*a0, 0.027], [*a1, 0.027]], 0.027, black, 12)
            spin(kit, [(0.0, -0.001), (0.005, 0.001)], black, (float(a1[0]), float(a1[1]), 0.027), 6)
    spin(kit, [(0.04, 0.1), (0.035, 0.2), (0.024, 0.22), (0.024, 0.4)], look.metal, sides=14)
    slab(kit, (0.24, 0.26, 0.04), (0, 0, seat - 0.11), black)
    kit.mesh(cushion((0.5, 0.49, 0.085), cloth, (0, 0.01, seat - 0.085), 0.015, 5.0))
    kit.mesh(cushion((0.46, 0.08, 0.58), cloth, (0, 0, 0), 0.01, 4.5), leaning(0.16, (0, -0.21, seat + 0.07)))
    kit.tube(
        [[0, -0.06, seat - 0.09], [0, -0.26, seat - 0.07], [0, -0.3, seat + 0.02], [0, -0.3, seat + 0.3]],
        0.018,
        black,
        8,
    )
    for s in (-1, 1):
        kit.tube(
            [[s * 0.12, 0, seat - 0.09], [s * 0.285, -0.02, seat - 0.08], [s * 0.285, -0.02, seat + 0.19]],
            0.013,
            black,
            8,
        )
        kit.mesh(cushion((0.06, 0.27, 0.03), black, (s * 0.285, 0.0, seat + 0.185), 0.0, 5.0, 6))
    return Piece(kit.build(), {"": _seat(0, 0.0, seat)}, top=seat)


def stool(look: Look, rng: Rng, height: float = 0.75) -> Piece:
    """A bar stool with a foot ring; ``height`` of the seat."""
    kit = Kit()
    metal = look.metal
    if rng.random() < 0.5:
        spin(
            kit,
            [(0.0, 0.0), (0.2, 0.0), (0.2, 0.012), (0.03, 0.03), (0.022, 0.06), (0.022, height - 0.04)],
            metal,
            sides=24,
        )
        ring = 0.15
    else:
        legs(kit, 0.1, 0.1, height - 0.02, metal, 0.014, 0.06)
        ring = 0.19
    a = np.linspace(0, 2 * np.pi, 25)
    z = height * 0.4
    kit.tube(np.stack([ring * np.cos(a), ring * np.sin(a), np.full(25, z)], axis=1), 0.008, metal, 6)
    if ring == 0.15:
        for k in range(3):
            b = k * 2 * np.pi / 3
            kit.tube([[0, 0, z], [ring * np.cos(b), ring * np.sin(b), z]], 0.006, metal, 6)
    soft = look.second if rng.random() < 0.6 else look.wood
    spin(
        kit,
        [
            (0.0, height - 0.05),
            (0.16, height - 0.05),
            (0.178, height - 0.035),
            (0.178, height - 0.015),
            (0.165, height),
            (0, height),
        ],
        soft,
        sides=28,
    )
    return Piece(kit.build(), {"": _seat(0, 0, height)}, top=height)


def bench(look: Look, rng: Rng, length: float = 1.8) -> Piece:
    """A cushioned bench with a high back, to stand along a wall."""
    kit, seat = Kit(), 0.45
    boards(kit, [-length / 2, -0.24, 0], [length / 2, 0.16, 0.09], paint("wood", "#2b2420"))
    boards(kit, [-length / 2, -0.26, 0.09], [length / 2, 0.2, seat - 0.08], look.wood, 0.004)
    boards(kit, [-length / 2, -0.28, seat - 0.08], [length / 2, -0.24, 1.0], look.wood, 0.004)
    count = max(1, round(length / 0.65))
    each = length / count
    spots = {}
    for k in range(count):
        x = -length / 2 + (k + 0.5) * each
        kit.mesh(cushion((each - 0.01, 0.46, 0.1), look.second, (x, 0.0, seat - 0.1), 0.015, 7.0, 8))
        kit.mesh(cushion((each - 0.01, 0.08, 0.42), look.second, (x, -0.2, seat + 0.06), 0.0, 6.0, 8))
        spots[f"-{k + 1}"] = _seat(x, 0.02, seat)
    if rng.random() < 0.5:
        boards(kit, [-length / 2, -0.285, 1.0], [length / 2, -0.2, 1.03], look.wood, 0.005)
    return Piece(kit.build(), spots, top=seat)
