"""PNG files of 16 bits a channel in grey or RGB, which Pillow writes in grey alone."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

_GREY: Final = 0
_RGB: Final = 2
_UP: Final = 2
"""The filter of every row: what differs from the row above."""


def png16(picture: npt.NDArray[np.uint16]) -> bytes:
    """A PNG (ISO/IEC 15948) of (H, W) grey or (H, W, 3) RGB."""
    height, width = picture.shape[:2]
    kind = _GREY if picture.ndim == 2 else _RGB
    rows = picture.astype(">u2").view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), dtype=np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    size = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    data = zlib.compress(filtered.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", size) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
