"""Every SQL query of every dashboard finds something in a database that is in use."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import psycopg
import pytest
from psycopg.rows import dict_row

from provisioning.grafana.dashboards import build_all
from tests.provisioning.grafana.filled import TIMES, Filled, view
from tests.provisioning.grafana.macros import View, expanded_sql
from tests.provisioning.grafana.questions import Question, sql_questions

QUESTIONS = sql_questions(build_all())
Rows = Sequence[tuple[object, ...]]
# So long a range that a point is more than a minute.
MONTH = timedelta(days=30)
# Ways to find rows, of which a server takes those that seem the fastest to it.
WAYS = ("enable_hashagg", "enable_hashjoin", "enable_mergejoin", "enable_indexscan")


def rows_of(database: str, question: Question, seen: View) -> Rows:
    with psycopg.connect(database) as connection:
        # Grafana may do no more than read.
        connection.execute("SET ROLE orbitwatch_reader")
        query = expanded_sql(question.text, seen).encode()
        return connection.execute(query).fetchall()


def check_same(found: Rows, expected: Rows) -> None:
    """Fails for other rows, but not for a sum made in another order."""
    assert len(found) == len(expected)
    for row, other in zip(found, expected, strict=True):
        assert all(map(is_same, row, other)), (row, other)


def is_same(value: object, other: object) -> bool:
    if isinstance(value, float) and isinstance(other, float):
        return math.isclose(value, other, rel_tol=1e-12)
    return value == other


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_finds_rows(watched: Filled, question: Question):
    assert rows_of(watched.database, question, view())


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_finds_the_same_rows_without_timescaledb(
    watched: Filled, plain_copy: str, question: Question
):
    seen = view()
    check_same(
        rows_of(plain_copy, question, seen), rows_of(watched.database, question, seen)
    )


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_rows_come_in_one_order_however_the_server_finds_them(
    watched: Filled, question: Question
):
    query = expanded_sql(question.text, view()).encode()
    expected = rows_of(watched.database, question, view())
    for way in WAYS:
        with psycopg.connect(watched.database) as connection:
            connection.execute("SELECT set_config(%s, 'off', false)", (way,))
            check_same(connection.execute(query).fetchall(), expected)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_finds_rows_in_a_range_that_is_long(
    watched: Filled, question: Question
):
    # The newest telemetry stands at its end, as on a screen.
    seen = view()
    assert rows_of(watched.database, question, view(since=seen.until - MONTH))


def test_values_are_the_same_from_samples_and_from_minutes(watched: Filled):
    [question] = [one for one in QUESTIONS if str(one) == "parameter_detail:_Value_A"]
    by_samples = view(points=600)
    by_minutes = view(points=240)
    assert (by_samples.interval_ms, by_minutes.interval_ms) == (30_000, 60_000)
    with psycopg.connect(watched.database) as connection:
        lowest = [
            min(
                row[1]
                for row in connection.execute(
                    expanded_sql(question.text, seen).encode()
                ).fetchall()
                if row[0] >= TIMES.start.timestamp()
            )
            for seen in (by_samples, by_minutes)
        ]
    assert lowest[0] == lowest[1]


def found(database: str, place: str, seen: View) -> list[dict[str, object]]:
    """What a query of a table finds, by the names of its columns."""
    [question] = [one for one in QUESTIONS if str(one) == place]
    with psycopg.connect(database, row_factory=dict_row) as connection:
        query = expanded_sql(question.text, seen).encode()
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    ("missing", "band"),
    [("neither", (27.5, 28.5)), ("lower", (None, None)), ("upper", (None, None))],
)
def test_an_explanation_has_both_ends_of_what_was_expected_or_none(
    watched: Filled, missing: str, band: tuple[float | None, float | None]
):
    """With one end only, as some limits have, it is no band."""
    [question] = [
        one for one in QUESTIONS if str(one) == "parameter_detail:_Explanations_A"
    ]
    query = expanded_sql(question.text, view()).encode()
    with psycopg.connect(watched.database, row_factory=dict_row) as connection:
        connection.execute(
            "UPDATE anomaly SET explanation = explanation - %s", (missing,)
        )
        [row] = connection.execute(query).fetchall()
        connection.rollback()
    assert (row["at least"], row["at most"]) == band


def test_the_lag_of_a_spacecraft_is_the_age_of_its_newest_sample(watched: Filled):
    seen = view()
    rows = found(watched.database, "mission_overview:_Spacecraft_A", seen)
    assert len(rows) > 1
    for row in rows:
        assert isinstance(row["last contact"], datetime)
        age = seen.until - row["last contact"]
        assert row["lag"] == pytest.approx(age.total_seconds())
    earlier = view(until=seen.since, since=seen.since - MONTH)
    rows = found(watched.database, "mission_overview:_Spacecraft_A", earlier)
    assert {row["lag"] for row in rows} == {0}


def test_a_spacecraft_that_was_never_heard_has_no_lag(plain_copy: str):
    [question] = [
        one for one in QUESTIONS if str(one) == "mission_overview:_Spacecraft_A"
    ]
    query = expanded_sql(question.text, view()).encode()
    with psycopg.connect(plain_copy, row_factory=dict_row) as connection:
        connection.execute(
            "INSERT INTO parameter (spacecraft, subsystem, name, unit, system)"
            " VALUES ('SILENT', 'power', 'volts', 'V', 'spacecraft')"
        )
        rows = connection.execute(query).fetchall()
        connection.rollback()
    assert {row["lag"] for row in rows if row["spacecraft"] == "SILENT"} == {None}


def test_there_is_a_bar_for_each_point_also_where_no_anomaly_began(watched: Filled):
    seen = view(points=60)
    rows = found(watched.database, "anomalies:_Begun,_by_severity_A", seen)
    times = sorted({float(str(row["time"])) for row in rows})
    steps = {later - earlier for earlier, later in pairwise(times)}
    assert steps == {seen.interval_ms / 1000}
    assert len(times) > 50
    severities = {row["metric"] for row in rows}
    assert len(severities) > 1
    assert len(rows) == len(times) * len(severities)
    assert {row["anomalies"] for row in rows} >= {0, 1}
