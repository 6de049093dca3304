"""The verb passes: streams, in parts, on several processes, stopped and gone on with."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from render.files import PART, read_json
from render.raster import open_rasterizer
from tools.commands_passes import Maker, Wanted
from tools.passstore import ranges

Run = Callable[..., Any]


def files(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``, by its name."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_ranges_grow_together_and_the_manifest_says_what_is_there(run: Run, yard: Path, tmp_path: Path) -> None:
    options = ("passes", yard, "--shot", "look", "--pass", "depth,instance-id", "--out", tmp_path / "out", "--json")
    folder = tmp_path / "out" / "yard" / "look" / "passes"
    first = run(*options, "--frames", "2-3").json["shots"][0]
    assert (first["made"], first["frames"]) == (["depth", "instance_id"], 2)
    assert sorted(p.name for p in (folder / "depth").glob("*.png")) == ["0002.png", "0003.png"]
    told = read_json(folder / "depth" / "png.json")
    assert told is not None
    assert told["frames"] == "2-3"
    run(*options, "--frames", "5")
    assert (read_json(folder / "depth" / "png.json") or {})["frames"] == "2-3, 5"
    before = files(folder)
    rest = run(*options).json["shots"][0]
    assert rest["frames"] == 3
    told = read_json(folder / "instance_id" / "png.json")
    assert told is not None
    assert (told["frames"], told["of"]) == ("1-6", 6)
    assert {entry["name"] for entry in told["names"]["instance_id"].values()} >= {"crate", "wall"}
    after = files(folder)
    assert all(after[name] == content for name, content in before.items() if name.endswith(".png"))
    again = run(*options)
    assert again.json["shots"][0]["made"] == []
    assert "nothing to do" in again.err
    assert files(folder) == after


def test_what_was_changed_or_taken_away_is_made_again(run: Run, yard: Path, tmp_path: Path) -> None:
    options = ("passes", yard, "--shot", "again", "--pass", "keypoints", "--out", tmp_path / "out", "--json")
    folder = tmp_path / "out" / "yard" / "again" / "passes" / "keypoints"
    run(*options)
    before = files(folder)
    assert {"0001.png", "0001.json", "0002.png", "0002.json", "png.json"} == set(before)
    (folder / "0001.png").write_bytes(b"cut short")
    (folder / "0002.json").unlink()
    assert run(*options).json["shots"][0]["frames"] == 2
    assert files(folder) == before
    assert run(*options, "--force").json["shots"][0]["frames"] == 2
    yard.write_text(yard.read_text().replace("[1, 1, 1.2]", "[1, 1, 1.3]").replace("frames: 2", "frames: 1"))
    assert run(*options).json["shots"][0]["frames"] == 1
    assert not (folder / "0002.png").exists()  # of another camera
    assert not (folder / "0002.json").exists()


def test_inverse_depth_carries_its_scale(run: Run, yard: Path, tmp_path: Path) -> None:
    options = ("passes", yard, "--shot", "again", "--out", tmp_path / "out")
    folder = tmp_path / "out" / "yard" / "again" / "passes"
    assert run(*options, "--pass", "depth", "--format", "npz").code == 0
    depth = np.load(folder / "depth" / "0001.npz")["depth"]
    seen = np.isfinite(depth)
    for polarity in ("near-white", "near-black"):
        assert run(*options, "--pass", "inverse-depth", "--depth-polarity", polarity).code == 0
        told: Any = read_json(folder / "inverse_depth" / "png.json")
        with Image.open(folder / "inverse_depth" / "0001.png") as opened:
            value = np.asarray(opened).astype(float) / 65535
        v = value if polarity == "near-white" else 1 - value
        near, far = (told["scale"][name] for name in ("near_m", "far_m"))
        metres = 1 / (v * (1 / near - 1 / far) + 1 / far)
        inside = seen & (depth > near) & (depth < far)
        assert inside.sum() > 0.9 * seen.sum()
        np.testing.assert_allclose(metres[inside], depth[inside], rtol=5e-3)


@pytest.mark.slow
def test_several_processes_write_the_same_bytes(run: Run, yard: Path, tmp_path: Path) -> None:
    yard.write_text(yard.read_text().replace("frames: 6", "frames: 14"))  # more than a piece
    names = "inverse-depth,forward-motion,crypto-object,keypoints,shade"
    for jobs in (1, 2):
        out = ("--out", tmp_path / str(jobs), "--jobs", jobs)
        assert run("passes", yard, "--pass", names, *out, "--size", "32x18").code == 0
    one, two = (files(tmp_path / str(jobs)) for jobs in (1, 2))
    assert len(one) == 2 * 5 + (14 + 2) * 6
    assert one == two


def test_killed_half_way_it_goes_on_to_the_same_bytes(run: Run, yard: Path, tmp_path: Path) -> None:
    yard.write_text(yard.read_text().replace("frames: 6", "frames: 300"))
    options = ["passes", str(yard), "--shot", "look", "--pass", "depth,backward-motion", "--size", "96x64"]
    folder = tmp_path / "out" / "yard" / "look" / "passes" / "depth"
    done = subprocess.Popen([sys.executable, "-m", "tools.cli", *options, "--out", str(tmp_path / "out")])
    patience = time.monotonic() + 120
    while len(list(folder.glob("0*.png"))) < 5 and done.poll() is None and time.monotonic() < patience:
        time.sleep(0.02)
    done.send_signal(signal.SIGKILL)
    done.wait()
    left = sorted(folder.glob("0*.png"))
    assert 5 <= len(left) < 300
    for path in left:
        with Image.open(path) as picture:
            picture.load()
    short = ("--frames", f"1-{len(left) + 3}")
    assert run(*options, *short, "--out", tmp_path / "out").code == 0
    assert run(*options, *short, "--out", tmp_path / "whole").code == 0
    resumed, whole = files(tmp_path / "out"), files(tmp_path / "whole")
    assert resumed == whole
    assert not any(PART in name for name in resumed)


@pytest.mark.slow
def test_stopped_it_leaves_whole_files_and_no_process(yard: Path, tmp_path: Path) -> None:
    yard.write_text(yard.read_text().replace("frames: 6", "frames: 2000"))
    options = ["passes", str(yard), "--shot", "look", "--pass", "depth,normal", "--jobs", "2", "--out", str(tmp_path)]
    folder = tmp_path / "yard" / "look" / "passes"

    def heed() -> None:  # whoever runs the tests in the background has it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    command = [sys.executable, "-m", "tools.cli", *options]
    done = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed)
    patience = time.monotonic() + 120
    while len(list(folder.glob("normal/0*.png"))) < 5 and done.poll() is None and time.monotonic() < patience:
        time.sleep(0.02)
    done.send_signal(signal.SIGINT)
    _, words = done.communicate(timeout=60)
    assert done.returncode == 130
    assert "goes on where this one stopped" in words
    assert "Traceback" not in words
    assert not list(folder.rglob(f"{PART}*"))
    told = read_json(folder / "normal" / "png.json")
    assert told is not None
    sizes: Any = told["bytes"]
    assert {p.name: p.stat().st_size for p in folder.glob("normal/0*.png")} == sizes


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--frames", "4-99", "--shot", "look"), "within 1-6"),
        (("--jobs", "0"), "--jobs"),
        (("--depth-polarity", "white"), "--depth-polarity"),
        (("--pass", "occlusion"), "not a pass"),
    ],
)
def test_bad_options_get_a_sentence(run: Run, yard: Path, tmp_path: Path, more: tuple[str, ...], words: str) -> None:
    answer = run("passes", yard, "--out", tmp_path / "out", *more)
    assert answer.code == 2
    assert words in answer.err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_frames(yard: Path, tmp_path: Path) -> None:
    yard.write_text(yard.read_text().replace("frames: 6", "frames: 80"))
    names = "depth,inverse-depth,edges,keypoints,forward-motion,disocclusion-mask,crypto-object,shade"
    wanted = Wanted(yard, names, "png", "look", "32x18", "final", "auto", tmp_path / "out")
    opened, shots = wanted.opened()
    maker = Maker(opened, shots, open_rasterizer(), wanted)
    every = tuple(range(len(maker.stores[0])))

    def peak(frames: range) -> int:
        tracemalloc.reset_peak()
        for k in frames:
            maker.make((0, k, every))
        return tracemalloc.get_traced_memory()[1]

    for k in range(3):  # what is kept for the whole shot
        maker.make((0, k, every))
    tracemalloc.start()
    try:
        few = peak(range(0, 20))
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        many = peak(range(20, 80))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident
    finally:
        tracemalloc.stop()
    assert many < 1.05 * few + 100_000
    assert grown < 16 * 1024  # KiB


def test_ranges_are_told_shortly() -> None:
    assert ranges([1, 2, 3, 5, 8, 9]) == "1-3, 5, 8-9"
    assert ranges([]) == ""
