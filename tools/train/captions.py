"""What a director might write of a training picture, in many wordings, so that pocket learns to read them.

A caption says the place, the light, the weather and the look that the picture truly has, or some of it, among words
that name none of these. Those are as much a part of the lesson: pocket must learn that they change nothing. Half of
them are words of the trade, half any words of the language that lie far from every word of a look or a weather.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from conditioning.text import encoded, vocabulary

LOOK_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "natural": ("", "", "", "natural light", "realistic", "a photograph", "photorealistic", "neutral colours"),
        "film-noir": (
            "film noir", "noir", "film-noir look", "black and white", "black-and-white film noir, hard shadows",
            "in the style of a 1940s detective film, monochrome", "monochrome", "classic noir cinematography",
            "high-contrast black and white", "shot on black and white film",
        ),
        "warm-35mm": (
            "warm 35mm film", "shot on 35mm film", "35mm, warm", "analogue film, warm tones", "kodak print film",
            "warm film stock", "vintage 35mm look", "warm-35mm", "celluloid, warm highlights",
        ),
        "clay": (
            "clay", "clay render", "grey clay model", "plain matte clay", "untextured grey model", "plaster maquette",
            "white clay look", "sculpted from clay",
        ),
        "ink-and-wash": (
            "ink and wash", "ink-and-wash drawing", "pen and ink with watercolour", "watercolour sketch",
            "ink outlines, washed paper", "storyboard drawing in ink", "watercolor illustration, ink lines",
        ),
        "toon": (
            "toon", "toon shaded", "cartoon", "cel shaded", "cel-shaded animation", "flat cartoon colours, outlines",
            "anime", "comic book colours", "in cartoon style",
        ),
        "teal-and-orange": (
            "teal and orange", "teal-and-orange grade", "orange and teal palette", "blockbuster teal and orange",
            "teal shadows, orange highlights",
        ),
        "pastel": ("pastel", "pastel palette", "soft pastel colours", "pale candy colours", "in pastel tones"),
        "bleached": (
            "bleached", "bleach bypass", "bleached, desaturated", "washed-out gritty colours", "silver retention",
            "bleach-bypass look",
        ),
        "cold": (
            "cold", "cold palette", "cold blue tones", "icy blue grade", "in cold colours", "steel blue palette",
            "cool tones",
        ),
    }
)  # fmt: skip
"""How each look is asked for."""

WEATHER_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "overcast": (
            "overcast", "under an overcast sky", "grey sky", "cloudy day", "flat grey daylight", "dull cloudy weather",
        ),
        "golden-hour": (
            "golden hour", "at golden hour", "low evening sun", "warm sunset light", "sunset", "late afternoon sun",
            "last light of the day",
        ),
        "night": ("night", "at night", "by night", "in the dark of night", "midnight", "moonlit night"),
        "rain": (
            "rain", "rain-soaked", "after the rain", "wet ground", "wet pavement, puddles", "rainy",
            "everything wet from rain", "a rainy day",
        ),
        "snow": ("snow", "snow-covered", "in the snow", "snowy", "winter snow", "under fresh snow", "deep winter"),
        "fog": ("fog", "foggy", "in thick fog", "misty", "mist", "morning mist", "hazy fog", "shrouded in fog"),
    }
)  # fmt: skip
"""How each weather or hour is asked for: the names of ``variant_name`` in a data set."""

PEOPLE: Final = (
    "a man", "a woman", "two friends", "a couple walking", "a child running", "an old man on a bench", "a detective",
    "a crowd", "mara", "tom looks up", "she turns around", "a dog", "a stranger waiting", "nobody around", "a waiter",
    "someone waves", "a courier", "commuters", "a robot", "the visitor", "they are talking", "a musician", "a soldier",
)  # fmt: skip
PROPS: Final = (
    "a parked car", "bicycle", "market stalls", "potted plants", "a fountain", "benches", "wooden crates", "awnings",
    "posters on the wall", "a red door", "windows", "a statue", "bookshelves", "a table with fruit", "lanterns",
    "brick walls", "cobblestones", "ivy", "tiled roof", "a sofa", "curtains", "trees", "rocks", "a tram", "pigeons",
)  # fmt: skip
CAMERA: Final = (
    "wide shot", "close-up", "medium shot", "tracking shot", "dolly in", "handheld", "crane shot", "low angle",
    "high angle", "establishing shot", "50mm lens", "telephoto", "shallow depth of field", "wide angle",
    "slow push-in", "pan to the left", "over the shoulder", "cinematic", "4k", "highly detailed", "masterpiece",
    "sharp focus", "film still", "beautiful", "dramatic", "award-winning", "anamorphic", "slow motion",
)  # fmt: skip
_PLACES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "street": ("street", "narrow street", "row of houses", "city street", "alley"),
        "square": ("square", "town square", "market square", "piazza"),
        "plaza": ("plaza", "open ground", "empty lot", "yard"),
        "room": ("room", "interior", "living room", "indoors", "apartment"),
        "corridor": ("corridor", "hallway", "long corridor", "passage"),
        "land": ("landscape", "hills", "open country", "valley"),
        "terrain": ("landscape", "hills", "open country", "valley"),
        "wood": ("forest", "woods", "among trees", "woodland"),
        "forest": ("forest", "woods", "among trees", "woodland"),
    }
)
_FAR: Final = 0.22
"""A word whose cosine with every word of a look or a weather is below this names none."""


def caption(facts: Mapping[str, Any], weather: str | None, look: str, rng: np.random.Generator) -> str:
    """A caption of a picture in a look and a weather; of a natural one in no weather, often words that ask for nothing.

    facts: of the picture: place, style, inside, sun_elevation_deg, clouds, people; what is missing is not mentioned.
    weather: a key of ``WEATHER_WORDS``, None where the picture has the light and air of its world. look: a key of
    ``LOOK_WORDS``. Errors: ``ValueError`` for other words.
    """
    if look not in LOOK_WORDS:
        raise ValueError(f"{look!r} is no look: use one of {', '.join(LOOK_WORDS)}")
    if weather is not None and weather not in WEATHER_WORDS:
        raise ValueError(f"{weather!r} is no weather: use one of {', '.join(WEATHER_WORDS)}")
    asked = [_one(rng, LOOK_WORDS[look])]
    if weather is not None:
        asked.append(_one(rng, WEATHER_WORDS[weather]))
    elif rng.random() < 0.3:
        asked.append(_hour(facts, rng))
    parts = [part for part in asked if part]
    if not parts or rng.random() < 0.75:
        parts += _more(facts, rng)
    order = rng.permutation(len(parts)) if rng.random() < 0.7 else range(len(parts))
    return _one(rng, (", ", ", ", " ", ". ")).join(parts[k] for k in order)


@lru_cache(maxsize=1)
def far_words() -> tuple[str, ...]:
    """Words of the language that name no look and no weather."""
    named = sorted(
        {words for group in (LOOK_WORDS, WEATHER_WORDS) for some in group.values() for words in some if words}
    )
    directions = np.stack([encoded(words) for words in named])
    words = vocabulary()
    nearest = (np.stack([encoded(word) for word in words]) @ directions.T).max(axis=1)
    return tuple(word for word, near in zip(words, nearest, strict=True) if near < _FAR)


def _more(facts: Mapping[str, Any], rng: np.random.Generator) -> list[str]:
    """One to four phrases that name no look and no weather."""
    kinds: list[Sequence[str]] = [PROPS, CAMERA]
    if facts.get("people", 1):
        kinds.append(PEOPLE)
    found = []
    if rng.random() < 0.6:
        found.append(_place(facts, rng))
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.5:
            found.append(_one(rng, kinds[int(rng.integers(len(kinds)))]))
        else:
            count = int(rng.integers(1, 4))
            found.append(" ".join(_one(rng, far_words()) for _ in range(count)))
    return [part for part in found if part]


def _place(facts: Mapping[str, Any], rng: np.random.Generator) -> str:
    place, style = str(facts.get("place", "")), str(facts.get("style", "") or "")
    word = _one(rng, _PLACES.get(place, (place,)))
    styled = f"{style} {word}" if style and rng.random() < 0.4 else word
    return styled.replace("-", " ") if rng.random() < 0.5 else styled


def _hour(facts: Mapping[str, Any], rng: np.random.Generator) -> str:
    """The hour or weather that the world itself has, where it has a name and can be seen; else nothing."""
    if facts.get("inside") or "sun_elevation_deg" not in facts:
        return ""
    elevation, clouds = float(facts["sun_elevation_deg"]), float(facts.get("clouds", 0.0))
    if elevation < -3:
        return _one(rng, WEATHER_WORDS["night"])
    if clouds > 0.85:
        return _one(rng, WEATHER_WORDS["overcast"])
    if 0 < elevation < 9 and clouds < 0.4:
        return _one(rng, WEATHER_WORDS["golden-hour"])
    if elevation > 25 and clouds < 0.3:
        return _one(rng, ("sunny day", "clear sky", "bright sunlight", "noon"))
    return ""


def _one(rng: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(rng.integers(len(words)))]
