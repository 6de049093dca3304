"""The files of one part of a shot for another program: control clips, masks, what is known, starting noise, cameras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from conditioning.control_choice import strengths
from conditioning.control_video import control_pictures, known_mask
from conditioning.models.family import ControlSpec, Family
from conditioning.text import said_at
from render.files import bytes_from_display, read_image, write_image, write_json, written_whole
from render.passframe import ShotPasses
from render.raster import Rasterizer
from render.video import write_video
from tools.handoff import VACE_FPS, Part, strengths_differ, texts, written_frames
from tools.opened import Opened
from worldgen.camera_files import camera_json
from worldgen.conventions import F32, U8, Bool
from worldgen.world import Shot

CRF: Final = 4
"""Of the clips: nothing is lost that can be seen."""
CHANNELS: Final = 16
"""Of the latents of Wan and Cosmos; each is of ``CELL`` x ``CELL`` pixels and of ``STRIDE`` frames."""
CELL: Final = 8
STRIDE: Final = 4
GAMMA: Final = 0.5
"""Share of the starting noise that is each frame's own: large models know only noise that is new in every frame."""
SURE: Final = 0.5
"""Share from which a remembered pixel counts as known."""
REFERENCE: Final = "reference.png"
GREY: Final = 128
"""What clips of known pixels show where nothing is known."""

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Known:
    """What memory shows of a frame. picture: (H, W, 3) uint8. where: (H, W)."""

    picture: U8
    where: Bool


@dataclass(frozen=True)
class Work:
    """One part of a shot for one tool. frames: of the shot. controls: what the tool gets."""

    opened: Opened
    shot: Shot
    frames: range
    family: Family
    controls: Mapping[str, ControlSpec]
    raster: Rasterizer
    tool: str
    folder: Path

    @property
    def inputs(self) -> Path:
        """Where the clips lie: for ComfyUI all that goes into its input folder lies together."""
        return self.folder / "input" if self.tool == "comfyui" else self.folder

    @property
    def name(self) -> str:
        """Of the part, for files."""
        whole = len(self.frames) == self.shot.frames
        name = f"{self.opened.production.name}-{self.shot.name}"
        return name if whole else f"{name}-{self.frames.start + 1:04d}-{self.frames.stop:04d}"

    @property
    def written(self) -> int:
        """How many frames the clips have: those that only fill them up show the last one again."""
        return written_frames(self.tool, self.family, len(self.frames))

    @cached_property
    def passes(self) -> ShotPasses:
        """What controls are drawn from."""
        return ShotPasses(self.opened.production.world, self.shot, self.raster)

    def clip(self, file: str) -> Path:
        """Where a clip lies; in ComfyUI's one input folder names must tell shots apart."""
        return self.inputs / (f"{self.name}_{file}" if self.tool == "comfyui" else file)


def make_files(work: Work, tell: Told) -> dict[str, Any]:
    """Write everything, and say what there is: JSON values. Errors: ``OSError``."""
    known = _known(work)

    def control(name: str) -> Path:
        styles = {name: work.controls[name].style}

        def picture(frame: int) -> U8:
            drawn = control_pictures(work.passes, styles, frame)[name]
            return _over(bytes_from_display(drawn * 0.5 + 0.5), known.get(frame))

        return _film(work, f"{name}.mp4", picture)

    clips: list[Callable[[], Path]] = [partial(control, name) for name in work.controls]
    if work.tool == "cosmos":
        clips.append(lambda: _film(work, "input.mp4", lambda k: _over(_proxy(work, k), known.get(k))))
        if known:
            clips.append(lambda: _film(work, "guided_mask.mp4", lambda k: 255 - _mask(work, known.get(k))))
    else:
        clips.append(lambda: _film(work, "mask.mp4", lambda k: _mask(work, known.get(k))))
    if known:
        clips.append(lambda: _film(work, "known.mp4", lambda k: _over(_grey(work), known.get(k))))
    clips.append(lambda: _noise(work))
    if (style := work.opened.style) is not None:
        clips.append(lambda: _reference(work, style))
    files = []
    for count, make in enumerate(clips):
        tell(count, len(clips))
        files.append(make())
    part = _part(work, bool(known))
    for name, text in texts(work.tool, part).items():
        files.append(work.folder / name)
        if isinstance(text, str):
            with written_whole(files[-1]) as path:
                path.write_text(text, encoding="utf-8")
        else:
            write_json(files[-1], text)
    files.append(_cameras(work))
    tell(len(clips), len(clips))
    return _told(work, part, files)


def _film(work: Work, file: str, picture: Callable[[int], U8]) -> Path:
    """A clip of the frames, and after them the last one again as often as the tool wants."""
    path = work.clip(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    fps = VACE_FPS if work.tool == "wan-vace" else work.shot.fps

    def frames() -> Iterator[U8]:
        shown = np.zeros((0, 0, 3), np.uint8)
        for k in work.frames:
            shown = picture(k)
            yield shown
        for _ in range(work.written - len(work.frames)):
            yield shown

    write_video(path, frames(), fps, crf=CRF)
    return path


def _over(picture: U8, known: Known | None) -> U8:
    """What is known, and around it ``picture``."""
    return picture if known is None else np.where(known.where[..., None], known.picture, picture)


def _grey(work: Work) -> U8:
    return np.full((work.shot.track.height, work.shot.track.width, 3), GREY, np.uint8)


def _mask(work: Work, known: Known | None) -> U8:
    """Black where pixels are kept, white where they are painted."""
    where: Bool = np.zeros(_grey(work).shape[:2], np.bool_) if known is None else known.where
    return bytes_from_display(known_mask(where) * 0.5 + 0.5)


def _proxy(work: Work, frame: int) -> U8:
    shot = work.shot
    shading = work.passes.shader.shade(work.passes.world.at(shot.time(frame)), shot.track[frame])
    return bytes_from_display(shading.proxy)


def _known(work: Work) -> dict[int, Known]:
    """What memory shows of the frames, where the scene has one; nothing where it shows none of them."""
    if not (work.opened.folder / "memory").is_dir():
        return {}
    from conditioning.frames import FrameMaker
    from conditioning.guidance import Source, consensus, light_of
    from conditioning.memory import Frame, remembering
    from conditioning.memory_store import WorldMemory
    from tools.painters import look_of

    memory, world = WorldMemory(work.opened.folder / "memory"), work.opened.production.world
    maker = FrameMaker(world, work.shot, work.raster, work.shot.seed, 1.0)
    found = {}
    with remembering(memory, world, look_of(work.opened), work.folder) as session:
        if not session.live:
            return {}
        for frame in maker.frames(work.frames):
            light = frame.told.proxy.transpose(1, 2, 0) * 0.5 + 0.5
            seen = Frame(frame.snapshot, frame.geometry, frame.gbuffer, light, frame.said)
            views = session.recalled(session.chosen([seen]), seen)
            there = consensus(light_of(frame.light), [Source(v.picture, light_of(v.light), v.seen) for v in views])
            if there is not None and bool((there.share > SURE).any()):
                picture: F32 = (there.picture.clamp(-1, 1).permute(1, 2, 0) * 0.5 + 0.5).numpy()
                found[frame.index] = Known(bytes_from_display(picture), (there.share[0] > SURE).numpy())
    return found


def _noise(work: Work) -> Path:
    """Starting noise (1, 16, 1 + (n - 1) / 4, h, w) of the clips' frames, float32, named ``noise``."""
    import torch
    from safetensors.numpy import save_file

    from conditioning.latent_noise import in_time, pixel_noise, pooled

    world, shot = work.opened.production.world, work.shot
    rows = []
    for k in work.frames:
        snapshot, camera = world.at(shot.time(k)), shot.track[k]
        gbuffer = work.raster.rasterize(snapshot, camera)
        rows.append(pooled(pixel_noise(k, snapshot, camera, gbuffer, shot.seed, GAMMA, CHANNELS), CELL))
    padding = -(len(rows) - 1) % STRIDE  # where the tool fills its chunks itself, the noise is of whole latents still
    noise = in_time(torch.stack([*rows, *[rows[-1]] * padding]), STRIDE).transpose(0, 1)[None]
    path = work.clip("noise.safetensors")
    with written_whole(path) as part:
        save_file({"noise": np.ascontiguousarray(noise.numpy())}, part)
    return path


def _reference(work: Work, style: Path) -> Path:
    """The picture whose style the look asks to follow."""
    path = work.clip(REFERENCE)
    write_image(path, read_image(style))
    return path


def _cameras(work: Work) -> Path:
    track, span = work.shot.track, slice(work.frames.start, work.frames.stop)
    arrays = ("world_from_camera", "K", "focus_m", "f_stop")
    cut = replace(track, **{name: getattr(track, name)[span] for name in arrays})
    path = work.folder / "camera.json"
    with written_whole(path) as part:
        part.write_text(camera_json(cut, float(work.shot.fps)), encoding="utf-8")
    return path


def _part(work: Work, known: bool) -> Part:
    shot, look = work.shot, work.opened.scene.look
    held = [max(said_at(shot.prompts, float(k / shot.fps)), default=(1.0, look.prompt)) for k in work.frames]
    said = [words for _, words in held]
    return Part(
        name=work.name,
        width=shot.track.width,
        height=shot.track.height,
        written=work.written,
        fps=shot.fps,
        prompt=max(said, key=said.count),
        negative=look.negative,
        seed=shot.seed % 2**32,
        steps=work.opened.scene.look.steps or work.family.steps,
        cfg=work.family.cfg,
        controls={name: (f"{name}.mp4", float(strengths(shot, name, work.frames).mean())) for name in work.controls},
        recommended={name: spec.strength for name, spec in work.controls.items()},
        known=known,
        noise="noise.safetensors",
        reference=None if work.opened.style is None else REFERENCE,
    )


def _told(work: Work, part: Part, files: list[Path]) -> dict[str, Any]:
    """What handoff.json says."""
    shot = work.shot
    over_time = {name: strengths(shot, name, work.frames) for name in work.controls}
    notes = []
    if part.written > len(work.frames):
        notes.append(f"{part.written} frames are written, for {work.tool} wants so many: the last is repeated")
    if work.tool == "wan-vace" and shot.fps != VACE_FPS:
        notes.append(f"the clips run at {VACE_FPS} frames a second, not the shot's {shot.fps}: so VACE reads them all")
    moving = [name for name, values in over_time.items() if strengths_differ(values.tolist())]
    if moving:
        notes.append(f"{work.tool} takes one strength for all frames: {', '.join(moving)} has its mean")
    prompts = {words for _, words in shot.prompts}
    if len(prompts) > 1:
        notes.append("the prompt changes in the shot: prompt.txt has the words that hold longest, handoff.json all")
    return {
        "for": work.tool,
        "model": work.family.name,
        "shot": shot.name,
        "frames": [work.frames.start + 1, work.frames.stop],
        "written_frames": part.written,
        "size": [part.width, part.height],
        "fps": str(shot.fps),
        "folder": str(work.folder),
        "controls": {
            name: {
                "style": asdict(spec.style) | {"kind": type(spec.style).__name__},
                "source": spec.source,
                "strength": [round(float(value), 4) for value in over_time[name]],
            }
            for name, spec in work.controls.items()
        },
        "depth": work.passes.scale.told(near_is_white=True) if "depth" in work.controls else None,
        "known": part.known,
        "prompts": [list(one) for one in shot.prompts],
        "notes": notes,
        "files": [path.relative_to(work.folder).as_posix() for path in files],
    }
