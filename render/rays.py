"""Rays against a snapshot: what they hit first, and whether anything stands in their way.

Two engines, both over Embree (Wald et al. 2014): ``embree`` (``render.embree``, which needs no system library) and
``open3d``. The geometry that never moves is built once a world; the moving part, usually a few characters, is moved
whenever its vertices change, and the answers are merged. Faces with holes are parts of their own: a ray that meets a
hole goes on from just behind it (``render.raylayers``).
"""

from __future__ import annotations

from importlib import import_module
from typing import Final, Literal

import numpy as np

from render.cutout import Cutouts
from render.embree import Triangles, embree
from render.raster import same_world
from render.raylayers import Hits, Layer, Open3DPart, Part, Seen, View
from render.threads import deal
from render.ties import settle
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, I32, Array, Bool
from worldgen.world import Snapshot

Engine = Literal["auto", "embree", "open3d"]

_STRIP: Final = 16
"""Rows of a picture that a thread takes at a time."""

_FAR_OFF: Final = 1000.0
"""Metres from the origin to a world's middle beyond which rays are shot in axes that start at its middle."""


class RayScene:
    """A snapshot that rays can be shot at.

    engine: ``auto`` takes embreex (measured the faster of the two, for the work around the rays), else Open3D.
    """

    def __init__(self, engine: Engine = "auto") -> None:
        self.engine: Literal["embree", "open3d"] = _chosen(engine)
        self._build = Open3DPart if self.engine == "open3d" else Triangles
        self._snapshot: Snapshot | None = None
        self._cutouts: Cutouts | None = None
        self._middle: F64 | None = None
        self._static: tuple[Layer, ...] = ()
        self._moving: tuple[Layer, ...] = ()

    def update(self, snapshot: Snapshot) -> None:
        """Aim later rays at ``snapshot``; cheap when only the moving part of the same world has changed."""
        before = self._snapshot
        if before is snapshot:
            return
        if before is None or not same_world(before, snapshot):
            self._cutouts = Cutouts.of(snapshot)
            self._middle = _far_middle(snapshot.vertices)
            self._static = self._layers(snapshot, moving=False)
            self._moving = self._layers(snapshot, moving=True)
        elif before.vertices is not snapshot.vertices:
            vertices = self._vertices(snapshot, moving=True)
            for layer in self._moving:
                layer.part.move(vertices)
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

    def _layers(self, snapshot: Snapshot, *, moving: bool) -> tuple[Layer, ...]:
        split = snapshot.static_faces
        first, start = (_first_moving(snapshot), split) if moving else (0, 0)
        faces = snapshot.faces[split:] - np.int32(first) if moving else snapshot.faces[:split]
        vertices = self._vertices(snapshot, moving=moving)
        apart = _apart(snapshot.rest_vertices[first:], faces, snapshot.face_object[split:]) if moving else None

        def built(some: I32) -> Part:
            return self._build(vertices, np.ascontiguousarray(some, np.int32), apart)

        holes = None if self._cutouts is None else self._cutouts.of_face[start : start + len(faces)] >= 0
        if not len(faces):
            return ()
        if holes is None or not holes.any():
            return (Layer(built(faces), start),)
        groups = [
            (np.flatnonzero(~holes).astype(np.int32), None),
            (np.flatnonzero(holes).astype(np.int32), self._cutouts),
        ]
        return tuple(Layer(built(faces[rows]), rows + np.int32(start), cut) for rows, cut in groups if len(rows))

    def _vertices(self, snapshot: Snapshot, *, moving: bool) -> F32:
        first = _first_moving(snapshot) if moving else 0
        return np.ascontiguousarray(self._near(snapshot.vertices[first:]), np.float32)

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
        layers = self._in_order()
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

    def see(self, camera: Camera) -> tuple[I32, F32]:
        """What lies between ``camera.near`` and ``camera.far``: both pictures of a :class:`render.raster.GBuffer`."""
        snapshot = self._aimed()
        view = View.of(camera, np.asarray(self._near(camera.position), np.float64))
        seen = Seen.nothing(view)
        for layer in self._in_order():
            layer.see(view, seen)
        faces, eye = snapshot.faces, camera.position.astype(np.float64)
        holed = np.zeros(len(faces), np.bool_) if self._cutouts is None else self._cutouts.of_face >= 0

        def choose(s: slice) -> None:
            settle(
                eye, view.corner, view.right, view.down, faces, snapshot.vertices, holed, s.start, s.stop,
                seen.triangle, seen.bary, seen.far,
            )  # fmt: skip

        deal(choose, camera.height, _STRIP)
        return seen.triangle, seen.bary

    def _in_order(self) -> list[Layer]:
        """All layers, those with holes last: what lies behind other things needs no looking through."""
        return sorted((*self._static, *self._moving), key=lambda layer: layer.cutouts is not None)

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


def _first_moving(snapshot: Snapshot) -> int:
    """The first vertex that may move."""
    return snapshot.static_vertices if snapshot.static_faces else 0


def _apart(rest: F32, faces: I32, thing: I32) -> F32:
    """(V, 3) vertices at ``rest``, one thing beside the other. faces: (F, 3). thing: (F,) to which each belongs."""
    if not len(faces):
        return rest
    owner = np.zeros(len(rest), np.int64)
    owner[faces.reshape(-1)] = np.repeat(np.unique(thing, return_inverse=True)[1], 3)
    apart = rest - rest.min(axis=0)
    apart[:, 0] += (owner * 1.1 * float(apart.max())).astype(np.float32)
    return apart


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
