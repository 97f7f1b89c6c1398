"""Answers to queries as the data frames that Grafana's server sends to the browser.

After Grafana 11.6: `processFrame` of the PostgreSQL data source's sqleng, `LongToWide`
of its plugin SDK, and the Prometheus data source's frames, one for each series.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import postgres

from tests.provisioning.grafana.filled import Filled
from tests.provisioning.grafana.macros import View, expanded_promql, expanded_sql
from tests.provisioning.grafana.prometheus import Prometheus
from tests.provisioning.grafana.questions import Json

KINDS = {
    **dict.fromkeys(("float8", "float4", "numeric", "int2", "int4", "int8"), "number"),
    **dict.fromkeys(("timestamptz", "timestamp", "date"), "time"),
    **dict.fromkeys(("text", "varchar", "name", "bpchar"), "string"),
    "bool": "boolean",
}
# Numbers under these names are seconds since 1970.
TIMES = {"time", "timeend", "time_end"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column; times are milliseconds since 1970."""

    name: str
    type: str
    values: Sequence[Any]
    labels: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frame:
    """The answer to a query, or one series of it."""

    refId: str
    fields: Sequence[Field]
    name: str | None = None


def frames_of(
    panel: Json,
    view: View,
    connection: psycopg.Connection,
    watched: Filled,
) -> list[Frame]:
    """What each query of a panel answers; without a Prometheus, only those in SQL."""
    found: list[Frame] = []
    for target in panel["targets"]:
        if "rawSql" in target:
            found.append(_rows(target, view, connection))
        elif watched.prometheus is not None:
            found += _series(target, view, watched.prometheus, watched.seen_s)
    return found


def _rows(target: Json, view: View, connection: psycopg.Connection) -> Frame:
    cursor = connection.execute(expanded_sql(target["rawSql"], view).encode())
    rows = cursor.fetchall()
    columns = cursor.description or ()
    fields = [
        _column(column.name, column.type_code, [row[place] for row in rows])
        for place, column in enumerate(columns)
    ]
    if target["format"] == "time_series":
        fields = _wide(fields)
    return Frame(target["refId"], fields if rows else [])


def _column(name: str, oid: int, values: Sequence[Any]) -> Field:
    kind = KINDS[postgres.types[oid].name]
    if name in TIMES and kind == "number":
        values = [None if one is None else float(one) * 1000 for one in values]
        kind = "time"
    return Field(name=name, type=kind, values=[_plain(value) for value in values])


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    return float(value) if isinstance(value, Decimal) else value


def _wide(fields: Sequence[Field]) -> list[Field]:
    """Time series: a field for each number, and for each text that names a series."""
    [time] = [field for field in fields if field.name == "time"]
    texts = [field for field in fields if field.type == "string"]
    numbers = [field for field in fields if field.type == "number"]
    if not texts:
        return [replace(time, name="Time"), *numbers]
    moments = list(dict.fromkeys(time.values))
    assert moments == sorted(moments), "rows must be in the order of their time"
    places = {moment: place for place, moment in enumerate(moments)}
    series: dict[tuple[str, ...], list[Any]] = {}
    for row, moment in enumerate(time.values):
        labels = tuple(text.values[row] for text in texts)
        for number in numbers:
            values = series.setdefault((number.name, *labels), [None] * len(moments))
            values[places[moment]] = number.values[row]
    named = [_named(key, texts, values) for key, values in sorted(series.items())]
    if len(fields) == 3 and texts[0].name == "metric":
        named = [replace(one, name=one.labels["metric"], labels={}) for one in named]
    return [replace(time, name="Time", values=moments), *named]


def _named(key: Sequence[str], texts: Sequence[Field], values: Sequence[Any]) -> Field:
    name, *labels = key
    named = {text.name: label for text, label in zip(texts, labels, strict=True)}
    return Field(name=name, type="number", values=values, labels=named)


def _series(
    target: Json, view: View, prometheus: Prometheus, seen_s: float
) -> Iterator[Frame]:
    now = datetime.fromtimestamp(seen_s, UTC)
    seen = replace(view, since=now, until=now)
    expression = expanded_promql(target["expr"], seen, scrape_s=1)
    for one in prometheus.history(expression, seen_s):
        times = [float(at_s) * 1000 for at_s, _ in one["values"]]
        values = [None if text == "NaN" else float(text) for _, text in one["values"]]
        name = legend(target, one["metric"])
        yield Frame(
            target["refId"],
            [
                Field(name="Time", type="time", values=times),
                Field(
                    name="Value",
                    type="number",
                    values=values,
                    labels=one["metric"],
                    config={"displayNameFromDS": name},
                ),
            ],
            name,
        )


def legend(target: Json, labels: Json) -> str:
    """What a series of Prometheus is called."""
    text = str(target.get("legendFormat", ""))
    for name, value in labels.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text or "{" + ", ".join(f'{k}="{v}"' for k, v in labels.items()) + "}"
