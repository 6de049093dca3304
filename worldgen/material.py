"""Materials: what a surface is made of, and its detail in surface coordinates."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from worldgen.conventions import linear_from_hex, srgb_from_linear
from worldgen.detail import texture
from worldgen.texture import Texture

__all__ = ["KINDS", "Kind", "Material", "Texture", "make"]

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Material:
    """A surface, hashable.

    name: what a director calls it, unique within a world ("plaster-ochre"). kind: one word of ``KINDS``.
    base_color: linear reflectance (3). roughness, metallic: 0–1, as in glTF. emission: linear radiance (3),
    kilocandela per square metre.
    texture: its detail in colour (multiplies ``base_color``), height and roughness, or None.
    """

    name: str
    kind: str
    base_color: RGB
    roughness: float = 0.8
    metallic: float = 0.0
    emission: RGB = (0.0, 0.0, 0.0)
    texture: Texture | None = None


@dataclass(frozen=True)
class Kind:
    """What a word of the vocabulary means by default.

    color: linear reflectance. roughness, metallic: 0–1. glow: radiance per unit of colour,
    kilocandela per square metre (0 for what does not shine).
    """

    color: RGB
    roughness: float
    metallic: float = 0.0
    glow: float = 0.0


def _kind(colour: str, roughness: float, metallic: float = 0.0, glow: float = 0.0) -> Kind:
    r, g, b = (float(c) for c in linear_from_hex(colour))
    return Kind((r, g, b), roughness, metallic, glow)


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "plaster": _kind("#d9c8a6", 0.92),
        "brick": _kind("#93523d", 0.88),
        "stone": _kind("#a89d8a", 0.82),
        "cobble": _kind("#7d776e", 0.7),
        "asphalt": _kind("#4a4a4b", 0.9),
        "concrete": _kind("#9b9891", 0.85),
        "paving": _kind("#9a9285", 0.78),
        "roof-tile": _kind("#a0583d", 0.8),
        "slate": _kind("#4d5259", 0.6),
        "thatch": _kind("#8a7550", 0.95),
        "tile": _kind("#d5dbd8", 0.14),
        "terrazzo": _kind("#b9b3a6", 0.2),
        "parquet": _kind("#93643b", 0.42),
        "wallpaper": _kind("#9aae92", 0.82),
        "wood": _kind("#7b5535", 0.6),
        "planks": _kind("#80603f", 0.75),
        "painted-wood": _kind("#e2ddcf", 0.38),
        "bark": _kind("#5a4a3b", 0.95),
        "foliage": _kind("#4f6b2c", 0.7),
        "leaves": _kind("#557034", 0.6),
        "grass": _kind("#5c7233", 0.9),
        "moss": _kind("#56702a", 0.95),
        "flower": _kind("#c8324a", 0.7),
        "straw": _kind("#c2a35c", 0.8),
        "soil": _kind("#5b4a38", 0.95),
        "mud": _kind("#54432f", 0.82),
        "gravel": _kind("#938b80", 0.8),
        "rock": _kind("#857c70", 0.9),
        "sand": _kind("#c9ad7c", 0.92),
        "snow": _kind("#e9eef4", 0.8),
        "ice": _kind("#9dc0cc", 0.08),
        "metal": _kind("#9a9a9c", 0.35, 1.0),
        "chrome": _kind("#d4d6d8", 0.06, 1.0),
        "gold": _kind("#e6b24c", 0.2, 1.0),
        "brass": _kind("#c9a24f", 0.25, 1.0),
        "copper": _kind("#c77a55", 0.25, 1.0),
        "iron": _kind("#2a2b2d", 0.5, 0.6),
        "wire-mesh": _kind("#8d9194", 0.45, 0.8),
        "painted-metal": _kind("#2f4a3c", 0.4),
        "rust": _kind("#7a4526", 0.9),
        "glass": _kind("#262e36", 0.06),
        "frosted-glass": _kind("#b3c2c2", 0.48),
        "water": _kind("#24302f", 0.04),
        "rubber": _kind("#1d1d1e", 0.85),
        "plastic": _kind("#b8b4ac", 0.4),
        "ceramic": _kind("#e6e0d4", 0.15),
        "wax": _kind("#eadfc4", 0.42),
        "marble": _kind("#dcd8d0", 0.25),
        "skin": _kind("#c68e6f", 0.5),
        "hair": _kind("#3a2718", 0.55),
        "fur": _kind("#8a6846", 0.8),
        "feather": _kind("#a79f94", 0.6),
        "cloth": _kind("#a33a32", 0.9),
        "denim": _kind("#3a4a68", 0.9),
        "linen": _kind("#d3c6ac", 0.92),
        "velvet": _kind("#641a34", 0.95),
        "knit": _kind("#b9a27c", 0.95),
        "carpet": _kind("#7a3b35", 0.97),
        "wicker": _kind("#a27c4a", 0.7),
        "leather": _kind("#4b2f20", 0.5),
        "paper": _kind("#e3dac6", 0.9),
        "cardboard": _kind("#a77f55", 0.9),
        "lamp-glow": _kind("#ffd9a0", 0.5, 0.0, 0.12),
        "window-glow": _kind("#ffc27a", 0.3, 0.0, 0.011),
        "neon": _kind("#ff3d6e", 0.4, 0.0, 0.3),
        "screen": _kind("#9cc4ff", 0.15, 0.0, 0.025),
        "flame": _kind("#ff9b3f", 0.9, 0.0, 0.35),
        "ember": _kind("#ff5a1f", 0.95, 0.0, 0.03),
    }
)
"""The vocabulary of surfaces: word to its default look."""


def make(kind: str, color: RGB | None = None, seed: int = 0, name: str | None = None) -> Material:
    """A material of ``kind``, with its detail texture.

    color: linear reflectance (3), or None for the kind's own. seed: of the texture; equal seeds share one texture
    between all colours. name: None for one made of the kind, the colour and the seed.
    ValueError: an unknown kind, or a colour outside 0–1.
    """
    word = KINDS.get(kind)
    if word is None:
        near = difflib.get_close_matches(kind, KINDS, n=1, cutoff=0.0)[0]
        raise ValueError(f"{kind!r} is not a material: did you mean {near!r}? (known: {', '.join(KINDS)})")
    r, g, b = word.color if color is None else (float(c) for c in color)
    if not all(0.0 <= c <= 1.0 for c in (r, g, b)):
        raise ValueError(f"the colour {color} of {kind!r} is out of range: give linear red, green, blue from 0 to 1")
    if name is None:
        name = kind
        if color is not None:
            name += "-" + "".join(f"{c:02x}" for c in np.round(srgb_from_linear(np.array([r, g, b])) * 255).astype(int))
        if seed:
            name += f"-{seed}"
    emission = (r * word.glow, g * word.glow, b * word.glow)
    return Material(name, kind, (r, g, b), word.roughness, word.metallic, emission, texture(kind, seed))
