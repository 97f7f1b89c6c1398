"""Macros expand as Grafana's do; the expected texts are those of its own tests."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.provisioning.grafana.macros import (
    Chosen,
    View,
    as_interval,
    expanded_promql,
    expanded_sql,
)

SINCE = datetime(2018, 4, 12, 18, tzinfo=UTC)
CHOSEN: dict[str, Chosen] = {"one": "it's", "some": ("a", "b'c"), "satellite": "ISS"}
VIEW = View(SINCE, SINCE + timedelta(minutes=5), CHOSEN)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "WHERE $__timeFilter(time_column)",
            "WHERE time_column BETWEEN '2018-04-12T18:00:00+00:00' "
            "AND '2018-04-12T18:05:00+00:00'",
        ),
        ("select $__timeFrom()", "select '2018-04-12T18:00:00+00:00'"),
        ("$__timeTo()::timestamptz", "'2018-04-12T18:05:00+00:00'::timestamptz"),
        (
            "GROUP BY $__timeGroup(time_column , '5m')",
            "GROUP BY floor(extract(epoch from time_column)/300)*300",
        ),
        ("$__interval_ms and $__interval", "200 and 200ms"),
        ("'$one' IN ($some) ${one:raw}", "'it''s' IN ('a','b''c') it''s"),
    ],
)  # fmt: skip
def test_a_macro_or_variable_becomes_sql(sql: str, expected: str):
    assert expanded_sql(sql, VIEW) == expected


def test_groups_can_be_made_by_timescaledb():
    view = View(SINCE, SINCE + timedelta(minutes=5), timescale=True)
    grouped = expanded_sql("$__timeGroup(time_column, 5m)", view)
    assert grouped == "time_bucket('300.000s',time_column)"


@pytest.mark.parametrize(
    "sql", ["$__timeGroupp(a, 1s)", "$unknown", "$__timeGroup(a, b)"]
)
def test_what_grafana_would_leave_alone_is_an_error(sql: str):
    with pytest.raises(ValueError, match=r"macro|interval"):
        expanded_sql(sql, VIEW)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(minutes=5), "200ms"),
        (timedelta(hours=6), "20s"),
        (timedelta(hours=24), "1m"),
        (timedelta(days=30), "30m"),
        (timedelta(days=4000), "1d"),
    ],
)
def test_intervals_are_those_of_a_thousand_points(span: timedelta, expected: str):
    assert as_interval(View(SINCE, SINCE + span).interval_ms) == expected


def test_rates_are_taken_over_four_scrapes_at_least():
    assert expanded_promql("rate(a[$__rate_interval])", VIEW) == "rate(a[60s])"
    month = View(SINCE, SINCE + timedelta(days=30))
    assert expanded_promql("rate(a[$__rate_interval])", month) == "rate(a[1815s])"


def test_a_variable_becomes_promql():
    assert expanded_promql('age{spacecraft="$satellite"}', VIEW) == (
        'age{spacecraft="ISS"}'
    )
