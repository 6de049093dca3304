"""Hills with a road through them: land to the horizon, woods, single trees, bushes, boulders and grass.

The land is finest around the places of interest and along the road, and so is all that grows on it. Its surface is
what one walks on: ``ground`` reads the height off the same triangles that are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
import shapely

from worldgen.conventions import F64, seed_from
from worldgen.scatter import scatter
from worldgen.sets import SetPiece
from worldgen.sets.cover import land_mesh
from worldgen.sets.heightfield import Hills, checked, noise, step
from worldgen.sets.landmesh import Land, nearness, surface, wooded
from worldgen.sets.palette import tint
from worldgen.sets.planting import Growth, gathered, grove, stand
from worldgen.sets.plants import meadow, shrub
from worldgen.sets.road import Road, lay, winding
from worldgen.sets.rocks import rock
from worldgen.stage import Spot
from worldgen.world import Thing


@dataclass(frozen=True)
class Landscape:
    """A kind of land. relief: metres; rugged: 0-1; trees: (species, weight); rocks: boulders a square kilometre, in
    thousands; autumn: whether its leaves are turned; lush: 0 dry grass to 1 green.
    """

    relief: float
    rugged: float
    trees: tuple[tuple[str, float], ...]
    rocks: float
    autumn: bool
    lush: float


STYLES: Final[Mapping[str, Landscape]] = MappingProxyType(
    {
        "hills": Landscape(42.0, 0.12, (("oak", 3.0), ("beech", 2.0), ("birch", 1.0)), 0.5, False, 0.62),
        "highland": Landscape(60.0, 0.5, (("spruce", 3.0), ("birch", 1.0), ("pine", 1.5)), 2.2, False, 0.35),
        "autumn": Landscape(48.0, 0.25, (("beech", 3.0), ("birch", 1.5), ("oak", 2.0)), 0.7, True, 0.28),
        "plain": Landscape(9.0, 0.0, (("oak", 2.0), ("birch", 2.0)), 0.2, False, 0.5),
    }
)
"""The kinds of land by name."""

SURFACES: Final = ("asphalt", "gravel", "dirt")
"""What roads can be made of."""
LAND_TRIANGLES: Final = 145_000
_NEAR_TREES = 7
_MOST_TRIANGLES: Final = 740_000
_TREE_SPACING_M = 5.2


def terrain(
    *,
    size: float = 1000.0,
    style: str = "hills",
    seed: int = 0,
    relief: float | None = None,
    road: Sequence[tuple[float, float]] | None = None,
    road_width: float = 6.0,
    road_surface: str = "asphalt",
    trees: int = 1200,
    focus: Sequence[tuple[float, float]] = (),
    name: str = "terrain",
) -> SetPiece:
    """Hills of ``size`` metres with a horizon around them; z = 0 at the origin.

    style: one of ``STYLES``. relief: metres from valleys to tops, or None for the style's. road: points (x, y) it
    passes through, () for no road, None for one that finds its own way along +Y through the origin. trees: at most so
    many. focus: where people and cameras will be, besides the origin; detail gathers there. seed: of all drawn.
    ValueError: a number out of range, an unknown style, a road that cannot be.
    """
    if style not in STYLES or road_surface not in SURFACES:
        wrong, known = (style, STYLES) if style not in STYLES else (road_surface, dict.fromkeys(SURFACES))
        raise ValueError(f"{wrong!r} is unknown to terrain: use one of {', '.join(known)}")
    look = STYLES[style]
    checked("size of a terrain", size, 100.0, 4000.0)
    checked("width of a road", road_width, 2.0, 20.0)
    checked("relief of a terrain", look.relief if relief is None else relief, 0.0, 400.0)
    checked("number of trees", trees, 0, 20_000, "")
    own = seed_from("terrain", style, seed)
    hills = Hills(size, look.relief if relief is None else relief, look.rugged, own)
    line = winding(hills.heights, 1.5 * size, own) if road is None else np.asarray(road, dtype=np.float64)
    way = lay(line, road_width, hills.heights) if len(line) else None
    origin = np.zeros((1, 2))
    base = float((hills.heights(origin) if way is None else way.graded(origin, hills.heights))[0])
    hills = replace(hills, base=base)
    way = None if way is None else replace(way, level=way.level - base)
    interest = np.array([(0.0, 0.0), *focus], dtype=np.float64)
    land = surface(hills, way, interest, LAND_TRIANGLES, marked=road_surface == "asphalt")
    land = replace(land, vertices=land.vertices - [0.0, 0.0, land.ground(0.0, 0.0)])
    things = [Thing(f"{name}/land", land_mesh(land, hills, look.lush, road_surface, look.autumn))]
    field = _Field(land, hills, way, interest, look, name)
    things += [*field.rocks(), *field.bushes(), *field.grass()]
    things += field.trees(trees, _MOST_TRIANGLES - sum(len(thing.mesh.faces) for thing in things))
    return SetPiece(tuple(things), (), land.ground, field.spots(), land=True)


@dataclass(frozen=True)
class _Field:
    """Everything that stands on the land."""

    land: Land
    hills: Hills
    road: Road | None
    focus: F64
    look: Landscape
    name: str

    def _area(self, grown: float = 0.0) -> shapely.Geometry:
        half = 0.5 * self.hills.size + grown
        return shapely.box(-half, -half, half, half)

    def _clear(self) -> list[shapely.Geometry]:
        return [] if self.road is None else [self.road.corridor]

    def _seed(self, what: str) -> int:
        return seed_from(self.hills.seed, what)

    def _slope(self, xy: F64) -> F64:
        return np.arccos(np.clip(self.land.normals(xy)[:, 2], -1, 1))

    def _summit(self) -> tuple[float, float]:
        """The highest place of the filmed part, not at its edge, where no tree stands in the view."""
        line = np.linspace(-0.36 * self.hills.size, 0.36 * self.hills.size, 61)
        xy = np.column_stack([np.repeat(line, 61), np.tile(line, 61)])
        x, y = xy[int(np.argmax(self.land.heights(xy)))]
        return float(x), float(y)

    def trees(self, count: int, budget: int) -> list[Thing]:
        """Woods and single trees; the nearest in full, one thing each, the others by the dozen.

        budget: triangles for all of them, kept by how many are drawn in more than the simplest form.
        """

        def density(xy: F64) -> F64:
            lone = 0.012 + 0.05 * step(0.35, 0.8, noise(xy, 45.0, self._seed("lone")))
            flat = 1.0 - step(0.5, 0.75, self._slope(xy))
            crowd = np.linalg.norm(xy[:, None] - self.focus[None], axis=2).min(axis=1)
            return np.maximum(0.9 * wooded(xy, self.hills.seed), lone) * flat * (0.35 + 0.65 * step(8.0, 35.0, crowd))

        seen = np.vstack([self.focus, self._summit()])
        discs = np.column_stack([seen, [*np.full(len(self.focus), 4.0), 16.0]])
        places = scatter(
            self._area(180.0), _TREE_SPACING_M, self._seed("trees"), clear_discs=discs, clear_areas=self._clear(),
            margin=1.6, density=density, count=count,
        )  # fmt: skip
        to_focus, to_road = nearness(places.points, self.focus, self.road)
        rank = np.argsort(np.minimum(to_focus, 40.0 + 2.0 * to_road + 0.25 * to_focus), kind="stable")
        places, far = places[rank], to_focus[rank]
        full = (np.arange(len(places)) < _NEAR_TREES) & (far < 45.0)
        growth = Growth(self.look.trees, (8.5, 15.5), self.look.autumn)
        return grove(self.name, self.land, places, growth, full, budget)

    def rocks(self) -> list[Thing]:
        """Boulders, more of them on rugged and steep ground; small stones along the road."""
        seed, stone = self._seed("rocks"), tint("rock", "#7f7a70")

        def density(xy: F64) -> F64:
            patch = step(0.1, 0.6, noise(xy, 60.0, seed))
            near = np.exp(-np.linalg.norm(xy[:, None] - self.focus[None], axis=2).min(axis=1) / 120.0)
            return (
                np.clip(self.look.rocks * (0.05 + 0.35 * patch + 0.4 * step(0.25, 0.6, self._slope(xy))), 0, 1) * near
            )

        reach = min(0.5 * self.hills.size, 260.0)
        area = shapely.union_all([shapely.Point(*f).buffer(reach) for f in self.focus]) & self._area()
        places = scatter(area, 3.4, seed, clear_areas=self._clear(), margin=1.3, density=density, count=110)
        size = 0.25 + 2.1 * places.draw("size") ** 3.0
        things = gathered(
            f"{self.name}/rocks", places, stand(self.land, places, size, 0.8, 0.06), 5,
            lambda f: rock(np.random.default_rng(seed_from(seed, f)), 1.0, stone, tint("moss", "#5d6a33"), 2),
        )  # fmt: skip
        if self.road is None:
            return things
        verge = self.road.corridor.buffer(1.2) - shapely.LineString(self.road.centre).buffer(self.road.half + 0.5)
        near = area & shapely.union_all([shapely.Point(*f).buffer(70.0) for f in self.focus])
        pebbles = scatter(verge & near, 0.7, self._seed("pebbles"), density=lambda p: np.full(len(p), 0.5), count=220)
        small = 0.05 + 0.22 * pebbles.draw("size") ** 3
        return things + gathered(
            f"{self.name}/pebbles", pebbles, stand(self.land, pebbles, small, 1.0, 0.05), 4,
            lambda f: rock(np.random.default_rng(seed_from(seed, "p", f)), 1.0, stone, detail=1),
        )  # fmt: skip

    def bushes(self) -> list[Thing]:
        """Bushes at the edges of woods and beyond the ditch."""
        seed = self._seed("bushes")
        greens = ("#38502a", "#4d6830", "#64803a") if not self.look.autumn else ("#5e4a22", "#83592a", "#9c7a36")
        tints = tuple(tint("foliage", c) for c in greens)

        def density(xy: F64) -> F64:
            edge = wooded(xy, self.hills.seed)
            return 0.07 + 0.75 * edge * (1 - 0.6 * edge) + 0.2 * step(0.4, 0.7, noise(xy, 23.0, seed))

        reach = min(0.5 * self.hills.size, 170.0)
        area = shapely.union_all([shapely.Point(*f).buffer(reach) for f in self.focus])
        places = scatter(area, 4.2, seed, clear_areas=self._clear(), margin=0.9, density=density, count=120)
        places = places[~(np.linalg.norm(places.points[:, None] - self.focus[None], axis=2).min(axis=1) < 3.0)]
        scale = places.draw("size", 0.5, 1.5)
        return gathered(
            f"{self.name}/bushes", places, stand(self.land, places, scale, 0.3), 4,
            lambda f: shrub(np.random.default_rng(seed_from(seed, f)), 1.3, 1.6, 130, 0.29, tints),
        )  # fmt: skip

    def grass(self) -> list[Thing]:
        """Tufts where a camera is near: dense around the places of interest and along the verge."""
        seed = self._seed("grass")
        tones = ("#5f6e3d", "#727a49", "#86824f", "#52643a")
        if self.look.lush < 0.4:
            tones = ("#8d8047", "#a08e54", "#7b7544", "#ab9a63")
        tints = tuple(tint("grass", c) for c in tones)
        things = []
        for label, reach, spacing, height, most in (
            ("near", 16.0, 0.26, 0.24, 1700),
            ("verge", 70.0, 0.85, 0.42, 1200),
        ):
            area = shapely.union_all([shapely.Point(*f).buffer(reach) for f in self.focus])
            if self.road is not None:
                area = area - shapely.LineString(self.road.centre[::3]).buffer(self.road.half + 0.65)

            def density(xy: F64, reach: float = reach) -> F64:
                away = np.linalg.norm(xy[:, None] - self.focus[None], axis=2).min(axis=1)
                clumps = 0.25 + 0.75 * step(-0.35, 0.35, noise(xy, 2.7, seed) + 0.6 * noise(xy, 11.0, seed + 1))
                return clumps * (1.0 - 0.75 * (away / reach) ** 2)

            places = scatter(area, spacing, seed_from(seed, label), density=density, count=most)
            forms = [meadow(np.random.default_rng(seed_from(seed, label, f)), 9, height, 0.16, tints) for f in range(6)]
            stands = stand(self.land, places, places.draw("size", 0.6, 1.3), 0.8)
            things += gathered(f"{self.name}/grass-{label}", places, stands, len(forms), forms.__getitem__)
        return things

    def spots(self) -> dict[str, Spot]:
        """The origin, the summit, and along a road its start, quarter, middle and end."""
        spots = {"origin": Spot((0.0, 0.0, self.land.ground(0.0, 0.0)), 0.0, "stand")}
        x, y = self._summit()
        spots["summit"] = Spot((x, y, self.land.ground(x, y)), float(np.arctan2(x, -y)), "stand")
        if self.road is not None:
            last = len(self.road.centre) - 1
            inside = np.flatnonzero((np.abs(self.road.centre) < 0.48 * self.hills.size).all(axis=1))
            first, end = (int(inside[0]), int(inside[-1])) if len(inside) else (0, last)
            for label, share in (("start", 0.0), ("quarter", 0.25), ("middle", 0.5), ("end", 1.0)):
                at, heading = self.road.at(first + share * (end - first))
                z0 = self.land.ground(float(at[0]), float(at[1]))
                spots[f"road-{label}"] = Spot((float(at[0]), float(at[1]), z0), heading, "stand")
        return spots
