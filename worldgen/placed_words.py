"""What the words of every set have in common: a name, a place and a turn."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pydantic import Field

from worldgen.conventions import F64, rotation_z, translation
from worldgen.sets import SetPiece
from worldgen.units import Angle
from worldgen.words import Place, Words


class SetOf(Words, ABC):
    """A built part of the world in its place."""

    name: str | None = Field(None, description="A unique name. Unsaid: the word for the set.")
    at: Place = Field((0.0, 0.0, 0.0), description="Where its origin lies: `[x, y]`, or `[x, y, z]`.")
    turn: Angle = Field(0.0, description="Turned clockwise, seen from above.")

    @property
    def world_from_set(self) -> F64:
        """(4, 4) placement."""
        return translation(self.at) @ rotation_z(-self.turn)

    @abstractmethod
    def piece(self, name: str, burning: bool) -> SetPiece:
        """The set in its own axes, its things named below ``name``. ``burning``: whether its lamps do.

        Errors: ``ValueError``, one sentence.
        """
