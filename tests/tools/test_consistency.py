"""The consistency benchmark: its denoiser flickers as much as it says, its rivals do what they are called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import tools.bench.consistency as consistency
from conditioning.frames import Frame
from conditioning.paint import PaintSettings, paint_clip
from render.raster import open_rasterizer
from tools.bench.consistency import CASES, Case, main, run
from tools.bench.consistency_denoiser import FlickeringDenoiser, grain, patches
from tools.bench.consistency_films import frames_of, opencv, proxies, shortened
from tools.bench.consistency_rivals import deflicker, previous_frame, shared_noise, temporal_filter, tmix
from tools.bench.consistency_table import shortfalls, strip, verdicts, winner
from tools.opened import sized
from worldgen.build import open_scene
from worldgen.load import load_scene

SUITE = Path(consistency.__file__).parent / "suite"


@pytest.fixture(scope="module")
def still() -> list[Frame]:
    """Five frames, 64 x 36, of the scene in which only light moves."""
    production = open_scene(SUITE / "shadow.yaml")
    shot = shortened(sized(production.shots[0], "64x36", "final"), 5)
    raster = open_rasterizer()
    made = frames_of(production.world, shot, raster, 3)
    raster.close()
    return made


def test_every_scene_of_the_suite_is_a_case_and_reads() -> None:
    assert {path.stem for path in SUITE.glob("*.yaml")} == {case.name for case in CASES}
    for case in CASES:
        assert load_scene(SUITE / f"{case.name}.yaml").shots


def test_a_shortened_shot_shows_the_same_moments() -> None:
    shot = open_scene(SUITE / "minute.yaml").shots[0]
    short = shortened(shot, 16)
    assert short.frames == 16
    assert short.time(3) == pytest.approx(shot.time(270))
    np.testing.assert_array_equal(short.track[3].world_from_camera, shot.track[270].world_from_camera)
    assert shortened(short, 96).frames == 16


def test_the_errors_have_about_variance_one() -> None:
    white = torch.randn(8, 3, 192, 256, generator=torch.Generator().manual_seed(1))
    inside = (..., slice(24, -24), slice(24, -24))  # at the border, which is repeated, patches are stronger
    assert float(patches(white)[inside].std()) == pytest.approx(1.0, abs=0.12)
    assert float(grain(white).std()) == pytest.approx(1.0, abs=0.1)
    assert abs(float(grain(white).mean())) < 0.01


def test_the_flickering_denoiser_errs_as_it_says(still: list[Frame]) -> None:
    right = proxies(still).astype(np.float32) / 255
    one = PaintSettings(1, None)
    never = paint_clip(still, FlickeringDenoiser(3, 0, 0), one)
    assert np.abs(never - right).max() < 0.01
    own = paint_clip(still, FlickeringDenoiser(3, 3, 0), one)
    middle = (right > 0.15) & (right < 0.85)
    assert 3 < 255 * (own - right)[middle].std() < 9  # 4.2 inside, more at the border of so small a picture
    both = middle[0] & middle[1]
    assert abs(np.corrcoef((own - right)[0][both], (own - right)[1][both])[0, 1]) < 0.3
    assert (own == paint_clip(still, FlickeringDenoiser(3, 3, 0), one)).all()
    assert (own != paint_clip(still, FlickeringDenoiser(4, 3, 0), one)).any()
    # Steps neither cure it nor blow it up.
    long = paint_clip(still, FlickeringDenoiser(3), PaintSettings(4, None))
    assert 3 < 255 * (long - right)[middle].std() < 14


def test_shared_noise_takes_the_share_of_the_noise_away(still: list[Frame]) -> None:
    noisy = [
        replace(f, grain=torch.randn(f.light.shape, generator=torch.Generator().manual_seed(k)).clone)
        for k, f in enumerate(still)
    ]
    only_given = FlickeringDenoiser(3, 0, 4)
    alone = paint_clip(noisy, only_given, PaintSettings(1, None)) - proxies(still) / 255
    shared = shared_noise(noisy, only_given, 1) - proxies(still) / 255
    assert np.abs(shared[1] - shared[0]).mean() < 0.2 * np.abs(alone[1] - alone[0]).mean()


def test_the_temporal_filter_averages_along_tracks(still: list[Frame]) -> None:
    rng = np.random.default_rng(1)
    film = (0.5 + rng.normal(0, 0.05, (5, 36, 64, 3))).astype(np.float32)
    calm = temporal_filter(film, still)
    assert calm[2].std() == pytest.approx(0.05 / 5**0.5, rel=0.2)
    assert np.abs(calm.mean() - 0.5) < 0.01


def test_ffmpeg_filters_keep_length_and_place() -> None:
    rng = np.random.default_rng(2)
    film = rng.integers(60, 200, (6, 36, 64, 3)).astype(np.uint8)
    mixed = tmix(film)
    expected = (film[1:-1].astype(int) + film[:-2] + film[2:]) / 3
    assert mixed.shape == film.shape
    assert np.abs(mixed[1:-1] - expected).max() < 1.5
    pulsing = np.stack([np.full((36, 64, 3), 120 + 20 * (k % 2), np.uint8) for k in range(12)])
    even = deflicker(pulsing)
    assert even.shape == pulsing.shape
    assert np.abs(np.diff(even[3:9].mean((1, 2, 3)))).max() < 0.6 * 20


def test_the_previous_frame_is_followed_along_estimated_flow(still: list[Frame]) -> None:
    cv2 = opencv()
    if cv2 is None:
        pytest.skip("needs opencv-python-headless (the bench extra)")
    denoiser = FlickeringDenoiser(3)
    fused = previous_frame(still, denoiser, 4, cv2)
    alone = paint_clip(still, denoiser, PaintSettings(4, None))
    assert np.abs(fused[3] - fused[2]).mean() < 0.8 * np.abs(alone[3] - alone[2]).mean()


def film(score: float, e_warp: float, sharp: float = 1.0) -> dict[str, Any]:
    return {
        "score": score,
        "e_warp": {"0": e_warp},
        "sharpness_ratio": sharp,
        "detail_ratio": None,
        "pairs": {"next": {"e_warp": {"0": e_warp}}, "revisit": {"psnr": {"1": 30.0}}},
        "motion": {"error": 0.2, "ratio": 1.5},
    }


def test_verdicts_say_plainly_where_we_lose() -> None:
    films = {"guided": film(0.5, 2.0, 0.9), "unguided": film(1, 4.0), "tmix": film(0.4, 1), "blurred": film(2, 3)}
    films["carried"] = film(0.1, 1.0)
    assert winner(films) == "tmix"
    missed = " ".join(shortfalls(films))
    for words in ("0.50 × unguided", "2.00 × floor", "sharpness 0.900", "revisit 30.0 dB", "1.50 × unguided"):
        assert words in missed
    said = " ".join(verdicts([{"name": "orbit", "denoisers": {"pocket": {"films": films}}}], "pocket"))
    assert "0 of 1" in said
    assert "orbit to tmix (0.40 against 0.50)" in said


def test_a_strip_shows_films_one_below_the_other() -> None:
    black = np.zeros((9, 20, 30, 3), np.uint8)
    assert strip([("a", black), ("b", black)]).shape == (40, 150, 3)


def test_a_scene_runs_and_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consistency, "truth_of", lambda *_: None)
    raster = open_rasterizer()
    case = Case("orbit", "turns", truth=True)
    found = run(case, "48x32", 4, raster, tmp_path)
    assert found["truth"] == "needs the train extra"
    for name, measured in found["denoisers"].items():
        films = measured["films"]
        assert {"guided", "unguided", "shared noise", "temporal filter", "tmix", "deflicker", "blurred"} <= set(films)
        assert films["blurred"]["score"] > 1, name
    flickering = found["denoisers"]["flickering"]["films"]
    assert flickering["guided"]["score"] < 0.8
    assert flickering["guided"]["psnr"] > flickering["unguided"]["psnr"]
    assert (tmp_path / "orbit.jpg").is_file()
    monkeypatch.setattr(consistency, "open_scene", lambda path: pytest.fail("painted again"))
    assert run(case, "48x32", 4, raster, tmp_path) == found
    raster.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--only", "nowhere"], "no such scene"), (["--frames", "1"], "4 to 96"), (["--size", "9"], "x")],
)
def test_wrong_words_are_one_sentence(words: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        main(words)
