"""The ladder: a film that one model has blocked out, for another to paint over at partial noise.

The film may be pocket's, painted for this very shot, or any file: an animatic, an earlier render, a plate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import imageio_ffmpeg
import numpy as np
from PIL import Image

from conditioning.job import file_key
from conditioning.jobfiles import frame_path
from render.files import read_image
from render.video import read_video
from tools.clips import shown_by
from worldgen.conventions import U8
from worldgen.world import Shot

STRENGTH: Final = 0.6
"""Share of the steps that are painted anew where nobody says."""
SHAPE: Final = 0.02
"""By how much the shape of a film may differ from the shot's: as much as rounding to whole pixels makes."""


@dataclass(frozen=True)
class Start:
    """A film to start from. key: names its pictures. strength: 0 keeps them, 1 paints all anew.

    picture: frame number in the shot (from 0) to (H, W, 3) uint8 of the shot's size.
    """

    key: str
    strength: float
    picture: Callable[[int], U8]


def start_from_frames(folder: Path, key: str, strength: float) -> Start:
    """The frames that a job called ``key`` has painted in ``folder``."""
    return Start(key, strength, lambda frame: np.array(read_image(frame_path(folder, frame))))


def start_from_film(path: Path, shot: Shot, strength: float) -> Start:
    """A film file, of any speed. Errors: ``ValueError`` if it is none, too short, or of another shape than ``shot``."""
    width, height = shot.track.width, shot.track.height
    try:
        first = next(read_video(path))
        frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    except (OSError, RuntimeError, StopIteration):
        raise ValueError(f"{path} cannot be read as a film: give a film file, or say pocket") from None
    if abs(first.shape[1] * height / (first.shape[0] * width) - 1.0) > SHAPE:
        raise ValueError(
            f"{path} is {first.shape[1]}x{first.shape[0]}, which is of another shape than the {width}x{height} of "
            f"{shot.name}: crop it, or say another --size"
        )
    try:
        places, _ = shown_by(path, frames, seconds, shot, range(shot.frames))
    except ValueError:
        raise ValueError(
            f"{path} has {frames} frames, {seconds:.4g} seconds, and {shot.name} has {shot.frames}, "
            f"{float(shot.frames / shot.fps):.4g} seconds: give a film of the whole shot"
        ) from None
    found = _Frames(path, (width, height))
    return Start(file_key(path), strength, lambda frame: found(places[frame]))


@dataclass
class _Frames:
    """Frames of a film by number, read in order; asked for an earlier one, it starts again."""

    path: Path
    size: tuple[int, int]
    _reader: Iterator[U8] = field(default_factory=lambda: iter(()))
    _next: int = -1
    _kept: dict[int, U8] = field(default_factory=dict)

    def __call__(self, frame: int) -> U8:
        if frame in self._kept:
            return self._kept[frame]
        if not 0 <= self._next <= frame:
            self._reader, self._next = read_video(self.path), 0
        for picture in self._reader:
            self._next += 1
            if self._next > frame:
                self._kept = {k: kept for k, kept in self._kept.items() if k > frame - 16} | {
                    frame: self._fitted(picture)
                }
                return self._kept[frame]
        raise ValueError(f"{self.path} ends before frame {frame + 1}")

    def _fitted(self, picture: U8) -> U8:
        if (picture.shape[1], picture.shape[0]) == self.size:
            return picture.copy()
        return np.array(Image.fromarray(picture).resize(self.size, Image.Resampling.LANCZOS))
