"""Contact sheets and burn-in: how a film is shown on one page, and how an animatic says where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from render.video import Picture
from worldgen.conventions import U8

_PAPER = (18, 18, 20)
_INK = (232, 230, 225)
_FAINT = (150, 148, 144)


@dataclass(frozen=True)
class Tile:
    """One picture of a sheet.

    image: (H, W, 3) uint8 display values. label, note: words under it, left and right. insets: pictures of the same
    view (depth, normals) shown small along its lower edge.
    """

    image: U8
    label: str
    note: str = ""
    insets: tuple[U8, ...] = ()


def contact_sheet(tiles: Sequence[Tile], *, title: str = "", columns: int = 4, tile_width: int = 420) -> U8:
    """All ``tiles`` on one dark page, (H, W, 3) uint8, read left to right, top to bottom."""
    if not tiles:
        raise ValueError("a sheet needs at least one picture")
    columns = min(columns, len(tiles))
    gap, text = tile_width // 20, max(12, tile_width // 26)
    height = max(round(tile_width * t.image.shape[0] / t.image.shape[1]) for t in tiles)
    cell = height + 2 * text + gap // 2
    top = gap + (2 * text + gap if title else 0)
    rows = -(-len(tiles) // columns)
    page = Image.new("RGB", (columns * (tile_width + gap) + gap, top + rows * cell + gap), _PAPER)
    draw = ImageDraw.Draw(page)
    if title:
        draw.text((gap, gap), title, fill=_INK, font=_font(round(text * 1.5)))
    for k, tile in enumerate(tiles):
        x, y = gap + k % columns * (tile_width + gap), top + k // columns * cell
        page.paste(_framed(tile, tile_width), (x, y))
        draw.text((x, y + height + gap // 4), tile.label, fill=_INK, font=_font(text))
        draw.text((x + tile_width, y + height + gap // 4), tile.note, fill=_FAINT, font=_font(text), anchor="ra")
    return np.asarray(page)


def burn_in(frame: Picture, left: str, right: str) -> Picture:
    """A copy of ``frame`` (H, W, 3), uint8 or uint16, with words on a darkened strip along its lower edge."""
    height, width = frame.shape[:2]
    text = max(9, height // 28)
    strip = text * 2
    result = frame.copy()
    result[height - strip :] //= 3
    page = Image.new("L", (width, strip))
    draw = ImageDraw.Draw(page)
    draw.text((text, text), left, fill=255, font=_font(text), anchor="lm")
    draw.text((width - text, text), right, fill=255, font=_font(text), anchor="rm")
    cover = np.asarray(page, dtype=np.float32)[..., None] / 255.0
    ink = np.array(_INK, dtype=np.float32) * (np.iinfo(frame.dtype).max / 255.0)
    lower = result[height - strip :]
    lower[:] = np.rint(lower + cover * (ink - lower)).astype(frame.dtype)
    return result


def inset(frame: U8, pictures: Sequence[U8]) -> U8:
    """A copy of ``frame`` (H, W, 3) with other ``pictures`` of the same view small along its right edge."""
    page = Image.fromarray(frame)
    width = max(8, frame.shape[1] // max(5, len(pictures)))
    gap = max(2, width // 20)
    for k, picture in enumerate(pictures):
        small = _fitted(picture, width)
        page.paste(small, (page.width - width - gap, gap + k * (small.height + gap)))
    return np.asarray(page)


def _framed(tile: Tile, width: int) -> Image.Image:
    picture = _fitted(tile.image, width)
    small = width // max(5, len(tile.insets))
    for k, view in enumerate(tile.insets):
        drawn = _fitted(view, small - 4)
        picture.paste(drawn, (k * small + 2, picture.height - drawn.height - 2))
    return picture


def _fitted(image: U8, width: int) -> Image.Image:
    size = (width, max(1, round(width * image.shape[0] / image.shape[1])))
    return Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
