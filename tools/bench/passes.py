"""Memory and time of ``setpiece passes`` over many frames: ``python -m tools.bench.passes [--frames 100 1000]``.

Each count of frames is a process of its own, the command as anybody runs it, on one shot of that length; its peak
memory is what the system says of it when it has ended.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

PASSES = "depth,inverse_depth,normal,edges,keypoints,forward_motion,disocclusion_mask,crypto_object"
SCENE = """\
title: A long walk
size: {size}
world:
  sets:
    - street: {{length: 60m, width: 9m, style: old-town, seed: 3}}
characters:
  mara:
    actions:
      - walk: {{along: [[0.9, 22], [-0.3, 4]], speed: 1.3m/s}}
shots:
  - name: walk
    frames: {frames}
    camera:
      body: {{truck: {{at: [-1.4, 9.5, 1.1], by: 2m}}}}
      aim: {{look-at: mara.chest}}
"""


def measured(frames: int, passes: str, size: str, jobs: int) -> tuple[float, float]:
    """Peak MiB of the largest process, and seconds, of making ``passes`` of ``frames`` frames."""
    with tempfile.TemporaryDirectory() as folder:
        scene = Path(folder) / "walk.yaml"
        scene.write_text(SCENE.format(frames=frames, size=size), encoding="utf-8")
        words = ["passes", str(scene), "--pass", passes, "--out", str(Path(folder) / "out"), "--jobs", str(jobs)]
        start = time.perf_counter()
        process = os.posix_spawn(sys.executable, [sys.executable, "-m", "tools.cli", *words], os.environ)
        _, status, used = os.wait4(process, 0)
        if status:
            raise SystemExit(f"the command failed with {frames} frames")
        return used.ru_maxrss / 1024, time.perf_counter() - start


def main() -> None:
    """Print a table, or JSON."""
    words = argparse.ArgumentParser(prog="python -m tools.bench.passes", description=__doc__.splitlines()[0])
    words.add_argument("--frames", nargs="+", type=int, default=[100, 1000])
    words.add_argument("--pass", dest="passes", default=PASSES)
    words.add_argument("--size", default="160x90")
    words.add_argument("--jobs", type=int, default=1)
    words.add_argument("--json", action="store_true")
    options = words.parse_args()
    rows = [(frames, *measured(frames, options.passes, options.size, options.jobs)) for frames in options.frames]
    if options.json:
        print(json.dumps([dict(zip(("frames", "peak_mib", "seconds"), row, strict=True)) for row in rows], indent=2))
        return
    table = Table("frames", "peak MiB", "seconds", "ms a frame", title=f"setpiece passes, {options.size}")
    for frames, peak, seconds in rows:
        table.add_row(str(frames), f"{peak:.0f}", f"{seconds:.1f}", f"{1000 * seconds / frames:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
