"""What image models share: the noise they start from, prompts read once, reference pictures through an IP-Adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from conditioning.conditions import Conditions
from conditioning.models.loading import EXTRA, first_line
from worldgen.conventions import seed_from


def starting_noise(told: Conditions, channels: int, cell: int, count: int) -> Tensor:
    """(N, channels, H / cell, W / cell) the world's own noise; noise of the seed alone where nobody made any."""
    if told.noise is not None:
        return told.noise(channels, cell)
    generator = torch.Generator().manual_seed(seed_from(told.seed, "latents"))
    return torch.randn((count, channels, told.height // cell, told.width // cell), generator=generator)


Read = Callable[[str, str], Mapping[str, Tensor]]
"""(prompt, negative prompt) to what a pipeline takes instead of them, by the names of its arguments, one row each."""


class Words:
    """Prompts as numbers, each read once; the text encoders are off the device, and off the pipeline, in between.

    Films repeat their prompts, and text encoders are as large as painters. Where diffusers offloads, it does this
    itself, and they stay where they are. encoders: the names of those of ``pipe``.
    """

    def __init__(self, pipe: Any, encoders: Sequence[str], read: Read) -> None:
        self._pipe, self._read, self._known = pipe, read, dict[tuple[str, str], Mapping[str, Tensor]]()
        found = {name: getattr(pipe, name) for name in encoders}
        self._alone = {} if any(hasattr(one, "_hf_hook") for one in found.values()) else found
        self._put_away()

    def of(self, prompts: Sequence[str], negative: str = "") -> dict[str, Tensor]:
        """What the pipeline takes instead of ``prompts`` (N rows each) and of ``negative``, on its device."""
        device = self._pipe._execution_device
        new = [prompt for prompt in dict.fromkeys(prompts) if (prompt, negative) not in self._known]
        if new:
            for name, encoder in self._alone.items():
                setattr(self._pipe, name, encoder.to(device))
            with torch.no_grad():
                for prompt in new:
                    self._known[prompt, negative] = {k: v.cpu() for k, v in self._read(prompt, negative).items()}
            self._put_away()
        rows = [self._known[prompt, negative] for prompt in prompts]
        return {name: torch.cat([row[name] for row in rows]).to(device) for name in rows[0]}

    def _put_away(self) -> None:
        for name, encoder in self._alone.items():
            encoder.to("cpu")
            setattr(self._pipe, name, None)


class IPAdapter:
    """Reference pictures as further words for the cross-attention (Ye et al. 2023), through diffusers' own loader.

    Pictures are read once, and their encoder is away in between, as the text encoders are. The network asks for some
    once an adapter is in it: without references it is given nothing, at no strength. pipe: with an adapter of the kind
    "plus", in its place already. scale: how much references count beside the prompt; diffusers' guide recommends 0.5
    to 0.6 with a prompt.
    """

    def __init__(self, pipe: Any, scale: float = 0.6) -> None:
        self._pipe, self._scale, self._encoder = pipe, scale, pipe.image_encoder
        config = self._encoder.config
        tokens = (config.image_size // config.patch_size) ** 2 + 1
        self._nothing = torch.zeros(2, 1, tokens, config.hidden_size, dtype=self._encoder.dtype)
        self._known: tuple[tuple[Tensor, ...], Tensor] = ((), self._nothing)
        self._alone = not hasattr(self._encoder, "_hf_hook")
        self._put_away()

    def told(self, references: Sequence[Tensor]) -> dict[str, Any]:
        """What the pipeline is called with besides the rest; references: (3, h, w) in [-1, 1], of any size."""
        known = self._known[0]
        if len(known) != len(references) or not all(map(torch.equal, known, references)):
            self._known = (tuple(references), self._read(references) if references else self._nothing)
        self._pipe.set_ip_adapter_scale(self._scale if references else 0.0)
        return {"ip_adapter_image_embeds": [self._known[1].to(self._pipe._execution_device)]}

    def _read(self, references: Sequence[Tensor]) -> Tensor:
        """(2, n, tokens, D) of a black picture, for what is not wanted, and of each reference."""
        device = self._pipe._execution_device
        if self._alone:
            self._pipe.image_encoder = self._encoder.to(device)
        with torch.no_grad():
            pictures = [[_picture(one) for one in references]]
            (read,) = self._pipe.prepare_ip_adapter_image_embeds(pictures, None, device, 1, True)
        self._put_away()
        return read.cpu()

    def _put_away(self) -> None:
        if self._alone:
            self._encoder.to("cpu")
            self._pipe.image_encoder = None


def with_adapter(pipe: Any, name: str, folder: Path, subfolder: str, weights: str, encoder: str) -> None:
    """Load the IP-Adapter of ``folder`` (a copy of h94/IP-Adapter) into ``pipe``, the pipeline of ``name``.

    Errors: ``ValueError`` in one sentence where its weights, or its image encoder's, are missing or broken.
    """
    for file in (folder / subfolder / weights, folder / encoder / "config.json"):
        if not file.is_file():
            raise ValueError(f"the weights of {name} are not whole (no {file}): run `setpiece models get {name}`")
    with _reading("IP-Adapter", name, folder):
        pipe.load_ip_adapter(
            str(folder), subfolder=subfolder, weight_name=weights, image_encoder_folder=encoder, local_files_only=True
        )


def with_lora(pipe: Any, name: str, file: Path, share: float) -> None:
    """Add ``share`` of the LoRA in ``file`` to the weights of ``pipe``, the pipeline of ``name``, for good.

    Errors: ``ValueError`` in one sentence where it is missing or broken.
    """
    if not file.is_file():
        raise ValueError(f"the weights of {name} are not whole (no {file}): run `setpiece models get {name}`")
    with _reading("LoRA", name, file):
        pipe.load_lora_weights(str(file.parent), weight_name=file.name, local_files_only=True)
        pipe.fuse_lora(lora_scale=share)
        pipe.unload_lora_weights()


@contextmanager
def _reading(what: str, name: str, where: Path) -> Iterator[None]:
    """Errors of the libraries, which are of many kinds, as one sentence."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except ImportError as error:
        raise ValueError(f"the {what} of {name} cannot be read ({first_line(error)}): {EXTRA}") from error
    except Exception as error:
        raise ValueError(
            f"the {what} of {name} in {where} cannot be read ({first_line(error)}): "
            f"run `setpiece models get {name}` again"
        ) from error


def _picture(reference: Tensor) -> Image.Image:
    shares = (reference.float().clamp(-1, 1) * 0.5 + 0.5).permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(np.rint(shares * 255).astype(np.uint8))
