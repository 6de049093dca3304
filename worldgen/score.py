"""Writing a motion down: action after action becomes segments, layers, holds and looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np

from worldgen.actions import (
    Action,
    Carry,
    Dance,
    Hold,
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
    Stroll,
    Talk,
    Target,
    Turn,
    Walk,
    Wave,
)
from worldgen.conventions import F64
from worldgen.dancing import dancing
from worldgen.footing import Build, Steps
from worldgen.gait import posture as gait_posture
from worldgen.gait import smooth, standing
from worldgen.gaze import located
from worldgen.gesture import Layer, point, talk, wave
from worldgen.handling import BACK_S, GRASP_S, REACH_S, reaching
from worldgen.posture import Posture, turn_z
from worldgen.retarget import mocap
from worldgen.sitting import DOWN_S, UP_S, Seat, place_before
from worldgen.stage import Spot, Stage
from worldgen.stepping import (
    checked_point,
    checked_seconds,
    checked_speed,
    checked_way,
    nearest_turn,
    seat_meant,
    small_steps,
    steps_along,
    steps_of_stroll,
    steps_on_the_spot,
)
from worldgen.ways import smooth_way

HANDS: Final = ("left", "right")


@dataclass(frozen=True)
class Segment:
    """One action in time: posture(seconds since start) gives the posture and how much of it is walking (0–1).

    cut: whether it begins at once, without a passage from the action before.
    """

    start: float
    posture: Callable[[float], tuple[Posture, float]]
    cut: bool = False


@dataclass
class Score:
    """A motion while it is being written down: where the character has come to, and what it has in its hands."""

    build: Build
    stage: Stage
    phase: float
    seed: int
    place: F64 = field(default_factory=lambda: np.zeros(2))
    heading: float = 0.0
    time: float = 0.0
    seat: Seat | None = None
    segments: list[Segment] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    looks: list[tuple[float, float, Target | None, int]] = field(default_factory=list)  # and what covers what
    seats: list[tuple[float, float, Seat]] = field(default_factory=list)

    def begin(self, actions: Sequence[Action]) -> None:
        """Where and how the character is at time 0: as its first action that takes place somewhere says."""
        for action in actions:
            match action:
                case Stand():
                    self.place, self.heading = checked_point(action.at, "Stand"), action.facing
                    return
                case Walk() | Run():
                    self.place, self.heading = smooth_way(checked_way(action))[0](0.0)
                    return
                case Stroll():
                    self.time = -action.lead
                    return
                case Mocap() if action.at is not None:
                    self.place, self.heading = checked_point(action.at, "Mocap"), action.facing or 0.0
                    return
                case Sit():
                    spot = seat_meant(action, self.stage)
                    self._stand_before(spot)
                    self._take(spot)
                    return

    def add(self, action: Action) -> None:
        """The next action."""
        match action:
            case Stand(at, facing, seconds):
                if self.seat is not None:
                    self.seats[-1] = (self.seats[-1][0], self.time, self.seat)
                self.seat = None
                self.place = checked_point(at, "Stand")
                self.heading = nearest_turn(self.heading, facing) if self.segments else facing
                self._still(checked_seconds(seconds, "Stand"), cut=True)
            case Walk() | Run():
                self._rise()
                self._go(action)
            case Stroll():
                if self.segments:
                    raise ValueError("Stroll: a stroll on a timed track comes before all other actions")
                self._steps(steps_of_stroll(self.build, self.stage.ground, action))
            case Turn(facing, toward):
                self._rise()
                if toward is not None:
                    towards = np.subtract(checked_point(toward, "Turn"), self.place)
                    facing = float(np.arctan2(-towards[0], towards[1]))
                self._turn(nearest_turn(self.heading, facing))
            case Idle(seconds):
                self._still(float("inf") if seconds is None else checked_seconds(seconds, "Idle"))
            case Sit():
                self._sit(action)
            case StandUp():
                if self.seat is None:
                    raise ValueError("StandUp: the character does not sit; put a `sit` before it")
                self._rise()
            case Dance(seconds, bpm):
                self._rise()
                if not (np.isfinite(bpm) and 40 <= bpm <= 220):
                    raise ValueError(f"Dance: {bpm} beats a minute is no beat to dance to; 40 to 220 are")
                length = checked_seconds(seconds, "Dance")
                still = self._posture()[0](0.0)
                dance = dancing(still, self.build, length, bpm, self.seed + len(self.segments))
                self._segment(lambda t: (dance(t), min(smooth(t / 0.8), smooth((length - t) / 0.8))), length)
            case Mocap():
                self._recorded(action)
            case Look(at, seconds):
                stop = np.inf if seconds is None else self.time + checked_seconds(seconds, "Look")
                self.looks.append((self.time, stop, at, 0))
            case Wave() | Point() | Talk():
                self._gesture(action)
            case PickUp() | PutDown() | Carry():
                self._handle(action)
            case _:
                raise ValueError(f"{action!r} is not an action: use one of those in worldgen.actions")

    def _recorded(self, action: Mocap) -> None:
        """What a file has recorded, from where the character is or from the place that is said."""
        path = self.stage.folder / action.file
        posture, seconds, gone = mocap(path, self.build, start=action.start, stop=action.stop, speed=action.speed)
        self.seat = None
        if action.at is not None:
            self.place = checked_point(action.at, "Mocap")
        if action.facing is not None:
            self.heading = action.facing
        place, heading, ground = self.place.copy(), self.heading, self.stage.ground
        cut = action.at is not None and bool(self.segments)
        self._segment(lambda t: (posture(t, place, heading, ground), 1.0), seconds, cut)
        step, by = gone(seconds)
        self.place = place + (turn_z(heading) @ np.array([*step, 0.0]))[:2]
        self.heading = heading + by

    def _posture(self) -> tuple[Callable[[float], Posture], float]:
        """The posture of staying as one is, of seconds, and how much less lively than standing it is."""
        if self.seat is not None:
            seat, phase = self.seat, self.phase
            return lambda t: seat.resting(t + phase), 0.85
        still = standing(self.build, self.place, self.heading, self.stage.ground)
        return lambda _: still, 0.0

    def _segment(self, posture: Callable[[float], tuple[Posture, float]], seconds: float, cut: bool = False) -> None:
        self.segments.append(Segment(self.time, posture, cut))
        self.time += seconds

    def _still(self, seconds: float, cut: bool = False) -> None:
        still, calm = self._posture()
        since = self.time
        self._segment(lambda t: (still(t + since), calm), seconds, cut)

    def _steps(self, steps: Steps) -> None:
        self._segment(partial(gait_posture, steps), steps.seconds)
        self.place, self.heading = steps.way(float(steps.count))

    def _go(self, action: Walk | Run) -> None:
        """Steps along a way; before them a turn on the spot if the way starts sideways or behind."""
        points = checked_way(action)
        if self.segments and np.linalg.norm(np.subtract(points[0], self.place)) > 0.15:
            points = [(float(self.place[0]), float(self.place[1])), *points]
        checked_speed(action)
        way, length = smooth_way(points)
        first = way(0.0)[1]
        start = nearest_turn(self.heading, first)
        if abs(start - self.heading) > 0.35:
            self._turn(start)

        def turned(metres: float) -> tuple[F64, float]:
            at, facing = way(metres)
            return at, facing + start - first

        self._steps(steps_along(self.build, self.stage.ground, action, turned, length))

    def _turn(self, target: float) -> None:
        self._steps(steps_on_the_spot(self.build, self.stage.ground, self.place, self.heading, target))

    def _stand_before(self, spot: Spot) -> None:
        self.place = place_before(self.build, np.array(spot.position), spot.facing)
        self.heading = nearest_turn(self.heading, spot.facing) if self.segments else spot.facing

    def _take(self, spot: Spot) -> None:
        self.seat = None
        self.seat = Seat(self.build, np.array(spot.position), self.heading, self._posture()[0](0.0))
        self.seats.append((self.time, np.inf, self.seat))

    def _sit(self, action: Sit) -> None:
        spot = seat_meant(action, self.stage)
        if not self.segments and self.seat is not None:  # it sat there from the start
            self._still(float("inf") if action.seconds is None else checked_seconds(action.seconds, "Sit"), cut=True)
            return
        self._rise()
        goal = place_before(self.build, np.array(spot.position), spot.facing)
        facing = nearest_turn(self.heading, spot.facing)
        away = float(np.linalg.norm(goal - self.place))
        if away > 0.6:
            inward = turn_z(-spot.facing)[:2, :2] @ (self.place - np.array(spot.position[:2]))
            points = [tuple(self.place), tuple(goal)]
            if inward[1] < 0.1:  # from behind, around the seat
                side = np.array([0.85 if inward[0] > 0 else -0.85, 0.45])
                points.insert(1, tuple(np.array(spot.position[:2]) + turn_z(spot.facing)[:2, :2] @ side))
            self._go(Walk(tuple((float(x), float(y)) for x, y in points), 1.1))
            facing = nearest_turn(self.heading, spot.facing)
        if away > 0.04 or abs(facing - self.heading) > 0.1:
            self._steps(small_steps(self.build, self.stage.ground, self.place, self.heading, goal, facing))
        self._stand_before(spot)
        self._take(spot)
        seat = self.seat
        assert seat is not None
        self._segment(lambda t: (seat.at(t / DOWN_S), 0.85 * smooth(t / DOWN_S)), DOWN_S)
        self._still(float("inf") if action.seconds is None else checked_seconds(action.seconds, "Sit"))

    def _rise(self) -> None:
        if self.seat is not None:
            seat, self.seat = self.seat, None
            self._segment(lambda t: (seat.at(1.0 - t / UP_S), 0.85 * (1 - smooth(t / UP_S))), UP_S)
            self.seats[-1] = (self.seats[-1][0], self.time, seat)

    def _free(self) -> tuple[int, ...]:
        """The hands (0 left, 1 right) that carry nothing now."""
        busy = {hold.joint for hold in self.holds if hold.stop > self.time}
        return tuple(k for k in (0, 1) if f"{HANDS[k]}_grip" not in busy)

    def _hand(self, said: str | None, what: str) -> tuple[int, ...]:
        free = self._free()
        if said is None:
            if not free:
                raise ValueError(f"{what}: both hands carry something; put one thing down before")
            return free
        if said not in HANDS:
            raise ValueError(f"{what}: hand is {said!r}; write 'left' or 'right'")
        if HANDS.index(said) not in free:
            raise ValueError(f"{what}: the {said} hand carries something; put it down before or take the other hand")
        return (HANDS.index(said),)

    def _gesture(self, action: Wave | Point | Talk) -> None:
        name = type(action).__name__
        length = checked_seconds(action.seconds, name)
        start, goal = self.time, None
        match action:
            case Wave():
                goal = action.toward
                laid = wave(length, self._hand(action.hand, name)[-1])
            case Point():
                goal = action.at
                hands = self._hand(action.hand, name)
                laid = point(self.build, action.at, self.stage.where, start, length, hands)
            case Talk():
                goal = action.to
                laid = talk(length, self.seed + len(self.segments), self._free())
        self._still(length)
        self.layers.append(Layer(start, self.time, laid))
        if goal is not None:
            self.looks.append((start, self.time, goal, 1))

    def _handle(self, action: PickUp | PutDown | Carry) -> None:
        where, start, name = self.stage.where, self.time, type(action).__name__
        if isinstance(action, PutDown):
            mine = [hold for hold in self.holds if hold.stop == np.inf]
            if action.hand is not None:
                mine = [hold for hold in mine if hold.joint == f"{action.hand}_grip"]
            if not mine:
                raise ValueError("PutDown: that hand carries nothing; put a `pick-up` or `hold` before it")
            hold = mine[-1]
            k, goal, moment = int(hold.joint == "right_grip"), action.at, start + REACH_S + GRASP_S

            def down() -> F64:
                before = hold.start - 1e-3
                lift = located(hold.prop, where, before) - located(f"{hold.prop}.root", where, before)
                return located(goal, where, start) + np.array([0.0, 0.0, float(lift[2])])

            self.holds[self.holds.index(hold)] = replace(hold, stop=moment)
            self._reach(k, down, hold.prop, grasp=False)
            self.looks.append((start, start + REACH_S + 0.4, goal, 1))
            return
        k = self._hand(action.hand, name)[0]
        joint = f"{HANDS[k]}_grip"
        if isinstance(action, Carry):
            if self.segments:
                raise ValueError("Carry: what is held from the start comes before all else; use `pick-up` later")
            self.holds.append(Hold(action.prop, joint, 0.0, np.inf, natural=True))
            return
        grasped = start + REACH_S
        self._reach(k, lambda: located(action.prop, where, grasped - 1e-3), action.prop, grasp=True)
        self.holds.append(Hold(action.prop, joint, grasped, np.inf))
        self.looks.append((start, grasped + 0.3, action.prop, 1))

    def _reach(self, k: int, target: Callable[[], F64], what: str, *, grasp: bool) -> None:
        start, still = self.time, self._posture()[0]
        laid = reaching(self.build, still, k, target, self.seat is not None, what, grasp)
        self._still(REACH_S + GRASP_S + BACK_S)
        self.layers.append(Layer(start, self.time, laid))
