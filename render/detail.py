"""What textures say about the pixels of a picture: colour and relief, filtered over each pixel's outline on a surface.

A pixel is looked up at four places within it, where their distance in the texture follows from the plane of its
triangle: sharper than one lookup at grazing angles, and steadier than the picture drawn twice as large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from render.surface import Surface
from render.tables import material_table, tensor
from render.texture import TextureAtlas
from render.threads import filled
from worldgen.conventions import F32, I32

GRAZING: Final = 0.05
"""Cosine below which a pixel's outline on a surface grows no further."""

FLAT: Final = 24.0
"""Texels under a pixel from which the height in a texture fades; twice as many, and it is gone."""

STEEP: Final = 1.2
"""Slopes of a texture's height are no steeper than this."""

_LOOKED_UP: Final = 1 << 12
"""Samples looked up at a time: eight places of each are worked on at once."""


@dataclass(frozen=True)
class Detail:
    """Of N samples: albedo (N, 3) linear, and bent_normal (N, 3) unit, as the height in the textures bends it."""

    albedo: F32
    bent_normal: F32


def detail(surface: Surface) -> Detail:
    """What the textures say about the samples of ``surface``."""
    table = material_table(surface.snapshot.materials)
    atlas, material = table.atlas, surface.material_index
    albedo, bent = table.base_color[material], surface.normal
    texture = atlas.of_material[material]
    rows = np.flatnonzero(texture >= 0)
    if not len(rows):
        return Detail(albedo, bent)
    whole = len(rows) == len(surface)
    faces = surface.directions if whole else surface.directions[torch.from_numpy(rows)]
    position, uv, normal = (v if whole else v[rows] for v in (surface.position, surface.uv, surface.normal))
    outline = _outline(surface, position, faces)
    look = _Look.of(atlas, texture[rows], tensor(uv), outline)
    color = look.up(atlas.texels, fine=True).numpy()
    if whole:
        albedo *= color
    else:
        albedo[rows] *= color
    rises = np.flatnonzero(atlas.rises[material[rows]] & (look.texels < 2 * FLAT))
    if len(rises):
        part = look if len(rises) == len(rows) else look.subset(torch.from_numpy(rises))
        slope = part.up(atlas.slopes, fine=False)
        slope *= (2.0 - tensor(part.texels) / FLAT).clamp_(0.0, 1.0)[:, None]
        found = faces[torch.from_numpy(rises)]
        rise = found[:, 1] * slope[:, :1] + found[:, 2] * slope[:, 1:]
        steep = rise.norm(dim=1).div_(STEEP).clamp_(min=1.0)
        front = np.where(surface.front[rows[rises]], np.float32(1), np.float32(-1))
        turned = tensor(normal[rises]) - rise * (torch.from_numpy(front) / steep)[:, None]
        bent = bent.copy()
        bent[rows[rises]] = functional.normalize(turned, dim=1).numpy()
    return Detail(albedo, bent)


@dataclass(frozen=True)
class _Look:
    """Where N pixels lie in their textures.

    texture: (N,) rows of the atlas. tile: (2, N) in tiles, from the upper left. step: (4, N) how ``tile`` changes a
    pixel to the right, and a pixel down. texels: (N,) under a pixel, the geometric mean of its two extents.
    """

    atlas: TextureAtlas
    texture: torch.Tensor
    tile: torch.Tensor
    step: torch.Tensor
    texels: F32

    @staticmethod
    def of(atlas: TextureAtlas, texture: I32, uv: torch.Tensor, outline: torch.Tensor) -> _Look:
        """outline: (4, N) change of u and v a pixel to the right, then down."""
        k = tensor(texture).long()
        size = 1.0 / atlas.size_m.index_select(0, k)
        tile = torch.stack([uv[:, 0] * size, uv[:, 1] * -size])
        step = outline * size
        step[1::2].neg_()
        # A parallelogram's area, but no less than that of one as narrow as grazing pixels may be.
        area = (outline[0] * outline[3] - outline[1] * outline[2]).abs_()
        texels: F32 = area.sqrt_().mul_(atlas.texels_per_m.index_select(0, k)).numpy()
        return _Look(atlas, k, tile - tile.floor(), step, texels)

    def subset(self, rows: torch.Tensor) -> _Look:
        texels = self.texels[rows.numpy()]
        return _Look(self.atlas, self.texture[rows], self.tile[:, rows], self.step[:, rows], texels)

    def up(self, table: torch.Tensor, *, fine: bool) -> torch.Tensor:
        """(N, C) of ``table``, trilinear (Williams 1983): the mean of four places in a pixel if ``fine``, else one."""
        return filled(lambda s: self._up(table, s, fine), len(self.texture), table.shape[1], size=_LOOKED_UP)

    def _up(self, table: torch.Tensor, s: slice, fine: bool) -> torch.Tensor:
        atlas, k, tile = self.atlas, self.texture[s], self.tile[:, None, None, s]
        most = atlas.levels.index_select(0, k)
        texels = tensor(self.texels[s])
        level = torch.minimum((texels * 0.5 if fine else texels).clamp(1.0, 1e9).log2_(), most)
        low = level.floor()
        share = level - low
        where = torch.stack([low, torch.minimum(low + 1.0, most)]).long().add_(k * atlas.first.shape[1]).view(-1)
        first = atlas.first.view(-1).index_select(0, where).int().view(2, 1, -1)
        w, h = (size.view(-1).index_select(0, where).float().view(2, 1, -1) for size in (atlas.width, atlas.height))
        if fine:
            right, down = self.step[:2, None, s] * 0.25, self.step[2:, None, s] * 0.25
            tile = tile + torch.cat([-right - down, right - down, down - right, right + down], dim=1)[:, None]
            tile -= tile.floor()
        left, right, fx = _around(tile[0], w)
        top, bottom, fy = _around(tile[1], h)
        wide = w.int()
        upper, lower = top.mul_(wide).add_(first), bottom.mul_(wide).add_(first)
        taps = torch.stack([upper + left, upper + right, lower + left, lower + right])
        below = fy.mul_(torch.stack([1.0 - share, share])[:, None] / tile.shape[2])
        above = torch.stack([1.0 - share, share])[:, None] / tile.shape[2] - below
        below_right, above_right = below * fx, above * fx
        weights = torch.stack([above.sub_(above_right), above_right, below.sub_(below_right), below_right])
        count = tile.shape[-1]
        taps, weights = (v.view(-1, count).T.contiguous() for v in (taps, weights))
        return functional.embedding_bag(taps, table, mode="sum", per_sample_weights=weights)


def _around(tile: torch.Tensor, size: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The texels before and after places in [0, 1) of repeating tiles, and how far it is to the second."""
    x = tile * size
    x -= 0.5
    low = x.floor()
    share = x.sub_(low)
    left, last = low.int(), size.int() - 1
    right = left + 1
    return left.add_((left < 0) * (last + 1)), right.mul_(right <= last), share


def _outline(surface: Surface, position: F32, faces: torch.Tensor) -> torch.Tensor:
    """(4, N) by how much u and v change a pixel to the right, then a pixel down, in the planes of the triangles."""
    camera = surface.camera
    rotation = camera.world_from_camera[:3, :3]
    # Back along K: a pixel to the right or down moves the ray by these, at unit depth.
    steps = (rotation @ np.linalg.inv(camera.K)[:, :2]).astype(np.float32)
    away = tensor(position) - torch.from_numpy(camera.position.astype(np.float32))
    depth = away @ torch.from_numpy(rotation[:, 2].astype(np.float32))
    along = torch.bmm(faces, away[:, :, None])[:, :, 0]  # (N, 3) of normal, u and v
    across = faces @ torch.from_numpy(steps)  # (N, 3, 2)
    flat = along[:, 0]
    least = away.square().sum(1).sqrt_().mul_(GRAZING)
    flat = torch.where(flat < 0, -1.0, 1.0) * torch.maximum(flat.abs(), least)
    moved = across[:, :, :] * depth[:, None, None]
    slip = moved[:, 0] / flat[:, None]  # (N, 2) by which share of itself the ray grows
    du = moved[:, 1] - along[:, 1:2] * slip
    dv = moved[:, 2] - along[:, 2:3] * slip
    return torch.stack([du[:, 0], dv[:, 0], du[:, 1], dv[:, 1]])
