"""Recorded positions of a satellite tracked, held against what others say of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from connectors.messages.places import Place
from connectors.recordings.recorded_positions import RecordedPositions
from dataflows.orbit.ground_track_kernel import haversine_km
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.tracker import SatelliteTracker
from dataflows.state.arrays import Floats, Times

__all__ = ["BETTER", "try_positions"]

DAY_S, EVERY_S = 86_400, 5
# What Open Notify tells.
DECIMALS = 4

BETTER: Mapping[str, int] = {
    "speed_error_km_s": -1,
    "distance_error_km": -1,
    "phases_wrong": -1,
    "from_elements_km": -1,
    "in_10_min_median_km": -1,
    "in_10_min_largest_km": -1,
}
"""The figures of a satellite, and which way each is better."""


def try_positions(
    recorded: RecordedPositions, place: Place, elements: Ephemeris
) -> dict[str, float | None]:
    """The figures of BETTER, all largest ones but the median.

    `place` is that to which distances were recorded, `elements` are of that day.
    """
    values = {"latitude": recorded.latitudes_deg, "longitude": recorded.longitudes_deg}
    states = SatelliteTracker([place], []).update(recorded.times_us, values).states
    speeds = np.array([state.ground_speed_km_s or 0.0 for state in states])
    distances = np.array([state.distances_km[0] for state in states])
    latitudes, longitudes, _ = elements.geodetic(recorded.times_us)
    away_km = _apart_km(*values.values(), latitudes, longitudes)
    ahead_km = _ahead_km(elements)
    return {
        "speed_error_km_s": _largest(speeds - recorded.speeds_km_s),
        "distance_error_km": _largest(distances - recorded.distances_km),
        "phases_wrong": float(
            sum(
                state.phase != phase
                for state, phase in zip(states, recorded.phases, strict=True)
            )
        ),
        "from_elements_km": _largest(away_km),
        "in_10_min_median_km": float(np.median(ahead_km)),
        "in_10_min_largest_km": _largest(ahead_km),
    }


def _ahead_km(elements: Ephemeris) -> Floats:
    """How far predictions of a day are off that a tracker makes without elements.

    Too few positions in a row were recorded for that, so it gets those that the
    elements give, as Open Notify would tell them, and SGP4 says what then was.
    """
    first_s = elements.epoch_us // 1_000_000
    times_us: Times = np.arange(first_s, first_s + DAY_S, EVERY_S) * 1_000_000
    latitudes, longitudes, _ = elements.geodetic(times_us)
    told = {
        "latitude": latitudes.round(DECIMALS),
        "longitude": longitudes.round(DECIMALS),
    }
    ahead = SatelliteTracker([], []).update(times_us, told).predictions
    due_us = np.array([one.time_us for one in ahead])
    return _apart_km(
        np.array([one.latitude_deg for one in ahead]),
        np.array([one.longitude_deg for one in ahead]),
        *elements.geodetic(due_us)[:2],
    )


def _apart_km(*degrees: Floats) -> Floats:
    """Great-circle distances between points: latitudes and longitudes of both."""
    rows = zip(*(column.tolist() for column in degrees), strict=True)
    return np.array([haversine_km(*row) for row in rows])


def _largest(errors: Floats) -> float:
    return float(np.abs(errors).max())
