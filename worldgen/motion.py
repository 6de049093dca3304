"""How things move: each motion is a pure function of seconds that gives (4, 4) world from thing.

A thing's own axes: it rests on z = 0, its front faces +Y, +Z is up. ``rest`` is where the scene puts it (4, 4). Nothing
is simulated: every motion is a formula of time, so any frame can be asked for in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from worldgen.conventions import F64, UP, rotation_z, translation
from worldgen.easing import eased
from worldgen.paths import smooth_values, spline, warped
from worldgen.stage import Ground

Place = Callable[[float], F64]
GRAVITY: Final = 9.81
LAST_BOUNCE_M: Final = 0.002
RAMP_S: Final = 1.2
"""How long something takes to reach its speed, and to lose it."""


@dataclass(frozen=True)
class Way:
    """A smooth path through points, by arc length. table: (N,) metres from its start; points: (N, 3) world metres."""

    table: F64
    points: F64

    @classmethod
    def through(cls, points: npt.ArrayLike, closed: bool = False) -> Way:
        """Through ``points (K, 3)``, at least two of them apart. closed: from the last one back to the first.

        Errors: ``ValueError``.
        """
        p = np.asarray(points, dtype=np.float64)
        if closed:
            p = np.concatenate([p, p[:1]])
        apart = np.concatenate([[True], np.linalg.norm(np.diff(p, axis=0), axis=1) > 1e-6])[: len(p)]
        p = p[apart]
        if len(p) < 2:
            raise ValueError("a path needs at least two points that differ")
        # Centripetal knots: no loops, no cusps (Yuksel et al. 2011). A ring gets its first and last points twice.
        ring = np.concatenate([p[-4:-1], p, p[1:4]]) if closed and len(p) > 3 else p
        knots = np.concatenate([[0.0], np.cumsum(np.sqrt(np.linalg.norm(np.diff(ring, axis=0), axis=1)))])
        first, last = (knots[3], knots[-4]) if len(ring) > len(p) else (knots[0], knots[-1])
        inner = knots[(knots >= first) & (knots <= last)]
        fine = np.interp(np.arange(64 * (len(inner) - 1) + 1) / 64, np.arange(len(inner)), inner)
        dense = spline(knots, ring, fine)
        table = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))])
        return cls(table, dense)

    def beside(self, metres: float) -> Way:
        """The way so many metres to the right of it, level."""
        if metres == 0:
            return self
        ahead = np.gradient(self.points, axis=0)
        right = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1) / np.maximum(np.hypot(*ahead[:, :2].T), 1e-9)[:, None]
        points = self.points + np.column_stack([right * metres, np.zeros(len(right))])
        return Way(np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]), points)

    @property
    def length(self) -> float:
        """Metres."""
        return float(self.table[-1])

    def at(self, metres: float) -> F64:
        """(3,) the place so far along."""
        return np.array([np.interp(metres, self.table, self.points[:, k]) for k in range(3)])

    def direction(self, metres: float, reach: float = 0.3) -> F64:
        """(3,) unit, over ``reach`` metres to both sides, so that nothing turns on a point."""
        low, high = max(metres - reach, 0.0), min(metres + reach, self.length)
        step = self.at(high) - self.at(low)
        return step / max(float(np.linalg.norm(step)), 1e-9)


def gone(seconds: float, length: float, speed: float, loop: bool = False, ramp: float = RAMP_S) -> float:
    """Metres along a way of ``length`` after ``seconds``: up to ``speed`` m/s, and down again before the end.

    A loop goes round for ever at full speed.
    """
    if seconds <= 0:
        return 0.0
    if loop:
        return float(seconds * speed % length)
    ramp = min(ramp, length / speed)
    cruise = length / speed - ramp
    t = min(seconds, cruise + 2 * ramp)
    if t < ramp:
        return speed * t * t / (2 * ramp)
    if t < ramp + cruise:
        return speed * (t - ramp / 2)
    left = cruise + 2 * ramp - t
    return length - speed * left * left / (2 * ramp)


def travel(rest: F64, way: Way, speed: float, start: float, faces: bool, loop: bool) -> Place:
    """Along ``way`` at ``speed`` m/s from ``start`` seconds; ``faces``: turning its front where it goes."""

    def place(time: float) -> F64:
        metres = gone(time - start, way.length, speed, loop)
        ahead = way.direction(metres)
        turn = rotation_z(float(np.arctan2(-ahead[0], ahead[1]))) if faces else _turned(rest)
        return translation(way.at(metres)) @ turn

    return place


def keyed(times: Sequence[float], points: npt.ArrayLike, turns: Sequence[float], eases: Sequence[str]) -> Place:
    """Through ``points (K, 3)`` and headings ``turns (K,)`` (radians, counter-clockwise, unwrapped) at ``times``."""

    def place(time: float) -> F64:
        at = warped(times, eases, np.array([time]))
        return translation(spline(times, points, at)[0]) @ rotation_z(float(smooth_values(times, turns, at)[0]))

    return place


def drop(rest: F64, height: float, start: float, bounce: float) -> Place:
    """Held ``height`` metres above ``rest``, let go at ``start`` seconds; each bounce keeps ``bounce`` of the speed."""
    falls = [float(np.sqrt(2 * height / GRAVITY))]  # when it meets the ground, from then on each bounce
    peaks = [height]
    while peaks[-1] * bounce**2 > LAST_BOUNCE_M:
        peaks.append(peaks[-1] * bounce**2)
        falls.append(falls[-1] + 2 * float(np.sqrt(2 * peaks[-1] / GRAVITY)))

    def lift(time: float) -> float:
        t = time - start
        if t <= 0:
            return height
        index = int(np.searchsorted(falls, t))
        if index == len(falls):
            return 0.0
        until = falls[index] - t  # a bounce is a parabola that ends at its fall
        return max(float(np.sqrt(2 * GRAVITY * peaks[index]) * until - GRAVITY * until**2 / 2), 0.0)

    return lambda time: translation([0.0, 0.0, lift(time)]) @ rest


def roll(rest: F64, way: Way, speed: float, start: float, radius: float) -> Place:
    """A round thing rolls along ``way`` (of its lowest point), from ``speed`` m/s down to rest at the end.

    Its turn is the product of small turns about the level axis across the path, each of arc over ``radius`` metres.
    """
    steps = np.linspace(0.0, way.length, max(int(way.length / 0.02), 8) + 1)
    turns = [Rotation.from_matrix(rest[:3, :3])]
    for a, b in pairwise(steps):
        axis = np.cross(UP, way.direction(float(a + b) / 2, 0.05))
        turns.append(Rotation.from_rotvec(axis / max(float(np.linalg.norm(axis)), 1e-9) * (b - a) / radius) * turns[-1])
    lasts = 2 * way.length / speed  # seconds, slowing evenly

    def place(time: float) -> F64:
        t = float(np.clip(time - start, 0.0, lasts))
        metres = speed * t - speed * t * t / (2 * lasts)
        index = min(int(np.searchsorted(steps, metres, side="right")) - 1, len(steps) - 2)
        rest_of = (metres - steps[index]) / (steps[index + 1] - steps[index])
        between = (turns[index + 1] * turns[index].inv()).as_rotvec() * rest_of
        result = np.eye(4)
        result[:3, :3] = (Rotation.from_rotvec(between) * turns[index]).as_matrix()
        centre = way.at(metres) + UP * radius
        result[:3, 3] = centre - result[:3, :3] @ np.array([0.0, 0.0, radius])
        return result

    return place


def swing(rest: F64, pivot: F64, axis: F64, by: float, every: float, start: float, decay: float | None) -> Place:
    """A pendulum about ``axis`` (3,) through ``pivot`` (3,), both in world: ``by`` radians to either side, one swing to
    and fro ``every`` seconds, let go at ``start``; its width falls to 1/e in ``decay`` seconds (None: never).
    """

    def place(time: float) -> F64:
        t = max(time - start, 0.0)
        width = by if decay is None else by * float(np.exp(-t / decay))
        return turned_about(pivot, axis, width * float(np.cos(2 * np.pi * t / every))) @ rest

    return place


def hinged(rest: F64, pivot: F64, axis: F64, by: float, start: float, lasts: float, ease: str) -> Place:
    """Turns about ``axis`` through ``pivot`` by ``by`` radians, between ``start`` and ``start + lasts`` seconds."""

    def place(time: float) -> F64:
        return turned_about(pivot, axis, by * float(eased(ease, (time - start) / lasts))) @ rest

    return place


def spin(rest: F64, every: float, start: float) -> Place:
    """Round its own upright axis, once ``every`` seconds (negative: clockwise), from ``start``."""
    return lambda time: rest @ rotation_z(2 * np.pi * max(time - start, 0.0) / every)


@dataclass(frozen=True)
class Wheel:
    """hub: (3,) metres in the vehicle's axes. radius: metres. steers: whether it turns with the steering."""

    hub: tuple[float, float, float]
    radius: float
    steers: bool


def drive(way: Way, speed: float, start: float, loop: bool, wheels: Sequence[Wheel], ground: Ground) -> list[Place]:
    """A vehicle on ``way`` (its x and y count): places of the body, then of each wheel about its hub.

    It stands on ``ground`` with its wheels, squats when it gains speed, nods when it loses it and leans out of curves,
    as springs let it. Wheels roll without slip; steering is Ackermann's for the middle of the front axle.
    """
    hubs = np.array([wheel.hub for wheel in wheels])
    front, back = float(hubs[:, 1].max()), float(hubs[:, 1].min())
    base = max(front - back, 0.1)

    def metres(time: float) -> float:
        return gone(time - start, way.length, speed, loop, ramp=2.5 * RAMP_S)

    def heading(at: float) -> float:
        ahead = way.direction(at, base / 2)
        return float(np.arctan2(-ahead[0], ahead[1]))

    def curvature(at: float) -> float:
        step = 0.5 * base
        low, high = max(at - step, 0.0), min(at + step, way.length)
        turn = (heading(high) - heading(low) + np.pi) % (2 * np.pi) - np.pi
        return float(turn / max(high - low, 1e-6))

    @lru_cache(maxsize=8)  # the body and each wheel ask for the same moment
    def stand(time: float) -> F64:
        at = metres(time)
        x, y, _ = way.at(at)
        flat = translation([x, y, 0.0]) @ rotation_z(heading(at))
        heights = np.array([ground(*(flat @ [*hub[:2], 0.0, 1.0])[:2]) for hub in hubs])
        # The plane through the four contacts, in the vehicle's axes: z = a + b x + c y (least squares).
        plane = np.column_stack([np.ones(len(hubs)), hubs[:, 0], hubs[:, 1]])
        a, b, c = np.linalg.lstsq(plane, heights, rcond=None)[0]
        tilt = Rotation.from_euler("xy", [np.arctan(c), -np.arctan(b)]).as_matrix()
        result = flat.copy()
        result[:3, :3] = flat[:3, :3] @ tilt
        result[2, 3] = a
        return result

    def body(time: float) -> F64:
        at, h = metres(time), 0.05
        before, after = metres(time - h), metres(time + h)
        gain = 0.0 if loop else (after - 2 * at + before) / h**2
        pace = speed if loop else (after - before) / (2 * h)
        lean = np.clip(0.004 * pace**2 * curvature(at), -0.05, 0.05)
        springs = np.eye(4)
        springs[:3, :3] = Rotation.from_euler("xy", [np.clip(0.006 * gain, -0.03, 0.03), lean]).as_matrix()
        pivot = translation([0.0, (front + back) / 2, 0.45])
        return stand(time) @ pivot @ springs @ np.linalg.inv(pivot)

    def wheel(one: Wheel, hub: F64) -> Place:
        def place(time: float) -> F64:
            at = metres(time)
            steering = float(np.arctan(base * curvature(at))) if one.steers else 0.0
            rolled = at / one.radius
            result = translation(hub) @ rotation_z(steering)
            result[:3, :3] = result[:3, :3] @ Rotation.from_rotvec([-rolled, 0.0, 0.0]).as_matrix()
            return stand(time) @ result

        return place

    return [body, *(wheel(one, hub) for one, hub in zip(wheels, hubs, strict=True))]


def attached(rest: F64, frame: Place, since: float | None) -> Place:
    """Carried by ``frame`` (seconds to (4, 4)). since: the second at which the thing, at ``rest``, is taken up and
    keeps its place in the frame; None: ``rest`` is its place in the frame.
    """

    @cache  # asked for once, and not before everything that may carry it is there
    def inside() -> F64:
        return rest if since is None else np.asarray(np.linalg.inv(frame(since)) @ rest)

    return lambda time: frame(time) @ inside()


def turned_about(pivot: F64, axis: F64, angle: float) -> F64:
    """(4, 4) turn by ``angle`` radians about ``axis`` (3,) through ``pivot`` (3,)."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_rotvec(np.asarray(axis) / np.linalg.norm(axis) * angle).as_matrix()
    return translation(pivot) @ turn @ translation(-np.asarray(pivot))


def _turned(place: F64) -> F64:
    result = place.copy()
    result[:3, 3] = 0.0
    return result
