"""The ISS, or another satellite: where it is, how fast, and when it comes over."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from grafana_foundation_sdk.builders import common, geomap, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BigValueTextMode,
    FrameGeometrySourceMode,
    MapLayerOptions,
)
from grafana_foundation_sdk.models.dashboard import FieldColorModeId

from provisioning.grafana import variables
from provisioning.grafana.board import Board
from provisioning.grafana.panels import (
    HALF,
    KM,
    KM_S,
    LOW,
    QUARTER,
    THIRD,
    WHOLE,
    Text,
    bars,
    figure,
    in_unit,
    map_of_the_earth,
    rows,
    time_series,
    with_widths,
)
from provisioning.grafana.queries import MetricQuery, series, table_of
from provisioning.grafana.severity import COLOURS, thresholds
from provisioning.grafana.sql import iss_tracking as sql

NO_STATES = "No positions in this range. Is the flow iss_tracking running?"
ELEMENTS_AGE = """max(
    orbitwatch_orbital_elements_age_seconds{spacecraft="$satellite"}
) / 86400"""
# From then on the flow predicts no passes, and the alert OrbitalElementsOld fires.
OLD_DAYS = 14.0


def board() -> Board:
    """Ground track, distances, speeds, passes."""
    return Board(
        title="ISS and satellites",
        description="Where a satellite is, how fast it goes, how far it is from "
        "places, and when it passes over ground stations.",
        variables=[variables.database(), variables.metrics(), variables.satellite()],
        rows=[
            ("Now", [_latest(), _elements_age(), _track(), _next_passes()]),
            (
                "In this range",
                [_distances(), _speeds(), _deviations(), _positions(), _elements()],
            ),
            ("Passes", [_passes()]),
        ],
        since="now-3h",
        refresh="10s",
    )


def _latest() -> stat.Panel:
    text = Text(
        title="Latest",
        description="The newest state in this range. Ground speed is over the surface, "
        "from one position to the next.",
        unit="degree",
        no_data=NO_STATES,
    )
    panel = figure(text, table_of(sql.LATEST)).text_mode(
        BigValueTextMode.VALUE_AND_NAME
    )
    # Text too.
    panel.reduce_options(
        common.ReduceDataOptions().calcs(["lastNotNull"]).fields("/.*/")
    )
    panel.override_by_name("altitude", [in_unit(KM)])
    panel.override_by_name("ground speed", [in_unit(KM_S)])
    panel.override_by_name("time", [in_unit("dateTimeAsIsoNoDateIfToday")])
    return panel.span(WHOLE - QUARTER).height(3)


def _elements_age() -> stat.Panel:
    text = Text(
        title="Age of orbital elements",
        description="From their epoch to the satellite's newest position. From 14 days "
        "on no pass is predicted from them.",
        unit="suffix:days",
        no_data="No orbital elements, or no figures in Prometheus.",
    )
    panel = figure(text, MetricQuery(ELEMENTS_AGE, "age")).decimals(1).height(3)
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    return panel.thresholds(thresholds((OLD_DAYS, "WARNING"))).span(QUARTER)


def _track() -> geomap.Panel:
    text = Text(
        title="Ground track",
        description="The point of the Earth below the satellite: small, where it was "
        "in this range; large, where it is. Triangles: ground stations; squares: "
        "places. The map itself comes from the internet.",
        unit="degree",
        no_data=NO_STATES,
    )
    panel = map_of_the_earth(
        text,
        table_of(sql.STATES),
        table_of(sql.LATEST),
        table_of(sql.PLACES),
        table_of(sql.STATIONS),
    )
    panel.override_by_name("altitude", [in_unit(KM)])
    panel.override_by_name("ground speed", [in_unit(KM_S)])
    layers: list[Builder[MapLayerOptions]] = [
        _markers("Track", "A", 3, "#3274D9"),
        _markers("Places", "C", 4, "text", _named("square", "right")),
        _markers("Ground stations", "D", 4, "text", _named("triangle", "left")),
        _markers("Now", "B", 9, NOW),
    ]
    return panel.layers(layers).max_data_points(1000)


NOW = COLOURS["SEVERE"]


def _named(symbol: str, align: Literal["left", "right"]) -> Mapping[str, object]:
    """A symbol with a name that ends left of it, or begins right of it."""
    return {
        "text": {"mode": "field", "field": "name", "fixed": ""},
        "textConfig": {
            "fontSize": 12,
            "offsetX": 8 if align == "left" else -8,
            "offsetY": 0,
            "textAlign": align,
            "textBaseline": "middle",
        },
        "symbol": {"mode": "fixed", "fixed": f"img/icons/marker/{symbol}.svg"},
    }


def _markers(
    name: str,
    query: str,
    size: int,
    colour: str,
    more: Mapping[str, object] = MappingProxyType({}),
) -> common.MapLayerOptions:
    where = common.FrameGeometrySource().mode(FrameGeometrySourceMode.COORDS)
    where.latitude("latitude").longitude("longitude")
    style = {
        "size": {"fixed": size, "min": size, "max": size},
        "color": {"fixed": colour},
        "opacity": 0.9,
        **more,
    }
    layer = common.MapLayerOptions().type("markers").name(name).location(where)
    layer.filter_data({"id": "byRefId", "options": query}).tooltip(True)
    return layer.config({"showLegend": False, "style": style})


def _next_passes() -> table.Panel:
    text = Text(
        title="Next passes",
        description="Passes over ground stations that are not over at the end of the "
        "range that is shown, the next first (20 at most).",
        unit="none",
        no_data="No pass is announced. Passes are predicted from orbital elements.",
    )
    panel = rows(text, table_of(sql.NEXT_PASSES)).span(HALF).height(14)
    for column in ("AOS", "LOS"):
        panel.override_by_name(column, [in_unit("time:MM-DD HH:mm:ss")])
    panel.override_by_name("elevation", [in_unit("degree")])
    widths_px = {"AOS": 120, "LOS": 120, "state": 105, "elevation": 85}
    return with_widths(panel, widths_px).min_width(100)


def _distances() -> timeseries.Panel:
    text = Text(
        title="Distance to places",
        description="Over ground, from the point below the satellite.",
        unit=KM,
        no_data="No positions in this range, or no places in provisioning/places.yaml.",
    )
    return time_series(text, series(sql.DISTANCES)).max_data_points(1000).span(HALF)


def _speeds() -> timeseries.Panel:
    text = Text(
        title="Ground speed",
        description="Lowest, mean and highest of the minutes of each point.",
        unit=KM_S,
        no_data=NO_STATES,
    )
    return time_series(text, series(sql.SPEEDS)).span(HALF)


def _deviations() -> timeseries.Panel:
    text = Text(
        title="Spread of the ground speed",
        description="Standard deviation within a minute, the largest of each point. "
        "Above a few m/s, positions or their times are off.",
        unit="velocityms",
        no_data=NO_STATES,
    )
    return time_series(text, series(sql.DEVIATIONS)).span(THIRD)


def _positions() -> timeseries.Panel:
    text = Text(
        title="Positions",
        description="How many positions were told.",
        unit="none",
        no_data=NO_STATES,
    )
    return bars(text, series(sql.POSITIONS)).span(THIRD)


def _elements() -> timeseries.Panel:
    text = Text(
        title="Distance from its orbital elements",
        description="How far the satellite was from where its elements put it, the "
        "most of each point. Elements that are old, or a manoeuvre, make it grow.",
        unit=KM,
        no_data="No predictions in this range, or no orbital elements.",
    )
    return time_series(text, series(sql.FROM_ELEMENTS)).span(THIRD)


def _passes() -> table.Panel:
    text = Text(
        title="Passes that were",
        description="Passes in this range, the latest first (200 at most), with how "
        "much later than predicted they began and ended.",
        unit="none",
        no_data="No pass in this range.",
    )
    panel = rows(text, table_of(sql.PASSES)).span(WHOLE).height(LOW)
    for column in ("elevation", "predicted elevation"):
        panel.override_by_name(column, [in_unit("degree")])
    for column in ("AOS later by", "LOS later by"):
        panel.override_by_name(column, [in_unit("s")])
    return panel
