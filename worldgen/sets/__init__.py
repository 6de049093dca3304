"""Ready-made sets: functions from a few directors' words to things, lamps, the ground and named spots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from worldgen.conventions import F64
from worldgen.light import Lamp
from worldgen.stage import Ground, Spot
from worldgen.world import Thing


@dataclass(frozen=True)
class SetPiece:
    """What a set puts into the world.

    things: placed. lamps: among them. ground: height of the floor at (x, y), NaN where the set has none; None for a
    set without floors above z = 0. spots: named places for people and cameras, without the set's name. land: whether
    it is the land itself, so that no neutral ground is laid.
    """

    things: tuple[Thing, ...]
    lamps: tuple[Lamp, ...] = ()
    ground: Ground | None = None
    spots: Mapping[str, Spot] = field(default_factory=dict)
    land: bool = False

    def moved(self, world_from_set: F64) -> SetPiece:
        """The set carried by a placement (4, 4) that moves it and turns it about +Z."""
        if np.allclose(world_from_set, np.eye(4)):
            return self
        return SetPiece(
            tuple(thing.moved(world_from_set) for thing in self.things),
            tuple(replace(lamp, position=_moved(lamp.position, world_from_set)) for lamp in self.lamps),
            None if self.ground is None else _ground_moved(self.ground, world_from_set),
            {name: spot.moved(world_from_set) for name, spot in self.spots.items()},
            self.land,
        )


def _moved(point: tuple[float, float, float], place: F64) -> tuple[float, float, float]:
    x, y, z = (float(c) for c in place[:3, :3] @ np.array(point) + place[:3, 3])
    return x, y, z


def _ground_moved(ground: Ground, place: F64) -> Callable[[float, float], float]:
    back, lift = np.linalg.inv(place), float(place[2, 3])

    def moved(x: float, y: float) -> float:
        a, b, _, _ = back @ np.array([x, y, 0.0, 1.0])
        return ground(float(a), float(b)) + lift

    return moved


def highest(grounds: tuple[Ground, ...]) -> Ground:
    """One ground of many: the highest floor at each place, z = 0 where there is none."""

    def height(x: float, y: float) -> float:
        heights = [value for ground in grounds if not np.isnan(value := ground(x, y))]
        return max(heights, default=0.0)

    return height
