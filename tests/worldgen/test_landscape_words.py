"""The words for land."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from worldgen.errors import SceneProblem
from worldgen.set_words import SetWords
from worldgen.sets import SetPiece


def _built(words: dict) -> SetPiece:
    read = SetWords.model_validate(words)
    return read.built(read.title, False)


def test_terrain_reads_its_road_and_its_name() -> None:
    way = {"along": [["0m", "-60m"], [0, 0], ["10m", "70m"]], "width": "4m", "surface": "gravel"}
    made = _built({"terrain": {"name": "moor", "size": "200m", "road": way, "trees": 20, "at": [0, 0, "2m"]}})
    assert made.land
    assert all(thing.name.startswith("moor/") for thing in made.things)
    assert "road-start" in made.spots
    assert made.ground is not None
    assert made.ground(0.0, 0.0) == pytest.approx(2.0, abs=1e-6)
    kinds = {m.kind for thing in made.things for m in thing.mesh.materials}
    assert "gravel" in kinds
    assert "asphalt" not in kinds


def test_terrain_without_a_road() -> None:
    made = _built({"terrain": {"size": "150m", "road": False, "trees": 5}})
    assert "road-start" not in made.spots
    assert "asphalt" not in {m.kind for thing in made.things for m in thing.mesh.materials}


def test_forest_and_bridge_by_their_words() -> None:
    wood = _built({"forest": {"kind": "birch", "length": "20m", "path-width": "2m", "clearing": "5m"}})
    assert "clearing" in wood.spots
    crossing = _built({"bridge": {"kind": "footbridge", "span": "6m", "over": "gorge"}})
    assert "middle" in crossing.spots


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"terrain": {"style": "hils"}}, "is not a style of land"),
        ({"forest": {"kind": "brich"}}, "is not a kind of forest"),
        ({"bridge": {"over": "lava"}}, "is not what a bridge leads over"),
        ({"terrain": {"road": {"surface": "asfalt"}}}, "is not a surface of a road"),
    ],
)
def test_wrong_words_are_named(words: dict, says: str) -> None:
    with pytest.raises((SceneProblem, ValidationError), match=says):
        SetWords.model_validate(words)
