"""What Wan-VACE reads of controls and of what is known; and several control films at once, which the pipeline cannot.

VACE reads one film and one mask: where the mask is black the film is kept, where it is white the film is a control.
Pictures of several controls mixed into one would be like nothing that VACE was trained on. So each control has a film
of its own, each goes through VACE's control layers by itself, and what they add to the network is summed, each as much
as it weighs: as ComfyUI runs chained controls (``VaceWanModel`` of its ``comfy/ldm/wan/model.py``). VACE was trained
with one film, so the weights of all together are at most 1, as Cosmos-Transfer has it. The control layers run once more
for each further control; they are 8 of Wan 14B's 40.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from conditioning.conditions import Conditions, Control

SURE: Final = 0.5
"""Share from which a pixel counts as known: VACE's mask knows only black and white."""
CELL: Final = 8
"""Pixels across one latent. A cell is kept only if all of it is known: half a picture and half a control in one latent
would be neither. What is known of the other cells is left to guidance."""


@dataclass(frozen=True)
class Vace:
    """What VACE reads. films: (N, 3, H, W) in [-1, 1] of each control. mask: (N, 1, H, W), 0 keeps, 1 paints anew.

    weights: (N, 1, H, W) of what each film adds.
    """

    films: tuple[Tensor, ...]
    mask: Tensor
    weights: tuple[Tensor, ...]


def vace_of(told: Conditions, count: int) -> Vace:
    """The films, mask and weights of ``count`` frames: a film a control, and over each what is known."""
    shape = (count, 1, told.height, told.width)
    nothing = Control(torch.zeros(count, 3, told.height, told.width), torch.ones(count))
    given = list(told.controls.values()) or [nothing]
    controls = [one for one in given if one.strength.any()] or given[:1]
    total = torch.stack([one.strength for one in controls]).sum(0).clamp(min=1.0)
    films = [one.pictures for one in controls]
    weights = [(one.strength / total)[:, None, None, None].expand(shape) for one in controls]
    if told.known is None:
        return Vace(tuple(films), torch.ones(shape), tuple(weights))
    kept, known = whole_cells(told.known.share > SURE), told.known.pictures
    films = [torch.where(kept, known, film) for film in films]
    weights = [torch.where(kept, 1.0 / len(controls), weight) for weight in weights]
    return Vace(tuple(films), 1.0 - kept.float(), tuple(weights))


def whole_cells(known: Tensor) -> Tensor:
    """Of known pixels (N, 1, H, W), those in cells that are known entirely. Sides are multiples of ``CELL``."""
    cells = F.max_pool2d((~known).float(), CELL) == 0
    return cells.repeat_interleave(CELL, 2).repeat_interleave(CELL, 3)


def of_tokens(weight: Tensor, patch: int, stride: int, references: int, share: float) -> Tensor:
    """(1, tokens, 1) of (N, 1, H, W): the mean over the pixels and frames of a token. share: of references' tokens.

    patch, stride: pixels and frames that a token stands for.
    """
    cells = F.avg_pool2d(weight, patch)
    later = cells[1:].reshape(-1, stride, *cells.shape[1:]).mean(1)
    return torch.cat([cells.new_full((references, *cells.shape[1:]), share), cells[:1], later]).reshape(1, -1, 1)


@contextmanager
def several(pipe: Any, films: Sequence[Tensor], weights: Sequence[Tensor]) -> Iterator[None]:
    """While inside, ``pipe`` heeds several films: the one it is called with, and ``films`` (N, 3, H, W) besides.

    weights: (1, tokens, 1) of all of them, the pipeline's own film first; its ``conditioning_scale`` still counts.
    """
    networks = [one for one in (pipe.transformer, pipe.transformer_2) if one is not None]
    latents: list[Tensor] = []
    prepare_film, prepare_mask = pipe.prepare_video_latents, pipe.prepare_masks

    def film_latents(video: Tensor, mask: Tensor, *more: Any) -> Tensor:
        others = [film.transpose(0, 1)[None].to(video) for film in films]
        own, *rest = [prepare_film(one, mask, *more) for one in (video, *others)]
        latents[:] = rest
        return own

    def mask_latents(*told: Any) -> Tensor:
        made: Tensor = prepare_mask(*told)
        latents[:] = [torch.cat([film, made], dim=1) for film in latents]
        return made

    with ExitStack() as stack:
        stack.enter_context(_instead(pipe, "prepare_video_latents", film_latents))
        stack.enter_context(_instead(pipe, "prepare_masks", mask_latents))
        for network in networks:
            states: list[Tensor] = []
            for block in network.vace_blocks:
                begins = block is network.vace_blocks[0]
                branched = _branched(network, block.forward, latents, weights, states, begins)
                stack.enter_context(_instead(block, "forward", branched))
        yield


def _branched(
    network: Any,
    forward: Callable[..., tuple[Tensor, Tensor]],
    latents: Sequence[Tensor],
    weights: Sequence[Tensor],
    states: list[Tensor],
    begins: bool,
) -> Callable[..., tuple[Tensor, Tensor]]:
    """A control layer that runs for every film, and adds up what comes out. states: of the further films, in between.

    begins: whether it is the first, which starts from the films' latents.
    """

    def together(hidden: Tensor, words: Tensor, own: Tensor, *more: Any) -> tuple[Tensor, Tensor]:
        if begins:
            read = [network.vace_patch_embedding(film.to(own)) for film in latents]
            states[:] = [one.flatten(2).transpose(1, 2) for one in read]
        hint, after = forward(hidden, words, own, *more)
        hint = hint * weights[0].to(hint)
        for k, weight in enumerate(weights[1:]):
            added, states[k] = forward(hidden, words, states[k], *more)
            hint = hint + added * weight.to(added)
        return hint, after

    return together


@contextmanager
def _instead(owner: Any, name: str, value: Any) -> Iterator[None]:
    """While inside, ``owner`` has ``value`` by this name; what libraries had put there comes back."""
    before = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is None:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
