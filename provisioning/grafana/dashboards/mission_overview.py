"""All spacecraft at a glance: where operators start."""

from __future__ import annotations

from grafana_foundation_sdk.builders import statetimeline, table, timeseries

from provisioning.grafana import variables
from provisioning.grafana.board import Board, link_to, linked_to_parameter
from provisioning.grafana.panels import (
    DETECTOR_PX,
    HALF,
    NORMAL,
    SAMPLES_S,
    SCORE_PX,
    TIME_PX,
    WHOLE,
    Text,
    hidden,
    in_unit,
    linked,
    severities,
    severity_rows,
    time_series,
    with_widths,
)
from provisioning.grafana.queries import MetricQuery, series, table_of
from provisioning.grafana.sql import mission_overview as sql

LAG = "min by (spacecraft) (orbitwatch_telemetry_event_time_lag_seconds)"
RATE = (
    "sum by (spacecraft) (rate(orbitwatch_telemetry_samples_total[$__rate_interval]))"
)


def board() -> Board:
    """Every spacecraft: severity, last contact, anomaly rate, lag."""
    return Board(
        title="Mission overview",
        description="Every spacecraft: how it is, when it was last heard, how much of "
        "it is unusual.",
        variables=[variables.database(), variables.metrics()],
        rows=[
            ("Now", [_spacecraft(), _open()]),
            ("In this range", [_severities(), _busiest(), _rate(), _lag()]),
        ],
        refresh="10s",
    )


def _spacecraft() -> table.Panel:
    text = Text(
        title="Spacecraft",
        description="Severity is that of the worst anomaly that is still open, last "
        "contact the newest generation time, and lag its age at the end of the range. "
        "The anomaly rate is the share of the range that parameters spent in "
        "anomalies, on average.",
        unit="none",
        no_data="No spacecraft was ever heard. Is a flow running?",
    )
    anomalies = link_to("anomalies", some_spacecraft="spacecraft")
    panel = severity_rows(text, table_of(sql.SPACECRAFT)).span(WHOLE).height(7)
    panel.override_by_name("spacecraft", [linked("Anomalies", anomalies)])
    panel.override_by_name("lag", [in_unit("s")])
    panel.override_by_name("anomaly rate", [in_unit("percentunit")])
    counts_px = {"open": 75, "anomalies": 100, "anomaly rate": 120, "parameters": 105}
    return with_widths(panel, counts_px | {"last contact": TIME_PX, "lag": 105})


def _open() -> table.Panel:
    text = Text(
        title="Open anomalies",
        description="Anomalies that have not ended, the worst first (200 at most).",
        unit="none",
        no_data="No anomaly is open.",
    )
    panel = severity_rows(text, table_of(sql.OPEN)).span(WHOLE).height(5)
    panel.override_by_name("parameter", [linked_to_parameter()])
    panel.override_by_name("spacecraft", [hidden()])
    widths_px = {"started": TIME_PX, "score": SCORE_PX, "detector": DETECTOR_PX}
    return with_widths(panel, widths_px)


def _severities() -> statetimeline.Panel:
    text = Text(
        title="Severity",
        description="The worst severity of all anomalies of a spacecraft, over time.",
        unit="none",
        no_data="No spacecraft was ever heard. Is a flow running?",
    )
    return severities(text, series(sql.SEVERITIES)).height(NORMAL)


def _busiest() -> table.Panel:
    text = Text(
        title="Parameters with most anomalies",
        description="The twenty parameters with the worst and most anomalies in this "
        "range.",
        unit="none",
        no_data="No anomaly in this range.",
    )
    panel = severity_rows(text, table_of(sql.BUSIEST)).span(WHOLE).height(NORMAL)
    panel.override_by_name("parameter", [linked_to_parameter()])
    return panel.override_by_name("spacecraft", [hidden()])


def _rate() -> timeseries.Panel:
    text = Text(
        title="Telemetry rate",
        description="Samples read each second.",
        unit=SAMPLES_S,
        no_data="Prometheus has no figures of a flow in this range.",
    )
    return time_series(text, MetricQuery(RATE, "{{spacecraft}}")).min(0).span(HALF)


def _lag() -> timeseries.Panel:
    text = Text(
        title="Event-time lag",
        description="Age of the newest sample of each spacecraft, by its generation "
        "time. It grows between passes, and is large while old telemetry is replayed.",
        unit="s",
        no_data="Prometheus has no figures of a flow in this range.",
    )
    return time_series(text, MetricQuery(LAG, "{{spacecraft}}")).span(HALF)
