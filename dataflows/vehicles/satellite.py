"""A satellite in a flow: its tracker, and the rows of what that tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from connectors.messages.places import Places
from connectors.messages.times import moment
from connectors.metrics import FlowMetrics
from dataflows.orbit.findings import OrbitMinute, OrbitState, Pass, Prediction
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.tracker import SatelliteTracker
from dataflows.vehicles.elements_age import ElementsAge
from dataflows.vehicles.followed import Followed, Row, Table, records
from dataflows.vehicles.not_tracked import NotTracked

SPEED = "ground_speed_km_s"
_STATE = Table(
    "orbit_state",
    2,
    (
        *("spacecraft", "generation_time", "latitude_deg", "longitude_deg"),
        *("altitude_km", "ground_speed_km_s", "phase", "latitude_hemisphere"),
        *("longitude_hemisphere", "distances_km"),
    ),
)
_MINUTE = Table(
    "orbit_minute",
    2,
    (
        *("spacecraft", "minute", "count", "mean_latitude_deg", "mean_longitude_deg"),
        *("speeds", "mean_speed_km_s", "lowest_speed_km_s", "highest_speed_km_s"),
        "speed_deviation_km_s",
    ),
)
_PASS = Table(
    "satellite_pass",
    3,
    (
        *("spacecraft", "station", "announced_at", "revision", "state"),
        *("aos", "culmination", "los", "maximum_elevation_deg"),
        *("predicted_aos", "predicted_culmination", "predicted_los"),
        "predicted_elevation_deg",
    ),
)
_PREDICTION = Table(
    "orbit_prediction",
    2,
    (
        *("spacecraft", "made_at", "predicted_time", "latitude_deg", "longitude_deg"),
        *("altitude_km", "source", "from_elements_km"),
    ),
)

_json = msgspec.json.Encoder()


class SatelliteFollower:
    """Follows one satellite by its positions."""

    def __init__(
        self,
        spacecraft: str,
        where: Places,
        elements: Ephemeris | None,
        metrics: FlowMetrics,
    ) -> None:
        self._spacecraft = spacecraft
        self._places = [place.name for place in where.places]
        self._tracker = SatelliteTracker(where.places, where.stations, elements)
        self._not_tracked = NotTracked(spacecraft, metrics)
        self._age = ElementsAge(spacecraft, elements, metrics) if elements else None

    def follow(
        self, times_us: NDArray[np.int64], values: Mapping[str, NDArray[np.float64]]
    ) -> Followed:
        """Takes positions in order of arrival; those that cannot be are told of."""
        tracked = self._tracker.update(times_us, values)
        for refusal in tracked.refused:
            self.refuse(refusal.reason, refusal.detail)
        if self._age and tracked.states:
            self._age.at(tracked.states[-1].time_us, tracked.predictions)
        found = {
            _STATE: map(self._state, tracked.states),
            _MINUTE: map(self._minute, tracked.minutes),
            _PASS: map(self._pass, tracked.passes),
            _PREDICTION: map(self._ahead, tracked.predictions),
        }
        all_used = len(tracked.states) == len(times_us)
        used = slice(None) if all_used else tracked.used
        return Followed(used, {SPEED: tracked.speeds_km_s}, records(found))

    def refuse(self, reason: str, detail: str, samples: int = 1) -> None:
        """Counts samples that are not used."""
        self._not_tracked.count(reason, detail, samples)

    def begin_epoch(self) -> None:
        """Changes nothing: an orbit goes on."""

    def begin_anew(self) -> None:
        """Begins another track; what was told of passes still counts."""
        self._tracker.begin_anew()

    def snapshot(self) -> bytes:
        """The state of the tracker."""
        return self._tracker.snapshot()

    def restore(self, data: bytes) -> None:
        """Goes on from a snapshot."""
        self._tracker.restore(data)

    def _state(self, state: OrbitState) -> Row:
        time_us, *told, distances_km = state
        distances = dict(zip(self._places, distances_km, strict=True))
        told_of_places = _json.encode(distances).decode()
        return (self._spacecraft, moment(time_us), *told, told_of_places)

    def _minute(self, minute: OrbitMinute) -> Row:
        begin_us, *numbers = astuple(minute)
        return (self._spacecraft, moment(begin_us), *numbers)

    def _pass(self, one: Pass) -> Row:
        return (
            self._spacecraft,
            one.station,
            moment(one.announced_us),
            one.revision,
            one.state,
            *map(_moment, (one.aos_us, one.culmination_us, one.los_us)),
            one.maximum_elevation_deg,
            _moment(one.predicted_aos_us),
            _moment(one.predicted_culmination_us),
            _moment(one.predicted_los_us),
            one.predicted_elevation_deg,
        )

    def _ahead(self, prediction: Prediction) -> Row:
        return (
            self._spacecraft,
            moment(prediction.made_us),
            moment(prediction.time_us),
            prediction.latitude_deg,
            prediction.longitude_deg,
            prediction.altitude_km,
            prediction.source,
            prediction.from_elements_km,
        )


def _moment(time_us: int | None) -> datetime | None:
    return None if time_us is None else moment(time_us)
