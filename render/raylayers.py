"""Parts of a world that rays are shot at: by which engine, which faces, and whether these have holes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from render.cutout import MOST_LAYERS, Cutouts
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, I32, Bool

Hits = tuple[I32, F32, F32]
"""(N,) int32 face row or -1, (N, 2) float32 barycentrics, (N,) float32 distance (+inf for none)."""

_BEHIND: Final = 1e-5
"""Metres behind a hole from which a ray goes on."""

_FAR: Final = 1e6
"""Stands for an unlimited reach where an engine scales directions by it; metres for unit directions."""


@dataclass(frozen=True)
class View:
    """Rays through the centres of pixels, of planar depth 1, in the axes in which they are shot.

    eye: (3,). corner: (3,) through the first pixel's centre. right, down: (3,) what a pixel further adds to it.
    near, far: m, planar, between which things are seen. size: (width, height).
    """

    eye: F32
    corner: F64
    right: F64
    down: F64
    near: float
    far: float
    size: tuple[int, int]

    @staticmethod
    def of(camera: Camera, eye: F64) -> View:
        """The rays of ``camera`` if it stood at ``eye``."""
        axes = camera.world_from_camera[:3, :3] @ np.linalg.inv(camera.K)
        corner = axes @ np.array([0.5, 0.5, 1.0])
        right, down = np.ascontiguousarray(axes[:, 0]), np.ascontiguousarray(axes[:, 1])
        size = (camera.width, camera.height)
        return View(eye.astype(np.float32), corner, right, down, float(camera.near), float(camera.far), size)

    def through(self, pixels: npt.NDArray[np.int64]) -> F32:
        """(N, 3) directions through flat ``pixels (N,)``."""
        y, x = np.divmod(pixels, self.size[0])
        return np.asarray(self.corner + y[:, None] * self.down + x[:, None] * self.right, dtype=np.float32)


@dataclass(frozen=True)
class Seen:
    """Pictures (H, W) as of :class:`render.raster.GBuffer`, and ``far``, the planar depth up to which a ray looks."""

    triangle: I32
    bary: F32
    far: F32

    @staticmethod
    def nothing(view: View) -> Seen:
        """What ``view`` sees of an empty world."""
        width, height = view.size
        far = np.full((height, width), view.far, np.float32)
        return Seen(np.full(far.shape, -1, np.int32), np.zeros((*far.shape, 2), np.float32), far)

    def flat(self) -> Hits:
        """Views of all three, pixel after pixel."""
        return self.triangle.reshape(-1), self.bary.reshape(-1, 2), self.far.reshape(-1)


class Part(Protocol):
    """Some triangles of the world, ready to be shot at."""

    def move(self, vertices: F32) -> None: ...

    def cast(self, origins: F32, directions: F32, reach: F32) -> Hits: ...

    def occluded(self, origins: F32, directions: F32, reach: F32) -> Bool: ...

    def see(self, view: View, rows: I32, seen: Seen) -> None:
        """Put into ``seen`` what is nearer. rows: the names of the faces, or if there is just one, of the first."""


class Open3DPart:
    """Triangles in an Open3D ``RaycastingScene``."""

    def __init__(self, vertices: F32, faces: I32, apart: F32 | None = None) -> None:
        import open3d

        self._tensor: Callable[..., Any] = open3d.core.Tensor.from_numpy
        self._empty: Callable[[], Any] = open3d.t.geometry.RaycastingScene
        self._faces = faces.astype(np.uint32)
        self.move(vertices)

    def move(self, vertices: F32) -> None:
        """From now on the vertices are here."""
        self._scene: Any = self._empty()
        self._scene.add_triangles(self._tensor(vertices), self._tensor(self._faces))

    def cast(self, origins: F32, directions: F32, reach: F32) -> Hits:
        rays = np.concatenate([origins, directions], axis=1)
        answer = self._scene.cast_rays(self._tensor(rays))
        distance: F32 = answer["t_hit"].numpy()
        miss = ~(distance <= reach) | np.isinf(distance)
        triangle = answer["primitive_ids"].numpy().view(np.int32)
        bary: F32 = answer["primitive_uvs"].numpy()
        triangle[miss], bary[miss], distance[miss] = -1, 0.0, np.inf
        return triangle, bary, distance

    def occluded(self, origins: F32, directions: F32, reach: F32) -> Bool:
        # The engine takes one reach for all rays, so each direction carries its own.
        rays = np.concatenate([origins, directions * np.minimum(reach, np.float32(_FAR))[:, None]], axis=1)
        answer: Bool = self._scene.test_occlusions(self._tensor(rays), tfar=1.0).numpy()
        return answer

    def see(self, view: View, rows: I32, seen: Seen) -> None:
        """Put into ``seen`` what is nearer."""
        triangle, bary, far = seen.flat()
        directions, near = view.through(np.arange(len(far))), np.float32(view.near)
        found, weights, distance = self.cast(view.eye + near * directions, directions, far - near)
        nearer = np.flatnonzero(found >= 0)
        triangle[nearer] = rows[found[nearer]] if len(rows) > 1 else rows[0] + found[nearer]
        bary[nearer], far[nearer] = weights[nearer], distance[nearer] + near


@dataclass(frozen=True)
class Layer:
    """One part of a scene. rows: its faces' rows of ``snapshot.faces``, as the first of a run or one by one.
    cutouts: of the world where the faces may have holes, else None.
    """

    part: Part
    rows: int | I32
    cutouts: Cutouts | None = None

    def cast(self, origins: F32, directions: F32, reach: F32) -> Hits:
        """As :meth:`Part.cast`, in rows of ``snapshot.faces``."""
        hits = self._met(origins, directions, reach)
        if self.cutouts is not None:
            self._look_through(self.cutouts, hits, origins, directions, reach)
        return hits

    def _look_through(self, cutouts: Cutouts, hits: Hits, origins: F32, directions: F32, reach: F32) -> None:
        """Where rays met a hole, put into ``hits`` what they meet behind it."""
        triangle, bary, distance = hits
        going = np.arange(len(triangle))
        for _ in range(MOST_LAYERS):
            going = going[cutouts.holed(triangle[going], bary[going])]
            if not len(going):
                break
            d = directions[going]
            behind = distance[going] * np.float32(1 + 4e-7) + np.float32(_BEHIND) / np.sqrt(np.einsum("nc,nc->n", d, d))
            start = origins[going] + behind[:, None] * d
            triangle[going], bary[going], more = self._met(start, d, np.maximum(reach[going] - behind, 0))
            distance[going] = behind + more

    def _met(self, origins: F32, directions: F32, reach: F32) -> Hits:
        triangle, bary, distance = self.part.cast(origins, directions, reach)
        if isinstance(self.rows, int):
            if self.rows:
                triangle[triangle >= 0] += np.int32(self.rows)
        else:
            triangle = np.where(triangle < 0, np.int32(-1), self.rows[triangle])
        return triangle, bary, distance

    def occluded(self, origins: F32, directions: F32, reach: F32) -> Bool:
        """As :meth:`Part.occluded`."""
        if self.cutouts is None:
            return self.part.occluded(origins, directions, reach)
        return self.cast(origins, directions, reach)[0] >= 0

    def see(self, view: View, seen: Seen) -> None:
        """Put into ``seen`` what is nearer."""
        rows = np.array([self.rows], np.int32) if isinstance(self.rows, int) else self.rows
        if self.cutouts is None:
            self.part.see(view, rows, seen)
            return
        own = Seen(np.full_like(seen.triangle, -1), np.zeros_like(seen.bary), seen.far.copy())
        self.part.see(view, rows, own)
        met = np.flatnonzero(own.triangle >= 0)
        triangle, bary, far = own.flat()
        hits = triangle[met], bary[met], far[met]
        reach, directions = seen.far.reshape(-1)[met], view.through(met)
        origins = np.broadcast_to(view.eye, directions.shape)
        self._look_through(self.cutouts, hits, origins, directions, reach)
        nearer = hits[0] >= 0
        for values, new in zip(seen.flat(), hits, strict=True):
            values[met[nearer]] = new[nearer]
