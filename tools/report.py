"""``setpiece report``: the guided and the unguided film of one seed, measured and laid side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conditioning.job import Result, key_of
from conditioning.stage import Stage
from render.files import read_image, read_json, sole_writer, write_json, written_whole
from render.raster import Rasterizer, open_rasterizer
from render.sheet import spread
from tools.commands_render import Choices, paint_shot
from tools.console import emit, progress, say
from tools.measure import measure, summary
from tools.opened import Opened, open_production
from tools.report_page import page
from worldgen.world import Shot

THUMBNAILS = 3


def report_scene(path: Path, choices: Choices, as_json: bool) -> None:
    """Write report.json and report.html beside every chosen shot, painting first what is not painted yet."""
    opened = open_production(path, choices.out)
    raster = open_rasterizer(choices.rasterizer)
    reports = []
    for shot in opened.shots(choices.shot, choices.size, choices.quality):
        report = report_shot(opened, shot, choices, raster)
        kept = f"{report['sharpness_ratio']:.0%} of the sharpness"
        say(
            f"{shot.name}: warp error {report['e_warp_guided']:.2f} guided, {report['e_warp_unguided']:.2f} unguided "
            f"({report['e_warp_ratio']:.2f} times), with {kept}. See {opened.folder / shot.name / 'report.html'}"
        )
        reports.append(report)
    raster.close()
    if as_json:
        emit({"scene": opened.production.name, "shots": reports})


def report_shot(opened: Opened, shot: Shot, choices: Choices, raster: Rasterizer) -> dict[str, Any]:
    """The report of one shot as JSON values; files and films are made only where something has changed."""
    guided = paint_shot(opened, shot, choices, raster, guided=True)
    unguided = paint_shot(opened, shot, choices, raster, guided=False)
    folder = opened.folder / shot.name
    names = ["report.json", "report.html"]
    stage = Stage(folder, "report-key.json", key_of([_job_key(guided), _job_key(unguided)]))
    if choices.force or not stage.is_done(names):
        with sole_writer(folder):
            stage.begin(names)
            _write(opened, shot, raster, guided, unguided)
            stage.finish(names, {"shot": shot.name})
    return read_json(folder / names[0]) or {}


def _job_key(result: Result) -> object:
    return (read_json(result.manifest) or {}).get("key")


def _write(opened: Opened, shot: Shot, raster: Rasterizer, guided: Result, unguided: Result) -> None:
    folder = opened.folder / shot.name
    with progress(f"{shot.name}: measuring") as tell:
        measured = measure(opened.production.world, shot, raster, guided.frames, unguided.frames, tell)
    report: dict[str, Any] = {
        "scene": opened.production.name,
        "title": opened.production.title,
        "shot": shot.name,
        "frames": shot.frames,
        "width": shot.track.width,
        "height": shot.track.height,
        **summary(measured),
    }
    thumbnails = [
        (f"frame {k + 1}", read_image(guided.frames[k]), read_image(unguided.frames[k]))
        for k in spread(shot.frames, THUMBNAILS)
    ]
    films = (f"{shot.name}.mp4", f"unguided/{shot.name}.mp4")
    with written_whole(folder / "report.html") as part:
        part.write_text(page(report, films, thumbnails), encoding="utf-8")
    write_json(folder / "report.json", report)
