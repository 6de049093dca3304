"""How long visibility buffers, passes and correspondence take here: ``python -m tools.bench.gbuffer [--json]``.

One world of random bumps (10,000 or 100,000 triangles that stand still) with a ball of 27,000 triangles that moves, so
that every frame uploads or rebuilds what a walking character would. Times are the best of a few frames.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table

from render.correspondence import FrameGeometry, correspond
from render.passes import Passes, Surface
from render.raster import (
    NAMES,
    GBuffer,
    Rasterizer,
    RasterizerUnavailable,
    describe_rasterizers,
    open_rasterizer,
)
from render.rays import RayScene
from render.warp import warp
from worldgen.camera import Camera, Lens
from worldgen.conventions import F32, look_at
from worldgen.light import Sky
from worldgen.material import Material
from worldgen.mesh import Mesh, vertex_normals
from worldgen.texture import Texture
from worldgen.world import Snapshot, Thing, World

Row = tuple[str, str, float]
"""What was measured, on what, milliseconds."""

PASSES = ("depth", "normal", "geometric_normal", "object_id", "rest_position", "uv", "footprint", "albedo")


def sheet(columns: int, rows: int, shape: Callable[[F32, F32], tuple[F32, F32, F32]], name: str) -> Mesh:
    """A textured grid of triangles; ``shape`` places the points of the unit square."""
    u, v = np.meshgrid(np.linspace(0, 1, columns + 1), np.linspace(0, 1, rows + 1))
    vertices = np.stack(shape(u.astype(np.float32), v.astype(np.float32)), -1).reshape(-1, 3).astype(np.float32)
    first = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    across, down = np.int64(1), np.int64(columns + 1)
    upper = np.stack([first, first + across, first + down + across], 1)
    lower = np.stack([first, first + down + across, first + down], 1)
    faces = np.concatenate([upper, lower]).astype(np.int32)
    detail = np.random.default_rng(1).uniform(0.5, 1.5, (512, 512, 3)).astype(np.float32)
    material = Material(name, "plaster", (0.5, 0.5, 0.5), texture=Texture(name, detail, 2.0))
    uv = np.stack([u, v], -1).reshape(-1, 2).astype(np.float32) * 10
    return Mesh(vertices, faces, vertex_normals(vertices, faces), uv, np.zeros(len(faces), np.int32), (material,))


def bench_world(static_triangles: int) -> World:
    """Bumps that stand still and a ball that rolls."""
    cells = round((static_triangles / 2) ** 0.5)
    bumps = np.random.default_rng(0).random((cells + 1, cells + 1)).astype(np.float32) * (40.0 / cells)
    ground = sheet(cells, cells, lambda u, v: (u * 40 - 20, v * 40 - 20, bumps), "ground")

    def globe(u: F32, v: F32) -> tuple[F32, F32, F32]:
        a, b = u * 2 * np.pi, v * np.pi
        return np.sin(b) * np.cos(a), -np.sin(b) * np.sin(a), np.cos(b) + 1.6

    ball = sheet(164, 82, globe, "ball")

    def roll(t: float) -> F32:
        return (ball.vertices + np.array([t, 0, 0])).astype(np.float32)

    return World((Thing("ground", ground), Thing("ball", ball, roll)), Sky())


def best(work: Callable[[int], object], repeats: int) -> float:
    """Milliseconds of the quickest of ``repeats`` calls; each is given its number."""
    times = []
    for k in range(repeats):
        start = time.perf_counter()
        work(k)
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def measure(width: int, height: int, static_triangles: int, repeats: int) -> Iterator[Row]:
    """Every row for one world and picture size."""
    world = bench_world(static_triangles)
    where = f"{width}x{height}, {static_triangles:,} + 27k triangles"
    snapshots = [world.at(0.04 * k) for k in range(4)]
    cameras = [
        Camera(look_at([0.05 * k, -9, 3], [0, 0, 1]), Lens(28).intrinsics(width, height), width, height)
        for k in range(4)
    ]
    gbuffers = None
    for name in NAMES:
        try:
            rasterizer = open_rasterizer(name)
        except RasterizerUnavailable:
            continue
        rasterizer.rasterize(snapshots[0], cameras[0])
        yield f"rasterize: {name}", where, _rasterized(rasterizer, snapshots, cameras, repeats)
        if gbuffers is None:
            gbuffers = [rasterizer.rasterize(s, c) for s, c in zip(snapshots, cameras, strict=True)]
        rasterizer.close()
    assert gbuffers is not None
    frames = list(zip(snapshots, cameras, gbuffers, strict=True))
    for name in PASSES:
        yield f"pass: {name}", where, best(partial(_made, name, frames), repeats)
    yield "shadow rays, one a pixel", where, _shadows(*frames[0], repeats)
    yield "correspondence: a frame's geometry", where, best(lambda k: FrameGeometry.of(*frames[k % 4]), repeats)
    geometry = [FrameGeometry.of(*frame) for frame in frames]
    yield "correspondence: a pair", where, best(lambda k: correspond(geometry[0], geometry[1 + k % 3]), repeats)
    found = correspond(geometry[0], geometry[1])
    picture = np.random.default_rng(0).random((height, width, 3), dtype=np.float32)
    yield "warp: bicubic", where, best(lambda k: warp(picture, found), repeats)


def _rasterized(
    rasterizer: Rasterizer, snapshots: Sequence[Snapshot], cameras: Sequence[Camera], repeats: int
) -> float:
    return best(lambda k: rasterizer.rasterize(snapshots[k % 4], cameras[k % 4]), repeats)


def _made(name: str, frames: Sequence[tuple[Snapshot, Camera, GBuffer]], k: int) -> object:
    return getattr(Passes(*frames[k % 4]), name)


def _shadows(snapshot: Snapshot, camera: Camera, gbuffer: GBuffer, repeats: int) -> float:
    scene = RayScene()
    scene.update(snapshot)
    surface = Surface.of(snapshot, camera, gbuffer)
    origins = surface.position + surface.geometric_normal * np.float32(1e-3)
    toward = np.broadcast_to(np.array([0.3, 0.4, 0.8], dtype=np.float32), origins.shape)
    return best(lambda _: scene.occluded(origins, toward), repeats)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.gbuffer", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--size", default="1280x720", help="width x height in pixels (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="frames to take the best of (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    width, _, height = given.size.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)) or given.repeats < 1:
        parser.error("write --size like 1280x720, and --repeats as a number from 1 up")
    rows = [row for n in (10_000, 100_000) for row in measure(int(width), int(height), n, given.repeats)]
    drivers = {name: detail for name, works, detail in describe_rasterizers() if works}
    if given.json:
        print(json.dumps({"drivers": drivers, "milliseconds": [list(row) for row in rows]}, indent=2))
        return
    table = Table("", *dict.fromkeys(where for _, where, _ in rows), title="milliseconds a frame, the best of a few")
    for what in dict.fromkeys(what for what, _, _ in rows):
        table.add_row(what, *(f"{ms:.1f}" for name, _, ms in rows if name == what))
    console = Console()
    console.print(table)
    for name, detail in drivers.items():
        console.print(f"{name}: {detail}")


if __name__ == "__main__":
    main()
