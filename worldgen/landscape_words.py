"""The words for land: hills with a road, woods, bridges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from worldgen.errors import SceneProblem, listed, nearest
from worldgen.placed_words import SetOf
from worldgen.sets import SetPiece
from worldgen.sets.bridge import KINDS, OVER, bridge
from worldgen.sets.forest import WOODS, forest
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
ForestKind = Annotated[str, _one_of(WOODS, "a kind of forest"), _enum(WOODS)]
BridgeKind = Annotated[str, _one_of(KINDS, "a kind of bridge"), _enum(KINDS)]
Below = Annotated[str, _one_of(OVER, "what a bridge leads over"), _enum(OVER)]
LandStyle = Annotated[str, _one_of(STYLES, "a style of land"), _enum(STYLES)]


class RoadWords(Words):
    """A road that is graded into the land."""

    along: list[Spot] | None = Field(
        None, description="Places `[x, y]` it passes through. Unsaid: it finds its own way."
    )
    width: PositiveLength = Field(6.0, ge=2, le=20, description="Of the carriageway.")
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


class ForestWords(SetOf):
    """A dense wood with a footpath along +Y."""

    kind: ForestKind = Field("mixed", description="What grows there.")
    length: PositiveLength = Field(120.0, ge=20, le=400, description="Of the path.")
    path: list[Spot] | None = Field(None, description="Places `[x, y]` the path passes through. Unsaid: it winds.")
    path_width: PositiveLength = Field(1.7, ge=0.5, le=6, description="Of the path.")
    relief: Length = Field(9.0, ge=0, le=60, description="Between hollows and rises.")
    clearing: Length = Field(0.0, ge=0, le=30, description="Radius of an opening to the left of the origin.")
    seed: int = Field(0, description="Another seed, another wood.")

    def piece(self, name: str, burning: bool) -> SetPiece:
        """The wood."""
        return forest(
            length=self.length,
            kind=self.kind,
            seed=self.seed,
            path=self.path,
            path_width=self.path_width,
            relief=self.relief,
            clearing=self.clearing,
            name=name,
        )


class BridgeWords(SetOf):
    """A bridge along +Y in its valley, its middle above the origin."""

    kind: BridgeKind = Field("stone", description="How it is built.")
    span: PositiveLength | None = Field(None, ge=4, le=120, description="From bank to bank. Unsaid: the kind's own.")
    width: PositiveLength | None = Field(None, ge=1, le=16, description="Between the railings.")
    over: Below = Field("water", description="What it leads over.")
    seed: int = Field(0, description="Another seed, another valley.")

    def piece(self, name: str, burning: bool) -> SetPiece:
        """The bridge with the land around it."""
        return bridge(kind=self.kind, span=self.span, width=self.width, over=self.over, seed=self.seed, name=name)
