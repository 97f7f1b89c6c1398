"""Grafana's macros and variables in SQL and PromQL, put in as Grafana does.

After Grafana 11.6: pkg/tsdb/grafana-postgresql-datasource/macros.go, the `Interpolate`
of its sqleng, and `interpolateVariable` of the SQL data sources in the browser. An
unknown macro or variable is an error here, where Grafana would leave it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MACRO = re.compile(r"\$(__\w+)\(([^)]*)\)")
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")
INTERVAL = re.compile(r"(\d+)(ms|s|m|h|d)")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}

Chosen = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What is on the screen: a range of time in so many points, and what was chosen.

    A variable that takes several values has a tuple; others stand in the query without
    quotes, as in Grafana.
    """

    since: datetime
    until: datetime
    variables: Mapping[str, Chosen] = field(default_factory=dict)
    points: int = 1000
    timescale: bool = False

    @property
    def interval_ms(self) -> int:
        """How much time a point stands for, rounded to what Grafana offers."""
        exact_ms = (self.until - self.since) / timedelta(milliseconds=1) / self.points
        return next((low for low, up in STEPS_MS if exact_ms < up), DAY_MS)


# From Grafana's roundInterval: up to where an interval is rounded down to which.
DAY_MS = 86_400_000
STEPS_MS = [
    (1, 10), (10, 15), (20, 35), (50, 75), (100, 150), (200, 350), (500, 750),
    (1000, 1500), (2000, 3500), (5000, 7500), (10_000, 12_500), (15_000, 17_500),
    (20_000, 25_000), (30_000, 45_000), (60_000, 90_000), (120_000, 210_000),
    (300_000, 450_000), (600_000, 750_000), (900_000, 1_050_000),
    (1_200_000, 1_500_000), (1_800_000, 2_700_000), (3_600_000, 5_400_000),
    (7_200_000, 9_000_000), (10_800_000, 16_200_000), (21_600_000, 32_400_000),
    (43_200_000, 64_800_000),
]  # fmt: skip


def expanded_sql(sql: str, view: View) -> str:
    """The SQL that reaches the database."""
    sql = sql.replace("$__interval_ms", str(view.interval_ms))
    sql = sql.replace("$__interval", as_interval(view.interval_ms))
    sql = MACRO.sub(lambda found: _macro(found[1], found[2], view), sql)
    return VARIABLE.sub(lambda found: _chosen(found[1] or found[2], view), sql)


def expanded_promql(expression: str, view: View, scrape_s: int = 15) -> str:
    """The PromQL that reaches Prometheus, which is scraped every `scrape_s`."""
    interval_s = max(view.interval_ms // 1000, 1)
    rate_s = max(interval_s + scrape_s, 4 * scrape_s)
    expression = expression.replace("$__rate_interval", f"{rate_s}s")
    return VARIABLE.sub(lambda found: _chosen(found[1] or found[2], view), expression)


def as_interval(interval_ms: int) -> str:
    """An interval as Grafana writes it, `30s`."""
    for unit in ("d", "h", "m", "s"):
        whole, rest = divmod(interval_ms, round(SECONDS[unit] * 1000))
        if whole and not rest:
            return f"{whole}{unit}"
    return f"{interval_ms}ms"


def _macro(name: str, arguments: str, view: View) -> str:
    first, *others = (argument.strip() for argument in arguments.split(","))
    since, until = (f"'{moment.isoformat()}'" for moment in (view.since, view.until))
    match name:
        case "__timeFilter":
            return f"{first} BETWEEN {since} AND {until}"
        case "__timeFrom":
            return since
        case "__timeTo":
            return until
        case "__timeGroup":
            return _group(first, others[0].strip("'"), view)
    raise ValueError(f"${name} is no macro that is known here")


def _group(column: str, interval: str, view: View) -> str:
    found = INTERVAL.fullmatch(interval)
    if found is None:
        raise ValueError(f"{interval!r} is no interval")
    seconds = int(found[1]) * SECONDS[found[2]]
    if view.timescale:
        return f"time_bucket('{seconds:.3f}s',{column})"
    return f"floor(extract(epoch from {column})/{seconds:g})*{seconds:g}"


def _chosen(name: str, view: View) -> str:
    if name not in view.variables:
        raise ValueError(f"${name} is neither a variable nor a macro")
    chosen = view.variables[name]
    if isinstance(chosen, tuple):
        return ",".join(f"'{_quoted(one)}'" for one in chosen)
    return _quoted(chosen)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
