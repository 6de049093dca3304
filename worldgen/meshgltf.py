"""The still content of glTF 2.0 files: every mesh of the scene where its nodes put it, with its materials.

Specification: Khronos Group, glTF 2.0 (2021), with KHR_texture_transform, KHR_materials_emissive_strength,
KHR_materials_unlit, KHR_mesh_quantization and EXT_mesh_gpu_instancing. A material whose ``extras`` say
``{"kind": "wood"}`` becomes that kind of ours, with its detail.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import unquote, urlparse

import numpy as np
from PIL import Image, UnidentifiedImageError

from worldgen.conventions import F32, F64, I32, linear_from_srgb, matrix_from_quaternion
from worldgen.gltf_file import GltfFile, Nodes, read_nodes
from worldgen.material import KINDS
from worldgen.meshpart import Part, Surface

EMISSIVE: Final = 0.3
"""Kilocandela per square metre of an emissive factor of 1: the white of a bright screen."""


def gltf_parts(file: GltfFile, stem: str, most: int, notes: set[str]) -> Iterator[tuple[Part, F64]]:
    """Each part with its (4, 4) file axes from part, in the order of the nodes.

    Raises ValueError, one sentence without the file's name, for what cannot be read or has over ``most`` triangles.
    """
    nodes = read_nodes(file)
    placed = nodes.world(nodes.translation, nodes.rotation, nodes.scale)
    reader = _Reader(file, stem, notes)
    total = 0
    for index in _shown(file, nodes):
        node = file.rows("nodes")[index]
        if node.get("mesh") is None:
            continue
        if node.get("skin") is not None:
            notes.add("its joints are not moved: it is shown at rest")
        for part in reader.mesh(node["mesh"]):
            for instance in _instances(file, node):
                total += len(part.faces)
                if total > most:
                    raise ValueError(f"it has more than {most:,} triangles: reduce it first")
                yield part, placed[index] @ instance


def _shown(file: GltfFile, nodes: Nodes) -> list[int]:
    """The nodes of the scene that the file opens with; all of them where it has no scene."""
    if not file.rows("scenes"):
        return list(range(len(nodes.names)))
    waiting = list(file.row("scenes", file.document.get("scene", 0)).get("nodes") or [])
    shown: list[int] = []
    seen: set[int] = set()
    while waiting:
        index = waiting.pop(0)
        node = file.row("nodes", index)
        if index not in seen:
            seen.add(index)
            shown.append(index)
            waiting += node.get("children") or []
    return sorted(shown)


def _instances(file: GltfFile, node: dict[str, Any]) -> list[F64]:
    """Where the node's mesh is drawn, in the node's axes (EXT_mesh_gpu_instancing); usually once."""
    extension = _extension(node, "EXT_mesh_gpu_instancing").get("attributes")
    if not extension:
        return [np.eye(4)]
    rows = {name: file.accessor(index) for name, index in extension.items()}
    count = max(len(values) for values in rows.values())
    result = np.tile(np.eye(4), (count, 1, 1))
    if "ROTATION" in rows:
        result[:, :3, :3] = matrix_from_quaternion(rows["ROTATION"][:, [3, 0, 1, 2]])
    if "SCALE" in rows:
        result[:, :3, :3] *= rows["SCALE"][:, None, :]
    if "TRANSLATION" in rows:
        result[:, :3, 3] = rows["TRANSLATION"]
    return list(result)


@dataclass
class _Reader:
    """Reads each mesh and each bitmap once."""

    file: GltfFile
    stem: str
    notes: set[str]
    meshes: dict[int, list[Part]] = field(default_factory=dict)
    images: dict[int, Image.Image | None] = field(default_factory=dict)

    def mesh(self, index: int) -> list[Part]:
        """The triangles of one mesh, one part a primitive."""
        if index not in self.meshes:
            mesh = self.file.row("meshes", index)
            name = f"{self.stem}/{mesh.get('name') or f'mesh-{index}'}"
            parts = [
                self._part(f"{name}-{k}" if k else name, primitive) for k, primitive in enumerate(mesh["primitives"])
            ]
            self.meshes[index] = [part for part in parts if part is not None]
        return self.meshes[index]

    def _part(self, name: str, primitive: dict[str, Any]) -> Part | None:
        mode = primitive.get("mode", 4)
        if mode not in (4, 5, 6):
            self.notes.add("its points and lines are not shown")
            return None
        attributes = primitive["attributes"]
        vertices = self.file.accessor(attributes["POSITION"]).astype(np.float64)
        if "indices" in primitive:
            order = self.file.accessor(primitive["indices"])[:, 0].astype(np.int64)
        else:
            order = np.arange(len(vertices))
        if len(order) and order.max() >= len(vertices):
            raise ValueError(f"{name} has triangles between vertices that do not exist")
        faces = _triangles(order, mode)
        surface, channel, bend = self._surface(primitive.get("material"), name)
        uv = self._coordinates(attributes.get(f"TEXCOORD_{channel}"), bend, len(vertices))
        if surface.bitmap is not None and uv is None:
            self.notes.add("a picture has no coordinates to lie by: its mean colour is shown")
            pixels = np.asarray(surface.bitmap.convert("RGB").resize((16, 16), Image.Resampling.BOX)) / 255.0
            mean = linear_from_srgb(pixels).mean((0, 1)).astype(np.float64)
            surface = replace(surface, color=mean * surface.color, bitmap=None)
        if "COLOR_0" in attributes and surface.bitmap is None:
            painted = self.file.accessor(attributes["COLOR_0"])[:, :3].astype(np.float64)
            color = np.clip(painted[faces].mean(axis=1) * surface.color, 0.0, 1.0)
            surface = replace(surface, color=color)
        normals = self.file.accessor(attributes["NORMAL"]).astype(np.float32) if "NORMAL" in attributes else None
        if normals is not None and len(normals) != len(vertices):
            normals = None
        return Part(name, vertices, faces, surface, uv, normals)

    def _coordinates(self, index: int | None, bend: F64, count: int) -> F32 | None:
        """(V, 2) tiles with v up; None where there are none, or not one a vertex."""
        if index is None:
            return None
        uv = self.file.accessor(index)[:, :2].astype(np.float64) @ bend[:2, :2].T + bend[:2, 2]
        return np.stack([uv[:, 0], 1.0 - uv[:, 1]], axis=1).astype(np.float32) if len(uv) == count else None

    def _surface(self, index: int | None, name: str) -> tuple[Surface, int, F64]:
        """The material, the number of its picture's coordinates, and the (3, 3) they are bent by."""
        if index is None:
            return Surface(np.ones(3)), 0, np.eye(3)
        material = self.file.row("materials", index)
        pbr = material.get("pbrMetallicRoughness") or {}
        old = _extension(material, "KHR_materials_pbrSpecularGlossiness")
        color = np.array((pbr.get("baseColorFactor") or old.get("diffuseFactor") or (1, 1, 1, 1))[:3], np.float64)
        picture = pbr.get("baseColorTexture") or old.get("diffuseTexture")
        bitmap = self._bitmap(picture)
        metallic = float(pbr.get("metallicFactor", 0.0 if old else 1.0))
        roughness = float(pbr.get("roughnessFactor", 1.0 - float(old.get("glossinessFactor", 1.0)) if old else 1.0))
        mixed = self._bitmap(pbr.get("metallicRoughnessTexture"))
        if mixed is not None:  # blue is metallic, green is roughness
            mean = np.asarray(mixed.convert("RGB"), dtype=np.float64).mean((0, 1)) / 255.0
            metallic, roughness = metallic * float(mean[2]), roughness * float(mean[1])
        if "KHR_materials_unlit" in (material.get("extensions") or {}):
            metallic, roughness = 0.0, 1.0
        kind = (material.get("extras") or {}).get("kind") if isinstance(material.get("extras"), dict) else None
        if kind is not None and kind not in KINDS:
            self.notes.add(f"{kind!r} is no kind of material here")
            kind = None
        if float(_extension(material, "KHR_materials_transmission").get("transmissionFactor", 0.0)) > 0.5:
            kind = kind or "glass"
        emission = self._emission(material)
        return (
            Surface(color, bitmap, roughness, metallic, emission, kind, self._cutoff(material, bitmap)),
            int(_extension(picture or {}, "KHR_texture_transform").get("texCoord", (picture or {}).get("texCoord", 0))),
            _bend(_extension(picture or {}, "KHR_texture_transform")),
        )

    def _cutoff(self, material: dict[str, Any], bitmap: Image.Image | None) -> float | None:
        """Opacity of the picture below which there is no surface (3.9.4); None where all of it is there."""
        mode = material.get("alphaMode", "OPAQUE")
        if mode not in ("MASK", "BLEND"):
            return None
        whole = float(((material.get("pbrMetallicRoughness") or {}).get("baseColorFactor") or (1, 1, 1, 1))[3])
        alpha = np.full(1, whole) if bitmap is None else np.asarray(bitmap.convert("RGBA"))[..., 3] / 255.0 * whole
        cutoff = float(material.get("alphaCutoff", 0.5)) if mode == "MASK" else 0.5
        if mode == "BLEND" and np.any((alpha > 0.05) & (alpha < 0.95)):
            self.notes.add("what is half see-through in its pictures is either there or not")
        if alpha.min() >= cutoff:
            return None
        if bitmap is None or alpha.max() < cutoff:
            self.notes.add("what is see-through all over is shown whole")
            return None
        return cutoff / whole

    def _emission(self, material: dict[str, Any]) -> tuple[float, float, float]:
        strength = float(_extension(material, "KHR_materials_emissive_strength").get("emissiveStrength", 1.0))
        factor = np.array(material.get("emissiveFactor", (0, 0, 0)), np.float64) * strength * EMISSIVE
        if factor.any() and (bitmap := self._bitmap(material.get("emissiveTexture"))) is not None:
            factor = factor * (np.asarray(bitmap.convert("RGB"), np.float64) / 255.0).mean((0, 1)) ** 2.2
        r, g, b = np.clip(factor, 0.0, 1e4).tolist()
        return r, g, b

    def _bitmap(self, picture: dict[str, Any] | None) -> Image.Image | None:
        """The picture of a texture; None, with a note, where it is missing or broken."""
        if not picture:
            return None
        source = self.file.row("textures", picture.get("index")).get("source")
        if source is None:
            self.notes.add("a picture is in a format that is not read")
            return None
        if source not in self.images:
            self.images[source] = self._image(self.file.row("images", source))
        return self.images[source]

    def _image(self, image: dict[str, Any]) -> Image.Image | None:
        uri = str(image.get("uri") or "data:")
        target = (self.file.folder / unquote(uri)).resolve()
        if not urlparse(uri).scheme and target.is_relative_to(self.file.folder.resolve()) and not target.is_file():
            self.notes.add(f"the picture {uri!r} is missing")
            return None
        data = self.file.file(image["uri"]) if image.get("uri") is not None else self.file.view(image["bufferView"])
        try:
            opened = Image.open(io.BytesIO(data))
            opened.load()
        except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError, SyntaxError):
            self.notes.add("a picture in it cannot be read")
            return None
        return opened


def _triangles(order: Any, mode: int) -> I32:
    """(F, 3) of a list, a strip or a fan (3.7.2.1)."""
    if mode == 4:
        return order[: len(order) // 3 * 3].reshape(-1, 3).astype(np.int32)
    if len(order) < 3:
        return np.zeros((0, 3), np.int32)
    if mode == 6:
        return np.stack([np.full(len(order) - 2, order[0]), order[1:-1], order[2:]], axis=1).astype(np.int32)
    strip = np.stack([order[:-2], order[1:-1], order[2:]], axis=1)
    strip[1::2] = strip[1::2, [1, 0, 2]]
    return strip.astype(np.int32)


def _bend(transform: dict[str, Any]) -> F64:
    """(3, 3) of KHR_texture_transform: scale, then turn counter-clockwise, then offset."""
    angle = float(transform.get("rotation", 0.0))
    c, s = np.cos(angle), np.sin(angle)
    (sx, sy), (ox, oy) = transform.get("scale", (1.0, 1.0)), transform.get("offset", (0.0, 0.0))
    return np.array([[c * sx, s * sy, ox], [-s * sx, c * sy, oy], [0.0, 0.0, 1.0]])


def _extension(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = (of.get("extensions") or {}).get(name)
    return found if isinstance(found, dict) else {}
