"""A valley with a river or a gorge through it, to be bridged: it runs along x, and what crosses it along +Y."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from worldgen.conventions import F64, seed_from
from worldgen.material import Material, make
from worldgen.mesh import Mesh, vertex_normals
from worldgen.scatter import scatter
from worldgen.sets.contour import Corners, Patch, drifting, laid, ragged
from worldgen.sets.heightfield import Hills, fractal, noise, step
from worldgen.sets.landmesh import Land, surface, wooded
from worldgen.sets.palette import ramp, tint
from worldgen.sets.planting import Growth, gathered, grove, stand
from worldgen.sets.plants import meadow, shrub
from worldgen.sets.rocks import rock
from worldgen.world import Thing

_LAND_TRIANGLES: Final = 145_000
_MOST_TRIANGLES: Final = 690_000
_LONG_M: Final = 420.0
"""The river is seen so far up and down; there the hills take it in."""


@dataclass(frozen=True)
class River:
    """A river's course and cross-section. gap: metres from bank to bank at the bridge. drop: of the water below the
    banks. steep: slope of the banks. depth: of the water, metres. way: half the width of the track that crosses.
    """

    hills: Hills
    gap: float
    drop: float
    steep: float
    depth: float
    way: float

    def middle(self, x: F64) -> F64:
        """(N,) y of the middle of the river at ``x``; straight below the bridge."""
        at = np.column_stack([x, np.zeros(len(x))])
        free = step(12.0, 70.0, np.abs(x))
        return free * 24.0 * noise(at, 190.0, seed_from(self.hills.seed, "course"))

    @property
    def half_bed(self) -> float:
        """Half the width of the river's bed, metres."""
        return max(0.5 * self.gap - (self.drop + self.depth) / self.steep, 1.0)

    @property
    def half_water(self) -> float:
        """Half the width of the water, metres."""
        return self.half_bed + self.depth / self.steep

    def change(self, xy: F64) -> F64:
        """(N,) metres by which the land differs from its hills: levelled at the bridge, cut by the river."""
        land = self.hills.heights(xy)
        calm = step(14.0, 75.0, np.hypot(xy[:, 0], 0.6 * np.maximum(np.abs(xy[:, 1]) - 0.5 * self.gap, 0.0)))
        x, y = xy.T
        track = 1.0 - step(self.way + 0.3, self.way + 5.0, np.abs(x))
        level = np.column_stack([np.zeros(len(y)), y])
        lane = self.hills.heights(level) * step(14.0, 75.0, 0.6 * np.maximum(np.abs(y) - 0.5 * self.gap, 0.0))
        target = land * calm + (lane - land * calm) * track * step(500.0, 380.0, np.abs(y))
        target = np.maximum(target, -self.drop + 0.8)
        away = np.abs(y - self.middle(x)) + (0.5 + 0.05 * self.drop) * noise(
            xy, 6.0, seed_from(self.hills.seed, "bank")
        )
        bank = -self.drop - self.depth + self.steep * np.maximum(away - self.half_bed, 0.0)
        bank = bank + 1e3 * step(_LONG_M, _LONG_M + 60.0, np.abs(x))
        # The edge of the bank is worn round.
        soft = 0.35 * self.steep
        low = np.minimum(target, bank)
        worn = low - soft * np.exp(-np.abs(target - bank) / (2.0 * soft)) * 0.5
        under = (np.abs(x) < self.way + 0.6) & (np.abs(y) > 0.5 * self.gap + 0.2)
        return np.where(under, np.minimum(target, bank + 1e3 * (away > 0.5 * self.gap)), worn) - land

    def water(self) -> Mesh:
        """The water's surface, let into both banks."""
        x = np.arange(-_LONG_M - 50.0, _LONG_M + 50.1, 5.0)
        wide = self.half_water + 0.5 + 1.8 / self.steep + (0.5 + 0.05 * self.drop)
        middle = self.middle(x)
        rows = np.linspace(-wide, wide, 3)
        points = np.stack(np.broadcast_arrays(x[:, None], middle[:, None] + rows[None], -self.drop), axis=-1)
        i, j = np.meshgrid(np.arange(len(x) - 1), np.arange(2), indexing="ij")
        a = i * 3 + j
        faces = np.stack([np.stack([a, a + 3, a + 4], -1), np.stack([a, a + 4, a + 1], -1)], axis=2).reshape(-1, 3)
        flat = points.reshape(-1, 3).astype(np.float32)
        up = np.tile(np.array([[0, 0, 1]], np.float32), (len(flat), 1))
        return Mesh(flat, faces.astype(np.int32), up, flat[:, :2].copy(), np.zeros(len(faces), np.int32),
                    (make("water"),))  # fmt: skip


def valley(river: River, track: Material, name: str) -> tuple[Land, list[Thing]]:
    """The land around a crossing and all that grows there. track: what the way to the bridge is made of."""
    hills = river.hills
    ends = [[0.0, s * (0.5 * river.gap + 6.0)] for s in (-1.0, 1.0)]
    shores = [[x, s * river.half_water] for s in (-1.0, 1.0) for x in (-36.0, -18.0, 0.0, 18.0, 36.0)]
    focus = np.array(ends + shores)
    land = surface(hills, None, focus, _LAND_TRIANGLES, tread=river.change)
    things = [Thing(f"{name}/land", _cover(land, river, track)), Thing(f"{name}/water", river.water())]
    things += _stones(land, river, name) + _green(land, river, name)
    things += _trees(land, river, name, _MOST_TRIANGLES - sum(len(t.mesh.faces) for t in things))
    return land, things


def _away(river: River, xy: F64) -> F64:
    return np.abs(xy[:, 1] - river.middle(xy[:, 0]))


def _cover(land: Land, river: River, track: Material) -> Mesh:
    hills = river.hills

    def seed(what: str) -> int:
        return seed_from(hills.seed, what)

    def wet(at: Corners) -> F64:
        return 0.55 + 0.5 * fractal(at.xy, 40.0, 2, seed("wet")) - 0.3 * step(0.2, 0.6, at.slope)

    def steep(least: float) -> Callable[[Corners], F64]:
        return lambda at: at.slope + 0.17 * ragged(at.xy, 8.0, 5, seed("bare"), at.edge) - least

    def shore(least: float) -> Callable[[Corners], F64]:
        def where(at: Corners) -> F64:
            beside = 0.5 * river.gap + 4.0 - _away(river, at.xy)
            level = at.z + river.drop + 0.22 * ragged(at.xy, 2.6, 4, seed("shore"), at.edge)
            return np.minimum(np.minimum(least - level, beside), _LONG_M + 60.0 - np.abs(at.xy[:, 0]))

        return where

    def woods(at: Corners) -> F64:
        return np.minimum(wooded(at.xy, hills.seed) - 0.4, np.linalg.norm(at.xy, axis=1) - 0.5 * hills.size - 150.0)

    def lane(at: Corners) -> F64:
        edge = river.way - at.aside + 0.3 * ragged(at.xy, 2.1, 4, seed("lane"), 0.5 * at.edge)
        return np.minimum(edge, 420.0 - np.abs(at.xy[:, 1]))

    patches = [
        Patch(ramp("grass", ("#78794c", "#697246", "#5d6b3f", "#4f633a"), 11), steep(0.0), wet),
        Patch([tint("soil", "#75674a")], steep(0.6)),
    ]
    if river.drop > 6.0:
        patches.append(Patch([tint("rock", "#857f72")], steep(0.72)))
    patches += [
        Patch([tint("gravel", "#7f776a")], shore(0.55)),
        Patch([tint("mud", "#4c443a")], shore(0.05)),
        Patch([tint("foliage", "#4a5c3c")], woods, rounds=0),
        Patch([track], lane),
    ]
    normals, xy = vertex_normals(land.vertices.astype(np.float32), land.faces), land.vertices[:, :2]
    uv = drifting(xy, hills.seed, (1.0, 21.0))
    return laid(land.vertices, land.faces, normals, uv, np.abs(xy[:, 0]), patches)


def _stones(land: Land, river: River, name: str) -> list[Thing]:
    """Boulders in and along the water."""
    seed = seed_from(river.hills.seed, "stones")

    def density(xy: F64) -> F64:
        edge = np.abs(_away(river, xy) - river.half_water)
        return 0.75 * np.exp(-edge / 1.4) * (1.0 - 0.7 * (np.abs(xy[:, 0]) / 90.0))

    band = shapely.box(-80.0, -river.gap - 12.0, 80.0, river.gap + 12.0)
    places = scatter(band, 1.25, seed, density=density, count=230)
    size = 0.2 + 1.2 * places.draw("size") ** 3
    grey, moss = tint("rock", "#77736b"), tint("moss", "#58662f")
    return gathered(f"{name}/stones", places, stand(land, places, size, 0.5, 0.05), 5,
                    lambda f: rock(np.random.default_rng(seed_from(seed, f)), 1.0, grey, moss, 2))  # fmt: skip


def _green(land: Land, river: River, name: str) -> list[Thing]:
    """Grass and bushes on the banks, clear of the way."""
    seed = seed_from(river.hills.seed, "green")
    lane = shapely.box(-river.way, -300.0, river.way, 300.0)
    around = shapely.box(-38.0, -0.5 * river.gap - 30.0, 38.0, 0.5 * river.gap + 30.0)

    def dry(xy: F64) -> F64:
        return (land.heights(xy) > -river.drop + 0.35).astype(np.float64)

    tufts = scatter(
        around, 0.55, seed, clear_areas=[lane],
        density=lambda p: dry(p) * step(-0.3, 0.4, noise(p, 5.0, seed)) * np.exp(-np.hypot(*p.T) / 26.0), count=2100,
    )  # fmt: skip
    blades = tuple(tint("grass", c) for c in ("#66743a", "#72794a", "#828052"))
    things = gathered(f"{name}/grass", tufts, stand(land, tufts, tufts.draw("size", 0.6, 1.4), 0.4), 5,
                      lambda f: meadow(np.random.default_rng(seed_from(seed, "t", f)), 9, 0.36, 0.16, blades)
                      )  # fmt: skip
    greens = tuple(tint("foliage", c) for c in ("#40582c", "#547034", "#6c8540"))
    bushes = scatter(around, 3.4, seed + 1, clear_areas=[lane], margin=1.2,
                     density=lambda p: 0.3 * dry(p), count=70)  # fmt: skip
    return things + gathered(
        f"{name}/bushes", bushes, stand(land, bushes, bushes.draw("size", 0.5, 1.4)), 4,
        lambda f: shrub(np.random.default_rng(seed_from(seed, "bush", f)), 1.4, 1.7, 150, 0.25, greens),
    )  # fmt: skip


def _trees(land: Land, river: River, name: str, budget: int) -> list[Thing]:
    seed = seed_from(river.hills.seed, "trees")

    def density(xy: F64) -> F64:
        dry = land.heights(xy) > -river.drop + 0.5
        shore = 0.3 * np.exp(-((np.abs(_away(river, xy) - 0.5 * river.gap - 4.0) / 5.0) ** 2))
        lone = np.maximum(shore, 0.02)
        return dry.astype(np.float64) * np.maximum(0.85 * wooded(xy, river.hills.seed), lone)

    lane = shapely.box(-river.way, -600.0, river.way, 600.0)
    near = shapely.box(-river.way - 4.0, -0.5 * river.gap - 14.0, river.way + 4.0, 0.5 * river.gap + 14.0)
    half = 0.5 * river.hills.size + 120.0
    places = scatter(shapely.box(-half, -half, half, half), 5.2, seed, clear_areas=[lane, near], margin=1.5,
                     density=density, count=1000)  # fmt: skip
    far = np.linalg.norm(places.points, axis=1)
    rank = np.argsort(far, kind="stable")
    places, far = places[rank], far[rank]
    order = np.arange(len(places))
    full = (order < 4) & (far < 50.0)
    growth = Growth((("beech", 2.0), ("birch", 1.5), ("oak", 1.5)), (8.0, 15.0))
    return grove(name, land, places, growth, full, budget)
