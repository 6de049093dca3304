"""Stages that are made once: files that belong to a key, the hash of exactly their inputs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from render.files import read_json, remove_parts, write_json


@dataclass(frozen=True)
class Stage:
    """Files of ``folder`` that depend on ``key`` alone; ``record`` (a JSON file in it) says so.

    An unfinished stage of the same key keeps the files it has, since each was written whole; a stage of another key
    is removed when this one starts to write.
    """

    folder: Path
    record: str
    key: str

    @property
    def _told(self) -> dict[str, object]:
        told = read_json(self.folder / self.record) or {}
        return told if told.get("key") == self.key else {}

    def is_done(self, names: Sequence[str]) -> bool:
        """Whether all of ``names`` were finished for this key and still have the size they had."""
        sizes = self._told.get("bytes")
        if not isinstance(sizes, dict):
            return False
        try:
            return all((self.folder / name).stat().st_size == sizes.get(name) for name in names)
        except OSError:
            return False

    def begin(self, names: Sequence[str]) -> list[str]:
        """Claim the folder for this key, and say which of ``names`` are still to be written."""
        if not self._told:
            before = read_json(self.folder / self.record) or {}
            listed = before.get("names")
            for name in [*(listed if isinstance(listed, list) else []), *names]:
                _remove(self.folder / str(name))
        remove_parts(self.folder)
        write_json(self.folder / self.record, {"key": self.key, "names": list(names)})
        return [name for name in names if not (self.folder / name).exists()]

    def finish(self, names: Sequence[str], inputs: object) -> None:
        """Say that all of ``names`` are there; ``inputs`` (JSON) is kept for people to read."""
        sizes = {name: (self.folder / name).stat().st_size for name in names}
        write_json(self.folder / self.record, {"key": self.key, "names": list(names), "bytes": sizes, "inputs": inputs})


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
