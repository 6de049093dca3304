"""AnimateDiff with ControlNets: Stable Diffusion 1.5 whose frames look at each other, steered by several networks.

A window of sixteen frames is denoised as a whole, every frame a latent of its own: nothing is compressed in time. Each
control has its own ControlNet; their additions are summed, each as strong as its control is at that frame. AnimateLCM
is the same with other motion weights and few steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import torch
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from torch import Tensor

from conditioning.codec import FrameLatents, PictureEdit, through
from conditioning.conditions import Conditions, Control
from conditioning.control_style import ADE20K, INVERSE_DEPTH, NORMAL_BAE, OPENPOSE, SOFT_EDGES, ControlName
from conditioning.guidance import Guidance
from conditioning.models.family import Checkpoint, ControlSpec, Family, FrameRule, Loading
from conditioning.models.image import IPAdapter, Words, starting_noise, with_adapter, with_lora
from conditioning.models.loading import part_from, pipeline_from, placed
from conditioning.sampler import edited, late_start, noised

if TYPE_CHECKING:
    from conditioning.frames import Frame

NETS: Final[dict[ControlName, str]] = {
    "depth": "lllyasviel/control_v11f1p_sd15_depth",
    "normal": "lllyasviel/control_v11p_sd15_normalbae",
    "edges": "lllyasviel/control_v11p_sd15_softedge",
    "segmentation": "lllyasviel/control_v11p_sd15_seg",
    "pose": "lllyasviel/control_v11p_sd15_openpose",
}
"""The ControlNet of each control (ControlNet 1.1, Zhang et al. 2023)."""
WINDOW: Final = 16
"""Frames at once, as the motion modules were trained."""
NEGATIVE: Final = "bad quality, worse quality, low resolution"
"""Where a scene names nothing: diffusers' examples of AnimateDiff."""


@dataclass(frozen=True)
class FilmOfFrames:
    """Latents (1, c, N, h, w) of a film whose frames each have their own."""

    frames: FrameLatents

    def decode(self, latents: Tensor) -> Tensor:
        return self.frames.decode(latents[0].transpose(0, 1))

    def encode(self, pictures: Tensor) -> Tensor:
        return self.frames.encode(pictures).transpose(0, 1)[None]

    def cells(self, changed: Tensor) -> Tensor:
        return self.frames.cells(changed).transpose(0, 1)[None]


class AnimateDiffDenoiser:
    """``AnimateDiffControlNetPipeline`` under our conditions, noise and edits.

    pipe: its scheduler is one that ``conditioning.sampler`` can guide, its network ``ControlNets`` in the order of
    ``names``. cfg: scale of classifier-free guidance. adapter: of reference pictures; None where it is not loaded.
    """

    together = WINDOW

    def __init__(self, pipe: Any, names: Sequence[ControlName], cfg: float, adapter: IPAdapter | None = None) -> None:
        self.pipe, self.names, self.cfg, self.adapter = pipe, tuple(names), cfg, adapter
        self.words = Words(pipe, ("text_encoder",), self._read)

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """As ``conditioning.paint.Denoiser`` says; one prompt holds for all frames. What is off adds nothing."""
        if conditions.film is not None and conditions.strength <= 0:
            return conditions.film
        pipe, codec, count = self.pipe, FilmOfFrames(FrameLatents(self.pipe.vae)), len(frames)
        device, dtype = pipe._execution_device, pipe.unet.dtype
        blank = Control(torch.zeros(count, 3, conditions.height, conditions.width), torch.zeros(count))
        told = [conditions.controls.get(name, blank) for name in self.names]
        pipe.controlnet.strengths = torch.stack([one.strength for one in told])
        draws = steps if isinstance(pipe.scheduler, LCMScheduler) else 1
        noise = starting_noise(conditions, draws * pipe.unet.config.in_channels, pipe.vae_scale_factor, count)
        noises = noise.to(device).transpose(0, 1)[None].chunk(draws, dim=1)
        latents, renewed = noises[0], noises if draws > 1 else ()
        strength = 1.0 if conditions.film is None else conditions.strength
        with late_start(pipe.scheduler, strength), edited(pipe.scheduler, through(codec, edit), renewed):
            if conditions.film is not None:
                pipe.scheduler.set_timesteps(steps)
                latents = noised(pipe.scheduler, codec.encode(conditions.film.to(device)), latents)
            painted = pipe(
                **self.words.of((conditions.prompt,), conditions.negative or NEGATIVE),
                num_frames=count,
                height=conditions.height,
                width=conditions.width,
                num_inference_steps=steps,
                guidance_scale=self.cfg,
                generator=torch.Generator().manual_seed(conditions.seed),
                latents=latents.to(dtype),
                conditioning_frames=[list(one.pictures * 0.5 + 0.5) for one in told],
                controlnet_conditioning_scale=[1.0] * len(told),
                output_type="latent",
                **(self.adapter.told(conditions.references) if self.adapter else {}),
            ).frames
        return codec.decode(painted.float()).cpu()

    def _read(self, prompt: str, negative: str) -> dict[str, Tensor]:
        told = self.pipe.encode_prompt(prompt, self.pipe._execution_device, 1, True, negative)
        return dict(zip(("prompt_embeds", "negative_prompt_embeds"), told, strict=True))


def load(loading: Loading, few_steps: bool) -> AnimateDiffDenoiser:
    """The denoiser of ``ANIMATEDIFF``, or of ``ANIMATELCM``. Errors: ``ValueError`` in one sentence."""
    from diffusers.models.controlnets.controlnet import ControlNetModel
    from diffusers.models.unets.unet_motion_model import MotionAdapter
    from diffusers.pipelines.animatediff.pipeline_animatediff_controlnet import AnimateDiffControlNetPipeline
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler

    from conditioning.models.controlnets import ControlNets

    family = ANIMATELCM if few_steps else ANIMATEDIFF
    name, folder, dtype = family.name, loading.folder, loading.dtype
    pipe = pipeline_from(
        AnimateDiffControlNetPipeline,
        name,
        loading,
        large=("unet", "text_encoder", "vae"),
        motion_adapter=part_from(MotionAdapter, name, folder / "motion", dtype),
        controlnet=ControlNets([part_from(ControlNetModel, name, folder / kind, dtype) for kind in NETS]),
    )
    config = pipe.scheduler.config
    if few_steps:
        pipe.scheduler = LCMScheduler.from_config(config, beta_schedule="linear", clip_sample=False)
        with_lora(pipe, name, folder / "motion" / LCM_LORA, LCM_SHARE)
    else:
        pipe.scheduler = DDIMScheduler.from_config(
            config, beta_schedule="linear", clip_sample=False, timestep_spacing="linspace", steps_offset=1
        )
    with_adapter(
        pipe, name, folder / "references", "models", "ip-adapter-plus_sd15.safetensors", "models/image_encoder"
    )
    pipe.vae.enable_slicing()  # a frame after the other
    placed(pipe, loading)
    return AnimateDiffDenoiser(pipe, tuple(NETS), family.cfg, IPAdapter(pipe))


LCM_LORA: Final = "AnimateLCM_sd15_t2v_lora.safetensors"
LCM_SHARE: Final = 0.8
"""How much of it: AnimateLCM's model card."""

_CONTROLNET: Final = "lllyasviel/ControlNet-v1-1-nightly, README"
_REVISIONS: Final[dict[ControlName, str]] = {
    "depth": "539f99181d33db39cf1af2e517cd8056785f0a87",
    "normal": "cb7296e6587a219068e9d65864e38729cd862aa8",
    "edges": "b5bcad0c48e9b12f091968cf5eadbb89402d6bc9",
    "segmentation": "main",  # no commit is known to us
    "pose": "9ae9f970358db89e211b87c915f9535c6686d5ba",
}


def _checkpoints(motion: Checkpoint) -> tuple[Checkpoint, ...]:
    nets = [
        Checkpoint(
            repo=repo,
            revision=_REVISIONS[kind],
            licence="OpenRAIL",
            licence_url=f"https://huggingface.co/{repo}",
            download_gb=1.45,
            folder=kind,
        )
        for kind, repo in NETS.items()
    ]
    base = Checkpoint(
        repo="SG161222/Realistic_Vision_V5.1_noVAE",
        revision="8815050d4505c4997011b14258e0d8ca68124d84",
        licence="CreativeML Open RAIL-M",
        licence_url="https://huggingface.co/SG161222/Realistic_Vision_V5.1_noVAE",
        download_gb=4.3,
    )
    references = Checkpoint(
        repo="h94/IP-Adapter",
        revision="018e402774aeeddd60609b4ecdb7e298259dc729",
        licence="Apache-2.0",
        licence_url="https://huggingface.co/h94/IP-Adapter",
        download_gb=2.6,
        folder="references",
        files=(
            "models/ip-adapter-plus_sd15.safetensors",
            "models/image_encoder/config.json",
            "models/image_encoder/model.safetensors",
        ),
    )
    return (base, motion, *nets, references)


ANIMATEDIFF: Final = Family(
    name="animatediff",
    words="Stable Diffusion 1.5 in motion, with depth, normal and other ControlNets",
    checkpoints=_checkpoints(
        Checkpoint(
            repo="guoyww/animatediff-motion-adapter-v1-5-2",
            revision="6167b88ffe39b4441fdf2113e77b99a6f56b7906",
            licence="Apache-2.0 (of AnimateDiff's repository; the weights' page names none)",
            licence_url="https://github.com/guoyww/AnimateDiff/blob/main/LICENSE.txt",
            download_gb=1.8,
            folder="motion",
        )
    ),
    side=8,
    sizes=((512, 512), (768, 432), (432, 768)),
    frames=FrameRule(),
    window=WINDOW,
    latent_stride=1,
    controls=(
        ControlSpec("depth", INVERSE_DEPTH, f"{_CONTROLNET}: MiDaS, LeReS and Zoe, and depth of 3D engines"),
        ControlSpec("normal", NORMAL_BAE, f"{_CONTROLNET}: blue is front, red is left, green is top"),
        ControlSpec("edges", SOFT_EDGES, f"{_CONTROLNET}: HED and PiDiNet"),
        ControlSpec("segmentation", ADE20K, f"{_CONTROLNET}: the protocols of ADE20K and COCO; this is ADE20K's"),
        ControlSpec("pose", OPENPOSE, f"{_CONTROLNET}: OpenPose's body"),
    ),
    at_once=5,
    known=False,
    references=4,
    memory=(("none", 12.0),),
    steps=25,
    cfg=7.5,
    guidance=Guidance(every=0, release=0.5),
    load=partial(load, few_steps=False),
    overlap=4,
    quantises=False,  # diffusers takes the image network apart to put the motion modules in
)
"""sizes: 512x512 is what the motion modules were trained at (README of AnimateDiff); wide ones have as many pixels, and
are not stated anywhere. memory: of AnimateDiff's README, without ControlNets, each of which adds 0.7 GB in half
precision. steps, cfg: diffusers' documentation. guidance: not yet tuned with real weights."""

ANIMATELCM: Final = replace(
    ANIMATEDIFF,
    name="animatelcm",
    words="AnimateDiff in six steps",
    checkpoints=_checkpoints(
        Checkpoint(
            repo="wangfuyun/AnimateLCM",
            revision="3d4d00fc113225e1040f4d3bec504b6ec750c10c",
            licence="not stated on the weights' page",
            licence_url="https://huggingface.co/wangfuyun/AnimateLCM",
            download_gb=2.0,
            folder="motion",
            files=("config.json", "diffusion_pytorch_model.safetensors", LCM_LORA),
        )
    ),
    steps=6,
    cfg=2.0,
    load=partial(load, few_steps=True),
    most_steps=50,  # as many as its sampler knows
)
"""steps, cfg: AnimateLCM's model card. Its sampler takes new noise after every step but the last; all of it is the
world's, as what it starts from is."""

FAMILIES: Final = (ANIMATEDIFF, ANIMATELCM)
