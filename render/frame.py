"""What correspondence needs of one frame, worked out once for all its partners: 16 bytes a pixel.

The disparity (1 / planar depth) of a plane is a linear function of the pixel: it is kept instead of depth, so that
the surface is known exactly anywhere in a pixel, sky is simply 0, and no world coordinate, however far from the origin,
has to be kept at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch

from render.raster import GBuffer
from render.tables import tensor
from render.threads import BLOCK, deal
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, I32
from worldgen.world import Snapshot

GRAZING: Final = 0.1
"""Cosine below which a pixel's extent on the surface grows no further."""

SKY: Final = -1
"""Code of sky; other pixels have the id of their thing, and 0 is left for what lies outside the picture."""

# Two neighbouring pixels show one surface where their planes meet between them. A point lies on a pixel's surface if
# its disparity is off the pixel's plane by less than ``_RELATIVE`` + ``_PIXELS`` × a pixel's angle of itself, or, where
# the surface is curved, ``_CURVED`` of what the neighbours are off that plane.
_RELATIVE: Final = 1e-4
_PIXELS: Final = 0.5
_CURVED: Final = 0.5

_EDGE_ON: Final = 0.02
"""Cosine below which depth is taken from the triangle's corners: its plane hardly says where the ray meets it."""

_STEEPEST: Final = 1000.0
"""Disparity does not grow by more than this many times itself over half a picture (float32 would lose it)."""

_FARTHEST: Final = 1e-9
"""Disparity of surfaces is at least this, 1 / metres."""

_OPEN: Final = 0.75
"""Share of the pixels around a point on that half of a pixel beyond which another surface is shown, on the average."""

ROOTS: Final = 0xFFFF
ROOT: Final = 1.0 / ROOTS
"""Unit of the roots of cosines."""

HIGH: Final = -0x10000


@dataclass(frozen=True)
class FrameGeometry:
    """One frame's part in correspondence: make it with :meth:`of`.

    Places in the picture are counted from -1 to 1, left to right and top to bottom.

    camera, time: of the frame. picture: (4, H, W) float32. Its layers: the disparity, 1 / metres, that the pixel's
    plane would have in the middle of the picture; the bits of two bfloat16, what that grows to the right border and to
    the lower one; the bits of an int32, the thing's id or ``SKY``; and how far a point's disparity may be off that
    plane, negative where a neighbour shows something else, its lowest 16 bits replaced by what :func:`roots` reads
    there. moving: (M,) int64 pixels whose thing moves. corners: (3, M) int32 columns of ``posed``, wound so that this
    camera sees their outer side. weights: (3, M) float32 of the corners. posed: (3, V) float32, all moving vertices of
    the world at ``time``, as :func:`projection` gives them.
    """

    camera: Camera
    time: float
    picture: torch.Tensor
    moving: torch.Tensor
    corners: torch.Tensor
    weights: torch.Tensor
    posed: torch.Tensor

    @staticmethod
    def of(snapshot: Snapshot, camera: Camera, gbuffer: GBuffer) -> FrameGeometry:
        """The geometry of the frame in which ``camera`` sees ``snapshot`` as ``gbuffer``."""
        triangle, bary = gbuffer.triangle.reshape(-1), gbuffer.bary.reshape(-1, 2)
        moving = np.flatnonzero(triangle >= snapshot.static_faces)
        posed = tensor(_projected(camera, snapshot.vertices[snapshot.static_vertices :]))
        corners = tensor(snapshot.faces[triangle[moving]].T - np.int32(snapshot.static_vertices))
        weights = tensor(_weights(bary[moving]))
        back = posed_at(posed, corners, weights)[3] > 0
        for pair in (corners, weights):
            pair[1:, back] = pair[1:, back].flip(0)
        picture = _picture(snapshot, camera, triangle, bary)
        return FrameGeometry(camera, snapshot.time, picture, tensor(moving), corners, weights, posed)

    def to(self, device: torch.device | str) -> FrameGeometry:
        """The same on another device; frames that are matched lie on one."""
        names = ("picture", "moving", "corners", "weights", "posed")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})

    @property
    def disparity(self) -> torch.Tensor:
        """(P,) 1 / metres of planar depth at the pixels' centres, 0 for sky."""
        height, width = self.picture.shape[1:]
        right, down = unpacked(self.picture[1])
        x, y = (centres(size, self.picture.device) for size in (width, height))
        return torch.addcmul(self.picture[0], right, x).addcmul_(down, y[:, None]).view(-1)

    @property
    def depth(self) -> torch.Tensor:
        """(P,) planar metres, +inf for sky."""
        return self.disparity.reciprocal_()

    @property
    def code(self) -> torch.Tensor:
        """(P,) int32 object id, ``SKY`` for sky."""
        return self.picture[2].view(torch.int32).view(-1)

    @property
    def thing(self) -> torch.Tensor:
        """(P,) int32 object id, 0 for sky."""
        return self.code.clamp(min=0)


def centres(size: int, device: torch.device | None = None) -> torch.Tensor:
    """(size,) float32 where the centres of so many pixels lie from -1 to 1."""
    return torch.arange(1 - size, size, 2, dtype=torch.float32, device=device).div_(size)


def projection(camera: Camera) -> F64:
    """(3, 3) from camera axes to (w·x, w·y, w), with x and y from -1 to 1 across the picture and w planar metres."""
    to_unit = np.array([[2 / camera.width, 0, -1], [0, 2 / camera.height, -1], [0, 0, 1]])
    return to_unit @ camera.K


def posed_at(posed: torch.Tensor, corners: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """(4, M) of surface points by ``corners`` and ``weights`` (3, M): the place among vertices ``posed`` (3, V), and a
    number that is positive where the camera of ``posed`` sees the inner side.
    """
    a, b, c = posed.index_select(1, corners.reshape(-1)).view(3, 3, -1).unbind(1)
    place = torch.empty(4, a.shape[1], device=posed.device)
    torch.mul(a, weights[0], out=place[:3]).addcmul_(b, weights[1]).addcmul_(c, weights[2])
    (e, f, g), (p, q, r) = b - a, c - a
    torch.mul(f * r - g * q, a[0], out=place[3]).addcmul_(g * p - e * r, a[1]).addcmul_(e * q - f * p, a[2])
    return place


def packed(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Two float32 as bfloat16 in the bits of one float32."""
    high, low = (part.view(torch.int32) + 0x8000 for part in (first, second))
    return high.bitwise_and_(HIGH).bitwise_or_(low.bitwise_right_shift_(16).bitwise_and_(0xFFFF)).view(torch.float32)


def unpacked(both: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The two float32 that were :func:`packed`."""
    bits = both.view(torch.int32)
    return (bits & HIGH).view(torch.float32), (bits << 16).view(torch.float32)


def roots(limit: torch.Tensor) -> torch.Tensor:
    """From a picture's last layer, over ``ROOT``: the square root of the cosine between surface and view, times that of
    the mean share of the pixels around points in the pixel that show its surface.
    """
    return torch.empty_like(limit).copy_(limit.view(torch.int32) & ROOTS)


def _projected(camera: Camera, points: F32) -> F32:
    """World ``points`` (N, 3) as :func:`projection` gives them, (3, N)."""
    matrix = projection(camera) @ camera.world_from_camera[:3, :3].T
    return matrix.astype(np.float32) @ _seen_from(camera, points).T


def _seen_from(camera: Camera, points: F32) -> F32:
    """``points`` (N, 3) minus the camera's place: exact in float32 however far both are from the origin."""
    whole = camera.position.astype(np.float32)
    result: F32 = points - whole
    result -= (camera.position - whole).astype(np.float32)
    return result


def _picture(snapshot: Snapshot, camera: Camera, triangle: I32, bary: F32) -> torch.Tensor:
    """``picture`` of a frame."""
    height, width = camera.height, camera.width
    rows, cell = _listed(triangle, len(snapshot.faces))
    planes, code = _planes(snapshot, camera, rows)
    picture, root = torch.empty(4, height, width), torch.empty(height, width)
    codes = picture[2].view(torch.int32)
    x, y = centres(width), centres(height)[:, None]
    ray = np.linalg.inv(projection(camera))
    across, along = x * float(ray[0, 0]) + float(ray[0, 2]), y * float(ray[1, 1]) + float(ray[1, 2])
    skew = y * float(ray[0, 1])

    def lay(s: slice) -> None:
        shape, flat = (s.stop - s.start, width), slice(s.start * width, s.stop * width)
        at = cell[flat]
        d, right, down, distance = (row.index_select(0, at).view(shape) for row in planes)
        codes[s] = code.index_select(0, at).view(shape)
        d.addcmul_(right, x).addcmul_(down, y[s])
        away = (across + skew[s]).square_().add_(along[s].square() + 1.0)
        cosine = distance.mul_(d).mul_(away.rsqrt_()).clamp_(0.0, 1.0)
        steep = np.flatnonzero(cosine.numpy() < _EDGE_ON)
        steep = steep[triangle[flat][steep] >= 0]
        if len(steep):
            depth = _depth(snapshot, camera, triangle[flat][steep], bary[flat][steep])
            d.view(-1)[torch.from_numpy(steep)] = tensor(1.0 / np.maximum(depth, 0.5 * camera.near))
        sky = torch.from_numpy(np.flatnonzero(triangle[flat] < 0))
        d.clamp_(min=_FARTHEST).view(-1).index_fill_(0, sky, 0.0)
        cosine.view(-1).index_fill_(0, sky, 1.0)
        torch.sqrt(cosine, out=root[s])
        for gradient in (right, down):
            torch.maximum(torch.minimum(gradient, d * _STEEPEST, out=gradient), d * -_STEEPEST, out=gradient)
        picture[1, s] = packed(right, down)
        right, down = unpacked(picture[1, s])
        picture[0, s] = torch.addcmul(d, right, x, value=-1.0).addcmul_(down, y[s], value=-1.0)

    def judge(s: slice) -> None:
        near = slice(max(s.start - 1, 0), min(s.stop + 1, height))
        own = slice(s.start - near.start, s.stop - near.start)
        limit, share = (part[own] for part in _joined(camera, picture[:, near], near))
        limit.view(torch.int32).bitwise_and_(HIGH).bitwise_or_((root[s] * share.sqrt_() * ROOTS).int())
        picture[3, s] = limit

    deal(lay, height, max(1, BLOCK // width))
    deal(judge, height, max(1, BLOCK // width))
    return picture


def _listed(triangle: I32, faces: int) -> tuple[I32, torch.Tensor]:
    """The triangles (U,) that are seen, and for each pixel (P,) int32 which of them it shows, U for none."""
    seen = np.zeros(faces + 1, dtype=np.bool_)
    after = triangle + np.int32(1)
    seen[after] = True
    seen[0] = False
    rows = np.flatnonzero(seen)
    number = np.empty(faces + 1, dtype=np.int32)
    number[rows] = np.arange(len(rows), dtype=np.int32)
    number[0] = len(rows)
    return (rows - 1).astype(np.int32), tensor(number).index_select(0, tensor(after))


def _planes(snapshot: Snapshot, camera: Camera, rows: I32) -> tuple[torch.Tensor, torch.Tensor]:
    """Of triangles (U,) and, in the end, of sky: (4, U + 1) and codes (U + 1,) int32.

    Disparity in the middle of the picture, what it grows to the right and the lower border, and how far off the eye the
    plane is, metres.
    """
    corners = snapshot.faces[rows]
    turned = camera.world_from_camera[:3, :3].astype(np.float32)
    a, b, c = (tensor((_seen_from(camera, snapshot.vertices[corners[:, k]]) @ turned).T) for k in range(3))
    normal = torch.linalg.cross(b - a, c - a, dim=0)
    offset = (normal * a).sum(0)
    inverse = torch.where(offset != 0, 1.0 / offset, 0.0)
    ray = np.linalg.inv(projection(camera))[:, [2, 0, 1]].T.astype(np.float32)
    result = torch.zeros(4, len(rows) + 1)
    result[:3, :-1] = (tensor(ray) @ normal).mul_(inverse)
    result[3, :-1] = offset.abs() / normal.square().sum(0).sqrt_().clamp_(min=1e-30)
    code = torch.full((len(rows) + 1,), SKY, dtype=torch.int32)
    code[:-1] = tensor(snapshot.face_object[rows])
    return result, code


def _joined(camera: Camera, picture: torch.Tensor, rows: slice) -> tuple[torch.Tensor, torch.Tensor]:
    """(h, W) each, of ``rows`` of a ``picture`` whose first three layers are there.

    How far a point's disparity may be off a pixel's plane, negative where one of its four neighbours shows something
    else; and the mean share of the pixels around points in the pixel that show its surface.
    """
    pixel = 1.0 / camera.focal_px
    allowed = _RELATIVE + _PIXELS * pixel
    right, down = unpacked(picture[1])
    x, y = centres(camera.width), centres(camera.height)[rows, None]
    d, code = torch.addcmul(picture[0], right, x).addcmul_(down, y), picture[2].view(torch.int32)
    right *= 2 / camera.width
    down *= 2 / camera.height
    bent, share = torch.zeros_like(d), torch.ones_like(d)
    every, first, second = slice(None), slice(0, -1), slice(1, None)
    for g, p, q in ((right, (every, first), (every, second)), (down, (first, every), (second, every))):
        step, near = d[q] - d[p], torch.minimum(d[p], d[q])
        mean, half = (g[p] + g[q]).mul_(0.5), (g[p] - g[q]).mul_(0.5).abs_()
        meet = torch.minimum(half, near * (0.5 * pixel / GRAZING)).add_(near, alpha=allowed)
        # (numpy packs comparisons five times as fast as torch does)
        together = np.less_equal(mean.sub_(step).abs_().numpy(), meet.numpy())
        together &= np.equal(code[p].numpy(), code[q].numpy())
        one = torch.empty_like(step).copy_(torch.from_numpy(together.view(np.uint8)))
        for at in (p, q):
            torch.maximum(bent[at], (step - g[at]).abs_().mul_(one), out=bent[at])
        one.mul_(1.0 - _OPEN).add_(_OPEN)
        for at in (p, q):
            share[at].mul_(one)
    limit = bent.mul_(_CURVED).add_(d, alpha=allowed).clamp_(min=1e-12)
    return limit.copysign_(share - 0.999), share


def _weights(bary: F32) -> F32:
    """(3, M) of the corners."""
    return np.stack([1.0 - bary[:, 0] - bary[:, 1], bary[:, 0], bary[:, 1]])


def _depth(snapshot: Snapshot, camera: Camera, triangle: I32, bary: F32) -> F32:
    """(N,) planar metres of points on triangles."""
    corners, weights = snapshot.faces[triangle], _weights(bary)
    axis = camera.world_from_camera[:3, 2].astype(np.float32)
    return sum(weights[k] * (_seen_from(camera, snapshot.vertices[corners[:, k]]) @ axis) for k in range(3))
