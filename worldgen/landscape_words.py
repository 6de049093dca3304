"""The words for land: hills with a road, woods, bridges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from worldgen.errors import SceneProblem, listed, nearest
from worldgen.placed_words import SetOf
from worldgen.sets import SetPiece
from worldgen.sets.terrain import STYLES, SURFACES, terrain
from worldgen.units import Length, PositiveLength, show
from worldgen.words import Spot, Words


def _one_of(known: Iterable[str], what: str) -> BeforeValidator:
    words = tuple(known)

    def checked(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        near = nearest(str(value), words)
        hint = "" if near else f": use {listed(words)}"
        raise SceneProblem(f"{show(value)} is not {what}{hint}", suggestion=near)

    return BeforeValidator(checked)


def _enum(known: Iterable[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(known)})


RoadSurface = Annotated[str, _one_of(SURFACES, "a surface of a road"), _enum(SURFACES)]
LandStyle = Annotated[str, _one_of(STYLES, "a style of land"), _enum(STYLES)]


class RoadWords(Words):
    """A road that is graded into the land."""

    along: list[Spot] | None = Field(None, description="Places `[x, y]` it passes through. Unsaid: it finds its given.")
    width: PositiveLength = Field(6.0, ge=2, le=20, description="Of the carriagegiven.")
    surface: RoadSurface = Field("asphalt", description="What it is made of.")


class TerrainWords(SetOf):
    """Hills to the horizon, with a road, woods, boulders and grass."""

    size: PositiveLength = Field(1000.0, ge=100, le=4000, description="Edge of the part one can film in.")
    style: LandStyle = Field("hills", description="What the land is like.")
    seed: int = Field(0, description="Another seed, other hills.")
    relief: Length | None = Field(None, ge=0, le=400, description="From the valleys to the tops. Unsaid: the style's.")
    road: RoadWords | bool = Field(True, description="Its road; `false` for none.")
    trees: int = Field(1200, ge=0, le=20_000, description="At most so many trees.")
    focus: list[Spot] = Field([], description="Places `[x, y]` to be seen from near, besides the origin.")

    def piece(self, name: str, burning: bool) -> SetPiece:
        """The land."""
        given = self.road if isinstance(self.road, RoadWords) else RoadWords.model_validate({})
        return terrain(
            size=self.size,
            style=self.style,
            seed=self.seed,
            relief=self.relief,
            road=given.along if self.road else (),
            road_width=given.width,
            road_surface=given.surface,
            trees=self.trees,
            focus=self.focus,
            name=name,
        )
