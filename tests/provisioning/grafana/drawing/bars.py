"""Bar charts: a bar for each row, stacked by its columns."""

from __future__ import annotations

from tests.provisioning.grafana.drawing.axis import Axis, number_axis
from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.diagram import (
    Entry,
    plot_box,
    with_axes,
    with_legend,
)
from tests.provisioning.grafana.drawing.fields import field_of
from tests.provisioning.grafana.drawing.theme import SMALL, colour_in_turn, readable_on

# What a bar takes of its place along the axis.
BAR_SHARE = 0.7


def draw_bars(canvas: Canvas, box: Box, content: Content) -> None:
    """Upright bars."""
    rows = content.found[0]
    x_field = content.panel["options"].get("xField") or rows.columns[0]
    names = [str(name) for name in rows.column(x_field)]
    fields = [field_of(content.panel, one) for one in rows.columns if one != x_field]
    colours = [
        field.fixed_colour() or colour_in_turn(n) for n, field in enumerate(fields)
    ]
    entries = [
        Entry(one.title, colour) for one, colour in zip(fields, colours, strict=True)
    ]
    box = with_legend(canvas, box, entries)
    counts = [[float(one or 0) for one in rows.column(field.name)] for field in fields]
    tallest = max(map(sum, zip(*counts, strict=True)))
    y = number_axis([0, tallest], fields[0].unit, plot_box(box, []).height)
    x = Axis(-0.5, len(names) - 0.5, range(len(names)), names)
    axes = with_axes(canvas, plot_box(box, y.labels), x, y)
    axes.grid(visible=False, axis="x")
    below = [0.0] * len(names)
    for field, colour, heights in zip(fields, colours, counts, strict=True):
        axes.bar(x.ticks, heights, BAR_SHARE, below, color=colour, alpha=0.9)
        for place, (start, height) in enumerate(zip(below, heights, strict=True)):
            if height:
                axes.text(
                    place,
                    start + height / 2,
                    field.shown(height),
                    ha="center",
                    va="center",
                    color=readable_on(colour),
                    size=SMALL,
                )
        below = [one + other for one, other in zip(below, heights, strict=True)]
