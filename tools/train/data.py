"""Pairs to learn from: the conditions of a picture and its path-traced truth, a file a world.

A data set is a list of seeds. Each file is written whole or not at all, so making data stops and goes on at will, and
several processes may share a folder when each has its own seeds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from conditioning.controls import controls
from render.raster import Rasterizer, open_rasterizer
from render.shade import Shader
from tools.train.truth import PathTracer
from tools.train.worlds import training_take
from worldgen.camera import Camera
from worldgen.conventions import seed_from
from worldgen.world import Snapshot

SPP = 32
CANDIDATES = 3
"""Views tried for each picture; the one that shows the most triangles is path-traced."""
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
        arrays = world_pairs(seed, cameras, spp, rasterizer)
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        part.replace(path)
        print(f"world {seed}: {len(arrays['target'])} pictures in {time.monotonic() - start:.1f} s", flush=True)


def world_pairs(seed: int, cameras: int, spp: int, rasterizer: Rasterizer) -> dict[str, np.ndarray]:
    """One world's pairs: maps (n, M, h, w), proxy and target (n, 3, h, w) float16 in [-1, 1], light (n, L) float32.

    Pictures that show almost only sky are left out.
    """
    take = training_take(seed, cameras * CANDIDATES)
    world = take.world
    snapshot = world.at(float(np.random.default_rng(seed_from("moment", seed)).uniform(0, 4)))
    chosen = _richest(snapshot, take.cameras, rasterizer)
    shader = Shader(world, rasterizer, eyes=np.array([camera.position for camera in chosen]))
    light = world.light(snapshot.time)
    tracer = PathTracer(snapshot, light.sky, light.lamps)
    maps, lights, proxies, targets = [], [], [], []
    for k, camera in enumerate(chosen):
        shader.expose(snapshot, camera)
        shading = shader.shade(snapshot, camera)
        close = np.isfinite(shading.depth) & (shading.depth < 0.4)
        if shading.coverage.mean() < 0.3 or close.mean() > 0.3:
            continue
        told = controls(shading, camera, snapshot)
        # The tracer's surfaces are smooth: the relief of textures is laid over its light as the shade has it.
        glow = shading.emission
        lit = tracer.render(camera, spp, seed=seed * 64 + k, emission=glow) - glow
        truth = shading.sky.display(lit * shading.relief[..., None] + glow)
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


def _richest(snapshot: Snapshot, cameras: Sequence[Camera], rasterizer: Rasterizer) -> list[Camera]:
    """Of every ``CANDIDATES`` cameras, the one that sees the most triangles: bare walls teach little."""
    seen = [len(np.unique(rasterizer.rasterize(snapshot, camera).triangle)) for camera in cameras]
    groups = range(0, len(cameras), CANDIDATES)
    return [cameras[start + int(np.argmax(seen[start : start + CANDIDATES]))] for start in groups]
