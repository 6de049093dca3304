"""Words as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from conditioning import text
from conditioning.text import WORDS, after_dark, encoded, meaning, said_at, vocabulary


def test_words_have_unit_length_and_no_words_are_zeros() -> None:
    assert encoded("a film noir street").shape == (WORDS,)
    assert np.linalg.norm(encoded("a film noir street")) == pytest.approx(1.0, abs=1e-5)
    assert not encoded("").any()
    assert not encoded(" \n ").any()


def test_case_and_spaces_do_not_count_but_words_do() -> None:
    assert np.array_equal(encoded("Film\n  NOIR"), encoded("film noir"))
    assert encoded("film noir") @ encoded("watercolour") < 0.9


def test_words_of_one_meaning_lie_together() -> None:
    assert encoded("snow") @ encoded("winter") > encoded("snow") @ encoded("kitchen") + 0.2


def test_any_language_and_script_is_read() -> None:
    assert np.linalg.norm(encoded("雪の夜 🎬")) == pytest.approx(1.0, abs=1e-5)


def test_it_is_what_the_package_itself_says() -> None:
    """The package's own splitting, pooling and norm."""
    inference = pytest.importorskip("wordllama.inference")
    encoder = text._encoder()
    own = inference.WordLlamaInference(encoder.vectors, encoder.tokens)
    words = "a foggy harbour at dawn, seagulls"
    assert np.allclose(encoded(words), own.embed(words, norm=True)[0], atol=1e-5)


def test_what_is_shared_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        encoded("rain")[0] = 1.0


def test_the_vocabulary_is_words() -> None:
    assert len(vocabulary()) > 5000
    assert {"river", "castle", "window"} <= set(vocabulary())


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_PACKAGE", "no_such_package_of_words")
    text._encoder.cache_clear()
    with pytest.raises(ValueError, match="word vectors that prompts are read with are missing"):
        encoded("words nobody has asked for yet")
    text._encoder.cache_clear()


def test_words_fade_from_one_to_the_next() -> None:
    prompts = ((0.0, "fog"), (2.0, "sun"), (4.0, "sun"), (5.0, "night"))
    assert said_at(prompts, -1.0) == said_at(prompts, 0.0) == ((1.0, "fog"),)
    assert said_at(prompts, 0.5) == ((0.75, "fog"), (0.25, "sun"))
    assert said_at(prompts, 2.0) == said_at(prompts, 3.0) == ((1.0, "sun"),)
    assert said_at(prompts, 9.0) == ((1.0, "night"),)
    assert said_at((), 1.0) == ()


def test_a_mixture_lies_between_its_parts_and_is_as_loud() -> None:
    mixed = meaning(((0.5, "fog"), (0.5, "night")))
    assert np.linalg.norm(mixed) == pytest.approx(1.0, abs=1e-5)
    assert mixed @ encoded("fog") == pytest.approx(mixed @ encoded("night"), abs=1e-5)
    assert np.allclose(meaning(((1.0, "fog"),)), encoded("fog"), atol=1e-6)
    assert np.linalg.norm(meaning(((0.25, "fog"), (0.75, "")))) == pytest.approx(0.25, abs=1e-5)
    assert not meaning(()).any()
    assert not meaning(((1.0, ""),)).any()


def test_after_dark_nobody_asks_for_night() -> None:
    said = ((0.5, "A hotel corridor at night, uneasy"), (0.5, "Midnight, deep in the Night"))
    assert after_dark(said) == ((0.5, "A hotel corridor , uneasy"), (0.5, ", "))
    assert np.array_equal(meaning(after_dark(((1.0, "film noir, night"),))), meaning(((1.0, "film noir, "),)))
    kept = ((1.0, "a knight errant, nightingales, a raincoat and a train"),)
    assert after_dark(kept) == kept


def test_after_dark_nobody_asks_for_the_weather_of_a_day() -> None:
    said = ((1.0, "an alley in the rain, rain-soaked, wet pavement, puddles, Foggy, snow-covered roofs, neon"),)
    assert after_dark(said) == ((1.0, "an alley in the , ,  pavement, , ,  roofs, neon"),)
