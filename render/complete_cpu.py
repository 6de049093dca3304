"""The complete G-buffer on a processor, from the visibility buffers of any backend.

Compiled loops do what the device does in ``render.complete_gl``: one looks up what the triangles' corners hold, and
where that is in the frames before and after; one asks those who shows it. They run on all cores while the next frame is
drawn, and write into memory that comes back when nobody looks at a frame any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from render.arena import Arena
from render.complete import CompleteFrame, Moment
from render.complete_loops import Found, Poses, Tables, ask, look_up
from render.complete_tables import laid_out
from render.complete_ways import allowed, down_a_pixel, eye, in_turn, way
from render.motion import FrameMotion, Motion
from render.raster import GBuffer, Rasterizer, same_world
from render.tables import Recent, material_table, uv_scale
from render.threads import started
from worldgen.camera import Camera
from worldgen.conventions import F32
from worldgen.world import Snapshot

_arena = Arena()
_tables: Recent[Tables] = Recent()


@dataclass
class _Frame:
    """A frame on its way: drawn, then looked up. wait: until ``found`` is filled in."""

    snapshot: Snapshot
    camera: Camera
    gbuffer: GBuffer | None = None
    found: Found | None = None
    wait: Callable[[], None] | None = None


def frames(rasterizer: Rasterizer, moments: Iterable[Moment]) -> Iterator[CompleteFrame]:
    """As :func:`render.complete.complete`; pictures are whole arrays of their own."""
    shown: list[Snapshot] = []

    def opened(_: int, snapshot: Snapshot, camera: Camera) -> _Frame:
        if shown and not same_world(shown[0], snapshot):
            raise ValueError("complete frames are made of one world: start a stream for another")
        shown[:] = [snapshot]
        return _Frame(snapshot, camera)

    def draw(frame: _Frame) -> None:
        frame.gbuffer = rasterizer.rasterize(frame.snapshot, frame.camera)

    return in_turn(moments, opened, _look_up, draw, _finished)


def _look_up(before: _Frame | None, frame: _Frame, after: _Frame | None) -> None:
    """Start to look up a drawn frame on all cores."""
    snapshot, camera, gbuffer, split = frame.snapshot, frame.camera, frame.gbuffer, frame.snapshot.static_vertices
    assert gbuffer is not None
    others = [other or frame for other in (before, after)]
    tables = _tables.of((snapshot.faces, snapshot.materials, snapshot.rest_vertices), lambda: _tabulated(snapshot))
    poses = Poses(
        now=_vertices(snapshot, slice(split, None)),
        before=others[0].snapshot.vertices[split:],
        after=others[1].snapshot.vertices[split:],
        rest=snapshot.rest_vertices[split:],
    )
    view = np.stack([*eye(camera), *_axes(camera)]).astype(np.float32)
    ways = np.stack([_rows(camera, other.camera) for other in others])
    found = _empty(gbuffer.triangle.shape)
    triangle, bary = np.ascontiguousarray(gbuffer.triangle), np.ascontiguousarray(gbuffer.bary)

    def work(first: int, step: int) -> None:
        look_up(first, step, triangle, bary, tables, poses, view, ways, found)

    frame.found, frame.wait = found, started(work)


def _finished(before: _Frame | None, frame: _Frame, after: _Frame | None) -> CompleteFrame:
    """Ask a frame's neighbours what they show."""
    found, gbuffer = _looked_up(frame), frame.gbuffer
    assert gbuffer is not None
    masks = _arena.empty((2, 2, *found.depth.shape), np.bool_)
    asked = [(k, _looked_up(o), allowed(o.camera)) for k, o in enumerate((before, after)) if o is not None]

    def work(first: int, step: int) -> None:
        for side, other, share in asked:
            ask(first, step, side, found, other, share, masks[side, 0], masks[side, 1])

    started(work)()
    motion: list[Motion | None] = [None, None]
    for side, *_ in asked:
        motion[side] = Motion(found.motion[side], masks[side, 0], masks[side, 1])
    return CompleteFrame(
        snapshot=frame.snapshot,
        camera=frame.camera,
        gbuffer=gbuffer,
        depth=found.depth,
        normal=found.normal,
        facing=found.facing,
        object_id=found.object_id,
        material_id=found.material_id,
        uv=found.uv,
        rest_position=found.rest,
        albedo=found.albedo,
        motion=FrameMotion(forward=motion[1], backward=motion[0]),
    )


def _looked_up(frame: _Frame) -> Found:
    assert frame.found is not None
    if frame.wait is not None:
        frame.wait()
        frame.wait = None
    return frame.found


def _empty(shape: tuple[int, ...]) -> Found:
    def floats(*whole: int) -> F32:
        made: F32 = _arena.empty(whole, np.float32)
        return made

    return Found(
        depth=floats(*shape),
        normal=floats(*shape, 3),
        facing=floats(*shape),
        object_id=_arena.empty(shape, np.int32),
        material_id=_arena.empty(shape, np.int32),
        uv=floats(*shape, 2),
        rest=floats(*shape, 3),
        albedo=floats(*shape, 3),
        slope=floats(*shape, 2),
        motion=floats(2, *shape, 2),
        there=floats(2, *shape),
    )


def _vertices(snapshot: Snapshot, part: slice) -> F32:
    """(V, 8) float32 as ``Tables.still`` has them."""
    return laid_out(snapshot.vertices[part], snapshot.normals[part], snapshot.uv[part]).reshape(-1, 8)


def _tabulated(snapshot: Snapshot) -> Tables:
    material = material_table(snapshot.materials)
    atlas, count = material.atlas, max(len(snapshot.materials), 1)
    objects, object_of = np.unique(snapshot.face_object, return_inverse=True)
    pairs, kind = np.unique(object_of.astype(np.int64) * count + snapshot.face_material, return_inverse=True)
    rows = pairs % count
    texture = atlas.of_material[rows]
    octaves, per_m = np.log2(atlas.texels_per_m.numpy())[texture], 1.0 / atlas.size_m.numpy()[texture]
    colors = np.concatenate([material.base_color[rows], octaves[:, None], per_m[:, None]], axis=1)
    # A level beyond the last, so that there always is a next one.
    start, width, height = (
        np.concatenate([table.numpy(), table.numpy()[:, -1:]], axis=1).astype(np.int32)
        for table in (atlas.first, atlas.width, atlas.height)
    )
    return Tables(
        faces=np.ascontiguousarray(snapshot.faces),
        kind=kind.reshape(-1).astype(np.int32),
        octaves=np.log2(np.maximum(uv_scale(snapshot), np.float32(1e-9))),
        still=_vertices(snapshot, slice(snapshot.static_vertices)),
        ids=np.stack([objects[pairs // count], material.id[rows], texture], axis=1).astype(np.int32),
        colors=colors.astype(np.float32),
        texels=np.ascontiguousarray(atlas.texels.numpy()).reshape(-1),
        start=start,
        width=width,
        height=height,
        deepest=atlas.levels.numpy().astype(np.float32),
    )


def _axes(camera: Camera) -> F32:
    """(4, 3): forward, right and down a pixel, and a pixel's angle."""
    axes = camera.world_from_camera[:3, :3]
    rows = [axes[:, 2], axes[:, 0] / camera.K[0, 0], down_a_pixel(camera), np.full(3, 1.0 / camera.focal_px)]
    return np.stack(rows).astype(np.float32)


def _rows(i: Camera, j: Camera) -> F32:
    """(10, 3) as ``look_up`` takes them."""
    leads = way(i, j)
    flat = [leads["turn"], leads["shift"], leads["project"], leads["eye_of"], leads["nudge"], leads["step"]]
    return np.concatenate([part.reshape(-1, 3) for part in flat]).astype(np.float32)
