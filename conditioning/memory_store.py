"""The folder of a world memory: remembered views, the versions of the things they show, and who reads them.

    memory/views/<shot>-<frame>-<id>/     the views (``conditioning.memory_view``)
    memory/things/<key>.json              every version of a thing that a view shows
    memory/held/<slot>.json               the views that an unfinished job reads, which are not dropped for room

Views and files come and go whole, so that any number of jobs may share a folder, and be killed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from conditioning.memory_things import Version
from conditioning.memory_view import Told, read_told
from render.files import PART, read_json, write_json

LIMIT_BYTES: Final = 2 << 30


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

    def clear(self, thing: str | None = None, shot: str | None = None, views: Sequence[str] | None = None) -> int:
        """Forget what ``thing`` looked like, the views of ``shot``, these ``views``, or all; how many views it changed.

        With several of them, only what all of them name.
        """
        names = {v.key: v.name for v in self.versions().values()}
        changed = 0
        with self.alone():
            for told in self.views():
                if (shot is not None and told.shot != shot) or (views is not None and told.id not in views):
                    continue
                if thing is None:
                    self.remove(told.id)
                elif thing in {names.get(key) for key in told.things} - set(told.forgotten):
                    told = replace(told, forgotten=(*told.forgotten, thing))
                    write_json(self.folder / "views" / told.id / "view.json", told.described())
                else:
                    continue
                changed += 1
            self._sweep()
        return changed

    def held_path(self, slot: str) -> Path:
        return self.folder / "held" / f"{hashlib.blake2b(slot.encode(), digest_size=8).hexdigest()}.json"

    def hold(self, slot: str, names: Sequence[str]) -> None:
        write_json(self.held_path(slot), {"slot": slot, "views": list(names)})

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

    def trim(self, slot: str, live: Sequence[str]) -> None:
        """Drop what nobody holds until the limit is kept: first what is not ``live``, oldest first."""
        with self.alone():
            self.hold(slot, live)
            told = self.views()  # read before the holds: a view is held before it is written
            holds = [read_json(path) or {} for path in (self.folder / "held").glob("*.json")]
            held = {name for hold in holds for name in cast("list[str]", hold.get("views", []))}
            over = sum(one.bytes for one in told) - self.limit_bytes
            for one in told:
                if over > 0 and one.id not in held:
                    self.remove(one.id)
                    over -= one.bytes

    def remove(self, name: str) -> None:
        gone = self.folder / "views" / f"{PART}{os.getpid()}-{name}"
        with suppress(FileNotFoundError):
            os.rename(self.folder / "views" / name, gone)  # so that it is whole or not there
        shutil.rmtree(gone, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove versions of things that no view shows any longer, and what killed runs left."""
        used = {key for told in self.views() for key in told.things}
        for path in (self.folder / "things").glob("*.json"):
            if path.stem not in used:
                path.unlink(missing_ok=True)
