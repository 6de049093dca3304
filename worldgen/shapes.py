"""Primitive shapes: meshes that stand on z = 0, centred in x and y, with ``uv`` in metres."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F64, I32
from worldgen.kit import Kit, smooth_normals
from worldgen.material import Material
from worldgen.mesh import Mesh, box_uv


def _positive(shape: str, **sizes: float) -> None:
    for name, value in sizes.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"the {name} of a {shape} is {value}: give a positive number of metres")


def _mesh(vertices: npt.NDArray[np.floating], faces: I32, material: Material, crease: float) -> Mesh:
    v, f, n, _ = smooth_normals(vertices.astype(np.float32), faces.astype(np.int32), crease)
    return Mesh(v, f, n, box_uv(v, n), np.zeros(len(f), np.int32), (material,))


def box(size: tuple[float, float, float], material: Material, bevel: float | None = None) -> Mesh:
    """A box of ``size`` (x, y, z) metres with rounded edges of radius ``bevel`` metres (None: 3% of the least size,
    at most 15 mm; 0: sharp), because an edge that catches light is what makes a box look real.
    """
    x, y, z = (float(s) for s in size)
    _positive("box", **{"x size": x, "y size": y, "z size": z})
    least = min(x, y, z)
    radius = min(0.03 * least, 0.015) if bevel is None else float(bevel)
    if not 0 <= radius < least / 2:
        raise ValueError(f"the bevel of a box is {bevel}: give a length from 0 to less than half its least size")
    if radius == 0:
        kit = Kit()
        kit.boxes([-x / 2, -y / 2, 0], [x / 2, y / 2, z], material, ("-x", "+x", "-y", "+y", "-z", "+z"))
        return kit.build()
    vertices, faces = rounded_box((x, y, z), radius, 2)
    return _mesh(vertices, faces, material, 0.6)


def rounded_box(size: tuple[float, float, float], radius: float, steps: int) -> tuple[F64, I32]:
    """Vertices and faces of a box with edges rounded in ``steps`` facets: the sum of a smaller box and a ball."""
    half = np.array(size) / 2 - radius
    # One grid a side: flat in the middle, bent around the rim.
    bend = np.concatenate([-np.arange(steps, -1, -1), np.arange(0, steps + 1)]) / steps * (np.pi / 4)
    n = len(bend)
    sign = np.where(np.arange(n) <= steps, -1.0, 1.0)
    a, b = np.meshgrid(np.tan(bend), np.tan(bend), indexing="ij")
    sa, sb = np.meshgrid(sign, sign, indexing="ij")
    points: list[F64] = []
    faces: list[I32] = []
    i, j = np.meshgrid(np.arange(n - 1), np.arange(n - 1), indexing="ij")
    q = i * n + j
    quad = np.stack([q, q + n, q + n + 1, q + 1], axis=-1).reshape(-1, 4)
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for side in (1.0, -1.0):
            normal = np.zeros((n, n, 3))
            normal[..., axis], normal[..., u], normal[..., v] = side, a, b
            normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
            core = np.zeros((n, n, 3))
            core[..., axis], core[..., u], core[..., v] = side * half[axis], sa * half[u], sb * half[v]
            faces.append((quad if side > 0 else quad[:, ::-1]) + len(points) * n * n)
            points.append((core + radius * normal).reshape(-1, 3))
    vertices = np.concatenate(points) + np.array([0, 0, size[2] / 2])
    keys = np.round(vertices, 7)
    _, first, index = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    quads = index.reshape(-1)[np.concatenate(faces)]
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    a_, b_, c_ = triangles.T
    triangles = triangles[(a_ != b_) & (b_ != c_) & (a_ != c_)]
    return vertices[first], triangles.astype(np.int32)


def _turned(profile: list[tuple[float, float]] | F64, material: Material, sides: int) -> Mesh:
    kit = Kit()
    kit.turned(profile, material, sides=sides)
    return kit.build()


def sphere(radius: float, material: Material, sides: int = 40) -> Mesh:
    """A ball that touches the ground."""
    _positive("sphere", radius=radius)
    a = np.linspace(-np.pi / 2, np.pi / 2, sides // 2 + 1)
    return _turned(np.stack([radius * np.cos(a), radius * (1 + np.sin(a))], axis=1), material, sides)


def cylinder(radius: float, height: float, material: Material, sides: int = 40) -> Mesh:
    """An upright cylinder with closed ends and finely bevelled rims."""
    _positive("cylinder", radius=radius, height=height)
    e = min(0.01, 0.04 * min(radius, height))
    return _turned(
        [(0, 0), (radius - e, 0), (radius, e), (radius, height - e), (radius - e, height), (0, height)], material, sides
    )


def cone(radius: float, height: float, material: Material, sides: int = 40) -> Mesh:
    """An upright cone with its tip at ``height``."""
    _positive("cone", radius=radius, height=height)
    return _turned([(0, 0), (radius, 0), (0, height)], material, sides)


def capsule(radius: float, height: float, material: Material, sides: int = 32) -> Mesh:
    """An upright pill of total ``height`` metres, at least twice the radius."""
    _positive("capsule", radius=radius, height=height)
    if height < 2 * radius:
        raise ValueError(f"the height of a capsule is {height}: give at least twice its radius, {2 * radius}")
    a = np.linspace(0, np.pi / 2, 9)
    low = np.stack([radius * np.sin(a), radius * (1 - np.cos(a))], axis=1)
    high = np.stack([radius * np.cos(a), height - radius + radius * np.sin(a)], axis=1)
    return _turned(np.concatenate([low, high]), material, sides)


def torus(radius: float, tube: float, material: Material, sides: int = 48) -> Mesh:
    """A ring that lies on the ground. radius: from its centre to the middle of the tube; tube: radius of the tube."""
    _positive("torus", radius=radius, tube=tube)
    if tube >= radius:
        raise ValueError(f"the tube of a torus is {tube}: give less than its radius, {radius}")
    a = np.linspace(-np.pi, np.pi, 21)
    return _turned(np.stack([radius + tube * np.cos(a), tube + tube * np.sin(a)], axis=1), material, sides)


def plane(size: tuple[float, float], material: Material) -> Mesh:
    """A level rectangle of ``size`` (x, y) metres that faces up at z = 0."""
    x, y = (float(s) / 2 for s in size)
    _positive("plane", **{"x size": 2 * x, "y size": 2 * y})
    kit = Kit()
    kit.quads([[[-x, -y, 0], [x, -y, 0], [x, y, 0], [-x, y, 0]]], material)
    return kit.build()
