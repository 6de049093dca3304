"""Fog: closed forms where there are some, sums along the ray where there are none, and shafts where the sun gets to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from render.fog import AGAIN, FORWARD
from render.foglight import axis
from render.meter import Exposure
from render.raster import Rasterizer, open_rasterizer
from render.shade import Shader, Shading
from render.sunmap import sun_axes
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import F32, F64, look_at, translation, unit
from worldgen.light import Lamp, Sky
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.world import Thing, World

DAY = Sky(sun_azimuth=np.radians(90), sun_elevation=np.radians(30), fog=0.02, fog_height=1e9)
NIGHT = Sky(0.0, np.radians(-30), fog=0.02, fog_height=1e9)
BLACK = make("concrete", (0.0, 0.0, 0.0))
GROUND = Thing("ground", shapes.plane((400.0, 400.0), make("concrete")))


@pytest.fixture(scope="module")
def rasterizer() -> Rasterizer:
    return open_rasterizer()


def camera(eye: tuple[float, float, float] = (0, 0, 2), at: tuple[float, float, float] = (0, 10, 2)) -> Camera:
    return Camera(look_at(eye, at), Lens(28).intrinsics(96, 64), 96, 64)


def shaded(world: World, rasterizer: Rasterizer, seen_by: Camera | None = None, time: float = 0.0) -> Shading:
    shader = Shader(world, rasterizer)
    shader.expose_as(Exposure())
    return shader.shade(world.at(time), seen_by or camera())


def wall(distance: float) -> Thing:
    """A black wall that fills the view."""
    mesh = shapes.box((900.0, 1.0, 900.0), BLACK).transformed(translation([0, distance + 0.5, -450]))
    return Thing("wall", mesh)


def phase(cosine: F64) -> F64:
    share, g = FORWARD
    lobe = (1 - g * g) / (1 + g * g - 2 * g * cosine) ** 1.5
    return (share * lobe + 1 - share) / (4 * np.pi)


def views(seen_by: Camera) -> F64:
    ys, xs = np.mgrid[0 : seen_by.height, 0 : seen_by.width] + 0.5
    return unit(seen_by.rays(np.stack([xs, ys], axis=-1)))


def test_clear_air_changes_nothing(rasterizer: Rasterizer) -> None:
    clear = shaded(World((GROUND,), replace(DAY, fog=0.0)), rasterizer)
    assert (clear.airlight == 0).all()
    np.testing.assert_allclose(clear.transmittance, 1.0, atol=1e-6)


def test_light_falls_off_as_beer_and_lambert_say(rasterizer: Rasterizer) -> None:
    seen = shaded(World((wall(30.0),), DAY), rasterizer)
    away = 30.0 / views(camera())[..., 1]
    np.testing.assert_allclose(seen.transmittance, np.exp(-0.02 * away), rtol=1e-3)


def test_fog_thins_with_height(rasterizer: Rasterizer) -> None:
    sky = replace(DAY, fog=0.05, fog_height=4.0)
    seen = shaded(World((wall(30.0),), sky), rasterizer)
    d = views(camera())
    steps = (np.arange(4000) + 0.5) / 4000
    away = 30.0 / d[..., 1]
    heights = 2.0 + (away * d[..., 2])[..., None] * steps
    depth = 0.05 * away * np.exp(-heights / 4.0).mean(-1)
    np.testing.assert_allclose(seen.transmittance, np.exp(-depth), rtol=2e-3, atol=1e-5)


def test_fog_on_high_ground_is_as_thick(rasterizer: Rasterizer) -> None:
    """What lies 120 m up, with fog there, looks as it does at height 0."""
    low = shaded(World((wall(30.0),), replace(DAY, fog=0.05, fog_height=4.0)), rasterizer)
    up = np.array([0.0, 0.0, 120.0])
    things = tuple(thing.moved(translation(up)) for thing in (wall(30.0),))
    sky = replace(DAY, fog=0.05 * np.exp(120.0 / 4.0), fog_height=4.0)
    high = shaded(World(things, sky), rasterizer, camera((0, 0, 122), (0, 10, 122)))
    np.testing.assert_allclose(high.transmittance, low.transmittance, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(high.airlight, low.airlight, rtol=0.03, atol=1e-4)


def test_air_in_the_sun_shines_by_the_phase_function(rasterizer: Rasterizer) -> None:
    """The difference that the sun makes, away from the ground: it scatters once, and a little more."""
    dim = shaded(World((wall(60.0),), replace(NIGHT, town=1.0)), rasterizer)
    assert dim.airlight.max() < 0.01 * DAY.sun_irradiance.max()
    sky = replace(DAY, sun_azimuth=np.radians(0), sun_elevation=np.radians(25))
    far = camera(eye=(0, 0, 150), at=(0, 10, 154))
    seen = shaded(World((GROUND,), sky), rasterizer, far)
    cosine = views(far) @ sky.sun_direction
    middle = np.abs(views(far)[..., 2] - 0.37) < 0.1
    assert middle.any()
    ahead = (cosine > 0.97) & (seen.coverage == 0)
    aside = (np.abs(cosine - 0.85) < 0.02) & (seen.coverage == 0)
    expected = (phase(cosine[ahead]).mean() - phase(cosine[aside]).mean()) * sky.sun_irradiance
    found = seen.airlight[ahead].mean(0) - seen.airlight[aside].mean(0)
    np.testing.assert_allclose(found, expected, rtol=0.1)  # all of the way to the sky is in fog
    assert (AGAIN * sky.sun_direction[2] * sky.sun_irradiance < seen.airlight[aside].mean(0)).all()


def test_no_shaft_behind_what_hides_the_sun(rasterizer: Rasterizer) -> None:
    """The sun stands in the east; a board east of the view shades the air it looks through, but for a gap."""
    boards = [((1.0, 40.0, 60.0), (8, 0, 0)), ((1.0, 40.0, 60.0), (8, 44, 0))]
    things = [
        Thing(f"board-{k}", shapes.box(size, BLACK).transformed(translation(np.array(at, float))))
        for k, (size, at) in enumerate(boards)
    ]
    open_air, shut = (shaded(World((wall(60.0), *more), DAY), rasterizer).airlight.mean(-1) for more in ([], [*things]))
    assert shut[32, 48] < 0.5 * open_air[32, 48]
    sky = replace(DAY, sun_elevation=np.radians(20))
    seen_by = camera(eye=(-14, 22, 2), at=(8, 22, 3))  # along the shaft, and past it
    between = shaded(World((GROUND, *things), sky), rasterizer, seen_by).airlight.mean(-1)
    assert between[32, 48] > 1.3 * between[32, 4]


def test_what_moves_casts_a_shaft(rasterizer: Rasterizer) -> None:
    def place(time: float) -> F64:
        return translation([6.0, 20.0 - 100.0 * time, 0.0])

    board = Thing("board", shapes.box((0.5, 12.0, 40.0), BLACK), place=place)
    world = World((wall(60.0), board), DAY)
    here, gone = (shaded(world, rasterizer, time=t).airlight.mean(-1)[32, 40] for t in (0.0, 5.0))
    assert here < 0.9 * gone


def test_a_lamp_has_a_halo(rasterizer: Rasterizer) -> None:
    lamp = Lamp("lamp", (0.0, 20.0, 2.0), (1.0, 0.5, 0.2), reach_m=400.0, radius_m=0.05)
    world = World((wall(60.0),), NIGHT, (lamp,))
    seen, dark = shaded(world, rasterizer), shaded(World((wall(60.0),), NIGHT), rasterizer)
    found = (seen.airlight - dark.airlight)[32, 48 + 12]
    d = views(camera())[32, 48 + 12]
    s = (np.arange(200_000) + 0.5) * (60.0 / d[1] / 200_000)
    place = np.array([0.0, 0.0, 2.0]) + s[:, None] * d
    to = place - np.array(lamp.position)
    away = np.linalg.norm(to, axis=1)
    window = (1 - (away / lamp.reach_m) ** 2) ** 2
    light = window * 0.02 * np.exp(-0.02 * s) * phase(-(to @ d) / away) / away**2
    np.testing.assert_allclose(found, light.sum() * s[0] * 2 * np.array(lamp.intensity), rtol=0.1)
    hidden = Thing("screen", shapes.box((9.0, 0.5, 9.0), BLACK).transformed(translation([0, 18.5, -2])))
    behind = shaded(World((wall(60.0), hidden), NIGHT, (lamp,)), rasterizer).airlight[32, 48 + 12]
    assert (behind < 0.6 * seen.airlight[32, 48 + 12]).all()


def test_a_beam_is_where_its_spot_light_points(rasterizer: Rasterizer) -> None:
    beam = Lamp("beam", (-8.0, 15.0, 2.0), (5.0, 5.0, 5.0), 60.0, direction=(1.0, 0.0, 0.0), cone=0.1)
    light = shaded(World((wall(60.0),), NIGHT, (beam,)), rasterizer).airlight.mean(-1)
    assert light[32, 48] > 3 * light[16, 48]


def test_distance_is_read_without_steps(rasterizer: Rasterizer) -> None:
    """Along a floor, fog deepens evenly: no bands where slices end."""
    seen = shaded(World((GROUND,), DAY), rasterizer, camera(at=(0, 10, 1)))
    column = seen.airlight[44:, 48].mean(-1)
    change = np.diff(column)
    assert (change < 0).all()
    assert np.abs(np.diff(change)).max() < 0.25 * np.abs(change).max()


def test_sky_is_hidden_at_the_horizon_first(rasterizer: Rasterizer) -> None:
    sky = replace(DAY, fog=0.01, fog_height=20.0)
    seen = shaded(World((), sky), rasterizer, camera(at=(0, 10, 6)))
    column = seen.transmittance[:, 48]
    assert column[0] > column[40] + 0.2
    assert np.isfinite(seen.radiance).all()
    np.testing.assert_allclose(
        seen.radiance, seen.emission * seen.transmittance[..., None] + seen.airlight, rtol=1e-3, atol=1e-4
    )


def test_nothing_swims_when_the_camera_moves(rasterizer: Rasterizer) -> None:
    """A step of a centimetre changes the air's light by very little, shafts and all."""
    posts = [
        Thing(f"post-{k}", shapes.box((0.3, 0.3, 9.0), BLACK).transformed(translation([5.0, 3.0 + 2.0 * k, 0])))
        for k in range(8)
    ]
    world = World((GROUND, *posts), DAY)
    shader = Shader(world, rasterizer, eyes=np.array([[0, 0, 2.0], [0, 1, 2.0]]))
    shader.expose_as(Exposure())
    a, b = (shader.shade(world.at(0), camera(eye=(0, y, 2), at=(0, 10 + y, 1))) for y in (0.0, 0.01))
    seen = np.isfinite(a.depth) & np.isfinite(b.depth)
    same = seen.copy()
    same[seen] = np.abs(a.depth[seen] - b.depth[seen]) < 0.05 + 0.01 * a.depth[seen]
    change = np.abs(a.airlight - b.airlight).mean(-1)[same]
    assert same.mean() > 0.5
    assert np.quantile(change, 0.98) < 0.02 * a.airlight.max()  # the rest are outlines of posts
    assert np.median(change) < 0.003 * a.airlight.mean()


@pytest.mark.parametrize("mesh", [None, shapes.box((1.0, 1.0, 1.0), BLACK)])
def test_odd_worlds_have_air_too(rasterizer: Rasterizer, mesh: Mesh | None) -> None:
    """Nothing at all, the camera inside a thing, and a world far from the origin where only something moves."""
    things = () if mesh is None else (Thing("box", mesh.transformed(translation([0, 0, 1.5]))),)
    assert np.isfinite(shaded(World(things, DAY), rasterizer).radiance).all()
    if mesh is not None:
        moving = Thing("box", mesh, place=lambda time: translation([5000.0, time - 2990.0, 1.5]))
        seen = shaded(World((moving,), DAY), rasterizer, camera((5000, -3000, 2), (5000, -2990, 2)))
        assert np.isfinite(seen.radiance).all()
        assert 0.7 < seen.transmittance[32, 48] < 0.9


def test_corners_are_even_at_the_eyes_and_grow_apart() -> None:
    line = axis(-10.0, 10.0, (-2000.0, 2000.0), 2.0)
    steps = np.diff(line)
    near = np.abs(line[:-1] + steps / 2) < 19
    assert steps[near].max() < 1.15 * steps[near].min()
    assert (steps > 0).all()
    assert steps[0] > 10 * steps[near].max()
    assert len(axis(0.0, 5000.0, (-9000.0, 9000.0), 2.0)) < 80
    assert len(axis(0.0, 0.0, (0.0, 0.0), 2.0)) >= 2


@pytest.mark.parametrize("towards", [[0, 0, 1], [1, 0, 0], [0.5, -0.5, 0.7]])
def test_axes_of_the_sun_are_a_frame(towards: list[float]) -> None:
    axes: F32 = sun_axes(unit(np.array(towards, float)))
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(axes[2], unit(np.array(towards, float)), atol=1e-6)
