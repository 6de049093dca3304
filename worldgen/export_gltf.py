"""The world as a binary glTF 2.0 file: things with their names and materials, skins and rigid motion as animation,
cameras of all shots, sun and lamps. Blender, Unreal, Houdini and web viewers open it.

Everything hangs on one node that turns our +Z up to the file's +Y up, so all below it keep their own coordinates.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.spatial.transform import Rotation

from worldgen.conventions import F32, F64, OPENGL_FROM_OPENCV, srgb_from_linear
from worldgen.material import Material
from worldgen.mesh import Mesh
from worldgen.world import Shot, Thing, World

FLOAT, UINT, USHORT = 5126, 5125, 5123
ARRAY, ELEMENTS = 34962, 34963
KILO: Final = 1000.0
"""glTF's lights are photometric like ours, in lux and candela where ours are in kilolux and kilocandela."""


@dataclass
class _Document:
    """What is collected. json: the document; binary: its one buffer."""

    json: dict[str, Any] = field(default_factory=dict)
    binary: bytearray = field(default_factory=bytearray)
    materials: dict[Material, int] = field(default_factory=dict)
    textures: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def add(self, key: str, row: dict[str, Any]) -> int:
        """Index of a new row of the list ``key``."""
        rows = self.json.setdefault(key, [])
        rows.append(row)
        return len(rows) - 1

    def view(self, data: bytes, target: int | None = None) -> int:
        """Index of a buffer view that holds ``data``."""
        self.binary.extend(b"\0" * (-len(self.binary) % 4))
        row: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        self.binary.extend(data)
        return self.add("bufferViews", row | ({"target": target} if target else {}))

    def accessor(self, values: npt.NDArray[Any], target: int | None = None, bounds: bool = False) -> int:
        """Index of an accessor of ``values`` (N,) or (N, w); bounds: with its least and greatest."""
        component = {"f": FLOAT, "u": UINT if values.dtype.itemsize == 4 else USHORT}[values.dtype.kind]
        width = 1 if values.ndim == 1 else int(np.prod(values.shape[1:]))
        kind = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}[width]
        row: dict[str, Any] = {
            "bufferView": self.view(np.ascontiguousarray(values).tobytes(), target),
            "componentType": component,
        }
        row |= {"count": len(values), "type": kind}
        if bounds:
            flat = values.reshape(len(values), -1)
            row |= {"min": flat.min(0).tolist(), "max": flat.max(0).tolist()}
        return self.add("accessors", row)

    def bytes(self) -> bytes:
        """The file (glTF 2.0, 4.4)."""
        self.binary.extend(b"\0" * (-len(self.binary) % 4))
        text = json.dumps({**self.json, "buffers": [{"byteLength": len(self.binary)}]}, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        size = 12 + 8 + len(text) + 8 + len(self.binary)
        head = struct.pack("<4sII", b"glTF", 2, size) + struct.pack("<I4s", len(text), b"JSON")
        return head + text + struct.pack("<I4s", len(self.binary), b"BIN\0") + bytes(self.binary)


def export_gltf(world: World, shots: Sequence[Shot], *, fps: float | None = None) -> bytes:
    """The .glb of ``world`` with the cameras of ``shots``; motion is sampled from the first shot's start to the last
    one's end, at ``fps`` (unsaid: the first shot's).
    """
    document = _Document()
    document.json["asset"] = {"version": "2.0", "generator": "Setpiece"}
    rate = fps or (float(shots[0].fps) if shots else 24.0)
    start = min((shot.start for shot in shots), default=0.0)
    stop = max((shot.time(shot.frames - 1) for shot in shots), default=0.0)
    times = start + np.arange(round((stop - start) * rate) + 1) / rate
    up = Rotation.from_euler("x", -90, degrees=True).as_quat().tolist()
    root = document.add("nodes", {"name": "world", "rotation": up, "children": []})
    children: list[int] = document.json["nodes"][root]["children"]
    animation: dict[str, Any] = {"name": "scene", "channels": [], "samplers": []}
    clock = document.accessor((times - times[0]).astype(np.float32), bounds=True)
    for thing in world.things:
        children.append(_thing(document, thing, times, clock, animation))
    for shot in shots:
        children.append(_camera(document, shot, times, clock, animation))
    children.extend(_lights(document, world, float(times[0])))
    if animation["channels"]:
        document.add("animations", animation)
    document.add("scenes", {"name": "scene", "nodes": [root]})
    document.json["scene"] = 0
    return document.bytes()


def _thing(document: _Document, thing: Thing, times: F64, clock: int, animation: dict[str, Any]) -> int:
    node: dict[str, Any] = {"name": thing.name}
    if thing.skin is not None:
        return _skinned(document, thing, times, clock, animation)
    node["mesh"] = document.add("meshes", {"name": thing.name, "primitives": _primitives(document, thing.mesh)})
    index = document.add("nodes", node)
    if thing.place is not None:
        _moved(document, index, np.array([thing.place(float(t)) for t in times]), clock, animation)
    return index


def _skinned(document: _Document, thing: Thing, times: F64, clock: int, animation: dict[str, Any]) -> int:
    """A mesh on joints that hang side by side: each joint's motion is given in the world, as the rig solves it."""
    skin = thing.skin
    assert skin is not None
    order = np.argsort(-skin.weights.toarray(), axis=1)[:, :4]
    weights = np.take_along_axis(skin.weights.toarray(), order, axis=1).astype(np.float32)
    weights /= np.maximum(weights.sum(1, keepdims=True), 1e-12)
    joints = np.where(weights > 0, order, 0).astype(np.uint16)
    extra = {
        "JOINTS_0": lambda rows: document.accessor(joints[rows], ARRAY),
        "WEIGHTS_0": lambda rows: document.accessor(weights[rows], ARRAY),
    }
    mesh = Mesh(skin.rest, *(getattr(thing.mesh, n) for n in ("faces", "normals", "uv", "material", "materials")))
    primitives = _primitives(document, mesh, extra)
    posed = np.array([skin.joints(float(t)) for t in times])  # (T, J, 4, 4)
    nodes = []
    for j, name in enumerate(skin.names):
        index = document.add("nodes", {"name": f"{thing.name}/{name}"})
        _moved(document, index, posed[:, j], clock, animation)
        nodes.append(index)
    inverse = np.linalg.inv(skin.bind).transpose(0, 2, 1).astype(np.float32)  # glTF matrices are column-major
    row = {"name": thing.name, "joints": nodes, "inverseBindMatrices": document.accessor(inverse.reshape(-1, 16))}
    shown = document.add("nodes", {
        "name": f"{thing.name}/body",
        "mesh": document.add("meshes", {"name": thing.name, "primitives": primitives}),
        "skin": document.add("skins", row),
    })  # fmt: skip
    return document.add("nodes", {"name": thing.name, "children": [*nodes, shown]})


def _moved(document: _Document, node: int, places: F64, clock: int, animation: dict[str, Any]) -> None:
    """Write ``places (T, 4, 4)`` as the node's animation, and the first of them as where it rests."""
    scale = np.linalg.norm(places[:, :3, :3], axis=1)
    turn = Rotation.from_matrix(places[:, :3, :3] / scale[:, None, :]).as_quat()
    flip = np.cumprod(np.where((turn[1:] * turn[:-1]).sum(1) < 0, -1.0, 1.0))
    turn[1:] *= flip[:, None]  # neighbours on one side of the sphere, so that viewers turn the short way
    values = {"translation": places[:, :3, 3], "rotation": turn, "scale": scale}
    row = document.json["nodes"][node]
    for path, track in values.items():
        row[path] = track[0].tolist()
        if len(track) > 1 and np.ptp(track, axis=0).max() > 1e-7:
            sampler = {"input": clock, "output": document.accessor(track.astype(np.float32)), "interpolation": "LINEAR"}
            animation["samplers"].append(sampler)
            target = {"node": node, "path": path}
            animation["channels"].append({"sampler": len(animation["samplers"]) - 1, "target": target})


def _primitives(document: _Document, mesh: Mesh, extra: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """One primitive for each material that is used, each with the vertices it needs."""
    found = []
    for index in np.unique(mesh.material):
        material = mesh.materials[index]
        faces = mesh.faces[mesh.material == index]
        rows, faces = np.unique(faces, return_inverse=True)
        attributes = {
            "POSITION": document.accessor(mesh.vertices[rows].astype(np.float32), ARRAY, bounds=True),
            "NORMAL": document.accessor(mesh.normals[rows].astype(np.float32), ARRAY),
            "TEXCOORD_0": document.accessor(_tiles(material, mesh.uv[rows]), ARRAY),
        }
        attributes |= {name: write(rows) for name, write in (extra or {}).items()}
        indices = document.accessor(faces.reshape(-1).astype(np.uint32), ELEMENTS)
        found.append({"attributes": attributes, "indices": indices, "material": _material(document, material)})
    return found


def _tiles(material: Material, uv: F32) -> F32:
    """Texture coordinates in tiles; glTF's v runs down."""
    size = material.texture.size_m if material.texture is not None else 1.0
    return np.stack([uv[:, 0] / size, -uv[:, 1] / size], axis=1).astype(np.float32)


def _material(document: _Document, material: Material) -> int:
    if material in document.materials:
        return document.materials[material]
    look: dict[str, Any] = {"metallicFactor": material.metallic, "roughnessFactor": material.roughness}
    if material.texture is None:
        look["baseColorFactor"] = [*material.base_color, 1.0]
    else:
        look["baseColorTexture"] = {"index": _texture(document, material)}
    row: dict[str, Any] = {"name": material.name, "pbrMetallicRoughness": look, "doubleSided": True}
    peak = max(material.emission)
    if peak > 0:  # radiance in kcd/m2; glTF wants cd/m2 as strength times a colour in 0-1
        row["emissiveFactor"] = [e / peak for e in material.emission]
        row["extensions"] = {"KHR_materials_emissive_strength": {"emissiveStrength": peak * KILO}}
        _uses(document, "KHR_materials_emissive_strength")
    document.materials[material] = document.add("materials", row)
    return document.materials[material]


def _texture(document: _Document, material: Material) -> int:
    """Base colour times detail, as a JPEG."""
    assert material.texture is not None
    key = (material.texture, material.base_color)
    if key not in document.textures:
        colour = np.asarray(material.texture.detail, np.float32) * np.asarray(material.base_color, np.float32)
        picture = Image.fromarray((srgb_from_linear(colour) * 255 + 0.5).astype(np.uint8))
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=88)
        image = document.add("images", {"bufferView": document.view(data.getvalue()), "mimeType": "image/jpeg"})
        if "samplers" not in document.json:
            document.add("samplers", {"magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 10497})
        document.textures[key] = document.add("textures", {"source": image, "sampler": 0})
    return document.textures[key]


def _camera(document: _Document, shot: Shot, times: F64, clock: int, animation: dict[str, Any]) -> int:
    """A shot's camera; before and after its shot it stands still. A zoom is not in glTF: its first lens stays."""
    track = shot.track
    lens = {
        "yfov": float(2 * np.arctan(track.height / 2 / track.K[0, 1, 1])),
        "aspectRatio": track.width / track.height * float(track.K[0, 1, 1] / track.K[0, 0, 0]),
        "znear": track.near,
        "zfar": track.far,
    }
    camera = document.add("cameras", {"name": shot.name, "type": "perspective", "perspective": lens})
    index = document.add("nodes", {"name": shot.name, "camera": camera})
    frames = np.clip(np.round((times - shot.start) * float(shot.fps)).astype(np.int64), 0, shot.frames - 1)
    _moved(document, index, track.world_from_camera[frames] @ OPENGL_FROM_OPENCV, clock, animation)
    return index


def _lights(document: _Document, world: World, time: float) -> list[int]:
    """Sun and lamps as of ``time`` (KHR_lights_punctual: lux and candela)."""
    light = world.light(time)
    rows: list[tuple[dict[str, Any], F64]] = []
    sun = light.sky.sun_irradiance * KILO
    if sun.max() > 0:
        colour = {"color": (sun / sun.max()).tolist(), "intensity": float(sun.max())}
        rows.append(({"name": "sun", "type": "directional", **colour}, _aimed(-light.sky.sun_direction)))
    for lamp in light.lamps:
        power = np.asarray(lamp.intensity, np.float64) * KILO
        if power.max() > 0:
            place = np.eye(4)
            place[:3, 3] = lamp.position
            colour = {"color": (power / power.max()).tolist(), "intensity": float(power.max()), "range": lamp.reach_m}
            rows.append(({"name": lamp.name, "type": "point", **colour}, place))
    if not rows:
        return []
    _uses(document, "KHR_lights_punctual")
    document.json.setdefault("extensions", {})["KHR_lights_punctual"] = {"lights": [row for row, _ in rows]}
    return [
        document.add("nodes", {
            "name": row["name"],
            "matrix": place.T.reshape(-1).tolist(),
            "extensions": {"KHR_lights_punctual": {"light": k}},
        })
        for k, (row, place) in enumerate(rows)
    ]  # fmt: skip


def _aimed(direction: F64) -> F64:
    """(4, 4) of a node whose -Z points along ``direction``."""
    result = np.eye(4)
    result[:3, :3] = Rotation.align_vectors([direction], [[0.0, 0.0, -1.0]])[0].as_matrix()
    return result


def _uses(document: _Document, extension: str) -> None:
    used = document.json.setdefault("extensionsUsed", [])
    if extension not in used:
        used.append(extension)
