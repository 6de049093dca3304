"""The complete G-buffer on OpenGL: derived where it is drawn, and read back once.

Two full-screen programs follow the visibility buffer (deferred texturing, Burns & Hunt 2013): one looks up what the
triangles' corners hold, and where that is in the frames before and after; one asks those who shows it. The world's
tables stay on the device; a frame uploads what moves. Three frames are on the device at a time: one is drawn while the
one before it is looked up, and the one before that is read.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from render.arena import Arena
from render.complete import CompleteFrame, Moment, derived
from render.complete_shaders import CORNERS, MASKS, ROW, SURFACE
from render.complete_tables import WorldTables, in_rows
from render.complete_ways import allowed, down_a_pixel, eye, in_turn, way
from render.motion import FrameMotion, Motion
from render.raster import GBuffer, same_world
from render.raster_gl import GLRasterizer
from worldgen.camera import Camera
from worldgen.conventions import F32
from worldgen.world import Snapshot

_SLOTS: Final = 3
"""Frames on the device: one, and those before and after it."""

_TABLES: Final = ("faces", "vertices", "kinds", "colors", "levels", "texels")
_SEEN: Final = ("number", "bary")
_FOUND: Final = ("plane", "rest", "normal", "albedo", "motion", "there")
_OTHERS: Final = ("plane_before", "plane_after")
_UNITS: Final = {name: unit for unit, name in enumerate((*_TABLES, *_SEEN, "plane", "motion", "there", *_OTHERS))}


class CompleteGL:
    """Makes complete G-buffers in the context of a :class:`GLRasterizer`; keeps the tables of the last world."""

    def __init__(self, context: Any) -> None:
        self._gl = context
        with context:
            self._surface, self._masks = _FullScreen.of(context, SURFACE), _FullScreen.of(context, MASKS)
        self._world: _World | None = None
        self._targets: _Targets | None = None
        self._arena = Arena()
        self._busy = False

    @staticmethod
    def of(rasterizer: GLRasterizer) -> CompleteGL:
        """The one that belongs to a rasterizer."""
        if rasterizer not in _known:
            _known[rasterizer] = CompleteGL(rasterizer.context)
        return _known[rasterizer]

    def frames(self, rasterizer: GLRasterizer, moments: Iterable[Moment]) -> Iterator[CompleteFrame]:
        """As :func:`render.complete.complete`. What does not fit on the device is left to the shared code."""
        stream = iter(moments)
        start = next(stream, None)
        if start is None:
            return
        if self._busy:
            raise ValueError("another stream of complete frames is open on this rasterizer: finish or close it first")
        self._busy = True
        try:
            with self._gl:
                fits = self._prepared(*start)
            every = chain([start], stream)
            if fits:
                yield from self._streamed(rasterizer, every)
            else:
                yield from derived((s, c, rasterizer.rasterize(s, c)) for s, c in every)
        finally:
            self._busy = False

    def _streamed(self, rasterizer: GLRasterizer, moments: Iterable[Moment]) -> Iterator[CompleteFrame]:
        def draw(frame: _Frame) -> None:
            assert self._targets is not None
            with self._gl:
                rasterizer.draw(frame.snapshot, frame.camera, self._targets.seen[frame.slot])

        return in_turn(moments, self._opened, self._looked_up, draw, self._finished)

    def _prepared(self, snapshot: Snapshot, camera: Camera) -> bool:
        """Whether the world's tables and the pictures fit on the device, where they now are."""
        limit: int = self._gl.info["GL_MAX_TEXTURE_SIZE"]
        size = (camera.width, camera.height)
        if self._targets is None or self._targets.size != size:
            if self._targets is not None:
                self._targets.release()
            self._targets = _Targets.of(self._gl, size) if max(size) <= limit else None
        if self._world is None or not same_world(self._world.snapshot, snapshot):
            if self._world is not None:
                self._world.release()
            tables = WorldTables.of(snapshot)
            self._world = None if tables is None else _World.of(self._gl, snapshot, tables, limit)
        return self._targets is not None and self._world is not None

    def _opened(self, number: int, snapshot: Snapshot, camera: Camera) -> _Frame:
        """Give a frame a slot, and upload what moves."""
        world, targets = self._world, self._targets
        assert world is not None
        assert targets is not None
        if not same_world(world.snapshot, snapshot) or targets.size != (camera.width, camera.height):
            raise ValueError("complete frames are made of one world and one picture size: start a stream for another")
        with self._gl:
            world.pose(number % _SLOTS, snapshot)
        return _Frame(number % _SLOTS, snapshot, camera)

    def _looked_up(self, before: _Frame | None, frame: _Frame, after: _Frame | None) -> None:
        """Start to work out what lies at a frame's pixels, and where that is in its neighbours."""
        world, targets = self._world, self._targets
        assert world is not None
        assert targets is not None
        others = (before or frame, after or frame)
        with self._gl:
            number, bary = targets.seen[frame.slot].color_attachments
            textures = {**world.textures, "number": number, "bary": bary}
            self._surface.draw(self._gl, targets.surface[frame.slot], textures, _of_surface(world, frame, others))

    def _finished(self, before: _Frame | None, frame: _Frame, after: _Frame | None) -> CompleteFrame:
        """Ask a frame's neighbours what they show, and read everything."""
        targets, shape = self._targets, (frame.camera.height, frame.camera.width)
        assert targets is not None
        others = (before or frame, after or frame)
        seen, surface = targets.seen[frame.slot], targets.surface[frame.slot]
        triangle, bary = self._arena.empty(shape, np.int32), self._arena.empty((*shape, 2), np.float32)
        plane, albedo, motion = (self._arena.empty((*shape, 4), np.float32) for _ in range(3))
        both, mask = self._arena.empty((2, *shape, 4), np.float32), self._arena.empty((*shape, 4), np.bool_)
        with self._gl:
            found = dict(zip(_FOUND, surface.color_attachments, strict=True))
            textures = {name: found[name] for name in ("plane", "motion", "there")}
            for name, other in zip(_OTHERS, others, strict=True):
                textures[name] = targets.surface[other.slot].color_attachments[0]
            self._masks.draw(self._gl, targets.masks, textures, _of_masks(frame, others))
            seen.read_into(triangle, components=1, dtype="i4", attachment=0)
            seen.read_into(bary, components=2, dtype="f4", attachment=1)
            for k, picture in enumerate((plane, both[0], both[1], albedo, motion)):
                surface.read_into(picture, components=4, dtype="f4" if k else "i4", attachment=k)
            targets.masks.read_into(mask, components=4, dtype="u1", attachment=0)
        triangle -= np.int32(1)
        backward, forward = (
            None if other is None else Motion(motion[..., k : k + 2], mask[..., k], mask[..., k + 1])
            for k, other in ((0, before), (2, after))
        )
        ids = plane.view(np.int32)
        return CompleteFrame(
            snapshot=frame.snapshot,
            camera=frame.camera,
            gbuffer=GBuffer(triangle, bary),
            depth=plane[..., 0],
            normal=both[1, ..., :3],
            facing=albedo[..., 3],
            object_id=ids[..., 2],
            material_id=ids[..., 3],
            uv=both[..., 3].transpose(1, 2, 0),
            rest_position=both[0, ..., :3],
            albedo=albedo[..., :3],
            motion=FrameMotion(forward, backward),
        )


_known: weakref.WeakKeyDictionary[GLRasterizer, CompleteGL] = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class _Frame:
    """A frame on the device. slot: where."""

    slot: int
    snapshot: Snapshot
    camera: Camera


@dataclass(frozen=True)
class _FullScreen:
    """A program that runs once a pixel; of ``moderngl``."""

    program: Any
    array: Any

    @staticmethod
    def of(gl: Any, fragment: str) -> _FullScreen:
        head = "#version 330\n"
        program = gl.program(vertex_shader=head + CORNERS, fragment_shader=head + fragment)
        for name, unit in _UNITS.items():
            if name in program:
                program[name].value = unit
        return _FullScreen(program, gl.vertex_array(program, []))

    def draw(self, gl: Any, target: Any, textures: dict[str, Any], values: dict[str, npt.NDArray[Any]]) -> None:
        """Fill ``target``. textures: by name. values: of the uniforms by name, as OpenGL lays them out."""
        for name, texture in textures.items():
            texture.use(_UNITS[name])
        for name, value in values.items():
            self.program[name].write(np.ascontiguousarray(value))
        target.use()
        gl.enable_only(gl.NOTHING)
        self.array.render(gl.TRIANGLES, vertices=3)


@dataclass(frozen=True)
class _Targets:
    """Framebuffers for one picture size: of each slot what is seen, and what lies there as in ``_FOUND``; of masks."""

    size: tuple[int, int]
    seen: tuple[Any, ...]
    surface: tuple[Any, ...]
    masks: Any

    @staticmethod
    def of(gl: Any, size: tuple[int, int]) -> _Targets:
        depth = gl.depth_renderbuffer(size)

        def pictures(*kinds: tuple[int, str]) -> list[Any]:
            made = [gl.texture(size, components, dtype=dtype) for components, dtype in kinds]
            for picture in made:
                picture.filter = (gl.NEAREST, gl.NEAREST)
            return made

        return _Targets(
            size,
            tuple(gl.framebuffer(pictures((1, "i4"), (2, "f4")), depth) for _ in range(_SLOTS)),
            tuple(gl.framebuffer(pictures((4, "i4"), *[(4, "f4")] * 4, (2, "f4"))) for _ in range(_SLOTS)),
            gl.framebuffer(pictures((4, "u1"))),
        )

    def release(self) -> None:
        self.seen[0].depth_attachment.release()
        for target in (*self.seen, *self.surface, self.masks):
            for picture in target.color_attachments:
                picture.release()
            target.release()


@dataclass(frozen=True)
class _World:
    """The tables of a world on the device. start: row of ``vertices`` of what moves, ``rows`` each: at rest, then of
    every slot. moving: (rows, ROW, 4) float32, what is uploaded for a frame.
    """

    snapshot: Snapshot
    textures: dict[str, Any]
    start: int
    rows: int
    moving: F32

    @staticmethod
    def of(gl: Any, snapshot: Snapshot, tables: WorldTables, limit: int) -> _World | None:
        """The world on the device; None where a table has more rows than ``limit``."""
        still, moving = in_rows(tables.vertices), in_rows(tables.moving)
        flat = {
            "faces": in_rows(tables.faces),
            "vertices": np.concatenate([still, *[moving] * (_SLOTS + 1)]),
            "kinds": in_rows(tables.kinds),
            "colors": in_rows(tables.colors),
            "texels": in_rows(tables.texels),
            "levels": tables.levels,
        }
        if max(ROW, *(len(table) for table in flat.values())) > limit:
            return None
        kinds = {np.dtype(np.float32): "f4", np.dtype(np.int32): "i4", np.dtype(np.uint32): "u4"}
        textures = {}
        for name, table in flat.items():
            height, width, components = table.shape
            texture = gl.texture((width, height), components, np.ascontiguousarray(table), dtype=kinds[table.dtype])
            texture.filter = (gl.NEAREST, gl.NEAREST)
            textures[name] = texture
        return _World(snapshot, textures, len(still), len(moving), moving)

    def pose(self, slot: int, snapshot: Snapshot) -> None:
        """Upload what moves."""
        split = snapshot.static_vertices
        count = len(snapshot.vertices) - split
        if not count:
            return
        table = self.moving.reshape(-1, 2, 4)[:count]
        table[:, 0, :3], table[:, 1, :3] = snapshot.vertices[split:], snapshot.normals[split:]
        self.textures["vertices"].write(self.moving, viewport=(0, self._row(slot + 1), ROW, self.rows))

    def offset(self, slot: int | None) -> int:
        """What to add to twice the number of a moving vertex to find it in a slot, or at rest."""
        return ROW * self._row(0 if slot is None else slot + 1)

    def _row(self, region: int) -> int:
        return self.start + region * self.rows

    def release(self) -> None:
        for texture in self.textures.values():
            texture.release()


def _floats(*values: npt.NDArray[Any] | float) -> F32:
    return np.array(values, dtype=np.float32)


def _whole(*values: int) -> npt.NDArray[np.int32]:
    return np.array(values, dtype=np.int32)


def _of_surface(world: _World, frame: _Frame, others: tuple[_Frame, _Frame]) -> dict[str, npt.NDArray[Any]]:
    camera = frame.camera
    (whole, rest), axes = eye(camera), camera.world_from_camera[:3, :3]
    values: dict[str, npt.NDArray[Any]] = {
        "eye": whole,
        "eye_rest": rest,
        "forward": axes[:, 2].astype(np.float32),
        "right": (axes[:, 0] / camera.K[0, 0]).astype(np.float32),
        "down": down_a_pixel(camera).astype(np.float32),
        "pixel": _floats(1.0 / camera.focal_px),
        "still": _whole(frame.snapshot.static_faces),
        "now": _whole(world.offset(frame.slot)),
        "poses": _whole(*(world.offset(other.slot) for other in others), world.offset(None)),
        "turns": _whole(9),
    }
    ways = [way(camera, other.camera) for other in others]
    # (OpenGL takes matrices column by column)
    return values | {name: np.stack([one[name].T for one in ways]).astype(np.float32) for name in ways[0]}


def _of_masks(frame: _Frame, others: tuple[_Frame, _Frame]) -> dict[str, npt.NDArray[Any]]:
    return {
        "size": _floats(frame.camera.width, frame.camera.height),
        "allowed": _floats(*(allowed(other.camera) for other in others)),
        "turns": _whole(4),
    }
