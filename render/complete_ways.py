"""What the ways to make complete G-buffers share: the order of frames, and what leads from one camera to another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final, TypeVar

import numpy as np

from worldgen.camera import Camera
from worldgen.conventions import F32, F64
from worldgen.world import Snapshot

# A point is on a surface if it is off it by less than this share of its depth, plus this many pixels' angles of it.
_RELATIVE: Final = 1e-4
_PIXELS: Final = 0.5

_Frame = TypeVar("_Frame")
_Made = TypeVar("_Made")


def in_turn(
    moments: Iterable[tuple[Snapshot, Camera]],
    opened: Callable[[int, Snapshot, Camera], _Frame],
    look_up: Callable[[_Frame | None, _Frame, _Frame | None], None],
    draw: Callable[[_Frame], None],
    finish: Callable[[_Frame | None, _Frame, _Frame | None], _Made],
) -> Iterator[_Made]:
    """Frames in order: each is opened with its number and drawn, then looked up, then finished.

    A frame is looked up once the next is open, which is drawn meanwhile, and finished once the next is looked up.
    Frames are given with those before and after, None where there is none.
    """
    first = second = third = None  # the last frames drawn; the third is yet to be looked up
    for number, moment in enumerate(chain(moments, (None, None))):
        fourth = None if moment is None else opened(number, *moment)
        if third is not None:
            look_up(second, third, fourth)
        if fourth is not None:
            draw(fourth)
        if second is not None:
            yield finish(first, second, third)
        first, second, third = second, third, fourth


def allowed(camera: Camera) -> float:
    """By which share of its disparity a point may be off the surface that a pixel of ``camera`` shows."""
    return _RELATIVE + _PIXELS / camera.focal_px


def eye(camera: Camera) -> tuple[F32, F32]:
    """The camera's position in two parts whose sum is exact."""
    whole = camera.position.astype(np.float32)
    return whole, (camera.position - whole).astype(np.float32)


def down_a_pixel(camera: Camera) -> F64:
    """(3,) by which the ray of planar depth 1 through a pixel changes to the pixel below, world axes."""
    axes, K = camera.world_from_camera[:3, :3], camera.K
    below: F64 = (axes[:, 1] - axes[:, 0] * (K[0, 1] / K[0, 0])) / K[1, 1]
    return below


def way(i: Camera, j: Camera) -> dict[str, F64]:
    """What leads from pixels of camera ``i`` to those of ``j``, homogeneous, over the depth in i.

    turn: (3, 3) from pixels. shift: (3,) a disparity. project: (3, 3) from world axes. eye_of: (3,) world, rounded to
    float32. nudge: (3,) what the rounding leaves, as pixels. step: (3,) world, from camera to camera.
    """
    project = j.K @ j.world_from_camera[:3, :3].T
    rounded = eye(j)[0].astype(np.float64)
    return {
        "turn": project @ i.world_from_camera[:3, :3] @ np.linalg.inv(i.K),
        "shift": project @ (i.position - j.position),
        "project": project,
        "eye_of": rounded,
        "nudge": project @ (rounded - j.position),
        "step": j.position - i.position,
    }
