"""ComfyUI workflows for Wan-VACE from our control clips, with nodes of ComfyUI itself and nothing to install.

Names of nodes, inputs and outputs are those of ComfyUI's sources (``nodes.py``, ``comfy_extras/nodes_wan.py``,
``nodes_video.py``, ``nodes_mask.py``, ``nodes_custom_sampler.py``); files of models are named as Comfy-Org repackages
them. Several controls are chained, each through a ``WanVaceToVideo`` of its own with its own strength. One workflow is
written in two forms: as the server takes it (API) and as the editor opens it.

Starting noise from a file has no node there: the second workflow uses the one in ``NOISE_NODE``, to be copied into
ComfyUI/custom_nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Link = tuple[int, int]
"""(node, which of its outputs)."""


@dataclass(frozen=True)
class Kind:
    """A class of nodes. sockets: inputs from other nodes, and their types. typed: inputs that are typed in, in the
    editor's order, and their types. outputs: types. beside: what the editor keeps after the typed input of this name.
    """

    sockets: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[tuple[str, str], ...] = ()
    beside: Mapping[str, object] = field(default_factory=dict)


_CONDITIONS: Final = {"positive": "CONDITIONING", "negative": "CONDITIONING"}
KINDS: Final[Mapping[str, Kind]] = {
    "UNETLoader": Kind({}, {"unet_name": "COMBO", "weight_dtype": "COMBO"}, (("MODEL", "MODEL"),)),
    "CLIPLoader": Kind({}, {"clip_name": "COMBO", "type": "COMBO", "device": "COMBO"}, (("CLIP", "CLIP"),)),
    "VAELoader": Kind({}, {"vae_name": "COMBO"}, (("VAE", "VAE"),)),
    "ModelSamplingSD3": Kind({"model": "MODEL"}, {"shift": "FLOAT"}, (("MODEL", "MODEL"),)),
    "CLIPTextEncode": Kind({"clip": "CLIP"}, {"text": "STRING"}, (("CONDITIONING", "CONDITIONING"),)),
    "LoadImage": Kind({}, {"image": "COMBO"}, (("IMAGE", "IMAGE"), ("MASK", "MASK")), {"image": "image"}),
    "LoadVideo": Kind({}, {"file": "COMBO"}, (("VIDEO", "VIDEO"),), {"file": "image"}),
    "GetVideoComponents": Kind(
        {"video": "VIDEO"}, {}, (("images", "IMAGE"), ("audio", "AUDIO"), ("fps", "FLOAT"))
    ),
    "ImageToMask": Kind({"image": "IMAGE"}, {"channel": "COMBO"}, (("MASK", "MASK"),)),
    "WanVaceToVideo": Kind(
        {**_CONDITIONS, "vae": "VAE", "control_video": "IMAGE", "control_masks": "MASK", "reference_image": "IMAGE"},
        {"width": "INT", "height": "INT", "length": "INT", "batch_size": "INT", "strength": "FLOAT"},
        (("positive", "CONDITIONING"), ("negative", "CONDITIONING"), ("latent", "LATENT"), ("trim_latent", "INT")),
    ),
    "KSampler": Kind(
        {"model": "MODEL", **_CONDITIONS, "latent_image": "LATENT"},
        {"seed": "INT", "steps": "INT", "cfg": "FLOAT", "sampler_name": "COMBO", "scheduler": "COMBO",
         "denoise": "FLOAT"},
        (("LATENT", "LATENT"),),
        {"seed": "fixed"},
    ),
    "SetpieceNoise": Kind({}, {"file": "STRING"}, (("NOISE", "NOISE"),)),
    "CFGGuider": Kind({"model": "MODEL", **_CONDITIONS}, {"cfg": "FLOAT"}, (("GUIDER", "GUIDER"),)),
    "KSamplerSelect": Kind({}, {"sampler_name": "COMBO"}, (("SAMPLER", "SAMPLER"),)),
    "BasicScheduler": Kind(
        {"model": "MODEL"}, {"scheduler": "COMBO", "steps": "INT", "denoise": "FLOAT"}, (("SIGMAS", "SIGMAS"),)
    ),
    "SamplerCustomAdvanced": Kind(
        {"noise": "NOISE", "guider": "GUIDER", "sampler": "SAMPLER", "sigmas": "SIGMAS", "latent_image": "LATENT"},
        {},
        (("output", "LATENT"), ("denoised_output", "LATENT")),
    ),
    "TrimVideoLatent": Kind({"samples": "LATENT", "trim_amount": "INT"}, {}, (("LATENT", "LATENT"),)),
    "VAEDecode": Kind({"samples": "LATENT", "vae": "VAE"}, {}, (("IMAGE", "IMAGE"),)),
    "CreateVideo": Kind({"images": "IMAGE"}, {"fps": "FLOAT"}, (("VIDEO", "VIDEO"),)),
    "SaveVideo": Kind({"video": "VIDEO"}, {"filename_prefix": "STRING", "format": "COMBO", "codec": "COMBO"}),
}  # fmt: skip
"""The nodes that are used."""

WORD_TYPED: Final = {"trim_amount"}
"""Inputs that the editor shows as fields and that are linked here all the same."""

SMALL: Final = 832 * 480
"""Pixels up to which the small model paints; larger pictures are for the large one."""
MODELS: Final = ("wan2.1_vace_1.3B_fp16.safetensors", "wan2.1_vace_14B_fp16.safetensors")
SHIFTS: Final = (3.0, 5.0)
"""Of the noise schedule, up to ``SMALL`` and beyond, as in diffusers' documentation of VACE."""


@dataclass(frozen=True)
class Take:
    """What a workflow is about. controls: (file in ComfyUI's input folder, strength) of each. mask: a file there.

    noise: the file of starting noise, or None for ComfyUI's own. reference: a picture there whose style to follow.
    """

    name: str
    width: int
    height: int
    frames: int
    fps: float
    prompt: str
    negative: str
    controls: Sequence[tuple[str, float]]
    mask: str
    seed: int
    steps: int
    cfg: float
    noise: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Node:
    """One node of a workflow; inputs hold values, or links to the nodes before it."""

    kind: str
    inputs: Mapping[str, object]


def workflow(take: Take) -> dict[int, Node]:
    """The nodes by number, each after those it takes from."""
    nodes: dict[int, Node] = {}

    def add(kind: str, **inputs: object) -> Link:
        nodes[len(nodes) + 1] = Node(kind, inputs)
        return len(nodes), 0

    def out(link: Link, which: int) -> Link:
        return link[0], which

    large = take.width * take.height > SMALL
    loaded = add("UNETLoader", unet_name=MODELS[large], weight_dtype="default")
    model = add("ModelSamplingSD3", model=loaded, shift=SHIFTS[large])
    clip = add("CLIPLoader", clip_name="umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan", device="default")
    vae = add("VAELoader", vae_name="wan_2.1_vae.safetensors")
    positive = add("CLIPTextEncode", clip=clip, text=take.prompt)
    negative = add("CLIPTextEncode", clip=clip, text=take.negative)
    mask = add("ImageToMask", image=add("GetVideoComponents", video=add("LoadVideo", file=take.mask)), channel="red")
    reference = {} if take.reference is None else {"reference_image": add("LoadImage", image=take.reference)}
    vace = positive
    for file, strength in take.controls:
        pictures = add("GetVideoComponents", video=add("LoadVideo", file=file))
        vace = add(
            "WanVaceToVideo", positive=positive, negative=negative, vae=vae, control_video=pictures, control_masks=mask,
            width=take.width, height=take.height, length=take.frames, batch_size=1, strength=strength,
            **reference,
        )  # fmt: skip
        positive, negative = out(vace, 0), out(vace, 1)
    latent = out(vace, 2)
    if take.noise is None:
        painted = add(
            "KSampler", model=model, positive=positive, negative=negative, latent_image=latent, seed=take.seed,
            steps=take.steps, cfg=take.cfg, sampler_name="uni_pc", scheduler="simple", denoise=1.0,
        )  # fmt: skip
    else:
        painted = add(
            "SamplerCustomAdvanced",
            noise=add("SetpieceNoise", file=take.noise),
            guider=add("CFGGuider", model=model, positive=positive, negative=negative, cfg=take.cfg),
            sampler=add("KSamplerSelect", sampler_name="uni_pc"),
            sigmas=add("BasicScheduler", model=model, scheduler="simple", steps=take.steps, denoise=1.0),
            latent_image=latent,
        )
    trimmed = add("TrimVideoLatent", samples=painted, trim_amount=out(vace, 3))
    film = add("CreateVideo", images=add("VAEDecode", samples=trimmed, vae=vae), fps=take.fps)
    add("SaveVideo", video=film, filename_prefix=take.name, format="auto", codec="auto")
    return nodes


def as_api(nodes: Mapping[int, Node]) -> dict[str, Any]:
    """The workflow as ComfyUI's server takes it (``{"prompt": ...}`` to /prompt)."""
    return {
        str(number): {
            "class_type": node.kind,
            "inputs": {k: [str(v[0]), v[1]] if isinstance(v, tuple) else v for k, v in node.inputs.items()},
        }
        for number, node in nodes.items()
    }


def as_editor(nodes: Mapping[int, Node]) -> dict[str, Any]:
    """The workflow as ComfyUI's editor opens it (version 0.4 of its format)."""
    links: list[list[object]] = []
    leaving: dict[Link, list[int]] = {}
    shown = []
    depth: dict[int, int] = {}
    rows: dict[int, int] = {}
    for number, node in nodes.items():
        kind = KINDS[node.kind]
        inputs = []
        for slot, (name, type_) in enumerate(kind.sockets.items()):
            source = node.inputs.get(name)
            if isinstance(source, tuple):
                links.append([len(links) + 1, source[0], source[1], number, slot, type_])
                leaving.setdefault(source, []).append(len(links))
            told: dict[str, object] = {"name": name, "type": type_, "link": len(links) if source else None}
            inputs.append(told | ({"widget": {"name": name}} if name in WORD_TYPED else {}))
        values: list[object] = [0 for name in kind.sockets if name in WORD_TYPED]
        for name in kind.typed:
            values += [node.inputs[name], *([kind.beside[name]] if name in kind.beside else [])]
        sources = [v[0] for v in node.inputs.values() if isinstance(v, tuple)]
        depth[number] = 1 + max((depth[k] for k in sources), default=-1)
        rows[depth[number]] = rows.get(depth[number], -1) + 1
        shown.append(
            {
                "id": number,
                "type": node.kind,
                "pos": [380 * depth[number], 320 * rows[depth[number]]],
                "size": [340, 60 + 24 * max(len(kind.sockets) + len(kind.typed), len(kind.outputs))],
                "flags": {},
                "order": number - 1,
                "mode": 0,
                "inputs": inputs,
                "properties": {"Node name for S&R": node.kind},
                "widgets_values": values,
            }
        )
    for one in shown:
        outputs = KINDS[str(one["type"])].outputs
        one["outputs"] = [
            {"name": name, "type": type_, "links": leaving.get((int(str(one["id"])), k)), "slot_index": k}
            for k, (name, type_) in enumerate(outputs)
        ]
    return {
        "last_node_id": len(nodes), "last_link_id": len(links), "nodes": shown, "links": links, "groups": [],
        "config": {}, "extra": {}, "version": 0.4,
    }  # fmt: skip


NOISE_NODE: Final = '''"""Starting noise from a file: copy this into ComfyUI/custom_nodes and start ComfyUI again."""

import os

import folder_paths
import torch
from safetensors.torch import load_file


class Noise:
    def __init__(self, path):
        self.seed, self.path = 0, path

    def generate_noise(self, input_latent):
        wanted = input_latent["samples"].shape
        noise = load_file(self.path)["noise"].float()
        missing = wanted[2] - noise.shape[2]  # reference pictures come before the film, and have noise of their own
        if missing > 0:
            fresh = torch.randn((*noise.shape[:2], missing, *noise.shape[3:]), generator=torch.manual_seed(0))
            noise = torch.cat([fresh, noise], dim=2)
        if noise.shape != wanted:
            raise ValueError(f"the noise is {tuple(noise.shape)}, and the latents are {tuple(wanted)}")
        return noise


class SetpieceNoise:
    RETURN_TYPES = ("NOISE",)
    FUNCTION = "load"
    CATEGORY = "sampling/custom_sampling/noise"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"file": ("STRING", {"default": "noise.safetensors"})}}

    def load(self, file):
        return (Noise(os.path.join(folder_paths.get_input_directory(), file)),)


NODE_CLASS_MAPPINGS = {"SetpieceNoise": SetpieceNoise}
'''
"""The file of the custom node."""
