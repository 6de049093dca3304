"""Loading asks diffusers for what is wanted, and tries again sparer when memory is short."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from conditioning.codec import PictureEdit
from conditioning.conditions import Conditions
from conditioning.models.family import Family, Loading
from conditioning.models.loading import Sparing, can_be_loaded, pipeline_from, placed, quantised, sparer
from conditioning.models.wan import FAMILIES

CUDA = Loading(Path(), device="cuda")


class Hungry:
    """Fits only where layers are moved one by one."""

    together = 81

    def __init__(self, loading: Loading) -> None:
        self.loading = loading

    def paint(self, frames: Sequence[Any], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        if self.loading.offload != "sequential":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return torch.zeros(len(frames), 3, conditions.height, conditions.width)


def hungry(loaded: list[Loading]) -> Family:
    def load(loading: Loading) -> Hungry:
        loaded.append(loading)
        if loading.offload == "none":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return Hungry(loading)

    return replace(FAMILIES[0], load=load)


def leave(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    return pictures, pictures[:, :1]


def test_out_of_memory_falls_back_one_level_at_a_time_and_says_so() -> None:
    loaded: list[Loading] = []
    said: list[str] = []
    model = Sparing(hungry(loaded), CUDA, said.append)
    frame: Any = SimpleNamespace(light=torch.zeros(3, 30, 50))
    assert model.paint([frame], Conditions(), 1, leave).shape == (1, 3, 30, 50)
    assert [(one.offload, one.tiling) for one in loaded] == [("none", False), ("model", True), ("sequential", True)]
    assert len(said) == 2
    assert "'model'" in said[0]
    assert "'sequential'" in said[1]
    model.paint([frame], Conditions(), 1, leave)
    assert len(loaded) == 3  # what fitted stays


def test_when_nothing_is_sparer_it_is_one_sentence() -> None:
    def never(loading: Loading) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    model = Sparing(replace(FAMILIES[0], load=never), CUDA, lambda words: None)
    frame: Any = SimpleNamespace(light=torch.zeros(3, 30, 50))
    with pytest.raises(ValueError, match="does not fit into the memory of cuda"):
        model.paint([frame], Conditions(), 1, leave)
    assert sparer(Loading(Path(), device="cpu")) is None


def test_pipelines_are_placed_as_asked() -> None:
    def done(offload: str, tiling: bool) -> list[str]:
        calls: list[str] = []

        class Noting:
            def __init__(self, name: str = "") -> None:
                self._name = name

            def __getattr__(self, name: str) -> Any:
                if name == "vae":
                    return Noting("vae.")
                return lambda *args, **named: calls.append(self._name + name)

        placed(Noting(), Loading(Path(), device="cuda", offload=offload, tiling=tiling))  # type: ignore[arg-type]
        return calls[:-1]  # the last one hides diffusers' own progress bar

    assert done("none", False) == ["to"]
    assert done("model", True) == ["vae.enable_tiling", "vae.enable_slicing", "enable_model_cpu_offload"]
    assert done("sequential", False) == ["enable_sequential_cpu_offload"]


def test_tiles_are_really_switched_on(tiny_wan: Path) -> None:
    from diffusers import WanVACEPipeline

    pipe = placed(pipeline_from(WanVACEPipeline, "wan", Loading(tiny_wan), ()), Loading(tiny_wan, tiling=True))
    assert pipe.vae.use_tiling
    assert pipe.vae.use_slicing


def test_large_networks_have_the_asked_type_and_the_autoencoder_is_exact(tiny_wan: Path) -> None:
    from diffusers import WanVACEPipeline

    pipe = pipeline_from(WanVACEPipeline, "wan", Loading(tiny_wan, dtype=torch.bfloat16), ("transformer",))
    assert pipe.transformer.dtype == torch.bfloat16
    assert pipe.vae.dtype == torch.float32


@pytest.mark.parametrize(("how", "package"), [("int8", "torchao"), ("fp8", "torchao"), ("nf4", "bitsandbytes")])
def test_quantisation_names_the_package_it_lacks(how: Any, package: str) -> None:
    if importlib.util.find_spec(package) is not None:
        assert quantised(how, torch.bfloat16, ("transformer",)).quant_mapping["transformer"] is not None
    else:
        with pytest.raises(ValueError, match=f"pip install {package}"):
            can_be_loaded(FAMILIES[0], how)
