"""What is chosen at the top of a dashboard, under the same names everywhere."""

from __future__ import annotations

from typing import TypeAlias

from grafana_foundation_sdk.builders.dashboard import DatasourceVariable, QueryVariable
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    VariableHide,
    VariableModel,
    VariableOption,
    VariableRefresh,
)

from provisioning.grafana.queries import DATABASE, POSTGRES

Variable: TypeAlias = Builder[VariableModel]

EVERYTHING = VariableOption(text="All", value="$__all")


def database() -> Variable:
    """The data source of SQL."""
    return DatasourceVariable("database").label("Database").type(POSTGRES)


def metrics() -> Variable:
    """The data source of PromQL."""
    return DatasourceVariable("metrics").label("Metrics").type("prometheus")


def spacecraft() -> Variable:
    """One spacecraft."""
    return _one(
        "spacecraft",
        "Spacecraft",
        "SELECT DISTINCT spacecraft FROM parameter ORDER BY spacecraft",
    )


def some_spacecraft() -> Variable:
    """Any number of spacecraft."""
    return _some(
        "some_spacecraft",
        "Spacecraft",
        "SELECT DISTINCT spacecraft FROM parameter ORDER BY spacecraft",
    )


def parameter() -> Variable:
    """One parameter of `spacecraft`, by its qualified name."""
    return _one(
        "parameter",
        "Parameter",
        "SELECT qualified_name FROM parameter WHERE spacecraft = '$spacecraft' "
        "ORDER BY qualified_name",
    )


def unit() -> Variable:
    """The unit of `parameter`, which nobody chooses."""
    found = _one(
        "unit",
        "Unit",
        "SELECT unit FROM parameter WHERE qualified_name = '$parameter'",
    )
    return found.hide(VariableHide.HIDE_VARIABLE)


def severity() -> Variable:
    """Any number of severities."""
    return _some(
        "severity",
        "Severity",
        "SELECT name FROM severity WHERE level > 0 ORDER BY level",
    )


def detector() -> Variable:
    """Any number of the detectors that found something."""
    return _some(
        "detector", "Detector", "SELECT DISTINCT detector FROM anomaly ORDER BY 1"
    )


def vehicle() -> Variable:
    """One launcher."""
    return _one(
        "vehicle",
        "Vehicle",
        "SELECT DISTINCT spacecraft FROM launch_state ORDER BY spacecraft",
    )


def liftoff() -> Variable:
    """One flight of `vehicle`: its liftoff, or else when it began.

    What nothing has happened in is no flight yet, unless there is no other.
    """
    return _one(
        "liftoff",
        "Liftoff",
        "SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        " FROM (SELECT greatest(began_at,"
        " min(happened_at) FILTER (WHERE event = 'liftoff')) AS moment"
        " FROM (SELECT *, lead(began_at, 1, 'infinity') OVER (ORDER BY began_at)"
        " AS next_began_at FROM launch_flight WHERE spacecraft = '$vehicle') AS flight"
        " JOIN launch_event USING (spacecraft)"
        " WHERE detected_at >= began_at AND detected_at < next_began_at"
        " GROUP BY began_at"
        " UNION ALL SELECT max(began_at) FROM launch_flight"
        " WHERE spacecraft = '$vehicle' AND NOT EXISTS (SELECT FROM launch_event"
        " WHERE spacecraft = '$vehicle')) AS flights"
        " WHERE moment IS NOT NULL ORDER BY moment DESC",
    )


def satellite() -> Variable:
    """One satellite whose orbit is tracked."""
    return _one(
        "satellite",
        "Satellite",
        "SELECT DISTINCT spacecraft FROM orbit_minute ORDER BY spacecraft",
    )


def _one(name: str, label: str, sql: str) -> QueryVariable:
    variable = QueryVariable(name).label(label).query(sql).datasource(DATABASE)
    return variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def _some(name: str, label: str, sql: str) -> QueryVariable:
    variable = _one(name, label, sql).multi(True).include_all(True)
    return variable.current(EVERYTHING)
