"""Light that is kept on surfaces: where, and that it never tells which frame asked for it first."""

from __future__ import annotations

import numpy as np
import pytest

from render import anchors as module
from render.anchors import Anchors, Kept, anchors_of, placed
from render.raster import open_rasterizer
from render.shade import Shader
from render.surface import Surface
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import F32, look_at, translation
from worldgen.light import Sky
from worldgen.material import make
from worldgen.world import Snapshot, Thing, World

SKY = Sky(sun_azimuth=np.radians(180), sun_elevation=np.radians(45))
CAMERA = Camera(look_at((0.3, -5, 2), (0, 0, 0.5)), Lens(28).intrinsics(48, 32), 48, 32)


def world(*more: Thing) -> World:
    floor = Thing("floor", shapes.plane((9.0, 7.0), make("concrete")))
    return World((floor, Thing("ball", shapes.sphere(0.5, make("wood"))), *more), SKY)


def seen(snapshot: Snapshot) -> Surface:
    return Surface.of(snapshot, CAMERA, open_rasterizer().rasterize(snapshot, CAMERA))


def known(snapshot: Snapshot, value: F32) -> F32:
    return np.concatenate([value, np.zeros((len(value), 4), np.float32), np.ones((len(value), 2), np.float32)], axis=1)


@pytest.mark.parametrize("size", [0.02, 0.3])
def test_what_is_linear_on_a_surface_is_mixed_exactly(size: float) -> None:
    snapshot = world().at(0)
    surface = seen(snapshot)
    flat = surface.subset(np.flatnonzero(surface.object_id == surface.object_id[-1]))  # the floor
    anchors = anchors_of(flat, np.full(len(flat), size, np.float32))
    mixed = Kept().at(anchors, lambda keys: known(snapshot, placed(snapshot, keys)[0]))
    off = np.linalg.norm(mixed[:, :3] - flat.position, axis=1)
    assert off.max() < 0.02 * 9  # corners lie a little inside of their triangle
    assert np.median(off) < 0.06
    points, normals = placed(snapshot, np.unique(anchors.key))
    np.testing.assert_allclose(normals, [[0, 0, 1]] * len(normals), atol=1e-6)
    np.testing.assert_allclose(points[:, 2], 0, atol=1e-6)


def test_one_small_triangle_stands_for_its_neighbours() -> None:
    surface = seen(world().at(0))
    ball = surface.subset(np.flatnonzero(surface.object_id != surface.object_id[-1]))
    coarse = anchors_of(ball, np.full(len(ball), 0.5, np.float32))
    fine = anchors_of(ball, np.full(len(ball), 0.01, np.float32))
    assert len(np.unique(coarse.key)) < 30 < len(np.unique(fine.key))


def test_what_lies_inside_of_things_does_not_count() -> None:
    def gather(keys: np.ndarray) -> F32:
        found = np.zeros((len(keys), 9), np.float32)
        found[:, 0] = keys
        found[:, 8] = keys != 3
        return found

    one = Anchors(np.array([[1, 2, 3]]), np.full((1, 3), 1 / 3, np.float32))
    assert Kept().at(one, gather)[0, 0] == pytest.approx(1.5, abs=0.01)


def test_only_what_is_new_is_gathered_and_what_was_forgotten_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    asked: list[list[int]] = []

    def gather(keys: np.ndarray) -> F32:
        asked.append(keys.tolist())
        return np.tile(keys[:, None].astype(np.float32), (1, 9))

    kept, weight = Kept(), np.full((1, 3), 1 / 3, np.float32)
    for keys in ([1, 2, 3], [1, 2, 4], [1, 2, 4], [1, 2, 3]):
        kept.at(Anchors(np.array([keys]), weight), gather)
    assert asked == [[1, 2, 3], [4], [3]]


def test_a_frame_is_the_same_after_any_other_frames() -> None:
    body = Thing("body", shapes.box((0.5, 0.5, 1.6), make("cloth")), place=lambda t: translation([t - 1.0, -1.0, 0]))
    scene, raster = world(body), open_rasterizer()
    cameras = [Camera(look_at((x, -5, 2), (0, 0, 0.5)), CAMERA.K, 48, 32) for x in (0.0, 0.5, 4.0)]
    alone = Shader(scene, raster).shade(scene.at(1.0), cameras[1])
    later = Shader(scene, raster)
    for time, camera in ((0.0, cameras[0]), (2.0, cameras[2])):
        later.shade(scene.at(time), camera)
    again = later.shade(scene.at(1.0), cameras[1])
    for name in ("sky_light", "bounce", "occlusion", "radiance"):
        assert getattr(alone, name).tobytes() == getattr(again, name).tobytes()


def test_what_moves_darkens_the_ground_that_it_stands_on() -> None:
    body = Thing("body", shapes.box((0.8, 0.8, 1.6), make("cloth")), place=lambda t: translation([0.0, t, 0]))
    scene = world(body)
    shader, eye = Shader(scene, open_rasterizer()), Camera(look_at((2.5, -3, 1.5), (1.2, -1.2, 0)), CAMERA.K, 48, 32)
    near, gone = (shader.shade(scene.at(t), eye) for t in (-1.2, 60.0))
    ground = (near.gbuffer.triangle == gone.gbuffer.triangle) & (gone.camera_normal[..., 2] < -0.2)
    assert near.occlusion[ground].min() < gone.occlusion[ground].min() - 0.05
    assert near.sky_light[ground].mean() < gone.sky_light[ground].mean()
