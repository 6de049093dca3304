"""Detail of what has grown or lies on the ground: wood, leaves, earth, stone, snow. A recipe paints one tile."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import F32
from worldgen.noise import SIZE, Cells, blurred, courses, noise, smooth, voronoi
from worldgen.painted import Painted, Rng, each, grain, mix, relief, rgb, tile_xy, tint


def _timber(rng: Rng, cells: Cells | None, amount: float) -> tuple[F32, F32]:
    """Wood with its fibres along v, one shift of the grain a plank: (S, S, 3) colours and (S, S) bands and fibres."""
    bands = noise(rng, 2, 60, 0.7, (1.0, 14.0))
    fibre = noise(rng, 30, 256, 0.3, (1.0, 24.0))
    if cells is not None:
        count = int(cells.index.max()) + 1
        shift = rng.integers(0, SIZE, count)[cells.index]
        rows = (np.arange(SIZE)[:, None] + shift) % SIZE
        bands = bands[rows, np.arange(SIZE)[None, :]]
    knots = smooth(2.4, 3.0, noise(rng, 3, 14, 0.5, (1.0, 2.0)))
    light = np.exp(amount * bands + 0.6 * amount * fibre) * (1 - 0.4 * knots)
    return rgb(light) ** np.array([0.9, 1.0, 1.12], np.float32), bands + 0.6 * fibre


def wood(rng: Rng) -> Painted:
    """Planed and oiled."""
    colour, figure = _timber(rng, None, 0.12)
    return Painted(colour, 1.0, 0.00008 * figure, np.clip(-0.05 * figure, -0.12, 0.12))


def planks(rng: Rng) -> Painted:
    """Boards of 14 cm with open grooves."""
    cells = courses(rng, 1.4, 1, 10, 0.0, 0.1, 0.0, 0.0)
    side = (np.minimum(cells.along, 1 - cells.along) * 0.14).astype(np.float32)
    gap = smooth(0.001, 0.006, side)
    timber, figure = _timber(rng, cells, 0.14)
    colour = timber * tint(rng, cells.index, 0.14, 0.03) * rgb(0.3 + 0.7 * gap)
    cup = 0.0008 * smooth(0.0, 0.06, side) + each(rng, cells.index, 0.0006)
    height = 0.005 * gap + gap * cup + 0.0002 * figure
    return Painted(colour, 1.4, height, np.clip(-0.04 * figure, -0.1, 0.1) + 0.15 * (1 - gap))


def painted_wood(rng: Rng) -> Painted:
    """Brushed gloss on wood, its grain telling through, chipped where it was knocked."""
    brush = noise(rng, 30, 220, 0.3, (1.0, 26.0))
    veins = noise(rng, 3, 60, 0.6, (1.0, 12.0))
    chip = smooth(3.0, 3.15, noise(rng, 3, 80, 0.8))
    t = rgb(np.exp(0.012 * brush + 0.012 * veins + 0.02 * noise(rng, 1, 6, 1.0)))
    t = mix(t, t * np.array([0.55, 0.42, 0.3], np.float32), chip)
    height = 0.00005 * brush + 0.00008 * veins - 0.0004 * chip
    return Painted(t, 1.2, height, np.clip(0.03 * veins, 0.0, 0.1) + 0.35 * chip)


def bark(rng: Rng) -> Painted:
    """Furrows along the trunk, about 12 mm deep."""
    ridge = 1 - np.abs(noise(rng, 4, 40, 0.6, (1.0, 5.0)))
    deep = smooth(-0.9, 0.8, ridge + 0.25 * noise(rng, 20, 160, 0.4, (1.0, 3.0)))
    scales = noise(rng, 20, 200, 0.4)
    t = rgb((0.35 + 0.75 * deep) * np.exp(0.12 * scales))
    lichen = smooth(1.3, 2.2, noise(rng, 2, 30, 0.8))
    t = mix(t, t * np.array([1.0, 1.25, 0.9], np.float32), lichen)
    return Painted(t, 0.8, 0.009 * deep + 0.0006 * scales + 0.001 * lichen)


def foliage(rng: Rng) -> Painted:
    """Leaves over leaves."""
    cells = voronoi(rng, 0.6, rng.random((260, 2)).astype(np.float32), 0.006)
    t = tint(rng, cells.index, 0.28, 0.1) * rgb(0.55 + 0.5 * smooth(0.0, 0.016, cells.edge))
    t = t * rgb(np.exp(0.15 * noise(rng, 1, 6, 0.8)))
    lean = each(rng, cells.index) * (cells.along - 0.5) + each(rng, cells.index) * (cells.down - 0.5)
    leaf = 0.004 * smooth(0.0, 0.02, cells.edge) + 0.005 * np.clip(lean, -2, 2) + each(rng, cells.index, 0.0015)
    return Painted(t, 0.6, blurred(leaf, 0.8), np.clip(each(rng, cells.index, 0.08), -0.2, 0.2))


def grass(rng: Rng) -> Painted:
    """A short lawn, tuft by tuft. Nothing in it is wider than a tuft, or far meadows would show the tile's rows."""
    blades = noise(rng, 40, 240, 0.2, (1.0, 2.0))
    tufts = noise(rng, 7, 40, 0.5)
    t = rgb(np.exp(0.25 * blades + 0.12 * tufts))
    dry = smooth(0.4, 2.2, noise(rng, 6, 50, 0.6))
    t = mix(t, t * np.array([1.35, 1.1, 0.8], np.float32), dry)
    return Painted(t, 2.0, 0.003 * blades + 0.002 * tufts)


def moss(rng: Rng) -> Painted:
    """Cushions of 3 cm, soft on top."""
    cells = voronoi(rng, 0.5, rng.random((240, 2)).astype(np.float32), 0.006)
    cushion = np.sqrt(np.clip(cells.edge / 0.018, 0.0, 1.0))
    tips = noise(rng, 60, 256, 0.1)
    t = tint(rng, cells.index, 0.13, 0.09) * rgb((0.5 + 0.55 * cushion) * np.exp(0.16 * tips))
    dry = smooth(0.8, 2.2, noise(rng, 1, 14, 0.9))
    t = mix(t, t * np.array([1.5, 1.12, 0.75], np.float32), dry)
    return Painted(t, 0.5, 0.006 * cushion + each(rng, cells.index, 0.0015) * cushion + 0.0003 * tips)


def soil(rng: Rng) -> Painted:
    """Clods and crumbs."""
    clods = noise(rng, 10, 200, 0.6)
    t = rgb(np.exp(0.22 * clods) * relief(clods, 0.1) * np.exp(0.12 * noise(rng, 1, 6, 1.0)))
    return Painted(t, 1.5, 0.0022 * clods + 0.008 * noise(rng, 1, 10, 1.0))


def mud(rng: Rng) -> Painted:
    """Trodden earth; water stands in the hollows, smooth and level."""
    lie = noise(rng, 1, 30, 1.15)
    clods = noise(rng, 14, 160, 0.7)
    depth = lie + 0.22 * clods
    wet = smooth(-0.25, -0.75, depth)
    pool = smooth(-0.85, -0.95, depth)
    t = rgb(np.exp(0.16 * clods * (1 - pool) + 0.1 * lie)) * (1 - wet[..., None] * np.array([0.42, 0.44, 0.46]))
    height = np.maximum(0.012 * depth, -0.0108) + 0.0006 * noise(rng, 60, 240, 0.2) * (1 - pool)
    return Painted(t.astype(np.float32), 1.8, height, -0.3 * wet - 0.42 * pool)


def gravel(rng: Rng) -> Painted:
    """Round pebbles of 2 to 4 cm."""
    cells = voronoi(rng, 1.0, rng.random((1300, 2)).astype(np.float32), 0.002)
    face = smooth(0.0005, 0.0035, cells.edge)
    dome = np.sqrt(np.clip(cells.edge / 0.013, 0.0, 1.0))
    t = tint(rng, cells.index, 0.3, 0.07) * rgb((0.62 + 0.4 * dome) * grain(rng, 0.08, 20, 250, 0.4))
    height = face * (0.0065 * dome + each(rng, cells.index, 0.0025))
    t = mix(np.full_like(t, 0.3), t, face)
    return Painted(t, 1.0, height, np.clip(each(rng, cells.index, 0.1), -0.22, 0.1))


def rock(rng: Rng) -> Painted:
    """A cliff: ledges and clefts at every size down to the grain, lichen on what stands out."""
    ridged = (1 - np.abs(noise(rng, 1, 14, 1.2))).astype(np.float32)
    beds = noise(rng, 2, 90, 0.9, (5.0, 1.0), 0.25)
    coarse = noise(rng, 8, 160, 0.9)
    cleft = np.exp(-((np.abs(noise(rng, 2, 40, 1.0, (1.0, 2.2))) / 0.03) ** 2)) * smooth(-0.5, 0.8, noise(rng, 1, 5))
    height = 0.045 * ridged + 0.01 * beds + 0.0045 * coarse - 0.02 * cleft
    t = rgb(np.exp(0.1 * beds + 0.09 * coarse + 0.1 * ridged) * (1 - 0.5 * cleft) * grain(rng, 0.07, 40, 256, 0.2))
    t = t * np.exp(noise(rng, 1, 8, 1.0)[..., None] * np.array([0.05, 0.01, -0.05], np.float32))
    lichen = smooth(1.2, 1.9, noise(rng, 4, 70, 0.7) + 0.4 * ridged)
    t = mix(t, t * np.array([1.15, 1.2, 0.85], np.float32), lichen)
    return Painted(t, 4.0, height)


def sand(rng: Rng) -> Painted:
    """Ripples of the wind, 14 cm apart and 6 mm high, and its grains."""
    x, y = tile_xy()
    bend = noise(rng, 1, 6, 1.3)
    phase = 14 * y + x + 0.55 * bend
    phase = phase - np.floor(phase)
    crest = np.where(phase < 0.68, smooth(0.0, 0.68, phase), 1 - smooth(0.68, 1.0, phase)).astype(np.float32)
    strength = smooth(-1.2, 0.8, noise(rng, 1, 4, 1.0))
    grains = noise(rng, 90, 256, 0.0)
    t = rgb(np.exp(0.05 * grains + 0.05 * noise(rng, 1, 10, 0.9)) * (0.94 + 0.1 * crest * strength))
    height = blurred(0.006 * crest * strength, 1.0) + 0.008 * noise(rng, 1, 4, 1.2) + 0.00025 * grains
    return Painted(t, 2.0, height)


def snow(rng: Rng) -> Painted:
    """Fallen snow: soft waves, a crystalline grain, a shimmer of ice."""
    wave = noise(rng, 1, 14, 1.3)
    crystals = noise(rng, 100, 256, 0.0)
    shade = 0.02 * np.clip(wave, -2, 2) + 0.012 * crystals
    t = np.exp(shade[..., None] * np.array([1.25, 1.0, 0.7], np.float32))
    height = 0.011 * wave + 0.001 * noise(rng, 14, 90, 0.7) + 0.0003 * crystals
    return Painted(t, 2.5, height, np.clip(-0.12 * np.clip(crystals - 1.2, 0, None), -0.4, 0.0))


def ice(rng: Rng) -> Painted:
    """A frozen pond: white cracks, trapped bubbles, a dusting of snow."""
    crack = np.exp(-((np.abs(noise(rng, 1, 24, 1.1)) / 0.014) ** 2))
    crack = np.maximum(crack, 0.6 * np.exp(-((np.abs(noise(rng, 2, 60, 1.0)) / 0.02) ** 2)))
    bubbles = smooth(2.2, 2.8, noise(rng, 40, 160, 0.2))
    dust = smooth(0.5, 1.8, noise(rng, 1, 30, 0.9))
    white = np.clip(0.55 * crack + 0.35 * bubbles + 0.6 * dust, 0, 1)[..., None]
    t = rgb(np.exp(0.1 * noise(rng, 1, 8, 1.0))) * 0.7 * (1 - white) + white * np.array([1.35, 1.15, 1.05], np.float32)
    height = 0.0006 * noise(rng, 2, 20, 0.9) - 0.0008 * crack + 0.0012 * dust
    return Painted(t.astype(np.float32), 3.0, height, (0.5 * dust + 0.12 * crack).astype(np.float32))


def water(rng: Rng) -> Painted:
    """Ripples of a light air."""
    ripple = noise(rng, 3, 30, 1.0)
    return Painted(rgb(np.exp(0.12 * ripple)), 3.0, 0.004 * noise(rng, 4, 60, 1.1) + 0.002 * ripple)


def marble(rng: Rng) -> Painted:
    """Polished, veined."""
    turn = noise(rng, 1, 24, 1.1)
    vein = np.exp(-((np.abs(turn) / 0.07) ** 0.8)) * smooth(-0.8, 1.2, noise(rng, 1, 5, 0.9))
    fine = np.exp(-((np.abs(noise(rng, 2, 50, 1.0)) / 0.05) ** 0.9)) * 0.25
    cloud = np.exp(0.05 * noise(rng, 1, 6, 1.0))
    dark = (0.5 * vein + fine).astype(np.float32)[..., None] * np.array([0.8, 0.75, 0.68], np.float32)
    wear = 0.04 * np.clip(noise(rng, 1, 20, 0.8), -1, 2) + 0.03 * vein
    return Painted(rgb(cloud) * (1 - dark), 1.6, 0.00004 * noise(rng, 2, 30, 0.8), wear)


def _stalks(rng: Rng, turns: tuple[float, ...]) -> F32:
    """(S, S) about 0-2.5: stalks that lie over each other, one layer a direction (radians from upright)."""
    layers = [noise(rng, 26, 150, 0.1, (1.0, 22.0), turn) for turn in turns]
    return np.maximum.reduce(layers)


def straw(rng: Rng) -> Painted:
    """Loose straw, every way."""
    stalks = _stalks(rng, (0.2, 0.9, 1.5, 2.3, 2.8))
    t = rgb(np.exp(0.3 * np.clip(stalks - 1.1, -1.6, 1.2) + 0.1 * noise(rng, 1, 8, 0.9)))
    warm = noise(rng, 10, 120, 0.3)[..., None] * np.array([0.03, 0.0, -0.06], np.float32)
    return Painted(t * np.exp(warm), 0.8, 0.002 * np.clip(stalks, -0.5, 3))


def thatch(rng: Rng) -> Painted:
    """A roof of reed in courses of 25 cm."""
    stalks = _stalks(rng, (-0.06, 0.0, 0.07))
    _, y = tile_xy()
    down = ((y * 6 + 0.05 * noise(rng, 2, 20, 0.8)) % 1.0).astype(np.float32)
    lap = 0.6 + 0.4 * smooth(0.0, 0.14, down)
    t = rgb(np.exp(0.26 * np.clip(stalks - 0.8, -1.6, 1.4) + 0.12 * noise(rng, 1, 8, 0.9)) * lap)
    mossy = smooth(1.2, 2.4, noise(rng, 1, 20, 0.9))
    t = mix(t, t * np.array([0.72, 0.92, 0.62], np.float32), mossy)
    return Painted(t, 1.5, blurred(0.035 * down, 0.8) + 0.002 * np.clip(stalks, -0.5, 3))
