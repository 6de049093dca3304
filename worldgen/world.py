"""The persistent world, and a snapshot of it at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from worldgen.camera import CameraTrack
from worldgen.conventions import F32, F64, I32, stable_id
from worldgen.light import Lamp, Sky
from worldgen.material import Material
from worldgen.mesh import Mesh, merged, vertex_normals
from worldgen.skinning import Skin


@dataclass(frozen=True)
class Thing:
    """One named object of the world.

    name: unique path ("street/lamp-03", "mara"); its ``stable_id`` is the object id in every pass.
    mesh: at rest, for static things in world coordinates. pose: for what changes its shape, a pure function from
    seconds to the mesh's vertices (V, 3) float32. place: for what moves as a whole, a pure function from seconds to
    (4, 4) world from mesh (or, with a pose, from what the pose gives). Static things have neither. skin: how the pose
    comes about, where it is by joints. landmarks: of characters alone,
    seconds to those of ``worldgen.landmarks.BODY_POINTS`` that the body has, each (3,) world metres.
    """

    name: str
    mesh: Mesh
    pose: Callable[[float], F32] | None = None
    place: Callable[[float], F64] | None = None
    skin: Skin | None = None
    landmarks: Callable[[float], Mapping[str, F64]] | None = None

    @property
    def moves(self) -> bool:
        """Whether it ever may."""
        return self.pose is not None or self.place is not None

    def moved(self, world_from_thing: F64) -> Thing:
        """The thing, with whatever it does, carried by a fixed (4, 4)."""
        if not self.moves:
            return replace(self, mesh=self.mesh.transformed(world_from_thing))
        own = self.place
        return replace(self, place=lambda time: world_from_thing if own is None else world_from_thing @ own(time))

    def at(self, time: float) -> tuple[F32, F32]:
        """Vertices (V, 3), world metres, and unit normals (V, 3) at ``time`` seconds."""
        vertices, normals = self.mesh.vertices, self.mesh.normals
        if self.pose is not None:
            vertices = self.pose(time)
            normals = vertex_normals(vertices, self.mesh.faces)
        if self.place is not None:
            place = self.place(time)
            vertices = (vertices @ place[:3, :3].T + place[:3, 3]).astype(np.float32)
            normals = normals @ np.linalg.inv(place[:3, :3])
            normals = (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)).astype(np.float32)
        return vertices, normals


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
class Light:
    """All light of one moment: sun and sky, and the lamps that burn."""

    sky: Sky
    lamps: tuple[Lamp, ...] = ()


@dataclass(frozen=True)
class World:
    """Placed things and light. ``at(t)`` and ``light(t)`` are pure: the same time gives the same.

    sky, lamps: the light where it never changes. lighting: seconds to the light where it does, else None.
    """

    things: tuple[Thing, ...]
    sky: Sky
    lamps: tuple[Lamp, ...] = ()
    lighting: Callable[[float], Light] | None = None

    def __post_init__(self) -> None:
        seen: dict[int, str] = {}
        for thing in self.things:
            other = seen.setdefault(stable_id(thing.name), thing.name)
            if other is not thing.name:
                raise ValueError(f"two things of the world are called {thing.name!r}: rename one of them")

    def light(self, time: float) -> Light:
        """The light ``time`` seconds into the scene."""
        return Light(self.sky, self.lamps) if self.lighting is None else self.lighting(time)

    @cached_property
    def _ordered(self) -> tuple[Thing, ...]:
        return tuple(sorted(self.things, key=lambda thing: thing.moves))

    @cached_property
    def rest(self) -> Snapshot:
        """The world with everything in its rest pose."""
        mesh = merged([thing.mesh for thing in self._ordered])
        still = [thing.mesh for thing in self._ordered if not thing.moves]
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
            if not thing.moves:
                continue
            stop = start + len(thing.mesh.vertices)
            vertices[start:stop], normals[start:stop] = thing.at(time)
            start = stop
        return Snapshot(**{**rest.__dict__, "time": time, "vertices": vertices, "normals": normals})


@dataclass(frozen=True)
class Shot:
    """One take of one camera.

    name: unique in the scene; names its folder. track: one camera a frame. start: seconds of world time at frame 0.
    fps: frames a second. prompts: (seconds into the shot, words), first at 0. seed: of everything random in it.
    controls: (name, (seconds into the shot, strength) in order) of each control that is asked for; none: the model's
    own choice.
    """

    name: str
    track: CameraTrack
    fps: Fraction
    start: float = 0.0
    prompts: tuple[tuple[float, str], ...] = ()
    seed: int = 0
    controls: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = ()

    @property
    def frames(self) -> int:
        return len(self.track)

    def time(self, frame: int) -> float:
        """World time in seconds at ``frame``."""
        return self.start + float(frame / self.fps)

    def spread(self, count: int) -> tuple[int, ...]:
        """At most ``count`` frames from first to last, evenly spread, none twice."""
        last, most = self.frames - 1, min(count, self.frames)
        return tuple(round(k * last / max(most - 1, 1)) for k in range(most))
