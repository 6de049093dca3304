"""The compiled loops behind ``render.complete_cpu``: what lies at each pixel, where it moves, and who shows it there.

Every core takes rows in turns: ``first`` of them, then every ``step``-th. The arithmetic is that of ``Surface`` and
``TextureAtlas``, and of the full-screen programs in ``render.complete_shaders``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from render.compiled import compiled, inlined
from render.complete_shaders import BEHIND, COVERED, TURNED
from render.surface import GRAZING
from worldgen.conventions import F32, I32, Bool

_HALF, _ONE, _TINY, _AHEAD = np.float32(0.5), np.float32(1), np.float32(1e-36), np.float32(1e-6)
_GRAZING, _BEHIND, _TURNED, _COVERED = (np.float32(x) for x in (GRAZING, BEHIND, TURNED, COVERED))
_NEVER = np.float32(1e30)


class Tables(NamedTuple):
    """A world of F faces, S still vertices, N kinds of surface, K textures with up to L levels of T texels.

    faces: (F, 3). kind: (F,) int32. octaves: (F,) float32, of the scale of uv. still: (S, 8) float32 position, u,
    normal, v. ids: (N, 3) int32 object, material, texture or -1. colors: (N, 5) float32 base color, octaves of texels a
    metre, 1 / metres of a tile. texels: (3 T,) float32. start, width, height: (K, L + 1) int32. deepest: (K,) float32.
    """

    faces: I32
    kind: I32
    octaves: F32
    still: F32
    ids: I32
    colors: F32
    texels: F32
    start: I32
    width: I32
    height: I32
    deepest: F32


class Poses(NamedTuple):
    """What moves, M vertices: now (M, 8) float32 as ``Tables.still``; before, after, rest: (M, 3) float32 positions."""

    now: F32
    before: F32
    after: F32
    rest: F32


class Found(NamedTuple):
    """Pictures to fill in: as in ``CompleteFrame``; slope, motion, there of both ways: see ``complete_shaders``."""

    depth: F32
    normal: F32
    facing: F32
    object_id: I32
    material_id: I32
    uv: F32
    rest: F32
    albedo: F32
    slope: F32
    motion: F32
    there: F32


@compiled
def look_up(
    first: int, step: int, triangle: I32, bary: F32, tables: Tables, poses: Poses, camera: F32, ways: F32, found: Found
) -> None:
    """Fill ``found`` of the frame seen as ``triangle`` and ``bary``.

    camera: (6, 3) float32 eye, rest of the eye, forward, right and down a pixel, and a pixel's angle. ways: (2, 10, 3)
    float32 to the frames before and after: three rows of pixels there from pixels here, their shift by disparity, three
    rows of pixels there from world, the eye, what it was rounded by (as pixels), and the step to it.
    """
    rows, columns = triangle.shape
    still, faces = tables.still, tables.faces
    split = len(tables.still)
    eye, rounded, forward, right, down = camera[0], camera[1], camera[2], camera[3], camera[4]
    pixel = camera[5, 0]
    kinds, widths = np.empty(columns, np.int32), np.empty(columns, np.float32)
    for y in range(first, rows, step):
        cy = np.float32(y) + _HALF
        for x in range(columns):
            cx = np.float32(x) + _HALF
            t = triangle[y, x]
            if t < 0:
                found.depth[y, x] = np.inf
                found.facing[y, x] = 0
                found.object_id[y, x] = 0
                found.material_id[y, x] = 0
                for k in range(2):
                    found.uv[y, x, k] = 0
                    found.slope[y, x, k] = 0
                    hx = ways[k, 0, 0] * cx + ways[k, 0, 1] * cy + ways[k, 0, 2]
                    hy = ways[k, 1, 0] * cx + ways[k, 1, 1] * cy + ways[k, 1, 2]
                    hz = ways[k, 2, 0] * cx + ways[k, 2, 1] * cy + ways[k, 2, 2]
                    ahead = hz > _AHEAD
                    found.motion[k, y, x, 0] = hx / hz - cx if ahead else np.float32(0)
                    found.motion[k, y, x, 1] = hy / hz - cy if ahead else np.float32(0)
                    found.there[k, y, x] = np.float32(0) if ahead else _BEHIND
                for k in range(3):
                    found.normal[y, x, k] = 0
                    found.rest[y, x, k] = 0
                    found.albedo[y, x, k] = 0
                continue

            # The point, relative to the eye, and the flat triangle.
            i, j, k = faces[t, 0], faces[t, 1], faces[t, 2]
            moves = i >= split
            table = still
            if moves:
                table = poses.now
                i, j, k = i - split, j - split, k - split
            wb, wc = bary[y, x, 0], bary[y, x, 1]
            wa = _ONE - wb - wc
            ex, ey, ez = table[j, 0] - table[i, 0], table[j, 1] - table[i, 1], table[j, 2] - table[i, 2]
            gx, gy, gz = table[k, 0] - table[i, 0], table[k, 1] - table[i, 1], table[k, 2] - table[i, 2]
            px = ((table[i, 0] - eye[0]) - rounded[0]) + wb * ex + wc * gx
            py = ((table[i, 1] - eye[1]) - rounded[1]) + wb * ey + wc * gy
            pz = ((table[i, 2] - eye[2]) - rounded[2]) + wb * ez + wc * gz
            fx, fy, fz = ey * gz - ez * gy, ez * gx - ex * gz, ex * gy - ey * gx
            z = px * forward[0] + py * forward[1] + pz * forward[2]
            offset = fx * px + fy * py + fz * pz
            squares = (px * px + py * py + pz * pz) * (fx * fx + fy * fy + fz * fz)
            cosine = -offset / math.sqrt(max(squares, _TINY))
            facing = min(abs(cosine), _ONE)
            nx = wa * table[i, 4] + wb * table[j, 4] + wc * table[k, 4]
            ny = wa * table[i, 5] + wb * table[j, 5] + wc * table[k, 5]
            nz = wa * table[i, 6] + wb * table[j, 6] + wc * table[k, 6]
            unit = _ONE / math.sqrt(max(nx * nx + ny * ny + nz * nz, _TINY))
            if cosine < 0:
                unit = -unit
            found.normal[y, x, 0], found.normal[y, x, 1], found.normal[y, x, 2] = nx * unit, ny * unit, nz * unit
            u = wa * table[i, 3] + wb * table[j, 3] + wc * table[k, 3]
            v = wa * table[i, 7] + wb * table[j, 7] + wc * table[k, 7]
            found.uv[y, x, 0], found.uv[y, x, 1] = u, v
            found.depth[y, x], found.facing[y, x] = z, facing
            d, per = _ONE / z, np.float32(0)
            if offset != 0:
                per = z / offset
            found.slope[y, x, 0] = (fx * right[0] + fy * right[1] + fz * right[2]) * per
            found.slope[y, x, 1] = (fx * down[0] + fy * down[1] + fz * down[2]) * per

            kind = tables.kind[t]
            kinds[x] = kind
            widths[x] = max(z * pixel, _TINY) / math.sqrt(max(facing, _GRAZING))
            found.object_id[y, x], found.material_id[y, x] = tables.ids[kind, 0], tables.ids[kind, 1]

            # Where it is at rest, was and will be.
            if moves:
                for axis in range(3):
                    p, q, r = poses.rest[i, axis], poses.rest[j, axis], poses.rest[k, axis]
                    found.rest[y, x, axis] = wa * p + wb * q + wc * r
            else:
                for axis in range(3):
                    found.rest[y, x, axis] = wa * table[i, axis] + wb * table[j, axis] + wc * table[k, axis]
            for side in range(2):
                if moves:
                    pose = poses.after if side == 1 else poses.before
                    ox, oy, oz = ways[side, 7, 0], ways[side, 7, 1], ways[side, 7, 2]
                    qx = wa * (pose[i, 0] - ox) + wb * (pose[j, 0] - ox) + wc * (pose[k, 0] - ox)
                    qy = wa * (pose[i, 1] - oy) + wb * (pose[j, 1] - oy) + wc * (pose[k, 1] - oy)
                    qz = wa * (pose[i, 2] - oz) + wb * (pose[j, 2] - oz) + wc * (pose[k, 2] - oz)
                    hx = (ways[side, 4, 0] * qx + ways[side, 4, 1] * qy + ways[side, 4, 2] * qz + ways[side, 8, 0]) * d
                    hy = (ways[side, 5, 0] * qx + ways[side, 5, 1] * qy + ways[side, 5, 2] * qz + ways[side, 8, 1]) * d
                    hz = (ways[side, 6, 0] * qx + ways[side, 6, 1] * qy + ways[side, 6, 2] * qz + ways[side, 8, 2]) * d
                    turned = False
                else:
                    hx = ways[side, 0, 0] * cx + ways[side, 0, 1] * cy + ways[side, 0, 2] + ways[side, 3, 0] * d
                    hy = ways[side, 1, 0] * cx + ways[side, 1, 1] * cy + ways[side, 1, 2] + ways[side, 3, 1] * d
                    hz = ways[side, 2, 0] * cx + ways[side, 2, 1] * cy + ways[side, 2, 2] + ways[side, 3, 2] * d
                    turned = (
                        offset - (fx * ways[side, 9, 0] + fy * ways[side, 9, 1] + fz * ways[side, 9, 2])
                    ) * offset < 0
                if hz > _AHEAD:
                    near = _ONE / hz
                    found.motion[side, y, x, 0], found.motion[side, y, x, 1] = hx * near - cx, hy * near - cy
                    found.there[side, y, x] = _TURNED if turned else d * near
                else:
                    found.motion[side, y, x, 0], found.motion[side, y, x, 1] = np.float32(0), np.float32(0)
                    found.there[side, y, x] = _BEHIND

        # The base color times the texture, filtered over the pixel; by itself, so that pixels need not wait for others.
        for x in range(columns):
            t = triangle[y, x]
            if t < 0:
                continue
            kind = kinds[x]
            texture = tables.ids[kind, 2]
            red, green, blue = _ONE, _ONE, _ONE
            if texture >= 0:
                level: Any = np.float32(np.log2(widths[x])) + tables.colors[kind, 3] + tables.octaves[t]
                level = min(max(level, np.float32(0)), tables.deepest[texture])
                scale = tables.colors[kind, 4]
                red, green, blue = _texel(tables, texture, level, found.uv[y, x, 0] * scale, found.uv[y, x, 1] * scale)
            found.albedo[y, x, 0] = tables.colors[kind, 0] * red
            found.albedo[y, x, 1] = tables.colors[kind, 1] * green
            found.albedo[y, x, 2] = tables.colors[kind, 2] * blue


@inlined
def _texel(tables: Tables, texture: int, level: Any, u: Any, v: Any) -> tuple[Any, Any, Any]:
    """The trilinear value of a texture, at places in tiles."""
    # (rounding down by way of integers: floor is a call)
    u -= np.float32(int(u))
    v -= np.float32(int(v))
    u = u + _ONE if u < 0 else u
    v = -v if v < 0 else _ONE - v
    low = int(level)
    texels = tables.texels
    red, green, blue = np.float32(0), np.float32(0), np.float32(0)
    for up in range(2):
        part = level - np.float32(low)
        if up == 0:
            part = _ONE - part
        if part == 0:
            continue
        w, h = tables.width[texture, low + up], tables.height[texture, low + up]
        x, y = u * np.float32(w) - _HALF, v * np.float32(h) - _HALF
        c, r = int(x + _ONE) - 1, int(y + _ONE) - 1
        sx, sy = x - np.float32(c), y - np.float32(r)
        if c < 0:
            c += w
        if r < 0:
            r += h
        after, below = c + 1, r + 1
        if after >= w:
            after = 0
        if below >= h:
            below = 0
        upper = tables.start[texture, low + up] + r * w
        lower = tables.start[texture, low + up] + below * w
        p, q = 3 * (upper + c), 3 * (upper + after)
        r, s = 3 * (lower + c), 3 * (lower + after)
        wp, wq = part * (_ONE - sy) * (_ONE - sx), part * (_ONE - sy) * sx
        wr, ws = part * sy * (_ONE - sx), part * sy * sx
        red += texels[p] * wp + texels[q] * wq + texels[r] * wr + texels[s] * ws
        green += texels[p + 1] * wp + texels[q + 1] * wq + texels[r + 1] * wr + texels[s + 1] * ws
        blue += texels[p + 2] * wp + texels[q + 2] * wq + texels[r + 2] * wr + texels[s + 2] * ws
    return red, green, blue


@compiled
def ask(
    first: int, step: int, side: int, own: Found, other: Found, allowed: float, visible: Bool, outside: Bool
) -> None:
    """Which points of a frame another one shows, and which lie outside of it; side: 0 the one before, 1 after."""
    rows, columns = own.depth.shape
    high, wide = other.depth.shape
    for y in range(first, rows, step):
        for x in range(columns):
            to_x = np.float32(x) + _HALF + own.motion[side, y, x, 0]
            to_y = np.float32(y) + _HALF + own.motion[side, y, x, 1]
            there, thing = own.there[side, y, x], own.object_id[y, x]
            inside = there != _BEHIND and to_x >= 0 and to_y >= 0 and to_x < wide and to_y < high
            outside[y, x] = not inside
            visible[y, x] = inside and there >= 0 and _shown(other, to_x, to_y, there, thing, allowed)


@inlined
def _shown(other: Found, x: float, y: float, there: float, thing: int, allowed: float) -> bool:
    """Whether a frame shows a thing at a place, at a disparity."""
    high, wide = other.depth.shape
    column, row = int(x), int(y)
    right = -1 if x < column + _HALF else 1
    down = -1 if y < row + _HALF else 1
    nearest, farthest, tolerance = _NEVER, -_NEVER, np.float32(0)
    for k in range(4):
        c, r = min(max(column + (k & 1) * right, 0), wide - 1), min(max(row + (k >> 1) * down, 0), high - 1)
        d, one = _ONE / other.depth[r, c], other.object_id[r, c] == thing
        beside = other.slope[r, c, 0] * (x - np.float32(c) - _HALF) + other.slope[r, c, 1] * (y - np.float32(r) - _HALF)
        here = d * (_ONE + beside)
        if k == 0:
            tolerance = np.float32(allowed) * max(d, there)
        if one and abs(here - there) <= tolerance:
            return True
        # The four pixels around may show it, unless the nearest shows something before it.
        if k == 0 and here > there + _COVERED * tolerance and not (one and abs(d - there) <= tolerance):
            return False
        if one:
            nearest, farthest = min(nearest, d), max(farthest, d)
    return bool(nearest - tolerance <= there <= farthest + tolerance)
