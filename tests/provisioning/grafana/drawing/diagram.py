"""A diagram: axes with their ticks, the legend below, annotations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from tests.provisioning.grafana.drawing.axis import Axis
from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Mark
from tests.provisioning.grafana.drawing.theme import (
    GRID,
    SMALL,
    TEXT,
    shortened,
    width_px,
)

BELOW_PX, ABOVE_PX, TICK_PX = 20, 8, 4
LEGEND_LINE_PX, LEGEND_GAP_PX, SWATCH_PX, LABEL_PX = 18, 16, 14, 18

# What a legend takes of a panel at most.
LEGEND_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Entry:
    """What a legend says of a series."""

    name: str
    colour: str


def plot_box(box: Box, labels: Sequence[str]) -> Box:
    """Where the plot is, once there is room for what is written at its axes."""
    left = max((width_px(label, SMALL) for label in labels), default=0) + 10
    return box.inside(left, ABOVE_PX, 8, BELOW_PX)


def with_axes(canvas: Canvas, box: Box, x: Axis, y: Axis) -> Axes:
    """Empty axes in the plot's box, with lines of a grid and ticks around it."""
    axes = canvas.axes(box)
    axes.set(xlim=(x.low, x.high), ylim=(y.low, y.high))
    axes.set_xticks(x.ticks, _inside_only(canvas, box, x), size=SMALL, color=TEXT)
    axes.set_yticks(y.ticks, y.labels, size=SMALL, color=TEXT)
    axes.tick_params(length=TICK_PX, width=1, color=GRID, pad=2, which="both")
    axes.grid(color=GRID, lw=1)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def with_legend(canvas: Canvas, box: Box, entries: Sequence[Entry]) -> Box:
    """Draws a legend at the lower end of a box; what is left above it."""
    most = max(int(box.height * LEGEND_SHARE / LEGEND_LINE_PX), 1)
    # Grafana has the rest of them behind a scroll bar.
    lines = _lines(entries, box.width - 16)[:most]
    above = box.inside(0, 0, bottom=len(lines) * LEGEND_LINE_PX)
    for number, line in enumerate(lines):
        x = box.left + 10.0
        y = above.bottom + (number + 0.5) * LEGEND_LINE_PX
        for entry in line:
            swatch = Box(x, y - 2, SWATCH_PX, 4)
            canvas.frame(swatch, entry.colour, entry.colour, 1)
            name = shortened(entry.name, box.width - 60, SMALL)
            canvas.text(x + SWATCH_PX + 5, y, name, SMALL)
            x += _width(entry)
    return above


def with_legend_beside(
    canvas: Canvas, box: Box, entries: Sequence[tuple[Entry, str]]
) -> Box:
    """Draws a legend with values right of a box; what is left of the box."""
    names = (width_px(entry.name, SMALL) for entry, _ in entries)
    values = (width_px(value, SMALL) for _, value in entries)
    wide = SWATCH_PX + 5 + max(names) + LEGEND_GAP_PX + max(values)
    left = box.right - wide
    # Grafana has the rest of them behind a scroll bar.
    for number, (entry, value) in enumerate(
        entries[: int(box.height / LEGEND_LINE_PX)]
    ):
        y = box.top + (number + 0.5) * LEGEND_LINE_PX
        swatch = Box(left, y - 2, SWATCH_PX, 4)
        canvas.frame(swatch, entry.colour, entry.colour, 1)
        canvas.text(left + SWATCH_PX + 5, y, entry.name, SMALL)
        canvas.text(box.right, y, value, SMALL, align="right")
    return box.inside(0, 0, wide + LEGEND_GAP_PX)


def with_label(canvas: Canvas, box: Box, label: str) -> Box:
    """Draws what the y axis is of beside it; what is left of the box."""
    if not label:
        return box
    x, y = box.left + LABEL_PX / 2, box.middle[1]
    canvas.text(x, y, label, SMALL, TEXT, "center", upwards=True)
    return box.inside(LABEL_PX, 0, 0)


def with_marks(axes: Axes, marks: Sequence[Mark]) -> None:
    """Draws annotations: a region between dashed lines, or one dashed line."""
    for mark in marks:
        ends = mark.since.timestamp(), mark.until.timestamp()
        if ends[1] > ends[0]:
            axes.axvspan(*ends, color=mark.colour, alpha=0.1, lw=0, zorder=0.5)
            axes.axvspan(*ends, ymax=0.012, color=mark.colour, lw=0, zorder=4)
        for end in set(ends):
            axes.axvline(end, color=mark.colour, lw=1, ls=(0, (4, 3)), zorder=3)


def _width(entry: Entry) -> float:
    return SWATCH_PX + 5 + width_px(entry.name, SMALL) + LEGEND_GAP_PX


def _lines(entries: Sequence[Entry], room_px: float) -> list[list[Entry]]:
    """The entries in lines that fit."""
    lines: list[list[Entry]] = []
    used = 0.0
    for entry in entries:
        if not lines or used + _width(entry) - LEGEND_GAP_PX > room_px:
            lines.append([])
            used = 0
        lines[-1].append(entry)
        used += _width(entry)
    return lines


def _inside_only(canvas: Canvas, box: Box, axis: Axis) -> list[str]:
    """The labels along x, without those that would leave the page's panel."""
    room = min(box.left, canvas.width - box.right)
    kept = []
    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        share = (tick - axis.low) / (axis.high - axis.low)
        half = width_px(label, SMALL) / 2
        beyond = max(half - share * box.width, half - (1 - share) * box.width)
        kept.append(label if beyond <= min(room, 12) else "")
    return kept
