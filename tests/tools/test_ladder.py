"""The ladder: a shot blocked by pocket, or by a film, and painted over by a big model; and the plan that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import conditioning.models.catalogue as catalogue
import conditioning.models.wan as wan
from conditioning.models.store import VARIABLE
from render.files import read_image, read_json
from render.video import write_video

Run = Callable[..., Any]
NAME = "wan-vace-1.3b"


@pytest.fixture
def told(run: Run, tiny_wan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Tiny random weights of Wan-VACE, ready to paint windows of five frames; lists what they are told."""
    small = replace(catalogue.family(NAME), window=5, overlap=1, steps=2)
    monkeypatch.setattr(catalogue, "FAMILIES", (catalogue.POCKET, small))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "models"))
    assert run("models", "get", NAME, "--from", tiny_wan).code == 0
    conditions: list[Any] = []
    real = wan.WanDenoiser.paint

    def watched(self: Any, frames: Any, given: Any, steps: int, edit: Any) -> Any:
        conditions.append(given)
        return real(self, frames, given, steps, edit)

    monkeypatch.setattr(wan.WanDenoiser, "paint", watched)
    return conditions


def test_pocket_blocks_and_the_big_model_paints_over_it(run: Run, yard: Path, tmp_path: Path, told: list[Any]) -> None:
    out = tmp_path / "out"
    options = ("--shot", "again", "--model", NAME, "--out", out, "--json")
    answer = run("render", yard, *options, "--start-from", "pocket", "--strength", 0.5)
    assert answer.code == 0, answer.err
    blocked = out / "yard" / "again" / "blocking"
    manifest: Any = read_json(blocked / "manifest.json")
    assert (manifest["job"]["model"], manifest["job"]["steps"]) == ("pocket", catalogue.POCKET.steps)
    (given,) = told
    assert given.strength == 0.5
    for k, name in enumerate(("0001.png", "0002.png")):
        there = read_image(blocked / "frames" / name).transpose(2, 0, 1) / np.float32(127.5) - 1
        assert np.abs(given.film[k, :, :36, :64].numpy() - there).max() < 1e-5
    painted: Any = read_json(out / "yard" / "again" / NAME / "manifest.json")
    assert painted["job"]["model"] == NAME
    assert painted["job"]["guidance"]["start"] == manifest["key"]
    assert "nothing to do" in run("render", yard, *options, "--start-from", "pocket", "--strength", 0.5).err
    for words in (("--start-from", "pocket", "--strength", 0.6), ()):
        assert run("render", yard, *options, *words).json["shots"][0]["painted"] == 2, words
    assert [one.film is None for one in told] == [False, False, True]


def test_the_scene_may_ask_for_it(run: Run, yard: Path, tmp_path: Path, told: list[Any]) -> None:
    look = f"look: {{prompt: a yard at noon, model: {NAME}, blocking: pocket, strength: 0.7}}"
    yard.write_text(yard.read_text().replace("look: {prompt: a yard at noon}", look))
    answer = run("render", yard, "--still", 2, "--shot", "again", "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert (told[0].strength, told[0].film is None) == (0.7, False)
    assert (tmp_path / "out" / "yard" / "again" / "blocking" / "stills" / "0002" / "frames" / "0002.png").is_file()
    assert run("render", yard, "--model", "pocket", "--shot", "again", "--out", tmp_path / "pocket").code == 0
    assert not (tmp_path / "pocket" / "yard" / "again" / "blocking").exists()


def test_any_film_of_the_shot_will_do(run: Run, yard: Path, tmp_path: Path, told: list[Any]) -> None:
    film = tmp_path / "plate.mkv"
    write_video(film, iter(np.full((2, 36, 64, 3), 100, np.uint8)), Fraction(24), codec="ffv1")
    options = ("--shot", "again", "--model", NAME, "--out", tmp_path / "out", "--start-from", film)
    assert run("render", yard, *options).code == 0
    assert told[0].strength == 0.6
    assert np.abs(told[0].film.numpy() - (100 / 127.5 - 1)).max() < 0.02
    assert not (tmp_path / "out" / "yard" / "again" / "blocking").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--model", NAME, "--start-from", "nowhere.mp4"), "cannot be read as a film"),
        (("--model", NAME, "--strength", 0.5), "say which with --start-from"),
        (("--start-from", "nowhere.mp4"), "cannot be read as a film"),
        (("--start-from", "pocket"), "pocket paints from the world itself"),
    ],
)
def test_what_cannot_be_started_from_is_one_sentence(
    run: Run, yard: Path, tmp_path: Path, told: list[Any], words: tuple[Any, ...], sentence: str
) -> None:
    answer = run("render", yard, "--shot", "again", "--out", tmp_path / "out", *words)
    assert answer.code == 2
    assert sentence in answer.err
    assert not told


def test_a_plan_is_what_is_painted_then(run: Run, yard: Path, tmp_path: Path, told: list[Any]) -> None:
    options = ("--shot", "look", "--model", NAME, "--out", tmp_path / "out", "--size", "65x36")
    (plan,) = run("plan", yard, *options, "--json").json["shots"]
    assert plan["size"] == {"asked": [65, 36], "painted": [80, 48]}
    assert [(w["first"], w["last"], w["shown"], w["rendered"]) for w in plan["windows"]] == [(1, 3, 0, 5), (4, 6, 1, 5)]
    assert (plan["frames_there"], plan["frames_left"]) == (0, 6)
    assert plan["seconds"] is None
    assert "sunlight on a wall" in plan["windows"][0]["prompts"][0]
    assert [one["name"] for one in plan["controls"]] == ["depth"]
    words = run("plan", yard, *options, "--start-from", "pocket").err
    for part in (
        "15 px right and 12 px below",
        "going on from the 1 before",
        "5 painted, 2 of them cut",
        "pocket's film",
    ):
        assert part in words
    assert not told
    assert not (tmp_path / "out").exists()

    assert run("render", yard, *options).code == 0
    assert [(one.width, one.height, len(one.prompts)) for one in told] == [
        (80, 48, w["rendered"]) for w in plan["windows"]
    ]
    (after,) = run("plan", yard, *options, "--json").json["shots"]
    assert (after["frames_there"], after["seconds"]) == (6, 0)
    (other,) = run("plan", yard, *options, "--seed", 9, "--json").json["shots"]
    assert other["frames_there"] == 0
    assert other["seconds"] > 0
    assert f"measured in look/{NAME}" in other["seconds_from"]


def test_without_weights_the_plan_says_how_to_get_them(
    run: Run, yard: Path, tmp_path: Path, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "empty"))
    (plan,) = run("plan", yard, "--shot", "look", "--model", NAME, "--json").json["shots"]
    assert "setpiece models get" in plan["weights"]
    assert [(w["first"], w["last"], w["shown"]) for w in plan["windows"]] == [(1, 3, 0), (4, 6, 1)]
    assert plan["frames_there"] is None
    assert run("plan", yard, "--model", "wan").code == 2


def test_pocket_s_plan_has_keyframes_and_a_time(run: Run, yard: Path, tmp_path: Path) -> None:
    plans = run("plan", yard, "--out", tmp_path, "--json").json["shots"]
    assert [plan["keyframes"] for plan in plans] == [[1, 6], [1, 2]]
    assert all(plan["seconds"] > 0 and plan["weights"] == "embedded" for plan in plans)
    assert plans[0]["size_words"] == "64x36"
    assert "0001-0006" in run("plan", yard, "--out", tmp_path).err


def test_models_of_single_pictures_have_keyframes(run: Run, yard: Path, tmp_path: Path) -> None:
    (plan,) = run("plan", yard, "--shot", "look", "--model", "sdxl-union", "--models-dir", tmp_path, "--json").json[
        "shots"
    ]
    assert plan["keyframes"] == [1, 6]
    assert [(w["first"], w["last"], w["shown"], w["rendered"]) for w in plan["windows"]] == [(1, 6, 0, 6)]
