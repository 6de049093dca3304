"""A dense wood with a footpath: trunks close by, undergrowth of ferns and bushes, logs, stones and fallen leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
import shapely
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from worldgen.conventions import F64, seed_from
from worldgen.mesh import Mesh, vertex_normals
from worldgen.scatter import Density, scatter
from worldgen.sets import SetPiece
from worldgen.sets.contour import Corners, Patch, drifting, laid, ragged
from worldgen.sets.heightfield import Hills, checked, fractal, noise, step
from worldgen.sets.landmesh import Land, surface
from worldgen.sets.palette import ramp, tint
from worldgen.sets.planting import Growth, gathered, grove, stand
from worldgen.sets.plants import fern, leaves, meadow, shrub, unit_rows
from worldgen.sets.rocks import log, mushrooms, rock
from worldgen.stage import Spot
from worldgen.world import Thing


@dataclass(frozen=True)
class Wood:
    """A kind of forest. kinds: (species, weight). spacing: metres between trunks. tall: their heights. floor: kinds
    and colours of its ground, from litter to green. ferns: 0-1. autumn: whether leaves are turned.
    """

    kinds: tuple[tuple[str, float], ...]
    spacing: float
    tall: tuple[float, float]
    floor: tuple[tuple[str, tuple[str, ...]], ...]
    ferns: float
    autumn: bool = False


_LITTER = (("soil", ("#5b4b36", "#64523a")), ("moss", ("#5b5a36", "#566332")))
_NEEDLES = (("soil", ("#5a4935", "#63503a")), ("moss", ("#4d5a2c", "#5a6833")))

WOODS: Final[Mapping[str, Wood]] = MappingProxyType(
    {
        "mixed": Wood((("beech", 3.0), ("oak", 1.0), ("birch", 1.2), ("spruce", 1.5)), 4.6, (15.0, 24.0), _LITTER, 0.8),
        "beech": Wood((("beech", 1.0),), 5.0, (18.0, 27.0), _LITTER, 0.35),
        "birch": Wood(
            (("birch", 6.0), ("spruce", 0.5)), 3.7, (13.0, 20.0), 
            (_LITTER[0], ("grass", ("#6d7340",)), ("moss", ("#66703a",))), 0.6,
        ),
        "pine": Wood((("pine", 5.0), ("birch", 0.6)), 4.6, (17.0, 25.0), _NEEDLES, 0.55),
        "spruce": Wood((("spruce", 1.0),), 4.5, (15.0, 24.0), _NEEDLES, 0.6),
        "autumn": Wood((("beech", 3.0), ("birch", 1.5), ("oak", 1.0)), 4.8, (15.0, 24.0),
                       (("soil", ("#6d5338", "#7a5f3f", "#62503a")), ("moss", ("#5f5f38",))), 0.4, True),
    }
)  # fmt: skip
"""The kinds of forest by name."""

_LAND_TRIANGLES: Final = 95_000
_MOST_TRIANGLES: Final = 690_000
_REACH_M: Final = 105.0
"""Trees stand so far from the path; behind them the land is raised to crowns."""
_GREEN: Final = ("#26351f", "#31422a", "#3c4d2c")
_TURNED: Final = ("#3f3520", "#55401f", "#665024", "#4a4526")
"""Crowns in the distance."""


def forest(
    *,
    length: float = 120.0,
    kind: str = "mixed",
    seed: int = 0,
    path: Sequence[tuple[float, float]] | None = None,
    path_width: float = 1.7,
    relief: float = 9.0,
    clearing: float = 0.0,
    name: str = "forest",
) -> SetPiece:
    """A wood along a path; z = 0 at the origin, which lies on the path.

    length: metres of path. kind: one of ``WOODS``. path: points (x, y) that it passes through, or None for one that
    winds along +Y through the origin. relief: metres between hollows and rises. clearing: radius in metres of an
    opening 20 m to the left of the origin, 0 for none. seed: of everything drawn.
    ValueError: a number out of range, an unknown kind, or a path of less than two points.
    """
    if kind not in WOODS:
        raise ValueError(f"{kind!r} is not a kind of forest: use one of {', '.join(WOODS)}")
    checked("length of a forest's path", length, 20.0, 400.0)
    checked("width of a forest's path", path_width, 0.5, 6.0)
    checked("relief of a forest", relief, 0.0, 60.0)
    checked("radius of a clearing", clearing, 0.0, 30.0)
    own = seed_from("forest", kind, seed)
    way = _path(length, own) if path is None else _through(path)
    hills = Hills(2.0 * _REACH_M + length, relief, 0.0, own)
    trail = _Trail(way, path_width)

    def tread(xy: F64) -> F64:
        away = trail.distance(xy)
        trodden = -0.11 * (1.0 - step(0.0, 1.0, (away - 0.35 * path_width) / 0.9))
        crowns = 0.65 * WOODS[kind].tall[0] * (1.0 + 0.22 * noise(xy, 19.0, own) + 0.16 * noise(xy, 8.0, own + 1))
        return trodden + crowns * step(_REACH_M + 1.0, _REACH_M + 7.0, away)

    hills = replace(hills, base=float(hills.heights(np.zeros((1, 2)))[0]))
    focus = way[:: max(1, len(way) // 40)]
    land = surface(hills, None, focus, _LAND_TRIANGLES, tread=tread, open_=False)
    land = replace(land, vertices=land.vertices - [0.0, 0.0, land.ground(0.0, 0.0)])
    glade = shapely.Point(-20.0, 0.0).buffer(clearing) if clearing > 0 else shapely.Point()
    growing = _Growing(land, trail, WOODS[kind], glade, own, name)
    things = [Thing(f"{name}/land", _floor(land, trail, WOODS[kind], hills))]
    things += [*growing.low(), *growing.lying()]
    things += growing.trees(_MOST_TRIANGLES - sum(len(thing.mesh.faces) for thing in things))
    return SetPiece(tuple(things), (), land.ground, growing.spots(clearing), land=True)


@dataclass(frozen=True)
class _Trail:
    """The footpath. line: (S, 2) metres, half a metre apart. width: metres."""

    line: F64
    width: float

    def distance(self, xy: F64) -> F64:
        """(N,) metres from the middle of the path, to within a centimetre or so."""
        return cKDTree(self.line).query(xy)[0]

    def band(self, reach: float) -> shapely.Geometry:
        """All ground within ``reach`` metres of the middle."""
        return shapely.LineString(self.line[::2]).buffer(reach)


def _path(length: float, seed: int) -> F64:
    y = np.arange(-length / 2, length / 2 + 0.25, 0.5)
    at = np.column_stack([y, np.zeros(len(y))])
    x = 6.5 * noise(at, 55.0, seed_from(seed, "path")) + 1.6 * noise(at, 19.0, seed_from(seed, "path2"))
    return np.column_stack([x - np.interp(0.0, y, x), y])


def _through(points: Sequence[tuple[float, float]]) -> F64:
    p = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    gap = np.linalg.norm(np.diff(p, axis=0), axis=1) if len(p) > 1 else np.zeros(1)
    if len(p) < 2 or not gap.min() > 0.5:
        raise ValueError("a path needs two points or more, each at least half a metre from the next")
    t = np.concatenate([[0.0], np.cumsum(np.sqrt(gap))])
    fine: F64 = CubicSpline(t, p)(np.linspace(0.0, t[-1], max(8, int(gap.sum() * 2.2))))
    return fine


def _floor(land: Land, trail: _Trail, wood: Wood, hills: Hills) -> Mesh:
    """The ground: litter and moss in patches, trodden earth on the path, far hills wooded."""

    def seed(what: str) -> int:
        return seed_from(hills.seed, what)

    def litter(least: float, share: float) -> Callable[[Corners], F64]:
        return lambda at: (0.45 + 0.8 * ragged(at.xy, 8.0, 4, seed("floor"), at.edge) - least) / share

    def trodden(width: float) -> Callable[[Corners], F64]:
        return lambda at: width - at.aside + 0.4 * ragged(at.xy, 2.3, 4, seed("tread"), 0.5 * at.edge)

    def thick(at: Corners) -> F64:
        return 0.5 + 0.5 * fractal(at.xy, 45.0, 3, seed("crowns"))

    count, first, patches = sum(len(colours) for _, colours in wood.floor), 0, []
    for stuff, colours in wood.floor:
        least, share = first / count, len(colours) / count
        tone = litter(least, share)
        patches.append(Patch(ramp(stuff, colours, 3 * len(colours)), litter(least, 1.0), tone, rounds=0))
        first += len(colours)
    patches += [
        Patch([tint("soil", "#6f5a41")], trodden(0.62 * trail.width)),
        Patch([tint("soil", "#7d684c")], trodden(0.4 * trail.width)),
        Patch(ramp("foliage", _TURNED if wood.autumn else _GREEN, 9), lambda at: at.aside - _REACH_M, thick, rounds=0),
    ]
    normals = vertex_normals(land.vertices.astype(np.float32), land.faces)
    xy = land.vertices[:, :2]
    return laid(land.vertices, land.faces, normals, drifting(xy, hills.seed, (1.0, 17.0)), trail.distance(xy), patches)


@dataclass(frozen=True)
class _Growing:
    """All that stands and lies in the wood."""

    land: Land
    trail: _Trail
    wood: Wood
    glade: shapely.Geometry
    seed: int
    name: str

    def _rng(self, *what: object) -> np.random.Generator:
        return np.random.default_rng(seed_from(self.seed, *what))

    def trees(self, budget: int) -> list[Thing]:
        """The trees, in no more than about ``budget`` triangles."""

        def density(xy: F64) -> F64:
            gaps = 0.1 + 0.85 * step(-0.55, 0.1, noise(xy, 21.0, seed_from(self.seed, "thin")))
            return gaps * (0.5 + 0.5 * step(1.5, 8.0, self.trail.distance(xy)))

        places = scatter(
            self.trail.band(_REACH_M), self.wood.spacing, seed_from(self.seed, "trees"), density=density, margin=0.9,
            clear_areas=[self.trail.band(0.5 * self.trail.width + 0.15), self.glade], count=2300,
        )  # fmt: skip
        to_path, to_origin = self.trail.distance(places.points), np.linalg.norm(places.points, axis=1)
        rank = np.argsort(to_path + 0.12 * to_origin, kind="stable")
        places, to_path, to_origin = places[rank], to_path[rank], to_origin[rank]
        full = np.zeros(len(places), dtype=bool)
        full[np.argsort(to_origin + to_path, kind="stable")[:4]] = True
        growth = Growth(self.wood.kinds, self.wood.tall, self.wood.autumn, crowded=True)
        return grove(self.name, self.land, places, growth, full, budget)

    def low(self) -> list[Thing]:
        """Ferns, bushes and grass, the nearer the path the more of them."""
        greens = tuple(tint("foliage", c) for c in ("#486a2c", "#557a34", "#678a3e"))
        if self.wood.autumn:
            greens = tuple(tint("foliage", c) for c in ("#6a6a2e", "#8a7433", "#9c8a40"))
        blades = tuple(tint("grass", c) for c in ("#5d7036", "#71803f", "#857f48"))
        free = [self.trail.band(0.5 * self.trail.width)]
        things = []

        def fading(wave: float, share: float, reach: float, key: str) -> Density:
            def density(xy: F64) -> F64:
                clumps = step(-0.25, 0.45, noise(xy, wave, seed_from(self.seed, key)))
                return share * (0.12 + 0.88 * clumps) * (1.0 - 0.8 * self.trail.distance(xy) / reach)

            return density

        ferns = scatter(self.trail.band(16.0), 0.75, seed_from(self.seed, "ferns"), clear_areas=free, margin=0.25,
                        density=fading(7.0, self.wood.ferns, 16.0, "fern"), count=420)  # fmt: skip
        things += gathered(f"{self.name}/ferns", ferns, stand(self.land, ferns, ferns.draw("size", 0.6, 1.25), 0.5), 5,
                           lambda f: fern(self._rng("fern", f), 8, 0.86, greens))  # fmt: skip
        bushes = scatter(self.trail.band(26.0), 3.2, seed_from(self.seed, "bushes"), clear_areas=free, margin=0.9,
                         density=fading(12.0, 0.55, 40.0, "bush"), count=75)  # fmt: skip
        things += gathered(
            f"{self.name}/bushes", bushes, stand(self.land, bushes, bushes.draw("size", 0.5, 1.5)), 4,
            lambda f: shrub(self._rng("bush", f), 1.5, 1.5, 170, 0.21, greens),
        )  # fmt: skip
        tufts = scatter(self.trail.band(7.0), 0.3, seed_from(self.seed, "tufts"),
                        clear_areas=[self.trail.band(0.36 * self.trail.width)],
                        density=fading(4.0, 0.7, 8.0, "tuft"), count=1100)  # fmt: skip
        things += gathered(f"{self.name}/grass", tufts, stand(self.land, tufts, tufts.draw("size", 0.5, 1.2), 0.5), 5,
                           lambda f: meadow(self._rng("tuft", f), 8, 0.26, 0.14, blades))  # fmt: skip
        return things

    def lying(self) -> list[Thing]:
        """Logs, stones, mushrooms and fallen leaves."""
        free = [self.trail.band(0.5 * self.trail.width)]
        moss = tint("moss", "#5a6a30")
        things = []
        logs = scatter(self.trail.band(20.0), 9.0, seed_from(self.seed, "logs"), clear_areas=free, margin=2.6, count=16)
        for k in range(len(logs)):
            one = logs[k : k + 1]
            rng = self._rng("log", int(one.keys[0]))
            mesh = log(rng, rng.uniform(2.4, 4.8), rng.uniform(0.13, 0.26), moss)
            place = stand(self.land, one, np.ones(1), 1.0, 0.06)[0]
            x, y = one.points[0]
            things.append(Thing(f"{self.name}/log-{x:.0f}-{y:.0f}", mesh.transformed(place)))
        stones = scatter(self.trail.band(24.0), 2.2, seed_from(self.seed, "stones"), clear_areas=free, margin=0.7,
                         density=lambda p: np.full(len(p), 0.4), count=90)  # fmt: skip
        size = 0.18 + 1.15 * stones.draw("size") ** 3
        things += gathered(
            f"{self.name}/stones", stones, stand(self.land, stones, size, 0.7, 0.05), 4,
            lambda f: rock(self._rng("stone", f), 1.0, tint("rock", "#77736a"), moss, 2),
        )  # fmt: skip
        caps = scatter(self.trail.band(4.0), 2.0, seed_from(self.seed, "caps"), clear_areas=free, count=14)
        things += gathered(f"{self.name}/mushrooms", caps, stand(self.land, caps, np.ones(len(caps))), 3,
                           lambda f: mushrooms(self._rng("caps", f), 5))  # fmt: skip
        return [*things, Thing(f"{self.name}/fallen-leaves", self._fallen())]

    def _fallen(self) -> Mesh:
        places = scatter(self.trail.band(5.0), 0.13, seed_from(self.seed, "fallen"), count=7000,
                         density=lambda p: 0.75 - 0.13 * self.trail.distance(p))  # fmt: skip
        n = len(places)
        rng = self._rng("fallen")
        at = np.column_stack([places.points, self.land.heights(places.points) + 0.006 + 0.02 * rng.random(n)])
        turn = places.draw("turn", 0, 2 * np.pi)
        up = unit_rows(self.land.normals(places.points) + rng.normal(0, 0.22, (n, 3)))
        way = np.stack([np.cos(turn), np.sin(turn), np.zeros(n)], axis=1)
        way = unit_rows(way - up * (way * up).sum(axis=1, keepdims=True))
        tones = ("#8a5f30", "#74502b", "#9c7540", "#5f4526") + (("#a87c46", "#a9683e") if self.wood.autumn else ())
        long = places.draw("long", 0.05, 0.1)
        return leaves(at, way, up, long, 0.62 * long, places.choice("tone", [1.0] * len(tones)),
                      tuple(tint("foliage", c) for c in tones))  # fmt: skip

    def spots(self, clearing: float) -> dict[str, Spot]:
        """The path's start, middle and end, and the clearing."""
        line, last = self.trail.line, len(self.trail.line) - 1
        spots = {}
        for label, share in (("start", 0.06), ("middle", 0.5), ("end", 0.94)):
            k = min(int(share * last), last - 1)
            (x, y), (dx, dy) = line[k], line[k + 1] - line[k]
            z = self.land.ground(float(x), float(y))
            spots[f"path-{label}"] = Spot((float(x), float(y), z), float(np.arctan2(-dx, dy)), "stand")
        if clearing > 0:
            spots["clearing"] = Spot((-20.0, 0.0, self.land.ground(-20.0, 0.0)), -np.pi / 2, "stand")
        return spots
