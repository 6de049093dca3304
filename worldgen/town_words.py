"""The words for towns: a street; a square with its houses and its market."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from worldgen.placed_words import SetOf
from worldgen.sets import SetPiece
from worldgen.sets.centrepiece import PIECES
from worldgen.sets.palette import STYLES
from worldgen.sets.square import square
from worldgen.sets.square_floor import PAVINGS
from worldgen.sets.street import street
from worldgen.units import PositiveLength
from worldgen.words import Choice, Edges2, Words

StreetStyle = Annotated[str, Choice(STYLES, "a style of street")]
SquareStyle = Annotated[str, Choice(STYLES, "a style of houses")]
CentreName = Annotated[str, Choice(PIECES, "what stands in the middle of a square")]
PavingName = Annotated[str, Choice(PAVINGS, "a pattern of paving")]


class StreetWords(SetOf):
    """A street of houses along +Y, from y = 0, its middle on x = 0."""

    length: PositiveLength = Field(60.0, ge=15, le=300, description="How long the street is.")
    width: PositiveLength = Field(9.0, ge=6, le=30, description="From wall to wall.")
    style: StreetStyle = Field("old-town", description="The style of the houses.")
    seed: int = Field(0, description="Another seed, another street.")

    def piece(self, name: str, burning: bool) -> SetPiece:
        """The street."""
        return street(
            length=self.length, width=self.width, style=self.style, seed=self.seed, lamps_on=burning, name=name
        )


class MarketWords(Words):
    """A market: stalls with striped roofs in rows around the middle."""

    stalls: int = Field(12, ge=1, le=120, description="How many stalls there are.")


class SquareWords(SetOf):
    """A town square between houses, its middle at the origin."""

    size: Edges2 = Field((40.0, 36.0), description="From house to house along x and y, 26m to 90m each.")
    style: SquareStyle = Field("old-town", description="The style of the houses.")
    centre: CentreName = Field("fountain", description="What stands in its middle.")
    paving: PavingName = Field("bands", description="The pattern of its paving.")
    market: MarketWords | None = Field(None, description="A market on it, like `{stalls: 12}`.")
    cafe: bool = Field(True, description="Whether a café has its tables outside.")
    seed: int = Field(0, description="Another seed, another square.")

    def piece(self, name: str, burning: bool) -> SetPiece:
        """The square."""
        return square(
            size=self.size,
            style=self.style,
            centre=self.centre,
            paving=self.paving,
            stalls=0 if self.market is None else self.market.stalls,
            cafe=self.cafe,
            seed=self.seed,
            lamps_on=burning,
            name=name,
        )
