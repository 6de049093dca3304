"""Data sets made small: what was path-traced is kept as compressed pictures, all else is rendered again from seeds.

A pack is a folder of ``.npz`` files of many worlds each. The pictures of a world, its targets and then its variants,
lie below one another in one AVIF picture (all colours at full resolution). Measured on 128-pixel pictures: 4.1 kB and
36 dB each, so that 10,000 pictures, half of them in another weather too, take about 60 MB.
"""

from __future__ import annotations

import io
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from render.raster import open_rasterizer
from tools.train.data import CAMERAS, conditions, planned, write_arrays
from worldgen.conventions import U8

QUALITY: Final = 75
WORLDS: Final = 128
"""In one file."""

MARKS: Final = 4
"""Rows and columns of pixels whose material is kept, to tell whether a world still is what it was."""

ALIKE: Final = 0.8
"""Share of those that must be the same (another rasterizer may see an edge differently)."""


@dataclass(frozen=True)
class Packed:
    """What is kept of one world. cameras: asked for when it was made. pictures: (n + v, h, w, 3) uint8 display values,
    of n pictures and their v variants. variant_of: (v,). variant_name: (v,). marks: (n, MARKS, MARKS) uint8 materials.
    """

    seed: int
    cameras: int
    pictures: U8
    variant_of: np.ndarray
    variant_name: np.ndarray
    marks: U8


def pack(folder: Path, out: Path, quality: int = QUALITY) -> int:
    """Pack the data set in ``folder`` into ``out``, which held no pack before; returns its size in bytes.

    Errors: ``ValueError`` where there is nothing to pack, or ``out`` holds a pack.
    """
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise ValueError(f"{folder} holds no pictures: make some with 'python -m tools.train data'")
    if any(out.glob("*.npz")):
        raise ValueError(f"{out} holds a pack already: name another folder, or remove it")
    out.mkdir(parents=True, exist_ok=True)
    size = pictures = 0
    for number, start in enumerate(range(0, len(files), WORLDS)):
        worlds = [world for world in map(_of_data, files[start : start + WORLDS]) if len(world.marks)]
        if not worlds:
            continue
        write_arrays(out / f"{number:04d}.npz", _joined(worlds, quality))
        size += (out / f"{number:04d}.npz").stat().st_size
        pictures += sum(len(world.marks) for world in worlds)
    print(f"{pictures} pictures in {size / 1e6:.1f} MB, {size / max(pictures, 1):.0f} bytes each", flush=True)
    return size


def unpack(packs: Path, folder: Path, seeds: Container[int] | None = None) -> int:
    """Make of the pack in ``packs`` the data set it was, in ``folder``; returns how many worlds that now holds.

    Worlds that are there already are left alone, so ``folder`` serves as a cache. seeds: of the worlds wanted; None for
    all. What is shown and how it is lit is rendered again; a world that no longer shows what it did when it was packed
    is left out, and named. Errors: ``ValueError`` where there is no pack, or no world of it could be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rasterizer = open_rasterizer()
    made = 0
    for world in worlds_of(packs):
        if seeds is not None and world.seed not in seeds:
            continue
        path = folder / f"{world.seed:07d}.npz"
        if not path.exists():
            start = time.monotonic()
            arrays = conditions(planned(world.seed, world.cameras, rasterizer))
            if not _same(marks_of(arrays["kind"]), world.marks):
                print(f"world {world.seed} left out: it no longer shows what it did when it was packed", flush=True)
                continue
            write_arrays(path, arrays | _traced(world))
            print(f"world {world.seed}: {len(world.marks)} pictures in {time.monotonic() - start:.1f} s", flush=True)
        made += 1
    if not made:
        raise ValueError(f"{packs} holds no world that could be unpacked: make the data again")
    return made


def worlds_of(packs: Path) -> Iterator[Packed]:
    """The worlds of a pack. Errors: ``ValueError`` where there is none."""
    files = sorted(packs.glob("*.npz"))
    if not files:
        raise ValueError(f"{packs} holds no pack: make one with 'python -m tools.train pack'")
    for path in files:
        yield from _parted(dict(np.load(path)))


def marks_of(kind: U8) -> U8:
    """(n, MARKS, MARKS) of the materials ``kind (n, h, w)``: a few of their pixels, evenly spread."""
    rows, columns = ((np.arange(MARKS) * 2 + 1) * side // (2 * MARKS) for side in kind.shape[1:])
    return kind[:, rows[:, None], columns]


def _same(now: U8, then: U8) -> bool:
    return now.shape == then.shape and float((now == then).mean()) >= ALIKE


def _of_data(path: Path) -> Packed:
    with np.load(path) as arrays:
        if not {"kind", "variant", "variant_of", "variant_name"} <= set(arrays.files):
            raise ValueError(f"{path} was made by an older version: make the data again")
        target = arrays["target"].astype(np.float32).transpose(0, 2, 3, 1)
        display = np.round(np.clip(127.5 * target + 127.5, 0, 255)).astype(np.uint8)
        return Packed(
            int(path.stem),
            int(arrays["cameras"]) if "cameras" in arrays else CAMERAS,
            np.concatenate([display, arrays["variant"].transpose(0, 2, 3, 1)]),
            arrays["variant_of"],
            arrays["variant_name"],
            marks_of(arrays["kind"]),
        )


def _traced(world: Packed) -> dict[str, Any]:
    count = len(world.marks)
    target = world.pictures[:count].transpose(0, 3, 1, 2).astype(np.float32)
    return {
        "target": (target / 127.5 - 1.0).astype(np.float16),
        "variant": np.ascontiguousarray(world.pictures[count:].transpose(0, 3, 1, 2)),
        "variant_of": world.variant_of,
        "variant_name": world.variant_name,
        "cameras": np.array(world.cameras),
    }


def _joined(worlds: Sequence[Packed], quality: int) -> dict[str, np.ndarray]:
    """The arrays of one file."""
    pictures = [_encoded(world.pictures, quality) for world in worlds]
    return {
        "seed": np.array([w.seed for w in worlds], dtype=np.int64),
        "cameras": np.array([w.cameras for w in worlds], dtype=np.int32),
        "count": np.array([len(w.marks) for w in worlds], dtype=np.int32),
        "variants": np.array([len(w.variant_of) for w in worlds], dtype=np.int32),
        "bytes": np.array([len(p) for p in pictures], dtype=np.int64),
        "variant_of": np.concatenate([w.variant_of for w in worlds]).astype(np.uint8),
        "variant_name": np.array([name for w in worlds for name in w.variant_name], dtype="S16"),
        "marks": np.concatenate([w.marks for w in worlds]),
        "pictures": np.frombuffer(b"".join(pictures), dtype=np.uint8),
    }


def _parted(arrays: dict[str, np.ndarray]) -> Iterator[Packed]:
    picture = variant = byte = 0
    for row, seed in enumerate(arrays["seed"]):
        count, variants, size = (int(arrays[name][row]) for name in ("count", "variants", "bytes"))
        yield Packed(
            int(seed),
            int(arrays["cameras"][row]),
            _decoded(arrays["pictures"][byte : byte + size].tobytes(), count + variants),
            arrays["variant_of"][variant : variant + variants].astype(np.int64),
            arrays["variant_name"][variant : variant + variants].astype("<U16"),
            arrays["marks"][picture : picture + count],
        )
        picture, variant, byte = picture + count, variant + variants, byte + size


def _encoded(pictures: U8, quality: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pictures.reshape(-1, *pictures.shape[2:])).save(
        file, "AVIF", quality=quality, speed=6, subsampling="4:4:4"
    )
    return file.getvalue()


def _decoded(data: bytes, count: int) -> U8:
    with Image.open(io.BytesIO(data)) as picture:
        whole = np.asarray(picture.convert("RGB"))
    return whole.reshape(count, -1, *whole.shape[1:])
