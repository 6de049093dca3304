"""Render jobs that survive anything: a killed run resumes where it was and gives the same bytes.

Keyframes are painted first, each given the one before; then the windows between them, each given only its keyframes,
so that no window waits for another. A model that paints films itself has no keyframes: its windows go on from each
other, in order. State is what lies on disk (``conditioning.jobfiles``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from conditioning.job import Painter, RenderJob, Window, WindowPainter, file_key
from conditioning.jobfiles import (
    clear_other_work,
    frame_path,
    keys_done,
    read_before,
    read_keyframe,
    read_views,
    window_is_done,
    windows_done,
    write_keyframe,
    write_window,
)
from conditioning.machine import machine, peak_memory_gb, versions
from render.files import read_image, read_json, write_json
from render.video import write_video
from worldgen.conventions import U8


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


def run_job(
    job: RenderJob,
    painter_factory: Callable[[], Painter | WindowPainter],
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
            "remembered_views": list(_views_left(job, out)),
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


def views_needed(job: RenderJob, out: Path) -> tuple[str, ...]:
    """The remembered views that what is painted next may read: without them it would not be as it was."""
    work = Work.of(job, out)
    if job.overlap:
        before = read_before(job, work.windows[0][0], out) if work.windows else None
        return before.views if before else ()
    return read_keyframe(out, work.before).views if work.keys and work.before is not None else ()


@dataclass(frozen=True)
class Work:
    """What of a job is still to be painted: ``keys`` in order, after the keyframe ``before``, then ``windows``."""

    before: int | None
    keys: tuple[int, ...]
    windows: tuple[tuple[Window, tuple[int, ...]], ...]
    """Each with its frames that are no keyframes."""

    @staticmethod
    def of(job: RenderJob, out: Path) -> Work:
        if job.overlap:
            later = job.windows[len(windows_done(job, out)) :]
            return Work(None, (), tuple((window, tuple(range(window.start, window.stop))) for window in later))
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
    job: RenderJob, painter: Painter | WindowPainter, work: Work, out: Path, progress: Callable[[int, int], None]
) -> dict[str, float]:
    """Paint what is to be painted; seconds spent on the keyframes and on each window."""
    total, started, spent, cleared = job.stop - job.start, time.monotonic(), dict[str, float](), False
    done = total - work.frames

    def clear() -> None:
        nonlocal cleared
        if not cleared:
            clear_other_work(job, out)
        cleared = True

    if isinstance(painter, WindowPainter):
        windows = [window for window, _ in work.windows]
        for painted in painter.windows(windows, read_before(job, windows[0], out)):
            clear()
            window = painted.window
            write_window(job, window, range(window.start, window.stop), painted.pictures, out, painted.views)
            spent[f"{window.index:03d}"] = round(time.monotonic() - started, 3)
            started = time.monotonic()
            done += len(window)
            progress(done, total)
        return spent
    if work.keys:
        before = None if work.before is None else read_keyframe(out, work.before)
        for key in painter.keyframes(work.keys, before):
            clear()
            write_keyframe(job, key, out)
            done += 1
            progress(done, total)
        spent["keys"] = round(time.monotonic() - started, 3)
    between = ((rest, [read_keyframe(out, k) for k in job.keys_of(window)]) for window, rest in work.windows if rest)
    painted_windows = painter.paint(between)
    for window, rest in work.windows:
        started = time.monotonic()
        pictures = next(painted_windows) if rest else None
        clear()
        write_window(job, window, rest, pictures, out)
        spent[f"{window.index:03d}"] = round(time.monotonic() - started, 3)
        done += len(rest)
        progress(done, total)
    return spent


def _views_left(job: RenderJob, out: Path) -> tuple[str, ...]:
    """The remembered views that a frame after the job's last could read."""
    return read_keyframe(out, job.keys[-1]).views if job.keys else read_views(job, job.windows[-1], out)


def _read_frames(paths: tuple[Path, ...]) -> Iterator[U8]:
    return (read_image(path) for path in paths)
