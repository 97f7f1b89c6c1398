"""The compiled part of the ground track: speed, phase, distances, one-minute sums.

One satellite's state is two arrays: times in microseconds, and numbers. Positions are
taken one by one; those that cannot be used are marked and change nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numpy.typing import NDArray

from dataflows.state.arrays import Floats, Times
from dataflows.state.compiled import (
    ARRAY,
    FLOAT,
    INT,
    LEAVES,
    NOTHING,
    TABLE,
    VALUES,
    compiled,
)

__all__ = ["CLOCKS", "NUMBERS", "TIMES", "haversine_km", "run"]

TIMES = types.Array(types.int64, 1, "C", readonly=True)

# Of the times.
LATEST, MINUTE, BEGAN, JUMPED, DOUBTED, AGREED = range(6)
CLOCKS = 6
NEVER = -(2**63)
"""The latest time before the first position."""

# Of the numbers.
LATITUDE, LONGITUDE, ALTITUDE, PHASE = range(4)
DOUBTED_LATITUDE, DOUBTED_LONGITUDE = range(4, 6)
COUNT, LATITUDES, X, Y, SPEEDS, MEAN, SQUARES, LOW, HIGH = range(6, 15)
NUMBERS = 15

# What becomes of a position.
USED, NOT_ACQUIRED, WRONG_LATITUDE, WRONG_LONGITUDE, WRONG_ALTITUDE = range(5)
LATE, REPEATED, TOO_FAST = range(5, 8)

UNKNOWN, ASCENDING, DESCENDING = range(3)

EARTH_RADIUS_KM = 6371.0  # the mean radius
MINUTE_US = 60_000_000
FASTEST_KM_S = 12.0
"""What is bound to the Earth is slower than 11.2 km/s, its escape velocity; under what
flies westwards, the ground comes along at up to 0.5 km/s."""
COARSE_S = 1.0
"""Times may be whole seconds, which are up to a second off."""
AGREEING = 3
"""So many positions in a row that can follow each other are believed, wherever."""
LONGEST_GAP_S = 600.0
"""Beyond it a chord says nothing of the speed: it is an arc of 40 degrees."""

# Columns of a table of states; before are those of the numbers, up to the phase, and
# after it the distances.
SPEED = 4
DISTANCES = 5
# Columns of a row of statistics.
STATISTICS = 8


@compiled(FLOAT(FLOAT, FLOAT, FLOAT, FLOAT), allocates=False)
def haversine_km(
    latitude1: float, longitude1: float, latitude2: float, longitude2: float
) -> float:
    """Return the great-circle distance of two positions in degrees, on a sphere."""
    phi1, phi2 = math.radians(latitude1), math.radians(latitude2)
    over = math.sin((phi2 - phi1) / 2)
    along = math.sin(math.radians(longitude2 - longitude1) / 2)
    half = over * over + math.cos(phi1) * math.cos(phi2) * along * along
    # By rounding, antipodes may come out a little more than half a circle apart.
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(half, 1.0)))


@compiled(INT(LEAVES, INT, FLOAT, FLOAT, FLOAT), allocates=False)
def verdict(
    clock: Times, time_us: int, latitude: float, longitude: float, altitude: float
) -> int:
    """Return whether a position can be used, and if not, why."""
    if math.isnan(latitude) or math.isnan(longitude):
        return NOT_ACQUIRED
    if not abs(latitude) <= 90:
        return WRONG_LATITUDE
    if not -180 <= longitude <= 360:
        return WRONG_LONGITUDE
    if altitude < 0 or altitude == math.inf:
        return WRONG_ALTITUDE
    if time_us == clock[LATEST]:
        return REPEATED
    return LATE if time_us < clock[LATEST] else USED


@compiled(INT(FLOAT, FLOAT, FLOAT, FLOAT, INT), allocates=False)
def can_follow(
    latitude1: float, longitude1: float, latitude2: float, longitude2: float, us: int
) -> int:
    """Return 1 if a satellite can get from the one position to the other in time."""
    away_km = haversine_km(latitude1, longitude1, latitude2, longitude2)
    return 1 if away_km <= FASTEST_KM_S * (us / 1e6 + COARSE_S) else 0


@compiled(INT(FLOAT, FLOAT, INT), allocates=False)
def can_climb(altitude1: float, altitude2: float, us: int) -> int:
    """Return 1 if a satellite can get from the one altitude (km) to the other in time.

    So it can where one of them is not known.
    """
    return 0 if abs(altitude2 - altitude1) > FASTEST_KM_S * (us / 1e6 + COARSE_S) else 1


@compiled(INT(LEAVES, ARRAY, INT, FLOAT, FLOAT, FLOAT), allocates=False)
def doubt(
    clock: Times,
    numbers: Floats,
    time_us: int,
    latitude: float,
    longitude: float,
    altitude: float,
) -> int:
    """Return USED for a position that may be so, TOO_FAST for one that cannot.

    Those that cannot follow the track are to agree: `AGREEING` of them, each of which
    moves on from the one before as a satellite can. A receiver that tells the same
    place again and again does not. Then the track has jumped, and begins anew there.
    """
    latest_us = clock[LATEST]
    us = 0 if latest_us == NEVER else time_us - latest_us
    if latest_us == NEVER or (
        can_follow(numbers[LATITUDE], numbers[LONGITUDE], latitude, longitude, us)
        and can_climb(numbers[ALTITUDE], altitude, us)
    ):
        clock[AGREED] = 0
        return USED
    before = numbers[DOUBTED_LATITUDE], numbers[DOUBTED_LONGITUDE]
    since_us = time_us - clock[DOUBTED]
    if clock[AGREED] == 0 or since_us <= 0:
        clock[AGREED] = 1
    elif latitude != before[0] or longitude != before[1]:
        agrees = can_follow(before[0], before[1], latitude, longitude, since_us)
        clock[AGREED] = clock[AGREED] + 1 if agrees else 1
    clock[DOUBTED] = time_us
    numbers[DOUBTED_LATITUDE], numbers[DOUBTED_LONGITUDE] = latitude, longitude
    if clock[AGREED] < AGREEING:
        return TOO_FAST
    clock[AGREED], clock[JUMPED] = 0, 1
    return USED


@compiled(NOTHING(ARRAY, ARRAY), allocates=False)
def close(numbers: Floats, minute: Floats) -> None:
    """Write the statistics of the minute that is over, and begin another."""
    count, speeds = numbers[COUNT], numbers[SPEEDS]
    x, y = numbers[X], numbers[Y]
    minute[0] = count
    minute[1] = numbers[LATITUDES] / count
    minute[2] = math.degrees(math.atan2(y, x))
    if math.hypot(x, y) < 1e-12 * count:
        minute[2] = math.nan
    minute[3] = speeds
    if speeds > 0:
        minute[4] = numbers[MEAN]
        minute[5], minute[6] = numbers[LOW], numbers[HIGH]
        minute[7] = math.sqrt(numbers[SQUARES] / speeds)
    else:
        minute[4:] = math.nan
    numbers[COUNT:] = 0.0


@compiled(NOTHING(ARRAY, FLOAT, FLOAT, FLOAT), allocates=False)
def add(numbers: Floats, latitude: float, longitude: float, speed: float) -> None:
    """Take a position into the minute; a speed that is NaN is none."""
    level = math.cos(math.radians(latitude))
    numbers[COUNT] += 1
    numbers[LATITUDES] += latitude
    numbers[X] += level * math.cos(math.radians(longitude))
    numbers[Y] += level * math.sin(math.radians(longitude))
    if math.isnan(speed):
        return
    numbers[SPEEDS] += 1
    from_mean = speed - numbers[MEAN]
    numbers[MEAN] += from_mean / numbers[SPEEDS]
    numbers[SQUARES] += from_mean * (speed - numbers[MEAN])
    first = numbers[SPEEDS] == 1
    numbers[LOW] = speed if first else min(speed, numbers[LOW])
    numbers[HIGH] = speed if first else max(speed, numbers[HIGH])


@compiled(FLOAT(LEAVES, ARRAY, INT, FLOAT, FLOAT), allocates=False)
def move(
    clock: Times, numbers: Floats, time_us: int, latitude: float, longitude: float
) -> float:
    """Return the speed (km/s) to the next position, NaN if unknown; turn the phase."""
    before = numbers[LATITUDE]
    gap_s = (time_us - clock[LATEST]) / 1e6
    if clock[LATEST] == NEVER or clock[JUMPED] or gap_s > LONGEST_GAP_S:
        numbers[PHASE] = UNKNOWN
        return math.nan
    if latitude != before:
        numbers[PHASE] = ASCENDING if latitude > before else DESCENDING
    return float(haversine_km(before, numbers[LONGITUDE], latitude, longitude) / gap_s)


@compiled(
    INT(
        INT,
        TIMES,
        VALUES,
        VALUES,
        VALUES,
        TABLE,
        LEAVES,
        ARRAY,
        TABLE,
        LEAVES,
        ARRAY,
    ),
    allocates=False,
)
def run(
    first: int,
    times_us: Times,
    latitudes: Floats,
    longitudes: Floats,
    altitudes: Floats,
    places: Floats,
    clock: Times,
    numbers: Floats,
    states: Floats,
    marks: NDArray[np.int64],
    minute: Floats,
) -> int:
    """Take positions up to the first of a minute or of a track; return where to go on.

    If a minute begins, `clock[BEGAN]` is 1, and `minute` holds the statistics of the
    minute before, its count 0 if there was none. If the track goes on elsewhere,
    `clock[JUMPED]` is 1.
    """
    clock[BEGAN] = clock[JUMPED] = 0
    for i in range(first, times_us.size):
        time_us, latitude, longitude = times_us[i], latitudes[i], longitudes[i]
        marks[i] = verdict(clock, time_us, latitude, longitude, altitudes[i])
        if longitude >= 180:
            longitude -= 360
        if marks[i] == USED:
            marks[i] = doubt(clock, numbers, time_us, latitude, longitude, altitudes[i])
        if marks[i] != USED:
            states[i, :] = math.nan
            continue
        speed = move(clock, numbers, time_us, latitude, longitude)
        states[i, SPEED] = 0.0 if clock[LATEST] == NEVER else speed
        clock[LATEST] = time_us
        numbers[LATITUDE], numbers[LONGITUDE] = latitude, longitude
        numbers[ALTITUDE] = altitudes[i]
        for k in range(SPEED):
            states[i, k] = numbers[k]
        for k in range(places.shape[0]):
            states[i, DISTANCES + k] = haversine_km(
                places[k, 0], places[k, 1], latitude, longitude
            )
        begins = time_us // MINUTE_US * MINUTE_US
        if begins != clock[MINUTE] or numbers[COUNT] == 0:
            minute[0] = 0.0
            if numbers[COUNT] > 0:
                close(numbers, minute)
            clock[MINUTE], clock[BEGAN] = begins, 1
        add(numbers, latitude, longitude, speed)
        if clock[BEGAN] or clock[JUMPED]:
            return i + 1
    return times_us.size
