"""A scene file to frames by the other video models: real pipelines with tiny random weights, from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="text encoders need transformers")
pytest.importorskip("peft", reason="adapters need peft")

import torch

from conditioning.models import catalogue, cogvideox, cosmos, ltx2
from conditioning.models.cosmos_controls import CosmosControls
from conditioning.models.family import Family, FrameRule
from conditioning.models.video import whole_frames
from render.files import read_image
from tests.conditioning import tiny_video as tiny

SMALL: dict[str, Family] = {
    "cogvideox-fun-5b": replace(cogvideox.COGVIDEOX_FUN, window=9, overlap=1, steps=2),
    "ltx2-depth": replace(ltx2.LTX2_DEPTH, window=17, steps=2),
    "cosmos-transfer-2.5": replace(
        cosmos.COSMOS_TRANSFER, frames=FrameRule(4), window=9, overlap=5, steps=2, packages=()
    ),
}
"""The families as they are, but for windows and steps that fit into a test."""
DENOISERS: dict[str, Any] = {
    "cogvideox-fun-5b": cogvideox.CogVideoDenoiser,
    "ltx2-depth": ltx2.LTX2Denoiser,
    "cosmos-transfer-2.5": cosmos.CosmosDenoiser,
}


@pytest.fixture(autouse=True)
def torchvision() -> Iterator[None]:
    with tiny.torchvision():
        yield


def written(name: str, folder: Path) -> None:
    """Tiny weights of the model, as its checkpoints have them."""
    if name == "cogvideox-fun-5b":
        tiny.cogvideox().save_pretrained(folder)
    elif name == "ltx2-depth":
        pipe = tiny.ltx2()
        pipe.save_pretrained(folder)
        layers = {
            f"transformer_blocks.0.attn1.to_q.lora_{part}.weight": torch.randn(shape) * 0.5
            for part, shape in (("A", (4, 16)), ("B", (16, 4)))
        }
        adapter = "ltx-2-19b-ic-lora-depth-control.safetensors"
        pipe.save_lora_weights(folder / "control", transformer_lora_layers=layers, weight_name=adapter)
    else:
        pipe = tiny.cosmos()
        pipe.register_modules(safety_checker=None)
        pipe.save_pretrained(folder)
        for seed, part in enumerate(cosmos.FOLDERS.values()):
            tiny.cosmos_control(seed).save_pretrained(folder / part)


@pytest.fixture
def fetched(run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Fetches tiny weights of a model from a folder; then it is the only big one there is."""
    monkeypatch.setattr(cosmos, "guardrail", tiny.Guard)

    def get(name: str) -> Path:
        monkeypatch.setattr(catalogue, "FAMILIES", (catalogue.POCKET, SMALL[name]))
        written(name, tmp_path / "tiny")
        answer = run("models", "get", name, "--from", tmp_path / "tiny", "--models-dir", tmp_path / "models")
        assert answer.code == 0, answer.err
        return tmp_path / "models"

    return get


@pytest.mark.parametrize("name", SMALL)
def test_a_scene_file_becomes_frames_that_go_on_from_window_to_window(
    name: str,
    run: Callable[..., Any],
    yard: Path,
    fetched: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = fetched(name)
    told: list[Any] = []
    starts: list[int] = []
    paint = DENOISERS[name].paint

    def watched(self: Any, frames: Any, conditions: Any, steps: int, edit: Any) -> Any:
        told.append(conditions)
        starts.append(frames[0].index)
        return paint(self, frames, conditions, steps, edit)

    monkeypatch.setattr(DENOISERS[name], "paint", watched)
    family = SMALL[name]
    count = family.window + 3
    yard.write_text(yard.read_text().replace("frames: 6", f"frames: {count}"))
    answer = run("render", yard, "--shot", "look", "--model", name, "--models-dir", models, "--json")
    assert answer.code == 0, answer.err
    film = [read_image(Path(path)) for path in answer.json["shots"][0]["frames"]]
    assert len(film) == count
    assert all(picture.shape == (36, 64, 3) for picture in film)
    assert len({picture.tobytes() for picture in film}) == count

    assert len(told) == 2
    assert 0 < starts[1] < count - family.overlap
    for conditions in told:
        assert conditions.width % family.side == conditions.height % family.side == 0
        assert "sunlight on a wall" in conditions.prompt
        assert list(conditions.controls) == ["depth"]
    second = told[1].known
    assert second is not None
    assert whole_frames(second, family.side) == family.overlap  # which is how finished frames are known as such
    there = film[starts[1]].transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(second.pictures[0, :, :36].numpy(), there, atol=1e-6)


def test_a_scene_mixes_controls_that_fade_over_time(
    run: Callable[..., Any], yard: Path, fetched: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "cosmos-transfer-2.5"
    models = fetched(name)
    asked = "look: {prompt: a yard at noon, controls: {segmentation: {0s: 1, 1s: 0}, blur: 0.5}}"
    scene = yard.read_text().replace("look: {prompt: a yard at noon}", asked).replace("fps: 24", "fps: 4")
    yard.write_text(scene.replace("frames: 6", "frames: 5"))
    seen: list[Any] = []
    forward = CosmosControls.forward

    def watched(self: Any, *args: Any, **named: Any) -> Any:
        seen.append(self.told)
        return forward(self, *args, **named)

    monkeypatch.setattr(CosmosControls, "forward", watched)
    answer = run("render", yard, "--shot", "look", "--model", name, "--models-dir", models, "--json")
    assert answer.code == 0, answer.err
    segments, blur = seen[0]
    assert (segments.name, blur.name) == ("segmentation", "blur")
    later = (0.75 + 0.5 + 0.25 + 0) / 4
    torch.testing.assert_close(segments.weight, torch.tensor([1 / 1.5, later]))
    torch.testing.assert_close(blur.weight, torch.tensor([0.5 / 1.5, 0.5]))
