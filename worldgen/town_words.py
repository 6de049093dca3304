"""The words for towns: a square with its houses and its market."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from worldgen.errors import SceneProblem, listed, nearest
from worldgen.placed_words import SetOf
from worldgen.sets import SetPiece
from worldgen.sets.centrepiece import PIECES
from worldgen.sets.palette import STYLES
from worldgen.sets.square import square
from worldgen.sets.square_floor import PAVINGS
from worldgen.units import show
from worldgen.words import Edges2, Words


def _known(words: tuple[str, ...], what: str) -> BeforeValidator:
    def checked(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        near = nearest(str(value), words)
        hint = "" if near else f": use {listed(words)}"
        raise SceneProblem(f"{show(value)} is not {what}{hint}", suggestion=near)

    return BeforeValidator(checked)


def _schema(words: tuple[str, ...]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(words)})


_STYLES = tuple(STYLES)
StyleName = Annotated[str, _known(_STYLES, "a style of houses"), _schema(_STYLES)]
CentreName = Annotated[str, _known(PIECES, "what stands in the middle of a square"), _schema(PIECES)]
PavingName = Annotated[str, _known(PAVINGS, "a pattern of paving"), _schema(PAVINGS)]


class MarketWords(Words):
    """A market: stalls with striped roofs in rows around the middle."""

    stalls: int = Field(12, ge=1, le=120, description="How many stalls there are.")


class SquareWords(SetOf):
    """A town square between houses, its middle at the origin."""

    size: Edges2 = Field((40.0, 36.0), description="From house to house along x and y, 26m to 90m each.")
    style: StyleName = Field("old-town", description="The style of the houses.")
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
