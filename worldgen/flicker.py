"""Light that does not burn evenly: candles, fires, bad neon tubes, television. Pure functions of time and a seed."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

import numpy as np

from worldgen.conventions import F64, seed_from

Manner = Literal["flame", "buzz", "screen"]
_TABLE: Final = 512
STUTTER_S: Final = 0.9
"""How long a gas discharge tube stutters before it burns."""
WARM_S: Final = 0.12
"""How long a filament takes to glow, and to cool."""


@lru_cache(maxsize=64)
def _table(seed: int) -> F64:
    return np.random.default_rng(seed_from("flicker", seed)).uniform(-1.0, 1.0, _TABLE)


def _wander(time: float, rate: float, seed: int) -> float:
    """Smooth noise in -1 to 1 that changes about ``rate`` times a second; it comes round again after 512 changes."""
    at = time * rate
    low = int(np.floor(at))
    part = at - low
    table = _table(seed)
    share = part * part * (3.0 - 2.0 * part)
    return float(table[low % _TABLE] * (1 - share) + table[(low + 1) % _TABLE] * share)


def flicker(manner: Manner, amount: float, time: float, seed: int) -> float:
    """Factor about 1 (never below 0) of a light's power at ``time`` seconds; ``amount``: 0 even, 1 wild."""
    if amount <= 0:
        return 1.0
    if manner == "flame":
        breath = (
            0.5 * _wander(time, 2.3, seed) + 0.35 * _wander(time, 6.1, seed + 1) + 0.25 * _wander(time, 13.0, seed + 2)
        )
        gust = min(0.0, _wander(time, 0.7, seed + 3) + 0.55)
        return float(np.exp(amount * (1.1 * breath + 1.2 * gust)))
    if manner == "buzz":
        trouble = _wander(time, 0.9, seed) > 1.0 - 1.1 * amount
        hum = 1.0 + 0.06 * amount * np.sin(2 * np.pi * 9.7 * time)
        return float(hum * (0.25 if trouble and _wander(time, 17.0, seed + 1) > -0.1 else 1.0))
    # Television: a new shot every second or two, and movement within it.
    shot = int(np.floor(time / 1.4 + 0.4 * _wander(time, 0.4, seed)))
    level = _table(seed + 1)[shot % _TABLE] + 0.25 * _wander(time, 3.0, seed + 2)
    return float(np.exp(0.8 * amount * level))


def dance(time: float, size_m: float, seed: int) -> F64:
    """(3,) metres by which the middle of a flame leaves its place, so that shadows move: about ``size_m``."""
    return (
        np.array([_wander(time, 3.1, seed + 10), _wander(time, 2.7, seed + 11), 0.7 * _wander(time, 4.3, seed + 12)])
        * size_m
    )


def switched(since: float, on: bool, tube: bool, seed: int) -> float:
    """Share of its power ``since`` seconds after a light was switched ``on`` or off."""
    if on and tube and since < STUTTER_S:
        return 1.0 if _wander(since, 19.0, seed + 20) > 0.5 - since / STUTTER_S else 0.08
    share = min(max(since / WARM_S, 0.0), 1.0)
    return share if on else 1.0 - share
