"""State timelines show how long each state lasted."""

from datetime import timedelta

import numpy as np
import pytest
from matplotlib.colors import to_hex

from provisioning.grafana.severity import COLOURS
from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.states import draw_states
from tests.provisioning.grafana.filled import TIMES
from tests.provisioning.grafana.results import Rows

NAMES = {name: {"text": name, "color": colour} for name, colour in COLOURS.items()}
PANEL = {
    "fieldConfig": {"defaults": {"mappings": [{"type": "value", "options": NAMES}]}},
    "options": {"rowHeight": 0.8},
}


def test_a_state_lasts_until_the_next_and_the_last_until_the_end():
    later = TIMES.start + timedelta(hours=2)
    edges = [(TIMES.start, "WATCH"), (later, "CRITICAL")]
    canvas = Canvas(600, 200)
    content = Content(
        PANEL, [Rows("A", ["time", "severity"], edges)], TIMES.start, TIMES.end
    )
    draw_states(canvas, Box(0, 0, 600, 200), content)
    drawn = [
        (
            to_hex(tuple(np.array(part.get_facecolor())[0])).upper(),
            part.get_paths()[0].get_extents(),
        )
        for part in canvas.figure.axes[-1].collections
    ]
    assert [colour for colour, _ in drawn] == [COLOURS["WATCH"], COLOURS["CRITICAL"]]
    assert [extents.width for _, extents in drawn] == pytest.approx([7200, 10800])


def test_nothing_is_drawn_where_no_state_is_known():
    edges = [(TIMES.start, "WATCH"), (TIMES.start + timedelta(hours=1), None)]
    canvas = Canvas(600, 200)
    content = Content(
        PANEL, [Rows("A", ["time", "severity"], edges)], TIMES.start, TIMES.end
    )
    draw_states(canvas, Box(0, 0, 600, 200), content)
    [part] = canvas.figure.axes[-1].collections
    assert part.get_paths()[0].get_extents().width == pytest.approx(3600)
