"""Fans of rays: from points to the fixed directions above their surfaces, and the light that they bring together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from render.compiled import compiled
from render.direct import fixed_directions, lifted
from render.patches import Points
from render.rays import RayScene
from worldgen.conventions import F32, F64, I32, Bool
from worldgen.world import Snapshot

I64 = npt.NDArray[np.int64]

DIRECTIONS: Final = 64
"""Over the whole sphere; a point uses those above its surface, about half."""

CREVICE_M: Final = 2.0
"""Ambient occlusion counts surfaces nearer than this, the near ones more."""


@dataclass(frozen=True)
class Fan:
    """Rays from N points to the fixed directions above their surfaces, point after point.

    point, which: (R,) of each ray, its point and its direction. origins, directions: (R, 3). weight: (R,) of a point's
    rays they add up to 1 (each by its cosine). lattice: how many fixed directions there are.
    """

    point: I64
    which: I64
    origins: F32
    directions: F32
    weight: F32
    lattice: int

    @staticmethod
    def of(points: F32, normals: F32, lattice: int = DIRECTIONS) -> Fan:
        """From ``points (N, 3)`` on surfaces with ``normals (N, 3)``, to some of ``lattice`` directions."""
        most = len(points) * lattice
        fan = Fan(
            np.empty(most, np.int64),
            np.empty(most, np.int64),
            np.empty((most, 3), np.float32),
            np.empty((most, 3), np.float32),
            np.empty(most, np.float32),
            lattice,
        )
        directions = fixed_directions(lattice)
        count = _spread_out(
            lifted(points, normals), normals, directions, fan.point, fan.which, fan.origins, fan.directions, fan.weight
        )
        return fan[:count]

    def __getitem__(self, rows: I64 | slice) -> Fan:
        return Fan(
            self.point[rows],
            self.which[rows],
            self.origins[rows],
            self.directions[rows],
            self.weight[rows],
            self.lattice,
        )

    def hits(self, rays: RayScene) -> tuple[I32, F32]:
        """(R,) the face that each ray meets first, or -1, and (R,) how far away."""
        triangle, _, distance = rays.cast(self.origins, self.directions)
        return triangle, distance

    def gathered(self, count: int, distance: F32, light: F32, inner: Bool, hit: I64, sky: F32) -> F32:
        """(count, 9) of the points: irradiance from the sky and from surfaces (3 each), occlusion, shares of their rays
        that meet the sky and that meet surfaces from behind.

        hit: (H,) the rays that meet a surface; light: (H, 3) its radiance; inner: (H,) whether it is met from behind.
        distance: (R,). sky: (lattice, 3) radiance.
        """
        found = np.zeros((count, 9))
        _collect(self.point, self.which, self.weight, distance, light, inner, hit, sky, found)
        return found.astype(np.float32)


def met(
    snapshot: Snapshot, origins: F32, directions: F32, distance: F32, triangle: I32, hit: I64
) -> tuple[Points, Bool]:
    """Where the rays ``hit`` (rows of the other arrays) meet their triangles, and whether from behind."""
    found = Points(np.empty((len(hit), 3), np.float32), np.empty((len(hit), 3), np.float32), triangle[hit])
    inner = np.empty(len(hit), np.bool_)
    _meet(
        origins, directions, distance, hit, snapshot.vertices, snapshot.faces, found.triangle, found.position,
        found.normal, inner,
    )  # fmt: skip
    return found, inner


@compiled
def _spread_out(
    start: F32, normals: F32, lattice: F32, point: I64, which: I64, origins: F32, directions: F32, weight: F32
) -> int:
    count = 0
    for n in range(len(start)):
        first, total = count, 0.0
        for d in range(len(lattice)):
            cosine = normals[n, 0] * lattice[d, 0] + normals[n, 1] * lattice[d, 1] + normals[n, 2] * lattice[d, 2]
            if cosine > np.float32(0.02):
                point[count], which[count], weight[count] = n, d, cosine
                for k in range(3):
                    origins[count, k], directions[count, k] = start[n, k], lattice[d, k]
                total += cosine
                count += 1
        share = np.float32(max(total, 1e-6))
        for ray in range(first, count):
            weight[ray] /= share
    return count


@compiled
def _meet(
    origins: F32, directions: F32, distance: F32, hit: I64, vertices: F32, faces: I32, triangle: I32, position: F32,
    normal: F32, inner: Bool,
) -> None:  # fmt: skip
    for n in range(len(hit)):
        ray, face = hit[n], faces[triangle[n]]
        a, b, c = vertices[face[0]], vertices[face[1]], vertices[face[2]]
        ex, ey, ez, fx, fy, fz = b[0] - a[0], b[1] - a[1], b[2] - a[2], c[0] - a[0], c[1] - a[1], c[2] - a[2]
        x, y, z = ey * fz - ez * fy, ez * fx - ex * fz, ex * fy - ey * fx
        length = max(np.sqrt(x * x + y * y + z * z), np.float32(1e-20))
        inner[n] = x * directions[ray, 0] + y * directions[ray, 1] + z * directions[ray, 2] > 0
        if inner[n]:
            length = -length
        normal[n, 0], normal[n, 1], normal[n, 2] = x / length, y / length, z / length
        for k in range(3):
            position[n, k] = origins[ray, k] + directions[ray, k] * distance[ray]


@compiled
def _collect(
    point: I64, which: I64, weight: F32, distance: F32, light: F32, inner: Bool, hit: I64, sky: F32, found: F64
) -> None:
    for n in range(len(found)):
        found[n, 6] = 1.0
    at = 0
    for ray in range(len(point)):
        n = point[ray]
        scale = weight[ray] * np.float32(np.pi)  # the cosines' integral over the half sphere is pi
        if at < len(hit) and hit[at] == ray:
            near = max(1.0 - distance[ray] / CREVICE_M, 0.0)
            found[n, 6] -= weight[ray] * near * near
            for k in range(3):
                found[n, 3 + k] += light[at, k] * scale
            if inner[at]:
                found[n, 8] += weight[ray]
            at += 1
        else:
            for k in range(3):
                found[n, k] += sky[which[ray], k] * scale
            found[n, 7] += weight[ray]
