"""Boulders and stones, fallen logs and mushrooms: what lies on the ground of wild land."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import F32, F64, I32
from worldgen.kit import Kit, smooth_normals
from worldgen.material import Material
from worldgen.mesh import Mesh, box_uv
from worldgen.sets.heightfield import fractal
from worldgen.sets.palette import Rng, tint


def _ball(detail: int) -> tuple[F64, I32]:
    """A unit sphere of equal triangles: an icosahedron divided ``detail`` times."""
    g = (1 + 5**0.5) / 2
    v = np.array(
        [[-1, g, 0], [1, g, 0], [-1, -g, 0], [1, -g, 0], [0, -1, g], [0, 1, g], [0, -1, -g], [0, 1, -g],
         [g, 0, -1], [g, 0, 1], [-g, 0, -1], [-g, 0, 1]]
    )  # fmt: skip
    f = np.array(
        [[0, 11, 5], [0, 5, 1], [0, 1, 7], [0, 7, 10], [0, 10, 11], [1, 5, 9], [5, 11, 4], [11, 10, 2], [10, 7, 6],
         [7, 1, 8], [3, 9, 4], [3, 4, 2], [3, 2, 6], [3, 6, 8], [3, 8, 9], [4, 9, 5], [2, 4, 11], [6, 2, 10],
         [8, 6, 7], [9, 8, 1]]
    )  # fmt: skip
    for _ in range(detail):
        e = np.sort(f[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        edges, which = np.unique(e, axis=0, return_inverse=True)
        m = which.reshape(-1, 3) + len(v)
        v = np.concatenate([v, v[edges].mean(axis=1)])
        f = np.concatenate([np.stack(t, 1) for t in (
            (f[:, 0], m[:, 0], m[:, 2]), (m[:, 0], f[:, 1], m[:, 1]), (m[:, 2], m[:, 1], f[:, 2]),
            (m[:, 0], m[:, 1], m[:, 2]),
        )])  # fmt: skip
    return v / np.linalg.norm(v, axis=1, keepdims=True), f.astype(np.int32)


def rock(rng: Rng, size: float, material: Material, moss: Material | None = None, detail: int = 3) -> Mesh:
    """A boulder about ``size`` metres across, split along a few planes and weathered, a third of it in the ground.

    moss: what grows on its upper side, or None.
    """
    way, faces = _ball(detail)
    planes = rng.normal(size=(14, 3))
    planes /= np.linalg.norm(planes, axis=1, keepdims=True)
    depth = rng.uniform(0.55, 0.95, 14)
    reach = (depth / np.maximum(way @ planes.T, 1e-3)).min(axis=1)
    points = way * np.minimum(reach, 1.0)[:, None]
    offset = rng.uniform(0, 90, 2)
    grain = sum(fractal(points[:, k] * 3.0 + offset, 1.0, 3, int(rng.integers(1 << 30))) for k in ((0, 1), (1, 2)))
    points = points * (1.0 + 0.05 * np.asarray(grain))[:, None]
    points = points * np.array([rng.uniform(0.85, 1.15), rng.uniform(0.7, 1.0), rng.uniform(0.5, 0.8)]) * 0.5 * size
    points[:, 2] += 0.34 * points[:, 2].max()
    vertices, split, normals, _ = smooth_normals(points.astype(np.float32), faces, 0.78)
    return _grown_over(vertices, split, normals, material, moss, rng)


def _grown_over(points: F32, faces: I32, normals: F32, below: Material, above: Material | None, rng: Rng) -> Mesh:
    index = np.zeros(len(faces), dtype=np.int32)
    if above is not None:
        middle = points[faces].mean(axis=1).astype(np.float64)
        patch = fractal(middle[:, :2] * 2.0 + middle[:, 2:] + rng.uniform(0, 50, 2), 1.0, 2, 5)
        index = (normals[faces].mean(axis=1)[:, 2] + 0.5 * patch > 0.72).astype(np.int32)
    materials = (below,) if above is None else (below, above)
    return Mesh(points, faces, normals, box_uv(points, normals), index, materials)


def log(rng: Rng, length: float, radius: float, moss: Material) -> Mesh:
    """A fallen trunk along +X, its ends sawn or broken, moss on its back, a fifth of it in the ground."""
    k, sides = 12, 11
    t = np.linspace(-0.5, 0.5, k)
    x = t * length
    y = 0.06 * length * np.sin(2.2 * t + rng.uniform(0, 6))
    r = radius * (1.0 - 0.25 * (t + 0.5)) * (1.0 + 0.05 * rng.normal(size=k))
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    ring = r[:, None] * (1.0 + 0.06 * np.sin(3 * angle + 5 * t[:, None]))
    points = np.stack(
        [
            x[:, None] + 0.08 * radius * np.sin(5 * angle)[None] * (np.abs(t) > 0.49)[:, None],
            y[:, None] + ring * np.cos(angle),
            0.6 * radius + ring * np.sin(angle),
        ],
        axis=-1,
    )
    kit = Kit()
    corners = np.stack([points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]], axis=2)[..., ::-1, :]
    middle = angle[:-1] + np.pi / sides
    mossy = (np.sin(middle)[None] + 0.45 * rng.normal(size=(k - 1, sides))) > 0.7
    uv = np.stack(np.broadcast_arrays(x[:, None], angle[None] * radius), axis=-1)
    uv = np.stack([uv[:-1, :-1], uv[1:, :-1], uv[1:, 1:], uv[:-1, 1:]], axis=2)[..., ::-1, :]
    # Bark runs along the trunk: its v is the log's length.
    kit.quads(corners[~mossy], tint("bark", "#5b4735"), uv[~mossy][..., ::-1])
    kit.quads(corners[mossy], moss, uv[mossy])
    for end, order in ((points[0], 1), (points[-1], -1)):
        hub = np.broadcast_to(end[:-1].mean(axis=0), (sides, 3))
        kit.quads(np.stack([hub, end[:-1], end[1:], end[1:]], axis=1)[:, ::-order], tint("wood", "#a98a5e"))
    return kit.build()


def mushrooms(rng: Rng, count: int) -> Mesh:
    """A group of ``count`` mushrooms around the origin."""
    kit = Kit()
    colour = str(rng.choice(["#a8703e", "#b98b55", "#8f4a32", "#c9b08a"]))
    for _ in range(count):
        x, y, h = rng.normal(0, 0.07), rng.normal(0, 0.07), rng.uniform(0.04, 0.11)
        cap = h * rng.uniform(0.45, 0.75)
        kit.turned([[0.011, -0.02], [0.008, h * 0.9]], tint("ceramic", "#d8ccb4"), (x, y, 0.0), 6)
        a = np.linspace(0, np.pi / 2, 5)
        dome = np.stack([cap * np.cos(a), 0.85 * h + 0.6 * cap * np.sin(a)], axis=1)
        kit.turned(np.concatenate([[[0.006, 0.87 * h]], dome]), tint("ceramic", colour), (x, y, 0.0), 9)
    return kit.build()
