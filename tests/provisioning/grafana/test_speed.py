"""Every SQL query answers at once with ten million samples of thirty days."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from connectors.migrate import migrate
from provisioning.grafana.dashboards import build_all
from tests.provisioning.grafana.macros import Chosen, View, expanded_sql
from tests.provisioning.grafana.questions import Question, sql_questions
from tests.services.postgres import fresh_database, offers_timescale

pytestmark = [pytest.mark.slow, pytest.mark.timescale, pytest.mark.timeout(900)]

QUESTIONS = sql_questions(build_all())
UNTIL = datetime(2026, 6, 30, tzinfo=UTC)
DAYS = 30
PARAMETERS, SAMPLES_EACH = 40, 250_000
SIZE = {
    "until": UNTIL,
    "days": DAYS,
    "parameters": PARAMETERS,
    "samples_each": SAMPLES_EACH,
}
LONGEST_S = 0.2
REPEATS = 5
CHOSEN: Mapping[str, Chosen] = {
    "spacecraft": "SAT-1",
    "some_spacecraft": ("SAT-0", "SAT-1"),
    "parameter": "/SAT-1/power/p7",
    "unit": "V",
    "severity": ("WATCH", "WARNING", "DISTRESS", "CRITICAL", "SEVERE"),
    "detector": ("limits", "record_envelope"),
    "vehicle": "SAT-1",
    "liftoff": (UNTIL - timedelta(hours=1)).isoformat(),
    "satellite": "ISS",
}
FILL = (
    """
    INSERT INTO parameter (spacecraft, subsystem, name, unit, system)
    SELECT 'SAT-' || mod(n, 2), 'power', 'p' || n, 'V', 'spacecraft'
    FROM generate_series(0, %(parameters)s - 1) AS n
    """,
    """
    INSERT INTO sample (generation_time, value, anomaly_score, parameter_id, severity)
    SELECT %(until)s - (n + 0.5) * INTERVAL '1 day' * %(days)s / %(samples_each)s,
        sin(n / 90.0) + id, 0.3, id, (mod(n, 5000) = 0)::int
    FROM generate_series(0, %(samples_each)s - 1) AS n, parameter
    """,
    """
    INSERT INTO anomaly
    SELECT gen_random_uuid(), 1 + mod(n, %(parameters)s),
        %(until)s - n * INTERVAL '10 minutes',
        CASE WHEN n > 20 THEN %(until)s - (n - 0.5) * INTERVAL '10 minutes' END,
        1 + mod(n, 5), 1.5, 30, (ARRAY['limits', 'record_envelope'])[1 + mod(n, 2)],
        '{"text": "far off", "lower": 1, "upper": 2, "observed": 3, "expected": 1.5,
           "contributions": {"limits": 1.5, "record_envelope": 0.4}}', 1
    FROM generate_series(0, 4000) AS n
    """,
    """
    INSERT INTO expected_range
    SELECT id, %(until)s - n * INTERVAL '10 minutes', id - 1.5, id + 1.5
    FROM generate_series(0, %(days)s * 144 - 1) AS n, parameter
    """,
    """
    INSERT INTO orbit_state
    SELECT %(until)s - n * INTERVAL '5 seconds', 50 * sin(n / 900.0),
        mod(n, 360) - 180, 420, 7.2, 'ISS', 'ASCENDING', 'N', 'E', '{"Paris": 7152.78}'
    FROM generate_series(0, %(days)s * 17280 - 1) AS n
    """,
    """
    INSERT INTO orbit_minute
    SELECT %(until)s - n * INTERVAL '1 minute', 12, 0, 0, 12, 7.2, 7.1, 7.3, 0.01, 'ISS'
    FROM generate_series(0, %(days)s * 1440 - 1) AS n
    """,
    """
    INSERT INTO orbit_prediction
    SELECT minute, minute + INTERVAL '10 minutes', 0, 0, 420, 1.5, 'ISS', 'elements'
    FROM orbit_minute
    """,
    """
    INSERT INTO satellite_pass
    SELECT %(until)s - (n - 20) * INTERVAL '90 minutes', 'ISS', 'Redu', 1,
        CASE WHEN n > 20 THEN 'OVER' ELSE 'PREDICTED' END
    FROM generate_series(0, 480) AS n
    """,
    """
    INSERT INTO launch_state
    SELECT %(until)s - INTERVAL '1 hour' + n * INTERVAL '1 second', 'SAT-1', 1,
        n / 10.0, n * 10, 100, 20, 10, 45, 1, 2, 3
    FROM generate_series(-60, 1800) AS n
    """,
    """
    INSERT INTO launch_prediction
    SELECT generation_time, spacecraft, ahead, 1, 0, 2, 1, 0, 2
    FROM launch_state, unnest('{10,30,60}'::float8[]) AS ahead
    """,
    """
    INSERT INTO launch_prediction_score
    SELECT made_at, spacecraft, horizon_s, 1, 1, 1, true, true, true, false
    FROM launch_prediction
    """,
    """
    INSERT INTO launch_event VALUES (
        'SAT-1', 'liftoff', %(until)s - INTERVAL '1 hour', 1, %(until)s, 0, 0
    )
    """,
    "CALL refresh_continuous_aggregate('sample_minute', NULL, NULL)",
    "ANALYZE",
)


@pytest.fixture(scope="module")
def month(database_server: str) -> Iterator[psycopg.Connection]:
    """A database with all of this in it."""
    if not offers_timescale(database_server):
        pytest.skip("the PostgreSQL server does not offer the extension TimescaleDB")
    with fresh_database(database_server) as database:
        list(migrate(database))
        with psycopg.connect(database, autocommit=True) as connection:
            for statement in FILL:
                connection.execute(statement.encode(), SIZE)
            yield connection


def seconds(connection: psycopg.Connection, query: bytes) -> float:
    started_s = time.perf_counter()
    connection.execute(query).fetchall()
    return time.perf_counter() - started_s


@pytest.mark.parametrize("span", [timedelta(days=DAYS), timedelta(hours=6)], ids=str)
@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_answers_at_once(
    month: psycopg.Connection, question: Question, span: timedelta
):
    query = expanded_sql(question.text, View(UNTIL - span, UNTIL, CHOSEN)).encode()
    fastest_s = min(seconds(month, query) for _ in range(REPEATS))
    assert fastest_s < LONGEST_S


def scans(plan: Any) -> Iterator[tuple[str, str]]:
    """How a plan reads which tables."""
    if "Relation Name" in plan:
        yield plan["Node Type"], plan["Relation Name"]
    for part in plan.get("Plans", []):
        yield from scans(part)


@pytest.mark.parametrize("span", [timedelta(days=DAYS), timedelta(hours=6)], ids=str)
@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_no_query_reads_all_samples(
    month: psycopg.Connection, question: Question, span: timedelta
):
    query = expanded_sql(question.text, View(UNTIL - span, UNTIL, CHOSEN))
    found = month.execute(b"EXPLAIN (FORMAT JSON) " + query.encode()).fetchone()
    assert found is not None
    chunks = month.execute("SELECT show_chunks('sample')::regclass::text").fetchall()
    names = {name.rpartition(".")[2] for (name,) in chunks}
    plan = found[0] if isinstance(found[0], list) else json.loads(found[0])
    read_whole = [
        table
        for kind, table in scans(plan[0]["Plan"])
        if kind == "Seq Scan" and table in names
    ]
    assert read_whole == []
