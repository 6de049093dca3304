"""Quantities as people write them: ``35mm``, ``2m``, ``90deg``, ``4s``, ``f/2.8``, ``1280x720``.

Every parser takes what YAML gives (a string or a number), returns metres, radians, seconds or metres a second, and
raises :class:`SceneProblem` with one sentence. The annotated types below bind a parser to a pydantic field and to
the pattern that editors show.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from worldgen.errors import SceneProblem, listed, nearest

LENGTHS: Final = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3, "in": 0.0254, "ft": 0.3048}
MILLIMETRES: Final = {"mm": 1.0, "cm": 10.0, "m": 1e3, "km": 1e6, "in": 25.4, "ft": 304.8}
ANGLES: Final = {"deg": math.pi / 180, "°": math.pi / 180, "rad": 1.0}
DURATIONS: Final = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
SPEEDS: Final = {"m/s": 1.0, "km/h": 1 / 3.6, "mph": 0.44704}

SENSORS: Final[Mapping[str, tuple[float, float]]] = {
    "super8": (5.79, 4.01),
    "16mm": (10.26, 7.49),
    "super16": (12.52, 7.41),
    "micro-four-thirds": (17.3, 13.0),
    "aps-c": (23.6, 15.7),
    "academy": (21.95, 16.0),
    "super35": (24.89, 18.66),
    "full-frame": (36.0, 24.0),
    "alexa-lf": (36.7, 25.54),
    "65mm": (52.48, 23.01),
    "imax": (70.41, 52.63),
}
"""Width and height of the exposed area, millimetres."""

NAMED_FPS: Final = {
    Fraction(text): Fraction(n * 1000, 1001)
    for text, n in [("23.976", 24), ("23.98", 24), ("29.97", 30), ("47.952", 48), ("59.94", 60), ("119.88", 120)]
}

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(\S*)\s*")
MAX_EDGE: Final = 8192


def show(value: object) -> str:
    """``value`` as the file had it, short enough for a sentence."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`" if len(text) <= 60 else f"`{text[:57]}...`"


def _quantity(value: object, what: str, example: str, units: Mapping[str, float], plain: float | None) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if plain is None and value != 0:
            raise SceneProblem(f"{show(value)} has no unit: write {what} like `{example}`")
        number, scale = float(value), 1.0 if plain is None else plain
    else:
        match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise SceneProblem(f"{show(value)} is not {what}: write it like `{example}`")
        number, unit = float(match[1]), match[2]
        if unit:
            if not units:
                raise SceneProblem(f"`{unit}` does not belong here: this number has no unit")
            if unit not in units:
                raise SceneProblem(
                    f"`{unit}` is not a unit of {what}: use {listed(units)}, as in `{example}`",
                    suggestion=nearest(unit, units),
                )
            scale = units[unit]
        elif plain is None and number != 0:
            raise SceneProblem(f"{show(value)} has no unit: write {what} like `{example}`")
        else:
            scale = 1.0 if plain is None else plain
    result = number * scale
    if not math.isfinite(result):
        raise SceneProblem(f"{show(value)} is not a finite number: write {what} like `{example}`")
    if abs(result) > 1e9:
        raise SceneProblem(f"{show(value)} is too large to be meant: write {what} like `{example}`")
    return result


def length(value: object) -> float:
    """Metres; a plain number is metres."""
    result = _quantity(value, "a length", "2m", LENGTHS, 1.0)
    if abs(result) > 1e6:
        raise SceneProblem(f"{show(value)} is farther than 1000 km: lengths are metres unless they say otherwise")
    return result


def focal(value: object) -> float:
    """Millimetres; a plain number is millimetres."""
    result = _quantity(value, "a focal length", "35mm", MILLIMETRES, 1.0)
    if not 1.0 <= result <= 5000.0:
        raise SceneProblem(f"{show(value)} is not a focal length between 1 mm and 5000 mm: write it like `35mm`")
    return result


def angle(value: object) -> float:
    """Radians; only 0 may stand without a unit."""
    return _quantity(value, "an angle", "90deg", ANGLES, None)


def duration(value: object) -> float:
    """Seconds; a plain number is seconds."""
    return _quantity(value, "a duration", "4s", DURATIONS, 1.0)


def speed(value: object) -> float:
    """Metres a second; a plain number is metres a second."""
    return _quantity(value, "a speed", "1.3m/s", SPEEDS, 1.0)


def power(value: object) -> float:
    """Watts; a plain number is watts."""
    return _quantity(value, "a power", "60W", {"W": 1.0, "kW": 1e3}, 1.0)


def temperature(value: object) -> float:
    """Kelvin between 1000 and 20000; a plain number is kelvin."""
    result = _quantity(value, "a colour temperature", "2700K", {"K": 1.0}, 1.0)
    if not 1000 <= result <= 20000:
        raise SceneProblem(f"{show(value)} is not a colour temperature between 1000 K and 20000 K")
    return result


def number(value: object) -> float:
    """A finite number without a unit."""
    return _quantity(value, "a number", "0.5", {}, 1.0)


def f_stop(value: object) -> float:
    """Focal length over aperture diameter, from ``f/2.8`` or ``2.8``."""
    bare = re.sub(r"^\s*[fF]/", "", value) if isinstance(value, str) else value
    try:
        result = number(bare)
    except SceneProblem:
        result = 0.0
    if not 0.5 <= result <= 128:
        raise SceneProblem(f"{show(value)} is not an f-stop between f/0.5 and f/128: write it like `f/2.8`")
    return result


def mist(value: object) -> float:
    """Grade of a diffusion filter, 0 to 2, as its maker names it: ``1/8``, or a number."""
    halves = re.fullmatch(r"\s*(\d)\s*/\s*(\d{1,2})\s*", value) if isinstance(value, str) else None
    try:
        result = int(halves[1]) / max(int(halves[2]), 1e-9) if halves else number(value)
    except SceneProblem:
        result = -1.0
    if not 0.0 <= result <= 2.0:
        raise SceneProblem(f"{show(value)} is not a grade of a diffusion filter, 0 to 2: write it like `1/8`")
    return result


def size(value: object) -> tuple[int, int]:
    """Width and height in pixels, both even (video codecs ask for that), from ``1280x720``."""
    match = re.fullmatch(r"\s*(\d+)\s*[x×]\s*(\d+)\s*", value) if isinstance(value, str) else None
    if match is None:
        raise SceneProblem(f"{show(value)} is not a size: write width x height in pixels, like `1280x720`")
    width, height = int(match[1]), int(match[2])
    if not (16 <= width <= MAX_EDGE and 16 <= height <= MAX_EDGE):
        raise SceneProblem(f"{show(value)} is not a size from 16x16 to {MAX_EDGE}x{MAX_EDGE} pixels")
    if width % 2 or height % 2:
        even = f"{width + width % 2}x{height + height % 2}"
        raise SceneProblem(f"{show(value)} has an odd edge, which video cannot store: write `{even}`")
    return width, height


def fps(value: object) -> Fraction:
    """Frames a second, exact: ``24``, ``24000/1001``; 23.976 and its kin mean their fraction over 1001."""
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            result = Fraction(str(value).replace(" ", ""))
        except (ValueError, ZeroDivisionError):
            result = Fraction(0)
        if 0 < result <= 1000:
            return NAMED_FPS.get(result, result)
    raise SceneProblem(f"{show(value)} is not a frame rate up to 1000: write it like `24` or `24000/1001`")


def colour(value: object) -> str:
    """``#rrggbb`` in lower case."""
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        hint = " (in quotes, or YAML takes it for a comment)" if value is None else ""
        raise SceneProblem(f'{show(value)} is not a colour: write six hex digits like `"#b3312c"`{hint}')
    return value.lower()


def sensor(value: object) -> tuple[float, float]:
    """Width and height in millimetres, from a film maker's name or ``[36mm, 24mm]``."""
    if isinstance(value, str):
        if value in SENSORS:
            return SENSORS[value]
        near = nearest(value, SENSORS)
        hint = "" if near else f": use {listed(SENSORS)}, or `[36mm, 24mm]`"
        raise SceneProblem(f"{show(value)} is not a sensor{hint}", suggestion=near)
    if isinstance(value, list | tuple) and len(value) == 2:
        edges = [_quantity(v, "a sensor's edge", "36mm", MILLIMETRES, 1.0) for v in value]
        if all(0.5 <= edge <= 500 for edge in edges):
            return edges[0], edges[1]
    raise SceneProblem(f"{show(value)} is not a sensor: use a name like `super35`, or `[36mm, 24mm]`")


def _positive(value: float) -> float:
    if value <= 0:
        raise SceneProblem(f"`{value:g}` must be greater than zero")
    return value


def _not_negative(value: float) -> float:
    if value < 0:
        raise SceneProblem(f"`{value:g}` must not be negative")
    return value


def _written(units: Mapping[str, float], plain: bool, *examples: str) -> WithJsonSchema:
    """The JSON schema of a quantity: a string with one of ``units``, or a plain number where that has a meaning."""
    pattern = rf"^\s*{_NUMBER}\s*({'|'.join(re.escape(u) for u in units)}){'?' if plain else ''}\s*$"
    text: dict[str, Any] = {"type": "string", "pattern": pattern}
    other = {"type": "number"} if plain else {"const": 0}
    return WithJsonSchema({"anyOf": [text, other], "examples": list(examples)})


def written_list(least: int, most: int, *examples: list[object]) -> WithJsonSchema:
    """The JSON schema of a list of lengths."""
    shape = {"type": "array", "items": _length.json_schema, "minItems": least, "maxItems": most}
    return WithJsonSchema({**shape, "examples": list(examples)})


_length = _written(LENGTHS, True, "2m", "50cm")
Length = Annotated[float, BeforeValidator(length), _length]
PositiveLength = Annotated[float, BeforeValidator(lambda v: _positive(length(v))), _length]
Angle = Annotated[float, BeforeValidator(angle), _written(ANGLES, False, "90deg", "1.57rad")]
_duration = _written(DURATIONS, True, "4s", "500ms")
Duration = Annotated[float, BeforeValidator(lambda v: _not_negative(duration(v))), _duration]
PositiveDuration = Annotated[float, BeforeValidator(lambda v: _positive(duration(v))), _duration]
Speed = Annotated[float, BeforeValidator(lambda v: _positive(speed(v))), _written(SPEEDS, True, "1.3m/s", "5km/h")]
Kelvin = Annotated[float, BeforeValidator(temperature), _written({"K": 1}, True, "2700K")]
Focal = Annotated[float, BeforeValidator(focal), _written(LENGTHS, True, "35mm")]
Number = Annotated[float, BeforeValidator(number), WithJsonSchema({"type": "number"})]
Positive = Annotated[
    float,
    BeforeValidator(lambda v: _positive(number(v))),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
FStop = Annotated[
    float,
    BeforeValidator(f_stop),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": r"^[fF]/\d+(\.\d+)?$"}, {"type": "number"}], "examples": ["f/2.8"]}
    ),
]
Mist = Annotated[
    float,
    BeforeValidator(mist),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*\d\s*(/\s*\d{1,2}\s*)?$"},
                {"type": "number", "minimum": 0, "maximum": 2},
            ],
            "examples": ["1/8"],
        }
    ),
]
Size = Annotated[
    tuple[int, int],
    BeforeValidator(size),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+\s*[x×]\s*\d+\s*$", "examples": ["1280x720"]}),
]
Fps = Annotated[
    Fraction,
    BeforeValidator(fps),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": r"^\d+/\d+$"}],
            "examples": [24, "24000/1001"],
        }
    ),
]
_hex = WithJsonSchema({"type": "string", "pattern": "^#[0-9a-fA-F]{6}$", "examples": ["#b3312c"]})
Colour = Annotated[str, BeforeValidator(colour), _hex]
Sensor = Annotated[
    tuple[float, float],
    BeforeValidator(sensor),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": list(SENSORS)},
                {"type": "array", "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]
