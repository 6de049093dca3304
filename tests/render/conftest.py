"""Small worlds with known answers, and every rasterizer that works here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from render.raster import NAMES, Rasterizer, RasterizerUnavailable, open_rasterizer
from worldgen.camera import Camera, Lens
from worldgen.conventions import F32, look_at
from worldgen.light import Sky
from worldgen.material import Material
from worldgen.mesh import Mesh, vertex_normals
from worldgen.texture import Texture
from worldgen.world import Thing, World


class Make:
    """Builders for the tests, given to them as the fixture ``make``."""

    @staticmethod
    def mesh(vertices: object, faces: object, name: str = "plain", texture: Texture | None = None) -> Mesh:
        v, f = np.asarray(vertices, np.float32), np.asarray(faces, np.int32)
        material = Material(name, "plaster", (0.5, 0.4, 0.3), texture=texture)
        return Mesh(v, f, vertex_normals(v, f), v[:, :2].copy(), np.zeros(len(f), np.int32), (material,))

    @staticmethod
    def quad(corners: object, **more: object) -> Mesh:
        """Two triangles over four corners in order."""
        return Make.mesh(corners, [[0, 1, 2], [0, 2, 3]], **more)

    @staticmethod
    def floor(half: float = 50.0, z: float = 0.0, **more: object) -> Mesh:
        return Make.quad([[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]], **more)

    @staticmethod
    def wall(y: float, half: float = 1.0, x: float = 0.0, z: float = 1.0, **more: object) -> Mesh:
        """A square that looks towards -Y."""
        corners = [[x - half, y, z - half], [x + half, y, z - half], [x + half, y, z + half], [x - half, y, z + half]]
        return Make.quad(corners, **more)

    @staticmethod
    def box(lo: object, hi: object) -> Mesh:
        (x0, y0, z0), (x1, y1, z1) = lo, hi
        corners = np.array([[x, y, z] for z in (z0, z1) for y in (y0, y1) for x in (x0, x1)])
        quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
        faces = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
        points = corners[np.array(faces)].reshape(-1, 3)
        return Make.mesh(points, np.arange(len(points)).reshape(-1, 3))

    @staticmethod
    def sphere(radius: float, centre: object, rings: int = 48) -> Mesh:
        t, p = np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
        t, p = np.meshgrid(t, p, indexing="ij")
        v = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1).reshape(-1, 3)
        i, j = np.meshgrid(np.arange(rings), np.arange(2 * rings), indexing="ij")
        a, b = i * 2 * rings + j, i * 2 * rings + (j + 1) % (2 * rings)
        faces = [np.stack([a, a + 2 * rings, b], -1), np.stack([b, a + 2 * rings, b + 2 * rings], -1)]
        return Make.mesh(v * radius + np.asarray(centre), np.concatenate([f.reshape(-1, 3) for f in faces]))

    @staticmethod
    def ground(cells: int = 60, size: float = 30.0, height: float = 0.4) -> Mesh:
        """Random bumps."""
        g = np.linspace(-size / 2, size / 2, cells + 1)
        x, y = np.meshgrid(g, g)
        v = np.stack([x, y, height * np.random.default_rng(0).random(x.shape)], -1).reshape(-1, 3)
        i = (np.arange(cells)[:, None] * (cells + 1) + np.arange(cells)).ravel()
        faces = [np.stack([i, i + 1, i + cells + 2], 1), np.stack([i, i + cells + 2, i + cells + 1], 1)]
        return Make.mesh(v, np.concatenate(faces))

    @staticmethod
    def world(*meshes: Mesh) -> World:
        return World(tuple(Thing(f"thing-{k}", mesh) for k, mesh in enumerate(meshes)), Sky())

    @staticmethod
    def lively() -> World:
        """Bumpy ground with a ball that rolls along +X at 1 m/s."""
        ball = Make.sphere(1.0, [0, 0, 1.2])

        def pose(t: float) -> F32:
            return (ball.vertices + np.array([t, 0, 0])).astype(np.float32)

        return World((Thing("ground", Make.ground()), Thing("ball", ball, pose)), Sky())

    @staticmethod
    def camera(
        eye: object, target: object, width: int = 96, height: int = 64, focal: float = 28.0, near: float = 0.05
    ) -> Camera:
        return Camera(look_at(eye, target), Lens(focal).intrinsics(width, height), width, height, near=near, far=500.0)


@pytest.fixture
def make() -> type[Make]:
    return Make


@pytest.fixture(scope="session", params=NAMES)
def rasterizer(request: pytest.FixtureRequest) -> Iterator[Rasterizer]:
    """Each backend in turn."""
    try:
        opened = open_rasterizer(request.param)
    except RasterizerUnavailable as error:
        pytest.skip(str(error))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def rays() -> Iterator[Rasterizer]:
    """The backend that needs no system library."""
    opened = open_rasterizer("embree")
    yield opened
    opened.close()
