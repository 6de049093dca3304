"""Weights come: from the hub, from a mirror of it, or from a folder; resumable, and only what diffusers reads."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path, PurePosixPath
from typing import Any, Final

from conditioning.job import file_key
from conditioning.models.family import Checkpoint, Family
from conditioning.models.store import (
    COMMIT,
    Record,
    begun_commit,
    folder_of,
    record_of,
    same_elsewhere,
    write_record,
)
from render.files import written_whole

HUB: Final = "https://huggingface.co"
LEFT_GB: Final = 1.0
"""So much of the disk stays free."""
_WEIGHTS: Final = (".safetensors", ".bin", ".ckpt", ".pt", ".pth", ".msgpack", ".h5", ".onnx", ".onnx_data", ".gguf")
_PLAIN: Final = (".json", ".txt", ".model", ".jinja")
"""Of configurations, tokenizers and chat templates."""

Tell = Callable[[str], None]


def needed(names: Iterable[str]) -> tuple[str, ...]:
    """The files of a repository that diffusers reads, sorted.

    Weights are taken as safetensors where there are any in their folder. Of a whole pipeline (with model_index.json)
    nothing but the parts of its index is read, so single-file copies at the top and extras are left. Half-precision
    twins ("*.fp16.safetensors") are left where the full ones are there.
    """
    paths = sorted({PurePosixPath(name) for name in names})
    pipeline = PurePosixPath("model_index.json") in paths
    safe = {path.parent for path in paths if path.suffix == ".safetensors"}
    full = {path for path in paths if not _variant(path)}

    def wanted(path: PurePosixPath) -> bool:
        if any(part.startswith(".") for part in path.parts):
            return False
        if path.name.startswith("LICENSE"):
            return True
        if path.suffix in _PLAIN:
            twin = _variant(path)
            return twin is None or twin not in full
        if path.suffix not in _WEIGHTS or (pipeline and len(path.parts) == 1):
            return False
        if path.parent in safe and path.suffix != ".safetensors":
            return False
        return path.suffix in (".safetensors", ".bin") and (_variant(path) is None or not _has_full(path, full))

    return tuple(str(path) for path in paths if wanted(path))


def chosen(checkpoint: Checkpoint, names: Iterable[str]) -> tuple[str, ...]:
    """The files of ``names`` that a checkpoint wants, sorted: those it lists, or all that diffusers reads."""
    if not checkpoint.files:
        return needed(names)
    patterns = (*checkpoint.files, "LICENSE*")
    return needed(name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns))


def _variant(path: PurePosixPath) -> PurePosixPath | None:
    """What a file called ``model.fp16.safetensors`` is a variant of; None for a file that is none."""
    for mark in (".fp16", ".bf16", ".non_ema"):
        if mark in path.name:
            return path.with_name(path.name.replace(mark, "", 1))
    return None


def _has_full(path: PurePosixPath, full: Iterable[PurePosixPath]) -> bool:
    return any(other.parent == path.parent and other.suffix == path.suffix for other in full)


@dataclass(frozen=True)
class Offered:
    """What a source has of one checkpoint. commit: it is at. sizes: bytes of the files that are needed, by name."""

    commit: str
    sizes: Mapping[str, int]


def get(family: Family, models: Path, source: str | None, tell: Tell) -> tuple[Record, ...]:
    """Bring the weights of ``family`` into the folder ``models``; what is there already is not fetched again.

    source: None for the hub, the address of a mirror, or a folder that holds a copy. tell: gets a line now and then.
    Errors: ``ValueError``, in one sentence: no network, no such repository or revision, a licence not accepted, too
    little space; ``OSError`` of the disk. The same call goes on where a stopped one was, at the same commit.
    """
    remote = source is None or source.startswith(("http://", "https://"))
    if not remote and not Path(str(source)).expanduser().is_dir():
        raise ValueError(f"there is no folder {source}: give one with a copy of {family.checkpoints[0].repo}")
    found = []
    for checkpoint in family.checkpoints:
        folder = folder_of(models, family, checkpoint)
        record = record_of(folder)
        if record is not None and _as_wanted(checkpoint, record):
            tell(f"{checkpoint.repo}: {record.gigabytes:.1f} GB are there, at {record.commit[:12]}")
        elif remote and (same := same_elsewhere(models, checkpoint)) is not None:
            record = _linked(*same, folder)
            tell(f"{checkpoint.repo}: {record.gigabytes:.1f} GB shared with {same[0].relative_to(models)}")
        elif remote:
            record = _from_hub(checkpoint, folder, source or os.environ.get("HF_ENDPOINT", HUB), tell)
        else:
            record = _from_folder(checkpoint, folder, Path(str(source)).expanduser(), tell)
        found.append(record)
    return tuple(found)


def _as_wanted(checkpoint: Checkpoint, record: Record) -> bool:
    """Whether a record is of the pinned commit; a branch, and a local copy, are as good as they were."""
    pinned = len(checkpoint.revision) == COMMIT
    return record.repo == checkpoint.repo and (not pinned or record.commit in (checkpoint.revision, "local"))


def _from_hub(checkpoint: Checkpoint, folder: Path, endpoint: str, tell: Tell) -> Record:
    import huggingface_hub

    commit = begun_commit(folder, checkpoint)
    try:
        offered = _offered(checkpoint, commit or checkpoint.revision, endpoint)
    except huggingface_hub.errors.RevisionNotFoundError as error:
        if commit is None:
            raise ValueError(_told(error, checkpoint, endpoint)) from error
        raise ValueError(
            f"{checkpoint.repo} was begun at {commit[:12]}, which is not at {endpoint}: go on where it was begun, "
            f"or delete {folder} to begin anew"
        ) from error
    except Exception as error:
        raise ValueError(_told(error, checkpoint, endpoint)) from error
    _space(checkpoint, folder, offered.sizes)
    tell(
        f"{checkpoint.repo}: {sum(offered.sizes.values()) / 1e9:.1f} GB at {offered.commit[:12]}, {checkpoint.licence}"
    )
    write_record(folder, Record(checkpoint.repo, offered.commit, {}, checkpoint.revision, checkpoint.files))
    try:
        huggingface_hub.snapshot_download(
            checkpoint.repo,
            revision=offered.commit,
            local_dir=folder,
            endpoint=endpoint,
            allow_patterns=[escape(name) for name in offered.sizes],
            max_workers=4,
        )
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
            raise  # of the disk
        raise ValueError(_told(error, checkpoint, endpoint)) from error
    return _recorded(checkpoint, folder, offered)


def _offered(checkpoint: Checkpoint, revision: str, endpoint: str) -> Offered:
    from huggingface_hub import HfApi

    info = HfApi(endpoint=endpoint).model_info(checkpoint.repo, revision=revision, files_metadata=True)
    sizes = {file.rfilename: int(file.size or 0) for file in info.siblings or ()}
    return Offered(str(info.sha), {name: sizes[name] for name in chosen(checkpoint, sizes)})


def _told(error: Exception, checkpoint: Checkpoint, endpoint: str) -> str:
    """What went wrong between us and the hub, in one sentence."""
    from huggingface_hub import errors

    repo, page = checkpoint.repo, f"{endpoint}/{checkpoint.repo}"
    if isinstance(error, errors.GatedRepoError):
        return (
            f"{repo} asks you to accept its licence first: open {page}, accept it, sign in here with `hf auth login`, "
            "and run the same command again"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{repo} has no revision {checkpoint.revision!r} at {endpoint}: see {page}"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"there is no {repo} at {endpoint}, or it is private: see {page}, and sign in with `hf auth login`"
    response: Any = getattr(error, "response", None)
    if response is not None:
        return f"{endpoint} answered {response.status_code} for {repo}: try again later, or take a mirror with --from"
    words = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return (
        f"{repo} cannot be fetched from {endpoint} ({words}): mend the network and run the same command again, "
        "or take a mirror or a copied folder with --from"
    )


def _space(checkpoint: Checkpoint, folder: Path, sizes: Mapping[str, int]) -> None:
    """``ValueError`` if what is still missing does not fit on the disk."""
    if not sizes:
        raise ValueError(f"{checkpoint.repo} has nothing there that diffusers can read")
    there = {name for name, size in sizes.items() if _size(folder / name) == size}
    missing = sum(size for name, size in sizes.items() if name not in there) / 1e9
    above = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(above).free / 1e9
    if missing + LEFT_GB > free:
        raise ValueError(
            f"{checkpoint.repo} needs {missing:.1f} GB more and {free:.1f} GB are free in {above}: "
            "free some space, or choose another folder with --models-dir"
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _from_folder(checkpoint: Checkpoint, folder: Path, source: Path, tell: Tell) -> Record:
    flat = checkpoint.repo.replace("/", "--")
    places = [source / checkpoint.folder] if checkpoint.folder else []
    places += [source / checkpoint.repo, source / checkpoint.repo.rpartition("/")[2], source / flat]
    places += [*_snapshots(source / f"models--{flat}", checkpoint.revision), source]
    found: dict[str, Path] = {}
    for place in places:
        files = {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}
        known = place != source or "model_index.json" in files or "config.json" in files
        if known and (found := {name: files[name] for name in chosen(checkpoint, files)}):
            break
    if not found:
        looked = ", ".join(str(place) for place in places)
        raise ValueError(f"no copy of {checkpoint.repo} as diffusers writes it is in {source}: looked into {looked}")
    sizes = {name: path.stat().st_size for name, path in found.items()}
    _space(checkpoint, folder, sizes)
    tell(f"{checkpoint.repo}: {sum(sizes.values()) / 1e9:.1f} GB from {source}")
    for name, path in found.items():
        if _size(folder / name) != sizes[name] or file_key(folder / name) != file_key(path):
            with written_whole(folder / name) as part:
                shutil.copyfile(path, part)
    return _recorded(checkpoint, folder, Offered(_commit_of(place, checkpoint), sizes))


def _snapshots(cached: Path, revision: str) -> list[Path]:
    """What the hub's own cache has of a repository, that of ``revision`` first."""
    named = cached / "refs" / revision
    commit = named.read_text(encoding="utf-8").strip() if named.is_file() else revision
    return sorted(cached.glob("snapshots/*"), key=lambda path: (path.name != commit, path.name))


def _commit_of(place: Path, checkpoint: Checkpoint) -> str:
    """Which commit a copy of a checkpoint is, as far as its folder says: a cache of the hub's, or a folder of ours."""
    if place.parent.name == "snapshots":
        return place.name
    record = record_of(place)
    return record.commit if record is not None and record.repo == checkpoint.repo else "local"


def _linked(there: Path, record: Record, folder: Path) -> Record:
    """What lies in ``there``, in ``folder`` too: the same files on the disk where it can do that, else copies."""
    for name in record.files:
        with written_whole(folder / name) as part:
            part.unlink(missing_ok=True)  # of a killed run
            try:
                os.link(there / name, part)
            except OSError:
                shutil.copyfile(there / name, part)
    write_record(folder, record)
    return record


def _recorded(checkpoint: Checkpoint, folder: Path, offered: Offered) -> Record:
    """Weigh and name every file, and write the record."""
    for name, size in offered.sizes.items():
        if _size(folder / name) != size:
            raise ValueError(f"{folder / name} is not whole: run the same command again")
    files = {name: (size, file_key(folder / name)) for name, size in offered.sizes.items()}
    record = Record(checkpoint.repo, offered.commit, files, checkpoint.revision, checkpoint.files)
    write_record(folder, record)
    return record
