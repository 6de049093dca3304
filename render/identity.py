"""Who is who: the names behind the numbers of id passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from worldgen.conventions import I32, U8, stable_id
from worldgen.world import World


@dataclass(frozen=True)
class Identities:
    """things: object id to name. characters: object id to name, of those alone. materials: their names, as the
    snapshots number them. instance: object id to instance. instances: the names of 1, 2, ….
    """

    things: Mapping[int, str]
    characters: Mapping[int, str]
    materials: tuple[str, ...]
    instance: Mapping[int, int]
    instances: tuple[str, ...]

    @staticmethod
    def of(world: World) -> Identities:
        """Of all that stands in ``world``. "car/wheel-1" is a part of "car", if there is a thing of that name."""
        things = world.names
        names = set(things.values())
        whole = {number: _whole(name, names) for number, name in things.items()}
        instances = tuple(sorted(set(whole.values())))
        row = {name: k + 1 for k, name in enumerate(instances)}
        return Identities(
            things=things,
            characters={stable_id(t.name): t.name for t in world.things if t.landmarks is not None},
            materials=tuple(material.name for material in world.rest.materials),
            instance={number: row[name] for number, name in whole.items()},
            instances=instances,
        )

    def character_id(self, object_id: I32) -> I32:
        """The ids of characters, 0 for all else."""
        known = np.array(sorted(self.characters), dtype=np.int32)
        return np.where(np.isin(object_id, known), object_id, np.int32(0))

    def instance_id(self, object_id: I32) -> I32:
        """Instances of object ids; 0 stays 0."""
        ids, rows = self._instance_table
        return np.asarray(rows[np.searchsorted(ids, object_id)])

    @cached_property
    def _instance_table(self) -> tuple[I32, I32]:
        pairs = sorted({0: 0, **self.instance}.items())
        ids, rows = np.array(pairs, dtype=np.int32).T
        return np.ascontiguousarray(ids), np.ascontiguousarray(rows)

    def named(self, kind: str) -> dict[int, str]:
        """Number to name of an id pass."""
        if kind == "instance_id":
            return dict(enumerate(self.instances, 1))
        if kind == "material_id":
            return {stable_id(name): name for name in self.materials}
        return dict(self.characters if kind == "character_id" else self.things)

    def table(self, kind: str, colours: Callable[[I32], U8]) -> dict[str, dict[str, str]]:
        """The number in an id pass to its name and its colour in the PNG."""
        return colour_table(self.named(kind), colours)


def colour_table(names: Mapping[int, str], colours: Callable[[I32], U8]) -> dict[str, dict[str, str]]:
    """For people and programs: each number to its name and to what ``colours`` (of (1, N)) shows it as."""
    shown = colours(np.array(list(names), dtype=np.int32)[None])[0]
    hexes = ["#{:02x}{:02x}{:02x}".format(*colour) for colour in shown.tolist()]
    return {str(n): {"name": name, "colour": c} for (n, name), c in zip(names.items(), hexes, strict=True)}


def _whole(name: str, names: set[str]) -> str:
    """The shortest of ``names`` that ``name`` lies below, or itself."""
    parts = name.split("/")
    return next((up for k in range(1, len(parts)) if (up := "/".join(parts[:k])) in names), name)
