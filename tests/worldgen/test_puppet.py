"""Characters from glTF files: read whole, posed as the specification says, walking without sliding."""

from __future__ import annotations

import base64
import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from worldgen.actions import Idle, Stand, Turn
from worldgen.animation import Pose
from worldgen.bone_names import roles
from worldgen.conventions import linear_from_srgb
from worldgen.puppet import Puppet, load_puppet
from worldgen.puppet_actor import puppet
from worldgen.puppet_motion import Measured, Play, Travel
from worldgen.stage import Stage

_TYPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
_KINDS = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123, "uint32": 5125, "float32": 5126}


class Glb:
    """Writes a .glb piece by piece."""

    def __init__(self) -> None:
        self.blob = b""
        self.doc: dict[str, Any] = {"asset": {"version": "2.0"}, "bufferViews": [], "accessors": []}

    def view(self, data: bytes) -> int:
        self.blob += bytes(-len(self.blob) % 4)
        self.doc["bufferViews"].append({"buffer": 0, "byteOffset": len(self.blob), "byteLength": len(data)})
        self.blob += data
        return len(self.doc["bufferViews"]) - 1

    def put(self, values: Any, dtype: str = "float32", **more: Any) -> int:
        array = np.asarray(values, dtype)
        entry = {
            "bufferView": self.view(array.tobytes()),
            "componentType": _KINDS[dtype],
            "count": len(array),
            "type": _TYPES[array.shape[1:]],
            **more,
        }
        if array.ndim == 2 and array.shape[1] == 3:
            entry |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        if array.ndim == 1:
            entry |= {"min": [float(array.min())], "max": [float(array.max())]}
        self.doc["accessors"].append(entry)
        return len(self.doc["accessors"]) - 1

    def add(self, key: str, row: dict[str, Any]) -> int:
        self.doc.setdefault(key, []).append(row)
        return len(self.doc[key]) - 1

    def clip(self, name: str, *channels: tuple[int, str, str, Any, Any]) -> None:
        """Each: node, path, interpolation, times, values."""
        row: dict[str, Any] = {"name": name, "channels": [], "samplers": []}
        for node, path, mode, times, values in channels:
            flat = np.asarray(values, np.float32)
            flat = flat.reshape(-1) if path == "weights" else flat.reshape(-1, flat.shape[-1])
            row["samplers"].append({"input": self.put(times), "output": self.put(flat), "interpolation": mode})
            row["channels"].append({"sampler": len(row["samplers"]) - 1, "target": {"node": node, "path": path}})
        self.add("animations", row)

    def save(self, path: Path) -> Path:
        self.doc["buffers"] = [{"byteLength": len(self.blob)}]
        text = json.dumps(self.doc).encode()
        text += b" " * (-len(text) % 4)
        blob = self.blob + bytes(-len(self.blob) % 4)
        size = 12 + 8 + len(text) + 8 + len(blob)
        path.write_bytes(
            struct.pack("<4sII", b"glTF", 2, size)
            + struct.pack("<II", len(text), 0x4E4F534A)
            + text
            + struct.pack("<II", len(blob), 0x004E4942)
            + blob
        )
        return path


def bar(low: float, high: float, rings: int = 7) -> tuple[Any, Any]:
    """A square bar along y: vertices and faces."""
    corners = np.array([[-0.1, 0, -0.1], [0.1, 0, -0.1], [0.1, 0, 0.1], [-0.1, 0, 0.1]])
    points = np.concatenate([corners + np.array([0, y, 0]) for y in np.linspace(low, high, rings)])
    faces = []
    for r in range(rings - 1):
        for c in range(4):
            a, b = 4 * r + c, 4 * r + (c + 1) % 4
            faces += [[a, a + 4, b], [b, a + 4, b + 4]]
    return points.astype(np.float32), np.array(faces)


def quaternion(axis: Any, angle: float) -> Any:
    """Xyzw."""
    return np.append(np.asarray(axis) * np.sin(angle / 2), np.cos(angle / 2))


def creature() -> Glb:
    """Two skins, a hat on a joint, a face with two morphs, and clips of every interpolation."""
    g = Glb()
    points, faces = bar(0, 2)
    share = np.clip(points[:, 1] / 2, 0, 1)
    joints = np.tile([0, 1, 0, 0], (len(points), 1))
    weights = np.stack([1 - share, share, 0 * share, 0 * share], 1)
    index = g.put(faces.reshape(-1), "uint16")
    skinned = {"POSITION": g.put(points), "JOINTS_0": g.put(joints, "uint8"), "WEIGHTS_0": g.put(weights)}
    # the second skin: eight influences, normalised integers, and a scaled joint
    eight = np.stack([0.25 * (1 - share), 0.25 * (1 - share), 0.5 * share, 0.5 * share], 1)
    words_0 = np.floor(eight * 65535).astype(np.uint16)
    words_1 = np.floor(np.stack([0.5 * (1 - share), 0 * share, 0 * share, 0 * share], 1) * 65535).astype(np.uint16)
    words_0[:, 0] += (65535 - words_0.sum(1) - words_1.sum(1)).astype(np.uint16)
    many = {
        "POSITION": g.put(points + np.float32([1, 0, 0])),
        "JOINTS_0": g.put(np.tile([0, 0, 1, 1], (len(points), 1)), "uint16"),
        "WEIGHTS_0": g.put(words_0, "uint16", normalized=True),
        "JOINTS_1": g.put(np.tile([0, 0, 0, 0], (len(points), 1)), "uint16"),
        "WEIGHTS_1": g.put(words_1, "uint16", normalized=True),
    }
    targets = [{"POSITION": g.put(points * s)} for s in (0.1, -0.2)]
    g.add("meshes", {"name": "Body", "primitives": [{"attributes": skinned, "indices": index}]})
    g.add("meshes", {"name": "Tail", "primitives": [{"attributes": many, "indices": index}]})
    hat = {"attributes": {"POSITION": g.put(points * 0.2)}, "indices": index}
    g.add("meshes", {"name": "Hat", "primitives": [hat]})
    face = {"attributes": {"POSITION": g.put(points * 0.3)}, "indices": index, "targets": targets}
    g.add("meshes", {"name": "Face", "primitives": [face], "weights": [0.25, 0.0]})
    inverse = np.tile(np.eye(4), (2, 1, 1))
    inverse[1, 1, 3] = -1.0
    g.add("skins", {"joints": [1, 2], "inverseBindMatrices": g.put(inverse.transpose(0, 2, 1))})
    inverse2 = inverse.copy()
    inverse2[:, 0, 3] -= 1.0
    inverse2[1] = np.diag([0.5, 1, 1, 1]) @ inverse2[1]
    g.add("skins", {"joints": [3, 4], "inverseBindMatrices": g.put(inverse2.transpose(0, 2, 1))})
    for row in (
        {"name": "Root", "children": [1, 3, 5, 6]},
        {"name": "mixamorig:Hips", "children": [2]},
        {"name": "mixamorig:Head", "translation": [0, 1, 0], "children": [7]},
        {"name": "tail_1", "translation": [1, 0, 0], "children": [4]},
        {"name": "tail_2", "translation": [0, 1, 0], "scale": [2, 1, 1]},
        {"name": "body", "mesh": 0, "skin": 0},
        {"name": "tail", "mesh": 1, "skin": 1, "translation": [9, 9, 9]},
        {"name": "hat", "mesh": 2, "translation": [0, 1.0, 0], "children": [8]},
        {"name": "face", "mesh": 3, "matrix": [1, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 0.5, 0, 1]},
    ):
        g.add("nodes", row)
    g.doc["scenes"], g.doc["scene"] = [{"nodes": [0]}], 0
    x = [1.0, 0, 0]
    g.clip(
        "Bend",
        (2, "rotation", "LINEAR", [0, 1, 2], [quaternion(x, 0), -quaternion(x, 1.2), quaternion(x, -0.4)]),
        (4, "scale", "LINEAR", [0, 1, 2], [[2, 1, 1], [1, 3, 1], [2, 1, 1]]),
        (1, "translation", "STEP", [0, 0.7, 2], [[0, 0, 0], [0, 0.5, 0], [0, 0, 0.2]]),
        (8, "weights", "LINEAR", [0, 2], [[0, 0], [1, 0.5]]),
    )
    rng = np.random.default_rng(3)
    curve = rng.normal(0, 1, (3, 3, 3))
    turns = np.stack(
        [[rng.normal(0, 0.3, 4), quaternion([0, 0, 1.0], a), rng.normal(0, 0.3, 4)] for a in (0.0, 0.9, -0.5)]
    )
    g.clip(
        "Curve",
        (1, "translation", "CUBICSPLINE", [0, 0.8, 2], curve),
        (2, "rotation", "CUBICSPLINE", [0, 0.8, 2], turns),
    )
    return g


def walker() -> Glb:
    """A body with two feet that stand 60 % of a round, going back 1 m each round, and come forward in an arc."""
    g = Glb()
    points, faces = bar(0.0, 0.1, 2)
    parts = [(points * [1, 1, 1] + [x, y, 0], k) for k, (x, y) in enumerate(((0, 1.6), (-0.2, 0), (0.2, 0)))]
    corner = np.concatenate([faces + 8 * k for k in range(3)])
    joints = np.concatenate([np.tile([k, 0, 0, 0], (8, 1)) for _, k in parts])
    attributes = {
        "POSITION": g.put(np.concatenate([p for p, _ in parts])),
        "JOINTS_0": g.put(joints, "uint8"),
        "WEIGHTS_0": g.put(np.tile([1.0, 0, 0, 0], (24, 1))),
    }
    g.add("meshes", {"primitives": [{"attributes": attributes, "indices": g.put(corner.reshape(-1), "uint16")}]})
    inverse = np.tile(np.eye(4), (3, 1, 1))
    inverse[:, :3, 3] = [[0, -1, 0], [0.2, 0, 0], [-0.2, 0, 0]]
    g.add("skins", {"joints": [0, 1, 2], "inverseBindMatrices": g.put(inverse.transpose(0, 2, 1))})
    g.add("nodes", {"name": "hips", "translation": [0, 1, 0], "children": [1, 2]})
    g.add("nodes", {"name": "LeftFoot", "translation": [-0.2, -1, 0]})
    g.add("nodes", {"name": "RightFoot", "translation": [0.2, -1, 0]})
    g.add("nodes", {"mesh": 0, "skin": 0})
    times = np.linspace(0, 1.0, 101)

    def foot(phase: Any, x: float) -> Any:
        p = (times + phase) % 1.0
        down = p < 0.6
        swing = np.clip((p - 0.6) / 0.4, 0, 1)
        z = np.where(down, 0.3 - p, -0.3 + 0.6 * swing)
        return np.stack([np.full(101, x), -1 + np.where(down, 0, 0.15 * np.sin(np.pi * swing)), z], 1)

    g.clip(
        "Walk", (1, "translation", "LINEAR", times, foot(0, -0.2)), (2, "translation", "LINEAR", times, foot(0.5, 0.2))
    )
    g.clip("Breathe idle", (0, "translation", "LINEAR", [0, 1, 2], [[0, 1, 0], [0, 1.01, 0], [0, 1, 0]]))
    g.clip("Leap", (0, "translation", "LINEAR", [0, 1, 2], [[0, 1, 0], [0, 2, 0.5], [0, 1, 1.5]]))
    return g


def test_bind_pose_is_the_rest_mesh(tmp_path: Path) -> None:
    body = load_puppet(creature().save(tmp_path / "a.glb"))
    rest = body.posed(body.rest)
    points, _ = bar(0, 2)
    assert np.abs(rest[:28] - points).max() < 1e-5
    assert np.abs(rest[28:56] - (points + np.array([1, 0, 0]))).max() < 1e-5  # its node's own place does not count
    assert np.abs(rest[56:84] - (points * 0.2 + [0, 2, 0])).max() < 1e-5
    assert body.uv.shape == (len(rest), 2)


@pytest.mark.parametrize(("clip", "times"), [("Bend", (0.0, 0.31, 0.7, 1.0, 1.63)), ("Curve", (0.1, 0.8, 1.37, 1.99))])
def test_poses_match_pygfx(tmp_path: Path, clip: str, times: tuple[float, ...]) -> None:
    gfx = pytest.importorskip("pygfx", reason="the oracle, pygfx, is not installed")
    pytest.importorskip("gltflib", reason="pygfx reads glTF with gltflib, which is not installed")
    path = creature().save(tmp_path / "a.glb")
    body = load_puppet(path)
    model = gfx.load_gltf(str(path), quiet=True, remote_ok=False)
    mixer = gfx.AnimationMixer()
    chosen = next(c for c in model.animations if c.name == clip)
    action = mixer.clip_action(chosen)
    action.play()
    now = 0.0
    for time in times:
        mixer.update(time - now)
        now = time
        mine = body.posed(body.clip(clip).at(body.rest, time))
        theirs = _oracle(gfx, model.scene)
        for name, span in (
            ("body", slice(0, 28)),
            ("tail", slice(28, 56)),
            ("hat", slice(56, 84)),
            ("face", slice(84, 112)),
        ):
            assert np.abs(mine[span] - theirs[name]).max() < 1e-4, (name, time)


def _oracle(gfx: Any, scene: Any) -> dict[str, Any]:
    """Where pygfx's own matrices put the vertices of each mesh."""
    found: dict[str, Any] = {}

    def visit(node: Any) -> None:
        if isinstance(node, gfx.Mesh):
            points = np.asarray(node.geometry.positions.data, np.float64)
            morphs = getattr(node.geometry, "morph_positions", None)
            shares = [] if morphs is None else node.morph_target_influences
            for share, offsets in zip(shares, morphs or [], strict=True):
                points = points + float(share) * np.asarray(offsets, np.float64)
            one = np.concatenate([points, np.ones((len(points), 1))], 1)
            if isinstance(node, gfx.SkinnedMesh):
                bones = np.array(
                    [b.world.matrix @ i for b, i in zip(node.skeleton.bones, node.skeleton.bone_inverses, strict=True)]
                )
                which = np.asarray(node.geometry.skin_indices.data)
                weight = np.asarray(node.geometry.skin_weights.data, np.float64)
                if weight.max() > 1.5:
                    weight = weight / 255
                if len(points) == 28 and points[:, 0].min() > 0.5:  # pygfx reads four of the eight influences
                    share = np.clip(points[:, 1] / 2, 0, 1)
                    weight = np.stack([1 - share, share], 1)
                    which = np.tile([0, 1], (28, 1))
                mixed = np.einsum("vk,vkab->vab", weight, bones[which])
                placed = np.einsum("vab,vb->va", mixed, one)[:, :3]
            else:
                placed = (one @ np.asarray(node.world.matrix).T)[:, :3]
            found[node.name or node.parent.name] = placed
        for child in node.children:
            visit(child)

    visit(scene)
    return found


def test_morph_weights_move_their_own_mesh(tmp_path: Path) -> None:
    body = load_puppet(creature().save(tmp_path / "a.glb"))
    pose = body.clip("bend").at(body.rest, 1.0)
    points, _ = bar(0, 2)
    turned = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    world = body.world(pose)[8]
    local = points * 0.3 + 0.5 * points * 0.1 + 0.25 * points * -0.2
    assert np.abs(body.world(body.rest)[8][:3, :3] - turned).max() < 1e-12
    assert np.abs(body.posed(pose)[84:] - (local @ world[:3, :3].T + world[:3, 3])).max() < 1e-5


def test_a_sparse_accessor_is_filled_in(tmp_path: Path) -> None:
    g = creature()
    which, moved = g.view(np.uint16([3]).tobytes()), g.view(np.float32([[0, 0, 7]]).tobytes())
    g.doc["accessors"][1]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": which, "componentType": 5123},
        "values": {"bufferView": moved},
    }
    body = load_puppet(g.save(tmp_path / "a.glb"))
    assert body.posed(body.rest)[3] == pytest.approx([0, 0, 7])


def test_colours_and_pictures(tmp_path: Path) -> None:
    g = creature()
    picture = io.BytesIO()
    Image.new("RGB", (8, 4), (200, 40, 40)).save(picture, "png")
    uri = "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
    g.add("images", {"uri": uri})
    g.add("textures", {"source": 0})
    moved = {"extensions": {"KHR_texture_transform": {"offset": [0.5, 0], "scale": [2, 2]}}}
    g.add("materials", {"name": "red", "pbrMetallicRoughness": {"baseColorTexture": {"index": 0} | moved}})
    g.add(
        "materials", {"name": "blue", "pbrMetallicRoughness": {"baseColorFactor": [0, 0, 1, 1], "roughnessFactor": 0.3}}
    )
    g.doc["meshes"][0]["primitives"][0]["material"] = 0
    g.doc["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = g.put(np.tile([0.25, 0.25], (28, 1)))
    g.doc["meshes"][1]["primitives"][0]["material"] = 1
    painted = np.where(np.arange(28)[:, None] < 14, [1.0, 0, 0, 1], [0, 1.0, 0, 1])
    g.doc["meshes"][2]["primitives"][0]["attributes"]["COLOR_0"] = g.put(painted)
    body = load_puppet(g.save(tmp_path / "a.glb"))
    mesh = body.mesh(body.posed(body.rest))
    names = [m.name for m in mesh.materials]
    red = mesh.materials[names.index("a/red-0")]
    assert red.texture is not None
    assert red.base_color == pytest.approx(linear_from_srgb(np.array([200, 40, 40]) / 255), abs=1e-3)
    assert mesh.uv[0] == pytest.approx([1.0, 0.5])
    assert mesh.materials[names.index("a/blue-1")].base_color == (0, 0, 1)
    hat = {mesh.materials[k].base_color for k in mesh.material[96:144]}
    assert {(0.8, 0.0, 0.0), (0.0, 0.8, 0.0)} <= hat


def broken(name: str) -> tuple[Glb, str]:
    """A file with one thing wrong, and a word of what is said about it."""
    g = creature()
    match name:
        case "circle":
            g.doc["nodes"][0]["children"].remove(1)
            g.doc["nodes"][2]["children"].append(1)
            return g, "circle"
        case "two parents":
            g.doc["nodes"][2]["children"].append(8)
            return g, "two"
        case "no accessor":
            g.doc["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = 99
            return g, "accessors"
        case "not a number":
            g.doc["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = g.put(np.full((28, 3), np.nan))
            return g, "not numbers"
        case "joint out of range":
            attributes = g.doc["meshes"][0]["primitives"][0]["attributes"]
            attributes["JOINTS_0"] = g.put(np.full((28, 4), 7), "uint8")
            return g, "joint 7"
        case "no weights":
            attributes = g.doc["meshes"][0]["primitives"][0]["attributes"]
            attributes["WEIGHTS_0"] = g.put(np.zeros((28, 4)))
            return g, "no joint"
        case "elsewhere":
            g.doc["images"], g.doc["textures"] = [{"uri": "../secret.png"}], [{"source": 0}]
            g.doc["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
            g.doc["meshes"][0]["primitives"][0]["material"] = 0
            return g, "outside"
        case "draco":
            g.doc["extensionsRequired"] = ["KHR_draco_mesh_compression"]
            return g, "draco"
        case "keys":
            g.doc["animations"][0]["samplers"][0]["input"] = g.put([0.0, 2.0, 1.0])
            return g, "order of time"
        case "values":
            g.doc["animations"][0]["samplers"][0]["input"] = g.put([0.0, 2.0])
            return g, "times"
        case "strange":
            g.doc["nodes"] = {"a": 1}
            return g, "list"
        case _:
            g.doc["meshes"] = [{"primitives": [{"attributes": {}}]}] * 4
            return g, "not a readable"


@pytest.mark.parametrize(
    "name",
    ["circle", "two parents", "no accessor", "not a number", "joint out of range", "no weights", "elsewhere", "draco",
     "keys", "values", "strange", "empty"],
)  # fmt: skip
def test_a_broken_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    g, words = broken(name)
    with pytest.raises(ValueError, match=f"(?i)^a.glb.*{words}") as told:
        load_puppet(g.save(tmp_path / "a.glb"))
    assert "\n" not in str(told.value)


def test_a_file_cut_short_is_one_sentence(tmp_path: Path) -> None:
    data = creature().save(tmp_path / "a.glb").read_bytes()
    for length in (0, 10, 30, 400, len(data) // 2, len(data) - 9):
        (tmp_path / "b.glb").write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"^b\.glb"):
            load_puppet.__wrapped__(tmp_path / "b.glb")
    with pytest.raises(ValueError, match="no such file"):
        load_puppet(tmp_path / "none.glb")


def test_a_file_without_clips_stands_and_says_so(tmp_path: Path) -> None:
    g = creature()
    del g.doc["animations"]
    path = g.save(tmp_path / "a.glb")
    actor = puppet("robot", path, height=1.8, actions=[Stand((2.0, 3.0)), Idle(2.0)])
    assert actor.thing.pose is not None
    points = actor.thing.pose(1.0)
    assert np.ptp(points[:, 2]) == pytest.approx(1.8, abs=1e-4)
    assert points[:, 2].min() == pytest.approx(0, abs=1e-5)
    with pytest.raises(ValueError, match=r"no clip called walk.*no clips"):
        puppet("robot", path, actions=[Travel(((0, 0), (0, 3)))])
    with pytest.raises(ValueError, match="no clips"):
        puppet("robot", path, actions=[Play("Dance")])


def test_a_clip_of_one_key_holds_its_pose(tmp_path: Path) -> None:
    g = creature()
    g.clip("Pose", (2, "rotation", "LINEAR", [0.5], [quaternion([1.0, 0, 0], 1.0)]))
    body = load_puppet(g.save(tmp_path / "a.glb"))
    clip = body.clip("Pose")
    assert clip.seconds == 0
    pose = clip.at(body.rest, 3.0)
    assert pose.rotation[2] == pytest.approx(np.roll(quaternion([1.0, 0, 0], 1.0), 1))
    puppet("robot", tmp_path / "a.glb", actions=[Play("Pose", 1.0), Travel(((0, 0), (0, 2)), clip="Pose")]).joint(
        "head", 1.0
    )


def test_an_unknown_clip_names_the_nearest(tmp_path: Path) -> None:
    body = load_puppet(walker().save(tmp_path / "a.glb"))
    with pytest.raises(ValueError, match=r"did you mean `Walk`.*`Leap`"):
        body.clip("Wakl")
    with pytest.raises(ValueError, match="there is `Walk`, `Breathe idle` or `Leap`"):
        body.clip("Somersault")


def measured(body: Puppet, scale: float = 1.0) -> Measured:
    return Measured(body, scale, np.array([[-1.0, 0, 0], [0, 0, 1.0], [0, 1.0, 0]]), 0.0)


def test_the_stride_is_where_the_feet_stand(tmp_path: Path) -> None:
    body = load_puppet(walker().save(tmp_path / "a.glb"))
    assert measured(body).pace(body.clip("Walk")).stride == pytest.approx(1.0, abs=0.01)
    assert measured(body, 2.0).pace(body.clip("Walk")).stride == pytest.approx(2.0, abs=0.02)
    leap = measured(body).pace(body.clip("Leap"))
    assert leap.drift == pytest.approx([0, 1.5, 0])


@pytest.mark.parametrize("speed", [0.6, 1.4, 3.0])
def test_feet_that_stand_do_not_slide(tmp_path: Path, speed: float) -> None:
    path = walker().save(tmp_path / "a.glb")
    actor = puppet("robot", path, actions=[Travel(((0, 0), (0, 8)), speed)], stage=Stage())
    times = np.arange(1.0, 8 / speed - 0.5, 1 / 60)
    for side in ("left", "right"):
        track = np.array([actor.joint(f"{side}_foot", float(t)) for t in times])
        step = np.linalg.norm(np.diff(track[:, :2], axis=0), axis=1)
        down = (track[1:, 2] < 0.01) & (track[:-1, 2] < 0.01)
        # in the middle of a stance; its ends are rounded by the sampling of the test
        middle = down & np.roll(down, 2) & np.roll(down, -2)
        assert middle.sum() > 20
        assert step[middle].max() * 60 < 0.05 * speed
    hips = np.array([actor.joint("hips", float(t)) for t in (2.0, 2.5)])
    assert np.linalg.norm(hips[1] - hips[0]) == pytest.approx(0.5 * speed, rel=0.02)


def test_root_motion_carries_the_character_on(tmp_path: Path) -> None:
    path = walker().save(tmp_path / "a.glb")
    actor = puppet("robot", path, actions=[Stand((0, 0), np.pi / 2, 1.0), Play("Leap"), Idle(3.0)])
    assert actor.joint("hips", 1.0) == pytest.approx([0, 0, 1], abs=0.02)
    assert actor.joint("hips", 2.0)[2] > 1.9
    assert actor.joint("hips", 5.0)[:2] == pytest.approx([-1.5, 0], abs=0.01)
    track = np.array([actor.joint("hips", t) for t in np.arange(0.9, 4.0, 1 / 48)])
    assert np.linalg.norm(np.diff(track, axis=0), axis=1).max() < 0.12  # no jump, not even between the actions


def test_actions_are_pure_and_joined_smoothly(tmp_path: Path) -> None:
    path = walker().save(tmp_path / "a.glb")
    floor = Stage(ground=lambda x, y: 0.1 * y)
    actions = [Stand((0, 0), 0.0, 0.5), Travel(((0, 0), (0, 3), (2, 5)), 1.2), Turn(1.0), Play("Walk", 1.0), Idle()]
    actor = puppet("robot", path, height=1.7, actions=actions, stage=floor)
    assert actor.thing.pose is not None
    first = actor.thing.pose(3.3).copy()
    feet = np.array([actor.thing.pose(t).mean(0) for t in np.arange(0, 9, 1 / 24)])
    assert np.linalg.norm(np.diff(feet, axis=0), axis=1).max() < 0.12
    assert np.array_equal(first, actor.thing.pose(3.3))
    x, y, z = actor.joint("root", 8.9)
    assert z == pytest.approx(0.1 * y, abs=1e-6)
    assert (x, y) == pytest.approx((2, 5), abs=1e-6)


def test_a_frame_turns_with_its_joint(tmp_path: Path) -> None:
    path = creature().save(tmp_path / "a.glb")
    still = puppet("robot", path, actions=[Stand((0, 0))]).frame("head", 0.0)
    assert still[:3, :3] == pytest.approx(np.eye(3), abs=1e-9)
    bent = puppet("robot", path, actions=[Stand((0, 0), np.pi / 2), Play("Bend", 2.0)]).frame("head", 1.0)
    tilt = np.array([[1, 0, 0], [0, np.cos(1.2), np.sin(1.2)], [0, -np.sin(1.2), np.cos(1.2)]])
    left = np.array([[0, -1.0, 0], [1.0, 0, 0], [0, 0, 1.0]])
    assert bent[:3, :3] == pytest.approx(left @ tilt, abs=1e-6)


def test_joints_are_found_by_name(tmp_path: Path) -> None:
    actor = puppet("robot", creature().save(tmp_path / "a.glb"))
    assert actor.joint("head", 0.0) == pytest.approx([0, 0, 1])
    assert actor.joint("tail_2", 0.0) == pytest.approx([-1, 0, 1])
    with pytest.raises(ValueError, match="did you mean 'tail_1'"):
        actor.joint("tial_1", 0.0)


@pytest.mark.parametrize(
    ("names", "knee", "shoulder"),
    [
        (("Hips", "LeftUpLeg", "LeftLeg", "LeftShoulder", "LeftArm"), 2, 4),
        (
            (
                "mixamorig:Hips",
                "mixamorig:LeftUpLeg",
                "mixamorig:LeftLeg",
                "mixamorig:LeftShoulder",
                "mixamorig:LeftArm",
            ),
            2,
            4,
        ),
        (("root", "upperleg01.L", "lowerleg01.L", "clavicle.L", "upperarm01.L"), 2, 4),
        (("pelvis", "thigh_l", "calf_l", "clavicle_l", "upperarm_l"), 2, 4),
        (("Hips", "LeftHip", "LeftKnee", "LeftCollar", "LeftShoulder"), 2, 4),
        (("Bip01 Pelvis", "Bip01 L Thigh", "Bip01 L Calf", "Bip01 L Clavicle", "Bip01 L UpperArm"), 2, 4),
        (("root", "lfemur", "ltibia", "lclavicle", "lhumerus"), 2, 4),
    ],
)
def test_programs_call_joints_by_many_names(names: tuple[str, ...], knee: int, shoulder: int) -> None:
    found = roles(names, [-1, 0, 1, 0, 3])
    assert (found["hips"], found["left_thigh"], found["left_knee"]) == (0, 1, knee)
    assert (found["left_clavicle"], found["left_shoulder"]) == (3, shoulder)


def test_the_pose_has_the_shape_of_the_nodes(tmp_path: Path) -> None:
    body = load_puppet(creature().save(tmp_path / "a.glb"))
    assert isinstance(body.rest, Pose)
    assert body.rest.rotation.shape == (9, 4)
    assert body.rest.weights.tolist() == [0.25, 0.0]
