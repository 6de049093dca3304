"""SDXL with xinsir's ControlNet union: pictures one by one, which our guidance makes a film of.

Keyframes are painted first, one after the other, then what lies between, a few frames as a batch. The network looks at
each frame alone: frames agree through the edit of every step's clean prediction, and through noise that belongs to the
world.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from conditioning.codec import FrameLatents, PictureEdit, through
from conditioning.conditions import Conditions, Control
from conditioning.control_style import INVERSE_DEPTH, LINEART, NORMAL_BAE, OPENPOSE_XINSIR, THINGS
from conditioning.guidance import Guidance
from conditioning.models.family import Checkpoint, ControlSpec, Family, FrameRule, Loading
from conditioning.models.image import IPAdapter, Words, starting_noise, with_adapter
from conditioning.models.loading import part_from, pipeline_from, placed
from conditioning.sampler import edited, late_start, noised

if TYPE_CHECKING:
    from conditioning.frames import Frame

KINDS: Final[dict[str, int]] = {"pose": 0, "depth": 1, "edges": 3, "normal": 4, "segmentation": 5}
"""The union's ``control_mode``: 0 openpose, 1 depth, 2 hed/pidi/scribble/ted, 3 canny/lineart/anime_lineart/mlsd,
4 normal, 5 segment (comments of ``controlnet_union_test_*.py`` in xinsir6/ControlNetPlus)."""
TOGETHER: Final = 4
"""Frames a batch: four of 1024x1024 are eight rows for the network."""
NEGATIVE: Final = "lowres, worst quality, low quality, blurry, watermark, text"
"""Where a scene names nothing; the words for quality are of xinsir's own examples."""


class SdxlDenoiser:
    """``StableDiffusionXLControlNetUnionPipeline`` under our conditions, noise and edits.

    pipe: its scheduler is one that ``conditioning.sampler`` can guide, its network a ``ControlNetUnion``. cfg: scale of
    classifier-free guidance. adapter: of reference pictures; None where it is not loaded.
    """

    together = TOGETHER

    def __init__(self, pipe: Any, cfg: float, adapter: IPAdapter | None = None) -> None:
        self.pipe, self.cfg, self.adapter = pipe, cfg, adapter
        self.words = Words(pipe, ("text_encoder", "text_encoder_2"), self._read)

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """As ``conditioning.paint.Denoiser`` says; frames whose controls are all off are steered by words alone."""
        if conditions.film is not None and conditions.strength <= 0:
            return conditions.film
        pipe, codec, count = self.pipe, FrameLatents(self.pipe.vae), len(frames)
        device, dtype = pipe._execution_device, pipe.unet.dtype
        told = {name: one for name, one in conditions.controls.items() if one.strength.any()}
        blank = Control(torch.zeros(count, 3, conditions.height, conditions.width), torch.zeros(count))
        told = told or {"depth": blank}
        pipe.controlnet.strengths = torch.stack([one.strength for one in told.values()])
        noise = starting_noise(conditions, pipe.unet.config.in_channels, pipe.vae_scale_factor, count)
        latents = noise.to(device)
        strength = 1.0 if conditions.film is None else conditions.strength
        with late_start(pipe.scheduler, strength), edited(pipe.scheduler, through(codec, edit)):
            if conditions.film is not None:
                pipe.scheduler.set_timesteps(steps)
                latents = noised(pipe.scheduler, codec.encode(conditions.film.to(device)), latents)
            painted = pipe(
                **self.words.of(conditions.prompts or ("",) * count, conditions.negative or NEGATIVE),
                control_image=[one.pictures.to(device) * 0.5 + 0.5 for one in told.values()],
                control_mode=[KINDS[name] for name in told],
                controlnet_conditioning_scale=[1.0] * len(told),
                height=conditions.height,
                width=conditions.width,
                num_inference_steps=steps,
                guidance_scale=self.cfg,
                generator=torch.Generator().manual_seed(conditions.seed),
                latents=latents.to(dtype),
                output_type="latent",
                **(self.adapter.told(conditions.references) if self.adapter else {}),
            ).images
        return codec.decode(painted.float()).cpu()

    def _read(self, prompt: str, negative: str) -> dict[str, Tensor]:
        told = self.pipe.encode_prompt(prompt, None, self.pipe._execution_device, 1, True, negative)
        names = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
        return dict(zip(names, told, strict=True))


def load(loading: Loading) -> SdxlDenoiser:
    """The denoiser of ``SDXL_UNION``. Errors: ``ValueError`` in one sentence."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.pipelines.controlnet.pipeline_controlnet_union_sd_xl import StableDiffusionXLControlNetUnionPipeline
    from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler

    from conditioning.models.controlnets import ControlNetUnion

    name, folder, dtype = SDXL_UNION.name, loading.folder, loading.dtype
    pipe = pipeline_from(
        StableDiffusionXLControlNetUnionPipeline,
        name,
        loading,
        large=("unet", "text_encoder", "text_encoder_2"),
        controlnet=part_from(ControlNetUnion, name, folder / "control", dtype),
        vae=part_from(AutoencoderKL, name, folder / "autoencoder", dtype),
        add_watermarker=False,
    )
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config, use_karras_sigmas=True)
    weights = "ip-adapter-plus_sdxl_vit-h.safetensors"
    with_adapter(pipe, name, folder / "references", "sdxl_models", weights, "models/image_encoder")
    pipe.vae.enable_slicing()  # a frame after the other
    if loading.offload == "sequential":  # its attention reads weights past their layers, which would not be there
        pipe._exclude_from_cpu_offload = [*pipe._exclude_from_cpu_offload, "controlnet"]
    placed(pipe, loading)
    return SdxlDenoiser(pipe, SDXL_UNION.cfg, IPAdapter(pipe))


_UNION: Final = "xinsir6/ControlNetPlus, controlnet_union_test_"
"""The union's own test scripts name the annotators of each kind."""

SDXL_UNION: Final = Family(
    name="sdxl-union",
    words="SDXL with a ControlNet for everything, picture by picture",
    checkpoints=(
        Checkpoint(
            repo="stabilityai/stable-diffusion-xl-base-1.0",
            revision="462165984030d82259a11f4367a4eed129e94a7b",
            licence="CreativeML Open RAIL++-M",
            licence_url="https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md",
            download_gb=None,
        ),
        Checkpoint(
            repo="xinsir/controlnet-union-sdxl-1.0",
            revision="60ccbb0afea4fb991abea616e2b2ee455869b84b",
            licence="Apache-2.0",
            licence_url="https://huggingface.co/xinsir/controlnet-union-sdxl-1.0",
            download_gb=2.5,
            folder="control",
            files=("config.json", "diffusion_pytorch_model.safetensors"),
        ),
        Checkpoint(
            repo="madebyollin/sdxl-vae-fp16-fix",
            revision="207b116dae70ace3637169f1ddd2434b91b3a8cd",
            licence="MIT",
            licence_url="https://huggingface.co/madebyollin/sdxl-vae-fp16-fix",
            download_gb=None,
            folder="autoencoder",
            files=("config.json", "diffusion_pytorch_model.safetensors"),
        ),
        Checkpoint(
            repo="h94/IP-Adapter",
            revision="018e402774aeeddd60609b4ecdb7e298259dc729",
            licence="Apache-2.0",
            licence_url="https://huggingface.co/h94/IP-Adapter",
            download_gb=3.4,
            folder="references",
            files=(
                "sdxl_models/ip-adapter-plus_sdxl_vit-h.safetensors",
                "models/image_encoder/config.json",
                "models/image_encoder/model.safetensors",
            ),
        ),
    ),
    side=8,
    sizes=((1024, 1024), (1344, 768), (1152, 896), (896, 1152), (768, 1344)),
    frames=FrameRule(),
    window=TOGETHER,
    latent_stride=1,
    controls=(
        ControlSpec("depth", INVERSE_DEPTH, _UNION + "depth.py: MiDaS or Zoe"),
        ControlSpec("normal", NORMAL_BAE, _UNION + "normal.py: NormalBae"),
        ControlSpec("edges", LINEART, _UNION + "lineart.py, of one kind with Canny and M-LSD"),
        ControlSpec("segmentation", THINGS, _UNION + "segment.py: masks of SAM, in any colours"),
        ControlSpec("pose", OPENPOSE_XINSIR, _UNION + "openpose.py, with the thicker limbs of its README"),
    ),
    at_once=5,
    usual=2,
    known=False,
    references=4,
    memory=(),
    steps=30,
    cfg=5.0,
    guidance=Guidance(every=8, release=0.5),
    load=load,
)
"""sizes: SDXL's own buckets (Podell et al. 2023, appendix I). at_once, usual: its README joins two; the network takes
any. steps: xinsir's examples. cfg: the pipeline's default. guidance: released over about the last quarter of the steps,
as the published methods do (sigma as ``conditioning.sampler`` has it); not yet tuned with real weights."""

FAMILIES: Final = (SDXL_UNION,)
