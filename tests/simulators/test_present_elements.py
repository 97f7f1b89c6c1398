"""Simulated satellites fly today, on orbits that passes are predicted for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from connectors.files.orbital_elements import OrbitalElements, dated, read_elements
from connectors.files.places import read_places
from connectors.messages.times import microseconds, moment
from connectors.metrics import FlowMetrics
from connectors.settings import Settings
from dataflows.orbit.propagation import Ephemeris
from dataflows.vehicles.satellite import SatelliteFollower
from simulators.present_elements import OLDEST, main, present

# A leap day, the last second of a year, and years after the elements.
MOMENTS = [
    datetime(2028, 2, 29, 1, 2, 3, tzinfo=UTC),
    datetime(2029, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2041, 7, 4, 12, tzinfo=UTC),
]


def shipped() -> list[OrbitalElements]:
    return read_elements(Settings().elements)


def epoch(elements: OrbitalElements) -> datetime:
    return moment(Ephemeris(elements.line1, elements.line2).epoch_us)


@pytest.mark.parametrize("now", MOMENTS)
def test_old_elements_are_dated_now_and_give_the_same_orbit(now: datetime):
    for one in shipped():
        found = present(one, now)
        assert (found.name, found.line2) == (one.name, one.line2)
        assert abs(epoch(found) - now) < timedelta(milliseconds=1)
        before, after = (
            Ephemeris(each.line1, each.line2).geodetic(
                np.array([microseconds(epoch(each))])
            )
            for each in (one, found)
        )
        # The Earth has turned meanwhile, so the longitude is another; and high up, the
        # Sun and the Moon stand elsewhere.
        assert after[0][0] == pytest.approx(before[0][0], abs=0.03)
        assert after[2][0] == pytest.approx(before[2][0], abs=1)


def test_fresh_elements_stay_as_they_are():
    [one, *_] = shipped()
    assert present(one, epoch(one) + OLDEST) is one
    assert present(one, epoch(one) - OLDEST) is one


@pytest.mark.parametrize("now", MOMENTS)
def test_passes_of_satellites_simulated_now_are_predicted(now: datetime):
    registry = CollectorRegistry()
    [one, *_] = [present(each, now) for each in shipped() if each.name == "ISS"]
    ephemeris = Ephemeris(one.line1, one.line2)
    where = read_places(Settings().places)
    follower = SatelliteFollower("ISS", where, ephemeris, FlowMetrics(registry))
    times_us = microseconds(now) + 2_000_000 * np.arange(300)
    columns = ephemeris.geodetic(times_us)
    values = dict(zip(("latitude", "longitude", "altitude"), columns, strict=True))
    rows = {each.table: each.rows for each in follower.follow(times_us, values).records}
    assert {row[4] for row in rows["satellite_pass"]} >= {"PREDICTED"}


def test_the_file_that_is_written_is_read_as_elements_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ORBITWATCH_ELEMENTS", str(Settings().elements.absolute()))
    file = tmp_path / "satellites.tle"
    assert main([str(file)]) == 0
    found = read_elements(file)
    assert [one.name for one in found] == [one.name for one in shipped()]
    for one in found:
        assert abs(epoch(one) - datetime.now(UTC)) <= OLDEST


def test_files_that_cannot_be_read_or_written_are_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    assert main([str(tmp_path / "none" / "satellites.tle")]) == 2
    assert "satellites.tle: No such file or directory" in capsys.readouterr().err
    monkeypatch.setenv("ORBITWATCH_ELEMENTS", str(tmp_path / "missing.tle"))
    assert main([str(tmp_path / "satellites.tle")]) == 2
    assert "missing.tle: No such file or directory" in capsys.readouterr().err


def test_a_date_has_the_form_of_two_line_elements():
    [one, *_] = shipped()
    line = dated(one, datetime(2027, 1, 2, 12, tzinfo=UTC)).line1
    assert line[18:32] == "27002.50000000"
    assert len(line) == 69
