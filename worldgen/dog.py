"""A dog: what it does, one thing after another, and its body and coat as one thing of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from worldgen.character import Actor
from worldgen.conventions import F32, F64, linear_from_hex, seed_from
from worldgen.dog_acts import DogAction, choreographed, dog_at
from worldgen.errors import listed, nearest
from worldgen.gltf import SkinnedPart, load_skinned
from worldgen.landmarks import none
from worldgen.material import make
from worldgen.mesh import Mesh, box_uv, vertex_normals
from worldgen.quadruped import solved
from worldgen.skinning import Joints, Rig, skinned, weight_matrix
from worldgen.stage import Stage
from worldgen.trot import Frame
from worldgen.world import Thing

ASSETS: Final = Path(__file__).resolve().parents[1] / "scenes" / "assets"
SHOULDER_M: Final = 0.56  # of the baked dog

COATS: Final = (
    ("#a87b45", "#3b2f27", "#dcc7a0"),
    ("#1d1a18", "#171513", "#2a2522"),
    ("#c49a5e", "#b98c4e", "#e0c795"),
    ("#5a3a24", "#4a2f1d", "#73513a"),
    ("#232020", "#1c1a1a", "#e3ded5"),
    ("#7d7770", "#4b4743", "#c9c2b8"),
    ("#d3c8b6", "#c7b79d", "#e8e2d6"),
)
"""Coat, saddle and underside of seven dogs."""


JOINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{name: name for name in ("spine", "chest", "neck", "head", "jaw")},
        "hips": "pelvis",
        "tail": "tail_4",
        "left_hand": "finger_l",
        "right_hand": "finger_r",
        "left_foot": "toe_l",
        "right_foot": "toe_r",
        "left_ear": "ear_l",
        "right_ear": "ear_r",
    }
)
"""A director's name of each joint besides "root" (the ground below) and "nose", and the rig's."""


def dog(
    name: str,
    *,
    height: float = SHOULDER_M,
    coat: Sequence[str | None] = (None, None, None),
    actions: Sequence[DogAction] = (),
    stage: Stage | None = None,
    seed: int = 0,
) -> Actor:
    """A dog called ``name``.

    height: of its shoulders, metres, 0.2–1. coat: of the coat, the back and the underside, '#rrggbb' each, or None for
    one by ``seed``; with a coat alone, back and underside are shades of it. Raises ValueError with one sentence.
    """
    if not (np.isfinite(height) and 0.2 <= height <= 1.0):
        raise ValueError(f"{name}: height is {height} m; a dog's shoulders are 0.2 m to 1 m high")
    source, part = _baked()
    size = height / SHOULDER_M
    rig = Rig(source.names, source.parents, source.heads * size)
    rest = _ours(part.vertices) * np.float32(size)
    weights = _weights(part, len(rig.names))
    rng = np.random.default_rng(seed_from("dog", name, seed))
    colours = _coat(coat, rng)
    materials = []
    for region in part.regions:
        r, g, b = (float(c) for c in linear_from_hex(colours[region]))
        kind = "fur" if region in ("coat", "saddle", "light", "ear") else "plastic"
        materials.append(
            replace(make(kind, (r, g, b), name=f"{name}/{region}"), roughness=0.85 if kind == "fur" else 0.25)
        )
    mesh = Mesh(
        rest,
        part.faces,
        vertex_normals(rest, part.faces),
        box_uv(rest, vertex_normals(rest, part.faces)),
        part.region,
        tuple(materials),
    )
    offset = float(rng.uniform(0, 20))
    floor = (stage or Stage()).ground
    segments = choreographed(actions, Frame(rig, size), floor)
    root = partial(dog_at, segments, offset)

    @lru_cache(maxsize=256)
    def joints(time: float) -> Joints:
        return solved(rig, root(time), float(np.sin(2 * np.pi * (time + offset) / 2.1)))

    def pose(time: float) -> F32:
        return skinned(rig, rest, weights, joints(float(time)))

    def frame(which: str, time: float) -> F64:
        now, result = joints(float(time)), np.eye(4)
        if which == "root":
            paws = root(float(time)).paws
            middle = (now.position[rig.row("pelvis")] + now.position[rig.row("neck")]) / 2
            result[:3, 3] = [middle[0], middle[1], float(paws[:, 2].min())]
            return result
        if which == "nose":
            row = rig.row("head")
            result[:3, :3] = now.rotation[row]
            result[:3, 3] = now.position[row] + now.rotation[row] @ (np.array([0.0, 0.185, -0.018]) * size)
            return result
        if which not in JOINTS:
            near = nearest(which, [*JOINTS, "root", "nose"])
            hint = f"did you mean {near!r}?" if near else f"use {listed([*JOINTS, 'root', 'nose'])}"
            raise ValueError(f"{name}: there is no joint {which!r}: {hint}")
        row = rig.row(JOINTS[which])
        result[:3, :3], result[:3, 3] = now.rotation[row], now.position[row]
        return result

    def joint(which: str, time: float) -> F64:
        return frame(which, time)[:3, 3]

    return Actor(Thing(name, mesh, pose, landmarks=none), joint, frame)


def _ours(points: F64 | F32) -> F32:
    """The file has +Y up and the animal facing +Z; ours has +Z up and faces +Y."""
    return np.stack([-points[..., 0], points[..., 2], points[..., 1]], axis=-1).astype(np.float32)


@lru_cache(maxsize=1)
def _baked() -> tuple[Rig, SkinnedPart]:
    asset = load_skinned(ASSETS / "dog.glb")
    heads = _ours(asset.world_from_joint[:, :3, 3]).astype(np.float64)
    return Rig(asset.joint_names, asset.parents, heads), asset.parts["dog"]


def _weights(part: SkinnedPart, count: int) -> csr_matrix:
    return weight_matrix(part.joints, part.weights, count)


def _coat(coat: Sequence[str | None], rng: np.random.Generator) -> dict[str, str]:
    drawn = COATS[int(rng.integers(len(COATS)))]
    said = coat[0]
    if said is not None:
        drawn = (said, _shade(said, 0.62), _shade(said, 1.45))
    top, saddle, light = (own or other for own, other in zip(coat, drawn, strict=True))
    return {
        "coat": top, "saddle": saddle, "light": light, "nose": "#17120f", "ear": _shade(light, 0.6), "eye": "#140c07",
    }  # fmt: skip


def _shade(colour: str, factor: float) -> str:
    digits = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(min(255.0, d * factor)):02x}" for d in digits)
