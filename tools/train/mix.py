"""Weights between those of two trainings from one start: often better than either (Wortsman et al. 2022)."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from conditioning.models.pocket.denoiser import load_network


def mix_weights(first: Path, second: Path, share: float, out: Path, residual: float = 1.0) -> Path:
    """``out/model``: weights ``first`` with ``share`` of ``second``; what words do stays as ``first`` has it.

    residual: share that stays of what the network adds to the proxy; a network that has learned its few pictures by
    heart adds too much to others. Writes ``out/settings.json`` too, of the training of ``second``. Errors:
    ``ValueError`` for shares outside 0 to 1, or networks of different sizes.
    """
    for part in (share, residual):
        if not 0 <= part <= 1:
            raise ValueError(f"a share of {part:g} is not between 0 and 1")
    mixed, other = load_network(first).float(), load_network(second).float().state_dict()
    own = mixed.state_dict()
    if {k: v.shape for k, v in own.items()} != {k: v.shape for k, v in other.items()}:
        raise ValueError(f"{first} and {second} are networks of different sizes: mix two trainings of one")
    with torch.no_grad():
        for name, value in own.items():
            if not name.startswith(("grade.", "hear.")):
                value.lerp_(other[name], share)
        for value in mixed.tail.parameters():
            value.mul_(residual)
    out.mkdir(parents=True, exist_ok=True)
    mixed.half().save_pretrained(out / "model")
    beside = second.parent / "settings.json"
    settings = json.loads(beside.read_text()) if beside.is_file() else {}
    if settings:
        (out / "settings.json").write_text(json.dumps({**settings, "mixed": share, "residual": residual}, indent=1))
    return out / "model"
