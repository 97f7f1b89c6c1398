"""Draws what the queries of a panel found, as plainly as possible, with matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

from provisioning.grafana.severity import COLOURS
from tests.provisioning.grafana.questions import Json
from tests.provisioning.grafana.results import Rows, as_moment

INK, PAPER, GRID = "#D8D9DA", "#181B1F", "#2E3136"
LINES = ("#5794F2", "#FF9830", "#B877D9", "#73BF69", "#FADE2A", "#F2495C", "#8AB8FF")
MOST_ROWS, WIDEST_CELL = 9, 46
NAMES = list(COLOURS)


def draw(axes: Axes, panel: Json, found: Sequence[Rows]) -> None:
    """Draws a panel, whatever its kind."""
    axes.set_title(panel["title"], color=INK, fontsize=8, loc="left")
    KINDS[panel["type"]](axes, panel, found)
    axes.tick_params(colors=INK, labelsize=6)
    axes.yaxis.get_offset_text().set_fontsize(6)


def _lines(axes: Axes, panel: Json, found: Sequence[Rows], over: str = "time") -> None:
    options = _overrides(panel)
    series = {
        name: drawn for rows in found for name, drawn in rows.series(over).items()
    }
    for number, (name, (xs, ys)) in enumerate(series.items()):
        wanted = options.get(name, {})
        colour = wanted.get("color", {}).get("fixedColor", LINES[number % len(LINES)])
        if (below := wanted.get("custom.fillBelowTo")) is not None:
            low, high = (_numbers(series[one][1]) for one in (below, name))
            axes.fill_between(xs, low, high, color=colour, alpha=0.25, label=name)
        elif "bars" in panel["fieldConfig"]["defaults"]["custom"].values():
            width = (_days(series) or 1) / 200
            axes.bar(xs, _numbers(ys), width=width, color=colour, label=name)
        elif wanted.get("custom.lineWidth") != 0:
            points = wanted.get("custom.drawStyle") == "points"
            dashed = "custom.lineStyle" in wanted
            style = "" if points else "--" if dashed else "-"
            mark = "o" if points or len(xs) == 1 else ""
            axes.plot(
                xs, _numbers(ys), style + mark, color=colour, lw=0.9, ms=3, label=name
            )
    axes.grid(color=GRID, lw=0.5)
    if over == "time":
        _with_times(axes)
    if 0 < len(axes.get_legend_handles_labels()[0]) <= 10:
        axes.legend(
            fontsize=5, labelcolor=INK, facecolor=PAPER, edgecolor=GRID, ncols=2
        )


def _days(series: Mapping[str, tuple[list[Any], list[Any]]]) -> float:
    """How many days there are between the first and the last point."""
    times = [date2num(x) for xs, _ in series.values() for x in xs]
    return float(max(times) - min(times))


def _over_met(axes: Axes, panel: Json, found: Sequence[Rows]) -> None:
    _lines(axes, panel, found, panel["options"]["xField"])
    axes.set_xlabel("s since liftoff", color=INK, fontsize=6)


def _bars(axes: Axes, _panel: Json, found: Sequence[Rows]) -> None:
    rows = found[0]
    labels = [str(label) for label in rows.column(rows.columns[0])]
    below = [0.0] * len(labels)
    for name in rows.columns[1:]:
        counts = [float(value) for value in rows.column(name)]
        colour = COLOURS.get(name, LINES[0])
        axes.barh(labels, counts, left=below, color=colour, label=name)
        below = [one + other for one, other in zip(below, counts, strict=True)]
    _with_labels_inside(axes)
    axes.legend(fontsize=5, labelcolor=INK, facecolor=PAPER, edgecolor=GRID)


def _states(axes: Axes, _panel: Json, found: Sequence[Rows]) -> None:
    labels: list[str] = []
    for name, edges in _edges(found[0]).items():
        labels.append(name)
        for (since, state), (until, _) in pairwise(edges):
            if state is not None:
                since_day, until_day = date2num(since), date2num(until)
                axes.barh(
                    len(labels) - 1,
                    until_day - since_day,
                    left=since_day,
                    color=COLOURS[state],
                )
    axes.set_yticks(range(len(labels)), labels)
    _with_labels_inside(axes)
    axes.xaxis_date()
    _with_times(axes)


def _edges(rows: Rows) -> dict[str, list[tuple[datetime, str | None]]]:
    """When which severity began, by series."""
    found: dict[str, list[tuple[datetime, str | None]]] = {}
    for row in rows.rows:
        given = dict(zip(rows.columns, row, strict=True))
        state = given["severity"]
        if state is not None and not isinstance(state, str):
            state = NAMES[int(state)]
        name = str(given.get("parameter") or given.get("metric") or "severity")
        found.setdefault(name, []).append((as_moment(given["time"]), state))
    return found


def _table(axes: Axes, panel: Json, found: Sequence[Rows]) -> None:
    rows = found[0]
    axes.set_axis_off()
    hidden = {
        name for name, wanted in _overrides(panel).items() if "custom.hidden" in wanted
    }
    places = [n for n, name in enumerate(rows.columns) if name not in hidden]
    head = [rows.columns[place] for place in places]
    cells = [[_shown(row[place]) for place in places] for row in rows.rows[:MOST_ROWS]]
    if not cells:
        axes.text(0, 0.5, panel["fieldConfig"]["defaults"]["noValue"], color=INK)
        return
    drawn = axes.table(cells, colLabels=head, loc="upper left", cellLoc="left")
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(6)
    drawn.auto_set_column_width(list(range(len(head))))
    for (line, _), cell in drawn.get_celld().items():
        cell.set_edgecolor(GRID)
        text = cell.get_text().get_text()
        colour = COLOURS.get(text)
        cell.set_facecolor(colour or (GRID if line == 0 else PAPER))
        cell.get_text().set_color(_readable_on(colour) if colour else INK)


def _map(axes: Axes, _panel: Json, found: Sequence[Rows]) -> None:
    for rows, size, colour in zip(
        found, (3, 60), (LINES[0], COLOURS["SEVERE"]), strict=True
    ):
        places = rows.column("longitude"), rows.column("latitude")
        axes.scatter(*places, s=size, color=colour)
    axes.set_xlim(-180, 180)
    axes.set_ylim(-90, 90)
    axes.set_xticks(range(-180, 181, 60))
    axes.set_yticks(range(-90, 91, 30))
    axes.grid(color=GRID, lw=0.5)


def _heat(axes: Axes, _panel: Json, found: Sequence[Rows]) -> None:
    series = found[0].series()
    bounds = sorted(series, key=float)
    below: list[float] = []
    levels = []
    for bound in bounds:
        _, ys = series[bound]
        counts = [float(y) for y in ys]
        before = below or [0.0] * len(counts)
        levels.append([max(a - b, 0) for a, b in zip(counts, before, strict=True)])
        below = counts
    times = date2num(series[bounds[0]][0])
    axes.pcolormesh(
        times, range(len(bounds)), levels, cmap="viridis", shading="nearest"
    )
    axes.set_yticks(range(len(bounds)), bounds)
    axes.xaxis_date()
    _with_times(axes)


def _overrides(panel: Json) -> dict[str, dict[str, Any]]:
    return {
        override["matcher"]["options"]: {
            one["id"]: one.get("value") for one in override["properties"]
        }
        for override in panel["fieldConfig"].get("overrides", [])
    }


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _with_labels_inside(axes: Axes) -> None:
    axes.tick_params(axis="y", direction="in", pad=-4)
    for label in axes.get_yticklabels():
        label.set_horizontalalignment("left")
        label.set_bbox({"facecolor": PAPER, "alpha": 0.7, "pad": 1, "lw": 0})


def _with_times(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=2, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%m-%d %H:%M:%S}"
    text = "" if value is None else f"{value:.4g}" if _is_number(value) else str(value)
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 1] + "…"


def _is_number(value: Any) -> bool:
    return not isinstance(value, str | bool) and hasattr(value, "__float__")


def _readable_on(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "black" if 0.3 * red + 0.6 * green + 0.1 * blue > 120 else "white"


KINDS: Mapping[str, Callable[[Axes, Json, Sequence[Rows]], None]] = {
    "timeseries": _lines,
    "trend": _over_met,
    "barchart": _bars,
    "state-timeline": _states,
    "table": _table,
    "stat": _table,
    "geomap": _map,
    "heatmap": _heat,
}
