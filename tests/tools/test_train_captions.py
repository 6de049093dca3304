"""Captions say what a picture has, among words that say nothing of it."""

from __future__ import annotations

import numpy as np
import pytest

from conditioning.text import encoded
from tools.train.captions import LOOK_WORDS, WEATHER_WORDS, caption, far_words
from tools.train.looks import LOOKS

STREET = {
    "place": "street",
    "style": "old-town",
    "inside": False,
    "sun_elevation_deg": 40.0,
    "clouds": 0.1,
    "people": 2,
}


def test_every_look_has_words_and_no_other_has() -> None:
    assert tuple(LOOK_WORDS) == LOOKS


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("weather", [None, *WEATHER_WORDS])
def test_what_a_picture_has_is_said(look: str, weather: str | None) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        words = caption(STREET, weather, look, rng)
        if look != "natural":
            assert any(w in words for w in LOOK_WORDS[look])
        if weather is not None:
            assert any(w in words for w in WEATHER_WORDS[weather])


def test_same_seed_same_words_and_many_wordings() -> None:
    one, two = ([caption(STREET, "snow", "toon", np.random.default_rng([7, k])) for k in range(50)] for _ in range(2))
    assert one == two
    assert len(set(one)) > 45


def test_some_captions_ask_for_nothing_and_never_for_another_look() -> None:
    rng = np.random.default_rng(0)
    said = [caption({"place": "room", "inside": True}, None, "natural", rng) for _ in range(200)]
    asked = {w for look, words in LOOK_WORDS.items() if look != "natural" for w in words}
    asked |= {w for words in WEATHER_WORDS.values() for w in words}
    assert len(set(said)) > 150
    assert not [words for words in said if any(f"{a}," in f"{words}," for a in asked)]


def test_distractors_lie_far_from_every_look() -> None:
    words = far_words()
    assert len(words) > 3000
    assert not {"night", "snow", "fog", "rain", "cartoon", "sunset"} & set(words)
    assert max(float(encoded(w) @ encoded("film noir")) for w in words[::20]) < 0.25


def test_unknown_names_are_one_sentence() -> None:
    with pytest.raises(ValueError, match="'sepia' is no look: use one of natural"):
        caption(STREET, None, "sepia", np.random.default_rng(0))
    with pytest.raises(ValueError, match="'hail' is no weather"):
        caption(STREET, "hail", "natural", np.random.default_rng(0))
