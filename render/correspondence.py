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

from render.frame import GRAZING, ROOT, FrameGeometry, posed_at, projection, roots, unpacked
from render.threads import deal
from worldgen.conventions import F32, Bool

__all__ = ["Correspondence", "FrameGeometry", "Match", "correspond", "correspond_many"]

_BLOCK: Final = 30_000
"""Pixels worked on at once on a CPU: what they need stays in the cache, and torch does not split operations on them."""

_OUTSIDE: Final = -9.0

_BEHIND: Final = 1e-6
"""Points this many times nearer to the other camera's plane than to the own one count as behind it."""


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


def correspond_many(i: FrameGeometry, js: Sequence[FrameGeometry]) -> tuple[Match, ...]:
    """Where the pixels of frame ``i`` lie in each of the frames ``js``: quicker than one by one.

    All must be frames of one world and on one device; they may differ in time, lens and size.
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
    height, rows = i.camera.height, max(1, _BLOCK // i.camera.width) if device.type == "cpu" else i.camera.height
    left: list[list[_Left]] = [[] for _ in js]

    def match(block: slice) -> None:
        part = _Part.of(i, block)
        for pair, room, rest in zip(pairs, found, left, strict=True):
            rest.append(_match(part, pair, room.xy[:, block], room.visible[block], room.confidence[block]))

    def finish(some: slice) -> None:
        for k in range(some.start, some.stop):
            _match_beside(i, pairs[k], found[k], left[k])

    deal(match, height, rows)
    deal(finish, len(js), 1)
    return found


@dataclass(frozen=True)
class _Part:
    """Some rows of frame i, N pixels, as all its partners need them.

    basis: (7, N): column and row from the principal point, disparity, 1, what disparity grows a pixel to the right and
    down, and what it is on the pixel's plane at the principal point. code: (N,). narrow: (N,) 1 / sqrt of the clamped
    cosine. moving: (M,) places in the part of the pixels that move, rows: theirs in ``FrameGeometry.moving``.
    start: the first pixel of frame i that is in it.
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
        layers[0] = torch.arange(width, device=device) + (0.5 - float(i.camera.K[0, 2]))
        layers[1] = (torch.arange(block.start, block.stop, device=device) + (0.5 - float(i.camera.K[1, 2])))[:, None]
        layers[4], layers[5] = unpacked(picture[1])
        x, y, d, one, right, down, middle = layers
        torch.add(picture[0], right + down, alpha=0.5, out=d)
        one.fill_(1.0)
        torch.addcmul(d, right, x, value=-1.0, out=middle).addcmul_(down, y, value=-1.0)
        narrow = roots(picture[3]).mul_(ROOT).clamp_(min=GRAZING**0.5).reciprocal_().view(-1)
        ends = torch.tensor([block.start * width, block.stop * width], device=device)
        rows = slice(*torch.searchsorted(i.moving, ends).tolist())
        moving = i.moving[rows] - block.start * width
        code = picture[2].view(torch.int32).view(-1)
        return _Part(layers.view(7, -1), code, narrow, moving, rows, block.start * width)


@dataclass(frozen=True)
class _Pair:
    """What leads from frame i to frame j.

    place: (3, 4) from the first four rows of ``_Part.basis`` to the place in j as ``projection`` gives it, times the
    disparity in i. side: (1, 4) from its last four to a number that is positive where j sees the other side of the
    pixel's plane. posed: (4, M) place and side of the pixels of i that move, not yet times anything; None where i and j
    are of one time. middle: two scalars, half the size of j. focal: the focal length of j over that of i.
    """

    j: FrameGeometry
    place: torch.Tensor
    side: torch.Tensor
    posed: torch.Tensor | None
    middle: torch.Tensor
    zero: torch.Tensor
    focal: float

    @staticmethod
    def of(i: FrameGeometry, j: FrameGeometry) -> _Pair:
        a, b, device = i.camera, j.camera, i.picture.device
        K, turned, step = a.K, a.world_from_camera[:3, :3], b.position - a.position
        ray = np.array([[1 / K[0, 0], -K[0, 1] / (K[0, 0] * K[1, 1]), 0], [0, 1 / K[1, 1], 0], [0, 0, 1]])
        seen = projection(b) @ b.world_from_camera[:3, :3].T
        columns = seen @ turned @ ray
        place = np.column_stack([columns[:, :2], -seen @ step, columns[:, 2]])
        eye = turned.T @ step
        side = np.array([[-1.0, K[0, 0] * eye[0] + K[0, 1] * eye[1], K[1, 1] * eye[1], eye[2]]])
        still = i.time == j.time or not len(i.moving)
        return _Pair(
            j,
            torch.from_numpy(place.astype(np.float32)).to(device),
            torch.from_numpy(side.astype(np.float32)).to(device),
            None if still else posed_at(j.posed, i.corners, i.weights),
            torch.tensor([0.5 * b.width, 0.5 * b.height], device=device),
            torch.zeros((), device=device),
            float(np.sqrt(b.K[0, 0] * b.K[1, 1] / (K[0, 0] * K[1, 1]))),
        )


_Left = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Pixels of frame i that may be seen beside the pixel of j they fall into, (M,) each: their places in the picture,
their disparities in j, and the ratio of extents, times ``ROOT``, before j's own cosine counts.
"""


def _match(part: _Part, pair: _Pair, xy: torch.Tensor, visible: torch.Tensor, confidence: torch.Tensor) -> _Left:
    """Fill in ``xy`` (2, h, W), ``visible`` and ``confidence`` (h, W) of a part of frame i in frame j."""
    j, d = pair.j, part.basis[2]
    placed = torch.empty(4, len(d), device=d.device)
    torch.mm(pair.place, part.basis[:4], out=placed[:3])
    torch.mm(pair.side, part.basis[3:], out=placed[3:])
    if pair.posed is not None and len(part.moving):
        placed.index_copy_(1, part.moving, pair.posed[:, part.rows] * d.index_select(0, part.moving))
    u, v, w, turned = placed
    behind = None
    if w.device.type != "cpu" or float(w.amin()) <= _BEHIND:
        behind = w <= _BEHIND
        w.masked_fill_(behind, 1.0)
    nearer = w.reciprocal_()  # depth in i over depth in j
    x, y = xy[0].view(-1), xy[1].view(-1)
    for unit, place, half, middle in ((u, x, 0.5 * j.camera.width, 0), (v, y, 0.5 * j.camera.height, 1)):
        torch.add(pair.middle[middle], unit.mul_(nearer), alpha=half, out=place)
        if behind is not None:
            unit.masked_fill_(behind, _OUTSIDE)
            place.masked_fill_(behind, -1.0)

    # The plane of the pixel it falls into says where the surface lies at just this place; outside the picture all is 0.
    plane, growth, code, limit = torch.grid_sampler_2d(j.picture[None], placed[:2].T[None, None], 1, 0, False)[0, :, 0]
    (right, down), across, along = unpacked(growth), x.frac(), y.frac()
    plane.addcmul_(right, across).addcmul_(down, along)
    there = torch.mul(d, nearer, out=down)
    before = torch.sub(there, plane, out=right)
    seen, test = visible.view(-1), torch.empty_like(visible).view(-1)
    _at_most(torch.abs(before, out=plane), torch.abs(limit, out=growth), seen)
    seen &= _same(code.view(torch.int32), part.code, test)
    facing = _at_most(turned, 0.0, torch.empty_like(test))
    seen &= facing

    root, share = roots(limit), torch.empty_like(d).copy_(seen.view(torch.uint8))
    ratio = torch.addcmul(pair.zero, nearer, part.narrow, value=pair.focal * ROOT, out=across)
    trust = torch.clamp(root, min=GRAZING**0.5 / ROOT, out=along).mul_(ratio).clamp_(max=1.0).mul_(root)
    torch.addcmul(pair.zero, trust, share.mul_(root), value=ROOT**2, out=confidence.view(-1))

    # What lies before all that the pixel shows may be seen through one of its neighbours.
    edge = _at_most(limit, -1e-30, test).logical_and_(facing)
    edge &= _at_most(limit, before, facing)
    other = _where(edge.logical_and_(~seen))
    return other + part.start, there.index_select(0, other), ratio.index_select(0, other)


def _match_beside(i: FrameGeometry, pair: _Pair, match: Match, left: list[_Left]) -> None:
    """Find in the four pixels around them the points that the pixels they fall into do not show."""
    where, there, ratio = (torch.cat(parts) for parts in zip(*left, strict=True))
    if not len(where):
        return
    j, code = pair.j, i.code.index_select(0, where)
    height, width = j.picture.shape[1:]
    place = match.xy.view(2, -1).index_select(1, where)
    first = (place - 0.5).floor_()
    corner = torch.stack([first, first + 1])  # (2, 2, M): before or after, column or row
    corner[:, 0].clamp_(0, width - 1)
    corner[:, 1].clamp_(0, height - 1)
    off = place - corner
    weight = 1.0 - (off - 0.5).abs_()
    pixel = torch.add(corner[None, :, 0], corner[:, None, 1], alpha=width).int().view(-1)
    plane, growth, what, limit = (layer.view(-1).index_select(0, pixel).view(2, 2, -1) for layer in j.picture)
    right, down = unpacked(growth)
    plane.addcmul_(right, off[None, :, 0]).addcmul_(down, off[:, None, 1])
    shows = torch.empty(plane.shape, dtype=torch.bool, device=plane.device)
    _at_most(plane.sub_(there).abs_(), limit.abs(), shows)
    shows &= _same(what.view(torch.int32), code, torch.empty_like(shows))
    share = torch.empty_like(plane).copy_(shows.view(torch.uint8)).mul_(weight[None, :, 0]).mul_(weight[:, None, 1])
    support = share.sum((0, 1))
    root = share.mul_(roots(limit)).sum((0, 1)).div_(support.clamp(min=1e-6))
    trust = torch.clamp(root, min=GRAZING**0.5 / ROOT).mul_(ratio).clamp_(max=1.0).mul_(root)
    match.visible.view(-1).index_copy_(0, where, support > 0)
    match.confidence.view(-1).index_copy_(0, where, trust.mul_(root).mul_(support).mul_(ROOT**2))


def _at_most(a: torch.Tensor, b: torch.Tensor | float, out: torch.Tensor) -> torch.Tensor:
    """``a <= b``; numpy packs comparisons five times as fast as torch does on a CPU."""
    if out.device.type == "cpu":
        np.less_equal(a.numpy(), b if isinstance(b, float) else b.numpy(), out=out.numpy())
    else:
        torch.less_equal(a, b, out=out)
    return out


def _same(a: torch.Tensor, b: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """``a == b``, likewise."""
    if out.device.type == "cpu":
        np.equal(a.numpy(), b.numpy(), out=out.numpy())
    else:
        torch.eq(a, b, out=out)
    return out


def _where(mask: torch.Tensor) -> torch.Tensor:
    """(M,) places where ``mask`` holds, likewise."""
    return torch.from_numpy(np.flatnonzero(mask.numpy())) if mask.device.type == "cpu" else mask.nonzero().squeeze(1)
