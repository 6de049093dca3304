"""The words of a square become a square."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from worldgen.errors import SceneProblem
from worldgen.set_words import SetWords


def test_a_market_square_is_built_with_its_places() -> None:
    words = SetWords.model_validate(
        {"square": {"size": ["30m", "30m"], "market": {"stalls": 3}, "at": [100, 0], "seed": 2}}
    )
    piece = words.built("plaza", burning=True)
    names = {thing.name for thing in piece.things}
    assert {"plaza/ground", "plaza/fountain", "plaza/stall-2"} <= names
    assert "plaza/stall-3" not in names
    assert piece.spots["centre"].position[0] == pytest.approx(100)
    assert piece.ground is not None
    assert piece.ground(100.0 + 14.5, 0.0) == pytest.approx(0.12)
    assert piece.lamps


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"style": "neon-aley"}, "is not a style of houses"),
        ({"centre": 3}, "is not what stands in the middle of a square: use `fountain`"),
        ({"paving": "wavy"}, "is not a pattern of paving"),
    ],
)
def test_a_wrong_word_is_one_sentence(words: dict[str, object], sentence: str) -> None:
    with pytest.raises((SceneProblem, ValidationError), match=sentence):
        SetWords.model_validate({"square": words})
