"""The words for what things are made of."""

from __future__ import annotations

from typing import Annotated

from worldgen.conventions import linear_from_hex
from worldgen.material import KINDS, RGB, Material, make
from worldgen.words import Choice

MaterialKind = Annotated[str, Choice(KINDS, "a material")]


def rgb(color: str) -> RGB:
    """Linear red, green, blue of '#rrggbb'."""
    r, g, b = (float(c) for c in linear_from_hex(color))
    return r, g, b


def material_of(kind: str | None, color: str | None) -> Material:
    """The material that the words say; plaster where no kind is said."""
    return make(kind or "plaster", None if color is None else rgb(color))
