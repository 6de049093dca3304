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

from render.passes import Surface
from render.raster import GBuffer
from worldgen.camera import Camera
from worldgen.conventions import F32, I32
from worldgen.world import Snapshot

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


def lines(snapshot: Snapshot, camera: Camera, gbuffer: GBuffer) -> F32:
    """(H, W) float32 weight of the line through each sample of ``gbuffer``, 0 where there is none.

    camera: the one that saw it, of twice the picture's size. Only neighbours that show different triangles are looked
    at: one triangle is flat.
    """
    triangle = gbuffer.triangle
    number = np.arange(triangle.size, dtype=np.int64).reshape(triangle.shape)
    pairs = [
        (number[a][different], number[b][different])
        for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:]))
        for different in (triangle[a] != triangle[b],)
    ]
    first, second = (np.concatenate([pair[k] for pair in pairs]) for k in (0, 1))
    flat = triangle.reshape(-1)
    known = np.zeros(triangle.size, dtype=np.bool_)
    known[first] = known[second] = True
    samples = np.flatnonzero(known & (flat >= 0))
    row = np.full(triangle.size, -1, dtype=np.int32)
    row[samples] = np.arange(len(samples), dtype=np.int32)
    surface = Surface(snapshot, camera, flat[samples], gbuffer.bary.reshape(-1, 2)[samples])
    weight = _between(surface, row[first], row[second])
    strength = np.zeros(triangle.size, dtype=np.float32)
    for side in (first, second):
        np.maximum.at(strength, side, weight)
    return strength.reshape(triangle.shape)


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


def _between(surface: Surface, first: I32, second: I32) -> F32:
    """(N,) weights of the lines between samples, rows of ``surface``, or -1 for sky (never both)."""
    weight = np.full(len(first), OUTLINE, dtype=np.float32)
    pairs = np.flatnonzero((first >= 0) & (second >= 0))
    a, b = first[pairs], second[pairs]
    same = surface.object_id[a] == surface.object_id[b]
    pairs, a, b = pairs[same], a[same], b[same]
    material = np.where(surface.material_index[a] != surface.material_index[b], MATERIAL, 0.0)
    between = surface.position[b] - surface.position[a]
    off = np.minimum(*(np.abs(_dot(surface.geometric_normal[side], between)) for side in (a, b)))
    focal = surface.camera.focal_px
    allowed = np.minimum(surface.depth[a], surface.depth[b]) * np.float32(_JUMP_PIXELS / focal + _JUMP_RELATIVE)
    cosine = _dot(surface.normal[a], surface.normal[b])
    crease = np.where(cosine < _CREASE_COSINE, CREASE * np.clip(1.0 - cosine, 0.0, 1.0), 0.0)
    weight[pairs] = np.where(off > allowed, OUTLINE, np.maximum(material, crease))
    return weight


def _dot(a: F32, b: F32) -> F32:
    return np.asarray(np.einsum("nc,nc->n", a, b), dtype=np.float32)
