"""Whose corridors there are: what walls, floors and doors are made of, and how they are lit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Use:
    """What makes a corridor one of a hotel or a hospital.

    style: of its woodwork. walls, floors, doors: (kind, colour) to draw from. runner: colours of a carpet down the
    middle, or none. spacing: metres from door to door. staggered: whether doors face walls. sconces: lamps on the
    walls instead of the ceiling. rail: height of a handrail, 0 for none. dado: colour of the lower wall, or "".
    """

    style: str
    walls: tuple[tuple[str, str], ...]
    floors: tuple[tuple[str, str], ...]
    doors: tuple[tuple[str, str], ...]
    runner: tuple[tuple[str, str], ...]
    spacing: float
    staggered: bool
    sconces: bool
    rail: float
    dado: tuple[str, ...]


USES: Final[Mapping[str, Use]] = MappingProxyType(
    {
        "hotel": Use(
            "classic",
            (("wallpaper", "#d9c9a3"), ("wallpaper", "#8f9a86"), ("wallpaper", "#b59d8c"), ("wallpaper", "#a9a7b0")),
            (("planks", "#6a4d39"), ("planks", "#795941")),
            (("wood", "#5f3a22"), ("wood", "#4a2c1a"), ("painted-wood", "#e6dfcf")),
            (("#7c2a2c", "#c9a55c"), ("#2f4656", "#c2ab7a"), ("#3f5a46", "#cbb98a")),
            4.0,
            False,
            True,
            0.0,
            ("#efe6d2", "#5a3a26"),
        ),
        "office": Use(
            "modern",
            (("paper", "#e6e3db"), ("paper", "#d3d8d8"), ("paper", "#dcd5c8")),
            (("carpet", "#5c646a"), ("carpet", "#6d675e"), ("carpet", "#4c5a58")),
            (("wood", "#b08a5c"), ("painted-metal", "#5c6b73"), ("wood", "#8a6646")),
            (),
            3.4,
            True,
            False,
            0.0,
            (),
        ),
        "hospital": Use(
            "modern",
            (("paper", "#dfe6de"), ("paper", "#e4e2d6"), ("paper", "#d5e0e2")),
            (("plastic", "#9fb0a6"), ("terrazzo", "#b9b4a4"), ("plastic", "#8fa3ab")),
            (("painted-metal", "#8fb0a8"), ("wood", "#c2a071"), ("painted-metal", "#d8c9a0")),
            (),
            3.8,
            False,
            False,
            0.9,
            ("#8fb5a5", "#a5b7c4", "#c9b98f"),
        ),
    }
)
"""The corridors there are."""
