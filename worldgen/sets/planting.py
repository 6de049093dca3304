"""Setting what was scattered on the land: copies of small things, and trees in the detail their distance asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from worldgen.conventions import F64, Bool
from worldgen.mesh import Mesh, merged
from worldgen.scatter import Scattered, placements
from worldgen.sets.landmesh import Land
from worldgen.sets.plants import many
from worldgen.sets.wildtree import Detail, wild_tree
from worldgen.world import Thing

_TRIANGLES: Final[Mapping[Detail, int]] = {"near": 14_000, "mid": 4_000, "low": 680, "far": 148}
"""Of a tree in each detail, about."""
_TO_MID: Final = 0.6
"""Share of what is left of the budget that goes to trees in middling detail; the rest goes to low."""
FORMS = 4
"""How many trees of each species are grown, to be turned and scaled."""
_GROWN_M = 12.0
_PATCH_M = 250.0


def stand(land: Land, places: Scattered, scale: F64, lean: float = 0.0, sink: float = 0.0) -> F64:
    """(N, 4, 4) of ``places`` on the land, turned at random and scaled.

    lean: 0 upright, 1 square to the slope. sink: metres into the ground, before scaling.
    """
    xyz = np.column_stack([places.points, land.heights(places.points) - sink * scale])
    up = (1 - lean) * np.array([0.0, 0.0, 1.0]) + lean * land.normals(places.points)
    return placements(xyz, places.draw("turn", 0, 2 * np.pi), scale, up)


def gathered(name: str, places: Scattered, stands: F64, forms: int, form: Callable[[int], Mesh]) -> list[Thing]:
    """One thing of many copies of ``forms`` meshes, drawn a place; none where there are no places."""
    which = places.choice("form", [1.0] * forms)
    meshes = [many(form(f), stands[which == f]) for f in range(forms) if (which == f).any()]
    return [Thing(name, merged(meshes))] if meshes else []


@dataclass(frozen=True)
class Growth:
    """What trees of a place are like. kinds: (species, weight). tall: least and most height, metres. autumn: turned.
    crowded: high crowns on slim trunks, as in a wood.
    """

    kinds: tuple[tuple[str, float], ...]
    tall: tuple[float, float]
    autumn: bool = False
    crowded: bool = False


def grove(name: str, land: Land, places: Scattered, growth: Growth, full: Bool, budget: int) -> list[Thing]:
    """Trees at ``places``, the nearest first: one thing each where ``full``, the others by the patch of land.

    budget: triangles for all of them, kept by how many are drawn in more than the simplest form.
    """
    if not len(places):
        return []
    kind = places.choice("kind", [weight for _, weight in growth.kinds])
    form = places.choice("form", [1.0] * FORMS)
    stands = stand(land, places, places.draw("tall", *growth.tall) / _GROWN_M)
    things = []
    for k in np.flatnonzero(full):
        mesh = wild_tree(growth.kinds[kind[k]][0], _GROWN_M, int(form[k]), "near", growth.autumn, growth.crowded)
        things.append(Thing(f"{name}/tree-{place_name(*places.points[k])}", mesh.transformed(stands[k])))
    rest = np.cumsum(~full) - 1  # how many nearer ones share the budget
    left = max(budget - _TRIANGLES["near"] * int(full.sum()) - _TRIANGLES["far"] * len(places), 0)
    mids = int(_TO_MID * left / _TRIANGLES["mid"])
    lows = mids + int((1 - _TO_MID) * left / _TRIANGLES["low"])
    levels: list[tuple[Detail, Bool]] = [
        ("mid", rest < mids), ("low", (rest >= mids) & (rest < lows)), ("far", rest >= lows)
    ]  # fmt: skip
    patch = np.floor(places.points / _PATCH_M).astype(np.int64)
    for cell in np.unique(patch, axis=0):
        here = (patch == cell).all(axis=1) & ~full
        meshes = [
            many(wild_tree(species, _GROWN_M, f, detail, growth.autumn, growth.crowded), stands[some])
            for detail, chosen in levels
            for s, (species, _) in enumerate(growth.kinds)
            for f in range(FORMS)
            if (some := here & chosen & (kind == s) & (form == f)).any()
        ]
        if meshes:
            x, y = cell * _PATCH_M
            things.append(Thing(f"{name}/trees-{place_name(x, y, 0)}", merged(meshes)))
    return things


def place_name(x: float, y: float, digits: int = 1) -> str:
    """A readable name of a place, like "e12.3-n45.6"."""
    return f"{'ew'[int(x < 0)]}{abs(x):.{digits}f}-{'ns'[int(y < 0)]}{abs(y):.{digits}f}"
