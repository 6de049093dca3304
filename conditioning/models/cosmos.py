"""Cosmos-Transfer 2.5: a world model of NVIDIA that follows depth, edges, segments and blurred light, several at once.

Model card: huggingface.co/nvidia/Cosmos-Transfer2.5-2B; code: github.com/nvidia-cosmos/cosmos-transfer2.5
(docs/inference.md, vid2vid_model_control_vace_rectified_flow.py). In diffusers 0.42 ``Cosmos2_5_TransferPipeline``. It
was trained on chunks of 93 frames at 16 a second; each goes on from the last frame of the one before.

Its licence does not allow it to be run without its guardrails: prompts are checked, and faces in the pictures are
pixelated. They come with the package ``cosmos_guardrail``, which fetches their weights when it is first used.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from conditioning.codec import PictureEdit, VideoLatents, through
from conditioning.conditions import Conditions
from conditioning.control_style import CANNY, COSMOS_BLUR, INVERSE_DEPTH, THINGS, ControlName
from conditioning.models.family import (
    Checkpoint,
    ControlSpec,
    Family,
    FrameRule,
    Loading,
    Snapped,
    padded,
    padded_edit,
)
from conditioning.models.loading import part_from, pipeline_from, placed
from conditioning.models.video import GUIDANCE, shares, spoken, starting_noise, strength_in_time, whole_frames
from conditioning.sampler import edited, late_start, noised

if TYPE_CHECKING:
    from conditioning.frames import Frame

NAME: Final = "cosmos-transfer-2.5"
SIDE: Final = 16
"""Eight pixels a latent, two latents a patch."""
TIME: Final = 4
"""Frames that a latent stands for."""
CHUNK: Final = 93
SHORTEST: Final = TIME + 1
"""Frames; the pipeline makes no less."""
CFG: Final = 3.0
MOST_GIVEN: Final = 2
"""Latents of finished frames that a chunk may begin with, as it was trained (``max_num_conditional_frames``)."""
FOLDERS: Final[Mapping[ControlName, str]] = {
    "depth": "depth",
    "edges": "edge",
    "segmentation": "seg",
    "blur": "blur",
}
"""Of each control: what its checkpoint, and so its folder, is called."""


@dataclass(frozen=True)
class Told:
    """A control of one chunk. latents: (1, c, t, h, w) of its film. weight: (t,) of what it adds."""

    name: str
    latents: Tensor
    weight: Tensor


class CosmosDenoiser:
    """Cosmos-Transfer, a chunk at a time. ``pipe.controlnet`` is a ``CosmosControls``."""

    def __init__(self, pipe: Any, cfg: float = CFG) -> None:
        self.pipe, self.cfg, self.together = pipe, cfg, CHUNK
        self.codec = VideoLatents(pipe.vae)
        self.words = spoken(pipe, self._encoded)

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """The pictures of ``frames``. Errors: ``ValueError`` where the guardrail refuses the words or the pictures."""
        told, pipe, codec, count = conditions, self.pipe, self.codec, len(frames)
        if told.film is not None and told.strength <= 0:
            return told.film
        size = Snapped(told.width, told.height, max(count, SHORTEST))
        device = pipe._execution_device
        words = self.words(told.prompt, told.negative or _negative())
        controls = {name: one for name, one in told.controls.items() if one.strength.any()}
        films = [padded(one.pictures, size) for one in controls.values()]
        weights = weights_of([one.strength for one in controls.values()], size.frames, TIME)
        pipe.controlnet.told = [
            Told(name, codec.encode(film.to(device)), weight)
            for name, film, weight in zip(controls, films, weights, strict=True)
        ]
        noise = _longer(starting_noise(told, count, pipe.vae.config.z_dim, SIDE // 2, TIME), size, told.seed)[None]
        given = min(whole_frames(told.known, SIDE), TIME * (MOST_GIVEN - 1) + 1)
        known = told.known.pictures[: given - (given - 1) % TIME].to(device) if told.known and given else None
        whole = padded_edit(edit, told.width, told.height, count)
        share = 1.0 if told.film is None else told.strength
        with late_start(pipe.scheduler, share), edited(pipe.scheduler, through(codec, whole)), self._going_on(known):
            if told.film is not None:
                pipe.scheduler.set_timesteps(steps)
                noise = noised(pipe.scheduler, codec.encode(padded(told.film, size).to(device)).cpu(), noise)
            made = pipe(
                controls=shares(films[0] if films else torch.zeros(size.frames, 3, size.height, size.width)),
                height=size.height,
                width=size.width,
                num_frames=count,
                num_frames_per_chunk=size.frames,
                num_ar_conditional_frames=0,  # within one call there is no chunk before; 1 would refuse single pictures
                num_inference_steps=steps,
                guidance_scale=self.cfg,
                generator=torch.Generator().manual_seed(told.seed),
                latents=noise,
                output_type="pt",
                **words,
            ).frames[0]
        if not made.any():
            raise ValueError(f"the guardrail of {NAME} refuses these pictures: choose another model, or other words")
        return made.float().cpu() * 2 - 1

    @contextmanager
    def _going_on(self, known: Tensor | None) -> Iterator[None]:
        """While inside, a chunk begins with the pictures ``known`` (1 or 5 frames), as finished ones.

        The pipeline does this for the second and later chunks of one call; here each chunk is a call.
        """
        if known is None:
            yield
            return
        prepare, first = self.pipe.prepare_latents, self.codec.encode(known)

        def prepared(**named: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            count = first.shape[2]
            latents, clean, mask, indicator = prepare(**{**named, "num_cond_latent_frames": count})
            clean[:, :, :count] = first
            return mask * clean + (1 - mask) * latents, clean, mask, indicator

        self.pipe.prepare_latents = prepared
        try:
            yield
        finally:
            del self.pipe.prepare_latents

    def _encoded(self, prompt: str, negative: str) -> Mapping[str, Tensor]:
        guard = self.pipe.safety_checker
        guard.to(self.pipe._execution_device)
        if prompt and not guard.check_text_safety(prompt):
            raise ValueError(f"the guardrail of {NAME} refuses the prompt {prompt!r}: say it in other words")
        said, unsaid = self.pipe.encode_prompt(prompt, negative, do_classifier_free_guidance=self.cfg > 1)
        return {"prompt_embeds": said, "negative_prompt_embeds": unsaid}


def weights_of(strengths: Sequence[Tensor], frames: int, stride: int) -> list[Tensor]:
    """(t,) of each control from its strengths (N,) at the frames: their mean over a latent's frames, capped in sum.

    frames: of the chunk; those after the last are as the last.
    """
    if not strengths:
        return []
    longer = [torch.cat([one, one[-1:].expand(frames - len(one))]) for one in strengths]
    weights = torch.stack([strength_in_time(one, stride) for one in longer])
    return list(weights / weights.sum(0).clamp(min=1.0))


def _longer(noise: Tensor, size: Snapped, seed: int) -> Tensor:
    """``noise`` (c, t, h, w) of as many latents as ``size`` has frames for; what is beyond is cut off again."""
    missing = (size.frames - 1) // TIME + 1 - noise.shape[1]
    shape = (noise.shape[0], missing, *noise.shape[2:])
    return torch.cat([noise, torch.randn(shape, generator=torch.Generator().manual_seed(seed))], dim=1)


def _negative() -> str:
    from diffusers.pipelines.cosmos.pipeline_cosmos2_5_transfer import DEFAULT_NEGATIVE_PROMPT

    return str(DEFAULT_NEGATIVE_PROMPT)


def guardrail() -> Any:
    """The guardrails. Errors: ``ValueError``, in one sentence, where their weights are missing."""
    try:
        return importlib.import_module("cosmos_guardrail.cosmos_guardrail").CosmosSafetyChecker()
    except Exception as error:  # the hub, transformers and files each raise their own
        said = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise ValueError(
            f"the guardrails of {NAME} cannot be loaded ({type(error).__name__}: {said}): they are fetched from "
            "nvidia/Cosmos-1.0-Guardrail when first used, which needs a network and their licence accepted"
        ) from error


def opened(loading: Loading, guard: Any) -> CosmosDenoiser:
    """Cosmos-Transfer from disk, watched by ``guard``. Errors: ``ValueError`` in one sentence."""
    from diffusers import Cosmos2_5_TransferPipeline, CosmosControlNetModel

    from conditioning.models.cosmos_controls import CosmosControls

    nets: dict[str, Any] = {
        name: part_from(CosmosControlNetModel, NAME, loading.folder / folder, loading.dtype)
        for name, folder in FOLDERS.items()
    }
    large = ("transformer", "text_encoder")
    parts = {"controlnet": CosmosControls(nets), "safety_checker": guard}
    return CosmosDenoiser(placed(pipeline_from(Cosmos2_5_TransferPipeline, NAME, loading, large, **parts), loading))


def load(loading: Loading) -> CosmosDenoiser:
    """Cosmos-Transfer from disk, with its guardrails. Errors: ``ValueError`` in one sentence."""
    return opened(loading, guardrail())


_REPO: Final = "nvidia/Cosmos-Transfer2.5-2B"
_LICENCE: Final = "https://www.nvidia.com/en-us/agreements/enterprise-software/nvidia-open-model-license"
_CODE: Final = "control_input.py of nvidia-cosmos/cosmos-transfer2.5"


def _checkpoint(revision: str, folder: str = "") -> Checkpoint:
    return Checkpoint(_REPO, revision, "NVIDIA Open Model License", _LICENCE, None, folder)


COSMOS_TRANSFER: Final = Family(
    name=NAME,
    words="Cosmos-Transfer 2.5 2B, steered by up to four control films",
    checkpoints=(
        _checkpoint("diffusers/general"),
        *(_checkpoint(f"diffusers/controlnet/general/{folder}", folder) for folder in FOLDERS.values()),
    ),
    side=SIDE,
    sizes=((1280, 704),),
    frames=FrameRule(CHUNK - 1),
    window=CHUNK,
    latent_stride=TIME,
    controls=(
        ControlSpec("depth", INVERSE_DEPTH, f"{_CODE}: depth as estimated; that near is white is assumed", 0.5),
        ControlSpec("edges", CANNY, f"{_CODE}: OpenCV's Canny of the film, 100 and 200 at its preset medium"),
        ControlSpec("segmentation", THINGS, f"{_CODE}: masks of SAM 2 in colours that mean nothing"),
        ControlSpec("blur", COSMOS_BLUR, f"{_CODE}: bilateral filter, then down and up again by ten", 0.5),
    ),
    at_once=4,
    known=False,
    references=0,
    memory=(("none", 65.4),),
    steps=36,
    cfg=CFG,
    guidance=GUIDANCE,
    load=load,
    overlap=SHORTEST,
    packages=("cosmos_guardrail", "torchvision"),
)
"""Revisions are branches of one repository, as diffusers' documentation names them. Memory and strengths:
docs/inference.md (65.4 GB with its text encoder beside it). Steps, guidance and 704 rows: the pipeline's defaults. A
chunk has 93 frames, or is one picture: NVIDIA's code and diffusers' fill shorter films up to it too. Of the chunk
before, up to five whole frames go in as finished ones; other known pixels through guidance."""

FAMILIES: Final = (COSMOS_TRANSFER,)
