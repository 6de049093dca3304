"""Image models paint the same wherever their weights wait."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from conditioning.models import animatediff, flux, sdxl
from conditioning.models.family import Family, Loading

pytest.importorskip("accelerate", reason="offloading is accelerate's")
pytest.importorskip("transformers", reason="text encoders are transformers'")

from tests.conditioning import tiny_images
from tests.conditioning.image_told import frames, plain


def layer_by_layer(pipe: Any, loading: Loading) -> Any:
    """What ``loading.placed`` does for "sequential" on a GPU: weights are nowhere but while their layer runs."""
    import accelerate

    for name, part in pipe.components.items():
        if isinstance(part, torch.nn.Module) and name not in pipe._exclude_from_cpu_offload:
            accelerate.cpu_offload(part, torch.device("cpu"), offload_buffers=bool(part._parameters))
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.mark.parametrize(
    ("module", "family", "save"),
    [
        (sdxl, sdxl.SDXL_UNION, tiny_images.save_sdxl),
        (animatediff, animatediff.ANIMATEDIFF, tiny_images.save_animatediff),
        (flux, flux.FLUX_DEPTH, lambda folder: tiny_images.flux().save_pretrained(folder)),
    ],
    ids=["sdxl", "animatediff", "flux"],
)
def test_nothing_reaches_for_weights_that_wait_elsewhere(
    module: Any, family: Family, save: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a film to start from, guidance and references: every part of a model is asked for something."""
    save(tmp_path)

    def darker(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        return pictures * 0.9, torch.ones_like(pictures[:, :1])

    film = torch.zeros(2, 3, 32, 48)
    told = replace(plain(2, 32, 48, ("depth",)), film=film, strength=0.5)
    if family.references:
        told = replace(told, references=(film[0],))
    whole = family.load(Loading(tmp_path)).paint(frames(2, 32, 48), told, 2, darker)
    monkeypatch.setattr(module, "placed", layer_by_layer)
    model: Any = family.load(Loading(tmp_path, offload="sequential"))
    assert next(model.pipe.vae.parameters()).device.type == "meta"
    torch.testing.assert_close(model.paint(frames(2, 32, 48), told, 2, darker), whole, atol=1e-5, rtol=0)
