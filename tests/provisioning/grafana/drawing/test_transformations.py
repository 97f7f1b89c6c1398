"""Transformations change what is drawn as they do in Grafana."""

from typing import Any

from tests.provisioning.grafana.drawing.transformations import transformed
from tests.provisioning.grafana.results import Rows


def panel(kind: str, **options: Any) -> dict[str, Any]:
    return {
        "fieldConfig": {"defaults": {"unit": "none"}},
        "transformations": [{"id": kind, "options": options}],
    }


def test_a_column_names_the_series_once_rows_are_partitioned_by_it():
    rows = Rows("A", ["time", "parameter", "severity"], [(0, "x", 1), (5, "y", 2)])
    _, [parts] = transformed(panel("partitionByValues", fields=["parameter"]), [rows])
    assert {name: ys for name, (_, ys) in parts.series().items()} == {
        "x": [1], "y": [2],
    }  # fmt: skip


def test_a_query_sets_the_unit_of_the_others():
    values, facts = Rows("A", ["value"], [(28.0,)]), Rows("E", ["unit"], [("V",)])
    made = panel("configFromData", configRefId="E")
    changed, found = transformed(made, [values, facts])
    assert changed["fieldConfig"]["defaults"]["unit"] == "V"
    assert found == [values]


def test_a_query_sets_what_its_mappings_say():
    limits = Rows("E", ["highest", "other"], [(30.0, 5)])
    mappings = [{"fieldName": "highest", "handlerKey": "max"}]
    made = panel("configFromData", configRefId="E", mappings=mappings)
    changed, found = transformed(made, [limits])
    assert changed["fieldConfig"]["defaults"] == {"unit": "none", "max": 30.0}
    assert found == []
