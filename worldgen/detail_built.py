"""Detail of what is built: masonry, plaster, floors, roofs, wallpaper. A recipe paints one tile at its true size."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import F32, I32, Bool
from worldgen.noise import SIZE, blurred, courses, lattice, noise, smooth, voronoi
from worldgen.painted import Painted, Rng, each, grain, masonry, mix, relief, rgb, tile_xy, tilted, tint

PARQUET_M = 0.07
"""Width of a parquet block; it is six times as long."""


def brick(rng: Rng) -> Painted:
    """Courses of 75 mm with their joint, which lies 8 mm back."""
    cells = courses(rng, 1.8, 24, 8, 0.5, 0.06, 0.002, 0.006)
    colour = tint(rng, cells.index, 0.2, 0.05) * rgb(grain(rng, 0.13, 8, 200, 0.6))
    count = int(cells.index.max()) + 1
    burnt = (rng.random(count) < 0.07)[cells.index]
    colour = np.where(burnt[..., None], colour * np.array([0.52, 0.58, 0.68], np.float32), colour)
    soot = np.exp(0.1 * noise(rng, 1, 8, 1.2))
    wall, face = masonry(rng, cells, 0.010, 0.005, colour, (1.05, 1.35, 1.6), 0.16)
    rough = noise(rng, 12, 220, 0.6)
    height = 0.008 * face + face * (each(rng, cells.index, 0.0009) + tilted(rng, cells, 0.001)) + 0.0005 * rough
    return Painted(wall * rgb(soot), 1.8, height, np.where(burnt, -0.18, 0.0) * face)


def stone(rng: Rng) -> Painted:
    """Ashlar, each block a little proud and bossed."""
    cells = courses(rng, 2.4, 8, 5, 0.5, 0.35, 0.004, 0.02)
    colour = tint(rng, cells.index, 0.1, 0.035) * rgb(grain(rng, 0.09, 6, 220, 0.5))
    stain = np.exp(-0.16 * np.clip(noise(rng, 1, 14, 1.0, (0.5, 2.5)), 0, None))
    wall, face = masonry(rng, cells, 0.008, 0.012, colour, (0.62, 0.6, 0.56), 0.12)
    boss = 0.007 * smooth(0.0, 0.07, cells.edge) + each(rng, cells.index, 0.002) + tilted(rng, cells, 0.003)
    return Painted(wall * rgb(stain), 2.4, 0.012 * face + face * (boss + 0.0011 * noise(rng, 8, 200, 0.7)))


def cobble(rng: Rng) -> Painted:
    """Setts of 12 cm, domed and worn smooth on top."""
    cells = voronoi(rng, 1.92, lattice(rng, 16, 14, 0.5, 0.17), 0.004)
    colour = tint(rng, cells.index, 0.19, 0.045) * rgb(grain(rng, 0.1, 10, 220, 0.5))
    dome = 0.7 + 0.36 * smooth(0.0, 0.05, cells.edge - 0.005)
    moss = smooth(0.3, 1.6, noise(rng, 1, 8, 1.0))[..., None] * np.array([-0.1, 0.12, -0.12], np.float32)
    joint = np.array([0.34, 0.33, 0.3], np.float32) + 0.5 * moss
    face = smooth(0.005, 0.016, cells.edge)
    wear = np.exp(0.1 * noise(rng, 1, 6, 1.0))
    paved = mix(joint, colour * rgb(dome), face) * rgb(relief(blurred(face, 1.5) * 2.5, 0.1) * wear)
    round_top = 0.015 * np.sqrt(np.clip(cells.edge / 0.055, 0.0, 1.0))
    uneven = face * (each(rng, cells.index, 0.002) + tilted(rng, cells, 0.003))
    height = blurred(round_top + uneven, 0.8) + 0.0005 * noise(rng, 30, 240, 0.4)
    return Painted(paved, 1.92, height, 0.12 - 0.3 * smooth(0.02, 0.05, cells.edge) * face)


def paving(rng: Rng) -> Painted:
    """Slabs, cut flat, none quite level with the next."""
    cells = courses(rng, 2.4, 5, 4, 0.4, 0.12, 0.001, 0.008)
    colour = tint(rng, cells.index, 0.09, 0.03) * rgb(grain(rng, 0.07, 10, 240, 0.4))
    spots = noise(rng, 12, 60, 0.6)
    gum = smooth(2.6, 3.0, spots) * 0.35
    stain = noise(rng, 1, 10, 1.1)
    slabs, face = masonry(rng, cells, 0.008, 0.008, colour, (0.42, 0.41, 0.38), 0.06)
    uneven = each(rng, cells.index, 0.001) + tilted(rng, cells, 0.002) + 0.0003 * noise(rng, 20, 250, 0.3)
    worn = 0.1 * np.clip(stain, -1, 1) + 0.15 * (1 - face)
    return Painted(slabs * rgb(np.exp(0.09 * stain) * (1 - gum)), 2.4, 0.006 * face + face * uneven, worn)


def plaster(rng: Rng) -> Painted:
    """Lime plaster, trowelled by hand, here and there repaired or fallen off."""
    stain = noise(rng, 1, 6, 1.0)
    runs = noise(rng, 2, 60, 0.8, (0.35, 4.0))
    t = rgb(np.exp(0.055 * stain - 0.05 * np.clip(runs, 0, None)) * grain(rng, 0.025, 30, 250, 0.2))
    field = noise(rng, 1, 40, 1.3)
    repaired = smooth(1.55, 1.62, field)
    t = mix(t, t * np.array([1.07, 1.05, 1.02], np.float32), repaired)
    bare = smooth(2.05, 2.1, noise(rng, 2, 50, 1.25) + 0.15 * noise(rng, 20, 120, 0.5))
    rim = blurred(bare, 2.5) * (1 - bare)
    t = mix(t, t * np.array([0.74, 0.68, 0.62], np.float32), bare) * rgb(1 - 0.25 * rim)
    crack = np.exp(-((np.abs(noise(rng, 2, 20, 1.0)) / 0.012) ** 2)) * smooth(0.6, 1.4, noise(rng, 1, 4, 1.0))
    trowel = noise(rng, 15, 120, 0.7)
    height = 0.0022 * field + 0.0007 * trowel + 0.0012 * repaired - 0.006 * bare - 0.002 * crack
    return Painted(t * rgb((1 - 0.3 * crack) * relief(trowel, 0.025)), 3.2, height)


def concrete(rng: Rng) -> Painted:
    """Cast against boards: pores, and a fine step where two forms met."""
    cells = courses(rng, 2.4, 2, 2, 0.0, 0.0, 0.0, 0.0)
    t = grain(rng, 0.05, 1, 8, 1.0) * grain(rng, 0.05, 20, 250, 0.3)
    pores = smooth(2.2, 2.7, noise(rng, 40, 200, 0.1))
    seam = 1 - smooth(0.002, 0.006, cells.edge)
    t = t * (1 - 0.35 * pores) * (1 - 0.3 * seam)
    colour = rgb(t) * tint(rng, cells.index, 0.04, 0.01)
    height = 0.0008 * noise(rng, 2, 20, 0.8) + 0.00025 * noise(rng, 40, 250, 0.2) - 0.003 * pores - 0.003 * seam
    return Painted(colour, 2.4, height + each(rng, cells.index, 0.0008))


def asphalt(rng: Rng) -> Painted:
    """Grit in tar. Nothing in it is wider than a hand, or the tile would be seen to repeat."""
    stones = noise(rng, 60, 256, 0.0)
    worn = noise(rng, 8, 60, 0.6)
    t = np.exp(0.16 * np.clip(stones, -2, 2.5) + 0.04 * worn)
    crack = np.exp(-((np.abs(noise(rng, 3, 40, 1.0)) / 0.012) ** 2)) * smooth(1.2, 1.8, noise(rng, 3, 8, 1.0))
    height = 0.0008 * np.clip(stones, -1.5, 2) - 0.004 * crack + 0.0006 * worn
    return Painted(rgb(t * (1 - 0.35 * crack)), 2.0, height, 0.03 * np.clip(stones, -1, 1))


def lane(rng: Rng) -> Painted:
    """A lane of asphalt, as wide as the tile and led along v: wheels have polished two tracks 1.5 m apart, oil has
    dripped between them.
    """
    stones = noise(rng, 80, 256, 0.0)
    x, _ = tile_xy()
    x = x + 0.012 * noise(rng, 1, 5, 1.0)
    tracks = np.exp(-(((np.abs(x - 0.5) - 0.25) / 0.07) ** 2))
    drips = np.exp(-(((x - 0.5) / 0.06) ** 2)) * (1 + 0.25 * noise(rng, 5, 60, 0.8, (1.0, 3.0)))
    t = np.exp(0.15 * np.clip(stones, -2, 2.5) + 0.04 * noise(rng, 10, 80, 0.6) + 0.1 * tracks - 0.1 * drips)
    height = 0.0009 * np.clip(stones, -1.5, 2) * (1 - 0.5 * tracks) - 0.003 * tracks
    return Painted(rgb(t), 3.0, height.astype(np.float32), (-0.1 * tracks).astype(np.float32))


def roof_tile(rng: Rng) -> Painted:
    """Barrel tiles of 14 by 20 cm, each course lapping over the one below."""
    cells = courses(rng, 2.0, 14, 10, 0.5, 0.04, 0.002, 0.0)
    colour = tint(rng, cells.index, 0.17, 0.06) * rgb(grain(rng, 0.09, 8, 200, 0.5))
    barrel = np.sin(np.pi * np.clip(cells.along, 0, 1)) ** 0.7
    lap = 0.45 + 0.55 * smooth(0.0, 0.22, cells.down)
    lip = 1.0 + 0.18 * smooth(0.86, 0.97, cells.down)
    moss = smooth(0.9, 2.2, noise(rng, 2, 40, 0.8))
    t = colour * rgb(((0.62 + 0.38 * barrel) * lap * lip).astype(np.float32))
    t = mix(t, t * np.array([0.62, 0.86, 0.6], np.float32), moss) * rgb(grain(rng, 0.1, 1, 6, 1.0))
    height = 0.03 * barrel + 0.016 * cells.down + each(rng, cells.index, 0.0015) + 0.0006 * noise(rng, 20, 220, 0.5)
    return Painted(t, 2.0, blurred(height + 0.003 * moss, 0.7))


def slate(rng: Rng) -> Painted:
    """Split slates, 6 mm thick."""
    cells = courses(rng, 2.0, 12, 8, 0.5, 0.1, 0.001, 0.0)
    colour = tint(rng, cells.index, 0.14, 0.04) * rgb(grain(rng, 0.07, 6, 200, 0.6))
    lap = 0.55 + 0.45 * smooth(0.0, 0.1, cells.down)
    gap = smooth(0.001, 0.006, np.minimum(cells.edge, 0.5))
    cleft = noise(rng, 4, 120, 0.9, (1.0, 1.6))
    height = 0.006 * cells.down + 0.004 * gap + gap * (tilted(rng, cells, 0.002) + each(rng, cells.index, 0.0008))
    shine = np.clip(each(rng, cells.index, 0.06), -0.15, 0.15)
    return Painted(colour * rgb((lap * (0.5 + 0.5 * gap)).astype(np.float32)), 2.0, height + 0.0006 * cleft, shine)


def tile(rng: Rng) -> Painted:
    """Glazed tiles of 15 cm in 3 mm joints: the glaze shines, the grout does not."""
    cells = courses(rng, 1.2, 8, 8, 0.0, 0.0, 0.0, 0.002)
    colour = tint(rng, cells.index, 0.03, 0.012) * rgb(grain(rng, 0.012, 4, 60, 0.8))
    face = smooth(0.0015, 0.004, cells.edge)
    grout = np.array([0.66, 0.64, 0.6], np.float32) * rgb(grain(rng, 0.1) * np.exp(0.12 * noise(rng, 1, 12, 0.9)))
    pillow = smooth(0.0, 0.008, cells.edge)
    height = 0.002 * face + 0.0008 * pillow + face * (tilted(rng, cells, 0.0007) + 0.00006 * noise(rng, 6, 40, 0.8))
    haze = 0.03 * np.clip(noise(rng, 2, 30, 0.8), 0, 3)
    return Painted(mix(grout, colour, face), 1.2, height, 0.72 * (1 - face) + haze * face)


def terrazzo(rng: Rng) -> Painted:
    """Chips of marble in ground and polished cement."""
    cells = voronoi(rng, 0.8, rng.random((1100, 2)).astype(np.float32), 0.002)
    least = np.clip(0.004 + each(rng, cells.index, 0.0028), 0.0006, 0.02)
    chip = smooth(0.0, 0.0018, cells.edge - least)
    kind = tint(rng, cells.index, 0.42, 0.16) * rgb(grain(rng, 0.05, 10, 200, 0.6))
    cement = rgb(grain(rng, 0.05, 20, 250, 0.3))
    haze = 0.04 * np.clip(noise(rng, 1, 16, 0.8), -1, 2)
    return Painted(mix(cement, kind * 0.92, chip), 0.8, 0.00004 * noise(rng, 2, 30, 0.8), haze + 0.04 * (1 - chip))


def parquet(rng: Rng) -> Painted:
    """Herringbone of oak blocks, 7 by 42 cm, waxed."""
    ratio, columns = 6, 24
    size_m = columns * PARQUET_M
    x, y = (axis * columns for axis in tile_xy())
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    turn = (i - j) % (2 * ratio)
    level = turn < ratio
    along = np.where(level, turn + x - i, 2 * ratio - 1 - turn + y - j) / ratio
    across = np.where(level, y - j, x - i)
    first = np.where(level, i - turn, j - (2 * ratio - 1 - turn)) % columns
    block = np.where(level, first * columns + j, columns * (columns + i) + first).astype(np.int32)
    edge = (np.minimum(np.minimum(across, 1 - across), np.minimum(along, 1 - along) * ratio) * PARQUET_M).astype(
        np.float32
    )
    bands = _per_block(rng, noise(rng, 3, 90, 0.6, (14.0, 1.0)), noise(rng, 3, 90, 0.6, (1.0, 14.0)), block, level)
    fibre = _per_block(rng, noise(rng, 40, 256, 0.2, (30.0, 1.0)), noise(rng, 40, 256, 0.2, (1.0, 30.0)), block, level)
    gap = smooth(0.0004, 0.003, edge)
    light = np.exp(0.13 * bands + 0.07 * fibre) * (0.35 + 0.65 * gap)
    colour = rgb(light) ** np.array([0.9, 1.0, 1.12], np.float32) * tint(rng, block, 0.15, 0.04)
    height = 0.0012 * gap + gap * each(rng, block, 0.0002) + 0.00008 * fibre + 0.0002 * gap * smooth(0, 0.02, edge)
    wear = 0.05 * noise(rng, 1, 10, 0.9)
    return Painted(colour, size_m, height, np.clip(wear + 0.03 * bands, -0.1, 0.12) + 0.3 * (1 - gap))


def _per_block(rng: Rng, right: F32, down: F32, block: I32, level: Bool) -> F32:
    """Grain along each block, slid by a random length in each."""
    slide = rng.integers(0, SIZE, int(block.max()) + 1)[block]
    rows, columns = np.indices((SIZE, SIZE), dtype=np.int64)
    result: F32 = np.where(level, right[rows, (columns + slide) % SIZE], down[(rows + slide) % SIZE, columns])
    return result


def wallpaper(rng: Rng) -> Painted:
    """A damask, half a drop repeating every 26.5 cm, hung in widths of 53 cm."""
    x, y = tile_xy()
    motif = np.zeros((SIZE, SIZE), np.float32)
    for shift in (0.0, 0.5):
        dx, dy = (x * 4 + shift) % 1 - 0.5, ((y * 2 + shift) % 1 - 0.5) * 1.55
        around = np.arctan2(dx, -dy)
        petal = 0.19 + 0.06 * np.cos(3 * around) + 0.045 * np.cos(8 * around) + 0.07 * np.cos(around)
        distance = np.hypot(dx, dy)
        motif = np.maximum(motif, smooth(0.0, 0.03, petal - distance) - 0.9 * smooth(0.0, 0.03, 0.055 - distance))
        vein = np.exp(-((dx / (0.012 + 0.02 * np.abs(dy))) ** 2)) * (distance < petal)
        motif = motif - 0.55 * vein.astype(np.float32) * motif
    net = np.cos(8 * np.pi * x) + np.cos(4 * np.pi * y) + 0.35 * np.cos(16 * np.pi * x) * np.cos(8 * np.pi * y)
    line = np.exp(-((net / 0.1) ** 2)) * (0.6 + 0.4 * np.cos(64 * np.pi * y))
    print_ = np.maximum(motif, 0.75 * line.astype(np.float32))
    seam = np.exp(-((np.minimum(x * 2 % 1, 1 - x * 2 % 1) * 0.53 / 0.0015) ** 2)).astype(np.float32)
    paper = grain(rng, 0.02, 40, 256, 0.2) * np.exp(0.03 * noise(rng, 1, 6, 1.0)) * (1 - 0.12 * seam)
    colour = rgb(paper) * (1 - print_[..., None] * np.array([0.2, 0.26, 0.34], np.float32))
    height = 0.00025 * print_ + 0.00004 * noise(rng, 40, 256, 0.2) + 0.0012 * noise(rng, 1, 4, 1.0) - 0.0003 * seam
    return Painted(colour, 1.06, height, -0.3 * print_)
