"""Single numbers are the newest, with their names."""

from typing import Any

import pytest

from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.stat import draw_stat
from tests.provisioning.grafana.filled import TIMES
from tests.provisioning.grafana.results import Rows

ROWS = Rows("A", ["altitude", "phase"], [(99.0, "coasting"), (157.0, "flying")])


@pytest.mark.parametrize(
    ("fields", "shown"),
    [("", ["altitude", "157 m"]), ("/.*/", ["altitude", "157 m", "phase", "flying"])],
)
def test_texts_are_shown_where_any_column_is_meant(fields: str, shown: list[str]):
    panel: dict[str, Any] = {
        "fieldConfig": {"defaults": {"unit": "suffix:m"}},
        "options": {
            "colorMode": "value",
            "textMode": "value_and_name",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": fields},
        },
    }
    canvas = Canvas(400, 100)
    content = Content(panel, [ROWS], TIMES.start, TIMES.end)
    draw_stat(canvas, Box(0, 0, 400, 100), content)
    assert canvas.texts == shown
