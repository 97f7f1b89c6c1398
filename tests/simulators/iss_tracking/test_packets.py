"""Satellites that are played: where, when, and how many."""

from datetime import UTC, datetime
from itertools import islice

import pytest
from skyfield.api import EarthSatellite, load, wgs84

from connectors.files.orbital_elements import read_elements
from connectors.messages.times import microseconds
from connectors.settings import Settings
from simulators.iss_tracking.packets import (
    constellation,
    newest_epoch_us,
    tracked_packets,
)
from simulators.timing import Timing
from tests.simulators.conftest import PROJECT

ELEMENTS = read_elements(PROJECT / Settings().elements)
EPOCH = datetime(2026, 6, 27, tzinfo=UTC)


def test_positions_are_those_of_skyfield():
    satellites = constellation(ELEMENTS, len(ELEMENTS), 0)
    packets = list(tracked_packets(satellites, Timing(EPOCH, 977.0, 12)))
    times = load.timescale(builtin=True)
    known = {
        one.name: EarthSatellite(one.line1, one.line2, ts=times) for one in ELEMENTS
    }
    assert len(packets) == 12 * len(known)
    for packet in packets:
        at = times.from_datetime(packet.generation_time)
        place = wgs84.geographic_position_of(known[packet.spacecraft].at(at))
        told = packet.values
        assert told["latitude"] == pytest.approx(place.latitude.degrees, abs=1e-4)
        # UTC stands for UT1: 0.1 s or so here, and never more than 0.9 s, or 0.004 deg.
        difference = (told["longitude"] or 0) - place.longitude.degrees
        assert abs((difference + 180) % 360 - 180) < 4e-3
        assert told["altitude"] == pytest.approx(place.elevation.km, abs=0.02)


def test_packets_come_satellite_by_satellite_and_time_by_time():
    satellites = constellation(ELEMENTS, 3, 0)
    packets = list(tracked_packets(satellites, Timing(EPOCH, 2.0, 2)))
    assert [packet.key for packet in packets[:3]] == [
        "ISS/orbit",
        "HST/orbit",
        "TERRA/orbit",
    ]
    assert [microseconds(packet.generation_time) for packet in packets[2:4]] == [
        microseconds(EPOCH),
        microseconds(EPOCH) + 2_000_000,
    ]
    assert [packet.sequence for packet in packets] == [0, 0, 0, 1, 1, 1]


def test_without_an_end_there_are_always_more():
    satellites = constellation(ELEMENTS, 9_000, 0)
    packets = islice(tracked_packets(satellites, Timing(EPOCH, 1.0)), 30_000)
    assert sum(1 for _ in packets) == 30_000


def test_more_satellites_are_made_after_the_real_ones_and_follow_the_seed():
    many = constellation(ELEMENTS, 200, 7)
    assert [one.name for one in many[: len(ELEMENTS)]] == [one.name for one in ELEMENTS]
    assert len({one.name for one in many}) == 200
    timing = Timing(EPOCH, 1.0, 1)
    first, again, other = (
        list(tracked_packets(constellation(ELEMENTS, 200, seed), timing))
        for seed in (7, 7, 8)
    )
    assert first == again
    assert first[len(ELEMENTS) :] != other[len(ELEMENTS) :]
    assert first[: len(ELEMENTS)] == other[: len(ELEMENTS)]
    places = {(p.values["latitude"], p.values["longitude"]) for p in first}
    assert len(places) == 200
    # Each flies as high as its model, give or take what its ellipse makes.
    for made_up, model in zip(many[10:], many[:10] * 19, strict=True):
        assert made_up.orbit.no_kozai == model.orbit.no_kozai
        assert made_up.orbit.inclo == model.orbit.inclo


def test_a_satellite_that_came_down_is_not_acquired():
    satellites = constellation(ELEMENTS, 1, 0)
    late = datetime(2040, 1, 1, tzinfo=UTC)
    (packet,) = tracked_packets(satellites, Timing(late, 1.0, 1))
    assert packet.values == {"latitude": None, "longitude": None, "altitude": None}


def test_it_starts_at_the_newest_epoch():
    newest = newest_epoch_us(constellation(ELEMENTS, 10, 0))
    assert newest == microseconds(datetime(2026, 6, 26, 23, 2, 51, 72_576, UTC))
