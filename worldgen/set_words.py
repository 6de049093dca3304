"""The words for sets: which set, where it stands, and what it becomes."""

from __future__ import annotations

from pydantic import Field

from worldgen.interior_words import CorridorWords, InteriorWords, RoomWords, StairsWords
from worldgen.landscape_words import BridgeWords, ForestWords, Ground, GroundWords, TerrainWords
from worldgen.placed_words import SetOf
from worldgen.sets import SetPiece
from worldgen.town_words import SquareWords, StreetWords
from worldgen.words import OneOf


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
