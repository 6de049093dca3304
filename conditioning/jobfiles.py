"""The state of a job is what lies on disk, under the folder of a shot.

frames/0001.png         frame numbers count from 1, as editors do
windows/keys/0001.npz   what other frames need of a keyframe besides its picture
windows/keys/0001.json  written after both: the job's key, and their checksums
windows/000.json        written when a window's frames are there: the job's key, their checksums, and the remembered
                        views that the next window may read
<shot>.mp4              from the frames, once all are there
manifest.json           written last of all: everything that determined the film, and how it went
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import cast

import numpy as np

from conditioning.job import Before, Keyframe, RenderJob, Window, file_key
from render.files import read_image, read_json, remove_parts, write_image, write_json, written_whole
from worldgen.conventions import F32, U8


def frame_path(out: Path, frame: int) -> Path:
    """Where frame number ``frame`` (from 0) of a shot lies; the files count from 1."""
    return out / "frames" / f"{frame + 1:04d}.png"


def key_path(out: Path, frame: int) -> Path:
    """Where what is kept of a keyframe lies, besides its picture."""
    return out / "windows" / "keys" / f"{frame + 1:04d}.npz"


def read_keyframe(out: Path, frame: int) -> Keyframe:
    """A keyframe that was painted."""
    with np.load(key_path(out, frame), allow_pickle=False) as stored:
        return Keyframe(frame, read_image(frame_path(out, frame)), stored["light"], tuple(stored["views"].tolist()))


def keys_done(job: RenderJob, out: Path) -> tuple[int, ...]:
    """The keyframes of exactly this job that lie in ``out``, up to the first one missing: later ones hang on it."""
    return tuple(takewhile(lambda k: _is_done(job, key_path(out, k).with_suffix(".json"), out), job.keys))


def window_is_done(job: RenderJob, window: Window, out: Path) -> bool:
    """Whether this window of exactly this job lies in ``out``, whole: every checksum is compared."""
    return _is_done(job, _record(out, window), out)


def windows_done(job: RenderJob, out: Path) -> tuple[Window, ...]:
    """The windows of exactly this job that lie in ``out``, up to the first one missing: later ones hang on it."""
    return tuple(takewhile(lambda window: window_is_done(job, window, out), job.windows))


def read_before(job: RenderJob, window: Window, out: Path) -> Before | None:
    """What a window goes on from; None for the first of the job."""
    frames = job.before(window)
    if not frames:
        return None
    pictures = np.stack([read_image(frame_path(out, k)) for k in frames])
    return Before(pictures, read_views(job, job.windows[window.index - 1], out))


def read_views(job: RenderJob, window: Window, out: Path) -> tuple[str, ...]:
    """The remembered views that the window after this one may read."""
    views = (read_json(_record(out, window)) or {}).get("views", ())
    return tuple(str(view) for view in views) if isinstance(views, list) else ()


def _is_done(job: RenderJob, record: Path, out: Path) -> bool:
    told = read_json(record)
    files = (told or {}).get("files")
    if told is None or told.get("key") != job.key or not isinstance(files, dict):
        return False
    try:
        return all(file_key(out / name) == expected for name, expected in files.items())
    except OSError:
        return False


def _record(out: Path, window: Window) -> Path:
    return out / "windows" / f"{window.index:03d}.json"


def write_keyframe(job: RenderJob, key: Keyframe, out: Path) -> None:
    path = key_path(out, key.frame)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
    write_image(frame_path(out, key.frame), key.picture)
    with written_whole(path) as part, part.open("wb") as file:
        np.savez_compressed(file, light=key.light, views=np.array(key.views, dtype=np.str_))
    _write_record(job, path.with_suffix(".json"), [frame_path(out, key.frame), path], out)


def write_window(
    job: RenderJob,
    window: Window,
    rest: Sequence[int],
    painted: F32 | U8 | None,
    out: Path,
    views: Sequence[str] = (),
) -> None:
    """``painted`` (n, H, W, 3) are the frames ``rest``; the keyframes lie there. views: as of a ``Painted``."""
    expected = (len(rest), job.height, job.width, 3)
    if painted is not None and painted.shape != expected:
        raise AssertionError(f"the painter gave frames of shape {painted.shape}, not {expected}")
    record = _record(out, window)
    record.unlink(missing_ok=True)
    for k, image in zip(rest, () if painted is None else painted, strict=True):
        write_image(frame_path(out, k), image)
    _write_record(job, record, [frame_path(out, k) for k in range(window.start, window.stop)], out, views)


def _write_record(job: RenderJob, record: Path, files: Sequence[Path], out: Path, views: Sequence[str] = ()) -> None:
    sums = {str(p.relative_to(out).as_posix()): file_key(p) for p in files}
    write_json(record, {"key": job.key, "files": sums, **({"views": list(views)} if views else {})})


def clear_other_work(job: RenderJob, out: Path) -> None:
    """Remove what is not part of this job, from the most derived to the least, so that a kill leaves no lie."""
    for name in ("manifest.json", "report.json", "report.html", "report.mp4", f"{job.shot}.mp4"):
        (out / name).unlink(missing_ok=True)
    remove_parts(out)
    records, kept = out / "windows", set()
    for record in records.glob("**/*.json"):
        told = read_json(record)
        if told is not None and told.get("key") == job.key:
            kept |= {out / name for name in cast("dict[str, str]", told["files"])}
        else:
            record.unlink()
    for file in [*records.glob("**/*.npz"), *(out / "frames").glob("*")]:
        if file not in kept:
            file.unlink()
