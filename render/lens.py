"""What a lens and a shutter do to a picture: depth of field, motion blur, distortion.

A frame is looked at anew from many points of the lens and moments of the exposure (Haeberli & Akeley 1990, "The
accumulation buffer"). None of these looks is lit or painted again: each takes its colours from the finished picture,
along exact correspondence, so any picture of the world can be given a lens, whoever painted it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import ndimage

from render.correspondence import Correspondence, FrameGeometry, correspond
from render.motion import motion
from render.passes import Passes
from render.raster import Rasterizer
from render.warp import warp
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, I32, Bool
from worldgen.paths import camera_between
from worldgen.world import Shot, World

FEWEST: Final = 12
MOST: Final = 48
"""Looks at a frame that has any blur."""
SPACING: Final = 2.5
"""Pixels between neighbouring looks up to which they are seen as one blur."""
UNSEEN: Final = 0.6
"""A blur of fewer pixels is left out."""
REACH_PX: Final = 48
"""How far from what only a part of the lens sees its colour may be taken."""
_WIDEST: Final = 0.995  # the share of pixels whose blur the number of looks is made for


def through_lens(world: World, shot: Shot, frame: int, picture: F32, rasterizer: Rasterizer) -> F32:
    """``picture`` (H, W, 3), linear light, of ``frame`` of ``shot``, with its depth of field and motion blur.

    The exposure lies around the frame's moment. What only a part of the lens sees behind an edge takes the colours of
    the same thing beside it. Memory does not grow with the number of looks.
    """
    track, camera = shot.track, shot.track[frame]
    focus, aperture, open_for = float(track.focus_m[frame]), track.aperture_m(frame), track.shutter / (2 * np.pi)
    snapshot = world.at(shot.time(frame))
    gbuffer = rasterizer.rasterize(snapshot, camera)
    main = FrameGeometry.of(snapshot, camera, gbuffer)

    def look(moment: float, lens: F64, grain: F64) -> tuple[FrameGeometry, I32]:
        seen = world.at(shot.time(frame) + float(moment / shot.fps))
        view = shifted(camera_between(track, frame + moment), lens, focus, grain)
        found = rasterizer.rasterize(seen, view)
        return FrameGeometry.of(seen, view, found), Passes(seen, view, found).object_id

    still = np.zeros(2)
    passes = Passes(snapshot, camera, gbuffer)
    blur = confusion(passes.depth, camera, focus, aperture)
    travel = np.zeros_like(blur)
    if open_for > 0:
        moved = motion(main, look(open_for / 2, still, still)[0])
        travel = np.where(moved.visible, 2.0 * np.linalg.norm(moved.vector, axis=-1), 0.0).astype(np.float32)
    count = looks_for(_widest(blur), _widest(travel))
    if count == 1:
        return picture
    clean = _unmixed(picture, passes.object_id)
    source = np.dstack([softened(clean, blur / (2.0 * np.sqrt(count))), np.maximum(blur, travel)])
    total, weight = np.zeros_like(picture), np.zeros((*picture.shape[:2], 1), np.float32)
    most = np.zeros_like(weight)
    where = zip(lens_points(count) * (aperture / 2), moments(count) * open_for, grains(count), strict=True)
    for lens, moment, grain in where:
        geometry, things = look(float(moment), lens, grain)
        found = correspond(geometry, main)
        colour, known = filled(warp(source, found, "bilinear"), found.visible, things)
        total += colour[..., :3] * known[..., None]
        weight += known[..., None]
        most = np.maximum(most, colour[..., 3:] * known[..., None])
    # What every look sees sharp stays as it is, to the bit: it would only be resampled.
    share = np.clip(most / UNSEEN - 1.0, 0.0, 1.0)
    return np.asarray(picture + share * (total / np.maximum(weight, 1.0) - picture), dtype=np.float32)


def confusion(depth: F32, camera: Camera, focus_m: float, aperture_m: float) -> F32:
    """(H, W) pixels across the circle of confusion at planar ``depth`` (H, W) metres (Potmesil & Chakravarty 1981).

    ``aperture_m``: diameter. Focus is on a plane, and the focal length is small against its distance.
    """
    nearness = 1.0 / np.maximum(depth, camera.near)  # 0 for the sky
    return np.abs(1.0 / focus_m - nearness).astype(np.float32) * np.float32(aperture_m * camera.K[0, 0])


def looks_for(confusion_px: float, travel_px: float) -> int:
    """How many looks blur a circle of ``confusion_px`` and a streak of ``travel_px`` without gaps; 1 for none."""
    if max(confusion_px, travel_px) < UNSEEN:
        return 1
    return int(np.clip(np.ceil(max((confusion_px / SPACING) ** 2, travel_px / SPACING, FEWEST)), 1, MOST))


def lens_points(count: int) -> F64:
    """(count, 2) points of the unit disc, evenly dense: Vogel's spiral (1979)."""
    k = np.arange(count)
    turn = k * np.pi * (3.0 - np.sqrt(5.0))
    return np.sqrt((k + 0.5) / count)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)


def moments(count: int) -> F64:
    """(count,) moments from -1/2 to 1/2 in an order that has nothing to do with the spiral's (golden-ratio steps)."""
    order = np.argsort((np.arange(count) * (np.sqrt(5.0) - 1) / 2) % 1.0)
    return (np.argsort(order) + 0.5) / count - 0.5


def grains(count: int) -> F64:
    """(count, 2) places within a pixel, from -1/2 to 1/2, evenly dense: the R2 sequence (Roberts 2018)."""
    steps = np.array([0.7548776662466927, 0.5698402909980532])
    return (0.5 + (np.arange(count)[:, None] + 1) * steps) % 1.0 - 0.5


def shifted(camera: Camera, lens: F64, focus_m: float, grain: F64) -> Camera:
    """``camera`` moved to a point of its lens, still framing what is in focus, and by a part of a pixel.

    lens: (2,) metres right of and below the lens's middle. grain: (2,) pixels.
    """
    pose, K = camera.world_from_camera.copy(), camera.K.copy()
    pose[:3, 3] += pose[:3, :2] @ lens
    K[:2, 2] += K[:2, :2] @ lens / focus_m - grain
    return replace(camera, world_from_camera=pose, K=K)


def filled(picture: F32, known: Bool, things: I32) -> tuple[F32, Bool]:
    """``picture`` (H, W, C) with the nearest known colour of the same thing where it is not ``known`` (H, W).

    things: (H, W) ids. Also says where a colour is known now: not beyond ``REACH_PX``.
    """
    result, now = picture.copy(), known.copy()
    for thing in np.unique(things[~known]):
        hole = ~known & (things == thing)
        rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
        box = tuple(slice(max(0, at[0] - REACH_PX), at[-1] + REACH_PX + 1) for at in (rows, columns))
        source = known[box] & (things[box] == thing)
        if not source.any():
            continue
        distance, nearest = ndimage.distance_transform_edt(~source, return_indices=True)
        inside = hole[box] & (distance <= REACH_PX)
        result[box][inside] = picture[box][tuple(nearest[:, inside])]
        now[box] |= inside
    return result, now


def _unmixed(picture: F32, things: I32) -> F32:
    """``picture`` with pixels at the edges of things, which mix two, in the colours of their own thing beside them."""
    among = ndimage.minimum_filter(things, 3), ndimage.maximum_filter(things, 3)
    colour, known = filled(picture, among[0] == among[1], things)
    return np.where(known[..., None], colour, picture)


def softened(picture: F32, sigma: F32) -> F32:
    """``picture`` (H, W, C) blurred by a Gaussian of ``sigma`` (H, W) pixels, where that is more than half of one.

    What is sharp does not bleed into what is not (normalised convolution, Knutsson & Westin 1993).
    """
    wide, result = 0.5, picture
    while wide < sigma.max():
        share = np.clip(sigma / wide - 1.0, 0.0, 1.0)[..., None]
        blurred = ndimage.gaussian_filter(picture * share, (2 * wide, 2 * wide, 0), mode="nearest")
        among = ndimage.gaussian_filter(share, (2 * wide, 2 * wide, 0), mode="nearest")
        result = result + share * (blurred / np.maximum(among, 1e-6) - result)
        wide *= 2
    return np.asarray(result, dtype=np.float32)


def distorted(picture: F32, camera: Camera, k: tuple[float, float]) -> F32:
    """``picture`` (H, W, C) of a pinhole ``camera`` as a lens bends it (Conrady 1919, Brown 1966).

    Radii r, in focal lengths, become r (1 + k1 r² + k2 r⁴). A barrel (k1 < 0) shows more at the corners than a
    pinhole's picture holds: it is enlarged just as far as it takes to fill the frame.
    """
    if k == (0.0, 0.0):
        return picture
    height, width = picture.shape[:2]
    middle, focal = camera.K[:2, 2], np.array([camera.K[0, 0], camera.K[1, 1]])
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    bent = (np.stack([columns, rows], axis=-1) - middle) / focal
    further = np.linalg.norm(_undistorted(bent, k), axis=-1) / np.maximum(np.linalg.norm(bent, axis=-1), 1e-12)
    zoom = max(1.0, float(further[0].max()), float(further[-1].max()), float(further[:, [0, -1]].max()))
    xy = (_undistorted(bent / zoom, k) * focal + middle).astype(np.float32)
    whole = np.ones((height, width), np.bool_)
    return warp(picture, Correspondence(xy, whole, whole.astype(np.float32)), "bicubic")


def _undistorted(bent: F64, k: tuple[float, float]) -> F64:
    """What ``distorted`` bends to ``bent`` (..., 2), by Newton's method; at most where the bend turns back."""
    radius = np.linalg.norm(bent, axis=-1, keepdims=True)
    turns = [
        float(np.sqrt(x.real))
        for x in np.roots(np.round([5 * k[1], 3 * k[0], 1.0], 9))
        if abs(x.imag) < 1e-9 and x.real > 0
    ]
    most = min([0.999 * turn for turn in turns], default=2.0 * float(radius.max()) + 1.0)
    r = np.minimum(radius, most)
    for _ in range(12):
        slope = np.maximum(1 + 3 * k[0] * r**2 + 5 * k[1] * r**4, 1e-3)
        r = np.clip(r - (r * (1 + k[0] * r**2 + k[1] * r**4) - radius) / slope, 0.0, most)
    return bent * (r / np.maximum(radius, 1e-12))


def _widest(pixels: F32 | F64) -> float:
    return float(np.quantile(pixels, _WIDEST)) if pixels.size else 0.0
