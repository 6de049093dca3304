"""Pictures that go along with a shot: the style its look asks for, and a turnaround of everybody it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from conditioning.job import key_of
from conditioning.machine import code_key
from conditioning.models.pocket import denoiser
from conditioning.paint import PocketDenoiser
from conditioning.stage import Stage
from conditioning.turnaround import VIEWS, Turnaround, turnaround
from render.files import read_image, sole_writer, write_image
from render.raster import Rasterizer
from render.sheet import Tile, contact_sheet
from tools.opened import Opened
from worldgen.character import Actor
from worldgen.conventions import U8, seed_from, stable_id
from worldgen.errors import nearest
from worldgen.stage import Stage as Place
from worldgen.world import Shot

SIZE: Final = (384, 672)
"""Width and height of one view of a turnaround, pixels."""
GLANCES: Final = 7
"""Frames of a shot that are looked at for who is in it."""
WIDTH: Final = 128
"""Of those glances, pixels."""
LEAST: Final = 8
"""Pixels of a glance that somebody fills who counts as shown."""


@dataclass(frozen=True)
class Sheet:
    """A turnaround on disk. strip: all views side by side, which models are given; sheet: with words, for people."""

    name: str
    views: tuple[Path, ...]
    strip: Path
    sheet: Path
    made: bool


def references_of(opened: Opened, shot: Shot, raster: Rasterizer, most: int) -> tuple[U8, ...]:
    """At most ``most`` pictures (h, w, 3) uint8 of any size: the style first, then whom ``shot`` shows, largest first.

    Turnarounds are made where they are not there yet. Errors: ``ValueError`` for a picture that cannot be read.
    """
    if most < 1:
        return ()
    pictures = [] if opened.style is None else [read_image(opened.style)]
    for name in shown(opened, shot, raster)[: most - len(pictures)]:
        pictures.append(read_image(sheet_of(opened, name, raster).strip))
    return tuple(pictures)


def shown(opened: Opened, shot: Shot, raster: Rasterizer) -> tuple[str, ...]:
    """Names of the scene's characters that ``shot`` shows, the one that fills most of its pictures first."""
    ids = {stable_id(name): name for name in opened.scene.characters}
    if not ids:
        return ()
    world, filled = opened.production.world, dict.fromkeys(ids, 0)
    for k in np.unique(np.linspace(0, shot.frames - 1, GLANCES).round().astype(int)):
        snapshot, camera = world.at(shot.time(int(k))), shot.track[int(k)]
        small = camera.resized(WIDTH, max(1, round(WIDTH * camera.height / camera.width)))
        triangles = raster.rasterize(snapshot, small).triangle
        objects, counts = np.unique(snapshot.face_object[triangles[triangles >= 0]], return_counts=True)
        for thing, count in zip(objects.tolist(), counts.tolist(), strict=True):
            if thing in filled and count >= LEAST:
                filled[thing] += count
    return tuple(ids[thing] for thing in sorted(filled, key=lambda thing: -filled[thing]) if filled[thing])


def sheet_of(
    opened: Opened,
    name: str,
    raster: Rasterizer,
    *,
    size: tuple[int, int] | None = None,
    painted: bool = False,
    force: bool = False,
) -> Sheet:
    """The turnaround of the character ``name``, made if what it shows has changed.

    size: of one view, pixels; None: ``SIZE``. painted: by pocket.
    Errors: ``ValueError`` if nobody is called so.
    """
    actor, view = _alone(opened, name), size or SIZE
    folder = opened.folder / "turnarounds" / name / ("painted" if painted else "")
    words = opened.scene.characters[name].model_dump(mode="json", exclude={"actions"})
    weights = denoiser.weights_key(denoiser.FOLDER) if painted else ""
    key = key_of([name, words, opened.scene.seed, opened.asset_keys, view, raster.name, code_key(), weights])
    files = [f"{view}.png" for view in VIEWS] + ["strip.png", "sheet.jpg"]
    stage = Stage(folder, "turnaround.json", key)
    made = force or not stage.is_done(files)
    if made:
        with sole_writer(folder):
            stage.begin(files)
            model = PocketDenoiser(denoiser.Pocket(denoiser.FOLDER)) if painted else None
            seed = seed_from(opened.scene.seed, "turnaround", name)
            _write(turnaround(actor, raster, view, seed, model), folder)
            stage.finish(files, {"character": name, "painted": painted, "rasterizer": raster.name})
    views = tuple(folder / file for file in files[: len(VIEWS)])
    return Sheet(name, views, folder / "strip.png", folder / "sheet.jpg", made)


def _alone(opened: Opened, name: str) -> Actor:
    """A character of the scene as it stands when it has nothing to do."""
    people = opened.scene.characters
    if name not in people:
        near = nearest(name, people)
        hint = f"did you mean `{near}`?" if near else f"there is {', '.join(people) or 'nobody'}"
        raise ValueError(f"{opened.path}: nobody is called {name!r}: {hint}")
    idle = people[name].model_copy(update={"actions": ()})
    return idle.actor(name, opened.scene.seed, Place(folder=opened.path.parent))


def _write(found: Turnaround, folder: Path) -> None:
    for view, picture in zip(VIEWS, found.pictures, strict=True):
        write_image(folder / f"{view}.png", picture)
    write_image(folder / "strip.png", found.strip)
    tiles = [Tile(picture, view) for view, picture in zip(VIEWS, found.pictures, strict=True)]
    write_image(folder / "sheet.jpg", contact_sheet(tiles, title=found.name, columns=len(VIEWS), tile_width=300))
