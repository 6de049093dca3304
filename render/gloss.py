"""Mirror images in rough surfaces: each pixel looks along one ray of the surface's lobe, and neighbours are averaged.

The lobe is that of the microfacets a viewer sees (GGX, Walter et al. 2007), so at a grazing view it is drawn out along
the view, as the lights of a street are on wet tar. Pixels share its points out among themselves (interleaved sampling,
Keller & Heidrich 2001); first 4 x 4 of them are averaged, then, as far as the lobe is wide in the picture, their
averages 4, 8 and 16 pixels apart (a trous, Dammertz et al. 2010). Lamps, which so few rays would hit or miss, are not
looked for but added (:func:`density`).
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

from render.compiled import compiled, inlined
from render.penumbra import I64
from worldgen.conventions import F32

STEPS: Final = (4, 8, 16)
"""Pixels between what is averaged, after 4 x 4 have been."""

GRID: Final = 33
"""Roughnesses, and cosines of views, between which :func:`returns` is interpolated."""

WIDE: Final = 8.0
"""Across lobes that span fewer pixels the points repeat after 4 of them, else after 16."""


FINE: Final = 0.05
"""So they do for lobes narrower than this (GGX alpha), on cars say: on curved sheets there is no more to average."""


@cache
def places() -> F32:
    """(256, 2) points of the unit square for 16 x 16 pixels, row by row; those of each 4 x 4 are spread evenly too.

    Sobol's (0, 2)-sequence: any 16 that follow each other, and any 64, lie evenly.
    """
    i = np.arange(256)
    bits = i[:, None] >> np.arange(8) & 1
    first = bits @ 0.5 ** np.arange(1, 9)
    column, second = 128, np.zeros(256, np.int64)
    for k in range(8):
        second ^= np.where(bits[:, k] == 1, column, 0)
        column ^= column >> 1
    points = np.stack([first, second / 256], axis=1) + 0.5 / 256
    row, col = np.divmod(i, 16)
    block = 4 * (2 * (row // 8) + col // 8) + 2 * (row // 4 % 2) + col // 4 % 2
    found: F32 = points[16 * block + 4 * (row % 4) + col % 4].astype(np.float32)
    found.flags.writeable = False
    return found


@compiled
def facets(normals: F32, views: F32, alpha: F32, place: F32) -> F32:
    """(N, 3) unit normals of microfacets that are seen, by spherical caps (Dupuy & Benyoub 2023).

    normals, views: (N, 3) unit, views to the camera. alpha: (N,) GGX. place: (N, 2) in the unit square.
    """
    found, one = np.empty_like(normals), np.float32(1)
    for n in range(len(normals)):
        x, y, z = normals[n, 0], normals[n, 1], normals[n, 2]
        side = np.float32(1 if z >= 0 else -1)
        a = -one / (side + z)  # axes of the surface: Duff et al. 2017
        ux, uy, uz = one + side * x * x * a, side * x * y * a, -side * x
        vx, vy, vz = x * y * a, side + y * y * a, -y
        p = (views[n, 0] * ux + views[n, 1] * uy + views[n, 2] * uz) * alpha[n]
        q = (views[n, 0] * vx + views[n, 1] * vy + views[n, 2] * vz) * alpha[n]
        up = max(views[n, 0] * x + views[n, 1] * y + views[n, 2] * z, np.float32(1e-3))
        over = one / np.sqrt(p * p + q * q + up * up)
        p, q, up = p * over, q * over, up * over
        turn = np.float32(2 * np.pi) * place[n, 0]
        high = (one - place[n, 1]) * (one + up) - up
        wide = np.sqrt(max(one - high * high, np.float32(0)))
        p = (p + wide * np.cos(turn)) * alpha[n]
        q = (q + wide * np.sin(turn)) * alpha[n]
        up = max(up + high, np.float32(1e-6))
        over = one / np.sqrt(p * p + q * q + up * up)
        found[n, 0] = (p * ux + q * vx + up * x) * over
        found[n, 1] = (p * uy + q * vy + up * y) * over
        found[n, 2] = (p * uz + q * vz + up * z) * over
    return found


@inlined
def density(alpha: Any, facing: Any, cosine: Any, middle: Any) -> Any:
    """Share of the lobe, per steradian, that lies in a direction; rays off :func:`facets` are spread like this.

    facing, cosine, middle: of the normal with the view, with the direction, and with what is halfway between.
    """
    one, none = np.float32(1), np.float32(0)
    if cosine <= none or facing <= none:
        return none
    square = alpha * alpha
    tail = middle * middle * (square - one) + one
    masked = facing + np.sqrt(square + (one - square) * facing * facing)
    return square / (np.float32(2 * np.pi) * tail * tail * masked)


@cache
def returns() -> F32:
    """(GRID, GRID, 3) of what surfaces send to a viewer, of light that comes evenly from everywhere.

    By roughness and by the cosine of the view, 0 to 1 each: so much of the reflectance seen straight on, so much
    besides (the split sum of Karis 2013, GGX with Smith's masking and Schlick's Fresnel), and by how much what is matt
    is brighter than a Lambertian surface (Burley 2012).
    """
    grid = np.linspace(0, 1, GRID)
    roughness, facing = (axis.reshape(-1, 1) for axis in np.meshgrid(grid, np.maximum(grid, 1e-2), indexing="ij"))
    place = places()
    across = np.sqrt(1 - facing * facing)
    views = np.stack([across, 0 * across, facing], axis=-1)
    # What shines: rays off microfacets that the viewer sees, each as far as it is not masked.
    alpha, level = np.maximum(roughness * roughness, 1e-4), np.zeros((len(place), 3), np.float32)
    level[:, 2] = 1
    facet = np.stack(
        [
            facets(
                level, np.broadcast_to(view, level.shape).astype(np.float32), np.full(len(place), a, np.float32), place
            )
            for view, a in zip(views[:, 0], alpha[:, 0].astype(np.float32), strict=True)
        ]
    )
    between = (facet * views).sum(-1)
    out = np.maximum(2 * between * facet[..., 2] - facing, 0.0)
    square = alpha * alpha
    seen = 2 * out / np.maximum(out + np.sqrt(square + (1 - square) * out * out), 1e-9)
    edge = (1 - np.clip(between, 0, 1)) ** 5
    # What is matt: light by its cosine.
    up, turn = np.sqrt(place[:, 0]), 2 * np.pi * place[:, 1]
    between = np.sqrt(0.5 + 0.5 * np.clip(up * facing + np.sqrt(1 - up * up) * np.cos(turn) * across, -1, 1))
    matt = _burley(roughness, facing, up, between)
    means = [(seen * (1 - edge)).mean(1), (seen * edge).mean(1), matt.mean(1)]
    found: F32 = np.stack(means, axis=-1).reshape(GRID, GRID, 3).astype(np.float32)
    found.flags.writeable = False
    return found


@inlined
def returned(table: F32, roughness: Any, facing: Any) -> tuple[Any, Any, Any]:
    """:func:`returns` between the points of its grid."""
    last, one = np.float32(GRID - 1), np.float32(1)
    x, y = roughness * last, facing * last
    row, column = min(int(x), GRID - 2), min(int(y), GRID - 2)
    u, v = x - np.float32(row), y - np.float32(column)
    a, b, c, d = (one - u) * (one - v), (one - u) * v, u * (one - v), u * v
    first, second = table[row], table[row + 1]
    return (
        a * first[column, 0] + b * first[column + 1, 0] + c * second[column, 0] + d * second[column + 1, 0],
        a * first[column, 1] + b * first[column + 1, 1] + c * second[column, 1] + d * second[column + 1, 1],
        a * first[column, 2] + b * first[column + 1, 2] + c * second[column, 2] + d * second[column + 1, 2],
    )


@inlined
def glint(alpha: Any, facing: Any, cosine: Any, middle: Any, between: Any) -> tuple[Any, Any]:
    """What shines of light from one direction: per light across it and reflectance, and how much of the way that goes
    from what it is straight on to 1 (Schlick 1994). between: of the view with what is halfway; the rest: ``density``.
    """
    one = np.float32(1)
    square = alpha * alpha
    shine = density(alpha, facing, cosine, middle)
    if shine > 0:
        shine *= np.float32(2) * cosine / (cosine + np.sqrt(square + (one - square) * cosine * cosine))
    return shine, (one - between) ** 5


def _burley(roughness: Any, facing: Any, cosine: Any, between: Any) -> Any:
    """How much brighter than a Lambertian surface one is in light from one direction (Burley 2012)."""
    one, half = np.float32(1), np.float32(0.5)
    first, second = (one - facing) ** 5, (one - cosine) ** 5
    back = np.float32(2) * roughness * between * between
    return (one - half * first) * (one - half * second) + back * (first + second + first * second * (back - one))


burley = inlined(_burley)


@compiled
def tiled(values: F32, pixel: I64, centre: I64, key: I64, normals: F32, width: int) -> F32:
    """(N, C) the ``values (N, C)`` averaged over the 4 x 4 pixels around each that show the same surface.

    pixel, key: (N,). centre: (P,) the row of each pixel that counts for others, or -1. Rows and columns at the rim of
    5 x 5 count half, so that no pattern of the tile is left.
    """
    found, height = np.zeros_like(values), len(centre) // width
    for n in range(len(pixel)):
        y, x = divmod(pixel[n], width)
        top, left = max(min(y - 2, height - 5), 0), max(min(x - 2, width - 5), 0)
        total = np.float32(0)
        for v in range(top, min(top + 5, height)):
            for u in range(left, min(left + 5, width)):
                other = n if v == y and u == x else centre[v * width + u]
                if other < 0 or key[other] != key[n] or _alike(normals, n, other) < np.float32(0.5):
                    continue
                w = np.float32(1 if top < v < top + 4 else 0.5) * np.float32(1 if left < u < left + 4 else 0.5)
                for k in range(values.shape[1]):
                    found[n, k] += w * values[other, k]
                total += w
        for k in range(values.shape[1]):
            found[n, k] /= total
    return found


@inlined
def _alike(normals: F32, one: int, other: int) -> float:
    return (
        normals[one, 0] * normals[other, 0] + normals[one, 1] * normals[other, 1] + normals[one, 2] * normals[other, 2]
    )


@compiled
def widened(
    values: F32, pixel: I64, centre: I64, key: I64, normals: F32, alpha: F32, reach: F32, step: int, down: bool,
    width: int,
) -> F32:  # fmt: skip
    """(N, C) the ``values (N, C)`` averaged with those ``step`` pixels to both sides, or above and below.

    reach: (N,) pixels over which the lobe is wide enough for that. The rest: as for :func:`tiled`.
    """
    found, height = values.copy(), len(centre) // width
    one, none = np.float32(1), np.float32(0)
    for n in range(len(pixel)):
        y, x = divmod(pixel[n], width)
        total = one
        for side in (-1, 1):
            v, u = (y + side * step, x) if down else (y, x + side * step)
            if v < 0 or v >= height or u < 0 or u >= width:
                continue
            other = centre[v * width + u]
            if other < 0 or key[other] != key[n]:
                continue
            share = np.float32(0.5) * min(max(max(reach[n], reach[other]) / np.float32(step) - one, none), one)
            turned = (one - _alike(normals, n, other)) / (alpha[n] * alpha[n])  # half the square of their angle
            w = share * min(max(np.float32(1.5) - np.float32(4) * turned, none), one)
            for k in range(values.shape[1]):
                found[n, k] += w * values[other, k]
            total += w
        for k in range(values.shape[1]):
            found[n, k] /= total
    return found


def spans(normals: F32, views: F32, alpha: F32, to_camera: F32, focal: float) -> F32:
    """(N, 2) pixels that half of half a lobe spans to the right and down, for what is far away.

    to_camera: (3, 3) from world axes. focal: pixels.
    """
    along = alpha * np.float32(focal)
    across = along * np.maximum((normals * views).sum(1), np.float32(0.02))
    axis = (normals @ to_camera[:2].T) ** 2
    axis /= np.maximum(axis.sum(1, keepdims=True), np.float32(1e-9))  # drawn out along the normal, in the picture
    return np.asarray(1 / np.sqrt(axis / along[:, None] ** 2 + (1 - axis) / across[:, None] ** 2), dtype=np.float32)


def smoothed(
    seen: F32, pixel: I64, centre: I64, key: I64, normals: F32, alpha: F32, span: F32, away: F32, width: int
) -> F32:
    """(N, 3) what rays ``seen (N, 3)`` along the lobes of neighbours say together.

    span: as :func:`spans` has it. away: (N,) metres from each point to what its ray met, over that and the way to the
    camera. The rest: as for :func:`tiled`.
    """
    bright = seen.sum(1, keepdims=True) + np.float32(1e-9)  # what is bright is seen the widest
    both = tiled(np.concatenate([seen, away[:, None] * bright], axis=1), pixel, centre, key, normals, width)
    reach = span * (both[:, 3] / (both[:, :3].sum(1) + np.float32(1e-9)))[:, None]
    values = np.ascontiguousarray(both[:, :3])
    for step in STEPS:
        for k in range(2):
            some = np.ascontiguousarray(reach[:, k])
            values = widened(values, pixel, centre, key, normals, alpha, some, step, k == 1, width)
    return values
