"""Line drawings of what a camera sees: where the thing, the material, the depth or the direction changes.

Found in a visibility buffer of twice the picture's size and filtered down, so that the lines are smooth and stand still
with the surfaces. A line lies where two neighbouring samples show different things or materials, where each lies off
the plane through the other (an object's own outline), or where their normals part (a crease); flat tests on planes
keep floors at grazing angles clear (cf. Saito & Takahashi 1990).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import convolve1d, gaussian_filter

from render.passes import Passes
from worldgen.camera import Camera
from worldgen.conventions import F32, Bool

OUTLINE: Final = 1.0
"""Weight in soft edges of where the thing changes, or its depth jumps."""
CREASE: Final = 0.7
"""Of an edge at a right angle."""
MATERIAL: Final = 0.5
"""Of another material on the same thing."""
_CREASE_COSINE: Final = float(np.cos(np.radians(35.0)))
_JUMP_PIXELS: Final = 6.0
"""Extents of a sample that two neighbours may lie off each other's plane."""
_JUMP_RELATIVE: Final = 0.004
_TAPS: Final = np.array([1.0, 3.0, 3.0, 1.0], dtype=np.float32) / 8.0
_FULL: Final = 0.75
"""What a straight line of two samples leaves of itself after ``_TAPS``."""
_SOFT: Final = 1.0 / 550.0
"""Blur of soft edges over the picture's diagonal."""
_NEAR: Final = 1.0 / 90.0
"""Radius over the picture's diagonal in which lines are counted."""
_DENSE: Final = 0.35
"""Share of it that lines may cover before they turn grey."""


def lines(fine: Passes, camera: Camera) -> F32:
    """(H, W) float32 weight of the line through each sample of ``fine``, 0 where there is none.

    camera: the one that saw ``fine``.
    """
    height, width = fine.gbuffer.triangle.shape
    strength = np.zeros((height, width), dtype=np.float32)
    for a, b in (
        ((slice(None), slice(0, -1)), (slice(None), slice(1, None))),
        ((slice(0, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        weight = _between(fine, camera, a, b)
        for side in (a, b):
            np.maximum(strength[side], weight, out=strength[side])
    return strength


def thin(strength: F32) -> F32:
    """(H, W) float32, 0 to 1: anti-aliased lines a pixel and a half wide, from lines at twice the size."""
    return _calmed(np.clip(_halved((strength > 0).astype(np.float32)) / _FULL, 0.0, 1.0))


def soft(strength: F32) -> F32:
    """(H, W) float32, 0 to 1: broad lines that fade with their weight and to their sides."""
    small = _calmed(np.clip(_halved(strength) / _FULL, 0.0, 1.0))
    sigma = max(0.7, _SOFT * float(np.hypot(*small.shape)))
    # A line keeps its weight in its middle, whatever the blur: spread out, it leaves 1 / (sqrt(2 pi) sigma) there.
    blurred = gaussian_filter(small, sigma, mode="nearest") * (np.sqrt(2 * np.pi) * sigma * _FULL)
    return np.asarray(np.clip(blurred, 0.0, 1.0), dtype=np.float32)


def _calmed(picture: F32) -> F32:
    """Lines that lie as close as in foliage or on a far front turn grey; those that stand alone stay white."""
    sigma = _NEAR * float(np.hypot(*picture.shape))
    if sigma < 1.0:
        return picture
    density = gaussian_filter(picture, sigma, mode="nearest")
    return np.asarray(picture * np.minimum(1.0, _DENSE / np.maximum(density, 1e-6)), dtype=np.float32)


def _halved(picture: F32) -> F32:
    """(H, W) of (2 H, 2 W), each pixel from the four by four samples around its middle."""
    result = picture
    for axis in (0, 1):
        result = convolve1d(result, _TAPS, axis=axis, mode="nearest")
        result = result[::2] if axis == 0 else result[:, ::2]
    return np.asarray(result, dtype=np.float32)


def _between(fine: Passes, camera: Camera, a: tuple[slice, slice], b: tuple[slice, slice]) -> F32:
    """Weights of the lines between samples ``a`` and their neighbours ``b``."""
    things, materials, hit = fine.object_id, fine.material_index, fine.gbuffer.hit
    both = hit[a] & hit[b]
    weight = np.where(things[a] != things[b], np.float32(OUTLINE), np.float32(0))
    weight[both & (weight == 0) & (materials[a] != materials[b])] = MATERIAL
    same = np.flatnonzero(both & (things[a] == things[b]))
    if not len(same):
        return weight
    points = [fine.position[side].reshape(-1, 3)[same] for side in (a, b)]
    flat = [fine.geometric_normal[side].reshape(-1, 3)[same] for side in (a, b)]
    depth = np.minimum(fine.depth[a].reshape(-1)[same], fine.depth[b].reshape(-1)[same])
    between = points[1] - points[0]
    off = np.minimum(np.abs(_dot(flat[0], between)), np.abs(_dot(flat[1], between)))
    allowed = depth * np.float32(_JUMP_PIXELS / np.sqrt(camera.K[0, 0] * camera.K[1, 1]) + _JUMP_RELATIVE)
    smooth = [fine.normal[side].reshape(-1, 3)[same] for side in (a, b)]
    cosine = _dot(smooth[0], smooth[1])
    crease = np.where(cosine < _CREASE_COSINE, CREASE * np.clip(1.0 - cosine, 0.0, 1.0), 0.0)
    jump: Bool = off > allowed
    found = np.where(jump, OUTLINE, crease).astype(np.float32)
    flat_weight = weight.reshape(-1)
    flat_weight[same] = np.maximum(flat_weight[same], found)
    return flat_weight.reshape(weight.shape)


def _dot(a: F32, b: F32) -> F32:
    return np.asarray(np.einsum("nc,nc->n", a, b), dtype=np.float32)
