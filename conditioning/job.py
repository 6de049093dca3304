"""Render jobs that survive anything: a killed run resumes at its first unfinished window and gives the same bytes.

State is what lies on disk, under the folder of a shot:

    windows/000/carry.npz   what the next window needs from the earlier ones
    windows/000/done.json   written last: the job's key, and checksums of the carry and of every frame
    frames/0001.png         frame numbers count from 1, as editors do
    <shot>.mp4              from the frames, once all are there
    manifest.json           written last of all: everything that determined the film, and how it went
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from conditioning.machine import machine, peak_memory_gb, versions
from render.files import read_image, read_json, remove_parts, write_image, write_json, written_whole
from render.video import write_video
from worldgen.conventions import F32, U8

Carry = dict[str, np.ndarray]
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


class Painter(Protocol):
    """Makes the frames of a window. The same window and carry must give the same frames, bit for bit."""

    def paint(self, window: Window, carry: Carry | None) -> tuple[F32, Carry]:
        """Frames ``(n, H, W, 3)`` sRGB-encoded in [0, 1], and what the next window needs; the first has no carry."""
        ...


@dataclass(frozen=True)
class RenderJob:
    """Exactly what determines the frames of one shot, and so their name.

    scene: hash of the scene with the bytes of its assets. shot: its name. start, stop: frames painted (from 0).
    width, height: pixels. fps: frames a second. model, weights: the model's name and the hash of its weights.
    steps: sampling steps. window: frames painted together, at most. guidance: sorted (setting, value) pairs.
    seed: of all noise. rasterizer: its name. device: what paints. code: hash of the program's sources.
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
    total, windows = job.stop - job.start, job.windows
    movie = out / f"{job.shot}.mp4" if film else None
    manifest = out / "manifest.json"
    frames = tuple(frame_path(out, k) for k in range(job.start, job.stop))
    ready = {w.index for w in windows if window_is_done(job, w, out)}
    kept = sum(len(w) for w in windows if w.index in ready)
    told = read_json(manifest) or {}
    whole = told.get("key") == job.key and (movie is None or movie.is_file())
    if kept == total and whole:
        return Result(frames, movie, manifest, 0, kept, time.monotonic() - begun)

    painter = painter_factory() if kept < total else None
    spent: dict[str, float] = {}
    done, cleared, carry = 0, False, None
    for window in windows:
        if window.index not in ready:
            assert painter is not None
            started = time.monotonic()
            painted, carry = painter.paint(window, carry)
            if not cleared:
                _clear_other_work(job, out, keep=ready)
                cleared = True
            seconds = time.monotonic() - started
            _write_window(job, window, painted, carry, seconds, out)
            spent[f"{window.index:03d}"] = round(seconds, 3)
        elif window.index + 1 < len(windows) and window.index + 1 not in ready:
            carry = _read_carry(_folder(out, window))
        done += len(window)
        progress(done, total)

    began_film = time.monotonic()
    if movie is not None:
        write_video(movie, _read_frames(frames), job.fps)
    write_json(
        manifest,
        {
            "key": job.key,
            "job": job.described(),
            "frames": {p.name: file_key(p) for p in frames},
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


def frame_path(out: Path, frame: int) -> Path:
    """Where frame number ``frame`` (from 0) of a shot lies; the files count from 1."""
    return out / "frames" / f"{frame + 1:04d}.png"


def window_is_done(job: RenderJob, window: Window, out: Path) -> bool:
    """Whether this window of exactly this job lies in ``out``, whole: every checksum is compared."""
    folder = _folder(out, window)
    told = read_json(folder / "done.json")
    if told is None or told.get("key") != job.key or told.get("frames_from_to") != [window.start, window.stop]:
        return False
    sums = {folder / "carry.npz": told.get("carry")}
    frames = told.get("frames")
    for k in range(window.start, window.stop):
        path = frame_path(out, k)
        sums[path] = frames.get(path.name) if isinstance(frames, dict) else None
    try:
        return all(file_key(path) == expected for path, expected in sums.items())
    except OSError:
        return False


def _folder(out: Path, window: Window) -> Path:
    return out / "windows" / f"{window.index:03d}"


def _write_window(job: RenderJob, window: Window, painted: F32, carry: Carry, seconds: float, out: Path) -> None:
    expected = (len(window), job.height, job.width, 3)
    if painted.shape != expected:
        raise AssertionError(f"the painter gave frames of shape {painted.shape}, not {expected}")
    folder = _folder(out, window)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "done.json").unlink(missing_ok=True)
    sums = {}
    for k, image in enumerate(painted):
        path = frame_path(out, window.start + k)
        write_image(path, image)
        sums[path.name] = file_key(path)
    with written_whole(folder / "carry.npz") as part, part.open("wb") as file:
        np.savez(file, **cast("dict[str, Any]", carry))
    write_json(
        folder / "done.json",
        {
            "key": job.key,
            "frames_from_to": [window.start, window.stop],
            "frames": sums,
            "carry": file_key(folder / "carry.npz"),
            "seconds": round(seconds, 3),
        },
    )


def _read_carry(folder: Path) -> Carry:
    with np.load(folder / "carry.npz", allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _read_frames(paths: tuple[Path, ...]) -> Iterator[U8]:
    return (read_image(path) for path in paths)


def _clear_other_work(job: RenderJob, out: Path, keep: set[int]) -> None:
    """Remove what is not part of this job, from the most derived to the least, so that a kill leaves no lie."""
    for name in ("manifest.json", "report.json", "report.html", f"{job.shot}.mp4"):
        (out / name).unlink(missing_ok=True)
    remove_parts(out)
    kept_folders = {_folder(out, w) for w in job.windows if w.index in keep}
    kept_frames = {frame_path(out, k) for w in job.windows if w.index in keep for k in range(w.start, w.stop)}
    for folder in (out / "windows").glob("*"):
        if folder not in kept_folders:
            shutil.rmtree(folder)
    for frame in (out / "frames").glob("*"):
        if frame not in kept_frames:
            frame.unlink()
