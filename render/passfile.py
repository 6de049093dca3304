"""Passes on disk: exact values as NPZ or multilayer EXR, or pictures to look at as PNG.

PNG encodings are fixed for ever, so nothing flickers and every file can be read back without its neighbours:
depth is ``5 m / (5 m + depth)`` in 16 bits (near white, sky black), normals are ``(n + 1) / 2`` (camera normals with +Y
up and +Z to the viewer), ids are one colour each, a segmentation has the colours of ADE20K (``worldgen.ade20k``),
colours and light are sRGB.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from render.exr import channels, write_exr
from render.files import bytes_from_display, write_image, written_whole
from render.passes import Passes
from render.shade import Shading
from worldgen.ade20k import PALETTE
from worldgen.camera import Camera
from worldgen.conventions import U8, srgb_from_linear

Layer = npt.NDArray[Any]

DEPTH_HALF_M: Final = 5.0
"""Depth that is mid-grey in a PNG, metres."""

SURFACE: Final[dict[str, tuple[str, ...]]] = {
    "depth": ("Z",),
    "normal": ("X", "Y", "Z"),
    "geometric_normal": ("X", "Y", "Z"),
    "camera_normal": ("X", "Y", "Z"),
    "position": ("X", "Y", "Z"),
    "rest_position": ("X", "Y", "Z"),
    "uv": ("U", "V"),
    "object_id": ("id",),
    "material_id": ("id",),
    "segmentation": ("id",),
    "albedo": ("R", "G", "B"),
    "roughness": ("Y",),
    "metallic": ("Y",),
    "emission": ("R", "G", "B"),
}
"""Passes that need geometry alone, with the names of their channels; values and units as in ``render.passes``."""

LIGHT: Final[dict[str, tuple[str, ...]]] = {
    "sun": ("Y",),
    "sky_light": ("R", "G", "B"),
    "bounce": ("R", "G", "B"),
    "lamps": ("R", "G", "B"),
    "occlusion": ("Y",),
    "mirror": ("R", "G", "B"),
    "radiance": ("R", "G", "B"),
}
"""Passes of the proxy's light, with the names of their channels; values and units as in ``render.shade.Shading``."""

NAMES: Final = (*SURFACE, *LIGHT)


def chosen_passes(words: str) -> tuple[str, ...]:
    """Names of ``A,B`` or ``all``. Errors: ``ValueError`` for an unknown one."""
    names = tuple(dict.fromkeys(word.strip().replace("-", "_") for word in words.split(",") if word.strip()))
    if names == ("all",):
        return NAMES
    unknown = [name for name in names if name not in NAMES]
    if unknown or not names:
        raise ValueError(f"{unknown[0] if unknown else words!r} is not a pass: choose from {', '.join(NAMES)}, or all")
    return names


def layer(name: str, passes: Passes, shading: Shading | None) -> Layer:
    """The values of one pass, (H, W) or (H, W, C)."""
    if name in SURFACE:
        return np.asarray(getattr(passes, name))
    assert shading is not None
    return np.asarray(getattr(shading, name))


def write_layers(path: Path, layers: Mapping[str, Layer], camera: Camera, display: Callable[[Layer], Layer]) -> None:
    """Passes of one frame that ``camera`` saw, in the form that the suffix of ``path`` says; a PNG holds one of them.

    ``display`` turns linear light (H, W, 3) into display values in [0, 1] (``Sky.display``).
    """
    if path.suffix == ".exr":
        planes: dict[str, Layer] = {}
        for name, values in layers.items():
            planes |= channels(name, values, (SURFACE | LIGHT)[name])
        write_exr(path, planes, camera)
    elif path.suffix == ".npz":
        with written_whole(path) as part, part.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **layers)
    else:
        ((name, values),) = layers.items()
        if name == "depth":
            with written_whole(path) as part:
                Image.fromarray(depth_code(values)).save(part)
        else:
            write_image(path, picture(name, values, display))


def depth_code(depth: Layer) -> npt.NDArray[np.uint16]:
    """(H, W) 16-bit grey of depth in metres: 65535 at the lens, 0 for sky."""
    share = DEPTH_HALF_M / (DEPTH_HALF_M + np.asarray(depth, dtype=np.float64))
    return np.rint(share * 65535).astype(np.uint16)


def picture(name: str, values: Layer, display: Callable[[Layer], Layer]) -> U8:
    """(H, W, 3) uint8 to look at."""
    if name == "depth":
        grey = (depth_code(values) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=-1)
    if name in ("object_id", "material_id"):
        return id_colours(values)
    if name == "segmentation":
        return np.asarray(PALETTE[values])
    if name == "camera_normal":
        return bytes_from_display(np.asarray(values * [0.5, -0.5, -0.5] + 0.5, dtype=np.float32))
    if name.endswith("normal"):
        return bytes_from_display(np.asarray(values * 0.5 + 0.5, dtype=np.float32))
    if name.endswith("position"):  # a cube of colours every four metres
        return bytes_from_display(np.asarray(0.5 + 0.5 * np.sin(values * (np.pi / 2)), dtype=np.float32))
    if name == "uv":  # a tile a metre
        u, v = np.mod(values[..., 0], 1.0), np.mod(values[..., 1], 1.0)
        return bytes_from_display(np.stack([u, v, np.zeros_like(u)], axis=-1).astype(np.float32))
    if name == "albedo":
        return bytes_from_display(srgb_from_linear(values))
    if values.ndim == 2:
        return bytes_from_display(np.repeat(values[..., None].astype(np.float32), 3, axis=-1))
    scale = 1.0 if name in ("emission", "mirror", "radiance") else 1.0 / np.pi  # irradiance as a white wall shows it
    return bytes_from_display(np.asarray(display(values * scale), dtype=np.float32))


def id_colours(ids: Layer) -> U8:
    """(H, W, 3) one colour an id, black for 0 (nothing)."""
    mixed = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    channels = [(mixed >> np.uint64(shift)) & np.uint64(0xFF) for shift in (56, 40, 24)]
    colour = np.stack(channels, axis=-1).astype(np.uint8) // 2 + 100
    return np.where((ids != 0)[..., None], colour, 0).astype(np.uint8)
