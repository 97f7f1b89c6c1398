"""Tables fill their panel, and show what fits."""

from typing import Any

import pytest

from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.fields import field_of
from tests.provisioning.grafana.drawing.table import (
    LINE_PX,
    Column,
    column_widths,
    draw_table,
)
from tests.provisioning.grafana.filled import TIMES
from tests.provisioning.grafana.results import Rows

PANEL: dict[str, Any] = {"fieldConfig": {"defaults": {"unit": "s"}, "overrides": []}}
LONG = "The smoothed error of prediction is above all that it was before."


def columns(*values: object) -> list[Column]:
    return [
        Column(field_of(PANEL, f"column {number}"), [value])
        for number, value in enumerate(values)
    ]


@pytest.mark.parametrize("values", [(1.0, "short"), (1.0, LONG, LONG, LONG)])
def test_columns_are_as_wide_as_their_panel(values: tuple[object, ...]):
    widths = column_widths(columns(*values), 800)
    assert sum(widths) == pytest.approx(800, abs=len(values))


def test_texts_give_way_before_numbers_do():
    number, text = columns(12.5, LONG)
    assert column_widths([number, text], 300)[0] >= number.natural_px


def test_a_table_shows_the_rows_that_fit_with_their_units():
    rows = Rows("A", ["duration"], [(float(n),) for n in range(1, 10)])
    canvas = Canvas(400, 300)
    box = Box(0, 0, 400, 4.5 * LINE_PX)
    draw_table(canvas, box, Content(PANEL, [rows], TIMES.start, TIMES.end))
    assert canvas.texts == ["duration", "1 s", "2 s", "3 s"]
