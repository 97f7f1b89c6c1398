"""The transformations that panels of ours use, done as Grafana does them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tests.provisioning.grafana.questions import Json
from tests.provisioning.grafana.results import Rows

Answer = tuple[Json, Sequence[Rows]]
# Columns that set something of that name unless a mapping says otherwise.
SETTINGS = ("unit", "min", "max", "decimals", "displayName")


def transformed(panel: Json, found: Sequence[Rows]) -> Answer:
    """A panel and what its queries found, after the panel's transformations."""
    for transformation in panel.get("transformations", []):
        change = KINDS[transformation["id"]]
        panel, found = change(transformation["options"], panel, found)
    return panel, found


def _partition_by_values(options: Json, panel: Json, found: Sequence[Rows]) -> Answer:
    """Has a column name the series, which are drawn one by one as it is."""
    [by] = options["fields"]
    parts = [
        replace(rows, columns=["metric" if one == by else one for one in rows.columns])
        for rows in found
    ]
    return panel, parts


def _config_from_data(options: Json, panel: Json, found: Sequence[Rows]) -> Answer:
    """Takes settings of all fields from the last row of a query."""
    reference = options["configRefId"]
    named = {
        one["fieldName"]: one.get("handlerKey") for one in options.get("mappings", [])
    }
    defaults = dict(panel["fieldConfig"]["defaults"])
    for rows in found:
        if rows.reference == reference and rows.rows:
            for name, value in zip(rows.columns, rows.rows[-1], strict=True):
                setting = named.get(name, name if name in SETTINGS else None)
                if setting is not None and value is not None:
                    defaults[setting] = value
    changed = {**panel, "fieldConfig": {**panel["fieldConfig"], "defaults": defaults}}
    return changed, [rows for rows in found if rows.reference != reference]


KINDS: Mapping[str, Callable[[Json, Json, Sequence[Rows]], Answer]] = {
    "partitionByValues": _partition_by_values,
    "configFromData": _config_from_data,
}
