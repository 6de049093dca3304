"""Reads the project's own skinned bodies: meshes with their weights and morphs, and the joints they hang on.

Only what our bakers write: one skin, triangle primitives, morph targets of position. A user's characters are
:mod:`worldgen.puppet`'s, static files :mod:`worldgen.meshfile`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F32, F64, I32
from worldgen.gltf_file import GltfFile, described, open_gltf, read_nodes


@dataclass(frozen=True)
class SkinnedPart:
    """One mesh of the file, in the file's axes (+Y up, metres).

    name: of its mesh. vertices: (V, 3) float32. faces: (F, 3) int32. region: (F,) int32 index into ``regions``, the
    names of the primitives' materials. joints: (V, 4) int32 rows of the skin's joints. weights: (V, 4) float32, sum 1.
    morphs: name to (V, 3) float32 offsets.
    """

    name: str
    vertices: F32
    faces: I32
    region: I32
    regions: tuple[str, ...]
    joints: I32
    weights: F32
    morphs: dict[str, F32]


@dataclass(frozen=True)
class SkinnedAsset:
    """A skinned file. joint_names, parents (J,) int32 (-1 at the root; parents first or later, both are allowed).

    world_from_joint: (J, 4, 4) at rest, file axes. joint_from_mesh: (J, 4, 4) inverse bind matrices.
    joint_morphs: name to (J, 3) offsets of the joints' rest positions (from the skin's extras; may be empty).
    """

    joint_names: tuple[str, ...]
    parents: I32
    world_from_joint: F64
    joint_from_mesh: F64
    parts: dict[str, SkinnedPart]
    joint_morphs: dict[str, F64]


def load_skinned(path: Path) -> SkinnedAsset:
    """Read a .glb with one skin.

    Raises ValueError with one sentence if the file is missing, broken or has no skin.
    """
    try:
        return _asset(open_gltf(path))
    except Exception as error:
        raise described(path, error) from None


def _asset(file: GltfFile) -> SkinnedAsset:
    if not file.rows("skins"):
        raise ValueError("it has no skin: a character needs joints and weights")
    skin = file.row("skins", 0)
    nodes = read_nodes(file)
    world = nodes.world(nodes.translation, nodes.rotation, nodes.scale)
    row = {node: k for k, node in enumerate(skin["joints"])}
    parents = []
    for node in skin["joints"]:
        up = int(nodes.parents[node])
        while up >= 0 and up not in row:
            up = int(nodes.parents[up])
        parents.append(row.get(up, -1))
    inverse = file.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    parts = [_part(file, file.row("meshes", n["mesh"])) for n in file.rows("nodes") if "mesh" in n and "skin" in n]
    morphs = (skin.get("extras") or {}).get("jointMorphs", {})
    return SkinnedAsset(
        joint_names=tuple(nodes.names[n] for n in skin["joints"]),
        parents=np.array(parents, dtype=np.int32),
        world_from_joint=world[skin["joints"]],
        joint_from_mesh=inverse.astype(np.float64),
        parts={part.name: part for part in parts},
        joint_morphs={name: np.array(offsets, dtype=np.float64) for name, offsets in morphs.items()},
    )


def _part(file: GltfFile, mesh: dict[str, Any]) -> SkinnedPart:
    starts: dict[int, int] = {}  # primitives may share their vertices
    vertices, joints, weights, faces, region = [], [], [], [], []
    names = (mesh.get("extras") or {}).get("targetNames", [])
    morphs: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in names}
    total = 0
    for k, primitive in enumerate(mesh["primitives"]):
        if primitive.get("mode", 4) != 4:
            raise ValueError(f"mesh {mesh['name']!r} is not made of triangles")
        attributes = primitive["attributes"]
        key = attributes["POSITION"]
        if key not in starts:
            starts[key] = total
            position = file.accessor(key)
            total += len(position)
            vertices.append(position)
            joints.append(file.accessor(attributes["JOINTS_0"]))
            weights.append(file.accessor(attributes["WEIGHTS_0"]))
            for name, target in zip(names, primitive.get("targets") or [], strict=True):
                morphs[name].append(file.accessor(target["POSITION"]))
        index = file.accessor(primitive["indices"]).reshape(-1, 3).astype(np.int32)
        faces.append(index + starts[key])
        region.append(np.full(len(index), k, dtype=np.int32))
    weight = np.concatenate(weights).astype(np.float32)
    return SkinnedPart(
        name=mesh["name"],
        vertices=np.concatenate(vertices).astype(np.float32),
        faces=np.concatenate(faces),
        region=np.concatenate(region),
        regions=tuple(file.row("materials", p["material"])["name"] for p in mesh["primitives"]),
        joints=np.concatenate(joints).astype(np.int32),
        weights=weight / np.maximum(weight.sum(1, keepdims=True), 1e-12),
        morphs={name: np.concatenate(parts).astype(np.float32) for name, parts in morphs.items()},
    )
