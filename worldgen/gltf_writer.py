"""Binary glTF 2.0 files, written: buffers, meshes, materials, and nodes that move (Khronos Group 2021)."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.spatial.transform import Rotation

from worldgen.conventions import F32, F64, srgb_from_linear
from worldgen.material import Material
from worldgen.mesh import Mesh

FLOAT, UINT, USHORT = 5126, 5125, 5123
ARRAY, ELEMENTS = 34962, 34963
KILO: Final = 1000.0
"""glTF's lights are photometric like ours, in lux and candela where ours are in kilolux and kilocandela."""


@dataclass
class GltfWriter:
    """A file so far. json: the document; binary: its one buffer."""

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


def move(document: GltfWriter, node: int, places: F64, clock: int, animation: dict[str, Any]) -> None:
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


def primitives(
    document: GltfWriter, mesh: Mesh, extra: dict[str, Callable[[npt.NDArray[np.int64]], int]] | None = None
) -> list[dict[str, Any]]:
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


def _material(document: GltfWriter, material: Material) -> int:
    if material in document.materials:
        return document.materials[material]
    look: dict[str, Any] = {"metallicFactor": material.metallic, "roughnessFactor": material.roughness}
    if material.texture is None:
        look["baseColorFactor"] = [*material.base_color, 1.0]
    else:
        look["baseColorTexture"] = {"index": _texture(document, material)}
    row: dict[str, Any] = {"name": material.name, "pbrMetallicRoughness": look, "doubleSided": True}
    if material.texture is not None and material.texture.opacity is not None:
        row |= {"alphaMode": "MASK", "alphaCutoff": 0.5}
    peak = max(material.emission)
    if peak > 0:  # radiance in kcd/m2; glTF wants cd/m2 as strength times a colour in 0-1
        row["emissiveFactor"] = [e / peak for e in material.emission]
        row["extensions"] = {"KHR_materials_emissive_strength": {"emissiveStrength": peak * KILO}}
        use(document, "KHR_materials_emissive_strength")
    document.materials[material] = document.add("materials", row)
    return document.materials[material]


def _texture(document: GltfWriter, material: Material) -> int:
    """Base colour times detail, as a JPEG; with holes, as a PNG."""
    assert material.texture is not None
    key = (material.texture, material.base_color)
    if key not in document.textures:
        data, shown = io.BytesIO(), picture(material)
        kind = "png" if shown.mode == "RGBA" else "jpeg"
        shown.save(data, kind, quality=88)
        image = document.add("images", {"bufferView": document.view(data.getvalue()), "mimeType": f"image/{kind}"})
        if "samplers" not in document.json:
            document.add("samplers", {"magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 10497})
        document.textures[key] = document.add("textures", {"source": image, "sampler": 0})
    return document.textures[key]


def picture(material: Material) -> Image.Image:
    """Base colour times detail, in sRGB; with the opacity as its fourth channel where there are holes."""
    assert material.texture is not None
    colour = np.asarray(material.texture.detail, np.float32) * np.asarray(material.base_color, np.float32)
    shown = Image.fromarray((srgb_from_linear(colour) * 255 + 0.5).astype(np.uint8))
    if material.texture.opacity is not None:
        shown.putalpha(Image.fromarray(material.texture.opacity))
    return shown


def use(document: GltfWriter, extension: str) -> None:
    """Say that the file uses ``extension``."""
    used = document.json.setdefault("extensionsUsed", [])
    if extension not in used:
        used.append(extension)
