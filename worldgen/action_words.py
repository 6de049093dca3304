"""The words for what characters do."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from worldgen.clips import Action, Idle, Stand, Turn, Walk, Wave
from worldgen.units import Angle, Duration, PositiveDuration, Speed
from worldgen.words import OneOf, Spot, Words


class WalkWords(Words):
    """Walk a smooth way through points on the ground."""

    along: tuple[Spot, ...] = Field(description="At least two points, `[x, y]`.")
    speed: Speed = Field(1.3, ge=0.1, le=2.5, description="How fast; people stroll at 1.3m/s.")

    def action(self) -> Walk:
        """The action."""
        return Walk(tuple(self.along), self.speed)


class StandWords(Words):
    """Be somewhere; as the first action it says where the character begins."""

    at: Spot = Field(description="Where, `[x, y]` on the ground.")
    facing: Angle = Field(0.0, description="Bearing, clockwise from +Y (north).")
    for_: Duration = Field(0.0, description="How long.")

    def action(self) -> Stand:
        """The action."""
        return Stand(self.at, -self.facing, self.for_)


class TurnWords(Words):
    """Turn on the spot: to a bearing, or toward a point."""

    facing: Angle | None = Field(None, description="Bearing, clockwise from +Y (north).")
    toward: Spot | None = Field(None, description="A point on the ground, `[x, y]`.")

    def action(self) -> Turn:
        """The action."""
        return Turn(0.0 if self.facing is None else -self.facing, self.toward)


class IdleWords(Words):
    """Stand and breathe."""

    for_: PositiveDuration | None = Field(None, description="How long. Unsaid: from then on.")

    def action(self) -> Idle:
        """The action."""
        return Idle(self.for_)


class WaveWords(Words):
    """Wave a hand."""

    for_: PositiveDuration = Field(2.0, description="How long.")
    hand: Literal["left", "right"] = Field("right", description="Which hand.")

    def action(self) -> Wave:
        """The action."""
        return Wave(self.for_, self.hand)


class ActionWords(OneOf):
    """Something a character does: one of these."""

    stand: StandWords | None = Field(None, description="Be somewhere, facing somewhere.")
    walk: WalkWords | None = Field(None, description="Walk along points on the ground.")
    turn: TurnWords | None = Field(None, description="Turn on the spot.")
    idle: IdleWords | None = Field(None, description="Stand and breathe.")
    wave: WaveWords | None = Field(None, description="Wave a hand.")

    def action(self) -> Action:
        """What the words say. Bearings count clockwise here, a character's heading counter-clockwise."""
        return self.chosen.action()
