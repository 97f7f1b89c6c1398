"""A vehicle flies again after hours of silence, or once it is back at rest."""

import pytest

from dataflows.ascent.flight_bounds import FLIGHT_GAP_US, FlightBounds
from dataflows.ascent.flight_events import Phase

SECOND_US = 1_000_000


def flying() -> FlightBounds:
    """A vehicle that was seen once, at 0."""
    bounds = FlightBounds()
    assert bounds.begins(0, Phase.PAD, 0.0, 0.0)
    bounds.seen(0)
    return bounds


@pytest.mark.parametrize("phase", [Phase.PAD, Phase.COAST])
def test_after_hours_of_silence_another_flight_begins_whatever_the_vehicle_does(phase):
    assert not flying().begins(FLIGHT_GAP_US, phase, 7500.0, 200.0)
    assert flying().begins(FLIGHT_GAP_US + 1, phase, 7500.0, 200.0)


def test_after_a_gap_rest_on_the_ground_is_in_doubt_until_it_has_lasted():
    bounds = flying()
    begun, doubts = [], []
    for second in range(40, 46):
        begun.append(bounds.begins(second * SECOND_US, Phase.COAST, 0.0, 0.1))
        doubts.append(bounds.in_doubt)
        bounds.seen(second * SECOND_US)
    assert begun == [False, False, False, True, False, False]
    assert doubts == [True, True, True, False, False, False]


def test_one_value_in_flight_ends_the_doubt_and_a_missing_one_does_not():
    bounds = flying()
    for second, speed_m_s in [(40, 0.0), (41, float("nan")), (42, 5000.0), (44, 0.0)]:
        assert not bounds.begins(second * SECOND_US, Phase.COAST, speed_m_s, 0.1)
        assert bounds.in_doubt == (second < 42)
        bounds.seen(second * SECOND_US)


@pytest.mark.parametrize(
    ("gap_s", "phase", "speed_m_s", "altitude_km"),
    [
        (20, Phase.COAST, 0.0, 0.0),
        (40, Phase.PAD, 0.0, 0.0),
        (40, Phase.COAST, 50.0, 0.0),
        (40, Phase.COAST, 0.0, 600.0),
    ],
)
def test_a_short_gap_begins_no_flight_and_no_doubt_on_the_pad_or_in_flight(
    gap_s: int, phase: Phase, speed_m_s: float, altitude_km: float
):
    bounds = flying()
    assert not bounds.begins(gap_s * SECOND_US, phase, speed_m_s, altitude_km)
    assert not bounds.in_doubt


def test_three_seconds_at_rest_after_a_flight_end_it_and_the_next_sample_begins_one():
    bounds = flying()
    for second in range(1, 5):
        bounds.seen(second * SECOND_US)
        assert not bounds.begins(second * SECOND_US, Phase.RETURN, 0.0, 0.0)
        bounds.follow(second * SECOND_US, Phase.RETURN, 0.0, 0.0)
    assert bounds.begins(5 * SECOND_US, Phase.RETURN, 0.0, 0.0)
    assert not bounds.begins(6 * SECOND_US, Phase.PAD, 0.0, 0.0)


def test_a_moment_at_rest_is_no_end():
    bounds = flying()
    for second, speed_m_s in enumerate([0.0, 0.0, 0.0, 40.0] * 3):
        bounds.follow(second * SECOND_US, Phase.COAST, speed_m_s, 0.0)
    assert not bounds.begins(20 * SECOND_US, Phase.COAST, 40.0, 0.0)


def test_rest_of_before_a_flight_does_not_end_it():
    bounds = flying()
    for second in range(1, 5):
        bounds.follow(second * SECOND_US, Phase.RETURN, 0.0, 0.0)
    assert bounds.begins(5 * SECOND_US, Phase.RETURN, 0.0, 0.0)
    for second in range(6, 9):
        bounds.follow(second * SECOND_US, Phase.RETURN, 0.0, 0.0)
        assert not bounds.begins(second * SECOND_US, Phase.RETURN, 0.0, 0.0)
    bounds.follow(9 * SECOND_US, Phase.RETURN, 0.0, 0.0)
    assert bounds.begins(10 * SECOND_US, Phase.RETURN, 0.0, 0.0)
