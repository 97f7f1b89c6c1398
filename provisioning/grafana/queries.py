"""What panels ask: SQL of the database, PromQL of Prometheus.

Data sources are dashboard variables, so a dashboard works wherever it is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from textwrap import dedent
from typing import Literal, Self, TypeAlias

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import prometheus
from grafana_foundation_sdk.models.dashboard import AnnotationTarget, DataSourceRef
from typing_extensions import override

POSTGRES = "grafana-postgresql-datasource"
DATABASE = DataSourceRef(type_val=POSTGRES, uid="${database}")
METRICS = DataSourceRef(type_val="prometheus", uid="${metrics}")

# Grafana makes these names of queries by itself; they are needed for overrides.
REFERENCES = "ABCDEFGHIJ"

# An anomaly that was there at any time in the range that is shown.
IN_RANGE = """started_at <= $__timeTo()::timestamptz
    AND coalesce(ended_at, 'infinity') >= $__timeFrom()::timestamptz"""

Format: TypeAlias = Literal["time_series", "table"]


@dataclass(frozen=True, slots=True)
class SqlQuery(Dataquery, Builder[Dataquery]):
    """SQL for Grafana's PostgreSQL data source, for which the SDK has no type.

    With the format `time_series` the column `time` is the time, text columns name the
    series and numbers are their values.
    """

    sql: str
    format: Format = "table"
    reference: str = "A"

    @override
    def build(self) -> Self:
        return self

    def named(self, reference: str) -> Self:
        """The same under the name that it has in its panel."""
        return replace(self, reference=reference)

    def to_json(self) -> dict[str, object]:
        """As Grafana stores it."""
        return {
            "refId": self.reference,
            "datasource": DATABASE,
            "editorMode": "code",
            "format": self.format,
            "rawQuery": True,
            "rawSql": self.sql,
        }


@dataclass(frozen=True, slots=True)
class MetricQuery(Builder[Dataquery]):
    """PromQL; `legend` names a series from its labels, as {{label}}.

    `heatmap` takes buckets apart.
    """

    expression: str
    legend: str = ""
    heatmap: bool = False
    reference: str = "A"

    @override
    def build(self) -> Dataquery:
        kind = prometheus.PromQueryFormat
        return prometheus.Dataquery(
            expr=self.expression,
            datasource=METRICS,
            editor_mode=prometheus.QueryEditorMode.CODE,
            format_val=kind.HEATMAP if self.heatmap else kind.TIME_SERIES,
            instant=False,
            range_val=True,
            legend_format=self.legend or None,
            ref_id=self.reference,
        )

    def named(self, reference: str) -> Self:
        """The same under the name that it has in its panel."""
        return replace(self, reference=reference)


Query: TypeAlias = SqlQuery | MetricQuery


class SqlAnnotation(AnnotationTarget):
    """SQL whose columns `time`, `timeend`, `text` and `tags` make annotations."""

    def __init__(self, sql: str) -> None:
        super().__init__()
        self._query = SqlQuery(sql, reference="Anno")

    @override
    def to_json(self) -> dict[str, object]:
        return self._query.to_json()


def series(sql: str) -> SqlQuery:
    """A query for time series."""
    return SqlQuery(_tidy(sql), "time_series")


def table_of(sql: str) -> SqlQuery:
    """A query for rows."""
    return SqlQuery(_tidy(sql))


def marks_of(sql: str) -> SqlAnnotation:
    """A query for annotations."""
    return SqlAnnotation(_tidy(sql))


def by_range(samples: str, minutes: str) -> str:
    """One of two queries: samples while a point is less than a minute, else minutes.

    Both end in a WHERE clause and group by their first column. PostgreSQL sees before
    it starts that one of them has no rows, and does not run it.
    """
    return (
        f"{_tidy(samples)}\n    AND $__interval_ms < 60000\nGROUP BY 1\nUNION ALL\n"
        f"{_tidy(minutes)}\n    AND $__interval_ms >= 60000\nGROUP BY 1\nORDER BY 1"
    )


def rounded(number: str, digits: int) -> str:
    """A number in so many digits; nine are what single precision tells apart."""
    return f"to_char({number}, '9.{'9' * (digits - 1)}EEEE')::float8"


def _tidy(sql: str) -> str:
    return dedent(sql).strip()
