"""Where each pixel of one frame lies in others, and whether it is seen there.

A triangle with barycentrics is an exact name for a surface point: pose the same triangle at the other frame's time,
take the same barycentrics, project, and compare with what the other frame shows. Holds for a walking character as well
as for a wall, across a cut, and when the camera comes back.

What does not move needs no posing: a pixel's homogeneous place in the other picture is one 3 x 4 matrix times its
column, row, 1 and disparity, and its disparity there tells whether the other frame shows it. So a pair costs a few
passes over blocks of pixels that stay in the cache, and everything runs on the device on which the frames lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from render.correspondence_dense import look_up, look_up_on_device
from render.frame import GRAZING, ROOT, FrameGeometry, centres, posed_at, projection, roots, unpacked
from render.threads import deal
from worldgen.conventions import F32, Bool

__all__ = ["Correspondence", "FrameGeometry", "Match", "correspond", "correspond_many"]

_BLOCK: Final = 30_000
"""Pixels worked on at once on a CPU: torch does not split operations on so few over its threads."""

_BLOCK_ALONE: Final = 80_000
"""The same where torch has a single thread."""


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
class Match:
    """A correspondence on the device of the frames.

    xy: (2, H, W) float32. visible: (H, W) bool. confidence: (H, W) float32. As in :class:`Correspondence`.
    """

    xy: torch.Tensor
    visible: torch.Tensor
    confidence: torch.Tensor

    @staticmethod
    def empty(height: int, width: int, device: torch.device) -> Match:
        """Room for the correspondence of a frame."""

        def room(dtype: type[np.generic], *shape: int) -> torch.Tensor:
            # (numpy asks the system for large pages, which torch does not: a tenth of the time to get them)
            return torch.from_numpy(np.empty(shape, dtype)).to(device)

        return Match(room(np.float32, 2, height, width), room(np.bool_, height, width), room(np.float32, height, width))

    def numpy(self) -> Correspondence:
        """The same in numpy; on a CPU without a copy."""
        xy, visible, confidence = (part.cpu().numpy() for part in (self.xy, self.visible, self.confidence))
        return Correspondence(np.moveaxis(xy, 0, -1), visible, confidence)


def correspond(i: FrameGeometry, j: FrameGeometry) -> Correspondence:
    """Where the pixels of frame ``i`` lie in frame ``j``. Both must be frames of one world.

    Sky corresponds by direction alone, and is visible where j shows sky.
    """
    return correspond_many(i, [j])[0].numpy()


def correspond_many(i: FrameGeometry, js: Sequence[FrameGeometry], lenient: bool = False) -> tuple[Match, ...]:
    """Where the pixels of frame ``i`` lie in each of the frames ``js``: quicker than one by one.

    All must be frames of one world and on one device; they may differ in time, lens and size. lenient: a point is also
    visible where the pixel of j that it falls into shows something before it, but one beside that shows its surface.
    """
    device = i.picture.device
    for j in js:
        if j.posed.shape != i.posed.shape:
            raise ValueError(
                f"frames of different worlds do not correspond: {i.posed.shape[1]} vertices move in one, "
                f"{j.posed.shape[1]} in the other"
            )
        if j.picture.device != device:
            raise ValueError(
                f"frames on {device} and on {j.picture.device} do not correspond: move one of them with .to(device)"
            )
    found = tuple(Match.empty(i.camera.height, i.camera.width, device) for _ in js)
    pairs = [_Pair.of(i, j) for j in js]
    height, block = i.camera.height, _BLOCK if torch.get_num_threads() > 1 else _BLOCK_ALONE
    rows = height if device.type != "cpu" else max(1, block // i.camera.width)
    left: list[list[_Left]] = [[] for _ in js]

    def match(block: slice) -> None:
        part = _Part.of(i, block)
        for pair, room, rest in zip(pairs, found, left, strict=True):
            places = room.xy[:, block], room.visible[block], room.confidence[block]
            rest.append(_match(part, pair, *places, lenient))

    deal(match, height, rows)
    for pair, room, rest in zip(pairs, found, left, strict=True):
        where, there, ratio = (torch.cat(parts) for parts in zip(*rest, strict=True))

        def finish(some: slice, parts: _Left = (where, there, ratio), pair: _Pair = pair, room: Match = room) -> None:
            _match_beside(i, pair, room, *(part[some] for part in parts))

        deal(finish, len(where), block // 4 if device.type == "cpu" else max(1, len(where)))
    return found


@dataclass(frozen=True)
class _Part:
    """Some rows of frame i, N pixels, as all its partners need them.

    basis: (7, N): place in the picture, disparity, 1, what disparity grows to the right and the lower border, and what
    it is in the middle, on the pixel's plane. code: (N,). narrow: (N,) ``ROOT`` over the root of the clamped cosine.
    moving: (M,) places in the part of the pixels that move, rows: theirs in ``FrameGeometry.moving``. start: the first
    pixel of frame i that is in it.
    """

    basis: torch.Tensor
    code: torch.Tensor
    narrow: torch.Tensor
    moving: torch.Tensor
    rows: slice
    start: int

    @staticmethod
    def of(i: FrameGeometry, block: slice) -> _Part:
        picture, device = i.picture[:, block], i.picture.device
        height, width = picture.shape[1:]
        layers = torch.empty(7, height, width, device=device)
        layers[0], layers[1] = centres(width, device), centres(i.camera.height, device)[block, None]
        layers[3], layers[6] = 1.0, picture[0]
        layers[4], layers[5] = unpacked(picture[1])
        x, y, d, _, right, down, middle = layers
        torch.addcmul(middle, right, x, out=d).addcmul_(down, y)
        narrow = roots(picture[3]).mul_(ROOT).clamp_(min=GRAZING**0.5).reciprocal_().mul_(ROOT).view(-1)
        ends = torch.tensor([block.start * width, block.stop * width], device=device)
        rows = slice(*torch.searchsorted(i.moving, ends).tolist())
        moving = i.moving[rows] - block.start * width
        code = picture[2].view(torch.int32).view(-1)
        return _Part(layers.view(7, -1), code, narrow, moving, rows, block.start * width)


@dataclass(frozen=True)
class _Pair:
    """What leads from frame i to frame j.

    place: (3, 4) from the first four rows of ``_Part.basis`` to the place in j as ``projection`` gives it, times the
    disparity in i. side: (1, 4) from the last four to a number that is positive where j sees the other side of the
    pixel's plane. posed: (4, M) place and side of the pixels of i that move, not times anything; None where i and j are
    of one time. focal: the focal length of j over that of i.
    """

    j: FrameGeometry
    place: torch.Tensor
    side: torch.Tensor
    posed: torch.Tensor | None
    focal: float

    @staticmethod
    def of(i: FrameGeometry, j: FrameGeometry) -> _Pair:
        a, b, device = i.camera, j.camera, i.picture.device
        from_i, from_j, step = projection(a), projection(b), b.position - a.position
        seen = from_j @ b.world_from_camera[:3, :3].T
        columns = seen @ a.world_from_camera[:3, :3] @ np.linalg.inv(from_i)
        place = np.column_stack([columns[:, :2], -seen @ step, columns[:, 2]])
        side = np.array([[-1.0, *(from_i @ a.world_from_camera[:3, :3].T @ step)]])
        posed = None if i.time == j.time or not len(i.moving) else posed_at(j.posed, i.corners, i.weights)
        return _Pair(
            j,
            torch.from_numpy(place.astype(np.float32)).to(device),
            torch.from_numpy(side.astype(np.float32)).to(device),
            posed,
            b.focal_px / a.focal_px,
        )


_Left = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Pixels of frame i that may be seen beside the pixel of j they fall into, (M,) each: their places in the picture,
their disparities in j, and the ratio of extents, times ``ROOT``, before j's own cosine counts.
"""


def _match(
    part: _Part, pair: _Pair, xy: torch.Tensor, visible: torch.Tensor, confidence: torch.Tensor, lenient: bool
) -> _Left:
    """Fill in ``xy`` (2, h, W), ``visible`` and ``confidence`` (h, W) of a part of frame i in frame j."""
    j, d = pair.j, part.basis[2]
    placed = torch.empty(4, len(d), device=d.device)
    torch.mm(pair.place, part.basis[:4], out=placed[:3])
    torch.mm(pair.side, part.basis[3:], out=placed[3:])
    if pair.posed is not None and len(part.moving):
        placed.index_copy_(1, part.moving, pair.posed[:, part.rows] * d.index_select(0, part.moving))
    dense = look_up if d.device.type == "cpu" else look_up_on_device
    told = (placed, d, part.code, part.narrow, j.picture)
    where, there, ratio = dense(*told, pair.focal, lenient, xy, visible, confidence)
    return where + part.start, there, ratio


def _match_beside(
    i: FrameGeometry, pair: _Pair, match: Match, where: torch.Tensor, there: torch.Tensor, ratio: torch.Tensor
) -> None:
    """Find points (a part of ``_Left``) in the four pixels around them, where the one they fall into shows another."""
    j, code = pair.j, i.code.index_select(0, where)
    size = torch.tensor(j.picture.shape[:0:-1], device=where.device)[:, None]  # width and height
    place = match.xy.view(2, -1).index_select(1, where)
    first = (place - 0.5).floor_()
    corner = torch.stack([first, first + 1])  # (2, 2, M): before or after, column or row
    weight = 1.0 - (place - 0.5 - corner).abs_()
    corner = corner.clamp_(min=0).minimum(size - 1.0)
    pixel = torch.add(corner[None, :, 0], corner[:, None, 1], alpha=float(size[0])).int().view(-1)
    plane, growth, what, limit = (layer.view(-1).index_select(0, pixel).view(2, 2, -1) for layer in j.picture)
    x, y = place.mul_(2.0 / size).sub_(1.0)
    right, down = unpacked(growth)
    plane.addcmul_(right, x).addcmul_(down, y)
    shows = (plane.sub_(there).abs_() <= limit.abs()) & (what.view(torch.int32) == code)
    share = shows.to(plane.dtype).mul_(weight[None, :, 0]).mul_(weight[:, None, 1])
    support = share.sum((0, 1))
    root = share.mul_(roots(limit)).sum((0, 1)).div_(support.clamp(min=1e-6))
    trust = torch.clamp(root, min=GRAZING**0.5 / ROOT).mul_(ratio).clamp_(max=1.0).mul_(root)
    match.visible.view(-1).index_copy_(0, where, support > 0)
    match.confidence.view(-1).index_copy_(0, where, trust.mul_(root).mul_(support).mul_(ROOT**2))
