"""The scene language: what a scene file may say, with every default, and its JSON Schema for editors.

Quantities are already metres, seconds and radians here. Each part of the language has a module of its own
(``set_words``, ``prop_words``, ``sky_words``, ``character_words``, ``action_words``, ``camera_words``). Whether names
refer to anything is checked in ``worldgen.check``; what a scene becomes is in ``worldgen.build``.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal

from pydantic import Field, PrivateAttr

from worldgen.camera_words import ShotWords
from worldgen.control_words import ControlWords
from worldgen.creature_words import AnyCharacter
from worldgen.crowd_words import CrowdWords
from worldgen.lamp_words import LampWords
from worldgen.prop_words import Prop
from worldgen.set_words import SetWords
from worldgen.sky_words import SkyWords
from worldgen.source import Source
from worldgen.units import Fps, Number, Size
from worldgen.words import Words


class Look(Words):
    """What the pictures look like."""

    prompt: str = Field("", description="Words for every shot: place, light, film stock.")
    negative: str = Field("", description="What the pictures should not show; pocket does not read it.")
    model: str = Field("pocket", description="The generator; `setpiece models` lists them.")
    steps: int | None = Field(None, gt=0, le=1000, description="Denoising steps. Unsaid: the model's own.")
    exposure: Number = Field(0.0, ge=-20, le=20, description="Stops brighter (+) or darker (-).")
    controls: ControlWords | None = Field(
        None, description="What of the built world steers the generator, and how strongly. Unsaid: the generator's own."
    )
    reference: str | None = Field(
        None, description="A picture whose style to follow, below the scene's folder, for models that take one."
    )
    blocking: Literal["pocket"] | None = Field(
        None, description="The model that blocks the shots first; `model` then paints over that film."
    )
    strength: Number | None = Field(
        None, gt=0, le=1, description="How much of the blocked film is painted anew: 0.3 little, 1 all. Unsaid: 0.6."
    )


class WorldWords(Words):
    """What stands there, whoever looks."""

    sky: SkyWords = Field(default_factory=lambda: SkyWords.model_validate({}), description="Sun and air.")
    sets: tuple[SetWords, ...] = Field((), description="Streets and floors.")
    props: tuple[Prop, ...] = Field((), description="Things on the set.")
    lamps: tuple[LampWords, ...] = Field((), description="Lights besides sun, sky and street lamps.")
    street_lamps: bool | None = Field(
        None, description="Whether street lamps burn. Unsaid: when the sun is lower than 3deg."
    )


class Scene(Words):
    """A Setpiece scene."""

    title: str = Field("", description="What the scene is called.")
    size: Size = Field((1280, 720), description="Width x height of the picture, pixels.")
    fps: Fps = Field(Fraction(24), description="Frames a second.")
    seed: int = Field(0, description="Of everything random.")
    look: Look = Field(default_factory=lambda: Look.model_validate({}), description="What it looks like.")
    world: WorldWords = Field(default_factory=lambda: WorldWords.model_validate({}), description="What stands there.")
    characters: dict[str, AnyCharacter] = Field(default_factory=dict, description="Who is there, by name.")
    crowds: tuple[CrowdWords, ...] = Field((), description="People in the background.")
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
