"""Pocket as a denoiser: weights from a folder, a picture at a time."""

from __future__ import annotations

import hashlib
import json
import logging
from functools import lru_cache
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from conditioning.controls import LIGHT, MAPS, Controls
from conditioning.models.pocket.network import PocketUNet

FOLDER: Final = Path(__file__).parent / "weights"
FILES: Final = ("config.json", "diffusion_pytorch_model.safetensors")


class Pocket:
    """The embedded model. Same weights, inputs and machine give the same bytes.

    It reads the light, the materials and the shapes of the world; it does not read prompts.
    """

    name = "pocket"

    def __init__(self, folder: Path = FOLDER, device: str | torch.device | None = None) -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dtype = torch.bfloat16 if _fast_bf16(self.device) else torch.float32
        self.network = load_network(folder).to(self.device, self.dtype, memory_format=torch.channels_last)

    def prepared(self, told: Controls) -> tuple[Tensor, Tensor, Tensor]:
        """Maps (1, M, H, W), light (1, L) and proxy (1, 3, H, W) of a frame, on the device and ready to use again."""
        return (
            self._ready(torch.from_numpy(told.maps)),
            torch.from_numpy(told.light)[None].to(self.device, self.dtype),
            self._ready(torch.from_numpy(told.proxy)),
        )

    def clean(self, x: Tensor, sigma: float, conditions: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """The clean picture (3, H, W) float32 in [-1, 1] predicted from ``x (3, H, W)`` at noise level ``sigma``."""
        maps, light, proxy = conditions
        time = torch.full((1,), sigma, device=self.device, dtype=self.dtype)
        with torch.inference_mode():
            x0 = self.network(self._ready(x), time, maps, light, proxy)
        return x0[0].float().cpu().clamp(-1.0, 1.0)

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
    if (network.config.maps, network.config.light) != (len(MAPS), LIGHT):
        raise ValueError(f"pocket's weights in {folder} were trained for other conditions; reinstall setpiece")
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
            content = json.dumps(json.loads(content), sort_keys=True).encode()
        digest.update(content)
    return digest.hexdigest()


def _fast_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
