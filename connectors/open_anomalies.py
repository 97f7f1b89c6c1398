"""What is open in the database, as a table for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.rows import class_row

from connectors.command import table
from connectors.database.asking import STORED_S, ask
from connectors.database.connection import Connection
from connectors.errors import one_line
from connectors.messages.findings import Severity
from connectors.settings import Settings

_OPEN = """
    SELECT
        spacecraft,
        anomaly_named.severity,
        started_at,
        qualified_name,
        detector,
        peak_score,
        coalesce(text, '') AS text
    FROM anomaly_named
    JOIN severity ON severity.name = anomaly_named.severity
    WHERE ended_at IS NULL
        AND level >= %(least)s
        AND (%(spacecraft)s::text IS NULL OR spacecraft = %(spacecraft)s)
    ORDER BY spacecraft, level DESC, started_at, qualified_name
"""
HEAD = ("severity", "since", "parameter", "detector", "score", "why")


@dataclass(frozen=True, slots=True)
class OpenAnomaly:
    """An anomaly that goes on, as it was told last."""

    spacecraft: str
    severity: str
    started_at: datetime
    qualified_name: str
    detector: str
    peak_score: float
    text: str

    def cells(self) -> list[str]:
        """Its row, in the order of HEAD."""
        since = self.started_at.astimezone(UTC).isoformat(timespec="seconds")
        return [
            self.severity,
            since.replace("+00:00", "Z"),
            self.qualified_name,
            self.detector,
            f"{self.peak_score:.2f}",
            one_line(self.text),
        ]


def read_open(
    settings: Settings, spacecraft: str | None, least: Severity
) -> list[OpenAnomaly]:
    """What is open, by spacecraft, the most severe first.

    Raises DatabaseUnavailable.
    """
    given = {"spacecraft": spacecraft, "least": int(least)}

    def read(connection: Connection) -> list[OpenAnomaly]:
        with connection.cursor(row_factory=class_row(OpenAnomaly)) as cursor:
            return cursor.execute(_OPEN, given).fetchall()

    return ask(settings.database, "anomalies", read, STORED_S)


def told(anomalies: Sequence[OpenAnomaly]) -> str:
    """A table a spacecraft, below how many it has of each severity."""
    by_spacecraft: dict[str, list[OpenAnomaly]] = {}
    for one in anomalies:
        by_spacecraft.setdefault(one.spacecraft, []).append(one)
    parts = [
        f"{spacecraft}: {_counts(own)}\n"
        + "".join(f"  {line}" for line in table([HEAD, *(one.cells() for one in own)]))
        for spacecraft, own in by_spacecraft.items()
    ]
    return "\n".join([*parts, f"open: {len(anomalies)}\n"])


def _counts(anomalies: Sequence[OpenAnomaly]) -> str:
    counts = Counter(one.severity for one in anomalies)
    return ", ".join(f"{count} {severity}" for severity, count in counts.items())
