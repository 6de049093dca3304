"""What words mean, as numbers: the sentence encoder of pocket, which ships in a package and needs no network.

The vectors are wordllama's ``l2_supercat_256`` (github.com/dleemiller/WordLlama, MIT licence): static embeddings of the
32,000 tokens of Llama 2, a few hundred of which are averaged in microseconds. Its two files are read where the package
lies; the package itself, which brings more, is never imported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from worldgen.conventions import F32

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WORDS: Final = 256
"""Numbers that stand for a prompt."""

Said = tuple[tuple[float, str], ...]
"""What holds at a moment: shares that add up to 1, each with its words."""

_NIGHT_WORDS: Final = re.compile(
    r"\b((at|by|in the|deep in the|late at) )?(night|nights|night-?time|midnight|moonlight|moonlit|nocturnal)\b", re.I
)

_WEATHER_WORDS: Final = re.compile(
    r"\b((rain-)?(wet|soaked|drenched)|rain(s|y|ing|ed|fall|storm)?|drizzl(e|ing|y)|downpour|puddles?|overcast"
    r"|cloud(s|y|ed)?|snow(s|y|ing|fall|-covered)?|fog(gy)?|mist(s|y)?|haz(e|y))\b",
    re.I,
)

_PACKAGE: Final = "wordllama"
_WEIGHTS: Final = "weights/l2_supercat_256.safetensors"
_TOKENS: Final = "tokenizers/l2_supercat_tokenizer_config.json"


@dataclass(frozen=True)
class _Encoder:
    """tokens: splits words. vectors: (V, WORDS) float32, one a token."""

    tokens: Tokenizer
    vectors: F32


@lru_cache(maxsize=4096)
def encoded(words: str) -> F32:
    """(WORDS,) float32, of unit length: the mean of the words' token vectors; zeros where there are no words.

    Case, line breaks and repeated spaces do not count. The array is shared and cannot be written to. Errors:
    ``ValueError`` where the vectors are not installed.
    """
    plain = " ".join(words.lower().split())
    mean = np.zeros(WORDS, np.float32)
    if plain:
        encoder = _encoder()
        ids = encoder.tokens.encode(plain, add_special_tokens=False).ids
        mean = encoder.vectors[ids].mean(axis=0)
        mean /= max(float(np.linalg.norm(mean)), 1e-6)
    mean.flags.writeable = False
    return mean


def said_at(prompts: Sequence[tuple[float, str]], seconds: float) -> Said:
    """What holds ``seconds`` into a shot with these ``prompts``: (time, words) in order, each fading to the next."""
    if not prompts:
        return ()
    before = max((k for k, (time, _) in enumerate(prompts) if time <= seconds), default=0)
    after = min(before + 1, len(prompts) - 1)
    (start, here), (stop, there) = prompts[before], prompts[after]
    share = min(max((seconds - start) / (stop - start), 0.0), 1.0) if stop > start and here != there else 0.0
    return tuple((part, words) for part, words in ((1.0 - share, here), (share, there)) if part > 0)


def after_dark(said: Said) -> Said:
    """What is left to ask of a scene where it is night already.

    Asked for night, it would be printed twice as dark; and weather was learned by day: rain or fog would lay the grey
    of a closed sky at noon over it.
    """
    return tuple((share, _WEATHER_WORDS.sub("", _NIGHT_WORDS.sub("", words))) for share, words in said)


def meaning(said: Said) -> F32:
    """(WORDS,) the mean of what is said at once, as long as its parts are: 1, less where a part has no words."""
    parts = [(share, encoded(words)) for share, words in said]
    mean = np.sum([np.zeros(WORDS, np.float32), *(np.float32(share) * part for share, part in parts)], axis=0)
    length = sum(share * float(np.linalg.norm(part)) for share, part in parts)
    return np.asarray(mean * (length / max(float(np.linalg.norm(mean)), 1e-6)), dtype=np.float32)


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """Every token that begins a lower-case word and has four letters or more: most are words. In alphabetical order."""
    tokens = (token for token in _encoder().tokens.get_vocab() if token.startswith("▁"))
    return tuple(sorted(t[1:] for t in tokens if len(t) > 4 and t[1:].isascii() and t[1:].isalpha() and t.islower()))


@lru_cache(maxsize=1)
def _encoder() -> _Encoder:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    spec = find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    folder = Path(next(iter(places))) if places else None
    if folder is None or not all((folder / name).is_file() for name in (_WEIGHTS, _TOKENS)):
        raise ValueError(f"the word vectors that prompts are read with are missing: 'pip install {_PACKAGE}==0.4.*'")
    vectors = load_file(folder / _WEIGHTS)["embedding.weight"].astype(np.float32)
    if vectors.shape[1] != WORDS:
        raise ValueError(f"{folder / _WEIGHTS} holds other word vectors: 'pip install {_PACKAGE}==0.4.*'")
    return _Encoder(Tokenizer.from_file(str(folder / _TOKENS)), vectors)
