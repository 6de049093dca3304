"""Films in windows: each goes on from the one before, knows what the world remembers, and resumes to the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from conditioning.codec import PictureEdit
from conditioning.conditions import Conditions
from conditioning.frames import Frame, FrameMaker
from conditioning.guidance import Guidance
from conditioning.job import Before, Painted, RenderJob, Window, plan_windows
from conditioning.jobfiles import frame_path, read_before
from conditioning.memory import remembering
from conditioning.memory_store import WorldMemory
from conditioning.metrics import e_warp
from conditioning.paint import PaintSettings, Remembering, sampled
from conditioning.run import run_job, views_needed
from conditioning.windows import FilmPainter
from render.correspondence import correspond
from render.files import read_image, read_json
from render.raster import Rasterizer
from worldgen.world import Shot, World

JOB = RenderJob(
    scene="a1",
    shot="truck",
    start=0,
    stop=9,
    width=96,
    height=54,
    fps=Fraction(24),
    model="restless",
    weights="b2",
    steps=2,
    window=5,
    every=0,
    guidance=(),
    seed=3,
    rasterizer="any",
    device="cpu",
    code="c3",
    overlap=2,
)


class Restless:
    """Paints the proxy in a tint of its window's own: what of it agrees between windows, others have brought about."""

    together = 5

    def __init__(self) -> None:
        self.told: list[Conditions] = []
        self.shown: list[list[int]] = []

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        self.told.append(conditions)
        self.shown.append([frame.index for frame in frames])
        assert not any(frame.told.maps.size for frame in frames)  # large, and nobody but pocket reads them
        tint = torch.tensor([0.3, -0.2, 0.1]) * (-1) ** len(self.told)
        proxies = torch.stack([frame.light for frame in frames]) * 0.5 + tint[:, None, None]
        grain = torch.stack([frame.noise for frame in frames])
        return sampled(lambda x, sigma: proxies + 0.1 * grain, frames, steps, edit)


def film(
    world: World,
    shot: Shot,
    raster: Rasterizer,
    model: Restless,
    guidance: Guidance | None,
    remembers: Remembering | None = None,
) -> FilmPainter:
    maker = FrameMaker(world, shot, raster, seed=5, gamma=1.0)
    return FilmPainter(maker, model, PaintSettings(2, guidance), JOB.overlap, remembers)


GUIDED = Guidance(every=0)


def test_windows_share_frames_and_cover_all_of_them_once() -> None:
    assert plan_windows(81, 81, overlap=9) == (Window(0, 0, 81),)
    assert plan_windows(5, 81, overlap=9) == (Window(0, 0, 5),)
    windows = plan_windows(200, 81, start=10, overlap=9)
    assert [k for w in windows for k in range(w.start, w.stop)] == list(range(10, 210))
    painted = [len(windows[0]), *(len(w) + 9 for w in windows[1:])]
    assert max(painted) <= 81
    assert max(painted) - min(painted) <= 1
    assert len(windows) == 3
    with pytest.raises(ValueError, match="fewer shared"):
        plan_windows(10, 4, overlap=4)


def test_a_window_begins_with_the_last_frames_of_the_one_before(
    world: World, shot: Shot, rasterizer: Rasterizer
) -> None:
    model = Restless()
    first, second, third = film(world, shot, rasterizer, model, GUIDED).windows(JOB.windows, None)
    assert model.shown == [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6, 7, 8]]
    assert model.told[0].known is None
    known = model.told[1].known
    assert known is not None
    assert (known.share[:2] == 1).all()
    there = torch.from_numpy(first.pictures[-2:]).permute(0, 3, 1, 2).float() / 127.5 - 1
    assert torch.equal(known.pictures[:2], there)
    later = known.share[2:]
    assert float((later > 0.5).float().mean()) > 0.5  # the camera only trucks: most is seen again
    assert float((later < 0.5).float().mean()) > 0.005  # and something comes into view
    assert [len(one.pictures) for one in (first, second, third)] == [4, 2, 3]


def test_guidance_makes_windows_agree(world: World, shot: Shot, rasterizer: Rasterizer) -> None:
    def seam(guidance: Guidance | None) -> list[float]:
        painter = film(world, shot, rasterizer, Restless(), guidance)
        whole = np.concatenate([one.pictures for one in painter.windows(JOB.windows, None)]).astype(np.float32) / 255
        shapes = [painter._maker.geometry(k) for k in range(9)]
        return [e_warp(whole[k], whole[k - 1], correspond(shapes[k], shapes[k - 1])) for k in range(1, 9)]

    steady, wild = seam(GUIDED), seam(None)
    assert steady[3] < 0.35 * wild[3]  # where the first window ends
    assert np.mean(steady) < 0.5 * np.mean(wild)
    assert steady[3] < 2.5 * np.mean(steady)


def test_unguided_windows_still_go_on_from_each_other(world: World, shot: Shot, rasterizer: Rasterizer) -> None:
    model = Restless()
    list(film(world, shot, rasterizer, model, None).windows(JOB.windows, None))
    known = model.told[1].known
    assert known is not None
    assert (known.share[:2] == 1).all()
    assert not known.share[2:].any()


def test_what_was_before_cannot_be_painted_over(world: World, shot: Shot, rasterizer: Rasterizer) -> None:
    """The edit holds the frames before a window at what they are, whatever the model would make of them."""
    seen: list[Tensor] = []

    class Stubborn(Restless):
        def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
            made = super().paint(frames, conditions, steps, edit)
            seen.append(made)
            return made

    painter = film(world, shot, rasterizer, Stubborn(), GUIDED)
    first = next(iter(painter.windows(JOB.windows[:2], None)))
    list(painter.windows(JOB.windows[1:2], Before(first.pictures[-2:])))
    there = torch.from_numpy(first.pictures[-2:]).permute(0, 3, 1, 2).float() / 127.5 - 1
    torch.testing.assert_close(seen[-1][:2], there, atol=1e-5, rtol=0)


def test_a_later_film_agrees_with_what_is_remembered(
    world: World, shot: Shot, rasterizer: Rasterizer, tmp_path: Path
) -> None:
    memory = WorldMemory(tmp_path)

    def remembers(views: Sequence[str] | None) -> object:
        return remembering(memory, world, "look", tmp_path / "job", views)

    once = Window(0, 0, 4)
    first = next(iter(film(world, shot, rasterizer, Restless(), GUIDED, remembers).windows([once], None)))  # type: ignore[arg-type]
    assert first.views
    other = Restless()
    other.told.append(Conditions())  # so that its tint is the other one
    [again] = film(world, shot, rasterizer, other, GUIDED, remembers).windows([once], None)  # type: ignore[arg-type]
    assert other.told[1].known is not None
    fresh = Restless()
    fresh.told.append(Conditions())
    [new] = film(world, shot, rasterizer, fresh, GUIDED).windows([once], None)
    before = first.pictures.astype(np.float32)
    assert np.abs(again.pictures - before).mean() < 0.4 * np.abs(new.pictures - before).mean()


class Fake:
    """Windows that depend on all before them. stop_at: so many are painted before it stops."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stop_at, self.painted, self.went_on = stop_at, list[int](), list[Before | None]()

    def windows(self, windows: Sequence[Window], before: Before | None) -> Iterator[Painted]:
        self.went_on.append(before)
        for window in windows:
            if len(self.painted) == self.stop_at:
                raise KeyboardInterrupt
            self.painted.append(window.index)
            rng = np.random.default_rng(window.index)
            pictures = rng.integers(0, 200, (len(window), JOB.height, JOB.width, 3)).astype(np.uint8)
            if before is not None:
                pictures += (before.pictures.mean((0, 1, 2)) / 5).astype(np.uint8) + np.uint8(len(before.views))
            before = Before(pictures[-2:], (*(before.views if before else ()), f"view-{window.index}"))
            yield Painted(window, pictures, before.views)


def pictures(out: Path) -> list[np.ndarray]:
    return [read_image(frame_path(out, k)) for k in range(JOB.start, JOB.stop)]


def test_a_killed_film_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    run_job(JOB, Fake, tmp_path / "whole", film=False)
    for stop_at in (1, 2):
        out = tmp_path / f"stopped-{stop_at}"
        with pytest.raises(KeyboardInterrupt):
            run_job(JOB, lambda stop_at=stop_at: Fake(stop_at), out, film=False)
        assert views_needed(JOB, out) == tuple(f"view-{k}" for k in range(stop_at))
        painter = Fake()
        result = run_job(JOB, lambda painter=painter: painter, out, film=False)
        assert painter.painted == list(range(stop_at, 3))
        assert result.kept == JOB.windows[stop_at].start
        for one, other in zip(pictures(tmp_path / "whole"), pictures(out), strict=True):
            np.testing.assert_array_equal(one, other)
    assert run_job(JOB, Fake, tmp_path / "whole", film=False).nothing_to_do


def test_windows_after_a_broken_one_are_painted_again(tmp_path: Path) -> None:
    run_job(JOB, Fake, tmp_path, film=False)
    whole = pictures(tmp_path)
    frame_path(tmp_path, 5).unlink()
    painter = Fake()
    run_job(JOB, lambda: painter, tmp_path, film=False)
    assert painter.painted == [1, 2]
    before = painter.went_on[0]
    assert before is not None
    np.testing.assert_array_equal(before.pictures, np.stack(whole[2:4]))
    for one, other in zip(whole, pictures(tmp_path), strict=True):
        np.testing.assert_array_equal(one, other)
    manifest = read_json(tmp_path / "manifest.json")
    assert manifest is not None
    assert manifest["remembered_views"] == ["view-0", "view-1", "view-2"]


def test_a_range_of_frames_knows_nothing_of_what_is_before_it(tmp_path: Path) -> None:
    job = replace(JOB, start=3)
    assert job.before(job.windows[0]) == ()
    assert read_before(job, job.windows[0], tmp_path) is None
    assert job.before(job.windows[1]) == (job.windows[1].start - 2, job.windows[1].start - 1)
