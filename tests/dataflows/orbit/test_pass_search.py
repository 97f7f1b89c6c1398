"""Passes ahead, against Skyfield's own search for them."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from skyfield.api import EarthSatellite, load, wgs84

from connectors.messages.times import microseconds, moment
from dataflows.orbit.pass_search import HORIZON_US, PassSearch
from dataflows.orbit.passes import Foreseen
from dataflows.orbit.places import station_rows
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.view_kernel import STEP_US, coordinate
from tests.dataflows.orbit.conftest import ISS, POLAR, STATIONS, TERRA, Spot

TIMES = load.timescale(builtin=True)
MINUTE_US = 60_000_000


def time_us(time: Any) -> int:
    return microseconds(time.utc_datetime())


def independent(
    lines: tuple[str, str], station: Spot, start_us: int, end_us: int
) -> list[tuple[int, int, int, float]]:
    """Whole passes by Skyfield: AOS, culmination, LOS, highest elevation."""
    satellite = EarthSatellite(*lines, ts=TIMES)
    place = wgs84.latlon(
        station.latitude_deg, station.longitude_deg, elevation_m=station.altitude_m
    )
    start, end = (TIMES.from_datetime(moment(us)) for us in (start_us, end_us))
    times, kinds = satellite.find_events(
        place, start, end, altitude_degrees=station.minimum_elevation_deg
    )
    found: list[tuple[int, int, int, float]] = []
    aos: Any = None
    tops: list[tuple[float, Any]] = []
    for time, kind in zip(times, kinds, strict=True):
        if kind == 0:
            aos, tops = time, []
        elif kind == 1:
            elevation = (satellite - place).at(time).altaz()[0].degrees
            tops.append((elevation, time))
        elif aos is not None:
            elevation, top = max(tops, key=lambda one: one[0])
            found.append((time_us(aos), time_us(top), time_us(time), elevation))
    return found


def search_of(lines: tuple[str, str], stations: tuple[Spot, ...]) -> PassSearch:
    names = [station.name for station in stations]
    return PassSearch(Ephemeris(*lines), names, station_rows(stations))


def everything(search: PassSearch, now_us: int) -> Iterator[Foreseen]:
    """All that a search finds while time stands still."""
    before = -1
    while search.next_us != before:
        before = search.next_us
        yield from search.advance(now_us)


@pytest.mark.parametrize("lines", [ISS, TERRA, POLAR], ids=["iss", "terra", "polar"])
def test_passes_are_those_of_skyfield_within_5_seconds(lines: tuple[str, str]):
    start_us = Ephemeris(*lines).epoch_us
    found = list(everything(search_of(lines, STATIONS), start_us))
    for station in STATIONS:
        meant = independent(lines, station, start_us, start_us + HORIZON_US)
        ours = [
            one
            for one in found
            if one.station == station.name
            and one.aos_us > start_us
            and one.los_us < start_us + HORIZON_US - MINUTE_US
        ]
        # What lies across an edge is not asked for; all else must be the same passes.
        meant = [one for one in meant if one[2] < start_us + HORIZON_US - MINUTE_US]
        assert len(ours) == len(meant)
        for one, (aos, culmination, los, elevation) in zip(ours, meant, strict=True):
            assert abs(one.aos_us - aos) < 5e6
            assert abs(one.los_us - los) < 5e6
            assert abs(one.elevation_deg - elevation) < 0.05
            # Of a satellite that hangs in the sky, the top is flat.
            if lines is not POLAR:
                assert abs(one.culmination_us - culmination) < 5e6


def test_the_start_of_the_search_and_its_steps_change_no_bit():
    start_us = Ephemeris(*ISS).epoch_us
    at_once = set(everything(search_of(ISS, STATIONS), start_us))
    later = search_of(ISS, STATIONS)
    minute_by_minute: set[Foreseen] = set()
    for minute in range(7, 500):
        minute_by_minute |= set(later.advance(start_us + minute * MINUTE_US))
    both = at_once & minute_by_minute
    first_us = start_us + 7 * MINUTE_US
    assert both == {one for one in at_once if one.aos_us > first_us}
    assert len(both) > 10


def test_a_pass_that_only_grazes_the_minimum_is_found():
    start_us = Ephemeris(*ISS).epoch_us
    redu = STATIONS[1]
    low = next(everything(search_of(ISS, (redu,)), start_us))
    grazed = replace(redu, minimum_elevation_deg=low.elevation_deg - 0.002)
    found = next(everything(search_of(ISS, (grazed,)), start_us))
    assert 0 < found.los_us - found.aos_us < 30e6
    assert found.aos_us <= found.culmination_us <= found.los_us
    assert found.elevation_deg == pytest.approx(low.elevation_deg, abs=1e-9)


def test_passes_of_a_station_follow_one_another():
    start_us = Ephemeris(*TERRA).epoch_us
    found = list(everything(search_of(TERRA, STATIONS), start_us))
    for station in STATIONS:
        mine = [one for one in found if one.station == station.name]
        assert all(a.los_us < b.aos_us for a, b in pairwise(mine))
        assert all(one.elevation_deg >= station.minimum_elevation_deg for one in mine)


@pytest.mark.parametrize("lines", [ISS, TERRA], ids=["iss", "terra"])
def test_between_nodes_positions_are_within_a_metre(lines: tuple[str, str]):
    ephemeris = Ephemeris(*lines)
    nodes_us = ephemeris.epoch_us + STEP_US * np.arange(100)
    nodes = np.hstack(ephemeris.ecef(nodes_us))
    for share in (0.2, 0.5, 0.9):
        meant_km, _ = ephemeris.ecef(nodes_us[:-1] + round(share * STEP_US))
        told_km = [
            [coordinate(nodes, axis, k, share) for axis in range(3)] for k in range(99)
        ]
        np.testing.assert_allclose(told_km, meant_km, rtol=0, atol=1e-3)


def test_after_a_long_silence_the_search_begins_anew():
    start_us = Ephemeris(*ISS).epoch_us
    search = search_of(ISS, STATIONS)
    list(everything(search, start_us))
    later_us = start_us + 3 * HORIZON_US
    afresh = set(everything(search_of(ISS, STATIONS), later_us))
    assert set(everything(search, later_us)) == afresh
