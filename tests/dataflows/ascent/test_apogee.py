"""The apogee is where an integrated free fall turns."""

import math

import pytest

from dataflows.ascent.apogee import EARTH_MU_M3_S2, EARTH_RADIUS_M, apogee


def integrated(altitude_m: float, speed_m_s: float, angle: float, step_s: float):
    """Free fall in a plane, by the leapfrog method, to where it turns downwards."""
    x, y = 0.0, EARTH_RADIUS_M + altitude_m
    u, v = speed_m_s * math.cos(angle), speed_m_s * math.sin(angle)
    time_s = 0.0
    while x * u + y * v > 0:
        x, y = x + 0.5 * step_s * u, y + 0.5 * step_s * v
        pull = EARTH_MU_M3_S2 / math.hypot(x, y) ** 3
        u, v = u - step_s * pull * x, v - step_s * pull * y
        x, y = x + 0.5 * step_s * u, y + 0.5 * step_s * v
        time_s += step_s
    return math.hypot(x, y) - EARTH_RADIUS_M, time_s


@pytest.mark.parametrize(
    ("altitude_m", "speed_m_s", "degrees"),
    [(67_700, 1685, 53), (166_000, 5900, 5), (0, 100, 90), (200_000, 7900, 2)],
)
def test_it_is_where_a_free_fall_turns(altitude_m, speed_m_s, degrees):
    angle = math.radians(degrees)
    height_m, time_s = apogee(altitude_m, speed_m_s, angle)
    step_s = time_s / 20_000
    expected_m, expected_s = integrated(altitude_m, speed_m_s, angle, step_s)
    assert height_m == pytest.approx(expected_m, rel=1e-5)
    assert time_s == pytest.approx(expected_s, abs=3 * step_s)


def test_what_falls_has_its_apogee_ahead_a_turn_later():
    _, up_s = apogee(300_000.0, 7800.0, 0.05)
    height_m, down_s = apogee(300_000.0, 7800.0, -0.05)
    assert height_m == pytest.approx(apogee(300_000.0, 7800.0, 0.05)[0])
    assert down_s > up_s


def test_what_leaves_the_earth_has_none():
    assert apogee(200_000.0, 12_000.0, 0.1) == (math.inf, math.inf)
