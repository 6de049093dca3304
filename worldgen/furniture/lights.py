"""Lamps of rooms: geometry with a shade that glows, and the light itself."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from worldgen.furniture.parts import Piece, slab, spin
from worldgen.furniture.style import Look, Rng, paint
from worldgen.kit import Kit
from worldgen.light import Lamp
from worldgen.material import Material, make

WARM = (1.0, 0.72, 0.42)
NEUTRAL = (1.0, 0.9, 0.76)


def _glow(lit: bool, colour: str) -> Material:
    return make("lamp-glow", (1.0, 0.76, 0.48)) if lit else paint("cloth", colour)


def _lamp(
    at: tuple[float, float, float], strength: float, lit: bool, tint: tuple[float, float, float] = WARM
) -> tuple[Lamp, ...]:
    if not lit:
        return ()
    r, g, b = (strength * c for c in tint)
    return (Lamp("", at, (r, g, b), 18.0, 0.06),)


def _shade(kit: Kit, low: float, high: float, z0: float, z1: float, material: Material) -> None:
    """A shade open at both ends, seen from outside and inside."""
    spin(kit, [(low, z0), (high, z1)], material, sides=28)
    a, e = np.linspace(0, 2 * np.pi, 29), 0.004
    for r, z in ((low, z0), (high, z1)):
        kit.tube(np.stack([r * np.cos(a), r * np.sin(a), np.full(29, z)], axis=1), e, paint("cloth", "#cfc4ae"), 5)


def floor_lamp(look: Look, rng: Rng, lit: bool) -> Piece:
    """A standing lamp with a drum shade, about 1.6 m high; on a foot or on three legs."""
    kit, top = Kit(), 1.6
    if rng.random() < 0.5:
        spin(
            kit,
            [(0.0, 0), (0.15, 0), (0.15, 0.015), (0.02, 0.03), (0.011, 0.05), (0.011, top - 0.05)],
            look.metal,
            sides=24,
        )
    else:
        for k in range(3):
            a = k * 2 * np.pi / 3 + 0.5
            kit.tube([[0.24 * np.cos(a), 0.24 * np.sin(a), 0], [0, 0, top - 0.3]], [0.011, 0.016], look.wood, 10)
        kit.tube([[0, 0, top - 0.32], [0, 0, top - 0.05]], 0.01, look.metal, 8)
    _shade(kit, 0.22, 0.17, top - 0.3, top, _glow(lit, "#e4d9c2"))
    return Piece(kit.build(), lamps=_lamp((0, 0, top - 0.14), 0.1, lit))


def table_lamp(look: Look, rng: Rng, lit: bool) -> Piece:
    """A lamp 45 cm high with a turned ceramic or wooden body."""
    kit = Kit()
    body = (
        paint("ceramic", str(rng.choice([*look.accents[:3], "#d9d2c4", "#46606a"])))
        if rng.random() < 0.65
        else look.wood
    )
    form = int(rng.integers(3))
    shape: npt.ArrayLike = (
        [
            (0.0, 0),
            (0.07, 0),
            (0.07, 0.012),
            (0.03, 0.03),
            (0.075, 0.09),
            (0.085, 0.14),
            (0.05, 0.2),
            (0.015, 0.23),
            (0.012, 0.27),
        ],
        [(0.0, 0), (0.06, 0), (0.065, 0.01), (0.06, 0.1), (0.05, 0.19), (0.02, 0.22), (0.012, 0.27)],
        [(0.0, 0), (0.075, 0), (0.075, 0.014), (0.014, 0.024), (0.012, 0.27)],
    )[form]
    spin(kit, shape, body, sides=24)
    _shade(kit, 0.15, 0.105, 0.24, 0.44, _glow(lit, "#e6dcc6"))
    return Piece(kit.build(), lamps=_lamp((0, 0, 0.34), 0.06, lit))


def desk_lamp(look: Look, rng: Rng, lit: bool) -> Piece:
    """A jointed lamp whose head hangs towards +Y."""
    kit, metal = Kit(), paint("painted-metal", str(rng.choice(["#2b2d30", look.accents[0], "#e0dcd2"])))
    spin(kit, [(0.0, 0), (0.085, 0), (0.085, 0.016), (0.02, 0.024)], metal, sides=24)
    joints = np.array([[0, 0, 0.02], [0, -0.09, 0.26], [0, 0.13, 0.44]])
    for a, b in itertools.pairwise(joints):
        kit.tube([a, b], 0.007, metal, 8)
    spin(kit, [(0.075, -0.09), (0.06, -0.04), (0.03, 0.0), (0.024, 0.03), (0.0, 0.032)], metal, (0, 0.15, 0.45), 24)
    spin(kit, [(0.0, -0.08), (0.06, -0.078)], _glow(lit, "#e9e6da"), (0, 0.15, 0.45), 20)
    return Piece(kit.build(), lamps=_lamp((0, 0.15, 0.35), 0.05, lit, NEUTRAL))


def pendant(look: Look, rng: Rng, lit: bool, drop: float = 0.7, form: int | None = None) -> Piece:
    """A lamp that hangs ``drop`` metres below the ceiling at z = 0: dome, drum, ball or lantern of paper."""
    kit = Kit()
    kind = int(rng.integers(4)) if form is None else form
    cord = paint("plastic", "#26211d")
    spin(kit, [(0.0, -0.03), (0.05, -0.028), (0.05, 0.0)], look.metal, sides=20)
    kit.tube([[0, 0, -0.02], [0, 0, -drop + 0.1]], 0.004, cord, 6)
    glow = _glow(lit, "#ebe3d2")
    z = -drop
    if kind == 0:
        metal = paint("painted-metal", str(rng.choice([look.accents[0], look.accents[1], "#26282a", "#e3ddd0"])))
        t = np.linspace(0.12, np.pi / 2, 8)
        dome = np.stack([0.19 * np.sin(t), z + 0.17 * np.cos(t)], axis=1)[::-1]
        spin(kit, dome, metal, sides=32)
        spin(kit, [(0.03, z + 0.16), (0.03, z + 0.22), (0.0, z + 0.22)], metal, sides=16)
        _ball(kit, 0.05, z + 0.05, glow)
    elif kind == 1:
        _shade(kit, 0.22, 0.2, z - 0.02, z + 0.22, glow)
        kit.tube([[-0.2, 0, z + 0.2], [0.2, 0, z + 0.2]], 0.004, look.metal, 5)
        kit.tube([[0, 0, z + 0.2], [0, 0, z + 0.09]], 0.012, look.metal, 8)
    elif kind == 2:
        spin(kit, [(0.03, z + 0.13), (0.035, z + 0.17), (0.0, z + 0.18)], look.metal, sides=16)
        _ball(kit, 0.13, z, glow)
    else:
        t = np.linspace(-1, 1, 25)
        r = 0.24 * np.sqrt(np.clip(1 - (0.98 * t) ** 2, 0.03, 1)) * (1 + 0.012 * np.cos(np.arange(25) * np.pi))
        spin(kit, np.stack([r, z + 0.05 + 0.2 * t], axis=1), glow, sides=32)
        kit.tube([[0, 0, z + 0.1], [0, 0, z + 0.25]], 0.004, cord, 6)
    return Piece(kit.build(), lamps=_lamp((0, 0, z + (0.0 if kind == 0 else 0.05)), 0.13, lit))


def _ball(kit: Kit, radius: float, z: float, material: Material) -> None:
    t = np.linspace(-np.pi / 2, np.pi / 2, 13)
    r = radius * np.cos(t)
    r[[0, -1]] = 0
    spin(kit, np.stack([r, z + radius * np.sin(t)], axis=1), material, sides=24)


def panel_light(look: Look, rng: Rng, lit: bool, size: float = 0.6, length: float | None = None) -> Piece:
    """A flat light below the ceiling at z = 0, framed in metal; ``length`` along y where it is not square."""
    kit, deep = Kit(), size if length is None else length
    slab(kit, (size, deep, 0.035), (0, 0, -0.035), paint("painted-metal", "#e6e4de"), 0.004)
    w, d = size / 2 - 0.03, deep / 2 - 0.03
    face = make("lamp-glow", (0.95, 0.9, 0.8)) if lit else paint("plastic", "#efeee9")
    kit.quads([[[-w, d, -0.0365], [w, d, -0.0365], [w, -d, -0.0365], [-w, -d, -0.0365]]], face)
    return Piece(kit.build(), lamps=_lamp((0, 0, -0.3), 0.6, lit, (1.0, 0.92, 0.8)))


def sconce(look: Look, rng: Rng, lit: bool) -> Piece:
    """A lamp on the wall y = 0 with a half-round shade; its middle at z = 0."""
    kit = Kit()
    slab(kit, (0.07, 0.02, 0.16), (0, 0.01, -0.08), look.metal)
    kit.tube([[0, 0.01, -0.02], [0, 0.09, -0.04], [0, 0.1, 0.0]], 0.007, look.metal, 8)
    spin(kit, [(0.05, 0.0), (0.085, 0.17)], _glow(lit, "#e8dec8"), (0, 0.1, 0), 20)
    return Piece(kit.build(), lamps=_lamp((0, 0.12, 0.12), 0.05, lit))
