"""Speed, phase, distances and minutes, at sea and across every line on the map."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skyfield.api import wgs84

from dataflows.orbit.findings import OrbitMinute, Tracked
from dataflows.orbit.geodesy import geodetic
from dataflows.orbit.ground_track_kernel import EARTH_RADIUS_KM, haversine_km
from dataflows.orbit.places import station_rows
from dataflows.orbit.tracker import SatelliteTracker
from dataflows.orbit.view_kernel import ecef
from tests.dataflows.orbit.conftest import PARIS, STATIONS

SECOND_US = 1_000_000
START_US = 1_766_321_880 * SECOND_US  # the start of a minute

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


def track(
    latitude: list[float], longitude: list[float], times_s: list[float] | None = None
) -> Tracked:
    seconds = np.arange(len(latitude)) if times_s is None else np.array(times_s)
    times_us = START_US + (seconds * SECOND_US).astype(np.int64)
    values = {"latitude": np.array(latitude), "longitude": np.array(longitude)}
    return SatelliteTracker([PARIS], []).update(times_us, values)


def by_vectors_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The same distance another way, good where angles are neither tiny nor 180."""

    def unit(latitude: float, longitude: float) -> np.ndarray:
        phi, lam = np.radians([latitude, longitude])
        return np.array(
            [np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)]
        )

    u, v = unit(*a), unit(*b)
    angle = math.atan2(float(np.linalg.norm(np.cross(u, v))), float(u @ v))
    return EARTH_RADIUS_KM * angle


@given(latitudes, longitudes, latitudes, longitudes)
@settings(deadline=None)
def test_distances_are_those_of_vectors_anywhere(
    a: float, b: float, c: float, d: float
):
    # Where the haversine is weakest, near antipodes, a double leaves it 0.2 m.
    assert haversine_km(a, b, c, d) == pytest.approx(
        by_vectors_km((a, b), (c, d)), abs=2e-4
    )


@given(latitudes, longitudes, latitudes, longitudes, st.sampled_from([-360, 360]))
@settings(deadline=None)
def test_distances_do_not_depend_on_how_a_longitude_is_told(
    a: float, b: float, c: float, d: float, turn: int
):
    there = haversine_km(a, b, c, d)
    assert haversine_km(a, b + turn, c, d) == pytest.approx(there, abs=2e-4)
    assert haversine_km(c, d, a, b) == there


def test_a_step_over_the_antimeridian_is_short():
    tracked = track([10.0, 10.0, 10.0], [179.98, -179.96, 180.1])
    expected = [
        0.0,
        by_vectors_km((10, 0), (10, 0.06)),
        by_vectors_km((10, 0), (10, 0.06)),
    ]
    speeds = tracked.speeds_km_s
    np.testing.assert_allclose(speeds, expected, rtol=1e-9)
    assert [state.longitude_hemisphere for state in tracked.states] == ["E", "W", "W"]
    assert tracked.states[2].longitude_deg == pytest.approx(-179.9)


def test_a_step_over_a_pole_is_short_and_turns_the_phase():
    tracked = track([89.9, 89.97, 89.96, 89.9], [20.0, 20.0, -160.0, -160.0])
    assert max(tracked.speeds_km_s) < 0.08 * 111.2
    phases = [state.phase for state in tracked.states]
    assert phases == ["UNKNOWN", "ASCENDING", "DESCENDING", "DESCENDING"]


def test_at_the_same_latitude_the_phase_stays():
    tracked = track([1.0, 1.1, 1.1, 1.0, 1.0], [0.0, 0.1, 0.2, 0.3, 0.4])
    assert [state.phase for state in tracked.states] == [
        "UNKNOWN",
        "ASCENDING",
        "ASCENDING",
        "DESCENDING",
        "DESCENDING",
    ]


def test_the_equator_is_north_and_greenwich_east():
    (state,) = track([0.0], [0.0]).states
    assert (state.latitude_hemisphere, state.longitude_hemisphere) == ("N", "E")


def test_after_a_gap_there_is_no_speed_and_no_phase():
    tracked = track([0.0, 0.1, 50.0, 50.1], [0.0] * 4, [0, 2, 700, 702])
    speeds = [state.ground_speed_km_s for state in tracked.states]
    assert speeds[0] == 0.0
    assert speeds[2] is None
    assert speeds[3] == pytest.approx(5.56, abs=0.01)
    assert tracked.states[2].phase == "UNKNOWN"
    assert np.isnan(tracked.speeds_km_s[2])


def minutes_of(latitude: np.ndarray, longitude: np.ndarray) -> list[OrbitMinute]:
    """The minutes of positions a second apart, the last of which ends the last."""
    return list(track([*latitude.tolist()], [*longitude.tolist()]).minutes)


def test_a_minute_has_the_statistics_that_numpy_gives():
    random = np.random.default_rng(3)
    latitude = 20 + np.cumsum(random.uniform(0.01, 0.05, 121))
    longitude = 30 + np.cumsum(random.uniform(0.01, 0.05, 121))
    tracked = track(latitude.tolist(), longitude.tolist())
    assert [minute.minute_us for minute in tracked.minutes] == [
        START_US,
        START_US + 60 * SECOND_US,
    ]
    speeds = tracked.speeds_km_s
    for minute, part in zip(
        tracked.minutes, (slice(0, 60), slice(60, 120)), strict=True
    ):
        # The first of all has no position before: its speed, 0, is none to count.
        of_minute = speeds[max(part.start, 1) : part.stop]
        assert (minute.count, minute.speeds) == (60, len(of_minute))
        told = (
            minute.mean_latitude_deg,
            minute.mean_longitude_deg,
            minute.mean_speed_km_s,
            minute.lowest_speed_km_s,
            minute.highest_speed_km_s,
            minute.speed_deviation_km_s,
        )
        meant = (
            latitude[part].mean(),
            longitude[part].mean(),
            of_minute.mean(),
            of_minute.min(),
            of_minute.max(),
            of_minute.std(),
        )
        # The mean of unit vectors differs a little from that of longitudes.
        assert told[:2] == pytest.approx(meant[:2], rel=1e-4)
        assert told[2:] == pytest.approx(meant[2:], rel=1e-12)


@given(st.floats(-179, 179), latitudes)
@settings(deadline=None, max_examples=50)
def test_a_mean_longitude_turns_with_the_positions(turn: float, latitude: float):
    steps = np.linspace(-2, 2, 61)
    here = np.full(61, min(abs(latitude), 89.9))
    (at_zero,) = minutes_of(here, steps)
    (turned,) = minutes_of(here, (steps + turn + 180) % 360 - 180)
    assert at_zero.mean_longitude_deg is not None
    assert turned.mean_longitude_deg is not None
    away = turned.mean_longitude_deg - at_zero.mean_longitude_deg - turn
    assert abs((away + 180) % 360 - 180) < 1e-6


def test_over_a_pole_the_longitudes_that_lie_further_from_it_count_more():
    latitude = np.concatenate(
        [np.linspace(87, 89.95, 30), np.linspace(89.95, 89.5, 31)]
    )
    longitude = np.where(np.arange(61) < 30, 25.0, -155.0)
    (minute,) = minutes_of(latitude, longitude)
    assert minute.mean_longitude_deg == pytest.approx(25.0)


def test_around_a_pole_there_is_no_mean_longitude():
    longitude = np.arange(61) * 6.0 - 180
    (minute,) = minutes_of(np.full(61, 89.0), longitude)
    assert minute.mean_longitude_deg is None


def test_a_minute_with_one_position_after_a_gap_has_no_speed():
    tracked = track([0.0, 1.0, 2.0], [0.0] * 3, [0, 900, 1800])
    assert [minute.speeds for minute in tracked.minutes] == [0, 0]
    assert tracked.minutes[1].mean_speed_km_s is None
    assert tracked.minutes[1].speed_deviation_km_s is None


def test_a_minute_is_told_only_when_a_later_one_begins():
    assert track([0.0] * 60, [0.0] * 60).minutes == ()
    assert len(track([0.0] * 61, [0.0] * 61).minutes) == 1


def test_stations_stand_where_skyfield_puts_them():
    for row, station in zip(station_rows(STATIONS), STATIONS, strict=True):
        place = wgs84.latlon(
            station.latitude_deg, station.longitude_deg, elevation_m=station.altitude_m
        )
        np.testing.assert_allclose(row[:3], place.itrs_xyz.km, rtol=0, atol=1e-9)
        assert np.linalg.norm(row[3:6]) == pytest.approx(1.0)


def test_a_point_and_its_geodetic_position_are_one():
    random = np.random.default_rng(8)
    point = np.empty(3)
    for _ in range(200):
        position = random.uniform(-90, 90), random.uniform(-180, 180), 500.0
        ecef(*position, point)
        told = np.array([float(value) for value in geodetic(point)])
        np.testing.assert_allclose(told, position, rtol=0, atol=1e-8)
