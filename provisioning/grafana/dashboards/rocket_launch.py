"""A launch, by the seconds since liftoff."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat, table, trend
from grafana_foundation_sdk.models.common import BigValueTextMode
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    ValueMap,
    ValueMappingResult,
)

from provisioning.grafana import variables
from provisioning.grafana.board import Board, linked_to_parameter
from provisioning.grafana.panels import (
    DETECTOR_PX,
    KM,
    LOW,
    SCORE_PX,
    SECONDS,
    TIME_PX,
    WHOLE,
    Text,
    against,
    called,
    coloured,
    figure,
    filled_down_to,
    hidden,
    in_unit,
    not_in_legend,
    only_points,
    rows,
    severity_rows,
    with_decimals,
    with_widths,
    without_line,
)
from provisioning.grafana.queries import table_of
from provisioning.grafana.severity import COLOURS, EXPECTED
from provisioning.grafana.sql import rocket_launch as sql

NO_FLIGHT = "No states of this flight. Is the flow rocket_launch running?"
M, M_S, M_S2, KPA = "suffix:m", "velocityms", "accMS2", "pressurekpa"
PHASES = ("on the pad", "first stage", "coasting", "second stage", "flying back")


def board() -> Board:
    """Altitude, velocity, acceleration, dynamic pressure; events; predictions."""
    return Board(
        title="Rocket launch",
        description="One flight by the seconds since liftoff, with its events, its "
        "anomalies, and where it is expected to go.",
        variables=[variables.database(), variables.vehicle(), variables.liftoff()],
        rows=[
            ("Now", [_latest(), _cone("Altitude", KM), _cone("Velocity", M_S)]),
            (
                "Since liftoff",
                [
                    _over_met("Altitude", KM, "Over ground.", sql.ALTITUDE).min(0),
                    _over_met("Velocity", M_S, "Over ground.", sql.VELOCITY).min(0),
                    _over_met("Acceleration", M_S2, SENSED, sql.ACCELERATION),
                    _over_met(
                        "Dynamic pressure", KPA, IN_MODEL, sql.DYNAMIC_PRESSURE
                    ).min(0),
                ],
            ),
            ("What happened", [_events(), _anomalies(), _predictions()]),
        ],
        refresh="5s",
    )


SENSED = "Along the path, as sensed on board: g on the pad, 0 in free fall."
IN_MODEL = "In the U.S. Standard Atmosphere 1976. Its maximum is the event max_q."


def _latest() -> stat.Panel:
    text = Text(
        title="Latest",
        description="The newest state of the flight.",
        unit="none",
        no_data=NO_FLIGHT,
    )
    panel = figure(text, table_of(sql.LATEST)).text_mode(
        BigValueTextMode.VALUE_AND_NAME
    )
    units = {
        "T+": SECONDS,
        "altitude": KM,
        "velocity": M_S,
        "acceleration": M_S2,
        "dynamic pressure": KPA,
        "flight path angle": "degree",
        "downrange": KM,
        "apogee": KM,
    }
    for name, unit in units.items():
        panel.override_by_name(name, [in_unit(unit)])
    # High up it is some billionth of a kilopascal.
    panel.override_by_name("dynamic pressure", [with_decimals(1)])
    phases = {
        str(number): ValueMappingResult(text=name) for number, name in enumerate(PHASES)
    }
    mapping = DynamicConfigValue(id_val="mappings", value=[ValueMap(options=phases)])
    return panel.override_by_name("phase", [mapping]).span(WHOLE).height(3)


def _over_met(name: str, unit: str, meaning: str, query: str) -> trend.Panel:
    text = Text(
        title=name,
        description=f"{meaning} Points: events of the flight. Red: while there is an "
        "anomaly of any parameter of the vehicle.",
        unit=unit,
        no_data=NO_FLIGHT,
    )
    panel = against("met_s", text, table_of(query))
    panel.override_by_name("met_s", [in_unit(SECONDS)])
    panel.override_by_name("event", [coloured(COLOURS["WARNING"]), *only_points(10)])
    red = [coloured(COLOURS["CRITICAL"]), *only_points(5)]
    return panel.override_by_name("anomaly", red)


def _cone(name: str, unit: str) -> trend.Panel:
    text = Text(
        title=f"{name}, predicted",
        description="The last two minutes, and where the vehicle will be if engines go "
        "on as they are: the band is to hold 90 %. As of the end of the range that is "
        "shown.",
        unit=unit,
        no_data="No prediction for this flight.",
    )
    query = sql.ALTITUDE_CONE if unit == KM else sql.VELOCITY_CONE
    panel = against("met_s", text, table_of(query))
    panel.override_by_name("met_s", [in_unit(SECONDS)])
    panel.override_by_name("expected", [coloured(EXPECTED)])
    upper = [coloured(EXPECTED), called("bounds"), *filled_down_to("low")]
    panel.override_by_name("high", upper)
    lower = [coloured(EXPECTED), without_line(), not_in_legend()]
    return panel.override_by_name("low", lower)


def _events() -> table.Panel:
    text = Text(
        title="Events",
        description="What happened in the flight, with how exactly its time is known, "
        "and how much later the telemetry told it.",
        unit="none",
        no_data="No event of this flight so far.",
    )
    panel = rows(text, table_of(sql.EVENTS)).span(WHOLE).height(LOW)
    panel.override_by_name("T+", [in_unit(SECONDS)])
    for column in ("uncertainty", "told after"):
        panel.override_by_name(column, [in_unit("s")])
    panel.override_by_name("altitude", [in_unit(KM), with_decimals(1)])
    panel.override_by_name("velocity", [in_unit(M_S)])
    return with_widths(panel, {"happened at": TIME_PX})


def _anomalies() -> table.Panel:
    text = Text(
        title="Anomalies",
        description="Anomalies of the flight, in the order in which they began.",
        unit="none",
        no_data="No anomaly in this flight.",
    )
    panel = severity_rows(text, table_of(sql.ANOMALIES)).span(WHOLE).height(5)
    panel.override_by_name("T+", [in_unit(SECONDS)])
    panel.override_by_name("parameter", [linked_to_parameter()])
    panel.override_by_name("spacecraft", [hidden()])
    widths_px = {"T+": 90, "score": SCORE_PX, "detector": DETECTOR_PX}
    return with_widths(panel, widths_px)


def _predictions() -> table.Panel:
    text = Text(
        title="How good predictions were",
        description="By how far ahead they were made: the share that came true within "
        "the bounds (to be 90 %), and the mean error. Those with an engine started or "
        "stopped meanwhile are left out.",
        unit="none",
        no_data="No prediction of this flight has come due.",
    )
    panel = rows(text, table_of(sql.PREDICTIONS)).span(WHOLE).height(5)
    panel.override_by_name("ahead", [in_unit(SECONDS)])
    for column in ("altitude inside", "velocity inside"):
        panel.override_by_name(column, [in_unit("percentunit")])
    panel.override_by_name("altitude error", [in_unit(M)])
    return panel.override_by_name("velocity error", [in_unit(M_S)])
