"""How each kind of control looks to the models that were trained on it: polarity, axes, palette, lines.

A style says what a model expects; ``conditioning.control_video`` turns exact frames into pictures of it. Where a source
states a convention it is named beside the constant; what was inferred from published code says so. Models were trained
on what annotators estimate; exact pictures in the same convention are cleaner than anything they saw, and how well each
model takes them only its real weights can show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Direction = Literal["right", "left", "up", "down", "viewer", "away"]
"""Where a surface looks, as the camera sees it."""


@dataclass(frozen=True)
class DepthStyle:
    """Grey depth on the shot's own scale, which no frame changes; the sky is as what is farthest.

    near: the colour of what is near. inverse: even steps in 1 / depth; else even steps in depth.
    """

    near: Literal["white", "black"] = "white"
    inverse: bool = True


@dataclass(frozen=True)
class NormalStyle:
    """Normals in camera space as (n + 1) / 2. axes: where a surface looks whose red, green or blue is full.

    The sky has no normal, and is shown as if it looked at the viewer.
    """

    axes: tuple[Direction, Direction, Direction] = ("left", "up", "viewer")


@dataclass(frozen=True)
class SegmentationStyle:
    """palette: ``ade20k`` one colour a class, ``things`` one a thing, black for the sky."""

    palette: Literal["ade20k", "things"] = "ade20k"


@dataclass(frozen=True)
class EdgeStyle:
    """Lines of the world. stroke: ``thin`` of black and white alone, as Canny's; ``fine`` the same anti-aliased;
    ``soft`` broad and fading, as HED's. paper: the colour of what lies between them.
    """

    stroke: Literal["thin", "fine", "soft"] = "thin"
    paper: Literal["black", "white"] = "black"


@dataclass(frozen=True)
class PoseStyle:
    """OpenPose's eighteen points. stick: half the width of a limb over the picture's shorter side."""

    stick: float = 4 / 512


@dataclass(frozen=True)
class TrackingStyle:
    """Every surface point in the colour of where it was when the shot began, over the shot's box; black for the sky."""


@dataclass(frozen=True)
class BlurStyle:
    """The lit proxy, made smaller ``factor`` times and as large again: rough colours and light."""

    factor: int = 10


Style = DepthStyle | NormalStyle | EdgeStyle | SegmentationStyle | PoseStyle | TrackingStyle | BlurStyle
ControlName = Literal["depth", "normal", "edges", "segmentation", "pose", "tracking", "blur"]
"""What controls are called, in scenes and by the models that take them."""

NAMES: Final[tuple[ControlName, ...]] = get_args(ControlName)

INVERSE_DEPTH: Final = DepthStyle()
"""Near white, as MiDaS and Depth Anything estimate it, and with them all models that were trained on what they say.
VACE's annotators (``vace/annotators/depth.py``) stretch each frame's inverse depth from its own minimum to its maximum,
which flickers; here the range is the shot's."""

NORMAL_BAE: Final = NormalStyle()
"""ControlNet 1.1 ``normalbae``: "ScanNet's protocol" (its README); red left, green up, blue front, and so do DSINE
(issue 8 of baegwangbin/DSINE: x right, y down, z front, of normals that point away from the camera, which is the same)
and StableNormal (issue 18 of Stable-X/StableNormal)."""

NORMAL_OPENGL: Final = NormalStyle(("right", "up", "viewer"))
"""What renderers and Marigold call camera space (OpenGL): red right. No model here was trained on it by its own
account; for tools that ask for it."""

ADE20K: Final = SegmentationStyle()
"""ControlNet's segmentation (``worldgen.ade20k``)."""

THINGS: Final = SegmentationStyle("things")
"""Cosmos-Transfer: masks of GroundingDINO and SAM 2 in colours that mean nothing but "another thing"."""

CANNY: Final = EdgeStyle()
"""White on black, a pixel wide. Cosmos' edge control is OpenCV's Canny (thresholds 100 and 200 by default), as are
ControlNet's and CogVideoX-Fun's. Of a photograph it also draws textures and shadows; this draws the world's forms."""

SOFT_EDGES: Final = EdgeStyle("soft")
"""White on black: HED and PiDiNet (``annotator/hed``, ``annotator/pidinet`` of ControlNet 1.1)."""

LINEART: Final = EdgeStyle("fine")
"""White on black: ControlNet's lineart, after its annotator has inverted it."""

SCRIBBLE: Final = EdgeStyle("fine", paper="white")
"""VACE's scribble: the drawing network's output as it is (``vace/annotators/scribble.py``), dark on white paper; that
the paper is white is inferred from that network's kind, not stated."""

OPENPOSE: Final = PoseStyle()
"""ControlNet and CogVideoX-Fun: limbs drawn with a half width of 4 pixels at a shorter side of 512."""

DWPOSE_VACE: Final = PoseStyle(4 / 1024)
"""VACE draws the same 4 pixels at a shorter side of 1024 (``vace/annotators/pose.py``)."""

OPENPOSE_XINSIR: Final = PoseStyle(12 / 1024)
"""xinsir's models know thicker limbs: 4 pixels times 2 + side // 1000 (``xinsr_stick_scaling`` of controlnet_aux)."""

WORLD_COLOURS: Final = TrackingStyle()
"""After Diffusion as Shader (Gu et al. 2025), whose points carry the colour of their place in the first frame; its
colours are of the first camera's axes, these of the world's box."""

COSMOS_BLUR: Final = BlurStyle()
"""Cosmos' ``vis`` or ``blur`` at its preset ``medium``: down and up again by ten. Its bilateral filter before that
flattens what a photograph has and the proxy has not: grain."""
