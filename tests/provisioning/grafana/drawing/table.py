"""Tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.fields import Field, field_of, is_number
from tests.provisioning.grafana.drawing.theme import (
    BORDER,
    FAINT,
    LINK,
    TEXT,
    readable_on,
    shortened,
)

LINE_PX, MARGIN_PX, SIZE = 36, 7, 11.5
# How wide a column is at least that is told nothing else.
LEAST_PX = 150


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is shown."""

    field: Field
    values: Sequence[Any]

    @property
    def is_of_numbers(self) -> bool:
        """Whether it stands to the right, as numbers do."""
        return any(map(is_number, self.values)) and not self.is_state

    @property
    def is_state(self) -> bool:
        """Whether its values have colours of their own."""
        return bool(self.field.settings.get("mappings"))


def draw_table(canvas: Canvas, box: Box, content: Content) -> None:
    """As many rows as there is room for."""
    rows = content.found[0]
    columns = [
        Column(field, rows.column(name))
        for name in rows.columns
        if not (field := field_of(content.panel, name, rows.reference)).custom("hidden")
    ]
    lines = min(int(box.height // LINE_PX) - 1, len(rows.rows))
    if len(rows.rows) > lines:
        _draw_scrollbar(canvas, box, lines / len(rows.rows))
        box = box.inside(0, 0, 10)
    left = box.left
    for column, width in zip(columns, column_widths(columns, box.width), strict=True):
        _draw_column(canvas, Box(left, box.top, width, LINE_PX), column, lines)
        left += width
    for line in range(1, lines + 1):
        y = box.top + line * LINE_PX
        canvas.line((box.left, box.right), (y, y), BORDER, 0.8)


def _draw_column(canvas: Canvas, head: Box, column: Column, lines: int) -> None:
    field = column.field
    room = head.width - 2 * MARGIN_PX
    align = "right" if column.is_of_numbers else "left"
    x = head.right - MARGIN_PX if column.is_of_numbers else head.left + MARGIN_PX
    title = shortened(field.title, room, SIZE, bold=True)
    canvas.text(x, head.middle[1], title, SIZE, TEXT, align, bold=True)
    is_coloured = (field.custom("cellOptions") or {}).get("type") == "color-background"
    for line, value in enumerate(column.values[:lines], 1):
        top = head.top + line * LINE_PX
        colour = LINK if field.settings.get("links") else TEXT
        if is_coloured and value is not None:
            background = field.colour(value)
            canvas.block(Box(head.left, top, head.width, LINE_PX), background)
            colour = readable_on(background)
        text = shortened(field.shown(value), room, SIZE)
        canvas.text(x, top + LINE_PX / 2, text, SIZE, colour, align)


def _draw_scrollbar(canvas: Canvas, box: Box, share: float) -> None:
    height = box.height - LINE_PX
    thumb = Box(box.right - 5, box.top + LINE_PX, 4, max(height * share, 20))
    canvas.frame(thumb, FAINT, FAINT, 2)


def column_widths(columns: Sequence[Column], room_px: float) -> list[float]:
    """As Grafana has them: those without a width share what the others leave.

    Each has its least width all the same, for which Grafana scrolls sideways.
    """
    given = [one.field.custom("width") for one in columns]
    least = [one.field.custom("minWidth") or LEAST_PX for one in columns]
    while None in given:
        share = (room_px - sum(one or 0 for one in given)) / given.count(None)
        short = [
            place
            for place, one in enumerate(given)
            if one is None and least[place] > share
        ]
        if not short:
            return [share if one is None else one for one in given]
        given[short[0]] = least[short[0]]
    return given
