"""Contact sheets and burn-in put the pictures and the words where they belong."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from render.sheet import Tile, burn_in, contact_sheet
from render.video import timecode


def grey(value: int, height: int = 90, width: int = 160) -> np.ndarray:
    return np.full((height, width, 3), value, dtype=np.uint8)


def test_sheet_shows_every_tile_in_reading_order() -> None:
    tiles = [Tile(grey(40 * k + 30), f"reveal {k}", timecode(k, Fraction(24))) for k in range(5)]
    sheet = contact_sheet(tiles, title="reveal", columns=3, tile_width=160)
    row = [int(np.argmax([(sheet[y, 8 + 80] == 30).all() for y in range(len(sheet))]))]
    y = row[0] + 40
    assert [int(sheet[y, 8 + 80 + k * 168, 0]) for k in range(3)] == [30, 70, 110]
    assert (sheet == 150).all(-1).any()
    assert (sheet == 190).all(-1).any()


def test_insets_lie_on_the_picture() -> None:
    plain = contact_sheet([Tile(grey(50), "a")], tile_width=160)
    inset = contact_sheet([Tile(grey(50), "a", insets=(grey(200),))], tile_width=160)
    assert plain.shape == inset.shape
    assert not (plain == 200).all(-1).any()
    assert (inset == 200).all(-1).sum() > 300


def test_burn_in_darkens_the_strip_only_and_writes_on_it() -> None:
    frame = grey(120)
    shown = burn_in(frame, "reveal", "00:00:00:00")
    assert (frame == 120).all()
    assert (shown[:70] == 120).all()
    assert shown[-18:].min() == 40
    assert shown[-18:].max() > 180
