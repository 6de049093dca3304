"""Light that moves must move in the picture, light that is the same is found, and colours have a distance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from conditioning.metrics_light import (
    STILL,
    ciede2000,
    colour_drift,
    colours,
    frozen,
    lab_from_linear,
    motion,
    same_light,
    together,
)
from render.correspondence import Correspondence
from worldgen.conventions import F32, linear_from_srgb, srgb_from_linear

HEIGHT, WIDTH = 72, 128


def still() -> Correspondence:
    x, y = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
    seen = np.ones((HEIGHT, WIDTH), np.bool_)
    return Correspondence(np.stack([x, y], -1).astype(np.float32), seen, seen.astype(np.float32))


def wall(shadow_at: int, depth: float = 0.5, grain: float = 0.0, seed: int = 0) -> F32:
    """A textured wall with the soft-edged shadow of a post; ``grain`` in levels."""
    rng = np.random.default_rng(7)
    texture = 0.55 + 0.08 * ndimage.gaussian_filter(rng.normal(0, 4, (HEIGHT, WIDTH)), 1.5)
    light = np.ones(WIDTH)
    light[shadow_at : shadow_at + 20] = 1 - depth
    picture = (texture * ndimage.gaussian_filter1d(light, 1.0))[..., None].repeat(3, -1)
    noise = np.random.default_rng(seed).normal(0, grain / 255, picture.shape)
    return (picture + noise).astype(np.float32)


def test_same_light_leaves_out_the_shadow_that_moved() -> None:
    found = same_light(wall(30), wall(40), still())
    assert not found[:, 31:39].any()
    assert not found[:, 51:59].any()
    assert found[:, 70:].all()
    assert found[:, :26].all()
    assert same_light(wall(30), wall(30), still()).all()


def test_a_film_that_follows_the_light_has_no_motion_error() -> None:
    now, then = wall(30), wall(40)
    exact = motion(now, then, now, then, still())
    still_film = motion(then, then, now, then, still())
    assert exact.amiss == pytest.approx(0.0, abs=1e-6)
    assert exact.follows == pytest.approx(1.0)
    assert still_film.amiss == pytest.approx(1.0)
    assert still_film.follows == pytest.approx(0.0, abs=1e-6)
    # Half as dark a shadow goes half the way; grain is not motion.
    paler = motion(wall(30, 0.25), wall(40, 0.25), now, then, still())
    assert paler.follows == pytest.approx(0.5, abs=0.02)
    grainy = motion(wall(30, grain=8, seed=1), wall(40, grain=8, seed=2), now, then, still())
    assert grainy.amiss is not None
    assert grainy.amiss < 0.15
    assert frozen(still_film, exact) == pytest.approx(1.0)
    assert frozen(grainy, grainy) == frozen(STILL, still_film) == 0.0
    both = exact + still_film
    assert both.amiss == pytest.approx(np.sqrt(0.5))


def test_a_ghost_of_the_old_shadow_is_an_error() -> None:
    now, then = wall(30), wall(40)
    ghost = 0.5 * (now + then)
    found = motion(ghost, then, now, then, still())
    assert found.amiss == pytest.approx(0.5, abs=0.02)


def test_nothing_moves_is_said_so() -> None:
    found = motion(wall(30, grain=9), wall(30), wall(30), wall(30), still())
    assert found == STILL
    assert found.amiss is None
    assert found.follows is None


# Pairs of Sharma, Wu & Dalal (2005), table 1, chosen for the branches they take.
PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
    ((50.0, -0.0010, 2.4900), (50.0, 0.0011, -2.4900), 4.7461),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("a", "b", "expected"), PAIRS)
def test_ciede2000_meets_its_published_pairs(a: tuple[float, ...], b: tuple[float, ...], expected: float) -> None:
    for first, second in ((a, b), (b, a)):
        assert float(ciede2000(np.array(first), np.array(second))) == pytest.approx(expected, abs=1e-4)


def test_lab_of_known_colours() -> None:
    assert lab_from_linear(np.ones(3)) == pytest.approx([100, 0, 0], abs=0.02)
    assert lab_from_linear(np.zeros(3)) == pytest.approx([0, 0, 0], abs=1e-9)
    assert lab_from_linear(np.array([1.0, 0.0, 0.0])) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


def coat(light: float, tint: tuple[float, float, float]) -> tuple[F32, F32, np.ndarray, np.ndarray]:
    """A coat (thing 5, material 1) before a wall (thing 3): the painted picture, the proxy, ids and materials."""
    thing = np.full((HEIGHT, WIDTH), 3, np.int32)
    thing[10:60, 40:80] = 5
    albedo = np.where((thing == 5)[..., None], [0.45, 0.05, 0.04], [0.4, 0.4, 0.4])
    proxy = srgb_from_linear((albedo * light).astype(np.float32))
    painted = srgb_from_linear((albedo * light * np.where((thing == 5)[..., None], tint, 1.0)).astype(np.float32))
    return painted, proxy, thing, (thing == 5).astype(np.int32)


def test_colour_drift_divides_the_light_out_and_finds_the_coat() -> None:
    sun = colours(*coat(1.0, (1, 1, 1)))
    shade = colours(*coat(0.4, (1, 1, 1)))
    dyed = colours(*coat(0.4, (0.8, 1.6, 1)))
    assert sun[5, 1].pixels == 48 * 38
    assert all(drift < 0.05 for drift, _ in colour_drift(sun, shade).values())
    found = colour_drift(sun, dyed)
    assert found[3, 0][0] < 0.05
    assert found[5, 1][0] > 4
    # The same by hand.
    a, b = coat(0.7, (1, 1, 1))[0], coat(0.7, (0.8, 1.6, 1))[0]
    expected = ciede2000(*(lab_from_linear(linear_from_srgb(x)[30, 60]) for x in (a, b)))
    assert found[5, 1][0] == pytest.approx(float(expected), abs=0.1)


def test_colours_leave_out_edges_dark_pixels_and_the_sky() -> None:
    painted, proxy, thing, material = coat(1.0, (1, 1, 1))
    proxy[:30] = 0.0
    thing[:, :20] = 0
    material[30:60, 60:] *= 2
    found = colours(painted, proxy, thing, material)
    assert set(found) == {(3, 0), (5, 1), (5, 2)}
    assert found[5, 1].pixels == (60 - 30 - 1) * 18
    assert together([found, found])[5, 1].pixels == 2 * found[5, 1].pixels
    assert colour_drift({}, found) == {}
