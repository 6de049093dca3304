"""Files that are either whole or not there: a killed or failed run never leaves half a file under its final name."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from worldgen.conventions import F32, U8

PART = ".part-"


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary name in the folder of ``path`` (made if missing), with its suffix.

    The file takes its final name when the block ends well and is removed when it does not. Errors: ``OSError``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{PART}{os.getpid()}-{path.name}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Hold ``folder`` (made if missing) for this process; a killed process lets go by itself.

    Errors: ``ValueError`` if another process holds it, ``OSError``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(
                f"another run is writing to {folder}: wait until it ends, or choose another folder with --out"
            ) from error
        yield
    finally:
        os.close(handle)


def remove_parts(folder: Path) -> None:
    """Remove what killed runs left under temporary names in ``folder`` (not below it)."""
    for part in folder.glob(f"{PART}*"):
        part.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """``value`` as readable JSON, whole or not at all."""
    with written_whole(path) as part:
        part.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, object] | None:
    """The object in ``path``; None if there is none or it is not JSON (so that it is made again)."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def bytes_from_display(image: F32 | U8) -> U8:
    """(..., 3) sRGB-encoded values in [0, 1], rounded to uint8; uint8 passes as it is."""
    if image.dtype == np.uint8:
        return np.asarray(image, dtype=np.uint8)
    return np.rint(np.clip(np.asarray(image, dtype=np.float32), 0.0, 1.0) * 255.0).astype(np.uint8)


def write_image(path: Path, image: F32 | U8) -> None:
    """(H, W, 3) display values as PNG or JPEG (by the suffix), whole or not at all."""
    picture = Image.fromarray(bytes_from_display(image))
    with written_whole(path) as part:
        if path.suffix.lower() in (".jpg", ".jpeg"):
            picture.save(part, quality=92, subsampling=0)
        else:
            picture.save(part, compress_level=2)  # Pillow's own 6 takes three times as long to save 4 %


def read_image(path: Path) -> U8:
    """(H, W, 3) uint8 display values. Errors: ``ValueError`` if the file is no picture, ``OSError``."""
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except UnidentifiedImageError as error:
        raise ValueError(f"{path} is not a picture: delete it and run the command again") from error
