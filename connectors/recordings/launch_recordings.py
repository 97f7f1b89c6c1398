"""Recorded launches: time, velocity and altitude as a webcast shows them.

Two layouts, told apart by the first line: one JSON object of arrays

    {"time": [0.0, 0.033], "velocity": [0.0, 1.0], "altitude": [0.2, 0.2]}

or JSON lines, `{"time": 0.0, "velocity": 0.0, "altitude": 0.2}` each. Times are seconds
since liftoff and rise, velocities are m/s, altitudes km; null is "not acquired".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from connectors.errors import SettingsError, one_line

FIELDS = ("time", "velocity", "altitude")
# Webcasts show a pad a little below the sea as 0; what is lower was not measured.
LOWEST_ALTITUDE_KM = -0.5
FEWEST_SAMPLES = 2

Row = tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class LaunchRecording:
    """A recorded launch; all arrays are float64 of one shape, NaN where not acquired.

    `times_s` rise strictly; velocities are 0 or more.
    """

    name: str
    times_s: NDArray[np.float64]
    velocities_m_s: NDArray[np.float64]
    altitudes_km: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.times_s)


class _Arrays(msgspec.Struct, frozen=True):
    time: list[float | None]
    velocity: list[float | None]
    altitude: list[float | None]


class _Line(msgspec.Struct, frozen=True):
    time: float | None
    velocity: float | None
    altitude: float | None


def read_launch(path: Path) -> LaunchRecording:
    """The launch in a file, named after its folder, or else the file.

    Raises SettingsError, naming file, line or sample, and field, for anything that is
    not as described above.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(str(path), str(error.strerror)) from None
    if not content.strip():
        raise SettingsError(str(path), "is empty: no launch was recorded in it")
    in_lines = b"\n" in content.strip() and _is_object(content.split(b"\n", 1)[0])
    rows, unit = _lines(path, content) if in_lines else _arrays(path, content)
    _check(path, rows, unit)
    columns = np.array(rows, np.float64).T  # None becomes NaN
    return LaunchRecording(_name(path), *map(np.ascontiguousarray, columns))


def _name(path: Path) -> str:
    """The mission: the folder that holds the file, where it has a name."""
    return path.resolve().parent.name or path.stem


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except msgspec.DecodeError:
        return False


def _arrays(path: Path, content: bytes) -> tuple[Sequence[Row], str]:
    try:
        found = msgspec.json.decode(content, type=_Arrays)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = f"{one_line(error)}; the file may be cut short: fetch it again"
        raise SettingsError(str(path), problem) from None
    lengths = {field: len(getattr(found, field)) for field in FIELDS}
    if len(set(lengths.values())) > 1:
        counted = ", ".join(f"{count} of {field}" for field, count in lengths.items())
        raise SettingsError(str(path), f"the arrays differ in length: {counted}")
    columns = (found.time, found.velocity, found.altitude)
    return list(zip(*columns, strict=True)), "sample"


def _lines(path: Path, content: bytes) -> tuple[Sequence[Row], str]:
    decode = msgspec.json.Decoder(_Line).decode
    rows: list[Row] = []
    for number, line in enumerate(content.rstrip().split(b"\n"), start=1):
        try:
            found = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            problem = f"line {number}: {one_line(error)}; correct or remove the line"
            raise SettingsError(str(path), problem) from None
        rows.append((found.time, found.velocity, found.altitude))
    return rows, "line"


def _check(path: Path, rows: Sequence[Row], unit: str) -> None:
    """Raises SettingsError for the first row that cannot have been measured."""
    if len(rows) < FEWEST_SAMPLES:
        raise SettingsError(str(path), f"{len(rows)} samples are no launch")
    lowest: Mapping[str, float] = {"velocity": 0.0, "altitude": LOWEST_ALTITUDE_KM}
    before_s = -np.inf
    for number, row in enumerate(rows, start=1):
        time_s, *measured = row
        if time_s is None or time_s <= before_s:
            problem = f"time is {time_s}, after {before_s}: times must rise"
            raise SettingsError(str(path), f"{unit} {number}: {problem}")
        before_s = time_s
        for field, value in zip(FIELDS[1:], measured, strict=True):
            if value is not None and value < lowest[field]:
                problem = f"{field} is {value:g}, below {lowest[field]:g}: make it null"
                raise SettingsError(str(path), f"{unit} {number}: {problem}")
