"""What a family of big models is: how each model is named, fetched, fed and fitted. The contract of the files beside.

One file a family (``wan.py``, ``cogvideox.py``, ...) holds one or more ``Family`` values, in a tuple ``FAMILIES``, and
the function that loads them. A loaded model is a ``conditioning.paint.Denoiser`` that takes exactly what it is given:
``fitted`` stands before it and pads pictures and frames to sizes that it can take, and cuts what it paints to what was
asked for. Nothing is ever resized silently.

How a model of a family paints, in short::

    class WanDenoiser:
        together = 81
        def paint(self, frames, conditions, steps, edit):         # conditions are already padded
            with edited(self.pipe.scheduler, through(self.codec, edit)):
                film = self.pipe(..., num_inference_steps=steps)  # the real pipeline
            return film                                           # (N, 3, H, W) in [-1, 1], float32, on the CPU
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from conditioning.codec import PictureEdit
from conditioning.conditions import Conditions, Control, Known, Noise
from conditioning.guidance import Guidance
from worldgen.conventions import seed_from

if TYPE_CHECKING:
    from conditioning.control_style import ControlName, Style
    from conditioning.frames import Frame
    from conditioning.paint import Denoiser

Offload = Literal["none", "model", "sequential"]
"""Where weights wait: all on the device; each part of the model moved there in turn; each layer moved there in turn."""

OFFLOADS: tuple[Offload, ...] = ("none", "model", "sequential")
"""From the fastest to the one that needs least memory."""

Quantisation = Literal["int8", "fp8", "nf4"]
"""What the large networks are stored as: torchao's int8 or float8 of weights, or bitsandbytes' 4-bit NormalFloat."""


@dataclass(frozen=True)
class Checkpoint:
    """Weights to fetch.

    repo: id on the Hugging Face hub. revision: commit, branch or tag; "main" where no commit is known to us. licence:
    its short name. licence_url: where it is stated. download_gb: about how much; None where we have not read it.
    folder: below the model's own folder, where there are several. files: patterns of the only ones that are wanted, as
    "models/image_encoder/*"; () for all that diffusers reads.
    """

    repo: str
    revision: str
    licence: str
    licence_url: str
    download_gb: float | None
    folder: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class FrameRule:
    """How many frames a model paints at once: ``step * n + 1`` for video models, any number where step is 1."""

    step: int = 1

    def fitting(self, frames: int) -> int:
        """The least number that it takes and that is not less than ``frames``."""
        return frames + (1 - frames) % self.step


@dataclass(frozen=True)
class ControlSpec:
    """A control that a family takes.

    style: how its pictures look (``conditioning.control_style``), as ``conditioning.control_video`` draws them. source:
    where it is stated that the model was trained on that (model card, paper or code), or in plain words that it is an
    assumption. strength: what the model card recommends. whole: the model follows it entirely, and no less.
    """

    name: ControlName
    style: Style
    source: str
    strength: float = 1.0
    whole: bool = False


@dataclass(frozen=True)
class Loading:
    """How to load a model.

    folder: of the weights, as ``save_pretrained`` writes a pipeline (with ``Checkpoint.folder`` below it where there
    are several). device: "cuda", "cpu", "mps". dtype: of the large networks. quantisation: of the large networks; None
    for none. tiling: decode and encode pictures in tiles, which needs less memory.
    """

    folder: Path
    device: str = "cpu"
    dtype: torch.dtype = torch.float32
    offload: Offload = "none"
    quantisation: Quantisation | None = None
    tiling: bool = False


@dataclass(frozen=True)
class Family:
    """One model that can be named on the command line.

    name: like "wan-vace-1.3b". words: what it is, in a short phrase. side: widths and heights are multiples of it, and
    not less than ``least``. sizes: (width, height) it was trained for, the recommended one first. frames: how many it
    paints at once. window: at most so many. latent_stride: frames a latent stands for (1: each its own). controls: what
    steers it, the most useful first; at_once: how many of them together; usual: how many it gets where the scene asks
    for none. known: whether known pixels go in natively. references: how many reference pictures. memory: (offload, GB
    of the device) as published or measured; () where we know none. steps, cfg: recommended. guidance: ``every`` 0 for
    models that paint whole windows, each going on from the one before; otherwise keyframes first, then what lies
    between. overlap: frames at the start of a window that the window before has painted. negative: whether it hears
    what pictures should not show. most_steps, least_steps: of sampling. quantises: whether its networks can be stored
    in fewer bits. packages: that it needs besides those of the extra ``models``. load: from a folder to a denoiser;
    ``ValueError`` in one sentence where it cannot.
    """

    name: str
    words: str
    checkpoints: tuple[Checkpoint, ...]
    side: int
    sizes: tuple[tuple[int, int], ...]
    frames: FrameRule
    window: int
    latent_stride: int
    controls: tuple[ControlSpec, ...]
    at_once: int
    known: bool
    references: int
    memory: tuple[tuple[Offload, float], ...]
    steps: int
    cfg: float
    guidance: Guidance
    load: Callable[[Loading], Denoiser]
    overlap: int = 0
    usual: int = 1
    negative: bool = True
    least: int = 1
    least_steps: int = 1
    most_steps: int = 1000
    quantises: bool = True
    packages: tuple[str, ...] = ()

    @property
    def most_pixels(self) -> int:
        """Of one frame, at the largest size it was trained for."""
        return max(width * height for width, height in self.sizes)


@dataclass(frozen=True)
class Snapped:
    """What a model really paints: width, height in pixels, and frames."""

    width: int
    height: int
    frames: int


def snapped(family: Family, width: int, height: int, frames: int) -> Snapped:
    """The least that ``family`` can paint that holds ``width`` x ``height`` pixels and ``frames`` frames at once.

    Errors: ``ValueError`` for more frames than its window takes, or for nothing at all.
    """
    if width < 1 or height < 1 or frames < 1:
        raise ValueError(f"{family.name} cannot paint {frames} frames of {width}x{height}: all must be at least 1")
    count = family.frames.fitting(frames)
    if count > family.window:
        raise ValueError(f"{family.name} paints at most {family.window} frames at once, not {frames}")
    wide, high = max(width, family.least), max(height, family.least)
    return Snapped(wide + -wide % family.side, high + -high % family.side, count)


def padded(pictures: Tensor, size: Snapped) -> Tensor:
    """(N, C, H, W) made as large and as long as ``size``: borders and the last frame repeated, right, below, after."""
    count, _, height, width = pictures.shape
    wide = F.pad(pictures, (0, size.width - width, 0, size.height - height), mode="replicate")
    return torch.cat([wide, wide[-1:].expand(size.frames - count, -1, -1, -1)])


def cropped(pictures: Tensor, width: int, height: int, frames: int) -> Tensor:
    """The part of (N, C, H, W) that was asked for; what ``padded`` added is gone."""
    return pictures[:frames, :, :height, :width]


def padded_edit(edit: PictureEdit, width: int, height: int, frames: int) -> PictureEdit:
    """``edit``, which knows only what was asked for, as an edit of padded pictures.

    Frames beyond the last follow it, so that a latent that stands for them too may move. Borders keep what they were.
    """

    def wide(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        before = cropped(pictures, width, height, frames)
        after, changed = edit(before, sigma)
        if after is before:
            return pictures, torch.zeros_like(pictures[:, :1])
        moved, where = pictures.clone(), torch.zeros_like(pictures[:, :1])
        moved[:frames, :, :height, :width] = after
        where[:frames, :, :height, :width] = changed
        where[frames:] = where[frames - 1]
        moved[frames:] += where[frames:] * (moved[frames - 1] - moved[frames:])
        return moved, where

    return wide


def padded_conditions(told: Conditions, size: Snapped) -> Conditions:
    """``told`` with its size said and every picture of a frame padded. Beyond the border nothing is known."""
    known = told.known
    if known is not None:
        height, width = known.share.shape[2:]
        share = torch.zeros(size.frames, 1, size.height, size.width)
        share[:, :, :height, :width] = padded(known.share, Snapped(width, height, size.frames))
        known = Known(padded(known.pictures, size), share)
    controls = {
        name: Control(padded(one.pictures, size), _longer(one.strength, size.frames))
        for name, one in told.controls.items()
    }
    return replace(
        told,
        width=size.width,
        height=size.height,
        prompts=told.prompts + told.prompts[-1:] * (size.frames - len(told.prompts)),
        controls=controls,
        known=known,
        film=None if told.film is None else padded(told.film, size),
        noise=None if told.noise is None else _wider(told.noise, size, told.seed),
    )


def _wider(noise: Noise, size: Snapped, seed: int) -> Noise:
    """``noise``, with fresh noise where the world has none: in cells beyond the border, in frames after the last."""

    def made(channels: int, cell: int) -> Tensor:
        own = noise(channels, cell)
        count, _, height, width = own.shape
        shape = (size.frames, channels, size.height // cell, size.width // cell)
        whole = torch.randn(shape, generator=torch.Generator().manual_seed(seed_from(seed, "beyond", channels, cell)))
        whole[:count, :, :height, :width] = own
        return whole

    return made


def _longer(values: Tensor, count: int) -> Tensor:
    return torch.cat([values, values[-1:].expand(count - len(values))])


@dataclass(frozen=True)
class Fitted:
    """A denoiser of ``family`` that takes pictures of any size, and any number of frames that its window holds."""

    family: Family
    model: Denoiser

    @property
    def together(self) -> int:
        return self.model.together

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1]; as ``conditioning.paint.Denoiser`` says."""
        height, width = frames[0].light.shape[1:]
        count = len(frames)
        size = snapped(self.family, width, height, count)
        longer = [*frames, *([frames[-1]] * (size.frames - count))]
        told = padded_conditions(conditions, size)
        made = self.model.paint(longer, told, steps, padded_edit(edit, width, height, count))
        expected = (size.frames, 3, size.height, size.width)
        assert tuple(made.shape) == expected, f"{self.family.name} gave pictures {tuple(made.shape)}, not {expected}"
        return cropped(made, width, height, count)


def fitted(family: Family, loading: Loading) -> Fitted:
    """The model of ``family``, loaded, ready for frames of any size. Errors: ``ValueError``, in one sentence."""
    return Fitted(family, family.load(loading))
