"""How things move."""

from __future__ import annotations

import numpy as np
import pytest

from worldgen import motion
from worldgen.conventions import rotation_z, translation
from worldgen.motion import Way, Wheel

REST = translation([1.0, 2.0, 0.0]) @ rotation_z(0.4)
TIMES = np.linspace(-0.5, 6.0, 400)


def _level(x: float, y: float) -> float:
    return 0.0


def test_a_way_goes_through_its_points_and_knows_its_length() -> None:
    points = [[0, 0, 0], [3, 0, 0], [3, 4, 1]]
    way = Way.through(points)
    for point in points:
        assert np.linalg.norm(way.points - point, axis=1).min() < 1e-6
    assert way.length >= 3 + np.sqrt(17)
    halves = [way.at(m) for m in np.linspace(0, way.length, 200)]
    np.testing.assert_allclose(np.linalg.norm(np.diff(halves, axis=0), axis=1), way.length / 199, rtol=0.03)


def test_a_closed_way_ends_where_and_as_it_begins() -> None:
    way = Way.through([[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0]], closed=True)
    np.testing.assert_allclose(way.at(0), way.at(way.length), atol=1e-9)
    start, end = way.at(0.01) - way.at(0), way.at(way.length) - way.at(way.length - 0.01)
    assert start @ end / np.linalg.norm(start) / np.linalg.norm(end) > 0.99


def test_a_lane_keeps_its_distance_on_the_right() -> None:
    way = Way.through([[0, 0, 0], [0, 20, 0], [20, 40, 0]])
    lane = way.beside(1.5)
    far = np.linalg.norm(lane.points[:, None, :2] - way.points[None, :, :2], axis=2).min(axis=1)
    np.testing.assert_allclose(far, 1.5, atol=0.01)
    assert lane.at(0)[0] > 1.0
    assert lane.length < way.length  # a right bend is shorter on its right


def test_a_way_of_one_place_is_refused() -> None:
    with pytest.raises(ValueError, match="two points"):
        Way.through([[1, 1, 0], [1, 1, 0]])


@pytest.mark.parametrize(("length", "speed"), [(10.0, 1.5), (0.4, 3.0), (100.0, 20.0)])
def test_speed_is_reached_and_never_exceeded_and_the_end_is_met(length: float, speed: float) -> None:
    metres = np.array([motion.gone(t, length, speed) for t in np.linspace(0, length / speed + 4, 2000)])
    pace = np.diff(metres) / (np.linspace(0, length / speed + 4, 2000)[1])
    assert pace.min() >= -1e-9
    assert pace.max() <= speed * 1.001
    assert metres[-1] == pytest.approx(length)
    assert np.abs(np.diff(pace)).max() < 0.05 * speed  # it neither starts nor stops with a jolt


def test_what_falls_keeps_to_gravity_bounces_lower_and_comes_to_rest() -> None:
    place = motion.drop(REST, 2.0, 1.0, 0.5)
    z = np.array([place(t)[2, 3] for t in TIMES])
    assert place(0.9)[2, 3] == pytest.approx(2.0)
    assert place(1.3)[2, 3] == pytest.approx(2.0 - 0.5 * 9.81 * 0.09)
    assert z.min() > -1e-9
    hit = 1.0 + np.sqrt(4 / 9.81)
    after = np.array([place(t)[2, 3] for t in np.linspace(hit, hit + 0.7, 200)])
    assert after.max() == pytest.approx(0.5, abs=0.01)
    assert z[-1] == 0.0
    np.testing.assert_allclose(place(20.0), REST)


def test_what_rolls_turns_by_the_way_it_goes_and_stays_on_the_ground() -> None:
    way = Way.through([[0, 0, 0], [2, 0, 0]])
    place = motion.roll(np.eye(4), way, 2.0, 0.0, 0.25)
    quarter = np.pi / 2 * 0.25  # metres for a quarter of a turn about +Y
    time = next(t for t in np.linspace(0, 2, 4001) if place(t)[:3, :3][0, 2] > 0.99999)
    centre = place(time) @ [0, 0, 0.25, 1]
    assert centre[0] == pytest.approx(quarter, abs=0.01)
    for t in TIMES:
        assert (place(t) @ [0, 0, 0.25, 1])[2] == pytest.approx(0.25)
    np.testing.assert_allclose((place(10.0) @ [0, 0, 0.25, 1])[:3], [2, 0, 0.25], atol=1e-6)


def test_a_pendulum_keeps_its_distance_and_its_period() -> None:
    pivot = np.array([1.0, 2.0, 3.0])
    place = motion.swing(REST, pivot, np.array([0.0, 1.0, 0.0]), 0.4, 2.0, 0.0, None)
    far = [np.linalg.norm(place(t)[:3, 3] - pivot) for t in TIMES]
    np.testing.assert_allclose(far, 3.0)
    np.testing.assert_allclose(place(0.3), place(2.3), atol=1e-9)
    assert abs(place(0.5)[0, 3] - REST[0, 3]) < 1e-9
    tired = motion.swing(REST, pivot, np.array([0.0, 1.0, 0.0]), 0.4, 2.0, 0.0, 1.0)
    assert abs(tired(8.0)[0, 3] - REST[0, 3]) < 0.01 * abs(tired(0.0)[0, 3] - REST[0, 3])


def test_a_door_keeps_its_hinge() -> None:
    hinge = np.array([0.5, 1.0, 0.0])
    place = motion.hinged(REST, hinge, np.array([0.0, 0.0, 1.0]), 1.2, 1.0, 2.0, "in-out-sine")
    np.testing.assert_allclose(place(0.5), REST)
    at_hinge = np.linalg.inv(REST) @ [*hinge, 1]
    for t in TIMES:
        np.testing.assert_allclose((place(t) @ at_hinge)[:3], hinge, atol=1e-9)
    turned = place(9.0)[:3, :3] @ REST[:3, :3].T
    assert np.arctan2(turned[1, 0], turned[0, 0]) == pytest.approx(1.2)


def _car(points: list[list[float]], ground=_level) -> tuple[list[motion.Place], list[Wheel]]:
    wheels = [Wheel((x, y, 0.32), 0.32, y > 0) for x in (-0.75, 0.75) for y in (-1.3, 1.3)]
    return motion.drive(Way.through(points), 8.0, 0.0, False, wheels, ground), wheels


def test_wheels_roll_without_slip_and_steer_into_the_curve() -> None:
    (body, *places), wheels = _car([[0, 0, 0], [0, 30, 0], [-20, 50, 0]])
    a, b = places[1](3.0), places[1](3.01)
    gone = np.linalg.norm(b[:3, 3] - a[:3, 3])
    turned = np.arccos(np.clip((np.trace(a[:3, :3].T @ b[:3, :3]) - 1) / 2, -1, 1))
    assert turned * wheels[1].radius == pytest.approx(gone, rel=0.03)
    times = np.linspace(0, 8, 200)

    def steering(time: float) -> float:
        front, rear = places[1](time)[:3, 0], places[0](time)[:3, 0]  # axles
        return float(np.cross(rear, front)[2])

    assert max(steering(t) for t in times) > 0.05  # a left curve
    assert abs(steering(0.5)) < 0.02
    for t in times:
        assert places[0](t)[2, 3] == pytest.approx(0.32, abs=1e-6)
    start = body(0.0)
    assert start[1, 1] > 0.98  # its front faces where it goes


def test_a_car_stands_on_a_slope_with_all_wheels() -> None:
    def slope(x: float, y: float) -> float:
        return 0.1 * y + 0.05 * x

    (_, *places), wheels = _car([[0, 0, 0], [5, 30, 0]], slope)
    for t in (0.0, 1.0, 2.5, 6.0):
        for place, wheel in zip(places, wheels, strict=True):
            hub = place(t)[:3, 3]
            normal = np.array([-0.05, -0.1, 1.0]) / np.linalg.norm([0.05, 0.1, 1.0])
            above = (hub - [hub[0], hub[1], slope(hub[0], hub[1])]) @ normal
            assert above == pytest.approx(wheel.radius, abs=0.01)


def test_what_is_taken_up_does_not_jump() -> None:
    def frame(time: float) -> np.ndarray:
        return translation([time, 0, 1]) @ rotation_z(time)

    place = motion.attached(REST, frame, 2.0)
    np.testing.assert_allclose(place(2.0), REST)
    np.testing.assert_allclose(np.linalg.inv(frame(2.0)) @ place(2.0), np.linalg.inv(frame(5.0)) @ place(5.0))


def test_every_motion_is_a_pure_function_of_time() -> None:
    way = Way.through([[0, 0, 0], [3, 1, 0], [4, 4, 1]])
    for place in (
        motion.travel(REST, way, 1.3, 0.5, True, False),
        motion.travel(REST, Way.through(way.points[::60], closed=True), 1.3, 0.5, False, True),
        motion.keyed([0, 1, 3], [[0, 0, 0], [1, 0, 0], [1, 2, 0]], [0, 1, 7], ["linear", "in-out-sine", "linear"]),
        motion.roll(REST, way, 2.0, 0.0, 0.3),
        motion.spin(REST, 3.0, 1.0),
        _car([[0, 0, 0], [3, 9, 0]])[0][0],
    ):
        forth = [place(t) for t in TIMES]
        back = [place(t) for t in TIMES[::-1]][::-1]
        np.testing.assert_array_equal(forth, back)
        turns = np.array(forth)[:, :3, :3]
        np.testing.assert_allclose(np.linalg.det(turns), 1.0)
        steps = np.linalg.norm(np.diff(np.array(forth)[:, :3, 3], axis=0), axis=1)
        assert steps.max() < 8.0 * (TIMES[1] - TIMES[0]) * 1.05  # nothing jumps
