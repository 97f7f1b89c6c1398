"""The kinds of panels, each with all that every panel must say.

What is particular to one panel is set on the builder that these functions return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import (
    barchart,
    common,
    geomap,
    heatmap,
    stat,
    statetimeline,
    table,
    timeseries,
    trend,
)
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DynamicConfigValue,
    FieldColorModeId,
)

from provisioning.grafana.queries import DATABASE, METRICS, REFERENCES, Query, SqlQuery
from provisioning.grafana.severity import severity_names

WHOLE, HALF, THIRD, QUARTER = 24, 12, 8, 6
"""Widths of panels, in columns of Grafana's grid."""
TALL, NORMAL, LOW, SHORT = 10, 8, 6, 4
"""Heights of panels, in rows of that grid."""

KM, KM_S = "suffix:km", "suffix:km/s"
"""Grafana's own `lengthkm` makes 12 Mm of 12,000 km."""
SAMPLES_S, EACH_S = "suffix:samples/s", "suffix:/s"
"""Its own `cps` makes 90 c/s of 90 samples a second."""
SECONDS = "suffix:s"
"""Its own `s` makes 2.5 mins of 150 s, which suits a duration but no clock."""
TIME_PX, SEVERITY_PX, SCORE_PX, DETECTOR_PX, LASTED_PX = 165, 105, 75, 150, 95
"""Widths of columns. Those without one share what is left, 150 each at least."""
BAR_POINTS = 60
"""More bars than that are too thin to be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a panel says for itself.

    `unit` is an identifier of Grafana's (`s`, `ms`, `velocityms`, `suffix:rows`), and
    `none` for a number without; `no_data` says what it means when nothing is found.
    """

    title: str
    description: str
    unit: str
    no_data: str


class _PanelBuilder(Protocol):
    """What the SDK's builders of all panels have in common."""

    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def unit(self, unit: str) -> Self: ...
    def no_value(self, no_value: str) -> Self: ...
    def datasource(self, datasource: DataSourceRef) -> Self: ...
    def override_by_regexp(
        self, regexp: str, properties: list[DynamicConfigValue]
    ) -> Self: ...
    def with_target(self, target: Builder[Dataquery]) -> Self: ...
    def span(self, w: int) -> Self: ...
    def height(self, h: int) -> Self: ...


_Kind = TypeVar("_Kind", bound=_PanelBuilder)


def time_series(text: Text, *queries: Query) -> timeseries.Panel:
    """Lines over time."""
    panel = timeseries.Panel().line_width(1).fill_opacity(0).legend(_legend())
    panel.tooltip(_tooltip()).show_points(VisibilityMode.AUTO)
    return _filled(panel, text, queries, HALF, NORMAL)


def bars(text: Text, *queries: Query) -> timeseries.Panel:
    """Counts over time, stacked."""
    panel = time_series(text, *queries).draw_style(GraphDrawStyle.BARS)
    panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    return panel.fill_opacity(80).min(0).decimals(0).max_data_points(BAR_POINTS)


def against(field: str, text: Text, *queries: Query) -> trend.Panel:
    """Lines over a number of the (only) query, which must rise from row to row."""
    panel = trend.Panel().x_field(field).line_width(2).legend(_legend())
    panel.tooltip(_tooltip()).show_points(VisibilityMode.NEVER)
    return _filled(panel, text, queries, HALF, TALL)


def figure(text: Text, *queries: Query) -> stat.Panel:
    """One number, large."""
    panel = stat.Panel().color_mode(BigValueColorMode.VALUE)
    # Otherwise green, and red from 80 on.
    plain = FieldColor().mode(FieldColorModeId.FIXED).fixed_color("text")
    panel.color_scheme(plain)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    return _filled(panel, text, queries, QUARTER, SHORT)


def rows(text: Text, *queries: Query) -> table.Panel:
    """A table."""
    panel = table.Panel().show_header(True)
    return _filled(panel, text, queries, HALF, NORMAL)


def severity_rows(text: Text, *queries: Query) -> table.Panel:
    """A table whose column `severity` has the colours of severities."""
    cell = {"type": "color-background", "mode": "basic"}
    coloured_names = [
        DynamicConfigValue(id_val="mappings", value=severity_names()),
        DynamicConfigValue(id_val="custom.cellOptions", value=cell),
        pixels_wide(SEVERITY_PX),
    ]
    return rows(text, *queries).override_by_name("severity", coloured_names)


def with_widths(panel: table.Panel, widths_px: Mapping[str, int]) -> table.Panel:
    """The table with some columns as wide as what they hold."""
    for column, width_px in widths_px.items():
        panel.override_by_name(column, [pixels_wide(width_px)])
    return panel


def counts(text: Text, *queries: Query) -> barchart.Panel:
    """A bar for each row, stacked by its columns."""
    panel = barchart.Panel().legend(_legend()).stacking(StackingMode.NORMAL)
    panel.decimals(0)
    return _filled(panel, text, queries, HALF, NORMAL)


def severities(text: Text, *queries: Query) -> statetimeline.Panel:
    """Severity over time, a line for each series."""
    panel = statetimeline.Panel().mappings(severity_names()).fill_opacity(90)
    panel.show_value(VisibilityMode.NEVER).merge_values(True).row_height(0.8)
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    return _filled(panel, text, queries, WHOLE, TALL)


def map_of_the_earth(text: Text, *queries: Query) -> geomap.Panel:
    """A map, to which layers are to be added.

    At zoom 1 the Earth is 512 pixels wide, so half of the screen shows it once.
    """
    whole_earth = geomap.MapViewConfig().id("zero").lat(0).lon(0).zoom(1)
    panel = geomap.Panel().view(whole_earth)
    panel.basemap(common.MapLayerOptions().type("default").name("Map"))
    return _filled(panel, text, queries, HALF, 14)


def heat_map(text: Text, *queries: Query) -> heatmap.Panel:
    """A histogram over time."""
    panel = heatmap.Panel().calculate(False)
    panel.y_axis(heatmap.YAxisConfig().unit(text.unit))
    # From dark to light for everyone, whichever colours they see.
    panel.color(heatmap.HeatmapColorOptions().scheme("Viridis").steps(64))
    return _filled(panel, text, queries, HALF, NORMAL)


def coloured(colour: str) -> DynamicConfigValue:
    """Override: a series in one colour."""
    fixed = {"mode": "fixed", "fixedColor": colour}
    return DynamicConfigValue(id_val="color", value=fixed)


def in_unit(unit: str) -> DynamicConfigValue:
    """Override: a column in another unit than the panel."""
    return DynamicConfigValue(id_val="unit", value=unit)


def in_digits() -> DynamicConfigValue:
    """Override: numbers in all the digits they have, not in three."""
    return in_unit("string")


def with_decimals(decimals: int) -> DynamicConfigValue:
    """Override: numbers in so many digits after the point."""
    return DynamicConfigValue(id_val="decimals", value=decimals)


def called(name: str) -> DynamicConfigValue:
    """Override: another name than the query has for it."""
    return DynamicConfigValue(id_val="displayName", value=name)


def not_in_legend() -> DynamicConfigValue:
    """Override: the lower end of what the legend has by its upper end."""
    parts = {"legend": True, "tooltip": False, "viz": False}
    return DynamicConfigValue(id_val="custom.hideFrom", value=parts)


def pixels_wide(width_px: int) -> DynamicConfigValue:
    """Override: the width of a column."""
    return DynamicConfigValue(id_val="custom.width", value=width_px)


def dashed() -> DynamicConfigValue:
    """Override: a dashed line."""
    style = {"fill": "dash", "dash": [8, 6]}
    return DynamicConfigValue(id_val="custom.lineStyle", value=style)


def only_points(size: int) -> list[DynamicConfigValue]:
    """Overrides: points instead of a line."""
    return [
        DynamicConfigValue(id_val="custom.drawStyle", value="points"),
        DynamicConfigValue(id_val="custom.showPoints", value="always"),
        DynamicConfigValue(id_val="custom.pointSize", value=size),
    ]


def filled_down_to(series: str) -> list[DynamicConfigValue]:
    """Overrides: a band from this series down to another."""
    return [
        DynamicConfigValue(id_val="custom.fillBelowTo", value=series),
        DynamicConfigValue(id_val="custom.fillOpacity", value=18),
        DynamicConfigValue(id_val="custom.lineWidth", value=0),
    ]


def in_steps() -> DynamicConfigValue:
    """Override: a value holds until the next one."""
    return DynamicConfigValue(id_val="custom.lineInterpolation", value="stepAfter")


def without_line() -> DynamicConfigValue:
    """Override: the lower edge of a band."""
    return DynamicConfigValue(id_val="custom.lineWidth", value=0)


def linked(title: str, url: str) -> DynamicConfigValue:
    """Override: cells of a column lead somewhere."""
    link = {"title": title, "url": url}
    return DynamicConfigValue(id_val="links", value=[link])


def hidden() -> DynamicConfigValue:
    """Override: a column that only links use."""
    return DynamicConfigValue(id_val="custom.hidden", value=True)


def legend_beside() -> common.VizLegendOptions:
    """A legend for many series: their latest values, the highest first."""
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.TABLE)
    legend.placement(LegendPlacement.RIGHT).show_legend(True).width(260)
    return legend.calcs(["lastNotNull"]).sort_by("Last *").sort_desc(True)


def _filled(
    panel: _Kind, text: Text, queries: Sequence[Query], width: int, height: int
) -> _Kind:
    source = DATABASE if isinstance(queries[0], SqlQuery) else METRICS
    panel.title(text.title).description(text.description)
    panel.unit(text.unit).no_value(text.no_data)
    panel.datasource(source).span(width).height(height)
    # What is said when nothing is found is not for each empty cell.
    panel.override_by_regexp(".*", [DynamicConfigValue(id_val="noValue")])
    for reference, query in zip(REFERENCES, queries, strict=False):
        panel.with_target(query.named(reference))
    return panel


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST)
    return legend.placement(LegendPlacement.BOTTOM).show_legend(True)


def _tooltip() -> common.VizTooltipOptions:
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI)
    return tooltip.sort(SortOrder.DESCENDING)
