"""setpiece memory: what is remembered, what an edit makes forgotten, and forgetting on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conditioning.memory import Frame, remembering
from conditioning.memory_store import WorldMemory
from render.correspondence import FrameGeometry
from render.raster import open_rasterizer
from tools.opened import open_production
from tools.painters import look_of

Run = Callable[..., Any]


@pytest.fixture
def remembered(yard: Path, tmp_path: Path) -> Path:
    """The yard, of which one frame of each shot is remembered; the folder for its output."""
    out = tmp_path / "out"
    opened, raster = open_production(yard, out), open_rasterizer()
    world = opened.production.world
    with remembering(WorldMemory(opened.folder / "memory"), world, look_of(opened), tmp_path) as session:
        for shot in opened.production.shots:
            snapshot, camera = world.at(shot.time(0)), shot.track[0]
            gbuffer = raster.rasterize(snapshot, camera)
            light = np.full((36, 64, 3), 90, np.uint8)
            frame = Frame(snapshot, FrameGeometry.of(snapshot, camera, gbuffer), gbuffer, light)
            assert session.remember(shot.name, 0, frame, light + np.uint8(40))
    raster.close()
    return out


def edit(yard: Path, old: str, new: str) -> None:
    text = yard.read_text(encoding="utf-8")
    assert old in text
    yard.write_text(text.replace(old, new), encoding="utf-8")


def test_show_lists_every_view(run: Run, yard: Path, remembered: Path) -> None:
    answer = run("memory", "show", yard, "--out", remembered, "--json")
    assert answer.code == 0
    assert [(view["shot"], view["frame"]) for view in answer.json["views"]] == [("look", 1), ("again", 1)]
    assert answer.json["bytes"] == sum(view["bytes"] for view in answer.json["views"]) > 1000
    first = answer.json["views"][0]
    assert set(first["things"]) >= {"crate", "wall"}
    assert not any(first["things"].values())
    words = run("memory", "show", yard, "--out", remembered)
    assert "2 views" in words.err
    assert "look" in words.err


def test_diff_tells_what_an_edit_forgets_and_why(run: Run, yard: Path, remembered: Path) -> None:
    def diff() -> Any:
        return run("memory", "diff", yard, "--out", remembered, "--json").json

    assert diff() == {"another_look": [], "forgotten": [], "moved": []}
    edit(yard, "material: wood", "material: marble")
    (lost,) = diff()["forgotten"]
    assert (lost["thing"], lost["why"], lost["views"]) == ("crate", "material", 2)
    assert 20 < lost["pixels"] < 600
    assert "crate: its material has changed" in run("memory", "diff", yard, "--out", remembered).err
    edit(yard, "[8m, 0.3m, 2m]", "[8m, 0.3m, 2.2m]")
    assert {(one["thing"], one["why"]) for one in diff()["forgotten"]} == {("crate", "material"), ("wall", "shape")}
    edit(yard, "material: marble", "material: wood")
    edit(yard, "[8m, 0.3m, 2.2m]", "[8m, 0.3m, 2m]")
    edit(yard, "at: [-1.2m, 6m]", "turn: 20deg, at: [-1.0m, 6.5m]")
    assert diff() == {"another_look": [], "forgotten": [], "moved": ["crate"]}
    edit(yard, "name: crate", "name: box")
    assert [(one["thing"], one["why"]) for one in diff()["forgotten"]] == [("crate", "gone")]
    edit(yard, "look: {prompt: a yard at noon}", "look: {prompt: a yard at noon, exposure: 1}")
    assert len(diff()["another_look"]) == 2


def test_clear_forgets_what_it_is_told_and_nothing_else(run: Run, yard: Path, remembered: Path) -> None:
    def things() -> list[dict[str, str | None]]:
        shown = run("memory", "show", yard, "--out", remembered, "--json").json
        return [view["things"] for view in shown["views"]]

    def clear(*options: str) -> Any:
        return run("memory", "clear", yard, "--out", remembered, "--json", *options)

    assert len(clear("--thing", "crate", "--shot", "again").json["things_forgotten"]) == 1
    assert [view["crate"] for view in things()] == [None, "forgotten"]
    assert all(view["wall"] is None for view in things())
    assert clear("--stale").json == {"views_removed": [], "things_forgotten": {}}
    edit(yard, "material: brick", "material: stone")
    assert len(clear("--stale").json["things_forgotten"]) == 2
    edit(yard, "material: stone", "material: brick")
    assert [view["wall"] for view in things()] == ["forgotten", "forgotten"]
    assert len(clear("--shot", "look").json["views_removed"]) == 1
    assert len(things()) == 1
    assert len(clear().json["views_removed"]) == 1
    assert things() == []


def test_views_of_another_look_are_stale(run: Run, yard: Path, remembered: Path) -> None:
    edit(yard, "look: {prompt: a yard at noon}", "look: {prompt: a yard at noon, exposure: 1}")
    assert "another look" in run("memory", "show", yard, "--out", remembered).err
    assert len(run("memory", "clear", yard, "--out", remembered, "--stale", "--json").json["views_removed"]) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("clear", "--thing", "crat"), "did you mean 'crate'"),
        (("clear", "--shot", "zzz"), "no shot called 'zzz'"),
        (("show", "--nothing"), "--nothing"),
    ],
)
def test_bad_input_gets_one_sentence(
    run: Run, yard: Path, remembered: Path, options: tuple[str, ...], words: str
) -> None:
    answer = run("memory", options[0], yard, "--out", remembered, *options[1:])
    assert answer.code == 2
    assert words in answer.err
    assert "Traceback" not in answer.err


def test_a_scene_that_remembers_nothing_says_so(run: Run, yard: Path, tmp_path: Path) -> None:
    assert "remembers nothing yet" in run("memory", "show", yard, "--out", tmp_path / "none").err
    assert run("memory", "diff", yard, "--out", tmp_path / "none", "--json").code == 0
    assert run("memory", "clear", yard, "--out", tmp_path / "none", "--json").json["views_removed"] == []
    assert run("memory", "show", tmp_path / "no.yaml").code == 2


def test_a_look_is_what_decides_all_things_at_once(yard: Path, tmp_path: Path) -> None:
    def look(steps: int | None = None, seed: int | None = None) -> str:
        return look_of(open_production(yard, tmp_path), steps, seed)

    first = look()
    assert look(steps=3) != first
    assert look(seed=4) != first
    edit(yard, "prompt: sunlight on a wall", "prompt: rain")
    edit(yard, "frames: 6", "frames: 7")
    edit(yard, "material: brick", "material: stone")
    assert look() == first
    edit(yard, "seed: 3", "seed: 8")
    assert look() != first
