"""The dashboards of a new installation, where there is nothing to choose from yet."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from provisioning.grafana.dashboards import build_all
from tests.provisioning.grafana.macros import Chosen, View, expanded_sql
from tests.provisioning.grafana.questions import sql_questions

UNTIL = datetime(2026, 6, 30, tzinfo=UTC)
ONE = ("spacecraft", "parameter", "unit", "vehicle", "liftoff", "satellite")
# Grafana makes an empty text of a variable without a choice, and no value of "All".
CHOSEN: Mapping[str, Chosen] = {
    **dict.fromkeys(ONE, ""),
    "some_spacecraft": (),
    "detector": (),
}
SEVERITIES = ("WATCH", "WARNING", "DISTRESS", "CRITICAL", "SEVERE")
SEEN = View(UNTIL, UNTIL, {**CHOSEN, "severity": SEVERITIES})


@pytest.mark.parametrize("span", [timedelta(minutes=5), timedelta(days=30)], ids=str)
def test_a_panel_has_nothing_to_show_and_no_error(
    empty: psycopg.Connection, span: timedelta
):
    seen = replace(SEEN, since=UNTIL - span)
    errors = {}
    for question in sql_questions(build_all()):
        try:
            rows = empty.execute(expanded_sql(question.text, seen).encode()).fetchall()
        except psycopg.Error as error:
            errors[str(question)] = str(error)
        else:
            assert not rows or "severity" in str(question), question
    assert errors == {}
