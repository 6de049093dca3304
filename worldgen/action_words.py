"""The words for what characters do."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from worldgen.actions import (
    Action,
    Carry,
    Dance,
    Idle,
    Look,
    Mocap,
    PickUp,
    Point,
    PutDown,
    Run,
    Sit,
    Stand,
    StandUp,
    Talk,
    Turn,
    Walk,
    Wave,
)
from worldgen.camera_words import Target
from worldgen.units import Angle, Duration, Number, PositiveDuration, PositiveLength, Speed
from worldgen.words import OneOf, ShortWords, Spot, Words

Hand = Literal["left", "right"]


class WalkWords(Words):
    """Walk a smooth way through points on the ground."""

    along: tuple[Spot, ...] = Field(description="At least two points, `[x, y]`.")
    speed: Speed = Field(1.3, ge=0.1, le=2.5, description="How fast; people stroll at 1.3m/s.")

    def action(self) -> Walk:
        """The action."""
        return Walk(tuple(self.along), self.speed)


class RunWords(Words):
    """Run a smooth way through points on the ground."""

    along: tuple[Spot, ...] = Field(description="At least two points, `[x, y]`.")
    speed: Speed = Field(3.5, ge=2.0, le=6.0, description="How fast, once under way; a jog is 2.5m/s.")

    def action(self) -> Run:
        """The action."""
        return Run(tuple(self.along), self.speed)


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


class SitWords(Words):
    """Go to a seat, turn and sit down; as the first action, sit there from the start."""

    on: str | None = Field(None, description="The name of a seat, like `room.sofa-left`; or say `at`.")
    at: Spot | None = Field(None, description="Where the hips go, `[x, y]`.")
    height: PositiveLength = Field(0.45, ge=0.1, le=1.2, description="With `at`: of the seat above the ground.")
    facing: Angle = Field(0.0, description="With `at`: bearing of whoever sits, clockwise from +Y (north).")
    for_: PositiveDuration | None = Field(
        None, description="How long before the next action. Unsaid: what comes next happens on the seat at once."
    )

    def action(self) -> Sit:
        """The action."""
        return Sit(self.on, self.at, self.height, -self.facing, self.for_ or 0.0)


class StandUpWords(Words):
    """Rise from the seat."""

    def action(self) -> StandUp:
        """The action."""
        return StandUp()


class WaveWords(Words):
    """Wave a hand."""

    for_: PositiveDuration = Field(2.0, description="How long.")
    hand: Hand | None = Field(None, description="Which hand. Unsaid: the right one if it is free.")
    toward: Target | None = Field(None, description="Whom or what they look at meanwhile.")

    def action(self) -> Wave:
        """The action."""
        return Wave(self.for_, self.hand, self.toward)


class PointWords(Words):
    """Point at something, and look at it."""

    at: Target = Field(description="A name or a point.")
    for_: PositiveDuration = Field(2.5, description="How long.")
    hand: Hand | None = Field(None, description="Which hand. Unsaid: the nearer one that is free.")

    def action(self) -> Point:
        """The action."""
        return Point(self.at, self.for_, self.hand)


class TalkWords(Words):
    """Talk, with gestures."""

    for_: PositiveDuration = Field(4.0, description="How long.")
    to: Target | None = Field(None, description="Whom they look at meanwhile.")

    def action(self) -> Talk:
        """The action."""
        return Talk(self.for_, self.to)


class LookWords(ShortWords):
    """From here on look at something, while the next actions go on. `look: mara` is short for `look: {at: mara}`."""

    alone: ClassVar[str] = "at"

    at: Target = Field(description="A name or a point; `ahead` ends it.")
    for_: PositiveDuration | None = Field(None, description="How long. Unsaid: until the next `look`.")

    @classmethod
    def prepared(cls, data: Any) -> Any:
        """A name or a point alone is what they look at."""
        return {"at": data} if isinstance(data, list | tuple) else super().prepared(data)

    def action(self) -> Look:
        """The action."""
        return Look(None if self.at == "ahead" else self.at, self.for_)


class PickUpWords(Words):
    """Grasp a prop that is within reach, and carry it from then on."""

    prop: str = Field(description="The name of a prop.")
    hand: Hand = Field("right", description="Which hand.")

    def action(self) -> PickUp:
        """The action."""
        return PickUp(self.prop, self.hand)


class PutDownWords(Words):
    """Set down what is carried."""

    at: Target = Field(description="Where its foot goes: a point `[x, y, z]`, or the name of a spot.")
    hand: Hand | None = Field(None, description="Which hand. Unsaid: the one that carries.")

    def action(self) -> PutDown:
        """The action."""
        return PutDown(self.at, self.hand)


class HoldWords(Words):
    """Have a prop in the hand from the start; this comes before all other actions."""

    prop: str = Field(description="The name of a prop.")
    hand: Hand = Field("right", description="Which hand.")

    def action(self) -> Carry:
        """The action."""
        return Carry(self.prop, self.hand)


class DanceWords(Words):
    """Dance on the spot."""

    for_: PositiveDuration = Field(8.0, description="How long.")
    bpm: Number = Field(112.0, ge=40, le=220, description="Beats a minute.")

    def action(self) -> Dance:
        """The action."""
        return Dance(self.for_, self.bpm)


class MocapWords(Words):
    """Move as recorded."""

    file: str = Field(description="A .bvh file below the scene's folder.")
    from_: Duration = Field(0.0, description="Where in the recording it begins.")
    to: PositiveDuration | None = Field(None, description="Where in the recording it ends. Unsaid: at its end.")
    at: Spot | None = Field(None, description="Where the hips begin. Unsaid: where the character is.")
    facing: Angle | None = Field(None, description="Bearing at the beginning. Unsaid: as the character faces.")
    speed: Number = Field(1.0, gt=0, le=20, description="Faster or slower than recorded.")

    def action(self) -> Mocap:
        """The action."""
        facing = None if self.facing is None else -self.facing
        return Mocap(self.file, self.from_, self.to, self.at, facing, self.speed)


class ActionWords(OneOf):
    """Something a character does: one of these."""

    stand: StandWords | None = Field(None, description="Be somewhere, facing somewhere.")
    walk: WalkWords | None = Field(None, description="Walk along points on the ground.")
    run: RunWords | None = Field(None, description="Run along points on the ground.")
    turn: TurnWords | None = Field(None, description="Turn on the spot.")
    idle: IdleWords | None = Field(None, description="Stand and breathe.")
    sit: SitWords | None = Field(None, description="Sit down on a seat.")
    stand_up: StandUpWords | None = Field(None, description="Rise from the seat.")
    wave: WaveWords | None = Field(None, description="Wave a hand.")
    point: PointWords | None = Field(None, description="Point at something.")
    talk: TalkWords | None = Field(None, description="Talk, with gestures.")
    look: LookWords | None = Field(None, description="Look at something from here on.")
    pick_up: PickUpWords | None = Field(None, description="Pick a prop up and carry it.")
    put_down: PutDownWords | None = Field(None, description="Set down what is carried.")
    hold: HoldWords | None = Field(None, description="Have a prop in the hand from the start.")
    dance: DanceWords | None = Field(None, description="Dance on the spot.")
    mocap: MocapWords | None = Field(None, description="Move as recorded in a BVH file.")

    def action(self) -> Action:
        """What the words say. Bearings count clockwise here, a character's heading counter-clockwise."""
        action: Action = self.chosen.action()
        return action

    @property
    def targets(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        """Every name or point that the action goes by, and the keys that it stands behind."""
        said = self.chosen
        goals = tuple(
            (getattr(said, key), (self.kind, key))
            for key in ("at", "to", "toward")
            if self.kind in ("point", "look", "put-down", "talk", "wave") and getattr(said, key, None) is not None
        )
        return tuple(goal for goal in goals if goal[0] != "ahead")

    @property
    def prop(self) -> str | None:
        """The prop that the action takes in hand, if it does."""
        return getattr(self.chosen, "prop", None)
