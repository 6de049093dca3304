"""Light straight from the sun and from lamps, with shadow rays; and the directions in which other light is sought."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from render.compiled import compiled, inlined
from render.gloss import burley, glint
from render.penumbra import disc, tilted
from render.rays import RayScene
from worldgen.conventions import F32, unit
from worldgen.light import SUN_RADIUS, Lamp, Sky

I64 = npt.NDArray[np.int64]

LIFT_M: Final = 2e-3
"""Rays start this far above the surface (and a little more far from the world's origin)."""

LANTERN_M: Final = 0.45
"""Shadow rays stop this short of a lamp: its own lantern must not shade it."""


def sunlight(rays: RayScene, sky: Sky, points: F32, normals: F32, aim: F32 | None = None) -> F32:
    """(N,) cosine to the sun where it is visible, else 0. points, normals (to the viewer): (N, 3) world.

    aim: (N, 3) the directions in which it is looked for, of :func:`sun_disc`; None: that of its middle.
    """
    towards, count = sky.sun_direction.astype(np.float32), len(points)
    if sky.sun_irradiance.max() <= 0:
        return np.zeros(count, np.float32)
    cosine, facing, start = np.empty(count, np.float32), np.empty(count, np.int64), np.empty((count, 3), np.float32)
    found = _facing(points, normals, towards, cosine, facing, start)
    seen = np.broadcast_to(towards, (found, 3)) if aim is None else aim[facing[:found]]
    blocked = rays.occluded(start[:found], seen)
    cosine[facing[:found][blocked]] = 0.0
    return cosine


def sun_disc(sky: Sky) -> F32:
    """(20, 3) unit directions to the points of :func:`disc` on the sun."""
    axis = sky.sun_direction
    side = unit(np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0]))
    spread = np.tan(SUN_RADIUS) * disc() @ np.stack([side, np.cross(axis, side)])
    return np.asarray(unit(axis + spread), dtype=np.float32)


@compiled
def _facing(points: F32, normals: F32, towards: F32, cosine: F32, facing: I64, start: F32) -> int:
    """How many points face the light; which, and where their rays start, into ``facing`` and ``start``."""
    found = 0
    for n in range(len(points)):
        x, y, z = normals[n, 0], normals[n, 1], normals[n, 2]
        cosine[n] = max(x * towards[0] + y * towards[1] + z * towards[2], np.float32(0))
        if cosine[n] > 0:
            facing[found] = n
            _lift(points[n], normals[n], start[found])
            found += 1
    return found


@inlined
def _lift(point: F32, normal: F32, start: F32) -> None:
    size = max(abs(point[0]), abs(point[1]), abs(point[2]))
    up = np.float32(LIFT_M) + size * np.float32(1e-5)
    for k in range(3):
        start[k] = point[k] + normal[k] * up


def lamplight(rays: RayScene, lamps: tuple[Lamp, ...], points: F32, normals: F32, *, lanterns: bool = True) -> F32:
    """(N, 3) irradiance from the lamps in reach, kilolux, with the shadows of their middles.

    lanterns: whether what holds a lamp is lit by it too; its light on to others is already part of the lamp's.
    """
    total, none = np.zeros((len(points), 3), np.float32), np.empty(0, np.int64)
    nothing = np.empty(0, np.float32)
    _lamps(rays, lamps, points, normals, normals, none, normals, nothing, 0.0 if lanterns else LANTERN_M, total)
    return total


def lamplight_apart(
    rays: RayScene, lamps: tuple[Lamp, ...], points: F32, normals: F32, bent: F32, place: I64, views: F32, alpha: F32
) -> F32:
    """(N, 18) light of the lamps: irradiance with shadows, without, and without on ``bent (N, 3)`` normals.

    Last, with shadows, radiance that lobes of width ``alpha (N,)`` see of them (0 where that is 0), so much by the
    reflectance seen straight on and so much besides; and irradiance by which they seem more or less to the viewer than
    they are on a Lambertian surface (:func:`burley`). place: (N,) which of the first 16 points of :func:`disc`, laid
    on each lamp, a point's shadow rays are aimed at. views: (N, 3) unit, to the camera.
    """
    total = np.zeros((len(points), 18), np.float32)
    _lamps(rays, lamps, points, normals, bent, place, views, alpha, 0.0, total)
    return total


def _lamps(
    rays: RayScene, lamps: tuple[Lamp, ...], points: F32, normals: F32, bent: F32, place: I64, views: F32, alpha: F32,
    least: float, total: F32,
) -> None:  # fmt: skip
    count, spread = len(points), disc()[place]
    glossy = bool(alpha.any())
    rows, strength, away = np.empty(count, np.int64), np.empty(count, np.float32), np.empty(count, np.float32)
    start, towards = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    for lamp in lamps if count else ():
        middle = np.array(lamp.position, np.float32)
        found = _reached(middle, lamp.reach_m, least, points, normals, rows, strength, away, start, towards)
        if lamp.direction is not None:
            strength[:found] *= lamp.beam(-towards[:found])
            inside = np.flatnonzero(strength[:found] > 0)
            found = len(inside)
            for known in (rows, strength, away, start, towards):
                known[:found] = known[inside]
        if found:
            aim, far = towards[:found], away[:found]
            if len(place):
                size = (lamp.radius_m / np.maximum(far, 1e-3)).astype(np.float32)
                aim = tilted(aim, size, spread[rows[:found]])
            reach = np.maximum(far - np.float32(LANTERN_M), np.float32(1e-3))
            lit = np.flatnonzero(~rays.occluded(start[:found], aim, reach))
            intensity = np.array(lamp.intensity, np.float32)
            _add(lit, rows, strength, towards, normals, intensity, total[:, :3])
            if len(place):
                every = np.arange(found)
                _add(every, rows, strength, towards, normals, intensity, total[:, 3:6])
                _add(every, rows, strength, towards, bent, intensity, total[:, 6:9])
            if glossy:
                _add_lobes(lit, rows, strength, towards, normals, views, alpha, size, intensity, total[:, 9:])


@compiled
def _reached(
    place: F32, most: float, least: float, points: F32, normals: F32, rows: I64, strength: F32, away: F32, start: F32,
    towards: F32,
) -> int:  # fmt: skip
    """How many points a lamp's light reaches if nothing is in its way.

    Into the last five: which they are, how strong it is there (face on), how far away the lamp is, and where rays to
    it start and point. most, least: distances between which it shines.
    """
    found, one = 0, np.float32(1)
    for n in range(len(points)):
        x, y, z = place[0] - points[n, 0], place[1] - points[n, 1], place[2] - points[n, 2]
        square = x * x + y * y + z * z
        if square >= most * most or (least > 0 and square <= least * least):
            continue
        facing = x * normals[n, 0] + y * normals[n, 1] + z * normals[n, 2]
        if facing <= 0:
            continue
        distance = np.sqrt(square)
        over = one / max(distance, np.float32(1e-6))
        part = square / (most * most)
        window = max(one - part * part, np.float32(0))
        near = max(distance, np.float32(0.2))
        strength[found] = window * window / (near * near)
        if strength[found] > 0:
            rows[found], away[found] = n, distance
            _lift(points[n], normals[n], start[found])
            towards[found, 0], towards[found, 1], towards[found, 2] = x * over, y * over, z * over
            found += 1
    return found


@compiled
def _add(which: I64, rows: I64, strength: F32, towards: F32, normals: F32, intensity: F32, total: F32) -> None:
    """Add to ``total (N, 3)`` what a lamp gives to those of the ``rows`` that ``which`` names."""
    for i in which:
        n = rows[i]
        cosine = towards[i, 0] * normals[n, 0] + towards[i, 1] * normals[n, 1] + towards[i, 2] * normals[n, 2]
        for k in range(3):
            total[n, k] += strength[i] * max(cosine, np.float32(0)) * intensity[k]


@compiled
def _add_lobes(
    which: I64, rows: I64, strength: F32, towards: F32, normals: F32, views: F32, alpha: F32, size: F32, intensity: F32,
    total: F32,
) -> None:  # fmt: skip
    """The same of what their lobes see of the lamp, which is ``size`` wide at a distance of 1."""
    one = np.float32(1)
    for i in which:
        n = rows[i]
        if alpha[n] <= 0:
            continue
        x, y, z = normals[n, 0], normals[n, 1], normals[n, 2]
        a, b, c = views[n, 0], views[n, 1], views[n, 2]
        p, q, r = towards[i, 0], towards[i, 1], towards[i, 2]
        u, v, w = p + a, q + b, r + c
        over = one / max(np.sqrt(u * u + v * v + w * w), np.float32(1e-6))
        wide = min(alpha[n] + np.float32(0.5) * size[i], one)  # a ball widens its image: Karis 2013
        middle, between = (u * x + v * y + w * z) * over, min((u * a + v * b + w * c) * over, one)
        facing, cosine = a * x + b * y + c * z, p * x + q * y + r * z
        seen, edge = glint(wide, facing, cosine, middle, between)
        more = cosine * (burley(np.sqrt(alpha[n]), facing, cosine, between) - one)
        for k in range(3):
            total[n, k] += strength[i] * seen * (one - edge) * intensity[k]
            total[n, 3 + k] += strength[i] * seen * edge * intensity[k]
            total[n, 6 + k] += strength[i] * more * intensity[k]


@lru_cache(maxsize=16)
def fixed_directions(count: int) -> F32:
    """(count, 3) unit directions spread evenly over the sphere (a Fibonacci lattice, Gonzalez 2010); read-only."""
    k = np.arange(count) + 0.5
    z = 1.0 - 2.0 * k / count
    turn = k * (np.pi * (1.0 + 5.0**0.5))
    flat = np.sqrt(1.0 - z * z)
    directions = np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1).astype(np.float32)
    directions.flags.writeable = False
    return directions


def lifted(points: F32, normals: F32) -> F32:
    """``points (N, 3)`` a little above the surface, where rays may start."""
    start = np.empty(points.shape, np.float32)
    _lift_all(points, normals, start)
    return start


@compiled
def _lift_all(points: F32, normals: F32, start: F32) -> None:
    for n in range(len(points)):
        _lift(points[n], normals[n], start[n])
