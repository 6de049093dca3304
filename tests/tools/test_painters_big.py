"""A scene file to frames by a big model: the real pipeline with tiny random weights, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import conditioning.models.catalogue as catalogue
import conditioning.models.wan as wan
from conditioning.models.family import Family
from conditioning.models.store import VARIABLE
from render.files import read_image, read_json
from tools.painters_big import alike, loudest

Run = Callable[..., Any]

NAME = "wan-vace-1.3b"


@pytest.fixture
def models(run: Run, tiny_wan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models with tiny weights of Wan-VACE, fetched from a folder; its windows are five frames long."""
    small: Family = replace(catalogue.family(NAME), window=5, overlap=1, steps=2)
    monkeypatch.setattr(catalogue, "FAMILIES", (catalogue.POCKET, small))
    folder = tmp_path / "models"
    answer = run("models", "get", NAME, "--from", tiny_wan, "--models-dir", folder)
    assert answer.code == 0, answer.err
    return folder


def pictures(answer: Any, shot: int = 0) -> list[np.ndarray]:
    assert answer.code == 0, answer.err
    return [read_image(Path(path)) for path in answer.json["shots"][shot]["frames"]]


def test_a_scene_file_becomes_frames_in_windows_that_resume(
    run: Run, yard: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    real = wan.WanDenoiser.paint

    def watched(self: Any, frames: Any, conditions: Any, steps: int, edit: Any) -> Any:
        told.append(conditions)
        assert steps == 2
        return real(self, frames, conditions, steps, edit)

    monkeypatch.setattr(wan.WanDenoiser, "paint", watched)
    options = ("--shot", "look", "--model", NAME, "--models-dir", models, "--json")
    whole = run("render", yard, "--out", tmp_path / "whole", *options)
    film = pictures(whole)
    assert len(film) == 6
    assert film[0].shape == (36, 64, 3)
    assert whole.json["shots"][0]["film"]

    first, second = told
    assert (first.width, first.height) == (64, 48)  # padded to multiples of 16
    assert set(first.controls) == {"depth"}
    assert first.controls["depth"].pictures.shape == (5, 3, 48, 64)
    assert "sunlight on a wall" in first.prompt
    assert first.known is None
    assert second.known is not None
    assert (second.known.share[0, 0, :36] == 1).all()  # the last frame of the window before
    there = film[2].transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
    assert np.abs(second.known.pictures[0, :, :36].numpy() - there).max() < 1e-6
    assert 0.8 < float(first.noise(16, 8).std()) < 1.2

    manifest = read_json(tmp_path / "whole" / "yard" / "look" / NAME / "manifest.json") or {}
    job: Any = manifest["job"]
    assert (job["model"], job["window"], job["overlap"], job["every"]) == (NAME, 5, 1, 0)
    assert job["guidance"]["cfg"] == 5.0

    again = tmp_path / "again"
    run("render", yard, "--out", again, *options)
    folder = again / "yard" / "look" / NAME
    kept = (folder / "frames" / "0002.png").read_bytes()
    for gone in (folder / "windows" / "001.json", folder / "manifest.json", folder / "frames" / "0006.png"):
        gone.unlink()
    resumed = run("render", yard, "--out", again, *options)
    assert resumed.json["shots"][0]["painted"] == 3
    assert (folder / "frames" / "0002.png").read_bytes() == kept
    for one, other in zip(film, pictures(resumed), strict=True):
        np.testing.assert_array_equal(one, other)
    assert "nothing to do" in run("render", yard, "--out", again, *options).err


def test_the_scene_chooses_the_model_words_controls_and_seed(
    run: Run, yard: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(models))
    sent: list[set[str]] = []
    real = wan.WanDenoiser.paint

    def watched(self: Any, frames: Any, conditions: Any, steps: int, edit: Any) -> Any:
        sent.append(set(conditions.controls))
        return real(self, frames, conditions, steps, edit)

    monkeypatch.setattr(wan.WanDenoiser, "paint", watched)
    look = f"look: {{prompt: a yard at noon, model: {NAME}, steps: 1}}"
    yard.write_text(yard.read_text().replace("look: {prompt: a yard at noon}", look))
    options = ("--shot", "again", "--json", "--no-memory")
    first = pictures(run("render", yard, "--out", tmp_path / "a", *options))
    for k, words in enumerate(("--seed 9", "--guidance off", "--prompt snow")):
        other = pictures(run("render", yard, "--out", tmp_path / f"b{k}", *options, *words.split()))
        assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True)), words
    yard.write_text(yard.read_text().replace("steps: 1}", "steps: 1, controls: {edges: 1}}"))
    assert run("render", yard, "--out", tmp_path / "a", *options).json["shots"][0]["painted"] == 2
    assert sent == [{"depth"}] * 4 + [{"edges"}]
    yard.write_text(yard.read_text().replace("edges: 1", "tracking: 1"))
    answer = run("render", yard, "--out", tmp_path / "c", *options)
    assert answer.code == 2
    assert f"{NAME} takes no tracking control" in answer.err


def test_a_later_shot_knows_what_an_earlier_one_painted(run: Run, yard: Path, models: Path, tmp_path: Path) -> None:
    options = ("--model", NAME, "--models-dir", models, "--out", tmp_path / "out")
    answer = run("render", yard, *options)
    assert answer.code == 0, answer.err
    views = [path.name for path in (tmp_path / "out" / "yard" / "memory" / "views").iterdir()]
    assert any(name.startswith("look-") for name in views)
    manifest = read_json(tmp_path / "out" / "yard" / "again" / NAME / "manifest.json") or {}
    assert any(str(view).startswith("look-") for view in manifest["remembered_views"])  # type: ignore[union-attr]


def test_steps_and_libraries_that_it_cannot_do_with_are_said_first(
    run: Run, yard: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = replace(catalogue.family(NAME), most_steps=50, packages=("no_such_package",))
    monkeypatch.setattr(catalogue, "FAMILIES", (catalogue.POCKET, big))
    options = ("--model", NAME, "--models-dir", models, "--out", tmp_path / "out", "--start-from", "pocket")
    for verb in ("plan", "render"):
        answer = run(verb, yard, *options, "--steps", 51)
        assert (answer.code, f"{NAME} samples in 1 to 50 steps, not 51" in answer.err) == (2, True)
        answer = run(verb, yard, *options)
        assert (answer.code, "`pip install no_such_package`" in answer.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_one_model_is_loaded_once_for_all_shots(
    run: Run, yard: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    real = wan.load

    def watched(name: str, cfg: float, loading: Any) -> Any:
        loaded.append(name)
        return real(name, cfg, loading)

    monkeypatch.setattr(wan, "load", watched)
    assert run("render", yard, "--model", NAME, "--models-dir", models, "--out", tmp_path / "out").code == 0
    assert loaded == [NAME]


def test_another_model_leaves_a_finished_film_alone(run: Run, yard: Path, models: Path, tmp_path: Path) -> None:
    options = ("--shot", "again", "--out", tmp_path / "out", "--json")
    own = run("render", yard, *options).json["shots"][0]
    film = Path(own["film"])
    kept = film.read_bytes()
    other = run("render", yard, *options, "--model", NAME, "--models-dir", models).json["shots"][0]
    assert Path(other["film"]).parent == film.parent / NAME
    assert film.read_bytes() == kept
    assert "nothing to do" in run("render", yard, *options, "--model", "pocket").err
    for words in ((), ("--model", NAME)):
        answer = run("film", yard, "--shot", "again", "--codec", "ffv1", "--no-lens", "--out", tmp_path / "out", *words)
        assert answer.code == 0, answer.err
        assert (tmp_path / "out/yard/again" / f"film{f'-{NAME}' if words else ''}.mkv").is_file()
    answer = run("film", yard, "--model", "wan-vace", "--out", tmp_path / "out")
    assert (answer.code, "did you mean" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", NAME], f"setpiece models get {NAME}"),
        (["--model", "wan-vace-1.3"], f"did you mean `{NAME}`"),
        (["--model", NAME, "--offload", "model"], "get"),
        (["--quantise", "int8"], "--offload and --quantise are for big models"),
    ],
)
def test_what_is_missing_is_one_sentence(
    run: Run, yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    answer = run("render", yard, "--out", tmp_path / "out", *words)
    assert answer.code == 2
    assert said in answer.err
    assert "Traceback" not in answer.err
    assert not (tmp_path / "out").exists()


def test_of_words_that_fade_the_louder_ones_hold_and_alike_is_what_they_mean() -> None:
    assert loudest(()) == ""
    assert loudest(((0.3, "noon"), (0.7, "night"))) == "night"
    dusk, same, snow = ((1.0, "a street at dusk"),), ((1.0, "the street at dusk"),), ((1.0, "snow"),)
    assert alike(dusk, dusk) == alike((), dusk) == 1.0
    assert 1.0 > alike(dusk, same) > alike(dusk, snow) >= 0.0
