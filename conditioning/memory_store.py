"""The folder of a world memory: remembered views, the versions of the things they show, and who reads them.

    memory/views/<shot>-<frame>-<id>/     the views (``conditioning.memory_view``)
    memory/things/<key>.json              every version of a thing that a view shows
    memory/held/<hash>.json               the views that an unfinished job reads, which are not dropped for room

Views and files come and go whole, so that any number of jobs may share a folder, and be killed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from conditioning.memory_things import Version
from conditioning.memory_view import Told, read_told
from render.files import PART, read_json, write_json

LIMIT_BYTES: Final = 2 << 30
_ABANDONED_S: Final = 3600.0
"""Age at which half a view was left by a killed run."""


class WorldMemory:
    """The remembered views of one scene, in ``folder``. ``limit_bytes``: what they may take."""

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self.folder, self.limit_bytes = folder, limit_bytes

    def views(self) -> tuple[Told, ...]:
        """Every whole view, oldest first."""
        told = [read_told(path) for path in (self.folder / "views").glob("[!.]*")]
        return tuple(sorted((one for one in told if one is not None), key=lambda one: (one.stored, one.id)))

    def versions(self) -> dict[str, Version]:
        """Every version of a thing that was remembered, by key."""
        found = {}
        for path in (self.folder / "things").glob("*.json"):
            try:
                version = Version.read(read_json(path) or {})
            except (KeyError, TypeError, ValueError):
                continue
            found[version.key] = version
        return found

    def has(self, views: Sequence[str]) -> bool:
        """Whether all of ``views`` are there."""
        return all((self.folder / "views" / name / "view.json").is_file() for name in views)

    def drop(self, views: Collection[str]) -> None:
        """Forget whole ``views``, whoever may hold them."""
        with self.alone():
            for name in views:
                self._remove(name)
            self._sweep()

    def forget(self, things: Mapping[str, Collection[str]]) -> None:
        """Forget in each view (by id) what some things (by name) looked like; a view of nothing else goes."""
        names = {version.key: version.name for version in self.versions().values()}
        with self.alone():
            for told in self.views():
                forgotten = set(told.forgotten) | set(things.get(told.id, ()))
                if forgotten >= {names.get(key) for key in told.things}:
                    self._remove(told.id)
                elif forgotten != set(told.forgotten):
                    changed = replace(told, forgotten=tuple(sorted(forgotten)))
                    write_json(self.folder / "views" / told.id / "view.json", changed.described())
            self._sweep()

    def hold(self, folder: Path, views: Sequence[str]) -> None:
        """Let the job that works in ``folder`` keep ``views``, and no others."""
        write_json(self._held(folder), {"folder": str(folder.resolve()), "views": list(views)})

    def release(self, folder: Path) -> None:
        """The job that works in ``folder`` has ended."""
        self._held(folder).unlink(missing_ok=True)

    def _held(self, folder: Path) -> Path:
        name = hashlib.blake2b(str(folder.resolve()).encode(), digest_size=8).hexdigest()
        return self.folder / "held" / f"{name}.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else drops views or begins to hold any meanwhile."""
        (self.folder / "views").mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def trim(self) -> int:
        """Drop what no job holds, oldest first, until the limit is kept; bytes that are left."""
        with self.alone():
            told = self.views()  # read before the holds: a view is held before it is written
            held = {name for path in (self.folder / "held").glob("*.json") for name in _held_by(path)}
            total = sum(one.bytes for one in told)
            for one in told:
                if total > self.limit_bytes and one.id not in held:
                    self._remove(one.id)
                    total -= one.bytes
            for part in (self.folder / "views").glob(f"{PART}*"):
                if time.time() - part.stat().st_mtime > _ABANDONED_S:
                    shutil.rmtree(part, ignore_errors=True)
        return total

    def _remove(self, name: str) -> None:
        gone = self.folder / "views" / f"{PART}{os.getpid()}-{name}"
        with suppress(FileNotFoundError):
            os.rename(self.folder / "views" / name, gone)  # so that it is whole or not there
        shutil.rmtree(gone, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove versions of things that no view shows any longer."""
        used = {key for told in self.views() for key in told.things}
        for path in (self.folder / "things").glob("*.json"):
            if path.stem not in used:
                path.unlink(missing_ok=True)


def _held_by(path: Path) -> list[str]:
    """The views that a job holds; none if its folder is gone, and the job with it."""
    hold = read_json(path) or {}
    views = hold.get("views")
    if not isinstance(views, list) or not Path(str(hold.get("folder"))).is_dir():
        path.unlink(missing_ok=True)
        return []
    return [str(name) for name in views]
