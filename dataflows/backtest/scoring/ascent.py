"""How well an ascent was followed: against a reference, and against what then was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dataflows.ascent.flight_events import FlightEvent
from dataflows.ascent.predictions import Prediction, PredictionScore
from dataflows.backtest.scoring import Flags
from dataflows.state.arrays import Floats, Times

__all__ = [
    "PredictionFigures",
    "event_errors_s",
    "powered",
    "prediction_figures",
    "relative_rms",
    "self_scored",
]

# Thrust builds up and trails off within these.
LIFTOFF_S = 3.0
BEFORE_STAGING_S, AFTER_STAGING_S = 2.0, 4.0


@dataclass(frozen=True, slots=True)
class PredictionFigures:
    """How far predictions of one horizon were off.

    Args:
        predictions: how many.
        altitude: root mean square of the errors, as a share of that of the altitude.
        velocity: the same of the velocity.
        altitude_inside: share within the bounds that are to hold 90 %.
        velocity_inside: the same of the velocity.
    """

    predictions: int
    altitude: float
    velocity: float
    altitude_inside: float
    velocity_inside: float


def relative_rms(found: Floats, expected: Floats) -> float:
    """Root mean square of the errors as a share of that of what was expected.

    >>> round(relative_rms(np.array([3.3, 4.0]), np.array([3.0, 4.0])), 3)
    0.06
    """
    return float(np.sqrt(np.mean((found - expected) ** 2) / np.mean(expected**2)))


def event_errors_s(
    events: Iterable[FlightEvent], expected_us: Mapping[str, int]
) -> dict[str, float]:
    """By how many seconds each expected event was told late (early: below 0).

    An event that was not told is infinitely late.
    """
    found = {event.name: event.time_us for event in events}
    return {
        name: (found[name] - time_us) / 1e6 if name in found else float("inf")
        for name, time_us in expected_us.items()
    }


def prediction_figures(
    predictions: Iterable[Prediction],
    times_us: Times,
    altitudes_km: Floats,
    velocities_m_s: Floats,
    *,
    horizon_s: float,
    steady: Flags,
) -> PredictionFigures:
    """Predictions of one horizon, held against a reference.

    The reference has arrays of one shape. Where `steady` is false at a time of it,
    engines start or stop: predictions that reach across are left out, as are those
    that reach beyond the reference.
    """
    rows = []
    for one in predictions:
        due_us = one.made_us + horizon_s * 1e6
        if one.horizon_s != horizon_s or due_us > times_us[-1]:
            continue
        across = (times_us >= one.made_us) & (times_us <= due_us)
        if not steady[across].all():
            continue
        altitude = float(np.interp(due_us, times_us, altitudes_km))
        velocity = float(np.interp(due_us, times_us, velocities_m_s))
        inside = [
            low <= value <= high
            for low, value, high in zip(
                one.low[:2], (altitude, velocity), one.high[:2], strict=True
            )
        ]
        rows.append((*one.expected[:2], altitude, velocity, *inside))
    table = np.array(rows, np.float64).reshape(-1, 6)
    return PredictionFigures(
        len(table),
        relative_rms(table[:, 0], table[:, 2]),
        relative_rms(table[:, 1], table[:, 3]),
        float(table[:, 4].mean()),
        float(table[:, 5].mean()),
    )


def self_scored(
    scores: Iterable[PredictionScore], horizon_s: float
) -> PredictionFigures:
    """The same figures from scores against what the tracker itself then saw."""
    steady = [
        one for one in scores if one.horizon_s == horizon_s and not one.phase_changed
    ]
    expected = np.array([one.expected[:2] for one in steady]).reshape(-1, 2)
    actual = np.array([one.actual[:2] for one in steady]).reshape(-1, 2)
    inside = np.array([one.inside[:2] for one in steady]).reshape(-1, 2)
    return PredictionFigures(
        len(steady),
        relative_rms(expected[:, 0], actual[:, 0]),
        relative_rms(expected[:, 1], actual[:, 1]),
        float(inside[:, 0].mean()),
        float(inside[:, 1].mean()),
    )


def powered(seconds: Floats, events_s: Mapping[str, float]) -> Flags:
    """Which seconds of an analysis are powered ascent, and not staging.

    That is from shortly after liftoff to main engine cutoff, and from the start of the
    second engine on, where `events_s` has one.

    >>> seconds = np.array([1.0, 100.0, 150.0, 170.0])
    >>> powered(seconds, {"meco": 147.0, "ses1": 158.0}).tolist()
    [False, True, False, True]
    """
    steady = (seconds >= LIFTOFF_S) & (seconds < events_s["meco"] - BEFORE_STAGING_S)
    if "ses1" in events_s:
        steady |= seconds > events_s["ses1"] + AFTER_STAGING_S
    return np.asarray(steady)
