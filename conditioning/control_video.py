"""Control pictures: what a model is shown of the world, drawn from exact passes in the style it was trained on.

Every picture is a pure function of its frame and of the shot's own scale; nothing is normalised by a frame's minimum or
maximum, so a still wall keeps its grey while the camera moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from PIL import Image

from conditioning.control_style import (
    BlurStyle,
    DepthStyle,
    Direction,
    EdgeStyle,
    NormalStyle,
    PoseStyle,
    SegmentationStyle,
    Style,
    TrackingStyle,
)
from render.keypoints import drawn
from render.passframe import FramePasses, ShotPasses
from render.passpicture import id_colours
from worldgen.ade20k import PALETTE
from worldgen.conventions import F32, U8, Array, Bool, srgb_from_linear
from worldgen.light import film_curve

_AXES: Final[Mapping[Direction, tuple[int, float]]] = {
    "right": (0, 1.0), "left": (0, -1.0), "down": (1, 1.0), "up": (1, -1.0), "away": (2, 1.0), "viewer": (2, -1.0),
}  # fmt: skip
"""Axis and sign of each direction in the camera's axes (+X right, +Y down, +Z forward)."""
_VIEWER: Final = np.array([0.0, 0.0, -1.0], dtype=np.float32)
_THIN: Final = 0.5
"""Share of a pixel that a line must cover to be drawn by a stroke that knows no grey."""


def control_clips(passes: ShotPasses, styles: Mapping[str, Style], frames: Iterable[int]) -> dict[str, F32]:
    """Of each control by name: (N, H, W, 3) float32 in [-1, 1], its pictures of these frames (from 0) of the shot."""
    made = [control_pictures(passes, styles, k) for k in frames]
    return {name: np.stack([pictures[name] for pictures in made]) for name in styles}


def control_pictures(passes: ShotPasses, styles: Mapping[str, Style], frame: int) -> dict[str, F32]:
    """Of each control by name: (H, W, 3) float32 in [-1, 1], its picture of one frame (from 0) of the shot."""
    seen = passes.frame(frame, {name for style in styles.values() for name in _layers(style)})
    return {name: 2.0 * _shares(passes, seen, style) - 1.0 for name, style in styles.items()}


def known_mask(known: Bool) -> F32:
    """(..., 3) in [-1, 1] of where pixels are known: black keeps, white generates, as VACE has it."""
    return np.repeat(np.where(known, -1.0, 1.0).astype(np.float32)[..., None], 3, axis=-1)


def _layers(style: Style) -> tuple[str, ...]:
    """The passes that a style is drawn from, as ``ShotPasses.frame`` is told of them."""
    match style:
        case DepthStyle():
            return ("depth",)
        case NormalStyle():
            return ("camera_normal",)
        case SegmentationStyle(palette):
            return ("segmentation" if palette == "ade20k" else "instance_id",)
        case EdgeStyle(stroke):
            return ("soft_edges" if stroke == "soft" else "edges",)
        case PoseStyle():
            return ("keypoints",)
        case TrackingStyle():
            return ("tracking",)
        case BlurStyle():
            return ("shade",)


def _shares(passes: ShotPasses, seen: FramePasses, style: Style) -> F32:
    """(H, W, 3) the picture in [0, 1]."""
    match style:
        case DepthStyle(near, inverse):
            depth = seen.layer("depth")
            share = passes.scale.inverse_depth(depth) if inverse else passes.scale.even_depth(depth)
            return _grey(share if near == "white" else 1.0 - np.clip(share, 0.0, 1.0))
        case NormalStyle(axes):
            return _normals(seen, axes)
        case SegmentationStyle(palette):
            return _of_bytes(
                PALETTE[seen.layer("segmentation")] if palette == "ade20k" else id_colours(seen.layer("instance_id"))
            )
        case EdgeStyle(stroke, paper):
            line = seen.layer("soft_edges" if stroke == "soft" else "edges")
            line = (line >= _THIN).astype(np.float32) if stroke == "thin" else line
            return _grey(line if paper == "black" else 1.0 - line)
        case PoseStyle(stick):
            return _of_bytes(drawn(seen.people, seen.camera.width, seen.camera.height, stick))
        case TrackingStyle():
            return np.asarray(np.clip(seen.layer("tracking"), 0.0, 1.0), dtype=np.float32)
        case BlurStyle(factor):
            return _smaller_and_back(srgb_from_linear(film_curve(seen.layer("shade")[..., :3])), factor)


def _normals(seen: FramePasses, axes: tuple[Direction, Direction, Direction]) -> F32:
    normal = np.where(seen.passes.gbuffer.hit[..., None], seen.layer("camera_normal"), _VIEWER)
    channels = [normal[..., axis] * sign for axis, sign in (_AXES[direction] for direction in axes)]
    return np.asarray(np.stack(channels, axis=-1) * 0.5 + 0.5, dtype=np.float32)


def _smaller_and_back(picture: F32, factor: int) -> F32:
    """(H, W, 3) down by ``factor``, each small pixel the mean of what it covers, and up again by a cubic."""
    height, width = picture.shape[:2]
    small = max(1, width // factor), max(1, height // factor)
    channels = []
    for k in range(3):
        plane = Image.fromarray(np.ascontiguousarray(picture[..., k], dtype=np.float32))
        low = plane.resize(small, Image.Resampling.BOX)
        channels.append(np.asarray(low.resize((width, height), Image.Resampling.BICUBIC)))
    return np.asarray(np.clip(np.stack(channels, axis=-1), 0.0, 1.0), dtype=np.float32)


def _grey(values: Array) -> F32:
    clipped = np.clip(np.asarray(values, dtype=np.float32), 0.0, 1.0)
    return np.repeat(clipped[..., None], 3, axis=-1)


def _of_bytes(picture: U8) -> F32:
    return picture.astype(np.float32) / np.float32(255)
