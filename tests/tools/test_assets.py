"""``setpiece assets`` lists and draws the library; ``check`` says what of a mesh file was mended."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from tools.commands_assets import TILE
from worldgen.props import library

Run = Callable[..., Any]


def test_list(run: Run) -> None:
    answer = run("assets", "--json")
    assert answer.code == 0
    assert [row["name"] for row in answer.json] == list(library())
    sofa = next(row for row in answer.json if row["name"] == "sofa-club")
    assert sofa["size_m"] == pytest.approx([2.32, 0.94, 0.8], abs=0.02)
    assert list(sofa["seats"]) == ["seat-1", "seat-2", "seat-3"]
    assert sofa["licence"] == "CC0-1.0"


def test_a_word_finds(run: Run) -> None:
    names = {row["name"] for row in run("assets", "couch", "--json").json}
    assert {"sofa", "sofa-club"} <= names
    assert "bicycle" not in names
    answer = run("assets", "lmap")
    assert answer.code == 2
    assert "did you mean `lamp`" in answer.err


def test_sheet(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "sheet.png"
    assert run("assets", "cone", "--sheet", page).code == 0
    pixels = np.asarray(Image.open(page).convert("RGB"), dtype=float)
    assert pixels.shape[1] > TILE[0]
    red = (pixels[..., 0] > 120) & (pixels[..., 1] < 60)
    assert 0.01 < red.mean() < 0.5  # the cone
    assert run("assets", "cone", "--sheet", tmp_path / "sheet.txt").code == 2


def test_check_tells_the_notes(run: Run, yard: Path) -> None:
    trimesh.creation.box((900, 900, 900)).export(yard.parent / "block.stl")
    words = yard.read_text()
    yard.write_text(words.replace("  props:\n", "  props:\n    - {name: block, asset: block.stl, at: [0m, 30m]}\n"))
    answer = run("check", yard, "--json")
    assert answer.code == 0
    (note,) = answer.json["notes"]
    assert note.startswith("block: it is 900 m long")
    assert "note: block: it is 900 m long" in run("check", yard).err
