"""Motion capture in BVH files (Biovision): a hierarchy of offsets and channels, and a line of numbers a frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F64, I32

MOST_JOINTS: Final = 2000
_AXES: Final = {"x": 0, "y": 1, "z": 2}


@dataclass(frozen=True, eq=False)
class Bvh:
    """A recording, in the file's own axes and unit of length.

    names: of the joints; where an "End Site" is, its parent's with "_end". parents: (J,) int32, -1 at the root, parents
    first. offsets: (J, 3). channels: of each joint, like ("xposition", "zrotation"). frames: (F, C), degrees.
    seconds: of one frame.
    """

    names: tuple[str, ...]
    parents: I32
    offsets: F64
    channels: tuple[tuple[str, ...], ...]
    frames: F64
    seconds: float

    def posed(self) -> tuple[F64, F64]:
        """World turns (F, J, 3, 3) and places (F, J, 3) of all joints at all frames."""
        count = len(self.frames)
        turns = np.zeros((count, len(self.names), 3, 3))
        places = np.zeros((count, len(self.names), 3))
        column = 0
        for j, (parent, names) in enumerate(zip(self.parents, self.channels, strict=True)):
            local: F64 = np.broadcast_to(np.eye(3), (count, 3, 3))
            offset = np.broadcast_to(self.offsets[j], (count, 3)).copy()
            placed = False
            for name in names:
                axis, value = _AXES[name[0]], self.frames[:, column]
                column += 1
                if name.endswith("position"):
                    if not placed:
                        offset[:], placed = 0.0, True  # a place that is recorded stands for the offset
                    offset[:, axis] = value
                else:
                    local = local @ _turns(axis, np.radians(value))
            if parent < 0:
                turns[:, j], places[:, j] = local, offset
            else:
                turns[:, j] = turns[:, parent] @ local
                places[:, j] = places[:, parent] + np.einsum("fab,fb->fa", turns[:, parent], offset)
        return turns, places

    def rest(self) -> F64:
        """(J, 3) where the joints are when nothing is turned."""
        places = np.zeros_like(self.offsets)
        for j, parent in enumerate(self.parents):
            places[j] = self.offsets[j] + (places[parent] if parent >= 0 else 0.0)
        return places


def _turns(axis: int, angle: F64) -> F64:
    """(F, 3, 3) about one of the file's axes."""
    c, s = np.cos(angle), np.sin(angle)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    result = np.zeros((len(angle), 3, 3))
    result[:, axis, axis] = 1.0
    result[:, a, a] = result[:, b, b] = c
    result[:, a, b], result[:, b, a] = -s, s
    return result


@lru_cache(maxsize=16)
def load_bvh(path: Path) -> Bvh:
    """Read a .bvh file. Raises ValueError, one sentence, for what cannot be read."""
    if not path.is_file():
        raise ValueError(f"there is no motion file {path.name}")
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    try:
        return _parsed(text)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    except IndexError:
        raise ValueError(f"{path.name}: it is cut short") from None


def _parsed(text: str) -> Bvh:
    head, found, tail = text.partition("MOTION")
    words = head.split()
    if not words or words[0].upper() != "HIERARCHY":
        raise ValueError("it is not a BVH file: it does not begin with HIERARCHY")
    if not found:
        raise ValueError("it is cut short: it has no MOTION")
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[tuple[str, ...]] = []
    open_joints: list[int] = []
    k = 1
    while k < len(words):
        word = words[k].upper()
        if word in ("ROOT", "JOINT", "END"):
            start = k + 1
            while words[k] != "{":  # names may have spaces
                k += 1
            name = " ".join(words[start:k]) if word != "END" else f"{names[open_joints[-1]]}_end"
            if word == "ROOT" and names:
                raise ValueError("it has two roots: keep one figure a file")
            parents.append(open_joints[-1] if open_joints else -1)
            open_joints.append(len(names))
            names.append(name)
            offsets.append([0.0, 0.0, 0.0])
            channels.append(())
            if len(names) > MOST_JOINTS:
                raise ValueError(f"it has more than {MOST_JOINTS} joints")
        elif word == "OFFSET":
            offsets[open_joints[-1]] = [_number(w) for w in words[k + 1 : k + 4]]
            k += 3
        elif word == "CHANNELS":
            count = int(_number(words[k + 1]))
            said = tuple(w.lower() for w in words[k + 2 : k + 2 + count])
            for name in said:
                if name[1:] not in ("position", "rotation") or name[0] not in _AXES:
                    raise ValueError(f"it has an unknown channel {name!r}")
            channels[open_joints[-1]] = said
            k += 1 + count
        elif word == "}":
            if not open_joints:
                raise ValueError("its brackets do not match")
            open_joints.pop()
        else:
            raise ValueError(f"it has {words[k]!r} where a joint, an offset or channels belong")
        k += 1
    if open_joints or not names:
        raise ValueError("its brackets do not match: it is cut short")
    frames, seconds = _motion(tail, sum(len(c) for c in channels))
    return Bvh(tuple(names), np.array(parents, np.int32), np.array(offsets), tuple(channels), frames, seconds)


def _motion(text: str, width: int) -> tuple[F64, float]:
    """Frames (F, C) and seconds a frame."""
    words = text.replace(":", " : ").split()
    if [w.lower() for w in words[:2]] != ["frames", ":"]:
        raise ValueError("it does not say how many frames it has")
    count = int(_number(words[2]))
    if [w.lower() for w in words[3:6]] != ["frame", "time", ":"]:
        raise ValueError("it does not say how long a frame is")
    seconds = _number(words[6])
    numbers = np.array([_number(w) for w in words[7:]])
    if count < 1 or not 1e-4 <= seconds <= 10:
        raise ValueError(f"it has {count} frames of {seconds} s each, which is no motion")
    if len(numbers) < count * width:
        raise ValueError(f"it is cut short: {count} frames are promised, {len(numbers) // max(width, 1)} are there")
    frames: npt.NDArray[np.float64] = numbers[: count * width].reshape(count, width)
    return frames, seconds


def _number(word: str) -> float:
    try:
        value = float(word.replace(",", "."))
    except ValueError:
        raise ValueError(f"{word!r} stands where a number belongs") from None
    if not np.isfinite(value):
        raise ValueError(f"{word!r} stands where a number belongs")
    return value
