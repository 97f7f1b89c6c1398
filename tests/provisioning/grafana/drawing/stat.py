"""Single numbers, large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.fields import Field, field_of, is_number
from tests.provisioning.grafana.drawing.theme import FAINT, TEXT, width_px
from tests.provisioning.grafana.results import Rows

LARGEST, SMALLEST, NAME_SIZE = 30.0, 11.0, 12.0


def draw_stat(canvas: Canvas, box: Box, content: Content) -> None:
    """The last value of each column, side by side, all in the same size."""
    values = [one for rows in content.found for one in _last_values(content, rows)]
    width = box.width / len(values)
    size = _size([field.shown(value) for field, value in values], width - 12)
    options = content.panel["options"]
    for number, (field, value) in enumerate(values):
        part = Box(box.left + number * width, box.top, width, box.height)
        x, y = part.middle
        colour = TEXT if options["colorMode"] == "none" else field.colour(value)
        if "name" in options["textMode"] or len(values) > 1:
            canvas.text(x, y - size / 2 - 4, field.title, NAME_SIZE, FAINT, "center")
            y += NAME_SIZE / 2 + 2
        canvas.text(x, y + 2, field.shown(value), size, colour, "center")


def _last_values(content: Content, rows: Rows) -> list[tuple[Field, Any]]:
    """Numbers only, but where the panel says that any column is meant."""
    every = bool(content.panel["options"]["reduceOptions"].get("fields"))
    last = dict(zip(rows.columns, rows.rows[-1], strict=True)) if rows.rows else {}
    if "metric" in last:
        last = {name: ys[-1] for name, (_, ys) in rows.series().items()}
    return [
        (field_of(content.panel, name, rows.reference), value)
        for name, value in last.items()
        if every or is_number(value)
    ]


def _size(texts: Sequence[str], room_px: float) -> float:
    """The largest size in which all of them fit."""
    widest = max(width_px(text, LARGEST) for text in texts)
    return max(min(LARGEST, LARGEST * room_px / widest), SMALLEST)
