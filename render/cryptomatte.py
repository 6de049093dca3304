"""Cryptomatte: mattes of named things, with true coverage, that compositing programs take apart by name.

Friedman & Jones, "Fully automatic id mattes with support for motion blur and transparency" (SIGGRAPH 2015 posters), and
Psyop's specification 1.2: a pixel holds pairs of (id, coverage), the largest coverage first; the id is the MurmurHash3
of the name as a float32; the header tells the names.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from render.passtable import RANKS
from render.raster import GBuffer, Rasterizer
from worldgen.camera import Camera
from worldgen.conventions import F32, I32
from worldgen.world import Snapshot

SIDE: Final = 4
"""Samples across a pixel, and down."""
TILE: Final = 512
"""Pixels across and down that are sampled at once."""
_WORD: Final = 0xFFFFFFFF


def murmur3(name: str) -> int:
    """MurmurHash3_x86_32 of the UTF-8 of ``name``, seed 0 (Appleby 2011)."""
    data = name.encode()
    whole = len(data) // 4 * 4
    value = 0
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        value ^= _scrambled(word)
        value = (_rotated(value, 13) * 5 + 0xE6546B64) & _WORD
    if data[whole:]:
        value ^= _scrambled(int.from_bytes(data[whole:], "little"))
    value ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = ((value ^ value >> shift) * factor) & _WORD
    return value ^ value >> 16


def _scrambled(word: int) -> int:
    return (_rotated(word * 0xCC9E2D51 & _WORD, 15) * 0x1B873593) & _WORD


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> 32 - by) & _WORD


def float_bits(name: str) -> int:
    """The 32 bits of the float that stands for ``name``: its hash, with the exponents of 0, denormals, inf and nan
    avoided by turning the exponent's lowest bit over (specification 1.2, ``uint32_to_float32``).
    """
    value = murmur3(name)
    return value ^ 1 << 23 if value >> 23 & 0xFF in (0, 0xFF) else value


def float_id(name: str) -> np.float32:
    """The float that stands for ``name``."""
    return np.array([float_bits(name)], dtype=np.uint32).view(np.float32)[0]


def header(layer: str, names: Sequence[str]) -> dict[str, str]:
    """The attributes of an EXR that holds the Cryptomatte ``layer`` of things with ``names``."""
    key = f"cryptomatte/{murmur3(layer):08x}"[: len("cryptomatte/") + 7]
    manifest = {name: f"{float_bits(name):08x}" for name in names}
    return {
        f"{key}/name": layer,
        f"{key}/hash": "MurmurHash3_32",
        f"{key}/conversion": "uint32_to_float32",
        f"{key}/manifest": json.dumps(manifest, separators=(",", ":")),
    }


def sampled(raster: Rasterizer, snapshot: Snapshot, camera: Camera) -> Iterator[tuple[slice, slice, GBuffer]]:
    """A frame with ``SIDE`` times as many samples both ways, in tiles: rows and columns of pixels, and what they show.

    Tiles keep the memory of large pictures, and the size of the drawing, within bounds.
    """
    fine = camera.resized(SIDE * camera.width, SIDE * camera.height)
    for top in range(0, camera.height, TILE):
        for left in range(0, camera.width, TILE):
            high, wide = min(TILE, camera.height - top), min(TILE, camera.width - left)
            window = fine.cropped(SIDE * left, SIDE * top, SIDE * wide, SIDE * high)
            yield slice(top, top + high), slice(left, left + wide), raster.rasterize(snapshot, window)


def ranked(labels: I32, ids: F32) -> F32:
    """(N, RANKS, 2) id and coverage of N pixels from ``labels`` (N, S) of their samples: rows of ``ids``, or -1.

    Equal coverages go by the label. What has no label takes no rank, so coverages sum to less than 1 there.
    """
    samples = labels.shape[1]
    pairs = np.zeros((len(labels), RANKS, 2), dtype=np.float32)
    one = (labels == labels[:, :1]).all(1)
    plain = np.flatnonzero(one & (labels[:, 0] >= 0))
    pairs[plain, 0, 0], pairs[plain, 0, 1] = ids[labels[plain, 0]], 1.0
    rows = np.flatnonzero(~one)
    mixed = np.sort(labels[rows], axis=1)
    begins = np.ones(mixed.shape, dtype=np.bool_)
    begins[:, 1:] = mixed[:, 1:] != mixed[:, :-1]
    run = np.cumsum(begins, axis=1) - 1
    flat = (np.arange(len(rows))[:, None] * samples + run).reshape(-1)
    counts = np.bincount(flat, weights=(mixed >= 0).reshape(-1), minlength=mixed.size).reshape(mixed.shape)
    label = np.full(mixed.shape, -1, dtype=np.int32)
    label.reshape(-1)[flat] = mixed.reshape(-1)
    order = np.argsort(-counts, axis=1, kind="stable")[:, :RANKS]
    share = np.take_along_axis(counts, order, 1).astype(np.float32) / samples
    first = np.take_along_axis(label, order, 1)
    known = share > 0
    width = share.shape[1]
    pairs[rows, :width, 0] = np.where(known, ids[np.where(known, first, 0)] if len(ids) else 0.0, 0.0)
    pairs[rows, :width, 1] = share
    return pairs


def cryptomatte(raster: Rasterizer, snapshot: Snapshot, camera: Camera, layers: Sequence[tuple[I32, F32]]) -> list[F32]:
    """For each of ``layers`` its picture (H, W, 2 * RANKS): id, coverage, id, coverage, …, the largest first.

    A layer is (label of each face (F,), or -1 for none; float ids of the labels (N,)).
    """
    pictures = [np.zeros((camera.height, camera.width, 2 * RANKS), dtype=np.float32) for _ in layers]
    tables = [np.append(of_face, np.int32(-1)) for of_face, _ in layers]  # -1, where nothing is seen, is the last
    for rows, columns, gbuffer in sampled(raster, snapshot, camera):
        height, width = gbuffer.triangle.shape[0] // SIDE, gbuffer.triangle.shape[1] // SIDE
        blocks = gbuffer.triangle.reshape(height, SIDE, width, SIDE).swapaxes(1, 2).reshape(-1, SIDE * SIDE)
        one = (blocks == blocks[:, :1]).all(1)
        inside, across = np.flatnonzero(one), np.flatnonzero(~one)
        for picture, table, (_, ids) in zip(pictures, tables, layers, strict=True):
            pairs = np.zeros((len(blocks), RANKS, 2), dtype=np.float32)
            pairs[inside] = ranked(table[blocks[inside, :1]], ids)
            pairs[across] = ranked(table[blocks[across]], ids)
            picture[rows, columns] = pairs.reshape(height, width, 2 * RANKS)
    return pictures


def coverage(picture: F32, name: str) -> F32:
    """(H, W) how much of each pixel the thing called ``name`` covers, 0 to 1."""
    bits = np.ascontiguousarray(picture[..., 0::2]).view(np.uint32)
    return np.asarray(np.where(bits == float_bits(name), picture[..., 1::2], np.float32(0)).sum(-1, dtype=np.float32))


def mixed_colours(picture: F32, colours: Callable[[I32], F32]) -> F32:
    """(H, W, 3) the ``colours`` (0 to 1) of ids' bits, weighted by coverage."""
    bits = np.ascontiguousarray(picture[..., 0::2]).view(np.int32)
    result = np.zeros((*picture.shape[:2], 3), dtype=np.float32)
    for k in range(RANKS):
        used = picture[..., 2 * k + 1] > 0
        result[used] += colours(bits[used, k]) * picture[used, 2 * k + 1, None]
    return result
