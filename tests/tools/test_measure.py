"""Films whose changes are known by construction, measured along a camera that turns once round and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from conditioning.metrics import SIGMAS
from render.raster import Rasterizer, open_rasterizer
from tools.figures import film_figures, scene_figures
from tools.measure import FilmMeter, Take, Walked
from tools.measure_again import Looked, look_again
from worldgen.build import Production, open_scene
from worldgen.conventions import U8

FRAMES, FPS = 25, 2
ROUND = f"""\
title: Round
size: 48x36
fps: {FPS}
world:
  sets: [{{ground: {{size: 60m, material: paving}}}}]
  props:
    - {{name: north, shape: {{box: {{size: [12m, 0.4m, 4m]}}}}, at: [0, 6m], material: brick}}
    - {{name: south, shape: {{box: {{size: [12m, 0.4m, 4m]}}}}, at: [0, -6m], material: stone}}
    - {{name: post, shape: {{box: {{size: [0.5m, 0.5m, 3m]}}}}, at: [1m, 4m], material: wood}}
shots:
  - name: round
    frames: {FRAMES}
    lens: {{focal: 24mm}}
    camera:
      body: {{static: {{at: [0, 0, 1.5]}}}}
      aim: {{pan: {{from: 0deg, to: 360deg, ease: linear}}}}
  - name: still
    frames: 3
    lens: {{focal: 24mm}}
    camera:
      body: {{static: {{at: [0.5, 0, 1.5]}}}}
      aim: {{look-at: [0, 6, 1.5]}}
"""


@pytest.fixture(scope="module")
def raster() -> Iterator[Rasterizer]:
    opened = open_rasterizer()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Production:
    file = tmp_path_factory.mktemp("scene") / "round.yaml"
    file.write_text(ROUND, encoding="utf-8")
    return open_scene(file)


def grey(level: int) -> U8:
    return np.full((36, 48, 3), level, np.uint8)


def take(production: Production, shot: str, offset: int = 0, light: int = 0) -> Take:
    """A film that brightens by a level a frame (``unguided``), and one that stays; the proxy brightens by ``light``."""
    films = {"guided": lambda k: grey(100), "unguided": lambda k: grey(100 + offset + k)}
    return Take(production.shot(shot), films, lambda k: grey(60 + light * k))


@pytest.fixture(scope="module")
def walked(production: Production, raster: Rasterizer) -> dict[str, Walked]:
    meter = FilmMeter(production.world, take(production, "round"), raster)
    seen = list(meter.frames())
    assert [s.frame for s in seen] == list(range(FRAMES))
    assert seen[0].errors == {}
    error = seen[5].errors["unguided"]
    assert np.nanmax(np.abs(error - 1.0)) < 1e-3
    assert np.isnan(error).any()
    return meter.walked()


@pytest.fixture(scope="module")
def looked(production: Production, raster: Rasterizer) -> Looked:
    return look_again(production.world, [take(production, "round")], raster)


def test_a_level_a_frame_is_a_change_of_one_and_no_flicker(walked: dict[str, Walked]) -> None:
    assert walked["unguided"].e_warp == pytest.approx((1.0,) * len(SIGMAS), abs=1e-3)
    assert walked["unguided"].flicker == pytest.approx((0.0,) * len(SIGMAS), abs=1e-3)
    assert walked["guided"].e_warp == pytest.approx((0.0,) * len(SIGMAS), abs=1e-3)
    assert len(walked["guided"].changes) == FRAMES - 1
    assert len(walked["guided"].flickers) == FRAMES - 2
    assert np.isnan(walked["guided"].mean.detail)


def test_pairs_far_apart_are_what_they_say(looked: Looked) -> None:
    unguided, guided = looked.films["unguided"].pairs, looked.films["guided"].pairs
    assert unguided["second"].mean[0] == pytest.approx(FPS, abs=1e-2)
    assert guided["second"].rms[0] == pytest.approx(0, abs=1e-2)
    # Twelve stops: only the last two stand where the camera has come back, 22 and 24 frames after it set off.
    assert 20 < unguided["revisit"].mean[0] <= FRAMES - 1 + 1e-3
    assert guided["revisit"].psnr[0] > 80
    assert unguided["revisit"].pixels == guided["revisit"].pixels > 500
    seconds, change = max(looked.films["unguided"].apart)
    assert seconds == pytest.approx((FRAMES - 1) / FPS, abs=0.01)
    assert change == pytest.approx(FRAMES - 1, abs=0.01)


def test_where_light_moves_nothing_is_compared_and_motion_is(production: Production, raster: Rasterizer) -> None:
    found = look_again(production.world, [take(production, "round", light=7)], raster)
    assert "farthest" not in found.films["unguided"].pairs
    assert found.films["unguided"].pairs["revisit"].pixels == 0
    follows = found.films["unguided"].motion.follows
    assert follows == pytest.approx(1 / 7, abs=0.01)
    assert found.films["guided"].motion.amiss == pytest.approx(1.0)


def test_across_a_cut(production: Production, raster: Rasterizer) -> None:
    found = look_again(production.world, [take(production, "round"), take(production, "still", offset=9)], raster)
    assert set(found.takes) == {0, 1}
    assert found.cut is not None
    assert found.cut.i.take != found.cut.j.take
    figures = scene_figures(found, ["round", "still"], production.world)["films"]
    assert figures["guided"]["pairs"]["cut"]["psnr"]["0"] > 80
    assert figures["guided"]["colours"]["worst"] < 0.1 < figures["unguided"]["colours"]["mean"]
    assert {t["thing"] for t in figures["unguided"]["colours"]["things"]} >= {"north: brick", "post: wood"}


def test_figures_are_against_the_unguided_film(walked: dict[str, Walked], looked: Looked) -> None:
    films = film_figures(walked, looked)
    assert films["unguided"]["score"] == 1.0
    assert films["guided"]["steadiness"] < 0.01
    assert films["guided"]["motion"]["error"] is None
    assert films["guided"]["detail_ratio"] is None
    twice = Walked.joined([walked["unguided"], walked["unguided"]])
    assert len(twice.frames) == 2 * FRAMES
    assert twice.e_warp == pytest.approx(walked["unguided"].e_warp)


def test_a_film_of_one_frame(production: Production, raster: Rasterizer) -> None:
    from dataclasses import replace

    shot = production.shot("still")
    track = replace(
        shot.track,
        **{
            name: value[:1]
            for name, value in vars(shot.track).items()
            if isinstance(value, np.ndarray) and len(value) == shot.frames
        },
    )
    one = replace(take(production, "still"), shot=replace(shot, track=track))
    meter = FilmMeter(production.world, one, raster)
    assert len(list(meter.frames())) == 1
    films = film_figures(meter.walked(), look_again(production.world, [one], raster))
    assert films["guided"]["e_warp_ratio"] == 1.0
    assert films["guided"]["score"] == 1.0
