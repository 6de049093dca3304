"""The words for sets: which set, where it stands, and what it becomes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from worldgen import shapes
from worldgen.errors import SceneProblem, listed, nearest
from worldgen.interior_words import CorridorWords, InteriorWords, RoomWords, StairsWords
from worldgen.landscape_words import BridgeWords, ForestWords, TerrainWords
from worldgen.material_words import MaterialKind, material_of
from worldgen.placed_words import SetOf
from worldgen.sets import SetPiece
from worldgen.sets.palette import STYLES
from worldgen.sets.street import street
from worldgen.town_words import SquareWords
from worldgen.units import Colour, PositiveLength, show
from worldgen.words import OneOf, Words
from worldgen.world import Thing


def _style(value: object) -> str:
    if isinstance(value, str) and value in STYLES:
        return value
    near = nearest(str(value), STYLES)
    hint = "" if near else f": use {listed(STYLES)}"
    raise SceneProblem(f"{show(value)} is not a style of street{hint}", suggestion=near)


StyleName = Annotated[str, BeforeValidator(_style), WithJsonSchema({"type": "string", "enum": list(STYLES)})]


class StreetWords(SetOf):
    """A street of houses along +Y, from y = 0, its middle on x = 0."""

    length: PositiveLength = Field(60.0, ge=15, le=300, description="How long the street is.")
    width: PositiveLength = Field(9.0, ge=6, le=30, description="From wall to wall.")
    style: StyleName = Field("old-town", description="The style of the houses.")
    seed: int = Field(0, description="Another seed, another street.")

    def piece(self, name: str, burning: bool) -> SetPiece:
        """The street."""
        return street(
            length=self.length, width=self.width, style=self.style, seed=self.seed, lamps_on=burning, name=name
        )


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


class SetWords(OneOf):
    """A built part of the world: one of these."""

    street: StreetWords | None = Field(None, description="A street of houses.")
    square: SquareWords | None = Field(None, description="A town square, with or without a market.")
    room: RoomWords | None = Field(None, description="A furnished room.")
    corridor: CorridorWords | None = Field(None, description="A corridor with doors on both sides.")
    interior: InteriorWords | None = Field(None, description="Rooms after a plan.")
    stairs: StairsWords | None = Field(None, description="Stairs to walk on.")
    terrain: TerrainWords | None = Field(None, description="Hills to the horizon, with a road.")
    forest: ForestWords | None = Field(None, description="A dense wood with a path.")
    bridge: BridgeWords | None = Field(None, description="A bridge over water or a gorge.")
    ground: Ground | None = Field(
        None, description="A level floor, or `none` for no floor at all. Unsaid: a large neutral one."
    )

    @property
    def title(self) -> str:
        """What the set is called in this world."""
        return (self.chosen.name if isinstance(self.chosen, SetOf) else None) or self.kind

    def built(self, name: str, burning: bool) -> SetPiece:
        """The set called ``name``, in its place. ``burning``: whether its lamps do. Errors: ``ValueError``."""
        words = self.chosen
        if isinstance(words, SetOf):
            return words.piece(name, burning).moved(words.world_from_set)
        return words.floor() if isinstance(words, GroundWords) else SetPiece(())
