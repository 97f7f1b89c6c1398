"""State timelines: a line for each series, in the colour of its state."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes

from tests.provisioning.grafana.drawing.axis import Axis, time_axis
from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.diagram import plot_box, with_axes, with_marks
from tests.provisioning.grafana.drawing.fields import Field, field_of
from tests.provisioning.grafana.drawing.theme import SMALL, shortened

# What names of series may take of the width.
NAMES_SHARE = 0.25


def draw_states(canvas: Canvas, box: Box, content: Content) -> None:
    """One line a series, from the top."""
    per_page = content.panel["options"].get("perPage") or 20
    series = {
        name: drawn for rows in content.found for name, drawn in rows.series().items()
    }
    shown = list(series.items())[:per_page]
    fields = [field_of(content.panel, name) for name, _ in shown]
    names = [shortened(one.title, NAMES_SHARE * box.width, SMALL) for one in fields]
    inner = plot_box(box, names)
    y = Axis(len(names) - 0.5, -0.5, range(len(names)), names)
    x = time_axis(content.since, content.until, inner.width)
    axes = with_axes(canvas, inner, x, y)
    axes.grid(visible=False)
    for line, (field, (_, (xs, states))) in enumerate(zip(fields, shown, strict=True)):
        edges = [x.timestamp() for x in xs]
        _draw_line(axes, line, field, edges, states, content)
    with_marks(axes, content.marks)


def _draw_line(
    axes: Axes,
    line: int,
    field: Field,
    edges: Sequence[float],
    states: Sequence[Any],
    content: Content,
) -> None:
    # A state lasts until the next, or is not known where there is none.
    height = content.panel["options"].get("rowHeight", 0.9)
    alpha = field.custom("fillOpacity", 70) / 100
    ends = [*pairwise([*edges, content.until.timestamp()])]
    for (since, until), state in zip(ends, states, strict=True):
        if state is not None and until > since:
            part = [(since, until - since)]
            at = (line - height / 2, height)
            colour = field.colour(state)
            axes.broken_barh(part, at, facecolor=colour, alpha=alpha, lw=0)
