"""Detail of what is made or worn: metals, glass, plastics, cloth, leather, skin, fur. A recipe paints one tile."""

from __future__ import annotations

import numpy as np

from worldgen.noise import SIZE, blurred, noise, smooth, voronoi
from worldgen.painted import Painted, Rng, each, mix, rgb, tile_xy, tint


def metal(rng: Rng) -> Painted:
    """Brushed."""
    scratch = noise(rng, 20, 256, 0.2, (8.0, 1.0))
    t = rgb(np.exp(0.05 * scratch + 0.05 * noise(rng, 1, 8, 0.8)))
    return Painted(t, 1.0, 0.00002 * scratch + 0.0001 * noise(rng, 1, 8, 1.0), np.clip(0.04 * scratch - 0.06, -0.15, 0))


def polished(rng: Rng) -> Painted:
    """Bright metal: fingermarks, hardly a dent."""
    marks = np.clip(noise(rng, 2, 60, 0.8), 0, 3)
    t = rgb(np.exp(0.02 * noise(rng, 1, 20, 0.8) - 0.015 * marks))
    return Painted(t, 0.8, 0.00003 * noise(rng, 2, 14, 1.0), 0.035 * marks)


def tarnished(rng: Rng) -> Painted:
    """Brass and copper that hands have rubbed bright and years have browned."""
    brown = smooth(-0.3, 1.6, noise(rng, 1, 50, 0.9))
    t = rgb(np.exp(0.04 * noise(rng, 4, 200, 0.4)))
    t = mix(t, t * np.array([0.62, 0.52, 0.42], np.float32), 0.75 * brown)
    return Painted(t, 0.8, 0.00006 * noise(rng, 3, 80, 0.9), 0.2 * brown)


def painted_metal(rng: Rng) -> Painted:
    """Enamel with its orange peel, chipped down to the rust."""
    t = rgb(np.exp(0.035 * noise(rng, 1, 10, 0.9) - 0.05 * np.clip(noise(rng, 2, 80, 0.7, (0.4, 4.0)), 0, None)))
    chip = smooth(3.0, 3.1, noise(rng, 4, 90, 0.8))
    height = 0.00006 * noise(rng, 30, 200, 0.4) - 0.0003 * blurred(chip, 0.7)
    return Painted(mix(t, t * np.array([0.8, 0.55, 0.45], np.float32), chip), 1.6, height, 0.4 * chip)


def iron(rng: Rng) -> Painted:
    """Wrought: hammered, a breath of rust."""
    worn = np.clip(noise(rng, 2, 120, 0.7), 0, None)
    t = rgb(np.exp(0.12 * noise(rng, 6, 200, 0.4))) * np.exp(0.1 * worn[..., None] * [1.6, 0.8, 0.4])
    return Painted(t, 0.8, 0.0005 * noise(rng, 8, 60, 0.8), np.clip(0.06 * worn, 0.0, 0.2))


def rust(rng: Rng) -> Painted:
    """Scales and pits."""
    pits = noise(rng, 2, 120, 0.8)
    t = rgb(np.exp(0.2 * pits))
    scale = smooth(0.2, 0.9, noise(rng, 2, 60, 0.9))
    t = mix(t, t * np.array([0.5, 0.45, 0.5], np.float32), scale)
    return Painted(t, 1.2, 0.0008 * scale + 0.0004 * pits + 0.0003 * noise(rng, 40, 240, 0.2), -0.1 * scale)


def glass(rng: Rng) -> Painted:
    """Drawn panes: a slow wave, a few streaks."""
    streaks = noise(rng, 1, 4, 0.8)
    pane = np.exp(0.3 * streaks + 0.05 * noise(rng, 4, 30, 0.8, (0.5, 3.0)))
    return Painted(rgb(pane), 2.6, 0.0002 * noise(rng, 3, 16, 1.0, (1.0, 2.0)))


def frosted_glass(rng: Rng) -> Painted:
    """Etched."""
    frost = noise(rng, 40, 250, 0.2)
    t = rgb(np.exp(0.03 * frost + 0.06 * noise(rng, 1, 6, 1.0)))
    return Painted(t, 0.8, 0.00012 * frost, np.clip(0.05 * noise(rng, 2, 40, 0.6), 0.0, 0.15))


def smooth_stuff(rng: Rng) -> Painted:
    """Plastic, rubber, paper, wax: nearly nothing."""
    speckle = noise(rng, 2, 200, 0.4)
    return Painted(rgb(np.exp(0.03 * speckle)), 0.8, 0.00003 * speckle, np.clip(0.02 * speckle, 0.0, 0.06))


def cardboard(rng: Rng) -> Painted:
    """Corrugated board, its flutes 7 mm apart telling through the liner."""
    x, _ = tile_xy()
    flute = np.cos(2 * np.pi * 120 * x).astype(np.float32)
    flecks = smooth(1.8, 2.6, noise(rng, 60, 220, 0.1, (3.0, 1.0)))
    t = rgb(np.exp(0.035 * noise(rng, 4, 200, 0.5) + 0.012 * flute) * (1 - 0.12 * flecks))
    dents = noise(rng, 1, 20, 1.0)
    return Painted(t, 0.84, 0.00007 * flute + 0.0004 * dents)


def _weave(rng: Rng, threads: int, size: float, twill: bool, contrast: float, thick_m: float) -> Painted:
    i = np.arange(SIZE) * threads // SIZE
    f = (np.arange(SIZE) * threads / SIZE) % 1.0
    over = ((i[:, None] + i[None, :]) % 4 < 2) if twill else ((i[:, None] + i[None, :]) % 2 == 0)
    bulge = np.sin(np.pi * f)
    t = np.where(over, bulge[None, :] + 0 * bulge[:, None], 0.72 * bulge[:, None] + 0 * bulge[None, :])
    slub = 0.06 * noise(rng, 4, 120, 0.4, (1.0, 6.0)), 0.06 * noise(rng, 4, 120, 0.4, (6.0, 1.0))
    crease = noise(rng, 1, 5, 1.0)
    colour = ((1 - contrast) + contrast * t.astype(np.float32)) * np.exp(slub[0] + slub[1]) * np.exp(0.05 * crease)
    height = thick_m * (t.astype(np.float32) + slub[0] + slub[1]) + 0.004 * size * crease
    return Painted(rgb(colour), size, height)


def cloth(rng: Rng) -> Painted:
    """Plain weave, 2 mm a thread."""
    return _weave(rng, 128, 0.25, False, 0.3, 0.0003)


def denim(rng: Rng) -> Painted:
    """Twill."""
    return _weave(rng, 128, 0.16, True, 0.45, 0.00025)


def linen(rng: Rng) -> Painted:
    """Plain weave with thick and thin threads."""
    woven = _weave(rng, 128, 0.2, False, 0.24, 0.00025)
    slub = 0.5 * (noise(rng, 10, 128, 0.2, (1.0, 30.0)) + noise(rng, 10, 128, 0.2, (30.0, 1.0)))
    assert woven.height is not None
    return Painted(woven.detail * rgb(np.exp(0.09 * slub)), woven.size_m, woven.height + 0.00012 * slub)


def wicker(rng: Rng) -> Painted:
    """Plaited cane, 12 mm a strand."""
    woven = _weave(rng, 32, 0.4, False, 0.6, 0.003)
    cane = noise(rng, 12, 200, 0.4, (1.0, 8.0))
    return Painted(woven.detail * rgb(np.exp(0.1 * cane)), woven.size_m, woven.height)


def knit(rng: Rng) -> Painted:
    """Stockinette: columns of slanting stitches, 7 mm wide."""
    x, y = tile_xy()
    x, y = x + 0.0012 * noise(rng, 4, 40, 0.6), y + 0.0012 * noise(rng, 4, 40, 0.6)
    side = np.abs((x * 40) % 1.0 - 0.5)
    row = (y * 52 - 1.3 * side) % 1.0
    yarn = np.sqrt(np.sin(np.pi * row)) * np.sin(np.pi * np.clip(side * 2, 0.04, 0.96)) ** 0.6
    fuzz = noise(rng, 60, 256, 0.1)
    t = rgb((0.42 + 0.58 * yarn) * np.exp(0.06 * fuzz + 0.05 * noise(rng, 1, 6, 1.0)))
    return Painted(t.astype(np.float32), 0.28, 0.0014 * yarn.astype(np.float32) + 0.0001 * fuzz)


def velvet(rng: Rng) -> Painted:
    """A short pile that shows where it was stroked."""
    nap, pile = noise(rng, 1, 14, 1.0), noise(rng, 90, 256, 0.0)
    stroked = smooth(-1.6, 1.6, nap + 0.4 * noise(rng, 6, 60, 0.8)) - 0.5
    return Painted(rgb(np.exp(0.5 * stroked + 0.07 * pile)), 0.9, 0.0002 * pile + 0.0015 * nap)


def carpet(rng: Rng) -> Painted:
    """Cut pile in tufts."""
    tufts, fleck = noise(rng, 110, 200, 0.0), noise(rng, 100, 256, 0.0)
    worn = noise(rng, 1, 8, 1.0)
    t = rgb(np.exp(0.17 * tufts + 0.06 * worn)) * np.exp(fleck[..., None] * np.array([0.07, 0.06, 0.05], np.float32))
    return Painted(t, 0.7, 0.0007 * tufts + 0.0003 * fleck + 0.001 * worn)


def fur(rng: Rng) -> Painted:
    """Hair along v in tufts, dark at the root, light at the tip."""
    tufts = noise(rng, 9, 60, 0.5, (1.0, 3.0))
    strands = noise(rng, 30, 256, 0.2, (1.0, 14.0))
    t = rgb(np.exp(0.22 * strands + 0.13 * np.clip(tufts, -2, 2)))
    warm = tufts[..., None] * np.array([0.04, 0.0, -0.05], np.float32)
    return Painted(t * np.exp(warm), 0.4, 0.0009 * tufts + 0.0003 * strands)


def feather(rng: Rng) -> Painted:
    """Plumage: round feathers 5 cm wide that lap like fish scales, each with its shaft, its barbs and a light rim."""
    rows, columns = 14, 10
    x, y = tile_xy()
    x, y = (x + 0.0016 * noise(rng, 4, 30, 0.8)) * columns, (y + 0.0016 * noise(rng, 4, 30, 0.8)) * rows
    row = np.floor(y).astype(np.int64)
    part = y - row
    over, under = (x - (r % 2) * 0.5 for r in (row - 1, row))
    tip = part < 0.86 * np.sqrt(np.clip(1 - (2 * (over - np.floor(over)) - 1) ** 2, 0.0, 1.0))
    at = np.where(tip, over, under)
    index = (np.where(tip, row - 1, row) % rows * columns + np.floor(at).astype(np.int64) % columns).astype(np.int32)
    side = np.abs(2 * (at - np.floor(at)) - 1).astype(np.float32)
    down = (0.5 * (part + tip)).astype(np.float32)
    rim = smooth(0.78, 1.0, np.hypot(side, np.clip(2 * down - 1, 0, 1) / 0.86)) * tip
    barbs = np.sin(2 * np.pi * (11 * down + 4 * side)).astype(np.float32)
    shaft = np.exp(-((side / 0.05) ** 2))
    root = 0.5 + 0.5 * smooth(0.1, 0.75, down)
    t = tint(rng, index, 0.14, 0.04) * rgb(root * np.exp(0.05 * barbs) * (1 + 0.3 * rim - 0.2 * shaft))
    height = 0.002 * down + 0.0012 * (1 - side**2) + 0.0001 * barbs + 0.0003 * shaft + each(rng, index, 0.0003)
    return Painted(t.astype(np.float32), 0.5, blurred(height.astype(np.float32), 0.6))


def leather(rng: Rng) -> Painted:
    """Grained hide, creased."""
    cells = voronoi(rng, 0.3, rng.random((900, 2)).astype(np.float32))
    crease = smooth(0.0, 0.002, cells.edge)
    worn = noise(rng, 1, 16, 0.8)
    height = 0.00028 * crease + 0.0002 * smooth(0.0, 0.006, cells.edge) + 0.0006 * noise(rng, 1, 12, 1.0)
    return Painted(rgb((0.72 + 0.28 * crease) * np.exp(0.08 * worn)), 0.3, height, 0.15 * (1 - crease) - 0.04 * worn)


def skin(rng: Rng) -> Painted:
    """Pores."""
    blush = noise(rng, 1, 10, 0.9)[..., None] * np.array([0.015, 0.03, 0.03], np.float32)
    pores = noise(rng, 20, 250, 0.3)
    return Painted(rgb(np.exp(0.02 * pores)) * np.exp(blush), 0.3, 0.00004 * pores, np.clip(0.03 * pores, -0.06, 0.06))


def hair(rng: Rng) -> Painted:
    """Strands along v."""
    strands, locks = noise(rng, 20, 256, 0.3, (1.0, 30.0)), noise(rng, 3, 20, 0.7, (1.0, 8.0))
    t = rgb(np.exp(0.22 * strands + 0.1 * locks))
    return Painted(t, 0.25, 0.0002 * strands + 0.0006 * locks, np.clip(0.04 * strands, -0.1, 0.1))
