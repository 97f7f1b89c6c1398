"""A mean over several minutes is that of their samples."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from provisioning.grafana.sql import parameter_detail
from tests.provisioning.grafana.macros import View, expanded_sql

SINCE = datetime(2026, 6, 27, tzinfo=UTC)
SEEN = View(
    SINCE, SINCE + timedelta(minutes=50), {"parameter": "/SAT/volts"}, points=10
)
BURST = """
    INSERT INTO sample (generation_time, value, parameter_id, severity)
    SELECT %s + n * INTERVAL '1 second', 10, id, 0
    FROM parameter, generate_series(0, 56) AS n
"""
SINGLE = """
    INSERT INTO sample (generation_time, value, parameter_id, severity)
    SELECT %s + n * INTERVAL '1 minute', nullif(n, 4) * 0, id, 0
    FROM parameter, generate_series(1, 4) AS n
"""


def test_minutes_with_many_samples_count_for_more_than_others(
    empty: psycopg.Connection,
):
    empty.execute(
        "INSERT INTO parameter (spacecraft, name, system) VALUES ('SAT', 'volts', 'x')"
    )
    empty.execute(BURST, (SINCE,))
    empty.execute(SINGLE, (SINCE,))
    assert SEEN.interval_ms == 300_000
    with empty.cursor(row_factory=dict_row) as cursor:
        query = expanded_sql(parameter_detail.VALUES, SEEN).encode()
        [point] = cursor.execute(query).fetchall()
    assert point["mean"] == pytest.approx(570 / 60)
    assert (point["lowest"], point["highest"]) == (0, 10)


@pytest.mark.parametrize("minutes", [5, 50_000])
def test_a_value_that_overflows_leaves_the_means_of_other_times(
    empty: psycopg.Connection, minutes: int
):
    """By samples, and by minutes."""
    seen = View(
        SINCE,
        SINCE + timedelta(minutes=minutes),
        {"parameter": "/SAT/volts"},
        points=10,
    )
    empty.execute(
        "INSERT INTO parameter (spacecraft, name, system) VALUES ('SAT', 'volts', 'x')"
    )
    insert = (
        "INSERT INTO sample (generation_time, value, parameter_id, severity)"
        " SELECT %s, %s, id, 0 FROM parameter"
    )
    later = timedelta(minutes=minutes * 0.8)
    for at, value in ((0, 1.7e308), (1, 1.7e308), (2, -1e200)):
        empty.execute(insert, (SINCE + timedelta(seconds=at), value))
    empty.execute(insert, (SINCE + later, 3.0))
    with empty.cursor(row_factory=dict_row) as cursor:
        query = expanded_sql(parameter_detail.VALUES, seen).encode()
        points = [row for row in cursor.execute(query).fetchall() if row["highest"]]
    assert [(row["mean"], row["highest"]) for row in points] == [
        (None, 1.7e308),
        (3.0, 3.0),
    ]
