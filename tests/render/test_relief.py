"""The height in textures bends the light in the picture, near by, and nothing else; and lamps with a beam."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from render.direct import lamplight
from render.raster import open_rasterizer
from render.rays import RayScene
from render.shade import Shader, Shading
from render.surface import Surface
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import look_at
from worldgen.light import Lamp, Sky
from worldgen.material import Material
from worldgen.texture import Texture
from worldgen.world import Thing, World

SUN = Sky(sun_azimuth=np.radians(90), sun_elevation=np.radians(45))


def waves(height_m: float) -> Material:
    """Ridges along v, ten centimetres apart."""
    rise = np.tile(height_m * np.sin(np.arange(64) / 64 * 2 * np.pi), (64, 1)).astype(np.float16)
    texture = Texture("waves", np.ones((64, 64, 3), np.float32), 0.1, rise)
    return Material("waves", "plaster", (0.5, 0.5, 0.5), texture=texture)


def floor(material: Material, eye: tuple[float, float, float]) -> Shading:
    world = World((Thing("floor", shapes.plane((400.0, 400.0), material)),), SUN)
    camera = Camera(look_at(eye, (0.01, 0.3 * eye[2], 0)), Lens(35).intrinsics(96, 64), 96, 64)
    return Shader(world, open_rasterizer()).shade(world.at(0), camera)


def test_ridges_are_bright_towards_the_sun_and_only_in_the_picture() -> None:
    rough, even = (floor(waves(h), (0.0, 0.0, 0.6)) for h in (0.005, 0.0))
    assert rough.radiance[..., 0].std() > 0.1 * rough.radiance[..., 0].mean() > 10 * even.radiance[..., 0].std()
    np.testing.assert_allclose(rough.radiance.mean(), even.radiance.mean(), rtol=0.05)
    for name in ("depth", "camera_normal", "sun", "albedo", "sky_light", "bounce"):
        np.testing.assert_array_equal(getattr(rough, name), getattr(even, name))
    np.testing.assert_array_equal(rough.gbuffer.triangle, even.gbuffer.triangle)


def test_slopes_that_rise_to_the_east_face_west() -> None:
    """The sun stands east: what rises towards +u (+x) is turned away from it."""
    rise = np.abs(np.arange(64) - 32.0) / 32 * 0.02  # falls over the first half of the tile, rises over the second
    texture = Texture("roof", np.ones((64, 64, 3), np.float32), 0.5, np.tile(rise, (64, 1)).astype(np.float16))
    picture = floor(Material("roof", "plaster", (0.5, 0.5, 0.5), texture=texture), (0.0, 0.0, 0.6))
    world = World((Thing("floor", shapes.plane((400.0, 400.0), waves(0.0))),), SUN)
    snapshot = world.at(0)
    camera = Camera(look_at((0, 0, 0.6), (0.01, 0.18, 0)), Lens(35).intrinsics(96, 64), 96, 64)
    u = Surface.of(snapshot, camera, picture.gbuffer).uv[:, 0].reshape(64, 96) / 0.5 % 1.0
    falling = picture.radiance[(u > 0.1) & (u < 0.4)].mean()
    rising = picture.radiance[(u > 0.6) & (u < 0.9)].mean()
    assert falling > 1.05 * rising


def test_relief_vanishes_with_distance() -> None:
    far = floor(waves(0.005), (0.0, 0.0, 60.0)).radiance[..., 0]
    assert far.std() < 0.01 * far.mean()


def test_a_spot_lamp_has_an_edge() -> None:
    world = World((Thing("floor", shapes.plane((40.0, 40.0), waves(0.0))),), SUN)
    rays = RayScene()
    rays.update(world.at(0))
    lamp = Lamp("spot", (0, 0, 3), (0.3, 0.3, 0.3), reach_m=1000.0, direction=(0, 0, -1), cone=0.5, soft=0.4)
    x = np.float32([0.0, 3 * np.tan(0.25), 3 * np.tan(0.4), 3 * np.tan(0.52), 4.0])
    points = np.stack([x, 0 * x, 0 * x], axis=1)
    up = np.tile(np.float32([0, 0, 1]), (5, 1))
    spot, ball = (lamplight(rays, (one,), points, up)[:, 0] for one in (lamp, replace(lamp, direction=None)))
    np.testing.assert_allclose(spot[:2], ball[:2], rtol=1e-4)
    assert 0 < spot[2] < ball[2]
    assert (spot[3:] == 0).all()
