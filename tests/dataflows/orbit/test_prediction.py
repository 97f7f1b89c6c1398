"""Where a satellite will be in ten minutes, against where it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.orbit.findings import Prediction
from dataflows.orbit.fitted_orbit import FittedOrbit
from dataflows.orbit.ground_track_kernel import haversine_km
from dataflows.orbit.prediction import AHEAD_US
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.tracker import SatelliteTracker
from tests.dataflows.orbit.conftest import ISS, TERRA, positions

EPHEMERIS = Ephemeris(*ISS)
SECOND_US = 1_000_000
HOUR_S = 3600


def away_km(prediction: Prediction, ephemeris: Ephemeris) -> float:
    latitude, longitude, _ = ephemeris.geodetic(np.array([prediction.time_us]))
    return haversine_km(
        prediction.latitude_deg,
        prediction.longitude_deg,
        float(latitude[0]),
        float(longitude[0]),
    )


def test_elements_tell_the_position_exactly():
    tracked = SatelliteTracker([], [], EPHEMERIS).update(
        *positions(EPHEMERIS, EPHEMERIS.epoch_us, HOUR_S)
    )
    assert len(tracked.predictions) in (60, 61)
    for one in tracked.predictions:
        assert one.time_us - one.made_us == AHEAD_US
        assert one.source == "elements"
        assert one.from_elements_km == pytest.approx(0, abs=1e-6)
        assert away_km(one, EPHEMERIS) < 1e-6


@pytest.mark.parametrize("lines", [ISS, TERRA], ids=["iss", "terra"])
def test_a_track_tells_the_position_within_7_km_also_over_poles(
    lines: tuple[str, str],
):
    ephemeris = Ephemeris(*lines)
    tracked = SatelliteTracker([], []).update(
        *positions(ephemeris, ephemeris.epoch_us, 3 * HOUR_S)
    )
    errors_km = [away_km(one, ephemeris) for one in tracked.predictions]
    assert len(errors_km) > 170
    assert {one.source for one in tracked.predictions} == {"track"}
    assert max(errors_km) < 7


def test_a_track_with_times_of_whole_seconds_tells_it_within_25_km():
    steps_s = np.random.default_rng(2).uniform(4.5, 5.5, 1440)
    meant_us = EPHEMERIS.epoch_us + (np.cumsum(steps_s) * SECOND_US).astype(np.int64)
    latitude, longitude, _ = EPHEMERIS.geodetic(meant_us)
    values = {"latitude": latitude.round(4), "longitude": longitude.round(4)}
    times_us = meant_us // SECOND_US * SECOND_US
    tracked = SatelliteTracker([], []).update(times_us, values)
    errors_km = [away_km(one, EPHEMERIS) for one in tracked.predictions]
    assert len(errors_km) > 100
    # A second is 7.4 km; after some minutes of track, all that is left is that.
    assert max(errors_km[8:]) < 25
    assert all(one.altitude_km is None for one in tracked.predictions)


def test_of_two_minutes_of_track_nothing_is_told():
    tracked = SatelliteTracker([], []).update(
        *positions(EPHEMERIS, EPHEMERIS.epoch_us, 100)
    )
    assert tracked.predictions == ()


def test_what_does_not_move_among_the_stars_has_no_orbit():
    orbit = FittedOrbit()
    orbit.anchors[:, 0] = 60e6 * np.arange(len(orbit.anchors))
    orbit.anchors[:, 1:] = 7000.0, 0.0, 0.0
    assert orbit.position(0) is None
    assert np.isnan(orbit.altitude_km())


@pytest.mark.parametrize("radius_km", [6400.0, 2e6])
def test_a_speed_that_no_orbit_has_tells_no_altitude(radius_km: float):
    rate = np.sqrt(398_600.4418 / radius_km**3)
    seconds = 60.0 * np.arange(10)
    orbit = FittedOrbit()
    orbit.anchors[:, 0] = 1e6 * seconds
    orbit.anchors[:, 1] = 7000 * np.cos(rate * seconds)
    orbit.anchors[:, 2] = 7000 * np.sin(rate * seconds)
    orbit.anchors[:, 3] = 0.0
    assert np.isnan(orbit.altitude_km())


@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(0, 360),
    st.floats(200, 40_000),
)
@settings(deadline=None, max_examples=100)
def test_a_circle_in_space_is_followed_wherever_it_leads(
    latitude: float, longitude: float, heading: float, altitude_km: float
):
    # An orbit from any place in any direction, straight in a frame that does not turn.
    phi, lam, course = np.radians([latitude, longitude, heading])
    up = np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    east = np.array([-np.sin(lam), np.cos(lam), 0.0])
    ahead = np.cos(course) * np.cross(up, east) + np.sin(course) * east
    radius_km = 6371.0 + altitude_km
    rate = np.sqrt(398_600.4418 / radius_km**3)
    orbit = FittedOrbit()
    for minute in range(6):
        angle = rate * 60 * minute
        point = radius_km * (np.cos(angle) * up + np.sin(angle) * ahead)
        orbit.anchors[:-1] = orbit.anchors[1:]
        orbit.anchors[-1] = (60e6 * minute, *point)
    assert orbit.altitude_km() == pytest.approx(altitude_km, abs=0.01)
    told = orbit.position(900 * SECOND_US)
    assert told is not None
    angle = rate * 900
    there = radius_km * (np.cos(angle) * up + np.sin(angle) * ahead)
    turn = -7.292115146706979e-5 * 900
    x, y, z = there
    fixed = np.array(
        [x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn), z]
    )
    back = np.radians(told)
    direction = fixed / radius_km
    # Geodetic latitudes and those of the centre differ by a fifth of a degree.
    assert direction @ np.array(
        [
            np.cos(back[0]) * np.cos(back[1]),
            np.cos(back[0]) * np.sin(back[1]),
            np.sin(back[0]),
        ]
    ) == pytest.approx(1.0, abs=1e-5)
