"""The verb passes --for: a shot as ComfyUI, VACE's own program or Cosmos-Transfer take it, ready to run there."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conditioning.control_choice import chosen_controls
from conditioning.job import key_of, plan_windows
from conditioning.models.family import Family
from conditioning.stage import Stage
from render.files import read_json, sole_writer
from render.raster import Rasterizer, open_rasterizer
from tools.console import emit, progress, say
from tools.handoff import at_side, families, size_for
from tools.handoff_files import Work, make_files
from tools.opened import Opened, open_production, parsed_frames, parsed_size, sized
from worldgen.errors import listed
from worldgen.world import Shot

RECORD: Final = "handoff.json"


@dataclass(frozen=True)
class HandOff:
    """What the command line asks for. tool: one of ``tools.handoff.TOOLS``. frames: ``A-B`` from 1, or all."""

    tool: str
    path: Path
    shot: str | None
    frames: str | None
    size: str | None
    quality: str
    rasterizer: str
    out: Path
    force: bool


def hand_over(wanted: HandOff, as_json: bool) -> None:
    """Write for-TOOL/ into every chosen shot's folder; only what has changed is made."""
    opened = open_production(wanted.path, wanted.out)
    results = []
    with closing(open_rasterizer(wanted.rasterizer)) as raster:
        for one in opened.shots(wanted.shot, None, wanted.quality):
            family, shot = _fitted(wanted, one)
            span = range(*parsed_frames(wanted.frames, shot.frames)) if wanted.frames else range(shot.frames)
            for frames in _parts(wanted.tool, family, span):
                results.append(_hand_over(opened, shot, frames, family, raster, wanted))
    if as_json:
        emit({"scene": opened.production.name, "for": wanted.tool, "parts": results})


def _fitted(wanted: HandOff, shot: Shot) -> tuple[Family, Shot]:
    """The model that the tool runs, and the shot at a size that it paints. Errors: ``ValueError``."""
    width, height = parsed_size(wanted.size) if wanted.size else (shot.track.width, shot.track.height)
    small, large = families(wanted.tool)
    family = small if width * height <= small.most_pixels * 1.1 else large
    if wanted.tool == "wan-vace" and wanted.size and (width, height) not in family.sizes:
        sizes = listed(f"{w}x{h}" for w, h in sorted({*small.sizes, *large.sizes}))
        raise ValueError(f"VACE's own program makes every clip {sizes}, so {wanted.size} would be scaled: ask for one")
    size = at_side(family, width, height) if wanted.size else size_for(wanted.tool, family, width, height)
    return family, sized(shot, f"{size[0]}x{size[1]}", "final")


def _parts(tool: str, family: Family, span: range) -> list[range]:
    """The frames as the model takes them at once; Cosmos goes on from chunk to chunk itself."""
    if tool == "cosmos":
        return [span]
    return [range(window.start, window.stop) for window in plan_windows(len(span), family.window, span.start)]


def _hand_over(
    opened: Opened, shot: Shot, frames: range, family: Family, raster: Rasterizer, wanted: HandOff
) -> dict[str, Any]:
    folder = opened.folder / shot.name / f"for-{wanted.tool}"
    if len(frames) < shot.frames:
        folder /= f"{frames.start + 1:04d}-{frames.stop:04d}"
    work = Work(opened, shot, frames, family, chosen_controls(family, shot), raster, wanted.tool, folder)
    remembered = sorted(path.name for path in (opened.folder / "memory").glob("*"))
    asked = [opened.scene_key(shot, prompts=True), opened.geometry_key(shot), frames.start, frames.stop, family.name]
    stage = Stage(folder, RECORD, key_of([*asked, raster.name, remembered]))
    told = (read_json(folder / RECORD) or {}).get("inputs")
    if isinstance(told, dict) and not wanted.force and stage.is_done(told["files"]):
        say(f"{shot.name}: nothing to do, {folder} is up to date")
        return told
    with sole_writer(folder), progress(f"{shot.name}: for {wanted.tool}") as tell:
        stage.begin([])
        told = make_files(work, tell)
        stage.finish(told["files"], told)
    say(f"{shot.name}: {len(frames)} frames of {shot.track.width}x{shot.track.height} for {wanted.tool}: {folder}")
    for note in told["notes"]:
        say(f"{shot.name}: {note}")
    return told
