"""The films of the consistency benchmark: every way to paint one scene, from the same frames, denoiser and seed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import torch

from conditioning.frames import Frame, FrameMaker
from conditioning.guidance import Guidance
from conditioning.job import Keyframe, plan_keyframes
from conditioning.memory import remembering
from conditioning.memory_store import WorldMemory
from conditioning.noise import gaussian
from conditioning.paint import Denoiser, PaintSettings, ShotPainter, paint_clip
from render.correspondence import FrameGeometry
from render.files import bytes_from_display
from render.raster import Rasterizer
from tools.bench import consistency_rivals as rivals
from worldgen.camera import CameraTrack
from worldgen.conventions import F32, U8, seed_from, srgb_from_linear
from worldgen.light import film_curve
from worldgen.world import Shot, World

TRUTH_SPP: Final = 32
"""Paths a pixel of the truth, denoised with clean guides."""

_LOG_EXPOSURE: Final = 6  # of Controls.light


@dataclass(frozen=True)
class Films:
    """Films of one shot by name, (N, H, W, 3) uint8, and the seconds of work of the guided and the unguided one."""

    films: Mapping[str, U8]
    seconds: Mapping[str, float]


def shortened(shot: Shot, frames: int) -> Shot:
    """``frames`` frames at most of a shot, every k-th of them; what they show is as in the whole shot."""
    step = max(1, shot.frames // frames)
    kept = np.arange(0, shot.frames, step)[:frames]
    track = shot.track
    some: dict[str, Any] = {
        field.name: value[kept]
        for field in fields(CameraTrack)
        if isinstance(value := getattr(track, field.name), np.ndarray) and len(value) == shot.frames
    }
    return replace(shot, track=replace(track, **some), fps=shot.fps / step)


class ReadyFrames(FrameMaker):
    """Frames that were made before, for painters that ask for them one by one."""

    def __init__(self, shot: Shot, made: Sequence[Frame]) -> None:
        self.shot, self._made = shot, made

    def frames(self, indices: Iterable[int]) -> Iterator[Frame]:
        """The frames of these numbers."""
        return (self._made[index] for index in indices)

    def geometry(self, index: int) -> FrameGeometry:
        """Where the surfaces of one frame are."""
        return self._made[index].geometry


def films_of(
    world: World, shots: Sequence[Shot], made: Sequence[Sequence[Frame]], denoiser: Denoiser, steps: int, seed: int
) -> list[Films]:
    """Every film of the shots of one scene, in order of the cut. made: their frames, with their surfaces' noise."""
    found = []
    cv2 = opencv()
    paint_clip(made[0][:1], denoiser, PaintSettings(steps, None))  # the first picture loads what the others need
    with tempfile.TemporaryDirectory() as folder:
        memory = WorldMemory(Path(folder) / "memory")
        for shot, frames in zip(shots, made, strict=True):
            settings = PaintSettings(steps, Guidance())
            start = _seconds()
            guided = _guided(world, shot, frames, denoiser, settings, memory, Path(folder) / shot.name)
            middle = _seconds()
            alone = [_by_itself(frame, shot, seed) for frame in frames]
            unguided = paint_clip(alone, denoiser, PaintSettings(steps, None))
            end = _seconds()
            films: dict[str, Any] = {
                "guided": guided,
                "unguided": unguided,
                "shared noise": rivals.shared_noise(alone, denoiser, steps),
                "temporal filter": rivals.temporal_filter(unguided, frames),
                "tmix": rivals.tmix(bytes_from_display(unguided)),
                "deflicker": rivals.deflicker(bytes_from_display(unguided)),
            }
            if cv2 is not None:
                films["previous frame"] = rivals.previous_frame(alone, denoiser, steps, cv2)
            found.append(
                Films(
                    {name: bytes_from_display(film) for name, film in films.items()},
                    {"guided": middle - start, "unguided": end - middle},
                )
            )
    return found


def _seconds() -> float:
    """Of work: processor time of all threads, which other programs do not lengthen; on a GPU what the clock says."""
    return time.perf_counter() if torch.cuda.is_available() else time.process_time()


def opencv() -> Any:
    """The module ``cv2``, or None where the ``bench`` extra is not installed."""
    try:
        import cv2
    except ImportError:
        return None
    assert isinstance(cv2, ModuleType)
    return cv2


def truth_of(world: World, shot: Shot, frames: Sequence[Frame]) -> U8 | None:
    """The path-traced film (N, H, W, 3) of a world that stands still, exposed as its frames are.

    None where the ``train`` extra is not installed. It has noise of its own: its warp error is what is physical, and
    the rest of that noise.
    """
    try:
        from tools.train.truth import PathTracer

        light = world.light(shot.time(0))
        tracer = PathTracer(world.at(shot.time(0)), light.sky, light.lamps)
    except ValueError:
        return None
    film = []
    for frame in frames:
        radiance = tracer.render(shot.track[frame.index], TRUTH_SPP, seed=frame.index)
        exposed = radiance * np.float32(10.0 ** float(frame.told.light[_LOG_EXPOSURE]))
        film.append(bytes_from_display(srgb_from_linear(film_curve(exposed))))
    return np.stack(film)


def proxies(frames: Sequence[Frame]) -> U8:
    """(N, H, W, 3) the built world, lit and not painted."""
    return np.stack([bytes_from_display(frame.told.proxy.transpose(1, 2, 0) * 0.5 + 0.5) for frame in frames])


def frames_of(world: World, shot: Shot, rasterizer: Rasterizer, seed: int) -> list[Frame]:
    """All frames of a shot, made ready once for every film."""
    return list(FrameMaker(world, shot, rasterizer, seed).frames(range(shot.frames)))


def _guided(
    world: World,
    shot: Shot,
    frames: Sequence[Frame],
    denoiser: Denoiser,
    settings: PaintSettings,
    memory: WorldMemory,
    folder: Path,
) -> F32:
    """As a film is painted: keyframes one after another, with the memory of the world, then what lies between."""
    assert settings.guidance is not None
    painter = ShotPainter(
        ReadyFrames(shot, frames),
        denoiser,
        settings,
        lambda views: remembering(memory, world, "benchmark", folder, views),
    )
    keys: list[Keyframe] = list(painter.keyframes(plan_keyframes(0, len(frames), settings.guidance.every), None))
    film = {key.frame: key.picture.astype(np.float32) / 255.0 for key in keys}
    rest = [k for k in range(len(frames)) if k not in film]
    if rest:
        film |= zip(rest, next(painter.paint([(rest, keys)])), strict=True)
    return np.stack([film[k] for k in range(len(frames))])


def _by_itself(frame: Frame, shot: Shot, seed: int) -> Frame:
    """The frame with noise of its own, as unguided films have it."""
    count = frame.light[0].numel()
    own = gaussian(np.arange(count, dtype=np.uint64), seed_from(seed, shot.name, frame.index), 3)
    return replace(frame, grain=torch.from_numpy(own.reshape(frame.light.shape)).clone)
