"""Ready-made sets: functions from a few directors' words to things and lamps."""

from __future__ import annotations

from dataclasses import dataclass

from worldgen.light import Lamp
from worldgen.world import Thing


@dataclass(frozen=True)
class SetPiece:
    """What a set puts into the world: placed, static things and the lamps among them."""

    things: tuple[Thing, ...]
    lamps: tuple[Lamp, ...]
