"""The words for rooms, corridors, plans and stairs."""

from __future__ import annotations

from typing import Any

import pytest

from worldgen.errors import SceneProblem
from worldgen.set_words import SetWords


def _set(**words: Any) -> SetWords:
    return SetWords.model_validate(words)


def test_a_room_as_written_becomes_a_room() -> None:
    words = _set(
        room={
            "width": "4.2m", "depth": "3.6m", "layout": "bedroom", "style": "worn", "windows": ["north", "north"],
            "door": "east", "door-open": "60deg", "open": "south", "lights": True, "seed": 4, "at": ["10m", 0],
        }
    )  # fmt: skip
    piece = words.built("den", False)
    names = {t.name for t in piece.things}
    assert {"den/bed", "den/window-2", "den/door"} <= names
    assert piece.lamps
    x, _, _ = piece.spots["door"].position
    assert 11 < x < 12.1
    leaf = next(t for t in piece.things if t.name == "den/door").mesh.vertices
    assert leaf[:, 0].min() < 12.1 - 0.5  # it stands open, into the room


@pytest.mark.parametrize(
    ("windows", "counts"),
    [("none", 0), ("east", 1), (["north", "east"], 2), ({"north": 2}, 2)],
)
def test_windows_may_be_said_in_several_ways(windows: Any, counts: int) -> None:
    piece = _set(room={"layout": "empty", "windows": windows}).built("room", False)
    assert len([k for k in piece.spots if k.startswith("window-")]) == counts


def test_lights_auto_burn_with_the_street_lamps() -> None:
    words = _set(corridor={"length": "8m", "use": "office"})
    assert not words.built("corridor", False).lamps
    assert words.built("corridor", True).lamps
    assert not _set(corridor={"length": "8m", "lights": "off"}).built("corridor", True).lamps


def test_a_plan_and_stairs_as_written() -> None:
    plan = _set(
        interior={
            "rooms": [
                {"name": "a", "outline": [[0, 0], ["4m", 0], ["4m", "4m"], [0, "4m"]], "layout": "bedroom"},
                {"name": "b", "outline": [["4m", 0], ["7m", 0], ["7m", "4m"], ["4m", "4m"]], "floor": "marble"},
            ],
            "openings": [{"between": ["b", "a"], "at": ["4m", "1m"], "width": "90cm"}],
        }
    ).built("flat", False)
    assert {"flat/a/bed", "flat/door-1"} <= {t.name for t in plan.things}
    stairs = _set(stairs={"kind": "u", "height": "3m", "corner": "right"}).built("stairs", False)
    assert stairs.spots["top"].position[2] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"room": {"layout": "kitchn"}}, "not a layout"),
        ({"room": {"windows": ["up"]}}, "not a wall"),
        ({"room": {"windows": {"north": -1}}}, "not a number of windows"),
        ({"room": {"windows": 3}}, "says no windows"),
        ({"room": {"lights": "dim"}}, "not a state of the lights"),
        ({"corridor": {"use": "prison"}}, "not a use of a corridor"),
        ({"stairs": {"kind": "ladder"}}, "not a kind of stairs"),
        ({"interior": {"rooms": [{"name": "a", "outline": [[0, 0], [1, 1], [2, 0]]}],
                       "openings": [{"between": "a", "at": [0, 0]}]}}, "are not two rooms"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_a_problem_in_one_sentence(words: dict[str, Any], message: str) -> None:
    with pytest.raises(Exception, match=message) as error:
        _set(**words)
    assert error.type is SceneProblem or "SceneProblem" in repr(error.value) or message in str(error.value)
