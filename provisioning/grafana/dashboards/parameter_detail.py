"""Everything about one parameter."""

from __future__ import annotations

from grafana_foundation_sdk.builders import statetimeline, table, timeseries
from grafana_foundation_sdk.builders.common import GraphThresholdsStyleConfig
from grafana_foundation_sdk.models.common import GraphThresholdsStyleMode

from provisioning.grafana import variables
from provisioning.grafana.board import Board, linked_to_parameter, marks
from provisioning.grafana.panels import (
    DETECTOR_PX,
    LASTED_PX,
    LOW,
    NORMAL,
    SCORE_PX,
    SHORT,
    TIME_PX,
    WHOLE,
    Text,
    called,
    coloured,
    dashed,
    filled_down_to,
    hidden,
    in_digits,
    in_steps,
    in_unit,
    not_in_legend,
    rows,
    severities,
    severity_rows,
    time_series,
    with_widths,
    without_line,
)
from provisioning.grafana.queries import marks_of, series, table_of
from provisioning.grafana.severity import COLOURS, EXPECTED, UNKNOWN, score_thresholds
from provisioning.grafana.sql import parameter_detail as sql

ENDS = ("low", "high")


def board() -> Board:
    """One parameter: values, scores, explanations, neighbours."""
    return Board(
        title="Parameter detail",
        description="One parameter: what it did, what was expected, and why an anomaly "
        "was told.",
        variables=[
            variables.database(),
            variables.spacecraft(),
            variables.parameter(),
            variables.unit(),
        ],
        annotations=[
            marks("Anomalies", COLOURS["CRITICAL"], marks_of(sql.ANOMALY_MARKS)),
            marks("Drifts", UNKNOWN, marks_of(sql.DRIFT_MARKS)),
        ],
        rows=[
            ("$parameter", [_facts(), _values(), _severities(), _scores()]),
            ("Why", [_detectors(), _neighbours(), _explanations()]),
        ],
    )


def _facts() -> table.Panel:
    text = Text(
        title="What it is",
        description="The parameter's unit, limits, newest value and its severity.",
        unit="none",
        no_data="No such parameter: nothing was ever received.",
    )
    panel = severity_rows(text, table_of(sql.FACTS))
    for column in ("value", "soft low", "soft high", "hard low", "hard high"):
        panel.override_by_name(column, [in_digits()])
    limits_px = {f"{kind} {end}": 100 for kind in ("soft", "hard") for end in ENDS}
    widths_px = {"unit": 90, "value": 120, "last contact": TIME_PX}
    return with_widths(panel, widths_px | limits_px).span(WHOLE).height(SHORT)


def _values() -> timeseries.Panel:
    text = Text(
        title="Value",
        description="Mean, lowest and highest value of each point, in the parameter's "
        "unit. Shaded: what the detectors that learn expect the value to be, where one "
        "has a band for it. Dashed: limits. From a minute a point on, points are made "
        "of one-minute statistics.",
        unit="none",
        no_data="No samples in this range.",
    )
    # Units of Grafana's may not be variables, but labels may.
    panel = time_series(
        text,
        series(sql.VALUES),
        series(sql.LIMITS),
        series(sql.EXPECTED),
    )
    for name, colour in (("soft", "WARNING"), ("hard", "CRITICAL")):
        for end in ENDS:
            line = [coloured(COLOURS[colour]), dashed(), called(f"{name} limits")]
            panel.override_by_name(f"{name} {end}", line)
        panel.override_by_name(f"{name} low", [not_in_legend()])
    band = [coloured(EXPECTED), in_steps()]
    upper = [*band, called("expected"), *filled_down_to("expected low")]
    panel.override_by_name("expected high", upper)
    lower = [*band, without_line(), not_in_legend()]
    panel.override_by_name("expected low", lower)
    for name in ("lowest", "highest"):
        panel.override_by_name(name, [coloured("#8AB8FF")])
    panel.override_by_name("mean", [coloured("#3274D9")])
    return panel.axis_label("$unit").span(WHOLE).height(14)


def _severities() -> statetimeline.Panel:
    text = Text(
        title="Severity",
        description="The worst severity of each point.",
        unit="none",
        no_data="No samples in this range.",
    )
    return severities(text, series(sql.SEVERITIES)).span(WHOLE).height(SHORT)


def _scores() -> timeseries.Panel:
    text = Text(
        title="Anomaly score",
        description="The highest score of each point. 1 is the threshold of every "
        "detector: from 1 WATCH, from 2 WARNING, from 4 DISTRESS.",
        unit="none",
        no_data="Nothing was scored in this range: detectors were warming up, or "
        "there were no samples.",
    )
    panel = time_series(text, series(sql.SCORES)).thresholds(score_thresholds())
    panel.thresholds_style(
        GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
    )
    return panel.min(0).span(WHOLE).height(NORMAL)


def _detectors() -> table.Panel:
    text = Text(
        title="Detectors",
        description="What the detectors made of the anomalies in this range: their "
        "highest score, how many they had seen (a score of 1 or more), and how many "
        "they explained, as their score was the one that counted.",
        unit="none",
        no_data="No anomaly in this range.",
    )
    panel = rows(text, table_of(sql.DETECTORS)).span(WHOLE - NEIGHBOURS).height(LOW)
    return with_widths(panel, {"score": SCORE_PX, "seen": 65, "explained": 95})


NEIGHBOURS = 15


def _neighbours() -> table.Panel:
    text = Text(
        title="Neighbours that moved",
        description="Anomalies of the spacecraft's other parameters that overlap one "
        "of this parameter's, give or take five minutes.",
        unit="none",
        no_data="No other parameter had an anomaly at the same time.",
    )
    panel = severity_rows(text, table_of(sql.NEIGHBOURS)).span(NEIGHBOURS).height(LOW)
    panel.override_by_name("parameter", [linked_to_parameter()])
    panel.override_by_name("spacecraft", [hidden()])
    return with_widths(panel, {"score": SCORE_PX, "started": TIME_PX})


def _explanations() -> table.Panel:
    text = Text(
        title="Explanations",
        description="The anomalies in this range, the latest first (200 at most). "
        "All numbers but the score are in the parameter's unit. At least and at most: "
        "the ends of what was expected, where the detector has both.",
        unit="none",
        no_data="No anomaly in this range.",
    )
    panel = severity_rows(text, table_of(sql.EXPLANATIONS))
    numbers = ("observed", "expected", "at least", "at most")
    for column in numbers:
        panel.override_by_name(column, [in_digits()])
    panel.override_by_name("lasted", [in_unit("s")])
    widths_px = {"started": TIME_PX, "lasted": LASTED_PX, "score": SCORE_PX}
    widths_px |= {"detector": DETECTOR_PX} | dict.fromkeys(numbers, 85)
    return with_widths(panel, widths_px).span(WHOLE).height(LOW)
