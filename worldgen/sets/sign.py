"""Signs: neon tubes bent into words and shapes, light boxes, blades that stand out from a wall.

Every sign is built in the frame of a facade: it faces +Y, its middle at the origin, read from in front. Letters are
single strokes drawn on a grid 4 wide and 6 tall and rounded off (Chaikin 1974, corner cutting).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from worldgen.conventions import F64, linear_from_hex
from worldgen.kit import ALL_SIDES, Kit
from worldgen.material import Material, make
from worldgen.sets.palette import tint

_GRID: Final = {
    "A": "002640|1232", "B": "00063645443303|3342413000", "C": "4536160501103041", "D": "00062644422000",
    "E": "46060040|0333", "F": "460600|0333", "G": "45361605011030414323", "H": "0006|4046|0343", "I": "2026",
    "J": "4641301001", "K": "0006|460340", "L": "060040", "M": "0006234640", "N": "00064046",
    "O": "160501103041453616", "P": "00063645443303", "Q": "160501103041453616|2240", "R": "00063645443303|2340",
    "S": "453616050413334241301001", "T": "0646|2620", "U": "060110304146", "V": "062046", "W": "0610243046",
    "X": "0640|0046", "Y": "062346|2320", "Z": "06460040", "0": "160501103041453616", "1": "152620",
    "2": "05163645440040", "3": "05163645443323|334241301001", "4": "30360242", "5": "460604344341301001",
    "6": "4536160501103041423303", "7": "064610", "8": "13040516364544331302011030414233",
    "9": "0110304145361605041343", "-": "1333", "!": "2622|2120", ".": "2021", " ": "",
}  # fmt: skip
LETTERS: Final = "".join(_GRID)
"""What can be written."""


def _circle(x: float, y: float, r: float, start: float = 0.0, stop: float = 2 * np.pi) -> F64:
    a = np.linspace(start, stop, 25)
    return np.stack([x + r * np.cos(a), y + r * np.sin(a)], axis=1)


def _star() -> F64:
    a = np.pi / 2 + np.arange(11) * np.pi / 5
    r = np.where(np.arange(11) % 2 == 0, 0.5, 0.21)
    return np.stack([r * np.cos(a), r * np.sin(a)], axis=1)


def _heart() -> F64:
    a = np.linspace(0, 2 * np.pi, 41)
    x = 16 * np.sin(a) ** 3
    y = 13 * np.cos(a) - 5 * np.cos(2 * a) - 2 * np.cos(3 * a) - np.cos(4 * a)
    return np.stack([x, y + 2.5], axis=1) / 32


_STEAM: Final = np.stack([0.05 * np.sin(np.linspace(0, 2 * np.pi, 13)), np.linspace(0.2, 0.5, 13)], axis=1)
SHAPES: Final[Mapping[str, tuple[F64, ...]]] = MappingProxyType({
    "arrow": (np.array([[-0.5, 0.0], [0.5, 0.0]]), np.array([[0.22, 0.26], [0.5, 0.0], [0.22, -0.26]])),
    "cup": (
        np.array([[-0.36, 0.12], [-0.32, -0.3], [-0.22, -0.42], [0.1, -0.42], [0.2, -0.3], [0.24, 0.12],
                  [-0.36, 0.12]]),
        _circle(0.24, -0.12, 0.15, -np.pi * 0.5, np.pi * 0.5), _STEAM - [0.16, 0.0], _STEAM - [-0.04, 0.0],
    ),
    "star": (_star(),),
    "heart": (_heart(),),
    "bowl": (
        _circle(0.0, 0.02, 0.46, np.pi, 2 * np.pi), np.array([[-0.5, 0.02], [0.5, 0.02]]),
        np.array([[0.05, 0.08], [0.42, 0.5]]), np.array([[0.16, 0.08], [0.5, 0.44]]), _STEAM - [0.22, 0.08],
    ),
    "moon": (np.concatenate([_circle(0, 0, 0.48, 0.9, 5.4), _circle(0.26, 0, 0.35, 5.0, 1.28)]),),
    "wave": (np.stack([np.linspace(-0.5, 0.5, 33), 0.09 * np.sin(np.linspace(0, 6 * np.pi, 33))], axis=1),),
})  # fmt: skip
"""Shapes of neon, as wide as 1: strokes (N, 2) of x to the right of the reader and y up."""


@dataclass(frozen=True)
class Glow:
    """What a burning sign gives off. position: (3,) in the sign's frame, a little in front of it. colour: hex."""

    position: tuple[float, float, float]
    colour: str

    def intensity(self, candela: float) -> tuple[float, float, float]:
        """Linear RGB, kilocandela, of a lamp of that colour."""
        c = linear_from_hex(self.colour)
        r, g, b = (float(v) for v in candela / 1000 * (c / max(float(c.max()), 1e-6)))
        return r, g, b


def _rounded(points: F64, times: int) -> F64:
    """A polyline with its corners cut (Chaikin); ends stay, closed ones stay closed."""
    closed = bool(np.allclose(points[0], points[-1]))
    p = points
    for _ in range(times):
        if len(p) < 3:
            return p
        q, r = 0.78 * p[:-1] + 0.22 * p[1:], 0.22 * p[:-1] + 0.78 * p[1:]
        cut = np.stack([q, r], axis=1).reshape(-1, 2)
        p = np.concatenate([cut, cut[:1]]) if closed else np.concatenate([p[:1], cut[1:-1], p[-1:]])
    return p


def strokes(text: str, fine: int = 2) -> tuple[list[F64], float]:
    """Strokes (N, 2) of ``text``, letters 1 tall and its middle at the origin, and its width.

    fine: how often corners are cut.

    ValueError: a letter there is no drawing of.
    """
    unknown = sorted(set(text.upper()) - set(LETTERS))
    if unknown or not text.strip():
        raise ValueError(f"{text!r} cannot be written on a sign: use A-Z, 0-9, spaces and - ! .")
    found: list[F64] = []
    x = 0.0
    for letter in text.upper():
        narrow = letter in "I.!1"
        for stroke in filter(None, _GRID[letter].split("|")):
            p = np.array([[int(a), int(b)] for a, b in zip(stroke[::2], stroke[1::2], strict=True)], np.float64)
            found.append(_rounded(p / 6.0, fine) + np.array([x - (0.2 if narrow else 0.0), 0.0]))
        x += 0.45 if narrow else 0.95 if letter != " " else 0.6
    width = x - 0.28
    return [p - [width / 2, 0.5] for p in found], width


def _upright(stroke: F64, scale: float, y: float) -> F64:
    """Strokes on a plane that faces +Y: who reads it sees x growing to the right, which is -x of the facade."""
    return np.stack([-stroke[:, 0] * scale, np.full(len(stroke), y), stroke[:, 1] * scale], axis=1)


def tube_material(colour: str, lit: bool) -> Material:
    """Burning neon, or the milky glass of a tube that is off."""
    if lit:
        return tint("neon", colour)
    r, g, b = (0.45 + 0.3 * float(c) for c in linear_from_hex(colour))
    return make("ceramic", (r, g, b))


def neon(kit: Kit, what: str, size: float, colour: str, lit: bool, y: float = 0.06) -> Glow | None:
    """A word, its letters ``size`` tall, or a shape of ``SHAPES`` that wide, of tubes ``y`` in front of the wall.

    Returns its glow where it is lit.
    """
    drawn = [*SHAPES[what]] if what in SHAPES else strokes(what)[0]
    material, radius = tube_material(colour, lit), min(0.011, 0.045 * size)
    for stroke in drawn:
        kit.tube(_upright(stroke, size, y), radius, material, 5)
        for end in _upright(stroke[[0, -1]], size, y):  # the tube bends back into the wall
            kit.tube([end, end - [0, y, 0]], 0.6 * radius, make("rubber"), 4)
    return Glow((0.0, y + 0.3, 0.0), colour) if lit else None


def lettering(kit: Kit, text: str, size: float, material: Material, y: float, thick: float = 0.13) -> None:
    """A word in flat strips at depth ``y``, its letters ``size`` tall; thick: of the strips over ``size``."""
    for stroke in strokes(text)[0]:
        p = stroke * size
        along = np.gradient(p, axis=0)
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
        across = np.stack([-along[:, 1], along[:, 0]], axis=1) * (thick * size / 2)
        p = np.concatenate([p[:1] - along[:1] * thick * size / 2, p[1:-1], p[-1:] + along[-1:] * thick * size / 2])
        left, right = _upright(p + across, 1.0, y), _upright(p - across, 1.0, y)
        kit.quads(np.stack([right[:-1], right[1:], left[1:], left[:-1]], axis=1), material)


def board(kit: Kit, text: str, wide: float, tall: float, back: str, ink: str, lit: bool, deep: float = 0.12) -> None:
    """A box with a word on it: a light box where ``lit``, else a painted one. It stands ``deep`` off the wall."""
    frame = tint("painted-metal", "#2b2d2f")
    w, h = wide / 2, tall / 2
    kit.boxes([[-w, 0, -h]], [[w, deep, h]], frame, ("-x", "+x", "+y", "-z", "+z"))
    face = tint("window-glow", back) if lit else tint("plastic", back)
    e = 0.025
    kit.panel(-w + e, w - e, -h + e, h - e, deep + 0.002, face)
    size = min(0.55 * tall, 0.86 * wide / max(strokes(text)[1], 0.5))
    lettering(kit, text, size, tint("plastic", ink), deep + 0.005)


def blade(kit: Kit, text: str, tall: float, colour: str, back: str, lit: bool, out: float = 0.75) -> Glow | None:
    """A narrow upright box that stands out from the wall with letters one below the other in neon on both sides."""
    wide, thick = out - 0.15, 0.16
    x, y0, y1, h = thick / 2, 0.15, 0.15 + wide, tall / 2
    kit.boxes([[-x, y0, -h]], [[x, y1, h]], tint("painted-metal", back), ALL_SIDES)
    for z in (-0.4 * tall, 0.4 * tall):
        kit.boxes([[-0.02, 0.0, z - 0.02]], [[0.02, y0, z + 0.02]], make("iron"), ALL_SIDES)
    letters = text.replace(" ", "").upper()
    step = (tall - 0.15) / len(letters)
    size = min(0.78 * step, wide / 0.8)
    material = tube_material(colour, lit)
    for side in (1.0, -1.0):
        for k, letter in enumerate(letters):
            z = h - 0.075 - (k + 0.5) * step
            for stroke in strokes(letter, 1)[0]:
                # Read from +x the text runs to +y, from -x to -y.
                y = (y0 + y1) / 2 + side * stroke[:, 0] * size
                path = np.stack([np.full(len(y), side * (x + 0.03)), y, z + stroke[:, 1] * size], axis=1)
                kit.tube(path, min(0.013, 0.05 * size), material, 4)
        edge = np.array([[y0 + 0.03, -h + 0.03], [y1 - 0.03, -h + 0.03], [y1 - 0.03, h - 0.03], [y0 + 0.03, h - 0.03],
                         [y0 + 0.03, -h + 0.03]])  # fmt: skip
        rim = np.concatenate([np.full((5, 1), side * (x + 0.02)), edge], axis=1)
        kit.tube(rim, 0.008, material, 5)
    return Glow((0.0, y1 + 0.25, 0.0), colour) if lit else None
