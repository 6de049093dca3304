"""What the things of a world know of each other: the ground they stand on, named spots, and where everybody is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from worldgen.conventions import F64

Ground = Callable[[float, float], float]
"""Height in metres of what one stands on at (x, y)."""
Where = Callable[[str, float], F64]
"""World position (3,) of what a name stands for ("mara.head", "cart", "lamp-2"), at seconds."""


def level(x: float, y: float) -> float:
    """The ground at z = 0."""
    return 0.0


def _nowhere(name: str, time: float) -> F64:
    raise ValueError(f"nothing here is called {name!r}")


@dataclass(frozen=True)
class Spot:
    """A named place of a set or a prop, for people and cameras.

    position: (3,) metres; for a seat, the middle of the seat's surface where the hips go; to stand at, the floor.
    facing: heading of whoever uses it, radians counter-clockwise from +Y seen from above. kind: what it is for.
    """

    position: tuple[float, float, float]
    facing: float = 0.0
    kind: Literal["seat", "stand", "look"] = "look"

    def moved(self, world_from_set: F64) -> Spot:
        """The spot carried by a placement (4, 4) that turns about +Z only."""
        x, y, z = (float(c) for c in world_from_set[:3, :3] @ np.array(self.position) + world_from_set[:3, 3])
        turn = float(np.arctan2(world_from_set[1, 0], world_from_set[0, 0]))
        return replace(self, position=(x, y, z), facing=self.facing + turn)


@dataclass(frozen=True)
class Stage:
    """What a character can know of the world it is in. ``where`` may be asked only while posing, not while building.

    folder: the scene's, below which its files lie.
    """

    ground: Ground = level
    spots: Mapping[str, Spot] = field(default_factory=dict)
    where: Where = _nowhere
    folder: Path = Path()
