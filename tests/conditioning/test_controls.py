"""What pocket is told of a frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conditioning.controls import MAPS, Controls, controls
from render.raster import open_rasterizer
from render.shade import Shader
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import look_at
from worldgen.light import Sky
from worldgen.material import make
from worldgen.world import Thing, World

SKY = Sky(sun_elevation=np.radians(30))


def told(sky: Sky) -> Controls:
    world = World((Thing("ground", shapes.plane((200.0, 200.0), make("concrete"))),), sky)
    camera = Camera(look_at((0, -6, 3), (0, 0, 1.5)), Lens(28).intrinsics(48, 32), 48, 32)
    snapshot = world.at(0)
    return controls(Shader(world, open_rasterizer()).shade(snapshot, camera), camera, snapshot)


def test_fog_is_told_where_there_is_some() -> None:
    clear, foggy = told(SKY), told(replace(SKY, fog=0.05, fog_height=20.0))
    assert clear.clear is None
    assert foggy.clear is not None
    assert foggy.clear[-1].min() > foggy.clear[20].max()  # the floor before the camera, and far off
    assert np.abs(foggy.proxy - clear.proxy).max() > 0.1
    for name in ("albedo.r", "normal.z", "sky.b", "occlusion"):  # what surfaces are is told as it is, without the air
        k = MAPS.index(name)
        np.testing.assert_allclose(foggy.maps[k], clear.maps[k], atol=1e-5)
