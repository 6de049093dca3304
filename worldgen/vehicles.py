"""Cars of today that can be driven: a body and wheels of their own, in the car's frame.

The frame of a car: its wheels touch z = 0, +Y is forward, the origin lies below the middle of the body. A body is two
skins: a hull lofted over stations along y, whose lower edge rises over the wheels, and a cabin of rings stacked from
the belt line to the roof, whose columns are panes and pillars.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from worldgen.car_forms import FORMS
from worldgen.car_hull import BULGE, Hull
from worldgen.car_trim import lamps, trim
from worldgen.conventions import F64, I32, seed_from
from worldgen.errors import listed, nearest
from worldgen.kit import ALL_SIDES, Kit, placed, smooth_normals
from worldgen.material import Material
from worldgen.mesh import Mesh, box_uv
from worldgen.sets.palette import tint

Vector = tuple[float, float, float]
PAINTS: Final = (
    "#d9dadb", "#b9bcc0", "#8d9297", "#4b4f54", "#23262b", "#7c1d1f", "#a8382e", "#1f3a5c", "#41607a", "#2f4a3c",
    "#c7b58f", "#d7a23c",
)  # fmt: skip
"""What cars are painted in when nobody says."""


@dataclass(frozen=True)
class CarParts:
    """A car in its own frame (+Y forward, on z = 0), to be placed and driven by others.

    body: everything that does not turn. wheels: (mesh, hub, radius) each: the mesh lies about its own origin with its
    axle along x, the hub (3,) is where that origin belongs, the radius in metres touches the ground; the front pair
    first, right before left. lights: (3,) of the headlights. size: (3,) metres.
    """

    body: Mesh
    wheels: tuple[tuple[Mesh, Vector, float], ...]
    lights: tuple[Vector, ...]
    size: Vector

    @property
    def mesh(self) -> Mesh:
        """The whole car standing still."""
        kit = Kit()
        kit.mesh(self.body)
        for wheel, hub, _ in self.wheels:
            kit.mesh(wheel, placed(*hub))
        return kit.build()


KINDS: Final = tuple(FORMS)
"""The words for cars."""


def car(kind: str, color: str | None = None, seed: int = 0) -> CarParts:
    """A car of ``kind`` ("hatchback", "sedan", "van", "pickup" or "bus").

    color: of its paint, ``#rrggbb``; None draws one by ``seed``. The same arguments give the same bytes.
    ValueError: an unknown kind.
    """
    form = FORMS.get(kind)
    if form is None:
        near = nearest(kind, KINDS)
        ask = f"did you mean {near!r}?" if near else f"use {listed(KINDS)}"
        raise ValueError(f"{kind!r} is not a kind of car: {ask}")
    rng = np.random.default_rng(seed_from("car", kind, seed))
    drawn = str(rng.choice(PAINTS))
    paint = lacquer(color or ("#e9e4d4" if kind == "bus" else drawn))
    hull, kit = Hull(form), Kit()
    _body(kit, hull, paint)
    _cabin(kit, hull, paint)
    _under(kit, hull)
    lights = lamps(kit, hull)
    trim(kit, hull, paint)
    track = hull.width - 0.02
    wheels = []
    for y in (form.axles[1], form.axles[0]):
        for s in (1.0, -1.0):
            tyre = _wheel(form.wheel, 0.26 if kind == "bus" else 0.66 * form.wheel, s, str(rng.choice(_RIMS)))
            wheels.append((tyre, (s * (track - (0.15 if kind == "bus" else 0.11)), y, form.wheel), form.wheel))
    body = kit.build()
    size = np.ptp(body.vertices, axis=0)
    return CarParts(body, tuple(wheels), lights, (float(size[0]), float(size[1]), float(body.vertices[:, 2].max())))


_RIMS: Final = ("#b9bbbd", "#8f9194", "#c6c7c8")


def lacquer(colour: str) -> Material:
    """Car paint in an sRGB ``#rrggbb``: even, and smooth enough to mirror the street."""
    plain = tint("painted-metal", colour)
    return replace(plain, name=plain.name.replace("painted-metal", "car-paint"), roughness=0.2, texture=None)


def _skin(kit: Kit, points: F64, which: I32, materials: tuple[Material, ...], crease: float = 0.72) -> None:
    """A grid ``(R, C, 3)`` of quads, facing outwards; which: (R-1, C-1) index into ``materials``."""
    rows, columns = points.shape[:2]
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = (i * columns + j).ravel()
    quads = np.stack([a, a + columns, a + columns + 1, a + 1], axis=1)
    flat = points.reshape(-1, 3)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    material = np.tile(np.asarray(which).ravel(), 2)
    n = np.cross(flat[faces[:, 1]] - flat[faces[:, 0]], flat[faces[:, 2]] - flat[faces[:, 0]])
    solid = np.linalg.norm(n, axis=1) > 1e-8
    faces, material, n = faces[solid], material[solid], n[solid]
    outward = ((flat[faces].mean(axis=1) - flat.mean(axis=0)) * n).sum()
    _, index = np.unique(np.round(flat, 5), axis=0, return_inverse=True)
    shared = np.zeros((int(index.max()) + 1, 3), np.float32)
    shared[index.ravel()] = flat
    faces = index.ravel()[faces if outward > 0 else faces[:, ::-1]].astype(np.int32)
    v, f, normal, _ = smooth_normals(shared, faces, crease)
    kit.mesh(Mesh(v, f, normal, box_uv(v, normal), material.astype(np.int32), materials))


def _body(kit: Kit, hull: Hull, paint: Material) -> None:
    ring = hull.ring(hull.stations())
    caps = []
    for k, out in ((0, -BULGE[0]), (-1, BULGE[1])):
        cap = ring[k].copy()
        cap[:, 0] *= 0.0
        cap[:, 1] += out
        cap[:, 2] = np.clip(cap[:, 2], ring[k, 0, 2] + 0.03, ring[k, 8, 2] - 0.03)
        caps.append(cap[None])
    points = np.concatenate([caps[0], ring, caps[1]])
    which = np.zeros((len(points) - 1, ring.shape[1] - 1), np.int32)
    which[:, [0, -1]] = 1  # bumpers and sills
    _skin(kit, points, which, (paint, tint("plastic", "#1b1c1e")))


def _cabin(kit: Kit, hull: Hull, paint: Material) -> None:
    form = hull.form
    edges = np.array(form.cabin)
    glass = replace(tint("glass", "#1b2126"), name="car-glass", texture=None)
    share = np.array([0.0, 0.3, 0.6, 0.86, 0.965])
    bow = np.array([0.0, 0.012, 0.05, 0.11, 0.17]) * (0.35 if form.roof > 2.5 else 1.0)
    front = [(s, (edges[0] - b)) for s, b in zip(share, bow, strict=True)]
    sides = [(1.0, e) for e in np.clip(edges[1:-1], None, front[-1][1] - 0.02)]
    back = [(s, (edges[-1] + 0.6 * b)) for s, b in zip(share[::-1], bow[::-1], strict=True)]
    columns = [*front, *sides, *back]
    pane = [True] * 3 + [False] * 2 + [k % 2 == 0 for k in range(len(sides) - 1)] + [False] * 2 + [True] * 3
    wide, low, high = (np.array(part) for part in ([c[0] for c in columns], [c[1][0] for c in columns],
                                                   [c[1][1] for c in columns]))  # fmt: skip
    base = hull.at(low)[2] - 0.05
    top = form.roof - 0.075
    levels = (0.0, 0.16, 0.5, 0.9, 1.0)
    rings = []
    for t in levels:
        x = wide * (form.waist + (form.crown - form.waist) * t**1.25)
        rings.append(np.stack([x, low + (high - low) * t, base + (top - base) * t], axis=1))
    middle = (high.max() + high.min()) / 2
    for s, rise in ((0.955, 0.04), (0.8, 0.062), (0.45, 0.073), (0.0, 0.075)):
        y = middle + (high - middle) * (1 - 0.75 * (1 - s))
        rings.append(np.stack([wide * form.crown * s, y, np.full(len(wide), top + rise)], axis=1))
    half = np.stack(rings)  # (levels, columns, 3)
    points = np.concatenate([half, half[:, -2:0:-1] * [-1.0, 1.0, 1.0], half[:, :1]], axis=1)
    glazed = np.array(pane)
    around = np.concatenate([glazed, glazed[::-1]])
    which = np.zeros((len(points) - 1, points.shape[1] - 1), np.int32)
    which[1:3] = around
    _skin(kit, points, which, (paint, glass))


def _under(kit: Kit, hull: Hull) -> None:
    """The floor, and the dark insides of the arches."""
    dark, form = tint("rubber", "#141415"), hull.form
    inner = hull.width - (0.46 if form.roof > 2.5 else 0.34)
    ends = [hull.tail + 0.12, *(a + s * hull.arch for a in form.axles for s in (-1, 1)), hull.nose - 0.12]
    wide = [hull.width * 0.9] * 3
    low, high = [[-inner, ends[0] + 0.1, form.wheel * 0.62]], [[inner, ends[-1] - 0.1, form.wheel + hull.arch + 0.02]]
    for (a, b), w in zip(zip(ends[::2], ends[1::2], strict=True), wide, strict=True):
        sill = float(hull.at(np.array([a, b]))[1].max())
        w = min(w, float(hull.at(np.array([a, b]))[0].min()) * 0.93)
        low.append([-w, a, sill + 0.01])
        high.append([w, b, sill + 0.08])
    kit.boxes(low, high, dark, ALL_SIDES)
    turn = np.linspace(0, np.pi, 15)
    for axle in form.axles:
        y, z = axle + hull.arch * np.cos(turn), form.wheel + hull.arch * np.sin(turn)
        edge = hull.ring(y)[:, 1, 0] - 0.004
        for s in (1.0, -1.0):
            outer = np.stack([s * edge, y, z], axis=1)
            inside = np.stack([np.full(15, s * inner), y, z], axis=1)
            strip = np.stack([outer[:-1], outer[1:], inside[1:], inside[:-1]], axis=1)
            kit.quads(strip if s < 0 else strip[:, ::-1], dark)


def _wheel(radius: float, wide: float, side: float, rim: str) -> Mesh:
    """A tyre on a five-spoke rim, its axle along x, its outer face towards ``side``."""
    kit, half = Kit(), wide / 2
    tyre, metal, dark = tint("rubber", "#1b1b1c"), tint("metal", rim), tint("iron", "#232426")
    r, well = radius, radius * 0.66
    kit.turned(
        [(well, -half), (r * 0.86, -half), (r * 0.965, -half * 0.82), (r, -half * 0.5), (r, half * 0.5),
         (r * 0.965, half * 0.82), (r * 0.86, half), (r * 0.71, half * 0.97), (well, half * 0.86)],
        tyre, sides=32,
    )  # fmt: skip
    kit.turned(
        [(well, half * 0.86), (well * 0.95, half * 0.9), (well * 0.92, half * 0.3), (0.0, half * 0.3)], dark, sides=32
    )
    kit.turned([(well, half * 0.84), (well * 1.01, half * 0.93), (well * 0.93, half * 0.9)], metal, sides=32)
    kit.turned([(0.0, -half), (well, -half)][::-1], dark, sides=20)
    kit.turned(
        [(r * 0.17, half * 0.3), (r * 0.16, half * 0.72), (r * 0.08, half * 0.8), (0.0, half * 0.8)], metal, sides=14
    )
    for k in range(5):
        a = 2 * np.pi * k / 5
        along, across = np.array([np.cos(a), np.sin(a), 0.0]), np.array([-np.sin(a), np.cos(a), 0.0])
        foot, tip, up = along * r * 0.12, along * well * 0.96, np.array([0, 0, half])
        w0, w1 = across * r * 0.085, across * r * 0.06
        top = [foot - w0 + up * 0.74, tip - w1 + up * 0.86, tip + w1 + up * 0.86, foot + w0 + up * 0.74]
        low = [p - up * 0.4 for p in top]
        kit.quads([top, [low[0], low[1], top[1], top[0]], [top[3], top[2], low[2], low[3]]], metal)
    about_x = np.array([[0.0, 0, side, 0], [side, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    return kit.build(about_x)
