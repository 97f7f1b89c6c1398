"""From the kernels' tables to what is told of a track."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dataflows.orbit.contacts import Columns
from dataflows.orbit.findings import REASONS, OrbitMinute, OrbitState, Phase, Refusal
from dataflows.orbit.ground_track_kernel import (
    LATE,
    REPEATED,
    TOO_FAST,
    WRONG_ALTITUDE,
    WRONG_LATITUDE,
    WRONG_LONGITUDE,
)
from dataflows.state.arrays import Floats, Times

__all__ = ["minute_of", "refusals_of", "states_of"]

PHASES: tuple[Phase, ...] = ("UNKNOWN", "ASCENDING", "DESCENDING")
REASON_OF = {
    WRONG_LATITUDE: "bad_latitude",
    WRONG_LONGITUDE: "bad_longitude",
    WRONG_ALTITUDE: "bad_altitude",
    LATE: "late",
    REPEATED: "repeated",
    TOO_FAST: "too_fast",
}


def states_of(
    times_us: Times, states: Floats, used: NDArray[np.bool_]
) -> Iterator[OrbitState]:
    """Yield a state for each position that was used."""
    rows = zip(times_us.tolist(), states.tolist(), used.tolist(), strict=True)
    for time_us, state, is_used in rows:
        if is_used:
            latitude, longitude, altitude, phase, speed, *distances = state
            yield OrbitState(
                time_us,
                latitude,
                longitude,
                _known(altitude),
                _known(speed),
                PHASES[int(phase)],
                "N" if latitude >= 0 else "S",
                "E" if longitude >= 0 else "W",
                tuple(distances),
            )


def minute_of(minute_us: int, row: Floats) -> OrbitMinute:
    """Return the statistics of a minute."""
    count, latitude, longitude, speeds, *statistics = row.tolist()
    return OrbitMinute(
        minute_us,
        int(count),
        latitude,
        _known(longitude),
        int(speeds),
        *map(_known, statistics),
    )


def refusals_of(columns: Columns, marks: NDArray[np.int64]) -> Iterator[Refusal]:
    """Yield why positions were refused."""
    for index in np.flatnonzero(marks).tolist():
        reason = REASON_OF.get(int(marks[index]))
        if reason is not None:
            yield Refusal(index, reason, _detail(columns, index, reason))


def _detail(columns: Columns, index: int, reason: str) -> str:
    told = {
        "bad_latitude": ("latitude", columns.latitudes),
        "bad_longitude": ("longitude", columns.longitudes),
        "bad_altitude": ("altitude", columns.altitudes),
    }.get(reason)
    if told is None:
        return REASONS[reason]
    name, values = told
    return f"{name} {float(values[index]):g}: {REASONS[reason]}"


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
