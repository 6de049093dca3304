"""The command line: what works leaves what it says; what is wrong gets one sentence and exit code 2."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import conditioning.jobfiles
import tools.commands_scene
from render.files import read_json
from render.video import read_video

Run = Callable[..., Any]


def one_sentence(words: str) -> bool:
    """Nothing of Python shows, and something is said."""
    return bool(words.strip()) and not any(sign in words for sign in ("Traceback", "Error:", "a bug in Setpiece"))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_help_answers_without_heavy_libraries() -> None:
    program = "import sys, tools.cli; print([m for m in ('torch', 'numpy', 'scipy', 'trimesh') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_check_says_what_a_scene_holds(run: Run, yard: Path) -> None:
    answer = run("check", yard, "--json")
    assert answer.code == 0
    assert [shot["name"] for shot in answer.json["shots"]] == ["look", "again"]
    assert answer.json["shots"][0]["frames"] == 6
    assert answer.json["triangles"] > 20
    assert run("check", yard).code == 0


def test_a_scene_may_be_named_by_its_folder(run: Run, yard: Path) -> None:
    folder = yard.parent / "courtyard"
    folder.mkdir()
    yard.rename(folder / "scene.yaml")
    assert run("check", folder, "--json").json["scene"] == "courtyard"


def test_new_makes_a_scene_that_checks(run: Run, tmp_path: Path) -> None:
    answer = run("new", tmp_path / "first")
    assert answer.code == 0
    assert sorted(p.name for p in (tmp_path / "first").iterdir()) == ["scene.schema.json", "scene.yaml"]
    assert run("check", tmp_path / "first").code == 0
    before = tree(tmp_path)
    again = run("new", tmp_path / "first")
    assert again.code == 2
    assert "already there" in again.err
    assert tree(tmp_path) == before


def test_schema_is_json(run: Run) -> None:
    assert run("schema").json["properties"]["shots"]


def test_proxy_leaves_a_film_and_a_sheet_once(run: Run, yard: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    answer = run("proxy", yard, "--shot", "look", "--out", out, "--json")
    assert answer.code == 0
    assert answer.json["shots"][0]["made"]
    folder = out / "yard" / "look"
    assert len(list(read_video(folder / "proxy.mp4"))) == 6
    with Image.open(folder / "sheet.jpg") as sheet:
        assert sheet.width > 400
    before = tree(out)
    again = run("proxy", yard, "--shot", "look", "--out", out, "--json")
    assert not again.json["shots"][0]["made"]
    assert "nothing to do" in again.err
    assert tree(out) == before


def test_a_prompt_never_makes_the_built_pictures_again(run: Run, yard: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--pass", "depth", "--shot", "again", "--out", out, "--json")
    assert run("passes", yard, *options).json["shots"][0]["made"] == ["depth"]
    yard.write_text(yard.read_text().replace("sunlight on a wall", "snow").replace("a yard at noon", "winter"))
    assert run("passes", yard, *options).json["shots"][0]["made"] == []
    yard.write_text(yard.read_text().replace("[1, 1, 1.2]", "[1, 1, 1.3]"))
    assert run("passes", yard, *options).json["shots"][0]["made"] == ["depth"]


def test_passes_hold_exact_values_in_every_format(run: Run, yard: Path, tmp_path: Path) -> None:
    options = ("--pass", "depth,normal,object-id,ambient-occlusion", "--shot", "again", "--out", tmp_path)
    folder = tmp_path / "yard" / "again" / "passes"
    assert run("passes", yard, *options, "--format", "npz").code == 0
    depth = np.load(folder / "depth" / "0001.npz")["depth"]
    assert depth.shape == (36, 64)
    assert 0 < depth[np.isfinite(depth)].min() < 10
    assert np.isinf(depth).any()
    assert run("passes", yard, *options, "--format", "png").code == 0
    with Image.open(folder / "depth" / "0001.png") as picture:
        code = np.asarray(picture).astype(float) / 65535
    seen = np.isfinite(depth)
    np.testing.assert_allclose((5 / code[seen] - 5), depth[seen], rtol=2e-3)
    assert (code[~seen] == 0).all()
    pytest.importorskip("OpenEXR", reason="EXR needs the optional package OpenEXR")
    from render.exr import read_exr

    assert run("passes", yard, *options, "--format", "exr").code == 0
    planes, header = read_exr(folder / "exr" / "0002.exr")
    assert {"depth.Z", "normal.X", "object_id.id", "ambient_occlusion.Y"} <= set(planes)
    np.testing.assert_array_equal(planes["depth.Z"], np.load(folder / "depth" / "0002.npz")["depth"])
    assert "metres" in header["units"]


def test_render_leaves_the_tree_it_promises(run: Run, yard: Path, tmp_path: Path, painted: list[str]) -> None:
    answer = run("render", yard, "--out", tmp_path / "out", "--json")
    assert answer.code == 0
    assert [shot["painted"] for shot in answer.json["shots"]] == [6, 2]
    folder = tmp_path / "out" / "yard" / "look"
    names = sorted(p.name for p in folder.iterdir())
    assert names == ["frames", "look.mp4", "manifest.json", "windows"]
    assert sorted(p.name for p in (folder / "frames").iterdir()) == [f"{k:04d}.png" for k in range(1, 7)]
    assert len(list(read_video(folder / "look.mp4"))) == 6
    manifest = read_json(folder / "manifest.json")
    assert manifest is not None
    assert manifest["job"]["seed"] == 3
    assert painted == ["look", "again"]

    again = run("render", yard, "--out", tmp_path / "out")
    assert again.code == 0
    assert again.err.count("nothing to do") == 2
    assert painted == ["look", "again"]
    assert run("render", yard, "--out", tmp_path / "out", "--shot", "again", "--force").code == 0
    assert painted == ["look", "again", "again"]


def test_parts_of_a_shot_do_not_disturb_the_whole(run: Run, yard: Path, tmp_path: Path, painted: list[str]) -> None:
    options = ("--shot", "look", "--out", tmp_path / "out", "--json")
    run("render", yard, *options)
    folder = tmp_path / "out" / "yard" / "look"
    before = tree(folder)
    still = run("render", yard, *options, "--still", 3).json["shots"][0]
    assert [Path(p).name for p in still["frames"]] == ["0003.png"]
    assert still["film"] is None
    part = run("render", yard, *options, "--frames", "2-4").json["shots"][0]
    assert [Path(p).name for p in part["frames"]] == ["0002.png", "0003.png", "0004.png"]
    alone = run("render", yard, *options, "--guidance", "off").json["shots"][0]
    assert "unguided" in alone["film"]
    assert {name: content for name, content in tree(folder).items() if name in before} == before


def test_size_and_quality(run: Run, yard: Path, tmp_path: Path, painted: list[str]) -> None:
    options = ("--shot", "again", "--still", 1, "--out", tmp_path / "out", "--json")
    for more, expected in ((("--quality", "preview"), (32, 18)), (("--size", "48x48"), (48, 48))):
        frame = run("render", yard, *options, *more).json["shots"][0]["frames"][0]
        with Image.open(frame) as picture:
            assert picture.size == expected


def test_report_measures_and_shows(run: Run, yard: Path, tmp_path: Path, painted: list[str]) -> None:
    options = ("--shot", "look", "--out", tmp_path / "out", "--json")
    report = run("report", yard, *options).json["shots"][0]
    assert report["frames"] == 6
    assert report["e_warp_guided"] < 0.5 * report["e_warp_unguided"]
    assert report["e_warp_blurred"] < report["e_warp_unguided"]
    assert set(report["e_warp_sigma"]["guided"]) == {"0", "1", "2"}
    assert report["films"]["blurred"]["score"] > report["films"]["unguided"]["score"] == 1.0
    assert len(report["films"]["guided"]["e_warp_frames"]) == 5
    folder = tmp_path / "out" / "yard" / "look"
    page = (folder / "report.html").read_text()
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "")
    for film in ("look.mp4", "unguided/look.mp4"):
        assert f'href="{film}"' in page
        assert (folder / film).is_file()
    assert 'src="data:video/mp4;base64,' in page
    films = report["films"]
    assert films["guided"]["flicker"]["0"] < 0.5 * films["unguided"]["flicker"]["0"]
    assert films["guided"]["pairs"]["farthest"]["psnr"]["0"] > 8 + films["unguided"]["pairs"]["farthest"]["psnr"]["0"]
    assert 0.6 < films["guided"]["edge_f1"] <= 1
    before = tree(folder)
    assert run("report", yard, *options).json["shots"][0] == report
    assert tree(folder) == before


def test_report_of_several_shots_looks_across_the_cut(run: Run, yard: Path, tmp_path: Path, painted: list[str]) -> None:
    told = run("report", yard, "--out", tmp_path / "out", "--json").json
    cut = {name: film["pairs"]["cut"] for name, film in told["cuts"]["films"].items()}
    assert cut["guided"]["pixels"] == cut["unguided"]["pixels"] > 500
    assert cut["guided"]["psnr"]["0"] > cut["unguided"]["psnr"]["0"] + 8
    things = told["cuts"]["films"]["guided"]["colours"]["things"]
    assert {"crate: wood", "wall: brick"} <= {thing["thing"] for thing in things}
    assert all(thing["shots"] == ["look", "again"] and thing["delta_e"] < 2 for thing in things)
    page = (tmp_path / "out" / "yard" / "report.html").read_text()
    assert 'href="look/report.html"' in page
    assert "crate" in page
    assert "http" not in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "nowhere.yaml"), "no such scene file"),
        (("check",), "Missing argument"),
        (("chekc", "SCENE"), "chekc"),
        (("check", "SCENE", "--size", "12"), "picture size"),
        (("render", "SCENE", "--shot", "nobody"), "nobody"),
        (("render", "SCENE", "--frames", "4-99"), "within 1-6"),
        (("render", "SCENE", "--frames", "4-2"), "within 1-6"),
        (("render", "SCENE", "--shot", "look", "--still", "7"), "within 1-6"),
        (("render", "SCENE", "--still", "0"), "--still"),
        (("render", "SCENE", "--frames", "1-2", "--still", "1"), "exclude each other"),
        (("render", "SCENE", "--size", "1280"), "1280"),
        (("render", "SCENE", "--size", "99999x4"), "picture size"),
        (("render", "SCENE", "--steps", "0"), "--steps"),
        (("render", "SCENE", "--guidance", "much"), "--guidance"),
        (("render", "SCENE", "--quality", "best"), "--quality"),
        (("render", "SCENE", "--rasterizer", "crayon"), "crayon"),
        (("render", "SCENE", "--seed", "x"), "--seed"),
        (("passes", "SCENE", "--pass", "depht"), "depht"),
        (("passes", "SCENE", "--pass", ""), "not a pass"),
        (("passes", "SCENE", "--format", "gif"), "--format"),
        (("proxy", "SCENE", "--shot", "nobody"), "nobody"),
        (("new", "a b"), "letters"),
    ],
)
def test_bad_input_gets_a_sentence_and_leaves_nothing(
    run: Run, yard: Path, monkeypatch: pytest.MonkeyPatch, painted: list[str], arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(yard.parent)
    before = tree(yard.parent)
    answer = run(*(str(yard) if word == "SCENE" else word for word in arguments))
    assert answer.code == 2
    assert words.replace("picture size", "picture size") in answer.err
    assert one_sentence(answer.err)
    assert answer.out == ""
    assert tree(yard.parent) == before
    assert painted == []


@pytest.mark.parametrize("words", [(), ("memory",)])
def test_without_arguments_the_help_is_all(run: Run, words: tuple[str, ...]) -> None:
    answer = run(*words)
    assert answer.code == 2
    assert "Usage" in answer.out + answer.err
    assert "Try" not in answer.err


def test_a_mistake_in_the_scene_is_shown_at_its_place(run: Run, yard: Path) -> None:
    yard.write_text(yard.read_text().replace("frames: 6", "framse: 6"))
    answer = run("check", yard)
    assert answer.code == 2
    assert f"{yard}:13:5:" in answer.err
    assert "`frames`" in answer.err


def test_another_generator_is_refused(run: Run, yard: Path, tmp_path: Path) -> None:
    yard.write_text(yard.read_text().replace("{prompt: a yard at noon}", "{model: dall-e}"))
    answer = run("render", yard, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "dall-e" in answer.err
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_said_and_leaves_nothing_half_made(
    run: Run, yard: Path, tmp_path: Path, painted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, image: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(conditioning.jobfiles, "write_image", full)
    answer = run("render", yard, "--shot", "look", "--out", tmp_path / "out")
    assert answer.code == 2
    assert "disk is full" in answer.err
    assert not list((tmp_path / "out").rglob("*.png"))
    assert not list((tmp_path / "out").rglob("*.json"))


def test_a_folder_that_cannot_be_written_to_is_said(run: Run, yard: Path, tmp_path: Path, painted: list[str]) -> None:
    (tmp_path / "out").write_text("a file stands where the folder should be")
    answer = run("render", yard, "--out", tmp_path / "out")
    assert answer.code == 2
    assert str(tmp_path / "out") in answer.err
    assert one_sentence(answer.err)


def test_our_own_mistakes_are_owned_up_to(
    run: Run, yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tools.commands_scene, "described", lambda opened, shots: np.zeros(3) @ np.zeros(4))
    answer = run("check", yard)  # numpy's ValueError about shapes is no one's bad input
    assert answer.code == 1
    assert "bug in Setpiece" in answer.err
    assert "Traceback" not in answer.err
    (log,) = tmp_path.glob("setpiece-*.log")
    assert str(log) in answer.err
    assert "Traceback" in log.read_text()


def test_stopping_says_that_it_resumes(
    run: Run, yard: Path, tmp_path: Path, painted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(path: Path, image: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(conditioning.jobfiles, "write_image", stop)
    answer = run("render", yard, "--shot", "look", "--out", tmp_path / "out")
    assert answer.code == 130
    assert "goes on where" in answer.err


def test_an_interrupted_process_ends_with_130(yard: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tools.cli",
        "proxy",
        str(yard),
        "--out",
        str(tmp_path / "out"),
        "--size",
        "1024x576",
    ]

    def heed() -> None:  # whoever runs the tests in the background has it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed)
    folder = tmp_path / "out" / "yard" / "look"
    deadline = time.monotonic() + 90
    while not list(folder.glob(".part-*")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert one_sentence(said)
    assert not (folder / "proxy.mp4").exists()
    assert not list(folder.glob(".part-*"))
