"""The verb proxy: the animatic of the built world and its contact sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conditioning.job import key_of
from conditioning.stage import Stage
from render.files import bytes_from_display, sole_writer, write_image
from render.lens import distorted, through_lens
from render.passes import Passes
from render.passpicture import picture
from render.raster import Rasterizer, open_rasterizer
from render.shade import Shader
from render.sheet import Tile, burn_in, contact_sheet, inset
from render.video import Picture, timecode, write_video
from tools.console import Progress, emit, progress, say
from tools.opened import Opened, lens_key, open_production
from worldgen.conventions import U8
from worldgen.light import Sky
from worldgen.world import Shot

SHEET_PICTURES = 8


INSETS: Final = (
    "depth",
    "normal",
    "camera_normal",
    "object_id",
    "material_id",
    "segmentation",
    "uv",
    "rest_position",
    "albedo",
)
"""Passes that can be shown small in the picture."""


@dataclass(frozen=True)
class Look:
    """How the animatic shows a shot: through its lens or as a pinhole sees it, and which passes small beside it."""

    lens: bool
    insets: tuple[str, ...]

    @staticmethod
    def of(lens: bool, words: str) -> Look:
        """insets: ``words`` like ``depth,normal``. Errors: ``ValueError``."""
        names = tuple(dict.fromkeys(word.strip().replace("-", "_") for word in words.split(",") if word.strip()))
        for name in names:
            if name not in INSETS:
                raise ValueError(f"{name!r} cannot be shown in the picture: choose from {', '.join(INSETS)}")
        return Look(lens, names)


def make_proxy(
    path: Path,
    shot: str | None,
    size: str | None,
    quality: str,
    look: Look,
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
        key = key_of([opened.geometry_key(one), raster.name, look.insets, lens_key(one) if look.lens else ""])
        stage, names = Stage(folder, "proxy.json", key), ["proxy.mp4", "sheet.jpg"]
        made = force or not stage.is_done(names)
        if made:
            with sole_writer(folder), progress(f"{one.name}: proxy") as tell:
                stage.begin(names)
                _animatic(opened, one, look, raster, folder, tell)
                stage.finish(names, {"shot": one.name, "rasterizer": f"{raster.name}: {raster.detail}"})
        say(f"{one.name}: {'made' if made else 'nothing to do,'} {folder / 'proxy.mp4'}, {folder / 'sheet.jpg'}")
        results.append(
            {"shot": one.name, "film": str(folder / names[0]), "sheet": str(folder / names[1]), "made": made}
        )
    raster.close()
    if as_json:
        emit({"scene": opened.production.name, "shots": results})


def _animatic(opened: Opened, shot: Shot, look: Look, raster: Rasterizer, folder: Path, tell: Progress) -> None:
    world, shader = opened.production.world, Shader.of(opened.production.world, shot, raster)
    chosen = set(shot.spread(SHEET_PICTURES))
    tiles: list[Tile] = []

    def frames() -> Iterator[Picture]:
        for k, camera in enumerate(shot.track):
            snapshot = world.at(shot.time(k))
            shading = shader.shade(snapshot, camera)
            passes = Passes(snapshot, camera, shading.gbuffer, world.names)

            def small(names: Sequence[str], passes: Passes = passes, sky: Sky = shading.sky) -> list[U8]:
                return [picture(name, getattr(passes, name), sky.display) for name in names]

            light = shading.radiance
            if look.lens:
                light = distorted(through_lens(world, shot, k, light, raster), camera, shot.track.distortion)
            image, clock = bytes_from_display(shading.sky.display(light)), timecode(k, shot.fps)
            if k in chosen:
                views = small(("depth", "camera_normal"))
                tiles.append(Tile(image, f"{shot.name}  {k + 1:04d}", clock, tuple(views)))
            tell(k + 1, shot.frames)
            where = f"{opened.production.name} / {shot.name}  {k + 1:04d}  {shot.track.focal_mm(k):.0f}mm"
            yield burn_in(inset(image, small(look.insets)), where, clock)

    write_video(folder / "proxy.mp4", frames(), shot.fps, crf=20, preset="fast")
    seconds = float(shot.frames / shot.fps)
    title = f"{opened.production.title}: {shot.name}, {seconds:.1f} s, {shot.frames} frames"
    write_image(folder / "sheet.jpg", contact_sheet(tiles, title=title))
