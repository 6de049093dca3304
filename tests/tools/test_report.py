"""The parts of a report's page: heat maps, films side by side, plots, and names that are no HTML."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.measure import Seen
from tools.report_page import EMBEDDED_MB, scene_page, shot_page
from tools.report_parts import dot_plot, line_plot, table
from tools.report_pictures import HEAT_TOP, NOT_COUNTED, comparison, heat, picture, worst_pictures

FILM = {
    "e_warp": {"0": 1.0, "1": 0.5, "2": 0.4},
    "flicker": {"0": 1.0, "1": 0.5, "2": 0.4},
    "sharpness_ratio": 1.0,
    "gradient_energy_ratio": 1.0,
    "edge_f1": 0.6,
    "pairs": {"farthest": {"e_warp": {"0": 1.0, "1": 1.0}, "psnr": {"0": 40.0, "1": 41.0}, "pixels": 9}},
    "motion": {"error": None, "follows": None, "ratio": 1.0, "pixels": 0},
    "score": 0.5,
    "e_warp_frames": [1.0, 1.2],
    "flicker_frames": [0.5],
    "sharpness_frames": [9.0, 9.0, 9.1],
    "apart": [[0.1, 1.0]],
    "colours": {"mean": None, "worst": None, "things": []},
}  # fmt: skip
REPORT = {
    "title": "Nuit <b>d'été</b>",
    "shot": "雨",
    "frames": 3,
    "fps": 24.0,
    "width": 17,
    "height": 9,
    "e_warp_guided": 1.0,
    "e_warp_unguided": 2.0,
    "e_warp_ratio": 0.5,
    "sharpness_ratio": 1.0,
    "films": {name: FILM for name in ("guided", "unguided", "blurred", "carried")},
}


def test_heat_goes_from_black_to_yellow_and_is_grey_where_nothing_counts() -> None:
    error = np.array([[0.0, HEAT_TOP, 9 * HEAT_TOP, np.nan]], np.float32)
    found = heat(error, (1, 4))
    assert found[0, 0].sum() < 10
    assert (found[0, 1] == found[0, 2]).all()
    assert found[0, 1, :2].min() > 240
    assert tuple(found[0, 3]) == NOT_COUNTED
    assert (heat(None, (2, 2)) == NOT_COUNTED).all()
    ramp = heat(np.linspace(0, HEAT_TOP, 64, dtype=np.float32)[None], (1, 64))[0] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(ramp) > 0).all()


@pytest.mark.parametrize("size", [(1, 1), (9, 17), (36, 64), (720, 1281)])
def test_films_lie_side_by_side_with_their_heat_below(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 200, np.uint8)
    seen = Seen(0, {"guided": image, "unguided": image // 2}, {"guided": np.zeros(size, np.float32)})
    found = comparison(seen)
    height, width = found.shape[:2]
    assert height % 4 == width % 4 == 0
    assert max(height, width) <= 2 * 640
    assert found[: height // 2, : width // 2].mean() == pytest.approx(200, abs=1)
    assert found[: height // 2, width // 2 :].mean() == pytest.approx(100, abs=1)
    assert found[height // 2 :, : width // 2].mean() < 10


def test_a_page_holds_everything_and_names_are_no_html(tmp_path: Path) -> None:
    film = tmp_path / "report.mp4"
    film.write_bytes(b"film")
    image = np.zeros((9, 17, 3), np.uint8)
    seen = Seen(4, {"guided": image}, {"guided": np.ones((9, 17), np.float32)})
    page = shot_page(REPORT, film, {"guided film": "雨.mp4"}, worst_pictures([(1.0, seen)]))
    assert "<b>d'été" not in page
    assert "雨" in page
    assert "data:video/mp4;base64,ZmlsbQ==" in page
    assert page.count("<svg") == 4
    assert "frame 5, guided" in page
    assert "http" not in page
    film.write_bytes(bytes((EMBEDDED_MB << 20) + 1))
    assert 'src="report.mp4"' in shot_page(REPORT, film, {}, [])


def test_the_page_of_cuts_stands_without_any_shared_point() -> None:
    films = {name: {**FILM, "pairs": {}} for name in ("guided", "unguided", "blurred", "carried")}
    page = scene_page({"title": "T", "films": films}, [REPORT], [])
    assert "No surface point is seen in two shots" in page
    assert 'href="雨/report.html"' in page


def test_plots_of_nothing_are_nothing_and_of_one_value_are_a_line() -> None:
    assert line_plot("t", "w", {"guided": []}, 0) == ""
    assert dot_plot("t", "w", {"guided": []}) == ""
    assert line_plot("t", "w", {"guided": [2.0]}, 0).count(" L") == 1
    assert 'data-first="1" data-count="3"' in line_plot("t", "w", {"guided": [0.0, 0.0, 0.0]}, 1)
    assert "after 0.50 s" in dot_plot("t", "w", {"guided": [(0.5, 2.0)]})
    assert table(("a",), [["b"]]).count("<td>") == 1


def test_pictures_travel_as_jpeg() -> None:
    assert picture(np.zeros((2000, 10, 3), np.uint8), "w").source.startswith("data:image/jpeg;base64,")
