"""Street trees: a trunk that branches, and a canopy of many small leaves in clumps."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import F64
from worldgen.kit import Kit
from worldgen.material import make
from worldgen.sets.ornament import leaves
from worldgen.sets.palette import Rng, tint


def _limb(rng: Rng, start: F64, direction: F64, length: float, bend: float, steps: int) -> F64:
    """Points ``(steps + 1, 3)`` of a limb that wanders and turns up towards the light."""
    points = [start]
    d = direction / np.linalg.norm(direction)
    for _ in range(steps):
        d = d + rng.normal(0, bend, 3) + [0, 0, 0.08]
        d /= np.linalg.norm(d)
        points.append(points[-1] + d * length / steps)
    return np.array(points)


def tree(kit: Kit, rng: Rng, height: float, wall: float = 9.0) -> None:
    """A young plane or lime of ``height`` metres at the origin; the lowest leaves hang above 2.1 m.

    wall: metres to a wall towards +x, in front of which the tree grows less far.
    """

    def grown(points: F64) -> F64:
        x = points[..., 0]
        return np.concatenate([np.where(x > 0, wall * np.tanh(x / wall), x)[..., None], points[..., 1:]], axis=-1)

    bark = make("bark")
    fork = height * rng.uniform(0.36, 0.42)
    trunk = _limb(rng, np.zeros(3), np.array([rng.normal(0, 0.03), rng.normal(0, 0.03), 1.0]), fork, 0.03, 6)
    radius = 0.018 * height + 0.03
    flare = np.array([1.5, 1.1, 1.0, 0.94, 0.9, 0.86, 0.84])
    kit.tube(trunk, radius * flare, bark, 10)
    tips = []
    count = int(rng.integers(5, 7))
    for k in range(count):
        a = 2 * np.pi * (k + rng.uniform(-0.25, 0.25)) / count
        out = np.array([np.cos(a), np.sin(a), rng.uniform(0.9, 1.7)])
        limb = _limb(rng, trunk[-1] - [0, 0, 0.05 + 0.1 * rng.random()], out, height * rng.uniform(0.36, 0.5), 0.14, 6)
        kit.tube(grown(limb), np.linspace(radius * 0.5, 0.02, 7), bark, 6)
        for i in (2, 3, 4, 5, 6):
            if i < 6:
                b = rng.uniform(0, 2 * np.pi)
                twig = _limb(
                    rng, limb[i], np.array([np.cos(b), np.sin(b), 0.35]), height * rng.uniform(0.1, 0.19), 0.25, 3
                )
                kit.tube(grown(twig), np.linspace(0.022, 0.008, 4), bark, 4)
                tips.append(twig[-1])
            else:
                tips.append(limb[i])
    centres = np.array(tips)
    centres = np.concatenate([centres, centres + rng.normal(0, 0.28, centres.shape)])
    middle = centres.mean(0)
    spread = height * 0.082
    greens = ("#4d6a2a", "#5d7a31", "#3f5a26", "#6d8238")
    part = rng.integers(0, len(greens), len(centres))
    shade = np.clip((centres[:, 2] - middle[2]) / (height * 0.25), -1, 1)
    part = np.where((shade < -0.4) & (rng.random(len(centres)) < 0.6), 2, part)
    for k, colour in enumerate(greens):
        group = centres[part == k]
        if len(group):
            quads = leaves(rng, group, 33, (spread, spread, spread * 0.8), 0.08)
            low = quads[..., 2].min(axis=1)
            kit.quads(grown(quads[low > 2.1]), tint("foliage", colour))


def grate(kit: Kit, size: float = 1.3) -> None:
    """A cast-iron grate around the trunk, level with the pavement, and a ring of soil within."""
    h = size / 2
    kit.boxes([[-h, -h, -0.02]], [[h, h, 0.004]], make("soil"))
    bars = np.linspace(-h, h, 15)
    keep = np.abs(bars) > 0.22
    e = np.ones(len(bars))
    iron = make("iron")
    for s in (-1.0, 1.0):
        inner = np.where(keep, 0.0, 0.26) * s
        y0, y1 = np.minimum(inner, s * h), np.maximum(inner, s * h)
        kit.boxes(np.stack([bars - 0.022, y0, 0 * e], 1), np.stack([bars + 0.022, y1, 0.016 * e], 1), iron)
    rim = [[-h - 0.03, -h - 0.03, -0.02], [-h - 0.03, h, -0.02], [-h - 0.03, -h, -0.02], [h, -h, -0.02]]
    top = [[h + 0.03, -h, 0.02], [h + 0.03, h + 0.03, 0.02], [-h, h, 0.02], [h + 0.03, h, 0.02]]
    kit.boxes(rim, top, iron)
