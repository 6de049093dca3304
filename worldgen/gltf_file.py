"""glTF 2.0 files: the container, the buffers and the numbers in them; no meaning yet.

Specification: Khronos Group, glTF 2.0 (2021). Files beside the document are read only in or below its own folder.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlparse

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F64, I32, matrix_from_quaternion

MOST_VALUES: Final = 50_000_000
_COMPONENT: Final = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTH: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_READABLE: Final = (
    *("KHR_mesh_quantization", "KHR_texture_transform", "KHR_animation_pointer", "KHR_node_visibility"),
    *("KHR_lights_punctual", "EXT_mesh_gpu_instancing"),
)


@dataclass(frozen=True)
class GltfFile:
    """A parsed file. document: the JSON. binary: the chunk of a .glb, or None. folder: where files beside it lie."""

    document: dict[str, Any]
    binary: bytes | None
    folder: Path

    def rows(self, key: str) -> list[dict[str, Any]]:
        """The list ``key`` of the document, empty if it has none."""
        rows = self.document.get(key) or []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError(f"its {key} are not a list of objects")
        return rows

    def row(self, key: str, index: Any) -> dict[str, Any]:
        """One of them. Raises ValueError where the file names one that it does not have."""
        rows = self.rows(key)
        if not isinstance(index, int) or not 0 <= index < len(rows):
            raise ValueError(f"it refers to number {index} of its {key}, but has {len(rows)}")
        return rows[index]

    def view(self, index: Any) -> bytes:
        """Bytes of one buffer view."""
        view = self.row("bufferViews", index)
        start, length = int(view.get("byteOffset", 0)), int(view["byteLength"])
        data = self._buffer(view["buffer"])
        if start < 0 or start + length > len(data):
            raise ValueError(f"it is cut short: {start + length} bytes are promised, {len(data)} are there")
        return data[start : start + length]

    def file(self, uri: str) -> bytes:
        """Content of a data URI, or of a file in or below the folder."""
        if uri.startswith("data:"):
            head, _, body = uri.partition(",")
            try:
                return base64.b64decode(body, validate=True) if head.endswith(";base64") else unquote(body).encode()
            except binascii.Error:
                raise ValueError("a data URI in it is not base64") from None
        target = (self.folder / unquote(uri)).resolve()
        if urlparse(uri).scheme or not target.is_relative_to(self.folder.resolve()):
            raise ValueError(f"it refers to {uri!r}, outside its own folder: that is not read")
        if not target.is_file():
            raise ValueError(f"it refers to {uri!r}, which does not lie beside it")
        return target.read_bytes()

    def accessor(self, index: Any) -> npt.NDArray[Any]:
        """(count, width) numbers of one accessor, sparse ones filled in; normalised integers as floats (3.6.2)."""
        accessor = self.row("accessors", index)
        if accessor.get("componentType") not in _COMPONENT or accessor.get("type") not in _WIDTH:
            raise ValueError(f"its accessor {index} has no known type")
        dtype = np.dtype(_COMPONENT[accessor["componentType"]])
        width, count = _WIDTH[accessor["type"]], int(accessor["count"])
        if not 0 <= count * width <= MOST_VALUES:
            raise ValueError(f"its accessor {index} promises {count} values")
        if accessor.get("bufferView") is None:
            rows = np.zeros((count, width), dtype)
        else:
            view = self.row("bufferViews", accessor["bufferView"])
            rows = _strided(
                self.view(accessor["bufferView"]), accessor.get("byteOffset", 0), view.get("byteStride"), dtype,
                (count, width),
            )  # fmt: skip
        sparse = accessor.get("sparse")
        if sparse is not None:
            at, values, number = sparse["indices"], sparse["values"], int(sparse["count"])
            kind = np.dtype(_COMPONENT[at["componentType"]])
            which = _strided(self.view(at["bufferView"]), at.get("byteOffset", 0), None, kind, (number, 1))[:, 0]
            if number and which.max() >= count:
                raise ValueError(f"its sparse accessor {index} replaces values that it does not have")
            rows[which] = _strided(
                self.view(values["bufferView"]), values.get("byteOffset", 0), None, dtype, (number, width)
            )
        if dtype.kind == "f" and not np.all(np.isfinite(rows)):
            raise ValueError(f"its accessor {index} has values that are not numbers")
        if accessor.get("normalized") and dtype.kind in "iu":
            return np.maximum(rows / (2.0 ** (8 * dtype.itemsize - (dtype.kind == "i")) - 1), -1.0)
        return rows

    def _buffer(self, index: Any) -> bytes:
        buffer = self.row("buffers", index)
        uri = buffer.get("uri")
        if uri is not None:
            return self.file(uri)
        if self.binary is None:
            raise ValueError("its numbers are missing: a buffer has neither a file nor a binary chunk")
        return self.binary


def _strided(
    data: bytes, start: int, stride: int | None, dtype: np.dtype[Any], shape: tuple[int, int]
) -> npt.NDArray[Any]:
    """A copy of rows that lie ``stride`` bytes apart."""
    stride = stride or dtype.itemsize * shape[1]
    needed = start + stride * (shape[0] - 1) + dtype.itemsize * shape[1] if shape[0] else 0
    if needed > len(data):
        raise ValueError(f"it is cut short: {needed} bytes are promised, {len(data)} are there")
    return (
        np.ndarray(shape, dtype, data, start, (stride, dtype.itemsize)).copy() if shape[0] else np.zeros(shape, dtype)
    )


def open_gltf(path: Path) -> GltfFile:
    """Read a .glb or .gltf. Raises ValueError, one sentence without the file's name, for what is none."""
    if not path.is_file():
        raise ValueError("there is no such file")
    raw = path.read_bytes()
    binary: bytes | None = None
    if raw[:4] == b"glTF":
        text, binary = _chunks(raw)
    else:
        text = raw
    try:
        document = json.loads(text.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError("it is not a glTF file, or broken") from None
    if not isinstance(document, dict) or not isinstance(document.get("asset"), dict):
        raise ValueError("it is not a glTF file: it does not say which version it is")
    if not str(document["asset"].get("version", "")).startswith("2."):
        raise ValueError(f"it is glTF {document['asset'].get('version')}; export it as glTF 2.0")
    for name in document.get("extensionsRequired") or []:
        if name not in _READABLE and not str(name).startswith("KHR_materials_"):
            raise ValueError(f"it cannot be read without {name}: export it without that extension")
    return GltfFile(document, binary, path.parent)


def _chunks(raw: bytes) -> tuple[bytes, bytes | None]:
    """JSON and binary chunk of a .glb (4.4)."""
    if len(raw) < 20 or struct.unpack_from("<I", raw, 8)[0] > len(raw):
        raise ValueError("it is cut short")
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= len(raw):
        length, kind = struct.unpack_from("<II", raw, at)
        chunks.setdefault(kind, raw[at + 8 : at + 8 + length])
        if at + 8 + length > len(raw):
            raise ValueError("it is cut short")
        at += 8 + length
    if 0x4E4F534A not in chunks:
        raise ValueError("it has no description of its content")
    return chunks[0x4E4F534A], chunks.get(0x004E4942)


@dataclass(frozen=True)
class Nodes:
    """The nodes of a file, in the file's axes (+Y up).

    names: as the file has them, else "node-3". parents: (N,) int32, -1 at a root. levels: rows by depth, roots first.
    translation (N, 3), rotation (N, 4) wxyz unit, scale (N, 3): at rest. fixed: row to the (4, 4) of nodes that are
    given by a matrix and so cannot be animated.
    """

    names: tuple[str, ...]
    parents: I32
    levels: tuple[I32, ...]
    translation: F64
    rotation: F64
    scale: F64
    fixed: dict[int, F64]

    def world(self, translation: F64, rotation: F64, scale: F64) -> F64:
        """(N, 4, 4) file axes from node, of local translations, rotations and scales."""
        local = np.zeros((len(self.names), 4, 4))
        local[:, :3, :3] = matrix_from_quaternion(rotation) * scale[:, None, :]
        local[:, :3, 3] = translation
        local[:, 3, 3] = 1.0
        for row, matrix in self.fixed.items():
            local[row] = matrix
        for level in self.levels[1:]:
            local[level] = local[self.parents[level]] @ local[level]
        return local


def read_nodes(file: GltfFile) -> Nodes:
    """All nodes. Raises ValueError where they do not form a forest."""
    rows = file.rows("nodes")
    count = len(rows)
    if not count:
        raise ValueError("it has no nodes: there is nothing in it")
    parents = np.full(count, -1, np.int32)
    for k, node in enumerate(rows):
        for child in node.get("children") or []:
            file.row("nodes", child)
            if parents[child] >= 0:
                raise ValueError(f"its node {child} hangs on two others")
            parents[child] = k
    depth = np.zeros(count, np.int32)
    up = parents.copy()
    while np.any(up >= 0):
        depth += up >= 0
        if depth.max() > count:
            raise ValueError("its nodes hang in a circle")
        up = np.where(up >= 0, parents[up], -1)
    fixed = {k: np.array(n["matrix"], np.float64).reshape(4, 4).T for k, n in enumerate(rows) if "matrix" in n}
    xyzw = np.array([n.get("rotation", (0, 0, 0, 1)) for n in rows], np.float64).reshape(count, 4)
    length = np.linalg.norm(xyzw, axis=1, keepdims=True)
    nodes = Nodes(
        tuple(str(n.get("name") or f"node-{k}") for k, n in enumerate(rows)),
        parents,
        tuple(np.flatnonzero(depth == d).astype(np.int32) for d in range(int(depth.max()) + 1)),
        np.array([n.get("translation", (0, 0, 0)) for n in rows], np.float64).reshape(count, 3),
        np.where(length > 1e-12, xyzw / np.maximum(length, 1e-12), [0, 0, 0, 1.0])[:, [3, 0, 1, 2]],
        np.array([n.get("scale", (1, 1, 1)) for n in rows], np.float64).reshape(count, 3),
        fixed,
    )
    if not all(np.all(np.isfinite(a)) for a in (nodes.translation, xyzw, nodes.scale, *fixed.values())):
        raise ValueError("its nodes have places that are not numbers")
    return nodes


def described(path: Path, error: Exception) -> ValueError:
    """``error`` of a reader as one sentence that names the file: a broken file fails anywhere in a reader."""
    if type(error) is ValueError:
        return ValueError(f"{path.name}: {error}")
    return ValueError(f"{path.name} is not a readable glTF file ({type(error).__name__})")
