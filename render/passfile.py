"""Passes on disk: exact values as NPZ or multilayer EXR, or pictures as PNG, as ``render.passtable`` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from render.exr import ExrFrame, channels, write_exr
from render.files import write_image, written_whole
from render.passpicture import SIXTEEN, code, picture
from render.passtable import CRYPTO, PASSES, RANKS
from render.png16 import png16

Layer = npt.NDArray[Any]
_MOST_HALF = 65504.0


def write_layers(
    path: Path,
    layers: Mapping[str, Layer],
    display: Callable[[Layer], Layer],
    about: ExrFrame | None = None,
) -> None:
    """Passes of one frame in the form that the suffix of ``path`` says; a PNG holds one of them.

    ``display`` turns linear light (H, W, 3) into display values in [0, 1] (``Sky.display``). about: what the header of
    an EXR tells of the frame.
    """
    if path.suffix == ".exr":
        planes: dict[str, Layer] = {}
        for name, values in layers.items():
            planes |= exr_planes(name, values)
        write_exr(path, planes, about)
    elif path.suffix == ".npz":
        with written_whole(path) as part, part.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **layers)
    else:
        ((name, values),) = layers.items()
        if name in SIXTEEN:
            with written_whole(path) as part:
                part.write_bytes(png16(code(name, values)))
        else:
            write_image(path, picture(name, values, display))


def exr_planes(name: str, values: Layer) -> dict[str, Layer]:
    """The channels of one pass as an EXR holds them."""
    what = PASSES[name]
    layer = name if what.layer is None else what.layer
    if name in CRYPTO:
        pairs = [values[..., 4 * k : 4 * k + 4] for k in range(RANKS // 2)]
        return {
            c: plane for k, four in enumerate(pairs) for c, plane in channels(f"{layer}{k:02d}", four, "RGBA").items()
        }
    if name.endswith("_motion"):
        values = values * np.array([1, -1], dtype=np.float32)  # Nuke's +v is up
    if what.half:
        values = np.clip(values, -_MOST_HALF, _MOST_HALF).astype(np.float16)
    return channels(layer, values, what.channels)
