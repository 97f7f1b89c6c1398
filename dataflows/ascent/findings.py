"""What a tracker makes of a run of samples of one vehicle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dataflows.ascent.flight_events import FlightEvent, Phase
from dataflows.ascent.predictions import Prediction, PredictionScore
from dataflows.state.arrays import Floats

__all__ = ["SERIES", "LaunchState", "Tracked", "joined"]

SERIES: Mapping[str, str] = {
    "acceleration": "m/s2",
    "vertical_velocity": "m/s",
    "dynamic_pressure": "kPa",
    "flight_path_angle": "deg",
    "downrange": "km",
    "flight_phase": "",
    "velocity_innovation": "",
    "altitude_innovation": "",
    "velocity_silence": "s",
    "altitude_silence": "s",
    "velocity_limit_use": "",
    "altitude_limit_use": "",
    "acceleration_limit_use": "",
    "dynamic_pressure_limit_use": "",
}
"""The derived series, each a parameter of its own, and their units."""


@dataclass(frozen=True, slots=True)
class LaunchState:
    """What is known of a launcher at one sample.

    `apogee_km` and `time_to_apogee_s` are those of the path without thrust from now on;
    None for one that leaves the Earth. `downrange_km` is None where it is not known.
    """

    time_us: int
    phase: Phase
    altitude_km: float
    velocity_m_s: float
    vertical_velocity_m_s: float
    acceleration_m_s2: float
    dynamic_pressure_kpa: float
    flight_path_angle_deg: float
    downrange_km: float | None
    apogee_km: float | None
    time_to_apogee_s: float | None


@dataclass(frozen=True, slots=True)
class Tracked:
    """What a batch of n samples brought.

    Args:
        series: derived series by name, as in SERIES, each of shape n.
        states: the state at the first sample of each second.
        events: of the flight, in the order in which they became known.
        predictions: one for each horizon, made with each state in flight.
        scores: of earlier predictions whose time has come.
        flights: times of the samples with which a flight began.
    """

    series: dict[str, Floats]
    states: tuple[LaunchState, ...]
    events: tuple[FlightEvent, ...]
    predictions: tuple[Prediction, ...]
    scores: tuple[PredictionScore, ...]
    flights: tuple[int, ...]


def joined(pieces: list[Tracked]) -> Tracked:
    """What pieces that follow each other brought."""
    nothing = np.empty(0)
    return Tracked(
        {
            name: np.concatenate([nothing, *(piece.series[name] for piece in pieces)])
            for name in SERIES
        },
        tuple(one for piece in pieces for one in piece.states),
        tuple(one for piece in pieces for one in piece.events),
        tuple(one for piece in pieces for one in piece.predictions),
        tuple(one for piece in pieces for one in piece.scores),
        tuple(one for piece in pieces for one in piece.flights),
    )
