"""Time series, and trends over a number: lines, bands, bars, points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite, nan

from matplotlib.axes import Axes

from tests.provisioning.grafana.drawing.axis import (
    Axis,
    exact_axis,
    number_axis,
    time_axis,
)
from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.diagram import (
    Entry,
    plot_box,
    with_axes,
    with_label,
    with_legend,
    with_legend_beside,
    with_marks,
)
from tests.provisioning.grafana.drawing.fields import Field, field_of
from tests.provisioning.grafana.drawing.theme import colour_in_turn

# Points are drawn by themselves where there are no more than this many pixels each.
SPARSE_PX = 20
BAR_SHARE, WIDEST_BAR_PX = 0.6, 100


@dataclass(frozen=True, slots=True)
class Series:
    """A series: seconds since 1970 (or another number) and values, NaN for none."""

    field: Field
    colour: str
    xs: Sequence[float]
    ys: Sequence[float]


def draw_time_series(canvas: Canvas, box: Box, content: Content) -> None:
    """Series over time."""
    series = list(_series(content, "time"))
    legend = content.panel["options"].get("legend", {})
    if legend.get("placement") == "right":
        box = with_legend_beside(canvas, box, _latest(series))
    else:
        box = with_legend(canvas, box, _legend(series))
    box = with_label(canvas, box, series[0].field.custom("axisLabel", ""))
    y = _y_axis(series, box)
    inner = plot_box(box, y.labels)
    axes = with_axes(
        canvas, inner, time_axis(content.since, content.until, inner.width), y
    )
    _draw(axes, series, inner.width)
    _draw_thresholds(axes, series[0].field, y)
    with_marks(axes, content.marks)


def draw_trend(canvas: Canvas, box: Box, content: Content) -> None:
    """Series over a column of the query."""
    over = content.panel["options"]["xField"]
    series = list(_series(content, over))
    box = with_legend(canvas, box, _legend(series))
    box = with_label(canvas, box, series[0].field.custom("axisLabel", ""))
    y = _y_axis(series, box)
    inner = plot_box(box, y.labels)
    unit = field_of(content.panel, over).unit
    xs = [x for one in series for x in one.xs]
    axes = with_axes(canvas, inner, exact_axis(xs, unit, inner.width), y)
    _draw(axes, series, inner.width)


def _series(content: Content, over: str) -> Iterator[Series]:
    number = 0
    for rows in content.found:
        for name, (xs, ys) in rows.series(over).items():
            field = field_of(content.panel, name, rows.reference)
            colour = field.fixed_colour() or colour_in_turn(number)
            places = [x.timestamp() if over == "time" else float(x) for x in xs]
            values = [nan if y is None else float(y) for y in ys]
            yield Series(field, colour, places, values)
            number += 1


def _legend(series: Sequence[Series]) -> list[Entry]:
    return [
        Entry(one.field.title, one.colour)
        for one in series
        if not (one.field.custom("hideFrom") or {}).get("legend")
    ]


def _latest(series: Sequence[Series]) -> list[tuple[Entry, str]]:
    """What a legend says of the latest values, the highest first."""
    known = [(one, [y for y in one.ys if isfinite(y)]) for one in series]
    sorted_by_value = sorted(
        ((one, ys[-1]) for one, ys in known if ys), key=lambda each: -each[1]
    )
    return [
        (Entry(one.field.title, one.colour), one.field.shown(value))
        for one, value in sorted_by_value
    ]


def _y_axis(series: Sequence[Series], box: Box) -> Axis:
    field = series[0].field
    values = [y for one in series for y in one.ys if isfinite(y)]
    if _are_bars(field):
        values = [0.0, *(top for _, tops in _stacked(series) for top in tops)]
    low, high, decimals = (
        field.settings.get(name) for name in ("min", "max", "decimals")
    )
    room_px = plot_box(box, []).height
    return number_axis(values, field.unit, room_px, low, high, decimals)


def _draw(axes: Axes, series: Sequence[Series], width_px: float) -> None:
    if _are_bars(series[0].field):
        _draw_bars(axes, series, width_px)
        return
    named = {one.field.name: one for one in series}
    for one in series:
        below = one.field.custom("fillBelowTo")
        if below in named:
            _draw_band(axes, one, named[below])
        _draw_line(axes, one, width_px)


def _draw_band(axes: Axes, upper: Series, lower: Series) -> None:
    alpha = upper.field.custom("fillOpacity", 0) / 100
    axes.fill_between(
        upper.xs, lower.ys, upper.ys, color=upper.colour, alpha=alpha, lw=0
    )


def _draw_line(axes: Axes, one: Series, width_px: float) -> None:
    field = one.field
    wide = field.custom("lineWidth", 1)
    opacity = field.custom("fillOpacity", 0) / 100
    if opacity and field.custom("fillBelowTo") is None:
        axes.fill_between(one.xs, 0, one.ys, color=one.colour, alpha=opacity, lw=0)
    only_points = field.custom("drawStyle") == "points"
    if not only_points and wide:
        style = field.custom("lineStyle") or {}
        dashes = style.get("dash", [8, 6]) if style.get("fill") == "dash" else None
        line = (0, [part / wide for part in dashes]) if dashes else "-"
        axes.plot(one.xs, one.ys, color=one.colour, lw=wide * 1.2, ls=line)
    if wide and (only_points or _shows_points(one, width_px)):
        size = field.custom("pointSize", 5)
        axes.plot(one.xs, one.ys, "o", color=one.colour, ms=size, mew=0)


def _shows_points(one: Series, width_px: float) -> bool:
    known = sum(map(isfinite, one.ys))
    when = one.field.custom("showPoints", "auto")
    return when == "always" or (when == "auto" and known * SPARSE_PX <= width_px)


def _are_bars(field: Field) -> bool:
    return bool(field.custom("drawStyle") == "bars")


def _stacked(series: Sequence[Series]) -> Iterator[tuple[list[float], list[float]]]:
    """The lower and upper ends of the bars of each series."""
    below: dict[float, float] = {}
    mode = (series[0].field.custom("stacking") or {}).get("mode", "none")
    for one in series:
        known = [0.0 if y != y else y for y in one.ys]
        low = [below.get(x, 0.0) if mode == "normal" else 0.0 for x in one.xs]
        high = [start + y for start, y in zip(low, known, strict=True)]
        below |= dict(zip(one.xs, high, strict=True))
        yield low, high


def _draw_bars(axes: Axes, series: Sequence[Series], width_px: float) -> None:
    low, high = axes.get_xlim()
    px = (high - low) / width_px
    places = sorted({x for one in series for x in one.xs})
    gap = min((b - a for a, b in pairwise(places)), default=inf)
    width = max(min(gap * BAR_SHARE, WIDEST_BAR_PX * px), 2 * px)
    for one, (bottoms, tops) in zip(series, _stacked(series), strict=True):
        heights = [top - bottom for top, bottom in zip(tops, bottoms, strict=True)]
        alpha = one.field.custom("fillOpacity", 0) / 100
        axes.bar(one.xs, heights, width, bottoms, color=one.colour, alpha=alpha)


def _draw_thresholds(axes: Axes, field: Field, y: Axis) -> None:
    mode = (field.custom("thresholdsStyle") or {}).get("mode", "off")
    steps = field.threshold_steps()
    ends = [since for since, _ in steps[1:]] + [inf]
    for (since, colour), end in zip(steps, ends, strict=True):
        if "area" in mode:
            low, high = max(since, y.low), min(end, y.high)
            if low < high:
                axes.axhspan(low, high, color=colour, alpha=0.1, lw=0, zorder=0.6)
        if ("line" in mode or mode == "dashed") and y.low <= since <= y.high:
            style = (0, (6, 4)) if "dashed" in mode else "-"
            axes.axhline(since, color=colour, lw=1.2, ls=style, alpha=0.8)
