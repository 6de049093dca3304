"""What stands in the way."""

from __future__ import annotations

import numpy as np

from worldgen import shapes
from worldgen.conventions import translation
from worldgen.material import make
from worldgen.obstacles import obstacles
from worldgen.stage import level
from worldgen.world import Thing

STONE = make("stone")


def _box(name: str, x: float, y: float, z: float = 0.0, size: tuple[float, float, float] = (1, 1, 1)) -> Thing:
    return Thing(name, shapes.box(size, STONE).transformed(translation([x, y, z])))


def _blocked(things: list[Thing], x: float, y: float) -> bool:
    circles = np.array(obstacles(things, level, (-5, -5), (5, 5))).reshape(-1, 3)
    return bool((np.hypot(circles[:, 0] - x, circles[:, 1] - y) < circles[:, 2] + 0.2).any())


def test_things_between_knee_and_head_are_in_the_way_and_others_are_not() -> None:
    floor = Thing("floor", shapes.plane((20, 20), STONE))
    assert _blocked([floor, _box("crate", 2, 1)], 2.5, 1)
    assert _blocked([_box("post", 2, 1, size=(0.1, 0.1, 2))], 2, 1)
    assert not _blocked([floor, _box("crate", 2, 1)], -2, 1)
    assert not _blocked([_box("roof", 2, 1, z=2.5)], 2, 1)
    assert not _blocked([_box("step", 2, 1, size=(1, 1, 0.2))], 2.5, 1)
    assert not _blocked([_box("far", 20, 1)], 4.9, 1)


def test_a_long_wall_has_no_gaps() -> None:
    wall = [_box("wall", 0, 0, size=(8, 0.2, 3))]
    assert all(_blocked(wall, x, 0.1) for x in np.linspace(-4, 4, 40))


def test_a_flight_of_steps_is_in_the_way_and_a_kerb_is_not() -> None:
    def pavement(x: float, y: float) -> float:
        return 0.12 if x > 0 else 0.0

    def stage(x: float, y: float) -> float:
        return 0.5 if x > 0 else 0.0

    assert obstacles([], pavement, (-5, -5), (5, 5)) == []
    found = np.array(obstacles([], stage, (-5, -5), (5, 5)))
    assert len(found) > 20
    assert np.abs(found[:, 0]).max() < 0.6


def test_what_moves_is_not_in_the_way_and_nothing_at_all_is_nothing() -> None:
    moving = Thing("ball", shapes.box((1, 1, 1), STONE), place=lambda t: translation([t, 0, 0]))
    assert obstacles([moving], level, (-5, -5), (5, 5)) == []
    assert obstacles([], level, (-5, -5), (5, 5)) == []
