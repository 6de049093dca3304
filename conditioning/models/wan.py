"""Wan with VACE: video models that take a control film, known pixels and reference pictures, on ``WanVACEPipeline``.

VACE (Jiang et al. 2025, "VACE: All-in-One Video Creation and Editing") reads one film and one mask: where the mask is
black the film is kept, where it is white the film is the control. So what is known of the world (earlier windows,
memory) and what steers the rest go in natively, in one call.

Several controls go through VACE's layers side by side (``wan_controls``), which it was not trained on; one at a time is
safer. Strengths over time are exact: each token of each layer has the mean strength of its frames, and what is kept and
the reference pictures have 1.

The mask is brought to the latents' frame rate as VACE was trained: of a latent's frames one is looked at, not always
the last that is known. The film itself is exact to the pixel and the frame, and guidance holds what is known.

Sizes and shifts are those of Wan's code (``wan/configs/__init__.py``) and of diffusers' documentation of VACE.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from conditioning.codec import PictureEdit, VideoLatents, through
from conditioning.conditions import Conditions
from conditioning.control_style import CANNY, DWPOSE_VACE, INVERSE_DEPTH, OPENPOSE, SCRIBBLE
from conditioning.guidance import Guidance
from conditioning.latent_noise import in_time
from conditioning.models.family import Checkpoint, ControlSpec, Family, FrameRule, Loading, Offload
from conditioning.models.loading import EXTRA, pipeline_from, placed
from conditioning.models.wan_controls import of_tokens, several, vace_of
from conditioning.sampler import edited, late_start, noised
from worldgen.conventions import seed_from

if TYPE_CHECKING:
    from conditioning.frames import Frame

WINDOW: Final = 81
"""Frames at once, as Wan was trained (diffusers' default)."""
WORDS: Final = 512
"""Tokens of a prompt, at most; the rest is cut."""
SHIFTS: Final = (3.0, 5.0)
"""Of the noise schedule, for pictures of up to 832 x 480 and for larger ones (diffusers' documentation of VACE)."""
_LARGE: Final = ("transformer", "transformer_2", "text_encoder")


@dataclass(frozen=True)
class BehindReferences:
    """Latents of which the first ``count`` are reference pictures: no frame is theirs, and no edit touches them."""

    codec: VideoLatents
    count: int

    def decode(self, latents: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) of the film alone."""
        return self.codec.decode(latents[:, :, self.count :])

    def encode(self, pictures: Tensor) -> Tensor:
        """Latents of pictures (N, 3, H, W), zeros before them."""
        return self._behind(self.codec.encode(pictures))

    def cells(self, changed: Tensor) -> Tensor:
        """Which latents may change: none of the references'."""
        return self._behind(self.codec.cells(changed))

    def _behind(self, latents: Tensor) -> Tensor:
        return F.pad(latents, (0, 0, 0, 0, self.count, 0))


@dataclass
class Words:
    """Prompts as numbers. The text encoder, larger than some of the models, is in memory only while it reads."""

    name: str
    loading: Loading
    _read: dict[str, Tensor] = field(default_factory=dict)

    def of(self, prompts: Sequence[str]) -> list[Tensor]:
        """(1, 512, D) of each prompt, on the CPU; those read before are remembered."""
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._read]
        if new:
            from diffusers import WanVACEPipeline

            parts = dict.fromkeys(("vae", "scheduler", "transformer", "transformer_2"))
            pipe = placed(pipeline_from(WanVACEPipeline, self.name, self.loading, _LARGE, **parts), self.loading)
            with torch.inference_mode():
                for prompt in new:
                    told, _ = pipe.encode_prompt(prompt, None, False, max_sequence_length=WORDS)
                    self._read[prompt] = told.cpu()
        return [self._read[prompt] for prompt in prompts]


class WanDenoiser:
    """A loaded Wan-VACE pipeline. ``pipe`` has no text encoder: ``words`` reads prompts. cfg: scale of the prompt."""

    together = WINDOW

    def __init__(self, pipe: Any, words: Words, cfg: float) -> None:
        self.pipe, self.words, self.cfg = pipe, words, cfg

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """As ``conditioning.paint.Denoiser`` says. There are 4 n + 1 frames, and sides are multiples of 16."""
        told, pipe = conditions, self.pipe
        device = pipe._execution_device
        prompts = [told.prompt, told.negative] if self.cfg > 1 else [told.prompt]
        words = [one.to(device) for one in self.words.of(prompts)]
        vace = vace_of(told, len(frames))
        sheets = [boarded(one, told.width, told.height) for one in told.references]
        codec = BehindReferences(VideoLatents(pipe.vae), len(sheets))
        pipe.scheduler = shifted(pipe.scheduler, SHIFTS[told.width * told.height > 832 * 480])
        strength = 1.0 if told.film is None else told.strength
        noise = self._noise(told, len(frames), len(sheets)).to(device)
        network = pipe.transformer or pipe.transformer_2
        patch = pipe.vae_scale_factor_spatial * network.config.patch_size[1]
        stride, share = pipe.vae_scale_factor_temporal, 1.0 / len(vace.films)
        tokens = [of_tokens(one, patch, stride, len(sheets), share) for one in vace.weights]
        alone = len(vace.films) == 1
        scales = tokens[0] if alone else torch.ones_like(tokens[0])
        together = nullcontext() if alone else several(pipe, vace.films[1:], tokens)
        with together, late_start(pipe.scheduler, strength), edited(pipe.scheduler, through(codec, edit)):
            latents = noise
            if told.film is not None:
                pipe.scheduler.set_timesteps(steps, device=device)
                latents = noised(pipe.scheduler, self._clean(told.film, sheets, device), noise)
            made = pipe(
                video=(vace.films[0][None] + 1) / 2,
                mask=vace.mask[None].expand(-1, -1, 3, -1, -1),
                reference_images=[_picture(sheet) for sheet in sheets] or None,
                conditioning_scale=scales.expand(len(network.config.vace_layers), -1, -1, -1),
                height=told.height,
                width=told.width,
                num_frames=len(frames),
                num_inference_steps=steps,
                guidance_scale=self.cfg,
                latents=latents,
                prompt_embeds=words[0],
                negative_prompt_embeds=words[1] if len(words) > 1 else None,
                output_type="pt",
            ).frames[0]
        return made.float().cpu() * 2 - 1

    def _noise(self, told: Conditions, count: int, references: int) -> Tensor:
        """(1, C, references + latent frames, h, w); the world's own for the film where it is given."""
        config, stride = self.pipe.vae.config, self.pipe.vae_scale_factor_temporal
        cell = self.pipe.vae_scale_factor_spatial
        shape = (references + (count - 1) // stride + 1, config.z_dim, told.height // cell, told.width // cell)
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed_from(told.seed, "latents")))
        if told.noise is not None:
            noise[references:] = in_time(told.noise(config.z_dim, cell), stride)
        return noise.transpose(0, 1)[None]

    def _clean(self, film: Tensor, sheets: Sequence[Tensor], device: torch.device) -> Tensor:
        """Latents of a film to start from, behind those of the reference pictures."""
        codec = VideoLatents(self.pipe.vae)
        return torch.cat([codec.encode(part.to(device)) for part in (*(sheet[None] for sheet in sheets), film)], dim=2)


def boarded(picture: Tensor, width: int, height: int) -> Tensor:
    """A reference picture (3, h, w) in [-1, 1], as large as fits, in the middle of a white board (3, height, width).

    White is what VACE was trained with (``preprocess_conditions`` of diffusers' pipeline).
    """
    share = min(height / picture.shape[1], width / picture.shape[2])
    size = (max(1, int(picture.shape[1] * share)), max(1, int(picture.shape[2] * share)))
    fitted = F.interpolate(picture[None], size=size, mode="bilinear", antialias=share < 1)[0]
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    board = torch.ones(3, height, width)
    board[:, top : top + size[0], left : left + size[1]] = fitted
    return board


def shifted(scheduler: Any, shift: float) -> Any:
    """A scheduler of the same kind, with its noise schedule shifted."""
    name = "flow_shift" if "flow_shift" in scheduler.config else "shift"
    return type(scheduler).from_config(scheduler.config, **{name: shift})


def _picture(board: Tensor) -> Any:
    from PIL import Image

    return Image.fromarray(((board + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy())


def load(name: str, cfg: float, loading: Loading) -> WanDenoiser:
    """The model of this name. Errors: ``ValueError``, in one sentence."""
    try:
        from diffusers import WanVACEPipeline
    except ImportError as error:
        raise ValueError(f"{name} cannot be loaded: {EXTRA}") from error
    parts = dict.fromkeys(("text_encoder", "tokenizer"))
    return WanDenoiser(
        placed(pipeline_from(WanVACEPipeline, name, loading, _LARGE, **parts), loading), Words(name, loading), cfg
    )


_VACE_CONTROLS: Final = (
    ControlSpec("depth", INVERSE_DEPTH, "VACE's user guide and vace/annotators/depth.py: MiDaS, near white"),
    ControlSpec("pose", DWPOSE_VACE, "VACE's user guide and vace/annotators/pose.py: DWPose on black"),
    ControlSpec("edges", SCRIBBLE, "VACE's user guide and vace/annotators/scribble.py: dark lines on white"),
)
_FUN_CARD: Final = (
    "model card of alibaba-pai/Wan2.1-Fun-14B-Control; that VACE-Fun has the same is said of it elsewhere"
)
_FUN_CONTROLS: Final = (
    ControlSpec("depth", INVERSE_DEPTH, f"Depth: {_FUN_CARD}"),
    ControlSpec("pose", OPENPOSE, f"Pose: {_FUN_CARD}"),
    ControlSpec("edges", CANNY, f"Canny: {_FUN_CARD}"),
)
_SMALL: Final = ((832, 480), (480, 832))
_LARGER: Final = ((1280, 720), (720, 1280), *_SMALL)
_GUIDANCE: Final = Guidance(strength=0.8, every=0, begin=0.9, release=0.4)
"""Early steps lay out the picture and late ones its detail; each guided step costs a decoding and two encodings."""


def _family(
    name: str,
    words: str,
    repo: str,
    sizes: tuple[tuple[int, int], ...],
    controls: tuple[ControlSpec, ...],
    steps: int,
    cfg: float = 5.0,
    memory: tuple[tuple[Offload, float], ...] = (),
) -> Family:
    page = f"https://huggingface.co/{repo}"
    return Family(
        name=name,
        words=words,
        checkpoints=(Checkpoint(repo, "main", "Apache-2.0", page, None),),
        side=16,
        sizes=sizes,
        frames=FrameRule(4),
        window=WINDOW,
        latent_stride=4,
        controls=controls,
        at_once=len(controls),
        known=True,
        references=4,
        memory=memory,
        steps=steps,
        cfg=cfg,
        guidance=_GUIDANCE,
        load=lambda loading: load(name, cfg, loading),
        overlap=9,
    )


FAMILIES: Final = (
    _family(
        "wan-vace-1.3b",
        "Wan 2.1 VACE, small: films at 480p",
        "Wan-AI/Wan2.1-VACE-1.3B-diffusers",
        _SMALL,
        _VACE_CONTROLS,
        30,
        memory=(("model", 18.0),),
    ),
    _family(
        "wan-vace-14b",
        "Wan 2.1 VACE: films at 720p",
        "Wan-AI/Wan2.1-VACE-14B-diffusers",
        _LARGER,
        _VACE_CONTROLS,
        30,
    ),
    _family(
        "wan2.2-vace-fun-a14b",
        "Wan 2.2 VACE-Fun: two networks, one for noise and one for detail",
        "linoyts/Wan2.2-VACE-Fun-14B-diffusers",
        _LARGER,
        _FUN_CONTROLS,
        30,
    ),
)
"""Checkpoints and their sizes of picture as diffusers' documentation and its pull request 12324 name them; the hub's
pages state the licence. No commit is known to us: the first fetch pins the one it finds. Memory is not stated for VACE,
and has not been measured here; 18 GB is what a user reports of the small one with its weights offloaded (issue 399 of
Wan-Video/Wan2.1). Steps and cfg as in diffusers' example of VACE."""
