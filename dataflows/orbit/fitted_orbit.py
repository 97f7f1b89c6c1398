"""The orbit that a track shows: a circle in space, from positions minutes apart."""

from __future__ import annotations

import math

import numpy as np

from dataflows.orbit.geodesy import EARTH_RATE_RAD_S, geodetic, wrapped_longitude_deg
from dataflows.orbit.view_kernel import ecef
from dataflows.state.arrays import Floats

__all__ = ["ANCHORS", "FittedOrbit"]

ANCHORS = 10
# Nearer, times that are whole seconds would spoil the rate; further, it may have gone
# half round, and drag and the Earth's shape tell.
SHORTEST_ARC_S = 110.0
LONGEST_ARC_S = 900.0

LOWEST_KM = 100.0
HIGHEST_KM = 1e6  # further out, the Sun takes over

EARTH_MU_KM3_S2 = 398_600.4418  # WGS84
EARTH_RADIUS_KM = 6371.0


class FittedOrbit:
    """A circular orbit through the last position and one some minutes before.

    `anchors` is its whole state: rows of a time (microseconds since 1970 UTC) and a
    position (km) in a frame that does not turn, the latest last, NaN where none yet.
    """

    def __init__(self) -> None:
        self.anchors = np.full((ANCHORS, 4), np.nan)

    def add(
        self, time_us: int, latitude: float, longitude: float, alt_km: float
    ) -> None:
        """Take a position (degrees, km; NaN for an altitude nobody knows)."""
        point = np.empty(3)
        ecef(latitude, longitude, 0.0 if math.isnan(alt_km) else alt_km, point)
        self.anchors[:-1] = self.anchors[1:]
        self.anchors[-1] = (time_us, *_turned(point, time_us))

    def forget(self) -> None:
        """Know no position any more: they are of another track."""
        self.anchors[...] = math.nan

    def position(self, time_us: int) -> tuple[float, float] | None:
        """Return latitude and longitude (degrees) at a time; None: not known yet."""
        motion = self._motion()
        if motion is None:
            return None
        rate, normal = motion
        last_us, last = self.anchors[-1, 0], self.anchors[-1, 1:]
        angle = rate * (time_us - last_us) / 1e6
        there = math.cos(angle) * last + math.sin(angle) * np.cross(normal, last)
        latitude, longitude, _ = geodetic(_turned(there, -time_us))
        return float(latitude), float(wrapped_longitude_deg(longitude))

    def altitude_km(self) -> float:
        """Return the altitude that goes with its speed, by Kepler.

        NaN where it is not known, or where nothing can stay in orbit: a position was
        wrong.
        """
        motion = self._motion()
        if motion is None:
            return math.nan
        radius_km = math.cbrt(EARTH_MU_KM3_S2 / motion[0] ** 2)
        altitude_km = radius_km - EARTH_RADIUS_KM
        return altitude_km if LOWEST_KM <= altitude_km <= HIGHEST_KM else math.nan

    def _motion(self) -> tuple[float, Floats] | None:
        """Return the rate (rad/s) and the unit normal of the orbit."""
        ages_s = (self.anchors[-1, 0] - self.anchors[:, 0]) / 1e6
        usable = np.flatnonzero((ages_s >= SHORTEST_ARC_S) & (ages_s <= LONGEST_ARC_S))
        if not usable.size:
            return None
        first, last = self.anchors[usable[0], 1:], self.anchors[-1, 1:]
        normal = np.cross(first, last)
        length = float(np.linalg.norm(normal))
        if not length:
            return None
        arc = math.atan2(length, float(first @ last))
        return arc / float(ages_s[usable[0]]), normal / length


def _turned(point: Floats, time_us: float) -> Floats:
    """Return a point turned about the Earth's axis as the Earth turns in a time."""
    angle = math.fmod(EARTH_RATE_RAD_S * time_us / 1e6, 2 * math.pi)
    cosine, sine = math.cos(angle), math.sin(angle)
    x, y, z = point.tolist()
    return np.array((cosine * x - sine * y, sine * x + cosine * y, z))
