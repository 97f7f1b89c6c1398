"""Where a satellite will be in ten minutes: by its elements, or else by its track."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dataflows.orbit.findings import Prediction
from dataflows.orbit.fitted_orbit import FittedOrbit
from dataflows.orbit.geodesy import DAY_US
from dataflows.orbit.ground_track_kernel import haversine_km
from dataflows.orbit.propagation import Ephemeris

__all__ = ["AHEAD_US", "Fix", "Outlook", "outlook"]

AHEAD_US = 600_000_000
OLDEST_ELEMENTS_US = 14 * DAY_US
"""Elements further from their epoch than this are not used: drag has its way."""
FURTHEST_FROM_ELEMENTS_KM = 100.0
"""A satellite further than this from its elements (13 s in low orbit) left them."""


class Fix(NamedTuple):
    """A position at a time; the altitude (km) is NaN where none was told."""

    time_us: int
    latitude_deg: float
    longitude_deg: float
    altitude_km: float


class Outlook(NamedTuple):
    """What is expected: where it will be, and whether its elements hold.

    `altitude_km` is told by the position, its elements or its track, in this order;
    NaN where none of them does.
    """

    prediction: Prediction | None
    elements_hold: bool
    altitude_km: float


def outlook(fix: Fix, ephemeris: Ephemeris | None, orbit: FittedOrbit) -> Outlook:
    """Return what is to be expected after a position that `orbit` has taken."""
    later_us = fix.time_us + AHEAD_US
    away_km: float | None = None
    if ephemeris and abs(fix.time_us - ephemeris.epoch_us) <= OLDEST_ELEMENTS_US:
        times_us = np.array([fix.time_us, later_us])
        now, then = np.column_stack(ephemeris.geodetic(times_us)).tolist()
        # NaN where SGP4 gives up, which is near nothing.
        away_km = haversine_km(fix.latitude_deg, fix.longitude_deg, now[0], now[1])
        if away_km <= FURTHEST_FROM_ELEMENTS_KM and then[0] == then[0]:
            there = Prediction(
                fix.time_us, later_us, then[0], then[1], then[2], "elements", away_km
            )
            return Outlook(there, True, _first(fix.altitude_km, now[2]))
        away_km = None if math.isnan(away_km) else away_km
    usual_km = _first(fix.altitude_km, orbit.altitude_km())
    point = orbit.position(later_us)
    if point is None:
        return Outlook(None, False, usual_km)
    altitude_km = None if math.isnan(fix.altitude_km) else fix.altitude_km
    there = Prediction(
        fix.time_us, later_us, point[0], point[1], altitude_km, "track", away_km
    )
    return Outlook(there, False, usual_km)


def _first(told: float, otherwise: float) -> float:
    return otherwise if math.isnan(told) else told
