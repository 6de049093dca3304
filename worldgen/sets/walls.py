"""The shell of rooms: walls with thickness and real openings, floors, ceilings, skirting boards.

A floor plan becomes solid walls in level bands: between two heights at which an opening begins or ends the plan of
the walls is the same, so each band is a plan cut by the openings it meets, drawn up.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.polygon import orient
from shapely.ops import unary_union
from trimesh.creation import triangulate_polygon

from worldgen.conventions import F64
from worldgen.kit import Kit, placed
from worldgen.material import Material
from worldgen.mesh import Mesh

XY = tuple[float, float]
SLAB_M: Final = 0.2
"""Thickness of a ceiling."""
CASING_M: Final = 0.07
"""Width of the frame around a door or a window."""


@dataclass(frozen=True)
class Opening:
    """A hole in a wall.

    name: of the opening ("door", "window-1"). kind: "gap" is a wall taken away. at: on the middle line of the wall.
    facing: heading of the direction into the room it belongs to, radians counter-clockwise from +Y. width, and sill
    and head above the floor: metres.
    """

    name: str
    kind: Literal["door", "arch", "window", "gap"]
    at: XY
    facing: float
    width: float
    sill: float
    head: float

    @property
    def place(self) -> F64:
        """(4, 4): x along the wall, +Y into the room, the origin on the floor."""
        return placed(*self.at, 0.0, self.facing)

    def area(self, depth: float, more: float = 0.0) -> Polygon:
        """The hole seen from above: ``depth`` metres to either side of the middle line, ``more`` wider at each end."""
        return self.zone(-depth, depth, more)

    def zone(self, near: float, far: float, more: float = 0.0) -> Polygon:
        """The strip along the hole from ``near`` to ``far`` metres into the room."""
        half = self.width / 2 + more
        corners = np.array([[-half, near], [half, near], [half, far], [-half, far]])
        return Polygon(corners @ self.place[:2, :2].T + self.place[:2, 3])


@dataclass(frozen=True)
class Floor:
    """A room seen from above. outline: along the middle of its walls. wall, floor: what they are made of."""

    name: str
    outline: Polygon
    wall: Material
    floor: Material


@dataclass(frozen=True)
class Finish:
    """What all rooms of a shell share. cornice: whether a moulding runs below the ceiling."""

    ceiling: Material
    trim: Material
    outside: Material
    cornice: bool = False
    skirting: float = 0.09


def polygons(shape: shapely.Geometry) -> list[Polygon]:
    """The polygons of a shape that are larger than a square centimetre, their outlines counter-clockwise."""
    parts = shape.geoms if hasattr(shape, "geoms") else [shape]
    return [orient(p, 1.0) for p in parts if isinstance(p, Polygon) and p.area > 1e-4]


def inner(outline: Polygon, thickness: float) -> Polygon:
    """The clear floor between walls whose middle runs along ``outline``."""
    return outline.buffer(-thickness / 2, join_style="mitre", mitre_limit=10.0)


def level(kit: Kit, shape: shapely.Geometry, z: float, material: Material, up: bool = True) -> None:
    """A level face of the form ``shape``."""
    for polygon in polygons(shape):
        points, faces = triangulate_polygon(polygon, engine="earcut")
        corners = np.column_stack([points, np.full(len(points), z)])[faces]
        a, b = (corners[:, k, :2] - corners[:, 0, :2] for k in (1, 2))
        down = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] < 0
        turn = down if up else ~down
        corners[turn] = corners[turn][:, ::-1]
        kit.quads(corners[:, [0, 1, 2, 2]], material)


def _sides(polygon: Polygon) -> tuple[F64, F64]:
    """Ends ``(N, 2, 2)`` of the edges with the outside to the right, and unit outward normals ``(N, 2)``."""
    rings = [np.asarray(r.coords) for r in (polygon.exterior, *polygon.interiors)]
    edges = np.concatenate([np.stack([r[:-1], r[1:]], axis=1) for r in rings])
    along = edges[:, 1] - edges[:, 0]
    length = np.linalg.norm(along, axis=1)
    edges, along = edges[length > 1e-6], along[length > 1e-6] / length[length > 1e-6, None]
    return edges, np.stack([along[:, 1], -along[:, 0]], axis=1)


def upright(kit: Kit, edges: F64, z0: float, z1: float, material: Material) -> None:
    """Walls ``(N, 2, 2)`` from ``z0`` to ``z1``, seen from the right of their direction; u runs along them."""
    if not len(edges):
        return
    a, b = edges[:, 0], edges[:, 1]
    low, high = np.full(len(a), z0), np.full(len(a), z1)
    corners = np.stack(
        [np.column_stack(pair) for pair in ((a, low), (b, low), (b, high), (a, high))],
        axis=1,
    )
    along = (b - a) / np.linalg.norm(b - a, axis=1, keepdims=True)
    u = np.einsum("nkd,nd->nk", corners[..., :2], along)
    kit.quads(corners, material, np.stack([u, corners[..., 2]], axis=-1))


def prism(
    kit: Kit, shape: shapely.Geometry, z0: float, z1: float, material: Material, top: bool = True, bottom: bool = False
) -> None:
    """``shape`` drawn up from ``z0`` to ``z1``."""
    for polygon in polygons(shape):
        upright(kit, _sides(polygon)[0], z0, z1, material)
    if top:
        level(kit, shape, z1, material)
    if bottom:
        level(kit, shape, z0, material, up=False)


def shell(
    floors: Sequence[Floor], openings: Sequence[Opening], height: float, thickness: float, finish: Finish, ceiling: bool
) -> list[tuple[str, Mesh]]:
    """Walls, floors, skirting boards and, if wanted, the ceiling: (name, mesh) each, below the set's name."""
    clear = {f.name: inner(f.outline, thickness) for f in floors}
    outer = unary_union([f.outline.buffer(thickness / 2, join_style="mitre", mitre_limit=10.0) for f in floors])
    outer = MultiPolygon([Polygon(p.exterior) for p in polygons(outer)])  # what the rooms enclose is under roof too
    solid = outer.difference(unary_union(list(clear.values())))
    holes = {o.name: o.area(thickness / 2 + 0.004) for o in openings}
    parts = [("walls", _walls(floors, clear, solid, openings, holes, height, finish, not ceiling))]
    kit = Kit()
    rest = outer
    for f in floors:
        level(kit, f.outline.intersection(outer), 0.0, f.floor)
        rest = rest.difference(f.outline)
    level(kit, rest, 0.0, finish.outside)
    for polygon in polygons(outer):
        upright(kit, _sides(polygon)[0], -0.1, 0.0, finish.outside)
    parts.append(("floor", kit.build()))
    trims = _skirting(clear, solid, openings, thickness, height, finish)
    if not trims.empty:
        parts.append(("skirting", trims.build()))
    if ceiling:
        kit = Kit()
        prism(kit, outer, height, height + SLAB_M, finish.ceiling, bottom=True)
        parts.append(("ceiling", kit.build()))
    return parts


def _walls(
    floors: Sequence[Floor],
    clear: dict[str, Polygon],
    solid: shapely.Geometry,
    openings: Sequence[Opening],
    holes: dict[str, Polygon],
    height: float,
    finish: Finish,
    topped: bool,
) -> Mesh:
    levels = sorted({0.0, height, *(z for o in openings for z in (o.sill, o.head) if 0.0 < z < height)})
    kit = Kit()
    below: shapely.Geometry | None = None
    for z0, z1 in itertools.pairwise(levels):
        cut = [holes[o.name] for o in openings if o.sill < z1 - 1e-6 and o.head > z0 + 1e-6]
        band = solid.difference(unary_union(cut)) if cut else solid
        if below is not None:
            level(kit, below.difference(band), z0, finish.trim)
            level(kit, band.difference(below), z0, finish.trim, up=False)
        below = band
        for polygon in polygons(band):
            edges, out = _sides(polygon)
            beside = shapely.points(edges.mean(axis=1) + 0.03 * out)
            of = np.full(len(edges), -1)
            for k, f in enumerate(floors):
                of[shapely.contains(clear[f.name], beside)] = k
            for area in cut:
                of[shapely.contains(area, beside) & (of < 0)] = -2
            for k, f in enumerate(floors):
                upright(kit, edges[of == k], z0, z1, f.wall)
            upright(kit, edges[of == -1], z0, z1, finish.outside)
            upright(kit, edges[of == -2], z0, z1, finish.trim)
    if topped and below is not None:
        level(kit, below, height, finish.outside)
    return kit.build()


def _skirting(
    clear: dict[str, Polygon],
    solid: shapely.Geometry,
    openings: Sequence[Opening],
    thickness: float,
    height: float,
    finish: Finish,
) -> Kit:
    kit = Kit()
    free = [o.area(thickness / 2 + 0.1, 0.0 if o.kind == "gap" else CASING_M) for o in openings if o.sill < 0.1]
    gaps = [o.area(thickness / 2 + 0.2) for o in openings if o.head > height - 0.1]

    def run(depth: float, z0: float, z1: float, without: list[Polygon], bottom: bool) -> None:
        grown = solid.buffer(depth, join_style="mitre", mitre_limit=5.0).difference(solid)
        for floor in clear.values():
            strip = grown.intersection(floor)
            prism(kit, strip.difference(unary_union(without)) if without else strip, z0, z1, finish.trim, True, bottom)

    run(0.014, 0.0, finish.skirting - 0.012, free, False)
    run(0.008, finish.skirting - 0.012, finish.skirting, free, False)
    if finish.cornice:
        for k, depth in enumerate((0.02, 0.05, 0.09)):
            run(depth, height - 0.1 + 0.033 * k, height - 0.067 + 0.033 * k - (0.002 if k == 2 else 0.0), gaps, True)
    return kit


def strip(
    outline: Polygon,
    openings: Sequence[Opening],
    thickness: float,
    depth: float,
    z0: float,
    z1: float,
    more: float = 0.0,
) -> shapely.Geometry:
    """What a lining ``depth`` metres thick between heights ``z0`` and ``z1`` covers of the floor of a room: along all
    its walls, but not before openings (and ``more`` metres beside them).
    """
    clear = inner(outline, thickness)
    band = clear.difference(clear.buffer(-depth, join_style="mitre", mitre_limit=5.0))
    past = [
        o.area(thickness / 2 + 0.2, (0.0 if o.kind == "gap" else CASING_M + 0.02) + more)
        for o in openings
        if o.sill - 0.05 < z1 and o.head > z0
    ]
    return band.difference(unary_union(past)) if past else band
