"""World noise is white in the picture and stays on its surface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from conditioning.noise import blended_noise, gaussian, world_noise
from render.correspondence import FrameGeometry, correspond
from render.raster import open_rasterizer
from worldgen import shapes
from worldgen.build import open_scene
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


def assert_white(noise: np.ndarray, counted: np.ndarray) -> None:
    """Mean, variance, the Kolmogorov-Smirnov test against the normal law, and Moran's I of neighbours, all channels."""
    values = noise[:, counted]
    assert abs(values.mean()) < 4 / np.sqrt(values.size)
    assert abs(values.var() - 1) < 8 / np.sqrt(values.size)
    assert stats.kstest(values.ravel(), "norm").pvalue > 1e-3
    for axis in (0, 1):
        size = counted.shape[axis]
        one, next_one = (np.take(counted, range(s, size - 1 + s), axis) for s in (0, 1))
        a, b = (np.take(noise, range(s, size - 1 + s), axis + 1) for s in (0, 1))
        assert abs((a * b)[:, one & next_one].mean()) < 0.02  # bilinear warping gives about 0.3


@pytest.mark.parametrize("focal", [8.0, 14.0, 28.0, 35.0, 85.0, 400.0])
def test_noise_is_standard_normal_and_white_at_every_zoom(focal: float) -> None:
    noise, _ = frame(0.0, focal)
    assert_white(noise, np.ones(noise.shape[1:], np.bool_))


@pytest.mark.parametrize("height", [0.1, 0.5, 20.0])
def test_noise_is_white_at_grazing_angles(height: float) -> None:
    view = Camera(look_at((0, -4, height), (3, 8, 0.3 * height)), Lens(28).intrinsics(240, 160), 240, 160)
    snapshot = WORLD.at(0)
    assert_white(world_noise(snapshot, view, open_rasterizer().rasterize(snapshot, view), 1), np.ones((160, 240), bool))


def test_noise_is_white_on_what_bends_and_stays_on_it() -> None:
    """A ball that is stretched and waved: cells belong to where its points were at rest."""
    ball = shapes.sphere(1.5, make("cloth"))

    def bend(t: float) -> np.ndarray:
        x, y, z = ball.vertices.T
        return np.stack([x * (1 + 0.5 * t), y, z * (1 + 0.3 * np.sin(2 * x + 3 * t))], axis=1).astype(np.float32)

    world = World((Thing("ball", ball, bend),), Sky())
    view = Camera(look_at((0, -3, 4), (0, 0, 1.5)), Lens(28).intrinsics(240, 160), 240, 160)
    noises, geometries = [], []
    for t in (0.0, 0.05, 1.0):
        snapshot = world.at(t)
        gbuffer = open_rasterizer().rasterize(snapshot, view)
        noises.append(world_noise(snapshot, view, gbuffer, 1))
        geometries.append(FrameGeometry.of(snapshot, view, gbuffer))
        assert_white(noises[-1], gbuffer.hit)
    assert along_surface(noises[1], noises[0], geometries[1], geometries[0]) > 0.15


WALK = """\
title: Walk
size: 160x240
fps: 24
characters:
  mara:
    actions:
      - walk: {along: [[0, 0], [0, 8]], speed: 1.3m/s}
shots:
  - name: side
    frames: 12
    camera:
      body: {static: {at: [2.2, 0.5, 1]}}
      aim: {look-at: mara.chest}
"""


def test_noise_is_white_on_a_walking_person_and_goes_with_the_limbs(tmp_path: Path) -> None:
    scene = tmp_path / "walk.yaml"
    scene.write_text(WALK)
    production = open_scene(scene)
    shot, frames = production.shots[0], []
    for k in (10, 11):
        snapshot, view = production.world.at(shot.time(k)), shot.track[k]
        gbuffer = open_rasterizer().rasterize(snapshot, view)
        noise = world_noise(snapshot, view, gbuffer, 1)
        assert_white(noise, gbuffer.triangle >= snapshot.static_faces)
        assert (gbuffer.triangle >= snapshot.static_faces).mean() > 0.05
        frames.append((noise, FrameGeometry.of(snapshot, view, gbuffer)))
    (b, there), (a, here) = frames
    assert along_surface(a, b, here, there) > 0.1


def test_a_zoom_changes_the_noise_gradually() -> None:
    """A wall filled by one size of cells would change all its noise between two frames."""
    wall = World((Thing("wall", shapes.box((30.0, 0.2, 20.0), make("brick"))),), Sky())
    frames = []
    for k in range(10):
        view = Camera(look_at((0, -8, 0), (0.4, 0, 0.2)), Lens(28 * 2 ** (k / 8)).intrinsics(160, 100), 160, 100)
        snapshot = wall.at(0)
        gbuffer = open_rasterizer().rasterize(snapshot, view)
        frames.append((world_noise(snapshot, view, gbuffer, 1), FrameGeometry.of(snapshot, view, gbuffer)))
    kept = [along_surface(a[0], b[0], a[1], b[1]) for a, b in zip(frames[1:], frames, strict=False)]
    assert min(kept) > 0.6 * np.mean(kept) > 0.1


def along_surface(a: np.ndarray, b: np.ndarray, here: FrameGeometry, there: FrameGeometry) -> float:
    """Correlation of the noise of two frames where they show the same points."""
    seen = correspond(here, there)
    ys, xs = np.nonzero(seen.visible)
    x, y = (np.clip(np.floor(seen.xy[ys, xs, k]).astype(int), 0, a.shape[2 - k] - 1) for k in (0, 1))
    return float(np.corrcoef(a[0, ys, xs], b[0, y, x])[0, 1])


def test_channels_and_seeds_are_independent() -> None:
    noise, other = frame(0.0)[0], frame(0.0, seed=2)[0]
    assert abs(np.corrcoef(noise.reshape(3, -1))[0, 1]) < 0.02
    assert abs((noise * other).mean()) < 0.02


def test_noise_travels_with_the_surface() -> None:
    (a, here), (b, there) = frame(0.0), frame(0.35)
    assert along_surface(a, b, here, there) > 0.15
    below = (slice(None), slice(100, None))  # the sky above is too far to move
    assert abs(np.corrcoef(a[below].ravel(), b[below].ravel())[0, 1]) < 0.02


def test_a_share_of_own_noise_keeps_the_variance() -> None:
    shared, own = gaussian(np.arange(50_000, dtype=np.uint64), 1, 1), gaussian(np.arange(50_000, dtype=np.uint64), 2, 1)
    for gamma in (0.0, 0.4, 1.0):
        assert blended_noise(shared, own, gamma).std() == pytest.approx(1.0, abs=0.02)
    np.testing.assert_array_equal(blended_noise(shared, own, 0.0), shared)
