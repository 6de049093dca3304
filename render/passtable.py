"""What passes there are: their channels, their precision in a file, what their numbers mean, and how a PNG shows them.

A PNG is fixed for ever, or for its shot where it says so, so nothing flickers and a file can be read without its
neighbours. Float values are what NPZ holds; EXR holds colours, normals and light in half precision, all else exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEPTH_HALF_M: Final = 5.0
"""Depth that is mid-grey in a PNG, metres."""
MOTION_STEP: Final = 64.0
"""Steps of a PNG's motion to a pixel."""
RANKS: Final = 6
"""Names a pixel of a Cryptomatte can hold."""


@dataclass(frozen=True)
class Pass:
    """One pass. channels: their names in an EXR. about: what the values are. png: how a picture shows them.

    layer: of the channels in an EXR, where it is not the pass's own name. half: whether 11 bits are enough for it.
    """

    channels: tuple[str, ...]
    about: str
    png: str
    half: bool = False
    layer: str | None = None


_RGB: Final = ("R", "G", "B")
_XYZ: Final = ("X", "Y", "Z")
_NORMAL: Final = "8 bit, (n + 1) / 2"
_ID: Final = "8 bit, a colour for each, black for nothing; png.json says which"
_GREY: Final = "8 bit, black 0, white 1"
_SRGB: Final = "8 bit, sRGB"
_LIGHT: Final = "8 bit, as a white wall shows it, through the shot's exposure and film curve"
_DEPTH: Final = f"16 bit, {DEPTH_HALF_M:g} m / ({DEPTH_HALF_M:g} m + depth): near white, sky 0"
_CUBES: Final = "8 bit, (1 + sin(pi/2 * metres)) / 2: the colours repeat every four metres"
_MOTION: Final = (
    f"16 bit, red and green: 32768 + {MOTION_STEP:g} * pixels (right, down); blue: 1 where known (as KITTI has it)"
)
_CRYPTO: Final = "8 bit, the colours of ids, mixed by coverage"


def _crypto(layer: str, what: str) -> Pass:
    channels = tuple(f"{letter}" for letter in "RGBA")
    about = f"Cryptomatte 1.2 of {what}: {RANKS} pairs of id and coverage, the largest coverage first, 4 x 4 samples"
    return Pass(channels, about, _CRYPTO, layer=layer)


SURFACE: Final[dict[str, Pass]] = {
    "depth": Pass(("Z",), "metres along the camera's axis, inf for sky", _DEPTH),
    "distance": Pass(("Z",), "metres along the ray, inf for sky", _DEPTH),
    "inverse_depth": Pass(
        ("Y",), "(1/depth - 1/far) / (1/near - 1/far), near and far fixed for the shot; sky as at infinity",
        "16 bit, clipped to 0-1: near white, or black with --depth-polarity near-black",
    ),
    "normal": Pass(_XYZ, "unit, world, smooth, of the side that is seen; 0 for sky", _NORMAL, half=True),
    "geometric_normal": Pass(_XYZ, "unit, world, of the flat triangle; 0 for sky", _NORMAL, half=True),
    "camera_normal": Pass(
        _XYZ, "unit, smooth, camera's axes (+X right, +Y down, +Z forward)",
        "8 bit, (x, -y, -z) as (n + 1) / 2: what faces the viewer is lilac", half=True,
    ),
    "camera_geometric_normal": Pass(
        _XYZ, "unit, of the flat triangle, camera's axes; 0 for sky", "8 bit, as camera_normal", half=True
    ),
    "position": Pass(_XYZ, "metres, world", _CUBES),
    "rest_position": Pass(_XYZ, "metres, where the surface point is when its thing is at rest", _CUBES),
    "tracking": Pass(
        _RGB, "where the surface point was when the shot began, over the shot's box, so that the colour goes with it; "
        "0 for sky", "16 bit, clipped to 0-1",
    ),
    "uv": Pass(("U", "V"), "metres along the surface", "8 bit, red u, green v, a tile a metre"),
    "object_id": Pass(("id",), "stable id of the thing, 0 for sky", _ID),
    "character_id": Pass(("id",), "stable id of the character, 0 elsewhere", _ID),
    "material_id": Pass(("id",), "stable id of the material, 0 for sky", _ID),
    "instance_id": Pass(
        ("id",), "1, 2, … over the things of the world in order of their names, parts counted with their wholes; 0 sky",
        _ID,
    ),
    "segmentation": Pass(("id",), "rows of ADE20K's 150 classes", "8 bit, the colours of ADE20K"),
    "albedo": Pass(_RGB, "linear Rec.709 base colour with texture, mean of the pixel", _SRGB, half=True),
    "roughness": Pass(("Y",), "0-1, mean of the pixel", _GREY, half=True),
    "metallic": Pass(("Y",), "0-1, mean of the pixel", _GREY, half=True),
    "emission": Pass(_RGB, "linear radiance of lamps, kcd/m2, mean of the pixel", _LIGHT, half=True),
    "edges": Pass(("Y",), "0-1, thin lines where thing, material, depth or direction changes", _GREY, half=True),
    "soft_edges": Pass(("Y",), "0-1, the lines weighted by how much changes, and blurred", _GREY, half=True),
    "keypoints": Pass(
        _RGB, "OpenPose's picture of people (COCO-18), sRGB; their points are in NNNN.json", "8 bit", half=True
    ),
    "forward_motion": Pass(
        ("u", "v"), "pixels to the next frame, right and down (in an EXR right and up, as Nuke has it); 0 in the last",
        _MOTION, layer="forward",
    ),
    "backward_motion": Pass(
        ("u", "v"), "pixels to the previous frame, right and down (in an EXR right and up); 0 in the first",
        _MOTION, layer="backward",
    ),
    "occlusion_mask": Pass(("Y",), "1 where the next frame covers what is seen here; 0 in the last", _GREY, half=True),
    "disocclusion_mask": Pass(
        ("Y",), "1 where the previous frame did not show what is seen here; 1 in the first", _GREY, half=True
    ),
    "crypto_object": _crypto("CryptoObject", "things"),
    "crypto_material": _crypto("CryptoMaterial", "materials"),
    "crypto_character": _crypto("CryptoCharacter", "characters"),
}  # fmt: skip
"""Passes that need geometry alone."""

LIGHT: Final[dict[str, Pass]] = {
    "shade": Pass(
        ("R", "G", "B", "A"), "the lit world as it is exposed, linear Rec.709, before the film curve; A: all but sky",
        "8 bit, through the film curve, sRGB", half=True, layer="",
    ),
    "sun": Pass(("Y",), "cosine to the sun where it shines, else 0", _GREY, half=True),
    "sky_light": Pass(_RGB, "irradiance of the sky, kilolux", _LIGHT, half=True),
    "bounce": Pass(_RGB, "irradiance from other surfaces, kilolux", _LIGHT, half=True),
    "lamps": Pass(_RGB, "irradiance of lamps, kilolux", _LIGHT, half=True),
    "ambient_occlusion": Pass(("Y",), "1 in the open, towards 0 in corners", _GREY, half=True),
    "mirror": Pass(_RGB, "radiance in the mirror direction of glossy surfaces, kcd/m2", _LIGHT, half=True),
    "transmittance": Pass(("Y",), "share of what is seen that comes through fog, 1 in clear air", _GREY, half=True),
    "airlight": Pass(_RGB, "radiance that fog adds, kcd/m2", _LIGHT, half=True),
    "radiance": Pass(_RGB, "what the camera sees, kcd/m2, not exposed", _LIGHT, half=True),
}  # fmt: skip
"""Passes of the proxy's light (``render.shade.Shading``)."""

PASSES: Final[dict[str, Pass]] = SURFACE | LIGHT
NAMES: Final = tuple(PASSES)
IDS: Final = ("object_id", "character_id", "material_id", "instance_id")
CRYPTO: Final = ("crypto_object", "crypto_material", "crypto_character")
PER_SHOT: Final = ("inverse_depth", "tracking")
"""Passes on a scale that is measured once a shot."""


def chosen_passes(words: str) -> tuple[str, ...]:
    """Names of ``A,B`` or ``all``. Errors: ``ValueError`` for an unknown one."""
    names = tuple(dict.fromkeys(word.strip().replace("-", "_") for word in words.split(",") if word.strip()))
    if names == ("all",):
        return NAMES
    unknown = [name for name in names if name not in PASSES]
    if unknown or not names:
        raise ValueError(f"{unknown[0] if unknown else words!r} is not a pass: choose from {', '.join(NAMES)}, or all")
    return names
