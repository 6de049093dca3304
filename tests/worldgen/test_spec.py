"""The scene language as editors see it, and the examples that document it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from pydantic import ValidationError

from worldgen.load import load_scene, scene_from_text
from worldgen.schema import scene_schema, schema_text
from worldgen.source import read
from worldgen.spec import Scene

SCENES = Path(__file__).resolve().parents[2] / "scenes"
EXAMPLES = sorted(SCENES.glob("*.yaml"))
SHOT = "shots: [{name: a, duration: 1s, camera: {body: {static: {at: [0, 0, 1]}}, aim: {pan: 0deg}}}]\n"


def test_the_schema_file_is_the_one_that_the_code_emits():
    written = (SCENES / "scene.schema.json").read_text(encoding="utf-8")
    assert written == schema_text(), "write it anew: python -m worldgen.schema > scenes/scene.schema.json"


def test_the_schema_is_draft_7_and_describes_every_word():
    schema = scene_schema()
    Draft7Validator.check_schema(schema)
    for name, part in [("scene", schema), *schema["definitions"].items()]:
        for key, field in part.get("properties", {}).items():
            assert field.get("description") or "$ref" in field, f"{name}.{key} says nothing to the reader"
    text = json.dumps(schema)
    assert "prefixItems" not in text
    assert "$defs" not in text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example_loads_and_validates_against_the_schema(path):
    assert load_scene(path).shots
    Draft7Validator(scene_schema()).validate(json.loads(json.dumps(read(path)[0])))
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=scene.schema.json\n")


@pytest.mark.parametrize(
    "data",
    [
        {"titel": "x"},
        {"size": "big"},
        {"world": {"sets": [{"street": {}, "ground": {}}]}},
        {"world": {"props": [{"name": "p", "shape": {"sphere": {"radius": "2 parsec"}}}]}},
        {"look": {"steps": 0}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(data):
    shots = [{"name": "a", "frames": 1, "camera": {"body": {"static": {"at": [0, 0, 1]}}, "aim": {"pan": 0}}}]
    assert Draft7Validator(scene_schema()).is_valid({"shots": shots})
    assert not Draft7Validator(scene_schema()).is_valid({"shots": shots, **data})
    with pytest.raises(ValidationError):
        Scene.model_validate({"shots": shots, **data})


def test_the_examples_show_what_there_is():
    assert {path.stem for path in EXAMPLES} >= {"old-town", "plaza", "two-cuts"}


def test_defaults(tmp_path):
    scene = scene_from_text(SHOT, tmp_path / "x.yaml")
    assert (scene.size, scene.fps, scene.look.model) == ((1280, 720), 24, "pocket")
    assert scene.shots[0].lens.focal.from_ == scene.shots[0].lens.focal.to == 35.0


def test_shorthands(tmp_path):
    text = SHOT.replace(
        "duration: 1s",
        "duration: 4s, lens: {focal: {from: 35mm, to: 70mm}, stop: f/2, focus: 4m}, "
        "prompt: {3s: sun, 0s: fog}, size: 64x36",
    )
    shot = scene_from_text(text, tmp_path / "x.yaml").shots[0]
    assert (shot.lens.focal.from_, shot.lens.focal.to, shot.lens.stop, shot.lens.focus.to) == (35, 70, 2, 4)
    assert shot.prompt == ((0.0, "fog"), (3.0, "sun"))  # in order of time
    assert shot.size == (64, 36)
