"""What is wrong with a scene, said at its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path

Loc = tuple[str | int, ...]
"""The way to a value of the scene: keys and list positions from the top, like ``("shots", 0, "lens")``."""


class SceneProblem(ValueError):  # noqa: N818 - it becomes a SceneError once its line is known
    """One sentence about a value of the scene, before it is known on which line that value stands.

    loc: the way to the value, relative to whoever catches it. at_key: whether the key itself is meant. suggestion:
    the nearest known word, or None.
    """

    def __init__(self, sentence: str, loc: Loc = (), *, at_key: bool = False, suggestion: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.loc = loc
        self.at_key = at_key
        self.suggestion = suggestion


class SceneError(ValueError):
    """What is wrong with a scene file, for people.

    path: the file. line, column: counted from 1; 0 when the file as a whole is meant. sentence: what is wrong and
    what to do. quote: the line, or empty. suggestion: the nearest known word, or None. As text:
    ``file:line:column: sentence`` with the line quoted below and a caret under the place.
    """

    def __init__(
        self,
        path: Path,
        sentence: str,
        *,
        line: int = 0,
        column: int = 0,
        quote: str = "",
        suggestion: str | None = None,
    ) -> None:
        self.path = path
        self.line = line
        self.column = column
        self.sentence = sentence
        self.quote = quote
        self.suggestion = suggestion
        super().__init__(str(self))

    def __str__(self) -> str:
        ask = f"; did you mean `{self.suggestion}`?" if self.suggestion else ""
        if not self.line:
            return f"{self.path}: {self.sentence}{ask}"
        number = f"{self.line:5d} | "
        before = "".join("\t" if letter == "\t" else " " for letter in self.quote[: self.column - 1])
        caret = " " * (len(number) - 2) + "| " + before + "^"
        return f"{self.path}:{self.line}:{self.column}: {self.sentence}{ask}\n{number}{self.quote}\n{caret}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was most likely meant to be, or None."""
    by_form = {_form(k): k for k in known}
    found = get_close_matches(_form(word), list(by_form), n=1, cutoff=0.6)
    return by_form[found[0]] if found else None


def _form(word: str) -> str:
    return word.casefold().replace("_", "-")


def unknown(
    sentence: str, word: object, known: Collection[str], loc: Loc = (), *, at_key: bool = False
) -> SceneProblem:
    """That ``word`` is none of ``known``, as ``sentence`` says: the nearest of them is suggested, or all are listed."""
    near = nearest(str(word), known)
    return SceneProblem(sentence + ("" if near else f": use {listed(known)}"), loc, at_key=at_key, suggestion=near)


def listed(words: Iterable[str]) -> str:
    """``a, b or c``, each in backquotes."""
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
