"""How rooms look: colours and materials that go together."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from worldgen.conventions import linear_from_hex, seed_from
from worldgen.material import Material, make

Rng = np.random.Generator


def paint(kind: str, colour: str, seed: int = 0) -> Material:
    """A material of ``kind`` in an sRGB ``#rrggbb``."""
    r, g, b = (float(c) for c in linear_from_hex(colour))
    return make(kind, (r, g, b), seed)


@dataclass(frozen=True)
class Scheme:
    """What the colours of one style are drawn from: (kind, colour) or colours.

    walls, floors, ceilings: of the shell. woods, fabrics, accents, metals: of furniture; ``accents`` are small and
    strong. trims: skirting, frames of doors and windows. doors: leaves. curtains, rugs: cloth. wet: tiles.
    cornice: whether the ceiling has one. panelled: whether doors and cupboards have panels.
    """

    walls: tuple[tuple[str, str], ...]
    floors: tuple[tuple[str, str], ...]
    wet: tuple[tuple[str, str], ...]
    woods: tuple[str, ...]
    fabrics: tuple[str, ...]
    accents: tuple[str, ...]
    metals: tuple[tuple[str, str], ...]
    trims: tuple[str, ...]
    doors: tuple[tuple[str, str], ...]
    curtains: tuple[str, ...]
    rugs: tuple[tuple[str, str], ...]
    fronts: tuple[str, ...]
    cornice: bool
    panelled: bool


MODERN: Final = Scheme(
    walls=(
        ("paper", "#ece8e0"),
        ("paper", "#dcdfdc"),
        ("paper", "#cfd6cf"),
        ("paper", "#e6ddd0"),
        ("paper", "#b9c4c4"),
        ("paper", "#d9c9bb"),
    ),
    floors=(("planks", "#ab8f6d"), ("planks", "#a3815c"), ("planks", "#8d6a4a"), ("planks", "#bfa27c")),
    wet=(("tile", "#b9b4aa"), ("terrazzo", "#b5afa4"), ("planks", "#a88a66")),
    woods=("#b58a5c", "#8a6142", "#c7a67c", "#6b4a33"),
    fabrics=("#7d8a8c", "#a39a8c", "#4f6a6e", "#c2b6a3", "#5d6b57", "#8c6a5a"),
    accents=("#c8743c", "#2f5d62", "#d9b24a", "#9c4a3a", "#e3d9c6", "#3f4f6b"),
    metals=(("iron", "#2a2b2d"), ("brass", "#b8a06a"), ("chrome", "#b4b6b8")),
    trims=("#f0ece4", "#e9e6e0"),
    doors=(("painted-wood", "#eae6dd"), ("wood", "#b58a5c"), ("painted-wood", "#5c6b66")),
    curtains=("#d8d0c2", "#b9bfb9", "#c9b8a0", "#7f9091"),
    rugs=(("#d6cdbd", "#8f8a80"), ("#b9a58c", "#e3d9c6"), ("#5f7476", "#cfc7b6"), ("#b07a55", "#e0d2bb")),
    fronts=("#e6e3dc", "#b9bdb4", "#52655f", "#cfc4b2", "#39454d"),
    cornice=False,
    panelled=False,
)

CLASSIC: Final = Scheme(
    walls=(
        ("wallpaper", "#d8cba6"),
        ("wallpaper", "#a9b59a"),
        ("wallpaper", "#c9b2a0"),
        ("wallpaper", "#8fa3a8"),
        ("wallpaper", "#e2d6bd"),
        ("wallpaper", "#7f8c78"),
    ),
    floors=(("parquet", "#876446"), ("parquet", "#96714f"), ("planks", "#6a4d39")),
    wet=(("marble", "#d3ccbf"), ("tile", "#cfc4ae"), ("planks", "#7f5838")),
    woods=("#573a29", "#6a4932", "#785740", "#432f24"),
    fabrics=("#6b2f2c", "#3f5a48", "#36495e", "#b59a6a", "#7b6a52", "#8a4f3c"),
    accents=("#b08a3c", "#7c2a2a", "#2f4a3c", "#d8c08a", "#394a66", "#b9623c"),
    metals=(("brass", "#c9a24f"), ("brass", "#a8863f"), ("iron", "#35302a")),
    trims=("#efe8d8", "#e4dac4"),
    doors=(("painted-wood", "#ebe4d4"), ("wood", "#5f3a22")),
    curtains=("#7a3430", "#41604f", "#b89a62", "#d9c9a6", "#3f5468"),
    rugs=(("#7a2e2a", "#c9a86a"), ("#34485c", "#c9b48a"), ("#56402c", "#b98f5a"), ("#3f5848", "#cbb98f")),
    fronts=("#e8e0cc", "#a7b09a", "#6a452c", "#d3c5a4"),
    cornice=True,
    panelled=True,
)

WORN: Final = Scheme(
    walls=(
        ("plaster", "#c9bda2"),
        ("plaster", "#a9aa95"),
        ("plaster", "#b3a394"),
        ("plaster", "#9fa8a6"),
        ("plaster", "#c0b291"),
    ),
    floors=(("planks", "#6f5a45"), ("planks", "#7d6850"), ("planks", "#5f4a38")),
    wet=(("tile", "#a39c8c"), ("concrete", "#8a857b"), ("paving", "#a08468")),
    woods=("#6a5038", "#7b6248", "#8c7558", "#4f3a28"),
    fabrics=("#7c7358", "#6f5a4c", "#5a6660", "#8a6f5a", "#6b4a40", "#77786c"),
    accents=("#8c5a3a", "#5a6a5a", "#a98a4c", "#6e3a32", "#b9ad94"),
    metals=(("iron", "#3a3632"), ("metal", "#8a8378"), ("rust", "#7a4a2c")),
    trims=("#cfc5b0", "#b3a58c", "#8f7f68"),
    doors=(("painted-wood", "#b3a88e"), ("planks", "#6e5238"), ("painted-wood", "#6d7d70")),
    curtains=("#b0a285", "#8c8a72", "#a3907a", "#7a6a5a"),
    rugs=(("#6e4a3a", "#a08a68"), ("#56604f", "#9a8f74"), ("#7a6a52", "#4a4238")),
    fronts=("#c6bda4", "#8d9a88", "#7b6248", "#a8a28c"),
    cornice=False,
    panelled=True,
)

SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType({"modern": MODERN, "classic": CLASSIC, "worn": WORN})
"""The styles a room can have."""


@dataclass(frozen=True)
class Look:
    """The materials of one room, drawn from a scheme. accent: a tuple of small strong colours, best first."""

    style: str
    wall: Material
    floor: Material
    wet_floor: Material
    ceiling: Material
    wood: Material
    dark: Material
    fabric: Material
    second: Material
    accents: tuple[str, ...]
    metal: Material
    trim: Material
    door: Material
    curtain: Material
    rug: tuple[str, str]
    front: Material
    cornice: bool
    panelled: bool


def look_of(style: str, seed: int) -> Look:
    """The materials of the room with this ``style`` and ``seed``. ValueError: an unknown style."""
    scheme = SCHEMES.get(style)
    if scheme is None:
        near = difflib.get_close_matches(style, SCHEMES, n=1, cutoff=0.0)[0]
        raise ValueError(f"{style!r} is not a style of room: did you mean {near!r}? (known: {', '.join(SCHEMES)})")

    def rng(what: str) -> Rng:
        return np.random.default_rng(seed_from("look", style, seed, what))

    def one(what: str, colours: tuple[str, ...]) -> str:
        return colours[int(rng(what).integers(len(colours)))]

    def kind(what: str, pairs: tuple[tuple[str, str], ...]) -> Material:
        return paint(*pairs[int(rng(what).integers(len(pairs)))])

    woods = list(rng("woods").permutation(list(scheme.woods)))
    fabrics = list(rng("fabrics").permutation(list(scheme.fabrics)))
    return Look(
        style=style,
        wall=kind("wall", scheme.walls),
        floor=kind("floor", scheme.floors),
        wet_floor=kind("wet", scheme.wet),
        ceiling=paint("plaster" if style == "worn" else "paper", "#e9e5db"),
        wood=paint("wood", str(woods[0])),
        dark=paint("wood", str(woods[1])),
        fabric=paint("velvet" if style == "classic" and rng("velvet").random() < 0.5 else "cloth", str(fabrics[0])),
        second=paint("leather" if rng("leather").random() < 0.35 else "cloth", str(fabrics[1])),
        accents=tuple(str(c) for c in rng("accents").permutation(list(scheme.accents))),
        metal=kind("metal", scheme.metals),
        trim=paint("painted-wood", one("trim", scheme.trims)),
        door=kind("door", scheme.doors),
        curtain=paint(
            "velvet" if style == "classic" and rng("heavy").random() < 0.4 else "linen", one("curtain", scheme.curtains)
        ),
        rug=scheme.rugs[int(rng("rug").integers(len(scheme.rugs)))],
        front=paint("painted-wood", one("front", scheme.fronts)),
        cornice=scheme.cornice,
        panelled=scheme.panelled,
    )
