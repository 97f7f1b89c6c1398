"""Positions from orbital elements: SGP4, turned from TEME into the Earth's frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sgp4.api import Satrec, SatrecArray

from dataflows.orbit.geodesy import DAY_US, EARTH_RATE_RAD_S, earth_angle_rad, geodetic
from dataflows.state.arrays import Floats, Times

__all__ = ["Ephemeris", "epoch_us", "fixed_to_the_earth", "julian", "positions_of_all"]

UNIX_EPOCH_JULIAN = 2_440_587.5


def julian(times_us: Times) -> tuple[Floats, Floats]:
    """Return Julian days at midnight and the fractions since, as SGP4 wants them."""
    days, rest_us = np.divmod(times_us, DAY_US)
    return UNIX_EPOCH_JULIAN + days, rest_us / DAY_US


def epoch_us(satellite: Satrec) -> int:
    """Return the epoch of the elements, in microseconds since 1970 UTC."""
    days: float = satellite.jdsatepoch - UNIX_EPOCH_JULIAN
    fraction: float = satellite.jdsatepochF
    return round(days * DAY_US) + round(fraction * DAY_US)


def fixed_to_the_earth(
    times_us: Times, teme_km: Floats, teme_km_s: Floats
) -> tuple[Floats, Floats]:
    """Return positions (km) and velocities (km/s) as seen from the turning Earth.

    The last two axes of both are times and coordinates. The rotation is by Greenwich
    mean sidereal time about the pole (Vallado, 2013, section 3.7.2, TEME to PEF);
    polar motion, under 20 m, is left out.
    """
    angle = earth_angle_rad(times_us)
    cosine, sine = np.cos(angle), np.sin(angle)

    def turned(vectors: Floats) -> Floats:
        x, y, z = np.moveaxis(vectors, -1, 0)
        return np.stack((cosine * x + sine * y, cosine * y - sine * x, z), axis=-1)

    position_km = turned(teme_km)
    velocity_km_s = turned(teme_km_s)
    velocity_km_s[..., 0] += EARTH_RATE_RAD_S * position_km[..., 1]
    velocity_km_s[..., 1] -= EARTH_RATE_RAD_S * position_km[..., 0]
    return position_km, velocity_km_s


class Ephemeris:
    """Where a satellite is, by its two-line elements; NaN where SGP4 gives up.

    Args:
        line1: the first line, right in form (the reader of files checks it).
        line2: the second line.

    >>> iss = Ephemeris(
    ...     "1 25544U 98067A   25355.95645853  .00010990  00000+0  20227-3 0  9999",
    ...     "2 25544  51.6324  96.8363 0003164 283.4657  76.5979 15.49714244544284",
    ... )
    >>> latitude, longitude, altitude_km = iss.geodetic(np.array([iss.epoch_us]))
    >>> round(float(altitude_km[0]))
    418
    """

    def __init__(self, line1: str, line2: str) -> None:
        self.line1, self.line2 = line1, line2
        self._satellite = Satrec.twoline2rv(line1, line2)
        self.epoch_us = epoch_us(self._satellite)

    def ecef(self, times_us: Times) -> tuple[Floats, Floats]:
        """Return positions (km) and velocities (km/s), both of shape (n, 3)."""
        errors, position_km, velocity_km_s = self._satellite.sgp4_array(
            *julian(times_us)
        )
        if errors.any():
            position_km[errors != 0] = np.nan
        return fixed_to_the_earth(times_us, position_km, velocity_km_s)

    def geodetic(self, times_us: Times) -> tuple[Floats, Floats, Floats]:
        """Return latitudes, longitudes (degrees) and altitudes (km), of shape n."""
        return geodetic(self.ecef(times_us)[0])


def positions_of_all(satellites: Sequence[Satrec], times_us: Times) -> Floats:
    """Return ECEF positions (km) of shape (satellites, times, 3), NaN on failure."""
    errors, position_km, velocity_km_s = SatrecArray(satellites).sgp4(*julian(times_us))
    position_km[errors != 0] = np.nan
    return fixed_to_the_earth(times_us, position_km, velocity_km_s)[0]
