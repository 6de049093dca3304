"""What every verb starts from: a scene file opened, its shots chosen and sized, and the hashes that name its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from conditioning.job import file_key, key_of
from conditioning.machine import code_key
from worldgen.build import Production, build
from worldgen.camera import CameraTrack
from worldgen.check import picture_path
from worldgen.load import load_scene
from worldgen.spec import Scene
from worldgen.world import Shot

SCALES: Final = {"draft": 0.25, "preview": 0.5, "final": 1.0}
"""Of width and height."""
MAX_SIDE: Final = 8192
_FINISH: Final = {"focus": True, "stop": True, "shutter": True, "distortion": True}
"""What of a lens is laid over pictures afterwards: it changes no picture that is drawn or painted."""
_COMPANIONS: Final = (".gltf", ".obj")
"""Mesh files that read others (buffers, materials, pictures) from their folder."""


@dataclass(frozen=True)
class Opened:
    """A scene file with all that was built from it. ``folder`` is where its output goes."""

    path: Path
    scene: Scene
    production: Production
    folder: Path

    def shots(self, name: str | None, size: str | None, quality: str) -> tuple[Shot, ...]:
        """The shot called ``name``, or all in order of the cut, at the asked size."""
        chosen = self.production.shots if name is None else (self.production.shot(name),)
        return tuple(sized(shot, size, quality) for shot in chosen)

    def painted_folder(self, shot: Shot, model: str | None = None) -> Path:
        """Where the film of ``shot`` lies. model: None or the scene's own; another one has a folder of its own.

        So a finished film is never lost because somebody tries another model.
        """
        apart = "" if model in (None, self.scene.look.model) else model
        return self.folder / shot.name / apart

    def scene_key(self, shot: Shot, *, prompts: bool) -> str:
        """Names all of the scene that the pictures of ``shot`` depend on, with or without the ``prompts``.

        Controls, and the picture whose style is followed, are asked for as words are.
        """
        asked = () if prompts else ("prompt", "negative", "controls")
        words = self.scene.model_dump(mode="json", exclude={"shots", "title"})
        for told in ("model", "steps", "blocking", "strength", *asked):
            del words["look"][told]  # model, steps and the ladder stand beside this key wherever they matter
        words["look"]["reference"] = file_key(self.style) if prompts and self.style else None
        said = next(words for words in self.scene.shots if words.name == shot.name)
        own = said.model_dump(mode="json", exclude={"lens": _FINISH} | dict.fromkeys(asked, True))
        return key_of([words, own, self.asset_keys, _track_words(shot)])

    def geometry_key(self, shot: Shot) -> str:
        """Names all that the built pictures of ``shot`` depend on: not its prompts, which are never rasterized."""
        return key_of([self.scene_key(shot, prompts=False), code_key()])

    @property
    def style(self) -> Path | None:
        """The picture whose style the scene's look asks to follow."""
        name = self.scene.look.reference
        return None if name is None else picture_path(self.path.parent, name)

    @property
    def asset_keys(self) -> list[str]:
        """Of the bytes of every file that the world is read from."""
        files: list[Path] = []
        for asset in self.production.assets:
            beside = sorted(p for p in asset.parent.iterdir() if p.is_file()) if asset.suffix in _COMPANIONS else []
            files += [asset, *beside]
        return [file_key(file) for file in files]


def open_production(path: Path, out: Path, prompt: str | None = None) -> Opened:
    """Read and build the scene at ``path`` (a file, or a folder with a scene.yaml); its output goes below ``out``.

    prompt: words for every shot, in place of the look's own; None keeps those. Errors: ``SceneError`` at its line,
    ``ValueError``, ``OSError``.
    """
    file = path / "scene.yaml" if path.is_dir() else path
    scene = load_scene(file)
    if prompt is not None:
        scene = scene.model_copy(update={"look": scene.look.model_copy(update={"prompt": prompt})})
    name = file.resolve().parent.name if file.stem == "scene" else file.stem
    production = build(scene, base=file.parent, name=name or "scene")
    return Opened(file, scene, production, out / production.name)


def sized(shot: Shot, size: str | None, quality: str) -> Shot:
    """``shot`` at ``size`` (``WxH``), or at its own size scaled by ``quality`` to even numbers; same view across."""
    width, height = shot.track.width, shot.track.height
    if size is not None:
        width, height = parsed_size(size)
    elif SCALES[quality] != 1.0:
        width, height = (max(2, 2 * round(side * SCALES[quality] / 2)) for side in (width, height))
    if (width, height) == (shot.track.width, shot.track.height):
        return shot
    return replace(shot, track=_resized(shot.track, width, height))


def parsed_size(text: str) -> tuple[int, int]:
    """Width and height of ``WxH``. Errors: ``ValueError``."""
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip().lower())
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (16 <= width <= MAX_SIDE and 16 <= height <= MAX_SIDE):
        raise ValueError(
            f"{text!r} is not a picture size: write width x height in pixels, 16 to {MAX_SIDE}, like 1280x720"
        )
    return width, height


def parsed_frames(text: str, frames: int) -> tuple[int, int]:
    """``A-B`` or ``A``, counted from 1, as a half-open range from 0. Errors: ``ValueError``."""
    match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last <= frames:
        raise ValueError(f"{text!r} are no frames of this shot: write first-last, within 1-{frames}")
    return first - 1, last


def _resized(track: CameraTrack, width: int, height: int) -> CameraTrack:
    """Another pixel grid; pixels stay square, so another shape of picture shows less or more above and below."""
    K = track.K.copy()
    K[:, 0, :] *= width / track.width
    K[:, 1, 1] *= width / track.width
    K[:, 1, 2] = K[:, 1, 2] * height / track.height
    return replace(track, K=K, width=width, height=height)


def lens_key(shot: Shot) -> str:
    """Names all that the lens of ``shot`` lays over its pictures: depth of field, motion blur, distortion."""
    track = shot.track
    return key_of([track.focus_m.tolist(), track.f_stop.tolist(), track.sensor_mm, track.shutter, *track.distortion])


def _track_words(shot: Shot) -> list[object]:
    """The cameras themselves: whatever moves them, the same cameras give the same pictures."""
    track = shot.track
    arrays = (track.world_from_camera, track.K)
    numbers = [key_of(np.round(array, 9).tolist()) for array in arrays]
    return [*numbers, track.width, track.height, track.near, track.far, track.mist, str(shot.fps), shot.start]
