"""All anomalies: when, where, how bad, who said so."""

from __future__ import annotations

from grafana_foundation_sdk.builders import barchart, statetimeline, table, timeseries
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from provisioning.grafana import variables
from provisioning.grafana.board import Board, linked_to_parameter
from provisioning.grafana.panels import (
    DETECTOR_PX,
    HALF,
    LASTED_PX,
    SCORE_PX,
    TALL,
    TIME_PX,
    WHOLE,
    Text,
    bars,
    coloured,
    counts,
    hidden,
    in_digits,
    in_unit,
    rows,
    severities,
    severity_rows,
    with_widths,
)
from provisioning.grafana.queries import series, table_of
from provisioning.grafana.severity import OF_ANOMALIES
from provisioning.grafana.sql import anomalies as sql

NONE_CHOSEN = "No anomaly in this range with the spacecraft, severities and detectors \
chosen above."


def board() -> Board:
    """Anomalies by time, severity and detector, and a list."""
    return Board(
        title="Anomalies",
        description="Anomalies of any spacecraft: when they were, how bad, and which "
        "detector told them.",
        variables=[
            variables.database(),
            variables.some_spacecraft(),
            variables.severity(),
            variables.detector(),
        ],
        rows=[
            ("When", [_timeline(), _by_severity(), _by_detector()]),
            ("List", [_anomalies(), _drifts()]),
        ],
        since="now-24h",
    )


def _timeline() -> statetimeline.Panel:
    text = Text(
        title="Anomalies by parameter",
        description="A line for each of the fifty parameters with most anomalies, in "
        "the colour of their severity while there was one.",
        unit="none",
        no_data=NONE_CHOSEN,
    )
    panel = severities(text, table_of(sql.TIMELINE)).height(TALL)
    # A frame a parameter: in one, the times of others would end its anomalies.
    options = {"fields": ["parameter"], "naming": {"asLabels": True}}
    part = DataTransformerConfig(id_val="partitionByValues", options=options)
    panel.with_transformation(part)
    return panel.display_name("${__field.labels.parameter}")


def _by_severity() -> timeseries.Panel:
    text = Text(
        title="Begun, by severity",
        description="How many anomalies began, by the severity that they reached.",
        unit="none",
        no_data=NONE_CHOSEN,
    )
    panel = bars(text, series(sql.BY_SEVERITY))
    for name, colour in OF_ANOMALIES.items():
        panel.override_by_name(name, [coloured(colour)])
    return panel.span(HALF)


def _by_detector() -> barchart.Panel:
    text = Text(
        title="By detector",
        description="Anomalies by the detector whose score counted and the severity "
        "that they reached.",
        unit="none",
        no_data=NONE_CHOSEN,
    )
    panel = counts(text, table_of(sql.BY_DETECTOR)).x_field("detector")
    for name, colour in OF_ANOMALIES.items():
        panel.override_by_name(name, [coloured(colour)])
    return panel.span(HALF)


def _anomalies() -> table.Panel:
    text = Text(
        title="Anomalies",
        description="The latest first (500 at most); a parameter leads to its details. "
        "Without a duration: still open.",
        unit="none",
        no_data=NONE_CHOSEN,
    )
    panel = severity_rows(text, table_of(sql.ANOMALIES)).filterable(True)
    panel.override_by_name("lasted", [in_unit("s")])
    panel.override_by_name("parameter", [linked_to_parameter()])
    panel.override_by_name("spacecraft", [hidden()])
    widths_px = {"started": TIME_PX, "lasted": LASTED_PX, "score": SCORE_PX}
    with_widths(panel, widths_px | {"samples": 85, "detector": DETECTOR_PX})
    return panel.span(WHOLE).height(TALL)


def _drifts() -> table.Panel:
    text = Text(
        title="Drifts",
        description="Parameters whose data changed for good, which is no anomaly "
        "(200 at most). Told where adwin or page_hinkley watch.",
        unit="none",
        no_data="No drift in this range, or no detector that tells one.",
    )
    panel = rows(text, table_of(sql.DRIFTS)).span(WHOLE).height(5)
    for column in ("mean before", "mean after"):
        panel.override_by_name(column, [in_digits()])
    panel.override_by_name("spacecraft", [hidden()])
    widths_px = {"mean before": 115, "mean after": 115}
    with_widths(panel, widths_px | {"detected": TIME_PX, "detector": DETECTOR_PX})
    return panel.override_by_name("parameter", [linked_to_parameter()])
