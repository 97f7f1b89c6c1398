"""The latest anomalies as the live picture shows them, each a block of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from connectors.database.overview import LatestAnomaly
from connectors.recordings.truth import Injected
from simulators.demo.times import ON_BOARD, date_and_time, span, time_beside
from simulators.demo.verdicts import Verdict, delay_s, faults_by_anomaly, key

# From here on a line has room for all there is to say.
WIDE = 160
# As many as anyone reads; a higher terminal stays empty below.
MOST = 100
INDENT = 2


@dataclass(frozen=True, slots=True)
class Row:
    """An anomaly in words; `why` is the explanation, `fault` what was injected."""

    when: str
    parameter: str
    severity: str
    state: str
    score: str
    why: str
    fault: str


HEADINGS = Row(
    *(ON_BOARD, "parameter", "severity", "state", "score"),
    *("explanation", "injected fault"),
)


def latest_first(
    anomalies: Sequence[LatestAnomaly], verdicts: Sequence[Verdict], width: int
) -> Iterator[RenderableType]:
    """Headings, then a block for each of the latest anomalies."""
    faults = faults_by_anomaly(verdicts)
    latest = anomalies[: -MOST - 1 : -1]
    is_wide = width >= WIDE
    rows = [_row(each, faults.get(key(each)), is_wide) for each in latest]
    rows = [HEADINGS, *rows]
    widths = _widths(rows, width)
    styles = ["bold", *("dim" if each.ended_at else "" for each in latest)]
    for row, style in zip(rows, styles, strict=True):
        line = _line(row, widths, style)
        if row is HEADINGS:
            yield Group(line, Rule(style="dim"))
        elif is_wide:
            yield line
        else:
            below = f"{row.why} ({row.fault})" if row.fault else row.why
            yield Group(line, Padding(Text(below, style), (0, 0, 0, INDENT)))


def _row(found: LatestAnomaly, fault: Injected | None, is_wide: bool) -> Row:
    """If there is room, one that has ended says when."""
    _, vehicle, *_, parameter = found.parameter.split("/")
    state = "open"
    if found.ended_at is not None:
        state = "ended"
        if is_wide:
            state += f" {time_beside(found.ended_at, found.started_at)}"
    return Row(
        date_and_time(found.started_at),
        f"{vehicle} {parameter}",
        found.severity,
        state,
        f"{found.peak_score:.1f}",
        found.text,
        "" if fault is None else _cause(fault, found),
    )


def _cause(fault: Injected, found: LatestAnomaly) -> str:
    injected = time_beside(fault.started_at, found.started_at)
    delay = span(delay_s(fault, found))
    return f"{fault.fault} injected {injected}, found after {delay}"


def _widths(rows: Sequence[Row], width: int) -> list[int]:
    """How wide the columns are: as their words; the explanation gets the rest."""
    longest = [max(map(len, cells)) for cells in zip(*map(astuple, rows), strict=True)]
    if width < WIDE:
        return longest[:-2]
    *columns, _, fault = longest
    gaps = len(columns) + 1
    return [*columns, width - sum(columns) - fault - 2 * gaps, fault]


def _line(row: Row, widths: Sequence[int], style: str) -> Table:
    """The cells side by side; those there are no widths for are left out."""
    is_wide = len(widths) == len(astuple(row))
    line = Table.grid(padding=(0, 2 if is_wide else 1))
    for width in widths:
        line.add_column(width=width, no_wrap=not is_wide)
    line.add_row(*map(Text, astuple(row)[: len(widths)]), style=style)
    return line
