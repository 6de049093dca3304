"""Pocket as a denoiser: weights from a folder, a picture at a time."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from conditioning.controls import KIND_NAMES, LIGHT, MAPS, Controls
from conditioning.models.pocket.network import PocketUNet
from conditioning.text import WORDS
from worldgen.conventions import F32

FOLDER: Final = Path(__file__).parent / "weights"
FILES: Final = ("config.json", "diffusion_pytorch_model.safetensors")
PIXELS_AT_ONCE: Final = 1 << 21
"""A full HD frame is painted whole; more than that in bands, which keeps memory within a gigabyte or two."""
REACH: Final = 176
"""Rows above and below that can change a pixel: the receptive field of the shipped network, in whole cells of 16."""


@dataclass(frozen=True)
class Conditions:
    """What pocket is told of one frame, on its device: as ``PocketUNet.forward`` takes it, N = 1."""

    maps: Tensor
    light: Tensor
    proxy: Tensor
    kind: Tensor
    uv: Tensor
    words: Tensor | None
    history: Tensor | None
    clear: Tensor | None


class Pocket:
    """The embedded model. Same weights, inputs and machine give the same bytes.

    It reads the light, the materials and the shapes of the world, what other frames show of the same surfaces, and the
    words of a prompt.
    """

    name = "pocket"

    def __init__(self, folder: Path = FOLDER, device: str | torch.device | None = None) -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dtype = torch.bfloat16 if _fast_bf16(self.device) else torch.float32
        self.network = load_network(folder).to(self.device, self.dtype, memory_format=torch.channels_last)
        known = {name: 1 + k for k, name in enumerate(self.network.config.kinds)}
        self._kinds = torch.tensor([0, *(known.get(name, 0) for name in KIND_NAMES)], dtype=torch.uint8)

    def prepared(self, told: Controls, words: F32 | None = None, history: Tensor | None = None) -> Conditions:
        """A frame ready to be painted, and to be used again.

        words: (W,) embedding of its prompt (``conditioning.text.encoded``); None or zeros: none. history: (4, H, W)
        what other frames show of its surfaces, in [-1, 1], and how far that is known, 0 to 1.
        """
        said = None if words is None or not np.any(words) else torch.from_numpy(words.copy())[None]
        return Conditions(
            maps=self._ready(torch.from_numpy(told.maps)),
            light=torch.from_numpy(told.light)[None].to(self.device, self.dtype),
            proxy=self._ready(torch.from_numpy(told.proxy)),
            kind=self._kinds[torch.from_numpy(told.kind).long()][None].to(self.device),
            uv=torch.from_numpy(told.uv)[None].to(self.device),
            words=None if said is None else said.to(self.device, self.dtype),
            history=None if history is None else self._ready(history),
            clear=None if told.clear is None else self._ready(torch.from_numpy(told.clear)[None]),
        )

    def clean(self, x: Tensor, sigma: float, told: Conditions, scale: float = 1.0) -> Tensor:
        """The clean picture (3, H, W) float32 in [-1, 1] predicted from ``x (3, H, W)`` at noise level ``sigma``.

        At level 1 there is nothing of a picture in ``x``, and all that its noise would add to a prediction is error,
        such as mottled walls: the network is shown the middle of all noise, as in training. One step needs no seed.
        scale: of the words (classifier-free guidance, Ho and Salimans 2022): 0 does not hear them, 1 as trained, more
        says them louder at twice the work.
        """
        heard = self._predicted(x, sigma, told, told.words if scale else None)
        if told.words is not None and scale not in (0.0, 1.0):
            plain = self._predicted(x, sigma, told, None)
            heard = plain + scale * (heard - plain)
        return heard.clamp(-1.0, 1.0)

    def _predicted(self, x: Tensor, sigma: float, told: Conditions, words: Tensor | None) -> Tensor:
        """(3, H, W) float32 on the CPU. Large pictures are painted in bands, which no pixel can tell from the whole."""
        time = torch.full((1,), sigma, device=self.device, dtype=self.dtype)
        noisy = sigma < 1.0
        height, width = x.shape[-2:]
        rows = max(16, PIXELS_AT_ONCE // width // 16 * 16)
        painted = []
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            band = slice(max(0, top - REACH), min(height, bottom + REACH))
            maps, proxy, kind, uv = (a[..., band, :] for a in (told.maps, told.proxy, told.kind, told.uv))
            history, clear = (None if a is None else a[..., band, :] for a in (told.history, told.clear))
            with torch.inference_mode():
                seen = self._ready(x[:, band]) if noisy else None
                x0 = self.network(seen, time, maps, told.light, proxy, words, history, kind, uv, clear)
            painted.append(x0[0, :, top - band.start : bottom - band.start].float().cpu())
        return torch.cat(painted, dim=1)

    def _ready(self, picture: Tensor) -> Tensor:
        return picture[None].to(self.device, self.dtype).contiguous(memory_format=torch.channels_last)


def load_network(folder: Path) -> PocketUNet:
    """The network of a folder that ``save_pretrained`` wrote; ``ValueError`` if it is missing, broken or another's."""
    for name in FILES:
        if not (folder / name).is_file():
            raise ValueError(f"pocket's weights are missing: {folder / name} is not there; reinstall setpiece")
    logging.getLogger("diffusers.models.modeling_utils").setLevel(logging.ERROR)
    try:
        network = PocketUNet.from_pretrained(folder, local_files_only=True, low_cpu_mem_usage=False)
    except Exception as error:  # safetensors, JSON and diffusers each raise their own
        raise ValueError(
            f"pocket's weights in {folder} cannot be read ({type(error).__name__}); reinstall setpiece"
        ) from error
    if (network.config.maps, network.config.light, network.config.words) != (len(MAPS), LIGHT, WORDS):
        raise ValueError(f"pocket's weights in {folder} were trained for other conditions; reinstall setpiece")
    network.register_to_config(_name_or_path="")  # where it lay is nothing that a copy should tell
    network.eval().requires_grad_(False)
    return network


@lru_cache(maxsize=4)
def weights_key(folder: Path = FOLDER) -> str:
    """32 hex digits that name the weights and configuration of a folder; ``ValueError`` where they are missing."""
    digest = hashlib.blake2b(digest_size=16)
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise ValueError(f"pocket's weights are missing: {path} is not there; reinstall setpiece")
        content = path.read_bytes()
        if name.endswith(".json"):
            told = {k: v for k, v in json.loads(content).items() if k != "_name_or_path"}
            content = json.dumps(told, sort_keys=True).encode()
        digest.update(content)
    return digest.hexdigest()


def _fast_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
