"""Worlds and cameras in and out of other programs: ``setpiece export`` and ``setpiece import-cameras``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np

from render.files import written_whole
from tools.console import emit, say
from tools.opened import open_production
from worldgen.camera import CameraTrack
from worldgen.camera_files import CameraPath, camera_json, read_cameras
from worldgen.export_gltf import export_gltf
from worldgen.export_usd import SUFFIXES as USD
from worldgen.export_usd import export_usd

FORMATS: Final = (".glb", *USD, ".json")


def export_scene(scene: Path, file: Path, shot: str | None, as_json: bool) -> None:
    """Write the scene's world and cameras to ``file``; a .json holds one shot's cameras alone.

    Errors: ``ValueError``, ``OSError``, ``SceneError``.
    """
    suffix = file.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"{file.name!r} is no format to export to: write a name that ends in {', '.join(FORMATS)}")
    production = open_production(scene, Path("out")).production
    shots = production.shots if shot is None else (production.shot(shot),)
    if suffix == ".json":
        if len(shots) > 1:
            names = ", ".join(s.name for s in shots)
            raise ValueError(f"a camera file holds one shot: choose it with --shot, one of {names}")
        with written_whole(file) as part:
            part.write_text(camera_json(shots[0].track, float(shots[0].fps)), encoding="utf-8")
        written: tuple[Path, ...] = (file,)
    elif suffix == ".glb":
        with written_whole(file) as part:
            part.write_bytes(export_gltf(production.world, shots))
        written = (file,)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        written = export_usd(production.world, shots, file)
    size = sum(path.stat().st_size for path in written)
    found = {
        "file": str(file),
        "megabytes": round(size / 1e6, 2),
        "things": 0 if suffix == ".json" else len(production.world.things),
        "cameras": [s.name for s in shots],
    }
    if as_json:
        emit(found)
        return
    beside = f" and {len(written) - 1} textures beside it" if len(written) > 1 else ""
    say(f"{file}{beside}: {found['things']} things, {len(shots)} cameras, {found['megabytes']} MB")


def import_cameras(file: Path, out: Path, fps: float | None, as_json: bool) -> None:
    """Write every camera of ``file`` below ``out`` as a camera path, and show the words that use it.

    Errors: ``ValueError``, ``OSError``.
    """
    if fps is not None and not (np.isfinite(fps) and fps > 0):
        raise ValueError(f"--fps is {fps}: give frames a second, more than 0")
    found = []
    for camera in read_cameras(file, fps):
        name = re.sub(r"[^\w-]", "-", camera.name) or "camera"
        target = out / f"{name}.json"
        with written_whole(target) as part:
            part.write_text(camera_json(_track(camera), camera.fps), encoding="utf-8")
        found.append({"name": name, "file": str(target), "frames": len(camera.times), "fps": round(camera.fps, 6)})
    if as_json:
        emit(found)
        return
    for row in found:
        say(f"{row['file']}: {row['frames']} frames at {row['fps']:g} a second. In a scene in the folder above:")
        print(
            f"  - name: {row['name']}\n    frames: {row['frames']}\n"
            f"    camera: {{body: {{file: {out.name}/{row['name']}.json}}}}"
        )


def _track(camera: CameraPath) -> CameraTrack:
    count = len(camera.times)
    poses, K = camera.at(np.arange(count) / camera.fps)
    return CameraTrack(poses, K, camera.width, camera.height, np.full(count, 5.0), np.full(count, 8.0))
