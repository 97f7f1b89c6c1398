"""What the demo shows while it runs: how far each flow is, and the latest anomalies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

from connectors.database.overview import LatestAnomaly
from connectors.messages.findings import Severity
from simulators.demo.latest import latest_first
from simulators.demo.speeds import Speeds
from simulators.demo.verdicts import Verdict

# The speeds, the headings and the latest anomaly.
LEAST_BLOCKS = 2
SPARE_LINES = 1


def status_line(
    speeds: Mapping[str, Speeds],
    anomalies: Sequence[LatestAnomaly],
    verdicts: Sequence[Verdict],
) -> str:
    """How far each flow is and what was found, in one line."""
    latest = {name: each.latest for name, each in speeds.items()}
    elapsed_s = max(reading.elapsed_s for reading in latest.values())
    stored = ", ".join(
        f"{name} {reading.stored:,} of {reading.sent:,}"
        for name, reading in latest.items()
    )
    return (
        f"{elapsed_s:4.0f} s: samples stored: {stored}; {count(anomalies)}; "
        f"{faults_found(verdicts)}"
    )


def count(anomalies: Sequence[LatestAnomaly]) -> str:
    """How many anomalies there are, and how many of them are open."""
    noun = "anomaly" if len(anomalies) == 1 else "anomalies"
    still = sum(each.ended_at is None for each in anomalies)
    return f"{len(anomalies)} {noun}, {still} open"


def severities(anomalies: Sequence[LatestAnomaly]) -> str:
    """How many anomalies there are and how many of them are open, by severity."""
    total = Counter(each.severity for each in anomalies)
    still = Counter(each.severity for each in anomalies if each.ended_at is None)
    by_severity = ", ".join(
        f"{severity.name} {still[severity.name]} of {total[severity.name]}"
        for severity in reversed(Severity)
        if total[severity.name]
    )
    whole = count(anomalies)
    return f"{whole} ({by_severity})" if by_severity else whole


def faults_found(verdicts: Sequence[Verdict]) -> str:
    """How many of the faults that are over were found."""
    found = sum(bool(verdict.detections) for verdict in verdicts)
    return f"{found} of {len(verdicts)} injected faults found"


@dataclass(frozen=True, slots=True)
class Picture:
    """The live picture: speeds, and as many anomalies as the terminal has room for.

    `anomalies` are in the order in which they were found.
    """

    speeds: Mapping[str, Speeds]
    anomalies: Sequence[LatestAnomaly]
    verdicts: Sequence[Verdict]
    left_s: float

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        """Draws it for the size that the terminal has just now."""
        found = f"{severities(self.anomalies)}; {faults_found(self.verdicts)}"
        latest = latest_first(self.anomalies, self.verdicts, options.max_width)
        top = Group(speed_table(self.speeds, self.left_s), Text(f"{found}\n"))
        room = options.size.height - SPARE_LINES
        for index, block in enumerate((top, *latest)):
            room -= len(console.render_lines(block, options))
            # Not even the smallest terminal is left without headings and an anomaly.
            if room < 0 and index > LEAST_BLOCKS:
                break
            yield block


def speed_table(speeds: Mapping[str, Speeds], left_s: float) -> Table:
    """How fast each flow is, and how far behind."""
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
    return flows
