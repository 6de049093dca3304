"""Render jobs that survive anything: a killed run resumes where it was and gives the same bytes.

Keyframes are painted first, each given the one before; then the windows between them, each given only its keyframes,
so that no window waits for another. State is what lies on disk, under the folder of a shot:

    frames/0001.png         frame numbers count from 1, as editors do
    windows/keys/0001.npz   what other frames need of a keyframe besides its picture
    windows/keys/0001.json  written after both: the job's key, and their checksums
    windows/000.json        written when a window's frames are there: the job's key, and their checksums
    <shot>.mp4              from the frames, once all are there
    manifest.json           written last of all: everything that determined the film, and how it went
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from conditioning.machine import machine, peak_memory_gb, versions
from render.files import read_image, read_json, remove_parts, write_image, write_json, written_whole
from render.video import write_video
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


def plan_windows(frames: int, length: int = 16, start: int = 0) -> tuple[Window, ...]:
    """Windows of at most ``length`` frames, as even as can be, that cover ``frames`` frames from ``start``."""
    if frames < 1 or length < 1:
        raise ValueError(f"cannot plan windows of {length} frames over {frames} frames: both must be at least 1")
    count = -(-frames // length)
    edges = [start + k * frames // count for k in range(count + 1)]
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


class Painter(Protocol):
    """Makes the frames of a shot. The same calls must give the same frames, bit for bit."""

    def keyframes(self, frames: Sequence[int], before: Keyframe | None) -> Iterator[Keyframe]:
        """Paint these keyframes in order; ``before`` is the one before the first, as it was kept.

        Each one is safe on disk before the next is asked for.
        """
        ...

    def paint(self, frames: Sequence[int], keys: Sequence[Keyframe]) -> F32:
        """These frames of one window, (n, H, W, 3), sRGB-encoded in [0, 1]; ``keys`` lie among and around them."""
        ...


@dataclass(frozen=True)
class RenderJob:
    """Exactly what determines the frames of one shot, and so their name.

    scene: hash of the scene with the bytes of its assets. shot: its name. start, stop: frames painted (from 0).
    width, height: pixels. fps: frames a second. model, weights: the model's name and the hash of its weights.
    steps: sampling steps. window: frames painted together, at most. every: frames between keyframes, at most; 0: none.
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

    def described(self) -> dict[str, object]:
        """The job as JSON values."""
        return {**asdict(self), "fps": str(self.fps), "guidance": dict(self.guidance)}

    @cached_property
    def key(self) -> str:
        """32 hex digits that name exactly this work."""
        return key_of(self.described())

    @property
    def windows(self) -> tuple[Window, ...]:
        return plan_windows(self.stop - self.start, self.window, self.start)

    def keys_of(self, window: Window) -> tuple[int, ...]:
        """The keyframes of a window, the last of which is the first of the next window."""
        return plan_keyframes(window.start, min(window.stop + 1, self.stop), self.every) if self.every else ()

    @property
    def keys(self) -> tuple[int, ...]:
        """All keyframes, in order."""
        return tuple(sorted({key for window in self.windows for key in self.keys_of(window)}))


@dataclass(frozen=True)
class Result:
    """What a job left behind. ``painted`` and ``kept`` count frames; ``film`` is None for a still."""

    frames: tuple[Path, ...]
    film: Path | None
    manifest: Path
    painted: int
    kept: int
    seconds: float

    @property
    def nothing_to_do(self) -> bool:
        return self.painted == 0


def key_of(value: object) -> str:
    """32 hex digits that name ``value`` (JSON), whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def file_key(path: Path) -> str:
    """32 hex digits that name the bytes of a file. Errors: ``OSError``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def run_job(
    job: RenderJob,
    painter_factory: Callable[[], Painter],
    out: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    film: bool = True,
) -> Result:
    """Bring the frames, film and manifest of ``job`` into ``out``, painting only what is not there yet.

    ``painter_factory`` is called only if something must be painted, and before anything older is touched.
    ``progress`` gets (frames ready, frames in all). Work of another job in the same folder is removed when this one
    starts to write, never mixed. Errors: whatever painting raises; ``OSError`` when the disk is full or read-only.
    """
    begun = time.monotonic()
    total = job.stop - job.start
    movie = out / f"{job.shot}.mp4" if film else None
    manifest = out / "manifest.json"
    frames = tuple(frame_path(out, k) for k in range(job.start, job.stop))
    work = Work.of(job, out)
    kept = total - work.frames
    told = read_json(manifest) or {}
    whole = told.get("key") == job.key and (movie is None or movie.is_file())
    if not work.frames and whole:
        return Result(frames, movie, manifest, 0, total, time.monotonic() - begun)
    spent = _paint(job, painter_factory(), work, out, progress) if work.frames else {}

    began_film = time.monotonic()
    if movie is not None:
        write_video(movie, _read_frames(frames), job.fps)
    write_json(
        manifest,
        {
            "key": job.key,
            "job": job.described(),
            "frames": {p.name: file_key(p) for p in frames},
            "remembered_views": list(read_keyframe(out, job.keys[-1]).views) if job.keys else [],
            "timing": {
                "windows_s": spent,
                "film_s": round(time.monotonic() - began_film, 3),
                "total_s": round(time.monotonic() - begun, 3),
                "frames_painted": total - kept,
                "frames_kept": kept,
            },
            "peak_memory_gb": peak_memory_gb(),
            "machine": machine(),
            "versions": versions(),
        },
    )
    return Result(frames, movie, manifest, total - kept, kept, time.monotonic() - begun)


@dataclass(frozen=True)
class Work:
    """What of a job is still to be painted: ``keys`` in order, after the keyframe ``before``, then ``windows``."""

    before: int | None
    keys: tuple[int, ...]
    windows: tuple[tuple[Window, tuple[int, ...]], ...]
    """Each with its frames that are no keyframes."""

    @staticmethod
    def of(job: RenderJob, out: Path) -> Work:
        waiting = [window for window in job.windows if not window_is_done(job, window, out)]
        done = keys_done(job, out)
        last = max((k for window in waiting for k in job.keys_of(window)), default=-1)
        keys = tuple(k for k in job.keys[len(done) :] if k <= last)
        own = {window: set(job.keys_of(window)) for window in waiting}
        rest = tuple((w, tuple(k for k in range(w.start, w.stop) if k not in own[w])) for w in waiting)
        return Work(done[-1] if done else None, keys, rest)

    @property
    def frames(self) -> int:
        return len(self.keys) + sum(len(frames) for _, frames in self.windows)


def _paint(
    job: RenderJob, painter: Painter, work: Work, out: Path, progress: Callable[[int, int], None]
) -> dict[str, float]:
    """Paint what is to be painted; seconds spent on the keyframes and on each window."""
    total, started, spent, cleared = job.stop - job.start, time.monotonic(), dict[str, float](), False
    done = total - work.frames

    def clear() -> None:
        nonlocal cleared
        if not cleared:
            _clear_other_work(job, out)
        cleared = True

    if work.keys:
        before = None if work.before is None else read_keyframe(out, work.before)
        for key in painter.keyframes(work.keys, before):
            clear()
            _write_keyframe(job, key, out)
            done += 1
            progress(done, total)
        spent["keys"] = round(time.monotonic() - started, 3)
    for window, rest in work.windows:
        started = time.monotonic()
        painted = painter.paint(rest, [read_keyframe(out, k) for k in job.keys_of(window)]) if rest else None
        clear()
        _write_window(job, window, rest, painted, out)
        spent[f"{window.index:03d}"] = round(time.monotonic() - started, 3)
        done += len(rest)
        progress(done, total)
    return spent


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


def _write_keyframe(job: RenderJob, key: Keyframe, out: Path) -> None:
    path = key_path(out, key.frame)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
    write_image(frame_path(out, key.frame), key.picture)
    with written_whole(path) as part, part.open("wb") as file:
        np.savez_compressed(file, light=key.light, views=np.array(key.views, dtype=np.str_))
    _write_record(job, path.with_suffix(".json"), [frame_path(out, key.frame), path], out)


def _write_window(job: RenderJob, window: Window, rest: Sequence[int], painted: F32 | None, out: Path) -> None:
    """``painted`` (n, H, W, 3) are the frames ``rest``; the keyframes lie there."""
    expected = (len(rest), job.height, job.width, 3)
    if painted is not None and painted.shape != expected:
        raise AssertionError(f"the painter gave frames of shape {painted.shape}, not {expected}")
    record = _record(out, window)
    record.unlink(missing_ok=True)
    for k, image in zip(rest, () if painted is None else painted, strict=True):
        write_image(frame_path(out, k), image)
    _write_record(job, record, [frame_path(out, k) for k in range(window.start, window.stop)], out)


def _write_record(job: RenderJob, record: Path, files: Sequence[Path], out: Path) -> None:
    write_json(record, {"key": job.key, "files": {str(p.relative_to(out).as_posix()): file_key(p) for p in files}})


def _read_frames(paths: tuple[Path, ...]) -> Iterator[U8]:
    return (read_image(path) for path in paths)


def _clear_other_work(job: RenderJob, out: Path) -> None:
    """Remove what is not part of this job, from the most derived to the least, so that a kill leaves no lie."""
    for name in ("manifest.json", "report.json", "report.html", f"{job.shot}.mp4"):
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
