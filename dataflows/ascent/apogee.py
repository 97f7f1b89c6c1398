"""The highest point of a path on which nothing but gravity acts."""

from __future__ import annotations

import math

__all__ = ["apogee"]

EARTH_RADIUS_M = 6_371_000.0  # mean
EARTH_MU_M3_S2 = 3.986004418e14  # WGS 84


def apogee(
    altitude_m: float, speed_m_s: float, angle_rad: float
) -> tuple[float, float]:
    """Altitude of the next apogee (m) and the time to it (s), with engines off.

    The path is Kepler's around a round Earth (Vallado 2013, sections 1.3 and 2.2), so
    speed should be that against the stars: with speed over ground the apogee of what
    flies east comes out low. Both are infinite for a path that leaves the Earth. The
    time counts to the next one: on the way down, that of the next turn.

    >>> height_m, time_s = apogee(0.0, 100.0, math.pi / 2)  # thrown up from the ground
    >>> round(height_m, 1), round(time_s, 2)
    (509.2, 10.18)
    """
    radius = EARTH_RADIUS_M + altitude_m
    axis_inverse = 2 / radius - speed_m_s**2 / EARTH_MU_M3_S2
    if axis_inverse <= 0:
        return math.inf, math.inf
    axis = 1 / axis_inverse
    momentum = radius * speed_m_s * math.cos(angle_rad)
    eccentricity = math.sqrt(max(0.0, 1 - momentum**2 * axis_inverse / EARTH_MU_M3_S2))
    radial = radius * speed_m_s * math.sin(angle_rad)
    # Both are the eccentricity, times the cosine and the sine of the eccentric anomaly.
    anomaly = math.atan2(
        radial / math.sqrt(EARTH_MU_M3_S2 * axis), 1 - radius * axis_inverse
    )
    mean_anomaly = anomaly - radial / math.sqrt(EARTH_MU_M3_S2 * axis)
    rate = math.sqrt(EARTH_MU_M3_S2 / axis**3)
    time_s = ((math.pi - mean_anomaly) % (2 * math.pi)) / rate
    return axis * (1 + eccentricity) - EARTH_RADIUS_M, time_s
