"""The lines of cars: what makes a hatchback, a sedan, a van, a pickup and a bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Form:
    """The lines of a kind of car, metres, y measured from the middle of the car.

    lines: rows of y, half width, sill, belt, middle of the deck, tail to nose. axles: y of the rear and the front.
    cabin: (y at the belt, y at the roof) of the corner of the windscreen, then of both ends of every pane on the side,
    then of the corner of the rear window; pillars stand between. roof: height. waist, crown:
    half widths of the cabin at the belt and at the roof. bed: y from and to of an open load bed. doors: y of the seams.
    """

    lines: tuple[tuple[float, float, float, float, float], ...]
    axles: tuple[float, float]
    wheel: float
    cabin: tuple[tuple[float, float], ...]
    roof: float
    waist: float
    crown: float
    doors: tuple[float, ...]
    lamp: tuple[float, float] = (0.30, 0.12)
    bed: tuple[float, float] | None = None


FORMS: Final[Mapping[str, Form]] = MappingProxyType({
    "hatchback": Form(
        lines=(
            (-1.97, 0.72, 0.29, 0.86, 0.90), (-1.90, 0.80, 0.25, 0.92, 0.95), (-1.65, 0.845, 0.22, 0.97, 1.0),
            (-1.0, 0.86, 0.19, 0.96, 1.0), (0.3, 0.86, 0.19, 0.92, 0.98), (0.9, 0.855, 0.19, 0.90, 0.99),
            (1.4, 0.84, 0.20, 0.85, 0.93), (1.75, 0.80, 0.21, 0.78, 0.85), (1.92, 0.745, 0.23, 0.71, 0.77),
            (1.98, 0.67, 0.26, 0.66, 0.70),
        ),
        axles=(-1.22, 1.28), wheel=0.31,
        cabin=((1.12, 0.35), (0.88, 0.26), (-0.12, -0.16), (-0.2, -0.24), (-1.0, -0.98), (-1.08, -1.06),
               (-1.5, -1.36), (-1.86, -1.52)),
        roof=1.47, waist=0.80, crown=0.60, doors=(0.82, -0.17, -1.12),
    ),
    "sedan": Form(
        lines=(
            (-2.33, 0.74, 0.29, 0.87, 0.91), (-2.24, 0.82, 0.25, 0.95, 0.99), (-1.9, 0.88, 0.22, 0.98, 1.04),
            (-1.1, 0.90, 0.19, 0.95, 1.02), (0.2, 0.90, 0.19, 0.91, 0.98), (1.0, 0.895, 0.19, 0.88, 0.96),
            (1.7, 0.875, 0.20, 0.80, 0.88), (2.1, 0.83, 0.21, 0.74, 0.80), (2.27, 0.76, 0.23, 0.68, 0.73),
            (2.33, 0.68, 0.26, 0.63, 0.66),
        ),
        axles=(-1.35, 1.42), wheel=0.325,
        cabin=((1.22, 0.36), (0.96, 0.27), (-0.08, -0.12), (-0.17, -0.21), (-1.0, -0.92), (-1.08, -0.98),
               (-1.32, -1.02), (-1.78, -1.16)),
        roof=1.45, waist=0.83, crown=0.60, doors=(0.9, -0.13, -1.08),
    ),
    "van": Form(
        lines=(
            (-2.55, 0.90, 0.40, 1.10, 1.12), (-2.50, 0.96, 0.32, 1.12, 1.14), (-1.5, 0.975, 0.27, 1.12, 1.14),
            (0.5, 0.975, 0.25, 1.12, 1.14), (1.3, 0.97, 0.25, 1.10, 1.16), (1.9, 0.94, 0.26, 1.02, 1.12),
            (2.3, 0.89, 0.27, 0.94, 1.01), (2.47, 0.83, 0.29, 0.83, 0.88), (2.54, 0.75, 0.32, 0.75, 0.78),
        ),
        axles=(-1.45, 1.62), wheel=0.34,
        cabin=((1.78, 1.02), (1.5, 0.9), (0.42, 0.38), (-2.5, -2.42)),
        roof=2.02, waist=0.93, crown=0.80, doors=(1.4, 0.36, -0.9), lamp=(0.26, 0.17),
    ),
    "pickup": Form(
        lines=(
            (-2.62, 0.80, 0.46, 1.06, 1.06), (-2.56, 0.90, 0.40, 1.10, 1.10), (-1.5, 0.935, 0.35, 1.10, 1.10),
            (-0.6, 0.94, 0.32, 1.10, 1.13), (0.6, 0.94, 0.32, 1.09, 1.14), (1.3, 0.935, 0.33, 1.07, 1.17),
            (2.1, 0.92, 0.34, 1.03, 1.12), (2.5, 0.87, 0.36, 0.98, 1.05), (2.6, 0.82, 0.38, 0.91, 0.95),
            (2.64, 0.76, 0.41, 0.85, 0.87),
        ),
        axles=(-1.6, 1.65), wheel=0.385,
        cabin=((1.3, 0.62), (1.06, 0.52), (0.32, 0.28), (0.22, 0.18), (-0.5, -0.47), (-0.7, -0.62)),
        roof=1.82, waist=0.86, crown=0.66, doors=(1.0, 0.27, -0.5), lamp=(0.26, 0.16), bed=(-2.5, -0.78),
    ),
    "bus": Form(
        lines=(
            (-5.75, 1.10, 0.45, 1.12, 1.14), (-5.70, 1.20, 0.36, 1.14, 1.16), (-5.3, 1.25, 0.32, 1.14, 1.16),
            (0.0, 1.25, 0.32, 1.14, 1.16), (5.3, 1.25, 0.32, 1.14, 1.16), (5.65, 1.20, 0.34, 1.14, 1.16),
            (5.75, 1.10, 0.42, 1.12, 1.14),
        ),
        axles=(-2.75, 3.1), wheel=0.48,
        cabin=((5.7, 5.58), (5.3, 5.3), (3.86, 3.86), (3.78, 3.78), (2.34, 2.34), (2.26, 2.26), (0.82, 0.82),
               (0.74, 0.74), (-0.7, -0.7), (-0.78, -0.78), (-2.22, -2.22), (-2.3, -2.3), (-3.74, -3.74),
               (-3.82, -3.82), (-5.2, -5.2), (-5.7, -5.62)),
        roof=3.05, waist=1.235, crown=1.16, doors=(4.9, 3.75, 0.45, -0.75), lamp=(0.3, 0.16),
    ),
})  # fmt: skip
"""What each word for a car means."""
