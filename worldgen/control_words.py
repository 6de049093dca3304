"""The words for controls: what of the built world steers a generator that reads it as pictures, and how strongly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from worldgen.errors import SceneProblem
from worldgen.timed_words import Timed, timed, timed_schema
from worldgen.units import number
from worldgen.words import Words

MOST: Final = 2.0
"""The strongest a control can be asked for; 1 is what its model recommends."""

Controls = tuple[tuple[str, Timed[float]], ...]
"""(name, strengths at seconds into the shot) of each control that is asked for."""


def _strength(value: object) -> float:
    strength = number(value)
    if not 0 <= strength <= MOST:
        raise SceneProblem(
            f"a strength of {strength:g} is not between 0 (off) and {MOST:g}; 1 is as the model likes it"
        )
    return strength


Strength = Annotated[
    Timed[float],
    timed(_strength),
    timed_schema({"type": "number", "minimum": 0, "maximum": MOST}, 0.8, {"0s": 0.8, "2s": 0.2}),
]


class ControlWords(Words):
    """How strongly each control steers the generator: 0 off, 1 as the generator likes it, or strengths at times into
    the shot, `{0s: 0.8, 2s: 0.2}`, between which it moves evenly. Controls that are not named are off.
    """

    depth: Strength | None = Field(None, description="How far everything is.")
    normal: Strength | None = Field(None, description="Where every surface looks.")
    edges: Strength | None = Field(None, description="The lines of things.")
    segmentation: Strength | None = Field(None, description="What everything is.")
    pose: Strength | None = Field(None, description="Skeletons of the people.")
    tracking: Strength | None = Field(None, description="Which point of the world everything is.")
    blur: Strength | None = Field(None, description="The rough colours and light of the built world.")

    @classmethod
    def prepared(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not data:
            raise SceneProblem("an empty mapping asks for no control: name one, like `depth: 0.9`")
        return data

    @property
    def said(self) -> Controls:
        """What is asked for, in the order of the vocabulary."""
        named = ((name, getattr(self, name)) for name in type(self).model_fields)
        return tuple((name, strengths) for name, strengths in named if strengths is not None)


def asked(look: ControlWords | None, shot: ControlWords | None) -> Controls:
    """What a shot asks for: what the look of the scene says, with the shot's own words in place of its."""
    return tuple({**dict(look.said if look else ()), **dict(shot.said if shot else ())}.items())


def strength_at(strengths: Timed[float], seconds: float) -> float:
    """The strength at a moment of the shot: even steps between the moments that are said, still before and after."""
    (before, value), *later = strengths
    for time, then in later:
        if seconds < time:
            share = max(0.0, (seconds - before) / (time - before))
            return value + share * (then - value)
        before, value = time, then
    return value
