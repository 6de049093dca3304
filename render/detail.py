"""What textures say about the pixels of a picture: colour and relief, filtered over each pixel's outline on a surface.

A pixel is looked up at four places within it or, where its outline on the surface is long, at up to eight in a line
along it (McCormack et al. 1999, "Feline"): sharper than one lookup at grazing angles, and with no moire.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from render.compiled import compiled, inlined
from render.surface import Surface
from render.tables import material_table
from worldgen.conventions import F32, F64, I32, Bool

I64 = npt.NDArray[np.int64]

GRAZING: Final = 0.05
"""Cosine below which a pixel's outline on a surface grows no further."""

FLAT: Final = 24.0
"""Texels under a pixel from which the height in a texture fades; twice as many, and it is gone."""

STEEP: Final = 1.2
"""Slopes of a texture's height are no steeper than this."""


@dataclass(frozen=True)
class Detail:
    """Of N samples: albedo (N, 3) linear, and bent_normal (N, 3) unit, as the height in the textures bends it."""

    albedo: F32
    bent_normal: F32


def detail(surface: Surface) -> Detail:
    """What the textures say about the samples of ``surface``."""
    snapshot, camera = surface.snapshot, surface.camera
    table = material_table(snapshot.materials)
    atlas, material = table.atlas, surface.material_index
    albedo, bent = table.base_color[material], surface.normal
    if not (atlas.of_material >= 0).any():
        return Detail(albedo, bent)
    rotation = camera.world_from_camera[:3, :3]
    # Back along K: a pixel to the right or down moves the ray by these, at unit depth.
    steps = (rotation @ np.linalg.inv(camera.K)[:, :2]).astype(np.float32)
    bent = bent.copy()
    _look_up(
        atlas.of_material[material], atlas.rises[material], surface.triangle, surface.bary, surface.position,
        snapshot.faces, snapshot.vertices, snapshot.uv, camera.position, rotation[:, 2].astype(np.float32), steps,
        atlas.first.numpy(), atlas.width.numpy(), atlas.height.numpy(), atlas.levels.numpy(),
        atlas.texels_per_m.numpy(), atlas.size_m.numpy(), atlas.texels.numpy(), atlas.slopes.numpy(), albedo, bent,
    )  # fmt: skip
    return Detail(albedo, bent)


_ZERO, _HALF, _ONE, _TWO, _FOUR, _TINY = (np.float32(x) for x in (0, 0.5, 1, 2, 4, 1e-20))
_GRAZING, _FLAT, _STEEP, _MOST = (np.float32(x) for x in (GRAZING, FLAT, STEEP, 1e9))


@inlined
def _texels(s: float, t: float, first: int, width: int, height: int) -> tuple[int, int, int, int, float, float]:
    """Rows of the four texels around tile (s, t), which repeats, and how far it is to the right and lower ones."""
    x = (s - np.floor(s)) * np.float32(width) - _HALF
    y = (t - np.floor(t)) * np.float32(height) - _HALF
    left, top = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - np.float32(left), y - np.float32(top)
    right, bottom = left + 1, top + 1
    if left < 0:
        left = width - 1
    if top < 0:
        top = height - 1
    if right >= width:
        right = 0
    if bottom >= height:
        bottom = 0
    upper, lower = first + top * width, first + bottom * width
    return upper + left, upper + right, lower + left, lower + right, fx, fy


@compiled
def _look_up(
    texture: I32, rises: Bool, triangle: I32, bary: F32, position: F32, faces: I32, vertices: F32, uv: F32, eye: F64,
    forward: F32, steps: F32, first: I64, width: I64, height: I64, levels: F32, texels_per_m: F32, size_m: F32,
    texels: F32, slopes: F32, albedo: F32, bent: F32,
) -> None:  # fmt: skip
    """Multiply ``albedo (N, 3)`` by the textures' colours, and bend ``bent (N, 3)`` by their heights.

    Trilinear (Williams 1983).
    """
    for n in range(len(texture)):
        k = texture[n]
        if k < 0:
            continue
        i, j, m = faces[triangle[n], 0], faces[triangle[n], 1], faces[triangle[n], 2]
        # The triangle's normal, and the gradients of u and v on it (the dual basis of its sides).
        ex, ey, ez = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1], vertices[j, 2] - vertices[i, 2]
        fx, fy, fz = vertices[m, 0] - vertices[i, 0], vertices[m, 1] - vertices[i, 1], vertices[m, 2] - vertices[i, 2]
        nx, ny, nz = ey * fz - ez * fy, ez * fx - ex * fz, ex * fy - ey * fx
        square = max(nx * nx + ny * ny + nz * nz, _TINY)
        over = _ONE / square
        eu, ev = (uv[j, 0] - uv[i, 0]) * over, (uv[j, 1] - uv[i, 1]) * over
        fu, fv = (uv[m, 0] - uv[i, 0]) * over, (uv[m, 1] - uv[i, 1]) * over
        px, py, pz = fy * nz - fz * ny, fz * nx - fx * nz, fx * ny - fy * nx
        qx, qy, qz = ny * ez - nz * ey, nz * ex - nx * ez, nx * ey - ny * ex
        ux, uy, uz = px * eu + qx * fu, py * eu + qy * fu, pz * eu + qz * fu
        vx, vy, vz = px * ev + qx * fv, py * ev + qy * fv, pz * ev + qz * fv
        unit = _ONE / np.sqrt(square)
        nx, ny, nz = nx * unit, ny * unit, nz * unit
        # How the ray's place on the triangle's plane, in its texture, moves with the pixel.
        x, y = np.float32(position[n, 0] - eye[0]), np.float32(position[n, 1] - eye[1])
        z = np.float32(position[n, 2] - eye[2])
        depth = x * forward[0] + y * forward[1] + z * forward[2]
        flat = x * nx + y * ny + z * nz
        front = flat <= _ZERO
        least = _GRAZING * np.sqrt(x * x + y * y + z * z)
        if abs(flat) < least:
            flat = -least if flat < _ZERO else least
        du, dv = x * ux + y * uy + z * uz, x * vx + y * vy + z * vz
        a, b, c = steps[0, 0] * depth, steps[1, 0] * depth, steps[2, 0] * depth
        slip = (a * nx + b * ny + c * nz) / flat
        right_u, right_v = a * ux + b * uy + c * uz - du * slip, a * vx + b * vy + c * vz - dv * slip
        a, b, c = steps[0, 1] * depth, steps[1, 1] * depth, steps[2, 1] * depth
        slip = (a * nx + b * ny + c * nz) / flat
        down_u, down_v = a * ux + b * uy + c * uz - du * slip, a * vx + b * vy + c * vz - dv * slip
        under = np.sqrt(abs(right_u * down_v - right_v * down_u)) * texels_per_m[k]
        size = _ONE / size_m[k]
        wb, wc = bary[n, 0], bary[n, 1]
        wa = _ONE - wb - wc
        s = (wa * uv[i, 0] + wb * uv[j, 0] + wc * uv[m, 0]) * size
        t = -(wa * uv[i, 1] + wb * uv[j, 1] + wc * uv[m, 1]) * size
        s, t = s - np.floor(s), t - np.floor(t)
        most = int(levels[k])
        # The outline's axes in the texture.
        p, q = right_u * right_u + down_u * down_u, right_u * right_v + down_u * down_v
        r = right_v * right_v + down_v * down_v
        squared = max(_HALF * (p + r + np.sqrt((p - r) * (p - r) + _FOUR * q * q)), _TINY)
        major = np.sqrt(squared) * texels_per_m[k]
        minor = under * under / major
        taps = 8 if major > _FOUR * minor else 4
        if major > _TWO * minor:
            x, y = (squared - r, q) if p > r else (q, squared - p)
            turn = np.sqrt(squared / max(x * x + y * y, _TINY)) / np.float32(taps) * size
            right_u, right_v, down_u, down_v = x * turn, y * turn, _ZERO, _ZERO
            across = max(minor, major / np.float32(taps))
        else:
            turn = _HALF * size
            right_u, right_v, down_u, down_v = right_u * turn, right_v * turn, down_u * turn, down_v * turn
            across = _HALF * under
        level = min(np.log2(min(max(across, _ONE), _MOST)), levels[k])
        low = int(level)
        red = green = blue = _ZERO
        for step in range(2):
            share = (level - np.float32(low) if step else _ONE - level + np.float32(low)) / np.float32(taps)
            if share == _ZERO:
                continue
            at = min(low + step, most)
            start, w, h = first[k, at], width[k, at], height[k, at]
            for tap in range(taps):
                if major > _TWO * minor:
                    x, y = np.float32(tap) + _HALF - _HALF * np.float32(taps), _ZERO
                else:
                    x, y = np.float32(tap % 2) - _HALF, np.float32(tap // 2) - _HALF
                x, y = s + right_u * x + down_u * y, t - right_v * x - down_v * y
                a, b, c, d, rx, ry = _texels(x, y, start, w, h)
                wd, wc, wb = share * rx * ry, share * (_ONE - rx) * ry, share * rx * (_ONE - ry)
                wa = share - wb - wc - wd
                red += wa * texels[a, 0] + wb * texels[b, 0] + wc * texels[c, 0] + wd * texels[d, 0]
                green += wa * texels[a, 1] + wb * texels[b, 1] + wc * texels[c, 1] + wd * texels[d, 1]
                blue += wa * texels[a, 2] + wb * texels[b, 2] + wc * texels[c, 2] + wd * texels[d, 2]
        albedo[n, 0] *= red
        albedo[n, 1] *= green
        albedo[n, 2] *= blue
        if not rises[n] or under >= _TWO * _FLAT:
            continue
        level = min(np.log2(min(max(under, _HALF * major, _ONE), _MOST)), levels[k])
        low = int(level)
        to_u = to_v = _ZERO
        for step in range(2):
            share = level - np.float32(low) if step else _ONE - level + np.float32(low)
            at = min(low + step, most)
            a, b, c, d, rx, ry = _texels(s, t, first[k, at], width[k, at], height[k, at])
            wd, wc, wb = share * rx * ry, share * (_ONE - rx) * ry, share * rx * (_ONE - ry)
            wa = share - wb - wc - wd
            to_u += wa * slopes[a, 0] + wb * slopes[b, 0] + wc * slopes[c, 0] + wd * slopes[d, 0]
            to_v += wa * slopes[a, 1] + wb * slopes[b, 1] + wc * slopes[c, 1] + wd * slopes[d, 1]
        fade = min(max(_TWO - under / _FLAT, _ZERO), _ONE)
        to_u, to_v = to_u * fade, to_v * fade
        x, y, z = to_u * ux + to_v * vx, to_u * uy + to_v * vy, to_u * uz + to_v * vz
        turn = _ONE / max(np.sqrt(x * x + y * y + z * z) / _STEEP, _ONE)
        if not front:
            turn = -turn
        x, y, z = bent[n, 0] - x * turn, bent[n, 1] - y * turn, bent[n, 2] - z * turn
        length = max(np.sqrt(x * x + y * y + z * z), _TINY)
        bent[n, 0], bent[n, 1], bent[n, 2] = x / length, y / length, z / length
