"""Turnarounds: the right body from the right sides, made once, and given along with the shots that show it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tools.references
from conditioning.turnaround import VIEWS
from render.files import read_image
from render.raster import open_rasterizer
from tools.opened import open_production
from tools.references import references_of, shown

Run = Callable[..., Any]
SCENE = """\
size: 96x54
seed: 3
characters:
  Åsa:
    wardrobe: {coat: "#c01010", hair: "#101010"}
    actions: [stand: {at: [0, 6]}]
  rex:
    animal: dog
    actions: [stand: {at: [0.6, 4]}]
  afar:
    actions: [stand: {at: [0, -30]}]
shots:
  - name: both
    frames: 3
    camera: {body: {static: {at: [0, 0, 1.4]}}, aim: {look-at: [0, 6, 1]}}
  - name: nobody
    frames: 1
    camera: {body: {static: {at: [0, 0, 1.4]}}, aim: {look-at: [30, 6, 1]}}
"""


@pytest.fixture
def street(tmp_path: Path) -> Path:
    scene = tmp_path / "street.yaml"
    scene.write_text(SCENE, encoding="utf-8")
    return scene


def test_the_views_show_the_character_on_a_plain_ground(run: Run, street: Path, tmp_path: Path) -> None:
    answer = run("turnaround", street, "Åsa", "--size", "65x112", "--out", tmp_path / "out", "--json")
    assert answer.code == 0, answer.err
    (found,) = answer.json["characters"]
    views = {Path(p).stem: read_image(Path(p)).astype(int) for p in found["views"]}
    assert tuple(views) == VIEWS
    plain = views["front"][0, 0]
    for view, picture in views.items():
        assert picture.shape == (112, 65, 3)
        filled = np.abs(picture - plain).sum(-1) > 30
        assert 0.08 < filled.mean() < 0.8, view
        assert (picture[0] == plain).all(), f"{view}: something is behind"
        if view != "face":
            rows = np.flatnonzero(filled.any(1))
            assert len(rows) > 0.85 * 112, f"{view}: the whole body fills the height"
            assert rows[0] > 0
            assert rows[-1] < 111, f"{view}: nothing is cut off"
    red = {v: ((p[..., 0] > 80) & (p[..., 0] > 2 * p[..., 1])).sum() for v, p in views.items()}
    assert min(red["front"], red["back"]) > 500
    skin = {v: ((p[..., 0] - p[..., 2] > 25) & (p[..., 1] > 80)).sum() for v, p in views.items()}
    assert skin["face"] > 3 * skin["front"] > 3 * skin["back"]
    strip = read_image(Path(found["strip"]))
    np.testing.assert_array_equal(strip, np.concatenate(list(map(np.uint8, views.values())), axis=1))


def test_it_is_made_once_and_again_when_its_clothes_change(run: Run, street: Path, tmp_path: Path) -> None:
    options = ("--size", "32x56", "--out", tmp_path / "out", "--json")
    assert [one["made"] for one in run("turnaround", street, *options).json["characters"]] == [True] * 3
    street.write_text(street.read_text(encoding="utf-8").replace("at: [0, 6]", "at: [1, 6]"), encoding="utf-8")
    assert [one["made"] for one in run("turnaround", street, *options).json["characters"]] == [False] * 3
    street.write_text(street.read_text(encoding="utf-8").replace("#c01010", "#10c010"), encoding="utf-8")
    assert [one["made"] for one in run("turnaround", street, *options).json["characters"]] == [True, False, False]


def test_who_is_not_there_is_said(run: Run, street: Path, yard: Path, tmp_path: Path) -> None:
    answer = run("turnaround", street, "rexx", "--out", tmp_path / "out")
    assert answer.code == 2
    assert "did you mean `rex`?" in answer.err
    assert "has no characters" in run("turnaround", yard).err


def test_a_shot_gets_its_style_and_whom_it_shows(street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools.references, "SIZE", (32, 56))
    Image.new("RGB", (20, 10), "teal").save(tmp_path / "mood.jpg")
    street.write_text(f"look: {{reference: mood.jpg}}\n{SCENE}", encoding="utf-8")
    opened, raster = open_production(street, tmp_path / "out"), open_rasterizer()
    both, nobody = opened.production.shots
    assert set(shown(opened, both, raster)) == {"Åsa", "rex"}
    assert shown(opened, nobody, raster) == ()
    assert len(references_of(opened, both, raster, 1)) == 1
    style, first = references_of(opened, both, raster, 2)
    assert style.shape == (10, 20, 3)
    name = shown(opened, both, raster)[0]
    np.testing.assert_array_equal(first, read_image(opened.folder / "turnarounds" / name / "strip.png"))
    assert len(references_of(opened, nobody, raster, 4)) == 1
    assert references_of(opened, both, raster, 0) == ()


def test_painted_sheets_are_another_picture(run: Run, street: Path, tmp_path: Path) -> None:
    options = ("Åsa", "--size", "48x80", "--out", tmp_path / "out", "--json")
    shaded, painted = (
        run("turnaround", street, *options, *more).json["characters"][0] for more in ((), ("--painted",))
    )
    assert "painted" in painted["strip"]
    one, other = (read_image(Path(found["strip"])).astype(int) for found in (shaded, painted))
    assert one.shape == other.shape
    assert np.abs(one - other).max() > 8
