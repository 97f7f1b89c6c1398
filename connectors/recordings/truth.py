"""The file that says which faults a recording holds: what detections are scored by.

A CSV file with a header and a row a fault, in any order; times are ISO 8601 with a
time zone, and both are times of samples of the fault.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.errors import SettingsError, one_line
from connectors.messages.samples import ParameterName

COLUMNS = ("spacecraft", "subsystem", "parameter", "fault", "started_at", "ended_at")


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault of a parameter; its times are those of the first and the last sample."""

    name: ParameterName
    fault: str
    started_at: datetime
    ended_at: datetime


def read_truth(path: Path) -> Iterator[Injected]:
    """The faults in a file, in its order.

    Raises SettingsError, naming the file and the line, for anything else.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            lacking = sorted(set(COLUMNS) - set(rows.fieldnames or ()))
            if lacking:
                raise SettingsError(str(path), f"there is no column {lacking[0]}")
            for row in rows:
                yield _fault(row, f"{path}, line {rows.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problem = getattr(error, "strerror", None) or one_line(error)
        raise SettingsError(str(path), problem) from None


def _fault(row: Mapping[str, str | None], place: str) -> Injected:
    texts = [row[column] or "" for column in COLUMNS]
    try:
        started_at, ended_at = map(datetime.fromisoformat, texts[4:])
    except ValueError as error:
        raise SettingsError(place, str(error)) from None
    if started_at.tzinfo is None or ended_at.tzinfo is None:
        raise SettingsError(place, "a time lacks its time zone")
    if ended_at < started_at:
        raise SettingsError(place, "the fault ends before it starts")
    return Injected(ParameterName(*texts[:3]), texts[3], started_at, ended_at)
