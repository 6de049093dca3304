"""The words for what things are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from worldgen.conventions import linear_from_hex
from worldgen.errors import SceneProblem, listed, nearest
from worldgen.material import KINDS, RGB, Material, make
from worldgen.units import show


def _kind(value: object) -> str:
    if isinstance(value, str) and value in KINDS:
        return value
    near = nearest(str(value), KINDS)
    hint = "" if near else f": use {listed(KINDS)}"
    raise SceneProblem(f"{show(value)} is not a material{hint}", suggestion=near)


MaterialKind = Annotated[str, BeforeValidator(_kind), WithJsonSchema({"type": "string", "enum": list(KINDS)})]


def rgb(color: str) -> RGB:
    """Linear red, green, blue of '#rrggbb'."""
    r, g, b = (float(c) for c in linear_from_hex(color))
    return r, g, b


def material_of(kind: str | None, color: str | None) -> Material:
    """The material that the words say; plaster where no kind is said."""
    return make(kind or "plaster", None if color is None else rgb(color))
