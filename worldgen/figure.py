"""A bare figure: the baked body at one build, in the character's axes, ready to be dressed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from worldgen.conventions import F64, Array, Bool
from worldgen.gltf import SkinnedAsset, SkinnedPart, load_skinned
from worldgen.skinning import Rig, weight_matrix
from worldgen.tailoring import Cloth

ASSET = Path(__file__).resolve().parents[1] / "scenes" / "assets" / "human.glb"


@dataclass(frozen=True)
class Figure:
    """rig and parts at the baked size (about 1.66 m), barefoot on z = 0, facing +Y.

    body: skin with ``lips`` (F,) bool. suit: a seamless overall that garments are cut from. skirt: a tube around both
    legs. eyes: centres (2, 3) and radius, metres.
    """

    rig: Rig
    height: float
    body: Cloth
    lips: Bool
    suit: Cloth
    skirt: Cloth
    eye_centres: F64
    eye_radius: float

    def joint(self, name: str) -> F64:
        """(3,) where the joint is at rest."""
        return self.rig.heads[self.rig.row(name)]

    def share(self, cloth: Cloth, *bones: str) -> F64:
        """(V,) how much of each point hangs on joints whose names start with one of ``bones``."""
        columns = [k for k, name in enumerate(self.rig.names) if name.startswith(bones)]
        return np.asarray(cloth.weights[:, columns].sum(1)).ravel()


def _ours(points: Array) -> F64:
    """The file has +Y up and the body facing +Z; ours has +Z up and faces +Y."""
    p = np.asarray(points, dtype=np.float64)
    return np.stack([-p[..., 0], p[..., 2], p[..., 1]], axis=-1)


@lru_cache(maxsize=1)
def asset() -> SkinnedAsset:
    """The baked human, read once."""
    return load_skinned(ASSET)


@lru_cache(maxsize=32)
def figure(build: float, masculine: float) -> Figure:
    """The body at ``build`` (-1 slim … 0 … 1 heavy) between feminine (0) and masculine (1)."""
    source = asset()
    shares = {"masculine": masculine - 0.5, "heavy": max(build, 0.0), "slim": max(-build, 0.0)}

    def shaped(part: SkinnedPart) -> F64:
        points = part.vertices.astype(np.float64)
        for name, share in shares.items():
            points = points + share * part.morphs[name]
        return _ours(points)

    heads = source.world_from_joint[:, :3, 3]
    for name, share in shares.items():
        heads = heads + share * source.joint_morphs[name]
    heads = _ours(heads)
    body = source.parts["body"]
    skin = shaped(body)
    floor = skin[:, 2].min()
    heads[1:, 2] -= floor
    count = len(source.joint_names) + 2  # the eyes turn, which the file does not know

    def cloth(part: SkinnedPart) -> Cloth:
        return Cloth(
            shaped(part) - [0.0, 0.0, floor],
            part.faces,
            weight_matrix(part.joints, part.weights, count).astype(np.float64),
        )

    eyes = shaped(source.parts["eyes"]) - [0.0, 0.0, floor]
    centres, radii = [], []
    for mine in (eyes[:, 0] < 0, eyes[:, 0] > 0):
        low, high = eyes[mine].min(0), eyes[mine].max(0)
        centres.append((low + high) / 2)
        radii.append((high - low)[[0, 2]].mean() / 2)
    names = (*source.joint_names, "eye_l", "eye_r")
    parents = np.append(source.parents, [source.joint_names.index("head")] * 2).astype(np.int32)
    return Figure(
        rig=Rig(names, parents, np.concatenate([heads, centres])),
        height=float(skin[:, 2].max() - floor),
        body=cloth(body),
        lips=body.region == body.regions.index("lips"),
        suit=cloth(source.parts["suit"]),
        skirt=cloth(source.parts["skirt"]),
        eye_centres=np.array(centres),
        eye_radius=float(np.mean(radii)),
    )
