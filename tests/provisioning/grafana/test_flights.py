"""Two flights of one vehicle stay apart on the dashboard of a launch."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.migrate import migrate
from provisioning.grafana import variables
from provisioning.grafana.sql import rocket_launch
from tests.provisioning.grafana.macros import View, expanded_sql
from tests.services.postgres import plain_migrations_in

START = datetime(2026, 6, 27, 12, tzinfo=UTC)
PAUSE = timedelta(minutes=20)
COUNTDOWN, FLIGHT_S = timedelta(seconds=10), 600
MIGRATION = "0018_rocket_launch_flight.sql"
STATE = """
    INSERT INTO launch_state
    SELECT %s + n * INTERVAL '1 second', 'L', 1, %s, 100, 100, 20, 10, 45, 1, 2, 3
    FROM generate_series(0, %s) AS n
"""
EVENT = "INSERT INTO launch_event VALUES ('L', %s, %s, 0.5, %s, 0, 20)"


def fly(connection: psycopg.Connection, began: datetime, altitude_km: float) -> None:
    """Stores a flight whose altitude stays the same."""
    connection.execute(STATE, (began, altitude_km, FLIGHT_S))
    liftoff = began + COUNTDOWN
    for event, at in (("liftoff", liftoff), ("meco", liftoff + COUNTDOWN)):
        connection.execute(EVENT, (event, at, at + timedelta(seconds=1)))


def chosen(liftoff: datetime) -> View:
    here = {"vehicle": "L", "liftoff": liftoff.isoformat()}
    return View(START, START + timedelta(days=1), here)


def liftoffs(connection: psycopg.Connection) -> list[datetime]:
    query = variables.liftoff().build().query
    assert isinstance(query, str)
    rows = connection.execute(expanded_sql(query, chosen(START)).encode()).fetchall()
    return [datetime.fromisoformat(text) for (text,) in rows]


@pytest.fixture
def flown(empty: psycopg.Connection) -> psycopg.Connection:
    """A database with two flights of a vehicle, twenty minutes apart."""
    for flight in range(2):
        began = START + flight * PAUSE
        empty.execute("INSERT INTO launch_flight VALUES ('L', %s)", (began,))
        fly(empty, began, 1.0 + flight)
    return empty


def test_both_flights_are_offered_by_their_liftoff_the_last_first(
    flown: psycopg.Connection,
):
    first = START + COUNTDOWN
    assert liftoffs(flown) == [first + PAUSE, first]


@pytest.mark.parametrize("flight", [0, 1])
def test_a_flight_shows_nothing_of_the_other(flown: psycopg.Connection, flight: int):
    seen = chosen(START + flight * PAUSE + COUNTDOWN)

    def found(query: str) -> list[tuple[Any, ...]]:
        return flown.execute(expanded_sql(query, seen).encode()).fetchall()

    rows = found(rocket_launch.ALTITUDE)
    assert [row[0] for row in rows] == [n - 10 for n in range(FLIGHT_S + 1)]
    assert {row[1] for row in rows} == {1.0 + flight}
    assert [row[:2] for row in found(rocket_launch.EVENTS)] == [
        (0, "liftoff"),
        (10, "meco"),
    ]
    assert found(rocket_launch.LATEST)[0][1] == 1.0 + flight


def test_a_countdown_after_a_flight_is_not_offered_and_a_first_one_is(
    empty: psycopg.Connection,
):
    empty.execute("INSERT INTO launch_flight VALUES ('L', %s)", (START,))
    assert liftoffs(empty) == [START]
    fly(empty, START, 1.0)
    landed = START + PAUSE
    empty.execute("INSERT INTO launch_flight VALUES ('L', %s)", (landed,))
    assert liftoffs(empty) == [START + COUNTDOWN]


def test_what_flew_before_flights_were_told_is_offered_still(
    database: str, tmp_path: Path
):
    migrations = plain_migrations_in(tmp_path / "plain")
    (migrations / MIGRATION).rename(tmp_path / "later.sql")
    list(migrate(database, migrations))
    with psycopg.connect(database, autocommit=True) as connection:
        for flight in range(2):
            fly(connection, START + flight * PAUSE, 1.0)
        (tmp_path / "later.sql").rename(migrations / MIGRATION)
        list(migrate(database, migrations))
        first = START + COUNTDOWN
        assert liftoffs(connection) == [first + PAUSE, first]
