"""Meshes from files: glTF, OBJ, PLY and STL, as one mesh in the world's axes.

glTF says +Y is up and is turned to +Z up; the other formats do not say, and are taken as they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlparse

import numpy as np
import numpy.typing as npt
import trimesh
from PIL import Image
from scipy.cluster.vq import kmeans2

from worldgen.conventions import F32, F64, YUP_FROM_ZUP, linear_from_srgb
from worldgen.material import Material
from worldgen.mesh import Mesh, box_uv, merged, vertex_normals
from worldgen.texture import Texture

SUFFIXES: Final = (".glb", ".gltf", ".obj", ".ply", ".stl")
MOST_TRIANGLES: Final = 5_000_000
MOST_COLOURS: Final = 16
MOST_PIXELS: Final = 2048  # a bitmap's longer edge; finer ones are reduced


def load_mesh(path: Path, *, scale: float = 1.0) -> Mesh:
    """The file's triangles as one mesh: metres times ``scale``, +Z up, every node of the file in its place.

    A base colour bitmap becomes a material whose texture multiplies its mean colour; ``uv`` is then in tiles. Colours
    painted on vertices or faces become at most 16 materials. Where ``uv`` is missing, it is projected by box, in
    metres. Degenerate triangles are dropped. Raises ValueError, one sentence, for what cannot be read or shown.
    """
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"{path.name}: scale is {scale}; it must be a number above 0")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{path.name} is not a mesh file: use {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise ValueError(f"there is no mesh file {path}")
    beside = _Beside(path.parent)
    try:
        with path.open("rb") as stream:
            scene = trimesh.load_scene(stream, file_type=suffix[1:], resolver=beside, process=False)
    except Exception as error:  # every reader fails in its own way on a broken file
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        if not beside.refused:
            raise ValueError(f"{path.name} cannot be read: it is broken or cut short ({reason})") from None
    if beside.refused:
        raise ValueError(f"{path.name} refers to {beside.refused[0]!r}, outside its own folder: that is not read")
    up = YUP_FROM_ZUP.T if suffix in (".gltf", ".glb") else np.eye(4)
    parts = []
    total = 0
    for node in sorted(scene.graph.nodes_geometry):
        world_from_node, key = scene.graph[node]
        geometry = scene.geometry[key]
        if not isinstance(geometry, trimesh.Trimesh) or len(geometry.faces) == 0:
            continue
        total += len(geometry.faces)
        if total > MOST_TRIANGLES:
            raise ValueError(f"{path.name} has more than {MOST_TRIANGLES:,} triangles: reduce it first")
        part = _part(path, key, geometry)
        if part is not None:
            part = part.transformed(np.diag([scale, scale, scale, 1.0]) @ up @ world_from_node)
            if all(material.texture is None for material in part.materials):
                part = replace(part, uv=box_uv(part.vertices, part.normals))
            parts.append(part)
    if not parts:
        raise ValueError(f"{path.name} has no triangles: point clouds, curves and empty files cannot be shown")
    return merged(parts)


class _Beside(trimesh.resolvers.Resolver):  # type: ignore[misc]
    """Serves a mesh file the files it names (buffers, bitmaps, materials), if they lie in or below its own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.refused: list[str] = []

    def get(self, key: str) -> bytes:
        """Content of the file ``key``."""
        target = (self.folder / unquote(key.strip())).resolve()
        if urlparse(key).scheme or not target.is_relative_to(self.folder):
            self.refused.append(key)
            raise ValueError(f"{key!r} lies outside")
        return target.read_bytes()

    def keys(self) -> list[str]:
        """Names of the files beside the mesh."""
        return [item.name for item in self.folder.iterdir() if item.is_file()]

    def namespaced(self, namespace: str) -> _Beside:
        """The same for a folder below."""
        return _Beside(self.folder / namespace)

    def write(self, name: str, data: Any) -> None:
        """Nothing is written while reading."""
        raise ValueError(f"{name!r} is not to be written")


def _part(path: Path, key: str, geometry: Any) -> Mesh | None:
    """One geometry in its own axes; None if nothing of it is left."""
    vertices = np.asarray(geometry.vertices, dtype=np.float64)
    faces = np.asarray(geometry.faces, dtype=np.int32)
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ValueError(f"{path.name}: {key} has triangles between vertices that do not exist")
    if not np.all(np.isfinite(vertices[faces])):
        raise ValueError(f"{path.name}: {key} has vertices that are not numbers")
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    whole = area > 1e-12 * max(float(np.ptp(vertices, axis=0).max()) ** 2, 1e-30)
    faces = faces[whole]
    if len(faces) == 0:
        return None
    visual = geometry.visual
    uv = getattr(visual, "uv", None)
    if uv is not None and (np.shape(uv) != (len(vertices), 2) or not np.all(np.isfinite(uv))):
        uv = None
    colours, bitmap, metallic, roughness = _look(path, visual, uv)
    v32 = vertices.astype(np.float32)
    normals = vertex_normals(v32, faces)
    stem = f"{path.stem}/{key}"
    if bitmap is not None and uv is not None:
        return _textured(stem, v32, faces, normals, np.asarray(uv, np.float32), colours, bitmap, metallic, roughness)
    face_colour = colours if colours.ndim == 1 else colours[whole]
    index, palette = _clustered(face_colour, len(faces))
    materials = tuple(
        Material(f"{stem}-{k}", "plastic", _rgb(colour), roughness, metallic) for k, colour in enumerate(palette)
    )
    return Mesh(v32, faces, normals, box_uv(v32, normals), index, materials)


def _textured(
    stem: str,
    vertices: F32,
    faces: npt.NDArray[np.int32],
    normals: F32,
    uv: F32,
    factor: F64,
    bitmap: Image.Image,
    metallic: float,
    roughness: float,
) -> Mesh:
    """Mean colour times a multiplier map, which is what a :class:`Texture` is."""
    if max(bitmap.size) > MOST_PIXELS:
        bitmap = bitmap.copy()
        bitmap.thumbnail((MOST_PIXELS, MOST_PIXELS))
    pixels = linear_from_srgb(np.asarray(bitmap.convert("RGB"), dtype=np.float32) / 255.0)
    edge = max(pixels.shape[:2])  # a detail map is square
    rows = np.arange(edge) * pixels.shape[0] // edge
    columns = np.arange(edge) * pixels.shape[1] // edge
    pixels = pixels[rows][:, columns]
    mean = np.maximum(pixels.mean((0, 1)), 1e-4)
    name = hashlib.blake2s(pixels.tobytes()).hexdigest()[:16]
    texture = Texture(name, (pixels / mean).astype(np.float32), 1.0)
    material = Material(f"{stem}-0", "plastic", _rgb(mean * factor), roughness, metallic, texture=texture)
    return Mesh(vertices, faces, normals, uv, np.zeros(len(faces), np.int32), (material,))


def _look(path: Path, visual: Any, uv: Any) -> tuple[F64, Image.Image | None, float, float]:
    """Linear colour (3,) or one a face (F, 3); a base colour bitmap; metallic; roughness."""
    if visual.kind in ("vertex", "face"):
        return _linear(visual.face_colors), None, 0.0, 0.8
    material = getattr(visual, "material", None)
    if isinstance(material, trimesh.visual.material.MultiMaterial):
        material = material.materials[0] if material.materials else None
    if isinstance(material, trimesh.visual.material.PBRMaterial):
        factor = material.baseColorFactor
        # glTF: the factor is linear already, though trimesh keeps it in bytes
        colour = np.ones(3) if factor is None else _unit(factor)[:3]
        metallic = 1.0 if material.metallicFactor is None else float(material.metallicFactor)
        roughness = 1.0 if material.roughnessFactor is None else float(material.roughnessFactor)
        if material.metallicRoughnessTexture is not None:
            metallic, roughness = _mean_metal(material.metallicRoughnessTexture, metallic, roughness)
        return colour, material.baseColorTexture, metallic, roughness
    if isinstance(material, trimesh.visual.material.SimpleMaterial):
        image = material.image if uv is not None else None
        colour = np.ones(3) if image is not None else _linear(np.asarray(material.diffuse)[None])[0]
        return colour, image, 0.0, 0.8
    return np.full(3, 0.5), None, 0.0, 0.8


def _mean_metal(image: Image.Image, metallic: float, roughness: float) -> tuple[float, float]:
    """The factors times the bitmap's mean: blue is metallic, green is roughness."""
    mean = np.asarray(image.convert("RGB"), dtype=np.float64).mean((0, 1)) / 255.0
    return metallic * float(mean[2]), roughness * float(mean[1])


def _unit(values: Any) -> F64:
    """Bytes or unit floats as unit floats."""
    array = np.asarray(values)
    return array / 255.0 if array.dtype.kind in "iu" else array.astype(np.float64)


def _linear(colours: Any) -> F64:
    """Linear (N, 3) of sRGB colours (N, 3 or 4), bytes or unit floats."""
    return linear_from_srgb(_unit(colours)[:, :3].astype(np.float32)).astype(np.float64)


def _clustered(colours: F64, count: int) -> tuple[npt.NDArray[np.int32], F64]:
    """Which of at most 16 colours each face has, and the colours (K, 3)."""
    if colours.ndim == 1:
        return np.zeros(count, np.int32), colours[None]
    distinct, index = np.unique(np.round(colours * 255).astype(np.int32), axis=0, return_inverse=True)
    if len(distinct) <= MOST_COLOURS:
        return index.reshape(-1).astype(np.int32), distinct / 255.0
    _, label = kmeans2(colours, MOST_COLOURS, iter=12, minit="++", rng=np.random.default_rng(0))
    used, index = np.unique(label, return_inverse=True)
    return index.astype(np.int32), np.stack([colours[label == k].mean(0) for k in used])


def _rgb(colour: npt.ArrayLike) -> tuple[float, float, float]:
    r, g, b = np.clip(np.asarray(colour, dtype=np.float64), 0.0, 1.0).tolist()
    return r, g, b
