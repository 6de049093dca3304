"""How the words of the scene language are bound to types: mappings of known keys, and choices of one key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_before_validator_function

from worldgen.errors import SceneProblem, listed, unknown
from worldgen.units import Length, PositiveLength, show, written_list


def _yaml_word(name: str) -> str:
    """``look_at`` is written ``look-at``, and ``for_`` is written ``for``."""
    return name.rstrip("_").replace("_", "-")


class Words(BaseModel):
    """A mapping of known keys. An unknown key is an error that names the nearest known one."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=_yaml_word)

    @classmethod
    def words(cls) -> list[str]:
        """The keys as the file has them."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    @classmethod
    def prepared(cls, data: Any) -> Any:
        """``data`` with shorthands written out; the place for a subclass to accept them."""
        return data

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if isinstance(data, cls):
            return data
        data = cls.prepared(data)
        if not isinstance(data, Mapping):
            raise SceneProblem(f"{show(data)} stands where a mapping with {listed(cls.words())} is expected")
        for key in data:
            if key not in cls.words():
                raise unknown(f"unknown key {show(key)}", key, cls.words(), (key,), at_key=True)
        return data


class ShortWords(Words):
    """A mapping of which one key may stand alone: ``look: mara`` is short for ``look: {at: mara}``."""

    alone: ClassVar[str]

    @classmethod
    def prepared(cls, data: Any) -> Any:
        return {cls.alone: data} if isinstance(data, str | int | float) else data

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        short = dict(handler.resolve_ref_schema(schema)["properties"][cls.alone])
        short.pop("title", None)
        return {"anyOf": [short, schema]}


@dataclass(frozen=True, eq=False)  # types are hashed, and known words may be a mapping
class Choice:
    """The annotation of a text that is one of ``known``; anything else "is not ``what``"."""

    known: Collection[str]
    what: str

    def __call__(self, value: object) -> str:
        """``value`` if it is known. Raises :class:`SceneProblem`."""
        if isinstance(value, str) and value in self.known:
            return value
        raise unknown(f"{show(value)} is not {self.what}", value, self.known)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(self, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "enum": list(self.known)}


class OneOf(Words):
    """A mapping of exactly one key out of several, like ``{cylinder: {radius: 0.5m}}``."""

    @classmethod
    def prepared(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and all(key in cls.words() for key in data):
            if len(data) != 1:
                raise SceneProblem(
                    f"exactly one of {listed(cls.words())} belongs here, not {len(data)}",
                    tuple(list(data)[1:2]),
                    at_key=True,
                )
            return {key: {} if value is None else value for key, value in data.items()}
        return data

    @property
    def kind(self) -> str:
        """The one key, as the file has it."""
        return next(f.alias or n for n, f in type(self).model_fields.items() if getattr(self, n) is not None)

    @property
    def chosen(self) -> Any:
        """What stands behind the one key."""
        return next(v for n in type(self).model_fields if (v := getattr(self, n)) is not None)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        handler.resolve_ref_schema(schema).update(minProperties=1, maxProperties=1)
        return schema


class Ramp(Words):
    """A value that may move during the shot: a plain value holds still, ``{from:, to:, ease:}`` moves."""

    @classmethod
    def prepared(cls, data: Any) -> Any:
        return data if isinstance(data, Mapping) else {"from": data, "to": data}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        moving = dict(handler.resolve_ref_schema(schema))
        still = {key: moving["properties"]["from"][key] for key in ("anyOf", "examples")}
        return {"anyOf": [still, moving], "description": moving["description"]}


def _point(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise SceneProblem(f"{show(value)} is not a point: write `[x, y, z]`, like `[2m, 5m, 1.6m]`")
    return list(value)


def _place(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) not in (2, 3):
        raise SceneProblem(f"{show(value)} is not a place: write `[x, y]` on the ground or `[x, y, z]`")
    return [*value, 0.0] if len(value) == 2 else list(value)


def _footing(value: object) -> object:
    _place(value)
    assert isinstance(value, list | tuple)  # _place has refused all else
    return [*value, None] if len(value) == 2 else list(value)


def _spot(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise SceneProblem(f"{show(value)} is not a place on the ground: write `[x, y]`, like `[0m, 8m]`")
    return list(value)


def _edges(count: int, example: str) -> BeforeValidator:
    def checked(value: object) -> object:
        if not isinstance(value, list | tuple) or len(value) != count:
            raise SceneProblem(f"{show(value)} is not a size: write {count} lengths, like `{example}`")
        return list(value)

    return BeforeValidator(checked)


Vector = tuple[float, float, float]
Point = Annotated[tuple[Length, Length, Length], BeforeValidator(_point), written_list(3, 3, ["2m", "5m", "1.6m"])]
Place = Annotated[tuple[Length, Length, Length], BeforeValidator(_place), written_list(2, 3, ["2m", "5m"])]
Footing = Annotated[tuple[Length, Length, Length | None], BeforeValidator(_footing), written_list(2, 3, ["2m", "5m"])]
Spot = Annotated[tuple[Length, Length], BeforeValidator(_spot), written_list(2, 2, ["0m", "8m"])]
Edges2 = Annotated[tuple[PositiveLength, PositiveLength], _edges(2, "[2m, 1m]"), written_list(2, 2, ["2m", "1m"])]
Edges3 = Annotated[
    tuple[PositiveLength, PositiveLength, PositiveLength],
    _edges(3, "[2m, 1m, 50cm]"),
    written_list(3, 3, ["2m", "1m", "50cm"]),
]
