"""Recorded ISS positions give the values that were published with them."""

import numpy as np

from dataflows.orbit.ground_track_kernel import haversine_km
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.tracker import SatelliteTracker
from tests.dataflows.orbit.conftest import PARIS, Recorded


def digits(text: str) -> int:
    """How many digits after the point were printed: 0.0 may stand for 0.0000."""
    return max(len(text.partition(".")[2]), 1)


def test_every_printed_digit_is_reproduced(recorded: Recorded):
    values = {"latitude": recorded.latitude, "longitude": recorded.longitude}
    tracked = SatelliteTracker([PARIS], []).update(recorded.times_us, values)
    speeds = [state.ground_speed_km_s for state in tracked.states]
    distances = [state.distances_km[0] for state in tracked.states]
    for given, printed in ((speeds, recorded.speed), (distances, recorded.distance)):
        assert [
            round(value or 0.0, digits(text))
            for value, text in zip(given, printed, strict=True)
        ] == [float(text) for text in printed]
    assert [state.phase for state in tracked.states] == recorded.phase
    assert {state.latitude_hemisphere for state in tracked.states} == {"S"}
    assert {state.longitude_hemisphere for state in tracked.states} == {"E"}
    np.testing.assert_array_equal(tracked.speeds_km_s, speeds)


def test_the_recorded_positions_are_where_the_elements_of_that_day_say(
    recorded: Recorded, iss: Ephemeris
):
    # Open Notify tells whole seconds, and the ISS moves 7.4 km over ground in one.
    latitude, longitude, _ = iss.geodetic(recorded.times_us)
    told = zip(recorded.latitude, recorded.longitude, strict=True)
    meant = zip(latitude, longitude, strict=True)
    away = [haversine_km(*a, *b) for a, b in zip(told, meant, strict=True)]
    assert max(away) < 12
