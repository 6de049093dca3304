"""setpiece passes --for: what other programs get, held against what their sources say they take."""

from __future__ import annotations

import json
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from conditioning.models import wan
from conditioning.models.cosmos import COSMOS_TRANSFER
from render.files import read_image, write_image
from render.video import read_video
from tests.tools.conftest import Run
from tools.commands_handoff import _parts
from tools.handoff import size_for, written_frames
from tools.handoff_comfyui import NOISE_NODE, Take, as_api, as_editor, workflow

# Inputs of ComfyUI's nodes and what they give, from its sources: an upper-case name is a socket of that type, a tuple
# the words that may be chosen, a type what is typed in. Optional inputs end in "?".
NODES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "UNETLoader": ({"unet_name": str, "weight_dtype": ("default", "fp8_e4m3fn", "fp8_e5m2")}, ("MODEL",)),
    "CLIPLoader": ({"clip_name": str, "type": ("stable_diffusion", "wan"), "device?": ("default", "cpu")}, ("CLIP",)),
    "VAELoader": ({"vae_name": str}, ("VAE",)),
    "ModelSamplingSD3": ({"model": "MODEL", "shift": float}, ("MODEL",)),
    "CLIPTextEncode": ({"text": str, "clip": "CLIP"}, ("CONDITIONING",)),
    "LoadVideo": ({"file": str}, ("VIDEO",)),
    "LoadImage": ({"image": str}, ("IMAGE", "MASK")),
    "GetVideoComponents": ({"video": "VIDEO"}, ("IMAGE", "AUDIO", "FLOAT")),
    "ImageToMask": ({"image": "IMAGE", "channel": ("red", "green", "blue", "alpha")}, ("MASK",)),
    "WanVaceToVideo": (
        {"positive": "CONDITIONING", "negative": "CONDITIONING", "vae": "VAE", "width": int, "height": int,
         "length": int, "batch_size": int, "strength": float, "control_video?": "IMAGE", "control_masks?": "MASK",
         "reference_image?": "IMAGE"},
        ("CONDITIONING", "CONDITIONING", "LATENT", "INT"),
    ),
    "KSampler": (
        {"model": "MODEL", "seed": int, "steps": int, "cfg": float, "sampler_name": ("euler", "uni_pc"),
         "scheduler": ("simple", "normal"), "positive": "CONDITIONING", "negative": "CONDITIONING",
         "latent_image": "LATENT", "denoise": float},
        ("LATENT",),
    ),
    "SetpieceNoise": ({"file": str}, ("NOISE",)),
    "CFGGuider": ({"model": "MODEL", "positive": "CONDITIONING", "negative": "CONDITIONING", "cfg": float},
                  ("GUIDER",)),
    "KSamplerSelect": ({"sampler_name": ("euler", "uni_pc")}, ("SAMPLER",)),
    "BasicScheduler": ({"model": "MODEL", "scheduler": ("simple",), "steps": int, "denoise": float}, ("SIGMAS",)),
    "SamplerCustomAdvanced": (
        {"noise": "NOISE", "guider": "GUIDER", "sampler": "SAMPLER", "sigmas": "SIGMAS", "latent_image": "LATENT"},
        ("LATENT", "LATENT"),
    ),
    "TrimVideoLatent": ({"samples": "LATENT", "trim_amount": "INT"}, ("LATENT",)),
    "VAEDecode": ({"samples": "LATENT", "vae": "VAE"}, ("IMAGE",)),
    "CreateVideo": ({"images": "IMAGE", "fps": float, "audio?": "AUDIO"}, ("VIDEO",)),
    "SaveVideo": ({"video": "VIDEO", "filename_prefix": str, "format": ("auto", "mp4"), "codec": ("auto", "h264")}, ()),
}  # fmt: skip

BESIDE = {("KSampler", "seed"), ("LoadVideo", "file"), ("LoadImage", "image")}
"""Fields after which the editor keeps a button's word."""

TAKE = Take("yard-look", 832, 480, 9, 24.0, "a yard", "blurry", [("d.mp4", 0.9), ("e.mp4", 0.4)], "m.mp4", 7, 30, 5.0)


def check(api: dict[str, Any]) -> None:
    """Every node is known, has the inputs that it needs and no others, of the right types."""
    for number, node in api.items():
        inputs, _ = NODES[node["class_type"]]
        known = {name.rstrip("?"): kind for name, kind in inputs.items()}
        needed = {name for name in inputs if not name.endswith("?")}
        assert needed <= set(node["inputs"]) <= set(known), f"{number} {node['class_type']}"
        for name, value in node["inputs"].items():
            kind = known[name]
            if isinstance(kind, str):
                source, slot = value
                assert NODES[api[source]["class_type"]][1][slot] == kind, f"{number}.{name}"
            elif isinstance(kind, tuple):
                assert value in kind, f"{number}.{name}"
            else:
                assert isinstance(value, kind), f"{number}.{name}"


def api_of(editor: dict[str, Any]) -> dict[str, Any]:
    """What ComfyUI's editor sends for a workflow that it has opened."""
    links = {link[0]: link for link in editor["links"]}
    api = {}
    for node in editor["nodes"]:
        kinds = {name.rstrip("?"): kind for name, kind in NODES[node["type"]][0].items()}
        values = list(node["widgets_values"])
        inputs: dict[str, Any] = {}
        for one in node["inputs"]:
            if one.get("widget"):
                values.pop(0)  # a field that is linked keeps its value all the same
            if one["link"] is not None:
                _, source, slot, target, at, kind = links[one["link"]]
                assert (target, node["inputs"][at]["name"], kind) == (node["id"], one["name"], one["type"])
                from_node = editor["nodes"][source - 1]
                assert one["link"] in from_node["outputs"][slot]["links"]
                inputs[one["name"]] = [str(source), slot]
        for name, kind in kinds.items():
            if not isinstance(kind, str):
                inputs[name] = values.pop(0)
                if (node["type"], name) in BESIDE:
                    assert values.pop(0) in ("fixed", "image")
        assert not values
        api[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
    return api


@pytest.mark.parametrize(("noise", "reference"), [(None, "r.png"), ("n.safetensors", None)])
def test_a_workflow_has_what_comfyui_s_nodes_take(noise: str | None, reference: str | None) -> None:
    api = as_api(workflow(replace(TAKE, noise=noise, reference=reference)))
    check(api)
    vace = [node["inputs"] for node in api.values() if node["class_type"] == "WanVaceToVideo"]
    assert [one["strength"] for one in vace] == [0.9, 0.4]
    first = next(number for number, node in api.items() if node["class_type"] == "WanVaceToVideo")
    assert vace[1]["positive"] == [first, 0]  # chained: each adds its control
    assert vace[1]["negative"] == [first, 1]
    assert {one["length"] for one in vace} == {9}
    kinds = {node["class_type"] for node in api.values()}
    assert ("KSampler" in kinds) == (noise is None)
    assert all(("reference_image" in one) == (reference is not None) for one in vace)


@pytest.mark.parametrize(("noise", "reference"), [(None, "r.png"), ("n.safetensors", None)])
def test_the_editor_s_workflow_is_the_same(noise: str | None, reference: str | None) -> None:
    nodes = workflow(replace(TAKE, noise=noise, reference=reference))
    editor = json.loads(json.dumps(as_editor(nodes)))
    assert api_of(editor) == as_api(nodes)
    assert len({tuple(node["pos"]) for node in editor["nodes"]}) == len(nodes)


def test_large_pictures_are_for_the_large_model() -> None:
    large = as_api(workflow(replace(TAKE, width=1280, height=720)))
    assert large["1"]["inputs"]["unet_name"] == "wan2.1_vace_14B_fp16.safetensors"
    assert as_api(workflow(TAKE))["1"]["inputs"]["unet_name"] == "wan2.1_vace_1.3B_fp16.safetensors"


def test_the_noise_node_gives_the_file_s_noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.torch import save_file

    noise = torch.randn(1, 16, 3, 6, 8)
    save_file({"noise": noise}, tmp_path / "n.safetensors")
    paths = types.ModuleType("folder_paths")
    paths.get_input_directory = lambda: str(tmp_path)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "folder_paths", paths)
    space: dict[str, Any] = {}
    exec(NOISE_NODE, space)
    (made,) = space["NODE_CLASS_MAPPINGS"]["SetpieceNoise"]().load("n.safetensors")
    assert torch.equal(made.generate_noise({"samples": torch.zeros(1, 16, 3, 6, 8)}), noise)
    behind = made.generate_noise({"samples": torch.zeros(1, 16, 4, 6, 8)})  # a reference picture before it
    assert torch.equal(behind[:, :, 1:], noise)
    with pytest.raises(ValueError, match="the noise is"):
        made.generate_noise({"samples": torch.zeros(1, 16, 3, 6, 9)})


def test_sizes_and_frames_are_the_tool_s() -> None:
    small, large, *_ = wan.FAMILIES
    assert size_for("wan-vace", small, 640, 360) == (832, 480)
    assert size_for("wan-vace", large, 1920, 1080) == (1280, 720)
    assert size_for("wan-vace", small, 360, 640) == (480, 832)
    assert size_for("comfyui", small, 645, 360) == (656, 368)
    assert size_for("cosmos", COSMOS_TRANSFER, 1920, 1080) == (1280, 704)
    assert size_for("cosmos", COSMOS_TRANSFER, 500, 500) == (512, 512)
    assert [written_frames("comfyui", small, n) for n in (1, 2, 81)] == [1, 5, 81]
    assert written_frames("cosmos", COSMOS_TRANSFER, 100) == 100
    parts = _parts("comfyui", small, range(10, 130))
    assert (parts[0].start, parts[-1].stop, max(map(len, parts)) <= 81, len(parts)) == (10, 130, True, 2)
    assert _parts("cosmos", COSMOS_TRANSFER, range(300)) == [range(300)]


def test_for_comfyui(yard: Path, tmp_path: Path, run: Run) -> None:
    text = yard.read_text(encoding="utf-8").replace(
        "prompt: a yard", "controls: {depth: {0s: 1, 0.2s: 0.4}}, reference: style.png, prompt: a yard"
    )
    yard.write_text(text, encoding="utf-8")
    write_image(yard.parent / "style.png", np.full((20, 30, 3), 99, np.uint8))
    asked = ("passes", yard, "--for", "comfyui", "--shot", "look", "--size", "70x40", "--out", tmp_path, "--json")
    answer = run(*asked)
    assert answer.code == 0, answer.err
    (told,) = answer.json["parts"]
    assert told["size"] == [80, 48]
    assert told["written_frames"] == 9
    assert "comfyui takes one strength for all frames: depth has its mean" in answer.err
    falling = np.maximum(0.4, 1 - 3 * np.arange(6) / 24)
    np.testing.assert_allclose(told["controls"]["depth"]["strength"], falling, atol=1e-3)
    folder = Path(told["folder"])
    for name in told["files"]:
        assert (folder / name).stat().st_size > 0, name
    api = json.loads((folder / "workflow_api.json").read_text(encoding="utf-8"))
    check(api)
    for node in api.values():
        if node["class_type"] == "LoadVideo":
            frames = list(read_video(folder / "input" / node["inputs"]["file"]))
            assert (len(frames), frames[0].shape) == (9, (48, 80, 3))
            np.testing.assert_allclose(frames[-1].astype(int), frames[5], atol=2)
        if node["class_type"] == "LoadImage":
            assert read_image(folder / "input" / node["inputs"]["image"]).shape == (20, 30, 3)
        if node["class_type"] == "WanVaceToVideo":
            assert node["inputs"]["strength"] == pytest.approx(float(falling.mean()), abs=1e-3)
    mask = list(read_video(folder / "input" / "yard-look_mask.mp4"))
    assert min(picture.min() for picture in mask) == 255  # nothing is known
    noise = load_file(folder / "input" / "yard-look_noise.safetensors")["noise"]
    assert noise.shape == (1, 16, 3, 6, 10)
    assert abs(noise.std() - 1) < 0.1
    assert len(json.loads((folder / "camera.json").read_text(encoding="utf-8"))["frames"]) == 6
    assert (folder / "prompt.txt").read_text(encoding="utf-8").strip() == "sunlight on a wall, a yard at noon"
    again = run(*asked)
    assert "nothing to do" in again.err
    assert again.json["parts"] == [told]


def test_what_is_remembered_is_kept(yard: Path, tmp_path: Path, run: Run) -> None:
    assert run("render", yard, "--shot", "look", "--out", tmp_path).code == 0
    answer = run("passes", yard, "--for", "comfyui", "--shot", "look", "--frames", "2-3", "--out", tmp_path, "--json")
    assert answer.code == 0, answer.err
    (told,) = answer.json["parts"]
    assert told["known"]
    folder = Path(told["folder"]) / "input"
    mask, known, depth = (
        next(read_video(folder / f"yard-look-0002-0003_{name}.mp4")) for name in ("mask", "known", "depth")
    )
    kept = mask.max(-1) < 20
    assert kept.mean() > 0.2
    inside = kept[2:-2, 2:-2] & kept[4:, 2:-2] & kept[:-4, 2:-2] & kept[2:-2, 4:] & kept[2:-2, :-4]
    off = np.abs(known.astype(int) - depth)[2:-2, 2:-2][inside]
    assert off.mean() < 3  # where it is known, the control clip shows what is known


def test_for_cosmos(yard: Path, tmp_path: Path, run: Run) -> None:
    text = yard.read_text(encoding="utf-8").replace(
        "prompt: a yard", "controls: {depth: 0.5, edges: 2, blur: 1}, prompt: a yard"
    )
    yard.write_text(text, encoding="utf-8")
    answer = run("passes", yard, "--for", "cosmos", "--shot", "again", "--size", "64x48", "--out", tmp_path, "--json")
    assert answer.code == 0, answer.err
    (told,) = answer.json["parts"]
    folder = Path(told["folder"])
    spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    # the fields of InferenceArguments and ControlConfig in cosmos_transfer2/config.py
    known = {"name", "prompt_path", "negative_prompt", "video_path", "guidance", "seed", "num_steps", "edge", "depth",
             "vis", "seg", "guided_generation_mask", "image_context_path"}  # fmt: skip
    assert set(spec) <= known
    assert {"depth", "edge", "vis"} <= set(spec)
    for key in ("depth", "edge", "vis"):
        assert set(spec[key]) <= {"control_path", "mask_path", "control_weight", "mask_prompt"}
        assert 0 <= spec[key]["control_weight"] <= 1
    assert spec["depth"]["control_weight"] == 0.25  # half of the half that is recommended
    clips = [spec[key]["control_path"] for key in ("depth", "edge", "vis")]
    assert all((folder / path).is_file() for path in (spec["prompt_path"], spec["video_path"], *clips))
    assert [len(list(read_video(folder / name))) for name in ("input.mp4", "depth.mp4", "edges.mp4")] == [2, 2, 2]


def test_for_vace_s_own_program(yard: Path, tmp_path: Path, run: Run) -> None:
    answer = run("passes", yard, "--for", "wan-vace", "--shot", "again", "--out", tmp_path, "--json")
    assert answer.code == 0, answer.err
    (told,) = answer.json["parts"]
    assert told["size"] == [832, 480]
    assert "run at 16 frames a second" in answer.err
    how = (Path(told["folder"]) / "README.txt").read_text(encoding="utf-8")
    assert "--src_video depth.mp4 --src_mask mask.mp4" in how
    assert "--size 480p" in how
    frames = list(read_video(Path(told["folder"]) / "depth.mp4"))
    assert (len(frames), frames[0].shape) == (5, (480, 832, 3))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--for", "cosmos"], "takes no pose control, only depth, edges, segmentation, blur"),
        (["--for", "wan-vace", "--size", "640x360"], "480x832, 720x1280, 832x480 or 1280x720"),
        (["--for", "comfyui", "--frames", "9"], "'9' are no frames of this shot"),
        (["--for", "cosmos", "--format", "exr"], "--format has no say in what --for cosmos writes"),
    ],
)
def test_what_a_program_cannot_be_given_is_one_sentence(
    yard: Path, tmp_path: Path, run: Run, arguments: list[str], words: str
) -> None:
    text = yard.read_text(encoding="utf-8").replace("prompt: a yard", "controls: {pose: 1}, prompt: a yard")
    yard.write_text(text, encoding="utf-8")
    answer = run("passes", yard, "--shot", "look", *arguments, "--out", tmp_path)
    assert answer.code == 2
    assert words in answer.err.replace("`", "")
