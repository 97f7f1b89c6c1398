"""A dashboard as a page: its title, what was chosen, and the panels on their grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.provisioning.grafana.drawing.bars import draw_bars
from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.earth import draw_earth
from tests.provisioning.grafana.drawing.heat import draw_heat
from tests.provisioning.grafana.drawing.lines import draw_time_series, draw_trend
from tests.provisioning.grafana.drawing.stat import draw_stat
from tests.provisioning.grafana.drawing.states import draw_states
from tests.provisioning.grafana.drawing.table import draw_table
from tests.provisioning.grafana.drawing.theme import (
    BORDER,
    FAINT,
    FIELD,
    LARGE,
    LINK,
    PAGE,
    PANEL,
    SMALL,
    shortened,
    width_px,
)
from tests.provisioning.grafana.drawing.units import shown_time
from tests.provisioning.grafana.questions import Json

WIDTH_PX, MARGIN_PX = 1200, 16
# Of Grafana's grid: columns, the height of a row, what is between panels.
COLUMNS, ROW_PX, GAP_PX = 24, 30, 8
TITLE_PX, CHOICES_PX, PANEL_TITLE_PX = 48, 40, 32
FIELD_PX, INSET_PX = 28, 9
TITLE_SIZE, PANEL_TITLE_SIZE = 19.0, 13.0


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the panels."""

    title: str
    choices: Mapping[str, str]
    links: Sequence[str]
    since: datetime
    until: datetime


def empty_page(board: Json, heading: Heading) -> Canvas:
    """A page with its heading, as high as the panels need."""
    lowest = max(_box(panel).bottom for panel in board["panels"])
    canvas = Canvas(WIDTH_PX, lowest + MARGIN_PX)
    canvas.text(MARGIN_PX, TITLE_PX / 2 + 2, heading.title, TITLE_SIZE)
    times = f"{shown_time(heading.since)} to {shown_time(heading.until)}  UTC"
    left = WIDTH_PX - MARGIN_PX - width_px(times) - 2 * INSET_PX
    _draw_field(canvas, left, times, TITLE_PX / 2, FIELD)
    _draw_choices(canvas, heading)
    return canvas


def draw_row(canvas: Canvas, row: Json) -> None:
    """The title of a row of panels."""
    box = _box(row)
    x, y = box.left + 5, box.middle[1]
    canvas.line((x, x + 4), (y - 2, y + 2), FAINT, 1.4)
    canvas.line((x + 4, x + 8), (y + 2, y - 2), FAINT, 1.4)
    canvas.text(box.left + 20, y, row["title"], LARGE)


def draw_panel(canvas: Canvas, content: Content, note: str = "") -> None:
    """A panel with its frame and its title, or why there is nothing in it.

    A note stands at the right of the title, as that of a range of the panel's own.
    """
    panel = content.panel
    box = _box(panel)
    canvas.frame(box, PANEL, BORDER)
    y = box.top + PANEL_TITLE_PX / 2
    canvas.text(box.left + 10, y, panel["title"], PANEL_TITLE_SIZE)
    canvas.text(box.right - 12, y, note, SMALL, FAINT, "right")
    room = box.inside(8, PANEL_TITLE_PX, bottom=6)
    if any(rows.rows for rows in content.found):
        KINDS[panel["type"]](canvas, room, content)
    else:
        why = shortened(panel["fieldConfig"]["defaults"]["noValue"], room.width)
        canvas.text(*room.middle, why, colour=FAINT, align="center")


def _draw_choices(canvas: Canvas, heading: Heading) -> None:
    left, y = float(MARGIN_PX), TITLE_PX + CHOICES_PX / 2 - 4
    for label, chosen in heading.choices.items():
        left = _draw_field(canvas, left, label, y, PANEL)
        left = _draw_field(canvas, left, f"{chosen}  ▾", y, PAGE) + 12
    right = float(WIDTH_PX - MARGIN_PX)
    for link in reversed(heading.links):
        if right - width_px(link, SMALL) < left:
            break
        canvas.text(right, y, link, SMALL, LINK, "right")
        right -= width_px(link, SMALL) + 18


def _draw_field(canvas: Canvas, left: float, text: str, y: float, back: str) -> float:
    """A text in a frame; where the frame ends."""
    wide = width_px(text) + 2 * INSET_PX
    canvas.frame(Box(left, y - FIELD_PX / 2, wide, FIELD_PX), back, BORDER)
    canvas.text(left + INSET_PX, y, text)
    return left + wide


def _box(panel: Json) -> Box:
    """Where a panel is on the page."""
    at = panel["gridPos"]
    column = (WIDTH_PX - 2 * MARGIN_PX + GAP_PX) / COLUMNS
    row = ROW_PX + GAP_PX
    return Box(
        MARGIN_PX + at["x"] * column,
        TITLE_PX + CHOICES_PX + at["y"] * row,
        at["w"] * column - GAP_PX,
        at["h"] * row - GAP_PX,
    )


KINDS: Mapping[str, Callable[[Canvas, Box, Content], None]] = {
    "barchart": draw_bars,
    "geomap": draw_earth,
    "heatmap": draw_heat,
    "stat": draw_stat,
    "state-timeline": draw_states,
    "table": draw_table,
    "timeseries": draw_time_series,
    "trend": draw_trend,
}
