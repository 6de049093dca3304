"""How long worlds take to build, and how much they hold: ``python -m tools.bench.worlds [--json] [SCENE ...]``.

Heaps of boxes of 10 thousand to 10 million triangles with one walking character, then the scene files named (unsaid:
all that ship). Each is built in a process of its own, so that peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from worldgen import shapes
from worldgen.actions import Walk
from worldgen.build import open_scene
from worldgen.character import human
from worldgen.light import Sky
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.world import Thing, World

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
SCENES = Path(__file__).resolve().parents[2] / "scenes"
Row = tuple[str, int, float, float, float]
"""What, triangles, seconds to build, milliseconds of one moment, peak gigabytes of the process."""


def heap(triangles: int) -> World:
    """About ``triangles`` of bumpy ground in a hundred things, and somebody who walks over it."""
    side = int(np.sqrt(triangles / 200))
    x, y = np.meshgrid(np.linspace(0, 10, side + 1, dtype=np.float32), np.linspace(0, 10, side + 1, dtype=np.float32))
    first = (np.arange(side)[:, None] * (side + 1) + np.arange(side)).ravel().astype(np.int32)
    quad = first[:, None] + np.array([0, 1, side + 2, 0, side + 2, side + 1], np.int32)
    faces = quad.reshape(-1, 3)
    stone = make("stone")
    things = []
    for k in range(100):
        vertices = np.stack([x, y, 0.1 * np.sin(3 * x + k) * np.cos(2 * y)], -1).reshape(-1, 3)
        vertices = (vertices + np.array([k % 10 * 10, k // 10 * 10, 0])).astype(np.float32)
        normals = np.broadcast_to(np.array([0, 0, 1], np.float32), vertices.shape).copy()
        mesh = Mesh(vertices, faces, normals, vertices[:, :2].copy(), np.zeros(len(faces), np.int32), (stone,))
        things.append(Thing(f"ground-{k}", mesh))
    box = shapes.box((1.0, 1.0, 1.0), stone)
    mara = human("mara", actions=[Walk(((0.0, 0.0), (0.0, 20.0)))])
    return World((*things, Thing("box", box), mara.thing), Sky())


def _measured(what: str | int) -> Row:
    """Runs in a process of its own."""
    start = time.perf_counter()
    world = heap(what) if isinstance(what, int) else open_scene(what).world
    rest = world.rest
    built = time.perf_counter() - start
    moments = []
    for k in range(3):
        start = time.perf_counter()
        world.at(1.0 + k / 24)
        moments.append(1000 * (time.perf_counter() - start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform != "darwin" else 1e9)
    name = "bumps and a walker" if isinstance(what, int) else Path(what).name
    return name, len(rest.faces), built, min(moments), peak


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", type=Path, help="scene files; unsaid: all that ship")
    parser.add_argument("--json", action="store_true", help="the figures as JSON on stdout")
    said = parser.parse_args()
    wanted: list[str | int] = [*SIZES, *(str(path) for path in said.scenes or sorted(SCENES.glob("*.yaml")))]
    rows: list[Row] = []
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        rows.extend(pool.imap(_measured, wanted))
    if said.json:
        print(
            json.dumps(
                [dict(zip(("what", "triangles", "build_s", "moment_ms", "peak_gb"), row, strict=True)) for row in rows]
            )
        )
        return
    table = Table("world", "triangles", "build, s", "a moment, ms", "peak, GB")
    for name, triangles, built, moment, peak in rows:
        table.add_row(name, f"{triangles:,}", f"{built:.2f}", f"{moment:.1f}", f"{peak:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
