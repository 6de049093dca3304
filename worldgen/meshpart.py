"""What every mesh file is made of once it is read: parts with one look each, mended where they need it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.cluster.vq import kmeans2

from worldgen.conventions import F32, F64, I32, linear_from_srgb
from worldgen.kit import smooth_normals
from worldgen.material import KINDS, RGB, Material, make
from worldgen.mesh import Mesh, box_uv, vertex_normals
from worldgen.texture import Texture

MOST_COLOURS: Final = 16
MOST_PIXELS: Final = 2048  # a bitmap's longer edge; finer ones are reduced
MOST_CREASED: Final = 400_000
"""Files with more triangles than this, and without normals of their own, are shaded smooth throughout."""


@dataclass(frozen=True)
class Surface:
    """How a part looks. color: linear (3,), or one a face (F, 3), of the surface or, with a ``bitmap``, its factor.

    kind: one word of ``KINDS`` if the file says so, else None. emission: linear, kilocandela per square metre.
    cutoff: 0-1, the bitmap's opacity below which there is no surface; None where it is whole.
    """

    color: F64 = field(default_factory=lambda: np.full(3, 0.5))
    bitmap: Image.Image | None = None
    roughness: float = 0.8
    metallic: float = 0.0
    emission: RGB = (0.0, 0.0, 0.0)
    kind: str | None = None
    cutoff: float | None = None


@dataclass(frozen=True)
class Part:
    """Triangles in the file's axes and units. vertices: (V, 3). faces: (F, 3). uv: (V, 2) tiles, v up, or None.
    normals: (V, 3) as the file has them, or None.
    """

    name: str
    vertices: F64
    faces: I32
    surface: Surface
    uv: F32 | None = None
    normals: F32 | None = None


def mended(part: Part, notes: set[str]) -> Part | None:
    """The part without triangles that have no area or lie twice in one place; None if nothing is left.

    What was mended goes to ``notes``. Raises ValueError for vertices that do not exist or are not numbers.
    """
    faces = part.faces
    if len(faces) == 0:
        return None
    if faces.min() < 0 or faces.max() >= len(part.vertices):
        raise ValueError(f"{part.name} has triangles between vertices that do not exist")
    used = np.zeros(len(part.vertices), bool)
    used[faces.ravel()] = True
    points = part.vertices if used.all() else part.vertices[used]
    if not np.isfinite(points).all():
        raise ValueError(f"{part.name} has vertices that are not numbers")
    size = float((points.max(axis=0) - points.min(axis=0)).max())
    if not size < 1e30:
        raise ValueError(f"{part.name} has vertices {size:.0e} apart, which is no size of a thing")
    corner = part.vertices[faces[:, 0]]
    (ax, ay, az), (bx, by, bz) = ((part.vertices[faces[:, k]] - corner).T for k in (1, 2))
    area = np.sqrt((ay * bz - az * by) ** 2 + (az * bx - ax * bz) ** 2 + (ax * by - ay * bx) ** 2)
    whole = area > 1e-12 * max(size, 1e-30) ** 2
    if not whole.all():
        notes.add("triangles without area were left out")
    keep = np.flatnonzero(whole)
    if len(keep) == 0:
        return None
    same = np.sort(faces[keep], axis=1)
    mixed = same.astype(np.uint64) * np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
    order = np.argsort(np.bitwise_xor.reduce(mixed, axis=1), kind="stable")  # what is the same comes side by side
    repeated = np.zeros(len(keep), bool)
    repeated[order[1:]] = (same[order[1:]] == same[order[:-1]]).all(axis=1)
    if repeated.any():
        notes.add("triangles that lie twice in one place were left out once")
        keep = keep[~repeated]
    surface = part.surface
    if surface.color.ndim == 2:
        surface = replace(surface, color=surface.color[keep])
    return replace(part, faces=np.ascontiguousarray(faces[keep]), surface=surface)


def meshed(part: Part, world_from_file: F64) -> Mesh:
    """The part in our axes and metres, with its materials."""
    vertices = part.vertices @ world_from_file[:3, :3].T + world_from_file[:3, 3]
    flipped = float(np.linalg.det(world_from_file[:3, :3])) < 0
    faces = np.ascontiguousarray(part.faces[:, ::-1]) if flipped else part.faces
    v32, uv, surface = vertices.astype(np.float32), part.uv, part.surface
    if part.normals is not None:
        n = part.normals @ np.linalg.inv(world_from_file[:3, :3])
        length = np.linalg.norm(n, axis=1, keepdims=True)
        own = vertex_normals(v32, faces)
        normals = np.where(length > 1e-12, n / np.maximum(length, 1e-12), own).astype(np.float32)
    elif len(faces) <= MOST_CREASED:
        _, first, one = np.unique(v32, axis=0, return_index=True, return_inverse=True)
        corner = faces.ravel()
        _, _, normals, _ = smooth_normals(v32[first], one.reshape(-1)[faces].astype(np.int32), 0.7)
        v32, faces = v32[corner], np.arange(len(corner), dtype=np.int32).reshape(-1, 3)
        uv = None if uv is None else uv[corner]
    else:
        normals = vertex_normals(v32, faces)
    if surface.bitmap is not None and uv is not None:
        material = (_textured(part.name, surface, surface.bitmap),)
        return Mesh(v32, faces, normals, uv.astype(np.float32), np.zeros(len(faces), np.int32), material)
    index, palette = _clustered(surface.color, len(faces))
    materials = tuple(_plain(f"{part.name}-{k}", surface, color) for k, color in enumerate(palette))
    return Mesh(v32, faces, normals, box_uv(v32, normals), index, materials)


def _plain(name: str, surface: Surface, color: F64) -> Material:
    rgb = _rgb(color)
    if surface.kind is None:
        kind = "metal" if surface.metallic > 0.5 else "plastic"
        return Material(name, kind, rgb, surface.roughness, surface.metallic, surface.emission)
    made = make(surface.kind, rgb)
    return replace(made, emission=surface.emission) if any(surface.emission) else made


def _textured(name: str, surface: Surface, bitmap: Image.Image) -> Material:
    """Mean colour times a multiplier map, which is what a :class:`Texture` is; with its holes."""
    if max(bitmap.size) > MOST_PIXELS:
        bitmap = bitmap.copy()
        bitmap.thumbnail((MOST_PIXELS, MOST_PIXELS))
    pixels = linear_from_srgb(np.asarray(bitmap.convert("RGB"), dtype=np.float32) / 255.0)
    edge = max(pixels.shape[:2])  # a detail map is square
    rows = np.arange(edge) * pixels.shape[0] // edge
    columns = np.arange(edge) * pixels.shape[1] // edge
    pixels = pixels[rows][:, columns]
    opacity = None
    if surface.cutoff is not None:
        alpha = np.asarray(bitmap.convert("RGBA"), dtype=np.float32)[rows][:, columns, 3]
        opacity = (alpha / max(surface.cutoff, 1e-3) * 0.5).round().clip(0, 255).astype(np.uint8)
        there = opacity > 127
        if there.any():  # else what nobody sees would shine through from afar
            pixels = np.where(there[..., None], pixels, pixels[there].mean(0))
    mean = np.maximum(pixels.mean((0, 1)), 1e-4)
    digest = hashlib.blake2s(pixels.tobytes() + (b"" if opacity is None else opacity.tobytes())).hexdigest()[:16]
    texture = Texture(digest, (pixels / mean).astype(np.float32), 1.0, opacity=opacity)
    roughness, metallic = surface.roughness, surface.metallic
    kind = surface.kind or ("metal" if metallic > 0.5 else "plastic")
    if surface.kind is not None:
        roughness, metallic = KINDS[kind].roughness, KINDS[kind].metallic
    return Material(name, kind, _rgb(mean * surface.color), roughness, metallic, surface.emission, texture)


def _clustered(colours: F64, count: int) -> tuple[I32, F64]:
    """Which of at most 16 colours each face has, and the colours (K, 3)."""
    if colours.ndim == 1:
        return np.zeros(count, np.int32), colours[None]
    distinct, index = np.unique(np.round(colours * 255).astype(np.int32), axis=0, return_inverse=True)
    if len(distinct) <= MOST_COLOURS:
        return index.reshape(-1).astype(np.int32), distinct / 255.0
    _, label = kmeans2(colours, MOST_COLOURS, iter=12, minit="++", rng=np.random.default_rng(0))
    used, index = np.unique(label, return_inverse=True)
    return index.astype(np.int32), np.stack([colours[label == k].mean(0) for k in used])


def _rgb(colour: npt.ArrayLike) -> RGB:
    r, g, b = np.clip(np.asarray(colour, dtype=np.float64), 0.0, 1.0).tolist()
    return r, g, b
