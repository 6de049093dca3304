"""Motion vectors of a frame, and what the frames before and after it hide.

Every vector is exact: it follows the surface point that the pixel shows, by its triangle, so that a walking character
and a wall are told apart by nothing but where they go. Sky moves by the camera's turning alone.

Signs. Ours point from this frame to the other one, in pixels of the whole interval between the two, +x right and +y
down. Nuke's ``forward`` and ``backward`` layers point the same ways with +y up: ``(x, -y)``, see :func:`for_nuke`.
Blender's ``Vector`` pass has +y up and holds four numbers, to the previous frame (X, Y) and *from* the next one (Z, W):
see :func:`for_blender`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.correspondence import FrameGeometry, Match, correspond_many
from worldgen.camera import Camera
from worldgen.conventions import F32, Bool


@dataclass(frozen=True)
class Motion:
    """How the pixels of a frame move to another frame.

    vector: (H, W, 2) float32 pixels, +x right, +y down: where the surface point that the pixel shows lies in the other
    frame, minus the pixel's centre; 0 where it is not in front of the other camera. visible: (H, W) whether the other
    frame shows that point. outside: (H, W) whether it lies outside the other frame's picture, or behind its camera.
    """

    vector: F32
    visible: Bool
    outside: Bool

    @property
    def hidden(self) -> Bool:
        """(H, W) inside the other frame's picture, and not seen there: something covers it, or it turned its back."""
        return ~(self.visible | self.outside)


@dataclass(frozen=True)
class FrameMotion:
    """The motion of one frame to both sides. A shot's first frame has no ``backward``, its last no ``forward``."""

    forward: Motion | None
    backward: Motion | None

    @property
    def occlusion(self) -> Bool | None:
        """(H, W) seen here, and covered in the next frame; what leaves the picture is not counted."""
        return None if self.forward is None else self.forward.hidden

    @property
    def disocclusion(self) -> Bool | None:
        """(H, W) seen here, and not in the previous frame: uncovered since, or come into the picture."""
        return None if self.backward is None else ~self.backward.visible


def frame_motion(
    previous: FrameGeometry | None, frame: FrameGeometry, following: FrameGeometry | None, lenient: bool = False
) -> FrameMotion:
    """Forward and backward motion of ``frame`` among its neighbours in time, where it has them.

    lenient: as for :func:`render.correspondence.correspond_many`; it takes thin false lines along silhouettes out of
    the masks.
    """
    beside = [other for other in (previous, following) if other is not None]
    found = iter(correspond_many(frame, beside, lenient))
    both = (None if other is None else _moved(next(found), other.camera) for other in (previous, following))
    backward, forward = both
    return FrameMotion(forward, backward)


def motion(frame: FrameGeometry, other: FrameGeometry, lenient: bool = False) -> Motion:
    """How the pixels of ``frame`` move to ``other``, another frame of one world (at any time, from any camera)."""
    return _moved(correspond_many(frame, [other], lenient)[0], other.camera)


def _moved(found: Match, other: Camera) -> Motion:
    """The motion that a correspondence with a frame of camera ``other`` tells."""
    xy, visible = found.xy.cpu().numpy(), found.visible.cpu().numpy()
    rows, columns = visible.shape
    x, y = xy
    behind = (x == -1) & (y == -1)
    vector = np.empty((rows, columns, 2), dtype=np.float32)
    np.subtract(x, np.arange(columns, dtype=np.float32) + np.float32(0.5), out=vector[..., 0])
    np.subtract(y, np.arange(rows, dtype=np.float32)[:, None] + np.float32(0.5), out=vector[..., 1])
    vector[behind] = 0
    # (a point on the border may be seen, and rounded to just beyond it)
    outside = ((x < 0) | (x >= other.width) | (y < 0) | (y >= other.height)) & ~visible
    return Motion(vector, visible, outside)


def for_nuke(one: Motion) -> F32:
    """(H, W, 2) float32 u, v as Nuke's ``forward`` (to the next frame) and ``backward`` layers have them: +v up."""
    return one.vector * np.array([1, -1], dtype=np.float32)


def for_blender(both: FrameMotion) -> F32:
    """(H, W, 4) float32 X, Y, Z, W of Blender's ``Vector`` pass; a neighbour that is missing gives 0.

    X, Y lead to where the point was in the previous frame; Z, W lead here from where it is in the next; +y up.
    """
    known = both.forward or both.backward
    if known is None:
        raise ValueError("a frame without neighbours has no motion to write")
    result = np.zeros((*known.visible.shape, 4), dtype=np.float32)
    if both.backward is not None:
        result[..., :2] = for_nuke(both.backward)
    if both.forward is not None:
        result[..., 2:] = -for_nuke(both.forward)
    return result
