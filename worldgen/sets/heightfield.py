"""The natural shape of land: rolling hills worn by water, rougher and higher towards the horizon."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from pyfastnoiselite.pyfastnoiselite import FastNoiseLite, NoiseType

from worldgen.conventions import F64, seed_from

_STEP = 0.02
"""Finite differences are taken over that share of a wave."""


def noise(xy: F64, wave: float, seed: int) -> F64:
    """(N,) OpenSimplex2 noise in about -1 to 1 at ``xy (N, 2)``, with features ``wave`` metres apart."""
    source = FastNoiseLite(seed_from("land", seed) & 0x7FFFFFFF)
    source.noise_type = NoiseType.NoiseType_OpenSimplex2
    source.frequency = 1.0
    at = np.ascontiguousarray((np.asarray(xy, dtype=np.float64) / wave).T, dtype=np.float32)
    return np.asarray(source.gen_from_coords(at), dtype=np.float64)


def fractal(xy: F64, wave: float, octaves: int, seed: int, gain: float = 0.5) -> F64:
    """(N,) the sum of ``octaves`` noises, each half as wide and ``gain`` times as strong, in about -1 to 1."""
    total = sum(gain**o * noise(xy, wave / 2.03**o, seed_from(seed, o)) for o in range(octaves))
    return np.asarray(total) / sum(gain**o for o in range(octaves))


def ridged(xy: F64, wave: float, octaves: int, seed: int) -> F64:
    """(N,) sharp crests, in 0 to 1 (Musgrave's ridged multifractal, in Ebert et al. 1994)."""
    total, weight, norm = np.zeros(len(xy)), np.ones(len(xy)), 0.0
    for o in range(octaves):
        crest = (1.0 - np.abs(noise(xy, wave / 2.1**o, seed_from(seed, "r", o)))) ** 2
        total += 0.5**o * crest * weight
        norm += 0.5**o
        weight = np.clip(crest * 1.6, 0.0, 1.0)
    return total / norm


def worn(xy: F64, wave: float, octaves: int, seed: int, wear: float, finest: F64) -> F64:
    """(N,) hills whose steep sides carry little detail, as if rain had washed it into the valleys, in about -1 to 1.

    finest: (N,) metres; waves shorter than that are left out.

    Each octave is damped by the slope of the coarser ones (Quilez 2008, "More noise: value noise derivatives").
    """
    total, slope = np.zeros(len(xy)), np.zeros((len(xy), 2))
    for o in range(octaves):
        length, own = wave / 2.0**o, seed_from(seed, "w", o)
        strength = 0.5**o * (1.0 - step(0.5, 1.0, finest / length))
        middle = noise(xy, length, own)
        rise = np.stack([noise(xy + ahead * _STEP * length, length, own) for ahead in np.eye(2)], axis=1)
        slope += strength[:, None] * (rise - middle[:, None]) / _STEP * (length / wave) ** 0.25
        total += strength * middle / (1.0 + wear * (slope**2).sum(axis=1))
    return total


def step(low: float, high: float, x: F64) -> F64:
    """Hermite step from 0 at ``low`` to 1 at ``high``."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


@dataclass(frozen=True)
class Hills:
    """Land without roads.

    size: edge in metres of the part that is meant to be filmed in, its middle at the origin. relief: metres between
    its valleys and its tops, about. rugged: 0 soft downs, 1 crags. seed: of everything drawn.
    """

    size: float
    relief: float
    rugged: float
    seed: int
    base: float = 0.0

    @property
    def reach(self) -> float:
        """Metres from the middle to the end of the land, behind the last crest."""
        return 0.5 * self.size + 1300.0

    def heights(self, xy: F64) -> F64:
        """(N,) metres at ``xy (N, 2)``."""
        xy = np.asarray(xy, dtype=np.float64)
        wave = max(0.42 * self.size, 240.0) ** 0.5 * 16.5
        bend = np.stack([fractal(xy, 300.0, 2, seed_from(self.seed, k)) for k in "xy"], axis=1)
        p = xy + 38.0 * bend
        far = np.linalg.norm(xy, axis=1)
        half = 0.5 * self.size
        away = step(0.55 * half, half + 700.0, far)
        height = 0.55 * self.relief * worn(p, wave, 6, self.seed, 0.06, 0.1 * np.maximum(far - half, 0.0))
        crags = ridged(p, 1.9 * wave, 4, self.seed)
        height += self.relief * (0.7 * self.rugged + 0.5 * away) * (crags - 0.45)
        # Gullies: a crease wherever a winding noise changes sign, deeper in rugged land.
        crease = np.exp(-((fractal(p, 0.55 * wave, 2, seed_from(self.seed, "gully")) / 0.16) ** 2))
        height -= self.relief * (0.035 + 0.08 * self.rugged) * crease * (1 - 0.5 * away)
        # Mountains at the horizon, higher the farther, and a last slope down behind them.
        rim = step(half * 0.8, self.reach * 0.86, far) * (
            0.55 + 0.75 * ridged(p, 900.0, 6, seed_from(self.seed, "rim"))
        )
        height += (45.0 + 1.5 * self.relief) * rim
        height -= 160.0 * step(self.reach * 0.93, self.reach, far)
        near = 1.0 - step(200.0, 600.0, far - half)
        height += near * (
            0.16 * fractal(p, 7.0, 2, seed_from(self.seed, "bump")) + 0.5 * fractal(p, 31.0, 2, self.seed)
        )
        return height - self.base


def checked(what: str, value: float, low: float, high: float, unit: str = "metres") -> None:
    """ValueError in one sentence where ``value`` is no number from ``low`` to ``high``."""
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"the {what} is {value}: give {low:g} to {high:g} {unit}".rstrip())
