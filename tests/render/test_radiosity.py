"""Light between surfaces, in closed rooms where the answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from render.fan import Fan
from render.gather import INSIDE, LitWorld
from render.movers import Movers
from render.radiosity import LightCache, Lightmap, reflectance
from render.raster import open_rasterizer
from render.rays import RayScene
from render.shade import Shader
from render.surface import Surface
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import F32, look_at, translation
from worldgen.light import Lamp, Sky
from worldgen.material import Material, make
from worldgen.mesh import Mesh, merged
from worldgen.world import Light, Thing, World

DAY = Sky(sun_azimuth=np.radians(180), sun_elevation=np.radians(45))
NIGHT = Sky(sun_elevation=np.radians(-30))
LAMP = Lamp("lamp", (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), reach_m=1000.0)
UP = np.float32([[0, 0, 1]])


def grey(level: float) -> Material:
    return Material(f"grey-{level}", "plaster", (level,) * 3)


def lit(world: World, eye: tuple[float, float, float] | None = None, time: float = 0.0) -> LitWorld:
    rays, snapshot = RayScene(), world.at(time)
    rays.update(snapshot)
    cache = LightCache(None if eye is None else np.array([eye]))
    return LitWorld.of(snapshot, world.light(time), rays, cache)


def room(wall: Material, name: str = "room") -> Thing:
    return Thing(name, shapes.box((4.0, 4.0, 4.0), wall).transformed(translation([0, 0, -2])))


def part(mesh: Mesh, keep: np.ndarray) -> Mesh:
    return replace(mesh, faces=mesh.faces[keep], material=mesh.material[keep])


def test_a_closed_room_is_black() -> None:
    light = lit(World((room(grey(0.8)),), DAY), (0, 0, 0))
    gathered = light.gather(np.float32([[0, 0, -2]]), UP)
    assert gathered.sky.max() < 1e-4
    assert gathered.bounce.max() < 1e-6


@pytest.mark.parametrize("eye", [(0.0, 0.0, 0.0), None])
def test_a_white_furnace_fills_up(eye: tuple[float, float, float] | None) -> None:
    """In a round room every bounce spreads evenly: irradiance is first light / (1 - reflectance) everywhere."""
    ball = shapes.sphere(2.0, grey(0.7))
    centre = (ball.vertices.min(0) + ball.vertices.max(0)) / 2
    world = World((Thing("ball", ball.transformed(translation(-centre))),), NIGHT, (LAMP,))
    still = lit(world, eye).still
    patches = still.transport.patches
    outward = (patches.points.position * patches.points.normal).sum(1)
    inner = np.flatnonzero(np.bincount(patches.of_point, outward) < 0)  # without eyes, the outer side has patches too
    given = float(still.direct[inner].mean())
    reflected = float(reflectance((grey(0.7),))[0, 0])
    np.testing.assert_allclose(given, 0.5 / 4, rtol=0.05)
    np.testing.assert_allclose(still.bounce[inner].mean() / given, reflected / (1 - reflected), rtol=0.1)


def test_a_lamp_lights_the_ceiling_that_it_cannot_reach() -> None:
    shelf = Thing("shelf", shapes.box((3.0, 3.0, 0.1), grey(0.5)).transformed(translation([0, 0, 0.5])))
    light = lit(World((room(grey(0.8)), shelf), NIGHT, (LAMP,)), (0, 1.8, 0))
    ceiling = np.float32([[0, 0, 1.99]])
    assert light.lamplight(ceiling, -UP).max() == 0
    assert light.gather(ceiling, -UP).bounce.min() > 0.005


def test_a_red_wall_colours_the_room() -> None:
    walls = shapes.box((4.0, 4.0, 4.0), grey(0.6)).transformed(translation([0, 0, -2]))
    middle = walls.vertices[walls.faces].mean(1)[:, 0]
    red = shapes.box((4.0, 4.0, 4.0), make("plaster", (0.6, 0.05, 0.05))).transformed(translation([0, 0, -2]))
    things = (Thing("grey", part(walls, middle < 1.9)), Thing("red", part(red, middle > 1.9)))
    light = lit(World(things, NIGHT, (LAMP,)), (0, 0, 0))
    bounce = light.gather(np.float32([[1.2, 0, -2], [-1.2, 0, -2]]), np.tile(UP, (2, 1))).bounce
    assert bounce[0, 0] / bounce[0, 2] > bounce[1, 0] / bounce[1, 2] > 1.2


def test_light_through_a_hole_is_smooth_on_the_wall_behind() -> None:
    walls = shapes.box((4.0, 4.0, 4.0), grey(0.5)).transformed(translation([0, 0, -2]))
    south = walls.vertices[walls.faces].mean(1)[:, 1] < -1.9
    bars = [shapes.box((4.0, 0.1, 1.6), grey(0.5)).transformed(translation([0, -2, z])) for z in (-2.0, 0.4)]
    things = [Thing("walls", part(walls, ~south))] + [Thing(f"bar-{k}", bar) for k, bar in enumerate(bars)]
    light = lit(World(tuple(things), replace(DAY, sun_azimuth=0.0)), (0, 0, 0))
    x = np.linspace(-1, 1, 41, dtype=np.float32)
    points = np.stack([x, np.full(41, 1.999, np.float32), np.full(41, -0.3, np.float32)], axis=1)
    found = light.gather(points, np.tile(np.float32([[0, -1, 0]]), (41, 1)))
    level = (found.sky + found.bounce).mean(1)
    assert level.mean() > 0.05
    assert np.abs(np.diff(level)).max() < 0.1 * level.mean()


def lightmap(world: World, eyes: np.ndarray | None = None) -> Lightmap:
    rays, snapshot = RayScene(), world.at(0)
    rays.update(snapshot)
    return LightCache(eyes).lightmap(snapshot, rays, world.light(0))


def test_twice_the_light_is_twice_as_bright_and_lamps_add_up() -> None:
    world = World((room(grey(0.6)),), NIGHT)
    dark = Sky(sun_elevation=np.radians(-60))
    a, b = LAMP, replace(LAMP, name="b", position=(1.0, 0.5, 0.0), intensity=(0.1, 0.3, 0.2))
    maps = [lightmap(replace(world, sky=dark, lamps=lamps), np.zeros((1, 3))) for lamps in ((a,), (b,), (a, b))]
    np.testing.assert_allclose(maps[0].bounce + maps[1].bounce, maps[2].bounce, rtol=0.02, atol=1e-5)


def test_worlds_of_nothing_and_of_one_triangle() -> None:
    empty = lightmap(World((), DAY))
    assert empty.bounce.shape == (1, 3)
    mesh = shapes.plane((1.0, 1.0), grey(0.5))
    one = replace(mesh, faces=mesh.faces[:1], material=mesh.material[:1])
    light = lit(World((Thing("one", one),), DAY), (0, 0, 1))
    np.testing.assert_allclose(light.gather(np.zeros((1, 3), np.float32), UP).bounce, 0, atol=1e-5)
    assert light.still.direct.max() > 10


def test_a_land_of_a_kilometre_has_few_patches() -> None:
    land = Thing("land", shapes.plane((4000.0, 4000.0), make("grass")))
    wall = Thing("wall", shapes.box((6.0, 0.3, 4.0), grey(0.7)).transformed(translation([0, 2, 0])))
    light = lit(World((land, wall), DAY), (0, 0, 1.6))
    assert light.still.transport.patches.count <= 20_000
    sunny = light.gather(np.float32([[0, 1.8, 1]]), np.float32([[0, -1, 0]])).bounce[0]
    ground = 0.5 * (DAY.sun_irradiance * np.sin(np.pi / 4) + DAY.sky_irradiance)  # half of what it sees is the ground
    np.testing.assert_allclose(sunny / ground, np.array(make("grass").base_color) + 0.05, atol=0.06)


def walker(world_time: float) -> F32:
    body = shapes.box((0.5, 0.5, 1.6), grey(0.5))
    return (body.vertices + np.array([world_time, 0, 0])).astype(np.float32)


def test_frames_are_the_same_in_any_order_and_what_moves_is_lit() -> None:
    body = Thing("body", shapes.box((0.5, 0.5, 1.6), grey(0.9)), walker)
    floor = Thing("floor", shapes.plane((20.0, 20.0), grey(0.4)))
    world = World((floor, body), DAY)
    camera = Camera(look_at((0, -5, 2), (0, 0, 0.5)), Lens(28).intrinsics(48, 32), 48, 32)
    raster = open_rasterizer()
    first, second = Shader(world, raster), Shader(world, raster)
    forward = [first.shade(world.at(t), camera).radiance for t in (0.0, 1.0, 2.0)]
    backward = [second.shade(world.at(t), camera).radiance for t in (2.0, 1.0, 0.0)][::-1]
    for a, b in zip(forward, backward, strict=True):
        assert a.tobytes() == b.tobytes()
    by_the_body = lit(world).gather(np.float32([[0, -0.4, 0]]), UP).bounce[0]
    assert by_the_body.min() > 0.5  # its sunny side shines on the floor before it


def test_a_sunlit_body_is_not_drawn_on_the_floor() -> None:
    """Its light on the floor is smooth, and all of it is there."""
    small = shapes.box((0.3, 0.3, 0.3), grey(0.9))
    body = Thing("body", small, lambda t: (small.vertices + np.array([t, 0, 1.5])).astype(np.float32))
    floor = Thing("floor", shapes.plane((20.0, 20.0), grey(0.4)))
    above = Camera(look_at((0, -0.9, 1.2), (0, -1.5, 0)), Lens(12).intrinsics(192, 128), 192, 128)
    raster = open_rasterizer()
    worlds = (World((floor, body), DAY), World((floor,), DAY))
    both, alone = (Shader(world, raster).shade(world.at(0.0), above) for world in worlds)
    added = (both.bounce - alone.bounce)[..., 1][both.gbuffer.hit & alone.gbuffer.hit]
    assert added.mean() > 0
    assert added.max() < 8 * added.mean()


def test_light_that_changes_is_followed() -> None:
    dim = replace(LAMP, intensity=(0.25, 0.25, 0.25))
    world = World((room(grey(0.6)),), NIGHT, lighting=lambda t: Light(NIGHT, (LAMP if t < 1 else dim,)))
    rays = RayScene()
    rays.update(world.at(0))
    cache = LightCache(np.zeros((1, 3)))
    bright, dark, again = (cache.lightmap(world.at(t), rays, world.light(t)).bounce for t in (0.0, 2.0, 0.5))
    np.testing.assert_allclose(dark, 0.5 * bright, rtol=0.02)
    assert again.tobytes() == bright.tobytes()


def test_a_crowd_of_small_things_has_a_bounded_number_of_patches() -> None:
    ball = shapes.sphere(0.3, make("cloth"))
    things = [Thing(f"ball-{k}", ball, place=lambda t, k=k: translation([2.0 * k, t, 0])) for k in range(120)]
    movers = Movers.of(World(tuple(things), Sky()).at(0.0))
    assert 120 <= len(movers.face) < 120 * 60  # more than there may be of few things, and yet it ends
    assert movers.of_face.max() == len(movers.face) - 1


@pytest.mark.parametrize("changing", [False, True])
def test_a_thin_tube_is_not_written_on_the_ground(changing: bool) -> None:
    """Fixed rays would draw its shape on the ground, where they meet it, and nothing beside."""
    tube = shapes.box((0.03, 2.0, 0.03), replace(grey(0.5), emission=(9.0, 9.0, 9.0)))
    things = (
        Thing("ground", shapes.plane((30.0, 30.0), grey(0.1))),
        Thing("tube", tube.transformed(translation([0, 0, 3.0]))),
    )
    flat = lit(World(things, NIGHT), (0, -6, 1.6))
    x = np.linspace(-3, 3, 120, dtype=np.float32)
    points = np.stack([x, np.zeros_like(x), np.zeros_like(x)], axis=1)
    normals = np.tile(UP, (120, 1))
    found = (
        flat.gather(points, normals, moving=False).bounce if changing else flat.gather_still(points, normals)[:, 3:6]
    )
    light = found[:, 0]
    # A line of radiance times width, seen from below: its irradiance falls off with the square of the distance.
    expected = 9.0 * 0.03 * 2 * 9.0 / (x**2 + 9.0) ** 2 * 0.9
    assert np.abs(np.diff(light)).max() < 0.2 * light.max()
    assert light.mean() == pytest.approx(expected.mean(), rel=0.35)


def test_a_niche_is_not_lit_as_the_wall_around_it() -> None:
    """The back of a shop window, seen from across the street, where a pixel is wide."""
    wall = grey(0.5)
    stones = [
        shapes.box(size, wall).transformed(translation(place))
        for size, place in (
            ((20.0, 2.0, 4.0), (0, 1, 3.0)),
            ((20.0, 2.0, 1.0), (0, 1, 0.0)),
            ((9.0, 2.0, 2.0), (-5.5, 1, 1.0)),
            ((9.0, 2.0, 2.0), (5.5, 1, 1.0)),
            ((20.0, 0.2, 7.0), (0, 2.1, 0.0)),
            ((60.0, 1.0, 20.0), (0, -28, 0.0)),
        )
    ]
    ground = Thing("ground", shapes.plane((60.0, 60.0), wall))
    world = World((ground, Thing("house", merged(stones))), replace(DAY, clouds=1.0))
    seen = Camera(look_at((0, -25, 3), (0, 1, 2)), Lens(35).intrinsics(128, 96), 128, 96)
    rasterizer = open_rasterizer()
    shader = Shader(world, rasterizer, eyes=np.array([seen.position]))
    shading = shader.shade(world.at(0), seen)
    surface = Surface.of(world.at(0), seen, shading.gbuffer)
    place = surface.position
    back = np.flatnonzero((place[:, 1] > 1.9) & (np.abs(place[:, 0]) < 0.8) & (np.abs(place[:, 2] - 2) < 0.8))
    front = np.flatnonzero((np.abs(place[:, 1]) < 0.01) & (np.abs(place[:, 0] - 3) < 1.5) & (place[:, 2] > 1))
    assert min(len(back), len(front)) > 4
    light = (shading.sky_light + shading.bounce).mean(-1).reshape(-1)[np.flatnonzero(shading.gbuffer.hit)]
    lit_world = lit(world, (0.0, -25.0, 3.0))
    fan = Fan.of(place[back], surface.normal[back], INSIDE)
    exact, _, _ = lit_world._gathered(fan, len(back), *fan.hits(lit_world.rays))
    assert light[back].mean() == pytest.approx((exact.sky + exact.bounce).mean(), rel=0.25)
    assert light[back].mean() < 0.6 * light[front].mean()
