"""Pairs to learn from: the conditions of a picture and its path-traced truth, a file a world.

A data set is a list of seeds. Each file is written whole or not at all, so making data stops and goes on at will, and
several processes may share a folder when each has its own seeds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from conditioning.controls import controls
from render.raster import open_rasterizer
from render.shade import Shader
from tools.train.truth import PathTracer
from tools.train.worlds import training_cameras, training_world
from worldgen.conventions import seed_from

SPP = 32
HELD_OUT = 1_000_000
"""Seeds from here on are never trained on."""


def make_data(folder: Path, seeds: Iterable[int], cameras: int = 16, spp: int = SPP) -> None:
    """Write ``folder/<seed>.npz`` for each seed that has none yet, saying what it does."""
    folder.mkdir(parents=True, exist_ok=True)
    rasterizer = open_rasterizer()
    for seed in seeds:
        path = folder / f"{seed:07d}.npz"
        if path.exists():
            continue
        start = time.monotonic()
        arrays = world_pairs(seed, cameras, spp, rasterizer=rasterizer)
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez(file, **arrays)
        part.replace(path)
        print(f"world {seed}: {len(arrays['target'])} pictures in {time.monotonic() - start:.1f} s", flush=True)


def world_pairs(seed: int, cameras: int, spp: int, rasterizer: object = None) -> dict[str, np.ndarray]:
    """One world's pairs: maps (n, M, h, w), proxy and target (n, 3, h, w), all float16 in [-1, 1], light (n, L) float32.

    Pictures that show almost only sky are left out.
    """
    world = training_world(seed)
    snapshot = world.at(float(np.random.default_rng(seed_from("moment", seed)).uniform(0, 4)))
    shader = Shader(world, rasterizer or open_rasterizer())  # type: ignore[arg-type]
    tracer = PathTracer(snapshot, world.sky, world.lamps)
    maps, lights, proxies, targets = [], [], [], []
    for k, camera in enumerate(training_cameras(seed, cameras)):
        shading = shader.shade(snapshot, camera)
        close = np.isfinite(shading.depth) & (shading.depth < 0.4)
        if shading.coverage.mean() < 0.3 or close.mean() > 0.3:
            continue
        told = controls(shading, camera)
        truth = world.sky.display(tracer.render(camera, spp, seed=seed * 64 + k))
        maps.append(told.maps.astype(np.float16))
        lights.append(told.light)
        proxies.append(told.proxy.astype(np.float16))
        targets.append((2.0 * truth - 1.0).transpose(2, 0, 1).astype(np.float16))
    return {
        "maps": np.array(maps),
        "light": np.array(lights, dtype=np.float32),
        "proxy": np.array(proxies),
        "target": np.array(targets),
    }
