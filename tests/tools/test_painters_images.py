"""A scene file to frames by image models and AnimateDiff: fetched from a folder, rendered from the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="text encoders need transformers")
pytest.importorskip("peft", reason="adapters need peft")

from PIL import Image

from conditioning.models import animatediff, catalogue, flux, sdxl
from conditioning.models.family import Family
from render.files import read_image
from tests.conditioning import tiny_images as tiny

SMALL: dict[str, Family] = {
    "animatelcm": replace(animatediff.ANIMATELCM, window=4, overlap=1, steps=2),
    "sdxl-union": replace(sdxl.SDXL_UNION, steps=2),
    "flux-depth": replace(flux.FLUX_DEPTH, steps=2),
}
"""The families as they are, but for windows and steps that fit into a test."""
DENOISERS: dict[str, Any] = {
    "animatelcm": animatediff.AnimateDiffDenoiser,
    "sdxl-union": sdxl.SdxlDenoiser,
    "flux-depth": flux.FluxDenoiser,
}


def written(name: str, folder: Path) -> None:
    """Tiny weights of the model, as its checkpoints have them."""
    if name == "animatelcm":
        tiny.save_animatediff(folder, animatediff.LCM_LORA)
    elif name == "sdxl-union":
        tiny.save_sdxl(folder)
    else:
        tiny.flux().save_pretrained(folder)


@pytest.mark.parametrize("name", SMALL)
def test_a_scene_file_becomes_a_film(
    name: str, run: Callable[..., Any], yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "FAMILIES", (catalogue.POCKET, SMALL[name]))
    written(name, tmp_path / "tiny")
    models = tmp_path / "models"
    answer = run("models", "get", name, "--from", tmp_path / "tiny", "--models-dir", models)
    assert answer.code == 0, answer.err
    asked = "look: {prompt: a yard at noon}"
    if SMALL[name].references:
        Image.fromarray(np.full((30, 40, 3), 90, np.uint8)).save(yard.parent / "mood.png")
        wanted = "look: {prompt: a yard at noon, reference: mood.png, controls: {normal: {0s: 1, 4s: 0}, depth: 0.5}}"
        yard.write_text(yard.read_text().replace(asked, wanted))

    told: list[tuple[list[int], Any]] = []
    paint = DENOISERS[name].paint

    def watched(self: Any, frames: Any, conditions: Any, steps: int, edit: Any) -> Any:
        told.append(([frame.index for frame in frames], conditions))
        return paint(self, frames, conditions, steps, edit)

    monkeypatch.setattr(DENOISERS[name], "paint", watched)
    answer = run("render", yard, "--shot", "look", "--model", name, "--models-dir", models, "--json")
    assert answer.code == 0, answer.err
    film = [read_image(Path(path)) for path in answer.json["shots"][0]["frames"]]
    assert len(film) == 6
    assert all(picture.shape == (36, 64, 3) for picture in film)
    assert {index for frames, _ in told for index in frames} == set(range(6))
    family = SMALL[name]
    for frames, conditions in told:
        assert len(frames) <= family.window
        assert (conditions.width, conditions.height) == (64, 36 + -36 % family.side)
        assert conditions.noise is not None
        assert "sunlight on a wall" in conditions.prompt
        if family.references:
            assert len(conditions.references) == 1
            strengths = {kind: one.strength.tolist() for kind, one in conditions.controls.items()}
            assert strengths["depth"] == [0.5] * len(frames)
            assert strengths["normal"] == pytest.approx([1 - index / 24 / 4 for index in frames], abs=1e-4)
        else:
            assert list(conditions.controls) == ["depth"]
