"""Verbs about scenes: new, check, schema."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from render.files import written_whole
from tools.console import emit, say
from tools.estimate import seconds_to_paint, spoken
from tools.opened import Opened, open_production
from worldgen.schema import scene_schema
from worldgen.world import Shot

TEMPLATE = Path(__file__).resolve().parents[1] / "scenes" / "templates" / "scene.yaml"


def new_scene(folder: Path) -> None:
    """Make ``folder`` with scene.yaml and the schema that editors complete it with; an existing one is not touched."""
    if not re.fullmatch(r"\w[\w-]{0,63}", folder.name):
        raise ValueError(f"{folder.name!r} cannot name a scene: use letters, digits, `-` and `_`")
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise ValueError(f"{folder} is already there: choose another name") from None
    try:
        with written_whole(folder / "scene.schema.json") as part:
            part.write_text(json.dumps(scene_schema(), indent=2) + "\n", encoding="utf-8")
        with written_whole(folder / "scene.yaml") as part:
            part.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    say(f"{folder / 'scene.yaml'} is ready. Next: setpiece proxy {folder / 'scene.yaml'} --quality draft")


def check_scene(path: Path, size: str | None, quality: str, as_json: bool) -> None:
    """Say what the scene at ``path`` holds, as a table or as JSON."""
    opened = open_production(path, Path("out"))
    shots = opened.shots(None, size, quality)
    found = described(opened, shots)
    if as_json:
        emit(found)
        return
    say(f"{found['title']}: {found['triangles']:,} triangles, {len(opened.production.world.things)} things. No errors.")
    for note in found["notes"]:
        say(f"  note: {note}")
    for shot in found["shots"]:
        say(
            f"  {shot['name']:<20} {shot['frames']:5d} frames  {shot['seconds']:6.2f} s  "
            f"{shot['width']}x{shot['height']}  about {spoken(shot['estimated_s'])} to paint"
        )


def described(opened: Opened, shots: tuple[Shot, ...]) -> dict[str, Any]:
    """What a scene holds, as JSON values."""
    world = opened.production.world
    return {
        "scene": opened.production.name,
        "title": opened.production.title,
        "triangles": len(world.rest.faces),
        "things": [thing.name for thing in world.things],
        "lamps": len(world.lamps),
        "notes": list(opened.production.notes),
        "model": opened.scene.look.model,
        "shots": [
            {
                "name": shot.name,
                "frames": shot.frames,
                "fps": str(shot.fps),
                "seconds": round(float(shot.frames / shot.fps), 3),
                "width": shot.track.width,
                "height": shot.track.height,
                "estimated_s": round(seconds_to_paint(shot), 1),
            }
            for shot in shots
        ],
    }


def print_schema() -> None:
    """The JSON Schema of scene files on stdout."""
    emit(scene_schema())
