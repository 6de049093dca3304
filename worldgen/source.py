"""YAML with places: plain values for the model, and for every value the line and column where it stands."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from worldgen.errors import Loc, SceneError, SceneProblem

MAX_VALUES = 200_000
"""A file that unfolds to more values than this is a mistake or an attack (aliases of aliases)."""

MAX_DEPTH = 64
"""Brackets in brackets; a scene has about ten."""

_MERGE = "tag:yaml.org,2002:merge"
Mark = tuple[int, int]
"""Line and column, counted from 1."""


@dataclass
class Position:
    """Where a value stands, and where the values in it stand: by key or index, (key's mark, value's position)."""

    mark: Mark
    inside: dict[Any, tuple[Mark, Position]] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """The text of a scene file and the places of its values."""

    path: Path
    lines: tuple[str, ...]
    positions: Position

    def place(self, loc: Sequence[str | int], *, at_key: bool = False) -> Mark:
        """The mark of the value at ``loc``; parts that the file does not have are skipped."""
        position, mark = self.positions, self.positions.mark
        for part in loc:
            if part in position.inside:
                key_mark, position = position.inside[part]
                mark = key_mark if at_key else position.mark
        return mark

    def error(self, problem: SceneProblem, loc: Loc = ()) -> SceneError:
        """``problem``, caught at ``loc``, at its line and column."""
        line, column = self.place((*loc, *problem.loc), at_key=problem.at_key)
        return error_at(self.path, self.lines, line, column, problem.sentence, problem.suggestion)


def error_at(
    path: Path, lines: Sequence[str], line: int, column: int, sentence: str, suggestion: str | None = None
) -> SceneError:
    """A :class:`SceneError` that quotes its line."""
    quote = lines[line - 1] if 0 < line <= len(lines) else ""
    return SceneError(path, sentence, line=line, column=column, quote=quote, suggestion=suggestion)


def read(path: Path) -> tuple[Any, Source]:
    """The plain values of a YAML file (dict, list, str, int, float, bool, None) and their places."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise SceneError(path, "there is no such scene file") from None
    except IsADirectoryError:
        raise SceneError(path, "this is a folder: name the scene file in it, like `scene.yaml`") from None
    except OSError as error:
        raise SceneError(path, f"the file cannot be read: {error.strerror}") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise SceneError(path, "the file is not UTF-8 text: save it as UTF-8", line=line, column=column) from None
    return parse(text, path)


def parse(text: str, path: Path) -> tuple[Any, Source]:
    """Like :func:`read`, of ``text`` that stands in ``path``."""
    lines = tuple(text.splitlines())
    yaml = YAML(typ="rt")
    yaml.max_depth = MAX_DEPTH
    try:
        with warnings.catch_warnings():  # YAML allows that an anchor is given anew
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            node = yaml.compose(text)
        if node is None:
            raise SceneError(path, "the file is empty: a scene needs at least `shots`")
        value, positions, _ = _Reader(path, lines, yaml).value(node)
    except MaxDepthExceededError as error:
        line, column = error.problem_mark.line + 1, error.problem_mark.column + 1
        raise error_at(path, lines, line, column, "the file is nested too deeply to be a scene") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        began = error.context_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        if began and mark and began.line != mark.line:
            what += f" (it began on line {began.line + 1})"
        raise error_at(path, lines, line, column, f"this is not YAML: {what}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - (text.rfind("\n", 0, error.position) + 1) + 1
        sentence = "a control character stands here, which YAML does not allow: delete it"
        raise error_at(path, lines, line, column, sentence) from None
    return value, Source(path, lines, positions)


class _Reader:
    """Turns composed nodes into values and positions; an anchor is read once and shared."""

    def __init__(self, path: Path, lines: Sequence[str], yaml: Any) -> None:
        self.path = path
        self.lines = lines
        self.yaml = yaml
        self.done: dict[int, tuple[Any, Position, int]] = {}
        self.open: set[int] = set()

    def fail(self, node: Node, sentence: str) -> SceneError:
        mark = node.start_mark
        return error_at(self.path, self.lines, mark.line + 1, mark.column + 1, sentence)

    def value(self, node: Node) -> tuple[Any, Position, int]:
        """Value, position, and how many values it unfolds to."""
        if id(node) in self.done:
            return self.done[id(node)]
        if id(node) in self.open:
            raise self.fail(node, "this value contains itself through an alias")
        self.open.add(id(node))
        position = Position(_mark(node))
        if isinstance(node, ScalarNode):
            result: tuple[Any, Position, int] = self.scalar(node), position, 1
        elif isinstance(node, SequenceNode):
            result = self.sequence(node, position)
        else:
            assert isinstance(node, MappingNode)
            result = self.mapping(node, position)
        if result[2] > MAX_VALUES:
            raise self.fail(node, f"the aliases here unfold to more than {MAX_VALUES} values")
        self.open.discard(id(node))
        self.done[id(node)] = result
        return result

    def scalar(self, node: ScalarNode) -> Any:
        tag = str(node.tag).rsplit(":", 1)[-1]
        if tag == "null":
            return None
        if tag == "bool":
            return str(node.value).lower() == "true"
        if tag not in ("int", "float"):
            return str(node.value)
        try:
            text = str(node.value).replace("_", "")
            if tag == "float":
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
            if text.startswith("0x"):  # a size, `0x720`, rather than a hexadecimal number
                return str(node.value)
            return int(text, 8 if text.startswith("0o") else 10)
        except ValueError:
            return str(node.value)

    def sequence(self, node: SequenceNode, position: Position) -> tuple[Any, Position, int]:
        values, count = [], 1
        for index, child in enumerate(node.value):
            value, place, size = self.value(child)
            values.append(value)
            position.inside[index] = (place.mark, place)
            count += size
        return values, position, count

    def mapping(self, node: MappingNode, position: Position) -> tuple[Any, Position, int]:
        values: dict[Any, Any] = {}
        merged: list[tuple[dict[Any, Any], Position]] = []
        count = 1
        for key_node, child in node.value:
            if str(key_node.tag) == _MERGE:
                merged += self.merges(child)
                continue
            if not isinstance(key_node, ScalarNode):
                raise self.fail(key_node, "a key must be a single word")
            key = self.scalar(key_node)
            if key in values:
                first = position.inside[key][0][0]
                raise self.fail(key_node, f"`{key_node.value}` stands twice here, first on line {first}")
            values[key], place, size = self.value(child)
            position.inside[key] = (_mark(key_node), place)
            count += size
        for extra, places in merged:
            for key, value in extra.items():
                if key not in values:
                    values[key] = value
                    position.inside[key] = places.inside[key]
            count += len(extra)
        return values, position, count

    def merges(self, node: Node) -> list[tuple[dict[Any, Any], Position]]:
        parts = node.value if isinstance(node, SequenceNode) else [node]
        if not all(isinstance(part, MappingNode) for part in parts):
            raise self.fail(node, "`<<` takes a mapping or a list of mappings, like `<<: *template`")
        return [self.value(part)[:2] for part in parts]


def _mark(node: Node) -> Mark:
    return node.start_mark.line + 1, node.start_mark.column + 1
