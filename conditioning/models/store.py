"""Weights on disk: a folder of models, one below it for each, and in every checkpoint's folder a record of what it is.

<models>/<name>/setpiece.json             the repository, the commit, and at the end every file's size and hash
<models>/<name>/<checkpoint's folder>/    the same, where a model is put together from several checkpoints

Reading a record and the sizes of its files is quick, so a job can say exactly which weights it needs before anything
heavy starts. The key hangs on the bytes alone: the same files from the hub, a mirror or a folder have one key.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from conditioning.job import key_of
from conditioning.models.family import Checkpoint, Family
from render.files import read_json, write_json

VARIABLE: Final = "SETPIECE_MODELS"
"""Of the environment: the folder of models."""
RECORD: Final = "setpiece.json"
COMMIT: Final = 40
"""Hex digits of one."""


@dataclass(frozen=True)
class Record:
    """What was fetched into a folder.

    repo: id on the hub. commit: that was fetched, or "local" for a copy of a folder that does not say. files: name to
    (bytes, 32 hex digits that name its content), none while it is being fetched. revision, patterns: as the checkpoint
    asked for them (``Checkpoint``).
    """

    repo: str
    commit: str
    files: Mapping[str, tuple[int, str]]
    revision: str = ""
    patterns: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """32 hex digits that name the bytes of all files."""
        return key_of(sorted((name, content) for name, (_, content) in self.files.items()))

    @property
    def gigabytes(self) -> float:
        """Of all files, in units of 10⁹ bytes."""
        return sum(size for size, _ in self.files.values()) / 1e9


def models_folder(asked: Path | None = None) -> Path:
    """The folder of models: as asked, else as SETPIECE_MODELS says, else in the user's cache folder."""
    if asked is not None:
        return asked.expanduser()
    said = os.environ.get(VARIABLE, "")
    return (
        Path(said).expanduser() if said else Path(platformdirs.user_cache_dir("setpiece", appauthor=False)) / "models"
    )


def folder_of(models: Path, family: Family, checkpoint: Checkpoint | None = None) -> Path:
    """Where a model lies below the folder ``models``, or one of its checkpoints."""
    return models / family.name / (checkpoint.folder if checkpoint else "")


def record_of(folder: Path) -> Record | None:
    """What lies in a checkpoint's folder; None unless all of it is there, each file as large as it was fetched."""
    told = read_json(folder / RECORD) or {}
    files = told.get("files")
    if not isinstance(files, dict) or not files:
        return None
    try:
        found = {str(name): (int(size), str(content)) for name, (size, content) in files.items()}
        whole = all((folder / name).stat().st_size == size for name, (size, _) in found.items())
    except (OSError, TypeError, ValueError):
        return None
    patterns = told.get("patterns")
    asked = tuple(map(str, patterns)) if isinstance(patterns, list) else ()
    record = Record(str(told.get("repo")), str(told.get("commit")), found, str(told.get("revision")), asked)
    return record if whole else None


def begun_commit(folder: Path, checkpoint: Checkpoint) -> str | None:
    """The commit at which ``checkpoint`` was begun to be fetched into ``folder``, whole or not; None for none.

    A branch may have moved on since: what is fetched later must be of the same commit.
    """
    told = read_json(folder / RECORD) or {}
    commit, asked = str(told.get("commit")), (told.get("repo"), told.get("revision"))
    return commit if asked == (checkpoint.repo, checkpoint.revision) and len(commit) == COMMIT else None


def write_record(folder: Path, record: Record) -> None:
    """Say that ``record`` lies in ``folder``, whole; or, without its files, that it is on its way."""
    files = {name: list(said) for name, said in sorted(record.files.items())}
    told = {"repo": record.repo, "revision": record.revision, "patterns": list(record.patterns)}
    write_json(folder / RECORD, {**told, "commit": record.commit, "key": record.key, "files": files})


def same_elsewhere(models: Path, checkpoint: Checkpoint) -> tuple[Path, Record] | None:
    """Where below ``models`` another model has exactly what ``checkpoint`` asks for; None if none has."""
    for path in sorted([*models.glob(f"*/{RECORD}"), *models.glob(f"*/*/{RECORD}")]):
        record = record_of(path.parent)
        asked = (checkpoint.repo, checkpoint.revision, checkpoint.files)
        if record is not None and (record.repo, record.revision, record.patterns) == asked:
            return path.parent, record
    return None


def records(models: Path, family: Family) -> tuple[Record, ...] | None:
    """Of all checkpoints of a model, in their order; None if one of them is missing."""
    found = [record_of(folder_of(models, family, one)) for one in family.checkpoints]
    whole = [one for one in found if one is not None]
    return tuple(whole) if len(whole) == len(found) else None


def weights_key(models: Path, family: Family) -> str:
    """32 hex digits that name all weights of a model. Errors: ``ValueError`` where they are not there, or not whole."""
    if not family.checkpoints:
        from conditioning.models.pocket import denoiser

        return denoiser.weights_key(denoiser.FOLDER)
    found = records(models, family)
    if found is None:
        near = "" if not folder_of(models, family).exists() else ", or not whole"
        raise ValueError(
            f"the weights of {family.name} are not in {models}{near}: run `setpiece models get {family.name}`, "
            f"or say where they are with --models-dir or {VARIABLE}"
        )
    return found[0].key if len(found) == 1 else key_of([one.key for one in found])
