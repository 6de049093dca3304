"""The verb proxy: the animatic of the built world and its contact sheet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conditioning.job import key_of
from conditioning.stage import Stage
from render.files import bytes_from_display, sole_writer, write_image
from render.passes import Passes
from render.passpicture import picture
from render.raster import open_rasterizer
from render.shade import Shader, Shading
from render.sheet import Tile, burn_in, contact_sheet, spread
from render.video import Picture, timecode, write_video
from tools.console import Progress, emit, progress, say
from tools.opened import Opened, open_production
from worldgen.world import Shot, World

SHEET_PICTURES = 8


def make_proxy(
    path: Path,
    shot: str | None,
    size: str | None,
    quality: str,
    rasterizer: str,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """proxy.mp4 and sheet.jpg of every chosen shot, made only if what they show has changed."""
    opened = open_production(path, out)
    shots = opened.shots(shot, size, quality)
    raster = open_rasterizer(rasterizer)
    results = []
    for one in shots:
        folder = opened.folder / one.name
        key = key_of([opened.geometry_key(one), raster.name])
        stage, names = Stage(folder, "proxy.json", key), ["proxy.mp4", "sheet.jpg"]
        made = force or not stage.is_done(names)
        if made:
            with sole_writer(folder), progress(f"{one.name}: proxy") as tell:
                stage.begin(names)
                _animatic(opened, one, Shader.of(opened.production.world, one, raster), folder, tell)
                stage.finish(names, {"shot": one.name, "rasterizer": f"{raster.name}: {raster.detail}"})
        say(f"{one.name}: {'made' if made else 'nothing to do,'} {folder / 'proxy.mp4'}, {folder / 'sheet.jpg'}")
        results.append(
            {"shot": one.name, "film": str(folder / names[0]), "sheet": str(folder / names[1]), "made": made}
        )
    raster.close()
    if as_json:
        emit({"scene": opened.production.name, "shots": results})


def _animatic(opened: Opened, shot: Shot, shader: Shader, folder: Path, tell: Progress) -> None:
    chosen = set(spread(shot.frames, SHEET_PICTURES))
    tiles: list[Tile] = []

    def frames() -> Iterator[Picture]:
        for k, shading, passes in shaded(opened.production.world, shot, shader):
            image = bytes_from_display(shading.proxy)
            clock = timecode(k, shot.fps)
            if k in chosen:
                shown = {"depth": passes.depth, "camera_normal": passes.camera_normal}
                views = [picture(name, values, shading.sky.display) for name, values in shown.items()]
                tiles.append(Tile(image, f"{shot.name}  {k + 1:04d}", clock, tuple(views)))
            tell(k + 1, shot.frames)
            yield burn_in(image, f"{opened.production.name} / {shot.name}  {k + 1:04d}", clock)

    write_video(folder / "proxy.mp4", frames(), shot.fps, crf=20, preset="fast")
    seconds = float(shot.frames / shot.fps)
    title = f"{opened.production.title}: {shot.name}, {seconds:.1f} s, {shot.frames} frames"
    write_image(folder / "sheet.jpg", contact_sheet(tiles, title=title))


def shaded(world: World, shot: Shot, shader: Shader) -> Iterator[tuple[int, Shading, Passes]]:
    """Every frame of a shot (from 0) with its light and its passes."""
    for k, camera in enumerate(shot.track):
        snapshot = world.at(shot.time(k))
        shading = shader.shade(snapshot, camera)
        yield k, shading, Passes(snapshot, camera, shading.gbuffer)
