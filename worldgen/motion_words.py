"""The words for how props move."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from worldgen import motion
from worldgen.conventions import F64
from worldgen.easing import EaseName
from worldgen.errors import SceneProblem
from worldgen.motion import Place, Way
from worldgen.stage import Ground
from worldgen.units import Angle, Duration, Length, Number, PositiveDuration, PositiveLength, Speed
from worldgen.words import Footing, OneOf, Point, ShortWords, Words


@dataclass(frozen=True)
class Body:
    """What a motion has to know of a thing. rest: (4, 4) world from thing. low, high: (3,) its box, in its own axes.

    ground: what it stands on.
    """

    rest: F64
    low: F64
    high: F64
    ground: Ground

    def at(self, x: float, y: float, z: float) -> F64:
        """(3,) world metres of a point of its own axes."""
        return self.rest[:3, :3] @ np.array([x, y, z]) + self.rest[:3, 3]

    def standing(self, points: tuple[tuple[float, float, float | None], ...]) -> F64:
        """(K, 3) world metres; what has no height stands on the ground."""
        return np.array([(x, y, self.ground(x, y) if z is None else z) for x, y, z in points]).reshape(-1, 3)


def _way(points: F64, closed: bool = False) -> Way:
    try:
        return Way.through(points, closed)
    except ValueError as error:
        raise SceneProblem(str(error), ("along",)) from None


class Path(Words):
    """Go along points at a speed."""

    along: tuple[Footing, ...] = Field(description="At least two places, `[x, y]` on the ground or `[x, y, z]`.")
    speed: Speed = Field(1.0, description="How fast.")
    start: Duration = Field(0.0, description="When it sets off.")
    facing: Literal["ahead", "still"] = Field("ahead", description="Whether its front turns to where it goes.")
    loop: bool = Field(False, description="Round and round for ever, from the last point back to the first.")

    def place(self, body: Body) -> Place:
        """Where it is."""
        way = _way(body.standing(self.along), self.loop)
        return motion.travel(body.rest, way, self.speed, self.start, self.facing == "ahead", self.loop)


class PropKey(Words):
    """Where a prop is at a moment."""

    t: Duration = Field(description="When.")
    at: Footing = Field(description="Where: `[x, y]` on the ground, or `[x, y, z]`.")
    turn: Angle = Field(0.0, description="Turned clockwise, seen from above; may be more than a whole turn.")
    ease: EaseName = Field("in-out-sine", description="How it gets here from the key before.")


class Drop(Words):
    """Hang in the air, then fall and bounce."""

    height: PositiveLength = Field(1.0, le=500, description="How high above its place it hangs.")
    start: Duration = Field(0.0, description="When it is let go.")
    bounce: Number = Field(0.3, ge=0, le=0.95, description="How much of its speed each bounce keeps: 0 none.")

    def place(self, body: Body) -> Place:
        """Where it is."""
        return motion.drop(body.rest, self.height, self.start, self.bounce)


class Roll(Words):
    """Roll along points, slower and slower."""

    along: tuple[Footing, ...] = Field(description="At least two places; it comes to rest at the last.")
    speed: Speed = Field(2.0, description="How fast it begins.")
    start: Duration = Field(0.0, description="When it begins.")

    def place(self, body: Body) -> Place:
        """Where it is; its radius is half its height."""
        radius = float(body.high[2] - body.low[2]) / 2
        return motion.roll(body.rest, _way(body.standing(self.along)), self.speed, self.start, radius)


class Swing(Words):
    """Swing like a pendulum."""

    by: Angle = Field(0.35, description="To either side.")
    every: PositiveDuration = Field(2.0, description="One swing to and fro.")
    about: Point | None = Field(None, description="What it hangs on, `[x, y, z]`. Unsaid: the middle of its top.")
    axis: Literal["x", "y"] = Field("y", description="Its own axis that it turns about: y sways sideways.")
    start: Duration = Field(0.0, description="When it is let go.")
    decay: PositiveDuration | None = Field(None, description="How long until it swings a third as far. Unsaid: never.")

    def place(self, body: Body) -> Place:
        """Where it is."""
        x, y, _ = (body.low + body.high) / 2
        pivot = np.array(self.about) if self.about is not None else body.at(x, y, float(body.high[2]))
        axis = body.rest[:3, 0 if self.axis == "x" else 1]
        return motion.swing(body.rest, pivot, axis, self.by, self.every, self.start, self.decay)


class Open(Words):
    """Turn on a hinge, like a door or a lid."""

    by: Angle = Field(1.6, description="How far; the other way with a minus.")
    hinge: Literal["left", "right", "back"] = Field(
        "left", description="Which edge stays, seen from its front; `back` is a lid's."
    )
    start: Duration = Field(0.0, description="When it begins to open.")
    for_: PositiveDuration = Field(1.2, description="How long it takes.")
    ease: EaseName = Field("in-out-sine", description="How it starts and ends.")

    def place(self, body: Body) -> Place:
        """Where it is."""
        low, high = body.low, body.high
        if self.hinge == "back":
            pivot, axis = body.at((low[0] + high[0]) / 2, float(low[1]), float(low[2])), body.rest[:3, 0]
        else:  # seen from its front (+Y), its left is +X
            side = float(high[0] if self.hinge == "left" else low[0])
            pivot, axis = body.at(side, float(high[1]), float(low[2])), body.rest[:3, 2]
            axis = -axis if self.hinge == "left" else axis
        return motion.hinged(body.rest, pivot, axis, self.by, self.start, self.for_, self.ease)


class Spin(Words):
    """Turn round and round."""

    every: PositiveDuration = Field(4.0, description="One whole turn.")
    clockwise: bool = Field(True, description="Seen from above.")
    start: Duration = Field(0.0, description="When it begins.")

    def place(self, body: Body) -> Place:
        """Where it is."""
        return motion.spin(body.rest, -self.every if self.clockwise else self.every, self.start)


class Attach(ShortWords):
    """Go wherever somebody or something goes. `attach: taxi` is short for `attach: {to: taxi}`."""

    alone: ClassVar[str] = "to"

    to: str = Field(description="Who or what: a joint like `mara.right-hand`, or a prop like `taxi`.")
    at: Point | None = Field(
        None, description="Its place in the axes of what carries it. Unsaid: it keeps the place it has at `start`."
    )
    start: Duration = Field(0.0, description="From when on.")


class Drive(Words):
    """Drive along points on the ground; for vehicles, whose wheels roll and steer."""

    along: tuple[Footing, ...] = Field(description="At least two places, `[x, y]`.")
    speed: Speed = Field(8.0, description="How fast.")
    lane: Length = Field(0.0, description="How far to the right of the points it keeps; a minus for the left.")
    start: Duration = Field(0.0, description="When it sets off.")
    loop: bool = Field(False, description="Round and round for ever, from the last point back to the first.")

    def places(self, body: Body, wheels: tuple[motion.Wheel, ...]) -> list[Place]:
        """Of the body and of each wheel."""
        way = _way(body.standing(self.along), self.loop).beside(self.lane)
        return motion.drive(way, self.speed, self.start, self.loop, wheels, body.ground)


class MotionWords(OneOf):
    """How a prop moves: one of these."""

    path: Path | None = Field(None, description="Go along points at a speed.")
    keyframes: tuple[PropKey, ...] | None = Field(None, description="Be at places at moments.")
    drop: Drop | None = Field(None, description="Hang in the air, then fall and bounce.")
    roll: Roll | None = Field(None, description="Roll along points until it comes to rest.")
    swing: Swing | None = Field(None, description="Swing like a pendulum.")
    open: Open | None = Field(None, description="Turn on a hinge, like a door or a lid.")
    spin: Spin | None = Field(None, description="Turn round and round.")
    drive: Drive | None = Field(None, description="Drive along points; for a `car`.")
    attach: Attach | None = Field(None, description="Go wherever somebody or something goes.")

    def place(self, body: Body) -> Place:
        """Where it is, for all but ``drive`` and ``attach``, which need more than the thing itself.

        Errors: ``SceneProblem`` at its place below the motion.
        """
        if self.keyframes is not None:
            keys = self.keyframes
            if not keys or any(b.t <= a.t for a, b in pairwise(keys)):
                sentence = "keyframes must come in order of time, at least one, each later than the one before"
                raise SceneProblem(sentence, ("keyframes",))
            points = body.standing(tuple(key.at for key in keys))
            return motion.keyed([k.t for k in keys], points, [-k.turn for k in keys], [k.ease for k in keys])
        try:
            place: Place = self.chosen.place(body)
        except SceneProblem as problem:
            raise SceneProblem(problem.sentence, (self.kind, *problem.loc)) from None
        return place
