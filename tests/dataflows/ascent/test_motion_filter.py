"""The filter's lag is what it says, and wrong values do not move it."""

import numpy as np
import pytest

from dataflows.ascent.motion_filter import MotionFilter

RATE_HZ = 30
GRAVITY_M_S2 = 9.80665
TIMES_US = np.arange(0, 60 * 1_000_000, 1_000_000 // RATE_HZ)
TIMES_S = TIMES_US / 1e6


def climbing(sensed_m_s2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rounded speeds (m/s) and altitudes (m) of a climb straight up."""
    speeds = np.cumsum(sensed_m_s2 - GRAVITY_M_S2) / RATE_HZ
    altitudes = np.cumsum(speeds) / RATE_HZ
    return np.floor(speeds), np.round(altitudes, -2)


def test_an_acceleration_that_grows_as_mass_is_burnt_is_followed_hardly_late():
    sensed = 14.0 / (1 - TIMES_S * 14.0 / 3000.0)
    found = MotionFilter().update(TIMES_US, *climbing(sensed)).along_m_s2
    settled = slice(300, None)
    lag_s = (sensed - found)[settled].mean() / np.gradient(sensed, TIMES_S)[
        settled
    ].mean()
    assert abs(lag_s) < 0.3
    assert np.abs(sensed - found)[settled].max() < 1.5
    assert abs((sensed - found)[settled].mean()) < 0.2


def test_an_engine_that_stops_is_half_known_within_half_a_second():
    sensed = np.where(TIMES_S < 40, 25.0, 0.0)
    found = MotionFilter().update(TIMES_US, *climbing(sensed)).along_m_s2
    after_s = TIMES_S - 40
    assert after_s[np.argmax((found < 12.5) & (after_s > 0))] < 0.5
    assert after_s[np.argmax((found < 2.5) & (after_s > 0))] < 1.0


@pytest.mark.parametrize("wrong", [np.nan, 0.0, 900.0])
def test_two_seconds_of_wrong_speeds_do_not_move_it(wrong: float):
    speeds, altitudes = climbing(np.full(len(TIMES_S), 20.0))
    clean = MotionFilter().update(TIMES_US, speeds, altitudes)
    speeds[1200:1260] = wrong
    found = MotionFilter().update(TIMES_US, speeds, altitudes)
    assert np.abs(found.speed_m_s - clean.speed_m_s)[1200:1260].max() < 3.0
    assert np.abs(found.speed_m_s - clean.speed_m_s)[-1] < 0.5
    if np.isfinite(wrong):
        assert (np.abs(found.speed_ratio[1200:1205]) > 1).all()


def test_a_value_stuck_in_a_climb_is_told():
    speeds, altitudes = climbing(np.full(len(TIMES_S), 20.0))
    speeds[1200:1380] = speeds[1200]
    found = MotionFilter().update(TIMES_US, speeds, altitudes)
    assert (np.abs(found.speed_ratio[1200:1410]) > 1).any()
    assert (np.abs(found.speed_ratio[:1200]) < 1).all()


def test_other_values_that_agree_are_believed_in_the_end():
    speeds, altitudes = climbing(np.full(len(TIMES_S), 20.0))
    speeds[900:] += 300
    found = MotionFilter().update(TIMES_US, speeds, altitudes)
    assert abs(found.speed_m_s[960] - speeds[960]) < 3


def test_after_a_long_gap_it_begins_anew():
    speeds, altitudes = climbing(np.full(len(TIMES_S), 20.0))
    later_us = TIMES_US.copy()
    later_us[900:] += 2_000_000_000
    found = MotionFilter().update(later_us, speeds, altitudes)
    assert np.isnan(found.downrange_m[900:]).all()
    assert found.speed_ratio[900] == 0
    assert abs(found.speed_m_s[-1] - speeds[-1]) < 1


def test_the_motion_ahead_is_that_of_a_constant_thrust():
    sensed = 14.0 / (1 - TIMES_S * 14.0 / 3000.0)
    speeds, altitudes = climbing(sensed)
    follow = MotionFilter()
    follow.update(TIMES_US[:-300], speeds[:-300], altitudes[:-300])
    motion, spread = follow.ahead(np.array([10.0]))
    assert motion[1, 0] == pytest.approx(speeds[-1], rel=0.03)
    assert motion[0, 0] == pytest.approx(altitudes[-1], rel=0.03)
    assert (spread[:2] > 0).all()


def test_an_engine_at_its_hardest_is_not_expected_to_push_without_end():
    # Constant thrust on a mass that is burnt: at 50 m/s2 none is left after a minute.
    speeds, altitudes = climbing(np.full(len(TIMES_S), 50.0))
    follow = MotionFilter()
    run = slice(600)
    follow.update(TIMES_US[run], speeds[run], altitudes[run])
    ahead, spread = follow.ahead(np.array([10.0, 30.0, 60.0]))
    gain_m_s = ahead[1] - speeds[599]
    assert np.all(np.diff(gain_m_s, prepend=0.0) > 0)
    assert gain_m_s[-1] < 60 * (61.0 - 9.0)
    assert np.isfinite(spread).all()


@pytest.mark.parametrize("sensed_m_s2", [60.0, 110.0, 160.0, 210.0])
def test_no_acceleration_and_no_dropout_spoil_the_rest_of_a_flight(sensed_m_s2: float):
    speeds, altitudes = climbing(np.full(len(TIMES_S), sensed_m_s2))
    lost = slice(450, 1200)  # 25 seconds
    heard = speeds.copy(), altitudes.copy()
    heard[0][lost] = heard[1][lost] = np.nan
    found = MotionFilter().update(TIMES_US, *heard)
    assert np.isfinite([found.speed_m_s, found.altitude_m, found.along_m_s2]).all()
    assert np.abs(found.speed_m_s - speeds)[-1] < 10.0
