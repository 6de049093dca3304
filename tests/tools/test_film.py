"""``setpiece film`` joins what was painted, through the lens, and says what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from render.files import read_image, read_json
from render.video import CODECS, read_video
from tools.cli_options import FilmCodec

Run = Callable[..., Any]


@pytest.fixture
def rendered(run: Run, yard: Path, painted: list[str]) -> Path:
    """The scene's output with its shots painted."""
    assert run("render", yard, "--out", yard.parent / "out").code == 0
    return yard.parent / "out" / yard.stem


def film(run: Run, yard: Path, *more: object) -> dict[str, object]:
    answer = run("film", yard, "--out", yard.parent / "out", "--json", *more)
    assert answer.code == 0, answer.err
    return dict(json.loads(answer.out))


def test_the_film_shows_the_frames_and_is_made_once(run: Run, yard: Path, rendered: Path) -> None:
    told = film(run, yard, "--no-lens", "--codec", "ffv1")
    assert told["made"]
    frames = list(read_video(rendered / "film.mkv"))
    expected = [
        read_image(path) for shot in ("look", "again") for path in sorted((rendered / shot / "frames").iterdir())
    ]
    assert len(frames) == told["frames"] == len(expected)
    assert all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(frames, expected, strict=True))
    assert not film(run, yard, "--no-lens", "--codec", "ffv1")["made"]
    assert film(run, yard, "--no-lens", "--codec", "ffv1", "--timecode", "10:00:00:00")["made"]


def test_the_lens_blurs_and_a_new_stop_only_makes_the_film_again(run: Run, yard: Path, rendered: Path) -> None:
    film(run, yard, "--codec", "ffv1")
    sharp = list(read_video(rendered / "film.mkv"))
    key = (read_json(rendered / "look" / "manifest.json") or {})["key"]
    yard.write_text(yard.read_text().replace("    camera:", "    lens: {stop: f/0.7, focus: 0.4m}\n    camera:", 1))
    answer = run("render", yard, "--out", yard.parent / "out")
    assert "nothing to do" in answer.err
    assert (read_json(rendered / "look" / "manifest.json") or {})["key"] == key
    assert film(run, yard, "--codec", "ffv1")["made"]
    blurred = list(read_video(rendered / "film.mkv"))
    detail = [np.abs(np.diff(film[0].astype(int), axis=1)).mean() for film in (sharp, blurred)]
    assert detail[1] < 0.8 * detail[0]


def test_burn_in_writes_below(run: Run, yard: Path, rendered: Path) -> None:
    film(run, yard, "--no-lens", "--codec", "ffv1", "--burn-in")
    frame, plain = next(read_video(rendered / "film.mkv")), read_image(rendered / "look" / "frames" / "0001.png")
    assert np.abs(frame[:8].astype(int) - plain[:8]).max() <= 1
    assert np.abs(frame[-8:].astype(int) - plain[-8:]).mean() > 5


def test_what_is_not_painted_or_no_longer_true_gets_a_sentence(run: Run, yard: Path, painted: list[str]) -> None:
    out = yard.parent / "out"
    answer = run("film", yard, "--out", out)
    assert answer.code == 2
    assert "not painted yet" in answer.err
    run("render", yard, "--out", out)
    yard.write_text(yard.read_text().replace("seed: 3", "seed: 9"))
    answer = run("film", yard, "--out", out)
    assert answer.code == 2
    assert "--no-lens" in answer.err
    assert run("film", yard, "--out", out, "--no-lens").code == 0
    (out / yard.stem / "look" / "frames" / "0003.png").unlink()
    answer = run("film", yard, "--out", out, "--no-lens")
    assert answer.code == 2
    assert "0003.png is missing" in answer.err


def test_the_command_line_names_every_codec() -> None:
    assert tuple(codec.value for codec in FilmCodec) == CODECS


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [("--codec", "vhs", "vhs"), ("--timecode", "1h", "no timecode"), ("--crf", "99", "--crf"), ("--shot", "x", "x")],
)
def test_bad_options_get_a_sentence(run: Run, yard: Path, rendered: Path, option: str, value: str, words: str) -> None:
    answer = run("film", yard, "--out", yard.parent / "out", option, value)
    assert answer.code == 2
    assert words in answer.err
    assert not list(rendered.glob("film*"))
