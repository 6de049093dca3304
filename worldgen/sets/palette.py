"""Tasteful colours and habits of building: what makes one street differ from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from worldgen.conventions import linear_from_hex
from worldgen.material import Material, make

Rng = np.random.Generator


def tint(kind: str, colour: str) -> Material:
    """A material of ``kind`` in an sRGB ``#rrggbb``."""
    r, g, b = (float(c) for c in linear_from_hex(colour))
    return make(kind, (r, g, b))


def ramp(kind: str, colours: Sequence[str], steps: int) -> tuple[Material, ...]:
    """``steps`` materials of ``kind`` from the first sRGB ``#rrggbb`` through the others to the last."""
    known = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in colours])
    at = np.linspace(0, len(colours) - 1, steps)
    shown = np.stack([np.interp(at, np.arange(len(colours)), known[:, k]) for k in range(3)], axis=1)
    return tuple(tint(kind, "#" + "".join(f"{round(c):02x}" for c in row)) for row in shown)


@dataclass(frozen=True)
class Style:
    """How a street is built.

    walls: (kind, colour, weight) to draw from. bases: the same for ground floors, "" for like the wall. trims, frames,
    shutters, doors, cloths: colours. roofs: (kind, colour, weight). gables: (roof form, weight). floors: least and
    most floors above the ground floor's. storey: floor height, metres. arched: rise of window arches over their
    width. panes: columns and rows of a window. shutter, shop, balcony, quoins, flowers: chances a house.
    bay: metres from window to window. ground: height of the ground floor. form: what is built: "house", "tower" (see
    ``tower``) or "alley" (see ``alley``); of the latter two only the width is drawn from the style. garden: metres of
    garden in front of the house.
    """

    walls: tuple[tuple[str, str, float], ...]
    bases: tuple[tuple[str, str, float], ...]
    trims: tuple[str, ...]
    frames: tuple[str, ...]
    shutters: tuple[str, ...]
    doors: tuple[str, ...]
    cloths: tuple[tuple[str, str], ...]
    roofs: tuple[tuple[str, str, float], ...]
    gables: tuple[tuple[str, float], ...]
    floors: tuple[int, int]
    storey: tuple[float, float]
    width: tuple[float, float]
    arched: float
    panes: tuple[int, int]
    shutter: float
    shop: float
    balcony: float
    quoins: float
    flowers: float
    bay: float
    ground: tuple[float, float] = (3.3, 3.8)
    form: Literal["house", "tower", "alley"] = "house"
    garden: float = 0.0


OLD_TOWN: Final = Style(
    walls=(
        ("plaster", "#d6b271", 1.3), ("plaster", "#cd9f88", 1.0), ("plaster", "#e2d5b6", 1.4),
        ("plaster", "#a8ad95", 0.8),
        ("plaster", "#b4b9b6", 0.6), ("plaster", "#bf8361", 0.9), ("plaster", "#d2c09b", 1.0),
        ("plaster", "#e0d9ca", 0.9),
        ("brick", "#a06f5b", 0.6), ("stone", "#b3a890", 0.8),
    ),
    bases=(("", "", 3.0), ("stone", "#a79c87", 1.2), ("plaster", "#b9ae9b", 0.6)),
    trims=("#d5ccb8", "#c3b8a1", "#e2dccf", "#b5aa96"),
    frames=("#e4dfd3", "#d9d2c2", "#4d3524", "#2f463b", "#56646b"),
    shutters=("#46614c", "#4f6f80", "#8b8f86", "#6d4b33", "#6a2f28", "#7f8a6a"),
    doors=("#4a2f20", "#2f463b", "#5d2620", "#2e4353", "#6d4b33"),
    cloths=(("#b8403a", "#ebe3d0"), ("#3f6650", "#ebe3d0"), ("#c98b3c", "#efe8d8"), ("#3e5d7c", "#e9e4d8"),
            ("#8c2f2a", "#8c2f2a")),
    roofs=(("roof-tile", "#a2583b", 3.0), ("roof-tile", "#8a4b36", 1.5), ("slate", "#4e5359", 0.8)),
    gables=(("side", 3.0), ("gable", 1.3), ("stepped", 0.7)),
    floors=(1, 3), storey=(2.75, 3.2), width=(4.6, 7.6), arched=0.0, panes=(2, 3),
    shutter=0.6, shop=0.4, balcony=0.3, quoins=0.35, flowers=0.5, bay=1.9,
)  # fmt: skip

BRICK_ROW: Final = Style(
    walls=(
        ("brick", "#9a6252", 1.6), ("brick", "#8b5648", 1.2), ("brick", "#a76f58", 1.2), ("brick", "#7e594f", 0.7),
        ("brick", "#b39470", 0.7), ("brick", "#936353", 1.0),
    ),
    bases=(("", "", 3.0), ("stone", "#9a9284", 0.7), ("brick", "#5c4841", 0.8)),
    trims=("#c4bba8", "#b0a796", "#d3cdc0"),
    frames=("#e2ded4", "#2a2d2e", "#33463f", "#5a2a25", "#39424a"),
    shutters=("#33463f", "#3a2b22"),
    doors=("#20323f", "#3d1f1c", "#23362d", "#2a2a2c", "#6b5220"),
    cloths=(("#2f3d38", "#2f3d38"), ("#5b2723", "#d9d2c2"), ("#26323d", "#d9d2c2")),
    roofs=(("slate", "#4a4f55", 3.0), ("roof-tile", "#6f4334", 0.6)),
    gables=(("parapet", 2.2), ("side", 1.2), ("stepped", 0.25), ("gable", 0.5)),
    floors=(2, 3), storey=(3.1, 3.6), width=(5.4, 8.0), arched=0.16, panes=(3, 4),
    shutter=0.0, shop=0.3, balcony=0.05, quoins=0.25, flowers=0.15, bay=2.15,
)  # fmt: skip

DOWNTOWN: Final = replace(BRICK_ROW, form="tower", width=(9.0, 14.5), ground=(4.0, 4.6))
NEON_ALLEY: Final = replace(BRICK_ROW, form="alley", width=(4.3, 6.2), ground=(3.2, 3.2))
VILLAGE: Final = Style(
    walls=(
        ("plaster", "#e6ddc8", 1.6), ("plaster", "#dcc9a0", 1.0), ("stone", "#b5a98f", 1.6), ("stone", "#a3987f", 1.0),
        ("plaster", "#d9b99a", 0.7), ("plaster", "#efe8da", 1.0), ("brick", "#a5715a", 0.5),
    ),
    bases=(("", "", 4.0), ("stone", "#9d927c", 1.4)),
    trims=("#c9bda4", "#8f7f66", "#e2dccf", "#b5a68c"),
    frames=("#efe9dc", "#5b7a86", "#4d3524", "#6f8b74"),
    shutters=("#5b7a86", "#6f8b74", "#7a5136", "#4f6b7a", "#93a08c"),
    doors=("#4a6a78", "#5a3a26", "#3f5a48", "#7a2f2a", "#7a5a3a"),
    cloths=(("#7f8a6a", "#ebe3d0"), ("#a3503a", "#ebe3d0")),
    roofs=(("roof-tile", "#a05a3c", 3.0), ("roof-tile", "#8d5540", 1.5), ("slate", "#5a5c5a", 0.5),
           ("thatch", "#8f7b55", 0.7)),
    gables=(("side", 3.4), ("gable", 0.9)),
    floors=(0, 1), storey=(2.4, 2.6), width=(6.6, 9.5), arched=0.0, panes=(2, 3),
    shutter=0.6, shop=0.06, balcony=0.0, quoins=0.3, flowers=0.6, bay=2.3, ground=(2.95, 3.15), garden=2.6,
)  # fmt: skip

STYLES: Final[Mapping[str, Style]] = MappingProxyType(
    {
        "old-town": OLD_TOWN,
        "brick-row": BRICK_ROW,
        "village": VILLAGE,
        "downtown": DOWNTOWN,
        "neon-alley": NEON_ALLEY,
    }
)
"""The styles a street can have."""


def pick(rng: Rng, weighted: tuple[tuple[str, str, float], ...]) -> tuple[str, str]:
    """One (kind, colour) drawn by weight."""
    weight = np.array([w for *_, w in weighted])
    kind, colour, _ = weighted[int(rng.choice(len(weighted), p=weight / weight.sum()))]
    return kind, colour
