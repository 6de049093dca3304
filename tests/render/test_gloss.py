"""Mirror images in rough surfaces, against the lobes they stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from render.compiled import compiled
from render.gloss import density, facets, places, returned, returns
from render.raster import Rasterizer, open_rasterizer
from render.shade import Shader, Shading
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import F32, look_at, translation
from worldgen.light import Lamp, Sky
from worldgen.material import make
from worldgen.world import Thing, World

NIGHT = Sky(sun_elevation=np.radians(-30))


@compiled
def _spread(alpha: float, facing: float, cosine: F32, middle: F32) -> F32:
    found = np.empty_like(middle)
    for n in range(len(middle)):
        for k in range(middle.shape[1]):
            found[n, k] = density(alpha, facing, cosine[n], middle[n, k])
    return found


@compiled
def _returned(table: F32, roughness: float, facing: float) -> tuple[float, float, float]:
    return returned(table, roughness, facing)


@pytest.fixture(scope="module")
def rasterizer() -> Rasterizer:
    return open_rasterizer()


def mirrored(alpha: float, facing: float, place: F32) -> tuple[F32, F32]:
    """Microfacets (N, 3) of level ground, and the rays (N, 3) that a view from +X sends off them."""
    count = len(place)
    normal = np.tile(np.float32([0, 0, 1]), (count, 1))
    view = np.tile(np.float32([np.sqrt(1 - facing**2), 0, facing]), (count, 1))
    facet = facets(normal, view, np.full(count, alpha, np.float32), place)
    return facet, 2 * (view * facet).sum(1, keepdims=True) * facet - view


def test_places_are_even_in_every_tile() -> None:
    picture = places().reshape(16, 16, 2)
    for top in range(0, 16, 4):
        for left in range(0, 16, 4):
            cells = np.floor(picture[top : top + 4, left : left + 4].reshape(-1, 2) * 4).astype(int)
            assert len({tuple(cell) for cell in cells}) == 16
    assert len(np.unique(places().round(6), axis=0)) == 256


@pytest.mark.parametrize("facing", [0.9, 0.4, 0.15])
def test_rays_are_spread_as_the_density_says(facing: float) -> None:
    random = np.random.default_rng(3).random((200_000, 2), dtype=np.float32)
    facet, ray = mirrored(0.2, facing, random)
    up = ray[:, 2] > 0.02
    # Everything that leaves the surface, integrated over a grid of directions, is what the rays found.
    z = (np.arange(400) + 0.5) / 400
    turn = (np.arange(1600) + 0.5) / 1600 * 2 * np.pi
    flat = np.sqrt(1 - z**2)[:, None]
    way = np.stack([flat * np.cos(turn), flat * np.sin(turn), np.broadcast_to(z[:, None], (400, 1600))], -1)
    view = np.array([np.sqrt(1 - facing**2), 0, facing])
    middle = (way + view)[..., 2] / np.linalg.norm(way + view, axis=-1)
    spread = _spread(np.float32(0.2), np.float32(facing), z.astype(np.float32), middle.astype(np.float32))
    part = spread.sum(1) * (2 * np.pi / 1600 / 400)
    assert part[z > 0.02].sum() == pytest.approx(up.mean(), abs=0.02)
    low = z < 0.3
    assert part[low & (z > 0.02)].sum() == pytest.approx((up & (ray[:, 2] < 0.3)).mean(), abs=0.02)
    np.testing.assert_allclose(np.linalg.norm(facet, axis=1), 1, atol=1e-5)


def test_a_grazing_lobe_is_drawn_out_along_the_view() -> None:
    _, ray = mirrored(0.1, 0.15, places())
    across = np.abs(np.arctan2(ray[:, 1], -ray[:, 0]))
    along = np.abs(np.arcsin(ray[:, 2]) - np.arcsin(0.15))
    assert np.median(along) > 2 * np.median(across)


@pytest.mark.parametrize("roughness", [0.35, 0.5, 0.77, 1.0])
@pytest.mark.parametrize("facing", [0.1, 0.3, 0.62, 1.0])
def test_surfaces_return_what_their_brdf_says(roughness: float, facing: float) -> None:
    over, besides, matt = _returned(returns(), np.float32(roughness), np.float32(facing))
    shine = burley(0.0, roughness, facing)
    assert 0.04 * over + besides == pytest.approx(shine, rel=0.06, abs=0.001)
    assert matt == pytest.approx(burley(1.0, roughness, facing) - shine, rel=0.01)
    assert over + besides < 1.01


def shown(rasterizer: Rasterizer, things: tuple[Thing, ...], lamps: tuple[Lamp, ...], seen_by: Camera) -> Shading:
    world = World(things, NIGHT, lamps)
    return Shader(world, rasterizer).shade(world.at(0), seen_by)


def floor(roughness: float) -> Thing:
    wet = replace(make("asphalt", (0.05, 0.05, 0.05)), roughness=roughness, texture=None)
    return Thing("floor", shapes.plane((60.0, 60.0), wet))


EYE = Camera(look_at((0, -8, 1.5), (0, 2, 0.5)), Lens(30).intrinsics(160, 120), 160, 120)


def test_a_lamp_over_wet_ground_is_a_streak_towards_who_sees_it(rasterizer: Rasterizer) -> None:
    lamp = Lamp("lamp", (0, 4, 3), (0.3, 0.3, 0.3), reach_m=100.0)
    picture = shown(rasterizer, (floor(0.28),), (lamp,), EYE).mirror[..., 0]
    rows, columns = np.nonzero(picture > 0.3 * picture.max())
    assert np.ptp(rows) > 2 * np.ptp(columns)
    assert abs(columns.mean() - 79.5) < 3


def test_a_lamp_and_a_ball_that_shines_as_much_look_alike(rasterizer: Rasterizer) -> None:
    """The image of a lamp is worked out, that of what shines is looked for: both are the same lobe."""
    radius, intensity = 0.4, 0.3
    glow = replace(make("plaster", (0.0, 0.0, 0.0)), emission=(intensity / (np.pi * radius**2),) * 3)
    ball = shapes.sphere(radius, glow)
    middle = (ball.vertices.min(0) + ball.vertices.max(0)) / 2
    hung = Thing("ball", ball.transformed(translation([0, 4, 3] - middle)))
    looked = shown(rasterizer, (floor(0.3), hung), (), EYE).mirror[60:, :, 0]
    lamp = Lamp("lamp", (0, 4, 3), (intensity,) * 3, reach_m=1000.0, radius_m=radius)
    added = shown(rasterizer, (floor(0.3),), (lamp,), EYE).mirror[60:, :, 0]
    assert looked.mean() == pytest.approx(added.mean(), rel=0.15)
    assert np.corrcoef(looked.ravel(), added.ravel())[0, 1] > 0.9


def test_few_rays_say_what_many_say(rasterizer: Rasterizer) -> None:
    """Thin tubes, which most rays miss, in a picture and in one with nine times as many rays."""
    tube = shapes.box((0.05, 0.05, 2.0), replace(make("plaster"), emission=(9.0,) * 3))
    tubes = tuple(Thing(f"tube {k}", tube.transformed(translation([0.6 * k - 1.7, 4, 0.8]))) for k in range(6))
    few = shown(rasterizer, (floor(0.33), *tubes), (), EYE).mirror[60:, :, 0]
    large = shown(rasterizer, (floor(0.33), *tubes), (), EYE.resized(480, 360)).mirror[180:, :, 0]
    many = large.reshape(60, 3, 160, 3).mean((1, 3))
    assert np.corrcoef(few.ravel(), many.ravel())[0, 1] > 0.75
    assert few.mean() == pytest.approx(many.mean(), rel=0.1)


def reflected(albedo: float, roughness: float, view: np.ndarray, light: np.ndarray) -> np.ndarray:
    """(N,) pi times the BRDF of level ground, for unit ``view`` (3,) and ``light`` (N, 3).

    Burley 2012 for what is matt; GGX with Smith's masking (Heitz 2014) and Schlick's Fresnel over 4% for what shines.
    """
    half = light + view
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    facing, up, between, square = view[2], light[:, 2], (half * view).sum(1), roughness**4
    edge = [(1 - value) ** 5 for value in (facing, up)]
    back = 2 * roughness * between * between
    matt = (1 - 0.5 * edge[0]) * (1 - 0.5 * edge[1]) + back * (sum(edge) + edge[0] * edge[1] * (back - 1))
    facets_there = square / (np.pi * (half[:, 2] ** 2 * (square - 1) + 1) ** 2)
    masked = [2 * c / (c + np.sqrt(square + (1 - square) * c * c)) for c in (facing, up)]
    fresnel = 0.04 + 0.96 * (1 - between) ** 5
    shine = facets_there * masked[0] * masked[1] * fresnel / (4 * facing * up)
    return np.asarray(albedo * matt + np.pi * shine)


def burley(albedo: float, roughness: float, facing: float, count: int = 20_000) -> float:
    """Radiance over that of the light, which comes evenly from everywhere, by quadrature of the whole BRDF."""
    rng = np.random.default_rng(0)
    up = np.sqrt((np.arange(count) + rng.random(count)) / count)  # cosine-weighted: each brings pi times the BRDF
    turn = 2 * np.pi * rng.random(count)
    light = np.stack([np.sqrt(1 - up * up) * np.cos(turn), np.sqrt(1 - up * up) * np.sin(turn), up], axis=1)
    view = np.array([np.sqrt(1 - facing * facing), 0.0, facing])
    return float(reflected(albedo, roughness, view, light).mean())


@pytest.mark.parametrize("roughness", [0.65, 0.9])
@pytest.mark.parametrize("height", [0.25, 0.6, 3.0, 12.0])
def test_rough_ground_shines_at_a_grazing_view(rasterizer: Rasterizer, roughness: float, height: float) -> None:
    tar = replace(make("asphalt"), base_color=(0.08, 0.08, 0.08), roughness=roughness, texture=None)
    world = World((Thing("ground", shapes.plane((300.0, 300.0), tar)),), NIGHT)
    eye = (0.0, -2.0, height)
    seen = Camera(look_at(eye, (0, 0, 0)), Lens(85).intrinsics(33, 33), 33, 33)
    shading = Shader(world, rasterizer).shade(world.at(0), seen)
    middle = (16, 16)
    light = (shading.sky_light[middle] + shading.bounce[middle]).mean() / np.pi
    facing = height / np.hypot(2.0, height)
    assert shading.radiance[middle].mean() / light == pytest.approx(burley(0.08, roughness, facing), rel=0.12)


@pytest.mark.parametrize("roughness", [0.65, 0.9])
@pytest.mark.parametrize("turn", [0.0, 1.5, 3.0])
@pytest.mark.parametrize("by_lamp", [True, False])
def test_rough_ground_shines_in_a_light_as_its_brdf_says(
    rasterizer: Rasterizer, roughness: float, turn: float, by_lamp: bool
) -> None:
    tar = replace(make("asphalt"), base_color=(0.08, 0.08, 0.08), roughness=roughness, texture=None)
    sky = NIGHT if by_lamp else Sky(sun_azimuth=0.0, sun_elevation=0.35)
    light = np.array([0.0, np.cos(0.35), np.sin(0.35)])
    x, y, z = 8.0 * light
    lamps = (Lamp("lamp", (x, y, z), (400.0, 400.0, 400.0), reach_m=1e4),) if by_lamp else ()
    world = World((Thing("ground", shapes.plane((300.0, 300.0), tar)),), sky, lamps)
    view = np.array([np.sin(turn) * np.cos(0.4), np.cos(turn) * np.cos(0.4), np.sin(0.4)])
    seen = Camera(look_at(tuple(5.0 * view), (0, 0, 0)), Lens(200).intrinsics(33, 33), 33, 33)
    shading = Shader(world, rasterizer).shade(world.at(0), seen)
    given = 400.0 / 64.0 if by_lamp else sky.sun_irradiance.mean()
    lit = reflected(0.08, roughness, view, light[None])[0] * given * light[2]
    around = (shading.sky_light[16, 16] + shading.bounce[16, 16]).mean() * burley(0.08, roughness, view[2])
    assert np.pi * shading.radiance[16, 16].mean() == pytest.approx(lit + around, rel=0.06)


def test_the_low_sun_shines_on_rough_ground_towards_it(rasterizer: Rasterizer) -> None:
    tar = replace(make("asphalt"), base_color=(0.08, 0.08, 0.08), roughness=0.7, texture=None)
    world = World((Thing("ground", shapes.plane((300.0, 300.0), tar)),), Sky(sun_azimuth=0.0, sun_elevation=0.25))
    north = world.light(0).sky.sun_direction
    shone = []
    for side in (-1.0, 1.0):  # into the sun, and with it behind
        eye = (side * 6.0 * north[0], side * 6.0 * north[1], 1.5)
        seen = Camera(look_at(eye, (0, 0, 0)), Lens(85).intrinsics(33, 33), 33, 33)
        shading = Shader(world, rasterizer).shade(world.at(0), seen)
        shone.append(float(shading.radiance[16, 16].mean()))
    assert 1.5 < shone[0] / shone[1] < 12
