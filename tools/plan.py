"""What painting a shot will be, worked out before anything heavy starts: sizes, windows, controls, memory, time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from conditioning.control_choice import chosen_controls
from conditioning.job import RenderJob, plan_keyframes, plan_windows
from conditioning.models.family import ControlSpec, Family, snapped
from conditioning.models.fits import Machine, fit
from conditioning.run import Work
from render.files import read_json
from tools.estimate import seconds_to_paint
from tools.painters import WINDOW
from worldgen.world import Shot


@dataclass(frozen=True)
class PlannedWindow:
    """Frames that are painted together. first, last: counted from 1. shown: frames before them that it goes on from.

    rendered: how many the model really paints, with those before and those that are thrown away. prompts: the words
    that hold in it, in order.
    """

    first: int
    last: int
    shown: int
    rendered: int
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Painted:
    """What the model paints of a picture. width, height: of it, pixels; right, below: of these, added and cut again."""

    width: int
    height: int
    right: int
    below: int
    most_pixels: int

    @property
    def words(self) -> str:
        """One phrase."""
        asked = f"{self.width - self.right}x{self.height - self.below}"
        cut = [f"{px} px {where}" for px, where in ((self.right, "right"), (self.below, "below")) if px]
        if cut:
            asked = f"{asked}, painted as {self.width}x{self.height} and cut: {' and '.join(cut)}"
        if self.width * self.height > self.most_pixels:
            asked += f"; larger than it was trained for ({self.most_pixels / 1e6:.1f} megapixels)"
        return asked


def painted_size(family: Family, shot: Shot) -> Painted:
    """What ``family`` paints for pictures of ``shot``."""
    width, height = shot.track.width, shot.track.height
    size = snapped(family, width, height, 1)
    return Painted(size.width, size.height, size.width - width, size.height - height, family.most_pixels)


def planned_windows(family: Family, shot: Shot, start: int, stop: int, job: RenderJob | None) -> list[PlannedWindow]:
    """The windows of frames ``start`` to ``stop - 1``: as ``job`` has them; without one, as the family would."""
    overlap = job.overlap if job else family.overlap
    length = family.window if overlap else WINDOW
    windows = job.windows if job else plan_windows(stop - start, length, start, overlap)
    found = []
    for window in windows:
        shown = min(overlap, window.start - start)
        together = len(window) + shown
        rendered = snapped(family, 16, 16, together).frames if overlap else together
        words = tuple(prompts_in(shot, window.start, window.stop))
        found.append(PlannedWindow(window.start + 1, window.stop, shown, rendered, words))
    return found


def prompts_in(shot: Shot, start: int, stop: int) -> Iterable[str]:
    """The words that hold for some of frames ``start`` to ``stop - 1``, in order."""
    times = [float(k / shot.fps) for k in range(start, stop)]
    held = [[words for since, words in shot.prompts if since <= time][-1:] for time in times]
    return dict.fromkeys(words[0] for words in held if words and words[0])


def keyframes_of(family: Family, start: int, stop: int, job: RenderJob | None) -> tuple[int, ...]:
    """Frames that are painted before the windows, counted from 1."""
    every = job.every if job else family.guidance.every
    keys = job.keys if job else plan_keyframes(start, stop, every) if every else ()
    return tuple(key + 1 for key in keys)


def strengths_of(shot: Shot, spec: ControlSpec) -> str:
    """How strongly a control steers, in words."""
    said = dict(shot.controls).get(spec.name, ((0.0, 1.0),))
    if len(said) == 1:
        return f"strength {said[0][1]:g}"
    return "strength " + ", ".join(f"{value:g} at {time:g} s" for time, value in said)


def style_words(spec: ControlSpec) -> str:
    """The convention of a control's pictures, in words: ``near white, inverse``."""
    values = [(field.name, getattr(spec.style, field.name)) for field in fields(spec.style)]
    said = ", ".join(f"{name} {' '.join(value) if isinstance(value, tuple) else value}" for name, value in values)
    return f"{type(spec.style).__name__.removesuffix('Style').lower()}: {said}" if said else "as it is"


def controls_of(family: Family, shot: Shot) -> list[dict[str, str]]:
    """The controls that are sent. Errors: ``ValueError`` for what the family does not take."""
    return [
        {"name": name, "strength": strengths_of(shot, spec), "convention": style_words(spec), "source": spec.source}
        for name, spec in chosen_controls(family, shot).items()
    ]


def memory_of(family: Family, machine: Machine) -> dict[str, Any]:
    """Memory at each offload, and which is used here."""
    found = fit(family, machine)
    return {
        "machine": machine.words,
        "levels_gb": {offload: needs for offload, needs in family.memory},
        "used": found.offload,
        "fits": found.well,
        "why": found.words,
    }


def seconds_of(family: Family, shot: Shot, frames: int, steps: int, folder: Path) -> tuple[float | None, str]:
    """About how long ``frames`` take, and on what that rests. folder: where earlier films of the scene lie."""
    if not family.checkpoints:
        return seconds_to_paint(shot) * frames / shot.frames, "measured with pocket on two cores"
    for manifest in sorted([*folder.glob("*/manifest.json"), *folder.glob(f"*/{family.name}/manifest.json")]):
        told = read_json(manifest) or {}
        job, timing = told.get("job"), told.get("timing")
        if not isinstance(job, dict) or not isinstance(timing, dict) or job.get("model") != family.name:
            continue
        painted, spent = timing.get("frames_painted"), timing.get("windows_s")
        if not painted or not isinstance(spent, dict):
            continue
        work = painted * job["width"] * job["height"] * job["steps"]
        asked = frames * shot.track.width * shot.track.height * steps
        return sum(spent.values()) * asked / work, f"measured in {manifest.parent.relative_to(folder)} on this disk"
    return None, "unknown: nothing was painted with it here yet, and no figure is stated"


def done_of(job: RenderJob | None, folder: Path) -> int | None:
    """Frames that lie there already; None where it cannot be said, since the weights are not here."""
    return None if job is None else job.stop - job.start - Work.of(job, folder).frames
