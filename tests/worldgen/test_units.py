"""Quantities as people write them."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worldgen import units
from worldgen.errors import SceneProblem


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("2m", 2),
        ("35mm", 0.035),
        ("50 cm", 0.5),
        ("1.2km", 1200),
        (3, 3),
        ("-4", -4),
        ("1e1m", 10),
        ("2ft", 0.6096),
        (".5m", 0.5),
    ],
)
def test_lengths_are_metres(text, metres):
    assert units.length(text) == pytest.approx(metres)


@pytest.mark.parametrize(
    ("parser", "written", "value"),
    [
        (units.angle, "90deg", math.pi / 2),
        (units.angle, "1.57rad", 1.57),
        (units.angle, 0, 0),
        (units.duration, "500ms", 0.5),
        (units.duration, "2min", 120),
        (units.duration, 4, 4),
        (units.speed, "36km/h", 10),
        (units.speed, "1.3m/s", 1.3),
        (units.focal, "35mm", 35),
        (units.focal, 50, 50),
        (units.focal, "5cm", 50),
        (units.f_stop, "f/2.8", 2.8),
        (units.f_stop, 8, 8),
        (units.mist, "1/8", 0.125),
        (units.mist, " 1 / 2 ", 0.5),
        (units.mist, 2, 2),
        (units.mist, 0, 0),
        (units.power, "60W", 60),
        (units.temperature, "2700K", 2700),
    ],
)
def test_quantities(parser, written, value):
    assert parser(written) == pytest.approx(value)


@given(st.floats(-1e3, 1e3), st.sampled_from(sorted(units.LENGTHS)))
def test_a_length_survives_being_written(number, unit):
    metres = number * units.LENGTHS[unit]
    assert units.length(f"{number!r}{unit}") == pytest.approx(metres, rel=1e-12)


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        (24, Fraction(24)),
        ("24000/1001", Fraction(24000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (12.5, Fraction(25, 2)),
    ],
)
def test_frame_rates_are_exact(written, exact):
    assert units.fps(written) == exact


def test_size_sensor_and_colour():
    assert units.size("1280x720") == (1280, 720)
    assert units.sensor("full-frame") == (36.0, 24.0)
    assert units.sensor(["36mm", 24]) == (36.0, 24.0)
    assert units.colour("#B3312c") == "#b3312c"


@pytest.mark.parametrize(
    ("parser", "written", "sentence"),
    [
        (
            units.length,
            "2parsec",
            "`parsec` is not a unit of a length: use `mm`, `cm`, `m`, `km`, `in` or `ft`, as in `2m`",
        ),
        (units.length, float("nan"), "`nan` is not a finite number: write a length like `2m`"),
        (units.length, "1e999m", "`1e999m` is not a finite number: write a length like `2m`"),
        (units.length, True, "`true` is not a length: write it like `2m`"),
        (units.length, None, "nothing is not a length: write it like `2m`"),
        (units.length, [1], "a list is not a length: write it like `2m`"),
        (units.length, "2000km", "`2000km` is farther than 1000 km: lengths are metres unless they say otherwise"),
        (units.number, "2m", "`m` does not belong here: this number has no unit"),
        (units.duration, "1e6h", "`1e6h` is too large to be meant: write a duration like `4s`"),
        (units.angle, 90, "`90` has no unit: write an angle like `90deg`"),
        (units.angle, "90", "`90` has no unit: write an angle like `90deg`"),
        (units.focal, "0.2mm", "`0.2mm` is not a focal length between 1 mm and 5000 mm: write it like `35mm`"),
        (units.mist, "3/0", "`3/0` is not a grade of a diffusion filter, 0 to 2: write it like `1/8`"),
        (units.mist, "thick", "`thick` is not a grade of a diffusion filter, 0 to 2: write it like `1/8`"),
        (units.mist, 2.5, "`2.5` is not a grade of a diffusion filter, 0 to 2: write it like `1/8`"),
        (units.f_stop, "f/0", "`f/0` is not an f-stop between f/0.5 and f/128: write it like `f/2.8`"),
        (units.size, "0x720", "`0x720` is not a size from 16x16 to 8192x8192 pixels"),
        (units.size, "9000x720", "`9000x720` is not a size from 16x16 to 8192x8192 pixels"),
        (units.size, "641x359", "`641x359` has an odd edge, which video cannot store: write `642x360`"),
        (units.size, 720, "`720` is not a size: write width x height in pixels, like `1280x720`"),
        (units.fps, 0, "`0` is not a frame rate up to 1000: write it like `24` or `24000/1001`"),
        (units.fps, "1/0", "`1/0` is not a frame rate up to 1000: write it like `24` or `24000/1001`"),
        (units.colour, "red", '`red` is not a colour: write six hex digits like `"#b3312c"`'),
        (units.temperature, "500K", "`500K` is not a colour temperature between 1000 K and 20000 K"),
    ],
)
def test_what_is_wrong_is_one_sentence(parser, written, sentence):
    with pytest.raises(SceneProblem, match=f"^{re.escape(sentence)}$"):
        parser(written)


def test_a_sensor_is_suggested():
    with pytest.raises(SceneProblem) as caught:
        units.sensor("super36")
    assert caught.value.suggestion == "super35"
