"""Every SQL query of every dashboard finds something in a database that is in use."""

from collections.abc import Sequence
from datetime import timedelta

import psycopg
import pytest

from provisioning.grafana.dashboards import build_all
from tests.provisioning.grafana.filled import TIMES, Filled, view
from tests.provisioning.grafana.macros import View, expanded_sql
from tests.provisioning.grafana.questions import Question, sql_questions

QUESTIONS = sql_questions(build_all())
# So long a range that a point is more than a minute.
MONTH = timedelta(days=30)


def rows_of(
    database: str, question: Question, seen: View
) -> Sequence[tuple[object, ...]]:
    with psycopg.connect(database) as connection:
        # Grafana may do no more than read.
        connection.execute("SET ROLE orbitwatch_reader")
        query = expanded_sql(question.text, seen).encode()
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_finds_rows(watched: Filled, question: Question):
    assert rows_of(watched.database, question, view())


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_finds_the_same_rows_without_timescaledb(
    watched: Filled, plain_copy: str, question: Question
):
    seen = view()
    assert rows_of(plain_copy, question, seen) == rows_of(
        watched.database, question, seen
    )


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
