"""Scene files in: a validated :class:`Scene`, or one sentence at its line and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from worldgen.check import check
from worldgen.errors import Loc, SceneError, SceneProblem
from worldgen.source import Source, parse, read
from worldgen.spec import Scene
from worldgen.units import show


def load_scene(path: Path | str) -> Scene:
    """The scene that the file at ``path`` describes. Raises :class:`SceneError` for anything wrong in it.

    Files that the scene names (assets) must lie below the folder of ``path``; they are looked for, not read.
    """
    file = Path(path)
    return _validated(*read(file), base=file.parent)


def scene_from_text(text: str, path: Path | str) -> Scene:
    """Like :func:`load_scene`, of ``text`` as if it stood in ``path`` (for editors and previews)."""
    return _validated(*parse(text, Path(path)), base=Path(path).parent)


def _validated(data: Any, source: Source, *, base: Path) -> Scene:
    try:
        scene = Scene.model_validate(data)
    except ValidationError as error:
        raise _first(error, data, source) from None
    scene._source = source
    try:
        check(scene, base)
    except SceneProblem as problem:
        raise source.error(problem) from None
    return scene


def _first(error: ValidationError, data: Any, source: Source) -> SceneError:
    """The error that stands first in the file."""
    found = [source.error(_problem(details, data), details["loc"]) for details in error.errors(include_url=False)]
    return min(found, key=lambda one: (one.line, one.column))


def _problem(details: ErrorDetails, data: Any) -> SceneProblem:
    context = details.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, SceneProblem):
        return cause
    wording = _SENTENCES.get(details["type"])
    said = _as_written(data, details["loc"])
    if wording is None:
        return SceneProblem(f"{show(said)} does not fit here: {details['msg'][:1].lower()}{details['msg'][1:]}")
    return SceneProblem(wording(details["loc"][-1] if details["loc"] else "scene", said, context))


def _as_written(data: Any, loc: Loc) -> Any:
    """The value at ``loc`` as the file has it, with its unit; parts that the file does not have are skipped."""
    for part in loc:
        inside = isinstance(data, dict) and part in data
        if inside or (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            data = data[part]
    return data


Wording = Callable[[Any, Any, dict[str, Any]], str]

_SENTENCES: Final[dict[str, Wording]] = {
    "missing": lambda key, value, _: f"`{key}` is missing here",
    "string_type": lambda key, value, _: f"{show(value)} stands where text is expected: put it in quotes",
    "int_type": lambda key, value, _: f"{show(value)} is not a whole number",
    "int_parsing": lambda key, value, _: f"{show(value)} is not a whole number",
    "finite_number": lambda key, value, _: f"{show(value)} is not a whole number",
    "int_from_float": lambda key, value, _: f"{show(value)} is not a whole number",
    "bool_type": lambda key, value, _: f"{show(value)} is neither `true` nor `false`",
    "bool_parsing": lambda key, value, _: f"{show(value)} is neither `true` nor `false`",
    "tuple_type": lambda key, value, _: f"{show(value)} stands where a list is expected: write `[...]` or `- ...`",
    "dict_type": lambda key, value, _: f"{show(value)} stands where a mapping of names is expected",
    "greater_than": lambda key, value, c: f"{show(value)} is too little: it must be more than {c['gt']:g}",
    "greater_than_equal": lambda key, value, c: f"{show(value)} is too little: the least here is {c['ge']:g}",
    "less_than_equal": lambda key, value, c: f"{show(value)} is too much: the most here is {c['le']:g}",
    "literal_error": lambda key, value, c: f"{show(value)} is not {c['expected'].replace(chr(39), '`')}",
}
