"""What the demo shows: a live picture of the stream, and at its end what was found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.box import SIMPLE
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from connectors.timescale import LatestAnomaly
from connectors.truth import Injected

# Some detectors wait for a few more samples before they call it an anomaly.
LATE_DETECTION = timedelta(seconds=120)
SPEED_WINDOW_S = 3.0


@dataclass(frozen=True, slots=True)
class Reading:
    """How many samples were sent and are stored, `elapsed_s` after the start."""

    elapsed_s: float
    sent: int
    stored: int


class Speeds:
    """Speeds and lag, from the readings of the last seconds."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque()

    def add(self, reading: Reading) -> None:
        """Takes the latest reading."""
        self._readings.append(reading)
        while len(self._readings) > 2 and self._readings[1].sent <= reading.stored:
            if reading.elapsed_s - self._readings[1].elapsed_s < SPEED_WINDOW_S:
                break
            self._readings.popleft()

    @property
    def latest(self) -> Reading:
        """The latest reading."""
        return self._readings[-1] if self._readings else Reading(0, 0, 0)

    @property
    def sent_hz(self) -> float:
        """Samples sent a second."""
        first, last = self._span()
        return (last.sent - first.sent) / max(last.elapsed_s - first.elapsed_s, 1e-9)

    @property
    def stored_hz(self) -> float:
        """Samples stored a second."""
        first, last = self._span()
        return (last.stored - first.stored) / max(
            last.elapsed_s - first.elapsed_s, 1e-9
        )

    @property
    def lag_s(self) -> float:
        """How long ago the latest stored sample was sent, at most."""
        last = self.latest
        since = [r.elapsed_s for r in self._readings if r.sent <= last.stored]
        return last.elapsed_s - max(since, default=0.0)

    def _span(self) -> tuple[Reading, Reading]:
        last = self.latest
        recent = [
            r for r in self._readings if last.elapsed_s - r.elapsed_s <= SPEED_WINDOW_S
        ]
        return (recent[0] if recent else last), last


def status_line(speeds: Speeds, anomalies: int) -> str:
    """The state of the stream in one line."""
    last = speeds.latest
    return (
        f"{last.elapsed_s:4.0f} s: {last.sent:,} samples sent "
        f"({speeds.sent_hz:,.0f}/s), {last.stored:,} stored "
        f"({speeds.stored_hz:,.0f}/s), lag {speeds.lag_s:.1f} s, {anomalies} anomalies"
    )


def live_table(speeds: Speeds, latest: Sequence[LatestAnomaly], left_s: float) -> Group:
    """The live picture: speeds, and the latest anomalies."""
    last = speeds.latest
    flow = Table(
        title=f"Telemetry, {max(left_s, 0):.0f} s to go", expand=True, box=SIMPLE
    )
    for heading in ("sent", "sent/s", "stored", "stored/s", "lag"):
        flow.add_column(heading, justify="right")
    flow.add_row(
        f"{last.sent:,}",
        f"{speeds.sent_hz:,.0f}",
        f"{last.stored:,}",
        f"{speeds.stored_hz:,.0f}",
        f"{speeds.lag_s:.1f} s",
    )
    table = Table(title="Latest anomalies", expand=True, box=SIMPLE)
    for heading in ("time", "parameter", "severity", "score"):
        table.add_column(heading, no_wrap=True)
    table.add_column("explanation", ratio=1)
    for found in latest:
        table.add_row(
            f"{found.started_at:%H:%M:%S}",
            escape(found.parameter.rpartition("/")[2]),
            found.severity,
            f"{found.peak_score:.1f}",
            escape(found.text),
        )
    return Group(flow, table)


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
    faults: Iterable[Injected], anomalies: Sequence[LatestAnomaly]
) -> tuple[list[Verdict], list[LatestAnomaly]]:
    """What became of each fault, and the anomalies that belong to no fault.

    An anomaly belongs to a fault of its parameter if it starts during it, or within
    LATE_DETECTION of its end.
    """
    verdicts = []
    explained: set[int] = set()
    for fault in sorted(faults, key=lambda each: each.started_at):
        until = fault.ended_at + LATE_DETECTION
        own = {
            index: found
            for index, found in enumerate(anomalies)
            if found.parameter == str(fault.name)
            and fault.started_at <= found.started_at <= until
        }
        explained |= own.keys()
        detections = sorted(own.values(), key=lambda found: found.started_at)
        verdicts.append(Verdict(fault, tuple(detections)))
    rest = [found for index, found in enumerate(anomalies) if index not in explained]
    return verdicts, rest


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
            f"{lasted.total_seconds():.0f} s",
            first.severity if first else "no",
            f"{verdict.delay_s:.0f} s" if verdict.delay_s is not None else "",
        )
    return table


def summary(verdicts: Sequence[Verdict], rest: Sequence[LatestAnomaly]) -> str:
    """The result in two lines."""
    detected = sum(bool(verdict.detections) for verdict in verdicts)
    return (
        f"Detected {detected} of {len(verdicts)} injected faults. "
        f"Anomalies that belong to no injected fault: {len(rest)}.\n"
        "(Detectors judge values, and in a dropout there are none. Times and delays\n"
        "are the spacecraft's.)"
    )
