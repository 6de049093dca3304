"""The words for what has a roof: rooms, corridors, plans of several rooms; and stairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from worldgen.errors import SceneProblem
from worldgen.furniture.style import SCHEMES
from worldgen.material_words import MaterialKind
from worldgen.placed_words import SetOf
from worldgen.sets import SetPiece
from worldgen.sets.arrange import SIDES
from worldgen.sets.corridor import corridor
from worldgen.sets.corridor_uses import USES
from worldgen.sets.layout import LAYOUTS
from worldgen.sets.plan import PlanOpening, PlanRoom, interior
from worldgen.sets.room import room
from worldgen.sets.stairs import KINDS, stairs
from worldgen.units import Angle, PositiveLength, show
from worldgen.words import Choice, Spot, Words

LayoutName = Annotated[str, Choice(LAYOUTS, "a layout of a room")]
RoomStyle = Annotated[str, Choice(SCHEMES, "a style of room")]
Wall = Annotated[str, Choice(SIDES, "a wall")]
CorridorUse = Annotated[str, Choice(USES, "a use of a corridor")]
StairKind = Annotated[str, Choice(KINDS, "a kind of stairs")]
DoorWall = Annotated[str, Choice((*SIDES, "none"), "a wall")]


def _switch(value: object) -> object:
    if isinstance(value, bool):
        return "on" if value else "off"
    return Choice(("on", "off", "auto"), "a state of the lights")(value)


Lights = Annotated[
    Literal["on", "off", "auto"], BeforeValidator(_switch), WithJsonSchema({"enum": ["on", "off", "auto", True, False]})
]


def _windows(value: object) -> dict[str, int]:
    """A wall, a list of walls, or a mapping from wall to how many, as the mapping."""
    if value == "none":
        return {}
    wall = Choice(SIDES, "a wall")
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
            lit=_burns(self.lights, burning),
            name=name,
        )


def _burns(lights: str, burning: bool) -> bool:
    return burning if lights == "auto" else lights == "on"


class CorridorWords(SetOf):
    """A corridor along +Y from y = 0, its middle on x = 0, with doors on both sides."""

    length: PositiveLength = Field(24.0, ge=6, le=120, description="From end to end, or to the turn.")
    width: PositiveLength = Field(1.9, ge=1.2, le=6, description="Between the walls.")
    height: PositiveLength = Field(2.6, ge=2.2, le=6, description="From floor to ceiling.")
    use: CorridorUse = Field("hotel", description="Whose corridor it is.")
    corner: Literal["none", "left", "right"] = Field("none", description="Where it turns at its end.")
    leg: PositiveLength = Field(10.0, ge=4, le=120, description="How far it goes on beyond the corner.")
    lights: Lights = Field("auto", description="Whether the lamps burn; `auto`: when the street lamps do.")
    seed: int = Field(0, description="Another seed, another corridor.")

    def piece(self, name: str, burning: bool) -> SetPiece:
        """The corridor."""
        return corridor(
            length=self.length,
            width=self.width,
            height=self.height,
            use=self.use,
            turn=self.corner,
            leg=self.leg,
            seed=self.seed,
            lit=_burns(self.lights, burning),
            name=name,
        )


class PlanRoomWords(Words):
    """A room of a plan."""

    name: str = Field(description="A name of its own; openings say it.")
    outline: tuple[Spot, ...] = Field(description="Its corners in order, along the middle of its walls.")
    layout: LayoutName = Field("empty", description="What it is used as; furnished where it is nearly a rectangle.")
    floor: MaterialKind | None = Field(None, description="What the floor is made of. Unsaid: what suits it.")


def _two(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(isinstance(v, str) for v in value):
        raise SceneProblem(f"{show(value)} are not two rooms: write `[hall, kitchen]`, or `[hall, outside]`")
    return value


class PlanOpeningWords(Words):
    """A door, an archway or a window of a plan."""

    between: Annotated[tuple[str, str], BeforeValidator(_two)] = Field(
        description="The rooms on its two sides: `[hall, kitchen]`, or `[hall, outside]`; doors open into the first."
    )
    at: Spot = Field(description="Its middle, on the wall.")
    width: PositiveLength = Field(0.9, ge=0.3, le=10, description="How wide it is.")
    kind: Literal["door", "arch", "window"] = Field("door", description="What it is.")


class InteriorWords(SetOf):
    """Rooms after a plan: outlines and openings become walls, floors, ceilings, doors and furniture."""

    rooms: tuple[PlanRoomWords, ...] = Field(min_length=1, description="The rooms; neighbours share an edge.")
    openings: tuple[PlanOpeningWords, ...] = Field((), description="Doors, archways and windows.")
    height: PositiveLength = Field(2.7, ge=2.2, le=8, description="From floor to ceiling.")
    style: RoomStyle = Field("modern", description="The style of walls and furniture.")
    ceiling: bool = Field(True, description="Whether there is a ceiling.")
    lights: Lights = Field("auto", description="Whether the lamps burn; `auto`: when the street lamps do.")
    seed: int = Field(0, description="Another seed, other furniture.")

    def piece(self, name: str, burning: bool) -> SetPiece:
        """The rooms."""
        return interior(
            rooms=[PlanRoom(r.name, r.outline, r.layout, r.floor) for r in self.rooms],
            openings=[PlanOpening(o.between, o.at, o.width, o.kind) for o in self.openings],
            height=self.height,
            style=self.style,
            seed=self.seed,
            ceiling=self.ceiling,
            lit=_burns(self.lights, burning),
            name=name,
        )


class StairsWords(SetOf):
    """Stairs to walk on, from y = 0 along +Y; risers and goings follow from the height."""

    kind: StairKind = Field("straight", description="Straight, with a landing and a turn (`l`, `u`), or `spiral`.")
    height: PositiveLength = Field(2.8, ge=0.3, le=8, description="From floor to floor.")
    width: PositiveLength = Field(1.1, ge=0.7, le=4, description="Of the steps.")
    corner: Literal["left", "right"] = Field("left", description="Where `l` and `u` turn.")
    style: RoomStyle = Field("modern", description="The style of steps and balustrade.")
    seed: int = Field(0, description="Another seed, other colours.")

    def piece(self, name: str, burning: bool) -> SetPiece:
        """The stairs."""
        return stairs(
            kind=self.kind,
            height=self.height,
            width=self.width,
            turn=self.corner,
            style=self.style,
            seed=self.seed,
            name=name,
        )
