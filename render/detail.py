"""What textures say about the pixels of a picture: colour and relief, filtered over each pixel's outline on a surface.

A pixel is looked up at four places within it, where their distance in the texture follows from the plane of its
triangle: sharper than one lookup at grazing angles, and steadier than the picture drawn twice as large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from render.compiled import compiled
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
    table, camera = material_table(surface.snapshot.materials), surface.camera
    atlas, material = table.atlas, surface.material_index
    albedo, bent = table.base_color[material], surface.normal
    texture = atlas.of_material[material]
    if not len(texture) or texture.max() < 0:
        return Detail(albedo, bent)
    rotation = camera.world_from_camera[:3, :3]
    # Back along K: a pixel to the right or down moves the ray by these, at unit depth.
    steps = rotation @ np.linalg.inv(camera.K)[:, :2]
    bent = bent.copy()
    _look_up(
        texture, atlas.rises[material], surface.uv, surface.position, surface.directions.numpy(), surface.front,
        camera.position, rotation[:, 2].copy(), steps, atlas.first.numpy(), atlas.width.numpy(), atlas.height.numpy(),
        atlas.levels.numpy(), atlas.texels_per_m.numpy(), atlas.size_m.numpy(), atlas.texels.numpy(),
        atlas.slopes.numpy(), albedo, bent,
    )  # fmt: skip
    return Detail(albedo, bent)


@compiled
def _texels(s: float, t: float, first: int, width: int, height: int) -> tuple[int, int, int, int, float, float]:
    """Rows of the four texels around tile (s, t), which repeats, and how far it is to the right and lower ones."""
    x, y = (s - np.floor(s)) * width - 0.5, (t - np.floor(t)) * height - 0.5
    left, top = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - left, y - top
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
    texture: I32, rises: Bool, uv: F32, position: F32, directions: F32, front: Bool, eye: F64, forward: F64, steps: F64,
    first: I64, width: I64, height: I64, levels: F32, texels_per_m: F32, size_m: F32, texels: F32, slopes: F32,
    albedo: F32, bent: F32,
) -> None:  # fmt: skip
    """Multiply ``albedo (N, 3)`` by the textures' colours, and bend ``bent (N, 3)`` by their heights.

    Trilinear (Williams 1983).
    """
    for n in range(len(texture)):
        k = texture[n]
        if k < 0:
            continue
        # How the ray's place on the triangle's plane, in its texture, moves with the pixel.
        x, y, z = position[n, 0] - eye[0], position[n, 1] - eye[1], position[n, 2] - eye[2]
        depth = x * forward[0] + y * forward[1] + z * forward[2]
        f = directions[n]
        flat = x * f[0, 0] + y * f[0, 1] + z * f[0, 2]
        least = GRAZING * np.sqrt(x * x + y * y + z * z)
        if abs(flat) < least:
            flat = -least if flat < 0 else least
        du, dv = x * f[1, 0] + y * f[1, 1] + z * f[1, 2], x * f[2, 0] + y * f[2, 1] + z * f[2, 2]
        right_u = right_v = down_u = down_v = 0.0
        for way in range(2):
            a, b, c = steps[0, way] * depth, steps[1, way] * depth, steps[2, way] * depth
            slip = (a * f[0, 0] + b * f[0, 1] + c * f[0, 2]) / flat
            u = a * f[1, 0] + b * f[1, 1] + c * f[1, 2] - du * slip
            v = a * f[2, 0] + b * f[2, 1] + c * f[2, 2] - dv * slip
            if way == 0:
                right_u, right_v = u, v
            else:
                down_u, down_v = u, v
        under = np.sqrt(abs(right_u * down_v - right_v * down_u)) * texels_per_m[k]
        size = 1.0 / size_m[k]
        s, t = uv[n, 0] * size, -uv[n, 1] * size
        most = int(levels[k])
        level = min(np.log2(min(max(0.5 * under, 1.0), 1e9)), levels[k])
        low = int(level)
        red = green = blue = 0.0
        for step in range(2):
            share = 0.25 * (level - low if step else 1.0 - level + low)
            if share == 0.0:
                continue
            at = min(low + step, most)
            start, w, h = first[k, at], width[k, at], height[k, at]
            for quarter in range(4):
                across, along = (0.25 if quarter % 2 else -0.25) * size, (0.25 if quarter >= 2 else -0.25) * size
                x, y = s + right_u * across + down_u * along, t - right_v * across - down_v * along
                a, b, c, d, fx, fy = _texels(x, y, start, w, h)
                wd, wc, wb = share * fx * fy, share * (1.0 - fx) * fy, share * fx * (1.0 - fy)
                wa = share - wb - wc - wd
                red += wa * texels[a, 0] + wb * texels[b, 0] + wc * texels[c, 0] + wd * texels[d, 0]
                green += wa * texels[a, 1] + wb * texels[b, 1] + wc * texels[c, 1] + wd * texels[d, 1]
                blue += wa * texels[a, 2] + wb * texels[b, 2] + wc * texels[c, 2] + wd * texels[d, 2]
        albedo[n, 0] *= red
        albedo[n, 1] *= green
        albedo[n, 2] *= blue
        if not rises[n] or under >= 2.0 * FLAT:
            continue
        level = min(np.log2(min(max(under, 1.0), 1e9)), levels[k])
        low = int(level)
        to_u = to_v = 0.0
        for step in range(2):
            share = level - low if step else 1.0 - level + low
            at = min(low + step, most)
            a, b, c, d, fx, fy = _texels(s, t, first[k, at], width[k, at], height[k, at])
            wd, wc, wb = share * fx * fy, share * (1.0 - fx) * fy, share * fx * (1.0 - fy)
            wa = share - wb - wc - wd
            to_u += wa * slopes[a, 0] + wb * slopes[b, 0] + wc * slopes[c, 0] + wd * slopes[d, 0]
            to_v += wa * slopes[a, 1] + wb * slopes[b, 1] + wc * slopes[c, 1] + wd * slopes[d, 1]
        fade = min(max(2.0 - under / FLAT, 0.0), 1.0)
        to_u, to_v = to_u * fade, to_v * fade
        rise_x = to_u * f[1, 0] + to_v * f[2, 0]
        rise_y = to_u * f[1, 1] + to_v * f[2, 1]
        rise_z = to_u * f[1, 2] + to_v * f[2, 2]
        turn = 1.0 / max(np.sqrt(rise_x * rise_x + rise_y * rise_y + rise_z * rise_z) / STEEP, 1.0)
        if not front[n]:
            turn = -turn
        x, y, z = bent[n, 0] - rise_x * turn, bent[n, 1] - rise_y * turn, bent[n, 2] - rise_z * turn
        length = max(np.sqrt(x * x + y * y + z * z), 1e-12)
        bent[n, 0], bent[n, 1], bent[n, 2] = x / length, y / length, z / length
