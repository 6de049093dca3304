"""The verb film: painted shots in the order of the cut, seen through their lenses, as one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from conditioning.job import key_of
from conditioning.jobfiles import frame_path
from conditioning.stage import Stage
from render.files import bytes_from_display, read_image, read_json, sole_writer
from render.lens import distorted, through_lens
from render.raster import Rasterizer, open_rasterizer
from render.sheet import burn_in
from render.video import Codec, Picture, frame_of, suffix_of, timecode, write_video
from tools.console import Progress, emit, progress, say
from tools.opened import Opened, lens_key, open_production, sized
from worldgen.conventions import F32, linear_from_srgb, srgb_from_linear
from worldgen.world import Shot, World

DEEP: Final[tuple[Codec, ...]] = ("h265", "prores", "ffv1")
"""Codecs that keep more than eight bits."""


@dataclass(frozen=True)
class Finish:
    """What the command line asks for.

    shot: only this one. model: whose film of the shots; None: the scene's own. lens: depth of field, motion blur and
    distortion. start: timecode of the first frame. burn: names, frame numbers and timecode in the picture. crf: 0 best
    to 51, of h264 and h265.
    """

    shot: str | None
    model: str | None
    codec: Codec
    lens: bool
    start: str
    burn: bool
    crf: int
    rasterizer: str
    out: Path
    force: bool


def make_film(path: Path, finish: Finish, as_json: bool) -> None:
    """film.mp4, .mov or .mkv of the scene, or of one shot; made only if what it shows has changed."""
    opened = open_production(path, finish.out)
    if finish.model is not None:
        from conditioning.models.catalogue import family

        family(finish.model)  # a name that is none is said now
    painted = [_painted(opened, shot, finish) for shot in opened.shots(finish.shot, None, "final")]
    shots = [shot for shot, _ in painted]
    sizes = {(shot.track.width, shot.track.height, shot.fps) for shot in shots}
    if len(sizes) > 1:
        each = ", ".join(f"{s.name} {s.track.width}x{s.track.height} at {s.fps}" for s in shots)
        raise ValueError(f"the shots differ in size or speed ({each}): paint them alike, or choose one with --shot")
    frame_of(finish.start, shots[0].fps)
    folder = opened.folder if finish.shot is None else opened.folder / shots[0].name
    film = "film" if finish.model is None else f"film-{finish.model}"
    name = f"{film}{suffix_of(finish.codec)}"
    asked = [finish.codec, finish.lens, finish.start, finish.burn, finish.crf]
    lenses = [lens_key(shot) for shot in shots] if finish.lens else []
    stage = Stage(folder, f"{film}-{finish.codec}.json", key_of([asked, lenses, [key for _, key in painted]]))
    made = finish.force or not stage.is_done([name])
    frames = sum(shot.frames for shot in shots)
    if made:
        raster = open_rasterizer(finish.rasterizer) if finish.lens else None
        with sole_writer(folder), progress("film") as tell:
            stage.begin([name])
            pictures = _pictures(opened, shots, finish, raster, tell)
            write_video(folder / name, pictures, shots[0].fps, codec=finish.codec, crf=finish.crf, start=finish.start)
            stage.finish([name], {"shots": [shot.name for shot in shots], "timecode": finish.start})
        if raster is not None:
            raster.close()
    say(f"{'made' if made else 'nothing to do,'} {folder / name}: {frames} frames of {len(shots)} shots")
    if as_json:
        emit({"scene": opened.production.name, "film": str(folder / name), "frames": frames, "made": made})


def _painted(opened: Opened, shot: Shot, finish: Finish) -> tuple[Shot, object]:
    """The shot at the size at which it was painted, and the key of that work."""
    folder = opened.painted_folder(shot, finish.model)
    told: dict[str, Any] = read_json(folder / "manifest.json") or {}
    job = told.get("job", {})
    again = f"run `setpiece render {opened.path}{f' --model {finish.model}' if finish.model else ''}`"
    if (job.get("start"), job.get("stop")) != (0, shot.frames):
        raise ValueError(f"{shot.name} is not painted yet: {again} first")
    for k in range(shot.frames):
        if not frame_path(folder, k).is_file():
            raise ValueError(f"{frame_path(folder, k)} is missing: {again} again")
    shot = sized(shot, f"{job['width']}x{job['height']}", "final")
    if job.get("scene") != opened.scene_key(shot, prompts=False):
        if finish.lens:
            raise ValueError(
                f"{shot.name} was painted before the scene was changed, and its lens needs the world it shows: "
                f"{again} again, or make the film with --no-lens"
            )
        say(f"{shot.name} was painted before the scene was changed: the film shows it as it was")
    return shot, told.get("key")


def _pictures(
    opened: Opened, shots: Sequence[Shot], finish: Finish, raster: Rasterizer | None, tell: Progress
) -> Iterator[Picture]:
    first, done = frame_of(finish.start, shots[0].fps), 0
    total = sum(shot.frames for shot in shots)
    for shot in shots:
        for k in range(shot.frames):
            image: Picture = read_image(frame_path(opened.painted_folder(shot, finish.model), k))
            if raster is not None:
                image = _finished(opened.production.world, shot, k, image, raster, finish.codec in DEEP)
            elif finish.codec in DEEP:
                image = image.astype(np.uint16) * np.uint16(257)
            if finish.burn:
                words = f"{opened.production.name} / {shot.name}  {k + 1:04d}  {shot.track.focal_mm(k):.0f}mm"
                image = burn_in(image, words, timecode(first + done, shot.fps))
            done += 1
            tell(done, total)
            yield image


def _finished(world: World, shot: Shot, frame: int, image: Picture, raster: Rasterizer, deep: bool) -> Picture:
    linear = linear_from_srgb(image.astype(np.float32) / np.float32(255))
    linear = through_lens(world, shot, frame, linear, raster)
    bent = distorted(linear, shot.track[frame], shot.track.distortion)
    display: F32 = srgb_from_linear(np.clip(bent, 0.0, 1.0))
    return np.rint(display * 65535).astype(np.uint16) if deep else bytes_from_display(display)
