"""Bridges in their valleys: an old stone bridge, a wooden footbridge, a road bridge of steel and concrete.

The bridge runs along +Y, its middle above the origin; z = 0 is the level of the banks. What one walks on is the deck,
and the land beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np
import shapely
from trimesh.creation import triangulate_polygon

from worldgen.conventions import F64, seed_from
from worldgen.kit import ALL_SIDES, Kit
from worldgen.material import Material
from worldgen.mesh import Mesh
from worldgen.sets import SetPiece
from worldgen.sets.heightfield import Hills, checked
from worldgen.sets.palette import Rng, tint
from worldgen.sets.river import River, valley
from worldgen.stage import Spot
from worldgen.world import Thing

REST_M: Final = 2.0
"""How far the deck reaches onto the banks."""


@dataclass(frozen=True)
class Build:
    """How a kind of bridge is. span, width: metres unless said otherwise. track: (kind, colour) of the way to it."""

    span: float
    width: float
    track: tuple[str, str]


KINDS: Final[Mapping[str, Build]] = MappingProxyType(
    {
        "stone": Build(16.0, 4.2, ("gravel", "#948a76")),
        "footbridge": Build(9.0, 1.5, ("soil", "#7d6a4d")),
        "road": Build(40.0, 8.5, ("asphalt", "#4c4b4a")),
    }
)
"""The kinds of bridges by name."""

OVER: Final = ("water", "gorge")
"""What a bridge can lead over."""


def bridge(
    *,
    kind: str = "stone",
    span: float | None = None,
    width: float | None = None,
    over: str = "water",
    seed: int = 0,
    name: str = "bridge",
) -> SetPiece:
    """A bridge with the land around it.

    kind: one of ``KINDS``. span: metres from bank to bank, 4-120. width: metres between the railings, 1-16; None for
    the kind's own of either. over: one of ``OVER``. seed: of everything drawn.
    ValueError: an unknown word or a size out of range.
    """
    for word, known in ((kind, tuple(KINDS)), (over, OVER)):
        if word not in known:
            raise ValueError(f"{word!r} is unknown to bridge: use one of {', '.join(known)}")
    build = KINDS[kind]
    long = build.span if span is None else span
    wide = build.width if width is None else width
    checked("span of a bridge", long, 4.0, 120.0)
    checked("width of a bridge", wide, 1.0, 16.0)
    own = seed_from("bridge", kind, over, seed)
    gorge = over == "gorge"
    drop = {"stone": 0.9 + 0.12 * long, "footbridge": 1.1 + 0.03 * long, "road": 3.2 + 0.05 * long}[kind]
    hills = Hills(420.0, 16.0, 0.35 if gorge else 0.0, own)
    river = River(hills, long, max(7.0, 0.55 * long) if gorge else drop, 2.6 if gorge else 1.1, 0.9, 0.5 * wide + 0.2)
    land, things = valley(river, tint(*build.track), name)
    rng = np.random.default_rng(own)
    make_deck = {"stone": _stone, "footbridge": _wooden, "road": _steel}[kind]
    mesh, deck = make_deck(long, wide, river.drop + river.depth, rng)
    things.append(Thing(f"{name}/bridge", mesh))
    end = 0.5 * long + REST_M

    def ground(x: float, y: float) -> float:
        return deck(y) if abs(x) <= 0.5 * wide and abs(y) <= end else land.ground(x, y)

    spots = {
        label: Spot((0.0, y, ground(0.0, y)), 0.0 if y <= 0 else np.pi, "stand")
        for label, y in (("start", -end - 3.0), ("middle", 0.0), ("end", end + 3.0))
    }
    shore = -0.5 * long - 1.0
    spots["below"] = Spot((9.0 + wide, shore, land.ground(9.0 + wide, shore)), np.pi / 2, "look")
    return SetPiece(tuple(things), (), ground, spots, land=True)


Deck = Callable[[float], float]


def _hump(long: float, rise: float) -> Deck:
    """Height of a deck that rises by ``rise`` to the middle and meets the banks level."""
    end = 0.5 * long + REST_M

    def height(y: float) -> float:
        return 0.02 + rise * 0.5 * (1.0 + float(np.cos(np.pi * np.clip(y / end, -1.0, 1.0))))

    return height


def _sheet(kit: Kit, y: F64, z: F64, x0: float, x1: float, material: Material) -> None:
    """A strip across from ``x0`` to ``x1`` that follows ``z`` along ``y`` and faces up."""
    a, b = np.stack([y[:-1], z[:-1]], 1), np.stack([y[1:], z[1:]], 1)
    left, right = np.full((len(a), 1), x0), np.full((len(a), 1), x1)
    corners = np.stack([np.hstack(p) for p in ((left, a), (right, a), (right, b), (left, b))], axis=1)
    kit.quads(corners, material)


def _extruded(kit: Kit, outline: shapely.Polygon, x0: float, x1: float, material: Material) -> None:
    """A body whose section in (y, z) is ``outline``, from ``x0`` to ``x1``."""
    outline = shapely.geometry.polygon.orient(outline, 1.0)
    points, triangles = triangulate_polygon(outline, engine="earcut")
    a, b, c = (points[triangles[:, k]] for k in range(3))
    u, v = b - a, c - a
    wrong = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] < 0
    triangles[wrong] = triangles[wrong][:, ::-1]
    for x, order in ((x1, (0, 1, 2, 2)), (x0, (2, 1, 0, 0))):
        flat = np.column_stack([np.full(len(points), x), points])
        kit.quads(flat[triangles[:, list(order)]], material)
    for line in (outline.exterior, *outline.interiors):
        p = np.asarray(line.coords)
        run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))])
        e = np.ones(len(p) - 1)
        corners = np.stack([
            np.column_stack([x0 * e, p[:-1]]), np.column_stack([x0 * e, p[1:]]),
            np.column_stack([x1 * e, p[1:]]), np.column_stack([x1 * e, p[:-1]]),
        ], axis=1)[:, ::-1]  # fmt: skip
        uv = np.stack([
            np.column_stack([x0 * e, run[:-1]]), np.column_stack([x0 * e, run[1:]]),
            np.column_stack([x1 * e, run[1:]]), np.column_stack([x1 * e, run[:-1]]),
        ], axis=1)[:, ::-1]  # fmt: skip
        kit.quads(corners, material, uv)


def _stone(long: float, wide: float, deep: float, rng: Rng) -> tuple[Mesh, Deck]:
    """Round arches of cut stone, parapets with a coping, a cobbled way."""
    kit = Kit()
    body, ring, cap = tint("stone", "#9a9080"), ("#a59a87", "#8f8573", "#9b9080"), tint("rock", "#a39986")
    arches = max(1, round(long / 13.0))
    deck = _hump(long, 0.05 * long + 0.2)
    end = 0.5 * long + REST_M
    y = np.linspace(-end, end, 2 * max(12, round(long)) + 1)
    z = np.array([deck(float(v)) for v in y])
    outer = 0.5 * wide + 0.35
    pier = 1.3
    bay = (long - 0.6 - pier * (arches - 1)) / arches
    sides = np.concatenate([np.column_stack([y, z - 0.03]), [[end, -deep - 1.5], [-end, -deep - 1.5]]])
    outline = shapely.Polygon(sides)
    foot = -deep - 1.0
    angle = np.linspace(0, np.pi, 33)
    for k in range(arches):
        middle = -0.5 * long + 0.3 + bay / 2 + k * (bay + pier)
        crown = deck(abs(middle) + 0.25 * bay) - 0.55
        rise = min(0.5 * bay, crown + deep - 0.3)
        spring = crown - rise
        arc = np.column_stack([middle + 0.5 * bay * np.cos(angle), spring + rise * np.sin(angle)])
        opening = np.concatenate([arc, [[middle - 0.5 * bay, foot], [middle + 0.5 * bay, foot]]])
        outline = outline.difference(shapely.Polygon(opening))
        out = np.column_stack([middle + (0.5 * bay + 0.42) * np.cos(angle), spring + (rise + 0.42) * np.sin(angle)])
        for x, s in ((outer + 0.035, 1.0), (-outer - 0.035, -1.0)):
            for i in range(0, 32, 2):
                a, b, c, d = arc[i], out[i], out[i + 2], arc[i + 2]
                face = np.array([[x, *a], [x, *b], [x, *c], [x, *d]])
                back = face - [s * 0.05, 0, 0]
                stone = tint("rock", str(rng.choice(ring)))
                kit.quads(face[None] if s > 0 else face[None, ::-1], stone)
                edge = np.stack(
                    [back[[0, 1, 2, 3]], back[[1, 2, 3, 0]], face[[1, 2, 3, 0]], face[[0, 1, 2, 3]]], axis=1
                )
                kit.quads(edge if s > 0 else edge[:, ::-1], stone)
    for part in getattr(outline, "geoms", [outline]):
        _extruded(kit, part, -outer, outer, body)
    _sheet(kit, y, z, -0.5 * wide, 0.5 * wide, tint("cobble", "#857d70"))
    for s in (-1.0, 1.0):
        inner, far = sorted((s * 0.5 * wide, s * outer))
        wall = shapely.Polygon(np.concatenate([np.column_stack([y, z + 0.86]), np.column_stack([y, z - 0.2])[::-1]]))
        _extruded(kit, wall, inner, far, body)
        coping = np.concatenate([np.column_stack([y, z + 0.99]), np.column_stack([y, z + 0.85])[::-1]])
        _extruded(kit, shapely.Polygon(coping), inner - 0.05, far + 0.05, cap)
        course = np.concatenate([np.column_stack([y, z + 0.0]), np.column_stack([y, z - 0.18])[::-1]])
        low, high = sorted((s * outer, s * (outer + 0.07)))
        _extruded(kit, shapely.Polygon(course), low, high, cap)
    return kit.build(), deck


def _wooden(long: float, wide: float, deep: float, rng: Rng) -> tuple[Mesh, Deck]:
    """Two bowed beams, planks across them, posts and handrails."""
    kit = Kit()
    beam, rail = tint("wood", "#66543f"), tint("wood", "#75624b")
    deck = _hump(long, 0.035 * long)
    end = 0.5 * long + REST_M
    thick, pitch = 0.055, 0.165
    y = np.linspace(-end, end, 41)
    z = np.array([deck(float(v)) for v in y]) - thick
    for x in (-0.5 * wide + 0.14, 0.5 * wide - 0.14):
        outline = shapely.Polygon(np.concatenate([np.column_stack([y, z]), np.column_stack([y, z - 0.3])[::-1]]))
        _extruded(kit, outline, x - 0.09, x + 0.09, beam)
    tones = [tint("planks", c) for c in ("#857259", "#7a6850", "#8d7a60", "#71604a")]
    for at in np.arange(-end, end - 0.5 * pitch, pitch):
        a, b = at + 0.006, at + pitch - 0.006
        za, zb = deck(float(a)), deck(float(b))
        half = 0.5 * wide + 0.06 + float(rng.normal(0, 0.012))
        outline = shapely.Polygon([(a, za), (b, zb), (b, zb - thick), (a, za - thick)])
        _extruded(kit, outline, -half, half, tones[int(rng.integers(len(tones)))])
    count = max(4, round(long / 1.6)) + 1
    posts = np.linspace(-end + 0.4, end - 0.4, count)
    tops = np.array([deck(float(v)) for v in posts])
    for s in (-1.0, 1.0):
        x = s * (0.5 * wide + 0.1)
        low, high = (
            np.column_stack([np.full(count, x - 0.05), posts - 0.05, tops - 0.38]),
            np.column_stack([np.full(count, x + 0.05), posts + 0.05, tops + 1.06]),
        )
        kit.boxes(low, high, rail, ALL_SIDES)
        for height, thin in ((1.02, 0.045), (0.55, 0.035)):
            zr = np.array([deck(float(v)) for v in y]) + height
            line = shapely.Polygon(
                np.concatenate([np.column_stack([y, zr + thin]), np.column_stack([y, zr - thin])[::-1]])
            )
            a, b = sorted((x - s * 0.05, x - s * 0.10))
            _extruded(kit, line, a, b, rail)
    for side in (-1.0, 1.0):  # sills of stone under the ends of the beams
        at = side * (0.5 * long + 0.75)
        kit.boxes([[-0.5 * wide - 0.25, at - 0.45, -0.9]], [[0.5 * wide + 0.25, at + 0.45, deck(at) - thick - 0.28]],
                  tint("stone", "#8c8475"))  # fmt: skip
    return kit.build(), deck


def _steel(long: float, wide: float, deep: float, rng: Rng) -> tuple[Mesh, Deck]:
    """A concrete slab on steel girders, round piers, steel railings, painted asphalt."""
    kit = Kit()
    concrete, steel = (
        tint("concrete", "#a09c92"),
        tint("painted-metal", str(rng.choice(["#41596b", "#5a6b58", "#6b4038"]))),
    )
    deck = _hump(long, 0.006 * long)
    end = 0.5 * long + REST_M
    y = np.linspace(-end, end, 2 * round(long / 2) + 1)
    z = np.array([deck(float(v)) for v in y])
    kerb, outer = 0.5 * wide, 0.5 * wide + 0.55
    slab = shapely.Polygon(np.concatenate([np.column_stack([y, z - 0.006]), np.column_stack([y, z - 0.3])[::-1]]))
    _extruded(kit, slab, -outer, outer, concrete)
    paint, asphalt = tint("plaster", "#c9c5b8"), tint("asphalt", "#4c4b4a")
    edges = [-kerb, -kerb + 0.25, -kerb + 0.37, -0.06, 0.06, kerb - 0.37, kerb - 0.25, kerb]
    for k, (x0, x1) in enumerate(pairwise(edges)):
        if k == 3:
            dash = np.arange(len(y) - 1) % 3 == 0
            for i in range(len(y) - 1):
                _sheet(kit, y[i : i + 2], z[i : i + 2], x0, x1, paint if dash[i] else asphalt)
        else:
            _sheet(kit, y, z, x0, x1, paint if k in (1, 5) else asphalt)
    girders = np.linspace(-kerb + 0.4, kerb - 0.4, max(2, round(wide / 2.4)))
    high = 0.45 + 0.016 * long
    inner = np.abs(y) <= 0.5 * long + 0.6
    for x in girders:
        for half, a, b in ((0.015, 0.3, 0.3 + high), (0.16, 0.3, 0.325), (0.18, 0.28 + high, 0.3 + high)):
            section = np.concatenate([np.column_stack([y, z - a])[inner], np.column_stack([y, z - b])[inner][::-1]])
            _extruded(kit, shapely.Polygon(section), x - half, x + half, steel)
    for s in (-1.0, 1.0):
        curb = np.concatenate([np.column_stack([y, z + 0.16]), np.column_stack([y, z - 0.32])[::-1]])
        a, b = sorted((s * kerb, s * (kerb + 0.6)))
        _extruded(kit, shapely.Polygon(curb), a, b, concrete)
        x = s * (kerb + 0.3)
        posts = np.linspace(-end + 0.3, end - 0.3, round((2 * end - 0.6) / 1.8) + 1)
        tops = np.array([deck(float(v)) for v in posts]) + 0.16
        e = np.ones(len(posts))
        kit.boxes(
            np.column_stack([x * e - 0.03, posts - 0.035, tops]),
            np.column_stack([x * e + 0.03, posts + 0.035, tops + 0.95]),
            steel,
        )
        for height, radius in ((1.0, 0.045), (0.72, 0.022), (0.46, 0.022), (0.2, 0.022)):
            kit.tube(np.column_stack([np.full(len(y), x), y, z + 0.16 + height - 0.05]), radius, steel, 8)
    spans = max(1, round(long / 18.0))
    for k in range(1, spans):
        at = -0.5 * long + k * long / spans
        top = deck(at) - 0.3 - high
        kit.boxes([[-kerb + 0.1, at - 0.6, top - 0.8]], [[kerb - 0.1, at + 0.6, top]], concrete, ALL_SIDES)
        for x in np.linspace(-kerb + 1.2, kerb - 1.2, 2 if wide > 4 else 1):
            kit.turned([[0.55, -deep - 2.0], [0.55, top - 0.8]], concrete, (float(x), at, 0.0), 20)
    for side in (-1.0, 1.0):
        a, b = sorted((side * (0.5 * long - 0.1), side * (0.5 * long + REST_M)))
        kit.boxes([[-outer - 0.2, a, -deep - 1.0]], [[outer + 0.2, b, -0.32 - high if a < 0 < b else -0.31]], concrete)
    return kit.build(), deck
