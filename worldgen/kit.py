"""A builder that collects quads, boxes and turned pieces of many materials and makes one mesh of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F32, F64, I32
from worldgen.material import Material
from worldgen.mesh import Mesh, box_uv, face_normals

_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.int64)
_SIDES = {
    "-x": (0, 1, 3, 2),
    "+x": (4, 6, 7, 5),
    "-y": (0, 4, 5, 1),
    "+y": (2, 3, 7, 6),
    "-z": (0, 2, 6, 4),
    "+z": (1, 5, 7, 3),
}
ALL_SIDES = ("-x", "+x", "-y", "+y", "-z", "+z")
NO_BOTTOM = ("-x", "+x", "-y", "+y", "+z")


def _cross(a: F64, b: F64) -> F64:
    """Cross product of rows; ``np.cross`` spends most of its time on checks when there are few."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)


def _twice_area(a: F64, b: F64, c: F64) -> F64:
    n = _cross(b - a, c - a)
    return np.sqrt((n * n).sum(axis=1))


@dataclass
class Kit:
    """Pieces collected so far, in the builder's own frame (metres, +Z up).

    Every piece is a pair of triangles or more with its own corners; ``uv`` is in metres.
    """

    _points: list[F64] = field(default_factory=list)
    _faces: list[I32] = field(default_factory=list)
    _normals: list[F32] = field(default_factory=list)
    _uv: list[F32] = field(default_factory=list)
    _material: list[I32] = field(default_factory=list)
    _materials: dict[Material, int] = field(default_factory=dict)
    _count: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing was collected yet."""
        return not self._points

    def _add(self, points: F64, faces: I32, normals: F32, uv: F32, material: Material) -> None:
        row = self._materials.setdefault(material, len(self._materials))
        self._keep(points, faces, normals, uv, np.full(len(faces), row, np.int32))

    def _keep(self, points: F64, faces: I32, normals: F32, uv: F32, material: I32) -> None:
        self._points.append(points)
        self._faces.append(faces + np.int32(self._count))
        self._normals.append(normals)
        self._uv.append(uv)
        self._material.append(material)
        self._count += len(points)

    def quads(self, corners: npt.ArrayLike, material: Material, uv: npt.ArrayLike | None = None) -> None:
        """Flat four-cornered pieces ``(N, 4, 3)``, counter-clockwise seen from outside; a corner may repeat
        its neighbour.

        uv: (N, 4, 2) metres, or None for a projection along the dominant axis.
        """
        c = np.asarray(corners, dtype=np.float64).reshape(-1, 4, 3)
        area = np.stack([_twice_area(c[:, 0], c[:, 1], c[:, 2]), _twice_area(c[:, 0], c[:, 2], c[:, 3])], 1)
        solid = area > 1e-9
        some = solid.any(axis=1)
        if not some.any():
            return
        c, solid = c[some], solid[some]
        normal = _cross(c[:, 2] - c[:, 0], c[:, 3] - c[:, 1])
        normal /= np.sqrt((normal * normal).sum(1, keepdims=True))
        normals = np.repeat(normal, 4, axis=0).astype(np.float32)
        points = c.reshape(-1, 3)
        if uv is None:
            flat_uv = box_uv(points.astype(np.float32), normals)
        else:
            flat_uv = np.asarray(uv, np.float32).reshape(-1, 4, 2)[some].reshape(-1, 2)
        first = np.arange(len(c), dtype=np.int32)[:, None] * 4
        faces = (first + np.array([[0, 1, 2, 0, 2, 3]], np.int32)).reshape(-1, 3)
        self._add(points, faces[solid.ravel()], normals, flat_uv, material)

    def boxes(
        self, low: npt.ArrayLike, high: npt.ArrayLike, material: Material, sides: tuple[str, ...] = NO_BOTTOM
    ) -> None:
        """Boxes between ``low (N, 3)`` and ``high (N, 3)``; by default without the bottom."""
        lo, hi = np.asarray(low, np.float64).reshape(-1, 3), np.asarray(high, np.float64).reshape(-1, 3)
        both = np.stack([lo, hi], axis=1)  # (N, 2, 3)
        corners = np.stack([both[:, _CORNERS[:, k], k] for k in range(3)], axis=-1)  # (N, 8, 3)
        order = np.array([_SIDES[s] for s in sides])
        self.quads(corners[:, order].reshape(-1, 4, 3), material)

    def panel(self, x0: float, x1: float, z0: float, z1: float, y: float, material: Material) -> None:
        """An upright rectangle that faces +Y at depth ``y``."""
        self.quads([[[x1, y, z0], [x0, y, z0], [x0, y, z1], [x1, y, z1]]], material)

    def turned(
        self,
        profile: npt.ArrayLike,
        material: Material,
        at: tuple[float, float, float] = (0.0, 0.0, 0.0),
        sides: int = 12,
    ) -> None:
        """A piece turned on a lathe: ``profile (N, 2)`` of radius and height, from the bottom up; smooth around,
        and smooth along where the profile bends by less than about 40 degrees.
        """
        p = np.asarray(profile, np.float64)
        angle = np.linspace(0, 2 * np.pi, sides + 1)
        ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        step = np.diff(p, axis=0)
        slope = np.stack([step[:, 1], -step[:, 0]], axis=1)
        slope /= np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-12)
        ends = np.repeat(slope[:, None], 2, axis=1)  # (N-1, 2, 2) normal at the lower and the upper ring
        soft = np.einsum("ij,ij->i", slope[:-1], slope[1:]) > 0.75
        middle = slope[:-1] + slope[1:]
        middle /= np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-12)
        ends[:-1, 1][soft] = middle[soft]
        ends[1:, 0][soft] = middle[soft]
        pairs = np.stack([p[:-1], p[1:]], axis=1)  # (N-1, 2, 2)
        length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(step, axis=1))])
        rows = np.stack([length[:-1], length[1:]], axis=1)
        xy = pairs[:, :, None, 0, None] * ring
        z = np.broadcast_to(pairs[:, :, None, 1, None], (*xy.shape[:3], 1))
        points = np.concatenate([xy, z], axis=-1)
        normal_xy = ends[:, :, None, 0, None] * ring
        normal = np.concatenate([normal_xy, np.broadcast_to(ends[:, :, None, 1, None], z.shape)], axis=-1)
        u = np.broadcast_to(angle * max(float(p[:, 0].max()), 1e-3), xy.shape[:3])
        uv = np.stack([u, np.broadcast_to(rows[:, :, None], xy.shape[:3])], axis=-1)
        s = np.arange(sides)
        base = np.arange(len(step))[:, None] * (2 * (sides + 1))
        a, b = base + s, base + s + 1
        c, d = b + sides + 1, a + sides + 1
        faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
        flat = points.reshape(-1, 3)
        area = _twice_area(flat[faces[:, 0]], flat[faces[:, 1]], flat[faces[:, 2]])
        self._add(
            flat + np.asarray(at),
            faces[area > 1e-12].astype(np.int32),
            normal.reshape(-1, 3).astype(np.float32),
            uv.reshape(-1, 2).astype(np.float32),
            material,
        )

    def tube(self, path: npt.ArrayLike, radius: npt.ArrayLike, material: Material, sides: int = 6) -> None:
        """A round bar along ``path (N, 3)`` with one radius or one a point; open ends, smooth."""
        p = np.asarray(path, np.float64)
        r = np.broadcast_to(np.asarray(radius, np.float64), (len(p),))
        tangent = np.gradient(p, axis=0)
        tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
        # The frame hangs on the axis that the path follows least, which for a flat ring is the ring's own.
        helper = np.eye(3)[int(np.argmin(np.abs(tangent).mean(axis=0)))]
        side = np.cross(tangent, helper)
        side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-12)
        up = np.cross(tangent, side)
        angle = np.linspace(0, 2 * np.pi, sides + 1)
        normal = side[:, None] * np.cos(angle)[None, :, None] + up[:, None] * np.sin(angle)[None, :, None]
        points = p[:, None] + normal * r[:, None, None]
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))])
        uv = np.stack(np.broadcast_arrays(angle[None, :] * r.max(), along[:, None]), axis=-1)
        i, s = np.meshgrid(np.arange(len(p) - 1), np.arange(sides), indexing="ij")
        a = i * (sides + 1) + s
        b, d = a + 1, a + sides + 1
        faces = np.stack([np.stack([a, b, d + 1], -1), np.stack([a, d + 1, d], -1)], axis=2).reshape(-1, 3)
        self._add(
            points.reshape(-1, 3),
            faces.astype(np.int32),
            normal.reshape(-1, 3).astype(np.float32),
            uv.reshape(-1, 2).astype(np.float32),
            material,
        )

    def mesh(self, mesh: Mesh, place: npt.ArrayLike | None = None) -> None:
        """A ready mesh, moved by ``place (4, 4)``."""
        m = mesh if place is None else mesh.transformed(place)
        index = np.array([self._materials.setdefault(x, len(self._materials)) for x in m.materials], np.int32)
        self._keep(m.vertices.astype(np.float64), m.faces, m.normals, m.uv, index[m.material])

    def build(self, place: npt.ArrayLike | None = None, uv_offset: tuple[float, float] = (0.0, 0.0)) -> Mesh:
        """Everything as one mesh, moved by ``place (4, 4)``; ``uv_offset`` metres slide all textures."""
        if not self._points:
            raise ValueError("there is nothing to build: add a piece first")
        mesh = Mesh(
            np.concatenate(self._points).astype(np.float32),
            np.concatenate(self._faces),
            np.concatenate(self._normals),
            np.concatenate(self._uv) + np.array(uv_offset, np.float32),
            np.concatenate(self._material),
            tuple(self._materials),
        )
        return mesh if place is None else mesh.transformed(place)


def placed(x: float, y: float, z: float = 0.0, turn: float = 0.0) -> F64:
    """(4, 4) that turns by ``turn`` radians about +Z and then moves to (x, y, z)."""
    c, s = np.cos(turn), np.sin(turn)
    return np.array([[c, -s, 0, x], [s, c, 0, y], [0, 0, 1, z], [0, 0, 0, 1.0]])


def smooth_normals(vertices: F32, faces: I32, crease: float = 0.7) -> tuple[F32, I32, F32, I32]:
    """Split vertices so that edges sharper than ``acos(crease)`` stay hard.

    Returns vertices, faces, unit normals and, for each new vertex, the row of the old one. Each corner's normal is
    the mean, by area, of the adjoining face normals within the crease of its own face.
    """
    n = face_normals(vertices, faces)
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).astype(np.float32)
    corner = faces.ravel()
    owner = np.repeat(np.arange(len(faces)), 3)
    order = np.argsort(corner, kind="stable")
    start = np.searchsorted(corner[order], np.arange(len(vertices) + 1))
    normals = np.zeros((len(corner), 3), np.float32)
    degree = np.diff(start)
    for k in range(int(degree.max(initial=0))):
        has = degree[corner] > k
        face = owner[order[np.minimum(start[corner] + k, len(order) - 1)]]
        other = n[face]
        near = has & (np.einsum("ij,ij->i", other, n[owner]) > crease)
        normals += np.where(near[:, None], other * area[face, None], 0)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return vertices[corner], np.arange(len(corner), dtype=np.int32).reshape(-1, 3), normals, corner.astype(np.int32)
