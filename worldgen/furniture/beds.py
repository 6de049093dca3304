"""Beds."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import translation
from worldgen.furniture.parts import Piece, boards, cushion, draped, legs, pillow, slab
from worldgen.furniture.seating import leaning
from worldgen.furniture.style import Look, Rng, paint
from worldgen.kit import Kit
from worldgen.stage import Spot

LINEN = ("#e9e4d8", "#dfe2e0", "#cfd3c9", "#e3d3c1", "#c9d0d6")


def bed(look: Look, rng: Rng, width: float = 1.6, length: float = 2.05) -> Piece:
    """A made bed, its head at -Y: frame, mattress, duvet, pillows, a throw; one sits on its right or left side."""
    kit, wood = Kit(), look.wood
    y0, y1, deck = -length / 2, length / 2, 0.3
    form = int(rng.integers(3))
    w = width / 2
    boards(
        kit,
        [[-w - 0.03, y0, 0.2], [w, y0, 0.2], [-w, y1 - 0.03, 0.2]],
        [[-w, y1, deck], [w + 0.03, y1, deck], [w, y1, deck]],
        wood,
        0.005,
    )
    boards(kit, [-w, y0, 0.24], [w, y1 - 0.03, 0.27], wood)
    legs(kit, w - 0.05, length / 2 - 0.1, 0.22, wood, 0.03, 0.0)
    if form == 0:
        n = 4 if width > 1.2 else 2
        boards(kit, [-w - 0.03, y0 - 0.05, 0.12], [w + 0.03, y0, 0.95], look.second, 0.012)
        each = (width + 0.06) / n
        for k in range(n):
            panel = cushion(
                (each - 0.006, 0.08, 0.66), look.second, (-w - 0.03 + (k + 0.5) * each, y0 + 0.0, 0.34), 0.0, 7.0, 8
            )
            kit.mesh(panel)
    elif form == 1:
        boards(kit, [-w - 0.05, y0 - 0.05, 0.1], [w + 0.05, y0, 1.0], wood, 0.01)
        if look.panelled:
            for s in (-1, 1):
                x0, x1 = sorted((s * 0.05, s * (w - 0.03)))
                boards(kit, [x0, y0 - 0.01, 0.5], [x1, y0 + 0.012, 0.92], wood, 0.012)
    else:
        for s in (-1, 1):
            slab(kit, (0.06, 0.06, 1.05), (s * (w + 0.01), y0 - 0.02, 0), wood, 0.008)
        for z in (0.5, 0.98):
            slab(kit, (width, 0.04, 0.06), (0, y0 - 0.02, z), wood, 0.008)
        n = round(width / 0.14)
        for x in np.linspace(-w + 0.08, w - 0.08, n):
            slab(kit, (0.03, 0.02, 0.44), (float(x), y0 - 0.02, 0.55), wood, 0.004)
    linen = paint("linen", str(rng.choice(LINEN)))
    kit.mesh(cushion((width - 0.02, length - 0.07, 0.22), paint("cloth", "#ebe6da"), (0, 0.0, 0.27), 0.0, 18.0))
    top = 0.49
    cover = paint("linen", str(rng.choice([*LINEN, look.rug[1]])))
    back = 0.62
    body = length - 0.1 - back
    duvet = draped(width - 0.02, body, (0.2, 0.2, 0.0, 0.18), cover, rng)
    kit.mesh(cushion((width + 0.02, body - 0.03, 0.07), cover, (0, y0 + back + body / 2, top - 0.012), 0.02, 9.0))
    kit.mesh(duvet, translation([0, y0 + back + body / 2 + 0.02, top + 0.052]))
    kit.mesh(cushion((width + 0.05, 0.26, 0.09), linen, (0, y0 + back + 0.06, top + 0.0), 0.0, 5.0))
    count = 2 if width > 1.2 else 1
    for k in range(count):
        x = (k - (count - 1) / 2) * (width / count)
        kit.mesh(
            cushion((min(0.72, width / count - 0.06), 0.46, 0.15), linen, (0, 0, 0), 0.03, 3.6),
            leaning(-0.22, (x, y0 + 0.3, top - 0.005)),
        )
    accents = look.accents
    for k in range(count):
        x = (k - (count - 1) / 2) * 0.5
        soft = pillow(0.44, 0.44, 0.14, paint("cloth", accents[k]))
        kit.mesh(soft, leaning(0.6, (x, y0 + 0.62, top + 0.07), float(rng.normal(0, 0.12))))
    if rng.random() < 0.75:
        throw = draped(width + 0.03, 0.5, (0.26, 0.26, 0.0, 0.0), paint("knit", accents[2]), rng)
        kit.mesh(throw, translation([0, y1 - 0.5, top + 0.072]))
    side = width / 2 - 0.22
    spots = {
        "": Spot((0.0, 0.1, top + 0.06), 0.0, "look"),
        "-left": Spot((side, 0.15, top + 0.05), -np.pi / 2, "seat"),
        "-right": Spot((-side, 0.15, top + 0.05), np.pi / 2, "seat"),
        "-foot": Spot((0.0, y1 - 0.24, top + 0.07), 0.0, "seat"),
    }
    return Piece(kit.build(), spots, top=top)
