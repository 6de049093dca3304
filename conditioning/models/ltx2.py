"""LTX-2 in context: the control film is a second film among the tokens, which an adapter taught the model to read.

Model cards: huggingface.co/Lightricks/LTX-2, LTX-2-19b-IC-LoRA-Depth-Control, LTX-2-19b-IC-LoRA-Union-Control; guide:
docs.ltx.video/open-source-model/usage-guides/ic-lo-ra; code: github.com/Lightricks/LTX-2. In diffusers 0.42
``LTX2InContextPipeline``. It paints sound with the picture, as one network; the sound is not decoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from conditioning.codec import PictureEdit, folded, through
from conditioning.conditions import Conditions
from conditioning.control_style import CANNY, INVERSE_DEPTH, OPENPOSE
from conditioning.models.family import Checkpoint, ControlSpec, Family, FrameRule, Loading
from conditioning.models.loading import EXTRA, pipeline_from, placed
from conditioning.models.video import GUIDANCE, only, shares, smaller, spoken, starting_noise, whole_frames
from conditioning.sampler import edited, late_start, noised

if TYPE_CHECKING:
    from conditioning.frames import Frame

SPACE: Final = 32
"""Pixels across a latent."""
TIME: Final = 8
"""Frames that a latent stands for."""
WINDOW: Final = 121
"""The pipeline's default, five seconds; it has no limit of its own."""
CFG: Final = 4.0
CONTROL: Final = "control"
"""The adapter, and the folder it is in."""
CARRIED: Final = 9
"""Frames of the window before that go in as finished: two latents."""


@dataclass(frozen=True)
class TokenLatents:
    """Packed latents (1, tokens, c) of a film of (frames, height, width), with the tokens of a control film after them.

    Those ``others`` are no part of the pictures: nothing of them is decoded, and no edit moves them.
    """

    pipe: Any
    frames: int
    height: int
    width: int
    others: int = 0

    def decode(self, latents: Tensor) -> Tensor:
        return self.pictures(self.unpacked(latents))

    def pictures(self, film: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) of latents (1, c, t, h, w) as the autoencoder has them."""
        vae = self.pipe.vae
        when = torch.zeros(1, device=film.device, dtype=vae.dtype) if vae.config.timestep_conditioning else None
        with torch.inference_mode():
            return vae.decode(film.to(vae.dtype), when).sample.float()[0].transpose(0, 1)

    def encode(self, pictures: Tensor) -> Tensor:
        vae = self.pipe.vae
        with torch.inference_mode():
            film = vae.encode(pictures.transpose(0, 1)[None].to(vae.dtype)).latent_dist.mode().float()
        grid = self.pipe._normalize_latents(film, vae.latents_mean, vae.latents_std, vae.config.scaling_factor)
        return F.pad(self.pipe._pack_latents(grid), (0, 0, 0, self.others))

    def cells(self, changed: Tensor) -> Tensor:
        return F.pad(self.pipe._pack_latents(folded(changed, SPACE, TIME)), (0, 0, 0, self.others))

    def unpacked(self, latents: Tensor) -> Tensor:
        """(1, c, t, h, w), as the autoencoder has them, of packed ones; what comes after is left."""
        vae, (time, high, wide) = self.pipe.vae, self.grid
        grid = self.pipe._unpack_latents(latents[:, : time * high * wide], time, high, wide)
        return self.pipe._denormalize_latents(grid, vae.latents_mean, vae.latents_std, vae.config.scaling_factor)

    @property
    def grid(self) -> tuple[int, int, int]:
        """Latents in time, down and across."""
        return (self.frames - 1) // TIME + 1, self.height // SPACE, self.width // SPACE


class LTX2Denoiser:
    """LTX-2 with an in-context adapter, a window at a time.

    smaller: by which the adapter wants its control film smaller than the picture (1, or 2 where its file says
    ``ref0.5``).
    """

    def __init__(self, pipe: Any, smaller: int = 1, cfg: float = CFG) -> None:
        self.pipe, self.smaller, self.cfg, self.together = pipe, smaller, cfg, WINDOW
        # The pipeline would copy its scheduler for the sound, with the edit of the pictures hanging on it.
        pipe.register_modules(audio_scheduler=deepcopy(pipe.scheduler))
        self.words = spoken(pipe, self._encoded)

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """The pictures of ``frames``. Errors: ``ValueError`` for several controls."""
        from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition
        from diffusers.pipelines.ltx2.pipeline_ltx2_ic_lora import LTX2ReferenceCondition

        if conditions.film is not None and conditions.strength <= 0:
            return conditions.film
        pipe, count, device, fps = self.pipe, len(frames), self.pipe._execution_device, frames_a_second(frames)
        control = only(conditions, "LTX-2")
        height, width = conditions.height, conditions.width
        named: dict[str, Any] = {}
        others = 0
        if control is not None and control.strength.any():
            shown = shares(smaller(control.pictures, self.smaller))
            others = count_tokens(count, *shown.shape[3:])
            named["reference_conditions"] = [LTX2ReferenceCondition(shown, 1.0)]
            named["reference_downscale_factor"] = self.smaller
            if (control.strength < 1).any():
                at = control.strength.clamp(0, 1).view(1, 1, -1, 1, 1)
                named["conditioning_attention_mask"] = at.expand(-1, -1, -1, *shown.shape[3:])
        if whole_frames(conditions.known, SPACE * self.smaller) >= CARRIED and conditions.known is not None:
            finished = conditions.known.pictures[:CARRIED] * 127.5 + 127.5
            named["conditions"] = [LTX2VideoCondition(finished, index=0, strength=1.0)]
        codec = TokenLatents(pipe, count, height, width, others)
        noise = starting_noise(conditions, count, pipe.transformer.config.in_channels, SPACE, TIME)
        latents = pipe._pack_latents(noise[None]).to(device)
        film = conditions.film if conditions.strength < 1 else None
        with ExitStack() as stack:
            if film is not None:
                for scheduler in (pipe.scheduler, pipe.audio_scheduler):
                    stack.enter_context(late_start(scheduler, conditions.strength))
                self._scheduled(steps, latents.shape[1] + others)
                clean = codec.encode(film.to(device))[:, : latents.shape[1]]
                latents = noised(pipe.scheduler, clean, latents)
                named["audio_latents"] = self._sound(count / fps, conditions.seed, device)
            stack.enter_context(edited(pipe.scheduler, through(codec, edit)))
            film_latents = pipe(
                height=height,
                width=width,
                num_frames=count,
                frame_rate=fps,
                num_inference_steps=steps,
                guidance_scale=self.cfg,
                stg_scale=0.0,
                modality_scale=1.0,
                guidance_rescale=0.0,
                audio_guidance_scale=self.cfg,
                audio_stg_scale=0.0,
                audio_modality_scale=1.0,
                audio_guidance_rescale=0.0,
                spatio_temporal_guidance_blocks=None,
                noise_scale=0.0,  # the latents given are noise already
                latents=codec.unpacked(latents),
                generator=torch.Generator().manual_seed(conditions.seed),
                use_cross_timestep=False,
                output_type="latent",
                **named,
                **self.words(conditions.prompt, conditions.negative or _negative()),
            ).frames
        return codec.pictures(film_latents).cpu()

    def _scheduled(self, steps: int, tokens: int) -> None:
        """Set the timesteps of the pictures, as the pipeline will for so many tokens."""
        from diffusers.pipelines.ltx2.pipeline_ltx2_ic_lora import calculate_shift

        told = self.pipe.scheduler.config
        names = ("base_image_seq_len", "max_image_seq_len", "base_shift", "max_shift")
        shift = calculate_shift(tokens, *(told.get(n, d) for n, d in zip(names, (1024, 4096, 0.95, 2.05), strict=True)))
        self.pipe.scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=shift)

    def _sound(self, seconds: float, seed: int, device: torch.device) -> Tensor:
        """(1, c, length, bins): the average sound, in as much noise as the pictures are in."""
        pipe = self.pipe
        rate = pipe.audio_sampling_rate / pipe.audio_hop_length / float(pipe.audio_vae_temporal_compression_ratio)
        bins = pipe.audio_mel_bins // pipe.audio_vae_mel_compression_ratio
        shape = (1, round(seconds * rate), pipe.audio_latent_channels * bins)
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(device)
        sound = noised(pipe.scheduler, torch.zeros_like(noise), noise)
        plain = pipe._denormalize_audio_latents(sound, pipe.audio_vae.latents_mean, pipe.audio_vae.latents_std)
        return pipe._unpack_audio_latents(plain, shape[1], num_mel_bins=bins)

    def _encoded(self, prompt: str, negative: str) -> Mapping[str, Tensor]:
        said, heard, unsaid, unheard = self.pipe.encode_prompt(
            prompt, negative, do_classifier_free_guidance=self.cfg > 1
        )
        return {
            "prompt_embeds": said,
            "prompt_attention_mask": heard,
            "negative_prompt_embeds": unsaid,
            "negative_prompt_attention_mask": unheard,
        }


def frames_a_second(frames: Sequence[Frame]) -> float:
    """Of the world's own time, which is what the model's sense of motion hangs on; 24 for a single picture."""
    first, last = frames[0], frames[-1]
    passed = last.snapshot.time - first.snapshot.time
    return (last.index - first.index) / passed if passed > 0 else 24.0


def count_tokens(frames: int, height: int, width: int) -> int:
    """Tokens of a film of this size."""
    return ((frames - 1) // TIME + 1) * (height // SPACE) * (width // SPACE)


def _negative() -> str:
    from diffusers.pipelines.ltx2.utils import DEFAULT_NEGATIVE_PROMPT

    return str(DEFAULT_NEGATIVE_PROMPT)


def load(loading: Loading, name: str, adapter: str, smaller: int) -> LTX2Denoiser:
    """LTX-2 from disk, with the ``adapter`` in its folder ``control``. Errors: ``ValueError`` in one sentence."""
    from diffusers import LTX2InContextPipeline

    folder = loading.folder / CONTROL
    if not (folder / adapter).is_file():
        raise ValueError(
            f"the weights of {name} are not whole (no {folder / adapter}): run `setpiece models get {name}`"
        )
    pipe = pipeline_from(LTX2InContextPipeline, name, loading, ("transformer", "text_encoder", "connectors"))
    try:
        pipe.load_lora_weights(folder, weight_name=adapter, adapter_name=CONTROL, local_files_only=True)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        said = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise ValueError(
            f"the adapter of {name} in {folder} cannot be read ({said}): {EXTRA}, or get it again"
        ) from error
    return LTX2Denoiser(placed(pipe, loading), smaller)


_BASE: Final = Checkpoint(
    "Lightricks/LTX-2",
    "main",
    "LTX-2 Community License",
    "https://github.com/Lightricks/LTX-2/blob/main/LICENSE",
    None,
)
_GUIDE: Final = "docs.ltx.video/open-source-model/usage-guides/ic-lo-ra"
_DEPTH: Final = ControlSpec(
    "depth", INVERSE_DEPTH, f"{_GUIDE}: grey depth of any estimator, polarity left open; near white is assumed"
)


def _family(name: str, words: str, repo: str, adapter: str, smaller: int, controls: tuple[ControlSpec, ...]) -> Family:
    return Family(
        name=name,
        words=words,
        checkpoints=(_BASE, Checkpoint(repo, "main", _BASE.licence, _BASE.licence_url, None, CONTROL, (adapter,))),
        side=SPACE * smaller,
        sizes=((768, 512),),
        frames=FrameRule(TIME),
        window=WINDOW,
        latent_stride=TIME,
        controls=controls,
        at_once=1,
        known=False,
        references=0,
        memory=(),
        steps=40,
        cfg=CFG,
        guidance=GUIDANCE,
        load=partial(load, name=name, adapter=adapter, smaller=smaller),
        overlap=CARRIED,
        least=2 * SPACE,
        least_steps=2,
    )


LTX2_DEPTH: Final = _family(
    "ltx2-depth",
    "LTX-2 19B, steered by depth in context",
    "Lightricks/LTX-2-19b-IC-LoRA-Depth-Control",
    "ltx-2-19b-ic-lora-depth-control.safetensors",
    1,
    (_DEPTH,),
)
LTX2_UNION: Final = _family(
    "ltx2-union",
    "LTX-2 19B, steered by depth, edges or poses in context",
    "Lightricks/LTX-2-19b-IC-LoRA-Union-Control",
    "ltx-2-19b-ic-lora-union-control-ref0.5.safetensors",
    2,
    (
        _DEPTH,
        ControlSpec("edges", CANNY, f"{_GUIDE}: Canny, as of OpenCV"),
        ControlSpec("pose", OPENPOSE, f"{_GUIDE}: drawn skeletons of 17 to 18 points"),
    ),
)
"""Size and frames: the pipeline's defaults. Steps: README of Lightricks/LTX-2. Guidance: what the pipeline documents
for LTX-2.0 (4, and none of the other kinds). Of memory no figure for this model was found (the guide asks for 32 GB,
for LTX-2.3): the class has 18.9 billion weights, 38 GB in bfloat16. Strengths are the guide's too: attention between
picture and control film, 0 to 1, anywhere and at any frame. Of the window before, whole frames go in as finished ones;
other known pixels through guidance."""

FAMILIES: Final = (LTX2_DEPTH, LTX2_UNION)
