"""The exposure of a shot: what a light meter says to the cameraman before the take.

The sky's own exposure (``Sky.exposure``) holds for open ground. A room behind a window, a cellar, a lamp-lit bar are
measured where the camera looks: as with an incident meter it is the light that counts, not the colours it falls on. The
meter reads the same few frames of the whole shot always, so parts of a shot that are made alone, or again, agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from worldgen.conventions import F64
from worldgen.light import Sky
from worldgen.world import Light

FRAMES: Final = 5
"""Read of a shot."""

WIDTH: Final = 64
"""Pixels across what is read."""

BRIGHT: Final = 0.75
"""Share of what is seen that gets less light than the light that is exposed for: most of it, but no lit window."""

WHITE: Final = 1.6
"""What a white wall in that light is exposed to, before the film curve, by day."""

DEAD: Final = (1.5, 3.0)
"""Stops: below the first the sky's exposure stands, beyond the second the meter's; between, ever more of it."""

LIMITS: Final = (-6.0, 10.0)
"""Stops."""

SWING: Final = 1.0
"""Stops by which the light itself must change during a shot before its exposure follows."""


@dataclass(frozen=True)
class Exposure:
    """Stops that a shot adds to its sky's own exposure. times: seconds, rising. stops: at these; between, linear."""

    times: tuple[float, ...] = (0.0,)
    stops: tuple[float, ...] = (0.0,)

    def at(self, time: float) -> float:
        """Stops at ``time`` seconds of the world; of the nearest reading outside."""
        return float(np.interp(time, self.times, self.stops))


@dataclass(frozen=True)
class Reading:
    """What the meter saw at ``time`` seconds. falling: (N,) kilolux on what is seen. light: as the scene wants it."""

    time: float
    falling: F64
    light: Light


def exposed(readings: Iterable[Reading]) -> Exposure:
    """The exposure of a shot: one for all of it, unless its light itself changes much."""
    read = sorted(readings, key=lambda reading: reading.time)
    if not read:
        return Exposure()
    skies = np.log2([reading.light.sky.exposure for reading in read])
    lamps = np.log2([1e-3 + sum(sum(lamp.intensity) for lamp in reading.light.lamps) for reading in read])
    if max(np.ptp(skies), np.ptp(lamps)) < SWING:
        middle = read[len(read) // 2].light.sky
        return Exposure((read[0].time,), (correction(np.concatenate([r.falling for r in read]), middle),))
    stops = np.array([correction(reading.falling, reading.light.sky) for reading in read])
    padded = np.concatenate([stops[:1], stops, stops[-1:]])
    smooth = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    return Exposure(tuple(r.time for r in read), tuple(float(value) for value in smooth))


def correction(falling: F64, sky: Sky) -> float:
    """Stops to add to the exposure of ``sky`` where ``falling (N,)`` kilolux lie on what is seen; 0 where nothing is.

    What is dark is printed darker than day, to the same degree as in ``Sky.exposure``.
    """
    if not len(falling):
        return 0.0
    level = max(float(np.quantile(falling, BRIGHT)), 1e-9)
    printed = level / np.pi * sky.exposure * 2.0**-sky.exposure_stops
    wanted = WHITE * min(level / 20.0, 1.0) ** 0.12
    off = float(np.log2(wanted / printed))
    share = float(np.clip((abs(off) - DEAD[0]) / (DEAD[1] - DEAD[0]), 0.0, 1.0))
    return float(np.clip(off * share * share * (3.0 - 2.0 * share), *LIMITS))
