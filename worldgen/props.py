"""The library of props: ready-made things by name, for scenes that say ``asset: armchair-club``.

Every asset stands on z = 0, centred at the origin, in metres, +Z up; its front faces +Y, which is heading 0. The files
are in scenes/assets/props, baked by tools/bake_props.py; their licences are in scenes/assets/CREDITS.md.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from worldgen.conventions import srgb_from_linear
from worldgen.material import RGB
from worldgen.mesh import Mesh
from worldgen.meshfile import load_mesh
from worldgen.stage import Spot

FOLDER: Final = Path(__file__).resolve().parents[1] / "scenes" / "assets" / "props"


@dataclass(frozen=True)
class Asset:
    """A thing of the library. Made ones and read ones are the same to whoever asks.

    name: how scenes call it. loader: makes its mesh. size: metres along x, y, z. triangles: of the mesh. words: to find
    it by. seats: named ``Spot``s in its own axes. source, author, licence: where it comes from. file: what it is read
    from, or None for what is made by code.
    """

    name: str
    loader: Callable[[], Mesh]
    size: tuple[float, float, float]
    triangles: int
    words: tuple[str, ...]
    source: str
    author: str
    licence: str
    seats: Mapping[str, Spot]
    file: Path | None = None


@cache
def library() -> Mapping[str, Asset]:
    """All assets by name, in order of the alphabet."""
    rows = json.loads((FOLDER / "props.json").read_text(encoding="utf-8"))["props"]
    read = {row["name"]: _asset(row) for row in rows}
    return MappingProxyType(dict(sorted(read.items())))


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


def _asset(row: Mapping[str, object]) -> Asset:
    name, size, words, seats = str(row["name"]), row["size"], row["words"], row["seats"]
    triangles = row["triangles"]
    assert isinstance(size, list)
    assert isinstance(words, list)
    assert isinstance(seats, list)
    assert isinstance(triangles, int)
    x, y, z = (float(edge) for edge in size)
    return Asset(
        name=name,
        loader=partial(load_mesh, FOLDER / f"{name}.glb"),
        size=(x, y, z),
        triangles=triangles,
        words=tuple(str(word) for word in words),
        source=str(row["source"]),
        author=str(row["author"]),
        licence=str(row["licence"]),
        seats=MappingProxyType(
            {("seat" if len(seats) == 1 else f"seat-{k}"): _seat(seat) for k, seat in enumerate(seats, 1)}
        ),
        file=FOLDER / f"{name}.glb",
    )


def _seat(row: Mapping[str, object]) -> Spot:
    at, facing = row["at"], row["facing"]
    assert isinstance(at, list)
    assert isinstance(facing, int | float)
    x, y, z = (float(c) for c in at)
    return Spot((x, y, z), float(facing), "seat")
