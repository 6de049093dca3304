"""Files of passes as they lie on disk: which frames are there, and the JSON that says what they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from render.files import read_json, remove_parts, write_json

_FRAME = re.compile(r"\d{4,}\.\w+")


@dataclass(frozen=True)
class PassStore:
    """The files of one folder and one form, all made from what ``key`` names.

    folder: passes/<pass>, or passes/exr. form: their suffix. key: the hash of exactly their inputs. names: of the
    passes in every file.
    """

    folder: Path
    form: str
    key: str
    names: tuple[str, ...]

    def file(self, frame: int) -> Path:
        """Of ``frame``, from 0."""
        return self.folder / f"{frame + 1:04d}.{self.form}"

    def beside(self, frame: int) -> Path | None:
        """The JSON that goes with ``frame``, where its passes need one."""
        return self.folder / f"{frame + 1:04d}.json" if "keypoints" in self.names else None

    def missing(self, frames: Iterable[int]) -> list[int]:
        """Those of ``frames`` that are not there, are not of this key, or are no longer as they were written."""
        told = read_json(self._record) or {}
        if told.get("key") != self.key:
            return list(frames)
        sizes = told.get("bytes")
        known = sizes if isinstance(sizes, dict) else {}
        return [k for k in frames if not self._whole(k, known)]

    def begin(self) -> None:
        """Claim the folder for this key: what another key left, and what killed runs left half, is removed."""
        if (read_json(self._record) or {}).get("key") != self.key:
            for path in self._frames():
                path.unlink(missing_ok=True)
            write_json(self._record, {"key": self.key})
        remove_parts(self.folder)

    def tell(self, about: Mapping[str, object]) -> None:
        """Write down what is there, with what it is (``about``, JSON); half-written files go."""
        remove_parts(self.folder)
        sizes = {path.name: path.stat().st_size for path in sorted(self._frames()) if path.suffix != ".json"}
        frames = sorted(int(name.split(".")[0]) for name in sizes)
        write_json(self._record, {"key": self.key, "frames": ranges(frames), **about, "bytes": sizes})

    @property
    def _record(self) -> Path:
        return self.folder / f"{self.form}.json"

    def _frames(self) -> list[Path]:
        suffixes = (f".{self.form}", *((".json",) if "keypoints" in self.names else ()))
        return [p for p in self.folder.glob("*.*") if p.suffix in suffixes and _FRAME.fullmatch(p.name)]

    def _whole(self, frame: int, known: Mapping[str, object]) -> bool:
        path, beside = self.file(frame), self.beside(frame)
        try:
            size = path.stat().st_size
        except OSError:
            return False
        return size == known.get(path.name, size) and (beside is None or beside.exists())


def ranges(numbers: Iterable[int]) -> str:
    """Rising ``numbers`` as "1-40, 57"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
