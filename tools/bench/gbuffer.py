"""Complete G-buffers against what others make of the same frames: ``python -m tools.bench.gbuffer [--quick] [--json]``.

Hills of 10,000, 100,000 and 1,000,000 triangles with one walking character. Everybody makes the same frames in turn, in
one run; figures are milliseconds a frame in memory, the best of some rounds, and how many times longer others take. A
rival that needs an environment of its own is named by ``--rival blender=/path/to/python`` or by ``SETPIECE_RIVALS``.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from render.complete import Moment, complete
from render.passes import Passes
from render.raster import NAMES, GBuffer, RasterizerUnavailable, open_rasterizer
from tools.bench.hills import hills, moment, write_scene
from tools.bench.passes import PASSES as FILED
from tools.bench.passes import measured
from tools.bench.rival_runs import Rival, interpreters, opened
from tools.bench.window import on_one_core
from worldgen.camera import Camera
from worldgen.world import Snapshot

RESULTS = Path(__file__).with_name("results.json")
TRIANGLES = (10_000, 100_000, 1_000_000)
PASSES = ("depth", "normal", "object_id", "uv", "rest_position", "albedo")
OURS = "complete"
MOMENTS = 4
"""Frames that are made again and again."""

WINDOW = "correspondence of 16 frames with 19 each, one core"
MEMORY = "peak MiB of setpiece passes, by frames"

_PATIENCE_MS = 10_000.0
"""Whose first frame takes longer is not asked again."""


@dataclass(frozen=True)
class Row:
    """Milliseconds a frame. gives: what is in memory then. detail: by what. times: of OURS in the same world."""

    what: str
    gives: str
    detail: str
    triangles: int
    milliseconds: float
    times: float


def measure(size: tuple[int, int], triangles: int, rounds: int, pythons: dict[str, str]) -> Iterator[Row | str]:
    """Rows of one world; words for who is absent."""
    world = hills(triangles)
    frames = [moment(world, k, *size) for k in range(MOMENTS)]
    total = len(frames[0][0].faces)
    rasterizer = open_rasterizer()
    endless = complete(rasterizer, itertools.cycle(frames))
    contestants: list[tuple[str, str, str, Callable[[int], float]]] = [
        (OURS, "all passes, motion, masks", rasterizer.detail, lambda _: _taken(lambda: next(endless)))
    ]
    rivals: list[Rival] = []
    with tempfile.TemporaryDirectory() as folder:
        scene = Path(folder) / "scene.npz"
        write_scene(scene, frames)
        for name, python in pythons.items():
            rival = opened(name, python, scene)
            if isinstance(rival, str):
                yield f"{name} is absent: {rival}"
            else:
                rivals.append(rival)
                contestants.append((name, rival.gives, rival.detail, rival.frame))
        best: dict[str, float] = {}
        for turn in range(rounds + 2):
            for name, _, _, frame in contestants:
                if best.get(name, 0.0) < _PATIENCE_MS:
                    taken = frame(turn % MOMENTS)
                    # The first two rounds warm up; only who is slow is taken at that word.
                    best[name] = taken if turn < 2 else min(taken, best[name])
        for rival in rivals:
            rival.close()
    endless.close()
    for name, gives, detail, _ in contestants:
        yield Row(name, gives, detail, total, best[name], best[name] / best[OURS])
    for name, detail, taken in _parts(frames, rounds):
        yield Row(name, "", detail, total, taken, taken / best[OURS])
    rasterizer.close()


def _parts(frames: Sequence[Moment], rounds: int) -> Iterator[tuple[str, str, float]]:
    """Every backend's visibility buffer, and single passes that the shared code derives from the last one."""
    seen: list[tuple[Snapshot, Camera, GBuffer]] = []
    for name in NAMES:
        try:
            rasterizer = open_rasterizer(name)
        except RasterizerUnavailable:
            continue
        if name == "pytorch3d" and not torch.cuda.is_available():
            continue  # minutes a frame
        turns = (frames[k % MOMENTS] for k in itertools.count())
        taken = [_taken(lambda: rasterizer.rasterize(*next(turns))) for _ in range(rounds + 1)]  # noqa: B023
        yield f"visibility, {name}", rasterizer.detail, min(taken[1:])
        seen = [(s, c, rasterizer.rasterize(s, c)) for s, c in frames]
        rasterizer.close()
    for name in PASSES:
        made = [_taken(lambda: getattr(Passes(*seen[k % MOMENTS]), name)) for k in range(rounds)]  # noqa: B023
        yield f"pass, {name}", "shared code", min(made)


def _taken(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    made = work()
    taken = 1e3 * (time.perf_counter() - start)
    del made
    return taken


def machine() -> dict[str, str | int | float]:
    """What the figures hold for. load: how many others wanted the cores in the minutes before."""
    processor = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), processor)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    load = round(os.getloadavg()[1], 1) if hasattr(os, "getloadavg") else 0.0
    return {"processor": processor, "cores": cores, "cuda": device, "torch": torch.__version__, "load": load}


def jobs(quick: bool) -> dict[str, Any]:
    """Figures of whole jobs: a window's correspondences, and the memory of ``setpiece passes``."""
    size, lengths, tiny = ((64, 36), (2, 4), "32x18") if quick else ((640, 360), (100, 1000), "160x90")
    return {
        WINDOW: {"width": size[0], "height": size[1], **on_one_core(*size)},
        MEMORY: {str(frames): round(measured(frames, FILED, tiny, 1)[0]) for frames in lengths},
    }


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.gbuffer", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--size", default="1280x720", help="width x height in pixels (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=8, help="frames to take the best of (default: %(default)s)")
    parser.add_argument("--rival", action="append", default=[], metavar="NAME=PYTHON", help="whose python has a rival")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the numbers go (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="the numbers on stdout instead of tables")
    parser.add_argument("--quick", action="store_true", help="tiny pictures, one world: only whether it works")
    said = parser.parse_args()
    width, _, height = said.size.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)) or said.rounds < 1:
        parser.error("write --size like 1280x720, and --rounds as a number from 1 up")
    try:
        pythons = interpreters(said.rival)
    except ValueError as error:
        parser.error(str(error))
    size, worlds, rounds = (int(width), int(height)), list(TRIANGLES), said.rounds
    if said.quick:
        size, worlds, rounds = (64, 36), [*TRIANGLES[:1]], 1
    found = [row for n in worlds for row in measure(size, n, rounds, pythons)]
    rows, absent = [r for r in found if isinstance(r, Row)], list(dict.fromkeys(r for r in found if isinstance(r, str)))
    results = {"size": list(size), "machine": machine(), "frames": [asdict(row) for row in rows], "absent": absent}
    _keep(said.results, results)  # the frames are not lost if somebody stops the long rest
    results |= jobs(said.quick)
    _keep(said.results, results)
    if said.json:
        print(json.dumps(results, indent=2))
    else:
        _show(rows, results)


def _keep(path: Path, results: dict[str, Any]) -> None:
    """Write the numbers, and leave those of other benchmarks as they are."""
    known = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**known, "gbuffer": results}, indent=2, ensure_ascii=False) + "\n")


def _show(rows: Sequence[Row], results: dict[str, Any]) -> None:
    size, totals = results["size"], list(dict.fromkeys(row.triangles for row in rows))
    title = f"milliseconds a frame of {size[0]}x{size[1]}, and times what the complete buffer takes"
    table = Table("", "gives", *(f"{total:,} triangles" for total in totals), title=title)
    for what in dict.fromkeys(row.what for row in rows):
        of = {row.triangles: row for row in rows if row.what == what}
        cells = (f"{of[n].milliseconds:.1f}  ×{of[n].times:.2f}" if n in of else "-" for n in totals)
        table.add_row(what, next(iter(of.values())).gives, *cells)
    console = Console()
    console.print(table)
    details = dict.fromkeys(f"{row.what}: {row.detail}" for row in rows if row.detail != "shared code")
    for words in (*details, *results["absent"]):
        console.print(words, highlight=False)
    for name in (WINDOW, MEMORY, "machine"):
        console.print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in results[name].items()))


if __name__ == "__main__":
    main()
