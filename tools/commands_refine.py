"""The verb refine: a clip made elsewhere for a shot, kept steady by what is known of the shot's world."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import imageio_ffmpeg
import numpy as np
from PIL import Image

from conditioning.job import Painter, RenderJob, file_key, key_of
from conditioning.jobfiles import frame_path
from conditioning.machine import code_key
from conditioning.run import Result, run_job
from conditioning.stage import Stage
from render.files import read_image, read_json, sole_writer, write_image, write_json
from render.raster import Rasterizer, open_rasterizer
from render.video import read_video
from tools.clips import shown_by
from tools.console import emit, progress, say
from tools.opened import Opened, open_production, parsed_frames, parsed_size, sized
from worldgen.conventions import U8
from worldgen.world import Shot

if TYPE_CHECKING:
    from conditioning.frames import FrameMaker

WINDOW: Final = 16
"""Frames that are safe on disk together, at most."""
ALIKE: Final = 0.02
"""How far two sizes may differ in shape, as a share, and still show the same picture."""

SOFTER: Final = 0.85
"""Share of a clip's sharpness below which frames cannot have shown the same surfaces."""


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for.

    shot: which one the clip shows; None where the scene has only one. size: of the film; None: the clip's own. frames:
    which of the shot's the clip shows, ``A-B`` from 1; None: all.
    """

    shot: str | None
    size: str | None
    frames: str | None
    rasterizer: str
    out: Path
    force: bool


@dataclass(frozen=True)
class Clip:
    """A clip as pictures in ``folder``/clip. frames: of the shot, which it shows. key: of its bytes, size and frames.

    notes: what was done to it, in sentences.
    """

    folder: Path
    width: int
    height: int
    frames: range
    key: str
    notes: tuple[str, ...]

    def picture(self, frame: int) -> U8:
        """(H, W, 3) of a frame of the shot."""
        return read_image(self.folder / "clip" / f"{frame + 1:04d}.png")


def refine_clip(video: Path, scene: Path, wanted: Wanted, as_json: bool) -> None:
    """Write the film, its frames and refined.json into refined/ of the shot's folder; only what is not there yet."""
    opened = open_production(scene, wanted.out)
    shot = _shot(opened, wanted.shot)
    folder = opened.folder / shot.name / "refined"
    with sole_writer(folder):
        clip = _unpacked(video, shot, folder, wanted)
        for note in clip.notes:
            say(f"{shot.name}: {note}")
        shot = sized(shot, f"{clip.width}x{clip.height}", "final")
        with closing(open_rasterizer(wanted.rasterizer)) as raster:
            if wanted.force:
                shutil.rmtree(folder / "windows", ignore_errors=True)
            told = _refined(opened, shot, clip, raster)
    if as_json:
        emit({"scene": opened.production.name, **told})


def _refined(opened: Opened, shot: Shot, clip: Clip, raster: Rasterizer) -> dict[str, Any]:
    from conditioning.frames import FrameMaker
    from conditioning.guidance import Guidance

    maker, guidance = FrameMaker(opened.production.world, shot, raster, shot.seed, 1.0), Guidance()
    job = RenderJob(
        scene=opened.scene_key(shot, prompts=True),
        shot=shot.name,
        start=clip.frames.start,
        stop=clip.frames.stop,
        width=clip.width,
        height=clip.height,
        fps=shot.fps,
        model="refine",
        weights=clip.key,
        steps=1,
        window=WINDOW,
        every=guidance.every,
        guidance=tuple(sorted(asdict(guidance).items())),
        seed=shot.seed,
        rasterizer=raster.name,
        device="cpu",
        code=code_key(),
    )
    with progress(f"{shot.name}: refining") as tell:
        result = run_job(job, partial(_painter, maker, clip), clip.folder, tell)
    figures = clip.folder / "refined.json"
    told: dict[str, Any] = read_json(figures) or {}
    if told.get("key") == job.key and result.nothing_to_do:
        say(f"{shot.name}: nothing to do, {result.film} is up to date")
        return told
    told = {"key": job.key, "shot": shot.name, "film": str(result.film), "notes": list(clip.notes)}
    told |= _figures(maker, clip, result)
    write_json(figures, told)
    before, after = told["before"], told["after"]
    say(
        f"{shot.name}: warp error {after['e_warp']['0']:.2f}, before {before['e_warp']['0']:.2f} (the built world has "
        f"{told['world']['e_warp']['0']:.2f}), with {told['sharpness_ratio']:.0%} of the sharpness: {result.film}"
    )
    if told["sharpness_ratio"] < SOFTER:
        say(
            f"{shot.name}: the clip does not seem to show what the world shows there, so its frames were blurred into "
            "each other: look whether --shot, --frames and the shape of its picture are right"
        )
    return told


def _painter(maker: FrameMaker, clip: Clip) -> Painter:
    from conditioning.guidance import Guidance
    from conditioning.refine import Refiner, Unsteady, measured

    films, world = measured(maker, {"clip": clip.picture}, clip.frames)
    return Refiner(maker, clip.picture, clip.frames, Unsteady.of(films["clip"], world), Guidance())


def _figures(maker: FrameMaker, clip: Clip, result: Result) -> dict[str, Any]:
    """Before and after, over points that are lit alike in neighbouring frames: JSON values."""
    from conditioning.refine import Steadiness, Unsteady, measured
    from tools.figures import by_sigma, ratio

    films, world = measured(
        maker,
        {"before": clip.picture, "after": lambda k: read_image(frame_path(clip.folder, k))},
        clip.frames,
    )

    def told(one: Steadiness) -> dict[str, Any]:
        return {"e_warp": by_sigma(one.change.mean), "sharpness": round(one.sharpness, 4)}

    return {
        "frames": len(result.frames),
        "size": [clip.width, clip.height],
        "unsteady": asdict(Unsteady.of(films["before"], world)),
        **{name: told(film) for name, film in films.items()},
        "world": told(world),
        "e_warp_ratio": ratio(films["after"].change.mean[0], films["before"].change.mean[0]),
        "sharpness_ratio": ratio(films["after"].sharpness, films["before"].sharpness),
    }


def _shot(opened: Opened, name: str | None) -> Shot:
    shots = opened.production.shots
    if name is None and len(shots) > 1:
        raise ValueError(f"say with --shot which of the shots the clip shows: {', '.join(one.name for one in shots)}")
    return shots[0] if name is None else opened.production.shot(name)


def _unpacked(video: Path, shot: Shot, folder: Path, wanted: Wanted) -> Clip:
    """The clip's frames as pictures, resampled where another size is asked for. Errors: ``ValueError``, ``OSError``."""
    span = range(*parsed_frames(wanted.frames, shot.frames)) if wanted.frames else range(shot.frames)
    pictures = _frames_of(video)
    first = next(pictures)
    height, width = first.shape[:2]
    size = parsed_size(wanted.size) if wanted.size else (width, height)
    notes = _notes(video, (width, height), size, shot)
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(video))
    places, said = shown_by(video, count, seconds, shot, span)
    names = [f"clip/{k + 1:04d}.png" for k in span]
    key = key_of([file_key(video), size, span.start, span.stop])
    stage = Stage(folder, "clip.json", key)
    if wanted.force or not stage.is_done(names):
        stage.begin(names)
        wanting = dict[int, list[str]]()
        for place, name in zip(places, names, strict=True):
            wanting.setdefault(place, []).append(name)
        read = 0
        for place, picture in enumerate(_with_first(first, pictures)):
            for name in wanting.get(place, ()):
                write_image(folder / name, _resampled(picture, size))
            read = place + 1
            if read > places[-1]:
                break
        if read <= places[-1]:
            raise ValueError(f"{video} breaks off after {read} of its {count} frames: make it again")
        stage.finish(names, {"clip": str(video)})
    return Clip(folder, size[0], size[1], span, key, (*notes, *said))


def _notes(video: Path, clip: tuple[int, int], size: tuple[int, int], shot: Shot) -> tuple[str, ...]:
    """What is done to a clip of one size to make a film of another. Errors: ``ValueError`` if it cannot be done."""
    shapes = [width / height for width, height in (clip, size, (shot.track.width, shot.track.height))]
    was, becomes, world = (f"{w}x{h}" for w, h in (clip, size, (shot.track.width, shot.track.height)))
    if abs(shapes[0] / shapes[1] - 1) > ALIKE:
        raise ValueError(f"{video} is {was}, which has another shape than {becomes}: ask for a --size of its shape")
    notes = []
    if clip != size:
        notes.append(f"{video.name} is {was} and is resampled to {becomes}")
    if abs(shapes[1] / shapes[2] - 1) > ALIKE:
        notes.append(f"{becomes} has another shape than the scene's {world}: it is taken to show more or less above "
                     "and below, as `setpiece passes --size` does")  # fmt: skip
    return tuple(notes)


def _frames_of(video: Path) -> Iterator[U8]:
    """The frames of a film, at least one. Errors: ``ValueError`` if it is none, ``OSError``."""
    pictures = read_video(video)
    try:
        first = next(pictures, None)
    except (OSError, RuntimeError, StopIteration) as error:
        if isinstance(error, FileNotFoundError):
            raise
        first = None
    if first is None:
        raise ValueError(f"{video} is no film that can be read: give an mp4, mov, mkv or webm file")
    return _with_first(first, pictures)


def _with_first(first: U8, rest: Iterator[U8]) -> Iterator[U8]:
    yield first
    yield from rest


def _resampled(picture: U8, size: tuple[int, int]) -> U8:
    if picture.shape[1::-1] == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
