"""Fog and haze: light that the air takes away, and light that it adds.

The air thins exponentially with height; how much it lets through between two places has a closed form. What it adds is
the light there (``render.foglight``), scattered once: marched along a coarse grid of view rays and summed up in slices
of distance (froxels; Wronski 2014, "Volumetric Fog"), from which every sample of the picture reads. Places, slices and
directions are fixed, so shafts of light and haloes of lamps stand as still as the world does.

The set is lit as in clear air: fog takes nothing from the light on its way to surfaces, and mirrors show none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from render.compiled import compiled, inlined
from render.foglight import FogLight
from render.sunmap import SunMap, sunlit
from render.threads import deal
from worldgen.camera import Camera
from worldgen.conventions import F32, F64
from worldgen.light import Lamp, Sky

I64 = npt.NDArray[np.int64]

CELLS: Final = 128
"""View rays across the longer side of a picture."""

SLICES: Final = 72
FIRST_M: Final = 0.4
LAST_M: Final = (25.0, 500.0)
"""Slices of distance: their number, the end of the first, and bounds for the end of the last."""

OPAQUE: Final = 5.5
"""Optical depth at which slices end: what lies behind adds less than half a percent."""

FORWARD: Final = (0.5, 0.72)
"""Share of light that goes on forward, and how narrowly (g of Henyey & Greenstein 1941); the rest goes all ways."""

AGAIN: Final = 0.15
"""Radiance of sunlight that met more than one droplet, in the open, for each kilolux of sun on level ground."""

THICKEST: Final = 50.0
"""Heights of thinning below 0 down to which it thickens: numbers must stay numbers."""

SKYWARD_M: Final = 1e5
"""How far the sky is away."""


@dataclass(frozen=True)
class Fog:
    """The air before one camera.

    added: (h, w, SLICES + 1, 3) radiance that it adds up to the end of each slice, on view rays through every
    ``cell``-th corner of a pixel. ends: (SLICES + 1,) metres. beyond: (h, w, 3) what thick air farther off adds. met:
    (h, w) metres at which the rays meet something, +inf for the sky. air: (2,) extinction at height 0 and thinning
    with height, 1/m.
    """

    air: F32
    eye: F32
    cell: float
    ends: F32
    added: F32
    beyond: F32
    met: F32

    @staticmethod
    def of(sky: Sky, camera: Camera, depth: F32, light: FogLight) -> Fog:
        """The air that ``camera`` looks through, ``depth (H, W)`` metres far. ``sky`` must have fog."""
        cell = max(camera.width, camera.height) / CELLS
        size = (int(np.ceil(camera.height / cell)) + 1, int(np.ceil(camera.width / cell)) + 1)
        ys, xs = np.mgrid[0 : size[0], 0 : size[1]] * cell
        views = camera.rays(np.stack([xs, ys], axis=-1)).reshape(-1, 3)
        spread = np.float32(np.linalg.norm(views[1] - views[0]))  # between neighbours, at a metre
        length = np.linalg.norm(views, axis=1, keepdims=True)
        met = (_nearest(depth, ys, xs).reshape(-1) * length[:, 0]).astype(np.float32)
        views = (views / length).astype(np.float32)
        eye = camera.position.astype(np.float32)
        ends = np.zeros(SLICES + 1, np.float32)
        here = sky.fog * np.exp(min(-float(eye[2]) / sky.fog_height, THICKEST))
        ends[1:] = np.geomspace(FIRST_M, float(np.clip(OPAQUE / max(here, 1e-9), *LAST_M)), SLICES)
        sun, towards = sky.sun_irradiance.astype(np.float32), sky.sun_direction.astype(np.float32)
        again = np.float32(AGAIN) * max(towards[2], np.float32(0)) * sun
        thick = again + (sky.sky_irradiance * (0.8 / np.pi)).astype(np.float32)
        lamps = np.array([_numbers(lamp) for lamp in light.lamps], np.float32).reshape(-1, 13)
        added, beyond = np.zeros((len(views), SLICES + 1, 3), np.float32), np.zeros((len(views), 3), np.float32)
        lines = (light.grid.x, light.grid.y, light.grid.z)
        air = np.array([sky.fog, 1.0 / sky.fog_height], np.float32)

        def march(s: slice) -> None:
            _march(
                eye, views[s], met[s], spread, ends, air, sun, again, thick, light.sun, light.moving, lines,
                light.ambient, light.seen, lamps, added[s], beyond[s],
            )  # fmt: skip

        deal(march, len(views), 256)
        return Fog(
            air, eye, cell, ends, added.reshape(*size, SLICES + 1, 3), beyond.reshape(*size, 3), met.reshape(size)
        )

    def before(self, row: I64, column: I64, places: F32) -> F32:
        """(N, 4) for what pixels see at ``places (N, 3)``: the share of its light that comes through, and what the air
        adds, kcd/m2.
        """
        ways = places - self.eye
        distance = np.sqrt(np.einsum("nc,nc->n", ways, ways))
        return self._at(row, column, distance.astype(np.float32), ways[:, 2] / np.maximum(distance, np.float32(1e-6)))

    def before_sky(self, row: I64, column: I64, up: F32) -> F32:
        """(N, 4) the same for the sky, seen in directions of which ``up (N,)`` is the sine of their height."""
        return self._at(row, column, np.full(len(row), SKYWARD_M, np.float32), up)

    def _at(self, row: I64, column: I64, distance: F32, up: F32) -> F32:
        found = np.empty((len(row), 4), np.float32)
        _read(
            row, column, distance, up, self.cell, self.ends, self.added, self.beyond, self.met, self.air,
            self.eye[2], found,
        )  # fmt: skip
        return found


def _nearest(depth: F32, ys: F64, xs: F64) -> F32:
    """(h, w) the least depth of the four pixels around corners at ``ys``, ``xs`` (h, w)."""
    edged = np.pad(depth, 1, mode="edge")
    rows, columns = (np.minimum(at + 0.5, n).astype(np.int64) for at, n in zip((ys, xs), depth.shape, strict=True))
    return np.asarray(np.min([edged[rows + y, columns + x] for y in (0, 1) for x in (0, 1)], axis=0), dtype=np.float32)


def _numbers(lamp: Lamp) -> list[float]:
    """Place, intensity, reach, radius; direction and the cosines between which a spot light's beam fades, or zeros."""
    beam = [0.0, 0.0, 0.0, 0.0, 0.0]
    if lamp.direction is not None:
        beam = [*lamp.direction, *np.cos([lamp.cone, lamp.cone * (1.0 - min(lamp.soft, 1.0))]).tolist()]
    return [*lamp.position, *lamp.intensity, lamp.reach_m, lamp.radius_m, *beam]


@inlined
def _turned(cosine: np.float32) -> np.float32:
    """The phase function: share of light that a droplet turns by the angle of ``cosine``, per steradian."""
    share, g = np.float32(FORWARD[0]), np.float32(FORWARD[1])
    wide = np.float32(1) + g * g - np.float32(2) * g * cosine
    lobe = (np.float32(1) - g * g) / (wide * np.sqrt(wide))
    return (share * lobe + np.float32(1) - share) * np.float32(0.25 / np.pi)


@inlined
def _depth(air: F32, start: np.float32, up: np.float32, distance: np.float32) -> np.float32:
    """Optical depth of ``distance`` metres from height ``start`` along a way that climbs ``up`` a metre."""
    k = distance * up * air[1]
    mean = np.float32(1) - np.float32(0.5) * k
    if abs(k) > np.float32(1e-3):
        mean = (np.float32(1) - np.exp(min(max(-k, np.float32(-60)), np.float32(60)))) / k
    return air[0] * np.exp(min(-start * air[1], np.float32(THICKEST))) * distance * mean


@inlined
def _place(line: F32, at: np.float32) -> tuple[int, np.float32]:
    """Between which corners of an axis a place lies: the lower one, and the share of the upper."""
    low, high = 0, len(line) - 1
    if at <= line[0]:
        return 0, np.float32(0)
    if at >= line[high]:
        return high - 1, np.float32(1)
    while high - low > 1:
        middle = (low + high) // 2
        if line[middle] <= at:
            low = middle
        else:
            high = middle
    return low, (at - line[low]) / (line[low + 1] - line[low])


@compiled
def _march(
    eye: F32, views: F32, met: F32, spread: np.float32, ends: F32, air: F32, sunlight: F32, again: F32, thick: F32,
    still: SunMap, moving: SunMap, lines: tuple[F32, F32, F32], ambient: F32, seen: F32, lamps: F32, added: F32,
    beyond: F32,
) -> None:  # fmt: skip
    """Into ``added (V, SLICES + 1, 3)`` and ``beyond (V, 3)``. lamps: (L, 13), as ``_numbers`` has them."""
    one, none, half = np.float32(1), np.float32(0), np.float32(0.5)
    axes, to_sun = still.axes, still.axes[2]
    gx, gy, gz = lines
    around, light = np.zeros(5, np.float32), np.zeros(3, np.float32)
    sight = np.zeros(len(lamps), np.float32)
    for n in range(len(views)):
        x, y, z = views[n, 0], views[n, 1], views[n, 2]
        before, shone = one, _turned(x * to_sun[0] + y * to_sun[1] + z * to_sun[2])
        for m in range(3):
            beyond[n, m] = shone * sunlight[m] + thick[m]
        for s in range(len(ends) - 1):
            near, far = ends[s], ends[s + 1]
            after = np.exp(-_depth(air, eye[2], z, far))
            middle, free = half * (near + far), np.float32(0.998) * met[n]  # behind a surface as just before it
            d = min(middle, free)
            a, b, c = eye[0] + d * x, eye[1] + d * y, eye[2] + d * z
            i, u = _place(gx, a)
            j, v = _place(gy, b)
            k, w = _place(gz, c)
            around[:] = none
            sight[:] = none
            for corner in range(8):
                p, q, r = corner & 1, (corner >> 1) & 1, corner >> 2
                share = (u if p else one - u) * (v if q else one - v) * (w if r else one - w)
                at = ((i + p) * len(gy) + j + q) * len(gz) + k + r
                for m in range(5):
                    around[m] += share * ambient[at, m]
                for m in range(len(lamps)):
                    sight[m] += share * seen[at, m]
            trust = one / max(around[4], np.float32(1e-6)) if around[4] > np.float32(1e-3) else none
            sun = none
            for step in range(2):
                d = min(near + (far - near) * (np.float32(0.25) + half * step), free)
                a, b, c = eye[0] + d * x, eye[1] + d * y, eye[2] + d * z
                across = a * axes[0, 0] + b * axes[0, 1] + c * axes[0, 2]
                up = a * axes[1, 0] + b * axes[1, 1] + c * axes[1, 2]
                towards = a * axes[2, 0] + b * axes[2, 1] + c * axes[2, 2]
                sun += half * sunlit(still, across, up, towards) * sunlit(moving, across, up, towards)
            for m in range(3):
                light[m] = (before - after) * (sun * shone * sunlight[m] + trust * (around[m] + around[3] * again[m]))
            here = air[0] * np.exp(min(-(eye[2] + middle * z) * air[1], np.float32(THICKEST))) * half * (before + after)
            for m in range(len(lamps)):
                if sight[m] * trust <= none:
                    continue
                a, b, c = lamps[m, 0] - eye[0], lamps[m, 1] - eye[1], lamps[m, 2] - eye[2]
                t = a * x + b * y + c * z
                wide = max(lamps[m, 7], half * spread * max(t, none))
                h = np.sqrt(max(a * a + b * b + c * c - t * t, wide * wide))
                out = ((middle - t) * (middle - t) + h * h) / (lamps[m, 6] * lamps[m, 6])
                if out >= one:
                    continue
                strength = here * sight[m] * trust * (one - out) * (one - out)
                if lamps[m, 8] != none or lamps[m, 9] != none or lamps[m, 10] != none:
                    p, q, r = middle * x - a, middle * y - b, middle * z - c
                    cosine = (p * lamps[m, 8] + q * lamps[m, 9] + r * lamps[m, 10]) / max(
                        np.sqrt(p * p + q * q + r * r), np.float32(1e-6)
                    )
                    full = (cosine - lamps[m, 11]) / max(lamps[m, 12] - lamps[m, 11], np.float32(1e-6))
                    full = min(max(full, none), one)
                    strength *= full * full * (np.float32(3) - np.float32(2) * full)
                # The light of a point falls with the square of its distance: summed along the slice in closed form.
                strength *= _turned((t - middle) / np.sqrt((middle - t) * (middle - t) + h * h))
                strength *= (np.arctan((far - t) / h) - np.arctan((near - t) / h)) / h
                for e in range(3):
                    light[e] += strength * lamps[m, 3 + e]
            for m in range(3):
                added[n, s + 1, m] = added[n, s, m] + light[m]
            before = after


@compiled
def _read(
    row: I64, column: I64, distance: F32, up: F32, cell: float, ends: F32, added: F32, beyond: F32, met: F32,
    air: F32, height: np.float32, found: F32,
) -> None:  # fmt: skip
    one, half, last, size = np.float32(1), np.float32(0.5), len(ends) - 1, np.float32(cell)
    first, each = np.log(ends[1]), (last - 1) / (np.log(ends[last]) - np.log(ends[1]))
    end = ends[last]
    for n in range(len(row)):
        through = np.exp(-_depth(air, height, up[n], distance[n]))
        found[n, 0] = through
        y, x = (np.float32(row[n]) + half) / size, (np.float32(column[n]) + half) / size
        i, j = min(int(y), added.shape[0] - 2), min(int(x), added.shape[1] - 2)
        v, u = y - np.float32(i), x - np.float32(j)
        if distance[n] <= ends[1]:
            s, t = 0, distance[n] / ends[1]
        elif distance[n] >= end:
            s, t = last - 1, one
        else:
            s = min(1 + int((np.log(distance[n]) - first) * each), last - 1)
            t = (distance[n] - ends[s]) / (ends[s + 1] - ends[s])
        rest = np.float32(0)
        if distance[n] > end:
            rest = np.exp(-_depth(air, height, up[n], end)) - through
        total = np.float32(0)
        for m in range(3):
            found[n, 1 + m] = 0
        for a in range(2):
            for b in range(2):
                # A ray that met something before knows little of the air behind it.
                trust = min(
                    max((met[i + a, j + b] / distance[n] - np.float32(0.9)) * np.float32(10), np.float32(1e-3)), one
                )
                share = (v if a else one - v) * (u if b else one - u) * trust + np.float32(1e-9)
                total += share
                for m in range(3):
                    lower, upper = added[i + a, j + b, s, m], added[i + a, j + b, s + 1, m]
                    found[n, 1 + m] += share * (lower + t * (upper - lower) + rest * beyond[i + a, j + b, m])
        for m in range(3):
            found[n, 1 + m] /= total
