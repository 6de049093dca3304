"""All light of a scene: the sky's words and the lamps' words become what a world wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from worldgen.lamp_words import LampWords, Where
from worldgen.light import Lamp, Sky
from worldgen.sky_words import SkyWords
from worldgen.world import Light


def lights(
    sky: SkyWords, exposure: float, fixed: Sequence[Lamp], lamps: Sequence[LampWords], where: Where
) -> tuple[Sky, tuple[Lamp, ...], Callable[[float], Light] | None]:
    """The light at 0 s, and the light of any moment (None where it never changes): the last three fields of a world.

    exposure: stops of the look. fixed: lamps of the sets, which burn on. where: of what lamps hang from or point at.
    Raises :class:`SceneProblem` for words that contradict each other.
    """
    skies = sky.over(exposure)
    steady = (*fixed, *(lamp for words in lamps if not words.changes and (lamp := words.lamp(0.0, where))))
    lively = [words for words in lamps if words.changes]

    def at(time: float) -> Light:
        burning = (words.lamp(time, where) for words in lively)
        return Light(skies(time), (*steady, *(lamp for lamp in burning if lamp is not None)))

    if not lively and not sky.changes:
        return skies(0.0), steady, None
    first = at(0.0)
    return first.sky, first.lamps, at
