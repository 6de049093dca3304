"""What other programs want: at which size and with how many frames, in which files, and the words that go with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from conditioning.models import wan
from conditioning.models.cosmos import COSMOS_TRANSFER
from conditioning.models.family import Family, snapped
from tools.handoff_comfyui import NOISE_NODE, Take, as_api, as_editor, workflow

TOOLS: Final = ("comfyui", "wan-vace", "cosmos")
ALIKE: Final = 0.1
"""A size that a model was trained for is taken where the scene's shape differs by no more than this share."""
VACE_FPS: Final = Fraction(16)
"""VACE's own program reads films at Wan's 16 frames a second and leaves out the rest (``sample_fps`` of
``vace/models/wan/wan_vace.py``): clips for it are written at that speed, so that it reads every frame."""
COSMOS_KEYS: Final[Mapping[str, str]] = {
    "depth": "depth", "edges": "edge", "segmentation": "seg", "blur": "vis",
}  # fmt: skip
"""What cosmos-transfer2.5 calls controls (docs/inference.md)."""


@dataclass(frozen=True)
class Part:
    """Consecutive frames of a shot as one tool takes them. All files lie in one folder.

    name: of scene, shot and frames, for files. written: frames in the clips, with those that only fill them up.
    controls: file and mean strength (1: as recommended) of each. recommended: strength of each. known: whether pixels
    are known. noise, reference: files of the starting noise and of the picture whose style to follow, or None.
    """

    name: str
    width: int
    height: int
    written: int
    fps: Fraction
    prompt: str
    negative: str
    seed: int
    steps: int
    cfg: float
    controls: Mapping[str, tuple[str, float]]
    recommended: Mapping[str, float]
    known: bool
    noise: str | None
    reference: str | None


def families(tool: str) -> tuple[Family, Family]:
    """The models that ``tool`` runs, for pictures of a small and of a larger size: their controls, sizes and frames."""
    if tool == "cosmos":
        return COSMOS_TRANSFER, COSMOS_TRANSFER
    small, large, *_ = wan.FAMILIES
    return small, large


def size_for(tool: str, family: Family, width: int, height: int) -> tuple[int, int]:
    """The size at which ``tool`` gets a scene of this size: one that the model was trained for, where one fits.

    VACE's program scales every clip to 480p or 720p, so for it it is always such a one.
    """
    shape = math.log(width / height)

    def unlike(size: tuple[int, int]) -> tuple[float, float]:
        return round(abs(math.log(size[0] / size[1]) - shape), 6), abs(math.log(size[0] * size[1] / (width * height)))

    near = min(family.sizes, key=unlike)
    if tool == "wan-vace" or (tool == "cosmos" and unlike(near)[0] <= ALIKE):
        return near
    return at_side(family, width, height)


def at_side(family: Family, width: int, height: int) -> tuple[int, int]:
    """The least size that the model can paint and that holds this one."""
    size = snapped(family, width, height, 1)
    return size.width, size.height


def written_frames(tool: str, family: Family, frames: int) -> int:
    """How many frames the clips of ``frames`` frames have; Cosmos fills up its chunks itself."""
    return frames if tool == "cosmos" else family.frames.fitting(frames)


def texts(tool: str, part: Part) -> dict[str, str | Mapping[str, Any]]:
    """The files of words and settings by name: text, or JSON."""
    common: dict[str, str | Mapping[str, Any]] = {
        "prompt.txt": part.prompt + "\n",
        "negative.txt": part.negative + "\n",
        "README.txt": _readme(tool, part),
    }
    if tool == "cosmos":
        return {**common, "spec.json": cosmos_spec(part)}
    if tool == "wan-vace":
        return common
    plain = workflow(take_of(part, None))
    made: dict[str, str | Mapping[str, Any]] = {"workflow_api.json": as_api(plain), "workflow.json": as_editor(plain)}
    if part.noise is not None:
        noisy = workflow(take_of(part, f"{part.name}_{part.noise}"))
        made |= {
            "workflow-world-noise_api.json": as_api(noisy),
            "workflow-world-noise.json": as_editor(noisy),
            "setpiece_noise.py": NOISE_NODE,
        }
    return {**common, **made}


def take_of(part: Part, noise: str | None) -> Take:
    """What ComfyUI's workflow is about; its files are prefixed with the part's name.

    Chained controls add up there, so that together they are given no more than VACE was trained with: 1.
    """
    given = {file: strength * part.recommended[name] for name, (file, strength) in part.controls.items()}
    total = max(1.0, sum(given.values()))
    return Take(
        name=part.name,
        width=part.width,
        height=part.height,
        frames=part.written,
        fps=float(part.fps),
        prompt=part.prompt,
        negative=part.negative,
        controls=[(f"{part.name}_{file}", round(strength / total, 3)) for file, strength in given.items()],
        mask=f"{part.name}_mask.mp4",
        seed=part.seed,
        steps=part.steps,
        cfg=part.cfg,
        noise=noise,
        reference=part.reference and f"{part.name}_{part.reference}",
    )


def cosmos_spec(part: Part) -> dict[str, Any]:
    """The JSON that ``examples/inference.py -i`` of cosmos-transfer2.5 reads; paths are relative to its folder.

    Weights lie between 0 and 1 there. Known pixels are those of the input film where the guided mask is white.
    """
    spec: dict[str, Any] = {
        "name": part.name,
        "prompt_path": "prompt.txt",
        "negative_prompt": part.negative,
        "video_path": "input.mp4",
        "guidance": round(part.cfg),
        "seed": part.seed,
        **({"guided_generation_mask": "guided_mask.mp4"} if part.known else {}),
        **({"image_context_path": part.reference} if part.reference else {}),
    }
    if not part.negative:
        del spec["negative_prompt"]  # then its own stands
    for name, (file, strength) in part.controls.items():
        weight = round(min(1.0, strength * part.recommended[name]), 2)
        spec[COSMOS_KEYS[name]] = {"control_path": file, "control_weight": weight}
    return spec


def strengths_differ(strengths: Sequence[float]) -> bool:
    """Whether a control's strength changes over the frames, which these tools cannot be told."""
    return max(strengths) - min(strengths) > 1e-3


def _readme(tool: str, part: Part) -> str:
    return _HOW[tool].format(
        name=part.name,
        first=next((file for file, _ in part.controls.values()), ""),
        size="720p" if part.width * part.height > 832 * 480 else "480p",
        model="vace-14B" if part.width * part.height > 832 * 480 else "vace-1.3B",
        reference=f" --src_ref_images {part.reference}" if part.reference else "",
    )


_COMMON: Final = """
What lies here
  *.mp4              control clips: exact, in the convention that the model was trained on; handoff.json says which
  prompt.txt, negative.txt, camera.json (nerfstudio's transforms.json, one camera a frame), handoff.json
When the film is made, `setpiece refine FILM SCENE --shot NAME` takes its flicker out and drops frames that only fill.
"""
_HOW: Final = {
    "comfyui": """{name} for ComfyUI (Wan 2.1 VACE)

1. Copy the files of input/ into ComfyUI/input.
2. Put the models where ComfyUI looks for them (Comfy-Org/Wan_2.1_ComfyUI_repackaged on Hugging Face).
3. Open workflow.json in the editor, or send workflow_api.json to the server: {{"prompt": ...}} to /prompt.
workflow-world-noise*.json start from noise that sticks to the surfaces of the world (input/*_noise.safetensors,
shaped (1, 16, t, h, w)); they need setpiece_noise.py in ComfyUI/custom_nodes.
Mask: black is kept, white is painted. What is known stands in the control clips where the mask is black.
"""
    + _COMMON,
    "wan-vace": """{name} for VACE's own program (github.com/ali-vilab/VACE)

    python vace/vace_wan_inference.py --model_name {model} --size {size} --ckpt_dir MODEL_FOLDER \\
        --src_video {first} --src_mask mask.mp4 --prompt "$(cat prompt.txt)"{reference}

VACE reads one control film: the others here are for other runs. All clips run at 16 frames a second, whatever the
shot's own speed, so that it reads every frame. noise.safetensors holds starting noise (1, 16, t, h, w) that sticks to
the surfaces of the world; that program takes none, diffusers' WanVACEPipeline does, as `latents`.
Mask: black is kept, white is painted. What is known stands in the control clips where the mask is black.
"""
    + _COMMON,
    "cosmos": """{name} for cosmos-transfer2.5 (github.com/nvidia-cosmos/cosmos-transfer2.5)

    cd THIS_FOLDER && python COSMOS/examples/inference.py -i spec.json -o outputs

input.mp4 is the built world, lit. Paths in spec.json are relative to this folder.
"""
    + _COMMON,
}
