"""Orbital elements that are of no use are told of, once, and their age is measured."""

import logging
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from connectors.files.orbital_elements import read_elements
from connectors.files.places import read_places
from connectors.metrics import FlowMetrics
from dataflows.orbit.propagation import Ephemeris
from dataflows.vehicles.satellite import SatelliteFollower

PROVISIONING = Path(__file__).parents[3] / "provisioning"
AGE = "orbitwatch_orbital_elements_age_seconds"
DAY_S = 86_400


def elements() -> Ephemeris:
    found = read_elements(PROVISIONING / "orbits" / "satellites.tle")[0]
    return Ephemeris(found.line1, found.line2)


def positions(
    ephemeris: Ephemeris, days: float, later_s: int = 0
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    times_us = ephemeris.epoch_us + 10**6 * (round(days * DAY_S) + np.arange(0, 600, 5))
    columns = ephemeris.geodetic(times_us + later_s * 10**6)
    names = ("latitude", "longitude", "altitude")
    return times_us, dict(zip(names, columns, strict=True))


def followed(days: float, later_s: int = 0) -> tuple[CollectorRegistry, int]:
    """Ten minutes of positions so long after the epoch; how many passes come.

    The positions are those that the elements give for `later_s` later.
    """
    ephemeris, registry = elements(), CollectorRegistry()
    where = read_places(PROVISIONING / "places.yaml")
    follower = SatelliteFollower("ISS", where, ephemeris, FlowMetrics(registry))
    times_us, values = positions(ephemeris, days, later_s)
    passes = 0
    for run in range(2):
        rows = slice(60 * run, 60 * run + 60)
        some = {name: column[rows] for name, column in values.items()}
        told = {
            each.table: each.rows
            for each in follower.follow(times_us[rows], some).records
        }
        passes += len(told.get("satellite_pass", ()))
    return registry, passes


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.message for one in caplog.records if one.levelno >= logging.WARNING]


def test_of_fresh_elements_nothing_is_said(caplog: pytest.LogCaptureFixture):
    registry, passes = followed(1)
    assert passes > 0
    assert warnings(caplog) == []
    age_s = registry.get_sample_value(AGE, {"spacecraft": "ISS"})
    assert age_s == pytest.approx(DAY_S + 595)


@pytest.mark.parametrize("days", [15, -15])
def test_elements_too_far_from_the_positions_are_told_of_once(
    caplog: pytest.LogCaptureFixture, days: int
):
    registry, passes = followed(days)
    assert passes == 0
    [warning] = warnings(caplog)
    assert warning.startswith(
        "ISS: its orbital elements are 15 days from its positions"
    )
    assert "ORBITWATCH_ELEMENTS" in warning
    age_s = registry.get_sample_value(AGE, {"spacecraft": "ISS"})
    assert age_s == pytest.approx(15 * DAY_S, abs=600)


def test_a_satellite_that_left_its_elements_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
):
    _, passes = followed(1, later_s=60)
    assert passes == 0
    [warning] = warnings(caplog)
    assert "km from where its orbital elements say" in warning


def test_a_wrong_time_does_not_use_up_what_is_told_once_elements_are_old(
    caplog: pytest.LogCaptureFixture,
):
    ephemeris, where = elements(), read_places(PROVISIONING / "places.yaml")
    metrics = FlowMetrics(CollectorRegistry())
    follower = SatelliteFollower("ISS", where, ephemeris, metrics)
    for days in (-100, 1, 20, 21):
        times_us, values = positions(ephemeris, days)
        follower.follow(times_us, values)
    first, second = warnings(caplog)
    assert first.startswith("ISS: its orbital elements are 100 days from")
    assert second.startswith("ISS: its orbital elements are 20 days from")
