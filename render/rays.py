"""Rays against a snapshot: what they hit first, and whether anything stands in their way.

Two engines, both over Embree (Wald et al. 2014): ``embree`` (``render.embree``, which needs no system library) and
``open3d``. The geometry that never moves is built once a world; the moving part, usually a few characters, is rebuilt
whenever its vertices change, and the answers are merged. Faces with holes are parts of their own: a ray that meets a
hole goes on from just behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Literal, Protocol

import numpy as np

from render.cutout import MOST_LAYERS, Cutouts
from render.embree import Triangles, embree
from render.raster import same_world
from worldgen.conventions import F32, F64, I32, Array, Bool
from worldgen.world import Snapshot

Engine = Literal["auto", "embree", "open3d"]
Hits = tuple[I32, F32, F32]
"""(N,) int32 face row or -1, (N, 2) float32 barycentrics, (N,) float32 distance (+inf for none)."""

_FAR_OFF: Final = 1000.0
"""Metres from the origin to a world's middle beyond which rays are shot in axes that start at its middle."""

_BEHIND: Final = 1e-5
"""Metres behind a hole from which a ray goes on."""

_FAR: Final = 1e6
"""Stands for an unlimited reach where an engine scales directions by it; metres for unit directions."""


class _Part(Protocol):
    """Some triangles of the world, ready to be shot at."""

    def cast(self, origins: F32, directions: F32, reach: F32) -> Hits: ...

    def occluded(self, origins: F32, directions: F32, reach: F32) -> Bool: ...


class _Open3DPart:
    """Triangles in an Open3D ``RaycastingScene``."""

    def __init__(self, vertices: F32, faces: I32) -> None:
        import open3d

        self._tensor: Callable[..., Any] = open3d.core.Tensor.from_numpy
        self._scene: Any = open3d.t.geometry.RaycastingScene()
        self._scene.add_triangles(self._tensor(vertices), self._tensor(faces.astype(np.uint32)))

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


@dataclass(frozen=True)
class _Layer:
    """One part of a scene. rows: its faces' rows of ``snapshot.faces``, as the first of a run or one by one.
    cutouts: of the world where the faces may have holes, else None.
    """

    part: _Part
    rows: int | I32
    cutouts: Cutouts | None = None

    def cast(self, origins: F32, directions: F32, reach: F32) -> Hits:
        """As :meth:`_Part.cast`, in rows of ``snapshot.faces``."""
        triangle, bary, distance = self._met(origins, directions, reach)
        if self.cutouts is None:
            return triangle, bary, distance
        going = np.arange(len(triangle))
        for _ in range(MOST_LAYERS):
            going = going[self.cutouts.holed(triangle[going], bary[going])]
            if not len(going):
                break
            d = directions[going]
            behind = distance[going] * np.float32(1 + 4e-7) + np.float32(_BEHIND) / np.sqrt(np.einsum("nc,nc->n", d, d))
            start = origins[going] + behind[:, None] * d
            triangle[going], bary[going], more = self._met(start, d, np.maximum(reach[going] - behind, 0))
            distance[going] = behind + more
        return triangle, bary, distance

    def _met(self, origins: F32, directions: F32, reach: F32) -> Hits:
        triangle, bary, distance = self.part.cast(origins, directions, reach)
        if isinstance(self.rows, int):
            if self.rows:
                triangle[triangle >= 0] += np.int32(self.rows)
        else:
            triangle = np.where(triangle < 0, np.int32(-1), self.rows[triangle])
        return triangle, bary, distance

    def occluded(self, origins: F32, directions: F32, reach: F32) -> Bool:
        """As :meth:`_Part.occluded`."""
        if self.cutouts is None:
            return self.part.occluded(origins, directions, reach)
        return self.cast(origins, directions, reach)[0] >= 0


class RayScene:
    """A snapshot that rays can be shot at.

    engine: ``auto`` takes embreex (measured the faster of the two, for the work around the rays), else Open3D.
    """

    def __init__(self, engine: Engine = "auto") -> None:
        self.engine: Literal["embree", "open3d"] = _chosen(engine)
        self._build = _Open3DPart if self.engine == "open3d" else Triangles
        self._snapshot: Snapshot | None = None
        self._cutouts: Cutouts | None = None
        self._middle: F64 | None = None
        self._static: tuple[_Layer, ...] = ()
        self._moving: tuple[_Layer, ...] = ()

    def update(self, snapshot: Snapshot) -> None:
        """Aim later rays at ``snapshot``; cheap when only the moving part of the same world has changed."""
        before = self._snapshot
        if before is snapshot:
            return
        if before is None or not same_world(before, snapshot):
            self._cutouts = Cutouts.of(snapshot)
            self._middle = _far_middle(snapshot.vertices)
            self._static = self._layers(snapshot, moving=False)
            before = None
        if before is None or before.vertices is not snapshot.vertices:
            self._moving = self._layers(snapshot, moving=True)
        self._snapshot = snapshot

    def still(self) -> RayScene:
        """The part of the world that never moves, alone; shares what was built for it."""
        alone = RayScene(self.engine)
        alone._snapshot, alone._cutouts, alone._static = self._aimed(), self._cutouts, self._static
        alone._middle = self._middle
        return alone

    def moving(self) -> RayScene:
        """The part of the world that may move, alone, as it is now; shares what was built for it."""
        alone = RayScene(self.engine)
        alone._snapshot, alone._cutouts, alone._moving = self._aimed(), self._cutouts, self._moving
        return alone

    def _layers(self, snapshot: Snapshot, *, moving: bool) -> tuple[_Layer, ...]:
        split = snapshot.static_faces
        first, start = (snapshot.static_vertices if split else 0, split) if moving else (0, 0)
        faces = snapshot.faces[split:] - np.int32(first) if moving else snapshot.faces[:split]
        vertices = np.ascontiguousarray(self._near(snapshot.vertices[first:]), np.float32)

        def built(some: I32) -> _Part:
            return self._build(vertices, np.ascontiguousarray(some, np.int32))

        holes = None if self._cutouts is None else self._cutouts.of_face[start : start + len(faces)] >= 0
        if not len(faces):
            return ()
        if holes is None or not holes.any():
            return (_Layer(built(faces), start),)
        groups = [
            (np.flatnonzero(~holes).astype(np.int32), None),
            (np.flatnonzero(holes).astype(np.int32), self._cutouts),
        ]
        return tuple(_Layer(built(faces[rows]), rows + np.int32(start), cut) for rows, cut in groups if len(rows))

    def _near(self, points: Array) -> Array:
        """World points where rays are shot: as they are, or for a world far off, relative to its middle."""
        return points if self._middle is None else np.asarray(points, np.float64) - self._middle

    def _aimed(self) -> Snapshot:
        if self._snapshot is None:
            raise ValueError("no snapshot to shoot at: call RayScene.update(snapshot) first")
        return self._snapshot

    def cast(self, origins: Array, directions: Array, reach: float | Array = np.inf) -> Hits:
        """The first surface each ray meets.

        origins, directions: (N, 3) world metres; directions need not be unit. reach: (N,) or one number, in lengths of
        the direction. Returns the row of ``snapshot.faces`` (N,) int32, -1 for none; the weights of its second and
        third corner (N, 2) float32; and the distance (N,) float32 in lengths of the direction, +inf for none.
        """
        self._aimed()
        o, d, r = _rays(self._near(origins), directions, reach)
        layers = sorted((*self._static, *self._moving), key=lambda layer: layer.cutouts is not None)
        if not layers or not len(o):
            n = len(o)
            return np.full(n, -1, np.int32), np.zeros((n, 2), np.float32), np.full(n, np.inf, np.float32)
        triangle, bary, distance = layers[0].cast(o, d, r)
        for layer in layers[1:]:
            other, other_bary, other_distance = layer.cast(o, d, np.minimum(r, distance))
            nearer = np.flatnonzero(other_distance < distance)
            triangle[nearer] = other[nearer]
            bary[nearer] = other_bary[nearer]
            distance[nearer] = other_distance[nearer]
        return triangle, bary, distance

    def occluded(self, origins: Array, directions: Array, reach: float | Array = np.inf) -> Bool:
        """(N,) whether anything lies on each ray within ``reach``; arguments as for :meth:`cast`.

        A ray that starts on a surface may meet that surface: start it a little off, along the normal.
        """
        self._aimed()
        o, d, r = _rays(self._near(origins), directions, reach)
        blocked = np.zeros(len(o), dtype=np.bool_)
        for layer in (*self._static, *self._moving) if len(o) else ():
            if layer.cutouts is None:
                blocked |= layer.occluded(o, d, r)
            elif len(free := np.flatnonzero(~blocked)):
                blocked[free] = layer.occluded(o[free], d[free], r[free])
        return blocked


def _far_middle(vertices: F32) -> F64 | None:
    """(3,) the middle of a world that lies far from the origin, where single precision is coarse; else None."""
    if not len(vertices):
        return None
    middle = np.round((vertices.min(axis=0).astype(np.float64) + vertices.max(axis=0)) / 2)
    return middle if np.abs(middle).max() > _FAR_OFF else None


def _rays(origins: Array, directions: Array, reach: float | Array) -> tuple[F32, F32, F32]:
    """Writable float32 origins (N, 3), directions (N, 3), reaches (N,); one origin is spread over all rays."""
    d = _owned(np.asarray(directions).reshape(-1, 3))
    return _owned(np.broadcast_to(origins, d.shape)), d, _owned(np.broadcast_to(reach, len(d)))


def _owned(array: Array) -> F32:
    """The array as the engines want it, copied only where it must be."""
    return np.require(array, np.float32, ["C_CONTIGUOUS", "WRITEABLE", "ALIGNED"])


def _chosen(engine: Engine) -> Literal["embree", "open3d"]:
    if engine not in ("auto", "embree", "open3d"):
        raise ValueError(f"{engine!r} is not a ray engine: choose 'auto', 'embree' or 'open3d'")
    order: tuple[Literal["embree", "open3d"], ...] = ("embree", "open3d") if engine == "auto" else (engine,)
    problems = []
    for name in order:
        try:
            import_module({"embree": "embreex.rtcore_scene", "open3d": "open3d"}[name])
            if name == "embree":
                embree()
        except (ImportError, OSError) as error:
            problems.append(f"{name} cannot be imported ({error})")
        else:
            return name
    raise ValueError(f"no ray engine: {'; '.join(problems)}; install 'embreex', which needs no system library")
