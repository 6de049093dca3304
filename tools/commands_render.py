"""The verb that paints: which frames, with what, where to, and what is told meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from conditioning.job import RenderJob
from conditioning.machine import code_key
from conditioning.memory import Session, remembering
from conditioning.memory_store import WorldMemory
from conditioning.models.catalogue import POCKET
from conditioning.run import Result, run_job, views_needed
from render.files import sole_writer
from render.raster import Rasterizer, open_rasterizer
from tools.blocking import STRENGTH, Start, start_from_film, start_from_frames
from tools.console import emit, progress, say
from tools.opened import Opened, open_production, parsed_frames
from tools.painters import AS_SAID, Painting, family_of, painting_of
from tools.painters_big import ModelChoice
from worldgen.world import Shot


@dataclass(frozen=True)
class Choices:
    """What the command line asks for. None: as the scene or the model says.

    shot: only this one. steps: of sampling. size: ``WxH``. frames: ``A-B`` from 1. still: one frame, from 1. quality:
    a key of ``tools.opened.SCALES``. out: the folder above the scene's. force: paint again what is there. memory: read
    and write what surfaces have looked like, where guidance is on. prompt: in place of the look's words. model: which
    paints, where its weights are, and how it is loaded. start_from: "pocket" or a film, for the model to paint over;
    strength: how much of it is painted anew, 0 to 1. aside: a folder of its own for the work, in the shot's.
    """

    shot: str | None
    guided: bool
    steps: int | None
    size: str | None
    frames: str | None
    still: int | None
    quality: str
    seed: int | None
    rasterizer: str
    out: Path
    force: bool
    memory: bool = True
    prompt: str | None = None
    model: ModelChoice = AS_SAID
    start_from: str | None = None
    strength: float | None = None
    aside: str = ""


def render_scene(path: Path, choices: Choices, as_json: bool) -> None:
    """Paint the chosen shots of the scene at ``path``."""
    if choices.frames is not None and choices.still is not None:
        raise ValueError("--frames and --still exclude each other: ask for one of them")
    opened = open_production(path, choices.out, choices.prompt)
    raster = open_rasterizer(choices.rasterizer)
    results = []
    for shot in opened.shots(choices.shot, choices.size, choices.quality):
        result = paint_shot(opened, shot, choices, raster, guided=choices.guided)
        where = result.film or result.frames[0]
        if result.nothing_to_do:
            say(f"{shot.name}: nothing to do, {where} is up to date")
        else:
            kept = f", {result.kept} were there" if result.kept else ""
            say(f"{shot.name}: painted {result.painted} frames in {result.seconds:.0f} s{kept}: {where}")
        results.append(described(shot, result))
    raster.close()
    if as_json:
        emit({"scene": opened.production.name, "shots": results})


@dataclass(frozen=True)
class Asked:
    """What is to be painted of one shot, by whom, and where to. memory: None neither reads nor writes one."""

    job: RenderJob
    painting: Painting
    folder: Path
    memory: WorldMemory | None


def asked_of(opened: Opened, shot: Shot, choices: Choices, raster: Rasterizer, *, guided: bool) -> Asked:
    """What ``choices`` ask of one shot; each kind of work has a folder of its own. Loads nothing heavy."""
    start, stop = chosen_frames(shot, choices)
    own = opened.painted_folder(shot, choices.model.model)
    folder = opened.folder / shot.name / choices.aside if choices.aside else own
    if not guided:
        folder /= "unguided"
    if choices.still is not None:
        folder = folder / "stills" / f"{choices.still:04d}"
    elif choices.frames is not None:
        folder = folder / "ranges" / f"{start + 1:04d}-{stop:04d}"
    first = blocked_by(opened, choices)
    blocking = asked_of(opened, shot, first, raster, guided=True) if first else None
    choice = replace(choices.model, start=_start(opened, shot, choices, blocking))
    chosen = painting_of(opened, shot, raster, steps=choices.steps, seed=choices.seed, guided=guided, choice=choice)
    memory = WorldMemory(opened.folder / "memory") if guided and choices.memory else None
    told = dict(chosen.guidance) | {"memory": memory is not None}
    if chosen.reads_prompts:
        told["words"] = opened.scene_key(shot, prompts=True)
    job = RenderJob(
        scene=opened.scene_key(shot, prompts=False),
        shot=shot.name,
        start=start,
        stop=stop,
        width=shot.track.width,
        height=shot.track.height,
        fps=shot.fps,
        model=chosen.model,
        weights=chosen.weights,
        steps=chosen.steps,
        window=chosen.window,
        every=chosen.every,
        guidance=tuple(sorted(told.items())),
        seed=chosen.seed,
        rasterizer=raster.name,
        device=chosen.device,
        code=code_key(),
        overlap=chosen.overlap,
    )
    return Asked(job, chosen, folder, memory)


def blocked_by(opened: Opened, choices: Choices) -> Choices | None:
    """What is painted first, for the model to paint over; None where nothing is.

    The command line counts before the scene; pocket paints over nothing. Errors: ``ValueError``.
    """
    family = family_of(opened, choices.model)
    words = choices.start_from or (opened.scene.look.blocking if family.checkpoints else None)
    if words is None and choices.strength is not None:
        raise ValueError("--strength is of a film to start from: say which with --start-from")
    if words != POCKET.name:
        return None
    return replace(
        choices, model=ModelChoice(POCKET.name), steps=POCKET.steps, start_from=None, strength=None, aside="blocking"
    )


def _start(opened: Opened, shot: Shot, choices: Choices, blocking: Asked | None) -> Start | None:
    strength = choices.strength or opened.scene.look.strength or STRENGTH
    if blocking is not None:
        return start_from_frames(blocking.folder, blocking.job.key, strength)
    return None if choices.start_from is None else start_from_film(Path(choices.start_from), shot, strength)


def paint_shot(opened: Opened, shot: Shot, choices: Choices, raster: Rasterizer, *, guided: bool) -> Result:
    """Paint one shot, or the frames of it that were asked for; what it starts from first."""
    asked = asked_of(opened, shot, choices, raster, guided=guided)  # what cannot be is said before anything is painted
    first = blocked_by(opened, choices)
    if first is not None:
        paint_shot(opened, shot, first, raster, guided=True)
    job, folder, memory = asked.job, asked.folder, asked.memory

    def session(views: Sequence[str] | None) -> AbstractContextManager[Session]:
        assert memory is not None
        return remembering(memory, opened.production.world, asked.painting.look, folder, views)

    words = f"{shot.name}: painting" if guided else f"{shot.name}: painting unguided"
    with sole_writer(folder), progress(words) as tell:
        if choices.force or (memory and _forgotten(job, memory, folder)):
            shutil.rmtree(folder / "windows", ignore_errors=True)
        tell(0, job.stop - job.start)
        make = partial(asked.painting.make, session if memory else None)
        return run_job(job, make, folder, tell, film=choices.still is None)


def _forgotten(job: RenderJob, memory: WorldMemory, folder: Path) -> bool:
    """Whether what is painted next needs remembered views that are no longer there, so that it cannot be as it was."""
    return not memory.has(views_needed(job, folder))


def chosen_frames(shot: Shot, choices: Choices) -> tuple[int, int]:
    """The first frame and the one after the last, from 0. Errors: ``ValueError``."""
    if choices.still is not None:
        return parsed_frames(str(choices.still), shot.frames)
    if choices.frames is not None:
        return parsed_frames(choices.frames, shot.frames)
    return 0, shot.frames


def described(shot: Shot, result: Result) -> dict[str, Any]:
    """A result as JSON values."""
    return {
        "shot": shot.name,
        "frames": [str(path) for path in result.frames],
        "film": str(result.film) if result.film else None,
        "manifest": str(result.manifest),
        "painted": result.painted,
        "kept": result.kept,
        "seconds": round(result.seconds, 3),
    }
