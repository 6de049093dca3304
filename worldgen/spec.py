"""The scene language: what a scene file may say, with every default, and its JSON Schema for editors.

Quantities are already metres, seconds and radians here. Whether names refer to anything is checked in
``worldgen.check``; what a scene becomes is in ``worldgen.build``.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, PrivateAttr, Tag, WithJsonSchema

from worldgen.camera_words import ShotWords
from worldgen.errors import SceneProblem, listed, nearest
from worldgen.material import KINDS
from worldgen.sets.palette import STYLES
from worldgen.source import Source
from worldgen.units import (
    Angle,
    Colour,
    Duration,
    Fps,
    Kelvin,
    Number,
    Positive,
    PositiveDuration,
    PositiveLength,
    Power,
    Size,
    Speed,
    show,
)
from worldgen.words import Edges2, Edges3, OneOf, Place, Point, Spot, Words


def _kind(value: object) -> str:
    if isinstance(value, str) and value in KINDS:
        return value
    near = nearest(str(value), KINDS)
    hint = "" if near else f": use {listed(KINDS)}"
    raise SceneProblem(f"{show(value)} is not a material{hint}", suggestion=near)


MaterialKind = Annotated[str, BeforeValidator(_kind), WithJsonSchema({"type": "string", "enum": list(KINDS)})]


def _style(value: object) -> str:
    if isinstance(value, str) and value in STYLES:
        return value
    near = nearest(str(value), STYLES)
    hint = "" if near else f": use {listed(STYLES)}"
    raise SceneProblem(f"{show(value)} is not a style of street{hint}", suggestion=near)


StyleName = Annotated[str, BeforeValidator(_style), WithJsonSchema({"type": "string", "enum": list(STYLES)})]


class Look(Words):
    """What the pictures look like."""

    prompt: str = Field("", description="Words for every shot: place, light, film stock.")
    negative: str = Field("", description="What the pictures should not show.")
    model: str = Field("pocket", description="The generator; `setpiece models` lists them.")
    steps: int | None = Field(None, gt=0, le=1000, description="Denoising steps. Unsaid: the model's own.")
    exposure: Number = Field(0.0, ge=-20, le=20, description="Stops brighter (+) or darker (-).")


class Sun(Words):
    """Where the sun stands."""

    azimuth: Angle = Field(3.5, description="Clockwise from +Y (north), seen from above.")
    elevation: Angle = Field(0.7, description="Above the horizon; below it is night.")


class SkyWords(Words):
    """The sun and the air."""

    sun: Sun = Field(default_factory=lambda: Sun.model_validate({}), description="Where the sun stands.")
    turbidity: Number = Field(3.0, ge=1, le=20, description="1 is pure air, 3 clear, 6 hazy.")
    clouds: Number = Field(0.0, ge=0, le=1, description="Share of the sky that is covered.")


class StreetWords(Words):
    """A street of houses along +Y, from y = 0, its middle on x = 0."""

    length: PositiveLength = Field(60.0, ge=15, le=300, description="How long the street is.")
    width: PositiveLength = Field(9.0, ge=6, le=30, description="From wall to wall.")
    style: StyleName = Field("old-town", description="The style of the houses.")
    seed: int = Field(0, description="Another seed, another street.")


class GroundWords(Words):
    """A level floor at z = 0."""

    size: PositiveLength = Field(500.0, description="Edge of the square, its middle at the origin.")
    material: MaterialKind = Field("concrete", description="What it is made of.")
    color: Colour | None = Field(None, description="Another base colour.")


def _none(value: object) -> object:
    if value == "none":
        return value
    raise SceneProblem(f"{show(value)} is no ground: write `none`, or a mapping like `{{size: 100m}}`")


NoGround = Annotated[Literal["none"], BeforeValidator(_none), Tag("none")]
Ground = Annotated[
    Annotated[GroundWords, Tag("floor")] | NoGround,
    Discriminator(lambda value: "none" if isinstance(value, str) else "floor"),
]


class SetWords(OneOf):
    """A built part of the world: one of these."""

    street: StreetWords | None = Field(None, description="A street of houses.")
    ground: Ground | None = Field(
        None, description="A level floor, or `none` for no floor at all. Unsaid: a large neutral one."
    )


class Box(Words):
    """A box."""

    size: Edges3 = Field(description="Along x, y, z.")


class Sphere(Words):
    """A sphere that rests on the ground."""

    radius: PositiveLength = Field(description="Radius.")


class Round(Words):
    """A round upright body."""

    radius: PositiveLength = Field(description="Radius.")
    height: PositiveLength = Field(description="Height.")


class Torus(Words):
    """A ring that lies on the ground."""

    radius: PositiveLength = Field(description="From the middle of the ring to the middle of its tube.")
    tube: PositiveLength = Field(description="Radius of the tube.")


class Plane(Words):
    """A level rectangle."""

    size: Edges2 = Field(description="Along x and y.")


class Shape(OneOf):
    """A plain body: one of these."""

    box: Box | None = Field(None, description="A box.")
    sphere: Sphere | None = Field(None, description="A sphere.")
    cylinder: Round | None = Field(None, description="A cylinder.")
    cone: Round | None = Field(None, description="A cone.")
    capsule: Round | None = Field(None, description="A cylinder with round ends; `height` is over all.")
    torus: Torus | None = Field(None, description="A ring.")
    plane: Plane | None = Field(None, description="A level rectangle.")


class Prop(Words):
    """A thing on the set."""

    name: str = Field(description="A unique name; the camera can look at it.")
    shape: Shape | None = Field(None, description="A plain body; or say `asset`.")
    asset: str | None = Field(None, description="A mesh file below the scene's folder (glb, obj, ply).")
    at: Place = Field((0.0, 0.0, 0.0), description="Where it stands: `[x, y]` on the ground, or `[x, y, z]`.")
    turn: Angle = Field(0.0, description="Turned clockwise, seen from above.")
    scale: Positive = Field(1.0, description="Larger or smaller than it is.")
    material: MaterialKind | None = Field(None, description="What it is made of.")
    color: Colour | None = Field(None, description="Another base colour.")


class LampWords(Words):
    """A light that somebody put there."""

    name: str = Field(description="A unique name.")
    at: Point = Field(description="Where it hangs.")
    color: Colour | None = Field(None, description="The colour of its light; or say `temperature`.")
    temperature: Kelvin | None = Field(None, description="Colour temperature: a candle 1900K, a bulb 2700K.")
    power: Power = Field(60.0, description="Watts of a light bulb that is as bright.")
    on: bool = Field(True, description="Whether it burns.")


class WorldWords(Words):
    """What stands there, whoever looks."""

    sky: SkyWords = Field(default_factory=lambda: SkyWords.model_validate({}), description="Sun and air.")
    sets: tuple[SetWords, ...] = Field((), description="Streets and floors.")
    props: tuple[Prop, ...] = Field((), description="Things on the set.")
    lamps: tuple[LampWords, ...] = Field((), description="Lights besides sun, sky and street lamps.")
    street_lamps: bool | None = Field(
        None, description="Whether street lamps burn. Unsaid: when the sun is lower than 3deg."
    )


class BodyWords(Words):
    """A person's body."""

    height: PositiveLength = Field(1.72, ge=0.8, le=2.5, description="From the floor to the top of the head.")
    build: Number = Field(0.0, ge=-1, le=1, description="From -1 (slim) to 1 (heavy).")
    masculine: Number | None = Field(
        None, ge=0, le=1, description="From 0 (feminine) to 1 (masculine). Unsaid: likely for the height."
    )
    hairstyle: Literal["short", "bob", "bun"] | None = Field(None, description="Unsaid: by the seed.")


class Wardrobe(Words):
    """Colours. Coat, skirt and hat are worn only when named; the others, unsaid, are drawn by the seed."""

    skin: Colour | None = Field(None, description="Skin.")
    hair: Colour | None = Field(None, description="Hair.")
    top: Colour | None = Field(None, description="Shirt.")
    legs: Colour | None = Field(None, description="Trousers.")
    shoes: Colour | None = Field(None, description="Shoes.")
    coat: Colour | None = Field(None, description="A coat over it all.")
    skirt: Colour | None = Field(None, description="A skirt instead of trousers.")
    hat: Colour | None = Field(None, description="A hat.")


class WalkWords(Words):
    """Walk a smooth way through points on the ground."""

    along: tuple[Spot, ...] = Field(description="At least two points, `[x, y]`.")
    speed: Speed = Field(1.3, ge=0.1, le=2.5, description="How fast; people stroll at 1.3m/s.")


class StandWords(Words):
    """Be somewhere; as the first action it says where the character begins."""

    at: Spot = Field(description="Where, `[x, y]` on the ground.")
    facing: Angle = Field(0.0, description="Bearing, clockwise from +Y (north).")
    for_: Duration = Field(0.0, description="How long.")


class TurnWords(Words):
    """Turn on the spot: to a bearing, or toward a point."""

    facing: Angle | None = Field(None, description="Bearing, clockwise from +Y (north).")
    toward: Spot | None = Field(None, description="A point on the ground, `[x, y]`.")


class IdleWords(Words):
    """Stand and breathe."""

    for_: PositiveDuration | None = Field(None, description="How long. Unsaid: from then on.")


class WaveWords(Words):
    """Wave a hand."""

    for_: PositiveDuration = Field(2.0, description="How long.")
    hand: Literal["left", "right"] = Field("right", description="Which hand.")


class ActionWords(OneOf):
    """Something a character does: one of these."""

    stand: StandWords | None = Field(None, description="Be somewhere, facing somewhere.")
    walk: WalkWords | None = Field(None, description="Walk along points on the ground.")
    turn: TurnWords | None = Field(None, description="Turn on the spot.")
    idle: IdleWords | None = Field(None, description="Stand and breathe.")
    wave: WaveWords | None = Field(None, description="Wave a hand.")


class CharacterWords(Words):
    """A person."""

    body: BodyWords = Field(default_factory=lambda: BodyWords.model_validate({}), description="The body.")
    wardrobe: Wardrobe = Field(default_factory=lambda: Wardrobe.model_validate({}), description="The clothes.")
    actions: tuple[ActionWords, ...] = Field((), description="What they do, one after another.")


class Scene(Words):
    """A Setpiece scene."""

    title: str = Field("", description="What the scene is called.")
    size: Size = Field((1280, 720), description="Width x height of the picture, pixels.")
    fps: Fps = Field(Fraction(24), description="Frames a second.")
    seed: int = Field(0, description="Of everything random.")
    look: Look = Field(default_factory=lambda: Look.model_validate({}), description="What it looks like.")
    world: WorldWords = Field(default_factory=lambda: WorldWords.model_validate({}), description="What stands there.")
    characters: dict[str, CharacterWords] = Field(default_factory=dict, description="Who is there, by name.")
    shots: tuple[ShotWords, ...] = Field(
        description="The takes, in order of the cut.", json_schema_extra={"minItems": 1}
    )

    _source: Source | None = PrivateAttr(None)

    @classmethod
    def prepared(cls, data: Any) -> Any:
        """Keys that start with ``x-`` are the author's own: templates for YAML anchors."""
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if not str(key).startswith("x-")}
        return data

    @property
    def source(self) -> Source | None:
        """The file's text and places, when the scene came from a file."""
        return self._source
