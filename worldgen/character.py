"""People: a body, what it wears and what it does, as one thing of the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from worldgen.actions import Action, Hold
from worldgen.clips import choreographed
from worldgen.conventions import F32, F64, linear_from_hex, seed_from
from worldgen.dressed import dressed
from worldgen.figure import Figure, figure
from worldgen.footing import Build
from worldgen.gait import standing
from worldgen.gaze import RESOLVING
from worldgen.hair import STYLES
from worldgen.headwear import HATS
from worldgen.landmarks import JOINT_OF, face_of, with_neck
from worldgen.material import Material, make
from worldgen.mesh import Mesh, vertex_normals
from worldgen.posture import SOLE, palm_frame, solved
from worldgen.sitting import Seat, place_before
from worldgen.skinning import Joints, Rig, skin_of, skinned
from worldgen.stage import Stage
from worldgen.world import Thing

GARMENTS: Final = (
    "top", "legs", "coat", "skirt", "shoes", "hair", "skin", "hat", "jacket", "dress", "shorts", "glasses", "beard",
)  # fmt: skip
JOINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "root": "Root",
        "hips": "pelvis",
        "spine": "spine_02",
        "chest": "spine_03",
        "neck": "neck_01",
        "head": "head",
        **{
            f"{side}_{name}": f"{bone}_{side[0]}"
            for side in ("left", "right")
            for name, bone in (
                ("shoulder", "upperarm"),
                ("elbow", "lowerarm"),
                ("hand", "hand"),
                ("thigh", "thigh"),
                ("knee", "calf"),
                ("foot", "foot"),
                ("toes", "ball"),
            )
        },
    }
)
"""A director's name of each joint, and the rig's. "head" is the middle of the head, between the eyes."""
GRIPS: Final[Mapping[str, str]] = MappingProxyType(
    {"left_palm": "l", "right_palm": "r", "left_grip": "l", "right_grip": "r"}
)
"""Frames of the hands. All lie in the palm. A palm's axes are the hand's: +Y along the fingers, +Z to the thumb's side,
+X out of the back of a right hand and out of the palm of a left one. A grip's stay level: +Z up, +Y where the body
faces, as something does that one carries upright."""

_PALETTES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "top": ("#8b8f86", "#3d4f5c", "#a4553b", "#d8d2c4", "#5b6b4a", "#7a3342"),
        "legs": ("#2b3444", "#22252b", "#4a4238", "#3a4a5e", "#565249"),
        "shoes": ("#3b2618", "#1d1b1a", "#5a3c25", "#4a4744"),
        "hair": ("#1c1512", "#3a2314", "#5b3a20", "#2a1b14", "#8a6238", "#6f6a66"),
        "skin": ("#c68e6d", "#d9a888", "#8d5a3c", "#b57b58", "#6a412b", "#d6a184"),
        "coat": ("#6d5b45",),
        "skirt": ("#4a3a4f",),
        "hat": ("#5a3a34",),
        "jacket": ("#3a3f4a",),
        "dress": ("#5a3045",),
        "shorts": ("#6a6458",),
        "glasses": ("#1a1a1c",),
        "beard": ("#3a2314",),
    }
)
_DARK_HAIR: Final = ("#1c1512", "#2a1b14", "#17110f")
_IRIS: Final = ("#3b2618", "#4a3a22", "#43566a", "#46563d", "#2c2018")


@dataclass(frozen=True)
class Actor:
    """A character. thing: its object in the world. joint: (name of ``JOINTS``, seconds) to (3,) world metres.

    frame: (name of ``JOINTS`` or ``GRIPS``, seconds) to (4, 4) world from joint; a joint's axes at rest are the
    character's (+X right, +Y forward, +Z up). holds: what it carries when.

    While the target of somebody's look is being looked up, all of these leave out where this character looks and
    points (``worldgen.gaze.RESOLVING``), so that people can look at each other. Hands that carry do not change by it.
    """

    thing: Thing
    joint: Callable[[str, float], F64]
    frame: Callable[[str, float], F64]
    holds: tuple[Hold, ...] = ()


def human(
    name: str,
    *,
    height: float = 1.72,
    build: float = 0.0,
    wardrobe: Mapping[str, str] | None = None,
    actions: Sequence[Action] = (),
    stage: Stage | None = None,
    seed: int = 0,
    masculine: float | None = None,
    hairstyle: str | None = None,
    hat_style: str = "beanie",
    detail: Literal["high", "low"] = "high",
) -> Actor:
    """A clothed person called ``name``.

    height: metres, 0.8–2.5. build: -1 slim … 1 heavy. wardrobe: garment of ``GARMENTS`` to '#rrggbb'; top, legs, shoes,
    hair and skin that are not named get a colour by ``seed``, all else is worn only when named; skirt, dress and shorts
    stand in for the legs, a dress for the top too. actions: see :mod:`worldgen.actions`. stage: what is known of the
    world; level ground without it. masculine: 0 feminine … 1 masculine; None: likely for the height. hairstyle: of
    ``STYLES``; None: by seed. hat_style: of ``HATS``. detail: "low" has about 6000 triangles, for crowds. Raises
    ValueError with one sentence for what cannot be.
    """
    if not (np.isfinite(height) and 0.8 <= height <= 2.5):
        raise ValueError(f"{name}: height is {height} m; a person is 0.8 m to 2.5 m tall")
    if not (np.isfinite(build) and -1 <= build <= 1):
        raise ValueError(f"{name}: build is {build}; it runs from -1 (slim) to 1 (heavy)")
    if masculine is None:
        masculine = float(np.clip((height - 1.64) / 0.16, 0.0, 1.0))
    elif not 0 <= masculine <= 1:
        raise ValueError(f"{name}: masculine is {masculine}; it runs from 0 to 1")
    rng = np.random.default_rng(seed_from("human", name, seed))
    colours = _colours(name, wardrobe or {}, rng)
    if hairstyle is None:
        hairstyle = "short" if masculine > 0.6 else str(rng.choice(("bob", "bun", "short"), p=(0.5, 0.3, 0.2)))
    elif hairstyle not in STYLES:
        raise ValueError(f"{name}: {_unknown('hairstyle', hairstyle, STYLES)}")
    if hat_style not in HATS:
        raise ValueError(f"{name}: {_unknown('style of hat', hat_style, HATS)}")
    locks = int(rng.integers(0, 7)) if detail == "high" else 1
    worn = dressed(round(build, 2), round(masculine, 2), frozenset(colours), hairstyle, hat_style, locks, detail)
    size = height / worn.height
    rig = Rig(worn.rig.names, worn.rig.parents, worn.rig.heads * size)
    rest = (worn.points * size).astype(np.float32)
    plain = Build(rig, size)
    whole = Build(rig, size, _seat(plain, figure(round(build, 2), round(masculine, 2))))
    motion = choreographed(actions, whole, stage or Stage(), float(rng.uniform(0.0, 20.0)), seed)
    materials = tuple(_material(name, part, colours, rng) for part in worn.parts)
    mesh = Mesh(
        rest + np.array([0.0, 0.0, SOLE * size], np.float32),
        worn.faces,
        vertex_normals(rest, worn.faces),
        (worn.uv * size).astype(np.float32),
        worn.part,
        materials,
    )
    face = np.array([0.0, 0.03, 0.045]) * size  # from the head's joint to between the eyes, about

    @lru_cache(maxsize=256)
    def posed(time: float, aware: bool) -> Joints:
        return solved(rig, motion.at(time, aware), size)

    def joints(time: float) -> Joints:
        return posed(float(time), not RESOLVING.get())

    def pose(time: float) -> F32:
        return motion.seated_on(skinned(rig, rest, worn.weights, joints(time)), float(time))

    def frame(which: str, time: float) -> F64:
        result = np.eye(4)
        if which in GRIPS:
            side = GRIPS[which]
            axes, origin = palm_frame(rig, side, size)
            hand = rig.row(f"hand_{side}")
            now = joints(time)
            result[:3, 3] = now.position[hand] + now.rotation[hand] @ (origin - rig.heads[hand])
            level = which.endswith("_grip")
            result[:3, :3] = now.rotation[rig.row("Root")] if level else now.rotation[hand] @ axes
            return result
        if which not in JOINTS:
            raise ValueError(f"{name}: {_unknown('joint', which, (*JOINTS, *GRIPS))}")
        now = joints(time)
        row = rig.row(JOINTS[which])
        result[:3, :3], result[:3, 3] = now.rotation[row], now.position[row]
        if which == "root":
            floor = min(float(now.position[rig.row(f"foot_{s}")][2] - rig.heads[rig.row("foot_l")][2]) for s in "lr")
            result[:3, 3] = [*now.position[rig.row("pelvis")][:2], floor - SOLE * size]
        if which == "head":
            result[:3, 3] += now.rotation[row] @ face
        return result

    def joint(which: str, time: float) -> F64:
        return np.array(frame(which, time)[:3, 3])

    features = {point: place * size for point, place in face_of(figure(round(build, 2), round(masculine, 2))).items()}

    def landmarks(time: float) -> Mapping[str, F64]:
        now, head = joints(time), rig.row("head")
        points = {point: now.position[rig.row(JOINTS[which])] for point, which in JOINT_OF.items()}
        for point, place in features.items():
            points[point] = now.position[head] + now.rotation[head] @ (place - rig.heads[head])
        return with_neck(points)

    thing = Thing(name, mesh, pose, skin=skin_of(rig, rest, worn.weights, joints), landmarks=landmarks)
    return Actor(thing, joint, frame, motion.holds)


def _seat(build: Build, bare_figure: Figure) -> float:
    """Metres from the pelvis joint down to what this body sits on, in clothes."""
    size, suit = build.size, bare_figure.suit
    position = np.array([0.0, 0.0, 0.45])
    seat = Seat(build, position, 0.0, standing(build, place_before(build, position, 0.0)))
    rest = (suit.points * size).astype(np.float32)
    at_rest = skinned(build.rig, rest, suit.weights.astype(np.float32), solved(build.rig, seat.seated, size))
    under = (np.abs(at_rest[:, 0]) < 0.15 * size) & (np.abs(at_rest[:, 1] + 0.05 * size) < 0.06 * size)
    return float(seat.seated.pelvis[2] - np.percentile(at_rest[under, 2], 2.0)) + 0.010 * size


def _unknown(what: str, word: str, words: Sequence[str]) -> str:
    near = get_close_matches(word, words, 1, 0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(words)}"
    return f"there is no {what} {word!r}: {hint}"


def _colours(name: str, wardrobe: Mapping[str, str], rng: np.random.Generator) -> dict[str, str]:
    """Colour of every garment that is worn."""
    for garment, colour in wardrobe.items():
        if garment not in GARMENTS:
            raise ValueError(f"{name}: {_unknown('garment', garment, GARMENTS)}")
        try:
            linear_from_hex(colour)
        except (ValueError, AttributeError, TypeError):
            raise ValueError(
                f"{name}: {garment} is {colour!r}; write a colour as six hex digits, like '#b3312c'"
            ) from None
    result = {}
    choices = {garment: str(rng.choice(palette)) for garment, palette in _PALETTES.items()}
    if linear_from_hex(wardrobe.get("skin", choices["skin"])).mean() < 0.2:
        choices["hair"] = str(rng.choice(_DARK_HAIR))
    for garment, choice in choices.items():
        wanted = garment in ("shoes", "hair", "skin")
        wanted |= garment == "top" and "dress" not in wardrobe
        wanted |= garment == "legs" and not {"skirt", "dress", "shorts"} & set(wardrobe)
        if garment in wardrobe or wanted:
            result[garment] = wardrobe.get(garment, choice)
    return result


def _material(
    name: str, part: tuple[str, float, str], colours: Mapping[str, str], rng: np.random.Generator
) -> Material:
    garment, shade, kind = part
    label = f"{name}/{garment}-{shade:g}-{kind}"
    if garment in ("white", "iris", "pupil"):
        hexes = {"white": "#c4beb6", "iris": str(rng.choice(_IRIS)), "pupil": "#0a0908"}
        r, g, b = (float(c) for c in linear_from_hex(hexes[garment]))
        return Material(label, "skin", (r, g, b), roughness=0.12)
    r, g, b = (float(c) * shade for c in linear_from_hex(colours["skin" if garment == "lips" else garment]))
    if garment == "lips":
        r, g, b = 0.82 * r, 0.62 * g, 0.64 * b
    return make(kind, (r, g, b), name=label)
