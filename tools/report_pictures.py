"""The pictures of a report: films side by side with their heat maps, the worst frames, and pairs across a cut."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from render.warp import warp
from tools.measure import Seen
from tools.measure_again import Looked
from worldgen.conventions import F32, U8

TILE: Final = 640
"""Longest side of a picture in a page, pixels."""

HEAT_TOP: Final = 32.0
"""Levels at which a heat map is brightest."""

NOT_COUNTED: Final = (58, 60, 66)

_STOPS: Final = np.array(
    [
        [0, 0, 4],
        [40, 11, 84],
        [101, 21, 110],
        [159, 42, 99],
        [212, 72, 66],
        [245, 125, 21],
        [250, 193, 39],
        [252, 255, 164],
    ],
    np.float32,
)
"""Eight colours of the map inferno (van der Walt & Smith 2015): even steps of lightness, legible to everybody."""


@dataclass(frozen=True)
class Picture:
    """A picture of a page: a JPEG as a data address, what it shows, and the words below it."""

    source: str
    words: str


def heat(error: F32 | None, shape: tuple[int, int]) -> U8:
    """(H, W, 3) of an error (H, W) in levels, from black at 0 to yellow at ``HEAT_TOP``; grey where NaN or None."""
    if error is None:
        return np.full((*shape, 3), NOT_COUNTED, np.uint8)
    place = np.nan_to_num(error).clip(0, HEAT_TOP) / HEAT_TOP * (len(_STOPS) - 1)
    low = np.minimum(place.astype(np.int64), len(_STOPS) - 2)
    share = (place - low)[..., None]
    colour = np.rint(_STOPS[low] * (1 - share) + _STOPS[low + 1] * share).astype(np.uint8)
    return np.where(np.isnan(error)[..., None], np.array(NOT_COUNTED, np.uint8), colour)


def heat_legend() -> list[str]:
    """The colours of a heat map from 0 to ``HEAT_TOP``, for CSS."""
    return ["#" + "".join(f"{int(v):02x}" for v in stop) for stop in _STOPS]


def comparison(seen: Seen) -> U8:
    """A frame of the film of a report: guided and unguided side by side, their heat maps below, sides even."""
    shape = seen.images["guided"].shape[:2]
    names = ("guided", "unguided")
    above = np.concatenate([small(seen.images[name]) for name in names], axis=1)
    below = np.concatenate([small(heat(seen.errors.get(name), shape)) for name in names], axis=1)
    return np.concatenate([above, below], axis=0)


def small(image: U8) -> U8:
    """A picture shrunk to ``TILE``, its sides cut to even numbers (two at least)."""
    picture = Image.fromarray(image)
    share = min(1.0, TILE / max(picture.size))
    width, height = (max(2, 2 * round(side * share / 2)) for side in picture.size)
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))


def worst_pictures(worst: Sequence[tuple[float, Seen]]) -> list[tuple[Picture, Picture]]:
    """The frames in which the guided film changes most since the frame before, each with its heat map."""
    return [
        (
            picture(seen.images["guided"], f"frame {seen.frame + 1}, guided"),
            picture(
                heat(seen.errors["guided"], seen.images["guided"].shape[:2]),
                f"its change since frame {seen.frame}: {error:.2f} levels on average",
            ),
        )
        for error, seen in worst
    ]


def cut_pictures(looked: Looked, shots: Sequence[str]) -> list[Picture]:
    """The two frames across a cut that share most, and how far the shared points differ; empty if none share any."""
    if looked.cut is None:
        return []
    pair = looked.cut
    i, j = pair.i, pair.j
    error = np.abs(pair.differences["guided"][..., 3:6]).mean(-1)
    error = np.where(pair.counts, error, np.float32(np.nan))
    carried = np.clip(np.rint(warp(j.images["guided"].astype(np.float32), pair.seen)), 0, 255).astype(np.uint8)
    shown = np.where(pair.counts[..., None], carried, np.array(NOT_COUNTED, np.uint8))
    return [
        picture(j.images["guided"], f"{shots[j.take]}, frame {j.frame + 1}"),
        picture(i.images["guided"], f"{shots[i.take]}, frame {i.frame + 1}"),
        picture(shown, f"the points both show in the same light, as {shots[j.take]} painted them"),
        picture(heat(error, i.object_id.shape), "and how far they differ"),
    ]


def picture(image: U8, words: str) -> Picture:
    """A picture that travels inside the page."""
    buffer = io.BytesIO()
    Image.fromarray(small(image)).save(buffer, "JPEG", quality=84)
    return Picture(f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}", words)
