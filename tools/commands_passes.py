"""The verb passes: what the cameras see of the built world, as files."""

from __future__ import annotations

from pathlib import Path

from conditioning.job import key_of
from conditioning.stage import Stage
from render.files import sole_writer
from render.passes import Passes
from render.passfile import LIGHT, chosen_passes, layer, write_layers
from render.raster import Rasterizer, open_rasterizer
from render.shade import Shader
from tools.console import Progress, emit, progress, say
from tools.opened import open_production
from worldgen.world import Shot, World


def make_passes(
    path: Path,
    words: str,
    form: str,
    shot: str | None,
    size: str | None,
    quality: str,
    rasterizer: str,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Files below passes/: one a pass and frame, or for EXR one a frame; only what is missing is made."""
    wanted = chosen_passes(words)
    opened = open_production(path, out)
    shots = opened.shots(shot, size, quality)
    raster = open_rasterizer(rasterizer)
    results = []
    for one in shots:
        folder = opened.folder / one.name / "passes"
        groups = {"exr": wanted} if form == "exr" else {name: (name,) for name in wanted}
        files = [f"{k + 1:04d}.{form}" for k in range(one.frames)]
        key = opened.geometry_key(one)
        stages = {
            group: Stage(folder / group, f"{form}.json", key_of([key, raster.name, names]))
            for group, names in groups.items()
        }
        todo = {group: stage for group, stage in stages.items() if force or not stage.is_done(files)}
        if todo:
            with sole_writer(folder), progress(f"{one.name}: {', '.join(todo)}") as tell:
                missing = {group: set(files if force else stage.begin(files)) for group, stage in todo.items()}
                targets = {group: (stage.folder, groups[group]) for group, stage in todo.items()}
                _write_passes(opened.production.world, one, raster, targets, files, missing, tell)
                for group, stage in todo.items():
                    stage.finish(files, {"passes": groups[group], "rasterizer": f"{raster.name}: {raster.detail}"})
        kept = [group for group in groups if group not in todo]
        if todo:
            say(f"{one.name}: made {', '.join(todo)} in {folder}")
        if kept:
            say(f"{one.name}: nothing to do for {', '.join(kept)}")
        results.append({"shot": one.name, "folder": str(folder), "made": list(todo), "kept": kept})
    raster.close()
    if as_json:
        emit({"scene": opened.production.name, "shots": results})


def _write_passes(
    world: World,
    shot: Shot,
    raster: Rasterizer,
    targets: dict[str, tuple[Path, tuple[str, ...]]],
    files: list[str],
    missing: dict[str, set[str]],
    tell: Progress,
) -> None:
    """targets: for each group its folder and its passes. files: a name for each frame. missing: those to be written."""
    called = world.names
    lit = any(name in LIGHT for _, names in targets.values() for name in names)
    shader = Shader.of(world, shot, raster) if lit else None
    for k, camera in enumerate(shot.track):
        now = [target for group, target in targets.items() if files[k] in missing[group]]
        if now:
            snapshot = world.at(shot.time(k))
            shading = shader.shade(snapshot, camera) if shader else None
            gbuffer = shading.gbuffer if shading else raster.rasterize(snapshot, camera)
            passes = Passes(snapshot, camera, gbuffer, called)
            sky = shading.sky if shading else world.light(snapshot.time).sky
            for folder, names in now:
                layers = {name: layer(name, passes, shading) for name in names}
                write_layers(folder / files[k], layers, camera, sky.display)
        tell(k + 1, shot.frames)
