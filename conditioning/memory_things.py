"""What of a thing decides how it looks, apart from where it stands: its name for a memory that outlives edits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F32, F64, I32, seed_from
from worldgen.material import Material
from worldgen.texture import Texture
from worldgen.world import Snapshot, World

SKETCH: Final = 8
_TABLE: Final = 1 << 16
_SAME: Final = 1e-4
"""Shapes are the same whose vertices differ by less than this share of their size (root mean square)."""

Change = Literal["shape", "material", "gone"]


@dataclass(frozen=True)
class Version:
    """A thing as it was once, wherever it stood.

    name: in the world. topology: hash of its faces and surface coordinates. material: hash of its materials, with their
    textures, face by face. sketch: (8, 3) sums of its vertices at rest with fixed normal random weights, in axes that
    move with it: two shapes with equal sketches are equal (Johnson & Lindenstrauss 1984). vertices: how many.
    size: metres, root mean square from its middle. reach: metres, greatest coordinate at rest (rounding grows with it).
    key: names all of it, and where it stood at rest.
    """

    name: str
    topology: str
    material: str
    sketch: F64
    vertices: int
    size: float
    reach: float
    key: str

    def described(self) -> dict[str, Any]:
        """As JSON values."""
        return {**self.__dict__, "sketch": self.sketch.tolist()}

    @staticmethod
    def read(told: Mapping[str, Any]) -> Version:
        """The inverse of ``described``. Errors: ``KeyError``, ``TypeError``, ``ValueError``."""
        return Version(**{**told, "sketch": np.array(told["sketch"], dtype=np.float64).reshape(SKETCH, 3)})

    def change(self, now: Version | None) -> Change | None:
        """What of the thing is not as it was, or None; standing elsewhere is no change."""
        if now is None:
            return "gone"
        if self.topology != now.topology:
            return "shape"
        if not same_shape(self.sketch, now.sketch, self.vertices, self.size, max(self.reach, now.reach)):
            return "shape"
        return None if self.material == now.material else "material"


@dataclass(frozen=True)
class Body:
    """A thing of the world as it is now. frame: (4, 4) rest from its own axes.

    thing: its id. first: its first vertex in a snapshot. faces: its rows of ``snapshot.faces``.
    """

    version: Version
    thing: int
    first: int
    faces: slice
    frame: F64

    @property
    def rows(self) -> slice:
        """Of its vertices in a snapshot."""
        return slice(self.first, self.first + self.version.vertices)

    def placed(self, snapshot: Snapshot) -> F64 | None:
        """(4, 4) world from its own axes, where it stands in ``snapshot``; None if it has another shape there."""
        if self.rows.stop <= snapshot.static_vertices:
            return self.frame
        frame, sketch, _ = framed(snapshot.vertices[self.rows])
        reach = max(self.version.reach, float(np.abs(frame[:3, 3]).max()) + 3 * self.version.size)
        same = same_shape(self.version.sketch, sketch, self.version.vertices, self.version.size, reach)
        return frame if same else None


def bodies(world: World) -> dict[int, Body]:
    """Every thing that has faces, by its id."""
    rest = world.rest
    materials = _material_keys(rest.materials)
    names = world.names
    edges = [*np.flatnonzero(np.diff(rest.face_object, prepend=-1)), len(rest.faces)]
    found = {}
    for start, stop in pairwise(edges):
        thing = int(rest.face_object[start])
        found[thing] = _body(rest, names[thing], thing, slice(int(start), int(stop)), materials)
    return found


def framed(vertices: F32) -> tuple[F64, F64, float]:
    """Axes (4, 4) that move with a shape, its sketch (8, 3) in them, and its size in metres."""
    points = vertices.astype(np.float64)
    middle = points.mean(axis=0)
    points -= middle
    sums = np.zeros((SKETCH, 3))
    for start in range(0, len(points), _TABLE):
        part = points[start : start + _TABLE]
        sums += _weights()[:, : len(part)] @ part
    frame = np.eye(4)
    frame[:3, :3], frame[:3, 3] = _axes(sums[0], sums[1]), middle
    size = float(np.sqrt(np.einsum("nc,nc->", points, points) / len(points)))
    return frame, sums @ frame[:3, :3], size


def same_shape(a: F64, b: F64, vertices: int, size: float, reach: float) -> bool:
    """Whether two sketches are of one shape, up to rounding."""
    return bool(np.abs(a - b).max() <= 4 * np.sqrt(vertices) * (_SAME * size + 2.0**-22 * reach))


def _axes(first: F64, second: F64) -> F64:
    """(3, 3) columns: along ``first``, then towards ``second``; any that fit where these do not say."""
    axes = np.eye(3)
    for column, vector in enumerate((first, second)):
        known = axes[:, :column]
        rest = vector - known @ (known.T @ vector)
        if np.linalg.norm(rest) <= 1e-9 * max(float(np.linalg.norm(first)), 1e-9):
            spare = np.eye(3)[:, np.argmin(np.abs(known).sum(1))]
            rest = spare - known @ (known.T @ spare)
        axes[:, column] = rest / np.linalg.norm(rest)
    axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])
    return axes


@lru_cache(maxsize=1)
def _weights() -> F64:
    return np.random.default_rng(seed_from("sketch of a shape")).standard_normal((SKETCH, _TABLE))


def _body(rest: Snapshot, name: str, thing: int, faces: slice, materials: npt.NDArray[np.uint8]) -> Body:
    corners: I32 = rest.faces[faces]
    first = int(corners.min())
    rows = slice(first, int(corners.max()) + 1)
    vertices = rest.rest_vertices[rows]
    frame, sketch, size = framed(vertices)
    topology = _hash(corners - first, rest.uv[rows])
    material = _hash(materials[rest.face_material[faces]])
    key = _hash(np.frombuffer(f"{name}\0{topology}{material}".encode(), np.uint8), vertices)
    reach = float(np.abs(vertices).max())
    version = Version(name, topology, material, sketch, len(vertices), size, reach, key)
    return Body(version, thing, first, faces, frame)


def _material_keys(materials: tuple[Material, ...]) -> npt.NDArray[np.uint8]:
    """(M, 16) hashes of all that decides how materials look; what they are called does not."""
    textures: dict[Texture, str] = {}
    keys = np.zeros((len(materials), 16), np.uint8)
    for k, material in enumerate(materials):
        texture = material.texture
        if texture is not None and texture not in textures:
            textures[texture] = _hash(*(_bytes(value) for value in _nameless(texture)))
        plain = _nameless(replace(material, texture=None))
        words = repr((plain, None if texture is None else textures[texture]))
        keys[k] = np.frombuffer(hashlib.blake2b(words.encode(), digest_size=16).digest(), np.uint8)
    return keys


def _nameless(part: Material | Texture) -> list[object]:
    """Every field but the name, so that none that is added is overlooked."""
    return [getattr(part, field.name) for field in fields(part) if field.name != "name"]


def _bytes(value: object) -> npt.NDArray[Any]:
    return value if isinstance(value, np.ndarray) else np.frombuffer(repr(value).encode(), np.uint8)


def _hash(*arrays: npt.NDArray[Any]) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for array in arrays:
        digest.update(str(array.shape).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
