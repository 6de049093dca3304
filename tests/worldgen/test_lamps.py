"""Lamps by word: what they are, when they burn, who carries them, where they point."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from worldgen.build import open_scene
from worldgen.errors import SceneError, SceneProblem
from worldgen.flicker import flicker, switched
from worldgen.lamp_words import KILOCANDELA_A_WATT, LAMP_KINDS, LampWords
from worldgen.light import Lamp
from worldgen.lighting import lights
from worldgen.load import scene_from_text
from worldgen.sky_words import SkyWords

SCENES = Path(__file__).resolve().parents[2] / "scenes"


def words(**said: object) -> LampWords:
    return LampWords.model_validate({"name": "a", "at": [0, 0, 2], **said})


def problem(said: dict[str, object]) -> SceneProblem:
    with pytest.raises(ValidationError) as caught:
        LampWords.model_validate(said)
    cause = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(cause, SceneProblem)
    return cause


def brightness(lamp: Lamp | None) -> float:
    return 0.0 if lamp is None else float(np.mean(lamp.intensity))


@pytest.mark.parametrize("kind", LAMP_KINDS)
def test_every_kind_burns(kind: str) -> None:
    lamp = words(kind=kind).lamp(1.7)
    assert lamp is not None
    assert brightness(lamp) > 0
    assert lamp.reach_m >= 4
    assert (lamp.direction is not None) == (kind == "spot")


def test_a_bulb_is_as_bright_as_its_watts_and_a_candle_is_redder() -> None:
    bulb = words(power="60W").lamp()
    assert brightness(bulb) == pytest.approx(60 * KILOCANDELA_A_WATT)
    candle = words(kind="candle").lamp()
    assert bulb is not None
    assert candle is not None
    assert candle.intensity[0] / candle.intensity[2] > bulb.intensity[0] / bulb.intensity[2]


def test_power_follows_its_keys() -> None:
    lamp = words(power={"2s": "60W", "0s": "0W"})
    assert lamp.changes
    assert lamp.lamp(0.0) is None
    assert brightness(lamp.lamp(1.0)) == pytest.approx(0.5 * brightness(lamp.lamp(2.0)))
    assert brightness(lamp.lamp(9.0)) == brightness(lamp.lamp(2.0))


def test_a_switch_is_quick_but_not_instant_and_a_tube_stutters() -> None:
    bulb = words(on={"0s": False, "3s": True})
    assert bulb.lamp(2.9) is None
    full = brightness(bulb.lamp(5.0))
    assert 0 < brightness(bulb.lamp(3.05)) < full
    tube = words(kind="tube", on={"0s": False, "3s": True})
    starting = [brightness(tube.lamp(3.0 + k / 24)) for k in range(40)]
    assert min(starting[:20]) < 0.2 * starting[-1]
    assert sum(abs(b - a) > 0.5 * starting[-1] for a, b in itertools.pairwise(starting)) >= 3
    assert switched(0.0, False, False, 1) == 1.0


def test_flames_flicker_about_their_power_and_are_pure_functions_of_time() -> None:
    times = np.arange(0, 60, 1 / 24)
    for manner in ("flame", "buzz", "screen"):
        levels = np.array([flicker(manner, 0.3, t, 5) for t in times])
        assert 0.75 < levels.mean() < 1.25
        assert levels.std() > 0.03
        assert levels.min() > 0
        assert flicker(manner, 0.3, 7.25, 5) == levels[np.argmin(np.abs(times - 7.25))]
        assert not np.array_equal(levels, [flicker(manner, 0.3, t, 6) for t in times])
        assert flicker(manner, 0.0, 7.25, 5) == 1.0
    flame = np.array([flicker("flame", 0.3, t, 5) for t in times])
    assert np.abs(np.diff(flame)).max() < 0.25  # a flame never jumps


def test_the_flame_moves_and_other_candles_move_otherwise() -> None:
    a, b = (LampWords.model_validate({"name": n, "kind": "fire", "at": [0, 0, 1]}) for n in "ab")
    places = np.array([lamp.position for t in range(20) if (lamp := a.lamp(t * 0.3)) is not None])
    assert 0.01 < np.ptp(places[:, 0]) < 0.2
    assert a.lamp(1.0) != b.lamp(1.0)
    steady = words(kind="candle", flicker=0)
    assert not steady.changes
    assert steady.lamp(0.0) == steady.lamp(3.3)


def test_a_lamp_is_as_large_as_its_kind_or_as_said() -> None:
    usual, large = words(kind="bulb").lamp(), words(kind="bulb", radius="60cm").lamp()
    assert usual is not None
    assert large is not None
    assert (usual.radius_m, large.radius_m) == (0.1, 0.6)
    assert large.intensity == usual.intensity


def test_a_spot_light_points_and_fades_at_its_edge() -> None:
    lamp = words(kind="spot", toward=[2, 0, 0], cone="60deg").lamp()
    assert lamp is not None
    assert lamp.direction == pytest.approx((np.sqrt(0.5), 0, -np.sqrt(0.5)), abs=1e-6)
    assert lamp.cone == pytest.approx(np.radians(30))
    side = np.cross(lamp.direction, [0, 1, 0])
    turned = [np.cos(a) * np.array(lamp.direction) + np.sin(a) * side for a in np.radians([0, 10, 20, 29, 31, 90])]
    beam = lamp.beam(np.array(turned, np.float32))
    assert beam[0] == beam[1] == 1.0
    assert 0 < beam[3] < beam[2] < 1
    np.testing.assert_array_equal(beam[4:], 0)
    bulb = words(power="75W").lamp()
    assert brightness(lamp) > 4 * brightness(bulb)


def test_a_lamp_is_carried() -> None:
    lamp = LampWords.model_validate({"name": "l", "kind": "lantern", "attach": "mara.left-hand", "at": [0, 0, -0.2]})
    assert lamp.names == (("attach", "mara.left-hand"),)
    place = lamp.position(2.0, lambda name, time: np.array([time, 0.0, 1.0]))
    np.testing.assert_allclose(place, [2.0, 0.0, 0.8])
    assert lamp.changes


def test_light_that_never_changes_is_constant() -> None:
    def nowhere(name: str, time: float) -> np.ndarray:
        raise AssertionError(name)

    fixed = (Lamp("street/lamp", (0, 0, 4), (1, 1, 1)),)
    sky, lamps, lighting = lights(SkyWords.model_validate("noon"), 1.0, fixed, [words()], nowhere)
    assert lighting is None
    assert [lamp.name for lamp in lamps] == ["street/lamp", "a"]
    assert sky.exposure_stops == 1.0
    _, _, lighting = lights(SkyWords.model_validate("noon"), 0.0, fixed, [words(kind="candle")], nowhere)
    assert lighting is not None
    assert lighting(1.0).lamps[1] != lighting(1.2).lamps[1]
    assert lighting(1.0) == lighting(1.0)
    moving = SkyWords.model_validate({"0s": "noon", "4s": "dusk"})
    _, lamps, lighting = lights(moving, 0.0, (), [words(on={"0s": False, "2s": True})], nowhere)
    assert lamps == ()
    assert lighting is not None
    assert len(lighting(3.0).lamps) == 1
    assert lighting(3.0).sky.sun_elevation < lighting(0.0).sky.sun_elevation


@pytest.mark.parametrize(
    ("said", "sentence", "suggestion"),
    [
        ({"name": "a", "at": [0, 0, 1], "kind": "candel"}, "`candel` is not a lamp", "candle"),
        ({"name": "a"}, "a lamp needs a place", None),
        ({"name": "a", "at": [0, 0, 1], "cone": "30deg"}, "`cone` belongs to a spot light", None),
        ({"name": "a", "at": [0, 0, 1], "power": {"0s": "60W", "x": "2W"}}, "`x` is not a duration", None),
        ({"name": "a", "at": [0, 0, 1], "power": {"-1s": "60W"}}, "is before the scene begins", None),
        ({"name": "a", "at": [0, 0, 1], "power": {"1s": "dim"}}, "`dim` is not a power", None),
        ({"name": "a", "at": [0, 0, 1], "on": {"1s": 3}}, "`3` is neither `true` nor `false`", None),
        ({"name": "a", "at": [0, 0, 1], "on": {}}, "an empty mapping says nothing", None),
    ],
)
def test_what_is_wrong_is_said(said: dict[str, object], sentence: str, suggestion: str | None) -> None:
    found = problem(said)
    assert sentence in found.sentence
    assert found.suggestion == suggestion


SCENE = """world:
  sky: {{0s: sunset, 4s: night}}
  lamps: [{}]
characters:
  mara: {{actions: [{{walk: {{along: [[0, 0], [0, 6]], speed: 1.2m/s}}}}]}}
shots:
  - name: a
    duration: 1s
    camera: {{body: {{static: {{at: [0, 0, 1]}}}}, aim: {{look-at: [0, 5, 1]}}}}
"""


def test_a_scene_carries_its_lamps_through_the_evening(tmp_path: Path) -> None:
    file = tmp_path / "evening.yaml"
    file.write_text(SCENE.format("{name: light, kind: lantern, attach: mara.left-hand}"), encoding="utf-8")
    world = open_scene(file).world
    assert world.lighting is not None
    early, late = world.light(0.5), world.light(3.0)
    assert late.sky.sun_elevation < early.sky.sun_elevation
    assert 1.5 < late.lamps[0].position[1] - early.lamps[0].position[1] < 4.5  # she has walked on


@pytest.mark.parametrize(
    ("lamp", "sentence"),
    [
        ("{name: light, attach: mora.left-hand}", "nothing here is called `mora`"),
        ("{name: light, attach: mara.left-hend}", "`mara` has no joint `left-hend`"),
        ("{name: light, attach: light}", "`light` is a lamp"),
    ],
)
def test_a_lamp_hangs_from_something_that_is_there(lamp: str, sentence: str) -> None:
    with pytest.raises(SceneError, match=sentence):
        scene_from_text(SCENE.format(lamp), Path("scene.yaml"))


def test_lamps_reach_as_far_as_they_are_felt_at_night() -> None:
    """Cut off sooner, people in a lamplit square stood there half a stop too dark."""
    lamps = open_scene(SCENES / "neon.yaml").world.light(0.0).lamps
    assert len(lamps) > 5
    assert all(max(lamp.intensity) / lamp.reach_m**2 < 0.0012 for lamp in lamps)
