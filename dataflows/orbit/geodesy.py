"""Angles and frames on a turning Earth, for arrays of any shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dataflows.state.arrays import Floats, Times

__all__ = ["DAY_US", "EARTH_RATE_RAD_S", "EQUATOR_KM", "FLATTENING"]
__all__ += ["earth_angle_rad", "geodetic", "wrapped_longitude_deg"]


EARTH_RATE_RAD_S = 7.292115146706979e-5
"""The Earth's rotation, in a frame that does not turn (Vallado, 2013, eq. 3-40)."""

# WGS84.
EQUATOR_KM = 6378.137
FLATTENING = 1 / 298.257223563

DAY_US = 86_400_000_000
J2000_US = 946_728_000_000_000  # 2000-01-01T12:00:00Z


def wrapped_longitude_deg(longitude_deg: ArrayLike) -> Floats:
    """Return the same longitudes, from -180 up to but not including 180 degrees.

    >>> wrapped_longitude_deg([190.0, -180.0, 180.0]).tolist()
    [-170.0, -180.0, -180.0]
    """
    given = np.asarray(longitude_deg, np.float64)
    wrapped = (given + 180.0) % 360.0 - 180.0
    # Adding and taking away would round what needs no wrapping.
    inside = (given >= -180.0) & (given < 180.0)
    kept: Floats = np.where(inside, given, wrapped)
    return kept


def earth_angle_rad(times_us: Times) -> Floats:
    """Return Greenwich mean sidereal time at microseconds since 1970 UTC, in radians.

    The IAU 1982 expression (Vallado, 2013, eq. 3-47), which belongs to TEME, the frame
    of SGP4. UTC stands for UT1, which is at most 0.9 s off: 0.4 km at the equator.
    """
    since_us = times_us - J2000_US
    days = since_us // DAY_US
    seconds = (since_us - days * DAY_US) / 1e6
    centuries = (days + seconds / 86_400) / 36_525
    # The whole turns of whole days are left out, which keeps nanoseconds.
    turning_s = 8_640_184.812866 * centuries + 0.093104 * centuries**2
    mean_s = 67_310.54841 + seconds + turning_s - 6.2e-6 * centuries**3
    angle: Floats = np.radians((mean_s % 86_400) / 240)
    return angle


def geodetic(ecef_km: NDArray[np.floating[Any]]) -> tuple[Floats, Floats, Floats]:
    """Return latitudes, longitudes (degrees) and altitudes (km) over WGS84.

    `ecef_km` has shape (..., 3), the results have shape (...). Bowring's formula and a
    second turn of it: errors are below a millimetre from the ground to the Moon.
    """
    x, y, z = np.moveaxis(np.asarray(ecef_km, np.float64), -1, 0)
    polar_km = EQUATOR_KM * (1 - FLATTENING)
    squared = FLATTENING * (2 - FLATTENING)
    axis_km = np.hypot(x, y)
    reduced = np.arctan2(z * EQUATOR_KM, axis_km * polar_km)
    for _ in range(2):
        latitude = np.arctan2(
            z + squared / (1 - squared) * polar_km * np.sin(reduced) ** 3,
            axis_km - squared * EQUATOR_KM * np.cos(reduced) ** 3,
        )
        reduced = np.arctan2((1 - FLATTENING) * np.sin(latitude), np.cos(latitude))
    sine, cosine = np.sin(latitude), np.cos(latitude)
    # Along the normal, which has no weak spot at the poles nor at the equator.
    foot_km = EQUATOR_KM * np.sqrt(1 - squared * sine**2)
    altitude_km = axis_km * cosine + z * sine - foot_km
    longitude = wrapped_longitude_deg(np.degrees(np.arctan2(y, x)))
    return np.degrees(latitude), longitude, altitude_km
