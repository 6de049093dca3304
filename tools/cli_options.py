"""What options of the ``setpiece`` command may be: their choices, their words, in one place for all verbs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer


class Guidance(StrEnum):
    """Whether frames are kept consistent by reprojection."""

    on = "on"
    off = "off"


class Quality(StrEnum):
    """How large and how carefully."""

    draft = "draft"
    preview = "preview"
    final = "final"


class PassFormat(StrEnum):
    """What passes are written as."""

    png = "png"
    npz = "npz"
    exr = "exr"


class Program(StrEnum):
    """Which other program passes are made for."""

    comfyui = "comfyui"
    wan_vace = "wan-vace"
    cosmos = "cosmos"


class FilmCodec(StrEnum):
    """How a film is packed."""

    h264 = "h264"
    h265 = "h265"
    prores = "prores"
    ffv1 = "ffv1"


class DepthPolarity(StrEnum):
    """Which end of inverse depth is white."""

    near_white = "near-white"
    near_black = "near-black"


SceneFile = Annotated[Path, typer.Argument(metavar="SCENE", help="The scene file, or the folder with its scene.yaml.")]
Out = Annotated[Path, typer.Option(help="Where the folder of the scene goes.")]
ShotName = Annotated[str | None, typer.Option(help="Only the shot of this name.")]
PictureSize = Annotated[str | None, typer.Option(metavar="WxH", help="Another picture size, like 640x360.")]
QualityOption = Annotated[
    Quality, typer.Option(help="draft: a quarter of the width and height; preview: half; final: as the scene says.")
]
RasterizerName = Annotated[str, typer.Option(help="auto, gl, embree, open3d or pytorch3d.")]
ModelsDir = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Where models are; unsaid: SETPIECE_MODELS, or the user's cache folder."),
]
GuidanceOption = Annotated[Guidance, typer.Option("--guidance", help="off paints every frame by itself.")]
Memory = Annotated[
    bool, typer.Option("--memory/--no-memory", help="Remember what surfaces look like, across shots and runs.")
]
Prompt = Annotated[
    str | None, typer.Option("--prompt", help="Words for every shot, in place of the look's: `film noir, snow`.")
]
ModelName = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Who paints; `setpiece models` lists them.")
]
OffloadOption = Annotated[
    Literal["none", "model", "sequential"] | None,
    typer.Option(
        "--offload", help="Where a big model's weights wait: none: on the GPU; else its parts, or layers, come in turn."
    ),
]
Quantise = Annotated[
    Literal["int8", "fp8", "nf4"] | None,
    typer.Option("--quantise", help="Store a big model's networks in fewer bits: less memory, less exact."),
]
StartFrom = Annotated[
    str | None,
    typer.Option("--start-from", metavar="pocket|FILM", help="For a big model: a film of the shot to paint over."),
]
Strength = Annotated[
    float | None,
    typer.Option("--strength", min=0.01, max=1, help="How much of that film is painted anew; unsaid: 0.6."),
]
Steps = Annotated[
    int | None, typer.Option("--steps", min=1, max=1000, help="Sampling steps; unsaid: the scene's or the model's.")
]
Frames = Annotated[str | None, typer.Option("--frames", metavar="A-B", help="Only these frames, counted from 1.")]
Still = Annotated[int | None, typer.Option("--still", min=1, metavar="N", help="Only this frame, counted from 1.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Another seed; one step of pocket has no noise to seed.")]
Force = Annotated[bool, typer.Option("--force", help="Make it again even if it is there.")]
Json = Annotated[bool, typer.Option("--json", help="The result as JSON on stdout.")]
