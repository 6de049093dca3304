"""Everything a renderer of film wants to know of every frame, made in one go: the complete G-buffer.

:class:`render.passes.Passes` works out what it is asked for; here everything is made for all pixels, on the device that
draws where that is OpenGL, else by the same shared code. Frames come as a stream, each is drawn once, and each has its
motion to the one before and the one after it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from render.correspondence import FrameGeometry
from render.motion import FrameMotion, frame_motion
from render.passes import Passes
from render.raster import GBuffer, Rasterizer
from worldgen.camera import Camera
from worldgen.conventions import F32, I32
from worldgen.world import Shot, Snapshot, World

Moment = tuple[Snapshot, Camera]
"""What is seen in a frame, and by which camera."""


@dataclass(frozen=True)
class CompleteFrame:
    """The complete G-buffer of one frame; pictures as in :class:`render.passes.Passes`, without its laziness.

    gbuffer: triangle and barycentrics. depth: (H, W) float32 planar metres, +inf where nothing is seen; the others are
    0 there. normal: (H, W, 3) float32 unit, world, smooth, of the side that is seen. facing: (H, W) float32 cosine
    between the flat triangle and the view. object_id, material_id: (H, W) int32. uv: (H, W, 2) float32. rest_position:
    (H, W, 3) float32 metres. albedo: (H, W, 3) float32 linear. motion: to the frame before and the one after, with what
    hides. Pictures may be views into wider ones (``numpy.ascontiguousarray`` makes a copy).
    """

    snapshot: Snapshot
    camera: Camera
    gbuffer: GBuffer
    depth: F32
    normal: F32
    facing: F32
    object_id: I32
    material_id: I32
    uv: F32
    rest_position: F32
    albedo: F32
    motion: FrameMotion


Frames = Generator[CompleteFrame, None, None]
"""A stream of frames; ``close`` ends it early."""


def complete(rasterizer: Rasterizer, moments: Iterable[Moment]) -> Frames:
    """The complete G-buffers of consecutive frames of one world, in order; three frames are held at a time.

    On a graphics card everything is derived where it is drawn, else by compiled loops. Both differ from the shared code
    by less than 1e-4 of the depth, 1e-3 in normals, 2e-3 of a texture's brightest value in albedo and 0.01 pixels of
    motion; ids are the same. Masks follow the rule of :mod:`render.correspondence` in short: they hide more on edges.
    """
    from render.complete_cpu import frames  # loads a compiler only where it is wanted
    from render.raster_gl import GLRasterizer

    if isinstance(rasterizer, GLRasterizer) and not rasterizer.software:
        from render.complete_gl import CompleteGL

        yield from CompleteGL.of(rasterizer).frames(rasterizer, moments)
    else:
        yield from frames(rasterizer, moments)


def complete_shot(rasterizer: Rasterizer, world: World, shot: Shot) -> Frames:
    """The complete G-buffers of a shot."""
    return complete(rasterizer, ((world.at(shot.time(k)), shot.track[k]) for k in range(shot.frames)))


def derived(frames: Iterable[tuple[Snapshot, Camera, GBuffer]]) -> Iterator[CompleteFrame]:
    """The same from visibility buffers of any backend, by the shared code."""
    before: FrameGeometry | None = None
    held: tuple[Snapshot, Camera, GBuffer, FrameGeometry] | None = None
    for snapshot, camera, gbuffer in frames:
        geometry = FrameGeometry.of(snapshot, camera, gbuffer)
        if held is not None:
            yield _derived(*held[:3], frame_motion(before, held[3], geometry))
            before = held[3]
        held = snapshot, camera, gbuffer, geometry
    if held is not None:
        yield _derived(*held[:3], frame_motion(before, held[3], None))


def _derived(snapshot: Snapshot, camera: Camera, gbuffer: GBuffer, motion: FrameMotion) -> CompleteFrame:
    passes = Passes(snapshot, camera, gbuffer)
    return CompleteFrame(
        snapshot=snapshot,
        camera=camera,
        gbuffer=gbuffer,
        depth=passes.depth,
        normal=passes.normal,
        facing=passes.image(passes.surface.facing),
        object_id=passes.object_id,
        material_id=passes.material_id,
        uv=passes.uv,
        rest_position=passes.rest_position,
        albedo=passes.albedo,
        motion=motion,
    )
