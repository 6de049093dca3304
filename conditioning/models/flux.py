"""FLUX.1 Depth: keyframes of high quality along depth, for a video model to go on from, or frame by frame.

A transformer whose input is the noisy latents and, beside them, channel by channel, those of a depth picture; it was
trained to follow depth entirely and has no strength of it, and no negative prompt. Latents are packed: a token holds
two by two latents, so a picture's sides are multiples of sixteen pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from torch import Tensor

from conditioning.codec import FrameLatents, PictureEdit, through
from conditioning.conditions import Conditions
from conditioning.control_style import INVERSE_DEPTH
from conditioning.guidance import Guidance
from conditioning.models.family import Checkpoint, ControlSpec, Family, FrameRule, Loading
from conditioning.models.image import Words, starting_noise
from conditioning.models.loading import pipeline_from, placed
from conditioning.sampler import edited, late_start, noised

if TYPE_CHECKING:
    from conditioning.frames import Frame

WORDS: Final = 512
"""Tokens of a prompt, at most."""


@dataclass(frozen=True)
class Packed:
    """Latents (N, h w / 4, 4 c): each token two by two latents of ``frames`` (N, c, h, w). height, width: h and w."""

    frames: FrameLatents
    height: int
    width: int

    def decode(self, latents: Tensor) -> Tensor:
        """Pictures (N, 3, H, W)."""
        return self.frames.decode(self.unpacked(latents))

    def encode(self, pictures: Tensor) -> Tensor:
        """Packed latents of pictures (N, 3, H, W)."""
        return self.packed(self.frames.encode(pictures))

    def cells(self, changed: Tensor) -> Tensor:
        """(N, h w / 4, 4 c) which numbers of which token may change."""
        cells = self.frames.cells(changed)
        return self.packed(cells.expand(-1, self.frames.vae.config.latent_channels, -1, -1))

    def packed(self, latents: Tensor) -> Tensor:
        """As the transformer reads them; channels first, then rows and columns, within a token."""
        count, channels = latents.shape[:2]
        split = latents.reshape(count, channels, self.height // 2, 2, self.width // 2, 2)
        return split.permute(0, 2, 4, 1, 3, 5).reshape(count, self.height * self.width // 4, channels * 4)

    def unpacked(self, latents: Tensor) -> Tensor:
        """(N, c, h, w) again."""
        count, channels = latents.shape[0], latents.shape[2] // 4
        split = latents.reshape(count, self.height // 2, self.width // 2, channels, 2, 2)
        return split.permute(0, 3, 1, 4, 2, 5).reshape(count, channels, self.height, self.width)


class FluxDenoiser:
    """``FluxControlPipeline`` under our conditions, noise and edits.

    cfg: the scale of guidance that the network is told; it was distilled to need no second pass.
    """

    together = 1

    def __init__(self, pipe: Any, cfg: float) -> None:
        self.pipe, self.cfg = pipe, cfg
        self.words = Words(pipe, ("text_encoder", "text_encoder_2"), self._read)

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """As ``conditioning.paint.Denoiser`` says, along depth at full strength.

        Errors: ``ValueError`` for what the network knows nothing of: other strengths, references, negative prompts.
        """
        depth = _depth(conditions)
        if conditions.film is not None and conditions.strength <= 0:
            return conditions.film
        pipe, count = self.pipe, len(frames)
        device, dtype, cell = pipe._execution_device, pipe.transformer.dtype, pipe.vae_scale_factor
        codec = Packed(FrameLatents(pipe.vae), conditions.height // cell, conditions.width // cell)
        noise = starting_noise(conditions, pipe.vae.config.latent_channels, cell, count)
        latents = codec.packed(noise.to(device))
        strength = 1.0 if conditions.film is None else conditions.strength
        with late_start(pipe.scheduler, strength), edited(pipe.scheduler, through(codec, edit)):
            if conditions.film is not None:
                set_steps(pipe.scheduler, steps, latents.shape[1])
                latents = noised(pipe.scheduler, codec.encode(conditions.film.to(device)), latents)
            painted = pipe(
                **self.words.of(conditions.prompts or ("",) * count),
                control_image=codec.encode(depth.to(device)).to(dtype),
                height=conditions.height,
                width=conditions.width,
                num_inference_steps=steps,
                guidance_scale=self.cfg,
                latents=latents.to(dtype),
                output_type="latent",
            ).images
        return codec.decode(painted.float()).cpu()

    def _read(self, prompt: str, negative: str) -> dict[str, Tensor]:
        told = self.pipe.encode_prompt(prompt, None, self.pipe._execution_device, max_sequence_length=WORDS)
        return {"prompt_embeds": told[0], "pooled_prompt_embeds": told[1]}


def _depth(told: Conditions) -> Tensor:
    """The depth pictures (N, 3, H, W), where nothing is asked for that the network cannot do."""
    depth = told.controls.get("depth")
    if depth is None or not bool((depth.strength == 1).all()):
        raise ValueError(
            "flux-depth follows depth at strength 1 and cannot follow it less: give it no other strength, "
            "or render with sdxl-union"
        )
    if told.references:
        raise ValueError(
            "flux-depth takes no reference pictures: put them into words, or paint the keyframes with sdxl-union"
        )
    if told.negative:
        raise ValueError("flux-depth knows no negative prompt: drop look.negative, or render with sdxl-union")
    return depth.pictures


def set_steps(scheduler: Any, steps: int, tokens: int) -> None:
    """Timesteps as the pipeline sets them: evenly spaced, and shifted to more noise the more tokens there are."""
    from diffusers.pipelines.flux.pipeline_flux_control import calculate_shift

    config = scheduler.config
    shift = calculate_shift(
        tokens,
        config.get("base_image_seq_len", 256),
        config.get("max_image_seq_len", 4096),
        config.get("base_shift", 0.5),
        config.get("max_shift", 1.15),
    )
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=shift)


def load(loading: Loading) -> FluxDenoiser:
    """The denoiser of ``FLUX_DEPTH``. Errors: ``ValueError`` in one sentence."""
    from diffusers.pipelines.flux.pipeline_flux_control import FluxControlPipeline

    large = ("transformer", "text_encoder", "text_encoder_2")
    pipe = pipeline_from(FluxControlPipeline, FLUX_DEPTH.name, loading, large)
    pipe.vae.to(dtype=loading.dtype)  # the pipeline gives the transformer the control in the autoencoder's type
    return FluxDenoiser(placed(pipe, loading), FLUX_DEPTH.cfg)


FLUX_DEPTH: Final = Family(
    name="flux-depth",
    words="FLUX.1 Depth, one picture at a time: keyframes of high quality, along depth alone",
    checkpoints=(
        Checkpoint(
            repo="black-forest-labs/FLUX.1-Depth-dev",
            revision="fb5e9b1bae41b8c8adcea4ea2a87b74dd298f07a",
            licence="FLUX.1 [dev] Non-Commercial License",
            licence_url="https://github.com/black-forest-labs/flux/blob/main/model_licenses/LICENSE-FLUX1-dev",
            download_gb=None,
        ),
    ),
    side=16,
    sizes=((1024, 1024), (1360, 768), (768, 1360)),
    frames=FrameRule(),
    window=1,
    latent_stride=1,
    controls=(
        ControlSpec(
            "depth",
            INVERSE_DEPTH,
            "diffusers' documentation of FLUX.1-Depth-dev: Depth Anything, whose near is white",
            whole=True,
        ),
    ),
    at_once=1,
    known=False,
    references=0,
    memory=(("none", 33.0), ("model", 24.0), ("sequential", 6.0)),
    steps=30,
    cfg=10.0,
    guidance=Guidance(every=8, release=0.3),
    load=load,
    negative=False,
)
"""sizes, steps, cfg: diffusers' documentation of Flux. memory: in bfloat16, as diffusers' authors state for the same
network without a control (discussion 5 of FLUX.1-schnell; the last with tiles). guidance: released over about the last
quarter of the steps (sigma as ``conditioning.sampler`` has it); not yet tuned with real weights."""

FAMILIES: Final = (FLUX_DEPTH,)
