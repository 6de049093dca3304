"""Bake the bodies of animals into ``scenes/assets/<animal>.glb``. For developers; nothing depends on it at run time.

    python -m tools.bake_animals

A body is a soft union of round cones along its bones (implicit surfaces, Blinn 1982; exponential blending), drawn out
as triangles (marching cubes, Lewiner et al. 2003) and relaxed. Each vertex hangs on the bones whose blobs shape it.
All shapes are our own (:mod:`tools.animal_bodies`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pygltflib as gltf
from scipy.sparse import coo_matrix, csr_matrix, diags
from skimage.measure import marching_cubes

from tools.animal_bodies import DOG, Blob, Body
from worldgen.conventions import F64, I32
from worldgen.mesh import vertex_normals

OUT: Final = Path(__file__).resolve().parents[1] / "scenes" / "assets"
ANIMALS: Final = {"dog": DOG}


def mirrored(blobs: tuple[Blob, ...]) -> list[Blob]:
    """Both sides."""
    result = []
    for blob in blobs:
        result.append(blob)
        if blob.right:
            a, b = ((-p[0], p[1], p[2]) for p in (blob.a, blob.b))
            result.append(Blob(_left(blob.bone), a, b, blob.ra, blob.rb, blob.wide, True))
    return result


def _left(name: str) -> str:
    return f"{name[:-2]}_l" if name.endswith("_r") else name


def skeleton(body: Body) -> tuple[list[str], I32, F64]:
    """Names, parents and places of all joints, parents first."""
    rows: dict[str, tuple[str, tuple[float, float, float]]] = {}
    for name, (parent, (x, y, z)) in body.joints.items():
        rows[name] = (parent, (x, y, z))
    for name, (parent, (x, y, z)) in body.joints.items():
        if name.endswith("_r"):
            rows[_left(name)] = (_left(parent), (-x, y, z))
    names = list(rows)
    parents = np.array([names.index(parent) if parent else -1 for parent, _ in rows.values()], np.int32)
    return names, parents, np.array([place for _, place in rows.values()], np.float64)


def distance(blob: Blob, points: F64) -> F64:
    """(N,) about the distance to a blob's surface, metres; negative inside."""
    centre = (blob.a[0] + blob.b[0]) / 2
    squeeze = np.array([1.0 / blob.wide, 1.0, 1.0])
    p = (points - [centre, 0, 0]) * squeeze
    a, b = ((np.array(q) - [centre, 0, 0]) * squeeze for q in (blob.a, blob.b))
    along = b - a
    t = np.clip((p - a) @ along / max(float(along @ along), 1e-12), 0.0, 1.0)
    t = t[:, None]
    away = np.linalg.norm(p - a - t * along, axis=1)
    return (away - (blob.ra + (blob.rb - blob.ra) * t[:, 0])) * min(blob.wide, 1.0)


def surface(body: Body) -> tuple[F64, I32]:
    """Vertices (V, 3) and faces (F, 3) of the whole body."""
    blobs = mirrored(body.blobs)
    ends = np.array([p for b in blobs for p in (b.a, b.b)])
    low, high = ends.min(0) - 0.14, ends.max(0) + 0.14
    axes = [np.arange(low[k], high[k], body.cell) for k in range(3)]
    shape = tuple(len(a) for a in axes)
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    field = np.full(len(grid), 1.0)
    near = np.full(len(grid), -np.inf)
    for blob in blobs:
        d = distance(blob, grid)
        near = np.logaddexp(near, -d / body.soft)
    field = -body.soft * near
    points, faces, _, _ = marching_cubes(field.reshape(shape), 0.0, spacing=(body.cell,) * 3)
    points = points.astype(np.float64) + low
    faces = faces.astype(np.int32)[:, ::-1]
    faces = _largest(points, faces)
    used, index = np.unique(faces, return_inverse=True)
    points, faces = points[used], index.reshape(-1, 3).astype(np.int32)
    if _volume(points, faces) < 0:
        faces = np.ascontiguousarray(faces[:, ::-1])
    return _relaxed(points, faces, blobs, body.soft), faces


def _volume(points: F64, faces: I32) -> float:
    a, b, c = (points[faces[:, k]] for k in range(3))
    return float(np.sum(a * np.cross(b, c)) / 6)


def _largest(points: F64, faces: I32) -> I32:
    """Faces of the largest connected piece."""
    from scipy.sparse.csgraph import connected_components

    edges = faces[:, [0, 1, 1, 2]].reshape(-1, 2)
    graph = coo_matrix((np.ones(len(edges)), edges.T), (len(points), len(points)))
    label = connected_components(graph, directed=False)[1]
    best = np.bincount(label[faces[:, 0]]).argmax()
    return faces[label[faces[:, 0]] == best]


def _neighbours(faces: I32, count: int) -> csr_matrix:
    """(V, V) mean of the neighbours."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    ring = coo_matrix((np.ones(len(edges)), edges.T), (count, count)).tocsr()
    ring.data[:] = 1.0
    return diags(1.0 / np.maximum(np.asarray(ring.sum(1)).ravel(), 1)) @ ring


def _relaxed(points: F64, faces: I32, blobs: list[Blob], soft: float) -> F64:
    """Even triangles: vertices go to the middle of their neighbours and back to the surface."""
    mean = _neighbours(faces, len(points))
    for _ in range(4):
        points = 0.4 * points + 0.6 * (mean @ points)
        for _ in range(2):
            step = 1e-4
            value = _field(points, blobs, soft)
            slope = np.stack([(_field(points + step * e, blobs, soft) - value) / step for e in np.eye(3)], 1)
            points = points - slope * (value / np.maximum((slope**2).sum(1), 0.2))[:, None]
    return points


def _field(points: F64, blobs: list[Blob], soft: float) -> F64:
    near = np.full(len(points), -np.inf)
    for blob in blobs:
        near = np.logaddexp(near, -distance(blob, points) / soft)
    return -soft * near


def hung(body: Body, points: F64, faces: I32, names: list[str]) -> tuple[I32, F64]:
    """Joints (V, 4) and weights (V, 4): by how much each bone's blobs shape the place, smoothed over the surface."""
    share = np.zeros((len(points), len(names)))
    for blob in mirrored(body.blobs):
        d = distance(blob, points)
        share[:, names.index(blob.bone)] += np.exp(-np.clip(d, -0.02, None) / (0.8 * body.soft))
    share /= share.sum(1, keepdims=True)
    mean = _neighbours(faces, len(points))
    for _ in range(5):
        share = 0.5 * share + 0.5 * (mean @ share)
    best = np.argsort(-share, axis=1, kind="stable")[:, :4]
    weights = np.take_along_axis(share, best, 1)
    weights[weights < 0.01] = 0.0
    return best.astype(np.int32), weights / weights.sum(1, keepdims=True)


def snapped(body: Body, points: F64, normals: F64) -> F64:
    """Vertices near the edge of a marking slide onto it, so that its outline is smooth."""
    for k in range(len(body.regions) - 1):
        value = body.paint(points, normals)[k]
        step = 1e-4
        slope = np.stack([(body.paint(points + step * e, normals)[k] - value) / step for e in np.eye(3)], 1)
        slope -= normals * np.sum(slope * normals, axis=1, keepdims=True)
        steep = np.linalg.norm(slope, axis=1)
        shift = -slope * (value / np.maximum(steep, 1e-6) ** 2)[:, None]
        near = (np.abs(value) < 0.42 * body.cell * steep) & (steep > 0.05)
        points = np.where(near[:, None], points + shift, points)
    return points


def _socket(body: Body, inside: F64, radius: float) -> F64:
    """The eye's centre: outward from ``inside`` until a third of the ball looks out."""
    outward = np.array([np.sign(inside[0]) * 0.74, 0.62, 0.25])
    points = inside + np.linspace(0.0, 0.06, 241)[:, None] * outward
    field = _field(points, mirrored(body.blobs), body.soft)
    return points[int(np.argmax(field > -0.45 * radius))]


def ball(centre: F64, radius: float) -> tuple[F64, I32]:
    """An eye: a small sphere of 128 triangles."""
    rows, columns = 8, 10
    v, u = np.meshgrid(np.linspace(0, np.pi, rows + 1), np.arange(columns) / columns * 2 * np.pi, indexing="ij")
    points = np.stack([np.sin(v) * np.cos(u), np.sin(v) * np.sin(u), np.cos(v)], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    faces = np.concatenate([np.stack([a, a + columns, b], -1), np.stack([b, a + columns, b + columns], -1)], 1)
    return centre + radius * points, faces.reshape(-1, 3).astype(np.int32)


def bake(name: str, body: Body) -> None:
    """Write ``scenes/assets/<name>.glb``."""
    names, parents, places = skeleton(body)
    points, faces = surface(body)
    joints, weights = hung(body, points, faces, names)
    normals = vertex_normals(points.astype(np.float32), faces).astype(np.float64)
    points = snapped(body, points, normals)
    region = np.zeros(len(faces), np.int32)
    for k, field in enumerate(body.paint(points[faces].mean(1), normals[faces].mean(1))):
        region[field > 0] = k + 1
    regions = [*body.regions, "eye"]
    (ex, ey, ez), radius = body.eyes
    for side in (1.0, -1.0):
        eye, around = ball(_socket(body, np.array([side * ex, ey, ez]), radius), radius)
        faces = np.concatenate([faces, around + np.int32(len(points))])
        region = np.concatenate([region, np.full(len(around), len(regions) - 1, np.int32)])
        joints = np.concatenate([joints, np.tile([names.index("head"), 0, 0, 0], (len(eye), 1)).astype(np.int32)])
        weights = np.concatenate([weights, np.tile([1.0, 0, 0, 0], (len(eye), 1))])
        points = np.concatenate([points, eye])
    path = OUT / f"{name}.glb"
    _write(path, name, names, parents, places, points, faces, region, regions, joints, weights)
    print(f"{path.name}: {len(points)} vertices, {len(faces)} triangles, {path.stat().st_size / 1000:.0f} kB")


def _write(
    path: Path, name: str, names: list[str], parents: I32, places: F64, points: F64, faces: I32, region: I32,
    regions: list[str], joints: I32, weights: F64,
) -> None:  # fmt: skip
    """The file, +Y up and facing +Z as glTF asks."""
    document = gltf.GLTF2(asset=gltf.Asset(version="2.0"))
    blob = b""

    def put(array: npt.NDArray[Any], dtype: str, kind: str, **more: object) -> int:
        nonlocal blob
        data = np.ascontiguousarray(array, dtype=dtype).tobytes()
        blob += bytes(-len(blob) % 4)
        document.bufferViews.append(gltf.BufferView(buffer=0, byteOffset=len(blob), byteLength=len(data)))
        blob += data
        code = {"u1": 5121, "u2": 5123, "f4": 5126}[dtype]
        view = len(document.bufferViews) - 1
        document.accessors.append(
            gltf.Accessor(bufferView=view, componentType=code, count=len(array), type=kind, **more)
        )
        return len(document.accessors) - 1

    def theirs(p: F64) -> F64:
        return np.stack([-p[:, 0], p[:, 2], p[:, 1]], 1)

    rest = theirs(points).astype(np.float32)
    small = np.round(weights * 255).astype(np.int64)
    small[:, 0] += 255 - small.sum(1)
    attributes = gltf.Attributes(
        POSITION=put(rest, "f4", "VEC3", min=rest.min(0).tolist(), max=rest.max(0).tolist()),
        JOINTS_0=put(joints, "u1", "VEC4"),
        WEIGHTS_0=put(small, "u1", "VEC4", normalized=True),
    )
    primitives = []
    for k, label in enumerate(regions):
        mine = faces[region == k]
        if len(mine):
            document.materials.append(gltf.Material(name=label))
            order = put(mine.reshape(-1), "u2", "SCALAR")
            material = len(document.materials) - 1
            primitives.append(gltf.Primitive(attributes=attributes, indices=order, material=material, mode=4))
    document.meshes.append(gltf.Mesh(name=name, primitives=primitives))
    heads = theirs(places)
    for k, joint in enumerate(names):
        up = parents[k]
        place = heads[k] - (heads[up] if up >= 0 else 0.0)
        children = np.flatnonzero(parents == k).tolist()
        document.nodes.append(gltf.Node(name=joint, translation=place.round(5).tolist(), children=children))
    document.nodes.append(gltf.Node(name=name, mesh=0, skin=0))
    inverse = np.tile(np.eye(4), (len(names), 1, 1))
    inverse[:, :3, 3] = -heads
    matrices = put(inverse.transpose(0, 2, 1).reshape(-1, 16), "f4", "MAT4")
    document.skins.append(gltf.Skin(joints=list(range(len(names))), inverseBindMatrices=matrices))
    document.scenes.append(gltf.Scene(nodes=[*np.flatnonzero(parents < 0).tolist(), len(names)]))
    document.scene = 0
    document.buffers.append(gltf.Buffer(byteLength=len(blob)))
    document.set_binary_blob(blob)
    document.save_binary(str(path))


if __name__ == "__main__":
    for animal, shape in ANIMALS.items():
        bake(animal, shape)
