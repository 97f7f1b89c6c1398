"""Phases and events by the motion alone, sample by sample."""

import math
from collections.abc import Iterable, Iterator

from dataflows.ascent.flight_events import FlightEvents, Moment, Phase

STEP_S = 0.1
Motion = tuple[float, float, float]
"""For how many seconds; velocity (m/s); acceleration (m/s2)."""


def moments(motions: Iterable[Motion], vertical_m_s: float = 0.0) -> Iterator[Moment]:
    """Ten samples a second, all at 100 km."""
    step = 0
    for seconds, velocity_m_s, acceleration_m_s2 in motions:
        for _ in range(round(seconds / STEP_S)):
            time_us = round(step * STEP_S * 1e6)
            motion = velocity_m_s, vertical_m_s, acceleration_m_s2, 0.0
            yield Moment(time_us, 100.0, *motion)
            step += 1


def follow(flight: FlightEvents, *motions: Motion) -> list[tuple[str, float]]:
    """What is told of a flight from its first sample on, and when that was known."""
    return [
        (event.name, round(event.detected_us / 1e6, 1))
        for now in moments(motions)
        for event in flight.follow(now)
    ]


BURNS = (3.0, 4000.0, 20.0)


def test_a_moment_of_speed_on_the_pad_is_no_liftoff_however_often():
    flickers = [(0.1, 9.0, 0.0), (1.0, 0.0, 0.0)] * 5
    flight = FlightEvents()
    assert follow(flight, *flickers) == []
    assert flight.phase == Phase.PAD


def test_liftoff_is_known_once_it_has_been_so_for_long_enough():
    found = follow(FlightEvents(), (0.1, 9, 0), (1.9, 0, 0), (2, 9, 15))
    assert found == [("liftoff", 2.3)]


def test_a_moment_without_thrust_is_no_end_of_it():
    flight = FlightEvents()
    assert follow(flight, BURNS, *[(0.4, 4000, 0.0), (0.6, 4000, 20.0)] * 4) == []
    assert flight.phase == Phase.SECOND_STAGE


def test_thrust_that_trails_off_is_no_start_though_it_coasted_before():
    coasts, trails = (3.0, 4000.0, 0.0), (5.0, 4000.0, 4.0)
    flight = FlightEvents()
    found = follow(flight, coasts, BURNS, trails, coasts, BURNS, coasts)
    # The first burn is counted from the first coasting on.
    assert [name for name, _ in found] == ["ses1", "seco1", "ses2", "seco2"]
    assert flight.phase == Phase.COAST


def climbs_and_falls(gap_s: float) -> list[str]:
    """Events of a flight that nobody saw for a while before it falls."""
    flight, names = FlightEvents(), []
    climb = [*moments([(5.0, 3000.0, 0.0)], 200.0)]
    fall = moments([(5.0, 3000.0, 0.0)], -50.0)
    later_us = climb[-1].time_us + round(gap_s * 1e6)
    for now in [
        *climb,
        *(one._replace(time_us=one.time_us + later_us) for one in fall),
    ]:
        names += [event.name for event in flight.follow(now)]
    return names


def test_an_apogee_that_nobody_saw_is_told_unless_it_was_too_long_ago():
    assert climbs_and_falls(30.0) == ["apogee"]
    assert climbs_and_falls(30.1) == []


def test_what_is_missing_changes_nothing():
    flight = FlightEvents()
    follow(flight, BURNS)
    before = flight.snapshot()
    [now] = moments([(0.1, 4000.0, 0.0)])
    assert flight.follow(now._replace(velocity_m_s=math.nan)) == []
    assert flight.follow(now._replace(acceleration_m_s2=math.nan)) == []
    assert flight.snapshot() == before
