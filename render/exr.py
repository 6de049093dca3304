"""Multilayer OpenEXR files: exact values, with the camera that saw them and the frame they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from render.files import written_whole
from worldgen.camera import Camera
from worldgen.conventions import OPENGL_FROM_OPENCV

Layer = npt.NDArray[Any]

_UNITS: Final = (
    "metres; depth along the camera's axis, inf where nothing is seen; light in kilolux and kcd/m2; colour linear "
    "Rec.709; motion in pixels a frame, right and up"
)
_AXES: Final = (
    "world right-handed, +Z up. worldFromCamera and intrinsics: columns are vectors, camera +X right, +Y down, "
    "+Z forward, pixel centres at +0.5. worldToCamera and worldToNDC: rows are vectors (p * M), camera +X right, "
    "+Y up, looking along -Z; NDC -1 to 1, +Y up"
)
_REC709: Final = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)


@dataclass(frozen=True)
class ExrFrame:
    """What the header of a file tells of its frame.

    camera: that saw it. frame: its number in the shot, from 0. fps: frames a second. focus_m, f_stop: of the lens.
    more: further attributes by name.
    """

    camera: Camera
    frame: int = 0
    fps: Fraction | None = None
    focus_m: float | None = None
    f_stop: float | None = None
    more: Mapping[str, str] = field(default_factory=dict)


def channels(layer: str, values: Layer, letters: Sequence[str]) -> dict[str, Layer]:
    """The channels ``layer.letter`` of a picture (H, W), or (H, W, C) with a letter for each of C.

    The layer "" is the file's main picture: its channels have no prefix.
    """
    planes = values[..., None] if values.ndim == 2 else values
    if planes.shape[-1] != len(letters):
        raise ValueError(f"the layer {layer!r} has {planes.shape[-1]} channels and {len(letters)} names for them")
    return {f"{layer}.{letter}" if layer else letter: planes[..., k] for k, letter in enumerate(letters)}


def write_exr(path: Path, planes: Mapping[str, Layer], about: ExrFrame | None = None) -> None:
    """Write planes (H, W) under their channel names ("depth.Z"), lossless (ZIP), whole or not at all.

    float32 and float16 stay what they are; integers become uint32 (ids are positive). The header says in words what
    the numbers mean. Given the frame, it holds ``worldFromCamera`` (4 × 4, OpenCV axes, metres), ``intrinsics`` (3 × 3,
    pixels), and OpenEXR's standard attributes: ``worldToCamera``, ``worldToNDC``, ``screenWindowCenter``,
    ``screenWindowWidth``, ``pixelAspectRatio``, ``framesPerSecond``, ``timeCode``, ``focus`` and ``aperture``.
    Errors: ``ValueError`` if the optional package is missing or the planes differ in size, ``OSError``.
    """
    openexr = _library()
    if not planes or len({plane.shape for plane in planes.values()}) > 1:
        raise ValueError(f"{path.name}: all channels of an EXR file must be of one size, and there must be one")
    header: dict[str, Any] = {
        "compression": openexr.ZIP_COMPRESSION,
        "type": openexr.scanlineimage,
        "chromaticities": _REC709,
        "units": _UNITS,
        "axes": _AXES,
    }
    if about is not None:
        header |= _seen_by(about.camera) | _timed(about, openexr) | dict(about.more)
    with written_whole(path) as part:
        openexr.File(header, {name: _plain(plane) for name, plane in planes.items()}).write(str(part))


def read_exr(path: Path) -> tuple[dict[str, Layer], dict[str, Any]]:
    """The planes (H, W) by channel name, and the header."""
    with _library().File(str(path), separate_channels=True) as file:
        return {name: channel.pixels.copy() for name, channel in file.channels().items()}, dict(file.header())


def require_openexr() -> None:
    """Errors: ``ValueError`` if the optional package is missing."""
    _library()


def _seen_by(camera: Camera) -> dict[str, Any]:
    K, w, h = camera.K, camera.width, camera.height
    gl_from_world = OPENGL_FROM_OPENCV @ camera.camera_from_world
    near, far = camera.near, camera.far
    clip_from_gl = np.array(
        [
            [2 * K[0, 0] / w, -2 * K[0, 1] / w, 1 - 2 * K[0, 2] / w, 0],
            [0, 2 * K[1, 1] / h, 2 * K[1, 2] / h - 1, 0],
            [0, 0, -(far + near) / (far - near), -2 * far * near / (far - near)],
            [0, 0, -1, 0],
        ]
    )
    # The screen window lies at distance 1 (OpenEXR's technical introduction).
    centre = [(w / 2 - K[0, 2]) / K[0, 0], (K[1, 2] - h / 2) / K[1, 1]]
    return {
        "worldFromCamera": camera.world_from_camera.astype(np.float32),
        "intrinsics": K.astype(np.float32),
        "worldToCamera": np.ascontiguousarray(gl_from_world.T, dtype=np.float32),
        "worldToNDC": np.ascontiguousarray((clip_from_gl @ gl_from_world).T, dtype=np.float32),
        "pixelAspectRatio": float(K[1, 1] / K[0, 0]),
        "screenWindowCenter": np.array(centre, dtype=np.float32),
        "screenWindowWidth": float(w / K[0, 0]),
    }


def _timed(about: ExrFrame, openexr: Any) -> dict[str, Any]:
    """Frame rate, time code (non-drop, from zero) and lens."""
    told: dict[str, Any] = {}
    if about.fps is not None:
        seconds, rest = divmod(about.frame, max(1, round(about.fps)))
        clock = (seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
        told["framesPerSecond"] = about.fps
        if rest < 40:  # a time code's frames have no room for more
            told["timeCode"] = openexr.TimeCode(*clock, rest, *[0] * 14)
    if about.focus_m is not None:
        told["focus"] = float(about.focus_m)
    if about.f_stop is not None:
        told["aperture"] = float(about.f_stop)
    return told


def _plain(plane: Layer) -> Layer:
    if np.issubdtype(plane.dtype, np.integer):
        if plane.size and plane.min() < 0:
            raise ValueError("an EXR channel of integers cannot hold negative numbers: write it as float32")
        return np.ascontiguousarray(plane, dtype=np.uint32)
    return np.ascontiguousarray(plane, dtype=plane.dtype if plane.dtype == np.float16 else np.float32)


def _library() -> Any:
    try:
        import OpenEXR
    except ImportError as error:
        raise ValueError("EXR files need the package OpenEXR: pip install 'setpiece[exr]'") from error
    return OpenEXR
