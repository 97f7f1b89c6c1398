"""Lines, bands and bars are where their values are."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content, Mark
from tests.provisioning.grafana.drawing.lines import draw_time_series, draw_trend
from tests.provisioning.grafana.filled import TIMES
from tests.provisioning.grafana.results import Rows

AT = [TIMES.start + timedelta(hours=hours) for hours in range(3)]


def drawn(
    columns: dict[str, list[Any]],
    *marks: Mark,
    over: str = "",
    custom: dict[str, Any] | None = None,
    legend: str = "bottom",
) -> tuple[Canvas, Axes]:
    panel = {
        "fieldConfig": {"defaults": {"unit": "none", "custom": custom or {}}},
        "options": {"xField": over, "legend": {"placement": legend}},
    }
    rows = Rows("A", list(columns), list(zip(*columns.values(), strict=True)))
    canvas = Canvas(600, 300)
    content = Content(panel, [rows], TIMES.start, TIMES.end, marks)
    draw = draw_trend if over else draw_time_series
    draw(canvas, Box(0, 0, 600, 300), content)
    return canvas, canvas.figure.axes[-1]


def points(line: Line2D) -> list[list[float]]:
    """Places and values."""
    found: list[list[float]] = np.transpose(np.asarray(line.get_xydata())).tolist()
    return found


def test_a_gap_is_left_where_there_is_no_value():
    _, axes = drawn({"time": AT, "volts": [1.0, None, 3.0]})
    values = points(axes.lines[0])[1]
    assert [one for one in values if one == one] == [1.0, 3.0]
    assert len(values) == 3


def test_series_are_named_below_the_plot():
    canvas, _ = drawn({"time": AT, "low": [1, 1, 1], "high": [2, 2, 2]})
    assert canvas.texts == ["low", "high"]


def test_a_legend_beside_the_plot_has_the_latest_values_the_highest_first():
    low, high, none = [9, 9, 1], [2, 2, None], [None] * 3
    columns: dict[str, list[Any]] = {"time": AT, "low": low, "high": high, "none": none}
    canvas, axes = drawn(columns, legend="right")
    assert canvas.texts == ["high", "2", "low", "1"]
    assert axes.get_position().x1 < 0.9


def test_bars_stand_on_each_other():
    stacked = {"drawStyle": "bars", "stacking": {"mode": "normal"}}
    _, axes = drawn({"time": AT, "a": [1, 2, 3], "b": [4, 4, 4]}, custom=stacked)
    bars = [bar for bar in axes.patches if isinstance(bar, Rectangle)]
    assert [bar.get_y() for bar in bars] == [0, 0, 0, 1, 2, 3]
    assert axes.get_ylim()[1] >= 7


@pytest.mark.parametrize(("mode", "lines"), [("off", 0), ("line", 1), ("dashed", 1)])
def test_thresholds_are_drawn_where_the_panel_says_so(mode: str, lines: int):
    custom = {"thresholdsStyle": {"mode": mode}}
    _, axes = drawn({"time": AT, "score": [60, 90, 100]}, custom=custom)
    # Grafana's own threshold.
    drawn_at = [points(line)[1][0] for line in axes.lines[1:]]
    assert drawn_at.count(80) == lines


def test_an_annotation_is_a_region_between_dashed_lines():
    _, axes = drawn({"time": AT, "volts": [1, 2, 3]}, Mark(AT[0], AT[1], "#E0003C"))
    edges = [points(line)[0][0] for line in axes.lines[-2:]]
    assert set(edges) == {AT[0].timestamp(), AT[1].timestamp()}
    assert len(axes.patches) == 2


def test_a_trend_is_drawn_over_its_own_column():
    _, axes = drawn({"met_s": [-10, 0, 290], "km": [0, 0, 157]}, over="met_s")
    assert axes.get_xlim() == (-10, 290)
