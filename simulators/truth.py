"""Writes which faults were injected, as `connectors.recordings.truth` reads it."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Self

from connectors.errors import SettingsError
from connectors.recordings.truth import COLUMNS, Injected


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


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
