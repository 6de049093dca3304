"""Multilayer OpenEXR files: exact values, with the camera that saw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from render.files import written_whole
from worldgen.camera import Camera

Layer = npt.NDArray[Any]


def channels(layer: str, values: Layer, letters: Sequence[str]) -> dict[str, Layer]:
    """The channels ``layer.letter`` of a picture (H, W), or (H, W, C) with a letter for each of C."""
    planes = values[..., None] if values.ndim == 2 else values
    if planes.shape[-1] != len(letters):
        raise ValueError(f"the layer {layer!r} has {planes.shape[-1]} channels and {len(letters)} names for them")
    return {f"{layer}.{letter}": planes[..., k] for k, letter in enumerate(letters)}


def write_exr(path: Path, planes: Mapping[str, Layer], camera: Camera | None = None) -> None:
    """Write planes (H, W) under their channel names ("depth.Z"), lossless (ZIP), whole or not at all.

    float32 and float16 stay what they are; integers become uint32 (ids are positive). The header says in words what
    the numbers mean and, given a ``camera``, holds ``worldFromCamera`` (4 × 4, OpenCV axes, metres) and ``intrinsics``
    (3 × 3, pixels).
    Errors: ``ValueError`` if the optional package is missing or the planes differ in size, ``OSError``.
    """
    openexr = _library()
    if not planes or len({plane.shape for plane in planes.values()}) > 1:
        raise ValueError(f"{path.name}: all channels of an EXR file must be of one size, and there must be one")
    header: dict[str, Any] = {
        "compression": openexr.ZIP_COMPRESSION,
        "type": openexr.scanlineimage,
        "units": "metres; depth along the camera's axis, inf where nothing is seen; colour linear Rec.709",
        "axes": "world right-handed, +Z up; camera +X right, +Y down, +Z forward; pixel centres at +0.5",
    }
    if camera is not None:
        header["worldFromCamera"] = camera.world_from_camera.astype(np.float32)
        header["intrinsics"] = camera.K.astype(np.float32)
    with written_whole(path) as part:
        openexr.File(header, {name: _plain(plane) for name, plane in planes.items()}).write(str(part))


def read_exr(path: Path) -> tuple[dict[str, Layer], dict[str, Any]]:
    """The planes (H, W) by channel name, and the header."""
    with _library().File(str(path), separate_channels=True) as file:
        return {name: channel.pixels.copy() for name, channel in file.channels().items()}, dict(file.header())


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
