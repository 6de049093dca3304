"""The library of props: ready-made things by name, for scenes that say ``asset: armchair-club``.

Every asset stands on z = 0, centred at the origin, in metres, +Z up; its front faces +Y, which is heading 0. The files
are in scenes/assets/props, baked by tools/bake_props.py; their licences are in scenes/assets/CREDITS.md.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from worldgen import vehicles
from worldgen.conventions import srgb_from_linear, translation
from worldgen.material import RGB
from worldgen.mesh import Mesh
from worldgen.meshfile import load_mesh
from worldgen.stage import Spot
from worldgen.words import Vector

_CARS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "hatchback": ("car", "automobile"),
        "sedan": ("car", "saloon", "automobile"),
        "van": ("car", "delivery van"),
        "pickup": ("car", "truck"),
        "bus": ("coach", "city bus"),
    }
)
FOLDER: Final = Path(__file__).resolve().parents[1] / "scenes" / "assets" / "props"


@dataclass(frozen=True)
class Asset:
    """A thing of the library. Made ones and read ones are the same to whoever asks.

    name: how scenes call it. loader: makes its mesh. words: to find it by. source, author, licence: where it comes
    from. seats: named ``Spot``s in its own axes. file: what it is read from, or None for what is made by code.
    measured: size and triangles where they are known without making it.
    """

    name: str
    loader: Callable[[], Mesh]
    words: tuple[str, ...]
    source: str
    author: str
    licence: str
    seats: Mapping[str, Spot] = field(default_factory=dict)
    file: Path | None = None
    measured: tuple[Vector, int] | None = None

    @property
    def size(self) -> Vector:
        """Metres along x, y, z."""
        return (self.measured or _measured(self.name))[0]

    @property
    def triangles(self) -> int:
        """How many its mesh has."""
        return (self.measured or _measured(self.name))[1]


@cache
def library() -> Mapping[str, Asset]:
    """All assets by name, in order of the alphabet."""
    rows = json.loads((FOLDER / "props.json").read_text(encoding="utf-8"))["props"]
    read = {row["name"]: _read(row) for row in rows}
    return MappingProxyType(dict(sorted({**read, **{item.name: item for item in _made()}}.items())))


@cache
def load_prop(name: str) -> Mesh:
    """The mesh of an asset. Raises ValueError, with the nearest known name, for an unknown one."""
    return asset(name).loader()


def asset(name: str) -> Asset:
    """The asset called ``name``. Raises ValueError, with the nearest known name, for an unknown one."""
    found = library().get(name)
    if found is None:
        near = nearest_asset(name)
        hint = f"did you mean `{near}`? " if near else ""
        raise ValueError(f"there is no asset {name!r}: {hint}`setpiece assets` lists them all")
    return found


def in_library(word: str) -> bool:
    """Whether ``word`` is meant as a name of the library: mesh files have a suffix."""
    return "." not in word and "/" not in word and "\\" not in word


def coloured(mesh: Mesh, color: RGB) -> Mesh:
    """The mesh with its largest surface in ``color`` (linear); it keeps what it is made of."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    main = int(np.argmax(np.bincount(mesh.material, area, len(mesh.materials))))
    old = mesh.materials[main]
    code = "".join(f"{round(float(x) * 255):02x}" for x in srgb_from_linear(np.array(color)))
    new = replace(old, name=f"{old.name}-{code}", base_color=color)
    return replace(mesh, materials=(*mesh.materials[:main], new, *mesh.materials[main + 1 :]))


def nearest_asset(name: str) -> str | None:
    """The asset that ``name`` most likely means, by its name or the words that it is found by; else None."""
    word = name.casefold().replace("_", "-").replace(" ", "-")
    found = difflib.get_close_matches(word, library(), n=1, cutoff=0.7)
    if found:
        return found[0]
    told = {said.replace(" ", "-"): key for key, item in sorted(library().items(), reverse=True) for said in item.words}
    starts = [key for key in library() if key.startswith(word.split("-")[0] + "-") or key == word.split("-")[0]]
    meant = difflib.get_close_matches(word, told, n=1, cutoff=0.75)
    if meant:
        return told[meant[0]]
    return starts[0] if starts else next(iter(difflib.get_close_matches(word, library(), n=1, cutoff=0.5)), None)


def found(word: str) -> tuple[Asset, ...]:
    """The assets whose name or words contain ``word``."""
    asked = word.casefold().strip()
    return tuple(
        item
        for item in library().values()
        if asked in item.name or asked.replace(" ", "-") in item.name or any(asked in said for said in item.words)
    )


def _made() -> Iterator[Asset]:
    """What our own code makes."""
    for kind, words in _CARS.items():
        name = "bus" if kind == "bus" else f"car-{kind}"
        yield Asset(name, partial(_car, kind), ("vehicle", *words), "worldgen/vehicles.py", "Setpiece", "Apache-2.0")


def _car(kind: str) -> Mesh:
    return _stood(vehicles.car(kind).mesh)


def _stood(mesh: Mesh) -> Mesh:
    """On z = 0, centred at the origin."""
    low, high = mesh.vertices.min(axis=0).astype(float), mesh.vertices.max(axis=0).astype(float)
    return mesh.transformed(translation([-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2]]))


@cache
def _measured(name: str) -> tuple[Vector, int]:
    mesh = load_prop(name)
    x, y, z = (float(edge) for edge in np.ptp(mesh.vertices, axis=0))
    return (x, y, z), len(mesh.faces)


def _read(row: Mapping[str, Any]) -> Asset:
    """An asset of a row of props.json."""
    name, seats = row["name"], row["seats"]
    x, y, z = (float(edge) for edge in row["size"])
    names = ["seat"] if len(seats) == 1 else [f"seat-{k}" for k in range(1, len(seats) + 1)]
    spots = [Spot(tuple(seat["at"]), float(seat["facing"]), "seat") for seat in seats]
    return Asset(
        name=name,
        loader=partial(load_mesh, FOLDER / f"{name}.glb"),
        words=tuple(row["words"]),
        source=row["source"],
        author=row["author"],
        licence=row["licence"],
        seats=MappingProxyType(dict(zip(names, spots, strict=True))),
        file=FOLDER / f"{name}.glb",
        measured=((x, y, z), int(row["triangles"])),
    )
