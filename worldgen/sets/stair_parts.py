"""What stairs are made of: flights, landings, balustrades, and how steep they are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from shapely.geometry import Polygon

from worldgen.conventions import F64
from worldgen.furniture.parts import boards, spin
from worldgen.furniture.style import Look, paint
from worldgen.kit import Kit
from worldgen.material import Material
from worldgen.mesh import Mesh
from worldgen.sets.walls import prism

RISER_M, STRIDE_M = 0.175, 0.63
TREAD_M, NOSING_M, RAIL_M, TOP_M = 0.04, 0.025, 0.92, 1.1
"""Thickness of a tread, how far it stands out, height of the handrail, depth of the upper floor's edge: metres."""


@dataclass(frozen=True)
class Flight:
    """Steps in a row. place: (4, 4), the foot of its first riser, +Y up the steps. risers: so many, the last one
    onto a landing.
    """

    place: F64
    risers: int


@dataclass(frozen=True)
class Landing:
    """A level part. place: (4, 4) of the middle of its near edge, at its height; width along x, depth along +Y."""

    place: F64
    width: float
    depth: float


def proportions(height: float) -> tuple[int, float, float]:
    """Number of risers, and riser and going in metres, of stairs ``height`` metres high."""
    risers = max(2, round(height / RISER_M))
    riser = height / risers
    return risers, riser, float(np.clip(STRIDE_M - 2 * riser, 0.24, 0.32))


def _stone(look: Look) -> Material:
    """What carries the steps."""
    return paint("concrete", "#b3afa6") if look.style == "modern" else look.trim


def _profile(kit: Kit, outline: list[tuple[float, float]], x0: float, x1: float, material: Material) -> None:
    """A plate of the form ``outline`` in (y, z), from ``x0`` to ``x1``."""
    flat = Kit()
    prism(flat, Polygon(outline), x0, x1, material, True, True)
    cycle = np.array([[0, 0, 1.0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    kit.mesh(flat.build(), cycle)


def flight_mesh(flight: Flight, riser: float, going: float, width: float, look: Look) -> Mesh:
    """Treads, risers and the body below them."""
    kit = Kit()
    w, n = width / 2, flight.risers
    steps = np.arange(n - 1)
    low = np.column_stack([np.full(n - 1, -w), steps * going - NOSING_M, (steps + 1) * riser - TREAD_M])
    high = np.column_stack([np.full(n - 1, w), (steps + 1) * going, (steps + 1) * riser])
    boards(kit, low, high, look.wood, 0.008)
    every = np.arange(n)
    low = np.column_stack([np.full(n, -w + 0.02), every * going, every * riser])
    high = np.column_stack([np.full(n, w - 0.02), every * going + 0.02, (every + 1) * riser - TREAD_M])
    boards(kit, low, high, _stone(look), 0.002)
    slope, end = riser / going, (n - 1) * going
    deep = 0.22 / math.cos(math.atan(slope))
    grounded = float(flight.place[2, 3]) < 0.01
    foot = deep / slope
    if grounded and foot < end:
        under = [(0.0, 0.0), (foot, 0.0), (end + 0.02, (end + 0.02) * slope - deep), (end + 0.02, n * riser - 0.045)]
    else:
        under = [
            (0.0, -0.15 if not grounded else 0.0),
            (end + 0.02, max((end + 0.02) * slope - deep, 0.0 if grounded else -9.0)),
            (end + 0.02, n * riser - 0.045),
        ]
    saw = [
        (float(p), float(q))
        for k in range(n - 1, -1, -1)
        for p, q in (
            (k * going + 0.012, (k + 1) * riser - 0.045),
            (k * going + 0.012, k * riser - (0.045 if k else 0.0)),
        )
    ]
    saw[-1] = (0.012, under[0][1])
    _profile(kit, [*under, *saw], -w + 0.02, w - 0.02, _stone(look))
    return kit.build(flight.place)


def landing_mesh(p: Landing, look: Look) -> Mesh:
    """Boards on a slab, with posts below its far corners."""
    kit, w = Kit(), p.width / 2
    n = max(2, round(p.width / 0.14))
    x = np.linspace(-w, w, n + 1)
    low = np.column_stack([x[:-1], np.full(n, -NOSING_M), np.full(n, -TREAD_M)])
    boards(kit, low, np.column_stack([x[1:], np.full(n, p.depth), np.zeros(n)]), look.wood, 0.002)
    boards(kit, [-w + 0.005, 0.0, -0.2], [w - 0.005, p.depth - 0.005, -TREAD_M], _stone(look), 0.004)
    high = float(p.place[2, 3])
    post = look.metal if look.style == "modern" else look.wood
    for px in (-w + 0.06, w - 0.06):
        boards(kit, [px - 0.04, p.depth - 0.1, -high], [px + 0.04, p.depth - 0.02, -0.2], post, 0.006)
    return kit.build(p.place)


def rail_mesh(line: F64, ground: Callable[[float, float], float], look: Look) -> Mesh:
    """A handrail over ``line`` with newel posts at its corners and balusters down to what lies below."""
    kit = Kit()
    post, bar = (look.metal, look.metal) if look.style == "modern" else (look.wood, look.trim)
    up = np.array([0, 0, RAIL_M])
    for a, b in itertools.pairwise(line):
        long = float(np.linalg.norm(b - a))
        if long < 0.1:
            continue
        kit.tube([a + up, b + up], 0.024, look.wood, 12)
        count = max(1, round(float(np.linalg.norm((b - a)[:2])) / 0.125))
        for t in (np.arange(count) + 0.5) / count:
            p = a + (b - a) * t
            foot = ground(float(p[0]), float(p[1]))
            z = foot if math.isfinite(foot) else float(p[2])
            if look.style == "modern":
                kit.tube([[p[0], p[1], z], [p[0], p[1], p[2] + RAIL_M - 0.01]], 0.008, bar, 6)
            else:
                tall = p[2] + RAIL_M - 0.01 - z
                turned = np.array(
                    [
                        (0.016, 0),
                        (0.016, 0.16),
                        (0.009, 0.19),
                        (0.02, 0.32),
                        (0.022, 0.42),
                        (0.011, 0.7),
                        (0.014, 0.8),
                        (0.014, 1.0),
                    ]
                )
                spin(kit, turned * [1.0, tall], bar, (float(p[0]), float(p[1]), float(z)), 8)
    for p in line:
        foot = ground(float(p[0]), float(p[1]))
        z = foot if math.isfinite(foot) else float(p[2])
        r = 0.028 if look.style == "modern" else 0.042
        boards(kit, [p[0] - r, p[1] - r, z], [p[0] + r, p[1] + r, p[2] + RAIL_M + 0.06], post, 0.006)
        boards(
            kit,
            [p[0] - r - 0.01, p[1] - r - 0.01, p[2] + RAIL_M + 0.06],
            [p[0] + r + 0.01, p[1] + r + 0.01, p[2] + RAIL_M + 0.08],
            post,
            0.006,
        )
    return kit.build()
