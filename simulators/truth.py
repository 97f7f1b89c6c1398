"""The file that says which faults were injected: what detections are scored against."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Self

from connectors.errors import SettingsError
from connectors.messages import ParameterName
from simulators.faults import Injected

COLUMNS = ("spacecraft", "subsystem", "parameter", "fault", "started_at", "ended_at")


class TruthFile:
    """Writes faults as they end; what was written survives a kill of the process."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("w", newline="", encoding="utf-8")
        except OSError as error:
            raise SettingsError("--truth", f"{path}: {error.strerror}") from None
        self._rows = csv.writer(self._file)
        self._write(COLUMNS)

    def record(self, injected: Injected) -> None:
        """Adds one fault."""
        name = injected.name
        self._write(
            (
                name.spacecraft,
                name.subsystem,
                name.parameter,
                injected.fault,
                _utc(injected.started_at),
                _utc(injected.ended_at),
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def _write(self, row: tuple[str, ...]) -> None:
        self._rows.writerow(row)
        self._file.flush()


def read_truth(path: Path) -> Iterator[Injected]:
    """The faults in a file, in the order in which they ended."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield Injected(
                ParameterName(row["spacecraft"], row["subsystem"], row["parameter"]),
                row["fault"],
                datetime.fromisoformat(row["started_at"]),
                datetime.fromisoformat(row["ended_at"]),
            )


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
