"""Rasterizers against closed forms and against each other."""

from __future__ import annotations

import numpy as np
import pytest

from render import raster
from render.passes import Passes
from render.raster import RasterizerUnavailable, describe_rasterizers, open_rasterizer
from worldgen.camera import Camera
from worldgen.world import World


def directions(camera):
    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    return camera.rays(np.stack([x, y], -1))


def inner(triangle, reach=1):
    """Pixels whose neighbourhood shows one triangle: away from every edge."""
    same = np.ones(triangle.shape, bool)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            same &= np.roll(triangle, (dy, dx), (0, 1)) == triangle
    same[:reach] = same[-reach:] = same[:, :reach] = same[:, -reach:] = False
    return same


def test_a_plane_has_the_depth_of_geometry(make, rasterizer):
    snapshot, camera = make.world(make.floor(400)).at(0), make.camera([1, -4, 1.7], [0.3, 2, 1.0])
    depth = Passes(snapshot, camera, rasterizer.rasterize(snapshot, camera)).depth
    down = directions(camera)[..., 2]
    expected = np.where(down < 0, -1.7 / np.where(down < 0, down, -1), np.inf)
    sure = np.abs(expected) < 300
    np.testing.assert_allclose(depth[sure], expected[sure], rtol=2e-5)
    assert np.isinf(depth[down >= 0]).all()


def test_a_box_has_the_depth_and_normals_of_geometry(make, rasterizer):
    lo, hi = np.array([-1.0, 2, 0]), np.array([1.5, 4, 1.2])
    snapshot, camera = make.world(make.box(lo, hi)).at(0), make.camera([-2, -1, 2.5], [0, 3, 0.5])
    passes = Passes(snapshot, camera, rasterizer.rasterize(snapshot, camera))
    d, eye = directions(camera), camera.position
    enter, leave = np.minimum((lo - eye) / d, (hi - eye) / d), np.maximum((lo - eye) / d, (hi - eye) / d)
    first, last = enter.max(-1), leave.min(-1)
    expected = np.where((first < last) & (first > 0), first, np.inf)
    sure = inner(passes.gbuffer.triangle)
    assert (passes.gbuffer.hit & sure).sum() > 500
    np.testing.assert_allclose(passes.depth[sure], expected[sure], rtol=2e-5)
    normal = -np.sign(d) * (np.arange(3) == enter.argmax(-1)[..., None])
    shown = sure & passes.gbuffer.hit
    np.testing.assert_allclose(passes.geometric_normal[shown], normal[shown], atol=1e-5)


def test_backends_agree_on_a_lively_world(make, rasterizer, rays):
    world, camera = make.lively(), make.camera([0, -6, 2.2], [0.5, 0, 0.8], 160, 120)
    for time in (0.0, 0.7, 1.5):
        snapshot = world.at(time)
        a, b = rasterizer.rasterize(snapshot, camera), rays.rasterize(snapshot, camera)
        sure = inner(b.triangle)
        assert sure.sum() > 3000
        assert (a.triangle == b.triangle)[sure].mean() >= 0.9999
        both = sure & (a.triangle == b.triangle) & b.hit
        depth_a, depth_b = (Passes(snapshot, camera, g).depth for g in (a, b))
        assert np.abs(depth_a[both] - depth_b[both]).max() <= 1e-3
        assert (a.triangle >= snapshot.static_faces).sum() > 300


def test_edges_agree_to_a_pixel(make, rasterizer, rays):
    snapshot, camera = make.lively().at(0.3), make.camera([0, -6, 2.2], [0.5, 0, 0.8], 160, 120)
    a, b = rasterizer.rasterize(snapshot, camera), rays.rasterize(snapshot, camera)
    assert (a.triangle != b.triangle).mean() < 5e-3


def test_what_is_nearer_than_near_is_not_seen(make, rasterizer):
    snapshot = make.world(make.wall(0.3), make.wall(2.0, half=8)).at(0)
    camera = make.camera([0, 0, 1], [0, 1, 1], near=0.5)
    assert (rasterizer.rasterize(snapshot, camera).triangle >= 2).all()
    close = make.camera([0, 0, 1], [0, 1, 1], near=0.1)
    assert (rasterizer.rasterize(snapshot, close).triangle < 2).all()


def test_a_camera_inside_a_box_sees_its_inside_all_around(make, rasterizer):
    snapshot = make.world(make.box([-2, -2, 0], [2, 2, 3])).at(0)
    for target in ([1, 0, 1.5], [-1, 0.2, 1.5], [0, 1, 0.2], [0, 0.1, 3]):
        camera = make.camera([0, 0, 1.5], target, near=0.1)
        passes = Passes(snapshot, camera, rasterizer.rasterize(snapshot, camera))
        assert passes.gbuffer.hit.all()
        d = directions(camera)
        leave = np.maximum(([-2, -2, 0] - camera.position) / d, ([2, 2, 3] - camera.position) / d).min(-1)
        np.testing.assert_allclose(passes.depth, leave, rtol=1e-4)
        assert ((passes.normal * d).sum(-1) <= 1e-6).all()


def test_triangles_that_cross_the_near_plane_keep_their_names(make, rasterizer):
    snapshot, camera = make.world(make.floor(20)).at(0), make.camera([0, 0, 0.3], [0, 1, 0.25], near=0.2)
    gbuffer = rasterizer.rasterize(snapshot, camera)
    down = directions(camera)[..., 2]
    depth = 0.3 / np.maximum(-down, 1e-9)
    sure = (depth > 0.21) & (depth < 15)
    assert sure[-1].all()
    assert gbuffer.hit[sure].all()
    position = Passes(snapshot, camera, gbuffer).position
    expected = camera.position + directions(camera) * depth[..., None]
    np.testing.assert_allclose(position[sure], expected[sure], atol=2e-3)


def test_beyond_far_and_behind_the_camera_nothing_is_seen(make, rasterizer):
    snapshot, camera = make.world(make.wall(-3.0), make.wall(8.0)).at(0), make.camera([0, 0, 1], [0, 1, 1])
    assert set(np.unique(rasterizer.rasterize(snapshot, camera).triangle)) == {-1, 2, 3}
    short = Camera(camera.world_from_camera, camera.K, camera.width, camera.height, near=0.05, far=7.9)
    assert not rasterizer.rasterize(snapshot, short).hit.any()


def test_an_empty_world_is_all_sky(make, rasterizer):
    snapshot, camera = World((), make.world().sky).at(0), make.camera([0, 0, 1], [0, 1, 1])
    gbuffer = rasterizer.rasterize(snapshot, camera)
    assert not gbuffer.hit.any()
    assert not gbuffer.bary.any()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (37, 1), (1, 21), (65, 33)])
def test_odd_sizes(make, rasterizer, rays, width, height):
    snapshot = make.world(make.box([-1, 2, 0], [1.5, 4, 1.2]), make.floor(9)).at(0)
    camera = make.camera([-2, -1, 2.5], [0.1, 3, 0.5], width, height)
    a, b = rasterizer.rasterize(snapshot, camera), rays.rasterize(snapshot, camera)
    assert a.triangle.shape == (height, width)
    assert a.bary.shape == (height, width, 2)
    assert (a.triangle != b.triangle).sum() <= 0.02 * width * height
    assert b.hit.any()


def test_a_crop_is_a_crop(make, rasterizer):
    snapshot, camera = make.lively().at(0), make.camera([0, -6, 2.2], [0.5, 0, 0.8], 128, 96)
    whole = rasterizer.rasterize(snapshot, camera)
    x, y, w, h = 37, 21, 53, 40
    part = rasterizer.rasterize(snapshot, camera.cropped(x, y, w, h))
    window = whole.triangle[y : y + h, x : x + w]
    assert np.mean(part.triangle == window) > 0.999
    sure = inner(window)
    np.testing.assert_array_equal(part.triangle[sure], window[sure])
    np.testing.assert_allclose(part.bary[sure], whole.bary[y : y + h, x : x + w][sure], atol=5e-3)
    beyond = rasterizer.rasterize(snapshot, camera.cropped(-8, -4, 128, 96))
    assert np.mean(beyond.triangle[4:, 8:] == whole.triangle[:-4, :-8]) > 0.999


def test_degenerate_triangles_do_no_harm(make, rasterizer):
    floor = make.floor(5)
    points = np.concatenate([floor.vertices, [[0, 1, 0.5], [0, 1, 0.5], [1, 2, 0.5], [2, 3, 0.5]]])
    bad = [[4, 5, 6], [4, 4, 4], [0, 0, 1]]
    plain, spoilt = make.world(floor).at(0), make.world(make.mesh(points, [*floor.faces, *bad])).at(0)
    camera = make.camera([0, -3, 1.5], [0, 1, 0.4])
    a, b = rasterizer.rasterize(plain, camera), rasterizer.rasterize(spoilt, camera)
    np.testing.assert_array_equal(a.triangle, b.triangle)
    assert np.isfinite(Passes(spoilt, camera, b).normal).all()


def test_the_same_bytes_twice_and_after_other_worlds(make, rasterizer):
    world, other, camera = make.lively(), make.world(make.floor()), make.camera([0, -6, 2.2], [0.5, 0, 0.8])
    first = [rasterizer.rasterize(world.at(t), camera) for t in (0.0, 0.5)]
    rasterizer.rasterize(other.at(0), camera)
    again = [rasterizer.rasterize(world.at(t), camera) for t in (0.5, 0.0)][::-1]
    for a, b in zip(first, again, strict=True):
        assert a.triangle.tobytes() == b.triangle.tobytes()
        assert a.bary.tobytes() == b.bary.tobytes()
    assert first[0].triangle.tobytes() != first[1].triangle.tobytes()


def test_barycentrics_are_weights(make, rasterizer):
    snapshot, camera = make.lively().at(0), make.camera([0, -6, 2.2], [0.5, 0, 0.8])
    gbuffer = rasterizer.rasterize(snapshot, camera)
    assert gbuffer.triangle.dtype == np.int32
    assert gbuffer.bary.dtype == np.float32
    assert gbuffer.weights.min() > -1e-2
    np.testing.assert_allclose(gbuffer.weights.sum(-1), 1, atol=1e-6)
    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    xy, _ = camera.project(Passes(snapshot, camera, gbuffer).position.astype(float))
    error = np.abs(xy - np.stack([x, y], -1))[gbuffer.hit]
    assert error.max() < 0.02


def test_unknown_and_broken_backends_are_told_apart(monkeypatch):
    with pytest.raises(ValueError, match="'vulkan' is not a rasterizer: choose one of auto, gl, embree, "):
        open_rasterizer("vulkan")

    def refuse(name):
        raise RasterizerUnavailable(f"The {name} rasterizer is broken.")

    monkeypatch.setattr(raster, "_opened", refuse)
    with pytest.raises(RasterizerUnavailable, match=r"gl rasterizer is broken\. The embree rasterizer is broken\."):
        open_rasterizer()
    assert [(name, works) for name, works, _ in describe_rasterizers()] == [(n, False) for n in raster.NAMES]


def test_auto_falls_back_to_the_next_backend(monkeypatch):
    opened = raster._opened

    def without_gl(name):
        if name == "gl":
            raise RasterizerUnavailable("no display")
        return opened(name)

    monkeypatch.setattr(raster, "_opened", without_gl)
    assert open_rasterizer().name == "embree"


@pytest.mark.parametrize("software", [True, False])
def test_auto_casts_rays_where_opengl_has_no_card(monkeypatch, rays, software):
    class Card:
        name, detail, closed = "gl", "a driver", False

        def rasterize(self, snapshot, camera):
            return rays.rasterize(snapshot, camera)

        def close(self):
            self.closed = True

    card, broken, opened = Card(), [], raster._opened
    card.software = software

    def only(name):
        if name in broken:
            raise RasterizerUnavailable("not here")
        return card if name == "gl" else opened(name)

    monkeypatch.setattr(raster, "_opened", only)
    assert open_rasterizer().name == ("embree" if software else "gl")
    assert card.closed == software
    assert open_rasterizer("gl") is card
    broken.append("embree")
    assert open_rasterizer() is card


def test_a_backend_that_draws_wrongly_is_refused(monkeypatch, rays):
    class Blind:
        name, detail = "gl", "a broken driver"

        def rasterize(self, snapshot, camera):
            gbuffer = rays.rasterize(snapshot, camera)
            return raster.GBuffer(np.full_like(gbuffer.triangle, -1), gbuffer.bary)

        def close(self):
            pass

    monkeypatch.setattr(raster, "_opened", lambda name: Blind())
    with pytest.raises(RasterizerUnavailable, match="wrong picture here \\(a broken driver\\)"):
        open_rasterizer("gl")


def test_backends_that_work_say_what_is_behind_them():
    found = {name: (works, detail) for name, works, detail in describe_rasterizers()}
    assert tuple(found) == raster.NAMES
    assert found["embree"][0]
    assert "embreex" in found["embree"][1]
