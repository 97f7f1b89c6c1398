"""Tables have the columns that Grafana gives them, and show what fits."""

from typing import Any

import pytest

from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.fields import Field
from tests.provisioning.grafana.drawing.table import (
    LINE_PX,
    Column,
    column_widths,
    draw_table,
)
from tests.provisioning.grafana.filled import TIMES
from tests.provisioning.grafana.results import Rows

PANEL: dict[str, Any] = {"fieldConfig": {"defaults": {"unit": "s"}, "overrides": []}}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([{}, {}], [400, 400]),
        ([{"custom.width": 100}, {}, {}], [100, 350, 350]),
        ([{"custom.width": 600}, {}, {}], [600, 150, 150]),
        ([{}, {"custom.minWidth": 500}], [300, 500]),
        ([{"custom.width": 100}, {"custom.width": 90}], [100, 90]),
    ],
)
def test_columns_share_what_those_with_a_width_leave(
    settings: list[dict[str, int]], expected: list[float]
):
    columns = [Column(Field("name", given), []) for given in settings]
    assert column_widths(columns, 800) == expected


def test_a_table_shows_the_rows_that_fit_with_their_units():
    rows = Rows("A", ["duration"], [(float(n),) for n in range(1, 10)])
    canvas = Canvas(400, 300)
    box = Box(0, 0, 400, 4.5 * LINE_PX)
    draw_table(canvas, box, Content(PANEL, [rows], TIMES.start, TIMES.end))
    assert canvas.texts == ["duration", "1 s", "2 s", "3 s"]
