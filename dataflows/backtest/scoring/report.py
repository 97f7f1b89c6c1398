"""The scoreboard as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields

from connectors.messages.findings import Severity
from dataflows.backtest.scoring import Span
from dataflows.backtest.scoring.alarms import COLUMNS, Listed, listed
from dataflows.backtest.scoring.comparison import AlarmChange
from dataflows.backtest.scoring.events import ChannelScore, Why
from dataflows.backtest.scoring.figures import Figures, Spread, by_spacecraft, total

__all__ = [
    "Place",
    "Run",
    "alarms_text",
    "as_json",
    "changes_text",
    "comparison",
    "scoreboard",
    "table",
]

Place = Callable[[str, int], str]
"""Where a scored sample of a channel is, for people."""

DECIMALS = 6
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Run:
    """The channels' scores under one configuration; a baseline is told in one row."""

    name: str
    scores: Sequence[ChannelScore]
    baseline: bool = False

    @property
    def figures(self) -> Figures:
        """The figures of all channels together."""
        return total(self.scores)


def scoreboard(runs: Sequence[Run]) -> str:
    """Return a Markdown table: a row per run, and per spacecraft of what is tried."""
    labelled = any(run.figures.labels is not None for run in runs)
    columns = _LABELLED if labelled else _UNLABELLED
    rows = []
    for run in runs:
        rows.append((run.name, run.figures))
        crafts = {} if run.baseline else by_spacecraft(run.scores)
        if len(crafts) > 1:
            rows += [(f"- {craft}", figures) for craft, figures in crafts.items()]
    lines = [["detectors", *columns]]
    lines += [[name, *(tell(row) for tell in columns.values())] for name, row in rows]
    return table(lines)


def comparison(before: Run, after: Run) -> str:
    """Return a Markdown table of how each figure changed."""
    lines = [["figure", before.name, after.name, "change"]]
    was, now = before.figures, after.figures
    for item in fields(Figures):
        old, new = getattr(was, item.name), getattr(now, item.name)
        if isinstance(old, Spread) or isinstance(new, Spread) or (old is new is None):
            continue
        change = None if old is None or new is None else new - old
        lines.append([item.name, _number(old), _number(new), _number(change, "+")])
    return table(lines)


def changes_text(changes: Sequence[AlarmChange], place: Place) -> str:
    """Return the alarms that were added, removed and moved, a Markdown line each."""
    if not changes:
        return "No alarm was added, removed or moved.\n"
    counts = ", ".join(
        f"{sum(change.kind == kind for change in changes)} {kind}"
        for kind in ("added", "removed", "moved")
    )
    lines = [f"Alarms: {counts}.", ""]
    for change in changes:
        spans = [span for span in (change.before, change.after) if span]
        where = " -> ".join(_interval(change.channel, span, place) for span in spans)
        truth = {None: "", True: " (false alarm)", False: " (of a label)"}[change.false]
        lines.append(f"- {change.kind} {change.channel}: {where}{truth}")
    return "\n".join(lines) + "\n"


def alarms_text(run: Run, place: Place, most: int | None = None) -> str:
    """Return the alarms of a run as a Markdown table, by channel and time.

    If there are more than `most` the worst are told, and how many are left out.
    """
    alarms = listed(run.scores)
    if not alarms:
        return "There was no alarm.\n"
    told = alarms
    if most is not None and len(alarms) > most:
        by_rank = sorted(range(len(alarms)), key=lambda at: _rank(alarms[at]))
        told = [alarms[at] for at in sorted(by_rank[:most])]
    rows = [
        one.row(place(one.channel, one.first), place(one.channel, one.last))
        for one in told
    ]
    plain = [[cell.replace("|", "/") for cell in row] for row in rows]
    left = len(alarms) - len(told)
    more = f"\n{left} more, not worse, are left out; --output lists all.\n" * bool(left)
    head = f"Alarms: {len(alarms)}.\n\n"
    return head + table([[*COLUMNS], *plain], ragged_last=True) + more


def _rank(alarm: Listed) -> tuple[float, float]:
    """The worst first."""
    why = alarm.why
    return (-why.severity, -why.score) if why else (0.0, 0.0)


def as_json(
    runs: Sequence[Run], changes: Sequence[AlarmChange] | None, place: Place
) -> str:
    """Return all figures and all alarms, byte for byte the same for the same runs."""
    content: dict[str, object] = {
        "runs": [_run(run, place) for run in runs if not run.baseline],
        "baselines": {run.name: _figures(run.figures) for run in runs if run.baseline},
    }
    if changes is not None:
        content["changes"] = [asdict(change) for change in changes]
    return json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _run(run: Run, place: Place) -> dict[str, object]:
    return {
        "name": run.name,
        "total": _figures(run.figures),
        "spacecraft": {
            craft: _figures(figures)
            for craft, figures in by_spacecraft(run.scores).items()
        },
        "alarms": [
            {
                "channel": alarm.channel,
                "first": alarm.first,
                "last": alarm.last,
                "from": place(alarm.channel, alarm.first),
                "to": place(alarm.channel, alarm.last),
                "false": alarm.false,
                **_said(alarm.why),
            }
            for alarm in listed(run.scores)
        ],
    }


def _said(why: Why | None) -> dict[str, object]:
    if why is None:
        return {}
    said = {name: _rounded(value) for name, value in asdict(why).items()}
    return {**said, "severity": Severity(why.severity).name}


def _figures(figures: Figures) -> dict[str, object]:
    return {name: _rounded(value) for name, value in asdict(figures).items()}


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, DECIMALS) if isinstance(value, float) else value


def _interval(channel: str, span: Span, place: Place) -> str:
    first, last = place(channel, span.first), place(channel, span.last)
    return first if first == last else f"{first} to {last}"


def table(rows: Iterable[Sequence[str]], *, ragged_last: bool = False) -> str:
    """Return a Markdown table that can be read as it is: columns have one width.

    With `ragged_last` the last column, of sentences, is as wide as each of them.
    """
    lines = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if ragged_last:
        widths[-1] = len(lines[0][-1])
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.insert(1, rule)
    told = []
    for first, *others in lines:
        cells = [first.ljust(widths[0])]
        cells += [
            cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)
        ]
        told.append(f"| {' | '.join(cells)} |")
    return "\n".join(told) + "\n"


def _number(value: float | None, sign: str = "") -> str:
    if value is None:
        return NOTHING
    decimals = "" if isinstance(value, int) else ".4f"
    return format(value, f"{sign}{decimals}")


def _share(value: float | None, spread: Spread | None = None) -> str:
    if value is None:
        return NOTHING
    around = f" ({spread.low:.2f}-{spread.high:.2f})" if spread else ""
    return f"{value:.3f}{around}"


def _delay(figures: Figures) -> str:
    if figures.delay_median_samples is None or figures.delay_p90_samples is None:
        return NOTHING
    return f"{figures.delay_median_samples:.0f} / {figures.delay_p90_samples:.0f}"


_LABELLED: dict[str, Callable[[Figures], str]] = {
    "channels": lambda row: str(row.channels),
    "tp": lambda row: str(row.tp),
    "fp": lambda row: str(row.fp),
    "fn": lambda row: str(row.fn),
    "precision": lambda row: _share(row.precision),
    "recall": lambda row: _share(row.recall),
    "F0.5 (5-95 %)": lambda row: _share(row.f05, row.f05_spread),
    "F05c (5-95 %)": lambda row: _share(row.f05c, row.f05c_spread),
    "nominal time in alarm": lambda row: _share(row.nominal_in_alarm),
    "delay [samples] median / p90": _delay,
    "false alarms / channel-day": lambda row: _share(row.false_alarms_per_channel_day),
}
_UNLABELLED: dict[str, Callable[[Figures], str]] = {
    "channels": lambda row: str(row.channels),
    "samples": lambda row: str(row.samples),
    "channel-days": lambda row: f"{row.channel_days:.2f}",
    "alarms": lambda row: str(row.alarms),
    "alarms / channel-day": lambda row: _share(row.alarms_per_channel_day),
}
