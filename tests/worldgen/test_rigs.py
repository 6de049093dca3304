"""Rigs, paths and easings: what must hold for every camera move."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worldgen import rigs
from worldgen.conventions import look_at
from worldgen.easing import EASES, eased
from worldgen.paths import slerp, smooth_values, spline, warped

S = np.linspace(0, 1, 41)


@pytest.mark.parametrize("name", sorted(EASES))
def test_easings_start_at_0_end_at_1_and_never_turn_back(name):
    y = eased(name, np.linspace(0, 1, 201))
    assert y[0] == 0.0
    assert y[-1] == 1.0
    assert (np.diff(y) >= -1e-12).all()
    assert eased(name, [-3.0, 7.0]).tolist() == [0.0, 1.0]


def test_easings_ease_where_they_say():
    assert eased("in-cubic", 0.1) < 0.1 < eased("out-cubic", 0.1)
    np.testing.assert_allclose(eased("in-out-cubic", 0.5), 0.5)
    np.testing.assert_allclose(eased("in-quad", 0.5), 0.25)


@given(st.floats(0.1, 50), st.floats(-5, 5), st.tuples(*[st.floats(-20, 20)] * 3))
def test_an_orbit_keeps_its_radius_and_height(radius, height, centre):
    middle = np.repeat([centre], len(S), axis=0)
    path = rigs.orbit(middle, radius, height, 7.0 * S)
    np.testing.assert_allclose(np.linalg.norm((path - middle)[:, :2], axis=1), radius)
    np.testing.assert_allclose((path - middle)[:, 2], height, atol=1e-9)


def test_bearings_are_a_compass():
    north, east = rigs.orbit(np.zeros((2, 3)), 2.0, 0.0, np.array([0.0, np.pi / 2]))
    np.testing.assert_allclose(north, [0, 2, 0], atol=1e-12)
    np.testing.assert_allclose(east, [2, 0, 0], atol=1e-12)
    looks_east = rigs.pan_tilt(np.array([np.pi / 2]), np.zeros(1))[0]
    np.testing.assert_allclose(looks_east[:, 2], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(looks_east[:, 1], [0, 0, -1], atol=1e-12)
    assert rigs.pan_tilt(np.zeros(1), np.array([0.3]))[0, 2, 2] > 0  # tilt is up


def test_pan_tilt_is_a_rotation_even_straight_up():
    for tilt in (-np.pi / 2, 0.4, np.pi / 2):
        r = rigs.pan_tilt(np.array([1.1]), np.array([tilt]))[0]
        np.testing.assert_allclose(r.T @ r, np.eye(3), atol=1e-12)
        assert np.linalg.det(r) == pytest.approx(1.0)


def test_looking_is_look_at_for_many():
    rng = np.random.default_rng(1)
    eyes, targets = rng.normal(size=(2, 20, 3))
    targets[3] = eyes[3] - [0, 0, 2]  # straight down
    views = rigs.looking(eyes, targets)
    for view, eye, target in zip(views, eyes, targets, strict=True):
        np.testing.assert_allclose(view, look_at(eye, target)[:3, :3], atol=1e-12)


def test_no_hand_is_exactly_the_clean_rig():
    turn, shift = rigs.handheld(S, 0.0, 7)
    assert np.array_equal(turn, np.tile(np.eye(3), (len(S), 1, 1)))
    assert not shift.any()


def test_a_hand_is_seeded_smooth_and_as_strong_as_said():
    seconds = np.arange(24 * 60) / 24
    turn, shift = rigs.handheld(seconds, 1.0, 7)
    again = rigs.handheld(seconds[100:101], 1.0, 7)
    np.testing.assert_allclose(turn[100:101], again[0], atol=1e-15)  # any moment can be asked for
    assert not np.allclose(shift, rigs.handheld(seconds, 1.0, 8)[1])
    np.testing.assert_allclose(shift.std(axis=0), rigs.HAND_SHIFT, rtol=0.35)
    np.testing.assert_allclose(rigs.handheld(seconds, 0.5, 7)[1], shift / 2)
    spectrum = np.abs(np.fft.rfft(shift[:, 0] * np.hanning(len(shift)))) ** 2
    hertz = np.fft.rfftfreq(len(shift), 1 / 24)
    assert spectrum[hertz > 5].sum() < 1e-3 * spectrum.sum()


def test_a_crane_ends_where_it_says_and_rises_by_its_arc():
    a, b = np.array([0.0, 0, 1]), np.array([4.0, 0, 1])
    path = rigs.crane(a, b, 0.25, S)
    assert np.array_equal(path[0], a)
    assert np.array_equal(path[-1], b)
    np.testing.assert_allclose(path[20], [2, 0, 2])  # a quarter of four metres above the middle
    centre = path[20] - [0, 0, 2.5]  # the circle through (0, 1), (2, 2), (4, 1) has radius 2.5
    np.testing.assert_allclose(np.linalg.norm(path - centre, axis=1), 2.5)
    np.testing.assert_allclose(rigs.crane(a, b, -0.25, S)[20], [2, 0, 0], atol=1e-12)
    np.testing.assert_allclose(rigs.crane(a, b, 0.0, S), rigs.line(a, b, S))
    above = np.array([0.0, 0, 4])
    np.testing.assert_allclose(rigs.crane(a, above, 0.2, S), rigs.line(a, above, S))


def test_follow_is_behind_and_to_the_right():
    at = rigs.follow(np.array([[1.0, 2, 0]]), np.array([[0.0, 1]]), behind=3, side=0.5, height=1.6)
    np.testing.assert_allclose(at, [[1.5, -1, 1.6]])


def test_headings_hold_while_standing():
    velocity = np.array([[0.0, 0], [0, 2], [0.1, 0], [3, 0], [0, 0]])
    np.testing.assert_allclose(rigs.headings(velocity, 1.0), [[0, 1], [0, 1], [0, 1], [1, 0], [1, 0]])
    np.testing.assert_allclose(rigs.headings(np.zeros((3, 2)), np.pi / 2)[1], [1, 0], atol=1e-12)


def test_damping_lags_settles_and_does_not_depend_on_the_frame_rate():
    step = np.ones((240, 1))
    step[0] = 0.0
    lagged = rigs.damped(step, 0.5, 24.0)
    assert lagged[0] == 0.0
    assert (np.diff(lagged[:, 0]) >= 0).all()  # critically damped: no overshoot
    assert lagged[-1] == pytest.approx(1.0, abs=1e-6)
    fine = rigs.damped(np.concatenate([[[0.0]], np.ones((479, 1))]), 0.5, 48.0)
    np.testing.assert_allclose(fine[2::2][:100], lagged[1:101], atol=0.05)
    ramp = np.arange(480)[:, None] / 24.0
    assert (ramp - rigs.damped(ramp, 0.5, 24.0))[-1] == pytest.approx(0.5, abs=0.05)  # late by the damping
    assert np.array_equal(rigs.damped(ramp, 0.0, 24.0), ramp)


def test_a_spline_meets_its_keys_and_is_smooth():
    times, points = np.array([0.0, 1, 1.5, 4]), np.array([[0.0, 0, 1], [2, 1, 1], [3, 0, 2], [3, 5, 2]])
    np.testing.assert_allclose(spline(times, points, times), points, atol=1e-12)
    fine = np.linspace(0, 4, 4001)
    speed = np.linalg.norm(np.diff(spline(times, points, fine), axis=0), axis=1) * 1000
    assert np.abs(np.diff(speed)).max() < 0.05
    np.testing.assert_allclose(spline(times, points, [-1.0, 9.0]), points[[0, -1]], atol=1e-12)


def test_a_hold_stands_still():
    path = spline([0.0, 1, 2, 3], [[0.0, 0, 0], [1, 0, 0], [1, 0, 0], [4, 2, 0]], np.linspace(1, 2, 11))
    np.testing.assert_allclose(path, np.tile([1.0, 0, 0], (11, 1)), atol=1e-12)


@given(st.lists(st.floats(10, 200), min_size=1, max_size=6))
def test_a_lens_never_overshoots_its_keys(values):
    at = smooth_values(np.arange(len(values), dtype=float), values, np.linspace(0, 6, 101))
    assert at.min() >= min(values) - 1e-9
    assert at.max() <= max(values) + 1e-9


def test_eases_between_keys_keep_the_keys():
    times, eases = [0.0, 2.0, 3.0], ["linear", "in-out-cubic", "in-quad"]
    np.testing.assert_allclose(warped(times, eases, times), times)
    assert warped(times, eases, [0.2])[0] < 0.2


def test_slerp_goes_from_one_to_the_other_at_even_speed():
    a = rigs.pan_tilt(np.zeros(5), np.zeros(5))
    b = rigs.pan_tilt(np.full(5, 1.0), np.zeros(5))
    between = slerp(a, b, np.linspace(0, 1, 5))
    np.testing.assert_allclose(between, rigs.pan_tilt(np.linspace(0, 1, 5), np.zeros(5)), atol=1e-9)
