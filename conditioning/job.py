"""What a render job is: exactly what determines the frames of a shot, in which order they are painted, and by whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Protocol, runtime_checkable

from worldgen.conventions import F32, U8

Setting = str | int | float | bool | None


@dataclass(frozen=True)
class Window:
    """Frames ``start`` to ``stop - 1`` of a shot (from 0), painted together; ``index`` counts windows from 0."""

    index: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def plan_windows(frames: int, length: int = 16, start: int = 0, overlap: int = 0) -> tuple[Window, ...]:
    """Windows, as even as can be, that cover ``frames`` frames from ``start``, each of them once.

    length: frames painted together, at most, with the ``overlap`` frames before a window that it is shown.
    """
    if frames < 1 or length < 1 or not 0 <= overlap < length:
        raise ValueError(
            f"cannot plan windows of {length} frames, {overlap} of them shared, over {frames} frames: "
            "both must be at least 1, and fewer shared"
        )
    own = frames - overlap
    count = max(1, -(-own // (length - overlap)))
    edges = [start, *(start + overlap + k * own // count for k in range(1, count + 1))]
    return tuple(Window(k, a, b) for k, (a, b) in enumerate(pairwise(edges)))


def plan_keyframes(start: int, stop: int, every: int) -> tuple[int, ...]:
    """Keyframes of frames ``start`` to ``stop - 1``: both ends, and evenly between them, ``every`` apart at most."""
    last = stop - 1
    count = max(1, -(-(last - start) // every))
    return tuple(sorted({start + k * (last - start) // count for k in range(count + 1)}))


@dataclass(frozen=True)
class Keyframe:
    """A frame that others take from. ``picture``, ``light``: (H, W, 3) uint8, as painted and its proxy, sRGB-encoded.

    views: the remembered views that painting the next keyframe may read.
    """

    frame: int
    picture: U8
    light: U8
    views: tuple[str, ...] = ()


@dataclass(frozen=True)
class Before:
    """What a window goes on from. pictures: (n, H, W, 3) uint8, the frames before it. views: as of a ``Keyframe``."""

    pictures: U8
    views: tuple[str, ...] = ()


@dataclass(frozen=True)
class Painted:
    """A window's frames. pictures: (n, H, W, 3) uint8. views: the remembered views that the next window may read."""

    window: Window
    pictures: U8
    views: tuple[str, ...] = ()


@runtime_checkable
class WindowPainter(Protocol):
    """Makes the frames of a shot a window at a time. The same calls must give the same frames, bit for bit."""

    def windows(self, windows: Sequence[Window], before: Before | None) -> Iterator[Painted]:
        """Paint these windows in order; ``before``: what lies before the first, None where the job begins.

        Each one is safe on disk before the next is asked for.
        """
        ...


InBetween = tuple[Sequence[int], Sequence[Keyframe]]
"""The frames of one window that are no keyframes, at least one, and the keyframes among and around them."""


class Painter(Protocol):
    """Makes the frames of a shot, keyframes first. The same calls must give the same frames, bit for bit."""

    def keyframes(self, frames: Sequence[int], before: Keyframe | None) -> Iterator[Keyframe]:
        """Paint these keyframes in order; ``before`` is the one before the first, as it was kept.

        Each one is safe on disk before the next is asked for.
        """
        ...

    def paint(self, windows: Iterable[InBetween]) -> Iterator[F32]:
        """The frames of each window in order, (n, H, W, 3), sRGB-encoded in [0, 1]; windows are asked for ahead."""
        ...


@dataclass(frozen=True)
class RenderJob:
    """Exactly what determines the frames of one shot, and so their name.

    scene: hash of the scene with the bytes of its assets. shot: its name. start, stop: frames painted (from 0).
    width, height: pixels. fps: frames a second. model, weights: the model's name and the hash of its weights.
    steps: sampling steps. window: frames painted together, at most. overlap: of these, frames that the window before
    has painted; 0 where windows know nothing of each other. every: frames between keyframes, at most; 0: none.
    guidance: sorted (setting, value) pairs, with what is remembered. seed: of all noise. rasterizer: its name. device:
    what paints. code: hash of the program's sources.
    """

    scene: str
    shot: str
    start: int
    stop: int
    width: int
    height: int
    fps: Fraction
    model: str
    weights: str
    steps: int
    window: int
    every: int
    guidance: tuple[tuple[str, Setting], ...]
    seed: int
    rasterizer: str
    device: str
    code: str
    overlap: int = 0

    def described(self) -> dict[str, object]:
        """The job as JSON values."""
        return {**asdict(self), "fps": str(self.fps), "guidance": dict(self.guidance)}

    @cached_property
    def key(self) -> str:
        """32 hex digits that name exactly this work."""
        return key_of(self.described())

    @property
    def windows(self) -> tuple[Window, ...]:
        return plan_windows(self.stop - self.start, self.window, self.start, self.overlap)

    def before(self, window: Window) -> tuple[int, ...]:
        """The frames before a window that it is shown."""
        return tuple(range(max(self.start, window.start - self.overlap), window.start))

    def keys_of(self, window: Window) -> tuple[int, ...]:
        """The keyframes of a window, the last of which is the first of the next window."""
        return plan_keyframes(window.start, min(window.stop + 1, self.stop), self.every) if self.every else ()

    @property
    def keys(self) -> tuple[int, ...]:
        """All keyframes, in order."""
        return tuple(sorted({key for window in self.windows for key in self.keys_of(window)}))


def key_of(value: object) -> str:
    """32 hex digits that name ``value`` (JSON), whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def file_key(path: Path) -> str:
    """32 hex digits that name the bytes of a file. Errors: ``OSError``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
