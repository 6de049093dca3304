"""Roofs: eaves, gables, parapets, chimneys and dormers, in the local frame of a house."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from worldgen.kit import Kit, placed
from worldgen.material import Material, make
from worldgen.sets import facade
from worldgen.sets.facade import FRONT, Joinery, Opening
from worldgen.sets.palette import Rng, tint


class Roofed(Protocol):
    """What a roof needs to know of its house; see :class:`worldgen.sets.house.Plan`."""

    @property
    def width(self) -> float: ...
    @property
    def depth(self) -> float: ...
    @property
    def eaves(self) -> float: ...
    @property
    def gable(self) -> str: ...
    @property
    def pitch(self) -> float: ...
    @property
    def walls(self) -> Material: ...
    @property
    def trim(self) -> Material: ...
    @property
    def roofing(self) -> Material: ...
    @property
    def joinery(self) -> Joinery: ...


def build(kit: Kit, rng: Rng, p: Roofed) -> None:
    """The roof of form ``p.gable``: "side" (eaves to the street), "gable", "stepped" or "parapet"."""
    if p.gable == "side":
        _side(kit, rng, p)
    elif p.gable == "parapet":
        _parapet(kit, rng, p)
    else:
        _gable(kit, rng, p)
    for x in rng.uniform(0.15, 0.85, int(rng.integers(1, 3))):
        _chimney(kit, rng, p, float(x) * p.width)


def _slope(
    kit: Kit,
    a: tuple[float, float, float],
    b: tuple[float, float, float],
    up: tuple[float, float, float],
    material: Material,
) -> None:
    """A rectangle of roof: lower edge from a to b, rising by ``up``; courses run level, v up the slope."""
    p, q, r = (np.asarray(t, float) for t in (a, b, up))
    length, rise = float(np.linalg.norm(q - p)), float(np.linalg.norm(r))
    uv = np.array([[0, 0], [length, 0], [length, rise], [0, rise]])
    kit.quads(np.stack([p, q, q + r, p + r]), material, uv)


def _cornice(kit: Kit, w: float, z: float, trim: Material, teeth: bool) -> None:
    kit.boxes(
        [[0, -0.01, z - 0.34], [0, -0.01, z - 0.2], [0, -0.01, z - 0.1]],
        [[w, 0.07, z - 0.2], [w, 0.16, z - 0.1], [w, 0.28, z]],
        trim,
        FRONT,
    )
    if teeth:
        x = np.arange(0.08, w - 0.1, 0.22)
        e = np.ones(len(x))
        kit.boxes(
            np.stack([x, 0.06 * e, (z - 0.3) * e], 1), np.stack([x + 0.11, 0.14 * e, (z - 0.2) * e], 1), trim, FRONT
        )


def _side(kit: Kit, rng: Rng, p: Roofed) -> None:
    w, d, z = p.width, p.depth, p.eaves
    rise, out = d / 2 * p.pitch, 0.38
    drop = out * p.pitch
    _cornice(kit, w, z, p.trim, bool(rng.random() < 0.4))
    up = (0.0, -d / 2 - out, rise + drop)
    _slope(kit, (w, out, z - drop + 0.12), (0, out, z - drop + 0.12), up, p.roofing)
    _slope(
        kit, (0, -d - out, z - drop + 0.12), (w, -d - out, z - drop + 0.12), (0, d / 2 + out, rise + drop), p.roofing
    )
    under = z - drop + 0.06
    kit.quads([[[0, 0, z], [w, 0, z], [w, out, under], [0, out, under]]], tint("planks", "#5e4a36"))
    kit.quads([[[w, out, under], [0, out, under], [0, out, under + 0.07], [w, out, under + 0.07]]], p.roofing)
    for x, flip in ((0.0, False), (w, True)):
        triangle = np.array([[[x, 0, z], [x, -d / 2, z + rise + 0.1], [x, -d, z], [x, -d, z]]])
        kit.quads(triangle if not flip else triangle[:, [0, 2, 1, 1]], p.walls)
    gutter = tint("painted-metal", "#5b5d59")
    kit.tube([[0, out + 0.04, under], [w, out + 0.04, under]], 0.06, gutter, 8)
    ridge = z + rise + 0.13
    kit.tube([[0, -d / 2, ridge], [w, -d / 2, ridge]], 0.12, p.roofing, 8)
    if w > 4.5 and rng.random() < 0.6:
        for x in [w / 2] if w < 6.2 else [w * 0.3, w * 0.7]:
            _dormer(kit, rng, p, x, z + 0.5)


def _dormer(kit: Kit, rng: Rng, p: Roofed, x: float, z: float) -> None:
    """A small house front that stands in the roof, with a gable of its own."""
    half, height = 0.62, 1.25
    front = -0.5 / p.pitch - 0.1
    sub = Kit()
    o = Opening(0.2, 2 * half - 0.2, 0.2, height - 0.12)
    facade.wall(sub, 0, 2 * half, -0.4, height, [o], p.walls)
    facade.windows(sub, rng, [o], p.joinery, "flat")
    back = -height / p.pitch - 1.0
    peak = height + half * 0.8
    sub.quads([[[2 * half, 0, height], [0, 0, height], [half, 0, peak], [half, 0, peak]]], p.walls)
    sub.quads([[[0, 0, -0.4], [0, 0, height], [0, back, height], [0, back, -0.4]]], p.roofing)
    sub.quads(
        [[[2 * half, 0, -0.4], [2 * half, back, -0.4], [2 * half, back, height], [2 * half, 0, height]]], p.roofing
    )
    o2, lip = 0.12, 0.14
    sink = o2 * 0.8
    _slope(sub, (-o2, back, height - sink), (-o2, lip, height - sink), (half + o2, 0, half * 0.8 + sink), p.roofing)
    _slope(
        sub,
        (2 * half + o2, lip, height - sink),
        (2 * half + o2, back, height - sink),
        (-half - o2, 0, half * 0.8 + sink),
        p.roofing,
    )
    kit.mesh(sub.build(), placed(x - half, front, z))


def _parapet(kit: Kit, rng: Rng, p: Roofed) -> None:
    w, d, z = p.width, p.depth, p.eaves
    top = z + rng.uniform(0.5, 0.9)
    facade.wall(kit, 0, w, z, top, [], p.walls)
    _cornice(kit, w, z + 0.1, p.trim, bool(rng.random() < 0.7))
    kit.boxes([[-0.02, -0.36, top]], [[w + 0.02, 0.07, top + 0.11]], p.trim, (*FRONT, "-y"))
    kit.quads([[[0, -0.3, z], [w, -0.3, z], [w, -0.3, top], [0, -0.3, top]]], p.walls)
    up = (0.0, -d / 2 + 0.3, d / 2 * 0.35)
    _slope(kit, (w, -0.3, z), (0, -0.3, z), up, p.roofing)
    _slope(kit, (0, -d, z), (w, -d, z), (0, d / 2, d / 2 * 0.35), p.roofing)
    r = z + d / 2 * 0.35
    for x, order in ((0.0, [0, 1, 2, 2]), (w, [0, 2, 1, 1])):
        kit.quads(np.array([[[x, 0, z], [x, -d / 2, r], [x, -d, z]]])[:, order], p.walls)
        kit.quads([[[x, -0.3, z], [x, 0, z], [x, 0, top], [x, -0.3, top]]], p.walls)


def _gable(kit: Kit, rng: Rng, p: Roofed) -> None:
    w, d, z = p.width, p.depth, p.eaves
    rise = w / 2 * (p.pitch + 0.35)
    window = Opening(w / 2 - 0.45, w / 2 + 0.45, z + 0.45, z + min(1.7, 0.45 + rise * 0.4))
    kit.boxes([[0, -0.01, z - 0.06]], [[w, 0.07, z + 0.06]], p.trim, FRONT)
    if p.gable == "stepped":
        steps = max(4, round(rise / 0.7))
        h = (rise + 0.5) / steps
        for k in range(steps):
            inset = w / 2 * k / steps
            a, b, z0 = inset, w - inset, z + k * h
            facade.wall(kit, a, b, z0, z0 + h, [window], p.walls)
            kit.boxes([[a - 0.04, -0.4, z0 + h]], [[b + 0.04, 0.05, z0 + h + 0.09]], p.trim, (*FRONT, "-y"))
            kit.quads([[[a, -0.35, z0], [a, 0, z0], [a, 0, z0 + h], [a, -0.35, z0 + h]]], p.walls)
            kit.quads([[[b, 0, z0], [b, -0.35, z0], [b, -0.35, z0 + h], [b, 0, z0 + h]]], p.walls)
            kit.quads([[[a, -0.35, z0], [b, -0.35, z0], [b, -0.35, z0 + h], [a, -0.35, z0 + h]]], p.walls)
        start = -0.3
    else:
        top = window.z1 + 0.2
        inset = (top - z) / rise * w / 2
        facade.wall(kit, inset, w - inset, z, top, [window], p.walls)
        kit.quads(
            [
                [[w - inset, 0, top], [inset, 0, top], [w / 2, 0, z + rise], [w / 2, 0, z + rise]],
                [[inset, 0, z], [0, 0, z], [inset, 0, top], [inset, 0, top]],
                [[w, 0, z], [w - inset, 0, z], [w - inset, 0, top], [w - inset, 0, top]],
            ],
            p.walls,
        )
        start = 0.22
        board = tint("wood", "#5b4534")
        for s in (0, 1):
            lean = np.array([[0.0, z - 0.12], [w / 2, z + rise + 0.02]])
            x = lean[:, 0] if s == 0 else w - lean[:, 0]
            strip = [
                [x[0], start, lean[0, 1] - 0.2],
                [x[1], start, lean[1, 1] - 0.2],
                [x[1], start, lean[1, 1] + 0.06],
                [x[0], start, lean[0, 1] + 0.06],
            ]
            kit.quads([strip[::-1] if s == 0 else strip], board)
    facade.windows(kit, rng, [window], p.joinery, "flat")
    pitch = rise / (w / 2)
    over = 0.12
    _slope(
        kit,
        (-over, -d, z - over * pitch + 0.05),
        (-over, start, z - over * pitch + 0.05),
        (w / 2 + over, 0, rise + over * pitch),
        p.roofing,
    )
    _slope(
        kit,
        (w + over, start, z - over * pitch + 0.05),
        (w + over, -d, z - over * pitch + 0.05),
        (-w / 2 - over, 0, rise + over * pitch),
        p.roofing,
    )
    kit.quads([[[0, -d, z], [w, -d, z], [w / 2, -d, z + rise], [w / 2, -d, z + rise]]], p.walls)
    kit.tube([[w / 2, start, z + rise + 0.06], [w / 2, -d, z + rise + 0.06]], 0.11, p.roofing, 8)


def _chimney(kit: Kit, rng: Rng, p: Roofed, x: float) -> None:
    brick = tint("brick", "#84503d")
    d = p.depth
    if p.gable in ("side", "parapet"):
        y, base = -d / 2 + 0.6, p.eaves + d / 2 * (p.pitch if p.gable == "side" else 0.35) * 0.5
        top = p.eaves + d / 2 * (p.pitch if p.gable == "side" else 0.35) + rng.uniform(0.9, 1.6)
    else:
        x = float(np.clip(x, p.width * 0.3, p.width * 0.7))
        y, base = -d * 0.55, p.eaves
        top = p.eaves + p.width / 2 * (p.pitch + 0.35) + rng.uniform(0.6, 1.1)
    half = rng.uniform(0.3, 0.45)
    kit.boxes([[x - half, y - 0.3, base]], [[x + half, y + 0.3, top]], brick)
    kit.boxes(
        [[x - half - 0.06, y - 0.36, top]],
        [[x + half + 0.06, y + 0.36, top + 0.12]],
        p.trim,
        ("-x", "+x", "-y", "+y", "-z", "+z"),
    )
    pot = make("roof-tile")
    for k in range(2 if half > 0.35 else 1):
        kit.turned(
            [(0.13, 0), (0.1, 0.4), (0.13, 0.43), (0.09, 0.45)],
            pot,
            (x + (k - 0.5) * 0.36 * (half > 0.35), y, top + 0.12),
            8,
        )
