"""Bodies of animals as lists of soft shapes along their bones, for ``tools/bake_animals.py``.

Axes: +X right, +Y forward, +Z up, metres, paws on z = 0. Only the right side and the middle are written down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from worldgen.conventions import F64

V3 = tuple[float, float, float]


@dataclass(frozen=True)
class Blob:
    """A cone with round ends from ``a`` to ``b``, radii ``ra`` and ``rb``, on ``bone``.

    wide: how much wider than high it is, sideways. right: it has a twin on the left.
    """

    bone: str
    a: V3
    b: V3
    ra: float
    rb: float
    wide: float = 1.0
    right: bool = False


@dataclass(frozen=True)
class Body:
    """joints: name to (parent, place); names that end in "_r" have a twin. soft: metres over which blobs melt together.

    cell: of the grid, metres. paint: (points, normals) to (K, N) fields that are positive inside ``regions`` 1 … K,
    the last one winning; region 0 is the rest. eyes: (a point below its place in the face, radius).
    """

    joints: dict[str, tuple[str, V3]]
    blobs: tuple[Blob, ...]
    regions: tuple[str, ...]
    paint: Callable[[F64, F64], F64]
    eyes: tuple[V3, float]
    soft: float
    cell: float


DOG_JOINTS: Final[dict[str, tuple[str, V3]]] = {
    "pelvis": ("", (0, -0.25, 0.500)),
    "spine": ("pelvis", (0, -0.10, 0.510)),
    "chest": ("spine", (0, 0.07, 0.500)),
    "neck": ("chest", (0, 0.225, 0.545)),
    "nape": ("neck", (0, 0.300, 0.630)),
    "head": ("nape", (0, 0.345, 0.715)),
    "jaw": ("head", (0, 0.375, 0.690)),
    "ear_r": ("head", (0.046, 0.335, 0.765)),
    "tail_1": ("pelvis", (0, -0.335, 0.525)),
    "tail_2": ("tail_1", (0, -0.415, 0.510)),
    "tail_3": ("tail_2", (0, -0.485, 0.475)),
    "tail_4": ("tail_3", (0, -0.545, 0.430)),
    "thigh_r": ("pelvis", (0.060, -0.255, 0.455)),
    "shin_r": ("thigh_r", (0.080, -0.190, 0.300)),
    "hock_r": ("shin_r", (0.072, -0.330, 0.165)),
    "toe_r": ("hock_r", (0.072, -0.300, 0.028)),
    "shoulder_r": ("chest", (0.055, 0.105, 0.510)),
    "arm_r": ("shoulder_r", (0.072, 0.195, 0.385)),
    "forearm_r": ("arm_r", (0.072, 0.110, 0.300)),
    "wrist_r": ("forearm_r", (0.070, 0.125, 0.110)),
    "finger_r": ("wrist_r", (0.070, 0.145, 0.028)),
}

DOG_BLOBS: Final = (
    # trunk: deep chest, tucked belly, hips
    Blob("pelvis", (0, -0.255, 0.478), (0, -0.16, 0.485), 0.082, 0.085, 0.95),
    Blob("spine", (0, -0.16, 0.478), (0, -0.02, 0.460), 0.090, 0.106, 0.88),
    Blob("chest", (0, -0.02, 0.450), (0, 0.12, 0.436), 0.112, 0.126, 0.84),
    Blob("chest", (0, 0.02, 0.400), (0, 0.13, 0.385), 0.075, 0.085, 0.85),
    Blob("chest", (0, 0.13, 0.470), (0, 0.185, 0.455), 0.095, 0.080, 0.92),
    Blob("chest", (0, 0.04, 0.520), (0, 0.14, 0.535), 0.055, 0.050, 0.85),
    # neck and head
    Blob("neck", (0, 0.160, 0.495), (0, 0.250, 0.585), 0.100, 0.084, 0.86),
    Blob("nape", (0, 0.245, 0.575), (0, 0.315, 0.680), 0.084, 0.070, 0.88),
    Blob("head", (0, 0.325, 0.705), (0, 0.372, 0.722), 0.070, 0.063, 1.0),
    Blob("head", (0, 0.345, 0.688), (0, 0.395, 0.690), 0.056, 0.048, 1.12),
    Blob("head", (0, 0.400, 0.702), (0, 0.500, 0.689), 0.042, 0.029, 0.94),
    Blob("head", (0, 0.495, 0.692), (0, 0.512, 0.694), 0.024, 0.020, 1.0),
    Blob("jaw", (0, 0.375, 0.660), (0, 0.475, 0.655), 0.027, 0.017, 1.05),
    Blob("head", (0.016, 0.395, 0.675), (0.012, 0.482, 0.670), 0.024, 0.019, 0.8, True),
    Blob("head", (0.030, 0.372, 0.750), (0.022, 0.392, 0.750), 0.020, 0.014, 1.0, True),
    # the ear: stands up, its tip folds over
    Blob("ear_r", (0.044, 0.332, 0.752), (0.058, 0.318, 0.812), 0.030, 0.020, 0.55, True),
    Blob("ear_r", (0.058, 0.318, 0.812), (0.066, 0.330, 0.838), 0.018, 0.006, 0.7, True),
    # tail with a brush
    Blob("tail_1", (0, -0.300, 0.515), (0, -0.415, 0.508), 0.034, 0.026),
    Blob("tail_2", (0, -0.415, 0.508), (0, -0.485, 0.472), 0.028, 0.032, 0.9),
    Blob("tail_3", (0, -0.485, 0.470), (0, -0.545, 0.425), 0.033, 0.030, 0.8),
    Blob("tail_4", (0, -0.545, 0.425), (0, -0.590, 0.385), 0.028, 0.010, 0.8),
    # hind leg
    Blob("thigh_r", (0.050, -0.235, 0.440), (0.078, -0.200, 0.320), 0.078, 0.056, 0.62, True),
    Blob("thigh_r", (0.056, -0.290, 0.420), (0.076, -0.250, 0.310), 0.052, 0.040, 0.66, True),
    Blob("shin_r", (0.078, -0.200, 0.310), (0.074, -0.305, 0.190), 0.046, 0.024, 0.75, True),
    Blob("shin_r", (0.074, -0.300, 0.205), (0.072, -0.338, 0.165), 0.020, 0.017, 0.8, True),
    Blob("hock_r", (0.072, -0.336, 0.165), (0.072, -0.312, 0.045), 0.0185, 0.0175, 0.9, True),
    Blob("toe_r", (0.072, -0.310, 0.028), (0.072, -0.262, 0.022), 0.026, 0.021, 1.15, True),
    # fore leg
    Blob("shoulder_r", (0.050, 0.095, 0.490), (0.068, 0.180, 0.395), 0.052, 0.044, 0.55, True),
    Blob("arm_r", (0.068, 0.185, 0.385), (0.070, 0.115, 0.305), 0.044, 0.036, 0.68, True),
    Blob("forearm_r", (0.071, 0.112, 0.305), (0.070, 0.124, 0.120), 0.034, 0.019, 0.85, True),
    Blob("wrist_r", (0.070, 0.124, 0.115), (0.070, 0.132, 0.045), 0.0195, 0.018, 0.95, True),
    Blob("finger_r", (0.070, 0.138, 0.027), (0.070, 0.180, 0.021), 0.026, 0.021, 1.15, True),
)


def dog_paint(p: F64, n: F64) -> F64:
    """(4, N) saddle, light underside, nose, inside of the ear: positive where they are."""
    x, y, z = p.T
    ripple = 0.010 * np.sin(41 * y + 17 * z) + 0.006 * np.sin(93 * y - 61 * x)
    back = z - 0.520 + ripple + 0.35 * np.clip(y - 0.20, -0.1, 1) - 0.9 * np.clip(np.abs(x) - 0.05, 0, 1)
    saddle = np.minimum(back, 0.30 - y)
    saddle = np.maximum(saddle, np.minimum(np.minimum(-0.34 - y, z - 0.36), 0.03 * (n[:, 2] - 0.1) + 0.3 * ripple))
    belly = np.minimum(np.minimum(0.05 * (-n[:, 2] - 0.45) + ripple, z - 0.27), np.minimum(0.30 - y, 0.08 - np.abs(x)))
    bib = 0.062 - np.hypot(x * 1.15, (z - 0.46 + ripple) * 0.42) - 2.0 * np.clip(0.16 - y, 0, 1)
    throat = np.minimum(0.03 * (n[:, 1] - n[:, 2] - 0.75) + ripple, np.minimum(y - 0.2, z - 0.5))
    paws = 0.080 - z + 0.6 * ripple
    muzzle = np.minimum(y - 0.385 - 0.3 * np.abs(z - 0.66), 0.684 - z + 0.3 * ripple + 0.25 * (y - 0.45))
    light = np.max([belly, bib, np.minimum(throat, 0.64 - z), paws, muzzle], axis=0)
    nose = 0.0215 - np.linalg.norm((p - [0, 0.521, 0.697]) * [0.95, 0.85, 1.15], axis=1)
    inner = np.minimum(np.minimum(z - 0.792, 0.03 * (n[:, 1] - 0.45)), 0.357 - y)
    return np.stack([saddle, light, nose, inner])


DOG: Final = Body(
    DOG_JOINTS, DOG_BLOBS, ("coat", "saddle", "light", "nose", "ear"), dog_paint, ((0.030, 0.385, 0.736), 0.0125),
    0.014, 0.0131,
)  # fmt: skip
