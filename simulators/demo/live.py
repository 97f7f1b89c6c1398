"""What the demo shows while it runs: how far each flow is, and the latest anomalies."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from connectors.database.overview import LatestAnomaly

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


def status_line(speeds: Mapping[str, Speeds], anomalies: int) -> str:
    """How far each flow is, in one line."""
    latest = {name: each.latest for name, each in speeds.items()}
    elapsed_s = max(reading.elapsed_s for reading in latest.values())
    stored = ", ".join(
        f"{name} {reading.stored:,} of {reading.sent:,}"
        for name, reading in latest.items()
    )
    return f"{elapsed_s:4.0f} s: samples stored: {stored}; {anomalies} anomalies"


def live_table(
    speeds: Mapping[str, Speeds], latest: Sequence[LatestAnomaly], left_s: float
) -> Group:
    """The live picture: speeds, and the latest anomalies."""
    flows = Table(
        title=f"Telemetry, {max(left_s, 0):.0f} s to go", expand=True, box=SIMPLE
    )
    flows.add_column("flow")
    for heading in ("sent", "sent/s", "stored", "stored/s", "lag"):
        flows.add_column(heading, justify="right")
    for name, each in speeds.items():
        last = each.latest
        flows.add_row(
            name,
            f"{last.sent:,}",
            f"{each.sent_hz:,.0f}",
            f"{last.stored:,}",
            f"{each.stored_hz:,.0f}",
            f"{each.lag_s:.1f} s",
        )
    table = Table(title="Latest anomalies", expand=True, box=SIMPLE)
    for heading in ("time", "parameter", "severity", "score"):
        table.add_column(heading, no_wrap=True)
    table.add_column("explanation", ratio=1)
    for found in latest:
        parts = found.parameter.split("/")
        table.add_row(
            f"{found.started_at:%H:%M:%S}",
            # One below the other, or 80 columns leave explanations no room.
            escape(f"{parts[-1]}\n{parts[1]}"),
            found.severity,
            f"{found.peak_score:.1f}",
            escape(found.text),
        )
    return Group(flows, table)
