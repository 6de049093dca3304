"""Jobs resume to the same bytes, never mix, and leave nothing half made."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import conditioning.jobfiles
from conditioning.job import InBetween, Keyframe, Painter, RenderJob, Window, file_key, plan_keyframes, plan_windows
from conditioning.jobfiles import frame_path, key_path
from conditioning.run import run_job
from render.files import read_image, read_json, sole_writer
from render.video import read_video
from worldgen.conventions import F32

JOB = RenderJob(
    scene="a1",
    shot="reveal",
    start=0,
    stop=10,
    width=32,
    height=18,
    fps=Fraction(24),
    model="fake",
    weights="b2",
    steps=2,
    window=4,
    every=2,
    guidance=(("strength", 1.0),),
    seed=7,
    rasterizer="none",
    device="cpu",
    code="c3",
)


class FakePainter:
    """Keyframes depend on all before them and windows on their keyframes, so that a wrong one shows in the bytes.

    stop_at: how many keyframes and windows are painted before it stops.
    """

    def __init__(self, job: RenderJob, stop_at: int | None = None, wait_s: float = 0.0) -> None:
        self.job, self.stop_at, self.wait_s = job, stop_at, wait_s
        self.painted: list[int] = []
        self.parts = 0

    def picture(self, frame: int) -> F32:
        rng = np.random.default_rng([self.job.seed, frame])
        return rng.random((self.job.height, self.job.width, 3), dtype=np.float32)

    def keyframes(self, frames: Sequence[int], before: Keyframe | None) -> Iterator[Keyframe]:
        for frame in frames:
            self.begin([frame])
            mine = self.picture(frame)
            if before is not None:
                mine = 0.5 * mine + before.picture / np.float32(510) * len(before.views) / frame
            picture = np.rint(mine * 255).astype(np.uint8)
            before = Keyframe(frame, picture, picture[::-1], tuple(f"view-{k}" for k in range(frame + 1)))
            yield before

    def paint(self, windows: Iterable[InBetween]) -> Iterator[F32]:
        for frames, keys in windows:
            self.begin(frames)
            known = sum((key.picture.astype(np.float32) + key.light for key in keys), np.zeros((1, 1, 3), np.float32))
            yield np.stack([0.5 * self.picture(k) + known / np.float32(1020 * max(1, len(keys))) for k in frames])

    def begin(self, frames: Sequence[int]) -> None:
        if self.parts == self.stop_at:
            raise KeyboardInterrupt
        self.parts += 1
        time.sleep(self.wait_s)
        self.painted += frames


def painted_by(painter: FakePainter) -> Callable[[], Painter]:
    return lambda: painter


def unused() -> Painter:
    raise AssertionError("nothing is to be painted")


def contents(out: Path) -> dict[str, str]:
    """Checksums of everything whose bytes are promised (records hold timings)."""
    kinds = (".png", ".mp4", ".npz")
    return {str(p.relative_to(out)): file_key(p) for p in sorted(out.rglob("*")) if p.suffix in kinds}


def leftovers(out: Path) -> list[Path]:
    return [p for p in out.rglob("*") if ".part" in p.name]


def test_windows_cover_every_frame_once() -> None:
    assert plan_windows(16) == (Window(0, 0, 16),)
    windows = plan_windows(33, 16, start=5)
    assert [k for w in windows for k in range(w.start, w.stop)] == list(range(5, 38))
    assert [len(w) for w in windows] == [11, 11, 11]
    with pytest.raises(ValueError, match="at least 1"):
        plan_windows(0)


def test_keyframes_are_close_enough_and_windows_share_them() -> None:
    for start, stop, every in ((0, 1, 8), (0, 2, 8), (3, 20, 8), (0, 17, 8), (5, 105, 7)):
        keys = plan_keyframes(start, stop, every)
        assert keys[0] == start
        assert keys[-1] == stop - 1
        assert max(np.diff(keys), default=1) <= every
    assert JOB.keys == (0, 1, 3, 4, 6, 7, 9)
    for one, other in pairwise(JOB.windows):
        assert JOB.keys_of(one)[-1] == JOB.keys_of(other)[0] == other.start
    assert replace(JOB, every=0).keys == ()


def test_the_key_names_everything_that_determines_the_frames() -> None:
    assert JOB.key == replace(JOB).key
    changes = {"scene": "x", "stop": 9, "width": 34, "fps": Fraction(25), "weights": "y", "steps": 3, "seed": 8}
    changes |= {
        "guidance": (("strength", 0.5),),
        "rasterizer": "gl",
        "device": "cuda",
        "code": "z",
        "model": "m",
        "window": 5,
        "every": 3,
    }
    keys = {replace(JOB, **{name: value}).key for name, value in changes.items()}
    assert len(keys | {JOB.key}) == len(changes) + 1


def test_a_job_leaves_frames_film_and_manifest(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    result = run_job(JOB, painted_by(FakePainter(JOB)), tmp_path, lambda done, total: told.append((done, total)))
    assert told == [*((k, 10) for k in range(1, 8)), (8, 10), (9, 10), (10, 10)]
    assert [p.name for p in result.frames] == [f"{k:04d}.png" for k in range(1, 11)]
    assert result.film is not None
    assert len(list(read_video(result.film))) == 10
    manifest = read_json(result.manifest)
    assert manifest is not None
    assert manifest["key"] == JOB.key
    assert manifest["job"] == JOB.described()
    assert set(manifest["versions"]) >= {"python", "torch", "numpy"}
    assert manifest["peak_memory_gb"] > 0
    assert not leftovers(tmp_path)


def test_frames_are_what_was_painted(tmp_path: Path) -> None:
    run_job(JOB, painted_by(FakePainter(JOB)), tmp_path)
    keys = list(FakePainter(JOB).keyframes(JOB.keys, None))
    np.testing.assert_array_equal(read_image(frame_path(tmp_path, 3)), keys[2].picture)
    frames = next(FakePainter(JOB).paint([([2], keys[:3])]))
    assert np.abs(read_image(frame_path(tmp_path, 2)) / 255.0 - frames[0]).max() <= 0.5 / 255 + 1e-6


def test_nothing_to_do_the_second_time(tmp_path: Path) -> None:
    run_job(JOB, painted_by(FakePainter(JOB)), tmp_path)
    before = contents(tmp_path)
    result = run_job(JOB, unused, tmp_path)
    assert result.nothing_to_do
    assert contents(tmp_path) == before


@pytest.mark.parametrize("stop_at", [0, 1, 3, 7, 8, 9])
def test_interrupted_and_resumed_is_uninterrupted(tmp_path: Path, stop_at: int) -> None:
    run_job(JOB, painted_by(FakePainter(JOB)), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run_job(JOB, painted_by(FakePainter(JOB, stop_at)), tmp_path / "cut")
    again = FakePainter(JOB)
    run_job(JOB, painted_by(again), tmp_path / "cut")
    order = [*JOB.keys, 2, 5, 8]
    assert again.painted == order[stop_at:]
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def slow_run(out: str) -> None:
    """What the killed process runs."""
    run_job(JOB, painted_by(FakePainter(JOB, wait_s=0.4)), Path(out))


def test_killed_and_resumed_is_uninterrupted(tmp_path: Path) -> None:
    run_job(JOB, painted_by(FakePainter(JOB)), tmp_path / "whole")
    program = (
        "import importlib.util, sys; spec = importlib.util.spec_from_file_location('job_test', sys.argv[1]); "
        "module = importlib.util.module_from_spec(spec); sys.modules['job_test'] = module; "
        "spec.loader.exec_module(module); module.slow_run(sys.argv[2])"
    )
    out = tmp_path / "cut"
    process = subprocess.Popen([sys.executable, "-c", program, __file__, str(out)])
    deadline = time.monotonic() + 60
    while not (out / "windows/keys/0002.json").exists() and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "reveal.mp4").exists()
    again = FakePainter(JOB)
    run_job(JOB, painted_by(again), out)
    assert again.painted
    assert 0 not in again.painted
    assert contents(out) == contents(tmp_path / "whole")
    assert not leftovers(out)


def test_a_damaged_frame_is_painted_again_with_its_window_only(tmp_path: Path) -> None:
    run_job(JOB, painted_by(FakePainter(JOB)), tmp_path)
    before = contents(tmp_path)
    frame_path(tmp_path, 5).write_bytes(b"")
    again = FakePainter(JOB)
    run_job(JOB, painted_by(again), tmp_path)
    assert again.painted == [5]
    assert contents(tmp_path) == before


@pytest.mark.parametrize("path", [frame_path, key_path])
def test_after_a_damaged_keyframe_all_that_hangs_on_it_is_painted_again(
    tmp_path: Path, path: Callable[[Path, int], Path]
) -> None:
    run_job(JOB, painted_by(FakePainter(JOB)), tmp_path)
    before = contents(tmp_path)
    path(tmp_path, 4).write_bytes(b"")
    frame_path(tmp_path, 5).write_bytes(b"")
    again = FakePainter(JOB)
    run_job(JOB, painted_by(again), tmp_path)
    assert again.painted == [4, 6, 5]
    assert contents(tmp_path) == before


def test_a_changed_job_starts_again_and_never_mixes(tmp_path: Path) -> None:
    run_job(JOB, painted_by(FakePainter(JOB)), tmp_path / "both")
    shorter = replace(JOB, seed=8, stop=5)
    with pytest.raises(KeyboardInterrupt):
        run_job(shorter, painted_by(FakePainter(shorter, stop_at=2)), tmp_path / "both")
    names = sorted(p.name for p in (tmp_path / "both" / "frames").iterdir())
    assert names == ["0001.png", "0003.png"]
    assert {p.stem for p in (tmp_path / "both" / "windows").rglob("*.*")} == {"0001", "0003"}
    assert not (tmp_path / "both" / "reveal.mp4").exists()
    assert not (tmp_path / "both" / "manifest.json").exists()
    run_job(shorter, painted_by(FakePainter(shorter)), tmp_path / "both")
    run_job(shorter, painted_by(FakePainter(shorter)), tmp_path / "alone")
    assert contents(tmp_path / "both") == contents(tmp_path / "alone")


def test_old_work_stays_until_the_new_job_can_paint(tmp_path: Path) -> None:
    run_job(JOB, painted_by(FakePainter(JOB)), tmp_path)
    before = contents(tmp_path)
    changed = replace(JOB, seed=9)

    def no_weights() -> Painter:
        raise ValueError("the weights are damaged: fetch them again")

    with pytest.raises(ValueError, match="damaged"):
        run_job(changed, no_weights, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_job(changed, painted_by(FakePainter(changed, stop_at=0)), tmp_path)
    assert contents(tmp_path) == before
    assert run_job(JOB, unused, tmp_path).nothing_to_do


def test_a_frame_range_keeps_the_shots_numbers(tmp_path: Path) -> None:
    part = replace(JOB, start=4, stop=7)
    result = run_job(part, painted_by(FakePainter(part)), tmp_path, film=False)
    assert [p.name for p in result.frames] == ["0005.png", "0006.png", "0007.png"]
    assert result.film is None
    assert not list(tmp_path.glob("*.mp4"))


def test_a_full_disk_leaves_no_half_file_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, out = tmp_path / "whole", tmp_path / "full"
    run_job(JOB, painted_by(FakePainter(JOB)), whole)
    real, written = conditioning.jobfiles.write_image, 0

    def fills_up(path: Path, image: F32) -> None:
        nonlocal written
        written += 1
        if written == 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path, image)

    monkeypatch.setattr(conditioning.jobfiles, "write_image", fills_up)
    with pytest.raises(OSError, match="No space left"):
        run_job(JOB, painted_by(FakePainter(JOB)), out)
    assert not leftovers(out)
    assert not (out / "manifest.json").exists()
    monkeypatch.setattr(conditioning.jobfiles, "write_image", real)
    again = FakePainter(JOB)
    run_job(JOB, painted_by(again), out)
    assert again.painted == [7, 9, 2, 5, 8]
    assert contents(out) == contents(whole)


def test_two_runs_do_not_write_to_one_folder(tmp_path: Path) -> None:
    with sole_writer(tmp_path / "shot"), pytest.raises(ValueError, match="another run"), sole_writer(tmp_path / "shot"):
        pass
    with sole_writer(tmp_path / "shot"):
        assert not list((tmp_path / "shot").iterdir())
