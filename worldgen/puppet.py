"""A user's skinned character: what is in its glTF file, and its vertices in any pose.

Every vertex hangs on "carriers": the joints of its skin, or, where it has none, its own node. One sparse product of
weights and carriers poses all skins and all stiff parts at once (linear-blend skinning, glTF 2.0, 3.7.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix, csr_matrix

from worldgen.animation import Clip, Pose, read_clips
from worldgen.conventions import F32, F64, I32
from worldgen.errors import listed, nearest
from worldgen.gltf_file import GltfFile, Nodes, described, open_gltf, read_nodes
from worldgen.gltf_material import Surfaces, tinted
from worldgen.material import Material
from worldgen.mesh import Mesh, box_uv, vertex_normals

MOST_TRIANGLES: Final = 2_000_000
OURS_FROM_FILE: Final[F64] = np.array([[-1.0, 0, 0], [0, 0, 1.0], [0, 1.0, 0]])
"""The file has +Y up and faces +Z; ours has +Z up and faces +Y."""


@dataclass(frozen=True)
class Morph:
    """The targets of one run of vertices: they start at vertex ``first``; their weights at ``row`` of the pose's.

    offsets: (K, V, 3) float32.
    """

    first: int
    row: int
    offsets: F32


@dataclass(frozen=True, eq=False)
class Puppet:
    """A character file, in the file's axes and units.

    carriers: (C,) the node of each carrier. inverse: (C, 4, 4) node from mesh at the bind pose. weights: (V, C), rows
    sum to 1. vertices: (V, 3) float32 as in the meshes, before any carrier. uv in tiles where a bitmap is, else None.
    """

    name: str
    nodes: Nodes
    rest: Pose
    clips: tuple[Clip, ...]
    carriers: I32
    inverse: F64
    weights: csr_matrix
    vertices: F32
    morphs: tuple[Morph, ...]
    faces: I32
    face_material: I32
    materials: tuple[Material, ...]
    uv: F32
    joints: tuple[int, ...]

    def clip(self, name: str) -> Clip:
        """The clip called ``name``, in any case. Raises ValueError that lists the clips."""
        for clip in self.clips:
            if clip.name.casefold() == name.casefold():
                return clip
        names = [clip.name for clip in self.clips]
        if not names:
            raise ValueError(f"{self.name} has no clips, so there is none called {name!r}")
        near = nearest(name, names)
        hint = f"did you mean `{near}`?" if near else f"there is {listed(names)}"
        more = f" (it has {listed(names)})" if near and len(names) > 1 else ""
        raise ValueError(f"{self.name} has no clip {name!r}: {hint}{more}")

    def world(self, pose: Pose) -> F64:
        """(N, 4, 4) file axes from node."""
        return self.nodes.world(pose.translation, pose.rotation, pose.scale)

    def posed(self, pose: Pose, world: F64 | None = None) -> F32:
        """(V, 3) float32, file axes and units."""
        nodes = self.world(pose) if world is None else world
        carried = (nodes[self.carriers] @ self.inverse)[:, :3].reshape(-1, 12).astype(np.float32)
        points = self.vertices
        if self.morphs:
            points = points.copy()
            for morph in self.morphs:
                count, length = morph.offsets.shape[:2]
                shares = pose.weights[morph.row : morph.row + count]
                used = np.flatnonzero(shares)
                if len(used):
                    moved = np.tensordot(shares[used].astype(np.float32), morph.offsets[used], 1)
                    points[morph.first : morph.first + length] += moved
        m = self.weights @ carried
        return np.stack([np.einsum("vk,vk->v", m[:, 4 * a : 4 * a + 3], points) + m[:, 4 * a + 3] for a in range(3)], 1)

    def mesh(self, vertices: F32) -> Mesh:
        """The parts as one mesh with ``vertices (V, 3)`` of any axes and units."""
        normals = vertex_normals(vertices, self.faces)
        textured = np.isfinite(self.uv[:, :1])
        uv = np.where(textured, self.uv, box_uv(vertices, normals)).astype(np.float32)
        return Mesh(vertices, self.faces, normals, uv, self.face_material, self.materials)


@lru_cache(maxsize=16)
def load_puppet(path: Path) -> Puppet:
    """Read a .glb or .gltf with triangles. Raises ValueError, one sentence, for what cannot be read or shown."""
    if path.suffix.lower() not in (".glb", ".gltf"):
        raise ValueError(f"{path.name} is not a glTF file: characters come from .glb or .gltf files")
    try:
        return _read(open_gltf(path), path.stem)
    except Exception as error:
        raise described(path, error) from None


class _Pool:
    """Vertices, faces and carriers as they are found."""

    def __init__(self, file: GltfFile, nodes: Nodes, stem: str) -> None:
        self.file, self.nodes, self.surfaces = file, nodes, Surfaces(file, stem)
        self.carriers: list[int] = []
        self.inverse: list[F64] = []
        self.skins: dict[int, int] = {}  # to its first carrier
        self.vertices: list[F32] = []
        self.uv: list[F32] = []
        self.faces: list[I32] = []
        self.index: list[I32] = []
        self.materials: dict[Material, int] = {}
        self.entries: list[tuple[I32, I32, F64]] = []  # vertex, carrier, weight
        self.morphs: list[Morph] = []
        self.count = 0

    def skin(self, index: int) -> tuple[int, int]:
        """First carrier of a skin, and how many joints it has."""
        row = self.file.row("skins", index)
        joints = row["joints"]
        if index not in self.skins:
            self.skins[index] = len(self.carriers)
            for joint in joints:
                self.file.row("nodes", joint)
            inverse: npt.NDArray[Any] = np.tile(np.eye(4), (len(joints), 1, 1))
            if row.get("inverseBindMatrices") is not None:
                inverse = self.file.accessor(row["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
                if len(inverse) < len(joints):
                    raise ValueError(f"its skin {index} has {len(joints)} joints but {len(inverse)} bind matrices")
            self.carriers += joints
            self.inverse += list(inverse[: len(joints)].astype(np.float64))
        return self.skins[index], len(joints)

    def primitive(self, node: int, skin: int | None, mesh: dict[str, Any], row: dict[str, Any], weights: int) -> None:
        """Add the triangles of one primitive. weights: the row of the pose's that its node's morphs begin at."""
        name = str(mesh.get("name") or "mesh")
        mode = row.get("mode", 4)
        if mode not in (4, 5, 6):
            return  # points and lines have no surface
        attributes = row["attributes"]
        points = self.file.accessor(attributes["POSITION"]).astype(np.float32)
        faces = self._faces(row, mode, len(points), name)
        if skin is None or "JOINTS_0" not in attributes:
            self.carriers.append(node)
            self.inverse.append(np.eye(4))
            vertex = np.arange(len(points), dtype=np.int32)
            carrier = np.full(len(points), len(self.carriers) - 1, np.int32)
            self.entries.append((vertex + self.count, carrier, np.ones(len(points))))
        else:
            self._hung(skin, attributes, len(points), name)
        index = row.get("material")
        uv = self.surfaces.uv(index, attributes)
        material = self.surfaces.material(index)
        which = np.zeros(len(faces), np.intp)
        made = [material]
        if "COLOR_0" in attributes and len(faces):
            colours = self.file.accessor(attributes["COLOR_0"])[:, :3].astype(np.float64)
            which, made = tinted(material, colours[faces].mean(1))
        local = np.array([self.materials.setdefault(m, len(self.materials)) for m in made], np.int32)
        targets = [
            self.file.accessor(t["POSITION"]).astype(np.float32) if "POSITION" in t else np.zeros_like(points)
            for t in row.get("targets") or []
        ]
        if any(target.shape != points.shape for target in targets):
            raise ValueError(f"a morph target of its mesh {name!r} has another number of vertices")
        if targets:
            self.morphs.append(Morph(self.count, weights, np.stack(targets)))
        self.vertices.append(points)
        self.uv.append(np.full((len(points), 2), np.nan, np.float32) if uv is None else uv)
        self.faces.append(faces + np.int32(self.count))
        self.index.append(local[which])
        self.count += len(points)
        if sum(len(f) for f in self.faces) > MOST_TRIANGLES:
            raise ValueError(f"it has more than {MOST_TRIANGLES:,} triangles: reduce it first")

    def _faces(self, row: dict[str, Any], mode: int, count: int, name: str) -> I32:
        if row.get("indices") is not None:
            order = self.file.accessor(row["indices"])[:, 0].astype(np.int64)
        else:
            order = np.arange(count)
        if len(order) and order.max() >= count:
            raise ValueError(f"its mesh {name!r} has triangles between vertices that do not exist")
        if mode == 4:
            corners = order[: len(order) // 3 * 3].reshape(-1, 3)
        elif mode == 5:
            corners = np.stack([order[:-2], order[1:-1], order[2:]], axis=1)
            corners[1::2] = corners[1::2, ::-1]
        else:
            corners = np.stack([np.broadcast_to(order[:1], len(order) - 2), order[1:-1], order[2:]], axis=1)
        whole = (corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2]) & (corners[:, 2] != corners[:, 0])
        return corners[whole].astype(np.int32)

    def _hung(self, skin: int, attributes: dict[str, Any], count: int, name: str) -> None:
        first, joints = self.skin(skin)
        sets = [k for k in range(8) if f"JOINTS_{k}" in attributes and f"WEIGHTS_{k}" in attributes]
        which = np.concatenate([self.file.accessor(attributes[f"JOINTS_{k}"]) for k in sets], axis=1).astype(np.int64)
        weight = np.concatenate([self.file.accessor(attributes[f"WEIGHTS_{k}"]) for k in sets], 1).astype(np.float64)
        if which.shape != weight.shape or len(which) != count:
            raise ValueError(f"its mesh {name!r} has weights for another number of vertices")
        weight = np.maximum(weight, 0.0)
        if np.any((weight > 0) & (which >= joints)):
            raise ValueError(f"its mesh {name!r} hangs on joint {int(which.max())}, but its skin has {joints}")
        total = weight.sum(1)
        if np.any(total <= 1e-9):
            lost = int(np.sum(total <= 1e-9))
            raise ValueError(f"{lost} vertices of its mesh {name!r} hang on no joint: give every vertex a weight")
        vertex, slot = np.nonzero(weight)
        carrier = (first + which[vertex, slot]).astype(np.int32)
        self.entries.append(((vertex + self.count).astype(np.int32), carrier, weight[vertex, slot] / total[vertex]))


def _read(file: GltfFile, name: str) -> Puppet:
    nodes = read_nodes(file)
    rows = file.rows("nodes")
    pool = _Pool(file, nodes, name)
    spans: dict[int, tuple[int, int]] = {}
    weights: list[float] = []
    shown = _shown(file, nodes)
    for k, node in enumerate(rows):
        if node.get("mesh") is None or k not in shown:
            continue
        mesh = file.row("meshes", node["mesh"])
        count = max((len(p.get("targets") or []) for p in mesh["primitives"]), default=0)
        own = node.get("weights") or mesh.get("weights") or [0.0] * count
        spans[k] = (len(weights), count)
        weights += [float(w) for w in (*own, *[0.0] * count)][:count]
        for primitive in mesh["primitives"]:
            pool.primitive(k, node.get("skin"), mesh, primitive, spans[k][0])
    if not any(len(f) for f in pool.faces):
        raise ValueError("it has no triangles, so there is nothing to see")
    vertex, carrier, weight = (np.concatenate(part) for part in zip(*pool.entries, strict=True))
    shape = (pool.count, len(pool.carriers))
    used = {int(node) for row in file.rows("skins") for node in row["joints"]}
    puppet = Puppet(
        name=name,
        nodes=nodes,
        rest=Pose(nodes.translation, nodes.rotation, nodes.scale, np.array(weights, np.float64)),
        clips=read_clips(file, spans, frozenset(nodes.fixed)),
        carriers=np.array(pool.carriers, np.int32),
        inverse=np.array(pool.inverse),
        weights=coo_matrix((weight.astype(np.float32), (vertex, carrier)), shape).tocsr(),
        vertices=np.concatenate(pool.vertices),
        morphs=tuple(pool.morphs),
        faces=np.concatenate(pool.faces),
        face_material=np.concatenate(pool.index).astype(np.int32),
        materials=tuple(pool.materials),
        uv=np.concatenate(pool.uv),
        joints=tuple(sorted(used)) or tuple(range(len(rows))),
    )
    if not np.all(np.isfinite(puppet.posed(puppet.rest))):
        raise ValueError("its vertices are not numbers at rest")
    return puppet


def _shown(file: GltfFile, nodes: Nodes) -> set[int]:
    """The nodes of the scene that is shown; all of them where the file has no scenes."""
    scenes = file.rows("scenes")
    if not scenes:
        return set(range(len(nodes.names)))
    roots: npt.NDArray[Any] = np.zeros(len(nodes.names), bool)
    roots[file.row("scenes", file.document.get("scene", 0)).get("nodes") or []] = True
    for level in nodes.levels[1:]:
        roots[level] |= roots[nodes.parents[level]]
    return set(np.flatnonzero(roots).tolist())
