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
    NORMAL,
    TEXT,
    readable_on,
    shortened,
    width_px,
)

LINE_PX, MARGIN_PX = 36, 8
# Between columns where the widest are cut to make room.
NARROWEST_PX = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is shown."""

    field: Field
    values: Sequence[Any]

    @property
    def is_of_numbers(self) -> bool:
        """Whether it stands to the right, as numbers do."""
        return any(map(is_number, self.values)) and not self.field.settings.get(
            "mappings"
        )

    @property
    def natural_px(self) -> float:
        """How wide it would be with all of its text."""
        texts = [self.field.title, *(self.field.shown(one) for one in self.values)]
        return max(width_px(text, NORMAL, text == texts[0]) for text in texts) + (
            2 * MARGIN_PX
        )


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
    for column, width in zip(columns, _widths(columns, box.width), strict=True):
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
    title = shortened(field.title, room / 1.1)
    canvas.text(x, head.middle[1], title, colour=TEXT, align=align, bold=True)
    is_coloured = (field.custom("cellOptions") or {}).get("type") == "color-background"
    for line, value in enumerate(column.values[:lines], 1):
        top = head.top + line * LINE_PX
        colour = LINK if field.settings.get("links") else TEXT
        if is_coloured and value is not None:
            background = field.colour(value)
            canvas.block(Box(head.left, top, head.width, LINE_PX), background)
            colour = readable_on(background)
        text = shortened(field.shown(value), room)
        canvas.text(x, top + LINE_PX / 2, text, colour=colour, align=align)


def _draw_scrollbar(canvas: Canvas, box: Box, share: float) -> None:
    height = box.height - LINE_PX
    thumb = Box(box.right - 5, box.top + LINE_PX, 4, max(height * share, 20))
    canvas.frame(thumb, FAINT, FAINT, 2)


def _widths(columns: Sequence[Column], room_px: float) -> list[float]:
    """Widths that fill the room; the widest give way where there is too little."""
    wanted = [column.field.custom("width") or column.natural_px for column in columns]
    if sum(wanted) > room_px:
        limit = max(wanted)
        while sum(min(one, limit) for one in wanted) > room_px and limit > NARROWEST_PX:
            limit -= 1
        wanted = [min(one, limit) for one in wanted]
    spare = max(room_px - sum(wanted), 0) / len(wanted)
    return [one + spare for one in wanted]
