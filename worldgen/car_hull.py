"""The hull of a car: smooth lines from tail to nose, cut into cross sections that rise over the wheels."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator

from worldgen.car_forms import Form
from worldgen.conventions import F64

_CLEAR: Final = 0.055
"""Metres between a tyre and the arch over it."""
BULGE: Final = (0.025, 0.035)
"""Metres by which the middle of tail and nose stands out."""


class Hull:
    """The smooth lines of a form. tail, nose: y of its ends, metres; width: the greatest half width; arch: radius."""

    def __init__(self, form: Form) -> None:
        table = np.array(form.lines)
        self.form, self.tail, self.nose = form, float(table[0, 0]), float(table[-1, 0])
        self._lines = PchipInterpolator(table[:, 0], table[:, 1:])
        self.width = float(table[:, 1].max())
        self.arch = form.wheel + _CLEAR

    def at(self, y: F64) -> tuple[F64, F64, F64, F64]:
        """Half width, sill, belt and deck at ``y (N,)``, each (N,)."""
        half, sill, belt, deck = self._lines(np.clip(y, self.tail, self.nose)).T
        return half, sill, belt, deck

    def stations(self) -> F64:
        """Where the hull is cut, tail to nose: evenly, and finely around the wheels."""
        edge = np.array([0.0, 0.03, 0.08, 0.16])
        y: list[F64] = [np.linspace(self.tail, self.nose, 30), self.tail + edge, self.nose - edge]
        turn = self.arch * np.cos(np.linspace(0, np.pi, 19))
        for axle in self.form.axles:
            y += [axle + turn, axle + (self.arch + 1e-3) * np.array([-1.0, 1.0])]
        if self.form.bed:
            y += [b + 1e-3 * np.array([-1.0, 1.0]) for b in self.form.bed]
        every = np.unique(np.concatenate(y))
        return np.asarray(every[(every >= self.tail) & (every <= self.nose)])

    def ring(self, y: F64) -> F64:
        """(N, 17, 3) of the hull's cross sections, from the right sill over the deck to the left one."""
        half, sill, belt, deck = self.at(y)
        tall = belt - sill
        x = np.stack([half * f for f in (0.945, 0.994, 1.0, 0.992, 0.972, 0.93, 0.62, 0.3, 0.0)], axis=1)
        z = np.stack([sill, sill + 0.2 * tall, sill + 0.45 * tall, sill + 0.76 * tall, belt - 0.035, belt,
                      0.35 * belt + 0.65 * deck, deck, deck], axis=1)  # fmt: skip
        over = np.zeros(len(y))
        for axle in self.form.axles:
            inside = np.abs(y - axle) <= self.arch
            over = np.where(inside, self.form.wheel + np.sqrt(np.maximum(self.arch**2 - (y - axle) ** 2, 0)), over)
        z = np.maximum(z, over[:, None])
        if self.form.bed:
            low, high = self.form.bed
            open_ = (y > low) & (y < high)
            floor = self.arch + self.form.wheel + 0.04
            x[open_, 6:8] = (half[open_] * 0.86)[:, None]
            z[open_, 6], z[open_, 7:] = belt[open_], floor
        points = np.stack([x, np.broadcast_to(y[:, None], x.shape), z], axis=-1)
        return np.concatenate([points, points[:, -2::-1] * [-1.0, 1.0, 1.0]], axis=1)

    def outline(self, end: float, side: float, back: float, inward: float, out: float) -> F64:
        """(N, 2) x and y along a strip around one corner of the car, ``out`` metres off the skin.

        end: +1 at the nose, -1 at the tail. side: ±1. back: metres along the flank. inward: metres along the front.
        """
        tip, bulge = (self.nose, BULGE[1]) if end > 0 else (self.tail, BULGE[0])
        y = tip - end * (np.linspace(back, 0.0, 7) if back else np.zeros(1))
        half = self.at(y)[0]
        x = np.linspace(half[-1], half[-1] - inward, 6 if inward else 1)[1:]
        path = np.concatenate(
            [np.stack([half, y], 1), np.stack([x, tip + end * bulge * (1 - np.abs(x) / half[-1])], 1)]
        )
        along = np.gradient(path, axis=0)
        normal = np.stack([end * along[:, 1], -end * along[:, 0]], axis=1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        return np.asarray((path + out * normal) * [side, 1.0])
