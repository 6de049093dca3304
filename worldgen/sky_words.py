"""The words for the sky: sun, moon and air; by name, by place and hour, or over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import numpy as np
from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from worldgen.daylight import Place, city
from worldgen.errors import SceneProblem
from worldgen.light import Sky
from worldgen.skies import PRESETS, SkyKey, at_clock, sky_over_time
from worldgen.timed_words import MOMENT, is_moment, moments
from worldgen.units import Angle, Length, Number, PositiveLength, Speed, number, show
from worldgen.words import Choice, ShortWords, Words

UNSAID_PLACE: Final = Place(48.0, 0.0)
"""Where an hour is meant when no place is said; its clock is a sundial."""
UNSAID_DATE: Final = Date(2026, 6, 21)


def _where(value: object) -> Place:
    if isinstance(value, str):
        try:
            return city(value)
        except ValueError as error:
            raise SceneProblem(str(error)) from None
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise SceneProblem(f"{show(value)} is not a place on earth: write a city, or `[latitude, longitude]`")
    latitude, longitude = number(value[0]), number(value[1])
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        sentence = "latitude goes from -90 to 90 and longitude from -180 to 180 degrees, like `[52.5, 13.4]`"
        raise SceneProblem(f"`[{latitude:g}, {longitude:g}]` is nowhere on earth: {sentence}")
    return Place(latitude, longitude)


def _date(value: object) -> Date:
    if isinstance(value, Date):
        return value
    try:
        return Date.fromisoformat(str(value))
    except ValueError:
        raise SceneProblem(f"{show(value)} is not a date: write it like `2026-06-21`") from None


def _hour(value: object) -> float:
    """Hours since midnight."""
    parts = str(value).strip().split(":")
    try:
        if not 1 <= len(parts) <= 3 or not all(part.strip() for part in parts):
            raise ValueError
        numbers = [float(part) if k == len(parts) - 1 else int(part) for k, part in enumerate(parts)]
    except ValueError:
        numbers = [-1.0]
    hour = sum(part / 60.0**k for k, part in enumerate(numbers))
    if min(numbers) < 0 or max(numbers[1:], default=0) >= 60 or hour > 24:
        raise SceneProblem(f"{show(value)} is not an hour of the day: write it like `18:30`")
    return hour


SkyName = Annotated[str, Choice(PRESETS, "a sky")]
Earth = Annotated[
    Place,
    BeforeValidator(_where),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}],
            "examples": ["berlin", [52.5, 13.4]],
        }
    ),
]
Day = Annotated[Date, BeforeValidator(_date), WithJsonSchema({"type": "string", "examples": ["2026-06-21"]})]
Hour = Annotated[
    float, BeforeValidator(_hour), WithJsonSchema({"type": ["string", "number"], "examples": ["18:30", "6:05"]})
]


class Sun(Words):
    """Where the sun stands."""

    azimuth: Angle | None = Field(None, description="Clockwise from +Y (north), seen from above.")
    elevation: Angle | None = Field(None, description="Above the horizon; below it is night.")


class Moon(Words):
    """Where the moon stands. It lights the night only."""

    azimuth: Angle | None = Field(None, description="Clockwise from +Y (north), seen from above.")
    elevation: Angle | None = Field(None, description="Above the horizon.")
    lit: Number = Field(1.0, ge=0, le=1, description="Share of its disc that is lit: 1 is a full moon, 0 none.")


class Fog(ShortWords):
    """Fog, mist or haze: air that hides what is far, and shows where light goes."""

    alone = "visibility"

    visibility: PositiveLength = Field(
        ge=2, description="How far one sees at `level`: 60m is thick fog, 300m mist, 2km haze."
    )
    height: PositiveLength = Field(
        30.0, ge=0.5, description="Above `level` it thins to a third over this; 2m hugs the ground."
    )
    level: Length = Field(0.0, ge=-1000, le=1000, description="Height of the ground it lies on.")

    @property
    def extinction(self) -> float:
        """Of a metre of air at height 0, 1/m: a fiftieth of a thing's contrast is left where one sees no further
        (Koschmieder 1924).
        """
        return float(-np.log(0.02) / self.visibility * np.exp(np.clip(self.level / self.height, -50.0, 50.0)))


class SkyMoment(Words):
    """The sky of one moment: a name like `golden-hour`, or what sun and air are like."""

    preset: SkyName | None = Field(None, description="A sky by its name; what else is said here changes it.")
    sun: Sun | None = Field(None, description="Where the sun stands; or say `hour`.")
    moon: Moon | None = Field(None, description="Where the moon stands.")
    turbidity: Number | None = Field(None, ge=1, le=20, description="1 is pure air, 3 clear, 6 hazy.")
    clouds: Number | None = Field(None, ge=0, le=1, description="Share of the sky that is covered.")
    town: Number | None = Field(None, ge=0, le=1, description="Glow of a town in the night sky; 1 is a city.")
    fog: Fog | None = Field(None, description="Air that one does not see far through: `300m`, or more of it.")
    place: Earth | None = Field(None, description="City or [latitude, longitude] that `hour` is read at.")
    date: Day | None = Field(None, description="Day that `hour` is read on. Unsaid: 21 June 2026.")
    hour: Hour | None = Field(None, description="Time of day, like `18:30`, from which sun and moon are worked out.")
    utc_offset: Number | None = Field(
        None, ge=-14, le=14, description="Hours that the clock is ahead of UTC. Unsaid: the city's, or by longitude."
    )

    @classmethod
    def prepared(cls, data: Any) -> Any:
        """A name alone is a preset."""
        return {"preset": data} if isinstance(data, str) else data

    def key(self, time: float, exposure: float) -> SkyKey:
        """The sky that the words say. Raises :class:`SceneProblem` where they contradict each other."""
        if self.sun is not None and self.hour is not None:
            raise SceneProblem("say `sun` or `hour`, not both", ("sun",), at_key=True)
        for word, value in (("place", self.place), ("date", self.date), ("utc-offset", self.utc_offset)):
            if value is not None and self.hour is None:
                raise SceneProblem(f"`{word}` needs an `hour`, like `hour: 18:30`", (word,), at_key=True)
        sky = PRESETS[self.preset] if self.preset is not None else Sky()
        place, when = None, None
        if self.hour is not None:
            place = self.place or UNSAID_PLACE
            midnight = datetime.combine(self.date or UNSAID_DATE, datetime.min.time())
            when = place.clock(midnight + timedelta(hours=self.hour), self.utc_offset)
            sky = at_clock(sky, place, when)
        said: dict[str, float] = {"exposure_stops": sky.exposure_stops + exposure}
        for name, value in (("turbidity", self.turbidity), ("clouds", self.clouds), ("town", self.town)):
            if value is not None:
                said[name] = value
        if self.fog is not None:
            said |= {"fog": self.fog.extinction, "fog_height": self.fog.height}
        for body, words in (("sun", self.sun), ("moon", self.moon)):
            if words is not None:
                angles = ((f"{body}_azimuth", words.azimuth), (f"{body}_elevation", words.elevation))
                said |= {name: value for name, value in angles if value is not None}
        if self.moon is not None:
            said["moon"] = self.moon.lit
        return SkyKey(time, replace(sky, **said), when, place)  # type: ignore[arg-type]


class SkyWords(SkyMoment):
    """The sun and the air, for all time or over time: `golden-hour`, or `{0s: golden-hour, 8s: blue-hour}`."""

    wind: Speed | None = Field(None, description="How fast the clouds drift; unsaid, they stand still.")
    over_time: dict[Any, SkyMoment] | None = Field(
        None, description="Skies at moments, like `{0s: {hour: 17:00}, 10s: {hour: 21:00}}`; may be left out."
    )

    @classmethod
    def prepared(cls, data: Any) -> Any:
        """A name alone is a preset; moments may stand beside the words that hold for all of them."""
        data = super().prepared(data)
        if not isinstance(data, Mapping) or not any(is_moment(key) for key in data):
            return data
        if "over-time" in data:
            raise SceneProblem("moments stand here or in `over-time`, not both", ("over-time",), at_key=True)
        rest = {key: value for key, value in data.items() if not is_moment(key)}
        return {**rest, "over-time": {key: value for key, value in data.items() if is_moment(key)}}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        words = handler.resolve_ref_schema(schema)
        moment = {"anyOf": [{"type": "string", "enum": list(PRESETS)}, {"type": "object"}]}
        words["patternProperties"] = {MOMENT: moment}
        words["properties"]["over-time"].update(additionalProperties=moment)
        return {"anyOf": [{"type": "string", "enum": list(PRESETS)}, schema]}

    @model_validator(mode="after")
    def _agree(self) -> SkyWords:
        self.keys(0.0)
        return self

    def keys(self, exposure: float) -> tuple[SkyKey, ...]:
        """The skies that the words say, in order of time, at least one; ``exposure``: stops of the look.

        Raises :class:`SceneProblem` at the word that contradicts another.
        """
        if not self.over_time:
            return (self.key(0.0, exposure),)
        common = {name: getattr(self, name) for name in SkyMoment.model_fields if getattr(self, name) is not None}
        result = []
        for time, written, words in moments(self.over_time):
            own = {name: getattr(words, name) for name in words.model_fields_set}
            both = dict(common)
            if words.preset is not None or words.hour is not None:
                both.pop("sun", None)
            if words.preset is not None or words.sun is not None:
                both.pop("hour", None)
            merged = SkyMoment.model_construct(**(both | own))
            if merged.hour is None:
                merged = merged.model_copy(update={"place": own.get("place"), "date": own.get("date"),
                                                   "utc_offset": own.get("utc_offset")})  # fmt: skip
            try:
                result.append(merged.key(time, exposure))
            except SceneProblem as problem:
                raise SceneProblem(problem.sentence, (written, *problem.loc), at_key=problem.at_key) from None
        return tuple(result)

    @property
    def changes(self) -> bool:
        """Whether the sky is not the same for all time."""
        return bool(self.over_time and len(self.over_time) > 1) or (self.wind is not None)

    def sky(self, exposure: float) -> Sky:
        """The sky of the first moment."""
        return self.keys(exposure)[0].sky

    def over(self, exposure: float) -> Callable[[float], Sky]:
        """Seconds to the sky."""
        keys = self.keys(exposure)
        if not self.changes:
            return lambda time: keys[0].sky
        return sky_over_time(keys, self.wind or 0.0)

    @property
    def darkest(self) -> float:
        """Radians of the lowest sun at any key."""
        return float(np.min([key.sky.sun_elevation for key in self.keys(0.0)]))
