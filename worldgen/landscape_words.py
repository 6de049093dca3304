"""The words for land: level ground, hills with a road, woods, bridges."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from worldgen import shapes
from worldgen.errors import SceneProblem
from worldgen.material_words import MaterialKind, material_of
from worldgen.placed_words import SetOf
from worldgen.sets import SetPiece
from worldgen.sets.bridge import KINDS, OVER, bridge
from worldgen.sets.forest import WOODS, forest
from worldgen.sets.terrain import STYLES, SURFACES, terrain
from worldgen.units import Colour, Length, PositiveLength, show
from worldgen.words import Choice, Spot, Words
from worldgen.world import Thing

RoadSurface = Annotated[str, Choice(SURFACES, "a surface of a road")]
ForestKind = Annotated[str, Choice(WOODS, "a kind of forest")]
BridgeKind = Annotated[str, Choice(KINDS, "a kind of bridge")]
Below = Annotated[str, Choice(OVER, "what a bridge leads over")]
LandStyle = Annotated[str, Choice(STYLES, "a style of land")]


class RoadWords(Words):
    """A road that is graded into the land."""

    along: list[Spot] | None = Field(
        None, description="Places `[x, y]` it passes through. Unsaid: it finds its own way."
    )
    width: PositiveLength = Field(6.0, ge=2, le=20, description="Of the carriageway.")
    surface: RoadSurface = Field("asphalt", description="What it is made of.")


class GroundWords(Words):
    """A level floor at z = 0."""

    size: PositiveLength = Field(500.0, description="Edge of the square, its middle at the origin.")
    material: MaterialKind = Field("concrete", description="What it is made of.")
    color: Colour | None = Field(None, description="Another base colour.")

    def floor(self) -> SetPiece:
        """The floor, which is called "ground" and there is one of."""
        mesh = shapes.plane((self.size, self.size), material_of(self.material, self.color))
        return SetPiece((Thing("ground", mesh),))


def _none(value: object) -> object:
    if value == "none":
        return value
    raise SceneProblem(f"{show(value)} is no ground: write `none`, or a mapping like `{{size: 100m}}`")


NoGround = Annotated[Literal["none"], BeforeValidator(_none), Tag("none")]
Ground = Annotated[
    Annotated[GroundWords, Tag("floor")] | NoGround,
    Discriminator(lambda value: "none" if isinstance(value, str) else "floor"),
]


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
