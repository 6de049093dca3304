"""About how long painting takes."""

from __future__ import annotations

import os
from typing import Final

from worldgen.world import Shot

FRAME_S: Final = 0.1
MEGAPIXEL_S: Final = 6.4
"""Measured with pocket, one step and guidance on two cores without a GPU, in a street of 320,000 triangles."""
MEASURED_CORES: Final = 2
USED_CORES: Final = 8
"""More cores than this help little."""


def seconds_to_paint(shot: Shot) -> float:
    """About how many seconds ``shot`` takes on this machine when nothing else runs on it."""
    megapixels = shot.track.width * shot.track.height / 1e6
    cores = min(os.cpu_count() or 1, USED_CORES)
    return shot.frames * (FRAME_S + MEGAPIXEL_S * megapixels) * MEASURED_CORES / cores


def spoken(seconds: float) -> str:
    """``40 s``, ``3 min`` or ``2.5 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
