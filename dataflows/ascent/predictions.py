"""Where a launcher will be, with bounds, and how that compares with what then was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dataflows.ascent.motion_filter_kernel import ALTITUDE, DOWNRANGE, SPEED
from dataflows.state.arrays import Floats

__all__ = ["HORIZONS_S", "Prediction", "PredictionScore", "Predictions", "Reached"]

HORIZONS_S = np.array([10.0, 30.0, 60.0])
# Of standard deviations: 1.645 for a normal error, times 0.5 because the filter is
# ready for engines that start and stop, and steady flight is not like that (measured
# on two launches: at least nine in ten predictions of an ascent are within).
NINETY_PERCENT = 1.645 * 0.5

# Rounding, which what then happens has as well.
FINEST = np.array([0.1, 1.0, 0.1])
LONGEST_MISS_S = 1.0  # after which nobody knows what happened at the time
MOST_PENDING = 128

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Motion some seconds ahead if engines go on as now; [low, high] hold 90 %.

    Triples are altitude (km), velocity (m/s) and downrange (km, NaN where not known).
    """

    made_us: int
    horizon_s: float
    expected: Triple
    low: Triple
    high: Triple


@dataclass(frozen=True, slots=True)
class PredictionScore:
    """A prediction and what then happened.

    Args:
        made_us: when the prediction was made, which with its horizon names it.
        horizon_s: how far ahead it was.
        expected: altitude (km), velocity (m/s) and downrange (km) it gave.
        actual: the same, as known when the time had come.
        inside: for each, whether it was within the bounds.
        phase_changed: whether engines did not go on as they were.
    """

    made_us: int
    horizon_s: float
    expected: Triple
    actual: Triple
    inside: tuple[bool, bool, bool]
    phase_changed: bool


class Reached(NamedTuple):
    """The motion at a sample: what predictions are held against."""

    time_us: int
    phase: int
    altitude_km: float
    velocity_m_s: float
    vertical_velocity_m_s: float
    speed_rate_m_s2: float
    downrange_km: float
    ground_speed_m_s: float


class Predictions:
    """Makes predictions and keeps those whose time has not come."""

    def __init__(self) -> None:
        self._keep(np.empty((0, 12)))

    def make(
        self, time_us: int, phase: int, motion: Floats, spread: Floats
    ) -> tuple[Prediction, ...]:
        """Predictions from the filter's motion ahead (SI) and its spread."""
        rows = [ALTITUDE, SPEED, DOWNRANGE]
        scale = np.array([[1e-3], [1.0], [1e-3]])
        expected = motion[rows] * scale
        half = NINETY_PERCENT * spread[rows] * scale + FINEST[:, None]
        made = np.column_stack(
            [
                np.full((len(HORIZONS_S), 2), (time_us, phase)),
                HORIZONS_S,
                expected.T,
                (expected - half).T,
                (expected + half).T,
            ]
        )
        self._keep(np.vstack([self._pending, made])[-MOST_PENDING:])
        return tuple(_prediction(row) for row in made.tolist())

    def due(self, time_us: int) -> bool:
        """Whether the time of a prediction has come."""
        return time_us >= self._next_us

    def score(self, now: Reached) -> tuple[PredictionScore, ...]:
        """Scores of the predictions whose time has come; some may go without."""
        due_us = self._pending[:, 0] + self._pending[:, 2] * 1e6
        come = due_us <= now.time_us
        late_s = (now.time_us - due_us[come]) / 1e6
        pairs = zip(self._pending[come].tolist(), late_s.tolist(), strict=True)
        self._keep(self._pending[~come])
        return tuple(
            _score(row, late, now) for row, late in pairs if late <= LONGEST_MISS_S
        )

    def snapshot(self) -> bytes:
        """The predictions whose time has not come."""
        return self._pending.tobytes()

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot."""
        self._keep(np.frombuffer(data).reshape(-1, 12))

    def _keep(self, pending: Floats) -> None:
        due_us = pending[:, 0] + pending[:, 2] * 1e6
        self._pending, self._next_us = pending, float(due_us.min(initial=np.inf))


def _prediction(row: list[float]) -> Prediction:
    made_us, _, horizon_s, *rest = row
    expected, low, high = _triples(rest)
    return Prediction(int(made_us), horizon_s, expected, low, high)


def _triples(numbers: list[float]) -> tuple[Triple, Triple, Triple]:
    a, b, c, d, e, f, g, h, i = numbers
    return (a, b, c), (d, e, f), (g, h, i)


def _score(row: list[float], late_s: float, now: Reached) -> PredictionScore:
    made_us, phase, horizon_s, *rest = row
    expected, low, high = _triples(rest)
    actual = (
        now.altitude_km - late_s * now.vertical_velocity_m_s / 1e3,
        now.velocity_m_s - late_s * now.speed_rate_m_s2,
        now.downrange_km - late_s * now.ground_speed_m_s / 1e3,
    )
    inside = [
        bottom <= value <= top
        for bottom, value, top in zip(low, actual, high, strict=True)
    ]
    return PredictionScore(
        int(made_us),
        horizon_s,
        expected,
        actual,
        (inside[0], inside[1], inside[2]),
        now.phase != phase,
    )
