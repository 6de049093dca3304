"""Pocket through the command line: it paints, steadier when guided, and says what is wrong with its weights."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from conditioning.controls import KIND_NAMES, LIGHT, MAPS
from conditioning.models.pocket import denoiser
from conditioning.models.pocket.network import PocketUNet
from conditioning.text import WORDS
from render.files import read_image, read_json
from tools.opened import open_production

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny pocket that was never trained: what it paints is its noise and the proxy."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    network = PocketUNet(len(MAPS), LIGHT, WORDS, KIND_NAMES, channels=(8, 16), blocks=(1, 1), condition=16)
    torch.nn.init.normal_(network.tail.weight, std=0.05)
    network.save_pretrained(folder)
    return folder


@pytest.fixture
def weights(small_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them that the painter uses."""
    folder = tmp_path / "weights"
    shutil.copytree(small_weights, folder)
    monkeypatch.setattr(denoiser, "FOLDER", folder)
    denoiser.weights_key.cache_clear()
    yield folder
    denoiser.weights_key.cache_clear()


def test_it_paints_the_same_bytes_twice(run: Run, yard: Path, tmp_path: Path, weights: Path) -> None:
    films = []
    for name in ("a", "b"):
        answer = run("render", yard, "--shot", "look", "--out", tmp_path / name, "--json")
        assert answer.code == 0, answer.err
        films.append([Path(p).read_bytes() for p in answer.json["shots"][0]["frames"]])
    assert films[0] == films[1]
    manifest = read_json(tmp_path / "a" / "yard" / "look" / "manifest.json")
    assert manifest is not None
    job = manifest["job"]
    assert isinstance(job, dict)
    assert job["model"] == "pocket"
    assert job["weights"] == denoiser.weights_key(weights)


def test_seed_steps_and_guidance_change_the_picture(run: Run, yard: Path, tmp_path: Path, weights: Path) -> None:
    pictures = {}
    for words in ("", "--seed 9", "--steps 3", "--guidance off"):  # pocket's first step has no noise: two are taken
        steps = () if "--steps" in words else ("--steps", "2")
        options = ("--shot", "look", "--frames", "1-2", "--out", tmp_path / "out", "--json", *words.split(), *steps)
        frame = run("render", yard, *options).json["shots"][0]["frames"][1]
        pictures[words] = read_image(Path(frame))
    for words, picture in pictures.items():
        if words:
            assert not np.array_equal(picture, pictures[""])


def test_words_on_the_command_line_replace_the_look_s(run: Run, yard: Path, tmp_path: Path, weights: Path) -> None:
    options = ("--shot", "again", "--out", tmp_path / "out")
    assert run("render", yard, *options).code == 0
    assert "painted 2 frames" in run("render", yard, *options, "--prompt", "film noir, snow").err
    assert "nothing to do" in run("render", yard, *options, "--prompt", "film noir, snow").err
    assert run("film", yard, *options, "--codec", "ffv1").code == 0  # the world it shows is still the scene's
    opened = open_production(yard, tmp_path, "film noir, snow")
    assert all(words.endswith("film noir, snow") for shot in opened.production.shots for _, words in shot.prompts)


def test_a_prompt_paints_anew_and_stays_put(run: Run, yard: Path, tmp_path: Path, weights: Path) -> None:
    options = ("--shot", "again", "--out", tmp_path / "out")
    assert run("render", yard, *options).code == 0
    yard.write_text(yard.read_text().replace("a yard at noon", "a yard in snow"))
    assert "painted 2 frames" in run("render", yard, *options).err
    assert "nothing to do" in run("render", yard, *options).err
    yard.write_text(yard.read_text().replace("elevation: 30deg", "elevation: 40deg"))
    assert "painted 2 frames" in run("render", yard, *options).err


def test_memory_is_written_and_a_rerun_has_nothing_to_do(run: Run, yard: Path, tmp_path: Path, weights: Path) -> None:
    out = tmp_path / "out"
    assert run("render", yard, "--out", out).code == 0
    views = sorted(p.name for p in (out / "yard" / "memory" / "views").iterdir())
    assert any(name.startswith("look-0001") for name in views)
    manifest = read_json(out / "yard" / "look" / "manifest.json") or {}
    assert set(views) >= set(manifest["remembered_views"]) > set()  # type: ignore[call-overload]
    again = run("render", yard, "--out", out)
    assert again.err.count("nothing to do") == 2
    assert sorted(p.name for p in (out / "yard" / "memory" / "views").iterdir()) == views


@pytest.mark.parametrize("words", ["--no-memory", "--guidance off"])
def test_without_memory_none_is_read_or_written(
    run: Run, yard: Path, tmp_path: Path, weights: Path, words: str
) -> None:
    options = ("--shot", "again", *words.split(), "--json")
    alone = run("render", yard, "--out", tmp_path / "alone", *options)
    assert not (tmp_path / "alone" / "yard" / "memory").exists()
    run("render", yard, "--shot", "look", "--out", tmp_path / "both")
    both = run("render", yard, "--out", tmp_path / "both", *options)
    pictures = [[Path(p).read_bytes() for p in a.json["shots"][0]["frames"]] for a in (alone, both)]
    assert pictures[0] == pictures[1]


def test_a_shot_reads_what_an_earlier_one_remembered(run: Run, yard: Path, tmp_path: Path, weights: Path) -> None:
    def again(out: str) -> tuple[np.ndarray, list[str]]:
        answer = run("render", yard, "--shot", "again", "--out", tmp_path / out, "--json").json["shots"][0]
        manifest = read_json(Path(answer["manifest"])) or {}
        return read_image(Path(answer["frames"][0])), manifest["remembered_views"]  # type: ignore[return-value]

    run("render", yard, "--shot", "look", "--out", tmp_path / "both")
    known, views = again("both")
    new, alone = again("alone")
    assert not np.array_equal(known, new)
    assert any(view.startswith("look-") for view in views)
    assert not any(view.startswith("look-") for view in alone)


def test_a_stopped_shot_whose_memory_was_cleared_starts_over(
    run: Run, yard: Path, tmp_path: Path, weights: Path
) -> None:
    options = ("--shot", "look", "--out", tmp_path / "out")
    run("render", yard, *options)
    folder = tmp_path / "out" / "yard" / "look"
    first = (folder / "frames" / "0001.png").read_bytes()
    for gone in (*folder.glob("windows/*.json"), folder / "windows" / "keys" / "0006.json", folder / "manifest.json"):
        gone.unlink()
    shutil.rmtree(tmp_path / "out" / "yard" / "memory")
    answer = run("render", yard, *options)
    assert answer.code == 0, answer.err
    assert "painted 6 frames" in answer.err
    assert (folder / "frames" / "0001.png").read_bytes() == first


def test_missing_weights_are_said(run: Run, yard: Path, tmp_path: Path, weights: Path) -> None:
    (weights / denoiser.FILES[1]).unlink()
    answer = run("render", yard, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "missing" in answer.err
    assert not (tmp_path / "out").exists()


def test_damaged_weights_are_said_and_keep_what_was_painted(
    run: Run, yard: Path, tmp_path: Path, weights: Path
) -> None:
    options = ("--shot", "again", "--out", tmp_path / "out")
    run("render", yard, *options)
    film = tmp_path / "out" / "yard" / "again" / "again.mp4"
    before = film.read_bytes()
    file = weights / denoiser.FILES[1]
    file.write_bytes(file.read_bytes()[:-1000])
    denoiser.weights_key.cache_clear()
    answer = run("render", yard, *options)
    assert answer.code == 2
    assert "cannot be read" in answer.err
    assert "Traceback" not in answer.err
    assert film.read_bytes() == before


def test_doctor_is_ready_with_weights_and_not_without(run: Run, weights: Path) -> None:
    answer = run("doctor", "--json")
    findings = {finding["what"]: finding for finding in answer.json["findings"]}
    assert findings["films (ffmpeg)"]["well"]
    assert any(finding["well"] for what, finding in findings.items() if what.startswith("rasterizer"))
    assert answer.code == (0 if answer.json["ready"] else 2)
    assert findings["weights (pocket)"]["well"]
    (weights / denoiser.FILES[0]).unlink()
    without = run("doctor")
    assert without.code == 2
    assert "MISS  weights" in without.err
    assert "mend:" in without.err
