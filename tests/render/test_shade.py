"""Light on surfaces, in worlds where the answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from render.direct import fixed_directions, sun_disc
from render.gather import LitWorld
from render.radiosity import LightCache
from render.raster import Rasterizer, open_rasterizer
from render.rays import RayScene
from render.shade import Shader, Shading
from render.spread import STEP
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import F32, look_at, translation
from worldgen.light import SUN_RADIUS, Lamp, Sky
from worldgen.material import make
from worldgen.mesh import merged
from worldgen.world import Thing, World

SKY = Sky(sun_azimuth=np.radians(180), sun_elevation=np.radians(45))
NIGHT = Sky(0.0, np.radians(-12))
LONG = np.array([[190.0, 0, 48], [0, 190.0, 48], [0, 0, 1]])
GROUND = Thing("ground", shapes.plane((200.0, 200.0), make("concrete")))


@pytest.fixture(scope="module")
def rasterizer() -> Rasterizer:
    return open_rasterizer()


def camera(width: int = 96, height: int = 64, eye: tuple[float, float, float] = (0, -6, 4)) -> Camera:
    return Camera(look_at(eye, (0, 0, 0.5)), Lens(28).intrinsics(width, height), width, height)


def lit(world: World) -> LitWorld:
    rays = RayScene()
    rays.update(world.at(0))
    return LitWorld.of(world.at(0), world.light(0), rays, LightCache())


def shaded(world: World, rasterizer: Rasterizer, seen_by: Camera | None = None) -> Shading:
    return Shader(world, rasterizer).shade(world.at(0), seen_by or camera())


def test_open_ground_gets_the_whole_sky_and_no_bounce() -> None:
    up = np.array([[0, 0, 1]], np.float32)
    light = lit(World((GROUND,), SKY)).gather(np.zeros((1, 3), np.float32), up)
    np.testing.assert_allclose(light.sky[0], SKY.sky_irradiance, rtol=0.12)  # 64 rays against the whole map
    np.testing.assert_allclose(light.bounce, 0.0, atol=1e-6)
    assert light.occlusion[0] == pytest.approx(1.0)


def test_a_corner_is_darker_than_the_open() -> None:
    box = Thing("box", shapes.box((2.0, 2.0, 2.0), make("concrete")))
    points = np.array([[1.05, 0, 0], [8, 0, 0]], np.float32)
    light = lit(World((GROUND, box), SKY)).gather(points, np.tile(np.float32([0, 0, 1]), (2, 1)))
    assert light.occlusion[0] < 0.75
    assert light.occlusion[1] > 0.98
    assert light.sky[0].sum() < 0.8 * light.sky[1].sum()


def test_a_red_wall_reddens_its_neighbour() -> None:
    wall = Thing(
        "wall", shapes.box((8.0, 0.2, 4.0), make("plaster", (0.8, 0.05, 0.05))).transformed(translation([0, 1, 0]))
    )
    bounce = lit(World((GROUND, wall), SKY)).gather(np.zeros((1, 3), np.float32), np.float32([[0, 0, 1]])).bounce[0]
    assert bounce[0] > 4 * bounce[2] > 0


def test_the_sun_casts_a_shadow_where_it_should() -> None:
    post = Thing("post", shapes.box((1.0, 1.0, 2.0), make("concrete")))
    light = lit(World((GROUND, post), SKY))  # the sun stands south at 45 degrees: the shadow falls 2 m north
    points = np.array([[0, 1.5, 0], [0, 3.0, 0], [0, -1.5, 0]], np.float32)
    sun = light.sun(points, np.tile(np.float32([0, 0, 1]), (3, 1)))
    assert sun[0] == 0
    np.testing.assert_allclose(sun[1:], np.sin(np.pi / 4), rtol=1e-4)


def test_directions_on_the_disc_of_the_sun_are_spread_evenly() -> None:
    towards, axis = sun_disc(SKY).astype(np.float64), SKY.sun_direction
    away = np.arccos(np.clip(towards @ axis, -1, 1)) / SUN_RADIUS
    np.testing.assert_allclose((away[:16] ** 2).mean(), 0.5, atol=0.07)  # of a disc, over its area
    np.testing.assert_allclose(towards[:16].mean(0), axis, atol=1e-5)
    np.testing.assert_allclose(away[16:], 0.95, atol=0.01)
    for row in (0, 1):
        for column in (0, 1):  # each of 2 x 2 pixels has points on all sides
            own = towards[:16].reshape(4, 4, 3)[row::2, column::2].reshape(4, 3) - axis
            assert np.linalg.norm(own.mean(0)) < 0.4 * SUN_RADIUS


@pytest.mark.parametrize("height", [4.0, 12.0])
def test_a_shadow_is_as_soft_as_the_sun_is_wide(rasterizer: Rasterizer, height: float) -> None:
    sky = Sky(sun_azimuth=np.radians(180), sun_elevation=np.radians(90))
    roof = shapes.box((20.0, 20.0, 0.1), make("concrete")).transformed(translation([10, 0, height + 0.05]))
    eye = (-1.0, 0.0, 1.2)  # it sees the ground below the roof's edge at x = 0
    seen_by = Camera(look_at(eye, (0, 0, 0)), Lens(50).intrinsics(200, 120), 200, 120)
    shading = shaded(World((GROUND, Thing("roof", roof)), sky), rasterizer, seen_by)
    ground = shading.gbuffer.hit & (shading.camera_normal @ seen_by.world_from_camera[2, :3] > 0.9)
    column, row = np.meshgrid(np.arange(200) + 0.5, np.arange(120) + 0.5)
    ray = seen_by.rays(np.stack([column, row], axis=-1).reshape(-1, 2)).reshape(120, 200, 3)
    place = (eye + ray * (-eye[2] / ray[..., 2:]))[..., 0]
    u = np.clip(place / (np.tan(SUN_RADIUS) * height), -1, 1)
    seen = (np.arccos(u) - u * np.sqrt(1 - u * u)) / np.pi  # of a disc, beyond a straight edge
    assert (ground & (seen > 0.1) & (seen < 0.9)).sum() > 100
    assert np.abs(shading.sun - seen)[ground].max() < 0.16
    assert np.abs(shading.sun - seen)[ground].mean() < 0.01
    assert len(np.unique(np.round(shading.sun[ground], 3))) > 8


def test_a_shadow_is_sharp_where_it_touches_what_throws_it(rasterizer: Rasterizer) -> None:
    post = Thing("post", shapes.box((1.0, 1.0, 2.0), make("concrete")))
    sun = shaded(World((GROUND, post), SKY), rasterizer, camera(192, 128, (-6, 1, 3))).sun / np.sin(np.pi / 4)
    partly = (sun > 0.1) & (sun < 0.9)
    assert 0 < partly.mean() < 0.03


def test_a_lamp_falls_off_with_the_square() -> None:
    night = Sky(0.0, np.radians(-8))
    world = World((GROUND,), night, (Lamp("lamp", (0, 0, 3), (0.3, 0.3, 0.3), reach_m=1000.0),))
    points = np.array([[0, 0, 0], [4, 0, 0]], np.float32)
    light = lit(world).lamplight(points, np.tile(np.float32([0, 0, 1]), (2, 1)))[:, 0]
    np.testing.assert_allclose(light, [0.3 / 9, 0.3 * 3 / 125], rtol=1e-3)


def test_a_mirror_shows_the_sky_above_it() -> None:
    light = lit(World((GROUND,), SKY))
    down = np.array([[0.6, 0, -0.8]], np.float32)
    seen, distance = light.mirror(np.float32([[0, 0, 0]]), np.float32([[0, 0, 1]]), down)
    assert np.isinf(distance).all()
    np.testing.assert_allclose(seen, SKY.radiance(np.float32([[0.6, 0, 0.8]])), rtol=1e-4)


@pytest.mark.parametrize("radius", [0.05, 0.4])
def test_a_lamp_s_shadow_is_as_soft_as_the_lamp_is_large(rasterizer: Rasterizer, radius: float) -> None:
    lamp = Lamp("key", (0, 0, 4), (1.0, 1.0, 1.0), reach_m=50.0, radius_m=radius)
    board = shapes.box((4.0, 8.0, 0.02), make("concrete")).transformed(translation([2.0, 0, 2.0]))
    world = World((GROUND, Thing("board", board)), NIGHT, (lamp,))
    seen_by = Camera(look_at((-2.0, 0, 1.5), (0, 0, 0)), Lens(40).intrinsics(200, 120), 200, 120)
    shading = shaded(world, rasterizer, seen_by)
    bare = shaded(World((GROUND,), NIGHT, (lamp,)), rasterizer, seen_by)
    ground = shading.gbuffer.hit & (shading.camera_normal @ seen_by.world_from_camera[2, :3] > 0.9)
    share = (shading.lamps / np.maximum(bare.lamps, 1e-9))[..., 0]
    column, row = np.meshgrid(np.arange(200) + 0.5, np.arange(120) + 0.5)
    ray = seen_by.rays(np.stack([column, row], axis=-1).reshape(-1, 2)).reshape(120, 200, 3)
    x = (-2.0 + ray * (-1.5 / ray[..., 2:]))[..., 0]
    u = np.clip(x / radius, -1, 1)  # the board hangs half way: a metre on the lamp is a metre on the ground
    seen = (np.arccos(u) - u * np.sqrt(1 - u * u)) / np.pi
    assert ((seen > 0.1) & (seen < 0.9) & ground).sum() > (500 if radius > 0.1 else 100)
    assert np.abs(share - seen)[ground].mean() < 0.015
    assert np.abs(share - seen)[ground].max() < (0.12 if radius > 0.1 else 0.3)


def test_edges_in_mirrors_are_soft_and_do_not_run_into_what_lies_beside(rasterizer: Rasterizer) -> None:
    board = replace(make("plaster"), emission=(9.0, 9.0, 9.0))
    shining = Thing("board", shapes.box((0.8, 0.1, 1.0), board).transformed(translation([-0.1, 2.5, 1.0])))
    seen_by = Camera(look_at((0, -4, 2), (0, 0.3, 0)), Lens(40).intrinsics(96, 64), 96, 64)

    def mirrored(*heights: float) -> F32:
        glass = replace(make("metal", (0.9, 0.9, 0.9)), roughness=0.05)
        box = shapes.box((1.0, 4.0, 0.02), glass)
        plates = [box.transformed(translation([k - 0.5, 0, z])) for k, z in enumerate(heights)]
        world = World((*(Thing(f"plate {k}", plate) for k, plate in enumerate(plates)), shining), NIGHT)
        return shaded(world, rasterizer, seen_by).mirror[..., 0]

    both, alone = mirrored(0.0, -0.5), mirrored(0.0)
    bright = both / 9.0
    assert (bright > 0.99).sum() > 100
    assert 20 < ((bright > 0.2) & (bright < 0.8)).sum() < 0.7 * (bright > 0.99).sum()
    np.testing.assert_allclose(both[:, :47], alone[:, :47], rtol=0.01, atol=1e-3)


def test_rough_mirrors_blur_what_they_show(rasterizer: Rasterizer) -> None:
    board = Thing("board", shapes.box((3.0, 0.1, 1.0), replace(make("plaster"), emission=(9.0, 9.0, 9.0))))
    shining = replace(board, mesh=board.mesh.transformed(translation([0, 2.5, 1.5])))
    seen_by = Camera(look_at((0, -4, 2), (0, 0.3, 0)), Lens(40).intrinsics(160, 120), 160, 120)

    def soft(roughness: float) -> int:
        glass = replace(make("metal", (0.9, 0.9, 0.9)), roughness=roughness)
        floor = Thing("floor", shapes.box((4.0, 4.0, 0.02), glass))
        column = shaded(World((floor, shining), NIGHT), rasterizer, seen_by).mirror[:, 80, 0] / 9.0
        return int(((column > 0.1) & (column < 0.9)).sum())

    assert soft(0.05) <= 4
    assert soft(0.2) >= 6
    assert soft(0.35) > 1.5 * soft(0.12)


def test_proxy_radiance_of_open_ground(rasterizer: Rasterizer) -> None:
    picture = shaded(
        World((Thing("g", shapes.plane((200.0, 200.0), make("plastic", (0.5, 0.5, 0.5)))),), SKY), rasterizer
    )
    level = SKY.sun_irradiance * np.sin(np.pi / 4) + SKY.sky_irradiance
    near = picture.radiance[-8:].reshape(-1, 3).mean(0)
    np.testing.assert_allclose(near, 0.5 * level / np.pi, rtol=0.06)


def test_edges_are_averaged_and_insides_are_not(rasterizer: Rasterizer) -> None:
    card = Thing("card", shapes.box((2.0, 0.05, 2.0), make("plastic", (0.9, 0.9, 0.9))))
    picture = shaded(World((card,), SKY), rasterizer, camera(97, 65, (0.3, -6, 1.2)))
    shares = np.unique(picture.coverage)
    assert set(shares.tolist()) == {0.0, 0.25, 0.5, 0.75, 1.0}
    assert (picture.depth[picture.coverage == 0] == np.inf).all()


def test_same_frame_same_bytes_and_static_light_stands_still(rasterizer: Rasterizer) -> None:
    box = Thing("box", shapes.box((1.0, 1.0, 1.0), make("wood")))
    world = World((GROUND, box), SKY)
    shader = Shader(world, rasterizer)
    first, again = shader.shade(world.at(0), camera()), shader.shade(world.at(3), camera())
    assert first.radiance.tobytes() == again.radiance.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 7)])
def test_odd_and_tiny_pictures(rasterizer: Rasterizer, size: tuple[int, int]) -> None:
    picture = shaded(World((GROUND,), SKY), rasterizer, camera(*size))
    assert picture.proxy.shape == (size[1], size[0], 3)
    assert np.isfinite(picture.radiance).all()


def test_an_empty_world_is_sky(rasterizer: Rasterizer) -> None:
    view = camera(16, 12, (0, 0, 0.1))
    picture = shaded(World((), SKY), rasterizer, view)
    assert picture.coverage.max() == 0
    ys, xs = np.mgrid[0:12, 0:16] + 0.5
    sky = SKY.radiance(view.rays(np.stack([xs, ys], -1)).reshape(-1, 3)).reshape(12, 16, 3)
    np.testing.assert_allclose(picture.radiance, sky, rtol=1e-3)


def test_directions_cover_the_sphere_evenly() -> None:
    d = fixed_directions(256)
    np.testing.assert_allclose(np.linalg.norm(d, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(d.T @ d / 256, np.eye(3) / 3, atol=0.01)


def test_a_thin_bar_before_the_sky_is_lit_along_its_whole_length(rasterizer: Rasterizer) -> None:
    """The grid of slow light is coarser than the bar is wide: most of its points see nothing but sky."""
    slope = np.eye(4)
    slope[:3, :3] = Rotation.from_euler("y", 3, degrees=True).as_matrix()
    bar = shapes.box((8.0, 0.05, 0.05), make("plaster")).transformed(slope).transformed(translation([0, 0, 2.0]))
    seen_by = Camera(look_at((0, -4, 2.0), (0, 0, 2.0)), Lens(28).intrinsics(240, 160), 240, 160)
    shading = shaded(World((Thing("bar", bar),), SKY), rasterizer, seen_by)
    seen = shading.sky_light[..., 1][shading.coverage == 1]
    assert len(seen) > 60
    assert seen.min() > 0.4 * np.median(seen)


def test_what_moves_has_creases_narrower_than_the_grid_of_slow_light(rasterizer: Rasterizer) -> None:
    """Two boxes a finger apart on a third, seen from above: light at the bottom of the gap is as rays say."""
    cloth = make("plaster")
    gap, deep, away = 0.06, 0.12, 3.0
    block = shapes.box((1.0, 1.0, deep), cloth)
    parts = (
        shapes.box((3.0, 3.0, 0.2), cloth).transformed(translation([0, 0, -0.2])),
        *(block.transformed(translation([side * (0.5 + gap / 2), 0, 0])) for side in (-1, 1)),
    )
    thing = Thing("thing", merged(parts), place=lambda t: translation([0.1 * t, 0, 0]))
    world, overhead = World((thing,), SKY), Camera(look_at((0, 0, away), (0, 0, 0), (0, 1, 0)), LONG, 96, 96)
    width = gap / (away - 0.01) * LONG[0, 0]
    assert 2.5 < width < STEP + 1
    seen = shaded(world, rasterizer, overhead).sky_light[48, :, 1]
    place = np.float32([[0, 0, 1e-4], [0.5 + gap / 2, 0, deep]])
    bottom, top = lit(world).gather(place, np.tile(np.float32([0, 0, 1]), (2, 1))).sky[:, 1]
    assert bottom < 0.5 * top
    assert seen[48] == pytest.approx(bottom, rel=0.35)
    assert seen[20] == pytest.approx(top, rel=0.1)
