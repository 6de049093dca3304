"""CogVideoX-Fun-Control: one control film, beside the noise in the network's channels.

Model cards and code: huggingface.co/alibaba-pai/CogVideoX-Fun-V1.1-5b-Control, github.com/aigc-apps/CogVideoX-Fun
(README, reports/report_v1_1.md, predict_v2v_control.py). In diffusers 0.42 ``CogVideoXFunControlPipeline``, whose
``control_video_latents`` crashes: control goes in as pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from conditioning.codec import PictureEdit, folded, through
from conditioning.conditions import Conditions, Control
from conditioning.control_style import CANNY, INVERSE_DEPTH, OPENPOSE
from conditioning.models.family import Checkpoint, ControlSpec, Family, FrameRule, Loading
from conditioning.models.loading import pipeline_from, placed
from conditioning.models.video import GUIDANCE, only, shares, spoken, starting_noise, strength_in_time
from conditioning.sampler import edited, late_start, noised

if TYPE_CHECKING:
    from conditioning.frames import Frame

NAME: Final = "cogvideox-fun-5b"
SIDE: Final = 16
"""Eight pixels a latent, two latents a patch."""
WINDOW: Final = 49
"""The authors' own pipeline refuses more."""
CFG: Final = 6.0
NEGATIVE: Final = "low quality, low resolution, watermark, empty background, distorted bodies, unnatural motion"
"""Where a scene names nothing; what it is against is what predict_v2v_control.py names."""


@dataclass(frozen=True)
class CogVideoLatents:
    """Latents (1, 1 + (N - 1) / 4, c, h, w) of ``AutoencoderKLCogVideoX``: time before channels, as its pipelines have.

    N is 8n + 1: of an even number of latents the autoencoder makes four frames each, the first one among them.
    """

    vae: Any

    def decode(self, latents: Tensor) -> Tensor:
        with torch.inference_mode():
            film = latents.transpose(1, 2) / self.vae.config.scaling_factor
            return self.vae.decode(film.to(self.vae.dtype)).sample.float()[0].transpose(0, 1)

    def encode(self, pictures: Tensor) -> Tensor:
        with torch.inference_mode():
            film = pictures.transpose(0, 1)[None].to(self.vae.dtype)
            latents = self.vae.encode(film).latent_dist.mode().float() * self.vae.config.scaling_factor
        return latents.transpose(1, 2)

    def cells(self, changed: Tensor) -> Tensor:
        return folded(changed, self.space, self.time).transpose(1, 2)

    @property
    def space(self) -> int:
        """Pixels across a latent."""
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def time(self) -> int:
        """Frames a latent stands for."""
        return int(self.vae.config.temporal_compression_ratio)


class CogVideoDenoiser:
    """CogVideoX-Fun-Control, a window at a time."""

    def __init__(self, pipe: Any, cfg: float = CFG, together: int = WINDOW) -> None:
        self.pipe, self.cfg, self.together = pipe, cfg, together
        self.codec = CogVideoLatents(pipe.vae)
        self.words = spoken(pipe, self._encoded)

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """The pictures of ``frames``. Errors: ``ValueError`` for more than one control."""
        if conditions.film is not None and conditions.strength <= 0:
            return conditions.film
        pipe, codec, count = self.pipe, self.codec, len(frames)
        control = only(conditions, NAME)
        height, width = conditions.height, conditions.width
        if control is None:
            control = Control(torch.zeros(count, 3, height, width), torch.zeros(count))
        words = self.words(conditions.prompt, conditions.negative or NEGATIVE)
        channels = pipe.vae.config.latent_channels
        noise = starting_noise(conditions, count, channels, codec.space, codec.time).transpose(0, 1)[None]
        film = conditions.film if conditions.strength < 1 else None
        with nullcontext() if film is None else late_start(pipe.scheduler, conditions.strength):
            if film is not None:
                pipe.scheduler.set_timesteps(steps)
                noise = noised(pipe.scheduler, codec.encode(film.to(pipe._execution_device)).cpu(), noise)
            faded = _faded(pipe, strength_in_time(control.strength, codec.time))
            with edited(pipe.scheduler, through(codec, edit)), faded:
                latents = pipe(
                    control_video=shares(control.pictures),
                    height=height,
                    width=width,
                    num_inference_steps=steps,
                    guidance_scale=self.cfg,
                    latents=noise.to(words["prompt_embeds"].dtype),
                    output_type="latent",
                    **words,
                ).frames
        return codec.decode(latents).cpu()

    def _encoded(self, prompt: str, negative: str) -> Mapping[str, Tensor]:
        said, unsaid = self.pipe.encode_prompt(prompt, negative, do_classifier_free_guidance=self.cfg > 1)
        return {"prompt_embeds": said, "negative_prompt_embeds": unsaid}


@contextmanager
def _faded(pipe: Any, strength: Tensor) -> Iterator[None]:
    """While inside, control latents (1, c, t, h, w) are scaled by ``strength`` (t,).

    The pipeline has no strength of its own. Latents of zero are what the model's authors give it where there is no
    control (``prepare_control_latents`` and its callers in VideoX-Fun).
    """
    prepare = pipe.prepare_control_latents

    def faded(mask: Tensor | None, pictures: Tensor) -> tuple[Tensor | None, Tensor]:
        masks, latents = prepare(mask, pictures.to(pipe.vae.dtype))
        return masks, (latents * strength.to(latents).view(1, 1, -1, 1, 1)).to(pictures.dtype)

    pipe.prepare_control_latents = faded
    try:
        yield
    finally:
        del pipe.prepare_control_latents


def load(loading: Loading) -> CogVideoDenoiser:
    """CogVideoX-Fun-Control from disk. Errors: ``ValueError`` in one sentence."""
    from diffusers import CogVideoXFunControlPipeline, DDIMScheduler

    pipe = pipeline_from(CogVideoXFunControlPipeline, NAME, loading, ("transformer", "text_encoder"))
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)  # as diffusers' documentation runs it
    return CogVideoDenoiser(placed(pipe, loading))


_TRAINED: Final = "README of aigc-apps/CogVideoX-Fun: V1.1-5b-Control takes Canny, depth, pose and MLSD"
COGVIDEOX_FUN: Final = Family(
    name=NAME,
    words="CogVideoX-Fun 1.1 5B, steered by one control film",
    checkpoints=(
        Checkpoint(
            "alibaba-pai/CogVideoX-Fun-V1.1-5b-Control",
            "main",
            "CogVideoX License",
            "https://huggingface.co/THUDM/CogVideoX-5b/blob/main/LICENSE",
            20.0,
        ),
    ),
    side=SIDE,
    sizes=((672, 384), (512, 512), (768, 768), (1024, 1024)),
    frames=FrameRule(8),
    window=WINDOW,
    latent_stride=4,
    controls=(
        ControlSpec("depth", INVERSE_DEPTH, f"{_TRAINED}; that near is white is assumed, as of MiDaS"),
        ControlSpec("edges", CANNY, _TRAINED),
        ControlSpec("pose", OPENPOSE, f"{_TRAINED}; reports/report_v1_1_zh-CN.md: poses extracted from people"),
    ),
    at_once=1,
    known=False,
    references=0,
    memory=(("model", 16.0), ("sequential", 5.0)),
    steps=50,
    cfg=CFG,
    guidance=GUIDANCE,
    load=load,
    overlap=9,
)
"""Steps, guidance and DDIM: predict_v2v_control.py. Memory: it offloads layers only below 16 GB; 5 GB with tiles is
THUDM/CogVideoX-5b's card. The download is what the README states for the model of the same build that is steered by
poses. It was trained at 8 frames a second; how it takes faster films is unproven. Known pixels go in through guidance
alone."""

FAMILIES: Final = (COGVIDEOX_FUN,)
