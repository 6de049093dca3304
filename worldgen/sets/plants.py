"""Parts of plants, many at a time: limbs, leaves with soft light, blades of grass; and small plants made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F64, I32
from worldgen.material import Material
from worldgen.mesh import Mesh, merged
from worldgen.sets.palette import Rng, tint


def unit_rows(v: F64) -> F64:
    """Rows (..., 3) scaled to length 1."""
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)


def limbs(paths: F64, radii: F64, sides: int, material: Material) -> Mesh:
    """Round limbs along ``paths (L, K, 3)`` with ``radii (L, K)`` or, all around, ``(L, K, sides)`` metres.

    Smooth, open at both ends; u runs around and v along, in metres.
    """
    count, k = paths.shape[:2]
    tangent = unit_rows(np.gradient(paths, axis=1))
    whole = unit_rows(paths[:, -1] - paths[:, 0])
    helper = np.eye(3)[np.argmin(np.abs(whole), axis=1)][:, None]
    side = unit_rows(np.cross(tangent, np.broadcast_to(helper, tangent.shape)))
    up = np.cross(tangent, side)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    normal = side[:, :, None] * np.cos(angle)[:, None] + up[:, :, None] * np.sin(angle)[:, None]
    r = np.broadcast_to(radii[..., None] if radii.ndim == 2 else radii, (count, k, sides))
    r = np.concatenate([r, r[..., :1]], axis=-1)
    points = (paths[:, :, None] + normal * r[..., None]).reshape(-1, 3)
    along = np.concatenate([np.zeros((count, 1)), np.linalg.norm(np.diff(paths, axis=1), axis=-1).cumsum(1)], axis=1)
    around = angle * np.maximum(np.abs(radii.reshape(count, -1)).max(axis=1), 0.01)[:, None]
    uv = np.stack(np.broadcast_arrays(around[:, None, :], along[..., None]), axis=-1).reshape(-1, 2)
    l, i, s = np.meshgrid(np.arange(count), np.arange(k - 1), np.arange(sides), indexing="ij")
    a = (l * k + i) * (sides + 1) + s
    b, d = a + 1, a + sides + 1
    faces = np.stack([np.stack([a, b, d + 1], -1), np.stack([a, d + 1, d], -1)], axis=3).reshape(-1, 3)
    return Mesh(
        points.astype(np.float32),
        faces.astype(np.int32),
        normal.reshape(-1, 3).astype(np.float32),
        uv.astype(np.float32),
        np.zeros(len(faces), np.int32),
        (material,),
    )


def leaves(
    at: F64,
    along: F64,
    facing: F64,
    length: npt.ArrayLike,
    width: npt.ArrayLike,
    which: npt.NDArray[np.int64],
    materials: tuple[Material, ...],
    soft: F64 | None = None,
    kites: bool = True,
) -> Mesh:
    """Leaves (N) that start at ``at (N, 3)``, point ``along`` and turn their upper side towards ``facing``.

    length, width: metres, one or one a leaf. which: (N,) row of ``materials``. soft: (N, 3) normals that light them,
    or None for their own. kites: two triangles a leaf, else one.
    """
    n = len(at)
    along = unit_rows(along)
    side = unit_rows(np.cross(along, facing))
    up = np.cross(side, along)
    flip = np.einsum("ij,ij->i", up, facing) < 0
    side[flip] *= -1
    long, wide = np.broadcast_to(length, (n,))[:, None], 0.5 * np.broadcast_to(width, (n,))[:, None]
    if kites:
        middle = at + 0.45 * long * along
        corners = np.stack([at, middle + wide * side, at + long * along, middle - wide * side], axis=1)
        local = np.array([[0, 0], [0.5, 0.45], [0, 1.0], [-0.5, 0.45]])
        triangles = np.array([[0, 1, 2], [0, 2, 3]])
    else:
        corners = np.stack([at - wide * side, at + wide * side, at + long * along], axis=1)
        local = np.array([[-0.5, 0], [0.5, 0], [0, 1.0]])
        triangles = np.array([[0, 1, 2]])
    c = corners.shape[1]
    faces = (np.arange(n)[:, None, None] * c + triangles).reshape(-1, 3)
    normal = unit_rows(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    wrong = np.einsum("ij,ij->i", normal, facing) < 0
    faces = faces.reshape(n, -1, 3)
    faces[wrong] = faces[wrong][:, :, ::-1]
    normal[wrong] *= -1
    normals = np.repeat(normal if soft is None else unit_rows(0.35 * normal + soft), c, axis=0)
    uv = local[None] * np.stack([2 * wide, long], axis=-1) + (np.arange(n)[:, None, None] * [0.37, 0.61]) % 3.0
    return Mesh(
        corners.reshape(-1, 3).astype(np.float32),
        faces.reshape(-1, 3).astype(np.int32),
        normals.astype(np.float32),
        uv.reshape(-1, 2).astype(np.float32),
        np.repeat(which, len(triangles)).astype(np.int32),
        materials,
    )


def many(mesh: Mesh, places: F64) -> Mesh:
    """Copies of ``mesh`` at ``places (N, 4, 4)`` (turned, moved and scaled evenly), as one mesh."""
    n, v = len(places), len(mesh.vertices)
    linear = places[:, :3, :3].astype(np.float32)
    points = np.einsum("nij,vj->nvi", linear, mesh.vertices) + places[:, None, :3, 3].astype(np.float32)
    normals = unit_rows(np.einsum("nij,vj->nvi", linear, mesh.normals)).astype(np.float32)
    faces = (mesh.faces[None] + (np.arange(n, dtype=np.int32) * v)[:, None, None]).reshape(-1, 3)
    shift = ((np.arange(n)[:, None] * np.array([1.37, 0.83])) % 7.0).astype(np.float32)
    uv = (mesh.uv[None] + shift[:, None]).reshape(-1, 2)
    return Mesh(
        points.reshape(-1, 3), faces.astype(np.int32), normals.reshape(-1, 3), uv, np.tile(mesh.material, n),
        mesh.materials,
    )  # fmt: skip


def meadow(rng: Rng, blades: int, height: float, spread: float, tints: Sequence[Material]) -> Mesh:
    """A tuft of bent blades of grass around the origin, three triangles a blade, with its feet in the ground."""
    a, r = rng.uniform(0, 2 * np.pi, blades), spread * np.sqrt(rng.random(blades))
    foot = np.stack([r * np.cos(a), r * np.sin(a), np.full(blades, -0.08)], axis=1)
    lean = np.stack([np.cos(a), np.sin(a), np.zeros(blades)], axis=1) * rng.uniform(0.15, 0.75, (blades, 1))
    tall = height * rng.uniform(0.55, 1.15, (blades, 1))
    b = rng.uniform(0, 2 * np.pi, blades)
    side = np.stack([np.cos(b), np.sin(b), np.zeros(blades)], axis=1) * rng.uniform(0.006, 0.012, (blades, 1))
    middle = foot + tall * (0.35 * lean + [0, 0, 0.6])
    tip = foot + tall * (1.05 * lean + [0, 0, 0.95])
    corners = np.stack([foot - side, foot + side, middle - 0.8 * side, middle + 0.8 * side, tip], axis=1)
    faces = (np.arange(blades)[:, None, None] * 5 + np.array([[0, 1, 3], [0, 3, 2], [2, 3, 4]])).reshape(-1, 3)
    # Blades are lit like the ground they stand on, or a meadow looks like needles.
    normals = np.repeat(unit_rows(0.55 * lean + [0, 0, 0.8]), 5, axis=0)
    uv = np.stack([np.tile([0.0, 0.02, 0.0, 0.02, 0.01], blades), corners[..., 2].ravel()], axis=1)
    return Mesh(
        corners.reshape(-1, 3).astype(np.float32),
        _upward(corners.reshape(-1, 3), faces.astype(np.int32), normals),
        normals.astype(np.float32),
        (uv + rng.uniform(0, 2, 2)).astype(np.float32),
        np.repeat(rng.integers(0, len(tints), blades), 3).astype(np.int32),
        tuple(tints),
    )


def _upward(points: F64, faces: I32, normals: F64) -> I32:
    """Faces turned so that their flat normal agrees with the given one."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    wrong = np.einsum("ij,ij->i", np.cross(b - a, c - a), normals[faces[:, 0]]) < 0
    faces[wrong] = faces[wrong][:, ::-1]
    return faces


def fern(rng: Rng, fronds: int, length: float, tints: Sequence[Material], pairs: int = 9) -> Mesh:
    """A fern: a rosette of arched fronds, each a double row of leaflets that shorten to the tip."""
    a = 2 * np.pi * (np.arange(fronds) + rng.uniform(-0.3, 0.3, fronds)) / fronds
    out = np.stack([np.cos(a), np.sin(a), np.zeros(fronds)], axis=1)
    long = length * rng.uniform(0.75, 1.1, (fronds, 1, 1))
    t = np.linspace(0.12, 1.0, pairs)[None, :, None]
    rise = rng.uniform(0.55, 0.8, (fronds, 1, 1))
    spine = long * (out[:, None] * (0.25 * t + 0.62 * t**2) + np.array([0, 0, 1.0]) * rise * (1.35 * t - 0.95 * t**2))
    along = unit_rows(np.gradient(spine, axis=1))
    across = unit_rows(np.cross(along, [0.0, 0.0, 1.0]))
    up = np.cross(across, along)
    wide = (long * 0.26 * np.sin(np.pi * np.clip(0.15 + 0.85 * t, 0, 1)) ** 0.7 + 0.015)[..., 0]
    at = np.repeat(spine[:, :, None], 2, axis=2)
    way = np.stack([across, -across], axis=2) + 0.45 * along[:, :, None] - 0.12 * up[:, :, None]
    which = np.repeat(rng.integers(0, len(tints), fronds), pairs * 2)
    size = np.repeat(wide[:, :, None], 2, axis=2).ravel()
    lit = np.repeat(np.repeat(up, 2, axis=1), 1, axis=0).reshape(-1, 3)
    return leaves(at.reshape(-1, 3), way.reshape(-1, 3), lit, size, 0.42 * size, which, tuple(tints), lit, kites=False)


def shrub(rng: Rng, height: float, width: float, count: int, leaf: float, tints: Sequence[Material]) -> Mesh:
    """A bush of ``count`` leaves on a few stems that come out of the ground at the origin."""
    stems = 7
    a = 2 * np.pi * (np.arange(stems) + rng.uniform(-0.3, 0.3, stems)) / stems
    out = np.stack([np.cos(a), np.sin(a), np.zeros(stems)], axis=1)
    t = np.linspace(0, 1, 3)[None, :, None]
    paths = out[:, None] * width * 0.42 * t**1.3 + np.array([0, 0, height * 0.85]) * t + [0, 0, -0.08]
    wood = limbs(paths, np.linspace(0.018, 0.006, 3)[None].repeat(stems, 0), 3, tint("bark", "#5d4c3a"))
    direction = unit_rows(rng.normal(size=(count, 3)))
    direction[:, 2] = np.abs(direction[:, 2]) * 1.2 - 0.25
    direction = unit_rows(direction)
    lobes = 1.0 + 0.22 * np.sin(direction @ rng.normal(0, 2.4, (3, 3)) + rng.uniform(0, 6, 3)).mean(axis=1)[:, None] * 2
    shell = direction * lobes * rng.uniform(0.45, 1.0, (count, 1)) ** 0.5
    at = shell * [0.5 * width, 0.5 * width, 0.5 * height] + [0, 0, 0.52 * height]
    way = direction + rng.normal(0, 0.7, (count, 3))
    facing = unit_rows(direction + np.array([0, 0, 0.5]))
    size = leaf * rng.uniform(0.7, 1.3, count)
    depth = np.linalg.norm(shell, axis=1) + 0.35 * direction[:, 2] + rng.normal(0, 0.15, count)
    which = np.clip((depth - 0.45) / 0.8 * len(tints), 0, len(tints) - 1).astype(np.int64)
    return merged([wood, leaves(at, way, facing, size, 0.6 * size, which, tuple(tints), facing)])
