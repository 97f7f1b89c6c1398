"""Readers find what the flows stored, and nothing where nothing is."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.database.connection import Connection
from connectors.database.overview import (
    ExpectedPass,
    FlightEvent,
    LatestAnomaly,
    OrbitPosition,
    StoredParameter,
    flight_events,
    latest_anomalies,
    latest_position,
    next_pass,
    stored_parameters,
)
from connectors.messages.findings import Severity
from connectors.messages.times import moment
from tests.connectors.telemetry import (
    MINUTE_US,
    START_US,
    anomaly,
    open_sink,
    poll,
    scored,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def store(plain_store: str) -> str:
    """A database without TimescaleDB: the queries are plain SQL."""
    return plain_store


def store_pass(
    connection: Connection, station: str, state: str, aos: datetime | None
) -> None:
    connection.execute(
        "INSERT INTO satellite_pass (announced_at, spacecraft, station, revision,"
        " state, predicted_aos, predicted_los, predicted_elevation_deg)"
        " VALUES (%s, 'ISS', %s, 1, %s, %s, %s, 10)",
        (aos or NOW, station, state, aos, aos and aos + timedelta(minutes=5)),
    )


def test_samples_are_counted_by_parameter(store: str, reader: Connection):
    assert stored_parameters(reader) == []
    with open_sink(store) as sink:
        sink.write(scored(poll(1), [1.0, 2.0, 3.0]))
    [found] = stored_parameters(reader)
    assert found == StoredParameter("spacecraft", found.qualified_name, 3)
    assert found.qualified_name.endswith("/voltage")


def test_events_come_in_order_of_time(reader: Connection):
    assert flight_events(reader) == []
    for event, minutes in (("meco", 2.5), ("liftoff", 0.0)):
        reader.execute(
            "INSERT INTO launch_event VALUES ('L', %s, %s, 0.5, %s, 1.5, 20)",
            (event, after(minutes), after(minutes + 1)),
        )
    assert flight_events(reader) == [
        FlightEvent("L", "liftoff", NOW, 0.5, 1.5, 20.0),
        FlightEvent("L", "meco", after(2.5), 0.5, 1.5, 20.0),
    ]


def test_the_latest_position_is_that_of_the_spacecraft(reader: Connection):
    assert latest_position(reader, "ISS") is None
    for name, minutes, latitude in (("ISS", 0, 1.0), ("ISS", 1, 2.0), ("HST", 2, 3.0)):
        reader.execute(
            "INSERT INTO orbit_state (generation_time, latitude_deg, longitude_deg,"
            " spacecraft, phase, latitude_hemisphere, longitude_hemisphere,"
            " distances_km) VALUES (%s, %s, 6, %s, 'UNKNOWN', 'N', 'E', '{}')",
            (after(minutes), latitude, name),
        )
    assert latest_position(reader, "ISS") == OrbitPosition("ISS", after(1), 2, 6, None)


def test_the_next_pass_is_the_first_that_is_not_over(reader: Connection):
    assert next_pass(reader, "ISS", NOW) is None
    store_pass(reader, "Redu", "PREDICTED", after(-6))
    store_pass(reader, "Kiruna", "OVER", after(3))
    store_pass(reader, "Kourou", "IN_VIEW", None)
    store_pass(reader, "New Norcia", "PREDICTED", after(20))
    store_pass(reader, "Redu", "IN_VIEW", after(-1))
    store_pass(reader, "Redu", "PREDICTED", after(10))
    present = ExpectedPass("ISS", "Redu", after(-1), after(4), 10)
    assert next_pass(reader, "ISS", NOW) == present
    following = ExpectedPass("ISS", "Redu", after(10), after(15), 10)
    assert next_pass(reader, "ISS", after(5)) == following
    assert next_pass(reader, "HST", NOW) is None


def test_the_latest_anomalies_come_with_names_and_an_explanation(
    store: str, reader: Connection
):
    later_us = START_US + MINUTE_US
    changes = (
        anomaly(1),
        anomaly(
            5, 2, started_us=later_us, ended_us=later_us + 7, severity=Severity.SEVERE
        ),
    )
    with open_sink(store) as sink:
        sink.write(scored(poll(1), [1.0], anomalies=changes))
    told = ("/ORBITER/power/voltage", "SEVERE", 1.5)
    assert latest_anomalies(reader, 1) == [
        LatestAnomaly(
            *told, moment(later_us), moment(later_us + 7), "3.5 V is above 1.5 V"
        )
    ]
    assert [each.ended_at is None for each in latest_anomalies(reader, 9)] == [
        False,
        True,
    ]
    query = "SELECT explanation -> 'upper', explanation ->> 'detector' FROM anomaly"
    assert reader.execute(query).fetchone() == (1.5, "rolling_z_score")
