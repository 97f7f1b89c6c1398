"""The dashboard of a satellite, with more stored than it shows."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from connectors.migrate import migrate
from provisioning.grafana.sql import iss_tracking
from tests.provisioning.grafana.macros import View, expanded_sql

UNTIL = datetime(2026, 6, 30, tzinfo=UTC)
HOUR = View(UNTIL - timedelta(hours=1), UNTIL, {"satellite": "ISS"})
DAYS = 30
STATES = """
    INSERT INTO orbit_state
    SELECT %s - n * INTERVAL '10 minutes', 50, 10, 420, 7.2, 'ISS', 'ASCENDING',
        'N', 'E', '{"Paris": 7152.78}'
    FROM generate_series(1, %s * 144) AS n
"""


@pytest.fixture
def month(timescale_database: str) -> Iterator[psycopg.Connection]:
    """A database with a chunk for each of thirty days."""
    list(migrate(timescale_database))
    with psycopg.connect(timescale_database, autocommit=True) as connection:
        connection.execute(STATES, (UNTIL, DAYS))
        yield connection


@pytest.mark.parametrize("query", [iss_tracking.STATES, iss_tracking.DISTANCES])
def test_what_is_looked_up_for_each_point_passes_over_days_that_are_not_shown(
    month: psycopg.Connection, query: str
):
    asked = expanded_sql(query, HOUR)
    assert len(month.execute(asked.encode()).fetchall()) == 6
    plan = month.execute(b"EXPLAIN (FORMAT JSON) " + asked.encode()).fetchone()
    chunks = month.execute("SELECT show_chunks('orbit_state')::text").fetchall()
    named = [name for (name,) in chunks if name.split(".")[-1] in json.dumps(plan)]
    assert len(chunks) >= DAYS
    assert len(named) <= 2
