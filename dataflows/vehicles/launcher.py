"""A launcher in a flow: its ascent's tracker, and the rows of what that tells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from connectors.messages.times import moment
from connectors.metrics import FlowMetrics
from dataflows.ascent.flight_events import FlightEvent
from dataflows.ascent.predictions import Prediction, PredictionScore
from dataflows.ascent.tracker import (
    ALTITUDE,
    VELOCITY,
    AscentTracker,
    LaunchState,
)
from dataflows.vehicles.followed import Followed, Row, Table, records
from dataflows.vehicles.not_tracked import NotTracked

_STATE = Table(
    "launch_state",
    2,
    (
        *("spacecraft", "generation_time", "phase", "altitude_km", "velocity_m_s"),
        *("vertical_velocity_m_s", "acceleration_m_s2", "dynamic_pressure_kpa"),
        *("flight_path_angle_deg", "downrange_km", "apogee_km", "time_to_apogee_s"),
    ),
)
_EVENT = Table(
    "launch_event",
    3,
    (
        *("spacecraft", "detected_at", "event", "happened_at", "uncertainty_s"),
        *("altitude_km", "velocity_m_s"),
    ),
)
_PREDICTION = Table(
    "launch_prediction",
    3,
    (
        *("spacecraft", "made_at", "horizon_s"),
        *("altitude_km", "velocity_m_s", "downrange_km"),
        *("altitude_low_km", "velocity_low_m_s", "downrange_low_km"),
        *("altitude_high_km", "velocity_high_m_s", "downrange_high_km"),
    ),
)
_SCORE = Table(
    "launch_prediction_score",
    3,
    (
        *("spacecraft", "made_at", "horizon_s"),
        *("altitude_km", "velocity_m_s", "downrange_km"),
        *("altitude_inside", "velocity_inside", "downrange_inside", "phase_changed"),
    ),
)
_FLIGHT = Table("launch_flight", 2, ("spacecraft", "began_at"))
INPUTS = (VELOCITY, ALTITUDE)


class LaunchFollower:
    """Follows the ascent of one vehicle by its velocity and altitude."""

    def __init__(self, spacecraft: str, metrics: FlowMetrics) -> None:
        self._spacecraft = spacecraft
        self._not_tracked = NotTracked(spacecraft, metrics)
        self._tracker = AscentTracker()

    def follow(
        self, times_us: NDArray[np.int64], values: Mapping[str, NDArray[np.float64]]
    ) -> Followed:
        """Takes samples in order of time."""
        tracked = self._tracker.update(times_us, values)
        found = {
            _FLIGHT: map(self._flight, tracked.flights),
            _STATE: map(self._state, tracked.states),
            _EVENT: map(self._event, tracked.events),
            _PREDICTION: map(self._ahead, tracked.predictions),
            _SCORE: map(self._score, tracked.scores),
        }
        return Followed(slice(None), tracked.series, records(found))

    def refuse(self, reason: str, detail: str, samples: int = 1) -> None:
        """Counts samples that are not used."""
        self._not_tracked.count(reason, detail, samples)

    def begin_epoch(self) -> None:
        """Begins another flight."""
        self._tracker = AscentTracker()

    def begin_anew(self) -> None:
        """Begins another flight, as times are no longer those of this one."""
        self._tracker = AscentTracker()

    def snapshot(self) -> bytes:
        """The state of the tracker."""
        return self._tracker.snapshot()

    def restore(self, data: bytes) -> None:
        """Goes on from a snapshot."""
        self._tracker.restore(data)

    def _flight(self, began_us: int) -> Row:
        return (self._spacecraft, moment(began_us))

    def _state(self, state: LaunchState) -> Row:
        time_us, *numbers = astuple(state)
        return (self._spacecraft, moment(time_us), *numbers)

    def _event(self, event: FlightEvent) -> Row:
        return (
            self._spacecraft,
            moment(event.detected_us),
            event.name,
            moment(event.time_us),
            event.uncertainty_s,
            event.altitude_km,
            event.velocity_m_s,
        )

    def _ahead(self, prediction: Prediction) -> Row:
        triples = (prediction.expected, prediction.low, prediction.high)
        return (
            self._spacecraft,
            moment(prediction.made_us),
            prediction.horizon_s,
            *(_known(number) for triple in triples for number in triple),
        )

    def _score(self, score: PredictionScore) -> Row:
        altitude_km, velocity_m_s, downrange_km = map(_known, score.actual)
        *inside, downrange_inside = score.inside
        return (
            self._spacecraft,
            moment(score.made_us),
            score.horizon_s,
            *(altitude_km, velocity_m_s, downrange_km),
            *inside,
            None if downrange_km is None else downrange_inside,
            score.phase_changed,
        )


def _known(number: float) -> float | None:
    return None if math.isnan(number) else number
