"""Textures for many samples at once: one table of mip pyramids, filtered lookups by threaded gathers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from render.threads import filled
from worldgen.conventions import F32, I32, Bool
from worldgen.material import Material
from worldgen.texture import Texture


@dataclass(frozen=True)
class TextureAtlas:
    """The detail maps and the slopes of some materials, each with its mip pyramid.

    of_material: (M,) int32 texture of each material, -1 for none. texels: (T, 3) float32, every level of every texture
    after another; row 0 is white, for what has no texture. slopes: (T, 2) float32, at the same places, rise of the
    height per length of ``uv`` towards +u and +v; its averages fade with distance. rises: (M,) whether each material
    has a height. Of K textures (and, last, of the white one), each with up to L levels: first, width, height: (K + 1,
    L) int64, where a level starts and its size in texels (beyond the last level they repeat it). levels: (K + 1,)
    number of the last level. texels_per_m: (K + 1,) of level 0. size_m: (K + 1,).
    """

    of_material: I32
    texels: torch.Tensor
    slopes: torch.Tensor
    rises: Bool
    first: torch.Tensor
    width: torch.Tensor
    height: torch.Tensor
    levels: torch.Tensor
    texels_per_m: torch.Tensor
    size_m: torch.Tensor

    @staticmethod
    def of(materials: Sequence[Material]) -> TextureAtlas:
        """The atlas of the distinct textures of ``materials``."""
        number: dict[Texture, int] = {}
        of_material = [-1 if m.texture is None else number.setdefault(m.texture, len(number)) for m in materials]
        pyramids = [_pyramid(texture) for texture in number]
        slopes = [torch.zeros(1, 2), *(level.reshape(-1, 2) for t in number for level in _halved(_slopes(t)))]
        depth = max((len(p) for p in pyramids), default=1)
        texels, first, width, height, start = [torch.ones(1, 3)], [], [], [], 1
        for pyramid in pyramids:
            starts = []
            for level in pyramid:
                starts.append(start)
                texels.append(level.reshape(-1, 3))
                start += level.shape[0] * level.shape[1]
            padded = [*range(len(pyramid))] + [len(pyramid) - 1] * (depth - len(pyramid))
            first.append([starts[k] for k in padded])
            width.append([pyramid[k].shape[1] for k in padded])
            height.append([pyramid[k].shape[0] for k in padded])
        first.append([0] * depth)
        width.append([1] * depth)
        height.append([1] * depth)
        return TextureAtlas(
            np.array(of_material, dtype=np.int32),
            torch.cat(texels),
            torch.cat(slopes),
            np.array([m.texture is not None and m.texture.height is not None for m in materials], dtype=np.bool_),
            torch.tensor(first),
            torch.tensor(width),
            torch.tensor(height),
            torch.tensor([float(len(p) - 1) for p in pyramids] + [0.0]),
            torch.tensor([max(p[0].shape[:2]) / t.size_m for p, t in zip(pyramids, number, strict=True)] + [1.0]),
            torch.tensor([float(t.size_m) for t in number] + [1.0]),
        )

    def sample(self, texture_index: I32, uv: F32, footprint_m: F32) -> F32:
        """Filtered detail (N, 3) float32, linear: trilinear, repeating both ways, white where the index is -1.

        texture_index: (N,) as in ``of_material``. uv: (N, 2) metres along the surface. footprint_m: (N,) metres of
        ``uv`` that one sample stands for, which chooses the mip level (Williams 1983).
        """
        return self._looked_up(self.texels, texture_index, uv, footprint_m)

    def _looked_up(self, table: torch.Tensor, texture_index: I32, uv: F32, footprint_m: F32) -> F32:
        index, points, footprint = (
            torch.from_numpy(np.require(array, dtype, ["C_CONTIGUOUS", "WRITEABLE"]))
            for array, dtype in ((texture_index, np.int32), (uv, np.float32), (footprint_m, np.float32))
        )
        count, width = len(texture_index), table.shape[1]
        looked_up: F32 = filled(lambda s: self._block(table, index[s], points[s], footprint[s]), count, width).numpy()
        return looked_up

    def _block(
        self, texels: torch.Tensor, index: torch.Tensor, uv: torch.Tensor, footprint: torch.Tensor
    ) -> torch.Tensor:
        k = torch.where(index < 0, len(self.levels) - 1, index).long()
        level = torch.log2((footprint * self.texels_per_m[k]).clamp(1.0, 1e9))
        level = torch.minimum(level, self.levels[k])
        low = level.floor()
        tile = uv / self.size_m[k][:, None]
        tile = tile - tile.floor()
        tile[:, 1] = 1.0 - tile[:, 1]
        pairs = k * self.first.shape[1] + low.long()
        last = k * self.first.shape[1] + self.levels[k].long()
        share = level - low
        taps, weights = [], []
        for where, part in ((pairs, 1.0 - share), (torch.minimum(pairs + 1, last), share)):
            first, w, h = (table.view(-1)[where] for table in (self.first, self.width, self.height))
            x, y = tile[:, 0] * w - 0.5, tile[:, 1] * h - 0.5
            x0, y0 = x.floor(), y.floor()
            fx, fy = x - x0, y - y0
            left, top = x0.long(), y0.long()
            left, top = torch.where(left < 0, w - 1, left), torch.where(top < 0, h - 1, top)
            right, bottom = torch.where(left + 1 >= w, 0, left + 1), torch.where(top + 1 >= h, 0, top + 1)
            upper, lower = first + top * w, first + bottom * w
            taps += [upper + left, upper + right, lower + left, lower + right]
            ax, ay = part * (1 - fy), part * fy
            weights += [ax * (1 - fx), ax * fx, ay * (1 - fx), ay * fx]
        shares = torch.stack(weights, 1)
        return functional.embedding_bag(torch.stack(taps, 1), texels, mode="sum", per_sample_weights=shares)


def _pyramid(texture: Texture) -> list[torch.Tensor]:
    """Levels (H, W, 3), each half the last, down to one texel; averages keep the mean."""
    level = torch.from_numpy(np.array(texture.detail, dtype=np.float32, order="C"))
    if level.ndim != 3 or level.shape[2] != 3 or not level.numel():
        raise ValueError(f"texture {texture.name!r} must be (S, S, 3), not {tuple(level.shape)}")
    return _halved(level)


def _slopes(texture: Texture) -> torch.Tensor:
    """(S, S, 2) rise of the height per length of ``uv``, to the right (+u) and upwards (+v), wrapping around."""
    if texture.height is None:
        return torch.zeros(*texture.detail.shape[:2], 2)
    height = torch.from_numpy(np.array(texture.height, dtype=np.float32))
    texel = texture.size_m / max(height.shape)
    right = torch.roll(height, -1, 1) - torch.roll(height, 1, 1)
    up = torch.roll(height, 1, 0) - torch.roll(height, -1, 0)
    return torch.stack([right, up], dim=2) / (2.0 * texel)


def _halved(level: torch.Tensor) -> list[torch.Tensor]:
    """The (H, W, C) level and all above it, each half the last."""
    levels = [level]
    while max(level.shape[:2]) > 1:
        size = (max(1, level.shape[0] // 2), max(1, level.shape[1] // 2))
        level = functional.adaptive_avg_pool2d(level.permute(2, 0, 1)[None], size)[0].permute(1, 2, 0).contiguous()
        levels.append(level)
    return levels
