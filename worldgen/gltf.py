"""Reads skinned glTF: meshes with their weights and morphs, and the joints they hang on.

Only what characters need: node transforms, one skin, triangle primitives, morph targets of position. Static files
are :mod:`worldgen.meshfile`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pygltflib

from worldgen.conventions import F32, F64, I32, matrix_from_quaternion

_COMPONENT = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


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
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    try:
        document = pygltflib.GLTF2().load_binary(str(path))
        blob = document.binary_blob()
        assert blob is not None
        return _asset(document, blob)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    except Exception as error:  # a broken file fails anywhere in the reader: each way means the same to the user
        raise ValueError(f"{path.name} is not a readable skinned .glb file ({type(error).__name__})") from None


def _accessor(document: Any, blob: bytes, index: int) -> npt.NDArray[Any]:
    """(count, width) values of one accessor; normalised integers become floats (glTF 2.0, 3.6.2.2)."""
    accessor = document.accessors[index]
    view = document.bufferViews[accessor.bufferView]
    dtype = np.dtype(_COMPONENT[accessor.componentType])
    width = _WIDTH[accessor.type]
    start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
    stride = view.byteStride or dtype.itemsize * width
    needed = start + stride * (accessor.count - 1) + dtype.itemsize * width
    if accessor.sparse is not None:
        raise ValueError("sparse accessors are not supported: export the file without them")
    if needed > len(blob):
        raise ValueError(f"it is cut short: {needed} bytes are promised, {len(blob)} are there")
    rows = np.ndarray((accessor.count, width), dtype, blob, start, (stride, dtype.itemsize)).copy()
    if accessor.normalized and dtype.kind in "iu":
        return np.maximum(rows / (2 ** (8 * dtype.itemsize - (dtype.kind == "i")) - 1), -1.0)
    return rows


def _local(node: Any) -> F64:
    """(4, 4) parent from node."""
    if node.matrix:
        return np.array(node.matrix, dtype=np.float64).reshape(4, 4).T
    result = np.eye(4)
    x, y, z, w = node.rotation or (0.0, 0.0, 0.0, 1.0)
    result[:3, :3] = matrix_from_quaternion([w, x, y, z]) * np.asarray(node.scale or (1.0, 1.0, 1.0))
    result[:3, 3] = node.translation or (0.0, 0.0, 0.0)
    return result


def _asset(document: Any, blob: bytes) -> SkinnedAsset:
    if not document.skins:
        raise ValueError("it has no skin: a character needs joints and weights")
    skin = document.skins[0]
    above = {child: k for k, node in enumerate(document.nodes) for child in node.children or []}

    def world(node: int) -> F64:
        chain = [node]
        while chain[-1] in above:
            chain.append(above[chain[-1]])
            if len(chain) > len(document.nodes):
                raise ValueError("its nodes hang in a circle")
        result = np.eye(4)
        for k in reversed(chain):
            result = result @ _local(document.nodes[k])
        return result

    row = {node: k for k, node in enumerate(skin.joints)}
    parents = []
    for node in skin.joints:
        up = above.get(node)
        while up is not None and up not in row:
            up = above.get(up)
        parents.append(-1 if up is None else row[up])
    inverse = _accessor(document, blob, skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1)
    parts = [
        _part(document, blob, document.meshes[node.mesh])
        for node in document.nodes
        if node.mesh is not None and node.skin is not None
    ]
    morphs = (skin.extras or {}).get("jointMorphs", {})
    return SkinnedAsset(
        joint_names=tuple(document.nodes[n].name or f"joint{n}" for n in skin.joints),
        parents=np.array(parents, dtype=np.int32),
        world_from_joint=np.array([world(n) for n in skin.joints]),
        joint_from_mesh=inverse.astype(np.float64),
        parts={part.name: part for part in parts},
        joint_morphs={name: np.array(offsets, dtype=np.float64) for name, offsets in morphs.items()},
    )


def _part(document: Any, blob: bytes, mesh: Any) -> SkinnedPart:
    """All primitives of one mesh; those that share their vertices (as ours do) are not repeated."""
    starts: dict[int, int] = {}
    vertices, joints, weights, faces, region = [], [], [], [], []
    names = (mesh.extras or {}).get("targetNames", [])
    morphs: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in names}
    total = 0
    for k, primitive in enumerate(mesh.primitives):
        if primitive.mode not in (None, 4):
            raise ValueError(f"mesh {mesh.name!r} is not made of triangles")
        key = primitive.attributes.POSITION
        if key not in starts:
            starts[key] = total
            position = _accessor(document, blob, key)
            total += len(position)
            vertices.append(position)
            joints.append(_accessor(document, blob, primitive.attributes.JOINTS_0))
            weights.append(_accessor(document, blob, primitive.attributes.WEIGHTS_0))
            for name, target in zip(names, primitive.targets or [], strict=True):
                offset = target["POSITION"] if isinstance(target, dict) else target.POSITION
                morphs[name].append(_accessor(document, blob, offset))
        index = _accessor(document, blob, primitive.indices).reshape(-1, 3).astype(np.int32)
        faces.append(index + starts[key])
        region.append(np.full(len(index), k, dtype=np.int32))
    weight = np.concatenate(weights).astype(np.float32)
    materials = [document.materials[p.material].name for p in mesh.primitives]
    return SkinnedPart(
        name=mesh.name,
        vertices=np.concatenate(vertices).astype(np.float32),
        faces=np.concatenate(faces),
        region=np.concatenate(region),
        regions=tuple(materials),
        joints=np.concatenate(joints).astype(np.int32),
        weights=weight / np.maximum(weight.sum(1, keepdims=True), 1e-12),
        morphs={name: np.concatenate(parts).astype(np.float32) for name, parts in morphs.items()},
    )
