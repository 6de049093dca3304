"""Films to start from: read frame by frame, fitted to the shot, refused in one sentence."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from conditioning.job import file_key
from conditioning.jobfiles import frame_path
from render.files import write_image
from render.video import write_video
from tools.blocking import start_from_film, start_from_frames
from tools.opened import open_production
from worldgen.conventions import U8
from worldgen.world import Shot

GREYS = (20, 60, 100, 140, 180, 220)


@pytest.fixture
def shot(yard: Path) -> Shot:
    """Six frames of 64 x 36."""
    return open_production(yard, yard.parent / "out").production.shots[0]


def film(folder: Path, size: tuple[int, int], greys: tuple[int, ...] = GREYS, fps: int = 24) -> Path:
    path = folder / "clip ü.mkv"
    frames = (np.full((size[1], size[0], 3), grey, np.uint8) for grey in greys)
    write_video(path, frames, Fraction(fps), codec="ffv1")
    return path


def grey(picture: U8) -> int:
    return round(float(picture.mean()))


@pytest.mark.parametrize("size", [(64, 36), (128, 72)])
def test_any_frame_can_be_asked_for_in_any_order(shot: Shot, tmp_path: Path, size: tuple[int, int]) -> None:
    path = film(tmp_path, size)
    start = start_from_film(path, shot, 0.4)
    assert (start.key, start.strength) == (file_key(path), 0.4)
    for k in (0, 1, 5, 2, 2, 4, 0):
        picture = start.picture(k)
        assert picture.shape == (36, 64, 3)
        assert abs(grey(picture) - GREYS[k]) <= 1


def test_a_film_of_another_speed_is_taken_by_the_clock(shot: Shot, tmp_path: Path) -> None:
    start = start_from_film(film(tmp_path, (64, 36), GREYS[::2], 12), shot, 0.4)
    assert [abs(grey(start.picture(k)) - GREYS[wanted]) <= 1 for k, wanted in ((0, 0), (2, 2), (5, 4))] == [True] * 3


def test_frames_of_a_job_are_a_film_too(tmp_path: Path) -> None:
    write_image(frame_path(tmp_path, 2), np.full((4, 6, 3), 77, np.uint8))
    start = start_from_frames(tmp_path, "key", 0.6)
    assert grey(start.picture(2)) == 77


def test_what_is_no_film_of_the_shot_is_said(shot: Shot, tmp_path: Path) -> None:
    words = tmp_path / "words.mp4"
    words.write_text("no film")
    for path in (words, tmp_path / "nowhere.mp4", tmp_path):
        with pytest.raises(ValueError, match="cannot be read as a film"):
            start_from_film(path, shot, 0.5)
    with pytest.raises(ValueError, match=r"has 3 frames, 0.12\d* seconds, and look has 6, 0.25 seconds"):
        start_from_film(film(tmp_path, (64, 36), GREYS[:3]), shot, 0.5)
    with pytest.raises(ValueError, match="another shape than the 64x36"):
        start_from_film(film(tmp_path, (64, 64)), shot, 0.5)
