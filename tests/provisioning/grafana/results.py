"""What the panels' queries find, in the forms in which Grafana draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from tests.provisioning.grafana.macros import View, expanded_promql, expanded_sql
from tests.provisioning.grafana.prometheus import Prometheus
from tests.provisioning.grafana.questions import Json

# Rates are taken over four times that, in which a packet comes of every system.
SCRAPE_S = 5


@dataclass(frozen=True, slots=True)
class Rows:
    """The answer to a query: names of columns, and rows."""

    reference: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def column(self, name: str) -> list[Any]:
        """One column."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def series(self, over: str = "time") -> dict[str, tuple[list[Any], list[Any]]]:
        """Values over a column; a text column `metric` names the series."""
        found: dict[str, tuple[list[Any], list[Any]]] = {}
        values = [one for one in self.columns if one not in {over, "metric"}]
        for row in self.rows:
            given = dict(zip(self.columns, row, strict=True))
            for name in values:
                series = str(given.get("metric", name))
                xs, ys = found.setdefault(series, ([], []))
                xs.append(as_moment(given[over]) if over == "time" else given[over])
                ys.append(given[name])
        return found


def as_moment(time: Any) -> datetime:
    """A time, which $__timeGroup gives in seconds since 1970."""
    if isinstance(time, datetime):
        return time
    return datetime.fromtimestamp(float(time), UTC)


def answers(
    panel: Json,
    view: View,
    connection: psycopg.Connection,
    prometheus: Prometheus | None,
) -> list[Rows]:
    """What each query of a panel finds."""
    found = []
    for target in panel["targets"]:
        if "rawSql" in target:
            cursor = connection.execute(expanded_sql(target["rawSql"], view).encode())
            columns = [column.name for column in cursor.description or ()]
            found.append(Rows(target["refId"], columns, cursor.fetchall()))
        elif prometheus is not None:
            found.append(_figures(target, prometheus, view))
    return found


def _figures(target: Json, prometheus: Prometheus, view: View) -> Rows:
    expression = expanded_promql(target["expr"], view, SCRAPE_S)
    until_s = view.until.timestamp()
    length_s = until_s - view.since.timestamp()
    rows = [
        (float(at_s), _legend(target, one["metric"]), float(value))
        for one in prometheus.history(expression, until_s, length_s)
        for at_s, value in one["values"]
        if value != "NaN"
    ]
    return Rows(target["refId"], ["time", "metric", "value"], rows)


def _legend(target: Json, labels: Json) -> str:
    legend = str(target.get("legendFormat", ""))
    for name, value in labels.items():
        legend = legend.replace(f"{{{{{name}}}}}", value)
    return legend or "value"
