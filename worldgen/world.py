"""The persistent world, and a snapshot of it at one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from worldgen.camera import CameraTrack
from worldgen.conventions import F32, I32, stable_id
from worldgen.light import Lamp, Sky
from worldgen.material import Material
from worldgen.mesh import Mesh, merged, vertex_normals


@dataclass(frozen=True)
class Thing:
    """One named object of the world.

    name: unique path ("street/lamp-03", "mara"); its ``stable_id`` is the object id in every pass.
    mesh: at rest, for static things in world coordinates. pose: None for a static thing, else a pure function from
    seconds to the mesh's vertices (V, 3) float32 in world metres.
    """

    name: str
    mesh: Mesh
    pose: Callable[[float], F32] | None = None


@dataclass(frozen=True)
class Snapshot:
    """The world at one moment. Topology (everything but ``vertices`` and ``normals``) is the same at all times.

    time: seconds. vertices: (V, 3) float32 world metres. normals: (V, 3) float32 unit, world, smooth.
    rest_vertices: (V, 3) float32 metres, where each vertex is at rest: the name of a surface point.
    uv: (V, 2) float32 metres along the surface. faces: (F, 3) int32. face_object: (F,) int32 ``stable_id`` of the
    thing. face_material: (F,) int32 index into ``materials``. The first ``static_vertices`` vertices and
    ``static_faces`` faces never move.
    """

    time: float
    vertices: F32
    normals: F32
    rest_vertices: F32
    uv: F32
    faces: I32
    face_object: I32
    face_material: I32
    materials: tuple[Material, ...]
    static_vertices: int
    static_faces: int


@dataclass(frozen=True)
class World:
    """Placed things, lamps and sky. ``at(t)`` is pure: the same time gives the same snapshot."""

    things: tuple[Thing, ...]
    sky: Sky
    lamps: tuple[Lamp, ...] = ()

    def __post_init__(self) -> None:
        seen: dict[int, str] = {}
        for thing in self.things:
            other = seen.setdefault(stable_id(thing.name), thing.name)
            if other is not thing.name:
                raise ValueError(f"two things of the world are called {thing.name!r}: rename one of them")

    @cached_property
    def _ordered(self) -> tuple[Thing, ...]:
        return tuple(sorted(self.things, key=lambda thing: thing.pose is not None))

    @cached_property
    def rest(self) -> Snapshot:
        """The world with everything in its rest pose."""
        mesh = merged([thing.mesh for thing in self._ordered])
        still = [thing.mesh for thing in self._ordered if thing.pose is None]
        counts = [len(thing.mesh.faces) for thing in self._ordered]
        ids = [stable_id(thing.name) for thing in self._ordered]
        return Snapshot(
            time=0.0,
            vertices=mesh.vertices,
            normals=mesh.normals,
            rest_vertices=mesh.vertices,
            uv=mesh.uv,
            faces=mesh.faces,
            face_object=np.repeat(np.array(ids, dtype=np.int32), counts),
            face_material=mesh.material,
            materials=mesh.materials,
            static_vertices=sum(len(m.vertices) for m in still),
            static_faces=sum(len(m.faces) for m in still),
        )

    @property
    def names(self) -> dict[int, str]:
        """Object id to name."""
        return {stable_id(thing.name): thing.name for thing in self.things}

    def at(self, time: float) -> Snapshot:
        """The world ``time`` seconds into the scene."""
        rest = self.rest
        if rest.static_vertices == len(rest.vertices):
            return Snapshot(**{**rest.__dict__, "time": time})
        vertices, normals = rest.vertices.copy(), rest.normals.copy()
        start = rest.static_vertices
        for thing in self._ordered:
            if thing.pose is None:
                continue
            stop = start + len(thing.mesh.vertices)
            vertices[start:stop] = thing.pose(time)
            normals[start:stop] = vertex_normals(vertices[start:stop], thing.mesh.faces)
            start = stop
        return Snapshot(**{**rest.__dict__, "time": time, "vertices": vertices, "normals": normals})


@dataclass(frozen=True)
class Shot:
    """One take of one camera.

    name: unique in the scene; names its folder. track: one camera a frame. start: seconds of world time at frame 0.
    fps: frames a second. prompts: (seconds into the shot, words), first at 0. seed: of everything random in it.
    """

    name: str
    track: CameraTrack
    fps: Fraction
    start: float = 0.0
    prompts: tuple[tuple[float, str], ...] = ()
    seed: int = 0

    @property
    def frames(self) -> int:
        return len(self.track)

    def time(self, frame: int) -> float:
        """World time in seconds at ``frame``."""
        return self.start + float(frame / self.fps)
