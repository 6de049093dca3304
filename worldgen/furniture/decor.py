"""What hangs on walls and lies on floors: pictures, mirrors, clocks, rugs; and screens."""

from __future__ import annotations

import numpy as np

from worldgen.furniture.parts import Piece, boards, cushion, slab
from worldgen.furniture.style import Look, Rng, paint
from worldgen.kit import Kit
from worldgen.material import Material

PAINTS = ("#c8643c", "#2f4f63", "#e0b65a", "#7d8c72", "#22262b", "#d9c9ad", "#a13f3a", "#5f8a94", "#e9ded0", "#6a4a5c")


def picture(look: Look, rng: Rng, width: float, height: float) -> Piece:
    """A framed picture whose back lies on the wall y = 0, its middle at z = 0."""
    kit = Kit()
    frame = (look.wood, look.dark, look.metal, paint("wood", "#1f1c1a"), paint("wood", "#d8cfbf"))[int(rng.integers(5))]
    bar = 0.02 if look.style == "modern" else 0.045
    w, h = width / 2, height / 2
    boards(
        kit,
        [[-w, 0, -h], [-w, 0, h - bar], [-w, 0, -h + bar], [w - bar, 0, -h + bar]],
        [[w, 0.028, -h + bar], [w, 0.028, h], [-w + bar, 0.028, h - bar], [w, 0.028, h - bar]],
        frame,
        0.004,
    )
    a, b = w - bar, h - bar
    kit.panel(-a, a, -b, b, 0.012, paint("paper", "#ece6d8"))
    mat = rng.uniform(0.1, 0.22) * min(width, height)
    _motif(kit, rng, a - mat, b - mat)
    return Piece(kit.build())


def _motif(kit: Kit, rng: Rng, a: float, b: float) -> None:
    """Something painted within |x| < a, |z| < b, in layers that stand off each other by a millimetre."""
    colours = [str(c) for c in rng.permutation(list(PAINTS))]
    kit.panel(-a, a, -b, b, 0.0135, paint("paper", colours[0]))
    form = int(rng.integers(3))
    if form == 0:  # hills below a sun
        r = 0.3 * min(a, b)
        t = np.linspace(0, 2 * np.pi, 33)
        cx, cz = rng.uniform(-0.4, 0.4) * a, rng.uniform(0.15, 0.45) * b
        disc = np.stack([cx + r * np.cos(t), np.full(33, 0.0145), cz + r * np.sin(t)], axis=1)
        hub = np.broadcast_to([cx, 0.0145, cz], (32, 3))
        kit.quads(np.stack([hub, disc[1:], disc[:-1], disc[:-1]], axis=1), paint("paper", colours[1]))
        x = np.linspace(-a, a, 25)
        for k in range(3):
            top = b * (0.1 - 0.35 * k) + 0.18 * b * np.sin(x / a * rng.uniform(1.5, 4) + rng.uniform(0, 6))
            y = np.full(24, 0.0155 + 0.001 * k)
            quad = [
                [x[1:], y, np.full(24, -b)],
                [x[:-1], y, np.full(24, -b)],
                [x[:-1], y, top[:-1]],
                [x[1:], y, top[1:]],
            ]
            kit.quads(np.array(quad).transpose(2, 0, 1), paint("paper", colours[2 + k]))
    elif form == 1:  # fields of colour
        for k in range(4):
            x0, z0 = rng.uniform(-a, 0.2 * a), rng.uniform(-b, 0.2 * b)
            x1, z1 = min(a, x0 + rng.uniform(0.4, 1.2) * a), min(b, z0 + rng.uniform(0.3, 1.2) * b)
            kit.panel(x0, x1, z0, z1, 0.0145 + 0.001 * k, paint("paper", colours[1 + k]))
    else:  # a spray of leaves
        kit.panel(-0.006, 0.006, -0.9 * b, 0.7 * b, 0.0145, paint("paper", colours[1]))
        for k, z in enumerate(np.linspace(-0.7 * b, 0.6 * b, 6).tolist()):
            for s in (-1, 1):
                reach = 0.75 * a * (1 - abs(k - 2) / 6)
                off = 0.0152 + 0.0002 * k
                leaf = [
                    [0, off, z],
                    [s * reach * 0.5, off, z + 0.02 * b],
                    [s * reach, off, z + 0.25 * b],
                    [s * reach * 0.4, off, z + 0.24 * b],
                ]
                kit.quads([leaf[::-1] if s > 0 else leaf], paint("paper", colours[1 + k % 2]))


def rug(look: Look, rng: Rng, width: float, length: float) -> Piece:
    """A carpet 8 mm thick with a border and bands; flat enough to walk over."""
    kit = Kit()
    ground, second = (paint("carpet", c) for c in look.rug)
    w, d, t = width / 2, length / 2, 0.007
    form = int(rng.integers(3))
    boards(kit, [-w, -d, 0], [w, d, t], ground, 0.003)

    def frame(inset: float, wide: float, material: Material, z: float) -> None:
        a, b = w - inset, d - inset
        cells = [
            [-a, -b, a, -b + wide],
            [-a, b - wide, a, b],
            [-a, -b + wide, -a + wide, b - wide],
            [a - wide, -b + wide, a, b - wide],
        ]
        for x0, y0, x1, y1 in cells:
            kit.quads([[[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]]], material)

    top = t + 0.0008
    if form == 0:
        frame(0.08, 0.1, second, top)
        frame(0.22, 0.025, second, top)
        if look.style != "modern":
            t_ = np.linspace(0, 2 * np.pi, 5)
            rhomb = np.stack([0.55 * w * np.cos(t_), 0.55 * d * np.sin(t_), np.full(5, top)], axis=1)
            kit.quads([rhomb[:4]], second)
            kit.quads([rhomb[:4] * [0.7, 0.7, 1] + [0, 0, 0.0006]], paint("carpet", look.accents[0]))
    elif form == 1:
        y = -d + 0.12
        while y < d - 0.2:
            wide = float(rng.choice([0.03, 0.06, 0.14]))
            kit.quads(
                [[[-w + 0.02, y, top], [w - 0.02, y, top], [w - 0.02, y + wide, top], [-w + 0.02, y + wide, top]]],
                second,
            )
            y += wide + float(rng.uniform(0.08, 0.22))
    else:
        frame(0.03, 0.02, second, top)
    for s in (-1, 1):
        x = np.arange(-w + 0.01, w - 0.01, 0.018)
        n = len(x)
        low = np.stack([x, np.full(n, s * d - (0.035 if s < 0 else 0)), np.full(n, 0.001)], axis=1)
        kit.boxes(low, low + np.array([0.006, 0.035, 0.003]), paint("cloth", "#d8cdb6"), ("+z", "-x", "+x"))
    return Piece(kit.build())


def screen(look: Look, rng: Rng, diagonal: float = 0.61) -> Piece:
    """A computer screen on its foot, which looks towards +Y, with keyboard and mouse in front."""
    kit, black = Kit(), paint("plastic", "#1a1b1d")
    w, h = diagonal * 0.872, diagonal * 0.49
    slab(kit, (0.24, 0.18, 0.01), (0, -0.02, 0), black)
    slab(kit, (0.05, 0.03, 0.2), (0, -0.06, 0.01), black)
    slab(kit, (w, 0.028, h), (0, -0.02, 0.12), black, 0.006)
    kit.panel(-w / 2 + 0.01, w / 2 - 0.01, 0.135, 0.11 + h, -0.0045, paint("glass", "#11161c"))
    slab(kit, (0.43, 0.13, 0.012), (0, 0.26, 0), paint("plastic", "#2a2b2e"))
    xs, ys = np.meshgrid(np.linspace(-0.2, 0.187, 16), np.linspace(0.205, 0.298, 5), indexing="ij")
    low = np.stack([xs.ravel(), ys.ravel(), np.full(xs.size, 0.012)], axis=1)
    kit.boxes(low, low + np.array([0.018, 0.016, 0.004]), paint("plastic", "#3a3c40"))
    kit.mesh(cushion((0.06, 0.1, 0.032), black, (0.29, 0.26, 0), 0.0, 3.0, 6))
    return Piece(kit.build())


def television(look: Look, rng: Rng, width: float = 1.2) -> Piece:
    """A flat television on two feet, which looks towards +Y."""
    kit, black = Kit(), paint("plastic", "#141516")
    h = width * 0.565
    for s in (-1, 1):
        slab(kit, (0.03, 0.22, 0.015), (s * width * 0.33, 0, 0), black)
        slab(kit, (0.025, 0.025, 0.05), (s * width * 0.33, 0, 0.015), black)
    slab(kit, (width, 0.04, h), (0, 0, 0.06), black, 0.006)
    kit.panel(-width / 2 + 0.012, width / 2 - 0.012, 0.075, 0.048 + h, 0.0212, paint("glass", "#0e1216"))
    return Piece(kit.build())


def mirror(look: Look, rng: Rng, width: float = 0.6, height: float = 0.9) -> Piece:
    """A mirror in a frame on the wall y = 0, its middle at z = 0: round, or upright."""
    kit = Kit()
    glass = paint("metal", "#dfe3e4")
    if rng.random() < 0.5:
        r = width / 2
        t = np.linspace(0, 2 * np.pi, 41)
        ring = np.stack([r * np.cos(t), np.full(41, 0.014), r * np.sin(t)], axis=1)
        kit.tube(ring, 0.014, look.metal, 8)
        hub = np.broadcast_to([0, 0.012, 0], (40, 3))
        kit.quads(np.stack([hub, ring[1:], ring[:-1], ring[:-1]], axis=1), glass)
        return Piece(kit.build())
    w, h, bar = width / 2, height / 2, 0.04
    boards(
        kit,
        [[-w, 0, -h], [-w, 0, h - bar], [-w, 0, -h + bar], [w - bar, 0, -h + bar]],
        [[w, 0.03, -h + bar], [w, 0.03, h], [-w + bar, 0.03, h - bar], [w, 0.03, h - bar]],
        look.dark,
        0.006,
    )
    kit.panel(-w + bar, w - bar, -h + bar, h - bar, 0.016, glass)
    return Piece(kit.build())


def clock(look: Look, rng: Rng) -> Piece:
    """A round wall clock at ten past ten or so, its middle at z = 0."""
    kit, r = Kit(), 0.15
    t = np.linspace(0, 2 * np.pi, 37)
    kit.tube(np.stack([r * np.cos(t), np.full(37, 0.02), r * np.sin(t)], axis=1), 0.018, paint("plastic", "#242527"), 8)
    face = np.stack([r * np.cos(t), np.full(37, 0.014), r * np.sin(t)], axis=1)
    kit.quads(
        np.stack([np.broadcast_to([0, 0.014, 0], (36, 3)), face[1:], face[:-1], face[:-1]], axis=1),
        paint("paper", "#efe9dc"),
    )
    for length, angle in ((0.08, -0.95 + rng.normal(0, 0.4)), (0.12, 1.0 + rng.normal(0, 0.6))):
        c, s = np.sin(angle), np.cos(angle)
        kit.tube(
            [[-0.02 * c, 0.019, -0.02 * s], [length * c, 0.019, length * s]], 0.004, paint("plastic", "#242527"), 5
        )
    return Piece(kit.build())
