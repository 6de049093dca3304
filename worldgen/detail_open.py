"""Detail of what one sees through: leaves and wire. A recipe paints one tile and its opacity."""

from __future__ import annotations

from typing import Final

import numpy as np

from worldgen.noise import SIZE, blurred, noise
from worldgen.painted import Painted, Rng, rgb, tile_xy

_SPRAY_M: Final = 1.2
"""Edge of the tile of leaves."""

_LEAVES: Final = 2000


def leaves(rng: Rng) -> Painted:
    """Pointed leaves 6 to 9 cm long, every way and over each other, thick here and thin there: most is covered."""
    texel = _SPRAY_M / SIZE
    thick = noise(rng, 2, 10, 0.6)
    tone = np.ones((SIZE, SIZE, 3), np.float32)
    height, cover = np.zeros((2, SIZE, SIZE), np.float32)
    for centre in rng.random((_LEAVES, 2)):
        if thick[tuple((centre * SIZE).astype(int))] < rng.normal(-1.1, 0.9):
            continue
        half, turn = rng.uniform(0.03, 0.045), rng.uniform(0, 2 * np.pi)
        reach = np.arange(-int(half / texel) - 2, int(half / texel) + 3)
        here = np.ix_(*((reach + int(c * SIZE)) % SIZE for c in centre))
        down, right = np.meshgrid(reach * texel / half, reach * texel / half, indexing="ij")
        along, across = right * np.cos(turn) + down * np.sin(turn), down * np.cos(turn) - right * np.sin(turn)
        part = np.clip((along + 1) / 2, 0, 1)
        blade = 0.95 * np.sqrt(part) * (1 - part) * (1 + 0.05 * np.sin(40 * part))  # round at the stalk, then pointed
        drawn = np.clip((blade - np.abs(across)) * half / texel + 0.5, 0, 1).astype(np.float32)
        veins = np.exp(-((np.sin(14 * (along - 0.8 * np.abs(across))) / 0.25) ** 2))
        rib = np.exp(-((across / 0.035) ** 2)) + 0.4 * veins
        light = np.exp(rng.normal(0, 0.22) + 0.16 * rib + 0.25 * across * rng.choice([-1, 1]))
        colour = light[..., None] * np.exp(np.array([1.0, 0.25, -0.6]) * rng.normal(0.0, 0.14))
        under = np.where(drawn > 0.02, 0.75, 1.0)  # what lies below is in shade
        tone[here] = tone[here] * (under * (1 - drawn))[..., None] + colour * drawn[..., None]
        bowl = 0.004 * (1 - (across / np.maximum(blade, 0.05)) ** 2).clip(0, 1) + 0.006 * rng.random()
        height[here] = height[here] * (1 - drawn) + bowl * drawn
        cover[here] = np.maximum(cover[here], drawn)
    return Painted(tone, _SPRAY_M, blurred(height, 1.0), None, cover)


def wire_mesh(rng: Rng) -> Painted:
    """A fence of galvanised wire, 3 mm thick, woven to diamonds of 5 cm."""
    size, count = 0.6, 8
    x, y = tile_xy()
    first, second = count * (x + y), count * (x - y)
    pitch = size / (count * np.sqrt(2))
    gap = [np.abs(line - np.round(line)) * pitch for line in (first, second)]
    over = [np.cos(np.pi * line) for line in (second, first)]  # each wire goes over and under the other in turn
    over[1] = -over[1]
    radius, texel = 0.0017, size / SIZE
    rise = [np.sqrt(np.maximum(radius**2 - d**2, 0)) + radius * 0.8 * o for d, o in zip(gap, over, strict=True)]
    inside = [np.clip((radius - d) / texel + 0.5, 0, 1) for d in gap]
    height = np.maximum(rise[0] * inside[0], rise[1] * inside[1])
    tone = rgb((np.exp(0.1 * noise(rng, 4, 120, 0.6)) * (0.7 + 0.3 * height / radius)).astype(np.float32))
    return Painted(tone, size, blurred(height.astype(np.float32), 0.7), None, np.maximum(*inside).astype(np.float32))
