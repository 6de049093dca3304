"""The words for sets with a roof: rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from worldgen.errors import SceneProblem, listed, nearest
from worldgen.furniture.style import SCHEMES
from worldgen.placed_words import SetOf
from worldgen.sets import SetPiece
from worldgen.sets.arrange import SIDES
from worldgen.sets.layout import LAYOUTS
from worldgen.sets.room import room
from worldgen.units import Angle, PositiveLength, show


def _one_of(words: Iterable[str], what: str) -> Callable[[object], str]:
    known = list(words)

    def checked(value: object) -> str:
        if isinstance(value, str) and value in known:
            return value
        near = nearest(str(value), known)
        hint = "" if near else f": use {listed(known)}"
        raise SceneProblem(f"{show(value)} is not {what}{hint}", suggestion=near)

    return checked


def _enum(words: Iterable[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(words)})


LayoutName = Annotated[str, BeforeValidator(_one_of(LAYOUTS, "a layout of a room")), _enum(LAYOUTS)]
RoomStyle = Annotated[str, BeforeValidator(_one_of(SCHEMES, "a style of room")), _enum(SCHEMES)]
Wall = Annotated[str, BeforeValidator(_one_of(SIDES, "a wall")), _enum(SIDES)]
DoorWall = Annotated[str, BeforeValidator(_one_of((*SIDES, "none"), "a wall")), _enum((*SIDES, "none"))]


def _switch(value: object) -> object:
    if isinstance(value, bool):
        return "on" if value else "off"
    return _one_of(("on", "off", "auto"), "a state of the lights")(value)


Lights = Annotated[
    Literal["on", "off", "auto"], BeforeValidator(_switch), WithJsonSchema({"enum": ["on", "off", "auto", True, False]})
]


def _windows(value: object) -> dict[str, int]:
    """A wall, a list of walls, or a mapping from wall to how many, as the mapping."""
    if value == "none":
        return {}
    wall = _one_of(SIDES, "a wall")
    if isinstance(value, str):
        return {wall(value): 1}
    if isinstance(value, list | tuple):
        counts: dict[str, int] = {}
        for word in value:
            counts[wall(word)] = counts.get(wall(word), 0) + 1
        return counts
    if isinstance(value, Mapping):
        for key, count in value.items():
            wall(key)
            if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= 12:
                raise SceneProblem(f"{show(count)} is not a number of windows: write a whole number up to 12", (key,))
        return dict(value)
    raise SceneProblem(f"{show(value)} says no windows: write walls, like `[north, east]` or `{{north: 2}}`, or `none`")


_WALL = {"enum": list(SIDES)}
Windows = Annotated[
    dict[str, int],
    BeforeValidator(_windows),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [*SIDES, "none"]},
                {"type": "array", "items": _WALL},
                {"type": "object", "propertyNames": _WALL, "additionalProperties": {"type": "integer"}},
            ],
            "examples": [["north", "east"], {"north": 2}],
        }
    ),
]


def _walls(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class RoomWords(SetOf):
    """A furnished room; its origin is the middle of the floor, x runs east, y north."""

    width: PositiveLength = Field(5.2, ge=2, le=30, description="Across, between the walls.")
    depth: PositiveLength = Field(4.4, ge=2, le=30, description="From the south wall to the north wall.")
    height: PositiveLength = Field(2.7, ge=2.2, le=8, description="From floor to ceiling.")
    layout: LayoutName = Field("living-room", description="What the room is used as.")
    style: RoomStyle = Field("modern", description="The style of walls and furniture.")
    windows: Windows | None = Field(
        None, description="The walls with windows: `[north, east]`, `{north: 2}`, or `none`. Unsaid: what suits it."
    )
    door: DoorWall = Field("west", description="The wall with the door, or `none`.")
    door_open: Angle = Field(0.0, ge=0, le=2.0, description="How far the door stands open, into the room.")
    open: Annotated[tuple[Wall, ...], BeforeValidator(_walls)] = Field(
        (), description="Walls that are left out, for a camera outside to look in: `[south]`."
    )
    ceiling: bool = Field(True, description="Whether there is a ceiling.")
    lights: Lights = Field("auto", description="Whether the lamps burn; `auto`: when the street lamps do.")
    seed: int = Field(0, description="Another seed, another room.")

    def piece(self, name: str, burning: bool) -> SetPiece:
        """The room."""
        return room(
            width=self.width,
            depth=self.depth,
            height=self.height,
            layout=self.layout,
            style=self.style,
            seed=self.seed,
            windows=self.windows,
            door_wall=None if self.door == "none" else self.door,
            door_swing=self.door_open,
            open_walls=self.open,
            ceiling=self.ceiling,
            lit=burning if self.lights == "auto" else self.lights == "on",
            name=name,
        )
