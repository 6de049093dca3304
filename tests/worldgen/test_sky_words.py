"""The sky's words: names, places and hours, moments; and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import numpy as np
import pytest
from pydantic import ValidationError

from worldgen.errors import SceneError, SceneProblem
from worldgen.load import scene_from_text
from worldgen.schema import scene_schema
from worldgen.skies import PRESETS
from worldgen.sky_words import SkyWords

SCENE = """world:
  sky: {}
shots:
  - name: a
    duration: 1s
    camera: {{body: {{static: {{at: [0, 0, 1]}}}}, aim: {{look-at: [0, 5, 1]}}}}
"""


def said(data: object) -> SkyWords:
    return SkyWords.model_validate(data)


def degrees(words: SkyWords, time: float = 0.0) -> tuple[float, float]:
    sky = words.over(0.0)(time)
    return float(np.degrees(sky.sun_azimuth)), float(np.degrees(sky.sun_elevation))


@pytest.mark.parametrize("name", PRESETS)
def test_a_name_alone_is_a_sky(name: str) -> None:
    assert said(name).sky(0.0) == PRESETS[name]
    assert not said(name).changes


def test_words_change_a_preset() -> None:
    sky = said({"preset": "golden-hour", "sun": {"azimuth": "90deg"}, "clouds": 0.7}).sky(-0.5)
    assert sky.sun_azimuth == pytest.approx(np.radians(90))
    assert sky.sun_elevation == PRESETS["golden-hour"].sun_elevation
    assert (sky.clouds, sky.turbidity, sky.exposure_stops) == (0.7, PRESETS["golden-hour"].turbidity, -0.5)


def test_nothing_said_is_an_ordinary_afternoon() -> None:
    sky = said({}).sky(0.0)
    assert (sky.sun_azimuth, sky.sun_elevation, sky.turbidity, sky.clouds) == (3.5, 0.7, 3.0, 0.0)


def test_place_and_hour_say_where_the_sun_is() -> None:
    assert degrees(said({"place": "berlin", "date": "2026-06-21", "hour": "18:30"})) == pytest.approx(
        (277.6, 24.1), abs=0.2
    )
    by_numbers = said({"place": [52.5, 13.41], "date": "2026-06-21", "hour": "18:30", "utc-offset": 2})
    assert degrees(by_numbers) == pytest.approx((277.6, 24.1), abs=0.2)
    assert degrees(said({"hour": 12}))[0] == pytest.approx(180, abs=2)


def test_moments_share_what_stands_beside_them() -> None:
    words = said({"place": "berlin", "clouds": 0.3, "0s": {"hour": "17:00"}, "10s": {"hour": "21:00", "clouds": 0.9}})
    assert words.changes
    first, last = words.over(0.0)(0.0), words.over(0.0)(10.0)
    assert (first.clouds, last.clouds) == pytest.approx((0.3, 0.9))
    assert first.sun_elevation > words.over(0.0)(5.0).sun_elevation > last.sun_elevation
    same = said({"place": "berlin", "clouds": 0.3, "over-time": {"0s": {"hour": "17:00"}, "10s": "dusk"}})
    assert degrees(same) == degrees(words)
    assert np.degrees(same.darkest) == pytest.approx(-2.5)


@pytest.mark.parametrize(
    ("sky", "sentence", "quoted"),
    [
        ("golden-our", "`golden-our` is not a sky; did you mean `golden-hour`?", "golden-our"),
        ("{preset: nonn}", "`nonn` is not a sky; did you mean `noon`?", "nonn"),
        ("{hour: 25:00}", "`25:00` is not an hour of the day", "25:00"),
        ("{hour: 18:75}", "`18:75` is not an hour of the day", "18:75"),
        ("{place: berln, hour: 9:00}", "did you mean `berlin`?", "berln"),
        ("{place: [95, 10], hour: 9:00}", "is nowhere on earth", "[95"),
        ("{place: berlin}", "`place` needs an `hour`", "place"),
        ("{date: 21.6., hour: 9:00}", "is not a date: write it like `2026-06-21`", "21.6."),
        ("{hour: 9:00, sun: {elevation: 3deg}}", "say `sun` or `hour`, not both", "sun"),
        ("{0s: noon, 2s: {clowds: 1}}", "unknown key `clowds`; did you mean `clouds`?", "clowds"),
        ("{0s: noon, 2s: {place: berlin}}", "`place` needs an `hour`", "place"),
        ("{0s: noon, 2 parsecs: dusk}", "`parsecs` is not a unit of a duration", "2 parsecs"),
        ("{0s: noon, 500ms: dusk, 0.5s: night}", "names the same moment twice", "0.5s"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(sky: str, sentence: str, quoted: str) -> None:
    text = SCENE.format(sky)
    with pytest.raises(SceneError) as caught:
        scene_from_text(text, Path("scene.yaml"))
    assert sentence in str(caught.value)
    assert (caught.value.line, caught.value.column) == (2, text.splitlines()[1].index(quoted) + 1)


@pytest.mark.parametrize(
    "sky",
    [
        "golden-hour",
        {"sun": {"azimuth": "3deg"}, "clouds": 0.2},
        {"place": [52.5, 13.4], "date": "2026-06-21", "hour": "18:30"},
        {"0s": "golden-hour", "8s": "blue-hour"},
        {"place": "berlin", "0s": {"hour": "17:00"}, "10s": {"hour": "21:00"}, "wind": "20m/s"},
    ],
)
def test_editors_accept_what_the_program_does(sky: object) -> None:
    camera = {"body": {"static": {"at": [0, 0, 1]}}, "aim": {"look-at": [0, 5, 1]}}
    scene = {"world": {"sky": sky}, "shots": [{"name": "a", "duration": "1s", "camera": camera}]}
    jsonschema.validate(scene, scene_schema())


def test_editors_refuse_what_the_program_does() -> None:
    camera = {"body": {"static": {"at": [0, 0, 1]}}, "aim": {"look-at": [0, 5, 1]}}
    for sky in ("nuun", {"clowds": 1}):
        scene = {"world": {"sky": sky}, "shots": [{"name": "a", "duration": "1s", "camera": camera}]}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(scene, scene_schema())


def test_a_sky_that_contradicts_itself_is_refused_outside_of_files_too() -> None:
    with pytest.raises(ValidationError) as caught:
        said({"hour": 9, "sun": {}})
    assert isinstance(caught.value.errors()[0]["ctx"]["error"], SceneProblem)


def test_fog_is_said_by_how_far_one_sees() -> None:
    sky = said({"preset": "morning", "fog": "100m"}).sky(0.0)
    assert np.exp(-100 * sky.fog) == pytest.approx(0.02)  # Koschmieder: what is left of a thing's contrast there
    low = said({"preset": "morning", "fog": {"visibility": "100m", "height": "4m", "level": "12m"}}).sky(0.0)
    assert low.fog_height == 4
    assert low.fog * np.exp(-12 / 4) == pytest.approx(sky.fog)
    assert said("morning").sky(0.0).fog == 0
    assert said({"preset": "misty", "fog": "2km"}).sky(0.0).fog < PRESETS["misty"].fog


def test_fog_comes_and_goes() -> None:
    words = said({"preset": "dawn", "0s": {"fog": "60m"}, "10s": {"fog": "600m"}, "20s": {}})
    fog = [words.over(0.0)(t).fog for t in (0.0, 5.0, 10.0, 20.0)]
    assert fog == sorted(fog, reverse=True)
    assert fog[0] == pytest.approx(10 * fog[2])
    assert fog[3] == 0


@pytest.mark.parametrize(
    ("fog", "sentence"),
    [
        ("0.5m", "greater than or equal to 2"),
        ("thick", "`thick`"),
        ({"height": "3m"}, "visibility"),
        ({"visibility": "90m", "hight": "3m"}, "unknown key `hight`"),
        (True, "`true` is not a length"),
    ],
)
def test_fog_that_cannot_be(fog: object, sentence: str) -> None:
    with pytest.raises((ValidationError, SceneProblem), match=sentence):
        said({"preset": "noon", "fog": fog})
