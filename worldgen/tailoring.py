"""Cutting and sewing: the mesh operations that garments are made with.

A :class:`Cloth` is a piece of skinned surface. Every operation is linear in the points it starts from, so that skin
weights follow a cut or a hem exactly as the points do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags, vstack

from worldgen.conventions import F32, F64, I32, Bool
from worldgen.mesh import vertex_normals


@dataclass(frozen=True)
class Cloth:
    """A piece of skinned surface.

    points: (V, 3) float64 metres, character axes at rest. faces: (F, 3) int32. weights: (V, J) sparse, rows sum to 1.
    """

    points: F64
    faces: I32
    weights: csr_matrix

    @property
    def normals(self) -> F64:
        """(V, 3) unit."""
        return vertex_normals(self.points.astype(np.float32), self.faces).astype(np.float64)


def remapped(cloth: Cloth, matrix: csr_matrix, faces: I32) -> Cloth:
    """Points that are the mixtures ``matrix (new, V)`` of the old ones, with new faces; unused points are dropped."""
    used, index = np.unique(faces, return_inverse=True)
    kept = matrix[used]
    return Cloth(kept @ cloth.points, index.reshape(-1, 3).astype(np.int32), (kept @ cloth.weights).tocsr())


def clipped(cloth: Cloth, *fields: F64) -> Cloth:
    """The part where every field ``(V,)`` is positive, cut along the straight line where it is zero."""
    rest = list(fields)
    while rest:
        field = np.where(np.abs(rest[0]) < 1e-7, 1e-7, rest[0])
        matrix, faces = _cut(cloth.faces, field)
        used = np.unique(faces)
        rest = [(matrix[used] @ other) for other in rest[1:]]
        cloth = remapped(cloth, matrix, faces)
    return cloth


def _cut(faces: I32, field: F64) -> tuple[csr_matrix, I32]:
    """Marching triangles: rows of mixtures and the faces of the positive side."""
    count = len(field)
    inside = field[faces] > 0
    number = inside.sum(1)
    # Turn every cut triangle so that its lone corner comes first.
    lone = np.where(number == 1, inside.argmax(1), (~inside).argmax(1))
    cut = np.flatnonzero((number == 1) | (number == 2))
    corner = (lone[cut, None] + np.arange(3)) % 3
    a, b, c = faces[cut][np.arange(len(cut))[:, None], corner].T
    pairs = np.sort(np.concatenate([np.stack([a, b], 1), np.stack([a, c], 1)]), axis=1)
    edges, which = np.unique(pairs, axis=0, return_inverse=True)
    ab, ac = which.reshape(2, -1) + count
    single = number[cut] == 1
    tip = np.stack([a, ab, ac], 1)[single]
    base = [np.stack([ab, b, c], 1)[~single], np.stack([ab, c, ac], 1)[~single]]
    share = field[edges[:, 0]] / (field[edges[:, 0]] - field[edges[:, 1]])
    rows = np.repeat(np.arange(len(edges)), 2)
    mix = coo_matrix(
        (np.stack([1 - share, share], 1).ravel(), (rows, edges.ravel())), shape=(len(edges), count)
    ).tocsr()
    identity = diags(np.ones(count), format="csr")
    return vstack([identity, mix]).tocsr(), np.concatenate([faces[number == 3], tip, *base]).astype(np.int32)


def halved(cloth: Cloth) -> Cloth:
    """Every triangle as four; new points lie in the middle of edges."""
    count = len(cloth.points)
    pairs = np.sort(np.concatenate([cloth.faces[:, [0, 1]], cloth.faces[:, [1, 2]], cloth.faces[:, [2, 0]]]), axis=1)
    edges, which = np.unique(pairs, axis=0, return_inverse=True)
    ab, bc, ca = which.reshape(3, -1) + count
    a, b, c = cloth.faces.T
    faces = np.concatenate([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    rows = np.repeat(np.arange(len(edges)), 2)
    mix = coo_matrix((np.full(edges.size, 0.5), (rows, edges.ravel())), shape=(len(edges), count)).tocsr()
    return remapped(cloth, vstack([diags(np.ones(count), format="csr"), mix]).tocsr(), faces.astype(np.int32))


def neighbours(faces: I32, count: int) -> csr_matrix:
    """(V, V) the mean over each point's neighbours, as a matrix; points of the rim average along the rim only."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    adjacent = coo_matrix((np.ones(len(edges)), edges.T), shape=(count, count)).tocsr()
    both = adjacent + adjacent.T
    rim = both == 1  # an edge with one owner
    on_rim = np.asarray(rim.sum(1)).ravel() > 0
    links = (both > 0).astype(np.float64)
    links = diags((~on_rim).astype(float)) @ links + diags(on_rim.astype(float)) @ rim.astype(np.float64)
    total = np.maximum(np.asarray(links.sum(1)).ravel(), 1.0)
    return (diags(1 / total) @ links).tocsr()


def smoothed(cloth: Cloth, rounds: int, amount: float = 0.5, share: F64 | None = None) -> Cloth:
    """Smoothing that hardly shrinks (Taubin 1995), by ``share (V,)`` of ``amount``; weights are smoothed too."""
    mean = neighbours(cloth.faces, len(cloth.points))
    step = np.full(len(cloth.points), amount) if share is None else amount * share
    points, weights = cloth.points, cloth.weights
    for _ in range(rounds):
        points = points + step[:, None] * (mean @ points - points)
        points = points - 0.92 * step[:, None] * (mean @ points - points)
    blur = diags(1 - step) + diags(step) @ mean
    for _ in range(min(rounds, 4)):
        weights = blur @ weights
    return Cloth(points, cloth.faces, weights.tocsr())


def relaxed(values: F64, cloth: Cloth, rounds: int) -> F64:
    """A field ``(V,)`` or ``(V, k)`` smoothed over the surface."""
    mean = neighbours(cloth.faces, len(cloth.points))
    for _ in range(rounds):
        values = 0.5 * values + 0.5 * (mean @ values)
    return values


def inflated(cloth: Cloth, offset: float | F64) -> Cloth:
    """Moved outward along smoothed normals by ``offset`` metres (a number or (V,))."""
    normals = relaxed(cloth.normals, cloth, 2)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    return replace(cloth, points=cloth.points + normals * np.broadcast_to(offset, len(normals))[:, None])


def rims(faces: I32) -> I32:
    """(E, 2) directed edges that belong to one face only."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    size = edges.max(initial=0) + 1
    key, back = edges[:, 0] * size + edges[:, 1], edges[:, 1] * size + edges[:, 0]
    return edges[~np.isin(key, back)].astype(np.int32)


def hemmed(cloth: Cloth, thickness: float, depth: float = 0.02) -> Cloth:
    """With every rim folded inward: ``thickness`` metres of edge to see, then ``depth`` metres back inside."""
    edges = rims(cloth.faces)
    if len(edges) == 0:
        return cloth
    rim, local = np.unique(edges, return_inverse=True)
    a, b = local.reshape(-1, 2).T
    normals = cloth.normals[rim]
    mean = neighbours(cloth.faces, len(cloth.points))
    into = np.zeros((len(rim), 3))
    middle = cloth.points[cloth.faces].mean(1)
    owner = coo_matrix(
        (np.ones(cloth.faces.size), (cloth.faces.ravel(), np.repeat(np.arange(len(cloth.faces)), 3))),
        shape=(len(cloth.points), len(cloth.faces)),
    ).tocsr()[rim]
    into = (owner @ middle) / np.asarray(owner.sum(1)) - cloth.points[rim]
    into -= normals * (into * normals).sum(1, keepdims=True)
    into /= np.maximum(np.linalg.norm(into, axis=1, keepdims=True), 1e-9)
    along = mean[rim][:, rim]
    for _ in range(3):
        into = 0.5 * into + 0.5 * (along @ into)
        normals = 0.5 * normals + 0.5 * (along @ normals)
    count, n = len(cloth.points), len(rim)
    edge = cloth.points[rim] - normals * thickness
    inside = edge + into * depth - normals * (0.3 * thickness)
    first, second = count + np.arange(n), count + n + np.arange(n)
    quads = np.concatenate(
        [
            np.stack([rim[b], rim[a], first[a]], 1),
            np.stack([rim[b], first[a], first[b]], 1),
            np.stack([first[b], first[a], second[a]], 1),
            np.stack([first[b], second[a], second[b]], 1),
        ]
    )
    return Cloth(
        np.concatenate([cloth.points, edge, inside]),
        np.concatenate([cloth.faces, quads]).astype(np.int32),
        vstack([cloth.weights, cloth.weights[rim], cloth.weights[rim]]).tocsr(),
    )


def sewn(pieces: list[Cloth]) -> Cloth:
    """Several pieces as one."""
    offsets = np.cumsum([0] + [len(p.points) for p in pieces])
    return Cloth(
        np.concatenate([p.points for p in pieces]),
        np.concatenate([p.faces + o for p, o in zip(pieces, offsets[:-1], strict=True)]).astype(np.int32),
        vstack([p.weights for p in pieces]).tocsr(),
    )


def lofted(rings: F64, weights: csr_matrix, closed: bool = True) -> Cloth:
    """A surface through ``rings (R, N, 3)``, outward when rings run counter-clockwise (seen from above) and upward.

    weights: (R * N, J). closed: whether the last point of a ring joins the first.
    """
    r, n, _ = rings.shape
    i, j = np.meshgrid(np.arange(r - 1), np.arange(n if closed else n - 1), indexing="ij")
    a, b = i * n + j, i * n + (j + 1) % n
    c, d = b + n, a + n
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return Cloth(rings.reshape(-1, 3), faces.astype(np.int32), weights)


def taken(cloth: Cloth, keep: Bool) -> Cloth:
    """The faces ``keep (F,)``."""
    return remapped(cloth, diags(np.ones(len(cloth.points)), format="csr"), cloth.faces[keep])


def cylinder_uv(cloth: Cloth, chart: I32, axes: F64) -> tuple[Cloth, F32]:
    """Surface coordinates in metres around the body: u the arc, v along the axis; seams get points of their own.

    chart: (V,) which axis each point belongs to. axes: (C, 2, 3) two points of each axis, lower one first. A face
    belongs to the chart of its first corner. Returns the cloth with seams split, and uv (V', 2).
    """
    origin, up = axes[:, 0], axes[:, 1] - axes[:, 0]
    up = up / np.linalg.norm(up, axis=1, keepdims=True)
    seam = np.tile([0.0, -1.0, 0.0], (len(axes), 1))  # seams lie behind
    seam -= up * (seam * up).sum(1, keepdims=True)
    seam /= np.linalg.norm(seam, axis=1, keepdims=True)
    side = np.cross(up, seam)
    face_chart = chart[cloth.faces[:, 0]]
    corners = cloth.points[cloth.faces] - origin[face_chart][:, None]
    x = -(corners * seam[face_chart][:, None]).sum(-1)
    y = -(corners * side[face_chart][:, None]).sum(-1)
    v = (corners * up[face_chart][:, None]).sum(-1)
    angle = np.arctan2(y, x)
    angle += 2 * np.pi * np.round((angle[:, :1] - angle) / (2 * np.pi))
    radius = np.array(
        [np.hypot(x, y)[face_chart == c].mean() if (face_chart == c).any() else 0.1 for c in range(len(axes))]
    )
    uv = np.stack([angle * radius[face_chart][:, None], v], axis=-1).reshape(-1, 2)
    turns = np.round((angle - np.arctan2(y, x)) / (2 * np.pi)).astype(np.int64).ravel() + 2
    key = (cloth.faces.ravel().astype(np.int64) * 8 + np.repeat(face_chart, 3)) * 8 + turns
    _, first, index = np.unique(key, return_index=True, return_inverse=True)
    vertex = cloth.faces.ravel()[first]
    split = Cloth(cloth.points[vertex], index.reshape(-1, 3).astype(np.int32), cloth.weights[vertex])
    return split, uv[first].astype(np.float32)
