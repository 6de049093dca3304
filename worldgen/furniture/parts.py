"""What furniture is made of: edged boards, cushions, draped cloth, legs; and the piece itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F32, F64, I32
from worldgen.kit import Kit
from worldgen.light import Lamp
from worldgen.material import Material
from worldgen.mesh import Mesh, box_uv, vertex_normals
from worldgen.stage import Spot

Vec3 = tuple[float, float, float]

FIBRED: Final = ("wood", "planks", "painted-wood")
"""Kinds whose texture runs along a board."""


@dataclass(frozen=True)
class Piece:
    """A piece of furniture in its own axes: its front towards +Y, its middle near x = y = 0.

    mesh: stands on z = 0; what hangs from a ceiling or on a wall has its fixing at the origin. spots: named places of
    it ("" for the piece itself). lamps: of it, burning or not. top: height of the surface that things can stand on.
    """

    mesh: Mesh
    spots: Mapping[str, Spot] = field(default_factory=dict)
    lamps: tuple[Lamp, ...] = ()
    top: float = 0.0

    @property
    def low(self) -> F32:
        """(3,) least corner."""
        return self.mesh.vertices.min(axis=0)

    @property
    def high(self) -> F32:
        """(3,) greatest corner."""
        return self.mesh.vertices.max(axis=0)


@lru_cache(maxsize=1)
def _edged() -> tuple[F64, I32, I32]:
    """A box with cut edges: signs of 24 vertices (8 corners, one vertex for each side), their sides, 44 faces."""
    corners = list(product((-1, 1), repeat=3))
    sign = np.repeat(np.array(corners, np.float64), 3, axis=0)
    axis = np.tile(np.arange(3), 8).astype(np.int32)
    at = sign * np.where(np.arange(3) == axis[:, None], 1.0, 0.8)
    row = {corner: 3 * k for k, corner in enumerate(corners)}
    polygons: list[list[int]] = [[row[c] + a for a in range(3)] for c in corners]
    for a in range(3):
        u, v = (a + 1) % 3, (a + 2) % 3
        for s in (-1, 1):
            ring = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
            polygons.append([row[tuple(_put(a, s, u, p, v, q))] + a for p, q in ring])
        for p, q in product((-1, 1), repeat=2):
            low, high = (row[tuple(_put(a, s, u, p, v, q))] for s in (-1, 1))
            polygons.append([low + u, high + u, high + v, low + v])
    faces = []
    for polygon in polygons:
        points = at[polygon]
        outward = np.cross(points[1] - points[0], points[2] - points[0]) @ points.mean(axis=0) > 0
        ring_ = polygon if outward else polygon[::-1]
        faces += [[ring_[0], ring_[k], ring_[k + 1]] for k in range(1, len(ring_) - 1)]
    return sign, axis, np.array(faces, np.int32)


def _put(a: int, s: int, u: int, p: int, v: int, q: int) -> list[int]:
    corner = [0, 0, 0]
    corner[a], corner[u], corner[v] = s, p, q
    return corner


def boards(kit: Kit, low: npt.ArrayLike, high: npt.ArrayLike, material: Material, edge: float = 0.003) -> None:
    """Boxes between ``low (N, 3)`` and ``high (N, 3)`` with edges softened over ``edge`` metres (less where a box is
    thin); their sides are shaded flat and their edges round. Wood runs along each side's longer direction.
    """
    lo, hi = np.asarray(low, np.float64).reshape(-1, 3), np.asarray(high, np.float64).reshape(-1, 3)
    sign, axis, faces = _edged()
    half = (hi - lo)[:, None] / 2
    cut = np.minimum(edge, 0.3 * half.min(axis=2, keepdims=True))
    own = np.arange(3) == axis[:, None]
    points = (lo + hi)[:, None] / 2 + sign * (half - np.where(own, 0.0, cut))
    normals = np.broadcast_to(np.where(own, sign, 0.0), points.shape).reshape(-1, 3).astype(np.float32)
    flat = points.reshape(-1, 3).astype(np.float32)
    uv = box_uv(flat, normals)
    if material.kind in FIBRED:
        size = np.repeat((hi - lo), 24, axis=0)
        a = np.tile(axis, len(lo))
        u = np.where(a == 0, 1, 0)
        v = np.where(a == 2, 1, 2)
        rows = np.arange(len(a))
        uv = np.where((size[rows, u] > size[rows, v])[:, None], uv[:, ::-1], uv)
    index = (np.arange(len(lo), dtype=np.int32)[:, None, None] * 24 + faces).reshape(-1, 3)
    kit.mesh(Mesh(flat, index, normals, uv, np.zeros(len(index), np.int32), (material,)))


def slab(kit: Kit, size: Vec3, at: Vec3, material: Material, edge: float = 0.003) -> None:
    """One board of ``size``, the middle of its bottom at ``at``."""
    x, y, z = at
    a, b, c = size
    boards(kit, [x - a / 2, y - b / 2, z], [x + a / 2, y + b / 2, z + c], material, edge)


def grid(points: F64, material: Material, uv: F64 | None = None, closed: bool = False) -> Mesh:
    """A smooth sheet through ``points (n, m, 3)``, seen from outside with the first index to the right and the second
    up. closed: whether coinciding points on its rim share a normal.
    """
    n, m = points.shape[:2]
    i, j = np.meshgrid(np.arange(n - 1), np.arange(m - 1), indexing="ij")
    q = i * m + j
    faces = np.stack([q, q + m, q + m + 1, q, q + m + 1, q + 1], axis=-1).reshape(-1, 3).astype(np.int32)
    flat = points.reshape(-1, 3).astype(np.float32)
    normals = welded_normals(flat, faces) if closed else vertex_normals(flat, faces)
    if uv is None:
        run = [np.linalg.norm(np.diff(points, axis=k), axis=2) for k in range(2)]
        u = np.concatenate([np.zeros((1, m)), np.cumsum(run[0], axis=0)])
        v = np.concatenate([np.zeros((n, 1)), np.cumsum(run[1], axis=1)], axis=1)
        uv = np.stack([np.broadcast_to(u.mean(axis=1, keepdims=True), (n, m)), v], axis=-1)
    surface = uv.reshape(-1, 2).astype(np.float32)
    return Mesh(flat, faces, normals, surface, np.zeros(len(faces), np.int32), (material,))


def welded_normals(vertices: F32, faces: I32) -> F32:
    """(V, 3) smooth normals, equal where vertices coincide."""
    _, index = np.unique(np.round(vertices, 5), axis=0, return_inverse=True)
    index = index.reshape(-1)
    first = np.zeros(index.max() + 1, np.int64)
    first[index[::-1]] = np.arange(len(index))[::-1]
    return vertex_normals(vertices[first], index[faces].astype(np.int32))[index]


def cushion(
    size: Vec3, material: Material, at: Vec3 = (0.0, 0.0, 0.0), crown: float = 0.02, hardness: float = 7.0, n: int = 10
) -> Mesh:
    """An upholstered body of ``size``, the middle of its bottom at ``at``: a box rounded as a superellipsoid of power
    ``hardness`` (Barr 1981), its top swollen by ``crown`` metres within the size.
    """
    t = np.linspace(-1, 1, n + 1)
    t = np.sign(t) * (1 - (1 - np.abs(t)) ** 1.7)
    a, b = np.meshgrid(t, t, indexing="ij")
    half = np.array(size) / 2 - [0, 0, crown / 2]
    points: list[F64] = []
    uvs: list[F32] = []
    faces: list[I32] = []
    i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    q = i * (n + 1) + j
    quads = np.stack([q, q + n + 1, q + n + 2, q, q + n + 2, q + 1], axis=-1).reshape(-1, 3)
    for axis in range(3):
        for side in (-1.0, 1.0):
            c = np.empty((n + 1, n + 1, 3))
            c[..., axis], c[..., (axis + 1) % 3], c[..., (axis + 2) % 3] = side, a, b
            c /= (np.abs(c) ** hardness).sum(axis=-1, keepdims=True) ** (1 / hardness)
            p = c * half
            p[..., 2] += np.where(c[..., 2] > 0, crown * (1 - c[..., 0] ** 2) * (1 - c[..., 1] ** 2), 0.0)
            flat = p.reshape(-1, 3)
            facing = np.zeros((len(flat), 3), np.float32)
            facing[:, axis] = side
            faces.append((quads if side > 0 else quads[:, ::-1]) + len(points) * len(flat))
            points.append(flat)
            uvs.append(box_uv(flat.astype(np.float32), facing))
    vertices = (np.concatenate(points) + np.array(at) + [0, 0, half[2]]).astype(np.float32)
    index = np.concatenate(faces).astype(np.int32)
    normals = welded_normals(vertices, index)
    return Mesh(vertices, index, normals, np.concatenate(uvs), np.zeros(len(index), np.int32), (material,))


def pillow(width: float, height: float, thickness: float, material: Material, n: int = 12) -> Mesh:
    """A scatter cushion that stands on its lower edge in the plane y = 0, its sides drawn in, its corners pointed."""
    t = np.sin(np.linspace(-np.pi / 2, np.pi / 2, n + 1))
    a, b = np.meshgrid(t, t, indexing="ij")
    x = a * (1 - 0.09 * (1 - b**2) * np.abs(a)) * width / 2
    z = (b * (1 - 0.09 * (1 - a**2) * np.abs(b)) + 1) * height / 2
    y = thickness / 2 * ((1 - a**4) * (1 - b**4)).clip(0) ** 0.45
    front = np.stack([x, y, z], axis=-1)[::-1]
    back = np.stack([x, -y, z], axis=-1)
    kit = Kit()
    kit.mesh(grid(front, material))
    kit.mesh(grid(back, material))
    return kit.build()


def draped(
    width: float, length: float, drops: tuple[float, float, float, float], material: Material, rng: np.random.Generator
) -> Mesh:
    """A cloth over a level top of ``width`` x ``length`` at z = 0, with wrinkles.

    drops: metres it hangs over the edges at -x, +x, -y, +y. The hanging parts swing out by up to 3 cm.
    """
    bend = 0.05

    def fall(half: float, less: float, more: float, n: int) -> tuple[F64, F64, F64]:
        s = np.concatenate(
            [
                -half - np.linspace(less, 0, 9)[:-1] if less else np.empty(0),
                np.linspace(-half, half, n),
                half + np.linspace(0, more, 9)[1:] if more else np.empty(0),
            ]
        )
        over = np.maximum(np.abs(s) - half + bend, 0.0) * np.where(s < 0, less > 0, more > 0)
        turn = np.minimum(over / bend, np.pi / 2)
        flat = np.sign(s) * (np.minimum(np.abs(s), half - bend * (over > 0)) + bend * np.sin(turn))
        drop = bend * (1 - np.cos(turn)) + np.maximum(over - bend * np.pi / 2, 0.0)
        return s, np.where(over > 0, flat, s), drop

    sx, x, zx = fall(width / 2, drops[0], drops[1], max(8, round(width / 0.07)))
    sy, y, zy = fall(length / 2, drops[2], drops[3], max(8, round(length / 0.07)))
    px, py = np.meshgrid(x, y, indexing="ij")
    hang = np.maximum(zx[:, None], zy[None, :])
    u, v = np.meshgrid(sx, sy, indexing="ij")
    wrinkle = np.zeros_like(u)
    for _ in range(7):
        angle, wave, phase = rng.uniform(0, np.pi), rng.uniform(0.18, 0.7), rng.uniform(0, 2 * np.pi)
        wrinkle += np.sin((u * np.cos(angle) + v * np.sin(angle)) * 2 * np.pi / wave + phase) * wave
    wrinkle *= 0.004
    swing = np.minimum(hang / 0.2, 1.0) * 0.014
    px += np.where(zx[:, None] > bend, np.sign(px) * swing * (1 + np.sin(v * 16 + 2 * np.sin(v * 5))), 0.0)
    py += np.where(zy[None, :] > bend, np.sign(py) * swing * (1 + np.sin(u * 17 + 2 * np.sin(u * 4))), 0.0)
    points = np.stack([px, py, -hang + np.where(hang < bend, wrinkle + 0.008, 0.0)], axis=-1)
    return grid(points, material, np.stack([u, v], axis=-1))


def legs(
    kit: Kit,
    x: float,
    y: float,
    height: float,
    material: Material,
    radius: float = 0.02,
    splay: float = 0.0,
    z: float = 0.0,
) -> None:
    """Four round tapered legs whose tops are at (±x, ±y, z + height), their feet ``splay`` metres further out."""
    for sx, sy in product((-1, 1), repeat=2):
        foot = [sx * (x + splay), sy * (y + splay), z]
        kit.tube([foot, [sx * x, sy * y, z + height]], [radius * 0.6, radius], material, 10)


def spin(kit: Kit, profile: npt.ArrayLike, material: Material, at: Vec3 = (0.0, 0.0, 0.0), sides: int = 20) -> None:
    """A piece turned on a lathe (see :meth:`Kit.turned`)."""
    kit.turned(profile, material, at, sides)
