"""Correspondence of a window of 16 frames on one core: ``python -m tools.bench.window [--size WxH]``.

Where the pixels of each frame lie in the 15 others and in 4 anchors. It is measured in a process of its own, which
keeps to one core.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

WINDOW, ANCHORS = 16, 4


def on_one_core(width: int, height: int) -> dict[str, float]:
    """Seconds for the geometry of the 20 frames, and for the 16 × 19 correspondences."""
    words = [sys.executable, "-m", "tools.bench.window", "--size", f"{width}x{height}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"correspondence could not be measured:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(width: int, height: int) -> dict[str, float]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    # Imported here, so that no library counts more than the one core.
    import torch

    from render.correspondence import FrameGeometry, correspond_many
    from render.raster import open_rasterizer
    from tools.bench.hills import hills, moment

    torch.set_num_threads(1)
    world, rasterizer = hills(100_000), open_rasterizer()
    moments = [moment(world, k, width, height) for k in range(WINDOW + ANCHORS)]
    drawn = [(*frame, rasterizer.rasterize(*frame)) for frame in moments]
    start = time.perf_counter()
    frames = [FrameGeometry.of(*frame) for frame in drawn]
    between = time.perf_counter()
    for k in range(WINDOW):
        correspond_many(frames[k], [frame for j, frame in enumerate(frames) if j != k])
    return {"geometry_s": between - start, "correspondence_s": time.perf_counter() - between}


def main() -> None:
    """Measure in this process and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.window", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--size", default="640x360", help="width x height in pixels (default: %(default)s)")
    width, _, height = parser.parse_args().size.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        parser.error("write --size like 640x360")
    print(json.dumps(_measured(int(width), int(height))))


if __name__ == "__main__":
    main()
