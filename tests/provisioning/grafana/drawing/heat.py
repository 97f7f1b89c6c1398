"""Heat maps: how many observations were in which bucket, over time."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from tests.provisioning.grafana.drawing.axis import Axis, time_axis
from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.diagram import plot_box, with_axes
from tests.provisioning.grafana.drawing.theme import SMALL
from tests.provisioning.grafana.drawing.units import shown
from tests.provisioning.grafana.results import Rows

LEGEND_PX, SCALE_PX, SCALE_STEPS = 34, 180, 90
# Buckets that nothing was in are left empty, from this rate on.
NOTHING = 1e-9


def draw_heat(canvas: Canvas, box: Box, content: Content) -> None:
    """A cell for each bucket and point, from dark to light."""
    options = content.panel["options"]
    unit = options["yAxis"].get("unit", "none")
    bounds, times, counts = cells(content.found[0])
    names = [shown(one, unit) if one < np.inf else "+Inf" for one in bounds]
    colours = colormaps[options["color"]["scheme"].lower()]
    box = box.inside(0, 0, bottom=LEGEND_PX)
    inner = plot_box(box, names)
    y = Axis(-0.5, len(bounds) - 0.5, range(len(bounds)), names)
    x = time_axis(content.since, content.until, inner.width)
    axes = with_axes(canvas, inner, x, y)
    axes.grid(visible=False)
    seen = np.ma.masked_less_equal(counts, NOTHING)
    axes.pcolormesh(times, y.ticks, seen, cmap=colours, shading="nearest", vmin=0)
    _draw_scale(canvas, box, colours(np.linspace(0, 1, SCALE_STEPS)), seen.max())


def cells(
    rows: Rows,
) -> tuple[list[float], list[float], NDArray[np.float64]]:
    """Upper bounds, times, and what was in each bucket alone.

    Prometheus counts in a bucket all that is in the lower ones too.
    """
    by_bound: dict[float, dict[float, float]] = {}
    for name, (xs, ys) in rows.series().items():
        known = {x.timestamp(): float(y or 0) for x, y in zip(xs, ys, strict=True)}
        by_bound[float(name)] = known
    bounds = sorted(by_bound)
    times = sorted({time for known in by_bound.values() for time in known})
    upto = [[by_bound[bound].get(time, 0.0) for time in times] for bound in bounds]
    return bounds, times, np.diff(np.array(upto), axis=0, prepend=0).clip(0)


def _draw_scale(
    canvas: Canvas, box: Box, colours: NDArray[np.float64], most: float
) -> None:
    left, top = box.left + 10, box.bottom + 4
    wide = SCALE_PX / SCALE_STEPS
    for number, (red, green, blue, *_) in enumerate(colours):
        digits = [round(255 * part) for part in (red, green, blue)]
        colour = "#" + "".join(f"{digit:02x}" for digit in digits)
        canvas.block(Box(left + number * wide, top, wide + 0.5, 8), colour)
    canvas.text(left, top + 19, "0", SMALL)
    canvas.text(left + SCALE_PX, top + 19, shown(most, "none"), SMALL, align="right")
