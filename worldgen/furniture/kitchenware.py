"""What stands about in kitchens: crockery, kettles, jars, bottles."""

from __future__ import annotations

import numpy as np

from worldgen.furniture.parts import boards, slab, spin
from worldgen.furniture.small import bottle, bowl, cup
from worldgen.furniture.style import Look, Rng, paint
from worldgen.kit import Kit

GLASSES = ("#2f4a33", "#5a3a1c", "#c9c6b8", "#7a2a24", "#39505a", "#b08a3c")


def crockery(kit: Kit, look: Look, rng: Rng, x0: float, x1: float) -> None:
    """Two open shelves with crockery, from ``x0`` to ``x1`` metres along the wall."""
    for z in (1.45, 1.8):
        boards(kit, [x0, 0, z], [x1, 0.24, z + 0.028], look.wood, 0.003)
        x = x0 + 0.08
        while x < x1 - 0.1:
            if rng.random() < 0.5:
                for k in range(int(rng.integers(2, 5))):
                    spin(
                        kit,
                        [(0.0, 0), (0.045, 0), (0.075, 0.016), (0.073, 0.018), (0.0, 0.006)],
                        paint("ceramic", "#e6e0d2"),
                        (x + 0.02, 0.12, z + 0.0283 + 0.014 * k),
                        20,
                    )
            else:
                cup(kit, (x, 0.12, z + 0.0283), str(rng.choice([*look.accents[:3], "#e9e4d8"])), False)
            x += float(rng.uniform(0.14, 0.2))


def kitchenware(kit: Kit, look: Look, rng: Rng, high: float, free: list[float]) -> None:
    """What stands on a worktop ``high`` metres above the floor: at ``free``, metres along it, one thing each."""
    for k, x in enumerate(free):
        what = int(rng.integers(5)) if k else 0
        if what == 0:  # kettle
            steel = paint("metal", "#b9bbbd")
            spin(
                kit,
                [
                    (0.0, 0),
                    (0.08, 0),
                    (0.085, 0.01),
                    (0.08, 0.12),
                    (0.06, 0.19),
                    (0.02, 0.2),
                    (0.014, 0.22),
                    (0.0, 0.222),
                ],
                steel,
                (x, 0.3, high),
                24,
            )
            kit.tube([[x + 0.075, 0.3, high + 0.1], [x + 0.13, 0.3, high + 0.17]], [0.02, 0.01], steel, 10)
            t = np.linspace(-0.3, np.pi + 0.3, 9)
            kit.tube(
                np.stack([x + 0.07 * np.cos(t), np.full(9, 0.3), high + 0.18 + 0.09 * np.sin(t)], axis=1),
                0.009,
                paint("plastic", "#1e1e1f"),
                8,
            )
        elif what == 1:  # boards and a jar of spoons
            slab(kit, (0.26, 0.02, 0.36), (x, 0.05, high), paint("wood", "#9a7048"), 0.006)
            slab(kit, (0.2, 0.018, 0.28), (x + 0.06, 0.075, high), paint("wood", "#6b4830"), 0.006)
            spin(
                kit,
                [(0.0, 0), (0.055, 0), (0.06, 0.14), (0.055, 0.14), (0.05, 0.02)],
                paint("ceramic", look.accents[0]),
                (x - 0.18, 0.14, high),
                20,
            )
            for j in range(5):
                a = j * 1.3
                tip = [x - 0.18 + 0.05 * np.cos(a), 0.14 + 0.04 * np.sin(a), high + 0.27 + 0.02 * (j % 3)]
                kit.tube([[x - 0.18, 0.14, high + 0.03], tip], 0.006, paint("wood", "#b08a5c"), 6)
        elif what == 2:
            bowl(kit, rng, (x, 0.3, high), look)
        elif what == 3:
            for j in range(3):
                bottle(
                    kit,
                    (x - 0.1 + 0.1 * j, 0.12, high),
                    GLASSES[int(rng.integers(len(GLASSES)))],
                    float(rng.uniform(0.22, 0.31)),
                )
        else:
            for j in range(3):
                r, h = 0.05 - 0.006 * j, 0.17 - 0.03 * j
                spin(
                    kit,
                    [(0.0, 0), (r, 0), (r, h), (0.0, h)],
                    paint("ceramic", "#e6dfcf"),
                    (x - 0.12 + 0.115 * j, 0.13, high),
                    24,
                )
                spin(
                    kit,
                    [(r * 1.04, h), (r * 1.04, h + 0.02), (0.0, h + 0.022)],
                    look.wood,
                    (x - 0.12 + 0.115 * j, 0.13, high),
                    24,
                )
