"""``setpiece report``: the guided and the unguided film of one seed, measured and laid side by side.

Every shot gets a page of its own; a scene of several shots gets one more, about what holds across its cuts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conditioning.job import key_of
from conditioning.run import Result
from conditioning.stage import Stage
from render.files import bytes_from_display, read_image, read_json, sole_writer, write_json, written_whole
from render.raster import Rasterizer, open_rasterizer
from render.shade import Shader
from render.video import write_video
from tools.commands_render import Choices, paint_shot
from tools.console import Progress, emit, progress, say
from tools.figures import scene_figures, shot_figures
from tools.measure import Film, FilmMeter, Seen, Take
from tools.measure_again import look_again
from tools.opened import Opened, open_production
from tools.report_page import scene_page, shot_page
from tools.report_pictures import comparison, cut_pictures, worst_pictures
from worldgen.conventions import U8
from worldgen.world import Shot, World

NAMES = ("report.json", "report.html", "report.mp4")


def report_scene(path: Path, choices: Choices, as_json: bool) -> None:
    """Write report.json and report.html beside every chosen shot, painting first what is not painted yet.

    Where several shots are reported, the folder of the scene gets a report of what lies across the cuts.
    """
    opened = open_production(path, choices.out)
    raster = open_rasterizer(choices.rasterizer)
    shots = opened.shots(choices.shot, choices.size, choices.quality)
    painted = [(shot, _painted(opened, shot, choices, raster)) for shot in shots]
    reports = []
    for shot, films in painted:
        report = report_shot(opened, shot, films, choices.force, raster)
        say(
            f"{shot.name}: warp error {report['e_warp_guided']:.2f} guided, {report['e_warp_unguided']:.2f} unguided "
            f"({report['e_warp_ratio']:.2f} times), with {report['sharpness_ratio']:.0%} of the sharpness. "
            f"See {opened.folder / shot.name / 'report.html'}"
        )
        reports.append(report)
    told: dict[str, Any] = {"scene": opened.production.name, "shots": reports}
    if len(shots) > 1:
        told["cuts"] = report_cuts(opened, painted, reports, choices.force, raster)
        say(f"across the cuts: see {opened.folder / 'report.html'}")
    raster.close()
    if as_json:
        emit(told)


Painted = tuple[Result, Result]
"""The guided and the unguided film of a shot."""


def _painted(opened: Opened, shot: Shot, choices: Choices, raster: Rasterizer) -> Painted:
    guided, unguided = (paint_shot(opened, shot, choices, raster, guided=on) for on in (True, False))
    return guided, unguided


def report_shot(opened: Opened, shot: Shot, films: Painted, force: bool, raster: Rasterizer) -> dict[str, Any]:
    """The report of one shot as JSON values; files are made only where something has changed."""
    folder = opened.folder / shot.name
    stage = Stage(folder, "report-key.json", key_of([_job_key(film) for film in films]))
    if force or not stage.is_done(NAMES):
        with sole_writer(folder):
            stage.begin(NAMES)
            _write_shot(opened, shot, raster, films)
            stage.finish(NAMES, {"shot": shot.name})
    return read_json(folder / NAMES[0]) or {}


def report_cuts(
    opened: Opened,
    painted: Sequence[tuple[Shot, Painted]],
    shots: Sequence[dict[str, Any]],
    force: bool,
    raster: Rasterizer,
) -> dict[str, Any]:
    """What holds from shot to shot of one scene, as JSON values; ``shots`` are the shots' own reports."""
    names = NAMES[:2]
    keys = [_job_key(film) for _, films in painted for film in films]
    stage = Stage(opened.folder, "report-key.json", key_of(keys))
    if force or not stage.is_done(names):
        with sole_writer(opened.folder):
            stage.begin(names)
            takes = [_take(opened.production.world, shot, raster, films) for shot, films in painted]
            with progress("across the cuts: measuring") as tell:
                looked = look_again(opened.production.world, takes, raster, tell)
            found = scene_figures(looked, [shot.name for shot, _ in painted], opened.production.world)
            report = {"scene": opened.production.name, "title": opened.production.title, **found}
            pictures = cut_pictures(looked, [shot.name for shot, _ in painted])
            with written_whole(opened.folder / names[1]) as part:
                part.write_text(scene_page(report, shots, pictures), encoding="utf-8")
            write_json(opened.folder / names[0], report)
            stage.finish(names, {"shots": [shot.name for shot, _ in painted]})
    return read_json(opened.folder / names[0]) or {}


def _job_key(result: Result) -> object:
    return (read_json(result.manifest) or {}).get("key")


def _write_shot(opened: Opened, shot: Shot, raster: Rasterizer, films: Painted) -> None:
    folder, world = opened.folder / shot.name, opened.production.world
    take = _take(world, shot, raster, films)
    meter, worst = FilmMeter(world, take, raster), _Worst()
    with progress(f"{shot.name}: measuring") as tell:
        write_video(folder / NAMES[2], (comparison(seen) for seen in _told(meter, worst, shot, tell)), shot.fps, crf=20)
    with progress(f"{shot.name}: looking again") as tell:
        looked = look_again(world, [take], raster, tell)
    report: dict[str, Any] = {
        "scene": opened.production.name,
        "title": opened.production.title,
        "shot": shot.name,
        "frames": shot.frames,
        "fps": float(shot.fps),
        "width": shot.track.width,
        "height": shot.track.height,
        **shot_figures(meter.walked(), looked),
    }
    film = folder / NAMES[2]
    links = {"guided film": f"{shot.name}.mp4", "unguided film": f"unguided/{shot.name}.mp4"}
    with written_whole(folder / NAMES[1]) as part:
        part.write_text(shot_page(report, film, links, worst_pictures(worst.kept)), encoding="utf-8")
    write_json(folder / NAMES[0], report)


class _Worst:
    """Keeps the frames of a walk whose guided film changed most, worst first."""

    def __init__(self, count: int = 3) -> None:
        self.count = count
        self.kept: list[tuple[float, Seen]] = []

    def see(self, seen: Seen) -> None:
        error = seen.errors.get("guided")
        if error is None or np.isnan(error).all():
            return
        self.kept = sorted([*self.kept, (float(np.nanmean(error)), seen)], key=lambda e: -e[0])[: self.count]


def _told(meter: FilmMeter, worst: _Worst, shot: Shot, tell: Progress) -> Iterator[Seen]:
    for seen in meter.frames():
        worst.see(seen)
        tell(seen.frame + 1, shot.frames)
        yield seen


def _take(world: World, shot: Shot, raster: Rasterizer, films: Painted) -> Take:
    shader = Shader.of(world, shot, raster)

    def proxy(frame: int) -> U8:
        return bytes_from_display(shader.shade(world.at(shot.time(frame)), shot.track[frame]).proxy)

    guided, unguided = (_film(result) for result in films)
    return Take(shot, {"guided": guided, "unguided": unguided}, proxy)


def _film(result: Result) -> Film:
    return lambda frame: read_image(result.frames[frame])
