"""Exposure: rooms are opened up, streets stay, and the parts of a shot agree."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from render.meter import LIMITS, Exposure, Reading, correction, exposed
from render.raster import open_rasterizer
from render.shade import Shader
from worldgen import shapes
from worldgen.camera import CameraTrack, Lens
from worldgen.conventions import look_at, translation
from worldgen.light import Lamp, Sky
from worldgen.material import Material
from worldgen.world import Light, Shot, Thing, World

DAY = Sky(sun_elevation=np.radians(45))
GREY = Material("grey", "plaster", (0.5, 0.5, 0.5))


def open_ground(sky: Sky) -> np.ndarray:
    level = sky.sun_irradiance * max(float(sky.sun_direction[2]), 0) + sky.sky_irradiance
    return np.full(100, level.mean())


@pytest.mark.parametrize("elevation", [70, 45, 20, 5])
def test_open_ground_by_day_stays_as_the_sky_says(elevation: float) -> None:
    sky = Sky(sun_elevation=np.radians(elevation))
    assert correction(open_ground(sky), sky) == 0.0


def test_a_dim_room_is_opened_and_its_lit_window_does_not_count() -> None:
    room = np.full(100, 0.5)
    dim = correction(room, DAY)
    assert 4.0 < dim < 8.0
    room[:20] = 80.0
    assert correction(room, DAY) == pytest.approx(dim)
    assert correction(np.full(9, 1e-7), DAY) == LIMITS[1]
    assert correction(np.zeros(0), DAY) == 0.0


def test_lamps_indoors_at_night_close_the_lens() -> None:
    assert correction(np.full(9, 0.5), Sky(sun_elevation=np.radians(-30))) < -2.0


def test_wishes_for_more_or_less_are_not_undone() -> None:
    assert correction(np.full(9, 0.5), replace(DAY, exposure_stops=2.0)) == pytest.approx(
        correction(np.full(9, 0.5), DAY)
    )


def test_one_exposure_a_shot_unless_the_light_changes() -> None:
    same = [Reading(t, np.full(9, level), Light(DAY)) for t, level in ((0.0, 0.5), (1.0, 4.0), (2.0, 60.0))]
    assert len(exposed(same).stops) == 1
    lamp = Lamp("lamp", (0, 0, 2), (0.3, 0.3, 0.3))
    night = Sky(sun_elevation=np.radians(-30))
    switched = [Reading(t, np.full(9, 0.5 if t > 1 else 0.002), Light(night, (lamp,) * (t > 1))) for t in range(5)]
    found = exposed(switched)
    assert found.at(0) > found.at(4) + 2
    assert found.at(1.5) == pytest.approx((found.at(1) + found.at(2)) / 2)
    assert exposed([]) == Exposure()


def shot_in(frames: int, width: int, height: int) -> Shot:
    poses = np.stack([look_at((-1.0 + 0.1 * k, -1.5, 1.5), (0, 1.9, 1.0)) for k in range(frames)])
    K = np.repeat(Lens(20).intrinsics(width, height)[None], frames, axis=0)
    return Shot(
        "inside", CameraTrack(poses, K, width, height, np.full(frames, 3.0), np.full(frames, 2.8)), Fraction(24)
    )


def test_every_part_of_a_shot_is_exposed_alike_and_the_room_is_bright() -> None:
    walls = shapes.box((4.0, 4.0, 3.0), GREY)
    middle = walls.vertices[walls.faces].mean(1)
    open_west = replace(walls, faces=walls.faces[middle[:, 0] > -1.9], material=walls.material[middle[:, 0] > -1.9])
    blind = shapes.box((0.1, 4.0, 2.4), GREY).transformed(translation([-2, 0, 0]))
    world = World((Thing("walls", open_west), Thing("blind", blind)), Sky(np.radians(90), np.radians(40)))
    shot, raster = shot_in(12, 48, 32), open_rasterizer()
    pictures = []
    for frames in ((0, 7), (7, 0)):
        shader = Shader.of(world, shot, raster)
        made = {k: shader.shade(world.at(shot.time(k)), shot.track[k]) for k in frames}
        pictures.append([made[0].proxy, made[7].proxy])
    for a, b in zip(*pictures, strict=True):
        assert a.tobytes() == b.tobytes()
    unmetered = Shader(world, raster).shade(world.at(0), shot.track[0]).proxy
    assert pictures[0][0].mean() > 0.3 > 2 * unmetered.mean()
