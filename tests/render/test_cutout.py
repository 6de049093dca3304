"""Surfaces with holes: every backend and every ray sees the same ones, and through them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from render.cutout import Cutouts
from render.passes import Passes
from render.raster import open_rasterizer
from render.rays import RayScene
from worldgen.light import Sky
from worldgen.material import Material
from worldgen.texture import Texture
from worldgen.world import Thing, World


def net(cells=8, size_m=1.0, soft=False):
    """A texture of square holes: whole where its column and row are both even or both odd."""
    board = np.indices((cells, cells)).sum(0) % 2 == 0
    opacity = np.where(board, 255, 0).astype(np.uint8)
    if soft:
        opacity = np.random.default_rng(2).integers(0, 256, (16, 24)).astype(np.uint8)
    return Texture(f"net-{cells}-{soft}", np.ones((*opacity.shape, 3), np.float32), size_m, opacity=opacity)


def layered(make, count=3, soft=True):
    """Walls of nets, one behind another, before a whole wall; each net is shifted against the next."""
    texture = net(size_m=2.0, soft=soft)
    nets = []
    for k in range(count):
        mesh = make.wall(3.0 + 0.5 * k, half=6, texture=texture)
        nets.append(replace(mesh, uv=mesh.uv + np.float32([0.37 * k, 0.21 * k]), materials=(named(mesh, f"net-{k}"),)))
    return make.world(*nets, make.wall(9.0, half=60))


def named(mesh, name):
    return Material(name, "plaster", (0.5, 0.5, 0.5), texture=mesh.materials[0].texture)


def test_a_world_without_holes_pays_nothing(make):
    assert Cutouts.of(make.lively().at(0)) is None


def test_holes_are_where_the_opacity_says(make, rasterizer):
    texture = net(8, 8.0)  # a texel a metre; the floors' uv are x and y
    snapshot = make.world(make.floor(20, texture=texture), make.floor(90, z=-4.0)).at(0)
    camera = make.camera([0.3, -3, 5], [0, 0, 0], 90, 60, 18.0)
    passes = Passes(snapshot, camera, rasterizer.rasterize(snapshot, camera))
    near = passes.gbuffer.triangle < 2
    x, y = np.meshgrid(np.arange(90) + 0.5, np.arange(60) + 0.5)
    ray = camera.rays(np.stack([x, y], -1))
    point = camera.position + ray * (-5 / ray[..., 2:])
    column, row = np.floor(point[..., 0] % 8), np.floor((8 - point[..., 1]) % 8)
    sure = (np.abs(point[..., :2] % 1 - 0.5) < 0.49).all(-1) & (np.abs(point[..., :2]) < 19).all(-1)
    assert sure.mean() > 0.8
    np.testing.assert_array_equal(near[sure], ((column + row) % 2 == 0)[sure])
    assert np.abs(passes.position[..., 2] - np.where(near, 0, -4)).max() < 1e-3


@pytest.mark.parametrize("count", [1, 3, 12])
def test_backends_agree_through_layers(make, rasterizer, rays, count):
    snapshot, camera = layered(make, count).at(0), make.camera([0.3, -0.4, 1], [0, 5, 1.3], 120, 80)
    a, b = rasterizer.rasterize(snapshot, camera), rays.rasterize(snapshot, camera)
    assert (a.triangle != b.triangle).mean() < 2e-3
    assert len(np.unique(b.triangle)) > count
    same = a.triangle == b.triangle
    assert np.abs(a.bary - b.bary)[same].max() < 1e-3
    assert not Cutouts.of(snapshot).holed(a.triangle.ravel(), a.bary.reshape(-1, 2)).mean() > 1e-3


def test_a_net_that_moves_is_seen_where_it_is(make, rasterizer, rays):
    mesh = make.floor(2, z=1.0, texture=net(8, 1.0))
    thing = Thing("net", mesh, lambda t: (mesh.vertices + np.float32([t, 0, 0])).astype(np.float32))
    world = World((Thing("ground", make.floor(60)), thing), Sky())
    camera = make.camera([0.1, -3, 5], [0, 0, 1], 100, 60)
    shares = []
    for time in (0.0, 0.73):
        snapshot = world.at(time)
        a, b = rasterizer.rasterize(snapshot, camera), rays.rasterize(snapshot, camera)
        assert (a.triangle != b.triangle).mean() < 1e-3
        shares.append(a.triangle >= 2)
    assert 0.1 < shares[0].mean() < 0.5
    assert (shares[0] != shares[1]).mean() > 0.05


@pytest.mark.parametrize("engine", ["embree", "open3d"])
def test_light_falls_through_holes(make, engine):
    scene = RayScene(engine)
    snapshot = layered(make, 2).at(0)
    scene.update(snapshot)
    rng = np.random.default_rng(0)
    origins = np.stack([rng.uniform(-3, 3, 4000), np.zeros(4000), rng.uniform(-2, 4, 4000)], 1)
    ahead = np.array([0.05, 1.0, 0.02])
    triangle, bary, distance = scene.cast(origins, np.broadcast_to(ahead, (4000, 3)))
    cutouts = Cutouts.of(snapshot)
    assert not cutouts.holed(triangle, bary).any()
    blocked = scene.occluded(origins, np.broadcast_to(ahead, (4000, 3)), 6.0)
    np.testing.assert_array_equal(blocked, distance < 6.0)
    assert 0.3 < blocked.mean() < 0.95
    assert ((triangle >= 4) & np.isclose(distance, 9.0, atol=1e-3))[~blocked].all()
    assert scene.occluded(origins, np.broadcast_to(ahead, (4000, 3)), 9.5).all()
    assert scene.still().occluded(origins, np.broadcast_to(ahead, (4000, 3)), 9.5).all()


def test_a_ray_goes_through_many_layers(make):
    opacity = np.zeros((2, 2), np.uint8)
    texture = Texture("air", np.ones((2, 2, 3), np.float32), opacity=opacity)
    walls = [make.wall(1.0 + 0.02 * k, half=9, texture=texture, name=f"air-{k}") for k in range(100)]
    snapshot = make.world(*walls, make.wall(9.0, half=60)).at(0)
    camera = make.camera([0, 0, 1], [0, 5, 1], 8, 6)
    for name in ("embree", "open3d"):
        assert (open_rasterizer(name).rasterize(snapshot, camera).triangle >= 200).all()
