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
    width_px,
)

LINE_PX, MARGIN_PX, SIZE = 36, 7, 11.5
# What columns keep where they are cut to make room; free texts, of what they say.
NARROWEST_PX, TEXT_PX = 60, 150


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
    def is_free_text(self) -> bool:
        """Whether it can be understood when cut."""
        known = [one for one in self.values if one is not None]
        return all(isinstance(one, str) for one in known) and not self.is_state

    @property
    def is_state(self) -> bool:
        """Whether its values have colours of their own."""
        return bool(self.field.settings.get("mappings"))

    @property
    def natural_px(self) -> float:
        """How wide it would be with all of its text."""
        title = width_px(self.field.title, SIZE, bold=True) + 2 * MARGIN_PX + 1
        return max(title, self.cells_px)

    @property
    def cells_px(self) -> float:
        """How wide its values are."""
        texts = [self.field.shown(one) for one in self.values]
        widest = max((width_px(text, SIZE) for text in texts), default=0)
        return widest + 2 * MARGIN_PX + 1


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
    """Widths that fill the room.

    Where there is too little of it, free texts give way first, then titles, then all.
    Grafana makes them all the same, and scrolls, where it is told no width.
    """
    widths = [one.field.custom("width") or one.natural_px for one in columns]
    texts = [
        min(one.natural_px, TEXT_PX) if one.is_free_text else one.natural_px
        for one in columns
    ]
    cells = [min(one.cells_px, text) for one, text in zip(columns, texts, strict=True)]
    for lowest in (texts, cells, [NARROWEST_PX] * len(columns)):
        widths = _cut(widths, lowest, room_px)
    spare = max(room_px - sum(widths), 0) / len(widths)
    return [one + spare for one in widths]


def _cut(
    widths: Sequence[float], lowest: Sequence[float], room_px: float
) -> list[float]:
    """Takes from the widest columns that are not at their lowest, until all fit."""
    cut = list(widths)
    while sum(cut) > room_px:
        above = [n for n, wide in enumerate(cut) if wide > max(lowest[n], NARROWEST_PX)]
        if not above:
            break
        cut[max(above, key=cut.__getitem__)] -= 1
    return cut
