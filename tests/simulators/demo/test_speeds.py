"""Speeds and lag follow from what was sent and stored lately."""

from simulators.demo.speeds import Reading, Speeds


def speeds_of(*readings: Reading) -> Speeds:
    speeds = Speeds()
    for reading in readings:
        speeds.add(reading)
    return speeds


def test_lag_is_the_age_of_the_latest_sample_that_is_stored():
    speeds = speeds_of(
        *(
            Reading(second, 100 * second, max(0, 100 * (second - 2)))
            for second in range(60)
        )
    )
    assert speeds.lag_s == 2
    assert round(speeds.sent_hz) == 100
    assert round(speeds.stored_hz) == 100


def test_speeds_remember_a_bounded_number_of_readings():
    speeds = speeds_of(*(Reading(index / 2, index, index) for index in range(10_000)))
    assert len(speeds._readings) < 20
