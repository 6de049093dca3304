"""World noise is white in the picture and stays on its surface."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from conditioning.noise import blended_noise, gaussian, world_noise
from render.correspondence import FrameGeometry, correspond
from render.raster import open_rasterizer
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import look_at, translation
from worldgen.light import Sky
from worldgen.material import make
from worldgen.world import Thing, World

WORLD = World(
    (
        Thing("ground", shapes.plane((60.0, 60.0), make("concrete"))),
        Thing("ball", shapes.sphere(1.5, make("plastic")).transformed(translation([0, 4, 0]))),
    ),
    Sky(),
)


def camera(x: float, focal: float = 28.0) -> Camera:
    return Camera(look_at((x, -4, 2.2), (x, 4, 0.6)), Lens(focal).intrinsics(240, 160), 240, 160)


def frame(x: float, focal: float = 28.0, seed: int = 1) -> tuple[np.ndarray, FrameGeometry]:
    view, snapshot = camera(x, focal), WORLD.at(0)
    gbuffer = open_rasterizer().rasterize(snapshot, view)
    return world_noise(snapshot, view, gbuffer, seed), FrameGeometry.of(snapshot, view, gbuffer)


@pytest.mark.parametrize("focal", [14.0, 28.0, 85.0])
def test_noise_is_standard_normal_and_white(focal: float) -> None:
    noise, _ = frame(0.0, focal)
    assert abs(noise.mean()) < 0.02
    assert abs(noise.std() - 1) < 0.02
    assert stats.kstest(noise[0].ravel()[::7], "norm").pvalue > 1e-3
    for axis in (1, 2):
        a, b = np.take(noise, range(noise.shape[axis] - 1), axis), np.take(noise, range(1, noise.shape[axis]), axis)
        assert abs((a * b).mean()) < 0.06  # neighbours: bilinear warping gives about 0.3


def test_channels_and_seeds_are_independent() -> None:
    noise, other = frame(0.0)[0], frame(0.0, seed=2)[0]
    assert abs(np.corrcoef(noise.reshape(3, -1))[0, 1]) < 0.02
    assert abs((noise * other).mean()) < 0.02


def test_noise_travels_with_the_surface() -> None:
    (a, here), (b, there) = frame(0.0), frame(0.35)
    seen = correspond(here, there)
    solid = here.solid.numpy().reshape(160, 240) > 0  # the sky is too far to move
    ys, xs = np.nonzero(seen.visible & solid)
    x, y = (np.clip(np.floor(seen.xy[ys, xs, k]).astype(int), 0, n - 1) for k, n in ((0, 240), (1, 160)))
    along = np.corrcoef(a[0, ys, xs], b[0, y, x])[0, 1]
    fixed = np.corrcoef(a[0, ys, xs], b[0, ys, xs])[0, 1]
    assert along > 0.3
    assert along > 5 * abs(fixed)


def test_a_share_of_own_noise_keeps_the_variance() -> None:
    shared, own = gaussian(np.arange(50_000, dtype=np.uint64), 1, 1), gaussian(np.arange(50_000, dtype=np.uint64), 2, 1)
    for gamma in (0.0, 0.4, 1.0):
        assert blended_noise(shared, own, gamma).std() == pytest.approx(1.0, abs=0.02)
    np.testing.assert_array_equal(blended_noise(shared, own, 0.0), shared)
