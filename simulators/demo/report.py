"""What the demo reports at its end: what was found, what happened, what is kept."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from connectors.database.overview import ExpectedPass, FlightEvent, OrbitPosition
from simulators.demo.earlier import DATABASE
from simulators.demo.times import ON_BOARD, date_and_time, span, time_beside
from simulators.demo.verdicts import Verdict

# From here on tables have room for wider gaps.
ROOMY = 100
HOW_TO_READ = (
    "Detectors of the spacecraft judge values, and in a dropout there are none. All "
    "times are\nthose on board. A delay is from the first sample of a fault to that of "
    "its first anomaly."
)
QUERY = (
    "SELECT qualified_name, severity, started_at, text FROM anomaly_named "
    "ORDER BY started_at DESC LIMIT 10"
)
COUNTS = (
    "import sys, pyarrow.dataset as ds; files = ds.dataset(sys.argv[1], "
    'format="parquet", partitioning="hive"); print(files.to_table()'
    '.group_by(["system", "spacecraft"]).aggregate([([], "count_all")]).to_pylist())'
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many samples were sent, and how many of these are in the end where."""

    sent: int
    stored: int
    archived: int


def verdict_table(verdicts: Sequence[Verdict], width: int) -> Table:
    """The injected faults, and whether they were detected."""
    table = _table("Injected faults, and what was detected", width)
    table.add_column(ON_BOARD, no_wrap=True)
    # The parameters of the demo have distinct names.
    for heading in ("parameter", "fault"):
        table.add_column(heading, no_wrap=True)
    table.add_column("lasted", justify="right", no_wrap=True)
    table.add_column("detected", no_wrap=True)
    table.add_column("delay", justify="right", no_wrap=True)
    for verdict in verdicts:
        fault = verdict.injected
        lasted = fault.ended_at - fault.started_at
        first = verdict.detections[0] if verdict.detections else None
        table.add_row(
            date_and_time(fault.started_at),
            escape(fault.name.parameter),
            fault.fault,
            span(lasted.total_seconds()),
            first.severity if first else "no",
            span(verdict.delay_s) if verdict.delay_s is not None else "",
        )
    return table


def _table(title: str, width: int) -> Table:
    """An empty one that still fits where 80 columns are all there is."""
    sides = int(width >= ROOMY)
    return Table(title=title, box=SIMPLE, padding=(0, sides))


def event_table(events: Sequence[FlightEvent], width: int) -> Table | str:
    """What happened in the flights so far."""
    if not events:
        return "The launch has had no event so far."
    table = _table("Events of the launch so far", width)
    for heading in ("vehicle", "event", ON_BOARD):
        table.add_column(heading, no_wrap=True)
    for heading in ("within", "altitude", "velocity"):
        table.add_column(heading, justify="right", no_wrap=True)
    for event in events:
        table.add_row(
            escape(event.spacecraft),
            escape(event.event),
            date_and_time(event.happened_at),
            f"{event.uncertainty_s:.1f} s",
            f"{event.altitude_km:.1f} km",
            f"{event.velocity_m_s:,.0f} m/s",
        )
    return table


def where_it_is(position: OrbitPosition | None, expected: ExpectedPass | None) -> str:
    """Where a satellite is, and from where it can be seen now or next."""
    if position is None:
        return "No position of the satellite is stored yet."
    north, east = position.latitude_deg, position.longitude_deg
    high = "" if position.altitude_km is None else f", {position.altitude_km:.0f} km up"
    here = (
        f"{position.spacecraft} at {date_and_time(position.generation_time)} UTC: "
        f"{abs(north):.1f}° {'N' if north >= 0 else 'S'}, "
        f"{abs(east):.1f}° {'E' if east >= 0 else 'W'}{high}."
    )
    if expected is None:
        return f"{here}\nNo pass over a station is predicted."
    which = "Next" if expected.predicted_aos > position.generation_time else "Present"
    return (
        f"{here}\n{which} pass: over {expected.station}, "
        f"{date_and_time(expected.predicted_aos)} to "
        f"{time_beside(expected.predicted_los, expected.predicted_aos)} UTC, "
        f"up to {expected.predicted_elevation_deg:.0f}° above the horizon."
    )


def in_the_archive(samples: Mapping[str, int]) -> str:
    """How much the archive holds."""
    each = ", ".join(f"{system} {count:,}" for system, count in sorted(samples.items()))
    return f"The archive holds {sum(samples.values()):,} samples ({each})."


def what_is_kept(folder: Path) -> str:
    """What is in the folder, and the commands that look into it and that remove it."""
    ask = [*_psql(folder), "-c", QUERY]
    count = [sys.executable, "-c", COUNTS, str(folder / "archive")]
    return (
        f"Database, archive, logs and the list of injected faults are kept in {folder}."
        f"\nTo list the latest anomalies:\n  {shlex.join(ask)}\n"
        f"To count what is in the archive:\n  {shlex.join(count)}\n"
        f"To remove all of it:\n  {shlex.join(['rm', '-r', str(folder)])}"
    )


def headline(
    verdicts: Sequence[Verdict], anomalies: int, false: int, counts: Counts
) -> str:
    """The result, in three lines."""
    return "\n".join(
        (
            _found(verdicts),
            f"False anomalies, where no fault was injected: {false} of {anomalies}.",
            _kept(counts),
        )
    )


def where_to_look_next(folder: Path) -> str:
    """The command that opens the database, and the way to telemetry of one's own."""
    return (
        f"Look next at the database, with psql:\n  {shlex.join(_psql(folder))}\n"
        'and at README.md, "With your own Kafka and database".'
    )


def _found(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "No fault was injected in this time."
    delays = sorted(each.delay_s for each in verdicts if each.delay_s is not None)
    found = f"Found {len(delays)} of {len(verdicts)} injected faults"
    if not delays:
        return f"{found}."
    half, last = delays[(len(delays) - 1) // 2], delays[-1]
    if half == last:
        return f"{found}, {_after(last)} on board."
    return f"{found}: half of them {_after(half)}, the slowest {_after(last)} on board."


def _after(seconds: float) -> str:
    return f"after {span(seconds)}" if seconds else "at once"


def _kept(counts: Counts) -> str:
    if counts.sent == counts.stored == counts.archived:
        return f"Samples sent = stored = archived: {counts.sent:,}."
    return (
        f"Samples sent: {counts.sent:,}, stored: {counts.stored:,}, archived: "
        f"{counts.archived:,}. These should be equal; the logs of the flows say more."
    )


def _psql(folder: Path) -> list[str]:
    return [sys.executable, "-m", "connectors.embedded", str(folder / DATABASE)]
