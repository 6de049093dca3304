"""What land is covered with: grass lush and dry, soil, rock on steep ground, far woods, and the verges of roads.

Borders between covers are irregular lines (see ``contour``). Grass is dry where it meets bare ground, so that colours
change softly although the stuff does not.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from worldgen.conventions import F64, seed_from
from worldgen.mesh import Mesh, merged, vertex_normals
from worldgen.sets.contour import Corners, Patch, drifting, laid, ragged
from worldgen.sets.heightfield import Hills, fractal, step
from worldgen.sets.landmesh import Land, wooded
from worldgen.sets.palette import ramp, tint
from worldgen.sets.pavement import carriageway
from worldgen.sets.road import Road

_GRASS: Final = ("#7b7a52", "#6c734b", "#606d46", "#546640", "#495f3a")
_STEPS: Final = 13
"""From dry to lush, in steps too small to be seen."""
_FAR: Final = ("#55653c", "#4b6041", "#3f5440")
_TURNED: Final = ("#77683f", "#735c3a", "#5f5236")
"""Distant woods, from their edge to their middle, in summer; and in autumn."""
_LOOSE: Final = {"gravel": ("gravel", "#98907f"), "dirt": ("soil", "#8a7456")}
"""What unpaved roads are made of."""
_VERGE_M: Final = 0.62
"""Mean width of the gravel beside asphalt."""
_FAR_FROM_ROADS: Final = 1e4


def land_mesh(land: Land, hills: Hills, lush: float, road_surface: str, autumn: bool = False) -> Mesh:
    """The land's triangles, divided where its cover changes, with a material each and smooth normals.

    lush: 0 dry to 1 green. autumn: whether distant woods are turned.
    """
    ground, xy = _Ground(hills, lush, land.road), land.vertices[:, :2]
    normals = vertex_normals(land.vertices.astype(np.float32), land.faces)
    faces, aside = land.faces, np.full(len(xy), _FAR_FROM_ROADS)
    parts, patches = [], [*ground.wild(), ground.woods(_TURNED if autumn else _FAR)]
    if land.road is not None:
        aside = np.abs(land.road.offsets(xy)[1])
        aside[: land.rows.size * land.stations.size] = np.tile(np.abs(land.rows), len(land.stations))
        patches += ground.verge(road_surface)
        if road_surface == "asphalt":
            parts = [carriageway(land, normals, hills.seed)]
            beside = np.abs(land.rows[:-1] + land.rows[1:]) > 2.0 * land.road.half
            of_strip = np.tile(np.repeat(beside, 2), len(land.stations) - 1)
            faces = np.concatenate([faces[: land.strip][of_strip], faces[land.strip :]])
    uv = drifting(xy, hills.seed, (9.0, 110.0), (1.5, 26.0))
    return merged([*parts, laid(land.vertices, faces, normals, uv, aside, patches)])


class _Ground:
    """Where what lies."""

    def __init__(self, hills: Hills, lush: float, road: Road | None) -> None:
        self._hills, self._lush, self._road = hills, lush, road
        self._near = 0.5 * hills.size + 200.0
        self._rough = 0.5 + 0.5 * hills.rugged

    def _seed(self, what: str) -> int:
        return seed_from(self._hills.seed, what)

    def _off_road(self, at: Corners, where: F64) -> F64:
        """``where``, but not on the road nor its verge: they have their own."""
        return where if self._road is None else np.minimum(where, at.aside - self._road.half - 0.3)

    def _bare(self, at: Corners) -> F64:
        patch = ragged(at.xy, 19.0, 6, self._seed("patch"), at.edge)
        return at.slope + 0.2 * patch - 0.66 + 0.12 * self._rough

    def _stony(self, at: Corners) -> F64:
        return at.slope + 0.15 * ragged(at.xy, 9.0, 5, self._seed("rock"), at.edge) - 0.76 + 0.16 * self._rough

    def _wooded(self, at: Corners) -> F64:
        return wooded(at.xy, self._hills.seed) + 0.12 * ragged(at.xy, 30.0, 4, self._seed("wood"), at.edge)

    def _wet(self, at: Corners) -> F64:
        """About 0 for dry grass to 1 for lush; driest beside bare ground and roads.

        It varies over many triangles, or they would be seen one by one.
        """
        wet = self._lush + 0.4 * fractal(at.xy, 75.0, 2, self._seed("wet"))
        wet += 0.2 * ragged(at.xy, 19.0, 3, self._seed("tufts"), 4.0 * at.edge)
        wet -= 0.3 * step(0.2, 0.7, at.slope) + 0.08 * at.z / max(self._hills.relief, 1.0)
        if self._road is not None:
            wet -= 0.4 * (1.0 - step(self._road.half + _VERGE_M, self._road.reach + 1.5, at.aside))
        return wet

    def wild(self) -> list[Patch]:
        """Grass, bare soil, rock, and the floor of woods that are near."""

        def floor(at: Corners) -> F64:
            near = (self._near - np.linalg.norm(at.xy, axis=1)) / 100.0
            return np.minimum(np.minimum(self._wooded(at) - 0.55, -self._bare(at)), near)

        return [
            Patch(ramp("grass", _GRASS, _STEPS), _everywhere, self._wet),
            Patch([tint("soil", "#796e54")], lambda at: self._off_road(at, self._bare(at))),
            Patch([tint("rock", "#716b5e")], lambda at: self._off_road(at, self._stony(at))),
            Patch([tint("grass", "#5b5f35")], lambda at: self._off_road(at, floor(at)), rounds=0),
        ]

    def woods(self, colours: tuple[str, ...]) -> Patch:
        """Distant woods, the denser the darker."""

        def where(at: Corners) -> F64:
            far = (np.linalg.norm(at.xy, axis=1) - self._near) / 100.0
            return np.minimum(np.minimum(self._wooded(at) - 0.35, 0.75 - at.slope), far)

        return Patch(ramp("foliage", colours, 7), where, lambda at: 1.4 * (self._wooded(at) - 0.35), rounds=0)

    def verge(self, surface: str) -> list[Patch]:
        """Gravel beside asphalt, or the road itself where it is not paved."""
        assert self._road is not None
        half = self._road.half

        def strip(stuff: tuple[str, str], wide: float, wave: float, sway: float) -> Patch:
            def where(at: Corners) -> F64:
                return wide - at.aside + sway * ragged(at.xy, wave, 5, self._seed("edge"), 0.4 * at.edge)

            return Patch([tint(*stuff)], where, rounds=2, close=0.12)

        if surface == "asphalt":
            return [strip(("gravel", "#8f8672"), half + _VERGE_M, 3.1, 0.4)]
        road = strip(_LOOSE[surface], half, 3.0, 0.3)
        crown = strip(("grass", "#7d7a45"), 0.3 * half, 3.7, 0.6)  # grows between the wheels
        return [road, crown] if surface == "dirt" else [road]


def _everywhere(at: Corners) -> F64:
    return np.ones(len(at.z))
