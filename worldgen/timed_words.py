"""Values that change at moments of the scene: ``60W``, or ``{0s: 0W, 2s: 60W}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BeforeValidator, WithJsonSchema

from worldgen.errors import SceneProblem
from worldgen.units import duration, show

_Value = TypeVar("_Value")
Timed = tuple[tuple[float, _Value], ...]
"""(seconds, value), in order of time, at least one."""

MOMENT: Final = r"^\s*[+-]?[\d.]"
"""What a key of a mapping begins with that says a moment."""


def is_moment(key: object) -> bool:
    """Whether a key of a mapping is meant for a moment ("2s", 0.5) rather than a word."""
    return isinstance(key, int | float) or (isinstance(key, str) and re.match(MOMENT, key) is not None)


def moments(value: Mapping[Any, Any]) -> list[tuple[float, Any, Any]]:
    """(seconds, key as written, value) in order of time. Raises :class:`SceneProblem` at the key."""
    found: dict[float, tuple[Any, Any]] = {}
    for key, inner in value.items():
        try:
            time = duration(key)
        except SceneProblem as problem:
            raise SceneProblem(problem.sentence, (key,), at_key=True) from None
        if time < 0 or time in found:
            why = "is before the scene begins" if time < 0 else "names the same moment twice"
            raise SceneProblem(f"{show(key)} {why}", (key,), at_key=True)
        found[time] = (key, inner)
    return [(time, *found[time]) for time in sorted(found)]


def timed(parse: Callable[[object], Any]) -> BeforeValidator:
    """Of a field ``Timed``: one value for all time, or a mapping from moments to values."""

    def checked(value: object) -> object:
        if not isinstance(value, Mapping):
            return ((0.0, parse(value)),)
        if not value:
            raise SceneProblem("an empty mapping says nothing: write moments, like `{0s: ..., 2s: ...}`")
        result = []
        for time, key, inner in moments(value):
            try:
                result.append((time, parse(inner)))
            except SceneProblem as problem:
                raise SceneProblem(problem.sentence, (key, *problem.loc)) from None
        return tuple(result)

    return BeforeValidator(checked)


def timed_schema(plain: Mapping[str, Any], *examples: Any) -> WithJsonSchema:
    """The JSON schema of such a field; ``plain``: of one value."""
    over_time = {"type": "object", "patternProperties": {MOMENT: dict(plain)}, "additionalProperties": False}
    return WithJsonSchema({"anyOf": [dict(plain), over_time], "examples": list(examples)})
