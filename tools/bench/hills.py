"""The world of the G-buffer's benchmark: textured hills that stand still, and somebody who walks over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from worldgen.actions import Walk
from worldgen.camera import Camera, Lens
from worldgen.character import human
from worldgen.conventions import look_at
from worldgen.light import Sky
from worldgen.material import make
from worldgen.mesh import Mesh, vertex_normals
from worldgen.world import Snapshot, Thing, World

_START, _STEP = 1.0, 1 / 24
_EDGE = 40.0


def hills(triangles: int) -> World:
    """About ``triangles`` of ground, 40 m wide, rough at every scale, and a walking character."""
    cells = round((triangles / 2) ** 0.5)
    x, y = np.meshgrid(*[np.linspace(-_EDGE / 2, _EDGE / 2, cells + 1)] * 2)
    rough = np.random.default_rng(0).random(x.shape) * (0.1 * _EDGE / cells)
    z = 0.25 * np.sin(0.7 * x) * np.cos(0.5 * y) + 0.03 * np.sin(5 * x + 2 * y) + rough
    vertices = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.float32)
    first = (np.arange(cells)[:, None] * (cells + 1) + np.arange(cells)).reshape(-1, 1)
    faces = (first + np.array([0, 1, cells + 2, 0, cells + 2, cells + 1])).reshape(-1, 3).astype(np.int32)
    ground = Mesh(
        vertices, faces, vertex_normals(vertices, faces), vertices[:, :2].copy(), np.zeros(len(faces), np.int32),
        (make("gravel"),),
    )  # fmt: skip
    walker = human("walker", actions=[Walk(((0.0, 0.0), (0.0, 20.0)))])
    return World((Thing("ground", ground), walker.thing), Sky())


def moment(world: World, number: int, width: int, height: int) -> tuple[Snapshot, Camera]:
    """A frame of a camera that trucks past the walker."""
    K = Lens(28).intrinsics(width, height)
    camera = Camera(look_at([0.05 * number, -7, 2.5], [0, 0.5, 0.9]), K, width, height)
    return world.at(_START + _STEP * number), camera


def write_scene(path: Path, frames: Sequence[tuple[Snapshot, Camera]]) -> None:
    """What ``rivals.py`` reads: the same triangles and cameras."""
    snapshot, camera = frames[0]
    v, f = snapshot.static_vertices, snapshot.static_faces
    np.savez(
        path,
        still=snapshot.vertices[:v],
        still_faces=snapshot.faces[:f],
        moving=np.stack([s.vertices[v:] for s, _ in frames]),
        moving_faces=snapshot.faces[f:] - np.int32(v),
        poses=np.stack([c.world_from_camera for _, c in frames]),
        K=camera.K,
        size=np.array([camera.width, camera.height]),
        range=np.array([camera.near, camera.far]),
    )
