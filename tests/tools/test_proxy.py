"""The animatic shows lens and passes when it is asked to, and says where it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from render.video import read_video

Run = Callable[..., Any]


def frame(run: Run, yard: Path, *more: str) -> np.ndarray:
    out = yard.parent / "out"
    answer = run("proxy", yard, "--shot", "look", "--size", "192x108", "--out", out, *more)
    assert answer.code == 0, answer.err
    return next(read_video(out / yard.stem / "look" / "proxy.mp4")).astype(int)


def test_insets_lie_at_the_right_edge(run: Run, yard: Path) -> None:
    yard.write_text(yard.read_text().replace("frames: 6", "frames: 1"))
    plain, shown = frame(run, yard), frame(run, yard, "--inset", "depth,object-id")
    changed = np.abs(shown - plain).max(-1) > 12
    assert changed[5:20, 160:185].mean() > 0.5
    assert changed[30:45, 160:185].mean() > 0.5
    assert changed[:, :140].mean() < 0.02


def test_the_lens_blurs_the_animatic(run: Run, yard: Path) -> None:
    yard.write_text(yard.read_text().replace("frames: 6", "frames: 1\n    lens: {stop: f/0.5, focus: 0.3m}", 1))
    plain, soft = frame(run, yard), frame(run, yard, "--lens")
    detail = [np.abs(np.diff(image[:80], axis=1)).mean() for image in (plain, soft)]
    assert detail[1] < 0.8 * detail[0]


def test_a_pass_that_cannot_be_shown_gets_a_sentence(run: Run, yard: Path) -> None:
    answer = run("proxy", yard, "--inset", "glitter", "--out", yard.parent / "out")
    assert answer.code == 2
    assert "glitter" in answer.err
    assert not (yard.parent / "out").exists()


@pytest.mark.parametrize("focal", [24, 85])
def test_the_burn_in_tells_the_focal_length(focal: int, run: Run, yard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tools.commands_proxy

    told: list[str] = []

    def noted(image: np.ndarray, left: str, right: str) -> np.ndarray:
        told.append(left)
        return image

    monkeypatch.setattr(tools.commands_proxy, "burn_in", noted)
    yard.write_text(yard.read_text().replace("frames: 6", f"frames: 1\n    lens: {{focal: {focal}mm}}", 1))
    frame(run, yard)
    assert told == [f"yard / look  0001  {focal}mm"]
