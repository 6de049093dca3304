"""Meshes from files: glTF, OBJ, PLY and STL, as one mesh in the world's axes and metres.

glTF says metres and +Y up. The other formats say neither: they are taken as metres and +Z up unless told otherwise.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote, urlparse

import numpy as np
import numpy.typing as npt
import trimesh
from PIL import Image

from worldgen.conventions import F64, YUP_FROM_ZUP, linear_from_srgb, translation
from worldgen.gltf_file import described, open_gltf
from worldgen.mesh import Mesh, merged
from worldgen.meshgltf import gltf_parts
from worldgen.meshpart import Part, Surface, mended, meshed
from worldgen.polygons import triangulated_obj

SUFFIXES: Final = (".glb", ".gltf", ".obj", ".ply", ".stl")
MOST_TRIANGLES: Final = 5_000_000
MOST_BYTES: Final = 1_500_000_000
FARTHEST_M: Final = 20_000.0
"""Nothing of a mesh may lie farther from its origin: beyond, single precision moves vertices by millimetres."""
METRES: Final[Mapping[str, float]] = MappingProxyType({"mm": 0.001, "cm": 0.01, "in": 0.0254, "ft": 0.3048, "m": 1.0})
_TURNED: Final[Mapping[str, F64]] = MappingProxyType(
    {
        "z": np.eye(4),
        "y": YUP_FROM_ZUP.T,
        "x": np.array([[0.0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]),
    }
)


@dataclass(frozen=True)
class MeshFile:
    """A mesh that was read, and ``notes``: what of the file was mended or is not shown, one clause each."""

    mesh: Mesh
    notes: tuple[str, ...] = ()


def load_mesh(
    path: Path, *, scale: float = 1.0, units: str | None = None, up: str | None = None, fit: float | None = None
) -> Mesh:
    """The mesh alone of :func:`read_mesh`."""
    return read_mesh(path, scale=scale, units=units, up=up, fit=fit).mesh


def read_mesh(
    path: Path, *, scale: float = 1.0, units: str | None = None, up: str | None = None, fit: float | None = None
) -> MeshFile:
    """The file's triangles as one mesh: metres times ``scale``, +Z up, every node of the file in its place.

    units: a word of ``METRES``; up: "x", "y" or "z"; None: what the format says. fit: metres that its longest edge is
    scaled to; it then stands on z = 0, centred in x and y. A base colour bitmap becomes a material whose texture
    multiplies its mean colour; ``uv`` is then in tiles. Colours painted on vertices or faces become at most 16
    materials. Where ``uv`` is missing, it is projected by box, in metres. Raises ValueError, one sentence, for what
    cannot be read or shown.
    """
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"{path.name}: scale is {scale}; it must be a number above 0")
    if fit is not None and not (np.isfinite(fit) and fit > 0):
        raise ValueError(f"{path.name}: fit is {fit}; it must be a length above 0")
    if (units or "m") not in METRES or (up or "z") not in _TURNED:
        raise ValueError(f"{path.name}: units are {', '.join(METRES)} and up is x, y or z, not {units!r} and {up!r}")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{path.name} is not a mesh file: use {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise ValueError(f"there is no mesh file {path}")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path.name} is larger than {MOST_BYTES / 1e9:g} GB: reduce it first")
    gltf = suffix in (".glb", ".gltf")
    notes: set[str] = set()
    try:
        parts = _gltf(path, notes) if gltf else _other(path, suffix, notes)
    except MemoryError:
        raise ValueError(f"{path.name} does not fit into this machine's memory: reduce it first") from None
    if not parts:
        raise ValueError(f"{path.name} has no triangles: point clouds, curves and empty files cannot be shown")
    turned = _TURNED[up or ("y" if gltf else "z")]
    placed = [(part, turned @ place) for part, place in parts]
    low, high = _bounds(placed)
    metres = METRES[units or "m"] * scale
    if fit is not None:
        metres = fit / float((high - low).max())
        stood = translation([-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2]])
        placed = [(part, stood @ place) for part, place in placed]
        low, high = _bounds(placed)
    _check_size(path, low * metres, high * metres, notes, said=fit is not None or units is not None or scale != 1.0)
    grown = np.diag([metres, metres, metres, 1.0])
    mesh = merged([meshed(part, grown @ place) for part, place in placed])
    return MeshFile(mesh, tuple(sorted(notes)))


def _bounds(placed: list[tuple[Part, F64]]) -> tuple[F64, F64]:
    """Lowest and highest corner (3,) of what the triangles use."""
    lows, highs = [], []
    for part, place in placed:
        used = part.vertices if len(part.faces) > len(part.vertices) else part.vertices[part.faces.ravel()]
        points = used @ place[:3, :3].T + place[:3, 3]
        lows.append(points.min(axis=0))
        highs.append(points.max(axis=0))
    return np.min(lows, axis=0), np.max(highs, axis=0)


def _check_size(path: Path, low: F64, high: F64, notes: set[str], *, said: bool) -> None:
    edge, reach = float((high - low).max()), float(np.abs([low, high]).max())
    if not reach <= FARTHEST_M:
        raise ValueError(
            f"{path.name} reaches {reach:.3g} m from its origin, at most {FARTHEST_M:g} are shown: give its `units`, "
            "like `units: mm`, or a `fit` in metres"
        )
    if said:
        return
    if edge > 60.0:
        notes.add(f"it is {edge:.3g} m long: if that is wrong, give its `units`, like `units: mm`")
    elif edge < 0.01:
        notes.add(f"it is only {edge * 1000:.2g} mm long: if that is wrong, give its `units`, like `units: cm`")


def _gltf(path: Path, notes: set[str]) -> list[tuple[Part, F64]]:
    mending: dict[int, Part | None] = {}
    result = []
    try:
        file = open_gltf(path)
        for part, place in gltf_parts(file, path.stem, MOST_TRIANGLES, notes):
            if id(part) not in mending:
                mending[id(part)] = mended(part, notes)
            whole = mending[id(part)]
            if whole is not None:
                if abs(np.linalg.det(place[:3, :3])) < 1e-30:
                    notes.add("what is scaled to nothing was left out")
                    continue
                result.append((whole, place))
    except MemoryError:
        raise
    except Exception as error:  # a broken file fails anywhere in the reader: each way means the same to the user
        raise described(path, error) from None
    return result


def _other(path: Path, suffix: str, notes: set[str]) -> list[tuple[Part, F64]]:
    """OBJ, PLY and STL."""
    beside = _Beside(path.parent, notes)
    try:
        with io.BytesIO(triangulated_obj(path.read_bytes())) if suffix == ".obj" else path.open("rb") as stream:
            scene = trimesh.load_scene(stream, file_type=suffix[1:], resolver=beside, process=False)
    except MemoryError:
        raise
    except Exception as error:  # every reader fails in its own way on a broken file
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        if not beside.refused:
            raise ValueError(f"{path.name} cannot be read: it is broken or cut short ({reason})") from None
    if beside.refused:
        raise ValueError(f"{path.name} refers to {beside.refused[0]!r}, outside its own folder: that is not read")
    result = []
    total = 0
    for node in sorted(scene.graph.nodes_geometry):
        place, key = scene.graph[node]
        geometry = scene.geometry[key]
        if not isinstance(geometry, trimesh.Trimesh) or len(geometry.faces) == 0:
            continue
        total += len(geometry.faces)
        if total > MOST_TRIANGLES:
            raise ValueError(f"{path.name} has more than {MOST_TRIANGLES:,} triangles: reduce it first")
        try:
            part = mended(_part(f"{path.stem}/{key}", geometry, beside, stl=suffix == ".stl"), notes)
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from None
        if part is not None:
            result.append((part, np.asarray(place, dtype=np.float64)))
    return result


class _Beside(trimesh.resolvers.Resolver):  # type: ignore[misc]
    """Serves a mesh file the files it names (bitmaps, materials), if they lie in or below its own folder."""

    def __init__(self, folder: Path, notes: set[str]) -> None:
        self.folder = folder.resolve()
        self.notes = notes
        self.refused: list[str] = []

    def get(self, key: str) -> bytes:
        """Content of the file ``key``."""
        name = unquote(key.strip()).replace("\\", "/")
        target = (self.folder / name).resolve()
        if urlparse(key).scheme or not target.is_relative_to(self.folder):
            self.refused.append(key)
            raise ValueError(f"{key!r} lies outside")
        if not target.is_file():
            self.notes.add(f"the file {key.strip()!r} that it names is missing")
            raise FileNotFoundError(key)
        return target.read_bytes()

    def picture(self, words: list[str] | None) -> Image.Image | None:
        """How opaque each pixel is ("L"), by an OBJ material's ``map_d``; None where there is none, or it is whole."""
        if not words:
            return None
        try:
            opened = Image.open(io.BytesIO(self.get(words[-1] if words[0].startswith("-") else " ".join(words))))
            opened.load()
        except (OSError, ValueError, Image.DecompressionBombError, SyntaxError):
            self.notes.add("a picture of its holes cannot be read: it is shown whole")
            return None
        opacity = opened.getchannel("A") if "A" in opened.getbands() else opened.convert("L")
        return opacity if np.asarray(opacity).min() < 128 else None

    def keys(self) -> list[str]:
        """Names of the files beside the mesh."""
        return [item.name for item in self.folder.iterdir() if item.is_file()]

    def namespaced(self, namespace: str) -> _Beside:
        """The same for a folder below."""
        return _Beside(self.folder / namespace, self.notes)

    def write(self, name: str, data: Any) -> None:
        """Nothing is written while reading."""
        raise ValueError(f"{name!r} is not to be written")


def _part(name: str, geometry: Any, beside: _Beside, *, stl: bool) -> Part:
    """One geometry as it is in the file."""
    vertices = np.asarray(geometry.vertices, dtype=np.float64)
    faces = np.asarray(geometry.faces)
    uv = getattr(geometry.visual, "uv", None)
    if uv is not None and (np.shape(uv) != (len(vertices), 2) or not np.all(np.isfinite(uv))):
        uv = None
    surface = _surface(geometry.visual, uv, beside)
    # What a format stores for each corner is the author's shading; STL stores one a face, which is none.
    stored = None if stl else geometry._cache.cache.get("vertex_normals")
    normals = None if stored is None or np.shape(stored) != vertices.shape else np.asarray(stored, np.float32)
    if normals is not None and not np.all(np.isfinite(normals)):
        normals = None
    return Part(name, vertices, _narrowed(faces), surface, None if uv is None else np.asarray(uv, np.float32), normals)


def _narrowed(faces: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Faces as int32; what does not fit becomes -1, which no vertex has."""
    return np.where((faces < 0) | (faces > 2**31 - 1), -1, faces).astype(np.int32)


def _surface(visual: Any, uv: Any, beside: _Beside) -> Surface:
    if visual.kind in ("vertex", "face"):
        return Surface(_linear(visual.face_colors))
    material = getattr(visual, "material", None)
    if isinstance(material, trimesh.visual.material.MultiMaterial):
        material = material.materials[0] if material.materials else None
    if isinstance(material, trimesh.visual.material.PBRMaterial):
        factor = material.baseColorFactor
        color = np.ones(3) if factor is None else _unit(factor)[:3]
        metallic = 0.0 if material.metallicFactor is None else float(material.metallicFactor)
        roughness = 0.8 if material.roughnessFactor is None else float(material.roughnessFactor)
        return Surface(color, material.baseColorTexture if uv is not None else None, roughness, metallic)
    if isinstance(material, trimesh.visual.material.SimpleMaterial):
        image = material.image if uv is not None else None
        color = np.ones(3) if image is not None else _linear(np.asarray(material.diffuse)[None])[0]
        holes = beside.picture(material.kwargs.get("map_d")) if uv is not None else None
        if holes is None:
            return Surface(color, image)
        cut = Image.new("RGB", holes.size, "white") if image is None else image.convert("RGB")
        cut.putalpha(holes.resize(cut.size))
        return Surface(color, cut, cutoff=0.5)
    return Surface()


def _unit(values: Any) -> F64:
    """Bytes or unit floats as unit floats."""
    array = np.asarray(values)
    return array / 255.0 if array.dtype.kind in "iu" else array.astype(np.float64)


def _linear(colours: Any) -> F64:
    """Linear (N, 3) of sRGB colours (N, 3 or 4), bytes or unit floats."""
    return linear_from_srgb(_unit(colours)[:, :3].astype(np.float32)).astype(np.float64)
