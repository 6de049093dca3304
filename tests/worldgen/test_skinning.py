"""Skinning and the skinned file reader, held against plain loops."""

import json
from pathlib import Path

import numpy as np
import pytest

from worldgen.figure import ASSET, asset, figure
from worldgen.gltf import load_skinned
from worldgen.posture import SIDES, turn_x, turn_y, turn_z
from worldgen.skinning import chained, skinned, weight_matrix


def some_turns(count: int, seed: int = 0) -> np.ndarray:
    angles = np.random.default_rng(seed).normal(0, 0.3, (count, 3))
    return np.array([turn_x(a) @ turn_y(b) @ turn_z(c) for a, b, c in angles])


def test_bind_pose_is_the_rest_mesh() -> None:
    shape = figure(0.0, 0.5)
    joints = chained(shape.rig, np.tile(np.eye(3), (len(shape.rig.names), 1, 1)), shape.rig.heads[0])
    for cloth in (shape.body, shape.suit):
        rest = cloth.points.astype(np.float32)
        assert np.abs(skinned(shape.rig, rest, cloth.weights.astype(np.float32), joints) - rest).max() < 1e-5


def test_all_weights_sum_to_one_and_no_vertex_hangs_on_more_than_four_joints() -> None:
    for part in asset().parts.values():
        assert part.joints.shape == part.weights.shape == (len(part.vertices), 4)
        assert np.abs(part.weights.sum(1) - 1).max() < 1e-5
        assert part.faces.max() < len(part.vertices)
        matrix = weight_matrix(part.joints, part.weights, len(asset().joint_names))
        assert np.abs(np.asarray(matrix.sum(1)) - 1).max() < 1e-5


def test_skinning_agrees_with_a_plain_loop() -> None:
    source = asset()
    part = source.parts["body"]
    shape = figure(0.0, 0.5)
    joints = chained(shape.rig, some_turns(len(shape.rig.names)), np.array([0.3, -0.2, 0.1]))
    rest = shape.body.points.astype(np.float32)
    ours = skinned(shape.rig, rest, weight_matrix(part.joints, part.weights, len(shape.rig.names)), joints)
    for v in range(0, len(rest), 977):
        expected = np.zeros(3)
        for j, w in zip(part.joints[v], part.weights[v], strict=True):
            expected += w * (joints.rotation[j] @ (rest[v] - shape.rig.heads[j]) + joints.position[j])
        assert ours[v] == pytest.approx(expected, abs=1e-5)


def test_reader_agrees_with_the_bytes_of_the_file() -> None:
    data = ASSET.read_bytes()
    length = int.from_bytes(data[12:16], "little")
    document, blob = json.loads(data[20 : 20 + length]), data[28 + length :]

    def values(index: int, dtype: str, width: int) -> np.ndarray:
        accessor = document["accessors"][index]
        start = document["bufferViews"][accessor["bufferView"]]["byteOffset"]
        return np.frombuffer(blob, dtype, accessor["count"] * width, start).reshape(-1, width)

    for mesh in document["meshes"]:
        part = asset().parts[mesh["name"]]
        attributes = mesh["primitives"][0]["attributes"]
        assert np.array_equal(part.vertices, values(attributes["POSITION"], "<f4", 3))
        assert np.array_equal(part.joints, values(attributes["JOINTS_0"], "u1", 4))
        assert np.allclose(part.weights, values(attributes["WEIGHTS_0"], "<f4", 4), atol=1e-6)
        faces = np.concatenate([values(p["indices"], "<u2", 1).reshape(-1, 3) for p in mesh["primitives"]])
        assert np.array_equal(part.faces, faces)
    nodes, skin = document["nodes"], document["skins"][0]
    inverse = values(skin["inverseBindMatrices"], "<f4", 16).reshape(-1, 4, 4).transpose(0, 2, 1)
    assert np.allclose(inverse @ asset().world_from_joint, np.eye(4), atol=1e-6)
    for j, node in enumerate(skin["joints"]):
        children = [nodes[c]["name"] for c in nodes[node].get("children") or []]
        below = [n for n, up in zip(asset().joint_names, asset().parents, strict=True) if up == j]
        assert sorted(children) == sorted(below)


def test_the_body_is_symmetric_and_of_human_size() -> None:
    for masculine in (0.0, 1.0):
        shape = figure(0.0, masculine)
        assert 1.5 < shape.height < 1.9
        assert shape.body.points[:, 2].min() == pytest.approx(0.0, abs=1e-9)
        left, right = (shape.joint(f"hand_{side}") for side in SIDES)
        assert left[0] < 0 < right[0]
        assert left * [-1, 1, 1] == pytest.approx(right, abs=2e-3)


def test_broken_files_are_one_sentence(tmp_path: Path) -> None:
    data = ASSET.read_bytes()
    (tmp_path / "short.glb").write_bytes(data[: len(data) // 2])
    (tmp_path / "noise.glb").write_bytes(b"glTF" + bytes(40))
    for name in ("short.glb", "noise.glb", "missing.glb"):
        with pytest.raises(ValueError, match=name):
            load_skinned(tmp_path / name)
