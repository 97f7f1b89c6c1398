"""Places on the ground, as the kernels want them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from connectors.messages.places import GroundStation, Place
from dataflows.orbit.view_kernel import ecef
from dataflows.state.arrays import Floats

__all__ = ["place_rows", "station_rows"]


def place_rows(places: Sequence[Place]) -> Floats:
    """Return a row of latitude and longitude for each place."""
    rows = [(place.latitude_deg, place.longitude_deg) for place in places]
    return np.array(rows, np.float64).reshape(-1, 2)


def station_rows(stations: Sequence[GroundStation]) -> Floats:
    """Return a row for each station, as `view_kernel` describes it."""
    rows = np.empty((len(stations), 7))
    for row, station in zip(rows, stations, strict=True):
        latitude, longitude = station.latitude_deg, station.longitude_deg
        ecef(latitude, longitude, station.altitude_m / 1000, row)
        phi, lam = math.radians(latitude), math.radians(longitude)
        row[3:] = (
            math.cos(phi) * math.cos(lam),
            math.cos(phi) * math.sin(lam),
            math.sin(phi),
            station.minimum_elevation_deg,
        )
    return rows
