"""Textures filtered over the outline of a pixel, against pictures drawn much larger."""

from __future__ import annotations

import numpy as np
import pytest

from render.detail import detail
from render.raster import open_rasterizer
from render.surface import Surface
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import F32, look_at
from worldgen.light import Sky
from worldgen.material import Material, make
from worldgen.texture import Texture
from worldgen.world import Thing, World


def seen(material: Material, eye: tuple[float, float, float], times: int = 1, lens: float = 35) -> Surface:
    world = World((Thing("floor", shapes.plane((4000.0, 4000.0), material)),), Sky())
    camera = Camera(look_at(eye, (0.1, 0.2, 0)), Lens(lens).intrinsics(48 * times, 32 * times), 48 * times, 32 * times)
    return Surface.of(world.at(0), camera, open_rasterizer().rasterize(world.at(0), camera))


def squares(height_m: float = 0.0) -> Material:
    field = np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((16, 16)))[..., None] * np.ones(3)
    rise = (field[..., 0] * height_m).astype(np.float16)
    return Material(
        "squares", "plaster", (0.5, 0.4, 0.3), texture=Texture("squares", field.astype(np.float32), 2.0, rise)
    )


@pytest.mark.parametrize("eye", [(0.0, -0.5, 4.0), (0.0, -6.0, 3.0)])
def test_a_pixel_is_the_mean_of_what_it_covers(eye: tuple[float, float, float]) -> None:
    small, large = seen(squares(), eye), seen(squares(), eye, 8)
    truth = large.albedo.reshape(32, 8, 48, 8, 3).mean((1, 3)).reshape(-1, 3)
    ours, single = (np.sqrt(((found - truth) ** 2).mean()) for found in (detail(small).albedo, small.albedo))
    assert ours < 0.9 * single
    np.testing.assert_allclose(detail(small).albedo.mean(0), truth.mean(0), rtol=0.02)


@pytest.mark.parametrize("kind", ["soil", "brick"])
def test_there_is_no_moire_where_a_floor_runs_away(kind: str) -> None:
    """A pixel there is seven times as long as it is wide, and longer than a brick."""
    eye, lens = (0.0, -100.0, 14.0), 500.0
    small, large = seen(make(kind), eye, 1, lens), seen(make(kind), eye, 12, lens)
    truth = detail(large).albedo.reshape(32, 12, 48, 12, 3).mean((1, 3)).reshape(-1, 3)
    error, single = (
        np.sqrt(((found - truth) ** 2).mean()) / truth.mean() for found in (detail(small).albedo, small.albedo)
    )
    assert error < 0.02
    assert error < 0.6 * single


def test_heights_bend_the_normal_and_flat_textures_do_not() -> None:
    flat, high = (detail(seen(squares(h), (0.0, -0.5, 2.0))).bent_normal for h in (0.0, 0.02))
    np.testing.assert_allclose(flat, [[0, 0, 1]] * len(flat), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(high, axis=1), 1, rtol=1e-5)
    assert high[:, 2].min() < 0.95


def test_no_texture_no_change() -> None:
    surface = seen(make("plaster", (0.2, 0.3, 0.4)), (0.0, -0.5, 2.0))
    plain = Material("plain", "plaster", (0.2, 0.3, 0.4))
    bare = seen(plain, (0.0, -0.5, 2.0))
    np.testing.assert_allclose(detail(bare).albedo, np.tile(np.float32([0.2, 0.3, 0.4]), (len(bare), 1)))
    assert detail(bare).bent_normal is bare.normal
    assert len(detail(surface.subset(np.zeros(0, np.int64))).albedo) == 0


def test_colours_stay_within_those_of_the_texture() -> None:
    found: F32 = detail(seen(squares(), (0.0, -20.0, 0.3))).albedo
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found[:, 0].max() <= 0.5 + 1e-6
