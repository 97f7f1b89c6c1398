"""The overview counts the anomalies of a parameter together, however bad they are."""

from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.rows import dict_row

from provisioning.grafana.sql import mission_overview
from tests.provisioning.grafana.macros import View, expanded_sql

SINCE = datetime(2026, 6, 27, tzinfo=UTC)
SEEN = View(SINCE, SINCE + timedelta(days=1))
PARAMETERS = """
    INSERT INTO parameter (spacecraft, name, system)
    SELECT 'SAT', 'p' || n, 'spacecraft' FROM generate_series(1, 25) AS n
"""
ANOMALY = """
    INSERT INTO anomaly
    SELECT gen_random_uuid(), id, %(at)s, %(at)s, %(severity)s, 1.5, 30, 'limits',
        '{}', 1
    FROM parameter WHERE name = %(name)s
"""


def test_a_parameter_with_anomalies_of_several_severities_stands_in_one_row(
    empty: psycopg.Connection,
):
    empty.execute(PARAMETERS)
    told = [(f"p{n}", 4) for n in range(1, 26)] + [("p7", 2)] * 3 + [("p7", 3)]
    for hour, (name, severity) in enumerate(told):
        at = SINCE + timedelta(minutes=hour)
        empty.execute(ANOMALY, {"at": at, "severity": severity, "name": name})
    query = expanded_sql(mission_overview.BUSIEST, SEEN).encode()
    with empty.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query).fetchall()
    assert len(rows) == len({row["parameter"] for row in rows}) == 20
    first = rows[0]
    assert (first["parameter"], first["anomalies"]) == ("/SAT/p7", 5)
    assert first["severity"] == "CRITICAL"
    assert first["latest"] == SINCE + timedelta(minutes=len(told) - 1)
