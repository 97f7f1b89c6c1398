"""Recorded positions of a satellite, with what others derived from them.

A CSV file without a header, a line a position; lines that start with # are remarks:

    2025-12-21T12:58:51Z,-15.6155,6.6177,6.9104,7181.36,DESCENDING

Time (UTC), latitude and longitude (degrees), ground speed (km/s), distance to Paris
(km), and whether the satellite ascends.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from connectors.errors import SettingsError, one_line
from connectors.messages.times import microseconds

COLUMNS = 6


@dataclass(frozen=True, slots=True)
class RecordedPositions:
    """Arrays of one shape: times in microseconds since 1970 UTC (int64), which rise."""

    times_us: NDArray[np.int64]
    latitudes_deg: NDArray[np.float64]
    longitudes_deg: NDArray[np.float64]
    speeds_km_s: NDArray[np.float64]
    distances_km: NDArray[np.float64]
    phases: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.times_us)


def read_positions(file: Path) -> RecordedPositions:
    """The positions in a file.

    Raises SettingsError, naming file and line, for anything not as described above.
    """
    times_us: list[int] = []
    numbers: list[list[float]] = []
    phases: list[str] = []
    for number, row in _rows(file):
        try:
            if len(row) != COLUMNS:
                raise ValueError(f"has {len(row)} columns, not {COLUMNS}")
            time = datetime.fromisoformat(row[0])
            if time.tzinfo is None:
                raise ValueError(f"{row[0]!r} lacks its time zone")
            if times_us and microseconds(time) <= times_us[-1]:
                raise ValueError("is not later than the line before")
            numbers.append([float(text) for text in row[1:5]])
        except ValueError as error:
            raise SettingsError(f"{file}, line {number}", str(error)) from None
        times_us.append(microseconds(time))
        phases.append(row[5])
    if not times_us:
        raise SettingsError(str(file), "holds no positions")
    latitudes, longitudes, speeds, distances = np.array(numbers, np.float64).T.copy()
    return RecordedPositions(
        np.array(times_us, np.int64),
        latitudes,
        longitudes,
        speeds,
        distances,
        tuple(phases),
    )


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or one_line(error)
        raise SettingsError(str(file), problem) from None
    return [
        (number, next(csv.reader([line])))
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.startswith("#")
    ]
