"""Controls and their strengths in scene files."""

from __future__ import annotations

from pathlib import Path

import pytest

from conditioning.control_style import NAMES
from worldgen.build import build
from worldgen.control_words import ControlWords, strength_at
from worldgen.errors import SceneError
from worldgen.load import scene_from_text
from worldgen.spec import Scene

SCENE = """\
look:
  controls: {look}
world: {{sets: []}}
shots:
  - name: a
    duration: 4s
    camera: {{body: {{static: {{at: [0, -5, 1]}}}}, aim: {{pan: 0deg}}}}
    {shot}
"""


def scene(look: str, shot: str = "seed: 1") -> Scene:
    return scene_from_text(SCENE.format(look=look, shot=shot), Path("scene.yaml"))


def controls(look: str, shot: str = "seed: 1") -> dict[str, tuple[tuple[float, float], ...]]:
    return dict(build(scene(look, shot), base=Path()).shots[0].controls)


def problem(look: str, shot: str = "seed: 1") -> SceneError:
    with pytest.raises(SceneError) as caught:
        scene(look, shot)
    return caught.value


def test_the_language_and_the_models_call_controls_the_same() -> None:
    assert set(ControlWords.model_fields) == set(NAMES)


def test_a_number_holds_and_moments_move() -> None:
    asked = controls("{depth: 0.9, edges: {0s: 0.8, 2s: 0.2}}")
    assert asked == {"depth": ((0.0, 0.9),), "edges": ((0.0, 0.8), (2.0, 0.2))}
    at = [strength_at(asked["edges"], t) for t in (0.0, 0.5, 1.0, 2.0, 9.0)]
    assert at == pytest.approx([0.8, 0.65, 0.5, 0.2, 0.2])
    assert strength_at(asked["depth"], 3.0) == 0.9


def test_before_the_first_moment_its_strength_holds() -> None:
    assert strength_at(((1.0, 0.4), (2.0, 0.8)), 0.0) == 0.4


def test_a_shot_s_own_strength_stands_in_place_of_the_look_s() -> None:
    asked = controls("{depth: 0.9, pose: 1}", "controls: {depth: 0, blur: 0.5}")
    assert asked == {"depth": ((0.0, 0.0),), "pose": ((0.0, 1.0),), "blur": ((0.0, 0.5),)}


def test_a_scene_that_asks_for_no_control_leaves_it_to_the_model() -> None:
    assert controls("null") == {}


@pytest.mark.parametrize(
    ("look", "column", "words"),
    [
        ("{depht: 1}", 14, "did you mean `depth`?"),
        ("{depth: 3}", 21, "a strength of 3 is not between 0 (off) and 2"),
        ("{depth: lots}", 21, "`lots` is not a number"),
        ("{depth: {0s: 1, 0s: 2}}", 0, "0s"),
        ("{depth: {-1s: 1}}", 22, "before"),
        ("{depth: {}}", 21, "an empty mapping says nothing"),
        ("{}", 13, "asks for no control"),
        ("depth", 13, "stands where a mapping with"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(look: str, column: int, words: str) -> None:
    error = problem(look)
    assert error.line == 2
    assert column in (error.column, 0)
    assert words in str(error)


def test_a_strength_after_the_shot_s_end_is_never_reached() -> None:
    error = problem("null", "controls: {depth: {0s: 1, 5s: 0}}")
    assert error.line == 8
    assert "never reached: the shot ends at 4 s" in str(error)
