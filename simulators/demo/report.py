"""What the demo reports at its end: what was found, what happened, what is kept."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from connectors.database.overview import (
    ExpectedPass,
    FlightEvent,
    LatestAnomaly,
    OrbitPosition,
)
from connectors.recordings.truth import Injected

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
class Verdict:
    """What became of an injected fault: its anomalies, the first first."""

    injected: Injected
    detections: tuple[LatestAnomaly, ...]

    @property
    def delay_s(self) -> float | None:
        """Event time from the start of the fault to the first anomaly."""
        if not self.detections:
            return None
        delay = self.detections[0].started_at - self.injected.started_at
        return delay.total_seconds()


def judge(
    faults: Iterable[Injected], anomalies: Sequence[LatestAnomaly], late: timedelta
) -> tuple[list[Verdict], list[LatestAnomaly]]:
    """What became of each fault, and the anomalies that belong to no fault.

    An anomaly belongs to a fault of its parameter, or of the one that its parameter
    is derived from, if it starts during it, or so `late` after its end.
    """
    verdicts = []
    explained: set[int] = set()
    for fault in sorted(faults, key=lambda each: each.started_at):
        until = fault.ended_at + late
        own = {
            index: found
            for index, found in enumerate(anomalies)
            if _tells_of(found.parameter, str(fault.name))
            and fault.started_at <= found.started_at <= until
        }
        explained |= own.keys()
        detections = sorted(own.values(), key=lambda found: found.started_at)
        verdicts.append(Verdict(fault, tuple(detections)))
    rest = [found for index, found in enumerate(anomalies) if index not in explained]
    return verdicts, rest


def _tells_of(parameter: str, faulty: str) -> bool:
    """Whether it is that parameter, or derived from it, such as velocity_silence."""
    return parameter == faulty or parameter.startswith(f"{faulty}_")


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """The injected faults, and whether they were detected."""
    table = Table(title="Injected faults, and what was detected", box=SIMPLE)
    # All in 80 columns: the parameters of the demo have distinct names.
    for heading in ("time", "parameter", "fault"):
        table.add_column(heading, no_wrap=True)
    table.add_column("lasted", justify="right", no_wrap=True)
    table.add_column("detected", no_wrap=True)
    table.add_column("delay", justify="right", no_wrap=True)
    for verdict in verdicts:
        fault = verdict.injected
        lasted = fault.ended_at - fault.started_at
        first = verdict.detections[0] if verdict.detections else None
        table.add_row(
            f"{fault.started_at:%H:%M:%S}",
            escape(fault.name.parameter),
            fault.fault,
            _seconds(lasted.total_seconds()),
            first.severity if first else "no",
            _seconds(verdict.delay_s) if verdict.delay_s is not None else "",
        )
    return table


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 or not seconds else f"{seconds:.1f} s"


def summary(verdicts: Sequence[Verdict], rest: Sequence[LatestAnomaly]) -> str:
    """The result in two lines."""
    detected = sum(bool(verdict.detections) for verdict in verdicts)
    return (
        f"Detected {detected} of {len(verdicts)} injected faults. "
        f"Anomalies that belong to no injected fault: {len(rest)}.\n"
        "(Detectors of the spacecraft judge values, and in a dropout there are none.\n"
        "Times and delays are those on board.)"
    )


def event_table(events: Sequence[FlightEvent]) -> Table | str:
    """What happened in the flights so far."""
    if not events:
        return "The launch has had no event so far."
    table = Table(title="Events of the launch so far", box=SIMPLE)
    table.add_column("vehicle", no_wrap=True)
    table.add_column("event", no_wrap=True)
    for heading in ("time", "give or take", "altitude", "velocity"):
        table.add_column(heading, justify="right", no_wrap=True)
    for event in events:
        table.add_row(
            escape(event.spacecraft),
            escape(event.event),
            f"{event.happened_at:%H:%M:%S}",
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
        f"{position.spacecraft} at {position.generation_time:%Y-%m-%d %H:%M:%S} UTC: "
        f"{abs(north):.1f}° {'N' if north >= 0 else 'S'}, "
        f"{abs(east):.1f}° {'E' if east >= 0 else 'W'}{high}."
    )
    if expected is None:
        return f"{here}\nNo pass over a station is predicted."
    which = "Next" if expected.predicted_aos > position.generation_time else "Present"
    return (
        f"{here}\n{which} pass: over {expected.station}, "
        f"{expected.predicted_aos:%H:%M:%S} to {expected.predicted_los:%H:%M:%S}, "
        f"up to {expected.predicted_elevation_deg:.0f}° above the horizon."
    )


def in_the_archive(samples: Mapping[str, int]) -> str:
    """How much the archive holds."""
    each = ", ".join(f"{system} {count:,}" for system, count in sorted(samples.items()))
    return f"The archive holds {sum(samples.values()):,} samples ({each})."


def how_to_look(folder: Path) -> str:
    """The commands that show the database and the archive, and that remove both."""
    look = [sys.executable, "-m", "connectors.embedded", str(folder / "postgres")]
    counts = [sys.executable, "-c", COUNTS, str(folder / "archive")]
    return (
        f"\nDatabase and archive are kept in {folder}. To look at the database with "
        f"psql:\n  {shlex.join(look)}\n  {shlex.join([*look, '-c', QUERY])}\n"
        f"To count what is in the archive:\n  {shlex.join(counts)}\n"
        "To remove both:\n"
        f"  {shlex.join(['rm', '-r', str(folder)])}"
    )
