"""Where the time of a painted frame goes: ``python -m tools.bench.paint [SCENE] [--size WxH] [--cpu] [--json]``."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import torch

from conditioning.controls import controls
from conditioning.guidance import Source, agreed, consensus, light_of
from conditioning.models.pocket.denoiser import Pocket
from conditioning.noise import world_noise
from render.correspondence import FrameGeometry, correspond
from render.raster import open_rasterizer
from render.shade import Shader
from tools.opened import parsed_size
from worldgen.build import open_scene

FRAMES = 4
Made = TypeVar("Made")


def measure(
    scene: Path, size: tuple[int, int] | None = None, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median milliseconds of each stage by ``clock``, over the first frames of the scene's first shot."""
    production = open_scene(scene)
    shot, rasterizer, model = production.shots[0], open_rasterizer(), Pocket()
    shader = Shader.of(production.world, shot, rasterizer)
    spent: dict[str, list[float]] = {}

    def timed(stage: str, work: Callable[..., Made], *arguments: Any) -> Made:
        start = clock()
        made = work(*arguments)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        spent.setdefault(stage, []).append(1000 * (clock() - start))
        return made

    before: tuple[FrameGeometry, torch.Tensor, torch.Tensor] | None = None
    for k in range(min(FRAMES, shot.frames)):
        camera = shot.track[k]
        camera = camera.resized(*size) if size else camera
        snapshot = timed("pose the world", production.world.at, shot.time(k))
        drawn = timed("rasterize twice", shader.draw, snapshot, camera)
        shading = timed("rays, shade", shader.light, drawn)
        told = timed("controls", controls, shading, camera, snapshot)
        geometry = timed("geometry", FrameGeometry.of, snapshot, camera, shading.gbuffer)
        noise = timed("world noise, for several steps", world_noise, snapshot, camera, shading.gbuffer, 0)
        conditions = timed("to the device", model.prepared, told)
        x0 = timed("network, a step", model.clean, torch.from_numpy(noise), 1.0, conditions)
        light = timed("light of the proxy", light_of, torch.from_numpy(told.proxy))
        if before is not None:
            seen = timed("correspondence, a view", correspond, geometry, before[0])
            there = timed("consensus, of a view", consensus, light, [Source(before[1], before[2], seen)])
            timed("guidance, a step", agreed, x0, there)
        before = (geometry, x0, light)
    rasterizer.close()
    return {stage: round(median(values[1:] or values), 1) for stage, values in spent.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.paint", description=__doc__)
    parser.add_argument("scene", nargs="?", type=Path, default=Path("scenes/old-town.yaml"))
    parser.add_argument("--size", type=parsed_size)
    parser.add_argument("--cpu", action="store_true", help="time of all cores together, which others hardly disturb")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = measure(
        options.scene, options.size, time.process_time if options.cpu else time.perf_counter
    )
    if options.json:
        print(json.dumps(found, indent=1))
        return
    print("| stage | ms |\n|---|---|")
    for stage, ms in found.items():
        print(f"| {stage} | {ms:.0f} |")


if __name__ == "__main__":
    main()
