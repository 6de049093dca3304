"""Where each pixel of one frame lies in another, and whether it is seen there.

A triangle with barycentrics is an exact name for a surface point: pose the same triangle at the other frame's time,
take the same barycentrics, project, and compare with what the other frame shows. Holds for a walking character as well
as for a wall, across a cut, and when the camera comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from render.raster import GBuffer
from render.raster_rays import pixel_directions
from render.surface import Surface
from render.tables import tensor
from render.threads import BLOCK, deal
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, Bool
from worldgen.world import Snapshot

# Two pixels show one surface where they show one thing, and a point of the one lies off the tangent plane of the other
# by less than ``_RELATIVE`` × depth + ``_PIXELS`` × a pixel's extent on the surface (cosines clamped to ``_GRAZING``).
_RELATIVE: Final = 1e-4
_PIXELS: Final = 0.5
_GRAZING: Final = 0.1


@dataclass(frozen=True)
class Correspondence:
    """Where the pixels of frame i lie in frame j.

    xy: (H, W, 2) float32 pixels of frame j (pixel centres at +0.5); -1 where the point is not in front of camera j.
    visible: (H, W) whether frame j shows that very point, from the same side. confidence: (H, W) float32, 0 to 1, 0
    where not visible: the cosine at which j sees the surface, times the ratio of the pixels' extents where j sees it
    more coarsely, times the share of the four pixels around ``xy`` that show the surface.
    """

    xy: F32
    visible: Bool
    confidence: F32


@dataclass(frozen=True)
class FrameGeometry:
    """What correspondence needs of one frame, worked out once for all its partners; tensors over its P pixels.

    point: (3, P) world metres; for sky the ray's direction. normal: (3, P) unit, by winding; 0 for sky. thing: (P,)
    int32 object id, 0 for sky. solid: (P,) 1 for surfaces, 0 for sky. front: (P,) whether the outer side is seen.
    extent: (P,) metres across a pixel on the surface, geometric mean. offset: (P,) of the tangent plane from the
    camera, along ``normal``. depth: (P,) planar metres, +inf for sky. smooth: (P,) whether the pixel and its right,
    lower and lower right neighbours show one surface. moving: (M,) pixels whose thing moves, with their ``corners``
    (M, 3) and ``weights`` (M, 3).
    """

    snapshot: Snapshot
    camera: Camera
    point: torch.Tensor
    normal: torch.Tensor
    thing: torch.Tensor
    solid: torch.Tensor
    front: torch.Tensor
    extent: torch.Tensor
    offset: torch.Tensor
    depth: torch.Tensor
    smooth: torch.Tensor
    moving: torch.Tensor
    corners: torch.Tensor
    weights: torch.Tensor

    @staticmethod
    def of(snapshot: Snapshot, camera: Camera, gbuffer: GBuffer) -> FrameGeometry:
        """The geometry of the frame in which ``camera`` sees ``snapshot`` as ``gbuffer``."""
        surface = Surface.of(snapshot, camera, gbuffer)
        hit = tensor(np.flatnonzero(gbuffer.triangle.reshape(-1) >= 0))
        pixels = gbuffer.triangle.size
        point = torch.from_numpy(np.ascontiguousarray(pixel_directions(camera).reshape(-1, 3).T))
        normal, solid = torch.zeros(3, pixels), torch.zeros(pixels)
        thing, front = torch.zeros(pixels, dtype=torch.int32), torch.ones(pixels, dtype=torch.bool)
        depth, cosine = torch.full((pixels,), torch.inf), torch.ones(pixels)
        offset, extent = torch.empty(pixels), torch.empty(pixels)
        eye = _column(camera.position)

        def scatter(s: slice) -> None:
            to = hit[s]
            point[:, to] = tensor(surface.position[s]).T
            normal[:, to] = surface.face_normal[s].T
            solid[to] = 1.0
            thing[to] = tensor(surface.object_id[s])
            front[to] = tensor(surface.front[s])
            depth[to] = tensor(surface.depth[s])
            cosine[to] = tensor(surface.facing[s])

        def measure(s: slice) -> None:
            offset[s] = _dot(normal[:, s], point[:, s] - eye * solid[s])
            extent[s] = _extent(camera, torch.where(solid[s] > 0, depth[s], 1.0), cosine[s])

        # Worked out here, so that the threads below only read them.
        _ = surface.position, surface.face_normal, surface.object_id, surface.front, surface.depth, surface.facing
        deal(scatter, len(hit), BLOCK)
        deal(measure, pixels, BLOCK)
        moves = torch.from_numpy(np.flatnonzero(surface.triangle >= snapshot.static_faces))
        smooth = _smooth(camera, point, normal, offset, solid, thing, cosine, depth)
        return FrameGeometry(
            snapshot, camera, point, normal, thing, solid, front, extent, offset, depth, smooth,
            hit[moves], surface.corners[moves], surface.weights[moves],
        )  # fmt: skip


def correspond(i: FrameGeometry, j: FrameGeometry) -> Correspondence:
    """Where the pixels of frame ``i`` lie in frame ``j``. Both must be frames of one world.

    Sky corresponds by direction alone, and is visible where j shows sky.
    """
    point, normal = _posed(i, j.snapshot)
    pixels, shape = len(i.thing), (i.camera.height, i.camera.width)
    xy, confidence = torch.empty(pixels, 2), torch.empty(pixels)
    visible = torch.empty(pixels, dtype=torch.bool)

    def match(s: slice) -> None:
        xy[s], visible[s], confidence[s] = _matched(i, j, point[:, s], normal[:, s], s)

    deal(match, pixels, BLOCK)
    return Correspondence(xy.view(*shape, 2).numpy(), visible.view(shape).numpy(), confidence.view(shape).numpy())


def _matched(
    i: FrameGeometry, j: FrameGeometry, point: torch.Tensor, normal: torch.Tensor, s: slice
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """``xy``, ``visible`` and ``confidence`` of the pixels ``s`` of frame i, posed at the time of frame j."""
    camera, width, height = j.camera, j.camera.width, j.camera.height
    thing, solid = i.thing[s], i.solid[s]
    away = point - _column(camera.position) * solid
    x, y, z = _projected(camera, away)
    inside = (z >= torch.where(solid > 0, camera.near, 1e-6)) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    side = (_dot(normal, away) <= 0) == i.front[s]
    candidate = inside & (side | (solid == 0))
    cosine = _cosine(normal, away, solid)
    tolerance = _tolerance(camera, z, cosine)

    # Where the four pixels around show one surface, the nearest of them speaks for all.
    nearest = y.clamp(0, height - 1).int() * width + x.clamp(0, width - 1).int()
    left, top = (x - 0.5).clamp(0, width - 1).int(), (y - 0.5).clamp(0, height - 1).int()
    same = _shows(j, nearest, away, thing, tolerance)
    clear = j.smooth.take((top * width + left).long())
    visible = candidate & same & clear
    support = visible.float()
    edge = torch.nonzero(candidate & ~clear).squeeze(1)
    if len(edge):
        support[edge], visible[edge] = _at_edges(
            j, x[edge], y[edge], z[edge], away[:, edge], thing[edge], tolerance[edge], same[edge], nearest[edge]
        )
    extent = _extent(camera, torch.where(solid > 0, z, 1.0), cosine)
    confidence = support * cosine * (i.extent[s] / extent.clamp(min=1e-12)).clamp(max=1.0)
    behind = z <= 1e-6
    xy = torch.stack([x.masked_fill_(behind, -1.0), y.masked_fill_(behind, -1.0)], dim=1)
    return xy, visible, confidence


def _posed(i: FrameGeometry, snapshot: Snapshot) -> tuple[torch.Tensor, torch.Tensor]:
    """Points (3, P) and normals (3, P) of frame ``i`` at the time of another ``snapshot``."""
    if not len(i.moving) or snapshot.vertices is i.snapshot.vertices:
        return i.point, i.normal
    vertices = tensor(snapshot.vertices)
    a, b, c = (vertices.index_select(0, i.corners[:, k]) for k in range(3))
    wa, wb, wc = (i.weights[:, k, None] for k in range(3))
    point, normal = i.point.clone(), i.normal.clone()
    point[:, i.moving] = (wa * a + wb * b + wc * c).T
    normal[:, i.moving] = functional.normalize(torch.linalg.cross(b - a, c - a), dim=1, eps=1e-20).T
    return point, normal


def _projected(camera: Camera, away: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pixels x, y (P,) and planar depth (P,) of offsets (3, P) from the camera, in world axes."""
    rotation = torch.from_numpy(camera.world_from_camera[:3, :3].T.astype(np.float32))
    u, v, z = rotation @ away
    K = camera.K
    inverse = 1.0 / torch.where(z > 1e-6, z, 1e-6)
    x = (u * float(K[0, 0]) + v * float(K[0, 1])) * inverse + float(K[0, 2])
    return x, v * float(K[1, 1]) * inverse + float(K[1, 2]), z


def _shows(
    j: FrameGeometry, pixel: torch.Tensor, away: torch.Tensor, thing: torch.Tensor, tolerance: torch.Tensor
) -> torch.Tensor:
    """(N,) whether ``pixel`` of frame j shows the surface on which the points ``away`` (3, N) of ``thing`` lie."""
    at = pixel.long()
    x, y, z = (j.normal[k].take(at) * away[k] for k in range(3))
    distance = (x + y + z - j.offset.take(at)).abs_()
    return (j.thing.take(at) == thing) & (distance <= tolerance)


def _at_edges(
    j: FrameGeometry,
    x: torch.Tensor,
    y: torch.Tensor,
    z: torch.Tensor,
    away: torch.Tensor,
    thing: torch.Tensor,
    tolerance: torch.Tensor,
    same: torch.Tensor,
    nearest: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Support and visibility where the four pixels around (x, y) do not all show one surface.

    A point is seen if one of the four shows its surface, unless the pixel it falls into shows something before it.
    """
    width, height = j.camera.width, j.camera.height
    left, top = (x - 0.5).floor(), (y - 0.5).floor()
    fx, fy = x - 0.5 - left, y - 0.5 - top
    support, found = torch.zeros_like(x), torch.zeros_like(same)
    for dx, dy, share in ((0, 0, (1 - fx) * (1 - fy)), (1, 0, fx * (1 - fy)), (0, 1, (1 - fx) * fy), (1, 1, fx * fy)):
        column, row = (left + dx).clamp(0, width - 1).int(), (top + dy).clamp(0, height - 1).int()
        shown = _shows(j, row * width + column, away, thing, tolerance)
        support += share * shown
        found |= shown
    before = ~same & (j.depth.take(nearest.long()) < z - tolerance)
    visible = found & ~before
    return support * visible, visible


def _smooth(
    camera: Camera,
    point: torch.Tensor,
    normal: torch.Tensor,
    offset: torch.Tensor,
    solid: torch.Tensor,
    thing: torch.Tensor,
    cosine: torch.Tensor,
    depth: torch.Tensor,
) -> torch.Tensor:
    """(P,) whether a pixel and its right, lower and lower right neighbours show one surface."""
    h, w = camera.height, camera.width
    n, d, t = normal.view(3, h, w), offset.view(h, w), thing.view(h, w)
    result = torch.zeros(h, w, dtype=torch.bool)

    def judge(s: slice) -> None:
        rows = slice(s.start, s.stop + 1)
        part = slice(rows.start * w, rows.stop * w)
        away = (point[:, part] - _column(camera.position) * solid[part]).view(3, -1, w)
        z = torch.where(solid[part] > 0, depth[part], 1.0)
        tolerance = _tolerance(camera, z, cosine[part]).view(-1, w)
        plane, shift, what = n[:, rows], d[rows], t[rows]

        def agree(a: tuple[slice, slice], b: tuple[slice, slice]) -> torch.Tensor:
            there = (_dot(plane[:, *a], away[:, *b]) - shift[a]).abs() <= tolerance[b]
            back = (_dot(plane[:, *b], away[:, *a]) - shift[b]).abs() <= tolerance[a]
            return (what[a] == what[b]) & there & back

        every, left, right = slice(None), slice(0, w - 1), slice(1, w)
        level = agree((every, left), (every, right))
        upright = agree((slice(0, -1), every), (slice(1, None), every))
        result[s, :-1] = level[:-1] & level[1:] & upright[:, :-1] & upright[:, 1:]

    # The last column and row lack neighbours and stay False: points there take the slow way.
    deal(judge, h - 1, max(1, BLOCK // w))
    return result.view(-1)


def _tolerance(camera: Camera, z: torch.Tensor, cosine: torch.Tensor) -> torch.Tensor:
    return z * (_RELATIVE + _PIXELS / _focal(camera) / cosine.clamp(min=_GRAZING))


def _cosine(normal: torch.Tensor, away: torch.Tensor, solid: torch.Tensor) -> torch.Tensor:
    """(P,) cosine between surface normal and line of sight, 1 for sky."""
    x, y, z = away  # (away.norm(dim=0) takes twenty times as long)
    length = (x * x + y * y + z * z).sqrt_().clamp_(min=1e-12)
    return torch.where(solid > 0, (_dot(normal, away).abs_() / length).clamp_(max=1.0), 1.0)


def _dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """(P,) of (3, P) and (3, P)."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _extent(camera: Camera, z: torch.Tensor, cosine: torch.Tensor) -> torch.Tensor:
    """(P,) metres across a pixel on the surface, the geometric mean of its two extents."""
    return z / _focal(camera) / cosine.clamp(min=_GRAZING).sqrt()


def _focal(camera: Camera) -> float:
    return float(np.sqrt(camera.K[0, 0] * camera.K[1, 1]))


def _column(vector: F64) -> torch.Tensor:
    return torch.from_numpy(np.asarray(vector, dtype=np.float32))[:, None]
